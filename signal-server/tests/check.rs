//! `visavis-signal-server check`: what it says of each fault, and how it ends.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;
#[path = "common/pebble.rs"]
mod pebble;
#[allow(dead_code, reason = "the tests of the cluster use the rest")]
#[path = "common/redis.rs"]
mod redis;

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pebble::{free_port, refuse_everyone, write_certificates};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use redis::Redis;
use visavis_signal_server::{Config, start};

/// What the program said, and how it ended.
struct Said {
    code: Option<i32>,
    text: String,
}

impl Said {
    /// The line about a part, with the advice beneath it.
    fn of(&self, part: &str) -> String {
        let mut lines = self.text.lines();
        let begin: Vec<char> = format!("{part}: ").chars().collect();
        let line =
            lines.find(|line| line.chars().skip(6).take(begin.len()).eq(begin.iter().copied()));
        let line = line.unwrap_or_else(|| panic!("nothing of {part} in\n{}", self.text));
        let advice = lines.next().filter(|line| line.starts_with("      ")).unwrap_or_default();
        format!("{line}{advice}")
    }

    /// Asserts how a part is, with words that have to stand there.
    fn has(&self, mark: &str, part: &str, words: &[&str]) {
        let line = self.of(part);
        assert!(line.starts_with(mark), "{line}");
        assert!(words.iter().all(|word| line.contains(word)), "{words:?} in {line}");
        assert_eq!(
            self.code,
            Some(i32::from(self.text.contains("\nFAILS") || self.text.starts_with("FAILS"))),
            "{}",
            self.text
        );
    }
}

/// Checks with options that are in nobody's way, and more, which come later and count.
fn check(more: &[&str]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VISAVIS_")) {
        command.env_remove(name);
    }
    command.arg("check");
    for (option, value) in [
        ("--listen", "127.0.0.1:0"),
        ("--stun-listen", "127.0.0.1:0"),
        ("--metrics-listen", "127.0.0.1:0"),
        ("--data-dir", folder.path().to_str().unwrap()),
    ] {
        if !more.iter().any(|arg| arg.starts_with(option)) {
            command.arg(format!("{option}={value}"));
        }
    }
    let output = command.args(more).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Said { code: output.status.code(), text }
}

#[test]
fn a_machine_where_all_is_well_is_fit() {
    let said = check(&[]);
    said.has("ok", "port", &["is free", "firewall"]);
    said.has("ok", "STUN", &["is free"]);
    said.has("ok", "data folder", &["can be written"]);
    for part in ["DNS name", "authority", "relay ports", "Redis", "clock"] {
        said.has("–", part, &[]);
    }
    assert_eq!(said.code, Some(0));
    assert!(said.text.ends_with("Everything that was tried is as it must be.\n"), "{}", said.text);
}

#[test]
fn a_port_of_another_program_is_told_from_one_that_is_ours() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = UdpSocket::bind("127.0.0.1:0").unwrap();
    let said = check(&[
        &format!("--listen={}", taken.local_addr().unwrap()),
        &format!("--metrics-listen={}", taken.local_addr().unwrap()),
        &format!("--stun-listen={}", mute.local_addr().unwrap()),
    ]);
    said.has("FAILS", "port", &["Another program has TCP", "--listen"]);
    said.has("weak", "metrics port", &["can't be had", "--metrics-listen"]);
    said.has("FAILS", "STUN", &["can't be had", "--stun-listen"]);
    assert!(said.text.ends_with("Not as it must be: port, STUN.\n"), "{}", said.text);
    check(&["--listen=192.0.2.1:9090"]).has("FAILS", "port", &["no address of this machine"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_runs_is_recognised() {
    let server = start(Config::for_tests()).await.unwrap();
    let options = [
        format!("--listen={}", server.address()),
        format!("--stun-listen={}", server.stun_address().unwrap()),
        format!("--metrics-listen={}", server.metrics_address().unwrap()),
    ];
    let said = tokio::task::spawn_blocking(move || {
        check(&options.iter().map(String::as_str).collect::<Vec<_>>())
    });
    let said = said.await.unwrap();
    said.has("ok", "port", &["A Visavis server serves"]);
    said.has("ok", "STUN", &["answers"]);
    said.has("ok", "metrics port", &["A Visavis server"]);
    server.shutdown().await;
}

/// A certificate by an authority of the test's own, in a folder: valid from one year to another.
fn certify(folder: &Path, from: i32, to: i32) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "the authority");
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["calls.example.org".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    let chain = params.signed_by(&key, &ca).unwrap().pem() + &ca.pem();
    fs::write(folder.join("cert.pem"), chain).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    fs::set_permissions(folder.join("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn each_fault_of_a_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let options = [
        format!("--tls-cert={}", at("cert.pem").display()),
        format!("--tls-key={}", at("key.pem").display()),
    ];
    let says = |mark: &str, words: &[&str]| {
        check(&[&options[0], &options[1]]).has(mark, "certificate", words);
    };
    says("FAILS", &["cert.pem can't be read"]);
    certify(folder.path(), 2020, 2999);
    says("ok", &["calls.example.org", "valid for another"]);
    fs::set_permissions(at("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    says("weak", &["(644)", "chmod 600", "key.pem"]);
    certify(folder.path(), 2020, 2021);
    says("FAILS", &["over since 2021-01-01", "Renew"]);
    certify(folder.path(), 2998, 2999);
    says("FAILS", &["valid from 2998-01-01", "clock"]);
    // Most of its life is over.
    certify(folder.path(), 1990, 2031);
    says("weak", &["renew"]);
    let other = KeyPair::generate().unwrap().serialize_pem();
    fs::write(at("key.pem"), other).unwrap();
    says("FAILS", &["must belong together"]);
    fs::write(at("key.pem"), "rubbish").unwrap();
    says("FAILS", &["no private key"]);
    certify(folder.path(), 2020, 2999);
    let chain = fs::read_to_string(at("cert.pem")).unwrap();
    let alone = chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
    fs::write(at("cert.pem"), alone).unwrap();
    says("weak", &["who issued it", "fullchain.pem"]);
    // On a public address it is not left out without a word.
    check(&["--listen=0.0.0.0:0"]).has("weak", "certificate", &["not encrypted", "--acme"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_leads_nowhere_and_a_clock_that_is_wrong_are_named() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    write_certificates(&folder);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let directory = format!("https://{}/dir", listener.local_addr().unwrap());
    let refusing = tokio::spawn(refuse_everyone(listener, Arc::clone(&folder)));
    let options = [
        "--acme=nowhere.invalid".to_owned(),
        format!("--acme-directory={directory}"),
        format!("--acme-ca={}", folder.path().join("ca.pem").display()),
    ];
    let said = tokio::task::spawn_blocking(move || {
        check(&options.iter().map(String::as_str).collect::<Vec<_>>())
    });
    let said = said.await.unwrap();
    said.has("FAILS", "DNS name", &["nowhere.invalid"]);
    said.has("ok", "authority", &["answers"]);
    said.has("FAILS", "clock", &["that of the authority 2020-11-30T12:00:00Z", "timedatectl"]);
    said.has("ok", "certificate", &["none for nowhere.invalid yet"]);
    refusing.abort();
}

#[test]
fn an_authority_that_is_not_reached_and_a_broken_certificate_of_it_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = format!("--acme-directory=https://127.0.0.1:{}/dir", free_port());
    let said = check(&["--acme=nowhere.invalid", &nowhere]);
    said.has("FAILS", "authority", &["can't be reached"]);
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, "rubbish").unwrap();
    let ca = format!("--acme-ca={}", ca.display());
    let said = check(&["--acme=nowhere.invalid", &nowhere, &ca]);
    said.has("FAILS", "authority", &["ca.pem holds no certificate", "--acme-ca"]);
}

#[test]
fn servers_elsewhere_that_do_not_answer_are_named() {
    let mute = UdpSocket::bind("127.0.0.1:0").unwrap();
    let url = format!("stun:{}", mute.local_addr().unwrap());
    let said = check(&[&format!("--stun-url={url}")]);
    said.has("FAILS", "other STUN and TURN servers", &["No answer comes from", &url]);
    let closed = format!("--turn-url=turn:127.0.0.1:{}?transport=tcp", free_port());
    let said = check(&[&closed, "--turn-secret=0123456789abcdef"]);
    said.has("FAILS", "other STUN and TURN servers", &["transport=tcp"]);
}

#[test]
fn relay_ports_that_can_not_be_had_are_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let range = format!("--relay-ports={port}-{port}");
    let said = check(&["--relay-address=198.41.0.4", &range]);
    said.has("FAILS", "relay ports", &["None of the UDP ports", "--relay-ports"]);
    drop(taken);
    let said = check(&["--relay-address=198.41.0.4", &range]);
    said.has("weak", "relay ports", &["not this machine's own", "firewall"]);
    let said = check(&["--relay-address=10.0.0.1", &range]);
    said.has("weak", "relay ports", &["10.0.0.1 is no address by which the internet"]);
    let said = check(&["--relay-address=198.41.0.4", "--stun-listen=off"]);
    said.has("FAILS", "relay ports", &["STUN", "--stun-listen"]);
}

#[test]
fn a_redis_that_is_not_there_or_not_as_it_must_be_is_named() {
    let nowhere = format!("--redis=redis://127.0.0.1:{}", free_port());
    check(&[&nowhere]).has("FAILS", "Redis", &["can't be used", "does not start without it"]);
    let redis = Redis::start();
    let url = format!("--redis={}", redis.url());
    let said = check(&[&url]);
    said.has("weak", "Redis", &["keeps nothing on its disk", "appendonly yes"]);
    said.has("ok", "clock", &["that of Redis"]);
    redis.command(&["CONFIG", "SET", "appendonly", "yes"]);
    check(&[&url]).has("ok", "Redis", &["version"]);
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    check(&[&url]).has("weak", "Redis", &["noeviction"]);
    let replica = redis.start_replica();
    let url = format!("--redis={}", replica.url());
    check(&[&url]).has("FAILS", "Redis", &["copy of another"]);
}

#[test]
fn a_data_folder_that_can_not_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let data = |path: &Path| format!("--data-dir={}", path.display());
    let said = check(&[&data(&file.join("data"))]);
    said.has("FAILS", "data folder", &["can't be written", "--data-dir"]);
    let new = folder.path().join("a/b");
    check(&[&data(&new)]).has("ok", "data folder", &["can be made"]);
    assert!(!new.exists(), "a check changes nothing");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "and leaves nothing");
}
