//! The queues between a peer connection and the encoders and decoders that serve it.
//!
//! What always holds: every queue is bounded, and what does not fit is dropped, as each says.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::mpsc;
use visavis_media::audio_control::AudioControl;
use visavis_media::frame::{EncodedAudio, EncodedVideo, ReceivedAudio, ReceivedVideo};
use visavis_media::lip_sync::SharedLipSync;
use visavis_media::video_control::VideoControl;

use crate::data::DataPorts;
use crate::feedback::media_path::Statuses;
use crate::sending::handover::{nobody, nothing};

/// Encoded video frames on their way to the pacer. When full, the encoder drops the frame and makes
/// a key frame next.
const VIDEO_OUT: usize = 8;
/// Encoded audio on its way to the pacer: 160 or 320 ms. When full, the packet is dropped.
const AUDIO_OUT: usize = 16;
/// Received audio, up to four frames for each packet: the jitter buffer takes it at once, so this
/// only bridges a stall. When full, it is dropped.
const AUDIO_IN: usize = 256;
/// Targets of the video encoder. When full, the target is dropped and set again.
const VIDEO_CONTROL: usize = 32;
/// Targets of the audio encoder. When full, the target is dropped and set again.
const AUDIO_CONTROL: usize = 8;

/// Where a peer connection takes its media from and brings it to.
#[derive(Debug)]
pub struct MediaPorts {
    pub(crate) video_out: mpsc::Receiver<EncodedVideo>,
    pub(crate) audio_out: mpsc::Receiver<EncodedAudio>,
    pub(crate) video_in: SyncSender<ReceivedVideo>,
    pub(crate) audio_in: SyncSender<ReceivedAudio>,
    pub(crate) video_control: SyncSender<VideoControl>,
    pub(crate) audio_control: SyncSender<AudioControl>,
    pub(crate) lip_sync: Arc<SharedLipSync>,
    pub(crate) statuses: Arc<Statuses>,
    /// Without, no data channels are offered or taken.
    pub(crate) data: Option<DataPorts>,
}

/// The encoders' and decoders' ends of a peer connection's [`MediaPorts`].
#[derive(Debug)]
pub struct MediaEnds {
    /// Encoded video to send.
    pub video_out: mpsc::Sender<EncodedVideo>,
    /// Encoded audio to send.
    pub audio_out: mpsc::Sender<EncodedAudio>,
    /// Whole received video frames in order.
    pub video_in: Receiver<ReceivedVideo>,
    /// Received audio as it comes.
    pub audio_in: Receiver<ReceivedAudio>,
    /// What the video encoder should do.
    pub video_control: Receiver<VideoControl>,
    /// What the audio encoder should do.
    pub audio_control: Receiver<AudioControl>,
    /// How the RTP timestamps of their audio and their video belong together.
    pub lip_sync: Arc<SharedLipSync>,
}

impl MediaPorts {
    /// Ports of another connection of the same call: what it receives goes to the same decoders,
    /// and it has nothing to send until it is given something.
    pub(crate) fn beside(&self) -> Self {
        Self {
            video_out: nothing(),
            audio_out: nothing(),
            video_in: self.video_in.clone(),
            audio_in: self.audio_in.clone(),
            video_control: nobody(),
            audio_control: nobody(),
            lip_sync: Arc::clone(&self.lip_sync),
            statuses: Arc::clone(&self.statuses),
            data: None,
        }
    }

    /// With data channels.
    #[must_use]
    pub fn with_data(self, data: DataPorts) -> Self {
        Self { data: Some(data), ..self }
    }

    /// The queues of one peer connection. `video_in` is how many received video frames wait; when
    /// there are more, frames are dropped up to the next key frame.
    #[must_use]
    pub fn pair(video_in: usize) -> (Self, MediaEnds) {
        let (video_to_send, video_out) = mpsc::channel(VIDEO_OUT);
        let (audio_to_send, audio_out) = mpsc::channel(AUDIO_OUT);
        let (video_in, received_video) = sync_channel(video_in);
        let (audio_in, received_audio) = sync_channel(AUDIO_IN);
        let (video_control, video_targets) = sync_channel(VIDEO_CONTROL);
        let (audio_control, audio_targets) = sync_channel(AUDIO_CONTROL);
        let lip_sync = Arc::<SharedLipSync>::default();
        let ends = MediaEnds {
            video_out: video_to_send,
            audio_out: audio_to_send,
            video_in: received_video,
            audio_in: received_audio,
            video_control: video_targets,
            audio_control: audio_targets,
            lip_sync: Arc::clone(&lip_sync),
        };
        (
            Self {
                video_out,
                audio_out,
                video_in,
                audio_in,
                video_control,
                audio_control,
                lip_sync,
                statuses: Arc::default(),
                data: None,
            },
            ends,
        )
    }
}
