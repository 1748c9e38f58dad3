//! Every way in which a call ends.

use visavis_shared::{CloseReason, DeclineReason, ErrorCode};

use super::script::*;
use crate::call::Call;

#[test]
fn hanging_up_stops_everything_before_it_says_so() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (Input::HangUp, "media off, 1: close, bob/c1: close", "ended HungUp"),
        (Input::HangUp, "", "ended HungUp"),
        (candidate("bob/c1", "b1"), "", "ended HungUp"),
        (connected(1), "", "ended HungUp"),
        (failed(1, "late"), "", "ended HungUp"),
        (made_offer(1, "late"), "", "ended HungUp"),
        (Input::Dismiss, "", "idle"),
    );
}

#[test]
fn declining_says_so_and_opens_nothing() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (Input::Decline, "alice/c1: decline declined", "ended DeclinedByUs"),
        (accept("alice"), "", "ended DeclinedByUs"),
    );
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (Input::HangUp, "alice/c1: decline declined", "ended DeclinedByUs"),
    );
}

#[test]
fn hanging_up_while_connecting_closes_from_either_side() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (Input::HangUp, "media off, 1: close, alice/c1: close", "ended HungUp"),
        (made_answer(1, "late"), "", "ended HungUp"),
    );
}

#[test]
fn how_long_media_flowed_is_told() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (made_answer(1, "r1"), "alice/c1: answer r1", "connecting with alice"),
        (connected(1), "", "in call with alice"),
        (60_000, "", "in call with alice"),
        (closes("alice/c1"), "media off, 1: close", "ended ClosedByPeer after 60s"),
        (59_000, "", "ended ClosedByPeer after 60s"),
        (1_000, "", "idle"),
    );
}

/// How a call ends that found no network path.
const NO_CONNECTION_READS: &str = "ended ConnectFailed(\"A firewall at either end may be in the way. Call again, or try another network.\")";

/// A call that alice placed, ended by bob so.
fn declined(reason: DeclineReason, phase: &str) {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (declines("bob/c1", reason), "media off, 1: close", phase),
    );
}

#[test]
fn why_they_declined_is_told() {
    declined(DeclineReason::Declined, "ended Declined");
    declined(DeclineReason::Busy, "ended Busy");
    declined(DeclineReason::Timeout, "ended NoAnswer");
    declined(
        DeclineReason::Failed,
        "ended ConnectFailed(\"Their app could not set up the call. Try again.\")",
    );
}

#[test]
fn an_older_client_declines_by_closing() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (closes("bob"), "media off, 1: close", "ended Declined"),
    );
}

#[test]
fn a_caller_who_cancels_stops_the_ringing() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (closes("alice/c1"), "", "ended ClosedByPeer"),
        (offer("alice/c1", "o1"), "", "ended ClosedByPeer"),
        (offer("alice/c2", "o2"), "alice/c2: ringing", "alice calls"),
    );
}

#[test]
fn ringing_ends_by_itself_on_either_side() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (ringing("bob/c1"), "", "calling bob, it rings"),
        (44_999, "", "calling bob, it rings"),
        (1, "media off, 1: close, bob/c1: close timeout", "ended NoAnswer"),
    );
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (44_999, "", "alice calls"),
        (1, "alice/c1: decline timeout", "ended NoAnswer"),
        (60_000, "", "idle"),
    );
}

#[test]
fn connecting_ends_by_itself_on_either_side() {
    let words = NO_CONNECTION_READS;
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (40_000, "", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
        (14_999, "", "connecting with bob"),
        (1, "media off, 1: close, bob/c1: close failed", words),
    );
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (15_000, "media off, 1: close, alice/c1: decline failed", words),
    );
}

#[test]
fn whoever_hears_second_that_connecting_failed_reads_the_same() {
    for signal in
        [gives_up("bob/c1", CloseReason::Failed), declines("bob/c1", DeclineReason::Failed)]
    {
        check!(
            "alice",
            (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
            (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
            (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
            (14_999, "", "connecting with bob"),
            (signal, "media off, 1: close", NO_CONNECTION_READS),
        );
    }
    for signal in
        [gives_up("alice/c1", CloseReason::Failed), declines("alice/c1", DeclineReason::Failed)]
    {
        check!(
            "bob",
            (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
            (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
            (made_answer(1, "r1"), "alice/c1: answer r1", "connecting with alice"),
            (signal, "media off, 1: close", NO_CONNECTION_READS),
        );
    }
}

#[test]
fn a_script_that_waits_no_longer_has_failed_to_connect_and_cancels_before() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
        (Input::GiveUp, "media off, 1: close, bob/c1: close failed", NO_CONNECTION_READS),
        (Input::GiveUp, "", NO_CONNECTION_READS),
    );
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (Input::GiveUp, "media off, 1: close, bob/c1: close", "ended HungUp"),
    );
}

#[test]
fn whoever_really_hangs_up_while_connecting_is_still_said_to_have_cancelled() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
        (closes("bob/c1"), "media off, 1: close", "ended ClosedByPeer"),
    );
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (closes("alice/c1"), "media off, 1: close", "ended ClosedByPeer"),
    );
}

#[test]
fn media_that_connected_at_one_end_alone_is_a_failure_to_connect_at_both() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
        (connected(1), "", "in call with bob"),
        (14_000, "", "in call with bob"),
        (
            declines("bob/c1", DeclineReason::Failed),
            "media off, 1: close",
            format!("{NO_CONNECTION_READS} after 14s").as_str()
        ),
    );
}

#[test]
fn a_call_that_was_taken_as_the_caller_gave_up_could_not_be_connected() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (44_900, "", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (gives_up("alice/c1", CloseReason::Timeout), "media off, 1: close", NO_CONNECTION_READS),
    );
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (gives_up("alice/c1", CloseReason::Timeout), "", "ended ClosedByPeer"),
    );
}

#[test]
fn a_failure_reaches_an_older_page_as_a_close() {
    check!(
        "bob",
        (offer("alice", "o1"), "alice: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (made_answer(1, "r1"), "alice: answer r1", "connecting with alice"),
        (15_000, "media off, 1: close, alice: close failed", NO_CONNECTION_READS),
    );
}

#[test]
fn an_offer_that_cannot_be_read_is_declined_without_ringing() {
    check!(
        "bob",
        (garbled_offer("alice/c1"), "alice/c1: decline failed", "idle"),
        (garbled_offer("alice"), "alice: decline failed", "idle"),
    );
}

#[test]
fn an_offer_that_the_peer_connection_cannot_take_is_declined() {
    check!(
        "bob",
        (offer("alice/c1", "rubbish"), "alice/c1: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer rubbish", "connecting with alice"),
        (
            failed(1, "Their description can't be read."),
            "media off, 1: close, alice/c1: decline failed",
            "ended ConnectFailed(\"Their description can't be read.\")"
        ),
    );
}

#[test]
fn an_answer_that_is_rubbish_closes_the_call() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (
            garbled_answer("bob/c1"),
            "media off, 1: close, bob/c1: close failed",
            "ended ConnectFailed(\"Their app sent an answer that can't be read.\")"
        ),
    );
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (answer("bob/c1", "rubbish"), "1: accept answer rubbish", "connecting with bob"),
        (
            failed(1, "No SDP."),
            "media off, 1: close, bob/c1: close failed",
            "ended ConnectFailed(\"No SDP.\")"
        ),
    );
}

#[test]
fn an_answer_that_the_server_refuses_ends_the_call() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (made_answer(1, "r1"), "alice/c1: answer r1", "connecting with alice"),
        (refused(ErrorCode::UnknownUser, "answer", "c1"), "", "connecting with alice"),
        (
            refused(ErrorCode::TooLarge, "answer", "c1"),
            "media off, 1: close, alice/c1: decline failed",
            "ended Refused(\"The server found the call's description too large. Try with fewer network connections.\")"
        ),
    );
}

#[test]
fn a_peer_that_lost_the_server_before_the_call_stands_has_fifteen_seconds() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (disconnected("bob/c1"), "", "calling bob"),
        (14_000, "", "calling bob"),
        (ringing("bob/c1"), "bob/c1: offer o1", "calling bob, it rings"),
        (14_000, "", "calling bob, it rings"),
        (disconnected("bob/c1"), "", "calling bob, it rings"),
        (14_000, "", "calling bob, it rings"),
        (disconnected("bob/c1"), "", "calling bob, it rings"),
        (1_000, "media off, 1: close, bob/c1: close failed", "ended PeerLost"),
    );
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (disconnected("alice/c1"), "", "alice calls"),
        (10_000, "", "alice calls"),
        (offer("alice/c1", "o1"), "", "alice calls"),
        (10_000, "", "alice calls"),
        (refused(ErrorCode::UnknownUser, "ringing", "c1"), "", "alice calls"),
        (15_000, "alice/c1: decline failed", "ended PeerLost"),
    );
}

#[test]
fn a_server_that_is_lost_before_the_call_stands_has_fifteen_seconds() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (Input::SignalingDown, "", "alice calls"),
        (14_000, "", "alice calls"),
        (Input::SignalingDown, "", "alice calls"),
        (999, "", "alice calls"),
        (up("bob"), "alice/c1: ringing", "alice calls"),
        (Input::SignalingDown, "", "alice calls"),
        (15_000, "alice/c1: decline failed", "ended ServerLost"),
        (10_000, "", "ended ServerLost"),
        (up("bob"), "alice/c1: decline failed", "ended ServerLost"),
    );
}

#[test]
fn the_lost_server_is_blamed_when_connecting_takes_too_long() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (1_000, "", "connecting with alice"),
        (Input::SignalingDown, "", "connecting with alice"),
        (made_answer(1, "r1"), "alice/c1: answer r1", "connecting with alice"),
        (14_000, "media off, 1: close, alice/c1: decline failed", "ended ServerLost"),
    );
}

#[test]
fn a_final_signal_is_sent_again_when_the_server_is_back_and_forgotten_after_half_a_minute() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (Input::SignalingDown, "", "calling bob"),
        (Input::HangUp, "media off, 1: close, bob/c1: close", "ended HungUp"),
        (Input::Dismiss, "", "idle"),
        (29_000, "", "idle"),
        (up("alice"), "bob/c1: close", "idle"),
        (1_000, "", "idle"),
        (up("alice"), "", "idle"),
    );
}

#[test]
fn who_missed_how_a_call_ended_is_told_so_again() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (Input::HangUp, "media off, 1: close, bob/c1: close", "ended HungUp"),
        (ringing("bob/c1"), "bob/c1: close", "ended HungUp"),
        (answer("bob/c1", "r1"), "bob/c1: close", "ended HungUp"),
        (closes("bob/c1"), "", "ended HungUp"),
    );
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (Input::Decline, "alice/c1: decline declined", "ended DeclinedByUs"),
        (offer("alice/c1", "o1"), "alice/c1: decline declined", "ended DeclinedByUs"),
    );
}

#[test]
fn nobody_can_be_called_before_the_login() {
    let mut call = Call::default();
    let now = std::time::Instant::now();
    call.handle_input(place("bob", "c1"), now);
    assert_eq!(call.poll_output(), None);
    assert!(matches!(
        call.phase(),
        crate::call::CallPhase::Ended { reason: crate::call::EndReason::Refused(_), .. }
    ));
    call.handle_input(Input::Dismiss, now);
    assert_eq!(call.poll_timeout(), None);
}
