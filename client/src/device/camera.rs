//! Where video comes from: a camera, the test pattern, a file, or nowhere.
//!
//! [`open_camera`] starts a source on a thread of its own and puts I420 frames into a
//! [`CameraOutput`]; dropping the [`Camera`] ends it. What always holds: dropping it returns within
//! half a second (a driver that does not let go is left behind on its own thread); a source that
//! ends by itself says so in one line, as [`CameraEvent::Lost`].

mod choice;
mod native;
mod output;
mod played_file;
mod synthetic;

use std::path::PathBuf;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::device::CameraChoice;
use crate::media::stop_signal::StopSignal;
use crate::media::units::VideoSize;
use crate::media::y4m::Y4mError;

pub use native::list as list_cameras;
pub(super) use native::names;
pub use output::CameraOutput;

/// The frames that are wanted; a camera comes as near as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CameraWant {
    /// The size.
    pub size: VideoSize,
    /// Frames a second.
    pub fps: u32,
}

/// What a source says while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraEvent {
    /// The first frame is there.
    Live,
    /// It ended by itself. The text says why and what to do.
    Lost(String),
}

/// Why a source could not be opened; each in one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum CameraError {
    #[error("no camera was found: connect one, or choose the test pattern (--camera pattern)")]
    NoCamera,
    #[error("there is no camera called \"{0}\": see `visavis devices` for those there are")]
    Unknown(String),
    #[error("camera \"{0}\" is in use by another program: close it or choose another camera")]
    Busy(String),
    #[error(
        "camera \"{0}\" may not be used: allow it in the system's privacy settings, \
         or on Linux join the group \"video\""
    )]
    NotAllowed(String),
    #[error(
        "camera \"{0}\" does not answer: unplug it and plug it in again, or choose another camera"
    )]
    Silent(String),
    #[error("camera \"{0}\" offers no picture format that can be used: choose another camera")]
    NoFormat(String),
    #[error("camera \"{0}\" can't be opened ({1}): choose another camera")]
    Failed(String, String),
    #[error("{0} can't be played: {1}")]
    File(PathBuf, #[source] Y4mError),
    #[error("{0} is a folder: name a Y4M file in it")]
    Folder(PathBuf),
    #[error("{0} can't be played: others that were chosen before still hang")]
    FilesHang(PathBuf),
    #[error("the camera thread could not be started: {0}")]
    Thread(#[source] std::io::Error),
}

/// A running source. Dropping it closes the device.
pub struct Camera {
    name: String,
    _source: Option<Box<dyn Send>>,
}

/// Opens a source. This can take seconds with a slow driver: call it where blocking is allowed.
///
/// # Errors
/// When it can't be opened. There is no fallback to another source: the caller decides.
pub fn open_camera(
    choice: &CameraChoice,
    want: CameraWant,
    output: impl Into<CameraOutput>,
    events: mpsc::Sender<CameraEvent>,
) -> Result<Camera, CameraError> {
    let output = output.into();
    let (name, source): (String, Box<dyn Send>) = match choice {
        CameraChoice::None => return Ok(Camera { name: "none".to_owned(), _source: None }),
        CameraChoice::Pattern => {
            ("test pattern".to_owned(), Box::new(synthetic::start_pattern(want, output, events)?))
        }
        CameraChoice::File(path) => {
            (path.display().to_string(), Box::new(played_file::start(path, output, events)?))
        }
        CameraChoice::Default => native::open(None, want, output, events)?,
        CameraChoice::Named(name) => native::open(Some(name), want, output, events)?,
    };
    Ok(Camera { name, _source: Some(source) })
}

impl Camera {
    /// Its name, as a person knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Debug for Camera {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Camera({})", self.name)
    }
}

/// Brings an event to whoever listens. The queue is bounded and never blocks a stop.
fn send(events: &mpsc::Sender<CameraEvent>, mut event: CameraEvent, stop: &StopSignal) {
    loop {
        match events.try_send(event) {
            Ok(()) | Err(TrySendError::Closed(_)) => return,
            Err(TrySendError::Full(back)) => event = back,
        }
        if stop.wait_until(Instant::now() + std::time::Duration::from_millis(20)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
