//! The connection to the signaling server: against the real server, and against one that
//! misbehaves.

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{
    Client, LONG, PRESENCE, Script, TAKEN, WELCOME, expect_presence, offer, send, server,
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use visavis_client::device_key::DeviceKey;
use visavis_client::signaling::SignalingEvent;
use visavis_client::words::phrase;
use visavis_shared::{CallSignal, CloseReason, LoginRefusal};
use visavis_signal_server::{Config, Server, start_on};

const HELLO: &str =
    r#"{"type":"hello","protocol":1,"server":"a server","challenge":"Y2hhbGxlbmdl"}"#;

/// Starts a server where one was stopped a moment ago.
async fn server_at(address: SocketAddr) -> Server {
    let listener = TcpListener::bind(address).await.expect("the port is free again");
    start_on(listener, Config::for_tests()).await.expect("a server")
}

#[tokio::test]
async fn two_clients_log_in_and_receive_each_others_messages() {
    let server = server().await;
    let alice = Client::log_in(&server.url(), "alice").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    bob.expect_users(&["alice"]).await;
    alice.send("bob", offer());
    bob.expect_signal(offer()).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_host_and_a_port_are_address_enough() {
    let server = server().await;
    let bare = server.address().to_string();
    let mut alice = Client::log_in(&bare, "alice").await;
    alice.expect_users(&[]).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_with_words_and_given_up() {
    let server = server().await;
    let mut first = Client::log_in(&server.url(), "alice").await;
    let mut second = Client::connect(&server.url(), "alice");
    match second.next().await {
        Some(SignalingEvent::LoginRefused { reason: LoginRefusal::Taken, message }) => {
            assert!(message.plain().contains("Choose another username"), "{message:?}");
        }
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(second.next().await, None);
    first.expect_users(&[]).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_and_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut alice = Client::connect(&address.to_string(), "alice");
    match alice.next().await {
        Some(SignalingEvent::Unreachable { message }) => {
            assert!(message.plain().contains(&format!("ws://{address}")), "{message:?}");
            assert!(!message.plain().contains('\n'), "{message:?}");
        }
        other => panic!("reached: {other:?}"),
    }
    assert_eq!(alice.next().await, None);
}

#[tokio::test]
async fn a_client_that_lost_the_server_logs_in_again_when_it_is_back_and_sends_nothing_old() {
    let first = server().await;
    let address = first.address();
    let mut alice = Client::log_in(&first.url(), "alice").await;
    let mut bob = Client::log_in(&first.url(), "bob").await;
    first.kill().await;
    alice.expect_down().await;
    bob.expect_down().await;
    alice.send("bob", offer());

    let second = server_at(address).await;
    alice.expect_login("alice").await;
    bob.expect_login("bob").await;
    // What was sent while the server was away is dropped; what is sent now arrives, and nothing
    // before it.
    alice.send("bob", CallSignal::Ringing(None));
    bob.expect_signal(CallSignal::Ringing(None)).await;
    second.shutdown().await;
}

#[tokio::test]
async fn what_was_sent_before_closing_still_gets_out() {
    let server = server().await;
    let alice = Client::log_in(&server.url(), "alice").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    alice.send("bob", offer());
    for _ in 0..50 {
        alice.send("bob", CallSignal::Ringing(None));
    }
    alice.send("bob", CallSignal::Close(None));
    let Client { signaling, mut events } = alice;
    signaling.close().await;

    bob.expect_signal(offer()).await;
    for _ in 0..50 {
        bob.expect_signal(CallSignal::Ringing(None)).await;
    }
    bob.expect_signal(CallSignal::Close(None)).await;
    // The good-bye came first, so the server has no lost connection to tell of.
    bob.expect_users(&[]).await;
    assert_eq!(timeout(LONG, events.recv()).await.expect("the end"), None);
    server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_is_dropped_looks_like_a_lost_connection() {
    let server = server().await;
    let alice = Client::log_in(&server.url(), "alice").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    alice.send("bob", offer());
    bob.expect_signal(offer()).await;
    drop(alice);
    bob.expect_signal(CallSignal::Close(Some(CloseReason::Disconnected))).await;
    server.shutdown().await;
}

#[tokio::test]
async fn closing_while_the_server_is_away_ends_at_once() {
    let server = server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    server.kill().await;
    alice.expect_down().await;
    let Client { signaling, mut events } = alice;
    timeout(LONG, signaling.close()).await.expect("an end");
    assert_eq!(timeout(LONG, events.recv()).await.expect("the end"), None);
}

#[tokio::test]
async fn rubbish_from_the_server_is_ignored() {
    let (script, mut alice) = Script::start().await;
    let mut socket = script.accept(WELCOME).await;
    alice.expect_login("alice").await;
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for text in [
        "",
        "null",
        "{",
        "{}",
        r#"{"type":17}"#,
        r#"{"type":"of no kind"}"#,
        r#"{"type":"offer"}"#,
        r#"{"type":"offer","username":"\u0000","offer":{}}"#,
        r#"{"type":"users","users":"bob"}"#,
        r#"{"type":"login","success":"perhaps"}"#,
        &deep,
    ] {
        send(&mut socket, Message::text(text)).await;
    }
    send(&mut socket, Message::binary(vec![0xff; 1000])).await;
    send(&mut socket, Message::Ping(b"still there?".to_vec().into())).await;
    send(&mut socket, Message::Pong(b"nobody asked".to_vec().into())).await;
    send(&mut socket, Message::text(PRESENCE)).await;
    expect_presence(&mut alice).await;
}

#[tokio::test]
async fn rubbish_ahead_of_the_login_is_ignored() {
    let (script, mut alice) = Script::start().await;
    let mut socket = accept_async(script.accept_tcp().await).await.expect("a WebSocket");
    for text in ["?", r#"{"type":"hello"}"#, PRESENCE, WELCOME, PRESENCE] {
        send(&mut socket, Message::text(text)).await;
    }
    send(&mut socket, Message::binary(vec![1, 2, 3])).await;
    alice.expect_login("alice").await;
    expect_presence(&mut alice).await;
}

#[tokio::test]
async fn a_message_that_is_too_large_costs_the_connection_but_not_the_client() {
    let (script, mut alice) = Script::start().await;
    let mut socket = script.accept(WELCOME).await;
    alice.expect_login("alice").await;
    // It may hang up before it has read all of this.
    let _ = socket.send(Message::text("x".repeat(4 << 20))).await;
    alice.expect_down().await;
    let mut socket = script.accept(WELCOME).await;
    alice.expect_login("alice").await;
    send(&mut socket, Message::text(PRESENCE)).await;
    expect_presence(&mut alice).await;
}

#[tokio::test]
async fn what_is_no_websocket_is_unreachable() {
    for answer in
        ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0", ""]
    {
        let (script, mut alice) = Script::start().await;
        let mut stream = script.accept_tcp().await;
        stream.write_all(answer.as_bytes()).await.expect("written");
        drop(stream);
        match alice.next().await {
            Some(SignalingEvent::Unreachable { message }) => {
                assert!(!message.plain().contains('\n'), "{message:?}")
            }
            other => panic!("{answer:?} leads to {other:?}"),
        }
        assert_eq!(alice.next().await, None);
    }
}

#[tokio::test]
async fn our_own_lost_connection_does_not_lock_us_out() {
    let (script, mut alice) = Script::start().await;
    drop(script.accept(WELCOME).await);
    alice.expect_login("alice").await;
    alice.expect_down().await;
    for _ in 0..2 {
        let mut socket = script.accept(TAKEN).await;
        // It hangs up by itself: the name is asked for again on a new connection.
        while let Some(Ok(_)) = timeout(LONG, socket.next()).await.expect("a good-bye") {}
    }
    let _socket = script.accept(WELCOME).await;
    alice.expect_login("alice").await;
}

#[tokio::test]
async fn a_refusal_that_is_not_about_a_ghost_is_final() {
    let (script, mut alice) = Script::start().await;
    drop(script.accept(WELCOME).await);
    alice.expect_login("alice").await;
    alice.expect_down().await;
    let _socket = script
        .accept(
            r#"{"type":"login","success":false,"reason":"not-allowed","message":"No entry today."}"#,
        )
        .await;
    let refused = SignalingEvent::LoginRefused {
        reason: LoginRefusal::NotAllowed,
        message: phrase!("log-in-not-allowed", name = "alice").or_foreign("No entry today."),
    };
    assert_eq!(alice.next().await, Some(refused));
    assert_eq!(alice.next().await, None);
}

#[tokio::test]
async fn a_login_that_is_answered_with_another_name_is_refused_the_first_time_and_later() {
    let other_name =
        r#"{"type":"login","success":true,"username":"mallory","iceServers":[],"resume":"t1"}"#;
    for earlier_logins in [0, 1] {
        let (script, mut alice) = Script::start().await;
        for _ in 0..earlier_logins {
            drop(script.accept(WELCOME).await);
            alice.expect_login("alice").await;
            alice.expect_down().await;
        }
        let mut socket = script.accept(other_name).await;
        match alice.next().await {
            Some(SignalingEvent::LoginRefused { reason: LoginRefusal::InvalidName, message }) => {
                assert!(message.plain().contains("another name than alice"), "{message:?}");
            }
            other => panic!("not refused: {other:?}"),
        }
        assert_eq!(alice.next().await, None, "it gives up");
        let heard = timeout(LONG, socket.next()).await.expect("an end");
        assert!(!matches!(heard, Some(Ok(Message::Text(_)))), "{heard:?}");
    }
}

#[tokio::test]
async fn a_login_is_tried_again_at_a_server_that_is_overloaded_and_not_at_one_that_forbids_it() {
    let (script, mut alice) = Script::start().await;
    drop(script.accept(WELCOME).await);
    alice.expect_login("alice").await;
    alice.expect_down().await;
    for answer in [
        r#"{"type":"error","code":"rate-limited","message":"Too many.","inReplyTo":"login"}"#,
        r#"{"type":"error","code":"of-another-version","message":"Who knows."}"#,
        r#"{"type":"login","success":false,"reason":"of-another-version","message":"Who knows."}"#,
    ] {
        drop(script.accept(answer).await);
    }
    drop(script.accept(WELCOME).await);
    alice.expect_login("alice").await;
    alice.expect_down().await;
    let forbidden =
        r#"{"type":"error","code":"not-allowed","message":"Not today.","inReplyTo":"login"}"#;
    let _socket = script.accept(forbidden).await;
    match alice.next().await {
        Some(SignalingEvent::LoginRefused { reason: LoginRefusal::NotAllowed, .. }) => {}
        other => panic!("not refused: {other:?}"),
    }
    assert_eq!(alice.next().await, None);
}

#[tokio::test]
async fn whoever_has_a_key_sends_nothing_before_the_greeting_and_signs_it_then() {
    let (script, mut alice) = Script::start_for(Some(DeviceKey::from_seed([1; 32]))).await;
    let mut socket = accept_async(script.accept_tcp().await).await.expect("a WebSocket");
    let early = timeout(Duration::from_millis(300), socket.next()).await;
    assert!(early.is_err(), "{early:?}");
    send(&mut socket, Message::text(HELLO)).await;
    let login = timeout(LONG, socket.next()).await.expect("in time").expect("a login");
    let login = login.expect("a login").into_text().expect("text");
    assert!(login.contains("signature"), "{login}");
    send(&mut socket, Message::text(WELCOME)).await;
    alice.expect_login("alice").await;
}

/// A network between clients and a server on which everything after the upgrade is late.
async fn late_network(server: SocketAddr, late: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let server = TcpStream::connect(server).await.expect("the server listens");
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let up = async { tokio::io::copy(&mut from_client, &mut to_server).await };
                let down = async {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(from_server.read_u8().await?);
                    }
                    to_client.write_all(&head).await?;
                    tokio::time::sleep(late).await;
                    tokio::io::copy(&mut from_server, &mut to_client).await
                };
                tokio::select! { _ = up => {}, _ = down => {} }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_name_is_its_owners_also_where_the_servers_greeting_is_late() {
    let server = server().await;
    let late = late_network(server.address(), Duration::from_millis(2500)).await;
    let key = Some(DeviceKey::from_seed([1; 32]));
    let mut alice = Client::connect_with(&late.to_string(), "alice", key);
    alice.expect_login("alice").await;
    alice.signaling.close().await;
    let mut guest = Client::connect(&server.url(), "alice");
    match guest.next().await {
        Some(SignalingEvent::LoginRefused { reason: LoginRefusal::NotAllowed, .. }) => {}
        other => panic!("the name is nobody's: {other:?}"),
    }
    server.shutdown().await;
}

#[tokio::test]
async fn final_signals_get_out_while_nobody_reads_the_events() {
    let (script, mut alice) = Script::start().await;
    let mut socket = script.accept(WELCOME).await;
    alice.expect_login("alice").await;
    for _ in 0..2 * alice.events.max_capacity() {
        send(&mut socket, Message::text(PRESENCE)).await;
    }
    timeout(LONG, async {
        while alice.events.len() < alice.events.max_capacity() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the queue fills up");
    alice.send("bob", CallSignal::Close(None));
    let Client { signaling, events: _unread } = alice;
    let receive = async {
        let words =
            socket.next().await.expect("last words").expect("a message").into_text().expect("text");
        assert!(words.contains(r#""type":"close""#), "{words}");
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    };
    tokio::join!(signaling.close(), async { timeout(LONG, receive).await.expect("in time") });
}

#[tokio::test]
async fn a_server_that_answers_no_ping_is_given_up() {
    let (script, mut alice) = Script::start().await;
    // Held open, and never read again: not even a ping is answered.
    let _socket = script.accept(WELCOME).await;
    alice.expect_login("alice").await;
    // Nothing is under way on the network any more, so the clock may jump from one deadline to the
    // next.
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    // No limit here: it would be one of the deadlines.
    assert_eq!(alice.events.recv().await, Some(SignalingEvent::Down));
    let silent = before.elapsed();
    assert!(
        silent >= Duration::from_secs(30) && silent <= Duration::from_secs(61),
        "after {silent:?}"
    );
}
