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
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use visavis_shared::limits::MAX_RELAYED_BYTES;
use visavis_shared::{ClientMessage, codec};

use super::first_bytes::FirstBytes;
use super::metered::Metered;
use super::server_url::ServerUrl;
use super::unreachable::Unreachable;
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

pub(super) type Socket<S = MaybeTlsStream<Metered<FirstBytes<TcpStream>>>> = WebSocketStream<S>;

/// Opens a socket to the server.
pub(super) async fn open(url: &ServerUrl) -> Result<Socket, Unreachable> {
    let until = Instant::now() + OPEN_WITHIN;
    let looking = timeout_at(until, lookup_host(url.host_and_port())).await;
    let addresses = match looking {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(_)) => return Err(Unreachable::UnknownName),
        Err(_) => return Err(Unreachable::NoAnswer),
    };
    open_at(url, addresses, None, until).await
}

/// Opens a socket to the first of the server's addresses that answers.
async fn open_at(
    url: &ServerUrl,
    addresses: impl IntoIterator<Item = SocketAddr>,
    tls: Option<Connector>,
    until: Instant,
) -> Result<Socket, Unreachable> {
    let is_tls = url.is_tls();
    let stream = match timeout_at(until, happy_eyeballs::connect(addresses, connect_to)).await {
        Ok(connected) => connected.map_err(|error| Unreachable::of_io(&error, is_tls))?,
        Err(_) => return Err(Unreachable::NoAnswer),
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MAX_RELAYED_BYTES))
        .max_frame_size(Some(MAX_RELAYED_BYTES));
    let (stream, first) = FirstBytes::of(stream);
    let stream = Metered::new(stream);
    let upgrading = client_async_tls_with_config(url.as_str(), stream, Some(config), tls);
    match timeout_at(until, upgrading).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(Unreachable::of(&error, is_tls, first.bytes())),
        Err(_) => Err(Unreachable::Silent { tls: is_tls }),
    }
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

#[cfg(test)]
mod tests;
