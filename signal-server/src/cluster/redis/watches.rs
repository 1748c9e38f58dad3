//! Who is watched here, and whether they were last seen to be online.
//!
//! Pure. What others publish and what is asked come in any order; the epoch that each carries says which is the later
//! one, and what is not later than what is known changes nothing.

use std::collections::{HashMap, HashSet};

use visavis_shared::Username;

/// What is known of somebody who is watched.
#[derive(Debug, Default)]
struct Watched {
    epoch: u64,
    online: bool,
}

/// What has to be done about the subscriptions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) begin: Vec<Username>,
    pub(super) end: Vec<Username>,
}

/// Everyone who is watched here.
#[derive(Debug, Default)]
pub(super) struct Watches {
    watched: HashMap<Username, Watched>,
    /// Those for whom there is a subscription.
    subscribed: HashSet<Username>,
    /// Those where it may not be as it should.
    changed: HashSet<Username>,
}

impl Watches {
    /// Somebody is watched from now on.
    pub(super) fn watch(&mut self, name: Username) {
        self.changed.insert(name.clone());
        self.watched.insert(name, Watched::default());
    }

    /// Nobody watches them any more.
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

    /// It could not be done.
    pub(super) fn failed(&mut self, names: impl IntoIterator<Item = Username>) {
        for name in names {
            self.subscribed.insert(name.clone());
            self.changed.insert(name);
        }
    }

    /// Whether somebody should be subscribed to.
    pub(super) fn is_watched(&self, name: &Username) -> bool {
        self.watched.contains_key(name)
    }

    /// Somebody was online or not as of an epoch; `true` when that is news.
    pub(super) fn seen(&mut self, name: &Username, epoch: u64, online: bool) -> bool {
        let Some(watched) = self.watched.get_mut(name) else { return false };
        if epoch < watched.epoch {
            return false;
        }
        watched.epoch = epoch;
        std::mem::replace(&mut watched.online, online) != online
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
        let (mut watches, bob) = (Watches::default(), name("bob"));
        assert!(!watches.seen(&bob, 1, true), "nobody watches");
        watches.watch(bob.clone());
        assert!(!watches.seen(&bob, 4, false), "that they are not there goes without saying");
        assert!(watches.seen(&bob, 6, true));
        assert!(!watches.seen(&bob, 5, false) && !watches.seen(&bob, 7, true));
        assert!(watches.seen(&bob, 8, false));
    }

    #[test]
    fn there_is_a_subscription_for_whoever_is_watched_and_for_nobody_else() {
        let (mut watches, bob) = (Watches::default(), name("bob"));
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
