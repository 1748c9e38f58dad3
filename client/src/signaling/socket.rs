//! The WebSocket to the server: opened, written to, closed.
//!
//! In: a [`ServerUrl`] and messages. Out: a [`Socket`], or why there is none. What always holds: an
//! address of the server that does not answer does not keep the client from another one (RFC 8305);
//! no call takes longer than its limit; nothing that goes to a log names an address.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use visavis_shared::limits::MAX_RELAYED_BYTES;
use visavis_shared::{ClientMessage, codec};

use super::metered::Metered;
use super::server_url::ServerUrl;
use crate::transport::path::happy_eyeballs;

/// How long opening may take, TLS and upgrade included.
const OPEN_WITHIN: Duration = Duration::from_secs(5);
/// How long one message, or the closing handshake, may take.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
/// The read buffer; a message is a few KiB at most.
const READ_BUFFER: usize = 4 * 1024;

/// What a socket may be made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// A message came out of what was read.
    fn message_received(&mut self) {}
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for MaybeTlsStream<Metered<S>> {
    fn message_received(&mut self) {
        match self {
            Self::Plain(stream) => stream.message_received(),
            Self::Rustls(stream) => stream.get_mut().0.message_received(),
            _ => {}
        }
    }
}

#[cfg(test)]
impl Stream for tokio::io::DuplexStream {}

pub(super) type Socket<S = MaybeTlsStream<Metered<TcpStream>>> = WebSocketStream<S>;

/// Opens a socket to the server. The error says why there is none, in words for people.
pub(super) async fn open(url: &ServerUrl) -> Result<Socket, String> {
    let opening = async {
        let addresses = lookup_host(url.host_and_port()).await?;
        open_at(url, addresses, None).await
    };
    match timeout(OPEN_WITHIN, opening).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(error)) => Err(error_words(&error)),
        Err(_) => Err("no answer".to_owned()),
    }
}

/// Opens a socket to the first of the server's addresses that answers.
async fn open_at(
    url: &ServerUrl,
    addresses: impl IntoIterator<Item = SocketAddr>,
    tls: Option<Connector>,
) -> Result<Socket, tungstenite::Error> {
    let stream = Metered::new(happy_eyeballs::connect(addresses, connect_to).await?);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MAX_RELAYED_BYTES))
        .max_frame_size(Some(MAX_RELAYED_BYTES));
    let (socket, _) = client_async_tls_with_config(url.as_str(), stream, Some(config), tls).await?;
    Ok(socket)
}

async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The next message, ping or pong.
pub(super) async fn next<S: Stream>(
    socket: &mut Socket<S>,
) -> Option<tungstenite::Result<Message>> {
    let received = socket.next().await;
    socket.get_mut().message_received();
    received
}

/// Sends a message. Fails when the connection is gone or takes nothing.
pub(super) async fn write<S: Stream>(
    socket: &mut Socket<S>,
    message: &ClientMessage,
) -> Result<(), ()> {
    send(socket, Message::text(codec::encode_client(message))).await
}

/// Asks the server to show that it is there.
pub(super) async fn ping(socket: &mut Socket) -> Result<(), ()> {
    send(socket, Message::Ping(Vec::new().into())).await
}

async fn send<S: Stream>(socket: &mut Socket<S>, message: Message) -> Result<(), ()> {
    match timeout(WRITE_WITHIN, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}

/// Closes in order, so that the server frees the name at once, and waits until it has.
pub(super) async fn close<S: Stream>(socket: &mut Socket<S>) {
    let closing = async {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    let _ = timeout(WRITE_WITHIN, closing).await;
}

/// Why there is no connection, without addresses: this may go to a log.
pub(super) fn error_words(error: &tungstenite::Error) -> String {
    let words = match error {
        tungstenite::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => "nothing listens there",
            io::ErrorKind::TimedOut => "no answer",
            io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "it hung up",
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                "no route leads to it from this network"
            }
            // The resolver has no kind of its own.
            _ => "its name is not known, or the network is down",
        },
        tungstenite::Error::Tls(_) => "its certificate is not trusted",
        tungstenite::Error::Http(response) => {
            return format!("it is no signaling server: HTTP {}", response.status().as_u16());
        }
        tungstenite::Error::Capacity(_) => "it sent more than is allowed",
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => "it hung up",
        _ => "it speaks no protocol that we know",
    };
    words.to_owned()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
    use tokio_tungstenite::accept_async;
    use visavis_link::BlackHole;

    use super::*;

    #[tokio::test]
    async fn a_black_hole_among_its_addresses_does_not_keep_a_server_away() {
        let hole = BlackHole::open().await.expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let works = listener.local_addr().expect("an address");
        let url = ServerUrl::parse("ws://example.org").expect("a URL");
        let started = Instant::now();
        let opening = open_at(&url, [hole.address().expect("an address"), works], None);
        let accepting = async { accept_async(listener.accept().await.expect("it").0).await };
        let (ours, theirs) = tokio::join!(opening, accepting);
        assert!(ours.is_ok() && theirs.is_ok(), "{ours:?} {theirs:?}");
        assert!(started.elapsed() < OPEN_WITHIN / 2, "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_black_hole_among_its_addresses_does_not_keep_a_tls_server_away() {
        let hole = BlackHole::open().await.expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let works = listener.local_addr().expect("an address");
        let key = rcgen::generate_simple_self_signed(["example.org".to_owned()]).expect("a key");
        let certificate = key.cert.der().clone();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).expect("a certificate");
        let trust = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.signing_key.into())
            .expect("a certificate with its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let url = ServerUrl::parse("wss://example.org").expect("a URL");
        let started = Instant::now();
        let opening = open_at(
            &url,
            [hole.address().expect("an address"), works],
            Some(Connector::Rustls(Arc::new(trust))),
        );
        let accepting = async {
            let (stream, _) = listener.accept().await.expect("it");
            accept_async(acceptor.accept(stream).await.expect("TLS")).await
        };
        let (ours, theirs) = tokio::join!(opening, accepting);
        assert!(ours.is_ok() && theirs.is_ok(), "{ours:?} {theirs:?}");
        assert!(started.elapsed() < OPEN_WITHIN / 2, "{:?}", started.elapsed());
    }
}
