//! Other people and other calls change nothing.

use visavis_shared::{DeclineReason, ErrorCode};

use super::script::*;

#[test]
fn somebody_else_hears_busy_and_the_call_goes_on() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (offer("carol/c9", "o9"), "carol/c9: decline busy", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (offer("carol", "o8"), "carol: decline busy", "connecting with alice"),
        (made_answer(1, "r1"), "alice/c1: answer r1", "connecting with alice"),
        (connected(1), "", "in call with alice"),
        (garbled_offer("carol/c7"), "carol/c7: decline busy", "in call with alice"),
        (closes("carol/c9"), "", "in call with alice"),
        (closes("alice/c1"), "media off, 1: close", "ended ClosedByPeer after 0s"),
        (offer("carol/c9", "o9"), "carol/c9: decline busy", "ended ClosedByPeer after 0s"),
        (offer("carol/c6", "o6"), "carol/c6: ringing", "carol calls"),
    );
}

#[test]
fn messages_of_another_call_or_person_change_nothing() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (ringing("bob/c0"), "", "calling bob"),
        (answer("carol/c1", "r"), "", "calling bob"),
        (answer("bob/c0", "r"), "", "calling bob"),
        (candidate("bob/c0", "b"), "", "calling bob"),
        (candidate("carol/c1", "b"), "", "calling bob"),
        (declines("bob/c0", DeclineReason::Declined), "", "calling bob"),
        (declines("carol", DeclineReason::Declined), "", "calling bob"),
        (closes("bob/c0"), "", "calling bob"),
        (closes("carol/c1"), "", "calling bob"),
        (disconnected("carol/c1"), "", "calling bob"),
        (refused(ErrorCode::UnknownUser, "offer", "c0"), "", "calling bob"),
        (refused(ErrorCode::InvalidJson, "", ""), "", "calling bob"),
        (connected(7), "", "calling bob"),
        (failed(7, "another"), "", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
    );
}

#[test]
fn without_a_call_nothing_but_an_offer_counts() {
    check!(
        "alice",
        (accept("bob"), "", "idle"),
        (Input::Decline, "", "idle"),
        (Input::HangUp, "", "idle"),
        (Input::Dismiss, "", "idle"),
        (Input::Timeout, "", "idle"),
        (answer("bob/c1", "r"), "", "idle"),
        (candidate("bob/c1", "b"), "", "idle"),
        (ringing("bob/c1"), "", "idle"),
        (closes("bob/c1"), "", "idle"),
        (declines("bob/c1", DeclineReason::Busy), "", "idle"),
        (refused(ErrorCode::UnknownUser, "offer", "c1"), "", "idle"),
        (connected(1), "", "idle"),
        (Input::SignalingDown, "", "idle"),
        (up("alice"), "", "idle"),
        (offer("bob/c1", "o1"), "bob/c1: ringing", "bob calls"),
    );
}

#[test]
fn one_person_has_one_call_at_a_time() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (place("carol", "c2"), "", "calling bob"),
        (accept("bob"), "", "calling bob"),
        (Input::Decline, "", "calling bob"),
        (Input::Dismiss, "", "calling bob"),
        (Input::HangUp, "media off, 1: close, bob/c1: close", "ended HungUp"),
        (place("carol", "c2"), "media on, 2: open, 2: offer", "calling carol"),
    );
}

#[test]
fn a_notice_of_how_a_call_ended_gives_way_to_the_next() {
    check!(
        "alice",
        (offer("bob/c1", "o1"), "bob/c1: ringing", "bob calls"),
        (Input::Decline, "bob/c1: decline declined", "ended DeclinedByUs"),
        (50_000, "", "ended DeclinedByUs"),
        (offer("carol/c2", "o2"), "carol/c2: ringing", "carol calls"),
        (44_000, "", "carol calls"),
        (accept("carol"), "media on, 1: open, 1: accept offer o2", "connecting with carol"),
    );
}
