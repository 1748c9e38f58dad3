//! Being called, calling, the call itself, and its end.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{Event, Key, Modifiers, PointerButton, ViewportCommand, pos2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::device::CameraChoice;
use visavis_client::media::units::Bitrate;
use visavis_client::session::snapshot::{Intent, Snapshot};
use visavis_client::session::statistics::{Reading, Statistics, VideoReading};
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, ago, call_bob, in_call, logged_in, name, picture, said, with_call};

fn ringing() -> Snapshot {
    with_call(CallPhase::Ringing { peer: name("bob"), since: ago(2) })
}

fn accept_bob() -> Intent {
    Intent::Accept { from: name("bob") }
}

#[test]
fn a_call_that_rings_can_be_accepted_or_declined() {
    let mut window = Window::open(ringing());
    assert!(window.shows("bob is calling"));
    window.click("Accept");
    window.click("Decline");
    assert_eq!(window.asked(), [accept_bob(), Intent::Decline]);
    window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::A);
    window.press(Modifiers::COMMAND, Key::W);
    assert_eq!(window.asked(), [accept_bob(), Intent::Decline]);
}

#[test]
fn a_call_that_is_accepted_without_video_leaves_the_camera_on_for_the_next() {
    for size in [vec2(1040.0, 680.0), vec2(480.0, 360.0)] {
        let mut window = Window::open_with(ringing(), size, WindowOptions::default());
        window.click("Accept without video");
        assert_eq!(window.asked(), [Intent::TurnCameraOff(true), accept_bob()]);
        let off = |snapshot: Snapshot| Snapshot { camera_off: true, ..snapshot };
        window.set(off(in_call()));
        assert_eq!(window.asked(), []);
        window.set(off(logged_in()));
        assert_eq!(window.asked(), [Intent::TurnCameraOff(false)]);
    }
    // Whose camera is off anyway has nothing to choose.
    let window = Window::open(Snapshot { camera_off: true, ..ringing() });
    assert!(!window.shows("Accept without video"));
    // Who turns the camera off in the call means it.
    let mut window = Window::open(in_call());
    window.click("Camera");
    window.set(logged_in());
    assert_eq!(window.asked(), [Intent::TurnCameraOff(true)]);
}

#[test]
fn no_plain_key_answers_a_call_that_comes_in_while_typing() {
    let mut window = Window::open(logged_in());
    window.type_into("Username to call", "car");
    window.set(ringing());
    for key in [Key::Enter, Key::Space, Key::O, Key::L, Key::Escape, Key::Backspace] {
        window.press(Modifiers::NONE, key);
    }
    assert_eq!(window.asked(), []);
}

#[test]
fn a_call_that_comes_in_asks_for_attention_and_shows_in_the_title() {
    let mut window = Window::open(logged_in());
    window.snapshots.send_replace(Arc::new(ringing()));
    window.harness.run_steps(1);
    let commands = window.commands();
    assert!(
        commands.contains(&ViewportCommand::Title("bob is calling – Visavis".to_owned())),
        "{commands:?}"
    );
    assert!(
        commands.iter().any(|c| matches!(c, ViewportCommand::RequestUserAttention(_))),
        "{commands:?}"
    );
}

#[test]
fn a_call_being_placed_says_how_far_it_is_and_can_be_cancelled() {
    let calling =
        |ringing| with_call(CallPhase::Calling { peer: name("bob"), ringing, since: ago(3) });
    let mut window = Window::open(calling(false));
    assert!(window.shows("Calling bob") && !window.shows("Ringing…"));
    window.set(calling(true));
    assert!(window.shows("Ringing…"));
    window.click("Cancel");
    window.set(with_call(CallPhase::Connecting { peer: name("bob"), since: ago(0) }));
    window.click("Cancel");
    assert_eq!(window.asked(), [Intent::HangUp, Intent::HangUp]);
}

#[test]
fn the_controls_of_a_call_mute_turn_the_camera_off_and_close_it() {
    let mut window = Window::open(in_call());
    window.click("Mute");
    window.click("Camera");
    window.click("Close call");
    assert_eq!(
        window.asked(),
        [Intent::MuteMicrophone(true), Intent::TurnCameraOff(true), Intent::HangUp]
    );
    window.set(Snapshot { microphone_muted: true, camera_off: true, ..in_call() });
    window.click("Mute");
    window.click("Camera");
    assert_eq!(window.asked(), [Intent::MuteMicrophone(false), Intent::TurnCameraOff(false)]);
}

#[test]
fn what_is_switched_keeps_its_name_and_says_whether_it_is_pressed() {
    let mut window = Window::open(in_call());
    let pressed = |window: &Window, name: &str| {
        let button = window.harness.get_by_role_and_label(Role::Button, name);
        button.accesskit_node().toggled()
    };
    let switched = |window: &Window| ["Mute", "Camera"].map(|name| pressed(window, name));
    assert_eq!(switched(&window), [Some(Toggled::False), Some(Toggled::True)]);
    window.set(Snapshot { microphone_muted: true, camera_off: true, ..in_call() });
    assert_eq!(switched(&window), [Some(Toggled::True), Some(Toggled::False)]);
    assert_eq!(pressed(&window, "Devices"), Some(Toggled::False));
    window.harness.get_by_role_and_label(Role::Button, "Devices").click();
    window.settle();
    assert_eq!(pressed(&window, "Devices"), Some(Toggled::True));
    assert_eq!(pressed(&window, "Full screen"), Some(Toggled::False));
    assert_eq!(pressed(&window, "Close call"), None);
}

#[test]
fn without_a_camera_nothing_looks_as_if_there_were_one() {
    let missing = || Snapshot { camera_missing: true, ..in_call() };
    for snapshot in [missing(), Snapshot { camera: CameraChoice::None, ..in_call() }] {
        let mut window = Window::open(snapshot);
        assert!(window.harness.query_by_role_and_label(Role::Image, "No camera").is_some());
        let camera = window.harness.get_by_role_and_label(Role::Button, "Camera");
        assert_eq!(camera.accesskit_node().toggled(), Some(Toggled::False));
        camera.click();
        window.settle();
        assert!(window.harness.query_by_role_and_label(Role::ComboBox, "Speaker").is_some());
        assert_eq!(window.asked(), []);
    }
    let off = Window::open(Snapshot { camera_off: true, ..in_call() });
    assert!(off.shows("Your camera is off"));
    assert!(Window::open(in_call()).shows("Waiting for the camera…"));
}

#[test]
fn keys_do_the_same_and_a_key_that_is_held_counts_once() {
    let mut window = Window::open(in_call());
    window.press(Modifiers::COMMAND, Key::D);
    window.press(Modifiers::COMMAND, Key::E);
    for repeat in [false, true, true] {
        let (modifiers, physical_key) = (Modifiers::COMMAND, None);
        window.harness.event(Event::Key {
            key: Key::D,
            pressed: true,
            repeat,
            modifiers,
            physical_key,
        });
    }
    window.settle();
    window.press(Modifiers::COMMAND, Key::W);
    let mute = Intent::MuteMicrophone(true);
    assert_eq!(window.asked(), [mute.clone(), Intent::TurnCameraOff(true), mute, Intent::HangUp]);
}

#[test]
fn the_full_screen_is_entered_by_a_key() {
    let mut window = Window::open(in_call());
    window.harness.key_down(Key::F11);
    window.harness.run_steps(1);
    assert!(
        window.commands().contains(&ViewportCommand::Fullscreen(true)),
        "{:?}",
        window.commands()
    );
}

#[test]
fn the_picture_of_the_other_is_named_and_gone_in_the_next_call() {
    let live = || Snapshot { remote_video_live: true, camera_live: true, ..in_call() };
    let mut window = Window::open(live());
    window.remote_video.put(picture());
    window.self_video.put(picture());
    window.settle();
    assert!(window.shows("Picture of bob") && window.shows("Your picture, mirrored"));
    window
        .set(Snapshot { call: CallPhase::InCall { peer: name("carol"), since: ago(0) }, ..live() });
    assert!(window.shows("Waiting for carol's picture…"));
    window
        .set(Snapshot { call: CallPhase::InCall { peer: name("carol"), since: ago(6) }, ..live() });
    assert!(window.shows("No picture from carol"));
}

#[test]
fn a_press_on_controls_that_have_faded_only_brings_them_back() {
    let mut window = Window::open(Snapshot { remote_video_live: true, ..in_call() });
    window.remote_video.put(picture());
    window.harness.hover_at(pos2(20.0, 300.0));
    // A step is a quarter of a second; the mouse rests for six.
    window.harness.run_steps(24);
    let pos = window.harness.get_by_label("Close call").rect().center();
    for pressed in [true, false] {
        let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
        window.harness.event(Event::PointerButton { pos, button, pressed, modifiers });
    }
    window.harness.run_steps(1);
    assert_eq!(window.asked(), [], "what can't be seen can't be pressed");
    window.settle();
    window.click("Close call");
    assert_eq!(window.asked(), [Intent::HangUp]);
}

#[test]
fn a_screen_reader_can_press_controls_that_have_faded() {
    let mut window = Window::open(Snapshot { remote_video_live: true, ..in_call() });
    window.remote_video.put(picture());
    window.harness.run_steps(24);
    window.harness.get_by_label("Mute").click_accesskit();
    window.settle();
    assert_eq!(window.asked(), [Intent::MuteMicrophone(true)]);
}

#[test]
fn devices_can_be_changed_during_a_call_and_escape_puts_them_away() {
    let mut window = Window::open(in_call());
    window.click("Devices");
    assert!(window.harness.query_by_role_and_label(Role::ComboBox, "Speaker").is_some());
    window.press(Modifiers::NONE, Key::Escape);
    assert!(window.harness.query_by_role_and_label(Role::ComboBox, "Speaker").is_none());
    assert_eq!(window.asked(), []);
}

#[test]
fn an_interruption_and_a_weak_connection_are_said_in_words() {
    let reconnecting =
        CallPhase::Reconnecting { peer: name("bob"), since: ago(60), lost_at: ago(9) };
    let mut window = Window::open(with_call(reconnecting));
    assert!(window.shows("Finding another way to bob"));
    let weak = "Their connection is weak: 12% of their packets are lost";
    window.set(Snapshot { connection_words: Some(said(weak)), ..in_call() });
    assert!(window.shows(weak));
}

#[test]
fn the_statistics_of_a_call_are_a_key_away_and_what_was_not_measured_is_a_dash() {
    let reading = Reading {
        video_sent: VideoReading {
            size: Some((1280, 720)),
            fps: Some(30.0),
            bitrate: Some(Bitrate::from_kbps(2400)),
            codec: Some(Duration::from_millis(4)),
        },
        rtt: Some(Duration::from_millis(42)),
        loss_in: Some(0.031),
        ..Reading::default()
    };
    let statistics = Some(Arc::new(Statistics::of([reading; 3])));
    let mut window = Window::open(Snapshot { statistics, ..in_call() });
    assert!(!window.shows("Statistics"));
    window.press(Modifiers::COMMAND, Key::I);
    for words in ["Statistics", "1280×720, 30/s, 2.4 Mbit/s", "42 ms", "–, 3.1%", "They send"] {
        assert!(window.shows(words), "{words}");
    }
    let plot = "Round trip, the last minute: 42 ms now";
    assert!(window.harness.query_by_role_and_label(Role::Image, plot).is_some());
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.shows("They send"));
    window.press(Modifiers::COMMAND, Key::I);
    window.click("Close statistics");
    assert!(!window.shows("They send"));
    assert_eq!(window.asked(), []);
}

#[test]
fn an_ended_call_says_why_and_how_long_and_can_be_placed_again() {
    let (reason, talked) = (EndReason::ClosedByPeer, Some(Duration::from_secs(201)));
    let mut window =
        Window::open(with_call(CallPhase::Ended { peer: name("bob"), reason, talked }));
    assert!(
        window.shows("bob ended the call.")
            && window.shows("You talked for 3 minutes and 21 seconds.")
    );
    window.click("Call again");
    window.click("Back");
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(window.asked(), [call_bob(), Intent::Dismiss, Intent::Dismiss]);
}

#[test]
fn what_keeps_pictures_from_being_seen_is_said_in_the_place_of_each() {
    let theirs = "bob's picture can't be shown: it is interlaced.";
    let ours = "bob can't see you: their program refused video.";
    let mut window = Window::open(in_call());
    assert!(window.shows("No picture from bob") && !window.shows(theirs));
    window.set(Snapshot {
        remote_video_words: Some(said(theirs)),
        own_video_words: Some(said(ours)),
        camera_live: true,
        ..in_call()
    });
    assert!(window.shows(theirs) && !window.shows("No picture from bob"));
    let own = window.harness.get_by_label("Your picture, mirrored");
    let description = own.accesskit_node().description();
    assert!(description.is_some_and(|text| text.starts_with(ours)));
    window.set(in_call());
    assert!(window.shows("No picture from bob"));
}

fn both_seen() -> Snapshot {
    Snapshot { remote_video_live: true, camera_live: true, ..in_call() }
}

/// Puts a picture into both slots until it is shown.
fn with_pictures() -> Window {
    let mut window = Window::open(both_seen());
    window.remote_video.put(picture());
    window.self_video.put(picture());
    window.settle();
    window
}

#[test]
fn ones_own_picture_is_hidden_behind_a_tab_and_comes_back_also_in_the_next_call() {
    let mut window = with_pictures();
    let place = window.harness.get_by_label("Your picture, mirrored").rect();
    window.harness.hover_at(place.center());
    window.settle();
    window.click("Hide your picture (H)");
    assert!(!window.shows("Your picture, mirrored"));
    window.set(Snapshot {
        call: CallPhase::InCall { peer: name("carol"), since: ago(0) },
        ..both_seen()
    });
    assert!(!window.shows("Your picture, mirrored"), "it stays hidden");
    window.click("Show your picture");
    assert!(window.shows("Your picture, mirrored"));
    assert_eq!(window.asked(), []);
}

#[test]
fn ones_own_picture_is_mirrored_or_not() {
    let mut window = with_pictures();
    let place = window.harness.get_by_label("Your picture, mirrored").rect();
    window.harness.hover_at(place.center());
    window.settle();
    window.click("Don't mirror your picture");
    assert!(!window.shows("Your picture, mirrored") && window.shows("Your picture"));
    window.click("Mirror your picture");
    assert!(window.shows("Your picture, mirrored"));
}

#[test]
fn ones_own_picture_moves_and_is_resized_and_hidden_by_keys() {
    let mut window = with_pictures();
    let rect = |window: &Window| window.harness.get_by_label("Your picture, mirrored").rect();
    window.harness.get_by_label("Your picture, mirrored").focus();
    window.settle();
    let before = rect(&window);
    window.press(Modifiers::NONE, Key::ArrowLeft);
    window.harness.run_steps(8);
    let left = rect(&window);
    assert!(left.right() < before.left(), "{before:?} {left:?}");
    window.press(Modifiers::NONE, Key::Minus);
    window.harness.run_steps(8);
    let smaller = rect(&window);
    assert!(smaller.width() < left.width(), "{left:?} {smaller:?}");
    window.press(Modifiers::NONE, Key::Plus);
    window.harness.run_steps(8);
    assert_eq!(rect(&window), left);
    window.press(Modifiers::NONE, Key::H);
    assert!(!window.shows("Your picture, mirrored"));
}

#[test]
fn the_picture_fills_the_window_or_is_whole_by_a_key_or_the_menu() {
    let mut window = with_pictures();
    window.harness.get_by_label("Picture of bob").click_secondary();
    window.settle();
    window.click("Show the whole picture");
    window.press(Modifiers::NONE, Key::Num0);
    window.harness.get_by_label("Picture of bob").click_secondary();
    window.settle();
    assert!(window.shows("Show the whole picture"), "the key made it fill the window again");
    window.click("Fill the screen");
    assert_eq!(window.asked(), []);
}
