//! The settings: each section by its labels, what it asks of the session, and what is remembered.

use std::path::PathBuf;

use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::vec2;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use visavis_client::call::event::CallPhase;
use visavis_client::config::{SETTINGS_FILE, Settings, Theme};
use visavis_client::device::{DeviceInfo, DeviceList, MicrophoneChoice, SpeakerChoice};
use visavis_client::media::audio_output::Volume;
use visavis_client::media::ringtone::RingTone;
use visavis_client::media::units::VideoSize;
use visavis_client::session::options::Ring;
use visavis_client::session::snapshot::{
    Intent, Snapshot, Trial, TrialPhase, TrialState, VideoLimitChange,
};
use visavis_client::settings::Callers;
use visavis_client::ui::{Folders, WindowOptions};
use visavis_client::words::phrase;
use visavis_shared::IceServer;

use crate::harness::{Window, ago, in_call, logged_in, name, with_call};

/// A window whose settings are kept in a file.
pub(crate) struct Desk {
    pub(crate) window: Window,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn open(snapshot: Snapshot, section: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(SETTINGS_FILE);
        let folders = Folders { data: Some("/kept/here".into()), settings: None };
        let options = WindowOptions {
            settings_path: Some(path.clone()),
            folders,
            ..WindowOptions::default()
        };
        // So high that nothing has to be scrolled.
        let mut window = Window::open_with(snapshot, vec2(1040.0, 1400.0), options);
        window.asked();
        window.open_settings(section);
        Self { window, path, _folder: folder }
    }

    /// What was written when the window closed.
    fn kept(self) -> Settings {
        drop(self.window);
        Settings::load(&self.path).expect("settings")
    }

    fn switch(&mut self, label: &str) {
        self.window.harness.get_by_role_and_label(Role::Switch, label).click();
        self.window.settle();
    }

    fn press(&mut self, label: &str) {
        self.window.harness.get_by_role_and_label(Role::Button, label).click();
        self.window.settle();
    }

    fn can_press(&self, label: &str) -> bool {
        let button = self.window.harness.get_by_role_and_label(Role::Button, label);
        !button.accesskit_node().is_disabled()
    }
}

pub(crate) fn device(name: &str) -> DeviceInfo {
    DeviceInfo { name: name.to_owned(), default: false, formats: Vec::new() }
}

fn with_devices() -> Snapshot {
    let devices = DeviceList {
        cameras: vec![device("Webcam")],
        microphones: vec![device("Headset")],
        speakers: vec![device("Headset"), device("Desk")],
    };
    Snapshot { devices, ..logged_in() }
}

fn trying(trial: Trial, phase: TrialPhase) -> Snapshot {
    Snapshot { trial: Some(TrialState { trial, phase }), preview: true, ..with_devices() }
}

#[test]
fn devices_are_chosen_looked_at_and_tried_and_all_of_it_ends_with_the_page() {
    let mut desk = Desk::open(with_devices(), "Devices");
    assert_eq!(desk.window.asked(), [Intent::RefreshDevices, Intent::Preview(true)]);
    desk.window.choose("Microphone", "Headset");
    let headset = || "Headset".to_owned();
    let chosen = Intent::ChooseMicrophone(MicrophoneChoice::Named(headset()));
    assert_eq!(desk.window.asked(), [Intent::RefreshDevices, chosen], "an open list is filled");
    desk.press("Record 3 s and play back");
    assert_eq!(desk.window.asked(), [Intent::TryDevice(Some(Trial::Microphone))]);
    desk.window.set(trying(Trial::Microphone, TrialPhase::Recording));
    assert!(desk.window.shows("Recording. Say something…"));
    desk.window.set(trying(Trial::Microphone, TrialPhase::Playing));
    assert!(desk.window.shows("This is how others hear you."));
    desk.press("Stop");
    assert_eq!(desk.window.asked(), [Intent::TryDevice(None)]);
    let silent = TrialPhase::Failed(phrase!("trial-microphone-silent"));
    desk.window.set(trying(Trial::Microphone, silent));
    assert!(desk.window.shows("Nothing was heard. Speak louder, or choose another microphone."));
    desk.press("Play a tone");
    desk.press("Back");
    assert_eq!(
        desk.window.asked(),
        [Intent::TryDevice(Some(Trial::Speaker)), Intent::TryDevice(None), Intent::Preview(false)]
    );
    assert!(desk.window.harness.query_by_label("Record 3 s and play back").is_none());
}

#[test]
fn a_preview_that_was_there_before_stays_and_one_that_is_stopped_is_stopped() {
    let mut desk = Desk::open(Snapshot { preview: true, ..with_devices() }, "Devices");
    desk.press("Back");
    assert_eq!(desk.window.asked(), [Intent::RefreshDevices]);
    let mut desk = Desk::open(with_devices(), "Devices");
    desk.window.set(Snapshot { preview: true, ..with_devices() });
    desk.press("Stop the preview");
    desk.window.set(with_devices());
    desk.press("Show the preview");
    assert_eq!(
        desk.window.asked(),
        [
            Intent::RefreshDevices,
            Intent::Preview(true),
            Intent::Preview(false),
            Intent::Preview(true)
        ]
    );
}

#[test]
fn a_call_that_comes_in_is_seen_and_the_settings_are_there_again_after_it() {
    let mut desk = Desk::open(with_devices(), "Devices");
    desk.press("Play a tone");
    desk.window.asked();
    let ringing = CallPhase::Ringing { peer: name("bob"), since: ago(1) };
    desk.window.set(with_call(ringing));
    assert_eq!(desk.window.asked(), [Intent::TryDevice(None), Intent::Preview(false)]);
    assert!(desk.window.shows("Accept") && !desk.window.shows("Play a tone"));
    desk.window.set(in_call());
    assert!(!desk.window.shows("Play a tone"), "the call is seen");
    desk.window.set(with_devices());
    assert!(desk.window.shows("Play a tone"));
}

#[test]
fn in_a_call_the_buttons_say_why_nothing_can_be_tried() {
    // They were open when the call began, and are opened again in it.
    let mut desk = Desk::open(with_devices(), "Devices");
    desk.window.set(Snapshot { devices: with_devices().devices, ..in_call() });
    desk.window.asked();
    assert!(desk.window.shows("Devices can be tried out when the call is over."));
    assert!(!desk.can_press("Record 3 s and play back") && !desk.can_press("Play a tone"));
    assert!(desk.window.harness.query_by_label("Stop the preview").is_none());
}

#[test]
fn what_is_done_to_the_voice_holds_at_once() {
    let mut desk = Desk::open(with_devices(), "Devices");
    desk.window.asked();
    desk.switch("Cancel echo");
    let [Intent::ProcessVoice(voice)] = desk.window.asked()[..] else { panic!("no change") };
    let before = Snapshot::default().voice;
    assert_eq!(voice.echo_cancellation, !before.echo_cancellation);
    assert_eq!(voice.noise_suppression, before.noise_suppression);
    desk.switch("Mirror my own picture");
    assert!(!desk.kept().self_view.mirrored);
}

#[test]
fn calls_begin_and_send_as_the_person_wants_and_that_is_remembered() {
    let mut desk = Desk::open(logged_in(), "Calls");
    desk.switch("Calls begin with the camera on");
    desk.switch("Calls begin with the microphone on");
    desk.window.choose("Who can call you", "Only contacts");
    desk.window.choose("Largest picture you send", "1920×1080");
    desk.window.choose("Pictures a second", "60");
    let none = VideoLimitChange::default();
    let size = VideoSize::new(1920, 1080);
    assert_eq!(
        desk.window.asked(),
        [
            Intent::TurnCameraOff(true),
            Intent::MuteMicrophone(true),
            Intent::OnlyContactsCall(true),
            Intent::LimitVideo(VideoLimitChange { size, ..none }),
            Intent::LimitVideo(VideoLimitChange { fps: Some(60), ..none }),
        ]
    );
    let kept = desk.kept();
    assert!(!kept.calls.camera_on && !kept.calls.microphone_on);
    assert_eq!((kept.calls.from, kept.video.height), (Callers::Contacts, 1080));
}

#[test]
fn what_begins_a_call_holds_from_the_next_one_on_and_the_page_says_so() {
    let mut desk = Desk::open(logged_in(), "Calls");
    assert!(!desk.window.shows("What you change here holds from the next call on."));
    desk.window.set(in_call());
    desk.window.asked();
    // The call was placed elsewhere, and the settings are seen over it.
    assert!(desk.window.shows("What you change here holds from the next call on."));
    desk.switch("Calls begin with the camera on");
    assert_eq!(desk.window.asked(), []);
    desk.window.set(logged_in());
    assert_eq!(desk.window.asked(), [Intent::TurnCameraOff(true)]);
}

#[test]
fn servers_are_added_and_removed_with_errors_under_the_field_and_no_password_in_sight() {
    let mut desk = Desk::open(logged_in(), "Network");
    let wrong = "Write it like stun:example.org or turn:example.org:3478.";
    desk.press("Add the server");
    assert!(desk.window.shows(wrong), "nothing was typed");
    desk.window.type_into("Address", "example.org");
    assert!(desk.window.shows(wrong));
    desk.window.type_into("Address", "turn:relay.example");
    assert!(!desk.window.shows(wrong));
    desk.press("Add the server");
    assert!(desk.window.shows("A relay needs a username and a password. Enter both."));
    desk.window.type_into("Username on the relay", "ada");
    let password = desk.window.harness.get_by_label("Password");
    assert_eq!(password.accesskit_node().role(), Role::PasswordInput);
    password.focus();
    desk.window.settle();
    desk.window.harness.get_by_label("Password").type_text("s3cret");
    desk.window.settle();
    assert_eq!(desk.window.asked(), []);
    desk.press("Add the server");
    let [Intent::UseNetwork { ice_servers, relay_only: false }] = &desk.window.asked()[..] else {
        panic!("no change")
    };
    let added = IceServer {
        urls: vec!["turn:relay.example".to_owned()],
        username: Some("ada".to_owned()),
        credential: Some("s3cret".to_owned()),
    };
    assert_eq!((ice_servers.len(), ice_servers.last()), (2, Some(&added)));
    assert!(desk.window.shows("As ada, with a password") && !desk.window.shows("s3cret"));
    desk.window.type_into("Address", "turn:relay.example");
    desk.window.type_into("Username on the relay", "ada");
    desk.window.harness.get_by_label("Password").focus();
    desk.window.settle();
    desk.window.harness.get_by_label("Password").type_text("x");
    desk.window.settle();
    desk.press("Add the server");
    assert!(desk.window.shows("This server is in the list already."));
    desk.switch("Hide my address");
    desk.press("Remove turn:relay.example");
    desk.switch("Use the built-in STUN server");
    let relay_only =
        |intent: &Intent| matches!(intent, Intent::UseNetwork { relay_only: true, .. });
    let asked = desk.window.asked();
    assert!(asked.len() == 3 && asked.iter().all(relay_only));
    let kept = desk.kept().network;
    assert!(kept.ice_servers.is_empty() && kept.relay_only && !kept.default_stun);
}

#[test]
fn a_call_rings_where_and_as_loud_as_was_chosen_or_not_at_all() {
    let mut desk = Desk::open(with_devices(), "Notifications");
    assert_eq!(desk.window.asked(), [Intent::RefreshDevices]);
    desk.window.choose("Ring through", "Desk");
    let speaker = Some(SpeakerChoice::Named("Desk".to_owned()));
    let ring = Ring { volume: Volume::FULL, speaker: speaker.clone(), tone: RingTone::Bells };
    assert_eq!(desk.window.asked(), [Intent::RefreshDevices, Intent::SetRing(ring.clone())]);
    // Another tone is heard as soon as it is chosen.
    desk.window.choose("Ring tone", "Drops");
    let ring = Ring { tone: RingTone::Drops, ..ring };
    let heard = [Intent::SetRing(ring), Intent::TryDevice(Some(Trial::Ring))];
    assert_eq!(desk.window.asked()[1..], heard);
    desk.press("Listen");
    assert_eq!(desk.window.asked(), [Intent::TryDevice(Some(Trial::Ring))]);
    desk.switch("Ring when somebody calls");
    assert_eq!(desk.window.asked(), [Intent::BeQuiet(true)]);
    desk.switch("Do not disturb");
    assert_eq!(desk.window.asked(), [], "it is quiet already");
    desk.switch("Ring when somebody calls");
    desk.switch("Do not disturb");
    assert_eq!(desk.window.asked(), [Intent::BeQuiet(false)]);
    desk.switch("Show a desktop notification");
    let kept = desk.kept();
    assert_eq!((kept.ring.speaker, kept.ring.tone.as_str()), (speaker, "drops"));
    assert!(kept.ring.on && !kept.notifications.desktop && !kept.notifications.do_not_disturb);
}

#[test]
fn quiet_hours_are_typed_and_what_is_no_time_is_said_under_the_field() {
    let mut desk = Desk::open(logged_in(), "Notifications");
    assert!(desk.window.harness.query_by_role_and_label(Role::TextInput, "From").is_none());
    desk.switch("Quiet hours");
    desk.window.type_into("From", "23:");
    assert!(desk.window.shows("Write a time such as 22:30."));
    desk.window.type_into("From", "23:15");
    assert!(!desk.window.shows("Write a time such as 22:30."));
    desk.window.type_into("Until", "6:45");
    let hours = desk.kept().notifications.quiet_hours;
    assert!(hours.on);
    assert_eq!((hours.from.to_string(), hours.until.to_string()), ("23:15".into(), "06:45".into()));
}

#[test]
fn the_window_looks_as_was_chosen_at_once_and_at_the_next_start() {
    let mut desk = Desk::open(logged_in(), "Appearance");
    let chosen = |desk: &Desk, name: &str| {
        let tile = desk.window.harness.get_by_role_and_label(Role::RadioButton, name);
        tile.accesskit_node().toggled() == Some(Toggled::True)
    };
    assert!(chosen(&desk, "As the system") && !chosen(&desk, "Light"));
    desk.window.click("Light");
    assert!(chosen(&desk, "Light") && !desk.window.harness.ctx.global_style().visuals.dark_mode);
    desk.switch("Less motion");
    desk.window.choose("Size of everything", "125%");
    assert_eq!(desk.window.harness.ctx.zoom_factor(), 1.25);
    assert_eq!(desk.window.asked(), []);
    let kept = desk.kept();
    assert_eq!((kept.theme, kept.appearance.scale_percent), (Theme::Light, 125));
    assert!(kept.appearance.less_motion);
}

#[test]
fn the_profile_says_who_one_is_and_lets_one_leave() {
    let blocked = std::sync::Arc::new(vec![name("mallory")]);
    let mut desk = Desk::open(Snapshot { blocked, ..logged_in() }, "Profile");
    assert!(desk.window.shows("On calls.example:9090"));
    assert!(desk.window.shows("Not encrypted"));
    desk.press("Copy my link");
    assert!(desk.window.shows("Copied"));
    desk.press("Unblock");
    desk.press("Log out");
    assert_eq!(desk.window.asked(), [Intent::Unblock(name("mallory")), Intent::LogOut]);
    assert!(desk.kept().logged_out);
}

#[test]
fn of_thousands_of_blocked_names_the_first_ones_are_there_and_can_call_again() {
    let names = (0..10_000).map(|n| name(&format!("blocked{n:05}"))).collect();
    let blocked = std::sync::Arc::new(names);
    let mut desk = Desk::open(Snapshot { blocked, ..logged_in() }, "Profile");
    let buttons: Vec<_> =
        desk.window.harness.get_all_by_role_and_label(Role::Button, "Unblock").collect();
    assert!((10..100).contains(&buttons.len()), "{}", buttons.len());
    buttons[0].click();
    drop(buttons);
    desk.window.settle();
    assert_eq!(desk.window.asked(), [Intent::Unblock(name("blocked00000"))]);
}

#[test]
fn logging_out_of_a_call_asks_first() {
    let mut desk = Desk::open(logged_in(), "Profile");
    desk.window.set(in_call());
    desk.press("Log out");
    assert!(desk.window.shows("That closes the call. Log out all the same?"));
    desk.press("Cancel");
    assert_eq!(desk.window.asked(), []);
    desk.press("Log out");
    desk.press("Log out");
    assert_eq!(desk.window.asked(), [Intent::LogOut]);
}

#[test]
fn what_is_kept_is_shown_exported_and_erased_only_after_a_second_question() {
    let mut desk = Desk::open(logged_in(), "Data");
    assert!(desk.window.shows("/kept/here"));
    desk.press("Open");
    assert!(desk.window.shows("The folder could not be opened. Copy its path"), "it is gone");
    desk.window.type_into("File", "people.json");
    desk.press("Export");
    assert!(desk.window.shows("Enter the whole path of a file."));
    let path = std::env::temp_dir().join("people.json");
    desk.window.type_into("File", &path.display().to_string());
    desk.press("Export");
    assert_eq!(desk.window.asked(), [Intent::ExportPeople(path)]);
    // There are no calls to erase, so only the other button can be pressed.
    let erase = |desk: &mut Desk| {
        let buttons = desk.window.harness.get_all_by_role_and_label(Role::Button, "Erase");
        buttons.last().expect("a button").click();
        desk.window.settle();
    };
    erase(&mut desk);
    assert_eq!(desk.window.asked(), []);
    assert!(desk.window.shows("Erase all contacts, blocked names, calls and remembered keys?"));
    desk.press("Cancel");
    assert!(!desk.window.shows("Erase all contacts, blocked names, calls and remembered keys?"));
    erase(&mut desk);
    erase(&mut desk);
    assert_eq!(desk.window.asked(), [Intent::ErasePeople]);
}

#[test]
fn shortcuts_and_what_the_program_is_are_told() {
    let mut desk = Desk::open(logged_in(), "Shortcuts");
    assert!(desk.window.shows("F1"));
    desk.window.harness.get_by_role_and_label(Role::Tab, "About").click();
    desk.window.settle();
    let version = env!("CARGO_PKG_VERSION");
    assert!(desk.window.shows(&format!("Visavis {version}")));
    assert!(desk.window.shows("Free software"));
    assert!(desk.window.shows("A development build"), "tests are no release");
}
