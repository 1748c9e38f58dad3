//! A screen in the sending stage: the latest frame is kept, and encoded again until it is sharp.
//!
//! In go captured frames, as seldom as they come, and the network's targets; out come encoded
//! frames when [`ScreenRate`] says so. What always holds: frames have the screen's own size up to
//! 1920x1080, whatever a camera's may be, as far as the other's level and, last of all, the rate
//! allow; another size is taken only when it has settled; timestamps never go back. Time is an
//! argument.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::frame::{EncodedVideo, VideoFrame};
use crate::h264_encoder::{FIRST_QP, H264Encoder};
use crate::h264_level::H264Level;
use crate::h264_profile::H264Profile;
use crate::scale::{ScaleError, Scaler, fit_within};
use crate::screen_changes::Changes;
use crate::screen_rate::{Encoded, MAX_FPS, Next, READABLE_FPS, Reason, ScreenRate};
use crate::size_ladder::SizeLadder;
use crate::units::{Bitrate, VideoSize};
use crate::video_control::KeyFrame;

/// The largest frame of a screen that is wider than high, and of one that is higher than wide.
const LARGEST: [Option<VideoSize>; 2] = [VideoSize::new(1920, 1080), VideoSize::new(1080, 1920)];
/// A window that is being resized has another size with each frame: one is taken when it stayed for
/// so long, or when the first change is so long ago.
const SIZE_SETTLES: Duration = Duration::from_millis(250);
const SIZE_SETTLES_AT_MOST: Duration = Duration::from_secs(1);
/// An encoder that failed is not started again before this.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// What [`ScreenSend::next`] came to.
pub(crate) enum ScreenStep {
    /// A frame of this size.
    Encoded(EncodedVideo, VideoSize),
    /// None is due before this.
    LookAgain(Instant),
}

/// The screen that is sent now.
pub(crate) struct ScreenSend {
    level: H264Level,
    profile: H264Profile,
    ladder: Option<(VideoSize, SizeLadder)>,
    scaler: Scaler,
    latest: Option<VideoFrame>,
    resized: Option<Resized>,
    running: Option<Running>,
    /// After a failure nothing is tried before this.
    retry_at: Option<Instant>,
}

/// Frames have had another size since a moment, the same since another.
#[derive(Clone, Copy)]
struct Resized {
    first: Instant,
    last: Instant,
}

struct Running {
    encoder: H264Encoder,
    rate: ScreenRate,
    /// The size of the frames that are scaled for it.
    source: VideoSize,
    /// As it goes to the encoder.
    scaled: VideoFrame,
    /// The one that was encoded last.
    encoded: Option<VideoFrame>,
    nudge: bool,
}

/// A frame with the lowest bit of one pixel in each block of 8 by 8 turned over, or as it is: what
/// OpenH264 finds unchanged it leaves as coarse as it was, and this it does not find unchanged.
/// Nobody sees it (66 dB).
fn nudged(frame: &VideoFrame, nudge: bool) -> VideoFrame {
    if !nudge {
        return frame.clone();
    }
    let mut data: Arc<[u8]> = Arc::from(&*frame.data);
    let width = frame.size.width() as usize;
    let (luma, ..) = VideoFrame::planes_mut(frame.size, Arc::make_mut(&mut data));
    for row in luma.chunks_mut(width).step_by(8) {
        for pixel in row.iter_mut().step_by(8) {
            *pixel ^= 1;
        }
    }
    VideoFrame { data, ..frame.clone() }
}

impl ScreenSend {
    /// For somebody who takes frames up to a level, and by a profile.
    pub(crate) fn new(level: H264Level, profile: H264Profile) -> Self {
        Self {
            level,
            profile,
            ladder: None,
            scaler: Scaler::sharp(),
            latest: None,
            resized: None,
            running: None,
            retry_at: None,
        }
    }

    /// Keeps to another level from now on.
    pub(crate) fn set_level(&mut self, level: H264Level) {
        self.level = level;
        self.ladder = None;
    }

    /// Encodes by another profile from now on.
    pub(crate) fn set_profile(&mut self, profile: H264Profile) {
        self.profile = profile;
        self.running = None;
    }

    /// Takes a new frame in place of the one before it.
    pub(crate) fn take(&mut self, frame: VideoFrame, now: Instant) -> Result<(), Box<dyn Error>> {
        let wanted = VideoFrame::len_of(frame.size);
        if frame.data.len() != wanted {
            return Err(ScaleError::WrongLength(frame.size, frame.data.len(), wanted).into());
        }
        let before = self.latest.replace(frame.clone());
        let Some(running) = &mut self.running else { return Ok(()) };
        if frame.size != running.source {
            let first = self.resized.map_or(now, |resized| resized.first);
            let same = before.is_some_and(|before| before.size == frame.size);
            let last = self.resized.filter(|_| same).map_or(now, |resized| resized.last);
            self.resized = Some(Resized { first, last });
            return Ok(());
        }
        self.resized = None;
        if before.is_some_and(|before| Arc::ptr_eq(&before.data, &frame.data)) {
            return Ok(());
        }
        running.scaled = self.scaler.scale(&frame, running.encoder.size())?;
        running.rate.changed(running.changes(), now);
        Ok(())
    }

    /// Encodes the latest frame if that is due; otherwise says when to look again.
    pub(crate) fn next(
        &mut self,
        target: Bitrate,
        key: Option<KeyFrame>,
        now: Instant,
    ) -> Result<ScreenStep, Box<dyn Error>> {
        let Some(latest) = &self.latest else {
            return Ok(ScreenStep::LookAgain(now + RETRY_AFTER));
        };
        if let Some(at) = self.retry_at.filter(|at| *at > now) {
            return Ok(ScreenStep::LookAgain(at));
        }
        let settled = self.resized.is_none_or(|Resized { first, last }| {
            now.saturating_duration_since(last) >= SIZE_SETTLES
                || now.saturating_duration_since(first) >= SIZE_SETTLES_AT_MOST
        });
        let source = match &self.running {
            Some(running) if !settled => running.source,
            _ => latest.size,
        };
        let full = full_size(source, self.level);
        let (_, ladder) = match &mut self.ladder {
            Some(ladder) if ladder.0 == full => ladder,
            other => other.insert((full, SizeLadder::new(full))),
        };
        let size = ladder.size_for(full, target, READABLE_FPS as f32, key.is_some(), now);
        let running = match &mut self.running {
            Some(running) if running.source == source && running.encoder.size() == size => running,
            _ if !settled => return Ok(ScreenStep::LookAgain(now + SIZE_SETTLES)),
            other => {
                self.resized = None;
                // Two encoders at once would take twice the memory.
                *other = None;
                let scaled = self.scaler.scale(latest, size)?;
                let (encoder, measured) = H264Encoder::for_screen(&scaled, MAX_FPS)?;
                let encoder = encoder.with_profile(self.profile)?;
                let macroblocks = size.width().div_ceil(16) * size.height().div_ceil(16);
                let rate = ScreenRate::new(macroblocks, Some((FIRST_QP, measured)), now);
                other.insert(Running { encoder, rate, source, scaled, encoded: None, nudge: false })
            }
        };
        let plan = match running.rate.next(target, key, now) {
            Next::Encode(plan) => plan,
            Next::At(at) => return Ok(ScreenStep::LookAgain(at)),
        };
        running.encoder.set_quantizer(plan.qp)?;
        // OpenH264 is told no times: without rate control it has no use for them.
        let key = matches!(plan.reason, Reason::Key | Reason::NewPage);
        let mut encoded = if plan.reason == Reason::Refinement {
            running.nudge = !running.nudge;
            let nudged = nudged(&running.scaled, running.nudge);
            running.encoder.encode(&nudged, key, Duration::ZERO)?
        } else {
            running.encoder.encode(&running.scaled, key, Duration::ZERO)?
        };
        if !matches!(plan.reason, Reason::Change | Reason::NewPage) {
            // It is the picture of this moment too.
            encoded.captured_at = now;
        }
        let taken = Encoded { bytes: encoded.data.len(), key: encoded.key };
        running.rate.encoded(plan, taken, now);
        running.encoded = Some(running.scaled.clone());
        Ok(ScreenStep::Encoded(encoded, size))
    }

    /// How long the last frame took.
    pub(crate) fn took(&mut self, took: Duration) {
        if let Some(running) = &mut self.running {
            running.rate.took(took);
        }
    }

    /// After an error nothing is known of the encoder's state: it begins anew after a while.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.running = None;
        self.retry_at = Some(now + RETRY_AFTER);
    }
}

impl Running {
    fn changes(&self) -> Changes {
        let before = self.encoded.as_ref();
        before.map_or(Changes::ALL, |encoded| Changes::between(encoded, &self.scaled))
    }
}

/// The size of a screen that is sent as large as it may be.
fn full_size(source: VideoSize, level: H264Level) -> VideoSize {
    let [wide, high] = LARGEST;
    let largest = if source.width() >= source.height() { wide } else { high };
    let size = largest.map_or(source, |largest| fit_within(source, largest));
    level.fit(size, MAX_FPS)
}

#[cfg(test)]
mod tests;
