//! The UDP sockets round the [`Responder`]: one for STUN and all clients of the relay, one for each
//! relayed address.
//!
//! One task reads the first, one each of the others; each takes the lock for one datagram at a time
//! and never across a wait. What the system does not take at once is dropped, as a router would:
//! nobody waits for anybody else's network. No error of a socket ends a task, since anyone can
//! cause some of them from afar.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::options::RelayPorts;
use super::relay::{Action, Now, Ports, Relay, RelayMetrics};
use super::responder::Responder;

/// How long the server may take to let its ports go.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);
/// An error that lasts must not keep a core busy.
const ERROR_PAUSE: Duration = Duration::from_millis(10);
/// How often what is over is swept out.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Media, ICE and DTLS stay below 1,500 bytes. What fills the whole buffer may have been cut, and
/// is dropped.
const BUFFER_BYTES: usize = 4096;
/// How many ports are tried before there is said to be none.
const PORT_TRIES: u32 = 256;

type Shared = Arc<Mutex<Responder<RelaySocket>>>;

/// A STUN server and perhaps a relay at work.
#[derive(Debug)]
pub(crate) struct StunServer {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: RelayMetricsReader,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// Where the metrics of a running relay are read.
#[derive(Clone)]
pub(crate) struct RelayMetricsReader(Shared);

impl RelayMetricsReader {
    /// What the relay did so far, where there is one.
    pub(crate) fn read(&self) -> Option<RelayMetrics> {
        lock(&self.0).relay.as_ref().map(Relay::metrics)
    }
}

impl std::fmt::Debug for RelayMetricsReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RelayMetricsReader").field(&self.read()).finish()
    }
}

impl StunServer {
    /// Begins to answer on a socket, and to relay from ports of this range.
    pub(crate) fn start(
        socket: UdpSocket,
        responder: Responder<RelaySocket>,
        ports: RelayPorts,
    ) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let socket = Arc::new(socket);
        let shared = Arc::new(Mutex::new(responder));
        let ports = SystemPorts {
            range: ports,
            bound: address.ip(),
            server: Arc::clone(&socket),
            shared: Arc::clone(&shared),
            tasks: JoinSet::new(),
            knows_own: !is_own(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
        };
        let metrics = RelayMetricsReader(Arc::clone(&shared));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(socket, shared, ports, stopped));
        Ok(Self { address, metrics, stop: Some(stop), task })
    }

    /// Stops it. Its ports are free afterwards.
    pub(crate) async fn close(mut self) {
        // Dropped, it says the same.
        drop(self.stop.take());
        if timeout(CLOSE_PATIENCE, &mut self.task).await.is_err() {
            tracing::warn!("the STUN server did not close in time");
        }
    }
}

impl Drop for StunServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, Responder<RelaySocket>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads what clients send until it is told to stop.
async fn serve(
    socket: Arc<UdpSocket>,
    shared: Shared,
    mut ports: SystemPorts,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut out = Vec::with_capacity(BUFFER_BYTES);
    let mut sweep = interval(SWEEP_EVERY);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            _ = sweep.tick() => {
                if let Some(relay) = &mut lock(&shared).relay {
                    relay.expire(Instant::now());
                }
            }
            Some(_) = ports.tasks.join_next() => {}
            received = socket.recv_from(&mut buffer) => match received {
                Ok((length, from)) if length < BUFFER_BYTES => {
                    let Some(datagram) = buffer.get(..length) else { continue };
                    answer(&socket, &shared, &mut ports, datagram, from, &mut out);
                }
                Ok(_) => {}
                // Windows tells here that an earlier answer could not be delivered.
                Err(_) => sleep(ERROR_PAUSE).await,
            },
        }
    }
    ports.tasks.shutdown().await;
}

fn answer(
    socket: &UdpSocket,
    shared: &Shared,
    ports: &mut SystemPorts,
    datagram: &[u8],
    from: SocketAddr,
    out: &mut Vec<u8>,
) {
    let mut responder = lock(shared);
    match responder.handle(datagram, from, now(), ports, out) {
        Action::Nothing => {}
        Action::ToClient(client) => {
            drop(responder);
            send(socket, out, client);
        }
        Action::ToPeer { socket, peer, data } => {
            let socket = Arc::clone(&socket.socket);
            drop(responder);
            send(&socket, data, peer);
        }
    }
}

/// Sends, or drops.
fn send(socket: &UdpSocket, datagram: &[u8], to: SocketAddr) {
    // Full, unreachable, forbidden by a firewall: whoever needs it sends it again.
    let _ = socket.try_send_to(datagram, to);
}

fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Now { at: Instant::now(), unix }
}

/// What an allocation sends through. Its task, which reads, ends when it is dropped.
#[derive(Debug)]
pub(crate) struct RelaySocket {
    socket: Arc<UdpSocket>,
    reader: AbortHandle,
}

impl Drop for RelaySocket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Ports of this machine.
struct SystemPorts {
    range: RelayPorts,
    /// The address of the STUN port.
    bound: IpAddr,
    server: Arc<UdpSocket>,
    shared: Shared,
    tasks: JoinSet<()>,
    /// Whether the system tells which addresses are its own: one that lets a program bind any
    /// address does not.
    knows_own: bool,
}

impl SystemPorts {
    fn bind(&self, address: IpAddr, even: bool) -> Option<UdpSocket> {
        let local = match (self.bound, address) {
            (IpAddr::V4(bound), IpAddr::V4(_)) => IpAddr::V4(bound),
            (IpAddr::V6(bound), IpAddr::V6(_)) => IpAddr::V6(bound),
            (_, IpAddr::V4(_)) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            (_, IpAddr::V6(_)) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let range = self.range.range();
        let count = u32::from(range.end() - range.start()) + 1;
        let start = rand::random_range(0..count);
        (0..count)
            .filter_map(|step| {
                u16::try_from(u32::from(*range.start()) + (start + step) % count).ok()
            })
            .filter(|port| !even || port % 2 == 0)
            .take(usize::try_from(PORT_TRIES).unwrap_or(usize::MAX))
            .find_map(|port| bind(SocketAddr::new(local, port)).ok())
    }
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// Whether an address is one of this machine's: only those can be bound.
fn is_own(ip: IpAddr) -> bool {
    std::net::UdpSocket::bind(SocketAddr::new(ip, 0)).is_ok()
}

impl Ports<RelaySocket> for SystemPorts {
    fn open(&mut self, address: IpAddr, even: bool) -> Option<(RelaySocket, u16)> {
        let socket = Arc::new(self.bind(address, even)?);
        let port = socket.local_addr().ok()?.port();
        let relayed = SocketAddr::new(address, port);
        let reader = self.tasks.spawn(relay(
            Arc::clone(&socket),
            relayed,
            Arc::clone(&self.server),
            Arc::clone(&self.shared),
        ));
        Some((RelaySocket { socket, reader }, port))
    }

    fn is_own(&self, ip: IpAddr) -> bool {
        self.knows_own && is_own(ip)
    }
}

/// Reads what peers send to one relayed address.
async fn relay(
    socket: Arc<UdpSocket>,
    relayed: SocketAddr,
    server: Arc<UdpSocket>,
    shared: Shared,
) {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut out = Vec::new();
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, peer)) if length < BUFFER_BYTES => {
                let Some(data) = buffer.get(..length) else { continue };
                let client = lock(&shared).relay.as_mut().and_then(|relay| {
                    relay.receive_from_peer(relayed, peer, data, Instant::now(), &mut out)
                });
                if let Some(client) = client {
                    send(&server, &out, client);
                }
            }
            Ok(_) => {}
            Err(_) => sleep(ERROR_PAUSE).await,
        }
    }
}
