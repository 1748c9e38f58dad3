//! The WebSocket connection to the signaling server: log in, stay logged in, log in again.
//!
//! In: a [`SignalingConfig`], and messages to send. Out: [`SignalingEvent`]s. What always holds: a
//! login that never worked is reported and given up; one that worked once is renewed, with its
//! session where the server still has it, until it is closed, the session is taken over, or the
//! server refuses it for good; malformed messages from the server are ignored; a queue of events
//! that nobody reads delays no message.

pub(crate) mod backoff;
mod connection;
mod first_bytes;
mod login;
mod metered;
mod server_url;
mod socket;
mod unreachable;

use std::time::Duration;

use tokio::sync::mpsc;
use visavis_shared::{ClientMessage, IceServer, LoginRefusal, ServerMessage, Username};

pub use server_url::{ServerUrl, UrlError};

use crate::device_key::DeviceKey;
use crate::words::Phrase;

/// Messages that wait to be sent. A burst of candidates is the most that comes at once; what does
/// not fit belongs to a connection that hangs, and is dropped.
const MESSAGE_QUEUE: usize = 256;
/// Events that wait to be read. When the queue is full, nothing more is read from the server until
/// there is room; messages are still sent.
const EVENT_QUEUE: usize = 256;
/// How long closing in order may take.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Where to log in, and as whom.
#[derive(Debug, Clone)]
pub struct SignalingConfig {
    /// The server, as typed.
    pub url: String,
    /// The name to claim.
    pub username: Username,
    /// What proves that the name is ours; without one we are a guest.
    pub key: Option<DeviceKey>,
}

/// What the connection reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalingEvent {
    /// Logged in, for the first time or again.
    LoggedIn {
        /// The name that was asked for.
        username: Username,
        /// STUN and TURN servers that it offers.
        ice_servers: Vec<IceServer>,
        /// Whether the previous session continues: messages to us from the meantime follow, and we
        /// are in the same room.
        resumed: bool,
    },
    /// The login was refused; nothing more comes.
    LoginRefused {
        /// Why, for programs.
        reason: LoginRefusal,
        /// Why and what to do, for people.
        message: Phrase,
    },
    /// The server could not be reached at all; nothing more comes.
    Unreachable {
        /// Why and what to do, for people.
        message: Phrase,
    },
    /// The connection was lost; it is being renewed.
    Down,
    /// Somebody who holds the same key logged in with the same name, and the session is theirs;
    /// nothing more comes.
    Replaced,
    /// A message from the server.
    Message(ServerMessage),
}

/// The connection. Dropping it closes it in order, but does not wait for that.
#[derive(Debug)]
pub struct Signaling {
    messages: mpsc::Sender<ClientMessage>,
    task: tokio::task::JoinHandle<()>,
}

impl Signaling {
    /// Starts to connect.
    ///
    /// # Errors
    /// [`UrlError`] when the address makes no sense; it says what to write.
    pub fn connect(
        config: SignalingConfig,
    ) -> Result<(Self, mpsc::Receiver<SignalingEvent>), UrlError> {
        let url = ServerUrl::parse(&config.url)?;
        let key = config.key.map(|key| key.login_key(url.origin()));
        let account = login::Account::new(url, config.username, key);
        let (messages, message_queue) = mpsc::channel(MESSAGE_QUEUE);
        let (events, event_queue) = mpsc::channel(EVENT_QUEUE);
        let task = tokio::spawn(connection::run(account, message_queue, events));
        Ok((Self { messages, task }, event_queue))
    }

    /// A connection to nowhere, and the messages that are sent over it.
    #[cfg(test)]
    pub(crate) fn unattended() -> (Self, impl FnMut() -> Option<ClientMessage>) {
        let (messages, mut queue) = mpsc::channel(MESSAGE_QUEUE);
        (Self { messages, task: tokio::spawn(async {}) }, move || queue.try_recv().ok())
    }

    /// Sends a message. While the connection is down messages are dropped: the caller sends again
    /// what is still needed after the next login.
    pub fn send(&self, message: ClientMessage) {
        if self.messages.try_send(message).is_err() {
            tracing::warn!("a message to the server was dropped: the connection hangs");
        }
    }

    /// Sends what waits, closes in order, and returns when that is done or has taken too long.
    pub async fn close(self) {
        let Self { messages, mut task } = self;
        drop(messages);
        if tokio::time::timeout(CLOSE_WITHIN, &mut task).await.is_err() {
            task.abort();
        }
    }
}
