//! Throws rubbish at what is read of identities: the JSON beside a description, the certificates of
//! a description, keys and signatures as text.
//!
//! Nothing may panic; what is read has one text and one meaning. The seeds are fixed;
//! `VISAVIS_FUZZ_SECONDS` asks for as many more cases as that long allows.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::value::RawValue;
use visavis_fuzzing::{Changes, changed};
use visavis_shared::identity::fingerprint::MAX_FINGERPRINTS;
use visavis_shared::identity::{Fingerprint, Nonce, fingerprints};
use visavis_shared::message::{IdentityMember, Payload};
use visavis_shared::{PublicKey, Signature};

/// How many cases are tried without the environment variable.
const CASES: u32 = 20_000;
/// How many a second brings, roughly, on a slow machine.
const CASES_A_SECOND: u32 = 5_000;

fn runner() -> TestRunner {
    visavis_fuzzing::runner(CASES, CASES_A_SECOND, 0x5e)
}

fn changes() -> impl Strategy<Value = Changes> {
    visavis_fuzzing::changes(prop_oneof![
        "[A-Za-z0-9+/=:\"{},\\\\ \r\n-]{0,6}",
        Just("\"nonce\":".to_owned()),
        Just("a=fingerprint:".to_owned()),
        Just("\u{0}".to_owned()),
    ])
}

fn identity() -> String {
    let key = PublicKey([1; 32]);
    let (signature, nonce) = (Signature([2; 64]), Nonce([3; 32]));
    format!(r#"{{"key":"{key}","signature":"{signature}","nonce":"{nonce}"}}"#)
}

/// What a description with this identity says of its sender; `None` when it is no JSON.
fn member(identity: &str) -> Option<IdentityMember> {
    let description = format!(r#"{{"type":"offer","sdp":"v=0","identity":{identity}}}"#);
    let raw = serde_json::from_str::<Box<RawValue>>(&description).ok()?;
    Some(IdentityMember::of(&Payload::from(&*raw)))
}

#[test]
fn whatever_stands_as_an_identity_is_read_as_one_meaning_or_not_at_all() {
    let (mut present, mut unreadable) = (0_u32, 0_u32);
    let outcome = runner().run(&(changes(), any::<bool>()), |(changes, whole)| {
        let text = if whole { identity() } else { changed(&identity(), &changes) };
        let Some(IdentityMember::Present(read)) = member(&text) else { return Ok(()) };
        let again = serde_json::to_string(&read).expect("JSON");
        prop_assert_eq!(member(&again), Some(IdentityMember::Present(read)), "{}", text);
        // Each text is the one text of its bytes: whoever relays it can't write it otherwise.
        prop_assert!(text.contains(&read.key.to_string()) || text.contains('\\'), "{}", text);
        Ok(())
    });
    outcome.expect("no case fails");
    for text in [identity(), "{}".to_owned(), "[]".to_owned(), "1e999".to_owned()] {
        match member(&text) {
            Some(IdentityMember::Present(_)) => present += 1,
            Some(IdentityMember::Unreadable) => unreadable += 1,
            Some(IdentityMember::Absent) | None => {}
        }
    }
    assert!(present == 1 && unreadable >= 2, "{present} {unreadable}");
}

#[test]
fn an_identity_of_a_megabyte_is_unreadable_and_costs_no_more_than_reading_it() {
    let long = "A".repeat(1 << 20);
    let key = PublicKey([1; 32]);
    for text in [
        format!(r#"{{"key":"{long}","signature":"","nonce":""}}"#),
        format!(r#"{{"key":"{key}","signature":"{long}","nonce":""}}"#),
        format!(r#"{{"{long}":1}}"#),
        format!("\"{long}\""),
        format!("[{}1]", "1,".repeat(1 << 19)),
        "[".repeat(1 << 20) + &"]".repeat(1 << 20),
    ] {
        let read = member(&text);
        assert!(matches!(read, Some(IdentityMember::Unreadable) | None), "{read:?}");
    }
}

const DESCRIPTION: &str = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 \
    AA:01:FF\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fingerprint:SHA-1 0b:CD\r\na=setup:actpass\r\n";

#[test]
fn whatever_a_description_states_its_certificates_have_one_form_and_one_order() {
    let outcome = runner().run(&changes(), |changes| {
        let text = changed(DESCRIPTION, &changes);
        let Ok(found) = fingerprints(&text) else { return Ok(()) };
        prop_assert!(!found.is_empty() && found.len() <= MAX_FINGERPRINTS);
        prop_assert!(found.is_sorted_by(|one, next| one < next), "{:?}", found);
        for one in &found {
            prop_assert_eq!(Fingerprint::read(one.as_str()), Some(one.clone()));
        }
        // What is signed is what the library reads, line by line, whatever ends a line.
        let lines: String = text.split(['\r', '\n']).map(|line| format!("{line}\n")).collect();
        prop_assert_eq!(fingerprints(&lines), Ok(found));
        Ok(())
    });
    outcome.expect("no case fails");
}

#[test]
fn a_key_and_a_signature_have_one_text_each() {
    let texts = (PublicKey([7; 32]).to_string(), Signature([8; 64]).to_string());
    let outcome = runner().run(&changes(), |changes| {
        let key = changed(&texts.0, &changes);
        if let Ok(read) = key.parse::<PublicKey>() {
            prop_assert_eq!(read.to_string(), key);
        }
        let signature = changed(&texts.1, &changes);
        if let Ok(read) = signature.parse::<Signature>() {
            prop_assert_eq!(read.to_string(), signature);
        }
        Ok(())
    });
    outcome.expect("no case fails");
}
