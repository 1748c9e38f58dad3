//! One part of the processing, with the fade between off and on.

use std::time::Duration;

use sonora::config::{
    AdaptiveDigital, EchoCanceller, GainController2, MaxProcessingRate, NoiseSuppression,
    NoiseSuppressionLevel, Pipeline,
};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};

/// How long a change between off and on takes: 50 ms, so that a gain of many decibels neither
/// clicks nor jumps.
const FADE_SAMPLES: f32 = SAMPLE_RATE as f32 * 0.05;
/// The noise suppressor takes whatever it hears first for noise, a voice as well; so it listens for
/// this long before anything of it is used.
const NOISE_LEARNING_SAMPLES: u32 = SAMPLE_RATE * 3 / 2;
/// Where a quiet voice begins. It is raised from there as it is heard.
const INITIAL_GAIN_DB: f32 = 6.0;
/// A voice is never raised by more than this: beyond it there is only noise.
const MAX_GAIN_DB: f32 = 30.0;

/// One part, switchable.
pub(super) struct Stage {
    config: fn() -> Config,
    /// There while the part is on, or fading.
    running: Option<AudioProcessing>,
    /// How much of the output is processed, 0 to 1.
    wet: f32,
    /// For how many samples it listens before any of its output is used.
    learning: u32,
    /// How many of them are still to come.
    to_learn: u32,
}

impl Stage {
    pub(super) fn echo_cancellation() -> Self {
        Self::new(0, || Config { echo_canceller: Some(EchoCanceller::default()), ..at_48_khz() })
    }

    pub(super) fn noise_suppression() -> Self {
        Self::new(NOISE_LEARNING_SAMPLES, || Config {
            noise_suppression: Some(NoiseSuppression {
                level: NoiseSuppressionLevel::High,
                ..NoiseSuppression::default()
            }),
            ..at_48_khz()
        })
    }

    pub(super) fn automatic_gain() -> Self {
        Self::new(0, || Config {
            gain_controller2: Some(GainController2 {
                adaptive_digital: Some(AdaptiveDigital {
                    initial_gain_db: INITIAL_GAIN_DB,
                    max_gain_db: MAX_GAIN_DB,
                    ..AdaptiveDigital::default()
                }),
                ..GainController2::default()
            }),
            ..at_48_khz()
        })
    }

    fn new(learning: u32, config: fn() -> Config) -> Self {
        Self { config, running: None, wet: 0.0, learning, to_learn: learning }
    }

    /// Whether the part works on the next frame.
    pub(super) fn runs(&self, on: bool) -> bool {
        on || self.wet > 0.0
    }

    fn start(&mut self) -> &mut AudioProcessing {
        let config = self.config;
        self.running.get_or_insert_with(|| {
            let mono = StreamConfig::new(SAMPLE_RATE, 1);
            AudioProcessing::builder()
                .config(config())
                .capture_config(mono)
                .render_config(mono)
                .build()
        })
    }

    /// Hears what the speaker plays; its echo is in microphone frames that come about `delay`
    /// later.
    pub(super) fn listen_to_speaker(
        &mut self,
        reference: &[f32; AUDIO_FRAME_SAMPLES],
        delay: Duration,
    ) {
        // What goes to the speaker is only listened to; what comes out here is the same again.
        let mut unchanged = [0.0; AUDIO_FRAME_SAMPLES];
        let processing = self.start();
        // Neither fails on frames of the length that it was built for, nor on a delay below 500 ms;
        // if one did, that frame's echo would stay in.
        let _ =
            processing.process_render_f32(&[reference.as_slice()], &mut [unchanged.as_mut_slice()]);
        let _ = processing.set_stream_delay_ms(delay.as_millis() as i32);
    }

    /// Processes a frame in its place, as far as the part is on.
    pub(super) fn process(&mut self, on: bool, samples: &mut [f32; AUDIO_FRAME_SAMPLES]) {
        if !self.runs(on) {
            (self.running, self.to_learn) = (None, self.learning);
            return;
        }
        let mut processed = *samples;
        if self
            .start()
            .process_capture_f32(&[samples.as_slice()], &mut [processed.as_mut_slice()])
            .is_err()
        {
            return;
        }
        if self.to_learn > 0 {
            self.to_learn = self.to_learn.saturating_sub(AUDIO_FRAME_SAMPLES as u32);
            return;
        }
        let step = if on { 1.0 } else { -1.0 } / FADE_SAMPLES;
        for (sample, processed) in samples.iter_mut().zip(processed) {
            self.wet = (self.wet + step).clamp(0.0, 1.0);
            let processed = if processed.is_finite() { processed.clamp(-1.0, 1.0) } else { 0.0 };
            *sample += self.wet * (processed - *sample);
        }
    }
}

fn at_48_khz() -> Config {
    Config {
        pipeline: Pipeline {
            maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
            multi_channel_render: false,
            multi_channel_capture: false,
            ..Pipeline::default()
        },
        ..Config::default()
    }
}
