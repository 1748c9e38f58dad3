//! A way to a signaling server that writes down every message, in both directions, so that a test
//! knows what was said and can look for it elsewhere.
//!
//! In: where the server is. Out: where apps find the proxy, and the messages as JSON.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, connect_async};

/// A proxy that runs until it is dropped.
pub struct RecordingProxy {
    url: String,
    messages: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

impl RecordingProxy {
    /// Starts one on a free port before a server.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("ws://{}", listener.local_addr().expect("an address"));
        let (server, messages) = (server.to_owned(), Arc::default());
        let task = tokio::spawn({
            let messages = Arc::clone(&messages);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(pass_on(stream, server.clone(), Arc::clone(&messages)));
                }
            }
        });
        Self { url, messages, task }
    }

    /// Where apps find it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that was said until now.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RecordingProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One client and its connection to the server, until either hangs up.
async fn pass_on(stream: TcpStream, server: String, messages: Arc<Mutex<Vec<Value>>>) {
    let Ok(client) = accept_async(stream).await else { return };
    let (server, _) = connect_async(&server).await.expect("the server is there");
    let note = |message: &Message| {
        if let Message::Text(text) = message
            && let Ok(value) = serde_json::from_str(text)
        {
            messages.lock().unwrap_or_else(PoisonError::into_inner).push(value);
        }
    };
    let (mut to_client, mut from_client) = client.split();
    let (mut to_server, mut from_server) = server.split();
    loop {
        let passed = tokio::select! {
            message = from_client.next() => {
                let Some(Ok(message)) = message else { break };
                note(&message);
                to_server.send(message).await
            }
            message = from_server.next() => {
                let Some(Ok(message)) = message else { break };
                note(&message);
                to_client.send(message).await
            }
        };
        if passed.is_err() {
            break;
        }
    }
    // Whoever is left hears that the other hung up.
    let _ = to_client.close().await;
    let _ = to_server.close().await;
}
