//! What is asked of the window from outside: it comes to the front, closes, and proposes what an
//! invitation is to; nobody is called by it.

use eframe::egui::accesskit::Role;
use eframe::egui::{ViewportCommand, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::desktop::{WindowLink, WindowRequest};
use visavis_client::invitation::{Invitation, InvitationError};
use visavis_client::phrase;
use visavis_client::session::snapshot::{Intent, LoginPhase, Snapshot};
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, call_bob, logged_in};

const HERE: &str = "visavis://calls.example/bob?tls=off";

fn open(snapshot: Snapshot) -> (Window, WindowLink) {
    let desktop = WindowLink::default();
    let options = WindowOptions { desktop: desktop.clone(), ..WindowOptions::default() };
    (Window::open_with(snapshot, vec2(800.0, 600.0), options), desktop)
}

fn open_invitation(window: &mut Window, desktop: &WindowLink, link: &str) {
    desktop.ask(WindowRequest::Open(Invitation::parse(link).expect("an invitation")));
    window.settle();
}

fn stands_in(window: &Window, field: &str) -> Option<String> {
    window.harness.get_by_role_and_label(Role::TextInput, field).accesskit_node().value()
}

fn remembered(login: LoginPhase) -> Snapshot {
    Snapshot { login, ..logged_in() }
}

#[test]
fn an_invitation_is_proposed_and_the_person_calls_or_joins() {
    let (mut window, desktop) = open(logged_in());
    open_invitation(&mut window, &desktop, HERE);
    assert_eq!(stands_in(&window, "Username to call").as_deref(), Some("bob"));
    open_invitation(&mut window, &desktop, "visavis://calls.example/room/tea?tls=off");
    assert_eq!(stands_in(&window, "The word you agreed on").as_deref(), Some("tea"));
    assert_eq!(window.asked(), []);
    window.click("Call");
    assert_eq!(window.asked(), [call_bob()]);
}

#[test]
fn it_is_shown_before_anything_connects_also_at_the_server_that_was_used_last() {
    let (mut window, desktop) = open(remembered(LoginPhase::LoggedOut));
    open_invitation(&mut window, &desktop, HERE);
    assert!(window.shows("You are invited to call bob at calls.example."));
    assert_eq!(window.asked(), []);
    window.click("Log in");
    let (server, username) = ("ws://calls.example".to_owned(), "alice".to_owned());
    assert_eq!(window.asked(), [Intent::LogIn { server, username }]);
    window.set(remembered(LoginPhase::LoggingIn));
    window.set(remembered(LoginPhase::Failed(phrase!("own-name"))));
    window.set(remembered(LoginPhase::LoggedOut));
    assert_eq!(window.asked(), []);
    window.set(logged_in());
    assert_eq!(stands_in(&window, "Username to call").as_deref(), Some("bob"));
    assert_eq!(window.asked(), []);
}

#[test]
fn at_another_server_the_person_logs_in_by_themselves() {
    let (mut window, desktop) = open(remembered(LoginPhase::LoggedOut));
    open_invitation(&mut window, &desktop, "visavis://other.example/bob");
    assert_eq!(stands_in(&window, "Server").as_deref(), Some("other.example"));
    assert_eq!(window.asked(), []);
    let (mut window, desktop) = open(logged_in());
    open_invitation(&mut window, &desktop, "visavis://other.example/bob");
    assert!(window.shows("This invitation is for another server"));
    assert_eq!(window.asked(), []);
}

#[test]
fn a_link_that_leads_nowhere_opens_nothing_and_says_why() {
    for login in [LoginPhase::LoggedOut, logged_in().login] {
        let (mut window, desktop) = open(remembered(login));
        desktop.ask(WindowRequest::Refuse(InvitationError::Name));
        window.settle();
        assert!(window.shows("That invitation leads to a name that nobody can have."));
        assert_eq!(window.asked(), []);
    }
}

#[test]
fn it_comes_to_the_front_and_closes_when_that_is_asked_for() {
    let (mut window, desktop) = open(logged_in());
    desktop.ask(WindowRequest::Raise);
    window.harness.run_steps(1);
    let commands = window.commands();
    for command in [ViewportCommand::Minimized(false), ViewportCommand::Focus] {
        assert!(commands.contains(&command), "{command:?} in {commands:?}");
    }
    desktop.ask(WindowRequest::Quit);
    window.harness.run_steps(1);
    assert!(window.commands().contains(&ViewportCommand::Close));
    assert_eq!(window.asked(), []);
}
