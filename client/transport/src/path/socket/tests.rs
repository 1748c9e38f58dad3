//! What the sockets do beneath the library, over UDP on 127.0.0.1.

use std::time::Duration;

use tokio::time::timeout;

use super::layered_socket::{HASTE, MAX_BUFFERED};
use super::ssrc_gate::ssrc_of;
use super::*;

/// Of a connection that is set up.
fn socket_layer() -> Arc<SocketLayer> {
    let socket_layer = new_wire();
    socket_layer.pair_selected();
    assert!(socket_layer.secured());
    // What is sent here is too short to have an SSRC.
    socket_layer.name_streams("a=ssrc:0 cname:x");
    socket_layer
}

fn new_wire() -> Arc<SocketLayer> {
    SocketLayer::new(Resolver::shared(), Trust::default(), None, SendPolicy::default())
}

fn loopback() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_nonblocking(true).expect("non-blocking");
    socket
}

async fn receive(socket: &Arc<dyn AsyncUdpSocket>) -> Option<Vec<u8>> {
    let mut buffer = [0; 64];
    let received = timeout(Duration::from_millis(200), socket.recv_from(&mut buffer)).await.ok()?;
    let (length, _) = received.expect("the socket works");
    Some(buffer[..length].to_vec())
}

#[tokio::test]
async fn media_that_comes_while_ice_is_restarted_is_delivered_afterwards_and_in_order() {
    let socket_layer = socket_layer();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let theirs = loopback();
    let to = ours.local_addr().expect("an address");
    socket_layer.restart_begins(Instant::now());
    for number in 0..3 {
        theirs.send_to(&[0x80, number], to).expect("sent");
    }
    let check = packet::tests::message(1, 7, &[]);
    theirs.send_to(&check, to).expect("sent");
    assert_eq!(receive(&ours).await, Some(check), "checks are what the restart needs");
    assert_eq!(receive(&ours).await, None);
    let waiting = tokio::spawn({
        let ours = Arc::clone(&ours);
        async move { receive(&ours).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    socket_layer.restart_ends();
    assert_eq!(
        waiting.await.expect("no panic"),
        Some(vec![0x80, 0]),
        "the task that waits is woken"
    );
    assert_eq!(receive(&ours).await, Some(vec![0x80, 1]));
    assert_eq!(receive(&ours).await, Some(vec![0x80, 2]));
}

#[tokio::test]
async fn what_comes_before_the_library_takes_it_is_delivered_when_it_does() {
    let socket_layer = new_wire();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let theirs = loopback();
    let to = ours.local_addr().expect("an address");
    let hello = dtls_record::tests::record(22, 0, 0, b"client hello");
    theirs.send_to(&hello, to).expect("sent");
    assert_eq!(receive(&ours).await, None);
    // From here on they are no stranger.
    ours.send_to(&packet::tests::message(1, 7, &[]), theirs.local_addr().expect("an address"))
        .await
        .expect("sent");
    theirs.send_to(&packet::tests::message(0x0101, 7, &[]), to).expect("sent");
    receive(&ours).await.expect("the answer to the check");
    theirs.send_to(&[0x80, 1], to).expect("sent");
    theirs.send_to(&hello, to).expect("sent");
    assert_eq!(receive(&ours).await, None);
    socket_layer.pair_selected();
    assert_eq!(
        receive(&ours).await,
        Some(hello),
        "the handshake once there is a pair, and once: a stranger's is dropped"
    );
    let nudge = receive(&ours).await.expect("what makes the library send its flight");
    assert_eq!(Packet::of(&nudge), Packet::Handshake);
    assert_eq!(receive(&ours).await, None);
    assert!(socket_layer.secured());
    assert_eq!(receive(&ours).await, Some(vec![0x80, 1]), "media once there are keys");
    assert!(!socket_layer.secured(), "once");
}

#[tokio::test]
async fn a_flight_that_is_lost_is_sent_again_and_a_repetition_answered_without_the_library() {
    let socket_layer = new_wire();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let theirs = tokio::net::UdpSocket::from_std(loopback()).expect("a socket");
    let (to, from) =
        (ours.local_addr().expect("an address"), theirs.local_addr().expect("an address"));
    socket_layer.pair_selected();
    receive(&ours).await.expect("the nudge");
    let retransmitting = tokio::spawn(Arc::clone(&socket_layer).retransmit_flights());
    let [hello, answer] =
        [b"client hello", b"server hello"].map(|body| dtls_record::tests::record(22, 0, 0, body));
    theirs.send_to(&hello, to).await.expect("sent");
    assert_eq!(receive(&ours).await, Some(hello.clone()));
    ours.send_to(&answer, from).await.expect("sent");
    let mut buffer = [0; 64];
    for _ in 0..2 {
        let (length, _) = timeout(Duration::from_secs(5), theirs.recv_from(&mut buffer))
            .await
            .expect("in time")
            .expect("received");
        assert_eq!(buffer[..length], answer, "by itself");
    }
    theirs.send_to(&hello, to).await.expect("sent");
    assert_eq!(receive(&ours).await, None, "the library has answered it");
    socket_layer.secured();
    retransmitting.abort();
}

#[tokio::test]
async fn the_buffer_is_bounded_and_the_newest_packets_stay() {
    let socket_layer = socket_layer();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let theirs = loopback();
    let to = ours.local_addr().expect("an address");
    socket_layer.restart_begins(Instant::now());
    for number in 0..200 {
        theirs.send_to(&[0x80, number], to).expect("sent");
    }
    assert_eq!(receive(&ours).await, None);
    socket_layer.restart_ends();
    let mut delivered = Vec::new();
    while let Some(packet) = receive(&ours).await {
        delivered.push(packet[1]);
    }
    let kept = u8::try_from(MAX_BUFFERED).expect("few");
    assert_eq!(delivered, (200 - kept..200).collect::<Vec<u8>>());
}

#[tokio::test]
async fn only_what_comes_from_the_other_counts_for_liveness() {
    let socket_layer = socket_layer();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let theirs = loopback();
    let to = ours.local_addr().expect("an address");
    theirs.send_to(&packet::tests::message(0x0103, 7, &[]), to).expect("sent");
    receive(&ours).await.expect("delivered");
    assert_eq!(socket_layer.liveness(), Liveness::default(), "a relay is not the other");
    theirs.send_to(&[0x80, 1], to).expect("sent");
    receive(&ours).await.expect("delivered");
    let liveness = socket_layer.liveness();
    assert!(liveness.received.is_some() && liveness.answered.is_none());
    theirs.send_to(&packet::tests::message(0x0101, 7, &[]), to).expect("sent");
    receive(&ours).await.expect("delivered");
    assert!(socket_layer.liveness().answered.is_some());
}

#[tokio::test]
async fn after_what_came_through_a_relay_there_is_an_empty_packet() {
    let socket_layer = socket_layer();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let theirs = loopback();
    let to = ours.local_addr().expect("an address");
    theirs.send_to(&[0x40, 0, 0, 2, 0x80, 1], to).expect("sent");
    assert_eq!(receive(&ours).await, Some(vec![0x40, 0, 0, 2, 0x80, 1]));
    assert_eq!(receive(&ours).await, Some(Vec::new()));
    assert_eq!(receive(&ours).await, None);
    theirs.send_to(&[0x80, 1], to).expect("sent");
    assert_eq!(receive(&ours).await, Some(vec![0x80, 1]));
    assert_eq!(receive(&ours).await, None);
}

#[tokio::test]
async fn a_search_for_a_path_that_finds_none_sends_fewer_checks_after_a_while() {
    let socket_layer = socket_layer();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let theirs = loopback();
    let to = theirs.local_addr().expect("an address");
    // An address that has answered is checked as often as ICE wants.
    answers(&ours, &theirs).await;
    let tried = async |since| {
        socket_layer.restart_begins(since);
        for number in 0..10 {
            ours.send_to(&packet::tests::message(1, number, &[]), to).await.expect("sent");
        }
        std::iter::from_fn(|| theirs.recv(&mut [0; 64]).ok()).count()
    };
    let long_ago = Instant::now().checked_sub(HASTE).expect("the machine has been up for a while");
    assert_eq!(tried(Instant::now()).await, 10);
    assert_eq!(tried(long_ago).await, 1);
    socket_layer.restart_ends();
    ours.send_to(&packet::tests::message(1, 11, &[]), to).await.expect("sent");
    assert!(
        theirs.recv(&mut [0; 64]).is_ok(),
        "a path that was found is checked as often as the library wants"
    );
}

#[tokio::test]
async fn a_socket_keeps_its_address_as_long_as_the_machine_has_it() {
    let socket_layer = socket_layer();
    let _ours = socket_layer.wrap(loopback()).expect("a socket");
    assert!(!socket_layer.readdress(&[]), "loopback is always there");
}

/// The next datagram, which may be a moment under way.
async fn next(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 64];
    loop {
        match socket.recv(&mut buffer) {
            Ok(length) => return buffer[..length].to_vec(),
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Makes an address one that has answered.
async fn answers(ours: &Arc<dyn AsyncUdpSocket>, theirs: &UdpSocket) {
    let to = theirs.local_addr().expect("an address");
    ours.send_to(&packet::tests::message(1, 99, &[]), to).await.expect("sent");
    next(theirs).await;
    let answer = packet::tests::message(0x0101, 99, &[]);
    theirs.send_to(&answer, ours.local_addr().expect("an address")).expect("sent");
    assert_eq!(receive(ours).await, Some(answer));
}

#[tokio::test]
async fn of_forged_streams_from_the_address_of_the_other_few_reach_the_library() {
    let socket_layer = socket_layer();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let theirs = loopback();
    answers(&ours, &theirs).await;
    let to = ours.local_addr().expect("an address");
    let real = |number: u8| [0x80, 96, 0, number, 0, 0, 0, 0, 0, 0, 0, 77];
    theirs.send_to(&real(0), to).expect("sent");
    assert_eq!(receive(&ours).await, Some(real(0).to_vec()));
    let mut delivered = std::collections::HashSet::new();
    for n in 1..=20_000u32 {
        let mut forged = real(1);
        forged[1] = if n % 2 == 0 { 96 } else { 200 };
        forged[4..8].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_be_bytes());
        forged[8..12].copy_from_slice(&n.wrapping_mul(2_246_822_519).to_be_bytes());
        theirs.send_to(&forged, to).expect("sent");
        if n % 50 == 0 {
            theirs.send_to(&real(2), to).expect("sent");
            // Datagrams of one size may be delivered together.
            while let Some(came) = receive_all(&ours).await {
                delivered.extend(came.chunks(12).map(ssrc_of));
                if came.chunks(12).any(|packet| packet == real(2)) {
                    break;
                }
            }
        }
    }
    assert!(delivered.contains(&77) && delivered.len() <= 9, "{} streams", delivered.len());
}

/// What is there at once, up to a batch of datagrams.
async fn receive_all(socket: &Arc<dyn AsyncUdpSocket>) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 65_536];
    let received = timeout(Duration::from_millis(200), socket.recv_from(&mut buffer)).await.ok()?;
    let (length, _) = received.expect("the socket works");
    buffer.truncate(length);
    Some(buffer)
}

#[tokio::test]
async fn little_goes_to_an_address_that_never_answers_and_nothing_to_one_that_no_peer_has() {
    let socket_layer = new_wire();
    let ours = socket_layer.wrap(loopback()).expect("a socket");
    let victim = loopback();
    let to = victim.local_addr().expect("an address");
    for number in 0..2000u32 {
        let kind = [&[0x80, 96][..], &[22, 254, 253], &[0, 1]][number as usize % 3];
        ours.send_to(kind, to).await.expect("sent, as far as the library knows");
        ours.send_to(&packet::tests::message(1, number as u8, &[]), to).await.expect("sent");
        ours.send_to(&packet::tests::message(0x0101, number as u8, &[]), to).await.expect("sent");
    }
    next(&victim).await;
    let more = std::iter::from_fn(|| victim.recv(&mut [0; 64]).ok()).count();
    assert!(more < 50, "{more}");
    for nowhere in ["127.0.0.1:22", "224.0.0.251:5353", "169.254.169.254:80", "255.255.255.255:5"] {
        let nowhere = nowhere.parse().expect("an address");
        assert!(!socket_layer.may_leave(to, nowhere, &[0x80, 96], Instant::now()), "{nowhere}");
    }
    let elsewhere = "192.0.2.1:0".parse().expect("an address");
    assert!(!socket_layer.may_leave(elsewhere, to, &[0x80, 96], Instant::now()), "the loopback");
    socket_layer.note_servers(&[to]);
    let asked = socket_layer.may_leave(elsewhere, to, &[0x80, 96], Instant::now());
    assert!(!asked, "a server is no exception from how much goes to who never answers");
}

#[tokio::test]
async fn the_sockets_of_a_call_s_connections_share_what_is_bounded() {
    let first = new_wire();
    let second = first.beside();
    let from = SocketAddr::from(([192, 0, 2, 1], 5000));
    let media = |ssrc: u8| [0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, ssrc];
    first.name_streams("a=ssrc:7 cname:x");
    assert!(second.admits(&media(7), from, clock::now()), "what one knows the other knows");
    assert!(!second.admits(&media(8), from, clock::now()));
    // Nobody has answered, so an address gets so much of both together.
    let [a, b] = [1, 2].map(|port| SocketAddr::from(([192, 0, 2, 9], port)));
    let now = clock::now();
    let mut left = 0;
    for n in 0..1_000 {
        let (layer, local) = if n % 2 == 0 { (&first, a) } else { (&second, b) };
        if layer.may_leave(local, from, b"no STUN", now) {
            layer.left(local, from, b"no STUN", Packet::Other, now);
            left += 1;
        }
    }
    assert!((1..=50).contains(&left), "{left}");
}
