//! The audio jitter buffer: evens out when packets arrive, and says what to play next.
//!
//! In go RTP packets as they come, late, twice or out of order; out comes one [`Decision`] whenever the speaker needs
//! more sound. Time is an argument. What always holds: RTP time never goes backwards in what is played (but for a
//! stream that starts anew), memory is bounded, and the delay follows the target of [`DelayEstimator`] both ways: it
//! grows by concealment or stretching, and shrinks by shortening.
//!
//! Terms are those of RFC 3550 (sequence, timestamp, restart as in A.1, loss as in A.3) and of libwebrtc's NetEq.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::audio_delay::DelayEstimator;
use crate::audio_sequence::{Arrival, SequenceTracker};
use crate::frame::{AUDIO_FRAME_SAMPLES, ReceivedAudio, SAMPLE_RATE};
use crate::opus_codec::packet_samples;

/// More packets than this are never kept: 3 s of 20 ms packets.
const CAPACITY: usize = 150;
/// A step as long as the speaker's frame, so that a packet that is a little late costs little.
const STEP: i64 = AUDIO_FRAME_SAMPLES as i64;
/// Opus conceals in multiples of 2.5 ms; a smaller gap is stepped over.
const SMALLEST_GAP: i64 = 120;
/// Without packets for this long, what comes next is timed afresh.
const STARVED: i64 = SAMPLE_RATE as i64 / 2;
/// The delay may be this much above the target before sound is shortened.
const SLACK_ABOVE: f64 = 0.006;
/// And this much below before it is stretched.
const SLACK_BELOW: f64 = 0.010;
/// A packet this late is played at once, without making up what is missing before it.
const OVERDUE: f64 = 0.030;
/// Above the target by this much, whole packets are skipped.
const TOO_LATE: f64 = 0.200;
/// Packets between two changes of speed, so that the change stays inaudible.
const PACKETS_BETWEEN_STRETCHES: u32 = 2;
/// How fast the smoothed lateness follows.
const SMOOTHING: f64 = 1.0 / 8.0;
/// Extra wait on a lossy network: with it the packet after a lost one is there in time for its FEC copy.
const FEC_WAIT: f64 = 0.025;
/// The loss from which that pays.
const FEC_LOSS: f64 = 0.01;

/// Whether a packet is played as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// As it is.
    Normal,
    /// Some milliseconds shorter, to lower the delay.
    Shorter,
    /// Some milliseconds longer, to raise it.
    Longer,
}

/// What to play next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing has begun: silence.
    Wait,
    /// The next packet.
    Play {
        /// The Opus packet.
        payload: Bytes,
        /// How many samples it covers.
        samples: u32,
        /// Whether to change its length; what was changed is told to [`AudioJitterBuffer::stretched`].
        speed: Speed,
    },
    /// A packet is lost: rebuild so many samples from the copy that the packet after it may carry.
    Fec {
        /// The packet after it, which will be played next.
        next: Bytes,
        /// How many samples are missing.
        samples: u32,
    },
    /// A packet is lost or late: make up so many samples.
    Conceal {
        /// How many.
        samples: u32,
    },
    /// The sender pauses (DTX): so many samples of comfort noise.
    Pause {
        /// How many.
        samples: u32,
    },
}

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
    /// How often a stream started anew.
    pub restarts: u64,
    /// How long played packets waited here, in all.
    pub waited: Duration,
    /// How many that were.
    pub played: u64,
    /// How long packets should wait now.
    pub target: Duration,
}

struct Waiting {
    sequence: i64,
    payload: Bytes,
    samples: i64,
    arrival: Instant,
}

/// The buffer.
#[derive(Default)]
pub struct AudioJitterBuffer {
    waiting: BTreeMap<i64, Waiting>,
    sequence: SequenceTracker,
    delay: DelayEstimator,
    /// Whether anything was ever played.
    begun: bool,
    /// The RTP time to play next, and the earliest that is still accepted.
    next: Option<i64>,
    /// Whether what comes next is timed afresh.
    holding: bool,
    last_played: Option<i64>,
    /// Samples made up since the last packet without knowing what was lost.
    made_up: i64,
    /// The last packet said that the sender pauses.
    pausing: bool,
    late_in_a_row: u32,
    lateness: Option<f64>,
    since_stretch: u32,
    stats: JitterBufferStats,
}

impl AudioJitterBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self { holding: true, ..Self::default() }
    }

    /// Takes a packet in.
    pub fn insert(&mut self, packet: ReceivedAudio) {
        let Some(samples) = packet_samples(&packet.payload) else {
            self.stats.malformed += 1;
            return;
        };
        let (sequence, time) = match self.sequence.arrived(packet.sequence, packet.rtp_time) {
            Arrival::New { sequence, time } => (sequence, time),
            Arrival::Duplicate => {
                self.stats.duplicates += 1;
                return;
            }
            Arrival::Suspicious => return,
            Arrival::Restart { sequence, time } => {
                self.restart();
                (sequence, time)
            }
        };
        self.delay.observe(packet.arrival, time);
        let samples = i64::from(samples);
        if self.is_past(time, samples) {
            self.stats.late += 1;
            self.late_in_a_row += 1;
            if self.late_in_a_row < SequenceTracker::LATE_IN_A_ROW_IS_RESTART {
                return;
            }
            // Half a second of nothing but the past: its clock was set back.
            self.restart();
            self.delay.observe(packet.arrival, time);
        }
        self.late_in_a_row = 0;
        let entry = Waiting { sequence, payload: packet.payload, samples, arrival: packet.arrival };
        self.waiting.entry(time).or_insert(entry);
        while self.waiting.len() > CAPACITY {
            self.skip_first();
        }
    }

    /// Says what to play, given when its first sample goes to the speaker.
    pub fn pull(&mut self, now: Instant) -> Decision {
        loop {
            let Some((&time, first)) = self.waiting.first_key_value() else { return self.starve() };
            if self.is_past(time, first.samples) {
                // It overlaps with what was played.
                self.waiting.pop_first();
                self.stats.late += 1;
                continue;
            }
            let Some(late) = self.delay.lateness(time, now) else { return self.starve() };
            if self.holding {
                if late < self.target() {
                    return self.starve();
                }
                self.holding = false;
                self.made_up = 0;
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
            let missing = gap - self.made_up;
            if missing < SMALLEST_GAP || late > self.target() + OVERDUE {
                return self.play(time, late, now);
            }
            let paused = self.pausing || self.last_played.is_some_and(|last| first.sequence == last + 1);
            if paused {
                let samples = missing.min(STEP);
                self.advance(samples);
                return Decision::Pause { samples: samples as u32 };
            }
            let samples = missing.min(2 * STEP);
            let fec = self.made_up == 0 && missing == first.samples && missing == samples;
            let payload = first.payload.clone();
            self.advance(samples);
            return if fec {
                Decision::Fec { next: payload, samples: samples as u32 }
            } else {
                Decision::Conceal { samples: samples as u32 }
            };
        }
    }

    /// Takes note of how many samples a [`Speed`] other than normal added (or removed, when negative).
    pub fn stretched(&mut self, added: i64) {
        if added != 0 {
            self.since_stretch = 0;
        }
        if let Some(lateness) = &mut self.lateness {
            *lateness += added as f64 / f64::from(SAMPLE_RATE);
        }
    }

    /// The counts.
    #[must_use]
    pub fn stats(&self) -> JitterBufferStats {
        JitterBufferStats {
            received: self.sequence.received(),
            lost: self.sequence.lost(),
            target: Duration::from_secs_f64(self.target()),
            ..self.stats
        }
    }

    /// How many packets are waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn target(&self) -> f64 {
        let jitter = self.delay.target().as_secs_f64();
        if self.sequence.recent_loss() > FEC_LOSS { jitter + FEC_WAIT } else { jitter }
    }

    /// Whether most of a packet lies before what is played next. A little may: some senders' times are not exact.
    fn is_past(&self, time: i64, samples: i64) -> bool {
        self.next.is_some_and(|next| time + samples / 2 < next)
    }

    /// Nothing to play yet.
    fn starve(&mut self) -> Decision {
        if !self.begun {
            return Decision::Wait;
        }
        if !self.holding {
            self.made_up += STEP;
            if self.made_up >= STARVED {
                self.holding = true;
                self.delay.forget_base();
            }
        }
        let samples = STEP as u32;
        if self.pausing { Decision::Pause { samples } } else { Decision::Conceal { samples } }
    }

    /// Goes past samples that are known to be missing.
    fn advance(&mut self, samples: i64) {
        if let Some(next) = &mut self.next {
            *next += samples + self.made_up;
        }
        self.made_up = 0;
    }

    fn play(&mut self, time: i64, late: f64, now: Instant) -> Decision {
        let Some(packet) = self.waiting.remove(&time) else { return Decision::Wait };
        self.begun = true;
        self.next = Some(time + packet.samples);
        self.made_up = 0;
        self.last_played = Some(packet.sequence);
        // An Opus packet without data is what DTX sends while it pauses.
        self.pausing = packet.payload.len() <= 2;
        self.stats.waited += now.saturating_duration_since(packet.arrival);
        self.stats.played += 1;

        let smooth = self.lateness.map_or(late, |smooth| smooth + SMOOTHING * (late - smooth));
        self.lateness = Some(smooth);
        self.since_stretch = self.since_stretch.saturating_add(1);
        let speed = if self.since_stretch <= PACKETS_BETWEEN_STRETCHES {
            Speed::Normal
        } else if smooth > self.target() + SLACK_ABOVE && !self.waiting.is_empty() {
            Speed::Shorter
        } else if smooth < self.target() - SLACK_BELOW {
            Speed::Longer
        } else {
            Speed::Normal
        };
        Decision::Play { payload: packet.payload, samples: packet.samples as u32, speed }
    }

    fn skip_first(&mut self) {
        if let Some((time, packet)) = self.waiting.pop_first() {
            self.stats.skipped += 1;
            self.next = Some(time + packet.samples);
            self.last_played = Some(packet.sequence);
            self.made_up = 0;
        }
    }

    fn restart(&mut self) {
        self.waiting.clear();
        self.delay = DelayEstimator::default();
        self.holding = true;
        self.next = None;
        self.last_played = None;
        self.late_in_a_row = 0;
        self.stats.restarts += 1;
    }
}

#[cfg(test)]
mod tests;
