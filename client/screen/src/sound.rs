//! The computer's audio: what other programs play, to go along with a screen.
//!
//! In: which sound server, by its usual place. Out: frames of 10 ms, mono, 48 kHz, while anything
//! plays; silence is no frames. What always holds: what this program plays itself, so the other
//! side's voice, is never in it; dropping it ends it within half a second.

use std::path::PathBuf;
use std::sync::Arc;

use visavis_media::drop_oldest_queue::DropOldestQueue;
use visavis_media::frame::AudioFrame;
use visavis_media::stage_thread::StageThread;
use visavis_media::stop_signal::StopSignal;

use crate::platform;

/// Why the computer's audio can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// There is no sound server that lets programs listen to others.
    #[error("the sound of this computer can't be shared: there is no PulseAudio or PipeWire here")]
    None,
    /// The system gives no thread.
    #[error("the sound of this computer could not be shared: {0}")]
    Thread(#[from] std::io::Error),
}

/// The computer's audio. Dropping it ends it.
pub struct SystemSound {
    _thread: StageThread<()>,
}

impl SystemSound {
    /// Whether it can be had here. May take as long as a sound server is given to answer (2 s):
    /// not for the thread of a window.
    #[must_use]
    pub fn available() -> bool {
        platform::sound::usual_place().is_some_and(Self::available_at)
    }

    /// Whether a sound server listens on this socket and lets programs listen to others.
    #[must_use]
    pub fn available_at(socket: PathBuf) -> bool {
        platform::sound::available(&socket)
    }

    /// Starts it. A server that restarts is found again.
    ///
    /// # Errors
    /// There is no sound server, or the system gives no thread.
    pub fn start(output: Arc<DropOldestQueue<AudioFrame>>) -> Result<Self, SoundError> {
        let place = platform::sound::usual_place().ok_or(SoundError::None)?;
        Self::start_at(place, output)
    }

    /// Starts it on the sound server of this socket.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start_at(
        socket: PathBuf,
        output: Arc<DropOldestQueue<AudioFrame>>,
    ) -> Result<Self, SoundError> {
        let stop = StopSignal::default();
        let stopped = stop.clone();
        let run = move || platform::sound::run(&socket, &output, &stopped);
        let thread = StageThread::spawn("system-sound", move || stop.set(), run)?;
        Ok(Self { _thread: thread })
    }
}
