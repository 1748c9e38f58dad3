//! Records a stretch of what a microphone delivers, as the other side of a call would get it.
//!
//! In: the microphone's queue of frames, and how the voice is processed. Out: so many samples, once
//! they are there, and how loud it is meanwhile. A thread of its own reads the queue, which holds
//! less than a tenth of a second. What always holds: nothing is recorded beyond what was asked for,
//! and nothing after the recorder was dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::media::audio_level::LevelMeter;
use crate::media::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::media::frame::AudioFrame;
use crate::media::stage_thread::StageThread;
use crate::media::stop_signal::StopSignal;
use crate::media::voice_processing::{VoiceInput, VoiceProcessor, VoiceSettings};

/// How often the thread looks whether it is to end.
const LOOK_UP: Duration = Duration::from_millis(20);

/// A recording that is being made; dropping this ends it.
pub struct Recorder {
    thread: StageThread<Vec<f32>>,
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    begun: AtomicBool,
    whole: AtomicBool,
    /// A level from 0 to 1, as its bits.
    level: AtomicU32,
}

impl Recorder {
    /// Records so many samples of what comes out of `frames` from now on.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        frames: Arc<DropOldestQueue<AudioFrame>>,
        samples: usize,
        voice: VoiceSettings,
    ) -> std::io::Result<Self> {
        let (stop, progress) = (StopSignal::default(), Arc::new(Progress::default()));
        let (stopped, shared) = (stop.clone(), Arc::clone(&progress));
        let run = move || {
            let mut voice = VoiceProcessor::new(VoiceInput::new(voice));
            let (mut meter, mut recorded) = (LevelMeter::default(), Vec::with_capacity(samples));
            while recorded.len() < samples && !stopped.is_set() {
                match frames.wait(LOOK_UP) {
                    Taken::Value(mut frame) => {
                        voice.process(&mut frame);
                        meter.listen(&frame.samples);
                        shared.level.store(meter.now().to_bits(), Ordering::Relaxed);
                        let wanted = frame.samples.len().min(samples - recorded.len());
                        recorded.extend_from_slice(&frame.samples[..wanted]);
                        shared.begun.store(true, Ordering::Release);
                    }
                    Taken::TimedOut => {}
                    Taken::Closed => break,
                }
            }
            shared.whole.store(recorded.len() == samples, Ordering::Release);
            recorded
        };
        let thread = StageThread::spawn("record", move || stop.set(), run)?;
        Ok(Self { thread, progress })
    }

    /// Whether the microphone has delivered something.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.progress.begun.load(Ordering::Acquire)
    }

    /// Whether all of it is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.progress.whole.load(Ordering::Acquire)
    }

    /// How loud it is, 0 to 1.
    #[must_use]
    pub fn level(&self) -> f32 {
        f32::from_bits(self.progress.level.load(Ordering::Relaxed))
    }

    /// Ends it. What was recorded until now.
    #[must_use]
    pub fn stop(mut self) -> Vec<f32> {
        self.thread.stop().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    use crate::media::frame::AUDIO_FRAME_SAMPLES;

    #[test]
    fn so_much_is_recorded_as_was_asked_for_and_no_more() {
        let frames = DropOldestQueue::new(8);
        let recorder =
            Recorder::start(Arc::clone(&frames), 3 * AUDIO_FRAME_SAMPLES + 7, VoiceSettings::NONE)
                .expect("a thread");
        assert!(!recorder.has_begun() && !recorder.is_whole());
        for n in 1..=6_u8 {
            let samples = [f32::from(n) / 8.0; AUDIO_FRAME_SAMPLES];
            frames.put(AudioFrame { samples, captured_at: Instant::now() });
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        while !recorder.is_whole() {
            assert!(Instant::now() < deadline, "nothing is recorded");
            std::thread::yield_now();
        }
        assert!(recorder.has_begun() && recorder.level() > 0.0);
        let recorded = recorder.stop();
        let expected: Vec<f32> = [1.0, 2.0, 3.0]
            .into_iter()
            .flat_map(|n: f32| [n / 8.0; AUDIO_FRAME_SAMPLES])
            .chain([0.5; 7])
            .collect();
        assert_eq!(recorded, expected);
        assert!(frames.take().is_some(), "the rest stays where it was");
    }

    #[test]
    fn a_recording_that_is_ended_early_is_short_and_not_whole() {
        let recorder =
            Recorder::start(DropOldestQueue::new(8), 480, VoiceSettings::NONE).expect("a thread");
        assert!(!recorder.is_whole());
        assert!(recorder.stop().is_empty());
    }
}
