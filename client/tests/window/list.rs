//! The list of people by keyboard and by screen reader, also with thousands of contacts.

use std::sync::Arc;

use eframe::egui::accesskit::{Action, Role};
use eframe::egui::{Event, Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::session::snapshot::{CallEnd, Intent, Presence, Snapshot};
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, logged_in};
use crate::people::{call_with, contact, with_contacts};

fn open(snapshot: Snapshot) -> Window {
    Window::open_with(snapshot, vec2(1040.0, 680.0), WindowOptions::default())
}

/// Five thousand contacts, as the session sorts them.
fn thousands() -> Snapshot {
    let contacts =
        (0..5_000).map(|n| contact(&format!("person-{n:04}"), "", Presence::Online)).collect();
    Snapshot { contacts: Arc::new(contacts), ..logged_in() }
}

fn rows(window: &Window) -> usize {
    window.harness.query_all_by_role(Role::ListItem).count()
}

fn focused(window: &Window) -> String {
    let root = window.harness.root();
    let focused = root.children_recursive().find(|node| node.is_focused());
    focused.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

fn focus(window: &mut Window, row: &str) {
    window.harness.get_by_label(row).focus();
    window.settle();
}

#[test]
fn of_thousands_of_contacts_only_those_in_sight_are_laid_out_and_all_are_reached() {
    for size in [vec2(480.0, 360.0), vec2(1040.0, 680.0)] {
        let mut window = Window::open_with(thousands(), size, WindowOptions::default());
        window.type_into("Search", "person");
        window.press(Modifiers::NONE, Key::ArrowDown);
        assert_eq!(focused(&window), "person-0000, Online");
        assert!(rows(&window) < 30, "{} rows", rows(&window));
        window.press(Modifiers::NONE, Key::End);
        assert!(focused(&window).starts_with("carol"), "{}", focused(&window));
        window.press(Modifiers::NONE, Key::ArrowUp);
        window.press(Modifiers::NONE, Key::ArrowUp);
        assert_eq!(focused(&window), "person-4999, Online");
        window.press(Modifiers::NONE, Key::PageUp);
        assert!(*focused(&window) < *"person-4999");
        assert!(rows(&window) < 30, "{} rows", rows(&window));
        window.press(Modifiers::NONE, Key::Home);
        assert_eq!(focused(&window), "person-0000, Online");
    }
}

#[test]
fn enter_opens_a_row_and_with_control_it_calls() {
    let mut window = open(with_contacts());
    focus(&mut window, "Aunt Carol, Online");
    window.press(Modifiers::COMMAND, Key::Enter);
    assert_eq!(window.asked(), [Intent::Call { username: "carol".to_owned() }]);
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(focused(&window), "dave, Offline");
    window.press(Modifiers::COMMAND, Key::Enter);
    assert_eq!(window.asked(), [], "who is offline is not called by accident");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.shows("Calls with dave"));
    assert_eq!(window.asked(), []);
    assert_eq!(focused(&window), "dave, Offline", "the list keeps the keyboard");
}

#[test]
fn letters_that_are_typed_on_a_row_search() {
    let mut window = open(with_contacts());
    focus(&mut window, "Aunt Carol, Online");
    window.harness.event(Event::Text("da".to_owned()));
    window.settle();
    window.harness.event(Event::Text("v".to_owned()));
    window.settle();
    assert_eq!(window.asked().last(), Some(&Intent::SearchPeople("dav".to_owned())));
    assert!(window.shows("dave, Offline") && !window.shows("Aunt Carol, Online"));
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(focused(&window), "dave, Offline");
}

#[test]
fn the_list_is_one_stop_of_the_keyboard() {
    let mut window = open(thousands());
    let mut stops = Vec::new();
    for _ in 0..40 {
        window.press(Modifiers::NONE, Key::Tab);
        stops.push(focused(&window));
    }
    let rows = stops.iter().filter(|stop| stop.ends_with(", Online")).count();
    let distinct: std::collections::BTreeSet<_> =
        stops.iter().filter(|stop| stop.ends_with(", Online")).collect();
    assert!(rows >= 1 && distinct.len() == 1, "{stops:?}");
}

#[test]
fn in_a_narrow_window_the_keyboard_goes_to_the_way_back_and_comes_back_to_the_row() {
    let size = vec2(480.0, 900.0);
    let mut window = Window::open_with(with_contacts(), size, WindowOptions::default());
    focus(&mut window, "dave, Offline");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(focused(&window), "Back");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(focused(&window), "dave, Offline");
}

#[test]
fn a_screen_reader_finds_a_list_with_numbered_rows_and_can_go_to_any_of_them() {
    let mut window = open(with_contacts());
    let list = window.harness.get_by_role_and_label(Role::List, "People");
    // Two contacts, bob, and whoever is blocked.
    assert_eq!(list.accesskit_node().size_of_set(), Some(4));
    let dave = window.harness.get_by_label("dave, Offline");
    assert_eq!(dave.accesskit_node().position_in_set(), Some(1));
    let (id, tree) = dave.accesskit_node().locate();
    let request = eframe::egui::accesskit::ActionRequest {
        action: Action::Focus,
        target_node: id,
        target_tree: tree,
        data: None,
    };
    window.harness.event(Event::AccessKitActionRequest(request));
    window.settle();
    assert_eq!(focused(&window), "dave, Offline");
    window.click("Calls, 1 missed");
    assert!(window.harness.query_by_role_and_label(Role::List, "Calls").is_some());
}

#[test]
fn names_that_are_wide_or_run_from_right_to_left_stay_in_their_rows() {
    let wide = "界".repeat(32);
    let people = [wide.as_str(), "مريم", "שלום", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"];
    for size in [vec2(480.0, 680.0), vec2(1040.0, 680.0)] {
        let contacts = ["a", "b", "c", "d"].into_iter().zip(people);
        let contacts = contacts.map(|(username, shown)| contact(username, shown, Presence::Online));
        let snapshot = Snapshot {
            contacts: Arc::new(contacts.collect()),
            recent_calls: Arc::new(
                people.map(|with| call_with(with, CallEnd::NoAnswer, None)).to_vec(),
            ),
            ..logged_in()
        };
        let mut window = Window::open_with(snapshot, size, WindowOptions::default());
        for tab in ["People", "Calls"] {
            let tab = window.harness.get_by_role_and_label(Role::Tab, tab);
            tab.click();
            window.settle();
            for row in window.harness.query_all_by_role(Role::ListItem) {
                let rect = row.rect();
                assert!(rect.left() >= 0.0 && rect.right() <= size.x, "{rect:?}");
                assert!((rect.height() - 52.0).abs() < 0.5, "{rect:?}");
            }
        }
    }
}
