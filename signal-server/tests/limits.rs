//! The limits: what is too much is refused in words, and costs nobody else.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use common::{Client, handshake};
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use visavis_signal_server::{Config, Limits, QueueLimits, Rate, Server, start};

async fn server(change: impl FnOnce(&mut Limits)) -> Server {
    let mut config = Config::for_tests();
    change(&mut config.limits);
    start(config).await.unwrap()
}

#[tokio::test]
async fn too_many_messages_are_dropped_with_an_error() {
    // So slowly that no second one comes into the allowance while the test runs.
    let server = server(|limits| limits.messages = Rate::new(1, 100)).await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    for n in 0..300 {
        let text = format!(r#"{{"type":"candidate","otherUsername":"bob","candidate":{n}}}"#);
        alice.socket.feed(Message::text(text)).await.unwrap();
    }
    alice.socket.flush().await.unwrap();
    // One of the allowed hundred was the login.
    for n in 0..99 {
        bob.expect(&format!(r#"{{"type":"candidate","username":"alice","candidate":{n}}}"#)).await;
    }
    let words = alice.expect_error("rate-limited").await;
    assert!(words.contains("Too many messages"), "{words}");
    bob.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_flood_ends_its_connection_and_nobody_elses() {
    let server = server(|limits| limits.messages = Rate::new(5, 20)).await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    for message in [Message::text(r#"{"type":"users"}"#), Message::Ping(Bytes::new())] {
        let mut rogue = Client::connect(&server.url()).await;
        // The queue of what is answered is not to end it.
        for _ in 0..2_000 {
            if rogue.socket.feed(message.clone()).await.is_err() {
                break;
            }
        }
        let _ = rogue.socket.flush().await;
        let code = loop {
            match rogue.next_frame().await {
                Some(Message::Close(frame)) => break frame.map(|frame| frame.code),
                Some(_) => {}
                None => break None,
            }
        };
        // Unless the queue ran over first, or the end was torn by what was not read.
        assert!(code.is_none_or(|code| code == CloseCode::Policy), "{code:?}");
    }
    bob.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn too_many_logins_from_an_address_are_refused_and_may_try_again() {
    let server = server(|limits| limits.logins = Rate::new(1, 3)).await;
    let mut clients = Vec::new();
    for n in 0..3 {
        clients.push(Client::log_in(&server.url(), &format!("user{n}")).await);
    }
    let mut late = Client::connect(&server.url()).await;
    late.say(r#"{"type":"login","username":"late"}"#).await;
    let refusal = late.hear().await;
    assert!(
        refusal.contains(r#""reason":"rate-limited""#)
            && refusal.contains("Try again in a few seconds"),
        "{refusal}"
    );
    let logged_in = async {
        loop {
            late.say(r#"{"type":"login","username":"late"}"#).await;
            if late.hear().await.contains(r#""success":true"#) {
                break;
            }
        }
    };
    tokio::time::timeout(common::LONG, logged_in).await.expect("a login when a second is over");
    server.shutdown().await;
}

#[tokio::test]
async fn logins_are_counted_by_the_address_that_a_trusted_proxy_tells() {
    let mut config = Config::for_tests();
    config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    config.limits.logins = Rate::new(1, 1);
    let server = start(config).await.unwrap();
    for n in 0..5 {
        let address = format!("198.51.100.{n}");
        let mut client = handshake(&server.url(), &[("x-forwarded-for", &address)]).await.unwrap();
        client.hear().await;
        client.say(&format!(r#"{{"type":"login","username":"user{n}"}}"#)).await;
        let answer = client.hear().await;
        assert!(answer.contains(r#""success":true"#), "{answer}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn messages_may_be_so_large_and_so_deep() {
    let server = server(|limits| (limits.message_bytes, limits.json_depth) = (2_048, 4)).await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    alice.say(r#"{"type":"offer","otherUsername":"bob","offer":[[["deep"]]]}"#).await;
    bob.expect(r#"{"type":"offer","username":"alice","offer":[[["deep"]]]}"#).await;
    alice.say(r#"{"type":"offer","otherUsername":"bob","offer":[[[["deeper"]]]]}"#).await;
    let words = alice.expect_error("invalid-json").await;
    assert_eq!(words, "The message nests deeper than 4 levels.");

    let large = "x".repeat(2_048);
    alice.say(&format!(r#"{{"type":"offer","otherUsername":"bob","offer":"{large}"}}"#)).await;
    let words = alice.expect_error("too-large").await;
    assert_eq!(words, "The message is larger than 2048 bytes.");
    assert_eq!(alice.expect_close().await.unwrap().code, CloseCode::Size);
    bob.expect(r#"{"type":"close","username":"alice","reason":"disconnected"}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn the_outgoing_queue_may_be_so_long() {
    let queue = QueueLimits { messages: 8, bytes: 200_000 };
    let server = server(|limits| limits.queue = queue).await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let _stuck = Client::log_in(&server.url(), "stuck").await;
    alice.say(r#"{"type":"watch","usernames":["stuck"]}"#).await;
    alice.expect(r#"{"type":"presence","username":"stuck","online":true}"#).await;
    let sdp = "x".repeat(60 * 1024);
    let closed = async {
        loop {
            alice
                .say(&format!(r#"{{"type":"offer","otherUsername":"stuck","offer":"{sdp}"}}"#))
                .await;
            alice.say(r#"{"type":"users"}"#).await;
            if !alice.hear().await.contains("stuck\"]") {
                return;
            }
        }
    };
    tokio::time::timeout(common::LONG, closed).await.expect("who does not read to be closed");
    server.shutdown().await;
}

#[tokio::test]
async fn rooms_are_not_found_by_trying_names() {
    let server = server(|limits| limits.joins = Rate::new(5, 50)).await;
    let mut clients = Vec::new();
    for name in ["alice", "bob"] {
        let mut client = Client::log_in(&server.url(), name).await;
        client.say(r#"{"type":"join","room":"blue"}"#).await;
        let joined = client.hear().await;
        assert!(joined.contains(r#""type":"joined""#), "{joined}");
        clients.push(client);
    }
    let (mut tried, mut stopped) = (0, 0);
    for n in 0..10 {
        let mut stranger = Client::log_in(&server.url(), &format!("stranger{n}")).await;
        for _ in 0..200 {
            stranger.socket.feed(Message::text(r#"{"type":"join","room":"blue"}"#)).await.unwrap();
        }
        stranger.socket.flush().await.unwrap();
        for _ in 0..200 {
            let said = stranger.hear().await;
            assert!(said.contains(r#""inReplyTo":"join""#), "{said}");
            if said.contains(r#""code":"room-full""#) {
                tried += 1;
            } else {
                assert!(said.contains(r#""code":"rate-limited""#) && said.contains("few seconds"));
                stopped += 1;
            }
        }
        // Whatever else they say is heard.
        stranger.expect_nothing_else().await;
    }
    assert_eq!(tried + stopped, 2_000);
    // What is at once, less those who are in the room, and what comes in while the test runs.
    assert!((48..500).contains(&tried), "{tried}");
    server.shutdown().await;
}

/// What the system holds of what was sent over connections of a port and not acknowledged.
#[cfg(target_os = "linux")]
fn unacknowledged(port: u16) -> Vec<usize> {
    let local = format!("0100007F:{port:04X}");
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let of_port = sockets.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let queues = fields.get(4).filter(|_| fields[1] == local)?;
        usize::from_str_radix(queues.split(':').next()?, 16).ok()
    });
    of_port.collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_system_holds_little_for_those_who_do_not_read() {
    const SLOW: usize = 20;
    let server = server(|_| {}).await;
    let mut slow = Vec::new();
    for n in 0..SLOW {
        slow.push(Client::log_in(&server.url(), &format!("slow{n}")).await);
    }
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let sdp = "x".repeat(60_000);
    let mut most = 0;
    for _ in 0..30 {
        for n in 0..SLOW {
            alice
                .say(&format!(r#"{{"type":"offer","otherUsername":"slow{n}","offer":"{sdp}"}}"#))
                .await;
        }
        // Everything before was handled when this is answered.
        alice.say(r#"{"type":"users"}"#).await;
        while !alice.hear().await.contains(r#""type":"users""#) {}
        let held = unacknowledged(server.address().port());
        most = most.max(held.iter().copied().max().unwrap_or_default());
        let all: usize = held.iter().sum();
        assert!(all <= SLOW * 256 * 1024, "{all} bytes are held");
    }
    assert!(most > 10_000, "those who don't read are left behind: {most}");
    assert!(most <= 256 * 1024, "{most} bytes are held for one");
    drop(slow);
    server.shutdown().await;
}
