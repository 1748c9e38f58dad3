//! Datagrams of data channels that are sent again when nothing is heard of the other's. Pure: time
//! is an argument.
//!
//! What SCTP sends last, or again, and is lost in turn, it misses only when a timer of a second
//! runs out, then of two, of four (RFC 9260 §6.3.3): after a few seconds without a network a
//! transfer stands still for as long again. So the wire is probed, as RACK-TLP does (RFC 8985 §7).
//! In: what leaves and what comes. Out: what is sent again, byte by byte; a record of DTLS that did
//! arrive is dropped there as a replay (RFC 6347 §4.1.2.6), and one that was lost is acknowledged,
//! which shows SCTP its gaps. What always holds: no more than [`KEPT`] datagrams leave at once, the
//! wait doubles up to [`LONGEST_WAIT`], and whatever comes ends it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many are sent again: half of them the first that nobody answered, half of them the last.
const KEPT: usize = 4;
/// Nothing came for so long: much more than a round trip, and less than SCTP's shortest timer.
const FIRST_WAIT: Duration = Duration::from_millis(400);
/// The wait grows up to this.
const LONGEST_WAIT: Duration = Duration::from_millis(1600);

/// See the module. `R` is the route of a datagram.
#[derive(Debug)]
pub(super) struct DataProbe<R> {
    unanswered: VecDeque<(R, Vec<u8>)>,
    due: Option<Instant>,
    wait: Duration,
}

impl<R> Default for DataProbe<R> {
    fn default() -> Self {
        Self { unanswered: VecDeque::new(), due: None, wait: FIRST_WAIT }
    }
}

impl<R: Clone> DataProbe<R> {
    /// A datagram has left.
    pub(super) fn left(&mut self, route: R, datagram: &[u8], now: Instant) {
        let is_full = self.unanswered.len() == KEPT;
        let oldest = is_full.then(|| self.unanswered.remove(KEPT / 2)).flatten();
        // Files send thousands a second, each into the place of another.
        let mut kept = oldest.map(|(_, kept)| kept).unwrap_or_default();
        kept.clear();
        kept.extend_from_slice(datagram);
        self.unanswered.push_back((route, kept));
        self.due.get_or_insert(now + self.wait);
    }

    /// Something has come.
    pub(super) fn came(&mut self) {
        *self = Self::default();
    }

    /// When to call [`Self::poll`]; `None` while nothing is unanswered.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.due
    }

    /// What is sent again now.
    pub(super) fn poll(&mut self, now: Instant) -> Vec<(R, Vec<u8>)> {
        if self.due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        self.due = Some(now + self.wait);
        self.unanswered.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(probe: &mut DataProbe<()>, now: Instant) -> Vec<u8> {
        probe.poll(now).iter().filter_map(|((), datagram)| datagram.first().copied()).collect()
    }

    #[test]
    fn the_first_and_the_last_that_nobody_answered_are_sent_again_at_growing_distances() {
        let (mut probe, start) = (DataProbe::default(), Instant::now());
        for number in 0..20 {
            probe.left((), &[number], start);
        }
        assert!(sent(&mut probe, start + Duration::from_millis(399)).is_empty());
        let mut at = Vec::new();
        for millis in 0..10_000 {
            if !sent(&mut probe, start + Duration::from_millis(millis)).is_empty() {
                at.push(millis);
            }
        }
        assert_eq!(at[..4], [400, 1200, 2800, 4400]);
        assert_eq!(sent(&mut probe, start + Duration::from_secs(60)), [0, 1, 18, 19]);
    }

    #[test]
    fn whatever_comes_ends_it_and_what_leaves_later_is_waited_for_anew() {
        let (mut probe, start) = (DataProbe::default(), Instant::now());
        probe.left((), &[1], start);
        probe.came();
        assert_eq!(probe.next_deadline(), None);
        let later = start + Duration::from_secs(9);
        probe.left((), &[2], later);
        assert!(sent(&mut probe, later).is_empty());
        assert_eq!(sent(&mut probe, later + FIRST_WAIT), [2]);
    }
}
