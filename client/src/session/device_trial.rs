//! Trying a device out before a call: three seconds of the microphone that are played back, a tone
//! through the speaker, and the ring tone as it rings. Pure.
//!
//! In: what the person wants to try, what was recorded, how far playing has got, what is wrong with
//! a device, and the time. Out: which devices are wanted, what is to be played, and how far it is
//! ([`TrialState`]). What always holds: one trial runs at a time; each ends by itself, whatever a
//! device does or leaves undone; a device that is not tried is not wanted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::media::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use crate::media::ringtone::{self, RingKind, RingTone};
use crate::words::{Phrase, phrase};

/// How much of the microphone is recorded.
pub(super) const RECORDED: Duration = Duration::from_secs(3);
/// A device that is not open by then has failed.
const OPENS_WITHIN: Duration = Duration::from_secs(10);
/// What is recorded or played may take so much longer than it lasts.
const LATE_BY: Duration = Duration::from_secs(5);
/// A speaker still has to play what was written to it last, so silence follows.
const TAIL: Duration = Duration::from_millis(300);
/// A recording that is nowhere louder than this holds nothing: -60 dB of full scale.
const SILENT_BELOW: f32 = 0.001;

/// What can be tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// Three seconds of the microphone are recorded, and played back.
    Microphone,
    /// A tone is played through the speaker of calls.
    Speaker,
    /// The ring tone is played once as it would ring.
    Ring,
}

/// How far a trial is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialPhase {
    /// The device is about to be open.
    Opening,
    /// What the microphone hears is recorded.
    Recording,
    /// The recording, or the tone, is played.
    Playing,
    /// It could not be done; why, in words.
    Failed(Phrase),
}

/// A trial, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialState {
    /// What is tried out.
    pub trial: Trial,
    /// How far it is.
    pub phase: TrialPhase,
}

/// What has to be done now.
#[derive(Debug, Clone)]
enum Step {
    Record,
    Play(Arc<[f32]>),
}

#[derive(Debug)]
struct Running {
    trial: Trial,
    step: Step,
    /// Whether the device of this step is open.
    open: bool,
    /// When the step must be over.
    deadline: Instant,
}

/// The trial that runs, or the last one if it failed.
#[derive(Debug, Default)]
pub(super) struct DeviceTrial {
    running: Option<Running>,
    failed: Option<TrialState>,
}

impl DeviceTrial {
    /// Tries this, and nothing else any more; `tone` is how calls ring.
    pub(super) fn begin(&mut self, trial: Trial, tone: RingTone, now: Instant) {
        self.failed = None;
        let step = match trial {
            Trial::Microphone => Step::Record,
            Trial::Speaker => Step::Play(sound(ringtone::chime())),
            Trial::Ring => Step::Play(sound(ringtone::cycle(RingKind::Ring, tone))),
        };
        self.running = Some(Running { trial, step, open: false, deadline: now + OPENS_WITHIN });
    }

    /// Tries nothing any more.
    pub(super) fn stop(&mut self) {
        (self.running, self.failed) = (None, None);
    }

    /// It can't be done.
    pub(super) fn fail(&mut self, words: Phrase) {
        if let Some(Running { trial, .. }) = self.running.take() {
            self.failed = Some(TrialState { trial, phase: TrialPhase::Failed(words) });
        }
    }

    /// The microphone delivers, or the speaker plays.
    pub(super) fn device_is_open(&mut self, now: Instant) {
        if let Some(running) = &mut self.running
            && !running.open
        {
            let lasts = match &running.step {
                Step::Record => RECORDED,
                Step::Play(sound) => duration_of(sound.len()),
            };
            (running.open, running.deadline) = (true, now + lasts + LATE_BY);
        }
    }

    /// The recording is there: it is played, where it holds something.
    pub(super) fn recorded(&mut self, samples: Vec<f32>, now: Instant) {
        let Some(running) = self.running.as_mut().filter(|running| running.is_recording()) else {
            return;
        };
        if samples.iter().all(|sample| sample.abs() < SILENT_BELOW) {
            return self.fail(phrase!("trial-microphone-silent"));
        }
        running.step = Step::Play(sound(samples));
        (running.open, running.deadline) = (false, now + OPENS_WITHIN);
    }

    /// All of it was played.
    pub(super) fn played(&mut self) {
        if self.running.as_ref().is_some_and(|running| !running.is_recording()) {
            self.running = None;
        }
    }

    /// Gives up what takes too long.
    pub(super) fn tick(&mut self, now: Instant) {
        let late = self.running.as_ref().filter(|running| running.deadline <= now);
        if let Some(running) = late {
            self.fail(if running.is_recording() {
                phrase!("microphone-slow")
            } else {
                phrase!("speaker-slow")
            });
        }
    }

    /// Whether the microphone is wanted for it.
    pub(super) fn wants_microphone(&self) -> bool {
        self.running.as_ref().is_some_and(Running::is_recording)
    }

    /// What is to be played now, and for what.
    pub(super) fn sound(&self) -> Option<(Trial, &Arc<[f32]>)> {
        match self.running.as_ref()? {
            Running { trial, step: Step::Play(sound), .. } => Some((*trial, sound)),
            _ => None,
        }
    }

    /// Whether something is tried.
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// What is tried, and how far it is.
    pub(super) fn state(&self) -> Option<TrialState> {
        let Some(running) = &self.running else { return self.failed.clone() };
        let phase = match (running.open, &running.step) {
            (false, _) => TrialPhase::Opening,
            (true, Step::Record) => TrialPhase::Recording,
            (true, Step::Play(_)) => TrialPhase::Playing,
        };
        Some(TrialState { trial: running.trial, phase })
    }
}

impl Running {
    fn is_recording(&self) -> bool {
        matches!(self.step, Step::Record)
    }
}

fn samples_in(duration: Duration) -> usize {
    (duration.as_secs_f64() * f64::from(SAMPLE_RATE)).round() as usize
}

fn duration_of(samples: usize) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(SAMPLE_RATE))
}

/// How many samples are recorded.
pub(super) fn recorded_samples() -> usize {
    samples_in(RECORDED)
}

/// Whole frames, with silence behind them.
fn sound(mut samples: Vec<f32>) -> Arc<[f32]> {
    let whole = (samples.len() + samples_in(TAIL)).next_multiple_of(AUDIO_FRAME_SAMPLES);
    samples.resize(whole, 0.0);
    samples.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOICE: f32 = 0.25;

    fn phase(tried: &DeviceTrial) -> Option<TrialPhase> {
        tried.state().map(|state| state.phase)
    }

    #[test]
    fn the_microphone_is_recorded_and_what_it_heard_is_played_once() {
        let (mut tried, now) = (DeviceTrial::default(), Instant::now());
        assert!(tried.state().is_none() && !tried.wants_microphone() && tried.sound().is_none());
        tried.begin(Trial::Microphone, RingTone::default(), now);
        assert_eq!(phase(&tried), Some(TrialPhase::Opening));
        assert!(tried.wants_microphone() && tried.sound().is_none());
        tried.device_is_open(now);
        assert_eq!(phase(&tried), Some(TrialPhase::Recording));
        tried.recorded(vec![VOICE; recorded_samples()], now);
        assert!(!tried.wants_microphone());
        let (trial, sound) = tried.sound().expect("a sound");
        assert_eq!((trial, sound.len()), (Trial::Microphone, 330 * AUDIO_FRAME_SAMPLES));
        assert!(sound[..144_000].iter().all(|sample| *sample == VOICE));
        assert!(sound[144_000..].iter().all(|sample| *sample == 0.0));
        tried.device_is_open(now);
        assert_eq!(phase(&tried), Some(TrialPhase::Playing));
        tried.played();
        assert!(tried.state().is_none() && tried.sound().is_none());
    }

    #[test]
    fn a_microphone_that_hears_nothing_is_said_and_nothing_is_played() {
        let (mut tried, now) = (DeviceTrial::default(), Instant::now());
        tried.begin(Trial::Microphone, RingTone::default(), now);
        tried.device_is_open(now);
        tried.recorded(vec![0.0005; recorded_samples()], now);
        assert_eq!(phase(&tried), Some(TrialPhase::Failed(phrase!("trial-microphone-silent"))));
        assert!(tried.sound().is_none() && !tried.is_running());
        tried.begin(Trial::Speaker, RingTone::default(), now);
        assert_eq!(phase(&tried), Some(TrialPhase::Opening), "the next one begins anew");
    }

    #[test]
    fn a_trial_ends_by_itself_whatever_the_devices_leave_undone() {
        let now = Instant::now();
        let later = |seconds| now + Duration::from_secs(seconds);
        let failed = |words| Some(TrialPhase::Failed(words));
        let mut tried = DeviceTrial::default();
        tried.begin(Trial::Microphone, RingTone::default(), now);
        tried.tick(later(9));
        assert_eq!(phase(&tried), Some(TrialPhase::Opening));
        tried.tick(later(10));
        assert_eq!(phase(&tried), failed(phrase!("microphone-slow")), "it never opens");
        tried.begin(Trial::Microphone, RingTone::default(), now);
        tried.device_is_open(later(9));
        tried.tick(later(16));
        assert_eq!(phase(&tried), Some(TrialPhase::Recording));
        tried.tick(later(17));
        assert_eq!(phase(&tried), failed(phrase!("microphone-slow")), "it stops to deliver");
        tried.begin(Trial::Ring, RingTone::default(), now);
        tried.device_is_open(now);
        tried.tick(later(9));
        assert_eq!(phase(&tried), failed(phrase!("speaker-slow")), "it stops to play");
    }

    #[test]
    fn whoever_stops_a_trial_hears_no_more_of_it() {
        let (mut tried, now) = (DeviceTrial::default(), Instant::now());
        for trial in [Trial::Microphone, Trial::Speaker, Trial::Ring] {
            tried.begin(trial, RingTone::default(), now);
            tried.stop();
            // What comes late changes nothing.
            tried.device_is_open(now);
            tried.recorded(vec![VOICE; recorded_samples()], now);
            tried.played();
            tried.fail(phrase!("speaker-slow"));
            assert!(tried.state().is_none() && tried.sound().is_none(), "{trial:?}");
            assert!(!tried.wants_microphone());
        }
    }

    #[test]
    fn a_recording_that_comes_while_a_tone_is_tried_is_not_played() {
        let (mut tried, now) = (DeviceTrial::default(), Instant::now());
        tried.begin(Trial::Speaker, RingTone::default(), now);
        tried.recorded(vec![VOICE; recorded_samples()], now);
        let (trial, sound) = tried.sound().expect("the tone");
        assert_eq!(trial, Trial::Speaker);
        assert_eq!(sound[..ringtone::chime().len()], ringtone::chime());
    }
}
