//! A socket of the library's: the packets that leave and come by it, and what is done with them
//! beneath the library.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use visavis_shared::IceUrl;
use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

use super::SocketLayer;
use super::packet::Packet;
use super::roaming::Roaming;
use crate::clock;
use crate::path::lock;
use crate::path::relay::{FromRelay, RelayStream};
use crate::path::wire_overhead::wire_overhead;

/// The most packets that one socket buffers while the library does not take them: while ICE is
/// restarted, and until there are keys. The oldest is dropped first. At 2.5 Mbit/s they last half a
/// second; a restart takes a fraction of that.
pub(super) const MAX_BUFFERED: usize = 160;
/// ICE sends checks twenty times a second, so that a call begins quickly. When it has found no path
/// for so long, an address is checked less often: ICE may go on for as long as the call waits, with
/// dozens of pairs.
pub(super) const HASTE: Duration = Duration::from_secs(4);
/// See [`HASTE`].
const UNHURRIED: Duration = Duration::from_millis(150);
/// The most addresses whose last check is remembered.
const MAX_TRIED: usize = 256;
/// The most streams to relays that one socket has. Beyond, the oldest is closed: it belongs to an
/// allocation that was replaced.
const MAX_STREAMS: usize = 8;
/// How often a socket that reports errors is read again before other tasks have their turn.
const RETRIES: usize = 8;

/// An empty packet, or one that the library ignores, that makes it act at once:
/// - It unwraps a relayed packet only after it has looked for something to send, and then waits for
///   its next event: an answer is delayed by up to 200 ms. An empty packet, which it drops, is that
///   event.
/// - It makes its first DTLS flight when a pair is selected, and sends it when a DTLS packet comes
///   or a timer ends.
/// - It checks a new address of the other's when a timer ends that was set before (50 ms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nudge {
    /// Not needed.
    No,
    /// A relayed packet was delivered.
    AfterThis,
    /// The library has unwrapped it; or it was given a command.
    Now,
    /// A pair was selected: the library sends its first flight.
    Dtls,
}

/// How a datagram leaves: by which socket, and to which address as the library knows it.
#[derive(Debug, Clone)]
pub(super) struct Route {
    socket: Weak<LayeredSocket>,
    destination: SocketAddr,
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.destination == other.destination && Weak::ptr_eq(&self.socket, &other.socket)
    }
}

impl Route {
    /// Sends a datagram, beside what the library sends. A socket that is gone sends nothing.
    pub(super) async fn send(&self, datagram: &[u8]) {
        let Some(socket) = self.socket.upgrade() else { return };
        let transmit = Transmit {
            destination: self.destination,
            ecn: None,
            contents: datagram,
            segment_size: None,
            src_ip: None,
        };
        // Errors are for the library; a repetition that is lost is repeated in turn.
        let _ = poll_fn(|cx| socket.send(cx, &transmit, clock::now())).await;
    }
}

/// A DTLS record of an epoch that never comes, which receivers drop (RFC 6347 §4.1).
const IGNORED_RECORD: [u8; 14] = [23, 0xfe, 0xfd, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0];

/// The socket behind a [`LayeredSocket`].
#[derive(Debug)]
struct Bound {
    /// The address it is bound to; unspecified when the system chooses.
    address: IpAddr,
    socket: Arc<dyn AsyncUdpSocket>,
}

/// A socket of the library's.
#[derive(Debug)]
pub(super) struct LayeredSocket {
    me: Weak<Self>,
    socket_layer: Arc<SocketLayer>,
    /// What the library knows it by.
    local: SocketAddr,
    bound: Mutex<Bound>,
    roaming: Mutex<Roaming>,
    /// What came too early for the library.
    buffered: Mutex<VecDeque<(RecvMeta, Vec<u8>, Packet)>>,
    /// When ICE last checked an address, once it checks less often.
    tried: Mutex<HashMap<SocketAddr, Instant>>,
    /// The relays that are reached over streams, in the order in which they were first sent to.
    streams: Mutex<VecDeque<RelayStream>>,
    nudge: Mutex<Nudge>,
    /// The task that waits for a packet.
    waker: Mutex<Option<Waker>>,
}

impl LayeredSocket {
    pub(super) fn wrap(socket_layer: Arc<SocketLayer>, socket: UdpSocket) -> io::Result<Arc<Self>> {
        let local = socket.local_addr()?;
        let socket = socket_layer.attach(socket)?;
        Ok(Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            socket_layer,
            local,
            bound: Mutex::new(Bound { address: local.ip(), socket }),
            roaming: Mutex::default(),
            buffered: Mutex::default(),
            tried: Mutex::default(),
            streams: Mutex::default(),
            nudge: Mutex::new(Nudge::No),
            waker: Mutex::default(),
        }))
    }

    pub(super) fn is_ipv4(&self) -> bool {
        self.local.is_ipv4()
    }

    fn socket(&self) -> Arc<dyn AsyncUdpSocket> {
        Arc::clone(&lock(&self.bound).socket)
    }

    fn bound_to(&self) -> IpAddr {
        lock(&self.bound).address
    }

    /// Makes the task that waits for a packet look again.
    pub(super) fn wake(&self) {
        if let Some(waker) = lock(&self.waker).take() {
            waker.wake();
        }
    }

    /// See [`SocketLayer::readdress`].
    pub(super) fn readdress(&self, present: &[IpAddr]) -> bool {
        let bound_to = self.bound_to();
        // Every address that begins with 127 is there, but only one of them is listed.
        if bound_to.is_unspecified() || bound_to.is_loopback() || present.contains(&bound_to) {
            return false;
        }
        let any = if bound_to.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        match UdpSocket::bind(SocketAddr::new(any, 0))
            .and_then(|socket| self.socket_layer.attach(socket))
        {
            Ok(socket) => {
                tracing::debug!("an address of this machine is gone: the system chooses another");
                *lock(&self.bound) = Bound { address: any, socket };
                self.wake();
                true
            }
            Err(error) => {
                tracing::debug!(
                    "an address of this machine is gone, and there is no other: {error}"
                );
                false
            }
        }
    }

    /// The next packet that came too early for the library, in order, once the library takes it.
    fn next_buffered(&self, buffer: &mut [u8], meta: &mut RecvMeta) -> bool {
        loop {
            let taken = {
                let mut buffered = lock(&self.buffered);
                let position = buffered
                    .iter()
                    .position(|(_, _, packet)| !self.socket_layer.is_too_early(*packet));
                position.and_then(|position| buffered.remove(position))
            };
            let Some((early, data, packet)) = taken else { return false };
            let Some(room) = buffer.get_mut(..data.len()) else { continue };
            if packet != Packet::Handshake || self.takes_handshake(&data, &early, clock::now()) {
                room.copy_from_slice(&data);
                *meta = early;
                return true;
            }
        }
    }

    /// Whether the library should get this handshake. Datagrams that came together are withheld
    /// together.
    fn takes_handshake(&self, data: &[u8], meta: &RecvMeta, now: Instant) -> bool {
        let route = Route { socket: Weak::clone(&self.me), destination: meta.addr };
        let mut taken = false;
        for datagram in data.chunks(meta.stride.max(1)) {
            taken |= self.socket_layer.takes_handshake(datagram, &route, now);
        }
        taken
    }

    /// Whether this address was checked only just now, and in vain for a long time.
    fn is_too_soon(&self, address: SocketAddr, now: Instant) -> bool {
        let looking_since = self.socket_layer.looking_since(now);
        let in_haste =
            looking_since.is_none_or(|since| now.saturating_duration_since(since) < HASTE);
        let tried = &mut lock(&self.tried);
        if in_haste {
            tried.clear();
            return false;
        }
        if tried.get(&address).is_some_and(|at| now.saturating_duration_since(*at) < UNHURRIED) {
            return true;
        }
        if tried.len() >= MAX_TRIED {
            tried.clear();
        }
        tried.insert(address, now);
        false
    }

    /// Sends to a relay over its stream, which is opened if there is none yet.
    fn send_to_relay(&self, address: SocketAddr, server: IceUrl, datagram: &[u8]) {
        let mut streams = lock(&self.streams);
        if let Some(stream) = streams.iter().find(|stream| stream.address == address) {
            stream.send(datagram);
            return;
        }
        let (resolver, trust) =
            (Arc::clone(&self.socket_layer.resolver), self.socket_layer.trust.clone());
        let stream = RelayStream::open(address, server, resolver, trust);
        stream.send(datagram);
        if streams.len() >= MAX_STREAMS {
            streams.pop_front();
        }
        streams.push_back(stream);
        // The task that waits for a packet waits for those of this stream too.
        self.wake();
    }

    /// The next packet that came over a stream.
    fn next_from_relay(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        meta: &mut RecvMeta,
    ) -> bool {
        for stream in lock(&self.streams).iter_mut() {
            while let Poll::Ready(Some(came)) = stream.incoming.poll_recv(cx) {
                let FromRelay::Datagram(datagram) = came else {
                    lock(&self.socket_layer.state).relay_broke = true;
                    continue;
                };
                if !self.socket_layer.admits(&datagram, stream.address, clock::now())
                    || !put(&datagram, buffer, meta)
                {
                    continue;
                }
                meta.addr = stream.address;
                if self.take(&datagram, meta) {
                    return true;
                }
            }
        }
        false
    }

    /// Makes the library act at once.
    pub(super) fn nudge(&self, nudge: Nudge) {
        {
            let mut pending = lock(&self.nudge);
            *pending = nudge.max(*pending);
        }
        self.wake();
    }

    /// Nothing has come. Gives the packet that the library should get instead, if any.
    fn nudges(&self, cx: &Context<'_>) -> Option<&'static [u8]> {
        let mut nudge = lock(&self.nudge);
        let packet: &[u8] = match *nudge {
            Nudge::No => return None,
            Nudge::AfterThis => {
                *nudge = Nudge::Now;
                cx.waker().wake_by_ref();
                return None;
            }
            Nudge::Now => &[],
            Nudge::Dtls => &IGNORED_RECORD,
        };
        *nudge = Nudge::No;
        Some(packet)
    }

    /// Takes out of a message the datagrams that do not go on. Whether any is left.
    fn sift(&self, buffer: &mut [u8], meta: &mut RecvMeta) -> bool {
        let (now, stride) = (clock::now(), meta.stride.max(1));
        let (mut at, mut kept) = (0, 0);
        while at < meta.len {
            let end = (at + stride).min(meta.len);
            let Some(datagram) = buffer.get(at..end) else { break };
            if self.socket_layer.admits(datagram, meta.addr, now) {
                if kept < at {
                    buffer.copy_within(at..end, kept);
                }
                kept += end - at;
            }
            at = end;
        }
        // An empty datagram is one, too.
        let is_left = kept > 0 || meta.len == 0;
        meta.len = kept;
        is_left
    }

    /// A message has come. Whether the library should get it now.
    fn take(&self, data: &[u8], meta: &mut RecvMeta) -> bool {
        let now = clock::now();
        let sender = meta.addr;
        let mut from = sender;
        let mut last = Packet::Other;
        // Datagrams that came together are of one size and may be of several kinds.
        for datagram in data.chunks(meta.stride.max(1)) {
            last = Packet::relayed(datagram);
            let packet = Packet::of(datagram);
            if packet != last {
                *lock(&self.nudge) = Nudge::AfterThis;
            }
            from = lock(&self.roaming).received(sender, packet, now);
            self.socket_layer.note_received(datagram, last, (sender, from), now);
        }
        meta.addr = from;
        if !self.socket_layer.is_too_early(last) {
            return last != Packet::Handshake || self.takes_handshake(data, meta, now);
        }
        if !self.socket_layer.buffers(from) {
            return false;
        }
        let mut buffered = lock(&self.buffered);
        if buffered.len() >= MAX_BUFFERED {
            buffered.pop_front();
        }
        buffered.push_back((*meta, data.to_vec(), last));
        false
    }

    /// Sends, to the relay's stream where there is one. Gives 0 for what may not leave.
    fn send(
        &self,
        cx: &mut Context<'_>,
        transmit: &Transmit<'_>,
        now: Instant,
    ) -> Poll<io::Result<usize>> {
        let may_leave = |to| self.socket_layer.may_leave(self.local, to, transmit.contents, now);
        let left = |to, packet| {
            self.socket_layer.left(self.local, to, transmit.contents, packet, now);
        };
        if let Some(server) = self.socket_layer.relays.behind(transmit.destination) {
            if !may_leave(transmit.destination) {
                return Poll::Ready(Ok(0));
            }
            self.send_to_relay(transmit.destination, server, transmit.contents);
            left(transmit.destination, Packet::Other);
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        let packet = Packet::of(transmit.contents);
        let destination = lock(&self.roaming).sending(transmit.destination, packet, now);
        if !may_leave(destination) {
            return Poll::Ready(Ok(0));
        }
        let sent = self.socket().poll_send(cx, &Transmit { destination, ..transmit.clone() });
        if sent.is_ready() {
            left(destination, packet);
        }
        match sent {
            // A network that is gone loses packets, as others do. The library would report each.
            Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                tracing::trace!("a packet could not be sent: {error}");
                Poll::Ready(Ok(transmit.contents.len()))
            }
            sent => sent,
        }
    }
}

/// Puts one datagram where the library reads it. Whether it fits.
fn put(datagram: &[u8], buffer: &mut [u8], meta: &mut RecvMeta) -> bool {
    let Some(room) = buffer.get_mut(..datagram.len()) else { return false };
    room.copy_from_slice(datagram);
    *meta = RecvMeta::default();
    (meta.len, meta.stride) = (datagram.len(), datagram.len().max(1));
    true
}

impl AsyncUdpSocket for LayeredSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let now = clock::now();
        let over_stream = self.socket_layer.relays.behind(transmit.destination).is_some();
        let packet = Packet::relayed(transmit.contents);
        let is_own_check = matches!(Packet::of(transmit.contents), Packet::Check(_));
        if is_own_check && !over_stream && self.is_too_soon(transmit.destination, now) {
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        let route = || Route { socket: Weak::clone(&self.me), destination: transmit.destination };
        if self.socket_layer.holds_back(transmit.contents, route, now) {
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        let sent = self.send(cx, transmit, now);
        if matches!(sent, Poll::Ready(Ok(0))) {
            // To the library it is a packet that the network lost; the log counts what left.
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        if sent.is_ready() {
            let from = (!over_stream).then(|| self.bound_to());
            let overhead = wire_overhead(transmit, over_stream);
            self.socket_layer.note_sent(transmit.contents, packet, route(), from, overhead, now);
        }
        sent
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (bufs.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        {
            let mut waker = lock(&self.waker);
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                *waker = Some(cx.waker().clone());
            }
        }
        if self.next_buffered(buffer, meta) || self.next_from_relay(cx, buffer, meta) {
            return Poll::Ready(Ok(1));
        }
        let mut errors = 0;
        loop {
            let (bufs, metas) = (std::slice::from_mut(buffer), std::slice::from_mut(meta));
            match self.socket().poll_recv(cx, bufs, metas) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(0)),
                Poll::Ready(Ok(_)) => {
                    if !self.sift(buffer, meta) {
                        continue;
                    }
                    let Some(data) = buffer.get(..meta.len) else { continue };
                    if self.take(data, meta) {
                        return Poll::Ready(Ok(1));
                    }
                }
                Poll::Ready(Err(error)) => {
                    // The library would take a network that is gone for a socket that is gone, and
                    // stop using it.
                    tracing::trace!("a socket reports: {error}");
                    errors += 1;
                    if errors >= RETRIES {
                        return Poll::Ready(Err(io::ErrorKind::Interrupted.into()));
                    }
                }
                Poll::Pending => {
                    let Some(packet) = self.nudges(cx) else { return Poll::Pending };
                    if !put(packet, buffer, meta) {
                        return Poll::Pending;
                    }
                    return Poll::Ready(Ok(1));
                }
            }
        }
    }

    fn max_gso_segments(&self) -> usize {
        self.socket().max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.socket().max_gro_segments()
    }
}
