//! Certificates that the server gets by itself, from an authority that runs beside the test.
//!
//! Needs Debian's package `pebble`.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;
#[path = "common/pebble.rs"]
mod pebble;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use common::{LONG, get};
use futures_util::{SinkExt as _, StreamExt as _};
use pebble::{Pebble, encrypted, free_port, refuse_everyone, write_certificates};
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

const NAME: &str = "calls.example.org";
const DAYS: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The program on a port of its own, with a name to be certified.
struct Program {
    child: Child,
    port: u16,
    metrics: SocketAddr,
    log: Lines<BufReader<ChildStderr>>,
}

impl Program {
    async fn start(port: u16, data: &Path, directory: &str, ca: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VISAVIS_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["--acme", NAME, "--acme-email", "me@example.org", "--acme-directory", directory])
            .arg("--acme-ca")
            .arg(ca)
            .arg("--data-dir")
            .arg(data)
            .arg(format!("--listen=127.0.0.1:{port}"))
            .args(["--stun-listen=off", "--metrics-listen=127.0.0.1:0", "--log=info"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(LONG, lines.next_line()).await.expect("a line").unwrap();
        let metrics = line.as_deref().and_then(|line| line.split("figures: ").nth(1));
        let metrics = metrics.and_then(|rest| rest.trim_end_matches(')').parse().ok());
        let metrics = metrics.expect("where its page is");
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, port, metrics, log }
    }

    /// Waits for a line of its log.
    async fn logs(&mut self, words: &str) -> String {
        let found = async {
            loop {
                let line = self.log.next_line().await.unwrap().expect("a log that goes on");
                if line.contains(words) {
                    return line;
                }
            }
        };
        timeout(LONG, found).await.unwrap_or_else(|_| panic!("no line with {words:?}"))
    }

    async fn stop(mut self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").arg(&id).status().await.unwrap().success());
        assert!(timeout(LONG, self.child.wait()).await.expect("an end").unwrap().success());
    }

    /// The certificate that it shows, if a client that trusts the root takes it.
    async fn shows(
        &self,
        root: &CertificateDer<'static>,
    ) -> std::io::Result<CertificateDer<'static>> {
        let stream = encrypted(self.port, NAME, root).await?;
        Ok(stream.get_ref().1.peer_certificates().unwrap()[0].clone())
    }
}

/// What is kept beneath the data folder, as the end of each path.
fn kept(data: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![data.join("acme")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn a_name_gets_a_certificate_that_is_kept_for_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let pebble = Pebble::start(port, DAYS).await;
    let root = pebble.root().await;
    let (directory, ca) = (pebble.directory(), pebble.ca());
    let mut program = Program::start(port, data.path(), &directory, &ca).await;
    let said = program.logs("a new certificate is in use").await;
    assert!(said.contains(NAME), "{said}");
    let first = program.shows(&root).await.unwrap();

    let mut stream = encrypted(port, NAME, &root).await.unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    timeout(LONG, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let files = kept(data.path());
    let names: Vec<_> =
        files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["account.json", "calls.example.org.pem"]);
    for path in files.iter().flat_map(|file| [file.as_path(), file.parent().unwrap()]) {
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    program.stop().await;

    // The authority is gone, and the certificate is there.
    let ca_kept = data.path().join("ca.pem");
    fs::copy(&ca, &ca_kept).unwrap();
    drop(pebble);
    let mut program = Program::start(port, data.path(), &directory, &ca_kept).await;
    program.logs("a certificate is in use").await;
    assert_eq!(program.shows(&root).await.unwrap(), first);
    program.stop().await;
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time_and_nobody_is_dropped() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    // Its life is over after 18 seconds, and two thirds of it after 12.
    let pebble = Pebble::start(port, Duration::from_secs(18)).await;
    let root = pebble.root().await;
    let mut program = Program::start(port, data.path(), &pebble.directory(), &pebble.ca()).await;
    program.logs("a new certificate is in use").await;
    let first = program.shows(&root).await.unwrap();
    let stream = encrypted(port, NAME, &root).await.unwrap();
    let (mut alice, _) = client_async("wss://calls.example.org/", stream).await.unwrap();
    alice.send(Message::text(r#"{"type":"login","username":"alice"}"#)).await.unwrap();

    program.logs("a new certificate is in use").await;
    let second = program.shows(&root).await.unwrap();
    assert_ne!(first, second);
    alice.send(Message::text(r#"{"type":"users"}"#)).await.unwrap();
    let answered = async {
        loop {
            let text = alice.next().await.unwrap().unwrap().to_string();
            if text.contains(r#""users":["#) {
                return text;
            }
        }
    };
    let users = timeout(LONG, answered).await.expect("an answer over the connection of before");
    assert!(users.contains("alice") || users.contains(r#""total":"#), "{users}");
    assert_eq!(kept(data.path()).len(), 2);
    program.stop().await;
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_a_clear_line_and_the_server_runs_on() {
    let data = tempfile::tempdir().unwrap();
    let (port, elsewhere) = (free_port(), free_port());
    let pebble = Pebble::start(elsewhere, DAYS).await;
    let mut program = Program::start(port, data.path(), &pebble.directory(), &pebble.ca()).await;
    let said = program.logs("no new certificate").await;
    for words in
        [NAME, "does not find this server", "443", "nobody can connect", "tried again in 6"]
    {
        assert!(said.contains(words), "{said}");
    }
    // Handshakes fail, and the operator can see that.
    let (status, answer) = get(program.metrics, "/readyz").await;
    assert!(status == 503 && answer.contains("no certificate yet"), "{answer}");
    assert_eq!(get(program.metrics, "/healthz").await.0, 200);
    assert!(program.shows(&pebble.root().await).await.is_err());
    program.stop().await;
}

#[tokio::test]
async fn an_authority_that_is_not_there_or_not_trusted_is_a_clear_line() {
    let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_certificates(&folder);
    let port = free_port();
    let nowhere = format!("https://127.0.0.1:{}/dir", free_port());
    let ca = folder.path().join("ca.pem");
    let mut program = Program::start(port, data.path(), &nowhere, &ca).await;
    let said = program.logs("no new certificate").await;
    assert!(said.contains("can't be reached") && said.contains("tried again"), "{said}");
    program.stop().await;

    let pebble = Pebble::start(port, DAYS).await;
    let mut program = Program::start(port, data.path(), &pebble.directory(), &ca).await;
    let said = program.logs("no new certificate").await;
    assert!(said.contains("is not whom it says") && said.contains("clock"), "{said}");
    program.stop().await;
}

#[tokio::test]
async fn what_is_kept_and_can_not_be_used_is_said_and_made_anew() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let pebble = Pebble::start(port, DAYS).await;
    let root = pebble.root().await;
    let (directory, ca) = (pebble.directory(), pebble.ca());
    let mut program = Program::start(port, data.path(), &directory, &ca).await;
    program.logs("a new certificate is in use").await;
    program.stop().await;
    let [account, certificate] = kept(data.path()).try_into().unwrap();

    // Half a file, and an account that is none.
    let whole = fs::read(&certificate).unwrap();
    fs::write(&certificate, &whole[..whole.len() / 2]).unwrap();
    fs::write(&account, "{}").unwrap();
    let mut program = Program::start(port, data.path(), &directory, &ca).await;
    program.logs("can't be used: another is asked for").await;
    program.logs("the account that is kept is none").await;
    program.logs("a new certificate is in use").await;
    program.shows(&root).await.unwrap();
    program.stop().await;
    assert_ne!(fs::read(&certificate).unwrap(), whole);

    // No file at all in its place: a new one is in use, though it can't be kept.
    fs::remove_file(&certificate).unwrap();
    fs::create_dir_all(certificate.join("taken")).unwrap();
    let mut program = Program::start(port, data.path(), &directory, &ca).await;
    program.logs("can't be used: another is asked for").await;
    program.logs("not kept for the next start").await;
    program.logs("a new certificate is in use").await;
    program.shows(&root).await.unwrap();
    program.stop().await;
}

#[tokio::test]
async fn nothing_is_asked_for_that_can_not_be_kept() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("acme"), "a file in the place of the folder").unwrap();
    let port = free_port();
    let pebble = Pebble::start(port, DAYS).await;
    let mut program = Program::start(port, data.path(), &pebble.directory(), &pebble.ca()).await;
    let said = program.logs("no new certificate").await;
    assert!(said.contains("can't be written") && said.contains("--data-dir"), "{said}");
    program.stop().await;
}

#[tokio::test]
async fn an_authority_that_limits_is_left_alone_as_long_as_it_wants_and_its_clock_is_compared() {
    let (data, folder) = (tempfile::tempdir().unwrap(), Arc::new(tempfile::tempdir().unwrap()));
    write_certificates(&folder);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let directory = format!("https://{}/dir", listener.local_addr().unwrap());
    let refusing = tokio::spawn(refuse_everyone(listener, Arc::clone(&folder)));
    let ca = folder.path().join("ca.pem");
    let mut program = Program::start(free_port(), data.path(), &directory, &ca).await;
    let said = program.logs("no new certificate").await;
    assert!(said.contains("wants fewer requests: too many new registrations"), "{said}");
    assert!(said.contains("tried again in 6"), "an hour, and up to a tenth more: {said}");
    assert!(said.contains("minutes") && !said.contains('\u{1b}'), "{said:?}");
    let said = program.logs("clock differs").await;
    assert!(said.contains("days") && said.contains("timedatectl"), "{said}");
    program.stop().await;
    refusing.abort();
}

#[tokio::test]
async fn whoever_asks_for_a_challenge_gets_no_page() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let pebble = Pebble::start(port, DAYS).await;
    let mut program = Program::start(port, data.path(), &pebble.directory(), &pebble.ca()).await;
    program.logs("a new certificate is in use").await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pebble.root().await).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = rustls::pki_types::ServerName::try_from(NAME).unwrap();
    assert!(connector.connect(name, stream).await.is_err(), "nobody asked for a challenge");
    program.stop().await;
}
