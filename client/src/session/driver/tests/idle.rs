//! What wakes a session by itself: next to nothing while nobody calls.

use super::*;
use crate::session::driver::server::REFRESH_PEOPLE;

fn wakes_in_ten_minutes(app: &App) -> usize {
    let (start, asked_at) = (Instant::now(), app.driver.people_asked_at);
    let end = start + Duration::from_secs(600);
    let next = |last: &Instant| {
        // What is due is done, and is due again after as long.
        let people = |due: Instant| if asked_at.is_some() { *last + REFRESH_PEOPLE } else { due };
        let needs = app.driver.needs();
        let needs = pace::Needs { people: needs.people.map(people), ..needs };
        needs.next(*last).filter(|at| *at <= end)
    };
    std::iter::successors(Some(start), next).count() - 1
}

#[test]
fn who_is_logged_out_is_woken_by_nothing() {
    let mut app = App::new();
    app.step(Event::Person(Intent::LogOut));
    assert_eq!((wakes_in_ten_minutes(&app), app.driver.needs()), (0, pace::Needs::default()));
}

#[test]
fn who_waits_for_calls_is_woken_to_ask_who_is_there_and_for_nothing_else() {
    let mut app = App::new();
    app.step(Event::Tick);
    assert_eq!(wakes_in_ten_minutes(&app), 120);
}

#[test]
fn in_a_call_and_in_the_preview_levels_are_looked_at_and_afterwards_no_longer() {
    let mut app = App::new();
    app.step(Event::Tick);
    app.step(Event::Person(Intent::Preview(true)));
    assert_eq!(wakes_in_ten_minutes(&app), 3000);
    app.step(Event::Person(Intent::Preview(false)));
    assert_eq!(wakes_in_ten_minutes(&app), 120);
    app.step(Event::Person(Intent::Call { username: "bob".to_owned() }));
    assert_eq!(wakes_in_ten_minutes(&app), 3000);
    app.step(Event::Person(Intent::HangUp));
    assert_eq!(wakes_in_ten_minutes(&app), 120);
}

#[test]
fn a_level_that_was_seen_is_looked_at_until_it_has_fallen() {
    let mut app = App::new();
    app.step(Event::Tick);
    app.driver.snapshot.microphone_level = 0.5;
    assert!(app.driver.needs().levels);
    // Nothing is heard any more.
    app.step(Event::Tick);
    assert_eq!(app.driver.snapshot.microphone_level, 0.0);
    assert!(!app.driver.needs().levels);
}
