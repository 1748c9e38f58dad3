//! What one end says of its own microphone and picture, as an APP packet of RTCP (RFC 3550 §6.7).
//!
//! In and out: bytes. It goes along with each sender report, so that a lost one is made good within
//! a second, and once more at each change. Whoever does not know its name ignores it, as RFC 3550
//! asks. What always holds: whatever comes is read in a fixed time and is three bits or nothing.
//! ADR 33 says why it is not a data channel. Pure.

use rtc::rtcp::raw_packet::RawPacket;

/// Version 2, no padding, and the subtype of this form of the message.
const FIRST_BYTE: u8 = 0x80 | SUBTYPE;
const SUBTYPE: u8 = 1;
/// The packet type of an application-defined packet.
const APP: u8 = 204;
/// What the application is called in RTCP.
const NAME: [u8; 4] = *b"VSVS";
const MUTED: u8 = 1;
const CAMERA_OFF: u8 = 2;
const SCREEN: u8 = 4;

/// Whether somebody can be heard and seen, as far as they decide it themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaStatus {
    /// The microphone is muted, or there is none.
    pub microphone_muted: bool,
    /// The camera is off, or there is none.
    pub camera_off: bool,
    /// What is shown is a screen or a window, whether or not the camera is in it. Older apps never
    /// say so.
    pub screen: bool,
}

impl MediaStatus {
    /// The packet that says so; `ssrc` is a stream of ours.
    pub(crate) fn packet(self, ssrc: u32) -> RawPacket {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = bit(self.microphone_muted, MUTED)
            | bit(self.camera_off, CAMERA_OFF)
            | bit(self.screen, SCREEN);
        // The length counts words of 32 bits, without the first.
        let head = [FIRST_BYTE, APP, 0, 3];
        let bytes = [head, ssrc.to_be_bytes(), NAME, [flags, 0, 0, 0]].concat();
        RawPacket(bytes.into())
    }

    /// Reads a packet of RTCP that the library knows no name for. Bits and bytes that a later
    /// version adds are left alone.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let ([first, kind, ..], Some((name, rest))) =
            (packet.first_chunk::<8>()?, packet.get(8..)?.split_first_chunk::<4>())
        else {
            return None;
        };
        if [*first, *kind] != [FIRST_BYTE, APP] || *name != NAME {
            return None;
        }
        let flags = rest.first()?;
        Some(Self {
            microphone_muted: flags & MUTED != 0,
            camera_off: flags & CAMERA_OFF != 0,
            screen: flags & SCREEN != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(bits: u8) -> MediaStatus {
        MediaStatus {
            microphone_muted: bits & 1 != 0,
            camera_off: bits & 2 != 0,
            screen: bits & 4 != 0,
        }
    }

    #[test]
    fn what_is_said_is_read_and_the_form_stays() {
        for bits in 0..8 {
            let packet = status(bits).packet(0x0102_0304).0;
            let expected = [0x81, 204, 0, 3, 1, 2, 3, 4, b'V', b'S', b'V', b'S', bits, 0, 0, 0];
            assert_eq!(packet.as_ref(), expected);
            assert_eq!(MediaStatus::read(&packet), Some(status(bits)));
        }
    }

    #[test]
    fn more_bits_and_bytes_of_a_later_version_do_no_harm_and_other_packets_say_nothing() {
        let packet = status(1).packet(7).0.to_vec();
        let mut later = packet.clone();
        later[12] |= 0xf0;
        later.extend([1, 2, 3, 4]);
        assert_eq!(MediaStatus::read(&later), Some(status(1)));
        for at in [0, 1, 8, 11] {
            let mut other = packet.clone();
            other[at] ^= 0x20;
            assert_eq!(MediaStatus::read(&other), None, "byte {at}");
        }
        for length in 0..13 {
            assert_eq!(MediaStatus::read(&packet[..length]), None, "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = MediaStatus::read(&bytes);
        }
    }
}
