//! Between calls: people, the preview and the devices.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::config::{SETTINGS_FILE, Settings};
use visavis_client::device::{CameraChoice, DeviceInfo, DeviceList};
use visavis_client::media::audio_output::Volume;
use visavis_client::media::voice_processing::{VoiceSetting, VoiceSettings};
use visavis_client::session::snapshot::{
    CallEnd, ContactRow, Direction, DisplayName, Intent, LoginPhase, Person, Presence, RecentCall,
    Snapshot, UnixTime,
};
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
            // An open list is filled anew.
            Intent::RefreshDevices,
            Intent::ChooseCamera(chosen),
            Intent::RefreshDevices,
            Intent::LogOut
        ]
    );
}

pub(crate) fn contact(username: &str, shown: &str, presence: Presence) -> ContactRow {
    ContactRow {
        username: name(username),
        display_name: DisplayName::parse(shown).expect("a display name"),
        added: UnixTime(0),
        presence,
        key: None,
    }
}

pub(crate) fn call_with(with: &str, end: CallEnd, talked: Option<Duration>) -> RecentCall {
    let direction = Direction::Incoming;
    let (at, with) = (UnixTime::now(), name(with));
    RecentCall { number: 1, with, at, direction, end, talked, seen: false, while_away: false }
}

pub(crate) fn with_contacts() -> Snapshot {
    Snapshot {
        contacts: Arc::new(vec![
            contact("carol", "Aunt Carol", Presence::Online),
            contact("dave", "", Presence::Offline),
        ]),
        recent_calls: Arc::new(vec![
            call_with("carol", CallEnd::NoAnswer, None),
            call_with("dave", CallEnd::Completed, Some(Duration::from_secs(724))),
        ]),
        unseen_missed_calls: 1,
        blocked: Arc::new(vec![name("mallory")]),
        ..logged_in()
    }
}

#[test]
fn contacts_have_their_own_names_and_whoever_is_one_is_not_listed_twice() {
    let mut window = Window::open(with_contacts());
    assert!(window.shows("Aunt Carol, Online") && window.shows("dave, Offline"));
    assert!(!window.shows("carol, Online"), "she is among the contacts");
    window.click("Call Aunt Carol");
    assert_eq!(window.asked(), [Intent::Call { username: "carol".to_owned() }]);
}

#[test]
fn a_contact_is_chosen_called_without_video_renamed_blocked_and_removed() {
    let mut window =
        Window::open_with(with_contacts(), vec2(1040.0, 680.0), WindowOptions::default());
    window.click("Aunt Carol, Online");
    assert!(window.shows("Calls with Aunt Carol") && window.shows("Missed call"));
    window.click("Call without video");
    let call = Intent::Call { username: "carol".to_owned() };
    assert_eq!(window.asked(), [Intent::TurnCameraOff(true), call]);
    window.click("Rename");
    window.type_into("What to call carol", "Carol of the sea");
    window.click("Save");
    let display_name = "Carol of the sea".to_owned();
    let renamed = Intent::RenameContact { username: name("carol"), display_name };
    window.click("Block");
    window.click("Remove from contacts");
    let (blocked, removed) = (Intent::Block(name("carol")), Intent::RemoveContact(name("carol")));
    assert_eq!(window.asked(), [renamed, blocked, removed]);
}

#[test]
fn whoever_is_online_becomes_a_contact_and_whoever_is_blocked_is_let_in_again() {
    let mut window =
        Window::open_with(with_contacts(), vec2(1040.0, 680.0), WindowOptions::default());
    window.click("bob, Online");
    window.click("Add to contacts");
    let (username, display_name) = ("bob".to_owned(), String::new());
    assert_eq!(window.asked(), [Intent::AddContact { username, display_name }]);
    window.click("mallory, Blocked");
    assert!(window.shows("mallory can't call you"));
    assert!(!window.shows("Call without video"));
    window.click("Unblock");
    window.click("Back");
    assert_eq!(window.asked(), [Intent::Unblock(name("mallory"))]);
    assert!(window.shows("Username to call"));
}

#[test]
fn missed_calls_are_counted_until_they_are_looked_at_and_anybody_is_called_back() {
    let mut window = Window::open(with_contacts());
    window.click("Calls, 1 missed");
    assert_eq!(window.asked(), [Intent::SeeMissedCalls]);
    assert!(window.shows("Today") && window.shows("dave, 12:04"));
    window.click("Call Aunt Carol");
    window.click("Erase all calls");
    let call = Intent::Call { username: "carol".to_owned() };
    assert_eq!(window.asked(), [call, Intent::EraseHistory]);
    window.set(Snapshot { unseen_missed_calls: 0, ..with_contacts() });
    window.set(Snapshot { unseen_missed_calls: 2, ..with_contacts() });
    assert_eq!(window.asked(), [Intent::SeeMissedCalls], "those that come meanwhile are seen");
}

#[test]
fn who_is_searched_for_is_found_among_contacts_and_asked_of_the_server() {
    let mut window = Window::open(with_contacts());
    window.type_into("Search", "sea");
    assert!(!window.shows("Aunt Carol, Online") && !window.shows("dave, Offline"));
    assert_eq!(window.asked().last(), Some(&Intent::SearchPeople("sea".to_owned())));
    window.type_into("Search", "aunt");
    assert!(window.shows("Aunt Carol, Online"));
    window.type_into("Search", "erin");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.shows("Add to contacts"), "somebody who is not online can be kept");
    window.type_into("Search", "a b");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.shows("can't contain spaces"));
}

#[test]
fn a_server_that_is_gone_is_said_in_windows_of_any_width() {
    let gone = || Snapshot {
        login: LoginPhase::Reconnecting { username: name("alice") },
        ..with_contacts()
    };
    for width in [480.0, 700.0, 1040.0] {
        let mut window = Window::open_with(gone(), vec2(width, 680.0), WindowOptions::default());
        assert!(window.shows("The server can't be reached."), "{width}");
        window.set(with_contacts());
        assert!(!window.shows("The server can't be reached."), "{width}");
    }
}
