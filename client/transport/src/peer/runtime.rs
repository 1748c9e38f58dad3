//! The runtime that the library runs on: tokio, but supervised.
//!
//! Four things differ from the library's own. A task of the library's that panics is reported
//! instead of vanishing with the connection it drove. And names are resolved by
//! [`crate::path::resolver`], which answers at once: the library resolves the names of STUN servers
//! inside its driver, where a dead name server would hold up everything else. Its sockets are
//! [`crate::path::socket`]'s. And its clock is the one of our tasks, which a test may move.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime,
    TokioRuntime,
};

use crate::clock;
use crate::path::resolver::Resolver;
use crate::path::socket::SocketLayer;

/// Where multicast DNS is spoken (RFC 6762 §3).
const MDNS_PORT: u16 = 5353;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Tokio, supervised.
#[derive(Debug)]
pub(crate) struct SupervisedRuntime {
    tokio: TokioRuntime,
    resolver: Arc<Resolver>,
    socket_layer: Arc<SocketLayer>,
    /// Notified when a task of the library's panics. One place is enough: the first is the last.
    panicked: mpsc::Sender<()>,
}

impl SupervisedRuntime {
    pub(crate) fn new(
        resolver: Arc<Resolver>,
        socket_layer: Arc<SocketLayer>,
        panicked: mpsc::Sender<()>,
    ) -> Self {
        Self { tokio: TokioRuntime, resolver, socket_layer, panicked }
    }
}

/// Part of a task: reports the panic that it is dropped by.
struct PanicReport(mpsc::Sender<()>);

impl Drop for PanicReport {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.0.try_send(());
        }
    }
}

impl Runtime for SupervisedRuntime {
    fn spawn(&self, future: BoxFuture<'static, ()>) -> Box<dyn JoinHandle> {
        let report = PanicReport(self.panicked.clone());
        self.tokio.spawn(Box::pin(async move {
            let _report = report;
            future.await;
        }))
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        if socket.local_addr()?.port() == MDNS_PORT {
            return self.tokio.wrap_udp_socket(socket);
        }
        self.socket_layer.wrap(socket)
    }

    fn wrap_tcp_listener(&self, listener: TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.tokio.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(
        &'a self,
        remote: SocketAddr,
    ) -> BoxFuture<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        self.tokio.connect_tcp(remote)
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        let resolved =
            self.socket_layer.resolve_relay(host).unwrap_or_else(|| self.resolver.lookup(host));
        self.socket_layer.note_servers(resolved.as_deref().unwrap_or_default());
        let resolved = resolved.ok_or_else(|| io::Error::from(io::ErrorKind::WouldBlock));
        Box::pin(std::future::ready(resolved))
    }

    fn now(&self) -> Instant {
        clock::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.tokio.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.tokio.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.tokio.block_on(future);
    }

    fn yield_now(&self) -> BoxFuture<'static, ()> {
        self.tokio.yield_now()
    }

    fn name(&self) -> &'static str {
        "tokio, supervised"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::relay::Trust;
    use crate::path::socket::SendPolicy;

    fn runtime(panicked: mpsc::Sender<()>) -> SupervisedRuntime {
        let socket_layer =
            SocketLayer::new(Resolver::shared(), Trust::default(), None, SendPolicy::default());
        SupervisedRuntime::new(Resolver::shared(), socket_layer, panicked)
    }

    #[tokio::test]
    async fn a_panic_in_the_library_is_reported() {
        let (panicked, mut panics) = mpsc::channel(1);
        let runtime = runtime(panicked);
        runtime.spawn(Box::pin(async {})).detach();
        let aborted = runtime.spawn(Box::pin(std::future::pending()));
        aborted.abort();
        tokio::task::yield_now().await;
        assert!(panics.try_recv().is_err());
        runtime.spawn(Box::pin(async { panic!("on purpose") })).detach();
        assert_eq!(panics.recv().await, Some(()));
    }

    #[tokio::test]
    async fn a_name_that_is_not_known_yet_is_no_reason_to_wait() {
        let runtime = runtime(mpsc::channel(1).0);
        assert!(runtime.resolve_host("no.such.name.invalid:1").await.is_err());
        let known = runtime.resolve_host("192.0.2.1:3478").await.expect("an address");
        assert_eq!(known, [SocketAddr::from(([192, 0, 2, 1], 3478))]);
    }
}
