//! Any order of changes keeps what always holds, and a book that is written and read in between
//! goes on as one that was not.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use visavis_shared::Username;

use super::*;
use crate::people::form;

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn nico() -> Account {
    Account { server: "wss://meet.example:443".to_owned(), username: name("nico") }
}

fn empty() -> Book {
    Book::new(nico())
}

fn missed(with: &str, at: u64) -> EndedCall {
    EndedCall {
        with: name(with),
        at: UnixTime(at),
        direction: Direction::Incoming,
        end: CallEnd::NoAnswer,
        talked: None,
    }
}

fn apply(book: &mut Book, change: Change) -> bool {
    book.apply(change, UnixTime(1)).unwrap()
}

fn history(book: &Book) -> Vec<(&str, u64)> {
    book.calls().map(|call| (call.with.as_str(), call.at.0)).collect()
}

fn names() -> impl Strategy<Value = Username> {
    let texts = ["nico", "bob", "carol", "李雷", "Ольга", "x y", "🦀"];
    prop::sample::select(texts.map(name).to_vec())
}

fn display_names() -> impl Strategy<Value = Option<DisplayName>> {
    let texts = ["", "Bob", "Aunt \"O\"", "שלום"];
    prop::sample::select(texts.map(|text| DisplayName::parse(text).unwrap()).to_vec())
}

fn ended_calls() -> impl Strategy<Value = EndedCall> {
    let directions = prop::sample::select(vec![Direction::Incoming, Direction::Outgoing]);
    let ends = prop::sample::select(vec![
        CallEnd::Completed,
        CallEnd::NoAnswer,
        CallEnd::CameWhileBusy,
        CallEnd::Declined,
    ]);
    let talked = prop::option::of((0_u64..9_999_999).prop_map(Duration::from_millis));
    (names(), 0_u64..500, directions, ends, talked).prop_map(
        |(with, at, direction, end, talked)| EndedCall {
            with,
            at: UnixTime(at),
            direction,
            end,
            talked,
        },
    )
}

fn keys() -> impl Strategy<Value = PublicKey> {
    (1_u8..4).prop_map(|byte| PublicKey([byte; 32]))
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (names(), display_names()).prop_map(|(name, shown)| Change::Add(name, shown)),
        2 => (names(), display_names()).prop_map(|(name, shown)| Change::Rename(name, shown)),
        2 => names().prop_map(Change::Remove),
        2 => names().prop_map(Change::Block),
        2 => names().prop_map(Change::Unblock),
        6 => ended_calls().prop_map(Change::Record),
        2 => prop::collection::vec((names(), (0_u64..500).prop_map(UnixTime)), 0..5)
            .prop_map(Change::MissedWhileAway),
        2 => (names(), keys()).prop_map(|(name, key)| Change::Pin(name, key)),
        1 => (names(), keys()).prop_map(|(name, key)| Change::ReplaceKey(name, key)),
        1 => (names(), keys()).prop_map(|(name, key)| Change::ConfirmKey(name, key)),
        1 => names().prop_map(Change::UnconfirmKey),
        1 => names().prop_map(Change::NoteOtherKey),
        1 => names().prop_map(Change::ForgetKey),
        1 => Just(Change::SeeMissed),
        1 => Just(Change::EraseHistory),
        1 => Just(Change::EraseAll),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_in_whatever_order_the_rules_hold_and_a_reload_changes_nothing(
        steps in prop::collection::vec((changes(), 0_u64..1000, any::<bool>()), 0..60)
    ) {
        let mut book = empty();
        for (change, now, reload) in steps {
            let before = book.clone();
            let outcome = book.apply(change.clone(), UnixTime(now));
            if change != Change::EraseAll {
                prop_assert_eq!(outcome == Ok(true), before != book, "{:?}", change);
            }
            if outcome.is_err() {
                prop_assert_eq!(&before, &book, "an error changes nothing: {:?}", change);
            }
            let us = name("nico");
            prop_assert!(book.contact(&us).is_none() && !book.is_blocked(&us));
            prop_assert_eq!(book.key_of(&us), None);
            for (name, kept) in before.keys().shared().iter() {
                let now = book.key_of(name);
                let allowed = match &change {
                    Change::ReplaceKey(whose, _) | Change::ForgetKey(whose) => whose == name,
                    Change::EraseAll => true,
                    _ => false,
                };
                prop_assert!(allowed || now.map(|now| now.key) == Some(kept.key), "{:?}", change);
            }
            prop_assert!(book.calls().all(|call| call.with != us && !book.is_blocked(&call.with)));
            prop_assert!(book.contacts().all(|contact| !book.is_blocked(&contact.username)));
            let numbers: BTreeSet<_> = book.calls.iter().map(|call| call.number).collect();
            prop_assert_eq!(numbers.len(), book.calls.len(), "a number is given once");
            prop_assert!(book.calls().all(|call| call.seen || call.is_missed()));
            prop_assert_eq!(book.unseen_missed(), book.calls().filter(|call| !call.seen).count());
            if reload {
                let again = form::read(&form::write(&book).unwrap(), &nico());
                prop_assert_eq!(&again, &Ok(book.clone()));
                book = again.unwrap();
            }
        }
    }
}

#[test]
fn a_contact_is_called_as_the_person_likes_and_by_the_username_otherwise() {
    let mut book = empty();
    let shown =
        |book: &Book| book.contacts().map(|c| c.shown_name().to_owned()).collect::<Vec<_>>();
    assert!(apply(&mut book, Change::Add(name("bob"), None)));
    assert_eq!(shown(&book), ["bob"]);
    let robert = DisplayName::parse("Robert").unwrap();
    assert!(apply(&mut book, Change::Rename(name("bob"), robert.clone())));
    assert!(!apply(&mut book, Change::Add(name("bob"), None)), "they are kept already");
    assert_eq!(shown(&book), ["Robert"]);
    assert!(apply(&mut book, Change::Rename(name("bob"), None)));
    assert_eq!(shown(&book), ["bob"]);
    assert!(apply(&mut book, Change::Remove(name("bob"))));
    let gone = book.apply(Change::Rename(name("bob"), robert), UnixTime(1));
    assert_eq!((gone, shown(&book).len()), (Err(PeopleError::NoContact), 0));
}

#[test]
fn a_blocked_contact_is_unseen_with_their_calls_and_is_back_when_unblocked() {
    let mut book = empty();
    apply(&mut book, Change::Add(name("bob"), DisplayName::parse("Bob").unwrap()));
    apply(&mut book, Change::Record(missed("bob", 5)));
    apply(&mut book, Change::Block(name("bob")));
    assert_eq!((book.contacts().count(), book.calls().count(), book.unseen_missed()), (0, 0, 0));
    assert!(!apply(&mut book, Change::Record(missed("bob", 6))), "nothing of them is kept");
    let told = vec![(name("bob"), UnixTime(900)), (name("carol"), UnixTime(900))];
    assert!(apply(&mut book, Change::MissedWhileAway(told)));
    assert_eq!(history(&book), [("carol", 900)]);
    assert_eq!(book.apply(Change::Add(name("bob"), None), UnixTime(1)), Err(PeopleError::Blocked));
    apply(&mut book, Change::Unblock(name("bob")));
    assert_eq!(book.contacts().next().map(|contact| contact.shown_name()), Some("Bob"));
    assert_eq!(history(&book), [("carol", 900), ("bob", 5)]);
}

#[test]
fn ones_own_name_is_neither_kept_nor_blocked_nor_noted() {
    let mut book = empty();
    for change in [Change::Add(name("nico"), None), Change::Block(name("nico"))] {
        assert_eq!(book.apply(change, UnixTime(1)), Err(PeopleError::OwnName));
    }
    assert!(!apply(&mut book, Change::Record(missed("nico", 1))));
    assert!(!apply(&mut book, Change::MissedWhileAway(vec![(name("nico"), UnixTime(1))])));
    assert!(book.is_empty());
}

#[test]
fn missed_calls_are_counted_until_they_are_seen() {
    let mut book = empty();
    apply(&mut book, Change::Record(missed("bob", 1)));
    let busy = EndedCall { end: CallEnd::CameWhileBusy, ..missed("carol", 2) };
    apply(&mut book, Change::Record(busy));
    for end in [CallEnd::Declined, CallEnd::Completed, CallEnd::Failed] {
        apply(&mut book, Change::Record(EndedCall { end, ..missed("dave", 3) }));
    }
    let out = EndedCall { direction: Direction::Outgoing, ..missed("dave", 4) };
    apply(&mut book, Change::Record(out));
    assert_eq!(book.unseen_missed(), 2);
    assert!(apply(&mut book, Change::SeeMissed));
    assert!(!apply(&mut book, Change::SeeMissed));
    assert_eq!(
        (book.unseen_missed(), book.calls().filter(|call| call.is_missed()).count()),
        (0, 2)
    );
}

#[test]
fn missed_calls_that_the_server_tells_are_merged_without_doubles() {
    let mut book = empty();
    apply(&mut book, Change::Record(missed("bob", 1_000)));
    apply(&mut book, Change::Record(missed("carol", 5_000)));
    let told = vec![
        // Noted here when it rang, by another clock.
        (name("bob"), UnixTime(1_050)),
        (name("bob"), UnixTime(3_000)),
        // Two tries in a row are two calls.
        (name("bob"), UnixTime(3_010)),
        (name("dave"), UnixTime(500)),
        (name("dave"), UnixTime(6_000)),
    ];
    let merged = [
        ("dave", 6_000),
        ("carol", 5_000),
        ("bob", 3_010),
        ("bob", 3_000),
        ("bob", 1_000),
        ("dave", 500),
    ];
    assert!(apply(&mut book, Change::MissedWhileAway(told.clone())));
    assert_eq!(history(&book), merged);
    assert_eq!(book.unseen_missed(), 6);
    apply(&mut book, Change::SeeMissed);
    assert!(!apply(&mut book, Change::MissedWhileAway(told)), "the server tells it again");
    assert_eq!((history(&book), book.unseen_missed()), (merged.to_vec(), 0));
}

#[test]
fn a_clock_that_jumps_back_leaves_the_order_as_it_happened() {
    let mut book = empty();
    for (with, at) in [("bob", 9_000), ("carol", 10), ("dave", 20)] {
        apply(&mut book, Change::Record(missed(with, at)));
    }
    assert_eq!(history(&book), [("dave", 20), ("carol", 10), ("bob", 9_000)]);
}

#[test]
fn a_flood_of_one_name_pushes_out_nobody_elses_calls() {
    let mut book = empty();
    for number in 0..50 {
        apply(&mut book, Change::Record(missed("carol", number)));
    }
    for number in 0..3 * MAX_CALLS as u64 {
        apply(&mut book, Change::Record(missed("mallory", number)));
    }
    let of = |who: &str| book.calls().filter(|call| call.with.as_str() == who).count();
    assert_eq!((of("carol"), of("mallory")), (50, MAX_CALLS - 50));
    assert_eq!(history(&book)[0], ("mallory", 3 * MAX_CALLS as u64 - 1), "the newest stay");
    let told = vec![(name("mallory"), UnixTime(7_777)); 10_000];
    assert!(apply(&mut book, Change::MissedWhileAway(told)));
    assert_eq!(book.calls().count(), MAX_CALLS);
}

#[test]
fn contacts_are_as_many_as_fit_and_one_more_is_refused_in_words() {
    let mut book = empty();
    for number in 0..MAX_CONTACTS {
        apply(&mut book, Change::Add(name(&format!("c{number}")), None));
    }
    let more = book.apply(Change::Add(name("bob"), None), UnixTime(1));
    assert_eq!(more, Err(PeopleError::TooManyContacts));
    assert!(more.unwrap_err().to_string().contains("10000"));
    apply(&mut book, Change::Remove(name("c7")));
    assert!(apply(&mut book, Change::Add(name("bob"), None)));
    let text = form::write(&book).unwrap();
    assert!(text.len() < 2_000_000, "{} bytes", text.len());
    assert_eq!(form::read(&text, &nico()), Ok(book));
}

#[test]
fn erasing_the_history_leaves_the_contacts_and_erasing_all_leaves_nothing() {
    let mut book = empty();
    apply(&mut book, Change::Add(name("bob"), None));
    apply(&mut book, Change::Block(name("mallory")));
    apply(&mut book, Change::Record(missed("bob", 1)));
    assert!(apply(&mut book, Change::EraseHistory));
    assert_eq!((book.calls().count(), book.contacts().count()), (0, 1));
    assert!(apply(&mut book, Change::EraseAll));
    assert!(book.is_empty());
    apply(&mut book, Change::Record(missed("bob", 2)));
    assert_eq!(book.calls().next().map(|call| call.number), Some(1), "no number comes twice");
}

#[test]
fn a_key_outlives_the_contact_and_the_calls_and_goes_with_everything() {
    let (mut book, key) = (empty(), PublicKey([1; 32]));
    apply(&mut book, Change::Add(name("bob"), None));
    apply(&mut book, Change::Pin(name("bob"), key));
    apply(&mut book, Change::Record(missed("bob", 1)));
    for change in [
        Change::Remove(name("bob")),
        Change::Block(name("bob")),
        Change::Unblock(name("bob")),
        Change::EraseHistory,
    ] {
        apply(&mut book, change.clone());
        assert_eq!(book.key_of(&name("bob")).map(|kept| kept.key), Some(key), "{change:?}");
    }
    assert!(!book.is_empty());
    let exported: Value = serde_json::from_slice(&form::export(&book).unwrap()).unwrap();
    let expected = serde_json::json!([{"username": "bob", "key": key.to_string(), "since": 1}]);
    assert_eq!(exported["keys"], expected);
    apply(&mut book, Change::EraseAll);
    assert_eq!(book.key_of(&name("bob")), None);
    assert!(book.is_empty());
}

#[test]
fn keys_that_were_lost_are_remembered_as_that_until_everything_is_erased() {
    let mut book = empty();
    book.keys_were_lost(UnixTime(5));
    let mut again = form::read(&form::write(&book).unwrap(), &nico()).unwrap();
    assert!(again.keys().are_doubted(UnixTime(6)));
    apply(&mut again, Change::EraseAll);
    assert!(!again.keys().are_doubted(UnixTime(6)));
}
