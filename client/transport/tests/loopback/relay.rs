//! Calls over a TURN server, coturn, that is reached in each of the ways there are.
//!
//! Needs Debian's package `coturn` (`turnserver`).

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::time::sleep;
use visavis_link::{Conditions, Emulator, Loss, Side, Timeline, address_of};
use visavis_shared::IceServer;
use visavis_transport::{PeerConfig, PeerEvent};

use crate::conversation::{Conversation, first_after, longest_gap};
use crate::support::{End, PATIENCE, config, connect, received_all, send_frames};

/// A port that was free a moment ago, over UDP and TCP. coturn can't be given none and say which it
/// took.
async fn free_port() -> u16 {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = udp.local_addr().expect("an address");
        if TcpListener::bind(address).await.is_ok() {
            return address.port();
        }
    }
}

/// How clients may reach a coturn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RelayTransport {
    Udp,
    Tcp,
    Tls,
}

struct Coturn {
    port: u16,
    transport: RelayTransport,
    /// Who signed its certificate.
    authority: Vec<u8>,
    _child: Child,
    _folder: TempDir,
}

impl Coturn {
    /// One that can be reached in this transport only.
    async fn start(transport: RelayTransport) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"))
            .expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        let leaf = leaf.signed_by(&key, &authority).expect("a certificate");
        std::fs::write(at("cert.pem"), leaf.pem()).expect("written");
        std::fs::write(at("key.pem"), key.serialize_pem()).expect("written");

        let port = free_port().await;
        let only = match transport {
            RelayTransport::Udp => &["--no-tcp", "--no-tls", "--no-dtls"][..],
            RelayTransport::Tcp => &["--no-udp", "--no-tls", "--no-dtls"],
            RelayTransport::Tls => &["--no-udp", "--no-tcp", "--no-dtls"],
        };
        let listening = if transport == RelayTransport::Tls {
            "--tls-listening-port"
        } else {
            "--listening-port"
        };
        let child = Command::new("turnserver")
            .current_dir(folder.path())
            .args([
                "-n",
                "--listening-ip=127.0.0.1",
                "--relay-ip=127.0.0.1",
                "--allow-loopback-peers",
                "--no-cli",
            ])
            .args(["--lt-cred-mech", "--user=someone:secret", "--realm=relay.example.org"])
            .args([
                "--no-tcp-relay",
                "--no-multicast-peers",
                "--min-port=20000",
                "--max-port=60000",
            ])
            .args(only)
            .arg(format!("{listening}={port}"))
            .args([format!("--cert={}", at("cert.pem")), format!("--pkey={}", at("key.pem"))])
            .args([
                format!("--log-file={}", at("log")),
                format!("--pidfile={}", at("pid")),
                format!("--db={}", at("db")),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("turnserver does not start ({error}): install the package coturn")
            });
        let coturn = Self {
            port,
            transport,
            authority: authority.der().to_vec(),
            _child: child,
            _folder: folder,
        };
        coturn.wait().await;
        coturn
    }

    /// Until it answers.
    async fn wait(&self) {
        let until = Instant::now() + PATIENCE;
        let mut request = [0; 20];
        request[1] = 1;
        request[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        while Instant::now() < until {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
            if self.transport == RelayTransport::Udp {
                socket.send_to(&request, address).await.expect("sent");
                let mut answer = [0; 512];
                let answer = socket.recv_from(&mut answer);
                if let Ok(Ok(_)) = tokio::time::timeout(Duration::from_millis(100), answer).await {
                    return;
                }
            } else if TcpStream::connect(address).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("coturn does not answer");
    }

    fn url(&self, port: u16) -> String {
        match self.transport {
            RelayTransport::Udp => format!("turn:127.0.0.1:{port}"),
            RelayTransport::Tcp => format!("turn:127.0.0.1:{port}?transport=tcp"),
            RelayTransport::Tls => format!("turns:127.0.0.1:{port}"),
        }
    }

    /// For a client that reaches it at this port and in no other transport.
    fn config_at(&self, port: u16) -> PeerConfig {
        let server = IceServer {
            urls: vec![self.url(port)],
            username: Some("someone".to_owned()),
            credential: Some("secret".to_owned()),
        };
        let roots = vec![self.authority.clone()];
        PeerConfig { ice_servers: vec![server], relay_only: true, relay_roots: roots, ..config() }
    }
}

async fn video_arrives_over(transport: RelayTransport) {
    let coturn = Coturn::start(transport).await;
    let config = coturn.config_at(coturn.port);
    let (mut a, mut b) = (End::open(config.clone()).await, End::open(config).await);
    let took = connect(&mut a, &mut b).await;
    println!("{transport:?}: connected after {took:?}");
    let sent = tokio::join!(send_frames(&a, 1, 60, 4_000), send_frames(&b, 2, 60, 4_000));
    sleep(Duration::from_millis(300)).await;
    assert_eq!(received_all(&b).await, sent.0);
    assert_eq!(received_all(&a).await, sent.1);
    for end in [&a, &b] {
        let stats = end.stats().await;
        assert_eq!(stats.local_candidate.as_deref(), Some("relay"), "{transport:?}");
        assert_eq!(stats.frames_dropped, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn video_arrives_over_a_relay_over_udp() {
    video_arrives_over(RelayTransport::Udp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn video_arrives_over_a_relay_over_tcp() {
    video_arrives_over(RelayTransport::Tcp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn video_arrives_over_a_relay_over_tls() {
    video_arrives_over(RelayTransport::Tls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_whose_certificate_nobody_vouches_for_is_not_used() {
    let coturn = Coturn::start(RelayTransport::Tls).await;
    let strict = PeerConfig { relay_roots: Vec::new(), ..coturn.config_at(coturn.port) };
    let (mut a, b) = (End::open(strict).await, End::open(coturn.config_at(coturn.port)).await);
    a.command(visavis_transport::PeerCommand::CreateOffer { ice_restart: false });
    let until = Instant::now() + Duration::from_secs(3);
    while Instant::now() < until {
        if let Ok(event) = a.events.try_recv() {
            assert!(
                !matches!(event, PeerEvent::LocalCandidate(_)),
                "an address at a relay that is not trusted"
            );
        }
        sleep(Duration::from_millis(20)).await;
    }
    drop(b);
}

/// Passes streams on to a port, until it is told to cut them all.
async fn cut_off_when_told(to: u16) -> (u16, Arc<Notify>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let cut = Arc::new(Notify::new());
    let told = Arc::clone(&cut);
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut to =
                    TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await.expect("the relay");
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut from, &mut to) => {}
                    () = told.notified() => {}
                }
            });
        }
    });
    (port, cut)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_to_the_relay_that_breaks_is_replaced_and_so_is_what_was_allocated_over_it() {
    for transport in [RelayTransport::Tcp, RelayTransport::Tls] {
        let coturn = Coturn::start(transport).await;
        let (port, cut) = cut_off_when_told(coturn.port).await;
        let (mut a, mut b) = (
            End::open(coturn.config_at(port)).await,
            End::open(coturn.config_at(coturn.port)).await,
        );
        connect(&mut a, &mut b).await;
        let mut talk = Conversation::new((a, b), None, Conditions::CLEAR);
        let broken = Duration::from_secs(2);
        let cutting = async {
            sleep(broken).await;
            cut.notify_waiters();
        };
        tokio::join!(talk.run(Duration::from_secs(8), &[]), cutting);
        for (side, account) in talk.accounts.iter().enumerate() {
            let back = first_after(&account.frames, broken + Duration::from_millis(100))
                .expect("frames again");
            println!("{transport:?}: {side} has frames again after {:?}", back - broken);
            assert!(back - broken < Duration::from_secs(3), "{transport:?} {side}");
            let gap =
                longest_gap(&account.frames, Duration::from_secs(6), Duration::from_millis(7900));
            assert!(gap < Duration::from_millis(500), "{transport:?} {side}: {gap:?}");
        }
    }
}

/// A network in front of a relay, with the port at which a client finds it.
async fn network_before(coturn: &Coturn, conditions: Conditions, seed: u64) -> (Emulator, u16) {
    let network =
        Emulator::start_at_once(Timeline::steady(conditions), seed).await.expect("free ports");
    let mut relay = format!("candidate:1 1 udp 1 127.0.0.1 {} typ host", coturn.port);
    network.step_between(Side::B, &mut relay);
    (network, address_of(&relay).expect("an address").port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_over_a_relay_connect_although_a_tenth_is_lost_before_it_on_either_side() {
    let coturn = Coturn::start(RelayTransport::Udp).await;
    let lossy = Conditions::CLEAR.delay(Duration::from_millis(25)).loss(Loss::Random(0.1));
    let mut took = Vec::new();
    for seed in 0..12 {
        let (_network_a, port_a) = network_before(&coturn, lossy, 2 * seed).await;
        let (_network_b, port_b) = network_before(&coturn, lossy, 100 + 2 * seed).await;
        let (mut a, mut b) =
            (End::open(coturn.config_at(port_a)).await, End::open(coturn.config_at(port_b)).await);
        took.push(connect(&mut a, &mut b).await);
    }
    took.sort();
    // Allocations, permissions and checks have timers of their own; none of them stalls.
    assert!(took.iter().all(|took| *took < Duration::from_secs(8)), "{took:?}");
    println!("over a relay, 10% lost before it on either side: {took:?}");
}
