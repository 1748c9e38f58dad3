//! A call that neither person ends and that never connects: both ends show that it could not be
//! connected.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;
use visavis_client::call::{CallPhase, EndReason};

use crate::ops::{Op, Report};
use crate::world::{Outcome, Who, World};
use crate::{letters, over, who};

/// What may happen: nobody hangs up or declines, and no peer connection ever connects.
fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => any::<u8>().prop_map(Op::Deliver),
        2 => any::<u8>().prop_map(Op::Repeat),
        1 => any::<u8>().prop_map(Op::Lose),
        1 => any::<u8>().prop_map(Op::Stale),
        4 => Just(Op::Settle),
        5 => who().prop_map(Op::Describe),
        2 => who().prop_map(Op::Candidate),
        4 => who().prop_map(Op::Accept),
        1 => who().prop_map(|who| Op::Report(who, Report::Failed)),
        1 => who().prop_map(Op::GiveUp),
        1 => who().prop_map(Op::Down),
        2 => who().prop_map(Op::Up),
        3 => prop_oneof![0_u64..3_000, 3_000_u64..50_000].prop_map(|millis| Op::Wait(Duration::from_millis(millis))),
    ]
}

/// How far a person's present call, or the last one, has come.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    connecting: bool,
    given_up: bool,
}

/// Whether each of these ends of calls is one that a person reads when nobody hung up and nothing
/// connected.
fn ends_fit(phases: &[(Who, CallPhase)]) -> Outcome {
    let mut seen = [Seen::default(); 2];
    for (who, phase) in phases {
        let other_gave_up = seen[who.other() as usize].given_up;
        let seen = &mut seen[*who as usize];
        match phase {
            CallPhase::Calling { .. } | CallPhase::Ringing { .. } => seen.connecting = false,
            CallPhase::Connecting { .. } => seen.connecting = true,
            CallPhase::Idle => {}
            CallPhase::Ended { reason, .. } => {
                seen.given_up |= *reason == EndReason::NoAnswer;
                let fits = match reason {
                    EndReason::ConnectFailed(_) | EndReason::PeerLost | EndReason::ServerLost => {
                        true
                    }
                    EndReason::NoAnswer | EndReason::Unknown => !seen.connecting,
                    // It rang here until the caller's client gave up.
                    EndReason::ClosedByPeer => !seen.connecting && other_gave_up,
                    _ => false,
                };
                prop_assert!(fits, "{who:?} reads {reason:?} after {phases:#?}");
            }
            CallPhase::InCall { .. } | CallPhase::Reconnecting { .. } => {
                prop_assert!(false, "{who:?} is {phase:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_call_that_neither_ends_and_that_never_connects_is_a_failure_to_connect_at_both_ends() {
    let both_failed = Cell::new(0);
    let schedules = (who(), any::<bool>(), letters(), prop::collection::vec(op(), 0..60));
    over(10_000, schedules, |(caller, both_call, letters, ops)| {
        let mut world = World::new(letters);
        let places = [Some(caller), both_call.then_some(caller.other())];
        let last = [
            Op::Up(Who::Alice),
            Op::Up(Who::Bob),
            Op::Settle,
            Op::Accept(caller.other()),
            Op::Settle,
        ];
        // The deadlines of one pass before those of the other, and what is sent then arrives.
        let waits = [
            Op::Wait(Duration::from_millis(14_000)),
            Op::Settle,
            Op::Wait(Duration::from_secs(46)),
            Op::Settle,
        ];
        let ops = places.into_iter().flatten().map(Op::Place).chain(ops).chain(last).chain(waits);
        for op in ops {
            world.run(op)?;
        }
        ends_fit(world.phases())?;
        let failed = |who: Who| {
            let of_this_one =
                || world.phases().iter().filter(|(whose, _)| *whose == who).map(|(_, phase)| phase);
            of_this_one().any(|phase| matches!(phase, CallPhase::Connecting { .. }))
                && of_this_one().any(|p| {
                    matches!(p, CallPhase::Ended { reason: EndReason::ConnectFailed(_), .. })
                })
        };
        both_failed.set(both_failed.get() + u32::from(failed(Who::Alice) && failed(Who::Bob)));
        world.leave_alone()
    });
    // A property that is never put to the test holds as well.
    assert!(
        both_failed.get() > 4_000,
        "only {} calls came as far as connecting",
        both_failed.get()
    );
}

#[test]
fn the_end_whose_deadline_passes_second_reads_what_the_first_reads() {
    over(1_000, (who(), letters(), 0_u64..3_000), |(caller, letters, until_delivered)| {
        let mut world = World::new(letters);
        world.run(Op::Place(caller))?;
        world.settle()?;
        world.run(Op::Accept(caller.other()))?;
        world.wait(Duration::from_millis(until_delivered))?;
        world.settle()?;
        world.wait(Duration::from_millis(14_990 - until_delivered))?;
        // The signal of whoever gives up first arrives before the other's deadline passes.
        let mut steps = 0;
        while [Who::Alice, Who::Bob]
            .iter()
            .any(|who| matches!(world.phase(*who), CallPhase::Connecting { .. }))
        {
            world.wait(Duration::from_millis(1))?;
            world.settle()?;
            steps += 1;
            prop_assert!(steps <= 4_000, "they connect for ever");
        }
        let reasons = [caller, caller.other()].map(|who| match world.phase(who) {
            CallPhase::Ended { reason, talked: None, .. } => Some(reason),
            _ => None,
        });
        prop_assert!(matches!(reasons[0], Some(EndReason::ConnectFailed(_))), "{:?}", reasons[0]);
        prop_assert_eq!(&reasons[0], &reasons[1]);
        world.leave_alone()
    });
}

#[test]
fn a_person_who_hangs_up_while_connecting_has_cancelled_and_nothing_has_failed() {
    over(1_000, (who(), who(), letters()), |(caller, quitter, letters)| {
        let mut world = World::new(letters);
        world.run(Op::Place(caller))?;
        world.settle()?;
        world.run(Op::Accept(caller.other()))?;
        world.settle()?;
        world.run(Op::HangUp(quitter))?;
        world.settle()?;
        let ended = |who: Who| match world.phase(who) {
            CallPhase::Ended { reason, .. } => Some(reason),
            _ => None,
        };
        prop_assert_eq!(ended(quitter), Some(EndReason::HungUp));
        prop_assert_eq!(ended(quitter.other()), Some(EndReason::ClosedByPeer));
        Ok(())
    });
}
