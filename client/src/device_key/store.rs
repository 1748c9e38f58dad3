//! Where this device's key is kept: in the system's keyring, or in the file [`KEY_FILE`].
//!
//! In: the data directory. Out: the key and its [`KeyPlace`]; also its way to another computer and
//! back. What always holds:
//! - A file that is there counts, whatever else is; a new key begins as a file. The note
//!   [`NOTE_FILE`] says that the key is in the keyring, and under which name.
//! - A key goes to the keyring in this order: written there, read back from there, noted, and only
//!   then is its file removed. Wherever that is cut short, the key is there and found.
//! - While there is a note, no new key is ever made: a keyring that is locked, hangs or is gone is
//!   an error that says so.
//! - A key that another replaces is kept aside.
//!
//! Everything here waits for the disk, and for the keyring so long as it may take.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::export::{self, EXPORT_BYTES, ExportError};
use super::keyring::{Keyring, KeyringError};
use super::passphrase::Passphrase;
use super::{DeviceKey, KEY_FILE, KeyError, file};
use crate::private_file;
use crate::words::{Phrase, phrase};

/// The name of the note inside the data directory.
pub const NOTE_FILE: &str = "device.keyring";
/// What the note begins with.
const NOTE: &str = "visavis keyring v1 ";
/// No note is longer.
const MOST_NOTE_BYTES: u64 = 256;
/// Held while the file is replaced or removed.
const LOCK_FILE: &str = "device.lock";
/// Nothing larger was ever a key or a note.
const MOST_ASIDE_BYTES: u64 = 1024 * 1024;
/// So many keys that were replaced are kept aside.
const MOST_BEFORE: u32 = 99;

/// Where the key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// In the system's keyring.
    Keyring,
    /// In this file.
    File(PathBuf),
}

/// Why a key was not exported or imported. Each text is for the person.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum MoveError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error("there is no key here yet: log in first")]
    NoKey,
    #[error("{0} is there already: choose another name, or move it away")]
    Exists(PathBuf),
    #[error("{0} can't be written ({1}): choose another place")]
    Write(PathBuf, #[source] io::Error),
    #[error("{0} can't be read ({1})")]
    Read(PathBuf, #[source] io::Error),
    #[error("the key that is here can't be kept aside ({0}); nothing was changed")]
    Aside(#[source] io::Error),
}

impl MoveError {
    /// What to tell the person in the window.
    #[must_use]
    pub fn words(&self) -> Phrase {
        let file = |path: &Path| path.display().to_string();
        match self {
            Self::Key(error) => error.words(),
            Self::Export(error) => error.words(),
            Self::NoKey => phrase!("key-none"),
            Self::Exists(path) => phrase!("key-export-exists", file = file(path)),
            Self::Write(path, _) => phrase!("key-export-unwritten", file = file(path)),
            Self::Read(path, _) => phrase!("key-export-unread", file = file(path)),
            Self::Aside(_) => phrase!("key-not-kept-aside"),
        }
        .or_plain(self.to_string())
    }
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// The key is the one that is here.
    Same,
    /// It is here now; the one before is kept in this file, where there was one.
    Replaced(Option<PathBuf>),
}

/// A data directory's key, wherever it is.
#[derive(Clone)]
pub struct KeyStore {
    folder: PathBuf,
    keyring: Keyring,
    moves: bool,
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl KeyStore {
    /// The key of a data directory. It is read wherever it is, and goes nowhere else by itself.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder, keyring: Keyring::of_the_system(), moves: false }
    }

    /// The same where [`Self::move_to_keyring`] may move it.
    #[must_use]
    pub fn that_moves(self, moves: bool) -> Self {
        Self { moves, ..self }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(KEY_FILE)
    }

    fn note(&self) -> PathBuf {
        self.folder.join(NOTE_FILE)
    }

    /// Where the key is, without looking at it; `None` where there is none yet.
    #[must_use]
    pub fn place(&self) -> Option<KeyPlace> {
        if self.file().exists() {
            Some(KeyPlace::File(self.file()))
        } else {
            self.note().exists().then_some(KeyPlace::Keyring)
        }
    }

    /// Reads the key, or makes one where there is none.
    ///
    /// # Errors
    /// [`KeyError`] says what to do. Nothing was changed.
    pub fn load(&self) -> Result<(DeviceKey, KeyPlace), KeyError> {
        match self.find()? {
            Some(found) => Ok(found),
            None => Ok((file::create(&self.file())?, KeyPlace::File(self.file()))),
        }
    }

    /// Reads the key where there is one.
    fn find(&self) -> Result<Option<(DeviceKey, KeyPlace)>, KeyError> {
        // In this order: whoever moves it writes the note before the file goes.
        if let Some(key) = file::load(&self.file())? {
            return Ok(Some((key, KeyPlace::File(self.file()))));
        }
        let Some(account) = self.noted()? else { return Ok(None) };
        let Some(bytes) = self.keyring.read(&account)? else {
            return Err(KeyError::Gone(self.note()));
        };
        match DeviceKey::from_bytes(&bytes).filter(|key| key.account() == account) {
            Some(key) => Ok(Some((key, KeyPlace::Keyring))),
            None => Err(KeyError::Gone(self.note())),
        }
    }

    /// Under which name the key is in the keyring, if it is there.
    fn noted(&self) -> Result<Option<String>, KeyError> {
        let path = self.note();
        let bytes = match private_file::read(&path, MOST_NOTE_BYTES) {
            Ok(bytes) => bytes,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput
                ) =>
            {
                return Err(KeyError::Damaged(path));
            }
            Err(error) => return Err(KeyError::Read(path, error)),
        };
        let text = std::str::from_utf8(&bytes).ok();
        let account = text.and_then(|text| text.trim_end().strip_prefix(NOTE));
        let is_account = |account: &&str| {
            account.len() == 32 && account.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        match account.filter(is_account) {
            Some(account) => Ok(Some(account.to_owned())),
            None => Err(KeyError::Damaged(path)),
        }
    }

    /// Moves the key from its file to the keyring, where that is wanted and there is one that is
    /// unlocked. Returns where it is then; an error leaves it where it was.
    ///
    /// # Errors
    /// Why it stays in its file.
    pub fn move_to_keyring(&self) -> Result<KeyPlace, KeyError> {
        let path = self.file();
        let Some(key) = file::load(&path)? else { return Ok(KeyPlace::Keyring) };
        if !self.moves {
            return Ok(KeyPlace::File(path));
        }
        let account = key.account();
        let is_there = |kept: Option<Vec<u8>>| kept.is_some_and(|kept| kept == key.seed);
        // Not read first: reading could ask the person to unlock it.
        self.keyring.write(&account, &key.seed)?;
        if !is_there(self.keyring.read(&account)?) {
            return Err(KeyringError::Failed.into());
        }
        let unsaved = |source| KeyError::Write(self.folder.clone(), source);
        let _lock = self.lock().map_err(unsaved)?;
        // An import may have come between.
        if file::load(&path)?.is_none_or(|now| now != key) {
            return Ok(KeyPlace::File(path));
        }
        let note = format!("{NOTE}{account}\n");
        if self.noted().is_ok_and(|before| before.is_some_and(|before| before != account)) {
            keep_aside(&self.note()).map_err(unsaved)?;
        }
        private_file::replace(&self.note(), note.as_bytes()).map_err(unsaved)?;
        private_file::remove(&path).map_err(unsaved)?;
        private_file::sync_dir(&self.folder).map_err(unsaved)?;
        Ok(KeyPlace::Keyring)
    }

    fn lock(&self) -> io::Result<fs::File> {
        private_file::create_dir(&self.folder)?;
        let lock = private_file::create(&self.folder.join(LOCK_FILE))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Writes the key, sealed with a passphrase, to a file that is not there yet.
    ///
    /// # Errors
    /// [`MoveError`] says why not; then no file was written.
    pub fn export(&self, to: &Path, passphrase: &Passphrase) -> Result<(), MoveError> {
        // Before anything that takes long.
        if to.symlink_metadata().is_ok() {
            return Err(MoveError::Exists(to.to_owned()));
        }
        let (key, _) = self.find()?.ok_or(MoveError::NoKey)?;
        let bytes = export::seal(&key, passphrase)?;
        match file::put_new(to, &bytes) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(MoveError::Exists(to.to_owned()))
            }
            Err(error) => Err(MoveError::Write(to.to_owned(), error)),
        }
    }

    /// Opens what [`Self::export`] wrote on another computer. Changes nothing.
    ///
    /// # Errors
    /// [`MoveError`] says what is wrong with the file or the passphrase.
    pub fn open_export(from: &Path, passphrase: &Passphrase) -> Result<DeviceKey, MoveError> {
        match private_file::read(from, EXPORT_BYTES as u64 + 1) {
            Ok(bytes) => Ok(export::open(&bytes, passphrase)?),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput
                ) =>
            {
                Err(ExportError::NotAnExport.into())
            }
            Err(error) => Err(MoveError::Read(from.to_owned(), error)),
        }
    }

    /// Whether a key is here that is another than this one. One that can't be read is another.
    #[must_use]
    pub fn has_another(&self, key: &DeviceKey) -> bool {
        match self.find() {
            Ok(found) => found.is_some_and(|(found, _)| found != *key),
            Err(_) => true,
        }
    }

    /// Puts a key into the place of the one that is here, which is kept aside: its file, or the
    /// note of where it is in the keyring. The next log-in uses the new one.
    ///
    /// # Errors
    /// [`MoveError`]; then the key that was here is still the one.
    pub fn import(&self, key: &DeviceKey) -> Result<Imported, MoveError> {
        if let Ok(Some((found, _))) = self.find()
            && found == *key
        {
            return Ok(Imported::Same);
        }
        let _lock = self.lock().map_err(MoveError::Aside)?;
        let kept = [self.file(), self.note()].into_iter().map(|path| keep_aside(&path));
        let kept = kept.collect::<io::Result<Vec<_>>>().map_err(MoveError::Aside)?;
        // From here on the new one counts, also where a note stays behind.
        file::replace(&self.file(), key)?;
        private_file::remove(&self.note()).map_err(MoveError::Aside)?;
        Ok(Imported::Replaced(kept.into_iter().flatten().next()))
    }
}

/// Copies a file that is there to a name that is free. The first of the names that follow
/// `.before-` is for whoever looks for it.
fn keep_aside(path: &Path) -> io::Result<Option<PathBuf>> {
    let bytes = match private_file::read(path, MOST_ASIDE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    for number in 1..=MOST_BEFORE {
        let aside = private_file::beside(path, &format!("before-{number}"));
        match file::put_new(&aside, &bytes) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(Some(aside)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests;
