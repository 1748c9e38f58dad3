//! What one does between calls besides calling: invitations, and lines over the people.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui::accesskit::Role;
use eframe::egui::{OutputCommand, pos2, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::session::snapshot::{CallEnd, Intent, Snapshot};
use visavis_client::ui::WindowOptions;

use crate::harness::{Window, call_bob, logged_in, name};
use crate::people::{call_with, with_contacts};

fn copied(window: &Window) -> Vec<String> {
    let commands = &window.harness.output().platform_output.commands;
    let copied = commands.iter().filter_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    copied.collect()
}

/// Clicks, and returns what lies on the clipboard then.
pub(crate) fn click_to_copy(window: &mut Window, label: &str) -> Vec<String> {
    window.harness.get_by_label(label).click();
    let mut all = Vec::new();
    for _ in 0..3 {
        window.harness.run_steps(1);
        all.extend(copied(window));
    }
    all
}

#[test]
fn a_link_to_oneself_is_copied_from_the_page_and_from_the_dialog_with_a_word() {
    let link = "visavis://calls.example/alice?tls=off";
    let mut window = Window::open_with(logged_in(), vec2(1040.0, 800.0), WindowOptions::default());
    assert_eq!(click_to_copy(&mut window, "Copy link"), [link]);
    assert!(window.shows("Copied"));
    window.harness.run_steps(16);
    assert!(!window.shows("Copied"), "for a moment");
    window.click("Invite");
    assert!(window.shows("Whoever opens this link in Visavis can call you"));
    let field = window.harness.get_by_role_and_label(Role::TextInput, "Link");
    assert_eq!(field.accesskit_node().value().as_deref(), Some(link));
    window.click("Done");
    assert!(!window.shows("Whoever opens this link"));
}

#[test]
fn an_empty_list_offers_to_invite_somebody() {
    let alone = Snapshot { people: Vec::new(), people_total: 0, ..logged_in() };
    for width in [480.0, 1040.0] {
        let options = WindowOptions::default();
        let mut window = Window::open_with(alone.clone(), vec2(width, 900.0), options);
        assert!(window.shows("People you call or add appear here."));
        window.click("Invite somebody");
        assert!(window.shows("Whoever opens this link in Visavis can call you"));
    }
}

#[test]
fn a_missed_call_is_a_line_with_its_time_until_it_is_put_away_or_called_back() {
    let mut window = Window::open(with_contacts());
    assert!(window.shows("Missed call from Aunt Carol, "));
    window.click("Call back");
    let call = Intent::Call { username: "carol".to_owned() };
    assert_eq!(window.asked(), [call, Intent::SeeMissedCalls]);
    let calls = vec![
        call_with("dave", CallEnd::NoAnswer, None),
        call_with("carol", CallEnd::CameWhileBusy, None),
    ];
    let two = Snapshot { recent_calls: Arc::new(calls), unseen_missed_calls: 2, ..with_contacts() };
    window.set(two);
    assert!(window.shows("2 missed calls, the last from dave, "));
    window.harness.run_steps(100);
    assert!(window.shows("2 missed calls"), "it stays until somebody has read it");
    let label = |window: &Window| {
        let found = window.harness.query_all_by_label_contains("Dismiss: 2 missed calls");
        found.count()
    };
    assert_eq!(label(&window), 1);
    let put_away = window.harness.query_all_by_label_contains("Dismiss: 2 missed calls").next();
    put_away.expect("a button").click();
    window.settle();
    assert_eq!(window.asked(), [Intent::SeeMissedCalls]);
    window.set(Snapshot { unseen_missed_calls: 0, ..with_contacts() });
    assert!(!window.shows("Missed call from"));
}

#[test]
fn the_end_of_a_call_that_one_brought_about_is_a_line_that_goes_by_itself() {
    for (reason, talked, says, button) in [
        (
            EndReason::HungUp,
            Some(Duration::from_secs(201)),
            "You ended the call with bob. You talked for 3 minutes",
            "Call again",
        ),
        (EndReason::DeclinedByUs, None, "You declined bob's call.", "Call back"),
        (
            EndReason::Unknown,
            None,
            "bob is not online. Check how the name is spelled",
            "Call again",
        ),
    ] {
        for width in [480.0, 1040.0] {
            let ended = CallPhase::Ended { peer: name("bob"), reason: reason.clone(), talked };
            let options = WindowOptions::default();
            let snapshot = Snapshot { call: ended, ..logged_in() };
            let mut window = Window::open_with(snapshot, vec2(width, 680.0), options);
            assert!(window.shows(says), "{says}");
            assert!(window.shows("Username to call"), "people are there again");
            window.click(button);
            assert_eq!(window.asked(), [call_bob()]);
            window.harness.run_steps(60);
            assert_eq!(window.asked(), [], "not while it is looked at");
            window.harness.hover_at(pos2(2.0, 2.0));
            window.harness.run_steps(2);
            assert_eq!(window.asked().last(), Some(&Intent::Dismiss), "it goes by itself");
        }
    }
}

#[test]
fn a_missed_call_is_not_told_twice() {
    let ended = CallPhase::Ended { peer: name("carol"), reason: EndReason::NoAnswer, talked: None };
    let window = Window::open(Snapshot { call: ended, ..with_contacts() });
    assert!(window.shows("Missed call from Aunt Carol") && !window.shows("Call again"));
}
