//! Which of the frames that went to the speaker belongs to a frame from the microphone.
//!
//! In go played frames, each with the time at which the speaker plays it; out comes one for each
//! captured frame: what is played a little after it was captured, so that an echo always follows
//! its cause although both times are only as good as the devices' word. Where nothing was played
//! there is silence. What always holds: frames come out in the order in which they were played,
//! each once at most, and what waits is bounded.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES};
use crate::units::seconds_between;

/// Frames between the thread that plays and the one that encodes: half a second. When full, the
/// oldest goes.
pub const PLAYED_QUEUE_FRAMES: usize = 50;
/// How far what is played may be ahead of what is captured, to begin with. It must be less than the
/// way through the speaker, or the frame is not there yet; then it is shortened.
const LEAD: Duration = Duration::from_millis(40);
/// A frame's time may be off by so much, in seconds, before another frame takes its place.
const TOLERANCE: f64 = 0.012;
/// Off by more than this, in seconds, it is not the clocks: something was stopped or exchanged.
const JUMP: f64 = 0.060;
/// How fast the smoothed difference follows.
const SMOOTHING: f64 = 1.0 / 16.0;

/// 10 ms that were handed to the speaker.
#[derive(Debug, Clone)]
pub struct PlayedFrame {
    /// The samples as they are played, volume included.
    pub samples: [f32; AUDIO_FRAME_SAMPLES],
    /// When the speaker plays the first of them.
    pub played_at: Instant,
}

/// Puts played frames beside captured ones.
#[derive(Debug)]
pub(super) struct ReferenceAligner {
    waiting: VecDeque<PlayedFrame>,
    lead: Duration,
    /// How much later than wanted the next frame is played, smoothed, in seconds.
    late: Option<f64>,
    starved: bool,
}

impl Default for ReferenceAligner {
    fn default() -> Self {
        Self {
            waiting: VecDeque::with_capacity(PLAYED_QUEUE_FRAMES),
            lead: LEAD,
            late: None,
            starved: false,
        }
    }
}

impl ReferenceAligner {
    /// How far what is played is ahead of what is captured.
    pub(super) fn lead(&self) -> Duration {
        self.lead
    }

    /// Takes in what was played next.
    pub(super) fn push(&mut self, played: PlayedFrame) {
        while self.waiting.len() >= PLAYED_QUEUE_FRAMES {
            self.waiting.pop_front();
        }
        self.waiting.push_back(played);
    }

    /// What is played [`Self::lead`] after a frame was captured.
    pub(super) fn at(&mut self, captured_at: Instant) -> [f32; AUDIO_FRAME_SAMPLES] {
        loop {
            let Some(next) = self.waiting.front() else {
                self.starved = true;
                self.late = None;
                return [0.0; AUDIO_FRAME_SAMPLES];
            };
            let off = seconds_between(captured_at + self.lead, next.played_at);
            let late = match self.late {
                Some(smooth) if (off - smooth).abs() < JUMP => smooth + SMOOTHING * (off - smooth),
                _ => off,
            };
            self.late = Some(late);
            if late > TOLERANCE {
                // The speaker was silent before it.
                self.late = Some(late - AUDIO_FRAME_DURATION.as_secs_f64());
                return [0.0; AUDIO_FRAME_SAMPLES];
            }
            if late < -TOLERANCE {
                if self.starved {
                    // It was not there when it was wanted.
                    self.lead = self.lead.saturating_sub(AUDIO_FRAME_DURATION);
                    self.starved = false;
                    self.late = None;
                    continue;
                }
                self.late = Some(late + AUDIO_FRAME_DURATION.as_secs_f64());
                self.waiting.pop_front();
                continue;
            }
            self.starved = false;
            return self
                .waiting
                .pop_front()
                .map_or([0.0; AUDIO_FRAME_SAMPLES], |played| played.samples);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    fn played(number: u32, played_at: Instant) -> PlayedFrame {
        PlayedFrame { samples: [number as f32; AUDIO_FRAME_SAMPLES], played_at }
    }

    /// Writes a frame every 10 ms that is played `latency_ms` later, captures one every 10 ms that
    /// comes 15 ms after its beginning, and gives for each captured frame which played one was put
    /// beside it (0 for silence).
    fn run(
        ticks: u32,
        latency_ms: impl Fn(u32) -> Option<f64>,
        aligner: &mut ReferenceAligner,
    ) -> Vec<u32> {
        let start = Instant::now() + Duration::from_secs(10);
        (1..ticks)
            .map(|tick| {
                let now = start + tick * AUDIO_FRAME_DURATION;
                if let Some(latency) = latency_ms(tick) {
                    aligner.push(played(tick, now + Duration::from_secs_f64(latency / 1000.0)));
                }
                aligner.at(now - 15 * MS)[0] as u32
            })
            .collect()
    }

    #[track_caller]
    fn check_in_order(beside: &[u32]) {
        assert!(beside.windows(2).all(|pair| pair[1] == pair[0] + 1), "{beside:?}");
    }

    #[test]
    fn each_captured_frame_gets_the_played_one_that_comes_a_lead_later() {
        for latency in [30.0, 60.0, 150.0, 400.0] {
            let mut aligner = ReferenceAligner::default();
            let beside = run(300, |_| Some(latency), &mut aligner);
            let settled = &beside[100..];
            check_in_order(settled);
            // Captured at 10 n − 15 ms, and the frame with number m is played at 10 m + latency.
            let lead = f64::from(settled[0]) * 10.0 + latency - (102.0 * 10.0 - 15.0) + 10.0;
            let wanted = aligner.lead().as_secs_f64() * 1000.0;
            assert!((lead - wanted).abs() <= 13.0, "{lead} ms for {wanted} ms with {latency} ms");
            assert!(wanted >= 20.0);
        }
    }

    #[test]
    fn a_speaker_that_is_quicker_than_the_lead_shortens_it() {
        let mut aligner = ReferenceAligner::default();
        let beside = run(300, |_| Some(5.0), &mut aligner);
        check_in_order(&beside[100..]);
        assert!(aligner.lead() < LEAD, "{:?}", aligner.lead());
    }

    #[test]
    fn when_nothing_is_played_the_reference_is_silent_and_comes_back_in_its_place() {
        let mut aligner = ReferenceAligner::default();
        let beside = run(600, |tick| (!(200..400).contains(&tick)).then_some(50.0), &mut aligner);
        assert!(beside[220..380].iter().all(|&number| number == 0));
        check_in_order(&beside[450..]);
        let (before, after) = (100 - beside[100] as i64, 500 - beside[500] as i64);
        assert!((before - after).abs() <= 1, "{before} and {after} frames");
    }

    #[test]
    fn another_speaker_with_another_latency_is_followed() {
        let mut aligner = ReferenceAligner::default();
        let beside = run(600, |tick| Some(if tick < 300 { 40.0 } else { 140.0 }), &mut aligner);
        check_in_order(&beside[400..]);
        assert_eq!((300 - beside[299] as i64) + 10, 500 - beside[499] as i64);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Times that are off by up to 8 ms either way change nothing once the difference is known.
        #[test]
        fn jitter_in_the_times_neither_skips_nor_silences_a_frame(seed in any::<u64>(), latency in 30.0..200.0_f64) {
            let jitter = |tick: u32| {
                let mixed = seed.wrapping_add(u64::from(tick)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                (mixed >> 40) as f64 / (1_u64 << 24) as f64 * 16.0 - 8.0
            };
            let mut aligner = ReferenceAligner::default();
            let beside = run(1000, |tick| Some(latency + jitter(tick)), &mut aligner);
            let missed = beside[200..].windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
            // One frame of silence is two steps out of order.
            prop_assert!(missed <= 2, "{missed} of 800");
        }

        /// Whatever the times are, frames come in order and memory is bounded.
        #[test]
        fn whatever_the_devices_say_frames_come_in_order(
            steps in prop::collection::vec((0_u64..400, 0_u64..30, any::<bool>()), 1..300),
        ) {
            let mut aligner = ReferenceAligner::default();
            let (mut now, mut number, mut last) = (Instant::now() + Duration::from_secs(1), 0, 0);
            for (latency, step, plays) in steps {
                now += step as u32 * MS;
                if plays {
                    number += 1;
                    aligner.push(played(number, now + latency as u32 * MS));
                }
                let beside = aligner.at(now)[0] as u32;
                prop_assert!(beside == 0 || beside > last);
                last = last.max(beside);
                prop_assert!(aligner.waiting.len() <= PLAYED_QUEUE_FRAMES);
            }
        }
    }
}
