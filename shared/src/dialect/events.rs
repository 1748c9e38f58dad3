//! Socket.IO events, in and out.
//!
//! An event is a name and some arguments; on the wire it is a JSON array that begins with the name.
//! What comes in is checked for size and depth as any message is, and its arguments stay text. What
//! goes out is an [`Emission`], whose serialised form is the tuple of its arguments: that is what
//! Socket.IO libraries take beside the name.

use serde::Serialize;
use serde_json::value::RawValue;

use super::rooms;
use crate::error::{DecodeError, Problem};
use crate::fields::{Fields, MAX_ECHOED_TYPE_CHARS};
use crate::ids::Username;
use crate::json::nests_deeper_than;
use crate::limits::{MAX_JSON_DEPTH, MAX_MESSAGE_BYTES};
use crate::message::{ClientMessage, ErrorCode, Payload, ServerMessage};

/// What a socket asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketRequest {
    /// A message that any client may send (dialect 3).
    Message(ClientMessage),
    /// Something for everyone who is in no room (dialect 4).
    Broadcast(Payload),
}

/// Reads an event of dialect 3 or 4.
///
/// # Errors
/// [`DecodeError`] says what is wrong, and makes the reply to its sender.
pub fn decode(text: &str) -> Result<SocketRequest, DecodeError> {
    let event = Event::parse(text)?;
    if event.name() == "message" {
        // `null` too. Only the first argument counts, as with the servers for which the pages of
        // dialect 4 were written.
        let payload = Payload::from(event.first().unwrap_or(RawValue::NULL));
        return Ok(SocketRequest::Broadcast(payload));
    }
    match rooms::client_message(&event) {
        Some(message) => message.map(SocketRequest::Message),
        None => Err(event.refuse(Problem::UnknownType(event.echo()))),
    }
}

/// What a socket named `me` gets of a message; `None` when neither dialect has a word for it.
#[must_use]
pub fn encode<'a>(message: &'a ServerMessage, me: &'a Username) -> Option<Emission<'a>> {
    let (name, argument) = match message {
        ServerMessage::Broadcast { message, .. } => ("message", Argument::Payload(message)),
        ServerMessage::GuestLeft { username } => ("user disconnected", Argument::User(username)),
        _ => return rooms::emission(message, me),
    };
    Some(Emission { name, argument })
}

/// An event that came, its arguments not looked into yet.
#[derive(Debug)]
pub(super) struct Event<'a> {
    name: String,
    arguments: Vec<&'a RawValue>,
}

impl<'a> Event<'a> {
    fn parse(text: &'a str) -> Result<Self, DecodeError> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(Problem::TooLarge.into());
        }
        if nests_deeper_than(text, MAX_JSON_DEPTH) {
            return Err(Problem::TooDeep.into());
        }
        let parts: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| Problem::NotAnEvent)?;
        let (name, arguments) = parts.split_first().ok_or(Problem::NotAnEvent)?;
        let name: String = serde_json::from_str(name.get()).map_err(|_| Problem::NotAnEvent)?;
        Ok(Self { name, arguments: arguments.to_vec() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The first argument, unless it is `null`.
    pub(super) fn first(&self) -> Option<&'a RawValue> {
        self.arguments.first().copied().filter(|value| value.get() != "null")
    }

    /// The members of the first argument, which has to be an object.
    pub(super) fn fields(&self) -> Result<Fields<'_>, DecodeError> {
        let text = self.first().map_or("null", RawValue::get);
        Fields::of_event(&self.name, text).map_err(|problem| self.refuse(problem))
    }

    /// That something is wrong with this event.
    pub(super) fn refuse(&self, problem: Problem) -> DecodeError {
        DecodeError { problem, in_reply_to: Some(self.echo()), call: None }
    }

    fn echo(&self) -> String {
        self.name.chars().take(MAX_ECHOED_TYPE_CHARS).collect()
    }
}

/// An event to emit, with its one argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emission<'a> {
    pub(super) name: &'static str,
    pub(super) argument: Argument<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Argument<'a> {
    User(&'a Username),
    Text(&'a str),
    Payload(&'a Payload),
    Description(Description<'a>),
    Refusal(Refusal<'a>),
}

impl Emission<'_> {
    /// The event's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it relays of another client.
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        match self.argument {
            Argument::Payload(payload)
            | Argument::Description(Description { sdp: payload, .. }) => Some(payload),
            Argument::User(_) | Argument::Text(_) | Argument::Refusal(_) => None,
        }
    }
}

/// The tuple of its arguments.
impl Serialize for Emission<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.argument,).serialize(serializer)
    }
}

/// The argument of `offer` and `answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Description<'a> {
    pub(super) target: &'a Username,
    pub(super) caller: &'a Username,
    /// The whole session description, type and all.
    pub(super) sdp: &'a Payload,
}

/// The argument of `error`, as in dialect 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refusal<'a> {
    code: &'static str,
    message: &'a str,
    /// The event that was refused, where it had a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<&'a str>,
}

impl<'a> Refusal<'a> {
    pub(super) fn new(code: ErrorCode, message: &'a str, in_reply_to: Option<&'a str>) -> Self {
        Self { code: code.as_str(), message, in_reply_to: in_reply_to.map(rooms::event_of_type) }
    }
}
