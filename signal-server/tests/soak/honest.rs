//! Two people who call each other, and compare what was said with what was heard.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::common::Client;

/// Between two calls, so that the machine stays usable for the tests beside this one.
const PAUSE_MS: std::ops::Range<u64> = 30..150;

/// Calls until the time is over; how many there were. One that does not get through panics.
pub(crate) async fn call_after_call(
    address: SocketAddr,
    pair: usize,
    seed: u64,
    ends: Instant,
) -> u64 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut calls = 0;
    while Instant::now() < ends {
        call(address, &format!("{pair}-{calls}"), &mut random).await;
        calls += 1;
        sleep(Duration::from_millis(random.random_range(PAUSE_MS))).await;
    }
    calls
}

/// One call, from login to goodbye.
async fn call(address: SocketAddr, id: &str, random: &mut StdRng) {
    let url = format!("ws://{address}");
    let names = [format!("anna{id}"), format!("otto{id}")];
    let mut both = [Client::log_in(&url, &names[0]).await, Client::log_in(&url, &names[1]).await];
    let mut wire = Wire { names, id: format!("call-{id}"), both: &mut both };

    let (offer, answer) = (description("offer", random), description("answer", random));
    wire.say(0, "offer", &offer).await;
    wire.say(1, "ringing", &Value::Null).await;
    wire.say(1, "answer", &answer).await;
    for _ in 0..random.random_range(0..10) {
        let from = usize::from(random.random::<bool>());
        wire.say(from, "candidate", &json!({"candidate": text(80, random), "sdpMid": "0"})).await;
    }
    if random.random::<bool>() {
        // ICE restarts in the middle of the call, from the other side.
        wire.say(1, "offer", &description("offer", random)).await;
        wire.say(0, "answer", &description("answer", random)).await;
    }
    let first = usize::from(random.random::<bool>());
    wire.say(first, "close", &Value::Null).await;
    if random.random_range(0..4) > 0 {
        for client in &mut both {
            // The other side may be gone as soon as it has said so.
            let _ = client.socket.close(None).await;
        }
    }
}

/// The way between the two.
struct Wire<'a> {
    names: [String; 2],
    id: String,
    both: &'a mut [Client; 2],
}

impl Wire<'_> {
    /// One says something, and the other hears just that.
    async fn say(&mut self, from: usize, kind: &str, content: &Value) {
        let (me, other) = (&self.names[from], &self.names[1 - from]);
        let mut said = json!({"type": kind, "otherUsername": other, "call": self.id});
        let mut expected = json!({"type": kind, "username": me, "call": self.id});
        if !content.is_null() {
            said[kind] = content.clone();
            expected[kind] = content.clone();
        }
        self.both[from].say(&said.to_string()).await;
        let heard: Value = serde_json::from_str(&self.both[1 - from].hear().await).unwrap();
        assert_eq!(heard, expected);
    }
}

fn description(kind: &str, random: &mut StdRng) -> Value {
    let length = random.random_range(200..6_000);
    json!({"type": kind, "sdp": text(length, random)})
}

/// Text of all sorts, so that anything lost or mixed up shows.
fn text(length: usize, random: &mut StdRng) -> String {
    const LETTERS: [char; 12] = ['a', 'z', '0', '=', ':', ' ', '\r', '\n', '"', '\\', 'é', '🦀'];
    (0..length).map(|_| LETTERS[random.random_range(0..LETTERS.len())]).collect()
}
