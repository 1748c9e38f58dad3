//! H.264 depacketization (RFC 6184, packetization-mode 1).
//!
//! The RTP payloads of one access unit go in, in order and without a gap; the access unit in Annex
//! B form comes out. Everything comes from a remote peer, so every length is checked, what grows is
//! bounded, and a payload that breaks the rules condemns its whole access unit: a frame is either
//! exactly what was sent or is not delivered. Nothing is kept from one access unit to the next, so
//! a fragment whose end was lost cannot leak into a later frame. Two things that are not allowed
//! are sent all the same, and read: a NAL unit in one fragment, which is first and last at once,
//! and NAL units of extensions, which are left out as a decoder would (H.264 table 7-1).

use bytes::{BufMut, Bytes, BytesMut};

use visavis_media::bit_reader::BitReader;
use visavis_media::nal_flags::{Begins, NalFlags};

use crate::sending::packetizer::{
    FU_A, FU_END, FU_START, NAL_IMPORTANCE_MASK, NAL_TYPE_MASK, STAP_A,
};

/// The largest access unit that is put together, in bytes.
const MAX_ACCESS_UNIT: usize = 4 << 20;

pub(crate) const START_CODE: [u8; 4] = [0, 0, 0, 1];
const FORBIDDEN_BIT: u8 = 0x80;
const NAL_IDR: u8 = 5;
const NAL_SEI: u8 = 6;
pub(crate) const NAL_SPS: u8 = 7;
pub(crate) const NAL_PPS: u8 = 8;
const NAL_DELIMITER: u8 = 9;
/// From here on NAL units belong to extensions: scalable, multiview, auxiliary pictures.
const NAL_EXTENSIONS: u8 = 13;
/// In so many bytes behind the header a slice says which macroblock it begins with.
const FIRST_MACROBLOCK: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DepacketizeError {
    #[error("a payload is cut short")]
    Truncated,
    /// The forbidden bit is set, or a NAL unit has a type that may not stand where it stands.
    #[error("NAL unit type {0} is not allowed here")]
    NotAllowed(u8),
    #[error("a fragment is out of place")]
    BrokenFragment,
    #[error("the access unit is too large")]
    TooLarge,
    #[error("the access unit is empty")]
    Empty,
    /// A key frame needs a parameter set that never came.
    #[error("a parameter set is not known")]
    MissingParameterSet,
}

/// Takes note of a NAL unit, or of the part of one that begins it.
fn note(flags: &mut NalFlags, first: bool, nal_type: u8, body: &[u8]) {
    let mut begins = Begins::Unknown;
    match nal_type {
        NAL_DELIMITER => flags.delimiter = true,
        NAL_SPS => flags.sps = true,
        NAL_PPS => flags.pps = true,
        1..=NAL_IDR => {
            flags.idr |= nal_type == NAL_IDR;
            flags.picture = true;
            // The other partitions of a slice (2 to 4) say nothing of macroblocks.
            if matches!(nal_type, 1 | NAL_IDR) {
                flags.slices = flags.slices.saturating_add(1);
                begins = match BitReader::of_nal_body(body, FIRST_MACROBLOCK).unsigned() {
                    Some(0) => Begins::Picture,
                    Some(_) => Begins::Rest,
                    None => Begins::Unknown,
                };
            }
        }
        _ => {}
    }
    if matches!(nal_type, NAL_SEI..=NAL_DELIMITER) {
        begins = Begins::AccessUnit;
    }
    if first {
        flags.begins = begins;
    }
}

/// Looks into a payload without putting anything together. What is malformed shows as nothing.
#[must_use]
pub(crate) fn inspect(payload: &[u8]) -> NalFlags {
    let mut flags = NalFlags::default();
    let Some((header, body)) = payload.split_first() else { return flags };
    match (header & NAL_TYPE_MASK, body.split_first()) {
        (STAP_A, _) => {
            for (index, nal) in aggregated(body).enumerate() {
                match nal {
                    Ok([header, body @ ..]) => {
                        note(&mut flags, index == 0, header & NAL_TYPE_MASK, body);
                    }
                    Ok([]) | Err(_) => break,
                }
            }
        }
        (FU_A, Some((&fu, body))) => {
            let nal_type = fu & NAL_TYPE_MASK;
            flags.unfinished = fu & FU_END == 0;
            if fu & FU_START != 0 {
                note(&mut flags, true, nal_type, body);
            } else {
                // Every fragment of a slice counts; a parameter set only where it begins.
                flags.idr = nal_type == NAL_IDR;
                flags.picture = matches!(nal_type, 1..=NAL_IDR);
                flags.begins = Begins::Rest;
            }
        }
        (nal_type, _) => note(&mut flags, true, nal_type, body),
    }
    flags
}

/// Puts one access unit together.
///
/// # Errors
/// When a payload breaks RFC 6184 for packetization-mode 1, or the whole is empty or too large.
pub(crate) fn depacketize<'a>(
    payloads: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Bytes, DepacketizeError> {
    let mut unit = AccessUnit::default();
    for payload in payloads {
        unit.push(payload)?;
    }
    unit.finish()
}

#[derive(Default)]
struct AccessUnit {
    data: BytesMut,
    /// The first byte of the NAL unit whose fragments are being collected.
    open: Option<u8>,
}

impl AccessUnit {
    fn push(&mut self, payload: &[u8]) -> Result<(), DepacketizeError> {
        // Padding-only packets are legal and hold nothing.
        let Some(&header) = payload.first() else { return Ok(()) };
        if header & FORBIDDEN_BIT != 0 {
            return Err(DepacketizeError::NotAllowed(header & NAL_TYPE_MASK));
        }
        match header & NAL_TYPE_MASK {
            // Reserved: a receiver ignores them (§5.2, table 1).
            0 | 30 | 31 => Ok(()),
            1..=23 => self.append(payload),
            STAP_A => self.append_aggregated(payload.get(1..).unwrap_or_default()),
            FU_A => self.append_fragment(header, payload.get(1..).unwrap_or_default()),
            // STAP-B, MTAP and FU-B belong to the interleaved mode.
            other => Err(DepacketizeError::NotAllowed(other)),
        }
    }

    fn append_aggregated(&mut self, body: &[u8]) -> Result<(), DepacketizeError> {
        if body.is_empty() {
            return Err(DepacketizeError::Truncated);
        }
        for nal in aggregated(body) {
            let nal = nal?;
            // There is a first byte: a NAL unit without one is an error before.
            let header = nal.first().copied().unwrap_or_default();
            if header & FORBIDDEN_BIT != 0 || !matches!(header & NAL_TYPE_MASK, 1..=23) {
                return Err(DepacketizeError::NotAllowed(header & NAL_TYPE_MASK));
            }
            self.append(nal)?;
        }
        Ok(())
    }

    fn append_fragment(&mut self, indicator: u8, body: &[u8]) -> Result<(), DepacketizeError> {
        let Some((&fu, fragment)) = body.split_first() else {
            return Err(DepacketizeError::Truncated);
        };
        let nal_type = fu & NAL_TYPE_MASK;
        if !matches!(nal_type, 1..=23) {
            return Err(DepacketizeError::NotAllowed(nal_type));
        }
        let header = (indicator & NAL_IMPORTANCE_MASK) | nal_type;
        let is_extension = nal_type >= NAL_EXTENSIONS;
        match (fu & FU_START != 0, fu & FU_END != 0, self.open) {
            (true, end, None) => {
                if !is_extension {
                    self.grow(&START_CODE)?;
                    self.grow(&[header])?;
                }
                self.open = (!end).then_some(header);
            }
            (false, end, Some(open)) if open & NAL_TYPE_MASK == nal_type => {
                if end {
                    self.open = None;
                }
            }
            _ => return Err(DepacketizeError::BrokenFragment),
        }
        if is_extension { Ok(()) } else { self.grow(fragment) }
    }

    fn append(&mut self, nal: &[u8]) -> Result<(), DepacketizeError> {
        if self.open.is_some() {
            return Err(DepacketizeError::BrokenFragment);
        }
        if nal.first().is_some_and(|header| header & NAL_TYPE_MASK >= NAL_EXTENSIONS) {
            return Ok(());
        }
        self.grow(&START_CODE)?;
        self.grow(nal)
    }

    fn grow(&mut self, bytes: &[u8]) -> Result<(), DepacketizeError> {
        if self.data.len() + bytes.len() > MAX_ACCESS_UNIT {
            return Err(DepacketizeError::TooLarge);
        }
        self.data.put_slice(bytes);
        Ok(())
    }

    fn finish(self) -> Result<Bytes, DepacketizeError> {
        if self.open.is_some() {
            return Err(DepacketizeError::BrokenFragment);
        }
        if self.data.is_empty() {
            return Err(DepacketizeError::Empty);
        }
        Ok(self.data.freeze())
    }
}

/// The NAL units in the body of a STAP-A. Ends after the first error.
fn aggregated(body: &[u8]) -> impl Iterator<Item = Result<&[u8], DepacketizeError>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let nal = rest.split_first_chunk::<2>().and_then(|(len, tail)| {
            let len = usize::from(u16::from_be_bytes(*len));
            // A NAL unit has at least its first byte.
            if len == 0 { None } else { tail.split_at_checked(len) }
        });
        match nal {
            Some((nal, tail)) => {
                rest = tail;
                Some(Ok(nal))
            }
            None => {
                rest = &[];
                Some(Err(DepacketizeError::Truncated))
            }
        }
    })
}

#[cfg(test)]
mod tests;
