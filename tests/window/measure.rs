//! The measurements: starts, a window on people, a call that comes, a call in view and minimised.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::sleep;
use visavis_client::config::{SETTINGS_FILE, Settings};
use visavis_client::media::units::VideoSize;
use visavis_tests::desktop_bus::{DesktopBus, Service};
use visavis_tests::programs::Program;
use visavis_tests::server::TestServer;
use visavis_tests::window::Display;
use visavis_tests::window_manager::WindowManager;

use crate::frames::Frames;
use crate::glass;
use crate::machine;
use crate::result::{Line, quantile};

/// How often a window is started.
const STARTS: usize = 5;
/// How long each thing is measured, and how long it settles before.
const SPAN: Duration = Duration::from_secs(10);
const SETTLE: Duration = Duration::from_secs(5);
/// A call counts as starting from the ringing on, for so long after the answer.
const CALL_START: Duration = Duration::from_secs(3);
/// Beyond this something is stuck.
const LIMIT: Duration = Duration::from_secs(30);

type Fault = Box<dyn std::error::Error>;

/// Microseconds since 1970.
fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as u64
}

/// Where a window keeps things, already logged in somewhere.
fn profile(server: &str, name: &str) -> Result<TempDir, Fault> {
    let folder = TempDir::new()?;
    let mut settings = Settings::default();
    settings.logged_in(server, name);
    settings.save(&folder.path().join(SETTINGS_FILE))?;
    Ok(folder)
}

fn window(app: &Path, display: &Display, bus: &DesktopBus, folder: &Path) -> Command {
    let mut command = Command::new(app);
    command
        .args(["--camera", "pattern", "--microphone", "tone", "--speaker", "none"])
        .args(["--ice-server", "none", "--video-size", "1280x720", "--fps", "30"])
        .arg("--data-dir")
        .arg(folder)
        .arg("--window-ready-report")
        .arg(folder.join("ready"))
        .arg("--window-frame-report")
        .arg(folder.join("frames"))
        .env("DISPLAY", display.name())
        .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
        .env_remove("WAYLAND_DISPLAY")
        .env("LC_ALL", "C");
    command
}

async fn waits_for(file: &Path) -> Result<(), Fault> {
    let deadline = Instant::now() + LIMIT;
    while !file.exists() {
        if Instant::now() > deadline {
            return Err(format!("{} does not come", file.display()).into());
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// The share of a core that a process took over [`SPAN`], in percent: all of it, and the window's
/// thread.
async fn cores(pid: u32) -> (Option<f64>, Option<f64>) {
    let read = || (machine::cpu_seconds(pid, false), machine::cpu_seconds(pid, true));
    let (before, start) = (read(), Instant::now());
    sleep(SPAN).await;
    let (after, span) = (read(), start.elapsed().as_secs_f64());
    let share = |before: Option<f64>, after: Option<f64>| Some((after? - before?) / span * 100.0);
    (share(before.0, after.0), share(before.1, after.1))
}

/// Measures everything.
pub(crate) async fn all(app: &Path) -> Result<Vec<Line>, Fault> {
    let server = TestServer::start().await;
    // Larger than the window with its frame: what lies beyond the edge can't be read.
    let display = Display::of_size(1600, 1000).await;
    let bus = DesktopBus::start(Service::Well).await;

    // One profile for all: its key owns the name.
    let folder = profile(server.url(), "bob")?;
    let ready = folder.path().join("ready");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let program = Program::spawn("bob", window(app, &display, &bus, folder.path()))?;
        waits_for(&ready).await?;
        starts.push(begun.elapsed().as_secs_f64() * 1e3);
        program.kill().await?;
        std::fs::remove_file(&ready)?;
    }

    let bob = Program::spawn("bob", window(app, &display, &bus, folder.path()))?;
    let pid = bob.id().ok_or("the window has ended")?;
    let frames = folder.path().join("frames");
    waits_for(&ready).await?;
    sleep(SETTLE).await;
    let idle = cores(pid).await;

    // Without a window manager no window has the focus, so a call is notified.
    let begun = now_us();
    let others = TempDir::new()?;
    let alice = calls(app, server.url(), others.path())?;
    let (id, _) = bus.shows("alice is calling").await;
    bus.clicks(id, "answer").await;
    sleep(CALL_START).await;
    let start = Frames::read(&frames)?.between(begun, now_us());

    let manager = WindowManager::start(&display).await;
    manager.resizes_the_window(1280, 720).await;
    sleep(SETTLE).await;
    let begun = now_us();
    let in_view = cores(pid).await;
    let shown = Frames::read(&frames)?.between(begun, now_us());
    let memory = machine::memory(pid);
    let (name, id) = (display.name().to_owned(), manager.window_id().ok_or("no window")?);
    let size = VideoSize::new(1280, 720).ok_or("no size")?;
    let glass = tokio::task::spawn_blocking(move || glass::latencies(&name, id, size, SPAN));
    let glass = glass.await?.map_err(|error| error.to_string())?;

    manager.minimises_the_window().await;
    sleep(SETTLE).await;
    let hidden = cores(pid).await;
    drop((alice, bob));

    let seconds = SPAN.as_secs_f64();
    Ok(vec![
        Line::bar("start to a usable window, median", quantile(&starts, 0.5), "ms", 400.0),
        Line::bar(
            "window's thread for a frame of 720p, p95",
            quantile(&shown.cpu_ms(), 0.95),
            "ms",
            4.0,
        ),
        Line::context("the same, p50", quantile(&shown.cpu_ms(), 0.5), "ms"),
        Line::context(
            "with painting and driver, wall clock, p95",
            quantile(&shown.whole_ms(), 0.95),
            "ms",
        ),
        Line::context("frames painted", Some(shown.count() / seconds), "/s"),
        Line::bar(
            "longest frame while a call starts",
            quantile(&start.whole_ms(), 1.0),
            "ms",
            50.0,
        ),
        Line::context("the same without painting and driver", quantile(&start.cpu_ms(), 1.0), "ms"),
        Line::bar("processor, idle on people", idle.0, "%", 0.0),
        Line::context("processor, call in view", in_view.0, "%"),
        Line::context("of it the window's thread with the driver", in_view.1, "%"),
        Line::context("processor, call minimised", hidden.0, "%"),
        Line::context("of it the window's thread", hidden.1, "%"),
        Line::bar(
            "memory in a call, without the driver's files",
            memory.map(|(all, driver)| all - driver),
            "MB",
            150.0,
        ),
        Line::context("memory of the driver's files", memory.map(|(_, driver)| driver), "MB"),
        Line::context("glass to glass on the screen, p50", quantile(&glass, 0.5), "ms"),
        Line::context("glass to glass on the screen, p95", quantile(&glass, 0.95), "ms"),
        Line::context("frames seen on the screen", Some(glass.len() as f64 / seconds), "/s"),
    ])
}

/// Somebody calls bob, without a window.
fn calls(app: &Path, server: &str, folder: &Path) -> Result<Program, Fault> {
    let mut command = Command::new(app);
    command
        .args(["call", "bob", "--username", "alice", "--server", server, "--duration", "120s"])
        .args(["--camera", "pattern", "--microphone", "tone", "--speaker", "none"])
        .args(["--ice-server", "none", "--video-size", "1280x720", "--fps", "30", "--data-dir"])
        .arg(folder);
    Ok(Program::spawn("alice", command)?)
}
