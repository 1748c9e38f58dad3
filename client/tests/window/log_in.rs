//! Logging in.

use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use visavis_client::session::snapshot::{Intent, LoginPhase, Snapshot};

use eframe::egui::accesskit::Role;
use eframe::egui::vec2;
use egui_kittest::kittest::NodeT;
use visavis_client::config::{SETTINGS_FILE, Settings};
use visavis_client::invitation::Invitation;
use visavis_client::phrase;
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, logged_in, said};

#[test]
fn typing_name_and_server_and_pressing_log_in_logs_in() {
    let mut window = Window::open(Snapshot::default());
    window.type_into("Username", " alice ");
    window.click("By address");
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
    assert!(window.shows("Usernames can't contain spaces."), "while it is typed");
    window.click("Log in");
    assert!(window.shows("Usernames can't contain spaces."));
    assert_eq!(window.asked(), []);
    window.type_into("Username", "Ada.Lovelace");
    assert!(!window.shows("Usernames can't") && window.shows("Others see you as “ada.lovelace”."));
}

#[test]
fn an_empty_server_says_what_to_do() {
    let mut window = Window::open(Snapshot::default());
    window.type_into("Username", "alice");
    window.click("By address");
    window.click("Log in");
    assert!(window.shows("Enter the server's address, such as calls.example.org."));
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

fn value(window: &Window, field: &str) -> String {
    let field = window.harness.get_by_role_and_label(Role::TextInput, field);
    field.accesskit_node().value().unwrap_or_default()
}

fn has_keyboard(window: &Window, field: &str) -> bool {
    window.harness.get_by_role_and_label(Role::TextInput, field).is_focused()
}

#[test]
fn the_scheme_is_hidden_and_whether_the_connection_is_encrypted_is_said_and_chosen() {
    let mut window = Window::open(Snapshot {
        server: "wss://calls.example".to_owned(),
        username: "ada".to_owned(),
        ..Snapshot::default()
    });
    assert_eq!(value(&window, "Server"), "calls.example");
    assert!(window.shows("Encrypted: nobody on the way"));
    window.click("Encrypted connection");
    assert!(window.shows("Not encrypted: on the way to the server others can see"));
    window.click("Log in");
    window.type_into("Server", "wss://other.example");
    assert!(window.shows("Encrypted: nobody on the way"));
    window.click("Log in");
    assert_eq!(value(&window, "Server"), "other.example");
    let log_in =
        |server: &str| Intent::LogIn { server: server.to_owned(), username: "ada".to_owned() };
    assert_eq!(window.asked(), [log_in("ws://calls.example"), log_in("wss://other.example")]);
}

#[test]
fn servers_of_the_last_log_ins_are_chosen_and_forgotten() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join(SETTINGS_FILE);
    let recent = ["wss://calls.example", "10.0.0.7:9000"].map(str::to_owned).to_vec();
    let settings = Settings { recent_servers: recent, ..Settings::default() };
    let options =
        WindowOptions { settings, settings_path: Some(path.clone()), ..WindowOptions::default() };
    let remembered = Snapshot { username: "ada".to_owned(), ..Snapshot::default() };
    let mut window = Window::open_with(remembered, vec2(1040.0, 680.0), options);
    window.click("By address");
    window.click("10.0.0.7:9000, not encrypted");
    window.click("Log in");
    window.click("calls.example, encrypted");
    window.click("Log in");
    let log_in =
        |server: &str| Intent::LogIn { server: server.to_owned(), username: "ada".to_owned() };
    assert_eq!(window.asked(), [log_in("10.0.0.7:9000"), log_in("wss://calls.example")]);
    window.click("Forget 10.0.0.7:9000");
    assert!(!window.shows("10.0.0.7:9000, not encrypted"));
    drop(window);
    let kept = Settings::load(&path).expect("settings");
    assert_eq!(kept.recent_servers, ["wss://calls.example"]);
}

#[test]
fn a_pasted_invitation_logs_in_at_its_server_and_then_proposes_whom_to_call() {
    let link = "visavis://calls.example:9090/bob?tls=off";
    let remembered = Snapshot { username: "alice".to_owned(), ..Snapshot::default() };
    let mut window = Window::open(remembered);
    window.click("By address");
    window.type_into("Server", link);
    assert!(window.shows("You are invited to call bob at calls.example."));
    assert_eq!(window.asked(), [], "it is shown before anything connects");
    window.click("Log in");
    assert!(matches!(&window.asked()[..], [Intent::LogIn { server: at, .. }]
            if Invitation::parse(link).expect("an invitation").is_at(at)));
    window.set(logged_in());
    assert_eq!(value(&window, "Username to call"), "bob");
    assert_eq!(window.asked(), []);
}

#[test]
fn an_invitation_to_a_server_alone_fills_in_the_server() {
    let mut window = Window::open(Snapshot { username: "alice".to_owned(), ..Snapshot::default() });
    window.click("By address");
    window.type_into("Server", "visavis://192.168.1.20:9091?tls=off");
    assert!(window.shows("You are invited to the server 192.168.1.20:9091."));
    assert_eq!(value(&window, "Server"), "192.168.1.20:9091");
    window.click("Log in");
    let (server, username) = ("ws://192.168.1.20:9091".to_owned(), "alice".to_owned());
    assert_eq!(window.asked(), [Intent::LogIn { server, username }]);
}

#[test]
fn an_invitation_that_is_typed_letter_by_letter_is_shown_before_it_is_used() {
    let mut window = Window::open(Snapshot { username: "alice".to_owned(), ..Snapshot::default() });
    window.click("By address");
    window.harness.get_by_role_and_label(Role::TextInput, "Server").focus();
    window.settle();
    for letter in "visavis://h/bob".chars() {
        let field = window.harness.get_by_role_and_label(Role::TextInput, "Server");
        field.type_text(&letter.to_string());
        window.settle();
    }
    assert_eq!(value(&window, "Server"), "visavis://h/bob", "nothing is made of half a link");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.shows("You are invited to call bob at h."));
    assert_eq!(window.asked(), []);
}

#[test]
fn a_link_with_anything_unexpected_in_it_opens_nothing_and_says_what_is_wrong() {
    for (link, words) in [
        ("visavis:bob", "That is no invitation."),
        ("visavis://", "That invitation names no server."),
        ("visavis://h/a b", "That invitation leads to a name that nobody can have."),
        ("visavis://h/bob/carol", "That invitation goes on after the name."),
        ("visavis://h/%", "That invitation was damaged on its way."),
        ("visavis://h/bob?call=now", "That invitation says more than this version"),
    ] {
        let snapshot = Snapshot { username: "alice".to_owned(), ..Snapshot::default() };
        let mut window = Window::open(snapshot);
        window.click("By address");
        window.type_into("Server", link);
        assert!(window.shows(words), "{link}");
        window.click("Log in");
        assert!(window.shows(words), "{link}");
        assert_eq!(window.asked(), [], "{link}");
        window.type_into("Server", "calls.example");
        assert!(!window.shows(words), "{link}");
    }
}

#[test]
fn a_failed_log_in_brings_the_keyboard_to_the_field_that_mends_it() {
    let failed = |words| Snapshot {
        login: LoginPhase::Failed(words),
        server: "calls.example".to_owned(),
        username: "alice".to_owned(),
        ..Snapshot::default()
    };
    let busy = Snapshot { login: LoginPhase::LoggingIn, ..failed(said("x")) };
    let mut window = Window::open(failed(phrase!("server-not-running", server = "calls.example")));
    assert!(has_keyboard(&window, "Server"));
    window.set(busy.clone());
    window.set(failed(phrase!("log-in-taken", name = "alice")));
    assert!(has_keyboard(&window, "Username"));
    assert!(window.shows("Somebody is already logged in as alice."));
    window.type_into("Username", "alice2");
    assert!(!window.shows("Somebody is already logged in as alice."), "it is another name now");
    window.set(busy);
    window.set(failed(phrase!("server-no-answer", server = "calls.example")));
    assert!(has_keyboard(&window, "Server"));
    window.press(Modifiers::COMMAND, Key::A);
    window.press(Modifiers::NONE, Key::Backspace);
    window.click("Log in");
    assert!(window.shows("Enter the server's address"));
    assert!(has_keyboard(&window, "Server"), "what is missing is typed there");
}
