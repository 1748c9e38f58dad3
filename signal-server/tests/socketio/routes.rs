//! The same pages by other routes: over TLS, behind a proxy, and on two nodes that are one server.

use std::fs;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use visavis_signal_server::{Config, Limits, RedisConfig, Server, TlsFiles, start};

use crate::common::{Client, LONG};
use crate::meet;
use crate::pages::{POLLING, Pages, UPGRADED, WEBSOCKET};
use crate::redis::Redis;

/// Opens the three pages that meet.
async fn open_and_meet(pages: &mut Pages, transports: &[&str]) {
    let (anna, bert) = (pages.open("anna", transports).await, pages.open("bert", transports).await);
    pages.open("carl", transports).await;
    meet(pages, &anna, &bert).await;
}

async fn check_over_tls(transports: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let files = TlsFiles {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    fs::write(&files.certificate, cert.pem()).unwrap();
    fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    let server = start(Config { tls: Some(files.clone()), ..Config::for_tests() }).await.unwrap();
    let mut pages = Pages::at(format!("https://{}", server.address()), Some(&files.certificate));
    open_and_meet(&mut pages, transports).await;
    server.shutdown().await;
}

#[tokio::test]
async fn pages_meet_over_tls_by_websockets() {
    check_over_tls(WEBSOCKET).await;
}

#[tokio::test]
async fn pages_meet_over_tls_by_long_polls_that_become_websockets() {
    check_over_tls(UPGRADED).await;
}

/// A server behind a proxy on this machine.
async fn proxied(connections_per_address: usize) -> Server {
    let config = Config::for_tests();
    let limits = Limits { connections_per_address, ..config.limits };
    start(Config { trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()], limits, ..config })
        .await
        .unwrap()
}

#[tokio::test]
async fn behind_a_trusted_proxy_pages_count_by_their_own_address() {
    let server = proxied(1).await;
    let mut pages = Pages::of(&server);
    pages.come_from("198.51.100.1");
    pages.open("anna", WEBSOCKET).await;
    pages.begin("again", WEBSOCKET).await;
    assert_eq!(
        pages.hear("again").await[0],
        "connect_error",
        "one is all that an address may have"
    );
    pages.come_from("198.51.100.2");
    pages.open("bert", WEBSOCKET).await;

    pages.close("anna").await;
    pages.come_from("198.51.100.1");
    let since = std::time::Instant::now();
    let mut tries = 0;
    loop {
        let page = format!("later {tries}");
        pages.begin(&page, WEBSOCKET).await;
        if pages.hear(&page).await[0] == "connect" {
            break;
        }
        assert!(since.elapsed() < LONG, "the place does not become free");
        tries += 1;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn pages_meet_behind_a_trusted_proxy_by_long_polls() {
    // A session, a poll and a post of it.
    let server = proxied(3 * 3).await;
    let mut pages = Pages::of(&server);
    pages.come_from("198.51.100.1");
    open_and_meet(&mut pages, POLLING).await;
    server.shutdown().await;
}

async fn two_nodes(redis: &Redis) -> [Server; 2] {
    let node = || {
        let redis =
            RedisConfig { url: redis.url().parse().unwrap(), prefix: "test:".into(), lease: LEASE };
        start(Config { redis: Some(redis), ..Config::for_tests() })
    };
    [node().await.unwrap(), node().await.unwrap()]
}

/// So long that it never ends within a test.
const LEASE: Duration = Duration::from_secs(30);

async fn check_across_nodes(transports: &[&str]) {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut pages = Pages::of(&one);
    let anna = pages.open("anna", transports).await;
    pages.open("carl", transports).await;
    pages.go_to(&two);
    let bert = pages.open("bert", transports).await;
    meet(&mut pages, &anna, &bert).await;
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn pages_on_two_nodes_meet_in_a_room_by_websockets() {
    check_across_nodes(WEBSOCKET).await;
}

#[tokio::test]
async fn pages_on_two_nodes_meet_in_a_room_by_long_polls() {
    check_across_nodes(POLLING).await;
}

#[tokio::test]
async fn what_a_page_says_reaches_those_on_the_other_node() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut pages = Pages::of(&one);
    let anna = pages.open("anna", WEBSOCKET).await;
    pages.open("bert", WEBSOCKET).await;
    pages.go_to(&two);
    pages.open("carl", WEBSOCKET).await;
    for said in [json!("got user media"), json!({"type": "offer"}), json!(null)] {
        pages.emit("anna", json!(["message", said])).await;
        for page in ["bert", "carl"] {
            assert_eq!(pages.hear(page).await, json!(["message", said]), "{page}");
        }
    }
    pages.close("anna").await;
    for page in ["bert", "carl"] {
        assert_eq!(pages.hear(page).await, json!(["user disconnected", anna]), "{page}");
    }
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_page_and_an_app_on_another_node_meet_in_a_room() {
    let redis = Redis::start();
    let [one, two] = two_nodes(&redis).await;
    let mut pages = Pages::of(&one);
    let anna = pages.open("anna", WEBSOCKET).await;
    pages.emit("anna", json!(["join room", "blue"])).await;
    // Answered in order, so she is in the room then.
    pages.emit("anna", json!(["no such event"])).await;
    assert_eq!(pages.hear("anna").await[0], "error");
    let mut bert = Client::log_in(&two.url(), "bert").await;
    bert.say(r#"{"type":"join","room":"blue"}"#).await;
    bert.expect(&format!(r#"{{"type":"joined","room":"blue","users":["{anna}"]}}"#)).await;
    assert_eq!(pages.hear("anna").await, json!(["user joined", "bert"]));
    bert.say(&format!(
        r#"{{"type":"offer","otherUsername":"{anna}","call":"c1","offer":{{"type":"offer","sdp":"v=0"}}}}"#
    ))
    .await;
    let sdp = json!({"type": "offer", "sdp": "v=0"});
    assert_eq!(
        pages.hear("anna").await,
        json!(["offer", {"target": anna, "caller": "bert", "sdp": sdp}])
    );
    one.shutdown().await;
    two.shutdown().await;
}
