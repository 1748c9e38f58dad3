//! Writes a STUN message into a buffer, attribute by attribute.

use std::net::{IpAddr, SocketAddr};

use hmac::Mac as _;

use super::{COOKIE, Class, HEADER_BYTES, Key, Method, attribute, mask, signature};

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
        let class = match class {
            Class::Request => 0x0000,
            Class::Indication => 0x0010,
            Class::Success => 0x0100,
            Class::Error => 0x0110,
        };
        let Method(method) = method;
        let kind = class | (method & 0x000f) | ((method & 0x0070) << 1) | ((method & 0x0f80) << 2);
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
        match address.ip() {
            IpAddr::V4(ip) => {
                value.extend(ip.octets().iter().zip(mask).map(|(byte, mask)| byte ^ mask))
            }
            IpAddr::V6(ip) => {
                value.extend(ip.octets().iter().zip(mask).map(|(byte, mask)| byte ^ mask))
            }
        }
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
