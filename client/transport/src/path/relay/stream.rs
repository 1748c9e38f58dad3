//! A TURN server over TCP or TLS, behind a placeholder address.
//!
//! Datagrams go in and out through bounded queues; what does not fit is dropped, as a network does.
//! A connection is made when the first datagram is sent, and made again when it breaks, with a
//! pause between. The owner learns that it broke: the allocation that was made over it is gone.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
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

use super::framing::{self, NotTurn, Reader};
use crate::path::resolver::Resolver;
use crate::path::{happy_eyeballs, lock};

/// The most datagrams that wait to be sent: a quarter of a second at 2.5 Mbit/s. Those that come
/// when it is full are dropped, which is how the estimator learns that the stream is full.
const OUTGOING: usize = 64;
/// The most datagrams that wait to be taken.
const INCOMING: usize = 512;
/// How much the system may queue of what we send: more only makes it late.
const SEND_BUFFER: u32 = 64 * 1024;
/// How much is read at once.
const READ: usize = 16 * 1024;
/// How long a connection may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
/// How long the server may take nothing.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after a failure the next connection is tried.
const PAUSE: Duration = Duration::from_millis(500);

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
enum StreamError {
    #[error("its name is not known")]
    Unknown,
    #[error("its name can't stand in a certificate")]
    Name,
    #[error("no certificates to trust")]
    Roots,
    #[error("it does not answer")]
    Timeout,
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    NotTurn(#[from] NotTurn),
    #[error("it closed the connection")]
    Closed,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    /// Besides the system's.
    pub(crate) more: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Reads the system's certificates, which blocks for a while the first time.
    fn config(&self) -> Result<Arc<ClientConfig>, StreamError> {
        static SYSTEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
        let system = SYSTEM.get_or_init(|| rustls_native_certs::load_native_certs().certs);
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system.iter().chain(&self.more).cloned());
        if roots.is_empty() {
            return Err(StreamError::Roots);
        }
        Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
    }
}

/// What waits for the owner of a [`RelayStream`].
#[derive(Debug, Default)]
struct Inbox {
    datagrams: VecDeque<Bytes>,
    broke: bool,
}

/// Called when something waits in the inbox.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// A server over a stream. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct RelayStream {
    /// The address that the library knows it by.
    pub(crate) address: SocketAddr,
    outgoing: mpsc::Sender<Bytes>,
    inbox: Arc<Mutex<Inbox>>,
}

impl RelayStream {
    /// Starts one. Call it inside the runtime.
    pub(crate) fn open(
        address: SocketAddr,
        server: IceUrl,
        resolver: Arc<Resolver>,
        trust: Trust,
        wake: Wake,
    ) -> Self {
        let (outgoing, queue) = mpsc::channel(OUTGOING);
        let inbox = Arc::new(Mutex::new(Inbox::default()));
        let task = Task { server, resolver, trust, queue, inbox: Arc::clone(&inbox), wake };
        tokio::spawn(task.run());
        Self { address, outgoing, inbox }
    }

    /// Sends a datagram, or drops it.
    pub(crate) fn send(&self, datagram: &[u8]) {
        if self.outgoing.try_send(Bytes::copy_from_slice(datagram)).is_err() {
            tracing::trace!("a datagram for a relay did not fit");
        }
    }

    /// The next datagram from the server.
    pub(crate) fn receive(&self) -> Option<Bytes> {
        lock(&self.inbox).datagrams.pop_front()
    }

    /// Whether the connection broke since the last time.
    pub(crate) fn broke(&self) -> bool {
        std::mem::take(&mut lock(&self.inbox).broke)
    }
}

struct Task {
    server: IceUrl,
    resolver: Arc<Resolver>,
    trust: Trust,
    queue: mpsc::Receiver<Bytes>,
    inbox: Arc<Mutex<Inbox>>,
    wake: Wake,
}

impl Task {
    async fn run(mut self) {
        loop {
            // Connects only when there is something to send, also after a failure.
            let Some(first) = self.queue.recv().await else { return };
            let (error, connected) = match timeout(CONNECT_TIMEOUT, self.connect()).await {
                Ok(Ok(Connection::Plain(stream))) => (self.carry(stream, first).await, true),
                Ok(Ok(Connection::Tls(stream))) => (self.carry(*stream, first).await, true),
                Ok(Err(error)) => (error, false),
                Err(_) => (StreamError::Timeout, false),
            };
            if self.queue.is_closed() {
                return;
            }
            tracing::debug!("the stream to a relay ended: {error}");
            if connected {
                lock(&self.inbox).broke = true;
                (self.wake)();
            }
            sleep(PAUSE).await;
        }
    }

    async fn connect(&self) -> Result<Connection, StreamError> {
        let addresses =
            self.resolver.lookup(&self.server.host_and_port()).ok_or(StreamError::Unknown)?;
        let stream = happy_eyeballs::connect(addresses, connect_to).await?;
        match self.server.scheme() {
            IceScheme::Turns => self.secure(stream).await,
            _ => Ok(Connection::Plain(stream)),
        }
    }

    async fn secure(&self, stream: TcpStream) -> Result<Connection, StreamError> {
        let name =
            ServerName::try_from(self.server.host().to_owned()).map_err(|_| StreamError::Name)?;
        let trust = self.trust.clone();
        let config = tokio::task::spawn_blocking(move || trust.config())
            .await
            .map_err(|_| StreamError::Roots)??;
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        Ok(Connection::Tls(Box::new(stream)))
    }

    /// Carries datagrams both ways until the connection ends.
    async fn carry(&mut self, stream: impl AsyncRead + AsyncWrite, first: Bytes) -> StreamError {
        let (mut reading, mut writing) = tokio::io::split(stream);
        let inbox = Arc::clone(&self.inbox);
        let wake = Arc::clone(&self.wake);
        let read = async move {
            let mut reader = Reader::default();
            loop {
                reader.buffer().reserve(READ);
                if reading.read_buf(reader.buffer()).await? == 0 {
                    return Err(StreamError::Closed);
                }
                let mut news = false;
                while let Some(datagram) = reader.take()? {
                    let mut inbox = lock(&inbox);
                    if inbox.datagrams.len() < INCOMING {
                        inbox.datagrams.push_back(datagram);
                        news = true;
                    }
                }
                if news {
                    wake();
                }
            }
        };
        let queue = &mut self.queue;
        let write = async move {
            let mut next = Some(first);
            let mut buffer = BytesMut::new();
            loop {
                let Some(datagram) = next.take() else { return Err(StreamError::Closed) };
                buffer.clear();
                if framing::write(&datagram, &mut buffer) {
                    // Datagrams that wait already leave in the same write.
                    while buffer.len() < READ
                        && let Ok(more) = queue.try_recv()
                    {
                        framing::write(&more, &mut buffer);
                    }
                    timeout(WRITE_TIMEOUT, writing.write_all(&buffer))
                        .await
                        .map_err(|_| StreamError::Timeout)??;
                    timeout(WRITE_TIMEOUT, writing.flush())
                        .await
                        .map_err(|_| StreamError::Timeout)??;
                }
                next = queue.recv().await;
            }
        };
        let ended: Result<(), StreamError> = tokio::select! {
            ended = read => ended,
            ended = write => ended,
        };
        ended.err().unwrap_or(StreamError::Closed)
    }
}

enum Connection {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

async fn connect_to(address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::sync::Notify;

    use super::*;

    /// A STUN message that ends with this number.
    fn message(number: u8) -> Vec<u8> {
        [&[0, 1, 0, 4][..], &[7; 16], &[number; 4]].concat()
    }

    struct Ours {
        stream: RelayStream,
        news: Arc<Notify>,
    }

    impl Ours {
        fn to(listener: &TcpListener) -> Self {
            let address = listener.local_addr().expect("an address");
            let server = format!("turn:{address}?transport=tcp").parse().expect("a URL");
            Self::open(server, Resolver::shared(), Trust::default())
        }

        fn open(server: IceUrl, resolver: Arc<Resolver>, trust: Trust) -> Self {
            let news = Arc::new(Notify::new());
            let told = Arc::clone(&news);
            let wake: Wake = Arc::new(move || told.notify_one());
            let placeholder = SocketAddr::from(([240, 0, 0, 0], 3478));
            Self { stream: RelayStream::open(placeholder, server, resolver, trust, wake), news }
        }

        async fn receive(&self) -> Bytes {
            loop {
                if let Some(datagram) = self.stream.receive() {
                    return datagram;
                }
                timeout(Duration::from_secs(5), self.news.notified()).await.expect("news");
            }
        }
    }

    #[tokio::test]
    async fn no_connection_is_made_before_there_is_something_to_send() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let ours = Ours::to(&listener);
        assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err());
        ours.stream.send(&message(1));
        let (mut server, _) = listener.accept().await.expect("a connection");
        let mut received = vec![0; 24];
        server.read_exact(&mut received).await.expect("a message");
        assert_eq!(received, message(1));
        server.write_all(&[message(2), message(3)].concat()).await.expect("sent");
        assert_eq!(ours.receive().await, message(2));
        assert_eq!(ours.receive().await, message(3));
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
        let ours = Ours::to(&listener);
        ours.stream.send(&message(1));
        let (server, _) = listener.accept().await.expect("a connection");
        assert!(!ours.stream.broke());
        drop(server);
        timeout(Duration::from_secs(5), ours.news.notified()).await.expect("news");
        assert!(ours.stream.broke() && !ours.stream.broke(), "once");
        ours.stream.send(&message(2));
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
        let ours = Ours::to(&listener);
        ours.stream.send(&message(1));
        let (_server, _) = listener.accept().await.expect("a connection");
        let started = std::time::Instant::now();
        let large = [&[0x40, 0, 0x04, 0][..], &[7; 1024]].concat();
        for _ in 0..20_000 {
            ours.stream.send(&large);
        }
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        assert_eq!(ours.stream.outgoing.max_capacity(), OUTGOING);
    }

    #[tokio::test]
    async fn a_server_that_speaks_something_else_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let ours = Ours::to(&listener);
        ours.stream.send(&message(1));
        let (mut server, _) = listener.accept().await.expect("a connection");
        server.write_all(&[0xff; 100]).await.expect("sent");
        timeout(Duration::from_secs(5), ours.news.notified()).await.expect("news");
        assert!(ours.stream.broke());
        assert_eq!(ours.stream.receive(), None);
    }

    /// A relay whose first address is a black hole and whose second one works.
    #[cfg(target_os = "linux")]
    async fn receives_despite_a_black_hole(url: &str) {
        let hole = visavis_link::BlackHole::open().await.expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let works = listener.local_addr().expect("an address");
        let key = rcgen::generate_simple_self_signed(["relay.example".to_owned()]).expect("a key");
        let certificate = key.cert.der().clone();
        let server: IceUrl = url.parse().expect("a URL");
        let addresses = vec![hole.address().expect("an address"), works];
        let resolver = Resolver::knowing(&server.host_and_port(), addresses);
        let started = std::time::Instant::now();
        let ours = Ours::open(server, resolver, Trust { more: vec![certificate.clone()] });
        ours.stream.send(&message(1));

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
        receives_despite_a_black_hole("turn:relay.example?transport=tcp").await;
        receives_despite_a_black_hole("turns:relay.example").await;
    }
}
