//! The UDP sockets of a connection, as the library sees them and as they are.
//!
//! To the library a socket leads to one network, and ICE finds the path through it. Beneath it:
//! - the other's address changes ([`roaming`]);
//! - our own address is gone: another socket takes the place of the one that was bound to it
//!   ([`SocketLayer::readdress`]);
//! - ICE is restarted: until it has selected a pair again the library would drop all media, so what
//!   comes meanwhile is buffered ([`SocketLayer::restart_begins`]);
//! - a TURN server is reached over TCP or TLS ([`super::relay`]);
//! - a DTLS flight is lost ([`flight_retransmission`]): it is sent again until it is answered;
//! - what the library would drop, a handshake before a pair and media before keys, is buffered;
//! - nothing goes to addresses that no peer has ([`super::destination`]), and little to those that
//!   never answer ([`send_limits`]);
//! - packets of more streams than a call has stay out ([`ssrc_gate`]), and checks from more
//!   addresses than the other can have ([`source_gate`]), and all but a little of data channels
//!   where a call uses none ([`data_limit`]); where it does, they leave at a pace ([`data_pacer`]).
//!
//! Besides: when packets last came ([`SocketLayer::liveness`]), how far the set-up is ([`set_up`]).

mod call_bounds;
mod check_round_trip;
mod data_limit;
mod data_pacer;
mod data_pacing;
mod data_probe;
mod dtls_record;
mod flight_retransmission;
mod layered_socket;
pub(crate) mod packet;
pub(crate) mod roaming;
mod send_limits;
mod set_up;
mod source_gate;
mod ssrc_gate;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep_until;
use webrtc::runtime::AsyncUdpSocket;

use call_bounds::CallBounds;
use check_round_trip::CheckRoundTrip;
use data_pacing::DataPacing;
use flight_retransmission::{FlightRetransmission, Inbound};
use layered_socket::{LayeredSocket, Nudge, Route};
use packet::{Packet, carried};
use set_up::{SetUp, Step};
use ssrc_gate::named;

use super::destination::Reach;
use super::lock;
use super::network::Network;
use super::relay::{Relays, Trust};
use super::resolver::Resolver;
use crate::clock;
use crate::path::dscp::{self, AudioPayloadTypes};
use crate::path::wire_overhead;

/// When something last happened that shows whether the network path works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Liveness {
    /// Anything came from the other.
    pub(crate) received: Option<Instant>,
    /// The other answered, so what we send arrives.
    pub(crate) answered: Option<Instant>,
    /// Transport-wide feedback has come, which an endpoint that supports it sends many times a
    /// second.
    pub(crate) reports: bool,
    /// We sent media.
    pub(crate) sent_media: Option<Instant>,
    /// The address that media leaves from; `None` while it leaves over a stream.
    pub(crate) from: Option<IpAddr>,
}

/// Where the sockets of a connection may send.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SendPolicy {
    /// Nothing goes anywhere but to servers.
    pub(crate) relay_only: bool,
    /// A server on this machine is used, so the other may be here as well.
    pub(crate) loopback: bool,
}

/// What all sockets of a connection have in common.
#[derive(Debug)]
pub(crate) struct SocketLayer {
    state: Mutex<State>,
    /// Shared by all connections of a call. Whoever locks both locks `state` first.
    bounds: Arc<Mutex<CallBounds>>,
    sockets: Mutex<Vec<Weak<LayeredSocket>>>,
    pub(crate) relays: Relays,
    resolver: Arc<Resolver>,
    trust: Trust,
    /// In the place of the system's.
    network: Option<Arc<dyn Network>>,
    policy: SendPolicy,
    /// What is marked before everything else.
    pub(crate) audio_payload_types: Arc<AudioPayloadTypes>,
    /// When a flight is due has changed.
    flight_changed: Notify,
    data: DataPacing,
}

#[derive(Debug, Default)]
struct State {
    liveness: Liveness,
    /// What the last media packet cost on the wire beyond its RTP packet, in bytes.
    media_overhead: Option<usize>,
    /// ICE is being restarted, and has selected no pair yet.
    restarting: bool,
    /// The library decides on a description, and may restart ICE for it.
    deciding: bool,
    /// Since when ICE has been looking for a pair.
    looking_since: Option<Instant>,
    /// A stream to a relay broke, and with it went an allocation.
    relay_broke: bool,
    set_up: SetUp,
    round_trip: CheckRoundTrip,
    flights: FlightRetransmission<Route>,
    /// Addresses from which checks of ours were answered; at most [`MAX_REACHED`].
    reached: HashSet<SocketAddr>,
    /// Where the servers are that we were configured with; at most [`MAX_SERVER_ADDRESSES`].
    servers: HashSet<SocketAddr>,
}

impl State {
    /// Whether media is buffered that the library would drop.
    fn buffers(&self) -> bool {
        self.restarting || self.deciding
    }
}

/// The most addresses of the other's that are remembered. Nothing is buffered for later ones.
const MAX_REACHED: usize = 64;
/// The most addresses of STUN and TURN servers. Nothing is sent to later ones.
const MAX_SERVER_ADDRESSES: usize = 64;

impl SocketLayer {
    pub(crate) fn new(
        resolver: Arc<Resolver>,
        trust: Trust,
        network: Option<Arc<dyn Network>>,
        policy: SendPolicy,
    ) -> Arc<Self> {
        Self::bounded_by(Arc::default(), resolver, trust, network, policy)
    }

    /// That of another connection of the same call, with the same servers, network and bounds.
    pub(crate) fn beside(&self) -> Arc<Self> {
        let (resolver, trust) = (Arc::clone(&self.resolver), self.trust.clone());
        Self::bounded_by(
            Arc::clone(&self.bounds),
            resolver,
            trust,
            self.network.clone(),
            self.policy,
        )
    }

    fn bounded_by(
        bounds: Arc<Mutex<CallBounds>>,
        resolver: Arc<Resolver>,
        trust: Trust,
        network: Option<Arc<dyn Network>>,
        policy: SendPolicy,
    ) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            bounds,
            sockets: Mutex::default(),
            relays: Relays::default(),
            resolver,
            trust,
            network,
            policy,
            audio_payload_types: AudioPayloadTypes::new(),
            flight_changed: Notify::new(),
            data: DataPacing::default(),
        })
    }

    /// The socket of the system's, or of the network in its place.
    fn attach(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        self.make_room(&socket);
        match &self.network {
            Some(network) => network.attach(socket),
            None => dscp::wrap(socket, Arc::clone(&self.audio_payload_types)),
        }
    }

    /// Takes a socket in.
    pub(crate) fn wrap(self: &Arc<Self>, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let wrapped = LayeredSocket::wrap(Arc::clone(self), socket)?;
        let mut sockets = lock(&self.sockets);
        sockets.retain(|socket| socket.strong_count() > 0);
        sockets.push(Arc::downgrade(&wrapped));
        Ok(wrapped)
    }

    /// When the network path last worked.
    pub(crate) fn liveness(&self) -> Liveness {
        lock(&self.state).liveness
    }

    /// Feedback has come: our packets arrive.
    pub(crate) fn reported(&self, now: Instant) {
        let liveness = &mut lock(&self.state).liveness;
        liveness.answered = Some(now);
        liveness.reports = true;
    }

    /// The other's description was taken: from now on the set-up takes its time, and the library is
    /// nudged.
    pub(crate) fn described(&self) {
        lock(&self.state).set_up.described(clock::now());
        self.nudge();
    }

    /// Makes the library look for new commands now, and not when its timer ends.
    pub(crate) fn nudge(&self) {
        self.sockets().iter().for_each(|socket| socket.nudge(Nudge::Now));
    }

    /// ICE has selected a pair for the first time: the library takes handshakes now.
    pub(crate) fn pair_selected(&self) {
        {
            let set_up = &mut lock(&self.state).set_up;
            if std::mem::replace(&mut set_up.pair_selected, true) {
                return;
            }
        }
        self.sockets().iter().for_each(|socket| socket.nudge(Nudge::Dtls));
    }

    /// DTLS is complete: the library takes media now. Whether that is new.
    pub(crate) fn secured(&self) -> bool {
        {
            let state = &mut lock(&self.state);
            if std::mem::replace(&mut state.set_up.secured, true) {
                return false;
            }
            state.set_up.pair_selected = true;
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

    /// Whether packets were lost so far: checks without an answer, or a DTLS flight that had to be
    /// sent again.
    pub(crate) fn has_seen_loss(&self) -> bool {
        let state = lock(&self.state);
        state.flights.repeated || state.round_trip.sees_loss(clock::now())
    }

    /// Logs how far the set-up came, if it is not complete although the other's description came.
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

    /// ICE is about to be restarted.
    pub(crate) fn restart_begins(&self, now: Instant) {
        let state = &mut lock(&self.state);
        state.restarting = true;
        state.looking_since = Some(now);
    }

    /// ICE has selected a pair again, or given up: what was buffered goes on. Whether there was a
    /// restart to end.
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

    /// The machine has these addresses now. A socket whose own is gone is replaced by an unbound
    /// one, for which the system chooses address and interface. Whether any was replaced. Call it
    /// inside the runtime.
    pub(crate) fn readdress(&self, present: &[IpAddr]) -> bool {
        let moved = self.sockets().iter().filter(|socket| socket.readdress(present)).count();
        moved > 0
    }

    /// Where the library should send what is for this name, if the name stands for a relay.
    pub(crate) fn resolve_relay(&self, name: &str) -> Option<Option<Vec<SocketAddr>>> {
        // One stream is enough for a socket of either family, and most machines have one for IPv4.
        let v4 = self.sockets().iter().any(|socket| socket.is_ipv4());
        self.relays.resolve(name, v4, &self.resolver)
    }

    /// A name of a server that we were configured with leads here.
    pub(crate) fn note_servers(&self, addresses: &[SocketAddr]) {
        let servers = &mut lock(&self.state).servers;
        let room = MAX_SERVER_ADDRESSES.saturating_sub(servers.len());
        servers.extend(addresses.iter().take(room));
    }

    /// Whether a datagram may leave by the socket that is known as `local`.
    fn may_leave(&self, local: SocketAddr, to: SocketAddr, datagram: &[u8], now: Instant) -> bool {
        let reach = Reach::of([local.ip()]).and_loopback(self.policy.loopback);
        let over_stream = self.relays.behind(to).is_some();
        let state = lock(&self.state);
        let is_server = over_stream || state.servers.contains(&to);
        let may_go = is_server || !self.policy.relay_only && reach.allows(to);
        may_go && lock(&self.bounds).limits.may_leave(local, to, reach, datagram, now)
    }

    /// A datagram has left by the socket that is known as `local`. `packet` says what it is to whom
    /// it went.
    fn left(
        &self,
        local: SocketAddr,
        to: SocketAddr,
        datagram: &[u8],
        packet: Packet,
        now: Instant,
    ) {
        lock(&self.bounds).left(local, to, datagram, packet, now);
    }

    /// Whether a stream to a relay broke since the last time.
    pub(crate) fn relay_broke(&self) -> bool {
        std::mem::take(&mut lock(&self.state).relay_broke)
    }

    fn sockets(&self) -> Vec<Arc<LayeredSocket>> {
        lock(&self.sockets).iter().filter_map(Weak::upgrade).collect()
    }

    /// A description of the other's names SSRCs.
    pub(crate) fn name_streams(&self, sdp: &str) {
        lock(&self.bounds).streams.name(named(sdp));
    }

    /// Whether a datagram that came from an address goes on.
    fn admits(&self, datagram: &[u8], from: SocketAddr, now: Instant) -> bool {
        let goes_on = lock(&self.bounds).admits(datagram, from, now);
        if goes_on {
            self.note_data(datagram);
        }
        goes_on
    }

    /// Records a datagram that came from an address, which may be another one to the library.
    fn note_received(
        &self,
        datagram: &[u8],
        packet: Packet,
        (sender, from): (SocketAddr, SocketAddr),
        now: Instant,
    ) {
        let state = &mut *lock(&self.state);
        lock(&self.bounds).limits.came(sender, datagram, now);
        state.set_up.received(packet, now);
        if packet != Packet::Other {
            state.liveness.received = Some(now);
        }
        match packet {
            Packet::CheckPassed(transaction) => {
                state.liveness.answered = Some(now);
                if state.round_trip.answered(&transaction, now) && state.reached.len() < MAX_REACHED
                {
                    state.reached.insert(from);
                }
            }
            Packet::Media => state.flights.media_came(),
            Packet::Check(_) | Packet::Handshake | Packet::Other => {}
        }
    }

    /// Whether the library should get a handshake datagram that came by a route.
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

    /// Records a datagram that left by a route; `from` is `None` where it left by a stream.
    fn note_sent(
        &self,
        datagram: &[u8],
        packet: Packet,
        route: Route,
        from: Option<IpAddr>,
        overhead: usize,
        now: Instant,
    ) {
        let state = &mut *lock(&self.state);
        state.set_up.sent(packet);
        match packet {
            Packet::Media => {
                state.liveness.sent_media = Some(now);
                state.liveness.from = from;
                state.media_overhead = Some(overhead);
            }
            Packet::Check(transaction) => state.round_trip.sent(transaction, now),
            Packet::Handshake => {
                let round_trip = state.round_trip.get();
                if let Some(dtls) = carried(datagram) {
                    state.flights.sent(dtls, datagram, route, round_trip, now);
                    self.flight_changed.notify_one();
                }
            }
            Packet::CheckPassed(_) | Packet::Other => {}
        }
    }

    /// Whether the library would drop a packet that it gets now.
    fn is_too_early(&self, packet: Packet) -> bool {
        let state = lock(&self.state);
        match packet {
            Packet::Media => state.buffers() || !state.set_up.secured,
            Packet::Handshake => state.buffers() || !state.set_up.pair_selected,
            Packet::Check(_) | Packet::CheckPassed(_) | Packet::Other => false,
        }
    }

    /// Whether a packet that comes too early is buffered. Before there is a connection only from an
    /// address that has answered a check: the library would drop what strangers send, too.
    fn buffers(&self, from: SocketAddr) -> bool {
        let state = lock(&self.state);
        state.buffers() || state.reached.contains(&from)
    }

    /// What the last media packet cost on the wire beyond its RTP packet, in bytes.
    pub(crate) fn media_overhead(&self) -> usize {
        lock(&self.state).media_overhead.unwrap_or(wire_overhead::DIRECT_IPV4)
    }

    /// Since when ICE has been looking for a pair, given that it sends a check now; `None` when it
    /// has one.
    fn looking_since(&self, now: Instant) -> Option<Instant> {
        let state = &mut lock(&self.state);
        if state.liveness.sent_media.is_none() {
            state.looking_since.get_or_insert(now);
        }
        state.looking_since
    }
}
