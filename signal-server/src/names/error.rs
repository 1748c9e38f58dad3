//! Why names can't be read or kept, in words for the operator.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why names can't be read or kept. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NameStoreError {
    /// The folder is not there and can't be made, or the file can't be made in it.
    #[error("{path} can't be made for the names ({source}): name another folder with --data-dir")]
    NoPlace {
        /// Which file or folder.
        path: PathBuf,
        /// The reason that the system gives.
        source: io::Error,
    },
    /// The file is there but can't be opened or written.
    #[error(
        "the names in {0} can't be written: give this user the right to write the file and its folder"
    )]
    ReadOnly(PathBuf),
    /// The disk, or this user's share of it, is full.
    #[error("there is no room left on the disk for the names in {0}: free some")]
    Full(PathBuf),
    /// What the file holds is no database of names, or a broken one.
    #[error(
        "the names in {0} are damaged: put a backup in its place, or move the file away to begin anew"
    )]
    Damaged(PathBuf),
    /// The file holds no names, nor is it one in which nobody owns a name yet.
    #[error(
        "{0} is empty, so the names in it are lost: put a backup in its place, or move the file away to begin anew"
    )]
    Empty(PathBuf),
    /// There is no file, though there was one.
    #[error(
        "{0} is missing, though there were names in it: put a backup in its place, or move {0}-wal away to begin anew"
    )]
    Missing(PathBuf),
    /// What is in the file's place is a folder, a pipe or a device.
    #[error("{0} is no file: name another folder with --data-dir, or move it away")]
    NoFile(PathBuf),
    /// Another program's database.
    #[error("{0} is another program's database: name another folder with --data-dir")]
    Foreign(PathBuf),
    /// A later version of this program made the file.
    #[error(
        "the names in {path} were written by a later version (format {version}): update this program"
    )]
    Later {
        /// Which file.
        path: PathBuf,
        /// The format's number.
        version: i64,
    },
    /// Another program keeps the file locked.
    #[error(
        "the names in {0} are in use by another program, which does not let go: stop it and try again"
    )]
    Busy(PathBuf),
    /// Anything else that the database says.
    #[error("the names in {path} can't be used ({source})")]
    Other {
        /// Which file.
        path: PathBuf,
        /// What it says.
        source: rusqlite::Error,
    },
}

impl NameStoreError {
    /// Puts into words what the database says.
    pub(super) fn new(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        // A row that does not hold what it should was not written by us.
        if matches!(
            source,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
        ) {
            return Self::Damaged(path);
        }
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged(path),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly(path)
            }
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path),
            _ => Self::Other { path, source },
        }
    }
}
