//! What an operator sees: metrics, health and readiness; and how a server goes away.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::time::{Duration, Instant};

use common::{Client, LONG, ask, get, handshake, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use visavis_signal_server::{Config, Limits, Rate, Server, Timing, start};

/// The value of a figure.
async fn figure(server: &Server, name: &str) -> f64 {
    let (status, text) = get(server.metrics_address().unwrap(), "/metrics").await;
    assert_eq!(status, 200, "{text}");
    let value =
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    value.unwrap_or(0.0)
}

/// Until a figure has a value: what a connection leaves behind may take a moment.
async fn expect(server: &Server, name: &str, value: f64) {
    let reached = async { while figure(server, name).await != value {} };
    if timeout(LONG, reached).await.is_err() {
        panic!("{name} is {} and not {value}", figure(server, name).await);
    }
}

#[tokio::test]
async fn the_figures_say_what_happens() {
    let limits = Limits {
        connections_per_address: 3,
        logins: Rate::new(1, 3),
        ..Config::for_tests().limits
    };
    let server = start(Config { limits, ..Config::for_tests() }).await.unwrap();
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    alice.say(r#"{"type":"ringing","otherUsername":"bob"}"#).await;
    bob.hear().await;
    bob.say("rubbish").await;
    bob.expect_error("invalid-json").await;
    let mut third = Client::connect(&server.url()).await;
    for result in ["taken", "rate-limited"] {
        third.say(r#"{"type":"login","username":"alice"}"#).await;
        let answer = third.hear().await;
        assert!(answer.contains(result), "{answer}");
    }
    let mut refused = TcpStream::connect(server.address()).await.unwrap();
    let _ = timeout(LONG, refused.read(&mut [0; 1])).await.expect("an end");
    for (name, value) in [
        (r#"visavis_connections{kind="plain"}"#, 3.0),
        (r#"visavis_connections{kind="websocket"}"#, 3.0),
        (r#"visavis_connections_refused_total{reason="too-many-from-address"}"#, 1.0),
        (r#"visavis_logins_total{result="ok"}"#, 2.0),
        (r#"visavis_logins_total{result="taken"}"#, 1.0),
        (r#"visavis_rate_limited_total{what="logins"}"#, 1.0),
        ("visavis_users_online", 2.0),
        (r#"visavis_messages_received_total{type="login"}"#, 4.0),
        (r#"visavis_messages_received_total{type="ringing"}"#, 1.0),
        (r#"visavis_messages_relayed_total{type="ringing"}"#, 1.0),
        (r#"visavis_errors_total{code="invalid-json"}"#, 1.0),
        ("visavis_connection_duration_seconds_count", 0.0),
    ] {
        expect(&server, name, value).await;
    }
    assert!(figure(&server, "visavis_received_bytes_total").await > 500.0);
    assert!(figure(&server, "visavis_sent_bytes_total").await > 500.0);
    drop((alice, bob, third));
    expect(&server, "visavis_users_online", 0.0).await;
    expect(&server, r#"visavis_connections{kind="plain"}"#, 0.0).await;
    expect(&server, "visavis_connection_duration_seconds_count", 3.0).await;
    let (_, text) = get(server.metrics_address().unwrap(), "/metrics").await;
    assert!(text.contains("application/openmetrics-text") && text.ends_with("# EOF\n"), "{text}");
    assert!(!text.contains("alice") && !text.contains("127.0.0.1"), "{text}");
    server.shutdown().await;
}

#[tokio::test]
async fn turned_away_pages_and_slow_ones_are_counted() {
    let timing = Timing { handshake: Duration::from_millis(200), ..Timing::default() };
    let origins = vec!["https://a.example".parse().unwrap()];
    let server = start(Config { timing, origins, ..Config::for_tests() }).await.unwrap();
    assert!(handshake(&server.url(), &[("origin", "https://b.example")]).await.is_err());
    expect(&server, r#"visavis_connections_refused_total{reason="origin"}"#, 1.0).await;
    let _silent = TcpStream::connect(server.address()).await.unwrap();
    expect(&server, r#"visavis_connections_refused_total{reason="too-slow"}"#, 1.0).await;
    server.shutdown().await;
}

#[tokio::test]
async fn the_page_with_the_figures_holds_nothing_else() {
    let server = server().await;
    let page = server.metrics_address().unwrap();
    assert_eq!(get(page, "/healthz").await.0, 200);
    assert_eq!(get(page, "/readyz").await.0, 200);
    assert_eq!(get(page, "/").await.0, 404);
    assert_eq!(ask(page, "POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.0, 405);
    server.shutdown().await;
    TcpListener::bind(page).await.expect("the port to be free");
}

#[tokio::test]
async fn without_figures_the_server_goes_on() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for metrics in [Some(taken.local_addr().unwrap()), None] {
        let server = start(Config { metrics, ..Config::for_tests() }).await.unwrap();
        assert_eq!(server.metrics_address(), None);
        Client::log_in(&server.url(), "alice").await.expect_nothing_else().await;
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_draining_server_is_alive_but_not_ready_and_tells_everyone_to_come_back() {
    // Somebody who does not answer the close frame keeps the server in that state for so long.
    let timing = Timing { close: Duration::from_secs(4), ..Timing::default() };
    let server = start(Config { timing, ..Config::for_tests() }).await.unwrap();
    let (address, page) = (server.address(), server.metrics_address().unwrap());
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut nameless = Client::connect(&server.url()).await;
    // A connection on which pages are asked for, and which stays open meanwhile.
    let mut pages = TcpStream::connect(address).await.unwrap();
    pages.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    pages.read_buf(&mut Vec::with_capacity(1_024)).await.unwrap();

    let going = tokio::spawn(server.shutdown());
    for client in [&mut alice, &mut nameless] {
        let close = client.expect_close().await.unwrap();
        assert_eq!(
            (close.code, close.reason.as_str()),
            (CloseCode::Restart, "the server restarts, connect again")
        );
    }
    let (status, text) = get(page, "/readyz").await;
    assert!(status == 503 && text.contains("retry-after"), "{text}");
    assert_eq!(get(page, "/healthz").await.0, 200);
    assert!(TcpStream::connect(address).await.is_err(), "no new connections");
    let _ = timeout(LONG, pages.read_to_end(&mut Vec::new()))
        .await
        .expect("an end of the idle connection");
    drop((alice, nameless));
    timeout(LONG, going).await.unwrap().unwrap();
}

#[tokio::test]
async fn many_are_told_over_a_while_and_all_of_them() {
    let server = server().await;
    let mut clients = Vec::new();
    for n in 0..400 {
        clients.push(Client::log_in(&server.url(), &format!("user{n}")).await);
    }
    let began = Instant::now();
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move {
                let close = client.expect_close().await.expect("a close frame");
                (close.code, began.elapsed())
            })
        })
        .collect();
    server.shutdown().await;
    assert!(began.elapsed() < Duration::from_secs(10));
    let mut last = Duration::ZERO;
    for task in tasks {
        let (code, after) = task.await.unwrap();
        assert_eq!(code, CloseCode::Restart);
        last = last.max(after);
    }
    // Four hundred take a fifth of a second.
    assert!(last > Duration::from_millis(100), "all at once, after {last:?}");
}

#[tokio::test]
async fn clients_that_do_not_go_do_not_hold_the_server() {
    let server = server().await;
    let mut stuck = Vec::new();
    for n in 0..5 {
        stuck.push(Client::log_in(&server.url(), &format!("user{n}")).await);
    }
    let mut half = TcpStream::connect(server.address()).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let began = Instant::now();
    server.shutdown().await;
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
}
