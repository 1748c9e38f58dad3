//! Every message of the signaling protocol, as the router and the client see it: free of any
//! dialect.
//!
//! How a message looks on the wire is [`crate::codec`]'s and [`crate::dialect`]'s business. A
//! [`ClientMessage`] goes from a client to the server, a [`ServerMessage`] the other way. Session
//! descriptions and candidates pass through the server unread ([`Payload`]), so that fields it does
//! not know survive.

mod call_identity;
mod missed_call;
mod payload;
mod words;

pub use self::call_identity::{CallIdentity, IdentityMember, Share};
pub use self::missed_call::MissedCall;
pub use self::payload::{CandidateInit, DescriptionKind, IceServer, Payload, SessionDescription};
pub use self::words::{CloseReason, DeclineReason, ErrorCode, LoginRefusal};
use crate::foreign_text::ForeignText;
use crate::identity::Nonce;
use crate::ids::{CallId, RoomId, Username};

/// What stands between two people in a call, in either direction; who it is from or to stands
/// beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallSignal {
    /// Calls, or renegotiates when the call already stands.
    Offer(Payload),
    /// The callee is being rung. Their app may say with which key (an `identity`, unread here).
    Ringing(Option<Payload>),
    /// Takes the call, or answers a renegotiation.
    Answer(Payload),
    /// The caller opens the commitment of a signed offer.
    Opening(Nonce),
    /// An address to try.
    Candidate(Payload),
    /// The call is not taken.
    Decline(DeclineReason),
    /// The call is over.
    Close(Option<CloseReason>),
}

impl CallSignal {
    /// The `type` that names it in the canonical dialect.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Offer(_) => "offer",
            Self::Ringing(_) => "ringing",
            Self::Answer(_) => "answer",
            Self::Opening(_) => "opening",
            Self::Candidate(_) => "candidate",
            Self::Decline(_) => "decline",
            Self::Close(_) => "close",
        }
    }

    /// The description, candidate or identity in it.
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        match self {
            Self::Offer(payload) | Self::Answer(payload) | Self::Candidate(payload) => {
                Some(payload)
            }
            Self::Ringing(identity) => identity.as_ref(),
            Self::Opening(_) | Self::Decline(_) | Self::Close(_) => None,
        }
    }
}

/// From a client to the server.
#[expect(missing_docs, reason = "most fields are named for what they hold")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// Claims a name.
    Login(Login),
    /// Asks who can be called.
    Users {
        /// Only names that begin so; everyone when empty.
        prefix: String,
    },
    /// Asks to be notified when these come and go. Replaces the list before.
    Watch { usernames: Vec<Username> },
    /// Something for the other person of a call.
    Call {
        /// Whom it is for. Older dialects leave it out of `leave`: then it is for whoever the
        /// sender is in a call with.
        to: Option<Username>,
        call: Option<CallId>,
        signal: CallSignal,
    },
    /// Enters a room of two.
    Join { room: RoomId },
    /// Leaves a room; nothing happens when the sender is not in it.
    LeaveRoom { room: RoomId },
    /// Sends a message to everyone else in a room.
    Message {
        room: RoomId,
        /// The message, which may be any JSON.
        message: Payload,
    },
}

impl ClientMessage {
    /// The `type` that names it in the canonical dialect.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Login(_) => "login",
            Self::Users { .. } => "users",
            Self::Watch { .. } => "watch",
            Self::Call { signal, .. } => signal.type_name(),
            Self::Join { .. } => "join",
            Self::LeaveRoom { .. } => "leave-room",
            Self::Message { .. } => "message",
        }
    }

    /// The call it belongs to, where it names one.
    #[must_use]
    pub fn call(&self) -> Option<&CallId> {
        match self {
            Self::Call { call, .. } => call.as_ref(),
            _ => None,
        }
    }
}

/// The login request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The name that is claimed, as it was typed.
    pub username: String,
    /// Ed25519 public key, base64.
    pub public_key: Option<String>,
    /// Ed25519 signature over challenge and name, base64.
    pub signature: Option<String>,
    /// The token of an earlier session; empty to ask for a first one.
    pub resume: Option<String>,
}

/// Keeps tokens out of logs.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Login({:?}, key: {}, resume: {})",
            self.username,
            self.public_key.is_some(),
            self.resume.is_some()
        )
    }
}

/// From the server to a client.
#[expect(missing_docs, reason = "most fields are named for what they hold")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// The greeting on connect.
    Hello {
        /// [`crate::limits::PROTOCOL_VERSION`].
        protocol: u32,
        /// Product and version.
        server: ForeignText,
        /// 32 random bytes, base64, for the login's signature.
        challenge: String,
    },
    /// The name is claimed.
    LoggedIn {
        /// The name, in the form the server knows it by.
        username: Username,
        /// Where to ask for addresses and relays.
        ice_servers: Vec<IceServer>,
        /// The token for coming back.
        resume: Option<String>,
    },
    /// New relay credentials, shortly before those of the login end. Replaces the list that the
    /// login brought.
    IceServers {
        /// Where to ask for addresses and relays.
        ice_servers: Vec<IceServer>,
    },
    /// The name is refused.
    LoginRefused {
        /// Why, for programs.
        reason: LoginRefusal,
        /// Why, for people.
        message: ForeignText,
    },
    /// Who called while nobody was online under the name, since the login before. Only for whoever
    /// proved with a key that the name is theirs.
    MissedCalls {
        /// In the order of their times, at most [`crate::limits::MAX_MISSED_CALLS`].
        calls: Vec<MissedCall>,
    },
    /// Who can be called.
    Users {
        /// At most [`crate::limits::MAX_LISTED_USERS`] names in order, never the asker's own.
        users: Vec<Username>,
        /// How many there are in all.
        total: usize,
    },
    /// Somebody who is watched came or went (or is there now).
    Presence {
        username: Username,
        /// Whether they can be called.
        online: bool,
    },
    /// Something from the other person of a call.
    Call {
        from: Username,
        /// Which call, where the sender said so.
        call: Option<CallId>,
        signal: CallSignal,
    },
    /// The room was entered.
    Joined {
        room: RoomId,
        /// Who is there already.
        users: Vec<Username>,
    },
    /// Somebody else entered the room.
    UserJoined { room: RoomId, username: Username },
    /// Somebody else left the room.
    UserLeft { room: RoomId, username: Username },
    /// Somebody sent a message to the room.
    Message {
        room: RoomId,
        username: Username,
        /// The message, unread.
        message: Payload,
    },
    /// A guest outside all rooms sent a message to all the others there (dialect 4).
    Broadcast {
        from: Username,
        /// The message, unread.
        message: Payload,
    },
    /// A guest outside all rooms is gone (dialect 4).
    GuestLeft { username: Username },
    /// A message was refused; nothing else happened.
    Error {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        message: ForeignText,
        /// The `type` of the message that was refused, where it had one.
        in_reply_to: Option<String>,
        /// The call it was for, where it named one.
        call: Option<CallId>,
    },
}
