//! Who is online under which name, and who watches whom.
//!
//! Pure: connections are numbers, nothing is sent from here. A name has at most one owner at any time, a connection has
//! at most one name, and what belongs to a connection goes with it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Bound;

use visavis_shared::Username;
use visavis_shared::limits::MAX_LISTED_USERS;

/// One connection, for as long as the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Why a name could not be claimed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Another connection has it.
    #[error("somebody else is logged in under that name")]
    Taken,
    /// The connection has a name already: this one.
    #[error("this connection is logged in as {0}")]
    AlreadyNamed(Username),
}

/// Names and watchers of every connection.
#[derive(Debug, Default)]
pub struct Registry {
    names: HashMap<ConnectionId, Username>,
    /// In order of name, so that a prefix is a range.
    owners: BTreeMap<Username, ConnectionId>,
    watched_by: HashMap<ConnectionId, BTreeSet<Username>>,
    watchers_of: HashMap<Username, BTreeSet<ConnectionId>>,
}

impl Registry {
    /// Gives a name to a connection.
    ///
    /// # Errors
    /// When another connection has the name, or this one has a name.
    pub fn claim(&mut self, connection: ConnectionId, name: Username) -> Result<(), ClaimError> {
        if let Some(name) = self.names.get(&connection) {
            return Err(ClaimError::AlreadyNamed(name.clone()));
        }
        if self.owners.contains_key(&name) {
            return Err(ClaimError::Taken);
        }
        self.owners.insert(name.clone(), connection);
        self.names.insert(connection, name);
        Ok(())
    }

    /// Takes everything back that a connection had: its name, which is free at once, and what it watched.
    pub fn release(&mut self, connection: ConnectionId) -> Option<Username> {
        self.watch(connection, BTreeSet::new());
        let name = self.names.remove(&connection)?;
        self.owners.remove(&name);
        Some(name)
    }

    /// The name of a connection, once it has one.
    #[must_use]
    pub fn name_of(&self, connection: ConnectionId) -> Option<&Username> {
        self.names.get(&connection)
    }

    /// Who has a name.
    #[must_use]
    pub fn owner_of(&self, name: &Username) -> Option<ConnectionId> {
        self.owners.get(name).copied()
    }

    /// The names that begin with `prefix` and are not the asker's own: the first of them in order, and how many there
    /// are.
    #[must_use]
    pub fn list(&self, asker: ConnectionId, prefix: &str) -> (Vec<Username>, usize) {
        let mut users = Vec::new();
        let mut total = 0;
        let from = (Bound::Included(prefix), Bound::Unbounded);
        for (name, owner) in self.owners.range::<str, _>(from) {
            if !name.as_str().starts_with(prefix) {
                break;
            }
            if *owner != asker {
                total += 1;
                if users.len() < MAX_LISTED_USERS {
                    users.push(name.clone());
                }
            }
        }
        (users, total)
    }

    /// Has a connection watch these names, and no others.
    pub fn watch(&mut self, connection: ConnectionId, names: BTreeSet<Username>) {
        for name in self.watched_by.remove(&connection).unwrap_or_default() {
            if let Some(watchers) = self.watchers_of.get_mut(&name) {
                watchers.remove(&connection);
                if watchers.is_empty() {
                    self.watchers_of.remove(&name);
                }
            }
        }
        for name in &names {
            self.watchers_of.entry(name.clone()).or_default().insert(connection);
        }
        if !names.is_empty() {
            self.watched_by.insert(connection, names);
        }
    }

    /// Who watches a name.
    pub fn watchers_of(&self, name: &Username) -> impl Iterator<Item = ConnectionId> {
        self.watchers_of.get(name).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: ConnectionId = ConnectionId(1);
    const BOB: ConnectionId = ConnectionId(2);

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    #[test]
    fn a_name_has_one_owner_until_it_is_released() {
        let mut registry = Registry::default();
        assert_eq!(registry.claim(ALICE, name("alice")), Ok(()));
        assert_eq!(registry.claim(BOB, name("alice")), Err(ClaimError::Taken));
        assert_eq!(registry.claim(ALICE, name("alison")), Err(ClaimError::AlreadyNamed(name("alice"))));
        assert_eq!(registry.owner_of(&name("alice")), Some(ALICE));
        assert_eq!(registry.release(ALICE), Some(name("alice")));
        assert_eq!(registry.claim(BOB, name("alice")), Ok(()));
        assert_eq!(registry.owner_of(&name("alice")), Some(BOB));
    }

    #[test]
    fn names_that_differ_in_case_are_different() {
        let mut registry = Registry::default();
        assert_eq!(registry.claim(ALICE, name("alice")), Ok(()));
        assert_eq!(registry.claim(BOB, name("Alice")), Ok(()));
    }

    #[test]
    fn a_list_is_in_order_leaves_the_asker_out_and_counts_all() {
        let mut registry = Registry::default();
        for n in 0..150 {
            registry.claim(ConnectionId(n), name(&format!("bo{n:03}"))).unwrap();
        }
        registry.claim(ConnectionId(900), name("alice")).unwrap();
        registry.claim(ConnectionId(901), name("bz")).unwrap();
        let (users, total) = registry.list(ConnectionId(3), "bo");
        assert_eq!((users.len(), total), (MAX_LISTED_USERS, 149));
        assert_eq!((users[0].as_str(), users[3].as_str()), ("bo000", "bo004"));
        assert_eq!(registry.list(ConnectionId(900), "").1, 151);
        assert_eq!(registry.list(ConnectionId(900), "c"), (vec![], 0));
    }

    #[test]
    fn watching_again_replaces_the_list_and_ends_with_the_connection() {
        let mut registry = Registry::default();
        registry.watch(ALICE, BTreeSet::from([name("bob"), name("carol")]));
        registry.watch(BOB, BTreeSet::from([name("bob")]));
        assert_eq!(registry.watchers_of(&name("bob")).collect::<Vec<_>>(), [ALICE, BOB]);
        registry.watch(ALICE, BTreeSet::from([name("dave")]));
        assert_eq!(registry.watchers_of(&name("bob")).collect::<Vec<_>>(), [BOB]);
        registry.release(ALICE);
        registry.release(BOB);
        assert!(registry.watchers_of.is_empty() && registry.watched_by.is_empty());
    }
}
