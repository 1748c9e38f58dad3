//! Logins at servers that greet early, late or never, in virtual time.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::device_key::DeviceKey;

const HELLO: &str = r#"{"type":"hello","protocol":1,"server":"s","challenge":"Y2hhbGxlbmdl"}"#;
const WELCOME: &str = r#"{"type":"login","success":true,"username":"alice","iceServers":[]}"#;

type TestSocket = Socket<DuplexStream>;

fn account() -> Account {
    let url = ServerUrl::parse("example.org").expect("a URL");
    let key = DeviceKey::from_seed([7; 32]).login_key(url.origin());
    Account::new(url, Username::parse("alice").expect("a name"), Some(key))
}

/// A connection: our end, and the server's.
async fn connection() -> (TestSocket, TestSocket) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let ours = Socket::from_raw_socket(ours, Role::Client, None).await;
    (ours, Socket::from_raw_socket(theirs, Role::Server, None).await)
}

/// What a server does on a connection.
#[derive(Clone, Copy)]
struct Server {
    greets_after: Option<u64>,
    answers: Option<&'static str>,
}

impl Server {
    /// Gives the logins that it received.
    async fn run(self, mut socket: TestSocket) -> Vec<Value> {
        let mut logins = Vec::new();
        if let Some(millis) = self.greets_after {
            sleep(Duration::from_millis(millis)).await;
            if socket.send(Message::text(HELLO)).await.is_err() {
                return logins;
            }
        }
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Text(text) = message {
                logins.push(serde_json::from_str(&text).expect("JSON"));
                if let Some(answer) = self.answers {
                    let _ = socket.send(Message::text(answer)).await;
                }
            }
        }
        logins
    }
}

/// Logs in once. Gives what came of it, after how long, and the logins that the server received.
async fn log_in(
    account: &mut Account,
    server: Server,
) -> (Result<Granted, Failure>, Duration, Vec<Value>) {
    let (mut ours, theirs) = connection().await;
    let serving = tokio::spawn(server.run(theirs));
    let begun = Instant::now();
    let granted = account.log_in_over(&mut ours).await;
    let took = begun.elapsed();
    drop(ours);
    (granted, took, serving.await.expect("no panic"))
}

fn is_signed(login: &Value) -> bool {
    login["publicKey"].is_string() && login["signature"].is_string()
}

#[tokio::test(start_paused = true)]
async fn a_greeting_is_signed_also_when_it_is_late() {
    for millis in [0, 1900, 2100, 9900] {
        let server = Server { greets_after: Some(millis), answers: Some(WELCOME) };
        let (granted, _, logins) = log_in(&mut account(), server).await;
        assert!(granted.is_ok(), "{granted:?}");
        assert!(logins.len() == 1 && is_signed(&logins[0]), "{logins:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_leaves_the_greeting_out_gets_no_login_from_whoever_has_a_key() {
    let mut account = account();
    for _ in 0..2 {
        for greets_after in [None, Some(10_100), Some(60_000)] {
            let server = Server { greets_after, answers: Some(WELCOME) };
            let (granted, took, logins) = log_in(&mut account, server).await;
            assert!(matches!(granted, Err(Failure::Unreachable(_))), "{granted:?}");
            assert!(logins.is_empty() && took >= LOGIN_WITHIN, "{logins:?} after {took:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_greeting_without_a_challenge_that_can_be_signed_gets_no_login() {
    let long = "x".repeat(513);
    for challenge in ["", " ", "a b", "a\\nb", "\u{e4}", &long] {
        let hello = format!(r#"{{"type":"hello","protocol":1,"challenge":"{challenge}"}}"#);
        let (mut ours, mut theirs) = connection().await;
        theirs.send(Message::text(hello)).await.expect("sent");
        let granted = account().log_in_over(&mut ours).await;
        assert!(matches!(granted, Err(Failure::Unreachable(_))), "{challenge:?}: {granted:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_lets_nobody_in() {
    let server = Server { greets_after: Some(0), answers: None };
    let (granted, took, _) = log_in(&mut account(), server).await;
    assert!(matches!(granted, Err(Failure::Unreachable(_))), "{granted:?}");
    assert!(took <= LOGIN_WITHIN + Duration::from_millis(100), "{took:?}");
}
