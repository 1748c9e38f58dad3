//! Which candidates of ours the other gets, and how they rank. Pure.
//!
//! In: the candidates that the library gathers (RFC 8839 §5.1). Out: those to send, with the
//! priority that the rank of their interface gives them (RFC 8445 §5.1.2.1, RFC 8421 §4): the
//! library gives all interfaces the same. What always holds: for each ICE generation at most as
//! many of each kind as [`MOST`] says, none twice, and none with an address that nobody can reach.

use std::collections::HashSet;
use std::net::IpAddr;

use visavis_shared::CandidateInit;

use crate::path::network_cards::MAX_ADDRESSES;

/// Each kind of candidate, its type preference (RFC 8445 §5.1.2.2), and the most that are sent of
/// it. Together they are as many as the other takes.
const MOST: [(&str, u32, usize); 4] = [
    ("host", 126, MAX_ADDRESSES),
    ("prflx", 110, 0),
    ("srflx", 100, 8),
    ("relay", 0, MAX_ADDRESSES),
];

/// The priority of the one component that there is, beside its type and rank.
const RTP: u32 = 255;
const BEST: u32 = 65_535;
/// How far the ranks lie apart.
const STEP: u32 = 256;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct LocalCandidates {
    /// Our addresses, the best first.
    ranks: Vec<IpAddr>,
    generation: Option<String>,
    /// Type and address of those that were sent in this generation.
    sent: HashSet<(String, String)>,
}

impl LocalCandidates {
    /// `ranks`: our addresses, the best first.
    pub(super) fn new(ranks: Vec<IpAddr>) -> Self {
        Self { ranks, ..Self::default() }
    }

    /// A description of ours has this user fragment: another one begins an ICE generation, in which
    /// everything is sent again (RFC 8445 §9).
    pub(super) fn described(&mut self, user_fragment: Option<&str>) {
        if self.generation.as_deref() != user_fragment {
            self.generation = user_fragment.map(str::to_owned);
            self.sent.clear();
        }
    }

    /// The candidate as the other gets it, if it does.
    pub(super) fn offer(&mut self, found: CandidateInit) -> Option<CandidateInit> {
        let words: Vec<&str> = found.candidate.split_ascii_whitespace().collect();
        let [foundation, component, transport, _priority, address, port, "typ", kind, rest @ ..] =
            words.as_slice()
        else {
            return None;
        };
        let ip = address.parse::<IpAddr>().ok();
        if ip.is_some_and(|ip| ip.is_unspecified()) {
            return None;
        }
        let (_, preference, most) = MOST.iter().find(|(name, ..)| name == kind)?;
        let sent = self.sent.iter().filter(|(of, _)| of == kind).count();
        if sent >= *most || !self.sent.insert(((*kind).to_owned(), format!("{address} {port}"))) {
            return None;
        }
        // What a server sees belongs to the interface that it was asked from.
        let base = rest.iter().position(|word| *word == "raddr").and_then(|at| rest.get(at + 1));
        let base = base.and_then(|base| base.parse().ok()).or(ip);
        let rank = self.ranks.iter().position(|ranked| Some(*ranked) == base);
        let rank = u32::try_from(rank.unwrap_or(self.ranks.len())).unwrap_or(0);
        let local = BEST.saturating_sub(rank.saturating_mul(STEP));
        let priority = (preference << 24) | (local << 8) | RTP;
        let rest: String = rest.iter().flat_map(|word| [" ", *word]).collect();
        let candidate = format!(
            "{foundation} {component} {transport} {priority} {address} {port} typ {kind}{rest}"
        );
        Some(CandidateInit { candidate, ..found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(candidate: &str) -> CandidateInit {
        CandidateInit {
            candidate: candidate.to_owned(),
            sdp_mid: Some("0".to_owned()),
            sdp_mline_index: Some(0),
            username_fragment: None,
        }
    }

    fn priority(candidate: &CandidateInit) -> u32 {
        candidate.candidate.split(' ').nth(3).and_then(|word| word.parse().ok()).expect("a number")
    }

    fn ranks() -> LocalCandidates {
        LocalCandidates::new(["192.0.2.1", "10.0.0.1"].map(|ip| ip.parse().expect(ip)).into())
    }

    #[test]
    fn a_better_interface_has_the_higher_priority_and_a_better_kind_the_highest() {
        let mut candidates = ranks();
        let mut offer = |candidate: &str| candidates.offer(found(candidate)).expect(candidate);
        let best = offer("candidate:1 1 udp 7 192.0.2.1 50000 typ host");
        let second = offer("candidate:2 1 udp 7 10.0.0.1 50001 typ host");
        let mapped = offer(
            "candidate:3 1 udp 7 203.0.113.1 50000 typ srflx raddr 192.0.2.1 rport 50000 ufrag a",
        );
        let other = offer("candidate:4 1 udp 7 203.0.113.1 50001 typ srflx raddr 10.0.0.1 rport 1");
        let relayed =
            offer("candidate:5 1 udp 7 198.51.100.1 50000 typ relay raddr 10.0.0.1 rport 1");
        let order = [&best, &second, &mapped, &other, &relayed].map(priority);
        assert!(order.is_sorted_by(|a, b| a > b), "{order:?}");
        // RFC 8445 §5.1.2.1.
        assert_eq!(priority(&best), 2_130_706_431);
        assert_eq!(
            mapped.candidate,
            format!(
                "candidate:3 1 udp {} 203.0.113.1 50000 typ srflx raddr 192.0.2.1 rport 50000 ufrag a",
                priority(&mapped)
            )
        );
        assert_eq!(mapped.sdp_mid.as_deref(), Some("0"));
    }

    #[test]
    fn of_each_kind_so_many_are_sent_in_each_generation() {
        let mut candidates = ranks();
        for generation in ["a", "b"] {
            candidates.described(Some(generation));
            for (kind, _, most) in MOST {
                let sent = (0..100).filter(|n| {
                    let candidate = format!("candidate:1 1 udp 7 192.0.2.{n} 5000 typ {kind}");
                    candidates.offer(found(&candidate)).is_some()
                });
                assert_eq!(sent.count(), most, "{kind}");
            }
        }
        assert_eq!(MOST.iter().map(|(.., most)| most).sum::<usize>(), 32);
    }

    #[test]
    fn what_is_no_candidate_or_leads_nowhere_or_came_before_is_not_sent() {
        let mut candidates = ranks();
        let host = "candidate:1 1 udp 7 192.0.2.1 50000 typ host";
        assert!(candidates.offer(found(host)).is_some());
        for candidate in [
            host,
            "",
            "candidate:1 1 udp 7 0.0.0.0 5 typ host",
            "candidate:1 1 udp 7 :: 5 typ host",
        ] {
            assert_eq!(candidates.offer(found(candidate)), None, "{candidate}");
        }
    }
}
