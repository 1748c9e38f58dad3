//! A socket of the library's: what goes out and comes in by it, and what is done with it beneath the library.

use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

use super::packet::Packet;
use super::roaming::Roaming;
use super::{Wire, lock};
use crate::marked_socket;
use crate::relay::{RelayServer, RelayStream};

/// The most packets that one socket keeps back while ICE is started anew; older ones give way. At 2.5 Mbit/s they are
/// half a second, and what a restart takes is a fraction of that.
pub(super) const KEPT_BACK: usize = 160;
/// ICE looks for a way twenty times a second, so that a call begins quickly. When it has found none for so long, an address
/// is tried only so often: it may go on for as long as the call waits, with dozens of pairs.
pub(super) const HASTE: Duration = Duration::from_secs(4);
/// See [`HASTE`].
const UNHURRIED: Duration = Duration::from_millis(150);
/// The most addresses of which it is known when they were tried last.
const MAX_TRIED: usize = 256;
/// The most streams to relays that one socket has. Beyond, the oldest is closed: it belongs to an allocation that was
/// replaced.
const MAX_STREAMS: usize = 8;
/// How often a socket that reports errors is asked again before somebody else has a turn.
const RETRIES: usize = 8;

/// What comes through a relay the library takes out of its wrapping only after it has looked whether there is something
/// to send, and then it waits for something else to happen: an answer lies there for up to 200 ms. So something else
/// happens: after a packet that was relayed comes one with nothing in it, which the library drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nudge {
    /// Not needed.
    No,
    /// A relayed packet was delivered.
    AfterThis,
    /// And the library has unwrapped it.
    Now,
}

/// The socket behind a [`WireSocket`].
#[derive(Debug)]
struct Bound {
    /// The address it is bound to; unspecified when the system chooses.
    address: IpAddr,
    socket: Arc<dyn AsyncUdpSocket>,
}

/// A socket of the library's.
#[derive(Debug)]
pub(super) struct WireSocket {
    me: Weak<Self>,
    wire: Arc<Wire>,
    /// What the library knows it by.
    local: SocketAddr,
    bound: RwLock<Bound>,
    roaming: Mutex<Roaming>,
    kept_back: Mutex<VecDeque<(RecvMeta, Vec<u8>)>>,
    /// When ICE last tried an address, once it is not in haste any more.
    tried: Mutex<HashMap<SocketAddr, Instant>>,
    /// The relays that are reached over streams, in the order in which they were first sent to.
    streams: Mutex<VecDeque<RelayStream>>,
    nudge: Mutex<Nudge>,
    /// Who waits for a packet.
    waker: Mutex<Option<Waker>>,
}

impl WireSocket {
    pub(super) fn wrap(wire: Arc<Wire>, socket: UdpSocket) -> io::Result<Arc<Self>> {
        let local = socket.local_addr()?;
        let socket = marked_socket::wrap(socket, Arc::clone(&wire))?;
        Ok(Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            wire,
            local,
            bound: RwLock::new(Bound { address: local.ip(), socket }),
            roaming: Mutex::default(),
            kept_back: Mutex::default(),
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
        Arc::clone(&self.bound.read().unwrap_or_else(PoisonError::into_inner).socket)
    }

    /// Whoever waits for a packet looks again.
    pub(super) fn wake(&self) {
        if let Some(waker) = lock(&self.waker).take() {
            waker.wake();
        }
    }

    /// See [`Wire::readdress`].
    pub(super) fn readdress(&self, present: &[IpAddr]) -> bool {
        let bound_to = self.bound.read().unwrap_or_else(PoisonError::into_inner).address;
        // Every address that begins with 127 is there, but only one of them is listed.
        if bound_to.is_unspecified() || bound_to.is_loopback() || present.contains(&bound_to) {
            return false;
        }
        let any = if bound_to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let wrapped = UdpSocket::bind(SocketAddr::new(any, 0))
            .and_then(|socket| marked_socket::wrap(socket, Arc::clone(&self.wire)));
        match wrapped {
            Ok(socket) => {
                tracing::debug!("an address of this machine is gone: the system chooses another");
                *self.bound.write().unwrap_or_else(PoisonError::into_inner) = Bound { address: any, socket };
                self.wake();
                true
            }
            Err(error) => {
                tracing::debug!("an address of this machine is gone, and there is no other: {error}");
                false
            }
        }
    }

    /// What was kept back, in order, once it may go on.
    fn next_kept_back(&self, buffer: &mut [u8], meta: &mut RecvMeta) -> bool {
        if self.wire.is_restarting() {
            return false;
        }
        while let Some((kept, data)) = lock(&self.kept_back).pop_front() {
            if let Some(room) = buffer.get_mut(..data.len()) {
                room.copy_from_slice(&data);
                *meta = kept;
                return true;
            }
        }
        false
    }

    /// Whether this address was tried only just now, and for a long time in vain.
    fn is_too_soon(&self, address: SocketAddr, now: Instant) -> bool {
        let looking_since = self.wire.looking_since(now);
        let in_haste = looking_since.is_none_or(|since| now.saturating_duration_since(since) < HASTE);
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
    fn send_to_relay(&self, address: SocketAddr, server: RelayServer, datagram: &[u8]) {
        let mut streams = lock(&self.streams);
        if let Some(stream) = streams.iter().find(|stream| stream.address == address) {
            stream.send(datagram);
            return;
        }
        let me = Weak::clone(&self.me);
        let wake = Arc::new(move || {
            if let Some(socket) = me.upgrade() {
                socket.wake();
            }
        });
        let (resolver, trust) = (Arc::clone(&self.wire.resolver), self.wire.trust.clone());
        let stream = RelayStream::open(address, server, resolver, trust, wake);
        stream.send(datagram);
        if streams.len() >= MAX_STREAMS {
            streams.pop_front();
        }
        streams.push_back(stream);
    }

    /// What came over a stream.
    fn next_from_relay(&self, buffer: &mut [u8], meta: &mut RecvMeta) -> bool {
        for stream in lock(&self.streams).iter() {
            if stream.broke() {
                self.wire.note_relay_broke();
            }
            while let Some(datagram) = stream.receive() {
                let Some(room) = buffer.get_mut(..datagram.len()) else { continue };
                room.copy_from_slice(&datagram);
                *meta = RecvMeta::default();
                meta.addr = stream.address;
                meta.len = datagram.len();
                meta.stride = datagram.len();
                if self.take(&datagram, meta) {
                    return true;
                }
            }
        }
        false
    }

    /// Nothing has come. Says whether the library is to have an empty packet.
    fn nudges(&self, cx: &Context<'_>) -> bool {
        let mut nudge = lock(&self.nudge);
        match *nudge {
            Nudge::No => false,
            Nudge::AfterThis => {
                *nudge = Nudge::Now;
                cx.waker().wake_by_ref();
                false
            }
            Nudge::Now => {
                *nudge = Nudge::No;
                true
            }
        }
    }

    /// A message has come. Says whether the library is to have it now.
    fn take(&self, data: &[u8], meta: &mut RecvMeta) -> bool {
        let now = Instant::now();
        let mut from = meta.addr;
        let mut last = Packet::Other;
        // Datagrams that came together are of one size and may be of several kinds.
        for datagram in data.chunks(meta.stride.max(1)) {
            last = Packet::relayed(datagram);
            self.wire.note_received(last, now);
            let packet = Packet::of(datagram);
            if packet != last {
                *lock(&self.nudge) = Nudge::AfterThis;
            }
            from = lock(&self.roaming).received(meta.addr, packet, now);
        }
        meta.addr = from;
        if last != Packet::Media || !self.wire.is_restarting() {
            return true;
        }
        let mut kept_back = lock(&self.kept_back);
        if kept_back.len() >= KEPT_BACK {
            kept_back.pop_front();
        }
        kept_back.push_back((*meta, data.to_vec()));
        false
    }
}

impl AsyncUdpSocket for WireSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        let relay = self.wire.relays.behind(transmit.destination);
        if Packet::relayed(transmit.contents) == Packet::Media {
            let bound_to = self.bound.read().unwrap_or_else(PoisonError::into_inner).address;
            self.wire.note_media_sent(relay.is_none().then_some(bound_to), now);
        }
        if let Some(server) = relay {
            self.send_to_relay(transmit.destination, server, transmit.contents);
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        let packet = Packet::of(transmit.contents);
        if matches!(packet, Packet::Check(_)) && self.is_too_soon(transmit.destination, now) {
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        let destination = lock(&self.roaming).sending(transmit.destination, packet, now);
        let sent = self.socket().poll_send(cx, &Transmit { destination, ..transmit.clone() });
        match sent {
            // A network that is gone loses packets, as others do. The library would report each.
            Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                tracing::trace!("a packet could not be sent: {error}");
                Poll::Ready(Ok(transmit.contents.len()))
            }
            sent => sent,
        }
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (bufs.first_mut(), meta.first_mut()) else { return Poll::Ready(Ok(0)) };
        {
            let mut waker = lock(&self.waker);
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                *waker = Some(cx.waker().clone());
            }
        }
        if self.next_kept_back(buffer, meta) || self.next_from_relay(buffer, meta) {
            return Poll::Ready(Ok(1));
        }
        let mut errors = 0;
        loop {
            let (bufs, metas) = (std::slice::from_mut(buffer), std::slice::from_mut(meta));
            match self.socket().poll_recv(cx, bufs, metas) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(0)),
                Poll::Ready(Ok(_)) => {
                    let Some(data) = buffer.get(..meta.len) else { continue };
                    if self.take(data, meta) {
                        return Poll::Ready(Ok(1));
                    }
                }
                Poll::Ready(Err(error)) => {
                    // Of a network that is gone the library would say that the socket is, and do without it.
                    tracing::trace!("a socket reports: {error}");
                    errors += 1;
                    if errors >= RETRIES {
                        return Poll::Ready(Err(io::ErrorKind::Interrupted.into()));
                    }
                }
                Poll::Pending if self.nudges(cx) => {
                    *meta = RecvMeta::default();
                    meta.stride = 1;
                    return Poll::Ready(Ok(1));
                }
                Poll::Pending => return Poll::Pending,
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
