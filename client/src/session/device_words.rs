//! Why a camera, a microphone or a speaker does not work, in words for a person.
//!
//! In: the errors of [`crate::device`]. Out: phrases. Pure. What always holds: the window speaks of
//! what one can do in the window; the command line keeps the error's own text, which speaks of its
//! options.

use std::path::Path;

use crate::device::audio_device::{AudioDeviceError, AudioKind};
use crate::device::camera::CameraError;
use crate::words::{Phrase, phrase};

/// Why a microphone or a speaker does not open.
pub(super) fn audio_words(error: &AudioDeviceError) -> Phrase {
    use AudioDeviceError as E;
    use AudioKind::{Microphone, Speaker};
    let words = match error {
        E::None(Microphone) => phrase!("microphone-none"),
        E::None(Speaker) => phrase!("speaker-none"),
        E::Unknown { kind: Microphone, name, .. } => phrase!("microphone-unknown", device = name),
        E::Unknown { kind: Speaker, name, .. } => phrase!("speaker-unknown", device = name),
        E::Busy(Microphone, name) => phrase!("microphone-busy", device = name),
        E::Busy(Speaker, name) => phrase!("speaker-busy", device = name),
        E::Forbidden(Microphone, name) => phrase!("microphone-forbidden", device = name),
        E::Forbidden(Speaker, name) => phrase!("speaker-forbidden", device = name),
        E::Failed(Microphone, name, _) => phrase!("microphone-failed", device = name),
        E::Failed(Speaker, name, _) => phrase!("speaker-failed", device = name),
        E::NoAnswer(Microphone) => phrase!("microphone-no-answer"),
        E::NoAnswer(Speaker) => phrase!("speaker-no-answer"),
        E::Rate(Microphone, _) => phrase!("microphone-unusable"),
        E::Rate(Speaker, _) => phrase!("speaker-unusable"),
        E::File(Microphone, _) | E::SoundFile(_) => phrase!("sound-file-failed"),
        E::File(Speaker, _) => phrase!("recording-file-failed"),
        E::Thread(..) => phrase!("no-thread"),
    };
    words.or_plain(sentence(&error.to_string()))
}

/// Why a camera does not open.
pub(super) fn camera_words(error: &CameraError) -> Phrase {
    use CameraError as E;
    let words = match error {
        E::NoCamera => phrase!("camera-none"),
        E::Unknown(name) => phrase!("camera-unknown", device = name),
        E::Busy(name) => phrase!("camera-busy", device = name),
        E::NotAllowed(name) => phrase!("camera-forbidden", device = name),
        E::Silent(name) => phrase!("camera-no-answer", device = name),
        E::NoFormat(name) => phrase!("camera-no-format", device = name),
        E::Failed(name, _) => phrase!("camera-failed", device = name),
        E::File(path, _) | E::Folder(path) | E::FilesHang(path) => {
            phrase!("video-file-failed", name = file_name(path))
        }
        E::Thread(_) => phrase!("no-thread"),
    };
    words.or_plain(sentence(&error.to_string()))
}

/// What a file is called, without the folders.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// An error's text as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String =
        letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
