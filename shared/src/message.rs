//! Every message of the signaling protocol, as the router and the client see it: free of any
//! dialect.
//!
//! How a message looks on the wire is [`crate::codec`]'s and [`crate::dialect`]'s business. A
//! [`ClientMessage`] goes from a client to the server, a [`ServerMessage`] the other way. Session
//! descriptions and candidates pass through the server unread ([`Payload`]), so that fields it does
//! not know survive.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::{CallId, RoomId, Username};

/// A piece of JSON that is relayed to the letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Box<str>);

impl Payload {
    /// Writes a value as JSON.
    ///
    /// # Errors
    /// When the value has no JSON form (a map with keys that are no strings, say).
    pub fn of<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(|json| Self(json.into()))
    }

    /// Reads it as a session description or a candidate.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn read<T: for<'de> Deserialize<'de>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps descriptions and candidates out of logs.
impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

impl From<&RawValue> for Payload {
    fn from(json: &RawValue) -> Self {
        Self(json.get().into())
    }
}

impl Serialize for Payload {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|json| Self(json.into()))
    }
}

/// What an `RTCSessionDescription` is in JSON: `{"type":"offer","sdp":"v=0…"}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    /// Whether it offers or answers.
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The SDP text (RFC 8866).
    pub sdp: String,
}

/// Keeps SDP, which holds addresses and fingerprints, out of logs.
impl std::fmt::Debug for SessionDescription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionDescription({:?}, {} bytes)", self.kind, self.sdp.len())
    }
}

/// The `type` of a session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    /// A proposal.
    Offer,
    /// A provisional answer.
    Pranswer,
    /// The final answer.
    Answer,
    /// Takes the last offer back.
    Rollback,
}

/// What an `RTCIceCandidateInit` is in JSON. An empty `candidate` ends the candidates.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateInit {
    /// The candidate attribute (RFC 8839 §5.1).
    #[serde(default)]
    pub candidate: String,
    /// The media section's identification tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The media section's index.
    #[serde(default, rename = "sdpMLineIndex", skip_serializing_if = "Option::is_none")]
    pub sdp_mline_index: Option<u16>,
    /// Which ICE generation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

/// Keeps addresses out of logs.
impl std::fmt::Debug for CandidateInit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CandidateInit({} bytes, mid {:?})", self.candidate.len(), self.sdp_mid)
    }
}

/// One entry of `iceServers`, as `RTCIceServer` has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:` and `turn:` URLs.
    #[serde(deserialize_with = "one_or_many")]
    pub urls: Vec<String>,
    /// The TURN user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The TURN password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// Keeps credentials out of logs.
impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IceServer({} urls, credential: {})", self.urls.len(), self.credential.is_some())
    }
}

/// `urls` may be one string or a list (W3C WebRTC §4.2.4).
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(url) => vec![url],
        OneOrMany::Many(urls) => urls,
    })
}

/// Why a call was declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeclineReason {
    /// The person said no.
    Declined,
    /// The person is in another call.
    Busy,
    /// Nobody answered in time.
    Timeout,
    /// It could not be set up (a description that can't be read, say).
    Failed,
}

impl DeclineReason {
    /// The word that stands for it on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Failed => "failed",
        }
    }
}

/// Why a call was closed, where the message says so. A `close` without a reason is a person's
/// doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloseReason {
    /// The server lost the other's connection; the call itself may well go on. Only the server says
    /// so.
    Disconnected,
    /// The call could not be set up.
    Failed,
    /// The caller's client heard no answer in time.
    Timeout,
}

impl CloseReason {
    /// The word that stands for it on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
        }
    }
}

/// What stands between two people in a call, in either direction; who it is from or to stands
/// beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallSignal {
    /// Calls, or renegotiates when the call already stands.
    Offer(Payload),
    /// The callee is being rung.
    Ringing,
    /// Takes the call, or answers a renegotiation.
    Answer(Payload),
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
            Self::Ringing => "ringing",
            Self::Answer(_) => "answer",
            Self::Candidate(_) => "candidate",
            Self::Decline(_) => "decline",
            Self::Close(_) => "close",
        }
    }

    /// The description or candidate in it.
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        match self {
            Self::Offer(payload) | Self::Answer(payload) | Self::Candidate(payload) => {
                Some(payload)
            }
            Self::Ringing | Self::Decline(_) | Self::Close(_) => None,
        }
    }
}

/// From a client to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// Claims a name.
    Login(Login),
    /// Asks who can be called.
    Users {
        /// Only names that begin so; everyone when empty.
        prefix: String,
    },
    /// Asks to be told when these come and go. Replaces the list before.
    Watch {
        /// Whom to watch.
        usernames: Vec<Username>,
    },
    /// Something for the other person of a call.
    Call {
        /// Whom it is for. Older dialects leave it out of `leave`: then it is for whoever the
        /// sender is in a call with.
        to: Option<Username>,
        /// Which call.
        call: Option<CallId>,
        /// What.
        signal: CallSignal,
    },
    /// Enters a room of two.
    Join {
        /// Which.
        room: RoomId,
    },
    /// Says something to everyone else in a room.
    Message {
        /// Which.
        room: RoomId,
        /// Anything.
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
#[derive(Clone, PartialEq, Eq)]
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

/// Why a login was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginRefusal {
    /// Somebody else is logged in under that name.
    Taken,
    /// It can't be a name.
    InvalidName,
    /// This connection already has a name.
    AlreadyLoggedIn,
    /// The name belongs to another key, or guests are not let in.
    NotAllowed,
    /// There are too many logins.
    RateLimited,
    /// Who owns the name can't be found out now; later it can.
    Unavailable,
    /// Anything that this version does not know.
    #[serde(other)]
    Other,
}

impl LoginRefusal {
    /// The word that stands for it on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::InvalidName => "invalid-name",
            Self::AlreadyLoggedIn => "already-logged-in",
            Self::NotAllowed => "not-allowed",
            Self::RateLimited => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::Other => "other",
        }
    }
}

/// From the server to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// The greeting on connect.
    Hello {
        /// [`crate::limits::PROTOCOL_VERSION`].
        protocol: u32,
        /// Product and version.
        server: String,
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
        message: String,
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
        /// Who.
        username: Username,
        /// Whether they can be called.
        online: bool,
    },
    /// Something from the other person of a call.
    Call {
        /// Who it is from.
        from: Username,
        /// Which call, where the sender said so.
        call: Option<CallId>,
        /// What.
        signal: CallSignal,
    },
    /// The room was entered.
    Joined {
        /// Which.
        room: RoomId,
        /// Who is there already.
        users: Vec<Username>,
    },
    /// Somebody else entered the room.
    UserJoined {
        /// Which.
        room: RoomId,
        /// Who.
        username: Username,
    },
    /// Somebody else left the room.
    UserLeft {
        /// Which.
        room: RoomId,
        /// Who.
        username: Username,
    },
    /// Somebody said something in the room.
    Message {
        /// Which.
        room: RoomId,
        /// Who.
        username: Username,
        /// What.
        message: Payload,
    },
    /// A guest outside all rooms said something to all the others there (dialect 4).
    Broadcast {
        /// Who.
        from: Username,
        /// What.
        message: Payload,
    },
    /// A guest outside all rooms is gone (dialect 4).
    GuestLeft {
        /// Who.
        username: Username,
    },
    /// A message was refused; nothing else happened.
    Error {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        message: String,
        /// The `type` of the message that was refused, where it had one.
        in_reply_to: Option<String>,
        /// The call it was for, where it named one.
        call: Option<CallId>,
    },
}

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Not a JSON object, or one that lacks what its type needs.
    InvalidJson,
    /// Its `type` is not known.
    UnknownType,
    /// It needs a login first.
    NotLoggedIn,
    /// Nobody is online under that name.
    UnknownUser,
    /// It may not be done.
    NotAllowed,
    /// It is larger than the server reads.
    TooLarge,
    /// There are too many of them.
    RateLimited,
    /// The room holds two already.
    RoomFull,
    /// A part of the server can't be reached now; later it can.
    Unavailable,
    /// Anything that this version does not know.
    #[serde(other)]
    Other,
}

impl ErrorCode {
    /// The word that stands for it on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid-json",
            Self::UnknownType => "unknown-type",
            Self::NotLoggedIn => "not-logged-in",
            Self::UnknownUser => "unknown-user",
            Self::NotAllowed => "not-allowed",
            Self::TooLarge => "too-large",
            Self::RateLimited => "rate-limited",
            Self::RoomFull => "room-full",
            Self::Unavailable => "unavailable",
            Self::Other => "other",
        }
    }
}
