//! What a datagram on one of our sockets is, as far as the network path depends on it.
//!
//! Bytes go in, a [`Packet`] comes out; whatever is malformed is [`Packet::Other`]. The first byte
//! tells the protocols apart (RFC 7983 §7); of STUN (RFC 8489 §5) only the type and the transaction
//! are read, of TURN (RFC 8656 §11.6, §12.4) what it carries.

/// The transaction of a STUN message.
pub(crate) type Transaction = [u8; 12];

const STUN_HEADER: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const SEND_INDICATION: u16 = 0x0016;
const DATA_INDICATION: u16 = 0x0017;
/// The attribute of such an indication that holds what is relayed.
const DATA: u16 = 0x0013;
const CHANNEL_HEADER: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet {
    /// RTP or RTCP, encrypted.
    Media,
    Handshake,
    /// A connectivity check (RFC 8445 §7).
    Check(Transaction),
    /// The answer to one that arrived.
    CheckPassed(Transaction),
    /// Anything else.
    Other,
}

impl Packet {
    pub(crate) fn of(datagram: &[u8]) -> Self {
        match datagram.first() {
            Some(0..=3) => match stun(datagram) {
                Some((BINDING_REQUEST, transaction)) => Self::Check(transaction),
                Some((BINDING_SUCCESS, transaction)) => Self::CheckPassed(transaction),
                _ => Self::Other,
            },
            Some(20..=63) => Self::Handshake,
            Some(128..=191) => Self::Media,
            _ => Self::Other,
        }
    }

    /// What a message from or to a relay carries, or else the datagram itself.
    pub(crate) fn relayed(datagram: &[u8]) -> Self {
        carried(datagram).map_or(Self::Other, Self::of)
    }
}

/// What the other sent or receives: the payload of a message from or to a relay, or else the
/// datagram itself. `None` where a relay's message carries nothing.
pub(crate) fn carried(datagram: &[u8]) -> Option<&[u8]> {
    match datagram.first() {
        Some(64..=79) => {
            // Over a stream the data is padded, and its length says where it ends (RFC 8656 §12.5).
            let (header, data) = datagram.split_first_chunk::<CHANNEL_HEADER>()?;
            let [_, _, l0, l1] = *header;
            Some(data.get(..usize::from(u16::from_be_bytes([l0, l1]))).unwrap_or(data))
        }
        Some(0..=3)
            if stun(datagram)
                .is_some_and(|(kind, _)| [SEND_INDICATION, DATA_INDICATION].contains(&kind)) =>
        {
            relayed_data(datagram)
        }
        _ => Some(datagram),
    }
}

/// The type and the transaction of a STUN message.
fn stun(datagram: &[u8]) -> Option<(u16, Transaction)> {
    let header: &[u8; STUN_HEADER] = datagram.first_chunk()?;
    let (kind, rest) = header.split_first_chunk::<2>()?;
    let (_, rest) = rest.split_first_chunk::<2>()?;
    let (cookie, transaction) = rest.split_first_chunk::<4>()?;
    (*cookie == MAGIC_COOKIE).then_some((u16::from_be_bytes(*kind), *transaction.first_chunk()?))
}

/// What an indication carries.
fn relayed_data(datagram: &[u8]) -> Option<&[u8]> {
    let mut attributes = datagram.get(STUN_HEADER..)?;
    loop {
        let (kind, rest) = attributes.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        if u16::from_be_bytes(*kind) == DATA {
            return rest.get(..length);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A STUN message with these attributes.
    pub(crate) fn message(kind: u16, transaction: u8, attributes: &[u8]) -> Vec<u8> {
        let mut message = kind.to_be_bytes().to_vec();
        message.extend(u16::try_from(attributes.len()).expect("short").to_be_bytes());
        message.extend(MAGIC_COOKIE);
        message.extend([transaction; 12]);
        message.extend(attributes);
        message
    }

    #[test]
    fn the_first_byte_tells_the_protocols_apart() {
        assert_eq!(Packet::of(&[0x80, 96]), Packet::Media);
        assert_eq!(Packet::of(&[22, 254]), Packet::Handshake);
        assert_eq!(Packet::of(&[0x40, 0, 0, 1, 0x80]), Packet::Other);
        assert_eq!(Packet::of(&message(BINDING_REQUEST, 7, &[])), Packet::Check([7; 12]));
        assert_eq!(Packet::of(&message(BINDING_SUCCESS, 8, &[])), Packet::CheckPassed([8; 12]));
        assert_eq!(Packet::of(&message(0x0003, 8, &[])), Packet::Other);
        assert_eq!(Packet::of(&[]), Packet::Other);
    }

    #[test]
    fn what_comes_through_a_relay_is_what_the_other_sent() {
        let check = message(BINDING_REQUEST, 7, &[]);
        let channel = [&[0x40, 0, 0, 20][..], &check].concat();
        assert_eq!(Packet::relayed(&channel), Packet::Check([7; 12]));
        let mut attributes = vec![0x80, 0x22, 0, 3, 1, 2, 3, 0];
        attributes.extend([0, 0x13, 0, 20]);
        attributes.extend(&check);
        assert_eq!(
            Packet::relayed(&message(DATA_INDICATION, 9, &attributes)),
            Packet::Check([7; 12])
        );
        assert_eq!(Packet::relayed(&check), Packet::Check([7; 12]));
        attributes.truncate(15);
        assert_eq!(Packet::relayed(&message(DATA_INDICATION, 9, &attributes)), Packet::Other);
    }

    proptest! {
        #[test]
        fn no_datagram_is_too_strange(
            bytes in prop::collection::vec(any::<u8>(), 0..200), stun in any::<bool>()
        ) {
            let mut bytes = bytes;
            if stun && bytes.len() >= STUN_HEADER {
                bytes[..2].copy_from_slice(&DATA_INDICATION.to_be_bytes());
                bytes[4..8].copy_from_slice(&MAGIC_COOKIE);
            }
            let _ = Packet::relayed(&bytes);
        }
    }
}
