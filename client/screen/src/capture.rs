//! A source on its way to the encoder, on a thread of its own.
//!
//! In: what to show, how large and how often. Out: frames into a queue, events into a channel. What
//! always holds: a frame comes only when something is different from the one before, and no more
//! than the rate allows; the last event is [`CaptureEvent::Ended`], unless the capture was dropped;
//! dropping it ends it within half a second, and nobody is ever held up by a full channel.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use tokio::sync::mpsc;
use visavis_media::drop_oldest_queue::DropOldestQueue;
use visavis_media::frame::VideoFrame;
use visavis_media::stage_thread::StageThread;
use visavis_media::stop_signal::StopSignal;

use crate::desktop::{Desktop, ScreenError};
use crate::platform;
use crate::source::{CaptureEvent, EndReason, SourceId};
use crate::task::{CaptureSettings, CaptureTask};

/// A source that is shown. Dropping it ends that.
pub struct Capture {
    _thread: StageThread<()>,
}

impl Capture {
    /// Starts to show a source of this desktop. What goes wrong after that is an event.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        desktop: &Desktop,
        what: &SourceId,
        settings: CaptureSettings,
        output: Arc<DropOldestQueue<VideoFrame>>,
        events: mpsc::Sender<CaptureEvent>,
    ) -> Result<Self, ScreenError> {
        let stop = StopSignal::default();
        let mut task = CaptureTask::new(what.clone(), settings, stop.clone(), output, events);
        let desktop = desktop.clone();
        let run = move || {
            // Nobody would hear of the end otherwise. What a task holds is whole at each call.
            let shown = AssertUnwindSafe(|| platform::run(&desktop, &mut task));
            let reason = std::panic::catch_unwind(shown).unwrap_or_else(|_| {
                Some(EndReason::Failed("a fault of this program ended it".to_owned()))
            });
            if let Some(reason) = reason {
                task.tell(CaptureEvent::Ended(reason));
            }
            task.finish();
        };
        let thread = StageThread::spawn("screen-capture", move || stop.set(), run)?;
        Ok(Self { _thread: thread })
    }
}
