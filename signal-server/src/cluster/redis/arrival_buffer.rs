//! Messages for somebody who is about to be here.
//!
//! Redis knows that a name is on this node a moment before the node does. What comes for them in
//! that moment waits here, in its order, for at most [`PATIENCE`]. Pure: takes time as an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use visavis_shared::Username;

use super::layout::NodeId;
use crate::rules::router::Envelope;

/// How long a message waits: a few times what a claim takes when Redis is well.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many wait; when there are more, the others are told that nobody is there.
const MAX_WAITING: usize = 256;

/// A message, and the node it came from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) from: NodeId,
    pub(super) envelope: Envelope,
}

#[derive(Debug, Default)]
pub(super) struct ArrivalBuffer {
    waiting: VecDeque<(Instant, Arrival)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    Here,
    Coming,
    Elsewhere,
}

impl ArrivalBuffer {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether something waits for somebody, so that what comes after it has to wait too.
    pub(super) fn has(&self, name: &Username) -> bool {
        self.waiting.iter().any(|(_, arrival)| arrival.envelope.to == *name)
    }

    /// Has a message wait. Gives it back when too many do.
    #[must_use]
    pub(super) fn push(&mut self, arrival: Arrival, now: Instant) -> Option<Arrival> {
        if self.waiting.len() >= MAX_WAITING {
            return Some(arrival);
        }
        self.waiting.push_back((now, arrival));
        None
    }

    /// What need not wait any longer, in its order, and whether those it is for are here.
    pub(super) fn take(
        &mut self,
        now: Instant,
        location: impl Fn(&Username) -> Location,
    ) -> Vec<(Arrival, bool)> {
        let mut ready = Vec::new();
        for (since, arrival) in std::mem::take(&mut self.waiting) {
            let is_over = now.saturating_duration_since(since) >= PATIENCE;
            match location(&arrival.envelope.to) {
                Location::Here => ready.push((arrival, true)),
                Location::Coming if !is_over => self.waiting.push_back((since, arrival)),
                Location::Coming | Location::Elsewhere => ready.push((arrival, false)),
            }
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use visavis_shared::ServerMessage;

    use super::*;

    fn arrival(to: &str, n: usize) -> Arrival {
        let username = Username::parse(&n.to_string()).unwrap();
        let envelope = Envelope {
            to: Username::parse(to).unwrap(),
            message: ServerMessage::GuestLeft { username },
        };
        Arrival { from: NodeId::random(), envelope }
    }

    fn taken(ready: Vec<(Arrival, bool)>) -> Vec<(String, bool)> {
        ready.into_iter().map(|(arrival, here)| (arrival.envelope.to.to_string(), here)).collect()
    }

    #[test]
    fn what_comes_early_waits_in_its_order_and_not_for_ever() {
        let (start, mut early) = (Instant::now(), ArrivalBuffer::default());
        for n in 0..2 {
            assert_eq!(early.push(arrival("alice", n), start), None);
        }
        assert_eq!(early.push(arrival("bob", 0), start), None);
        assert!(early.has(&Username::parse("bob").unwrap()));
        assert_eq!(taken(early.take(start, |_| Location::Coming)), []);
        let alice_is_here = |name: &Username| {
            if name.as_str() == "alice" { Location::Here } else { Location::Coming }
        };
        let here = ("alice".to_owned(), true);
        assert_eq!(taken(early.take(start, alice_is_here)), [here.clone(), here]);
        assert_eq!(taken(early.take(start + PATIENCE, alice_is_here)), [("bob".to_owned(), false)]);
        assert_eq!(early.push(arrival("bob", 1), start), None);
        assert_eq!(taken(early.take(start, |_| Location::Elsewhere)), [("bob".to_owned(), false)]);
        assert!(early.is_empty());
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let (start, mut early) = (Instant::now(), ArrivalBuffer::default());
        for n in 0..MAX_WAITING {
            assert_eq!(early.push(arrival("alice", n), start), None);
        }
        assert!(early.push(arrival("alice", 7), start).is_some());
    }
}
