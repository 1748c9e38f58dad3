//! From how many addresses checks reach the library. Pure: time is an argument.
//!
//! The library takes each address that a check with the right password comes from for another
//! candidate of the other's (RFC 8445 §7.3.1.3) and keeps it. The other has that password and may
//! send from any number of addresses. In: the sources of checks, and those that the library has
//! answered. Out: whether a check goes on. What always holds: the library answers checks from at
//! most [`AT_ONCE`] addresses, and then from a new one in [`ONE_IN`]; who does not know the
//! password uses nothing of that up.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::path::budget::Budget;

/// As many as the candidates that are tried.
const AT_ONCE: u32 = 32;
/// A phone that moves about changes its address every few minutes.
const ONE_IN: Duration = Duration::from_secs(10);
/// The most addresses that are remembered; the one that was answered first is forgotten first.
const MAX_ANSWERED: usize = 64;

/// See the module.
#[derive(Debug)]
pub(crate) struct SourceGate {
    answered: VecDeque<SocketAddr>,
    budget: Budget,
}

impl Default for SourceGate {
    fn default() -> Self {
        Self { answered: VecDeque::new(), budget: Budget::new(AT_ONCE, ONE_IN) }
    }
}

impl SourceGate {
    /// Whether a check from an address goes on.
    pub(crate) fn admits(&mut self, from: SocketAddr, now: Instant) -> bool {
        self.answered.contains(&from) || self.budget.has_left(now)
    }

    /// The library answers a check from an address.
    pub(crate) fn answers(&mut self, to: SocketAddr, now: Instant) {
        if self.answered.contains(&to) {
            return;
        }
        self.budget.take(now);
        if self.answered.len() >= MAX_ANSWERED {
            self.answered.pop_front();
        }
        self.answered.push_back(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn checks_go_on_from_so_many_addresses_and_then_from_a_new_one_now_and_then() {
        let (mut gate, start) = (SourceGate::default(), Instant::now());
        let mut taken = 0;
        for port in 0..10_000u16 {
            let now = start + Duration::from_millis(10) * u32::from(port);
            if gate.admits(at(port), now) {
                gate.answers(at(port), now);
                taken += 1;
            }
        }
        assert_eq!(taken, AT_ONCE + 9, "over a hundred seconds");
        assert!(gate.admits(at(0), start), "who was answered before is answered again");
        assert!(gate.answered.len() <= MAX_ANSWERED);
    }

    #[test]
    fn strangers_whom_nobody_answers_use_nothing_up() {
        let (mut gate, now) = (SourceGate::default(), Instant::now());
        assert!((0..60_000).all(|port| gate.admits(at(port), now)));
    }
}
