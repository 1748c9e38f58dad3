//! Who is in a call with whom, as far as the server can tell from what it relays.
//!
//! Pure, and by name: one of the two may be on another node. An offer begins the memory of a call,
//! a close or a decline ends it, and a lost connection brings it back once: the others have to be
//! told. An offer that nobody took is forgotten after [`OFFER_MEMORY`]; a person has at most
//! [`MAX_CALLS`] calls, and the oldest makes room, offers first. Both sides of a call always
//! remember the same.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use visavis_shared::{CallId, Username};

/// How long an offer that was not answered is remembered; well past any client's ring deadline.
pub const OFFER_MEMORY: Duration = Duration::from_secs(120);
/// How many calls of one person are remembered.
pub const MAX_CALLS: usize = 16;
/// How many calls are remembered of which one side was lost.
const MAX_CUT: usize = 1024;

#[derive(Debug, Clone)]
struct Remembered {
    peer: Username,
    call: Option<CallId>,
    answered: bool,
    /// Whether the peer is the one who called.
    by_peer: bool,
    /// The one who remembers has said that it rings.
    rung: bool,
    offered_at: Instant,
    /// The peer was notified that the connection of the one who remembers was lost.
    told: bool,
}

impl Remembered {
    /// Whether a message that names `call` belongs to it. Older pages name none, and then any call
    /// of the two is meant.
    fn is(&self, peer: &Username, call: Option<&CallId>) -> bool {
        self.peer == *peer
            && match (&self.call, call) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => true,
            }
    }

    fn is_alive(&self, now: Instant) -> bool {
        self.answered || now.saturating_duration_since(self.offered_at) < OFFER_MEMORY
    }
}

/// The calls of everyone, oldest first.
#[derive(Debug, Default)]
pub struct Calls {
    of: HashMap<Username, Vec<Remembered>>,
    /// The last calls of which one side was lost while they stood.
    cut: VecDeque<(Username, Username, CallId)>,
}

impl Calls {
    /// An offer went from one to the other. A further offer of the same call changes nothing.
    pub fn offered(&mut self, from: &Username, to: &Username, call: Option<&CallId>, now: Instant) {
        let is_known = |c: &Remembered| c.peer == *to && c.call.as_ref() == call && c.is_alive(now);
        if self.of.get(from).is_some_and(|calls| calls.iter().any(is_known)) {
            return;
        }
        self.drop_stale(from, now);
        self.drop_stale(to, now);
        for (one, other, by_peer) in [(from, to, false), (to, from, true)] {
            self.make_room(one);
            let remembered = Remembered {
                peer: other.clone(),
                call: call.cloned(),
                answered: false,
                by_peer,
                rung: false,
                offered_at: now,
                told: false,
            };
            self.of.entry(one.clone()).or_default().push(remembered);
        }
    }

    /// Somebody said that they are being rung.
    pub fn rang(&mut self, callee: &Username, caller: &Username, call: Option<&CallId>) {
        for remembered in self.of.get_mut(callee).into_iter().flatten() {
            if remembered.is(caller, call) {
                remembered.rung = true;
            }
        }
    }

    /// The calls of which somebody who was called has given no sign: who called.
    #[must_use]
    pub fn unheard(&self, name: &Username, now: Instant) -> Vec<(Username, Option<CallId>)> {
        let calls = self.of.get(name).into_iter().flatten();
        calls
            .filter(|c| c.by_peer && !c.rung && !c.answered && c.is_alive(now))
            .map(|c| (c.peer.clone(), c.call.clone()))
            .collect()
    }

    /// An answer went from one to the other.
    pub fn answered(&mut self, from: &Username, to: &Username, call: Option<&CallId>) {
        for (one, other) in [(from, to), (to, from)] {
            for remembered in self.of.get_mut(one).into_iter().flatten() {
                if remembered.is(other, call) {
                    remembered.answered = true;
                }
            }
        }
    }

    /// A close or a decline went from one to the other.
    pub fn ended(&mut self, from: &Username, to: &Username, call: Option<&CallId>) {
        self.remove(from, to, |remembered| remembered.is(&remembered.peer, call));
    }

    /// Whom somebody is in a call with now: the latest that was answered, or else the latest that
    /// was offered.
    #[must_use]
    pub fn current(&self, name: &Username, now: Instant) -> Option<&Username> {
        let alive = || self.of.get(name).into_iter().flatten().rev().filter(|c| c.is_alive(now));
        alive().find(|c| c.answered).or_else(|| alive().next()).map(|c| &c.peer)
    }

    /// Whether somebody has a call with this peer, be it answered or not.
    #[must_use]
    pub fn is_with(&self, name: &Username, peer: &Username) -> bool {
        self.of.get(name).is_some_and(|calls| calls.iter().any(|c| c.peer == *peer))
    }

    /// Somebody's connection was lost, and may come back: says who has to be told that which call
    /// lost it.
    pub fn lost(&mut self, name: &Username, now: Instant) -> Vec<(Username, Option<CallId>)> {
        let untold =
            self.of.get_mut(name).into_iter().flatten().filter(|c| c.is_alive(now) && !c.told);
        untold
            .map(|remembered| {
                remembered.told = true;
                (remembered.peer.clone(), remembered.call.clone())
            })
            .collect()
    }

    /// Somebody came back: the next loss is notified again.
    pub fn back(&mut self, name: &Username) {
        for remembered in self.of.get_mut(name).into_iter().flatten() {
            remembered.told = false;
        }
    }

    /// Somebody is gone for good: says who has yet to be told that which call lost them.
    pub fn gone(&mut self, name: &Username, now: Instant) -> Vec<(Username, Option<CallId>)> {
        let untold = self.lost(name, now);
        for remembered in self.of.remove(name).unwrap_or_default() {
            if remembered.answered {
                self.remember_cut(name, &remembered.peer, remembered.call.as_ref());
            }
            self.remove(name, &remembered.peer, |_| true);
        }
        untold
    }

    /// One side of a call was lost. If the call stands, it is remembered for a while even when both
    /// are forgotten: offers that renew it call nobody anew.
    pub fn cut(&mut self, one: &Username, other: &Username, call: Option<&CallId>) {
        let stands = |c: &Remembered| c.answered && c.is(other, call);
        if self.of.get(one).is_some_and(|calls| calls.iter().any(stands)) {
            self.remember_cut(one, other, call);
        }
    }

    /// Whether one side of a call between two was lost while it stood, as far as is remembered.
    #[must_use]
    pub fn was_cut(&self, one: &Username, other: &Username, call: Option<&CallId>) -> bool {
        self.cut.iter().any(|(a, b, cut)| {
            call == Some(cut) && ((a == one && b == other) || (a == other && b == one))
        })
    }

    fn remember_cut(&mut self, one: &Username, other: &Username, call: Option<&CallId>) {
        // Without an id, the next call would look the same.
        let Some(call) = call.filter(|call| !self.was_cut(one, other, Some(*call))) else { return };
        if self.cut.len() >= MAX_CUT {
            self.cut.pop_front();
        }
        self.cut.push_back((one.clone(), other.clone(), call.clone()));
    }

    /// Removes the calls of two that match, on both sides.
    fn remove(&mut self, one: &Username, other: &Username, matches: impl Fn(&Remembered) -> bool) {
        for (one, other) in [(one, other), (other, one)] {
            if let Some(calls) = self.of.get_mut(one) {
                calls.retain(|c| !(c.peer == *other && matches(c)));
                if calls.is_empty() {
                    self.of.remove(one);
                }
            }
        }
    }

    /// Forgets the oldest call of somebody who has too many: an offer rather than a call that
    /// stands, so that a stranger who offers a lot displaces nothing.
    fn make_room(&mut self, name: &Username) {
        let Some(calls) = self.of.get(name).filter(|calls| calls.len() >= MAX_CALLS) else {
            return;
        };
        if let Some(oldest) = calls.iter().find(|c| !c.answered).or(calls.first()) {
            let (peer, call) = (oldest.peer.clone(), oldest.call.clone());
            self.remove(name, &peer, |c| c.call == call);
        }
    }

    /// Removes the offers of somebody that nobody took.
    fn drop_stale(&mut self, name: &Username, now: Instant) {
        let stale: Vec<_> =
            self.of.get(name).into_iter().flatten().filter(|c| !c.is_alive(now)).cloned().collect();
        for remembered in stale {
            self.remove(name, &remembered.peer, |c| !c.is_alive(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    fn id(text: &str) -> CallId {
        CallId::parse(text).unwrap()
    }

    #[test]
    fn a_lost_connection_is_told_once_to_each_of_its_calls() {
        let (now, [alice, bob, carol]) = (Instant::now(), ["alice", "bob", "carol"].map(who));
        let mut calls = Calls::default();
        calls.offered(&alice, &bob, Some(&id("c1")), now);
        calls.offered(&alice, &bob, Some(&id("c1")), now);
        calls.offered(&carol, &alice, None, now);
        assert_eq!(calls.gone(&alice, now), [(bob, Some(id("c1"))), (carol, None)]);
        assert_eq!(calls.gone(&alice, now), []);
        assert!(calls.of.is_empty());
    }

    #[test]
    fn whoever_comes_back_is_still_in_their_calls_and_may_be_lost_again() {
        let (now, [alice, bob, carol]) = (Instant::now(), ["alice", "bob", "carol"].map(who));
        let mut calls = Calls::default();
        calls.offered(&alice, &bob, None, now);
        assert_eq!(calls.lost(&alice, now), [(bob.clone(), None)]);
        assert_eq!(calls.lost(&alice, now), []);
        assert_eq!(calls.current(&bob, now), Some(&alice));
        calls.back(&alice);
        assert_eq!(calls.lost(&alice, now), [(bob, None)]);
        calls.offered(&carol, &alice, Some(&id("c2")), now);
        assert_eq!(
            calls.gone(&alice, now),
            [(carol, Some(id("c2")))],
            "only who called since then"
        );
    }

    #[test]
    fn a_call_that_ended_is_forgotten_on_both_sides() {
        let (now, [alice, bob]) = (Instant::now(), ["alice", "bob"].map(who));
        let mut calls = Calls::default();
        calls.offered(&alice, &bob, Some(&id("c1")), now);
        calls.offered(&bob, &alice, Some(&id("c2")), now);
        calls.ended(&bob, &alice, Some(&id("c1")));
        assert_eq!(calls.gone(&alice, now), [(bob.clone(), Some(id("c2")))]);
        calls.offered(&alice, &bob, Some(&id("c3")), now);
        calls.ended(&bob, &alice, None);
        assert!(calls.of.is_empty());
    }

    #[test]
    fn a_call_that_stood_when_one_side_was_lost_is_known_to_both_and_a_ring_is_not() {
        let (now, [alice, bob, carol]) = (Instant::now(), ["alice", "bob", "carol"].map(who));
        let mut calls = Calls::default();
        calls.offered(&alice, &bob, Some(&id("c1")), now);
        calls.answered(&bob, &alice, Some(&id("c1")));
        calls.offered(&carol, &bob, Some(&id("c2")), now);
        calls.gone(&bob, now);
        assert!(calls.was_cut(&alice, &bob, Some(&id("c1"))));
        assert!(calls.was_cut(&bob, &alice, Some(&id("c1"))));
        assert!(!calls.was_cut(&carol, &bob, Some(&id("c2"))));
        assert!(
            !calls.was_cut(&alice, &bob, Some(&id("c3"))) && !calls.was_cut(&alice, &bob, None)
        );
        for n in 0..MAX_CUT {
            let call = id(&format!("n{n}"));
            calls.offered(&alice, &bob, Some(&call), now);
            calls.answered(&bob, &alice, Some(&call));
            calls.cut(&alice, &bob, Some(&call));
            calls.ended(&alice, &bob, None);
        }
        assert!(!calls.was_cut(&alice, &bob, Some(&id("c1"))), "the oldest is forgotten");
        assert_eq!(calls.cut.len(), MAX_CUT);
    }

    #[test]
    fn a_call_of_which_the_callee_gave_no_sign_is_unheard() {
        let (now, [alice, bob, carol]) = (Instant::now(), ["alice", "bob", "carol"].map(who));
        let mut calls = Calls::default();
        calls.offered(&alice, &bob, Some(&id("c1")), now);
        calls.offered(&carol, &bob, None, now);
        calls.offered(&bob, &alice, Some(&id("c2")), now);
        let unheard = |calls: &Calls| calls.unheard(&bob, now);
        assert_eq!(unheard(&calls), [(alice.clone(), Some(id("c1"))), (carol.clone(), None)]);
        calls.rang(&bob, &alice, Some(&id("c1")));
        assert_eq!(unheard(&calls), [(carol.clone(), None)]);
        assert_eq!(calls.unheard(&alice, now), [(bob.clone(), Some(id("c2")))]);
        calls.answered(&bob, &carol, None);
        assert_eq!(unheard(&calls), []);
    }

    #[test]
    fn an_offer_nobody_took_is_forgotten_but_a_call_is_not() {
        let (now, [alice, bob, carol]) = (Instant::now(), ["alice", "bob", "carol"].map(who));
        let later = now + OFFER_MEMORY;
        let mut calls = Calls::default();
        calls.offered(&alice, &bob, Some(&id("c1")), now);
        calls.answered(&bob, &alice, Some(&id("c1")));
        calls.offered(&carol, &alice, Some(&id("c2")), now);
        assert_eq!(calls.current(&carol, now), Some(&alice));
        assert_eq!(calls.current(&carol, later), None);
        assert_eq!(calls.gone(&alice, later), [(bob, Some(id("c1")))]);
    }

    #[test]
    fn the_current_call_is_the_latest_that_was_answered() {
        let (now, [alice, bob, carol]) = (Instant::now(), ["alice", "bob", "carol"].map(who));
        let mut calls = Calls::default();
        calls.offered(&alice, &bob, None, now);
        calls.answered(&bob, &alice, None);
        calls.offered(&carol, &alice, None, now);
        assert_eq!(calls.current(&alice, now), Some(&bob));
        calls.ended(&alice, &bob, None);
        assert_eq!(calls.current(&alice, now), Some(&carol));
    }

    #[test]
    fn the_oldest_call_makes_room_on_both_sides() {
        let (now, alice) = (Instant::now(), who("alice"));
        let mut calls = Calls::default();
        for n in 0..=MAX_CALLS {
            calls.offered(&alice, &who(&format!("p{n}")), None, now);
        }
        assert_eq!(calls.of[&alice].len(), MAX_CALLS);
        assert_eq!(calls.gone(&who("p0"), now), []);
        assert_eq!(calls.gone(&who("p1"), now), [(alice, None)]);
    }

    #[test]
    fn a_stranger_with_many_offers_displaces_no_call() {
        let (now, [alice, bob, carol]) = (Instant::now(), ["alice", "bob", "carol"].map(who));
        let mut calls = Calls::default();
        calls.offered(&alice, &bob, None, now);
        calls.answered(&bob, &alice, None);
        for n in 0..100 {
            calls.offered(&carol, &alice, Some(&id(&format!("c{n}"))), now);
        }
        assert_eq!(calls.current(&alice, now), Some(&bob));
        assert_eq!(calls.gone(&bob, now), [(alice, None)]);
    }
}
