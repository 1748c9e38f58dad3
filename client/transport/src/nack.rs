//! Repair by retransmission (RFC 4585 §6.2.1), both ends of it, on time as an argument.
//!
//! [`NackTracker`] notices which packets of a received stream are missing and says when to ask for
//! which; [`SendHistory`] keeps what was sent and gives it out again. Both bound what one lost
//! packet can cost: a packet is asked for a few times, a round trip apart, and resent no faster
//! than that whoever asks.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Packets overtake each other now and then; so long at least it is not taken for a loss.
const REORDER_WAIT: Duration = Duration::from_millis(5);
/// And so long at most, however much they overtake each other.
const MAX_REORDER_WAIT: Duration = Duration::from_millis(100);
/// A packet that was late by so much is a reason to wait a little longer next time.
const REORDER_MARGIN: Duration = Duration::from_millis(3);
/// To wait for overtaken packets is unlearned by this factor each second.
const REORDER_DECAY: f64 = 0.93;
/// Where parity follows each frame, what it can rebuild is not asked for: it comes about so long
/// after a gap shows.
const PARITY_WAIT: Duration = Duration::from_millis(12);
/// The least time between asking for a packet and asking again.
const MIN_RETRY: Duration = Duration::from_millis(15);
/// The round trip that is assumed until it is measured.
const ASSUMED_RTT: Duration = Duration::from_millis(50);
/// How often a packet is asked for.
const MAX_ASKS: usize = 10;
/// After so long a packet is of no use to anyone.
const MAX_AGE: Duration = Duration::from_millis(1200);
/// More than this missing at once is an outage, not a loss: only a key frame helps.
const MAX_MISSING: usize = 400;
/// Where so much gets lost, each request is sent again after so long, and once more: it is small,
/// the answer comes but once, and losses often come in rows.
const LOSSY: f64 = 0.02;
const ASK_AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(20)];
/// The most packets that are asked for before the first that came. A first key frame is small (ADR
/// 15).
const MAX_BEFORE_FIRST: u64 = 12;
/// A repair is waited for until it is this improbable that it still comes.
const HOPELESS: f64 = 0.002;

/// Which packets of a stream to ask for, and when.
#[derive(Debug, Default)]
pub struct NackTracker {
    highest: Option<u64>,
    missing: BTreeMap<u64, Missing>,
    /// How late overtaken packets were, at most and lately, in seconds.
    reordering: f64,
    reordering_at: Option<Instant>,
    /// Whether parity follows each frame.
    parity: bool,
}

#[derive(Debug)]
struct Missing {
    since: Instant,
    asks: usize,
    next_ask: Instant,
}

impl NackTracker {
    /// Notes a packet by its unwrapped sequence number. Says whether so much is missing that
    /// nothing is asked for. `rtt` tells one that was overtaken from one that was repaired.
    pub fn received(&mut self, sequence: u64, now: Instant, rtt: Option<Duration>) -> bool {
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
    pub fn miss_before(&mut self, first: u64, now: Instant) {
        self.miss(first.saturating_sub(MAX_BEFORE_FIRST)..first, now, self.first_wait(now));
    }

    /// Parity told of packets that are not here, and that it can't rebuild. They are waited for no
    /// longer than if there were none. Those at the end of a frame are heard of so before the next
    /// frame shows the gap.
    pub fn beyond_parity(&mut self, sequences: &[u16], now: Instant) {
        let Some(highest) = self.highest else { return };
        let wait = self.wait_for_overtaken(now);
        for &sequence in sequences {
            let ahead = i64::from(sequence.wrapping_sub(highest as u16) as i16);
            let sequence = highest.saturating_add_signed(ahead);
            if let Some(missing) = self.missing.get_mut(&sequence) {
                if missing.asks == 0 {
                    missing.next_ask = missing.next_ask.min((missing.since + wait).max(now));
                }
            } else if ahead > 0 && ahead <= MAX_MISSING as i64 && self.missing.len() < MAX_MISSING {
                // Nothing between them came either.
                let known = self.highest.unwrap_or(highest);
                self.miss(known + 1..sequence + 1, now, wait);
                self.highest = Some(known.max(sequence));
            }
        }
    }

    /// A packet was rebuilt from parity: it need not be asked for, and says nothing of packets that
    /// overtake each other.
    pub fn rebuilt(&mut self, sequence: u64, now: Instant) {
        self.missing.remove(&sequence);
        if let Some(highest) = self.highest
            && sequence > highest
            && sequence - highest <= MAX_MISSING as u64
        {
            self.miss(highest + 1..sequence, now, self.first_wait(now));
            self.highest = Some(sequence);
        }
    }

    /// Whether parity follows each frame now.
    pub fn set_parity(&mut self, parity: bool) {
        self.parity = parity;
    }

    /// How long a packet is given to turn up by itself.
    #[must_use]
    pub fn first_wait(&self, now: Instant) -> Duration {
        let parity = if self.parity { PARITY_WAIT } else { Duration::ZERO };
        self.wait_for_overtaken(now).max(parity)
    }

    fn wait_for_overtaken(&self, now: Instant) -> Duration {
        let since =
            self.reordering_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let reordering =
            Duration::from_secs_f64(self.reordering * REORDER_DECAY.powf(since.as_secs_f64()));
        REORDER_WAIT.max(reordering)
    }

    /// Notes packets that are missing as of now. They are asked for after `wait`.
    fn miss(&mut self, sequences: Range<u64>, now: Instant, wait: Duration) {
        self.missing.extend(
            sequences
                .map(|sequence| (sequence, Missing { since: now, asks: 0, next_ask: now + wait })),
        );
    }

    /// A missing packet came. Sooner than any answer could, it was only overtaken.
    fn came_late(&mut self, missing: &Missing, now: Instant, rtt: Option<Duration>) {
        let late = now.saturating_duration_since(missing.since);
        let asked = missing.asks > 0;
        let first_asked = self.first_wait(missing.since);
        let soonest_answer = first_asked + rtt.unwrap_or(ASSUMED_RTT).mul_f64(0.8);
        if asked && late >= soonest_answer {
            return;
        }
        let wait = (late + REORDER_MARGIN).min(MAX_REORDER_WAIT);
        if wait > self.first_wait(now) {
            self.reordering = wait.as_secs_f64();
            self.reordering_at = Some(now);
        }
    }

    /// Stops asking for anything below this.
    pub fn forget_below(&mut self, floor: u64) {
        self.missing = self.missing.split_off(&floor);
    }

    /// The packets to ask for now, in order.
    /// `loss` is the share of packets that gets lost.
    pub fn due(&mut self, now: Instant, rtt: Option<Duration>, loss: f64) -> Vec<u16> {
        let again: &[Duration] = if loss > LOSSY { &ASK_AGAIN_AFTER } else { &[] };
        let retry = retry_time(rtt).saturating_sub(again.iter().sum()).max(MIN_RETRY);
        let requests = again.len() + 1;
        let max_asks = requests * MAX_ASKS;
        self.missing.retain(|_, missing| {
            missing.asks < max_asks && now.saturating_duration_since(missing.since) < MAX_AGE
        });
        let due = self.missing.iter_mut().filter(|(_, missing)| missing.next_ask <= now);
        due.map(|(&sequence, missing)| {
            missing.asks += 1;
            missing.next_ask =
                now + again.get((missing.asks - 1) % requests).copied().unwrap_or(retry);
            sequence as u16
        })
        .collect()
    }

    /// When to call [`Self::due`] again.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.missing.values().map(|missing| missing.next_ask).min()
    }

    /// How long a repair can be waited for: until it is improbable that another answer still comes.
    /// A key frame instead takes a round trip too, then the time to encode and send it, and may
    /// lose packets as well. `loss` is the share of packets that gets lost.
    #[must_use]
    pub fn patience(
        &self,
        now: Instant,
        rtt: Option<Duration>,
        loss: f64,
        cap: Duration,
    ) -> Duration {
        // Of an ask and its answer, either may be lost.
        let loss = loss.clamp(0.0, 0.6);
        let ask_fails =
            if loss > LOSSY { loss.powi(1 + ASK_AGAIN_AFTER.len() as i32) } else { loss };
        let fails = 1.0 - (1.0 - loss) * (1.0 - ask_fails);
        let asks = if fails > HOPELESS {
            (HOPELESS.ln() / fails.ln()).ceil().clamp(4.0, 6.0)
        } else {
            4.0
        };
        let answer = rtt.unwrap_or(ASSUMED_RTT) + MIN_RETRY;
        (self.first_wait(now) + retry_time(rtt).mul_f64(asks - 1.0) + answer).min(cap)
    }
}

/// How long after asking to ask again.
fn retry_time(rtt: Option<Duration>) -> Duration {
    let rtt = rtt.unwrap_or(ASSUMED_RTT);
    (rtt + (rtt / 8).max(Duration::from_millis(8))).max(MIN_RETRY)
}

/// The most packets that are kept for repair.
const HISTORY: usize = 1024;
/// How often one packet is resent.
const MAX_RESENDS: u32 = 8;
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
    /// Forgets everything: what was sent so far is not worth repairing.
    pub fn clear(&mut self) {
        self.sent.clear();
    }

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

    /// The packet to send again, unless it is unknown, too old, was resent often enough or only
    /// just.
    pub fn repair(&mut self, sequence: u16, now: Instant, rtt: Option<Duration>) -> Option<P> {
        let first = self.sent.front()?.sequence;
        let sent = self.sent.get_mut(usize::from(sequence.wrapping_sub(first)))?;
        let pause = rtt.unwrap_or(ASSUMED_RTT).mul_f64(0.8).max(MIN_RESEND);
        let early = sent.resends > 0 && now.duration_since(sent.last_sent) < pause;
        if early || sent.resends >= MAX_RESENDS || now.duration_since(sent.first_sent) > MAX_AGE {
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
        tracker.received(65_535, start, RTT);
        tracker.received(65_537, start, RTT);
        let asked: Vec<(u32, Vec<u16>)> = (0..1000)
            .map(|ms| (ms, tracker.due(start + ms * MS, RTT, 0.0)))
            .filter(|(_, sequences)| !sequences.is_empty())
            .collect();
        assert!(asked.iter().all(|(_, sequences)| *sequences == [0]), "{asked:?}");
        assert_eq!(
            asked.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(),
            [5, 53, 101, 149, 197, 245, 293, 341, 389, 437]
        );
    }

    #[test]
    fn a_packet_that_was_only_overtaken_is_not_asked_for() {
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
        let mut asked = Vec::new();
        for n in 0..100u32 {
            // Of three packets 10 ms apart the second comes 30 ms late.
            let (sequence, at) = (u64::from(n) * 3, start + n * 30 * MS);
            tracker.received(sequence, at, RTT);
            if n > 0 {
                tracker.received(sequence - 2, at + 10 * MS, RTT);
            }
            tracker.received(sequence + 2, at + 10 * MS, RTT);
            for ms in 0..30 {
                asked.extend(tracker.due(at + ms * MS, RTT, 0.0));
            }
        }
        assert!(asked.len() <= 2, "{asked:?}");
        assert!(tracker.first_wait(start + 3000 * MS) > 20 * MS);
        assert!(tracker.first_wait(start + 60_000 * MS) < 6 * MS);
    }

    #[test]
    fn what_parity_may_rebuild_is_asked_for_later_and_what_it_rebuilt_not_at_all() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.set_parity(true);
        tracker.received(1, start, RTT);
        tracker.received(4, start, RTT);
        assert!(tracker.due(start + 10 * MS, RTT, 0.0).is_empty());
        tracker.rebuilt(2, start);
        assert_eq!(tracker.due(start + 13 * MS, RTT, 0.0), [3]);
        assert!(tracker.first_wait(start + 13 * MS) < 13 * MS);
    }

    #[test]
    fn what_parity_can_not_rebuild_is_asked_for_before_a_later_packet_shows_the_gap() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.set_parity(true);
        tracker.received(65_533, start, RTT);
        tracker.received(65_535, start, RTT);
        tracker.beyond_parity(&[65_534, 0, 1], start + MS);
        assert_eq!(tracker.due(start + 5 * MS, RTT, 0.0), [65_534]);
        assert_eq!(tracker.due(start + 6 * MS, RTT, 0.0), [0, 1]);
        // What is behind and known to be here is nobody's business, nor is what is far ahead.
        tracker.beyond_parity(&[65_533, 30_000], start + 7 * MS);
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
        let asked: Vec<u32> =
            (0..160).filter(|ms| !tracker.due(start + *ms * MS, RTT, 0.1).is_empty()).collect();
        assert_eq!(asked, [5, 15, 35, 53, 63, 83, 101, 111, 131, 149, 159]);
    }

    #[test]
    fn what_was_given_up_is_not_asked_for() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start, RTT);
        tracker.received(10, start, RTT);
        tracker.forget_below(8);
        assert_eq!(tracker.due(start + 50 * MS, RTT, 0.0), [8, 9]);
    }

    #[test]
    fn an_outage_is_not_repaired_packet_by_packet() {
        let start = Instant::now();
        let mut tracker = NackTracker::default();
        tracker.received(1, start, RTT);
        assert!(tracker.received(100_000, start, RTT));
        assert!(tracker.due(start + 50 * MS, RTT, 0.0).is_empty());
        let mut every_other = (100_002..102_000).step_by(2);
        assert!(every_other.any(|sequence| tracker.received(sequence, start, RTT)));
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
        let resent =
            (41..1000).filter(|ms| history.repair(0, start + *ms * MS, RTT).is_some()).count();
        assert_eq!(resent, 6);
        assert_eq!(history.repair(2, start + MS, RTT), None);
        assert_eq!(history.repair(65_533, start + MS, RTT), None);
        assert_eq!(history.repair(65_534, start + 1201 * MS, RTT), None);
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
