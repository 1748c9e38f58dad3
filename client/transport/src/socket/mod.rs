//! The UDP sockets of a connection, as the library sees them and as they are.
//!
//! The library takes a socket for the way to one network, and ICE for the way through it. Some things that it does not
//! know happen here, beneath it, and it goes on as if they had not:
//! - the other's address changes ([`roaming`]);
//! - our own address is gone: another socket takes the place of the one that was bound to it ([`Wire::readdress`]);
//! - ICE is started anew: until it has selected a pair again the library would drop all media, so what comes meanwhile
//!   is kept back for a moment ([`Wire::restart_begins`]);
//! - a TURN server is reached over TCP or TLS ([`super::relay`]).
//!
//! And here is known, before anyone else knows it, when the other was last heard of ([`Wire::signs_of_life`]).

pub(crate) mod packet;
pub(crate) mod roaming;
#[cfg(test)]
mod tests;
mod wire_socket;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use webrtc::runtime::AsyncUdpSocket;

use packet::Packet;
use wire_socket::WireSocket;

use super::relay::{Relays, Trust};
use super::resolver::Resolver;

/// When something last happened that shows whether the way works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SignsOfLife {
    /// Anything came from the other.
    pub(crate) heard: Option<Instant>,
    /// The other answered, so what we send arrives.
    pub(crate) answered: Option<Instant>,
    /// The other has said which packets came, as one who supports transport-wide feedback does many times a second.
    pub(crate) reports: bool,
    /// We sent media.
    pub(crate) sent_media: Option<Instant>,
    /// The address that media leaves from; `None` while it leaves over a stream.
    pub(crate) from: Option<IpAddr>,
}

/// What all sockets of a connection have in common.
#[derive(Debug)]
pub(crate) struct Wire {
    state: Mutex<State>,
    sockets: Mutex<Vec<Weak<WireSocket>>>,
    pub(crate) relays: Arc<Relays>,
    resolver: Arc<Resolver>,
    trust: Trust,
}

#[derive(Debug, Default)]
struct State {
    signs: SignsOfLife,
    /// ICE is being started anew, and has selected no pair yet.
    restarting: bool,
    /// Since when ICE has been looking for a pair.
    looking_since: Option<Instant>,
    /// A stream to a relay broke, and with it went an allocation.
    relay_broke: bool,
    /// The payload types that we send sound with.
    sound: [Option<u8>; 2],
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    pub(crate) fn new(resolver: Arc<Resolver>, trust: Trust) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), sockets: Mutex::default(), relays: Relays::new(), resolver, trust })
    }

    /// Takes a socket in.
    pub(crate) fn wrap(self: &Arc<Self>, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let wrapped = WireSocket::wrap(Arc::clone(self), socket)?;
        let mut sockets = lock(&self.sockets);
        sockets.retain(|socket| socket.strong_count() > 0);
        sockets.push(Arc::downgrade(&wrapped));
        Ok(wrapped)
    }

    /// We send sound, and redundant sound, with these payload types: it is marked before everything else.
    pub(crate) fn sound_goes_as(&self, payload_types: [Option<u8>; 2]) {
        lock(&self.state).sound = payload_types;
    }

    /// The payload types that we send sound with.
    pub(crate) fn sound(&self) -> [Option<u8>; 2] {
        lock(&self.state).sound
    }

    /// When the way was last seen to work.
    pub(crate) fn signs_of_life(&self) -> SignsOfLife {
        lock(&self.state).signs
    }

    /// The other has said which of our packets came: they do arrive.
    pub(crate) fn reported(&self, now: Instant) {
        let signs = &mut lock(&self.state).signs;
        signs.answered = Some(now);
        signs.reports = true;
    }

    /// ICE is about to be started anew.
    pub(crate) fn restart_begins(&self, now: Instant) {
        let state = &mut lock(&self.state);
        state.restarting = true;
        state.looking_since = Some(now);
    }

    /// ICE has selected a pair again, or given up: what was kept back goes on. Says whether anything was to end.
    pub(crate) fn restart_ends(&self) -> bool {
        let was_restarting = {
            let state = &mut lock(&self.state);
            state.looking_since = None;
            std::mem::take(&mut state.restarting)
        };
        if was_restarting {
            self.sockets().iter().for_each(|socket| socket.wake());
        }
        was_restarting
    }

    /// Whether ICE is being started anew.
    pub(crate) fn is_restarting(&self) -> bool {
        lock(&self.state).restarting
    }

    /// The machine has these addresses now. A socket whose own is gone is given another, unbound one, for which the
    /// system chooses address and interface. Says whether any was. Call it inside the runtime.
    pub(crate) fn readdress(&self, present: &[IpAddr]) -> bool {
        let moved = self.sockets().iter().filter(|socket| socket.readdress(present)).count();
        moved > 0
    }

    /// Where the library is to send what is for this name, if it is one that it was given for a relay.
    pub(crate) fn resolve_relay(&self, name: &str) -> Option<Option<Vec<SocketAddr>>> {
        // One stream is enough for a socket of either family, and most machines have one for IPv4.
        let v4 = self.sockets().iter().any(|socket| socket.is_ipv4());
        self.relays.resolve(name, v4, &self.resolver)
    }

    /// Whether a stream to a relay broke since the last time.
    pub(crate) fn relay_broke(&self) -> bool {
        std::mem::take(&mut lock(&self.state).relay_broke)
    }

    fn sockets(&self) -> Vec<Arc<WireSocket>> {
        lock(&self.sockets).iter().filter_map(Weak::upgrade).collect()
    }

    fn note_received(&self, packet: Packet, now: Instant) {
        let signs = &mut lock(&self.state).signs;
        if packet != Packet::Other {
            signs.heard = Some(now);
        }
        if matches!(packet, Packet::CheckPassed(_)) {
            signs.answered = Some(now);
        }
    }

    fn note_media_sent(&self, from: Option<IpAddr>, now: Instant) {
        let signs = &mut lock(&self.state).signs;
        signs.sent_media = Some(now);
        signs.from = from;
    }

    fn note_relay_broke(&self) {
        lock(&self.state).relay_broke = true;
    }

    /// Since when ICE has been looking for a pair, given that it looks now; `None` when it has one.
    fn looking_since(&self, now: Instant) -> Option<Instant> {
        let state = &mut lock(&self.state);
        if state.signs.sent_media.is_none() {
            state.looking_since.get_or_insert(now);
        }
        state.looking_since
    }
}
