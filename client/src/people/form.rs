//! How a [`Book`] is written: a line that says which format follows and what its digest is, then
//! one JSON object. Pure.
//!
//! The digest (SHA-256 of the object) finds what was cut or changed and still reads as JSON. What a
//! later version adds to the object, to a contact or to a key, is kept as it is; a change that this
//! version would spoil raises [`FORMAT`]. A key that can't be read costs no other: the book says
//! whose it was ([`Book::take_unread_keys`]).

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use visavis_shared::Username;

use super::book::{Account, Book, MAX_BLOCKED, MAX_CALLS, MAX_CONTACTS};
use super::contact::Contact;
use super::pinned_key::{Keys, PinnedKey};
use super::recent_call::RecentCall;
use super::unix_time::UnixTime;

/// The format that is written.
pub const FORMAT: u32 = 1;

/// Why a file holds no book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "their texts say what they are")]
pub enum FormError {
    #[error("damaged")]
    Damaged,
    /// Holds what could be understood of it.
    #[error("written by a later version")]
    Later(Option<Box<Book>>),
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    server: String,
    username: Username,
    contacts: Vec<Contact>,
    blocked: Vec<Blocked>,
    calls: Vec<RecentCall>,
    calls_noted: u64,
    #[serde(default, skip_serializing_if = "KeysForm::is_empty")]
    keys: KeysForm,
    /// When some of the keys were lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys_lost: Option<UnixTime>,
    #[serde(flatten)]
    further: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Blocked {
    username: Username,
    since: UnixTime,
}

/// The keys as they are written, and the names of those that can't be read.
#[derive(Default)]
struct KeysForm {
    entries: Vec<KeyEntry>,
    unread: Vec<Option<Username>>,
}

/// A key as it is written: base64, as on the wire.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyEntry {
    username: Username,
    key: String,
    since: UnixTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed: Option<UnixTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_seen: Option<UnixTime>,
    #[serde(flatten)]
    further: Map<String, Value>,
}

impl KeyEntry {
    fn into_pinned(self) -> Result<(Username, PinnedKey, Map<String, Value>), Username> {
        let Self { username, key, since, confirmed, other_seen, further } = self;
        match key.parse() {
            Ok(key) => Ok((username, PinnedKey { key, since, confirmed, other_seen }, further)),
            Err(_) => Err(username),
        }
    }
}

impl KeysForm {
    fn of(keys: &Keys) -> Self {
        let entry = |(username, pinned): (&Username, &PinnedKey)| KeyEntry {
            username: username.clone(),
            key: pinned.key.to_string(),
            since: pinned.since,
            confirmed: pinned.confirmed,
            other_seen: pinned.other_seen,
            further: keys.further.get(username).cloned().unwrap_or_default(),
        };
        Self { entries: keys.shared().iter().map(entry).collect(), unread: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn into_keys(self, lost: Option<UnixTime>, is_contact: impl Fn(&Username) -> bool) -> Keys {
        let Self { entries, mut unread } = self;
        let pinned: Vec<_> = entries
            .into_iter()
            .filter_map(|entry| entry.into_pinned().map_err(|name| unread.push(Some(name))).ok())
            .collect();
        let mut keys = Keys::read(pinned.into_iter(), unread, is_contact);
        keys.lost = lost;
        keys
    }
}

impl Serialize for KeysForm {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(to)
    }
}

impl<'de> Deserialize<'de> for KeysForm {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Value::Array(all) = Value::deserialize(from)? else {
            return Ok(Self { entries: Vec::new(), unread: vec![None] });
        };
        let mut form = Self::default();
        for value in all {
            let name = value.get("username").and_then(Value::as_str);
            let name = name.and_then(|name| Username::parse(name).ok());
            match serde_json::from_value(value) {
                Ok(entry) => form.entries.push(entry),
                Err(_) => form.unread.push(name),
            }
        }
        Ok(form)
    }
}

impl Body {
    fn of(book: &Book) -> Self {
        let blocked = |(username, since): (&Username, &UnixTime)| Blocked {
            username: username.clone(),
            since: *since,
        };
        Self {
            server: book.account.server.clone(),
            username: book.account.username.clone(),
            contacts: book.contacts.values().cloned().collect(),
            blocked: book.blocked.iter().map(blocked).collect(),
            calls: book.calls.iter().cloned().collect(),
            calls_noted: book.calls_noted,
            keys: KeysForm::of(&book.keys),
            keys_lost: book.keys.lost,
            further: book.further.clone(),
        }
    }

    fn into_book(self) -> Book {
        let account = Account { server: self.server, username: self.username };
        let is_other = |username: &Username| *username != account.username;
        let contacts: BTreeMap<_, _> = self
            .contacts
            .into_iter()
            .filter(|contact| is_other(&contact.username))
            .take(MAX_CONTACTS)
            .map(|contact| (contact.username.clone(), contact))
            .collect();
        let blocked: BTreeMap<_, _> = self
            .blocked
            .into_iter()
            .filter(|blocked| is_other(&blocked.username))
            .take(MAX_BLOCKED)
            .map(|blocked| (blocked.username, blocked.since))
            .collect();
        let surplus = self.calls.len().saturating_sub(MAX_CALLS);
        let calls: VecDeque<_> = self.calls.into_iter().skip(surplus).collect();
        // A number is never given twice.
        let next = calls.iter().map(|call| call.number.saturating_add(1)).max().unwrap_or(0);
        let calls_noted = self.calls_noted.max(next);
        let mut keys = self.keys.into_keys(self.keys_lost, |name| contacts.contains_key(name));
        keys.forget(&account.username);
        Book { account, contacts, blocked, calls, calls_noted, keys, further: self.further }
    }
}

fn digest(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A book as it is kept.
///
/// # Errors
/// None that a book can cause; JSON's own is passed on.
pub fn write(book: &Book) -> serde_json::Result<Vec<u8>> {
    let body = serde_json::to_vec(&Body::of(book))?;
    let mut text = serde_json::to_vec(&Head { format: FORMAT, sha256: digest(&body) })?;
    text.push(b'\n');
    text.extend(body);
    Ok(text)
}

/// Reads a book that was kept for this account.
///
/// # Errors
/// [`FormError`].
pub fn read(text: &[u8], account: &Account) -> Result<Book, FormError> {
    let line = text.iter().position(|byte| *byte == b'\n').ok_or(FormError::Damaged)?;
    let (head, body) = (&text[..line], &text[line + 1..]);
    let head: Head = serde_json::from_slice(head).map_err(|_| FormError::Damaged)?;
    if head.format == 0 || head.sha256 != digest(body) {
        return Err(FormError::Damaged);
    }
    let book = serde_json::from_slice::<Body>(body).ok().map(Body::into_book);
    let book = book.filter(|book| book.account == *account);
    if head.format > FORMAT {
        return Err(FormError::Later(book.map(Box::new)));
    }
    book.ok_or(FormError::Damaged)
}

/// A book as the person takes it away: JSON that anybody can read.
///
/// # Errors
/// As [`write()`].
pub fn export(book: &Book) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(&Body::of(book))?;
    text.push(b'\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use visavis_shared::PublicKey;

    use super::*;
    use crate::people::{Change, DisplayName};

    fn account() -> Account {
        let username = Username::parse("nico").unwrap();
        Account { server: "wss://meet.example:443".to_owned(), username }
    }

    fn book() -> Book {
        let mut book = Book::new(account());
        let olga = Username::parse("Ольга").unwrap();
        let name = DisplayName::parse("Aunt \"O\"").unwrap();
        book.apply(Change::Add(olga.clone(), name), UnixTime(7)).unwrap();
        book.apply(Change::Block(Username::parse("mallory").unwrap()), UnixTime(8)).unwrap();
        book.apply(Change::MissedWhileAway(vec![(olga, UnixTime(9))]), UnixTime(10)).unwrap();
        book
    }

    /// Files of this version are read by every later one.
    #[test]
    fn the_file_keeps_its_form() {
        let body = "{\"server\":\"wss://meet.example:443\",\"username\":\"nico\",\"contacts\":[{\
                    \"username\":\"Ольга\",\"displayName\":\"Aunt \\\"O\\\"\",\"added\":7}],\
                    \"blocked\":[{\"username\":\"mallory\",\"since\":8}],\"calls\":[{\"number\":0,\
                    \"with\":\"Ольга\",\"at\":9,\"direction\":\"incoming\",\"end\":\"no-answer\",\
                    \"seen\":false,\"whileAway\":true}],\"callsNoted\":1}";
        let text = String::from_utf8(write(&book()).unwrap()).unwrap();
        let (head, written) = text.split_once('\n').unwrap();
        assert_eq!(written, body);
        assert_eq!(head, format!("{{\"format\":1,\"sha256\":\"{}\"}}", digest(body.as_bytes())));
        assert_eq!(read(text.as_bytes(), &account()), Ok(book()));
    }

    const KEY: PublicKey = PublicKey([7; 32]);

    /// With a key that was compared, and one under which another was seen.
    fn with_keys() -> Book {
        let mut book = book();
        let name = |text| Username::parse(text).unwrap();
        book.apply(Change::ConfirmKey(name("Ольга"), KEY), UnixTime(11)).unwrap();
        book.apply(Change::Pin(name("zoe"), PublicKey([8; 32])), UnixTime(12)).unwrap();
        book.apply(Change::NoteOtherKey(name("zoe")), UnixTime(13)).unwrap();
        book.keys_were_lost(UnixTime(10));
        book
    }

    /// The text of a book with another body, and the digest that goes with it.
    fn with_body(body: &str) -> Vec<u8> {
        let head = format!("{{\"format\":1,\"sha256\":\"{}\"}}\n", digest(body.as_bytes()));
        [head.as_bytes(), body.as_bytes()].concat()
    }

    fn body_of(book: &Book) -> String {
        let text = String::from_utf8(write(book).unwrap()).unwrap();
        text.split_once('\n').unwrap().1.to_owned()
    }

    #[test]
    fn keys_keep_their_form_too() {
        let keys = "\"callsNoted\":1,\"keys\":[{\"username\":\"zoe\",\"key\":\"\
                    CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=\",\"since\":12,\"otherSeen\":13},\
                    {\"username\":\"Ольга\",\"key\":\"\
                    BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\",\"since\":11,\"confirmed\":11}],\
                    \"keysLost\":10}";
        let body = body_of(&with_keys());
        assert!(body.ends_with(keys), "{body}");
        assert_eq!(read(&with_body(&body), &account()), Ok(with_keys()));
    }

    #[test]
    fn a_key_that_can_not_be_read_costs_itself_and_its_name_is_told() {
        let zoe = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
        let body = body_of(&with_keys());
        let name = |text| Some(Username::parse(text).unwrap());
        for (whole, damaged, of) in [
            (zoe, "CAgI", name("zoe")),
            (&*format!("\"{zoe}\""), "8", name("zoe")),
            ("\"since\":12", "\"since\":-12", name("zoe")),
            ("\"username\":\"zoe\"", "\"user\":\"zoe\"", None),
            ("\"username\":\"zoe\"", "\"username\":\"\"", None),
            ("\"username\":\"zoe\"", "\"username\":\"Ольга\"", name("Ольга")),
        ] {
            let text = with_body(&body.replacen(whole, damaged, 1));
            let mut read = read(&text, &account()).unwrap();
            assert_eq!(read.take_unread_keys(), [of], "{damaged}");
            let left = read.keys().shared().len();
            assert_eq!((left, read.contacts().count()), (1, 1), "{damaged}");
        }
        let text = with_body(&body.replacen("\"keys\":[", "\"keys\":{},\"other\":[", 1));
        let mut read = read(&text, &account()).unwrap();
        assert_eq!(read.take_unread_keys(), [None], "all of them can't be read");
        assert!(read.keys().is_empty() && read.contacts().count() == 1);
    }

    #[test]
    fn what_a_later_version_keeps_of_a_key_is_kept() {
        let more = "\"since\":12,\"device\":\"laptop\"";
        let text = with_body(&body_of(&with_keys()).replacen("\"since\":12", more, 1));
        let mut book = read(&text, &account()).unwrap();
        let zoe = Username::parse("zoe").unwrap();
        book.apply(Change::ConfirmKey(zoe.clone(), PublicKey([8; 32])), UnixTime(20)).unwrap();
        assert!(body_of(&book).contains("\"confirmed\":20,\"device\":\"laptop\""));
        book.apply(Change::ReplaceKey(zoe, KEY), UnixTime(21)).unwrap();
        assert!(!body_of(&book).contains("laptop"), "that was of the other key");
    }

    #[test]
    fn ones_own_key_is_none_that_is_remembered() {
        let body = body_of(&with_keys()).replace("\"username\":\"zoe\"", "\"username\":\"nico\"");
        let book = read(&with_body(&body), &account()).unwrap();
        assert_eq!(book.keys().shared().len(), 1);
    }

    #[test]
    fn whatever_was_cut_or_changed_is_damaged_and_nothing_panics() {
        let text = write(&with_keys()).unwrap();
        for end in 0..text.len() {
            assert_eq!(read(&text[..end], &account()), Err(FormError::Damaged), "cut at {end}");
        }
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert_ne!(read(&changed, &account()), Ok(Book::new(account())), "changed at {at}");
            if let Ok(same) = read(&changed, &account()) {
                assert_eq!(same, with_keys(), "changed at {at}");
            }
        }
        let mut longer = text;
        longer.push(b' ');
        assert_eq!(read(&longer, &account()), Err(FormError::Damaged));
    }

    #[test]
    fn what_a_later_version_keeps_besides_is_kept() {
        let mut pinned = book();
        let olga = Username::parse("Ольга").unwrap();
        let contact = pinned.contacts.get_mut(&olga).unwrap();
        contact.further.insert("identityKey".to_owned(), Value::from("ceqtCPP1o4yyDRSr"));
        pinned.further.insert("groups".to_owned(), Value::from(vec![1, 2]));
        let mut again = read(&write(&pinned).unwrap(), &account()).unwrap();
        assert_eq!(again, pinned);
        again.apply(Change::Rename(olga.clone(), None), UnixTime(11)).unwrap();
        let again = read(&write(&again).unwrap(), &account()).unwrap();
        assert_eq!(again.contact(&olga).unwrap().further["identityKey"], "ceqtCPP1o4yyDRSr");
    }

    #[test]
    fn a_later_format_is_shown_as_far_as_it_is_understood() {
        let body = serde_json::to_vec(&Body::of(&book())).unwrap();
        let head = format!("{{\"format\":2,\"sha256\":\"{}\"}}\n", digest(&body));
        let text = [head.into_bytes(), body].concat();
        let later = read(&text, &account());
        assert_eq!(later, Err(FormError::Later(Some(Box::new(book())))));
        let strange = b"{\"new\":1}";
        let head = format!("{{\"format\":9,\"sha256\":\"{}\"}}\n", digest(strange));
        let text = [head.into_bytes(), strange.to_vec()].concat();
        assert_eq!(read(&text, &account()), Err(FormError::Later(None)));
    }

    #[test]
    fn a_book_of_another_account_is_none_of_ours() {
        let other = Account { username: Username::parse("nicola").unwrap(), ..account() };
        assert_eq!(read(&write(&book()).unwrap(), &other), Err(FormError::Damaged));
    }
}
