//! H.264 packetization (RFC 6184, packetization-mode 1).
//!
//! An access unit in Annex B form goes in, RTP payloads come out in order: single NAL unit packets
//! (§5.6), STAP-A for neighbours that fit into one packet together (§5.7.1, parameter sets above
//! all), FU-A for what is too large (§5.8). No payload is larger than the limit that is given;
//! the last one carries the RTP marker bit.

use bytes::{BufMut, Bytes, BytesMut};

/// NAL unit type of an aggregation packet without decoding order numbers.
pub(crate) const STAP_A: u8 = 24;
/// NAL unit type of a fragmentation unit without decoding order numbers.
pub(crate) const FU_A: u8 = 28;
/// The low five bits of a NAL unit's first byte.
pub(crate) const NAL_TYPE_MASK: u8 = 0x1f;
/// Forbidden bit and importance, the high three bits of a NAL unit's first byte.
pub(crate) const NAL_IMPORTANCE_MASK: u8 = 0x60;
/// In a FU header: this fragment begins the NAL unit.
pub(crate) const FU_START: u8 = 0x80;
/// In a FU header: this fragment ends the NAL unit.
pub(crate) const FU_END: u8 = 0x40;

/// The largest RTP payload that is sent, in bytes: 1200 in a datagram, which passes everywhere,
/// less the RTP header (12), header extensions (8) and the longest SRTP tag (16).
pub const MAX_PAYLOAD: usize = 1200 - 12 - 8 - 16;

/// The smallest limit that leaves room for FU-A headers and progress.
const MIN_PAYLOAD: usize = 8;

/// Cuts an access unit into RTP payloads of at most `max_payload` bytes. Empty when it holds no NAL
/// unit.
#[must_use]
pub fn packetize(access_unit: &Bytes, max_payload: usize) -> Vec<Bytes> {
    let max_payload = max_payload.max(MIN_PAYLOAD);
    let mut payloads = Vec::with_capacity(access_unit.len() / max_payload + 2);
    let mut together: Vec<Bytes> = Vec::new();
    let mut together_len = 1;
    for nal in nal_units(access_unit) {
        let aggregated = 2 + nal.len();
        if together_len + aggregated > max_payload {
            flush(&mut together, &mut payloads);
            together_len = 1;
        }
        if nal.len() > max_payload {
            fragment(&nal, max_payload, &mut payloads);
        } else {
            together_len += aggregated;
            together.push(nal);
        }
    }
    flush(&mut together, &mut payloads);
    payloads
}

/// Sends what was collected: as it is when it is one NAL unit, as a STAP-A when there are more.
fn flush(together: &mut Vec<Bytes>, payloads: &mut Vec<Bytes>) {
    if together.len() < 2 {
        payloads.append(together);
        return;
    }
    let importance =
        together.iter().filter_map(|nal| nal.first()).map(|byte| byte & NAL_IMPORTANCE_MASK).max();
    let mut payload =
        BytesMut::with_capacity(1 + together.iter().map(|nal| nal.len() + 2).sum::<usize>());
    payload.put_u8(importance.unwrap_or(0) | STAP_A);
    for nal in together.drain(..) {
        // Lossless: what is aggregated is not larger than a packet.
        payload.put_u16(nal.len() as u16);
        payload.put_slice(&nal);
    }
    payloads.push(payload.freeze());
}

/// Cuts a NAL unit into FU-A of about the same size.
fn fragment(nal: &Bytes, max_payload: usize, payloads: &mut Vec<Bytes>) {
    let Some(&header) = nal.first() else { return };
    let body = nal.slice(1..);
    let room = max_payload - 2;
    let count = body.len().div_ceil(room);
    let size = body.len().div_ceil(count);
    for (index, chunk) in body.chunks(size).enumerate() {
        let start = if index == 0 { FU_START } else { 0 };
        let end = if (index + 1) * size >= body.len() { FU_END } else { 0 };
        let mut payload = BytesMut::with_capacity(2 + chunk.len());
        payload.put_u8((header & NAL_IMPORTANCE_MASK) | FU_A);
        payload.put_u8(start | end | (header & NAL_TYPE_MASK));
        payload.put_slice(chunk);
        payloads.push(payload.freeze());
    }
}

/// The NAL units of an Annex B byte stream (H.264 §B.1), without start codes and trailing zeros.
pub(crate) fn nal_units(stream: &Bytes) -> impl Iterator<Item = Bytes> {
    let mut rest = next_start_code(stream, 0).map(|(_, after)| after);
    std::iter::from_fn(move || {
        loop {
            let begin = rest?;
            let (end, next) = match next_start_code(stream, begin) {
                Some((at, after)) => (at, Some(after)),
                None => (stream.len(), None),
            };
            rest = next;
            let nal = stream.get(begin..end).unwrap_or_default();
            let len = nal.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
            if len > 0 {
                return Some(stream.slice(begin..begin + len));
            }
        }
    })
}

/// Where the next `00 00 01` is, and where what follows it begins.
fn next_start_code(stream: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        // Only every third byte has to be looked at: a start code ends in a byte of 0 or 1 at that
        // distance.
        match *stream.get(at + 2)? {
            0 => at += 1,
            1 => {
                if stream.get(at..at + 2) == Some(&[0, 0]) {
                    return Some((at, at + 3));
                }
                at += 3;
            }
            _ => at += 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annex_b(nals: &[&[u8]]) -> Bytes {
        let mut stream = BytesMut::new();
        for nal in nals {
            stream.put_slice(&[0, 0, 0, 1]);
            stream.put_slice(nal);
        }
        stream.freeze()
    }

    #[test]
    fn start_codes_of_three_and_four_bytes_part_nal_units() {
        let stream = Bytes::from_static(&[
            0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 0, 0, 1, 0x65, 4, 0,
        ]);
        let nals: Vec<Bytes> = nal_units(&stream).collect();
        assert_eq!(nals, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 4]]);
    }

    #[test]
    fn a_stream_without_a_start_code_has_no_nal_units() {
        for stream in [&[][..], &[0], &[0, 0], &[0, 0, 1], &[0, 0, 0, 1], &[0x65, 1, 2], &[0; 64]] {
            assert_eq!(nal_units(&Bytes::copy_from_slice(stream)).count(), 0, "{stream:?}");
        }
    }

    #[test]
    fn a_small_nal_unit_is_sent_as_it_is() {
        let payloads = packetize(&annex_b(&[&[0x41, 9, 9]]), 100);
        assert_eq!(payloads, [&[0x41, 9, 9][..]]);
    }

    #[test]
    fn parameter_sets_and_a_small_slice_share_a_packet() {
        let payloads = packetize(&annex_b(&[&[0x67, 1], &[0x68, 2], &[0x65, 3]]), 100);
        assert_eq!(payloads, [&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2, 0, 2, 0x65, 3][..]]);
    }

    #[test]
    fn a_large_nal_unit_is_fragmented_evenly() {
        let nal: Vec<u8> = std::iter::once(0x65).chain((1..=20).map(|n| n as u8)).collect();
        let payloads = packetize(&annex_b(&[&nal]), 10);
        assert_eq!(payloads.iter().map(Bytes::len).collect::<Vec<_>>(), [9, 9, 8]);
        assert_eq!(payloads.iter().map(|p| p[0]).collect::<Vec<_>>(), [0x7c; 3]);
        assert_eq!(payloads.iter().map(|p| p[1]).collect::<Vec<_>>(), [0x85, 0x05, 0x45]);
    }

    #[test]
    fn no_payload_is_larger_than_asked_for() {
        for max in [8, 9, 50, 1000] {
            for len in 1..200 {
                let nal = vec![0x61; len];
                let payloads = packetize(&annex_b(&[&[0x67, 1, 2], &nal, &nal, &[0x68, 3]]), max);
                assert!(
                    payloads.iter().all(|payload| payload.len() <= max),
                    "limit {max}, NAL unit of {len}"
                );
            }
        }
    }
}
