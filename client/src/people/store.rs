//! Keeps books on disk: a thread of its own with one file for each account, in a folder of the data
//! folder.
//!
//! In: errands, which never wait for the disk. Out: a [`StoreEvent`] for each book that was opened,
//! and whenever changes can't be kept or can be again. What always holds:
//! - of one account only the newest book waits to be written, so the queue is as long as a person
//!   has accounts and exports; one that could not be written is tried again until it is;
//! - a file is written beside its place and renamed into it;
//! - a file that can't be read is set aside, and the book as it was at the last start takes its
//!   place; one of a later version, or that another program has open, is shown and not written.

mod disk;
mod errands;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use visavis_shared::Username;

use super::book::{Account, Book};
use super::form;
use crate::words::{Phrase, phrase};
use disk::{Disk, OpenFile};
use errands::{Errand, Errands};

/// Events that wait. The thread waits while nobody reads them.
const EVENT_QUEUE: usize = 16;
/// A book that could not be written is tried again so often.
const RETRY_EVERY: Duration = Duration::from_secs(30);

/// What the store reports.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreEvent {
    /// A book was opened.
    Opened {
        /// What was kept; an empty one where there was none.
        book: Box<Book>,
        /// What the person should know of it.
        words: Option<Phrase>,
    },
    /// Why changes can't be kept, in words; `None` when they are again.
    NotKept(Option<Phrase>),
    /// A book was exported there, or why not in words.
    Exported(Result<PathBuf, Phrase>),
}

/// The store. Dropping it lets its thread write what waits, and does not wait for it.
#[derive(Debug)]
pub struct PeopleStore {
    errands: Arc<Errands>,
    events: mpsc::Receiver<StoreEvent>,
}

/// Writes bytes into a place, atomically.
type Write = Box<dyn FnMut(&Path, &[u8]) -> std::io::Result<()> + Send>;

impl PeopleStore {
    /// Starts the thread `people-store`. The folder is made when something is kept.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(folder: PathBuf) -> std::io::Result<Self> {
        Self::start_on(Disk::new(folder, Box::new(crate::private_file::replace)), RETRY_EVERY)
    }

    fn start_on(disk: Disk, retry_every: Duration) -> std::io::Result<Self> {
        let errands = Arc::new(Errands::default());
        let (events_in, events) = mpsc::channel(EVENT_QUEUE);
        let keeper = Keeper {
            disk,
            open: None,
            unsaved: Vec::new(),
            told: None,
            events: events_in,
            retry_every,
        };
        let waiting = Arc::clone(&errands);
        std::thread::Builder::new()
            .name("people-store".to_owned())
            .spawn(move || keeper.run(&waiting))?;
        Ok(Self { errands, events })
    }

    /// A store that never answers.
    #[cfg(test)]
    pub(crate) fn hanging() -> (Self, mpsc::Sender<StoreEvent>) {
        let (events_in, events) = mpsc::channel(EVENT_QUEUE);
        (Self { errands: Arc::default(), events }, events_in)
    }

    /// Opens the book of an account; the one before is closed.
    pub fn open(&self, account: Account) {
        self.errands.put(Errand::Open(account));
    }

    /// Has a book written soon, instead of any of this account that was not written yet. `forget`
    /// removes what older books have left on the disk, too.
    pub fn save(&self, book: Arc<Book>, forget: bool) {
        self.errands.put(Errand::Save { book, forget });
    }

    /// Has a book written as JSON that anybody can read; `false` when too many exports wait.
    #[must_use]
    pub fn export(&self, book: Arc<Book>, to: PathBuf) -> bool {
        self.errands.put(Errand::Export { book, to })
    }

    /// The next event; `None` when the thread has ended.
    pub async fn next_event(&mut self) -> Option<StoreEvent> {
        self.events.recv().await
    }

    /// Writes what waits, and comes back when that is done.
    pub async fn finish(mut self) {
        self.errands.close();
        while self.events.recv().await.is_some() {}
    }
}

impl Drop for PeopleStore {
    fn drop(&mut self) {
        self.errands.close();
    }
}

/// Who is blocked in the book of an account in this folder, for whoever keeps no book: nothing is
/// changed or locked. Waits for the disk.
#[must_use]
pub fn blocked_in(folder: &Path, account: &Account) -> Vec<Username> {
    disk::peek(folder, account).map(|book| book.blocked().cloned().collect()).unwrap_or_default()
}

/// What the thread has.
struct Keeper {
    disk: Disk,
    open: Option<OpenFile>,
    /// The newest book of each account that could not be written.
    unsaved: Vec<(Arc<Book>, bool)>,
    /// The words of the last [`StoreEvent::NotKept`].
    told: Option<Phrase>,
    events: mpsc::Sender<StoreEvent>,
    retry_every: Duration,
}

impl Keeper {
    fn run(mut self, errands: &Errands) {
        let mut retry_at = Instant::now() + self.retry_every;
        loop {
            let until = (!self.unsaved.is_empty()).then_some(retry_at);
            match errands.wait(until) {
                errands::Next::Errand(errand) => self.carry_out(errand),
                errands::Next::TimedOut => {}
                errands::Next::Closed => {
                    self.save_unsaved();
                    return;
                }
            }
            if Instant::now() >= retry_at || self.unsaved.is_empty() {
                self.save_unsaved();
                retry_at = Instant::now() + self.retry_every;
            }
        }
    }

    fn carry_out(&mut self, errand: Errand) {
        match errand {
            Errand::Open(account) => self.open(account),
            Errand::Save { book, forget } => {
                let same = |(other, _): &(Arc<Book>, bool)| other.account() == book.account();
                let forgets = self.unsaved.iter().any(|unsaved| same(unsaved) && unsaved.1);
                self.unsaved.retain(|unsaved| !same(unsaved));
                self.unsaved.push((book, forget || forgets));
                self.save_unsaved();
            }
            Errand::Export { book, to } => {
                let written = form::export(&book)
                    .map_err(std::io::Error::from)
                    .and_then(|text| self.disk.write(&to, &text));
                let exported = written.map(|()| to.clone()).map_err(|error| {
                    let plain = format!(
                        "Your contacts and calls couldn't be saved in {} ({error}).",
                        to.display()
                    );
                    phrase!("people-not-exported").or_plain(plain)
                });
                self.report(StoreEvent::Exported(exported));
            }
        }
    }

    fn open(&mut self, account: Account) {
        self.save_unsaved();
        // Before another is opened: of one account there is one lock.
        self.open = None;
        let (file, mut book, words) = self.disk.open(&account);
        self.open = Some(file);
        if let Some((unsaved, _)) =
            self.unsaved.iter().find(|(unsaved, _)| *unsaved.account() == account)
        {
            book = Book::clone(unsaved);
        }
        self.report(StoreEvent::Opened { book: Box::new(book), words });
    }

    /// Writes what can be written.
    fn save_unsaved(&mut self) {
        let mut failed = None;
        let mut unsaved = std::mem::take(&mut self.unsaved);
        unsaved.retain(|(book, forget)| {
            let is_open = self.open.as_ref().filter(|open| open.is_of(book.account()));
            if is_open.is_some_and(|open| !open.is_writable()) {
                return false;
            }
            match self.disk.save(book, *forget) {
                Ok(()) => false,
                Err(error) => {
                    tracing::warn!(%error, "contacts and calls are not kept");
                    failed = Some(phrase!("people-not-kept").or_plain(error.to_string()));
                    true
                }
            }
        });
        self.unsaved = unsaved;
        if self.told != failed {
            self.told.clone_from(&failed);
            self.report(StoreEvent::NotKept(failed));
        }
    }

    fn report(&self, event: StoreEvent) {
        // Nobody may be there any more: then what is written matters alone.
        let _ = self.events.blocking_send(event);
    }
}

#[cfg(test)]
mod tests;
