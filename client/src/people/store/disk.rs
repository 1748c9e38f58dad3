//! The files of the books: `people/<digest of server and name>.json` and, beside each, the book as
//! it was when it was opened last, a lock, and what was set aside.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use visavis_shared::Username;

use super::Write;
use crate::people::UnixTime;
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

/// So many names are said whose keys can't be read.
const NAMES_SAID: usize = 3;

/// The words about a book as it is opened. All of them are here.
enum Found<'a> {
    Damaged {
        aside: &'a Path,
        restored: bool,
    },
    /// These keys can't be read; everything else can.
    KeysDamaged {
        aside: &'a Path,
        of: &'a [Option<Username>],
    },
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
            Self::KeysDamaged { aside, of } => {
                let named: Vec<&str> = of.iter().flatten().map(Username::as_str).collect();
                let count = of.len();
                if named.len() == count && count <= NAMES_SAID {
                    phrase!("people-keys-of", names = named.join(", "), file = file(aside))
                } else {
                    phrase!("people-keys-damaged", count = count, file = file(aside))
                }
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
        // Keys that were remembered since then, or all of them, are not in it.
        let without_keys = |mut book: Book| {
            book.keys_were_lost(UnixTime::now());
            book
        };
        let text = match private_file::read(path, MAX_BYTES) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match spare() {
                    None => (empty(), true, None),
                    Some(book) => {
                        let book = without_keys(book);
                        self.keep_found(path, &book, is_ours);
                        (book, true, Some(Found::Missing.words()))
                    }
                };
            }
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Vec::new(),
            Err(error) => {
                let words = Found::Unreadable(path, &error).words();
                let book = without_keys(spare().unwrap_or_else(empty));
                return (book, false, Some(words));
            }
        };
        match form::read(&text, account) {
            Ok(mut book) if book.has_unread_keys() => {
                let unread = book.take_unread_keys();
                let book = without_keys(book);
                if !is_ours {
                    return (book, true, None);
                }
                let (writable, words) = match private_file::set_aside(path) {
                    Ok(aside) => {
                        self.keep_found(path, &book, is_ours);
                        (true, Found::KeysDamaged { aside: &aside, of: &unread }.words())
                    }
                    Err(error) => (false, Found::Stuck(path, &error).words()),
                };
                (book, writable, Some(words))
            }
            Ok(book) => {
                if is_ours && let Err(error) = (self.write)(&before, &text) {
                    tracing::warn!(%error, "no second copy of the contacts is kept");
                }
                (book, true, None)
            }
            Err(FormError::Later(book)) => {
                let book = without_keys(book.map_or_else(empty, |book| *book));
                (book, false, Some(Found::Later.words()))
            }
            Err(FormError::Damaged) if !is_ours => {
                (without_keys(spare().unwrap_or_else(empty)), true, None)
            }
            Err(FormError::Damaged) => {
                let spare = spare();
                let restored = spare.is_some();
                let book = without_keys(spare.unwrap_or_else(empty));
                let (writable, words) = match private_file::set_aside(path) {
                    Ok(aside) => {
                        self.keep_found(path, &book, is_ours);
                        (true, Found::Damaged { aside: &aside, restored }.words())
                    }
                    Err(error) => (false, Found::Stuck(path, &error).words()),
                };
                (book, writable, Some(words))
            }
        }
    }

    /// Writes what takes the place of a lost book, so that the next start knows of the loss, too.
    fn keep_found(&mut self, path: &Path, book: &Book, is_ours: bool) {
        if !is_ours {
            return;
        }
        let written =
            form::write(book).map_err(io::Error::from).and_then(|text| (self.write)(path, &text));
        if let Err(error) = written {
            tracing::warn!(%error, "that keys were lost is known until the program ends");
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

/// Holds the lock of a file as another program does.
#[cfg(test)]
pub(super) fn lock_for_tests(path: &Path) -> Option<File> {
    lock(path).0
}
