//! Messages of the text channel. Pure.

use serde::{Deserialize, Serialize};

use super::{Hello, MAX_NUMBER, Malformed};

/// How many characters a text may have.
pub const MAX_TEXT_CHARS: usize = 4_000;
/// How many bytes of UTF-8 a text may have.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;
/// How many bytes a message may have: each byte of a text may be escaped.
pub const MAX_MESSAGE: usize = 2 * MAX_TEXT_BYTES + 1024;

const KINDS: &[&str] = &["hello", "text", "received", "read"];

/// One message of the text channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TextMessage {
    /// See [`Hello`].
    Hello(Hello),
    /// Something that is said. Ids of a side rise within a session, from 1.
    Text {
        /// Its id.
        id: u64,
        /// What is said.
        text: String,
    },
    /// All texts up to this one have arrived.
    Received {
        /// The id of the last one.
        id: u64,
    },
    /// All texts up to this one were in front of the person.
    Read {
        /// The id of the last one.
        id: u64,
    },
}

impl TextMessage {
    /// Reads a message; `None` for a type that is not known.
    pub fn decode(text: &str) -> Result<Option<Self>, Malformed> {
        let message = super::read(text, MAX_MESSAGE, KINDS)?;
        match &message {
            Some(Self::Text { id, text }) if fits(text) && (1..=MAX_NUMBER).contains(id) => {}
            Some(Self::Received { id } | Self::Read { id }) if *id <= MAX_NUMBER => {}
            None | Some(Self::Hello(_)) => {}
            _ => return Err(Malformed::OutOfRange),
        }
        Ok(message)
    }

    /// The wire form.
    #[must_use]
    pub fn encode(&self) -> String {
        super::write(self)
    }
}

/// Whether a text is short enough to be sent.
#[must_use]
pub fn fits(text: &str) -> bool {
    text.len() <= MAX_TEXT_BYTES && text.chars().count() <= MAX_TEXT_CHARS
}
