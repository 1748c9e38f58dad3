//! Frames that complete no message, and whatever else a client may send too much of beneath its
//! messages.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::net::SocketAddr;

use common::{Client, LONG};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;
use visavis_signal_server::{Config, Rate, Server, start};

/// Text and not final, continued and not final, and so on, each with an empty mask.
const BEGIN: [u8; 6] = [0x01, 0x80, 0, 0, 0, 0];
const MORE: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];
const LAST: [u8; 6] = [0x80, 0x80, 0, 0, 0, 0];
const EMPTY: [u8; 6] = [0x81, 0x80, 0, 0, 0, 0];
const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];
/// One byte, a space.
const TINY: [u8; 7] = [0x00, 0x81, 0, 0, 0, 0, b' '];

/// With the limits of the messages that the program has by itself.
async fn server() -> Server {
    start(Config { limits: limits(Rate::new(50, 200)), ..Config::for_tests() }).await.unwrap()
}

fn limits(messages: Option<Rate>) -> visavis_signal_server::Limits {
    visavis_signal_server::Limits { messages, ..Config::for_tests().limits }
}

/// A stream on which the handshake was made at a path.
async fn upgraded(address: SocketAddr, path: &str) -> (OwnedReadHalf, OwnedWriteHalf) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.into_split()
}

/// Sends a frame up to so many times; how many times it could, and what was heard to the end.
async fn flood(
    address: SocketAddr,
    path: &str,
    first: &[u8],
    frame: &[u8],
    times: usize,
) -> (usize, Vec<u8>) {
    let (mut reader, mut writer) = upgraded(address, path).await;
    let hearing = tokio::spawn(async move {
        let mut heard = Vec::new();
        let _ = reader.read_to_end(&mut heard).await;
        heard
    });
    let _ = writer.write_all(first).await;
    let (each, mut sent) = (frame.repeat(100), 0);
    while sent < times && !hearing.is_finished() && writer.write_all(&each).await.is_ok() {
        sent += 100;
    }
    (sent, timeout(LONG, hearing).await.expect("an end").unwrap())
}

fn holds(heard: &[u8], words: &str) -> bool {
    heard.windows(words.len()).any(|window| window == words.as_bytes())
}

#[tokio::test]
async fn frames_that_come_for_ever_end_their_connection_and_nobody_elses() {
    /// More than fits into the buffers of the system on the way.
    const FOR_EVER: usize = 4_000_000;
    let server = server().await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    let begun_and_ended = [&BEGIN[..], &LAST].concat();
    for (first, frame) in [
        (&BEGIN[..], &MORE[..]),
        (&BEGIN, &TINY),
        (&BEGIN, &[PING, MORE].concat()),
        (&[], &EMPTY),
        (&[], &PING),
        (&[], &PONG),
        (&[], &begun_and_ended),
    ] {
        let (sent, _) = flood(server.address(), "/", first, frame, FOR_EVER).await;
        assert!(sent < FOR_EVER, "{frame:?}: nothing stopped them");
    }
    let (sent, _) =
        flood(server.address(), "/socket.io/?EIO=4&transport=websocket", &BEGIN, &MORE, FOR_EVER)
            .await;
    assert!(sent < FOR_EVER, "nothing stopped a page");
    bob.expect_nothing_else().await;
    server.shutdown().await;
}

/// After so many frames, and not one before, the connection is closed with a reason.
#[tokio::test]
async fn a_message_has_at_most_so_many_pieces_even_without_a_rate() {
    let server = start(Config { limits: limits(None), ..Config::for_tests() }).await.unwrap();
    for (pieces, allowed) in [(1_024, true), (1_025, false)] {
        let (mut reader, mut writer) = upgraded(server.address(), "/").await;
        let mut bytes = BEGIN.to_vec();
        bytes.extend(MORE.repeat(pieces - 1));
        if allowed {
            bytes.extend(LAST);
        }
        writer.write_all(&bytes).await.unwrap();
        let mut heard = Vec::new();
        let answered = async {
            while !holds(&heard, "invalid-json") && !holds(&heard, "far too many messages") {
                assert_ne!(reader.read_buf(&mut heard).await.unwrap(), 0, "{pieces}");
            }
        };
        timeout(LONG, answered).await.expect("an answer");
        assert_eq!(holds(&heard, "invalid-json"), allowed, "{pieces}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_message_in_pieces_is_relayed_as_one() {
    let server = server().await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let text = br#"{"type":"offer","otherUsername":"bob","offer":"v=0"}"#;
    for round in 0..3 {
        let mut bytes = Vec::new();
        for (at, byte) in text.iter().enumerate() {
            let first = if at == 0 { 0x01 } else { 0x00 };
            let last = if at == text.len() - 1 { 0x80 } else { 0 };
            bytes.extend([first | last, 0x81, 0, 0, 0, 0, *byte]);
            if at % 7 == round {
                bytes.extend(PONG);
            }
        }
        alice.stream().write_all(&bytes).await.unwrap();
        bob.expect(r#"{"type":"offer","username":"alice","offer":"v=0"}"#).await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn more_bytes_than_the_allowed_messages_have_end_the_connection() {
    let limits = limits(Rate::new(1, 20));
    let server = start(Config { limits, ..Config::for_tests() }).await.unwrap();
    // The largest text, again and again: fewer than make a flood of messages.
    let mut large = vec![0x81, 0xfe, 0xff, 0x00, 0, 0, 0, 0];
    large.extend([b' '; 0xff00]);
    let (mut reader, mut writer) = upgraded(server.address(), "/").await;
    let hearing = tokio::spawn(async move {
        let mut heard = Vec::new();
        let _ = reader.read_to_end(&mut heard).await;
        heard
    });
    for _ in 0..100 {
        if writer.write_all(&large).await.is_err() {
            break;
        }
    }
    let heard = timeout(LONG, hearing).await.expect("an end").unwrap();
    assert!(holds(&heard, "invalid-json"), "the first ones are answered");
    server.shutdown().await;
}
