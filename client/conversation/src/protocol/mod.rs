//! What goes over the two data channels: JSON for what is said, bytes for what is in files.
//!
//! In: messages as they arrive. Out: typed messages, and their wire form. `docs/protocol.md`
//! describes both. What always holds: a type or a member that is not known changes nothing; what
//! is longer than its limit is never parsed; no decoder panics, and none keeps more than it read.
//! Pure.

pub mod binary;
pub mod files;
pub mod ids;
pub mod text;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version that is spoken here.
pub const VERSION: u32 = 1;
/// The longest number that JSON keeps exactly everywhere (RFC 8259 §6).
pub const MAX_NUMBER: u64 = (1 << 53) - 1;

/// What the other sent and can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is longer than a message of its kind may be.
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
    /// It is not JSON, or its members are not those of its type.
    #[error("a message that can't be read")]
    Unreadable,
    /// A member has a value that its type does not allow.
    #[error("a message with a value that is not allowed")]
    OutOfRange,
    /// Bytes where only text goes, or text where only bytes go.
    #[error("a message of the wrong kind")]
    WrongKind,
}

/// The first message on each channel: what a side can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The highest version that it speaks; both speak the lower of the two.
    pub version: u32,
    /// Tells one run of the program from the next: text ids begin anew with it.
    pub session: ids::SessionId,
    /// Whether it takes files.
    #[serde(default)]
    pub files: bool,
}

impl Hello {
    /// That of this program.
    #[must_use]
    pub fn ours(session: ids::SessionId) -> Self {
        Self { version: VERSION, session, files: true }
    }
}

/// Only the type of a message.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
}

/// Reads a message of one of these types; `None` for a type that is not known.
fn read<M: DeserializeOwned>(
    text: &str,
    limit: usize,
    kinds: &[&str],
) -> Result<Option<M>, Malformed> {
    if text.len() > limit {
        return Err(Malformed::TooLong(text.len()));
    }
    let kind: Kind<'_> = serde_json::from_str(text).map_err(|_| Malformed::Unreadable)?;
    if !kinds.contains(&&*kind.kind) {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(|_| Malformed::Unreadable)
}

/// Writes a message.
fn write<M: Serialize>(message: &M) -> String {
    // Members are numbers, texts and lists: there is nothing that JSON can't say.
    serde_json::to_string(message).unwrap_or_default()
}
