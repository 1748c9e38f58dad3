//! How much is sent to addresses that never answered: whoever names a victim's address as their own
//! gets nothing worth sending out of it. Pure: time is an argument.
//!
//! In: every datagram that is about to leave, with where from and where to, and every one that
//! comes. Out: whether it may leave. A datagram that goes through a relay counts for the peer that
//! the relay sends it to (RFC 8656). An address has answered when a STUN response came from it to a
//! request that went there, which nobody else can have read.
//!
//! What always holds: to all ports of one IP address that never answer go at most [`PER_SECOND`]
//! datagrams a second and [`IN_ALL`] in all, the answers to checks included; and the tables are
//! bounded. Within that the routes to an address from which no check comes take turns, so that
//! none starves, and requests with what else goes there. Who answers at last has not cost anything:
//! routers give the other a new port again and again in a long call.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::packet::{Relaying, Transaction, carried, request, response};
use crate::path::destination::Reach;

/// The most datagrams in any second.
const PER_SECOND: usize = 50;
const SECOND: Duration = Duration::from_secs(1);
/// The most datagrams of a call.
const IN_ALL: u32 = 200;
/// Of them, those that are kept for addresses from which checks come: they may be about to answer.
const FOR_REPLIES: u32 = 50;
/// Of [`PER_SECOND`], those that are kept for checks and their answers. Whoever has moved is sent
/// media at once, and more of it than may leave: without a check that gets there it stays so.
const FOR_CHECKS: usize = 10;
/// ICE is in a hurry for so long with a route: the peer behind a relay that was asked long ago is
/// news.
const HASTE: Duration = Duration::from_secs(4);
/// How many datagrams a second the routes to an address share meanwhile,
const HASTY_RATE: f64 = 22.0;
/// and afterwards: what is left lasts for half a minute, as long as a call waits for its media.
const UNHURRIED_RATE: f64 = 2.2;
/// A timer that is late once is not to cost the next turn.
const TIMER_SLACK: Duration = Duration::from_millis(10);
/// The most routes to one IP address. With eight addresses of ours and four ports of theirs there
/// are 32.
const MAX_ROUTES: usize = 64;
/// The most IP addresses that did not answer at once. Nothing is sent to further ones.
const MAX_SILENT: usize = 128;
/// The most addresses that have answered; the one that was used least recently is forgotten.
const MAX_ANSWERED: usize = 64;
/// The most addresses of one IP address that checks came from.
const MAX_ASKING: usize = 16;
/// The most channels of relays. The library binds one for each peer.
const MAX_CHANNELS: usize = 256;

/// A way to an address: the socket or the relay that it leaves by, and the address. Requests take
/// turns with everything else, since only they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Route {
    from: SocketAddr,
    to: SocketAddr,
    is_request: bool,
}

/// A datagram that is about to leave, or has: as the other gets it, whatever carries it.
#[derive(Debug, Clone, Copy)]
struct Outgoing<'a> {
    from: SocketAddr,
    to: SocketAddr,
    content: &'a [u8],
}

impl Outgoing<'_> {
    fn route(&self) -> Route {
        let is_request = request(self.content).is_some();
        Route { from: self.from, to: self.to, is_request }
    }
}

/// An IP address, as far as its ports have not answered.
#[derive(Debug)]
struct Silent {
    /// How many went to each port.
    sent: HashMap<SocketAddr, u32>,
    /// When the last ones left; at most [`PER_SECOND`].
    recent: VecDeque<Instant>,
    /// When the first and the last one left by each route.
    routes: Vec<(Route, Instant, Instant)>,
    /// The requests that went there; at most [`IN_ALL`].
    requests: Vec<(Transaction, SocketAddr)>,
    /// Where checks came from.
    asking: Vec<SocketAddr>,
}

impl Silent {
    fn new() -> Self {
        Self {
            sent: HashMap::new(),
            recent: VecDeque::new(),
            routes: Vec::new(),
            requests: Vec::new(),
            asking: Vec::new(),
        }
    }

    fn may_send(&self, datagram: &Outgoing<'_>, now: Instant) -> bool {
        let is_response = response(datagram.content).is_some();
        let (per_second, in_all) = if is_response || request(datagram.content).is_some() {
            (PER_SECOND, IN_ALL)
        } else {
            (PER_SECOND - FOR_CHECKS, IN_ALL - FOR_REPLIES)
        };
        let a_second_ago = self.recent.len().checked_sub(per_second);
        let window_is_full = a_second_ago
            .and_then(|at| self.recent.get(at))
            .is_some_and(|at| now.saturating_duration_since(*at) < SECOND);
        let sent_in_all: u32 = self.sent.values().sum();
        sent_in_all < in_all
            && !window_is_full
            && (is_response || self.is_due(datagram, sent_in_all, now))
    }

    /// Whether it is the turn of this route.
    fn is_due(&self, datagram: &Outgoing<'_>, sent_in_all: u32, now: Instant) -> bool {
        let asks = self.asking.contains(&datagram.to);
        if !asks && sent_in_all >= IN_ALL - FOR_REPLIES {
            return false;
        }
        if asks {
            // A check of theirs triggers one of ours at once (RFC 8445 §7.3.1.4).
            return true;
        }
        let route = datagram.route();
        let known = self.routes.iter().find(|(known, ..)| *known == route);
        let Some((_, first, last)) = known else { return self.routes.len() < MAX_ROUTES };
        let hurries = now.saturating_duration_since(*first) < HASTE;
        let rate = if hurries { HASTY_RATE } else { UNHURRIED_RATE };
        let interval = Duration::from_secs_f64(self.routes.len() as f64 / rate);
        now.saturating_duration_since(*last) >= interval.saturating_sub(TIMER_SLACK)
    }

    fn sent(&mut self, datagram: &Outgoing<'_>, now: Instant) {
        *self.sent.entry(datagram.to).or_default() += 1;
        if self.recent.len() >= PER_SECOND {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        let asked = request(datagram.content).map(|transaction| (transaction, datagram.to));
        self.requests.extend(asked);
        if response(datagram.content).is_none() {
            let route = datagram.route();
            match self.routes.iter_mut().find(|(known, ..)| *known == route) {
                Some((_, _, last)) => *last = now,
                None => self.routes.push((route, now, now)),
            }
        }
    }

    /// A response has come. Whether it answers a request of ours: then the port counts no longer.
    fn is_answered(&mut self, transaction: Transaction, from: SocketAddr) -> bool {
        let Some(at) = self.requests.iter().position(|known| *known == (transaction, from)) else {
            return false;
        };
        self.requests.swap_remove(at);
        self.requests.retain(|(_, to)| *to != from);
        self.routes.retain(|(route, ..)| route.to != from);
        self.sent.remove(&from);
        true
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct SendLimits {
    /// When each was last sent to.
    answered: HashMap<SocketAddr, Instant>,
    silent: HashMap<IpAddr, Silent>,
    /// The peers behind channels, by relay and channel.
    channels: VecDeque<((SocketAddr, u16), SocketAddr)>,
}

impl SendLimits {
    /// Whether a datagram may leave by the socket that is known as `local`. Peers behind a relay
    /// must be within `reach`.
    pub(crate) fn may_leave(
        &self,
        local: SocketAddr,
        to: SocketAddr,
        reach: Reach,
        datagram: &[u8],
        now: Instant,
    ) -> bool {
        let may_be_relayed = match Relaying::of(datagram) {
            Relaying::Nothing | Relaying::Channel(_) => true,
            Relaying::Data(peer) => reach.allows(peer),
            Relaying::Permission { peers, .. } => peers.iter().all(|peer| reach.allows(*peer)),
        };
        may_be_relayed && self.may_send(&self.outgoing(local, to, datagram), now)
    }

    /// A datagram has left by the socket that is known as `local`.
    pub(crate) fn left(
        &mut self,
        local: SocketAddr,
        to: SocketAddr,
        datagram: &[u8],
        now: Instant,
    ) {
        let outgoing = self.outgoing(local, to, datagram);
        if let Some(last_used) = self.answered.get_mut(&outgoing.to) {
            *last_used = now;
        } else {
            let silent = self.silent.entry(outgoing.to.ip()).or_insert_with(Silent::new);
            silent.sent(&outgoing, now);
        }
        if let Relaying::Permission { peers, channel: Some(channel) } = Relaying::of(datagram)
            && let Some(peer) = peers.first()
        {
            self.note_channel(to, channel, *peer);
        }
    }

    /// Whom a datagram reaches in the end.
    fn outgoing<'a>(&self, local: SocketAddr, to: SocketAddr, datagram: &'a [u8]) -> Outgoing<'a> {
        let peer = match Relaying::of(datagram) {
            Relaying::Data(peer) => Some(peer),
            Relaying::Channel(channel) => self.behind(to, channel),
            Relaying::Nothing | Relaying::Permission { .. } => None,
        };
        match peer {
            Some(peer) => {
                Outgoing { from: to, to: peer, content: carried(datagram).unwrap_or_default() }
            }
            None => Outgoing { from: local, to, content: datagram },
        }
    }

    /// Whether an address has answered.
    pub(crate) fn has_answered(&self, address: SocketAddr) -> bool {
        self.answered.contains_key(&address)
    }

    /// A datagram has come.
    pub(crate) fn came(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) {
        let peer = match Relaying::of(datagram) {
            Relaying::Data(peer) => peer,
            Relaying::Channel(channel) => match self.behind(from, channel) {
                Some(peer) => peer,
                None => return,
            },
            Relaying::Nothing | Relaying::Permission { .. } => {
                self.received(from, datagram, now);
                return;
            }
        };
        self.received(peer, carried(datagram).unwrap_or_default(), now);
    }

    fn may_send(&self, datagram: &Outgoing<'_>, now: Instant) -> bool {
        if self.answered.contains_key(&datagram.to) {
            return true;
        }
        match self.silent.get(&datagram.to.ip()) {
            Some(silent) => silent.may_send(datagram, now),
            None => self.silent.len() < MAX_SILENT,
        }
    }

    fn received(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) {
        let Some(silent) = self.silent.get_mut(&from.ip()) else { return };
        if let Some(transaction) = response(datagram) {
            if silent.is_answered(transaction, from) {
                self.note_answered(from, now);
            }
        } else if request(datagram).is_some()
            && silent.asking.len() < MAX_ASKING
            && !silent.asking.contains(&from)
        {
            silent.asking.push(from);
        }
    }

    fn note_answered(&mut self, address: SocketAddr, now: Instant) {
        if self.answered.len() >= MAX_ANSWERED && !self.answered.contains_key(&address) {
            let oldest = self.answered.iter().min_by_key(|(_, last_used)| **last_used);
            if let Some(oldest) = oldest.map(|(oldest, _)| *oldest) {
                self.answered.remove(&oldest);
            }
        }
        self.answered.insert(address, now);
    }

    fn behind(&self, relay: SocketAddr, channel: u16) -> Option<SocketAddr> {
        let bound = self.channels.iter().rev().find(|(key, _)| *key == (relay, channel));
        bound.map(|(_, peer)| *peer)
    }

    fn note_channel(&mut self, relay: SocketAddr, channel: u16, peer: SocketAddr) {
        if self.behind(relay, channel) == Some(peer) {
            return;
        }
        if self.channels.len() >= MAX_CHANNELS {
            self.channels.pop_front();
        }
        self.channels.push_back(((relay, channel), peer));
    }
}

#[cfg(test)]
mod tests;
