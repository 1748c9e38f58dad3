//! What a hostile client may try, and what a careless one may do.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use visavis_signal_server::names::{Guests, NamesConfig};
use visavis_signal_server::{Config, Limits, Rate, Timing, start};

use crate::common::{LONG, server};
use crate::pages::{Pages, WEBSOCKET};
use crate::raw::{Polled, Wired, ask};

/// Pings come soon, and have to be answered soon.
fn hasty() -> Config {
    let timing = Timing {
        login: Duration::from_millis(500),
        ping: Duration::from_millis(200),
        ..Timing::default()
    };
    Config { timing, ..Config::for_tests() }
}

#[tokio::test]
async fn who_knows_the_id_of_a_socket_can_neither_hear_nor_speak_for_it() {
    let server = server().await;
    let (session, id) = Polled::connect(server.address()).await;
    assert_ne!(session.key, id);
    let query = format!("EIO=4&transport=polling&sid={id}");
    for (method, body) in [("GET", ""), ("POST", r#"42["join room","blue"]"#), ("POST", "1")] {
        let answer = ask(server.address(), method, &query, "", body).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (400, r#"{"code":1,"message":"Session ID unknown"}"#)
        );
    }
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let query = format!("EIO=4&transport=websocket&sid={id}");
    assert_eq!(ask(server.address(), "GET", &query, upgrade, "").await.status, 400);
    assert_eq!(session.post(r#"42["no such event"]"#).await.status, 200);
    assert!(session.hear().await.starts_with(r#"42["error""#));
    server.shutdown().await;
}

#[tokio::test]
async fn every_session_takes_a_place_however_it_is_carried() {
    let limits = Limits { connections_per_address: 3, ..Config::for_tests().limits };
    // A session without a socket is remembered until it should have had one.
    let server = start(Config { limits, ..hasty() }).await.unwrap();
    let wired = Wired::connect(server.address()).await;
    let polled = Polled::open(server.address()).await.unwrap();
    // The third place is that of the request itself.
    assert_eq!(Polled::open(server.address()).await.unwrap_err(), 429);
    assert_eq!(polled.post("1").await.status, 200);
    let again = async {
        // The place of the request before may be free a moment later than its answer is here.
        while Polled::open(server.address()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, again).await.expect("a place");
    drop(wired);
    timeout(LONG, server.shutdown()).await.expect("an end");
}

#[tokio::test]
async fn a_session_that_is_silent_or_has_no_socket_ends() {
    let server = start(hasty()).await.unwrap();
    let began = tokio::time::Instant::now();
    let polled = Polled::open(server.address()).await.unwrap();
    let (silent, _) = Polled::connect(server.address()).await;
    let mut empty = Wired::open(server.address()).await;
    let mut wired = Wired::connect(server.address()).await;
    // It hears pings, and answers none.
    while wired.hear().await.is_some() {}
    while empty.hear().await.is_some() {}
    for session in [polled, silent] {
        let ended = async { while session.poll().await.status == 200 {} };
        timeout(LONG, ended).await.expect("an end");
    }
    assert!(began.elapsed() < LONG);
    server.shutdown().await;
}

#[tokio::test]
async fn a_session_that_answers_pings_lives() {
    let server = start(hasty()).await.unwrap();
    let mut wired = Wired::connect(server.address()).await;
    // The first ping came before the socket.
    wired.say("3").await;
    for _ in 0..8 {
        assert_eq!(wired.packet().await.as_deref(), Some("2"));
        wired.say("3").await;
    }
    wired.say(r#"42["no such event"]"#).await;
    assert!(wired.hear().await.unwrap().starts_with(r#"42["error""#));
    server.shutdown().await;
}

#[tokio::test]
async fn a_socket_that_does_not_read_is_cut_off_and_nobody_waits_for_it() {
    let timing = Timing { write: Duration::from_millis(300), ..Timing::default() };
    let server = start(Config { timing, ..Config::for_tests() }).await.unwrap();
    let mut pages = Pages::of(&server);
    pages.open("reader", WEBSOCKET).await;
    // Neither reads: one has a WebSocket, the other does not poll.
    let _wired = Wired::connect(server.address()).await;
    let (polled, _) = Polled::connect(server.address()).await;
    let mut speaker = Wired::connect(server.address()).await;
    let large = format!(r#"42["message","{}"]"#, "x".repeat(60_000));
    let mut gone = 0;
    let all_gone = async {
        while gone < 2 {
            speaker.say(&large).await;
            let heard = loop {
                let heard = pages.hear("reader").await;
                if heard[0] == "message" {
                    break heard;
                }
                assert_eq!(heard[0], "user disconnected");
                gone += 1;
            };
            assert_eq!(heard[1].as_str().map(str::len), Some(60_000));
        }
    };
    timeout(LONG, all_gone).await.expect("two are cut off");
    assert_eq!(polled.poll().await.status, 400);
    server.shutdown().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_harms_nobody_but_its_sender() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    pages.open("other", WEBSOCKET).await;
    let sized = |bytes: usize| format!(r#"["message","{}"]"#, "x".repeat(bytes - 14));
    let mut wired = Wired::connect(server.address()).await;
    wired.say(&format!("42{}", sized(64 * 1024))).await;
    assert_eq!(pages.hear("other").await[0], "message");
    wired.say(&format!("42{}", sized(64 * 1024 + 1))).await;
    assert!(wired.hear().await.unwrap().starts_with(r#"42["error",{"code":"too-large""#));
    // Beyond what an event can be made of, there is no point in going on.
    wired.say(&format!("42{}", sized(80 * 1024))).await;
    assert_eq!(wired.hear().await, None);
    assert_eq!(pages.hear("other").await[0], "user disconnected");

    let (polled, _) = Polled::connect(server.address()).await;
    assert_eq!(polled.post(&format!("42{}", sized(64 * 1024))).await.status, 200);
    assert_eq!(pages.hear("other").await[0], "message");
    assert_eq!(polled.post(&"x".repeat(200 * 1024)).await.status, 413);
    assert_eq!(polled.post(&format!("42{}", sized(100 * 1024))).await.status, 413);
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_no_packet_ends_the_session_and_no_other() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    pages.open("other", WEBSOCKET).await;
    for packet in [
        "rubbish",
        "",
        "0",
        "5",
        "4",
        "47",
        "42",
        "42{",
        "42[1]",
        "42[]",
        "420[\"a\"",
        "44\"x\"",
        "451-[\"a\"]",
    ] {
        let mut wired = Wired::connect(server.address()).await;
        wired.say(packet).await;
        wired.say(r#"42["message","still here"]"#).await;
        loop {
            let heard = pages.hear("other").await;
            if heard[0] == "user disconnected" {
                break;
            }
            // Some rubbish is passed over; then the socket leaves by itself.
            assert_eq!(heard, json!(["message", "still here"]), "{packet}");
            let _ = wired.socket.close(None).await;
        }
        let (polled, _) = Polled::connect(server.address()).await;
        let status = polled.post(packet).await.status;
        assert!(status == 200 || status == 400, "{packet}: {status}");
        polled.post("1").await;
        assert_eq!(pages.hear("other").await[0], "user disconnected", "{packet}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn an_attachment_is_refused_and_the_socket_goes_on() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    pages.open("page", WEBSOCKET).await;
    let mut wired = Wired::connect(server.address()).await;
    wired.say(r#"451-["message",{"_placeholder":true,"num":0}]"#).await;
    futures_util::SinkExt::send(
        &mut wired.socket,
        tokio_tungstenite::tungstenite::Message::binary(vec![1, 2, 3]),
    )
    .await
    .unwrap();
    assert!(wired.hear().await.unwrap().starts_with(r#"42["error",{"code":"invalid-json""#));
    wired.say(r#"42["message","still here"]"#).await;
    assert_eq!(pages.hear("page").await, json!(["message", "still here"]));
    server.shutdown().await;
}

#[tokio::test]
async fn an_upgrade_that_is_given_up_ends_the_session() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    pages.open("page", WEBSOCKET).await;
    let (polled, id) = Polled::connect(server.address()).await;
    let url = format!(
        "ws://{}/socket.io/?EIO=4&transport=websocket&sid={}",
        server.address(),
        polled.key
    );
    let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    drop(socket);
    assert_eq!(pages.hear("page").await, json!(["user disconnected", id]));
    assert_eq!(polled.poll().await.status, 400);
    server.shutdown().await;
}

#[tokio::test]
async fn pages_of_other_sites_may_read_the_answers() {
    let server = server().await;
    let (address, origin) = (server.address(), "Origin: https://pages.example\r\n");
    for (query, status) in
        [("EIO=4&transport=polling", 200), ("EIO=3&transport=polling", 400), ("", 400)]
    {
        let answer = ask(address, "GET", query, origin, "").await;
        assert_eq!(answer.status, status, "{query}");
        assert!(
            answer.head.contains("\r\naccess-control-allow-origin: https://pages.example"),
            "{}",
            answer.head
        );
        assert!(!answer.head.contains("allow-credentials"), "{}", answer.head);
    }
    let answer = ask(address, "OPTIONS", "EIO=4&transport=polling", origin, "").await;
    assert_eq!(answer.status, 204);
    assert!(answer.head.contains("\r\naccess-control-allow-methods: get, post"), "{}", answer.head);
    let answer = ask(address, "GET", "EIO=4&transport=polling", "", "").await;
    assert!(!answer.head.contains("access-control-allow-origin"), "{}", answer.head);
    server.shutdown().await;
}

#[tokio::test]
async fn too_many_events_are_dropped_and_a_flood_ends_the_session() {
    let limits = Limits { messages: Rate::new(1, 10), ..Config::for_tests().limits };
    let server = start(Config { limits, ..Config::for_tests() }).await.unwrap();
    let mut wired = Wired::connect(server.address()).await;
    let (polled, _) = Polled::connect(server.address()).await;
    let events = |count| vec![r#"42["no such event"]"#; count].join("\u{1e}");
    for _ in 0..12 {
        wired.say(&events(1)).await;
    }
    for n in 0..12 {
        let code = if n < 10 { "unknown-type" } else { "rate-limited" };
        assert!(
            wired.hear().await.unwrap().starts_with(&format!(r#"42["error",{{"code":"{code}""#)),
            "{n}"
        );
    }
    for _ in 0..200 {
        // It may be over in between.
        let packet = tokio_tungstenite::tungstenite::Message::text(events(1));
        if futures_util::SinkExt::send(&mut wired.socket, packet).await.is_err() {
            break;
        }
    }
    while wired.hear().await.is_some() {}
    polled.post(&events(150)).await;
    let ended = async { while polled.poll().await.status == 200 {} };
    timeout(LONG, ended).await.expect("an end");
    server.shutdown().await;
}

#[tokio::test]
async fn too_many_sessions_in_a_short_time_are_turned_away() {
    let limits = Limits { logins: Rate::new(1, 2), ..Config::for_tests().limits };
    let server = start(Config { limits, ..Config::for_tests() }).await.unwrap();
    let _first = Polled::open(server.address()).await.unwrap();
    let _second = Wired::connect(server.address()).await;
    assert_eq!(Polled::open(server.address()).await.unwrap_err(), 429);
    server.shutdown().await;
}

#[tokio::test]
async fn where_guests_are_not_let_in_pages_are_not_either() {
    let names = NamesConfig { guests: Guests::Deny, ..NamesConfig::for_tests() };
    let server = start(Config { names, ..Config::for_tests() }).await.unwrap();
    let mut pages = Pages::of(&server);
    pages.begin("page", WEBSOCKET).await;
    let heard = pages.hear("page").await;
    assert!(
        heard[0] == "connect_error"
            && heard[1].as_str().is_some_and(|words| words.contains("as a guest")),
        "{heard}"
    );
    server.shutdown().await;
}

#[tokio::test]
async fn pages_of_sites_that_are_not_wanted_stay_outside() {
    let origins = vec!["https://pages.example".parse().unwrap()];
    let server = start(Config { origins, ..Config::for_tests() }).await.unwrap();
    for (origin, status) in [("https://pages.example", 200), ("https://other.example", 403)] {
        let headers = format!("Origin: {origin}\r\n");
        assert_eq!(
            ask(server.address(), "GET", "EIO=4&transport=polling", &headers, "").await.status,
            status
        );
    }
    server.shutdown().await;
}
