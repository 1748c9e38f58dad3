//! Makes FEC packets: the media packets of a group go in as they leave, FEC payloads come out.

use bytes::{BufMut, Bytes, BytesMut};

use super::galois::coefficient;
use super::{HEADER, Header, LENGTH, MAX_FEC, MAX_MEDIA, MediaPacket, add_packet};

/// Collects the packets of a group as they leave.
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
