//! The embedded relay over real sockets, used by a client that somebody else wrote.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;
mod turn_client;

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use common::{Client, LONG};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use turn_client::{Offered, Relayed, SECRET, relaying};
use visavis_signal_server::{Quotas, RelayMetrics, Server, StartError, start};

async fn peer() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

async fn refusal(offered: &Offered) -> String {
    offered.allocate().await.map(|relayed| relayed.address()).unwrap_err().to_string()
}

fn allocations(server: &Server) -> usize {
    server.relay_metrics().unwrap().allocations
}

/// Whether the STUN port answers.
async fn binds(server: SocketAddr) -> bool {
    let socket = peer().await;
    let mut request = [0; 20];
    request[1] = 1;
    request[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
    let mut answer = [0; 256];
    for _ in 0..10 {
        socket.send_to(&request, server).await.unwrap();
        if let Ok(heard) = timeout(LONG / 20, socket.recv_from(&mut answer)).await {
            heard.unwrap();
            return answer[..2] == [1, 1];
        }
    }
    false
}

#[tokio::test]
async fn the_credentials_of_a_login_relay_both_ways() {
    let server = start(relaying(|_| {})).await.unwrap();
    let offered = Offered::to(&server.url(), "alice").await;
    assert_eq!(Some(offered.address), server.stun_address());
    let relayed = offered.allocate().await.unwrap();
    assert_eq!(relayed.address().ip(), offered.address.ip());
    let (peer, other) = (peer().await, peer().await);
    // First by indications, then by channels, once the client has bound them.
    for round in 0..20 {
        relayed.talk_with(&peer, &format!("ping {round}"), &format!("pong {round}")).await;
        relayed.talk_with(&other, &format!("Ping {round}"), &format!("Pong {round}")).await;
    }
    let metrics = server.relay_metrics().unwrap();
    assert_eq!((metrics.allocations, metrics.granted), (1, 1));
    assert!(
        metrics.bytes_from_clients >= 40 * 34 && metrics.bytes_to_clients >= 40 * 34,
        "{metrics:?}"
    );

    let port = relayed.address();
    relayed.close().await;
    // The client does not wait for the answer to its last request; this one is answered after it.
    assert!(binds(offered.address).await);
    assert_eq!(allocations(&server), 0);
    server.shutdown().await;
    UdpSocket::bind(port).await.expect("the relayed port to be free");
    UdpSocket::bind(offered.address).await.expect("the STUN port to be free");
}

#[tokio::test]
async fn two_who_are_only_relayed_reach_each_other_though_the_server_is_no_permitted_peer() {
    let server = start(relaying(|relay| relay.allowed_peers.clear())).await.unwrap();
    let alice = Offered::to(&server.url(), "alice").await.allocate().await.unwrap();
    let bob = Offered::to(&server.url(), "bob").await.allocate().await.unwrap();
    let mut buffer = [0; 2048];
    for round in 0_u8..20 {
        // Each sends first once, since sending is what lets the other in.
        let (from, to): (&Relayed, &Relayed) =
            if round % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
        to.conn.send_to(b"let you in", from.address()).await.unwrap();
        from.conn.send_to(&[round; 1200], to.address()).await.unwrap();
        loop {
            let (length, heard_from) =
                timeout(LONG, to.conn.recv_from(&mut buffer)).await.unwrap().unwrap();
            assert_eq!(heard_from, from.address());
            if buffer[..length] == [round; 1200] {
                break;
            }
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn wrong_and_expired_credentials_are_refused() {
    let server = start(relaying(|_| {})).await.unwrap();
    let good = Offered::to(&server.url(), "alice").await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let soon = format!("{}:somebody", now + 60);
    Offered::made_with(SECRET, &soon, good.address)
        .allocate()
        .await
        .expect("what the secret makes is good");
    for bad in [
        Offered { password: "wrong".to_owned(), ..good.clone() },
        Offered { username: good.username.replacen('1', "2", 1), ..good.clone() },
        Offered { username: "alice".to_owned(), ..good.clone() },
        Offered::made_with("another secret altogether", &soon, good.address),
        Offered::made_with(SECRET, &format!("{}:somebody", now - 1), good.address),
    ] {
        let said = refusal(&bad).await;
        assert!(said.contains("401"), "{said}");
    }
    good.allocate().await.expect("the good ones are still good");
    server.shutdown().await;
}

#[tokio::test]
async fn each_login_gets_new_credentials_for_the_same_person() {
    let server = start(relaying(|relay| relay.quotas.per_user = 1)).await.unwrap();
    let first = Offered::to(&server.url(), "alice").await;
    let held = first.allocate().await.unwrap();
    let again = Offered::to(&server.url(), "alice").await;
    let said = refusal(&again).await;
    assert!(said.contains("486"), "a new login is no new person: {said}");
    Offered::to(&server.url(), "bob").await.allocate().await.expect("bob has a place of his own");
    assert!(!first.username.contains("alice"), "{}", first.username);
    held.close().await;
    again.allocate().await.expect("the place is free again");
    server.shutdown().await;
}

#[tokio::test]
async fn who_has_as_many_as_there_may_be_is_told_so() {
    for quotas in [
        Quotas { per_user: 2, ..Quotas::default() },
        Quotas { per_address: 2, ..Quotas::default() },
        Quotas { total: 2, ..Quotas::default() },
    ] {
        let server = start(relaying(|relay| relay.quotas = quotas)).await.unwrap();
        let offered = Offered::to(&server.url(), "alice").await;
        let _held = (offered.allocate().await.unwrap(), offered.allocate().await.unwrap());
        let said = refusal(&offered).await;
        assert!(said.contains("486"), "{quotas:?}: {said}");
        assert_eq!(server.relay_metrics().unwrap().refused_by_quota, 1);
        server.shutdown().await;
    }
}

#[tokio::test]
async fn one_address_never_has_all_ports_whatever_it_is_called() {
    // As many as there are by default, somewhere else.
    let server =
        start(relaying(|relay| relay.ports = "21000-21040".parse().unwrap())).await.unwrap();
    let mut held = Vec::new();
    for n in 0.. {
        let offered = Offered::to(&server.url(), &format!("user{n}")).await;
        let before = held.len();
        let said = loop {
            match offered.allocate().await {
                Ok(relayed) => held.push(relayed),
                Err(error) => break error.to_string(),
            }
        };
        assert!(said.contains("486"), "{said}");
        assert!(held.len() - before <= 10, "one person has a quarter");
        if held.len() == before {
            break;
        }
    }
    assert_eq!(held.len(), 20, "and one address half");
    assert_eq!(allocations(&server), 20);
    server.shutdown().await;
}

#[tokio::test]
async fn a_peer_that_is_not_allowed_hears_and_says_nothing() {
    let server =
        start(relaying(|relay| relay.allowed_peers = vec!["127.0.0.2/32".parse().unwrap()]))
            .await
            .unwrap();
    let relayed = Offered::to(&server.url(), "alice").await.allocate().await.unwrap();
    let allowed = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let closed = UdpSocket::bind("127.0.0.3:0").await.unwrap();
    let said =
        relayed.conn.send_to(b"psst", closed.local_addr().unwrap()).await.unwrap_err().to_string();
    assert!(said.contains("403"), "{said}");
    relayed.talk_with(&allowed, "ping", "pong").await;
    // The same indication as to the allowed peer, but to the other one; and the other one speaks up
    // by itself.
    let indication = relayed.tap.sent().into_iter().find(|sent| sent[..2] == [0x00, 0x16]).unwrap();
    let (allowed_address, closed_address) =
        (allowed.local_addr().unwrap(), closed.local_addr().unwrap());
    let redirected = redirect(&indication, allowed_address, closed_address);
    relayed.tap.socket.send_to(&redirected, server.stun_address().unwrap()).await.unwrap();
    closed.send_to(b"let me in", relayed.address()).await.unwrap();
    relayed.talk_with(&allowed, "ping again", "pong again").await;
    // All that was to go to it has gone by now, so the first that it hears is what we say
    // ourselves.
    peer().await.send_to(b"the first", closed_address).await.unwrap();
    let mut buffer = [0; 64];
    let (length, _) = timeout(LONG, closed.recv_from(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(&buffer[..length], b"the first");
    server.shutdown().await;
}

/// The indication with another peer's address in it (RFC 8489 §14.2).
fn redirect(indication: &[u8], from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let form = |address: SocketAddr| {
        let SocketAddr::V4(address) = address else { panic!("IPv4") };
        let port = (address.port() ^ 0x2112).to_be_bytes();
        let ip: Vec<_> = address
            .ip()
            .octets()
            .iter()
            .zip([0x21, 0x12, 0xa4, 0x42])
            .map(|(a, b)| a ^ b)
            .collect();
        [&[0x00, 0x12, 0x00, 0x08, 0x00, 0x01][..], &port, &ip].concat()
    };
    let at =
        indication.windows(12).position(|window| window == form(from)).expect("the peer's address");
    let mut changed = indication.to_vec();
    changed[at..at + 12].copy_from_slice(&form(to));
    // Without the fingerprint, which would be wrong.
    changed.truncate(changed.len() - 8);
    let length = u16::try_from(changed.len() - 20).unwrap();
    changed[2..4].copy_from_slice(&length.to_be_bytes());
    changed
}

#[tokio::test]
async fn garbage_of_every_kind_stops_nothing() {
    let server = start(relaying(|relay| relay.answers_per_second = 1_000_000)).await.unwrap();
    let address = server.stun_address().unwrap();
    let relayed = Offered::to(&server.url(), "alice").await.allocate().await.unwrap();
    // On an address of their own, so that what the relay makes of garbage meets nobody else.
    let good_peer = UdpSocket::bind("127.77.0.1:0").await.unwrap();
    let bad_peer = UdpSocket::bind("127.77.0.1:0").await.unwrap();
    relayed.talk_with(&good_peer, "ping", "pong").await;
    let samples = relayed.tap.sent();
    assert!(samples.len() >= 4, "two Allocates, a permission, data");
    let stranger = peer().await;
    let mut random = StdRng::seed_from_u64(0x7669_7361_7669_7300);
    for round in 0..20_000 {
        let mut datagram = if random.random_bool(0.3) {
            (0..random.random_range(0..200)).map(|_| random.random()).collect()
        } else {
            samples[random.random_range(0..samples.len())].clone()
        };
        for _ in 0..random.random_range(0..4) {
            if !datagram.is_empty() {
                let at = random.random_range(0..datagram.len());
                datagram[at] = random.random();
            }
        }
        if random.random_bool(0.2) {
            datagram.truncate(random.random_range(0..=datagram.len()));
        }
        let from = if random.random_bool(0.5) { &stranger } else { &*relayed.tap.socket };
        from.send_to(&datagram, address).await.unwrap();
        bad_peer.send_to(&datagram, relayed.address()).await.unwrap();
        // Not faster than it is read.
        if round % 100 == 0 {
            assert!(binds(address).await, "round {round}");
        }
    }
    relayed.talk_with(&good_peer, "still there?", "still here").await;
    let other = Offered::to(&server.url(), "bob").await.allocate().await.unwrap();
    other.talk_with(&good_peer, "new?", "new").await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_relay_that_can_not_be_there_is_an_error_and_not_a_surprise_later() {
    let config = relaying(|_| {});
    let said = start(visavis_signal_server::Config { stun: None, ..config.clone() })
        .await
        .unwrap_err()
        .to_string();
    assert!(said.contains("--stun-listen") && said.contains("--relay-address"), "{said}");
    let taken = peer().await;
    let stun = Some(taken.local_addr().unwrap());
    let error = start(visavis_signal_server::Config { stun, ..config }).await.unwrap_err();
    assert!(matches!(error, StartError::Relay(_)), "{error}");
    for addresses in [&["127.0.0.1", "127.0.0.2"][..], &["0.0.0.0"], &["ff02::1"]] {
        let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        let error = start(relaying(|relay| relay.addresses = addresses)).await.unwrap_err();
        assert!(error.to_string().contains("--relay-address"), "{error}");
    }
}

#[tokio::test]
async fn without_a_relay_there_is_none() {
    let server = start(relaying(|relay| relay.addresses.clear())).await.unwrap();
    assert_eq!(server.relay_metrics(), None::<RelayMetrics>);
    let mut alice = Client::connect(&server.url()).await;
    alice.say(r#"{"type":"login","username":"alice"}"#).await;
    let reply = alice.hear().await;
    assert!(
        reply.contains("stun:") && !reply.contains("turn:") && !reply.contains("credential"),
        "{reply}"
    );
    server.shutdown().await;
}
