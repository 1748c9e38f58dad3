//! The thread that owns every device and every encoder and decoder: `media`.
//!
//! Closing a device can take its time, so the driver only tells this thread what is wanted;
//! commands are carried out in order. Devices are open while a call or the preview wants them and
//! closed at once when neither does; each is opened on a thread of its own. A device that is
//! missing, busy or lost is said in words for as long as it is, everything else goes on without it,
//! and it is tried again.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::device::{CameraChoice, DeviceList, MicrophoneChoice, SpeakerChoice};
use crate::media::audio_output::Volume;
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::RgbaFrame;
use crate::media::voice_processing::VoiceSetting;
use crate::session::driver::Consent;
use crate::session::media_engine::MediaEngine;
use crate::session::notices::DeviceKind;
use crate::session::options::SessionOptions;
use crate::session::pipeline::{PipelineEnds, PipelineFigures};
use crate::transport::PeerCommand;

/// Commands that wait. They come from a person's clicks and a call's few steps; when full, the
/// command is refused and said in the log.
const COMMAND_QUEUE: usize = 64;
/// Events that wait; when full, the event is dropped and comes again or is out of date.
const EVENT_QUEUE: usize = 64;
/// How often devices and levels are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often while a device is about to be open.
const LOOK_SOON: Duration = Duration::from_millis(10);

/// What the media thread reports.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MediaEvent {
    /// The devices there are.
    Devices(DeviceList),
    /// Whether a camera delivers pictures.
    CameraLive(bool),
    /// Something went wrong; in words.
    Trouble(String),
    /// What is wrong with a device now, in words; nothing when it is well or not wanted.
    DeviceTrouble(DeviceKind, Option<String>),
}

/// Which tone is played while a call is not taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ringing {
    /// None.
    Silent,
    /// Somebody calls.
    Incoming,
    /// It rings over there.
    Ringback,
}

/// What changes all the time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MediaFigures {
    /// How loud the microphone is, 0 to 1.
    pub(super) microphone_level: f32,
    /// Whether the other's pictures arrive.
    pub(super) remote_video_live: bool,
    /// What encoders and decoders have measured so far.
    pub(super) pipeline: PipelineFigures,
}

pub(super) enum MediaCommand {
    /// Opens the devices for a call, by the person's consent to it.
    StartCall(Arc<Consent>),
    StopCall,
    Attach(PipelineEnds, mpsc::WeakSender<PeerCommand>),
    MediaFlows,
    Detach(oneshot::Sender<PipelineFigures>),
    Preview(bool),
    Mute(bool),
    TurnCameraOff(bool),
    ChooseCamera(CameraChoice),
    ChooseMicrophone(MicrophoneChoice),
    ChooseSpeaker(SpeakerChoice),
    ProcessVoice(VoiceSetting),
    SetVolume(Volume),
    ListDevices,
    Ring(Ringing),
}

/// The driver's end.
pub(super) struct MediaHandle {
    commands: SyncSender<MediaCommand>,
    figures: Arc<Mutex<MediaFigures>>,
    ended: oneshot::Receiver<()>,
}

impl MediaHandle {
    /// Starts the thread. Where the system gives no thread, every command is refused, in words in
    /// the log.
    pub(super) fn start(
        options: &SessionOptions,
        remote_video: Arc<DropOldestQueue<RgbaFrame>>,
        self_video: Arc<DropOldestQueue<RgbaFrame>>,
    ) -> (Self, mpsc::Receiver<MediaEvent>) {
        let (commands, command_queue) = sync_channel(COMMAND_QUEUE);
        let (events, event_queue) = mpsc::channel(EVENT_QUEUE);
        let (ended_in, ended) = oneshot::channel();
        let figures = Arc::new(Mutex::new(MediaFigures::default()));
        let shown = Arc::clone(&figures);
        let options = options.clone();
        let spawned = std::thread::Builder::new().name("media".into()).spawn(move || {
            let mut engine = MediaEngine::new(options, remote_video, self_video, events);
            loop {
                match command_queue.recv_timeout(if engine.is_opening() {
                    LOOK_SOON
                } else {
                    LOOK_EVERY
                }) {
                    Ok(command) => engine.carry_out(command),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                *shown.lock().unwrap_or_else(PoisonError::into_inner) = engine.look();
            }
            drop(engine);
            let _ = ended_in.send(());
        });
        if let Err(error) = spawned {
            tracing::error!("no thread for devices could be started: {error}");
        }
        (Self { commands, figures, ended }, event_queue)
    }

    /// A handle with no thread and no device behind it: what is asked of them comes out here.
    #[cfg(test)]
    pub(super) fn unattended() -> (Self, std::sync::mpsc::Receiver<MediaCommand>) {
        let (commands, asked) = sync_channel(COMMAND_QUEUE);
        let (_, ended) = oneshot::channel();
        (Self { commands, figures: Arc::default(), ended }, asked)
    }

    fn command(&self, command: MediaCommand) {
        match self.commands.try_send(command) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                tracing::error!("a device hangs, and a command for it was given up")
            }
            Err(TrySendError::Disconnected(_)) => {
                tracing::error!("devices are no longer looked after")
            }
        }
    }

    /// Opens camera, microphone and speaker for the call that the person has consented to.
    pub(super) fn start_call(&self, consent: Arc<Consent>) {
        self.command(MediaCommand::StartCall(consent));
    }

    pub(super) fn stop_call(&self) {
        self.command(MediaCommand::StopCall);
    }

    /// Encodes and decodes for a peer connection from now on.
    pub(super) fn attach(&self, ends: PipelineEnds, peer: mpsc::WeakSender<PeerCommand>) {
        self.command(MediaCommand::Attach(ends, peer));
    }

    /// The peer connection carries media: what the camera sees is encoded from now on.
    pub(super) fn media_flows(&self) {
        self.command(MediaCommand::MediaFlows);
    }

    /// Stops that; what was measured arrives when the last picture is dealt with.
    pub(super) fn detach(&self) -> oneshot::Receiver<PipelineFigures> {
        let (reply, figures) = oneshot::channel();
        self.command(MediaCommand::Detach(reply));
        figures
    }

    pub(super) fn preview(&self, on: bool) {
        self.command(MediaCommand::Preview(on));
    }

    pub(super) fn mute(&self, muted: bool) {
        self.command(MediaCommand::Mute(muted));
    }

    pub(super) fn turn_camera_off(&self, off: bool) {
        self.command(MediaCommand::TurnCameraOff(off));
    }

    pub(super) fn choose_camera(&self, choice: CameraChoice) {
        self.command(MediaCommand::ChooseCamera(choice));
    }

    pub(super) fn choose_microphone(&self, choice: MicrophoneChoice) {
        self.command(MediaCommand::ChooseMicrophone(choice));
    }

    pub(super) fn choose_speaker(&self, choice: SpeakerChoice) {
        self.command(MediaCommand::ChooseSpeaker(choice));
    }

    pub(super) fn process_voice(&self, wish: VoiceSetting) {
        self.command(MediaCommand::ProcessVoice(wish));
    }

    pub(super) fn set_volume(&self, volume: Volume) {
        self.command(MediaCommand::SetVolume(volume));
    }

    pub(super) fn list_devices(&self) {
        self.command(MediaCommand::ListDevices);
    }

    pub(super) fn ring(&self, ringing: Ringing) {
        self.command(MediaCommand::Ring(ringing));
    }

    pub(super) fn figures(&self) -> MediaFigures {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes every device, and comes back when that is done.
    pub(super) async fn finish(self) {
        drop(self.commands);
        // The sender is gone without a word when the thread could not be started: then nothing is
        // open either.
        let _ = self.ended.await;
    }
}
