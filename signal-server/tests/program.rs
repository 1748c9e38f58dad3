//! The program itself: what it prints, how it ends.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::process::Stdio;

use common::{Client, LONG};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("VISAVIS_")) {
        command.env_remove(variable);
    }
    command
}

/// Everything a program said before it ended: exit code, standard output, standard error.
async fn to_the_end(mut child: Child) -> (Option<i32>, String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut out).await.unwrap();
    }
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut err).await.unwrap();
    }
    let status = timeout(LONG, child.wait()).await.expect("an end").unwrap();
    (status.code(), out, err)
}

#[tokio::test]
async fn help_names_every_option_and_its_variable() {
    let (code, out, _) = to_the_end(program(&["--help"]).spawn().unwrap()).await;
    assert_eq!(code, Some(0));
    for word in ["Network:", "Limits:", "--listen", "[env: VISAVIS_LISTEN=]", "--stun-listen", "--no-directory"] {
        assert!(out.contains(word), "no {word} in:\n{out}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_one_line_and_a_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, out, err) = to_the_end(program(&["--listen", &address, "--stun-listen=off"]).spawn().unwrap()).await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains(&address) && err.contains("choose another port with --listen"), "{err}");
}

#[tokio::test]
async fn an_option_that_can_not_be_used_is_a_usage_error() {
    for args in [["--listen=nowhere"], ["--log=info=info=info"], ["--stun-listen=1"]] {
        let (code, out, err) = to_the_end(program(&args).spawn().unwrap()).await;
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_politely() {
    for signal in ["-TERM", "-INT"] {
        let mut child = program(&["--listen=127.0.0.1:0", "--stun-listen=127.0.0.1:0"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(LONG, lines.next_line()).await.expect("a line").unwrap().unwrap();
        let url = line.strip_prefix("listening on ").and_then(|rest| rest.split(' ').next()).expect("where it listens");
        let mut alice = Client::log_in(url, "alice").await;
        let killed = Command::new("kill").args([signal, &child.id().unwrap().to_string()]).status().await.unwrap();
        assert!(killed.success());
        let close = alice.expect_close().await.expect("a goodbye");
        assert_eq!(close.reason.as_str(), "the server is going away");
        drop(alice);
        let (code, _, err) = to_the_end(child).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(!err.contains("alice"), "{err}");
    }
}
