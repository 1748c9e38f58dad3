//! TLS: connections are encrypted, and certificates change under way.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::LONG;
use futures_util::{SinkExt, StreamExt};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use visavis_signal_server::{Config, Network, Server, StartError, Timing, TlsFiles, start};

/// Writes a new certificate for `localhost` and its key; the certificate.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    cert.der().clone()
}

fn files(folder: &TempDir) -> TlsFiles {
    TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") }
}

async fn server(folder: &TempDir, timing: Timing) -> Server {
    let trusted_proxies = vec!["192.0.2.1".parse::<Network>().unwrap()];
    start(Config { tls: Some(files(folder)), timing, trusted_proxies, ..Config::for_tests() })
        .await
        .unwrap()
}

/// An encrypted stream to a server whose certificate is this one.
async fn encrypted(
    server: &Server,
    certificate: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let stream = TcpStream::connect(server.address()).await?;
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost").unwrap(), stream)
        .await
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

async fn connect(server: &Server, certificate: &CertificateDer<'static>) -> Socket {
    let stream = encrypted(server, certificate).await.unwrap();
    let (mut socket, _) = client_async("wss://localhost/", stream).await.unwrap();
    assert!(hear(&mut socket).await.contains(r#""type":"hello""#));
    socket
}

async fn hear(socket: &mut Socket) -> String {
    timeout(LONG, socket.next())
        .await
        .expect("an answer")
        .expect("an open connection")
        .unwrap()
        .to_string()
}

async fn log_in(socket: &mut Socket, name: &str) {
    socket.send(Message::text(format!(r#"{{"type":"login","username":"{name}"}}"#))).await.unwrap();
    let answer = hear(socket).await;
    assert!(answer.contains(r#""success":true"#), "{answer}");
}

#[tokio::test]
async fn the_guest_page_comes_encrypted_too() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let server = server(&folder, Timing::default()).await;
    let mut stream = encrypted(&server, &certificate).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an answer");
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer:.200}");
    assert!(answer.contains("<script type=\"module\" src=\"app.js\">"), "{answer:.200}");
    server.shutdown().await;
}

#[tokio::test]
async fn two_people_meet_over_encrypted_connections() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let server = server(&folder, Timing::default()).await;
    assert!(server.url().starts_with("wss://127.0.0.1:"), "{}", server.url());
    let (mut alice, mut bob) =
        (connect(&server, &certificate).await, connect(&server, &certificate).await);
    log_in(&mut alice, "alice").await;
    log_in(&mut bob, "bob").await;
    let sdp = "x".repeat(60_000);
    alice
        .send(Message::text(format!(r#"{{"type":"offer","otherUsername":"bob","offer":"{sdp}"}}"#)))
        .await
        .unwrap();
    assert_eq!(
        hear(&mut bob).await,
        format!(r#"{{"type":"offer","username":"alice","offer":"{sdp}"}}"#)
    );

    server.shutdown().await;
    let close = loop {
        match timeout(LONG, alice.next()).await.unwrap().unwrap().unwrap() {
            Message::Close(frame) => break frame,
            // Bob may leave first, and she is in a call with him.
            other => assert!(other.to_string().contains("disconnected"), "{other}"),
        }
    };
    assert_eq!(close.map(|frame| u16::from(frame.code)), Some(1012));
}

#[tokio::test]
async fn pages_are_encrypted_too() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let server = server(&folder, Timing::default()).await;
    let mut stream = encrypted(&server, &certificate).await.unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    timeout(LONG, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("accepts logins"), "{answer}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_nobody_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let old = certify(folder.path());
    let timing = Timing { reload: Duration::from_millis(20), ..Timing::default() };
    let server = server(&folder, timing).await;
    let mut alice = connect(&server, &old).await;
    log_in(&mut alice, "alice").await;

    fs::write(folder.path().join("key.pem"), "half of it").unwrap();
    let new = certify(folder.path());
    let taken_up = async { while encrypted(&server, &new).await.is_err() {} };
    timeout(LONG, taken_up).await.expect("the new certificate");
    assert!(encrypted(&server, &old).await.is_err(), "the old certificate is out of use");

    let mut bob = connect(&server, &new).await;
    log_in(&mut bob, "bob").await;
    alice.send(Message::text(r#"{"type":"ringing","otherUsername":"bob"}"#)).await.unwrap();
    assert_eq!(hear(&mut bob).await, r#"{"type":"ringing","username":"alice"}"#);
    server.shutdown().await;
}

#[tokio::test]
async fn without_encryption_nothing_is_said_there() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let server = server(&folder, Timing::default()).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an end");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    server.shutdown().await;
}

#[tokio::test]
async fn who_does_not_finish_the_tls_handshake_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let timing = Timing { handshake: Duration::from_millis(300), ..Timing::default() };
    let server = server(&folder, timing).await;
    // A record that says that 512 bytes of handshake follow.
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an end");
    }
    // The deadline goes on behind the handshake.
    let mut stream = encrypted(&server, &certificate).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.expect("an end");
    server.shutdown().await;
}

#[tokio::test]
async fn a_server_without_its_certificate_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { tls: Some(files(&folder)), ..Config::for_tests() };
    let error = start(config).await.unwrap_err();
    assert!(matches!(error, StartError::Tls(_)));
    assert!(error.to_string().contains("cert.pem can't be read"), "{error}");
}
