//! The settings in small windows, by the keyboard, and in every language.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable as _;
use visavis_client::config::Settings;
use visavis_client::device::{DeviceList, MicrophoneChoice, SpeakerChoice};
use visavis_client::session::snapshot::Snapshot;
use visavis_client::ui::WindowOptions;
use visavis_client::words::{self, Language, phrase};
use visavis_shared::IceServer;

use crate::always::assert_fits;
use crate::harness::{Window, logged_in, name};
use crate::settings::{Desk, device};

#[test]
fn escape_and_back_leave_the_settings_and_a_narrow_window_has_a_list_of_sections() {
    let options = WindowOptions::default();
    let mut window = Window::open_with(logged_in(), vec2(480.0, 360.0), options);
    window.click("Settings");
    assert!(window.harness.query_by_role(Role::Tab).is_none());
    window.choose("Section", "Network");
    assert!(window.shows("Hide my address"));
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.shows("Hide my address"));
    window.click("Settings");
    assert!(window.shows("Hide my address"), "it is where it was left");
    window.click("Back");
    assert!(!window.shows("Hide my address"));
}

#[test]
fn escape_closes_a_list_or_leaves_a_field_before_it_leaves_the_settings() {
    let mut desk = Desk::open(logged_in(), "Network");
    desk.window.harness.get_by_role_and_label(Role::TextInput, "Address").focus();
    desk.window.settle();
    desk.window.press(Modifiers::NONE, Key::Escape);
    assert!(desk.window.shows("Hide my address"));
    desk.window.harness.get_by_role_and_label(Role::Tab, "Calls").click();
    desk.window.settle();
    desk.window.harness.get_by_role_and_label(Role::ComboBox, "Who can call you").click();
    desk.window.settle();
    assert!(desk.window.shows("Only contacts"));
    desk.window.press(Modifiers::NONE, Key::Escape);
    assert!(!desk.window.shows("Only contacts") && desk.window.shows("Who can call you"));
    desk.window.press(Modifiers::NONE, Key::Escape);
    assert!(!desk.window.shows("Who can call you"));
}

#[test]
fn the_keyboard_goes_to_the_sections_and_back_to_what_opened_them() {
    let mut window = Window::open_with(logged_in(), vec2(1040.0, 680.0), WindowOptions::default());
    window.harness.get_by_role_and_label(Role::Button, "Settings").focus();
    window.settle();
    window.press(Modifiers::NONE, Key::Enter);
    let has_focus = |window: &Window, role, label: &str| {
        window.harness.get_by_role_and_label(role, label).is_focused()
    };
    assert!(has_focus(&window, Role::Tab, "Profile"));
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert!(has_focus(&window, Role::Tab, "Calls"));
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.shows("Who can call you"));
    window.press(Modifiers::NONE, Key::Escape);
    assert!(has_focus(&window, Role::Button, "Settings"));
}

#[test]
fn everything_fits_into_the_smallest_window_in_every_language() {
    for language in Language::ALL {
        words::speak_on_this_thread(Some(language));
        let long = "A device whose name is as long as some drivers of conference speakers like it";
        let devices = DeviceList {
            cameras: vec![device(long)],
            microphones: vec![device(long)],
            speakers: vec![device(long)],
        };
        let mut settings = Settings::default();
        settings.notifications.quiet_hours.on = true;
        settings.ring.speaker = Some(SpeakerChoice::Named(long.to_owned()));
        settings.network.ice_servers = vec![IceServer {
            urls: vec!["turn:a-relay-with-a-long-name.of.an.organisation.example:3478".to_owned()],
            username: Some("somebody".to_owned()),
            credential: Some("x".to_owned()),
        }];
        let snapshot = Snapshot {
            devices,
            microphone: MicrophoneChoice::Named(long.to_owned()),
            speaker: SpeakerChoice::Named(long.to_owned()),
            blocked: std::sync::Arc::new(vec![name("a_name_as_long_as_a_name_may_be_")]),
            server: "wss://a-server-with-a-long-name.of.an.organisation.example".to_owned(),
            ..logged_in()
        };
        let size = vec2(480.0, 360.0);
        let options = WindowOptions { settings, ..WindowOptions::default() };
        let mut window = Window::open_with(snapshot, size, options);
        window.click(&phrase!("settings").text());
        let list = phrase!("settings-section").text();
        for section in [
            phrase!("settings-about"),
            phrase!("settings-data"),
            phrase!("settings-shortcuts"),
            phrase!("settings-appearance"),
            phrase!("settings-notifications"),
            phrase!("settings-network"),
            phrase!("settings-calls"),
            phrase!("settings-devices"),
            phrase!("settings-profile"),
        ] {
            let section = section.text();
            window.harness.get_by_role_and_label(Role::ComboBox, &list).click();
            window.settle();
            assert_fits(&window, size);
            // What the list calls it may be said on the page, too.
            let entries = window.harness.get_all_by_role_and_label(Role::Button, &section);
            entries.last().expect("an entry").click_accesskit();
            window.settle();
            let heading = window.harness.get_all_by_role_and_label(Role::Heading, &section);
            assert!(heading.count() > 0, "{section:?}");
            assert_eq!(window.harness.unnamed_widgets(), Vec::<String>::new());
            assert_fits(&window, size);
        }
    }
    words::speak_on_this_thread(None);
}
