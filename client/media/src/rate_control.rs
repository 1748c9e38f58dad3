//! Rate control of a camera's video: the quantizer of each frame, so that what comes out takes the
//! bit rate, all of it and no more.
//!
//! In go the target, the frame rate, how much each frame differs from the one before it and what it
//! took; out comes one quantizer for the whole of the next frame. OpenH264's own rate control
//! changes the quantizer within a frame too, by how far down it is, which costs quality.
//!
//! What always holds: the quantizer moves slowly, as pictures that are coarse and fine by turns
//! look worse than even ones, unless the target or the content changes at once; what was left
//! unused or taken too much counts for at most half a second, so that neither stillness saves up
//! for a burst nor a burst leads to a pause. Pure: there is no clock in it, only frames.

use crate::units::Bitrate;

/// The quantizers used: what is finer is not seen, and there is nothing coarser.
pub(crate) const FINEST_QP: f64 = 16.0;
const COARSEST_QP: f64 = 51.0;
/// So many steps of the quantizer halve what a frame takes.
pub(crate) const HALVED_BY: f64 = 6.0;
/// From one frame to the next the quantizer moves by at most so much.
const FINER_BY: f64 = 2.0;
const COARSER_BY: f64 = 3.0;
/// A key frame takes as much as so many frames, on average…
const KEY_FRAMES: f64 = 4.0;
/// …and is encoded again where it took this many times more.
const KEY_TOLERANCE: f64 = 1.5;
/// What was taken too much is made up for over so many frames.
const PAID_BACK_IN: f64 = 15.0;
/// One frame takes between these shares of the average on purpose.
const LEAST_SHARE: f64 = 0.4;
const MOST_SHARE: f64 = 1.6;
/// What is left unused or taken too much counts for at most so long, in seconds.
const REMEMBERED: f64 = 0.5;
/// How much the last frame counts in what frames of this content take: more where it took more.
const WEIGHT_UP: f64 = 0.5;
const WEIGHT: f64 = 0.25;
/// What a frame takes grows with how much it differs from the one before it, to this power.
const GROWS_BY: f64 = 0.7;
/// How much the last frame's difference counts in what is usual.
const USUAL: f64 = 0.2;
/// A frame differs by at least and at most so many times what is usual.
const LEAST_DIFFERENCE: f64 = 0.3;
const MOST_DIFFERENCE: f64 = 16.0;
/// A difference of less than this, in steps of luma, is the noise of a good camera.
const NOISE: f64 = 1.0;

/// Decides for one stream of frames of one size.
#[derive(Debug)]
pub(crate) struct RateControl {
    target: Bitrate,
    fps: f64,
    /// What a frame would take at quantizer 0, where the model held that far, as the binary
    /// logarithm of its bits; `None` until one was measured.
    cost: Option<f64>,
    key_cost: Option<f64>,
    /// The quantizer, before it is rounded.
    level: f64,
    /// Bits that were taken beyond the target; negative when some were left.
    beyond: f64,
    /// By how much frames differ.
    usual: Option<f64>,
    /// What the next frame takes more than others as it differs more, as a binary logarithm.
    more: f64,
}

impl RateControl {
    /// For a target and so many frames a second, where the first frame has this quantizer.
    pub(crate) fn new(target: Bitrate, fps: f32, qp: u8) -> Self {
        Self {
            target,
            fps: f64::from(fps.max(1.0)),
            cost: None,
            key_cost: None,
            level: f64::from(qp),
            beyond: 0.0,
            usual: None,
            more: 0.0,
        }
    }

    /// Aims at another rate from now on.
    pub(crate) fn set_target(&mut self, target: Bitrate) {
        let less = self.target.bps().max(1) as f64 / target.bps().max(1) as f64;
        self.target = target;
        self.coarser(less);
    }

    /// Expects frames at another rate from now on.
    pub(crate) fn set_frame_rate(&mut self, fps: f32) {
        let fps = f64::from(fps.max(1.0));
        let less = fps / self.fps;
        self.fps = fps;
        self.coarser(less);
    }

    /// Each frame has so many times less from now on. It takes less at once, or it would wait; what
    /// is more than before is used by and by.
    fn coarser(&mut self, less: f64) {
        self.level += HALVED_BY * less.log2().max(0.0);
        self.limit();
    }

    /// The next frame differs from the one before it by so many steps of luma, on average.
    pub(crate) fn differs(&mut self, by: f64) {
        let by = by.max(NOISE);
        let usual = self.usual.unwrap_or(by);
        let ratio = (by / usual).clamp(LEAST_DIFFERENCE, MOST_DIFFERENCE);
        self.more = GROWS_BY * ratio.log2();
        self.usual = Some(usual + (by - usual) * USUAL);
    }

    /// The quantizer of the next frame.
    pub(crate) fn next_qp(&mut self, key: bool) -> u8 {
        if key {
            if let Some(cost) = self.key_cost {
                self.level = HALVED_BY * (cost - self.key_bits().log2());
            }
        } else if let Some(cost) = self.cost {
            let mean = self.mean();
            let wanted = mean - self.beyond / PAID_BACK_IN;
            let wanted = wanted.clamp(mean * LEAST_SHARE, mean * MOST_SHARE);
            let level = HALVED_BY * (cost + self.more - wanted.log2());
            // Something new all at once is not to take seconds of the network.
            let coarser = COARSER_BY + HALVED_BY * self.more.max(0.0);
            self.level = level.clamp(self.level - FINER_BY, self.level + coarser);
        }
        self.limit();
        self.level.round() as u8
    }

    /// A key frame took so many bytes at a quantizer. Returns a coarser one, where it took too much
    /// and has to be encoded again.
    pub(crate) fn key_frame_again(&mut self, qp: u8, bytes: usize) -> Option<u8> {
        let taken = bits(bytes) / self.key_bits();
        self.key_cost = Some(cost(qp, bytes));
        let again = self.next_qp(true);
        (taken > KEY_TOLERANCE && again > qp).then_some(again)
    }

    /// A frame took so many bytes at a quantizer.
    pub(crate) fn encoded(&mut self, qp: u8, key: bool, bytes: usize) {
        if key {
            self.key_cost = Some(cost(qp, bytes));
            // What follows it is not finer at once, which would be a second key frame.
            self.level = f64::from(qp);
        } else {
            let measured = cost(qp, bytes) - self.more;
            let before = self.cost.unwrap_or(measured);
            let weight = if measured > before { WEIGHT_UP } else { WEIGHT };
            self.cost = Some(before + (measured - before) * weight);
        }
        self.more = 0.0;
        self.beyond += bits(bytes) - self.mean();
        self.limit();
    }

    /// What a frame may take on average, in bits.
    fn mean(&self) -> f64 {
        (self.target.bps() as f64 / self.fps).max(1.0)
    }

    fn key_bits(&self) -> f64 {
        self.mean() * KEY_FRAMES
    }

    fn limit(&mut self) {
        let most = self.target.bps() as f64 * REMEMBERED;
        self.beyond = self.beyond.clamp(-most, most);
        self.level = self.level.clamp(FINEST_QP, COARSEST_QP);
    }
}

fn bits(bytes: usize) -> f64 {
    (bytes * 8).max(8) as f64
}

fn cost(qp: u8, bytes: usize) -> f64 {
    bits(bytes).log2() + f64::from(qp) / HALVED_BY
}

#[cfg(test)]
mod tests;
