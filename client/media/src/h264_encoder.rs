//! The H.264 encoder: OpenH264, set for a live camera or for a screen.
//!
//! I420 in, access units in Annex B form out: constrained baseline, or main with CABAC (ADR 50),
//! one slice, no periodic key frames. Each frame has one quantizer: of a camera's, `RateControl`
//! chooses it (ADR 48), of a screen's, whoever calls. What always holds: a key frame is an IDR
//! picture behind its SPS and PPS; every frame that went in comes out (frames are never skipped:
//! whoever calls decides which to drop).

use std::time::Duration;

use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Level,
    Profile, RateControlMode, SpsPpsStrategy, UsageType, VuiConfig,
};
use openh264::formats::YUVSlices;
use openh264::{OpenH264API, Timestamp};

use crate::frame::{EncodedVideo, VideoFrame};
use crate::h264_level::H264Level;
use crate::h264_profile::H264Profile;
use crate::rate_control::RateControl;
use crate::units::{Bitrate, VideoSize};

/// Below this OpenH264 has no room for even its smallest frames.
const MIN_BITRATE: Bitrate = Bitrate::from_kbps(20);
/// Without its rate control OpenH264 takes the level alone from it: what level 3.1 allows.
const LEVEL_BITRATE: u32 = 10_000_000;
/// The quantizer that an encoder begins with; OpenH264 takes options only after its first frame.
pub const FIRST_QP: u8 = 26;
/// One pixel in so many, across and down, says how much two frames differ.
const THINNED: usize = 4;
/// Above this no picture gets better.
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
    /// OpenH264 did not accept a setting, and returned this code.
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
    profile: H264Profile,
    started: bool,
    qp: u8,
    /// A screen has none.
    camera: Option<Camera>,
}

/// How frames of a camera get their quantizer.
struct Camera {
    rate: RateControl,
    /// The luma of the last frame, thinned out.
    last: Vec<u8>,
}

impl H264Encoder {
    /// Makes an encoder for a size, a frame rate and a bit rate, of constrained baseline.
    pub fn new(size: VideoSize, fps: f32, target: Bitrate) -> Result<Self, EncodeError> {
        let target = target.clamp(MIN_BITRATE, MAX_BITRATE);
        let rate = RateControl::new(target, fps, FIRST_QP);
        let camera = Camera { rate, last: Vec::new() };
        Self::with(settings(size, fps), size, Some(camera))
    }

    /// Makes an encoder for pictures of a screen, which finds out what scrolled. The rate is up to
    /// whoever calls: each frame is encoded with one quantizer. Says, too, how many bytes `first`
    /// takes with [`FIRST_QP`], which is encoded for this alone: the first frame that comes out is
    /// a key frame.
    pub fn for_screen(first: &VideoFrame, fps: u32) -> Result<(Self, usize), EncodeError> {
        let config = settings(first.size, fps.max(1) as f32)
            .usage_type(UsageType::ScreenContentRealTime)
            .complexity(Complexity::Low)
            // What it does anyway for screens, but with a word on standard error.
            .scene_change_detect(true);
        let mut this = Self::with(config, first.size, None)?;
        let measured = this.encode(first, true, Duration::ZERO)?.data.len();
        this.encoder.force_intra_frame();
        Ok((this, measured))
    }

    fn with(
        config: EncoderConfig,
        size: VideoSize,
        camera: Option<Camera>,
    ) -> Result<Self, EncodeError> {
        let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config)?;
        raw::keep_quiet(&mut encoder)?;
        let profile = H264Profile::ConstrainedBaseline;
        Ok(Self { encoder, size, profile, started: false, qp: FIRST_QP, camera })
    }

    /// Encodes by this profile from now on: the next frame is a key frame then.
    pub fn with_profile(mut self, profile: H264Profile) -> Result<Self, EncodeError> {
        if profile != self.profile {
            if !self.started {
                // OpenH264 takes options only after its first frame.
                let (luma, chroma) =
                    (vec![16; self.size.pixels()], vec![128; self.size.pixels() / 4]);
                self.encode_with((&luma, &chroma, &chroma), true, Duration::ZERO)?;
            }
            raw::set_profile(&mut self.encoder, profile)?;
            self.profile = profile;
        }
        Ok(self)
    }

    /// Encodes with this quantizer from now on, 0 (finest) to 51. An encoder for a camera chooses
    /// its own for each frame.
    pub fn set_quantizer(&mut self, qp: u8) -> Result<(), EncodeError> {
        if qp != self.qp {
            raw::set_quantizer(&mut self.encoder, qp)?;
            self.qp = qp;
        }
        Ok(())
    }

    /// The quantizer of the last frame.
    #[must_use]
    pub fn quantizer(&self) -> u8 {
        self.qp
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
        let key = key || !self.started;
        if let Some(camera) = &mut self.camera {
            camera.differs(frame);
            // OpenH264 takes options only after its first frame.
            if self.started {
                let qp = camera.rate.next_qp(key);
                self.set_quantizer(qp)?;
            }
        }
        let (mut data, mut is_key) = self.encode_with(frame.planes(), key, at)?;
        let again = self.camera.as_mut().filter(|_| is_key);
        if let Some(qp) = again.and_then(|camera| camera.rate.key_frame_again(self.qp, data.len()))
        {
            self.set_quantizer(qp)?;
            (data, is_key) = self.encode_with(frame.planes(), true, at)?;
        }
        if let Some(camera) = &mut self.camera {
            camera.rate.encoded(self.qp, is_key, data.len());
        }
        Ok(EncodedVideo {
            data: data.into(),
            key: is_key,
            profile: self.profile,
            captured_at: frame.captured_at,
        })
    }

    /// Encodes luma and both chromas.
    fn encode_with(
        &mut self,
        planes: (&[u8], &[u8], &[u8]),
        key: bool,
        at: Duration,
    ) -> Result<(Vec<u8>, bool), EncodeError> {
        if key && self.started {
            self.encoder.force_intra_frame();
        }
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        let source = YUVSlices::new(planes, (width, height), (width, width / 2, width / 2));
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
        Ok((data, key))
    }

    /// Aims at another rate from the next frame on, without a key frame.
    pub fn set_target(&mut self, target: Bitrate) {
        if let Some(camera) = &mut self.camera {
            camera.rate.set_target(target.clamp(MIN_BITRATE, MAX_BITRATE));
        }
    }

    /// Expects frames at another rate from now on, so that each gets its share of the bit rate.
    pub fn set_frame_rate(&mut self, fps: f32) {
        if let Some(camera) = &mut self.camera {
            camera.rate.set_frame_rate(fps);
        }
    }
}

impl Camera {
    /// Compares a frame with the one before it, in one pixel of sixteen.
    fn differs(&mut self, frame: &VideoFrame) {
        let (luma, ..) = frame.planes();
        let rows = luma.chunks(frame.size.width() as usize).step_by(THINNED);
        let now: Vec<u8> = rows.flat_map(|row| row.iter().step_by(THINNED).copied()).collect();
        if now.len() == self.last.len() && !now.is_empty() {
            let pairs = now.iter().zip(&self.last);
            let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            self.rate.differs(sum as f64 / now.len() as f64);
        }
        self.last = now;
    }
}

/// What each setting gains and costs, `docs/performance.md` says.
fn settings(size: VideoSize, fps: f32) -> EncoderConfig {
    let config = EncoderConfig::new()
        .bitrate(BitRate::from_bps(LEVEL_BITRATE))
        .max_frame_rate(FrameRate::from_hz(fps))
        .rate_control_mode(RateControlMode::Off)
        .skip_frames(false)
        .usage_type(UsageType::CameraVideoRealTime)
        .complexity(Complexity::Medium)
        .adaptive_quantization(false)
        .background_detection(false)
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
    reason = "the entropy coder and live changes of the quantizer exist only in OpenH264's C interface"
)]
mod raw {
    use std::ffi::c_int;

    use openh264::encoder::Encoder;
    use openh264_sys2::{
        ENCODER_OPTION, ENCODER_OPTION_SVC_ENCODE_PARAM_EXT, ENCODER_OPTION_TRACE_LEVEL,
        PRO_BASELINE, PRO_MAIN, SEncParamExt, WELS_LOG_QUIET,
    };

    use super::{EncodeError, H264Profile};

    /// Otherwise it writes to standard error when it starts.
    pub(super) fn keep_quiet(encoder: &mut Encoder) -> Result<(), EncodeError> {
        let mut level: c_int = WELS_LOG_QUIET;
        set(encoder, ENCODER_OPTION_TRACE_LEVEL, "log level", &mut level)
    }

    /// Without rate control a layer's quantizer is that of all its macroblocks.
    pub(super) fn set_quantizer(encoder: &mut Encoder, qp: u8) -> Result<(), EncodeError> {
        change(encoder, "quantizer", |parameters| {
            if let Some(layer) = parameters.sSpatialLayers.first_mut() {
                layer.iDLayerQp = c_int::from(qp.min(51));
            }
        })
    }

    /// Another profile makes OpenH264 begin anew, with an IDR picture.
    pub(super) fn set_profile(
        encoder: &mut Encoder,
        profile: H264Profile,
    ) -> Result<(), EncodeError> {
        let (idc, cabac) = match profile {
            H264Profile::ConstrainedBaseline => (PRO_BASELINE, 0),
            H264Profile::Main => (PRO_MAIN, 1),
        };
        change(encoder, "profile", |parameters| {
            parameters.iEntropyCodingModeFlag = cabac;
            if let Some(layer) = parameters.sSpatialLayers.first_mut() {
                layer.uiProfileIdc = idc;
            }
        })
    }

    /// The other parameters are read and written back as they are, so that nothing starts over that
    /// need not.
    fn change(
        encoder: &mut Encoder,
        what: &'static str,
        change: impl FnOnce(&mut SEncParamExt),
    ) -> Result<(), EncodeError> {
        let mut all = SEncParamExt::default();
        // SAFETY: the encoder is alive and borrowed exclusively; OpenH264 writes an `SEncParamExt`.
        let code = unsafe {
            let into = std::ptr::from_mut(&mut all).cast();
            encoder.raw_api().get_option(ENCODER_OPTION_SVC_ENCODE_PARAM_EXT, into)
        };
        if code != 0 {
            return Err(EncodeError::Setting(what, code));
        }
        change(&mut all);
        set(encoder, ENCODER_OPTION_SVC_ENCODE_PARAM_EXT, what, &mut all)
    }

    /// `T` must be what `option` points to in OpenH264's `codec_app_def.h`.
    fn set<T>(
        encoder: &mut Encoder,
        option: ENCODER_OPTION,
        what: &'static str,
        value: &mut T,
    ) -> Result<(), EncodeError> {
        // SAFETY: the encoder is alive and borrowed exclusively; each caller passes the type that
        // its option reads (int, SEncParamExt), and OpenH264 copies it before
        // it returns.
        let code =
            unsafe { encoder.raw_api().set_option(option, std::ptr::from_mut(value).cast()) };
        if code == 0 { Ok(()) } else { Err(EncodeError::Setting(what, code)) }
    }
}

#[cfg(test)]
mod tests;
