//! A network between two programs: real UDP sockets on loopback, and a [`Link`] for either
//! direction.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use crate::conditions::Conditions;
use crate::link::{Link, SendOutcome};
use crate::timeline::Timeline;
use crate::trace::Trace;

/// What IP and UDP add to a packet.
const HEADERS: usize = 28;
/// Commands that may wait; tests give few.
const COMMANDS: usize = 16;
/// How often it is looked whether a timeline has begun.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Either end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first of the two ends.
    A,
    /// The other.
    B,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }
}

/// A command to the task.
enum Command {
    /// These conditions from now on, in both directions.
    Set(Timeline),
    /// This side is seen at another address from now on.
    Move(Side),
}

/// What the task and its owner both know.
struct Shared {
    /// Where each side is.
    peers: [Option<SocketAddr>; 2],
    /// At which address of the emulator each side is seen by the other.
    seen_at: [SocketAddr; 2],
    /// When the timeline began.
    begun: Option<Instant>,
    /// What went from each side to the other.
    traces: [Trace; 2],
}

/// A network between A and B: each sees the other at an address of the emulator. It ends with its
/// owner.
///
/// The timeline begins with the first media packet (RTP; RFC 7983 tells it by its first byte);
/// until then there is only the delay, so that what is tested is a call and not how it comes about.
/// [`Emulator::start_at_once`] tests that too.
pub struct Emulator {
    shared: Arc<Mutex<Shared>>,
    /// With who waits until it holds.
    commands: mpsc::Sender<(Command, oneshot::Sender<()>)>,
}

impl Emulator {
    /// Starts one on free ports.
    ///
    /// # Errors
    /// When there are none.
    pub async fn start(timeline: Timeline, seed: u64) -> io::Result<Self> {
        Self::begin(timeline, seed, None).await
    }

    /// Starts one whose timeline begins now: a call is set up over it as it goes on.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_at_once(timeline: Timeline, seed: u64) -> io::Result<Self> {
        Self::begin(timeline, seed, Some(Instant::now())).await
    }

    async fn begin(timeline: Timeline, seed: u64, begun: Option<Instant>) -> io::Result<Self> {
        let sockets = [socket().await?, socket().await?];
        let seen_at = [sockets[0].local_addr()?, sockets[1].local_addr()?];
        let shared = Arc::new(Mutex::new(Shared {
            peers: [None; 2],
            seen_at,
            begun,
            traces: Default::default(),
        }));
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let first = timeline.at(Duration::ZERO);
        let before = if begun.is_some() {
            first
        } else {
            Conditions { delay: first.delay, ..Conditions::CLEAR }
        };
        let links = [Link::new(before, seed), Link::new(before, seed.wrapping_add(1))];
        let task = Task { shared: Arc::clone(&shared), sockets, links, timeline, begun };
        tokio::spawn(task.run(inbox));
        Ok(Self { shared, commands })
    }

    /// Another timeline, which begins now if media flows, and with it otherwise.
    ///
    /// # Panics
    /// When the runtime that it was started on is gone.
    pub async fn set(&self, timeline: Timeline) {
        self.command(Command::Set(timeline)).await;
    }

    /// From now on the other sees this side at another address, and the address so far leads
    /// nowhere: what happens when a router gives its connection another port.
    ///
    /// # Panics
    /// As [`Self::set`].
    pub async fn move_address(&self, side: Side) {
        self.command(Command::Move(side)).await;
    }

    /// When the timeline began: with the first media packet.
    #[must_use]
    pub fn begun(&self) -> Option<Instant> {
        self.lock().begun
    }

    /// Waits so long at most until the timeline begins, and says when it began.
    pub async fn until_begun(&self, limit: Duration) -> Option<Instant> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(begun) = self.begun() {
                return Some(begun);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        None
    }

    /// What has gone from this side to the other so far.
    #[must_use]
    pub fn trace(&self, from: Side) -> Trace {
        self.lock().traces[from.index()].clone()
    }

    /// Takes note of the address in a candidate of this side's, and puts the one in its place at
    /// which the other sees it.
    pub fn step_between(&self, from: Side, candidate: &mut String) {
        let Some(address) = address_of(candidate) else { return };
        let mut shared = self.lock();
        shared.peers[from.index()] = Some(address);
        let ours = shared.seen_at[from.index()];
        *candidate = candidate.replace(
            &format!(" {} {} ", address.ip(), address.port()),
            &format!(" {} {} ", ours.ip(), ours.port()),
        );
    }

    /// Returns when it holds: what is sent afterwards meets it.
    async fn command(&self, command: Command) {
        let (holds, held) = oneshot::channel();
        let sent = self.commands.send((command, holds)).await.is_ok();
        assert!(sent && held.await.is_ok(), "the emulator's runtime is gone");
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The UDP address in a candidate: `candidate:… 1 udp PRIORITY ADDRESS PORT typ …`.
#[must_use]
pub fn address_of(candidate: &str) -> Option<SocketAddr> {
    let mut words = candidate.split_whitespace().skip(4);
    Some(SocketAddr::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

async fn socket() -> io::Result<UdpSocket> {
    UdpSocket::bind("127.0.0.1:0").await
}

struct Task {
    shared: Arc<Mutex<Shared>>,
    /// At the first A is seen (B sends there), at the second B.
    sockets: [UdpSocket; 2],
    /// From A to B, and from B to A.
    links: [Link<Vec<u8>>; 2],
    timeline: Timeline,
    /// When the timeline began.
    begun: Option<Instant>,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::Receiver<(Command, oneshot::Sender<()>)>) {
        let mut buffers = [[0; 2048]; 2];
        loop {
            let wakeup =
                self.next_deadline().unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            let [at_a, at_b] = &mut buffers;
            tokio::select! {
                command = inbox.recv() => {
                    let Some((command, holds)) = command else { return };
                    match command {
                        Command::Set(timeline) => {
                            self.timeline = timeline;
                            self.begun = self.begun.map(|_| Instant::now());
                            self.follow_timeline(Instant::now());
                        }
                        Command::Move(side) => self.move_address(side).await,
                    }
                    // Who asked may have stopped to wait.
                    let _ = holds.send(());
                },
                // What comes where A is seen is from B.
                Ok((length, from)) = self.sockets[0].recv_from(at_a) => {
                    let packet = at_a[..length].to_vec();
                    self.take(Side::B, packet, from);
                }
                Ok((length, from)) = self.sockets[1].recv_from(at_b) => {
                    let packet = at_b[..length].to_vec();
                    self.take(Side::A, packet, from);
                }
                () = tokio::time::sleep_until(wakeup.into()) => {}
            }
            let now = Instant::now();
            self.follow_timeline(now);
            self.deliver(now).await;
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let change =
            self.begun.and_then(|begun| Some(begun + self.timeline.next_change(begun.elapsed())?));
        let links = self.links.iter().filter_map(Link::next_deadline);
        links.chain(change).min()
    }

    fn follow_timeline(&mut self, now: Instant) {
        let Some(begun) = self.begun else { return };
        let conditions = self.timeline.at(now.duration_since(begun));
        for link in &mut self.links {
            if link.conditions() != conditions {
                link.set(now, conditions);
            }
        }
    }

    fn take(&mut self, from: Side, packet: Vec<u8>, address: SocketAddr) {
        let now = Instant::now();
        if self.begun.is_none() && is_rtp(&packet) {
            self.begun = Some(now);
            self.shared.lock().unwrap_or_else(PoisonError::into_inner).begun = self.begun;
            self.follow_timeline(now);
        }
        let at = self.begun.map(|begun| now.duration_since(begun));
        let bytes = packet.len() + HEADERS;
        let link = &mut self.links[from.index()];
        let wait = link.queueing(now);
        let outcome = link.send(now, bytes, packet);
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.peers[from.index()] = Some(address);
        let Some(at) = at else { return };
        let trace = &mut shared.traces[from.index()];
        if outcome == SendOutcome::WillArrive {
            trace.waited(at, wait);
        }
        let row = trace.row(at);
        row.sent += 1;
        row.sent_bytes += bytes as u64;
        row.lost += u64::from(outcome != SendOutcome::WillArrive);
    }

    async fn deliver(&mut self, now: Instant) {
        for from in [Side::A, Side::B] {
            while let Some(packet) = self.links[from.index()].poll(now) {
                let to = {
                    let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(begun) = self.begun {
                        let row = shared.traces[from.index()].row(now.duration_since(begun));
                        row.arrived_bytes += (packet.len() + HEADERS) as u64;
                    }
                    shared.peers[from.other().index()]
                };
                if let Some(to) = to {
                    // To nobody any more is as good as lost.
                    let _ = self.sockets[from.index()].send_to(&packet, to).await;
                }
            }
        }
    }

    async fn move_address(&mut self, side: Side) {
        // Without a free port it stays where it is, and the test that wanted it fails.
        let Ok(moved) = socket().await else { return };
        let Ok(address) = moved.local_addr() else { return };
        self.sockets[side.index()] = moved;
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).seen_at[side.index()] = address;
    }
}

/// RTP, and not RTCP (RFC 7983 §7, RFC 5761 §4).
fn is_rtp(packet: &[u8]) -> bool {
    matches!(packet, [128..=191, kind, ..] if !(64..=95).contains(&(kind & 0x7f)))
}
