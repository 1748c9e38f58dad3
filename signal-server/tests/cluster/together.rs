//! What people on two nodes do together, when all is well.

use serde_json::json;

use crate::common::Client;
use crate::nodes::{
    LONG_LEASE, expect_in_any_order, heard, is_granted, log_in, login, node, resumable, resume,
    two_nodes, until, users,
};
use crate::redis::Redis;

const OFFER: &str = r#"{"type":"offer","sdp":"v=0\r\n","extra": [1.50]}"#;
const ANSWER: &str = r#"{"type":"answer","sdp":"v=0\r\n"}"#;

#[tokio::test]
async fn a_whole_call_goes_from_node_to_node_to_the_letter_and_in_order() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    alice
        .say(&format!(r#"{{"type":"offer","otherUsername":"bob","call":"c1","offer":{OFFER}}}"#))
        .await;
    bob.expect(&format!(r#"{{"type":"offer","username":"alice","call":"c1","offer":{OFFER}}}"#))
        .await;
    bob.say(r#"{"type":"ringing","otherUsername":"alice","call":"c1"}"#).await;
    alice.expect(r#"{"type":"ringing","username":"bob","call":"c1"}"#).await;
    bob.say(&format!(
        r#"{{"type":"answer","otherUsername":"alice","call":"c1","answer":{ANSWER}}}"#
    ))
    .await;
    alice
        .expect(&format!(r#"{{"type":"answer","username":"bob","call":"c1","answer":{ANSWER}}}"#))
        .await;
    for n in 0..200 {
        let candidate = format!(r#""call":"c1","candidate":{{"candidate":"candidate:{n}"}}"#);
        alice.say(&format!(r#"{{"type":"candidate","otherUsername":"bob",{candidate}}}"#)).await;
        bob.say(&format!(r#"{{"type":"candidate","otherUsername":"alice",{candidate}}}"#)).await;
    }
    for n in 0..200 {
        let candidate = format!(r#""call":"c1","candidate":{{"candidate":"candidate:{n}"}}"#);
        bob.expect(&format!(r#"{{"type":"candidate","username":"alice",{candidate}}}"#)).await;
        alice.expect(&format!(r#"{{"type":"candidate","username":"bob",{candidate}}}"#)).await;
    }
    bob.say(r#"{"type":"close","otherUsername":"alice","call":"c1"}"#).await;
    alice.expect(r#"{"type":"close","username":"bob","call":"c1"}"#).await;
    alice.say(r#"{"type":"offer","otherUsername":"bob","call":"c2","offer":{}}"#).await;
    bob.expect(r#"{"type":"offer","username":"alice","call":"c2","offer":{}}"#).await;
    drop(bob);
    alice.expect(r#"{"type":"close","username":"bob","call":"c2","reason":"disconnected"}"#).await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn who_is_nowhere_is_said_to_be_nowhere_and_a_call_finds_whoever_just_came() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    alice.say(r#"{"type":"offer","otherUsername":"bob","call":"c1","offer":{}}"#).await;
    alice.expect_error("unknown-user").await;
    alice.say(r#"{"type":"watch","usernames":["bob"]}"#).await;
    alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    for _ in 0..20 {
        // Called in the very moment in which they are seen.
        let mut bob = Client::connect(&two.url()).await;
        bob.say(&login("bob").to_string()).await;
        alice.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
        alice.say(r#"{"type":"offer","otherUsername":"bob","offer":{}}"#).await;
        assert!(is_granted(&heard(&mut bob).await));
        bob.expect(r#"{"type":"offer","username":"alice","offer":{}}"#).await;
        bob.say(r#"{"type":"decline","otherUsername":"alice","reason":"busy"}"#).await;
        alice.expect(r#"{"type":"decline","username":"bob","reason":"busy"}"#).await;
        drop(bob);
        alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    }
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn everyone_is_listed_on_every_node_and_watched_from_every_node() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    let mut bo = Client::log_in(&two.url(), "bo").await;
    alice.say(&users().to_string()).await;
    alice.expect(r#"{"type":"users","users":["bo","bob"],"total":2}"#).await;
    bob.say(r#"{"type":"users","prefix":"AL"}"#).await;
    bob.expect(r#"{"type":"users","users":["alice"],"total":1}"#).await;
    bob.say(r#"{"type":"users","prefix":"b"}"#).await;
    bob.expect(r#"{"type":"users","users":["bo"],"total":1}"#).await;

    // Somebody who is there already, somebody of one's own node, and somebody who comes later.
    alice.say(r#"{"type":"watch","usernames":["bob","carol"]}"#).await;
    let presence =
        |username, online| json!({"type": "presence", "username": username, "online": online});
    expect_in_any_order(&mut alice, [presence("bob", true), presence("carol", false)]).await;
    bo.say(r#"{"type":"watch","usernames":["bob"]}"#).await;
    bo.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
    let carol = Client::log_in(&two.url(), "carol").await;
    alice.expect(r#"{"type":"presence","username":"carol","online":true}"#).await;
    drop(carol);
    alice.expect(r#"{"type":"presence","username":"carol","online":false}"#).await;

    // From node to node, and away from it.
    drop(bob);
    for client in [&mut alice, &mut bo] {
        client.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    }
    let bob = Client::log_in(&one.url(), "bob").await;
    for client in [&mut alice, &mut bo] {
        client.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
    }
    drop(bob);
    for client in [&mut alice, &mut bo] {
        client.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    }
    // Nobody whom they do not watch any more.
    alice.say(r#"{"type":"watch","usernames":[]}"#).await;
    alice.expect_nothing_else().await;
    let _bob = Client::log_in(&two.url(), "bob").await;
    bo.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
    alice.expect_nothing_else().await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_long_list_is_cut_and_counted() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut others = Vec::new();
    for n in 0..105 {
        let server = if n % 2 == 0 { &one } else { &two };
        others.push(Client::log_in(&server.url(), &format!("u{n:03}x")).await);
    }
    let mut alice = Client::log_in(&two.url(), "alice").await;
    let found = log_in(&mut alice, users()).await;
    let listed: Vec<_> =
        found["users"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let expected: Vec<_> = (0..100).map(|n| format!("u{n:03}x")).collect();
    assert_eq!(
        (listed, &found["total"]),
        (expected.iter().map(String::as_str).collect(), &105.into())
    );
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_room_of_two_is_one_room_on_all_nodes() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    let mut carol = Client::log_in(&two.url(), "carol").await;
    alice.say(r#"{"type":"join","room":"blue"}"#).await;
    alice.expect(r#"{"type":"joined","room":"blue","users":[]}"#).await;
    bob.say(r#"{"type":"join","room":"blue"}"#).await;
    bob.expect(r#"{"type":"joined","room":"blue","users":["alice"]}"#).await;
    alice.expect(r#"{"type":"user-joined","room":"blue","username":"bob"}"#).await;
    carol.say(r#"{"type":"join","room":"blue"}"#).await;
    carol.expect_error("room-full").await;
    bob.say(r#"{"type":"join","room":"blue"}"#).await;
    bob.expect(r#"{"type":"joined","room":"blue","users":["alice"]}"#).await;
    bob.say(r#"{"type":"message","room":"blue","message":{"hi": 1}}"#).await;
    alice.expect(r#"{"type":"message","room":"blue","username":"bob","message":{"hi": 1}}"#).await;
    // One leaves by going elsewhere, the other by going away.
    alice.say(r#"{"type":"join","room":"red"}"#).await;
    alice.expect(r#"{"type":"joined","room":"red","users":[]}"#).await;
    bob.expect(r#"{"type":"user-left","room":"blue","username":"alice"}"#).await;
    let join = json!({"type": "join", "room": "blue"});
    let joined = until(&mut carol, &join, |reply| reply["type"] == "joined").await;
    assert_eq!(joined, json!({"type": "joined", "room": "blue", "users": ["bob"]}));
    bob.expect(r#"{"type":"user-joined","room":"blue","username":"carol"}"#).await;
    drop(bob);
    carol.expect(r#"{"type":"user-left","room":"blue","username":"bob"}"#).await;
    alice.say(&join.to_string()).await;
    alice.expect(r#"{"type":"joined","room":"blue","users":["carol"]}"#).await;
    carol.expect(r#"{"type":"user-joined","room":"blue","username":"alice"}"#).await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_name_is_taken_on_every_node_until_its_owner_is_gone() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let alice = Client::log_in(&one.url(), "alice").await;
    let mut other = Client::connect(&two.url()).await;
    let reply = log_in(&mut other, login("Alice")).await;
    assert_eq!((&reply["success"], &reply["reason"]), (&false.into(), &"taken".into()), "{reply}");
    drop(alice);
    until(&mut other, &login("alice"), is_granted).await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn of_all_who_claim_a_name_at_once_exactly_one_gets_it() {
    const CLAIMANTS: usize = 4;
    let redis = Redis::start();
    let nodes = two_nodes(&redis).await;
    for round in 0..50 {
        let name = format!("round-{round}x");
        let claims = (0..CLAIMANTS).map(|n| {
            let (url, name) = (nodes[n % 2].url(), name.clone());
            tokio::spawn(async move {
                let mut client = Client::connect(&url).await;
                let reply = log_in(&mut client, login(&name)).await;
                assert!(is_granted(&reply) || reply["reason"] == "taken", "{reply}");
                (client, is_granted(&reply))
            })
        });
        let mut claimed = Vec::new();
        for claim in claims.collect::<Vec<_>>() {
            claimed.push(claim.await.unwrap());
        }
        assert_eq!(claimed.iter().filter(|(_, granted)| *granted).count(), 1, "round {round}");
    }
    for node in nodes {
        node.shutdown().await;
    }
}

#[tokio::test]
async fn whoever_shows_the_token_takes_a_session_from_node_to_node() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut watcher = Client::log_in(&one.url(), "watcher").await;
    watcher.say(r#"{"type":"watch","usernames":["alice"]}"#).await;
    watcher.expect(r#"{"type":"presence","username":"alice","online":false}"#).await;
    let (mut before, token) = resumable(&one.url(), "alice").await;
    watcher.expect(r#"{"type":"presence","username":"alice","online":true}"#).await;
    let (_stranger, reply) = resume(&two.url(), "alice", "no-such-token").await;
    assert_eq!(reply["reason"], "taken", "{reply}");

    let (mut alice, reply) = resume(&two.url(), "alice", &token).await;
    assert!(is_granted(&reply), "{reply}");
    assert_ne!(reply["resume"].as_str(), Some(token.as_str()), "a token stands for one session");
    before.expect_close().await;
    // She is still there.
    watcher.expect(r#"{"type":"presence","username":"alice","online":true}"#).await;
    watcher.say(r#"{"type":"offer","otherUsername":"alice","call":"c1","offer":{}}"#).await;
    alice.expect(r#"{"type":"offer","username":"watcher","call":"c1","offer":{}}"#).await;
    let (_late, reply) = resume(&one.url(), "alice", &token).await;
    assert_eq!(reply["reason"], "taken", "the token was used: {reply}");
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_node_that_ends_keeps_names_for_those_who_can_prove_theirs() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let (_alice, token) = resumable(&one.url(), "alice").await;
    let _bob = Client::log_in(&one.url(), "bob").await;
    one.shutdown().await;
    let mut other = Client::connect(&two.url()).await;
    assert_eq!(log_in(&mut other, login("alice")).await["reason"], "taken");
    assert!(is_granted(&log_in(&mut other, login("bob")).await), "nobody can come back as bob");
    let (_alice, reply) = resume(&two.url(), "alice", &token).await;
    assert!(is_granted(&reply), "{reply}");
    two.shutdown().await;
}

#[tokio::test]
async fn servers_with_different_prefixes_know_nothing_of_each_other() {
    let redis = Redis::start();
    let one = node(&redis.url(), LONG_LEASE).await;
    let mut config = crate::nodes::config(&redis.url(), LONG_LEASE);
    config.redis.as_mut().unwrap().prefix = "other:".into();
    let two = visavis_signal_server::start(config).await.unwrap();
    let _alice = Client::log_in(&one.url(), "alice").await;
    let mut alice = Client::log_in(&two.url(), "alice").await;
    alice.say(&users().to_string()).await;
    alice.expect(r#"{"type":"users","users":[],"total":0}"#).await;
    one.shutdown().await;
    two.shutdown().await;
}
