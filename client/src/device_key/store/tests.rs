use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use super::super::keyring::Vault;
use super::*;

/// How the keyring of a test behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mood {
    #[default]
    Well,
    Missing,
    Locked,
    Hangs,
    /// It takes what it is given, and gives something else back.
    Forgets,
    /// It is gone between writing and reading.
    DiesAfterWriting,
}

/// A keyring in memory.
#[derive(Default)]
struct Fake {
    kept: Mutex<HashMap<String, Vec<u8>>>,
    mood: Mutex<Mood>,
    changed: Condvar,
}

impl Fake {
    fn is(&self, mood: Mood) {
        *self.mood.lock().expect("no panic") = mood;
        self.changed.notify_all();
    }

    fn waits(&self) -> Result<(), KeyringError> {
        let mood = self.mood.lock().expect("no panic");
        let mood = self.changed.wait_while(mood, |mood| *mood == Mood::Hangs).expect("no panic");
        match *mood {
            Mood::Missing => Err(KeyringError::Missing),
            Mood::Locked => Err(KeyringError::Locked),
            _ => Ok(()),
        }
    }

    fn kept(&self) -> usize {
        self.kept.lock().expect("no panic").len()
    }
}

impl Vault for Fake {
    fn read(&self, account: &str) -> Result<Option<Vec<u8>>, KeyringError> {
        self.waits()?;
        if *self.mood.lock().expect("no panic") == Mood::Forgets {
            return Ok(Some(vec![9; 32]));
        }
        Ok(self.kept.lock().expect("no panic").get(account).cloned())
    }

    fn write(&self, account: &str, secret: &[u8]) -> Result<(), KeyringError> {
        self.waits()?;
        self.kept.lock().expect("no panic").insert(account.to_owned(), secret.to_owned());
        if *self.mood.lock().expect("no panic") == Mood::DiesAfterWriting {
            self.is(Mood::Missing);
        }
        Ok(())
    }
}

struct Somewhere {
    _folder: tempfile::TempDir,
    path: PathBuf,
    fake: Arc<Fake>,
}

fn somewhere() -> Somewhere {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data");
    Somewhere { _folder: folder, path, fake: Arc::default() }
}

impl Somewhere {
    /// As a program that has just started finds it.
    fn store(&self) -> KeyStore {
        let keyring =
            Keyring::with(Arc::clone(&self.fake) as Arc<dyn Vault>, Duration::from_millis(50));
        KeyStore { folder: self.path.clone(), keyring, moves: true }
    }

    fn files(&self) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| {
            entry.expect("listed").file_name().into_string().expect("a name")
        };
        let mut names: Vec<_> = fs::read_dir(&self.path).expect("listed").map(name).collect();
        names.sort();
        names
    }

    fn moved(&self) -> DeviceKey {
        let (key, place) = self.store().load().expect("a key");
        assert_eq!(place, KeyPlace::File(self.path.join(KEY_FILE)), "a key begins as a file");
        assert_eq!(self.store().move_to_keyring().expect("moved"), KeyPlace::Keyring);
        key
    }
}

#[test]
fn a_key_goes_to_the_keyring_and_is_found_there() {
    let at = somewhere();
    assert_eq!(at.store().place(), None);
    let key = at.moved();
    assert_eq!(at.files(), [NOTE_FILE, LOCK_FILE]);
    assert!(at.store().load().expect("a key") == (key.clone(), KeyPlace::Keyring));
    assert_eq!(at.store().place(), Some(KeyPlace::Keyring));
    assert_eq!(at.store().move_to_keyring().expect("it is there"), KeyPlace::Keyring);
    let note = fs::read(at.path.join(NOTE_FILE)).expect("a note");
    assert!(!note.windows(8).any(|part| key.seed.windows(8).any(|seed| seed == part)));
}

#[test]
fn a_folder_that_somebody_named_keeps_its_key_in_its_file() {
    let at = somewhere();
    let store = at.store().that_moves(false);
    let (key, place) = store.load().expect("a key");
    assert_eq!(store.move_to_keyring().expect("it stays"), place);
    assert_eq!((at.files(), at.fake.kept()), (vec![KEY_FILE.to_owned()], 0));
    // One that went to the keyring earlier is found there all the same.
    at.store().move_to_keyring().expect("moved");
    assert!(store.load().expect("a key") == (key, KeyPlace::Keyring));
}

#[test]
fn a_keyring_that_is_missing_locked_or_forgets_leaves_the_key_in_its_file() {
    for (mood, why) in [
        (Mood::Missing, KeyringError::Missing),
        (Mood::Locked, KeyringError::Locked),
        (Mood::Hangs, KeyringError::Silent),
        (Mood::Forgets, KeyringError::Failed),
        (Mood::DiesAfterWriting, KeyringError::Missing),
    ] {
        let at = somewhere();
        let (key, place) = at.store().load().expect("a key");
        at.fake.is(mood);
        let error = at.store().move_to_keyring().expect_err("it can't be moved");
        assert!(matches!(error, KeyError::Keyring(found) if found == why), "{mood:?}: {error:?}");
        assert!(at.store().load().expect("a key") == (key.clone(), place), "{mood:?}");
        assert_eq!(at.files(), [KEY_FILE], "{mood:?}");
        at.fake.is(Mood::Well);
        assert_eq!(at.store().move_to_keyring().expect("moved"), KeyPlace::Keyring);
        assert!(at.store().load().expect("a key").0 == key, "{mood:?}");
    }
}

#[test]
fn while_a_key_is_in_the_keyring_no_new_one_is_made_whatever_happens_to_the_keyring() {
    let at = somewhere();
    let key = at.moved();
    for (mood, why) in [
        (Mood::Missing, KeyringError::Missing),
        (Mood::Locked, KeyringError::Locked),
        (Mood::Hangs, KeyringError::Silent),
    ] {
        at.fake.is(mood);
        let error = at.store().load().expect_err("it can't be read");
        assert!(matches!(error, KeyError::Keyring(found) if found == why), "{mood:?}: {error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
        at.fake.is(Mood::Well);
        assert!(at.store().load().expect("a key").0 == key, "tried again after {mood:?}");
    }
    at.fake.is(Mood::Forgets);
    assert!(matches!(at.store().load(), Err(KeyError::Gone(_))), "another key is not the key");
    at.fake.is(Mood::Well);
    at.fake.kept.lock().expect("no panic").clear();
    let error = at.store().load().expect_err("it is gone");
    assert!(error.to_string().contains(NOTE_FILE), "{error}");
    assert_eq!(at.files(), [NOTE_FILE, LOCK_FILE], "nothing was made");
}

#[test]
fn a_keyring_that_hangs_is_asked_once_until_it_answers() {
    let at = somewhere();
    let key = at.moved();
    at.fake.is(Mood::Hangs);
    let store = at.store();
    for _ in 0..3 {
        assert!(matches!(store.load(), Err(KeyError::Keyring(KeyringError::Silent))));
    }
    assert_eq!(Arc::strong_count(&at.fake), 3, "ours, the store's, and that of one question");
    at.fake.is(Mood::Well);
    // The question that hung ends, and then there is room for another.
    while Arc::strong_count(&at.fake) > 2 {
        std::thread::yield_now();
    }
    assert!(store.load().expect("a key").0 == key);
}

#[test]
fn a_move_that_was_cut_short_loses_nothing_and_is_made_good() {
    let at = somewhere();
    let key = at.moved();
    // As after a crash between the note and the removal of the file.
    file::replace(&at.path.join(KEY_FILE), &key).expect("written");
    at.fake.is(Mood::Locked);
    assert!(at.store().load().expect("the file counts").0 == key);
    at.fake.is(Mood::Well);
    assert_eq!(at.store().move_to_keyring().expect("moved"), KeyPlace::Keyring);
    assert_eq!((at.files().len(), at.fake.kept()), (2, 1));
    assert!(at.store().load().expect("a key").0 == key);
}

#[test]
fn a_file_that_somebody_puts_back_counts_and_the_note_before_it_is_kept() {
    let at = somewhere();
    at.moved();
    let old = DeviceKey::from_seed([5; 32]);
    file::replace(&at.path.join(KEY_FILE), &old).expect("written");
    assert!(at.store().load().expect("a key").0 == old);
    at.store().move_to_keyring().expect("moved");
    assert!(at.store().load().expect("a key").0 == old);
    assert_eq!(at.files(), [NOTE_FILE, "device.keyring.before-1", LOCK_FILE]);
    assert_eq!(at.fake.kept(), 2, "nothing is removed from a keyring");
}

#[test]
fn two_profiles_on_one_keyring_keep_two_keys() {
    let (one, two) = (somewhere(), somewhere());
    let two = Somewhere { fake: Arc::clone(&one.fake), ..two };
    let keys = [one.moved(), two.moved()];
    assert!(keys[0] != keys[1]);
    assert!(one.store().load().expect("a key").0 == keys[0]);
    assert!(two.store().load().expect("a key").0 == keys[1]);
}

#[test]
fn a_note_that_is_damaged_is_an_error_and_stays_as_it_is() {
    for text in ["", "visavis keyring v1 \n", "visavis keyring v2 0123\n", "\u{0}", "x"] {
        let text = text.repeat(if text == "x" { 100_000 } else { 1 });
        let at = somewhere();
        fs::create_dir_all(&at.path).expect("made");
        fs::write(at.path.join(NOTE_FILE), &text).expect("written");
        assert!(matches!(at.store().load(), Err(KeyError::Damaged(_))), "{text:.20}");
        assert_eq!(at.files(), [NOTE_FILE]);
    }
}

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery")
}

#[test]
fn what_one_computer_exports_another_imports_and_both_are_the_same_person() {
    let (here, there) = (somewhere(), somewhere());
    let key = here.moved();
    let file = here.path.join("key");
    here.store().export(&file, &passphrase()).expect("exported");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    }
    let before = there.store().load().expect("a key").0;
    let opened = KeyStore::open_export(&file, &passphrase()).expect("opened");
    assert!(there.store().has_another(&opened));
    let aside = there.path.join("device.key.before-1");
    assert_eq!(
        there.store().import(&opened).expect("imported"),
        Imported::Replaced(Some(aside.clone()))
    );
    assert!(there.store().load().expect("a key").0 == key);
    assert_eq!(fs::read(&aside).expect("kept"), before.seed);
    assert_eq!(there.store().import(&opened).expect("imported"), Imported::Same);
    let origin = "wss://calls.example:443";
    assert_eq!(opened.login_key(origin).public(), key.login_key(origin).public());
}

#[test]
fn an_import_where_the_key_is_in_a_locked_keyring_keeps_the_note_of_it() {
    let at = somewhere();
    let before = at.moved();
    at.fake.is(Mood::Locked);
    let key = DeviceKey::from_seed([5; 32]);
    assert!(at.store().has_another(&key), "one that can't be read is another");
    let aside = at.path.join("device.keyring.before-1");
    assert_eq!(at.store().import(&key).expect("imported"), Imported::Replaced(Some(aside.clone())));
    assert!(at.store().load().expect("a key").0 == key);
    // The one before comes back with its note.
    fs::remove_file(at.path.join(KEY_FILE)).expect("moved away");
    fs::rename(aside, at.path.join(NOTE_FILE)).expect("put back");
    at.fake.is(Mood::Well);
    assert!(at.store().load().expect("a key").0 == before);
}

#[test]
fn an_export_writes_over_nothing_and_needs_a_key() {
    let at = somewhere();
    let file = at.path.join("key");
    assert!(matches!(at.store().export(&file, &passphrase()), Err(MoveError::NoKey)));
    at.moved();
    fs::write(&file, "something").expect("written");
    assert!(matches!(at.store().export(&file, &passphrase()), Err(MoveError::Exists(_))));
    assert_eq!(fs::read(&file).expect("there"), b"something");
    let nowhere = at.path.join("no").join("folder");
    assert!(matches!(at.store().export(&nowhere, &passphrase()), Err(MoveError::Write(..))));
    let short = Passphrase::new("short");
    let error = at.store().export(&at.path.join("new"), &short).expect_err("too short");
    assert!(matches!(error, MoveError::Export(ExportError::TooShort)), "{error:?}");
    assert_eq!(at.files(), [NOTE_FILE, LOCK_FILE, "key"]);
}

#[test]
fn a_file_of_a_gigabyte_a_pipe_and_a_folder_are_no_exports_and_are_not_read() {
    let at = somewhere();
    fs::create_dir_all(&at.path).expect("made");
    let large = at.path.join("large");
    // Sparse: it takes no room on the disk.
    fs::File::create(&large).and_then(|file| file.set_len(1 << 30)).expect("made");
    for path in [&large, &at.path] {
        let error = KeyStore::open_export(path, &passphrase()).expect_err("no export");
        assert!(matches!(error, MoveError::Export(ExportError::NotAnExport)), "{error:?}");
    }
    let error = KeyStore::open_export(&at.path.join("none"), &passphrase()).expect_err("none");
    assert!(matches!(error, MoveError::Read(..)) && !error.to_string().contains('\n'));
}

#[test]
fn a_move_and_an_import_at_once_leave_the_imported_key() {
    for _ in 0..20 {
        let at = somewhere();
        at.store().load().expect("a key");
        let key = DeviceKey::from_seed([5; 32]);
        std::thread::scope(|scope| {
            let moving = std::thread::Builder::new()
                .spawn_scoped(scope, || at.store().move_to_keyring())
                .expect("a thread");
            at.store().import(&key).expect("imported");
            moving.join().expect("no panic").expect("moved, or left");
        });
        assert!(at.store().load().expect("a key").0 == key);
    }
}
