//! Engine.IO without a library: requests as a hostile client may make them.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::common::LONG;

/// What is answered to a request: status, head and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Asks for something under `/socket.io/` on a connection of its own.
pub(crate) async fn ask(
    address: SocketAddr,
    method: &str,
    query: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} /socket.io/?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an answer").unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// A session over long polls.
#[derive(Debug)]
pub(crate) struct Polled {
    address: SocketAddr,
    pub(crate) key: String,
}

impl Polled {
    /// Opens a session, without a socket on it.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, u16> {
        let answer = ask(address, "GET", "EIO=4&transport=polling", "", "").await;
        if answer.status != 200 {
            return Err(answer.status);
        }
        let packet: serde_json::Value =
            serde_json::from_str(answer.body.strip_prefix('0').unwrap()).unwrap();
        Ok(Self { address, key: packet["sid"].as_str().unwrap().to_owned() })
    }

    /// Opens a session and a socket; the socket's id.
    pub(crate) async fn connect(address: SocketAddr) -> (Self, String) {
        let session = Self::open(address).await.unwrap();
        assert_eq!(session.post("40").await.status, 200);
        let packet = session.hear().await;
        let packet: serde_json::Value =
            serde_json::from_str(packet.strip_prefix("40").unwrap()).unwrap();
        let id = packet["sid"].as_str().unwrap().to_owned();
        (session, id)
    }

    /// The next packet that is no ping. Whatever comes with it is lost.
    pub(crate) async fn hear(&self) -> String {
        loop {
            let answer = self.poll().await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            if let Some(packet) = answer.body.split('\u{1e}').find(|packet| *packet != "2") {
                return packet.to_owned();
            }
        }
    }

    pub(crate) async fn poll(&self) -> Answer {
        ask(self.address, "GET", &format!("EIO=4&transport=polling&sid={}", self.key), "", "").await
    }

    pub(crate) async fn post(&self, packets: &str) -> Answer {
        ask(self.address, "POST", &format!("EIO=4&transport=polling&sid={}", self.key), "", packets)
            .await
    }
}

/// A session over a WebSocket.
#[derive(Debug)]
pub(crate) struct Wired {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Wired {
    /// Opens a session, without a socket on it.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let (socket, _) =
            connect_async(format!("ws://{address}/socket.io/?EIO=4&transport=websocket"))
                .await
                .unwrap();
        let mut wired = Self { socket };
        assert!(wired.hear().await.unwrap().starts_with("0{"));
        wired
    }

    /// Opens a session and a socket.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut wired = Self::open(address).await;
        wired.say("40").await;
        assert!(wired.hear().await.unwrap().starts_with("40{"));
        wired
    }

    pub(crate) async fn say(&mut self, packet: &str) {
        self.socket.send(Message::text(packet)).await.unwrap();
    }

    /// The next packet that is no ping; `None` when the session is over.
    pub(crate) async fn hear(&mut self) -> Option<String> {
        loop {
            let packet = self.packet().await;
            if packet.as_deref() != Some("2") {
                return packet;
            }
        }
    }

    /// The next packet; `None` when the session is over.
    pub(crate) async fn packet(&mut self) -> Option<String> {
        loop {
            match timeout(LONG, self.socket.next()).await.expect("something") {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}
