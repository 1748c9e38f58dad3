//! The chunk `fmt ` of a WAV file: how its samples are stored (Microsoft `WAVEFORMATEX` and
//! `WAVEFORMATEXTENSIBLE`).
//!
//! In: the chunk's bytes. Out: the [`Format`], or why it is not read. Fields that say the same as
//! others are looked at only where the others leave a question: many programs fill them wrongly.

use super::WavFault;
use super::samples::Encoding;
use crate::resample::RATES;

/// Plain integers.
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// What it is stands in a GUID further down.
const EXTENSIBLE: u16 = 0xFFFE;
/// More channels than any file has that a person would choose.
const MOST_CHANNELS: u16 = 32;
/// As much of the chunk as has a meaning.
pub(super) const FORMAT_BYTES: usize = 40;

/// How a file's sound is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    /// From 1 to 32.
    pub(super) channels: u16,
    /// Which loudspeakers they are for; 0 where the file does not say.
    pub(super) channel_mask: u32,
    /// Samples per second of each channel.
    pub(super) rate: u32,
    /// How one sample is stored.
    pub(super) encoding: Encoding,
}

impl Format {
    /// How many bytes one sample of all channels takes; never 0.
    pub(super) fn frame_bytes(self) -> usize {
        self.encoding.bytes() * usize::from(self.channels)
    }

    /// Reads the chunk, or as much of it as there is.
    pub(super) fn parse(chunk: &[u8]) -> Result<Self, WavFault> {
        let (Some(tag), Some(channels), Some(rate), Some(block)) =
            (u16_at(chunk, 0), u16_at(chunk, 2), u32_at(chunk, 4), u16_at(chunk, 12))
        else {
            return Err(WavFault::Damaged("its format is cut short".to_owned()));
        };
        let bytes_per_second = u32_at(chunk, 8).unwrap_or_default();
        // The oldest form of the chunk ends before this field.
        let bits = u16_at(chunk, 14).unwrap_or_default();
        let extended = tag == EXTENSIBLE;
        let tag = if extended { u16_at(chunk, 24).unwrap_or(PCM) } else { tag };
        if !(1..=MOST_CHANNELS).contains(&channels) {
            return Err(WavFault::Unsupported(format!("it has {channels} channels")));
        }
        if !RATES.contains(&rate) {
            let words = format!("it has {rate} samples per second, and 8000 to 192000 are played");
            return Err(WavFault::Unsupported(words));
        }
        let per_sample = usize::from(block / channels);
        let bits = if bits == 0 { block / channels * 8 } else { bits };
        // A sample may lie in more bytes than it has. One of two fields may be wrong about that.
        let padded = per_sample == 4
            && u64::from(bytes_per_second) != u64::from(rate) * u64::from(channels) * 3;
        let encoding = match (tag, bits) {
            (PCM, 1..=8) => Encoding::Unsigned8,
            (PCM, 17..=31) if padded => Encoding::Signed(4),
            (PCM, 9..=64) => Encoding::Signed(usize::from(bits.div_ceil(8))),
            (FLOAT, 32) => Encoding::Float32,
            (FLOAT, 64) => Encoding::Float64,
            (A_LAW, _) => Encoding::ALaw,
            (MU_LAW, _) => Encoding::MuLaw,
            (PCM | FLOAT, bits) => {
                let kind = if tag == PCM { "whole numbers" } else { "floating-point numbers" };
                let words = format!("its samples are {kind} of {bits} bits");
                return Err(WavFault::Unsupported(words));
            }
            (tag, _) => {
                let words = format!("its sound is compressed ({})", compression(tag));
                return Err(WavFault::Unsupported(words));
            }
        };
        let channel_mask = if extended { u32_at(chunk, 20).unwrap_or_default() } else { 0 };
        Ok(Self { channels, channel_mask, rate, encoding })
    }
}

/// The names of `WAVE_FORMAT_…` that are met most.
fn compression(tag: u16) -> String {
    let name = match tag {
        0x0002 => "Microsoft ADPCM",
        0x0011 => "IMA ADPCM",
        0x0031 => "GSM 6.10",
        0x0040 | 0x0064 => "G.726 ADPCM",
        0x0050 => "MPEG",
        0x0055 => "MP3",
        0x0092 | 0x2000 => "AC-3",
        0x00FF | 0x1600 | 0x1610 => "AAC",
        0x0160..=0x0163 => "Windows Media Audio",
        0x674F..=0x6771 => "Vorbis",
        0xF1AC => "FLAC",
        0x704F => "Opus",
        _ => return format!("format {tag:#06x}"),
    };
    name.to_owned()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
