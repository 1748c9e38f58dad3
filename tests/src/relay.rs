//! A network between two peers that loses, delays and limits: user-space, on loopback, by a seed.
//!
//! The tests of the transport, in the client's crate, use this file too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use visavis_client::media::units::Bitrate;

/// What waits longer than this for a slow network is dropped, as a router with a queue of this length would.
const QUEUE: Duration = Duration::from_millis(500);

/// A network of its own between two peers: each sees the other at an address of the relay, which loses, delays and
/// limits what it passes on as it was told.
#[derive(Debug)]
pub struct Relay {
    /// What a may be told as b's address, and b as a's.
    towards_b: SocketAddr,
    towards_a: SocketAddr,
    peers: watch::Sender<[Option<SocketAddr>; 2]>,
    /// While this is false nothing gets through.
    pub open: Arc<AtomicBool>,
}

/// What a network does to packets, the same in both directions.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    /// The share of media packets that is lost.
    pub loss: f64,
    /// How long each is under way at least.
    pub delay: Duration,
    /// How much gets through; half a second of it may wait, what is more is dropped.
    pub rate: Option<Bitrate>,
}

impl Relay {
    /// Starts one that ends with the runtime.
    ///
    /// # Panics
    /// When there are no free ports.
    pub async fn start(network: Network) -> Self {
        let left = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a socket"));
        let right = Arc::new(UdpSocket::bind("127.0.0.1:0").await.expect("a socket"));
        let relay = Self {
            towards_b: left.local_addr().expect("bound"),
            towards_a: right.local_addr().expect("bound"),
            peers: watch::Sender::new([None, None]),
            open: Arc::new(AtomicBool::new(true)),
        };
        relay.pass(Arc::clone(&left), Arc::clone(&right), 1, network, 21);
        relay.pass(right, left, 0, network, 22);
        relay
    }

    /// Passes what comes in at one socket on through the other, in order.
    fn pass(&self, from: Arc<UdpSocket>, through: Arc<UdpSocket>, to: usize, network: Network, seed: u64) {
        let (peers, open) = (self.peers.subscribe(), Arc::clone(&self.open));
        let (queue, mut queued) = mpsc::channel::<(Instant, Vec<u8>)>(1000);
        tokio::spawn(async move {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut buffer = [0; 2048];
            let mut free = Instant::now();
            while let Ok((len, _)) = from.recv_from(&mut buffer).await {
                // Only media is lost: connecting over a lossy way is not what is tested.
                let media = matches!(buffer[0], 128..=191);
                if !open.load(Ordering::Relaxed) || (media && rng.random_bool(network.loss)) {
                    continue;
                }
                let now = Instant::now();
                free = free.max(now) + network.rate.map_or(Duration::ZERO, |rate| rate.time_for(len + 28));
                if free - now < QUEUE {
                    let _ = queue.try_send((free + network.delay, buffer[..len].to_vec()));
                } else {
                    free -= network.rate.map_or(Duration::ZERO, |rate| rate.time_for(len + 28));
                }
            }
        });
        tokio::spawn(async move {
            while let Some((at, packet)) = queued.recv().await {
                tokio::time::sleep_until(at.into()).await;
                let peer = peers.borrow()[to];
                if let Some(peer) = peer {
                    let _ = through.send_to(&packet, peer).await;
                }
            }
        });
    }

    /// Takes note of the address in a candidate and puts the relay's own in its place.
    pub fn step_between(&self, from_a: bool, candidate: &mut String) {
        let Some(address) = address_of(candidate) else { return };
        let (index, ours) = if from_a { (0, self.towards_a) } else { (1, self.towards_b) };
        self.peers.send_modify(|peers| peers[index] = Some(address));
        *candidate = candidate
            .replace(&format!(" {} {} ", address.ip(), address.port()), &format!(" {} {} ", ours.ip(), ours.port()));
    }
}

/// The UDP address in a candidate: `candidate:… 1 udp PRIORITY ADDRESS PORT typ …`.
#[must_use]
pub fn address_of(candidate: &str) -> Option<SocketAddr> {
    let mut words = candidate.split_whitespace().skip(4);
    Some(SocketAddr::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}
