use visavis_shared::PublicKey;

use super::*;

const ONE: PublicKey = PublicKey([1; 32]);
const TWO: PublicKey = PublicKey([2; 32]);

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn account() -> Account {
    Account { server: "wss://meet.example:443".to_owned(), username: name("nico") }
}

/// People in memory alone.
fn in_memory() -> People {
    let mut people = People::new(None);
    people.open(account());
    people
}

fn shown(people: &mut People) -> Snapshot {
    let mut snapshot = Snapshot::default();
    people.show(&mut snapshot);
    snapshot
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

#[test]
fn what_is_known_of_a_key_is_what_the_book_keeps_of_it() {
    let mut people = in_memory();
    assert_eq!(people.known(&name("bob")), Known::default());
    people.change(Change::Add(name("bob"), None)).unwrap();
    people.change(Change::Pin(name("bob"), ONE)).unwrap();
    people.change(Change::Pin(name("guest"), TWO)).unwrap();
    let known = |confirmed| Known { key: Some(ONE), confirmed, unsigned_allowed: false };
    assert_eq!(people.known(&name("bob")), known(false));
    people.change(Change::ConfirmKey(name("bob"), ONE)).unwrap();
    assert_eq!(people.known(&name("bob")), known(true));
    let snapshot = shown(&mut people);
    let of_bob = snapshot.contacts[0].key.unwrap();
    assert!(of_bob.key == ONE && of_bob.confirmed.is_some());
    assert_eq!(snapshot.keys[&name("guest")].key, TWO, "who is no contact has one, too");
    assert!(!snapshot.keys_in_doubt);
    people.change(Change::ForgetKey(name("bob"))).unwrap();
    assert_eq!(people.known(&name("bob")), Known::default());
    people.close();
    assert!(shown(&mut people).keys.is_empty());
}

#[test]
fn keys_are_in_doubt_until_the_book_is_open_and_a_late_book_says_what_differs() {
    wait(async {
        let (store, events) = PeopleStore::hanging();
        let mut people = People::hanging(store);
        people.open(account());
        assert!(shown(&mut people).keys_in_doubt);
        // Calls that nobody could judge.
        people.change(Change::Pin(name("bob"), TWO)).unwrap();
        people.change(Change::Pin(name("carol"), TWO)).unwrap();
        let mut book = Book::new(account());
        book.apply(Change::ConfirmKey(name("bob"), ONE), UnixTime(1)).unwrap();
        let opened =
            StoreEvent::Opened { book: Box::new(book), words: Some(phrase!("people-in-use")) };
        events.send(opened).await.unwrap();
        let PeopleEvent::Ready(Some(words)) = people.next_event().await else { panic!() };
        let words = words.plain();
        assert!(words.contains("another window"), "{words}");
        assert!(words.contains("Another key is remembered for bob"), "{words}");
        let snapshot = shown(&mut people);
        assert!(!snapshot.keys_in_doubt);
        let of_bob = snapshot.keys[&name("bob")];
        assert!(of_bob.key == ONE && of_bob.confirmed.is_some() && of_bob.other_seen.is_some());
        assert_eq!(snapshot.keys[&name("carol")].key, TWO);
    });
}

#[test]
fn where_nothing_can_read_books_keys_are_in_doubt() {
    wait(async {
        let (store, events) = PeopleStore::hanging();
        let mut people = People::hanging(store);
        people.open(account());
        drop(events);
        assert_eq!(people.next_event().await, PeopleEvent::Ready(None));
        assert!(shown(&mut people).keys_in_doubt);
    });
}

#[test]
fn a_session_that_nobody_watches_keeps_keys_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    wait(async {
        let mut people = People::new(Some(dir.path().to_owned()));
        people.keep_only_keys(true);
        people.open(account());
        assert_eq!(people.next_event().await, PeopleEvent::Ready(None));
        people.change(Change::Pin(name("bob"), ONE)).unwrap();
        people.change(Change::Add(name("bob"), None)).unwrap();
        people.change(Change::MissedWhileAway(vec![(name("bob"), UnixTime(1))])).unwrap();
        people.finish().await;
        let mut people = People::new(Some(dir.path().to_owned()));
        people.open(account());
        assert_eq!(people.next_event().await, PeopleEvent::Ready(None));
        assert_eq!(people.known(&name("bob")).key, Some(ONE));
        let snapshot = shown(&mut people);
        assert_eq!((snapshot.contacts.len(), snapshot.recent_calls.len()), (0, 0));
    });
}
