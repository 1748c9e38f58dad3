//! What holds on every screen: notices, settings, repaints, the keyboard, names for everything,
//! room for everything.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers, PointerButton, Vec2, ViewportCommand, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use tokio::sync::watch;
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::config::{SETTINGS_FILE, Settings, Theme};
use visavis_client::session::snapshot::{Intent, LoginPhase, Notice, NoticeId, Person, Snapshot};
use visavis_client::ui::WindowOptions;
use visavis_client::words::{self, Language, phrase};

use crate::harness::{Window, ago, in_call, logged_in, name, picture, said, with_call};

#[test]
fn notices_stand_until_they_are_dismissed() {
    let notice = Notice { id: NoticeId(7), text: said("The camera is in use.") };
    let options =
        WindowOptions { notices: vec![said("Settings were damaged.")], ..WindowOptions::default() };
    let snapshot = Snapshot { notices: vec![notice], ..logged_in() };
    let mut window = Window::open_with(snapshot, vec2(800.0, 600.0), options);
    window.click("Dismiss: The camera is in use.");
    assert_eq!(window.asked(), [Intent::DismissNotice(NoticeId(7))]);
    window.click("Dismiss: Settings were damaged.");
    assert!(!window.shows("Settings were damaged."));
}

#[test]
fn a_login_that_worked_and_a_theme_that_was_chosen_are_remembered() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join(SETTINGS_FILE);
    let options = WindowOptions { settings_path: Some(path.clone()), ..WindowOptions::default() };
    let mut window = Window::open_with(Snapshot::default(), vec2(800.0, 600.0), options);
    window.type_into("Username", "alice");
    window.click("By address");
    window.type_into("Server", "calls.example");
    window.click("Log in");
    window.set(logged_in());
    window.open_settings("Appearance");
    window.click("Dark");
    drop(window);
    let expected = Settings {
        server: Some("calls.example".to_owned()),
        username: Some("alice".to_owned()),
        recent_servers: vec!["calls.example".to_owned()],
        theme: Theme::Dark,
        ..Settings::default()
    };
    assert_eq!(Settings::load(&path).expect("settings"), expected);
}

#[test]
fn only_logging_out_keeps_the_next_start_from_logging_in_and_cancelling_a_log_in_does_not() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join(SETTINGS_FILE);
    let mut settings = Settings::default();
    settings.logged_in("calls.example", "alice");
    settings.save(&path).expect("saved");
    for (snapshot, button, logs_in) in [
        (Snapshot { login: LoginPhase::LoggingIn, ..Snapshot::default() }, "Cancel", true),
        (logged_in(), "Log out", false),
    ] {
        let options = WindowOptions {
            settings: settings.clone(),
            settings_path: Some(path.clone()),
            ..WindowOptions::default()
        };
        let mut window = Window::open_with(snapshot, vec2(800.0, 600.0), options);
        window.click(button);
        assert_eq!(window.asked(), [Intent::LogOut]);
        drop(window);
        let kept = Settings::load(&path).expect("settings");
        assert_eq!(kept.logs_in_at_start(), logs_in, "after {button}");
    }
}

#[test]
fn a_login_that_was_not_asked_for_in_the_window_is_not_remembered() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join(SETTINGS_FILE);
    let options = WindowOptions { settings_path: Some(path.clone()), ..WindowOptions::default() };
    drop(Window::open_with(logged_in(), vec2(800.0, 600.0), options));
    assert!(!path.exists());
}

#[test]
fn the_window_closes_when_the_session_has_ended() {
    let mut window = Window::open(logged_in());
    let (other, _) = watch::channel(Arc::new(Snapshot::default()));
    drop(std::mem::replace(&mut window.snapshots, other));
    window.harness.run_steps(1);
    assert!(window.commands().contains(&ViewportCommand::Close));
}

#[test]
fn a_window_in_which_nothing_happens_does_not_repaint() {
    let ended = CallPhase::Ended { peer: name("bob"), reason: EndReason::Busy, talked: None };
    for snapshot in [Snapshot::default(), logged_in(), with_call(ended)] {
        let mut window = Window::open(snapshot);
        window.harness.run_steps(4);
        let delay = window.repaint_delay();
        assert!(delay > Duration::from_secs(3600), "asks again after {delay:?}");
    }
}

#[test]
fn a_running_clock_repaints_once_a_second() {
    let mut window = Window::open(in_call());
    window.harness.run_steps(4);
    let delay = window.repaint_delay();
    assert!(
        delay > Duration::ZERO && delay <= Duration::from_millis(1001),
        "asks again after {delay:?}"
    );
}

#[test]
fn the_whole_way_from_log_in_to_the_end_of_a_call_can_be_gone_with_the_keyboard() {
    fn tab_to(window: &mut Window, label: &str) {
        for _ in 0..30 {
            window.press(Modifiers::NONE, Key::Tab);
            if window.harness.get_by_label(label).is_focused() {
                return;
            }
        }
        panic!("Tab never reaches {label}");
    }
    let mut window =
        Window::open(Snapshot { server: "calls.example".to_owned(), ..Snapshot::default() });
    // The name has the keyboard from the start.
    window.harness.event(Event::Text("alice".to_owned()));
    window.settle();
    window.press(Modifiers::NONE, Key::Enter);
    assert!(matches!(&window.asked()[..], [Intent::LogIn { username, .. }] if username == "alice"));
    window.set(logged_in());
    // A list is one stop; arrow keys lead from row to row, Tab to the button of a row.
    tab_to(&mut window, "bob, Online");
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert!(window.harness.get_by_label("carol, Online").is_focused());
    tab_to(&mut window, "Call carol");
    window.press(Modifiers::NONE, Key::Space);
    assert_eq!(window.asked(), [Intent::Call { username: "carol".to_owned() }]);
    window.set(in_call());
    tab_to(&mut window, "Close call");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.asked(), [Intent::HangUp]);
}

#[test]
fn a_button_that_is_held_acts_when_it_is_released() {
    let mut window = Window::open(logged_in());
    let pos = window.harness.get_by_label("Log out").rect().center();
    let button = |pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.harness.event(Event::PointerMoved(pos));
    window.settle();
    window.harness.event(button(true));
    window.harness.run_steps(20);
    assert_eq!(window.asked(), []);
    window.harness.event(button(false));
    window.settle();
    assert_eq!(window.asked(), [Intent::LogOut]);
}

#[test]
fn the_keyboard_help_opens_by_key_and_button_and_closes_again() {
    let help = "Mute or unmute the microphone";
    let mut window = Window::open(logged_in());
    window.press(Modifiers::NONE, Key::F1);
    assert!(window.shows(help));
    window.click("Done");
    assert!(!window.shows(help));
    window.click("Keyboard shortcuts");
    assert!(window.shows(help));
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.shows(help));
}

/// Every phase of a call and of the login, for a person of this name, with texts that are much too
/// long.
fn every_snapshot(peer: &str) -> Vec<Snapshot> {
    let (peer, since) = (name(peer), ago(3_700_000));
    let long = "The server says something that goes on and on. ".repeat(200);
    let mut calls = vec![
        CallPhase::Idle,
        CallPhase::Calling { peer: peer.clone(), ringing: true, since },
        CallPhase::Ringing { peer: peer.clone(), since },
        CallPhase::Connecting { peer: peer.clone(), since },
        CallPhase::InCall { peer: peer.clone(), since },
        CallPhase::Reconnecting { peer: peer.clone(), since, lost_at: since },
    ];
    for reason in
        [EndReason::HungUp, EndReason::Refused(said(&long)), EndReason::ConnectFailed(said(&long))]
    {
        calls.push(CallPhase::Ended { peer: peer.clone(), reason, talked: Some(Duration::MAX) });
    }
    let logins = [
        LoginPhase::LoggedOut,
        LoginPhase::LoggingIn,
        LoginPhase::Failed(said(&long)),
        LoginPhase::LoggedIn { username: peer.clone() },
        LoginPhase::Reconnecting { username: peer.clone() },
    ];
    let mut all = Vec::new();
    for call in calls {
        for login in &logins {
            all.push(Snapshot {
                login: login.clone(),
                call: call.clone(),
                server: long.clone(),
                people: (1..4)
                    .map(|n| Person { username: peer.clone(), online: n % 2 == 0 })
                    .collect(),
                people_total: usize::MAX,
                microphone_level: f32::NAN,
                connection_words: Some(said(&long)),
                notices: (0..5).map(|id| Notice { id: NoticeId(id), text: said(&long) }).collect(),
                preview: true,
                camera_live: true,
                remote_video_live: true,
                ..Snapshot::default()
            });
        }
    }
    all
}

#[test]
fn every_phase_at_every_size_is_painted_inside_the_window_with_every_widget_named() {
    let mut window = Window::open(Snapshot::default());
    for size in [vec2(480.0, 360.0), vec2(800.0, 600.0), vec2(1920.0, 1080.0)] {
        window.harness.set_size(size);
        for peer in ["bob", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "李雷", "...", "ﷺﷺﷺﷺ"] {
            for snapshot in every_snapshot(peer) {
                window.snapshots.send_replace(Arc::new(snapshot));
                window.remote_video.put(picture());
                window.self_video.put(picture());
                window.harness.run_steps(2);
                assert_eq!(window.harness.unnamed_widgets(), Vec::<String>::new());
                assert_fits(&window, size);
            }
        }
    }
}

/// Nothing stands beyond the left or the right edge of the window.
pub(crate) fn assert_fits(window: &Window, size: Vec2) {
    for node in window.harness.root().children_recursive() {
        let node = node.accesskit_node();
        let Some(rect) = node.bounding_box() else { continue };
        // What is typed into a field may be longer than the field, which cuts it.
        if node.parent().is_some_and(|parent| parent.role() == Role::TextInput) {
            continue;
        }
        let fits = rect.x0 >= -1.0 && rect.x1 <= f64::from(size.x) + 1.0;
        assert!(fits, "{:?} {:?} at {rect:?} in {size:?}", node.role(), node.label());
    }
}

#[test]
fn every_phase_fits_into_the_smallest_window_in_every_language() {
    let size = vec2(480.0, 360.0);
    for language in Language::ALL {
        words::speak_on_this_thread(Some(language));
        let mut window = Window::open_with(Snapshot::default(), size, WindowOptions::default());
        for snapshot in every_snapshot("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW") {
            window.snapshots.send_replace(Arc::new(snapshot));
            window.harness.run_steps(2);
            assert_fits(&window, size);
        }
        window.set(logged_in());
        window.press(Modifiers::NONE, Key::F1);
        assert_fits(&window, size);
    }
    words::speak_on_this_thread(None);
}

#[test]
fn a_change_of_language_shows_at_once() {
    let notice = Notice { id: NoticeId(1), text: phrase!("microphone-none") };
    let mut window = Window::open(Snapshot { notices: vec![notice], ..logged_in() });
    assert!(window.shows("No microphone was found. Connect one.") && window.shows("Online"));
    words::speak_on_this_thread(Some(Language::German));
    window.settle();
    assert!(window.shows("Kein Mikrofon gefunden. Schließen Sie eines an."));
    assert!(window.harness.query_by_label("Dem Raum beitreten").is_some());
    words::speak_on_this_thread(Some(Language::Chinese));
    window.settle();
    assert!(window.shows("没有找到麦克风。请连接一个。"));
    words::speak_on_this_thread(None);
}
