//! A device that does not open holds up nothing but itself: a sound server that never answers, a
//! pipe into which nobody writes.
#![cfg(unix)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::process::Command;
use visavis_client::media::pattern::Pattern;
use visavis_client::media::pattern_bar::Stamp;
use visavis_client::media::units::{VideoSize, WallTime};
use visavis_client::media::y4m;
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::Intent;
use visavis_tests::person::Person;
use visavis_tests::programs::{self, Program};
use visavis_tests::report::Report;
use visavis_tests::server::TestServer;

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(30);
const SIZE: VideoSize = VideoSize::new(320, 180).unwrap();

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn pipe_in(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
    assert!(made.success());
    path
}

/// Alice without a window, who calls bob.
fn alice(folder: &Path, server: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(programs::visavis().expect("visavis is built"));
    command
        .args(["call", "bob", "--username", "alice", "--ice-server", "none"])
        .args(["--video-size", "320x180", "--server", server])
        .args(arguments)
        .arg("--data-dir")
        .arg(folder.join("data"))
        .arg("--report")
        .arg(folder.join("report.json"));
    command
}

async fn bob(server: &TestServer) -> Person {
    let mut bob = Person::with("bob", |options: &mut SessionOptions| options.video_size = SIZE);
    bob.log_in(server.url()).await;
    bob
}

async fn takes_the_call(bob: &mut Person) {
    bob.until_ringing().await;
    bob.accept().await;
    bob.until_in_call().await;
}

/// Bob closes the call; alice, who saw him, ends as she should.
async fn ends_well_after_bob_was_seen(bob: &mut Person, alice: Program, folder: &Path) {
    bob.send(Intent::HangUp).await;
    let finished = alice.finish(LIMIT).await.expect("it ends");
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    let report = Report::read(&folder.join("report.json")).expect("a report");
    assert!(report.number("video.received.frames_decoded") >= Some(1.0), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_that_is_a_pipe_is_waited_for_while_the_voice_is_heard_and_seen_when_it_comes() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = bob(&server).await;
    let pipe = pipe_in(folder.path(), "camera.y4m");
    let camera = format!("file:{}", pipe.display());
    let devices = ["--camera", &camera, "--microphone", "tone", "--speaker", "none"];
    let command = alice(folder.path(), server.url(), &devices);
    let mut alice = Program::spawn("visavis", command).expect("it starts");
    takes_the_call(&mut bob).await;
    let told = |text: &str| text.contains("camera.y4m yet").then_some(());
    alice.prints(LIMIT, told).await.expect("she is told that nothing comes");
    assert!(!bob.sees().remote_video_live);
    let name = "pipe-writer".to_owned();
    let writing = std::thread::Builder::new().name(name).spawn(move || {
        let mut pipe = std::fs::OpenOptions::new().write(true).open(pipe)?;
        pipe.write_all(y4m::header(SIZE, 30).as_bytes())?;
        let pattern = Pattern::new(SIZE);
        for index in 0.. {
            let stamp = Stamp { index, captured_at: WallTime::now() };
            pipe.write_all(y4m::FRAME)?;
            pipe.write_all(&pattern.render(stamp, std::time::Instant::now()).data)?;
        }
        std::io::Result::Ok(())
    });
    let writing = writing.expect("a thread");
    bob.until("sees what is written into the pipe", |s| s.remote_video_live).await;
    bob.send(Intent::HangUp).await;
    let finished = alice.finish(LIMIT).await.expect("it ends");
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert!(writing.join().expect("no panic").is_err(), "the pipe is closed");
    bob.assert_heard("alice", 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_that_is_a_pipe_without_a_writer_holds_no_picture_up() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = bob(&server).await;
    let microphone = format!("file:{}", pipe_in(folder.path(), "voice.wav").display());
    let devices = ["--camera", "pattern", "--microphone", &microphone, "--speaker", "none"];
    let command = alice(folder.path(), server.url(), &devices);
    let alice = Program::spawn("visavis", command).expect("it starts");
    takes_the_call(&mut bob).await;
    bob.until("sees alice", |s| s.remote_video_live).await;
    ends_well_after_bob_was_seen(&mut bob, alice, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_server_that_never_answers_holds_no_picture_up() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = bob(&server).await;
    let socket = folder.path().join("native");
    let silent = UnixListener::bind(&socket).expect("a socket");
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            kept.push(connection);
        }
    });
    let mut command = alice(folder.path(), server.url(), &["--camera", "pattern"]);
    command.env("PULSE_SERVER", format!("unix:{}", socket.display()));
    let mut alice = Program::spawn("visavis", command).expect("it starts");
    takes_the_call(&mut bob).await;
    bob.until("sees alice", |s| s.remote_video_live).await;
    let told = |text: &str| text.to_lowercase().contains("the microphone").then_some(());
    alice.prints(LIMIT, told).await.expect("she is told that she is not heard");
    ends_well_after_bob_was_seen(&mut bob, alice, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_to_be_connected_counts_before_the_log_in_whatever_hangs() {
    let folder = folder();
    let black_hole = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}", black_hole.local_addr().expect("bound"));
    let camera = format!("file:{}", pipe_in(folder.path(), "camera.y4m").display());
    let microphone = format!("file:{}", pipe_in(folder.path(), "voice.wav").display());
    let devices = ["--camera", &camera, "--microphone", &microphone, "--speaker", "none"];
    let mut command = alice(folder.path(), &url, &devices);
    command.args(["--timeout", "1s"]);
    let program = Program::spawn("visavis", command).expect("it starts");
    let connection = black_hole.accept().await.expect("it comes");
    // Without the limit the server would be given up after 5 s.
    let finished = program.finish(Duration::from_secs(4)).await.expect("it ends");
    drop(connection);
    assert_eq!(finished.status.code(), Some(3), "{finished:?}");
    assert!(finished.stderr.contains("did not answer in time"), "{finished:?}");
    let report = Report::read(&folder.path().join("report.json")).expect("a report");
    assert_eq!(report.word("outcome"), Some("server"));
}
