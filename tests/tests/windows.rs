//! Two real windows on a display of their own: log in, call, accept, see each other, close; and
//! windows in the languages of the system. Leaves screenshots in `target/screenshots`.

use std::time::Duration;

use egui::Key;
use egui::accesskit::Role;
use visavis_tests::inspection::By;
use visavis_tests::look;
use visavis_tests::person::SOON;
use visavis_tests::server::TestServer;
use visavis_tests::stop_signal::StopSignal;
use visavis_tests::window::{Display, Window};
#[cfg(target_os = "linux")]
use visavis_tests::window_manager::WindowManager;

/// How long figures are gathered before a picture is taken of their plots.
const PLOTTED: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_log_in_call_see_each_other_and_close() {
    let server = TestServer::start().await;
    let display = Display::start().await;
    let mut alice = Window::open("alice", &display).await;
    // On another display: nothing is made for a window that is under the other.
    let elsewhere = Display::start().await;
    let mut bob = Window::open("bob", &elsewhere).await;

    alice.keeps_screenshot("log-in.png");
    alice.logs_in(server.url());
    bob.logs_in(server.url());
    alice.waits_for(&By::name("Call bob").role(Role::Button));
    alice.keeps_screenshot("people.png");

    alice.fills("Username to call", "bob");
    alice.clicks("Call");
    bob.waits_for(&By::name("Accept").role(Role::Button));
    bob.keeps_screenshot("being-called.png");
    alice.waits_for(&By::name("Cancel").role(Role::Button));
    alice.keeps_screenshot("calling.png");
    bob.clicks("Accept");

    alice.sees("bob");
    bob.sees("alice");
    alice.keeps_screenshot("in-call.png");

    alice.presses_with_control(Key::I);
    alice.waits_for(&By::name("Upload could carry"));
    // So that there is something in the plots.
    tokio::time::sleep(PLOTTED).await;
    alice.keeps_screenshot("statistics.png");
    alice.presses_with_control(Key::I);
    alice.waits_until_gone(&By::name("Upload could carry"));

    for window in [&mut alice, &mut bob] {
        window.presses_with_control(Key::K);
        window.waits_for(&By::name("They are the same").role(Role::Button));
    }
    let words = |window: &mut Window| -> Vec<String> {
        (1..=4).map(|at| window.waits_for(&By::containing(&format!("Word {at}"))).name).collect()
    };
    assert_eq!(words(&mut alice), words(&mut bob), "both read the same aloud");
    alice.keeps_screenshot("safety-code-of-alice.png");
    bob.keeps_screenshot("safety-code-of-bob.png");
    alice.clicks("They are the same");
    alice.waits_for(&By::containing("Verified"));
    bob.clicks("They are the same");
    bob.waits_until_gone(&By::name("They are the same"));

    for muted in [true, false] {
        alice.clicks("Mute");
        alice.waits_for(&By::name("Mute").pressed(muted));
    }
    alice.clicks("Close call");
    alice.waits_for(&By::name("Call again").role(Role::Button));
    bob.waits_for(&By::containing("alice ended the call"));
    bob.keeps_screenshot("ended.png");
    bob.clicks("Back");
    bob.waits_for(&By::name("Username to call").role(Role::TextInput));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_speaks_the_language_of_the_system() {
    for (locale, log_in) in [
        ("zh_CN.UTF-8", "登录"),
        ("de_AT", "Anmelden"),
        ("fr_CA.UTF-8", "Se connecter"),
        ("es_419", "Iniciar sesión"),
        ("C", "Log in"),
        ("nl_NL.UTF-8", "Log in"),
    ] {
        let display = Display::start().await;
        let mut window = Window::open_with("alice", &display, |command| {
            command.env("LC_ALL", locale).env_remove("LANGUAGE");
            command.args(["--microphone", "none", "--speaker", "none"]);
        })
        .await;
        window.waits_for(&By::name(log_in).role(Role::Button));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_logged_in_once_is_logged_in_at_the_next_start() {
    let server = TestServer::start().await;
    let display = Display::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let open = || {
        Window::open_with("alice", &display, |command| {
            command.args(["--microphone", "none", "--speaker", "none"]);
            command.env("VISAVIS_DATA_DIR", folder.path());
        })
    };
    let mut window = open().await;
    window.logs_in(server.url());
    window.is_asked_to_end(StopSignal::Terminate).await;
    window.finishes(SOON).await;
    let mut window = open().await;
    window.waits_for(&By::name("Username to call").role(Role::TextInput));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_mini_window_stays_on_top_with_the_picture_and_gives_the_window_back() {
    let server = TestServer::start().await;
    let (hers, his) = (Display::start().await, Display::start().await);
    let manager = WindowManager::start(&hers).await;
    let home = tempfile::tempdir().expect("a folder");
    let mut alice = Window::open_with("alice", &hers, |command| {
        command.args(["--microphone", "tone", "--speaker", "none"]);
        command.env("HOME", home.path()).env_remove("XDG_CONFIG_HOME");
    })
    .await;
    let mut bob = Window::open("bob", &his).await;
    alice.logs_in(server.url());
    bob.logs_in(server.url());
    alice.fills("Username to call", "bob");
    alice.clicks("Call");
    bob.clicks("Accept");
    alice.sees("bob");
    bob.clicks("Mute");
    alice.waits_for(&By::name("bob is muted"));

    alice.presses_with_control(Key::M);
    manager.keeps_the_window_on_top(true).await;
    manager.has_the_window_sized(320, 180).await;
    alice.sees("bob");
    alice.keeps_screenshot("mini-window.png");
    alice.clicks("Mute");
    bob.waits_for(&By::name("alice is muted"));
    alice.presses_with_control(Key::S);
    alice.clicks("Mini window");
    manager.keeps_the_window_on_top(false).await;
    manager.has_the_window_sized(1040, 680).await;
    alice.sees("bob");
    alice.waits_for(&By::name("Show in folder").role(Role::Button));
    let pictures = std::fs::read_dir(home.path().join("Pictures")).expect("the folder is made");
    let pictures: Vec<_> = pictures.map(|entry| entry.expect("an entry").path()).collect();
    let [picture] = pictures.as_slice() else { panic!("{pictures:?}") };
    assert!(picture.to_string_lossy().contains("Visavis bob 2"), "{picture:?}");
    assert!(look::is_png_of_pattern(picture), "the other's picture is kept");

    bob.clicks("Camera");
    alice.waits_for(&By::name("bob's camera is off"));
    alice.keeps_screenshot("camera-off.png");
    alice.presses_with_control(Key::M);
    manager.keeps_the_window_on_top(true).await;
    bob.clicks("Close call");
    alice.waits_for(&By::containing("bob ended the call"));
    manager.keeps_the_window_on_top(false).await;
}
