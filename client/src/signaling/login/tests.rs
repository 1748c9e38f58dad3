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
const NOT_ALLOWED: &str =
    r#"{"type":"login","success":false,"reason":"not-allowed","message":"Not yours."}"#;

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
) -> (Result<Outcome, Failure>, Duration, Vec<Value>) {
    let (mut ours, theirs) = connection().await;
    let serving = tokio::spawn(server.run(theirs));
    let begun = Instant::now();
    let outcome = account.log_in_over(&mut ours).await;
    let took = begun.elapsed();
    drop(ours);
    (outcome, took, serving.await.expect("no panic"))
}

fn is_signed(login: &Value) -> bool {
    login["publicKey"].is_string() && login["signature"].is_string()
}

#[tokio::test(start_paused = true)]
async fn a_greeting_in_time_is_signed() {
    for millis in [0, 500, 1900] {
        let server = Server { greets_after: Some(millis), answers: Some(WELCOME) };
        let (outcome, _, logins) = log_in(&mut account(), server).await;
        assert!(matches!(outcome, Ok(Outcome::Granted { .. })), "{outcome:?}");
        assert!(logins.len() == 1 && is_signed(&logins[0]), "{logins:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_greets_gets_a_guest_every_time() {
    let mut account = account();
    for _ in 0..2 {
        let server = Server { greets_after: None, answers: Some(WELCOME) };
        let (outcome, took, logins) = log_in(&mut account, server).await;
        assert!(matches!(outcome, Ok(Outcome::Granted { .. })), "{outcome:?}");
        assert!(took < HELLO_WITHIN + Duration::from_millis(100), "{took:?}");
        assert!(logins.len() == 1 && !is_signed(&logins[0]), "{logins:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_greeting_takes_the_login_of_the_guest_back_whatever_its_answer() {
    for answer in [WELCOME, NOT_ALLOWED] {
        for millis in [2100, 5000, 11_000] {
            let mut account = account();
            let server = Server { greets_after: Some(millis), answers: Some(answer) };
            let (outcome, _, logins) = log_in(&mut account, server).await;
            assert!(matches!(outcome, Ok(Outcome::GreetedLate)), "{outcome:?}");
            assert!(logins.iter().all(|login| !is_signed(login)), "{logins:?}");
            // On the next connection the greeting may take its time.
            let server = Server { greets_after: Some(9000), answers: Some(WELCOME) };
            let (outcome, _, logins) = log_in(&mut account, server).await;
            assert!(matches!(outcome, Ok(Outcome::Granted { .. })), "{outcome:?}");
            assert!(logins.len() == 1 && is_signed(&logins[0]), "{logins:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_greeted_and_does_not_any_more_gets_no_login() {
    let mut account = account();
    let greets = Server { greets_after: Some(0), answers: Some(NOT_ALLOWED) };
    let (outcome, _, _) = log_in(&mut account, greets).await;
    assert!(matches!(outcome, Err(Failure::Refused(..))), "{outcome:?}");
    let silent = Server { greets_after: None, answers: Some(WELCOME) };
    let (outcome, took, logins) = log_in(&mut account, silent).await;
    assert!(matches!(outcome, Err(Failure::Unreachable(_))), "{outcome:?}");
    assert!(logins.is_empty() && took >= LOGIN_WITHIN, "{logins:?} after {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_at_all_lets_nobody_in() {
    for greets_after in [None, Some(60_000)] {
        let server = Server { greets_after, answers: None };
        let (outcome, took, _) = log_in(&mut account(), server).await;
        assert!(matches!(outcome, Err(Failure::Unreachable(_))), "{outcome:?}");
        assert!(took <= HELLO_WITHIN + LOGIN_WITHIN + Duration::from_millis(100), "{took:?}");
    }
}
