//! What `visavis` prints and how it exits when a call does not come about, as a script or a person
//! sees it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use visavis_client::people::store::PeopleStore;
use visavis_client::people::{Account, Book, Change, UnixTime};
use visavis_client::signaling::ServerUrl;
use visavis_shared::Username;
use visavis_tests::presence;
use visavis_tests::programs::{self, Finished, Program};
use visavis_tests::report::Report;
use visavis_tests::server::TestServer;

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(30);

async fn run(arguments: &[&str]) -> Finished {
    // Somebody else each time, who owns nothing yet.
    let data = tempfile::tempdir().expect("a temporary folder");
    run_in(data.path(), arguments).await
}

async fn run_in(data: &Path, arguments: &[&str]) -> Finished {
    let data = data.display().to_string();
    let folder = ["--data-dir", &data];
    let visavis = programs::visavis().expect("visavis is built");
    let devices = [
        ["--camera", "pattern"],
        ["--microphone", "tone"],
        ["--speaker", "none"],
        ["--ice-server", "none"],
    ];
    let missing = devices.iter().filter(|[option, _]| !arguments.contains(option)).flatten();
    let all = arguments.iter().chain(missing).chain(&folder);
    let program = Program::start("visavis", &visavis, all).expect("it starts");
    program.finish(LIMIT).await.expect("it ends")
}

/// It exits with this code and one line on standard error that holds these words.
fn fails(finished: &Finished, code: i32, words: &str) {
    assert_eq!(finished.status.code(), Some(code), "{finished:?}");
    assert!(finished.stderr.contains(words), "{finished:?}");
    if code != 2 {
        assert_eq!(finished.stderr.trim_end().lines().count(), 1, "one line: {}", finished.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_line_that_makes_no_sense_exits_with_2() {
    fails(&run(&["call", "bob"]).await, 2, "--username");
    fails(&run(&["call", "b/b", "--username", "alice"]).await, 2, "can't be a name");
    fails(&run(&["call", "bob", "--username", "alice", "--fps", "lots"]).await, 2, "--fps");
    fails(&run(&["call", "bob", "--username", "alice", "--log", "=="]).await, 2, "--log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_exits_with_3_and_prints_what_to_check() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a free port");
    let server = format!("ws://{closed}");
    fails(
        &run(&["call", "bob", "--username", "alice", "--server", &server]).await,
        3,
        "check the address",
    );
    fails(
        &run(&["call", "bob", "--username", "alice", "--server", "ftp://x"]).await,
        3,
        "ws://HOST:9090",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_exits_with_3() {
    let server = TestServer::start().await;
    let mut other = server.socket().await;
    other.log_in("alice").await;
    fails(
        &run(&["call", "bob", "--username", "alice", "--server", server.url()]).await,
        3,
        "Choose another username",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_belongs_to_another_device_exits_with_3_and_its_own_device_is_let_in() {
    let server = TestServer::start().await;
    let [alices, mallorys] = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let call = ["call", "bob", "--username", "Alice", "--server", server.url()];
    fails(&run_in(alices.path(), &call).await, 4, "not online");
    fails(&run_in(mallorys.path(), &call).await, 3, "This name belongs to somebody else");
    fails(&run_in(alices.path(), &call).await, 4, "not online");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_key_exits_with_6_and_is_left_as_it_is() {
    let server = TestServer::start().await;
    let data = tempfile::tempdir().expect("a temporary folder");
    let key = data.path().join("device.key");
    std::fs::write(&key, "not a key").expect("written");
    fails(
        &run_in(data.path(), &["call", "bob", "--username", "alice", "--server", server.url()])
            .await,
        6,
        "damaged",
    );
    assert_eq!(std::fs::read(&key).expect("it is there"), b"not a key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_with_two_people_in_it_exits_with_4() {
    let server = TestServer::start().await;
    let mut sockets = [server.socket().await, server.socket().await];
    for (socket, name) in sockets.iter_mut().zip(["bob", "carol"]) {
        socket.log_in(name).await;
        socket.send(serde_json::json!({ "type": "join", "room": "blue" })).await;
        socket.receives("joined").await;
    }
    let join = ["call", "--room", "blue", "--username", "alice", "--server", server.url()];
    fails(&run(&join).await, 4, "two people in blue already");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_taken_over_by_the_same_device_exits_with_3() {
    let server = TestServer::start().await;
    let data = tempfile::tempdir().expect("a temporary folder");
    let waits = ["answer", "--username", "alice", "--server", server.url()];
    let first = run_in(data.path(), &waits);
    let second = async {
        presence::logged_in(server.url(), "alice", LIMIT).await.expect("the first is online");
        let brief = ["call", "bob", "--username", "alice", "--server", server.url()];
        run_in(data.path(), &brief).await
    };
    let (first, second) = tokio::join!(first, second);
    fails(&first, 3, "in another window");
    fails(&second, 4, "not online");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_not_reached_exits_with_4() {
    let server = TestServer::start().await;
    let alices = tempfile::tempdir().expect("a temporary folder");
    let absent = ["call", "bob", "--username", "alice", "--server", server.url()];
    fails(&run_in(alices.path(), &absent).await, 4, "not online");
    let mut bob = server.socket().await;
    bob.log_in("bob").await;
    let silent =
        ["call", "bob", "--username", "alice", "--server", server.url(), "--timeout", "1s"];
    fails(&run_in(alices.path(), &silent).await, 4, "did not answer");
    let nobody = ["answer", "--username", "carol", "--server", server.url(), "--timeout", "1s"];
    fails(&run(&nobody).await, 4, "nobody called");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_window_has_blocked_is_neither_called_nor_waited_for() {
    let server = TestServer::start().await;
    let data = tempfile::tempdir().expect("a temporary folder");
    let origin = ServerUrl::parse(server.url()).expect("an address").origin().to_owned();
    let [alice, mallory] = ["alice", "mallory"].map(|name| Username::parse(name).expect("a name"));
    let mut book = Book::new(Account { server: origin, username: alice });
    book.apply(Change::Block(mallory), UnixTime::now()).expect("blocked");
    let store = PeopleStore::start(data.path().join("people")).expect("a thread");
    store.save(Arc::new(book), false);
    store.finish().await;
    let who = ["--username", "alice", "--server", server.url()];
    for what in [&["call", "mallory"][..], &["answer", "--from", "mallory"]] {
        let arguments: Vec<&str> = what.iter().chain(&who).copied().collect();
        fails(&run_in(data.path(), &arguments).await, 4, "mallory is blocked here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_leads_nowhere_exits_with_5() {
    let server = TestServer::start().await;
    let mut bob = server.socket().await;
    bob.log_in("bob").await;
    let arguments = ["call", "bob", "--username", "alice", "--server", server.url()];
    let (finished, ()) = tokio::join!(run(&arguments), async {
        let offer = bob.receives("offer").await;
        let answer = serde_json::json!({
            "type": "answer", "otherUsername": "alice", "call": offer["call"],
            "answer": { "type": "answer", "sdp": "rubbish" }
        });
        bob.send(answer).await;
    });
    assert_eq!(finished.status.code(), Some(5), "{finished:?}");
    assert_eq!(bob.receives("close").await["username"], "alice", "the other is notified");
}

/// Alice calls bob over a relay that answers nothing, and waits for `timeout`. How each ended, and
/// their reports.
async fn call_without_a_path(timeout: &str) -> [(Finished, Report); 2] {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let relay = format!("turn:somebody:secret@{}", silent.local_addr().expect("bound"));
    let alone = async |name: &str, task: &[&str]| {
        let report = folder.path().join(format!("{name}.json"));
        let path = report.display().to_string();
        let usual = [
            "--relay-only",
            "--ice-server",
            &relay,
            "--report",
            &path,
            "--username",
            name,
            "--server",
            server.url(),
        ];
        let arguments: Vec<&str> = task.iter().chain(&usual).copied().collect();
        let finished = run(&arguments).await;
        (finished, Report::read(&report).expect("a report"))
    };
    let (bob, alice) = tokio::join!(alone("bob", &["answer"]), async {
        presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob is online");
        alone("alice", &["call", "bob", "--timeout", timeout]).await
    });
    [alice, bob]
}

/// It exits as one that could not be connected, and prints these words and how far it came.
fn has_not_connected((finished, report): &(Finished, Report), words: &str, step: &str) {
    assert_eq!(finished.status.code(), Some(5), "{finished:?}");
    assert_eq!(report.word("outcome"), Some("failed"), "{report:?}");
    assert!(finished.stderr.contains(words), "{finished:?}");
    assert!(!finished.stderr.contains("cancelled"), "{finished:?}");
    assert_eq!(
        finished.stderr.matches(step).count(),
        1,
        "the log says how far it came: {}",
        finished.stderr
    );
    let stuck = "not connected: ICE is not complete";
    assert_eq!(
        finished.stderr.matches(stuck).count(),
        1,
        "and so does the peer connection: {}",
        finished.stderr
    );
}

const ANSWER_CAME: &str = "their answer came, no connection";
const ANSWER_SENT: &str = "our answer was sent, no connection";

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_finds_no_network_path_could_not_be_connected_at_both_ends() {
    let [alice, bob] = call_without_a_path("30s").await;
    has_not_connected(
        &alice,
        "Couldn't connect to bob. A firewall at either end may be in the way",
        ANSWER_CAME,
    );
    has_not_connected(
        &bob,
        "Couldn't connect to alice. A firewall at either end may be in the way",
        ANSWER_SENT,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_waits_no_longer_could_not_connect_and_neither_could_the_other() {
    let [alice, bob] = call_without_a_path("3s").await;
    has_not_connected(&alice, "couldn't connect to bob in time", ANSWER_CAME);
    has_not_connected(
        &bob,
        "Couldn't connect to alice. A firewall at either end may be in the way",
        ANSWER_SENT,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_refused_before_anyone_is_called_and_left_as_they_are() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let video = folder.path().join("video.y4m");
    std::fs::write(&video, "yesterday").expect("written");
    let (video, folder) = (video.display().to_string(), folder.path().display().to_string());
    let (played, slashed) = (format!("file:{video}"), format!("{folder}/./video.y4m"));
    let long = format!("{folder}/{}", "n".repeat(256));
    let mut bob = server.socket().await;
    bob.log_in("bob").await;
    for (options, code, words) in [
        (["--record-video", "/nowhere/at/all.y4m"].as_slice(), 2, "/nowhere/at/all"),
        (&["--report", "/nowhere/at/all.json"], 2, "/nowhere/at/all"),
        (&["--report", &folder], 2, "it is a folder"),
        (&["--snapshot", &long], 2, "File name too long"),
        (&["--speaker", "file:/nowhere/at/all.wav"], 2, "/nowhere/at/all"),
        (&["--camera", &played, "--record-video", &slashed], 2, "name the same file"),
        (&["--report", &video, "--snapshot", &slashed], 2, "name the same file"),
        (&["--microphone", "file:/nowhere/at/all.wav"], 6, "/nowhere/at/all"),
    ] {
        let task = ["call", "bob", "--username", "alice", "--server", server.url()];
        let finished = run(&[task.as_slice(), options].concat()).await;
        fails(&finished, code, words);
        assert_eq!(finished.stderr.trim_end().lines().count(), 1, "{}", finished.stderr);
    }
    assert_eq!(std::fs::read(&video).expect("it is there"), b"yesterday");
    assert_eq!(
        bob.receives_within(Duration::from_millis(200), "offer").await,
        None,
        "nobody was called"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_listed_as_json() {
    let visavis = programs::visavis().expect("visavis is built");
    let program = Program::start("visavis", &visavis, ["devices", "--json"]).expect("it starts");
    let finished = program.finish(LIMIT).await.expect("it ends");
    assert!(finished.status.success(), "{finished:?}");
    let list: serde_json::Value =
        serde_json::from_str(&finished.stdout).expect("JSON and nothing else");
    for kind in ["cameras", "microphones", "speakers"] {
        assert!(list[kind].is_array(), "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_name_the_same_room_meet_see_each_other_and_both_exit_with_0() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let meet = async |name: &str, duration: &[&str]| {
        let report = folder.path().join(format!("{name}.json"));
        let path = report.display().to_string();
        let small = [
            "call",
            "--room",
            "den",
            "--video-size",
            "320x180",
            "--report",
            &path,
            "--server",
            server.url(),
        ];
        let arguments: Vec<&str> =
            small.iter().chain(&["--username", name]).chain(duration).copied().collect();
        let finished = run(&arguments).await;
        (finished, Report::read(&report).expect("a report"))
    };
    let ((alice, hers), (bob, his)) =
        tokio::join!(meet("alice", &["--duration", "3s"]), meet("bob", &[]));
    for (finished, report, other) in [(alice, hers, "bob"), (bob, his, "alice")] {
        assert_eq!(finished.status.code(), Some(0), "{finished:?}");
        assert_eq!((report.word("outcome"), report.word("peer")), (Some("completed"), Some(other)));
        assert!(
            report.number("video.received.frames_decoded").is_some_and(|frames| frames >= 30.0),
            "{report:?}"
        );
        let hz = report.number("audio.received.tone_hz").expect("a tone was heard");
        assert!((hz - 440.0).abs() <= 2.0, "{hz}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_its_version_and_build_and_writes_completions_and_manual() {
    let version = run(&["--version"]).await;
    let line = format!("visavis {} (development build)", env!("CARGO_PKG_VERSION"));
    assert_eq!(version.stdout.trim_end(), line, "{version:?}");

    let completions = run(&["completions", "bash"]).await;
    assert_eq!(completions.status.code(), Some(0), "{completions:?}");
    assert!(completions.stdout.contains("--echo-cancellation"), "{completions:?}");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let manual = run(&["manual", &folder.path().display().to_string()]).await;
    assert_eq!(manual.status.code(), Some(0), "{manual:?}");
    let page = std::fs::read_to_string(folder.path().join("visavis.1")).expect("a page");
    assert!(page.contains("Exit codes") && page.contains("visavis\\-doctor(1)"), "{page}");
    fails(&run(&["manual", "/nowhere"]).await, 7, "/nowhere can't be written");
}
