//! Where the other is, when their address changes in the middle of a call.
//!
//! A router may give the other's connection another port at any time, and a phone that changes from
//! Wi-Fi to mobile gets another address. Their packets then come from there, and what goes to the
//! old address is lost. ICE (RFC 8445) stays with the pair it has selected until it is started
//! anew, which takes seconds and a server. Beneath it, this says of each datagram where it is to go
//! and where the library is to believe that it came from, so that the selected pair goes on working
//! with the address that the other has now.
//!
//! What always holds: nothing is sent to an address that has not just proved that it knows the
//! call's secret (ICE answered a check from it, which it does only if the check's MESSAGE-INTEGRITY
//! is right), and nothing is redirected while the address so far is heard of. Pure: time is an
//! argument.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::packet::{Packet, Transaction};

/// An address that has not been heard of for this long, while another has, is the other's no more.
/// More than the time between two checks of an idle connection.
pub(crate) const SILENCE: Duration = Duration::from_millis(500);
/// How long ago an address must have proved itself at most.
const FRESH: Duration = Duration::from_secs(2);
/// The most addresses that are kept in mind. The other has a handful; beyond, the longest unheard
/// of is forgotten.
const MAX_PLACES: usize = 16;
/// The most checks that await our answer.
const MAX_CHECKS: usize = 64;

/// An address that packets come from.
#[derive(Debug, Clone, Copy)]
struct Place {
    address: SocketAddr,
    heard: Instant,
    /// When ICE last answered a check from there.
    proved: Option<Instant>,
}

/// Follows the other about.
#[derive(Debug, Default)]
pub(crate) struct Roaming {
    /// Where the library sends media.
    selected: Option<SocketAddr>,
    /// Where the other is instead.
    moved_to: Option<SocketAddr>,
    places: Vec<Place>,
    /// Checks that came and were not answered yet, and where from.
    checks: VecDeque<(Transaction, SocketAddr)>,
}

impl Roaming {
    /// Where the other is now.
    fn current(&self) -> Option<SocketAddr> {
        self.moved_to.or(self.selected)
    }

    /// A datagram has come. Says where the library is to believe that it came from.
    pub(crate) fn received(
        &mut self,
        from: SocketAddr,
        packet: Packet,
        now: Instant,
    ) -> SocketAddr {
        self.heard_of(from, now);
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

    /// The library sends a datagram. Says where it is to go.
    pub(crate) fn sending(&mut self, to: SocketAddr, packet: Packet, now: Instant) -> SocketAddr {
        match packet {
            Packet::Media if self.selected != Some(to) => {
                self.selected = Some(to);
                self.moved_to = None;
            }
            Packet::CheckPassed(transaction) => {
                let asked = self.checks.iter().rposition(|(asked, _)| *asked == transaction);
                if let Some((_, from)) = asked.and_then(|at| self.checks.remove(at)) {
                    if let Some(place) = self.places.iter_mut().find(|place| place.address == from)
                    {
                        place.proved = Some(now);
                    }
                    // The answer goes where the question came from, whatever the library believes.
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

    fn heard_of(&mut self, from: SocketAddr, now: Instant) {
        if let Some(place) = self.places.iter_mut().find(|place| place.address == from) {
            place.heard = now;
            return;
        }
        if self.places.len() >= MAX_PLACES {
            let current = self.current();
            let others =
                self.places.iter().enumerate().filter(|(_, place)| Some(place.address) != current);
            // Whoever has proved nothing goes first: anybody can send from many addresses.
            if let Some((at, _)) = others.min_by_key(|(_, place)| (place.proved, place.heard)) {
                self.places.swap_remove(at);
            }
        }
        self.places.push(Place { address: from, heard: now, proved: None });
    }

    /// Takes `from` for where the other is, if it has proved itself and where they were is silent.
    fn follow(&mut self, from: SocketAddr, now: Instant) {
        let (Some(selected), Some(current)) = (self.selected, self.current()) else { return };
        if from == current {
            return;
        }
        let place = |address| self.places.iter().find(|place| place.address == address);
        let proved = place(from).and_then(|place| place.proved);
        let fresh = proved.is_some_and(|proved| now.saturating_duration_since(proved) <= FRESH);
        let silent = place(current)
            .is_some_and(|place| now.saturating_duration_since(place.heard) >= SILENCE);
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

    /// A call with whoever is at port 1, which was heard of at this moment.
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
        assert_eq!(answered, at(port), "an answer goes where the question came from");
    }

    #[test]
    fn who_moves_is_followed_once_their_old_address_is_silent() {
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
                prop_assert!(roaming.places.len() <= MAX_PLACES && roaming.checks.len() <= MAX_CHECKS);
            }
        }
    }
}
