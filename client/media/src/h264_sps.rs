//! Reads a sequence parameter set (H.264 §7.3.2.1.1 and annex E), so that a stream can be judged
//! before a decoder takes memory for it.
//!
//! In: a NAL unit of type 7. Out: profile, size, references and colours, or what about it can't be
//! read; and, against a level, what about it can't be decoded. What always holds: whatever the
//! bytes are, the answer is one of these, no number grows beyond what its type holds, and nothing
//! is taken for readable that OpenH264 would read otherwise. Pure.

use crate::bit_reader::BitReader;
use crate::color_space::{ColorSpace, Matrix};
use crate::h264_level::H264Level;

/// `nal_unit_type` of a sequence parameter set.
const NAL_SPS: u8 = 7;
/// `nal_unit_type` of a subset sequence parameter set, of scalable and multiview streams.
const NAL_SUBSET_SPS: u8 = 15;
/// The low five bits of a NAL unit's first byte.
const NAL_TYPE: u8 = 0x1F;

/// Of a longer one no more is read; the VUI with all its tables is shorter.
const MAX_BYTES: usize = 1024;
/// Parameter sets come first in an access unit: what is beyond is slices, which are long.
const MAX_HEAD_BYTES: usize = 512;
/// The widest and highest that is read, in macroblocks: beyond all levels, and far from overflow.
const MAX_SIDE_IN_MBS: u32 = 4096;
/// The most reference frames that there are (§7.4.2.1.1).
const MAX_REFERENCES: u32 = 16;
/// `aspect_ratio_idc` that is followed by a ratio.
const EXTENDED_SAR: u32 = 255;

/// What a sequence parameter set says of its stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Sps {
    /// `seq_parameter_set_id`, 0 to 31.
    pub id: u8,
    /// `profile_idc`: 66 baseline, 77 main, 100 high, …
    pub profile: u8,
    /// `chroma_format_idc`: 0 grey, 1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4.
    pub chroma_format: u32,
    /// Bits of a luma or chroma sample, whichever has more.
    pub bit_depth: u32,
    /// `frame_mbs_only_flag`: no picture is a field or has fields.
    pub frames_only: bool,
    /// `max_num_ref_frames`.
    pub reference_frames: u32,
    /// Width and height of the coded picture, in macroblocks of 16 by 16.
    pub macroblocks: (u32, u32),
    /// Width and height of what is shown, in pixels: without what is cropped.
    pub shown: (u32, u32),
    /// What its numbers mean as colours.
    pub color: ColorSpace,
}

/// Why a parameter set could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpsError {
    /// It is another NAL unit, or of a profile with a syntax of its own.
    #[error("it is no sequence parameter set that is known here")]
    Unknown,
    /// It ends in the middle of a value, or a value is out of its range.
    #[error("it is cut short or contradicts itself")]
    Malformed,
}

/// What can't be decoded here, for which no key frame helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unsupported {
    /// Pictures come as fields, each with every other row.
    #[error("interlaced")]
    Interlaced,
    /// More than 8 bits a sample.
    #[error("of {0} bits")]
    BitDepth(u32),
    /// Chroma of another resolution than 4:2:0.
    #[error("with colours in {}", if *.0 == 2 { "4:2:2" } else { "4:4:4" })]
    Chroma(u32),
    /// Larger than the level that was offered.
    #[error("of {0}x{1}, which is too large")]
    Size(u32, u32),
    /// More references than the level that was offered has memory for.
    #[error("with {0} references, which are too many")]
    References(u32),
    /// Of a profile that is unknown here.
    #[error("of an H.264 profile that is unknown here")]
    Profile,
}

impl Sps {
    /// Reads a NAL unit of type 7, its first byte included.
    ///
    /// # Errors
    /// When it is none, or breaks off.
    pub fn read(nal: &[u8]) -> Result<Self, SpsError> {
        let (header, body) = nal.split_first().ok_or(SpsError::Unknown)?;
        if header & NAL_TYPE != NAL_SPS {
            return Err(SpsError::Unknown);
        }
        let mut bits = BitReader::of_nal_body(body, MAX_BYTES);
        let profile = bits.bits(8).and_then(|profile| u8::try_from(profile).ok());
        let profile = profile.ok_or(SpsError::Malformed)?;
        // Others are those of scalable, multiview and 3D streams.
        if !matches!(profile, 44 | 66 | 77 | 88 | 100 | 110 | 122 | 244) {
            return Err(SpsError::Unknown);
        }
        read_body(profile, &mut bits).ok_or(SpsError::Malformed)
    }

    /// Why it can't be decoded by one who offered to take this level; `None` when it can.
    #[must_use]
    pub fn unsupported(&self, level: H264Level) -> Option<Unsupported> {
        if self.chroma_format > 1 {
            return Some(Unsupported::Chroma(self.chroma_format));
        }
        if self.bit_depth > 8 {
            return Some(Unsupported::BitDepth(self.bit_depth));
        }
        if !self.frames_only {
            return Some(Unsupported::Interlaced);
        }
        let (width, height) = self.macroblocks;
        if !level.allows_frame(width, height) {
            return Some(Unsupported::Size(self.shown.0, self.shown.1));
        }
        let stored = level.stored_frames(width, height).min(MAX_REFERENCES);
        (self.reference_frames > stored).then_some(Unsupported::References(self.reference_frames))
    }
}

/// Why the pictures of an access unit in Annex B form can't be decoded by one who offered to take
/// this level, by its sequence parameter sets; `None` when it has none, or all can be.
///
/// # Errors
/// When one of them can't be read.
pub fn judge(access_unit: &[u8], level: H264Level) -> Result<Option<Unsupported>, SpsError> {
    for nal in parameter_sets(access_unit) {
        if nal.first().is_some_and(|header| header & NAL_TYPE == NAL_SUBSET_SPS) {
            return Ok(Some(Unsupported::Profile));
        }
        match Sps::read(nal) {
            Ok(sps) => {
                if let Some(unsupported) = sps.unsupported(level) {
                    return Ok(Some(unsupported));
                }
            }
            Err(SpsError::Unknown) => return Ok(Some(Unsupported::Profile)),
            Err(malformed) => return Err(malformed),
        }
    }
    Ok(None)
}

/// The colours of an access unit in Annex B form; `None` when it begins with no parameter set that
/// can be read.
#[must_use]
pub fn color_of(access_unit: &[u8]) -> Option<ColorSpace> {
    let head = access_unit.get(..access_unit.len().min(MAX_HEAD_BYTES))?;
    Sps::read(parameter_sets(head).next()?).ok().map(|sps| sps.color)
}

/// The sequence parameter sets of an access unit in Annex B form, plain and subset, wherever they
/// stand in it.
fn parameter_sets(access_unit: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_set = |window: &[u8]| {
        matches!(window, [0, 0, 1, header]
            if matches!(header & NAL_TYPE, NAL_SPS | NAL_SUBSET_SPS))
    };
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = access_unit.get(from..)?;
        let at = from + rest.windows(4).position(is_set)? + 3;
        let nal = access_unit.get(at..)?;
        let end = nal.windows(3).position(|window| matches!(window, [0, 0, 0 | 1]));
        let end = end.unwrap_or(nal.len());
        from = at + end;
        nal.get(..end)
    })
}

fn read_body(profile: u8, bits: &mut BitReader) -> Option<Sps> {
    bits.bits(16)?;
    let id = u8::try_from(bits.unsigned()?).ok().filter(|id| *id < 32)?;
    let (mut chroma_format, mut bit_depth) = (1, 8);
    if matches!(profile, 44 | 100 | 110 | 122 | 244) {
        chroma_format = bits.unsigned().filter(|format| *format <= 3)?;
        if chroma_format == 3 {
            bits.flag()?;
        }
        let luma = bits.unsigned().filter(|more| *more <= 6)?;
        let chroma = bits.unsigned().filter(|more| *more <= 6)?;
        bit_depth = 8 + luma.max(chroma);
        bits.flag()?;
        if bits.flag()? {
            skip_scaling_lists(chroma_format, bits)?;
        }
    }
    bits.unsigned()?;
    skip_picture_order(bits)?;
    let reference_frames = bits.unsigned()?;
    bits.flag()?;
    let side = |value: u32| value.checked_add(1).filter(|side| *side <= MAX_SIDE_IN_MBS);
    let width = side(bits.unsigned()?)?;
    let map_units = side(bits.unsigned()?)?;
    let frames_only = bits.flag()?;
    if !frames_only {
        bits.flag()?;
    }
    let height = if frames_only { map_units } else { map_units * 2 };
    bits.flag()?;
    let mut cropped = (0, 0);
    if bits.flag()? {
        let edges = [bits.unsigned()?, bits.unsigned()?, bits.unsigned()?, bits.unsigned()?];
        let [left, right, top, bottom] = edges;
        let unit_x = if matches!(chroma_format, 1 | 2) { 2 } else { 1 };
        let unit_y = if chroma_format == 1 { 2 } else { 1 } * if frames_only { 1 } else { 2 };
        cropped = (
            left.checked_add(right)?.checked_mul(unit_x)?,
            top.checked_add(bottom)?.checked_mul(unit_y)?,
        );
    }
    let shown = (
        (width * 16).checked_sub(cropped.0).filter(|side| *side > 0)?,
        (height * 16).checked_sub(cropped.1).filter(|side| *side > 0)?,
    );
    // What follows the size only tells how to paint it.
    let color = read_color(bits).unwrap_or_default();
    let macroblocks = (width, height);
    Some(Sps {
        id,
        profile,
        chroma_format,
        bit_depth,
        frames_only,
        reference_frames,
        macroblocks,
        shown,
        color,
    })
}

/// §7.3.2.1.1.1.
fn skip_scaling_lists(chroma_format: u32, bits: &mut BitReader) -> Option<()> {
    for list in 0..if chroma_format == 3 { 12 } else { 8 } {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8, 8);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + bits.signed()?.clamp(-128, 127) + 256) % 256;
            }
            last = if next == 0 { last } else { next };
        }
    }
    Some(())
}

fn skip_picture_order(bits: &mut BitReader) -> Option<()> {
    match bits.unsigned()? {
        0 => drop(bits.unsigned()?),
        1 => {
            bits.flag()?;
            bits.signed()?;
            bits.signed()?;
            for _ in 0..bits.unsigned().filter(|count| *count <= 255)? {
                bits.signed()?;
            }
        }
        2 => {}
        _ => return None,
    }
    Some(())
}

/// The colours of the VUI (§E.1.1); `None` when there are none.
fn read_color(bits: &mut BitReader) -> Option<ColorSpace> {
    if !bits.flag()? {
        return None;
    }
    if bits.flag()? && bits.bits(8)? == EXTENDED_SAR {
        bits.bits(32)?;
    }
    if bits.flag()? {
        bits.flag()?;
    }
    if !bits.flag()? {
        return None;
    }
    bits.bits(3)?;
    let full_range = bits.flag()?;
    let mut matrix = Matrix::Bt601;
    if bits.flag()? {
        bits.bits(16)?;
        matrix = match bits.bits(8)? {
            1 => Matrix::Bt709,
            9 => Matrix::Bt2020,
            _ => Matrix::Bt601,
        };
    }
    Some(ColorSpace { matrix, full_range })
}

#[cfg(test)]
mod tests;
