//! A signaling server that sends whatever a test wants, and sockets that notice every datagram.
//!
//! In: what the server sends, in any order. Out: what the app sent to it, and how many datagrams
//! arrived anywhere that the server pointed to. It lets everybody in and relays nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

/// How long an expected message may take.
const SOON: Duration = Duration::from_secs(20);

/// What shows another how to reach us: none of it may leave without consent.
const DISCLOSING: [&str; 3] = ["offer", "answer", "candidate"];

/// A server that listens.
pub struct HostileServer {
    listener: TcpListener,
    logins: AtomicUsize,
}

impl HostileServer {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self { listener, logins: AtomicUsize::new(0) }
    }

    /// Where it is.
    ///
    /// # Panics
    /// When the socket has no address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().expect("an address"))
    }

    /// Takes the next connection, greets it, and lets it in under the name that it requests.
    /// Sessions don't go on: each login is a new one.
    ///
    /// # Panics
    /// When nobody connects or logs in.
    pub async fn let_in(&self, ice_servers: &Value) -> Victim {
        let mut victim = self.greet().await;
        let login = victim.next().await;
        assert_eq!(login["type"], "login", "{login}");
        let token = format!("token-{}", self.logins.fetch_add(1, Ordering::SeqCst));
        victim
            .send(&json!({
                "type": "login", "success": true, "username": login["username"], "iceServers": ice_servers, "resume": token
            }))
            .await;
        victim
    }

    /// Takes the next connection, greets it, and answers its login with this.
    ///
    /// # Panics
    /// When nobody connects or logs in.
    pub async fn answer_login(&self, answer: &Value) -> Victim {
        let mut victim = self.greet().await;
        let login = victim.next().await;
        assert_eq!(login["type"], "login", "{login}");
        victim.send(answer).await;
        victim
    }

    /// Takes the next connection and greets it.
    async fn greet(&self) -> Victim {
        let (stream, _) =
            timeout(SOON, self.listener.accept()).await.expect("in time").expect("a connection");
        let socket = accept_async(stream).await.expect("a WebSocket");
        let mut victim = Victim { socket, received: Vec::new(), fences: 0 };
        victim.send(&json!({ "type": "hello", "protocol": 1, "server": "hostile", "challenge": "Y2hhbGxlbmdl" })).await;
        victim
    }
}

/// An app that has connected to a [`HostileServer`].
pub struct Victim {
    socket: WebSocketStream<TcpStream>,
    received: Vec<Value>,
    fences: usize,
}

impl Victim {
    /// Says something.
    ///
    /// # Panics
    /// When the app is gone.
    pub async fn send(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("the app listens");
    }

    /// The next message of the app.
    ///
    /// # Panics
    /// When it sends nothing in time, or hangs up.
    pub async fn next(&mut self) -> Value {
        let listening = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return serde_json::from_str(&text).expect("the app speaks JSON");
                    }
                    Some(Ok(Message::Close(_))) | None => panic!("the app hung up"),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => panic!("the connection broke: {error}"),
                }
            }
        };
        let message: Value = timeout(SOON, listening).await.expect("the app sends something");
        self.received.push(message.clone());
        message
    }

    /// The next message of this type; others are passed over.
    pub async fn receives(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// Comes back when the app has dealt with all that was sent: somebody calls, the app answers
    /// that, and they cancel. The answer is `ringing` from an app that is in no call, and `decline`
    /// from one that is.
    pub async fn settle(&mut self) -> String {
        self.fences += 1;
        let (name, call) = (format!("fence{}", self.fences), format!("fence-{}", self.fences));
        self.send(
            &json!({ "type": "offer", "username": name, "call": call, "offer": { "type": "offer", "sdp": "v=0" } }),
        )
        .await;
        let answer = loop {
            let message = self.next().await;
            if message["otherUsername"] == name.as_str() {
                break message["type"].as_str().unwrap_or_default().to_owned();
            }
        };
        self.send(&json!({ "type": "close", "username": name, "call": call })).await;
        answer
    }

    /// Everything that the app has sent and that shows somebody how to reach it.
    #[must_use]
    pub fn disclosed(&self) -> Vec<&Value> {
        self.received
            .iter()
            .filter(|message| DISCLOSING.iter().any(|kind| message["type"] == *kind))
            .collect()
    }
}

/// A UDP socket that answers nothing and counts what arrives.
pub struct Bait {
    address: SocketAddr,
    arrived: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Bait {
    /// Lays one out on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn lay() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address");
        let arrived = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&arrived);
        let task = tokio::spawn(async move {
            let mut datagram = [0; 2048];
            while socket.recv_from(&mut datagram).await.is_ok() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { address, arrived, task }
    }

    /// Where it lies.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many datagrams have arrived.
    #[must_use]
    pub fn arrived(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }

    /// Waits for the first datagram.
    ///
    /// # Panics
    /// When none arrives in time.
    pub async fn until_taken(&self) {
        let waiting = async {
            while self.arrived() == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(SOON, waiting).await.expect("a datagram arrives");
    }
}

impl Drop for Bait {
    fn drop(&mut self) {
        self.task.abort();
    }
}
