//! Tests of the disk: the journal, and the places of files.

use std::fs;
use std::time::{Duration, SystemTime};

use super::journal::{Journal, KEPT, Received};
use super::sink::Sink;
use super::*;
use crate::protocol::ids::FileHash;
use crate::transfer::Remembered;
use crate::view::{TransferId, TransferProblem};

const ID: TransferId = TransferId(0xabc);

fn received(folder: &std::path::Path) -> Received {
    Received {
        name: "x.txt".to_owned(),
        size: 10,
        files: None,
        part: folder.join("x.txt.00000abc.part"),
        file: 0,
        complete: 0,
    }
}

fn hash(bytes: &[u8]) -> FileHash {
    FileHash(*blake3::hash(bytes).as_bytes())
}

#[test]
fn the_journal_remembers_for_a_day_and_only_with_the_same_peer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (state, now) = (folder.path().join("state"), SystemTime::now());
    let open = |peer: &str, at| Journal::open(Some(&state), peer, at).1;
    let (mut journal, known, _) = Journal::open(Some(&state), "bob", now);
    assert_eq!(known, []);
    journal.incoming(ID, received(folder.path()));
    journal.outgoing(TransferId(1), std::path::Path::new("/tmp/y"), hash(b"y"));
    let mut known = open("bob", now);
    known.sort_by_key(|one| matches!(one, Remembered::Outgoing { .. }));
    let listing = hash(b"y");
    assert_eq!(
        known,
        [
            Remembered::Incoming { id: ID, size: 10, files: None },
            Remembered::Outgoing { id: TransferId(1), path: "/tmp/y".into(), listing },
        ]
    );
    assert_eq!(open("carol", now), [], "it is none of hers");
    for item in fs::read_dir(&state).expect("read") {
        let path = item.expect("an item").path();
        let text = fs::read_to_string(&path).expect("read");
        assert!(!text.contains("bob"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    // The next day both are gone, and what came in part too; another part is not.
    let part = received(folder.path()).part;
    fs::write(&part, b"12345").expect("written");
    fs::write(folder.path().join("other.part"), b"12345").expect("written");
    assert_eq!(open("carol", now + KEPT + Duration::from_secs(60)), []);
    assert!(!part.exists() && folder.path().join("other.part").exists());
    assert_eq!(fs::read_dir(&state).expect("read").count(), 0);
    assert_eq!(open("bob", now), []);
}

#[test]
fn a_journal_that_is_damaged_or_not_ours_harms_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    fs::create_dir(&state).expect("a folder");
    let name = |number: u32| state.join(format!("{number:032x}.transfer"));
    let precious = folder.path().join("precious.txt");
    fs::write(&precious, b"precious").expect("written");
    let old = |part: &std::path::Path| {
        format!(
            r#"{{"format":1,"peer":"{}","at":1,"what":{{"incoming":{{"name":"x","size":1,"files":null,"part":{part:?},"file":0,"complete":0}}}}}}"#,
            "0".repeat(64)
        )
    };
    let texts =
        [String::new(), "{".to_owned(), "[".repeat(100_000), old(&precious), "null".to_owned()];
    for (number, text) in texts.into_iter().enumerate() {
        fs::write(name(number as u32), text).expect("written");
    }
    fs::write(state.join("short.transfer"), b"{}").expect("written");
    fs::write(state.join("half.draft"), b"{").expect("written");
    fs::write(state.join("notes.txt"), b"mine").expect("written");
    let (_, known, received) = Journal::open(Some(&state), "bob", SystemTime::now());
    assert!(known.is_empty() && received.is_empty());
    assert_eq!(fs::read(&precious).expect("there"), b"precious");
    let left: Vec<_> = fs::read_dir(&state).expect("read").flatten().collect();
    assert_eq!(left.len(), 1, "only what is none of the journal's stays");
    assert_eq!(left[0].file_name(), "notes.txt");
}

#[test]
fn what_came_before_counts_only_as_far_as_it_is_hashed_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = TransferId(5);
    let mut sink = Sink::create(folder.path(), id, "x.txt", (10, None), 0).expect("created");
    sink.begin(0, Vec::new()).expect("begun");
    assert_eq!(sink.write(b"12345"), Ok(5));
    let received = sink.received();
    drop(sink);
    for (tampered, outcome) in
        [(&b"12345"[..], Ok(())), (&b"1x345"[..], Err(TransferProblem::Different))]
    {
        fs::write(&received.part, tampered).expect("written");
        let mut sink = Sink::reopen(&received).expect("it is there");
        while !sink.step().expect("hashed") {}
        sink.go_on().expect("at its end");
        assert_eq!(sink.position(), (0, 5, 5));
        sink.begin(0, Vec::new()).expect("begun");
        assert_eq!(sink.write(b"67890"), Ok(10));
        assert_eq!(sink.end_file(hash(b"1234567890")), outcome);
        if outcome.is_ok() {
            let place = sink.place().expect("placed");
            assert_eq!(fs::read(place).expect("read"), b"1234567890");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_part_is_not_written_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let precious = folder.path().join("precious.txt");
    fs::write(&precious, b"precious").expect("written");
    let received = received(folder.path());
    std::os::unix::fs::symlink(&precious, &received.part).expect("a link");
    assert!(Sink::reopen(&received).is_none());
    // A new one takes another name.
    let mut sink = Sink::create(folder.path(), ID, "x.txt", (1, None), 0).expect("created");
    assert_eq!(sink.received().part, folder.path().join("x.txt.00000abc-2.part"));
    sink.write(b"1").expect("written");
    assert_eq!(fs::read(&precious).expect("read"), b"precious");
    // What has another name is none of ours.
    let another = Received { part: precious.clone(), ..received };
    assert!(Sink::reopen(&another).is_none());
}

#[test]
fn nothing_is_ever_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for round in 0..3 {
        fs::write(path("new"), round.to_string()).expect("written");
        place::put(&path("new"), folder.path(), "a.txt", false).expect("placed");
        fs::create_dir(path("new")).expect("a folder");
        fs::write(path("new").join("in"), round.to_string()).expect("written");
        place::put(&path("new"), folder.path(), "b.c", true).expect("placed");
    }
    for (name, round) in [
        ("a.txt", "0"),
        ("a (2).txt", "1"),
        ("a (3).txt", "2"),
        ("b.c/in", "0"),
        ("b.c (2)/in", "1"),
        ("b.c (3)/in", "2"),
    ] {
        assert_eq!(fs::read_to_string(path(name)).expect("read"), round, "{name}");
    }
    assert!(!path("new").exists());
}

/// The way of file systems that can't do it in one step.
#[cfg(unix)]
#[test]
fn moving_in_two_steps_writes_over_nothing_either() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for name in ["from", "taken"] {
        fs::write(path(name), name).expect("written");
        fs::create_dir(path(&format!("{name} folder"))).expect("a folder");
        fs::write(path(&format!("{name} folder")).join(name), name).expect("written");
    }
    for (from, taken, free, is_folder) in
        [("from", "taken", "free", false), ("from folder", "taken folder", "free folder", true)]
    {
        let error = unix::in_two_steps(&path(from), &path(taken), is_folder).expect_err("taken");
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
        unix::in_two_steps(&path(from), &path(free), is_folder).expect("moved");
        assert!(!path(from).exists());
    }
    assert_eq!(fs::read_to_string(path("free")).expect("read"), "from");
    assert_eq!(fs::read_to_string(path("free folder/from")).expect("read"), "from");
    assert_eq!(fs::read_to_string(path("taken")).expect("read"), "taken");
}

#[test]
fn a_full_disk_is_told_as_such() {
    use std::io::{Error, ErrorKind};
    let full = reason::unwritable(&Error::from(ErrorKind::StorageFull), 7, 3);
    assert_eq!(full, TransferProblem::NoRoom { needs: 7, free: 3 });
    let read_only = reason::unwritable(&Error::from(ErrorKind::ReadOnlyFilesystem), 7, 3);
    let why = "read-only filesystem or storage medium".to_owned();
    assert_eq!(read_only, TransferProblem::Unwritable(why));
    let folder = tempfile::tempdir().expect("a folder");
    let free = system::free(folder.path()).expect("told");
    let other_needs = free / 2;
    let too_large = Sink::create(folder.path(), ID, "x", (free, None), other_needs);
    let Err(TransferProblem::NoRoom { needs, free: left }) = too_large else {
        panic!("there is no room for it")
    };
    assert!(needs == free && left < free);
    assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 0);
}
