//! What a router wants done.

use serde::{Deserialize, Serialize};
use visavis_shared::identity::PublicKey;
use visavis_shared::{CallId, CallSignal, RoomId, ServerMessage, Username};

use crate::names;
use crate::rules::registry::ConnectionId;
use crate::rules::sessions::TokenHash;

/// One thing that has to be done, in the order in which they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// A message goes to a connection of this node. [`ServerMessage::LoggedIn`] names no ICE
    /// servers: those depend on the address by which the client came, and the connection puts them
    /// in.
    Deliver(ConnectionId, ServerMessage),
    /// What waits for one connection, which is gone or has to go, is now for another.
    Adopt {
        /// Whose messages.
        from: ConnectionId,
        /// Who gets them.
        by: ConnectionId,
    },
    /// Nobody will come back for what waits for a connection. If the name that it had is owned,
    /// what its owner has not seen is to be given to [`super::Router::unread`].
    Forget(ConnectionId, Option<Username>),
    /// Somebody called a name under which nobody is online. If it is owned, its owner is to be told
    /// when they are there again.
    Missed {
        /// Who was called.
        callee: Username,
        /// Who called.
        caller: Username,
    },
    /// A connection has to end.
    Close(ConnectionId, Closing),
    /// Only the cluster knows. The connection's next message is handled when this is settled.
    Ask(ConnectionId, Question),
    /// A message goes to somebody on another node, if they are online at all.
    Forward(Envelope),
    /// Something that other nodes may want to know.
    Announce(Announcement),
}

/// One message for somebody on another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Whom it is for.
    pub to: Username,
    /// What it is; it says itself who it is from.
    pub message: ServerMessage,
}

impl Envelope {
    /// What its sender is told when it can't be delivered: only what a person asked for is worth an
    /// error.
    #[must_use]
    pub fn undelivered(&self) -> Option<Undelivered> {
        match &self.message {
            // Whoever ends something is content when nobody is there to receive it.
            ServerMessage::Call {
                signal: CallSignal::Close(_) | CallSignal::Decline(_), ..
            } => None,
            ServerMessage::Call { from, call, signal } => Some(Undelivered {
                from: from.clone(),
                to: self.to.clone(),
                kind: signal.type_name().to_owned(),
                call: call.clone(),
            }),
            _ => None,
        }
    }
}

/// A message that reached nobody.
#[expect(missing_docs, reason = "most fields are named for what they hold")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    pub from: Username,
    pub to: Username,
    /// Its `type`.
    pub kind: String,
    pub call: Option<CallId>,
}

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Its session goes on on another connection.
    Replaced,
    /// This node can no longer vouch for the name: the client should log in anew, perhaps
    /// elsewhere.
    LeaseLost,
}

/// What only the cluster knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Whether a name may be had: [`super::Router::settle_claim`].
    Claim(Claim),
    /// Who is online whose name begins so: [`super::Router::settle_users`].
    Users(String),
    /// Who is in a room already: [`super::Router::settle_join`].
    Join(RoomId),
}

/// The wish for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The name, in the form in which it is unique.
    pub name: Username,
    /// The key that signed the login, if one did.
    pub key: Option<PublicKey>,
    /// Whether others will be told that they are here. An older page that never logged in is not.
    pub listed: bool,
    /// Whether a token is wanted.
    pub resumable: bool,
    /// The token of a session that is not on this node: it proves the right to the name there.
    pub resume: Option<TokenHash>,
}

/// Why a name can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimRefusal {
    /// Somebody is online under it.
    #[error("Somebody is logged in as \"{0}\" already. Choose another name.")]
    Taken(Username),
    /// It is not theirs to have.
    #[error(transparent)]
    NotAllowed(#[from] names::Refusal),
    /// Who owns it can't be found out.
    #[error("The server can't check names at the moment. Try again soon.")]
    Unavailable,
}

/// Something that other nodes may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// A name is free.
    Released(Username),
    /// Somebody here wants to know when this one comes and goes, and whether they are there now:
    /// the answer is [`RemoteEvent::Presence`], in any case.
    Watching(Username),
    /// Nobody here wants to know that any more.
    NotWatching(Username),
    /// Somebody left a room.
    LeftRoom(RoomId, Username),
    /// Something for everyone in the lobby: a guest there sent a message, or is gone.
    Lobby(ServerMessage),
}

/// What the cluster brings from other nodes: [`super::Router::receive_remote`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteEvent {
    /// A message for somebody on this node.
    Message(Envelope),
    /// A message of somebody here could not be delivered.
    Undeliverable(Undelivered, Undeliverable),
    /// Somebody who is watched here came or went elsewhere.
    Presence(Username, bool),
    /// Something for everyone in the lobby, of a guest of another node.
    Lobby(ServerMessage),
    /// The lease of a name could not be kept: this node must let its user go.
    LeaseLost(Username),
}

/// Why a message for another node could not be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undeliverable {
    /// Nobody is online under the name.
    Nobody,
    /// The other nodes can't be reached.
    Unreachable,
}
