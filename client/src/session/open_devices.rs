//! What a session opens: camera, microphone and speaker, each with its own events, for a
//! [`Switchable`] to keep.
//!
//! [`Switchable`]: crate::session::switchable::Switchable

use std::path::Path;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::device::audio_device::{AudioDeviceError, AudioEvent};
use crate::device::camera::{
    Camera, CameraError, CameraEvent, CameraOutput, CameraWant, open_camera,
};
use crate::device::device_watch::DevicesNow;
use crate::device::microphone::{Microphone, open_microphone};
use crate::device::speaker::{Speaker, open_speaker};
use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_receive::AudioSink;
use crate::media::audio_send::MICROPHONE_QUEUE_FRAMES;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::AudioFrame;
use crate::session::device_keeper::{Choice, Failure, Seen};
use crate::session::device_words::{audio_words, camera_words, file_name, sentence};
use crate::session::switchable::{Device, OpenError};
use crate::words::{Phrase, phrase};

/// Events of one device that wait; when full, the event is dropped, as one is enough.
const DEVICE_EVENT_QUEUE: usize = 4;

/// A microphone, and where its frames are.
pub(super) struct OpenMicrophone {
    _device: Microphone,
    events: mpsc::Receiver<AudioEvent>,
    is_file: bool,
    pub(super) frames: Arc<DropOldestQueue<AudioFrame>>,
}

impl OpenMicrophone {
    pub(super) fn open(choice: &MicrophoneChoice) -> Result<Self, AudioDeviceError> {
        let (event_in, events) = mpsc::channel(DEVICE_EVENT_QUEUE);
        let frames = DropOldestQueue::new(MICROPHONE_QUEUE_FRAMES);
        let device = open_microphone(choice, Arc::clone(&frames), event_in)?;
        let is_file = matches!(choice, MicrophoneChoice::File(_));
        Ok(Self { _device: device, events, is_file, frames })
    }
}

/// A speaker, and its sink until somebody plays through it.
pub(super) struct OpenSpeaker {
    device: Speaker,
    events: mpsc::Receiver<AudioEvent>,
    pub(super) sink: Option<Box<dyn AudioSink>>,
    is_file: bool,
}

impl OpenSpeaker {
    pub(super) fn open(choice: &SpeakerChoice) -> Result<Self, AudioDeviceError> {
        let (event_in, events) = mpsc::channel(DEVICE_EVENT_QUEUE);
        let (device, sink) = open_speaker(choice, event_in)?;
        let is_file = matches!(choice, SpeakerChoice::File(_));
        Ok(Self { device, events, sink: Some(sink), is_file })
    }

    /// Closes it. Why not all of a file is written, where that is so.
    pub(super) fn close(self) -> Option<String> {
        let Self { device, mut events, is_file, .. } = self;
        drop(device);
        why_lost(&mut events).filter(|_| is_file)
    }
}

/// A camera, and whether it delivers frames.
pub(super) struct OpenCamera {
    _camera: Camera,
    events: mpsc::Receiver<CameraEvent>,
    pub(super) live: bool,
}

impl OpenCamera {
    pub(super) fn open(
        choice: &CameraChoice,
        want: CameraWant,
        output: CameraOutput,
    ) -> Result<Self, CameraError> {
        let (event_in, events) = mpsc::channel(DEVICE_EVENT_QUEUE);
        let camera = open_camera(choice, want, output, event_in)?;
        Ok(Self { _camera: camera, events, live: false })
    }
}

impl Device for OpenMicrophone {
    type Choice = MicrophoneChoice;
    type Error = AudioDeviceError;
    const EXCLUSIVE: bool = false;
    const THREAD: &'static str = "open-microphone";

    fn seen(devices: &DevicesNow) -> Seen {
        Seen { default: devices.default_microphone.clone(), names: devices.microphones.clone() }
    }

    fn lost(&mut self) -> Option<Phrase> {
        let id =
            if self.is_file { phrase!("sound-file-failed") } else { phrase!("microphone-lost") };
        why_lost(&mut self.events).map(|words| id.or_plain(sentence(&words)))
    }

    fn overdue(choice: &MicrophoneChoice) -> Phrase {
        match choice {
            MicrophoneChoice::File(path) => nobody_writes(path),
            _ => phrase!("microphone-slow"),
        }
    }
}

impl Device for OpenSpeaker {
    type Choice = SpeakerChoice;
    type Error = AudioDeviceError;
    const EXCLUSIVE: bool = false;
    const THREAD: &'static str = "open-speaker";

    fn seen(devices: &DevicesNow) -> Seen {
        Seen { default: devices.default_speaker.clone(), names: devices.speakers.clone() }
    }

    fn lost(&mut self) -> Option<Phrase> {
        let id = if self.is_file { phrase!("recording-stopped") } else { phrase!("speaker-lost") };
        why_lost(&mut self.events).map(|words| id.or_plain(sentence(&words)))
    }

    fn overdue(choice: &SpeakerChoice) -> Phrase {
        match choice {
            SpeakerChoice::File(path) => nobody_reads(path),
            _ => phrase!("speaker-slow"),
        }
    }
}

fn why_lost(events: &mut mpsc::Receiver<AudioEvent>) -> Option<String> {
    let AudioEvent::Lost { words, .. } = events.try_recv().ok()?;
    Some(words)
}

/// A pipe is waited for as long as it is wanted.
fn nobody_writes(path: &Path) -> Phrase {
    let plain = format!(
        "Nothing comes from {} yet; what writes into it may be started now.",
        path.display()
    );
    phrase!("nothing-comes-from-file", name = file_name(path)).or_plain(plain)
}

fn nobody_reads(path: &Path) -> Phrase {
    let plain = format!("Nobody reads {} yet; what reads it may be started now.", path.display());
    phrase!("nobody-reads-file", name = file_name(path)).or_plain(plain)
}

impl Device for OpenCamera {
    type Choice = CameraChoice;
    type Error = CameraError;
    const EXCLUSIVE: bool = true;
    const THREAD: &'static str = "open-camera";

    fn seen(devices: &DevicesNow) -> Seen {
        Seen { default: None, names: devices.cameras.clone() }
    }

    fn lost(&mut self) -> Option<Phrase> {
        loop {
            match self.events.try_recv().ok()? {
                CameraEvent::Live => self.live = true,
                CameraEvent::Lost(words) => {
                    return Some(phrase!("camera-lost").or_plain(sentence(&words)));
                }
            }
        }
    }

    fn overdue(choice: &CameraChoice) -> Phrase {
        match choice {
            CameraChoice::File(path) => nobody_writes(path),
            _ => phrase!("camera-slow"),
        }
    }
}

impl OpenError for AudioDeviceError {
    fn failure(&self) -> Failure {
        // A sound system has no word of its own for a device that we have open ourselves.
        if matches!(self, Self::Busy { .. } | Self::Failed { .. }) {
            Failure::Taken
        } else {
            Failure::Other
        }
    }

    fn words(&self) -> Phrase {
        audio_words(self)
    }
}

impl OpenError for CameraError {
    fn failure(&self) -> Failure {
        if matches!(self, Self::Busy(_)) { Failure::Taken } else { Failure::Other }
    }

    fn words(&self) -> Phrase {
        camera_words(self)
    }
}

impl Choice for MicrophoneChoice {
    fn is_any(&self) -> bool {
        *self != Self::None
    }

    fn is_device(&self) -> bool {
        self.hears_a_room()
    }

    /// One that was not there to begin with has no fallback: nobody is heard through a microphone
    /// that they did not choose.
    fn fallback(&self, was_there: bool) -> Option<Self> {
        (was_there && matches!(self, Self::Named(_))).then_some(Self::Default)
    }

    fn is_default(&self) -> bool {
        *self == Self::Default
    }

    fn name(&self) -> Option<&str> {
        if let Self::Named(name) = self { Some(name) } else { None }
    }
}

impl Choice for SpeakerChoice {
    fn is_any(&self) -> bool {
        *self != Self::None
    }

    fn is_device(&self) -> bool {
        self.is_heard()
    }

    fn fallback(&self, _was_there: bool) -> Option<Self> {
        matches!(self, Self::Named(_)).then_some(Self::Default)
    }

    fn is_default(&self) -> bool {
        *self == Self::Default
    }

    fn name(&self) -> Option<&str> {
        if let Self::Named(name) = self { Some(name) } else { None }
    }
}

impl Choice for CameraChoice {
    fn is_any(&self) -> bool {
        *self != Self::None
    }

    fn is_device(&self) -> bool {
        matches!(self, Self::Default | Self::Named(_))
    }

    /// Nobody is seen through a camera that they did not choose. One that is gone reports it
    /// itself, so the list of names decides nothing.
    fn fallback(&self, _was_there: bool) -> Option<Self> {
        None
    }
}
