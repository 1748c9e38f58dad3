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
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::allocation::{Allocation, NotAdded, lifetime};
use super::credentials::{Invalid, Secret, holder};
use super::nonce::Nonces;
use super::peers::PeerRule;
use super::quota::{Counts, Quotas};
use super::rate::{Clock, Rate};
use super::reply::{Granted, REALM, Refusal, challenge, grant, refuse};
use super::stun::{Key, Message, Method, attribute};

/// How much may come at once after silence; a key frame does.
const BURST: Duration = Duration::from_millis(500);
/// UDP, the only one that is relayed.
const UDP: u8 = 17;

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
    rate: Option<Rate>,
    clock: Clock,
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

impl<S> Relay<S> {
    pub(crate) fn new(settings: Settings, secret: Secret, now: Instant) -> Self {
        Self {
            counts: Counts::new(settings.quotas),
            rate: settings.bytes_per_second.map(|bytes| Rate::per_second(bytes, BURST)),
            settings,
            secret,
            nonces: Nonces::new(now),
            clock: Clock::starting(now),
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
        let unknown = message.unknown();
        let result = if unknown.is_empty() {
            match message.method {
                Method::ALLOCATE => self.allocate(message, &signer, client, now, ports),
                Method::REFRESH => self.refresh(message, &signer, client, now.at),
                Method::CREATE_PERMISSION => {
                    self.create_permission(message, &signer, client, now.at, ports)
                }
                Method::CHANNEL_BIND => self.channel_bind(message, &signer, client, now.at, ports),
                _ => Err(Refusal::BadRequest),
            }
        } else {
            Err(Refusal::UnknownAttributes(unknown))
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

    /// RFC 8656 §7.2.
    fn allocate(
        &mut self,
        message: &Message<'_>,
        signer: &Signer<'_>,
        client: SocketAddr,
        now: Now,
        ports: &mut impl Ports<S>,
    ) -> Result<Granted, Refusal> {
        if let Some(allocation) = self.allocations.get(&client) {
            // Our answer was lost, and so the request came again.
            return if allocation.transaction == message.transaction
                && allocation.username == signer.username
            {
                Ok(Granted::Allocated {
                    relayed: allocation.relayed,
                    lifetime: allocation.time_left(now.at),
                })
            } else {
                Err(Refusal::Mismatch)
            };
        }
        match message.get(attribute::REQUESTED_TRANSPORT) {
            Some([UDP, _, _, _]) => {}
            Some([_, _, _, _]) => return Err(Refusal::TransportUnsupported),
            _ => return Err(Refusal::BadRequest),
        }
        let even =
            match (message.get(attribute::EVEN_PORT), message.get(attribute::RESERVATION_TOKEN)) {
                (None, None) => false,
                (Some([flags]), None) if flags & 0x80 == 0 => true,
                // Ports are not kept for a second allocation: nothing in use today asks for that.
                (Some([_]), None) | (None, Some(_)) => return Err(Refusal::NoCapacity),
                _ => return Err(Refusal::BadRequest),
            };
        let address = self.address_for(message)?;
        let id = holder(signer.username, 0).map_err(|_| Refusal::BadRequest)?;
        self.counts.take(id, client.ip()).map_err(|_| Refusal::QuotaReached)?;
        let Some((socket, port)) = ports.open(address, even) else {
            self.counts.give_back(id, client.ip());
            return Err(Refusal::NoCapacity);
        };
        let relayed = SocketAddr::new(address, port);
        let lifetime = lifetime(seconds(message)?);
        let username = signer.username.to_owned();
        let allocation =
            Allocation::new(socket, relayed, username, message.transaction, now.at + lifetime);
        self.clients.insert(relayed, client);
        self.allocations.insert(client, allocation);
        self.metrics.granted += 1;
        Ok(Granted::Allocated { relayed, lifetime })
    }

    /// The relay's address of the family that is asked for. Where none is, the RFC means IPv4; a
    /// relay without it gives what it has.
    fn address_for(&self, message: &Message<'_>) -> Result<IpAddr, Refusal> {
        let asked = family(message)?;
        let of = |ipv4| {
            self.settings.addresses.iter().copied().find(|address| address.is_ipv4() == ipv4)
        };
        match asked {
            Some(ipv4) => of(ipv4),
            None => of(true).or_else(|| of(false)),
        }
        .ok_or(Refusal::FamilyUnsupported)
    }

    /// RFC 8656 §8.2.
    fn refresh(
        &mut self,
        message: &Message<'_>,
        signer: &Signer<'_>,
        client: SocketAddr,
        now: Instant,
    ) -> Result<Granted, Refusal> {
        let asked = seconds(message)?;
        let family = family(message)?;
        let allocation = self.own(signer, client)?;
        if family.is_some_and(|ipv4| ipv4 != allocation.relayed.is_ipv4()) {
            return Err(Refusal::FamilyMismatch);
        }
        if asked == Some(0) {
            self.remove(client);
            return Ok(Granted::Refreshed(Duration::ZERO));
        }
        let lifetime = lifetime(asked);
        allocation.extend(lifetime, now);
        Ok(Granted::Refreshed(lifetime))
    }

    /// RFC 8656 §10.2.
    fn create_permission(
        &mut self,
        message: &Message<'_>,
        signer: &Signer<'_>,
        client: SocketAddr,
        now: Instant,
        ports: &impl Ports<S>,
    ) -> Result<Granted, Refusal> {
        let mut peers = Vec::new();
        for (_, value) in
            message.attributes().filter(|(kind, _)| *kind == attribute::XOR_PEER_ADDRESS)
        {
            peers.push(message.address(value).ok_or(Refusal::BadRequest)?.ip());
        }
        if peers.is_empty() {
            return Err(Refusal::BadRequest);
        }
        for peer in &peers {
            self.check_peer(*peer, signer, client, ports)?;
        }
        self.own(signer, client)?.permit(&peers, now)?;
        Ok(Granted::Done)
    }

    /// RFC 8656 §12.2. The numbers of RFC 5766 are taken as well.
    fn channel_bind(
        &mut self,
        message: &Message<'_>,
        signer: &Signer<'_>,
        client: SocketAddr,
        now: Instant,
        ports: &impl Ports<S>,
    ) -> Result<Granted, Refusal> {
        let Some([high, low, _, _]) = message.get(attribute::CHANNEL_NUMBER) else {
            return Err(Refusal::BadRequest);
        };
        let number = u16::from_be_bytes([*high, *low]);
        let peer =
            message.get(attribute::XOR_PEER_ADDRESS).and_then(|value| message.address(value));
        let peer = peer.ok_or(Refusal::BadRequest)?;
        if !(0x4000..=0x7ffe).contains(&number) {
            return Err(Refusal::BadRequest);
        }
        self.check_peer(peer.ip(), signer, client, ports)?;
        self.own(signer, client)?.bind(number, peer, now)?;
        Ok(Granted::Done)
    }

    /// Whether a client may talk to a peer with this address at all.
    fn check_peer(
        &mut self,
        peer: IpAddr,
        signer: &Signer<'_>,
        client: SocketAddr,
        ports: &impl Ports<S>,
    ) -> Result<(), Refusal> {
        if self.own(signer, client)?.relayed.is_ipv4() != peer.is_ipv4() {
            return Err(Refusal::FamilyMismatch);
        }
        // The relay's own address: other clients are there, and only they are reached.
        if self.settings.addresses.contains(&peer) {
            return Ok(());
        }
        let rule = &self.settings.peers;
        if rule.permits(peer) && (rule.is_listed(peer) || !ports.is_own(peer)) {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    /// The allocation of somebody, for its maker.
    fn own(
        &mut self,
        signer: &Signer<'_>,
        client: SocketAddr,
    ) -> Result<&mut Allocation<S>, Refusal> {
        let allocation = self.allocations.get_mut(&client).ok_or(Refusal::Mismatch)?;
        if allocation.username == signer.username {
            Ok(allocation)
        } else {
            Err(Refusal::WrongCredentials)
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

impl From<NotAdded> for Refusal {
    fn from(why: NotAdded) -> Self {
        match why {
            NotAdded::Full => Self::NoCapacity,
            NotAdded::Taken => Self::BadRequest,
        }
    }
}

/// The lifetime that is asked for.
fn seconds(message: &Message<'_>) -> Result<Option<u32>, Refusal> {
    let Some(value) = message.get(attribute::LIFETIME) else { return Ok(None) };
    value.try_into().map(|bytes| Some(u32::from_be_bytes(bytes))).map_err(|_| Refusal::BadRequest)
}

/// Whether IPv4 is asked for, or IPv6.
fn family(message: &Message<'_>) -> Result<Option<bool>, Refusal> {
    match message.get(attribute::REQUESTED_ADDRESS_FAMILY) {
        None => Ok(None),
        Some([1, _, _, _]) => Ok(Some(true)),
        Some([2, _, _, _]) => Ok(Some(false)),
        Some([_, _, _, _]) => Err(Refusal::FamilyUnsupported),
        Some(_) => Err(Refusal::BadRequest),
    }
}
