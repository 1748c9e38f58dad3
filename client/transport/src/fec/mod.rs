//! Forward error correction (FEC) for video: FEC packets from which lost ones are rebuilt without a
//! request.
//!
//! The packets of a frame (or an even part of a large one) form a group. A Reed-Solomon code over
//! GF(2⁸) with a Cauchy matrix makes FEC packets of it: whichever media and FEC packets arrive, as
//! many as there were media packets rebuild all. [`FecEncoder`] makes them, `FecDecoder`
//! rebuilds, `protection` decides how many are worth it. Layout and negotiation stand in
//! `docs/protocol.md`, the reasons in ADR 9. Pure, and bounded whatever arrives.

mod decoder;
mod galois;
pub mod protection;

pub(crate) use decoder::FecDecoder;
use galois::{add_scaled, coefficient};

use bytes::{BufMut, Bytes, BytesMut};

/// The most media packets in a group.
const MAX_MEDIA: usize = 48;
/// The most FEC packets for a group.
const MAX_FEC: usize = 48;
/// What a FEC packet holds before its block, in bytes.
const HEADER: usize = 6;
/// In the first byte: the last packet of the group carries the marker bit.
const MARKER: u8 = 0x01;
/// In front of each payload that is protected: its length.
const LENGTH: usize = 2;

/// How many of a frame's packets belong to a group at most, so that its groups are about even.
#[must_use]
pub fn group_size(packets: usize) -> usize {
    packets.div_ceil(packets.div_ceil(MAX_MEDIA).max(1)).max(1)
}

/// What of an RTP packet is protected, and rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPacket {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp.
    pub rtp_timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// The RTP payload.
    pub payload: Bytes,
}

/// Adds `factor` times a packet to a block: its length, then its payload. `None` when the block is
/// shorter than that.
fn add_packet(block: &mut [u8], packet: &MediaPacket, factor: u8) -> Option<()> {
    let (length, payload) = block.get_mut(..LENGTH + packet.payload.len())?.split_at_mut(LENGTH);
    add_scaled(length, &(packet.payload.len() as u16).to_be_bytes(), factor);
    add_scaled(payload, &packet.payload, factor);
    Some(())
}

/// What stands in front of a FEC block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    marker: bool,
    media: u8,
    fec: u8,
    index: u8,
    first: u16,
}

impl Header {
    fn to_bytes(self) -> [u8; HEADER] {
        let [high, low] = self.first.to_be_bytes();
        [if self.marker { MARKER } else { 0 }, self.media, self.fec, self.index, high, low]
    }

    /// `None` when it breaks a rule.
    fn parse(payload: &Bytes) -> Option<(Self, Bytes)> {
        let &[flags, media, fec, index, high, low] = payload.first_chunk::<HEADER>()?;
        let header = Self {
            marker: flags & MARKER != 0,
            media,
            fec,
            index,
            first: u16::from_be_bytes([high, low]),
        };
        let valid = flags & !MARKER == 0
            && (1..=MAX_MEDIA).contains(&usize::from(media))
            && (1..=MAX_FEC).contains(&usize::from(fec))
            && index < fec
            && payload.len() > HEADER + LENGTH;
        valid.then(|| (header, payload.slice(HEADER..)))
    }
}

/// Makes FEC packets: collects the packets of a group as they leave.
#[derive(Debug, Default)]
pub struct FecEncoder {
    group: Vec<MediaPacket>,
}

impl FecEncoder {
    /// Takes a media packet. Sequence numbers come one after the other; what breaks that begins a
    /// new group.
    pub fn add(&mut self, packet: MediaPacket) {
        let follows = self.group.last().is_none_or(|last| {
            last.sequence.wrapping_add(1) == packet.sequence
                && last.rtp_timestamp == packet.rtp_timestamp
        });
        if !follows || self.group.len() >= MAX_MEDIA {
            self.group.clear();
        }
        self.group.push(packet);
    }

    /// How many packets the group has so far.
    #[must_use]
    pub fn packets(&self) -> usize {
        self.group.len()
    }

    /// Ends the group and gives the payloads of so many FEC packets for it, and its RTP
    /// timestamp.
    pub fn finish(&mut self, fec: usize) -> (u32, Vec<Bytes>) {
        let group = std::mem::take(&mut self.group);
        let (Some(first), Some(last)) = (group.first(), group.last()) else {
            return (0, Vec::new());
        };
        let fec = fec.min(MAX_FEC);
        let length = LENGTH + group.iter().map(|packet| packet.payload.len()).max().unwrap_or(0);
        let payload = |index: u8| {
            let header = Header {
                marker: last.marker,
                media: group.len() as u8,
                fec: fec as u8,
                index,
                first: first.sequence,
            };
            let mut payload = BytesMut::with_capacity(HEADER + length);
            payload.put_slice(&header.to_bytes());
            payload.resize(HEADER + length, 0);
            let (_, sum) = payload.split_at_mut(HEADER);
            for (column, packet) in (0u8..).zip(&group) {
                // It fits: the block is as long as the longest.
                let _ = add_packet(sum, packet, coefficient(index, column));
            }
            payload.freeze()
        };
        (first.rtp_timestamp, (0..fec as u8).map(payload).collect())
    }
}

#[cfg(test)]
mod tests;
