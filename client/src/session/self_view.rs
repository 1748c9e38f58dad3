//! Our own picture for the corner of the window: scaled down and converted on a thread of its own (`self-view`), so that
//! it never delays the call.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::media::convert;
use crate::media::frame::{Picture, VideoFrame};
use crate::media::scale::{Scaler, fit_within};
use crate::media::slot::{LatestSlot, Taken};
use crate::media::units::VideoSize;

/// A corner picture; more than this is not shown.
const LARGEST: VideoSize = VideoSize::new(640, 480).unwrap();

/// The running thread; dropping it ends it.
pub(super) struct SelfView {
    /// Where the camera's pictures go.
    pub(super) input: Arc<LatestSlot<VideoFrame>>,
    thread: Option<JoinHandle<()>>,
}

impl SelfView {
    /// Starts it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(output: Arc<LatestSlot<Picture>>) -> std::io::Result<Self> {
        let input = LatestSlot::new();
        let frames = Arc::clone(&input);
        let thread =
            std::thread::Builder::new().name("self-view".into()).spawn(move || convert_all(&frames, &output))?;
        Ok(Self { input, thread: Some(thread) })
    }
}

impl Drop for SelfView {
    fn drop(&mut self) {
        self.input.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the self-view ended by a panic");
        }
    }
}

fn convert_all(input: &LatestSlot<VideoFrame>, output: &LatestSlot<Picture>) {
    let mut scaler = Scaler::new();
    loop {
        let frame = match input.wait(Duration::from_secs(3600)) {
            Taken::Value(frame) => frame,
            Taken::TimedOut => continue,
            Taken::Closed => return,
        };
        let small = scaler.scale(&frame, fit_within(frame.size, LARGEST)).map_err(|error| error.to_string());
        match small.and_then(|small| convert::to_picture(&small).map_err(|error| error.to_string())) {
            Ok(picture) => output.put(picture),
            Err(error) => tracing::debug!("the self-view skips a picture: {error}"),
        }
    }
}
