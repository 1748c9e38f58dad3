//! What the media thread does: devices open and close as the call and the preview want them, and
//! the encoders and decoders of one peer connection at a time run between them and its queues.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::device::camera::CameraWant;
use crate::device::device_watch::{DeviceWatch, DevicesNow, Missing};
use crate::device::{self, CameraChoice, DeviceList, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::{AudioFrame, RgbaFrame, VideoFrame};
use crate::media::ringtone::RingKind;
use crate::media::voice_processing::VoiceSetting;
use crate::session::audio_devices::AudioDevices;
use crate::session::device_keeper::Trouble;
use crate::session::device_trial::{Trial, TrialState};
use crate::session::kept_picture;
use crate::session::notices::DeviceKind;
use crate::session::open_devices::OpenCamera;
use crate::session::options::{Ring, SessionOptions};
use crate::session::outgoing_picture::OutgoingPicture;
use crate::session::pipeline::{Pipeline, PipelineStatistics};
use crate::session::snapshot::VideoLimitChange;
use crate::session::switchable::{Event, Switchable};
use crate::transport::{MediaEnds, PeerCommand};
use crate::words::{Phrase, phrase};

/// When the camera is turned off, so many black frames follow the last real one, so that the
/// other does not keep looking at a frozen face.
const BLACK_FRAMES: u32 = 3;
/// The time between two of them.
const BLACK_FRAME_EVERY: Duration = Duration::from_millis(100);
/// How long nothing has to be wanted before nothing is looked at: devices have closed by then.
const IDLE_AFTER: Duration = Duration::from_secs(5);

/// What the media thread reports.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MediaEvent {
    /// The devices there are.
    Devices(DeviceList),
    /// Whether a camera delivers frames.
    CameraLive(bool),
    /// Something went wrong; in words.
    Trouble(Phrase),
    /// A picture was kept there, or why not.
    Kept(Result<PathBuf, Phrase>),
    /// What is wrong with a device now, in words; nothing when it is well or not wanted.
    DeviceTrouble(DeviceKind, Option<Phrase>),
    /// What is tried out, and how far it is.
    Trial(Option<TrialState>),
}

/// What changes all the time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MediaStatistics {
    /// How loud the microphone is, 0 to 1.
    pub(super) microphone_level: f32,
    /// How loud it is in a call, muted or not, and for how long nothing has come from it.
    pub(super) captured: (f32, Duration),
    /// Whether the other's video arrives.
    pub(super) remote_video_live: bool,
    /// What encoders and decoders have measured so far.
    pub(super) pipeline: PipelineStatistics,
}

/// What the media thread is to do. `C` is the person's consent to a call.
pub(super) enum MediaCommand<C> {
    /// Opens camera, microphone and speaker for the call that the person has consented to.
    StartCall(Arc<C>),
    /// Closes them.
    StopCall,
    /// Encodes and decodes for a peer connection from now on.
    Attach(MediaEnds, mpsc::WeakSender<PeerCommand>),
    /// The peer connection carries media: what the camera delivers is encoded from now on.
    MediaFlows,
    /// Encodes and decodes no longer; what was measured goes there when the last frame is dealt
    /// with.
    Detach(oneshot::Sender<PipelineStatistics>),
    /// Shows the preview, or stops to.
    Preview(bool),
    /// Mutes the microphone or unmutes it.
    Mute(bool),
    /// Turns the camera off or on.
    TurnCameraOff(bool),
    ChooseCamera(CameraChoice),
    ChooseMicrophone(MicrophoneChoice),
    ChooseSpeaker(SpeakerChoice),
    ProcessVoice(VoiceSetting),
    SetVolume(Volume),
    SetRing(Ring),
    /// Captures and sends no more than this from the next call on.
    LimitVideo(VideoLimitChange),
    ListDevices,
    /// Tries a device out, or stops to.
    TryDevice(Option<Trial>),
    /// Keeps the other's picture, who is called so, as it is now.
    KeepPicture(String),
    /// Shows this screen, with the camera in its corner or without, or the camera again.
    Share(Option<(Arc<DropOldestQueue<VideoFrame>>, bool)>),
    /// Shows the camera in the corner of the screen, or no longer.
    ShowCameraInCorner(bool),
    /// Sends this sound of the computer beside the voice, or none.
    HearComputer(Option<Arc<DropOldestQueue<AudioFrame>>>),
    /// Plays a tone while a call is not taken yet, or stops to.
    Ring(Option<RingKind>),
}

/// Everything that the media thread owns.
pub(super) struct MediaEngine<C> {
    options: SessionOptions,
    events: mpsc::Sender<MediaEvent>,
    remote_video: Arc<DropOldestQueue<RgbaFrame>>,
    camera: Switchable<OpenCamera>,
    picture: OutgoingPicture,
    /// Whether the camera is to be seen in the corner of a shared screen.
    corner: bool,
    computer: Option<Arc<DropOldestQueue<AudioFrame>>>,
    audio: AudioDevices,
    pipeline: Option<Pipeline>,
    /// There while a device is wanted.
    watch: Option<DeviceWatch>,
    seen: Option<DevicesNow>,
    /// Whether the devices there are were asked for, and whether they are being listed.
    list_due: bool,
    listing: Arc<AtomicBool>,
    reported: Reported,
    /// By what the devices of a call may be open; `None` between calls.
    in_call: Option<Arc<C>>,
    preview: bool,
    muted: bool,
    camera_off: bool,
    black_frames_due: u32,
    black_frame_at: Instant,
    /// Since when nothing is wanted.
    unused_since: Option<Instant>,
}

/// What was reported to the driver. What its queue did not take is reported later.
#[derive(Default)]
struct Reported {
    camera_live: bool,
    troubles: [Option<Phrase>; 3],
    trial: Option<TrialState>,
}

impl<C> MediaEngine<C> {
    pub(super) fn new(
        options: SessionOptions,
        remote_video: Arc<DropOldestQueue<RgbaFrame>>,
        self_video: Arc<DropOldestQueue<RgbaFrame>>,
        events: mpsc::Sender<MediaEvent>,
    ) -> Self {
        Self {
            audio: AudioDevices::new(&options),
            camera: Switchable::new(options.camera.clone()),
            muted: options.muted,
            camera_off: options.camera_off,
            options,
            events,
            remote_video,
            picture: OutgoingPicture::new(self_video),
            corner: false,
            computer: None,
            pipeline: None,
            watch: None,
            seen: None,
            list_due: false,
            listing: Arc::default(),
            reported: Reported::default(),
            in_call: None,
            preview: false,
            black_frames_due: 0,
            black_frame_at: Instant::now(),
            unused_since: None,
        }
    }

    /// Carries out a command.
    pub(super) fn carry_out(&mut self, command: MediaCommand<C>) {
        match command {
            MediaCommand::StartCall(consent) => {
                self.in_call = Some(consent);
                self.open_and_close();
            }
            MediaCommand::StopCall => {
                self.in_call = None;
                self.open_and_close();
            }
            MediaCommand::Attach(ends, peer) => {
                let _replaced = self.detach();
                // What was recorded in the preview is not sent.
                self.audio.listen();
                self.pipeline = Some(Pipeline::start(
                    &self.options,
                    &self.audio,
                    self.muted,
                    Arc::clone(&self.remote_video),
                    ends,
                    peer,
                    |words| self.trouble(phrase!("part-failed").or_plain(words)),
                ));
                self.hear_computer(self.computer.clone());
            }
            MediaCommand::MediaFlows => {
                // Not before: the first frame is a key frame, and it would be lost.
                if let Some(pipeline) = &self.pipeline {
                    self.audio.turn.begin_call(pipeline);
                    self.picture.begin(pipeline.encoder_input());
                }
            }
            MediaCommand::Detach(reply) => {
                let statistics = self.detach();
                // Whoever asked may have stopped waiting.
                let _ = reply.send(statistics);
            }
            MediaCommand::LimitVideo(VideoLimitChange { size, fps, max_bitrate }) => {
                let options = &mut self.options;
                options.video_size = size.unwrap_or(options.video_size);
                options.fps = fps.unwrap_or(options.fps);
                options.max_bitrate = max_bitrate.unwrap_or(options.max_bitrate);
            }
            MediaCommand::Preview(on) => {
                self.preview = on;
                self.open_and_close();
            }
            MediaCommand::Mute(muted) => {
                self.muted = muted;
                if let Some(pipeline) = &self.pipeline {
                    pipeline.set_muted(muted);
                }
            }
            MediaCommand::TurnCameraOff(off) => {
                self.camera_off = off;
                self.open_and_close();
                self.picture.show_camera_in_corner(self.corner && !off);
                self.fade_to_black();
            }
            MediaCommand::ChooseCamera(choice) => {
                // One that is about to be open delivers nothing any more.
                self.picture.take_over();
                self.camera.keeper.choose(choice, Instant::now());
            }
            MediaCommand::ChooseMicrophone(choice) => {
                self.audio.choose_microphone(choice, Instant::now())
            }
            MediaCommand::ChooseSpeaker(choice) => {
                self.audio.choose_speaker(choice, Instant::now())
            }
            MediaCommand::ProcessVoice(setting) => self.audio.process_voice(setting),
            MediaCommand::SetVolume(volume) => self.audio.volume.set(volume),
            MediaCommand::SetRing(ring) => self.audio.set_ring(ring, Instant::now()),
            MediaCommand::ListDevices => self.list_due = true,
            MediaCommand::TryDevice(trial) => self.audio.try_device(trial, Instant::now()),
            MediaCommand::KeepPicture(of) => self.keep_picture(of),
            MediaCommand::Share(Some((screen, corner))) => {
                self.corner = corner;
                self.picture.share(screen, corner && !self.camera_off);
                self.open_and_close();
                self.fade_to_black();
            }
            MediaCommand::Share(None) => {
                self.picture.stop_sharing();
                self.open_and_close();
                self.fade_to_black();
            }
            MediaCommand::ShowCameraInCorner(corner) => {
                self.corner = corner;
                self.picture.show_camera_in_corner(corner && !self.camera_off);
            }
            MediaCommand::HearComputer(sound) => self.hear_computer(sound),
            MediaCommand::Ring(ring) => {
                self.audio.ring(ring.filter(|_| self.options.window), Instant::now())
            }
        }
    }

    /// Whether nothing has been wanted for long enough that all is closed.
    pub(super) fn is_idle(&self) -> bool {
        self.unused_since.is_some_and(|since| since.elapsed() >= IDLE_AFTER)
    }

    /// Whether a device is about to be open, so that the next look is wanted soon.
    pub(super) fn is_opening(&self) -> bool {
        self.camera.is_opening() || self.audio.is_opening()
    }

    /// Looks at what devices report and at how things are.
    pub(super) fn look(&mut self) -> MediaStatistics {
        self.follow_changes();
        self.list_devices();
        self.tick_camera();
        self.audio.tick(self.pipeline.as_ref());
        self.report_changes();
        let used = self.pipeline.is_some()
            || self.list_due
            || self.is_opening()
            || self.camera.keeper.is_wanted()
            || self.audio.is_wanted();
        self.unused_since =
            if used { None } else { Some(self.unused_since.unwrap_or_else(Instant::now)) };
        if self.black_frames_due > 0
            && Instant::now() >= self.black_frame_at
            && let Some(pipeline) = &self.pipeline
        {
            self.black_frames_due -= 1;
            self.black_frame_at = Instant::now() + BLACK_FRAME_EVERY;
            pipeline
                .encoder_input()
                .put(VideoFrame::black(self.options.video_size, Instant::now()));
        }
        if self.pipeline.is_none() {
            self.audio.listen();
        }
        for words in self.options.recordings.take_failures() {
            self.trouble(phrase!("recording-failed").or_plain(words));
        }
        MediaStatistics {
            microphone_level: self
                .pipeline
                .as_ref()
                .map_or_else(|| self.audio.level(), Pipeline::microphone_level),
            captured: self.pipeline.as_ref().map(Pipeline::captured).unwrap_or_default(),
            remote_video_live: self.pipeline.as_ref().is_some_and(Pipeline::receives_video),
            pipeline: self.pipeline.as_ref().map(Pipeline::statistics).unwrap_or_default(),
        }
    }

    fn trouble(&self, words: Phrase) {
        report(&self.events, MediaEvent::Trouble(words));
    }

    fn detach(&mut self) -> PipelineStatistics {
        let Some(pipeline) = self.pipeline.take() else { return PipelineStatistics::default() };
        self.picture.end();
        let (statistics, sink) =
            pipeline.stop(self.options.snapshot.as_deref(), &self.options.recordings);
        self.audio.turn.end_call(sink);
        // The next frame that arrives belongs to another call.
        drop(self.remote_video.take());
        statistics
    }

    /// Opens what is wanted and not open, closes what is open and not wanted.
    fn open_and_close(&mut self) {
        let wanted = self.in_call.is_some() || self.preview;
        // Whoever looks at themselves between calls sees themselves, however calls begin.
        let camera_wanted = if self.in_call.is_some() { !self.camera_off } else { self.preview };
        let now = Instant::now();
        self.picture.show_self(self.options.window && (camera_wanted || self.picture.shares()));
        self.camera.keeper.want(camera_wanted, now);
        self.audio.want(wanted, self.in_call.is_some(), now);
    }

    fn tick_camera(&mut self) {
        let want = CameraWant { size: self.options.video_size, fps: self.options.fps };
        loop {
            let was_opening = self.camera.is_opening();
            let output = self.picture.camera();
            let event = self.camera.tick(Instant::now(), || {
                move |choice: &CameraChoice| OpenCamera::open(choice, want, output.clone())
            });
            match event {
                Some(Event::Opened(former)) => drop(former),
                Some(Event::Closed(camera)) => {
                    // What a driver that does not let go still delivers is seen by nobody.
                    self.picture.take_over();
                    drop(camera);
                }
                // Nor is what a camera delivers that opens too late.
                None if was_opening
                    && !self.camera.is_opening()
                    && self.camera.device().is_none() =>
                {
                    self.picture.take_over();
                }
                None => return,
            }
        }
    }

    /// Follows what has changed about the devices there are.
    fn follow_changes(&mut self) {
        if !(self.camera.keeper.is_wanted() || self.audio.is_wanted()) {
            (self.watch, self.seen) = (None, None);
            return;
        }
        let watch = self.watch.get_or_insert_with(DeviceWatch::start);
        if let Some(now) = watch.take() {
            let before = self.seen.replace(now.clone()).unwrap_or_else(|| now.clone());
            let at = Instant::now();
            // Whoever looks at the list sees what was plugged in.
            self.list_due |= self.options.window && before != now;
            self.camera.devices_changed(&before, &now, at);
            self.audio.devices_changed(&before, &now, at);
        }
        watch.look_for_names(Missing {
            audio: self.audio.is_missing(),
            camera: self.camera.keeper.is_missing(),
        });
    }

    /// Reports what the driver does not know yet about the devices.
    fn report_changes(&mut self) {
        let live = self.camera.device().is_some_and(|camera| camera.live);
        if self.reported.camera_live != live && report(&self.events, MediaEvent::CameraLive(live)) {
            self.reported.camera_live = live;
        }
        let trial = self.audio.trial();
        if self.reported.trial != trial && report(&self.events, MediaEvent::Trial(trial.clone())) {
            self.reported.trial = trial;
        }
        let troubles = [
            (DeviceKind::Camera, self.camera_trouble()),
            (DeviceKind::Microphone, self.audio.microphone_trouble()),
            (DeviceKind::Speaker, self.audio.speaker_trouble()),
        ];
        for ((kind, trouble), reported) in troubles.into_iter().zip(&mut self.reported.troubles) {
            if *reported != trouble
                && report(&self.events, MediaEvent::DeviceTrouble(kind, trouble.clone()))
            {
                *reported = trouble;
            }
        }
    }

    /// What is wrong with the camera now, in words; in a call also what that means for it.
    fn camera_trouble(&self) -> Option<Phrase> {
        match self.camera.keeper.trouble()? {
            Trouble::Missing(words) if self.in_call.is_some() => {
                Some(phrase!("call-without-picture", trouble = words.clone()))
            }
            Trouble::Missing(words) | Trouble::Fallback(words) => Some(words.clone()),
            Trouble::Replaced => None,
        }
    }

    /// Lets black frames follow when nobody is to be seen any more.
    fn fade_to_black(&mut self) {
        let unseen = self.camera_off || *self.camera.keeper.choice() == CameraChoice::None;
        let due = unseen && !self.picture.shares();
        self.black_frames_due = if due { BLACK_FRAMES } else { 0 };
    }

    fn hear_computer(&mut self, sound: Option<Arc<DropOldestQueue<AudioFrame>>>) {
        if let Some(pipeline) = &self.pipeline {
            pipeline.set_system_sound(sound.clone());
        }
        self.computer = sound;
    }

    /// To write a file takes its time, so a thread of its own does it.
    fn keep_picture(&self, of: String) {
        let Some(frame) = self.pipeline.as_ref().and_then(Pipeline::last_received) else {
            let none = phrase!("snapshot-none", peer = of.as_str());
            report(&self.events, MediaEvent::Kept(Err(none)));
            return;
        };
        let events = self.events.clone();
        let keeping = std::thread::Builder::new().name("keep-picture".into()).spawn(move || {
            report(&events, MediaEvent::Kept(kept_picture::keep(&frame, &of)));
        });
        if let Err(error) = keeping {
            tracing::error!("no thread for a picture could be started: {error}");
        }
    }

    /// Opening each camera to ask for its formats takes its time, so a thread of its own does it:
    /// one, however often somebody asks.
    fn list_devices(&mut self) {
        if !self.list_due || self.listing.swap(true, Ordering::AcqRel) {
            return;
        }
        self.list_due = false;
        let (events, listing) = (self.events.clone(), Arc::clone(&self.listing));
        let thread = std::thread::Builder::new().name("device-list".into()).spawn(move || {
            let devices = device::list();
            listing.store(false, Ordering::Release);
            if events.try_send(MediaEvent::Devices(devices)).is_err() {
                tracing::debug!("a list of devices was dropped");
            }
        });
        if let Err(error) = thread {
            self.listing.store(false, Ordering::Release);
            tracing::error!("no thread for listing devices could be started: {error}");
        }
    }
}

/// Whether the driver's queue took it.
fn report(events: &mpsc::Sender<MediaEvent>, event: MediaEvent) -> bool {
    let taken = events.try_send(event).is_ok();
    if !taken {
        tracing::debug!("an event of a device was not reported");
    }
    taken
}
