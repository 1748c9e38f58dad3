//! What the machine asks of the disk, and what the disk reports. Pure.

use std::path::PathBuf;

use bytes::Bytes;
use visavis_media::frame::RgbaFrame;

use crate::protocol::ids::FileHash;
use crate::view::{TransferId, TransferProblem};

/// Something for the disk to do, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DiskCommand {
    /// Look at what is to be sent; answered by [`DiskReport::Prepared`].
    Prepare {
        /// Of which transfer.
        id: TransferId,
        /// The file or folder.
        path: PathBuf,
        /// What it looked like when it was accepted, where that is remembered.
        expected: Option<FileHash>,
    },
    /// Go to a place in what is sent; answered by [`DiskReport::Sought`].
    Seek {
        /// Of which transfer.
        id: TransferId,
        /// Comes back with what is read from there.
        generation: u32,
        /// The file, counted from 0.
        file: u32,
        /// The byte in it.
        offset: u64,
    },
    /// Read on; answered by [`DiskReport::Piece`].
    Read {
        /// Of which transfer.
        id: TransferId,
        /// That of the last [`DiskCommand::Seek`].
        generation: u32,
    },
    /// Remember that what is sent was accepted.
    Remember(TransferId),
    /// What is sent is over: forget it.
    Release(TransferId),
    /// The call is over, and what was sent may go on in another.
    Suspend(TransferId),
    /// Make room for what comes, or find what came of it before; answered by
    /// [`DiskReport::Opened`].
    Open {
        /// Of which transfer.
        id: TransferId,
        /// Its name, clean.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// How many files a folder has.
        files: Option<u32>,
        /// So many bytes of the disk others wait for.
        reserved: u64,
    },
    /// A file begins, or goes on.
    Begin {
        /// Of which transfer.
        id: TransferId,
        /// The file, counted from 0.
        file: u32,
        /// Where it lies in the folder, clean; not looked at for a single file.
        path: Vec<String>,
    },
    /// Write on; answered by [`DiskReport::Written`].
    Write {
        /// Of which transfer.
        id: TransferId,
        /// What.
        bytes: Bytes,
    },
    /// A file is whole, if this is its hash.
    EndFile {
        /// Of which transfer.
        id: TransferId,
        /// What its sender says.
        hash: FileHash,
    },
    /// All files are there; answered by [`DiskReport::Placed`].
    Place(TransferId),
    /// What came is not wanted: remove it.
    Discard(TransferId),
    /// The call is over, and the rest may come in another.
    Keep(TransferId),
}

/// What is read of what is sent, in order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A file begins, or goes on after [`DiskCommand::Seek`].
    Begin {
        /// The file, counted from 0.
        file: u32,
        /// Where it lies in the folder, or its name.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// Bytes of it.
    Data {
        /// The file, counted from 0.
        file: u32,
        /// Where they begin.
        offset: u64,
        /// At least one.
        bytes: Bytes,
    },
    /// It is at its end.
    End {
        /// The file, counted from 0.
        file: u32,
        /// The BLAKE3 of all its bytes.
        hash: FileHash,
    },
    /// There are no further files.
    Last,
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Begin { file, size, .. } => write!(f, "Begin(file {file}, {size} bytes)"),
            Self::Data { file, offset, bytes } => {
                write!(f, "Data(file {file}, {} bytes at {offset})", bytes.len())
            }
            Self::End { file, .. } => write!(f, "End(file {file})"),
            Self::Last => write!(f, "Last"),
        }
    }
}

/// What is known of something that is to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prepared {
    /// Its name, clean.
    pub(crate) name: String,
    /// All bytes together.
    pub(crate) size: u64,
    /// How many files a folder has.
    pub(crate) files: Option<u32>,
    /// Whether some file of it is a program.
    pub(crate) executable: bool,
    /// A PNG of at most [`MAX_THUMBNAIL`](crate::protocol::binary::MAX_THUMBNAIL) bytes, and the
    /// same to show.
    pub(crate) thumbnail: Option<(Bytes, RgbaFrame)>,
}

/// A transfer of an earlier run that was going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remembered {
    /// Ours.
    Outgoing {
        /// Its id.
        id: TransferId,
        /// Where the file or folder is.
        path: PathBuf,
        /// What it looked like.
        listing: FileHash,
    },
    /// The other's, which the person here has accepted.
    Incoming {
        /// Its id.
        id: TransferId,
        /// Its size in bytes.
        size: u64,
        /// How many files a folder has.
        files: Option<u32>,
    },
}

/// What the disk has done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DiskReport {
    /// What was going on in an earlier run; always the first report.
    Remembered(Vec<Remembered>),
    /// See [`DiskCommand::Prepare`].
    Prepared(TransferId, Prepared),
    /// See [`DiskCommand::Seek`].
    Sought {
        /// Of which transfer.
        id: TransferId,
        /// That of the command.
        generation: u32,
        /// How many bytes lie before that place.
        done: u64,
    },
    /// See [`DiskCommand::Read`].
    Piece {
        /// Of which transfer.
        id: TransferId,
        /// That of the command.
        generation: u32,
        /// What was read.
        piece: Piece,
    },
    /// See [`DiskCommand::Open`].
    Opened {
        /// Of which transfer.
        id: TransferId,
        /// The file that is wanted next.
        file: u32,
        /// From which byte.
        offset: u64,
        /// How many bytes are there, all files together.
        done: u64,
    },
    /// See [`DiskCommand::Write`].
    Written {
        /// Of which transfer.
        id: TransferId,
        /// How many bytes are there now, all files together.
        done: u64,
    },
    /// It is in its place.
    Placed(TransferId, PathBuf),
    /// It can't be done.
    Failed(TransferId, TransferProblem),
    /// See `Command::Save`: where it was saved, or why not.
    Saved(Result<PathBuf, String>),
}
