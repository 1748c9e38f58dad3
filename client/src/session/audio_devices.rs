//! The microphone and the speaker of a session, and what follows them through a call: the
//! processing of the voice, the volume, whose turn it is to play, the change from one device to
//! another, and what is tried out between calls ([`DeviceTrial`]).
//!
//! A device is exchanged by opening the next one before the last is closed, so that next to nothing
//! is missing in between. When one is lost, the system's default is used until it is back;
//! when the system picks another default, that is followed; one that does not open is tried again
//! ([`DeviceKeeper`](crate::session::device_keeper)). What always holds: frames of a closed
//! microphone are never read, and neither are its events.

use std::sync::Arc;
use std::time::Instant;

use crate::device::device_watch::DevicesNow;
use crate::device::recorder::Recorder;
use crate::device::{MicrophoneChoice, SpeakerChoice};
use crate::media::audio_level::LevelMeter;
use crate::media::audio_output::VolumeControl;
use crate::media::audio_send::MICROPHONE_QUEUE_FRAMES;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::AudioFrame;
use crate::media::ringtone::{RingKind, RingTone};
use crate::media::video_record::Recordings;
use crate::media::voice_processing::{VoiceInput, VoiceSetting};
use crate::session::device_keeper::Trouble;
use crate::session::device_trial::{DeviceTrial, Trial, TrialState, recorded_samples};
use crate::session::open_devices::{OpenMicrophone, OpenSpeaker};
use crate::session::options::{Ring, SessionOptions};
use crate::session::pipeline::Pipeline;
use crate::session::speaker_turn::{SpeakerTurn, Tune};
use crate::session::switchable::{Event, Switchable};
use crate::words::{Phrase, phrase};

/// The two devices.
pub(super) struct AudioDevices {
    setting: VoiceSetting,
    /// What is done to the voice.
    pub(super) voice: VoiceInput,
    pub(super) volume: Arc<VolumeControl>,
    microphone: Switchable<OpenMicrophone>,
    /// Where the microphone's frames are now.
    pub(super) microphone_frames: Arc<DropOldestQueue<AudioFrame>>,
    /// How loud the microphone is while no pipeline listens to it.
    meter: LevelMeter,
    speaker: Switchable<OpenSpeaker>,
    /// Who plays.
    pub(super) turn: SpeakerTurn,
    in_call: bool,
    /// Whether a call or the preview wants the microphone.
    microphone_wanted: bool,
    trial: DeviceTrial,
    /// What records for the trial.
    recorder: Option<Recorder>,
    ring: Option<RingKind>,
    /// How calls ring.
    ring_tone: RingTone,
    ring_volume: Arc<VolumeControl>,
    /// Where a call rings, if not through the speaker of calls.
    ring_choice: Option<SpeakerChoice>,
    ring_speaker: Switchable<OpenSpeaker>,
    ring_turn: SpeakerTurn,
    /// What is written and what is not.
    recordings: Recordings,
}

impl AudioDevices {
    pub(super) fn new(options: &SessionOptions) -> Self {
        let settings = options.voice.settings(options.microphone.hears_a_room());
        let (voice, volume) = (VoiceInput::new(settings), VolumeControl::new(options.volume));
        let ring_volume = VolumeControl::new(options.ring.volume);
        let turn = || {
            let (volume, ring_volume) = (Arc::clone(&volume), Arc::clone(&ring_volume));
            SpeakerTurn::new(volume, ring_volume, Arc::clone(&voice.played))
        };
        let ring_choice = options.ring.speaker.clone();
        Self {
            setting: options.voice,
            turn: turn(),
            ring_turn: turn(),
            ring_volume,
            ring_speaker: Switchable::new(ring_choice.clone().unwrap_or_default()),
            ring_choice,
            voice,
            volume,
            microphone: Switchable::new(options.microphone.clone()),
            microphone_frames: DropOldestQueue::new(MICROPHONE_QUEUE_FRAMES),
            meter: LevelMeter::default(),
            speaker: Switchable::new(options.speaker.clone()),
            in_call: false,
            microphone_wanted: false,
            trial: DeviceTrial::default(),
            recorder: None,
            ring: None,
            ring_tone: options.ring.tone,
            recordings: options.recordings.clone(),
        }
    }

    pub(super) fn process_voice(&mut self, setting: VoiceSetting) {
        self.setting = setting;
        self.apply_setting();
    }

    /// Takes what the microphone has recorded, and keeps only how loud it was.
    pub(super) fn listen(&mut self) {
        if self.recorder.is_some() {
            return;
        }
        while let Some(frame) = self.microphone_frames.take() {
            self.meter.listen(&frame.samples);
        }
    }

    pub(super) fn level(&self) -> f32 {
        self.recorder.as_ref().map_or_else(|| self.meter.now(), Recorder::level)
    }

    /// Opens the microphone, and the speaker in a call, or closes them.
    pub(super) fn want(&mut self, microphone: bool, call: bool, now: Instant) {
        if self.in_call
            && !call
            && let SpeakerChoice::File(path) = self.speaker.keeper.choice()
            && self.speaker.is_opening()
            && self.speaker.keeper.trouble().is_some()
        {
            let words = format!("The sound is not recorded: nobody reads {}.", path.display());
            self.recordings.note_failure(words);
        }
        (self.in_call, self.microphone_wanted) = (call, microphone);
        if call {
            self.stop_trial();
        }
        self.want_devices(now);
    }

    /// Rings, or stops to.
    pub(super) fn ring(&mut self, ring: Option<RingKind>, now: Instant) {
        self.ring = ring;
        if ring.is_some() {
            self.stop_trial();
        }
        self.want_devices(now);
    }

    /// Tries a device out, or stops to. While there is a call nothing is tried.
    pub(super) fn try_device(&mut self, trial: Option<Trial>, now: Instant) {
        self.stop_trial();
        if let Some(trial) = trial.filter(|_| !self.in_call && self.ring.is_none()) {
            // What was heard before belongs to no recording.
            self.listen();
            self.trial.begin(trial, self.ring_tone, now);
            if let Some(words) = self.nothing_to_try(trial) {
                self.trial.fail(words);
            }
        }
        self.want_devices(now);
    }

    /// What is tried, and how far it is.
    pub(super) fn trial(&self) -> Option<TrialState> {
        self.trial.state()
    }

    /// Rings like this from now on.
    pub(super) fn set_ring(&mut self, ring: Ring, now: Instant) {
        self.ring_volume.set(ring.volume);
        self.ring_tone = ring.tone;
        if ring.speaker != self.ring_choice {
            self.stop_trial();
        }
        if let Some(choice) = &ring.speaker {
            self.ring_speaker.keeper.choose(choice.clone(), now);
        }
        self.ring_choice = ring.speaker;
        self.want_devices(now);
    }

    pub(super) fn choose_microphone(&mut self, choice: MicrophoneChoice, now: Instant) {
        self.try_device(None, now);
        self.microphone.keeper.choose(choice, now);
        self.apply_setting();
    }

    pub(super) fn choose_speaker(&mut self, choice: SpeakerChoice, now: Instant) {
        self.try_device(None, now);
        self.speaker.keeper.choose(choice, now);
        self.want_speaker(now);
    }

    /// Whether a device is missing, or lost and replaced.
    pub(super) fn is_missing(&self) -> bool {
        self.microphone.keeper.is_missing()
            || self.speaker.keeper.is_missing()
            || self.ring_speaker.keeper.is_missing()
    }

    /// Whether a device is wanted.
    pub(super) fn is_wanted(&self) -> bool {
        self.microphone.keeper.is_wanted()
            || self.speaker.keeper.is_wanted()
            || self.ring_speaker.keeper.is_wanted()
    }

    /// Whether a device is about to be open, or tried out.
    pub(super) fn is_opening(&self) -> bool {
        self.trial.is_running()
            || self.microphone.is_opening()
            || self.speaker.is_opening()
            || self.ring_speaker.is_opening()
    }

    /// Opens and closes what is due.
    pub(super) fn tick(&mut self, pipeline: Option<&Pipeline>) {
        while let Some(event) = self.microphone.tick(Instant::now(), || OpenMicrophone::open) {
            self.on_microphone(event, pipeline);
        }
        while let Some(event) = self.speaker.tick(Instant::now(), || OpenSpeaker::open) {
            match event {
                Event::Opened(former) => {
                    if let Some(sink) =
                        self.speaker.device().and_then(|speaker| speaker.sink.take())
                    {
                        self.turn.speaker_opened(sink, pipeline);
                    }
                    drop(former);
                }
                Event::Closed(speaker) => {
                    self.turn.speaker_closed(pipeline);
                    if let Some(words) = speaker.close() {
                        self.recordings.note_failure(words);
                    }
                }
            }
        }
        self.tick_ring();
        if self.trial.is_running() {
            self.tick_trial(Instant::now());
        }
        if let Some(words) = self.failed_file() {
            self.recordings.note_known_failure(&words);
        }
    }

    /// Why the sound is not written into a file that it should be written into. A pipe may yet be
    /// read.
    fn failed_file(&self) -> Option<String> {
        match (self.speaker.keeper.choice(), self.speaker.keeper.trouble()) {
            (SpeakerChoice::File(_), Some(Trouble::Missing(words))) => {
                (!self.speaker.is_opening()).then(|| words.plain())
            }
            _ => None,
        }
    }

    /// Follows what has changed between two looks at the devices there are.
    pub(super) fn devices_changed(&mut self, before: &DevicesNow, now: &DevicesNow, at: Instant) {
        self.microphone.devices_changed(before, now, at);
        self.speaker.devices_changed(before, now, at);
        self.ring_speaker.devices_changed(before, now, at);
    }

    /// What is wrong with the microphone now, in words.
    pub(super) fn microphone_trouble(&self) -> Option<Phrase> {
        Some(match self.microphone.keeper.trouble()? {
            Trouble::Missing(words) if self.in_call => {
                phrase!("call-without-voice", trouble = words.clone())
            }
            Trouble::Missing(words) | Trouble::Fallback(words) => words.clone(),
            Trouble::Replaced => phrase!("microphone-replaced"),
        })
    }

    /// What is wrong with the speaker now, in words. Where it is missed by a ring tone only, it
    /// will be missed, and that reported, in the call.
    pub(super) fn speaker_trouble(&self) -> Option<Phrase> {
        Some(match self.speaker.keeper.trouble().filter(|_| self.in_call)? {
            Trouble::Missing(words) if !self.speaker.keeper.choice().is_heard() => words.clone(),
            Trouble::Missing(words) => phrase!("call-without-sound", trouble = words.clone()),
            Trouble::Fallback(words) => {
                phrase!("sound-through-default", trouble = words.clone())
            }
            Trouble::Replaced => phrase!("speaker-replaced"),
        })
    }

    fn want_devices(&mut self, now: Instant) {
        self.microphone.keeper.want(self.microphone_wanted || self.trial.wants_microphone(), now);
        self.want_speaker(now);
    }

    fn want_speaker(&mut self, now: Instant) {
        let (elsewhere, here) = self.tunes();
        self.speaker.keeper.want(self.in_call || here.is_some(), now);
        self.ring_speaker.keeper.want(elsewhere.is_some(), now);
        self.turn.play(here);
        self.ring_turn.play(elsewhere);
    }

    /// What the speaker that only rings is to play, and what that of calls is to.
    fn tunes(&self) -> (Option<Tune>, Option<Tune>) {
        let tune = match (self.ring, self.trial.sound()) {
            (Some(kind), _) => Tune::Ring(kind, self.ring_tone),
            (None, Some((Trial::Ring, sound))) => Tune::OnceAsRing(Arc::clone(sound)),
            // A file that was chosen gets what is tried out.
            (None, Some((_, sound))) => return (None, Some(Tune::Once(Arc::clone(sound)))),
            (None, None) => return (None, None),
        };
        let rings = !matches!(tune, Tune::Ring(RingKind::Ringback, _));
        match self.own_ring_choice().filter(|_| rings) {
            Some(own) => (Some(tune).filter(|_| own.is_heard()), None),
            // A file gets the call, and no ring tone.
            None => (None, Some(tune).filter(|_| self.speaker.keeper.choice().is_heard())),
        }
    }

    /// Where a call rings, if not through the speaker of calls.
    fn own_ring_choice(&self) -> Option<&SpeakerChoice> {
        self.ring_choice.as_ref().filter(|own| *own != self.speaker.keeper.choice())
    }

    /// Why there is nothing to try, where that is so.
    fn nothing_to_try(&self, trial: Trial) -> Option<Phrase> {
        let speaker = self.speaker.keeper.choice();
        let rings_at = self.own_ring_choice().unwrap_or(speaker);
        let no_microphone = *self.microphone.keeper.choice() == MicrophoneChoice::None;
        match trial {
            Trial::Microphone if no_microphone => Some(phrase!("trial-no-microphone")),
            Trial::Microphone | Trial::Speaker if *speaker == SpeakerChoice::None => {
                Some(phrase!("trial-no-speaker"))
            }
            Trial::Ring if !rings_at.is_heard() => Some(phrase!("trial-no-speaker")),
            _ => None,
        }
    }

    fn stop_trial(&mut self) {
        self.recorder = None;
        self.trial.stop();
    }

    /// Takes the trial a step further.
    fn tick_trial(&mut self, now: Instant) {
        if self.trial.wants_microphone() {
            if let Some(Trouble::Missing(words)) = self.microphone.keeper.trouble() {
                self.trial.fail(words.clone());
            }
            self.record(now);
        } else {
            let rings_elsewhere = matches!(self.trial.sound(), Some((Trial::Ring, _)))
                && self.own_ring_choice().is_some();
            let (speaker, turn) = if rings_elsewhere {
                (&self.ring_speaker, &self.ring_turn)
            } else {
                (&self.speaker, &self.turn)
            };
            if turn.is_playing() {
                self.trial.device_is_open(now);
            }
            if turn.has_played() {
                self.trial.played();
            } else if let Some(Trouble::Missing(words) | Trouble::Fallback(words)) =
                speaker.keeper.trouble()
            {
                self.trial.fail(words.clone());
            }
        }
        self.trial.tick(now);
        if !self.trial.wants_microphone() {
            self.recorder = None;
        }
        self.want_devices(now);
    }

    /// Records as soon as the microphone is open, until there is enough.
    fn record(&mut self, now: Instant) {
        match self.recorder.take() {
            None if self.microphone.device().is_some() => {
                let voice = self.voice.controls.get();
                let frames = Arc::clone(&self.microphone_frames);
                match Recorder::start(frames, recorded_samples(), voice) {
                    Ok(recorder) => self.recorder = Some(recorder),
                    Err(error) => {
                        tracing::warn!(%error, "no thread to record on");
                        self.trial.fail(phrase!("no-thread"));
                    }
                }
            }
            None => {}
            Some(recorder) if recorder.is_whole() => self.trial.recorded(recorder.stop(), now),
            Some(recorder) => {
                if recorder.has_begun() {
                    self.trial.device_is_open(now);
                }
                self.recorder = Some(recorder);
            }
        }
    }

    /// Opens and closes the speaker that only rings.
    fn tick_ring(&mut self) {
        while let Some(event) = self.ring_speaker.tick(Instant::now(), || OpenSpeaker::open) {
            match event {
                Event::Opened(former) => {
                    let speaker = self.ring_speaker.device();
                    if let Some(sink) = speaker.and_then(|speaker| speaker.sink.take()) {
                        self.ring_turn.speaker_opened(sink, None::<&Pipeline>);
                    }
                    drop(former);
                }
                Event::Closed(speaker) => {
                    self.ring_turn.speaker_closed(None::<&Pipeline>);
                    drop(speaker);
                }
            }
        }
    }

    fn apply_setting(&self) {
        self.voice
            .controls
            .set(self.setting.settings(self.microphone.keeper.choice().hears_a_room()));
    }

    fn on_microphone(&mut self, event: Event<OpenMicrophone>, pipeline: Option<&Pipeline>) {
        match event {
            Event::Opened(former) => {
                if let Some(microphone) = self.microphone.device() {
                    let frames = Arc::clone(&microphone.frames);
                    // What both have recorded is sent once.
                    while former.is_some() && frames.take().is_some() {}
                    if let Some(pipeline) = pipeline {
                        pipeline.set_microphone(Arc::clone(&frames));
                    }
                    self.microphone_frames = frames;
                }
                drop(former);
            }
            Event::Closed(microphone) => {
                drop(microphone);
                self.listen();
                self.meter = LevelMeter::default();
            }
        }
    }
}
