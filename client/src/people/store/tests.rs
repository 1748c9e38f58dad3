//! What is kept comes back, whatever happens to the files; what can't be kept is said and not lost.

use std::fs;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use visavis_shared::Username;

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
        assert!(!path.exists());
    }
    assert_eq!(opened(dir.path()), (Book::new(nico()), None));
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
    assert_eq!(blocked_in(dir.path(), &nico()), [mallory.clone()]);
    assert_eq!(blocked_in(dir.path(), &account("wss://meet.example:443", "nicola")), []);
    // A damaged file counts as it was before, and stays where it is.
    let path = disk.path_of(&nico());
    fs::copy(&path, private_file::beside(&path, "before")).unwrap();
    fs::write(&path, "damaged").unwrap();
    assert_eq!(blocked_in(dir.path(), &nico()), [mallory]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "damaged");
}
