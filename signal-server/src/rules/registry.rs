//! Who is online under which name, and who watches whom.
//!
//! Pure: connections are numbers, nothing is sent from here. A name has at most one owner at any
//! time, a connection has at most one name, and what belongs to a connection goes with it. Guests
//! of older pages have a name too, so that they can be answered, but are listed to nobody.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Bound;

use visavis_shared::Username;
use visavis_shared::identity::PublicKey;
use visavis_shared::limits::MAX_LISTED_USERS;

/// One connection, for as long as the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Something for each connection.
pub type ByConnection<T> = HashMap<ConnectionId, T, BuildHasherDefault<IdHasher>>;

/// Hashes connection ids. The server counts them itself, so nobody can choose them to collide, and
/// one multiplication spreads them (Knuth's, by the golden ratio).
#[derive(Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        // The map looks at the highest bits and at the lowest.
        self.0 ^ (self.0 >> 32)
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

/// Whoever has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: Username,
    /// The key of their device, if it showed one.
    pub key: Option<PublicKey>,
    /// Whether others are told that they are here.
    pub listed: bool,
}

/// Names and watchers of every connection.
#[derive(Debug, Default)]
pub struct Registry {
    people: ByConnection<Person>,
    /// Those of them who are not listed.
    guests: HashSet<ConnectionId>,
    /// In order of name, so that a prefix is a range.
    owners: BTreeMap<Username, ConnectionId>,
    watched_by: ByConnection<BTreeSet<Username>>,
    watchers_of: HashMap<Username, BTreeSet<ConnectionId>>,
    /// Those of the watched who are online on another node.
    elsewhere: BTreeSet<Username>,
    /// Those of the watched of whom the other nodes have yet to say whether they are there.
    asked: BTreeSet<Username>,
}

/// What a new watch list changes for the node as a whole.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WatchChange {
    /// Nobody here watched them before.
    pub begun: Vec<Username>,
    /// Nobody here watches them any more.
    pub ended: Vec<Username>,
}

impl Registry {
    /// Gives a name to a connection.
    ///
    /// # Errors
    /// When another connection has the name, or this one has a name.
    pub fn claim(&mut self, connection: ConnectionId, person: Person) -> Result<(), ClaimError> {
        if let Some(Person { name, .. }) = self.people.get(&connection) {
            return Err(ClaimError::AlreadyNamed(name.clone()));
        }
        if self.owners.contains_key(&person.name) {
            return Err(ClaimError::Taken);
        }
        self.owners.insert(person.name.clone(), connection);
        if !person.listed {
            self.guests.insert(connection);
        }
        self.people.insert(connection, person);
        Ok(())
    }

    /// Takes everything back that a connection had: its name, which is free at once, and what it
    /// watched.
    pub fn release(&mut self, connection: ConnectionId) -> (Option<Person>, WatchChange) {
        let change = self.watch(connection, BTreeSet::new());
        let person = self.people.remove(&connection);
        if let Some(person) = &person {
            self.owners.remove(&person.name);
            self.guests.remove(&connection);
        }
        (person, change)
    }

    /// Gives everything that one connection had to another, which has nothing yet.
    pub fn move_to(&mut self, from: ConnectionId, to: ConnectionId) {
        if let Some(person) = self.people.remove(&from) {
            self.owners.insert(person.name.clone(), to);
            if self.guests.remove(&from) {
                self.guests.insert(to);
            }
            self.people.insert(to, person);
        }
        if let Some(names) = self.watched_by.remove(&from) {
            for name in &names {
                if let Some(watchers) = self.watchers_of.get_mut(name) {
                    watchers.remove(&from);
                    watchers.insert(to);
                }
            }
            self.watched_by.insert(to, names);
        }
    }

    /// Who is on a connection, once they have a name.
    #[must_use]
    pub fn person(&self, connection: ConnectionId) -> Option<&Person> {
        self.people.get(&connection)
    }

    /// The name of a connection, once it has one.
    #[must_use]
    pub fn name_of(&self, connection: ConnectionId) -> Option<&Username> {
        self.people.get(&connection).map(|person| &person.name)
    }

    /// Who has a name.
    #[must_use]
    pub fn owner_of(&self, name: &Username) -> Option<ConnectionId> {
        self.owners.get(name).copied()
    }

    /// Whether somebody can be told to be online, here or on another node.
    #[must_use]
    pub fn is_seen(&self, name: &Username) -> bool {
        self.owner_of(name).and_then(|owner| self.person(owner)).is_some_and(|person| person.listed)
            || self.elsewhere.contains(name)
    }

    /// Waits for the other nodes to say whether somebody is there.
    pub fn ask_elsewhere(&mut self, name: Username) {
        self.asked.insert(name);
    }

    /// Whether the other nodes have yet to say whether somebody is there.
    #[must_use]
    pub fn is_asked(&self, name: &Username) -> bool {
        self.asked.contains(name)
    }

    /// Somebody is or is not on another node; `false` when that was known, or nobody here watches
    /// them.
    pub fn seen_elsewhere(&mut self, name: &Username, online: bool) -> bool {
        let first = self.asked.remove(name);
        let changed = if online && self.watchers_of.contains_key(name) {
            self.elsewhere.insert(name.clone())
        } else {
            self.elsewhere.remove(name)
        };
        first || changed
    }

    /// The connections of those who are not listed, in no order.
    pub fn guests(&self) -> impl Iterator<Item = ConnectionId> {
        self.guests.iter().copied()
    }

    /// The listed names that begin with `prefix` and are not the asker's own: the first of them in
    /// order, and how many there are.
    #[must_use]
    pub fn list(&self, asker: ConnectionId, prefix: &str) -> (Vec<Username>, usize) {
        let mut users = Vec::new();
        let mut total = 0;
        let from = (Bound::Included(prefix), Bound::Unbounded);
        for (name, owner) in self.owners.range::<str, _>(from) {
            if !name.as_str().starts_with(prefix) {
                break;
            }
            if *owner != asker && self.person(*owner).is_some_and(|person| person.listed) {
                total += 1;
                if users.len() < MAX_LISTED_USERS {
                    users.push(name.clone());
                }
            }
        }
        (users, total)
    }

    /// Has a connection watch these names, and no others.
    pub fn watch(&mut self, connection: ConnectionId, names: BTreeSet<Username>) -> WatchChange {
        let mut change = WatchChange::default();
        let before = self.watched_by.remove(&connection).unwrap_or_default();
        for name in names.difference(&before) {
            let watchers = self.watchers_of.entry(name.clone()).or_default();
            if watchers.is_empty() {
                change.begun.push(name.clone());
            }
            watchers.insert(connection);
        }
        for name in before.difference(&names) {
            if let Some(watchers) = self.watchers_of.get_mut(name) {
                watchers.remove(&connection);
                if watchers.is_empty() {
                    self.watchers_of.remove(name);
                    self.elsewhere.remove(name);
                    self.asked.remove(name);
                    change.ended.push(name.clone());
                }
            }
        }
        if !names.is_empty() {
            self.watched_by.insert(connection, names);
        }
        change
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

    fn person(text: &str) -> Person {
        Person { name: name(text), key: None, listed: true }
    }

    #[test]
    fn a_name_has_one_owner_until_it_is_released() {
        let mut registry = Registry::default();
        assert_eq!(registry.claim(ALICE, person("alice")), Ok(()));
        assert_eq!(registry.claim(BOB, person("alice")), Err(ClaimError::Taken));
        assert_eq!(
            registry.claim(ALICE, person("alison")),
            Err(ClaimError::AlreadyNamed(name("alice")))
        );
        assert_eq!(registry.owner_of(&name("alice")), Some(ALICE));
        assert_eq!(registry.release(ALICE).0, Some(person("alice")));
        assert_eq!(registry.claim(BOB, person("alice")), Ok(()));
        assert_eq!(registry.owner_of(&name("alice")), Some(BOB));
    }

    #[test]
    fn a_list_is_in_order_leaves_the_asker_out_and_counts_all() {
        let mut registry = Registry::default();
        for n in 0..150 {
            registry.claim(ConnectionId(n), person(&format!("bo{n:03}"))).unwrap();
        }
        registry.claim(ConnectionId(900), person("alice")).unwrap();
        registry.claim(ConnectionId(901), person("bz")).unwrap();
        let (users, total) = registry.list(ConnectionId(3), "bo");
        assert_eq!((users.len(), total), (MAX_LISTED_USERS, 149));
        assert_eq!((users[0].as_str(), users[3].as_str()), ("bo000", "bo004"));
        assert_eq!(registry.list(ConnectionId(900), "").1, 151);
        assert_eq!(registry.list(ConnectionId(900), "c"), (vec![], 0));
    }

    #[test]
    fn whoever_is_not_listed_is_seen_by_nobody() {
        let mut registry = Registry::default();
        registry.claim(ALICE, Person { listed: false, ..person("x7Fh2") }).unwrap();
        assert_eq!(registry.list(BOB, ""), (vec![], 0));
        assert!(!registry.is_seen(&name("x7Fh2")));
        assert_eq!(registry.owner_of(&name("x7Fh2")), Some(ALICE));
    }

    #[test]
    fn watching_again_replaces_the_list_and_ends_with_the_connection() {
        let mut registry = Registry::default();
        let begun = |names: &[&str]| WatchChange {
            begun: names.iter().map(|n| name(n)).collect(),
            ended: vec![],
        };
        assert_eq!(
            registry.watch(ALICE, [name("bob"), name("carol")].into()),
            begun(&["bob", "carol"])
        );
        assert_eq!(registry.watch(BOB, [name("bob")].into()), begun(&[]));
        assert_eq!(registry.watchers_of(&name("bob")).collect::<Vec<_>>(), [ALICE, BOB]);
        let change = registry.watch(ALICE, [name("dave")].into());
        assert_eq!(change, WatchChange { begun: vec![name("dave")], ended: vec![name("carol")] });
        assert_eq!(registry.watchers_of(&name("bob")).collect::<Vec<_>>(), [BOB]);
        registry.release(ALICE);
        registry.release(BOB);
        assert!(registry.watchers_of.is_empty() && registry.watched_by.is_empty());
    }

    #[test]
    fn those_on_other_nodes_are_seen_while_somebody_here_watches_them() {
        let mut registry = Registry::default();
        assert!(!registry.seen_elsewhere(&name("bob"), true), "nobody watches");
        registry.watch(ALICE, [name("bob")].into());
        assert!(registry.seen_elsewhere(&name("bob"), true));
        assert!(!registry.seen_elsewhere(&name("bob"), true), "that was known");
        assert!(registry.is_seen(&name("bob")));
        registry.watch(ALICE, BTreeSet::new());
        assert!(!registry.is_seen(&name("bob")) && registry.elsewhere.is_empty());
    }

    #[test]
    fn a_connection_takes_over_everything_that_another_had() {
        let mut registry = Registry::default();
        registry.claim(ALICE, person("alice")).unwrap();
        registry.watch(ALICE, [name("bob")].into());
        registry.move_to(ALICE, BOB);
        assert_eq!((registry.owner_of(&name("alice")), registry.name_of(ALICE)), (Some(BOB), None));
        assert_eq!(registry.watchers_of(&name("bob")).collect::<Vec<_>>(), [BOB]);
        assert_eq!(registry.release(BOB).0, Some(person("alice")));
        assert!(
            registry.people.is_empty()
                && registry.owners.is_empty()
                && registry.watchers_of.is_empty()
        );
    }
}
