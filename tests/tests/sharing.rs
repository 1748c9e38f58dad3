//! Screens and windows that one shows to the other, on displays of their own.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use egui::Key;
use tempfile::TempDir;
use tokio::process::Command;
use visavis_tests::inspection::By;
use visavis_tests::look;
use visavis_tests::picture::Picture;
use visavis_tests::presence;
use visavis_tests::programs::{self, Program, ServerProgram};
use visavis_tests::reading;
use visavis_tests::server::TestServer;
use visavis_tests::text_page::{PageWindow, TextPage};
use visavis_tests::window::{Display, Window};

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
    let window = PageWindow::open(&display, "A page", &page, 1080, (0, 0));
    // It is in the picture, and no word is under it there.
    window.puts_the_pointer_at(1915, 1075);
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
    assert!(page.words().len() > 600, "{} words", page.words().len());
    assert_eq!(reading::words(&original).await, page.words(), "Tesseract can read the page");
    assert_eq!(reading::words(&seen).await, page.words());
}

/// When a dialog that has opened stands still, and its buttons take clicks.
const ARMED: Duration = Duration::from_millis(600);

/// The one picture in a folder, or below it.
fn kept_picture(folder: &Path) -> Picture {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "png") {
                let png = std::fs::read(path).expect("it can be read");
                return Picture::from_png(&png).expect("it is a PNG");
            }
        }
    }
    panic!("no picture was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_shown_to_the_other_window_and_both_write_to_each_other() {
    let server = TestServer::start().await;
    // The page stands beside her window, not over it.
    let (hers, his) = (Display::of_size(2400, 800).await, Display::of_size(1280, 800).await);
    let page = TextPage::new(1000, 700, 23);
    let home = tempfile::tempdir().expect("a folder");
    let mut alice = Window::open("alice", &hers).await;
    let letters = PageWindow::open(&hers, "Letters", &page, 700, (1350, 20));
    let mut bob = Window::open_with("bob", &his, |command| {
        command.args(["--microphone", "tone", "--speaker", "none"]);
        command.env("HOME", home.path()).env_remove("XDG_CONFIG_HOME");
    })
    .await;
    alice.logs_in(server.url());
    bob.logs_in(server.url());
    alice.fills("Username to call", "bob");
    alice.clicks("Call");
    bob.clicks("Accept");
    alice.sees("bob");
    bob.sees("alice");

    alice.clicks("Share");
    alice.waits_for(&By::containing("Letters"));
    tokio::time::sleep(ARMED).await;
    alice.chooses("Letters");
    alice.keeps_screenshot("share-picker.png");
    alice.clicks("Share this window");
    alice.waits_for(&By::containing("bob sees your window “Letters”"));
    bob.waits_for(&By::containing("Screen of alice"));
    tokio::time::sleep(Duration::from_secs(3) + STILL).await;
    alice.keeps_screenshot("sharing.png");
    bob.keeps_screenshot("seeing-a-window.png");
    bob.presses_with_control(Key::S);
    bob.waits_for(&By::containing("The picture is kept in"));
    let (seen, original) = (kept_picture(home.path()), page.part(0, 700));
    assert_eq!(seen.size(), original.size());

    bob.presses_with_control(Key::T);
    // The panel slides in.
    tokio::time::sleep(ARMED).await;
    bob.writes("Message to alice", "the third line, please");
    alice.waits_for(&By::containing("bob: the third line, please"));
    alice.presses_with_control(Key::T);
    alice.waits_for(&By::containing("the third line, please"));
    bob.waits_for(&By::containing("Sent"));
    bob.keeps_screenshot("text.png");

    letters.closes();
    alice.waits_for(&By::containing("The window was closed and is shared no longer."));
    bob.waits_until_gone(&By::containing("Screen of alice"));
    alice.clicks("Dismiss");
    alice.presses_with_control(Key::T);
    alice.sees("bob");
    bob.presses_with_control(Key::T);
    bob.sees("alice");
}
