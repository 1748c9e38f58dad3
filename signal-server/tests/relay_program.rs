//! The relay of the program itself: how it is turned on, and what strangers cost.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UdpSocket;
use tokio::process::{Child, Command};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(20);

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("VISAVIS_")) {
        command.env_remove(variable);
    }
    // No name is claimed here; whoever runs the tests has a folder of their own.
    command.env("VISAVIS_DATA_DIR", env!("CARGO_TARGET_TMPDIR"));
    command
}

async fn fails(args: &[&str]) -> (Option<i32>, String) {
    let output = timeout(LONG, program(args).output()).await.expect("an end").unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A program, and where it answers STUN.
async fn running(args: &[&str]) -> (Child, SocketAddr) {
    let mut child = program(args).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(LONG, lines.next_line()).await.expect("a line").unwrap().unwrap();
    let stun = line
        .split("STUN: ")
        .nth(1)
        .and_then(|rest| rest.split([',', ')']).next())
        .expect("where STUN is");
    (child, stun.parse().unwrap())
}

#[tokio::test]
async fn what_can_not_be_is_said_in_words() {
    let listen = "--listen=127.0.0.1:0";
    for (args, word) in [
        (&["--turn-url=turn:relay.example.org"][..], "--turn-secret"),
        (
            &["--turn-url=http://relay.example.org", "--turn-secret=0123456789abcdef"],
            "turn:relay.example.org:3478",
        ),
        (&["--turn-secret=short"], "openssl rand -hex 32"),
        (&["--relay-ports=9-1"], "49160-49200"),
        (&["--relay-address=relay.example.org"], "--relay-address"),
        (&["--relay-allow-peer=10.0.0.1/33"], "--relay-allow-peer"),
        (&["--stun-max-answers=0"], "--stun-max-answers"),
    ] {
        let (code, said) = fails(&[&[listen], args].concat()).await;
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(word) && !said.contains("panicked"), "{args:?}: {said}");
    }
    let (code, said) = fails(&[listen, "--stun-listen=off", "--relay-address=127.0.0.1"]).await;
    assert_eq!((code, said.lines().count()), (Some(1), 1), "{said}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn strangers_who_ask_for_allocations_cost_no_memory() {
    /// As fast as nobody's defaults allow, so that all are answered.
    const ASKED: usize = 100_000;
    let (child, stun) = running(&[
        "--listen=127.0.0.1:0",
        "--stun-listen=127.0.0.1:0",
        "--relay-address=127.0.0.1",
        "--stun-max-answers=1000000",
    ])
    .await;
    let resident = || {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<i64>().unwrap()
    };
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut answered = 0;
    let mut before = 0;
    for round in 0..ASKED / 50 {
        if round == 100 {
            before = resident();
        }
        for each in 0..50_u64 {
            let mut request = [0; 20];
            request[1] = 3;
            request[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
            request[8..12].copy_from_slice(&u32::try_from(round).unwrap().to_be_bytes());
            request[12..].copy_from_slice(&each.to_be_bytes());
            socket.send_to(&request, stun).await.unwrap();
        }
        let mut answer = [0; 512];
        for _ in 0..50 {
            // Not all of them have to arrive.
            let Ok(heard) =
                timeout(Duration::from_millis(500), socket.recv_from(&mut answer)).await
            else {
                break;
            };
            heard.unwrap();
            assert_eq!(answer[..2], [0x01, 0x13], "an Allocate error");
            answered += 1;
        }
    }
    let grown = resident() - before;
    assert!(answered > ASKED * 9 / 10, "{answered}");
    assert!(grown < 2048, "{grown} KiB more after {answered} answers");
    println!("{grown} KiB more after {answered} answers");
}
