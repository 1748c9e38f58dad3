//! A network in memory: two hosts, a [`Link`] in either direction, and sockets that never touch the
//! system's.
//!
//! It runs on the clock of the runtime that it was started on. Where that clock is stopped, a call
//! over it takes no time at all, and the same seed loses the same packets.

use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::Notify;
use visavis_link::{Conditions, Link, Side};
use visavis_transport::path::network::{AsyncUdpSocket, Network, RecvMeta, Transmit};

/// What IP and UDP add to a packet.
const HEADERS: usize = 28;
/// A socket's buffer, in datagrams. What does not fit is lost.
const RECEIVE_BUFFER: usize = 1024;

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn index(side: Side) -> usize {
    match side {
        Side::A => 0,
        Side::B => 1,
    }
}

/// A datagram under way.
#[derive(Debug)]
struct Datagram {
    from: SocketAddr,
    to: SocketAddr,
    contents: Vec<u8>,
}

/// What a socket has received and who waits for more.
#[derive(Debug, Default)]
struct Inbox {
    received: VecDeque<Datagram>,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct State {
    links: [Link<Datagram>; 2],
    inboxes: HashMap<SocketAddr, Inbox>,
}

/// The network between host A and host B. It ends with its last owner.
#[derive(Debug)]
pub struct MemoryNetwork {
    state: Mutex<State>,
    sent: Notify,
}

impl MemoryNetwork {
    /// Starts one on the current runtime.
    #[must_use]
    pub fn start(conditions: Conditions, seed: u64) -> Arc<Self> {
        let links = [Link::new(conditions, seed), Link::new(conditions, seed.wrapping_add(1))];
        let state = Mutex::new(State { links, inboxes: HashMap::new() });
        let network = Arc::new(Self { state, sent: Notify::new() });
        tokio::spawn(deliver(Arc::downgrade(&network)));
        network
    }

    /// The network as one of its hosts sees it.
    #[must_use]
    pub fn host(self: &Arc<Self>, side: Side) -> Arc<dyn Network> {
        Arc::new(Host { network: Arc::clone(self), side })
    }

    /// Changes the conditions in both directions.
    pub fn set(&self, conditions: Conditions) {
        let now = now();
        self.lock().links.iter_mut().for_each(|link| link.set(now, conditions));
        self.sent.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings what has arrived by now to its sockets.
    fn deliver(&self, now: Instant) {
        let mut state = self.lock();
        let State { links, inboxes } = &mut *state;
        for link in links {
            while let Some(datagram) = link.poll(now) {
                // To a socket that is closed is as good as lost.
                let Some(inbox) = inboxes.get_mut(&datagram.to) else { continue };
                if inbox.received.len() < RECEIVE_BUFFER {
                    inbox.received.push_back(datagram);
                }
                if let Some(waker) = inbox.waker.take() {
                    waker.wake();
                }
            }
        }
    }
}

async fn deliver(network: Weak<MemoryNetwork>) {
    loop {
        let Some(network) = network.upgrade() else { return };
        network.deliver(now());
        let next = network.lock().links.iter().filter_map(Link::next_deadline).min();
        // Whoever sends holds the network, so it is held while there is something to wait for.
        match next {
            Some(next) => tokio::select! {
                () = tokio::time::sleep_until(next.into()) => {}
                () = network.sent.notified() => {}
            },
            None => network.sent.notified().await,
        }
    }
}

/// A host of the network.
#[derive(Debug)]
struct Host {
    network: Arc<MemoryNetwork>,
    side: Side,
}

impl Network for Host {
    fn attach(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let local = socket.local_addr()?;
        self.network.lock().inboxes.insert(local, Inbox::default());
        // The system's socket is kept for its address alone: nobody else gets the same.
        Ok(Arc::new(MemorySocket {
            network: Arc::clone(&self.network),
            side: self.side,
            local,
            _reserved: socket,
        }))
    }
}

#[derive(Debug)]
struct MemorySocket {
    network: Arc<MemoryNetwork>,
    side: Side,
    local: SocketAddr,
    _reserved: UdpSocket,
}

impl Drop for MemorySocket {
    fn drop(&mut self) {
        self.network.lock().inboxes.remove(&self.local);
    }
}

impl AsyncUdpSocket for MemorySocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    fn poll_send(&self, _cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let datagram = Datagram {
            from: self.local,
            to: transmit.destination,
            contents: transmit.contents.to_vec(),
        };
        let bytes = transmit.contents.len() + HEADERS;
        self.network.lock().links[index(self.side)].send(now(), bytes, datagram);
        self.network.sent.notify_one();
        Poll::Ready(Ok(transmit.contents.len()))
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
        let mut state = self.network.lock();
        let inbox = state.inboxes.entry(self.local).or_default();
        let Some(datagram) = inbox.received.pop_front() else {
            inbox.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let length = datagram.contents.len().min(buffer.len());
        buffer[..length].copy_from_slice(&datagram.contents[..length]);
        *meta = RecvMeta::default();
        (meta.addr, meta.len, meta.stride) = (datagram.from, length, length.max(1));
        Poll::Ready(Ok(1))
    }
}
