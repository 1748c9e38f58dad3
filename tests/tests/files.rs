//! Files and text that go from one app to the other over the call: two programs without windows,
//! on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use visavis_client::call::event::CallPhase;
use visavis_client::conversation::{Command, TransferState};
use visavis_client::session::snapshot::{Intent, Snapshot};
use visavis_link::{Conditions, Emulator, Timeline};
use visavis_tests::person::{Person, connect};
use visavis_tests::presence;
use visavis_tests::programs::{self, Program, ServerProgram};
use visavis_tests::redirect::Redirect;
use visavis_tests::server::TestServer;

/// How long a call may take to come about, and a file to arrive, on a slow machine.
const LIMIT: Duration = Duration::from_secs(90);
const MEGABYTE: usize = 1024 * 1024;

/// An app without a window, and the folders that it sends from and receives into.
struct Side {
    name: &'static str,
    folder: TempDir,
}

impl Side {
    fn new(name: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for inner in ["sends", "received"] {
            std::fs::create_dir(folder.path().join(inner)).expect("a folder");
        }
        Self { name, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a file to be sent, whose content follows from its name.
    fn has(&self, name: &str, size: usize) -> PathBuf {
        let path = self.path("sends").join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let seed =
            name.bytes().fold(1_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let mut state = seed | 1;
        let content = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        });
        let bytes: Vec<u8> = content.take(size / 8 + 1).flatten().take(size).collect();
        std::fs::write(&path, bytes).expect("it is written");
        path
    }

    fn starts(&self, server: &str, command: &[&str], sends: &[&Path]) -> Program {
        let (data, received) = (self.path("data"), self.path("received"));
        let mut arguments: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        let options = [
            ("--server", server.to_owned()),
            ("--username", self.name.to_owned()),
            ("--camera", "pattern".to_owned()),
            ("--video-size", "320x180".to_owned()),
            ("--microphone", "tone".to_owned()),
            ("--speaker", "none".to_owned()),
            ("--ice-server", "none".to_owned()),
            ("--data-dir", data.display().to_string()),
            ("--receive", received.display().to_string()),
        ];
        let sends = sends.iter().map(|path| ("--send", path.display().to_string()));
        for (option, value) in options.into_iter().chain(sends) {
            arguments.extend([option.to_owned(), value]);
        }
        let visavis = programs::visavis().expect("the app is built");
        Program::start(self.name, &visavis, &arguments).expect("the app starts")
    }

    /// How many bytes lie in the folder for what is received, whole files or not.
    fn received_so_far(&self) -> u64 {
        let files = std::fs::read_dir(self.path("received")).expect("a folder").flatten();
        files.filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum()
    }

    /// The digests of what was received, by name.
    fn received(&self) -> Vec<(String, Vec<u8>)> {
        digests(&self.path("received"))
    }
}

fn digests(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            let inner = digests(&entry.path());
            found.extend(inner.into_iter().map(|(file, sum)| (format!("{name}/{file}"), sum)));
        } else {
            found.push((name, digest(&entry.path())));
        }
    }
    found.sort();
    found
}

fn digest(path: &Path) -> Vec<u8> {
    Sha256::digest(std::fs::read(path).expect("it can be read")).to_vec()
}

async fn says(program: &mut Program, words: &str) {
    program.prints(LIMIT, |output| output.contains(words).then_some(())).await.expect(words);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_both_ways_at_once_and_arrive_whole_beside_those_of_the_same_name() {
    let server = ServerProgram::start().await.expect("the server starts");
    let (alice, bob) = (Side::new("alice"), Side::new("bob"));
    let hers = alice.has("holiday.mov", 48 * MEGABYTE + 5);
    let his = bob.has("holiday.mov", 32 * MEGABYTE + 3);
    let empty = bob.has("empty.txt", 0);
    std::fs::write(bob.path("received").join("holiday.mov"), b"his own").expect("it is written");
    let mut callee = bob.starts(server.url(), &["answer"], &[&his, &empty]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    let mut caller = alice.starts(server.url(), &["call", "bob"], &[&hers]);
    for program in [&mut caller, &mut callee] {
        says(program, "holiday.mov is with them").await;
    }
    says(&mut callee, "empty.txt is with them").await;
    says(&mut caller, "empty.txt is here").await;
    caller.interrupt().await.expect("it runs");
    let theirs = [("empty.txt", &empty), ("holiday.mov", &his)];
    let expected = theirs.map(|(name, path)| (name.to_owned(), digest(path)));
    assert_eq!(alice.received(), expected);
    let own = Sha256::digest(b"his own").to_vec();
    let expected = [("holiday (2).mov".to_owned(), digest(&hers)), ("holiday.mov".to_owned(), own)];
    assert_eq!(bob.received(), expected);
    assert_eq!(caller.finish(LIMIT).await.expect("it ends").status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_a_hundred_small_files_arrives_as_one() {
    let server = ServerProgram::start().await.expect("the server starts");
    let (alice, bob) = (Side::new("alice"), Side::new("bob"));
    for number in 0..100 {
        alice.has(&format!("notes/{}/note {number}.txt", number % 7), 17 * number);
    }
    let mut callee = bob.starts(server.url(), &["answer"], &[]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    let folder = alice.path("sends").join("notes");
    let mut caller = alice.starts(server.url(), &["call", "bob"], &[&folder]);
    says(&mut callee, "notes is here").await;
    says(&mut caller, "notes is with them").await;
    let received = bob.received();
    assert_eq!(received.len(), 100);
    assert_eq!(received, digests(&alice.path("sends")));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_no_files_gets_none_and_what_is_written_arrives() {
    let server = ServerProgram::start().await.expect("the server starts");
    let visavis = programs::visavis().expect("the app is built");
    let (alice, bob) = (Side::new("alice"), Side::new("bob"));
    let secret = alice.has("secret.txt", 100);
    let start = |side: &Side, words: &[&str]| {
        let data = side.path("data").display().to_string();
        let common = [
            "--server",
            server.url(),
            "--username",
            side.name,
            "--data-dir",
            &data,
            "--ice-server",
            "none",
        ];
        let devices = ["--camera", "none", "--microphone", "tone", "--speaker", "none"];
        let arguments = words.iter().copied().chain(common).chain(devices);
        Program::start(side.name, &visavis, arguments).expect("the app starts")
    };
    let mut callee = start(&bob, &["answer", "--say", "привет, alice"]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    let path = secret.display().to_string();
    let mut caller = start(&alice, &["call", "bob", "--say", "hello <b>bob</b>", "--send", &path]);
    says(&mut callee, "they write: hello <b>bob</b>").await;
    says(&mut caller, "they write: привет, alice").await;
    callee.interrupt().await.expect("it runs");
    let ended = caller.finish(LIMIT).await.expect("it ends");
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(!ended.stdout.contains("is with them"), "{}", ended.stdout);
    assert_eq!(bob.received(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_on_where_it_was_after_the_app_that_receives_it_was_killed() {
    let server = ServerProgram::start().await.expect("the server starts");
    let (alice, bob) = (Side::new("alice"), Side::new("bob"));
    let film = alice.has("film.mkv", 256 * MEGABYTE);
    let mut callee = bob.starts(server.url(), &["answer"], &[]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    let caller = alice.starts(server.url(), &["call", "bob"], &[&film]);
    says(&mut callee, "connected to alice").await;
    let begun = || bob.received_so_far();
    while begun() < 24 * MEGABYTE as u64 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    callee.kill().await.expect("it runs");
    let before = begun();
    assert!(before < film.metadata().expect("it is there").len(), "it was killed in the middle");
    // She notices that he is gone and ends, or is ended.
    caller.interrupt().await.expect("it runs");
    let _ = caller.finish(LIMIT).await.expect("it ends");

    let mut callee = bob.starts(server.url(), &["answer"], &[]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    let mut caller = alice.starts(server.url(), &["call", "bob"], &[]);
    says(&mut callee, "film.mkv is here").await;
    says(&mut caller, "film.mkv is with them").await;
    assert_eq!(bob.received(), [("film.mkv".to_owned(), digest(&film))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_killed_and_calls_back_into_the_call_gets_the_rest_of_the_file() {
    let server = TestServer::start().await;
    let (files, bob) = (Side::new("film"), Side::new("bob"));
    let film = files.has("film.mkv", 256 * MEGABYTE);
    let journal = files.path("transfers.json");
    let mut alice = Person::with("alice", |options| options.transfers = Some(journal.clone()));
    alice.log_in(server.url()).await;
    let callee = bob.starts(server.url(), &["answer"], &[]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    alice.call("bob").await;
    alice.until_in_call().await;
    alice.send(Intent::Converse(Command::Offer(vec![film.clone()]))).await;
    let received = || bob.received_so_far();
    while received() < 24 * MEGABYTE as u64 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    callee.kill().await.expect("it runs");
    let before = received();
    assert!(before < film.metadata().expect("it is there").len(), "it was killed in the middle");

    // She is still in the call, and looks for a way to him.
    assert!(!matches!(alice.sees().call, CallPhase::Ended { .. }), "she waits for him");
    let mut back = bob.starts(server.url(), &["call", "alice"], &[]);
    alice.until_ringing().await;
    alice.accept().await;
    alice.until_in_call().await;
    assert!(received() >= before, "what was here is kept");
    says(&mut back, "film.mkv is here").await;
    assert_eq!(bob.received(), [("film.mkv".to_owned(), digest(&film))]);
}

/// Waits until a file of theirs is here.
async fn has_received(person: &mut Person, name: &str) {
    let arrived = |seen: &Snapshot| {
        let transfers = seen.conversation.iter().flat_map(|view| &*view.transfers);
        let mut of_this_name = transfers.filter(|one| *one.name == *name);
        of_this_name.any(|one| matches!(one.state, TransferState::Done(_)))
    };
    person.within(LIMIT, "has received a file", arrived).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_on_where_it_was_after_a_blackout_and_with_another_address() {
    let usual = Conditions::CLEAR.delay(Duration::from_millis(20));
    let network = Arc::new(Emulator::start(Timeline::steady(usual), 8).await.expect("free ports"));
    let server = TestServer::start().await;
    let redirect = Redirect::start(server.url(), Arc::clone(&network)).await;
    let mut alice = Person::online("alice", server.url()).await;
    let mut bob = Person::online("bob", redirect.url()).await;
    connect(&mut alice, &mut bob).await;
    let files = Side::new("film");
    let film = files.has("film.mkv", 24 * MEGABYTE);
    alice.send(Intent::Converse(Command::Offer(vec![film.clone()]))).await;
    bob.takes_the_next_file().await;
    let done = |seen: &Snapshot| {
        seen.conversation.iter().flat_map(|view| &*view.transfers).map(|one| one.done).sum::<u64>()
    };
    let quarter = 6 * MEGABYTE as u64;
    bob.within(LIMIT, "has a quarter of it", |seen| done(seen) >= quarter).await;
    network.set(Timeline::steady(usual.closed())).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = done(&bob.sees());
    network.set(Timeline::steady(usual)).await;
    bob.within(LIMIT, "has more of it", |seen| done(seen) >= before + quarter).await;
    network.move_address(visavis_link::Side::B).await;
    has_received(&mut bob, "film.mkv").await;
    assert_eq!(digest(&bob.folder().join("received/film.mkv")), digest(&film));
    assert!(matches!(alice.sees().call, CallPhase::InCall { .. }), "the call went on");
}
