//! The files of the books: `people/<digest of server and name>.json` and, beside each, the book as
//! it was when it was opened last, a lock, and what was set aside.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::Write;
use crate::people::book::{Account, Book};
use crate::people::form::{self, FormError};
use crate::private_file;
use crate::words::{Phrase, phrase};

/// More than this is no book: 10,000 contacts and 1,000 calls take less than a tenth of it.
const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// So much of the digest tells one account from another.
const NAME_BYTES: usize = 16;

/// Why a book can't be kept; its text is for the person.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    #[error("New contacts and calls can't be kept in {} ({}).", .0.display(), .1)]
    Write(PathBuf, io::Error),
    #[error("New contacts and calls can't be kept ({0}).")]
    Form(serde_json::Error),
}

/// The words about a book as it is opened. All of them are here.
enum Found<'a> {
    Damaged { aside: &'a Path, restored: bool },
    Missing,
    Stuck(&'a Path, &'a io::Error),
    Unreadable(&'a Path, &'a io::Error),
    Later,
    InUse,
}

impl Found<'_> {
    fn words(&self) -> Phrase {
        let file = |path: &Path| path.display().to_string();
        match self {
            Self::Damaged { aside, restored: true } => {
                phrase!("people-damaged-restored", file = file(aside))
            }
            Self::Damaged { aside, restored: false } => {
                phrase!("people-damaged", file = file(aside))
            }
            Self::Missing => phrase!("people-missing"),
            Self::Stuck(path, error) => {
                phrase!("people-stuck", file = file(path)).or_plain(format!(
                    "Your contacts and calls are damaged, and changes won't be kept: move {} away \
                 ({error}).",
                    path.display()
                ))
            }
            Self::Unreadable(path, error) => phrase!("people-unread").or_plain(format!(
                "Your contacts and calls in {} can't be read ({error}). Changes won't be kept.",
                path.display()
            )),
            Self::Later => phrase!("people-later"),
            Self::InUse => phrase!("people-in-use"),
        }
    }
}

/// The file of the book that is open.
pub(super) struct OpenFile {
    account: Account,
    writable: bool,
    /// Held as long as the book is open.
    _lock: Option<File>,
}

impl OpenFile {
    pub(super) fn is_of(&self, account: &Account) -> bool {
        self.account == *account
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable
    }
}

/// The folder.
pub(super) struct Disk {
    folder: PathBuf,
    write: Write,
}

impl Disk {
    pub(super) fn new(folder: PathBuf, write: Write) -> Self {
        Self { folder, write }
    }

    /// Opens the book of an account, whatever is on the disk, and says what is wrong with it.
    pub(super) fn open(&mut self, account: &Account) -> (OpenFile, Book, Option<Phrase>) {
        let path = self.path_of(account);
        let (lock, is_ours) = lock(&path);
        if lock.is_some() {
            private_file::remove_drafts(&path);
        }
        let (book, mut writable, mut words) = self.read(&path, account, is_ours);
        if !is_ours && writable {
            (writable, words) = (false, Some(Found::InUse.words()));
        }
        let file = OpenFile { account: account.clone(), writable, _lock: lock };
        (file, book, words)
    }

    /// The book, whether it may be written, and what is to be said.
    fn read(
        &mut self,
        path: &Path,
        account: &Account,
        is_ours: bool,
    ) -> (Book, bool, Option<Phrase>) {
        let before = private_file::beside(path, "before");
        let spare = || {
            let text = private_file::read(&before, MAX_BYTES).ok()?;
            form::read(&text, account).ok()
        };
        let empty = || Book::new(account.clone());
        let text = match private_file::read(path, MAX_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match spare() {
                    None => (empty(), true, None),
                    Some(book) => (book, true, Some(Found::Missing.words())),
                };
            }
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Vec::new(),
            Err(error) => {
                let words = Found::Unreadable(path, &error).words();
                return (spare().unwrap_or_else(empty), false, Some(words));
            }
        };
        match form::read(&text, account) {
            Ok(book) => {
                if is_ours && let Err(error) = (self.write)(&before, &text) {
                    tracing::warn!(%error, "no second copy of the contacts is kept");
                }
                (book, true, None)
            }
            Err(FormError::Later(book)) => {
                (book.map_or_else(empty, |book| *book), false, Some(Found::Later.words()))
            }
            Err(FormError::Damaged) if !is_ours => (spare().unwrap_or_else(empty), true, None),
            Err(FormError::Damaged) => {
                let spare = spare();
                let restored = spare.is_some();
                let (writable, words) = match private_file::set_aside(path) {
                    Ok(aside) => (true, Found::Damaged { aside: &aside, restored }.words()),
                    Err(error) => (false, Found::Stuck(path, &error).words()),
                };
                (spare.unwrap_or_else(empty), writable, Some(words))
            }
        }
    }

    /// Writes a book into its place.
    pub(super) fn save(&mut self, book: &Book, forget: bool) -> Result<(), KeepError> {
        let path = self.path_of(book.account());
        let text = form::write(book).map_err(KeepError::Form)?;
        let written = (self.write)(&path, &text).and_then(|()| {
            if forget {
                private_file::remove(&private_file::beside(&path, "before"))?;
                private_file::remove_aside(&path)?;
            }
            Ok(())
        });
        written.map_err(|error| KeepError::Write(path, error))
    }

    pub(super) fn write(&mut self, path: &Path, text: &[u8]) -> io::Result<()> {
        (self.write)(path, text)
    }

    /// The file of an account.
    pub(super) fn path_of(&self, account: &Account) -> PathBuf {
        path_in(&self.folder, account)
    }
}

/// The book of an account as it is on the disk, or as it was before; `None` where none can be read.
/// Nothing is changed, whoever has it open.
pub(super) fn peek(folder: &Path, account: &Account) -> Option<Book> {
    let path = path_in(folder, account);
    let before = private_file::beside(&path, "before");
    [path, before].iter().find_map(|path| {
        let text = private_file::read(path, MAX_BYTES).ok()?;
        match form::read(&text, account) {
            Ok(book) => Some(book),
            Err(FormError::Later(book)) => book.map(|book| *book),
            Err(FormError::Damaged) => None,
        }
    })
}

/// The file of an account: by a digest, as names may hold what no file name may.
fn path_in(folder: &Path, account: &Account) -> PathBuf {
    let digest = Sha256::new()
        .chain_update(&account.server)
        .chain_update([0])
        .chain_update(account.username.as_str())
        .finalize();
    let name: String = digest.iter().take(NAME_BYTES).map(|b| format!("{b:02x}")).collect();
    folder.join(format!("{name}.json"))
}

/// Takes the lock beside a file. Where there can be none, the file is taken to be ours: a lock only
/// keeps two windows from writing over each other.
fn lock(path: &Path) -> (Option<File>, bool) {
    let Some(folder) = path.parent() else { return (None, true) };
    let file = private_file::create_dir(folder)
        .and_then(|()| private_file::create(&private_file::beside(path, "lock")));
    match file {
        Err(_) => (None, true),
        Ok(file) => match file.try_lock() {
            Ok(()) => (Some(file), true),
            Err(TryLockError::WouldBlock) => (None, false),
            Err(TryLockError::Error(_)) => (None, true),
        },
    }
}
