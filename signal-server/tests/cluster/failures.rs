//! What happens when a node is killed, and when Redis stands still, is out of reach, or forgets
//! everything.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use visavis_signal_server::Server;

use crate::common::{Client, LONG, get};
use crate::nodes::{
    LONG_LEASE, SHORT_LEASE, expect_in_any_order, heard, is_granted, log_in, login, node,
    resumable, resume, two_nodes, until, users,
};
use crate::redis::Redis;

/// A network path to Redis that can be cut without either end noticing, as a network does it.
struct CuttablePath {
    port: u16,
    open: watch::Sender<bool>,
    _relay: JoinSet<()>,
}

impl CuttablePath {
    async fn to(redis: &Redis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, to) = (listener.local_addr().unwrap().port(), redis.port);
        let (open, is_open) = watch::channel(true);
        let mut relay = JoinSet::new();
        relay.spawn(async move {
            let mut streams = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let mut is_open = is_open.clone();
                streams.spawn(async move {
                    let Ok(far) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                    let (mut near, mut far) = (near, far);
                    {
                        let cut = async { drop(is_open.wait_for(|open| !open).await) };
                        let relay = tokio::io::copy_bidirectional(&mut near, &mut far);
                        tokio::select! {
                            () = cut => {}
                            _ = relay => return,
                        }
                    }
                    // Nothing goes through, and nobody is told; when the path is open again, this
                    // one is lost.
                    drop(is_open.wait_for(|open| *open).await);
                    let _ = near.shutdown().await;
                });
            }
        });
        Self { port, open, _relay: relay }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn cut(&self) {
        self.open.send_replace(false);
    }

    fn mend(&self) {
        self.open.send_replace(true);
    }
}

/// Calls somebody until the answer is an error with this code.
pub(crate) async fn until_error(caller: &mut Client, callee: &str, code: &str) {
    let offer = json!({"type": "offer", "otherUsername": callee, "call": "c9", "offer": {}});
    until(caller, &offer, |answer| {
        assert_eq!(answer["type"], "error", "{answer}");
        answer["code"] == code
    })
    .await;
}

/// Calls somebody until they are rung.
pub(crate) async fn until_rung(caller: &mut Client, callee: &mut Client, name: &str) {
    let ringing = async {
        loop {
            caller
                .say(
                    &json!({"type": "offer", "otherUsername": name, "call": "c8", "offer": {}})
                        .to_string(),
                )
                .await;
            tokio::select! {
                answer = caller.hear() => assert!(answer.contains("error"), "{answer}"),
                offer = callee.hear() => {
                    assert!(offer.contains(r#""call":"c8""#), "{offer}");
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, ringing).await.expect("a ring in the end");
}

#[tokio::test]
async fn users_of_a_killed_node_come_back_on_another_and_nobody_else_gets_their_names() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let (alice, token) = resumable(&one.url(), "alice").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    bob.say(r#"{"type":"watch","usernames":["alice"]}"#).await;
    bob.expect(r#"{"type":"presence","username":"alice","online":true}"#).await;
    one.kill().await;
    drop(alice);
    // Her name is hers, so she is not gone; she can't be reached.
    until_error(&mut bob, "alice", "unavailable").await;
    let mut mallory = Client::connect(&two.url()).await;
    assert_eq!(log_in(&mut mallory, login("alice")).await["reason"], "taken");
    let (mut alice, reply) = resume(&two.url(), "alice", &token).await;
    assert!(is_granted(&reply), "{reply}");
    bob.expect(r#"{"type":"presence","username":"alice","online":true}"#).await;
    bob.say(r#"{"type":"offer","otherUsername":"alice","call":"c1","offer":{}}"#).await;
    alice.expect(r#"{"type":"offer","username":"bob","call":"c1","offer":{}}"#).await;
    two.shutdown().await;
}

#[tokio::test]
async fn what_a_killed_node_held_is_free_and_off_every_list_when_its_leases_have_ended() {
    let redis = Redis::start();
    let [one, two] = [node(&redis.url(), SHORT_LEASE).await, node(&redis.url(), SHORT_LEASE).await];
    let mut alice = Client::log_in(&one.url(), "alice").await;
    let mut carol = Client::log_in(&one.url(), "carol").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    for client in [&mut alice, &mut carol] {
        client.say(r#"{"type":"join","room":"blue"}"#).await;
        assert_eq!(heard(client).await["type"], "joined");
    }
    bob.say(r#"{"type":"watch","usernames":["alice"]}"#).await;
    bob.expect(r#"{"type":"presence","username":"alice","online":true}"#).await;
    bob.say(r#"{"type":"join","room":"blue"}"#).await;
    bob.expect_error("room-full").await;
    one.kill().await;
    bob.expect(r#"{"type":"presence","username":"alice","online":false}"#).await;
    until(&mut bob, &users(), |answer| {
        *answer == json!({"type": "users", "users": [], "total": 0})
    })
    .await;
    until_error(&mut bob, "alice", "unknown-user").await;
    let join = json!({"type": "join", "room": "blue"});
    let joined = until(&mut bob, &join, |answer| answer["type"] == "joined").await;
    assert_eq!(joined["users"], json!([]), "those who were in it are gone");
    let mut alice = Client::connect(&two.url()).await;
    until(&mut alice, &login("alice"), is_granted).await;
    two.shutdown().await;
}

#[tokio::test]
async fn without_redis_those_here_call_each_other_and_everything_else_is_refused_at_once() {
    let mut redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let (_waiting, token) = resumable(&one.url(), "dave").await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    let mut carol = Client::log_in(&one.url(), "carol").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    redis.kill();
    until_error(&mut alice, "bob", "unavailable").await;
    alice.say(r#"{"type":"offer","otherUsername":"carol","call":"c1","offer":{}}"#).await;
    carol.expect(r#"{"type":"offer","username":"alice","call":"c1","offer":{}}"#).await;
    carol.say(r#"{"type":"close","otherUsername":"alice","call":"c1"}"#).await;
    alice.expect(r#"{"type":"close","username":"carol","call":"c1"}"#).await;
    alice.say(&users().to_string()).await;
    alice.expect_error("unavailable").await;
    alice.say(r#"{"type":"join","room":"blue"}"#).await;
    alice.expect_error("unavailable").await;
    let mut late = Client::connect(&one.url()).await;
    let reply = log_in(&mut late, login("late")).await;
    assert_eq!(
        (&reply["success"], &reply["reason"]),
        (&false.into(), &"unavailable".into()),
        "{reply}"
    );
    let (_dave, reply) = resume(&one.url(), "dave", &token).await;
    assert!(is_granted(&reply), "a session of this node needs nobody: {reply}");

    // It comes back, and knows of nothing: those who are here have their names all the same.
    redis.start_again();
    until(&mut late, &login("late"), is_granted).await;
    until_rung(&mut alice, &mut bob, "bob").await;
    let mut other = Client::connect(&two.url()).await;
    for name in ["alice", "carol", "dave"] {
        assert_eq!(log_in(&mut other, login(name)).await["reason"], "taken", "{name}");
    }
    let all = json!({"type": "users", "users": ["alice", "bob", "carol", "dave"], "total": 4});
    until(&mut late, &users(), |answer| *answer == all).await;
    one.shutdown().await;
    two.shutdown().await;
}

/// Until a node says that it is ready, or that it is not, as balancers ask it.
async fn until_readiness(node: &Server, status: u16, words: &str) {
    let asking = async {
        loop {
            let pages = [
                get(node.address(), "/readyz").await,
                get(node.metrics_address().unwrap(), "/readyz").await,
            ];
            if pages.iter().all(|(found, text)| *found == status && text.contains(words)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, asking).await.expect("the right readiness in the end");
}

#[tokio::test]
async fn a_node_without_redis_lives_but_is_not_ready_until_it_is_back() {
    let mut redis = Redis::start();
    let node = node(&redis.url(), LONG_LEASE).await;
    until_readiness(&node, 200, "accepts logins").await;
    redis.kill();
    until_readiness(&node, 503, "can't reach the others").await;
    assert_eq!(get(node.address(), "/healthz").await.0, 200);
    redis.start_again();
    until_readiness(&node, 200, "accepts logins").await;
    let mut alice = Client::connect(&node.url()).await;
    until(&mut alice, &login("alice"), is_granted).await;
    node.shutdown().await;
}

#[tokio::test]
async fn what_is_watched_is_right_again_when_redis_is_back() {
    let mut redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    let bob = Client::log_in(&two.url(), "bob").await;
    let _carol = Client::log_in(&two.url(), "carol").await;
    alice.say(r#"{"type":"watch","usernames":["bob","carol"]}"#).await;
    let online = |username| json!({"type": "presence", "username": username, "online": true});
    expect_in_any_order(&mut alice, [online("bob"), online("carol")]).await;
    alice.say(r#"{"type":"join","room":"blue"}"#).await;
    alice.expect(r#"{"type":"joined","room":"blue","users":[]}"#).await;
    redis.kill();
    until_error(&mut alice, "bob", "unavailable").await;
    drop(bob);
    redis.start_again();
    alice.expect(r#"{"type":"presence","username":"bob","online":false}"#).await;
    let mut bob = Client::connect(&two.url()).await;
    until(&mut bob, &login("bob"), is_granted).await;
    alice.expect(r#"{"type":"presence","username":"bob","online":true}"#).await;
    // She still is in the room, too.
    let join = json!({"type": "join", "room": "blue"});
    until(&mut bob, &join, |answer| answer["users"] == json!(["alice"])).await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_node_that_can_not_renew_lets_its_users_go_before_another_can_have_their_names() {
    let redis = Redis::start();
    let path = CuttablePath::to(&redis).await;
    let [one, two] = [node(&path.url(), SHORT_LEASE).await, node(&redis.url(), SHORT_LEASE).await];
    let (mut alice, token) = resumable(&one.url(), "alice").await;
    let mut other = Client::connect(&two.url()).await;
    assert_eq!(log_in(&mut other, login("alice")).await["reason"], "taken");
    path.cut();
    let let_go = tokio::spawn(async move {
        alice.expect_close().await;
        std::time::Instant::now()
    });
    until(&mut other, &login("alice"), is_granted).await;
    let claimed = std::time::Instant::now();
    let let_go = tokio::time::timeout(LONG, let_go).await.expect("an end").unwrap();
    assert!(let_go < claimed, "two had the name for {:?}", let_go - claimed);
    // Whoever was let go is told the truth by either node.
    let (_alice, reply) = resume(&one.url(), "alice", &token).await;
    assert_eq!(reply["reason"], "unavailable", "{reply}");
    path.mend();
    let mut late = Client::connect(&one.url()).await;
    let reply = until(&mut late, &login("alice"), |reply| reply["reason"] != "unavailable").await;
    assert_eq!(reply["reason"], "taken", "{reply}");
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_redis_that_stands_still_costs_the_names_but_no_name_has_two_owners() {
    let redis = Redis::start();
    let [one, two] = [node(&redis.url(), SHORT_LEASE).await, node(&redis.url(), SHORT_LEASE).await];
    let mut alice = Client::log_in(&one.url(), "alice").await;
    redis.pause();
    alice.expect_close().await;
    let mut alice = Client::connect(&one.url()).await;
    assert_eq!(log_in(&mut alice, login("alice")).await["reason"], "unavailable");
    redis.resume();
    let mut bob = Client::connect(&two.url()).await;
    until(&mut bob, &login("alice"), is_granted).await;
    let reply = until(&mut alice, &login("alice"), |reply| reply["reason"] != "unavailable").await;
    assert_eq!(reply["reason"], "taken", "{reply}");
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_short_standstill_costs_nobody_their_name() {
    let redis = Redis::start();
    let [one, two] = [node(&redis.url(), LONG_LEASE).await, node(&redis.url(), LONG_LEASE).await];
    let mut alice = Client::log_in(&one.url(), "alice").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    redis.pause();
    until_error(&mut alice, "bob", "unavailable").await;
    redis.resume();
    until_rung(&mut alice, &mut bob, "bob").await;
    let mut other = Client::connect(&two.url()).await;
    assert_eq!(log_in(&mut other, login("alice")).await["reason"], "taken");
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_server_says_in_one_line_that_redis_is_not_there() {
    let mut redis = Redis::start();
    redis.kill();
    let error = visavis_signal_server::start(crate::nodes::config(&redis.url(), LONG_LEASE))
        .await
        .unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains(&format!("127.0.0.1:{}", redis.port)) && words.contains("check --redis"),
        "{words}"
    );
    assert!(!words.contains('\n'), "{words}");
}
