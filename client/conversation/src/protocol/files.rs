//! Control messages of the files channel. Pure.

use serde::{Deserialize, Serialize};

use super::ids::FileHash;
use super::{Hello, MAX_NUMBER, Malformed};
use crate::view::TransferId;

/// How many bytes a control message may have.
pub const MAX_CONTROL: usize = 16 * 1024;
/// How many files a folder may have.
pub const MAX_FILES: u32 = 10_000;
/// How many bytes the name of an offer may have.
pub const MAX_NAME_BYTES: usize = 255;
/// How many bytes the path of a file within a folder may have.
pub const MAX_PATH_BYTES: usize = 4096;

const KINDS: &[&str] = &[
    "hello", "offer", "accept", "refuse", "pause", "resume", "cancel", "file", "end", "taken",
    "done", "failed",
];

/// One control message of the files channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FileMessage {
    /// See [`Hello`].
    Hello(Hello),
    /// The sender has something; offered again on each new channel until it is over.
    Offer(Offer),
    /// The receiver takes it, from a place on.
    Accept {
        /// Of which transfer.
        id: TransferId,
        /// The first file that is wanted, counted from 0; those before it are there.
        file: u32,
        /// From which byte of it.
        offset: u64,
    },
    /// The receiver does not take it.
    Refuse {
        /// Of which transfer.
        id: TransferId,
    },
    /// One of the two asks for a pause.
    Pause {
        /// Of which transfer.
        id: TransferId,
    },
    /// Whoever asked for a pause ends it.
    Resume {
        /// Of which transfer.
        id: TransferId,
    },
    /// One of the two gives it up.
    Cancel {
        /// Of which transfer.
        id: TransferId,
    },
    /// The sender goes on to a file: its chunks follow.
    File {
        /// Of which transfer.
        id: TransferId,
        /// The file, counted from 0.
        file: u32,
        /// Where it lies in the folder, with `/` between the parts; the name of a single file.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// All bytes of a file were sent.
    End {
        /// Of which transfer.
        id: TransferId,
        /// The file, counted from 0.
        file: u32,
        /// The BLAKE3 of its bytes.
        hash: FileHash,
    },
    /// The receiver has written so much.
    Taken {
        /// Of which transfer.
        id: TransferId,
        /// Bytes of all files together, also those of earlier channels.
        bytes: u64,
    },
    /// The receiver has all of it in its place.
    Done {
        /// Of which transfer.
        id: TransferId,
    },
    /// One of the two can't go on.
    Failed {
        /// Of which transfer.
        id: TransferId,
        /// Why.
        why: Why,
    },
}

/// What is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Tells transfers apart; the same when it is offered again.
    pub id: TransferId,
    /// The name of the file or folder, without a path.
    pub name: String,
    /// All bytes together.
    pub size: u64,
    /// How many files a folder has; absent for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
    /// Whether some file of it is a program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}

impl Offer {
    /// How many files go over the channel.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.files.unwrap_or(1)
    }
}

/// Why a side can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The file has changed since it was offered.
    Changed,
    /// It can't be read.
    Unreadable,
    /// It can't be written.
    Unwritable,
    /// The disk is full.
    NoRoom,
    /// The bytes are not those of the hash.
    Different,
    /// The other did not keep to the protocol.
    Protocol,
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}

impl FileMessage {
    /// Reads a message; `None` for a type that is not known.
    pub fn decode(text: &str) -> Result<Option<Self>, Malformed> {
        let message: Option<Self> = super::read(text, MAX_CONTROL, KINDS)?;
        if message.as_ref().is_some_and(|message| !message.is_in_range()) {
            return Err(Malformed::OutOfRange);
        }
        Ok(message)
    }

    /// The wire form.
    #[must_use]
    pub fn encode(&self) -> String {
        super::write(self)
    }

    fn is_in_range(&self) -> bool {
        match self {
            Self::Offer(offer) => {
                offer.name.len() <= MAX_NAME_BYTES
                    && offer.size <= MAX_NUMBER
                    && offer.files.is_none_or(|files| files <= MAX_FILES)
            }
            Self::Accept { file, offset, .. } => *file <= MAX_FILES && *offset <= MAX_NUMBER,
            Self::File { file, path, size, .. } => {
                *file < MAX_FILES && path.len() <= MAX_PATH_BYTES && *size <= MAX_NUMBER
            }
            Self::End { file, .. } => *file < MAX_FILES,
            Self::Taken { bytes, .. } => *bytes <= MAX_NUMBER,
            _ => true,
        }
    }
}
