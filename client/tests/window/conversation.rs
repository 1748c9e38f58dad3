//! What is written and sent in a call, driven by labels: what each press asks of the session, and
//! what is said of what comes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{Event, FontId, Key, Modifiers, PointerButton, Rect, Vec2, ViewportId, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::conversation::{
    Availability, Command, Line, LineId, LineState, Party, Problem, View,
};
use visavis_client::session::snapshot::{Intent, Notice, NoticeId, Snapshot};
use visavis_client::ui::{Chosen, Outside, Question, WindowOptions};

use crate::harness::{Window, same_call};

pub(crate) const LARGE: Vec2 = vec2(1040.0, 680.0);

/// The system round the window, as far as it is asked: it answers with these paths.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) answer: Vec<PathBuf>,
    pub(crate) asked: Mutex<Vec<Question>>,
    pub(crate) opened: Mutex<Vec<String>>,
}

impl Outside for Desk {
    fn choose(&self, question: &Question, _title: &str) -> Chosen {
        self.asked.lock().expect("no panic").push(question.clone());
        let answer = self.answer.clone();
        Box::pin(async move { answer })
    }

    fn open_link(&self, link: &str) -> bool {
        self.opened.lock().expect("no panic").push(link.to_owned());
        false
    }
}

pub(crate) fn ready() -> View {
    View { availability: Availability::Ready, ..View::default() }
}

pub(crate) fn with(view: View) -> Snapshot {
    Snapshot { conversation: Some(Arc::new(view)), ..same_call() }
}

/// A window of this size in such a call, in front of the person.
pub(crate) fn open_sized(view: View, size: Vec2, desk: &Arc<Desk>) -> Window {
    let outside = Arc::clone(desk) as Arc<dyn Outside>;
    let options = WindowOptions { outside, ..WindowOptions::default() };
    Window::open_with(with(view), size, options)
}

pub(crate) fn open(view: View) -> Window {
    open_sized(view, LARGE, &Arc::default())
}

/// The same with the panel open; that it is read was said.
pub(crate) fn open_panel(view: View) -> Window {
    let mut window = open(view);
    window.press(Modifiers::COMMAND, Key::T);
    assert_eq!(window.asked(), [said(Command::Reading(true))]);
    window
}

pub(crate) fn said(command: Command) -> Intent {
    Intent::Converse(command)
}

fn line(id: u64, author: Party, text: &str, state: LineState) -> Line {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + id);
    Line { id: LineId(id), author, text: text.into(), at, state }
}

fn lines(lines: Vec<Line>) -> View {
    View { lines: Arc::new(lines), ..ready() }
}

fn write(window: &mut Window, text: &str) {
    let field = "Message to bob";
    window.harness.get_by_role_and_label(Role::MultilineTextInput, field).type_text(text);
    window.settle();
}

fn draft(window: &Window) -> String {
    let field = window.harness.get_by_role_and_label(Role::MultilineTextInput, "Message to bob");
    field.value().unwrap_or_default()
}

pub(crate) fn live(window: &Window, label: &str) -> Live {
    let mut found = window.harness.query_all_by_label_contains(label);
    found.next().expect(label).accesskit_node().live()
}

#[test]
fn enter_sends_what_was_written_and_shift_and_enter_begin_a_line() {
    let mut window = open_panel(ready());
    write(&mut window, "one");
    window.press(Modifiers::SHIFT, Key::Enter);
    write(&mut window, "two");
    assert_eq!(window.asked(), []);
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.asked(), [said(Command::Say("one\ntwo".to_owned()))]);
    assert_eq!(draft(&window), "");
    // The next one follows at once, and nothing is sent that is empty.
    window.press(Modifiers::NONE, Key::Enter);
    write(&mut window, "  \n ");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.asked(), []);
    write(&mut window, "three");
    window.click("Send");
    assert_eq!(window.asked(), [said(Command::Say("three".to_owned()))]);
}

#[test]
fn what_was_typed_is_there_when_the_panel_is_opened_again_and_not_in_the_next_call() {
    let mut window = open_panel(ready());
    write(&mut window, "not yet");
    window.click("Close text");
    assert_eq!(window.asked(), [said(Command::Reading(false))]);
    assert!(!window.shows("Message to bob"));
    window.click("Text");
    assert_eq!(draft(&window), "not yet");
    window.set(crate::harness::logged_in());
    window.set(with(ready()));
    window.click("Text");
    assert_eq!(draft(&window), "");
}

#[test]
fn the_other_reads_that_it_was_read_only_while_the_panel_is_in_front_of_the_person() {
    let mut window = open_panel(ready());
    let focus = |window: &mut Window, focused: bool| {
        window.harness.input_mut().focused = focused;
        window.settle();
    };
    focus(&mut window, false);
    assert_eq!(window.asked(), [said(Command::Reading(false))]);
    focus(&mut window, true);
    assert_eq!(window.asked(), [said(Command::Reading(true))]);
    let minimise = |window: &mut Window, minimized: bool| {
        let root = window.harness.input_mut().viewports.entry(ViewportId::ROOT).or_default();
        root.minimized = Some(minimized);
        window.settle();
    };
    minimise(&mut window, true);
    assert_eq!(window.asked(), [said(Command::Reading(false))]);
    minimise(&mut window, false);
    assert_eq!(window.asked(), [said(Command::Reading(true))]);
    window.press(Modifiers::COMMAND, Key::M);
    assert_eq!(window.asked(), [said(Command::Reading(false))]);
}

#[test]
fn each_line_says_how_far_it_got_and_the_other_s_say_only_when() {
    let (us, them) = (Party::Us, Party::Them);
    let window = open_panel(lines(vec![
        line(1, us, "first", LineState::Read),
        line(2, us, "second", LineState::Sent),
        line(3, us, "third", LineState::Sending),
        line(4, us, "fourth", LineState::Lost),
        line(5, them, "fifth", LineState::Read),
    ]));
    for (text, state) in
        [("first", "Read"), ("second", "Sent"), ("third", "Sending"), ("fourth", "Not delivered")]
    {
        let line = window.harness.get_by_label(text).rect();
        let found: Vec<Rect> =
            window.harness.query_all_by_label_contains(state).map(|node| node.rect()).collect();
        assert!(found.iter().any(|state| state.top() >= line.bottom()), "{text}");
    }
    assert_eq!(window.harness.query_all_by_label_contains("Read").count(), 1);
    assert!(window.shows("Goes straight to bob. Gone when the call ends, unless you save it."));
}

#[test]
fn lines_of_one_person_that_follow_each_other_share_one_time() {
    let us = Party::Us;
    let window = open_panel(lines(vec![
        line(1, us, "first", LineState::Read),
        line(2, us, "second", LineState::Read),
    ]));
    assert_eq!(window.harness.query_all_by_label_contains("Read").count(), 1);
}

#[test]
fn what_comes_while_the_panel_is_closed_is_a_bubble_for_some_seconds_and_a_mark() {
    let them = Party::Them;
    let mut window = open(ready());
    let one = View { unread: 1, ..lines(vec![line(1, them, "Hello!", LineState::Sent)]) };
    window.set(with(one.clone()));
    let bubble = "bob: Hello!";
    assert_eq!(live(&window, bubble), Live::Polite);
    let text = window.harness.get_by_label("Text").accesskit_node().data().description();
    assert_eq!(
        text.map(str::to_owned).as_deref(),
        Some("Text and files (Ctrl+T): 1 unread message")
    );
    assert_eq!(window.asked(), [], "it takes no keyboard and is not read");
    window.harness.run_steps(30);
    assert!(!window.shows(bubble), "it has gone");
    // The same line makes no other bubble; the next one does, and leads to the panel.
    window.set(with(one));
    assert!(!window.shows(bubble));
    let all =
        vec![line(1, them, "Hello!", LineState::Sent), line(2, them, "There?", LineState::Sent)];
    window.set(with(View { unread: 2, ..lines(all.clone()) }));
    window.click("bob: There?");
    assert_eq!(window.asked(), [said(Command::Reading(true))]);
    assert!(window.shows("Message to bob"));
    let more = [all, vec![line(3, them, "Yes", LineState::Read)]].concat();
    window.set(with(lines(more)));
    assert!(!window.shows("bob: Yes"), "the panel shows it");
}

#[test]
fn a_link_says_where_it_goes_and_opens_only_after_that() {
    let desk = Arc::<Desk>::default();
    let text = "see https://evil.example/a/path/that/wraps?@good.example, please";
    let view = lines(vec![line(1, Party::Them, text, LineState::Read)]);
    let mut window = open_sized(view, LARGE, &desk);
    window.click("Text");
    let opened = || desk.opened.lock().expect("no panic").clone();
    window.click("Link to evil.example");
    assert!(window.shows("Open evil.example?"));
    assert_eq!(opened(), Vec::<String>::new());
    // Enter, pressed by whoever goes on typing, opens nothing.
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(opened(), Vec::<String>::new());
    window.click("Link to evil.example");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.shows("Open evil.example?") && opened().is_empty());
    window.click("Link to evil.example");
    window.click("Open in browser");
    assert_eq!(opened(), ["https://evil.example/a/path/that/wraps?@good.example"]);
    assert!(window.shows("No browser could be opened. Copy the link instead."));
}

#[test]
fn to_a_side_without_text_nothing_can_be_written_and_that_is_said() {
    let window = open_panel(View { availability: Availability::None, ..View::default() });
    assert!(window.shows("bob’s side has no text. You can still talk."));
    let field = window.harness.get_by_role_and_label(Role::MultilineTextInput, "Message to bob");
    assert!(field.accesskit_node().is_disabled());
    assert!(!window.shows("Goes straight to bob"));
}

#[test]
fn what_is_said_without_a_connection_waits_and_that_is_said() {
    let mut window = open_panel(View::default());
    assert!(window.shows("What you write is sent as soon as there is."));
    write(&mut window, "later");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.asked(), [said(Command::Say("later".to_owned()))]);
}

#[test]
fn what_could_not_be_done_is_one_line_until_it_is_put_away() {
    for (problem, words) in [
        (Problem::TooLong(4000), "A message has at most 4,000 characters."),
        (Problem::TooManyTransfers(16), "No more than 16 go at once."),
        (Problem::NotSaved("denied".into()), "It could not be saved: denied"),
        (Problem::Closed, "bob’s side has closed the text."),
    ] {
        let mut window = open_panel(View { problem: Some(problem), ..ready() });
        assert_eq!(live(&window, words), Live::Polite);
        let mut dismiss = window.harness.query_all_by_label_contains("Dismiss: ");
        dismiss.next().expect("a button").click();
        drop(dismiss);
        window.settle();
        assert_eq!(window.asked(), [said(Command::DismissProblem)]);
    }
}

#[test]
fn what_was_said_is_saved_into_a_file_that_one_names_or_chooses() {
    let desk = Arc::new(Desk { answer: vec!["/home/alice/chosen.txt".into()], ..Desk::default() });
    let view = lines(vec![line(1, Party::Us, "Hello", LineState::Read)]);
    let mut window = open_sized(view.clone(), LARGE, &desk);
    window.click("Text");
    window.asked();
    window.click("Save what was said");
    window.type_into("File", "notes.txt");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.shows("Enter the whole path of a file."));
    window.click("Choose…");
    window.click("Save");
    assert_eq!(window.asked(), [said(Command::Save("/home/alice/chosen.txt".into()))]);
    let saved = Some("/home/alice/chosen.txt".into());
    window.set(with(View { saved, ..view }));
    assert_eq!(live(&window, "Saved as chosen.txt"), Live::Polite);
    // Of nothing there is nothing to save.
    assert!(!open_panel(ready()).shows("Save what was said"));
}

#[test]
fn in_a_narrow_window_the_panel_covers_the_picture_and_closes_again() {
    for (size, covers) in
        [(vec2(480.0, 360.0), true), (vec2(360.0, 640.0), true), (vec2(640.0, 480.0), false)]
    {
        let mut window = open_sized(ready(), size, &Arc::default());
        window.click("Text");
        assert_eq!(!window.shows("Close call"), covers, "{size}");
        let field = window.harness.get_by_label("Message to bob").rect();
        assert!(Rect::from_min_size(Default::default(), size).contains_rect(field));
        window.click("Close text");
        assert!(window.shows("Close call"));
    }
}

#[test]
fn escape_leaves_the_field_then_closes_the_panel_and_never_the_call() {
    let mut window = open_panel(ready());
    window.press(Modifiers::NONE, Key::Escape);
    assert!(window.shows("Message to bob"));
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.shows("Message to bob"));
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(window.asked(), [said(Command::Reading(false))]);
}

#[test]
fn text_is_selected_with_the_mouse_and_copied() {
    let window = open_panel(lines(vec![line(1, Party::Them, "copy me", LineState::Read)]));
    let mut window = window;
    let place = window.harness.get_by_label("copy me").rect();
    window.harness.drag_at(place.left_center() + vec2(0.5, 0.0));
    window.harness.hover_at(place.right_center() - vec2(0.5, 0.0));
    window.harness.drop_at(place.right_center() - vec2(0.5, 0.0));
    window.settle();
    window.harness.event(Event::Copy);
    window.harness.run_steps(1);
    let copied = window.harness.output().platform_output.commands.iter().any(|command| {
        matches!(command, eframe::egui::OutputCommand::CopyText(text) if text == "copy me")
    });
    assert!(copied, "{:?}", window.harness.output().platform_output.commands);
}

#[test]
fn of_very_many_lines_only_those_near_what_is_seen_are_painted() {
    let many = (0..3000).map(|id| line(id, Party::Them, &format!("line {id}"), LineState::Read));
    let mut window = open_panel(lines(many.collect()));
    window.harness.run_steps(4);
    assert!(window.shows("line 2999"), "the newest is in view");
    let painted = window.harness.query_all_by_label_contains("line ").count();
    assert!((10..120).contains(&painted), "{painted}");
}

#[test]
fn emoji_that_people_use_are_in_the_fonts() {
    let window = open_panel(ready());
    let font = FontId::proportional(14.0);
    let all = "😀😂😉😍😢😎😊😘😕😡😱❤☕★☺✔".chars();
    let has = |emoji: &char| window.harness.ctx.fonts_mut(|fonts| fonts.has_glyph(&font, *emoji));
    let missing: String = all.filter(|emoji| !has(emoji)).collect();
    assert_eq!(missing, "");
}

#[test]
fn a_press_on_the_panel_is_no_press_on_the_picture_under_it() {
    let mut window = open_panel(lines(vec![line(1, Party::Them, "Hello", LineState::Read)]));
    let place = window.harness.get_by_label("Hello").rect().center();
    for pressed in [true, false] {
        window.harness.event(Event::PointerButton {
            pos: place,
            button: PointerButton::Secondary,
            pressed,
            modifiers: Modifiers::NONE,
        });
    }
    window.settle();
    assert!(!window.shows("Take a snapshot"));
}

#[test]
fn notices_stand_over_the_picture_and_not_over_the_panel() {
    let notices =
        vec![Notice { id: NoticeId(1), text: crate::harness::said("Something happened.") }];
    let mut window = open(ready());
    window.click("Text");
    window.set(Snapshot { notices, ..with(ready()) });
    let notice = window.harness.get_by_label("Something happened.").rect();
    let field = window.harness.get_by_label("Message to bob").rect();
    assert!(notice.right() < field.left(), "{notice} {field}");
}
