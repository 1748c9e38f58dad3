//! What servers that are hostile, broken or something else make `visavis` print: one clean line
//! that says what to do, and an exit code.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use visavis_tests::hostile::HostileServer;
use visavis_tests::programs::{self, Finished, Program};

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// What would change a terminal: its title, its content, its colours, the direction of its text,
/// its links, and the line that is written.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mSorry,\u{202e} come\r\nback\u{200b} \
                       \u{1b}]8;;http://x\u{1b}\\later\u{9b}0m.\u{8}\u{8}";
/// What is left of it.
const CLEAN: &str = "Sorry, come back later.";

async fn call(server: &str) -> Finished {
    let data = tempfile::tempdir().expect("a temporary folder");
    let folder = data.path().display().to_string();
    let visavis = programs::visavis().expect("visavis is built");
    let arguments = [
        ["--server", server],
        ["--username", "alice"],
        ["--data-dir", &folder],
        ["--camera", "pattern"],
        ["--microphone", "tone"],
        ["--speaker", "none"],
        ["--ice-server", "none"],
        ["--timeout", "15s"],
    ];
    let arguments = ["call", "bob"].into_iter().chain(arguments.into_iter().flatten());
    let program = Program::start("visavis", &visavis, arguments).expect("it starts");
    program.finish(LIMIT).await.expect("it ends")
}

/// Whether nothing but lines of text was printed, and little of it.
fn is_clean(finished: &Finished) {
    let printed = format!("{}{}", finished.stdout, finished.stderr);
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}');
    let printable = |c: char| !c.is_control() && !unseen(c);
    assert!(printed.chars().all(|c| c == '\n' || printable(c)), "{finished:?}");
}

fn is_short(finished: &Finished) {
    assert!(finished.stdout.len() + finished.stderr.len() < 2000, "{finished:?}");
}

/// How often this was printed, wherever.
fn times(finished: &Finished, words: &str) -> usize {
    finished.stdout.matches(words).count() + finished.stderr.matches(words).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_the_terminal_as_one_clean_line_once() {
    let long = format!("{HOSTILE} {}", "and more ".repeat(7000));
    for answer in [
        json!({ "type": "login", "success": false, "reason": "not-allowed", "message": HOSTILE }),
        json!({ "type": "login", "success": false, "reason": "other", "message": long }),
        json!({ "type": "error", "code": "rate-limited", "message": HOSTILE }),
    ] {
        let server = HostileServer::start().await;
        let url = server.url();
        let (finished, _victim) = tokio::join!(call(&url), server.answer_login(&answer));
        is_clean(&finished);
        is_short(&finished);
        assert_eq!(finished.status.code(), Some(3), "{finished:?}");
        assert_eq!(finished.stderr.trim_end().lines().count(), 1, "{finished:?}");
        assert_eq!(times(&finished, CLEAN), 1, "{finished:?}");
        assert!(!finished.stderr.contains("owned"), "{finished:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_server_says_later_reaches_the_terminal_as_it_is() {
    let server = HostileServer::start().await;
    let url = server.url();
    let talking = async {
        let mut victim = server.let_in(&Value::Array(Vec::new())).await;
        victim.receives("offer").await;
        for message in [
            json!({ "type": HOSTILE, "x": 1 }),
            json!({ "type": "error", "code": HOSTILE, "message": HOSTILE, "inReplyTo": HOSTILE }),
            json!({ "type": "decline", "username": "bob", "reason": HOSTILE }),
            json!({ "type": "error", "code": "unknown-user", "message": HOSTILE, "inReplyTo": "offer" }),
        ] {
            victim.send(&message).await;
        }
        victim
    };
    let (finished, _victim) = tokio::join!(call(&url), talking);
    is_clean(&finished);
    is_short(&finished);
    assert_eq!(finished.status.code(), Some(4), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_not_to_get_in_is_one_line_that_says_what_to_do_and_exits_with_3() {
    const NO_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    const ALERT: &[u8] = &[0x15, 0x03, 0x03, 0, 2, 2, 10];
    let cases: [(&str, &'static [u8], &str, &str); 9] = [
        ("wss", NO_TLS, "does not speak TLS", "write ws:// instead of wss://"),
        ("WS", ALERT, "it wants TLS", "write wss:// instead of ws://"),
        ("ws", b"HTTP/1.1 429 Slow\r\n\r\n", "HTTP 429", "wait a minute"),
        ("http", b"HTTP/1.1 502 Bad\r\n\r\n", "HTTP 502", "try again later"),
        ("ws", b"HTTP/1.1 503 Busy\r\n\r\n", "HTTP 503", "try again in a moment"),
        ("ws", b"HTTP/1.1 403 No\r\n\r\n", "HTTP 403", "let you in"),
        ("ws", b"HTTP/1.1 404 No\r\n\r\n", "HTTP 404", "check the address"),
        ("ws", b"HTTP/1.1 200 OK\r\n\r\n", "HTTP 200", "check the address"),
        ("ws", b"220 smtp\r\n", "no protocol that we know", "a signaling server runs there"),
    ];
    for (scheme, answer, what, advice) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let answering = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.expect("a request") > 0);
            stream.write_all(answer).await.expect("it is taken");
            stream.shutdown().await.expect("it ends");
            while stream.read(&mut request).await.is_ok_and(|read| read > 0) {}
        };
        let url = format!("{scheme}://{address}");
        let (finished, ()) = tokio::join!(call(&url), answering);
        is_clean(&finished);
        assert_eq!(finished.status.code(), Some(3), "{url}: {finished:?}");
        assert_eq!(finished.stderr.trim_end().lines().count(), 1, "{finished:?}");
        for words in [what, advice] {
            assert!(finished.stderr.contains(words), "{words}: {finished:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_goes_to_a_pipe_has_no_colours_and_no_line_is_printed_twice() {
    let server = HostileServer::start().await;
    let url = server.url();
    let data = tempfile::tempdir().expect("a temporary folder");
    let folder = data.path().display().to_string();
    let visavis = programs::visavis().expect("visavis is built");
    let arguments = [
        "answer",
        "--server",
        &url,
        "--username",
        "alice",
        "--data-dir",
        &folder,
        "--camera",
        "none",
        "--microphone",
        "none",
        "--speaker",
        "none",
        "--log",
        "visavis_client=debug",
        "--timeout",
        "3s",
    ];
    let program = Program::start("visavis", &visavis, arguments).expect("it starts");
    // It comes back to a server that went away, and waits for its call no longer than it was told.
    let going_away = async {
        drop(server.let_in(&Value::Array(Vec::new())).await);
        drop(server.let_in(&Value::Array(Vec::new())).await);
    };
    let (finished, ()) = tokio::join!(program.finish(LIMIT), going_away);
    let finished = finished.expect("it ends");
    is_clean(&finished);
    assert_eq!(finished.status.code(), Some(4), "{finished:?}");
    assert!(finished.stderr.contains("DEBUG"), "something was logged: {finished:?}");
    let mut said: Vec<&str> = finished.stdout.lines().collect();
    said.sort_unstable();
    assert!(said.windows(2).all(|pair| pair[0] != pair[1]), "{finished:?}");
}
