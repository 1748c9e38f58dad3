//! Wayland: the desktop's portal asks the person what to show (`dialog`), and PipeWire brings it
//! (`stream`).
//!
//! What always holds: the list has one source, as only the desktop's dialog can choose, and there
//! is no picture of it before the person agreed.

mod dialog;
mod library;
mod pixels;
mod pod;
mod stream;

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use visavis_media::frame::RgbaFrame;
use visavis_media::stop_signal::StopSignal;
use visavis_media::units::VideoSize;

use self::dialog::{Dialog, DialogError, Granted, SessionEnd};
use self::stream::{Stream, StreamError};
use crate::backend::Backend;
use crate::desktop::ScreenError;
use crate::image::Image;
use crate::source::{CaptureEvent, EndReason, Source, SourceId, SourceKind};
use crate::task::CaptureTask;

/// The id of the one source.
const PORTAL: &str = "portal";
/// How often the stop signal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the goodbye to the portal may take.
const CLOSES_WITHIN: Duration = Duration::from_millis(200);
/// How long PipeWire may take to agree on a format once the person agreed to be seen.
const AGREES_WITHIN: Duration = Duration::from_secs(15);

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()
}

/// What the portal offers: one source.
pub(crate) struct PortalScreens;

impl PortalScreens {
    /// Looks whether there is a portal that shares screens.
    pub(crate) fn open(bus: Option<&str>) -> Result<Self, ScreenError> {
        runtime()?
            .block_on(async {
                let dialog = Dialog::reach(bus).await?;
                dialog.close(CLOSES_WITHIN).await;
                Ok(Self)
            })
            .map_err(|_: DialogError| ScreenError::NoPortal)
    }
}

impl Backend for PortalScreens {
    fn sources(&mut self) -> Result<Vec<Source>, ScreenError> {
        let id = SourceId(PORTAL.into());
        Ok(vec![Source { id, kind: SourceKind::Portal, name: "".into(), size: None }])
    }

    fn picture(&mut self, source: &SourceId, _: VideoSize) -> Result<RgbaFrame, ScreenError> {
        Err(if *source.0 == *PORTAL { ScreenError::Hidden } else { ScreenError::Gone })
    }
}

/// Shows what the person chooses until it is over or nobody wants it any more.
pub(crate) fn run(bus: Option<&str>, task: &mut CaptureTask) -> Option<EndReason> {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return Some(EndReason::Failed(error.to_string())),
    };
    runtime.block_on(async {
        let stop = task.stop.clone();
        let mut dialog = tokio::select! {
            dialog = Dialog::reach(bus) => match dialog {
                Ok(dialog) => dialog,
                Err(error) => return Some(error.into()),
            },
            () = stopped(&stop) => return None,
        };
        let reason = show(&mut dialog, task).await;
        dialog.close(CLOSES_WITHIN).await;
        reason
    })
}

async fn stopped(stop: &StopSignal) {
    while !stop.is_set() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl From<DialogError> for EndReason {
    fn from(error: DialogError) -> Self {
        match error {
            DialogError::Refused => Self::NotAllowed,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<StreamError> for EndReason {
    fn from(error: StreamError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<SessionEnd> for EndReason {
    fn from(end: SessionEnd) -> Self {
        match end {
            SessionEnd::Closed => Self::StoppedByDesktop,
            SessionEnd::Lost => Self::Failed(DialogError::Gone.to_string()),
        }
    }
}

async fn show(dialog: &mut Dialog, task: &mut CaptureTask) -> Option<EndReason> {
    let stop = task.stop.clone();
    let granted = tokio::select! {
        granted = dialog.ask(task.settings.restore.as_ref()) => granted,
        () = stopped(&stop) => return None,
    };
    let Granted { pipewire, node, restore } = match granted {
        Ok(granted) => granted,
        Err(error) => return Some(error.into()),
    };
    if let Some(token) = restore {
        task.tell(CaptureEvent::Restorable(token));
    }
    let mut stream = match Stream::open(pipewire, node, task.settings.fps) {
        Ok(stream) => stream,
        Err(error) => return Some(error.into()),
    };
    tokio::select! {
        biased;
        () = stopped(&stop) => None,
        end = dialog.ended() => Some(end.into()),
        reason = frames(&mut stream, task) => Some(reason),
    }
}

/// Sends frames until the stream ends.
async fn frames(stream: &mut Stream, task: &mut CaptureTask) -> EndReason {
    let mut shown = Image::default();
    let mut next = Image::default();
    let agreed_by = Instant::now() + AGREES_WITHIN;
    loop {
        tokio::select! {
            () = stream.changed() => {}
            () = sleep_until(agreed_by), if !stream.is_agreed() => {
                return EndReason::Failed("the desktop sends no picture".to_owned());
            }
            // What waits for room in the channel is tried again.
            () = tokio::time::sleep(LOOK_EVERY) => {
                task.flush();
                continue;
            }
        }
        let looked = Instant::now();
        match stream.take(&mut next) {
            Ok(true) => {}
            Ok(false) => continue,
            // The session's end, if it comes, says why.
            Err(StreamError::Ended) => {
                tokio::time::sleep(CLOSES_WITHIN).await;
                return EndReason::StoppedByDesktop;
            }
            Err(error) => return error.into(),
        }
        if next == shown {
            continue;
        }
        std::mem::swap(&mut next, &mut shown);
        if let Err(error) = task.show(&shown) {
            return EndReason::Failed(error.to_string());
        }
        sleep_until(looked + task.interval).await;
    }
}
