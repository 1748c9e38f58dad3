//! Which streams reach the library. Pure: time is an argument.
//!
//! SRTP (RFC 3711) has a state for each SSRC. The library makes it before it has verified a packet,
//! and keeps it for as long as the call lasts (ADR 23): whoever can forge the source of packets
//! fills the memory without a key, and the other end with one. So it gets only so many SSRCs.
//!
//! In: the SSRC of each packet of SRTP and SRTCP, and the SSRCs that descriptions name. Out:
//! whether the packet goes on. What always holds: the library gets at most [`MAX_STREAMS`] SSRCs in
//! a call, those apart from it that a description named, of which there are at most [`MAX_NAMED`].
//!
//! Few SSRCs need be named (RFC 8829 §5.2.1), and the other may begin new streams at any time. So
//! the first ones pass at once; later ones only with their second packet, as a forger who makes an
//! SSRC up for each packet sends none twice, and at a rate that no endpoint exceeds.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::path::budget::Budget;

/// The most SSRCs that no description named.
const MAX_STREAMS: usize = 192;
/// The most SSRCs of descriptions that count.
const MAX_NAMED: usize = 64;
/// So many pass at their first packet: audio, video, their repair packets, and reports.
const AT_ONCE: usize = 8;
/// So many may begin in a burst,
const BURST: u32 = 16;
/// and then one in this time.
const ONE_IN: Duration = Duration::from_secs(2);
/// How many SSRCs of single packets are remembered, to recognise the second one. A power of two.
const SLOTS: usize = 4096;

/// See the module.
#[derive(Debug)]
pub(crate) struct SsrcGate {
    named: HashSet<u32>,
    admitted: HashSet<u32>,
    /// The last SSRC that was refused, by a digest of it.
    seen_once: Vec<u32>,
    budget: Budget,
}

impl Default for SsrcGate {
    fn default() -> Self {
        Self {
            named: HashSet::new(),
            admitted: HashSet::new(),
            seen_once: Vec::new(),
            budget: Budget::new(BURST, ONE_IN),
        }
    }
}

impl SsrcGate {
    /// A description of the other's names these.
    pub(crate) fn name(&mut self, ssrcs: impl Iterator<Item = u32>) {
        for ssrc in ssrcs {
            if self.named.len() >= MAX_NAMED {
                return;
            }
            self.named.insert(ssrc);
        }
    }

    /// Whether a stream has passed before.
    pub(crate) fn knows(&self, ssrc: u32) -> bool {
        self.named.contains(&ssrc) || self.admitted.contains(&ssrc)
    }

    /// Whether a packet goes on.
    pub(crate) fn admits(&mut self, ssrc: u32, now: Instant) -> bool {
        if self.knows(ssrc) {
            return true;
        }
        if self.admitted.len() >= MAX_STREAMS {
            return false;
        }
        if self.admitted.len() >= AT_ONCE && !self.is_second(ssrc) {
            return false;
        }
        self.budget.take(now) && self.admitted.insert(ssrc)
    }

    /// Whether a packet of this SSRC has come before.
    fn is_second(&mut self, ssrc: u32) -> bool {
        if self.seen_once.is_empty() {
            self.seen_once = vec![0; SLOTS];
        }
        let digest = ssrc.wrapping_mul(0x9e37_79b1).rotate_left(12) as usize % SLOTS;
        let Some(slot) = self.seen_once.get_mut(digest) else { return false };
        std::mem::replace(slot, ssrc) == ssrc
    }
}

/// The SSRCs that a description names (RFC 5576 §4.1).
pub(crate) fn named(sdp: &str) -> impl Iterator<Item = u32> {
    sdp.lines().filter_map(|line| {
        line.strip_prefix("a=ssrc:")?.split_ascii_whitespace().next()?.parse().ok()
    })
}

/// The SSRC of a packet of SRTP (RFC 3550 §5.1) or SRTCP (§6.4), which RFC 5761 §4 tells apart. 0
/// where it is too short to have one: the library refuses that.
pub(crate) fn ssrc_of(packet: &[u8]) -> u32 {
    let at = if matches!(packet.get(1), Some(192..=223)) { 4 } else { 8 };
    let ssrc = packet.get(at..).and_then(|rest| rest.first_chunk());
    ssrc.copied().map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_streams_of_a_call_pass_with_their_first_packet() {
        let (mut gate, now) = (SsrcGate::default(), Instant::now());
        gate.name([1, 2].into_iter());
        for ssrc in [1, 2, 3, 4, 5, 6] {
            assert!(gate.admits(ssrc, now) && gate.admits(ssrc, now), "{ssrc}");
        }
    }

    #[test]
    fn ssrcs_that_are_made_up_for_each_packet_stay_out() {
        let (mut gate, start) = (SsrcGate::default(), Instant::now());
        let passed = (0..550_000u32)
            .filter(|n| {
                let now = start + Duration::from_micros(36) * *n;
                gate.admits(n.wrapping_mul(2_654_435_761) | 1, now)
            })
            .count();
        assert!(passed <= AT_ONCE, "{passed}");
        let later = start + Duration::from_secs(21);
        assert!(!gate.admits(7, later) && gate.admits(7, later), "a stream begins all the same");
    }

    #[test]
    fn streams_that_begin_without_end_are_let_in_slowly_and_then_no_more() {
        let (mut gate, start) = (SsrcGate::default(), Instant::now());
        let mut admitted = Vec::new();
        for n in 0..100_000u32 {
            let now = start + Duration::from_millis(10) * n;
            let ssrc = 1000 + n;
            if gate.admits(ssrc, now) || gate.admits(ssrc, now) {
                admitted.push(ssrc);
            }
            let most = BURST as usize + n as usize / 200 + 1;
            assert!(admitted.len() <= most.min(MAX_STREAMS), "{} after {n}", admitted.len());
        }
        assert_eq!(admitted.len(), MAX_STREAMS);
        assert!(admitted.iter().all(|ssrc| gate.admits(*ssrc, start)), "what began goes on");
    }

    #[test]
    fn only_so_many_names_count() {
        let mut gate = SsrcGate::default();
        for n in 0..100u32 {
            gate.name(n * 100..n * 100 + 60);
        }
        assert_eq!(gate.named.len(), MAX_NAMED);
    }

    #[test]
    fn names_are_read_once_for_each_line() {
        let sdp = "a=ssrc:7 cname:x\r\na=ssrc:7 msid:y\r\na=ssrc:9\r\na=ssrc:x\r\na=ssrc:\r\n";
        assert_eq!(named(sdp).collect::<Vec<_>>(), [7, 7, 9]);
    }

    #[test]
    fn the_ssrc_stands_where_the_kind_of_packet_has_it() {
        assert_eq!(ssrc_of(&[0x80, 96, 0, 1, 9, 9, 9, 9, 0, 0, 0, 7]), 7);
        assert_eq!(ssrc_of(&[0x80, 200, 0, 1, 0, 0, 0, 8, 9, 9, 9, 9]), 8);
        assert_eq!(ssrc_of(&[0x80, 96, 0]), 0);
    }

    proptest! {
        #[test]
        fn the_bounds_hold(ssrcs in prop::collection::vec((0u32..2000, 0u64..3000), 0..4000)) {
            let (mut gate, mut now) = (SsrcGate::default(), Instant::now());
            let mut passed = HashSet::new();
            for (ssrc, wait) in ssrcs {
                now += Duration::from_millis(wait);
                if gate.admits(ssrc, now) {
                    passed.insert(ssrc);
                }
                prop_assert!(passed.len() <= MAX_STREAMS);
                prop_assert!(passed.iter().all(|ssrc| gate.knows(*ssrc)));
            }
        }
    }
}
