//! Who can be called: pure bookkeeping of `users` answers and `presence` messages.
//!
//! The list is asked for on login and every so often while nobody is in a call; those on it are
//! watched in between, so that somebody who goes is shown as gone at once. Whom the person called
//! in this session stays on the list.

use std::collections::BTreeMap;

use visavis_shared::{ClientMessage, Username, limits::MAX_LISTED_USERS};

use crate::session::snapshot::Person;

/// The people of this session, in order of name.
#[derive(Debug, Default)]
pub(super) struct Directory {
    people: BTreeMap<Username, Entry>,
    total: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    online: bool,
    called: bool,
}

impl Directory {
    /// Takes an answer to `users`. Gives the message that watches them all, when it names anyone
    /// new.
    pub(super) fn set_users(
        &mut self,
        users: Vec<Username>,
        total: usize,
    ) -> Option<ClientMessage> {
        let watched_before: Vec<_> = self.people.keys().cloned().collect();
        self.people.retain(|_, entry| entry.called);
        for entry in self.people.values_mut() {
            entry.online = false;
        }
        for username in users.into_iter().take(MAX_LISTED_USERS) {
            self.people.entry(username).or_default().online = true;
        }
        self.total = total.max(self.people.values().filter(|entry| entry.online).count());
        let watched: Vec<_> = self.people.keys().take(MAX_LISTED_USERS).cloned().collect();
        (watched != watched_before).then_some(ClientMessage::Watch { usernames: watched })
    }

    pub(super) fn set_presence(&mut self, username: Username, online: bool) {
        if let Some(entry) = self.people.get_mut(&username) {
            entry.online = online;
        }
    }

    /// Keeps somebody on the list who was called, or who called.
    pub(super) fn remember(&mut self, username: &Username) {
        if self.people.len() < 2 * MAX_LISTED_USERS {
            self.people
                .entry(username.clone())
                .or_insert(Entry { online: true, called: true })
                .called = true;
        }
    }

    /// Whether somebody of this very name is on the list.
    pub(super) fn knows(&self, username: &Username) -> bool {
        self.people.contains_key(username)
    }

    /// Forgets everyone: after logging out.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn people(&self) -> Vec<Person> {
        self.people
            .iter()
            .map(|(username, entry)| Person { username: username.clone(), online: entry.online })
            .collect()
    }

    /// How many are online in all.
    pub(super) const fn total(&self) -> usize {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    fn shown(directory: &Directory) -> Vec<(String, bool)> {
        directory.people().into_iter().map(|p| (p.username.to_string(), p.online)).collect()
    }

    #[test]
    fn those_on_the_list_are_watched_once() {
        let mut directory = Directory::default();
        let watch = directory.set_users(vec![name("bob"), name("carol")], 2);
        assert_eq!(
            watch,
            Some(ClientMessage::Watch { usernames: vec![name("bob"), name("carol")] })
        );
        assert_eq!(directory.set_users(vec![name("carol"), name("bob")], 2), None);
    }

    #[test]
    fn somebody_who_goes_is_shown_as_gone() {
        let mut directory = Directory::default();
        directory.set_users(vec![name("bob")], 1);
        directory.set_presence(name("bob"), false);
        directory.set_presence(name("stranger"), true);
        assert_eq!(shown(&directory), [("bob".into(), false)]);
    }

    #[test]
    fn whom_we_called_stays_on_the_list() {
        let mut directory = Directory::default();
        directory.remember(&name("dave"));
        directory.set_users(vec![name("bob")], 1);
        assert_eq!(shown(&directory), [("bob".into(), true), ("dave".into(), false)]);
    }
}
