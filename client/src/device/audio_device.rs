//! What the parts of the audio devices share: the two kinds, what happens to an open one, and why
//! one can't be used.
//!
//! What goes wrong before a device is open is an [`AudioDeviceError`], one line that says what to
//! do; what goes wrong later is an [`AudioEvent`], and the audio stops.

use std::fmt;

use tokio::sync::mpsc;

use crate::media::resample::ResampleFailure;
use crate::media::wav::WavError;
use crate::media::wav_reader::WavReadError;

/// So many names are listed when one was not found.
const NAMES_LISTED: usize = 6;

/// What kind of audio device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioKind {
    /// Sound comes from it.
    Microphone,
    /// Sound goes to it.
    Speaker,
}

impl fmt::Display for AudioKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Microphone => "microphone",
            Self::Speaker => "speaker",
        })
    }
}

/// What happened to an open device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AudioEvent {
    /// It is gone; the call goes on without it. The words are for a person and say what to do.
    Lost {
        /// Which kind.
        kind: AudioKind,
        /// One line.
        words: String,
    },
}

/// Where events go. Bounded; an event that does not fit is dropped, since one is enough for each
/// device.
pub type AudioEvents = mpsc::Sender<AudioEvent>;

/// Says once that an open device is gone.
pub(super) fn report_lost(events: &AudioEvents, kind: AudioKind, words: String) {
    let _ = events.try_send(AudioEvent::Lost { kind, words });
}

/// Why a device can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum AudioDeviceError {
    #[error("no {0} was found; connect one, or choose a file or none with --{0}")]
    None(AudioKind),
    #[error("there is no {kind} called \"{name}\"; {}", available(.names))]
    Unknown { kind: AudioKind, name: String, names: Vec<String> },
    #[error(
        "the {0} \"{1}\" is in use by another program; close that program, \
         or choose another {0} with --{0}"
    )]
    Busy(AudioKind, String),
    #[error("this program may not use the {0} \"{1}\"; allow it in the system's privacy settings")]
    Forbidden(AudioKind, String),
    #[error("the {0} \"{1}\" can't be opened ({2}); choose another with --{0}")]
    Failed(AudioKind, String, String),
    #[error(
        "the sound system did not open the {0} within 5 s; restart it, \
         or choose another with --{0}"
    )]
    NoAnswer(AudioKind),
    #[error("the {0} can't be used: {1}; choose another with --{0}")]
    Rate(AudioKind, #[source] ResampleFailure),
    #[error("--{0} {1}")]
    File(AudioKind, #[source] WavError),
    #[error("--microphone {0}")]
    SoundFile(#[source] WavReadError),
    #[error("the system could not start a thread for the {0}: {1}")]
    Thread(AudioKind, #[source] std::io::Error),
}

fn available(names: &[String]) -> String {
    if names.is_empty() {
        return "none was found".into();
    }
    let more = if names.len() > NAMES_LISTED { ", …" } else { "" };
    format!(
        "available: {}{more}",
        names.iter().take(NAMES_LISTED).cloned().collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_answered_with_the_names_there_are() {
        let names = (1..=8).map(|n| format!("Mic {n}")).collect();
        let error =
            AudioDeviceError::Unknown { kind: AudioKind::Microphone, name: "x".into(), names };
        assert_eq!(
            error.to_string(),
            "there is no microphone called \"x\"; available: \
             Mic 1, Mic 2, Mic 3, Mic 4, Mic 5, Mic 6, …"
        );
    }
}
