//! The microphone and the speaker of a session, and what follows them through a call: the
//! processing of the voice, the volume, whose turn it is to play, and the change from one device to
//! another.
//!
//! A device is exchanged by opening the next one before the last is closed, so that next to nothing
//! is missing in between. When one is lost, the system's default is used until it is back;
//! when the system picks another default, that is followed; one that does not open is tried again
//! ([`DeviceKeeper`](crate::session::device_keeper)). What always holds: frames of a closed
//! microphone are never read, and neither are its events.

use std::sync::Arc;
use std::time::Instant;

use crate::device::device_watch::DevicesNow;
use crate::device::{MicrophoneChoice, SpeakerChoice};
use crate::media::audio_level::LevelMeter;
use crate::media::audio_output::VolumeControl;
use crate::media::audio_send::MICROPHONE_QUEUE_FRAMES;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::AudioFrame;
use crate::media::ringtone::RingKind;
use crate::media::video_record::Recordings;
use crate::media::voice_processing::{VoiceInput, VoiceSetting};
use crate::session::device_keeper::Trouble;
use crate::session::open_devices::{OpenMicrophone, OpenSpeaker};
use crate::session::options::SessionOptions;
use crate::session::pipeline::Pipeline;
use crate::session::speaker_turn::SpeakerTurn;
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
    ring: Option<RingKind>,
    /// What is written and what is not.
    recordings: Recordings,
}

impl AudioDevices {
    pub(super) fn new(options: &SessionOptions) -> Self {
        let settings = options.voice.settings(options.microphone.hears_a_room());
        let (voice, volume) = (VoiceInput::new(settings), VolumeControl::new(options.volume));
        Self {
            setting: options.voice,
            turn: SpeakerTurn::new(Arc::clone(&volume), Arc::clone(&voice.played)),
            voice,
            volume,
            microphone: Switchable::new(options.microphone.clone()),
            microphone_frames: DropOldestQueue::new(MICROPHONE_QUEUE_FRAMES),
            meter: LevelMeter::default(),
            speaker: Switchable::new(options.speaker.clone()),
            in_call: false,
            ring: None,
            recordings: options.recordings.clone(),
        }
    }

    pub(super) fn process_voice(&mut self, setting: VoiceSetting) {
        self.setting = setting;
        self.apply_setting();
    }

    /// Takes what the microphone has recorded, and keeps only how loud it was.
    pub(super) fn listen(&mut self) {
        while let Some(frame) = self.microphone_frames.take() {
            self.meter.listen(&frame.samples);
        }
    }

    pub(super) fn level(&self) -> f32 {
        self.meter.now()
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
        self.in_call = call;
        self.microphone.keeper.want(microphone, now);
        self.want_speaker(now);
    }

    /// Rings, or stops to.
    pub(super) fn ring(&mut self, ring: Option<RingKind>, now: Instant) {
        self.ring = ring;
        self.want_speaker(now);
    }

    pub(super) fn choose_microphone(&mut self, choice: MicrophoneChoice, now: Instant) {
        self.microphone.keeper.choose(choice, now);
        self.apply_setting();
    }

    pub(super) fn choose_speaker(&mut self, choice: SpeakerChoice, now: Instant) {
        self.speaker.keeper.choose(choice, now);
        self.want_speaker(now);
    }

    /// Whether a device is missing, or lost and replaced.
    pub(super) fn is_missing(&self) -> bool {
        self.microphone.keeper.is_missing() || self.speaker.keeper.is_missing()
    }

    /// Whether a device is wanted.
    pub(super) fn is_wanted(&self) -> bool {
        self.microphone.keeper.is_wanted() || self.speaker.keeper.is_wanted()
    }

    /// Whether a device is about to be open.
    pub(super) fn is_opening(&self) -> bool {
        self.microphone.is_opening() || self.speaker.is_opening()
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

    fn want_speaker(&mut self, now: Instant) {
        // A file gets the call, and nothing else.
        let ring = self.ring.filter(|_| self.speaker.keeper.choice().is_heard());
        self.turn.ring(ring);
        self.speaker.keeper.want(self.in_call || ring.is_some(), now);
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
