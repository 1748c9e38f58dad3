//! Looks once a second at which audio devices the system would pick, and which there are, so that a call follows a change.
//!
//! Sound systems do not tell of such changes in one way, so they are asked; on a thread of its own, since they may not
//! answer. Out comes the latest answer; what is not taken is replaced by the next. Without a sound server, what there is is
//! asked only while a device is missing: listing opens devices there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::device::audio_host::{self, AudioKind};
use crate::media::slot::LatestSlot;
use crate::media::stop_signal::StopSignal;

/// How often.
const EVERY: Duration = Duration::from_secs(1);

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AudioDevicesNow {
    /// The system's own name of the microphone that it would pick.
    pub default_microphone: Option<String>,
    /// The same of the speaker.
    pub default_speaker: Option<String>,
    /// The names of the microphones there are; empty when they were not asked for.
    pub microphones: Vec<String>,
    /// The same of the speakers.
    pub speakers: Vec<String>,
}

/// The thread's owner; dropping this ends it.
pub struct AudioWatch {
    stop: StopSignal,
    latest: Arc<LatestSlot<AudioDevicesNow>>,
    missing: Arc<AtomicBool>,
}

impl AudioWatch {
    /// Starts to look. Where the system gives no thread, nothing is ever found.
    #[must_use]
    pub fn start() -> Self {
        let (stop, latest, missing) = (StopSignal::new(), LatestSlot::new(), Arc::new(AtomicBool::new(false)));
        let (stopped, found, names) = (stop.clone(), Arc::clone(&latest), Arc::clone(&missing));
        let thread = std::thread::Builder::new().name("audio-watch".into()).spawn(move || {
            while !stopped.wait_until(Instant::now() + EVERY) {
                found.put(look(names.load(Ordering::Relaxed)));
            }
        });
        if let Err(error) = thread {
            tracing::warn!(%error, "changes of audio devices are not followed");
        }
        Self { stop, latest, missing }
    }

    /// Whether a device is missing, so that the next look is also for what there is.
    pub fn look_for_names(&self, missing: bool) {
        self.missing.store(missing, Ordering::Relaxed);
    }

    /// What was found since the last call.
    #[must_use]
    pub fn take(&self) -> Option<AudioDevicesNow> {
        self.latest.take()
    }
}

impl Drop for AudioWatch {
    fn drop(&mut self) {
        // A sound server that hangs holds nobody up: the thread ends when it answers.
        self.stop.set();
    }
}

fn look(names: bool) -> AudioDevicesNow {
    let names = names || audio_host::is_sound_server();
    let names_of = |kind| if names { audio_host::names(kind) } else { Vec::new() };
    AudioDevicesNow {
        default_microphone: audio_host::default_id(AudioKind::Microphone),
        default_speaker: audio_host::default_id(AudioKind::Speaker),
        microphones: names_of(AudioKind::Microphone),
        speakers: names_of(AudioKind::Speaker),
    }
}
