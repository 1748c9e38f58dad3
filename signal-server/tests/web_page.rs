//! The guest page, as a browser asks for it.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use common::{Client, ask, get, server};

/// Each file of the page, and what it is.
const FILES: &[(&str, &str)] = &[
    ("/", "text/html"),
    ("/style.css", "text/css"),
    ("/app.js", "text/javascript"),
    ("/call.js", "text/javascript"),
    ("/server.js", "text/javascript"),
    ("/trust.js", "text/javascript"),
    ("/words.js", "text/javascript"),
    ("/words/de.txt", "text/plain"),
    ("/words/zh.txt", "text/plain"),
    ("/safety_words.txt", "text/plain"),
    ("/icon.svg", "image/svg+xml"),
];

#[tokio::test]
async fn every_file_of_the_page_comes_under_a_strict_policy() {
    let server = server().await;
    for (path, kind) in FILES {
        let (status, text) = get(server.address(), path).await;
        assert_eq!(status, 200, "{path}: {text}");
        for header in [
            &format!("content-type: {kind}") as &str,
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
             img-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
             form-action 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "permissions-policy: camera=(self), microphone=(self)",
            "cache-control: no-cache",
            "etag: W/\"",
        ] {
            assert!(text.contains(header), "{path}: no {header} in {text:.900}");
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_a_browser_has_kept_is_not_sent_again() {
    let server = server().await;
    let (_, text) = get(server.address(), "/app.js").await;
    let tag = text.split("etag: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let asked = format!(
        "GET /app.js HTTP/1.1\r\nHost: x\r\nIf-None-Match: {tag}\r\nConnection: close\r\n\r\n"
    );
    let (status, text) = ask(server.address(), &asked).await;
    assert_eq!(status, 304, "{text}");
    assert!(text.ends_with("\r\n\r\n"), "{text}");
    server.shutdown().await;
}

#[tokio::test]
async fn the_page_can_only_be_read_and_what_is_no_part_of_it_is_not_there() {
    let server = server().await;
    for (method, path, status, words) in [
        ("HEAD", "/", 200, "text/html"),
        ("POST", "/", 405, "allow: GET, HEAD"),
        ("DELETE", "/app.js", 405, "allow: GET, HEAD"),
        ("GET", "/?room=blue", 200, "text/html"),
        ("GET", "/index.html", 404, "There is nothing here."),
        ("GET", "/../Cargo.toml", 404, "There is nothing here."),
        ("GET", "/words/../app.js", 404, "There is nothing here."),
        ("GET", "/favicon.ico", 404, "There is nothing here."),
        ("GET", "/healthz", 200, "The server lives."),
    ] {
        let asked = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let (answered, text) = ask(server.address(), &asked).await;
        assert_eq!(answered, status, "{method} {path}: {text:.400}");
        assert!(text.contains(words), "{method} {path}: {text:.400}");
        if method == "HEAD" {
            assert!(text.ends_with("\r\n\r\n"), "{text}");
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn beside_the_page_a_websocket_is_granted_as_ever() {
    let server = server().await;
    let mut client = Client::log_in(&format!("{}/", server.url()), "alice").await;
    client.expect_nothing_else().await;
    server.shutdown().await;
}
