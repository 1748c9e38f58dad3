//! Two clients with keys, and a server between them that may do whatever it likes.

mod duo;

use std::time::Duration;

use visavis_shared::identity::Nonce;
use visavis_shared::message::{CallIdentity, IdentityMember, Share};
use visavis_shared::{CallId, CallSignal, DescriptionKind, PublicKey, SessionDescription};

use crate::call::{CallPhase, EndReason, Input, PeerId, PeerInput};
use crate::trust::exchange::Answered;
use crate::trust::{Callee, Caller, CodeState, KeyChange, Known, Standing};

use self::duo::*;

fn untrusted(end: &EndReason) -> bool {
    matches!(end, EndReason::Untrusted(_))
}

#[test]
fn two_who_call_for_the_first_time_are_new_to_each_other_and_read_the_same_code() {
    let mut duo = Duo::new([Known::default(); 2]);
    duo.place("c1");
    assert_eq!(duo.standing(ALICE), Some(Standing::New(public(BOB))), "ringing says so");
    assert_eq!(duo.standing(BOB), Some(Standing::New(public(ALICE))));
    duo.accept();
    duo.connect();
    assert!(duo.code(ALICE).is_some());
    assert_eq!(duo.code(ALICE), duo.code(BOB));
    assert!(matches!(duo.calls[BOB].phase(), CallPhase::InCall { .. }));
}

#[test]
fn no_two_calls_have_the_same_code() {
    let code = |call: &str| {
        let mut duo = Duo::new([Known::default(); 2]);
        duo.place(call);
        duo.accept();
        duo.code(ALICE)
    };
    assert_ne!(code("c1"), code("c2"));
}

#[test]
fn whose_key_is_kept_is_known_again_and_nothing_starts_before_that() {
    let mut duo = Duo::with_server([knows(BOB), knows(ALICE)], |_, signal| {
        (!matches!(signal, CallSignal::Ringing(_))).then_some(signal)
    });
    duo.place("c1");
    assert_eq!(duo.did[ALICE], ["sends offer"]);
    duo.accept();
    assert_eq!(
        duo.did[ALICE],
        ["sends offer", "takes the answer", "opens devices", "sends candidate", "sends opening"]
    );
    let same = |who| Some(Standing::Same { key: public(who), confirmed: false });
    assert_eq!((duo.standing(ALICE), duo.standing(BOB)), (same(BOB), same(ALICE)));
    assert_eq!(duo.code(ALICE), duo.code(BOB));
}

#[test]
fn devices_open_while_it_rings_where_the_kept_key_has_signed_that() {
    let mut duo = Duo::new([knows(BOB), Known::default()]);
    duo.place("c1");
    assert_eq!(duo.did[ALICE], ["sends offer", "opens devices", "sends candidate"]);
}

/// What the server does to the call, and how far alice got before she noticed.
fn alice_notices(
    known: Known,
    server: impl FnMut(usize, CallSignal) -> Option<CallSignal>,
) -> EndReason {
    let mut duo = Duo::with_server([known, Known::default()], server);
    duo.place("c1");
    duo.accept();
    assert!(!duo.did(ALICE, "takes the answer"), "{:?}", duo.did[ALICE]);
    if known.key.is_some() {
        assert!(!duo.did(ALICE, "opens devices"), "{:?}", duo.did[ALICE]);
        assert!(!duo.did(ALICE, "sends candidate"), "{:?}", duo.did[ALICE]);
    }
    duo.end(ALICE)
}

#[test]
fn another_certificate_in_the_answer_is_noticed() {
    let server = |_, signal| match signal {
        CallSignal::Answer(payload) => Some(CallSignal::Answer(signed(
            DescriptionKind::Answer,
            CERTIFICATES[2],
            Some(identity_of(&payload)),
        ))),
        other => Some(other),
    };
    let end = alice_notices(Known::default(), server);
    assert!(untrusted(&end), "{end:?}");
}

#[test]
fn another_certificate_in_the_offer_is_declined_and_nobody_is_asked() {
    let mut duo = Duo::with_server([Known::default(); 2], |_, signal| match signal {
        CallSignal::Offer(payload) => Some(CallSignal::Offer(signed(
            DescriptionKind::Offer,
            CERTIFICATES[2],
            Some(identity_of(&payload)),
        ))),
        other => Some(other),
    });
    duo.place("c1");
    assert_eq!(duo.did[BOB], ["sends decline", "is told of a refusal"]);
    assert_eq!(duo.calls[BOB].phase(), CallPhase::Idle);
}

#[test]
fn a_known_contact_without_an_identity_is_a_change_on_either_side() {
    let end = alice_notices(knows(BOB), |_, signal| Some(stripped(signal)));
    assert_eq!(end, EndReason::KeyChanged(KeyChange { peer: name("bob"), now: None }));

    let mut duo =
        Duo::with_server([Known::default(), knows(ALICE)], |_, signal| Some(stripped(signal)));
    duo.place("c1");
    let changed = Standing::Changed { before: public(ALICE), now: None };
    assert_eq!(duo.standing(BOB), Some(changed));
    duo.accept();
    assert_eq!(duo.did[BOB], ["sends ringing"], "accepting does nothing");
    assert!(matches!(duo.calls[BOB].phase(), CallPhase::Ringing { .. }));
}

#[test]
fn an_offer_without_a_call_is_no_way_round_the_kept_key() {
    let mut duo = Duo::new([Known::default(), knows(ALICE)]);
    let offer = CallSignal::Offer(signed(DescriptionKind::Offer, CERTIFICATES[ALICE], None));
    duo.deliver(BOB, None, offer);
    assert!(duo.standing(BOB).is_some_and(|standing| standing.is_changed()));
}

#[test]
fn another_key_than_the_kept_one_ends_the_call_before_anything_starts() {
    let kept = Known { key: Some(PublicKey([7; 32])), ..Known::default() };
    let change = KeyChange { peer: name("bob"), now: Some(public(BOB)) };
    // Ringing says so already; and if that is held back, the answer does.
    assert_eq!(
        alice_notices(kept, |_, signal| Some(signal)),
        EndReason::KeyChanged(change.clone())
    );
    let without_ringing = |_, signal| match signal {
        CallSignal::Ringing(_) => Some(CallSignal::Ringing(None)),
        other => Some(other),
    };
    assert_eq!(alice_notices(kept, without_ringing), EndReason::KeyChanged(change));
}

#[test]
fn a_change_that_ended_a_call_stays_until_the_person_has_decided() {
    let kept = Known { key: Some(PublicKey([7; 32])), ..Known::default() };
    let mut duo = Duo::new([kept, Known::default()]);
    duo.place("c1");
    duo.wait(Duration::from_secs(3600));
    assert!(matches!(duo.end(ALICE), EndReason::KeyChanged(_)));
    duo.feed(ALICE, Input::Dismiss);
    assert_eq!(duo.calls[ALICE].phase(), CallPhase::Idle);
}

#[test]
fn who_is_allowed_by_the_person_can_be_accepted() {
    let kept = Known { key: Some(PublicKey([7; 32])), ..Known::default() };
    let mut duo = Duo::new([Known::default(), kept]);
    duo.place("c1");
    duo.accept();
    assert_eq!(duo.did[BOB], ["sends ringing"]);
    duo.feed(BOB, Input::Known { of: name("carol"), known: knows(ALICE) });
    assert!(duo.standing(BOB).is_some_and(|standing| standing.is_changed()), "of somebody else");
    duo.feed(BOB, Input::Known { of: name("alice"), known: knows(ALICE) });
    duo.accept();
    assert!(duo.did(BOB, "opens devices"));
    assert_eq!(duo.code(ALICE), duo.code(BOB));
    assert!(duo.code(ALICE).is_some());
}

#[test]
fn a_call_without_a_key_that_was_allowed_goes_on_as_not_verified() {
    let allowed = Known { unsigned_allowed: true, ..knows(BOB) };
    let mut duo = Duo::with_server([allowed, Known::default()], |_, s| Some(stripped(s)));
    duo.place("c1");
    duo.accept();
    duo.connect();
    assert_eq!(duo.standing(ALICE), Some(Standing::Unsigned));
    assert!(duo.calls[ALICE].trust().is_some_and(|trust| trust.is_not_verified()));
    assert!(matches!(duo.calls[ALICE].phase(), CallPhase::InCall { .. }));
}

#[test]
fn who_puts_themselves_between_at_the_first_contact_is_seen_in_the_code() {
    let eve = key(6);
    // Eve is bob for alice and alice for bob, and has to choose each nonce before she may know.
    let to_bob = Caller::offer(&eve, names("c1", "alice", "bob"), Nonce([66; 32]), &sdp("EE:EE"));
    let (eves_call, eves_offer) = to_bob.expect("signed");
    let mut to_alice: Option<Callee> = None;
    let mut duo = Duo::with_server([Known::default(); 2], |_, signal| {
        Some(match signal {
            CallSignal::Offer(payload) => {
                let member = IdentityMember::of(&payload);
                let offer: SessionDescription = payload.read().expect("an offer");
                let callee = Callee::offered(names("c1", "bob", "alice"), &offer.sdp, member);
                to_alice = callee.expect("right");
                let kind = DescriptionKind::Offer;
                CallSignal::Offer(signed(kind, "EE:EE", Some(eves_offer)))
            }
            CallSignal::Ringing(_) => CallSignal::Ringing(None),
            CallSignal::Answer(_) => {
                let callee = to_alice.as_mut().expect("an offer came");
                let identity = callee.answer(&eve, Nonce([67; 32]), &sdp("EE:EE"));
                let identity = Some(identity.expect("signed"));
                CallSignal::Answer(signed(DescriptionKind::Answer, "EE:EE", identity))
            }
            CallSignal::Opening(_) => CallSignal::Opening(Nonce([66; 32])),
            other => other,
        })
    });
    duo.place("c1");
    duo.accept();
    duo.connect();
    let (alices, bobs) = (duo.code(ALICE), duo.code(BOB));
    assert!(alices.is_some() && bobs.is_some());
    assert_ne!(alices, bobs, "the two who read them aloud notice");
    assert_eq!(duo.standing(BOB), Some(Standing::New(eve.public())));
    drop(duo);
    let answered = eves_call.answered(&sdp("BB:02"), IdentityMember::Absent);
    assert_eq!(answered, Ok(Answered::Unsigned));
}

#[test]
fn a_signed_offer_counts_once() {
    let mut duo = Duo::new([Known::default(); 2]);
    duo.place("c1");
    let (_, call, offer) = duo.sent[0].clone();
    duo.feed(ALICE, Input::HangUp);
    duo.did[BOB].clear();
    // In the same call: it is over. In another one: it is not signed for that.
    duo.deliver(BOB, call, offer.clone());
    assert!(duo.did[BOB].is_empty(), "{:?}", duo.did[BOB]);
    duo.deliver(BOB, CallId::parse("c2").ok(), offer);
    assert_eq!(duo.did[BOB], ["sends decline", "is told of a refusal"]);
}

#[test]
fn what_somebody_signed_for_another_name_or_role_counts_for_nothing() {
    let alice = key(ALICE);
    let for_carol = Caller::offer(
        &alice,
        names("c1", "alice", "carol"),
        Nonce([1; 32]),
        &sdp(CERTIFICATES[ALICE]),
    );
    let (_, identity) = for_carol.expect("signed");
    let mut duo = Duo::new([Known::default(); 2]);
    let kind = DescriptionKind::Offer;
    let offer = CallSignal::Offer(signed(kind, CERTIFICATES[ALICE], Some(identity)));
    duo.deliver(BOB, CallId::parse("c1").ok(), offer);
    assert_eq!(duo.did[BOB], ["sends decline", "is told of a refusal"]);

    // The offer itself, given back as an answer to it.
    let mut offered = None;
    let end = alice_notices(Known::default(), move |_, signal| match signal {
        CallSignal::Offer(payload) => {
            offered = Some(identity_of(&payload));
            Some(CallSignal::Offer(payload))
        }
        CallSignal::Answer(_) => {
            let mut identity = offered.expect("it came first");
            identity.share = Share::Nonce(Nonce([9; 32]));
            let kind = DescriptionKind::Answer;
            Some(CallSignal::Answer(signed(kind, CERTIFICATES[ALICE], Some(identity))))
        }
        other => Some(other),
    });
    assert!(untrusted(&end), "{end:?}");
}

#[test]
fn a_commitment_that_is_opened_to_another_nonce_ends_the_call() {
    let mut duo = Duo::with_server([Known::default(); 2], |_, signal| match signal {
        CallSignal::Opening(_) => Some(CallSignal::Opening(Nonce([99; 32]))),
        other => Some(other),
    });
    duo.place("c1");
    duo.accept();
    assert!(untrusted(&duo.end(BOB)), "{:?}", duo.end(BOB));
    assert!(duo.did(BOB, "closes devices"));
}

#[test]
fn without_the_opening_a_call_goes_on_as_not_verified_until_it_comes_after_all() {
    let mut duo = Duo::with_server([Known::default(), knows(ALICE)], |_, signal| {
        (!matches!(signal, CallSignal::Opening(_))).then_some(signal)
    });
    duo.place("c1");
    duo.accept();
    duo.connect();
    let trust = |duo: &Duo<'_>| duo.calls[BOB].trust().expect("a call");
    assert_eq!(trust(&duo).code, CodeState::Awaited);
    duo.wait(Duration::from_secs(5));
    assert_eq!(trust(&duo).code, CodeState::Withheld);
    assert!(trust(&duo).is_not_verified());
    assert!(matches!(duo.calls[BOB].phase(), CallPhase::InCall { .. }));
    duo.deliver(BOB, CallId::parse("c1").ok(), CallSignal::Opening(nonces(ALICE).offer));
    assert_eq!(duo.code(BOB), duo.code(ALICE));
}

#[test]
fn an_opening_that_was_lost_with_the_server_is_sent_again() {
    let mut lost = false;
    let mut duo = Duo::with_server([Known::default(); 2], move |_, signal| {
        let loses = matches!(signal, CallSignal::Opening(_)) && !std::mem::replace(&mut lost, true);
        (!loses).then_some(signal)
    });
    duo.place("c1");
    duo.accept();
    duo.connect();
    assert_eq!(duo.code(BOB), None);
    duo.feed(ALICE, Input::SignalingDown);
    duo.feed(ALICE, Input::SignalingUp { username: name("alice"), key: Some(key(ALICE)) });
    assert_eq!(duo.code(BOB), duo.code(ALICE));
    assert!(duo.code(BOB).is_some());
}

#[test]
fn an_opening_ahead_of_the_answer_opens_nothing() {
    let mut duo = Duo::new([Known::default(); 2]);
    duo.place("c1");
    duo.deliver(BOB, CallId::parse("c1").ok(), CallSignal::Opening(nonces(ALICE).offer));
    duo.accept();
    assert_eq!(duo.code(BOB), duo.code(ALICE));
    assert!(duo.code(BOB).is_some());
}

#[test]
fn other_certificates_in_the_middle_of_a_call_end_it_whoever_describes() {
    for kind in [DescriptionKind::Offer, DescriptionKind::Answer] {
        let mut duo = Duo::new([Known::default(); 2]);
        duo.place("c1");
        duo.accept();
        duo.connect();
        let description = |certificate| signed(kind, certificate, None);
        let signal = |payload| match kind {
            DescriptionKind::Offer => CallSignal::Offer(payload),
            _ => CallSignal::Answer(payload),
        };
        if kind == DescriptionKind::Answer {
            // Alice restarts ICE, so an answer of bob is due.
            duo.server =
                Box::new(|_, signal| (!matches!(signal, CallSignal::Offer(_))).then_some(signal));
            duo.report(ALICE, PeerId(1), PeerInput::PathDegraded);
        }
        let to = ALICE;
        duo.deliver(to, CallId::parse("c1").ok(), signal(description(CERTIFICATES[2])));
        assert!(untrusted(&duo.end(to)), "{kind:?}: {:?}", duo.end(to));
    }
}

#[test]
fn an_ice_restart_with_the_same_certificate_goes_on() {
    let mut duo = Duo::new([Known::default(); 2]);
    duo.place("c1");
    duo.accept();
    duo.connect();
    let code = duo.code(ALICE);
    duo.report(ALICE, PeerId(1), PeerInput::PathDegraded);
    assert_eq!(duo.did[ALICE].iter().filter(|word| *word == "takes the answer").count(), 2);
    for who in [ALICE, BOB] {
        assert!(matches!(duo.calls[who].phase(), CallPhase::InCall { .. }));
        assert_eq!(duo.code(who), code);
    }
}

#[test]
fn an_offer_that_is_renewed_while_it_rings_may_not_come_from_another_key() {
    let mut duo = Duo::new([Known::default(); 2]);
    duo.place("c1");
    let eve = key(6);
    let other = Caller::offer(&eve, names("c1", "alice", "bob"), Nonce([66; 32]), &sdp("EE:EE"));
    let (_, identity) = other.expect("signed");
    let offer = CallSignal::Offer(signed(DescriptionKind::Offer, "EE:EE", Some(identity)));
    duo.deliver(BOB, CallId::parse("c1").ok(), offer);
    assert_eq!(duo.standing(BOB), Some(Standing::New(public(ALICE))));
    duo.accept();
    assert_eq!(duo.code(ALICE), duo.code(BOB));
    assert!(duo.code(ALICE).is_some());
}

#[test]
fn two_who_call_each_other_at_once_read_the_same_code() {
    let mut duo = Duo::with_server([Known::default(); 2], |_, _| None);
    duo.place("c1");
    let (nonces, known) = (nonces(BOB), Known::default());
    let call = CallId::parse("c2").expect("a call");
    duo.feed(BOB, Input::Call { peer: name("alice"), call, nonces, known, consent: () });
    duo.server = Box::new(|_, signal| Some(signal));
    let (_, call, offer) = duo.sent[0].clone();
    duo.deliver(BOB, call, offer);
    assert!(duo.code(ALICE).is_some());
    assert_eq!(duo.code(ALICE), duo.code(BOB));
}

#[test]
fn a_guest_signs_nothing_and_is_not_verified() {
    let mut duo = Duo::new([knows(BOB), Known::default()]);
    duo.feed(ALICE, Input::SignalingUp { username: name("alice"), key: None });
    duo.place("c1");
    duo.accept();
    assert_eq!(duo.standing(ALICE), Some(Standing::Unsigned));
    assert_eq!(duo.standing(BOB), Some(Standing::Unsigned));
    assert_eq!(duo.code(BOB), None);
    assert!(!duo.did(ALICE, "sends opening"));
}

#[test]
fn a_page_that_signs_is_not_verified_and_has_a_code() {
    let mut duo = Duo::with_server([Known::default(); 2], |_, signal| {
        Some(match signal {
            CallSignal::Answer(payload) => {
                let sdp = payload.read::<SessionDescription>().expect("an answer").sdp;
                let identity = CallIdentity { page: true, ..identity_of(&payload) };
                let description = SessionDescription { kind: DescriptionKind::Answer, sdp };
                CallSignal::Answer(described(description, Some(identity)))
            }
            other => other,
        })
    });
    duo.place("c1");
    duo.accept();
    let trust = duo.calls[ALICE].trust().expect("a call");
    assert!(trust.is_not_verified() && trust.page);
    assert!(duo.code(ALICE).is_some());
    assert_eq!(duo.code(ALICE), duo.code(BOB));
}
