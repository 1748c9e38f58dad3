//! coturn, which many run already: as a relay that our logins open, and its client as a client of
//! our relay.
//!
//! Needs Debian's package `coturn` (`turnserver`, `turnutils_uclient`, `turnutils_peer`).

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;
mod turn_client;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::LONG;
use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use turn_client::{Offered, SECRET, relaying};
use visavis_signal_server::{Config, RelayConfig, start};

/// A port that was free a moment ago. The programs of coturn can't be given none and say which they
/// took.
async fn free_port() -> u16 {
    let (udp, _tcp) = loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = udp.local_addr().unwrap();
        if let Ok(tcp) = tokio::net::TcpListener::bind(address).await {
            break (udp, tcp);
        }
    };
    udp.local_addr().unwrap().port()
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

fn installed(program: &str, result: std::io::Result<Child>) -> Child {
    result.unwrap_or_else(|error| {
        panic!("{program} does not start ({error}): install the package coturn")
    })
}

/// Asks a STUN server until it answers.
async fn wait_for(address: SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut request = [0; 20];
    request[1] = 1;
    request[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
    let mut answer = [0; 512];
    let answered = async {
        loop {
            socket.send_to(&request, address).await.unwrap();
            if let Ok(Ok(_)) =
                timeout(Duration::from_millis(100), socket.recv_from(&mut answer)).await
            {
                break;
            }
        }
    };
    timeout(LONG, answered).await.expect("coturn to answer");
}

/// A coturn on loopback, with our secret.
struct Coturn {
    address: SocketAddr,
    _child: Child,
    _folder: TempDir,
}

impl Coturn {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().await));
        let at = |name: &str| folder.path().join(name).display().to_string();
        let child = quiet("turnserver")
            .current_dir(folder.path())
            .args([
                "-n",
                "--listening-ip=127.0.0.1",
                "--relay-ip=127.0.0.1",
                "--allow-loopback-peers",
                "--no-cli",
            ])
            .args([
                "--no-tls",
                "--no-dtls",
                "--no-tcp-relay",
                "--no-multicast-peers",
                "--use-auth-secret",
            ])
            .args([
                "--realm=relay.example.org",
                "--min-port=20000",
                "--max-port=60000",
                "--user-quota=4",
            ])
            .arg(format!("--listening-port={}", address.port()))
            .arg(format!("--static-auth-secret={SECRET}"))
            .args([
                format!("--log-file={}", at("log")),
                format!("--pidfile={}", at("pid")),
                format!("--db={}", at("db")),
            ])
            .spawn();
        let child = installed("turnserver", child);
        wait_for(address).await;
        Self { address, _child: child, _folder: folder }
    }
}

/// A server that offers a relay elsewhere.
fn offering(coturn: &Coturn, secret: &str) -> Config {
    let urls = vec![format!("turn:{}?transport=udp", coturn.address).parse().unwrap()];
    let relay =
        RelayConfig { urls, secret: Some(secret.parse().unwrap()), ..RelayConfig::default() };
    Config { relay, ..Config::for_tests() }
}

#[tokio::test]
async fn the_credentials_of_a_login_open_coturn() {
    let coturn = Coturn::start().await;
    let server = start(offering(&coturn, SECRET)).await.unwrap();
    let offered = Offered::to(&server.url(), "alice").await;
    assert_eq!(offered.address, coturn.address);
    let relayed = offered.allocate().await.unwrap();
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for round in 0..5 {
        relayed.talk_with(&peer, &format!("ping {round}"), &format!("pong {round}")).await;
    }
    let again = Offered::to(&server.url(), "alice").await;
    again.allocate().await.expect("a second login opens it as well");
    server.shutdown().await;
}

#[tokio::test]
async fn coturn_refuses_credentials_made_with_another_secret() {
    let coturn = Coturn::start().await;
    let server = start(offering(&coturn, "another secret altogether")).await.unwrap();
    let offered = Offered::to(&server.url(), "alice").await;
    let said = offered.allocate().await.map(|relayed| relayed.address()).unwrap_err().to_string();
    assert!(said.contains("401"), "{said}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_call_goes_on_when_its_credentials_end_here_and_in_coturn() {
    /// Longer than an allocation takes to make.
    const VALID: Duration = Duration::from_secs(5);
    let coturn = Coturn::start().await;
    let server = start(relaying(|_| {})).await.unwrap();
    let since_1970 = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let end = since_1970() + VALID;
    let username = format!("{}:somebody", end.as_secs());
    let offers = [coturn.address, server.stun_address().unwrap()]
        .map(|relay| Offered::made_with(SECRET, &username, relay));
    let [first, second] = &offers;
    let relayed = [first.allocate().await.unwrap(), second.allocate().await.unwrap()];
    // The end is one by the clock on the wall, and so is the waiting.
    while since_1970() < end + Duration::from_secs(1) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (offered, relayed) in offers.iter().zip(relayed) {
        let said =
            offered.allocate().await.map(|relayed| relayed.address()).unwrap_err().to_string();
        assert!(said.contains("401"), "no new one is made: {said}");
        let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        relayed.talk_with(&peer, "still there?", "still here").await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn the_client_of_coturn_uses_our_relay_and_loses_nothing() {
    // By channels, by indications, with each request twice, and from one relayed client to another:
    // at once.
    lose_nothing_at(Ipv4Addr::LOCALHOST.into(), [&[], &["-s"], &["-G"], &["-y"]]).await;
}

#[tokio::test]
async fn the_client_of_coturn_uses_our_relay_over_ipv6_and_loses_nothing() {
    // The same, and each asks for an IPv6 address: otherwise it is given one of IPv4, of which
    // there is none here.
    lose_nothing_at(
        Ipv6Addr::LOCALHOST.into(),
        [&["-x"], &["-x", "-s"], &["-x", "-G"], &["-x", "-y"]],
    )
    .await;
}

/// Has several clients use a relay at an address of this machine, which is a peer that is listed.
async fn lose_nothing_at(host: IpAddr, kinds: [&'static [&'static str]; 4]) {
    let mut config = relaying(|relay| {
        relay.quotas.per_user = 100;
        relay.addresses = vec![host];
        relay.allowed_peers = vec![host.into()];
    });
    config.stun = Some(SocketAddr::new(host, 0));
    let server = start(config).await.unwrap();
    let relay = server.stun_address().unwrap();
    let port = free_port().await;
    let peer =
        quiet("turnutils_peer").args(["-L", &host.to_string(), "-p", &port.to_string()]).spawn();
    let _peer = installed("turnutils_peer", peer);
    let echo = SocketAddr::new(host, port);
    wait_for_echo(echo).await;
    let clients = kinds.map(|kind| tokio::spawn(client_of_coturn(kind, echo, relay)));
    for client in clients {
        client.await.unwrap();
    }
    server.shutdown().await;
}

/// Sends 50 messages from each of two clients, and wants all of them back.
async fn client_of_coturn(kind: &'static [&'static str], echo: SocketAddr, relay: SocketAddr) {
    let output = Command::new("turnutils_uclient")
        .args(["-c", "-m", "2", "-n", "50", "-l", "1000", "-W", SECRET, "-u", "alice"])
        .args([
            "-e",
            &echo.ip().to_string(),
            "-r",
            &echo.port().to_string(),
            "-p",
            &relay.port().to_string(),
        ])
        .args(kind)
        .arg(relay.ip().to_string())
        .kill_on_drop(true)
        .output();
    let output = timeout(LONG * 2, output).await.expect("an end").unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{kind:?}: {said}");
    assert!(
        said.contains("tot_send_msgs=100") && said.contains("tot_recv_msgs=100"),
        "{kind:?}: {said}"
    );
}

/// Talks to an echo until it answers.
async fn wait_for_echo(echo: SocketAddr) {
    let socket = UdpSocket::bind((echo.ip(), 0)).await.unwrap();
    let mut buffer = [0; 64];
    let echoed = async {
        loop {
            socket.send_to(b"anyone?", echo).await.unwrap();
            if let Ok(Ok(_)) =
                timeout(Duration::from_millis(100), socket.recv_from(&mut buffer)).await
            {
                break;
            }
        }
    };
    timeout(LONG, echoed).await.expect("the echo to answer");
}
