//! Who is watched here, and what is subscribed to for that.
//!
//! Pure. What others publish and what is asked come in any order; the epoch that each carries says
//! which is the later one, and what is not later than what is known changes nothing.

use std::collections::{HashMap, HashSet};

use visavis_shared::Username;

/// What has to be done about the subscriptions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) begin: Vec<Username>,
    pub(super) end: Vec<Username>,
}

#[derive(Debug, Default)]
pub(super) struct WatchList {
    /// With the epoch of what is known of them.
    watched: HashMap<Username, u64>,
    /// Those for whom there is a subscription.
    subscribed: HashSet<Username>,
    /// Those where it may not be as it should.
    changed: HashSet<Username>,
}

impl WatchList {
    pub(super) fn watch(&mut self, name: Username) {
        self.changed.insert(name.clone());
        self.watched.insert(name, 0);
    }

    pub(super) fn unwatch(&mut self, name: &Username) {
        if self.watched.remove(name).is_some() {
            self.changed.insert(name.clone());
        }
    }

    /// There is a new link, which has no subscriptions.
    pub(super) fn start_anew(&mut self) {
        self.subscribed.clear();
        self.changed = self.watched.keys().cloned().collect();
    }

    /// What has to be done. Each is told once, and again when it was not [done](Self::failed).
    pub(super) fn take_changes(&mut self) -> Change {
        let mut change = Change::default();
        for name in self.changed.drain() {
            // One that was unwatched and watched again is asked for again, as if it were new.
            if self.watched.contains_key(&name) {
                self.subscribed.insert(name.clone());
                change.begin.push(name);
            } else if self.subscribed.remove(&name) {
                change.end.push(name);
            }
        }
        change
    }

    pub(super) fn failed(&mut self, names: impl IntoIterator<Item = Username>) {
        for name in names {
            self.subscribed.insert(name.clone());
            self.changed.insert(name);
        }
    }

    pub(super) fn is_watched(&self, name: &Username) -> bool {
        self.watched.contains_key(name)
    }

    pub(super) fn unknown(&self, names: &[Username]) -> Vec<Username> {
        names.iter().filter(|name| self.watched.get(*name) == Some(&0)).cloned().collect()
    }

    /// Something is known of somebody as of an epoch; `false` when something later is known.
    pub(super) fn is_news(&mut self, name: &Username, epoch: u64) -> bool {
        let Some(known) = self.watched.get_mut(name).filter(|known| **known <= epoch) else {
            return false;
        };
        *known = epoch;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    #[test]
    fn what_is_older_than_what_is_known_changes_nothing() {
        let (mut watches, bob) = (WatchList::default(), name("bob"));
        assert!(!watches.is_news(&bob, 1), "nobody watches");
        watches.watch(bob.clone());
        assert_eq!(watches.unknown(&[bob.clone(), name("carol")]), std::slice::from_ref(&bob));
        assert!(watches.is_news(&bob, 6) && !watches.is_news(&bob, 5));
        assert_eq!(watches.unknown(std::slice::from_ref(&bob)), []);
        assert!(watches.is_news(&bob, 6), "as it was asked, and as it was told");
        watches.unwatch(&bob);
        watches.watch(bob.clone());
        assert!(watches.is_news(&bob, 1), "whoever watches anew knows nothing");
    }

    #[test]
    fn there_is_a_subscription_for_whoever_is_watched_and_for_nobody_else() {
        let (mut watches, bob) = (WatchList::default(), name("bob"));
        let begin = || Change { begin: vec![name("bob")], end: vec![] };
        let end = || Change { begin: vec![], end: vec![name("bob")] };
        watches.watch(bob.clone());
        assert_eq!((watches.take_changes(), watches.take_changes()), (begin(), Change::default()));
        watches.unwatch(&bob);
        watches.unwatch(&name("carol"));
        assert_eq!(watches.take_changes(), end());
        watches.watch(bob.clone());
        watches.unwatch(&bob);
        assert_eq!(watches.take_changes(), Change::default(), "it was never begun");
        watches.watch(bob.clone());
        watches.take_changes();
        watches.unwatch(&bob);
        watches.watch(bob.clone());
        assert_eq!(watches.take_changes(), begin(), "to hear how it is now");
        watches.start_anew();
        assert_eq!(watches.take_changes(), begin());
        watches.unwatch(&bob);
        let failed = watches.take_changes();
        watches.failed(failed.end);
        assert_eq!(watches.take_changes(), end(), "again, since it was not done");
        assert!(watches.subscribed.is_empty() && watches.watched.is_empty());
    }
}
