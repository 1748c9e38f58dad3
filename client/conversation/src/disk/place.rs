//! Puts something in its place without ever writing over what is there.

use std::io;
use std::path::{Path, PathBuf};

use super::system;
use crate::file_name::numbered;

/// So many names are tried.
const MOST: u32 = 10_000;

/// Moves a file or folder into `folder`, as `name` or, where that is taken, as `name (2)` and so
/// on.
pub(super) fn put(from: &Path, folder: &Path, name: &str, is_folder: bool) -> io::Result<PathBuf> {
    for number in 1..MOST {
        let name = if number == 1 { name.to_owned() } else { numbered(name, number, is_folder) };
        let to = folder.join(name);
        match system::rename_new(from, &to, is_folder) {
            Ok(()) => return Ok(to),
            Err(error) if is_taken(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty)
}
