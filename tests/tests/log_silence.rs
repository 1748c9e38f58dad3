//! No log holds what would help somebody who reads it: a whole call, with a login by key and a
//! relay, is logged at the most talkative level by both apps and the server, and everything that
//! was said is looked for there.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use visavis_tests::presence;
use visavis_tests::programs;
use visavis_tests::recording_proxy::RecordingProxy;

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// Shorter texts stand in any log by chance.
const SHORTEST_SECRET: usize = 8;
/// What names no secret: kinds, names that people chose, ids of calls, servers and their programs.
const HARMLESS: [&str; 9] =
    ["type", "call", "otherUsername", "urls", "server", "reason", "inReplyTo", "room", "users"];
/// What stands in descriptions and candidates and nowhere else.
const OF_DESCRIPTIONS: [&str; 12] = [
    "a=ice-",
    "ice-ufrag",
    "ice-pwd",
    "a=fingerprint",
    "fingerprint:",
    "a=candidate",
    "candidate:",
    "a=rtpmap",
    "a=setup",
    " typ host",
    " typ srflx",
    " typ relay",
];
/// So many words of a safety code, one after the other, are no chance.
const WORDS_OF_A_CODE: usize = 3;

/// What must not stand in a log.
#[derive(Debug, Default)]
struct Secrets {
    texts: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    ports: BTreeSet<u16>,
}

impl Secrets {
    /// Everything in a message that is neither a kind nor a name.
    fn note_message(&mut self, message: &Value) {
        match message {
            Value::Object(members) => {
                for (name, value) in members {
                    let is_name = name == "username" && !members.contains_key("credential");
                    if !is_name && !HARMLESS.contains(&name.as_str()) {
                        self.note_message(value);
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.note_message(value)),
            Value::String(text) if text.contains("\r\n") => {
                text.lines().for_each(|line| self.note_line(line));
            }
            Value::String(text) if text.starts_with("candidate:") => self.note_line(text),
            Value::String(text) => self.note_text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn note_text(&mut self, text: &str) {
        if text.len() >= SHORTEST_SECRET {
            self.texts.insert(text.to_owned());
        }
    }

    /// A line of a description, or a candidate (RFC 8839 §5.1).
    fn note_line(&mut self, line: &str) {
        let value = line.trim_start_matches("a=");
        let (name, value) = value.split_once(':').unwrap_or(("", ""));
        match name {
            "ice-ufrag" | "ice-pwd" => self.note_text(value),
            "fingerprint" => value.split(' ').for_each(|part| {
                if part.contains(':') {
                    self.note_text(part);
                }
            }),
            "candidate" => {
                let words: Vec<&str> = value.split(' ').collect();
                let related = words.windows(2).filter(|pair| matches!(pair[0], "raddr" | "rport"));
                let parts = words.get(4..6).into_iter().flatten().copied();
                for part in parts.chain(related.map(|pair| pair[1])) {
                    if let Ok(address) = part.parse::<IpAddr>() {
                        self.addresses.insert(address);
                    } else if let Ok(port) = part.parse::<u16>() {
                        self.ports.insert(port);
                    }
                }
            }
            _ => {}
        }
    }

    /// The key that everything of a profile is made of, in each way to write bytes.
    fn note_key(&mut self, seed: &[u8]) {
        let hex: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        let list: Vec<String> = seed.iter().take(8).map(ToString::to_string).collect();
        self.texts.extend([hex.to_uppercase(), hex, STANDARD.encode(seed), list.join(", ")]);
    }

    /// The lines of a log that hold a secret, with which.
    fn found_in<'a>(&self, log: &'a str) -> Vec<(String, &'a str)> {
        let mut found = Vec::new();
        for line in log.lines() {
            let texts = self.texts.iter().map(String::as_str).chain(OF_DESCRIPTIONS);
            found.extend(
                texts.filter(|text| line.contains(text)).map(|text| (text.to_owned(), line)),
            );
            // Where the server listens it may say; nobody's computer is known by that.
            let hosts = self
                .addresses
                .iter()
                .filter(|address| !address.is_loopback() && !address.is_unspecified());
            let addresses = hosts.map(ToString::to_string).filter(|text| line.contains(text));
            found.extend(addresses.map(|text| (text, line)));
            let numbers = |port: &&u16| {
                let port = port.to_string();
                line.match_indices(&port).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    let after = line[at + port.len()..].chars().next();
                    matches!(before, Some(':' | ' ' | '='))
                        && after.is_none_or(|c| !c.is_alphanumeric() && c != '.')
                })
            };
            found.extend(
                self.ports
                    .iter()
                    .filter(|port| **port > 9)
                    .filter(numbers)
                    .map(|port| (format!("port {port}"), line)),
            );
            if holds_a_code(line) {
                found.push(("a safety code".to_owned(), line));
            }
        }
        found
    }
}

fn holds_a_code(line: &str) -> bool {
    let list = include_str!("../../assets/safety_words.txt");
    let list: BTreeSet<&str> = list.lines().map(str::trim).collect();
    let mut in_a_row = 0;
    line.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).any(|word| {
        in_a_row = if list.contains(word) { in_a_row + 1 } else { 0 };
        in_a_row >= WORDS_OF_A_CODE
    })
}

#[test]
fn what_is_looked_for_is_found_where_it_stands() {
    let mut secrets = Secrets::default();
    secrets.note_message(&serde_json::json!({
        "type": "offer", "username": "a-long-name-of-somebody", "call": "0123456789abcdef",
        "offer": { "sdp": "v=0\r\na=ice-ufrag:abcdefgh\r\na=candidate:1 1 udp 5 192.0.2.7 40123 typ srflx raddr 198.51.100.3 rport 40124\r\n" },
        "signature": "c2lnbmF0dXJl", "iceServers": [{ "urls": ["turn:x:1"], "username": "1234:abcd", "credential": "hunter2hunter2" }],
    }));
    secrets.note_key(&[7; 32]);
    for line in [
        "x abcdefgh y",
        "at 192.0.2.7",
        "from 198.51.100.3:1",
        "port=40123",
        "to somewhere:40124 now",
        "c2lnbmF0dXJl",
        "user 1234:abcd",
        "hunter2hunter2",
        "seed: [7, 7, 7, 7, 7, 7, 7, 7, 7",
        "0707070707070707070707070707070707070707070707070707070707070707",
        "a=ice-ufrag:other",
        "candidate:2",
    ] {
        assert_ne!(secrets.found_in(line), [], "{line}");
    }
    let list = include_str!("../../assets/safety_words.txt");
    let words: Vec<&str> = list.lines().take(4).map(str::trim).collect();
    assert_ne!(secrets.found_in(&format!("code={}", words.join(" "))), []);
    for line in [
        "a-long-name-of-somebody",
        "call=0123456789abcdef",
        "140123 frames",
        "listening on 127.0.0.1:1",
    ] {
        assert_eq!(secrets.found_in(line), [], "{line}");
    }
}

/// Starts a program that logs into a file.
fn start(program: &Path, log: &Path, arguments: &[&str]) -> Child {
    let log = File::create(log).expect("a log");
    let mut command = Command::new(program);
    command.args(arguments).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
    command.spawn().expect("it starts")
}

async fn until_it_listens(port: u16) {
    let deadline = Instant::now() + LIMIT;
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(Instant::now() < deadline, "the server does not listen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_call_at_the_most_talkative_level_leaves_no_secret_in_any_log() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let text = |path: PathBuf| path.display().to_string();
    // Free a moment ago: the only way to know the ports of another process beforehand.
    let listen = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let stun = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let (listen, stun) = (listen.expect("a free port"), stun.expect("a free port"));
    let relays = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let first = relays.expect("a free port").port().min(u16::MAX - 40);
    let _server = start(
        &programs::signal_server().expect("the server is built"),
        &at("server.log"),
        &[
            "--listen",
            &listen.to_string(),
            "--stun-listen",
            &stun.to_string(),
            "--relay-address",
            "127.0.0.1",
            "--relay-ports",
            &format!("{first}-{}", first + 40),
            "--relay-allow-peer",
            "127.0.0.0/8",
            "--metrics-listen",
            "off",
            "--data-dir",
            &text(at("names")),
            "--log",
            "trace",
        ],
    );
    until_it_listens(listen.port()).await;
    let proxy = RecordingProxy::start(&format!("ws://{listen}")).await;
    let visavis = programs::visavis().expect("visavis is built");
    let app = |name: &str, task: &[&str]| {
        let (data, report) = (text(at(name)), text(at(&format!("{name}.json"))));
        let usual = [
            "--username",
            name,
            "--server",
            proxy.url(),
            "--data-dir",
            &data,
            "--report",
            &report,
            "--camera",
            "pattern",
            "--microphone",
            "tone",
            "--speaker",
            "none",
            "--video-size",
            "320x180",
            "--ice-server",
            "none",
            "--log",
            "trace",
        ];
        let arguments: Vec<&str> = task.iter().chain(&usual).copied().collect();
        start(&visavis, &at(&format!("{name}.log")), &arguments)
    };
    let mut bob = app("bob", &["answer", "--from", "alice"]);
    presence::logged_in(proxy.url(), "bob", LIMIT).await.expect("bob is online");
    let mut alice = app("alice", &["call", "bob", "--duration", "3s"]);
    for child in [&mut alice, &mut bob] {
        let ended = tokio::time::timeout(LIMIT, child.wait()).await.expect("in time");
        assert!(ended.expect("it ended").success(), "the call was a good one");
    }

    let messages = proxy.messages();
    let mut secrets = Secrets::default();
    messages.iter().for_each(|message| secrets.note_message(message));
    for name in ["alice", "bob"] {
        secrets.note_key(&std::fs::read(at(name).join("device.key")).expect("a key"));
    }
    // There was something to be silent about.
    let said = serde_json::to_string(&messages).expect("JSON");
    for member in [
        "signature",
        "commitment",
        "nonce",
        "opening",
        "challenge",
        "publicKey",
        "resume",
        "credential",
        "ice-pwd",
        "fingerprint",
        "typ relay",
    ] {
        assert!(said.contains(member), "the call had {member}");
    }
    assert!(secrets.texts.len() > 20 && !secrets.addresses.is_empty() && !secrets.ports.is_empty());

    for name in ["alice.log", "bob.log", "server.log"] {
        let log = std::fs::read(at(name)).expect("a log");
        let log = String::from_utf8_lossy(&log);
        assert!(log.contains("DEBUG") && log.contains("INFO"), "{name} is talkative: {log}");
        let found = secrets.found_in(&log);
        assert_eq!(
            found.len(),
            0,
            "{name} holds secrets: {:#?}",
            found.iter().take(20).collect::<Vec<_>>()
        );
    }
}
