//! When a speaker wants the next 10 ms, and how they are to be resampled so that it never wants
//! more or less than those.
//!
//! Frames are made by this computer's clock, one every 10 ms. The device takes them by its own
//! clock, in steps; the difference between the two is resampled away by `drift`,
//! which holds what is left at each write at a small margin. Only when that fails (at the
//! beginning, when the device or this program was held up) frames are made in between or left out.
//! In goes what the device reports, with the time as an argument; this is pure.
//!
//! What is held is the *level*: what waits in the queue, less what the device has played since it
//! last took something. It falls evenly, whatever the steps are in which the device takes audio,
//! and there is enough as long as it is not negative.

use std::time::{Duration, Instant};

use crate::drift::DriftController;
use crate::frame::AUDIO_FRAME_DURATION;

/// What is left when a frame comes on time.
const MARGIN: Duration = AUDIO_FRAME_DURATION;
/// A device that takes audio unevenly gets more, in such steps…
const MARGIN_STEP: Duration = Duration::from_micros(2500);
/// …up to this.
const MAX_MARGIN: Duration = Duration::from_millis(40);
/// With less than this left a frame is made at once.
const LOW: Duration = Duration::from_millis(2);
/// A frame that is kept back comes before less than this is left: who waits may wake late.
const RESERVE: Duration = Duration::from_millis(5);
/// With so much more than the margin no frame is made.
const EXCESS: Duration = Duration::from_millis(30);
/// A device that takes nothing for this long stalls; frames go on in real time, and what does not
/// fit is dropped.
const STALLED: Duration = Duration::from_millis(100);
/// A frame this late begins a new count instead of being caught up with.
const LATE: Duration = Duration::from_millis(20);
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// So many writes after a filling the device is known: before, emptiness says nothing about its
/// evenness.
const KNOWN_AFTER: u32 = 100;

/// What the device reports.
#[derive(Debug, Clone, Copy)]
pub struct DeviceState {
    /// How much audio waits to be taken.
    pub queued: Duration,
    /// When it took audio last, or was opened.
    pub last_taken: Instant,
    /// The most it took at once.
    pub largest: Duration,
}

impl DeviceState {
    /// What waits, less what was played since; in seconds, negative when the device has run dry.
    fn level(&self, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.last_taken).min(self.largest);
        self.queued.as_secs_f64() - since.as_secs_f64()
    }

    fn stalls(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last_taken) > STALLED
    }
}

/// The pacing of one device; a new one is for one that was just opened.
#[derive(Debug)]
pub struct SpeakerPacer {
    due: Option<Instant>,
    filling: bool,
    margin: Duration,
    drift: DriftController,
    last_write: Option<Instant>,
    writes_since_filling: u32,
    kept_back_since: Option<Instant>,
}

impl Default for SpeakerPacer {
    fn default() -> Self {
        Self {
            due: None,
            filling: true,
            margin: MARGIN,
            drift: DriftController::default(),
            last_write: None,
            writes_since_filling: 0,
            kept_back_since: None,
        }
    }
}

impl SpeakerPacer {
    /// How long the next frame can wait; zero when it is wanted now.
    pub fn until_wanted(&mut self, now: Instant, device: &DeviceState) -> Duration {
        let until_due = |due: Option<Instant>| {
            due.map_or(Duration::ZERO, |due| due.saturating_duration_since(now))
        };
        if device.stalls(now) {
            return until_due(self.due);
        }
        let level = device.level(now);
        let margin = self.margin.as_secs_f64();
        if !self.filling && level < LOW.as_secs_f64() {
            if self.writes_since_filling >= KNOWN_AFTER {
                self.margin = (self.margin + MARGIN_STEP).min(MAX_MARGIN);
            }
            self.filling = true;
        }
        if self.filling {
            if level < margin {
                return Duration::ZERO;
            }
            self.filling = false;
            self.writes_since_filling = 0;
            self.drift.jumped();
            self.due = Some(now + Duration::from_secs_f64(level - margin));
        } else if level > margin + EXCESS.as_secs_f64() {
            self.drift.jumped();
            self.due = Some(now + Duration::from_secs_f64(level - margin));
        }
        let until_low = Duration::from_secs_f64((level - LOW.as_secs_f64()).max(0.0));
        match until_due(self.due).min(until_low) {
            Duration::ZERO => Duration::ZERO,
            wait => wait.max(SHORTEST_WAIT),
        }
    }

    /// How long the next frame can wait at most. It is kept back then, and how late it comes says
    /// nothing of the device.
    #[must_use]
    pub fn until_missed(&mut self, now: Instant, device: &DeviceState) -> Duration {
        self.kept_back_since = Some(now);
        if self.filling || device.stalls(now) {
            return Duration::ZERO;
        }
        Duration::from_secs_f64((device.level(now) - RESERVE.as_secs_f64()).max(0.0))
    }

    /// A frame is about to be queued; gives the ratio to resample it with, relative to the nominal
    /// one.
    pub fn writing(&mut self, now: Instant, device: &DeviceState) -> f64 {
        let elapsed =
            self.last_write.map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        self.last_write = Some(now);
        let kept_back_since = self.kept_back_since.take();
        let in_step = self.due.filter(|due| now.saturating_duration_since(*due) < LATE);
        self.due = Some(in_step.unwrap_or(now) + AUDIO_FRAME_DURATION);
        if self.filling || device.stalls(now) {
            return self.drift.ratio();
        }
        self.writes_since_filling = self.writes_since_filling.saturating_add(1);
        let kept_back =
            kept_back_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        let error = device.level(now) + kept_back.as_secs_f64() - self.margin.as_secs_f64();
        self.drift.update(error, elapsed)
    }
}

#[cfg(test)]
mod tests;
