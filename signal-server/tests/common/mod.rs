//! A client that says what the test says and shows what the server says.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod owners;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use visavis_signal_server::{Config, Server, start};

/// Longer than anything takes, shorter than anybody waits.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) async fn server() -> Server {
    start(Config::for_tests()).await.unwrap()
}

/// What a server answers to a head of a request: the status, and everything that follows.
pub(crate) async fn ask(address: SocketAddr, head: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an answer").unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer)
}

/// What a server answers to a GET of a page.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await
}

/// A WebSocket handshake with further headers; the status.
pub(crate) async fn handshake(url: &str, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(Client { socket }),
        Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// A client on a WebSocket.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Connects, and takes the greeting.
    pub(crate) async fn connect(url: &str) -> Self {
        Self::connect_for_challenge(url).await.0
    }

    /// Connects; what a login has to be signed over.
    pub(crate) async fn connect_for_challenge(url: &str) -> (Self, String) {
        let (socket, _) = connect_async(url).await.unwrap();
        let mut client = Self { socket };
        let hello: Value = serde_json::from_str(&client.hear().await).unwrap();
        assert_eq!((&hello["type"], &hello["protocol"]), (&"hello".into(), &1.into()));
        let challenge = hello["challenge"].as_str().expect("a challenge").to_owned();
        (client, challenge)
    }

    /// Connects and logs in, in dialect 1.
    pub(crate) async fn log_in(url: &str, name: &str) -> Self {
        let mut client = Self::connect(url).await;
        client.say(&format!(r#"{{"type":"login","username":"{name}"}}"#)).await;
        let reply: Value = serde_json::from_str(&client.hear().await).unwrap();
        assert_eq!(
            (&reply["success"], &reply["username"]),
            (&true.into(), &name.into()),
            "{reply}"
        );
        client
    }

    /// Connects and logs in, in dialect 2.
    pub(crate) async fn log_in_named(url: &str, name: &str) -> Self {
        let mut client = Self::connect(url).await;
        client.say(&format!(r#"{{"type":"login","name":"{name}"}}"#)).await;
        client.expect(r#"{"type":"login","success":true}"#).await;
        client
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        timeout(LONG, self.socket.send(message)).await.expect("room to write").unwrap();
    }

    /// The next text.
    pub(crate) async fn hear(&mut self) -> String {
        loop {
            match timeout(LONG, self.socket.next())
                .await
                .expect("an answer")
                .expect("an open connection")
                .unwrap()
            {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not a text: {other:?}"),
            }
        }
    }

    /// The next text is this one.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move { assert_eq!(self.hear().await, text, "at {at}") }
    }

    /// The next text is an error with this code; its words.
    pub(crate) async fn expect_error(&mut self, code: &str) -> String {
        let text = self.hear().await;
        let error: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&error["type"], &error["code"]), (&"error".into(), &code.into()), "{text}");
        error["message"].as_str().expect("words").to_owned()
    }

    /// Everything that was said to it was answered, and nothing else came.
    pub(crate) async fn expect_nothing_else(&mut self) {
        self.say(r#"{"type":"nothing-else"}"#).await;
        let text = self.hear().await;
        assert!(text.contains("nothing-else"), "{text}");
    }

    /// The next thing is the end; the code it ends with, unless it was torn.
    pub(crate) async fn expect_close(&mut self) -> Option<CloseFrame> {
        loop {
            match timeout(LONG, self.socket.next()).await.expect("an end") {
                Some(Ok(Message::Close(frame))) => return frame,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("not the end: {other:?}"),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next frame; none when it was torn.
    pub(crate) async fn next_frame(&mut self) -> Option<Message> {
        timeout(LONG, self.socket.next()).await.expect("a frame or the end")?.ok()
    }

    /// The raw stream, to do what no WebSocket would.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        match self.socket.get_mut() {
            MaybeTlsStream::Plain(stream) => stream,
            _ => panic!("not a plain stream"),
        }
    }
}
