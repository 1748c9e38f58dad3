//! A client of the signaling connection, and a server that does what the test says.

#![allow(dead_code, reason = "each test file uses its part")]

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use visavis_client::device_key::DeviceKey;
use visavis_client::signaling::{Signaling, SignalingConfig, SignalingEvent};
use visavis_shared::{
    CallId, CallSignal, ClientMessage, DescriptionKind, Payload, ServerMessage, SessionDescription,
    Username,
};
use visavis_signal_server::{Config, Server, start};

/// Longer than anything takes, shorter than anybody waits.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

/// A client and what it reports.
pub(crate) struct Client {
    pub(crate) signaling: Signaling,
    pub(crate) events: mpsc::Receiver<SignalingEvent>,
}

impl Client {
    pub(crate) fn connect(url: &str, username: &str) -> Self {
        Self::connect_with(url, username, None)
    }

    pub(crate) fn connect_with(url: &str, username: &str, key: Option<DeviceKey>) -> Self {
        let config = SignalingConfig { url: url.to_owned(), username: name(username), key };
        let (signaling, events) = Signaling::connect(config).expect("a URL");
        Self { signaling, events }
    }

    pub(crate) async fn log_in(url: &str, username: &str) -> Self {
        let mut client = Self::connect(url, username);
        client.expect_login(username).await;
        client
    }

    /// The next event; `None` when nothing more comes.
    pub(crate) async fn next(&mut self) -> Option<SignalingEvent> {
        timeout(LONG, self.events.recv()).await.expect("an event, or the end of them")
    }

    pub(crate) async fn expect_login(&mut self, as_whom: &str) {
        match self.next().await {
            Some(SignalingEvent::LoggedIn { username, .. }) => assert_eq!(username, name(as_whom)),
            other => panic!("no login: {other:?}"),
        }
    }

    pub(crate) async fn expect_down(&mut self) {
        assert_eq!(self.next().await, Some(SignalingEvent::Down));
    }

    /// What the other of a call says next.
    pub(crate) async fn expect_signal(&mut self, signal: CallSignal) {
        match self.next().await {
            Some(SignalingEvent::Message(ServerMessage::Call { signal: heard, .. })) => {
                assert_eq!(heard, signal)
            }
            other => panic!("no {}: {other:?}", signal.type_name()),
        }
    }

    pub(crate) fn send(&self, to: &str, signal: CallSignal) {
        let call = Some(CallId::parse("c1").expect("an id"));
        self.signaling.send(ClientMessage::Call { to: Some(name(to)), call, signal });
    }

    /// Asks who is there; the answer shows that the connection works and that nothing came before
    /// it.
    pub(crate) async fn expect_users(&mut self, users: &[&str]) {
        self.signaling.send(ClientMessage::Users { prefix: String::new() });
        match self.next().await {
            Some(SignalingEvent::Message(ServerMessage::Users { users: heard, .. })) => {
                assert_eq!(heard, users.iter().map(|user| name(user)).collect::<Vec<_>>());
            }
            other => panic!("no answer: {other:?}"),
        }
    }
}

pub(crate) fn offer() -> CallSignal {
    let offer = SessionDescription { kind: DescriptionKind::Offer, sdp: "v=0\r\n".to_owned() };
    CallSignal::Offer(Payload::of(&offer).expect("JSON"))
}

pub(crate) async fn server() -> Server {
    start(Config::for_tests()).await.expect("a server")
}

/// A server that does what the test says.
pub(crate) struct Script {
    pub(crate) listener: TcpListener,
}

pub(crate) type Socket = WebSocketStream<TcpStream>;

pub(crate) const WELCOME: &str =
    r#"{"type":"login","success":true,"username":"alice","iceServers":[]}"#;
pub(crate) const TAKEN: &str =
    r#"{"type":"login","success":false,"reason":"taken","message":"taken"}"#;
pub(crate) const PRESENCE: &str = r#"{"type":"presence","username":"bob","online":true}"#;

impl Script {
    pub(crate) async fn start() -> (Self, Client) {
        Self::start_for(None).await
    }

    pub(crate) async fn start_for(key: Option<DeviceKey>) -> (Self, Client) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let client = Client::connect_with(
            &listener.local_addr().expect("an address").to_string(),
            "alice",
            key,
        );
        (Self { listener }, client)
    }

    pub(crate) async fn accept_tcp(&self) -> TcpStream {
        timeout(LONG, self.listener.accept()).await.expect("a connection").expect("a connection").0
    }

    /// Takes a connection and its login, and answers so.
    pub(crate) async fn accept(&self, answer: &str) -> Socket {
        self.greet_and_accept(None, answer).await.0
    }

    /// Takes a connection, greets it where there is a greeting, takes the login, and answers so.
    pub(crate) async fn greet_and_accept(
        &self,
        greeting: Option<&str>,
        answer: &str,
    ) -> (Socket, Value) {
        let mut socket = accept_async(self.accept_tcp().await).await.expect("a WebSocket");
        if let Some(greeting) = greeting {
            send(&mut socket, Message::text(greeting)).await;
        }
        let login = timeout(LONG, socket.next())
            .await
            .expect("a login")
            .expect("a message")
            .expect("a message");
        let login: Value = serde_json::from_str(&login.into_text().expect("text")).expect("JSON");
        assert_eq!((&login["type"], &login["username"]), (&"login".into(), &"alice".into()));
        send(&mut socket, Message::text(answer)).await;
        (socket, login)
    }
}

pub(crate) async fn send(socket: &mut Socket, message: Message) {
    socket.send(message).await.expect("the client listens");
}

pub(crate) async fn expect_presence(client: &mut Client) {
    match client.next().await {
        Some(SignalingEvent::Message(ServerMessage::Presence { username, online: true })) => {
            assert_eq!(username, name("bob"));
        }
        other => panic!("no presence: {other:?}"),
    }
}
