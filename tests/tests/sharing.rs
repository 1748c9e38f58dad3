//! Screens and windows that one shows to the other, on displays of their own.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::Duration;

use egui::Key;
use tokio::process::Command;
use visavis_client::device::CameraChoice;
use visavis_client::media::units::Bitrate;
use visavis_client::session::snapshot::Snapshot;
use visavis_client::session::statistics::Reading;
use visavis_tests::browser::{Browsers, Dialect, PageMedia};
use visavis_tests::inspection::By;
use visavis_tests::look;
use visavis_tests::person::Person;
use visavis_tests::picture::Picture;
use visavis_tests::programs::{self, Program, ServerProgram};
use visavis_tests::reading;
use visavis_tests::server::TestServer;
use visavis_tests::text_page::{PageWindow, TextPage};
use visavis_tests::window::{Display, Window};

/// How long anything in a call may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(60);
/// After so long a picture that stands still is as good as the original.
const STILL: Duration = Duration::from_secs(3);
/// What a screen that stands still may cost.
const STILL_COSTS: Bitrate = Bitrate::from_kbps(30);

/// An app without a window that shows a display to bob.
fn shows(display: &Display, folder: &Path, server: &str) -> Program {
    let mut command = Command::new(programs::visavis().expect("the app is built"));
    command.env_remove("WAYLAND_DISPLAY").env_remove("XDG_SESSION_TYPE");
    command.env("DISPLAY", display.name()).arg("--data-dir").arg(folder.join("data"));
    command.args(["call", "bob", "--server", server, "--username", "alice"]);
    command.args(["--camera", "pattern", "--share", "screen:first", "--microphone", "tone"]);
    command.args(["--speaker", "none", "--ice-server", "none"]);
    Program::spawn("alice", command).expect("the app starts")
}

/// Whether the last readings, of one second each, are of a whole screen that cost next to nothing.
fn stands_still(seen: &Snapshot) -> bool {
    let wanted = STILL.as_secs() as usize;
    let is_still = |reading: &Reading| {
        let video = &reading.video_received;
        video.size == Some((1920, 1080)) && video.bitrate.is_some_and(|rate| rate < STILL_COSTS)
    };
    seen.statistics.as_ref().is_some_and(|statistics| {
        let mut last = statistics.readings().rev().take(wanted);
        last.len() == wanted && last.all(is_still)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_of_a_shared_screen_can_be_read_by_the_other() {
    let server = TestServer::start().await;
    let display = Display::of_size(1920, 1080).await;
    let page = TextPage::new(1920, 1080, 17);
    let _window = PageWindow::open(&display, "A page", &page, 1080, (0, 0));
    let mut bob = Person::with("bob", |options| {
        options.camera = CameraChoice::None;
        options.record_video = None;
    });
    bob.log_in(server.url()).await;
    let hers = tempfile::tempdir().expect("a folder");
    let mut alice = shows(&display, hers.path(), server.url());
    bob.until_ringing().await;
    bob.accept().await;
    alice.prints(LIMIT, |output| output.contains("sharing").then_some(())).await.expect("sharing");
    bob.within(LIMIT, "sees a screen that stands still", stands_still).await;
    alice.interrupt().await.expect("it runs");
    bob.until_ended().await;
    // With the report all is written.
    let _ = bob.report().await;
    let png = std::fs::read(bob.folder().join("last.png")).expect("there is a snapshot");
    let (seen, original) = (Picture::from_png(&png).expect("a PNG"), page.part(0, 1080));
    let likeness = look::structural_similarity(&seen, &original);
    assert!(likeness >= 0.98, "{likeness}");
    assert!(page.words().len() > 600, "{} words", page.words().len());
    assert_eq!(reading::words(&original).await, page.words(), "Tesseract can read the page");
    assert_eq!(reading::words(&seen).await, page.words(), "likeness {likeness}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_a_browser_sees_the_shared_screen_and_can_read_it() {
    let server = ServerProgram::start().await.expect("the server starts");
    let browsers = Browsers::start().await.expect("chromedriver starts");
    let bob = browsers.open(Dialect::One, PageMedia::Drawn, server.url()).await;
    let bob = bob.expect("the page opens");
    assert!(bob.login("bob").await.expect("the page answers"));
    // As large as what a browser says that it can decode: level 3.1.
    let display = Display::of_size(1280, 720).await;
    let page = TextPage::new(1280, 720, 29);
    let _window = PageWindow::open(&display, "A page", &page, 720, (0, 0));
    let hers = tempfile::tempdir().expect("a folder");
    let mut alice = shows(&display, hers.path(), server.url());
    alice.prints(LIMIT, |output| output.contains("sharing").then_some(())).await.expect("sharing");
    let original = page.part(0, 720);
    let like = async || {
        let picture = bob.picture().await.expect("the page answers")?;
        let same_size = picture.size() == original.size();
        same_size.then(|| look::structural_similarity(&picture, &original))
    };
    let deadline = tokio::time::Instant::now() + LIMIT;
    let mut likeness = None;
    while !likeness.is_some_and(|likeness| likeness >= 0.99) {
        assert!(tokio::time::Instant::now() < deadline, "{likeness:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
        likeness = like().await;
    }
    tokio::time::sleep(STILL).await;
    let seen = bob.picture().await.expect("the page answers").expect("there is a picture");
    assert_eq!(reading::words(&original).await, page.words(), "Tesseract can read the page");
    assert_eq!(reading::words(&seen).await, page.words());
    assert_eq!(bob.status().await.expect("the page answers").errors, Vec::<String>::new());
    alice.interrupt().await.expect("it runs");
    bob.quit().await.expect("the browser closes");
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
