//! Binary messages of the files channel: a byte that says what it is, the id of the transfer, and
//! the rest. Numbers have their highest byte first.
//!
//! | kind | then |
//! | --- | --- |
//! | 1, chunk | id (16 bytes), file (4), offset (8), bytes of the file |
//! | 2, thumbnail | id (16 bytes), a PNG |
//!
//! Pure.

use bytes::{BufMut as _, Bytes, BytesMut};
use visavis_transport::MAX_MESSAGE_BYTES;

use super::Malformed;
use crate::view::TransferId;

/// The most bytes of a file in one chunk.
pub const MAX_CHUNK: usize = MAX_MESSAGE_BYTES - CHUNK_HEADER;
/// The most bytes of a thumbnail.
pub const MAX_THUMBNAIL: usize = 12 * 1024;

const CHUNK: u8 = 1;
const THUMBNAIL: u8 = 2;
const ID_END: usize = 1 + 16;
const CHUNK_HEADER: usize = ID_END + 4 + 8;

/// One binary message.
#[derive(Clone, PartialEq, Eq)]
pub enum BinaryMessage {
    /// A piece of a file.
    Chunk {
        /// Of which transfer.
        id: TransferId,
        /// The file, counted from 0.
        file: u32,
        /// Where in the file it begins.
        offset: u64,
        /// At least one byte.
        data: Bytes,
    },
    /// A small picture of what was offered just before.
    Thumbnail {
        /// Of which transfer.
        id: TransferId,
        /// A PNG.
        png: Bytes,
    },
}

impl std::fmt::Debug for BinaryMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Chunk { file, offset, data, .. } => {
                write!(f, "Chunk(file {file}, {} bytes at {offset})", data.len())
            }
            Self::Thumbnail { png, .. } => write!(f, "Thumbnail({} bytes)", png.len()),
        }
    }
}

impl BinaryMessage {
    /// Reads a message; `None` for a kind that is not known.
    pub fn decode(message: &Bytes) -> Result<Option<Self>, Malformed> {
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(Malformed::TooLong(message.len()));
        }
        let id = || {
            let bytes = message.get(1..ID_END)?.try_into().ok()?;
            Some(TransferId(u128::from_be_bytes(bytes)))
        };
        match message.first() {
            None => Err(Malformed::Unreadable),
            Some(&CHUNK) => {
                let number = |from, to| message.get(from..to);
                let file = number(ID_END, ID_END + 4).and_then(|bytes| bytes.try_into().ok());
                let offset = number(ID_END + 4, CHUNK_HEADER).and_then(|b| b.try_into().ok());
                match (id(), file, offset) {
                    (Some(id), Some(file), Some(offset)) if message.len() > CHUNK_HEADER => {
                        Ok(Some(Self::Chunk {
                            id,
                            file: u32::from_be_bytes(file),
                            offset: u64::from_be_bytes(offset),
                            data: message.slice(CHUNK_HEADER..),
                        }))
                    }
                    _ => Err(Malformed::Unreadable),
                }
            }
            Some(&THUMBNAIL) => match id() {
                Some(_) if message.len() > ID_END + MAX_THUMBNAIL => {
                    Err(Malformed::TooLong(message.len()))
                }
                Some(id) => Ok(Some(Self::Thumbnail { id, png: message.slice(ID_END..) })),
                None => Err(Malformed::Unreadable),
            },
            Some(_) => Ok(None),
        }
    }

    /// The wire form.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Chunk { id, file, offset, data } => {
                let mut bytes = BytesMut::with_capacity(CHUNK_HEADER + data.len());
                bytes.put_u8(CHUNK);
                bytes.put_u128(id.0);
                bytes.put_u32(*file);
                bytes.put_u64(*offset);
                bytes.put_slice(data);
                bytes.freeze()
            }
            Self::Thumbnail { id, png } => {
                let mut bytes = BytesMut::with_capacity(ID_END + png.len());
                bytes.put_u8(THUMBNAIL);
                bytes.put_u128(id.0);
                bytes.put_slice(png);
                bytes.freeze()
            }
        }
    }
}
