//! How the pages of older servers spell the same messages.
//!
//! An [`Interpreter`] stands at each connection of the server: texts go in and come out as
//! canonical messages, and back. The first message that only one dialect spells so decides the
//! [`Dialect`], once; until then both sides speak the canonical one. Nothing behind the interpreter
//! knows that there are dialects.
//!
//! Dialects 3 and 4 are Socket.IO's and not spoken on a plain WebSocket: [`events`] translates
//! them.

pub mod events;
mod rooms;

use crate::codec;
use crate::error::DecodeError;
use crate::fields::Fields;
use crate::json::Writer;
use crate::limits::MAX_MESSAGE_BYTES;
use crate::message::{CallSignal, ClientMessage, ErrorCode, Login, ServerMessage};

/// A spelling of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Dialect 1: `username` and `otherUsername`, `close`.
    Canonical,
    /// Dialect 2: `name` in both directions, `leave`; knows logins and calls, nothing else.
    Named,
}

/// The message types that dialect 2 has.
const NAMED_TYPES: [&str; 5] = ["login", "offer", "answer", "candidate", "leave"];

impl Dialect {
    /// The dialect of a message, if only one dialect spells it so.
    fn of(fields: &Fields<'_>) -> Option<Self> {
        if fields.has_text("username") || fields.has_text("otherUsername") {
            return Some(Self::Canonical);
        }
        match fields.kind() {
            kind if fields.has_text("name") && NAMED_TYPES.contains(&kind) => Some(Self::Named),
            "leave" => Some(Self::Named),
            "users" | "watch" | "join" | "leave-room" | "message" => Some(Self::Canonical),
            _ => None,
        }
    }
}

/// Speaks one connection's dialect.
#[derive(Debug, Clone, Default)]
pub struct Interpreter {
    dialect: Option<Dialect>,
}

impl Interpreter {
    /// The dialect, once it is decided.
    #[must_use]
    pub fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// Reads what the client sent.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong, and makes the reply to its sender.
    pub fn decode(&mut self, text: &str) -> Result<ClientMessage, DecodeError> {
        let fields = Fields::parse(text, MAX_MESSAGE_BYTES)?;
        if self.dialect.is_none() {
            self.dialect = Dialect::of(&fields);
        }
        match self.dialect {
            Some(Dialect::Named) => named_client_message(&fields),
            Some(Dialect::Canonical) | None => codec::client_message(&fields),
        }
    }

    /// Writes a message to the client; `None` when its dialect has no word for it.
    #[must_use]
    pub fn encode(&self, message: &ServerMessage) -> Option<String> {
        match self.dialect {
            Some(Dialect::Named) => named_server_message(message),
            Some(Dialect::Canonical) | None => Some(codec::encode_server(message)),
        }
    }
}

/// Reads a message of dialect 2.
fn named_client_message(fields: &Fields<'_>) -> Result<ClientMessage, DecodeError> {
    let (to, signal) = match fields.kind() {
        "login" => {
            let username = fields.value("name")?;
            return Ok(ClientMessage::Login(Login { username, ..Login::default() }));
        }
        "offer" | "answer" | "candidate" => {
            (Some(fields.addressee("name")?), codec::read_signal(fields)?)
        }
        "leave" => (fields.addressee_if("name")?, CallSignal::Close(None)),
        _ => return Err(fields.refuse_type()),
    };
    Ok(ClientMessage::Call { to, call: None, signal })
}

/// Writes a message in dialect 2. Such pages look at `type` first and let pass what they don't
/// know, but have no use for it either, so it is not sent.
fn named_server_message(message: &ServerMessage) -> Option<String> {
    let out = match message {
        ServerMessage::LoggedIn { .. } => Writer::message("login").value("success", &true),
        ServerMessage::LoginRefused { .. } => Writer::message("login").value("success", &false),
        ServerMessage::Call { from, signal, .. } => match signal {
            CallSignal::Offer(offer) => {
                Writer::message("offer").raw("offer", offer.as_str()).text("name", from.as_str())
            }
            CallSignal::Answer(answer) => Writer::message("answer").raw("answer", answer.as_str()),
            CallSignal::Candidate(candidate) => {
                Writer::message("candidate").raw("candidate", candidate.as_str())
            }
            CallSignal::Decline(_) | CallSignal::Close(_) => Writer::message("leave"),
            CallSignal::Ringing(_) | CallSignal::Opening(_) => return None,
        },
        ServerMessage::Error { code: ErrorCode::UnknownType, in_reply_to: Some(kind), .. } => {
            Writer::message("error").text("message", &format!("Command not found: {kind}"))
        }
        ServerMessage::Error { message, .. } => Writer::message("error").text("message", message),
        _ => return None,
    };
    Some(out.finish())
}
