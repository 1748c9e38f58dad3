//! What is relayed: from a client to a peer, from a peer to a client, and from one client to
//! another.

use std::net::SocketAddr;
use std::time::Instant;

use super::super::stun::{Class, Message, Method, Writer, attribute};
use super::{Action, Relay};

/// Counted for each datagram beside what is in it: its IP and UDP headers.
const HEADERS_BYTES: u64 = 28;

impl<S> Relay<S> {
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
        let peer =
            message.get(attribute::XOR_PEER_ADDRESS).and_then(|value| message.address(value));
        let (Some(peer), Some(data)) = (peer, message.get(attribute::DATA)) else {
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

/// What a datagram counts for.
fn size(data: &[u8]) -> u64 {
    HEADERS_BYTES + u64::try_from(data.len()).unwrap_or(u64::MAX / 2)
}
