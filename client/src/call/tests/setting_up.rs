//! How far the set-up of a call has come.

use std::time::Instant;

use super::script::*;
use crate::call::Call;

/// The step after each input.
fn steps(us: &str, inputs: Vec<Input>) -> Vec<Option<&'static str>> {
    let mut call = Call::default();
    let now = Instant::now();
    call.handle_input(up(us), now);
    let step_after = |input| {
        call.handle_input(input, now);
        while call.poll_output().is_some() {}
        call.set_up_step()
    };
    inputs.into_iter().map(step_after).collect()
}

#[test]
fn each_step_of_a_set_up_is_told_from_the_next() {
    let placed = vec![
        place("bob", "c1"),
        made_offer(1, "o1"),
        ringing("bob/c1"),
        answer("bob/c1", "r1"),
        connected(1),
        Input::HangUp,
    ];
    let expected = [
        Some("signaling: our offer was not made"),
        Some("signaling: neither ringing nor an answer came"),
        Some("signaling: it rang, and no answer came"),
        Some("connecting: their answer came, no connection"),
        Some("media: it connected at this end alone"),
        None,
    ];
    assert_eq!(steps("alice", placed), expected);
    let taken = vec![
        offer("alice/c1", "o1"),
        accept("alice"),
        made_answer(1, "r1"),
        connected(1),
        closes("alice/c1"),
    ];
    let expected = [
        Some("signaling: it rang here and was not taken"),
        Some("signaling: our answer was not made"),
        Some("connecting: our answer was sent, no connection"),
        Some("media: it connected at this end alone"),
        None,
    ];
    assert_eq!(steps("bob", taken), expected);
}
