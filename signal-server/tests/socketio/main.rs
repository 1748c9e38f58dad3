//! Pages of dialects 3 and 4 on the unmodified Socket.IO client.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod pages;
mod raw;
#[path = "../common/redis.rs"]
#[allow(dead_code, reason = "each test file uses its part")]
mod redis;
mod routes;

use common::{Client, LONG, server};
use pages::{POLLING, Pages, UPGRADED, WEBSOCKET};
use serde_json::{Value, json};
use tokio::time::timeout;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n";

async fn tell(app: &mut Client, message: Value) {
    app.say(&message.to_string()).await;
}

async fn told(app: &mut Client) -> Value {
    serde_json::from_str(&app.hear().await).unwrap()
}

/// Two pages meet, call each other and part, and a third one comes to a full room.
async fn check_room(transports: &[&str]) {
    let server = server().await;
    let mut pages = Pages::of(&server);
    let (anna, bert) = (pages.open("anna", transports).await, pages.open("bert", transports).await);
    pages.open("carl", transports).await;
    meet(&mut pages, &anna, &bert).await;
    server.shutdown().await;
}

/// The same for pages that are open: `anna` and `bert`, who are called that by their sockets, and
/// `carl`.
async fn meet(pages: &mut Pages, anna: &str, bert: &str) {
    pages.emit("anna", json!(["join room", "blue"])).await;
    // Alone: the next thing that she hears is that somebody came.
    pages.emit("anna", json!(["no such event"])).await;
    assert_eq!(pages.hear("anna").await[0], "error");
    pages.emit("bert", json!(["join room", "blue"])).await;
    assert_eq!(pages.hear("bert").await, json!(["other user", anna]));
    assert_eq!(pages.hear("anna").await, json!(["user joined", bert]));

    pages.emit("carl", json!(["join room", "blue"])).await;
    assert_eq!(
        pages.hear("carl").await,
        json!(["room full", "The room \"blue\" holds two people already."])
    );

    let (offer, answer) =
        (json!({"type": "offer", "sdp": OFFER}), json!({"type": "answer", "sdp": OFFER}));
    let candidate = json!({"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0"});
    pages.emit("bert", json!(["offer", {"target": anna, "caller": bert, "sdp": offer}])).await;
    assert_eq!(
        pages.hear("anna").await,
        json!(["offer", {"target": anna, "caller": bert, "sdp": offer}])
    );
    pages.emit("anna", json!(["answer", {"target": bert, "caller": anna, "sdp": answer}])).await;
    assert_eq!(
        pages.hear("bert").await,
        json!(["answer", {"target": bert, "caller": anna, "sdp": answer}])
    );
    for (from, to, target) in [("anna", "bert", bert), ("bert", "anna", anna)] {
        pages
            .emit(from, json!(["ice-candidate", {"target": target, "candidate": candidate}]))
            .await;
        assert_eq!(pages.hear(to).await, json!(["ice-candidate", candidate]));
    }

    pages.close("bert").await;
    // Once for the room, and once for the call.
    assert_eq!(pages.hear("anna").await, json!(["user left", bert]));
    assert_eq!(pages.hear("anna").await, json!(["user left", bert]));
    pages.emit("carl", json!(["join room", "blue"])).await;
    assert_eq!(pages.hear("carl").await, json!(["other user", anna]));
}

#[tokio::test]
async fn two_pages_meet_in_a_room_over_websockets() {
    check_room(WEBSOCKET).await;
}

#[tokio::test]
async fn two_pages_meet_in_a_room_over_long_polls() {
    check_room(POLLING).await;
}

#[tokio::test]
async fn two_pages_meet_in_a_room_over_long_polls_that_become_websockets() {
    check_room(UPGRADED).await;
}

/// What a page says reaches all the others that are in no room.
async fn check_broadcast(transports: &[&str]) {
    let server = server().await;
    let mut pages = Pages::of(&server);
    let anna = pages.open("anna", transports).await;
    pages.open("bert", transports).await;
    pages.open("carl", transports).await;
    pages.open("room", transports).await;
    pages.emit("room", json!(["join room", "blue"])).await;
    pages.emit("room", json!(["no such event"])).await;
    assert_eq!(pages.hear("room").await[0], "error");

    for said in [
        json!("got user media"),
        json!({"type": "offer", "sdp": OFFER}),
        json!([1, [2]]),
        json!(null),
    ] {
        pages.emit("anna", json!(["message", said])).await;
        for page in ["bert", "carl"] {
            assert_eq!(pages.hear(page).await, json!(["message", said]));
        }
    }
    pages.close("anna").await;
    for page in ["bert", "carl"] {
        assert_eq!(pages.hear(page).await, json!(["user disconnected", anna]));
    }
    // Neither the room nor whoever said it heard any of that.
    pages.emit("room", json!(["no such event"])).await;
    assert_eq!(pages.hear("room").await[0], "error");
    server.shutdown().await;
}

#[tokio::test]
async fn what_a_page_says_reaches_all_the_others_over_websockets() {
    check_broadcast(WEBSOCKET).await;
}

#[tokio::test]
async fn what_a_page_says_reaches_all_the_others_over_long_polls() {
    check_broadcast(POLLING).await;
}

#[tokio::test]
async fn what_is_said_in_a_room_stays_there() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    pages.open("lobby", WEBSOCKET).await;
    let anna = pages.open("anna", WEBSOCKET).await;
    let mut bert = Client::log_in(&server.url(), "bert").await;
    pages.emit("anna", json!(["join room", "blue"])).await;
    pages.emit("anna", json!(["no such event"])).await;
    assert_eq!(pages.hear("anna").await[0], "error");
    tell(&mut bert, json!({"type": "join", "room": "blue"})).await;
    assert_eq!(told(&mut bert).await, json!({"type": "joined", "room": "blue", "users": [anna]}));
    assert_eq!(pages.hear("anna").await, json!(["user joined", "bert"]));

    pages.emit("anna", json!(["message", {"text": "hello"}])).await;
    let said =
        json!({"type": "message", "room": "blue", "username": anna, "message": {"text": "hello"}});
    assert_eq!(told(&mut bert).await, said);
    tell(&mut bert, json!({"type": "message", "room": "blue", "message": ["hello"]})).await;
    assert_eq!(pages.hear("anna").await, json!(["message", ["hello"]]));
    pages.emit("lobby", json!(["no such event"])).await;
    assert_eq!(pages.hear("lobby").await[0], "error");
    server.shutdown().await;
}

#[tokio::test]
async fn an_app_that_joins_second_calls_the_page() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    let page = pages.open("page", WEBSOCKET).await;
    pages.emit("page", json!(["join room", "blue"])).await;
    pages.emit("page", json!(["no such event"])).await;
    assert_eq!(pages.hear("page").await[0], "error");
    let mut app = Client::log_in(&server.url(), "alice").await;
    tell(&mut app, json!({"type": "join", "room": "blue"})).await;
    assert_eq!(told(&mut app).await, json!({"type": "joined", "room": "blue", "users": [page]}));
    assert_eq!(pages.hear("page").await, json!(["user joined", "alice"]));

    let (offer, answer) =
        (json!({"type": "offer", "sdp": OFFER}), json!({"type": "answer", "sdp": OFFER}));
    tell(&mut app, json!({"type": "offer", "otherUsername": page, "call": "c1", "offer": offer}))
        .await;
    assert_eq!(
        pages.hear("page").await,
        json!(["offer", {"target": page, "caller": "alice", "sdp": offer}])
    );
    pages.emit("page", json!(["answer", {"target": "alice", "caller": page, "sdp": answer}])).await;
    assert_eq!(told(&mut app).await, json!({"type": "answer", "username": page, "answer": answer}));
    tell(&mut app, json!({"type": "candidate", "otherUsername": page, "call": "c1", "candidate": {"candidate": "x"}}))
        .await;
    tell(
        &mut app,
        json!({"type": "candidate", "otherUsername": page, "call": "c1", "candidate": null}),
    )
    .await;
    assert_eq!(pages.hear("page").await, json!(["ice-candidate", {"candidate": "x"}]));
    pages
        .emit(
            "page",
            json!(["ice-candidate", {"target": "alice", "candidate": {"candidate": "y"}}]),
        )
        .await;
    assert_eq!(
        told(&mut app).await,
        json!({"type": "candidate", "username": page, "candidate": {"candidate": "y"}})
    );
    tell(&mut app, json!({"type": "close", "otherUsername": page, "call": "c1"})).await;
    assert_eq!(pages.hear("page").await, json!(["user left", "alice"]));
    server.shutdown().await;
}

#[tokio::test]
async fn a_page_that_joins_second_calls_the_app() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    let page = pages.open("page", POLLING).await;
    let mut app = Client::log_in(&server.url(), "alice").await;
    tell(&mut app, json!({"type": "join", "room": "blue"})).await;
    assert_eq!(told(&mut app).await, json!({"type": "joined", "room": "blue", "users": []}));
    pages.emit("page", json!(["join room", "blue"])).await;
    assert_eq!(pages.hear("page").await, json!(["other user", "alice"]));
    assert_eq!(
        told(&mut app).await,
        json!({"type": "user-joined", "room": "blue", "username": page})
    );

    let (offer, answer) =
        (json!({"type": "offer", "sdp": OFFER}), json!({"type": "answer", "sdp": OFFER}));
    pages.emit("page", json!(["offer", {"target": "alice", "caller": page, "sdp": offer}])).await;
    assert_eq!(told(&mut app).await, json!({"type": "offer", "username": page, "offer": offer}));
    // Its ringing has no meaning for the page.
    tell(&mut app, json!({"type": "ringing", "otherUsername": page})).await;
    tell(&mut app, json!({"type": "answer", "otherUsername": page, "answer": answer})).await;
    assert_eq!(
        pages.hear("page").await,
        json!(["answer", {"target": page, "caller": "alice", "sdp": answer}])
    );
    pages.close("page").await;
    // It went in order, so the call is over, rather than perhaps going on without the server.
    assert_eq!(told(&mut app).await, json!({"type": "close", "username": page}));
    assert_eq!(
        told(&mut app).await,
        json!({"type": "user-left", "room": "blue", "username": page})
    );
    server.shutdown().await;
}

#[tokio::test]
async fn pages_are_on_no_list_and_can_be_called_by_their_id_all_the_same() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    let page = pages.open("page", WEBSOCKET).await;
    let mut app = Client::log_in(&server.url(), "alice").await;
    tell(&mut app, json!({"type": "users"})).await;
    assert_eq!(told(&mut app).await, json!({"type": "users", "users": [], "total": 0}));
    tell(&mut app, json!({"type": "watch", "usernames": [page]})).await;
    assert_eq!(told(&mut app).await["online"], false);
    tell(
        &mut app,
        json!({"type": "offer", "otherUsername": page, "offer": {"type": "offer", "sdp": OFFER}}),
    )
    .await;
    assert_eq!(pages.hear("page").await[0], "offer");
    server.shutdown().await;
}

#[tokio::test]
async fn rubbish_is_answered_and_the_socket_goes_on() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    pages.open("other", WEBSOCKET).await;
    for (page, transports) in [("wired", WEBSOCKET), ("polled", POLLING)] {
        pages.open(page, transports).await;
        let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
        for (event, code) in [
            (json!(["offer"]), "invalid-json"),
            (json!(["offer", null]), "invalid-json"),
            (json!(["offer", {"target": {"target": 1}, "sdp": []}]), "invalid-json"),
            (json!(["offer", {"target": "nobody", "sdp": {}}]), "unknown-user"),
            (json!(["answer", {"target": "", "sdp": {}}]), "unknown-user"),
            (json!(["ice-candidate", "x", "y", "z"]), "invalid-json"),
            (json!(["join room"]), "invalid-json"),
            (json!(["join room", "x".repeat(100)]), "invalid-json"),
            (json!(["join room", ["blue"]]), "invalid-json"),
            (json!(["__proto__", {}]), "unknown-type"),
            (json!(["message", deep]), "invalid-json"),
        ] {
            pages.emit(page, event.clone()).await;
            let heard = pages.hear(page).await;
            assert_eq!(
                (&heard[0], &heard[1]["code"]),
                (&json!("error"), &json!(code)),
                "{event}: {heard}"
            );
        }
        pages.emit(page, json!(["message", "still here"])).await;
        assert_eq!(pages.hear("other").await, json!(["message", "still here"]));
        pages.close(page).await;
        assert_eq!(pages.hear("other").await[0], "user disconnected");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_server_that_stops_ends_every_session() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    pages.open("wired", WEBSOCKET).await;
    pages.open("upgraded", UPGRADED).await;
    pages.open("polled", POLLING).await;
    timeout(LONG, server.shutdown()).await.expect("an end");
    for page in ["wired", "upgraded", "polled"] {
        let mut heard = pages.hear(page).await;
        while heard[0] == "user disconnected" {
            heard = pages.hear(page).await;
        }
        // A reason for which the client connects again.
        assert!(
            heard[0] == "disconnect" && heard[1].as_str().unwrap().starts_with("transport "),
            "{page}: {heard}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_gone_takes_every_websocket_along() {
    let server = server().await;
    let mut pages = Pages::of(&server);
    pages.open("wired", WEBSOCKET).await;
    pages.open("upgraded", UPGRADED).await;
    server.kill().await;
    for page in ["wired", "upgraded"] {
        while pages.hear(page).await[0] != "disconnect" {}
    }
}
