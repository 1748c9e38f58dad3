//! What a peer, or somebody who forges its address, makes us send, look up and keep.

use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};
use visavis_shared::{CandidateInit, DescriptionKind, IceServer, SessionDescription};
use visavis_transport::{PeerCommand, PeerConfig, PeerEvent};

use crate::support::{
    End, PATIENCE, config, connect_through, connected_pair, received, received_all, send_frames,
};

/// The most that one IP address gets that never answers, by ADR 23.
const IN_ALL: usize = 200;
const PER_SECOND: usize = 50;

/// Sockets of somebody who has nothing to do with the call, and never answers.
struct Victim(Vec<StdSocket>);

impl Victim {
    fn with_ports(ports: usize) -> Self {
        let socket = || {
            let socket = StdSocket::bind("127.0.0.1:0").expect("a port");
            socket.set_nonblocking(true).expect("it does not block");
            socket
        };
        Self((0..ports).map(|_| socket()).collect())
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().map(|socket| socket.local_addr().expect("an address")).collect()
    }

    fn take(&self) -> usize {
        let came = |socket: &StdSocket| {
            std::iter::from_fn(|| socket.recv_from(&mut [0; 2048]).ok()).count()
        };
        self.0.iter().map(came).sum()
    }

    /// How many datagrams came, and the most in any second, over this long.
    async fn watch(&self, span: Duration) -> (usize, usize) {
        let (start, mut arrivals) = (Instant::now(), Vec::new());
        while start.elapsed() < span {
            sleep(Duration::from_millis(20)).await;
            let now = Instant::now();
            arrivals.extend(std::iter::repeat_n(now, self.take()));
        }
        // What is read together may have come 20 ms apart.
        let second = Duration::from_millis(980);
        let within = |from: &Instant| {
            arrivals.iter().filter(|at| **at >= *from && at.duration_since(*from) < second).count()
        };
        (arrivals.len(), arrivals.iter().map(within).max().unwrap_or_default())
    }
}

fn candidate(address: SocketAddr) -> String {
    format!("candidate:1 1 udp 2130706431 {} {} typ host", address.ip(), address.port())
}

fn init(address: SocketAddr) -> CandidateInit {
    CandidateInit {
        candidate: candidate(address),
        sdp_mid: None,
        sdp_mline_index: Some(0),
        username_fragment: None,
    }
}

/// The description with these addresses in it.
fn with_candidates(
    mut description: SessionDescription,
    addresses: &[SocketAddr],
) -> SessionDescription {
    for address in addresses {
        description.sdp.push_str(&format!("a={}\r\n", candidate(*address)));
    }
    description
}

async fn offer_of(config: PeerConfig) -> (End, SessionDescription) {
    let mut end = End::open(config).await;
    end.command(PeerCommand::CreateOffer { ice_restart: false });
    let offer = end.description().await;
    (end, offer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn candidates_in_a_description_are_no_weapon() {
    let victim = Victim::with_ports(200);
    let (_caller, offer) = offer_of(config()).await;
    let mut callee = End::open(config()).await;
    callee.command(PeerCommand::AcceptOffer(with_candidates(offer, &victim.addresses())));
    callee.description().await;
    for address in victim.addresses() {
        callee.command(PeerCommand::AddCandidate(init(address)));
    }
    let (in_all, in_a_second) = victim.watch(Duration::from_secs(7)).await;
    println!("{in_all} datagrams, {in_a_second} in a second");
    assert!(in_all > 0, "the addresses are tried");
    assert!(in_all <= IN_ALL && in_a_second <= PER_SECOND, "{in_all}, {in_a_second}");
    let tried = victim.addresses().len();
    assert!(tried > 32);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn candidates_that_come_with_restarts_and_answers_are_no_weapon_either() {
    let (mut a, mut b) = connected_pair().await;
    let victim = Victim::with_ports(160);
    let addresses = victim.addresses();
    let watching = async {
        for part in addresses.chunks(20) {
            a.command(PeerCommand::CreateOffer { ice_restart: true });
            let offer = a.description().await;
            b.command(PeerCommand::AcceptOffer(with_candidates(offer, part)));
            let answer = b.description().await;
            a.command(PeerCommand::AcceptAnswer(with_candidates(answer, part)));
            sleep(Duration::from_millis(600)).await;
        }
    };
    let ((), (in_all, in_a_second)) = tokio::join!(watching, victim.watch(Duration::from_secs(7)));
    println!("{in_all} datagrams, {in_a_second} in a second");
    // Both ends are given the addresses here.
    assert!(in_all <= 2 * IN_ALL && in_a_second <= 2 * PER_SECOND, "{in_all}, {in_a_second}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_thousand_servers_eight_are_asked_and_not_for_long() {
    let victim = Victim::with_ports(40);
    let urls: Vec<String> =
        victim.addresses().iter().cycle().take(2000).map(|at| format!("stun:{at}")).collect();
    let entries = urls.chunks(50).map(|urls| IceServer {
        urls: urls.to_vec(),
        username: None,
        credential: None,
    });
    let (_end, _offer) = offer_of(PeerConfig { ice_servers: entries.collect(), ..config() }).await;
    let start = Instant::now();
    let mut asked = vec![0; 40];
    while start.elapsed() < Duration::from_secs(6) {
        sleep(Duration::from_millis(50)).await;
        for (count, socket) in asked.iter_mut().zip(&victim.0) {
            *count += std::iter::from_fn(|| socket.recv_from(&mut [0; 2048]).ok()).count();
        }
    }
    println!("{asked:?}");
    assert!(asked[..8].iter().all(|count| *count > 0), "{asked:?}");
    assert!(asked[8..].iter().all(|count| *count == 0), "{asked:?}");
    assert!(asked.iter().sum::<usize>() <= IN_ALL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_cannot_be_used_cost_the_call_nothing() {
    let server = |url: &str, username: Option<&str>, credential: Option<&str>| IceServer {
        urls: vec![url.to_owned()],
        username: username.map(str::to_owned),
        credential: credential.map(str::to_owned),
    };
    let long = "x".repeat(9000);
    let ice_servers = vec![
        server("turn:127.0.0.1:3478", Some("user"), Some("")),
        server("turn:127.0.0.1:3479", Some(""), Some("secret")),
        server("turns:127.0.0.1:3480", None, None),
        server("turn:127.0.0.1:3481", Some("user"), Some(&long)),
        server("turn:127.0.0.1:22", Some("user"), Some("secret")),
        server("stun:169.254.169.254:80", None, None),
        server("nonsense", None, None),
        IceServer { urls: Vec::new(), username: None, credential: None },
    ];
    let odd = PeerConfig { ice_servers, ..config() };
    let (mut a, mut b) = (End::open(odd.clone()).await, End::open(odd).await);
    let took = connect_through(&mut a, &mut b, |_, _| {}).await;
    println!("connected in {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_relays_only_nothing_goes_to_the_addresses_of_the_other() {
    let relay = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let victim = Victim::with_ports(8);
    let servers = vec![IceServer {
        urls: vec![format!("turn:{}", relay.local_addr().expect("an address"))],
        username: Some("user".to_owned()),
        credential: Some("secret".to_owned()),
    }];
    let (_caller, offer) = offer_of(config()).await;
    let private = PeerConfig { relay_only: true, ice_servers: servers, ..config() };
    let mut callee = End::open(private).await;
    callee.command(PeerCommand::AcceptOffer(with_candidates(offer, &victim.addresses())));
    let answer = callee.description().await;
    assert!(!answer.sdp.contains("a=candidate:"), "{}", answer.sdp);
    assert_eq!(victim.watch(Duration::from_secs(2)).await.0, 0);
    let mut request = [0; 64];
    timeout(PATIENCE, relay.recv_from(&mut request)).await.expect("it is asked").expect("by UDP");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_with_dozens_of_addresses_each_connect() {
    let many = |first: u8| PeerConfig {
        bind: (first..first + 40).map(|n| SocketAddr::from(([127, 0, 0, n], 0))).collect(),
        ..config()
    };
    let (mut a, mut b) = (End::open(many(1)).await, End::open(many(101)).await);
    let mut candidates = 0;
    let took = connect_through(&mut a, &mut b, |from_a, _| candidates += u32::from(from_a)).await;
    println!("{candidates} candidates, connected in {took:?}");
    assert!(candidates <= 12, "{candidates}");
    let sent = send_frames(&a, 3, 5, 2_000).await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(received_all(&b).await, sent);
}

/// A connected pair, and the address of `b` as `a` knows it.
async fn pair_with_address() -> (End, End, SocketAddr) {
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    let mut address = None;
    connect_through(&mut a, &mut b, |from_a, found| {
        if !from_a {
            let words: Vec<&str> = found.candidate.split(' ').collect();
            address = format!("{}:{}", words[4], words[5]).parse().ok();
        }
    })
    .await;
    (a, b, address.expect("an address of the second"))
}

/// This process's resident memory, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    let kib: usize = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("kB");
    kib * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_packets_with_ssrcs_without_end_leave_nothing_behind() {
    let (a, b, address) = pair_with_address().await;
    send_frames(&a, 3, 5, 2_000).await;
    let _ = received(&b);
    // Nobody can send from the other's own port here, but an address that has answered may as well
    // be a relay: what counts beneath the library is the socket's side.
    let forger = StdSocket::bind("127.0.0.1:0").expect("a port");
    let before = resident();
    let mut rng = StdRng::seed_from_u64(4);
    let mut packet = vec![0u8; 60];
    for n in 0..300_000u32 {
        rng.fill(&mut packet[..]);
        packet[0] = 0x80;
        packet[1] = if n % 8 == 0 { 200 } else { 102 };
        forger.send_to(&packet, address).expect("sent");
        if n % 500 == 0 {
            sleep(Duration::from_millis(2)).await;
        }
    }
    let growth = resident().saturating_sub(before);
    println!("{} KiB of growth", growth / 1024);
    assert!(growth < 10 << 20, "{growth} bytes");
    let sent = send_frames(&a, 6, 10, 2_000).await;
    assert_eq!(received_all(&b).await, sent, "the call goes on");
}

/// The offer with so many further media sections, which nobody has seen before.
fn with_sections(offer: &SessionDescription, first: usize, count: usize) -> SessionDescription {
    let video = offer.sdp.find("m=video").expect("video");
    let section = &offer.sdp[video..];
    let mut sdp = offer.sdp.clone();
    for mid in first..first + count {
        let lines = section.lines().filter(|line| !line.starts_with("a=ssrc"));
        for line in lines {
            let line =
                if line.starts_with("a=mid:") { format!("a=mid:x{mid}") } else { line.to_owned() };
            sdp.push_str(&line);
            sdp.push_str("\r\n");
        }
    }
    let version: usize = 10 + first;
    let kind = DescriptionKind::Offer;
    SessionDescription { kind, sdp: sdp.replacen(" 0 IN IP4", &format!(" {version} IN IP4"), 1) }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renegotiation_without_end_is_answered_for_a_while_and_leaves_little_behind() {
    let (mut a, mut b) = connected_pair().await;
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let offer = a.description().await;
    let before = resident();
    let mut answers = 0;
    for round in 0..200 {
        b.command(PeerCommand::AcceptOffer(with_sections(&offer, round * 60, 60)));
        b.command(PeerCommand::AcceptOffer(with_sections(&offer, round, 20)));
        sleep(Duration::from_millis(25)).await;
        while let Ok(event) = b.events.try_recv() {
            assert!(!matches!(event, PeerEvent::Failed(_)), "{event:?}");
            answers += usize::from(matches!(event, PeerEvent::LocalDescription(_)));
        }
    }
    let growth = resident().saturating_sub(before);
    println!("{answers} answers, {} KiB of growth", growth / 1024);
    assert!(growth < 10 << 20, "{growth} bytes");
    let _ = received(&b);
    let sent = send_frames(&a, 6, 10, 2_000).await;
    assert_eq!(received_all(&b).await, sent, "the call goes on");
}
