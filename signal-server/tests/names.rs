//! Owned names in a file: shared by connections and processes, damaged, missing, and looked after
//! by the operator.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use visavis_shared::{MissedCall, PublicKey, Timestamp, Username, canonical_name, skeleton};
use visavis_signal_server::names::missed_calls::Kept;
use visavis_signal_server::names::{Claim, NameStore, NameStoreError};

fn name(text: &str) -> Username {
    canonical_name(text).unwrap()
}

fn key(number: u8) -> PublicKey {
    PublicKey([number; 32])
}

fn somewhere() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("deeper").join("names.db");
    (folder, path)
}

#[test]
fn names_are_there_again_after_a_restart() {
    let (_folder, path) = somewhere();
    let now = SystemTime::now();
    let mut store = NameStore::open(&path).unwrap();
    assert_eq!(store.claim(&name("alice"), &key(1), now).unwrap(), Claim::Granted);
    drop(store);
    let mut store = NameStore::open(&path).unwrap();
    assert_eq!(store.claim(&name("alice"), &key(2), now).unwrap(), Claim::OwnedByAnother);
    assert_eq!(store.owner(&name("alice")).unwrap(), Some(key(1)));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file_and_its_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (_folder, path) = somewhere();
    let mut store = NameStore::open(&path).unwrap();
    store.claim(&name("alice"), &key(1), UNIX_EPOCH).unwrap();
    let folder = path.parent().unwrap();
    assert_eq!((mode(folder), mode(folder.parent().unwrap())), (0o700, 0o700));
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
    drop(store);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(NameStore::open(&path).unwrap());
    assert_eq!(mode(&path), 0o600, "a backup that was put back");
}

#[test]
fn of_many_connections_that_claim_a_name_exactly_one_gets_it() {
    const CLAIMANTS: u8 = 8;
    let (_folder, path) = somewhere();
    let start = Barrier::new(CLAIMANTS.into());
    let won: Vec<Vec<bool>> = thread::scope(|scope| {
        let claimants: Vec<_> = (0..CLAIMANTS)
            .map(|number| {
                let (path, start) = (&path, &start);
                thread::Builder::new().spawn_scoped(scope, move || {
                    start.wait();
                    // Opening is part of the race: the file is not there yet.
                    let mut store = NameStore::open(path).unwrap();
                    (0..40)
                        .map(|round| {
                            let name = name(&format!("round-{round}x"));
                            store.claim(&name, &key(number), UNIX_EPOCH).unwrap() == Claim::Granted
                        })
                        .collect()
                })
            })
            .collect();
        claimants.into_iter().map(|claimant| claimant.unwrap().join().unwrap()).collect()
    });
    for round in 0..40 {
        assert_eq!(won.iter().filter(|rounds| rounds[round]).count(), 1, "round {round}");
    }
}

/// Set in a copy of this test: which file to claim names in, and with which key.
const CLAIM_IN: &str = "NAMES_TEST_CLAIM_IN";
const CLAIM_AS: &str = "NAMES_TEST_CLAIM_AS";

#[test]
fn of_several_processes_that_claim_a_name_exactly_one_gets_it() {
    const ROUNDS: usize = 25;
    let names = || (0..ROUNDS).map(|round| name(&format!("round-{round}x")));
    if let Some(path) = std::env::var_os(CLAIM_IN) {
        let number: u8 = std::env::var(CLAIM_AS).unwrap().parse().unwrap();
        let mut store = NameStore::open(Path::new(&path)).unwrap();
        let won = names()
            .filter(|name| store.claim(name, &key(number), UNIX_EPOCH).unwrap() == Claim::Granted);
        println!("won {}.", won.count());
        return;
    }
    let (_folder, path) = somewhere();
    let this_test = "of_several_processes_that_claim_a_name_exactly_one_gets_it";
    let processes: Vec<_> = (1..=3)
        .map(|number: u8| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command
                .args(["--exact", this_test, "--nocapture"])
                .env(CLAIM_IN, &path)
                .env(CLAIM_AS, number.to_string());
            command.stdout(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut won = 0;
    for process in processes {
        let Output { status, stdout, .. } = process.wait_with_output().unwrap();
        let said = String::from_utf8(stdout).unwrap();
        assert!(status.success(), "{said}");
        let (_, count) = said.split_once("won ").expect("a count");
        won += count.split('.').next().unwrap().parse::<usize>().unwrap();
    }
    let store = NameStore::open(&path).unwrap();
    assert_eq!(won, ROUNDS);
    assert!(names().all(|name| store.owner(&name).unwrap().is_some()));
}

#[test]
fn a_file_without_names_in_it_frees_none_of_them() {
    let (folder, good) = somewhere();
    let mut store = NameStore::open(&good).unwrap();
    store.claim(&name("alice"), &key(1), UNIX_EPOCH).unwrap();
    drop(store);
    let good = fs::read(good).unwrap();
    // As a file of before was while its first names were only in the log beside it.
    let empty = folder.path().join("empty database");
    rusqlite::Connection::open(&empty).unwrap().execute_batch("VACUUM").unwrap();
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("an empty database", fs::read(empty).unwrap()),
        ("zeros", vec![0; good.len()]),
        ("a page of zeros", vec![0; 4096]),
        ("the first page", good[..4096].to_vec()),
        ("all but the last byte", good[..good.len() - 1].to_vec()),
        ("all but the last page", good[..good.len() - 4096].to_vec()),
        ("one byte", good[..1].to_vec()),
        ("the header", good[..100].to_vec()),
    ] {
        let path = folder.path().join(what).with_extension("db");
        fs::write(&path, &bytes).unwrap();
        let error = NameStore::open(&path).expect_err(what);
        assert!(
            matches!(error, NameStoreError::Empty(_) | NameStoreError::Damaged(_)),
            "{what}: {error:?}"
        );
        let words = error.to_string();
        assert!(words.contains("put a backup in its place"), "{what}: {words}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{what} is left as it is");
    }
}

#[test]
fn a_file_that_is_missing_beside_its_log_frees_no_name() {
    let (folder, path) = somewhere();
    let mut store = NameStore::open(&path).unwrap();
    store.claim(&name("alice"), &key(1), UNIX_EPOCH).unwrap();
    // As after a crash, but for the file itself.
    let copy = folder.path().join("names.db");
    fs::copy(path.with_file_name("names.db-wal"), copy.with_file_name("names.db-wal")).unwrap();
    let error = NameStore::open(&copy).unwrap_err();
    assert!(matches!(error, NameStoreError::Missing(_)), "{error:?}");
    assert!(error.to_string().contains("names.db-wal away"), "{error}");
    fs::copy(&path, &copy).unwrap();
    assert_eq!(NameStore::open(&copy).unwrap().owner(&name("alice")).unwrap(), Some(key(1)));
}

#[test]
fn a_database_without_its_table_is_damaged() {
    let (_folder, path) = somewhere();
    drop(NameStore::open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().execute_batch("DROP TABLE names").unwrap();
    let error = NameStore::open(&path).unwrap_err();
    assert!(matches!(error, NameStoreError::Damaged(_)), "{error:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_file_is_said_and_never_waited_for() {
    let (folder, _) = somewhere();
    let pipe = folder.path().join("names.db");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&pipe, Path::new("/dev/zero"), Path::new("/dev/null"), folder.path()] {
        let error = NameStore::open(path).unwrap_err();
        assert!(matches!(error, NameStoreError::NoFile(_)), "{path:?}: {error:?}");
    }
}

#[test]
fn a_new_store_is_whole_from_the_beginning_and_leaves_nothing_beside_it() {
    let (_folder, path) = somewhere();
    drop(NameStore::open(&path).unwrap());
    let files: Vec<_> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, ["names.db"]);
    // Without the log beside it.
    let copy = path.with_file_name("copy.db");
    fs::copy(&path, &copy).unwrap();
    assert_eq!(NameStore::open(&copy).unwrap().list(None, 9).unwrap(), []);
}

#[test]
fn a_server_does_not_start_on_names_that_are_lost() {
    let (_folder, path) = somewhere();
    let folder = path.parent().unwrap();
    fs::create_dir_all(folder).unwrap();
    fs::write(&path, "").unwrap();
    let quiet = ["--listen=127.0.0.1:0", "--stun-listen=off", "--metrics-listen=off"];
    let output = program(folder, &quiet);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("names.db is empty") && said.contains("backup"), "{said}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_damaged_file_is_said_and_left_as_it_is() {
    let (folder, good) = somewhere();
    let mut store = NameStore::open(&good).unwrap();
    for i in 0..40 {
        store.claim(&name(&format!("somebody-{i}x")), &key(i), UNIX_EPOCH).unwrap();
    }
    drop(store);
    let good = fs::read(good).unwrap();
    let half = good.get(..good.len() / 2).unwrap().to_vec();
    let mut scribbled = good.clone();
    scribbled.iter_mut().skip(100).for_each(|byte| *byte ^= 0x5a);
    for (what, bytes) in [
        ("rubbish", vec![b'x'; 5_000]),
        ("a few bytes", b"names".to_vec()),
        ("half", half),
        ("scribbled", scribbled),
    ] {
        let path = folder.path().join(what);
        fs::write(&path, &bytes).unwrap();
        let found = NameStore::open(&path).and_then(|mut store| {
            store.list(None, 100)?;
            store.claim(&name("zoe"), &key(1), UNIX_EPOCH)
        });
        let error = found.expect_err(what);
        assert!(matches!(error, NameStoreError::Damaged(_)), "{what}: {error:?}");
        let words = error.to_string();
        assert!(
            words.contains("put a backup in its place") && words.lines().count() == 1,
            "{words}"
        );
        assert_eq!(fs::read(&path).unwrap().len(), bytes.len(), "{what}");
    }
}

#[test]
fn a_file_of_a_later_version_or_of_another_program_is_left_alone() {
    let (_folder, path) = somewhere();
    drop(NameStore::open(&path).unwrap());
    let change = |sql: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    change("PRAGMA user_version = 99");
    let error = NameStore::open(&path).unwrap_err();
    assert!(matches!(error, NameStoreError::Later { version: 99, .. }), "{error:?}");
    change("PRAGMA user_version = -1");
    assert!(matches!(NameStore::open(&path).unwrap_err(), NameStoreError::Later { .. }));
    change("PRAGMA user_version = 1; PRAGMA application_id = 7");
    let error = NameStore::open(&path).unwrap_err();
    assert!(matches!(error, NameStoreError::Foreign(_)), "{error:?}");
    let other = path.with_file_name("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(NameStore::open(&other).unwrap_err(), NameStoreError::Foreign(_)));
}

#[test]
fn a_place_that_can_not_be_is_said_in_one_line() {
    let (folder, _) = somewhere();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let below_a_file = NameStore::open(&file.join("names.db")).unwrap_err();
    assert!(matches!(below_a_file, NameStoreError::NoPlace { .. }), "{below_a_file:?}");
    let a_folder = NameStore::open(folder.path()).unwrap_err();
    assert!(matches!(a_folder, NameStoreError::NoFile(_)), "{a_folder:?}");
    for error in [below_a_file, a_folder] {
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_can_not_be_written_is_said_in_one_line() {
    // Nobody can write there, not even root.
    let error = NameStore::open(Path::new("/proc/names.db")).unwrap_err();
    assert!(error.to_string().contains("name another folder with --data-dir"), "{error}");
}

/// The program itself, with its data in `folder`.
fn program(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_visavis-signal-server"));
    for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("VISAVIS_")) {
        command.env_remove(variable);
    }
    command.args(args).env("VISAVIS_DATA_DIR", folder).output().unwrap()
}

#[test]
fn the_operator_lists_and_releases_names_while_a_server_has_them_open() {
    let (_folder, path) = somewhere();
    let folder = path.parent().unwrap();
    let said = |args: &[&str]| {
        let output = program(folder, args);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    assert_eq!(
        said(&["names", "list"]),
        (Some(0), "Nobody owns a name yet.\n".into(), String::new())
    );
    let mut store = NameStore::open(&path).unwrap();
    store.claim(&name("Alice"), &key(1), UNIX_EPOCH + Duration::from_secs(1_709_164_800)).unwrap();
    let (code, out, err) = said(&["names", "list"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(
        out.contains("alice") && out.contains("2024-02-29") && out.contains(&key(1).to_string()),
        "{out}"
    );
    let (code, out, _) = said(&["names", "release", "ALICE"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("alice is free"), "{out}");
    assert_eq!(store.claim(&name("alice"), &key(2), UNIX_EPOCH).unwrap(), Claim::Granted);
    let (code, out, err) = said(&["names", "release", "bob"]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(1), "", 1));
    assert!(err.contains("nobody owns bob"), "{err}");
    let elsewhere = folder.join("elsewhere");
    let (_, out, _) = said(&["names", "list", "--data-dir", elsewhere.to_str().unwrap()]);
    assert_eq!(out, "Nobody owns a name yet.\n");
    assert_eq!(said(&["names"]).0, Some(2));
}

#[test]
fn a_file_of_the_first_version_keeps_its_names_and_can_keep_missed_calls() {
    let (_folder, path) = somewhere();
    let mut store = NameStore::open(&path).unwrap();
    store.claim(&name("alice"), &key(1), UNIX_EPOCH).unwrap();
    drop(store);
    let first = "DROP TABLE missed_calls; PRAGMA user_version = 1";
    rusqlite::Connection::open(&path).unwrap().execute_batch(first).unwrap();
    let mut store = NameStore::open(&path).unwrap();
    assert_eq!(store.owner(&name("alice")).unwrap(), Some(key(1)));
    let at = Timestamp::from_unix_seconds(1_000);
    assert_eq!(store.keep_missed(&name("alice"), &name("bob"), at).unwrap(), Kept::New);
    let missed = store.missed(&name("alice"), &key(1), at).unwrap();
    assert_eq!(missed, [MissedCall { from: name("bob"), at, guest: true }]);
}

/// A short name made of letters that are easily taken for one another.
fn confusable() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec!["1", "l", "m", "rn", "i", "ı", "0", "o", "a", "vv", "w"]);
    prop::collection::vec(piece, 1..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, rng_seed: RngSeed::Fixed(0x6e61_6d65), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_owned_names_are_or_look_the_same(claims in prop::collection::vec((confusable(), 0_u8..4), 1..40)) {
        let mut store = NameStore::open_in_memory().unwrap();
        for (text, number) in claims {
            let Ok(name) = canonical_name(&text) else { continue };
            let before = store.owner(&name).unwrap();
            let claim = store.claim(&name, &key(number), UNIX_EPOCH).unwrap();
            let after = store.owner(&name).unwrap();
            match before {
                Some(owner) => {
                    prop_assert_eq!(after, Some(owner));
                    let expected = if owner == key(number) { Claim::AlreadyYours } else { Claim::OwnedByAnother };
                    prop_assert_eq!(claim, expected);
                }
                None => prop_assert_eq!(after.is_some(), claim == Claim::Granted),
            }
        }
        let owned = store.list(None, usize::MAX).unwrap();
        let mut looks: Vec<_> = owned.iter().map(|owned| skeleton(&owned.name)).collect();
        looks.sort();
        looks.dedup();
        prop_assert_eq!(looks.len(), owned.len());
    }
}
