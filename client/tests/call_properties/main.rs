//! What always holds of a call, over every interleaving of people, messages, transport events and
//! the clock.
//!
//! Two call machines are joined by a simulated server that loses, repeats, reorders and delays what
//! they say, in a world where strangers meddle, peer connections report at the wrong moment and
//! deadlines are kept late. `ledger` checks each step against the rules, `world` is the simulation,
//! `ops` what can occur in it, and the properties below choose the schedules.
//!
//! Schedules come from a fixed seed; `VISAVIS_TEST_SEED=<number>` tries others. A schedule that
//! fails is shrunk and printed as the list of its steps.

mod failing;
mod ledger;
mod ops;
mod world;

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use visavis_client::call::{CallPhase, EndReason};

use ops::{Op, op};
use world::{Letters, Outcome, Output, Who, World};

/// Runs a property over so many schedules.
fn over<S: Strategy>(schedules: u32, strategy: S, property: impl Fn(S::Value) -> Outcome)
where
    S::Value: std::fmt::Debug,
{
    let mut seed = [7; 32];
    if let Some(other) =
        std::env::var("VISAVIS_TEST_SEED").ok().and_then(|text| text.parse::<u64>().ok())
    {
        seed[..8].copy_from_slice(&other.to_le_bytes());
    }
    let config = Config {
        cases: schedules,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    match runner.run(&strategy, property) {
        Ok(()) => {}
        Err(TestError::Fail(reason, schedule)) => {
            panic!("{reason}\nwith the schedule {schedule:#?}")
        }
        Err(TestError::Abort(reason)) => panic!("given up: {reason}"),
    }
}

/// How far a schedule gets before anything goes wrong.
#[derive(Debug, Clone, Copy)]
enum Prelude {
    Nothing,
    Ringing(Who),
    InCall(Who),
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![Just(Who::Alice), Just(Who::Bob)]
}

fn letters() -> impl Strategy<Value = Letters> {
    prop_oneof![4 => Just(Letters::WithCallIds), 1 => Just(Letters::WithoutCallIds)]
}

fn prelude() -> impl Strategy<Value = Prelude> {
    prop_oneof![
        1 => Just(Prelude::Nothing),
        1 => who().prop_map(Prelude::Ringing),
        2 => who().prop_map(Prelude::InCall),
    ]
}

impl Prelude {
    fn play(self, world: &mut World) -> Outcome {
        match self {
            Self::Nothing => Ok(()),
            Self::Ringing(caller) => {
                world.run(Op::Place(caller))?;
                world.settle()
            }
            Self::InCall(caller) => world.connect(caller),
        }
    }
}

#[test]
fn every_rule_holds_whatever_happens_in_whatever_order() {
    let (ran, rang, stood, broke) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let schedules = (letters(), prelude(), prop::collection::vec(op(), 0..60));
    over(20_000, schedules, |(letters, prelude, ops)| {
        let mut world = World::new(letters);
        prelude.play(&mut world)?;
        for op in ops {
            world.run(op)?;
        }
        let seen = world.seen();
        world.leave_alone()?;
        ran.set(ran.get() + 1);
        rang.set(rang.get() + u32::from(seen.rang));
        stood.set(stood.get() + u32::from(seen.stood));
        broke.set(broke.get() + u32::from(seen.broke));
        Ok(())
    });
    // A property that is never put to the test holds as well.
    assert_eq!(ran.get(), 20_000);
    assert!(rang.get() > 15_000, "only {} schedules got as far as ringing", rang.get());
    assert!(stood.get() > 7_000, "only {} got as far as a call", stood.get());
    assert!(broke.get() > 3_000, "only {} lost media", broke.get());
}

/// What a world goes through that delivers everything in the end.
#[derive(Debug, Clone, Copy)]
enum Fair {
    Deliver(u8),
    Repeat(u8),
    Describe(Who),
    Candidate(Who),
}

fn fair() -> impl Strategy<Value = Fair> {
    prop_oneof![
        4 => any::<u8>().prop_map(Fair::Deliver),
        1 => any::<u8>().prop_map(Fair::Repeat),
        3 => who().prop_map(Fair::Describe),
        1 => who().prop_map(Fair::Candidate),
    ]
}

impl Fair {
    fn play(self, world: &mut World) -> Outcome {
        match self {
            Self::Deliver(n) => world.run(Op::Deliver(n)),
            Self::Repeat(n) => world.run(Op::Repeat(n)),
            Self::Describe(who) => world.run(Op::Describe(who)),
            Self::Candidate(who) => world.run(Op::Candidate(who)),
        }
    }
}

/// Both are in one and the same call.
fn one_call(world: &World) -> Outcome {
    for who in [Who::Alice, Who::Bob] {
        let phase = world.phase(who);
        prop_assert!(matches!(phase, CallPhase::InCall { .. }), "{who:?} is {phase:?}");
    }
    Ok(())
}

#[test]
fn two_people_who_call_each_other_at_once_get_one_call() {
    let schedules =
        (who(), prop::collection::vec(fair(), 0..4), prop::collection::vec(fair(), 0..30));
    over(5_000, schedules, |(first, before, after)| {
        let mut world = World::new(Letters::WithCallIds);
        world.run(Op::Place(first))?;
        for step in before {
            // Until the other has received it: after that they would accept, not place.
            if !matches!(step, Fair::Deliver(_) | Fair::Repeat(_)) {
                step.play(&mut world)?;
            }
        }
        world.run(Op::Place(first.other()))?;
        let call_of_alice = world.call_id(Who::Alice);
        for step in after {
            step.play(&mut world)?;
        }
        world.settle()?;
        world.media_connects()?;
        one_call(&world)?;
        prop_assert_eq!(
            world.call_id(Who::Alice),
            call_of_alice.clone(),
            "the smaller name's offer stands"
        );
        prop_assert_eq!(world.call_id(Who::Bob), call_of_alice);
        prop_assert_eq!(
            world.count(Who::Alice, |output| matches!(output, Output::AcceptAnswer(..))),
            1
        );
        prop_assert_eq!(
            world.count(Who::Bob, |output| matches!(output, Output::AcceptOffer(..))),
            1
        );
        prop_assert_eq!(
            world.count(Who::Alice, |output| matches!(output, Output::AcceptOffer(..))),
            0
        );
        world.leave_alone()
    });
}

#[test]
fn glare_between_clients_without_call_ids_is_settled_when_messages_keep_their_order() {
    let step = prop_oneof![
        Just(Fair::Deliver(0)),
        who().prop_map(Fair::Describe),
        who().prop_map(Fair::Candidate)
    ];
    let schedules = (who(), prop::collection::vec(step, 0..30));
    over(1_000, schedules, |(first, after)| {
        let mut world = World::new(Letters::WithoutCallIds);
        world.run(Op::Place(first))?;
        world.run(Op::Place(first.other()))?;
        for step in after {
            step.play(&mut world)?;
        }
        world.settle()?;
        world.media_connects()?;
        one_call(&world)?;
        world.leave_alone()
    });
}

/// Something that happens while a call is set up, none of which may cost it.
#[derive(Debug, Clone, Copy)]
enum Bump {
    Fair(Fair),
    Accept,
    /// This client loses the server; what is sent to it meanwhile is lost.
    Down(Who),
    Up(Who),
    Wait(Duration),
}

fn bump() -> impl Strategy<Value = Bump> {
    prop_oneof![
        6 => prop_oneof![Just(Fair::Deliver(0)), who().prop_map(Fair::Describe), who().prop_map(Fair::Candidate)]
            .prop_map(Bump::Fair),
        1 => Just(Bump::Accept),
        1 => who().prop_map(Bump::Down),
        2 => who().prop_map(Bump::Up),
        1 => (0_u64..500).prop_map(|millis| Bump::Wait(Duration::from_millis(millis))),
    ]
}

#[test]
fn losing_the_server_for_a_moment_before_the_call_stands_does_not_cost_the_call() {
    let schedules = (who(), letters(), prop::collection::vec(bump(), 0..25));
    over(5_000, schedules, |(caller, letters, bumps)| {
        let mut world = World::new(letters);
        world.run(Op::Place(caller))?;
        // From here the other has the offer, and the caller knows that it rings.
        world.settle()?;
        for bump in bumps {
            match bump {
                Bump::Fair(step) => step.play(&mut world)?,
                Bump::Accept => world.run(Op::Accept(caller.other()))?,
                Bump::Down(who) => world.run(Op::Down(who))?,
                Bump::Up(who) => world.run(Op::Up(who))?,
                Bump::Wait(time) => world.wait(time)?,
            }
        }
        for who in [caller, caller.other()] {
            world.run(Op::Up(who))?;
        }
        world.settle()?;
        world.run(Op::Accept(caller.other()))?;
        world.settle()?;
        let at_caller = world.phase(caller);
        prop_assert!(
            matches!(at_caller, CallPhase::Connecting { .. }),
            "the caller is {at_caller:?}"
        );
        prop_assert_eq!(world.missing_candidates(), 0, "every candidate has arrived");
        world.media_connects()?;
        one_call(&world)?;
        world.leave_alone()
    });
}

#[test]
fn an_ice_restart_gets_through_once_the_server_is_back() {
    let down = prop::collection::vec((who(), 0_u64..9_000), 0..6);
    over(1_000, (who(), letters(), down), |(caller, letters, downs)| {
        let mut world = World::new(letters);
        world.connect(caller)?;
        // Either end restarts; where both do at once, one offer is answered.
        let both = |world: &World, of: fn(&Output) -> bool| {
            [caller, caller.other()].map(|who| world.count(who, of)).iter().sum()
        };
        let restarts = |world: &World| -> usize {
            both(world, |output| matches!(output, Output::CreateOffer { ice_restart: true, .. }))
        };
        let answers = |world: &World| -> usize {
            both(world, |output| matches!(output, Output::AcceptAnswer(..)))
        };
        let before = answers(&world);
        world.media_breaks()?;
        for (who, millis) in downs {
            // Never so long that media has been gone for half a minute when all is well again.
            let left = Duration::from_secs(20).saturating_sub(world.broken_for(caller));
            world.run(Op::Down(who))?;
            world.wait(Duration::from_millis(millis).min(left))?;
            world.settle()?;
            world.run(Op::Up(who))?;
            world.settle()?;
        }
        world.wait(Duration::from_secs(6))?;
        world.settle()?;
        prop_assert!(restarts(&world) >= 1);
        prop_assert!(answers(&world) > before, "the restart was answered");
        world.media_connects()?;
        one_call(&world)?;
        world.leave_alone()
    });
}

#[test]
fn a_person_who_hangs_up_ends_it_for_both() {
    let schedules = (who(), who(), letters(), prop::collection::vec(fair(), 0..10));
    over(1_000, schedules, |(caller, quitter, letters, steps)| {
        let mut world = World::new(letters);
        world.connect(caller)?;
        world.run(Op::HangUp(quitter))?;
        for step in steps {
            step.play(&mut world)?;
        }
        world.settle()?;
        let reasons = [quitter, quitter.other()].map(|who| world.phase(who));
        prop_assert!(
            matches!(&reasons[0], CallPhase::Ended { reason: EndReason::HungUp, .. }),
            "{:?}",
            reasons[0]
        );
        prop_assert!(
            matches!(&reasons[1], CallPhase::Ended { reason: EndReason::ClosedByPeer, .. }),
            "{:?}",
            reasons[1]
        );
        world.leave_alone()
    });
}
