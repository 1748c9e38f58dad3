//! Why a text can't be read as a message, and what its sender is answered.

use crate::ids::CallId;
use crate::limits::{MAX_JSON_DEPTH, MAX_LISTED_USERS, MAX_MESSAGE_BYTES};
use crate::message::{ErrorCode, ServerMessage};

/// What is wrong with a text that should have been a message.
#[expect(missing_docs, reason = "the texts say what is wrong")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It is larger than [`MAX_MESSAGE_BYTES`] (or than a client reads).
    #[error("The message is larger than {} KiB.", MAX_MESSAGE_BYTES / 1024)]
    TooLarge,
    #[error("The message nests deeper than {MAX_JSON_DEPTH} levels.")]
    TooDeep,
    #[error("The message is not a JSON object.")]
    NotAnObject,
    #[error("The event is not a JSON array that begins with its name.")]
    NotAnEvent,
    #[error("The message has no \"type\".")]
    NoType,
    #[error("The message type \"{0}\" is not known.")]
    UnknownType(String),
    #[error("\"{0}\" is missing.")]
    Missing(&'static str),
    #[error("\"{0}\" can't be used: {1}.")]
    Malformed(&'static str, String),
    #[error("Nobody can have the name that \"{0}\" gives.")]
    NoSuchName(&'static str),
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
            message: self.problem.to_string().into(),
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
