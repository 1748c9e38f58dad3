//! A TURN server over TCP or TLS, behind a placeholder address.
//!
//! Datagrams go in and out through bounded queues; what does not fit is dropped, as a network does.
//! A connection is made when the first datagram is sent, and made again when it breaks, with a
//! pause between. The owner learns that it broke: the allocation that was made over it is gone.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use visavis_shared::{IceScheme, IceUrl};

use super::framing;
use crate::path::happy_eyeballs;
use crate::path::resolver::Resolver;

/// The most datagrams that wait to be sent: a quarter of a second at 2.5 Mbit/s. Those that come
/// when it is full are dropped, which is how the estimator learns that the stream is full.
const OUTGOING: usize = 64;
/// The most datagrams that wait to be taken.
const INCOMING: usize = 512;
/// How much the system may queue of what we send: more only makes it late.
const SEND_BUFFER: u32 = 64 * 1024;
const READ: usize = 16 * 1024;
/// How long a connection may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
/// How long the server may take nothing.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after a failure the next connection is tried.
const PAUSE: Duration = Duration::from_millis(500);

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    /// Besides the system's.
    pub(crate) more: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Reads the system's certificates, which blocks for a while the first time.
    fn config(&self) -> io::Result<Arc<ClientConfig>> {
        static SYSTEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
        let system = SYSTEM.get_or_init(|| rustls_native_certs::load_native_certs().certs);
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system.iter().chain(&self.more).cloned());
        if roots.is_empty() {
            return Err(io::Error::other("no certificates to trust"));
        }
        Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
    }
}

/// What comes from a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FromRelay {
    Datagram(Bytes),
    Broke,
}

/// A server over a stream. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct RelayStream {
    /// The address that the library knows it by.
    pub(crate) address: SocketAddr,
    outgoing: mpsc::Sender<Bytes>,
    pub(crate) incoming: mpsc::Receiver<FromRelay>,
}

impl RelayStream {
    /// Starts one. Call it inside the runtime.
    pub(crate) fn open(
        address: SocketAddr,
        server: IceUrl,
        resolver: Arc<Resolver>,
        trust: Trust,
    ) -> Self {
        let (outgoing, queue) = mpsc::channel(OUTGOING);
        let (came, incoming) = mpsc::channel(INCOMING);
        tokio::spawn(Task { server, resolver, trust, queue, came }.run());
        Self { address, outgoing, incoming }
    }

    /// Sends a datagram, or drops it.
    pub(crate) fn send(&self, datagram: &[u8]) {
        if self.outgoing.try_send(Bytes::copy_from_slice(datagram)).is_err() {
            tracing::trace!("a datagram for a relay did not fit");
        }
    }
}

struct Task {
    server: IceUrl,
    resolver: Arc<Resolver>,
    trust: Trust,
    queue: mpsc::Receiver<Bytes>,
    came: mpsc::Sender<FromRelay>,
}

impl Task {
    async fn run(mut self) {
        // Connects only when there is something to send, also after a failure.
        while let Some(first) = self.queue.recv().await {
            let connected = timeout(CONNECT_TIMEOUT, self.connect()).await;
            let ended = match connected.map_err(io::Error::from).flatten() {
                Ok(stream) => {
                    let ended = self.carry(stream, first).await;
                    if self.came.send(FromRelay::Broke).await.is_err() {
                        return;
                    }
                    ended
                }
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::debug!("the stream to a relay ended: {error}");
            }
            sleep(PAUSE).await;
        }
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        let addresses = self.resolver.lookup(&self.server.host_and_port());
        let addresses = addresses.ok_or_else(|| io::Error::other("its name is not known"))?;
        let stream = happy_eyeballs::connect(addresses, connect_to).await?;
        if self.server.scheme() != IceScheme::Turns {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(self.server.host().to_owned()).map_err(io::Error::other)?;
        let trust = self.trust.clone();
        let config = tokio::task::spawn_blocking(move || trust.config()).await??;
        Ok(Box::new(TlsConnector::from(config).connect(name, stream).await?))
    }

    /// Carries datagrams both ways until the connection ends.
    async fn carry(&mut self, stream: Box<dyn Stream>, first: Bytes) -> io::Result<()> {
        let (mut reading, mut writing) = tokio::io::split(stream);
        let came = &self.came;
        let read = async move {
            let mut buffer = BytesMut::new();
            loop {
                buffer.reserve(READ);
                if reading.read_buf(&mut buffer).await? == 0 {
                    return Err(io::Error::other("it closed the connection"));
                }
                while let Some(datagram) = framing::take(&mut buffer).map_err(io::Error::other)? {
                    // What does not fit is dropped.
                    let _ = came.try_send(FromRelay::Datagram(datagram));
                }
            }
        };
        let queue = &mut self.queue;
        let write = async move {
            let mut next = Some(first);
            let mut buffer = BytesMut::new();
            while let Some(datagram) = next {
                buffer.clear();
                if framing::write(&datagram, &mut buffer) {
                    // Datagrams that wait already leave in the same write.
                    while buffer.len() < READ
                        && let Ok(more) = queue.try_recv()
                    {
                        framing::write(&more, &mut buffer);
                    }
                    timeout(WRITE_TIMEOUT, writing.write_all(&buffer)).await??;
                    timeout(WRITE_TIMEOUT, writing.flush()).await??;
                }
                next = queue.recv().await;
            }
            Ok(())
        };
        tokio::select! {
            ended = read => ended,
            ended = write => ended,
        }
    }
}

/// A connection, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A STUN message that ends with this number.
    fn message(number: u8) -> Vec<u8> {
        [&[0, 1, 0, 4][..], &[7; 16], &[number; 4]].concat()
    }

    fn to(listener: &TcpListener) -> RelayStream {
        let address = listener.local_addr().expect("an address");
        let server = format!("turn:{address}?transport=tcp").parse().expect("a URL");
        open(server, Resolver::shared(), Trust::default())
    }

    fn open(server: IceUrl, resolver: Arc<Resolver>, trust: Trust) -> RelayStream {
        RelayStream::open(SocketAddr::from(([240, 0, 0, 0], 3478)), server, resolver, trust)
    }

    async fn next(stream: &mut RelayStream) -> FromRelay {
        let next = timeout(Duration::from_secs(5), stream.incoming.recv()).await;
        next.expect("in time").expect("the task lives")
    }

    fn nothing_came(stream: &mut RelayStream) -> bool {
        stream.incoming.try_recv().is_err()
    }

    #[tokio::test]
    async fn no_connection_is_made_before_there_is_something_to_send() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut ours = to(&listener);
        assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err());
        ours.send(&message(1));
        let (mut server, _) = listener.accept().await.expect("a connection");
        let mut received = vec![0; 24];
        server.read_exact(&mut received).await.expect("a message");
        assert_eq!(received, message(1));
        server.write_all(&[message(2), message(3)].concat()).await.expect("sent");
        assert_eq!(next(&mut ours).await, FromRelay::Datagram(message(2).into()));
        assert_eq!(next(&mut ours).await, FromRelay::Datagram(message(3).into()));
        drop(ours);
        assert_eq!(
            server.read(&mut received).await.expect("the end"),
            0,
            "a stream that is dropped hangs up"
        );
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_reported_and_made_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut ours = to(&listener);
        ours.send(&message(1));
        let (server, _) = listener.accept().await.expect("a connection");
        assert!(nothing_came(&mut ours));
        drop(server);
        assert_eq!(next(&mut ours).await, FromRelay::Broke);
        assert!(nothing_came(&mut ours), "once");
        ours.send(&message(2));
        let (mut server, _) = timeout(Duration::from_secs(5), listener.accept())
            .await
            .expect("in time")
            .expect("again");
        let mut received = vec![0; 24];
        server.read_exact(&mut received).await.expect("a message");
        assert_eq!(received, message(2));
    }

    #[tokio::test]
    async fn a_server_that_reads_nothing_blocks_nobody() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let ours = to(&listener);
        ours.send(&message(1));
        let (_server, _) = listener.accept().await.expect("a connection");
        let started = std::time::Instant::now();
        let large = [&[0x40, 0, 0x04, 0][..], &[7; 1024]].concat();
        for _ in 0..20_000 {
            ours.send(&large);
        }
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert_eq!(ours.outgoing.max_capacity(), OUTGOING);
    }

    #[tokio::test]
    async fn a_server_that_speaks_something_else_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut ours = to(&listener);
        ours.send(&message(1));
        let (mut server, _) = listener.accept().await.expect("a connection");
        server.write_all(&[0xff; 100]).await.expect("sent");
        assert_eq!(next(&mut ours).await, FromRelay::Broke);
        assert!(nothing_came(&mut ours));
    }

    /// A relay whose first address is a black hole and whose second one works.
    #[cfg(target_os = "linux")]
    async fn receives_despite_a_black_hole(url: &str) {
        let hole = visavis_link::BlackHole::open().await.expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let works = listener.local_addr().expect("an address");
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
        let certificate = key.cert.der().clone();
        let server: IceUrl = url.parse().expect("a URL");
        let addresses = vec![hole.address().expect("an address"), works];
        let resolver = Resolver::knowing(&server.host_and_port(), addresses);
        let started = std::time::Instant::now();
        let ours = open(server, resolver, Trust { more: vec![certificate.clone()] });
        ours.send(&message(1));

        let (stream, _) =
            timeout(Duration::from_secs(4), listener.accept()).await.expect("in time").expect("it");
        let mut received = vec![0; 24];
        if url.starts_with("turns:") {
            let config = tokio_rustls::rustls::ServerConfig::builder()
                .with_no_client_auth()
                .with_single_cert(vec![certificate], key.signing_key.into())
                .expect("a certificate with its key");
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
            let mut stream = acceptor.accept(stream).await.expect("TLS");
            stream.read_exact(&mut received).await.expect("a message");
        } else {
            let mut stream = stream;
            stream.read_exact(&mut received).await.expect("a message");
        }
        assert_eq!(received, message(1));
        assert!(started.elapsed() < CONNECT_TIMEOUT / 2, "{:?}", started.elapsed());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_black_hole_among_its_addresses_does_not_keep_a_relay_away() {
        receives_despite_a_black_hole("turn:localhost?transport=tcp").await;
        receives_despite_a_black_hole("turns:localhost").await;
    }
}
