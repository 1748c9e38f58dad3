use super::*;

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

const ONE: PublicKey = PublicKey([1; 32]);
const TWO: PublicKey = PublicKey([2; 32]);

fn nobody(_: &Username) -> bool {
    false
}

fn pinned(key: PublicKey, since: u64, confirmed: Option<u64>) -> PinnedKey {
    let confirmed = confirmed.map(UnixTime);
    PinnedKey { key, since: UnixTime(since), confirmed, other_seen: None }
}

#[test]
fn the_first_key_is_kept_and_another_takes_its_place_only_where_the_person_allows_it() {
    let (mut keys, bob) = (Keys::default(), || name("bob"));
    assert_eq!(keys.pin((bob(), ONE), UnixTime(5), nobody), Ok(true));
    assert_eq!(keys.pin((bob(), ONE), UnixTime(6), nobody), Ok(false));
    assert_eq!(keys.pin((bob(), TWO), UnixTime(7), nobody), Err(PeopleError::OtherKey));
    assert_eq!(keys.get(&bob()), Some(pinned(ONE, 5, None)));
    assert_eq!(keys.confirm((bob(), TWO), UnixTime(8), nobody), Err(PeopleError::OtherKey));
    assert_eq!(keys.confirm((bob(), ONE), UnixTime(8), nobody), Ok(true));
    assert_eq!(keys.get(&bob()), Some(pinned(ONE, 5, Some(8))));
    assert_eq!(keys.replace((bob(), ONE), UnixTime(9), nobody), Ok(false), "it is that key");
    assert_eq!(keys.get(&bob()), Some(pinned(ONE, 5, Some(8))));
    assert_eq!(keys.replace((bob(), TWO), UnixTime(10), nobody), Ok(true));
    assert_eq!(keys.get(&bob()), Some(pinned(TWO, 10, None)), "what was compared was another");
    assert!(keys.forget(&bob()) && !keys.forget(&bob()));
    assert_eq!(keys.get(&bob()), None);
}

#[test]
fn codes_that_differ_take_the_mark_away_and_not_the_key() {
    let mut keys = Keys::default();
    keys.confirm((name("bob"), ONE), UnixTime(5), nobody).unwrap();
    assert!(keys.unconfirm(&name("bob")));
    assert_eq!(keys.get(&name("bob")), Some(pinned(ONE, 5, None)));
    assert!(!keys.unconfirm(&name("bob")) && !keys.unconfirm(&name("carol")));
}

#[test]
fn that_another_key_was_seen_is_kept_until_the_kept_one_is_seen_again_or_the_other_allowed() {
    let mut keys = Keys::default();
    let bob = || name("bob");
    assert!(!keys.note_other(&bob(), UnixTime(4)), "nothing is kept");
    let seen = |keys: &Keys| keys.get(&bob()).unwrap().other_seen.map(|at| at.0);
    keys.confirm((bob(), ONE), UnixTime(5), nobody).unwrap();
    assert!(keys.note_other(&bob(), UnixTime(6)));
    assert_eq!(seen(&keys), Some(6));
    assert_eq!(keys.get(&bob()).unwrap().confirmed, Some(UnixTime(5)), "it is still bob's");
    assert_eq!(keys.pin((bob(), ONE), UnixTime(7), nobody), Ok(true));
    assert_eq!(seen(&keys), None);
    keys.note_other(&bob(), UnixTime(8));
    keys.replace((bob(), TWO), UnixTime(9), nobody).unwrap();
    assert_eq!(seen(&keys), None);
}

#[test]
fn when_there_is_no_room_the_oldest_goes_that_is_neither_confirmed_nor_a_contacts() {
    let mut keys = Keys::default();
    let is_contact = |name: &Username| name.as_str().starts_with("contact");
    keys.pin((name("contact"), ONE), UnixTime(0), is_contact).unwrap();
    keys.confirm((name("compared"), ONE), UnixTime(1), is_contact).unwrap();
    for number in 2..MAX_KEYS {
        let (name, at) = (name(&format!("n{number}")), UnixTime(number as u64));
        keys.pin((name, ONE), at, is_contact).unwrap();
    }
    let count = |keys: &Keys| keys.shared().len();
    assert_eq!(count(&keys), MAX_KEYS);
    assert_eq!(keys.pin((name("new"), ONE), UnixTime(3), is_contact), Ok(true));
    assert_eq!((count(&keys), keys.get(&name("n2"))), (MAX_KEYS, None));
    for kept in ["contact", "compared", "n3", "new"] {
        assert!(keys.get(&name(kept)).is_some(), "{kept}");
    }
    let all = |_: &Username| true;
    let refused = keys.pin((name("more"), ONE), UnixTime(4), all);
    assert_eq!(refused, Err(PeopleError::TooManyKeys));
    assert_eq!((count(&keys), keys.get(&name("more"))), (MAX_KEYS, None));
    assert_eq!(keys.replace((name("n3"), TWO), UnixTime(4), all), Ok(true), "there is room for it");
}

#[test]
fn lost_keys_make_new_ones_doubtful_for_three_months() {
    let mut keys = Keys::default();
    assert!(!keys.are_doubted(UnixTime(0)));
    keys.lost = Some(UnixTime(1_000));
    let day = 24 * 60 * 60;
    assert!(keys.are_doubted(UnixTime(1_000)) && keys.are_doubted(UnixTime(89 * day)));
    assert!(!keys.are_doubted(UnixTime(1_000 + 90 * day)));
}
