//! Logging in.

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use visavis_client::session::snapshot::{Intent, LoginPhase, Snapshot};

use crate::harness::{Window, said};

#[test]
fn typing_name_and_server_and_pressing_log_in_logs_in() {
    let mut window = Window::open(Snapshot::default());
    window.type_into("Username", " alice ");
    window.type_into("Server", "ws://calls.example:9090");
    window.click("Log in");
    let expected = Intent::LogIn {
        server: "ws://calls.example:9090".to_owned(),
        username: "alice".to_owned(),
    };
    assert_eq!(window.asked(), [expected]);
}

#[test]
fn what_is_remembered_is_filled_in_and_enter_is_enough() {
    let remembered = Snapshot {
        server: "calls.example".to_owned(),
        username: "ada".to_owned(),
        ..Snapshot::default()
    };
    let mut window = Window::open(remembered);
    window.press(Modifiers::NONE, Key::Enter);
    let expected = Intent::LogIn { server: "calls.example".to_owned(), username: "ada".to_owned() };
    assert_eq!(window.asked(), [expected]);
}

#[test]
fn an_empty_name_says_what_to_do_and_asks_nothing_of_the_session() {
    let mut window =
        Window::open(Snapshot { server: "calls.example".to_owned(), ..Snapshot::default() });
    window.click("Log in");
    assert!(window.shows("Enter a username. Others call you by it."));
    assert_eq!(window.asked(), []);
    window.type_into("Username", "a");
    assert!(!window.shows("Enter a username. Others call you by it."));
}

#[test]
fn what_can_be_no_name_says_why_and_asks_nothing_of_the_session() {
    let mut window =
        Window::open(Snapshot { server: "calls.example".to_owned(), ..Snapshot::default() });
    window.type_into("Username", "ada lovelace");
    window.click("Log in");
    assert!(window.shows("Usernames can't contain spaces."));
    assert_eq!(window.asked(), []);
}

#[test]
fn an_empty_server_says_what_to_do() {
    let mut window = Window::open(Snapshot::default());
    window.type_into("Username", "alice");
    window.click("Log in");
    assert!(window.shows("Enter the server's address, such as ws://127.0.0.1:9090."));
    assert_eq!(window.asked(), []);
}

#[test]
fn a_refused_login_shows_what_the_session_says_and_can_be_tried_again() {
    let taken = "Somebody is logged in as alice. Choose another name.";
    let mut window = Window::open(Snapshot {
        login: LoginPhase::Failed(said(taken)),
        server: "calls.example".to_owned(),
        username: "alice".to_owned(),
        ..Snapshot::default()
    });
    assert!(window.shows(taken));
    window.type_into("Username", "alice2");
    window.click("Log in");
    assert!(
        matches!(&window.asked()[..], [Intent::LogIn { username, .. }] if username == "alice2")
    );
}

#[test]
fn a_login_under_way_can_be_cancelled_and_not_sent_twice() {
    let mut window = Window::open(Snapshot { login: LoginPhase::LoggingIn, ..Snapshot::default() });
    assert!(window.harness.query_by_label("Log in").is_none());
    window.click("Cancel");
    assert_eq!(window.asked(), [Intent::LogOut]);
}
