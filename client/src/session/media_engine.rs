//! What the media thread does: devices open and close as the call and the preview want them, and the encoders and
//! decoders of one peer connection at a time run between them and its queues.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::device::camera::{self, Camera, CameraEvent, CameraOutput, CameraWant};
use crate::device::ring_player::RingPlayer;
use crate::device::{self, CameraChoice};
use crate::media::frame::{Picture, VideoFrame};
use crate::media::ringtone::RingKind;
use crate::media::self_view::SelfView;
use crate::media::slot::LatestSlot;
use crate::media::units::VideoSize;
use crate::session::audio_devices::{AudioDevices, sentence};
use crate::session::driver::Consent;
use crate::session::media::{MediaCommand, MediaEvent, MediaFigures, Ringing};
use crate::session::options::SessionOptions;
use crate::session::pipeline::{Pipeline, PipelineFigures, PipelineWorld};

/// Events of devices that wait; when full, the event is dropped, as one is enough for each device.
const DEVICE_EVENT_QUEUE: usize = 32;
/// When the camera is turned off, so many black pictures follow the last real one, so that the other does not keep
/// looking at a frozen face.
const BLACK_PICTURES: u32 = 3;

/// The self-view is a corner picture; more than this is not shown.
const LARGEST_SELF_VIEW: VideoSize = VideoSize::new(640, 480).unwrap();

/// Everything that the media thread owns.
pub(super) struct MediaEngine {
    options: SessionOptions,
    events: mpsc::Sender<MediaEvent>,
    remote_picture: Arc<LatestSlot<Picture>>,
    self_picture: Arc<LatestSlot<Picture>>,
    camera: Option<OpenCamera>,
    camera_output: CameraOutput,
    self_view: Option<(Arc<LatestSlot<VideoFrame>>, SelfView)>,
    audio: AudioDevices,
    pipeline: Option<Pipeline>,
    ring: Option<(Ringing, RingPlayer)>,
    /// By what the devices of a call may be open; `None` between calls.
    in_call: Option<Arc<Consent>>,
    preview: bool,
    muted: bool,
    camera_off: bool,
    black_pictures_due: u32,
}

/// A camera, and its own events: those of one that was closed are never read.
struct OpenCamera {
    _camera: Camera,
    events: mpsc::Receiver<CameraEvent>,
}

impl MediaEngine {
    pub(super) fn new(
        options: SessionOptions,
        remote_picture: Arc<LatestSlot<Picture>>,
        self_picture: Arc<LatestSlot<Picture>>,
        events: mpsc::Sender<MediaEvent>,
    ) -> Self {
        Self {
            audio: AudioDevices::new(&options),
            options,
            events,
            remote_picture,
            self_picture,
            camera: None,
            camera_output: CameraOutput::new(),
            self_view: None,
            pipeline: None,
            ring: None,
            in_call: None,
            preview: false,
            muted: false,
            camera_off: false,
            black_pictures_due: 0,
        }
    }

    /// Does what the driver asks for.
    pub(super) fn carry_out(&mut self, command: MediaCommand) {
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
                // What was heard in the preview is nobody's business.
                self.audio.listen();
                let world = PipelineWorld {
                    options: &self.options,
                    heard: self.audio.heard(),
                    voice: self.audio.voice(),
                    muted: self.muted,
                    remote_picture: Arc::clone(&self.remote_picture),
                    sink: self.audio.take_sink(),
                };
                let pipeline = Pipeline::start(world, ends, peer, |words| self.trouble(words));
                self.pipeline = Some(pipeline);
            }
            MediaCommand::MediaFlows => {
                // Not before: the first picture is a key frame, and it would be lost.
                if let Some(pipeline) = &self.pipeline {
                    self.camera_output.detach(&pipeline.encoder_input());
                    self.camera_output.attach(pipeline.encoder_input());
                }
            }
            MediaCommand::Detach(reply) => {
                let figures = self.detach();
                // Whoever asked may have stopped waiting.
                let _ = reply.send(figures);
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
                self.black_pictures_due = if off { BLACK_PICTURES } else { 0 };
            }
            MediaCommand::ChooseCamera(choice) => {
                self.options.camera = choice;
                self.close_camera();
                self.open_and_close();
            }
            MediaCommand::ChooseMicrophone(choice) => {
                self.audio.choose_microphone(choice, self.pipeline.as_ref(), |words| tell(&self.events, words));
            }
            MediaCommand::ChooseSpeaker(choice) => {
                self.options.speaker = choice.clone();
                self.audio.choose_speaker(choice, self.pipeline.as_ref(), |words| tell(&self.events, words));
            }
            MediaCommand::ProcessVoice(wish) => self.audio.process_voice(wish),
            MediaCommand::SetVolume(volume) => self.audio.set_volume(volume),
            MediaCommand::ListDevices => self.list_devices(),
            MediaCommand::Ring(ringing) => self.ring(ringing),
        }
    }

    /// Looks at what devices report and at how things are.
    pub(super) fn look(&mut self) -> MediaFigures {
        while let Some(event) = self.camera.as_mut().and_then(|camera| camera.events.try_recv().ok()) {
            match event {
                CameraEvent::Live => self.report(MediaEvent::CameraLive(true)),
                CameraEvent::Lost(words) => {
                    self.close_camera();
                    self.missed(&words, "The call goes on without your picture.");
                }
            }
        }
        self.audio.look(self.pipeline.as_ref(), |words| tell(&self.events, words));
        if self.black_pictures_due > 0
            && let Some(pipeline) = &self.pipeline
        {
            self.black_pictures_due -= 1;
            pipeline.encoder_input().put(VideoFrame::black(self.options.video_size, Instant::now()));
        }
        if self.pipeline.is_none() {
            self.audio.listen();
        }
        for words in self.options.recordings.take_failures() {
            self.trouble(words);
        }
        MediaFigures {
            microphone_level: self.pipeline.as_ref().map_or_else(|| self.audio.level(), Pipeline::microphone_level),
            remote_video_live: self.pipeline.as_ref().is_some_and(Pipeline::shows_pictures),
            pipeline: self.pipeline.as_ref().map(Pipeline::figures).unwrap_or_default(),
        }
    }

    fn report(&self, event: MediaEvent) {
        report(&self.events, event);
    }

    fn trouble(&self, words: String) {
        self.report(MediaEvent::Trouble(words));
    }

    /// Something is missing: says so, and in a call also what that means for it.
    fn missed(&self, words: &str, in_call: &str) {
        let words = sentence(words);
        self.trouble(if self.in_call.is_some() { format!("{words} {in_call}") } else { words });
    }

    fn detach(&mut self) -> PipelineFigures {
        let Some(pipeline) = self.pipeline.take() else { return PipelineFigures::default() };
        self.camera_output.detach(&pipeline.encoder_input());
        let (figures, sink) = pipeline.stop(self.options.snapshot.as_deref(), |words| self.trouble(words));
        self.audio.put_sink_back(sink);
        // The next picture that arrives belongs to another call.
        drop(self.remote_picture.take());
        figures
    }

    /// Opens what is wanted and not open, closes what is open and not wanted.
    fn open_and_close(&mut self) {
        let wanted = self.in_call.is_some() || self.preview;
        let camera_wanted = wanted && !self.camera_off;
        self.show_self(self.options.window && camera_wanted);
        if !camera_wanted {
            self.close_camera();
        } else if self.camera.is_none() {
            self.open_camera();
        }
        let audio_wanted = (wanted, self.in_call.is_some());
        self.audio.open_and_close(audio_wanted, self.pipeline.as_ref(), |words| tell(&self.events, words));
    }

    fn show_self(&mut self, on: bool) {
        if !on {
            if let Some((input, _view)) = self.self_view.take() {
                self.camera_output.detach(&input);
            }
        } else if self.self_view.is_none() {
            let input = LatestSlot::new();
            match SelfView::spawn(Arc::clone(&input), Arc::clone(&self.self_picture), LARGEST_SELF_VIEW) {
                Ok(view) => {
                    self.camera_output.attach(Arc::clone(&input));
                    self.self_view = Some((input, view));
                }
                Err(error) => tracing::error!("no thread for the self-view could be started: {error}"),
            }
        }
    }

    fn open_camera(&mut self) {
        if self.options.camera == CameraChoice::None {
            return;
        }
        let want = CameraWant { size: self.options.video_size, fps: self.options.fps };
        let (event_in, events) = mpsc::channel(DEVICE_EVENT_QUEUE);
        match camera::open_camera(&self.options.camera, want, self.camera_output.clone(), event_in) {
            Ok(camera) => self.camera = Some(OpenCamera { _camera: camera, events }),
            Err(error) => self.missed(&error.to_string(), "The call goes on without your picture."),
        }
    }

    fn close_camera(&mut self) {
        if self.camera.take().is_some() {
            self.report(MediaEvent::CameraLive(false));
        }
    }

    /// Opening each camera to ask for its formats takes its time, so a thread of its own does it.
    fn list_devices(&self) {
        let events = self.events.clone();
        let listing = std::thread::Builder::new().name("device-list".into()).spawn(move || {
            if events.try_send(MediaEvent::Devices(device::list())).is_err() {
                tracing::debug!("a list of devices was dropped");
            }
        });
        if let Err(error) = listing {
            tracing::error!("no thread for listing devices could be started: {error}");
        }
    }

    fn ring(&mut self, ringing: Ringing) {
        if self.ring.as_ref().map_or(Ringing::Silent, |(now, _)| *now) == ringing {
            return;
        }
        self.ring = None;
        let kind = match ringing {
            Ringing::Silent => return,
            Ringing::Incoming => RingKind::Ring,
            Ringing::Ringback => RingKind::Ringback,
        };
        if self.options.window {
            // A speaker that is missing now will be missed, and said, in the call.
            let (unheard, _) = mpsc::channel(1);
            self.ring = Some((ringing, RingPlayer::start(kind, &self.options.speaker, unheard)));
        }
    }
}

fn report(events: &mpsc::Sender<MediaEvent>, event: MediaEvent) {
    if events.try_send(event).is_err() {
        tracing::debug!("an event of a device was dropped");
    }
}

fn tell(events: &mpsc::Sender<MediaEvent>, words: String) {
    report(events, MediaEvent::Trouble(words));
}
