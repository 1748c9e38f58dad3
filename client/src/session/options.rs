//! What a session is started with.

use std::net::SocketAddr;
use std::path::PathBuf;

use visavis_shared::IceServer;

use crate::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::media::units::{Bitrate, VideoSize};

/// The choices that hold for a whole session.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// STUN and TURN servers beside those the signaling server offers.
    pub ice_servers: Vec<IceServer>,
    /// Only relayed media.
    pub relay_only: bool,
    /// Addresses for media; empty for every interface.
    pub bind: Vec<SocketAddr>,
    /// The camera to begin with.
    pub camera: CameraChoice,
    /// The microphone to begin with.
    pub microphone: MicrophoneChoice,
    /// The speaker to begin with.
    pub speaker: SpeakerChoice,
    /// The largest picture to capture and send.
    pub video_size: VideoSize,
    /// The highest frame rate to capture and send.
    pub fps: u32,
    /// The most the picture may use.
    pub max_bitrate: Bitrate,
    /// Where received pictures go.
    pub record_video: Option<PathBuf>,
    /// Where the last received picture goes when the call ends.
    pub snapshot: Option<PathBuf>,
    /// Whether somebody looks: pictures are made ready to show, the list of people is kept fresh, calls ring aloud.
    pub window: bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            ice_servers: Vec::new(),
            relay_only: false,
            bind: Vec::new(),
            camera: CameraChoice::Default,
            microphone: MicrophoneChoice::Default,
            speaker: SpeakerChoice::Default,
            video_size: const { VideoSize::new(1280, 720).unwrap() },
            fps: 30,
            max_bitrate: Bitrate::from_kbps(2500),
            record_video: None,
            snapshot: None,
            window: false,
        }
    }
}
