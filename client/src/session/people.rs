//! The people of a session: the book that is open, who of them is there, and what is shown of both.
//!
//! In: changes, presence, and what the store reports. Out: what a window shows, whom to watch, and
//! what to tell the person. What always holds: while a book is being opened, changes are noted and
//! made again in the book that comes, also when nobody is logged in any more by then; without a
//! store, or with one that hangs, everything works and is forgotten with the session, and it is
//! shown that keys of earlier calls may be missing.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use visavis_shared::Username;
use visavis_shared::limits::MAX_LISTED_USERS;

use crate::call::event::{CallPhase, EndReason};
use crate::people::book::EndedCall;
use crate::people::store::{PeopleStore, StoreEvent};
use crate::people::{Account, Book, CallEnd, Change, Direction, PeopleError, UnixTime};
use crate::session::options::SessionOptions;
use crate::session::snapshot::{ContactRow, Presence, Snapshot};
use crate::trust::Known;
use crate::words::{Phrase, phrase};

/// How long a log-in waits for the book: until it is there, nobody can be known to be blocked.
const OPEN_WITHIN: Duration = Duration::from_secs(5);
/// Changes that are noted while a book is being opened; more are made in memory alone.
const MOST_NOTED: usize = 1_000;

/// What the session has to do with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PeopleEvent {
    /// The book can be used; what is to be said about it.
    Ready(Option<Phrase>),
    /// What there is to say about keeping it; nothing any more.
    Kept(Option<Phrase>),
    /// It was exported there, or why not.
    Exported(Result<PathBuf, Phrase>),
}

/// A book that is being opened.
struct Opening {
    until: Instant,
    waited_for: bool,
}

/// See the module.
#[derive(Default)]
pub(super) struct People {
    store: Option<PeopleStore>,
    /// The open one.
    book: Option<Arc<Book>>,
    opening: Option<Opening>,
    /// What is to be changed in books that were not open yet.
    noted: BTreeMap<Account, Vec<(Change, UnixTime)>>,
    online: BTreeMap<Username, bool>,
    /// Who is blocked whatever the book says.
    blocked: HashSet<Username>,
    /// Whether nothing but keys is changed in the book.
    only_keys: bool,
    /// Whether there is nothing that reads books, although they are kept.
    no_store: bool,
    /// The call that rings under another key than the kept one, by when it began.
    pub(super) other_key_noted: Option<Instant>,
    /// Whether what was shown last is out of date.
    stale: bool,
}

impl People {
    /// As the options of a session say.
    pub(super) fn of(options: &SessionOptions) -> Self {
        let mut people = Self::new(options.people.clone());
        people.block_too(options.blocked.iter().cloned());
        people.keep_only_keys(options.only_keys);
        people
    }

    /// Keeps books in this folder, or only in memory.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        let wanted = folder.is_some();
        let store = folder.and_then(|folder| {
            PeopleStore::start(folder)
                .inspect_err(|error| tracing::error!(%error, "no thread keeps contacts and calls"))
                .ok()
        });
        let no_store = wanted && store.is_none();
        Self { store, no_store, ..Self::default() }
    }

    /// Changes nothing in the book but keys: for a session that nobody watches.
    pub(super) fn keep_only_keys(&mut self, only: bool) {
        self.only_keys = only;
    }

    /// These are blocked besides those of the book.
    pub(super) fn block_too(&mut self, blocked: impl IntoIterator<Item = Username>) {
        self.blocked.extend(blocked);
    }

    /// With a store that never answers.
    #[cfg(test)]
    pub(super) fn hanging(store: PeopleStore) -> Self {
        Self { store: Some(store), ..Self::default() }
    }

    /// Opens the book of an account; whether it has to be waited for.
    pub(super) fn open(&mut self, account: Account) -> bool {
        self.close();
        self.book = Some(Arc::new(Book::new(account.clone())));
        let Some(store) = &self.store else { return false };
        store.open(account);
        let until = Instant::now() + OPEN_WITHIN;
        self.opening = Some(Opening { until, waited_for: true });
        true
    }

    /// Nobody is logged in any more.
    pub(super) fn close(&mut self) {
        self.book = None;
        self.opening = None;
        self.online.clear();
        self.stale = true;
    }

    /// Whose book is open.
    pub(super) fn account(&self) -> Option<&Account> {
        self.book.as_deref().map(Book::account)
    }

    /// The next thing that the session has to do with.
    pub(super) async fn next_event(&mut self) -> PeopleEvent {
        loop {
            let Some(store) = &mut self.store else { return std::future::pending().await };
            let event = match &mut self.opening {
                Some(opening) if opening.waited_for => {
                    let until = tokio::time::Instant::from_std(opening.until);
                    match tokio::time::timeout_at(until, store.next_event()).await {
                        Ok(event) => event,
                        Err(_) => {
                            opening.waited_for = false;
                            return PeopleEvent::Ready(Some(phrase!("people-disk-silent")));
                        }
                    }
                }
                _ => store.next_event().await,
            };
            let Some(event) = event else {
                // Its thread is gone: what is kept is kept, the rest is in memory.
                tracing::error!("contacts and calls are kept no longer");
                self.store = None;
                self.no_store |= self.opening.is_some();
                self.stale = true;
                return PeopleEvent::Ready(None);
            };
            if let Some(event) = self.on_store(event) {
                return event;
            }
        }
    }

    fn on_store(&mut self, event: StoreEvent) -> Option<PeopleEvent> {
        match event {
            StoreEvent::Opened { book, words } => {
                let (book, differs) = self.with_noted(*book);
                if self.account() != Some(book.account()) {
                    return None;
                }
                self.opening.take()?;
                self.book = Some(book);
                self.stale = true;
                Some(PeopleEvent::Ready(both(words, differs)))
            }
            StoreEvent::NotKept(words) => Some(PeopleEvent::Kept(words)),
            StoreEvent::Exported(exported) => Some(PeopleEvent::Exported(exported)),
        }
    }

    /// A book that was opened, with what was to be changed in it; and what is to be said where a
    /// call had another key than the book has, which nobody could know until now.
    fn with_noted(&mut self, mut book: Book) -> (Arc<Book>, Option<Phrase>) {
        let Some(noted) = self.noted.remove(book.account()) else { return (Arc::new(book), None) };
        let forget = noted.iter().any(|(change, _)| forgets(change));
        let mut differs = None;
        for (change, at) in noted {
            let pinned = match &change {
                Change::Pin(username, _) => Some(username.clone()),
                _ => None,
            };
            // Why not was said when it was asked for; but for keys, which were not known then.
            let applied = book.apply(change, at);
            if let (Err(PeopleError::OtherKey), Some(username)) = (applied, pinned) {
                differs = Some(phrase!("people-key-differed", name = &username));
                let _ = book.apply(Change::NoteOtherKey(username), at);
            }
        }
        let book = Arc::new(book);
        if let Some(store) = &self.store {
            store.save(Arc::clone(&book), forget);
        }
        (book, differs)
    }

    /// Makes a change, and has it kept; whether anything is different.
    ///
    /// # Errors
    /// Why it was not made.
    pub(super) fn change(&mut self, change: Change) -> Result<bool, PeopleError> {
        let Some(book) = &mut self.book else { return Ok(false) };
        if self.only_keys && !is_of_a_key(&change) {
            return Ok(false);
        }
        let now = UnixTime::now();
        let forget = forgets(&change);
        if self.opening.is_some() {
            let noted = self.noted.entry(book.account().clone()).or_default();
            if noted.len() < MOST_NOTED {
                noted.push((change.clone(), now));
            }
        }
        let changed = Arc::make_mut(book).apply(change, now)?;
        self.stale |= changed;
        if (changed || forget) && self.opening.is_none() {
            self.save(forget);
        }
        Ok(changed)
    }

    fn save(&self, forget: bool) {
        if let (Some(store), Some(book)) = (&self.store, &self.book) {
            store.save(Arc::clone(book), forget);
        }
    }

    /// Has the book written as JSON for the person; `false` when that can't be done now.
    pub(super) fn export(&self, to: PathBuf) -> bool {
        match (&self.store, &self.book) {
            (Some(store), Some(book)) => store.export(Arc::clone(book), to),
            _ => false,
        }
    }

    /// Writes what waits.
    pub(super) async fn finish(mut self) {
        while let (Some(store), Some((account, _))) =
            (&mut self.store, self.noted.first_key_value())
        {
            let account = account.clone();
            store.open(account.clone());
            while let Some(event) = store.next_event().await {
                if matches!(&event, StoreEvent::Opened { book, .. } if *book.account() == account) {
                    self.on_store(event);
                    break;
                }
            }
            // The thread may be gone.
            self.noted.remove(&account);
        }
        if let Some(store) = self.store {
            store.finish().await;
        }
    }

    /// Whether this name is blocked.
    pub(super) fn is_blocked(&self, username: &Username) -> bool {
        self.blocked.contains(username)
            || self.book.as_ref().is_some_and(|book| book.is_blocked(username))
    }

    /// Whether this name is a contact's.
    pub(super) fn has(&self, username: &Username) -> bool {
        self.book.as_ref().is_some_and(|book| book.contact(username).is_some())
    }

    /// Whether this name is a contact's, or stands in the history.
    pub(super) fn knows(&self, username: &Username) -> bool {
        self.book.as_ref().is_some_and(|book| {
            book.contact(username).is_some() || book.calls().any(|call| call.with == *username)
        })
    }

    /// What is kept of a name's key.
    pub(super) fn known(&self, username: &Username) -> Known {
        let pinned = self.book.as_ref().and_then(|book| book.key_of(username));
        Known {
            key: pinned.map(|pinned| pinned.key),
            confirmed: pinned.is_some_and(|pinned| pinned.confirmed.is_some()),
            ..Known::default()
        }
    }

    /// Whether a name without a key may be one that had a key: the book is not open yet, or could
    /// not be read, or was lost not long ago.
    fn keys_are_doubted(&self, now: UnixTime) -> bool {
        self.no_store
            || self.opening.is_some()
            || self.book.as_ref().is_some_and(|book| book.keys().are_doubted(now))
    }

    /// What the person calls somebody.
    pub(super) fn shown_name<'a>(&'a self, username: &'a Username) -> &'a str {
        let contact = self.book.as_ref().and_then(|book| book.contact(username));
        contact.map_or(username.as_str(), |contact| contact.shown_name())
    }

    /// Whether somebody is there.
    pub(super) fn set_presence(&mut self, username: &Username, online: bool) {
        if self.has(username) {
            let before = self.online.insert(username.clone(), online);
            self.stale |= before != Some(online);
        }
    }

    /// The server lists who is there; `complete`: everybody. Of contacts who are watched it tells
    /// when they go; of others only this does.
    pub(super) fn set_listed(&mut self, users: &[Username], complete: bool, watched: &[Username]) {
        let Some(book) = &self.book else { return };
        let [listed, watched] = [users, watched].map(|names| names.iter().collect::<HashSet<_>>());
        for contact in book.contacts() {
            let username = &contact.username;
            let now = if listed.contains(username) {
                Some(true)
            } else if watched.contains(username) {
                continue;
            } else {
                complete.then_some(false)
            };
            if self.online.get(username).copied() != now {
                self.stale = true;
                match now {
                    Some(online) => self.online.insert(username.clone(), online),
                    None => self.online.remove(username),
                };
            }
        }
    }

    /// Nobody tells any more who is there.
    pub(super) fn forget_presence(&mut self) {
        self.stale |= !self.online.is_empty();
        self.online.clear();
    }

    /// Whom to watch: contacts first, those before whom one talked to last, then the others.
    pub(super) fn watch_list<'a>(
        &'a self,
        others: impl Iterator<Item = &'a Username>,
    ) -> Vec<Username> {
        let (mut list, mut known) = (Vec::new(), HashSet::new());
        let book = self.book.as_deref();
        let called = book.into_iter().flat_map(Book::calls).map(|call| &call.with);
        let called = called.filter(|name| book.is_some_and(|book| book.contact(name).is_some()));
        let contacts = book.into_iter().flat_map(Book::contacts).map(|contact| &contact.username);
        for name in called.chain(contacts).chain(others) {
            if list.len() == MAX_LISTED_USERS {
                break;
            }
            if known.insert(name) {
                list.push(name.clone());
            }
        }
        list
    }

    /// Shows what has changed.
    pub(super) fn show(&mut self, snapshot: &mut Snapshot) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let Some(book) = &self.book else {
            snapshot.contacts = Arc::default();
            snapshot.recent_calls = Arc::default();
            snapshot.blocked = Arc::default();
            snapshot.unseen_missed_calls = 0;
            snapshot.keys = Arc::default();
            snapshot.keys_in_doubt = false;
            return;
        };
        let mut rows: Vec<ContactRow> = book
            .contacts()
            .map(|contact| ContactRow {
                username: contact.username.clone(),
                display_name: contact.display_name.clone(),
                added: contact.added,
                presence: match self.online.get(&contact.username) {
                    Some(true) => Presence::Online,
                    Some(false) => Presence::Offline,
                    None => Presence::Unknown,
                },
                key: book.key_of(&contact.username),
            })
            .collect();
        rows.sort_by_cached_key(|row| row.shown_name().to_lowercase());
        let blocked: BTreeSet<_> = book.blocked().cloned().collect();
        snapshot.contacts = Arc::new(rows);
        snapshot.recent_calls = Arc::new(book.calls().cloned().collect());
        snapshot.blocked = Arc::new(blocked.into_iter().collect());
        snapshot.unseen_missed_calls = book.unseen_missed();
        snapshot.keys = book.keys().shared();
        snapshot.keys_in_doubt = self.keys_are_doubted(UnixTime::now());
    }
}

/// Whether a change is about a key and nothing else.
fn is_of_a_key(change: &Change) -> bool {
    matches!(
        change,
        Change::Pin(..)
            | Change::ReplaceKey(..)
            | Change::ConfirmKey(..)
            | Change::UnconfirmKey(_)
            | Change::NoteOtherKey(_)
            | Change::ForgetKey(_)
    )
}

/// Two things to be said, in one line.
fn both(first: Option<Phrase>, second: Option<Phrase>) -> Option<Phrase> {
    match (first, second) {
        (Some(first), Some(second)) => {
            Some(phrase!("two-sentences", first = first, second = second))
        }
        (first, second) => first.or(second),
    }
}

/// Whether a change is to be nowhere on the disk afterwards.
fn forgets(change: &Change) -> bool {
    matches!(change, Change::EraseHistory | Change::EraseAll)
}

/// A call from when it begins until the history has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CallNote {
    pub(super) with: Username,
    pub(super) direction: Direction,
    pub(super) at: UnixTime,
}

impl CallNote {
    /// The call is over: what the history gets. `before` is where it was until then.
    pub(super) fn ended(
        self,
        before: &CallPhase,
        reason: &EndReason,
        talked: Option<Duration>,
    ) -> EndedCall {
        let Self { with, direction, at } = self;
        let rang = matches!(before, CallPhase::Calling { .. } | CallPhase::Ringing { .. });
        let end = match reason {
            EndReason::MediaLost => CallEnd::Lost,
            EndReason::HungUp | EndReason::ClosedByPeer if talked.is_some() => CallEnd::Completed,
            _ if talked.is_some() => CallEnd::Lost,
            EndReason::DeclinedByUs | EndReason::Declined => CallEnd::Declined,
            // Whatever ends the ringing of a call that nobody took: it was missed.
            _ if direction == Direction::Incoming && rang => CallEnd::NoAnswer,
            EndReason::HungUp if direction == Direction::Outgoing => CallEnd::Cancelled,
            EndReason::Busy => CallEnd::Busy,
            EndReason::NoAnswer => CallEnd::NoAnswer,
            EndReason::Unknown => CallEnd::Offline,
            EndReason::HungUp
            | EndReason::ClosedByPeer
            | EndReason::Refused(_)
            | EndReason::PeerLost
            | EndReason::ServerLost
            | EndReason::ConnectFailed(_)
            | EndReason::KeyChanged(_)
            | EndReason::Untrusted(_) => CallEnd::Failed,
        };
        EndedCall { with, at, direction, end, talked }
    }
}

#[cfg(test)]
mod tests;
