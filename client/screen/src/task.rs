//! What a platform's capture works with: what to show and how, and where frames and events go.
//!
//! In: images and what happens to the source. Out: frames and events. What always holds: nobody is
//! held up by a channel that is full; events come in their order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use visavis_media::drop_oldest_queue::DropOldestQueue;
use visavis_media::frame::VideoFrame;
use visavis_media::stop_signal::StopSignal;
use visavis_media::units::VideoSize;

use crate::image::Image;
use crate::scaling::{FrameMaker, ScalingError, frame_size};
use crate::source::{CaptureEvent, RestoreToken, SourceId};

/// How a source is shown.
#[derive(Debug, Clone)]
pub struct CaptureSettings {
    /// The largest frame; what is larger is scaled, in its shape.
    pub max_size: VideoSize,
    /// The most frames in a second.
    pub fps: u32,
    /// What the desktop's portal gave the last time, so that it need not ask again.
    pub restore: Option<RestoreToken>,
}

impl Default for CaptureSettings {
    /// Up to 1920x1080, 15 frames a second.
    fn default() -> Self {
        Self { max_size: FULL_HD, fps: 15, restore: None }
    }
}

const FULL_HD: VideoSize = match VideoSize::new(1920, 1080) {
    Some(size) => size,
    None => panic!("1920x1080 is a valid size"),
};

/// More frames in a second than any screen is worth.
const MOST_FPS: u32 = 60;
/// How often a channel that is full is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(50);
/// Events that wait for a channel that is full; the oldest go first.
const MOST_EVENTS: usize = 16;

/// What the thread of a capture works with.
pub(crate) struct CaptureTask {
    /// What to show.
    pub(crate) what: SourceId,
    /// How.
    pub(crate) settings: CaptureSettings,
    /// The least time between two frames.
    pub(crate) interval: Duration,
    /// Set when nothing more is wanted.
    pub(crate) stop: StopSignal,
    output: Arc<DropOldestQueue<VideoFrame>>,
    events: mpsc::Sender<CaptureEvent>,
    pending: VecDeque<CaptureEvent>,
    maker: FrameMaker,
    shown: Option<VideoSize>,
}

impl CaptureTask {
    pub(crate) fn new(
        what: SourceId,
        settings: CaptureSettings,
        stop: StopSignal,
        output: Arc<DropOldestQueue<VideoFrame>>,
        events: mpsc::Sender<CaptureEvent>,
    ) -> Self {
        Self {
            what,
            interval: Duration::from_secs(1) / settings.fps.clamp(1, MOST_FPS),
            settings,
            stop,
            output,
            events,
            pending: VecDeque::new(),
            maker: FrameMaker::default(),
            shown: None,
        }
    }

    /// Sends a frame of this image, with the events that the first one and one of another size
    /// bring along. An image with nothing to be seen is no frame.
    pub(crate) fn show(&mut self, image: &Image) -> Result<(), ScalingError> {
        let Some(size) = frame_size(image.width, image.height, self.settings.max_size) else {
            return Ok(());
        };
        let frame = self.maker.frame(image, self.settings.max_size, Instant::now())?;
        let before = self.shown.replace(size);
        if before.is_some_and(|before| before != size) {
            self.tell(CaptureEvent::Resized(size));
        }
        self.output.put(frame);
        if before.is_none() {
            self.tell(CaptureEvent::Live);
        }
        Ok(())
    }

    /// Reports an event, now or as soon as there is room.
    pub(crate) fn tell(&mut self, event: CaptureEvent) {
        if self.pending.len() >= MOST_EVENTS {
            self.pending.pop_front();
        }
        self.pending.push_back(event);
        self.flush();
    }

    /// Reports what waited for room. False where something still does.
    pub(crate) fn flush(&mut self) -> bool {
        while let Some(event) = self.pending.pop_front() {
            if let Err(TrySendError::Full(event)) = self.events.try_send(event) {
                self.pending.push_front(event);
                return false;
            }
        }
        true
    }

    /// Waits until everything was reported or nobody wants to know.
    pub(crate) fn finish(&mut self) {
        while !self.flush() {
            if self.stop.wait_until(Instant::now() + TRY_AGAIN) {
                return;
            }
        }
    }
}
