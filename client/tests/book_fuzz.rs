//! Throws rubbish at the file of contacts, blocked names, keys and calls.
//!
//! Nothing may panic; a digest that does not fit is damage; what is read is written as what is read
//! as the same. The seed is fixed; `VISAVIS_FUZZ_SECONDS` asks for as many more cases as that long
//! allows.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sha2::{Digest as _, Sha256};
use visavis_client::people::form::{self, FormError};
use visavis_client::people::{Account, Book, Change, DisplayName, UnixTime};
use visavis_fuzzing::{Changes, changed};
use visavis_shared::Username;

/// How many cases are tried without the environment variable.
const CASES: u32 = 5_000;
/// How many a second brings, roughly, on a slow machine.
const CASES_A_SECOND: u32 = 2_000;

fn account() -> Account {
    let username = Username::parse("nico").expect("a name");
    Account { server: "wss://meet.example:443".to_owned(), username }
}

/// The object of a book with some of everything.
fn body() -> String {
    let mut book = Book::new(account());
    let name = |text| Username::parse(text).expect("a name");
    for change in [
        Change::Add(name("olga"), DisplayName::parse("Aunt O").expect("a name")),
        Change::Add(name("bob"), None),
        Change::Block(name("mallory")),
        Change::MissedWhileAway(vec![(name("olga"), UnixTime(9)), (name("bob"), UnixTime(10))]),
    ] {
        book.apply(change, UnixTime(11)).expect("applied");
    }
    let text = String::from_utf8(form::write(&book).expect("JSON")).expect("a text");
    text.split_once('\n').expect("two lines").1.to_owned()
}

/// The file that holds this object, with a digest that fits.
fn file(body: &str) -> Vec<u8> {
    let digest: String =
        Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{{\"format\":{},\"sha256\":\"{digest}\"}}\n{body}", form::FORMAT).into_bytes()
}

fn changes() -> impl Strategy<Value = Changes> {
    visavis_fuzzing::changes(prop_oneof![
        "[a-z0-9\":{},\\[\\]-]{0,6}",
        Just("18446744073709551615".to_owned()),
        Just("-1".to_owned()),
        Just("\"nico\"".to_owned()),
    ])
}

fn runner() -> TestRunner {
    visavis_fuzzing::runner(CASES, CASES_A_SECOND, 0xb0)
}

/// A book that was read is written as one that is read as the same.
fn is_kept(book: &Book) -> Result<(), TestCaseError> {
    let text = form::write(book).expect("JSON");
    prop_assert_eq!(form::read(&text, &account()), Ok(book.clone()));
    Ok(())
}

#[test]
fn whatever_object_has_a_digest_that_fits_it_is_a_book_or_damage() {
    let (read, body) = (std::cell::Cell::new(0_u32), body());
    let outcome = runner().run(&changes(), |changes| {
        match form::read(&file(&changed(&body, &changes)), &account()) {
            Ok(book) => {
                read.set(read.get() + 1);
                is_kept(&book)
            }
            Err(FormError::Damaged | FormError::Later(_)) => Ok(()),
        }
    });
    outcome.expect("no case fails");
    assert!(read.get() > CASES / 50, "hardly anything that was tried was a book: {}", read.get());
}

#[test]
fn a_file_that_was_changed_anywhere_is_damage_and_never_another_book() {
    let good = String::from_utf8(file(&body())).expect("a text");
    let book = form::read(good.as_bytes(), &account());
    let outcome = runner().run(&changes(), |changes| {
        let text = changed(&good, &changes);
        match form::read(text.as_bytes(), &account()) {
            // Spaces in the first line change nothing of what it says.
            Ok(read) => prop_assert_eq!(Ok(read), book.clone()),
            Err(FormError::Later(Some(read))) => prop_assert_eq!(Ok(*read), book.clone()),
            Err(FormError::Later(None) | FormError::Damaged) => {}
        }
        Ok(())
    });
    outcome.expect("no case fails");
    for end in 0..good.len() {
        assert_eq!(form::read(&good.as_bytes()[..end], &account()), Err(FormError::Damaged));
    }
}
