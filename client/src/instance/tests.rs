use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;

use tokio::net::UnixStream;
use visavis_shared::canonical_name;

use super::*;
use crate::invitation::Invitation;

/// The first of a profile, and what it was asked for.
async fn first(
    folder: &Path,
    reply: Reply,
) -> (Arc<Mutex<Vec<Request>>>, tokio::task::JoinHandle<()>) {
    let Claim::First(first) = claim(folder, &Request::default()).await else {
        panic!("it is not the first")
    };
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    let serving = tokio::spawn(first.serve(move |request| {
        heard.lock().unwrap().push(request);
        reply
    }));
    (asked, serving)
}

fn place(folder: &Path) -> imp::Place {
    imp::Place::of(folder, &key(folder)).expect("a place")
}

fn link() -> Request {
    Request {
        username: canonical_name("bob").ok(),
        invitation: Some(Invitation::parse("visavis://host/carol")),
    }
}

#[tokio::test]
async fn a_second_start_hands_over_to_the_first_of_its_profile_and_of_no_other() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (asked, _serving) = first(here.path(), Reply::Taken).await;
    assert!(matches!(claim(here.path(), &link()).await, Claim::HandedOver));
    assert_eq!(*asked.lock().unwrap(), [link()]);
    assert!(matches!(claim(there.path(), &link()).await, Claim::First(_)));
}

#[tokio::test]
async fn who_is_somebody_else_opens_a_window_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (_asked, _serving) = first(folder.path(), Reply::NotMine).await;
    assert!(matches!(claim(folder.path(), &link()).await, Claim::Alone(_)));
}

#[tokio::test]
async fn what_a_dead_one_left_behind_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let Claim::First(dead) = claim(folder.path(), &Request::default()).await else {
        panic!("it is not the first")
    };
    // A program that is killed removes nothing.
    std::mem::forget(dead.listener);
    drop(dead._lock);
    let (asked, _serving) = first(folder.path(), Reply::Taken).await;
    assert!(matches!(claim(folder.path(), &link()).await, Claim::HandedOver));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn one_that_hangs_and_a_folder_that_is_none_leave_the_window_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Claim::First(_hanging) = claim(folder.path(), &Request::default()).await else {
        panic!("it is not the first")
    };
    tokio::time::pause();
    assert!(matches!(claim(folder.path(), &link()).await, Claim::Alone(_)));
    let file = folder.path().join(LOCK_FILE);
    assert!(matches!(claim(&file, &link()).await, Claim::Alone(_)));
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_and_goes_with_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let (_asked, serving) = first(folder.path(), Reply::Taken).await;
    let imp::Place(path) = place(folder.path());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
    assert!(!path.exists());
}

#[tokio::test]
async fn whatever_comes_in_is_bounded_and_the_next_one_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let (asked, _serving) = first(folder.path(), Reply::Taken).await;
    let imp::Place(path) = place(folder.path());
    for words in [
        b"\n".to_vec(),
        b"visavis-1\n".to_vec(),
        b"visavis-1 - visavis://host/..%2f..\n".to_vec(),
        b"\xff\x00\n".to_vec(),
        vec![b'a'; 1 << 20],
    ] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        // It may hang up before it has all.
        let _ = stream.write_all(&words).await;
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply).await;
        assert_eq!(reply, b"");
    }
    assert_eq!(asked.lock().unwrap().len(), 0);
    // Those who say nothing take the places for a second, and no longer.
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(UnixStream::connect(&path).await.unwrap());
    }
    assert!(matches!(claim(folder.path(), &link()).await, Claim::HandedOver));
    drop(silent);
}
