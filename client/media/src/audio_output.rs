//! The last step before the speaker: how loud the other person is, and the reference of what is
//! played for the echo canceller.
//!
//! In go 10 ms frames, out go as many to another [`AudioSink`], louder or quieter. A volume above
//! 100% is limited softly: the loud is compressed, nothing is cut off. What always holds: nothing
//! is beyond full scale, whatever comes in; a change of the volume is a ramp of one frame, and at
//! 100% a frame within full scale passes bit for bit. The reference is exactly what the sink takes,
//! with the time at which it is played; it goes into a bounded queue whose oldest frame gives way,
//! so that a reader that hangs never holds the speaker up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::audio_receive::AudioSink;
use crate::drop_oldest_queue::DropOldestQueue;
use crate::frame::AUDIO_FRAME_SAMPLES;
use crate::voice_processing::PlayedFrame;

/// How loud the other person is, in percent of what they send; the settings file holds the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Percent")]
pub struct Volume(u8);

/// What may stand for a volume in a file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Percent {
    Number(f64),
    Other(serde::de::IgnoredAny),
}

impl From<Percent> for Volume {
    fn from(percent: Percent) -> Self {
        match percent {
            Percent::Number(percent) if percent.is_finite() => {
                Self(percent.round().clamp(0.0, f64::from(Self::MAX.0)) as u8)
            }
            Percent::Number(_) | Percent::Other(_) => Self::default(),
        }
    }
}

impl Volume {
    /// As they send it.
    pub const FULL: Self = Self(100);
    /// The loudest there is.
    pub const MAX: Self = Self(150);

    /// So many percent; what is above [`Self::MAX`] is that.
    #[must_use]
    pub const fn from_percent(percent: u8) -> Self {
        Self(if percent > Self::MAX.0 { Self::MAX.0 } else { percent })
    }

    /// The volume in percent.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }

    /// What a sample is multiplied with.
    #[must_use]
    pub fn gain(self) -> f32 {
        f32::from(self.0) / 100.0
    }
}

impl Default for Volume {
    fn default() -> Self {
        Self::FULL
    }
}

/// The volume as it is now: written by the session, read for each frame.
#[derive(Debug)]
pub struct VolumeControl(AtomicU8);

impl VolumeControl {
    /// This volume to begin with.
    #[must_use]
    pub fn new(volume: Volume) -> Arc<Self> {
        Arc::new(Self(AtomicU8::new(volume.0)))
    }

    /// This volume from the next frame on.
    pub fn set(&self, volume: Volume) {
        self.0.store(volume.0, Ordering::Relaxed);
    }

    /// The volume as it is now.
    #[must_use]
    pub fn get(&self) -> Volume {
        Volume::from_percent(self.0.load(Ordering::Relaxed))
    }
}

/// A sink with a volume, that keeps a reference of what it plays.
pub struct AudioOutput {
    sink: Box<dyn AudioSink>,
    volume: Arc<VolumeControl>,
    gain: f32,
    played: Arc<DropOldestQueue<PlayedFrame>>,
}

impl AudioOutput {
    /// Plays through `sink` at `volume`, with a reference into `played`.
    #[must_use]
    pub fn new(
        sink: Box<dyn AudioSink>,
        volume: Arc<VolumeControl>,
        played: Arc<DropOldestQueue<PlayedFrame>>,
    ) -> Self {
        let gain = volume.get().gain();
        Self { sink, volume, gain, played }
    }
}

impl AudioSink for AudioOutput {
    fn write(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]) {
        let target = self.volume.get().gain();
        let step = (target - self.gain) / AUDIO_FRAME_SAMPLES as f32;
        let mut samples = *frame;
        for sample in &mut samples {
            self.gain += step;
            *sample = amplified(*sample, self.gain);
        }
        self.gain = target;
        let now = Instant::now();
        let played_at = now + self.sink.latency(now);
        self.sink.write(&samples);
        self.played.put(PlayedFrame { samples, played_at });
    }

    fn until_wanted(&mut self, now: Instant) -> Duration {
        self.sink.until_wanted(now)
    }

    fn until_missed(&mut self, now: Instant) -> Duration {
        self.sink.until_missed(now)
    }

    fn latency(&self, now: Instant) -> Duration {
        self.sink.latency(now)
    }
}

/// A sample at another gain. Above a gain of 1 the loudest part is bent, the more the higher the
/// gain, so that nothing between −1 and 1 comes out beyond.
fn amplified(sample: f32, gain: f32) -> f32 {
    if sample.is_nan() {
        return 0.0;
    }
    // Decoders overshoot.
    let louder = sample.clamp(-1.0, 1.0) * gain;
    if gain <= 1.0 {
        return louder;
    }
    // From the knee on; at a gain of 1 there is nothing to bend.
    let knee = (2.0 - gain).clamp(0.0, 1.0);
    let (above, room) = (louder.abs() - knee, 1.0 - knee);
    if above <= 0.0 { louder } else { (knee + room * (above / room).tanh()).copysign(louder) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<f32>>>);

    impl AudioSink for Recorder {
        fn write(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]) {
            self.0.lock().unwrap().extend(frame);
        }

        fn until_wanted(&mut self, _now: Instant) -> Duration {
            Duration::from_millis(3)
        }

        fn until_missed(&mut self, _now: Instant) -> Duration {
            Duration::from_millis(8)
        }

        fn latency(&self, _now: Instant) -> Duration {
            Duration::from_millis(30)
        }
    }

    fn output(
        percent: u8,
    ) -> (AudioOutput, Recorder, Arc<VolumeControl>, Arc<DropOldestQueue<PlayedFrame>>) {
        let (recorder, volume) =
            (Recorder::default(), VolumeControl::new(Volume::from_percent(percent)));
        let played = DropOldestQueue::new(4);
        let output =
            AudioOutput::new(Box::new(recorder.clone()), Arc::clone(&volume), Arc::clone(&played));
        (output, recorder, volume, played)
    }

    #[test]
    fn at_full_volume_a_frame_passes_bit_for_bit_and_its_reference_is_what_the_sink_took() {
        let (mut output, recorder, _, played) = output(100);
        let frame: [f32; AUDIO_FRAME_SAMPLES] = std::array::from_fn(|i| (i as f32 * 0.3).sin());
        let before = Instant::now();
        output.write(&frame);
        assert_eq!(recorder.0.lock().unwrap().as_slice(), frame);
        let reference = played.take().unwrap();
        assert_eq!(reference.samples, frame);
        let ahead = reference.played_at.duration_since(before);
        assert!((30..200).contains(&ahead.as_millis()), "{ahead:?}");
        assert_eq!(output.until_wanted(before), Duration::from_millis(3));
        assert_eq!(output.until_missed(before), Duration::from_millis(8));
    }

    #[test]
    fn nobody_who_reads_the_reference_holds_the_speaker_up() {
        let (mut output, recorder, _, played) = output(150);
        (0..100).for_each(|_| output.write(&[0.1; AUDIO_FRAME_SAMPLES]));
        assert_eq!(recorder.0.lock().unwrap().len(), 100 * AUDIO_FRAME_SAMPLES);
        assert_eq!(played.dropped(), 96);
    }

    #[test]
    fn a_change_of_the_volume_is_a_ramp() {
        let (mut output, recorder, volume, _) = output(0);
        for percent in [0, 150, 20, 100] {
            volume.set(Volume::from_percent(percent));
            output.write(&[0.4; AUDIO_FRAME_SAMPLES]);
        }
        let heard = recorder.0.lock().unwrap();
        assert!(heard[..AUDIO_FRAME_SAMPLES].iter().all(|sample| *sample == 0.0));
        assert!(heard.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.002));
        assert!((heard[2 * AUDIO_FRAME_SAMPLES - 1] - amplified(0.4, 1.5)).abs() < 1e-3);
        assert!((heard[4 * AUDIO_FRAME_SAMPLES - 1] - 0.4).abs() < 1e-6);
    }

    #[test]
    fn no_sample_and_no_volume_goes_beyond_full_scale() {
        for percent in [0, 1, 50, 100, 101, 150, 255] {
            let (mut output, recorder, volume, played) = output(percent);
            let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1.5, 1.0, -0.0];
            output.write(&std::array::from_fn(|i| odd[i % odd.len()]));
            volume.set(Volume::MAX);
            output.write(&std::array::from_fn(|i| odd[i % odd.len()]));
            assert!(recorder.0.lock().unwrap().iter().all(|sample| sample.abs() <= 1.0));
            assert!(played.take().unwrap().samples.iter().all(|sample| sample.abs() <= 1.0));
        }
    }

    proptest! {
        /// Louder stays louder, and nothing is cut off.
        #[test]
        fn the_limiter_keeps_the_order_of_samples_and_stays_below_full_scale(
            quiet in 0.0_f32..0.99, more in 0.005_f32..0.5, percent in 0_u8..=255,
        ) {
            let gain = Volume::from_percent(percent.max(1)).gain();
            let loud = (quiet + more).min(1.0);
            prop_assert!(amplified(quiet, gain) < amplified(loud, gain));
            prop_assert!(amplified(loud, gain) <= 1.0);
            prop_assert_eq!(amplified(-loud, gain), -amplified(loud, gain));
        }
    }
}
