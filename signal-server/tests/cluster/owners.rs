//! Names that belong to somebody, on all nodes.

use std::process::Command;

use ed25519_dalek::SigningKey;
use serde_json::json;

use crate::common::Client;
use crate::nodes::{is_granted, log_in, log_in_with_key, login, two_nodes, until};
use crate::redis::Redis;

/// Runs `visavis-signal-server names …` on the names in a Redis: whether it did it, and what it
/// said.
fn names(redis: &Redis, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    command.arg("names").args(arguments).args(["--redis", &redis.url(), "--redis-prefix", "test:"]);
    let output = command.output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said)
}

#[tokio::test]
async fn the_first_key_owns_a_name_on_all_nodes_until_the_operator_releases_it() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    assert_eq!(names(&redis, &["list"]), (true, "Nobody owns a name yet.\n".into()));
    let (hers, another) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let (alice, reply) = log_in_with_key(&one.url(), "Alice", &hers).await;
    assert!(is_granted(&reply), "{reply}");
    drop(alice);
    let (_, reply) = log_in_with_key(&two.url(), "alice", &another).await;
    assert_eq!(reply["reason"], "not-allowed", "{reply}");
    let mut guest = Client::connect(&two.url()).await;
    for name in ["alice", "a1ice", "allce"] {
        let reply = log_in(&mut guest, login(name)).await;
        let may = name == "allce";
        assert_eq!(is_granted(&reply), may, "{reply}");
    }
    let (said, list) = names(&redis, &["list"]);
    assert!(said && list.contains("\nalice ") && list.lines().count() == 2, "{list}");
    let (said, words) = names(&redis, &["release", "ALICE"]);
    assert!(said && words.starts_with("alice is free"), "{words}");
    let (said, words) = names(&redis, &["release", "alice"]);
    assert!(!said && words.contains("nobody owns alice"), "{words}");
    let mut other = Client::connect(&one.url()).await;
    until(&mut other, &login("a1ice"), is_granted).await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn whoever_shows_the_key_takes_their_name_from_node_to_node() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let (mut before, reply) = log_in_with_key(&one.url(), "alice", &key).await;
    assert!(is_granted(&reply), "{reply}");
    let (mut alice, reply) = log_in_with_key(&two.url(), "alice", &key).await;
    assert!(is_granted(&reply), "{reply}");
    before.expect_close().await;
    let mut bob = Client::log_in(&one.url(), "bob").await;
    bob.say(r#"{"type":"offer","otherUsername":"alice","call":"c1","offer":{}}"#).await;
    alice.expect(r#"{"type":"offer","username":"bob","call":"c1","offer":{}}"#).await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn of_two_keys_that_claim_names_that_look_alike_one_owns_one() {
    let redis = Redis::start();
    let nodes = two_nodes(&redis).await;
    for round in 0..20_u8 {
        let claims =
            ["bob1", "bobl"].into_iter().zip(&nodes).enumerate().map(|(n, (name, node))| {
                let (name, url) = (format!("{name}-{round}x"), node.url());
                let key = SigningKey::from_bytes(&[round * 2 + n as u8 + 1; 32]);
                tokio::spawn(async move {
                    let (client, reply) = log_in_with_key(&url, &name, &key).await;
                    assert!(is_granted(&reply) || reply["reason"] == "not-allowed", "{reply}");
                    (client, is_granted(&reply))
                })
            });
        let mut granted = 0;
        for claim in claims.collect::<Vec<_>>() {
            let (_client, was) = claim.await.unwrap();
            granted += usize::from(was);
        }
        assert_eq!(granted, 1, "round {round}");
    }
    let (_, list) = names(&redis, &["list"]);
    assert_eq!(list.lines().count(), 1 + 20, "{list}");
    for node in nodes {
        node.shutdown().await;
    }
}

#[tokio::test]
async fn nobody_owns_a_name_under_which_a_guest_is_online() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let guest = Client::log_in(&one.url(), "alice").await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let (_, reply) = log_in_with_key(&two.url(), "alice", &key).await;
    assert_eq!(reply["reason"], "taken", "{reply}");
    drop(guest);
    assert_eq!(names(&redis, &["list"]).1, "Nobody owns a name yet.\n");
    let mut again = Client::connect(&two.url()).await;
    until(&mut again, &json!({"type": "login", "username": "alice"}), is_granted).await;
    one.shutdown().await;
    two.shutdown().await;
}
