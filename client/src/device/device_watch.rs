//! Looks once a second at which audio devices the system would pick, and which devices there are,
//! so that a call follows a change.
//!
//! Sound systems report such changes in no common way, so they are polled; on a thread of its own,
//! since they may not answer. Out comes the latest answer; what is not taken is replaced by the
//! next. Without a sound server, which audio devices there are is polled only while one is missing:
//! listing opens devices there. Cameras are looked for only while one is missing as well.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::device::audio_connections::{current_host, is_sound_server};
use crate::device::audio_device::AudioKind;
use crate::device::audio_host;
use crate::device::camera;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::stop_signal::StopSignal;

const EVERY: Duration = Duration::from_secs(1);

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevicesNow {
    /// The system's own name of the microphone that it would pick.
    pub default_microphone: Option<String>,
    /// The same of the speaker.
    pub default_speaker: Option<String>,
    /// The names of the microphones there are; `None` when they were not asked for.
    pub microphones: Option<Vec<String>>,
    /// The same of the speakers.
    pub speakers: Option<Vec<String>>,
    /// The same of the cameras.
    pub cameras: Option<Vec<String>>,
}

/// Which kinds of device are missing, so that the next look is also for what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missing {
    /// A microphone or a speaker.
    pub audio: bool,
    /// A camera.
    pub camera: bool,
}

/// The thread's owner; dropping this ends it.
pub struct DeviceWatch {
    stop: StopSignal,
    latest: Arc<DropOldestQueue<DevicesNow>>,
    missing: Arc<Mutex<Missing>>,
}

impl DeviceWatch {
    /// Starts to look. Where the system gives no thread, nothing is ever found.
    #[must_use]
    pub fn start() -> Self {
        let (stop, latest, missing) =
            (StopSignal::default(), DropOldestQueue::latest(), Arc::<Mutex<Missing>>::default());
        let (stopped, found, wanted) = (stop.clone(), Arc::clone(&latest), Arc::clone(&missing));
        let thread = std::thread::Builder::new().name("device-watch".into()).spawn(move || {
            while !stopped.wait_until(Instant::now() + EVERY) {
                let missing = *wanted.lock().unwrap_or_else(PoisonError::into_inner);
                found.put(look(missing));
            }
        });
        if let Err(error) = thread {
            tracing::warn!(%error, "changes of devices are not followed");
        }
        Self { stop, latest, missing }
    }

    /// Which devices are missing.
    pub fn look_for_names(&self, missing: Missing) {
        *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = missing;
    }

    /// What was found since the last call.
    #[must_use]
    pub fn take(&self) -> Option<DevicesNow> {
        self.latest.take()
    }
}

impl Drop for DeviceWatch {
    fn drop(&mut self) {
        // A sound server that hangs holds nobody up: the thread ends when it answers.
        self.stop.set();
    }
}

fn look(missing: Missing) -> DevicesNow {
    let audio = missing.audio || is_sound_server(&current_host());
    let names_of = |kind| audio.then(|| audio_host::names(kind));
    DevicesNow {
        default_microphone: audio_host::default_id(AudioKind::Microphone),
        default_speaker: audio_host::default_id(AudioKind::Speaker),
        microphones: names_of(AudioKind::Microphone),
        speakers: names_of(AudioKind::Speaker),
        cameras: missing.camera.then(camera::names),
    }
}
