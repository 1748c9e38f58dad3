//! Waiting until somebody is logged in, by asking the server as a client would.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{self, Message};

/// Why it is not known to be so.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// The connection to the server failed.
    #[error("watching at {url}: {source}")]
    Connection {
        /// The address of the server.
        url: String,
        /// What the WebSocket library said.
        source: Box<tungstenite::Error>,
    },
    /// The server closed it.
    #[error("the server closed the connection of the watcher; its last words: {0}")]
    Closed(String),
    /// The person did not come.
    #[error("{name} did not log in within {} s", .limit.as_secs_f64())]
    TooLate {
        /// The name that was waited for.
        name: String,
        /// The deadline.
        limit: Duration,
    },
}

/// Returns once `name` is logged in at the server.
///
/// # Errors
/// When the server can't be asked, or the deadline comes first.
pub async fn logged_in(server_url: &str, name: &str, limit: Duration) -> Result<(), PresenceError> {
    let late = |_| PresenceError::TooLate { name: name.to_owned(), limit };
    timeout(limit, watch(server_url, name)).await.map_err(late)?
}

async fn watch(server_url: &str, name: &str) -> Result<(), PresenceError> {
    let failed =
        |source| PresenceError::Connection { url: server_url.to_owned(), source: Box::new(source) };
    let (mut socket, _) = connect_async(server_url).await.map_err(failed)?;
    // One name for each person who is waited for, so that two watchers don't meet.
    let login = json!({ "type": "login", "username": format!("watcher-of-{name}") });
    let watch = json!({ "type": "watch", "usernames": [name] });
    for message in [login, watch] {
        socket.send(Message::text(message.to_string())).await.map_err(failed)?;
    }
    let mut last_words = String::new();
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.map_err(failed)? else { continue };
        if is_online(&text, name) {
            return Ok(());
        }
        text.as_str().clone_into(&mut last_words);
    }
    Err(PresenceError::Closed(last_words))
}

fn is_online(text: &str, name: &str) -> bool {
    let message: Value = serde_json::from_str(text).unwrap_or_default();
    message["type"] == "presence" && message["username"] == name && message["online"] == true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_presence_of_the_one_who_is_waited_for_counts() {
        assert!(is_online(r#"{"type":"presence","username":"bob","online":true}"#, "bob"));
        assert!(!is_online(r#"{"type":"presence","username":"bob","online":false}"#, "bob"));
        assert!(!is_online(r#"{"type":"presence","username":"bo","online":true}"#, "bob"));
        assert!(!is_online("bob is online: true", "bob"));
    }
}
