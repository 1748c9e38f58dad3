//! A room in virtual time: a speaker and a microphone with their latencies, an echo between them,
//! and somebody who speaks.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use visavis_media::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES, AudioFrame};
use visavis_media::voice_processing::{PlayedFrame, VoiceInput, VoiceProcessor, VoiceSettings};

/// From the speaker to the microphone, in samples: 60 ms.
const ECHO_DELAY: usize = 48 * 60;
/// How long the tail of the room's answer is, in samples.
const TAIL: usize = 48 * 120;
/// The tail falls by 60 dB in 200 ms.
const REVERBERATION_TIME: f32 = 0.2;

/// The room and the two devices in it.
pub(crate) struct Room {
    /// From the hand-over of a frame to the moment at which it is played.
    pub(crate) speaker_latency: Duration,
    /// From the moment at which a frame has been captured to its delivery.
    pub(crate) microphone_latency: Duration,
    /// How much later than it is the devices report that something is played, in milliseconds.
    pub(crate) reported_late_by_ms: i32,
    /// How loud the echo arrives, against what is played, in decibels.
    pub(crate) echo_db: f32,
    /// What shape the room has.
    pub(crate) seed: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            speaker_latency: Duration::from_millis(35),
            microphone_latency: Duration::from_millis(12),
            reported_late_by_ms: 0,
            echo_db: -6.0,
            seed: 1,
        }
    }
}

/// What happened in it.
pub(crate) struct Heard {
    /// What the microphone delivered.
    pub(crate) captured: Vec<f32>,
    /// What was made of it.
    pub(crate) sent: Vec<f32>,
    /// The CPU time of the longest and the mean frame.
    pub(crate) cost: (Duration, Duration),
}

impl Room {
    /// The echo of what is played, as long as that.
    pub(crate) fn echo(&self, played: &[f32]) -> Vec<f32> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let decay = 6.908 / (REVERBERATION_TIME * 48_000.0);
        // The direct audio, then fewer and fewer reflections, so that the sum stays quick to
        // compute.
        let mut taps: Vec<(usize, f32)> = vec![(0, 1.0)];
        taps.extend((0..400).map(|_| {
            let at = random.random_range(48..TAIL);
            (at, random.random_range(-1.0..1.0) * 0.35 * (-decay * at as f32).exp())
        }));
        let power = taps.iter().map(|(_, gain)| gain * gain).sum::<f32>().sqrt();
        let scale = 10_f32.powf(self.echo_db / 20.0) / power;
        let mut echo = vec![0.0; played.len()];
        for (at, gain) in taps {
            let delay = ECHO_DELAY + at;
            if let Some(late) = echo.get_mut(delay..) {
                late.iter_mut()
                    .zip(played)
                    .for_each(|(echo, played)| *echo += gain * scale * played);
            }
        }
        echo
    }

    /// Plays `far` while `near` is spoken, and processes what the microphone hears. `settings` says
    /// for each frame what is on.
    pub(crate) fn process(
        &self,
        far: &[f32],
        near: &[f32],
        settings: impl Fn(usize) -> VoiceSettings,
    ) -> Heard {
        let echo = self.echo(far);
        let captured: Vec<f32> =
            echo.iter().zip(near).map(|(echo, near)| (echo + near).clamp(-1.0, 1.0)).collect();
        let input = VoiceInput::new(settings(0));
        let mut voice = VoiceProcessor::new(input.clone());
        let start = Instant::now() + Duration::from_secs(1);
        let (mut sent, mut longest, mut total) =
            (Vec::with_capacity(captured.len()), Duration::ZERO, Duration::ZERO);
        let (far_frames, _) = far.as_chunks::<AUDIO_FRAME_SAMPLES>();
        let (captured_frames, _) = captured.as_chunks::<AUDIO_FRAME_SAMPLES>();
        let mut waiting = far_frames.iter().enumerate().peekable();
        for (number, samples) in captured_frames.iter().enumerate() {
            // Frame n of both is in the air at the same time: it is written the speaker's latency
            // before, and delivered its own length and the microphone's latency after.
            let captured_at = start + number as u32 * AUDIO_FRAME_DURATION;
            let now = captured_at + AUDIO_FRAME_DURATION + self.microphone_latency;
            while let Some((number, samples)) = waiting.next_if(|(number, _)| {
                start + *number as u32 * AUDIO_FRAME_DURATION <= now + self.speaker_latency
            }) {
                let played_at = start + number as u32 * AUDIO_FRAME_DURATION;
                let off = Duration::from_millis(self.reported_late_by_ms.unsigned_abs().into());
                let played_at =
                    if self.reported_late_by_ms < 0 { played_at - off } else { played_at + off };
                input.played.put(PlayedFrame { samples: *samples, played_at });
            }
            input.controls.set(settings(number));
            let mut frame = AudioFrame { samples: *samples, captured_at };
            let begun = Instant::now();
            voice.process(&mut frame);
            let took = begun.elapsed();
            (longest, total) = (longest.max(took), total + took);
            sent.extend(frame.samples);
        }
        let cost = (longest, total / captured_frames.len().max(1) as u32);
        Heard { captured, sent, cost }
    }
}
