//! The TURN relay (RFC 8656 over UDP), without a socket or a clock.
//!
//! Datagrams and the time go in; what is to be sent where comes out. `S` is what an allocation
//! sends through, and dropping it closes it. What always holds:
//! - nothing is remembered of whoever has not shown valid credentials;
//! - every request is answered on the spot, and nothing ever waits;
//! - nothing goes to a peer, or comes from one, that the [`PeerRule`] does not permit, whatever was
//!   permitted before;
//! - an allocation is changed only by the credentials that made it, which for that need not be
//!   valid any longer: a call outlives them;
//! - what one client sends to another's relayed address is handed over here and never leaves, so
//!   that two who can only be reached by the relay reach each other though the server itself is no
//!   permitted peer.

mod data;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::allocation::Allocation;
use super::credentials::{Invalid, Secret, holder};
use super::nonce::Nonces;
use super::peers::PeerRule;
use super::quota::{Counts, Quotas};
use super::reply::{REALM, Refusal, challenge, grant, refuse};
use super::stun::{Key, Message, Method, attribute};
use crate::limits::rates::Limiter;

/// How much may come at once after silence; a key frame does.
const BURST: Duration = Duration::from_millis(500);

/// The time, by two clocks that are never compared with each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) at: Instant,
    /// Seconds since 1970, for credentials alone.
    pub(crate) unix: u64,
}

/// Where allocations get their ports from.
pub(crate) trait Ports<S> {
    /// Takes a free port for this address of the relay.
    fn open(&mut self, address: IpAddr, even: bool) -> Option<(S, u16)>;
    /// Whether an address is one of this machine's.
    fn is_own(&self, ip: IpAddr) -> bool;
}

/// What is to be done about a datagram.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action<'s, 'd, S> {
    Nothing,
    /// What was written out goes to a client.
    ToClient(SocketAddr),
    /// A client's data goes to a peer.
    ToPeer {
        socket: &'s S,
        peer: SocketAddr,
        data: &'d [u8],
    },
}

/// What the relay needs to know.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Its addresses as others see them, one of a family.
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) peers: PeerRule,
    pub(crate) quotas: Quotas,
    /// The most that one allocation relays each way.
    pub(crate) bytes_per_second: Option<u64>,
}

/// What there is and was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RelayMetrics {
    /// Allocations now.
    pub allocations: usize,
    /// Allocations ever made.
    pub granted: u64,
    /// Requests refused because a quota was reached or no port was free.
    pub refused_by_quota: u64,
    /// Requests refused because the peer is not permitted.
    pub refused_peers: u64,
    /// Bytes relayed from clients.
    pub bytes_from_clients: u64,
    /// Bytes relayed to clients.
    pub bytes_to_clients: u64,
    /// Datagrams not relayed because an allocation went over its rate.
    pub over_rate: u64,
}

/// A relay.
pub(crate) struct Relay<S> {
    settings: Settings,
    secret: Secret,
    nonces: Nonces,
    counts: Counts,
    limiter: Option<Limiter>,
    /// By the client's address.
    allocations: HashMap<SocketAddr, Allocation<S>>,
    /// Whose a relayed address is.
    clients: HashMap<SocketAddr, SocketAddr>,
    metrics: RelayMetrics,
}

/// Who signed a request.
struct Signer<'a> {
    username: &'a str,
    key: Key,
}

/// A request whose signature is right.
struct Request<'r, 'm> {
    message: &'r Message<'m>,
    signer: &'r Signer<'m>,
    client: SocketAddr,
    now: Instant,
}

impl<S> Relay<S> {
    pub(crate) fn new(settings: Settings, secret: Secret, now: Instant) -> Self {
        Self {
            counts: Counts::new(settings.quotas),
            limiter: settings.bytes_per_second.map(|bytes| Limiter::per_second(bytes, BURST, now)),
            settings,
            secret,
            nonces: Nonces::new(now),
            allocations: HashMap::new(),
            clients: HashMap::new(),
            metrics: RelayMetrics::default(),
        }
    }

    pub(crate) fn metrics(&self) -> RelayMetrics {
        RelayMetrics { allocations: self.allocations.len(), ..self.metrics }
    }

    /// Whether somebody has an allocation.
    pub(crate) fn is_client(&self, client: SocketAddr) -> bool {
        self.allocations.contains_key(&client)
    }

    /// Sweeps out what is over.
    pub(crate) fn expire(&mut self, now: Instant) {
        let over: Vec<_> = self
            .allocations
            .iter()
            .filter(|(_, allocation)| allocation.is_over(now))
            .map(|(client, _)| *client)
            .collect();
        for client in over {
            self.remove(client);
        }
    }

    /// Answers a request. False when nobody has signed for it.
    pub(crate) fn request(
        &mut self,
        message: &Message<'_>,
        client: SocketAddr,
        now: Now,
        ports: &mut impl Ports<S>,
        out: &mut Vec<u8>,
    ) -> bool {
        self.remove_if_over(client, now.at);
        let signer = match self.authenticate(message, client, now) {
            Ok(signer) => signer,
            Err(refusal) => {
                challenge(message, refusal, &self.nonces.make(client, now.at), out);
                return false;
            }
        };
        let request = Request { message, signer: &signer, client, now: now.at };
        let unknown = message.unknown();
        let result = if !unknown.is_empty() {
            Err(Refusal::UnknownAttributes(unknown))
        } else {
            match message.method {
                Method::ALLOCATE => self.allocate(&request, ports),
                Method::REFRESH => self.refresh(&request),
                Method::CREATE_PERMISSION => self.create_permission(&request, ports),
                Method::CHANNEL_BIND => self.channel_bind(&request, ports),
                _ => Err(Refusal::BadRequest),
            }
        };
        match result {
            Ok(granted) => grant(message, granted, client, &signer.key, out),
            Err(refusal) => {
                match refusal {
                    Refusal::QuotaReached | Refusal::NoCapacity => {
                        self.metrics.refused_by_quota += 1
                    }
                    Refusal::Forbidden => self.metrics.refused_peers += 1,
                    _ => {}
                }
                refuse(message, &refusal, Some(&signer.key), out);
            }
        }
        true
    }

    /// RFC 8489 §9.2.4.
    fn authenticate<'m>(
        &self,
        message: &Message<'m>,
        client: SocketAddr,
        now: Now,
    ) -> Result<Signer<'m>, Refusal> {
        if !message.is_signed() {
            return Err(Refusal::Unauthenticated);
        }
        let username = message.text(attribute::USERNAME).ok_or(Refusal::BadRequest)?;
        let nonce = message.get(attribute::NONCE).ok_or(Refusal::BadRequest)?;
        message.get(attribute::REALM).ok_or(Refusal::BadRequest)?;
        if !self.nonces.is_good(nonce, client, now.at) {
            return Err(Refusal::StaleNonce);
        }
        let made_with_it =
            self.allocations.get(&client).is_some_and(|allocation| allocation.username == username);
        match holder(username, now.unix) {
            Ok(_) => {}
            Err(Invalid::Expired) if made_with_it => {}
            Err(_) => return Err(Refusal::Unauthenticated),
        }
        let key = self.secret.key(username, REALM);
        if message.is_signed_with(&key) {
            Ok(Signer { username, key })
        } else {
            Err(Refusal::Unauthenticated)
        }
    }

    fn remove_if_over(&mut self, client: SocketAddr, now: Instant) {
        if self.allocations.get(&client).is_some_and(|allocation| allocation.is_over(now)) {
            self.remove(client);
        }
    }

    fn remove(&mut self, client: SocketAddr) {
        if let Some(allocation) = self.allocations.remove(&client) {
            self.clients.remove(&allocation.relayed);
            // It was of the form when it was let in.
            self.counts.give_back(holder(&allocation.username, 0).unwrap_or_default(), client.ip());
        }
    }
}
