//! How a [`Book`] is written: a line that says which format follows and what its digest is, then
//! one JSON object. Pure.
//!
//! The digest (SHA-256 of the object) finds what was cut or changed and still reads as JSON. What a
//! later version adds to the object, or to a contact, is kept as it is; a change that this version
//! would spoil raises [`FORMAT`].

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use visavis_shared::Username;

use super::book::{Account, Book, MAX_BLOCKED, MAX_CALLS, MAX_CONTACTS};
use super::contact::Contact;
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
    #[serde(flatten)]
    further: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Blocked {
    username: Username,
    since: UnixTime,
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
        Book { account, contacts, blocked, calls, calls_noted, further: self.further }
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

    #[test]
    fn whatever_was_cut_or_changed_is_damaged_and_nothing_panics() {
        let text = write(&book()).unwrap();
        for end in 0..text.len() {
            assert_eq!(read(&text[..end], &account()), Err(FormError::Damaged), "cut at {end}");
        }
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert_ne!(read(&changed, &account()), Ok(Book::new(account())), "changed at {at}");
            if let Ok(same) = read(&changed, &account()) {
                assert_eq!(same, book(), "changed at {at}");
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
