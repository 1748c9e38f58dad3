//! The H.264 encoder: OpenH264, set for a live camera or for a screen.
//!
//! I420 in, access units in Annex B form out: constrained baseline, one slice, no periodic key
//! frames. What always holds: a key frame is an IDR picture behind its SPS and PPS; every frame
//! that went in comes out (frames are never skipped: whoever calls decides which to drop).

use std::time::Duration;

use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Level,
    Profile, RateControlMode, SpsPpsStrategy, UsageType, VuiConfig,
};
use openh264::formats::YUVSlices;
use openh264::{OpenH264API, Timestamp};

use crate::frame::{EncodedVideo, VideoFrame};
use crate::h264_level::H264Level;
use crate::units::{Bitrate, VideoSize};

/// Below this OpenH264 has no room for even its smallest frames.
const MIN_BITRATE: Bitrate = Bitrate::from_kbps(20);
/// Without rate control OpenH264 takes the level alone from it: what level 3.1 allows.
const SCREEN_BITRATE: Bitrate = Bitrate::from_kbps(10_000);
/// The quantizer that an encoder for screens begins with; OpenH264 takes options only after its
/// first frame.
pub const FIRST_QP: u8 = 26;
/// OpenH264 counts in `i32`.
const MAX_BITRATE: Bitrate = Bitrate::from_kbps(100_000);

/// Why a frame was not encoded.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// OpenH264 refused to start or to encode.
    #[error("the H.264 encoder failed: {0}")]
    Codec(#[from] openh264::Error),
    /// The frame is not of the size that the encoder was made for (the first), or its data is not
    /// as long as its size says.
    #[error("the encoder is set for {0} and was given {1} with {2} bytes")]
    Frame(VideoSize, VideoSize, usize),
    /// OpenH264 did not accept a new rate, and returned this code.
    #[error("the H.264 encoder did not take {0} (code {1})")]
    Setting(&'static str, i32),
    /// OpenH264 produced nothing for a frame.
    #[error("the H.264 encoder produced nothing")]
    Nothing,
}

/// An encoder for frames of one size. Another size takes another encoder, which begins with a key
/// frame.
pub struct H264Encoder {
    encoder: Encoder,
    size: VideoSize,
    target: Bitrate,
    fps: f32,
    started: bool,
    /// The quantizer, for screens.
    qp: u8,
}

impl H264Encoder {
    /// Makes an encoder for a size, a frame rate and a bit rate.
    pub fn new(size: VideoSize, fps: f32, target: Bitrate) -> Result<Self, EncodeError> {
        let target = target.clamp(MIN_BITRATE, MAX_BITRATE);
        let encoder =
            Encoder::with_api_config(OpenH264API::from_source(), settings(size, fps, target))?;
        Self::with(encoder, size, fps, target)
    }

    /// Makes an encoder for pictures of a screen, which finds out what scrolled. The rate is up to
    /// whoever calls: each frame is encoded with one quantizer. Says, too, how many bytes `first`
    /// takes with [`FIRST_QP`], which is encoded for this alone: the first frame that comes out is
    /// a key frame.
    pub fn for_screen(first: &VideoFrame, fps: u32) -> Result<(Self, usize), EncodeError> {
        let (fps, target) = (fps.max(1) as f32, SCREEN_BITRATE);
        let config = settings(first.size, fps, target)
            .rate_control_mode(RateControlMode::Off)
            .usage_type(UsageType::ScreenContentRealTime)
            // What it does anyway for screens, but with a word on standard error.
            .scene_change_detect(true)
            .adaptive_quantization(false)
            .background_detection(false);
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config)?;
        let mut this = Self::with(encoder, first.size, fps, target)?;
        let measured = this.encode(first, true, Duration::ZERO)?.data.len();
        this.encoder.force_intra_frame();
        Ok((this, measured))
    }

    fn with(
        mut encoder: Encoder,
        size: VideoSize,
        fps: f32,
        target: Bitrate,
    ) -> Result<Self, EncodeError> {
        raw::keep_quiet(&mut encoder)?;
        Ok(Self { encoder, size, target, fps, started: false, qp: FIRST_QP })
    }

    /// Encodes with this quantizer from now on, 0 (finest) to 51. Only an encoder for screens
    /// does.
    pub fn set_quantizer(&mut self, qp: u8) -> Result<(), EncodeError> {
        if qp != self.qp {
            raw::set_quantizer(&mut self.encoder, qp)?;
            self.qp = qp;
        }
        Ok(())
    }

    /// The size it takes.
    #[must_use]
    pub fn size(&self) -> VideoSize {
        self.size
    }

    /// Encodes a frame that was taken so long after the first. The first is a key frame; others
    /// when asked for.
    pub fn encode(
        &mut self,
        frame: &VideoFrame,
        key: bool,
        at: Duration,
    ) -> Result<EncodedVideo, EncodeError> {
        if frame.size != self.size || frame.data.len() != VideoFrame::len_of(self.size) {
            return Err(EncodeError::Frame(self.size, frame.size, frame.data.len()));
        }
        if key && self.started {
            self.encoder.force_intra_frame();
        }
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        let source = YUVSlices::new(frame.planes(), (width, height), (width, width / 2, width / 2));
        let millis = u64::try_from(at.as_millis()).unwrap_or(0).min(i64::MAX as u64);
        let encoded = self.encoder.encode_at(&source, Timestamp::from_millis(millis))?;
        let key = match encoded.frame_type() {
            FrameType::IDR => true,
            FrameType::I | FrameType::P | FrameType::IPMixed => false,
            FrameType::Skip | FrameType::Invalid => return Err(EncodeError::Nothing),
        };
        let data = encoded.to_vec();
        if data.is_empty() {
            return Err(EncodeError::Nothing);
        }
        self.started = true;
        Ok(EncodedVideo { data: data.into(), key, captured_at: frame.captured_at })
    }

    /// Aims at another rate from the next frame on, without a key frame.
    /// When OpenH264 refuses, it then goes on at the old rate.
    pub fn set_target(&mut self, target: Bitrate) -> Result<(), EncodeError> {
        let target = target.clamp(MIN_BITRATE, MAX_BITRATE);
        if target == self.target {
            return Ok(());
        }
        if self.started {
            raw::set_bitrate(&mut self.encoder, self.target, target)?;
            self.target = target;
        } else {
            // OpenH264 takes options only after its first frame.
            *self = Self::new(self.size, self.fps, target)?;
        }
        Ok(())
    }

    /// Expects frames at another rate from now on, so that each gets its share of the bit rate.
    /// When OpenH264 refuses, it then goes on as before.
    pub fn set_frame_rate(&mut self, fps: f32) -> Result<(), EncodeError> {
        if self.started {
            raw::set_frame_rate(&mut self.encoder, fps)?;
            self.fps = fps;
        } else {
            *self = Self::new(self.size, fps, self.target)?;
        }
        Ok(())
    }
}

fn settings(size: VideoSize, fps: f32, target: Bitrate) -> EncoderConfig {
    let bps = u32::try_from(target.bps()).unwrap_or(u32::MAX);
    let config = EncoderConfig::new()
        .bitrate(BitRate::from_bps(bps))
        .max_frame_rate(FrameRate::from_hz(fps))
        .rate_control_mode(RateControlMode::Bitrate)
        .skip_frames(false)
        .usage_type(UsageType::CameraVideoRealTime)
        .complexity(Complexity::Low)
        .profile(Profile::Baseline)
        .num_threads(1)
        // It takes a camera's noise for new scenes and sends a key frame every half a second.
        .scene_change_detect(false)
        .intra_frame_period(IntraFramePeriod::from_num_frames(0))
        .sps_pps_strategy(SpsPpsStrategy::ConstantId)
        .vui(VuiConfig::bt601());
    // Whoever calls has seen to it that the other takes this level.
    config.level(level(H264Level::needed(size, fps.ceil() as u32).max(H264Level::BASIC)))
}

fn level(level: H264Level) -> Level {
    match level.idc() {
        ..=31 => Level::Level_3_1,
        32 => Level::Level_3_2,
        40 => Level::Level_4_0,
        41 => Level::Level_4_1,
        42 => Level::Level_4_2,
        50 => Level::Level_5_0,
        51 => Level::Level_5_1,
        _ => Level::Level_5_2,
    }
}

/// What the safe binding does not offer: OpenH264's options, set while it runs.
#[expect(
    unsafe_code,
    reason = "live changes of rates and quantizer exist only in OpenH264's C interface"
)]
mod raw {
    use std::ffi::c_int;

    use openh264::encoder::Encoder;
    use openh264_sys2::{
        ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_FRAME_RATE,
        ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_SVC_ENCODE_PARAM_EXT,
        ENCODER_OPTION_TRACE_LEVEL, SEncParamExt, SPATIAL_LAYER_0, TagBitrateInfo, WELS_LOG_QUIET,
    };

    use super::{Bitrate, EncodeError};

    /// Otherwise it writes to standard error when it starts.
    pub(super) fn keep_quiet(encoder: &mut Encoder) -> Result<(), EncodeError> {
        let mut level: c_int = WELS_LOG_QUIET;
        set(encoder, ENCODER_OPTION_TRACE_LEVEL, "log level", &mut level)
    }

    /// The ceiling must never be below the target, so the two are changed in the order that keeps
    /// it so.
    pub(super) fn set_bitrate(
        encoder: &mut Encoder,
        from: Bitrate,
        to: Bitrate,
    ) -> Result<(), EncodeError> {
        let order = if to > from {
            [ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_BITRATE]
        } else {
            [ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE]
        };
        let bps = c_int::try_from(to.bps()).unwrap_or(c_int::MAX);
        for option in order {
            set(
                encoder,
                option,
                "bit rate",
                &mut TagBitrateInfo { iLayer: SPATIAL_LAYER_0, iBitrate: bps },
            )?;
        }
        Ok(())
    }

    pub(super) fn set_frame_rate(encoder: &mut Encoder, mut fps: f32) -> Result<(), EncodeError> {
        set(encoder, ENCODER_OPTION_FRAME_RATE, "frame rate", &mut fps)
    }

    /// Without rate control a layer's quantizer is that of all its macroblocks. The other
    /// parameters are read and written back as they are, so that nothing starts over.
    pub(super) fn set_quantizer(encoder: &mut Encoder, qp: u8) -> Result<(), EncodeError> {
        let mut all = SEncParamExt::default();
        // SAFETY: the encoder is alive and borrowed exclusively; OpenH264 writes an `SEncParamExt`.
        let code = unsafe {
            let into = std::ptr::from_mut(&mut all).cast();
            encoder.raw_api().get_option(ENCODER_OPTION_SVC_ENCODE_PARAM_EXT, into)
        };
        if code != 0 {
            return Err(EncodeError::Setting("quantizer", code));
        }
        if let Some(layer) = all.sSpatialLayers.first_mut() {
            layer.iDLayerQp = c_int::from(qp.min(51));
        }
        set(encoder, ENCODER_OPTION_SVC_ENCODE_PARAM_EXT, "quantizer", &mut all)
    }

    /// `T` must be what `option` points to in OpenH264's `codec_app_def.h`.
    fn set<T>(
        encoder: &mut Encoder,
        option: ENCODER_OPTION,
        what: &'static str,
        value: &mut T,
    ) -> Result<(), EncodeError> {
        // SAFETY: the encoder is alive and borrowed exclusively; each caller passes the type that
        // its option reads (int, SBitrateInfo, float, SEncParamExt), and OpenH264 copies it before
        // it returns.
        let code =
            unsafe { encoder.raw_api().set_option(option, std::ptr::from_mut(value).cast()) };
        if code == 0 { Ok(()) } else { Err(EncodeError::Setting(what, code)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let decoded = decoder
                .decode(&encoded.data, Instant::now())
                .expect("it decodes")
                .expect("a frame");
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
            encoder.set_target(Bitrate::from_kbps(kbps)).expect("it takes the target");
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
                encoder.set_frame_rate(15.0).expect("it takes the rate");
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
    fn a_key_frame_is_no_burst() {
        for (width, height, kbps) in [
            (1280, 720, 2500),
            (1280, 720, 1000),
            (960, 540, 600),
            (640, 360, 250),
            (320, 180, 120),
        ] {
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
        encoder.set_target(Bitrate::from_bps(0)).expect("it takes the target");
        encoder.set_frame_rate(15.0).expect("it takes the rate");
        let (frame, at) = Source::new(size(320, 180)).frame();
        assert!(encoder.encode(&frame, true, at).expect("it encodes").key);
    }
}
