//! The TURN relay (RFC 8656 over UDP), without a socket or a clock.
//!
//! Datagrams and the time go in; what is to be sent where comes out. `S` is what an allocation
//! sends through, and dropping it closes it. What always holds:
//! - nothing is remembered of whoever has not shown valid credentials;
//! - every request is answered on the spot, and nothing ever waits;
//! - nothing goes to a peer, or comes from one, that the [`PeerRule`] does not permit, whatever was
//!   permitted before;
//! - an allocation is changed only by the credentials that made it. Once their time is over they
//!   keep it only while somebody talks to the client there, since a call outlives them, and for
//!   [`GRACE`] at most;
//! - what one client sends to another's relayed address is handed over here and never leaves, so
//!   that two who can only be reached by the relay reach each other though the server itself is no
//!   permitted peer.

mod requests;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::allocation::Allocation;
#[cfg(doc)]
use super::credentials::GRACE;
use super::credentials::{Invalid, Secret, holder, is_within_grace};
use super::nonce::Nonces;
use super::peers::PeerRule;
use super::quota::{Counts, Place, Quotas};
use super::reply::{REALM, Refusal, challenge, grant, refuse};
use super::stun::{Class, Key, Message, Method, Writer, attribute};
use crate::limits::rates::Limiter;

/// How much may come at once after silence; a key frame does.
const BURST: Duration = Duration::from_millis(500);

/// Counted for each datagram beside what is in it: its IP and UDP headers.
const HEADERS_BYTES: u64 = 28;

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
    /// How many ports each of the addresses has.
    pub(crate) ports: usize,
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
    /// The time of the credentials is over.
    is_late: bool,
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
            counts: Counts::new(settings.quotas, settings.ports),
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
        let may_be_late = self.allocations.get(&client).is_some_and(|allocation| {
            let is_kept = allocation.is_in_use(now.at) && is_within_grace(username, now.unix);
            allocation.username == username && (is_kept || is_farewell(message))
        });
        let is_late = match holder(username, now.unix) {
            Ok(_) => false,
            Err(Invalid::Expired) if may_be_late => true,
            Err(_) => return Err(Refusal::Unauthenticated),
        };
        let key = self.secret.key(username, REALM);
        if message.is_signed_with(&key) {
            Ok(Signer { username, key, is_late })
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
            let user = holder(&allocation.username, 0).unwrap_or_default();
            let (address, relay) = (client.ip(), allocation.relayed.ip());
            self.counts.give_back(Place { user, address, relay });
        }
    }

    /// A Send indication (RFC 8656 §11.2).
    pub(crate) fn indication<'s, 'd>(
        &'s mut self,
        message: &Message<'d>,
        client: SocketAddr,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Action<'s, 'd, S> {
        if message.method != Method::SEND || !message.unknown().is_empty() {
            return Action::Nothing;
        }
        let (Some(peer), Some(data)) = (message.peer(), message.get(attribute::DATA)) else {
            return Action::Nothing;
        };
        self.remove_if_over(client, now);
        if self
            .allocations
            .get(&client)
            .is_some_and(|allocation| allocation.is_permitted(peer.ip(), now))
        {
            self.relay_out(client, peer, data, now, out)
        } else {
            Action::Nothing
        }
    }

    /// A ChannelData message (RFC 8656 §12.4, §12.6).
    pub(crate) fn channel_data<'s, 'd>(
        &'s mut self,
        datagram: &'d [u8],
        client: SocketAddr,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Action<'s, 'd, S> {
        let Some(([a, b, c, d], rest)) = datagram.split_first_chunk() else {
            return Action::Nothing;
        };
        let (number, length) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        let Some(data) = rest.get(..length.into()) else { return Action::Nothing };
        self.remove_if_over(client, now);
        let peer =
            self.allocations.get(&client).and_then(|allocation| allocation.peer_of(number, now));
        match peer {
            Some(peer) => self.relay_out(client, peer, data, now, out),
            None => Action::Nothing,
        }
    }

    /// Data of a client for a peer of its allocation.
    fn relay_out<'s, 'd>(
        &'s mut self,
        client: SocketAddr,
        peer: SocketAddr,
        data: &'d [u8],
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Action<'s, 'd, S> {
        let Some(allocation) = self.allocations.get_mut(&client) else { return Action::Nothing };
        let relayed = allocation.relayed;
        let bytes = size(data);
        if self.limiter.is_some_and(|limiter| !limiter.take(&mut allocation.to_peers, bytes, now)) {
            self.metrics.over_rate += 1;
            return Action::Nothing;
        }
        if self.clients.contains_key(&peer) {
            self.metrics.bytes_from_clients += bytes;
            return self
                .relay_in(peer, relayed, data, now, out)
                .map_or(Action::Nothing, Action::ToClient);
        }
        let permitted = self.settings.peers.permits(peer.ip()) && peer.port() != 0;
        match self.allocations.get(&client) {
            Some(allocation) if permitted && peer.is_ipv4() == relayed.is_ipv4() => {
                self.metrics.bytes_from_clients += bytes;
                Action::ToPeer { socket: &allocation.socket, peer, data }
            }
            _ => Action::Nothing,
        }
    }

    /// Data that came to a relayed address from outside; the client whom what was written out is
    /// for.
    pub(crate) fn receive_from_peer(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        data: &[u8],
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        // Without what belongs to one interface and would make it another address.
        let peer = SocketAddr::new(peer.ip(), peer.port());
        if !self.settings.peers.permits(peer.ip()) {
            return None;
        }
        self.relay_in(relayed, peer, data, now, out)
    }

    /// RFC 8656 §11.3, §12.7.
    fn relay_in(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        data: &[u8],
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let client = *self.clients.get(&relayed)?;
        let allocation = self.allocations.get_mut(&client)?;
        if allocation.is_over(now) || !allocation.is_permitted(peer.ip(), now) {
            return None;
        }
        allocation.hear(now);
        let bytes = size(data);
        if self.limiter.is_some_and(|limiter| !limiter.take(&mut allocation.to_client, bytes, now))
        {
            self.metrics.over_rate += 1;
            return None;
        }
        match (allocation.channel_of(peer, now), u16::try_from(data.len())) {
            (Some(number), Ok(length)) => {
                out.clear();
                out.extend_from_slice(&number.to_be_bytes());
                out.extend_from_slice(&length.to_be_bytes());
                out.extend_from_slice(data);
            }
            _ => Writer::new(out, Class::Indication, Method::DATA, &rand::random())
                .put_address(attribute::XOR_PEER_ADDRESS, peer)
                .put(attribute::DATA, data)
                .finish(),
        }
        self.metrics.bytes_to_clients += bytes;
        Some(client)
    }
}

/// Whether somebody gives their allocation back.
fn is_farewell(message: &Message<'_>) -> bool {
    message.method == Method::REFRESH && message.get(attribute::LIFETIME) == Some(&[0; 4])
}

/// What a datagram counts for.
fn size(data: &[u8]) -> u64 {
    HEADERS_BYTES + u64::try_from(data.len()).unwrap_or(u64::MAX / 2)
}
