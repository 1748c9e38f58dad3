//! How much comes in over one WebSocket beneath its messages: frames, bytes and reads. Pure.
//!
//! The library of the protocol tells of whole messages, so frames that complete none (RFC 6455
//! §5.4) are work that no [`MessageGate`](super::rates::MessageGate) sees: empty ones may come for
//! ever. In go the bytes as they are read, out comes whether they may be used. What always holds:
//! - a message has at most [`MAX_FRAGMENTS`];
//! - of fragments there come at most as many as of messages before those are a flood;
//! - of bytes there come at most as many as the allowed messages could have, and a read counts for
//!   [`READ_BYTES`] at least, so that nobody sends byte by byte.

use std::time::Instant;

use visavis_shared::limits::MAX_MESSAGE_BYTES;

use super::Rate;
use super::rates::{FLOOD, Level, Limiter};

/// The most fragments of a message: clients that cut a message up at all make pieces of some
/// kilobytes.
const MAX_FRAGMENTS: u32 = 1024;
/// What a read counts for at least: it costs about as much as this many bytes.
const READ_BYTES: usize = 512;
/// The largest header of a frame: 2 bytes, a length of 8, a mask of 4 (RFC 6455 §5.2).
const MAX_HEADER_BYTES: usize = 14;

/// Reads the headers of frames in what goes by, and judges it.
#[derive(Debug)]
pub(crate) struct FrameMeter {
    /// Of the header that goes by.
    header: [u8; MAX_HEADER_BYTES],
    header_bytes: u8,
    /// So many bytes of a frame's payload are still to come.
    payload: u64,
    /// Of the message that is not complete.
    fragments: u32,
    rates: Option<Rates>,
}

#[derive(Debug)]
struct Rates {
    fragments: (Limiter, Level),
    bytes: (Limiter, Level),
}

impl FrameMeter {
    /// One for a connection with this rate of messages; without one only a message is bounded.
    pub(crate) fn new(messages: Option<Rate>, now: Instant) -> Self {
        let bytes_each = u32::try_from(MAX_MESSAGE_BYTES).unwrap_or(u32::MAX);
        let rates = messages.map(|rate| Rates {
            fragments: (Limiter::times(rate, FLOOD, now), Level::default()),
            bytes: (Limiter::times(rate, bytes_each, now), Level::default()),
        });
        Self { header: [0; MAX_HEADER_BYTES], header_bytes: 0, payload: 0, fragments: 0, rates }
    }

    /// Whether what was read may be used. Once it may not, the connection is to be closed.
    pub(crate) fn admits(&mut self, read: &[u8], now: Instant) -> bool {
        let new = self.pass(read);
        if self.fragments > MAX_FRAGMENTS {
            return false;
        }
        let Some(Rates { fragments, bytes }) = &mut self.rates else { return true };
        let count = read.len().max(READ_BYTES) as u64;
        bytes.0.take(&mut bytes.1, count, now)
            && (new == 0 || fragments.0.take(&mut fragments.1, new.into(), now))
    }

    /// How many fragments begin in what goes by.
    fn pass(&mut self, mut read: &[u8]) -> u32 {
        let mut new = 0_u32;
        loop {
            let skipped = usize::try_from(self.payload).map_or(read.len(), |of| of.min(read.len()));
            self.payload -= skipped as u64;
            read = &read[skipped..];
            let Some((byte, rest)) = read.split_first() else { return new };
            read = rest;
            let at = usize::from(self.header_bytes);
            if let Some(place) = self.header.get_mut(at) {
                *place = *byte;
            }
            self.header_bytes += 1;
            if let Some((is_fragment, completes)) = self.complete_header() {
                new = new.saturating_add(is_fragment.into());
                self.fragments =
                    if completes { 0 } else { self.fragments + u32::from(is_fragment) };
            }
        }
    }

    /// What a header says once it is complete: whether the frame is a piece of a message, and
    /// whether it completes one.
    fn complete_header(&mut self) -> Option<(bool, bool)> {
        let [first, second, rest @ ..] = self.header;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let (length_bytes, payload) = match second & 0x7f {
            126 => (2, number(&rest[..2])),
            127 => (8, number(&rest[..8])),
            length => (0, u64::from(length)),
        };
        let masked = second & 0x80 != 0;
        let bytes = 2 + length_bytes + if masked { 4 } else { 0 };
        if self.header_bytes < bytes.max(2) {
            return None;
        }
        (self.header_bytes, self.payload) = (0, payload);
        let (is_final, opcode) = (first & 0x80 != 0, first & 0x0f);
        let is_control = opcode & 0x08 != 0;
        let is_whole_message = is_final && opcode != 0;
        Some((!(is_control || is_whole_message), !is_control && is_final))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const TEXT: u8 = 0x1;
    const CONTINUATION: u8 = 0x0;
    const PING: u8 = 0x9;
    const FINAL: u8 = 0x80;

    /// A frame with a mask, as clients send it.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..=125 => frame.push(0x80 | length as u8),
            length @ 126..=0xffff => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0xff, 0x00, 0x81, 0x7f]);
        frame.extend(payload);
        frame
    }

    fn meter(messages: Option<Rate>) -> (FrameMeter, Instant) {
        let now = Instant::now();
        (FrameMeter::new(messages, now), now)
    }

    #[test]
    fn a_message_in_very_many_pieces_is_too_much_however_slowly_they_come() {
        let (mut meter, mut now) = meter(None);
        assert!(meter.admits(&frame(TEXT, b""), now));
        for _ in 1..MAX_FRAGMENTS {
            now += Duration::from_secs(1);
            assert!(meter.admits(&frame(CONTINUATION, b""), now));
            assert!(meter.admits(&frame(FINAL | PING, b""), now));
        }
        assert!(!meter.admits(&frame(CONTINUATION, b""), now));
        assert!(!meter.admits(&frame(CONTINUATION, b""), now), "it is over");
    }

    #[test]
    fn a_complete_message_makes_room_for_another_one() {
        let (mut meter, now) = meter(None);
        for _ in 0..5 {
            assert!(meter.admits(&frame(TEXT, b"{"), now));
            for _ in 0..1_000 {
                assert!(meter.admits(&frame(CONTINUATION, b" "), now));
            }
            assert!(meter.admits(&frame(FINAL, b"}"), now));
        }
    }

    #[test]
    fn fragments_of_many_messages_are_a_flood_in_the_end() {
        let (mut meter, now) = meter(Rate::new(50, 200));
        let mut message = frame(TEXT, b"");
        for _ in 0..98 {
            message.extend(frame(CONTINUATION, b""));
        }
        message.extend(frame(FINAL, b""));
        let admitted = (0..100).take_while(|_| meter.admits(&message, now)).count();
        assert_eq!(admitted, 20, "ten times the messages that may come at once");
    }

    #[test]
    fn bytes_are_bounded_by_what_the_messages_could_hold() {
        let (mut meter, now) = meter(Rate::new(1, 10));
        let message = frame(FINAL | TEXT, &[b' '; MAX_MESSAGE_BYTES - 14]);
        let admitted = (0..100).take_while(|_| meter.admits(&message, now)).count();
        assert_eq!(admitted, 10);
        assert!(meter.admits(&message, now + Duration::from_secs(1)));
    }

    #[test]
    fn who_sends_byte_by_byte_is_stopped() {
        let (mut meter, now) = meter(Rate::new(1, 1));
        assert!(meter.admits(&frame(FINAL | TEXT, &[b' '; 1_000])[..8], now));
        let admitted = (0..1_000).take_while(|_| meter.admits(b" ", now)).count();
        assert_eq!(admitted, MAX_MESSAGE_BYTES / READ_BYTES - 1);
    }

    #[test]
    fn who_keeps_to_the_rate_of_messages_is_never_stopped() {
        let (mut meter, mut now) = meter(Rate::new(50, 200));
        let message = frame(FINAL | TEXT, &[b' '; 20_000]);
        for _ in 0..2_000 {
            // As a network brings it.
            assert!(message.chunks(1_400).all(|read| meter.admits(read, now)));
            now += Duration::from_millis(20);
        }
    }

    proptest! {
        #[test]
        fn frames_are_counted_however_the_network_cuts_them(
            frames in prop::collection::vec((0_usize..4, 0_usize..70_000), 1..20),
            cuts in prop::collection::vec(1_usize..5_000, 1..200),
        ) {
            let firsts = [TEXT, CONTINUATION, FINAL, FINAL | PING];
            let stream: Vec<u8> = frames
                .iter()
                .flat_map(|(kind, length)| {
                    let length = if *kind == 3 { length % 126 } else { *length };
                    frame(firsts[*kind], &vec![FINAL; length])
                })
                .collect();
            let expected = frames.iter().filter(|(kind, _)| *kind < 3).count();
            let (mut meter, _) = meter(None);
            let (mut counted, mut rest) = (0, &stream[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                counted += meter.pass(piece);
                rest = after;
            }
            prop_assert_eq!(counted as usize, expected);
            prop_assert_eq!((meter.header_bytes, meter.payload), (0, 0));
        }

        #[test]
        fn no_bytes_break_it(reads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..50)) {
            let (mut meter, now) = meter(Rate::new(1, 1));
            for read in reads {
                meter.admits(&read, now);
            }
        }
    }
}
