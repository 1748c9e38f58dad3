//! A call that stands: media lost and found, renegotiation, the server gone.

use visavis_shared::{DeclineReason, ErrorCode};

use super::script::*;

/// A call that alice placed and that stands, then these steps.
macro_rules! alice_in_call {
    ($($step:tt),+ $(,)?) => {
        check!(
            "alice",
            (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
            (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
            (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
            (connected(1), "", "in call with bob"),
            $($step),+
        )
    };
}

/// A call that bob accepted and that stands, then these steps.
macro_rules! bob_in_call {
    ($($step:tt),+ $(,)?) => {
        check!(
            "bob",
            (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
            (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
            (made_answer(1, "r1"), "alice/c1: answer r1", "connecting with alice"),
            (connected(1), "", "in call with alice"),
            $($step),+
        )
    };
}

#[test]
fn a_short_gap_heals_without_an_ice_restart() {
    alice_in_call!(
        (10_000, "", "in call with bob"),
        (lost(1), "", "reconnecting with bob"),
        (1_999, "", "reconnecting with bob"),
        (connected(1), "", "in call with bob"),
        (600_000, "", "in call with bob"),
    );
}

#[test]
fn an_offer_that_could_not_be_taken_leaves_the_next_one_its_answer() {
    bob_in_call!(
        (offer("alice/c1", "bad"), "1: accept offer bad", "in call with alice"),
        (refused_offer(1), "", "in call with alice"),
        (offer("alice/c1", "bad"), "", "in call with alice"),
        (offer("alice/c1", "o2"), "1: accept offer o2", "in call with alice"),
        (made_answer(1, "r2"), "alice/c1: answer r2", "in call with alice"),
        (offer("alice/c1", "o2"), "alice/c1: answer r2", "in call with alice"),
    );
}

#[test]
fn an_offer_that_could_not_be_made_leaves_the_next_one_its_turn() {
    alice_in_call!(
        (lost(1), "", "reconnecting with bob"),
        (2_000, "1: restart", "reconnecting with bob"),
        (no_offer(1), "", "reconnecting with bob"),
        (5_000, "1: restart", "reconnecting with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "reconnecting with bob"),
        (answer("bob/c1", "r2"), "1: accept answer r2", "reconnecting with bob"),
        (connected(1), "", "in call with bob"),
    );
}

#[test]
fn ice_is_restarted_after_a_grace_and_tried_again() {
    alice_in_call!(
        (lost(1), "", "reconnecting with bob"),
        (2_000, "1: restart", "reconnecting with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "reconnecting with bob"),
        (found(1, "a2"), "bob/c1: candidate a2", "reconnecting with bob"),
        (refused(ErrorCode::UnknownUser, "offer", "c1"), "", "reconnecting with bob"),
        (5_000, "1: restart", "reconnecting with bob"),
        (made_offer(1, "o3"), "bob/c1: offer o3", "reconnecting with bob"),
        (answer("bob/c1", "r3"), "1: accept answer r3", "reconnecting with bob"),
        (answer("bob/c1", "r1"), "", "reconnecting with bob"),
        (connected(1), "", "in call with bob"),
        (60_000, "", "in call with bob"),
    );
}

#[test]
fn a_failure_restarts_ice_at_once_but_not_in_a_tight_loop() {
    alice_in_call!(
        (failed(1, "ICE failed"), "1: restart", "reconnecting with bob"),
        (failed(1, "ICE failed"), "", "reconnecting with bob"),
        (failed(1, "ICE failed"), "", "reconnecting with bob"),
        (5_000, "1: restart", "reconnecting with bob"),
    );
    alice_in_call!(
        (lost(1), "", "reconnecting with bob"),
        (failed(1, "ICE failed"), "1: restart", "reconnecting with bob"),
        (4_999, "", "reconnecting with bob"),
    );
}

#[test]
fn who_was_called_restarts_ice_as_well() {
    bob_in_call!(
        (failed(1, "ICE failed"), "1: restart", "reconnecting with alice"),
        (made_offer(1, "b2"), "alice/c1: offer b2", "reconnecting with alice"),
        (answer("alice/c1", "a2"), "1: accept answer a2", "reconnecting with alice"),
        (connected(1), "", "in call with alice"),
        (lost(1), "", "reconnecting with alice"),
        (2_000, "1: restart", "reconnecting with alice"),
    );
}

#[test]
fn who_was_called_by_an_older_client_waits_for_its_restart() {
    check!(
        "bob",
        (offer("alice", "o1"), "alice: ringing", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (made_answer(1, "r1"), "alice: answer r1", "connecting with alice"),
        (connected(1), "", "in call with alice"),
        (degraded(1), "", "in call with alice"),
        (failed(1, "ICE failed"), "", "reconnecting with alice"),
        (10_000, "", "reconnecting with alice"),
        (offer("alice", "o2"), "1: accept offer o2", "reconnecting with alice"),
    );
}

#[test]
fn a_degraded_path_is_mended_while_the_call_goes_on() {
    alice_in_call!(
        (degraded(1), "1: restart", "in call with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "in call with bob"),
        (degraded(1), "", "in call with bob"),
        (4_999, "", "in call with bob"),
        (1, "1: restart", "in call with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "in call with bob"),
        (answer("bob/c1", "r2"), "1: accept answer r2", "in call with bob"),
        (recovered(1), "", "in call with bob"),
        (60_000, "", "in call with bob"),
        (degraded(1), "1: restart", "in call with bob"),
    );
}

#[test]
fn a_way_that_works_after_all_is_not_mended_again() {
    alice_in_call!(
        (degraded(1), "1: restart", "in call with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "in call with bob"),
        (recovered(1), "", "in call with bob"),
        (60_000, "", "in call with bob"),
        // The answer was late; the path works, and goes on working with it.
        (answer("bob/c1", "r2"), "1: accept answer r2", "in call with bob"),
        (60_000, "", "in call with bob"),
    );
}

#[test]
fn a_degraded_path_that_is_lost_goes_on_being_mended() {
    alice_in_call!(
        (degraded(1), "1: restart", "in call with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "in call with bob"),
        (1_800, "", "in call with bob"),
        (lost(1), "", "reconnecting with bob"),
        (3_199, "", "reconnecting with bob"),
        (1, "1: restart", "reconnecting with bob"),
        (20_000, "1: restart, 1: restart, 1: restart, 1: restart", "reconnecting with bob"),
    );
}

#[test]
fn if_both_paths_are_degraded_at_once_one_offer_stands() {
    alice_in_call!(
        (degraded(1), "1: restart", "in call with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "in call with bob"),
        (offer("bob/c1", "theirs"), "", "in call with bob"),
        (answer("bob/c1", "r2"), "1: accept answer r2", "in call with bob"),
        (recovered(1), "", "in call with bob"),
    );
    bob_in_call!(
        (degraded(1), "1: restart", "in call with alice"),
        (made_offer(1, "b2"), "alice/c1: offer b2", "in call with alice"),
        (offer("alice/c1", "o2"), "1: accept offer o2", "in call with alice"),
        (made_answer(1, "r2"), "alice/c1: answer r2", "in call with alice"),
        (recovered(1), "", "in call with alice"),
        (60_000, "", "in call with alice"),
    );
}

#[test]
fn the_suspicion_of_a_call_that_does_not_stand_changes_nothing() {
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (degraded(1), "", "calling bob"),
        (recovered(1), "", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
    );
}

#[test]
fn media_that_does_not_come_back_ends_the_call() {
    bob_in_call!(
        (5_000, "", "in call with alice"),
        (lost(1), "", "reconnecting with alice"),
        (
            29_999,
            "1: restart, 1: restart, 1: restart, 1: restart, 1: restart, 1: restart",
            "reconnecting with alice"
        ),
        (1, "media off, 1: close, alice/c1: close", "ended MediaLost after 5s"),
    );
}

#[test]
fn a_running_call_survives_the_loss_of_the_server() {
    alice_in_call!(
        (Input::SignalingDown, "", "in call with bob"),
        (3_600_000, "", "in call with bob"),
        (up("alice"), "", "in call with bob"),
        (disconnected("bob/c1"), "", "in call with bob"),
        (3_600_000, "", "in call with bob"),
    );
}

#[test]
fn an_ice_restart_without_the_server_is_made_again_when_it_is_back() {
    alice_in_call!(
        (Input::SignalingDown, "", "in call with bob"),
        (lost(1), "", "reconnecting with bob"),
        (2_000, "1: restart", "reconnecting with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "reconnecting with bob"),
        (up("alice"), "1: restart", "reconnecting with bob"),
        (made_offer(1, "o3"), "bob/c1: offer o3", "reconnecting with bob"),
    );
}

#[test]
fn of_several_offers_that_are_owed_only_the_last_is_sent() {
    alice_in_call!(
        (failed(1, "ICE failed"), "1: restart", "reconnecting with bob"),
        (5_000, "1: restart", "reconnecting with bob"),
        (made_offer(1, "o2"), "", "reconnecting with bob"),
        (made_offer(1, "o3"), "bob/c1: offer o3", "reconnecting with bob"),
    );
}

#[test]
fn of_several_answers_that_are_owed_only_the_last_is_sent() {
    bob_in_call!(
        (offer("alice/c1", "o2"), "1: accept offer o2", "in call with alice"),
        (offer("alice/c1", "o3"), "1: accept offer o3", "in call with alice"),
        (made_answer(1, "r2"), "", "in call with alice"),
        (made_answer(1, "r3"), "alice/c1: answer r3", "in call with alice"),
        (offer("alice/c1", "o2"), "", "in call with alice"),
        (offer("alice/c1", "o3"), "alice/c1: answer r3", "in call with alice"),
    );
}

#[test]
fn if_both_offer_within_a_call_the_smaller_names_offer_stands() {
    alice_in_call!(
        (failed(1, "ICE failed"), "1: restart", "reconnecting with bob"),
        (offer("bob/c1", "theirs"), "", "reconnecting with bob"),
        (made_offer(1, "o2"), "bob/c1: offer o2", "reconnecting with bob"),
        (offer("bob/c1", "theirs"), "", "reconnecting with bob"),
        (answer("bob/c1", "r2"), "1: accept answer r2", "reconnecting with bob"),
    );
    check!(
        "zoe",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
        (connected(1), "", "in call with bob"),
        (failed(1, "ICE failed"), "1: restart", "reconnecting with bob"),
        (offer("bob/c1", "theirs"), "1: accept offer theirs", "reconnecting with bob"),
        (made_offer(1, "o2"), "", "reconnecting with bob"),
        (made_answer(1, "r2"), "bob/c1: answer r2", "reconnecting with bob"),
        (answer("bob/c1", "to nothing"), "", "reconnecting with bob"),
    );
}

#[test]
fn rubbish_within_a_call_changes_nothing() {
    alice_in_call!(
        (garbled_offer("bob/c1"), "", "in call with bob"),
        (garbled_answer("bob/c1"), "", "in call with bob"),
        (refused(ErrorCode::InvalidJson, "offer", "c1"), "", "in call with bob"),
        (ringing("bob/c1"), "", "in call with bob"),
    );
}

#[test]
fn who_declines_within_a_call_has_left_it() {
    alice_in_call!((
        declines("bob/c1", DeclineReason::Busy),
        "media off, 1: close",
        "ended ClosedByPeer after 0s"
    ));
}

#[test]
fn who_calls_again_after_their_app_was_restarted_rings() {
    alice_in_call!(
        (offer("bob/c2", "o2"), "bob/c2: decline busy", "in call with bob"),
        (disconnected("bob/c1"), "", "in call with bob"),
        (offer("bob/c3", "o3"), "media off, 1: close, bob/c3: ringing", "bob calls"),
        (accept("bob"), "media on, 2: open, 2: accept offer o3", "connecting with bob"),
    );
}

#[test]
fn who_came_back_with_the_same_call_is_still_in_it() {
    alice_in_call!(
        (disconnected("bob/c1"), "", "in call with bob"),
        (offer("bob/c1", "o2"), "1: accept offer o2", "in call with bob"),
        (offer("bob/c3", "o3"), "bob/c3: decline busy", "in call with bob"),
    );
}

#[test]
fn what_the_server_swallowed_while_connecting_is_said_again() {
    check!(
        "bob",
        (offer("alice/c1", "o1"), "alice/c1: ringing", "alice calls"),
        (Input::SignalingDown, "", "alice calls"),
        (accept("alice"), "media on, 1: open, 1: accept offer o1", "connecting with alice"),
        (up("bob"), "", "connecting with alice"),
        (Input::SignalingDown, "", "connecting with alice"),
        (made_answer(1, "r1"), "alice/c1: answer r1", "connecting with alice"),
        (found(1, "b1"), "alice/c1: candidate b1", "connecting with alice"),
        (up("bob"), "alice/c1: answer r1, alice/c1: candidate b1", "connecting with alice"),
    );
    check!(
        "alice",
        (place("bob", "c1"), "media on, 1: open, 1: offer", "calling bob"),
        (made_offer(1, "o1"), "bob/c1: offer o1", "calling bob"),
        (found(1, "a1"), "bob/c1: candidate a1", "calling bob"),
        (answer("bob/c1", "r1"), "1: accept answer r1", "connecting with bob"),
        (Input::SignalingDown, "", "connecting with bob"),
        (up("alice"), "bob/c1: offer o1, bob/c1: candidate a1", "connecting with bob"),
    );
}
