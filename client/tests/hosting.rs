//! A server that a session starts in its own process: whoever started it is logged in, others come
//! and are counted, and it ends when that is asked for, or with the session.
#![cfg(feature = "hosting")]

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use visavis_client::hosting::HostingOptions;
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::{Intent, LoginPhase, Snapshot};

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(20);

fn start(folder: Option<&Path>) -> SessionHandle {
    let hosting = folder.map(|folder| HostingOptions {
        ports: 0..=0,
        announces: false,
        ..HostingOptions::in_folder(folder.join("server"))
    });
    driver::start(SessionOptions { hosting, ..SessionOptions::default() })
}

async fn wants(session: &SessionHandle, intent: Intent) {
    session.link.intents.send(intent).await.expect("the session runs");
}

async fn waits(
    session: &mut SessionHandle,
    what: &str,
    is: impl Fn(&Snapshot) -> bool,
) -> Snapshot {
    let snapshots = &mut session.link.snapshots;
    let seen = tokio::time::timeout(SOON, snapshots.wait_for(|snapshot| is(snapshot))).await;
    let seen = seen.ok().map(|seen| Snapshot::clone(&seen.expect("the session runs")));
    seen.unwrap_or_else(|| panic!("{what}: {:?}", snapshots.borrow().login))
}

fn is_logged_in(snapshot: &Snapshot) -> bool {
    matches!(snapshot.login, LoginPhase::LoggedIn { .. })
}

fn hosts(username: &str) -> Intent {
    Intent::HostServer { username: username.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_starts_it_is_logged_in_others_are_guests_and_it_ends_as_asked() {
    let folder = TempDir::new().expect("a folder");
    let mut alice = start(Some(folder.path()));
    assert!(alice.link.snapshots.borrow().can_host);
    wants(&alice, hosts("alice")).await;
    let snapshot = waits(&mut alice, "alice logs in", is_logged_in).await;
    let hosted = snapshot.hosted_here().expect("a server").clone();
    assert_eq!((snapshot.server.as_str(), snapshot.guests()), (&*hosted.own_url(), 0));

    let mut bob = start(None);
    let server = hosted.own_url();
    wants(&bob, Intent::LogIn { server, username: "bob".to_owned() }).await;
    waits(&mut bob, "bob logs in", is_logged_in).await;
    waits(&mut alice, "bob is counted", |snapshot| snapshot.guests() == 1).await;

    wants(&alice, Intent::LogOut).await;
    let logged_out = |snapshot: &Snapshot| snapshot.login == LoginPhase::LoggedOut;
    let snapshot = waits(&mut alice, "alice logs out", logged_out).await;
    assert!(snapshot.hosting.is_some(), "the server goes on");
    assert!(is_logged_in(&bob.link.snapshots.borrow()));
    wants(&alice, hosts("alice")).await;
    let snapshot = waits(&mut alice, "alice comes back", is_logged_in).await;
    assert_eq!(snapshot.hosting.map(|again| again.port), Some(hosted.port));

    wants(&alice, Intent::StopServer).await;
    let gone = |snapshot: &Snapshot| logged_out(snapshot) && snapshot.hosting.is_none();
    waits(&mut alice, "the server ends", gone).await;
    waits(&mut bob, "bob notices", |snapshot| !is_logged_in(snapshot)).await;
    wants(&alice, hosts("alice")).await;
    waits(&mut alice, "it starts again", is_logged_in).await;
    alice.finish().await;
    bob.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_can_not_start_says_why_and_the_session_goes_on() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("server"), "a file").expect("a file");
    let mut alice = start(Some(folder.path()));
    wants(&alice, hosts("alice")).await;
    let failed = |snapshot: &Snapshot| matches!(snapshot.login, LoginPhase::Failed(_));
    let snapshot = waits(&mut alice, "it fails", failed).await;
    let LoginPhase::Failed(words) = &snapshot.login else { panic!("{:?}", snapshot.login) };
    assert_eq!((words.id(), snapshot.hosting), (Some("server-here-folder"), None));
    std::fs::remove_file(folder.path().join("server")).expect("it was there");
    wants(&alice, hosts("alice")).await;
    waits(&mut alice, "it starts where it can", is_logged_in).await;
    alice.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_their_mind_while_it_starts_has_no_server() {
    let folder = TempDir::new().expect("a folder");
    let mut alice = start(Some(folder.path()));
    wants(&alice, hosts("alice")).await;
    wants(&alice, Intent::LogOut).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let neither =
        |snapshot: &Snapshot| snapshot.login == LoginPhase::LoggedOut && snapshot.hosting.is_none();
    waits(&mut alice, "nothing is left", neither).await;
    alice.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_may_host_nothing_says_so() {
    let mut alice = start(None);
    assert!(!alice.link.snapshots.borrow().can_host);
    wants(&alice, hosts("alice")).await;
    waits(&mut alice, "it fails", |snapshot| matches!(snapshot.login, LoginPhase::Failed(_))).await;
    alice.finish().await;
}
