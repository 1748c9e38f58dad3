//! Sessions that go on on another connection, and names that belong to a key, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use common::{Client, owners, server};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use visavis_signal_server::names::Guests;
use visavis_signal_server::{Config, start};

/// Logs in and says what the server answers.
async fn login(client: &mut Client, login: Value) -> Value {
    client.say(&login.to_string()).await;
    serde_json::from_str(&client.hear().await).unwrap()
}

/// Logs in with a token, or for a first one; the token.
async fn resumable(url: &str, name: &str, token: &str) -> (Client, String) {
    let mut client = Client::connect(url).await;
    let reply =
        login(&mut client, json!({"type": "login", "username": name, "resume": token})).await;
    assert_eq!(reply["success"], true, "{reply}");
    (client, reply["resume"].as_str().expect("a token").to_owned())
}

/// Logs in with a key.
async fn with_key(url: &str, name: &str, key: &SigningKey) -> (Client, Value) {
    owners::log_in_with_key(url, name, key, None).await
}

/// The connection is gone without a word, as when a cable is pulled.
async fn pull(mut client: Client) {
    client.stream().set_zero_linger().unwrap();
    client.stream().shutdown().await.unwrap();
}

#[tokio::test]
async fn what_was_said_to_a_lost_session_arrives_in_order_when_it_comes_back() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let (mut bob, token) = resumable(&server.url(), "bob", "").await;
    alice.say(r#"{"type":"offer","otherUsername":"bob","call":"c1","offer":{"type":"offer","sdp":"v=0"}}"#).await;
    assert!(bob.hear().await.contains(r#""call":"c1""#));
    pull(bob).await;
    alice.expect(r#"{"type":"close","username":"bob","call":"c1","reason":"disconnected"}"#).await;
    for n in 0..20 {
        let candidate = json!({"type": "candidate", "otherUsername": "bob", "call": "c1", "candidate": {"candidate": n.to_string()}});
        alice.say(&candidate.to_string()).await;
    }
    alice.expect_nothing_else().await;

    let (mut bob, same) = resumable(&server.url(), "bob", &token).await;
    assert_eq!(same, token);
    for n in 0..20 {
        let heard: Value = serde_json::from_str(&bob.hear().await).unwrap();
        assert_eq!(heard["candidate"]["candidate"], n.to_string(), "{heard}");
    }
    bob.say(r#"{"type":"answer","otherUsername":"alice","call":"c1","answer":{"type":"answer","sdp":"v=0"}}"#).await;
    assert!(alice.hear().await.contains("answer"));
    server.shutdown().await;
}

#[tokio::test]
async fn a_second_connection_with_the_token_replaces_the_first() {
    let server = server().await;
    let (mut first, token) = resumable(&server.url(), "bob", "").await;
    let (mut second, _) = resumable(&server.url(), "bob", &token).await;
    let end = first.expect_close().await.expect("a reason");
    assert_eq!(u16::from(end.code), 4001);
    let mut alice = Client::log_in(&server.url(), "alice").await;
    alice.say(r#"{"type":"ringing","otherUsername":"bob"}"#).await;
    second.expect(r#"{"type":"ringing","username":"alice"}"#).await;
    server.shutdown().await;
}

#[tokio::test]
async fn more_than_is_kept_ends_a_lost_session() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let (bob, token) = resumable(&server.url(), "bob", "").await;
    pull(bob).await;
    let mut refused = 0;
    for _ in 0..200 {
        alice
            .say(r#"{"type":"candidate","otherUsername":"bob","candidate":{"candidate":"x"}}"#)
            .await;
    }
    alice.say(r#"{"type":"nothing-else"}"#).await;
    loop {
        let heard = alice.hear().await;
        if heard.contains("nothing-else") {
            break;
        }
        assert!(heard.contains("unknown-user"), "{heard}");
        refused += 1;
    }
    assert!((1..200).contains(&refused), "{refused}");
    let (mut bob, new) = resumable(&server.url(), "bob", &token).await;
    assert_ne!(new, token, "it is a new session");
    bob.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_name_belongs_to_the_first_key_that_logs_in_with_it() {
    let server = server().await;
    let [alices, mallorys] = [1, 2].map(|n| SigningKey::from_bytes(&[n; 32]));
    let (alice, reply) = with_key(&server.url(), "Alice", &alices).await;
    assert_eq!((&reply["success"], &reply["username"]), (&json!(true), &json!("alice")));
    drop(alice);
    let (_, reply) = with_key(&server.url(), "alice", &mallorys).await;
    assert_eq!((&reply["success"], &reply["reason"]), (&json!(false), &json!("not-allowed")));
    assert!(reply["message"].as_str().unwrap().contains("somebody else"), "{reply}");
    let mut guest = Client::connect(&server.url()).await;
    let reply = login(&mut guest, json!({"type": "login", "username": "ALICE"})).await;
    assert_eq!(reply["reason"], "not-allowed");
    let (_alice, reply) = with_key(&server.url(), "alice", &alices).await;
    assert_eq!(reply["success"], true);
    server.shutdown().await;
}

#[tokio::test]
async fn the_same_key_on_another_connection_replaces_the_first() {
    let server = server().await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let (mut first, _) = with_key(&server.url(), "alice", &key).await;
    let (mut second, reply) = with_key(&server.url(), "alice", &key).await;
    assert_eq!(reply["success"], true);
    assert_eq!(u16::from(first.expect_close().await.expect("a reason").code), 4001);
    second.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_signature_for_another_challenge_proves_nothing() {
    let server = server().await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let (mut client, challenge) = Client::connect_for_challenge(&server.url()).await;
    let (_, other) = Client::connect_for_challenge(&server.url()).await;
    assert_ne!(challenge, other);
    let message = owners::signed_login(&other, "alice", &key);
    let reply = login(&mut client, message).await;
    assert_eq!((&reply["success"], &reply["reason"]), (&json!(false), &json!("not-allowed")));
    let reply = login(&mut client, json!({"type": "login", "username": "alice"})).await;
    assert_eq!(reply["success"], true, "the name is still nobody's");
    server.shutdown().await;
}

#[tokio::test]
async fn guests_can_be_kept_out() {
    let mut config = Config::for_tests();
    config.names.guests = Guests::Deny;
    let server = start(config).await.unwrap();
    let mut guest = Client::connect(&server.url()).await;
    let reply = login(&mut guest, json!({"type": "login", "username": "alice"})).await;
    assert_eq!((&reply["success"], &reply["reason"]), (&json!(false), &json!("not-allowed")));
    let (_, reply) = with_key(&server.url(), "alice", &SigningKey::from_bytes(&[1; 32])).await;
    assert_eq!(reply["success"], true);
    server.shutdown().await;
}

/// Closes with this code, or with none, and waits until the server has closed, too.
async fn close(mut client: Client, code: Option<u16>) {
    let frame = code.map(|code| CloseFrame { code: code.into(), reason: "".into() });
    client.send(Message::Close(frame)).await;
    client.expect_close().await;
}

#[tokio::test]
async fn whoever_closes_in_order_frees_the_name_at_once_though_they_have_a_token() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    alice.say(r#"{"type":"watch","usernames":["bob"]}"#).await;
    alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    for code in [Some(1000), None] {
        let (bob, token) = resumable(&server.url(), "bob", "").await;
        alice.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
        close(bob, code).await;
        alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
        // A guest, who has nothing but the name.
        drop(Client::log_in(&server.url(), "bob").await);
        alice.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
        alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
        let (bob, new) = resumable(&server.url(), "bob", &token).await;
        assert_ne!(new, token, "the session is over");
        alice.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
        close(bob, code).await;
        alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn whoever_goes_away_may_come_back() {
    let server = server().await;
    let (bob, token) = resumable(&server.url(), "bob", "").await;
    close(bob, Some(1001)).await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    alice.say(r#"{"type":"ringing","otherUsername":"bob"}"#).await;
    alice.expect_nothing_else().await;
    let (mut bob, same) = resumable(&server.url(), "bob", &token).await;
    assert_eq!(same, token);
    bob.expect(r#"{"type":"ringing","username":"alice"}"#).await;
    server.shutdown().await;
}
