//! The microphone and the speaker of a session, and what follows them through a call: the processing of the voice, the
//! volume, and the change from one device to another.
//!
//! A device is exchanged by opening the next one before the last is closed, so that next to nothing is missing in between.
//! When one is lost, the system's default stands in for it until it is back; when the system picks another default, that
//! is followed. What always holds: frames of a closed microphone are never read, and neither are its events.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::device::audio_host::{AudioDeviceError, AudioEvent};
use crate::device::audio_watch::{AudioDevicesNow, AudioWatch};
use crate::device::microphone::{self, Microphone};
use crate::device::speaker::{self, Speaker};
use crate::device::{MicrophoneChoice, SpeakerChoice};
use crate::media::audio_level::LevelMeter;
use crate::media::audio_output::{AudioOutput, Volume, VolumeControl};
use crate::media::audio_receive::AudioSink;
use crate::media::audio_send::MICROPHONE_QUEUE_FRAMES;
use crate::media::frame::AudioFrame;
use crate::media::frame_queue::FrameQueue;
use crate::media::voice_processing::{VoiceInput, VoiceWish};
use crate::session::options::SessionOptions;
use crate::session::pipeline::Pipeline;

/// Events of one device that wait; when full, the event is dropped, as one is enough.
const DEVICE_EVENT_QUEUE: usize = 4;

const MICROPHONE_STOOD_IN: &str = "The microphone was disconnected. The system's default is used in its place.";
const SPEAKER_STOOD_IN: &str = "The speaker was disconnected. The system's default is used in its place.";

/// An open device, and its own events.
struct Open<D> {
    _device: D,
    events: mpsc::Receiver<AudioEvent>,
    /// Whether it stands in for one that was chosen and is not there.
    stands_in: bool,
}

/// The two devices.
pub(super) struct AudioDevices {
    microphone_choice: MicrophoneChoice,
    speaker_choice: SpeakerChoice,
    wish: VoiceWish,
    voice: VoiceInput,
    volume: Arc<VolumeControl>,
    microphone: Option<Open<Microphone>>,
    microphone_wanted: bool,
    heard: Arc<FrameQueue<AudioFrame>>,
    /// How loud the microphone is while no pipeline listens to it.
    meter: LevelMeter,
    speaker: Option<Open<Speaker>>,
    speaker_wanted: bool,
    /// The speaker's sink until a pipeline takes it.
    sink: Option<Box<dyn AudioSink>>,
    /// There while a device is wanted.
    watch: Option<AudioWatch>,
    seen: Option<AudioDevicesNow>,
}

impl AudioDevices {
    pub(super) fn new(options: &SessionOptions) -> Self {
        let settings = options.voice.settings(options.microphone.hears_a_room());
        Self {
            microphone_choice: options.microphone.clone(),
            speaker_choice: options.speaker.clone(),
            wish: options.voice,
            voice: VoiceInput::new(settings),
            volume: VolumeControl::new(options.volume),
            microphone: None,
            microphone_wanted: false,
            heard: FrameQueue::new(MICROPHONE_QUEUE_FRAMES),
            meter: LevelMeter::new(),
            speaker: None,
            speaker_wanted: false,
            sink: None,
            watch: None,
            seen: None,
        }
    }

    /// Where the microphone's frames are now.
    pub(super) fn heard(&self) -> Arc<FrameQueue<AudioFrame>> {
        Arc::clone(&self.heard)
    }

    /// What is done to the voice.
    pub(super) fn voice(&self) -> VoiceInput {
        self.voice.clone()
    }

    /// The speaker's sink, for a pipeline to play through.
    pub(super) fn take_sink(&mut self) -> Box<dyn AudioSink> {
        self.sink.take().unwrap_or_else(speaker::silent_sink)
    }

    /// A sink that a pipeline no longer plays through. A call that goes on with another connection plays on through it.
    pub(super) fn put_sink_back(&mut self, sink: Option<Box<dyn AudioSink>>) {
        self.sink = sink.filter(|_| self.speaker.is_some());
    }

    pub(super) fn process_voice(&mut self, wish: VoiceWish) {
        self.wish = wish;
        self.apply_wish();
    }

    pub(super) fn set_volume(&self, volume: Volume) {
        self.volume.set(volume);
    }

    /// Takes what the microphone has heard, and keeps only how loud it was.
    pub(super) fn listen(&mut self) {
        while let Some(frame) = self.heard.take() {
            self.meter.listen(&frame.samples);
        }
    }

    pub(super) fn level(&self) -> f32 {
        self.meter.now()
    }

    /// Opens what is wanted and not open, closes what is open and not wanted. What can't be opened is said in words.
    pub(super) fn open_and_close(
        &mut self,
        (microphone, speaker): (bool, bool),
        pipeline: Option<&Pipeline>,
        mut trouble: impl FnMut(String),
    ) {
        (self.microphone_wanted, self.speaker_wanted) = (microphone, speaker);
        if !microphone {
            self.close_microphone();
        } else if self.microphone.is_none() {
            self.open_microphone(pipeline, &mut trouble);
        }
        if !speaker {
            (self.speaker, self.sink) = (None, None);
        } else if self.speaker.is_none() {
            self.open_speaker(pipeline, &mut trouble);
        }
        if !(microphone || speaker) {
            (self.watch, self.seen) = (None, None);
        } else if self.watch.is_none() {
            self.watch = Some(AudioWatch::start());
        }
    }

    pub(super) fn choose_microphone(
        &mut self,
        choice: MicrophoneChoice,
        pipeline: Option<&Pipeline>,
        mut trouble: impl FnMut(String),
    ) {
        self.microphone_choice = choice;
        self.apply_wish();
        if self.microphone_wanted {
            self.open_microphone(pipeline, &mut trouble);
        }
    }

    pub(super) fn choose_speaker(
        &mut self,
        choice: SpeakerChoice,
        pipeline: Option<&Pipeline>,
        mut trouble: impl FnMut(String),
    ) {
        if matches!(self.speaker_choice, SpeakerChoice::File(_)) {
            // Two may not write into one file.
            self.speaker = None;
        }
        self.speaker_choice = choice;
        if self.speaker_wanted {
            self.open_speaker(pipeline, &mut trouble);
        }
    }

    /// Looks at what the devices report and at what the system has.
    pub(super) fn look(&mut self, pipeline: Option<&Pipeline>, mut trouble: impl FnMut(String)) {
        if let Some(words) = lost(&mut self.microphone) {
            self.replace_microphone(pipeline, &words, &mut trouble);
        }
        if let Some(words) = lost(&mut self.speaker) {
            self.replace_speaker(pipeline, &words, &mut trouble);
        }
        let Some(now) = self.watch.as_ref().and_then(AudioWatch::take) else { return };
        let before = self.seen.replace(now.clone()).unwrap_or_else(|| now.clone());
        if self.microphone_wanted {
            let name = match &self.microphone_choice {
                MicrophoneChoice::Named(name) => Some(name),
                _ => None,
            };
            let named = name.is_some_and(|name| now.microphones.contains(name));
            if moved_on(&mut self.microphone, name, &before.microphones, &now.microphones) {
                trouble(MICROPHONE_STOOD_IN.to_owned());
            }
            let moved = now.default_microphone.is_some() && now.default_microphone != before.default_microphone;
            if follows(&self.microphone, self.microphone_choice == MicrophoneChoice::Default, named, moved) {
                self.follow_microphone(named, pipeline);
            }
        }
        if self.speaker_wanted {
            let name = match &self.speaker_choice {
                SpeakerChoice::Named(name) => Some(name),
                _ => None,
            };
            let named = name.is_some_and(|name| now.speakers.contains(name));
            if moved_on(&mut self.speaker, name, &before.speakers, &now.speakers) {
                trouble(SPEAKER_STOOD_IN.to_owned());
            }
            let moved = now.default_speaker.is_some() && now.default_speaker != before.default_speaker;
            if follows(&self.speaker, self.speaker_choice == SpeakerChoice::Default, named, moved) {
                self.follow_speaker(named, pipeline);
            }
        }
        let missing =
            (self.microphone_wanted && misses(&self.microphone)) || (self.speaker_wanted && misses(&self.speaker));
        if let Some(watch) = &self.watch {
            watch.look_for_names(missing);
        }
    }

    fn apply_wish(&self) {
        self.voice.controls.set(self.wish.settings(self.microphone_choice.hears_a_room()));
    }

    fn open_microphone(&mut self, pipeline: Option<&Pipeline>, trouble: &mut impl FnMut(String)) {
        if self.microphone_choice == MicrophoneChoice::None {
            self.close_microphone();
            return;
        }
        let choice = self.microphone_choice.clone();
        if let Err(error) = self.start_microphone(&choice, false, pipeline) {
            self.close_microphone();
            let words = sentence(&error.to_string());
            // The speaker is wanted in a call only.
            trouble(if self.speaker_wanted { format!("{words} The call goes on without your voice.") } else { words });
        }
    }

    /// Opens one in the place of the one before.
    fn start_microphone(
        &mut self,
        choice: &MicrophoneChoice,
        stands_in: bool,
        pipeline: Option<&Pipeline>,
    ) -> Result<(), AudioDeviceError> {
        let open = || {
            let (event_in, events) = mpsc::channel(DEVICE_EVENT_QUEUE);
            let frames = FrameQueue::new(MICROPHONE_QUEUE_FRAMES);
            let device = microphone::open_microphone(choice, Arc::clone(&frames), event_in)?;
            Ok((Open { _device: device, events, stands_in }, frames))
        };
        let (device, frames) = match open() {
            // The last one may keep the next from opening: some can be opened once only.
            Err(AudioDeviceError::Busy { .. } | AudioDeviceError::Failed { .. }) if self.microphone.is_some() => {
                self.microphone = None;
                open()?
            }
            opened => opened?,
        };
        // What both have heard is sent once.
        while frames.take().is_some() {}
        if let Some(pipeline) = pipeline {
            pipeline.set_microphone(Arc::clone(&frames));
        }
        self.heard = frames;
        self.microphone = Some(device);
        Ok(())
    }

    fn close_microphone(&mut self) {
        self.microphone = None;
        self.listen();
        self.meter = LevelMeter::new();
    }

    fn replace_microphone(&mut self, pipeline: Option<&Pipeline>, words: &str, trouble: &mut impl FnMut(String)) {
        let stands_in = self.microphone_choice != MicrophoneChoice::Default;
        if self.microphone_choice.hears_a_room()
            && self.start_microphone(&MicrophoneChoice::Default, stands_in, pipeline).is_ok()
        {
            trouble(MICROPHONE_STOOD_IN.to_owned());
        } else {
            self.close_microphone();
            trouble(sentence(words));
        }
    }

    fn follow_microphone(&mut self, named: bool, pipeline: Option<&Pipeline>) {
        let choice = if named { self.microphone_choice.clone() } else { MicrophoneChoice::Default };
        let stands_in = choice != self.microphone_choice;
        if let Err(error) = self.start_microphone(&choice, stands_in, pipeline) {
            tracing::debug!(%error, "another microphone could not be followed");
        }
    }

    fn open_speaker(&mut self, pipeline: Option<&Pipeline>, trouble: &mut impl FnMut(String)) {
        let choice = self.speaker_choice.clone();
        if let Err(error) = self.start_speaker(&choice, false, pipeline) {
            self.use_no_speaker(pipeline);
            trouble(format!("{} You will not hear the other.", sentence(&error.to_string())));
        }
    }

    /// Opens one in the place of the one before.
    fn start_speaker(
        &mut self,
        choice: &SpeakerChoice,
        stands_in: bool,
        pipeline: Option<&Pipeline>,
    ) -> Result<(), AudioDeviceError> {
        let open = || {
            let (event_in, events) = mpsc::channel(DEVICE_EVENT_QUEUE);
            let (device, sink) = speaker::open_speaker(choice, event_in)?;
            Ok((Open { _device: device, events, stands_in }, sink))
        };
        let (device, sink) = match open() {
            Err(AudioDeviceError::Busy { .. } | AudioDeviceError::Failed { .. }) if self.speaker.is_some() => {
                self.speaker = None;
                open()?
            }
            opened => opened?,
        };
        self.play_through(sink, pipeline);
        self.speaker = Some(device);
        Ok(())
    }

    fn use_no_speaker(&mut self, pipeline: Option<&Pipeline>) {
        self.play_through(speaker::silent_sink(), pipeline);
        self.speaker = None;
    }

    fn replace_speaker(&mut self, pipeline: Option<&Pipeline>, words: &str, trouble: &mut impl FnMut(String)) {
        let native = matches!(self.speaker_choice, SpeakerChoice::Default | SpeakerChoice::Named(_));
        let stands_in = self.speaker_choice != SpeakerChoice::Default;
        if native && self.start_speaker(&SpeakerChoice::Default, stands_in, pipeline).is_ok() {
            trouble(SPEAKER_STOOD_IN.to_owned());
        } else {
            self.use_no_speaker(pipeline);
            trouble(sentence(words));
        }
    }

    fn follow_speaker(&mut self, named: bool, pipeline: Option<&Pipeline>) {
        let choice = if named { self.speaker_choice.clone() } else { SpeakerChoice::Default };
        let stands_in = choice != self.speaker_choice;
        if let Err(error) = self.start_speaker(&choice, stands_in, pipeline) {
            tracing::debug!(%error, "another speaker could not be followed");
        }
    }

    fn play_through(&mut self, sink: Box<dyn AudioSink>, pipeline: Option<&Pipeline>) {
        let sink = AudioOutput::new(sink, Arc::clone(&self.volume), Arc::clone(&self.voice.played));
        match pipeline {
            Some(pipeline) => pipeline.set_sink(Box::new(sink)),
            None => self.sink = Some(Box::new(sink)),
        }
    }
}

/// Why a device is gone, if it is.
fn lost<D>(device: &mut Option<Open<D>>) -> Option<String> {
    let AudioEvent::Lost { words, .. } = device.as_mut()?.events.try_recv().ok()?;
    Some(words)
}

/// Whether the sound server has just given the sound of a device that is gone to another one; takes note of it.
fn moved_on<D>(device: &mut Option<Open<D>>, name: Option<&String>, before: &[String], now: &[String]) -> bool {
    let Some((open, name)) = device.as_mut().filter(|open| !open.stands_in).zip(name) else { return false };
    open.stands_in = before.contains(name) && !now.contains(name);
    open.stands_in
}

/// Whether the device that was chosen is not the one that is open.
fn misses<D>(device: &Option<Open<D>>) -> bool {
    device.as_ref().is_none_or(|open| open.stands_in)
}

/// Whether another device is to be opened: the one that was chosen by name is back, or the system picks another one.
fn follows<D>(device: &Option<Open<D>>, by_default: bool, named: bool, moved: bool) -> bool {
    match device {
        Some(open) if open.stands_in => named || moved,
        Some(_) => by_default && moved,
        None => named || (by_default && moved),
    }
}

/// An error's text as a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
