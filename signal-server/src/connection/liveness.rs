//! When a connection is pinged, and when it is given up.
//!
//! Pure: told what happened and when, it says what is due and when to ask again.

use std::time::{Duration, Instant};

use crate::limits::timing::Timing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing before this moment.
    Nothing(Instant),
    Ping,
    /// The end: nobody logged in.
    NoLogin,
    /// The end: the peer was silent for too long.
    Silent,
    /// The end: the server goes away.
    Leave,
}

#[derive(Debug)]
pub(crate) struct Liveness {
    login_by: Option<Instant>,
    ping_at: Instant,
    received_at: Instant,
    leave_at: Option<Instant>,
    ping: Duration,
    idle: Duration,
}

impl Liveness {
    pub(crate) fn new(timing: &Timing, now: Instant) -> Self {
        Self {
            login_by: Some(now + timing.login),
            ping_at: now + timing.ping,
            received_at: now,
            leave_at: None,
            ping: timing.ping,
            idle: timing.idle,
        }
    }

    /// The peer sent something, be it a pong.
    pub(crate) fn received(&mut self, now: Instant) {
        self.received_at = now;
    }

    pub(crate) fn logged_in(&mut self) {
        self.login_by = None;
    }

    /// The server shuts down, and this connection ends at that moment.
    pub(crate) fn leave(&mut self, at: Instant) {
        self.leave_at = Some(at);
    }

    /// What is due now. A ping counts as sent when this says so.
    pub(crate) fn poll(&mut self, now: Instant) -> Due {
        let silent_at = self.received_at + self.idle;
        if self.leave_at.is_some_and(|at| now >= at) {
            Due::Leave
        } else if self.login_by.is_some_and(|by| now >= by) {
            Due::NoLogin
        } else if now >= silent_at {
            Due::Silent
        } else if now >= self.ping_at {
            self.ping_at = now + self.ping;
            Due::Ping
        } else {
            let ends = [self.login_by, self.leave_at].into_iter().flatten();
            Due::Nothing(ends.fold(self.ping_at.min(silent_at), Instant::min))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_connection_without_a_login_ends_after_ten_seconds() {
        let start = Instant::now();
        let mut liveness = Liveness::new(&Timing::default(), start);
        liveness.received(start + 9 * SECOND);
        assert_eq!(liveness.poll(start + 9 * SECOND), Due::Nothing(start + 10 * SECOND));
        assert_eq!(liveness.poll(start + 10 * SECOND), Due::NoLogin);
    }

    #[test]
    fn a_silent_connection_is_pinged_and_ends_after_thirty_seconds() {
        let start = Instant::now();
        let mut liveness = Liveness::new(&Timing::default(), start);
        liveness.logged_in();
        assert_eq!(liveness.poll(start), Due::Nothing(start + 25 * SECOND));
        assert_eq!(liveness.poll(start + 25 * SECOND), Due::Ping);
        assert_eq!(liveness.poll(start + 25 * SECOND), Due::Nothing(start + 30 * SECOND));
        assert_eq!(liveness.poll(start + 30 * SECOND), Due::Silent);
    }

    #[test]
    fn a_connection_of_a_server_that_goes_away_ends_when_its_turn_comes() {
        let start = Instant::now();
        let mut liveness = Liveness::new(&Timing::default(), start);
        liveness.leave(start + 3 * SECOND);
        assert_eq!(liveness.poll(start), Due::Nothing(start + 3 * SECOND));
        assert_eq!(liveness.poll(start + 3 * SECOND), Due::Leave);
    }

    #[test]
    fn a_connection_that_answers_lives_on_and_is_pinged_all_the_same() {
        let start = Instant::now();
        let mut liveness = Liveness::new(&Timing::default(), start);
        liveness.logged_in();
        for round in 1..100 {
            let now = start + 25 * round * SECOND;
            assert_eq!(liveness.poll(now), Due::Ping);
            liveness.received(now + SECOND);
        }
    }
}
