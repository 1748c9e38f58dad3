//! Who is in a call with whom, as far as the server can tell from what it relays.
//!
//! Pure. An offer begins the memory of a call, a close or a decline ends it, and a lost connection brings it back once:
//! the others have to be told. An offer that nobody took is forgotten after [`OFFER_MEMORY`]; a connection has at most
//! [`MAX_CALLS`] calls, and the oldest makes room, offers first. Both sides of a call always remember the same.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use visavis_shared::CallId;

use crate::registry::ConnectionId;

/// How long an offer that was not answered is remembered; well past any client's ring deadline.
pub const OFFER_MEMORY: Duration = Duration::from_secs(120);
/// How many calls of one connection are remembered.
pub const MAX_CALLS: usize = 16;

#[derive(Debug, Clone)]
struct Remembered {
    peer: ConnectionId,
    call: Option<CallId>,
    answered: bool,
    offered_at: Instant,
}

impl Remembered {
    /// Whether a message that names `call` belongs to it. Older pages name none, and then any call of the two is meant.
    fn is(&self, peer: ConnectionId, call: Option<&CallId>) -> bool {
        self.peer == peer
            && match (&self.call, call) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => true,
            }
    }

    fn is_alive(&self, now: Instant) -> bool {
        self.answered || now.saturating_duration_since(self.offered_at) < OFFER_MEMORY
    }
}

/// The calls of every connection, oldest first.
#[derive(Debug, Default)]
pub struct Calls {
    of: HashMap<ConnectionId, Vec<Remembered>>,
}

impl Calls {
    /// An offer went from one to the other. A further offer of the same call changes nothing.
    pub fn offered(&mut self, from: ConnectionId, to: ConnectionId, call: Option<&CallId>, now: Instant) {
        self.drop_stale(from, now);
        self.drop_stale(to, now);
        let known =
            self.of.get(&from).is_some_and(|calls| calls.iter().any(|c| c.peer == to && c.call.as_ref() == call));
        if known {
            return;
        }
        for (one, other) in [(from, to), (to, from)] {
            self.make_room(one);
            let remembered = Remembered { peer: other, call: call.cloned(), answered: false, offered_at: now };
            self.of.entry(one).or_default().push(remembered);
        }
    }

    /// An answer went from one to the other.
    pub fn answered(&mut self, from: ConnectionId, to: ConnectionId, call: Option<&CallId>) {
        for (one, other) in [(from, to), (to, from)] {
            for remembered in self.of.get_mut(&one).into_iter().flatten() {
                if remembered.is(other, call) {
                    remembered.answered = true;
                }
            }
        }
    }

    /// A close or a decline went from one to the other.
    pub fn ended(&mut self, from: ConnectionId, to: ConnectionId, call: Option<&CallId>) {
        self.remove(from, to, |remembered| remembered.is(remembered.peer, call));
    }

    /// Whom a connection is in a call with now: the latest that was answered, or else the latest that was offered.
    #[must_use]
    pub fn current(&self, connection: ConnectionId, now: Instant) -> Option<ConnectionId> {
        let alive = || self.of.get(&connection).into_iter().flatten().rev().filter(|c| c.is_alive(now));
        alive().find(|c| c.answered).or_else(|| alive().next()).map(|c| c.peer)
    }

    /// Forgets a connection; says who has to be told that which call lost it.
    pub fn lost(&mut self, connection: ConnectionId, now: Instant) -> Vec<(ConnectionId, Option<CallId>)> {
        let calls = self.of.remove(&connection).unwrap_or_default();
        for remembered in &calls {
            self.remove(connection, remembered.peer, |_| true);
        }
        calls.into_iter().filter(|c| c.is_alive(now)).map(|c| (c.peer, c.call)).collect()
    }

    /// Removes the calls of two that match, on both sides.
    fn remove(&mut self, one: ConnectionId, other: ConnectionId, matches: impl Fn(&Remembered) -> bool) {
        for (one, other) in [(one, other), (other, one)] {
            if let Some(calls) = self.of.get_mut(&one) {
                calls.retain(|c| !(c.peer == other && matches(c)));
                if calls.is_empty() {
                    self.of.remove(&one);
                }
            }
        }
    }

    /// Forgets the oldest call of a connection that has too many: an offer rather than a call that stands, so that a
    /// stranger who offers a lot displaces nothing.
    fn make_room(&mut self, connection: ConnectionId) {
        let Some(calls) = self.of.get(&connection).filter(|calls| calls.len() >= MAX_CALLS) else { return };
        if let Some(oldest) = calls.iter().find(|c| !c.answered).or(calls.first()) {
            let (peer, call) = (oldest.peer, oldest.call.clone());
            self.remove(connection, peer, |c| c.call == call);
        }
    }

    /// Removes the offers of a connection that nobody took.
    fn drop_stale(&mut self, connection: ConnectionId, now: Instant) {
        let stale: Vec<_> =
            self.of.get(&connection).into_iter().flatten().filter(|c| !c.is_alive(now)).cloned().collect();
        for remembered in stale {
            self.remove(connection, remembered.peer, |c| !c.is_alive(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: ConnectionId = ConnectionId(1);
    const BOB: ConnectionId = ConnectionId(2);
    const CAROL: ConnectionId = ConnectionId(3);

    fn id(text: &str) -> CallId {
        CallId::parse(text).unwrap()
    }

    #[test]
    fn a_lost_connection_is_told_once_to_each_of_its_calls() {
        let now = Instant::now();
        let mut calls = Calls::default();
        calls.offered(ALICE, BOB, Some(&id("c1")), now);
        calls.offered(ALICE, BOB, Some(&id("c1")), now);
        calls.offered(CAROL, ALICE, None, now);
        assert_eq!(calls.lost(ALICE, now), [(BOB, Some(id("c1"))), (CAROL, None)]);
        assert_eq!(calls.lost(ALICE, now), []);
        assert!(calls.of.is_empty());
    }

    #[test]
    fn a_call_that_ended_is_forgotten_on_both_sides() {
        let now = Instant::now();
        let mut calls = Calls::default();
        calls.offered(ALICE, BOB, Some(&id("c1")), now);
        calls.offered(BOB, ALICE, Some(&id("c2")), now);
        calls.ended(BOB, ALICE, Some(&id("c1")));
        assert_eq!(calls.lost(ALICE, now), [(BOB, Some(id("c2")))]);
        calls.offered(ALICE, BOB, Some(&id("c3")), now);
        calls.ended(BOB, ALICE, None);
        assert!(calls.of.is_empty());
    }

    #[test]
    fn an_offer_nobody_took_is_forgotten_but_a_call_is_not() {
        let now = Instant::now();
        let later = now + OFFER_MEMORY;
        let mut calls = Calls::default();
        calls.offered(ALICE, BOB, Some(&id("c1")), now);
        calls.answered(BOB, ALICE, Some(&id("c1")));
        calls.offered(CAROL, ALICE, Some(&id("c2")), now);
        assert_eq!(calls.current(CAROL, now), Some(ALICE));
        assert_eq!(calls.current(CAROL, later), None);
        assert_eq!(calls.lost(ALICE, later), [(BOB, Some(id("c1")))]);
    }

    #[test]
    fn the_current_call_is_the_latest_that_was_answered() {
        let now = Instant::now();
        let mut calls = Calls::default();
        calls.offered(ALICE, BOB, None, now);
        calls.answered(BOB, ALICE, None);
        calls.offered(CAROL, ALICE, None, now);
        assert_eq!(calls.current(ALICE, now), Some(BOB));
        calls.ended(ALICE, BOB, None);
        assert_eq!(calls.current(ALICE, now), Some(CAROL));
    }

    #[test]
    fn the_oldest_call_makes_room_on_both_sides() {
        let now = Instant::now();
        let mut calls = Calls::default();
        for n in 0..=MAX_CALLS as u64 {
            calls.offered(ALICE, ConnectionId(100 + n), None, now);
        }
        assert_eq!(calls.of[&ALICE].len(), MAX_CALLS);
        assert_eq!(calls.lost(ConnectionId(100), now), []);
        assert_eq!(calls.lost(ConnectionId(101), now), [(ALICE, None)]);
    }

    #[test]
    fn a_stranger_with_many_offers_displaces_no_call() {
        let now = Instant::now();
        let mut calls = Calls::default();
        calls.offered(ALICE, BOB, None, now);
        calls.answered(BOB, ALICE, None);
        for n in 0..100 {
            calls.offered(CAROL, ALICE, Some(&id(&format!("c{n}"))), now);
        }
        assert_eq!(calls.current(ALICE, now), Some(BOB));
        assert_eq!(calls.lost(BOB, now), [(ALICE, None)]);
    }
}
