//! The calls that are measured: programs as people get them, built beside this one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::process::Command;
use visavis_tests::presence;
use visavis_tests::programs::{Program, ServerProgram};
use visavis_tests::report::Report;
use visavis_tests::window::Display;

use crate::content::{Content, HEIGHT, Showing, WIDTH};
use crate::table::{Seen, Sent};

pub(crate) type Fault = Box<dyn std::error::Error>;

/// How long a call is that is measured, after it connected.
pub(crate) const MEASURED: Duration = Duration::from_secs(20);
/// What is shown begins coarse; a call this long ends before what is measured begins.
pub(crate) const BEGINNING: Duration = Duration::from_secs(10);
/// How long a program may take beyond its call.
const PATIENCE: Duration = Duration::from_secs(60);
/// How large the file is that goes each way.
pub(crate) const FILE_BYTES: u64 = 1 << 30;
/// How long it may take.
const FILES_WITHIN: Duration = Duration::from_secs(600);

/// Both sides of a call.
struct Sides {
    alice: Report,
    bob: Report,
}

/// Shows a display to bob.
pub(crate) async fn shows(what: Content) -> Result<Seen, Fault> {
    let display = Display::of_size(WIDTH, HEIGHT).await;
    let _showing = Showing::start(what, &display);
    let share = ["--share", "screen:first"];
    let beginning = call(Some(&display), &share, BEGINNING).await?;
    let sides = call(Some(&display), &share, BEGINNING + MEASURED).await?;
    let bytes = |sides: &Sides| sides.alice.number("video.sent.bytes");
    let more = bytes(&sides).zip(bytes(&beginning)).map(|(all, first)| all - first);
    let (alice, bob) = (&sides.alice, &sides.bob);
    Ok(Seen {
        codec: "H.264".to_owned(),
        video_bps: more.map(|more| more * 8.0 / MEASURED.as_secs_f64()),
        fps: alice.number("video.sent.fps"),
        lines: bob.number("video.received.height"),
        encoding_ms: alice.number("video.sent.encode_ms_p50"),
        delay_ms: ["p50", "p95"]
            .map(|part| bob.number(&format!("video.received.glass_to_glass_ms.{part}"))),
        cores: [cores(alice), cores(bob)],
    })
}

/// How many processors a side kept busy.
fn cores(report: &Report) -> Option<f64> {
    Some(report.number("process.cpu_s")? / report.number("process.wall_s")?)
}

/// The same call in which both show the test pattern as a camera would.
pub(crate) async fn of_cameras() -> Result<[Option<f64>; 2], Fault> {
    let sides = call(None, &[], BEGINNING + MEASURED).await?;
    Ok([cores(&sides.alice), cores(&sides.bob)])
}

async fn call(display: Option<&Display>, hers: &[&str], time: Duration) -> Result<Sides, Fault> {
    let server = ServerProgram::start().await?;
    let folder = tempfile::tempdir()?;
    let seconds = format!("{}s", time.as_secs());
    let mut callee = App::new("bob", folder.path());
    let mut caller = App::new("alice", folder.path());
    // What comes back costs the same in each call.
    callee.command.args(["answer", "--camera", "pattern", "--video-size", "320x180"]);
    caller.command.args(["call", "bob", "--camera", "pattern", "--duration", &seconds]).args(hers);
    if let Some(display) = display {
        caller.command.env("DISPLAY", display.name()).env_remove("WAYLAND_DISPLAY");
        caller.command.env_remove("XDG_SESSION_TYPE");
    }
    let (bob_report, bob) = callee.start(server.url())?;
    presence::logged_in(server.url(), "bob", PATIENCE).await?;
    let (alice_report, alice) = caller.start(server.url())?;
    for program in [alice, bob] {
        let ended = program.finish(time + PATIENCE).await?;
        if !ended.status.success() {
            return Err(format!("a call failed: {}", ended.stderr).into());
        }
    }
    Ok(Sides { alice: Report::read(&alice_report)?, bob: Report::read(&bob_report)? })
}

/// Sends a file each way at once.
pub(crate) async fn sends_files() -> Result<Sent, Fault> {
    let server = ServerProgram::start().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("large.bin");
    // A hole: no disk is measured but the one that is written.
    std::fs::File::create(&file)?.set_len(FILE_BYTES)?;
    let mut callee = App::new("bob", folder.path());
    let mut caller = App::new("alice", folder.path());
    callee.command.arg("answer");
    caller.command.args(["call", "bob"]);
    for app in [&mut callee, &mut caller] {
        let to = folder.path().join(format!("{}-received", app.name));
        std::fs::create_dir(&to)?;
        app.command.args(["--camera", "pattern", "--video-size", "640x360"]);
        app.command.arg("--send").arg(&file).arg("--receive").arg(to);
    }
    let (bob_report, mut bob) = callee.start(server.url())?;
    presence::logged_in(server.url(), "bob", PATIENCE).await?;
    let (alice_report, mut alice) = caller.start(server.url())?;
    says(&mut alice, PATIENCE, "connected to").await?;
    let begun = Instant::now();
    for program in [&mut alice, &mut bob] {
        says(program, FILES_WITHIN, "large.bin is here").await?;
    }
    let took = begun.elapsed();
    alice.interrupt().await?;
    for program in [alice, bob] {
        program.finish(PATIENCE).await?;
    }
    let sides = Sides { alice: Report::read(&alice_report)?, bob: Report::read(&bob_report)? };
    Ok(Sent {
        took,
        concealed: sides.bob.number("audio.received.concealed_ratio"),
        delay_ms: sides.bob.number("video.received.glass_to_glass_ms.p50"),
        cores: [cores(&sides.alice), cores(&sides.bob)],
    })
}

async fn says(program: &mut Program, limit: Duration, words: &str) -> Result<(), Fault> {
    Ok(program.prints(limit, |output| output.contains(words).then_some(())).await?)
}

/// An app that is about to start.
struct App {
    name: &'static str,
    command: Command,
    report: PathBuf,
}

impl App {
    fn new(name: &'static str, folder: &Path) -> Self {
        let beside = std::env::current_exe().unwrap_or_default().with_file_name("visavis");
        let mut command = Command::new(beside);
        let report = folder.join(format!("{name}.json"));
        command.arg("--data-dir").arg(folder.join(name)).arg("--report").arg(&report);
        command.args(["--microphone", "tone", "--speaker", "none", "--ice-server", "none"]);
        Self { name, command, report }
    }

    fn start(mut self, server: &str) -> Result<(PathBuf, Program), Fault> {
        self.command.args(["--server", server, "--username", self.name]);
        Ok((self.report, Program::spawn(self.name, self.command)?))
    }
}
