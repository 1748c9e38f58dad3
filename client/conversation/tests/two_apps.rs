//! Two conversations, whole, over channels in memory: text, files, folders, interruptions.

mod support;

use support::{App, UNLIMITED, connect, noise, tree};
use visavis_conversation::{
    Availability, Command, Direction, LineState, Party, Problem, TransferProblem, TransferState,
};
use visavis_media::units::Bitrate;

#[tokio::test]
async fn what_one_says_the_other_reads() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    alice.ask(Command::Say("Before the channel is open".to_owned()));
    let view = alice.until(|view| !view.lines.is_empty()).await;
    assert_eq!(view.availability, Availability::Waiting);
    assert_eq!(view.lines[0].state, LineState::Sending);
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    alice.until(|view| view.lines[0].state == LineState::Sent).await;
    let view = bob.until(|view| view.availability == Availability::Ready && view.unread == 1).await;
    assert_eq!(&*view.lines[0].text, "Before the channel is open");
    assert_eq!(view.lines[0].author, Party::Them);
    bob.ask(Command::Reading(true));
    alice.until(|view| view.lines[0].state == LineState::Read).await;
    bob.ask(Command::Say("Yes,\nI see".to_owned()));
    let view = alice.until(|view| view.lines.len() == 2).await;
    assert_eq!((&*view.lines[1].text, view.unread), ("Yes,\nI see", 1));
    bob.ask(Command::Say("x".repeat(4_001)));
    assert_eq!(
        bob.until(|view| view.problem.is_some()).await.problem,
        Some(Problem::TooLong(4_000))
    );
    bob.ask(Command::DismissProblem);
    bob.until(|view| view.problem.is_none()).await;
}

#[tokio::test]
async fn a_file_arrives_whole_and_over_no_other() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    let path = alice.folder.path().join("notes.bin");
    let bytes = noise(1, 3_000_001);
    std::fs::write(&path, &bytes).expect("written");
    std::fs::create_dir_all(bob.downloads()).expect("a folder");
    std::fs::write(bob.downloads().join("notes.bin"), b"mine").expect("written");
    alice.ask(Command::Offer(vec![path]));
    let offered = bob.until_transfer(|one| one.state == TransferState::Offered).await;
    assert_eq!(
        (&*offered.name, offered.size, offered.files, offered.direction),
        ("notes.bin", 3_000_001, None, Direction::Incoming)
    );
    assert!(offered.executable, "a .bin may be a program");
    assert_eq!(tree(&bob.downloads()).len(), 1, "nothing is written before it is accepted");
    bob.ask(Command::Accept(offered.id));
    let place = bob.downloads().join("notes (2).bin");
    assert_eq!(bob.over().await, TransferState::Done(Some(place)));
    assert_eq!(alice.over().await, TransferState::Done(None));
    assert_eq!(
        tree(&bob.downloads()),
        [("notes (2).bin".to_owned(), bytes), ("notes.bin".to_owned(), b"mine".to_vec())]
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = std::fs::metadata(bob.downloads().join("notes (2).bin")).expect("there");
        assert_eq!(metadata.permissions().mode() & 0o111, 0, "it can't be run as it is");
    }
    let view = bob.view.borrow().clone();
    assert_eq!(view.transfers[0].done, 3_000_001);
    assert!(tree(&bob.folder.path().join("state")).is_empty(), "nothing is left to go on with");
}

#[tokio::test]
async fn a_folder_arrives_as_one_without_links_and_pipes() {
    let (alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    let folder = alice.folder.path().join("Trip");
    std::fs::create_dir_all(folder.join("a/b")).expect("folders");
    for number in 0..100 {
        std::fs::write(folder.join(format!("small {number}.txt")), number.to_string()).expect("ok");
    }
    std::fs::write(folder.join("a/b/deep.dat"), noise(2, 200_000)).expect("written");
    std::fs::write(folder.join("empty"), b"").expect("written");
    let expected = tree(&folder);
    #[cfg(unix)]
    {
        std::fs::write(alice.folder.path().join("secret"), b"secret").expect("written");
        std::os::unix::fs::symlink("../secret", folder.join("link")).expect("a link");
        std::os::unix::fs::symlink(".", folder.join("a/loop")).expect("a link");
        let pipe = rustix::fs::CWD;
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(pipe, folder.join("pipe"), kind, mode, 0).expect("a pipe");
    }
    std::fs::create_dir_all(bob.downloads().join("Trip")).expect("a folder");
    alice.ask(Command::Offer(vec![folder]));
    let offered = bob.until_transfer(|one| one.state == TransferState::Offered).await;
    assert_eq!((offered.files, offered.executable), (Some(102), false));
    bob.accept().await;
    let place = bob.downloads().join("Trip (2)");
    assert_eq!(bob.over().await, TransferState::Done(Some(place.clone())));
    assert_eq!(tree(&place), expected);
    assert_eq!(std::fs::read_dir(bob.downloads()).expect("read").count(), 2);
}

#[tokio::test]
async fn a_cut_connection_goes_on_where_it_was() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let path = alice.folder.path().join("film.mkv");
    let bytes = noise(3, 8_000_000);
    std::fs::write(&path, &bytes).expect("written");
    let connection = connect(&alice, &bob, Bitrate::from_kbps(80_000)).await;
    alice.ask(Command::Offer(vec![path]));
    bob.accept().await;
    let before = bob.until_transfer(|one| one.done > 1_000_000).await.done;
    drop(connection);
    alice.until_transfer(|one| one.state == TransferState::Interrupted).await;
    bob.until_transfer(|one| one.state == TransferState::Interrupted).await;
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    let running = bob.until_transfer(|one| one.state == TransferState::Running).await;
    assert!(running.done >= before, "{} is less than {before}", running.done);
    assert!(matches!(bob.over().await, TransferState::Done(Some(_))));
    assert_eq!(alice.over().await, TransferState::Done(None));
    assert_eq!(tree(&bob.downloads()), [("film.mkv".to_owned(), bytes)]);
}

#[tokio::test]
async fn whichever_app_is_started_again_it_goes_on_without_a_question() {
    for restarted in ["alice", "bob", "both"] {
        let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
        let folder = alice.folder.path().join("Both");
        std::fs::create_dir_all(folder.join("in")).expect("folders");
        std::fs::write(folder.join("a.dat"), noise(4, 700_000)).expect("written");
        std::fs::write(folder.join("in/b.dat"), noise(5, 5_000_000)).expect("written");
        let expected = tree(&folder);
        let connection = connect(&alice, &bob, Bitrate::from_kbps(80_000)).await;
        alice.ask(Command::Offer(vec![folder]));
        bob.accept().await;
        let before = bob.until_transfer(|one| one.done > 1_000_000).await.done;
        drop(connection);
        if restarted != "bob" {
            alice = App::with("Alice", alice.end().await, true);
        }
        if restarted != "alice" {
            bob = App::with("Bob", bob.end().await, true);
        }
        let _connection = connect(&alice, &bob, UNLIMITED).await;
        let mut least = u64::MAX;
        let state = bob
            .until_transfer(|one| {
                assert_ne!(one.state, TransferState::Offered, "it was accepted before");
                if one.state == TransferState::Running && one.done > 0 {
                    least = least.min(one.done);
                }
                one.state.is_over()
            })
            .await
            .state;
        assert!(matches!(state, TransferState::Done(Some(_))), "{restarted}: {state:?}");
        assert!(least >= before, "{restarted}: it began again at {least}, not at {before}");
        assert_eq!(alice.over().await, TransferState::Done(None));
        assert_eq!(tree(&bob.downloads().join("Both")), expected);
        for app in [alice, bob] {
            assert!(tree(&app.end().await.path().join("state")).is_empty());
        }
    }
}

#[tokio::test]
async fn a_file_that_was_changed_while_an_app_was_away_is_told() {
    let (alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let path = alice.folder.path().join("draft.txt");
    std::fs::write(&path, noise(6, 5_000_000)).expect("written");
    let connection = connect(&alice, &bob, Bitrate::from_kbps(80_000)).await;
    alice.ask(Command::Offer(vec![path.clone()]));
    bob.accept().await;
    bob.until_transfer(|one| one.done > 500_000).await;
    drop(connection);
    let folder = alice.end().await;
    std::fs::write(&path, noise(7, 5_000_000)).expect("written");
    let mut alice = App::with("Alice", folder, true);
    let _connection = connect(&alice, &bob, UNLIMITED).await;
    let changed = TransferState::Failed(TransferProblem::Changed);
    assert_eq!(alice.over().await, changed);
    assert_eq!(bob.over().await, changed);
    let folder = bob.end().await;
    assert!(tree(folder.path()).is_empty(), "what came of it is of no use");
}

#[tokio::test]
async fn pausing_refusing_and_cancelling_are_seen_by_both() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let _connection = connect(&alice, &bob, Bitrate::from_kbps(40_000)).await;
    let path = alice.folder.path().join("long.dat");
    std::fs::write(&path, noise(8, 20_000_000)).expect("written");
    alice.ask(Command::Offer(vec![path.clone()]));
    let id = bob.accept().await;
    bob.until_transfer(|one| one.done > 0).await;
    bob.ask(Command::Pause(id));
    alice.until_transfer(|one| one.state == TransferState::Paused(Party::Them)).await;
    bob.until_transfer(|one| one.state == TransferState::Paused(Party::Us)).await;
    bob.ask(Command::Resume(id));
    alice.until_transfer(|one| one.state == TransferState::Running).await;
    alice.ask(Command::Cancel(id));
    assert_eq!(alice.over().await, TransferState::Cancelled(Party::Us));
    assert_eq!(bob.over().await, TransferState::Cancelled(Party::Them));
    for app in [&mut alice, &mut bob] {
        app.ask(Command::PutAway(id));
        app.until(|view| view.transfers.is_empty()).await;
    }
    alice.ask(Command::Offer(vec![path]));
    let id = bob.until_transfer(|one| one.state == TransferState::Offered).await.id;
    bob.ask(Command::Refuse(id));
    assert_eq!(alice.over().await, TransferState::Refused(Party::Them));
    assert_eq!(bob.over().await, TransferState::Refused(Party::Us));
    let folder = bob.end().await;
    assert!(tree(folder.path()).is_empty());
}

#[tokio::test]
async fn when_the_call_is_over_everything_says_so_and_can_still_be_saved() {
    let (mut alice, mut bob) = (App::new("Alice"), App::new("Bob"));
    let connection = connect(&alice, &bob, Bitrate::from_kbps(20_000)).await;
    let path = alice.folder.path().join("long.dat");
    std::fs::write(&path, noise(9, 20_000_000)).expect("written");
    alice.ask(Command::Offer(vec![path]));
    bob.accept().await;
    alice.ask(Command::Say("Hello\nBob".to_owned()));
    bob.until(|view| view.lines.len() == 1 && view.transfers[0].done > 0).await;
    bob.ask(Command::Say("Hi".to_owned()));
    bob.until(|view| view.lines.len() == 2 && view.lines[1].state == LineState::Sent).await;
    drop(connection);
    for app in [&mut alice, &mut bob] {
        app.handle.finish().expect("asked");
        assert_eq!(app.over().await, TransferState::Failed(TransferProblem::CallEnded));
        app.ask(Command::Say("too late".to_owned()));
        let view = app.until(|view| view.lines.len() == 3).await;
        assert_eq!(view.lines[2].state, LineState::Lost);
    }
    let path = bob.folder.path().join("call.txt");
    std::fs::write(&path, b"another").expect("written");
    bob.ask(Command::Save(path.clone()));
    let saved = bob.until(|view| view.saved.is_some()).await.saved.clone().expect("saved");
    assert_eq!(saved, bob.folder.path().join("call (2).txt"));
    let text = std::fs::read_to_string(saved).expect("read");
    let lines: Vec<&str> = text.lines().collect();
    let after = |line: &str| line.get(19..).map(str::to_owned);
    assert_eq!(after(lines[0]).as_deref(), Some("  Other: Hello"));
    assert_eq!(lines[1], "    Bob");
    assert_eq!(after(lines[2]).as_deref(), Some("  Bob: Hi"));
    assert_eq!(std::fs::read(path).expect("read"), b"another");
    bob.ask(Command::Save("/nowhere/at/all.txt".into()));
    let view = bob.until(|view| view.problem.is_some()).await;
    assert_eq!(view.problem, Some(Problem::NotSaved("no such file or directory".to_owned())));
    let folder = bob.end().await;
    let parts = tree(&folder.path().join("Downloads"));
    assert!(parts.len() == 1 && parts[0].0.ends_with(".part"), "it waits for another call");
}
