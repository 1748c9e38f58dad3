//! The ledger of sent packets, joined with transport-wide feedback
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).
//!
//! In go the packets as they leave and the other's feedback; out come packet outcomes: of every
//! packet for the estimator, and of audio, by its own count, for the audio encoder.
//!
//! What always holds: each packet has at most one outcome, and memory is bounded. A packet that the
//! feedback says is missing is not lost yet: it may have been overtaken. It is given up when
//! packets have arrived that left so much later that no network reorders them. A packet that no
//! feedback covers, because that was lost itself, has no outcome. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::estimator::PacketResult;
use crate::feedback::feedback_delay::FeedbackDelayDetector;

/// The most packets that are awaited; with feedback there are a few dozen.
const AWAITED: usize = 4000;
/// A packet that no feedback covers for so long is forgotten.
const AWAITED_FOR: Duration = Duration::from_secs(5);
/// What left so long before a packet that arrived is lost. Where delays vary by some tens of
/// milliseconds, packets overtake each other, and so do the reports on them.
const LOST_AFTER: Duration = Duration::from_millis(200);
/// The most outcomes of audio packets that wait to be read; then the oldest is dropped.
const UNREAD: usize = 1024;

#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    bytes: usize,
    /// Of an audio packet, its place in the order of sending.
    audio: Option<u64>,
    arrived: bool,
    /// Feedback said that it had not arrived.
    missing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AudioOutcome {
    /// Its place in the order in which audio packets left, from 0.
    pub(crate) number: u64,
    pub(crate) arrived: bool,
}

/// The ledger: what left, until its outcome is known.
#[derive(Debug, Default)]
pub struct SentPackets {
    /// With consecutive numbers, the first of which is `first`.
    packets: VecDeque<Sent>,
    first: u16,
    /// How many audio packets left so far.
    audio_sent: u64,
    /// Outcomes that nobody has read yet.
    audio_outcomes: VecDeque<AudioOutcome>,
    /// When the latest of those left that arrived.
    arrived_from: Option<Instant>,
    delay_detector: FeedbackDelayDetector,
    /// Until then feedback is not late, whenever it comes.
    excused_until: Option<Instant>,
}

impl SentPackets {
    /// A packet left. Numbers come one after the other.
    pub fn sent(&mut self, number: u16, bytes: usize, now: Instant) {
        self.add(number, bytes, None, now);
    }

    pub(crate) fn audio_sent(&mut self, number: u16, bytes: usize, now: Instant) {
        self.add(number, bytes, Some(self.audio_sent), now);
        self.audio_sent += 1;
    }

    fn add(&mut self, number: u16, bytes: usize, audio: Option<u64>, now: Instant) {
        let follows = self.first.wrapping_add(self.packets.len() as u16) == number;
        if !follows {
            self.packets.clear();
        }
        let is_old = |sent: &Sent| now.saturating_duration_since(sent.at) > AWAITED_FOR;
        while self.packets.len() >= AWAITED || self.packets.front().is_some_and(is_old) {
            self.forget_first();
        }
        if self.packets.is_empty() {
            self.first = number;
        }
        self.packets.push_back(Sent { at: now, bytes, audio, arrived: false, missing: false });
    }

    /// The other reports which packets came when, on its clock, and which did not. Gives what is
    /// new: packets that arrived, in the order in which they were sent, and before them those that
    /// are given up.
    pub fn reported(
        &mut self,
        now: Instant,
        reports: impl IntoIterator<Item = (u16, Option<Duration>)>,
    ) -> Vec<PacketResult> {
        let (awaited, known_from) = (self.awaited_since(), self.arrived_from);
        let (mut arrived, mut audio) = (Vec::new(), Vec::new());
        for (number, arrival) in reports {
            let Some(sent) = self.packets.get_mut(usize::from(number.wrapping_sub(self.first)))
            else {
                continue;
            };
            let Some(arrival) = arrival else {
                sent.missing = true;
                continue;
            };
            if !sent.arrived {
                sent.arrived = true;
                self.arrived_from = self.arrived_from.max(Some(sent.at));
                audio.extend(sent.audio.map(|number| AudioOutcome { number, arrived: true }));
                arrived.push(PacketResult {
                    sent: sent.at,
                    bytes: sent.bytes,
                    arrival: Some(arrival),
                });
            }
        }
        if let Some(since) = awaited
            && self.arrived_from > known_from
            && self.excused_until.is_none_or(|until| until <= now)
        {
            self.delay_detector.received_after(now.saturating_duration_since(since));
        }
        let mut results = Vec::new();
        while let Some(front) = self.packets.front() {
            let passed = self
                .arrived_from
                .is_some_and(|from| from.saturating_duration_since(front.at) > LOST_AFTER);
            if !front.arrived && !passed {
                break;
            }
            if !front.arrived && front.missing {
                audio.extend(front.audio.map(|number| AudioOutcome { number, arrived: false }));
                results.push(PacketResult { sent: front.at, bytes: front.bytes, arrival: None });
            }
            self.forget_first();
        }
        arrived.sort_by_key(|result| result.sent);
        results.append(&mut arrived);
        audio.sort_by_key(|outcome| outcome.number);
        self.audio_outcomes.extend(audio);
        let surplus = self.audio_outcomes.len().saturating_sub(UNREAD);
        self.audio_outcomes.drain(..surplus);
        results
    }

    /// What became of audio packets since the last time.
    pub(crate) fn take_audio_outcomes(&mut self) -> VecDeque<AudioOutcome> {
        std::mem::take(&mut self.audio_outcomes)
    }

    /// Whether feedback has not come although it should have: until it does, only audio should be
    /// sent.
    #[must_use]
    pub fn feedback_is_late(&self, now: Instant) -> bool {
        let since = self
            .awaited_since()
            .map(|since| self.excused_until.map_or(since, |until| since.max(until)));
        since.is_some_and(|since| self.delay_detector.is_late(now.saturating_duration_since(since)))
    }

    /// Until then feedback may take as long as it likes, and nothing is learned from when it comes:
    /// something else than a queue holds it up.
    pub(crate) fn excuse_feedback(&mut self, until: Instant) {
        self.excused_until = Some(until);
    }

    /// When the first packet left that is newer than all that arrived, as far as is known.
    fn awaited_since(&self) -> Option<Instant> {
        let known = self.arrived_from?;
        self.packets.get(self.packets.partition_point(|sent| sent.at <= known)).map(|sent| sent.at)
    }

    fn forget_first(&mut self) {
        self.packets.pop_front();
        self.first = self.first.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Sends packets 20 ms apart with these numbers.
    fn sent(numbers: impl IntoIterator<Item = u16>, start: Instant) -> SentPackets {
        let mut packets = SentPackets::default();
        for (n, number) in (0u32..).zip(numbers) {
            packets.sent(number, 1000 + usize::from(number), start + n * 20 * MS);
        }
        packets
    }

    /// Feedback on a range of packets, of which these arrived.
    fn report(
        packets: &mut SentPackets,
        of: std::ops::Range<u16>,
        arrived: &[u16],
    ) -> Vec<PacketResult> {
        packets.reported(
            Instant::now(),
            of.map(|number| (number, arrived.contains(&number).then_some(MS))),
        )
    }

    fn outcomes(results: &[PacketResult]) -> Vec<(usize, bool)> {
        results.iter().map(|result| (result.bytes - 1000, result.arrival.is_some())).collect()
    }

    #[test]
    fn what_arrived_is_reported_at_once_and_once() {
        let start = Instant::now();
        let mut packets = sent(0..10, start);
        let news = packets.reported(start, [(0, Some(5 * MS)), (1, Some(15 * MS))]);
        assert_eq!(outcomes(&news), [(0, true), (1, true)]);
        assert_eq!((news[1].sent, news[1].arrival), (start + 20 * MS, Some(15 * MS)));
        assert!(packets.reported(start, [(0, Some(5 * MS)), (1, Some(15 * MS))]).is_empty());
    }

    #[test]
    fn what_was_overtaken_is_not_lost_and_what_stays_away_is() {
        let mut packets = sent(0..30, Instant::now());
        assert_eq!(outcomes(&report(&mut packets, 0..7, &[0, 6])), [(0, true), (6, true)]);
        assert_eq!(outcomes(&report(&mut packets, 3..6, &[3, 5])), [(3, true), (5, true)]);
        let news = report(&mut packets, 7..14, &[13]);
        assert_eq!(outcomes(&news), [(1, false), (2, false), (13, true)]);
    }

    #[test]
    fn of_what_no_feedback_covers_nothing_is_known() {
        let mut packets = sent(0..40, Instant::now());
        assert_eq!(outcomes(&report(&mut packets, 0..2, &[0])), [(0, true)]);
        // The feedback on 2 to 19 is lost.
        assert_eq!(
            outcomes(&report(&mut packets, 20..31, &[20, 30])),
            [(1, false), (20, true), (30, true)]
        );
        assert!(packets.packets.len() <= 20);
    }

    #[test]
    fn feedback_is_late_unless_it_is_excused() {
        let start = Instant::now();
        let mut packets = SentPackets::default();
        let tell = |packets: &mut SentPackets, number: u16, after: u32| {
            packets.sent(number, 1000, start + u32::from(number) * 100 * MS);
            packets.reported(start + (u32::from(number) * 100 + after) * MS, [(number, Some(MS))]);
        };
        (0..20).for_each(|number| tell(&mut packets, number, 40));
        packets.sent(20, 1000, start + 2000 * MS);
        let late = |packets: &SentPackets, at: u32| packets.feedback_is_late(start + at * MS);
        assert_eq!([2080, 2100, 2900].map(|at| late(&packets, at)), [false, true, true]);
        packets.excuse_feedback(start + 2500 * MS);
        assert_eq!([2400, 2580, 2600].map(|at| late(&packets, at)), [false, false, true]);
        packets.reported(start + 2450 * MS, [(20, Some(MS))]);
        packets.sent(21, 1000, start + 2600 * MS);
        assert!(late(&packets, 2700), "an excuse teaches nothing");
    }

    #[test]
    fn numbers_wrap() {
        let mut packets = sent((0..20).map(|n| 65_530u16.wrapping_add(n)), Instant::now());
        let news = packets
            .reported(Instant::now(), (0..20).map(|n| (65_530u16.wrapping_add(n), Some(MS))));
        assert_eq!(news.len(), 20);
        assert!(packets.packets.is_empty());
    }

    #[test]
    fn what_no_feedback_covers_is_forgotten() {
        let start = Instant::now();
        let mut packets = SentPackets::default();
        for n in 0..60_000u32 {
            packets.sent(n as u16, 1000, start + n * MS / 10);
            assert!(packets.packets.len() <= AWAITED);
        }
        assert!(packets.reported(start, [(0, Some(MS))]).is_empty());
        packets.sent(5, 1000, start);
        assert_eq!(packets.packets.len(), 1);
    }

    #[test]
    fn audio_has_outcomes_by_its_own_count_and_only_where_feedback_covers_it() {
        let start = Instant::now();
        let mut packets = SentPackets::default();
        // Every third packet is audio; numbers wrap.
        let number = |n: u16| 65_530u16.wrapping_add(n);
        for n in 0..60u16 {
            let (number, now) = (number(n), start + u32::from(n) * 20 * MS);
            match n % 3 {
                0 => packets.audio_sent(number, 100, now),
                _ => packets.sent(number, 1000, now),
            }
        }
        let mut report = |of: std::ops::Range<u16>, arrived: bool| {
            packets.reported(start, of.map(|n| (number(n), arrived.then_some(MS))));
            Vec::from(packets.take_audio_outcomes())
        };
        let outcome = |number, arrived| AudioOutcome { number, arrived };
        assert_eq!(report(0..6, true), [outcome(0, true), outcome(1, true)]);
        assert!(report(0..6, true).is_empty(), "each has one outcome");
        assert!(report(9..15, false).is_empty(), "they may have been overtaken");
        // No feedback covers 6 to 8 and 15 to 35.
        let expected = [outcome(3, false), outcome(4, false), outcome(12, true), outcome(13, true)];
        assert_eq!(report(36..42, true), expected);
        assert!(report(0..31, true).is_empty(), "those are settled");
        assert_eq!(report(31..36, true), [outcome(11, true)]);
    }

    #[test]
    fn outcomes_that_nobody_reads_are_bounded() {
        let start = Instant::now();
        let mut packets = SentPackets::default();
        for n in 0..70_000u32 {
            packets.audio_sent(n as u16, 100, start + n * MS);
            if n % 100 == 0 {
                let reported = (n.saturating_sub(300)..n + 300).map(|n| n as u16);
                let arrival = (n % 200 == 0).then_some(MS);
                packets.reported(start + n * MS, reported.map(|number| (number, arrival)));
            }
        }
        assert_eq!(packets.audio_outcomes.len(), UNREAD);
        assert_eq!(packets.take_audio_outcomes().len(), UNREAD);
        assert!(packets.take_audio_outcomes().is_empty());
        assert!(packets.packets.len() <= AWAITED);
    }
}
