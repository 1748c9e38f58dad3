//! A signaling server that relays calls and may change each message on its way.
//!
//! In: clients that log in under any name, and what a test makes of each of their signals. Out:
//! what was relayed, and everything that each client has sent. Nothing is checked: it is whoever
//! carries the messages, and means ill.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// What goes from one in a call to the other.
const SIGNALS: [&str; 7] =
    ["offer", "ringing", "answer", "opening", "candidate", "decline", "close"];

/// Messages that wait for a client; more are lost.
const WAITING: usize = 256;

/// What the server makes of a signal: who sent it, and what it is.
pub type Meddle = Box<dyn FnMut(&str, Value) -> Vec<Value> + Send>;

#[derive(Default)]
struct State {
    clients: HashMap<String, mpsc::Sender<Value>>,
    sent: Vec<(String, Value)>,
    meddle: Option<Meddle>,
}

/// The server. It ends when it is dropped.
pub struct MeddlingServer {
    url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl MeddlingServer {
    /// Starts one on a free port that relays everything as it is, and greets with this.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start_with_greeting(greeting: Option<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("ws://{}", listener.local_addr().expect("an address"));
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, greeting.clone(), Arc::clone(&shared)));
            }
        });
        Self { url, state, task }
    }

    /// The same with an ordinary greeting.
    pub async fn start() -> Self {
        let hello =
            json!({"type": "hello", "protocol": 1, "server": "meddling", "challenge": "bm9uY2U="});
        Self::start_with_greeting(Some(hello)).await
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Does this with each signal from now on.
    pub fn meddle(&self, meddle: impl FnMut(&str, Value) -> Vec<Value> + Send + 'static) {
        lock(&self.state).meddle = Some(Box::new(meddle));
    }

    /// Relays everything as it is from now on.
    pub fn be_honest(&self) {
        lock(&self.state).meddle = None;
    }

    /// Sends a signal to somebody as if it came from somebody else.
    pub fn send(&self, to: &str, signal: Value) {
        if let Some(client) = lock(&self.state).clients.get(to) {
            let _ = client.try_send(signal);
        }
    }

    /// Everything that somebody has sent, in order.
    #[must_use]
    pub fn sent_by(&self, name: &str) -> Vec<Value> {
        let state = lock(&self.state);
        state.sent.iter().filter(|(from, _)| from == name).map(|(_, value)| value.clone()).collect()
    }
}

impl Drop for MeddlingServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(stream: TcpStream, greeting: Option<Value>, state: Arc<Mutex<State>>) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    if let Some(greeting) = greeting
        && socket.send(Message::text(greeting.to_string())).await.is_err()
    {
        return;
    }
    let (sender, mut outgoing) = mpsc::channel::<Value>(WAITING);
    let mut name = String::new();
    loop {
        let message = tokio::select! {
            Some(value) = outgoing.recv() => {
                if socket.send(Message::text(value.to_string())).await.is_err() {
                    return;
                }
                continue;
            }
            message = socket.next() => message,
        };
        let Some(Ok(message)) = message else { return };
        let Message::Text(text) = message else { continue };
        let Ok(mut value) = serde_json::from_str::<Value>(&text) else { continue };
        let mut state = lock(&state);
        state.sent.push((name.clone(), value.clone()));
        let kind = value["type"].as_str().unwrap_or_default().to_owned();
        if kind == "login" {
            value["username"].as_str().unwrap_or_default().clone_into(&mut name);
            state.clients.insert(name.clone(), sender.clone());
            let welcome =
                json!({"type": "login", "success": true, "username": name, "iceServers": []});
            let _ = sender.try_send(welcome);
        } else if SIGNALS.contains(&kind.as_str()) {
            let to = value["otherUsername"].as_str().unwrap_or_default().to_owned();
            if let Some(members) = value.as_object_mut() {
                members.remove("otherUsername");
            }
            value["username"] = json!(name);
            let relayed = match &mut state.meddle {
                Some(meddle) => meddle(&name, value),
                None => vec![value],
            };
            if let Some(client) = state.clients.get(&to) {
                for value in relayed {
                    let _ = client.try_send(value);
                }
            }
        }
    }
}
