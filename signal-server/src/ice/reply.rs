//! What the relay answers: that something is granted, or why not (RFC 8489 §6.3, RFC 8656 §19).

use std::net::SocketAddr;
use std::time::Duration;

use super::stun::{Class, Key, Message, Writer, attribute};

/// What user names and passwords here belong to.
pub(crate) const REALM: &str = "visavis";

/// Why a request is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Something that has to be there is missing or has not the right form.
    BadRequest,
    /// It is not signed, or not by somebody who may.
    Unauthenticated,
    /// The peer is not one that the relay talks to.
    Forbidden,
    /// It has these attributes, which must be understood and aren't.
    UnknownAttributes(Vec<u16>),
    /// There is no allocation, or there is one already.
    Mismatch,
    /// The nonce is too old or not ours.
    StaleNonce,
    /// The relay has no address of that family.
    FamilyUnsupported,
    /// Somebody else made the allocation.
    WrongCredentials,
    TransportUnsupported,
    /// The allocation is of the other family.
    FamilyMismatch,
    /// There are as many allocations as there may be.
    QuotaReached,
    /// There is no port, or no place for another peer.
    NoCapacity,
}

impl Refusal {
    fn code(&self) -> (u16, &'static str) {
        match self {
            Self::BadRequest => (400, "Bad Request"),
            Self::Unauthenticated => (401, "Unauthenticated"),
            Self::Forbidden => (403, "Forbidden"),
            Self::UnknownAttributes(_) => (420, "Unknown Attribute"),
            Self::Mismatch => (437, "Allocation Mismatch"),
            Self::StaleNonce => (438, "Stale Nonce"),
            Self::FamilyUnsupported => (440, "Address Family not Supported"),
            Self::WrongCredentials => (441, "Wrong Credentials"),
            Self::TransportUnsupported => (442, "Unsupported Transport Protocol"),
            Self::FamilyMismatch => (443, "Peer Address Family Mismatch"),
            Self::QuotaReached => (486, "Allocation Quota Reached"),
            Self::NoCapacity => (508, "Insufficient Capacity"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Granted {
    /// There is an allocation.
    Allocated { relayed: SocketAddr, lifetime: Duration },
    /// It lives so long now.
    Refreshed(Duration),
    /// Nothing more is to be said.
    Done,
}

/// Says what was granted, to whom.
pub(crate) fn grant(
    message: &Message<'_>,
    granted: Granted,
    client: SocketAddr,
    key: &Key,
    out: &mut Vec<u8>,
) {
    let writer = Writer::new(out, Class::Success, message.method, &message.transaction);
    let writer = match granted {
        Granted::Allocated { relayed, lifetime } => writer
            .put_address(attribute::XOR_RELAYED_ADDRESS, relayed)
            .put(attribute::LIFETIME, &in_seconds(lifetime))
            .put_address(attribute::XOR_MAPPED_ADDRESS, canonical(client)),
        Granted::Refreshed(lifetime) => writer.put(attribute::LIFETIME, &in_seconds(lifetime)),
        Granted::Done => writer,
    };
    writer.finish_signed(key);
}

/// Says why something is not done; signed, when we know with whom we speak.
pub(crate) fn refuse(
    message: &Message<'_>,
    refusal: &Refusal,
    key: Option<&Key>,
    out: &mut Vec<u8>,
) {
    let writer = error(message, refusal, out);
    match key {
        Some(key) => writer.finish_signed(key),
        None => writer.finish(),
    }
}

/// Says that a signature is needed, and what for it.
pub(crate) fn challenge(message: &Message<'_>, refusal: Refusal, nonce: &str, out: &mut Vec<u8>) {
    let writer = error(message, &refusal, out);
    match refusal {
        Refusal::BadRequest => writer,
        _ => writer.put(attribute::REALM, REALM.as_bytes()).put(attribute::NONCE, nonce.as_bytes()),
    }
    .finish();
}

/// Answers a Binding request.
pub(crate) fn bound(message: &Message<'_>, client: SocketAddr, out: &mut Vec<u8>) {
    let unknown = message.unknown();
    if unknown.is_empty() {
        Writer::new(out, Class::Success, message.method, &message.transaction)
            .put_address(attribute::XOR_MAPPED_ADDRESS, canonical(client))
            .finish();
    } else {
        refuse(message, &Refusal::UnknownAttributes(unknown), None, out);
    }
}

fn error<'a>(message: &Message<'_>, refusal: &Refusal, out: &'a mut Vec<u8>) -> Writer<'a> {
    let (code, reason) = refusal.code();
    // Codes are from 300 to 699, so both parts fit.
    let [class, number] =
        [code / 100, code % 100].map(|part| u8::try_from(part).unwrap_or_default());
    let mut value = vec![0, 0, class, number];
    value.extend_from_slice(reason.as_bytes());
    let writer = Writer::new(out, Class::Error, message.method, &message.transaction)
        .put(attribute::ERROR_CODE, &value);
    match refusal {
        Refusal::UnknownAttributes(kinds) => {
            let kinds: Vec<_> = kinds.iter().flat_map(|kind| kind.to_be_bytes()).collect();
            writer.put(attribute::UNKNOWN_ATTRIBUTES, &kinds)
        }
        _ => writer,
    }
}

fn in_seconds(duration: Duration) -> [u8; 4] {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX).to_be_bytes()
}

/// A client that came over IPv4 is told its IPv4 address, also by a socket that hears both.
fn canonical(client: SocketAddr) -> SocketAddr {
    SocketAddr::new(client.ip().to_canonical(), client.port())
}
