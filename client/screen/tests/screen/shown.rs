//! A capture and what comes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use visavis_media::convert::to_rgba;
use visavis_media::drop_oldest_queue::{DropOldestQueue, Taken};
use visavis_media::frame::{RgbaFrame, VideoFrame};
use visavis_screen::{Capture, CaptureEvent, CaptureSettings, Desktop, SourceId};

/// How long anything may take that is expected to happen.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A capture and what comes of it.
pub(crate) struct Shown {
    pub(crate) capture: Option<Capture>,
    pub(crate) frames: Arc<DropOldestQueue<VideoFrame>>,
    events: mpsc::Receiver<CaptureEvent>,
}

impl Shown {
    pub(crate) fn start(desktop: &Desktop, what: &SourceId, settings: CaptureSettings) -> Self {
        let frames = DropOldestQueue::latest();
        let (sender, events) = mpsc::channel(16);
        let capture = Capture::start(desktop, what, settings, Arc::clone(&frames), sender);
        Self { capture: Some(capture.expect("a thread")), frames, events }
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> CaptureEvent {
        let until = Instant::now() + SOON;
        loop {
            match self.events.try_recv() {
                Ok(event) => return event,
                Err(error) => assert!(Instant::now() < until, "no event came: {error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// An event that is there by now.
    pub(crate) fn try_event(&mut self) -> Option<CaptureEvent> {
        self.events.try_recv().ok()
    }

    /// Nothing was reported that was not asked for yet.
    pub(crate) fn no_event(&mut self) {
        assert_eq!(self.try_event(), None);
    }

    /// Waits for a frame of which this is true.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&RgbaFrame) -> bool) -> RgbaFrame {
        let until = Instant::now() + SOON;
        let mut last = None;
        while Instant::now() < until {
            if let Taken::Value(frame) = self.frames.wait(Duration::from_millis(100)) {
                let picture = to_rgba(&frame).expect("it converts");
                if is_so(&picture) {
                    return picture;
                }
                last = Some(picture);
            }
        }
        let corner = last.as_ref().map(|picture| (picture.size, pixel(picture, 0, 0)));
        panic!("no frame shows {what}; the last one: {corner:?}");
    }

    /// How many frames come in this time.
    pub(crate) fn frames_in(&self, time: Duration) -> usize {
        let until = Instant::now() + time;
        let mut count = 0;
        while Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            count += usize::from(matches!(self.frames.wait(left), Taken::Value(_)));
        }
        count
    }

    /// How long dropping it takes.
    pub(crate) fn drop_within(&mut self, time: Duration) {
        let began = Instant::now();
        self.capture = None;
        assert!(began.elapsed() < time, "it took {:?}", began.elapsed());
    }
}

/// A pixel as `[red, green, blue]`.
pub(crate) fn pixel(picture: &RgbaFrame, x: u32, y: u32) -> [u8; 3] {
    let at = (y * picture.size.width() + x) as usize * 4;
    [picture.rgba[at], picture.rgba[at + 1], picture.rgba[at + 2]]
}

/// Whether a pixel has a colour (`0xRRGGBB`), but for what conversion loses.
pub(crate) fn is(picture: &RgbaFrame, (x, y): (u32, u32), colour: u32) -> bool {
    let [_, r, g, b] = colour.to_be_bytes();
    pixel(picture, x, y).iter().zip([r, g, b]).all(|(got, want)| got.abs_diff(want) <= 7)
}
