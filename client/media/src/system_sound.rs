//! The sound of the computer on its way into the voice: kept in a short buffer, brought to the
//! microphone's clock, and added without clipping.
//!
//! In go frames of 10 ms from a queue, by the clock of whoever fills it; out comes 10 ms whenever
//! the microphone has 10 ms. What always holds: neither waits for the other. A source that stalls
//! is silence, one that comes back begins again when [`TARGET`] of it waits, and no more than
//! [`MOST`] ever does. What is mixed stays within −1 to 1.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::drift::DriftController;
use crate::drop_oldest_queue::DropOldestQueue;
use crate::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES, AudioFrame, SAMPLE_RATE};
use crate::resample::{MonoResampler, ResampleFailure};

/// So much waits: sources deliver 10 to 20 ms at a time, and threads are late.
const TARGET: Duration = Duration::from_millis(40);
/// More than this is late, and dropped.
const MOST: Duration = Duration::from_millis(160);
/// The loudest that is mixed; a little room is left to the codec.
const CEILING: f32 = 0.95;
/// What was turned down comes back by this factor with each frame: from half in 0.7 s.
const RECOVERY: f32 = 1.01;
/// Beneath this a source plays nothing: −66 dBFS.
const SILENT: f32 = 0.0005;
/// It plays music until it was silent for so long; a pause in it is no end.
const MUSIC_ENDS: Duration = Duration::from_secs(3);

/// One source.
pub(crate) struct SystemSound {
    queue: Arc<DropOldestQueue<AudioFrame>>,
    resampler: MonoResampler,
    drift: DriftController,
    waiting: VecDeque<f32>,
    resampled: Vec<f32>,
    /// Enough waited to begin, and nothing was missing since.
    flowing: bool,
    /// Silent frames on end.
    silent: u32,
    limiter: Limiter,
}

impl SystemSound {
    /// Takes what is put into a queue from now on.
    pub(crate) fn new(queue: Arc<DropOldestQueue<AudioFrame>>) -> Result<Self, ResampleFailure> {
        Ok(Self {
            queue,
            resampler: MonoResampler::between_clocks(SAMPLE_RATE, SAMPLE_RATE)?,
            drift: DriftController::default(),
            waiting: VecDeque::with_capacity(samples_in(MOST)),
            resampled: Vec::new(),
            flowing: false,
            silent: frames_in(MUSIC_ENDS),
            limiter: Limiter::default(),
        })
    }

    /// Whether it plays, or paused just now.
    pub(crate) fn plays(&self) -> bool {
        self.silent < frames_in(MUSIC_ENDS)
    }

    /// Adds the next 10 ms to a frame's samples.
    pub(crate) fn add_to(&mut self, samples: &mut [f32]) {
        self.take();
        let mut sound = [0.0; AUDIO_FRAME_SAMPLES];
        self.flowing = if self.flowing {
            self.waiting.len() >= AUDIO_FRAME_SAMPLES
        } else {
            self.waiting.len() >= samples_in(TARGET)
        };
        if self.flowing {
            for (sample, waiting) in sound.iter_mut().zip(self.waiting.drain(..AUDIO_FRAME_SAMPLES))
            {
                *sample = waiting;
            }
            let surplus = self.waiting.len() as f64 - samples_in(TARGET) as f64;
            let surplus = surplus / f64::from(SAMPLE_RATE) + AUDIO_FRAME_DURATION.as_secs_f64();
            self.resampler.set_drift(self.drift.update(surplus, AUDIO_FRAME_DURATION));
        } else {
            // The rest of a source that stalled: it ends with it.
            for (sample, waiting) in sound.iter_mut().zip(self.ending()) {
                *sample = waiting;
            }
        }
        let loud = sound.iter().any(|sample| sample.abs() > SILENT);
        self.silent = if loud { 0 } else { self.silent.saturating_add(1) };
        for (sample, sound) in samples.iter_mut().zip(sound) {
            *sample += sound;
        }
        self.limiter.limit(samples);
    }

    /// What is left when it stalls fades out, so that it does not click.
    fn ending(&mut self) -> Vec<f32> {
        if self.silent > 0 || self.waiting.len() >= AUDIO_FRAME_SAMPLES {
            return Vec::new();
        }
        let count = self.waiting.len().max(1) as f32;
        let rest = self.waiting.drain(..).enumerate();
        rest.map(|(index, sample)| sample * (1.0 - (index + 1) as f32 / count)).collect()
    }

    fn take(&mut self) {
        while let Some(frame) = self.queue.take() {
            let sane = frame
                .samples
                .map(|sample| if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 });
            self.resampled.clear();
            // Fails only on lengths that it was not set up for; then the frame is missing.
            if self.resampler.process(&sane, &mut self.resampled).is_ok() {
                self.waiting.extend(&self.resampled);
            }
        }
        if self.waiting.len() > samples_in(MOST) {
            self.waiting.drain(..self.waiting.len() - samples_in(TARGET));
            self.drift.jumped();
        }
    }
}

/// Turns down at once what would clip, and up again slowly.
struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    fn limit(&mut self, samples: &mut [f32]) {
        let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let most = if peak > CEILING { CEILING / peak } else { 1.0 };
        let (from, to) = (self.gain, (self.gain * RECOVERY).min(most));
        // Down within a millisecond, which no ear takes for a click; up over the whole frame.
        let steps = if to < from { SAMPLE_RATE as usize / 1000 } else { samples.len() };
        for (index, sample) in samples.iter_mut().enumerate() {
            let share = ((index + 1) as f32 / steps.max(1) as f32).min(1.0);
            *sample = (*sample * (from + (to - from) * share)).clamp(-CEILING, CEILING);
        }
        self.gain = to;
    }
}

const fn samples_in(time: Duration) -> usize {
    time.as_millis() as usize * SAMPLE_RATE as usize / 1000
}

const fn frames_in(time: Duration) -> u32 {
    (time.as_millis() / AUDIO_FRAME_DURATION.as_millis()) as u32
}

#[cfg(test)]
mod tests;
