//! What holds for everybody who sees no picture or has no mouse, on every screen that there is:
//! names and roles, the order of the keyboard, what is scrolled into view, what is said when it
//! changes.

use std::collections::BTreeMap;

use eframe::egui::accesskit::{Action, Live, NodeId, Role};
use eframe::egui::{Key, Modifiers, Rect, Vec2, ViewportEvent, ViewportId, accessibility, vec2};
use egui_kittest::kittest::{AccessKitNode, NodeT, Queryable};
use visavis_client::gallery::{self, Moment, SCREENS};
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, in_call, logged_in};

const LARGE: Vec2 = vec2(1040.0, 680.0);
const SMALL: Vec2 = vec2(480.0, 360.0);

/// Opens a screen of the gallery.
fn open(screen: &str, size: Vec2) -> Window {
    let snapshot = gallery::snapshot(screen, Moment::now());
    let mut window = Window::open_with(snapshot, size, WindowOptions::default());
    for label in gallery::presses(screen) {
        // By AccessKit: some have to be scrolled to.
        window.harness.get_by_label(&label).click_accesskit();
        window.settle();
    }
    window.settle();
    window
}

fn named(node: &AccessKitNode<'_>) -> String {
    let name = node.label().or_else(|| node.value()).unwrap_or_default();
    name.trim().to_owned()
}

/// What can be pressed or have the keyboard.
fn acts(node: &AccessKitNode<'_>) -> bool {
    let data = node.data();
    data.supports_action(Action::Focus) || data.supports_action(Action::Click)
}

#[test]
fn everything_that_acts_has_a_name_and_a_role_on_every_screen() {
    let mut wrong = Vec::new();
    for screen in SCREENS {
        for size in [LARGE, SMALL] {
            let window = open(screen, size);
            let mut count = 0;
            for node in window.harness.root().children_recursive() {
                let node = node.accesskit_node();
                // egui's own, which nobody needs who goes by keys.
                if !acts(&node) || node.role() == Role::ScrollBar {
                    continue;
                }
                // Text that can be selected by the mouse.
                if node.role() == Role::Label && !node.data().supports_action(Action::Focus) {
                    continue;
                }
                count += 1;
                let known = accessibility::is_input(node.role())
                    || matches!(node.role(), Role::ListItem | Role::Image | Role::ComboBox);
                if !known || named(&node).is_empty() {
                    let (role, bounds) = (node.role(), node.raw_bounds());
                    wrong.push(format!("{screen}: {role:?} {:?} at {bounds:?}", named(&node)));
                }
                if node.role() == Role::ComboBox && node.value().is_none_or(|v| v.is_empty()) {
                    wrong.push(format!("{screen}: {:?} does not tell its value", named(&node)));
                }
            }
            assert!(count > 0, "{screen} can be used");
            wrong.extend(window.harness.unnamed_widgets());
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rows_of_people_are_items_of_lists() {
    for screen in ["people", "contacts", "calls"] {
        let window = open(screen, LARGE);
        let mut rows = 0;
        for node in window.harness.root().children_recursive() {
            let node = node.accesskit_node();
            if node.role() != Role::ListItem {
                continue;
            }
            rows += 1;
            let mut above = std::iter::successors(node.parent(), AccessKitNode::parent);
            let list = above.any(|node| node.role() == Role::List);
            assert!(list, "{screen}: {:?} is in no list", named(&node));
        }
        assert!(rows > 2, "{screen} has {rows} rows");
    }
}

/// What has the keyboard: its id, its name, and where it is.
fn focused(window: &Window) -> Option<(NodeId, String, Rect)> {
    let mut all = window.harness.root().children_recursive();
    let node = all.find(|node| node.is_focused() && acts(&node.accesskit_node()))?;
    let rect = node.rect();
    let node = node.accesskit_node();
    Some((node.data_id(), named(&node), rect))
}

/// A node's id in the tree.
trait DataId {
    fn data_id(&self) -> NodeId;
}

impl DataId for AccessKitNode<'_> {
    fn data_id(&self) -> NodeId {
        self.locate().0
    }
}

/// Goes from one to the next until it begins again; what the keyboard was on, in this order.
fn walk(window: &mut Window, modifiers: Modifiers) -> Vec<(NodeId, String, Rect)> {
    let mut walked: Vec<(NodeId, String, Rect)> = Vec::new();
    for _ in 0..120 {
        window.press(modifiers, Key::Tab);
        // What is scrolled comes to rest.
        window.harness.run_steps(4);
        let Some(at) = focused(window) else { continue };
        if walked.iter().any(|(id, ..)| *id == at.0) {
            return walked;
        }
        walked.push(at);
    }
    panic!("Tab never comes round: {:?}", names(&walked));
}

fn names(walked: &[(NodeId, String, Rect)]) -> Vec<&str> {
    walked.iter().map(|(_, name, _)| name.as_str()).collect()
}

#[test]
fn tab_reaches_everything_and_what_it_reaches_is_in_view() {
    for screen in SCREENS {
        for size in [LARGE, SMALL] {
            let mut window = open(screen, size);
            let window_rect = Rect::from_min_size(Default::default(), size).expand(1.0);
            let walked = walk(&mut window, Modifiers::NONE);
            for (_, name, rect) in &walked {
                // What is higher than the window is seen in part.
                let seen = window_rect.contains_rect(*rect)
                    || rect.height() > size.y && window_rect.intersects(*rect);
                assert!(
                    seen,
                    "{screen} in {size:?}: {name:?} has the keyboard out of view: {rect:?}"
                );
            }
            let dialogs = [
                ("help", "Done", "Log out"),
                ("server-here", "Stop the server", "Log out"),
                ("key-changed", "Do not call", "Search"),
                ("key-missing", "Do not call", "Search"),
                ("call-share", "Cancel", "Mute"),
                ("call-share-portal", "Cancel", "Mute"),
                ("call-share-none", "Cancel", "Mute"),
                ("code", "They are the same", "Mute"),
                ("code-verified", "Show today’s code", "Mute"),
                ("code-unverified", "Done", "Mute"),
                ("codes-differ", "Compare again", "Mute"),
            ];
            if let Some((_, in_it, under_it)) = dialogs.iter().find(|(name, ..)| name == screen) {
                let inside = names(&walked).contains(in_it) && !names(&walked).contains(under_it);
                assert!(inside, "{screen}: a dialog keeps the keyboard: {:?}", names(&walked));
                continue;
            }
            let mut missed = BTreeMap::new();
            for node in window.harness.root().children_recursive() {
                let node = node.accesskit_node();
                // A list is one stop: arrow keys lead from row to row.
                let reached = walked.iter().any(|(id, ..)| *id == node.data_id())
                    || node.role() == Role::ListItem;
                if node.data().supports_action(Action::Focus) && !node.is_disabled() && !reached {
                    missed.insert(named(&node), node.raw_bounds());
                }
            }
            assert!(missed.is_empty(), "{screen} in {size:?}: Tab never reaches {missed:?}");
        }
    }
}

#[test]
fn shift_and_tab_go_the_same_way_back() {
    for screen in ["login", "people", "call", "ringing"] {
        let mut window = open(screen, LARGE);
        let there = walk(&mut window, Modifiers::NONE);
        let mut back = walk(&mut open(screen, LARGE), Modifiers::SHIFT);
        back.reverse();
        // Where it begins depends on what had the keyboard.
        let (there, mut back) = (names(&there), names(&back));
        let at = back.iter().position(|name| *name == there[0]).expect(screen);
        back.rotate_left(at);
        assert_eq!(there, back, "{screen}");
    }
}

#[test]
fn tab_begins_where_one_works_and_follows_the_screen() {
    let begins: [(&str, &[&str]); 3] = [
        ("call", &["Mute", "Camera", "Share", "Text", "Devices", "More", "Close call"]),
        ("ringing", &["Decline", "Accept"]),
        ("calling", &["Cancel"]),
    ];
    for (screen, expected) in begins {
        let walked = walk(&mut open(screen, LARGE), Modifiers::NONE);
        let found: Vec<&str> = names(&walked).into_iter().take(expected.len()).collect();
        let same = found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected));
        assert!(same && found.len() == expected.len(), "{screen}: {:?}", names(&walked));
    }
    let walked = walk(&mut open("people", LARGE), Modifiers::NONE);
    let at = |label: &str| {
        let found = walked.iter().position(|(_, name, _)| name.starts_with(label));
        found.unwrap_or_else(|| panic!("{label} in {:?}", names(&walked)))
    };
    assert_eq!(at("Search"), 0);
    let order = ["Search", "People", "bob", "Settings", "Keyboard shortcuts", "Log out"];
    let places = order.map(at);
    assert!(places.is_sorted(), "{order:?} at {places:?} of {:?}", names(&walked));
}

#[test]
fn a_screen_that_comes_by_itself_has_the_keyboard_on_nothing() {
    let mut window = Window::open(logged_in());
    window.type_into("Username to call", "bob");
    assert!(focused(&window).is_some());
    for screen in ["ringing", "calling", "call", "ended"] {
        window.set(gallery::snapshot(screen, Moment::now()));
        assert_eq!(focused(&window).map(|(_, name, _)| name), None, "{screen}");
    }
}

#[test]
fn a_dialog_takes_the_keyboard_and_gives_it_back() {
    let mut window = Window::open(logged_in());
    window.type_into("Username to call", "bob");
    window.press(Modifiers::NONE, Key::F1);
    window.settle();
    assert_eq!(focused(&window).map(|(_, name, _)| name).as_deref(), Some("Done"));
    window.press(Modifiers::NONE, Key::F1);
    window.settle();
    let back = focused(&window).map(|(_, name, _)| name);
    assert_eq!(back.as_deref(), Some("Username to call"));
    // What opened it by a click has it afterwards.
    window.click("Keyboard shortcuts");
    window.settle();
    window.press(Modifiers::NONE, Key::Escape);
    window.settle();
    let back = focused(&window).map(|(_, name, _)| name);
    assert_eq!(back.as_deref(), Some("Keyboard shortcuts"));
}

#[test]
fn a_list_that_is_closed_by_a_key_gives_the_keyboard_back() {
    let mut window = Window::open(in_call());
    window.click("Devices");
    for end in [Key::Escape, Key::Enter] {
        window.harness.get_by_role_and_label(Role::ComboBox, "Camera").focus();
        window.settle();
        window.press(Modifiers::NONE, Key::Enter);
        window.press(Modifiers::NONE, Key::ArrowDown);
        window.press(Modifiers::NONE, end);
        window.settle();
        assert!(window.harness.query_by_label("Test picture").is_none(), "{end:?}");
        assert_eq!(focused(&window).map(|(_, name, _)| name).as_deref(), Some("Camera"), "{end:?}");
    }
}

#[test]
fn dialogs_say_that_they_are_and_what_they_are_called() {
    let window = open("help", LARGE);
    let dialog = window.harness.get_by_role_and_label(Role::Dialog, "Keyboard shortcuts");
    let dialog = dialog.accesskit_node();
    assert!(dialog.data().is_modal(), "{:?}", dialog.data());
}

#[test]
fn a_question_has_the_keyboard_on_the_answer_that_changes_nothing() {
    for asked_from in [None, Some("Devices")] {
        let mut window = Window::open(in_call());
        if let Some(button) = asked_from {
            window.harness.get_by_label(button).focus();
            window.settle();
        }
        let root = window.harness.input_mut().viewports.entry(ViewportId::ROOT).or_default();
        root.events.push(ViewportEvent::Close);
        window.settle();
        window.settle();
        let question =
            window.harness.get_by_role_and_label(Role::Dialog, "Close the call and quit?");
        assert!(question.accesskit_node().data().is_modal());
        let at = focused(&window).map(|(_, name, _)| name);
        assert_eq!(at.as_deref(), Some("Keep calling"), "{asked_from:?}");
        window.press(Modifiers::NONE, Key::Enter);
        window.settle();
        assert_eq!(focused(&window).map(|(_, name, _)| name).as_deref(), asked_from);
        assert_eq!(window.asked(), []);
    }
}

#[test]
fn what_changes_by_itself_is_said() {
    let said = |screen: &str, words: &str| {
        let window = open(screen, LARGE);
        let all = window.harness.root().children_recursive();
        let live: Vec<(String, Live)> = all
            .map(|node| node.accesskit_node())
            .filter(|node| node.live() != Live::Off)
            .map(|node| (named(&node), node.live()))
            .collect();
        let found = live.iter().find(|(text, _)| text.contains(words));
        found.unwrap_or_else(|| panic!("{words:?} in {live:?}")).1
    };
    assert_eq!(said("ringing", "bob is calling"), Live::Assertive);
    assert_eq!(said("calling", "Calling bob"), Live::Polite);
    assert_eq!(said("calling", "Ringing…"), Live::Polite);
    assert_eq!(said("connecting", "Connecting"), Live::Polite);
    assert_eq!(said("reconnecting", "another way"), Live::Assertive);
    assert_eq!(said("call-off", "Their connection is weak"), Live::Polite);
    assert_eq!(said("notices", "No microphone was found"), Live::Polite);
    assert_eq!(said("failed", "No server is running"), Live::Assertive);
    assert_eq!(said("offline", "server"), Live::Polite);
    assert_eq!(said("talked", "bob ended the call"), Live::Assertive);
}

#[test]
fn what_does_not_fit_into_the_list_of_shortcuts_is_scrolled_by_keys() {
    let mut window = open("help", SMALL);
    let last = "Show this list of shortcuts";
    let place = |window: &Window| {
        let mut found = window.harness.query_all_by_label_contains(last);
        found.next().map(|node| node.rect())
    };
    let before = place(&window).expect("it is in the tree");
    assert!(before.bottom() > 300.0, "it is out of view: {before:?}");
    window.press(Modifiers::NONE, Key::End);
    window.harness.run_steps(8);
    let after = place(&window).expect("it is in the tree");
    assert!(after.bottom() < 300.0, "{after:?}");
}
