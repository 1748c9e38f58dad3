use proptest::prelude::*;

use super::*;
use crate::device_key::DeviceKey;

const OFFER: &str = "v=0\r\na=fingerprint:sha-256 AA:01\r\n";
const ANSWER: &str = "v=0\r\na=fingerprint:sha-256 BB:02\r\n";
const OF_ANOTHER: &str = "v=0\r\na=fingerprint:sha-256 EE:EE\r\n";

fn key(seed: u8) -> LoginKey {
    DeviceKey::from_seed([seed; 32]).login_key("wss://call.example.org")
}

fn names(call: &str, own: &str, other: &str) -> Names {
    let name = |text| Username::parse(text).expect("a name");
    Names { call: CallId::parse(call).expect("a call"), own: name(own), other: name(other) }
}

fn alices(call: &str) -> Names {
    names(call, "alice", "bob")
}

fn bobs(call: &str) -> Names {
    names(call, "bob", "alice")
}

fn present(identity: CallIdentity) -> IdentityMember {
    IdentityMember::Present(identity)
}

/// Alice's side and her signed offer.
fn offer(call: &str, nonce: u8) -> (Caller, CallIdentity) {
    Caller::offer(&key(1), alices(call), Nonce([nonce; 32]), OFFER).expect("signed")
}

/// Bob's side after alice's offer, and his signed answer.
fn answer(call: &str, offered: CallIdentity) -> (Callee, CallIdentity) {
    let callee = Callee::offered(bobs(call), OFFER, present(offered)).expect("right");
    let mut callee = callee.expect("signed");
    let answer = callee.answer(&key(2), Nonce([20; 32]), ANSWER).expect("signed");
    (callee, answer)
}

fn code_of(answered: Result<Answered, TrustError>) -> SafetyCode {
    match answered {
        Ok(Answered::Signed { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_know_whose_key_the_other_has_and_read_the_same_words() {
    let (caller, offered) = offer("c1", 10);
    let (callee, answered) = answer("c1", offered);
    assert_eq!(callee.other(), key(1).public());
    let answered = caller.answered(ANSWER, present(answered)).expect("right");
    let Answered::Signed { key: bob, opening, code } = answered else { panic!("signed") };
    assert_eq!(bob, key(2).public());
    assert_eq!(callee.opened(opening), Ok(Some(code)));
}

#[test]
fn who_signs_nothing_is_unsigned_and_no_error() {
    let absent = IdentityMember::Absent;
    assert!(Callee::offered(bobs("c1"), OFFER, absent).expect("no error").is_none());
    let (caller, _) = offer("c1", 10);
    assert_eq!(caller.answered(ANSWER, absent), Ok(Answered::Unsigned));
    let unreadable = IdentityMember::Unreadable;
    assert_eq!(caller.answered(ANSWER, unreadable), Err(TrustError::Unreadable));
    let offered = Callee::offered(bobs("c1"), OFFER, unreadable);
    assert_eq!(offered.map(|_| ()), Err(TrustError::Unreadable));
}

#[test]
fn an_offer_counts_for_its_call_names_direction_and_certificates_only() {
    let (_, offered) = offer("c1", 10);
    let (caller, _) = offer("c1", 10);
    for (what, names, sdp) in [
        ("another call", bobs("c2"), OFFER),
        ("another callee", names("c1", "carol", "alice"), OFFER),
        ("another caller", names("c1", "bob", "carol"), OFFER),
        ("turned round", names("c1", "alice", "bob"), OFFER),
        ("another certificate", bobs("c1"), OF_ANOTHER),
    ] {
        let refused = Callee::offered(names, sdp, present(offered)).map(|_| ());
        assert_eq!(refused, Err(TrustError::WrongSignature), "{what}");
    }
    let as_answer = CallIdentity { share: Share::Nonce(Nonce([10; 32])), ..offered };
    assert_eq!(caller.answered(OFFER, present(as_answer)), Err(TrustError::WrongSignature));
}

#[test]
fn an_answer_counts_for_the_offer_that_it_answers_only() {
    let (_, first) = offer("c1", 10);
    let (_, answered) = answer("c1", first);
    // The same call once more, with another commitment.
    let (caller, _) = offer("c1", 11);
    assert_eq!(caller.answered(ANSWER, present(answered)), Err(TrustError::WrongSignature));
    let (caller, _) = offer("c1", 10);
    assert_eq!(caller.answered(OF_ANOTHER, present(answered)), Err(TrustError::WrongSignature));
}

#[test]
fn another_key_or_signature_under_a_name_is_refused() {
    let (_, offered) = offer("c1", 10);
    let mut wrong = offered;
    wrong.key = key(9).public();
    let refused = Callee::offered(bobs("c1"), OFFER, present(wrong)).map(|_| ());
    assert_eq!(refused, Err(TrustError::WrongSignature));
    // Keys of small order verify every message with some signatures, unless it is done strictly.
    let mut small = offered;
    small.key = PublicKey(std::array::from_fn(|at| u8::from(at == 0)));
    small.signature = Signature(std::array::from_fn(|at| u8::from(at == 0)));
    let refused = Callee::offered(bobs("c1"), OFFER, present(small)).map(|_| ());
    assert_eq!(refused, Err(TrustError::WrongSignature));
}

#[test]
fn a_commitment_is_opened_by_its_own_nonce_only_and_not_before_the_answer() {
    let (_, offered) = offer("c1", 10);
    let (callee, _) = answer("c1", offered);
    assert_eq!(callee.opened(Nonce([11; 32])), Err(TrustError::WrongOpening));
    let early = Callee::offered(bobs("c1"), OFFER, present(offered)).expect("right");
    assert_eq!(early.expect("signed").opened(Nonce([10; 32])), Ok(None));
}

/// Mallory owns the server, answers alice as bob and calls bob as alice, with keys of her own that
/// neither has seen before.
#[test]
fn whoever_stands_between_shows_in_the_words() {
    let mallory = key(66);
    let (caller, _) = offer("c1", 10);
    let (_, to_bob) =
        Caller::offer(&mallory, alices("c1"), Nonce([30; 32]), OF_ANOTHER).expect("signed");
    let callee = Callee::offered(bobs("c1"), OF_ANOTHER, present(to_bob)).expect("right");
    let mut callee = callee.expect("signed");
    callee.answer(&key(2), Nonce([20; 32]), ANSWER).expect("signed");
    let bobs_words = callee.opened(Nonce([30; 32])).expect("right").expect("a code");

    let (_, from_alice) = offer("c1", 10);
    let between = Callee::offered(bobs("c1"), OFFER, present(from_alice)).expect("right");
    let mut between = between.expect("signed");
    // She gives alice bob's own nonce, which is all that she can repeat.
    let to_alice = between.answer(&mallory, Nonce([20; 32]), OF_ANOTHER).expect("signed");
    assert_ne!(code_of(caller.answered(OF_ANOTHER, present(to_alice))), bobs_words);
}

#[test]
fn certificates_that_change_in_the_middle_of_a_call_are_noticed() {
    let again = "v=0\na=fingerprint:SHA-256 aa:01\nm=audio 9 x 0\na=fingerprint:sha-256 AA:01\n";
    assert_eq!(same_certificates(OFFER, again), Ok(()));
    assert_eq!(same_certificates(OFFER, OF_ANOTHER), Err(TrustError::OtherCertificates));
    let none = Err(TrustError::Certificates(FingerprintError::None));
    assert_eq!(same_certificates(OFFER, "v=0\r\n"), none);
}

/// Computed by another implementation (Python's `cryptography` and `hashlib`), from keys of 32
/// bytes of 1 and of 2.
#[test]
fn what_is_signed_is_what_another_implementation_signs() {
    use ed25519_dalek::{Signer as _, SigningKey};

    let fingerprint = |pair: &str| format!("a=fingerprint:sha-256 {}\n", [pair; 32].join(":"));
    let (offer, answer) = (fingerprint("AA"), fingerprint("BB"));
    let (of_alice, of_bob) =
        (fingerprints(&offer).expect("read"), fingerprints(&answer).expect("read"));
    let names = alices("c-7f3a");
    let (caller_nonce, callee_nonce) = (Nonce([0x10; 32]), Nonce([0x20; 32]));
    let commitment = commit(&caller_nonce);
    assert_eq!(commitment.to_string(), "fE+0wgoO/0+853iLmgeZ5CfRJhWeVEdqicksRS6k2m8=");

    let signed = |seed: u8, from, to, fingerprints, promise| {
        let statement = CallStatement { call: &names.call, from, to, fingerprints, promise };
        let key = SigningKey::from_bytes(&[seed; 32]);
        (
            PublicKey(key.verifying_key().to_bytes()),
            Signature(key.sign(&statement.bytes()).to_bytes()),
        )
    };
    let (alice, bob) = (&names.own, &names.other);
    let (alices_key, alices) = signed(1, alice, bob, &of_alice, Promise::Offer(commitment));
    let (bobs_key, bobs) =
        signed(2, bob, alice, &of_bob, Promise::Answer(callee_nonce, commitment));
    assert_eq!(
        alices.to_string(),
        "vSAgCnFRVVVuBgSdmLZq7pg3ZGTrWYMptoaF3xC0VxyDrGqhoabEEgBS+zMxU4JfTpeKmMwsVxkPckOVNRktBw=="
    );
    assert_eq!(
        bobs.to_string(),
        "V/LMCZCIrg4wZFXDxp3IWhKj3cA4EZCDHJ30oWHMfbctD0yc2hl5T6NRkwDH/E8F8q+ELlNhIuO/F/gsd2zaBw=="
    );

    let (_, rings) = signed(2, bob, alice, &[], Promise::Ringing(commitment));
    assert_eq!(
        rings.to_string(),
        "JPZCqNvUWQTkb5SUYnMSVHPeMVOwwH21wVTR2RGMUGlNm31IBuZ8F35TYcyzAPGO+gTp7dZ49efQCofUyoAZCw=="
    );

    let party = |key, nonce, fingerprints| Party { key, nonce, fingerprints };
    let bytes = safety_code_bytes(
        &names.call,
        &party(alices_key, caller_nonce, &of_alice),
        &party(bobs_key, callee_nonce, &of_bob),
    );
    assert_eq!(SafetyCode::of(&bytes).to_string(), "pencil outfield bonus arena");
}

proptest! {
    #[test]
    fn whatever_differs_on_the_way_is_refused_or_shows_in_the_words(
        at in 0usize..160, bit in 0u8..8,
    ) {
        let (caller, offered) = offer("c1", 10);
        let (callee, _) = answer("c1", offered);
        let mut bytes = [&offered.key.0[..], &offered.signature.0, &commit(&Nonce([10; 32])).0, &[10; 32]].concat();
        bytes[at] ^= 1 << bit;
        let part = |from: usize| -> [u8; 32] { std::array::from_fn(|n| bytes[from + n]) };
        let changed = CallIdentity {
            key: PublicKey(part(0)),
            signature: Signature(std::array::from_fn(|n| bytes[32 + n])),
            share: Share::Commitment(Commitment(part(96))),
            page: false,
        };
        let refused = Callee::offered(bobs("c1"), OFFER, present(changed)).map(|_| ());
        if at < 128 {
            prop_assert_eq!(refused, Err(TrustError::WrongSignature));
        } else {
            prop_assert_eq!(callee.opened(Nonce(part(128))), Err(TrustError::WrongOpening));
        }
        drop(caller);
    }
}

#[test]
fn who_is_rung_says_with_which_key_and_for_no_other_call() {
    let (caller, offered) = offer("c1", 10);
    let (callee, _) = answer("c1", offered);
    let rings = callee.ringing(&key(2));
    assert_eq!(caller.rang(present(rings)), Ok(Other::Signed(key(2).public())));
    assert_eq!(caller.rang(IdentityMember::Absent), Ok(Other::Unsigned));
    assert_eq!(caller.rang(IdentityMember::Unreadable), Err(TrustError::Unreadable));
    for (call, nonce) in [("c2", 10), ("c1", 11)] {
        let (other, _) = offer(call, nonce);
        assert_eq!(other.rang(present(rings)), Err(TrustError::WrongSignature), "{call} {nonce}");
    }
    // It is no answer, and an answer is none of it.
    assert_eq!(caller.answered(ANSWER, present(rings)), Err(TrustError::Unreadable));
    let (_, answered) = answer("c1", offered);
    assert_eq!(caller.rang(present(answered)), Err(TrustError::WrongSignature));
}
