//! Logging in, and what is kept of people: nobody is let in before it is known who is blocked.

use super::people::{add, person};
use super::*;
use crate::people::Account;
use crate::people::store::PeopleStore;
use crate::session::people::{People, PeopleEvent};

/// A driver whose people are kept in this folder; nobody is logged in.
fn keeping(folder: &std::path::Path) -> App {
    let mut app = App::new();
    let _inside = app.runtime.enter();
    app.driver.people = People::new(Some(folder.to_owned()));
    drop(_inside);
    app
}

fn log_in() -> super::Event {
    person(Intent::LogIn { server: "127.0.0.1:1".to_owned(), username: "alice".to_owned() })
}

#[test]
fn who_logs_out_while_they_talk_finds_that_call_in_the_history() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = keeping(dir.path());
    app.step(super::Event::Server(Some(logged_in(false))));
    app.talk_to_bob();
    app.step(person(Intent::LogOut));
    assert_eq!(app.history(), [], "nothing is shown to nobody");
    let App { driver, runtime, .. } = app;
    runtime.block_on(driver.people.finish());
    let account = Account { server: String::new(), username: name("alice") };
    let mut people = People::new(Some(dir.path().to_owned()));
    runtime.block_on(async {
        people.open(account);
        assert_eq!(people.next_event().await, PeopleEvent::Ready(None));
        assert!(people.knows(&name("bob")));
    });
}

#[test]
fn nobody_is_logged_in_before_it_is_known_who_is_blocked() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = keeping(dir.path());
    app.step(log_in());
    assert!(app.driver.signaling.is_none() && app.driver.login_waits.is_some());
    assert_eq!(app.driver.snapshot.login, LoginPhase::LoggingIn);
    // What is done meanwhile is done in the book that comes.
    app.step(person(Intent::Block(name("mallory"))));
    app.step(add("bob"));
    let App { driver, runtime, .. } = app;
    let mut driver = driver;
    runtime.block_on(async {
        let event = driver.people.next_event().await;
        assert_eq!(event, PeopleEvent::Ready(None));
        driver.on_people(event);
        assert!(driver.signaling.is_some() && driver.login_waits.is_none());
        driver.people.finish().await;
    });

    let mut app = keeping(dir.path());
    app.step(log_in());
    let App { mut driver, runtime, .. } = app;
    runtime.block_on(async {
        let event = driver.people.next_event().await;
        driver.on_people(event);
        driver.publish_snapshot();
        assert_eq!(driver.snapshot.contacts[0].username, name("bob"));
        assert!(driver.people.is_blocked(&name("mallory")));
        driver.people.finish().await;
    });
}

#[test]
fn a_disk_that_hangs_holds_up_a_log_in_only_so_long_and_that_is_said() {
    let App { mut driver, asked: _asked, .. } = App::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (store, _never_answers) = PeopleStore::hanging();
        driver.people = People::hanging(store);
        driver.on_intent(Intent::LogIn {
            server: "127.0.0.1:1".to_owned(),
            username: "alice".to_owned(),
        });
        let event = driver.people.next_event().await;
        let PeopleEvent::Ready(Some(words)) = event.clone() else { panic!("{event:?}") };
        assert!(words.plain().contains("disk"), "{words:?}");
        driver.on_people(event);
        assert!(driver.signaling.is_some());
    });
}

#[test]
fn an_automatic_log_in_is_tried_again_until_the_person_does_something_else() {
    let mut app = App::new();
    let unreachable =
        || super::Event::Server(Some(SignalingEvent::Unreachable { message: "Gone.".into() }));
    let due = |app: &App| app.driver.retry.and_then(|retry| retry.at).is_some();
    app.driver.options.log_in_at_start = true;
    app.driver.snapshot.server = "127.0.0.1:1".to_owned();
    {
        let _inside = app.runtime.enter();
        app.driver.log_in_at_start();
    }
    assert_eq!(app.driver.snapshot.login, LoginPhase::LoggingIn);
    app.step(unreachable());
    let failed = LoginPhase::Failed("Gone.".into());
    assert_eq!((&app.driver.snapshot.login, due(&app)), (&failed, true));
    app.step(super::Event::Tick);
    assert!(app.driver.signaling.is_none(), "not yet");
    app.driver.retry.as_mut().unwrap().at = Some(Instant::now());
    app.step(super::Event::Tick);
    assert!(app.driver.signaling.is_some());
    assert_eq!(app.driver.snapshot.login, failed, "what is typed meanwhile is not disturbed");
    app.step(unreachable());
    assert!(due(&app));
    app.step(person(Intent::LogOut));
    assert!(app.driver.retry.is_none());
    app.step(log_in());
    app.step(unreachable());
    assert!(app.driver.retry.is_none(), "who logs in by hand reads why it failed");
}
