//! Who was missed since the log-in, by the history of calls. Pure.

use crate::attention::{Missed, MissedCalls};
use crate::session::snapshot::{CallEnd, LoginPhase, Snapshot};

/// Notes who was missed, from one look at the session to the next.
#[derive(Debug, Default)]
pub(super) struct MissedWatch {
    /// The newest call that was looked at, if any; `None` while nobody is logged in. What the
    /// history holds at the log-in is old.
    newest: Option<Option<u64>>,
    missed: MissedCalls,
}

impl MissedWatch {
    /// Looks at the session. `silently`: nothing may disturb.
    pub(super) fn look(&mut self, snapshot: &Snapshot, silently: bool) {
        if !matches!(snapshot.login, LoginPhase::LoggedIn { .. } | LoginPhase::Reconnecting { .. })
        {
            *self = Self::default();
            return;
        }
        let newest = snapshot.recent_calls.first().map(|call| call.number);
        let known = self.newest.replace(newest);
        let is_new =
            |number: u64| known.is_some_and(|known| known.is_none_or(|known| number > known));
        for call in snapshot.recent_calls.iter().rev().filter(|call| is_new(call.number)) {
            if call.is_missed() && !call.seen {
                let while_busy = call.end == CallEnd::CameWhileBusy;
                self.missed.note(Missed { peer: call.with.clone(), while_busy, silently });
            }
        }
    }

    /// Who was missed so far.
    pub(super) fn calls(&self) -> &MissedCalls {
        &self.missed
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use visavis_shared::Username;

    use super::*;
    use crate::session::snapshot::{Direction, RecentCall, UnixTime};

    fn name(text: &str) -> Username {
        Username::parse(text).expect("a name")
    }

    fn call(number: u64, with: &str, end: CallEnd, seen: bool) -> RecentCall {
        RecentCall {
            number,
            with: name(with),
            at: UnixTime::default(),
            direction: Direction::Incoming,
            end,
            talked: None,
            seen,
            while_away: false,
        }
    }

    fn snapshot(calls: &[RecentCall]) -> Snapshot {
        Snapshot {
            login: LoginPhase::LoggedIn { username: name("alice") },
            recent_calls: Arc::new(calls.iter().rev().cloned().collect()),
            ..Snapshot::default()
        }
    }

    fn noted(watch: &MissedWatch) -> Vec<(&str, bool, bool)> {
        let missed = watch.calls().after(0);
        missed.map(|call| (call.peer.as_str(), call.while_busy, call.silently)).collect()
    }

    #[test]
    fn what_is_missed_after_the_log_in_is_noted_once_whoever_called_while_busy_too() {
        let old = call(0, "old", CallEnd::NoAnswer, false);
        let bob = call(1, "bob", CallEnd::NoAnswer, false);
        let carol = call(2, "carol", CallEnd::CameWhileBusy, false);
        let taken = call(3, "dora", CallEnd::Completed, true);
        let mut watch = MissedWatch::default();
        watch.look(&snapshot(std::slice::from_ref(&old)), false);
        assert_eq!(noted(&watch), []);
        let two = snapshot(&[old.clone(), bob.clone()]);
        watch.look(&two, false);
        watch.look(&two, true);
        assert_eq!(noted(&watch), [("bob", false, false)]);
        watch.look(&snapshot(&[old, bob, carol, taken]), true);
        assert_eq!(noted(&watch), [("bob", false, false), ("carol", true, true)]);
        watch.look(&Snapshot::default(), false);
        assert_eq!(watch.calls().total(), 0);
    }

    #[test]
    fn the_first_call_of_an_empty_history_counts_and_a_history_that_was_erased_begins_anew() {
        let mut watch = MissedWatch::default();
        watch.look(&snapshot(&[]), false);
        watch.look(&snapshot(&[call(0, "bob", CallEnd::NoAnswer, false)]), false);
        watch.look(&snapshot(&[]), false);
        watch.look(&snapshot(&[call(0, "carol", CallEnd::NoAnswer, false)]), false);
        assert_eq!(noted(&watch), [("bob", false, false), ("carol", false, false)]);
    }
}
