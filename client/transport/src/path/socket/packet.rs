//! What a datagram on one of our sockets is, as far as the network path depends on it.
//!
//! Bytes go in, a [`Packet`] comes out; whatever is malformed is [`Packet::Other`]. The first byte
//! tells the protocols apart (RFC 7983 §7); of STUN (RFC 8489 §5) only the type and the transaction
//! are read, of TURN (RFC 8656 §11.6, §12.4) what it carries and for whom.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The transaction of a STUN message.
pub(crate) type Transaction = [u8; 12];

const STUN_HEADER: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const SEND_INDICATION: u16 = 0x0016;
const DATA_INDICATION: u16 = 0x0017;
const CREATE_PERMISSION: u16 = 0x0008;
const CHANNEL_BIND: u16 = 0x0009;
/// The bits of a type that tell requests, indications and responses apart (RFC 8489 §5), and the
/// one that both kinds of response have.
const CLASS: u16 = 0x0110;
const RESPONSE: u16 = 0x0100;
/// The attribute of an indication that holds what is relayed.
const DATA: u16 = 0x0013;
const XOR_PEER_ADDRESS: u16 = 0x0012;
const CHANNEL_NUMBER: u16 = 0x000c;
/// The most peers of one message that are read; the library names one.
const MAX_PEERS: usize = 8;
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

/// What a message from or to a relay is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Relaying {
    /// It carries a datagram to or from this peer.
    Data(SocketAddr),
    /// It carries a datagram by a channel that was bound to a peer before.
    Channel(u16),
    /// It asks the relay to let these peers send, and to give the first a channel.
    Permission { peers: Vec<SocketAddr>, channel: Option<u16> },
    /// Anything else; every datagram that is no message of TURN.
    Nothing,
}

impl Relaying {
    pub(crate) fn of(datagram: &[u8]) -> Self {
        if let Some((header @ 64..=79, rest)) = datagram.split_first() {
            return rest
                .first()
                .map_or(Self::Nothing, |low| Self::Channel(u16::from_be_bytes([*header, *low])));
        }
        match stun(datagram) {
            Some((SEND_INDICATION | DATA_INDICATION, _)) => {
                peers(datagram).next().map_or(Self::Nothing, Self::Data)
            }
            Some((CREATE_PERMISSION | CHANNEL_BIND, _)) => Self::Permission {
                peers: peers(datagram).take(MAX_PEERS).collect(),
                channel: attributes(datagram)
                    .find(|(kind, _)| *kind == CHANNEL_NUMBER)
                    .and_then(|(_, value)| Some(u16::from_be_bytes(*value.first_chunk()?))),
            },
            _ => Self::Nothing,
        }
    }
}

/// The transaction of a STUN request, of any method.
pub(crate) fn request(datagram: &[u8]) -> Option<Transaction> {
    stun(datagram).filter(|(kind, _)| kind & CLASS == 0).map(|(_, transaction)| transaction)
}

/// The transaction of a STUN response, of any method, whether it grants or refuses.
pub(crate) fn response(datagram: &[u8]) -> Option<Transaction> {
    stun(datagram).filter(|(kind, _)| kind & RESPONSE != 0).map(|(_, transaction)| transaction)
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
    attributes(datagram).find(|(kind, _)| *kind == DATA).map(|(_, value)| value)
}

/// The attributes of a STUN message (RFC 8489 §14), up to one that is cut off.
fn attributes(datagram: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut left = datagram.get(STUN_HEADER..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (kind, rest) = left.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let value = rest.get(..length)?;
        left = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_be_bytes(*kind), value))
    })
}

/// The peers that a message of TURN names (RFC 8656 §18.3).
fn peers(datagram: &[u8]) -> impl Iterator<Item = SocketAddr> {
    let named = attributes(datagram).filter(|(kind, _)| *kind == XOR_PEER_ADDRESS);
    named.filter_map(|(_, value)| unmask(value, datagram.get(4..STUN_HEADER)?))
}

/// The address in an attribute, which is masked by the cookie and the transaction (RFC 8489
/// §14.2).
fn unmask(value: &[u8], mask: &[u8]) -> Option<SocketAddr> {
    let (&[_, family, p0, p1], masked) = value.split_first_chunk::<4>()?;
    let mut address = [0; 16];
    for (byte, (masked, mask)) in address.iter_mut().zip(masked.iter().zip(mask)) {
        *byte = masked ^ mask;
    }
    let ip: IpAddr = match (family, masked.len()) {
        (1, 4..) => Ipv4Addr::from(*address.first_chunk::<4>()?).into(),
        (2, 16..) => Ipv6Addr::from(address).into(),
        _ => return None,
    };
    let [m0, m1] = *mask.first_chunk()?;
    Some(SocketAddr::new(ip, u16::from_be_bytes([p0 ^ m0, p1 ^ m1])))
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

    /// The attribute that names a peer to a relay, in a message with this transaction.
    pub(crate) fn peer_attribute(peer: SocketAddr, transaction: u8) -> Vec<u8> {
        let mut mask = MAGIC_COOKIE.to_vec();
        mask.extend([transaction; 12]);
        let (family, address) = match peer.ip() {
            IpAddr::V4(v4) => (1, v4.octets().to_vec()),
            IpAddr::V6(v6) => (2, v6.octets().to_vec()),
        };
        let port = peer.port().to_be_bytes();
        let mut attribute = vec![0, 0x12, 0, u8::try_from(address.len() + 4).expect("short")];
        attribute.extend([0, family, port[0] ^ mask[0], port[1] ^ mask[1]]);
        attribute.extend(address.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        attribute
    }

    #[test]
    fn messages_to_a_relay_say_which_peer_they_are_for() {
        for peer in ["192.0.2.7:50001", "[2001:db8::7]:50002"] {
            let peer: SocketAddr = peer.parse().expect("an address");
            let named = peer_attribute(peer, 9);
            let data = [&named[..], &[0, 0x13, 0, 1, 0x80, 0, 0, 0]].concat();
            assert_eq!(
                Relaying::of(&message(SEND_INDICATION, 9, &data)),
                Relaying::Data(peer),
                "{peer}"
            );
            assert_eq!(
                Relaying::of(&message(CREATE_PERMISSION, 9, &named)),
                Relaying::Permission { peers: vec![peer], channel: None }
            );
            let bind = [&[0, 0x0c, 0, 4, 0x40, 5, 0, 0][..], &named].concat();
            assert_eq!(
                Relaying::of(&message(CHANNEL_BIND, 9, &bind)),
                Relaying::Permission { peers: vec![peer], channel: Some(0x4005) }
            );
        }
        assert_eq!(Relaying::of(&[0x40, 5, 0, 1, 9]), Relaying::Channel(0x4005));
        assert_eq!(Relaying::of(&message(BINDING_REQUEST, 9, &[])), Relaying::Nothing);
        assert_eq!(Relaying::of(&[0x80, 96]), Relaying::Nothing);
    }

    #[test]
    fn requests_and_responses_of_any_method_are_told_apart() {
        for (kind, is_request, is_response) in [
            (BINDING_REQUEST, true, false),
            (0x0003, true, false),
            (BINDING_SUCCESS, false, true),
            (0x0113, false, true),
            (DATA_INDICATION, false, false),
        ] {
            let message = message(kind, 3, &[]);
            assert_eq!(request(&message).is_some(), is_request, "{kind:#x}");
            assert_eq!(response(&message).is_some(), is_response, "{kind:#x}");
        }
        assert_eq!(request(&[0x80; 40]), None);
    }

    proptest! {
        #[test]
        fn no_datagram_is_too_strange(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            kind in prop::sample::select(vec![0, DATA_INDICATION, CREATE_PERMISSION, CHANNEL_BIND])
        ) {
            let mut bytes = bytes;
            if kind != 0 && bytes.len() >= STUN_HEADER {
                bytes[..2].copy_from_slice(&kind.to_be_bytes());
                bytes[4..8].copy_from_slice(&MAGIC_COOKIE);
            }
            let _ = (Packet::relayed(&bytes), request(&bytes), response(&bytes));
            if let Relaying::Permission { peers, .. } = Relaying::of(&bytes) {
                prop_assert!(peers.len() <= MAX_PEERS);
            }
        }
    }
}
