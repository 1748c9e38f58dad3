//! What one sees and does in a call besides its controls: how the other's microphone and camera
//! are, hints about one's own, the mini window, a picture that is kept.

use std::path::PathBuf;
use std::time::Duration;

use eframe::egui::accesskit::{Live, Role, Toggled};
use eframe::egui::{
    Event, Id, Key, Modifiers, Rect, Vec2, ViewportCommand, ViewportId, WindowLevel, vec2,
};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::session::snapshot::{CallHint, DeviceKind, Intent, Notice, NoticeId, Snapshot};
use visavis_client::ui::WindowOptions;
use visavis_client::words::{Language, speak_on_this_thread};

use crate::harness::{Window, ago, in_call, name, picture, said, with_call};

fn both_seen() -> Snapshot {
    Snapshot { remote_video_live: true, camera_live: true, ..in_call() }
}

/// The window in a call in which both see each other, and its snapshot.
fn with_pictures(size: Vec2) -> (Window, Snapshot) {
    let seen = both_seen();
    let mut window = Window::open_with(seen.clone(), size, WindowOptions::default());
    window.remote_video.put(picture());
    window.self_video.put(picture());
    window.settle();
    (window, seen)
}

/// What the next passes ask of the system.
fn asks_for(window: &mut Window) -> Vec<ViewportCommand> {
    let mut asked = Vec::new();
    for _ in 0..4 {
        window.harness.run_steps(1);
        asked.extend(window.commands());
    }
    asked
}

fn is_live(window: &Window, label: &str) -> bool {
    window.harness.get_by_label(label).accesskit_node().live() == Live::Polite
}

fn rect(window: &Window, label: &str) -> Rect {
    window.harness.get_by_label(label).rect()
}

#[test]
fn that_the_other_is_muted_stands_on_the_picture_and_is_announced() {
    for size in [vec2(1040.0, 680.0), vec2(480.0, 360.0)] {
        let (mut window, seen) = with_pictures(size);
        assert!(!window.shows("muted"));
        window.set(Snapshot { remote_muted: true, ..seen.clone() });
        assert!(is_live(&window, "bob is muted"));
        // The controls fade, this does not.
        window.harness.run_steps(24);
        let chip = rect(&window, "bob is muted");
        for other in ["Close call", "Mini window", "Your picture, mirrored"] {
            assert!(!chip.intersects(rect(&window, other)), "{other} at {size}");
        }
        window.set(seen.clone());
        assert!(!window.shows("bob is muted"));
    }
}

#[test]
fn whose_camera_is_off_is_a_name_and_not_a_black_picture() {
    let (mut window, seen) = with_pictures(vec2(1040.0, 680.0));
    assert!(window.shows("Picture of bob"));
    window.set(Snapshot { remote_camera_off: true, ..seen.clone() });
    // Those that their camera gave last may still come.
    window.remote_video.put(picture());
    window.settle();
    assert!(is_live(&window, "bob's camera is off"));
    window.set(seen.clone());
    assert!(window.shows("Waiting for bob's picture…"), "the last one is not shown again");
    window.remote_video.put(picture());
    window.settle();
    assert!(window.shows("Picture of bob"));
}

#[test]
fn who_talks_while_muted_is_told_so_and_unmutes_with_one_click() {
    let (mut window, seen) = with_pictures(vec2(1040.0, 680.0));
    let talking = CallHint::TalkingWhileMuted;
    window.set(Snapshot { microphone_muted: true, hint: Some(talking), ..seen.clone() });
    assert!(is_live(&window, "You are muted, and you are talking"));
    window.click("Unmute");
    assert_eq!(window.asked(), [Intent::MuteMicrophone(false)]);
    window.set(seen.clone());
    assert!(!window.shows("you are talking"));
}

#[test]
fn a_silent_microphone_is_told_of_and_another_is_a_click_away() {
    let (mut window, seen) = with_pictures(vec2(800.0, 600.0));
    window.set(Snapshot { hint: Some(CallHint::SilentMicrophone), ..seen.clone() });
    assert!(is_live(&window, "They can't hear you: your microphone is silent"));
    window.click("Choose another microphone");
    assert!(window.harness.query_by_role_and_label(Role::ComboBox, "Microphone").is_some());
    assert!(window.shows("your microphone is silent"), "it stays while it is true");
    assert_eq!(window.asked(), []);
}

#[test]
fn hints_lie_over_no_control_in_any_language_and_size() {
    for language in [Language::English, Language::German, Language::French, Language::Spanish] {
        speak_on_this_thread(Some(language));
        for size in [vec2(480.0, 360.0), vec2(760.0, 480.0), vec2(1040.0, 680.0)] {
            for hint in [CallHint::TalkingWhileMuted, CallHint::SilentMicrophone] {
                let words = Some(said("Their connection is weak: 12% of their packets are lost"));
                let (mut window, seen) = with_pictures(size);
                window.set(Snapshot {
                    hint: Some(hint),
                    connection_words: words,
                    remote_muted: true,
                    ..seen
                });
                let all: Vec<(String, Rect)> = window
                    .harness
                    .get_all_by(|node| {
                        let role = node.role();
                        role == Role::Button || role == Role::Label || role == Role::Image
                    })
                    .map(|node| (format!("{:?}", node.accesskit_node().label()), node.rect()))
                    // The picture lies under all of it.
                    .filter(|(_, rect)| rect.width() < size.x / 2.0 || rect.height() < 100.0)
                    .collect();
                for (n, (one, place)) in all.iter().enumerate() {
                    assert!(Rect::from_min_size(Default::default(), size).contains_rect(*place));
                    for (other, there) in &all[n + 1..] {
                        let apart = !place.shrink(0.5).intersects(there.shrink(0.5));
                        assert!(apart, "{one} {place} over {other} {there}, {language:?} {size}");
                    }
                }
            }
        }
    }
    speak_on_this_thread(None);
}

#[test]
fn the_mini_window_is_small_on_top_and_has_what_one_needs() {
    let (mut window, seen) = with_pictures(vec2(1040.0, 680.0));
    let (key, modifiers, physical_key) = (Key::M, Modifiers::COMMAND, None);
    let event = |pressed| Event::Key { key, pressed, repeat: false, modifiers, physical_key };
    window.harness.event(event(true));
    let asked = asks_for(&mut window);
    window.harness.event(event(false));
    for command in [
        ViewportCommand::WindowLevel(WindowLevel::AlwaysOnTop),
        ViewportCommand::Decorations(false),
        ViewportCommand::InnerSize(vec2(320.0, 180.0)),
    ] {
        assert!(asked.contains(&command), "{command:?} in {asked:?}");
    }
    window.harness.set_size(vec2(320.0, 180.0));
    window.settle();
    assert!(window.shows("Picture of bob") && window.shows("bob"));
    assert!(!window.shows("Devices") && !window.shows("Your picture, mirrored"));
    let back = window.harness.get_by_role_and_label(Role::Button, "Mini window");
    assert_eq!(back.accesskit_node().toggled(), Some(Toggled::True));
    window.click("Mute");
    window.click("Camera");
    window.click("Close call");
    let expected = [Intent::MuteMicrophone(true), Intent::TurnCameraOff(true), Intent::HangUp];
    assert_eq!(window.asked(), expected);
    let talking = Some(CallHint::TalkingWhileMuted);
    window.set(Snapshot { microphone_muted: true, hint: talking, ..seen.clone() });
    assert!(is_live(&window, "You are muted, and you are talking"));
    window.set(Snapshot { microphone_muted: true, remote_muted: true, ..seen.clone() });
    window.harness.hover_at(eframe::egui::pos2(5.0, 90.0));
    window.harness.run_steps(24);
    assert!(window.shows("You are muted.") && window.shows("bob is muted"));

    window.harness.get_by_role_and_label(Role::Button, "Mini window").click_accesskit();
    let asked = asks_for(&mut window);
    for command in
        [ViewportCommand::WindowLevel(WindowLevel::Normal), ViewportCommand::Decorations(true)]
    {
        assert!(asked.contains(&command), "{command:?} in {asked:?}");
    }
    window.settle();
    assert!(window.shows("Devices"));
}

#[test]
fn the_window_is_as_it_was_when_the_call_ends_in_the_mini_window() {
    let (mut window, seen) = with_pictures(vec2(1040.0, 680.0));
    window.click("Mini window");
    let (reason, talked) = (EndReason::ClosedByPeer, Some(Duration::from_secs(5)));
    let ended = with_call(CallPhase::Ended { peer: name("bob"), reason, talked });
    window.snapshots.send_replace(ended.into());
    assert!(asks_for(&mut window).contains(&ViewportCommand::Decorations(true)));
    window.settle();
    assert!(window.shows("bob ended the call"));
    let next = CallPhase::InCall { peer: name("carol"), since: ago(1) };
    window.set(Snapshot { call: next, ..seen.clone() });
    assert!(window.shows("Devices"), "the next call begins in the large window");
}

#[test]
fn a_picture_of_the_other_is_kept_by_a_key_a_button_and_the_menu() {
    let (mut window, seen) = with_pictures(vec2(1040.0, 680.0));
    window.press(Modifiers::COMMAND, Key::S);
    window.more("Take a snapshot");
    window.harness.get_by_label("Picture of bob").click_secondary();
    window.settle();
    window.click("Take a snapshot");
    assert_eq!(window.asked(), vec![Intent::TakeSnapshot; 3]);
    let text = said("The picture is kept in Pictures.");
    let kept = Some((NoticeId(3), PathBuf::from("/home/alice/Pictures/Visavis bob.png")));
    let notices = vec![
        Notice { id: NoticeId(1), text: said("Something else.") },
        Notice { id: NoticeId(3), text },
    ];
    window.set(Snapshot { notices, kept_picture: kept, ..seen.clone() });
    assert_eq!(window.harness.query_all_by_label("Show in folder").count(), 1);
    assert_eq!(window.asked(), []);
}

#[test]
fn behind_more_is_all_that_a_call_offers_and_the_settings_are_too() {
    let (mut window, _) = with_pictures(vec2(480.0, 360.0));
    window.harness.get_by_role_and_label(Role::Button, "More").click();
    window.settle();
    let items = window.harness.get_all_by_role(Role::MenuItem);
    let items: Vec<_> = items.filter_map(|item| item.accesskit_node().label()).collect();
    let expected = [
        "Take a snapshot",
        "Statistics",
        "Show the whole picture",
        "Hide my picture",
        "Settings",
        "Keyboard shortcuts",
    ];
    assert_eq!(items, expected, "there is no room for more");
    let bar = rect(&window, "Close call").y_range();
    for item in window.harness.get_all_by_role(Role::MenuItem) {
        let place = item.rect();
        assert!(!place.y_range().intersects(bar) && place.top() >= 0.0, "{place:?}");
    }
    // The controls stay while it is open, however long that is.
    window.harness.run_steps(60);
    assert!(window.harness.query_by_role_and_label(Role::MenuItem, "Settings").is_some());
    window.click("Settings");
    assert!(window.harness.query_by_role(Role::MenuItem).is_none());
    assert!(window.shows("Section") || window.shows("Profile"));
    window.click("Back");
    assert!(window.shows("Close call"));
    window.more("Hide my picture");
    assert!(!window.shows("Your picture, mirrored"));
    assert_eq!(window.asked(), []);
}

/// Where a card is, by its id.
fn card(window: &Window, id: &str) -> Rect {
    window.harness.ctx.memory(|memory| memory.area_rect(Id::unique(id))).expect("a card")
}

#[test]
fn cards_and_menus_leave_the_bar_free_and_large_ones_show_all_they_have() {
    for size in [vec2(480.0, 360.0), vec2(1040.0, 680.0)] {
        let (mut window, _) = with_pictures(size);
        window.more("Statistics");
        let card = card(&window, "call-statistics");
        assert!(card.bottom() <= rect(&window, "Close call").top(), "{card:?} in {size}");
        window.press(Modifiers::NONE, Key::Escape);
        window.click("More");
        let all = window.harness.query_all_by_role(Role::MenuItem).count();
        assert_eq!(all, if size.y < 480.0 { 6 } else { 9 });
    }
    let (mut window, _) = with_pictures(vec2(1040.0, 680.0));
    window.click("Devices");
    let last = window.harness.get_by_role_and_label(Role::Switch, "Automatic volume").rect();
    let card = card(&window, "call-devices");
    assert!(card.contains_rect(last), "{last:?} in {card:?}");
}

#[test]
fn the_menu_is_walked_by_arrows_and_escape_gives_the_keyboard_back() {
    let (mut window, _) = with_pictures(vec2(1040.0, 680.0));
    window.harness.get_by_role_and_label(Role::Button, "More").focus();
    window.settle();
    window.press(Modifiers::NONE, Key::Enter);
    let has_focus = |window: &Window, role, label| {
        window.harness.get_by_role_and_label(role, label).accesskit_node().is_focused()
    };
    window.press(Modifiers::NONE, Key::ArrowDown);
    if !has_focus(&window, Role::MenuItem, "Take a snapshot") {
        window.press(Modifiers::NONE, Key::ArrowDown);
    }
    while !has_focus(&window, Role::MenuItem, "Statistics") {
        window.press(Modifiers::NONE, Key::ArrowDown);
    }
    window.press(Modifiers::NONE, Key::Enter);
    assert!(
        window.shows("Close statistics") && window.harness.query_by_role(Role::MenuItem).is_none()
    );
    assert!(has_focus(&window, Role::Button, "More"));
    window.press(Modifiers::NONE, Key::Enter);
    window.press(Modifiers::NONE, Key::Escape);
    assert!(window.harness.query_by_role(Role::MenuItem).is_none());
    assert!(window.shows("Close statistics"), "Escape closes the topmost alone");
    assert!(has_focus(&window, Role::Button, "More"));
}

#[test]
fn without_a_camera_the_mini_window_leads_to_the_devices_too() {
    let (mut window, seen) = with_pictures(vec2(1040.0, 680.0));
    window.set(Snapshot { camera_missing: true, camera_live: false, ..seen.clone() });
    window.click("Mini window");
    let camera = window.harness.get_by_role_and_label(Role::Button, "Camera");
    let hint = camera.accesskit_node().description();
    assert_eq!(hint.as_deref(), Some("There is no camera. Choose another."));
    camera.click();
    window.settle();
    assert!(window.shows("Close devices"), "in the large window");
    assert_eq!(window.asked(), []);
    window.set(seen);
    window.click("Mini window");
    window.harness.get_by_role_and_label(Role::Button, "Camera").click();
    window.settle();
    assert_eq!(window.asked(), [Intent::TurnCameraOff(true)]);
}

/// Something is wrong with these devices.
fn troubles() -> Snapshot {
    let notice = |id, text| Notice { id: NoticeId(id), text: said(text) };
    Snapshot {
        notices: vec![
            notice(1, "The camera is in use by another program. Close that program."),
            notice(2, "No microphone was found. Connect one."),
            notice(3, "Something else."),
        ],
        device_notices: vec![
            (NoticeId(1), DeviceKind::Camera),
            (NoticeId(2), DeviceKind::Microphone),
        ],
        ..Snapshot::default()
    }
}

#[test]
fn a_notice_about_a_device_has_one_button_that_leads_to_another_one() {
    let (mut window, seen) = with_pictures(vec2(1040.0, 680.0));
    let Snapshot { notices, device_notices, .. } = troubles();
    window.set(Snapshot { notices, device_notices, ..seen });
    for button in ["Choose another camera", "Choose another microphone"] {
        window.click(button);
        assert!(window.shows("Close devices"), "{button}");
        window.click("Close devices");
    }
    assert!(!window.shows("Choose another speaker"));
    assert_eq!(window.asked(), []);
    // Between calls it is the page of the settings.
    let Snapshot { notices, device_notices, .. } = troubles();
    window.set(Snapshot { notices, device_notices, ..crate::harness::logged_in() });
    window.click("Choose another microphone");
    assert!(window.harness.query_by_role_and_label(Role::ComboBox, "Speaker").is_some());
    assert!(window.asked().contains(&Intent::RefreshDevices));
}

#[test]
fn notices_leave_most_of_a_small_page_to_the_page() {
    let size = vec2(480.0, 360.0);
    let Snapshot { notices, device_notices, .. } = troubles();
    let two = notices[..2].to_vec();
    let logged_in = crate::harness::logged_in();
    let snapshot = Snapshot { notices: two, device_notices, ..logged_in };
    let window = Window::open_with(snapshot, size, WindowOptions::default());
    let newest = rect(&window, "No microphone was found. Connect one.");
    assert!(newest.top() > size.y * 0.6, "{newest:?}");
    assert!(!window.shows("in use by another program") && window.shows("1 older"));
    assert!(window.shows("Choose another microphone"));
}

#[test]
fn nothing_is_made_for_a_window_that_nobody_sees() {
    let (mut window, _) = with_pictures(vec2(1040.0, 680.0));
    let look = |window: &mut Window, minimized: bool| {
        let input = window.harness.input_mut();
        let root = input.viewports.entry(ViewportId::ROOT).or_default();
        root.minimized = Some(minimized);
        window.settle();
        (window.remote_video.is_paused(), window.self_video.is_paused())
    };
    assert_eq!(look(&mut window, false), (false, false));
    assert_eq!(look(&mut window, true), (true, true));
    assert_eq!(look(&mut window, false), (false, false));
    window.harness.get_by_label("Your picture, mirrored").focus();
    window.settle();
    window.press(Modifiers::NONE, Key::H);
    window.settle();
    assert_eq!(look(&mut window, false), (false, true), "one's own picture is hidden");
}

#[test]
fn notices_cover_nothing_that_floats_over_a_call_and_wait_where_there_is_no_room() {
    for size in [vec2(480.0, 360.0), vec2(800.0, 600.0), vec2(1040.0, 680.0)] {
        let (mut window, seen) = with_pictures(size);
        let line =
            "The camera is in use by another program. Close that program, or choose another.";
        let notices =
            (0..4).map(|id| Notice { id: NoticeId(id), text: said(&format!("{id}: {line}")) });
        window.set(Snapshot {
            notices: notices.collect(),
            connection_words: Some(said("Their connection is weak: 12% of their packets are lost")),
            remote_muted: true,
            ..seen
        });
        window.settle();
        let newest = rect(&window, &format!("3: {line}"));
        for other in [
            "Close call",
            "Mute",
            "Their connection is weak: 12% of their packets are lost",
            "bob is muted",
            "Mini window",
            "bob · Verified by earlier calls",
        ] {
            assert!(!newest.intersects(rect(&window, other)), "{other} at {size}");
        }
        window.more("Statistics");
        window.settle();
        let (card, notice) = (
            window.harness.query_all_by_label("Close statistics").next().map(|node| node.rect()),
            window.harness.query_all_by_label_contains(line).next().map(|node| node.rect()),
        );
        let card = card.expect("the card is open");
        assert!(notice.is_none_or(|notice| !notice.intersects(card)), "{size}");
        window.click("Close statistics");
        window.settle();
        assert!(window.shows(line), "it waited");
    }
}
