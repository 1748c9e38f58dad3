//! When a screen is encoded, and how finely: what changed soon, the rest sharper and sharper, and
//! then next to nothing.
//!
//! In go what a new frame changes, what the network carries, key-frame requests and what each
//! encoded frame took; out comes a [`Plan`] for the next frame or the moment to look again. Text
//! stays readable: when there is little room, frames come less often before
//! they get coarser than [`READABLE_QP`]. What always holds: a frame is encoded only when what was
//! sent before has nearly left at the target, so nothing queues up; one is encoded at least every
//! [`MAX_GAP`], and the gaps grow slowly enough that no receiver takes a still screen for a freeze.
//! Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::screen_changes::Changes;
use crate::units::Bitrate;
use crate::video_control::KeyFrame;

/// At most so many frames a second.
pub(crate) const MAX_FPS: u32 = 15;
/// The rate that size and level are chosen for: fewer frames come before smaller ones.
pub(crate) const READABLE_FPS: u32 = 5;
/// The quantizer of a screen that is visually lossless.
const FINAL_QP: u8 = 16;
/// In motion finer ones are not seen.
const MOTION_QP: u8 = 26;
/// Small text is readable up to this quantizer.
const READABLE_QP: u8 = 38;
/// What is coarser is a placeholder for what follows.
const COARSEST_QP: u8 = 46;
/// The quantizer that costs are kept for.
const COST_QP: f64 = 36.0;
/// So many steps of the quantizer halve what sharp edges take (36 to 26: from 304 to 518 kB).
const HALVED_BY: f64 = 10.0;
/// What a macroblock of text takes at [`COST_QP`], until a frame was measured.
const USUAL_COST: f64 = 25.0;
/// What refining by one step takes, as a share of a key frame, until it was measured.
const USUAL_STEP: f64 = 0.1;
/// It counts as no less, as a step may be too small to change anything.
const LEAST_STEP: f64 = 0.04;

/// A frame in motion takes the line for so long, where it can: ten a second.
const MOTION_TAKES: Duration = Duration::from_millis(100);
/// One after stillness, or a key frame, may take longer…
const PAGE_TAKES: Duration = Duration::from_millis(600);
/// …and even at [`READABLE_QP`] no longer than this.
const PAGE_TAKES_AT_MOST: Duration = Duration::from_millis(1200);
/// A coarse key frame, which is to arrive soon, takes this share.
const COARSE: f64 = 0.3;
/// One step of refining takes the line for so long: a change waits for no more, and no receiver
/// takes it for a freeze.
const REFINING_TAKES: Duration = Duration::from_millis(300);
/// A change is sent when what is before it leaves within this.
const NEARLY_FREE: Duration = Duration::from_millis(40);
/// Nothing changed for so long: it is refined.
const STILL_AFTER: Duration = Duration::from_millis(150);
/// After so long a change begins something new, of which nothing is known.
const SETTLED_AFTER: Duration = Duration::from_millis(500);
/// A change of less than this share of the screen is a detail: it is as fine as what is around it.
const DETAIL: f64 = 0.05;
/// A change of more than this share after stillness is coded without what was before.
const NEW_PAGE: f64 = 0.25;
/// What changed takes so much of a key frame: that takes little more, and a tenth of the time.
const PREDICTS_LITTLE: f64 = 0.6;
/// The frame after a key frame is not another for that reason.
const AFTER_KEY: f64 = 0.5;
/// What scrolled takes this share of what is new.
const SCROLLED: f64 = 0.02;
/// The most steps at once.
const MOST_STEPS: u8 = 8;
const MOST_STEPS_IN_MOTION: u8 = 2;
/// What the final quantizer leaves is coded by so many frames.
const FINAL_FRAMES: u8 = 3;
/// The longest time without a frame.
pub(crate) const MAX_GAP: Duration = Duration::from_millis(900);
/// A gap becomes longer by no more than this share of what would count as a freeze (W3C
/// webrtc-stats: the larger of three times the average of the last 30 and the average plus 150 ms).
const GAP_SHARE: f64 = 0.75;
const FREEZE_WINDOW: usize = 30;
const FREEZE_MARGIN: Duration = Duration::from_millis(150);
/// The encoder works for at most this share of the time.
const BUSY: f64 = 0.75;
/// How often a change that waits is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Why a frame is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A key frame was requested.
    Key,
    /// Something changed.
    Change,
    /// So much changed that a key frame is best.
    NewPage,
    /// Nothing changed, and it can be sharper.
    Refinement,
    /// Nothing changed, and it is sharp.
    Liveness,
}

/// A frame to encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) reason: Reason,
    /// The quantizer, 0 (finest) to 51.
    pub(crate) qp: u8,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Encode the latest frame.
    Encode(Plan),
    /// Look again then, or when a frame or a request comes.
    At(Instant),
}

/// What became of a [`Plan`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoded {
    pub(crate) bytes: usize,
    pub(crate) key: bool,
}

/// Decides for one screen at one size.
#[derive(Debug)]
pub(crate) struct ScreenRate {
    macroblocks: f64,
    /// The quantizer of the last frame.
    qp: u8,
    final_frames: u8,
    /// Bytes that have not left at the target, as of a moment.
    waiting: (f64, Instant),
    sent_at: Option<Instant>,
    took: Duration,
    gaps: VecDeque<Duration>,
    /// What changed and was not encoded yet.
    changes: Changes,
    changed_at: Option<Instant>,
    /// Whether what changed follows on stillness.
    begins: bool,
    /// What a macroblock takes at [`COST_QP`] when it is coded anew.
    cost: f64,
    /// The share of it that a changed one takes in motion.
    motion: f64,
    /// What refining by one step takes.
    step: f64,
}

impl ScreenRate {
    /// For a screen of so many macroblocks, which takes so many bytes at a quantizer when it is
    /// coded anew.
    pub(crate) fn new(macroblocks: u32, measured: Option<(u8, usize)>, now: Instant) -> Self {
        let macroblocks = f64::from(macroblocks.max(1));
        let cost = measured.map_or(USUAL_COST, |(qp, bytes)| at_cost_qp(qp, bytes) / macroblocks);
        Self {
            macroblocks,
            qp: COARSEST_QP,
            final_frames: 0,
            waiting: (0.0, now),
            sent_at: None,
            took: Duration::ZERO,
            gaps: VecDeque::with_capacity(FREEZE_WINDOW),
            changes: Changes::default(),
            changed_at: None,
            begins: true,
            cost,
            motion: 1.0,
            step: cost * macroblocks * USUAL_STEP,
        }
    }

    /// A new frame differs so much from the last one that was encoded.
    pub(crate) fn changed(&mut self, changes: Changes, now: Instant) {
        self.changes = changes;
        if changes.changed <= 0.0 {
            return;
        }
        let since = self.changed_at.map(|at| now.saturating_duration_since(at));
        if since.is_none_or(|since| since >= SETTLED_AFTER) {
            self.begins = true;
        }
        self.changed_at = Some(now);
    }

    /// What to do now, where the network carries `target`.
    pub(crate) fn next(&mut self, target: Bitrate, key: Option<KeyFrame>, now: Instant) -> Next {
        self.drain(target, now);
        if self.sent_at.is_none() || key.is_some() {
            let share = if key == Some(KeyFrame::Coarse) { COARSE } else { 1.0 };
            let qp = page_qp(self.cost * self.macroblocks, target.scaled(share), PAGE_TAKES);
            return self.when_free(NEARLY_FREE, target, Plan { reason: Reason::Key, qp }, now);
        }
        if self.changes.changed > 0.0 {
            let plan = self.change(target);
            return self.when_free(NEARLY_FREE, target, plan, now);
        }
        let still = self.changed_at.map_or(now, |at| at + STILL_AFTER);
        if still > now {
            return Next::At(still);
        }
        if self.qp > FINAL_QP || self.final_frames < FINAL_FRAMES {
            let room = bytes_in(target, REFINING_TAKES.min(self.longest_gap()));
            let least = self.cost * self.macroblocks * LEAST_STEP;
            let steps = (room / self.step.max(least)).clamp(1.0, f64::from(MOST_STEPS)) as u8;
            let qp = self.qp.saturating_sub(steps).max(FINAL_QP);
            return self.when_free(
                Duration::ZERO,
                target,
                Plan { reason: Reason::Refinement, qp },
                now,
            );
        }
        let due = self.sent_at.map_or(now, |at| at + self.longest_gap());
        if due > now {
            return Next::At(due);
        }
        // Coarse enough that nothing is left to code.
        Next::Encode(Plan { reason: Reason::Liveness, qp: MOTION_QP })
    }

    /// What a frame took that was planned.
    pub(crate) fn encoded(&mut self, plan: Plan, encoded: Encoded, now: Instant) {
        let bytes = encoded.bytes as f64;
        self.waiting.0 += bytes;
        if encoded.key {
            self.cost = at_cost_qp(plan.qp, encoded.bytes) / self.macroblocks;
            self.step = self.cost * self.macroblocks * USUAL_STEP;
            self.motion = AFTER_KEY;
        } else if plan.reason == Reason::Change {
            let anew = at_qp(self.anew(), plan.qp).max(1.0);
            // Up at once, down by and by.
            let motion = (bytes / anew).clamp(0.01, 3.0);
            self.motion = if motion > self.motion || self.begins {
                motion
            } else {
                f64::midpoint(self.motion, motion)
            };
            self.begins = false;
        } else if plan.reason == Reason::Refinement && plan.qp < self.qp {
            self.step = bytes / f64::from(self.qp - plan.qp);
        }
        if encoded.key {
            self.begins = false;
        }
        match plan.reason {
            Reason::Liveness => {}
            Reason::Refinement if plan.qp == FINAL_QP => {
                self.final_frames = self.final_frames.saturating_add(1);
            }
            _ => self.final_frames = 0,
        }
        if plan.reason != Reason::Liveness {
            self.qp = plan.qp;
        }
        self.changes = Changes::default();
        if let Some(before) = self.sent_at.replace(now) {
            if self.gaps.len() == FREEZE_WINDOW {
                self.gaps.pop_front();
            }
            self.gaps.push_back(now.saturating_duration_since(before));
        }
    }

    /// How long the last frame took to encode: the next waits until that was worth it.
    pub(crate) fn took(&mut self, took: Duration) {
        self.took = took;
    }

    fn drain(&mut self, target: Bitrate, now: Instant) {
        let (bytes, at) = self.waiting;
        let left = bytes_in(target, now.saturating_duration_since(at));
        self.waiting = ((bytes - left).max(0.0), now);
    }

    /// The plan, as soon as no more than `behind` waits before it and the encoder has rested.
    fn when_free(&self, behind: Duration, target: Bitrate, plan: Plan, now: Instant) -> Next {
        let too_much = self.waiting.0 - bytes_in(target, behind);
        let free = if too_much > 0.0 {
            now + target.time_for(too_much as usize).min(MAX_GAP)
        } else {
            now
        };
        let interval = Duration::from_secs(1) / MAX_FPS;
        let rested = self.took.mul_f64(1.0 / BUSY);
        // Captured frames are not punctual, so one may be early by a quarter.
        let due = self.sent_at.map_or(now, |at| at + (interval * 3 / 4).max(rested));
        let at = free.max(due);
        if at <= now { Next::Encode(plan) } else { Next::At(at.max(now + LOOK)) }
    }

    /// What changed would take at [`COST_QP`] if all of it that did not scroll were coded anew.
    fn anew(&self) -> f64 {
        let Changes { changed, new } = self.changes;
        self.cost * self.macroblocks * (new + (changed - new).max(0.0) * SCROLLED)
    }

    /// How to encode what changed.
    fn change(&self, target: Bitrate) -> Plan {
        let Changes { changed, new } = self.changes;
        let key = self.cost * self.macroblocks;
        let time = if self.begins { PAGE_TAKES } else { MOTION_TAKES };
        if new >= NEW_PAGE && (self.begins || self.anew() * self.motion >= key * PREDICTS_LITTLE) {
            // The encoder would search for what is not there, for half a second.
            return Plan { reason: Reason::NewPage, qp: page_qp(key, target, time) };
        }
        let finest = if changed < DETAIL { FINAL_QP } else { MOTION_QP };
        let motion = if self.begins { 1.0 } else { self.motion };
        let takes = at_qp(self.anew() * motion, self.qp);
        let room = bytes_in(target, time).max(1.0);
        let qp = if takes > room {
            let coarser = f64::from(self.qp) + (HALVED_BY * (takes / room).log2()).ceil();
            coarser.min(f64::from(READABLE_QP)) as u8
        } else if self.begins {
            self.qp
        } else {
            // What is left over makes all a little sharper. Where only a detail moves, the rest
            // must not wait for stillness that may never come.
            let (room, least) = if changed < DETAIL {
                (bytes_in(target, REFINING_TAKES), 1.0)
            } else {
                (room, 0.0)
            };
            let steps = (room - takes) / self.step.max(1.0);
            self.qp.saturating_sub(steps.clamp(least, f64::from(MOST_STEPS_IN_MOTION)) as u8)
        };
        Plan { reason: Reason::Change, qp: qp.max(finest) }
    }

    /// The longest gap after which no receiver counts a freeze.
    fn longest_gap(&self) -> Duration {
        let Ok(gaps @ 1..) = u32::try_from(self.gaps.len()) else { return MAX_GAP };
        let average = self.gaps.iter().sum::<Duration>() / gaps;
        (average * 3).max(average + FREEZE_MARGIN).mul_f64(GAP_SHARE).min(MAX_GAP)
    }
}

/// The quantizer for what is coded anew, would take so much at [`COST_QP`], and is to take the line
/// for so long.
fn page_qp(anew: f64, target: Bitrate, time: Duration) -> u8 {
    let within = |time: Duration| {
        COST_QP + HALVED_BY * (anew.max(1.0) / bytes_in(target, time).max(1.0)).log2()
    };
    let wanted = within(time).clamp(f64::from(MOTION_QP), f64::from(READABLE_QP));
    wanted.max(within(PAGE_TAKES_AT_MOST)).ceil().min(f64::from(COARSEST_QP)) as u8
}

fn bytes_in(rate: Bitrate, time: Duration) -> f64 {
    rate.bps() as f64 / 8.0 * time.as_secs_f64()
}

/// What takes so much at [`COST_QP`] takes this at another quantizer.
fn at_qp(bytes: f64, qp: u8) -> f64 {
    bytes * ((COST_QP - f64::from(qp)) / HALVED_BY).exp2()
}

/// The reverse.
fn at_cost_qp(qp: u8, bytes: usize) -> f64 {
    bytes as f64 / ((COST_QP - f64::from(qp)) / HALVED_BY).exp2()
}

#[cfg(test)]
mod tests;
