//! Received audio on its way to the jitter buffer: one packet, and redundancy for earlier ones
//! where it is a redundant one (RED, RFC 2198).

use std::time::Instant;

use rtc::rtp;
use visavis_media::frame::ReceivedAudio;
use visavis_media::red;

/// What is in an audio packet. `red` is the payload type of redundant packets, where we offered it.
/// A packet that is malformed holds nothing; redundancy in another format than its packet is left
/// out.
pub(crate) fn audio_in(
    packet: rtp::Packet,
    red: Option<u8>,
    arrival: Instant,
) -> Vec<ReceivedAudio> {
    let (sequence, time) = (packet.header.sequence_number, packet.header.timestamp);
    let one = |rtp_timestamp, payload, redundant| ReceivedAudio {
        sequence,
        rtp_timestamp,
        payload,
        arrival,
        redundant,
    };
    if red != Some(packet.header.payload_type) {
        return vec![one(time, packet.payload, false)];
    }
    let Ok(unpacked) = red::unpack(&packet.payload) else { return Vec::new() };
    let format = unpacked.primary.payload_type;
    let copies = unpacked.redundant.into_iter().filter(|copy| copy.payload_type == format);
    // The packet itself comes first: by it the jitter buffer knows where the redundancy belongs.
    let mut audio = vec![one(time, unpacked.primary.data, false)];
    audio.extend(copies.map(|copy| one(time.wrapping_sub(copy.offset), copy.data, true)));
    audio
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn packet(payload_type: u8, payload: Bytes) -> rtp::Packet {
        let header = rtp::Header {
            payload_type,
            sequence_number: 7,
            timestamp: 960,
            ..rtp::Header::default()
        };
        rtp::Packet { header, payload }
    }

    #[test]
    fn a_redundant_packet_is_itself_and_redundancy_for_earlier_ones() {
        let payload = red::pack(111, b"new", &[(960, b"last"), (1920, b"older")]).expect("packed");
        let audio = audio_in(packet(63, payload), Some(63), Instant::now());
        let got: Vec<_> = audio
            .iter()
            .map(|s| (s.sequence, s.rtp_timestamp, s.payload.as_ref(), s.redundant))
            .collect();
        let before = 0_u32.wrapping_sub(960);
        let expected: [(u16, u32, &[u8], bool); 3] =
            [(7, 960, b"new", false), (7, before, b"older", true), (7, 0, b"last", true)];
        assert_eq!(got, expected);
    }

    #[test]
    fn what_is_not_redundant_is_passed_on_and_what_is_malformed_is_not() {
        let opus = Bytes::from_static(b"\x80opus");
        for red in [None, Some(63)] {
            let audio = audio_in(packet(111, opus.clone()), red, Instant::now());
            assert_eq!(
                (audio.len(), audio[0].payload.clone(), audio[0].redundant),
                (1, opus.clone(), false)
            );
        }
        assert!(audio_in(packet(63, opus), Some(63), Instant::now()).is_empty());
    }
}
