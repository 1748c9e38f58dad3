//! The program itself: what it prints, how it ends.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::process::Stdio;

use common::{Client, LONG};
use serde_json::Value;
use tempfile::TempDir;
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

/// The program at work, with a folder of its own, and its URL.
async fn running(args: &[&str]) -> (Child, String, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let ports =
        ["--listen=127.0.0.1:0", "--stun-listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"];
    let mut command = program(&[&ports, args].concat());
    let mut child = command.arg("--data-dir").arg(folder.path()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(LONG, lines.next_line()).await.expect("a line").unwrap().unwrap();
    let url = line
        .strip_prefix("listening on ")
        .and_then(|rest| rest.split(' ').next())
        .expect("where it listens");
    (child, url.to_owned(), folder)
}

#[cfg(unix)]
async fn send(child: &Child, signal: &str) {
    let Some(id) = child.id() else { return };
    Command::new("kill").args([signal, &id.to_string()]).status().await.unwrap();
}

#[tokio::test]
async fn help_names_every_option_and_its_variable() {
    let (code, out, _) = to_the_end(program(&["--help"]).spawn().unwrap()).await;
    assert_eq!(code, Some(0));
    for word in [
        "Network:",
        "Encryption:",
        "Limits:",
        "--listen",
        "[env: VISAVIS_LISTEN=]",
        "--stun-listen",
        "--no-directory",
    ] {
        assert!(out.contains(word), "no {word} in:\n{out}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_one_line_and_a_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, out, err) = to_the_end(
        program(&["--listen", &address, "--stun-listen=off", "--metrics-listen=off"])
            .spawn()
            .unwrap(),
    )
    .await;
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
        let (child, url, _folder) = running(&[]).await;
        let mut alice = Client::log_in(&url, "alice").await;
        send(&child, signal).await;
        let close = alice.expect_close().await.expect("a close frame");
        assert_eq!(
            (u16::from(close.code), close.reason.as_str()),
            (1012, "the server restarts, connect again")
        );
        drop(alice);
        let (code, _, err) = to_the_end(child).await;
        assert_eq!(code, Some(0), "{err}");
        assert!(
            err.contains("logged in") && !err.contains("alice") && !err.contains("127.0.0.1"),
            "{err}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn asked_twice_it_ends_at_once() {
    let (child, url, _folder) = running(&[]).await;
    // Somebody who does not answer the close frame, so that the end takes a second.
    let _silent = Client::log_in(&url, "silent").await;
    send(&child, "-TERM").await;
    send(&child, "-TERM").await;
    let (code, _, err) = to_the_end(child).await;
    // Both signals may have come as one, or the second after the end.
    assert!(
        code == Some(0) || code == Some(1) && err.contains("asked to stop twice"),
        "{code:?} {err}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_is_json_and_names_stand_in_it_as_they_should() {
    for (how, shown) in [("plain", Some("alice")), ("off", Some("-")), ("hashed", None)] {
        let (child, url, _folder) = running(&["--log-format=json", "--log-names", how]).await;
        drop(Client::log_in(&url, "alice").await);
        send(&child, "-TERM").await;
        let (_, _, err) = to_the_end(child).await;
        let lines: Vec<Value> =
            err.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        let login = lines.iter().find(|line| line["message"] == "logged in").expect("the login");
        let name = login["name"].as_str().unwrap();
        match shown {
            Some(shown) => assert_eq!(name, shown),
            None => assert!(name.len() == 8 && !err.contains("alice"), "{err}"),
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn sighup_ends_nothing_and_sigterm_drains_after_it() {
    let (child, url, _folder) = running(&[]).await;
    let mut alice = Client::log_in(&url, "alice").await;
    for _ in 0..3 {
        send(&child, "-HUP").await;
        alice.expect_nothing_else().await;
    }
    drop(Client::log_in(&url, "bob").await);
    send(&child, "-TERM").await;
    assert_eq!(alice.expect_close().await.map(|close| u16::from(close.code)), Some(1012));
    drop(alice);
    let (code, _, err) = to_the_end(child).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("SIGHUP"), "{err}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_data_folder_that_is_gone_is_not_ready_and_said_until_it_can_be_made_again() {
    let (child, url, folder) = running(&[]).await;
    let address = url.strip_prefix("ws://").unwrap().parse().unwrap();
    let until_ready_is = async |status: u16| {
        let asked = async {
            loop {
                // It looks at once.
                send(&child, "-HUP").await;
                let (answered, words) = common::get(address, "/readyz").await;
                if answered == status {
                    return words;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, asked).await.expect("another answer")
    };
    let data = folder.path().to_owned();
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::write(&data, "in its place").unwrap();
    let words = until_ready_is(503).await;
    assert!(words.contains("who owns which name"), "{words}");
    assert_eq!(common::get(address, "/healthz").await.0, 200);
    let mut alice = Client::connect(&url).await;
    alice.say(r#"{"type":"login","username":"alice"}"#).await;
    let refusal = alice.hear().await;
    assert!(
        refusal.contains(r#""reason":"unavailable""#) && refusal.contains("can't check names"),
        "{refusal}"
    );
    std::fs::remove_file(&data).unwrap();
    until_ready_is(200).await;
    alice.say(r#"{"type":"login","username":"alice"}"#).await;
    let reply = alice.hear().await;
    assert!(reply.contains(r#""success":true"#), "{reply}");
    assert!(data.join("names.db").is_file());
    drop(alice);
    send(&child, "-TERM").await;
    let (code, _, err) = to_the_end(child).await;
    assert_eq!(code, Some(0), "{err}");
    for words in ["nobody can log in", "was written again", "can be used again"] {
        assert_eq!(err.matches(words).count(), 1, "{words}: {err}");
    }
}

#[tokio::test]
async fn the_password_of_redis_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("--redis-file={}", path.display())
    };
    let url = "redis://ann:s3cret@127.0.0.1:1";
    let warning = "everyone on this machine can read the password";
    let quiet = ["--listen=127.0.0.1:0", "--stun-listen=off", "--metrics-listen=off"];
    for (args, code, words, warned) in [
        (&[format!("--redis={url}")][..], 1, "Redis at 127.0.0.1:1", true),
        (&[file("url", &format!("\n  {url}\n"))], 1, "Redis at 127.0.0.1:1", false),
        (
            &["--redis=redis://127.0.0.1:1".to_owned(), file("password", "s3cret")],
            1,
            "Redis at 127.0.0.1:1",
            false,
        ),
        (&[file("password", "s3cret")], 2, "--redis redis://HOST:PORT", false),
        (&[format!("--redis={url}/many")], 2, "--redis <URL>", false),
        (&["--redis=ann:s3cret@127.0.0.1".to_owned()], 2, "redis://", false),
        (&[file("wrong", "http://ann:s3cret@a")], 2, "redis://", false),
        (&["--turn-secret=s3cret".to_owned()], 2, "--turn-secret", false),
    ] {
        for command in [&[][..], &["names", "list"]] {
            let args = args.iter().map(String::as_str).chain(command.iter().copied());
            let args = [&quiet[..], &args.collect::<Vec<_>>()].concat();
            let (ended, out, err) = to_the_end(program(&args).spawn().unwrap()).await;
            assert_eq!(ended, Some(code), "{args:?}: {err}");
            assert!(err.contains(words) && !format!("{out}{err}").contains("s3cret"), "{err}");
            assert_eq!(err.contains(warning), warned && command.is_empty(), "{err}");
        }
    }
}
