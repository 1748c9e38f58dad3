//! Why a text can't be read as a message, and what its sender is answered.

use crate::ids::CallId;
use crate::limits::{MAX_JSON_DEPTH, MAX_LISTED_USERS, MAX_MESSAGE_BYTES};
use crate::message::{ErrorCode, ServerMessage};

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
    /// The reason, for programs.
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
