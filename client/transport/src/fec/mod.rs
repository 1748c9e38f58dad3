//! Forward error correction for video: parity packets from which lost ones are rebuilt without
//! asking.
//!
//! The packets of a frame (or an even part of a large one) form a group. A Reed-Solomon code over
//! GF(2⁸) with a Cauchy matrix makes parity packets of it: whichever of media and parity arrive, as
//! many as there were media packets rebuild all. [`FecEncoder`] makes them, [`FecDecoder`]
//! rebuilds, `protection` decides how many are worth it. Layout and negotiation stand in
//! `docs/protocol.md`, the reasons in ADR 9. Pure, and bounded whatever arrives.

mod decoder;
mod encoder;
mod galois;
pub mod protection;

pub use decoder::{FecDecoder, FromParity};
pub use encoder::FecEncoder;

use bytes::Bytes;

/// The most media packets in a group.
pub const MAX_MEDIA: usize = 48;
/// The most parity packets for a group.
pub const MAX_PARITY: usize = 48;
/// What a parity packet holds before the parity, in bytes.
pub const HEADER: usize = 6;
/// In the first byte: the last packet of the group carries the marker bit.
const MARKER: u8 = 0x01;
/// In front of each payload that is protected: its length.
const LENGTH: usize = 2;

/// What of an RTP packet is protected, and rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPacket {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP time.
    pub rtp_timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// The RTP payload.
    pub payload: Bytes,
}

/// What stands in front of the parity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    marker: bool,
    media: u8,
    parity: u8,
    index: u8,
    first: u16,
}

impl Header {
    fn to_bytes(self) -> [u8; HEADER] {
        let [high, low] = self.first.to_be_bytes();
        [if self.marker { MARKER } else { 0 }, self.media, self.parity, self.index, high, low]
    }

    /// `None` when it breaks a rule.
    fn parse(payload: &Bytes) -> Option<(Self, Bytes)> {
        let &[flags, media, parity, index, high, low] = payload.first_chunk::<HEADER>()?;
        let header = Self {
            marker: flags & MARKER != 0,
            media,
            parity,
            index,
            first: u16::from_be_bytes([high, low]),
        };
        let sound = flags & !MARKER == 0
            && (1..=MAX_MEDIA).contains(&usize::from(media))
            && (1..=MAX_PARITY).contains(&usize::from(parity))
            && index < parity
            && payload.len() > HEADER + LENGTH;
        sound.then(|| (header, payload.slice(HEADER..)))
    }
}

#[cfg(test)]
mod tests;
