//! TURN messages on a stream (RFC 8656 §12.5, RFC 8489 §6.2.2): datagrams, one after the other.
//!
//! Datagrams go in and bytes come out, and the other way round; no socket, no clock. A STUN message
//! carries its own length. So does channel data, but on a stream it is padded to a multiple of four
//! bytes, and as a datagram it need not be.

use bytes::{Buf, Bytes, BytesMut};

const STUN_HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;

/// The stream is out of step and can't be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what comes is neither STUN nor channel data")]
pub(super) struct NotTurn;

/// The length of a message that begins like this, without and with its padding; `None` while its
/// header is incomplete.
fn lengths(start: &[u8]) -> Result<Option<(usize, usize)>, NotTurn> {
    let Some(first) = start.first() else { return Ok(None) };
    let header = match first {
        0..=0x3f => STUN_HEADER,
        0x40..=0x7f => CHANNEL_HEADER,
        _ => return Err(NotTurn),
    };
    let Some([high, low]) = start.get(2..4) else { return Ok(None) };
    let length = header + usize::from(u16::from_be_bytes([*high, *low]));
    match header {
        // The length of a STUN message is a multiple of four (RFC 8489 §5).
        STUN_HEADER if length % 4 != 0 => Err(NotTurn),
        STUN_HEADER => Ok(Some((length, length))),
        _ => Ok(Some((length, length.next_multiple_of(4)))),
    }
}

/// Appends a datagram to the stream. Whether it was a TURN message.
pub(super) fn write(datagram: &[u8], stream: &mut BytesMut) -> bool {
    let Ok(Some((length, padded))) = lengths(datagram) else { return false };
    let Some(message) = datagram.get(..length) else { return false };
    stream.reserve(padded);
    stream.extend_from_slice(message);
    stream.resize(stream.len() + padded - length, 0);
    true
}

/// Takes the first datagram off what came of a stream, if all of it has come. What stays is at most
/// one message, and what came with it.
///
/// # Errors
/// When the stream can't be cut any further.
pub(super) fn take(stream: &mut BytesMut) -> Result<Option<Bytes>, NotTurn> {
    match lengths(stream)? {
        Some((length, padded)) if stream.len() >= padded => {
            let datagram = stream.split_to(length).freeze();
            stream.advance(padded - length);
            Ok(Some(datagram))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stun(body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).expect("short").to_be_bytes();
        [&[0, 1, length[0], length[1]][..], &[7; 16], body].concat()
    }

    fn channel(body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).expect("short").to_be_bytes();
        [&[0x40, 1, length[0], length[1]][..], body].concat()
    }

    #[test]
    fn channel_data_is_padded_to_four_bytes() {
        let mut stream = BytesMut::new();
        assert!(write(&channel(&[1, 2, 3, 4, 5]), &mut stream));
        assert_eq!(&stream[..], [0x40, 1, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0]);
    }

    #[test]
    fn what_is_no_message_is_not_put_on_the_stream() {
        let mut stream = BytesMut::new();
        for odd in [&[][..], &[0x40], &[0x80, 0, 0, 0], &[0x40, 0, 0, 9, 1], &[0, 1, 0, 0, 1]] {
            assert!(!write(odd, &mut stream), "{odd:?}");
        }
        assert!(stream.is_empty());
    }

    #[test]
    fn a_stream_that_is_out_of_step_is_given_up() {
        let mut came = BytesMut::new();
        came.extend_from_slice(&[0xff; 8]);
        assert_eq!(take(&mut came), Err(NotTurn));
        let mut came = BytesMut::new();
        came.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        assert_eq!(take(&mut came), Ok(None), "a header of channel data, as far as one can tell");
        let mut came = BytesMut::new();
        came.extend_from_slice(&[0, 1, 0, 3]);
        assert_eq!(take(&mut came), Err(NotTurn));
    }

    proptest! {
        #[test]
        fn datagrams_come_out_as_they_went_in_however_the_stream_is_cut(
            messages in prop::collection::vec(
                (any::<bool>(), prop::collection::vec(any::<u8>(), 0..300)), 0..20,
            ),
            cuts in prop::collection::vec(1usize..400, 1..40),
        ) {
            let messages: Vec<Vec<u8>> = messages
                .into_iter()
                .map(|(is_channel, mut body)| {
                    if is_channel { return channel(&body) }
                    body.truncate(body.len() / 4 * 4);
                    stun(&body)
                })
                .collect();
            let mut stream = BytesMut::new();
            for message in &messages {
                prop_assert!(write(message, &mut stream));
            }
            let mut came = BytesMut::new();
            let mut read = Vec::new();
            let mut cuts = cuts.into_iter().cycle();
            while !stream.is_empty() {
                let cut = cuts.next().unwrap_or(1).min(stream.len());
                let piece = stream.split_to(cut);
                came.extend_from_slice(&piece);
                while let Some(datagram) = take(&mut came).expect("a stream of messages") {
                    read.push(datagram.to_vec());
                }
            }
            prop_assert_eq!(read, messages);
            prop_assert!(came.is_empty());
        }

        #[test]
        fn no_stream_is_too_strange(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..20)
        ) {
            let mut came = BytesMut::new();
            'stream: for piece in pieces {
                came.extend_from_slice(&piece);
                loop {
                    match take(&mut came) {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(NotTurn) => break 'stream,
                    }
                }
                prop_assert!(came.len() < 0x1_0000 + STUN_HEADER + 4);
            }
        }

        #[test]
        fn no_datagram_is_too_strange(datagram in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut stream = BytesMut::new();
            if write(&datagram, &mut stream) {
                prop_assert_eq!(stream.len() % 4, 0);
            }
        }
    }
}
