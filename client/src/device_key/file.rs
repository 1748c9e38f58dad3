//! The key in a file that only its owner can read, as it is where there is no keyring.
//!
//! In: the file's path. Out: the key. What always holds: the file is there whole or not at all, it
//! is on the disk before its key is used, and a file that is there is never written over here,
//! except by [`replace`].

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use super::{DeviceKey, KeyError, SEED_BYTES};
use crate::private_file;

/// The file's name inside the data directory.
pub const KEY_FILE: &str = "device.key";

/// Reads the key; `None` when there is no file.
pub(super) fn load(path: &Path) -> Result<Option<DeviceKey>, KeyError> {
    let unreadable = |source| KeyError::Read(path.to_owned(), source);
    let damaged = || KeyError::Damaged(path.to_owned());
    // Looked at first: opening a pipe would wait for somebody to write to it.
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(damaged()),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    }
    let file = match fs::File::open(path) {
        // It was moved to the keyring in this moment.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(unreadable)?,
    };
    if private_file::keep_private(&file).is_err() {
        tracing::warn!("others can read the device's key, and it can't be kept from them");
    }
    let mut bytes = Vec::with_capacity(SEED_BYTES + 1);
    file.take(SEED_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    DeviceKey::from_bytes(&bytes).map(Some).ok_or_else(damaged)
}

/// Makes a key in a file that is not there. Another program may be quicker; then its key is the
/// one.
pub(super) fn create(path: &Path) -> Result<DeviceKey, KeyError> {
    let unsaved = |source| KeyError::Write(path.to_owned(), source);
    let folder = path.parent().unwrap_or(Path::new("."));
    private_file::create_dir(folder).map_err(unsaved)?;
    match put_new(path, &rand::random::<[u8; SEED_BYTES]>()) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unsaved(error)),
        Ok(()) | Err(_) => {}
    }
    load(path)?.ok_or_else(|| unsaved(io::ErrorKind::NotFound.into()))
}

/// Puts a key into the place of another, or where none is.
pub(super) fn replace(path: &Path, key: &DeviceKey) -> Result<(), KeyError> {
    private_file::replace(path, &key.seed)
        .map_err(|source| KeyError::Write(path.to_owned(), source))
}

/// Puts a file in place, whole, unless there is one: then the error says that it exists.
pub(super) fn put_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The process id and chance keep two that do this at once from writing into each other's draft.
    let draft = format!("{}-{:08x}", std::process::id(), rand::random::<u32>());
    let draft = private_file::beside(path, &draft);
    let written = write(private_file::create_new(&draft)?, bytes).and_then(|()| {
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                // Some file systems have no links. Then a crash at this very moment leaves a
                // damaged file, which is said.
                let new = private_file::create_new(path)?;
                write(new, bytes).inspect_err(|_| drop(fs::remove_file(path)))
            }
            other => other,
        }
    });
    // Nothing more can be done about a draft that can't be removed; nobody else can read it.
    let _ = fs::remove_file(&draft);
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match private_file::sync_dir(folder.unwrap_or(Path::new("."))) {
        // Not every file system can; the file is in its place.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

fn write(mut file: fs::File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}
