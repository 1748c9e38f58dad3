//! The H.264 decoder: OpenH264 without concealment, so that what it gives is right or nothing.
//!
//! Access units in Annex B form in, I420 frames out. Whatever the network sends, the answer is a
//! frame, nothing or an error. What is beyond the level that was offered, or can't be decoded at
//! all, is refused by its parameter set, before OpenH264 takes memory for it. After an error
//! nothing is right until the next IDR picture; keeping to that is [`crate::video_receive`]'s part.

use std::sync::Arc;
use std::time::Instant;

use openh264::OpenH264API;
use openh264::decoder::{Decoder, DecoderConfig, Flush};
use openh264::formats::YUVSource;

use crate::color_space::ColorSpace;
use crate::frame::VideoFrame;
use crate::h264_level::H264Level;
use crate::h264_sps::{self, SpsError, Unsupported};
use crate::units::VideoSize;

/// A longer access unit is not a frame of a call.
pub(crate) const MAX_ACCESS_UNIT: usize = 8 << 20;

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// OpenH264 could not start, or could not make sense of the data.
    #[error("the H.264 decoder failed: {0}")]
    Codec(#[from] openh264::Error),
    /// The frame has a width and height that are not handled.
    #[error("a decoded picture of {0}x{1} can't be handled")]
    Size(usize, usize),
    /// The access unit is too large.
    #[error("an access unit of {0} bytes is too large")]
    TooLarge(usize),
    /// The stream is of a kind for which no key frame helps.
    #[error("a picture {0} can't be decoded")]
    Unsupported(#[from] Unsupported),
    /// What the stream says of itself makes no sense.
    #[error("a sequence parameter set can't be read: {0}")]
    ParameterSet(#[from] SpsError),
}

/// Decodes one stream.
pub struct H264Decoder {
    decoder: Decoder,
    /// As the last parameter set says; OpenH264 does not report it.
    color: ColorSpace,
}

impl H264Decoder {
    /// A decoder that waits for its first key frame.
    pub fn new() -> Result<Self, DecodeError> {
        // Of any profile but baseline, OpenH264 would keep each frame back until the next has
        // come, lest that be shown before it. In a call none is.
        let config = DecoderConfig::new().flush_after_decode(Flush::Flush);
        Ok(Self {
            decoder: Decoder::with_api_config(OpenH264API::from_source(), config)?,
            color: ColorSpace::default(),
        })
    }

    /// Decodes one access unit. `Ok(None)` when it held no whole frame.
    ///
    /// # Errors
    /// When it can't be decoded; see [`DecodeError`].
    pub fn decode(
        &mut self,
        access_unit: &[u8],
        captured_at: Instant,
    ) -> Result<Option<VideoFrame>, DecodeError> {
        if access_unit.is_empty() {
            return Ok(None);
        }
        if access_unit.len() > MAX_ACCESS_UNIT {
            return Err(DecodeError::TooLarge(access_unit.len()));
        }
        if let Some(unsupported) = h264_sps::judge(access_unit, H264Level::OURS)? {
            return Err(unsupported.into());
        }
        if let Some(color) = h264_sps::color_of(access_unit) {
            self.color = color;
        }
        let Some(decoded) = self.decoder.decode(access_unit)? else { return Ok(None) };
        let (width, height) = decoded.dimensions();
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let size =
            VideoSize::new(side(width), side(height)).ok_or(DecodeError::Size(width, height))?;

        let mut data: Arc<[u8]> = std::iter::repeat_n(0, VideoFrame::len_of(size)).collect();
        let (y, u, v) = VideoFrame::planes_mut(size, Arc::make_mut(&mut data));
        let (width, strides) = (size.width() as usize, decoded.strides());
        copy_rows(decoded.y(), strides.0, y, width);
        copy_rows(decoded.u(), strides.1, u, width / 2);
        copy_rows(decoded.v(), strides.2, v, width / 2);
        Ok(Some(VideoFrame { color: self.color, ..VideoFrame::new(size, data, captured_at) }))
    }
}

fn copy_rows(from: &[u8], stride: usize, to: &mut [u8], width: usize) {
    for (to, from) in to.chunks_exact_mut(width).zip(from.chunks(stride.max(1))) {
        if let Some(from) = from.get(..width) {
            to.copy_from_slice(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::h264_encoder::H264Encoder;
    use crate::pattern::Pattern;
    use crate::pattern_bar::Stamp;
    use crate::units::{Bitrate, WallTime};

    fn stream(frames: u32) -> Vec<bytes::Bytes> {
        let size = VideoSize::new(320, 180).expect("a size");
        let pattern = Pattern::new(size);
        let mut encoder =
            H264Encoder::new(size, 30.0, Bitrate::from_kbps(200)).expect("an encoder");
        (0..frames)
            .map(|index| {
                let frame =
                    pattern.render(Stamp { index, captured_at: WallTime(0) }, Instant::now());
                encoder
                    .encode(&frame, false, Duration::from_millis(u64::from(index) * 33))
                    .expect("it encodes")
                    .data
            })
            .collect()
    }

    #[test]
    fn garbage_is_an_error_or_nothing_and_never_a_panic() {
        let stream = stream(3);
        // A fixed generator, so that a failure can be repeated.
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        for _ in 0..200 {
            let mut decoder = H264Decoder::new().expect("a decoder");
            for unit in &stream {
                let mut bent = unit.to_vec();
                for _ in 0..1 + random() % 4 {
                    let at = random() % bent.len();
                    bent[at] = random() as u8;
                }
                bent.truncate(1 + random() % bent.len());
                let _ = decoder.decode(&bent, Instant::now());
            }
        }
    }

    #[test]
    fn nothing_comes_without_a_key_frame() {
        let stream = stream(3);
        let mut decoder = H264Decoder::new().expect("a decoder");
        assert!(!matches!(decoder.decode(&stream[1], Instant::now()), Ok(Some(_))));
        assert!(matches!(decoder.decode(&[], Instant::now()), Ok(None)));
        assert!(matches!(decoder.decode(&stream[0], Instant::now()), Ok(Some(_))));
    }

    #[test]
    fn an_access_unit_of_absurd_length_is_refused() {
        let mut decoder = H264Decoder::new().expect("a decoder");
        let unit = vec![0; MAX_ACCESS_UNIT + 1];
        assert!(matches!(decoder.decode(&unit, Instant::now()), Err(DecodeError::TooLarge(_))));
    }
}
