//! Sharing a screen or a window, driven by labels: what each press asks of the session, and what
//! the window says while something is shared.

use std::sync::Arc;

use eframe::egui::accesskit::{Live, Role, Toggled};
use eframe::egui::epaint::{RectShape, Shape};
use eframe::egui::{Key, Modifiers, Rect, Vec2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::media::units::VideoSize;
use visavis_client::screen::{EndReason, Source, SourceId, SourceKind};
use visavis_client::session::snapshot::{
    Intent, ShareChoice, ShareChoices, ShareIntent, ShareWith, Shared, Sharing, Snapshot,
};
use visavis_client::ui::WindowOptions;
use visavis_client::words::{Language, Phrase, speak_on_this_thread};

use crate::harness::{Window, picture, said, same_call};

const LARGE: Vec2 = vec2(1040.0, 680.0);

fn source(id: &str, kind: SourceKind, name: &str) -> Source {
    let size = VideoSize::new(1920, 1080);
    Source { id: SourceId(id.into()), kind, name: name.into(), size }
}

fn screen() -> Source {
    source("s1", SourceKind::Screen, "DP-1")
}

fn notes() -> Source {
    source("w1", SourceKind::Window, "notes.rs")
}

fn choices(sources: Vec<Source>) -> ShareChoices {
    let choice = |source| ShareChoice { source, picture: Some(picture()) };
    ShareChoices {
        sources: Arc::new(sources.into_iter().map(choice).collect()),
        looked: true,
        has_sound: true,
        problem: None,
    }
}

fn choosing(choices: ShareChoices) -> Snapshot {
    Snapshot { share_choices: Some(choices), ..same_call() }
}

fn sharing(sharing: Sharing) -> Snapshot {
    Snapshot { sharing, camera_live: true, ..same_call() }
}

fn shared(source: Source) -> Shared {
    Shared { source, with: ShareWith::default(), live: true, hidden: false }
}

fn open(snapshot: Snapshot, size: Vec2) -> Window {
    Window::open_with(snapshot, size, WindowOptions::default())
}

/// A window with the dialog open; that the session was asked to look was seen.
fn open_dialog(snapshot: Snapshot, size: Vec2) -> Window {
    let mut window = open(snapshot, size);
    window.click("Share");
    assert_eq!(window.asked(), [Intent::Share(ShareIntent::Choose(true))]);
    window.settle();
    window
}

fn is_chosen(window: &Window, label: &str) -> bool {
    let card = window.harness.get_by_role_and_label(Role::RadioButton, label);
    card.accesskit_node().toggled() == Some(Toggled::True)
}

fn is_disabled(window: &Window, label: &str) -> bool {
    window.harness.get_by_role_and_label(Role::Button, label).accesskit_node().is_disabled()
}

const SCREEN: &str = "DP-1, 1920×1080";
const NOTES: &str = "notes.rs";

fn both() -> ShareChoices {
    choices(vec![screen(), notes()])
}

#[test]
fn opening_the_dialog_shares_nothing_and_nothing_is_chosen_in_it() {
    for size in [LARGE, vec2(480.0, 360.0)] {
        let mut window = open_dialog(choosing(both()), size);
        assert!(!is_chosen(&window, SCREEN) && !is_chosen(&window, NOTES));
        window.press(Modifiers::NONE, Key::Escape);
        assert_eq!(window.asked(), [Intent::Share(ShareIntent::Choose(false))]);
        assert!(!window.shows("Share a screen or a window"));
    }
    for close in ["Cancel", "Close sharing"] {
        let mut window = open_dialog(choosing(both()), LARGE);
        window.click(close);
        assert_eq!(window.asked(), [Intent::Share(ShareIntent::Choose(false))]);
    }
}

/// The button that shares: the bar's has the same name, while nothing is chosen.
fn share_is_disabled(window: &Window) -> bool {
    let mut all = window.harness.query_all_by_role_and_label(Role::Button, "Share");
    all.any(|node| node.accesskit_node().is_disabled())
}

#[test]
fn one_chooses_and_shares_with_two_presses_and_no_less() {
    let mut window = open_dialog(choosing(both()), LARGE);
    assert!(share_is_disabled(&window));
    // Twice on a card chooses it twice.
    window.click(NOTES);
    window.click(NOTES);
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.asked(), []);
    assert!(is_chosen(&window, NOTES) && !is_disabled(&window, "Share this window"));
    window.click("Share this window");
    let with = ShareWith { camera: true, sound: false };
    let start = ShareIntent::Start { source: SourceId("w1".into()), with };
    assert_eq!(window.asked(), [Intent::Share(start), Intent::Share(ShareIntent::Choose(false))]);
    assert!(!window.shows("Share a screen or a window"));
}

#[test]
fn what_goes_along_is_chosen_in_the_dialog() {
    let mut window = open_dialog(choosing(both()), LARGE);
    window.click(SCREEN);
    window.click("Keep my camera in a corner");
    window.click("Sound of this computer");
    window.click("Share this screen");
    let with = ShareWith { camera: false, sound: true };
    let start = ShareIntent::Start { source: SourceId("s1".into()), with };
    assert_eq!(window.asked()[0], Intent::Share(start));
    let without = ShareChoices { has_sound: false, ..both() };
    let window = open_dialog(choosing(without), LARGE);
    assert!(!window.shows("Sound of this computer") && window.shows("Keep my camera"));
}

#[test]
fn arrow_keys_choose_and_tab_goes_on_to_what_goes_along() {
    let mut window = open_dialog(choosing(both()), LARGE);
    // The first card has the keyboard, and is not chosen by that.
    assert!(window.harness.get_by_role_and_label(Role::RadioButton, SCREEN).is_focused());
    assert!(!is_chosen(&window, SCREEN));
    window.press(Modifiers::NONE, Key::ArrowRight);
    assert!(is_chosen(&window, NOTES));
    assert!(window.harness.get_by_role_and_label(Role::RadioButton, NOTES).is_focused());
    window.press(Modifiers::NONE, Key::ArrowRight);
    assert!(is_chosen(&window, NOTES), "it is the last one");
    window.press(Modifiers::NONE, Key::ArrowLeft);
    assert!(is_chosen(&window, SCREEN));
    for next in ["Keep my camera in a corner", "Sound of this computer", "Cancel"] {
        window.press(Modifiers::NONE, Key::Tab);
        assert!(window.harness.get_by_label(next).is_focused(), "{next}");
    }
    assert_eq!(window.asked(), []);
}

#[test]
fn what_is_gone_is_chosen_no_longer() {
    let mut window = open_dialog(choosing(both()), LARGE);
    window.click(NOTES);
    window.set(choosing(choices(vec![screen()])));
    assert!(share_is_disabled(&window));
    window.set(choosing(both()));
    assert!(!is_chosen(&window, NOTES));
}

#[test]
fn a_press_in_the_first_moment_after_the_dialog_came_does_nothing() {
    let notes = Shared { with: ShareWith::default(), ..shared(notes()) };
    let snapshot = Snapshot { sharing: Sharing::On(notes), ..choosing(both()) };
    let mut window = open(snapshot, LARGE);
    // As if all of it were done in no time.
    let now = window.harness.ctx.input(|input| input.time);
    window.harness.input_mut().time = Some(now);
    window.more("Share something else");
    window.settle();
    window.click("Share this window");
    window.harness.input_mut().time = Some(now + 0.35);
    window.click("Share this window");
    assert!(window.shows("Share a screen or a window"), "it is still there");
    window.harness.input_mut().time = Some(now + 0.45);
    window.click("Share this window");
    assert!(!window.shows("Share a screen or a window"));
}

#[test]
fn on_a_desktop_that_asks_itself_there_is_one_card_that_says_so() {
    let portal = source("portal", SourceKind::Portal, "");
    let mut window = open_dialog(choosing(choices(vec![portal])), LARGE);
    window.click("Screen or window. Your desktop asks which one.");
    let all = window.harness.query_all_by_role_and_label(Role::Button, "Share");
    all.last().expect("the dialog's").click();
    window.settle();
    let start =
        ShareIntent::Start { source: SourceId("portal".into()), with: ShareWith::default() };
    assert_eq!(window.asked()[0], Intent::Share(start));
}

#[test]
fn the_dialog_says_what_it_waits_for_and_why_there_is_nothing() {
    let looking = ShareChoices { looked: false, sources: Arc::default(), ..both() };
    let mut window = open_dialog(choosing(looking), LARGE);
    window.settle();
    assert!(window.shows("Looking for screens and windows…"));
    window.set(choosing(choices(Vec::new())));
    assert!(window.shows("There is no screen and no window that can be shared."));
    let problem = Some(said("The display does not answer."));
    window.set(choosing(ShareChoices { problem, ..choices(Vec::new()) }));
    assert!(window.shows("The display does not answer."));
    assert!(share_is_disabled(&window));
}

#[test]
fn while_something_is_shared_the_window_says_so_and_stops_it_in_three_ways() {
    for (source, words) in [
        (screen(), "bob sees your screen “DP-1”"),
        (source("s", SourceKind::Screen, ""), "bob sees your screen"),
        (notes(), "bob sees your window “notes.rs”"),
        (source("w", SourceKind::Window, ""), "bob sees your window"),
        (source("p", SourceKind::Portal, ""), "bob sees what you chose"),
    ] {
        for size in [LARGE, vec2(480.0, 360.0)] {
            let mut window = open(sharing(Sharing::On(shared(source.clone()))), size);
            assert!(window.shows(words), "{words}");
            let stop = [Intent::Share(ShareIntent::Stop)];
            window.click("Stop sharing");
            assert_eq!(window.asked(), stop);
            window.click("Share");
            assert_eq!(window.asked(), stop);
            window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
            assert_eq!(window.asked(), stop);
        }
    }
}

/// Whether the last pass paints a frame round the window.
fn has_frame(window: &Window) -> bool {
    let whole = window.harness.ctx.content_rect();
    let is_frame = |shape: &Shape| {
        matches!(shape, Shape::Rect(RectShape { rect, stroke, .. })
            if *rect == whole && stroke.width > 2.0)
    };
    window.harness.output().shapes.iter().any(|shape| is_frame(&shape.shape))
}

#[test]
fn a_frame_is_round_the_window_for_as_long_as_something_is_shared() {
    let mut window = open(same_call(), LARGE);
    assert!(!has_frame(&window));
    window.set(sharing(Sharing::On(shared(screen()))));
    window.harness.run_steps(24);
    assert!(has_frame(&window), "the controls fade, this does not");
    assert!(window.texts().iter().any(|text| text.contains("bob sees your screen")));
    window.click("Text");
    assert!(has_frame(&window));
    window.click("Close text");
    window.press(Modifiers::COMMAND, Key::Comma);
    assert!(has_frame(&window), "also over the settings");
    window.press(Modifiers::NONE, Key::Escape);
    window.press(Modifiers::COMMAND, Key::M);
    assert!(has_frame(&window), "also the mini window");
    assert!(window.shows("bob sees your screen “DP-1”"));
    window.asked();
    window.click("Share");
    assert_eq!(window.asked(), [Intent::Share(ShareIntent::Stop)]);
    window.set(sharing(Sharing::Off));
    assert!(!has_frame(&window));
}

#[test]
fn before_the_first_picture_it_is_said_that_nothing_is_shared_yet() {
    let waiting = |source| Shared { live: false, ..shared(source) };
    let window = open(sharing(Sharing::On(waiting(screen()))), LARGE);
    assert!(window.shows("Nothing is shared yet…"));
    let portal = source("p", SourceKind::Portal, "");
    let window = open(sharing(Sharing::On(waiting(portal))), LARGE);
    assert!(window.shows("Choose in the dialog of your desktop"));
}

#[test]
fn a_window_that_is_minimised_and_every_end_is_said_in_words() {
    let hidden = Shared { hidden: true, ..shared(notes()) };
    let window = open(sharing(Sharing::On(hidden)), LARGE);
    assert!(window.shows("Your window can’t be seen now: bob sees how it was last"));
    for (why, words) in [
        (EndReason::WindowClosed, "The window was closed and is shared no longer."),
        (EndReason::ScreenGone, "The screen was unplugged and is shared no longer."),
        (EndReason::NotAllowed, "Your desktop did not allow it, or nothing was chosen"),
        (EndReason::StoppedByDesktop, "Your desktop has stopped the sharing."),
        (EndReason::Failed("The display is gone.".into()), "Nothing is shared any longer: The"),
    ] {
        for size in [LARGE, vec2(480.0, 360.0)] {
            let ended = Sharing::Ended { source: notes(), why: why.clone() };
            let mut window = open(sharing(ended), size);
            let line = window.harness.query_all_by_label_contains(words).next().expect(words);
            assert_eq!(line.accesskit_node().live(), Live::Assertive);
            window.click("Dismiss");
            assert_eq!(window.asked(), [Intent::Share(ShareIntent::Dismiss)]);
            window.press(Modifiers::COMMAND, Key::M);
            assert!(window.shows(words), "also in the mini window");
        }
    }
}

#[test]
fn what_is_shared_can_be_changed_while_it_is() {
    let snapshot = Snapshot { sharing: Sharing::On(shared(screen())), ..choosing(both()) };
    let mut window = open(snapshot, LARGE);
    let opens = [Intent::Share(ShareIntent::Choose(true))];
    window.more("Share something else");
    assert_eq!(window.asked(), opens);
    window.settle();
    assert!(is_chosen(&window, SCREEN));
    window.click("Keep my camera in a corner");
    window.click("Share this screen");
    let with = ShareWith { camera: false, sound: false };
    assert_eq!(window.asked()[0], Intent::Share(ShareIntent::Change(with)));
    window.more("Share something else");
    assert_eq!(window.asked(), opens);
    window.settle();
    window.click(NOTES);
    window.click("Share this window");
    let with = ShareWith::default();
    let start = ShareIntent::Start { source: SourceId("w1".into()), with };
    assert_eq!(window.asked()[0], Intent::Share(start));
}

#[test]
fn one_sees_what_the_other_sees_as_they_see_it_and_can_fold_it() {
    let mut window = open(sharing(Sharing::On(shared(screen()))), LARGE);
    window.self_video.put(picture());
    window.settle();
    let preview = "What bob sees";
    let place = |window: &Window| {
        let image = window.harness.query_by_role_and_label(Role::Image, preview);
        image.map(|node| node.rect())
    };
    assert!(place(&window).is_some());
    assert!(!window.shows("mirrored"));
    window.harness.get_by_role_and_label(Role::Button, preview).click();
    window.settle();
    assert_eq!(place(&window), None);
    window.harness.get_by_role_and_label(Role::Button, preview).click();
    window.settle();
    assert!(place(&window).is_some());
    window.set(sharing(Sharing::Off));
    assert!(!window.shows(preview));
    assert!(window.shows("Your picture, mirrored"));
}

#[test]
fn what_is_said_of_sharing_lies_over_no_control_in_any_size() {
    for size in [vec2(480.0, 360.0), vec2(640.0, 480.0), vec2(760.0, 480.0), LARGE] {
        let long = source("w", SourceKind::Window, &"a very long title ".repeat(12));
        let mut all = vec![Sharing::On(shared(screen())), Sharing::On(shared(long))];
        all.push(Sharing::Ended { source: notes(), why: EndReason::NotAllowed });
        for sharing in all {
            let mut window = open(self::sharing(sharing.clone()), size);
            window.remote_video.put(picture());
            window.settle();
            let act = if matches!(sharing, Sharing::On(_)) { "Stop sharing" } else { "Dismiss" };
            let place = window.harness.get_by_label(act).rect();
            assert!(Rect::from_min_size(Default::default(), size).contains_rect(place), "{size}");
            for other in ["Mini window", "Full screen", "Mute", "Close call"] {
                let there = window.harness.get_by_label(other).rect();
                assert!(!place.intersects(there), "{act} {place} over {other} {there} in {size}");
            }
        }
    }
}

/// A telephone, held upright.
const UPRIGHT: Vec2 = vec2(360.0, 640.0);

#[test]
fn where_the_bar_has_no_room_for_the_devices_they_are_behind_more() {
    let mut window = open(same_call(), UPRIGHT);
    let all = Rect::from_min_size(Default::default(), UPRIGHT);
    for button in ["Mute", "Camera", "Share", "Text", "More", "Close call"] {
        assert!(all.contains_rect(window.harness.get_by_label(button).rect()), "{button}");
    }
    assert!(!window.shows("Devices"));
    window.more("Devices");
    assert!(window.harness.query_by_role_and_label(Role::ComboBox, "Camera").is_some());
    let mut window = open(same_call(), LARGE);
    window.click("More");
    let items = window.harness.query_all_by_role(Role::MenuItem);
    let labels: Vec<String> = items.filter_map(|item| item.accesskit_node().label()).collect();
    assert!(!labels.iter().any(|label| label == "Devices" || label == "Share something else"));
}

#[test]
fn one_shares_in_a_window_as_narrow_as_a_telephone() {
    let mut window = open_dialog(choosing(both()), UPRIGHT);
    window.click(NOTES);
    let share = window.harness.get_by_label("Share this window").rect();
    assert!(Rect::from_min_size(Default::default(), UPRIGHT).contains_rect(share), "{share}");
    window.click("Share this window");
    assert!(matches!(window.asked()[0], Intent::Share(ShareIntent::Start { .. })));
    window.set(sharing(Sharing::On(shared(notes()))));
    window.click("Stop sharing");
    assert_eq!(window.asked().last(), Some(&Intent::Share(ShareIntent::Stop)));
}

#[test]
fn what_goes_along_lies_over_no_button_in_any_language() {
    for language in Language::ALL {
        speak_on_this_thread(Some(language));
        for size in [LARGE, vec2(900.0, 700.0)] {
            let mut window = open(choosing(both()), size);
            window.press(Modifiers::COMMAND | Modifiers::SHIFT, Key::S);
            window.click(NOTES);
            let buttons = ["cancel", "share-this-window"].map(|id| {
                let label = Phrase::new(id, Vec::new()).text();
                window.harness.get_by_role_and_label(Role::Button, &label).rect()
            });
            let switches = window.harness.query_all_by_role(Role::Switch).map(|node| node.rect());
            // What is scrolled is cut where it is out of view.
            let beside = |rect: &Rect| rect.y_range().intersects(buttons[0].y_range());
            let switches = switches.filter(beside).filter(|rect| rect.left() < size.x / 2.0);
            let all: Vec<Rect> = switches.chain(buttons).collect();
            for (n, one) in all.iter().enumerate() {
                let apart = all[n + 1..].iter().all(|other| !one.intersects(*other));
                let inside = Rect::from_min_size(Default::default(), size).contains_rect(*one);
                assert!(apart && inside, "{language:?} {size} {all:?}");
            }
        }
    }
    speak_on_this_thread(None);
}
