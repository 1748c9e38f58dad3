//! A running call bears whatever comes for a description: media flows on, or again soon, and a
//! connection that is lost reports it.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use visavis_shared::DescriptionKind;
use visavis_simulation::{Account, Change, Step, renegotiate};
use visavis_transport::PeerEvent;

const MS: Duration = Duration::from_millis(1);
/// A gap that nobody calls an interruption.
const GAP: Duration = Duration::from_millis(400);
/// Media flows again so long after the last bad description: silence is noticed after 3 s, ICE is
/// restarted 2 s later, and once more after 5 s where the first restart met something bad as well.
const MENDED_WITHIN: Duration = Duration::from_secs(10);

/// What is refused before ICE is restarted for it.
const REFUSED: [Change; 6] = [
    Change::Garbage,
    Change::CutOff,
    Change::OtherCredentialsRefused,
    Change::EmptyPassword,
    Change::NoCredentials,
    Change::NoMids,
];

fn undisturbed(account: &Account, what: &dyn std::fmt::Debug) {
    let silence = account.silence(Duration::ZERO, account.over);
    assert!(silence < GAP, "{what:?}: nothing for {silence:?}, {:?}", account.events);
    let told = |event: &PeerEvent| *event != PeerEvent::OfferRefused;
    let events = account.events.iter().filter(|(_, _, event)| told(event)).count();
    assert_eq!(events, 0, "{what:?}: {:?}", account.events);
}

#[test]
fn an_offer_with_other_ice_credentials_that_is_refused_does_not_stop_media() {
    for to in [0, 1] {
        let change = Change::OtherCredentialsRefused;
        let forged = Step::Forge { to, kind: DescriptionKind::Offer, change };
        let steps = [Step::Wait(500 * MS), forged, Step::Wait(8000 * MS)];
        undisturbed(&renegotiate(&steps, Duration::ZERO, false, 1), &to);
    }
}

#[test]
fn offers_and_answers_that_are_refused_cost_nothing() {
    for change in REFUSED {
        for kind in [DescriptionKind::Offer, DescriptionKind::Answer] {
            let forge = |to| Step::Forge { to, kind, change };
            let steps = [Step::Wait(500 * MS), forge(0), forge(1), forge(0), Step::Wait(5000 * MS)];
            undisturbed(&renegotiate(&steps, Duration::ZERO, false, 2), &(change, kind));
        }
    }
}

#[test]
fn an_answer_to_a_restart_that_does_not_fit_costs_nothing_where_it_comes() {
    for change in [Change::Garbage, Change::NoCredentials, Change::OtherSections, Change::NoMids] {
        let restart = Step::Offer { side: 0, ice_restart: true };
        let answer = Step::Forge { to: 0, kind: DescriptionKind::Answer, change };
        let lost = Step::LoseNext { from: 0 };
        let steps = [
            Step::Wait(500 * MS),
            lost,
            restart,
            Step::Wait(100 * MS),
            answer,
            Step::Wait(5000 * MS),
        ];
        undisturbed(&renegotiate(&steps, Duration::ZERO, false, 3), &change);
    }
}

#[test]
fn restarts_of_both_at_once_and_one_whose_answer_is_lost_end_in_media() {
    let restart = |side| Step::Offer { side, ice_restart: true };
    let both = [Step::Wait(500 * MS), restart(0), restart(1), Step::Wait(3000 * MS)];
    let account = renegotiate(&both, Duration::ZERO, false, 5);
    let silence = account.silence(Duration::ZERO, account.over);
    assert!(silence < 1000 * MS, "{silence:?}, {:?}", account.events);

    let lost = [Step::Wait(500 * MS), Step::LoseNext { from: 1 }, restart(0)];
    let account = renegotiate(&lost, MENDED_WITHIN + 3000 * MS, true, 6);
    let silence =
        account.silence(account.over + MENDED_WITHIN, account.over + MENDED_WITHIN + 3000 * MS);
    assert!(silence < GAP, "{silence:?}, {:?}", account.events);
}

fn random_steps(rng: &mut StdRng) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..rng.random_range(3..12) {
        let side = rng.random_range(0..2);
        let change = *Change::ALL.choose(rng).expect("some");
        let kind = if rng.random() { DescriptionKind::Offer } else { DescriptionKind::Answer };
        steps.push(match rng.random_range(0..6) {
            0 | 1 => Step::Offer { side, ice_restart: true },
            2 => Step::Offer { side, ice_restart: false },
            3 => Step::Forge { to: side, kind, change },
            4 => Step::ChangeNext { from: side, change },
            _ => Step::LoseNext { from: side },
        });
        let pause = if rng.random() { 30 } else { 2000 };
        steps.push(Step::Wait(MS * rng.random_range(0..pause)));
    }
    // What is still to be changed or lost meets these.
    steps.extend([0, 1].map(|side| Step::Offer { side, ice_restart: true }));
    steps.push(Step::Wait(1000 * MS));
    steps
}

#[test]
fn after_any_order_of_good_and_bad_descriptions_media_flows_again() {
    let mut longest = Duration::ZERO;
    for seed in 0..60 {
        let steps = random_steps(&mut StdRng::seed_from_u64(seed));
        let account = renegotiate(&steps, MENDED_WITHIN + 2000 * MS, true, seed);
        let mended = account.over + MENDED_WITHIN;
        let silence = account.silence(mended, mended + 2000 * MS);
        assert!(silence < GAP, "seed {seed}: {silence:?}\n{steps:?}\n{:?}", account.events);
        longest = longest.max(account.silence(Duration::ZERO, mended));
        for side in [0, 1] {
            let mut up = true;
            for (_, _, event) in account.events.iter().filter(|(_, of, _)| *of == side) {
                match event {
                    PeerEvent::Connected => assert!(!std::mem::replace(&mut up, true), "twice"),
                    PeerEvent::Disconnected => assert!(std::mem::replace(&mut up, false), "twice"),
                    PeerEvent::Failed(_) => up = false,
                    _ => {}
                }
            }
        }
    }
    println!("the longest silence was {longest:?}");
}
