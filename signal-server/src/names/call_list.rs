//! Who called a name while nobody was online under it: the rules, without the database.
//!
//! Pure: a list and a call go in, the list as it is then comes out. What always holds for a list:
//! it is in the order of the times; it holds [`MAX_MISSED_CALLS`] at most; a caller who tries again
//! within [`REDIAL`] stands in it once; nothing is told that is not within [`MISSED_CALL_MEMORY`]
//! of now, on either side: what is further ahead was written by a clock that was wrong.

use std::time::Duration;

use visavis_shared::limits::{MAX_MISSED_CALLS, MISSED_CALL_MEMORY};
use visavis_shared::{MissedCall, Timestamp, Username};

/// Whoever calls again so soon tries the same call again.
pub const REDIAL: Duration = Duration::from_secs(60);

/// The missed calls of one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallList(Vec<MissedCall>);

impl CallList {
    /// Reads what [`CallList::to_text`] wrote. What can't be read counts as no calls; of more than
    /// there can be, the latest count.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut calls: Vec<MissedCall> = serde_json::from_str(text).unwrap_or_default();
        calls.sort_by_key(|call| call.at);
        calls.drain(..calls.len().saturating_sub(MAX_MISSED_CALLS));
        Self(calls)
    }

    /// One line of JSON.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Names, times and a flag always have a JSON form.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// The calls in the order of their times.
    #[must_use]
    pub fn calls(&self) -> &[MissedCall] {
        &self.0
    }

    /// The time of the first; nothing when there is none.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.0.first().map(|call| call.at)
    }

    /// Notes a call. Says whether it is a new one. When there are too many, the oldest of whoever
    /// has the most gives way, so that nobody who calls often displaces what others did.
    pub fn add(&mut self, call: MissedCall) -> bool {
        let again = |before: &MissedCall| {
            let apart = call.at.since(before.at).max(before.at.since(call.at));
            before.from == call.from && before.guest == call.guest && apart < REDIAL
        };
        if self.0.iter().any(again) {
            return false;
        }
        self.forget_old(call.at);
        // A clock may be set back.
        let place = self.0.partition_point(|before| before.at <= call.at);
        self.0.insert(place, call);
        self.make_room();
        true
    }

    /// Forgets what is not to be told any more. Says whether there was something.
    pub fn forget_old(&mut self, now: Timestamp) -> bool {
        let before = self.0.len();
        let is_near = |call: &MissedCall| {
            now.since(call.at) < MISSED_CALL_MEMORY && call.at.since(now) < MISSED_CALL_MEMORY
        };
        self.0.retain(is_near);
        self.0.len() < before
    }

    /// Forgets what was told, and nothing that was added since. Says whether there was something.
    pub fn forget_told(&mut self, told: &[MissedCall]) -> bool {
        let before = self.0.len();
        self.0.retain(|call| !told.contains(call));
        self.0.len() < before
    }

    fn make_room(&mut self) {
        while self.0.len() > MAX_MISSED_CALLS {
            let count = |from: &Username| self.0.iter().filter(|call| call.from == *from).count();
            let counts: Vec<usize> = self.0.iter().map(|call| count(&call.from)).collect();
            let most = counts.iter().max();
            let place = counts.iter().position(|count| Some(count) == most);
            self.0.remove(place.unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: u64 = 60;
    const DAY: u64 = 24 * 60 * MINUTE;

    fn call(from: &str, seconds: u64) -> MissedCall {
        let from = Username::parse(from).unwrap();
        MissedCall { from, at: at(seconds), guest: false }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    fn list(calls: impl IntoIterator<Item = MissedCall>) -> CallList {
        let mut list = CallList::default();
        for call in calls {
            list.add(call);
        }
        list
    }

    #[test]
    fn a_caller_who_tries_again_within_a_minute_stands_there_once() {
        let mut list = list([call("alice", 1_000)]);
        assert!(!list.add(call("alice", 1_059)));
        assert!(list.add(call("bob", 1_059)));
        assert!(list.add(call("alice", 1_060)));
        assert!(
            list.add(MissedCall { guest: true, ..call("alice", 1_061) }),
            "a guest of the name"
        );
        let seen: Vec<_> = list.calls().iter().map(|call| call.at.unix_seconds()).collect();
        assert_eq!(seen, [1_000, 1_059, 1_060, 1_061]);
    }

    #[test]
    fn of_fifty_one_callers_the_first_gives_way() {
        let list = list((0..51).map(|n| call(&format!("p{n}"), n)));
        assert_eq!(list.calls().len(), MAX_MISSED_CALLS);
        assert_eq!((list.oldest(), list.calls().last()), (Some(at(1)), Some(&call("p50", 50))));
    }

    #[test]
    fn of_fifty_one_calls_of_one_caller_the_first_gives_way() {
        let list = list((0..51).map(|n| call("alice", n * MINUTE)));
        assert_eq!((list.calls().len(), list.oldest()), (MAX_MISSED_CALLS, Some(at(MINUTE))));
    }

    #[test]
    fn whoever_calls_all_the_time_displaces_only_their_own_calls() {
        let bob = call("bob", 0);
        let list =
            list(std::iter::once(bob.clone()).chain((1..500).map(|n| call("eve", n * MINUTE))));
        assert_eq!((list.calls().len(), list.calls().first()), (MAX_MISSED_CALLS, Some(&bob)));
        assert_eq!(list.calls().last(), Some(&call("eve", 499 * MINUTE)));
    }

    #[test]
    fn after_thirty_days_a_call_is_forgotten() {
        let mut list = list([call("alice", DAY), call("bob", 2 * DAY)]);
        assert!(!list.forget_old(at(31 * DAY - 1)));
        assert!(list.forget_old(at(31 * DAY)));
        assert_eq!(list.calls(), [call("bob", 2 * DAY)]);
        assert!(list.add(call("carol", 32 * DAY)), "and a later call forgets it as well");
        assert_eq!(list.calls(), [call("carol", 32 * DAY)]);
    }

    #[test]
    fn a_clock_that_was_wrong_is_outlived() {
        let mut list = list([call("alice", 4_000 * DAY)]);
        assert!(list.add(call("alice", 10 * DAY)), "when it is right again");
        assert_eq!(list.calls(), [call("alice", 10 * DAY)]);
        assert!(list.add(call("bob", 9 * DAY)), "a little too early");
        assert_eq!(list.calls(), [call("bob", 9 * DAY), call("alice", 10 * DAY)]);
    }

    #[test]
    fn what_was_told_is_forgotten_and_nothing_else() {
        let mut list = list([call("alice", 100), call("bob", 200)]);
        let told = list.calls().to_vec();
        list.add(call("alice", 300));
        assert!(list.forget_told(&told));
        assert_eq!(list.calls(), [call("alice", 300)]);
        assert!(!list.forget_told(&told));
    }

    #[test]
    fn what_can_not_be_read_is_no_call() {
        for text in ["", "x", "{}", "[1]", "null"] {
            assert_eq!(CallList::parse(text), CallList::default(), "{text}");
        }
        let many: Vec<_> = (0..100_000).rev().map(|n| call("alice", n)).collect();
        let read = CallList::parse(&serde_json::to_string(&many).unwrap());
        assert_eq!((read.calls().len(), read.oldest()), (MAX_MISSED_CALLS, Some(at(99_950))));
    }

    proptest! {
        #[test]
        fn a_list_is_short_in_order_and_written_as_it_is_read(
            calls in prop::collection::vec((0..9_usize, 0..60 * DAY, any::<bool>()), 0..200),
        ) {
            let mut list = CallList::default();
            for (n, seconds, guest) in calls {
                let new = MissedCall { guest, ..call(&format!("p{n}"), seconds) };
                if list.add(new.clone()) && list.calls().len() < MAX_MISSED_CALLS {
                    prop_assert!(list.calls().contains(&new));
                }
                prop_assert!(list.calls().len() <= MAX_MISSED_CALLS);
                prop_assert!(list.calls().is_sorted_by_key(|call| call.at));
                prop_assert_eq!(&CallList::parse(&list.to_text()), &list);
            }
        }
    }
}
