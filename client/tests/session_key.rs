//! The key of a session: read for each log-in, imported and exported without a log-in, and never
//! waited for.

mod common;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::server;
use tokio::time::timeout;
use visavis_client::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use visavis_client::device_key::{DeviceKey, KEY_FILE, KeyStore};
use visavis_client::session::driver::{self, SessionHandle};
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::{
    Intent, KeyPlace, KeyWork, LoginPhase, Passphrase, Snapshot,
};

/// How long anything may take that is expected to happen.
const SOON: Duration = Duration::from_secs(20);

/// A session whose key is in this folder.
fn session(folder: &Path) -> SessionHandle {
    driver::start(SessionOptions {
        keys: Some(KeyStore::in_folder(folder.to_owned())),
        camera: CameraChoice::None,
        microphone: MicrophoneChoice::None,
        speaker: SpeakerChoice::None,
        ..SessionOptions::default()
    })
}

async fn until(
    session: &SessionHandle,
    what: &str,
    is_so: impl Fn(&Snapshot) -> bool,
) -> Arc<Snapshot> {
    let mut snapshots = session.link.snapshots.clone();
    let snapshot = timeout(SOON, snapshots.wait_for(|snapshot| is_so(snapshot))).await;
    Arc::clone(&*snapshot.unwrap_or_else(|_| panic!("not {what}")).expect("the session runs"))
}

async fn send(session: &SessionHandle, intent: Intent) {
    session.link.intents.send(intent).await.expect("the session runs");
}

/// Logs in as alice. Returns why not, in words, if so.
async fn logs_in(session: &SessionHandle, url: &str) -> Option<String> {
    send(session, Intent::LogOut).await;
    until(session, "logged out", |s| s.login == LoginPhase::LoggedOut).await;
    let (server, username) = (url.to_owned(), "alice".to_owned());
    send(session, Intent::LogIn { server, username }).await;
    let over =
        |s: &Snapshot| matches!(s.login, LoginPhase::LoggedIn { .. } | LoginPhase::Failed(_));
    match &until(session, "logged in or refused", over).await.login {
        LoginPhase::Failed(words) => Some(words.plain()),
        _ => None,
    }
}

async fn works(session: &SessionHandle, intent: Intent) -> KeyWork {
    send(session, intent).await;
    let over = |s: &Snapshot| matches!(s.key.work, KeyWork::Done(_) | KeyWork::Failed(_));
    let snapshot = until(session, "done", over).await;
    snapshot.key.work.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_the_folder_is_used_and_another_one_from_the_next_log_in_on() {
    let (server, here, there) = (server().await, folder(), folder());
    let (one, other) = (session(here.path()), session(there.path()));
    assert_eq!(one.link.snapshots.borrow().key.place, None);
    assert_eq!(logs_in(&one, &server.url()).await, None);
    let place = Some(KeyPlace::File(here.path().join(KEY_FILE)));
    assert_eq!(one.link.snapshots.borrow().key.place, place);
    send(&one, Intent::LogOut).await;
    let words = logs_in(&other, &server.url()).await.expect("the name is taken");
    assert!(words.contains("This name belongs to somebody else"), "{words}");

    let file = here.path().join("export");
    let passphrase = || Passphrase::new("correct horse battery");
    let exported =
        works(&one, Intent::ExportKey { to: file.clone(), passphrase: passphrase() }).await;
    assert!(matches!(exported, KeyWork::Done(_)), "{exported:?}");
    let imported = works(&other, Intent::ImportKey { from: file, passphrase: passphrase() }).await;
    assert!(matches!(imported, KeyWork::Done(_)), "{imported:?}");
    assert_eq!(logs_in(&other, &server.url()).await, None, "the same person");
    one.finish().await;
    other.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_can_not_be_used_is_said_at_the_log_in_and_tried_again_at_the_next() {
    let (server, folder) = (server().await, folder());
    let path = folder.path().join(KEY_FILE);
    std::fs::write(&path, "not a key").expect("written");
    let session = session(folder.path());
    let words = logs_in(&session, &server.url()).await.expect("no log-in");
    assert!(words.contains("is damaged"), "{words}");
    assert_eq!(std::fs::read(&path).expect("there"), b"not a key");
    std::fs::remove_file(&path).expect("moved away");
    DeviceKey::load_or_create(folder.path()).expect("restored");
    assert_eq!(logs_in(&session, &server.url()).await, None);
    session.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_passphrase_changes_nothing_and_is_said() {
    let folder = folder();
    DeviceKey::load_or_create(folder.path()).expect("a key");
    let before = std::fs::read(folder.path().join(KEY_FILE)).expect("a key");
    let session = session(folder.path());
    let file = folder.path().join("export");
    let passphrase = Passphrase::new("correct horse battery");
    works(&session, Intent::ExportKey { to: file.clone(), passphrase }).await;
    let wrong = Intent::ImportKey { from: file, passphrase: Passphrase::new("another") };
    send(&session, wrong).await;
    let failed = until(&session, "refused", |s| matches!(s.key.work, KeyWork::Failed(_))).await;
    let KeyWork::Failed(words) = &failed.key.work else { unreachable!() };
    assert_eq!(words.text(), "That is not the passphrase of this file.");
    assert_eq!(std::fs::read(folder.path().join(KEY_FILE)).expect("a key"), before);
    session.finish().await;
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}
