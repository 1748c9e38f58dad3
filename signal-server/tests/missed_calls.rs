//! Calls that were missed while nobody was online under an owned name, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod common;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::owners::{self, call_in_vain, leave, own, public, with_key};
use common::{Client, get};
use ed25519_dalek::SigningKey;
use serde_json::Value;
use visavis_shared::{Timestamp, canonical_name};
use visavis_signal_server::names::NameStore;
use visavis_signal_server::{Config, Server, start};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn bobs() -> SigningKey {
    owners::key(1)
}

fn alices() -> SigningKey {
    owners::key(2)
}

/// The list that comes next: callers, how long ago, and whether they were guests.
async fn missed(client: &mut Client) -> Vec<(String, Duration, bool)> {
    let message: Value = serde_json::from_str(&client.hear().await).unwrap();
    assert!(!owners::callers(&message).is_empty(), "{message}");
    let calls = message["calls"].as_array().expect("a list");
    let now = Timestamp::from(SystemTime::now());
    calls
        .iter()
        .map(|call| {
            let at: Timestamp = call["at"].as_str().unwrap().parse().unwrap();
            assert!(at <= now, "{call}");
            for (member, _) in call.as_object().unwrap() {
                assert!(["from", "at", "guest"].contains(&member.as_str()), "{member}");
            }
            (call["from"].as_str().unwrap().to_owned(), now.since(at), call["guest"] == true)
        })
        .collect()
}

fn callers(missed: &[(String, Duration, bool)]) -> Vec<(&str, bool)> {
    missed.iter().map(|(from, _, guest)| (from.as_str(), *guest)).collect()
}

async fn counted(server: &Server, what: &str) -> u64 {
    let (_, page) = get(server.metrics_address().unwrap(), "/metrics").await;
    let line = format!("visavis_missed_calls_total{{what=\"{what}\"}} ");
    page.lines()
        .find_map(|l| l.strip_prefix(&line))
        .map_or(0, |count| count.trim().parse().unwrap())
}

fn on_disk() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("names.db");
    (folder, file)
}

async fn serve(file: &Path, missed_calls: bool) -> Server {
    let mut config = Config { missed_calls, ..Config::for_tests() };
    config.names.file = Some(file.to_owned());
    start(config).await.unwrap()
}

#[tokio::test]
async fn who_called_while_the_owner_was_away_is_told_once_at_the_next_login() {
    let server = common::server().await;
    own(&server.url(), "bob", &bobs()).await;
    let mut alice = with_key(&server.url(), "alice", &alices()).await;
    let mut carol = Client::log_in(&server.url(), "carol").await;
    call_in_vain(&mut alice, "Bob", "c1").await;
    call_in_vain(&mut carol, "bob", "c2").await;
    call_in_vain(&mut carol, "bob", "c3").await;
    let mut bob = with_key(&server.url(), "BOB", &bobs()).await;
    let told = missed(&mut bob).await;
    assert_eq!(callers(&told), [("alice", false), ("carol", true)]);
    assert!(told.iter().all(|(_, ago, _)| *ago < common::LONG), "{told:?}");
    bob.expect_nothing_else().await;
    alice.say(r#"{"type":"offer","otherUsername":"bob","call":"c4","offer":{}}"#).await;
    bob.expect(r#"{"type":"offer","username":"alice","call":"c4","offer":{}}"#).await;
    leave(bob).await;
    let mut bob = with_key(&server.url(), "bob", &bobs()).await;
    bob.expect_nothing_else().await;
    let counts = [
        counted(&server, "kept").await,
        counted(&server, "again").await,
        counted(&server, "told").await,
        counted(&server, "failed").await,
    ];
    assert_eq!(counts, [2, 1, 2, 0]);
    server.shutdown().await;
}

#[tokio::test]
async fn a_guest_is_told_nothing_and_neither_is_a_page_of_an_older_dialect() {
    let server = common::server().await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    call_in_vain(&mut alice, "bob", "c1").await;
    let mut bob = Client::log_in(&server.url(), "bob").await;
    bob.expect_nothing_else().await;
    leave(bob).await;
    let mut bob = Client::log_in_named(&server.url(), "bob").await;
    bob.say(r#"{"type":"nothing-else"}"#).await;
    bob.expect(r#"{"type":"error","message":"Command not found: nothing-else"}"#).await;
    leave(bob).await;
    let mut bob = with_key(&server.url(), "bob", &bobs()).await;
    bob.expect_nothing_else().await;
    assert_eq!(counted(&server, "kept").await, 0, "nobody owned the name");
    server.shutdown().await;
}

#[tokio::test]
async fn what_an_owner_missed_survives_the_server() {
    let (_folder, file) = on_disk();
    let server = serve(&file, true).await;
    own(&server.url(), "bob", &bobs()).await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    call_in_vain(&mut alice, "bob", "c1").await;
    server.shutdown().await;
    let server = serve(&file, true).await;
    let mut bob = with_key(&server.url(), "bob", &bobs()).await;
    assert_eq!(callers(&missed(&mut bob).await), [("alice", true)]);
    server.shutdown().await;
    let server = serve(&file, true).await;
    with_key(&server.url(), "bob", &bobs()).await.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn of_fifty_one_callers_the_first_is_not_told() {
    let server = common::server().await;
    own(&server.url(), "bob", &bobs()).await;
    for n in 0..51 {
        let mut caller = Client::log_in(&server.url(), &format!("person-{n}x")).await;
        call_in_vain(&mut caller, "bob", "c").await;
    }
    let mut bob = with_key(&server.url(), "bob", &bobs()).await;
    let told = missed(&mut bob).await;
    let expected: Vec<_> = (1..51).map(|n| format!("person-{n}x")).collect();
    let told: Vec<_> = told.into_iter().map(|(from, ..)| from).collect();
    assert_eq!(told, expected);
    server.shutdown().await;
}

#[tokio::test]
async fn after_thirty_days_a_call_is_not_told_and_not_there_any_more() {
    let (_folder, file) = on_disk();
    let [bob, alice, carol] = ["bob", "alice", "carol"].map(|name| canonical_name(name).unwrap());
    let now = SystemTime::now();
    let mut store = NameStore::open(&file).unwrap();
    store.claim(&bob, &public(&bobs()), UNIX_EPOCH).unwrap();
    store.keep_missed(&bob, &alice, (now - 30 * DAY).into()).unwrap();
    store.keep_missed(&bob, &carol, (now - 29 * DAY).into()).unwrap();
    let kept = store.missed(&bob, &public(&bobs()), (now - 29 * DAY).into()).unwrap();
    assert_eq!(kept.len(), 2);
    drop(store);
    let server = serve(&file, true).await;
    let mut client = with_key(&server.url(), "bob", &bobs()).await;
    let told = missed(&mut client).await;
    assert_eq!(callers(&told), [("carol", true)]);
    assert!(told[0].1 >= 29 * DAY, "{told:?}");
    server.shutdown().await;
    let bytes = std::fs::read(&file).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(
        holds("bob") && !holds("alice") && !holds("carol"),
        "what is erased is not on the disk"
    );
}

#[tokio::test]
async fn a_server_that_keeps_no_missed_calls_tells_none_and_erases_those_of_before() {
    let (_folder, file) = on_disk();
    let server = serve(&file, true).await;
    own(&server.url(), "bob", &bobs()).await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    call_in_vain(&mut alice, "bob", "c1").await;
    server.shutdown().await;
    let server = serve(&file, false).await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    call_in_vain(&mut alice, "bob", "c2").await;
    with_key(&server.url(), "bob", &bobs()).await.expect_nothing_else().await;
    server.shutdown().await;
    let server = serve(&file, true).await;
    with_key(&server.url(), "bob", &bobs()).await.expect_nothing_else().await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_name_that_is_released_is_told_nothing_of_before() {
    let (_folder, file) = on_disk();
    let server = serve(&file, true).await;
    own(&server.url(), "bob", &bobs()).await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    call_in_vain(&mut alice, "bob", "c1").await;
    let mut carol = Client::log_in(&server.url(), "carol").await;
    carol.expect_nothing_else().await;
    let bob = canonical_name("bob").unwrap();
    // As `names release` does while the server runs.
    let mut store = NameStore::open(&file).unwrap();
    let now = || SystemTime::now().into();
    let kept = async {
        while store.missed(&bob, &public(&bobs()), now()).unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(common::LONG, kept).await.expect("a missed call");
    assert!(store.release(&bob).unwrap());
    let mut other = with_key(&server.url(), "bob", &alices()).await;
    other.expect_nothing_else().await;
    server.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_store_that_takes_nothing_fails_no_call_and_no_login() {
    let (_folder, file) = on_disk();
    let server = serve(&file, true).await;
    own(&server.url(), "bob", &bobs()).await;
    let mut alice = Client::log_in(&server.url(), "alice").await;
    let mut carol = Client::log_in(&server.url(), "carol").await;
    // Another program does not let go of the file: nothing can be written, all can be read.
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    call_in_vain(&mut alice, "bob", "c1").await;
    alice.say(r#"{"type":"offer","otherUsername":"carol","call":"c2","offer":{}}"#).await;
    carol.expect(r#"{"type":"offer","username":"alice","call":"c2","offer":{}}"#).await;
    let mut bob = with_key(&server.url(), "bob", &bobs()).await;
    bob.expect_nothing_else().await;
    alice.say(r#"{"type":"offer","otherUsername":"bob","call":"c3","offer":{}}"#).await;
    bob.expect(r#"{"type":"offer","username":"alice","call":"c3","offer":{}}"#).await;
    other.execute_batch("ROLLBACK").unwrap();
    server.shutdown().await;
}
