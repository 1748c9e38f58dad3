//! What is kept comes back, whatever happens to the files; what can't be kept is said and not lost.

use std::fs;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use visavis_shared::{PublicKey, Username};

use super::*;
use crate::people::{Change, UnixTime};
use crate::private_file;

fn account(server: &str, username: &str) -> Account {
    Account { server: server.to_owned(), username: Username::parse(username).unwrap() }
}

fn nico() -> Account {
    account("wss://meet.example:443", "nico")
}

fn with(account: Account, contacts: &[&str]) -> Arc<Book> {
    let mut book = Book::new(account);
    for contact in contacts {
        let username = Username::parse(contact).unwrap();
        book.apply(Change::Add(username, None), UnixTime(1)).unwrap();
    }
    Arc::new(book)
}

fn contacts(book: &Book) -> Vec<String> {
    book.contacts().map(|contact| contact.username.to_string()).collect()
}

fn disk(folder: &Path) -> Disk {
    Disk::new(folder.to_owned(), Box::new(private_file::replace))
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The book of nico that is in this folder, and what is said about it.
fn opened(folder: &Path) -> (Book, Option<crate::words::Phrase>) {
    let (_, book, words) = disk(folder).open(&nico());
    (book, words)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn each_server_and_each_own_name_has_a_book_of_its_own_that_comes_back() {
    let dir = folder();
    let accounts = [
        nico(),
        account("wss://meet.example:443", "nicola"),
        account("ws://meet.example:443", "nico"),
        account("ws://[::1]:9090", "../../etc/passwd 🦀"),
    ];
    wait(async {
        let store = PeopleStore::start(dir.path().join("people")).unwrap();
        for (number, account) in accounts.iter().enumerate() {
            store.save(with(account.clone(), &["bob", &format!("c{number}")]), false);
        }
        store.finish().await;
        let mut store = PeopleStore::start(dir.path().join("people")).unwrap();
        for (number, account) in accounts.iter().enumerate() {
            store.open(account.clone());
            let Some(StoreEvent::Opened { book, words: None }) = store.next_event().await else {
                panic!("not opened")
            };
            assert_eq!(contacts(&book), ["bob".to_owned(), format!("c{number}")]);
            assert_eq!(book.account(), account);
        }
        store.finish().await;
    });
    assert!(!dir.path().join("etc").exists());
}

#[test]
fn a_file_that_was_cut_anywhere_is_set_aside_and_the_last_start_takes_its_place() {
    let dir = folder();
    let mut disk = disk(dir.path());
    let path = disk.path_of(&nico());
    disk.save(&with(nico(), &["bob"]), false).unwrap();
    drop(disk.open(&nico()));
    disk.save(&with(nico(), &["bob", "carol"]), false).unwrap();
    let whole = fs::read(&path).unwrap();
    for end in 0..whole.len() {
        let aside =
            dir.path().join(format!("{}.damaged-1", path.file_name().unwrap().to_str().unwrap()));
        let _ = fs::remove_file(&aside);
        fs::write(&path, &whole[..end]).unwrap();
        let (book, words) = opened(dir.path());
        assert_eq!(contacts(&book), ["bob"], "cut at {end}");
        let words = words.unwrap().plain();
        assert!(words.contains("damaged-1") && !words.contains('\n'), "{words}");
        assert_eq!(fs::read(&aside).unwrap(), whole[..end], "nothing is lost");
    }
}

#[test]
fn a_damaged_file_without_a_copy_begins_anew_and_stays_aside() {
    let dir = folder();
    let path = disk(dir.path()).path_of(&nico());
    for (number, bytes) in
        [&b""[..], b"\0\0", &[0xff; 70_000], b"{\"format\":1}\n{}"].iter().enumerate()
    {
        fs::write(&path, bytes).unwrap();
        let (file, book, words) = disk(dir.path()).open(&nico());
        assert!(book.is_empty() && file.is_writable());
        assert!(words.unwrap().plain().contains(&format!("damaged-{}", number + 1)));
        assert!(book.keys().are_doubted(UnixTime::now()), "whose keys were in it nobody knows");
    }
    let (book, words) = opened(dir.path());
    assert!(book.is_empty() && words.is_none());
    assert!(book.keys().are_doubted(UnixTime::now()), "also after the next start");
}

/// A book of so many contacts, all with keys, and every third compared.
fn with_keys(count: usize) -> Book {
    let mut book = Book::new(nico());
    for number in 0..count {
        let username = Username::parse(&format!("c{number}")).unwrap();
        let key = key(number);
        book.apply(Change::Add(username.clone(), None), UnixTime(1)).unwrap();
        let pin = match number % 3 {
            0 => Change::ConfirmKey(username, key),
            _ => Change::Pin(username, key),
        };
        book.apply(pin, UnixTime(2)).unwrap();
    }
    book
}

fn key(number: usize) -> PublicKey {
    let mut key = [9; 32];
    key[..8].copy_from_slice(&(number as u64).to_le_bytes());
    PublicKey(key)
}

#[test]
fn ten_thousand_contacts_come_back_with_their_keys() {
    let dir = folder();
    let book = with_keys(10_000);
    disk(dir.path()).save(&book, false).unwrap();
    let (again, words) = opened(dir.path());
    assert_eq!((&again, words), (&book, None));
    let c9 = again.key_of(&Username::parse("c9").unwrap()).unwrap();
    assert_eq!((c9.key, c9.confirmed), (key(9), Some(UnixTime(2))));
    let c9998 = again.key_of(&Username::parse("c9998").unwrap()).unwrap();
    assert_eq!((c9998.key, c9998.confirmed), (key(9998), None));
}

#[test]
fn a_large_book_that_was_cut_in_half_is_the_one_of_the_last_start_and_says_so() {
    let dir = folder();
    let mut disk = disk(dir.path());
    disk.save(&with_keys(400), false).unwrap();
    drop(disk.open(&nico()));
    disk.save(&with_keys(500), false).unwrap();
    let path = disk.path_of(&nico());
    let whole = fs::read(&path).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    // In the head, in the contacts, between both lists, in a key's name, its text and its time.
    let places =
        ["sha256", "\n", "c77\"", "\"callsNoted\":0,", "\"keys\":[", "\"key\":\"", "since\":2}"];
    let cuts = places.map(|place| text.rfind(place).unwrap() + place.len() - 1);
    for cut in cuts.into_iter().chain([0, whole.len() / 2, whole.len() - 1]) {
        fs::write(&path, &whole[..cut]).unwrap();
        let (book, words) = opened(dir.path());
        assert_eq!(book.keys().shared(), with_keys(400).keys().shared(), "cut at {cut}");
        let words = words.unwrap().plain();
        assert!(words.contains("keys") && words.contains("damaged-"), "{words}");
        assert!(book.keys().are_doubted(UnixTime::now()), "newer keys are missing");
        private_file::remove_aside(&path).unwrap();
    }
}

#[test]
fn one_damaged_key_costs_itself_and_a_word_and_the_file_stays_aside() {
    let dir = folder();
    let path = disk(dir.path()).path_of(&nico());
    let text = String::from_utf8(form::write(&with_keys(5)).unwrap()).unwrap();
    let body = text.split_once('\n').unwrap().1;
    let body = body.replacen(&key(3).to_string(), "no key", 1);
    let digest = <sha2::Sha256 as sha2::Digest>::digest(body.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{{\"format\":1,\"sha256\":\"{digest}\"}}\n{body}");
    fs::write(&path, &text).unwrap();
    assert_eq!(known_keys(&opened_beside(dir.path())), ["c0", "c1", "c2", "c4"], "it is only read");
    let (book, words) = opened(dir.path());
    assert_eq!(known_keys(&book), ["c0", "c1", "c2", "c4"]);
    assert_eq!(contacts(&book).len(), 5);
    let words = words.unwrap().plain();
    assert!(words.contains("key of c3 can't be read") && words.contains("damaged-1"), "{words}");
    let aside = private_file::beside(&path, "damaged-1");
    assert_eq!(fs::read_to_string(aside).unwrap(), text, "nothing is lost");
    let (again, words) = opened(dir.path());
    assert_eq!((known_keys(&again), words), (known_keys(&book), None), "it is said once");
    assert!(again.keys().are_doubted(UnixTime::now()));
}

fn known_keys(book: &Book) -> Vec<String> {
    book.keys().shared().keys().map(ToString::to_string).collect()
}

/// What is read beside a program that has the book open.
fn opened_beside(folder: &Path) -> Book {
    let mut first = disk(folder);
    let _held = disk::lock_for_tests(&first.path_of(&nico()));
    first.open(&nico()).1
}

#[cfg(unix)]
#[test]
fn a_book_that_may_not_be_read_leaves_every_key_in_doubt_and_is_not_written_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder();
    let mut disk = disk(dir.path());
    disk.save(&with_keys(3), false).unwrap();
    let path = disk.path_of(&nico());
    let whole = fs::read(&path).unwrap();
    // A folder in its place can't be read by anybody, whoever runs this.
    fs::rename(&path, dir.path().join("book")).unwrap();
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    let (file, book, words) = disk.open(&nico());
    assert!(!file.is_writable() && book.keys().is_empty());
    assert!(book.keys().are_doubted(UnixTime::now()));
    let words = words.unwrap().plain();
    assert!(words.contains("can't be read"), "{words}");
    assert_eq!(fs::read(dir.path().join("book")).unwrap(), whole);
}

#[test]
fn a_file_of_a_later_version_is_shown_and_never_written() {
    let dir = folder();
    let path = disk(dir.path()).path_of(&nico());
    let text = form::write(&with(nico(), &["bob"])).unwrap();
    let text = String::from_utf8(text).unwrap().replace("\"format\":1", "\"format\":7");
    fs::write(&path, &text).unwrap();
    wait(async {
        let mut store = PeopleStore::start(dir.path().to_owned()).unwrap();
        store.open(nico());
        let Some(StoreEvent::Opened { book, words }) = store.next_event().await else { panic!() };
        assert_eq!(contacts(&book), ["bob"]);
        assert!(words.unwrap().plain().contains("newer version"));
        store.save(with(nico(), &["carol"]), false);
        store.finish().await;
    });
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_file_that_went_missing_is_replaced_by_the_last_start() {
    let dir = folder();
    let mut disk = disk(dir.path());
    disk.save(&with(nico(), &["bob"]), false).unwrap();
    drop(disk.open(&nico()));
    fs::remove_file(disk.path_of(&nico())).unwrap();
    let (book, words) = opened(dir.path());
    assert_eq!((contacts(&book), words.is_some()), (vec!["bob".to_owned()], true));
}

#[test]
fn what_is_erased_is_nowhere_on_the_disk() {
    let dir = folder();
    let mut disk = disk(dir.path());
    disk.save(&with(nico(), &["secretfriend"]), false).unwrap();
    drop(disk.open(&nico()));
    let path = disk.path_of(&nico());
    fs::write(&path, "secretfriend").unwrap();
    fs::write(private_file::beside(&path, "4711.draft"), "secretfriend").unwrap();
    drop(disk.open(&nico()));
    disk.save(&Book::new(nico()), true).unwrap();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        assert!(!text.contains("secretfriend"), "{}", path.display());
    }
    assert_eq!(opened(dir.path()), (Book::new(nico()), None));
}

#[test]
fn two_programs_do_not_write_over_each_other() {
    let dir = folder();
    let mut first = disk(dir.path());
    first.save(&with(nico(), &["bob"]), false).unwrap();
    let (held, _, words) = first.open(&nico());
    assert_eq!(words, None);
    let (second, book, words) = disk(dir.path()).open(&nico());
    assert_eq!((contacts(&book), second.is_writable()), (vec!["bob".to_owned()], false));
    assert!(words.unwrap().plain().contains("another window"));
    drop((held, second));
    assert!(disk(dir.path()).open(&nico()).0.is_writable());
}

#[test]
fn a_full_disk_is_said_once_and_what_waits_is_written_when_there_is_room() {
    let dir = folder();
    let full = Arc::new(AtomicBool::new(true));
    let is_full = Arc::clone(&full);
    let write: Write = Box::new(move |path, bytes| {
        if is_full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        private_file::replace(path, bytes)
    });
    wait(async {
        let disk = Disk::new(dir.path().to_owned(), write);
        let mut store = PeopleStore::start_on(disk, Duration::from_millis(5)).unwrap();
        store.open(nico());
        assert!(matches!(store.next_event().await, Some(StoreEvent::Opened { words: None, .. })));
        store.save(with(nico(), &["bob"]), false);
        let Some(StoreEvent::NotKept(Some(words))) = store.next_event().await else { panic!() };
        let words = words.plain();
        assert!(words.contains("can't be kept") && words.contains("storage"), "{words}");
        store.save(with(nico(), &["bob", "carol"]), false);
        full.store(false, Ordering::SeqCst);
        assert_eq!(store.next_event().await, Some(StoreEvent::NotKept(None)));
        store.finish().await;
    });
    assert_eq!(contacts(&opened(dir.path()).0), ["bob", "carol"]);
}

#[test]
fn an_account_that_comes_back_before_it_was_written_has_lost_nothing() {
    let dir = folder();
    let write: Write = Box::new(|_, _| Err(io::ErrorKind::ReadOnlyFilesystem.into()));
    wait(async {
        let disk = Disk::new(dir.path().to_owned(), write);
        let mut store = PeopleStore::start_on(disk, RETRY_EVERY).unwrap();
        store.save(with(nico(), &["bob"]), false);
        assert!(matches!(store.next_event().await, Some(StoreEvent::NotKept(Some(_)))));
        store.open(account("ws://other:9090", "nico"));
        assert!(matches!(store.next_event().await, Some(StoreEvent::Opened { .. })));
        store.open(nico());
        let Some(StoreEvent::Opened { book, .. }) = store.next_event().await else { panic!() };
        assert_eq!(contacts(&book), ["bob"]);
        store.finish().await;
    });
}

#[test]
fn a_folder_that_can_not_be_made_costs_nothing_but_the_keeping() {
    let dir = folder();
    fs::write(dir.path().join("file"), "").unwrap();
    wait(async {
        let mut store = PeopleStore::start(dir.path().join("file/people")).unwrap();
        store.open(nico());
        let Some(StoreEvent::Opened { book, words }) = store.next_event().await else { panic!() };
        assert!(book.is_empty());
        assert!(words.is_none_or(|words| words.plain().contains("can't be read")));
        store.save(with(nico(), &["bob"]), false);
        let _ = tokio::time::timeout(Duration::from_secs(5), store.next_event()).await;
        assert!(store.export(with(nico(), &["bob"]), dir.path().join("export.json")));
        store.finish().await;
    });
    let exported: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("export.json")).unwrap()).unwrap();
    assert_eq!(exported["contacts"][0]["username"], "bob");
}

#[test]
fn only_the_newest_book_of_an_account_waits() {
    let writes = Arc::new(Mutex::new(0));
    let (held, counted) = (Arc::new(Mutex::new(())), Arc::clone(&writes));
    let (gate, waiting) = (Arc::clone(&held), held.lock().unwrap());
    let write: Write = Box::new(move |_, _| {
        drop(gate.lock());
        *counted.lock().unwrap() += 1;
        Ok(())
    });
    let dir = folder();
    let store =
        PeopleStore::start_on(Disk::new(dir.path().to_owned(), write), RETRY_EVERY).unwrap();
    for number in 0..10_000 {
        store.save(with(nico(), &[&format!("c{number}")]), false);
    }
    let exports = (0..10).filter(|_| store.export(with(nico(), &[]), "x".into())).count();
    drop(waiting);
    wait(store.finish());
    assert_eq!(exports, 4);
    assert!(*writes.lock().unwrap() <= 2 + 4, "{} writes", writes.lock().unwrap());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder();
    let people = dir.path().join("people");
    let mut disk = disk(&people);
    disk.save(&with(nico(), &["bob"]), false).unwrap();
    drop(disk.open(&nico()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&people), 0o700);
    for entry in fs::read_dir(&people).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn who_is_blocked_is_read_beside_a_program_that_has_the_book_open_and_nothing_is_changed() {
    let dir = folder();
    let mallory = Username::parse("mallory").unwrap();
    let mut disk = disk(dir.path());
    let (_open, mut book, _) = disk.open(&nico());
    assert_eq!(blocked_in(dir.path(), &nico()), []);
    book.apply(Change::Block(mallory.clone()), UnixTime(1)).unwrap();
    disk.save(&book, false).unwrap();
    assert_eq!(blocked_in(dir.path(), &nico()), std::slice::from_ref(&mallory));
    assert_eq!(blocked_in(dir.path(), &account("wss://meet.example:443", "nicola")), []);
    // A damaged file counts as it was before, and stays where it is.
    let path = disk.path_of(&nico());
    fs::copy(&path, private_file::beside(&path, "before")).unwrap();
    fs::write(&path, "damaged").unwrap();
    assert_eq!(blocked_in(dir.path(), &nico()), [mallory]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "damaged");
}
