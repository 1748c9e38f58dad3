//! The stream under a connection, encrypted or not.
//!
//! It holds the connection's place, so that the place is free when the stream is dropped, wherever
//! it went meanwhile.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;

use crate::limits::permits::Permit;
use crate::observability::metrics::{Metrics, Open};

/// What the system keeps of what was written and not acknowledged, about. It doubles it for its own
/// overhead; by itself it would keep some megabytes for each peer that does not read.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// What the system takes, about, while it can't send.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT_BYTES: u32 = 64 * 1024;

/// Bounds what the system keeps for each connection that is accepted from now on.
pub(crate) fn bound_buffers(listener: &TcpListener) -> io::Result<()> {
    // Those that are accepted take it over.
    let socket = SockRef::from(listener);
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)
}

/// A stream, its place, and what is counted about it.
#[derive(Debug)]
pub(crate) struct Transport {
    stream: Stream,
    metrics: Arc<Metrics>,
    /// Only there to be dropped.
    _held: (Permit, Open),
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    /// Boxed, so that a plain connection does not cost what an encrypted one does.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    pub(crate) fn plain(stream: TcpStream, place: Permit, metrics: Arc<Metrics>) -> Self {
        let held = (place, metrics.opened("plain"));
        Self { stream: Stream::Plain(stream), metrics, _held: held }
    }

    pub(crate) fn tls(
        stream: Box<TlsStream<TcpStream>>,
        place: Permit,
        metrics: Arc<Metrics>,
    ) -> Self {
        let held = (place, metrics.opened("tls"));
        Self { stream: Stream::Tls(stream), metrics, _held: held }
    }

    /// Makes dropping it forget what the system still holds for a peer that does not read, which
    /// would be kept for minutes.
    pub(crate) fn set_zero_linger(&self) -> io::Result<()> {
        match &self.stream {
            Stream::Plain(stream) => stream.set_zero_linger(),
            Stream::Tls(stream) => stream.get_ref().0.set_zero_linger(),
        }
    }
}

impl Stream {
    fn pin(&mut self) -> Pin<&mut dyn ReadWrite> {
        match self {
            Self::Plain(stream) => Pin::new(stream),
            Self::Tls(stream) => Pin::new(stream),
        }
    }
}

trait ReadWrite: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> ReadWrite for S {}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = self.stream.pin().poll_read(cx, buf);
        self.metrics.received(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream.pin().poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = written {
            self.metrics.sent(bytes);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.pin().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.pin().poll_shutdown(cx)
    }
}

/// A stream that one task reads while others may write it. Each holds it for as long as one call to
/// the system takes.
#[derive(Debug, Clone)]
pub(crate) struct SharedTransport(Arc<Mutex<Transport>>);

impl SharedTransport {
    pub(crate) fn new(transport: Transport) -> Self {
        Self(Arc::new(Mutex::new(transport)))
    }

    /// See [`Transport::set_zero_linger`].
    pub(crate) fn set_zero_linger(&self) -> io::Result<()> {
        self.lock().set_zero_linger()
    }

    /// Writes everything from `taken` on, which moves along with what the stream takes; ready when
    /// it holds nothing back.
    pub(crate) fn poll_write_all(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        taken: &mut usize,
    ) -> Poll<io::Result<()>> {
        let mut transport = self.lock();
        while let Some(rest) = bytes.get(*taken..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut *transport).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => *taken += written,
            }
        }
        Pin::new(&mut *transport).poll_flush(cx)
    }

    /// Says that nothing more will be written.
    pub(crate) async fn shutdown(&self) -> io::Result<()> {
        poll_fn(|cx| Pin::new(&mut *self.lock()).poll_shutdown(cx)).await
    }

    fn lock(&self) -> MutexGuard<'_, Transport> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for SharedTransport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_read(cx, buf)
    }
}
