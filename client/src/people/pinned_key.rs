//! The keys that names had in earlier calls. Pure.
//!
//! In: what a call or the person says of a name's key, and when. Out: the [`PinnedKey`] of a name.
//! What always holds: another key takes the place of a kept one only by [`Keys::replace`]; there
//! are never more than [`MAX_KEYS`]; when there is one too many, the oldest of those goes that
//! nobody compared aloud and that is no contact's, and where there is no such one the new key is
//! refused: no confirmed key and no contact's is forgotten for another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use visavis_shared::{PublicKey, Username};

use super::UnixTime;
use super::book::PeopleError;

/// The most keys: those of all contacts, and as many again.
pub const MAX_KEYS: usize = 20_000;
/// So long after keys were lost, a name without one may still be one whose key was.
const DOUBTED_FOR: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A key that is remembered for a name on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinnedKey {
    /// The key.
    pub key: PublicKey,
    /// When it was first seen.
    pub since: UnixTime,
    /// When a safety code was compared aloud under it.
    pub confirmed: Option<UnixTime>,
    /// When a call of this name came with another key, or with none, that the person has not
    /// allowed; `None` since the kept key was seen again.
    pub other_seen: Option<UnixTime>,
}

impl PinnedKey {
    /// One that is seen for the first time.
    #[must_use]
    pub fn new(key: PublicKey, now: UnixTime) -> Self {
        Self { key, since: now, confirmed: None, other_seen: None }
    }
}

/// All that are remembered on this server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    all: Arc<BTreeMap<Username, PinnedKey>>,
    /// What a later version keeps of a key besides: read and written as it is.
    pub(super) further: BTreeMap<Username, Map<String, Value>>,
    /// When some of them were lost.
    pub(super) lost: Option<UnixTime>,
    /// What was kept and could not be read: the name where that could be. Not written.
    pub(super) unread: Vec<Option<Username>>,
}

impl Keys {
    /// The key of a name.
    #[must_use]
    pub fn get(&self, username: &Username) -> Option<PinnedKey> {
        self.all.get(username).copied()
    }

    /// All of them, to be looked at elsewhere.
    #[must_use]
    pub fn shared(&self) -> Arc<BTreeMap<Username, PinnedKey>> {
        Arc::clone(&self.all)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a name without a key may be one whose key was lost not long ago.
    #[must_use]
    pub fn are_doubted(&self, now: UnixTime) -> bool {
        self.lost.is_some_and(|lost| now.apart(lost) < DOUBTED_FOR)
    }

    /// Remembers the key of a call that stands; whether anything is different. `is_contact`: whose
    /// keys are kept before those of others.
    ///
    /// # Errors
    /// Another one is kept, or there is no room.
    pub(super) fn pin(
        &mut self,
        (username, key): (Username, PublicKey),
        now: UnixTime,
        is_contact: impl Fn(&Username) -> bool,
    ) -> Result<bool, PeopleError> {
        match self.get(&username) {
            Some(kept) if kept.key != key => Err(PeopleError::OtherKey),
            Some(kept) => Ok(self.put(username, PinnedKey { other_seen: None, ..kept })),
            None => self.insert(username, PinnedKey::new(key, now), is_contact),
        }
    }

    /// Remembers a key instead of whichever is kept.
    pub(super) fn replace(
        &mut self,
        (username, key): (Username, PublicKey),
        now: UnixTime,
        is_contact: impl Fn(&Username) -> bool,
    ) -> Result<bool, PeopleError> {
        match self.get(&username) {
            Some(kept) if kept.key == key => {
                Ok(self.put(username, PinnedKey { other_seen: None, ..kept }))
            }
            Some(_) => {
                self.further.remove(&username);
                Ok(self.put(username, PinnedKey::new(key, now)))
            }
            None => self.insert(username, PinnedKey::new(key, now), is_contact),
        }
    }

    /// A safety code was compared aloud under this key.
    pub(super) fn confirm(
        &mut self,
        (username, key): (Username, PublicKey),
        now: UnixTime,
        is_contact: impl Fn(&Username) -> bool,
    ) -> Result<bool, PeopleError> {
        let kept = match self.get(&username) {
            Some(kept) if kept.key != key => return Err(PeopleError::OtherKey),
            Some(kept) => kept,
            None => {
                let new = PinnedKey { confirmed: Some(now), ..PinnedKey::new(key, now) };
                return self.insert(username, new, is_contact);
            }
        };
        Ok(self.put(username, PinnedKey { confirmed: Some(now), other_seen: None, ..kept }))
    }

    /// Whatever was compared counts no more.
    pub(super) fn unconfirm(&mut self, username: &Username) -> bool {
        self.change(username, |kept| PinnedKey { confirmed: None, ..kept })
    }

    /// A call came under another key than the kept one, or under none.
    pub(super) fn note_other(&mut self, username: &Username, now: UnixTime) -> bool {
        self.change(username, |kept| PinnedKey { other_seen: Some(now), ..kept })
    }

    /// Forgets the key of a name.
    pub(super) fn forget(&mut self, username: &Username) -> bool {
        self.further.remove(username);
        self.all.contains_key(username) && Arc::make_mut(&mut self.all).remove(username).is_some()
    }

    /// What was kept, as far as there is room: the rest counts as unread. The first of several of
    /// one name counts.
    pub(super) fn read(
        entries: impl Iterator<Item = (Username, PinnedKey, Map<String, Value>)>,
        unread: Vec<Option<Username>>,
        is_contact: impl Fn(&Username) -> bool,
    ) -> Self {
        let mut keys = Self { unread, ..Self::default() };
        for (username, pinned, further) in entries {
            if keys.all.contains_key(&username)
                || keys.insert(username.clone(), pinned, &is_contact).is_err()
            {
                keys.unread.push(Some(username));
            } else if !further.is_empty() {
                keys.further.insert(username, further);
            }
        }
        keys
    }

    /// Puts one in that is not there yet.
    fn insert(
        &mut self,
        username: Username,
        pinned: PinnedKey,
        is_contact: impl Fn(&Username) -> bool,
    ) -> Result<bool, PeopleError> {
        if self.all.len() >= MAX_KEYS {
            let others = self
                .all
                .iter()
                .filter(|(name, pinned)| pinned.confirmed.is_none() && !is_contact(name));
            let oldest = others.min_by_key(|(_, pinned)| pinned.since).map(|(name, _)| name);
            let oldest = oldest.cloned().ok_or(PeopleError::TooManyKeys)?;
            self.forget(&oldest);
        }
        Ok(self.put(username, pinned))
    }

    fn change(&mut self, username: &Username, to: impl FnOnce(PinnedKey) -> PinnedKey) -> bool {
        let Some(kept) = self.get(username) else { return false };
        self.put(username.clone(), to(kept))
    }

    fn put(&mut self, username: Username, pinned: PinnedKey) -> bool {
        if self.all.get(&username) == Some(&pinned) {
            return false;
        }
        Arc::make_mut(&mut self.all).insert(username, pinned);
        true
    }
}

#[cfg(test)]
mod tests;
