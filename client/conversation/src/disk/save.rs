//! Saves a text into a file that is not there yet.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::file_name::numbered;

/// So many names are tried.
const MOST: u32 = 1_000;

/// Writes the text; where the name is taken, beside it under a name with a number.
pub(super) fn save(path: &Path, text: &str) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    for number in 1..MOST {
        let path = match number {
            1 => path.to_owned(),
            _ => path.with_file_name(numbered(&name.to_string_lossy(), number, false)),
        };
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
                if let Err(error) = written {
                    // Half of what was said helps nobody; what counts is the failure above.
                    let _ = std::fs::remove_file(&path);
                    return Err(error);
                }
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
