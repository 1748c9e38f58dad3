//! The NACK tracker (RFC 4585 §6.2.1): which packets of a received stream to request again, and
//! when.
//!
//! In go the sequence numbers that arrive, and time as an argument; out come those to put into the
//! next NACK. What always holds: a packet is requested a bounded number of times, a round trip
//! apart, and no more than [`MAX_MISSING`] packets are tracked.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::sending::send_history::{ASSUMED_RTT, MAX_AGE};

/// Packets overtake each other now and then; so long at least it is not taken for a loss.
const REORDER_WAIT: Duration = Duration::from_millis(5);
/// And so long at most, however much they overtake each other.
const MAX_REORDER_WAIT: Duration = Duration::from_millis(100);
/// A packet that was late by so much is a reason to wait a little longer next time.
const REORDER_MARGIN: Duration = Duration::from_millis(3);
/// To wait for overtaken packets is unlearned by this factor each second.
const REORDER_DECAY: f64 = 0.93;
/// Where FEC packets follow each frame, what they can rebuild is not requested: they come about so
/// long after a gap shows.
const FEC_WAIT: Duration = Duration::from_millis(12);
/// The least time between two requests for a packet.
const MIN_RETRY: Duration = Duration::from_millis(15);
const MAX_REQUESTS: usize = 10;
/// More than this missing at once is an outage, not a loss: only a key frame helps.
const MAX_MISSING: usize = 400;
/// Where so much gets lost, each request is sent again after so long, and once more: it is small,
/// the answer comes but once, and losses often come in bursts.
const LOSSY: f64 = 0.02;
const REPEAT_AFTER: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(20)];
/// The most packets that are requested from before the first that came. A first key frame is small
/// (ADR 15).
const MAX_BEFORE_FIRST: u64 = 12;
/// A retransmission is waited for until it is this improbable that it still comes.
const HOPELESS: f64 = 0.002;

#[derive(Debug, Default)]
pub(crate) struct NackTracker {
    highest: Option<u64>,
    missing: BTreeMap<u64, Missing>,
    /// How late overtaken packets were, at most and lately, and when that was seen.
    reordering: Option<(Duration, Instant)>,
    /// Whether FEC packets follow each frame.
    pub(super) fec: bool,
}

#[derive(Debug)]
struct Missing {
    since: Instant,
    requests: usize,
    next_request: Instant,
}

impl NackTracker {
    /// Notes a packet by its unwrapped sequence number. Returns whether so much is missing that
    /// nothing is requested. `rtt` tells one that was overtaken from one that was retransmitted.
    pub(crate) fn received(&mut self, sequence: u64, now: Instant, rtt: Option<Duration>) -> bool {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            return false;
        };
        if sequence <= highest {
            if let Some(missing) = self.missing.remove(&sequence) {
                self.came_late(&missing, now, rtt);
            }
            return false;
        }
        self.highest = Some(sequence);
        if sequence - highest > MAX_MISSING as u64 {
            self.missing.clear();
            return true;
        }
        self.miss(highest + 1..sequence, now, self.first_wait(now));
        if self.missing.len() > MAX_MISSING {
            self.missing.clear();
            return true;
        }
        false
    }

    /// A stream's first packet came, and it is not where the stream begins: what was before it is
    /// missing.
    pub(crate) fn miss_before(&mut self, first: u64, now: Instant) {
        self.miss(first.saturating_sub(MAX_BEFORE_FIRST)..first, now, self.first_wait(now));
    }

    /// FEC packets show that these are missing, and can't rebuild them. They are waited for no
    /// longer than without FEC. Those at the end of a frame are known so before the next frame
    /// shows the gap.
    pub(crate) fn beyond_fec(&mut self, sequences: &[u16], now: Instant) {
        let Some(highest) = self.highest else { return };
        let wait = self.wait_for_overtaken(now);
        for &sequence in sequences {
            let ahead = i64::from(sequence.wrapping_sub(highest as u16) as i16);
            let sequence = highest.saturating_add_signed(ahead);
            if let Some(missing) = self.missing.get_mut(&sequence) {
                if missing.requests == 0 {
                    missing.next_request =
                        missing.next_request.min((missing.since + wait).max(now));
                }
            } else if ahead > 0 && ahead <= MAX_MISSING as i64 && self.missing.len() < MAX_MISSING {
                // Nothing between them came either.
                let known = self.highest.unwrap_or(highest);
                self.miss(known + 1..sequence + 1, now, wait);
                self.highest = Some(known.max(sequence));
            }
        }
    }

    /// FEC rebuilt a packet: it need not be requested, and says nothing of packets that overtake
    /// each other.
    pub(crate) fn rebuilt(&mut self, sequence: u64, now: Instant) {
        self.missing.remove(&sequence);
        if let Some(highest) = self.highest
            && sequence > highest
            && sequence - highest <= MAX_MISSING as u64
        {
            self.miss(highest + 1..sequence, now, self.first_wait(now));
            self.highest = Some(sequence);
        }
    }

    /// How long a packet is given to turn up by itself.
    fn first_wait(&self, now: Instant) -> Duration {
        let fec = if self.fec { FEC_WAIT } else { Duration::ZERO };
        self.wait_for_overtaken(now).max(fec)
    }

    fn wait_for_overtaken(&self, now: Instant) -> Duration {
        let reordering = self.reordering.map_or(Duration::ZERO, |(late, at)| {
            let since = now.saturating_duration_since(at).as_secs_f64();
            late.mul_f64(REORDER_DECAY.powf(since))
        });
        REORDER_WAIT.max(reordering)
    }

    /// Notes packets that are missing as of now. They are requested after `wait`.
    fn miss(&mut self, sequences: Range<u64>, now: Instant, wait: Duration) {
        self.missing.extend(sequences.map(|sequence| {
            (sequence, Missing { since: now, requests: 0, next_request: now + wait })
        }));
    }

    /// A missing packet came. Sooner than any answer could, it was only overtaken.
    fn came_late(&mut self, missing: &Missing, now: Instant, rtt: Option<Duration>) {
        let late = now.saturating_duration_since(missing.since);
        let requested = missing.requests > 0;
        let first_request = self.first_wait(missing.since);
        let soonest_answer = first_request + rtt.unwrap_or(ASSUMED_RTT).mul_f64(0.8);
        if requested && late >= soonest_answer {
            return;
        }
        let wait = (late + REORDER_MARGIN).min(MAX_REORDER_WAIT);
        if wait > self.first_wait(now) {
            self.reordering = Some((wait, now));
        }
    }

    /// Requests nothing below this any more.
    pub(crate) fn forget_below(&mut self, floor: u64) {
        self.missing = self.missing.split_off(&floor);
    }

    /// The packets to request now, in order.
    /// `loss` is the share of packets that gets lost.
    pub(crate) fn due(&mut self, now: Instant, rtt: Option<Duration>, loss: f64) -> Vec<u16> {
        let again: &[Duration] = if loss > LOSSY { &REPEAT_AFTER } else { &[] };
        let retry = retry_time(rtt).saturating_sub(again.iter().sum()).max(MIN_RETRY);
        let in_a_row = again.len() + 1;
        let max_requests = in_a_row * MAX_REQUESTS;
        self.missing.retain(|_, missing| {
            missing.requests < max_requests
                && now.saturating_duration_since(missing.since) < MAX_AGE
        });
        let due = self.missing.iter_mut().filter(|(_, missing)| missing.next_request <= now);
        due.map(|(&sequence, missing)| {
            missing.requests += 1;
            missing.next_request =
                now + again.get((missing.requests - 1) % in_a_row).copied().unwrap_or(retry);
            sequence as u16
        })
        .collect()
    }

    /// When to call [`Self::due`] again.
    #[must_use]
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.missing.values().map(|missing| missing.next_request).min()
    }

    /// How long a retransmission can be waited for: until it is improbable that another answer
    /// still comes. A key frame instead takes a round trip too, then the time to encode and send
    /// it, and may lose packets as well. `loss` is the share of packets that gets lost.
    #[must_use]
    pub(crate) fn patience(
        &self,
        now: Instant,
        rtt: Option<Duration>,
        loss: f64,
        cap: Duration,
    ) -> Duration {
        // Of a request and its answer, either may be lost.
        let loss = loss.clamp(0.0, 0.6);
        let request_fails =
            if loss > LOSSY { loss.powi(1 + REPEAT_AFTER.len() as i32) } else { loss };
        let fails = 1.0 - (1.0 - loss) * (1.0 - request_fails);
        let requests = if fails > HOPELESS {
            (HOPELESS.ln() / fails.ln()).ceil().clamp(4.0, 6.0)
        } else {
            4.0
        };
        let answer = rtt.unwrap_or(ASSUMED_RTT) + MIN_RETRY;
        (self.first_wait(now) + retry_time(rtt).mul_f64(requests - 1.0) + answer).min(cap)
    }
}

/// How long after a request the next follows.
fn retry_time(rtt: Option<Duration>) -> Duration {
    let rtt = rtt.unwrap_or(ASSUMED_RTT);
    (rtt + (rtt / 8).max(Duration::from_millis(8))).max(MIN_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const RTT: Option<Duration> = Some(Duration::from_millis(40));

    #[test]
    fn a_lost_packet_is_requested_once_per_round_trip_and_not_for_ever() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(65_535, start, RTT);
        tracker.received(65_537, start, RTT);
        let requested: Vec<(u32, Vec<u16>)> = (0..1000)
            .map(|ms| (ms, tracker.due(start + ms * MS, RTT, 0.0)))
            .filter(|(_, sequences)| !sequences.is_empty())
            .collect();
        assert!(requested.iter().all(|(_, sequences)| *sequences == [0]), "{requested:?}");
        assert_eq!(
            requested.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(),
            [5, 53, 101, 149, 197, 245, 293, 341, 389, 437]
        );
    }

    #[test]
    fn a_packet_that_was_only_overtaken_is_not_requested() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start, RTT);
        tracker.received(3, start, RTT);
        tracker.received(2, start + 4 * MS, RTT);
        assert_eq!(tracker.next_deadline(), None);
        assert!(tracker.due(start + 50 * MS, RTT, 0.0).is_empty());
    }

    #[test]
    fn where_packets_overtake_each_other_they_are_waited_for_and_no_longer_when_they_do_not() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        let mut requested = Vec::new();
        for n in 0..100u32 {
            // Of three packets 10 ms apart the second comes 30 ms late.
            let (sequence, at) = (u64::from(n) * 3, start + n * 30 * MS);
            tracker.received(sequence, at, RTT);
            if n > 0 {
                tracker.received(sequence - 2, at + 10 * MS, RTT);
            }
            tracker.received(sequence + 2, at + 10 * MS, RTT);
            for ms in 0..30 {
                requested.extend(tracker.due(at + ms * MS, RTT, 0.0));
            }
        }
        assert!(requested.len() <= 2, "{requested:?}");
        assert!(tracker.first_wait(start + 3000 * MS) > 20 * MS);
        assert!(tracker.first_wait(start + 60_000 * MS) < 6 * MS);
    }

    #[test]
    fn what_fec_may_rebuild_is_requested_later_and_what_it_rebuilt_not_at_all() {
        let start = Instant::now();
        let mut tracker = NackTracker { fec: true, ..NackTracker::default() };
        tracker.received(1, start, RTT);
        tracker.received(4, start, RTT);
        assert!(tracker.due(start + 10 * MS, RTT, 0.0).is_empty());
        tracker.rebuilt(2, start);
        assert_eq!(tracker.due(start + 13 * MS, RTT, 0.0), [3]);
        assert!(tracker.first_wait(start + 13 * MS) < 13 * MS);
    }

    #[test]
    fn what_fec_can_not_rebuild_is_requested_before_a_later_packet_shows_the_gap() {
        let start = Instant::now();
        let mut tracker = NackTracker { fec: true, ..NackTracker::default() };
        tracker.received(65_533, start, RTT);
        tracker.received(65_535, start, RTT);
        tracker.beyond_fec(&[65_534, 0, 1], start + MS);
        assert_eq!(tracker.due(start + 5 * MS, RTT, 0.0), [65_534]);
        assert_eq!(tracker.due(start + 6 * MS, RTT, 0.0), [0, 1]);
        // What is behind and known to be here is nobody's business, nor is what is far ahead.
        tracker.beyond_fec(&[65_533, 30_000], start + 7 * MS);
        assert!(tracker.due(start + 40 * MS, RTT, 0.0).is_empty());
        // The gap is known when it shows.
        tracker.received(65_536 + 2, start + 41 * MS, RTT);
        assert_eq!(tracker.due(start + 60 * MS, RTT, 0.0), [65_534, 0, 1]);
    }

    #[test]
    fn more_loss_takes_more_patience_up_to_a_cap() {
        let (start, tracker) = (Instant::now(), NackTracker::default());
        let patience = |loss| tracker.patience(start, Some(100 * MS), loss, 1000 * MS);
        assert!(patience(0.0) < 470 * MS, "{:?}", patience(0.0));
        assert!(patience(0.1) >= 440 * MS && patience(0.3) > 600 * MS);
        assert!(patience(f64::NAN) <= 1000 * MS && patience(2.0) <= 1000 * MS);
    }

    #[test]
    fn where_much_gets_lost_requests_are_sent_three_times() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start, RTT);
        tracker.received(3, start, RTT);
        let requested: Vec<u32> =
            (0..160).filter(|ms| !tracker.due(start + *ms * MS, RTT, 0.1).is_empty()).collect();
        assert_eq!(requested, [5, 15, 35, 53, 63, 83, 101, 111, 131, 149, 159]);
    }

    #[test]
    fn what_was_given_up_is_not_requested() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start, RTT);
        tracker.received(10, start, RTT);
        tracker.forget_below(8);
        assert_eq!(tracker.due(start + 50 * MS, RTT, 0.0), [8, 9]);
    }

    #[test]
    fn an_outage_is_not_retransmitted_packet_by_packet() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start, RTT);
        assert!(tracker.received(100_000, start, RTT));
        assert!(tracker.due(start + 50 * MS, RTT, 0.0).is_empty());
        let mut every_other = (100_002..102_000).step_by(2);
        assert!(every_other.any(|sequence| tracker.received(sequence, start, RTT)));
    }
}
