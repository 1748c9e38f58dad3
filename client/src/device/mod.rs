//! Cameras, microphones and speakers behind small traits: native, synthetic or a file.
//!
//! A device is read or written by a thread of its own, which its handle owns: dropping the handle
//! stops the thread and closes the device. What a device delivers has one form (I420 frames, 10
//! ms mono frames at 48 kHz), whatever the hardware speaks.

mod audio_connections;
pub mod audio_device;
pub mod audio_host;
pub mod camera;
mod device_thread;
pub mod device_watch;
mod hanging;
pub mod microphone;
mod native_stream;
pub mod recorder;
pub mod ring_player;
pub mod speaker;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which camera, from `--camera` or the settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraChoice {
    /// The first that opens.
    #[default]
    Default,
    /// The one of this name (its human name, or a path such as `/dev/video0`).
    Named(String),
    /// The moving test pattern that carries its capture time.
    Pattern,
    /// A Y4M file, played in a loop at its own rate.
    File(PathBuf),
    /// No video is sent.
    None,
}

/// Which microphone, from `--microphone` or the settings.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MicrophoneChoice {
    /// The system's default.
    #[default]
    Default,
    /// The one of this name.
    Named(String),
    /// A test tone of this frequency in hertz, with time marks.
    Tone(f32),
    /// A WAV file, played in a loop.
    File(PathBuf),
    /// No audio is sent.
    None,
}

impl MicrophoneChoice {
    /// Whether it hears a room, and not something that was made to be measured.
    #[must_use]
    pub fn hears_a_room(&self) -> bool {
        matches!(self, Self::Default | Self::Named(_))
    }
}

/// Where the audio goes, from `--speaker` or the settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpeakerChoice {
    /// The system's default.
    #[default]
    Default,
    /// The one of this name.
    Named(String),
    /// A WAV file.
    File(PathBuf),
    /// Nowhere; it is decoded and measured all the same.
    None,
}

impl SpeakerChoice {
    /// Whether somebody may hear it, and it is not written down.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        matches!(self, Self::Default | Self::Named(_))
    }
}

/// A device as it is shown to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// Its name; also what `--camera NAME` takes.
    pub name: String,
    /// Whether the system would pick it.
    pub default: bool,
    /// The formats it offers, in words: `1280x720 30 fps MJPEG`, `48000 Hz stereo`.
    pub formats: Vec<String>,
}

/// Every device there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeviceList {
    /// Cameras that open.
    pub cameras: Vec<DeviceInfo>,
    /// The microphones, in the order of the system.
    pub microphones: Vec<DeviceInfo>,
    /// The speakers, in the order of the system.
    pub speakers: Vec<DeviceInfo>,
}

/// Every device there is. Opens each camera for a moment, which takes up to a few seconds: call it
/// where blocking is allowed. No kind waits for another.
#[must_use]
pub fn list() -> DeviceList {
    std::thread::scope(|scope| {
        let [microphones, speakers] = [audio_host::list_microphones, audio_host::list_speakers]
            .map(|list| {
                std::thread::Builder::new().name("device-list".into()).spawn_scoped(scope, list)
            });
        let cameras = camera::list_cameras();
        let [microphones, speakers] = [microphones, speakers]
            .map(|listing| listing.ok().and_then(|thread| thread.join().ok()).unwrap_or_default());
        DeviceList { cameras, microphones, speakers }
    })
}
