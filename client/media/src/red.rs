//! Redundant audio data (RED, RFC 2198): a packet that carries packets before it once more.
//!
//! In go Opus packets with their RTP timestamps, out come RED payloads, and the other way round.
//! What always holds: nothing that arrives can panic, a payload yields at most [`MAX_BLOCKS`]
//! redundant blocks, and what was read refers to the payload instead of being copied. What does not
//! fit a header (a block that is too old or too long) is left out.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

/// The most redundant blocks that are read from a payload or put into one.
pub const MAX_BLOCKS: usize = 8;
/// Offsets have 14 bits (RFC 2198 §3): 341 ms at 48 kHz.
const MAX_OFFSET: u32 = (1 << 14) - 1;
/// Lengths of redundant blocks have 10 bits.
const MAX_LENGTH: usize = (1 << 10) - 1;
/// With redundancy a payload stays below this, so that it fits the smallest MTU in one packet.
const MAX_PAYLOAD: usize = 1100;
/// Packets kept to be sent again; also the furthest that one lies back.
const REMEMBERED: usize = 8;
/// What is further back than this would come too late for any conversation: 160 ms.
const OLDEST: u32 = 7680;

/// Why a payload is no RED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedError {
    /// It ends before its headers or blocks do.
    #[error("a redundant payload is cut off")]
    Truncated,
    /// It has more blocks than anybody sends.
    #[error("a redundant payload has too many blocks")]
    TooManyBlocks,
    /// Its own packet is missing.
    #[error("a redundant payload has no packet of its own")]
    NoPrimary,
}

/// One block of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// RTP payload type of what is in it.
    pub payload_type: u8,
    /// How far its RTP timestamp lies before that of the packet it came in, in samples; zero for
    /// the packet's own.
    pub offset: u32,
    /// Its bytes, never none.
    pub data: Bytes,
}

/// What a payload carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// The primary block: the packet itself.
    pub primary: Block,
    /// Redundant blocks: earlier packets, as ordered by the sender: usually the oldest first.
    pub redundant: Vec<Block>,
}

/// Takes a payload apart.
/// Of one that is malformed nothing can be used.
pub fn unpack(payload: &Bytes) -> Result<Unpacked, RedError> {
    let mut headers = Vec::new();
    let mut at = 0;
    let primary_type = loop {
        match payload.get(at..) {
            Some([first, ..]) if first & 0x80 == 0 => {
                at += 1;
                break *first;
            }
            Some([first, rest @ ..]) => {
                let Some(&[a, b, c]) = rest.first_chunk() else { return Err(RedError::Truncated) };
                if headers.len() == MAX_BLOCKS {
                    return Err(RedError::TooManyBlocks);
                }
                let bits = u32::from_be_bytes([0, a, b, c]);
                headers.push((first & 0x7f, bits >> 10, (bits & 0x3ff) as usize));
                at += 4;
            }
            _ => return Err(RedError::Truncated),
        }
    };
    let mut redundant = Vec::with_capacity(headers.len());
    for (payload_type, offset, length) in headers {
        if payload.len() < at + length {
            return Err(RedError::Truncated);
        }
        // Some senders keep the place of a pause with an empty block.
        if length > 0 && offset > 0 {
            redundant.push(Block { payload_type, offset, data: payload.slice(at..at + length) });
        }
        at += length;
    }
    if at >= payload.len() {
        return Err(RedError::NoPrimary);
    }
    Ok(Unpacked {
        primary: Block { payload_type: primary_type, offset: 0, data: payload.slice(at..) },
        redundant,
    })
}

/// Puts a packet and earlier ones, each with its offset in samples, into one payload. `None` where
/// no redundant block could be taken along.
#[must_use]
pub fn pack(payload_type: u8, primary: &[u8], redundant: &[(u32, &[u8])]) -> Option<Bytes> {
    let payload_type = payload_type & 0x7f;
    let fits = |&&(offset, data): &&(u32, &[u8])| {
        (1..=MAX_OFFSET).contains(&offset) && (1..=MAX_LENGTH).contains(&data.len())
    };
    let mut taken: Vec<(u32, &[u8])> = Vec::new();
    let mut length = 1 + primary.len();
    for &(offset, data) in redundant.iter().filter(fits).take(MAX_BLOCKS) {
        if length + 4 + data.len() <= MAX_PAYLOAD {
            length += 4 + data.len();
            taken.push((offset, data));
        }
    }
    if taken.is_empty() || primary.is_empty() {
        return None;
    }
    taken.sort_by_key(|(offset, _)| std::cmp::Reverse(*offset));
    let mut payload = BytesMut::with_capacity(length);
    for (offset, data) in &taken {
        payload.put_u8(0x80 | payload_type);
        payload.put_uint(u64::from(*offset << 10 | data.len() as u32), 3);
    }
    payload.put_u8(payload_type);
    taken.iter().for_each(|(_, data)| payload.put_slice(data));
    payload.put_slice(primary);
    Some(payload.freeze())
}

/// Which packets before a packet go along with it, as distances in packets: 1 is the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redundancy {
    distances: [u8; Self::MOST],
}

impl Redundancy {
    /// Nothing but the packet itself.
    pub const NONE: Self = Self { distances: [0; Self::MOST] };
    /// The most redundant blocks that we send.
    pub const MOST: usize = 3;

    /// The last `count` packets, three at most.
    #[must_use]
    pub fn last(count: u8) -> Self {
        Self {
            distances: std::array::from_fn(
                |i| if i < usize::from(count) { i as u8 + 1 } else { 0 },
            ),
        }
    }

    /// The one packet that lies so far back, eight packets at most.
    #[must_use]
    pub fn at(distance: u8) -> Self {
        Self { distances: [distance.min(REMEMBERED as u8), 0, 0] }
    }

    /// Two packets, eight packets back at most.
    #[must_use]
    pub fn pair(near: u8, far: u8) -> Self {
        Self { distances: [near.min(REMEMBERED as u8), far.min(REMEMBERED as u8), 0] }
    }

    /// The distances, the nearest first.
    pub fn distances(self) -> impl Iterator<Item = u8> {
        self.distances.into_iter().filter(|&distance| distance > 0)
    }

    /// How many packets go along.
    #[must_use]
    pub fn count(self) -> usize {
        self.distances().count()
    }
}

/// The sender's memory: keeps the last packets and adds them to the next as redundant blocks.
#[derive(Debug, Default)]
pub struct RedPacker {
    /// RTP timestamp and bytes of the last packets, the newest last.
    sent: VecDeque<(u32, Bytes)>,
}

impl RedPacker {
    /// A RED payload of this packet and the earlier ones that are wanted and known; `None` where it
    /// goes alone, as plain Opus.
    pub fn pack(
        &mut self,
        payload_type: u8,
        rtp_timestamp: u32,
        data: &Bytes,
        wanted: Redundancy,
    ) -> Option<Bytes> {
        let redundant: Vec<(u32, &[u8])> = wanted
            .distances()
            .filter_map(|distance| {
                let (time, bytes) = self.sent.get(self.sent.len().checked_sub(distance.into())?)?;
                let offset = rtp_timestamp.wrapping_sub(*time);
                (offset <= OLDEST).then_some((offset, bytes.as_ref()))
            })
            .collect();
        let packed = pack(payload_type, data, &redundant);
        if self.sent.len() >= REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back((rtp_timestamp, data.clone()));
        packed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_payload_has_the_headers_of_the_rfc() {
        let packed = pack(111, b"new", &[(960, b"last"), (1920, b"older")]).unwrap();
        let headers = [0x80 | 111, 0x1e, 0x00, 5, 0x80 | 111, 0x0f, 0x00, 4, 111];
        assert_eq!(packed.as_ref(), [&headers[..], b"older", b"last", b"new"].concat());
    }

    #[test]
    fn a_block_that_is_too_old_or_too_long_or_empty_stays_out() {
        let long = vec![7; 1024];
        assert_eq!(
            pack(111, b"new", &[(1 << 14, b"old"), (960, &long), (960, b""), (0, b"now")]),
            None
        );
        let half = vec![7; 600];
        let packed = pack(111, b"new", &[(960, &half), (1920, &half), (2880, b"short")]).unwrap();
        assert!(packed.len() <= MAX_PAYLOAD);
        let offsets: Vec<u32> =
            unpack(&packed).unwrap().redundant.iter().map(|block| block.offset).collect();
        assert_eq!(offsets, [2880, 960]);
    }

    #[test]
    fn the_redundant_blocks_are_the_packets_that_were_asked_for() {
        let mut packer = RedPacker::default();
        let data = |n: u32| Bytes::from(format!("packet {n}"));
        let time = |n: u32| (u32::MAX - 5000).wrapping_add(n * 960);
        let mut send = |n: u32, wanted| {
            packer.pack(111, time(n), &data(n), wanted).map(|red| unpack(&red).unwrap())
        };
        assert_eq!(send(0, Redundancy::last(3)), None, "nothing was before");
        for n in 1..6 {
            send(n, Redundancy::NONE);
        }
        let red = send(6, Redundancy::last(2)).unwrap();
        assert_eq!(red.primary.data, data(6));
        let redundant: Vec<(u32, Bytes)> =
            red.redundant.into_iter().map(|block| (block.offset, block.data)).collect();
        assert_eq!(redundant, [(1920, data(4)), (960, data(5))]);
        let red = send(7, Redundancy::at(4)).unwrap();
        assert_eq!(
            (red.redundant.len(), red.redundant[0].offset, red.redundant[0].data.clone()),
            (1, 3840, data(3))
        );
        // After a pause what was before it is of no use.
        assert_eq!(send(30, Redundancy::last(3)), None);
    }

    #[test]
    fn what_is_cut_off_or_overfull_is_refused() {
        let packed = pack(111, b"new", &[(960, b"last")]).unwrap();
        let at = |end: usize| unpack(&packed.slice(..end));
        assert_eq!(at(0), Err(RedError::Truncated));
        assert_eq!(at(3), Err(RedError::Truncated));
        assert_eq!(at(4), Err(RedError::Truncated));
        assert_eq!(at(7), Err(RedError::Truncated));
        assert_eq!(at(9), Err(RedError::NoPrimary));
        assert!(at(10).is_ok());
        let many = [[0xef, 0, 4, 0]; 9].concat();
        assert_eq!(unpack(&many.into()), Err(RedError::TooManyBlocks));
        assert_eq!(unpack(&Bytes::from_static(&[111])), Err(RedError::NoPrimary));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_packed_is_unpacked_again(
            payload_type in 0..128_u8,
            primary in proptest::collection::vec(any::<u8>(), 1..200),
            redundant in proptest::collection::vec((1..16_384_u32, proptest::collection::vec(any::<u8>(), 1..120)), 1..8),
        ) {
            let given: Vec<(u32, &[u8])> = redundant.iter().map(|(offset, data)| (*offset, data.as_slice())).collect();
            let unpacked = unpack(&pack(payload_type, &primary, &given).unwrap()).unwrap();
            prop_assert_eq!(&unpacked.primary, &Block { payload_type, offset: 0, data: primary.into() });
            let mut expected = redundant;
            expected.sort_by_key(|(offset, _)| std::cmp::Reverse(*offset));
            let got: Vec<(u32, Vec<u8>)> = unpacked.redundant.iter().map(|c| (c.offset, c.data.to_vec())).collect();
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn no_bytes_make_it_panic_or_hand_out_more_than_there_was(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..400), headers in 0..12_usize,
        ) {
            // Half of the noise looks like headers, so that the blocks behind them are reached.
            for (i, byte) in bytes.iter_mut().take(headers * 4).enumerate() {
                match i % 4 {
                    0 => *byte |= 0x80,
                    2 => *byte &= 0xfc,
                    _ => {}
                }
            }
            let length = bytes.len();
            if let Ok(unpacked) = unpack(&bytes.into()) {
                prop_assert!(unpacked.redundant.len() <= MAX_BLOCKS && !unpacked.primary.data.is_empty());
                let total: usize = unpacked.redundant.iter().map(|block| block.data.len()).sum();
                prop_assert!(total + unpacked.primary.data.len() < length);
                prop_assert!(unpacked.redundant.iter().all(|block| !block.data.is_empty() && block.offset <= MAX_OFFSET));
            }
        }
    }
}
