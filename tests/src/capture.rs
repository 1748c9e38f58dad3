//! Every packet that a network card of this machine carries, loopback's too (`packet(7)`). Needs
//! the right to open such a socket, which root has.
//!
//! In: addresses, and words such as host names. Out: the packets that go to one of these addresses,
//! and the datagrams that hold one of these words, as those of DNS and mDNS do; each as a line.
//! What always holds: what was sent before [`Capture::catch_up`] was called is among them when it
//! comes back.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

/// How long a packet may take that is expected.
const SOON: Duration = Duration::from_secs(20);
/// How often the capture looks whether it is over, and a test whether something came.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// All protocols (`ETH_P_ALL`), as the socket wants it: in the order of bytes of a network.
const ALL_PROTOCOLS: i32 = 3_u16.to_be() as i32;
/// Packets that wait to be looked at, in bytes; the system may grant less.
const WAITING_BYTES: usize = 8 * 1024 * 1024;
/// The number of UDP (RFC 768), by which names are looked up.
const UDP: u8 = 17;
const LARGEST_PACKET: usize = 65_536;

#[derive(Default)]
struct Seen {
    lines: Mutex<Vec<String>>,
    marks: Mutex<BTreeSet<u64>>,
    over: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A capture that runs until it is dropped.
pub struct Capture {
    seen: Arc<Seen>,
    mark_at: IpAddr,
    thread: Option<JoinHandle<()>>,
}

/// An address of loopback that no other test uses, by chance.
#[must_use]
pub fn address_of_ones_own() -> IpAddr {
    let [one, two, three, _] = rand::random::<[u8; 4]>();
    // The first half is what tests and programs use that don't choose.
    Ipv4Addr::new(127, 64 | one, two, three | 2).into()
}

impl Capture {
    /// Starts one.
    ///
    /// # Panics
    /// When the system does not let us.
    #[must_use]
    pub fn start(addresses: &[IpAddr], words: &[String]) -> Self {
        // Without the header of the link: packets begin as IP does.
        let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(ALL_PROTOCOLS)))
            .expect("packets may be captured: run the tests as root");
        socket.set_recv_buffer_size(WAITING_BYTES).expect("a size");
        socket.set_read_timeout(Some(LOOK_EVERY)).expect("a timeout");
        let seen = Arc::new(Seen::default());
        let mark_at = address_of_ones_own();
        let wanted = Wanted {
            addresses: addresses.iter().copied().collect(),
            words: words.iter().map(|word| word.to_ascii_lowercase().into_bytes()).collect(),
            mark_at,
        };
        let thread = std::thread::Builder::new().name("capture".to_owned()).spawn({
            let seen = Arc::clone(&seen);
            move || wanted.look_at_packets(socket, &seen)
        });
        Self { seen, mark_at, thread: Some(thread.expect("a thread")) }
    }

    /// Comes back when every packet was looked at that was sent before.
    ///
    /// # Panics
    /// When the capture sees nothing any more.
    pub async fn catch_up(&self) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let deadline = Instant::now() + SOON;
        let mut marks = Vec::new();
        // One may be lost where many packets wait.
        while !marks.iter().any(|mark| lock(&self.seen.marks).contains(mark)) {
            assert!(Instant::now() < deadline, "the capture sees nothing");
            let mark: u64 = rand::random();
            // Nobody is there, which the system may say at the second one.
            let _ = socket.send_to(&mark.to_be_bytes(), (self.mark_at, 9)).await;
            marks.push(mark);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The packets until now, one line each.
    #[must_use]
    pub fn packets(&self) -> Vec<String> {
        lock(&self.seen.lines).clone()
    }

    /// Waits for a packet whose line holds this.
    ///
    /// # Panics
    /// When none comes in time.
    pub async fn waits_for(&self, what: &str) {
        let deadline = Instant::now() + SOON;
        while !self.packets().iter().any(|line| line.contains(what)) {
            assert!(Instant::now() < deadline, "no packet for {what}: {:#?}", self.packets());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.seen.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A capture that panicked has shown it by seeing nothing.
            let _ = thread.join();
        }
    }
}

/// What is looked for.
struct Wanted {
    addresses: BTreeSet<IpAddr>,
    words: Vec<Vec<u8>>,
    mark_at: IpAddr,
}

impl Wanted {
    fn look_at_packets(&self, mut socket: Socket, seen: &Seen) {
        let mut packet = vec![0; LARGEST_PACKET];
        while !seen.over.load(Ordering::Acquire) {
            match socket.read(&mut packet) {
                Ok(length) => self.look_at(&packet[..length], seen),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) => {}
                Err(error) => panic!("the capture broke: {error}"),
            }
        }
    }

    fn look_at(&self, packet: &[u8], seen: &Seen) {
        let Some((protocol, to, rest)) = read(packet) else { return };
        if to == self.mark_at {
            if let Some(mark) = rest.get(8..).and_then(|mark| mark.first_chunk()) {
                lock(&seen.marks).insert(u64::from_be_bytes(*mark));
            }
            return;
        }
        let port = rest.get(2..4).map_or(0, |port| u16::from_be_bytes([port[0], port[1]]));
        if self.addresses.contains(&to) {
            lock(&seen.lines).push(format!("protocol {protocol} to {to}, port {port}"));
        }
        // What is said over TCP in these tests is said to a server on purpose.
        if protocol != UDP {
            return;
        }
        let small = rest.to_ascii_lowercase();
        for word in &self.words {
            if small.windows(word.len()).any(|part| part == word) {
                let word = String::from_utf8_lossy(word);
                lock(&seen.lines).push(format!("{word} to {to}, port {port}"));
            }
        }
    }
}

/// The protocol, the destination and what follows the header of IP.
fn read(packet: &[u8]) -> Option<(u8, IpAddr, &[u8])> {
    match packet.first()? >> 4 {
        4 => {
            let to = Ipv4Addr::from(*packet.get(16..20)?.first_chunk::<4>()?);
            let header = usize::from(packet[0] & 15) * 4;
            Some((packet[9], to.into(), packet.get(header..)?))
        }
        6 => {
            let to = Ipv6Addr::from(*packet.get(24..40)?.first_chunk::<16>()?);
            Some((packet[6], to.into(), packet.get(40..)?))
        }
        _ => None,
    }
}
