//! Plays the ring tone or the ringback into a speaker's sink until it is told to stop, or any other
//! sound once, and gives the sink back.
//!
//! The sink is the only one that its speaker has: whoever plays next gets it from here, after the
//! last frame of the tone. So a ring tone and a call can't play at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::media::audio_output::VolumeControl;
use crate::media::audio_priority::raise_audio_thread;
use crate::media::audio_receive::AudioSink;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::AUDIO_FRAME_SAMPLES;
use crate::media::ringtone::{RingKind, RingTone, cycle};
use crate::media::stage_thread::StageThread;
use crate::media::stop_signal::StopSignal;

/// What is played: whole frames at 48 kHz.
#[derive(Debug, Clone)]
pub struct Sound {
    samples: Arc<[f32]>,
    repeats: bool,
}

impl Sound {
    /// A tone over and over again.
    #[must_use]
    pub fn tone(kind: RingKind, tone: RingTone) -> Self {
        Self { samples: cycle(kind, tone).into(), repeats: true }
    }

    /// These samples once; what is left beyond whole frames is not played.
    #[must_use]
    pub fn once(samples: Arc<[f32]>) -> Self {
        Self { samples, repeats: false }
    }
}

/// A sound that is being played; dropping this stops it.
pub struct RingPlayer {
    thread: StageThread<Box<dyn AudioSink>>,
    ended: Arc<AtomicBool>,
}

impl RingPlayer {
    /// Starts to play into `sink` at `volume`, which may change. Gives the sink back where the
    /// system gives no thread.
    ///
    /// # Errors
    /// The sink, unused.
    pub fn start(
        sound: Sound,
        volume: Arc<VolumeControl>,
        sink: Box<dyn AudioSink>,
    ) -> Result<Self, Box<dyn AudioSink>> {
        let (stop, ended) = (StopSignal::default(), Arc::new(AtomicBool::new(false)));
        let (stopped, handed_over) = (stop.clone(), DropOldestQueue::latest());
        let (taken, told) = (Arc::clone(&handed_over), Arc::clone(&ended));
        handed_over.put(sink);
        let run = move || {
            raise_audio_thread();
            let mut sink = taken.take().unwrap_or_else(super::speaker::silent_sink);
            play(&sound, &volume, &mut *sink, &stopped);
            told.store(true, Ordering::Release);
            sink
        };
        // It never waits for anything but the signal.
        let thread = StageThread::spawn("ring", move || stop.set(), run).map_err(|error| {
            tracing::warn!(%error, "no thread for the ring tone");
            handed_over.take().unwrap_or_else(super::speaker::silent_sink)
        })?;
        Ok(Self { thread, ended })
    }

    /// Whether all of a sound that is played once was written.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Stops it: the last frame has been written, and the sink is the caller's.
    #[must_use]
    pub fn stop(mut self) -> Option<Box<dyn AudioSink>> {
        self.thread.stop()
    }
}

fn play(sound: &Sound, volume: &VolumeControl, sink: &mut dyn AudioSink, stop: &StopSignal) {
    let mut gain = volume.get().gain();
    let (frames, _) = sound.samples.as_chunks::<AUDIO_FRAME_SAMPLES>();
    let times = if sound.repeats { usize::MAX } else { 1 };
    for frame in std::iter::repeat_n(frames, times).flatten() {
        loop {
            let now = Instant::now();
            let wait = sink.until_wanted(now);
            if wait.is_zero() {
                break;
            }
            if stop.wait_until(now + wait) {
                return;
            }
        }
        if stop.is_set() {
            return;
        }
        let mut samples = *frame;
        gain = ramp(&mut samples, gain, volume.get().gain());
        sink.write(&samples);
    }
}

/// Goes from one gain to another within a frame, so that a change does not click.
fn ramp(samples: &mut [f32; AUDIO_FRAME_SAMPLES], from: f32, to: f32) -> f32 {
    let step = (to - from) / AUDIO_FRAME_SAMPLES as f32;
    let mut gain = from;
    for sample in samples {
        gain += step;
        *sample = (*sample * gain).clamp(-1.0, 1.0);
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Duration;

    use crate::media::audio_output::Volume;

    /// Notes what is written to it; wants more at once.
    #[derive(Clone, Default)]
    struct Greedy(Arc<Mutex<Vec<[f32; AUDIO_FRAME_SAMPLES]>>>);

    impl AudioSink for Greedy {
        fn write(&mut self, frame: &[f32; AUDIO_FRAME_SAMPLES]) {
            self.0.lock().unwrap().push(*frame);
        }

        fn until_wanted(&mut self, _now: Instant) -> Duration {
            // As much as one cycle, and no more.
            if self.0.lock().unwrap().len() < 300 {
                Duration::ZERO
            } else {
                Duration::from_secs(3600)
            }
        }

        fn until_missed(&mut self, _now: Instant) -> Duration {
            Duration::ZERO
        }

        fn latency(&self, _now: Instant) -> Duration {
            Duration::ZERO
        }
    }

    #[test]
    fn the_tone_is_written_from_its_beginning_and_nothing_after_the_stop() {
        let written = Greedy::default();
        let player = RingPlayer::start(
            Sound::tone(RingKind::Ring, RingTone::default()),
            VolumeControl::new(Volume::FULL),
            Box::new(written.clone()),
        )
        .ok()
        .expect("a thread");
        let deadline = Instant::now() + Duration::from_secs(10);
        while written.0.lock().unwrap().len() < 300 {
            assert!(Instant::now() < deadline, "nothing more is written");
            std::thread::yield_now();
        }
        let mut sink = player.stop().expect("the sink comes back");
        sink.write(&[2.0; AUDIO_FRAME_SAMPLES]);
        let written = written.0.lock().unwrap();
        assert_eq!(written.len(), 301);
        assert_eq!(
            written[..300].concat(),
            cycle(RingKind::Ring, RingTone::default())[..300 * AUDIO_FRAME_SAMPLES]
        );
        assert_eq!(written[300], [2.0; AUDIO_FRAME_SAMPLES]);
    }

    #[test]
    fn a_sound_that_is_played_once_ends_by_itself() {
        let written = Greedy::default();
        let samples: Vec<f32> = (0..3 * AUDIO_FRAME_SAMPLES).map(|n| n as f32 / 2048.0).collect();
        let player = RingPlayer::start(
            Sound::once(samples.clone().into()),
            VolumeControl::new(Volume::FULL),
            Box::new(written.clone()),
        )
        .ok()
        .expect("a thread");
        let deadline = Instant::now() + Duration::from_secs(10);
        while !player.has_ended() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::yield_now();
        }
        assert_eq!(written.0.lock().unwrap().concat(), samples);
        assert!(player.stop().is_some(), "the sink comes back");
    }
}
