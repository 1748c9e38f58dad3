//! The audio jitter buffer: evens out when packets arrive, and decides what to play next.
//!
//! In go RTP packets as they come, late, twice or out of order, and redundant blocks (RFC 2198) of
//! earlier ones that came with later ones; out comes one [`Decision`] whenever the speaker needs
//! more audio. Time is an argument. What always holds: the RTP timestamp of what is played never
//! goes backwards (but for a stream that restarts), memory is bounded, and the delay follows the
//! target of `DelayEstimator` both ways: it grows by stretching or concealment, and shrinks by
//! shortening.
//!
//! Audio is fetched a speaker's frame at a time, so a packet must be there when the frame in which
//! it begins is fetched. The delay is kept at the least with which that holds.
//!
//! Terms are those of RFC 3550 (sequence, timestamp, restart as in A.1, loss as in A.3) and of
//! libwebrtc's NetEq.

mod decision;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::audio_delay::DelayEstimator;
use crate::audio_sequence::{Arrival, SequenceTracker};
use crate::frame::{AUDIO_FRAME_SAMPLES, ReceivedAudio, SAMPLE_RATE};
use crate::opus_codec::{has_fec, is_dtx, packet_samples};
use crate::time_stretch;

pub use decision::{Change, Decision, Speed};

/// More packets than this are never kept: 3 s of 10 ms packets.
const CAPACITY: usize = 300;
/// A step as long as the speaker's frame, so that a packet that is a little late costs little.
const STEP: i64 = AUDIO_FRAME_SAMPLES as i64;
/// Opus conceals in multiples of 2.5 ms; a smaller gap is stepped over.
const SMALLEST_GAP: i64 = 120;
/// Without packets for this long, what comes next is timed afresh.
const STARVED: i64 = SAMPLE_RATE as i64 / 2;
/// How much the speaker may be early or late before the delay is changed for it, in seconds.
const SLACK: f64 = 0.002;
/// A packet this late is played at once, without concealing what is missing before it.
const OVERDUE: f64 = 0.030;
/// Above the target by this much, whole packets are skipped.
const TOO_LATE: f64 = 0.200;
/// From here on, too much or too little delay is urgent.
const URGENT: f64 = 0.040;
/// Samples between two changes of speed, so that the change stays inaudible: 40 ms.
const BETWEEN_STRETCHES: i64 = SAMPLE_RATE as i64 * 40 / 1000;
/// With so many samples in a row that all lie in the past the sender's clock was set back: 0.5 s.
const LATE_IN_A_ROW_IS_RESTART: i64 = SAMPLE_RATE as i64 / 2;
/// Audio is lengthened by a period of up to this, in seconds.
const LONGEST_PERIOD: f64 = time_stretch::MAX_LAG as f64 / SAMPLE_RATE as f64;
/// How fast the smoothed lateness follows.
const SMOOTHING: f64 = 1.0 / 4.0;
/// A packet that is overtaken by later ones for longer than this is lost: 160 ms.
const REORDERING: i64 = SAMPLE_RATE as i64 * 160 / 1000;
/// RTP timestamps of so many packets are remembered, to know which redundant blocks stand for what
/// did not come.
const REMEMBERED: usize = 128;

/// Counts since the beginning, and the delay as it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct JitterBufferStats {
    /// Packets that arrived, each counted once.
    pub received: u64,
    /// Packets that never arrived (RFC 3550 A.3); late ones did arrive.
    pub lost: u64,
    /// Packets that came after their turn.
    pub late: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that are no Opus packets.
    pub malformed: u64,
    /// Packets that were skipped to lower the delay.
    pub skipped: u64,
    /// How often a stream restarted.
    pub restarts: u64,
    /// Samples that were concealed for what turned out to have been a pause of the sender, whose
    /// beginning was lost.
    pub unsent: u64,
    /// How long played packets waited here until their first sample was due, in all.
    pub waited: Duration,
    /// How many that were.
    pub played: u64,
    /// How long packets should wait now.
    pub target: Duration,
}

struct Waiting {
    /// Unknown of a redundant block.
    sequence: Option<i64>,
    payload: Bytes,
    samples: i64,
    arrival: Instant,
}

/// The RTP timestamps of the last packets.
#[derive(Default)]
struct Times(BTreeSet<i64>);

impl Times {
    /// Whether this one is new.
    fn insert(&mut self, time: i64) -> bool {
        let new = self.0.insert(time);
        while self.0.len() > REMEMBERED {
            self.0.pop_first();
        }
        new
    }
}

/// The jitter buffer of one stream; a new one waits for its target before anything is played.
#[derive(Default)]
pub struct AudioJitterBuffer {
    waiting: BTreeMap<i64, Waiting>,
    sequence: SequenceTracker,
    delay: DelayEstimator,
    /// What has come itself.
    came: Times,
    /// What has come itself or as a redundant block.
    had: Times,
    /// What could be had from another packet at a moment, and might still come itself.
    repairs: BTreeMap<i64, (Instant, i64)>,
    /// Whether anything was ever played.
    begun: bool,
    /// The RTP timestamp to play next, and the earliest that is still accepted.
    next: Option<i64>,
    /// Whether what comes next is timed by what was played; else it waits for the target again.
    timed: bool,
    last_played: Option<i64>,
    /// Sequence number and end of the last packet that was no redundant, and what was concealed
    /// since then.
    anchor: Option<(i64, i64)>,
    concealed_since: i64,
    /// Samples concealed since the last packet without knowing what was lost.
    concealed: i64,
    /// After the last packet the sender pauses.
    pausing: bool,
    /// Packets were skipped since the last that was played.
    skipped: bool,
    /// How many samples in a row lay in the past.
    late_in_a_row: i64,
    lateness: Option<f64>,
    /// How many samples ago the speed was last changed.
    since_stretch: i64,
    stats: JitterBufferStats,
}

impl AudioJitterBuffer {
    /// Takes a packet in.
    pub fn insert(&mut self, packet: ReceivedAudio) {
        let Some(samples) = packet_samples(&packet.payload).map(i64::from) else {
            self.stats.malformed += 1;
            return;
        };
        if packet.redundant {
            self.insert_redundant(packet, samples);
            return;
        }
        let (sequence, time) = match self.sequence.arrived(packet.sequence, packet.rtp_timestamp) {
            Arrival::New(sequence, time) => (sequence, time),
            Arrival::Duplicate => {
                self.stats.duplicates += 1;
                return;
            }
            Arrival::Suspicious => return,
            Arrival::Restart(sequence, time) => {
                self.restart();
                (sequence, time)
            }
        };
        self.delay.observe(packet.arrival, time, samples);
        self.came.insert(time);
        self.had.insert(time);
        if has_fec(&packet.payload) && self.sequence.is_missing(sequence - 1) {
            self.repairs.entry(time - samples).or_insert((packet.arrival, samples));
        }
        self.count_repairs(time);
        if self.is_past(time, samples) {
            self.stats.late += 1;
            self.late_in_a_row += samples;
            if self.late_in_a_row < LATE_IN_A_ROW_IS_RESTART {
                return;
            }
            // Half a second of nothing but the past: its clock was set back.
            self.restart();
            self.delay.observe(packet.arrival, time, samples);
        }
        self.late_in_a_row = 0;
        self.wait(time, Some(sequence), samples, packet);
    }

    /// Takes a redundant block in, where the packet it stands for has not come.
    fn insert_redundant(&mut self, packet: ReceivedAudio, samples: i64) {
        let Some(time) = self.sequence.time_of_redundant(packet.rtp_timestamp) else { return };
        if !self.had.insert(time) {
            return;
        }
        self.repairs.entry(time).or_insert((packet.arrival, samples));
        if !self.is_past(time, samples) {
            self.wait(time, None, samples, packet);
        }
    }

    /// Takes into account how late the repairs were of what is so far behind `newest` that it will
    /// not come itself.
    fn count_repairs(&mut self, newest: i64) {
        while let Some(repair) = self.repairs.first_entry() {
            let given_up = *repair.key() < newest - REORDERING;
            if !given_up && self.repairs.len() <= REMEMBERED {
                return;
            }
            if let Some((time, (at, samples))) = self.repairs.pop_first()
                && !self.came.0.contains(&time)
            {
                self.delay.observe_repair(at, time, samples);
            }
        }
    }

    fn wait(&mut self, time: i64, sequence: Option<i64>, samples: i64, packet: ReceivedAudio) {
        let ReceivedAudio { payload, arrival, .. } = packet;
        self.waiting.entry(time).or_insert(Waiting { sequence, payload, samples, arrival });
        while self.waiting.len() > CAPACITY {
            self.skip_first();
        }
    }

    /// Says what to play in the frame that is fetched `now`, after `ahead` of it that is filled
    /// already.
    pub fn pull(&mut self, now: Instant, ahead: Duration) -> Decision {
        let left =
            (STEP - (ahead.as_secs_f64() * f64::from(SAMPLE_RATE)).round() as i64).clamp(1, STEP);
        loop {
            // Comfort noise ends with a frame, so that what follows can begin with one.
            let step = if self.pausing { left } else { STEP };
            let Some((&time, first)) = self.waiting.first_key_value() else {
                return self.starve(step);
            };
            if self.is_past(time, first.samples) {
                // It overlaps with what was played.
                self.stats.late += u64::from(first.sequence.is_some());
                self.waiting.pop_first();
                continue;
            }
            let Some(fetched) = self.delay.lateness(time, now) else { return self.starve(step) };
            let late = fetched + ahead.as_secs_f64();
            if !self.timed {
                if fetched < self.target() || left < STEP {
                    return self.starve(left);
                }
                self.timed = true;
                self.concealed = 0;
                self.lateness = None;
                // What an interruption swallowed is not waited for.
                self.next = Some(time);
            }
            if late > self.target() + TOO_LATE && self.waiting.len() > 2 {
                self.skip_first();
                continue;
            }
            let next = *self.next.get_or_insert(time);
            let gap = time - next;
            let follows = self.last_played.is_some_and(|last| first.sequence == Some(last + 1));
            if gap > 0 && (self.pausing || follows) {
                // Silence is elastic: audio begins with a frame, and as late as it should be.
                if fetched >= self.target() && (left == STEP || self.overdue(late)) {
                    self.lateness = None;
                    return self.play(time, fetched, ahead, now);
                }
                self.concealed += left;
                return Decision::Pause(left as u32);
            }
            let missing = gap - self.concealed;
            if missing < SMALLEST_GAP && self.concealed < SMALLEST_GAP {
                return self.play(time, fetched, ahead, now);
            }
            let whole = gap == first.samples && missing >= SMALLEST_GAP;
            if whole && has_fec(&first.payload) && !self.overdue(late) {
                // Where something was concealed for a part of it already, the delay grows by that.
                let (next, samples) = (first.payload.clone(), first.samples);
                let continues = self.concealed == 0;
                self.concealed = 0;
                self.advance(samples);
                return Decision::Fec { next, samples: samples as u32, continues };
            }
            if missing < SMALLEST_GAP || self.overdue(late) {
                return self.play(time, fetched, ahead, now);
            }
            // A little at a time: a redundant block may still come.
            let samples = missing.min(STEP);
            self.advance(samples);
            self.concealed_since += samples;
            return Decision::Conceal(samples as u32);
        }
    }

    /// How many samples had to be concealed since the last packet that was played: of a gap that
    /// nothing has ended yet.
    #[must_use]
    pub fn open_gap(&self) -> u64 {
        self.concealed_since.unsigned_abs()
    }

    /// Takes note of how many samples a [`Speed`] other than normal added (or removed, when
    /// negative).
    pub fn stretched(&mut self, added: i64) {
        if added != 0 {
            self.since_stretch = 0;
        }
        if let Some(lateness) = &mut self.lateness {
            *lateness += added as f64 / f64::from(SAMPLE_RATE);
        }
    }

    /// The RTP timestamp behind what was given out last; `None` while nothing is played, or what
    /// comes next is timed afresh.
    #[must_use]
    pub fn position(&self) -> Option<i64> {
        self.next.filter(|_| self.begun && self.timed)
    }

    /// The counts so far, and the target as it is.
    #[must_use]
    pub fn stats(&self) -> JitterBufferStats {
        JitterBufferStats {
            received: self.sequence.received(),
            lost: self.sequence.lost(),
            target: Duration::from_secs_f64(self.target()),
            ..self.stats
        }
    }

    /// Whether the packet is there that follows on what was given out last.
    #[must_use]
    pub fn next_is_here(&self) -> bool {
        let first = self.waiting.first_key_value().map(|(&time, _)| time);
        self.next.zip(first).is_some_and(|(next, time)| (time - next).abs() < SMALLEST_GAP)
            && self.concealed == 0
    }

    /// Whether nothing is here while audio is played: what comes next is late by a little, or lost.
    #[must_use]
    pub fn lacks_packet(&self) -> bool {
        self.begun && self.timed && !self.pausing && self.concealed == 0 && self.waiting.is_empty()
    }

    fn target(&self) -> f64 {
        self.delay.target().as_secs_f64()
    }

    fn overdue(&self, late: f64) -> bool {
        late > self.target() + OVERDUE
    }

    /// Whether most of a packet lies before what is played next. A little may: some senders' times
    /// are not exact.
    fn is_past(&self, time: i64, samples: i64) -> bool {
        self.next.is_some_and(|next| time + samples / 2 < next)
    }

    /// Nothing to play yet.
    fn starve(&mut self, samples: i64) -> Decision {
        if !self.begun {
            return Decision::Wait;
        }
        if self.timed {
            self.concealed += samples;
            if self.concealed >= STARVED {
                self.timed = false;
                self.delay.forget_base();
            }
        }
        if self.pausing {
            return Decision::Pause(samples as u32);
        }
        self.concealed_since += samples;
        Decision::Conceal(samples as u32)
    }

    /// Goes past samples that are known to be missing.
    fn advance(&mut self, samples: i64) {
        if let Some(next) = &mut self.next {
            *next += samples + self.concealed;
        }
        self.concealed = 0;
    }

    /// Plays a packet that would have been there `fetched` seconds earlier had it been the fastest.
    fn play(&mut self, time: i64, fetched: f64, ahead: Duration, now: Instant) -> Decision {
        let Some(packet) = self.waiting.remove(&time) else { return Decision::Wait };
        // A redundant block that follows what was played stands for the packet after it.
        let follows = self.next.is_some_and(|next| (time - next).abs() < SMALLEST_GAP);
        let inferred = if follows { self.last_played.map(|last| last + 1) } else { None };
        if let Some(sequence) = packet.sequence {
            // Time that no packet stands for was a pause, though it looked like loss while it
            // lasted.
            if let Some((last, end)) = self.anchor {
                let unsent = (time - end - (sequence - last - 1).max(0) * packet.samples).max(0);
                self.stats.unsent += unsent.min(self.concealed_since).unsigned_abs();
            }
            self.anchor = Some((sequence, time + packet.samples));
            self.concealed_since = 0;
        }
        let continues = follows && self.concealed == 0 && !std::mem::take(&mut self.skipped);
        self.begun = true;
        self.next = Some(time + packet.samples);
        self.concealed = 0;
        self.last_played = packet.sequence.or(inferred);
        self.pausing = is_dtx(&packet.payload);
        self.stats.waited += (now + ahead).saturating_duration_since(packet.arrival);
        self.stats.played += 1;
        let speed = self.speed(fetched, ahead.as_secs_f64(), packet.samples);
        let redundant = packet.sequence.is_none();
        Decision::Play {
            payload: packet.payload,
            samples: packet.samples as u32,
            redundant,
            continues,
            speed,
        }
    }

    /// How to bring the delay nearer to the least with which packets are there when their frame is
    /// fetched.
    fn speed(&mut self, fetched: f64, ahead: f64, samples: i64) -> Speed {
        let late = fetched + ahead;
        // Threads are not punctual, so one measure says little.
        let late = self.lateness.map_or(late, |smooth| smooth + SMOOTHING * (late - smooth));
        self.lateness = Some(late);
        self.since_stretch = self.since_stretch.saturating_add(samples);
        let (fetched, target) = (late - ahead, self.target());
        // Frames are fetched so far apart, so packets that begin with a frame are late by one of
        // these.
        let least = |target: f64| {
            let frame = AUDIO_FRAME_SAMPLES as f64 / f64::from(SAMPLE_RATE);
            fetched + ((target - fetched) / frame).ceil() * frame
        };
        let (lacking, excess) = if fetched < target - SLACK {
            (least(target) - late, 0.0)
        } else {
            (0.0, late - least(target + SLACK))
        };
        let urgent = lacking.max(excess) > URGENT;
        if self.since_stretch <= BETWEEN_STRETCHES && !urgent {
            return Speed::Normal;
        }
        let change =
            |seconds: f64| Change { at_most: (seconds * f64::from(SAMPLE_RATE)) as u32, urgent };
        if lacking > 0.0 {
            // One period too much is better than one too little.
            Speed::Longer(change(lacking.max(LONGEST_PERIOD)))
        } else if excess * f64::from(SAMPLE_RATE) >= time_stretch::MIN_LAG as f64 {
            Speed::Shorter(change(excess))
        } else {
            Speed::Normal
        }
    }

    fn skip_first(&mut self) {
        if let Some((time, packet)) = self.waiting.pop_first() {
            self.stats.skipped += 1;
            self.skipped = true;
            self.next = Some(time + packet.samples);
            self.last_played = packet.sequence;
            self.concealed = 0;
        }
    }

    fn restart(&mut self) {
        self.waiting.clear();
        self.delay = DelayEstimator::default();
        self.had = Times::default();
        self.came = Times::default();
        self.repairs.clear();
        self.timed = false;
        self.next = None;
        self.last_played = None;
        self.anchor = None;
        self.late_in_a_row = 0;
        self.stats.restarts += 1;
    }
}

#[cfg(test)]
mod tests;
