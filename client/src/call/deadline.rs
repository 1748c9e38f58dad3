//! Every deadline of a call: what it waits for, how long, and what happens when it passes.
//!
//! In: the moment each is set. Out: which is due next, and which have passed. Each is set at most
//! once at a time, and a call that ends clears them all but sets [`Deadline::Notice`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long it rings, on either side.
pub const RING: Duration = Duration::from_secs(45);
/// How long media may take to connect from accept.
pub const CONNECT: Duration = Duration::from_secs(15);
/// How long a call goes on without media.
pub const RECONNECT: Duration = Duration::from_secs(30);
/// How long media may be gone before ICE is restarted: most gaps heal by themselves.
pub const RESTART_GRACE: Duration = Duration::from_secs(2);
/// How long an ICE restart may take before the next is tried: the other may have been unreachable
/// for the first.
pub const RESTART_RETRY: Duration = Duration::from_secs(5);
/// How long whoever lost the server has to come back before the call stands.
pub const COME_BACK: Duration = visavis_shared::limits::RESUME_WINDOW;
/// How long the caller has to open their commitment once media flows: it comes with the candidates.
pub const OPENING: Duration = Duration::from_secs(5);
/// How long the notice of how a call ended stays.
pub const NOTICE: Duration = Duration::from_secs(60);

/// What is waited for. Of two that pass at one moment, the one listed first acts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deadline {
    /// Somebody takes the call, here or there; an offer that is renewed does not move it. Else:
    /// `close` timeout if we placed it, `decline` timeout if they did, and Ended(NoAnswer).
    Ring,
    /// Media flows. Else: Ended(ConnectFailed), or PeerLost or ServerLost where that explains it.
    Connect,
    /// Media flows again. Else: Ended(MediaLost).
    Reconnect,
    /// It is time to restart ICE, for the first time or again.
    RestartIce,
    /// The other is back at the server. Else: Ended(PeerLost).
    PeerBack,
    /// We are. Else: Ended(ServerLost).
    ServerBack,
    /// The caller opens their commitment. Else: the call goes on as not verified.
    Opening,
    /// The person has read how it ended. Else: Idle.
    Notice,
}

/// The deadlines that are set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Deadlines(BTreeMap<Deadline, Instant>);

impl Deadlines {
    /// Sets one, or moves it.
    pub(super) fn set(&mut self, deadline: Deadline, at: Instant) {
        self.0.insert(deadline, at);
    }

    /// Sets one unless it runs already.
    pub(super) fn start(&mut self, deadline: Deadline, at: Instant) {
        self.0.entry(deadline).or_insert(at);
    }

    /// When one passes, if it is set.
    pub(super) fn get(&self, deadline: Deadline) -> Option<Instant> {
        self.0.get(&deadline).copied()
    }

    pub(super) fn is_set(&self, deadline: Deadline) -> bool {
        self.0.contains_key(&deadline)
    }

    pub(super) fn clear(&mut self, deadline: Deadline) {
        self.0.remove(&deadline);
    }

    pub(super) fn clear_all(&mut self) {
        self.0.clear();
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().min().copied()
    }

    /// Takes the earliest that has passed.
    pub(super) fn take_passed(&mut self, now: Instant) -> Option<Deadline> {
        let (due, _) = self.0.iter().min_by_key(|(_, at)| **at).filter(|(_, at)| **at <= now)?;
        let due = *due;
        self.clear(due);
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_pass_in_order_of_time_and_then_of_the_list() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut deadlines = Deadlines::default();
        deadlines.set(Deadline::ServerBack, start + second);
        deadlines.set(Deadline::Connect, start + second);
        deadlines.set(Deadline::RestartIce, start);
        assert_eq!(deadlines.next(), Some(start));
        let passed: Vec<_> = std::iter::from_fn(|| deadlines.take_passed(start + second)).collect();
        assert_eq!(passed, [Deadline::RestartIce, Deadline::Connect, Deadline::ServerBack]);
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn a_deadline_that_runs_is_not_started_again_but_can_be_moved() {
        let start = Instant::now();
        let mut deadlines = Deadlines::default();
        deadlines.start(Deadline::PeerBack, start + COME_BACK);
        deadlines.start(Deadline::PeerBack, start + RING);
        assert_eq!(deadlines.next(), Some(start + COME_BACK));
        deadlines.set(Deadline::PeerBack, start + RING);
        assert_eq!(deadlines.next(), Some(start + RING));
    }
}
