//! How long it rings, whatever the caller does.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use visavis_shared::DeclineReason;

use super::script::*;
use crate::call::{Call, CallPhase};

#[test]
fn a_caller_who_renews_the_offer_rings_no_longer_for_it() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (20_000, "", "alice calls"),
        (offer("alice/c1", "o2"), "", "alice calls"),
        (20_000, "", "alice calls"),
        (offer("alice/c2", "o3"), "alice/c2: ringing", "alice calls"),
        (4_999, "", "alice calls"),
        (1, "alice/c2: decline timeout", "ended NoAnswer"),
    );
}

#[test]
fn a_page_without_call_ids_rings_no_longer_either() {
    check!(
        "bob",
        (offer("alice", "o1"), "alice: ringing", "alice calls"),
        (44_000, "", "alice calls"),
        (offer("alice", "o2"), "", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o2", "connecting with alice"),
    );
    check!(
        "bob",
        (offer("alice", "o1"), "alice: ringing", "alice calls"),
        (44_000, "", "alice calls"),
        (offer("alice/c7", "o2"), "", "alice calls"),
        (1_000, "alice: decline timeout", "ended NoAnswer"),
    );
}

#[test]
fn a_call_after_one_that_was_not_taken_rings_as_long_as_any() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (44_000, "", "alice calls"),
        (closes("alice/c1"), "", "ended ClosedByPeer"),
        (offer("alice/c2", "o2"), "alice/c2: ringing", "alice calls"),
        (44_000, "", "alice calls"),
        (1_000, "alice/c2: decline timeout", "ended NoAnswer"),
    );
}

#[test]
fn a_flood_of_offers_in_a_call_is_answered_in_part_and_the_call_goes_on() {
    let (mut call, start) = (Call::default(), Instant::now());
    for input in [up("bob"), offer("alice/c1", "o"), accept("alice"), connected(1)] {
        call.handle_input(input, start);
    }
    while call.poll_output().is_some() {}
    let mut accepted = 0;
    for n in 0..400u32 {
        let now = start + Duration::from_millis(25) * n;
        call.handle_input(offer("alice/c1", &format!("o{n}")), now);
        accepted += std::iter::from_fn(|| call.poll_output()).count();
    }
    assert_eq!(accepted, 16, "eight in eight seconds");
    let later = start + Duration::from_secs(60);
    call.handle_input(offer("alice/c1", "last"), later);
    assert!(call.poll_output().is_some());
    assert!(matches!(call.phase(), CallPhase::InCall { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn it_rings_for_forty_five_seconds_at_most_whatever_the_caller_sends(
        steps in prop::collection::vec((0u64..6000, 0u8..7, 0u8..4), 1..200)
    ) {
        let (mut call, start) = (Call::default(), Instant::now());
        call.handle_input(up("bob"), start);
        let mut now = start;
        let mut rings_since: Option<Instant> = None;
        for (number, (wait, kind, id)) in steps.into_iter().enumerate() {
            let until = now + Duration::from_millis(wait);
            while let Some(at) = call.poll_timeout().filter(|at| *at <= until) {
                call.handle_input(Input::Timeout, at);
                if !matches!(call.phase(), CallPhase::Ringing { .. }) {
                    rings_since = None;
                }
            }
            now = until;
            let who = if id == 0 { "alice".to_owned() } else { format!("alice/c{id}-{number}") };
            let input = match kind {
                0..=2 => offer(&who, &format!("o{number}")),
                3 => candidate(&who, "a"),
                4 => ringing(&who),
                5 => disconnected("alice"),
                _ => declines("carol/c9", DeclineReason::Busy),
            };
            call.handle_input(input, now);
            while call.poll_output().is_some() {}
            match call.phase() {
                CallPhase::Ringing { since, .. } => {
                    let first = *rings_since.get_or_insert(now);
                    prop_assert_eq!(since, first, "since the first offer");
                    prop_assert!(now.duration_since(first) < Duration::from_secs(45));
                }
                _ => rings_since = None,
            }
        }
    }
}
