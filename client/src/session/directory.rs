//! Who can be called: pure bookkeeping of `users` answers and `presence` messages.
//!
//! The list is asked for on login and every so often while nobody is in a call; those on it are
//! watched in between, so that somebody who goes is shown as gone at once. Whom the person reached
//! in this session, and who called them, stay on the list; one's own name is never on it.

use std::collections::BTreeMap;

use visavis_shared::{Username, limits::MAX_LISTED_USERS};

use crate::session::snapshot::Person;

/// The people of this session, in order of name.
#[derive(Debug, Default)]
pub(super) struct Directory {
    people: BTreeMap<Username, Entry>,
    own_name: Option<Username>,
    total: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    online: bool,
    called: bool,
}

impl Directory {
    /// Whom we are logged in as.
    pub(super) fn set_own_name(&mut self, username: Username) {
        self.forget(&username);
        self.own_name = Some(username);
    }

    /// Takes an answer to `users`, but for names that are `hidden`.
    pub(super) fn set_users(
        &mut self,
        users: Vec<Username>,
        total: usize,
        hidden: impl Fn(&Username) -> bool,
    ) {
        self.people.retain(|_, entry| entry.called);
        for entry in self.people.values_mut() {
            entry.online = false;
        }
        let mut unlisted = 0;
        for username in users.into_iter().take(MAX_LISTED_USERS) {
            if hidden(&username) || self.own_name.as_ref() == Some(&username) {
                unlisted += 1;
            } else {
                self.people.entry(username).or_default().online = true;
            }
        }
        let online = self.people.values().filter(|entry| entry.online).count();
        self.total = total.saturating_sub(unlisted).max(online);
    }

    pub(super) fn set_presence(&mut self, username: Username, online: bool) {
        if let Some(entry) = self.people.get_mut(&username) {
            entry.online = online;
        }
    }

    /// Keeps somebody on the list who was reached, or who called.
    pub(super) fn remember(&mut self, username: &Username) {
        if self.own_name.as_ref() != Some(username) && self.people.len() < 2 * MAX_LISTED_USERS {
            self.people
                .entry(username.clone())
                .or_insert(Entry { online: true, called: true })
                .called = true;
        }
    }

    /// Takes somebody off the list.
    pub(super) fn forget(&mut self, username: &Username) {
        if self.people.remove(username).is_some_and(|entry| entry.online) {
            self.total = self.total.saturating_sub(1);
        }
    }

    /// The names on the list, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &Username> {
        self.people.keys()
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

    fn nobody(_: &Username) -> bool {
        false
    }

    #[test]
    fn neither_we_nor_who_is_hidden_is_on_the_list_or_counted() {
        let mut directory = Directory::default();
        directory.remember(&name("alice"));
        directory.set_own_name(name("alice"));
        directory.remember(&name("alice"));
        let users = ["alice", "bob", "mallory"].map(name).to_vec();
        directory.set_users(users, 3, |username| username.as_str() == "mallory");
        assert_eq!((shown(&directory), directory.total()), (vec![("bob".into(), true)], 1));
        directory.forget(&name("bob"));
        assert_eq!((shown(&directory), directory.total()), (Vec::new(), 0));
    }

    #[test]
    fn somebody_who_goes_is_shown_as_gone() {
        let mut directory = Directory::default();
        directory.set_users(vec![name("bob")], 1, nobody);
        directory.set_presence(name("bob"), false);
        directory.set_presence(name("stranger"), true);
        assert_eq!(shown(&directory), [("bob".into(), false)]);
    }

    #[test]
    fn whom_we_called_stays_on_the_list() {
        let mut directory = Directory::default();
        directory.remember(&name("dave"));
        directory.set_users(vec![name("bob")], 1, nobody);
        assert_eq!(shown(&directory), [("bob".into(), true), ("dave".into(), false)]);
    }
}
