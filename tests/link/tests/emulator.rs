//! Two sockets with the emulator between them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::time::timeout;
use visavis_link::{Conditions, Emulator, Side, Timeline, address_of};

const RTP: [u8; 4] = [0x80, 96, 0, 1];
const SOON: Duration = Duration::from_secs(5);

struct Ends {
    emulator: Emulator,
    a: UdpSocket,
    b: UdpSocket,
    /// Where a finds b, and b finds a.
    b_seen: SocketAddr,
    a_seen: SocketAddr,
}

async fn ends(timeline: Timeline) -> Ends {
    let emulator = Emulator::start(timeline, 1).await.expect("free ports");
    let [a, b] = [UdpSocket::bind("127.0.0.1:0").await, UdpSocket::bind("127.0.0.1:0").await];
    let (a, b) = (a.expect("a port"), b.expect("a port"));
    let seen = |side, socket: &UdpSocket| {
        let address = socket.local_addr().expect("bound");
        let mut candidate =
            format!("candidate:1 1 udp 1 {} {} typ host", address.ip(), address.port());
        emulator.step_between(side, &mut candidate);
        address_of(&candidate).expect("an address")
    };
    let (a_seen, b_seen) = (seen(Side::A, &a), seen(Side::B, &b));
    Ends { emulator, a, b, b_seen, a_seen }
}

async fn receive(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 100];
    let (length, from) =
        timeout(SOON, socket.recv_from(&mut buffer)).await.expect("soon").expect("a packet");
    (buffer[..length].to_vec(), from)
}

#[tokio::test]
async fn each_sees_the_other_at_the_emulator_and_gets_what_it_sends_later() {
    let delay = Duration::from_millis(30);
    let ends = ends(Timeline::steady(Conditions::CLEAR.delay(delay))).await;
    let sent = Instant::now();
    ends.a.send_to(b"hello", ends.b_seen).await.expect("it is sent");
    assert_eq!(receive(&ends.b).await, (b"hello".to_vec(), ends.a_seen));
    assert!(sent.elapsed() >= delay);
    ends.b.send_to(b"you too", ends.a_seen).await.expect("it is sent");
    assert_eq!(receive(&ends.a).await, (b"you too".to_vec(), ends.b_seen));
}

#[tokio::test]
async fn the_timeline_begins_with_media_and_everything_is_traced_from_then_on() {
    let ends = ends(Timeline::steady(Conditions::CLEAR.closed())).await;
    ends.a.send_to(b"hello", ends.b_seen).await.expect("it is sent");
    assert_eq!(receive(&ends.b).await.0, b"hello");
    ends.a.send_to(&RTP, ends.b_seen).await.expect("it is sent");
    ends.a.send_to(b"lost", ends.b_seen).await.expect("it is sent");
    while ends.emulator.trace(Side::A).rows().iter().map(|row| row.lost).sum::<u64>() < 2 {
        tokio::task::yield_now().await;
    }
    ends.emulator.set(Timeline::steady(Conditions::CLEAR)).await;
    ends.a.send_to(b"here again", ends.b_seen).await.expect("it is sent");
    assert_eq!(receive(&ends.b).await.0, b"here again");
    assert_eq!(ends.emulator.trace(Side::A).rows().iter().map(|row| row.sent).sum::<u64>(), 3);
    assert!(ends.emulator.trace(Side::B).rows().is_empty());
}

#[tokio::test]
async fn who_moves_is_seen_elsewhere_and_no_longer_where_they_were() {
    let ends = ends(Timeline::steady(Conditions::CLEAR)).await;
    ends.emulator.move_address(Side::B).await;
    ends.b.send_to(b"from elsewhere", ends.a_seen).await.expect("it is sent");
    let (_, moved) = receive(&ends.a).await;
    assert_ne!(moved, ends.b_seen);
    // Sending to a dead address may be refused here, or vanish.
    let _ = ends.a.send_to(b"to where b was", ends.b_seen).await;
    ends.a.send_to(b"to where b is", moved).await.expect("it is sent");
    assert_eq!(receive(&ends.b).await.0, b"to where b is");
}
