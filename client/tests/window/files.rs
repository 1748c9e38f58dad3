//! Files and folders in a call, driven by labels: how they are offered, what each state says, and
//! what each press asks of the session.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::accesskit::{Live, Role};
use eframe::egui::{DroppedFile, HoveredFile, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use visavis_client::config::Settings;
use visavis_client::conversation::{
    Availability, Command, Direction, Party, Transfer, TransferId, TransferProblem, TransferState,
    View,
};
use visavis_client::ui::{Outside, Question, WindowOptions};

use crate::conversation::{Desk, LARGE, live, open, open_panel, open_sized, ready, said, with};
use crate::harness::Window;

fn transfer(direction: Direction, state: TransferState) -> Transfer {
    Transfer {
        id: TransferId(7),
        direction,
        name: "plan.pdf".into(),
        files: None,
        size: 4_200_000,
        done: 2_100_000,
        speed: None,
        left: None,
        executable: false,
        thumbnail: None,
        state,
    }
}

fn transfers(all: Vec<Transfer>) -> View {
    View { transfers: Arc::new(all), ..ready() }
}

#[test]
fn every_button_of_a_transfer_asks_for_what_it_says() {
    let (out, into) = (Direction::Outgoing, Direction::Incoming);
    let id = TransferId(7);
    let place = PathBuf::from("/nowhere/Downloads/plan.pdf");
    for (direction, state, button, command) in [
        (into, TransferState::Offered, "Save to Downloads", Command::Accept(id)),
        (into, TransferState::Offered, "Refuse", Command::Refuse(id)),
        (out, TransferState::Offered, "Cancel plan.pdf", Command::Cancel(id)),
        (out, TransferState::Preparing, "Cancel plan.pdf", Command::Cancel(id)),
        (into, TransferState::Running, "Pause plan.pdf", Command::Pause(id)),
        (into, TransferState::Running, "Cancel plan.pdf", Command::Cancel(id)),
        (out, TransferState::Paused(Party::Us), "Go on with plan.pdf", Command::Resume(id)),
        (out, TransferState::Paused(Party::Them), "Cancel plan.pdf", Command::Cancel(id)),
        (out, TransferState::Interrupted, "Cancel plan.pdf", Command::Cancel(id)),
        (into, TransferState::Checking, "Cancel plan.pdf", Command::Cancel(id)),
        (into, TransferState::Done(Some(place)), "Put plan.pdf away", Command::PutAway(id)),
        (out, TransferState::Refused(Party::Them), "Put plan.pdf away", Command::PutAway(id)),
        (
            into,
            TransferState::Failed(TransferProblem::Different),
            "Put plan.pdf away",
            Command::PutAway(id),
        ),
    ] {
        let mut window = open_panel(transfers(vec![transfer(direction, state.clone())]));
        window.click(button);
        assert_eq!(window.asked(), [said(command)], "{state:?}");
        let over = window.shows("Put plan.pdf away");
        assert_eq!(over, state.is_over(), "{state:?}");
        let paused_by_them = state == TransferState::Paused(Party::Them);
        assert!(!(paused_by_them && window.shows("Go on with")), "that is for them");
    }
}

#[test]
fn every_state_of_a_transfer_is_said_in_words() {
    let (out, into) = (Direction::Outgoing, Direction::Incoming);
    let failed = TransferState::Failed;
    let (needs, free) = (8_000_000_000, 1_200_000_000);
    for (direction, state, words) in [
        (out, TransferState::Preparing, "Getting it ready…"),
        (out, TransferState::Offered, "Waiting for bob to take it"),
        (into, TransferState::Offered, "PDF, 4.2 MB, from bob"),
        (into, TransferState::Running, "2.1 of 4.2 MB"),
        (out, TransferState::Paused(Party::Us), "Paused by you"),
        (out, TransferState::Paused(Party::Them), "Paused by bob"),
        (out, TransferState::Interrupted, "Interrupted. It goes on by itself."),
        (into, TransferState::Checking, "Checking it…"),
        (into, TransferState::Done(Some("/a/Downloads/plan.pdf".into())), "Saved in Downloads"),
        (out, TransferState::Done(None), "bob has it"),
        (into, TransferState::Refused(Party::Us), "You refused it"),
        (out, TransferState::Refused(Party::Them), "bob refused it"),
        (out, TransferState::Cancelled(Party::Us), "You cancelled it"),
        (into, TransferState::Cancelled(Party::Them), "bob cancelled it"),
        (out, failed(TransferProblem::Unreadable("denied".into())), "It can’t be read: denied"),
        (out, failed(TransferProblem::Changed), "It has changed since it was offered"),
        (into, failed(TransferProblem::Unwritable("full".into())), "It can’t be saved here: full"),
        (into, failed(TransferProblem::NoRoom { needs, free }), "It needs 8.0 GB, and 1.2 GB are"),
        (into, failed(TransferProblem::Different), "What arrived is not what was announced"),
        (into, failed(TransferProblem::Protocol), "bob’s side sent something that makes no sense"),
        (out, failed(TransferProblem::Theirs), "could not be read or saved on bob’s side"),
        (out, failed(TransferProblem::CallEnded), "The call ended before it was done."),
    ] {
        let window = open_panel(transfers(vec![transfer(direction, state.clone())]));
        assert!(window.shows(words), "{state:?}: {words}");
    }
}

#[test]
fn a_program_is_marked_before_it_is_taken_and_nothing_opens_it() {
    let desk = Arc::<Desk>::default();
    let program =
        Transfer { executable: true, ..transfer(Direction::Incoming, TransferState::Offered) };
    let mut window = open_sized(transfers(vec![program.clone()]), LARGE, &desk);
    window.click("Text");
    assert!(window.shows("This is a program. Open it only if you expected it."));
    assert!(window.shows("Program, 4.2 MB, from bob"));
    let done = TransferState::Done(Some("/nowhere/plan.pdf".into()));
    window.set(with(transfers(vec![Transfer { state: done, ..program }])));
    assert!(window.shows("This is a program."));
    assert!(window.shows("Show in folder"));
    assert!(window.harness.query_by_role_and_label(Role::Button, "Open").is_none());
    assert_eq!(*desk.opened.lock().expect("no panic"), Vec::<String>::new());
}

#[test]
fn how_far_a_transfer_is_can_be_read_by_a_screen_reader() {
    let running = transfer(Direction::Incoming, TransferState::Running);
    let window = open_panel(transfers(vec![running]));
    let bar = window.harness.get_by_role_and_label(Role::ProgressIndicator, "Progress of plan.pdf");
    assert_eq!(bar.accesskit_node().data().numeric_value(), Some(50.0));
}

#[test]
fn a_file_that_is_offered_while_the_panel_is_closed_is_a_bubble_as_well() {
    let mut window = open(ready());
    let offered = transfer(Direction::Incoming, TransferState::Offered);
    window.set(with(transfers(vec![offered])));
    window.click("bob wants to send you plan.pdf");
    assert!(window.shows("Save to Downloads"));
    assert_eq!(window.asked(), [said(Command::Reading(true))], "it is not taken by that");
}

#[test]
fn files_and_folders_are_chosen_in_the_system_s_dialog_and_offered_together() {
    let answer = vec![PathBuf::from("/home/alice/a"), PathBuf::from("/home/alice/b")];
    for (item, question) in [("Files…", Question::Files), ("A folder…", Question::Folder)] {
        let desk = Arc::new(Desk { answer: answer.clone(), ..Desk::default() });
        let mut window = open_sized(ready(), LARGE, &desk);
        window.click("Text");
        window.asked();
        window.click("Send files");
        window.click(item);
        assert_eq!(*desk.asked.lock().expect("no panic"), [question]);
        assert_eq!(window.asked(), [said(Command::Offer(answer.clone()))]);
    }
}

#[test]
fn a_dialog_that_was_closed_offers_nothing() {
    let mut window = open_panel(ready());
    window.click("Send files");
    window.click("Files…");
    assert_eq!(window.asked(), []);
}

#[test]
fn a_file_can_be_named_by_its_path_and_one_that_is_not_there_is_said_to_be_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a file");
    std::fs::write(&file, "content").expect("it is written");
    let mut window = open_panel(ready());
    window.click("Send files");
    window.click("By its path…");
    window.type_into("File or folder", "a file");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.shows("There is no such file or folder."));
    assert_eq!(window.asked(), []);
    window.type_into("File or folder", &file.display().to_string());
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.asked(), [said(Command::Offer(vec![file]))]);
    assert!(!window.shows("File or folder"));
}

/// A file that is dropped.
#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it here".to_owned())
    }
}

fn drop_file(window: &mut Window, path: &str) {
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path.into())));
    window.settle();
}

#[test]
fn files_are_offered_that_are_dropped_anywhere_in_the_window() {
    let mut window = open(ready());
    let hovered = HoveredFile { path: Some("/a/b".into()), ..HoveredFile::default() };
    window.harness.input_mut().hovered_files.push(hovered);
    window.settle();
    assert_eq!(live(&window, "Drop to send to bob"), Live::Assertive);
    window.harness.input_mut().hovered_files.clear();
    window.settle();
    assert!(!window.shows("Drop to send to bob"));
    drop_file(&mut window, "/a/b");
    let asked = window.asked();
    assert_eq!(asked[0], said(Command::Offer(vec!["/a/b".into()])));
    assert_eq!(asked[1..], [said(Command::Reading(true))], "the panel shows what becomes of it");
}

#[test]
fn nothing_is_offered_to_whom_takes_no_files() {
    for availability in [Availability::TextOnly, Availability::None] {
        let mut window = open(View { availability, ..View::default() });
        let hovered = HoveredFile { path: Some("/a/b".into()), ..HoveredFile::default() };
        window.harness.input_mut().hovered_files.push(hovered);
        window.settle();
        assert!(window.shows("bob’s side takes no files."), "{availability:?}");
        window.harness.input_mut().hovered_files.clear();
        drop_file(&mut window, "/a/b");
        assert_eq!(window.asked(), []);
        window.click("Text");
        assert!(window.harness.get_by_label("Send files").accesskit_node().is_disabled());
    }
}

#[test]
fn the_folder_for_received_files_is_typed_or_chosen_and_has_to_be_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (settings_path, chosen) = (folder.path().join("settings.json"), folder.path().join("b"));
    std::fs::create_dir(&chosen).expect("a folder");
    let desk = Arc::new(Desk { answer: vec![chosen.clone()], ..Desk::default() });
    let options = || WindowOptions {
        settings_path: Some(settings_path.clone()),
        outside: Arc::clone(&desk) as Arc<dyn Outside>,
        ..WindowOptions::default()
    };
    let kept = |window: Window| {
        drop(window);
        Settings::load(&settings_path).expect("settings").downloads
    };
    let name = "Received files go to";
    let mut window = Window::open_with(crate::harness::logged_in(), LARGE, options());
    window.open_settings("Data");
    window.type_into(name, "/nowhere/at/all");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.shows("There is no such folder."));
    window.type_into(name, &folder.path().display().to_string());
    window.press(Modifiers::NONE, Key::Enter);
    assert!(!window.shows("There is no such folder."));
    assert_eq!(kept(window), Some(folder.path().to_path_buf()));
    let mut window = Window::open_with(crate::harness::logged_in(), LARGE, options());
    window.open_settings("Data");
    window.click("Choose…");
    assert_eq!(*desk.asked.lock().expect("no panic"), [Question::Downloads]);
    let field = window.harness.get_by_role_and_label(Role::TextInput, name);
    assert_eq!(field.value(), Some(chosen.display().to_string()));
    assert_eq!(kept(window), Some(chosen));
}
