//! One window for each profile: a second start brings the first to the front, hands over its
//! invitation, and ends; what has died or hangs is in nobody's way.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use tempfile::TempDir;
use tokio::process::Command;
use visavis_tests::inspection::By;
use visavis_tests::programs::{self, Finished, Program};
use visavis_tests::server::TestServer;
use visavis_tests::window::{Display, Window};

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(30);
/// How often something that is waited for is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Starts the program for the profile in `folder`.
fn start(folder: &Path, display: &Display, arguments: &[&str]) -> Program {
    let mut command = Command::new(programs::visavis().expect("visavis is built"));
    command.env("DISPLAY", display.name()).env_remove("WAYLAND_DISPLAY");
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all");
    command.args(["--camera", "none", "--microphone", "none", "--speaker", "none"]);
    command.arg("--data-dir").arg(folder).args(arguments);
    Program::spawn("visavis", command).expect("it starts")
}

/// Starts it, and waits until its window is there.
async fn opens(folder: &Path, display: &Display, arguments: &[&str]) -> Program {
    let report = TempDir::new().expect("a temporary folder");
    let path = report.path().join("ready.json");
    let text = path.display().to_string();
    let program = start(folder, display, &[arguments, &["--window-ready-report", &text]].concat());
    let deadline = Instant::now() + LIMIT;
    while !path.exists() {
        assert!(Instant::now() < deadline, "no window: {}", program.stderr());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    program
}

/// Starts it, and it ends since another has taken over what it was started for.
async fn hands_over(folder: &Path, display: &Display, arguments: &[&str]) -> Finished {
    let finished = start(folder, display, arguments).finish(LIMIT).await.expect("it ends");
    assert_eq!((finished.status.code(), finished.stderr.as_str()), (Some(0), ""), "{finished:?}");
    assert!(finished.stdout.contains("comes to the front"), "{finished:?}");
    finished
}

fn invitation(server: &str, path: &str) -> String {
    let host = server.strip_prefix("ws://").expect("a server without TLS");
    format!("visavis://{host}/{path}?tls=off")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_hands_its_invitation_over_and_nobody_is_called_by_it() {
    let (server, display) = (TestServer::start().await, Display::start().await);
    let mut alice = Window::open("alice", &display).await;
    let mut bob = Window::open("bob", &display).await;
    bob.logs_in(server.url());
    let link = invitation(server.url(), "bob");
    hands_over(alice.data_folder(), &display, &[&link]).await;
    // Who is not logged in finds the server in its field, and decides.
    let address = server.url().split_once("://").map_or(server.url(), |(_, address)| address);
    alice.holds("Server", address);
    alice.fills("Username", "alice");
    alice.clicks("Log in");
    alice.holds("Username to call", "bob");
    // Who is logged in finds the next one at once.
    hands_over(alice.data_folder(), &display, &[&invitation(server.url(), "carol")]).await;
    alice.holds("Username to call", "carol");
    hands_over(alice.data_folder(), &display, &[&invitation(server.url(), "room/tea")]).await;
    alice.holds("The word you agreed on", "tea");
    hands_over(alice.data_folder(), &display, &[&link]).await;
    alice.holds("Username to call", "bob");
    assert!(!bob.shows(&By::name("Accept").role(Role::Button)), "an invitation has called");
    let elsewhere = "visavis://calls.example/bob";
    hands_over(alice.data_folder(), &display, &[elsewhere]).await;
    alice.waits_for(&By::containing("This invitation is for another server"));
    hands_over(alice.data_folder(), &display, &["visavis://calls.example/bob?call=now"]).await;
    alice.waits_for(&By::containing("says more than this version of Visavis understands"));
    alice.clicks("Call");
    bob.waits_for(&By::name("Accept").role(Role::Button));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_proposes_what_it_was_started_with() {
    let (server, display) = (TestServer::start().await, Display::start().await);
    let link = invitation(server.url(), "bob");
    let url = server.url().to_owned();
    let mut alice = Window::open_with("alice", &display, |command| {
        command.args(["--microphone", "none", "--speaker", "none", "--username", "alice"]);
        command.args(["--server", &url, &link]);
    })
    .await;
    alice.holds("Username to call", "bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_says_why_its_link_leads_nowhere() {
    let display = Display::start().await;
    let mut alice = Window::open_with("alice", &display, |command| {
        command.args(["--microphone", "none", "--speaker", "none", "visavis://calls.example/%"]);
    })
    .await;
    alice.waits_for(&By::containing("That invitation was damaged on its way."));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_killed_or_hangs_or_is_somebody_elses_stops_no_window_from_opening() {
    let display = Display::start().await;
    let folder = TempDir::new().expect("a temporary folder");
    let first = opens(folder.path(), &display, &[]).await;
    hands_over(folder.path(), &display, &[]).await;
    first.kill().await.expect("it runs");
    let second =
        opens(folder.path(), &display, &["--username", "alice", "--server", "ws://127.0.0.1:1"])
            .await;
    hands_over(folder.path(), &display, &[]).await;
    hands_over(folder.path(), &display, &["--username", "alice"]).await;
    let _asked_for = opens(folder.path(), &display, &["--new-window"]).await;
    let _somebody_else = opens(folder.path(), &display, &["--username", "bob"]).await;
    second.freeze().await.expect("it runs");
    let _beside_a_frozen_one = opens(folder.path(), &display, &[]).await;
    second.thaw().await.expect("it runs");
    // Commands without a window have nothing to do with it.
    let devices = start(folder.path(), &display, &["devices"]).finish(LIMIT).await;
    assert!(devices.expect("it ends").stdout.contains("Microphones"));
}
