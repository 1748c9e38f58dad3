//! Screens and windows that one shows to the other, on displays of their own.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;
use visavis_tests::look;
use visavis_tests::picture::Picture;
use visavis_tests::presence;
use visavis_tests::programs::{self, Program, ServerProgram};
use visavis_tests::reading;
use visavis_tests::text_page::{PageWindow, TextPage};
use visavis_tests::window::Display;

/// How long anything in a call may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);
/// After so long a picture that stands still is as good as the original.
const STILL: Duration = Duration::from_secs(3);

/// An app without a window, on a display of its own or on none.
struct Side {
    name: &'static str,
    folder: TempDir,
}

impl Side {
    fn new(name: &'static str) -> Self {
        Self { name, folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn starts(&self, server: &str, display: Option<&Display>, words: &[&str]) -> Program {
        let mut command = Command::new(programs::visavis().expect("the app is built"));
        command.env_remove("WAYLAND_DISPLAY").env_remove("DISPLAY").env_remove("XDG_SESSION_TYPE");
        if let Some(display) = display {
            command.env("DISPLAY", display.name());
        }
        command.args(words).args(["--server", server, "--username", self.name]);
        command.args(["--microphone", "tone", "--speaker", "none", "--ice-server", "none"]);
        command.arg("--data-dir").arg(self.path("data"));
        command.arg("--report").arg(self.path("report.json"));
        command.arg("--snapshot").arg(self.path("last.png"));
        Program::spawn(self.name, command).expect("the app starts")
    }

    fn last_picture(&self) -> Picture {
        let png = std::fs::read(self.path("last.png")).expect("there is a snapshot");
        Picture::from_png(&png).expect("it is a PNG")
    }
}

async fn says(program: &mut Program, words: &str) {
    program.prints(LIMIT, |output| output.contains(words).then_some(())).await.expect(words);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_of_a_shared_screen_can_be_read_by_the_other() {
    let server = ServerProgram::start().await.expect("the server starts");
    let display = Display::of_size(1920, 1080).await;
    let page = TextPage::new(1920, 1080, 17);
    let _window = PageWindow::open(&display, "A page", &page, 1080, (0, 0));
    let (alice, bob) = (Side::new("alice"), Side::new("bob"));
    let mut callee = bob.starts(server.url(), None, &["answer", "--camera", "none"]);
    presence::logged_in(server.url(), "bob", LIMIT).await.expect("bob logs in");
    let share = ["call", "bob", "--camera", "pattern", "--share", "screen:first"];
    let mut caller = alice.starts(server.url(), Some(&display), &share);
    says(&mut caller, "sharing").await;
    says(&mut callee, "connected").await;
    // What the estimate of a new path takes until a whole screen fits, and the stillness after.
    tokio::time::sleep(Duration::from_secs(5) + STILL).await;
    caller.interrupt().await.expect("it runs");
    assert_eq!(callee.finish(LIMIT).await.expect("it ends").status.code(), Some(0));
    let (seen, original) = (bob.last_picture(), page.part(0, 1080));
    let likeness = look::structural_similarity(&seen, &original);
    assert!(likeness >= 0.98, "{likeness}");
    let expected = reading::words(&original).await;
    assert!(expected.len() > 600, "{} words", expected.len());
    assert_eq!(reading::words(&seen).await, expected);
}
