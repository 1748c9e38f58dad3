//! What is done to a voice before it is sent: the echo of what the speaker plays is cancelled,
//! steady noise is lowered, and a quiet voice is brought to a usual level.
//!
//! In go 10 ms frames from a microphone and, through a queue, the frames that really went to the
//! speaker with the time at which each is played; out come as many frames. The work is done by
//! `sonora`, a port of WebRTC's audio processing (ADR 10). Each of the three can be switched while
//! talking: the change is faded in over `stage`'s fade, so nothing clicks and no frame is lost.
//! What is switched off costs nothing; with all three off a frame passes bit for bit.
//!
//! Each of the three is an instance of its own: switching within one instance would reset its echo
//! canceller, and the other person would hear themselves until it has learned the room again.

mod reference;
mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};

pub use reference::{PLAYED_QUEUE_FRAMES, PlayedFrame};

use self::reference::ReferenceAligner;

use crate::drop_oldest_queue::DropOldestQueue;
use crate::frame::AudioFrame;
use stage::Stage;

/// Which parts of the processing are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoiceSettings {
    /// Cancel the echo of what the speaker plays.
    pub echo_cancellation: bool,
    /// Lower steady noise.
    pub noise_suppression: bool,
    /// Bring speech to a usual level.
    pub automatic_gain: bool,
}

impl VoiceSettings {
    /// Everything on: what a microphone in a room needs.
    pub const ALL: Self =
        Self { echo_cancellation: true, noise_suppression: true, automatic_gain: true };
    /// Everything off: audio stays as it is.
    pub const NONE: Self =
        Self { echo_cancellation: false, noise_suppression: false, automatic_gain: false };

    const fn bits(self) -> u8 {
        self.echo_cancellation as u8
            | (self.noise_suppression as u8) << 1
            | (self.automatic_gain as u8) << 2
    }

    const fn from_bits(bits: u8) -> Self {
        Self {
            echo_cancellation: bits & 1 != 0,
            noise_suppression: bits & 2 != 0,
            automatic_gain: bits & 4 != 0,
        }
    }
}

/// What a person wants of each part: on, off, or what suits the microphone, which the settings
/// file leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct VoiceSetting {
    /// Cancel the echo of what the speaker plays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_cancellation: Option<bool>,
    /// Lower steady noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_suppression: Option<bool>,
    /// Bring speech to a usual level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic_gain: Option<bool>,
}

impl VoiceSetting {
    /// What that is for a microphone that hears a room, or for a source (a tone, a file) that is to
    /// stay as it is.
    #[must_use]
    pub fn settings(self, hears_a_room: bool) -> VoiceSettings {
        VoiceSettings {
            echo_cancellation: self.echo_cancellation.unwrap_or(hears_a_room),
            noise_suppression: self.noise_suppression.unwrap_or(hears_a_room),
            automatic_gain: self.automatic_gain.unwrap_or(hears_a_room),
        }
    }

    /// The choice behind settings that a person made with such a source: what suits it is none.
    #[must_use]
    pub fn behind(settings: VoiceSettings, hears_a_room: bool) -> Self {
        let chosen = |on: bool| (on != hears_a_room).then_some(on);
        Self {
            echo_cancellation: chosen(settings.echo_cancellation),
            noise_suppression: chosen(settings.noise_suppression),
            automatic_gain: chosen(settings.automatic_gain),
        }
    }
}

/// The settings as they are now: written by the session, read for each frame.
#[derive(Debug, Default)]
pub struct VoiceControls(AtomicU8);

impl VoiceControls {
    /// These settings to begin with.
    #[must_use]
    pub fn new(settings: VoiceSettings) -> Arc<Self> {
        Arc::new(Self(AtomicU8::new(settings.bits())))
    }

    /// These settings from the next frame on.
    pub fn set(&self, settings: VoiceSettings) {
        self.0.store(settings.bits(), Ordering::Relaxed);
    }

    /// The settings as they are now.
    #[must_use]
    pub fn get(&self) -> VoiceSettings {
        VoiceSettings::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// What a [`VoiceProcessor`] works with.
#[derive(Clone)]
pub struct VoiceInput {
    /// What is on.
    pub controls: Arc<VoiceControls>,
    /// What was handed to the speaker. Holds [`PLAYED_QUEUE_FRAMES`]; when full, the oldest goes,
    /// whose time is past.
    pub played: Arc<DropOldestQueue<PlayedFrame>>,
}

impl VoiceInput {
    /// With these settings, and nothing played yet.
    #[must_use]
    pub fn new(settings: VoiceSettings) -> Self {
        Self {
            controls: VoiceControls::new(settings),
            played: DropOldestQueue::new(PLAYED_QUEUE_FRAMES),
        }
    }
}

/// Processes one microphone's audio.
pub struct VoiceProcessor {
    input: VoiceInput,
    aligner: ReferenceAligner,
    echo: Stage,
    noise: Stage,
    gain: Stage,
}

impl VoiceProcessor {
    /// A processor that has processed nothing yet.
    #[must_use]
    pub fn new(input: VoiceInput) -> Self {
        Self {
            input,
            aligner: ReferenceAligner::default(),
            echo: Stage::echo_cancellation(),
            noise: Stage::noise_suppression(),
            gain: Stage::automatic_gain(),
        }
    }

    /// Processes a frame in its place. Frames come in the order of their capture, without time
    /// passing between them.
    pub fn process(&mut self, frame: &mut AudioFrame) {
        let settings = self.input.controls.get();
        while let Some(played) = self.input.played.take() {
            self.aligner.push(played);
        }
        let reference = self.aligner.at(frame.captured_at);
        if self.echo.runs(settings.echo_cancellation) {
            self.echo.listen_to_speaker(&reference, self.aligner.lead());
        }
        self.echo.process(settings.echo_cancellation, &mut frame.samples);
        self.noise.process(settings.noise_suppression, &mut frame.samples);
        self.gain.process(settings.automatic_gain, &mut frame.samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::AUDIO_FRAME_SAMPLES;
    use std::time::Instant;

    #[test]
    fn every_combination_of_settings_survives_the_way_through_the_controls() {
        for bits in 0..8 {
            let settings = VoiceSettings::from_bits(bits);
            let controls = VoiceControls::new(VoiceSettings::NONE);
            controls.set(settings);
            assert_eq!((controls.get(), settings.bits()), (settings, bits));
        }
    }

    #[test]
    fn a_tone_stays_as_it_is_unless_somebody_asks_and_a_room_is_processed_unless_somebody_objects()
    {
        assert_eq!(VoiceSetting::default().settings(false), VoiceSettings::NONE);
        assert_eq!(VoiceSetting::default().settings(true), VoiceSettings::ALL);
        for bits in 0..8 {
            for hears_a_room in [false, true] {
                let settings = VoiceSettings::from_bits(bits);
                assert_eq!(
                    VoiceSetting::behind(settings, hears_a_room).settings(hears_a_room),
                    settings
                );
            }
        }
        let quiet = VoiceSetting::behind(
            VoiceSettings { automatic_gain: false, ..VoiceSettings::ALL },
            true,
        );
        assert_eq!(quiet.settings(false), VoiceSettings::NONE);
    }

    #[test]
    fn with_everything_off_a_frame_passes_bit_for_bit() {
        let mut voice = VoiceProcessor::new(VoiceInput::new(VoiceSettings::NONE));
        let samples: [f32; AUDIO_FRAME_SAMPLES] = std::array::from_fn(|i| (i as f32 * 0.7).sin());
        let mut frame = AudioFrame { samples, captured_at: Instant::now() };
        voice.process(&mut frame);
        assert_eq!(frame.samples, samples);
    }
}
