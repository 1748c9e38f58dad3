//! The key's section of the settings: where it is, and its way to another computer.

use std::path::PathBuf;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use visavis_client::session::snapshot::{
    Intent, KeyPlace, KeyStatus, KeyWork, LoginPhase, Passphrase, Snapshot,
};
use visavis_client::words::phrase;

use crate::harness::{Window, logged_in, said};
use crate::settings::Desk;

fn with_key(snapshot: Snapshot, place: Option<KeyPlace>, work: KeyWork) -> Snapshot {
    Snapshot { key: KeyStatus { place, work }, ..snapshot }
}

/// The page that tells of the key, as somebody sees it who is not logged in.
fn page(place: Option<KeyPlace>, work: KeyWork) -> Desk {
    let status = |snapshot| with_key(snapshot, place.clone(), work.clone());
    let mut desk = Desk::open(status(logged_in()), "Data");
    desk.window.set(status(Snapshot::default()));
    desk
}

fn path() -> PathBuf {
    std::env::temp_dir().join("my.key-export")
}

/// Presses a button of this name.
fn press(desk: &mut Desk, label: &str) {
    desk.window.harness.get_by_role_and_label(Role::Button, label).click();
    desk.window.settle();
}

/// Replaces what stands in a field of dots.
fn type_secret(desk: &mut Desk, label: &str, text: &str) {
    let window = &mut desk.window;
    window.harness.get_by_role_and_label(Role::PasswordInput, label).focus();
    window.settle();
    window.press(Modifiers::COMMAND, Key::A);
    window.harness.get_by_role_and_label(Role::PasswordInput, label).type_text(text);
    window.settle();
}

/// Opens a form of the key and names the file.
fn form(desk: &mut Desk, button: &str) {
    press(desk, button);
    desk.window.type_into("File", &path().display().to_string());
}

#[test]
fn the_settings_say_where_the_key_is() {
    let file = KeyPlace::File("/kept/here/device.key".into());
    for (place, words) in [
        (Some(KeyPlace::Keyring), "In this computer's keyring."),
        (Some(file), "In the file /kept/here/device.key."),
        (None, "There is no key yet. Your first log-in makes one."),
    ] {
        let desk = page(place.clone(), KeyWork::None);
        assert!(desk.window.shows(&format!("Your key. {words}")), "{words}");
        if place.is_some() {
            let desk = Desk::open(with_key(logged_in(), place, KeyWork::None), "Profile");
            let hint = "It proves that the name is yours, and stays on this computer.";
            assert!(desk.window.shows(&format!("Your key. {hint} {words}")), "{words}");
        }
    }
}

#[test]
fn an_export_wants_the_same_passphrase_twice_and_says_how_good_it_is() {
    let mut desk = page(Some(KeyPlace::Keyring), KeyWork::None);
    form(&mut desk, "Save the key in a file");
    for (typed, words) in [
        ("short", "That passphrase is too short. Use several words."),
        ("password", "Weak: whoever finds the file may guess it."),
        ("tR7!kq2#", "Fair: guessing it takes long."),
        ("correct horse battery", "Strong."),
    ] {
        type_secret(&mut desk, "Passphrase", typed);
        assert!(desk.window.shows(words), "{typed}");
    }
    type_secret(&mut desk, "The same again", "correct horse");
    press(&mut desk, "Save key");
    assert!(desk.window.shows("The two passphrases differ."));
    assert_eq!(desk.window.asked(), []);
    type_secret(&mut desk, "The same again", "correct horse battery");
    press(&mut desk, "Save key");
    let passphrase = Passphrase::new("correct horse battery");
    assert_eq!(desk.window.asked(), [Intent::ExportKey { to: path(), passphrase }]);
    assert!(!desk.window.shows("Save key"), "the form is put away with what was typed");
}

#[test]
fn a_form_that_is_cancelled_does_nothing_and_a_wrong_path_is_said() {
    let mut desk = page(Some(KeyPlace::Keyring), KeyWork::None);
    press(&mut desk, "Use the key of a file");
    desk.window.type_into("File", "relative");
    press(&mut desk, "Use key");
    assert!(desk.window.shows("Enter the whole path of a file."));
    press(&mut desk, "Cancel");
    assert!(!desk.window.shows("Use key"));
    assert_eq!(desk.window.asked(), []);
}

#[test]
fn an_import_replaces_a_key_only_after_a_question() {
    let passphrase = Passphrase::new("correct horse");
    let wanted = Intent::ImportKey { from: path(), passphrase };
    let question = "Replace the key that is here? Usernames belong to it. It is kept aside.";
    for (place, asks) in [(None, false), (Some(KeyPlace::Keyring), true)] {
        let mut desk = page(place, KeyWork::None);
        form(&mut desk, "Use the key of a file");
        type_secret(&mut desk, "Passphrase", "correct horse");
        press(&mut desk, "Use key");
        assert_eq!(desk.window.shows(question), asks);
        if asks {
            assert_eq!(desk.window.asked(), []);
            press(&mut desk, "Cancel");
            assert!(!desk.window.shows(question), "the form is still there");
            press(&mut desk, "Use key");
            press(&mut desk, "Use key");
        }
        assert_eq!(desk.window.asked(), std::slice::from_ref(&wanted));
    }
}

#[test]
fn what_became_of_it_is_said_and_nothing_else_begins_meanwhile() {
    let place = Some(KeyPlace::Keyring);
    let mut desk = page(place.clone(), KeyWork::Underway);
    assert!(desk.window.shows("One moment…"));
    press(&mut desk, "Use the key of a file");
    assert!(!desk.window.shows("Use key"), "the button does nothing now");
    for work in [
        KeyWork::Done(said("Your key is in /somewhere.")),
        KeyWork::Failed(said("That is not the passphrase of this file.")),
    ] {
        let words = match &work {
            KeyWork::Done(words) | KeyWork::Failed(words) => words.text(),
            KeyWork::None | KeyWork::Underway => unreachable!(),
        };
        desk.window.set(with_key(Snapshot::default(), place.clone(), work));
        assert!(desk.window.shows(&words), "{words}");
    }
}

#[test]
fn whoever_is_refused_because_the_name_is_anothers_can_bring_the_key_that_owns_it() {
    let failed = |words| Snapshot { login: LoginPhase::Failed(words), ..Snapshot::default() };
    let mut window = Window::open(failed(phrase!("log-in-refused")));
    assert!(!window.shows("Use the key of a file"));
    window.set(failed(phrase!("log-in-not-allowed", name = "alice")));
    window.click("Use the key of a file");
    assert!(window.shows("Use key"), "the form is open");
    assert_eq!(window.asked(), []);
}
