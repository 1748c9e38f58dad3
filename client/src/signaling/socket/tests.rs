use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_tungstenite::accept_async;
use visavis_link::BlackHole;

use super::*;

#[tokio::test]
async fn a_black_hole_among_its_addresses_does_not_keep_a_server_away() {
    let hole = BlackHole::open().await.expect("a port");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let works = listener.local_addr().expect("an address");
    let url = ServerUrl::parse("ws://example.org").expect("a URL");
    let started = Instant::now();
    let until = Instant::now() + OPEN_WITHIN;
    let opening = open_at(&url, [hole.address().expect("an address"), works], None, until);
    let accepting = async { accept_async(listener.accept().await.expect("it").0).await };
    let (ours, theirs) = tokio::join!(opening, accepting);
    assert!(ours.is_ok() && theirs.is_ok(), "{ours:?} {theirs:?}");
    assert!(started.elapsed() < OPEN_WITHIN / 2, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_black_hole_among_its_addresses_does_not_keep_a_tls_server_away() {
    let hole = BlackHole::open().await.expect("a port");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let works = listener.local_addr().expect("an address");
    let key = rcgen::generate_simple_self_signed(["example.org".to_owned()]).expect("a key");
    let certificate = key.cert.der().clone();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");
    let trust = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.signing_key.into())
        .expect("a certificate with its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let url = ServerUrl::parse("wss://example.org").expect("a URL");
    let started = Instant::now();
    let opening = open_at(
        &url,
        [hole.address().expect("an address"), works],
        Some(Connector::Rustls(Arc::new(trust))),
        Instant::now() + OPEN_WITHIN,
    );
    let accepting = async {
        let (stream, _) = listener.accept().await.expect("it");
        accept_async(acceptor.accept(stream).await.expect("TLS")).await
    };
    let (ours, theirs) = tokio::join!(opening, accepting);
    assert!(ours.is_ok() && theirs.is_ok(), "{ours:?} {theirs:?}");
    assert!(started.elapsed() < OPEN_WITHIN / 2, "{:?}", started.elapsed());
}

/// What comes of opening a socket to somebody who answers like this, whatever is sent.
async fn why(scheme: &str, answer: Option<&[u8]>) -> Unreachable {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let url = ServerUrl::parse(&format!("{scheme}://{address}/signal")).expect("a URL");
    let answering = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 2048];
        assert!(stream.read(&mut request).await.expect("a request") > 0);
        if let Some(answer) = answer {
            stream.write_all(answer).await.expect("it is taken");
        }
        stream.shutdown().await.expect("it ends");
        // Closed with nothing unread, so that what was sent arrives.
        while stream.read(&mut request).await.is_ok_and(|read| read > 0) {}
    };
    let (opened, ()) = tokio::join!(open(&url), answering);
    opened.expect_err("no socket")
}

async fn status(code: &str) -> Unreachable {
    let answer = format!("HTTP/1.1 {code} Any\r\nContent-Length: 0\r\n\r\n");
    why("ws", Some(answer.as_bytes())).await
}

#[tokio::test]
async fn every_status_has_words_of_its_own() {
    for (code, wanted) in [
        ("429", Unreachable::TooMany),
        ("502", Unreachable::BehindProxy(502)),
        ("504", Unreachable::BehindProxy(504)),
        ("503", Unreachable::Busy),
        ("401", Unreachable::NotAdmitted(401)),
        ("403", Unreachable::NotAdmitted(403)),
        ("404", Unreachable::NotThere(404)),
        ("200", Unreachable::NoSignaling(200)),
        ("400", Unreachable::NoSignaling(400)),
        ("301", Unreachable::Moved(301)),
        ("500", Unreachable::Failed(500)),
    ] {
        assert_eq!(status(code).await, wanted, "{code}");
    }
}

#[tokio::test]
async fn tls_where_there_is_none_is_told_from_none_where_it_is_wanted() {
    let page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(why("wss", Some(page)).await, Unreachable::NoTls);
    assert_eq!(why("wss", Some(b"SSH-2.0-OpenSSH_9.2\r\n")).await, Unreachable::NoTls);
    assert_eq!(why("wss", None).await, Unreachable::HungUp { tls: true });
    // The alert that a TLS server answers to plain text: unexpected_message, decode_error.
    for alert in [10, 50, 70] {
        let alert = [0x15, 0x03, 0x03, 0, 2, 2, alert];
        assert_eq!(why("ws", Some(&alert)).await, Unreachable::WantsTls);
    }
    for body in [
        "The plain HTTP request was sent to HTTPS port",
        "Client sent an HTTP request to an HTTPS server.",
        "You're speaking plain HTTP to an SSL-enabled server port.",
    ] {
        let length = body.len();
        let answer = format!("HTTP/1.1 400 Bad\r\nContent-Length: {length}\r\n\r\n{body}");
        assert_eq!(why("ws", Some(answer.as_bytes())).await, Unreachable::WantsTls, "{body}");
    }
    let moved = b"HTTP/1.1 308 Moved\r\nLocation: https://example.org/\r\n\r\n";
    assert_eq!(why("ws", Some(moved)).await, Unreachable::WantsTls);
    assert_eq!(why("ws", None).await, Unreachable::HungUp { tls: false });
    assert_eq!(why("ws", Some(b"SSH-2.0-OpenSSH_9.2\r\n")).await, Unreachable::OtherProtocol);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_from_a_name_that_nobody_has() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let url = ServerUrl::parse(&format!("ws://{address}")).expect("a URL");
    assert_eq!(open(&url).await.expect_err("no socket"), Unreachable::NothingListens);
    // RFC 6761 §6.4: no such name resolves.
    let url = ServerUrl::parse("wss://nowhere.invalid").expect("a URL");
    assert_eq!(open(&url).await.expect_err("no socket"), Unreachable::UnknownName);
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    for (scheme, tls) in [("ws", false), ("wss", true)] {
        let url = ServerUrl::parse(&format!("{scheme}://{address}")).expect("a URL");
        let until = Instant::now() + Duration::from_millis(200);
        let (opened, taken) =
            tokio::join!(open_at(&url, [address], None, until), listener.accept());
        assert_eq!(opened.expect_err("no socket"), Unreachable::Silent { tls });
        drop(taken);
    }
}

/// What comes of `wss://example.org`, where the server has this certificate, and it is trusted or
/// not.
async fn with_certificate(
    change: impl FnOnce(&mut CertificateParams),
    trusted: bool,
) -> Unreachable {
    let mut params = CertificateParams::new(["example.org".to_owned()]).expect("a name");
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate").der().clone();
    let mut roots = RootCertStore::empty();
    if trusted {
        roots.add(certificate.clone()).expect("a certificate");
    }
    let trust = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .expect("a certificate with its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let url = ServerUrl::parse("wss://example.org").expect("a URL");
    let connector = Some(Connector::Rustls(Arc::new(trust)));
    let opening = open_at(&url, [address], connector, Instant::now() + OPEN_WITHIN);
    let accepting = async { acceptor.accept(listener.accept().await.expect("it").0).await.is_ok() };
    tokio::join!(opening, accepting).0.expect_err("no socket")
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said() {
    assert_eq!(with_certificate(|_| {}, false).await, Unreachable::Untrusted);
    let expired = |params: &mut CertificateParams| params.not_after = date_time_ymd(2020, 1, 1);
    assert_eq!(with_certificate(expired, true).await, Unreachable::Expired);
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(4000, 1, 1);
    assert_eq!(with_certificate(early, true).await, Unreachable::NotYetValid);
    let other = |params: &mut CertificateParams| {
        *params = CertificateParams::new(["example.net".to_owned()]).expect("a name");
    };
    assert_eq!(with_certificate(other, true).await, Unreachable::OtherName);
}

/// A server with TLS that is spoken to without.
#[tokio::test]
async fn a_server_with_tls_answers_plain_text_so_that_it_is_known() {
    let key = rcgen::generate_simple_self_signed(["example.org".to_owned()]).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], key.signing_key.into())
        .expect("a certificate with its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let url = ServerUrl::parse(&url).expect("a URL");
    let accepting = async { acceptor.accept(listener.accept().await.expect("it").0).await.is_ok() };
    let (opened, _) = tokio::join!(open(&url), accepting);
    assert_eq!(opened.expect_err("no socket"), Unreachable::WantsTls);
}
