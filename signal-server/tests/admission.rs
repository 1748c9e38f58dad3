//! What stands before a WebSocket: HTTP, deadlines, origins and proxies.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::time::{Duration, Instant};

use common::{Client, LONG, ask, get, handshake, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use visavis_signal_server::{Config, Limits, Server, Timing, start};

/// The head of a WebSocket handshake.
const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

async fn server_with(change: impl FnOnce(&mut Config)) -> Server {
    let mut config = Config::for_tests();
    change(&mut config);
    start(config).await.unwrap()
}

#[tokio::test]
async fn pages_are_answered_in_words() {
    let server = server_with(|config| config.web = false).await;
    for (path, status, words) in [
        ("/healthz", 200, "The server lives."),
        ("/readyz", 200, "The server accepts logins."),
        ("/", 426, "speaks WebSocket"),
        ("/app.js", 404, "There is nothing here."),
        ("/words/en.txt", 404, "There is nothing here."),
        ("/metrics", 404, "There is nothing here."),
        ("/socket.iota/?EIO=4&transport=polling", 404, "There is nothing here."),
    ] {
        let (answered, text) = get(server.address(), path).await;
        assert_eq!(answered, status, "{path}: {text}");
        assert!(text.contains(words) && text.contains("text/plain"), "{path}: {text}");
    }
    let (status, text) =
        ask(server.address(), "DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(status == 405 && text.contains("allow: GET, HEAD"), "{text}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_websocket_is_granted_on_any_path() {
    let server = server().await;
    for (n, path) in ["/", "/ws", "/healthz", "/a/b?c=d"].into_iter().enumerate() {
        let mut client =
            Client::log_in(&format!("{}{path}", server.url()), &format!("user{n}")).await;
        client.expect_nothing_else().await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_broken_handshake_is_answered_in_words() {
    let server = server().await;
    for (good, bad) in [
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Key: short"),
        ("GET", "POST"),
    ] {
        let head = HANDSHAKE
            .replace(good, bad)
            .replace("Connection: Upgrade", "Connection: Upgrade, close");
        let (status, text) = ask(server.address(), &head).await;
        assert_eq!(status, 400, "{text}");
        assert!(
            text.contains("sec-websocket-version: 13")
                && text.contains("This is no WebSocket handshake"),
            "{text}"
        );
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_comes_right_behind_the_handshake_is_heard() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    // With the handshake in one segment: a masked text frame that holds `{}`.
    let mut bytes = HANDSHAKE.as_bytes().to_vec();
    bytes.extend([0x81, 0x82, 0, 0, 0, 0, b'{', b'}']);
    stream.write_all(&bytes).await.unwrap();
    let mut heard = Vec::new();
    let answered = async {
        while !String::from_utf8_lossy(&heard).contains("invalid-json") {
            assert_ne!(
                stream.read_buf(&mut heard).await.unwrap(),
                0,
                "{}",
                String::from_utf8_lossy(&heard)
            );
        }
    };
    timeout(LONG, answered).await.expect("an answer");
    server.shutdown().await;
}

#[tokio::test]
async fn several_pages_can_be_asked_for_over_one_connection() {
    let server = server().await;
    let page = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let (_, text) = ask(server.address(), &format!("{page}{page}{last}")).await;
    assert_eq!(
        (text.matches("lives").count(), text.matches("accepts logins").count()),
        (2, 1),
        "{text}"
    );
    server.shutdown().await;
}

/// How long a server keeps a connection on which `bytes` are written, and then `more` again and
/// again.
async fn kept(server: &Server, bytes: &[u8], more: &[u8]) -> Duration {
    let began = Instant::now();
    let (mut reader, mut writer) = TcpStream::connect(server.address()).await.unwrap().into_split();
    writer.write_all(bytes).await.unwrap();
    let writes = async {
        while writer.write_all(more).await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut rest = Vec::new();
    tokio::select! {
        // It may end in a reset, since not all that was sent was read.
        _ = timeout(LONG, reader.read_to_end(&mut rest)) => {}
        () = writes => {}
    }
    began.elapsed()
}

#[tokio::test]
async fn silent_and_dribbling_connections_are_closed_before_the_upgrade() {
    let handshake = Duration::from_millis(400);
    let server = server_with(|config| config.timing = Timing { handshake, ..config.timing }).await;
    let head = "GET / HTTP/1.1\r\nHost: x\r\nX-Padding: ";
    let all = async {
        tokio::join!(
            kept(&server, b"", b""),
            kept(&server, b"GET / HTTP/1.1\r\n", b""),
            kept(&server, b"", b"\r\n"),
            kept(&server, head.as_bytes(), b"x"),
            kept(&server, HANDSHAKE.trim_end().as_bytes(), b""),
            // A page that was answered does not buy more time.
            kept(&server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"G"),
        )
    };
    let (silent, stuck, blank, dribbling, almost, after) = all.await;
    for (what, kept) in [
        ("silent", silent),
        ("stuck", stuck),
        ("blank", blank),
        ("dribbling", dribbling),
        ("almost", almost),
        ("after a page", after),
    ] {
        println!("{what}: {kept:?}");
        assert!(kept < Duration::from_secs(4), "{what} was kept for {kept:?}");
        assert!(kept >= Duration::from_millis(350), "{what} was kept for {kept:?} only");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_connection_for_pages_does_not_live_for_ever() {
    let http = Duration::from_millis(300);
    let server = server_with(|config| {
        config.timing = Timing { http, handshake: Duration::from_millis(300), ..config.timing };
    })
    .await;
    let kept = kept(&server, b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(kept >= Duration::from_millis(550), "it was kept for {kept:?} only");
    assert!(kept < Duration::from_secs(5), "it was kept for {kept:?}");
    server.shutdown().await;
}

#[tokio::test]
async fn only_pages_of_allowed_sites_may_connect() {
    let server =
        server_with(|config| config.origins = vec!["https://calls.example".parse().unwrap()]).await;
    assert!(handshake(&server.url(), &[("origin", "https://calls.example")]).await.is_ok());
    assert!(handshake(&server.url(), &[]).await.is_ok(), "a program that is no browser");
    for origin in ["https://evil.example", "null", "https://calls.example.evil.example"] {
        assert_eq!(
            handshake(&server.url(), &[("origin", origin)]).await.unwrap_err(),
            403,
            "{origin}"
        );
    }
    let head = HANDSHAKE
        .replace("Host: x", "Host: x\r\nOrigin: https://evil.example")
        .replace("Upgrade\r\n", "Upgrade, close\r\n");
    let (status, text) = ask(server.address(), &head).await;
    assert!(status == 403 && text.contains("--allow-origin"), "{text}");
    server.shutdown().await;
}

#[tokio::test]
async fn without_a_list_every_site_may() {
    let server = server().await;
    assert!(handshake(&server.url(), &[("origin", "https://anywhere.example")]).await.is_ok());
    server.shutdown().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_clients_addresses_count() {
    let server = server_with(|config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        config.limits = Limits { connections: 5, connections_per_address: 1, ..config.limits };
    })
    .await;
    let url = server.url();
    let first = handshake(&url, &[("x-forwarded-for", "198.51.100.1")]).await.unwrap();
    // Whatever the client wrote itself stands on the left.
    let forged = [("x-forwarded-for", "203.0.113.9, 198.51.100.1")];
    assert_eq!(handshake(&url, &forged).await.unwrap_err(), 429);
    let _second = handshake(&url, &[("x-forwarded-for", "198.51.100.2")]).await.unwrap();
    let _customer = handshake(&url, &[("x-forwarded-for", "2001:db8::1")]).await.unwrap();
    assert_eq!(handshake(&url, &[("x-forwarded-for", "2001:db8::2")]).await.unwrap_err(), 429);
    drop(first);
    let again = async { while handshake(&url, &forged).await.is_err() {} };
    timeout(LONG, again).await.expect("the place to be free again");
    server.shutdown().await;
}

#[tokio::test]
async fn nobody_else_is_believed_about_whom_they_bring() {
    let server = server_with(|config| {
        config.limits = Limits { connections_per_address: 1, ..config.limits }
    })
    .await;
    let _first = handshake(&server.url(), &[("x-forwarded-for", "198.51.100.1")]).await.unwrap();
    let mut refused = TcpStream::connect(server.address()).await.unwrap();
    let mut rest = Vec::new();
    let _ = refused.write_all(HANDSHAKE.as_bytes()).await;
    let _ = timeout(LONG, refused.read_to_end(&mut rest)).await.expect("an end");
    assert_eq!(rest, b"", "another address in a header is none");
    server.shutdown().await;
}

/// Where the login of somebody whom a proxy brings, or of somebody who comes alone, is sent for
/// STUN.
async fn stun_urls(stun_url: Option<&str>, proxied: bool) -> serde_json::Value {
    let server = server_with(|config| {
        config.stun = Some("0.0.0.0:0".parse().unwrap());
        config.relay.stun_urls = stun_url.iter().map(|url| url.parse().unwrap()).collect();
        config.trusted_proxies =
            proxied.then(|| "127.0.0.0/8".parse().unwrap()).into_iter().collect();
    })
    .await;
    let mut client = Client::connect(&server.url()).await;
    client.say(r#"{"type":"login","username":"alice"}"#).await;
    let reply: serde_json::Value = serde_json::from_str(&client.hear().await).unwrap();
    let stun = server.stun_address().unwrap();
    server.shutdown().await;
    let servers = reply["iceServers"].to_string().replace(&format!(":{}", stun.port()), ":PORT");
    serde_json::from_str(&servers).unwrap()
}

#[tokio::test]
async fn who_comes_by_a_proxy_is_not_told_an_inside_address_for_stun() {
    let at = |url| serde_json::json!([{"urls": [url]}]);
    assert_eq!(stun_urls(None, false).await, at("stun:127.0.0.1:PORT"));
    assert_eq!(stun_urls(None, true).await, serde_json::json!([]));
    let public = "stun:calls.example.org:3478";
    for proxied in [false, true] {
        assert_eq!(stun_urls(Some(public), proxied).await, at(public));
    }
}

#[tokio::test]
async fn of_the_subprotocols_that_a_page_asks_for_it_gets_the_first() {
    let server = server().await;
    let ask = async |path: &str, lines: &str| {
        let head = HANDSHAKE.replace("GET / ", &format!("GET {path} ")).replace("\r\n\r\n", "\r\n");
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(format!("{head}{lines}\r\n").as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        while !heard.windows(4).any(|window| window == b"\r\n\r\n") {
            assert_ne!(timeout(LONG, stream.read_buf(&mut heard)).await.unwrap().unwrap(), 0);
        }
        String::from_utf8_lossy(&heard).to_lowercase()
    };
    for path in ["/", "/socket.io/?EIO=4&transport=websocket"] {
        for (lines, chosen) in [
            ("", None),
            ("Sec-WebSocket-Protocol: json\r\n", Some("json")),
            ("Sec-WebSocket-Protocol: a, b\r\n", Some("a")),
            ("Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Protocol: a\r\n", Some("b")),
            ("Sec-WebSocket-Protocol: ,, a b ,(c), d\r\n", Some("d")),
            ("Sec-WebSocket-Protocol: \u{e4}\r\n", None),
            ("Sec-WebSocket-Protocol:\r\n", None),
        ] {
            let answer = ask(path, lines).await;
            assert!(answer.starts_with("http/1.1 101 "), "{lines}: {answer}");
            let got: Vec<_> = answer
                .lines()
                .filter_map(|line| line.strip_prefix("sec-websocket-protocol: "))
                .collect();
            assert_eq!(got, chosen.into_iter().collect::<Vec<_>>(), "{lines}: {answer}");
        }
    }
    server.shutdown().await;
}
