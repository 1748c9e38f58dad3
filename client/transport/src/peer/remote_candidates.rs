//! The other's candidates: which are tried, however they come. Pure: time is an argument.
//!
//! In: candidates that are trickled (RFC 8838), and those that stand in a description (RFC 8839
//! §5.1), which the library is not given with it so that they go the same way. Out: those that the
//! library may be given. What always holds: it gets at most [`MAX_CANDIDATES`] different addresses
//! a call, whether in offers, answers, renegotiations, restarts or one by one, whichever of the
//! call's transports they are of, and each once for each ICE generation of a transport; only
//! addresses that a peer can have ([`destination`](crate::path::destination)); and with relays
//! only, no name to look up.
//!
//! An ICE restart brings the same addresses again and, after a change of network, a few new ones.
//! So addresses that were taken before cost nothing, and a connection that comes about gives the
//! budget back, at most once in [`RENEWAL`]: who only wants us to send to others has no call.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use visavis_shared::CandidateInit;

use super::place::{Both, Place};
use crate::path::destination::Reach;

/// The most different addresses of the other's that are tried.
pub(super) const MAX_CANDIDATES: usize = 32;
/// The most of them that are names of multicast DNS: each is asked for on the local network.
const MAX_NAMES: usize = 8;
/// How often a connection gives the budget back.
const RENEWAL: Duration = Duration::from_secs(60);
/// The longest candidate that is read, in bytes.
const MAX_CANDIDATE_BYTES: usize = 512;

/// What a candidate leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Target {
    Address(SocketAddr),
    /// A name of multicast DNS (RFC 6762), and a port.
    Name(String, u16),
}

impl Target {
    /// Reads the candidates that can be used: over UDP, for RTP with RTCP on the same port (RFC
    /// 5761), and of a known type.
    fn of(candidate: &str) -> Option<Self> {
        if candidate.len() > MAX_CANDIDATE_BYTES {
            return None;
        }
        let line = candidate.trim();
        let line = line.strip_prefix("a=").unwrap_or(line);
        let mut words = line.strip_prefix("candidate:").unwrap_or(line).split_ascii_whitespace();
        let (_foundation, component, transport) = (words.next()?, words.next()?, words.next()?);
        let (_priority, address, port) = (words.next()?, words.next()?, words.next()?);
        let (typ, kind) = (words.next()?, words.next()?);
        let is_usable = component == "1"
            && transport.eq_ignore_ascii_case("udp")
            && typ == "typ"
            && ["host", "srflx", "prflx", "relay"].contains(&kind);
        let port = port.parse().ok().filter(|port| is_usable && *port != 0)?;
        if let Ok(ip) = address.parse::<IpAddr>() {
            return Some(Self::Address(SocketAddr::new(ip, port)));
        }
        let name = address.to_ascii_lowercase();
        let stem = name.strip_suffix(".local").filter(|stem| kind == "host" && !stem.is_empty())?;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        stem.bytes().all(is_word).then(|| Self::Name(name.clone(), port))
    }
}

/// The one place that decides which candidates are tried.
#[derive(Debug)]
pub(super) struct RemoteCandidates {
    reach: Reach,
    relay_only: bool,
    /// All that were taken since the budget was last given back.
    taken: HashSet<Target>,
    /// Those of each transport's ICE generation.
    generations: Both<HashSet<Target>>,
    renewed: Option<Instant>,
}

impl RemoteCandidates {
    pub(super) fn new(reach: Reach, relay_only: bool) -> Self {
        Self {
            reach,
            relay_only,
            taken: HashSet::new(),
            generations: Both::default(),
            renewed: None,
        }
    }

    /// Whether the library should be given a candidate for a transport; if so, it counts.
    pub(super) fn take(&mut self, place: Place, candidate: &CandidateInit) -> bool {
        let Some(target) = Target::of(&candidate.candidate) else { return false };
        let is_usable = match &target {
            Target::Address(address) => self.reach.allows(*address),
            Target::Name(..) => !self.relay_only && self.has_room_for_names(&target),
        };
        if !is_usable || self.generations[place].contains(&target) {
            return false;
        }
        if self.taken.len() >= MAX_CANDIDATES && !self.taken.contains(&target) {
            return false;
        }
        self.taken.insert(target.clone());
        self.generations[place].insert(target)
    }

    fn has_room_for_names(&self, target: &Target) -> bool {
        let names = self.taken.iter().filter(|taken| matches!(taken, Target::Name(..))).count();
        names < MAX_NAMES || self.taken.contains(target)
    }

    /// ICE was restarted: the library has forgotten the other's addresses.
    pub(super) fn restarted(&mut self, place: Place) {
        self.generations[place].clear();
    }

    /// ICE and DTLS stand, for the first time or again.
    pub(super) fn connected(&mut self, now: Instant) {
        let is_due = self.renewed.is_none_or(|at| now.saturating_duration_since(at) >= RENEWAL);
        if is_due {
            self.renewed = Some(now);
            // What these generations have stays counted: the library still has it.
            self.taken = self.generations.iter().flatten().cloned().collect();
        }
    }
}

/// Those of one transport: whoever has them decides together with the call's other transport.
#[derive(Debug, Clone)]
pub(super) struct TransportCandidates {
    of_call: Arc<Mutex<RemoteCandidates>>,
    place: Place,
}

impl TransportCandidates {
    /// Those of the first transport.
    pub(super) fn new(of_call: RemoteCandidates) -> Self {
        Self { of_call: Arc::new(Mutex::new(of_call)), place: Place::First }
    }

    /// Those of another transport of the same call, which begins.
    pub(super) fn of(&self, place: Place) -> Self {
        self.of_call().restarted(place);
        Self { of_call: Arc::clone(&self.of_call), place }
    }

    /// See [`RemoteCandidates::take`].
    pub(super) fn take(&self, candidate: &CandidateInit) -> bool {
        self.of_call().take(self.place, candidate)
    }

    /// See [`RemoteCandidates::restarted`].
    pub(super) fn restarted(&self) {
        self.of_call().restarted(self.place);
    }

    /// See [`RemoteCandidates::connected`].
    pub(super) fn connected(&self, now: Instant) {
        self.of_call().connected(now);
    }

    fn of_call(&self) -> MutexGuard<'_, RemoteCandidates> {
        self.of_call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: Place = Place::First;

    fn init(candidate: &str) -> CandidateInit {
        CandidateInit {
            candidate: candidate.to_owned(),
            sdp_mid: None,
            sdp_mline_index: Some(0),
            username_fragment: None,
        }
    }

    fn at(address: &str, port: u16) -> CandidateInit {
        init(&format!("candidate:1 1 udp 2130706431 {address} {port} typ host generation 0"))
    }

    fn anywhere() -> RemoteCandidates {
        RemoteCandidates::new(Reach::default(), false)
    }

    #[test]
    fn candidates_that_can_be_used_are_taken_in_every_spelling() {
        for candidate in [
            "candidate:1 1 UDP 2130706431 192.0.2.1 50000 typ host",
            "1 1 udp 2130706431 192.0.2.1 50000 typ srflx raddr 0.0.0.0 rport 0",
            "a=candidate:1 1 udp 1 2001:db8::1 50000 typ relay raddr :: rport 0 ufrag x",
            "candidate:1 1 udp 1 3f0e4a0c-0000-4c2a-9b3e-1f2d3c4b5a69.local 50000 typ host",
        ] {
            assert!(anywhere().take(FIRST, &init(candidate)), "{candidate}");
        }
    }

    #[test]
    fn candidates_that_lead_nowhere_are_left_out() {
        for candidate in [
            "",
            "candidate:",
            "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
            "candidate:1 1 sctp 1 192.0.2.1 50000 typ host",
            "candidate:1 2 udp 1 192.0.2.1 50000 typ host",
            "candidate:1 1 udp 1 192.0.2.1 0 typ host",
            "candidate:1 1 udp 1 192.0.2.1 65536 typ host",
            "candidate:1 1 udp 1 192.0.2.1 50000 typ token",
            "candidate:1 1 udp 1 192.0.2.1 50000",
            "candidate:1 1 udp 1 peer.example.org 50000 typ host",
            "candidate:1 1 udp 1 a.b.local 50000 typ host",
            "candidate:1 1 udp 1 a.local 50000 typ srflx",
            "candidate:1 1 udp 1 fe80::1%eth0 50000 typ host",
            "candidate:1 1 udp 1 127.0.0.1 50000 typ host",
            "candidate:1 1 udp 1 127.0.0.1 22 typ host",
            "candidate:1 1 udp 1 169.254.169.254 80 typ host",
            "candidate:1 1 udp 1 224.0.0.251 5353 typ host",
            "candidate:1 1 udp 1 255.255.255.255 50000 typ host",
            "candidate:1 1 udp 1 0.0.0.0 50000 typ host",
            "candidate:1 1 udp 1 ::ffff:169.254.169.254 50000 typ host",
        ] {
            assert!(!anywhere().take(FIRST, &init(candidate)), "{candidate}");
        }
        assert!(!anywhere().take(
            FIRST,
            &init(&format!("{}{}", at("192.0.2.1", 50_000).candidate, " x".repeat(600)))
        ));
    }

    #[test]
    fn a_call_has_thirty_two_addresses_whichever_way_they_come() {
        let mut candidates = anywhere();
        let take = |candidates: &mut RemoteCandidates, from: u16| {
            (from..from + 1000)
                .filter(|port| candidates.take(FIRST, &at("192.0.2.1", *port)))
                .count()
        };
        assert_eq!(take(&mut candidates, 2000), MAX_CANDIDATES);
        for restart in 0..40 {
            candidates.restarted(FIRST);
            assert_eq!(take(&mut candidates, 3000 + restart * 1000), 0, "new addresses");
        }
        assert_eq!(take(&mut candidates, 2000), MAX_CANDIDATES, "the same ones again");
        assert_eq!(take(&mut candidates, 2000), 0, "once in each generation");
    }

    #[test]
    fn a_connection_gives_the_budget_back_once_a_minute() {
        let (mut candidates, start) = (anywhere(), Instant::now());
        let mut next = 2000;
        let mut take = |candidates: &mut RemoteCandidates| {
            next += 1000;
            (next..next + 1000)
                .filter(|port| candidates.take(FIRST, &at("192.0.2.1", *port)))
                .count()
        };
        assert_eq!(take(&mut candidates), MAX_CANDIDATES);
        candidates.connected(start);
        assert_eq!(take(&mut candidates), 0, "those of this generation count on");
        candidates.restarted(FIRST);
        assert_eq!(take(&mut candidates), 0);
        candidates.connected(start + RENEWAL / 2);
        candidates.restarted(FIRST);
        assert_eq!(take(&mut candidates), 0, "too soon");
        candidates.connected(start + RENEWAL);
        candidates.restarted(FIRST);
        assert_eq!(take(&mut candidates), MAX_CANDIDATES);
    }

    #[test]
    fn the_transports_of_a_call_share_its_addresses() {
        let (mut candidates, mut taken) = (anywhere(), 0);
        for port in 2000..2100 {
            let place = if port % 3 == 0 { Place::Second } else { Place::First };
            taken += usize::from(candidates.take(place, &at("192.0.2.1", port)));
        }
        assert_eq!(taken, MAX_CANDIDATES);
        assert!(candidates.take(Place::Second, &at("192.0.2.1", 2000)), "each has its own checks");
        candidates.restarted(Place::First);
        assert!(candidates.take(Place::First, &at("192.0.2.1", 2000)));
        assert!(!candidates.take(Place::Second, &at("192.0.2.1", 2000)), "it was not restarted");
    }

    #[test]
    fn with_relays_only_no_name_is_looked_up() {
        let name = init("candidate:1 1 udp 1 a-b.local 50000 typ host");
        let mut relay_only = RemoteCandidates::new(Reach::default(), true);
        assert!(!relay_only.take(FIRST, &name));
        assert!(relay_only.take(FIRST, &at("192.0.2.1", 50_000)), "the relay can reach it");
        let mut candidates = anywhere();
        let named = |n| init(&format!("candidate:1 1 udp 1 n{n}.local 50000 typ host"));
        assert_eq!((0..100).filter(|n| candidates.take(FIRST, &named(*n))).count(), MAX_NAMES);
    }

    proptest! {
        #[test]
        fn whatever_is_offered_at_most_thirty_two_are_taken(
            lines in prop::collection::vec(
                (r"(candidate:)?[0-9] [12] (udp|UDP|tcp) [0-9]{1,3} ", any::<u32>(), any::<u16>()),
                0..400,
            ),
            noise in r"[\PC ]{0,60}"
        ) {
            let mut candidates = RemoteCandidates::new(Reach { loopback: true, link_local: true }, false);
            candidates.take(FIRST, &init(&noise));
            let mut distinct = HashSet::new();
            for (n, (start, ip, port)) in lines.iter().enumerate() {
                let ip = std::net::Ipv4Addr::from(*ip);
                let candidate = init(&format!("{start}{ip} {port} typ host"));
                if candidates.take(FIRST, &candidate) {
                    distinct.insert((ip, *port));
                }
                if n % 7 == 0 {
                    candidates.restarted(FIRST);
                }
            }
            prop_assert!(distinct.len() <= MAX_CANDIDATES);
        }
    }
}
