//! Names that are proven, sessions that go on on another connection, and goodbyes that end them.

mod common;

use std::net::SocketAddr;

use common::{Client, LONG, Script, WELCOME, offer, send, server};
use futures_util::StreamExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use visavis_client::device_key::DeviceKey;
use visavis_client::signaling::SignalingEvent;
use visavis_shared::{
    CallSignal, CloseReason, LoginRefusal, Payload, PublicKey, ServerMessage, Signature,
};
use visavis_signal_server::names::verify;

const HELLO: &str =
    r#"{"type":"hello","protocol":1,"server":"a server","challenge":"Y2hhbGxlbmdl"}"#;
const WELCOME_WITH_TOKEN: &str =
    r#"{"type":"login","success":true,"username":"alice","iceServers":[],"resume":"t1"}"#;
const NOT_ALLOWED: &str =
    r#"{"type":"login","success":false,"reason":"not-allowed","message":"Not yours."}"#;

fn key(number: u8) -> Option<DeviceKey> {
    Some(DeviceKey::from_seed([number; 32]))
}

/// A network between client and server that can be cut.
struct Cable {
    address: SocketAddr,
    plugged: watch::Sender<bool>,
}

impl Cable {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (plugged, mut is_plugged) = watch::channel(true);
        tokio::spawn(async move {
            // Dropping them cuts every connection.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((client, _)) = listener.accept() => if *is_plugged.borrow() {
                        connections.spawn(carry(client, server));
                    },
                    changed = is_plugged.changed() => match changed {
                        Ok(()) if *is_plugged.borrow() => {}
                        Ok(()) => connections.shutdown().await,
                        Err(_) => return,
                    },
                }
            }
        });
        Self { address, plugged }
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(server).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}

fn candidate(number: u16) -> CallSignal {
    CallSignal::Candidate(
        Payload::of(&serde_json::json!({ "candidate": number.to_string() })).expect("JSON"),
    )
}

async fn expect_refusal(client: &mut Client, expected: LoginRefusal) -> String {
    match client.next().await {
        Some(SignalingEvent::LoginRefused { reason, message }) if reason == expected => {
            message.plain()
        }
        other => panic!("not refused as {expected:?}: {other:?}"),
    }
}

/// Whether the login that comes next is a session that goes on.
async fn is_resumed(client: &mut Client) -> bool {
    match client.next().await {
        Some(SignalingEvent::LoggedIn { resumed, .. }) => resumed,
        other => panic!("no login: {other:?}"),
    }
}

#[tokio::test]
async fn a_name_is_its_first_devices_and_another_device_or_a_guest_is_told_so() {
    let server = server().await;
    let mut alice = Client::connect_with(&server.url(), "alice", key(1));
    alice.expect_login("alice").await;
    alice.signaling.close().await;
    for other in [key(2), None] {
        let mut other = Client::connect_with(&server.url(), "alice", other);
        let words = expect_refusal(&mut other, LoginRefusal::NotAllowed).await;
        assert!(words.starts_with("This name belongs to somebody"), "{words}");
    }
    let mut alice = Client::connect_with(&server.url(), "alice", key(1));
    alice.expect_login("alice").await;
    server.shutdown().await;
}

#[tokio::test]
async fn the_challenge_and_the_name_are_signed_with_this_servers_key() {
    let (script, mut alice) = Script::start_for(key(7)).await;
    let (_socket, login) = script.greet_and_accept(Some(HELLO), WELCOME).await;
    alice.expect_login("alice").await;
    let text = |member: &str| login[member].as_str().expect("text").to_owned();
    let public_key: PublicKey = text("publicKey").parse().expect("a key");
    let signature: Signature = text("signature").parse().expect("a signature");
    assert_eq!(verify(&public_key, "Y2hhbGxlbmdl", "alice", &signature), Ok(()));
    let origin = format!("ws://{}", script.listener.local_addr().expect("an address"));
    assert_eq!(public_key, DeviceKey::from_seed([7; 32]).login_key(&origin).public());
}

#[tokio::test]
async fn a_server_whose_challenge_can_not_be_signed_gets_no_login_from_whoever_has_a_key() {
    let long = format!(r#"{{"type":"hello","protocol":1,"challenge":"{}"}}"#, "A".repeat(1000));
    for greeting in [r#"{"type":"hello","protocol":1,"challenge":"a\u0000b"}"#, long.as_str()] {
        let (script, mut alice) = Script::start_for(key(1)).await;
        let mut socket =
            tokio_tungstenite::accept_async(script.accept_tcp().await).await.expect("a WebSocket");
        send(&mut socket, Message::text(greeting)).await;
        let heard = timeout(LONG, socket.next()).await.expect("an end");
        assert!(!matches!(heard, Some(Ok(Message::Text(_)))), "{greeting}: {heard:?}");
        match alice.next().await {
            Some(SignalingEvent::Unreachable { message }) => {
                assert!(message.plain().contains("key"), "{message:?}")
            }
            other => panic!("{greeting} leads to {other:?}"),
        }
    }
}

#[tokio::test]
async fn who_proved_a_name_once_never_comes_back_as_a_guest() {
    let (script, mut alice) = Script::start_for(key(1)).await;
    drop(script.greet_and_accept(Some(HELLO), WELCOME).await);
    alice.expect_login("alice").await;
    alice.expect_down().await;
    let mut silent =
        tokio_tungstenite::accept_async(script.accept_tcp().await).await.expect("a WebSocket");
    let heard = timeout(LONG, silent.next()).await.expect("an end");
    assert!(!matches!(heard, Some(Ok(Message::Text(_)))), "{heard:?}");
    let (_socket, login) = script.greet_and_accept(Some(HELLO), WELCOME).await;
    assert!(login["signature"].is_string(), "{login}");
    alice.expect_login("alice").await;
}

#[tokio::test]
async fn a_token_is_asked_for_shown_after_a_loss_and_dropped_when_it_is_refused() {
    let (script, mut alice) = Script::start().await;
    let (mut socket, login) = script.greet_and_accept(None, WELCOME_WITH_TOKEN).await;
    assert_eq!(login["resume"], "");
    assert!(!is_resumed(&mut alice).await);
    // The server restarts.
    send(&mut socket, Message::Close(Some(CloseFrame { code: 1012.into(), reason: "".into() })))
        .await;
    alice.expect_down().await;
    let (socket, login) = script.greet_and_accept(None, WELCOME_WITH_TOKEN).await;
    assert_eq!(login["resume"], "t1");
    assert!(is_resumed(&mut alice).await);
    drop(socket);
    alice.expect_down().await;
    let taken = r#"{"type":"login","success":false,"reason":"taken","message":"taken"}"#;
    let (_, login) = script.greet_and_accept(None, taken).await;
    assert_eq!(login["resume"], "t1");
    let (_socket, login) = script.greet_and_accept(None, WELCOME_WITH_TOKEN).await;
    assert_eq!(login["resume"], "");
    assert!(!is_resumed(&mut alice).await, "a new session that happens to have the same token");
}

#[tokio::test]
async fn what_is_said_while_the_connection_is_cut_arrives_when_it_is_back() {
    let server = server().await;
    let cable = Cable::to(server.address()).await;
    let mut alice = Client::connect_with(&server.url(), "alice", key(1));
    alice.expect_login("alice").await;
    let mut bob = Client::connect_with(&cable.address.to_string(), "bob", key(2));
    assert!(!is_resumed(&mut bob).await);
    alice.send("bob", offer());
    bob.expect_signal(offer()).await;

    cable.plugged.send_replace(false);
    bob.expect_down().await;
    // From here on the server knows.
    alice.expect_signal(CallSignal::Close(Some(CloseReason::Disconnected))).await;
    for number in 0..20 {
        alice.send("bob", candidate(number));
    }
    alice.send("bob", offer());
    alice.expect_users(&["bob"]).await;

    cable.plugged.send_replace(true);
    assert!(is_resumed(&mut bob).await);
    for number in 0..20 {
        bob.expect_signal(candidate(number)).await;
    }
    bob.expect_signal(offer()).await;
    bob.send("alice", CallSignal::Ringing(None));
    alice.expect_signal(CallSignal::Ringing(None)).await;
    server.shutdown().await;
}

#[tokio::test]
async fn who_closes_frees_the_name_for_everyone_at_once() {
    let server = server().await;
    for _ in 0..3 {
        // Guests, who have nothing but the name.
        let alice = Client::log_in(&server.url(), "alice").await;
        alice.signaling.close().await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn who_logs_in_again_elsewhere_ends_the_first_login_which_does_not_come_back() {
    let server = server().await;
    let mut first = Client::connect_with(&server.url(), "alice", key(1));
    first.expect_login("alice").await;
    let mut second = Client::connect_with(&server.url(), "alice", key(1));
    second.expect_login("alice").await;
    assert_eq!(first.next().await, Some(SignalingEvent::Replaced));
    assert_eq!(first.next().await, None, "it gives up");
    second.expect_users(&[]).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_refused_key_is_told_what_may_be_wrong_and_given_up() {
    let (script, mut alice) = Script::start_for(key(1)).await;
    let (_socket, login) = script.greet_and_accept(Some(HELLO), NOT_ALLOWED).await;
    assert!(login["signature"].is_string(), "{login}");
    let words = expect_refusal(&mut alice, LoginRefusal::NotAllowed).await;
    assert_eq!(
        words,
        "Not yours. If that was this device, write the server's address as you did then."
    );
    assert_eq!(alice.next().await, None);
}

#[tokio::test]
async fn who_called_while_the_app_was_closed_is_told_after_the_login() {
    let server = server().await;
    let mut bob = Client::connect_with(&server.url(), "bob", key(1));
    bob.expect_login("bob").await;
    bob.signaling.close().await;
    let mut alice = Client::connect_with(&server.url(), "alice", key(2));
    alice.expect_login("alice").await;
    alice.send("bob", offer());
    let refused = alice.next().await;
    let Some(SignalingEvent::Message(ServerMessage::Error { .. })) = refused else {
        panic!("bob is not there: {refused:?}");
    };
    let mut bob = Client::connect_with(&server.url(), "bob", key(1));
    bob.expect_login("bob").await;
    match bob.next().await {
        Some(SignalingEvent::Message(ServerMessage::MissedCalls { calls })) => {
            let seen: Vec<_> = calls.iter().map(|call| (call.from.as_str(), call.guest)).collect();
            assert_eq!(seen, [("alice", false)]);
        }
        other => panic!("no missed calls: {other:?}"),
    }
    alice.send("bob", offer());
    bob.expect_signal(offer()).await;
    server.shutdown().await;
}
