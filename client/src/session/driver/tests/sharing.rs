//! A screen is shared in a call alone, and only what was chosen from what was offered.

use std::sync::mpsc::Receiver;

use super::people::person;
use super::*;
use crate::screen::{CaptureEvent, EndReason, Source, SourceId, SourceKind};
use crate::session::screens::{ScreenCommand, ScreenEvent, ScreenHandle};
use crate::session::sharing::{ShareChoice, ShareChoices, ShareIntent, ShareWith, Sharing};

/// A driver whose screens are looked after by nobody.
fn app() -> (App, Receiver<ScreenCommand<Consent>>) {
    let mut app = App::new();
    let (screens, asked) = ScreenHandle::unattended();
    app.driver.screens = screens;
    (app, asked)
}

fn letters() -> Source {
    let id = SourceId("window:7".into());
    Source { id, kind: SourceKind::Window, name: "Letters".into(), size: None }
}

fn offered(app: &mut App) {
    let choice = ShareChoice { source: letters(), picture: None };
    let sources = Arc::new(vec![choice]);
    let choices = ShareChoices { sources, looked: true, ..ShareChoices::default() };
    app.driver.on_screens(ScreenEvent::Choices(choices));
}

fn share(app: &mut App, intent: ShareIntent) {
    app.step(person(Intent::Share(intent)));
}

fn start(source: &SourceId) -> ShareIntent {
    ShareIntent::Start { source: source.clone(), with: ShareWith::default() }
}

/// What is captured by the commands so far.
fn captured(asked: &Receiver<ScreenCommand<Consent>>) -> Vec<SourceId> {
    let started = asked.try_iter().filter_map(|command| match command {
        ScreenCommand::Start { source, .. } => Some(source),
        _ => None,
    });
    started.collect()
}

/// Whether the encoder is to see a screen now, by the commands so far; `None` without any.
fn shown(app: &App) -> Option<bool> {
    let shown = app.asked.try_iter().filter_map(|command| match command {
        MediaCommand::Share(screen) => Some(screen.is_some()),
        _ => None,
    });
    shown.last()
}

#[test]
fn nothing_is_shared_without_a_call_and_nothing_that_was_not_offered() {
    let (mut app, asked) = app();
    share(&mut app, ShareIntent::Choose(true));
    offered(&mut app);
    share(&mut app, start(&letters().id));
    assert_eq!(captured(&asked), [], "there is no call");
    assert_eq!(app.driver.snapshot.share_choices, None);
    app.talk_to_bob();
    share(&mut app, start(&letters().id));
    assert_eq!(captured(&asked), [], "nothing was offered");
    share(&mut app, ShareIntent::Choose(true));
    offered(&mut app);
    share(&mut app, start(&SourceId("screen:1".into())));
    assert_eq!(captured(&asked), [], "something else was offered");
    share(&mut app, start(&letters().id));
    assert_eq!(captured(&asked), [letters().id]);
    assert_eq!(app.driver.snapshot.share_choices, None, "it was chosen");
}

/// Alice shows letters to bob.
fn sharing() -> (App, Receiver<ScreenCommand<Consent>>) {
    let (mut app, asked) = app();
    app.talk_to_bob();
    share(&mut app, ShareIntent::Choose(true));
    offered(&mut app);
    share(&mut app, start(&letters().id));
    (app, asked)
}

#[test]
fn the_other_sees_the_camera_until_the_first_picture_of_the_screen_is_there() {
    let (mut app, _asked) = sharing();
    assert_eq!((shown(&app), app.driver.shows_screen()), (None, false));
    app.driver.on_capture(CaptureEvent::Live);
    assert_eq!((shown(&app), app.driver.shows_screen()), (Some(true), true));
    share(&mut app, ShareIntent::Stop);
    assert_eq!(app.driver.snapshot.sharing, Sharing::Off);
    app.driver.on_capture(CaptureEvent::Live);
    assert!(!app.driver.shows_screen(), "what was stopped comes back by nothing");
}

#[test]
fn what_ends_by_itself_is_said_until_it_is_read_and_the_camera_is_back() {
    let (mut app, asked) = sharing();
    app.driver.on_capture(CaptureEvent::Live);
    let _ = app.asked.try_iter().count();
    app.driver.on_capture(CaptureEvent::Ended(EndReason::WindowClosed));
    assert_eq!(shown(&app), Some(false));
    assert!(asked.try_iter().any(|command| matches!(command, ScreenCommand::Stop)));
    let why = EndReason::WindowClosed;
    assert_eq!(app.driver.snapshot.sharing, Sharing::Ended { source: letters(), why });
    share(&mut app, ShareIntent::Dismiss);
    assert_eq!(app.driver.snapshot.sharing, Sharing::Off);
}

#[test]
fn the_end_of_the_call_ends_the_sharing_and_the_choosing() {
    let (mut app, asked) = sharing();
    app.driver.on_capture(CaptureEvent::Live);
    share(&mut app, ShareIntent::Choose(true));
    let _ = asked.try_iter().count();
    app.step(person(Intent::HangUp));
    assert_eq!(app.driver.snapshot.sharing, Sharing::Off);
    assert_eq!(app.driver.snapshot.share_choices, None);
    let commands: Vec<_> = asked.try_iter().collect();
    let ended = |command: &ScreenCommand<Consent>| {
        matches!(command, ScreenCommand::Stop | ScreenCommand::Choose(false))
    };
    assert_eq!(commands.iter().filter(|command| ended(command)).count(), 2);
}
