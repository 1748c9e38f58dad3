//! Queries STUN servers for the address at which they see this computer, and concludes what kind of
//! NAT it is behind.
//!
//! One socket queries two servers (RFC 8489, binding requests without attributes). When both see
//! the same address, the NAT maps by where packets come from alone (endpoint-independent mapping,
//! RFC 4787 §4.1) and direct calls usually work; when they see different ones, they often do not,
//! and a relay is needed.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rtc::stun::attributes::ATTR_XORMAPPED_ADDRESS;
use rtc::stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Getter as _, Message, TransactionId};
use rtc::stun::xoraddr::XorMappedAddress;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use crate::transport::Consent;
use crate::transport::path::interfaces;

/// A request is sent again after each of these (RFC 8489 §6.2.1, shortened: somebody waits).
const RETRY_AFTER: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_millis(750),
    Duration::from_millis(1000),
];

/// What a computer is behind, as far as two answers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NatKind {
    /// Its own address is the one that others see.
    None,
    /// One address towards everybody (endpoint-independent mapping): direct calls usually work.
    EndpointIndependent,
    /// Another address towards each (address-dependent mapping, "symmetric"): a relay is often
    /// needed.
    AddressDependent,
    /// There is one, but only one server answered: the kind can't be told.
    Unknown,
}

/// What a server answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// Our address as it sees us.
    pub(crate) seen: SocketAddr,
    /// How long the answer took.
    pub(crate) took: Duration,
}

/// One socket that queries several servers.
pub(crate) struct NatProbe {
    socket: UdpSocket,
}

impl NatProbe {
    /// A probe over IPv4, because the person wants to know.
    ///
    /// # Errors
    /// When there is no socket.
    pub(crate) async fn new(_consent: &Consent) -> std::io::Result<Self> {
        Ok(Self { socket: UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await? })
    }

    /// Queries a server for the address at which it sees us; `None` when it can't be reached or
    /// sends nothing that makes sense within 2.5 s.
    pub(crate) async fn query(&self, server: SocketAddr) -> Option<Mapping> {
        let transaction = TransactionId(rand::random());
        let mut request = Message::new();
        request.build(&[Box::new(BINDING_REQUEST), Box::new(transaction)]).ok()?;
        let begun = Instant::now();
        for wait in RETRY_AFTER {
            self.socket.send_to(&request.raw, server).await.ok()?;
            let deadline = Instant::now() + wait;
            let mut buffer = [0; 548];
            while let Ok(received) = timeout_at(deadline, self.socket.recv_from(&mut buffer)).await
            {
                // A port that is closed comes as an error of the next read; the next try finds out.
                let Ok((length, from)) = received else { break };
                let answer = buffer.get(..length).unwrap_or_default();
                if from == server
                    && let Some(seen) = mapped_address(answer, transaction)
                {
                    return Some(Mapping { seen, took: begun.elapsed() });
                }
            }
        }
        None
    }

    /// Whether an address is one of this computer's own, at this socket's port.
    #[must_use]
    pub(crate) fn is_own(&self, seen: SocketAddr) -> bool {
        let port = self.socket.local_addr().map(|local| local.port());
        let own = interfaces::addresses().unwrap_or_default().contains(&seen.ip());
        own && port.is_ok_and(|port| port == seen.port())
    }
}

impl NatKind {
    /// What the answers to one socket mean. `own` says whether an address is this computer's.
    #[must_use]
    pub(crate) fn of(seen: &[SocketAddr], own: impl Fn(SocketAddr) -> bool) -> Option<Self> {
        let (first, others) = seen.split_first()?;
        Some(if own(*first) {
            Self::None
        } else if others.is_empty() {
            Self::Unknown
        } else if others.iter().all(|other| other == first) {
            Self::EndpointIndependent
        } else {
            Self::AddressDependent
        })
    }
}

/// The XOR-MAPPED-ADDRESS (RFC 8489 §14.2) of the answer to a request.
fn mapped_address(answer: &[u8], transaction: TransactionId) -> Option<SocketAddr> {
    let (mut message, mut seen) = (Message::new(), XorMappedAddress::default());
    message.unmarshal_binary(answer).ok()?;
    seen.get_from(&message).ok()?;
    // The library fills an address that is cut off with zeros.
    let length = message.get(ATTR_XORMAPPED_ADDRESS).ok()?.len();
    let fits = message.typ == BINDING_SUCCESS
        && message.transaction_id == transaction
        && length == if seen.ip.is_ipv4() { 8 } else { 20 };
    fits.then_some(SocketAddr::new(seen.ip, seen.port))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use rtc::stun::message::MAGIC_COOKIE;

    use super::*;

    const TRANSACTION: TransactionId =
        TransactionId([0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]);

    /// An answer with an attribute of no interest before the address.
    fn answer(family: u8, port: u16, address: &[u8]) -> Vec<u8> {
        let mut value = vec![0, family];
        value.extend((port ^ 0x2112).to_be_bytes());
        let mask: Vec<u8> =
            MAGIC_COOKIE.to_be_bytes().iter().chain(&TRANSACTION.0).copied().collect();
        value.extend(address.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        let mut attributes = vec![0x80, 0x22, 0, 5, b'a', b'b', b'c', b'd', b'e', 0, 0, 0];
        attributes.extend([0, 0x20, 0, value.len() as u8]);
        attributes.extend(value);
        let mut message = BINDING_SUCCESS.value().to_be_bytes().to_vec();
        message.extend((attributes.len() as u16).to_be_bytes());
        message.extend(MAGIC_COOKIE.to_be_bytes());
        message.extend(TRANSACTION.0);
        message.extend(attributes);
        message
    }

    #[test]
    fn the_address_is_read_behind_other_attributes_in_both_families() {
        let seen = mapped_address(&answer(1, 32853, &[192, 0, 2, 1]), TRANSACTION);
        assert_eq!(seen, Some("192.0.2.1:32853".parse().unwrap()));
        let v6: Ipv6Addr = "2001:db8:1234:5678:11:2233:4455:6677".parse().unwrap();
        let seen = mapped_address(&answer(2, 32853, &v6.octets()), TRANSACTION);
        assert_eq!(seen, Some(SocketAddr::new(v6.into(), 32853)));
    }

    #[test]
    fn an_address_that_is_cut_off_is_none() {
        assert_eq!(mapped_address(&answer(1, 1, &[192, 0, 2]), TRANSACTION), None);
        assert_eq!(mapped_address(&answer(2, 1, &[192, 0, 2, 1]), TRANSACTION), None);
    }

    #[test]
    fn the_answer_to_another_request_says_nothing() {
        assert_eq!(mapped_address(&answer(1, 1, &[192, 0, 2, 1]), TransactionId([0; 12])), None);
    }

    #[test]
    fn nothing_that_a_server_says_can_panic() {
        use rand::{RngExt, SeedableRng};
        let mut random = rand::rngs::StdRng::seed_from_u64(8489);
        let good = answer(1, 1, &[192, 0, 2, 1]);
        for _ in 0..20_000 {
            let mut message = good.clone();
            message.truncate(random.random_range(0..=message.len()));
            for _ in 0..random.random_range(0..4) {
                if !message.is_empty() {
                    let at = random.random_range(0..message.len());
                    message[at] = random.random();
                }
            }
            let _ = mapped_address(&message, TRANSACTION);
        }
    }

    #[test]
    fn the_kind_follows_from_the_answers() {
        let [one, other]: [SocketAddr; 2] =
            ["192.0.2.1:5000", "192.0.2.1:5001"].map(|text| text.parse().unwrap());
        let nowhere = |_| false;
        assert_eq!(NatKind::of(&[], nowhere), None);
        assert_eq!(NatKind::of(&[one], nowhere), Some(NatKind::Unknown));
        assert_eq!(NatKind::of(&[one, one], nowhere), Some(NatKind::EndpointIndependent));
        assert_eq!(NatKind::of(&[one, other], nowhere), Some(NatKind::AddressDependent));
        assert_eq!(NatKind::of(&[one, one], |seen| seen == one), Some(NatKind::None));
    }
}
