//! Calls that were missed on one node and are told on another.

use std::process::Command;

use ed25519_dalek::SigningKey;
use serde_json::json;
use visavis_signal_server::Config;

use crate::common::owners::{self, call, call_in_vain, callers, leave, own, with_key};
use crate::common::{Client, LONG};
use crate::nodes::{LONG_LEASE, config, heard, two_nodes};
use crate::redis::Redis;

fn bobs() -> SigningKey {
    owners::key(1)
}

/// Waits until nobody is online under a name.
async fn until_gone(watcher: &mut Client, name: &str) {
    watcher.say(&json!({"type": "watch", "usernames": [name]}).to_string()).await;
    while heard(watcher).await != json!({"type": "presence", "username": name, "online": false}) {}
}

/// Waits until what is kept for a name is there, or is not.
async fn until_kept(redis: &Redis, name: &str, is_there: bool) -> String {
    let pattern = format!("test:{{*}}:missed:{name}");
    let asking = async {
        loop {
            let key = redis.command(&["KEYS", &pattern]).trim().to_owned();
            if key.is_empty() != is_there {
                return key;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, asking).await.expect("it is kept, or forgotten")
}

#[tokio::test]
async fn what_one_node_keeps_another_tells_once() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let alices = owners::key(2);
    own(&two.url(), "bob", &bobs()).await;
    let mut alice = with_key(&one.url(), "alice", &alices).await;
    let mut carol = Client::log_in(&two.url(), "carol").await;
    until_gone(&mut carol, "bob").await;
    call_in_vain(&mut alice, "bob", "c1").await;
    until_kept(&redis, "bob", true).await;
    call_in_vain(&mut carol, "bob", "c2").await;
    let mut bob = with_key(&two.url(), "bob", &bobs()).await;
    assert_eq!(callers(&heard(&mut bob).await), [("alice", false), ("carol", true)]);
    bob.expect_nothing_else().await;
    until_kept(&redis, "bob", false).await;
    leave(bob).await;
    until_gone(&mut alice, "bob").await;
    let mut bob = with_key(&one.url(), "bob", &bobs()).await;
    bob.expect_nothing_else().await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn what_a_name_missed_is_kept_for_thirty_days_at_most_and_not_for_another_owner() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    own(&one.url(), "bob", &bobs()).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    until_gone(&mut alice, "bob").await;
    call(&mut alice, "bob", "c1").await;
    alice.say(r#"{"type":"nothing-else"}"#).await;
    let key = until_kept(&redis, "bob", true).await;
    let days = |seconds: &str| seconds.trim().parse::<f64>().unwrap() / 86_400.0;
    let lives = days(&redis.command(&["TTL", &key]));
    assert!((29.9..=30.0).contains(&lives), "{lives} days");
    let kept = redis.command(&["GET", &key]);
    assert!(kept.contains("alice") && !kept.contains("c1"), "{kept}");
    // The owner is another one, however that came about.
    let mallorys = owners::key(3);
    redis.command(&["HDEL", "test:{names}:owned", "bob"]);
    let mut mallory = with_key(&two.url(), "bob", &mallorys).await;
    mallory.expect_nothing_else().await;
    leave(mallory).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    command.args(["names", "release", "bob", "--redis", &redis.url(), "--redis-prefix", "test:"]);
    assert!(command.output().unwrap().status.success());
    until_kept(&redis, "bob", false).await;
    assert_eq!(redis.command(&["KEYS", "test:{*}:missed-since"]).trim(), "");
    one.shutdown().await;
    two.shutdown().await;
}

/// Keeps a missed call on one node and tells it on another, whatever Redis it is; and the operator
/// releases the name.
pub(crate) async fn are_told_by([one, two]: [&str; 2], redis: &str) {
    let doras = owners::key(4);
    own(one, "dora", &doras).await;
    let mut alan = Client::log_in(two, "alan").await;
    until_gone(&mut alan, "dora").await;
    call_in_vain(&mut alan, "dora", "c1").await;
    let told = async {
        loop {
            let mut dora = with_key(one, "dora", &doras).await;
            dora.say(r#"{"type":"nothing-else"}"#).await;
            let first = heard(&mut dora).await;
            if first["type"] == "missed-calls" {
                return first;
            }
            leave(dora).await;
        }
    };
    let told = tokio::time::timeout(LONG, told).await.expect("a missed call");
    assert_eq!(callers(&told), [("alan", true)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    command.args(["names", "release", "dora", "--redis", redis, "--redis-prefix", "test:"]);
    let released = command.output().unwrap();
    assert!(released.status.success(), "{}", String::from_utf8_lossy(&released.stderr));
}

#[tokio::test]
async fn when_too_many_names_have_missed_calls_the_one_with_the_oldest_has_none_any_more() {
    const MOST: usize = 50_000 / 16;
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    own(&one.url(), "bob", &bobs()).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    until_gone(&mut alice, "bob").await;
    call(&mut alice, "bob", "c1").await;
    let key = until_kept(&redis, "bob", true).await;
    let since = key.replace(":missed:bob", ":missed-since");
    let fill = format!("for i=1,{MOST} do redis.call('ZADD',KEYS[1],i,'p'..i) end");
    redis.command(&["EVAL", &fill, "1", &since]);
    let old = |n: usize| key.replace(":missed:bob", &format!(":missed:p{n}"));
    for n in 1..=2 {
        redis.command(&["SET", &old(n), "x"]);
    }
    let mut carol = Client::log_in(&two.url(), "carol").await;
    call(&mut carol, "bob", "c2").await;
    let kept = async {
        while !redis.command(&["GET", &key]).contains("carol") {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, kept).await.expect("a missed call");
    let exist = [1, 2].map(|n| redis.command(&["EXISTS", &old(n)]).trim().to_owned());
    assert_eq!(exist, ["0", "1"]);
    assert_eq!(redis.command(&["ZCARD", &since]).trim(), MOST.to_string());
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn what_is_too_old_is_erased_when_a_node_starts() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    own(&one.url(), "bob", &bobs()).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    until_gone(&mut alice, "bob").await;
    call(&mut alice, "bob", "c1").await;
    let key = until_kept(&redis, "bob", true).await;
    let since = key.replace(":missed:bob", ":missed-since");
    // One call of long ago, and one of now.
    let kept = redis.command(&["GET", &key]).trim().to_owned();
    let old = kept.replace('[', r#"[{"from":"zoe","at":"2001-01-01T00:00:00Z"},"#);
    redis.command(&["SET", &key, &old]);
    redis.command(&["ZADD", &since, "978307200", "bob"]);
    one.shutdown().await;
    two.shutdown().await;
    let three = visavis_signal_server::start(config(&redis.url(), LONG_LEASE)).await.unwrap();
    let erased = async {
        while redis.command(&["GET", &key]).contains("zoe") {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, erased).await.expect("zoe is forgotten");
    let mut bob = with_key(&three.url(), "bob", &bobs()).await;
    assert_eq!(callers(&heard(&mut bob).await), [("alice", true)]);
    three.shutdown().await;
}

#[tokio::test]
async fn nodes_that_keep_no_missed_calls_tell_none() {
    let redis = Redis::start();
    let silent = Config { missed_calls: false, ..config(&redis.url(), LONG_LEASE) };
    let one = visavis_signal_server::start(silent).await.unwrap();
    own(&one.url(), "bob", &bobs()).await;
    let mut alice = Client::log_in(&one.url(), "alice").await;
    until_gone(&mut alice, "bob").await;
    call_in_vain(&mut alice, "bob", "c1").await;
    with_key(&one.url(), "bob", &bobs()).await.expect_nothing_else().await;
    assert_eq!(redis.command(&["KEYS", "test:{*}:missed:*"]).trim(), "");
    one.shutdown().await;
}
