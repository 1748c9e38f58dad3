//! When a connection is pinged, and when it is given up.
//!
//! Pure: told what happened and when, it says what is due and when to ask again.

use std::time::{Duration, Instant};

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the TCP connection to the end of the WebSocket upgrade.
    pub handshake: Duration,
    /// After so long a connection over which pages are asked for is not used for another request; after as long again
    /// it is closed in the middle of one.
    pub http: Duration,
    /// From the upgrade to the login.
    pub login: Duration,
    /// Between one ping and the next.
    pub ping: Duration,
    /// How much longer than `ping` nothing may be heard.
    pub silence: Duration,
    /// How long one write may wait for a peer that does not read.
    pub write: Duration,
    /// How long a closing connection is kept for the peer to take note.
    pub goodbye: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            http: Duration::from_secs(60),
            login: Duration::from_secs(10),
            ping: Duration::from_secs(25),
            silence: Duration::from_secs(30),
            write: Duration::from_secs(5),
            goodbye: Duration::from_secs(1),
        }
    }
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing before this moment.
    Nothing(Instant),
    /// A ping.
    Ping,
    /// The end: nobody logged in.
    NoLogin,
    /// The end: nothing was heard for too long.
    Silent,
}

/// The clocks of one connection.
#[derive(Debug)]
pub(crate) struct Liveness {
    login_by: Option<Instant>,
    ping_at: Instant,
    heard_at: Instant,
    ping: Duration,
    silence: Duration,
}

impl Liveness {
    /// A connection that was just upgraded.
    pub(crate) fn new(timing: &Timing, now: Instant) -> Self {
        Self {
            login_by: Some(now + timing.login),
            ping_at: now + timing.ping,
            heard_at: now,
            ping: timing.ping,
            silence: timing.silence,
        }
    }

    /// Something came, be it a pong.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// Somebody logged in.
    pub(crate) fn logged_in(&mut self) {
        self.login_by = None;
    }

    /// What is due now. A ping counts as sent when this says so.
    pub(crate) fn poll(&mut self, now: Instant) -> Due {
        let silent_at = self.heard_at + self.ping + self.silence;
        if self.login_by.is_some_and(|by| now >= by) {
            Due::NoLogin
        } else if now >= silent_at {
            Due::Silent
        } else if now >= self.ping_at {
            self.ping_at = now + self.ping;
            Due::Ping
        } else {
            Due::Nothing(self.ping_at.min(silent_at).min(self.login_by.unwrap_or(silent_at)))
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
        liveness.heard(start + 9 * SECOND);
        assert_eq!(liveness.poll(start + 9 * SECOND), Due::Nothing(start + 10 * SECOND));
        assert_eq!(liveness.poll(start + 10 * SECOND), Due::NoLogin);
    }

    #[test]
    fn a_silent_connection_is_pinged_and_ends_thirty_seconds_later() {
        let start = Instant::now();
        let mut liveness = Liveness::new(&Timing::default(), start);
        liveness.logged_in();
        assert_eq!(liveness.poll(start), Due::Nothing(start + 25 * SECOND));
        assert_eq!(liveness.poll(start + 25 * SECOND), Due::Ping);
        assert_eq!(liveness.poll(start + 25 * SECOND), Due::Nothing(start + 50 * SECOND));
        assert_eq!(liveness.poll(start + 50 * SECOND), Due::Ping);
        assert_eq!(liveness.poll(start + 54 * SECOND), Due::Nothing(start + 55 * SECOND));
        assert_eq!(liveness.poll(start + 55 * SECOND), Due::Silent);
    }

    #[test]
    fn a_connection_that_answers_lives_on_and_is_pinged_all_the_same() {
        let start = Instant::now();
        let mut liveness = Liveness::new(&Timing::default(), start);
        liveness.logged_in();
        for round in 1..100 {
            let now = start + 25 * round * SECOND;
            assert_eq!(liveness.poll(now), Due::Ping);
            liveness.heard(now + SECOND);
        }
    }
}
