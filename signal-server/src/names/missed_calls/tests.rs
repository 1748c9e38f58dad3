//! Missed calls in a store, in virtual time.

use std::time::{SystemTime, UNIX_EPOCH};

use visavis_shared::canonical_name;
use visavis_shared::limits::MAX_MISSED_CALLS;

use super::*;

const BOBS: PublicKey = PublicKey([1; 32]);
const ALICES: PublicKey = PublicKey([2; 32]);
const MALLORYS: PublicKey = PublicKey([3; 32]);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn name(text: &str) -> Username {
    canonical_name(text).unwrap()
}

fn day(n: u32) -> Timestamp {
    SystemTime::from(Timestamp::from_unix_seconds(0)).checked_add(DAY * n).unwrap().into()
}

/// A store in which alice and bob own their names.
fn store() -> NameStore {
    let mut store = NameStore::open_in_memory().unwrap();
    store.claim(&name("bob"), &BOBS, UNIX_EPOCH).unwrap();
    store.claim(&name("alice"), &ALICES, UNIX_EPOCH).unwrap();
    store
}

fn missed(store: &NameStore, now: Timestamp) -> Vec<(String, Timestamp, bool)> {
    let calls = store.missed(&name("bob"), &BOBS, now).unwrap();
    calls.iter().map(|call| (call.from.to_string(), call.at, call.guest)).collect()
}

#[test]
fn an_owner_is_told_who_called_and_when_and_who_was_a_guest() {
    let mut store = store();
    assert_eq!(store.keep_missed(&name("bob"), &name("alice"), day(1)).unwrap(), Kept::New);
    assert_eq!(store.keep_missed(&name("bob"), &name("carol"), day(2)).unwrap(), Kept::New);
    assert_eq!(store.keep_missed(&name("bob"), &name("carol"), day(2)).unwrap(), Kept::Again);
    let told = [("alice".to_owned(), day(1), false), ("carol".to_owned(), day(2), true)];
    assert_eq!(missed(&store, day(3)), told);
    let calls = store.missed(&name("bob"), &BOBS, day(3)).unwrap();
    assert_eq!(store.keep_missed(&name("bob"), &name("alice"), day(4)).unwrap(), Kept::New);
    store.forget_told(&name("bob"), &BOBS, &calls).unwrap();
    assert_eq!(missed(&store, day(4)), [("alice".to_owned(), day(4), false)]);
}

#[test]
fn nothing_is_kept_for_a_name_that_nobody_owns() {
    let mut store = store();
    for nobody in ["carol", "b0b"] {
        let kept = store.keep_missed(&name(nobody), &name("alice"), day(1)).unwrap();
        assert_eq!(kept, Kept::NotOwned, "{nobody}");
    }
    let rows: i64 = store
        .read(|connection| {
            connection.query_row("SELECT count(*) FROM missed_calls", [], |r| r.get(0))
        })
        .unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn a_name_that_is_released_or_owned_anew_has_no_missed_calls() {
    let mut store = store();
    store.keep_missed(&name("bob"), &name("alice"), day(1)).unwrap();
    assert_eq!(store.missed(&name("bob"), &MALLORYS, day(1)).unwrap(), []);
    assert!(store.release(&name("bob")).unwrap());
    assert_eq!(missed(&store, day(1)), []);
    store.claim(&name("bob"), &BOBS, UNIX_EPOCH).unwrap();
    store.keep_missed(&name("bob"), &name("alice"), day(1)).unwrap();
    // As by somebody who writes to the file with another program.
    store
        .write(|connection| {
            connection.execute("UPDATE names SET public_key = ?1 WHERE name = 'bob'", [MALLORYS.0])
        })
        .unwrap();
    assert_eq!(store.missed(&name("bob"), &MALLORYS, day(1)).unwrap(), []);
    store.keep_missed(&name("bob"), &name("carol"), day(2)).unwrap();
    let calls = store.missed(&name("bob"), &MALLORYS, day(2)).unwrap();
    assert_eq!(calls.iter().map(|call| call.from.as_str()).collect::<Vec<_>>(), ["carol"]);
    assert_eq!(missed(&store, day(2)), [], "nor has the owner before");
}

#[test]
fn after_thirty_days_nothing_is_told_and_nothing_is_left() {
    let mut store = store();
    store.keep_missed(&name("bob"), &name("alice"), day(1)).unwrap();
    store.keep_missed(&name("bob"), &name("carol"), day(5)).unwrap();
    store.keep_missed(&name("alice"), &name("carol"), day(1)).unwrap();
    assert_eq!(missed(&store, day(30)).len(), 2);
    assert_eq!(missed(&store, day(31)), [("carol".to_owned(), day(5), true)]);
    assert!(!store.erase_old_missed(day(31)).unwrap());
    let left = |store: &NameStore| -> Vec<(String, String)> {
        let rows = |connection: &Connection| {
            let mut query = connection.prepare("SELECT name, calls FROM missed_calls")?;
            query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        store.read(rows).unwrap()
    };
    let rows = left(&store);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].1.contains("carol") && !rows[0].1.contains("alice"), "{rows:?}");
    store.erase_old_missed(day(35)).unwrap();
    assert_eq!(left(&store), []);
}

#[test]
fn calls_of_a_clock_that_was_far_ahead_are_erased() {
    let mut store = store();
    store.keep_missed(&name("bob"), &name("alice"), day(40_000)).unwrap();
    assert_eq!(missed(&store, day(1)), []);
    store.erase_old_missed(day(1)).unwrap();
    assert_eq!(missed(&store, day(40_000)), []);
}

#[test]
fn of_fifty_one_calls_fifty_are_told() {
    let mut store = store();
    for n in 0..51_u64 {
        let at = Timestamp::from_unix_seconds(1_000 + n);
        store.keep_missed(&name("bob"), &name(&format!("person-{n}x")), at).unwrap();
    }
    let told = missed(&store, day(1));
    assert_eq!(told.len(), MAX_MISSED_CALLS);
    assert_eq!((told[0].0.as_str(), told[49].0.as_str()), ("person-1x", "person-50x"));
}

#[test]
fn when_too_many_names_have_lists_the_one_with_the_oldest_call_gives_way() {
    let mut store = store();
    for n in 0..5_u8 {
        let callee = name(&format!("callee-{n}x"));
        store.claim(&callee, &BOBS, UNIX_EPOCH).unwrap();
        let at = day(10 - u32::from(n));
        store.quickly(|connection| keep(connection, &callee, &name("alice"), at, 3)).unwrap();
    }
    let has_list =
        |n: u8| !store.missed(&name(&format!("callee-{n}x")), &BOBS, day(10)).unwrap().is_empty();
    assert_eq!([0, 1, 2, 3, 4].map(has_list), [true, true, false, false, true]);
}

#[test]
fn a_store_that_takes_nothing_says_so_and_keeps_what_it_has() {
    let mut store = store();
    store.keep_missed(&name("bob"), &name("alice"), day(1)).unwrap();
    store.write(|connection| connection.execute_batch("PRAGMA query_only = 1")).unwrap();
    let error = store.keep_missed(&name("bob"), &name("carol"), day(2)).unwrap_err();
    assert!(matches!(error, NameStoreError::ReadOnly(_)), "{error:?}");
    store
        .write(|connection| {
            connection.execute_batch("PRAGMA query_only = 0; PRAGMA max_page_count = 1")
        })
        .unwrap();
    let error = (0..10_000)
        .find_map(|n| {
            let caller = name(&format!("somebody-with-a-long-name-{n}x"));
            store.keep_missed(&name("bob"), &caller, day(2)).err()
        })
        .expect("no more room");
    assert!(matches!(error, NameStoreError::Full(_)), "{error:?}");
    assert!(missed(&store, day(2)).contains(&("alice".to_owned(), day(1), false)));
    let synchronous: i64 = store
        .read(|connection| connection.pragma_query_value(None, "synchronous", |r| r.get(0)))
        .unwrap();
    assert_eq!(synchronous, 2, "claims still wait for the disk");
}

#[test]
fn a_list_that_can_not_be_read_is_an_empty_one() {
    let mut store = store();
    store.keep_missed(&name("bob"), &name("alice"), day(1)).unwrap();
    store
        .write(|connection| connection.execute("UPDATE missed_calls SET calls = 'x'", []))
        .unwrap();
    assert_eq!(missed(&store, day(1)), []);
    assert_eq!(store.keep_missed(&name("bob"), &name("alice"), day(1)).unwrap(), Kept::New);
    assert_eq!(missed(&store, day(1)).len(), 1);
}
