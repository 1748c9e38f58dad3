//! What flows between the stages: raw frames, raw audio, and both encoded. Each carries the moment
//! of its capture or arrival.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::color_space::ColorSpace;
use crate::h264_profile::H264Profile;
use crate::units::VideoSize;

/// All audio inside the program is mono at this rate, in samples per second.
pub const SAMPLE_RATE: u32 = 48_000;
/// Samples in one [`AudioFrame`]: 10 ms.
pub const AUDIO_FRAME_SAMPLES: usize = 480;
/// How long one [`AudioFrame`] is.
pub const AUDIO_FRAME_DURATION: Duration = Duration::from_millis(10);

/// A raw frame: I420 (planar 4:2:0), planes without padding, shared rather than copied.
#[derive(Clone)]
pub struct VideoFrame {
    /// Its size; the chroma planes are half as wide and half as high.
    pub size: VideoSize,
    /// Y, then U, then V, without padding between rows: `pixels * 3 / 2` bytes.
    pub data: Arc<[u8]>,
    /// What its numbers mean as colours. Ours are BT.601 limited range; received ones are what
    /// their sender says.
    pub color: ColorSpace,
    /// When the camera took it, or when the network delivered it.
    pub captured_at: Instant,
    /// What it shows, as far as that decides how it is sent.
    pub content: Content,
}

/// What a frame shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Content {
    /// People and rooms: noisy, and in motion.
    #[default]
    Camera,
    /// A screen or a window: sharp edges and small text, mostly still.
    Screen,
}

impl VideoFrame {
    /// A frame in BT.601 limited range.
    #[must_use]
    pub fn new(size: VideoSize, data: Arc<[u8]>, captured_at: Instant) -> Self {
        Self { size, data, color: ColorSpace::default(), captured_at, content: Content::Camera }
    }

    /// The same, as a picture of a screen.
    #[must_use]
    pub fn of_screen(self) -> Self {
        Self { content: Content::Screen, ..self }
    }

    /// How many bytes a frame of this size has.
    #[must_use]
    pub const fn len_of(size: VideoSize) -> usize {
        size.pixels() * 3 / 2
    }

    /// A black frame.
    #[must_use]
    pub fn black(size: VideoSize, captured_at: Instant) -> Self {
        let mut data = vec![128; Self::len_of(size)];
        if let Some(luma) = data.get_mut(..size.pixels()) {
            luma.fill(16);
        }
        Self::new(size, data.into(), captured_at)
    }

    /// The luma, U and V planes.
    #[must_use]
    pub fn planes(&self) -> (&[u8], &[u8], &[u8]) {
        let luma = self.size.pixels();
        let (y, chroma) = self.data.split_at(luma);
        let (u, v) = chroma.split_at(luma / 4);
        (y, u, v)
    }

    /// The luma, U and V planes of data that is being written for a frame of this size.
    pub(crate) fn planes_mut(
        size: VideoSize,
        data: &mut [u8],
    ) -> (&mut [u8], &mut [u8], &mut [u8]) {
        let (y, chroma) = data.split_at_mut(size.pixels());
        let (u, v) = chroma.split_at_mut(size.pixels() / 4);
        (y, u, v)
    }
}

impl std::fmt::Debug for VideoFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VideoFrame({})", self.size)
    }
}

/// A frame that is ready to be shown: RGBA, 8 bits each, opaque, rows without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct RgbaFrame {
    /// Its size.
    pub size: VideoSize,
    /// `pixels * 4` bytes.
    pub rgba: Arc<[u8]>,
}

impl std::fmt::Debug for RgbaFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RgbaFrame({})", self.size)
    }
}

/// 10 ms of audio: mono, 48 kHz, −1.0 to 1.0.
#[derive(Debug, Clone)]
pub struct AudioFrame {
    /// The samples.
    pub samples: [f32; AUDIO_FRAME_SAMPLES],
    /// When the microphone captured the first of them.
    pub captured_at: Instant,
}

/// One encoded frame on its way to the network.
#[derive(Debug, Clone)]
pub struct EncodedVideo {
    /// The access unit in Annex B form (start codes; H.264 Annex B), parameter sets included when
    /// it is a key frame.
    pub data: Bytes,
    /// Whether it is an IDR picture, which decodes without what came before.
    pub key: bool,
    /// By which profile it is encoded.
    pub profile: H264Profile,
    /// When it was captured; its RTP timestamp follows from this.
    pub captured_at: Instant,
}

/// One Opus packet on its way to the network.
#[derive(Debug, Clone)]
pub struct EncodedAudio {
    /// The Opus packet (RFC 6716); empty in a silence (discontinuous transmission).
    pub data: Bytes,
    /// How many samples at 48 kHz it covers.
    pub samples: u32,
    /// When its first sample was captured.
    pub captured_at: Instant,
}

/// One whole encoded frame from the network, in decoding order and with nothing missing before it
/// unless it is a key frame.
#[derive(Debug, Clone)]
pub struct ReceivedVideo {
    /// The access unit in Annex B form.
    pub data: Bytes,
    /// Whether it is an IDR picture.
    pub key: bool,
    /// Its RTP timestamp (90 kHz, unwrapped).
    pub rtp_timestamp: u64,
    /// When its first packet arrived.
    pub first_arrival: Instant,
    /// When its last packet arrived.
    pub last_arrival: Instant,
}

/// One audio packet from the network, as it arrived: possibly late, twice or out of order.
#[derive(Debug, Clone)]
pub struct ReceivedAudio {
    /// RTP sequence number; of a redundant block that of the packet that carried it.
    pub sequence: u16,
    /// RTP timestamp (48 kHz).
    pub rtp_timestamp: u32,
    /// The Opus packet.
    pub payload: Bytes,
    /// When it arrived.
    pub arrival: Instant,
    /// Whether a later packet carried it as a redundant block (RED, RFC 2198).
    pub redundant: bool,
}
