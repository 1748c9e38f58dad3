//! Our own video for our own window: captured frames in, small RGBA frames out, on the thread
//! `self-view`.
//!
//! It is shown in a corner, so it is made small first, which also makes it cheap. Works with and
//! without a call: it has a queue of its own beside the encoder's. While the window's queue pauses,
//! nothing is made for it.

use std::sync::Arc;
use std::time::Duration;

use crate::convert::to_rgba;
use crate::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::frame::{RgbaFrame, VideoFrame};
use crate::scale::{Scaler, fit_within};
use crate::stage_thread::{StageError, StageThread};
use crate::units::VideoSize;

/// A running self-view. Dropping it closes its input and ends its thread.
pub struct SelfView {
    _thread: StageThread<()>,
}

impl SelfView {
    /// Starts it. Frames keep their shape, at most `max` large, not mirrored.
    pub fn spawn(
        input: Arc<DropOldestQueue<VideoFrame>>,
        output: Arc<DropOldestQueue<RgbaFrame>>,
        max: VideoSize,
    ) -> Result<Self, StageError> {
        let frames = Arc::clone(&input);
        let end = move || input.close();
        let run = move || run(&frames, &output, max);
        Ok(Self { _thread: StageThread::spawn("self-view", end, run)? })
    }
}

fn run(input: &DropOldestQueue<VideoFrame>, output: &DropOldestQueue<RgbaFrame>, max: VideoSize) {
    let mut scaler = Scaler::default();
    loop {
        let frame = match input.wait(Duration::from_secs(60)) {
            Taken::Value(frame) => frame,
            Taken::TimedOut => continue,
            Taken::Closed => return,
        };
        if output.is_paused() {
            continue;
        }
        match shown(&mut scaler, &frame, max) {
            Ok(rgba) => output.put(rgba),
            Err(error) => tracing::warn!(%error, "our own frame is not shown"),
        }
    }
}

fn shown(
    scaler: &mut Scaler,
    frame: &VideoFrame,
    max: VideoSize,
) -> Result<RgbaFrame, Box<dyn std::error::Error>> {
    Ok(to_rgba(&scaler.scale(frame, fit_within(frame.size, max))?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern;
    use crate::units::WallTime;

    #[test]
    fn our_own_frame_is_shown_small_and_in_its_shape() {
        let (input, output) = (DropOldestQueue::latest(), DropOldestQueue::latest());
        let size = |width, height| VideoSize::new(width, height).expect("a size");
        let view = SelfView::spawn(Arc::clone(&input), Arc::clone(&output), size(320, 320))
            .expect("it starts");
        input.put(pattern::render(size(1280, 720), 0, WallTime(0)));
        let Taken::Value(shown) = output.wait(Duration::from_secs(10)) else { panic!("no frame") };
        assert_eq!((shown.size, shown.rgba.len()), (size(320, 180), 320 * 180 * 4));
        output.pause(true);
        input.put(pattern::render(size(1280, 720), 1, WallTime(0)));
        while input.take().is_some() {}
        let shown = output.wait(Duration::from_millis(50));
        assert!(matches!(shown, Taken::TimedOut), "nobody sees it");
        drop(view);
        assert_eq!(Arc::strong_count(&output), 1);
    }
}
