//! The window opens on the display that is there, whatever the environment names, and where there
//! is none that is said in one line.
#![cfg(target_os = "linux")]

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use egui::accesskit::Role;
use tokio::process::Command;
use visavis_tests::inspection::By;
use visavis_tests::programs::{self, Program};
use visavis_tests::stop_signal::StopSignal;
use visavis_tests::window::{Display, Window};

/// Beyond this it hangs.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_wayland_display_that_is_gone_or_silent_gives_way_to_x11() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    drop(UnixListener::bind(at("left-behind")).expect("a socket"));
    let _silent = UnixListener::bind(at("silent")).expect("a socket");
    for name in ["missing", "left-behind", "silent"] {
        let display = Display::start().await;
        let mut window = Window::open_with("alice", &display, |command| {
            command.args(["--microphone", "none", "--speaker", "none"]);
            command.args(["--log", "visavis_client::ui::display=debug"]);
            command.env("XDG_RUNTIME_DIR", folder.path()).env("WAYLAND_DISPLAY", name);
        })
        .await;
        window.waits_for(&By::name("Log in").role(Role::Button));
        let said = window.log().matches("nothing answers at WAYLAND_DISPLAY").count();
        assert_eq!(said, 1, "{name}: {}", window.log());
        window.is_asked_to_end(StopSignal::Terminate).await;
        assert!(window.finishes(LIMIT).await.status.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_display_one_line_says_so_and_what_works_without_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (wayland, x11, words) in [
        (None, None, "neither WAYLAND_DISPLAY nor DISPLAY is set"),
        (Some("gone"), None, "nothing answers at the display that WAYLAND_DISPLAY names"),
        (None, Some(":64321"), "nothing answers at the display that DISPLAY names"),
        (Some("gone"), Some(":64321"), "that WAYLAND_DISPLAY or DISPLAY names"),
    ] {
        let finished = without_window(folder.path(), wayland, x11).await;
        assert_eq!(finished.status.code(), Some(6), "{finished:?}");
        assert_eq!(finished.stderr.trim_end().lines().count(), 1, "{}", finished.stderr);
        assert!(finished.stderr.contains(words), "{}", finished.stderr);
        assert!(finished.stderr.contains("`visavis call` and `visavis answer` work without"));
        assert!(!finished.stderr.contains(".rs"), "{}", finished.stderr);
    }
}

async fn without_window(
    folder: &Path,
    wayland: Option<&str>,
    x11: Option<&str>,
) -> programs::Finished {
    let mut command = Command::new(programs::visavis().expect("visavis is built"));
    command.arg("--data-dir").arg(folder).env("XDG_RUNTIME_DIR", folder);
    command.args(["--camera", "none", "--microphone", "none", "--speaker", "none"]);
    for (name, value) in [("WAYLAND_DISPLAY", wayland), ("DISPLAY", x11)] {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let program = Program::spawn("visavis", command).expect("it starts");
    program.finish(LIMIT).await.expect("it ends")
}
