//! From placing a call to being in it.

use visavis_shared::ErrorCode;

use super::script::*;

#[test]
fn a_call_that_is_taken_connects() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (found(1, "a1"), "bob/c1: candidate a1", "calling bob"),
        (ringing("bob/c1"), "", "calling bob, it rings"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
        (candidate("bob/c1", "b1"), "1: add b1", "connecting with bob"),
        (connected(1), "", "in call with bob"),
        (3_600_000, "", "in call with bob"),
    );
}

#[test]
fn nothing_is_opened_or_disclosed_before_the_person_accepts() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (candidate("alice/c1", "a1"), "", "alice calls"),
        (candidate("alice/c1", "a2"), "", "alice calls"),
        (
            accept("alice"),
            "media on, 1: open, 1: accept offer o1, 1: add a1, 1: add a2",
            "connecting with alice"
        ),
        (found(1, "b1"), "", "connecting with alice"),
        (
            made_answer(1, "r1"),
            "alice/c1: answer r1, alice/c1: candidate b1",
            "connecting with alice"
        ),
        (found(1, "b2"), "alice/c1: candidate b2", "connecting with alice"),
        (candidate("alice/c1", "a3"), "1: add a3", "connecting with alice"),
        (connected(1), "", "in call with alice"),
    );
}

#[test]
fn candidates_ahead_of_accept_are_kept_up_to_a_bound() {
    let mut call = crate::call::Call::default();
    let now = std::time::Instant::now();
    call.handle_input(up("bob"), now);
    call.handle_input(offer("alice/c1", "o1"), now);
    for i in 0..1000 {
        call.handle_input(candidate("alice/c1", &i.to_string()), now);
    }
    call.handle_input(accept("alice"), now);
    let added = std::iter::from_fn(|| call.poll_output())
        .filter(|output| matches!(output, crate::call::Output::AddCandidate(..)))
        .count();
    assert_eq!(added, crate::call::leg::MAX_CANDIDATES);
}

#[test]
fn of_two_calls_at_once_the_smaller_names_stands() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (offer("bob/c2", "o2"), "", "calling bob"),
        (closes("bob/c2"), "", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
    );
    check!(
        "bob",
        (place("alice", "c2"), "media on, 1: open, 1: offer", "calling alice"),
        (made_offer(1, "o2"), "alice/c2: offer o2", "calling alice"),
        (
            offer("alice/c1", "o1"),
            "1: close, alice/c2: close failed, 2: open, 2: accept offer o1",
            "connecting with alice"
        ),
        (found(1, "old"), "", "connecting with alice"),
        (made_answer(2, "r1"), "alice/c1: answer r1", "connecting with alice"),
        (connected(2), "", "in call with alice"),
    );
}

#[test]
fn glare_is_settled_before_our_own_offer_is_even_made() {
    check!(
        "bob",
        (place("alice", "c2"), "media on, 1: open, 1: offer", "calling alice"),
        (
            offer("alice/c1", "o1"),
            "1: close, alice/c2: close failed, 2: open, 2: accept offer o1",
            "connecting with alice"
        ),
        (made_offer(1, "o2"), "", "connecting with alice"),
        (made_answer(2, "r1"), "alice/c1: answer r1", "connecting with alice"),
    );
}

#[test]
fn glare_with_an_older_client_does_not_close_its_call() {
    check!(
        "bob",
        (place("alice", "c2"), "media on, 1: open, 1: offer", "calling alice"),
        (made_offer(1, "o2"), "alice/c2: offer o2", "calling alice"),
        (offer("alice", "o1"), "1: close, 2: open, 2: accept offer o1", "connecting with alice"),
        (made_answer(2, "r1"), "alice: answer r1", "connecting with alice"),
    );
}

#[test]
fn a_winner_of_glare_says_its_offer_again_to_someone_who_had_been_gone() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (found(1, "a1"), "bob/c1: candidate a1", "calling bob"),
        (disconnected("bob/c1"), "", "calling bob"),
        (offer("bob/c2", "o2"), "bob/c1: offer o1, bob/c1: candidate a1", "calling bob"),
        (44_000, "", "calling bob"),
    );
}

#[test]
fn clients_without_call_ids_are_matched_by_name() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (answer("bob", "r1"), "1: accept answer r1", "connecting with bob"),
        (candidate("bob", "b1"), "1: add b1", "connecting with bob"),
        (connected(1), "", "in call with bob"),
        (closes("bob"), "media off, 1: close", "ended ClosedByPeer after 0s"),
    );
    check!(
        "alice",
        (offer("bob", "o1"), "bob: ringing", "bob calls"),
        (accept("bob"), "media on, 1: open, 1: accept offer o1", "connecting with bob"),
        (made_answer(1, "r1"), "bob: answer r1", "connecting with bob"),
        (Input::HangUp, "media off, 1: close, bob: close", "ended HungUp"),
    );
}

#[test]
fn an_offer_that_comes_twice_while_it_rings_changes_nothing() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (offer("alice/c1", "o1"), "", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (offer("alice/c1", "o1"), "", "connecting with alice"),
        (made_answer(1, "r1"), "alice/c1: answer r1", "connecting with alice"),
        (offer("alice/c1", "o1"), "alice/c1: answer r1", "connecting with alice"),
    );
}

#[test]
fn an_answer_that_comes_twice_is_taken_once() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (answer("bob/c1", "too soon"), "", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
        (answer("bob/c1", "r1"), "", "connecting with bob"),
        (answer("bob/c1", "r2"), "", "connecting with bob"),
    );
}

#[test]
fn who_calls_again_with_a_new_call_rings_with_that_one() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (candidate("alice/c1", "old"), "", "alice calls"),
        (offer("alice/c2", "o2"), "alice/c2: ringing", "alice calls"),
        (offer("alice/c1", "o1"), "", "alice calls"),
        (closes("alice/c1"), "", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o2", "connecting with alice"),
    );
}

#[test]
fn a_call_with_oneself_is_refused() {
    check!(
        "alice",
        (place("alice", "c1"), "", "ended Refused(\"That is your own name. Call somebody else.\")"),
        (
            offer("alice/c1", "o1"),
            "",
            "ended Refused(\"That is your own name. Call somebody else.\")"
        ),
        (Input::Dismiss, "", "idle"),
    );
}

#[test]
fn a_call_that_was_placed_while_the_server_is_away_is_offered_when_it_is_back() {
    check!(
        "alice",
        (Input::SignalingDown, "", "idle"),
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (found(1, "a1"), "bob/c1: candidate a1", "calling bob"),
        (14_000, "", "calling bob"),
        (up("alice"), "bob/c1: offer o1, bob/c1: candidate a1", "calling bob"),
        (30_000, "", "calling bob"),
        (1_000, "media off, 1: close, bob/c1: close timeout", "ended NoAnswer"),
    );
}

#[test]
fn a_name_that_nobody_has_ends_the_call() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (refused(ErrorCode::UnknownUser, "watch", ""), "", "calling bob"),
        (refused(ErrorCode::UnknownUser, "offer", "c0"), "", "calling bob"),
        (refused(ErrorCode::UnknownUser, "candidate", "c1"), "", "calling bob"),
        (refused(ErrorCode::UnknownUser, "offer", "c1"), "media off, 1: close", "ended Unknown"),
    );
}

#[test]
fn a_refused_offer_ends_the_call_with_words() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (
            refused(ErrorCode::RateLimited, "offer", ""),
            "media off, 1: close",
            "ended Refused(\"You do that too often. Try again in a minute.\")"
        ),
    );
}
