//! Nodes of a server, and people who can wait.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use visavis_signal_server::{Config, RedisConfig, Server, start};

use crate::common::{Client, LONG, owners};
use crate::redis::Redis;

/// Long enough for a machine that is busy to renew a lease, short enough to wait for its end.
pub(crate) const SHORT_LEASE: Duration = Duration::from_secs(3);
/// So long that it never ends within a test.
pub(crate) const LONG_LEASE: Duration = Duration::from_secs(30);

pub(crate) fn config(url: &str, lease: Duration) -> Config {
    let redis = RedisConfig { url: url.parse().unwrap(), prefix: "test:".into(), lease };
    Config { redis: Some(redis), ..Config::for_tests() }
}

pub(crate) async fn node(url: &str, lease: Duration) -> Server {
    start(config(url, lease)).await.unwrap()
}

/// Two nodes that meet at a Redis.
pub(crate) async fn two_nodes(redis: &Redis) -> [Server; 2] {
    [node(&redis.url(), LONG_LEASE).await, node(&redis.url(), LONG_LEASE).await]
}

/// The next message.
pub(crate) async fn heard(client: &mut Client) -> Value {
    serde_json::from_str(&client.hear().await).unwrap()
}

/// Logs in, and says what came of it.
pub(crate) async fn log_in(client: &mut Client, login: Value) -> Value {
    client.say(&login.to_string()).await;
    heard(client).await
}

/// Connects and logs in for a session that can be resumed: the client and its token.
pub(crate) async fn resumable(url: &str, name: &str) -> (Client, String) {
    let mut client = Client::connect(url).await;
    let reply = log_in(&mut client, json!({"type": "login", "username": name, "resume": ""})).await;
    assert_eq!(reply["success"], true, "{reply}");
    let token = reply["resume"].as_str().expect("a token").to_owned();
    (client, token)
}

/// Connects, and logs in again with a token: the reply.
pub(crate) async fn resume(url: &str, name: &str, token: &str) -> (Client, Value) {
    let mut client = Client::connect(url).await;
    let reply =
        log_in(&mut client, json!({"type": "login", "username": name, "resume": token})).await;
    (client, reply)
}

/// Connects and logs in with a device's key: the reply.
pub(crate) async fn log_in_with_key(url: &str, name: &str, key: &SigningKey) -> (Client, Value) {
    owners::log_in_with_key(url, name, key, None).await
}

/// The next messages are these, in any order.
pub(crate) async fn expect_in_any_order<const N: usize>(client: &mut Client, expected: [Value; N]) {
    let mut expected = expected.to_vec();
    while !expected.is_empty() {
        let next = heard(client).await;
        let found = expected.iter().position(|value| *value == next);
        expected.remove(found.unwrap_or_else(|| panic!("{next} is none of {expected:?}")));
    }
}

/// Says something again and again until the answer is as it should be.
pub(crate) async fn until(
    client: &mut Client,
    say: &Value,
    is_right: impl Fn(&Value) -> bool,
) -> Value {
    let asking = async {
        loop {
            client.say(&say.to_string()).await;
            let answer = heard(client).await;
            if is_right(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, asking).await.expect("the right answer in the end")
}

/// Whether a login was granted.
pub(crate) fn is_granted(reply: &Value) -> bool {
    reply["type"] == "login" && reply["success"] == true
}

pub(crate) fn login(name: &str) -> Value {
    json!({"type": "login", "username": name})
}

pub(crate) fn users() -> Value {
    json!({"type": "users", "prefix": ""})
}
