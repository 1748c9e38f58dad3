//! Random schedules of everything that can happen, against a small model that only watches what is
//! delivered.
//!
//! What always holds, on one node and on several: no message reaches anyone but the one it was
//! addressed to, the room it was said in, the lobby, or those who watch; a name has at most one
//! owner; nobody learns of a guest; a lost connection is told to those it was in a call with, and
//! to nobody else.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use visavis_shared::{CallSignal, ClientMessage, CloseReason, DeclineReason, RoomId};
use visavis_signal_server::rules::registry::ConnectionId;

use crate::model::Model;
use crate::world::World;
use crate::{login, login_with, name, payload, to};

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    Say(u64, ClientMessage),
    LogInForLong(u64, &'static str),
    /// With the token that the name's last session got.
    Resume(u64, &'static str),
    Guest(u64),
    Broadcast(u64),
    Disconnect(u64),
    Wait(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let names = prop::sample::select(vec!["ann", "ben", "cas", "dan"]);
    let rooms =
        prop::sample::select(vec!["blue", "red"]).prop_map(|room| RoomId::parse(room).unwrap());
    let calls = prop::sample::select(vec![None, Some("c1"), Some("c2")]);
    let signals = prop_oneof![
        3 => Just(CallSignal::Offer(payload())),
        2 => Just(CallSignal::Answer(payload())),
        1 => Just(CallSignal::Ringing(None)),
        1 => Just(CallSignal::Candidate(payload())),
        1 => Just(CallSignal::Decline(DeclineReason::Declined)),
        1 => Just(CallSignal::Close(Some(CloseReason::Disconnected))),
        1 => Just(CallSignal::Close(Some(CloseReason::Failed))),
    ];
    let whom = prop::sample::select(vec!["ann", "ben", "cas", "dan", "sid-0", "sid-1", "sid-4"]);
    let message = prop_oneof![
        3 => names.clone().prop_map(login),
        1 => Just(ClientMessage::Users { prefix: String::new() }),
        1 => vec(whom.clone(), 0..3)
            .prop_map(|names| ClientMessage::Watch { usernames: names.into_iter().map(name).collect() }),
        6 => (whom, calls, signals).prop_map(|(whom, call, signal)| to(whom, call, signal)),
        1 => Just(ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) }),
        2 => rooms.clone().prop_map(|room| ClientMessage::Join { room }),
        1 => rooms.prop_map(|room| ClientMessage::Message { room, message: payload() }),
    ];
    let who = 0..6_u64;
    prop_oneof![
        20 => (who.clone(), message).prop_map(|(who, message)| Step::Say(who, message)),
        3 => (who.clone(), names.clone()).prop_map(|(who, name)| Step::LogInForLong(who, name)),
        3 => (who.clone(), names).prop_map(|(who, name)| Step::Resume(who, name)),
        1 => who.clone().prop_map(Step::Guest),
        1 => who.clone().prop_map(Step::Broadcast),
        3 => who.prop_map(Step::Disconnect),
        1 => (1..200_u64).prop_map(Step::Wait),
    ]
}

fn run(mut world: World, steps: Vec<Step>) {
    let mut model = Model::default();
    let mut now = Instant::now();
    // A connection that was lost does not come back: whoever it stands for is on the next one.
    let mut connections: Vec<u64> = (0..6).collect();
    for step in steps {
        let id = |who: u64| ConnectionId(connections[who as usize]);
        match step {
            Step::Say(who, message) => {
                let effects = world.handle(id(who), message.clone(), now);
                model.said(id(who), &message, &effects);
            }
            Step::LogInForLong(who, name) => {
                let message = login_with(name, "");
                let effects = world.handle(id(who), message.clone(), now);
                model.said(id(who), &message, &effects);
            }
            Step::Resume(who, name) => {
                let message = login_with(name, model.token_of(name));
                let effects = world.handle(id(who), message.clone(), now);
                model.said(id(who), &message, &effects);
            }
            Step::Guest(who) => {
                let effects = world.guest(id(who), name(&format!("sid-{}", id(who).0)));
                model.entered(id(who), &effects);
            }
            Step::Broadcast(who) => {
                let effects = world.broadcast(id(who), payload());
                model.broadcast(id(who), &effects);
            }
            Step::Disconnect(who) => {
                let effects = world.disconnect(id(who), now);
                model.lost(id(who), &effects);
                connections[who as usize] += 6;
            }
            Step::Wait(seconds) => {
                now += Duration::from_secs(seconds);
                let effects = world.expire(now);
                model.expired(&effects);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_message_reaches_anyone_but_the_addressed(steps in vec(any_step(), 1..60)) {
        run(World::alone(true), steps);
    }

    #[test]
    fn no_message_reaches_anyone_but_the_addressed_on_three_nodes(steps in vec(any_step(), 1..60)) {
        run(World::of(3), steps);
    }
}
