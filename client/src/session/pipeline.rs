//! The encoders and decoders that serve one peer connection, the queues between them and it, and
//! what they measured.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::device::speaker::silent_sink;
use crate::media::audio_receive::{AudioReceiveStats, AudioReceiver, AudioSink};
use crate::media::audio_send::{AudioSendStats, AudioSender};
use crate::media::drop_oldest_queue::DropOldestQueue;
use crate::media::frame::{AudioFrame, RgbaFrame, VideoFrame};
use crate::media::h264_sps::Unsupported;
use crate::media::output_file::within;
use crate::media::snapshot_png::{self, SnapshotError};
use crate::media::units::{Bitrate, VideoSize};
use crate::media::video_receive::{VideoReceiveSettings, VideoReceiveStats, VideoReceiver};
use crate::media::video_record::{Recordings, VideoRecorder};
use crate::media::video_send::{VideoSendSettings, VideoSendStats, VideoSender};
use crate::session::audio_devices::AudioDevices;
use crate::session::options::SessionOptions;
use crate::session::report::{AudioReceived, AudioSent, Quantiles, VideoReceived, VideoSent};
use crate::session::speaker_turn::Plays;
use crate::transport::{MediaEnds, PeerCommand};

/// Whole received video frames that wait for the decoder: one second at 30 a second.
pub(super) const VIDEO_IN: usize = 30;

/// What the encoders and decoders of one peer connection measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PipelineStatistics {
    pub(super) first_video_at: Option<Instant>,
    pub(super) first_audio_at: Option<Instant>,
    pub(super) video_sent: Option<VideoSent>,
    /// Frames that the camera gave to be sent.
    pub(super) video_offered: Option<u64>,
    pub(super) video_received: Option<VideoReceived>,
    pub(super) audio_sent: Option<AudioSent>,
    pub(super) audio_received: Option<AudioReceived>,
    /// How much earlier audio is played than its video is shown, by the sender's clock.
    pub(super) audio_ahead_ms: Option<f64>,
    /// Why what is received can't be decoded, whatever key frame comes.
    pub(super) unsupported_video: Option<Unsupported>,
    /// Whether nobody sees what is received, so that it is not decoded.
    pub(super) video_rests: bool,
}

/// The rate the encoder starts at, until the estimate arrives: what a narrow network carries.
const START_BITRATE: Bitrate = Bitrate::from_kbps(250);
/// How long the last frame may take to be written.
const SNAPSHOT_WITHIN: Duration = Duration::from_secs(1);
/// Video of the other counts as coming while the last is younger than this.
const SHOWN_WITHIN: Duration = Duration::from_secs(3);

/// The encoders and decoders that serve one peer connection.
pub(super) struct Pipeline {
    encoder_input: Arc<DropOldestQueue<VideoFrame>>,
    video_sender: Option<VideoSender>,
    video_receiver: Option<VideoReceiver>,
    audio_sender: Option<AudioSender>,
    audio_receiver: Option<AudioReceiver>,
}

impl Pipeline {
    /// Starts them. A stage that can't be started is reported in words; the others go on without
    /// it.
    pub(super) fn start(
        options: &SessionOptions,
        audio: &AudioDevices,
        muted: bool,
        remote_video: Arc<DropOldestQueue<RgbaFrame>>,
        ends: MediaEnds,
        peer: mpsc::WeakSender<PeerCommand>,
        mut trouble: impl FnMut(String),
    ) -> Self {
        let encoder_input = DropOldestQueue::latest();
        let sending = VideoSendSettings {
            max_size: options.video_size,
            fps: options.fps,
            max_bitrate: options.max_bitrate,
            start_bitrate: START_BITRATE,
        };
        // A recording that can't be made costs the call nothing.
        let record = options.record_video.as_deref().and_then(|path| {
            VideoRecorder::start(path, &options.recordings)
                .inspect_err(|error| {
                    options.recordings.note_failure(format!("The call is not recorded: {error}."));
                })
                .ok()
        });
        let receiving = VideoReceiveSettings {
            lip_sync: Arc::clone(&ends.lip_sync),
            window: options.window.then_some(remote_video),
            record,
            // The last picture of the call is written into a file.
            needed_unseen: options.snapshot.is_some(),
        };
        let request_key_frame = move || {
            if let Some(peer) = peer.upgrade() {
                // A full queue belongs to a connection that hangs: the next broken frame asks
                // again.
                let _ = peer.try_send(PeerCommand::RequestKeyFrame);
            }
        };
        let mut keep =
            |what: &str, error: &dyn std::fmt::Display| trouble(format!("{what}: {error}."));
        let video_sender = VideoSender::spawn(
            Arc::clone(&encoder_input),
            sending,
            ends.video_out,
            ends.video_control,
        )
        .inspect_err(|error| keep("Your picture can't be sent", error))
        .ok();
        let video_receiver = VideoReceiver::spawn(ends.video_in, receiving, request_key_frame)
            .inspect_err(|error| keep("Their picture can't be shown", error))
            .ok();
        let audio_sender = AudioSender::spawn(
            Arc::clone(&audio.microphone_frames),
            ends.audio_out,
            ends.audio_control,
            muted,
            audio.voice.clone(),
        )
        .inspect_err(|error| keep("Your voice can't be sent", error))
        .ok();
        let audio_receiver = AudioReceiver::spawn(ends.audio_in, silent_sink(), ends.lip_sync)
            .inspect_err(|error| keep("Their voice can't be played", error))
            .ok();
        Self { encoder_input, video_sender, video_receiver, audio_sender, audio_receiver }
    }

    /// Where the camera's frames go.
    pub(super) fn encoder_input(&self) -> Arc<DropOldestQueue<VideoFrame>> {
        Arc::clone(&self.encoder_input)
    }

    pub(super) fn set_muted(&self, muted: bool) {
        if let Some(sender) = &self.audio_sender {
            sender.set_muted(muted);
        }
    }

    /// Sends what another microphone records from now on.
    pub(super) fn set_microphone(&self, frames: Arc<DropOldestQueue<AudioFrame>>) {
        if let Some(sender) = &self.audio_sender {
            sender.set_frames(frames);
        }
    }

    /// Sends this sound of the computer beside the voice, or none.
    pub(super) fn set_system_sound(&self, sound: Option<Arc<DropOldestQueue<AudioFrame>>>) {
        if let Some(sender) = &self.audio_sender {
            sender.set_system_sound(sound);
        }
    }

    /// How loud the microphone is, 0 to 1.
    pub(super) fn microphone_level(&self) -> f32 {
        self.audio_sender.as_ref().map_or(0.0, AudioSender::level)
    }

    /// How loud the microphone is, muted or not, and for how long nothing has come from it.
    pub(super) fn captured(&self) -> (f32, Duration) {
        let sender = self.audio_sender.as_ref();
        sender.map_or((0.0, Duration::ZERO), |one| (one.captured_level(), one.silent_for()))
    }

    /// Their picture as it is shown now.
    pub(super) fn last_received(&self) -> Option<VideoFrame> {
        self.receives_video().then(|| self.video_receiver.as_ref()?.last_frame()).flatten()
    }

    /// Whether video of the other is coming.
    pub(super) fn receives_video(&self) -> bool {
        let receiver = self.video_receiver.as_ref();
        let last = receiver.and_then(VideoReceiver::last_frame).map(|frame| frame.captured_at);
        let unseen = receiver.and_then(|receiver| receiver.stats().came_unseen);
        last.into_iter().chain(unseen).any(|at| at.elapsed() < SHOWN_WITHIN)
    }

    /// What was measured so far.
    pub(super) fn statistics(&self) -> PipelineStatistics {
        let audio = self.audio_receiver.as_ref().map(AudioReceiver::stats);
        let video = self.video_receiver.as_ref().map(VideoReceiver::stats);
        let sending = self.video_sender.as_ref().map(VideoSender::stats);
        PipelineStatistics {
            first_video_at: video.as_ref().and_then(|stats| stats.first_shown),
            first_audio_at: audio.as_ref().and_then(|stats| stats.first_played),
            video_sent: sending.as_ref().and_then(video_sent),
            video_offered: sending.as_ref().map(|stats| stats.offered).filter(|count| *count > 0),
            video_received: video.as_ref().and_then(video_received),
            audio_sent: self.audio_sender.as_ref().and_then(|sender| audio_sent(&sender.stats())),
            audio_received: audio.as_ref().and_then(audio_received),
            audio_ahead_ms: video.as_ref().and_then(|stats| stats.audio_ahead_ms),
            unsupported_video: video.as_ref().and_then(|stats| stats.unsupported),
            video_rests: video.as_ref().is_some_and(|stats| stats.rests),
        }
    }

    /// Stops them, lets the last frames be written, returns what was measured, and gives the
    /// speaker's sink back. The last frame that was shown goes to `snapshot`; why it does not, to
    /// `recordings`.
    pub(super) fn stop(
        self,
        snapshot: Option<&Path>,
        recordings: &Recordings,
    ) -> (PipelineStatistics, Option<Box<dyn AudioSink>>) {
        self.encoder_input.close();
        let mut statistics = self.statistics();
        if let Some(sender) = self.video_sender {
            statistics.video_sent = video_sent(&sender.stop());
        }
        let sink = self.audio_receiver.and_then(AudioReceiver::stop);
        if let Some(receiver) = self.video_receiver {
            let received = receiver.stop();
            statistics.first_video_at = received.stats.first_shown;
            statistics.video_received = video_received(&received.stats);
            statistics.unsupported_video = received.stats.unsupported;
            if let (Some(path), Some(frame)) = (snapshot, received.last)
                && let Err(why) = write_snapshot(path, frame)
            {
                recordings.note_failure(format!("The last picture was not written: {why}."));
            }
        }
        (statistics, sink)
    }
}

/// Writes a frame as a PNG file; why not, in words.
fn write_snapshot(path: &Path, frame: VideoFrame) -> Result<(), String> {
    let to = path.to_path_buf();
    // A pipe that nobody reads, or a disk that hangs, holds the end of the call up only so long.
    let written = within(path, SNAPSHOT_WITHIN, move || snapshot_png::write_png(&to, &frame));
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(SnapshotError::Create(error))) | Err(error) => Err(error.to_string()),
        Ok(Err(error)) => Err(format!("{}: {error}", path.display())),
    }
}

impl Plays for Pipeline {
    fn set_sink(&self, sink: Box<dyn AudioSink>) {
        if let Some(receiver) = &self.audio_receiver {
            receiver.set_sink(sink);
        }
    }
}

fn video_sent(stats: &VideoSendStats) -> Option<VideoSent> {
    (stats.frames > 0).then(|| VideoSent {
        frames: Some(stats.frames),
        key_frames: Some(stats.key_frames),
        bytes: Some(stats.bytes),
        width: stats.size.map(VideoSize::width),
        height: stats.size.map(VideoSize::height),
        fps: stats.fps,
        encode_ms_p50: stats.encode_ms_p50,
        encode_ms_p99: stats.encode_ms_p99,
        target_bps: stats.target.map(Bitrate::bps),
        problem: None,
    })
}

fn audio_sent(stats: &AudioSendStats) -> Option<AudioSent> {
    (stats.packets > 0)
        .then_some(AudioSent { packets: Some(stats.packets), bytes: Some(stats.bytes) })
}

fn audio_received(stats: &AudioReceiveStats) -> Option<AudioReceived> {
    (stats.packets > 0).then(|| AudioReceived {
        packets: Some(stats.packets),
        lost: Some(stats.lost),
        concealed_ratio: stats.concealed_ratio,
        fec_recovered: Some(stats.fec_recovered),
        jitter_buffer_ms: stats.jitter_buffer_ms,
        level_dbfs: stats.level_dbfs,
        tone_hz: stats.tone_hz,
        mouth_to_ear_ms: stats.mouth_to_ear.map(|delay| Quantiles {
            p50: delay.p50,
            p95: delay.p95,
            p99: None,
            n: delay.n,
        }),
    })
}

fn video_received(stats: &VideoReceiveStats) -> Option<VideoReceived> {
    (stats.frames_decoded > 0).then(|| VideoReceived {
        frames_decoded: Some(stats.frames_decoded),
        frames_dropped: Some(stats.frames_dropped),
        width: stats.size.map(VideoSize::width),
        height: stats.size.map(VideoSize::height),
        freeze_count: Some(stats.freeze_count),
        freeze_total_ms: Some(stats.freeze_total.as_secs_f64() * 1e3),
        decode_ms_p50: stats.decode_ms_p50,
        jitter_buffer_ms: None,
        problem: None,
        glass_to_glass_ms: stats.glass_to_glass.map(|delay| Quantiles {
            p50: delay.p50,
            p95: delay.p95,
            p99: Some(delay.p99),
            n: delay.n,
        }),
    })
}
