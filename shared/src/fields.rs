//! The members of one message by name, and what is wrong with those that can't be used.
//!
//! Every accessor answers with a [`DecodeError`] that knows which message and which call it was
//! about, so that the reply can name both.

use std::borrow::Cow;
use std::str::FromStr;

use serde::de::DeserializeOwned;

use crate::ids::{CallId, Username};
use crate::json::{JsonError, Object, string_of};
use crate::limits::{MAX_JSON_DEPTH, MAX_LISTED_USERS, MAX_MESSAGE_BYTES};
use crate::message::{ErrorCode, Payload, ServerMessage};

/// How much of an unknown `type` is given back to its sender, in characters.
pub(crate) const MAX_ECHOED_TYPE_CHARS: usize = 64;

/// What is wrong with a text that should have been a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It is larger than [`MAX_MESSAGE_BYTES`] (or than a client reads).
    #[error("The message is larger than {} KiB.", MAX_MESSAGE_BYTES / 1024)]
    TooLarge,
    /// It nests deeper than [`MAX_JSON_DEPTH`].
    #[error("The message nests deeper than {MAX_JSON_DEPTH} levels.")]
    TooDeep,
    /// It is no JSON, or JSON that is no object.
    #[error("The message is not a JSON object.")]
    NotAnObject,
    /// It is no JSON array that begins with an event's name (Socket.IO).
    #[error("The event is not a JSON array that begins with its name.")]
    NotAnEvent,
    /// It has no `type`, or one that is no string.
    #[error("The message has no \"type\".")]
    NoType,
    /// Its `type` names nothing that is known.
    #[error("The message type \"{0}\" is not known.")]
    UnknownType(String),
    /// A member that its type needs is not there.
    #[error("\"{0}\" is missing.")]
    Missing(&'static str),
    /// A member is there, but is not what it should be.
    #[error("\"{0}\" can't be used: {1}.")]
    Malformed(&'static str, String),
    /// It is for somebody whose name can't be a name.
    #[error("Nobody can have the name that \"{0}\" gives.")]
    NoSuchName(&'static str),
    /// A list is too long.
    #[error("\"{0}\" lists more than {MAX_LISTED_USERS} names.")]
    TooMany(&'static str),
}

/// Why a text could not be read as a message. What it was about goes along as far as it could be
/// read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct DecodeError {
    /// What is wrong.
    pub problem: Problem,
    /// The `type` of the message, where it had one; cut if it is absurdly long.
    pub in_reply_to: Option<String>,
    /// The call it was for, where it named one.
    pub call: Option<CallId>,
}

impl DecodeError {
    /// What programs are told.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self.problem {
            Problem::TooLarge | Problem::TooMany(_) => ErrorCode::TooLarge,
            Problem::UnknownType(_) => ErrorCode::UnknownType,
            Problem::NoSuchName(_) => ErrorCode::UnknownUser,
            Problem::TooDeep
            | Problem::NotAnObject
            | Problem::NotAnEvent
            | Problem::NoType
            | Problem::Missing(_)
            | Problem::Malformed(..) => ErrorCode::InvalidJson,
        }
    }

    /// The answer that its sender gets.
    #[must_use]
    pub fn into_reply(self) -> ServerMessage {
        ServerMessage::Error {
            code: self.code(),
            message: self.problem.to_string(),
            in_reply_to: self.in_reply_to,
            call: self.call,
        }
    }
}

impl From<Problem> for DecodeError {
    fn from(problem: Problem) -> Self {
        Self { problem, in_reply_to: None, call: None }
    }
}

/// A message whose `type` was read.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    kind: Cow<'a, str>,
    object: Object<'a>,
}

impl<'a> Fields<'a> {
    /// Reads the outermost level and the `type` of a text of at most `max_bytes`.
    pub(crate) fn parse(text: &'a str, max_bytes: usize) -> Result<Self, DecodeError> {
        let object = Object::parse(text, max_bytes).map_err(|error| match error {
            JsonError::TooLarge => Problem::TooLarge,
            JsonError::TooDeep => Problem::TooDeep,
            JsonError::NotAnObject => Problem::NotAnObject,
        })?;
        match object.get("type").and_then(string_of) {
            Some(kind) => Ok(Self { kind, object }),
            None => Err(Problem::NoType.into()),
        }
    }

    /// The `type`.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether a member is there and holds a string.
    pub(crate) fn has_text(&self, key: &str) -> bool {
        self.object.get(key).is_some_and(|raw| raw.get().starts_with('"'))
    }

    /// That something is wrong with this message.
    pub(crate) fn refuse(&self, problem: Problem) -> DecodeError {
        DecodeError { problem, in_reply_to: Some(self.echo()), call: self.call().ok().flatten() }
    }

    /// That this message's `type` is not known.
    pub(crate) fn refuse_type(&self) -> DecodeError {
        self.refuse(Problem::UnknownType(self.echo()))
    }

    fn echo(&self) -> String {
        self.kind.chars().take(MAX_ECHOED_TYPE_CHARS).collect()
    }

    /// Any value that serde can read; `null` is as good as nothing.
    pub(crate) fn value_if<T: DeserializeOwned>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, DecodeError> {
        let Some(raw) = self.object.get_some(key) else { return Ok(None) };
        serde_json::from_str(raw.get())
            .map(Some)
            .map_err(|_| self.refuse(Problem::Malformed(key, "wrong kind".into())))
    }

    /// Any value that serde can read.
    pub(crate) fn value<T: DeserializeOwned>(&self, key: &'static str) -> Result<T, DecodeError> {
        self.value_if(key)?.ok_or_else(|| self.refuse(Problem::Missing(key)))
    }

    /// A word of a small vocabulary; one that is not in it is as good as none.
    pub(crate) fn word<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.object.get_some(key).and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    /// A string, if there is one; `null` is as good as nothing.
    fn text(&self, key: &'static str) -> Result<Option<Cow<'a, str>>, DecodeError> {
        let Some(raw) = self.object.get_some(key) else { return Ok(None) };
        string_of(raw)
            .map(Some)
            .ok_or_else(|| self.refuse(Problem::Malformed(key, "wrong kind".into())))
    }

    /// An identifier.
    pub(crate) fn id<T: FromStr>(&self, key: &'static str) -> Result<T, DecodeError>
    where
        T::Err: std::fmt::Display,
    {
        self.text(key)?
            .ok_or_else(|| self.refuse(Problem::Missing(key)))?
            .parse()
            .map_err(|error: T::Err| self.refuse(Problem::Malformed(key, error.to_string())))
    }

    /// Whom the message is for, if it says so. A text that can't be a name is nobody's.
    pub(crate) fn addressee_if(&self, key: &'static str) -> Result<Option<Username>, DecodeError> {
        match self.text(key)? {
            Some(name) => {
                Username::parse(&name).map(Some).map_err(|_| self.refuse(Problem::NoSuchName(key)))
            }
            None => Ok(None),
        }
    }

    /// Whom the message is for.
    pub(crate) fn addressee(&self, key: &'static str) -> Result<Username, DecodeError> {
        self.addressee_if(key)?.ok_or_else(|| self.refuse(Problem::Missing(key)))
    }

    /// The call, if it names one.
    pub(crate) fn call(&self) -> Result<Option<CallId>, DecodeError> {
        let Some(raw) = self.object.get_some("call") else { return Ok(None) };
        // Written without `refuse`, which asks for the call itself.
        let malformed = |why: String| DecodeError {
            problem: Problem::Malformed("call", why),
            in_reply_to: Some(self.echo()),
            call: None,
        };
        let text = string_of(raw).ok_or_else(|| malformed("wrong kind".into()))?;
        CallId::parse(&text).map(Some).map_err(|error| malformed(error.to_string()))
    }

    /// A piece of JSON to the letter, `null` too.
    pub(crate) fn payload_or_null(&self, key: &'static str) -> Result<Payload, DecodeError> {
        self.object.get(key).map(Payload::from).ok_or_else(|| self.refuse(Problem::Missing(key)))
    }

    /// A piece of JSON to the letter.
    pub(crate) fn payload(&self, key: &'static str) -> Result<Payload, DecodeError> {
        self.object
            .get_some(key)
            .map(Payload::from)
            .ok_or_else(|| self.refuse(Problem::Missing(key)))
    }
}
