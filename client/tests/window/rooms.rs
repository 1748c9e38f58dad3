//! Meeting somebody in a room.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::session::snapshot::{Intent, LoginPhase, RoomMate, RoomPhase, Snapshot};
use visavis_client::ui::WindowOptions;
use visavis_shared::RoomId;

use crate::harness::{Window, logged_in, name, said};

fn blue() -> RoomId {
    RoomId::parse("blue").expect("a room")
}

#[test]
fn a_room_is_joined_by_the_button_and_by_enter() {
    for size in [vec2(480.0, 360.0), vec2(1040.0, 680.0)] {
        let mut window = Window::open_with(logged_in(), size, WindowOptions::default());
        window.type_into("The word you agreed on", " blue ");
        // In a small window it is below the list of people.
        window.harness.get_by_label("Join the room").click_accesskit();
        window.settle();
        assert_eq!(window.asked(), [Intent::JoinRoom(blue())]);
        window.harness.get_by_role_and_label(Role::TextInput, "The word you agreed on").focus();
        window.settle();
        window.press(Modifiers::NONE, Key::Enter);
        assert_eq!(window.asked(), [Intent::JoinRoom(blue())]);
    }
}

#[test]
fn a_room_without_a_name_says_what_to_do() {
    let mut window = Window::open(logged_in());
    window.click("Join the room");
    assert!(window.shows("Enter the word that you agreed on"));
    assert_eq!(window.asked(), []);
    window.type_into("The word you agreed on", "b");
    assert!(!window.shows("Enter the word that you agreed on"));
}

#[test]
fn where_one_is_and_why_one_was_not_let_in_is_shown() {
    let mut window = Window::open(Snapshot { room: RoomPhase::Inside(blue()), ..logged_in() });
    assert!(window.shows("You are in blue. Whoever joins next can call you."));
    let full = "There are two people in blue already: agree on another room.";
    window.set(Snapshot { room: RoomPhase::Refused(said(full)), ..logged_in() });
    assert!(window.shows(full));
}

#[test]
fn who_else_is_in_the_room_is_called_by_a_button_and_by_nothing_else() {
    for came_first in [true, false] {
        let room_mate = Some(RoomMate { username: name("dave"), came_first });
        let meeting = Snapshot { room: RoomPhase::Inside(blue()), room_mate, ..logged_in() };
        let mut window = Window::open(meeting.clone());
        assert!(window.shows("dave is in blue too."));
        assert_eq!(window.asked(), []);
        window.click("Call dave in blue");
        assert_eq!(window.asked(), [Intent::Call { username: "dave".to_owned() }]);
        window.set(Snapshot {
            login: LoginPhase::Reconnecting { username: name("alice") },
            ..meeting
        });
        assert!(window.harness.get_by_label("Call dave in blue").accesskit_node().is_disabled());
    }
}

#[test]
fn no_room_is_joined_while_the_server_is_away() {
    let login = LoginPhase::Reconnecting { username: name("alice") };
    let mut window = Window::open(Snapshot { login, ..logged_in() });
    assert!(window.harness.get_by_label("Join the room").accesskit_node().is_disabled());
    window.type_into("The word you agreed on", "blue");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.asked(), []);
}

#[test]
fn a_room_is_left_and_a_refusal_put_away_and_its_link_is_copied() {
    let inside = Snapshot { room: RoomPhase::Inside(blue()), ..logged_in() };
    let mut window = Window::open(inside);
    window.click("Leave blue");
    assert_eq!(window.asked(), [Intent::LeaveRoom]);
    window.click("Copy a link to blue");
    assert_eq!(window.asked(), []);
    window.set(Snapshot { room: RoomPhase::Refused(said("Full.")), ..logged_in() });
    window.click("Dismiss: Full.");
    assert_eq!(window.asked(), [Intent::LeaveRoom]);
}

#[test]
fn the_keyboard_comes_to_the_word_of_a_room() {
    let mut window = Window::open_with(logged_in(), vec2(1040.0, 680.0), WindowOptions::default());
    window.click("bob, Online");
    window.click("Join a room");
    let field = "The word you agreed on";
    assert!(window.harness.get_by_role_and_label(Role::TextInput, field).is_focused());
}
