//! Every kind of Redis that `--redis` names.

use serde_json::json;

use crate::common::Client;
use crate::failures::{until_error, until_rung};
use crate::missed_calls::are_told_by;
use crate::nodes::{
    LONG_LEASE, SHORT_LEASE, expect_in_any_order, is_granted, log_in, login, node, resumable,
    resume, until, users,
};
use crate::redis::{Redis, wait_until};

/// A little of everything: leases, routing, presence, the directory, a room, and a node that is
/// killed.
async fn works_by(url: &str) {
    let [one, two] = [node(url, SHORT_LEASE).await, node(url, SHORT_LEASE).await];
    let (mut alice, token) = resumable(&one.url(), "alice").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    let mut other = Client::connect(&two.url()).await;
    assert_eq!(log_in(&mut other, login("alice")).await["reason"], "taken");
    alice.say(r#"{"type":"watch","usernames":["bob","carol"]}"#).await;
    let presence =
        |username, online| json!({"type": "presence", "username": username, "online": online});
    expect_in_any_order(&mut alice, [presence("bob", true), presence("carol", false)]).await;
    let carol = Client::log_in(&two.url(), "carol").await;
    alice.expect(r#"{"type":"presence","username":"carol","online":true}"#).await;
    drop(carol);
    alice.expect(r#"{"type":"presence","username":"carol","online":false}"#).await;
    for n in 0..50 {
        alice
            .say(&format!(r#"{{"type":"offer","otherUsername":"bob","call":"c{n}","offer":{{}}}}"#))
            .await;
    }
    for n in 0..50 {
        bob.expect(&format!(r#"{{"type":"offer","username":"alice","call":"c{n}","offer":{{}}}}"#))
            .await;
    }
    bob.say(r#"{"type":"ringing","otherUsername":"nobody"}"#).await;
    bob.expect_error("unknown-user").await;
    bob.say(&users().to_string()).await;
    bob.expect(r#"{"type":"users","users":["alice"],"total":1}"#).await;
    alice.say(r#"{"type":"join","room":"blue"}"#).await;
    alice.expect(r#"{"type":"joined","room":"blue","users":[]}"#).await;
    bob.say(r#"{"type":"join","room":"blue"}"#).await;
    bob.expect(r#"{"type":"joined","room":"blue","users":["alice"]}"#).await;
    are_told_by([&one.url(), &two.url()], url).await;
    one.kill().await;
    let (mut alice, reply) = resume(&two.url(), "alice", &token).await;
    assert!(is_granted(&reply), "{reply}");
    // Renewed more than once, so that this is not by chance.
    let since = std::time::Instant::now();
    while since.elapsed() < SHORT_LEASE.mul_f64(1.5) {
        assert_eq!(log_in(&mut other, login("bob")).await["reason"], "taken");
        tokio::time::sleep(SHORT_LEASE / 10).await;
    }
    drop(alice.socket.close(None).await);
    drop(bob);
    until(&mut other, &login("bob"), is_granted).await;
    two.shutdown().await;
}

#[tokio::test]
async fn one_server_does() {
    works_by(&Redis::start().url()).await;
}

#[tokio::test]
async fn one_with_a_password_does_and_tells_who_has_none() {
    let redis = Redis::start_with(&["--user", "ann", "on", ">s3cret", "~*", "&*", "+@all"]);
    let url = format!("redis://ann:s3cret@127.0.0.1:{}", redis.port);
    works_by(&url).await;
    let wrong = url.replace("s3cret", "wr0ng");
    let error = visavis_signal_server::start(crate::nodes::config(&wrong, LONG_LEASE))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("check --redis") && !error.contains("wr0ng"), "{error}");
}

#[tokio::test]
async fn sentinels_do() {
    let redis = Redis::start();
    let sentinel = redis.start_sentinel();
    works_by(&format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port)).await;
}

#[tokio::test]
async fn when_sentinels_make_a_copy_the_master_its_nodes_go_on_with_that() {
    let mut master = Redis::start();
    let copy = master.start_replica();
    let sentinel = master.start_sentinel();
    wait_until("the sentinel knows of the copy", || {
        sentinel.command(&["SENTINEL", "REPLICAS", "main"]).contains(&copy.port.to_string())
    });
    let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port);
    let [one, two] = [node(&url, LONG_LEASE).await, node(&url, LONG_LEASE).await];
    let mut alice = Client::log_in(&one.url(), "alice").await;
    let mut bob = Client::log_in(&two.url(), "bob").await;
    until_rung(&mut alice, &mut bob, "bob").await;
    master.kill();
    until_error(&mut alice, "bob", "unavailable").await;
    until_rung(&mut alice, &mut bob, "bob").await;
    assert!(copy.command(&["ROLE"]).starts_with("master"), "{}", copy.command(&["ROLE"]));
    // Nobody lost their name, and new ones can be had.
    let mut other = Client::connect(&two.url()).await;
    let reply = until(&mut other, &login("alice"), |reply| reply["reason"] != "unavailable").await;
    assert_eq!(reply["reason"], "taken", "{reply}");
    until(&mut other, &login("carol"), is_granted).await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_redis_cluster_of_three_does() {
    let redis = Redis::start_cluster_of_three();
    let [one, two, three] = redis.each_ref().map(|node| node.port);
    works_by(&format!("redis+cluster://127.0.0.1:{one},127.0.0.1:{two},127.0.0.1:{three}")).await;
}

#[tokio::test]
async fn a_redis_cluster_does() {
    let redis = Redis::start_cluster();
    works_by(&format!("redis+cluster://127.0.0.1:{}", redis.port)).await;
}

/// What the program says of a Redis that speaks TLS, when it trusts the certificates in a file.
fn names_over_tls(redis: &Redis, trusted: &std::path::Path) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    let url = format!("rediss://localhost:{}", redis.tls_port.unwrap());
    let output = command
        .args(["names", "list", "--redis", &url])
        .env("SSL_CERT_FILE", trusted)
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn one_that_speaks_tls_does_if_its_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key, other] =
        ["certificate", "key", "other"].map(|name| folder.path().join(name));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let another = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&other, another.cert.pem()).unwrap();
    let redis = Redis::start_with_tls(&certificate, &key);
    assert_eq!(names_over_tls(&redis, &certificate), (true, "Nobody owns a name yet.\n".into()));
    let (said, words) = names_over_tls(&redis, &other);
    assert!(!said && words.contains("check --redis") && words.lines().count() == 1, "{words}");
}
