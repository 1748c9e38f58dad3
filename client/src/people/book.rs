//! What one person keeps about people on one server: contacts, blocked names, recent calls, and the
//! keys that names had in them. Pure, with time as an argument.
//!
//! In: a [`Change`], and when. Out: the [`Book`] after it, or why not. What always holds: a book is
//! bounded; one's own name is in none of its lists; a blocked name gets into no history; a flood of
//! calls of one name pushes out that name's calls before anybody else's; a key outlives the contact
//! and the calls, until it is forgotten by itself or everything is.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde_json::{Map, Value};
use visavis_shared::{PublicKey, Username};

use super::contact::{Contact, DisplayName, MAX_DISPLAY_NAME_CHARS};
use super::pinned_key::{Keys, MAX_KEYS, PinnedKey};
use super::recent_call::{CallEnd, Direction, RecentCall};
use super::unix_time::UnixTime;

/// The most contacts.
pub const MAX_CONTACTS: usize = 10_000;
/// The most blocked names.
pub const MAX_BLOCKED: usize = 10_000;
/// The most calls of the history.
pub const MAX_CALLS: usize = 1_000;
/// The most missed calls that are taken from a server at once.
const MAX_TOLD: usize = 200;
/// A call that was noted here, and one that the server tells of the same name no further apart than
/// this, is one call: it rang so long, and two clocks differ.
const SAME_CALL: Duration = Duration::from_secs(90);

/// Whose book it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The server, in its one spelling: scheme, host and port.
    pub server: String,
    /// The own name there.
    pub username: Username,
}

/// Why a change was not made; its text is for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum PeopleError {
    #[error("That's your own name.")]
    OwnName,
    #[error("You have blocked this name. Unblock it first.")]
    Blocked,
    #[error("There's no room for more than {MAX_CONTACTS} contacts. Remove some first.")]
    TooManyContacts,
    #[error("You can't block more than {MAX_BLOCKED} names. Unblock some first.")]
    TooManyBlocked,
    #[error("That name is too long. Use at most {MAX_DISPLAY_NAME_CHARS} characters.")]
    NameTooLong,
    #[error("There is no contact with that name any more.")]
    NoContact,
    #[error("Another key is remembered for that name.")]
    OtherKey,
    #[error("There's no room for more than {MAX_KEYS} keys. Forget some first.")]
    TooManyKeys,
}

/// A call that is over, before the book has given it a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedCall {
    /// With whom.
    pub with: Username,
    /// When it began to ring, or was placed.
    pub at: UnixTime,
    /// Who placed it.
    pub direction: Direction,
    /// How it ended.
    pub end: CallEnd,
    /// How long they talked, if they did.
    pub talked: Option<Duration>,
}

/// Everything that can happen to a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Keep somebody; who is kept already gets the name, where there is one.
    Add(Username, Option<DisplayName>),
    /// Call a contact differently; `None`: by their username.
    Rename(Username, Option<DisplayName>),
    /// Keep somebody no longer. Their calls stay.
    Remove(Username),
    /// Let somebody call no more. A contact stays one, unseen until it is unblocked.
    Block(Username),
    /// Let them call again.
    Unblock(Username),
    /// A call is over.
    Record(EndedCall),
    /// The server tells who called while we were away, and when.
    MissedWhileAway(Vec<(Username, UnixTime)>),
    /// The person has seen the missed calls.
    SeeMissed,
    /// Forget all calls. Keys stay.
    EraseHistory,
    /// Forget everything, keys too.
    EraseAll,
    /// A signed call stands: remember this key where none is kept. Another one stays.
    Pin(Username, PublicKey),
    /// The person allows this key in the place of whichever is kept; it was not compared aloud.
    ReplaceKey(Username, PublicKey),
    /// Both have read the same safety code aloud under this key.
    ConfirmKey(Username, PublicKey),
    /// What was compared counts no more.
    UnconfirmKey(Username),
    /// A call came under another key than the kept one, or under none, and was not allowed.
    NoteOtherKey(Username),
    /// The person forgets the key of a name: their next call is the first one again.
    ForgetKey(Username),
}

/// What one person keeps about people on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub(super) account: Account,
    pub(super) contacts: BTreeMap<Username, Contact>,
    pub(super) blocked: BTreeMap<Username, UnixTime>,
    /// The oldest first.
    pub(super) calls: VecDeque<RecentCall>,
    pub(super) calls_noted: u64,
    pub(super) keys: Keys,
    /// What a later version keeps besides: read and written as it is.
    pub(super) further: Map<String, Value>,
}

impl Book {
    /// An empty one.
    #[must_use]
    pub fn new(account: Account) -> Self {
        Self {
            account,
            contacts: BTreeMap::new(),
            blocked: BTreeMap::new(),
            calls: VecDeque::new(),
            calls_noted: 0,
            keys: Keys::default(),
            further: Map::new(),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Makes a change; whether anything is different afterwards.
    ///
    /// # Errors
    /// [`PeopleError`]; then nothing is.
    pub fn apply(&mut self, change: Change, now: UnixTime) -> Result<bool, PeopleError> {
        match change {
            Change::Add(username, display_name) => self.add(username, display_name, now),
            Change::Rename(username, display_name) => {
                let contact = self.contacts.get_mut(&username).ok_or(PeopleError::NoContact)?;
                let before = std::mem::replace(&mut contact.display_name, display_name);
                Ok(before != contact.display_name)
            }
            Change::Remove(username) => Ok(self.contacts.remove(&username).is_some()),
            Change::Block(username) => self.block(username, now),
            Change::Unblock(username) => Ok(self.blocked.remove(&username).is_some()),
            Change::Record(call) => Ok(self.record(call, false)),
            Change::MissedWhileAway(calls) => Ok(self.missed_while_away(calls)),
            Change::SeeMissed => {
                let unseen = self.calls.iter_mut().filter(|call| !call.seen);
                Ok(unseen.map(|call| call.seen = true).count() > 0)
            }
            Change::EraseHistory => {
                let any = !self.calls.is_empty();
                self.calls.clear();
                Ok(any)
            }
            Change::EraseAll => {
                *self = Self { calls_noted: self.calls_noted, ..Self::new(self.account.clone()) };
                Ok(true)
            }
            Change::UnconfirmKey(username) => Ok(self.keys.unconfirm(&username)),
            Change::NoteOtherKey(username) => Ok(self.keys.note_other(&username, now)),
            Change::ForgetKey(username) => Ok(self.keys.forget(&username)),
            Change::Pin(username, _)
            | Change::ReplaceKey(username, _)
            | Change::ConfirmKey(username, _)
                if username == self.account.username =>
            {
                Err(PeopleError::OwnName)
            }
            Change::Pin(username, key) => {
                self.keys.pin((username, key), now, |name| self.contacts.contains_key(name))
            }
            Change::ReplaceKey(username, key) => {
                self.keys.replace((username, key), now, |name| self.contacts.contains_key(name))
            }
            Change::ConfirmKey(username, key) => {
                self.keys.confirm((username, key), now, |name| self.contacts.contains_key(name))
            }
        }
    }

    fn add(
        &mut self,
        username: Username,
        display_name: Option<DisplayName>,
        now: UnixTime,
    ) -> Result<bool, PeopleError> {
        if username == self.account.username {
            return Err(PeopleError::OwnName);
        }
        if self.is_blocked(&username) {
            return Err(PeopleError::Blocked);
        }
        if let Some(contact) = self.contacts.get_mut(&username) {
            let is_new = display_name.is_some() && contact.display_name != display_name;
            if is_new {
                contact.display_name = display_name;
            }
            return Ok(is_new);
        }
        if self.contacts.len() >= MAX_CONTACTS {
            return Err(PeopleError::TooManyContacts);
        }
        let contact =
            Contact { username: username.clone(), display_name, added: now, further: Map::new() };
        self.contacts.insert(username, contact);
        Ok(true)
    }

    fn block(&mut self, username: Username, now: UnixTime) -> Result<bool, PeopleError> {
        if username == self.account.username {
            return Err(PeopleError::OwnName);
        }
        if self.is_blocked(&username) {
            return Ok(false);
        }
        if self.blocked.len() >= MAX_BLOCKED {
            return Err(PeopleError::TooManyBlocked);
        }
        self.blocked.insert(username, now);
        Ok(true)
    }

    /// Notes a call; `false` when it is one of which nothing is kept.
    fn record(&mut self, call: EndedCall, while_away: bool) -> bool {
        let EndedCall { with, at, direction, end, talked } = call;
        if with == self.account.username || self.is_blocked(&with) {
            return false;
        }
        let number = self.calls_noted;
        self.calls_noted += 1;
        // As it is written: in whole seconds.
        let talked = talked.map(|talked| Duration::from_secs(talked.as_secs()));
        let mut call =
            RecentCall { number, with, at, direction, end, talked, seen: true, while_away };
        call.seen = !call.is_missed();
        // What was missed while away comes before what happened since. Everything else stays in the
        // order in which it happened, whatever the clock said.
        let is_later = |noted: &&RecentCall| while_away && noted.at > call.at;
        let later = self.calls.iter().rev().take_while(is_later).count();
        self.calls.insert(self.calls.len() - later, call);
        if self.calls.len() > MAX_CALLS {
            self.forget_one();
        }
        true
    }

    /// Forgets the oldest call of whoever has the most.
    fn forget_one(&mut self) {
        let mut calls_of: HashMap<&Username, usize> = HashMap::new();
        for call in &self.calls {
            *calls_of.entry(&call.with).or_default() += 1;
        }
        let most = calls_of.values().copied().max().unwrap_or_default();
        let oldest = self.calls.iter().position(|call| calls_of.get(&call.with) == Some(&most));
        if let Some(oldest) = oldest {
            self.calls.remove(oldest);
        }
    }

    /// Notes what the server tells, but for what is there already: told before, or noted here.
    fn missed_while_away(&mut self, mut told: Vec<(Username, UnixTime)>) -> bool {
        let surplus = told.len().saturating_sub(MAX_TOLD);
        told.drain(..surplus);
        let mut changed = false;
        for (with, at) in told {
            let is_noted = self.calls.iter().any(|call| {
                let is_same =
                    if call.while_away { call.at == at } else { call.at.apart(at) <= SAME_CALL };
                call.with == with && call.direction == Direction::Incoming && is_same
            });
            if !is_noted {
                let (direction, end) = (Direction::Incoming, CallEnd::NoAnswer);
                changed |= self.record(EndedCall { with, at, direction, end, talked: None }, true);
            }
        }
        changed
    }

    /// The contacts that are not blocked, in order of their usernames.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values().filter(|contact| !self.is_blocked(&contact.username))
    }

    /// The contact of this name, blocked or not.
    #[must_use]
    pub fn contact(&self, username: &Username) -> Option<&Contact> {
        self.contacts.get(username)
    }

    /// Whether a name is blocked.
    #[must_use]
    pub fn is_blocked(&self, username: &Username) -> bool {
        self.blocked.contains_key(username)
    }

    /// The blocked names, in order.
    pub fn blocked(&self) -> impl Iterator<Item = &Username> {
        self.blocked.keys()
    }

    /// The calls, the newest first; without those of blocked names.
    pub fn calls(&self) -> impl Iterator<Item = &RecentCall> {
        self.calls.iter().rev().filter(|call| !self.is_blocked(&call.with))
    }

    /// How many missed calls the person has not seen.
    #[must_use]
    pub fn unseen_missed(&self) -> usize {
        self.calls().filter(|call| !call.seen).count()
    }

    /// The key that a name had in earlier calls, contact or not.
    #[must_use]
    pub fn key_of(&self, username: &Username) -> Option<PinnedKey> {
        self.keys.get(username)
    }

    /// All keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Some keys were lost, with the file that they were kept in.
    pub fn keys_were_lost(&mut self, now: UnixTime) {
        self.keys.lost = Some(now);
    }

    /// Whether something was kept as a key that could not be read.
    #[must_use]
    pub fn has_unread_keys(&self) -> bool {
        !self.keys.unread.is_empty()
    }

    /// Takes what was kept as a key and could not be read: the name, where that could be.
    #[must_use]
    pub fn take_unread_keys(&mut self) -> Vec<Option<Username>> {
        std::mem::take(&mut self.keys.unread)
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contacts.is_empty()
            && self.blocked.is_empty()
            && self.calls.is_empty()
            && self.keys.is_empty()
            && self.further.is_empty()
    }
}

#[cfg(test)]
mod tests;
