//! The real server inside the test, on a port of its own, and a bare WebSocket to be rude with.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use visavis_signal_server::{Config, Server};

/// How long an expected message may take.
const SOON: Duration = Duration::from_secs(20);

/// A server that can be killed and come back on the same port.
pub struct TestServer {
    url: String,
    listen: std::net::SocketAddr,
    server: Option<Server>,
}

impl TestServer {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        Self::with(Config::for_tests()).await
    }

    /// The same, set up otherwise.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn with(config: Config) -> Self {
        let server = visavis_signal_server::start(config).await.expect("a server on a free port");
        Self { url: server.url(), listen: server.address(), server: Some(server) }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends it without a word, as a crash would.
    pub async fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill().await;
        }
    }

    /// Starts it again at the same address. It remembers nobody.
    ///
    /// # Panics
    /// When the port is gone.
    pub async fn restart(&mut self) {
        let config = Config { listen: self.listen, ..Config::for_tests() };
        self.server =
            Some(visavis_signal_server::start(config).await.expect("the same port again"));
    }

    /// Opens a bare WebSocket to it.
    ///
    /// # Panics
    /// When that fails.
    pub async fn socket(&self) -> Socket {
        let (socket, _) = connect_async(&self.url).await.expect("a connection to the server");
        Socket { socket }
    }
}

/// A WebSocket that sends whatever a test wants.
pub struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Claims a name.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn log_in(&mut self, name: &str) {
        self.send(json!({ "type": "login", "username": name })).await;
        assert_eq!(self.receives("login").await["success"], true, "{name} is let in");
    }

    /// Sends JSON.
    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends any text.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the server listens");
    }

    /// The next message of this type; others are passed over.
    ///
    /// # Panics
    /// When none comes in time.
    pub async fn receives(&mut self, kind: &str) -> Value {
        self.receives_within(SOON, kind).await.unwrap_or_else(|| panic!("no \"{kind}\" came"))
    }

    /// The next message of this type, if one comes in time; others are passed over.
    ///
    /// # Panics
    /// When the connection ends meanwhile.
    pub async fn receives_within(&mut self, time: Duration, kind: &str) -> Option<Value> {
        let listening = async {
            while let Some(message) = self.socket.next().await {
                if let Message::Text(text) = message.expect("the connection stands") {
                    let value: Value = serde_json::from_str(&text).expect("the server speaks JSON");
                    if value["type"] == kind {
                        return value;
                    }
                }
            }
            panic!("the server closed the connection while \"{kind}\" was expected");
        };
        tokio::time::timeout(time, listening).await.ok()
    }
}
