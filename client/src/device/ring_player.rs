//! Plays the ring tone or the ringback into a speaker's sink until it is told to stop, and gives
//! the sink back.
//!
//! The sink is the only one that its speaker has: whoever plays next gets it from here, after the
//! last frame of the tone. So a ring tone and a call can't play at once.

use std::sync::Arc;
use std::time::Instant;

use crate::media::audio_output::VolumeControl;
use crate::media::audio_priority::raise_audio_thread;
use crate::media::audio_receive::AudioSink;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::AUDIO_FRAME_SAMPLES;
use crate::media::ringtone::{RingKind, cycle};
use crate::media::stage_thread::StageThread;
use crate::media::stop_signal::StopSignal;

/// A sound that is being played; dropping this stops it.
pub struct RingPlayer(StageThread<Box<dyn AudioSink>>);

impl RingPlayer {
    /// Starts to play into `sink` at `volume`, which may change. Gives the sink back where the
    /// system gives no thread.
    ///
    /// # Errors
    /// The sink, unused.
    pub fn start(
        kind: RingKind,
        volume: Arc<VolumeControl>,
        sink: Box<dyn AudioSink>,
    ) -> Result<Self, Box<dyn AudioSink>> {
        let stop = StopSignal::default();
        let (stopped, handed_over) = (stop.clone(), DropOldestQueue::latest());
        let taken = Arc::clone(&handed_over);
        handed_over.put(sink);
        let run = move || {
            raise_audio_thread();
            let mut sink = taken.take().unwrap_or_else(super::speaker::silent_sink);
            play(kind, &volume, &mut *sink, &stopped);
            sink
        };
        // It never waits for anything but the signal.
        StageThread::spawn("ring", move || stop.set(), run).map(Self).map_err(|error| {
            tracing::warn!(%error, "no thread for the ring tone");
            handed_over.take().unwrap_or_else(super::speaker::silent_sink)
        })
    }

    /// Stops it: the last frame has been written, and the sink is the caller's.
    #[must_use]
    pub fn stop(mut self) -> Option<Box<dyn AudioSink>> {
        self.0.stop()
    }
}

fn play(kind: RingKind, volume: &VolumeControl, sink: &mut dyn AudioSink, stop: &StopSignal) {
    let cycle = cycle(kind);
    let mut gain = volume.get().gain();
    let (frames, _) = cycle.as_chunks::<AUDIO_FRAME_SAMPLES>();
    for frame in frames.iter().cycle() {
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
            RingKind::Ring,
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
        assert_eq!(written[..300].concat(), cycle(RingKind::Ring)[..300 * AUDIO_FRAME_SAMPLES]);
        assert_eq!(written[300], [2.0; AUDIO_FRAME_SAMPLES]);
    }
}
