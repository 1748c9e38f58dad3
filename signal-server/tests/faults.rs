//! What goes wrong on the network, and what peers do that they should not: it is theirs alone.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{Client, LONG, server};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use visavis_signal_server::{Config, Limits, StartError, Timing, start, start_on};

#[tokio::test]
async fn two_hundred_malformed_messages_get_an_error_each_and_the_session_goes_on() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    for n in 0..200 {
        let (text, code) = match n % 8 {
            0 => ("rubbish".to_owned(), "invalid-json"),
            1 => (format!(r#"{{"type":"dance-{n}"}}"#), "unknown-type"),
            2 => (r#"{"type":"offer","otherUsername":"bob"}"#.to_owned(), "invalid-json"),
            3 => (
                r#"{"type":"offer","otherUsername":["bob"],"offer":{}}"#.to_owned(),
                "invalid-json",
            ),
            4 => ("[".repeat(1_000), "invalid-json"),
            5 => (
                format!(r#"{{"type":"ringing","otherUsername":"{}"}}"#, "x".repeat(n)),
                "unknown-user",
            ),
            6 => (r#"{"type":"answer","otherUsername":"bob","answer":"#.to_owned(), "invalid-json"),
            _ => ("\u{feff}{}".to_owned(), "invalid-json"),
        };
        alice.say(&text).await;
        alice.expect_error(code).await;
    }
    alice.send(Message::binary(vec![0xff; 100])).await;
    alice.expect_error("invalid-json").await;
    alice.say(r#"{"type":"ringing","otherUsername":"bob"}"#).await;
    bob.expect(r#"{"type":"ringing","username":"alice"}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn malformed_messages_all_at_once_get_an_error_each_too() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    for _ in 0..200 {
        alice.socket.feed(Message::text("{")).await.unwrap();
    }
    alice.say(r#"{"type":"users"}"#).await;
    for _ in 0..200 {
        alice.expect_error("invalid-json").await;
    }
    alice.expect(r#"{"type":"users","users":[],"total":0}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_one_session_with_words() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    let (largest, offer) = ("x".repeat(64 * 1024 - 60), "x".repeat(1024 * 1024));
    alice.say(&format!(r#"{{"type":"offer","otherUsername":"bob","offer":"{largest}"}}"#)).await;
    bob.expect(&format!(r#"{{"type":"offer","username":"alice","offer":"{largest}"}}"#)).await;
    alice.say(&format!(r#"{{"type":"offer","otherUsername":"bob","offer":"{offer}"}}"#)).await;
    alice.expect_error("too-large").await;
    assert_eq!(alice.expect_close().await.unwrap().code, CloseCode::Size);
    bob.expect(r#"{"type":"close","username":"alice","reason":"disconnected"}"#).await;
    bob.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn frames_that_break_the_rules_end_one_session() {
    let server = server().await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    for (bytes, code) in [
        // A masked text frame that is no UTF-8.
        (vec![0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff], CloseCode::Invalid),
        // A text frame without a mask.
        (vec![0x81, 0x01, b'x'], CloseCode::Protocol),
        // A reserved opcode.
        (vec![0x83, 0x80, 0, 0, 0, 0], CloseCode::Protocol),
        // A frame that says it is 2^63 bytes long.
        (
            vec![0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
            CloseCode::Size,
        ),
    ] {
        let mut rogue = Client::connect(&server.url()).await;
        rogue.stream().write_all(&bytes).await.unwrap();
        if code == CloseCode::Size {
            rogue.expect_error("too-large").await;
        }
        assert_eq!(rogue.expect_close().await.unwrap().code, code, "{bytes:?}");
    }
    bob.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_closed_and_costs_nobody_else() {
    let server = server().await;
    let mut sender = Client::log_in(&server.url(), "sender").await;
    let mut healthy = Client::log_in(&server.url(), "healthy").await;
    let _stuck = Client::log_in(&server.url(), "stuck").await;
    sender.say(r#"{"type":"watch","usernames":["stuck"]}"#).await;
    sender.expect(r#"{"type":"presence","username":"stuck","online":true}"#).await;

    let sdp = "x".repeat(60 * 1024);
    let gone = r#"{"type":"presence","username":"stuck","online":false}"#;
    let mut sent = 0;
    let stopped = async {
        loop {
            sender
                .say(&format!(r#"{{"type":"offer","otherUsername":"stuck","offer":"{sdp}"}}"#))
                .await;
            sent += 1;
            sender
                .say(&format!(
                    r#"{{"type":"candidate","otherUsername":"healthy","candidate":{sent}}}"#
                ))
                .await;
            healthy
                .expect(&format!(
                    r#"{{"type":"candidate","username":"sender","candidate":{sent}}}"#
                ))
                .await;
            while let Ok(heard) = timeout(Duration::from_millis(1), sender.hear()).await {
                if heard == gone {
                    return;
                }
                assert!(heard.contains(r#""reason":"disconnected""#), "{heard}");
            }
        }
    };
    timeout(Duration::from_secs(60), stopped).await.expect("the stuck peer to be closed");
    println!("{sent} offers of 60 KiB were taken");
    // What the system buffers on both sides (some megabytes) comes before our own 256 KiB.
    assert!(sent < 500, "{sent} offers of 60 KiB were taken");
    sender.say(r#"{"type":"ringing","otherUsername":"healthy"}"#).await;
    healthy.expect(r#"{"type":"ringing","username":"sender"}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_burst_reaches_a_peer_that_reads() {
    check_bursts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_reaches_a_peer_that_reads_on_several_threads() {
    check_bursts().await;
}

/// Two people who send each other thousands of messages at once, and lose none.
async fn check_bursts() {
    let server = server().await;
    let mut both = Vec::new();
    for (me, other) in [("alice", "bob"), ("bob", "alice")] {
        let Client { socket } = Client::log_in(&server.url(), me).await;
        let (mut out, mut heard) = socket.split();
        both.push((
            async move {
                for n in 0..5_000 {
                    let text = format!(
                        r#"{{"type":"candidate","otherUsername":"{other}","candidate":{n}}}"#
                    );
                    out.feed(Message::text(text)).await.unwrap();
                }
                out.flush().await.unwrap();
                out
            },
            async move {
                for n in 0..5_000 {
                    let text = heard
                        .next()
                        .await
                        .expect("an open connection")
                        .unwrap()
                        .into_text()
                        .unwrap();
                    assert_eq!(
                        text,
                        format!(r#"{{"type":"candidate","username":"{other}","candidate":{n}}}"#)
                    );
                }
                heard
            },
        ));
    }
    let tasks: Vec<_> = both
        .into_iter()
        .map(|(says, hears)| tokio::spawn(async { tokio::join!(says, hears) }))
        .collect();
    // Nobody leaves before both have heard everything.
    let mut sockets = Vec::new();
    for task in tasks {
        sockets.push(timeout(LONG, task).await.expect("everything to arrive").unwrap());
    }
    drop(sockets);
    server.shutdown().await;
}

#[tokio::test]
async fn a_peer_that_pings_without_reading_is_closed() {
    let (ping, write) = (Duration::from_secs(1), Duration::from_secs(1));
    let timing = Timing { ping, write, ..Timing::default() };
    let server = start(Config { timing, ..Config::for_tests() }).await.unwrap();
    let mut rogue = Client::log_in(&server.url(), "rogue").await;
    // Masked pings of 125 bytes, a thousand at a time.
    let mut ping = vec![0x89, 0x80 | 125, 0, 0, 0, 0];
    ping.extend([7; 125]);
    let pings = ping.repeat(1_000);
    let floods = async { while rogue.stream().write_all(&pings).await.is_ok() {} };
    timeout(Duration::from_secs(60), floods).await.expect("the flood to be stopped");
    let mut bob = Client::log_in(&server.url(), "bob").await;
    bob.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn silent_and_nameless_connections_are_closed() {
    let timing = Timing {
        login: Duration::from_millis(200),
        ping: Duration::from_millis(200),
        idle: Duration::from_millis(1_500),
        ..Timing::default()
    };
    let server = start(Config { timing, ..Config::for_tests() }).await.unwrap();

    let mut nameless = Client::connect(&server.url()).await;
    assert_eq!(nameless.expect_close().await.unwrap().code, CloseCode::Policy);

    let mut silent = Client::log_in(&server.url(), "silent").await;
    let mut answering = Client::log_in(&server.url(), "answering").await;
    let answers = tokio::spawn(async move { answering.expect_close().await });
    // Reading answers the pings, so this one only looks at the raw stream.
    let mut bytes = vec![0; 1024];
    let ends = async { while silent.stream().read(&mut bytes).await.is_ok_and(|n| n > 0) {} };
    timeout(LONG, ends).await.expect("the silent connection to be closed");
    let mut carol = Client::connect(&server.url()).await;
    carol.say(r#"{"type":"login","username":"answering"}"#).await;
    assert!(carol.hear().await.contains("taken"), "who answers pings stays");
    server.shutdown().await;
    assert_eq!(answers.await.unwrap().unwrap().code, CloseCode::Restart);
}

#[tokio::test]
async fn what_is_no_websocket_harms_nothing() {
    let server = server().await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\r\n\r\n\r\n",
        &[0xff; 9_000],
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut rest = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut rest)).await.expect("an end");
    }
    Client::log_in(&server.url(), "alice").await.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn so_many_connections_and_no_more() {
    let limits = Limits { connections: 9, connections_per_address: 2, ..Limits::default() };
    let server = start(Config { limits, ..Config::for_tests() }).await.unwrap();
    let first = Client::connect(&server.url()).await;
    let mut second = Client::log_in(&server.url(), "second").await;
    assert!(connect_async(server.url()).await.is_err());
    drop(first);
    let again = async { while connect_async(server.url()).await.is_err() {} };
    timeout(LONG, again).await.expect("a place to be free again");
    second.expect_nothing_else().await;
    server.shutdown().await;
}

/// A STUN Binding request, or another with the same form (RFC 8489 §5).
fn stun_request(method: u8) -> [u8; 20] {
    let mut request = [0; 20];
    request[1] = method;
    request[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
    request[8..].copy_from_slice(b"transaction!");
    request
}

#[tokio::test]
async fn stun_is_answered_with_the_address_that_asked_and_offered_at_login() {
    let server = server().await;
    let address = server.stun_address().unwrap();
    let mut alice = Client::connect(&server.url()).await;
    alice.say(r#"{"type":"login","username":"alice"}"#).await;
    alice
        .expect(&format!(
            r#"{{"type":"login","success":true,"username":"alice","iceServers":[{{"urls":["stun:{address}"]}}]}}"#
        ))
        .await;

    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // An Allocate request and rubbish: neither answered, nor in the way.
    for datagram in [&stun_request(0x03)[..], b"rubbish", &[]] {
        socket.send_to(datagram, address).await.unwrap();
    }
    socket.send_to(&stun_request(0x01), address).await.unwrap();
    let mut answer = [0; 256];
    let (length, from) = timeout(LONG, socket.recv_from(&mut answer)).await.unwrap().unwrap();
    assert_eq!(from, address);
    assert_eq!(answer[..2], [0x01, 0x01], "a Binding success response");
    assert_eq!(&answer[8..20], b"transaction!");
    let mapped =
        answer[20..length].windows(12).find(|w| w[..5] == [0x00, 0x20, 0x00, 0x08, 0x00]).unwrap();
    let port = u16::from_be_bytes([mapped[6] ^ 0x21, mapped[7] ^ 0x12]);
    let ip = [mapped[8] ^ 0x21, mapped[9] ^ 0x12, mapped[10] ^ 0xa4, mapped[11] ^ 0x42];
    assert_eq!(SocketAddr::from((ip, port)), socket.local_addr().unwrap());
    server.shutdown().await;
    UdpSocket::bind(address).await.expect("the port to be free");
}

#[tokio::test]
async fn without_stun_the_server_goes_on() {
    let taken = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let stun = Some(taken.local_addr().unwrap());
    let server = start(Config { stun, ..Config::for_tests() }).await.unwrap();
    assert_eq!(server.stun_address(), None);
    let mut alice = Client::connect(&server.url()).await;
    alice.say(r#"{"type":"login","username":"alice"}"#).await;
    alice.expect(r#"{"type":"login","success":true,"username":"alice","iceServers":[]}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_server_that_shuts_down_says_so_and_can_start_again_on_its_port() {
    let server = server().await;
    let address = server.address();
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut nameless = Client::connect(&server.url()).await;
    server.shutdown().await;
    assert_eq!(alice.expect_close().await.unwrap().code, CloseCode::Restart);
    assert_eq!(nameless.expect_close().await.unwrap().code, CloseCode::Restart);

    let again = start(Config { listen: address, ..Config::for_tests() }).await.unwrap();
    Client::log_in(&again.url(), "alice").await.expect_nothing_else().await;
    again.shutdown().await;
}

#[tokio::test]
async fn a_server_that_is_killed_says_nothing_and_can_start_again_on_its_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = start_on(listener, Config::for_tests()).await.unwrap();
    let address = server.address();
    let mut alice = Client::log_in(&server.url(), "alice").await;
    server.kill().await;
    assert_eq!(alice.expect_close().await, None);
    let again = start(Config { listen: address, ..Config::for_tests() }).await.unwrap();
    Client::log_in(&again.url(), "alice").await.expect_nothing_else().await;
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_line_with_what_to_do() {
    let server = server().await;
    let error =
        start(Config { listen: server.address(), ..Config::for_tests() }).await.unwrap_err();
    assert!(matches!(error, StartError::InUse(address) if address == server.address()));
    let expected = format!(
        "{} is in use by another program: stop that, or choose another port with --listen 127.0.0.1:PORT",
        server.address()
    );
    assert_eq!(error.to_string(), expected);
    server.shutdown().await;
}

#[tokio::test]
async fn a_ping_is_answered_and_a_close_is_returned() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    alice.send(Message::Ping(Bytes::from_static(b"there?"))).await;
    let pong = timeout(LONG, alice.socket.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(pong, Message::Pong(Bytes::from_static(b"there?")));
    alice.socket.close(None).await.unwrap();
    assert!(matches!(
        timeout(LONG, alice.socket.next()).await.unwrap(),
        Some(Ok(Message::Close(_))) | None
    ));
    server.shutdown().await;
}
