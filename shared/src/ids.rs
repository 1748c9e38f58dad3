//! Identifiers that travel in messages: user names, call ids and room ids.
//!
//! Each is a newtype, so that a room can't be passed where a person is expected. Parsing is the
//! only way in: a value that exists is within its limits and holds no control characters. Cloning
//! one copies nothing: the server hands the same name on with every message.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_normalization::char::is_combining_mark;

use crate::foreign_text::{MOST_MARKS, is_unprintable};
use crate::limits::{MAX_CALL_ID_BYTES, MAX_ROOM_CHARS, MAX_USERNAME_CHARS};

/// Why a text is no identifier.
#[expect(missing_docs, reason = "the texts say what is wrong")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("it is empty")]
    Empty,
    /// It is longer than its limit; the limit is given in characters.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    #[error("it holds a character that can't be shown")]
    Unprintable,
}

/// Whether marks above and below letters pile up, or have no letter.
fn has_heap_of_marks(text: &str) -> bool {
    let mut marks = MOST_MARKS;
    text.chars().any(|c| {
        marks = if !is_combining_mark(c) { 0 } else { marks + 1 };
        marks > MOST_MARKS
    })
}

fn checked(text: &str, limit: usize) -> Result<Arc<str>, IdError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    // Nearly all are ASCII, where a byte is a character.
    let (characters, unprintable) = if text.is_ascii() {
        (text.len(), text.bytes().any(|byte| byte.is_ascii_control()))
    } else {
        (text.chars().count(), text.chars().any(is_unprintable) || has_heap_of_marks(text))
    };
    if characters > limit {
        return Err(IdError::TooLong(limit));
    }
    if unprintable {
        return Err(IdError::Unprintable);
    }
    Ok(text.into())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $limit:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text, trimmed of white space round it.
            ///
            /// # Errors
            /// [`IdError`] says what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                checked(text, $limit).map(Self)
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }

        /// An identifier compares as its text does.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// The name under which somebody is logged in. Its order decides glare: of two people who call
    /// each other at once, the offer of the smaller name wins.
    Username, MAX_USERNAME_CHARS
}

text_id! {
    /// What tells one call from the next. Chosen by the caller's client; peers on older dialects
    /// send none.
    CallId, MAX_CALL_ID_BYTES
}

text_id! {
    /// The name of a room of two.
    RoomId, MAX_ROOM_CHARS
}
