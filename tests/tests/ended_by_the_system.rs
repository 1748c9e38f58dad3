//! A signal, a log-out or a window that is closed ends a call as a person would: the other is told
//! at once, what was measured is written, and the name is free again.
#![cfg(unix)]

use std::path::Path;
use std::time::Duration;

use egui::accesskit::Role;
use tokio::net::TcpListener;
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::Intent;
use visavis_tests::inspection::By;
use visavis_tests::person::Person;
use visavis_tests::presence;
use visavis_tests::programs::{self, Finished, Program};
use visavis_tests::report::Report;
use visavis_tests::server::TestServer;
use visavis_tests::stop_signal::StopSignal;
use visavis_tests::window::{Display, Window};

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(30);
/// By then the other has been told.
const AT_ONCE: Duration = Duration::from_secs(2);
/// By then the program is gone, whatever hangs: its own deadline is 3 s.
const GONE: Duration = Duration::from_secs(8);

/// Starts `visavis` with the folder for its files.
fn start(folder: &Path, server: &str, arguments: &[&str]) -> Program {
    let [data, report] =
        ["data", "report.json"].map(|file| folder.join(file).display().to_string());
    let usual = [
        ["--server", server],
        ["--camera", "pattern"],
        ["--microphone", "tone"],
        ["--speaker", "none"],
        ["--ice-server", "none"],
        ["--video-size", "320x180"],
        ["--data-dir", &data],
        ["--report", &report],
        ["--log", "warn"],
    ];
    let visavis = programs::visavis().expect("visavis is built");
    // That of the last time.
    let _ = std::fs::remove_file(&report);
    Program::start("visavis", &visavis, arguments.iter().chain(usual.iter().flatten()))
        .expect("it starts")
}

/// Asks the program to end: it does so with this code, and its report is whole and has this
/// outcome.
async fn ends(
    program: Program,
    signal: StopSignal,
    folder: &Path,
    (code, outcome): (i32, &str),
) -> Report {
    program.ask_to_end(signal).await.expect("it runs");
    finished(program.finish(GONE).await.expect("it ends"), signal, folder, (code, outcome))
}

fn finished(
    finished: Finished,
    signal: StopSignal,
    folder: &Path,
    (code, outcome): (i32, &str),
) -> Report {
    assert_eq!(finished.status.code(), Some(code), "{signal:?}: {finished:?}");
    let report = Report::read(&folder.join("report.json"))
        .unwrap_or_else(|error| panic!("{signal:?}: no whole report: {error}; {finished:?}"));
    assert_eq!(report.word("outcome"), Some(outcome), "{signal:?}: {report:?}");
    report
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_at_a_server_that_never_answers_ends_at_once_and_leaves_a_report() {
    let black_hole = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}", black_hole.local_addr().expect("bound"));
    for signal in StopSignal::ALL {
        let folder = folder();
        let program = start(folder.path(), &url, &["call", "bob", "--username", "alice"]);
        // Now it waits for the server.
        let connection = black_hole.accept().await.expect("it comes");
        ends(program, signal, folder.path(), (4, "no-answer")).await;
        drop(connection);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_call_logs_out() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = server.socket().await;
    bob.log_in("bob").await;
    bob.send(serde_json::json!({ "type": "watch", "usernames": ["alice"] })).await;
    assert_eq!(bob.receives("presence").await["online"], false);
    for signal in StopSignal::ALL {
        let program = start(folder.path(), server.url(), &["answer", "--username", "alice"]);
        assert_eq!(bob.receives("presence").await["online"], true);
        let ended = ends(program, signal, folder.path(), (4, "no-answer"));
        let gone = bob.receives_within(GONE, "presence");
        let (_, gone) = tokio::join!(ended, gone);
        assert_eq!(gone.expect("she is gone")["online"], false, "{signal:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_calling_cancels_the_call() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = server.socket().await;
    bob.log_in("bob").await;
    for signal in StopSignal::ALL {
        let program = start(folder.path(), server.url(), &["call", "bob", "--username", "alice"]);
        bob.receives("offer").await;
        let ended = ends(program, signal, folder.path(), (4, "cancelled"));
        let (_, close) = tokio::join!(ended, bob.receives_within(AT_ONCE, "close"));
        let close = close.unwrap_or_else(|| panic!("bob is not told of {signal:?}"));
        assert_eq!(close["username"], "alice");
        assert_eq!(close["reason"], serde_json::Value::Null, "it is not the server that says so");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_being_connected_closes_the_call() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = server.socket().await;
    bob.log_in("bob").await;
    for signal in StopSignal::ALL {
        let mut alice = start(folder.path(), server.url(), &["answer", "--username", "alice"]);
        presence::logged_in(server.url(), "alice", LIMIT).await.expect("alice is online");
        // An offer that nobody stands behind: it is answered, and no path is found.
        let offer = include_str!("fixtures/offer_without_a_path.sdp").replace('\n', "\r\n");
        bob.send(serde_json::json!({
            "type": "offer", "otherUsername": "alice", "call": format!("{signal:?}"),
            "offer": { "type": "offer", "sdp": offer }
        }))
        .await;
        alice
            .prints(LIMIT, |text| text.contains("bob calls: accepting").then_some(()))
            .await
            .expect("she accepts");
        bob.receives("answer").await;
        let ended = ends(alice, signal, folder.path(), (4, "cancelled"));
        let (_, close) = tokio::join!(ended, bob.receives_within(AT_ONCE, "close"));
        let close = close.unwrap_or_else(|| panic!("bob is not told of {signal:?}"));
        assert_eq!(close["reason"], serde_json::Value::Null, "it is not the server that says so");
    }
}

fn small(options: &mut SessionOptions) {
    options.video_size =
        visavis_client::media::units::VideoSize::new(320, 180).expect("a good size");
}

/// A call between bob and what `start` starts under alice's name, who is asked to end.
async fn in_a_call(signal: StopSignal, alice_calls: bool) {
    let server = TestServer::start().await;
    let mut bob = Person::with("bob", small);
    bob.log_in(server.url()).await;
    let folder = folder();
    let program = if alice_calls {
        let program = start(folder.path(), server.url(), &["call", "bob", "--username", "alice"]);
        bob.until_ringing().await;
        bob.accept().await;
        program
    } else {
        let program = start(folder.path(), server.url(), &["answer", "--username", "alice"]);
        presence::logged_in(server.url(), "alice", LIMIT).await.expect("alice is online");
        bob.call("alice").await;
        program
    };
    bob.until("sees alice", |s| matches!(s.call, CallPhase::InCall { .. }) && s.remote_video_live)
        .await;
    let ended = ends(program, signal, folder.path(), (0, "completed"));
    let told = bob.within(AT_ONCE, "is told", |s| matches!(s.call, CallPhase::Ended { .. }));
    let (report, _) = tokio::join!(ended, told);
    assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer, "{signal:?}");
    assert_eq!(report.word("peer"), Some("bob"));
    assert!(
        report.number("video.sent.frames").is_some_and(|frames| frames >= 1.0),
        "{signal:?}: what was measured is in it: {report:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_and_is_connected_closes_the_call_and_ends_normally() {
    for signal in StopSignal::ALL {
        in_a_call(signal, true).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answered_and_is_connected_closes_the_call_and_ends_normally() {
    for signal in StopSignal::ALL {
        in_a_call(signal, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_program_at_once_while_a_recording_is_finished() {
    // A pipe that nobody reads holds up what is written into it.
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = Person::with("bob", small);
    bob.log_in(server.url()).await;
    let pipe = folder.path().join("seen.y4m");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    let reader = std::thread::Builder::new().name("pipe-reader".to_owned()).spawn({
        let pipe = pipe.clone();
        move || std::fs::File::open(pipe).expect("a writer comes")
    });
    let reader = reader.expect("a thread");
    let record = ["--record-video", &pipe.display().to_string()];
    let task = ["call", "bob", "--username", "alice"];
    let mut alice = start(folder.path(), server.url(), &[task.as_slice(), &record].concat());
    bob.until_ringing().await;
    bob.accept().await;
    bob.until_in_call().await;
    bob.until("sees alice", |s| s.remote_video_live).await;
    alice.ask_to_end(StopSignal::Terminate).await.expect("it runs");
    assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer);
    alice
        .prints(LIMIT, |text| text.contains("finishing the recording").then_some(()))
        .await
        .expect("it waits for the reader");
    alice.ask_to_end(StopSignal::Terminate).await.expect("it runs");
    let finished = alice.finish(AT_ONCE).await.expect("it ends at once");
    assert_eq!(finished.status.code(), Some(128 + 15), "{finished:?}");
    let report = Report::read(&folder.path().join("report.json")).expect("it was written before");
    assert_eq!(report.word("outcome"), Some("completed"));
    drop(reader.join());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_was_started_to_ignore_hangups_goes_on() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = server.socket().await;
    bob.log_in("bob").await;
    let mut command = tokio::process::Command::new("nohup");
    command.arg(programs::visavis().expect("visavis is built"));
    command.args(["answer", "--username", "alice", "--server", server.url(), "--data-dir"]);
    command.arg(folder.path()).args(["--camera", "pattern", "--microphone", "none"]);
    let alice = Program::spawn("visavis", command).expect("it starts");
    presence::logged_in(server.url(), "alice", LIMIT).await.expect("alice is online");
    alice.ask_to_end(StopSignal::Hangup).await.expect("it runs");
    bob.send(serde_json::json!({ "type": "watch", "usernames": ["alice"] })).await;
    assert_eq!(bob.receives("presence").await["online"], true);
    assert_eq!(bob.receives_within(Duration::from_millis(500), "presence").await, None);
    alice.ask_to_end(StopSignal::Terminate).await.expect("it runs");
    assert_eq!(alice.finish(GONE).await.expect("it ends").status.code(), Some(4));
}

/// What ends a window.
#[derive(Debug, Clone, Copy)]
enum WindowEnd {
    Signal(StopSignal),
    /// As the cross in its corner does.
    Closed,
    /// The display goes, as at a log-out.
    DisplayGone,
    /// A signal comes while the display answers no more.
    DisplayHangs,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_in_a_call_closes_the_call_whatever_ends_it_and_leaves_a_report() {
    let ends = StopSignal::ALL.map(WindowEnd::Signal);
    for end in
        ends.into_iter().chain([WindowEnd::Closed, WindowEnd::DisplayGone, WindowEnd::DisplayHangs])
    {
        let (server, folder, display) =
            (TestServer::start().await, folder(), Display::start().await);
        let mut bob = Person::with("bob", small);
        bob.log_in(server.url()).await;
        let report = folder.path().join("report.json");
        let mut alice = Window::open_with("alice", &display, |command| {
            command.args(["--microphone", "tone", "--speaker", "none", "--username", "alice"]);
            command.args(["--server", server.url(), "--report"]).arg(&report);
        })
        .await;
        alice.waits_for(&By::name("Username to call").role(Role::TextInput));
        bob.call("alice").await;
        alice.clicks("Accept");
        bob.until("sees alice", |s| {
            matches!(s.call, CallPhase::InCall { .. }) && s.remote_video_live
        })
        .await;
        match end {
            WindowEnd::Signal(signal) => alice.is_asked_to_end(signal).await,
            WindowEnd::Closed => {
                alice.is_closed(&display).await;
                alice.clicks("Close call and quit");
            }
            WindowEnd::DisplayGone => display.ends().await,
            WindowEnd::DisplayHangs => {
                display.freezes().await;
                alice.is_asked_to_end(StopSignal::Terminate).await;
            }
        }
        bob.within(AT_ONCE, "is told", |s| matches!(s.call, CallPhase::Ended { .. })).await;
        assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer, "{end:?}");
        let finished = alice.finishes(GONE).await;
        if !matches!(end, WindowEnd::DisplayGone) {
            assert_eq!(finished.status.code(), Some(0), "{end:?}: {finished:?}");
        }
        let report = Report::read(&report).unwrap_or_else(|error| panic!("{end:?}: {error}"));
        assert_eq!(report.word("outcome"), Some("completed"), "{end:?}");
        bob.send(Intent::Dismiss).await;
    }
}
