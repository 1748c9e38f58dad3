//! Repair by retransmission (RFC 4585 §6.2.1), both ends of it, on time as an argument.
//!
//! [`NackTracker`] notices which packets of a received stream are missing and says when to ask for which;
//! [`SendHistory`] keeps what was sent and gives it out again. Both bound what one lost packet can cost: a packet is
//! asked for a few times, a round trip apart, and resent no faster than that whoever asks.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Packets overtake each other now and then; so long it is not taken for a loss.
const REORDER_WAIT: Duration = Duration::from_millis(5);
/// The least time between asking for a packet and asking again.
const MIN_RETRY: Duration = Duration::from_millis(15);
/// The round trip that is assumed until it is measured.
const ASSUMED_RTT: Duration = Duration::from_millis(50);
/// How often a packet is asked for.
const MAX_ASKS: u32 = 6;
/// After so long a packet is of no use to anyone.
const MAX_AGE: Duration = Duration::from_millis(500);
/// More than this missing at once is an outage, not a loss: only a key frame helps.
const MAX_MISSING: usize = 400;

/// Which packets of a stream to ask for, and when.
#[derive(Debug, Default)]
pub struct NackTracker {
    highest: Option<u64>,
    missing: BTreeMap<u64, Missing>,
}

#[derive(Debug)]
struct Missing {
    since: Instant,
    asks: u32,
    next_ask: Instant,
}

impl NackTracker {
    /// Notes a packet by its unwrapped sequence number. Says whether so much is missing that nothing is asked for.
    pub fn received(&mut self, sequence: u64, now: Instant) -> bool {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            return false;
        };
        if sequence <= highest {
            self.missing.remove(&sequence);
            return false;
        }
        self.highest = Some(sequence);
        if sequence - highest > MAX_MISSING as u64 {
            self.missing.clear();
            return true;
        }
        for missing in highest + 1..sequence {
            self.missing.insert(missing, Missing { since: now, asks: 0, next_ask: now + REORDER_WAIT });
        }
        if self.missing.len() > MAX_MISSING {
            self.missing.clear();
            return true;
        }
        false
    }

    /// Stops asking for anything below this.
    pub fn forget_below(&mut self, floor: u64) {
        self.missing = self.missing.split_off(&floor);
    }

    /// The packets to ask for now, in order.
    pub fn due(&mut self, now: Instant, rtt: Option<Duration>) -> Vec<u16> {
        let retry = retry_time(rtt);
        self.missing.retain(|_, missing| missing.asks < MAX_ASKS && now.duration_since(missing.since) < MAX_AGE);
        let due = self.missing.iter_mut().filter(|(_, missing)| missing.next_ask <= now);
        due.map(|(&sequence, missing)| {
            missing.asks += 1;
            missing.next_ask = now + retry;
            sequence as u16
        })
        .collect()
    }

    /// When to call [`Self::due`] again.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.missing.values().map(|missing| missing.next_ask).min()
    }
}

/// How long a repair can be waited for: until the third time of asking has had its answer. A key frame instead takes a
/// round trip too, and then the time to encode and send it.
#[must_use]
pub fn repair_time(rtt: Option<Duration>, cap: Duration) -> Duration {
    let answer = rtt.unwrap_or(ASSUMED_RTT) + MIN_RETRY;
    (REORDER_WAIT + 2 * retry_time(rtt) + answer).min(cap)
}

/// How long after asking to ask again.
fn retry_time(rtt: Option<Duration>) -> Duration {
    rtt.unwrap_or(ASSUMED_RTT).mul_f64(1.25).max(MIN_RETRY)
}

/// The most packets that are kept for repair.
const HISTORY: usize = 1024;
/// How often one packet is resent.
const MAX_RESENDS: u32 = 4;
/// The least time between two transmissions of the same packet.
const MIN_RESEND: Duration = Duration::from_millis(8);

/// The packets that were sent, for as long as somebody may miss them.
#[derive(Debug)]
pub struct SendHistory<P> {
    sent: VecDeque<Sent<P>>,
}

#[derive(Debug)]
struct Sent<P> {
    sequence: u16,
    packet: P,
    first_sent: Instant,
    last_sent: Instant,
    resends: u32,
}

impl<P: Clone> Default for SendHistory<P> {
    fn default() -> Self {
        Self { sent: VecDeque::with_capacity(HISTORY) }
    }
}

impl<P: Clone> SendHistory<P> {
    /// Keeps a packet that is being sent. Sequence numbers come one after the other.
    pub fn remember(&mut self, sequence: u16, packet: P, now: Instant) {
        if self.sent.back().is_some_and(|last| last.sequence.wrapping_add(1) != sequence) {
            self.sent.clear();
        }
        if self.sent.len() >= HISTORY {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent { sequence, packet, first_sent: now, last_sent: now, resends: 0 });
    }

    /// The packet to send again, unless it is unknown, too old, was resent often enough or only just.
    pub fn repair(&mut self, sequence: u16, now: Instant, rtt: Option<Duration>) -> Option<P> {
        let first = self.sent.front()?.sequence;
        let sent = self.sent.get_mut(usize::from(sequence.wrapping_sub(first)))?;
        let pause = rtt.unwrap_or(MIN_RESEND).mul_f64(0.8).max(MIN_RESEND);
        let early = sent.resends > 0 && now.duration_since(sent.last_sent) < pause;
        if early || sent.resends >= MAX_RESENDS || now.duration_since(sent.first_sent) > 2 * MAX_AGE {
            return None;
        }
        sent.resends += 1;
        sent.last_sent = now;
        Some(sent.packet.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const RTT: Option<Duration> = Some(Duration::from_millis(40));

    #[test]
    fn a_lost_packet_is_asked_for_once_per_round_trip_and_not_for_ever() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(65_535, start);
        tracker.received(65_537, start);
        let asked: Vec<(u32, Vec<u16>)> = (0..1000)
            .map(|ms| (ms, tracker.due(start + ms * MS, RTT)))
            .filter(|(_, sequences)| !sequences.is_empty())
            .collect();
        assert!(asked.iter().all(|(_, sequences)| *sequences == [0]), "{asked:?}");
        assert_eq!(asked.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [5, 55, 105, 155, 205, 255]);
    }

    #[test]
    fn a_packet_that_was_only_overtaken_is_not_asked_for() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start);
        tracker.received(3, start);
        tracker.received(2, start + 4 * MS);
        assert_eq!(tracker.next_deadline(), None);
        assert!(tracker.due(start + 50 * MS, RTT).is_empty());
    }

    #[test]
    fn what_was_given_up_is_not_asked_for() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start);
        tracker.received(10, start);
        tracker.forget_below(8);
        assert_eq!(tracker.due(start + 50 * MS, RTT), [8, 9]);
    }

    #[test]
    fn an_outage_is_not_repaired_packet_by_packet() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start);
        assert!(tracker.received(100_000, start));
        assert!(tracker.due(start + 50 * MS, RTT).is_empty());
        let mut every_other = (100_002..102_000).step_by(2);
        assert!(every_other.any(|sequence| tracker.received(sequence, start)));
    }

    #[test]
    fn a_sent_packet_is_resent_on_demand_but_never_in_a_storm() {
        let start = Instant::now();
        let mut history = SendHistory::default();
        for sequence in [65_534, 65_535, 0, 1] {
            history.remember(sequence, sequence, start);
        }
        assert_eq!(history.repair(0, start + MS, RTT), Some(0));
        assert_eq!(history.repair(0, start + 2 * MS, RTT), None);
        assert_eq!(history.repair(0, start + 40 * MS, RTT), Some(0));
        let resent = (41..2000).filter(|ms| history.repair(0, start + *ms * MS, RTT).is_some()).count();
        assert_eq!(resent, 2);
        assert_eq!(history.repair(2, start + MS, RTT), None);
        assert_eq!(history.repair(65_533, start + MS, RTT), None);
        assert_eq!(history.repair(65_534, start + 1001 * MS, RTT), None);
    }

    #[test]
    fn history_is_bounded() {
        let start = Instant::now();
        let mut history = SendHistory::default();
        for sequence in 0..10_000u16 {
            history.remember(sequence, sequence, start);
        }
        assert_eq!(history.sent.len(), HISTORY);
        assert_eq!(history.repair(9_999, start, RTT), Some(9_999));
        assert_eq!(history.repair(8_000, start, RTT), None);
    }
}
