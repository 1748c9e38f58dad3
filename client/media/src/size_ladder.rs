//! How large frames are sent: at the size at which this content, at this bit rate, is shown most
//! like what the camera took. Pure, with time as an argument.
//!
//! In go the rate that the network allows, which quantizer and how many bits each frame took, and
//! what a frame loses by being made smaller; out comes the size. A larger size takes a coarser
//! quantizer, whose error is the more visible the more detail there is; a smaller size loses that
//! detail itself. Both errors are reckoned for each size, and the least sum wins. What frames took
//! says what they would take at another size or rate, so one change leads to the size that fits.
//! Until the content is known, the bits for each pixel decide.
//!
//! What always holds: at the same content a lower rate never gets a larger size in the end, and at
//! the same rate easier content never a smaller one; a size that was just raised in vain is not
//! tried again before twice as long as the last time.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use crate::rate_control::{FINEST_QP, HALVED_BY};
use crate::scale::{fit_within, fraction_of};
use crate::units::{Bitrate, VideoSize};

/// The sizes, as fractions of the largest: 1280x720, 960x540, 640x360, 480x270, 320x180.
pub(crate) const STEPS: [(u32, u32); 5] = [(1, 1), (3, 4), (1, 2), (3, 8), (1, 4)];
/// What has fewer pixels than 320x180 is never sent of a larger picture: whoever takes it may not
/// make it as large again as our window does, and what is seen of a face is not in its error.
const LEAST_PIXELS: usize = 320 * 180;
/// While the content is not known: with a coarser quantizer than this, fewer pixels look better.
const LOWER_ABOVE: f64 = 37.5;
/// And the next larger size must get along with this. Well below the other, so that a rate that
/// moves a little does not move the size.
const RAISE_BELOW: f64 = 34.0;
/// Another size must have less than this share of the error to be worth a key frame.
const WORTH_IT: f64 = 0.93;
/// A rate that is so many times that at which the size was lowered has nothing to do with what was
/// raised in vain before.
const RECOVERED: f64 = 1.5;
/// With so fine a quantizer coding is not seen, and all that is left to gain are pixels: the
/// largest size that gets it is sent, whatever the errors say, and kept up to the second of these.
const FINE: f64 = 24.0;
const FINE_ENOUGH: f64 = 27.0;
/// At this quantizer the full size has an error of [`ERROR`] times what half the width and height
/// lose; so many steps double it, and each pixel that stands for more has more, to this power.
/// Measured on a talking head, a street and a film: `docs/performance.md`.
const ERROR_AT: f64 = 35.0;
const ERROR: f64 = 1.4;
const ERROR_DOUBLED_BY: f64 = 4.2;
const ERROR_GROWS_BY: f64 = 0.6;
/// A frame without any detail has no less of an error than one with this loss.
const LEAST_LOSS: f64 = 0.5;
/// What half as many pixels have more to show, each, as steps of the quantizer.
const SHARPER: f64 = 2.0;
/// The quantizer at which content of which nothing is known takes one bit for each pixel.
const USUAL_CONTENT: f64 = 7.2;
/// How much a frame counts in what is known of the content, and how much what one loses does.
const WEIGHT: f64 = 0.04;
const LOSS_WEIGHT: f64 = 0.3;
/// The content is known from so many frames on.
const KNOWN_AFTER: u32 = 8;
/// A rate that is too low for less than this is let pass.
const LOWER_AFTER: Duration = Duration::from_millis(500);
/// A change costs a key frame, so a higher rate must have held for this long.
const RAISE_AFTER: Duration = Duration::from_secs(3);
/// Before the size was ever lowered the rate is still being found out, and the frame follows it
/// sooner.
const RAISE_AFTER_AT_START: Duration = Duration::from_millis(700);
/// A size that is lowered again within this was raised in vain…
const IN_VAIN: Duration = Duration::from_secs(20);
/// …and raised again after twice as long as before, up to this.
const RAISE_AFTER_AT_MOST: Duration = Duration::from_secs(60);

/// What is known of the content.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// The quantizer at which a frame takes one bit for each pixel, at the size of the step.
    content: f64,
    step: usize,
    frames: u32,
}

/// Chooses the size to send, with hysteresis.
#[derive(Debug)]
pub(crate) struct SizeLadder {
    max: VideoSize,
    /// The largest size for the frames that come.
    full: VideoSize,
    step: Option<usize>,
    measured: Option<Measured>,
    /// What a frame of this content loses at each step, as a mean squared error.
    losses: Option<[f64; STEPS.len()]>,
    /// The rate at which the size was lowered last.
    lowered_at: Option<Bitrate>,
    raised_at: Option<Instant>,
    raise_after: Duration,
    too_low_since: Option<Instant>,
    enough_since: Option<Instant>,
}

impl SizeLadder {
    /// A ladder that starts at `max`.
    pub(crate) fn new(max: VideoSize) -> Self {
        Self {
            max,
            full: max,
            step: None,
            measured: None,
            losses: None,
            lowered_at: None,
            raised_at: None,
            raise_after: RAISE_AFTER,
            too_low_since: None,
            enough_since: None,
        }
    }

    /// The largest size.
    pub(crate) fn largest(&self) -> VideoSize {
        self.max
    }

    /// The size to send a frame of size `source` at. The first call settles at once, later ones
    /// take their time. A size that is too large is left at a key frame, as that would be a burst,
    /// and the smaller size would take another one soon.
    pub(crate) fn size_for(
        &mut self,
        source: VideoSize,
        target: Bitrate,
        fps: f32,
        key_frame: bool,
        now: Instant,
    ) -> VideoSize {
        self.full = fit_within(source, self.max);
        let (fitting, higher) = self.candidates(target, fps);
        let step = match self.step {
            // A first key frame that is too large for the network delays the audio, and is followed
            // by another soon.
            None => higher,
            Some(step) if key_frame && fitting > step => fitting,
            Some(step) if fitting > step => {
                self.enough_since = None;
                let since = *self.too_low_since.get_or_insert(now);
                if now.saturating_duration_since(since) >= LOWER_AFTER { fitting } else { step }
            }
            Some(step) if higher < step => {
                self.too_low_since = None;
                let since = *self.enough_since.get_or_insert(now);
                let after = match self.lowered_at {
                    None => RAISE_AFTER_AT_START,
                    Some(lowered) if target > lowered.scaled(RECOVERED) => RAISE_AFTER,
                    Some(_) => self.raise_after,
                };
                // Straight to where it belongs: each step between would cost a key frame too.
                if now.saturating_duration_since(since) >= after { higher } else { step }
            }
            Some(step) => {
                self.too_low_since = None;
                self.enough_since = None;
                step
            }
        };
        if let Some(before) = self.step.replace(step).filter(|before| *before != step) {
            self.changed(before, step, target, now);
        }
        self.size_at(step)
    }

    /// A frame of the size that was chosen last took so many bytes with this quantizer. A key frame
    /// says nothing of what others take.
    pub(crate) fn encoded(&mut self, qp: u8, bytes: usize, key: bool) {
        let Some(step) = self.step.filter(|_| !key) else { return };
        let pixels = self.size_at(step).pixels() as f64;
        let frame = f64::from(qp) + HALVED_BY * ((bytes * 8).max(1) as f64 / pixels).log2();
        let (content, frames) = match self.measured {
            // The first frames count fully, so that it is soon known.
            Some(Measured { frames, .. }) => {
                let before = self.content(step);
                let weight = WEIGHT.max(1.0 / f64::from(frames + 1));
                (before + (frame - before) * weight, frames.saturating_add(1))
            }
            None => (frame, 1),
        };
        self.measured = Some(Measured { content, step, frames });
    }

    /// What a frame of this content loses at each step, however fine the quantizer, as a mean
    /// squared error: what `size_losses` measures.
    pub(crate) fn loses(&mut self, losses: [f64; STEPS.len()]) {
        let before = self.losses.unwrap_or(losses);
        self.losses = Some(std::array::from_fn(|step| {
            let (before, now) = (
                before.get(step).copied().unwrap_or_default(),
                losses.get(step).copied().unwrap_or_default(),
            );
            before + (now - before) * LOSS_WEIGHT
        }));
    }

    /// The largest step that will do, and the largest that is well worth it.
    fn candidates(&self, target: Bitrate, fps: f32) -> (usize, usize) {
        let last = self.smallest();
        let errors: Option<Vec<f64>> =
            (0..=last).map(|step| self.error(step, target, fps)).collect();
        let Some(errors) = errors else {
            let with = |most: f64| {
                (0..last).find(|step| self.expected_qp(*step, target, fps) <= most).unwrap_or(last)
            };
            return (with(LOWER_ABOVE), with(RAISE_BELOW));
        };
        let best = (0..=last)
            .min_by(|a, b| errors.get(*a).partial_cmp(&errors.get(*b)).unwrap_or(Ordering::Equal))
            .unwrap_or(last);
        let now = self.step.unwrap_or(best);
        if let Some(fine) = (0..now).find(|step| self.expected_qp(*step, target, fps) <= FINE) {
            return (fine, fine);
        }
        if best > now && self.expected_qp(now, target, fps) <= FINE_ENOUGH {
            return (now, now);
        }
        let worth = |best: f64, now: f64| best < now * WORTH_IT;
        match (errors.get(best), errors.get(now)) {
            (Some(best_error), Some(error)) if worth(*best_error, *error) => (best, best),
            _ => (now, now),
        }
    }

    /// The mean squared error of what is shown of a frame that is sent at a step and a rate; `None`
    /// while the content is not known.
    fn error(&self, step: usize, target: Bitrate, fps: f32) -> Option<f64> {
        let losses = self.losses.filter(|_| self.known())?;
        let (loss, [_, _, half, ..]) = (losses.get(step).copied()?, losses);
        let more = self.size_at(0).pixels() as f64 / self.size_at(step).pixels() as f64;
        let qp = self.expected_qp(step, target, fps).max(FINEST_QP);
        let doubled = (qp - ERROR_AT) / ERROR_DOUBLED_BY + ERROR_GROWS_BY * more.log2();
        Some(loss + half.max(LEAST_LOSS) * ERROR * doubled.exp2())
    }

    fn known(&self) -> bool {
        self.measured.is_some_and(|measured| measured.frames >= KNOWN_AFTER)
    }

    fn changed(&mut self, before: usize, step: usize, target: Bitrate, now: Instant) {
        self.too_low_since = None;
        self.enough_since = None;
        if step < before {
            self.raised_at = Some(now);
            return;
        }
        self.lowered_at = Some(target);
        let in_vain = self
            .raised_at
            .take()
            .is_some_and(|raised| now.saturating_duration_since(raised) < IN_VAIN);
        self.raise_after =
            if in_vain { (self.raise_after * 2).min(RAISE_AFTER_AT_MOST) } else { RAISE_AFTER };
    }

    /// The last step.
    fn smallest(&self) -> usize {
        let is_enough = |step: &usize| self.size_at(*step).pixels() >= LEAST_PIXELS;
        (0..STEPS.len()).rev().find(is_enough).unwrap_or(0)
    }

    fn size_at(&self, step: usize) -> VideoSize {
        let (numerator, denominator) = STEPS.get(step).copied().unwrap_or((1, 1));
        fraction_of(self.full, numerator, denominator)
    }

    /// The quantizer at which a frame of this content takes one bit for each pixel at a step.
    fn content(&self, step: usize) -> f64 {
        match self.measured {
            Some(Measured { content, step: at, .. }) => {
                let fewer = self.size_at(at).pixels() as f64 / self.size_at(step).pixels() as f64;
                content + SHARPER * fewer.log2()
            }
            None => USUAL_CONTENT,
        }
    }

    /// The quantizer that a step is expected to take at a rate.
    fn expected_qp(&self, step: usize, target: Bitrate, fps: f32) -> f64 {
        let content = if self.known() { self.content(step) } else { USUAL_CONTENT };
        let pixels = self.size_at(step).pixels() as f64;
        let bits = target.bps().max(1) as f64 / f64::from(fps.max(1.0));
        content - HALVED_BY * (bits / pixels).log2()
    }
}

#[cfg(test)]
mod tests;
