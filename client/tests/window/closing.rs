//! Closing the window: it asks in a call, hides in the tray where that is wanted, and else closes.

use eframe::egui::{Key, Modifiers, ViewportCommand, vec2};
use egui_kittest::kittest::Queryable;
use visavis_client::call::event::CallPhase;
use visavis_client::config::{SETTINGS_FILE, Settings};
use visavis_client::desktop::{WindowLink, WindowRequest};
use visavis_client::session::snapshot::{Intent, Snapshot};
use visavis_client::settings::TraySettings;
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, ago, in_call, logged_in, name, with_call};

fn stays_open(commands: &[ViewportCommand]) -> bool {
    commands.contains(&ViewportCommand::CancelClose)
}

fn hides(commands: &[ViewportCommand]) -> bool {
    commands.contains(&ViewportCommand::Visible(false))
}

fn open(snapshot: Snapshot, tray: TraySettings, there: bool) -> (Window, WindowLink) {
    let desktop = WindowLink::default();
    desktop.tray_is_there(there);
    let settings = Settings { tray, ..Settings::default() };
    let options = WindowOptions { settings, desktop: desktop.clone(), ..WindowOptions::default() };
    (Window::open_with(snapshot, vec2(800.0, 600.0), options), desktop)
}

const WANTED: TraySettings = TraySettings { start_hidden: false, close_to_tray: true, asked: true };

#[test]
fn without_a_call_and_a_tray_the_window_closes() {
    let (mut window, _) = open(logged_in(), WANTED, false);
    assert!(!stays_open(&window.close()));
    assert_eq!(window.asked(), []);
}

#[test]
fn in_a_call_closing_asks_and_escape_goes_on_with_the_call() {
    let calling = CallPhase::Calling { peer: name("bob"), ringing: true, since: ago(2) };
    for snapshot in [in_call(), with_call(calling)] {
        let (mut window, _) = open(snapshot, WANTED, true);
        assert!(stays_open(&window.close()));
        assert!(window.shows("You are in a call with bob."));
        window.press(Modifiers::NONE, Key::Escape);
        assert!(!window.shows("Close the call and quit?"));
        assert!(stays_open(&window.close()), "it asks each time");
        window.click("Keep calling");
        assert!(!window.shows("Close the call and quit?"));
        assert_eq!(window.asked(), []);
    }
}

#[test]
fn whoever_answers_or_closes_twice_quits_also_from_a_call() {
    let (mut window, _) = open(in_call(), WANTED, true);
    window.close();
    window.harness.run_steps(1);
    window.harness.get_by_label("Close call and quit").click();
    window.harness.run_steps(1);
    assert!(
        window.commands().contains(&ViewportCommand::Close) || {
            window.harness.run_steps(1);
            window.commands().contains(&ViewportCommand::Close)
        }
    );
    assert!(!stays_open(&window.close()), "the close that it asked for itself");
    let (mut window, _) = open(in_call(), WANTED, true);
    assert!(stays_open(&window.close()));
    assert!(!stays_open(&window.close()));
}

#[test]
fn the_question_goes_with_the_call() {
    let (mut window, _) = open(in_call(), WANTED, false);
    window.close();
    assert!(window.shows("Close the call and quit?"));
    window.set(logged_in());
    assert!(!window.shows("Close the call and quit?"));
}

#[test]
fn a_call_that_rings_is_declined_by_closing_the_window() {
    let rings = with_call(CallPhase::Ringing { peer: name("bob"), since: ago(2) });
    let (mut window, _) = open(rings.clone(), WANTED, true);
    assert!(hides(&window.close()));
    assert_eq!(window.asked(), [Intent::Decline]);
    let (mut window, _) = open(rings, WANTED, false);
    assert!(!stays_open(&window.close()));
    assert_eq!(window.asked(), [Intent::Decline]);
}

#[test]
fn the_window_hides_in_the_tray_and_comes_back_when_it_is_asked_for_or_the_tray_goes() {
    let (mut window, desktop) = open(logged_in(), WANTED, true);
    let commands = window.close();
    assert!(stays_open(&commands) && hides(&commands), "{commands:?}");
    desktop.ask(WindowRequest::Raise);
    window.harness.run_steps(1);
    assert!(window.commands().contains(&ViewportCommand::Visible(true)));
    assert!(hides(&window.close()));
    desktop.tray_is_there(false);
    window.harness.run_steps(1);
    assert!(window.commands().contains(&ViewportCommand::Visible(true)));
    assert_eq!(window.asked(), []);
}

#[test]
fn the_first_time_it_asks_whether_to_stay_in_the_tray_and_remembers_the_answer() {
    for (answer, stays) in [("Keep in the tray", true), ("Quit", false)] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join(SETTINGS_FILE);
        let desktop = WindowLink::default();
        desktop.tray_is_there(true);
        let options = WindowOptions {
            settings_path: Some(path.clone()),
            desktop,
            ..WindowOptions::default()
        };
        let mut window = Window::open_with(logged_in(), vec2(800.0, 600.0), options);
        assert!(stays_open(&window.close()));
        assert!(window.shows("Keep Visavis running?"));
        window.click(answer);
        assert!(!window.shows("Keep Visavis running?"));
        let commands = window.close();
        assert_eq!((stays_open(&commands), hides(&commands)), (stays, stays), "{answer}");
        drop(window);
        let tray = Settings::load(&path).expect("settings").tray;
        assert_eq!((tray.asked, tray.close_to_tray), (true, stays));
    }
}

#[test]
fn what_ends_the_program_is_not_asked_about() {
    let (mut window, desktop) = open(in_call(), WANTED, true);
    desktop.ask(WindowRequest::Quit);
    window.harness.run_steps(1);
    assert!(window.commands().contains(&ViewportCommand::Close));
    assert!(!stays_open(&window.close()));
    // The session is over, as when the system ends the program.
    let (mut window, _) = open(in_call(), WANTED, true);
    let (other, _) = tokio::sync::watch::channel(std::sync::Arc::new(Snapshot::default()));
    drop(std::mem::replace(&mut window.snapshots, other));
    window.harness.run_steps(1);
    assert!(window.commands().contains(&ViewportCommand::Close));
    assert!(!stays_open(&window.close()));
}
