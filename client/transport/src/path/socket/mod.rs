//! The UDP sockets of a connection, as the library sees them and as they are.
//!
//! The library takes a socket for the way to one network, and ICE for the way through it. Some
//! things that it does not know happen here, beneath it, and it goes on as if they had not:
//! - the other's address changes ([`roaming`]);
//! - our own address is gone: another socket takes the place of the one that was bound to it
//!   ([`Wire::readdress`]);
//! - ICE is started anew: until it has selected a pair again the library would drop all media, so
//!   what comes meanwhile is kept back for a moment ([`Wire::restart_begins`]);
//! - a TURN server is reached over TCP or TLS ([`super::relay`]).
//!
//! - a DTLS flight is lost ([`flight_retransmission`]): it is sent again until the other has
//!   answered it;
//! - what the library would drop for coming too soon, a handshake before it has selected a pair and
//!   media before its keys, is buffered until it takes it.
//!
//! And here is known, before anyone else knows it, when the other was last heard of
//! ([`Wire::signs_of_life`]), and how far the set-up has come ([`set_up`]).

mod check_round_trip;
mod dtls_record;
mod flight_retransmission;
pub(crate) mod packet;
pub(crate) mod roaming;
mod set_up;
#[cfg(test)]
mod tests;
mod wire_socket;

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep_until;
use webrtc::runtime::AsyncUdpSocket;

use check_round_trip::CheckRoundTrip;
use flight_retransmission::{FlightRetransmission, Inbound};
use packet::{Packet, carried};
use set_up::{SetUp, Step};
use wire_socket::{Route, WireSocket};

use super::network::Network;
use super::relay::{Relays, Trust};
use super::resolver::Resolver;
use crate::clock;
use crate::path::dscp;

/// When something last happened that shows whether the way works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SignsOfLife {
    /// Anything came from the other.
    pub(crate) heard: Option<Instant>,
    /// The other answered, so what we send arrives.
    pub(crate) answered: Option<Instant>,
    /// The other has said which packets came, as one who supports transport-wide feedback does many
    /// times a second.
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
    /// In the place of the system's.
    network: Option<Arc<dyn Network>>,
    /// When a flight is due has changed.
    flight_changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    signs: SignsOfLife,
    /// ICE is being started anew, and has selected no pair yet.
    restarting: bool,
    /// The library decides on a description, and may restart ICE for it.
    deciding: bool,
    /// Since when ICE has been looking for a pair.
    looking_since: Option<Instant>,
    /// A stream to a relay broke, and with it went an allocation.
    relay_broke: bool,
    /// The payload types that we send sound with.
    sound: [Option<u8>; 2],
    set_up: SetUp,
    round_trip: CheckRoundTrip,
    flights: FlightRetransmission<Route>,
    /// Addresses from which checks of ours were answered; at most [`MAX_REACHED`].
    reached: HashSet<SocketAddr>,
}

impl State {
    /// Whether media is buffered that the library would drop.
    fn buffers(&self) -> bool {
        self.restarting || self.deciding
    }
}

/// The most addresses of the other's that are remembered; later ones wait for the library as they
/// always did.
const MAX_REACHED: usize = 64;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    pub(crate) fn new(
        resolver: Arc<Resolver>,
        trust: Trust,
        network: Option<Arc<dyn Network>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            sockets: Mutex::default(),
            relays: Relays::new(),
            resolver,
            trust,
            network,
            flight_changed: Notify::new(),
        })
    }

    /// The socket of the system's, or of the network in its place.
    fn attach(self: &Arc<Self>, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        match &self.network {
            Some(network) => network.attach(socket),
            None => dscp::wrap(socket, Arc::clone(self)),
        }
    }

    /// Takes a socket in.
    pub(crate) fn wrap(self: &Arc<Self>, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let wrapped = WireSocket::wrap(Arc::clone(self), socket)?;
        let mut sockets = lock(&self.sockets);
        sockets.retain(|socket| socket.strong_count() > 0);
        sockets.push(Arc::downgrade(&wrapped));
        Ok(wrapped)
    }

    /// We send sound, and redundant sound, with these payload types: it is marked before everything
    /// else.
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

    /// The other's description was taken: from now on the set-up takes its time, and the library is
    /// nudged.
    pub(crate) fn described(&self) {
        lock(&self.state).set_up.described(clock::now());
        self.nudge();
    }

    /// The library is to look at what it was told now, and not when its timer ends.
    pub(crate) fn nudge(&self) {
        self.sockets().iter().for_each(|socket| socket.nudge());
    }

    /// ICE has selected a pair for the first time: the library takes handshakes now.
    pub(crate) fn pair_selected(&self) {
        {
            let set_up = &mut lock(&self.state).set_up;
            if set_up.has_pair() {
                return;
            }
            set_up.pair_selected();
        }
        self.sockets().iter().for_each(|socket| socket.pair_selected());
    }

    /// DTLS is complete: the library takes media now. Says whether that is news.
    pub(crate) fn secured(&self) -> bool {
        {
            let state = &mut lock(&self.state);
            if state.set_up.is_secured() {
                return false;
            }
            state.set_up.secured();
            state.flights.complete();
        }
        self.flight_changed.notify_one();
        self.sockets().iter().for_each(|socket| socket.wake());
        true
    }

    /// The round trip that ICE's checks take; `None` before the first was answered.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        lock(&self.state).round_trip.get()
    }

    /// Whether packets got lost so far: checks without an answer, or a DTLS flight that had to be
    /// sent again.
    pub(crate) fn has_seen_loss(&self) -> bool {
        let state = lock(&self.state);
        state.flights.has_repeated() || state.round_trip.sees_loss(clock::now())
    }

    /// Says in the log how far the set-up came, if it did not come to its end although the other
    /// wanted it.
    pub(crate) fn log_unfinished_set_up(&self) {
        let state = lock(&self.state);
        match state.set_up.step() {
            Step::Signaling | Step::Done => {}
            Step::Media => tracing::info!("{}", state.set_up.account(clock::now())),
            Step::Ice | Step::Dtls => {
                tracing::warn!("not connected: {}", state.set_up.account(clock::now()))
            }
        }
    }

    /// Sends DTLS flights again when they are due, for as long as it runs.
    pub(crate) async fn retransmit_flights(self: Arc<Self>) {
        loop {
            let due = lock(&self.state).flights.next_deadline();
            let until = async {
                match due {
                    Some(due) => sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.flight_changed.notified() => {}
                () = until => {}
            }
            let again = lock(&self.state).flights.poll(clock::now());
            for (route, datagram) in again {
                route.send(&datagram).await;
            }
        }
    }

    /// ICE is about to be started anew.
    pub(crate) fn restart_begins(&self, now: Instant) {
        let state = &mut lock(&self.state);
        state.restarting = true;
        state.looking_since = Some(now);
    }

    /// ICE has selected a pair again, or given up: what was kept back goes on. Says whether
    /// anything was to end.
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

    /// The library is given a description, or has decided on it: what comes in between is buffered,
    /// because it may have restarted ICE before anybody hears of it.
    pub(crate) fn decides(&self, deciding: bool) {
        let decided = std::mem::replace(&mut lock(&self.state).deciding, deciding) && !deciding;
        if decided {
            self.sockets().iter().for_each(|socket| socket.wake());
        }
    }

    /// Whether media is buffered because the library would drop it.
    pub(crate) fn is_restarting(&self) -> bool {
        lock(&self.state).buffers()
    }

    /// The machine has these addresses now. A socket whose own is gone is given another, unbound
    /// one, for which the system chooses address and interface. Says whether any was. Call it
    /// inside the runtime.
    pub(crate) fn readdress(&self, present: &[IpAddr]) -> bool {
        let moved = self.sockets().iter().filter(|socket| socket.readdress(present)).count();
        moved > 0
    }

    /// Where the library is to send what is for this name, if it is one that it was given for a
    /// relay.
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

    /// Takes note of a packet that came from an address.
    fn note_received(&self, packet: Packet, from: SocketAddr, now: Instant) {
        let state = &mut *lock(&self.state);
        state.set_up.received(packet, now);
        if packet != Packet::Other {
            state.signs.heard = Some(now);
        }
        match packet {
            Packet::CheckPassed(transaction) => {
                state.signs.answered = Some(now);
                if state.round_trip.answered(&transaction, now) && state.reached.len() < MAX_REACHED
                {
                    state.reached.insert(from);
                }
            }
            Packet::Media => state.flights.media_came(),
            Packet::Check(_) | Packet::Handshake | Packet::Other => {}
        }
    }

    /// Whether the library is to have a handshake datagram that came by a route.
    fn takes_handshake(&self, datagram: &[u8], route: &Route, now: Instant) -> bool {
        let Some(dtls) = carried(datagram) else { return true };
        let flights = &mut lock(&self.state).flights;
        let before = flights.next_deadline();
        let inbound = flights.received(dtls, route, now);
        if flights.next_deadline() != before {
            self.flight_changed.notify_one();
        }
        inbound == Inbound::Deliver
    }

    /// Takes note of a datagram that leaves by a route.
    fn note_sent(&self, datagram: &[u8], packet: Packet, route: Route, now: Instant) {
        let state = &mut *lock(&self.state);
        state.set_up.sent(packet);
        match packet {
            Packet::Check(transaction) => state.round_trip.sent(transaction, now),
            Packet::Handshake => {
                let round_trip = state.round_trip.get();
                if let Some(dtls) = carried(datagram) {
                    state.flights.sent(dtls, datagram, route, round_trip, now);
                    self.flight_changed.notify_one();
                }
            }
            Packet::Media | Packet::CheckPassed(_) | Packet::Other => {}
        }
    }

    /// Whether the library would drop a packet that it gets now.
    fn is_too_early(&self, packet: Packet) -> bool {
        let state = lock(&self.state);
        match packet {
            Packet::Media => state.buffers() || !state.set_up.is_secured(),
            Packet::Handshake => state.buffers() || !state.set_up.has_pair(),
            Packet::Check(_) | Packet::CheckPassed(_) | Packet::Other => false,
        }
    }

    /// Whether a packet that comes too early is kept. Before there is a connection only from who
    /// has answered a check: what strangers send is dropped, as the library does.
    fn keeps(&self, from: SocketAddr) -> bool {
        let state = lock(&self.state);
        state.buffers() || state.reached.contains(&from)
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
