//! What a call leaves behind in files: whole or as it was before, whatever the disk and the
//! program's end do, and never at the cost of the call.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use visavis_client::call::event::CallPhase;
use visavis_client::media::units::VideoSize;
use visavis_client::session::options::SessionOptions;
use visavis_client::session::snapshot::Intent;
use visavis_tests::listen::Recording;
use visavis_tests::look;
use visavis_tests::person::Person;
use visavis_tests::programs::{self, Finished, Program};
use visavis_tests::report::Report;
use visavis_tests::server::TestServer;

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(30);

fn start(folder: &Path, server: &str, options: &[&str]) -> Program {
    let data = folder.join("data").display().to_string();
    let task = ["call", "bob", "--username", "alice", "--server", server, "--data-dir", &data];
    let usual = [
        ["--camera", "pattern"],
        ["--microphone", "tone"],
        ["--speaker", "none"],
        ["--ice-server", "none"],
        ["--video-size", "320x180"],
    ];
    let missing = usual.iter().filter(|[option, _]| !options.contains(option)).flatten();
    let visavis = programs::visavis().expect("visavis is built");
    Program::start("visavis", &visavis, task.iter().chain(options).chain(missing))
        .expect("it starts")
}

/// Alice calls bob with these options, and bob ends the call once `enough`.
async fn call(folder: &Path, options: &[&str], enough: impl AsyncFnOnce(&mut Person)) -> Finished {
    let server = TestServer::start().await;
    let mut bob = bob(&server).await;
    let alice = start(folder, server.url(), options);
    takes_the_call(&mut bob).await;
    enough(&mut bob).await;
    bob.send(Intent::HangUp).await;
    alice.finish(LIMIT).await.expect("it ends")
}

async fn bob(server: &TestServer) -> Person {
    let mut bob = Person::with("bob", |options: &mut SessionOptions| {
        options.video_size = VideoSize::new(320, 180).expect("a good size");
    });
    bob.log_in(server.url()).await;
    bob
}

async fn takes_the_call(bob: &mut Person) {
    bob.until_ringing().await;
    bob.accept().await;
    bob.until("sees alice", |s| matches!(s.call, CallPhase::InCall { .. }) && s.remote_video_live)
        .await;
}

/// So long that something is seen and heard at the other end as well.
async fn a_second(_: &mut Person) {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn path_in(folder: &Path, name: &str) -> (PathBuf, String) {
    let path = folder.join(name);
    (path.clone(), path.display().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_can_not_be_written_is_an_exit_code_of_a_call_that_was_well() {
    let folder = folder();
    let finished = call(folder.path(), &["--report", "/dev/full"], a_second).await;
    assert_eq!(finished.status.code(), Some(7), "{finished:?}");
    let line = "visavis: /dev/full can't be written: No space left on device (os error 28)\n";
    assert_eq!(finished.stderr, line);
    assert!(finished.stdout.contains("bob ended the call."), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_not_well_keeps_its_own_exit_code() {
    let (server, folder) = (TestServer::start().await, folder());
    let alice = start(folder.path(), server.url(), &["--report", "/dev/full"]);
    let finished = alice.finish(LIMIT).await.expect("it ends");
    assert_eq!(finished.status.code(), Some(4), "{finished:?}");
    assert!(finished.stderr.contains("No space left"), "{finished:?}");
    assert!(finished.stderr.trim_end().ends_with("to the same server."), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_can_not_be_written_is_told_once_and_at_the_end_and_the_call_goes_on() {
    let (folder, (report, report_text)) = {
        let folder = folder();
        let report = path_in(folder.path(), "report.json");
        (folder, report)
    };
    let options = ["--speaker", "file:/dev/full", "--report", &report_text];
    let finished = call(folder.path(), &options, a_second).await;
    assert_eq!(finished.status.code(), Some(7), "{finished:?}");
    let words = "The sound is no longer recorded: /dev/full can't be written";
    let at_the_end = format!("visavis: {words}");
    for (said, words) in [(&finished.stdout, words), (&finished.stderr, &at_the_end)] {
        let told = said.lines().filter(|line| line.starts_with(words)).count();
        assert_eq!(told, 1, "{finished:?}");
    }
    assert!(!finished.stdout.contains("You will not hear"), "{finished:?}");
    let report = Report::read(&report).expect("a report");
    assert!(report.number("audio.received.packets") >= Some(20.0), "{report:?}");
    assert!(report.number("video.received.frames_decoded") >= Some(10.0), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_whose_folder_is_gone_by_the_end_is_told() {
    let folder = folder();
    let (inner, _) = path_in(folder.path(), "inner");
    std::fs::create_dir(&inner).expect("a folder");
    let (_, snapshot) = path_in(&inner, "last.png");
    let finished = call(folder.path(), &["--snapshot", &snapshot], async |bob: &mut Person| {
        std::fs::remove_dir(&inner).expect("it is empty");
        a_second(bob).await;
    })
    .await;
    assert_eq!(finished.status.code(), Some(7), "{finished:?}");
    assert!(finished.stderr.contains("The last picture was not written"), "{finished:?}");
    assert!(finished.stderr.contains("does not exist"), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_on_standard_output_is_alone_there() {
    let folder = folder();
    let finished = call(folder.path(), &["--report", "/dev/stdout"], a_second).await;
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    let report: serde_json::Value =
        serde_json::from_str(&finished.stdout).expect("JSON and nothing else");
    assert_eq!(report["outcome"], "completed");
    assert!(finished.stderr.contains("connected to bob"), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_killed_leaves_what_was_recorded_and_the_report_of_before() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = bob(&server).await;
    let [(video, record), (sound, _), (report, report_text)] =
        ["seen.y4m", "heard.wav", "report.json"].map(|name| path_in(folder.path(), name));
    std::fs::write(&report, "yesterday").expect("written");
    let speaker = format!("file:{}", sound.display());
    let options = ["--record-video", &record, "--speaker", &speaker, "--report", &report_text];
    let alice = start(folder.path(), server.url(), &options);
    takes_the_call(&mut bob).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    alice.kill().await.expect("it runs");
    let mut seen = 0;
    let times = look::frames_and_times(&video, |_| seen += 1);
    assert!(times.iter().sum::<u64>() >= 30 && seen >= 15, "{seen} frames, {times:?}");
    let heard = Recording::read(&sound);
    let hz = heard.strongest_hz(heard.last(0.5));
    assert!((hz - 620.0).abs() < 2.0, "bob's voice is at 620 Hz, not {hz}");
    assert_eq!(std::fs::read(&report).expect("it is there"), b"yesterday");
    let left = std::fs::read_dir(folder.path()).expect("a folder").flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 4, "nothing is left beside them: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_takes_leaves_the_files_of_before() {
    let (server, folder) = (TestServer::start().await, folder());
    let mut bob = server.socket().await;
    bob.log_in("bob").await;
    let files = ["seen.y4m", "last.png", "heard.wav"].map(|name| path_in(folder.path(), name));
    for (path, _) in &files {
        std::fs::write(path, "yesterday").expect("written");
    }
    let speaker = format!("file:{}", files[2].1);
    let outputs = ["--record-video", &files[0].1, "--snapshot", &files[1].1];
    let options = [outputs.as_slice(), &["--speaker", &speaker, "--timeout", "2s"]].concat();
    let alice = start(folder.path(), server.url(), &options);
    bob.receives("offer").await;
    let finished = alice.finish(LIMIT).await.expect("it ends");
    assert_eq!(finished.status.code(), Some(4), "{finished:?}");
    for (path, _) in &files {
        assert_eq!(std::fs::read(path).expect("it is there"), b"yesterday", "{}", path.display());
    }
}
