//! What the numbers of a frame mean as colours, read from the stream's sequence parameter set.
//!
//! Cameras and we send BT.601 limited range and say nothing about it; a browser that sends a canvas
//! or a screen says BT.709 and full range in the SPS's VUI (H.264 §7.3.2.1.1 and annex E). OpenH264
//! decodes without reporting it, so [`crate::h264_sps`] reads it.

pub use yuv::YuvStandardMatrix as Matrix;

/// What a frame's numbers mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColorSpace {
    /// How luma and chroma follow from red, green and blue (ITU-T H.273 `MatrixCoefficients`).
    pub matrix: Matrix,
    /// Whether luma goes from 0 to 255 rather than from 16 to 235.
    pub full_range: bool,
}

impl Default for ColorSpace {
    /// Standard definition: what is meant where nothing is said.
    fn default() -> Self {
        Self { matrix: Matrix::Bt601, full_range: false }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::frame::VideoFrame;
    use crate::h264_encoder::H264Encoder;
    use crate::h264_sps::color_of as of_access_unit;
    use crate::units::{Bitrate, VideoSize};

    /// Writes an SPS of the constrained baseline profile with this VUI.
    fn sps(vui: &[(u32, u32)]) -> Vec<u8> {
        let mut bits: Vec<bool> = Vec::new();
        let mut put =
            |value: u32, count: u32| bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        put(0x42_E0_1F, 24);
        // seq_parameter_set_id, log2_max_frame_num, poc type 2, one reference frame, no gaps.
        for (value, count) in [(1, 1), (1, 1), (0b011, 3), (0b010, 3), (0, 1)] {
            put(value, count);
        }
        // 20 by 15 macroblocks as ue(19) and ue(14), frames only, direct_8x8, no cropping.
        for (value, count) in [(0b1_0100, 9), (0b1111, 7), (1, 1), (1, 1), (0, 1)] {
            put(value, count);
        }
        for (value, count) in vui {
            put(*value, *count);
        }
        put(1, 1);
        let mut bytes = vec![0, 0, 0, 1, 0x67];
        bytes.extend(bits.chunks(8).map(|chunk| {
            chunk.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)) << (8 - chunk.len())
        }));
        bytes.extend([0, 0, 1, 0x68, 1, 2, 3]);
        bytes
    }

    #[test]
    fn a_browsers_canvas_is_bt709_full_range() {
        let vui = [(1, 1), (0, 1), (0, 1), (1, 1), (5, 3), (1, 1), (1, 1), (1, 8), (1, 8), (1, 8)];
        let expected = ColorSpace { matrix: Matrix::Bt709, full_range: true };
        assert_eq!(of_access_unit(&sps(&vui)), Some(expected));
    }

    #[test]
    fn where_nothing_is_said_it_is_bt601_limited_range() {
        assert_eq!(of_access_unit(&sps(&[(0, 1)])), Some(ColorSpace::default()));
        let size = VideoSize::new(320, 180).expect("a size");
        let mut encoder =
            H264Encoder::new(size, 30.0, Bitrate::from_kbps(300)).expect("an encoder");
        let frame = VideoFrame::black(size, Instant::now());
        let key = encoder.encode(&frame, true, Duration::ZERO).expect("it encodes");
        assert_eq!(of_access_unit(&key.data), Some(ColorSpace::default()), "our own stream");
    }

    #[test]
    fn a_frame_without_parameter_sets_says_nothing() {
        assert_eq!(of_access_unit(&[0, 0, 0, 1, 0x41, 0x9A, 0, 0, 3, 1]), None);
        assert_eq!(of_access_unit(&[]), None);
    }

    #[test]
    fn a_damaged_parameter_set_is_read_without_a_panic() {
        let whole = sps(&[
            (1, 1),
            (1, 1),
            (255, 8),
            (7, 32),
            (1, 1),
            (1, 1),
            (1, 1),
            (5, 3),
            (1, 1),
            (0, 1),
        ]);
        for cut in 0..whole.len() {
            let _ = of_access_unit(&whole[..cut]);
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[cut] ^= 1 << bit;
                let _ = of_access_unit(&flipped);
            }
        }
    }
}
