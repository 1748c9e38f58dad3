//! Where the other is, when their address changes in the middle of a call.
//!
//! A router may give the other's connection another port at any time, and a phone that changes from
//! Wi-Fi to mobile gets another address. Their packets then come from there, and what goes to the
//! old address is lost. ICE (RFC 8445) stays with the pair it has selected until it is restarted,
//! which takes seconds and a server. Datagrams go in; their destinations, and their sources as the
//! library should see them, come out, so that the selected pair goes on working with the address
//! that the other has now.
//!
//! What always holds: nothing is sent to an address that has not just proved that it knows the
//! call's secret (ICE answered a check from it, which it does only if the check's MESSAGE-INTEGRITY
//! is right), and nothing is redirected while packets come from the previous address. Pure: time is
//! an argument.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::packet::{Packet, Transaction};

/// An address that was silent for this long, while another was not, is no longer the other's.
/// Longer than the time between two checks of an idle connection.
pub(crate) const SILENCE: Duration = Duration::from_millis(500);
/// How long ago an address must have proved itself at most.
const FRESH: Duration = Duration::from_secs(2);
/// The most addresses that are remembered. The other has a handful; beyond, the one that was silent
/// for longest is forgotten.
const MAX_SOURCES: usize = 16;
/// The most checks that await our answer.
const MAX_CHECKS: usize = 64;

/// An address that packets come from.
#[derive(Debug, Clone, Copy)]
struct Source {
    address: SocketAddr,
    last_received: Instant,
    /// When ICE last answered a check from there.
    proved: Option<Instant>,
}

/// Follows the other from address to address.
#[derive(Debug, Default)]
pub(crate) struct Roaming {
    /// Where the library sends media.
    selected: Option<SocketAddr>,
    /// Where the other is instead.
    moved_to: Option<SocketAddr>,
    sources: Vec<Source>,
    /// Checks that came and were not answered yet, and where from.
    checks: VecDeque<(Transaction, SocketAddr)>,
}

impl Roaming {
    /// Where the other is now.
    fn current(&self) -> Option<SocketAddr> {
        self.moved_to.or(self.selected)
    }

    /// A datagram has come. Gives its source as the library should see it.
    pub(crate) fn received(
        &mut self,
        from: SocketAddr,
        packet: Packet,
        now: Instant,
    ) -> SocketAddr {
        self.note_source(from, now);
        if let Packet::Check(transaction) = packet {
            if self.checks.len() >= MAX_CHECKS {
                self.checks.pop_front();
            }
            self.checks.push_back((transaction, from));
        }
        self.follow(from, now);
        match self.selected {
            Some(selected) if self.moved_to == Some(from) => selected,
            _ => from,
        }
    }

    /// The library sends a datagram. Gives the address that it should go to.
    pub(crate) fn sending(&mut self, to: SocketAddr, packet: Packet, now: Instant) -> SocketAddr {
        match packet {
            Packet::Media if self.selected != Some(to) => {
                self.selected = Some(to);
                self.moved_to = None;
            }
            Packet::CheckPassed(transaction) => {
                let asked = self.checks.iter().rposition(|(asked, _)| *asked == transaction);
                if let Some((_, from)) = asked.and_then(|at| self.checks.remove(at)) {
                    if let Some(source) =
                        self.sources.iter_mut().find(|source| source.address == from)
                    {
                        source.proved = Some(now);
                    }
                    // The answer goes where the check came from, whatever the library believes.
                    return from;
                }
            }
            _ => {}
        }
        match self.moved_to {
            Some(moved_to) if self.selected == Some(to) => moved_to,
            _ => to,
        }
    }

    fn note_source(&mut self, from: SocketAddr, now: Instant) {
        if let Some(source) = self.sources.iter_mut().find(|source| source.address == from) {
            source.last_received = now;
            return;
        }
        if self.sources.len() >= MAX_SOURCES {
            let current = self.current();
            let others = self
                .sources
                .iter()
                .enumerate()
                .filter(|(_, source)| Some(source.address) != current);
            // Addresses that have proved nothing go first: anybody can send from many addresses.
            if let Some((at, _)) =
                others.min_by_key(|(_, source)| (source.proved, source.last_received))
            {
                self.sources.swap_remove(at);
            }
        }
        self.sources.push(Source { address: from, last_received: now, proved: None });
    }

    /// Takes `from` for the other's address, if it has proved itself and the current one is silent.
    fn follow(&mut self, from: SocketAddr, now: Instant) {
        let (Some(selected), Some(current)) = (self.selected, self.current()) else { return };
        if from == current {
            return;
        }
        let source = |address| self.sources.iter().find(|source| source.address == address);
        let proved = source(from).and_then(|source| source.proved);
        let fresh = proved.is_some_and(|proved| now.saturating_duration_since(proved) <= FRESH);
        let silent = source(current)
            .is_some_and(|source| now.saturating_duration_since(source.last_received) >= SILENCE);
        if fresh && silent {
            self.moved_to = Some(from).filter(|from| *from != selected);
            tracing::debug!("the other is at another address now");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// A call with port 1, from which a packet came at this moment.
    fn call(now: Instant) -> Roaming {
        let mut roaming = Roaming::default();
        check(&mut roaming, 1, 1, now);
        assert_eq!(roaming.sending(at(1), Packet::Media, now), at(1));
        roaming
    }

    /// A check comes from this port and ICE answers it.
    fn check(roaming: &mut Roaming, port: u16, transaction: u8, now: Instant) {
        let seen = roaming.received(at(port), Packet::Check([transaction; 12]), now);
        let answered = roaming.sending(seen, Packet::CheckPassed([transaction; 12]), now);
        assert_eq!(answered, at(port), "an answer goes where the check came from");
    }

    #[test]
    fn a_peer_that_moves_is_followed_once_their_old_address_is_silent() {
        let start = Instant::now();
        let mut roaming = call(start);
        check(&mut roaming, 2, 2, start + ms(300));
        assert_eq!(roaming.sending(at(1), Packet::Media, start + ms(300)), at(1));
        assert_eq!(roaming.received(at(2), Packet::Media, start + ms(499)), at(2));
        assert_eq!(
            roaming.received(at(2), Packet::Media, start + SILENCE),
            at(1),
            "as if nothing had happened"
        );
        assert_eq!(roaming.sending(at(1), Packet::Media, start + SILENCE), at(2));
        assert_eq!(roaming.sending(at(1), Packet::Check([9; 12]), start + SILENCE), at(2));
        assert_eq!(
            roaming.sending(at(3), Packet::Check([9; 12]), start + SILENCE),
            at(3),
            "others are left alone"
        );
    }

    #[test]
    fn who_moves_back_is_followed_back() {
        let start = Instant::now();
        let mut roaming = call(start);
        check(&mut roaming, 2, 2, start + SILENCE);
        roaming.received(at(2), Packet::Media, start + SILENCE);
        assert_eq!(roaming.sending(at(1), Packet::Media, start + SILENCE), at(2));
        check(&mut roaming, 1, 3, start + SILENCE * 2);
        roaming.received(at(1), Packet::Media, start + SILENCE * 2);
        assert_eq!(roaming.sending(at(1), Packet::Media, start + SILENCE * 2), at(1));
    }

    #[test]
    fn nobody_is_followed_on_the_strength_of_media_or_of_checks_that_ice_does_not_answer() {
        let start = Instant::now();
        let mut roaming = call(start);
        for step in 1..100 {
            let now = start + ms(100) * step;
            roaming.received(at(2), Packet::Media, now);
            roaming.received(at(2), Packet::Check([2; 12]), now);
            assert_eq!(roaming.sending(at(1), Packet::Media, now), at(1));
        }
    }

    #[test]
    fn an_address_that_is_heard_of_is_not_left_for_another() {
        let start = Instant::now();
        let mut roaming = call(start);
        for step in 1..100 {
            let now = start + ms(100) * step;
            check(&mut roaming, 2, 2, now);
            roaming.received(at(1), Packet::Media, now);
            assert_eq!(roaming.sending(at(1), Packet::Media, now), at(1));
        }
    }

    #[test]
    fn another_pair_that_ice_selects_ends_the_redirection() {
        let start = Instant::now();
        let mut roaming = call(start);
        check(&mut roaming, 2, 2, start + SILENCE);
        roaming.received(at(2), Packet::Media, start + SILENCE);
        assert_eq!(roaming.sending(at(3), Packet::Media, start + SILENCE), at(3));
        assert_eq!(roaming.sending(at(1), Packet::Check([9; 12]), start + SILENCE), at(1));
    }

    proptest! {
        #[test]
        fn nothing_goes_to_an_address_that_has_proved_nothing(
            events in prop::collection::vec((0u64..400, 1u16..40, 0u8..4, any::<bool>()), 0..300)
        ) {
            let start = Instant::now();
            let mut roaming = call(start);
            let mut now = start;
            let mut proved = vec![1u16];
            for (wait, port, transaction, answered) in events {
                now += ms(wait);
                let seen = roaming.received(at(port), Packet::Check([transaction; 12]), now);
                if answered {
                    let to = roaming.sending(seen, Packet::CheckPassed([transaction; 12]), now);
                    prop_assert_eq!(to, at(port));
                    proved.push(port);
                }
                let to = roaming.sending(at(1), Packet::Media, now);
                prop_assert!(proved.contains(&to.port()), "{} had proved nothing", to);
                prop_assert!(roaming.sources.len() <= MAX_SOURCES);
                prop_assert!(roaming.checks.len() <= MAX_CHECKS);
            }
        }
    }
}
