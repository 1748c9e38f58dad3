//! Between calls: people, the preview and the devices.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::config::{SETTINGS_FILE, Settings};
use visavis_client::device::{CameraChoice, DeviceInfo, DeviceList};
use visavis_client::media::audio_output::Volume;
use visavis_client::media::voice_processing::{VoiceSetting, VoiceSettings};
use visavis_client::session::snapshot::{Intent, LoginPhase, Person, Snapshot};
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, call_bob, logged_in, name};

#[test]
fn everybody_online_has_a_call_button() {
    let mut window = Window::open(logged_in());
    assert!(window.shows("2 people online"));
    window.click("Call carol");
    assert_eq!(window.asked(), [Intent::Call { username: "carol".to_owned() }]);
}

#[test]
fn a_typed_name_is_called_by_the_button_and_by_enter() {
    let mut window = Window::open(logged_in());
    window.type_into("Username to call", "bob");
    window.click("Call");
    assert_eq!(window.asked(), [call_bob()]);
    window.harness.get_by_role_and_label(Role::TextInput, "Username to call").focus();
    window.settle();
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.asked(), [call_bob()]);
}

#[test]
fn a_name_is_called_in_its_one_form_and_what_is_none_says_why() {
    let mut window = Window::open(logged_in());
    window.type_into("Username to call", "BOB");
    window.click("Call");
    assert_eq!(window.asked(), [call_bob()]);
    window.type_into("Username to call", "../bob");
    window.click("Call");
    assert!(window.shows("Usernames can't contain “/”. Use letters"));
    assert_eq!(window.asked(), []);
}

#[test]
fn somebody_from_an_older_page_is_called_as_they_are_listed() {
    let people = vec![Person { username: name("Kx9-aB_"), online: true }];
    let mut window = Window::open(Snapshot { people, ..logged_in() });
    window.type_into("Username to call", "Kx9-aB_");
    window.click("Call");
    assert_eq!(window.asked(), [Intent::Call { username: "Kx9-aB_".to_owned() }]);
}

#[test]
fn calling_nobody_says_what_to_do() {
    let mut window = Window::open(logged_in());
    window.click("Call");
    assert!(window.shows("Enter the name of the person to call"));
    assert_eq!(window.asked(), []);
}

#[test]
fn an_empty_list_says_how_to_get_somebody_online() {
    let window = Window::open(Snapshot { people: Vec::new(), people_total: 0, ..logged_in() });
    assert!(window.shows("Nobody else is online"));
    assert!(window.shows("log in to calls.example:9090"));
}

#[test]
fn nobody_can_be_called_while_the_server_is_away() {
    let login = LoginPhase::Reconnecting { username: name("alice") };
    let mut window = Window::open(Snapshot { login, ..logged_in() });
    assert!(window.shows("The server can't be reached"));
    assert!(window.harness.get_by_label("Call bob").accesskit_node().is_disabled());
    window.click("Call bob");
    assert_eq!(window.asked(), []);
}

#[test]
fn what_is_done_to_the_voice_and_how_loud_the_other_is_are_switched_and_remembered() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join(SETTINGS_FILE);
    let options = WindowOptions { settings_path: Some(path.clone()), ..WindowOptions::default() };
    let snapshot = Snapshot { voice: VoiceSettings::ALL, ..logged_in() };
    let mut window = Window::open_with(snapshot.clone(), vec2(1040.0, 800.0), options);
    window.click("Reduce noise");
    let voice = VoiceSettings { noise_suppression: false, ..VoiceSettings::ALL };
    assert_eq!(window.asked(), [Intent::ProcessVoice(voice)]);
    window.set(Snapshot { voice, ..snapshot });
    window.harness.get_by_role_and_label(Role::Slider, "Their volume").focus();
    window.settle();
    window.press(Modifiers::NONE, Key::ArrowRight);
    let Some(Intent::SetVolume(volume)) = window.asked().pop() else { panic!("no volume") };
    assert!(volume > Volume::FULL, "{volume:?}");
    drop(window);
    let kept = Settings::load(&path).expect("settings");
    assert_eq!(
        kept.voice,
        VoiceSetting { noise_suppression: Some(false), ..VoiceSetting::default() }
    );
    assert_eq!(kept.volume, volume);
}

#[test]
fn preview_devices_and_log_out_ask_the_session() {
    let device =
        |name: &str| DeviceInfo { name: name.to_owned(), default: false, formats: Vec::new() };
    let devices =
        DeviceList { cameras: vec![device("Front"), device("Back")], ..DeviceList::default() };
    let snapshot = Snapshot { devices, ..logged_in() };
    let mut window = Window::open_with(snapshot, vec2(1040.0, 800.0), WindowOptions::default());
    window.click("Show the preview");
    window.harness.get_by_role_and_label(Role::ComboBox, "Camera").click();
    window.settle();
    window.click("Back");
    window.click("Look for devices again");
    window.click("Log out");
    let chosen = CameraChoice::Named("Back".to_owned());
    assert_eq!(
        window.asked(),
        [
            Intent::Preview(true),
            Intent::ChooseCamera(chosen),
            Intent::RefreshDevices,
            Intent::LogOut
        ]
    );
}
