//! STUN messages (RFC 8489 §5, §14): read without a copy, written attribute by attribute.
//!
//! Whatever arrives may be read: a datagram is a [`Message`] only when its length, its cookie and
//! the length of each attribute are right. Attributes behind MESSAGE-INTEGRITY are never looked at,
//! since nobody answers for them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hmac::{Hmac, KeyInit as _, Mac};
use sha1::Sha1;

/// In every message since RFC 5389.
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER_BYTES: usize = 20;
const ATTRIBUTE_HEADER_BYTES: usize = 4;
const INTEGRITY_BYTES: usize = 20;

pub(crate) type Key = [u8; 16];

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Method(pub(crate) u16);

impl Method {
    pub(crate) const BINDING: Self = Self(0x001);
    pub(crate) const ALLOCATE: Self = Self(0x003);
    pub(crate) const REFRESH: Self = Self(0x004);
    pub(crate) const SEND: Self = Self(0x006);
    pub(crate) const DATA: Self = Self(0x007);
    pub(crate) const CREATE_PERMISSION: Self = Self(0x008);
    pub(crate) const CHANNEL_BIND: Self = Self(0x009);
}

/// What a message is, as its two bits (RFC 8489 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Request = 0x0000,
    Indication = 0x0010,
    Success = 0x0100,
    Error = 0x0110,
}

/// The attributes that are read or written here (RFC 8489 §18.3, RFC 8656 §18).
pub(crate) mod attribute {
    pub(crate) const USERNAME: u16 = 0x0006;
    pub(crate) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(crate) const ERROR_CODE: u16 = 0x0009;
    pub(crate) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub(crate) const CHANNEL_NUMBER: u16 = 0x000c;
    pub(crate) const LIFETIME: u16 = 0x000d;
    pub(crate) const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub(crate) const DATA: u16 = 0x0013;
    pub(crate) const REALM: u16 = 0x0014;
    pub(crate) const NONCE: u16 = 0x0015;
    pub(crate) const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    pub(crate) const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
    pub(crate) const EVEN_PORT: u16 = 0x0018;
    pub(crate) const REQUESTED_TRANSPORT: u16 = 0x0019;
    pub(crate) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(crate) const RESERVATION_TOKEN: u16 = 0x0022;
}

/// Those that a request may carry and whoever does not know them must refuse (RFC 8489 §14).
const KNOWN: [u16; 13] = [
    attribute::USERNAME,
    attribute::MESSAGE_INTEGRITY,
    attribute::CHANNEL_NUMBER,
    attribute::LIFETIME,
    attribute::XOR_PEER_ADDRESS,
    attribute::DATA,
    attribute::REALM,
    attribute::NONCE,
    attribute::REQUESTED_ADDRESS_FAMILY,
    attribute::EVEN_PORT,
    attribute::REQUESTED_TRANSPORT,
    attribute::XOR_MAPPED_ADDRESS,
    attribute::RESERVATION_TOKEN,
];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) class: Class,
    pub(crate) method: Method,
    pub(crate) transaction: [u8; 12],
    /// Up to MESSAGE-INTEGRITY.
    attributes: &'a [u8],
    /// What is signed, and the signature.
    integrity: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> Message<'a> {
    /// Reads a datagram; nothing when it isn't a message.
    pub(crate) fn parse(datagram: &'a [u8]) -> Option<Self> {
        let (header, body) = datagram.split_at_checked(HEADER_BYTES)?;
        let kind = u16_at(header, 0)?;
        let length = usize::from(u16_at(header, 2)?);
        if kind & 0xc000 != 0
            || length != body.len()
            || length % 4 != 0
            || header.get(4..8)? != COOKIE
        {
            return None;
        }
        let class = match (kind & 0x0100 != 0, kind & 0x0010 != 0) {
            (false, false) => Class::Request,
            (false, true) => Class::Indication,
            (true, false) => Class::Success,
            (true, true) => Class::Error,
        };
        let method = Method((kind & 0x000f) | ((kind & 0x00e0) >> 1) | ((kind & 0x3e00) >> 2));
        let mut message = Self {
            class,
            method,
            transaction: header.get(8..20)?.try_into().ok()?,
            attributes: body,
            integrity: None,
        };
        let mut at = 0;
        while at < body.len() {
            let (kind, value, next) = attribute_at(body, at)?;
            if kind == attribute::MESSAGE_INTEGRITY && message.integrity.is_none() {
                if value.len() != INTEGRITY_BYTES {
                    return None;
                }
                message.attributes = body.get(..at)?;
                message.integrity = Some((datagram.get(..HEADER_BYTES + at)?, value));
            }
            at = next;
        }
        Some(message)
    }

    pub(crate) fn attributes(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let attributes = self.attributes;
        let mut at = 0;
        std::iter::from_fn(move || {
            let (kind, value, next) = attribute_at(attributes, at)?;
            at = next;
            Some((kind, value))
        })
    }

    /// The first attribute of a kind.
    pub(crate) fn get(&self, kind: u16) -> Option<&'a [u8]> {
        self.attributes().find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// The first attribute of a kind, as text.
    pub(crate) fn text(&self, kind: u16) -> Option<&'a str> {
        std::str::from_utf8(self.get(kind)?).ok()
    }

    /// An attribute's address, if it has that form.
    pub(crate) fn address(&self, value: &[u8]) -> Option<SocketAddr> {
        let port = u16_at(value, 2)? ^ u16::from_be_bytes([COOKIE[0], COOKIE[1]]);
        let mask = mask(&self.transaction);
        let ip = match (value.get(1)?, value.get(4..)?) {
            (1, bytes) => IpAddr::V4(Ipv4Addr::from(xored::<4>(bytes, &mask)?)),
            (2, bytes) => IpAddr::V6(Ipv6Addr::from(xored::<16>(bytes, &mask)?)),
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }

    /// The first peer that it names.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.address(self.get(attribute::XOR_PEER_ADDRESS)?)
    }

    /// What is in it that must be understood and isn't.
    pub(crate) fn unknown(&self) -> Vec<u16> {
        let mut unknown: Vec<_> = self
            .attributes()
            .map(|(kind, _)| kind)
            .filter(|kind| *kind < 0x8000 && !KNOWN.contains(kind))
            .collect();
        unknown.dedup();
        unknown.truncate(16);
        unknown
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.integrity.is_some()
    }

    pub(crate) fn is_signed_with(&self, key: &Key) -> bool {
        self.integrity.is_some_and(|(before, code)| {
            signature(key, before).is_some_and(|mac| mac.verify_slice(code).is_ok())
        })
    }
}

/// Writes a message into a buffer, attribute by attribute.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Begins one, in place of what the buffer held.
    pub(crate) fn new(
        out: &'a mut Vec<u8>,
        class: Class,
        method: Method,
        transaction: &[u8; 12],
    ) -> Self {
        let Method(method) = method;
        let kind =
            class as u16 | (method & 0x000f) | ((method & 0x0070) << 1) | ((method & 0x0f80) << 2);
        out.clear();
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&COOKIE);
        out.extend_from_slice(transaction);
        Self { out }
    }

    /// Adds an attribute. What is larger than any datagram is left out.
    pub(crate) fn put(self, kind: u16, value: &[u8]) -> Self {
        if let Ok(length) = u16::try_from(value.len()) {
            self.out.extend_from_slice(&kind.to_be_bytes());
            self.out.extend_from_slice(&length.to_be_bytes());
            self.out.extend_from_slice(value);
            self.out.resize(self.out.len().next_multiple_of(4), 0);
        }
        self
    }

    /// Adds an address in the XOR form (RFC 8489 §14.2).
    pub(crate) fn put_address(self, kind: u16, address: SocketAddr) -> Self {
        let mut transaction = [0; 12];
        if let Some(own) = self.out.get(8..20) {
            transaction.copy_from_slice(own);
        }
        let mask = mask(&transaction);
        let port = address.port() ^ u16::from_be_bytes([COOKIE[0], COOKIE[1]]);
        let mut value = Vec::with_capacity(20);
        value.extend_from_slice(&[0, if address.is_ipv4() { 1 } else { 2 }]);
        value.extend_from_slice(&port.to_be_bytes());
        let octets = match address.ip() {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        value.extend(octets.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        self.put(kind, &value)
    }

    pub(crate) fn finish(self) {
        // Longer ones are never made: the largest carries one datagram.
        let length = u16::try_from(self.out.len() - HEADER_BYTES).unwrap_or(u16::MAX);
        if let Some(place) = self.out.get_mut(2..4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    pub(crate) fn finish_signed(self, key: &Key) {
        match signature(key, self.out) {
            Some(mac) => {
                self.put(attribute::MESSAGE_INTEGRITY, &mac.finalize().into_bytes()).finish()
            }
            None => self.finish(),
        }
    }
}

/// The signature of what comes before MESSAGE-INTEGRITY; the length in the header covers that
/// attribute (§14.5).
fn signature(key: &Key, before: &[u8]) -> Option<Hmac<Sha1>> {
    let length =
        u16::try_from(before.len() + ATTRIBUTE_HEADER_BYTES + INTEGRITY_BYTES - HEADER_BYTES)
            .ok()?;
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(before.get(..2)?);
    mac.update(&length.to_be_bytes());
    mac.update(before.get(4..)?);
    Some(mac)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The kind and value of the attribute at an offset, and where the next one begins.
fn attribute_at(attributes: &[u8], at: usize) -> Option<(u16, &[u8], usize)> {
    let kind = u16_at(attributes, at)?;
    let length = usize::from(u16_at(attributes, at + 2)?);
    let start = at + ATTRIBUTE_HEADER_BYTES;
    let next = start + length.next_multiple_of(4);
    attributes.get(start..next)?;
    Some((kind, attributes.get(start..start + length)?, next))
}

fn mask(transaction: &[u8; 12]) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&COOKIE);
    mask[4..].copy_from_slice(transaction);
    mask
}

fn xored<const N: usize>(bytes: &[u8], mask: &[u8; 16]) -> Option<[u8; N]> {
    let mut result: [u8; N] = bytes.try_into().ok()?;
    for (byte, mask) in result.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 5769 §2.4: a request with long-term authentication.
    const SAMPLE: &[u8] = &[
        0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42, 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72,
        0xc0, 0x29, 0xda, 0x41, 0x2e, 0x00, 0x06, 0x00, 0x12, 0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88,
        0xe3, 0x83, 0xaa, 0xe3, 0x83, 0x83, 0xe3, 0x82, 0xaf, 0xe3, 0x82, 0xb9, 0x00, 0x00, 0x00,
        0x15, 0x00, 0x1c, 0x66, 0x2f, 0x2f, 0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36,
        0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46, 0x53, 0x54, 0x76, 0x79, 0x36, 0x34, 0x73,
        0x41, 0x00, 0x14, 0x00, 0x0b, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x6f, 0x72,
        0x67, 0x00, 0x00, 0x08, 0x00, 0x14, 0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6, 0x4a, 0x3e, 0x02,
        0xb8, 0xe0, 0x71, 0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66,
    ];

    #[test]
    fn the_sample_of_rfc_5769_is_read_and_its_signature_found_good() {
        let message = Message::parse(SAMPLE).unwrap();
        assert_eq!((message.class, message.method), (Class::Request, Method::BINDING));
        assert_eq!(message.text(attribute::USERNAME), Some("マトリックス"));
        assert_eq!(message.text(attribute::REALM), Some("example.org"));
        assert_eq!(message.text(attribute::NONCE), Some("f//499k954d6OL34oL9FSTvy64sA"));
        let key =
            super::super::credentials::long_term_key("マトリックス", "example.org", "TheMatrIX");
        assert!(message.is_signed_with(&key));
        assert!(!message.is_signed_with(&[0; 16]));
    }

    #[test]
    fn a_changed_bit_spoils_the_signature_or_the_message() {
        let key =
            super::super::credentials::long_term_key("マトリックス", "example.org", "TheMatrIX");
        for bit in 0..SAMPLE.len() * 8 {
            let mut changed = SAMPLE.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            // A change to the padding of an attribute counts as well: it is signed.
            let good = Message::parse(&changed).is_some_and(|message| message.is_signed_with(&key));
            assert!(!good, "bit {bit}");
        }
    }

    #[test]
    fn what_follows_the_signature_is_not_looked_at() {
        let mut out = Vec::new();
        Writer::new(&mut out, Class::Request, Method::REFRESH, &[7; 12]).finish_signed(&[1; 16]);
        let signed = out.len();
        out.extend_from_slice(&[0x00, 0x0d, 0x00, 0x04, 0, 0, 0, 0]);
        out[3] = u8::try_from(out.len() - HEADER_BYTES).unwrap();
        let message = Message::parse(&out).unwrap();
        assert!(out.len() > signed && message.is_signed_with(&[1; 16]));
        assert_eq!(message.get(attribute::LIFETIME), None);
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_named() {
        let mut out = Vec::new();
        Writer::new(&mut out, Class::Request, Method::ALLOCATE, &[7; 12])
            .put(0x001a, &[])
            .put(0x8022, b"optional")
            .put(attribute::LIFETIME, &[0; 4])
            .put(0x0003, &[0; 4])
            .finish();
        assert_eq!(Message::parse(&out).unwrap().unknown(), [0x001a, 0x0003]);
    }

    fn any_address() -> impl Strategy<Value = SocketAddr> {
        (any::<IpAddr>(), any::<u16>()).prop_map(SocketAddr::from)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            class in prop::sample::select(vec![Class::Request, Class::Indication, Class::Success, Class::Error]),
            method in 0_u16..0x1000,
            transaction: [u8; 12],
            address in any_address(),
            data in prop::collection::vec(any::<u8>(), 0..50),
            key: [u8; 16],
        ) {
            let mut out = b"what was there".to_vec();
            Writer::new(&mut out, class, Method(method), &transaction)
                .put_address(attribute::XOR_PEER_ADDRESS, address)
                .put(attribute::DATA, &data)
                .finish_signed(&key);
            let message = Message::parse(&out).unwrap();
            prop_assert_eq!((message.class, message.method, message.transaction), (class, Method(method), transaction));
            let peer = message.get(attribute::XOR_PEER_ADDRESS).unwrap();
            prop_assert_eq!(message.address(peer), Some(address));
            prop_assert_eq!(message.get(attribute::DATA), Some(&data[..]));
            prop_assert!(message.is_signed_with(&key));
        }

        #[test]
        fn anything_may_arrive(datagram in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(message) = Message::parse(&datagram) {
                let _ = (message.attributes().count(), message.unknown(), message.is_signed_with(&[0; 16]));
            }
        }

        #[test]
        fn a_damaged_message_may_arrive(at in 0..SAMPLE.len(), byte: u8, cut in 0..SAMPLE.len()) {
            let mut damaged = SAMPLE.to_vec();
            damaged[at] = byte;
            for datagram in [&damaged[..], &damaged[..cut]] {
                if let Some(message) = Message::parse(datagram) {
                    for (_, value) in message.attributes() {
                        let _ = message.address(value);
                    }
                    let _ = (message.unknown(), message.is_signed_with(&[0; 16]));
                }
            }
        }
    }
}
