//! The four requests of TURN (RFC 8656), once their signature is known to be right: what each
//! changes, or why it is refused.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::super::allocation::{Allocation, DEFAULT_LIFETIME, NotAdded, lifetime};
use super::super::credentials::holder;
use super::super::quota::Place;
use super::super::reply::{Granted, Refusal};
use super::super::stun::{Message, attribute};
use super::{Ports, Relay, Request};

/// UDP, the only one that is relayed.
const UDP: u8 = 17;

impl<S> Relay<S> {
    /// RFC 8656 §7.2.
    pub(super) fn allocate(
        &mut self,
        request: &Request<'_, '_>,
        ports: &mut impl Ports<S>,
    ) -> Result<Granted, Refusal> {
        let &Request { message, signer, client, .. } = request;
        if let Some(allocation) = self.allocations.get(&client) {
            // Our answer was lost, and so the request came again.
            return if allocation.transaction == message.transaction
                && allocation.username == signer.username
            {
                Ok(Granted::Allocated {
                    relayed: allocation.relayed,
                    lifetime: allocation.time_left(request.now),
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
        let place = Place { user: id, address: client.ip(), relay: address };
        self.counts.take(place).map_err(|_| Refusal::QuotaReached)?;
        let Some((socket, port)) = ports.open(address, even) else {
            self.counts.give_back(place);
            return Err(Refusal::NoCapacity);
        };
        let relayed = SocketAddr::new(address, port);
        let lifetime = lifetime(seconds(message)?);
        let username = signer.username.to_owned();
        let allocation =
            Allocation::new(socket, relayed, username, message.transaction, lifetime, request.now);
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
    pub(super) fn refresh(&mut self, request: &Request<'_, '_>) -> Result<Granted, Refusal> {
        let &Request { message, client, .. } = request;
        let asked = seconds(message)?;
        let family = family(message)?;
        let allocation = self.own(request)?;
        if family.is_some_and(|ipv4| ipv4 != allocation.relayed.is_ipv4()) {
            return Err(Refusal::FamilyMismatch);
        }
        if asked == Some(0) {
            self.remove(client);
            return Ok(Granted::Refreshed(Duration::ZERO));
        }
        let lifetime = if request.signer.is_late { DEFAULT_LIFETIME } else { lifetime(asked) };
        allocation.extend(lifetime, request.now);
        Ok(Granted::Refreshed(lifetime))
    }

    /// RFC 8656 §10.2.
    pub(super) fn create_permission(
        &mut self,
        request: &Request<'_, '_>,
        ports: &impl Ports<S>,
    ) -> Result<Granted, Refusal> {
        let &Request { message, .. } = request;
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
            self.check_peer(*peer, request, ports)?;
        }
        self.own(request)?.permit(&peers, request.now)?;
        Ok(Granted::Done)
    }

    /// RFC 8656 §12.2. The numbers of RFC 5766 are taken as well.
    pub(super) fn channel_bind(
        &mut self,
        request: &Request<'_, '_>,
        ports: &impl Ports<S>,
    ) -> Result<Granted, Refusal> {
        let &Request { message, .. } = request;
        let Some([high, low, _, _]) = message.get(attribute::CHANNEL_NUMBER) else {
            return Err(Refusal::BadRequest);
        };
        let number = u16::from_be_bytes([*high, *low]);
        let peer = message.peer().ok_or(Refusal::BadRequest)?;
        if !(0x4000..=0x7ffe).contains(&number) {
            return Err(Refusal::BadRequest);
        }
        self.check_peer(peer.ip(), request, ports)?;
        self.own(request)?.bind(number, peer, request.now)?;
        Ok(Granted::Done)
    }

    /// Whether a client may talk to a peer with this address at all.
    fn check_peer(
        &mut self,
        peer: IpAddr,
        request: &Request<'_, '_>,
        ports: &impl Ports<S>,
    ) -> Result<(), Refusal> {
        if self.own(request)?.relayed.is_ipv4() != peer.is_ipv4() {
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
    fn own(&mut self, request: &Request<'_, '_>) -> Result<&mut Allocation<S>, Refusal> {
        let allocation = self.allocations.get_mut(&request.client).ok_or(Refusal::Mismatch)?;
        if allocation.username == request.signer.username {
            Ok(allocation)
        } else {
            Err(Refusal::WrongCredentials)
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
