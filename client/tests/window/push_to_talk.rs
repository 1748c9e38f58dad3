//! Whoever is muted is heard while they hold a key, by real events.

use std::sync::Arc;

use eframe::egui::{Event, Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use visavis_client::config::Settings;
use visavis_client::session::snapshot::{Intent, Snapshot};
use visavis_client::settings::Command;
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, in_call, logged_in};

const HEARD: &str = "You are heard while you hold Space";

fn muted() -> Snapshot {
    Snapshot { microphone_muted: true, ..in_call() }
}

fn key(key: Key, pressed: bool) -> Event {
    Event::Key { key, pressed, repeat: false, modifiers: Modifiers::NONE, physical_key: None }
}

/// The key goes down or up; the session does what was asked for.
fn turn(window: &mut Window, event: Event) -> Vec<Intent> {
    window.harness.event(event);
    window.harness.run_steps(1);
    follow(window)
}

fn follow(window: &mut Window) -> Vec<Intent> {
    let asked = window.asked();
    for intent in &asked {
        if let Intent::MuteMicrophone(muted) = intent {
            let snapshot = Snapshot { microphone_muted: *muted, ..in_call() };
            window.snapshots.send_replace(Arc::new(snapshot));
        }
    }
    window.harness.run_steps(1);
    asked
}

fn unmute() -> Vec<Intent> {
    vec![Intent::MuteMicrophone(false)]
}

fn mute() -> Vec<Intent> {
    vec![Intent::MuteMicrophone(true)]
}

#[test]
fn whoever_holds_the_space_bar_is_heard_and_muted_again_when_they_let_go() {
    let mut window = Window::open(muted());
    assert_eq!(turn(&mut window, key(Key::Space, true)), unmute());
    assert!(window.shows(HEARD));
    // It repeats while it is held.
    for _ in 0..20 {
        assert_eq!(turn(&mut window, key(Key::Space, true)), []);
    }
    assert_eq!(turn(&mut window, key(Key::Space, false)), []);
    window.settle();
    assert_eq!(follow(&mut window), mute());
    assert!(!window.shows(HEARD));
}

#[test]
fn a_window_that_loses_the_keyboard_mutes_at_once() {
    let mut window = Window::open(muted());
    turn(&mut window, key(Key::Space, true));
    window.harness.input_mut().focused = false;
    assert_eq!(turn(&mut window, Event::WindowFocused(false)), mute());
    // The key is let go elsewhere, and goes down again there.
    turn(&mut window, key(Key::Space, true));
    window.harness.input_mut().focused = true;
    assert_eq!(turn(&mut window, Event::WindowFocused(true)), []);
}

#[test]
fn the_space_bar_presses_the_button_that_has_the_keyboard_instead() {
    let mut window = Window::open(muted());
    window.harness.get_by_label("Devices").focus();
    window.settle();
    turn(&mut window, key(Key::Space, true));
    turn(&mut window, key(Key::Space, false));
    window.settle();
    assert_eq!(window.asked(), []);
    assert!(window.shows("Speaker"));
}

#[test]
fn it_does_nothing_while_the_microphone_is_on_outside_of_a_call_and_behind_a_dialog() {
    for snapshot in [in_call(), Snapshot { microphone_muted: true, ..logged_in() }] {
        let mut window = Window::open(snapshot);
        window.harness.event(key(Key::Space, true));
        window.settle();
        assert_eq!(window.asked(), []);
    }
    let mut window = Window::open(muted());
    window.press(Modifiers::NONE, Key::F1);
    window.harness.event(key(Key::Space, true));
    window.settle();
    assert_eq!(window.asked(), []);
    // One that opens while the key is held mutes.
    let mut window = Window::open(muted());
    turn(&mut window, key(Key::Space, true));
    turn(&mut window, key(Key::F1, true));
    window.settle();
    assert_eq!(follow(&mut window), mute());
}

#[test]
fn a_call_that_ends_while_the_key_is_held_leaves_the_microphone_as_it_was() {
    let mut window = Window::open(muted());
    assert_eq!(turn(&mut window, key(Key::Space, true)), unmute());
    window.set(logged_in());
    assert_eq!(window.asked(), mute());
}

#[test]
fn whoever_mutes_while_they_hold_it_is_muted() {
    let mut window = Window::open(muted());
    turn(&mut window, key(Key::Space, true));
    window.press(Modifiers::COMMAND, Key::D);
    assert_eq!(follow(&mut window), mute());
    assert_eq!(turn(&mut window, key(Key::Space, false)), []);
    window.settle();
    assert_eq!(window.asked(), []);
}

#[test]
fn the_key_can_be_another_or_none() {
    let mut settings = Settings::default();
    settings.shortcuts.set(Command::Talk, "F9".parse().expect("keys")).expect("free");
    let options = || WindowOptions { settings: settings.clone(), ..WindowOptions::default() };
    let mut window = Window::open_with(muted(), vec2(800.0, 600.0), options());
    assert_eq!(turn(&mut window, key(Key::Space, true)), []);
    assert_eq!(turn(&mut window, key(Key::F9, true)), unmute());
    settings.shortcuts.clear(Command::Talk);
    let options = WindowOptions { settings, ..WindowOptions::default() };
    let mut window = Window::open_with(muted(), vec2(800.0, 600.0), options);
    for talk in [Key::Space, Key::F9] {
        assert_eq!(turn(&mut window, key(talk, true)), []);
    }
}
