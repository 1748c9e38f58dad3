use super::*;
use std::sync::Arc;
use std::time::Instant;

use crate::h264_decoder::H264Decoder;
use crate::pattern::Pattern;
use crate::pattern_bar::{Stamp, read_bar};
use crate::psnr::psnr;
use crate::units::WallTime;

fn size(width: u32, height: u32) -> VideoSize {
    VideoSize::new(width, height).expect("a size")
}

struct Source {
    pattern: Pattern,
    next: u32,
}

impl Source {
    fn new(size: VideoSize) -> Self {
        Self { pattern: Pattern::new(size), next: 0 }
    }

    /// The next frame at 30 fps, and when it is.
    fn frame(&mut self) -> (VideoFrame, Duration) {
        let at = Duration::from_micros(u64::from(self.next) * 33_333);
        let wall = WallTime(1_700_000_000_000_000 + at.as_micros() as u64);
        let frame =
            self.pattern.render(Stamp { index: self.next, captured_at: wall }, Instant::now());
        self.next += 1;
        (frame, at)
    }
}

/// A frame with the noise of a camera: luma is off by up to 8, differently in each frame.
fn with_noise(frame: &VideoFrame, seed: u32) -> VideoFrame {
    let mut state = u64::from(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut data: Arc<[u8]> = Arc::from(&*frame.data);
    let (luma, ..) = VideoFrame::planes_mut(frame.size, Arc::make_mut(&mut data));
    for pixel in luma {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *pixel = pixel.saturating_add((state % 9) as u8).saturating_sub(((state >> 32) % 9) as u8);
    }
    VideoFrame { data, ..frame.clone() }
}

/// The types of the NAL units in an access unit (H.264 §7.4.1).
fn nal_types(data: &[u8]) -> Vec<u8> {
    data.windows(4).filter(|w| w[..3] == [0, 0, 1]).map(|w| w[3] & 31).collect()
}

#[test]
fn the_pattern_at_720p_and_1500_kbit_keeps_its_content_and_its_bar() {
    let mut source = Source::new(size(1280, 720));
    let mut encoder =
        H264Encoder::new(size(1280, 720), 30.0, Bitrate::from_kbps(1500)).expect("an encoder");
    let mut decoder = H264Decoder::new().expect("a decoder");
    let mut worst = f64::INFINITY;
    for index in 0..150 {
        let (frame, at) = source.frame();
        let encoded = encoder.encode(&frame, false, at).expect("it encodes");
        assert_eq!(encoded.key, index == 0);
        let decoded =
            decoder.decode(&encoded.data, Instant::now()).expect("it decodes").expect("a frame");
        assert_eq!(read_bar(&decoded), read_bar(&frame), "frame {index}");
        worst = worst.min(psnr(&frame, &decoded));
    }
    println!("worst PSNR at 720p, 1500 kbit/s: {worst:.1} dB");
    assert!(worst >= 32.0, "{worst:.1} dB");
}

#[test]
fn the_bar_survives_at_every_size_and_a_low_rate() {
    for (width, height, kbps) in
        [(1280, 720, 900), (960, 540, 500), (640, 360, 250), (320, 180, 80)]
    {
        let mut source = Source::new(size(width, height));
        let mut encoder = H264Encoder::new(size(width, height), 30.0, Bitrate::from_kbps(kbps))
            .expect("an encoder");
        let mut decoder = H264Decoder::new().expect("a decoder");
        for index in 0..60 {
            let (frame, at) = source.frame();
            let encoded = encoder.encode(&frame, false, at).expect("it encodes");
            let decoded = decoder
                .decode(&encoded.data, Instant::now())
                .expect("it decodes")
                .expect("a frame");
            let stamp = read_bar(&decoded)
                .unwrap_or_else(|| panic!("no bar at {width}x{height}, frame {index}"));
            assert_eq!(stamp.index, index);
        }
    }
}

#[test]
fn a_new_target_is_followed_within_a_fifth_and_without_a_key_frame() {
    let mut source = Source::new(size(640, 360));
    let mut encoder =
        H264Encoder::new(size(640, 360), 30.0, Bitrate::from_kbps(600)).expect("an encoder");
    for kbps in [600, 250, 800, 400] {
        encoder.set_target(Bitrate::from_kbps(kbps));
        let mut bytes = 0;
        for index in 0..120 {
            let (frame, at) = source.frame();
            let encoded = encoder.encode(&frame, false, at).expect("it encodes");
            assert!(!encoded.key || kbps == 600);
            // The first second is for getting there.
            if index >= 30 {
                bytes += encoded.data.len();
            }
        }
        let got = bytes as f64 * 8.0 / 3.0 / 1000.0;
        println!("target {kbps} kbit/s: {got:.0}");
        assert!((got / kbps as f64 - 1.0).abs() < 0.2, "target {kbps} kbit/s, got {got:.0}");
    }
}

#[test]
fn half_the_frame_rate_gets_the_same_bit_rate() {
    let mut source = Source::new(size(640, 360));
    let mut encoder =
        H264Encoder::new(size(640, 360), 30.0, Bitrate::from_kbps(400)).expect("an encoder");
    let mut bytes = 0;
    for index in 0..120 {
        let (_, _) = source.frame();
        let (frame, at) = source.frame();
        let encoded = encoder.encode(&frame, false, at).expect("it encodes");
        if index == 0 {
            encoder.set_frame_rate(15.0);
        }
        if index >= 60 {
            bytes += encoded.data.len();
        }
    }
    let got = bytes as f64 * 8.0 / 4.0 / 1000.0;
    assert!((got / 400.0 - 1.0).abs() < 0.2, "got {got:.0} kbit/s");
}

#[test]
fn a_key_frame_comes_when_asked_for_behind_its_parameter_sets_and_never_by_itself() {
    let mut source = Source::new(size(320, 180));
    let mut encoder =
        H264Encoder::new(size(320, 180), 30.0, Bitrate::from_kbps(200)).expect("an encoder");
    for index in 0..400 {
        let (frame, at) = source.frame();
        let encoded = encoder.encode(&frame, index == 17, at).expect("it encodes");
        let expected: &[u8] = if index == 0 || index == 17 { &[7, 8, 5] } else { &[1] };
        assert_eq!(nal_types(&encoded.data), expected, "frame {index}");
        assert_eq!(encoded.key, expected.len() == 3);
        if index == 0 {
            // Constrained baseline: profile_idc 66 with constraint_set1 (H.264 A.2.1.1), at
            // most level 3.1.
            let sps = encoded
                .data
                .windows(4)
                .position(|w| w[..3] == [0, 0, 1] && w[3] & 31 == 7)
                .expect("an SPS");
            assert_eq!(encoded.data[sps + 4], 66);
            assert_eq!(
                encoded.data[sps + 5] & 0x40,
                0x40,
                "constraints {:#x}",
                encoded.data[sps + 5]
            );
            assert!(encoded.data[sps + 6] <= 31);
        }
    }
}

#[test]
fn the_main_profile_says_so_and_has_no_frame_that_waits_for_another() {
    let of = size(640, 360);
    let mut source = Source::new(of);
    let encoder = H264Encoder::new(of, 30.0, Bitrate::from_kbps(400)).expect("an encoder");
    let mut encoder = encoder.with_profile(H264Profile::Main).expect("it takes the profile");
    let mut decoder = H264Decoder::new().expect("a decoder");
    for index in 0..90 {
        let (frame, at) = source.frame();
        let encoded = encoder.encode(&frame, index == 60, at).expect("it encodes");
        assert_eq!((encoded.key, encoded.profile), (index % 60 == 0, H264Profile::Main));
        if encoded.key {
            let unit = |kind: u8| {
                let mut starts = encoded.data.windows(4);
                let at = starts.position(|w| w[..3] == [0, 0, 1] && w[3] & 31 == kind);
                &encoded.data[at.expect("a unit of this kind") + 4..]
            };
            assert_eq!(unit(7)[0], 77, "profile_idc");
            // Two numbers of one bit, then entropy_coding_mode_flag (H.264 §7.3.2.2).
            assert_eq!(unit(8)[0] & 0b1110_0000, 0b1110_0000, "CABAC");
        }
        let decoded = decoder.decode(&encoded.data, Instant::now()).expect("it decodes");
        assert_eq!(read_bar(&decoded.expect("a frame")).map(|stamp| stamp.index), Some(index));
    }
}

#[test]
fn the_main_profile_takes_fewer_bytes_for_the_same_picture() {
    let of = size(640, 360);
    let [baseline, main] = [H264Profile::ConstrainedBaseline, H264Profile::Main].map(|profile| {
        let mut source = Source::new(of);
        // An encoder for screens has the quantizer that it is given.
        let (encoder, _) = H264Encoder::for_screen(&source.frame().0, 30).expect("an encoder");
        let mut encoder = encoder.with_profile(profile).expect("it takes the profile");
        let mut decoder = H264Decoder::new().expect("a decoder");
        let (mut bytes, mut likeness) = (0, 0.0);
        for index in 0..30 {
            let frame = with_noise(&source.frame().0, index);
            let encoded = encoder.encode(&frame, false, Duration::ZERO).expect("it encodes");
            encoder.set_quantizer(30).expect("it takes the quantizer");
            bytes += encoded.data.len();
            let decoded = decoder.decode(&encoded.data, Instant::now()).expect("it decodes");
            likeness += psnr(&frame, &decoded.expect("a frame")) / 30.0;
        }
        (bytes as f64, likeness)
    });
    println!("bytes, dB: {baseline:?}, {main:?}");
    assert!(main.0 < baseline.0 * 0.95, "{baseline:?}, {main:?}");
    assert!((main.1 - baseline.1).abs() < 0.2, "{baseline:?}, {main:?}");
}

#[test]
fn a_key_frame_is_no_burst() {
    for (width, height, kbps) in
        [(1280, 720, 2500), (1280, 720, 1000), (960, 540, 600), (640, 360, 250), (320, 180, 120)]
    {
        let mut source = Source::new(size(width, height));
        let mut encoder = H264Encoder::new(size(width, height), 30.0, Bitrate::from_kbps(kbps))
            .expect("an encoder");
        let sizes: Vec<usize> = (0..120)
            .map(|index| {
                let (frame, at) = source.frame();
                encoder.encode(&frame, index == 90, at).expect("it encodes").data.len()
            })
            .collect();
        let mean = kbps as f64 * 1000.0 / 30.0 / 8.0;
        let (first, later) = (sizes[0] as f64 / mean, sizes[90] as f64 / mean);
        println!(
            "{width}x{height} at {kbps} kbit/s: key frames are {first:.1} and {later:.1} mean frames large; after them {:?}",
            &sizes[91..96]
        );
        assert!(first < 8.0 && later < 8.0);
    }
}

#[test]
fn a_frame_of_another_size_is_refused() {
    let mut encoder =
        H264Encoder::new(size(320, 180), 30.0, Bitrate::from_kbps(200)).expect("an encoder");
    let (frame, at) = Source::new(size(640, 360)).frame();
    assert!(matches!(encoder.encode(&frame, false, at), Err(EncodeError::Frame(..))));
}

#[test]
fn a_target_is_taken_before_the_first_frame_too() {
    let mut encoder =
        H264Encoder::new(size(320, 180), 30.0, Bitrate::from_kbps(200)).expect("an encoder");
    encoder.set_target(Bitrate::from_bps(0));
    encoder.set_frame_rate(15.0);
    let (frame, at) = Source::new(size(320, 180)).frame();
    assert!(encoder.encode(&frame, true, at).expect("it encodes").key);
}
