//! Keyboard shortcuts: what they do, how they are changed, and where they are listed.

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use visavis_client::call::event::CallPhase;
use visavis_client::config::{SETTINGS_FILE, Settings};
use visavis_client::session::snapshot::{Intent, Snapshot};
use visavis_client::settings::Command;
use visavis_client::ui::WindowOptions;
use visavis_client::words::{self, Language};

use crate::harness::{Window, ago, in_call, logged_in, name, with_call};

const MUTE: &str = "Mute or unmute the microphone, in a call";
const CAMERA: &str = "Turn the camera off or on, in a call";
const WAITING: &str = "Escape keeps the old ones, Backspace leaves it without keys.";

fn ringing() -> Snapshot {
    with_call(CallPhase::Ringing { peer: name("bob"), since: ago(2) })
}

/// A window whose settings are kept, with the settings open.
fn with_settings(snapshot: Snapshot) -> (tempfile::TempDir, Window) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = WindowOptions {
        settings_path: Some(dir.path().join(SETTINGS_FILE)),
        ..WindowOptions::default()
    };
    let mut window = Window::open_with(snapshot, vec2(1040.0, 1200.0), options);
    window.press(Modifiers::COMMAND, Key::Comma);
    window.settle();
    (dir, window)
}

/// Presses a line or a button, also one that has to be scrolled to.
fn press(window: &mut Window, label: &str) {
    window.harness.get_by_label(label).click_accesskit();
    window.settle();
}

/// What was kept, after the window is gone.
fn kept(dir: &tempfile::TempDir, window: Window) -> Settings {
    drop(window);
    Settings::load(&dir.path().join(SETTINGS_FILE)).expect("settings")
}

#[test]
fn letters_alone_do_nothing_in_a_call_and_the_keys_of_the_list_do() {
    let mut window = Window::open(in_call());
    for key in [Key::M, Key::V, Key::F, Key::D, Key::E, Key::W, Key::Enter, Key::Backspace] {
        window.press(Modifiers::NONE, key);
        window.press(Modifiers::SHIFT, key);
    }
    assert_eq!(window.asked(), []);
    window.press(Modifiers::COMMAND, Key::D);
    window.press(Modifiers::COMMAND, Key::E);
    window.press(Modifiers::COMMAND, Key::W);
    assert_eq!(
        window.asked(),
        [Intent::MuteMicrophone(true), Intent::TurnCameraOff(true), Intent::HangUp]
    );
    // More modifiers are other keys.
    window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::D);
    window.press(Modifiers::COMMAND | Modifiers::ALT, Key::W);
    assert_eq!(window.asked(), []);
}

#[test]
fn new_keys_are_taken_as_they_are_pressed_act_at_once_and_at_the_next_start() {
    let (dir, mut window) = with_settings(in_call());
    press(&mut window, &format!("{MUTE}: Ctrl+D"));
    assert!(window.shows(WAITING));
    // While they are waited for, whatever is pressed does nothing else.
    window.press(Modifiers::COMMAND, Key::G);
    assert!(!window.shows(WAITING) && window.shows(&format!("{MUTE}: Ctrl+G")));
    assert_eq!(window.asked(), []);
    window.click("Done");
    window.press(Modifiers::COMMAND, Key::D);
    assert_eq!(window.asked(), []);
    window.press(Modifiers::COMMAND, Key::G);
    assert_eq!(window.asked(), [Intent::MuteMicrophone(true)]);
    window.press(Modifiers::NONE, Key::F1);
    assert!(window.shows(&format!("{MUTE}: Ctrl+G")), "the list is of the same keys");
    let settings = kept(&dir, window);
    let keys = settings.shortcuts.keys(Command::Mute).map(|keys| keys.to_string());
    assert_eq!(keys.as_deref(), Some("Ctrl+G"));
    let options = WindowOptions { settings, ..WindowOptions::default() };
    let mut again = Window::open_with(in_call(), vec2(800.0, 600.0), options);
    again.press(Modifiers::COMMAND, Key::G);
    assert_eq!(again.asked(), [Intent::MuteMicrophone(true)]);
}

#[test]
fn keys_that_cannot_be_taken_change_nothing_and_a_line_says_why() {
    let (_dir, mut window) = with_settings(logged_in());
    let accept = "Accept a call: Ctrl+Shift+A";
    let cases = [
        (MUTE, Modifiers::COMMAND, Key::E, "Ctrl+E already does something else: Turn the camera"),
        (MUTE, Modifiers::NONE, Key::Tab, "Tab is needed for typing and moving about."),
        (MUTE, Modifiers::NONE, Key::ArrowDown, "Down is needed for typing and moving about."),
        (accept, Modifiers::NONE, Key::A, "This works on every screen, so it needs Ctrl or Alt"),
        (MUTE, Modifiers::NONE, Key::AudioVolumeMute, "These keys can't be used here."),
    ];
    for (row, modifiers, key, why) in cases {
        let row = if row == MUTE { format!("{MUTE}: Ctrl+D") } else { row.to_owned() };
        press(&mut window, &row);
        window.press(modifiers, key);
        assert!(window.shows(why), "{why}");
        assert!(window.harness.query_by_label(&row).is_some(), "{row} is as it was");
    }
    // What every text field understands comes as what it does.
    press(&mut window, &format!("{MUTE}: Ctrl+D"));
    window.harness.event(Event::Copy);
    window.settle();
    assert!(window.shows("These keys can't be used here."));
}

#[test]
fn escape_keeps_the_old_keys_and_the_settings_open_and_backspace_takes_the_keys_away() {
    let (dir, mut window) = with_settings(in_call());
    press(&mut window, &format!("{MUTE}: Ctrl+D"));
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.shows(WAITING) && window.shows(&format!("{MUTE}: Ctrl+D")));
    press(&mut window, &format!("{MUTE}: Ctrl+D"));
    window.press(Modifiers::NONE, Key::Backspace);
    assert!(window.shows(&format!("{MUTE}: no keys")));
    press(&mut window, &format!("{CAMERA}: Ctrl+E"));
    window.press(Modifiers::COMMAND, Key::D);
    assert!(window.shows(&format!("{CAMERA}: Ctrl+D")), "they were free");
    press(&mut window, "Back to the usual keys");
    assert!(window.shows(&format!("{MUTE}: Ctrl+D")) && window.shows(&format!("{CAMERA}: Ctrl+E")));
    assert!(!kept(&dir, window).shortcuts.are_changed());
}

#[test]
fn a_letter_alone_can_be_chosen_for_a_call_and_acts_only_while_nothing_has_the_keyboard() {
    let (_dir, mut window) = with_settings(in_call());
    press(&mut window, &format!("{MUTE}: Ctrl+D"));
    window.press(Modifiers::NONE, Key::M);
    window.click("Done");
    window.press(Modifiers::NONE, Key::Escape);
    window.press(Modifiers::NONE, Key::M);
    assert_eq!(window.asked(), [Intent::MuteMicrophone(true)]);
    window.harness.get_by_label("Devices").focus();
    window.settle();
    window.press(Modifiers::NONE, Key::M);
    assert_eq!(window.asked(), []);
}

#[test]
fn the_list_opens_by_a_key_and_by_a_question_mark_but_not_while_one_is_typed() {
    let mut window = Window::open(logged_in());
    let listed = |window: &Window| window.shows("Accept a call: Ctrl+Shift+A");
    window.harness.event(Event::Text("?".to_owned()));
    window.settle();
    assert!(listed(&window));
    window.press(Modifiers::NONE, Key::F1);
    assert!(!listed(&window), "the key that opens it closes it");
    window.type_into("Username to call", "what");
    window.harness.event(Event::Text("?".to_owned()));
    window.settle();
    let field = window.harness.get_by_role_and_label(Role::TextInput, "Username to call");
    assert_eq!(field.value().as_deref(), Some("what?"));
    assert!(!listed(&window));
}

#[test]
fn a_call_can_be_answered_by_its_keys_while_a_dialog_is_open() {
    let (_dir, mut window) = with_settings(logged_in());
    window.set(ringing());
    window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::A);
    assert_eq!(window.asked(), [Intent::Accept { from: name("bob") }]);
}

#[test]
fn ctrl_and_w_in_a_text_field_erase_a_word_and_close_no_call() {
    let mut window = Window::open(logged_in());
    window.type_into("Username to call", "carol two");
    window.press(Modifiers::COMMAND, Key::W);
    assert_eq!(window.asked(), []);
    // The call that comes in takes the keyboard from the field.
    window.set(ringing());
    window.press(Modifiers::COMMAND, Key::W);
    assert_eq!(window.asked(), [Intent::Decline]);
}

#[test]
fn escape_closes_only_what_is_on_top() {
    let mut window = Window::open(in_call());
    window.click("Devices");
    window.harness.get_by_role_and_label(Role::ComboBox, "Camera").focus();
    window.settle();
    let cards = |window: &Window| window.harness.query_by_label("Close devices").is_some();
    let list = |window: &Window| window.harness.query_by_label("Test picture").is_some();
    window.press(Modifiers::NONE, Key::Enter);
    assert!(list(&window) && cards(&window));
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!list(&window) && cards(&window), "the list alone is closed");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!cards(&window));
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(window.asked(), [], "Escape never closes a call");
}

#[test]
fn hints_name_the_keys_that_hold_now_in_the_language_of_the_window() {
    let mut settings = Settings::default();
    settings
        .shortcuts
        .set(Command::HangUp, "Ctrl+Alt+Delete".parse().expect("keys"))
        .expect("free");
    words::speak_on_this_thread(Some(Language::German));
    let options = WindowOptions { settings, ..WindowOptions::default() };
    let window = Window::open_with(ringing(), vec2(800.0, 600.0), options);
    let shown = window.shows("Strg+Alt+Entf");
    words::speak_on_this_thread(None);
    assert!(shown);
}
