//! Random schedules of everything that can happen, against a small model that only watches what is delivered.
//!
//! What always holds: no message reaches anyone but the one it was addressed to, the room it was said in, or those who
//! watch; a name has at most one owner; a lost connection is told to those it was in a call with, and to nobody else.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use visavis_shared::{
    CallId, CallSignal, ClientMessage, CloseReason, DeclineReason, ErrorCode, Login, LoginRefusal, Payload, RoomId,
    ServerMessage, Username,
};
use visavis_signal_server::registry::ConnectionId;
use visavis_signal_server::router::{Delivery, Router, Rules};

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn payload() -> Payload {
    Payload::of(&1).unwrap()
}

fn login(text: &str) -> ClientMessage {
    ClientMessage::Login(Login { username: text.into(), public_key: None, signature: None, resume: None })
}

fn to(whom: &str, call: Option<&str>, signal: CallSignal) -> ClientMessage {
    ClientMessage::Call { to: Some(name(whom)), call: call.map(|c| CallId::parse(c).unwrap()), signal }
}

fn from(whom: &str, call: Option<&str>, signal: CallSignal) -> ServerMessage {
    ServerMessage::Call { from: name(whom), call: call.map(|c| CallId::parse(c).unwrap()), signal }
}

const ALICE: ConnectionId = ConnectionId(1);
const BOB: ConnectionId = ConnectionId(2);
const CAROL: ConnectionId = ConnectionId(3);

/// Alice, Bob and Carol, logged in.
fn three() -> Router {
    let mut router = Router::new(Rules { directory: true });
    for (id, who) in [(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")] {
        router.handle(id, login(who), Instant::now());
    }
    router
}

/// What a message leads to.
#[track_caller]
fn check(
    router: &mut Router,
    sender: ConnectionId,
    message: ClientMessage,
    expected: &[(ConnectionId, ServerMessage)],
) {
    let delivered: Vec<_> =
        router.handle(sender, message, Instant::now()).into_iter().map(|d| (d.to, d.message)).collect();
    assert_eq!(delivered, expected);
}

/// That a message is refused with this code, and with words.
#[track_caller]
fn check_refused(router: &mut Router, sender: ConnectionId, message: ClientMessage, expected: ErrorCode) {
    let (kind, of_call) = (message.type_name(), message.call().cloned());
    match router.handle(sender, message, Instant::now()).as_slice() {
        [Delivery { to, message: ServerMessage::Error { code, message, in_reply_to, call } }] => {
            assert_eq!((*to, *code, call), (sender, expected, &of_call));
            assert_eq!(in_reply_to.as_deref(), Some(kind));
            assert!(!message.is_empty());
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_call_is_relayed_to_the_other_and_nobody_else() {
    let mut router = three();
    for signal in [
        CallSignal::Offer(payload()),
        CallSignal::Ringing,
        CallSignal::Answer(payload()),
        CallSignal::Candidate(payload()),
        CallSignal::Decline(DeclineReason::Busy),
        CallSignal::Close(None),
    ] {
        let expected = [(BOB, from("alice", Some("c1"), signal.clone()))];
        check(&mut router, ALICE, to("bob", Some("c1"), signal), &expected);
    }
}

#[test]
fn a_login_is_refused_for_three_reasons() {
    let mut router = three();
    let stranger = ConnectionId(9);
    for (id, who, reason) in [
        (stranger, "alice", LoginRefusal::Taken),
        (stranger, " \t", LoginRefusal::InvalidName),
        (stranger, &"x".repeat(33), LoginRefusal::InvalidName),
        (ALICE, "alison", LoginRefusal::AlreadyLoggedIn),
        (ALICE, "alice", LoginRefusal::Taken),
    ] {
        let refusals = router.handle(id, login(who), Instant::now());
        let reason = if id == ALICE { LoginRefusal::AlreadyLoggedIn } else { reason };
        assert!(
            matches!(refusals.as_slice(), [Delivery { to, message: ServerMessage::LoginRefused { reason: r, .. } }]
                if *to == id && *r == reason),
            "{refusals:?}"
        );
    }
}

#[test]
fn whoever_is_not_logged_in_can_do_nothing_else() {
    let mut router = three();
    let stranger = ConnectionId(9);
    for message in [
        ClientMessage::Users { prefix: String::new() },
        ClientMessage::Watch { usernames: vec![name("alice")] },
        to("alice", None, CallSignal::Offer(payload())),
        ClientMessage::Join { room: RoomId::parse("blue").unwrap() },
        ClientMessage::Message { room: RoomId::parse("blue").unwrap(), message: payload() },
    ] {
        check_refused(&mut router, stranger, message, ErrorCode::NotLoggedIn);
    }
}

#[test]
fn nobody_and_oneself_can_not_be_called() {
    let mut router = three();
    check_refused(&mut router, ALICE, to("dave", Some("c1"), CallSignal::Offer(payload())), ErrorCode::UnknownUser);
    check_refused(&mut router, ALICE, to("alice", None, CallSignal::Offer(payload())), ErrorCode::NotAllowed);
    let leave = ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) };
    check_refused(&mut router, ALICE, leave, ErrorCode::UnknownUser);
}

#[test]
fn a_close_without_a_name_is_for_whoever_one_is_in_a_call_with() {
    let mut router = three();
    router.handle(BOB, to("alice", Some("c1"), CallSignal::Offer(payload())), Instant::now());
    router.handle(ALICE, to("bob", None, CallSignal::Answer(payload())), Instant::now());
    router.handle(CAROL, to("alice", Some("c2"), CallSignal::Offer(payload())), Instant::now());
    let leave = ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) };
    check(&mut router, ALICE, leave, &[(BOB, from("alice", None, CallSignal::Close(None)))]);
    assert_eq!(router.disconnect(BOB, Instant::now()), []);
}

#[test]
fn a_lost_connection_closes_its_calls_with_a_reason() {
    let mut router = three();
    router.handle(ALICE, to("bob", Some("c1"), CallSignal::Offer(payload())), Instant::now());
    router.handle(CAROL, to("alice", Some("c2"), CallSignal::Offer(payload())), Instant::now());
    router.handle(ALICE, to("carol", Some("c2"), CallSignal::Decline(DeclineReason::Busy)), Instant::now());
    let lost = CallSignal::Close(Some(CloseReason::Disconnected));
    let delivered = router.disconnect(ALICE, Instant::now());
    assert_eq!(delivered, [Delivery { to: BOB, message: from("alice", Some("c1"), lost) }]);
    assert_eq!(router.disconnect(ALICE, Instant::now()), []);
}

#[test]
fn a_client_can_not_say_that_a_connection_was_lost() {
    let mut router = three();
    let pretended = CallSignal::Close(Some(CloseReason::Disconnected));
    let expected = [(BOB, from("alice", None, CallSignal::Close(None)))];
    check(&mut router, ALICE, to("bob", None, pretended), &expected);
}

#[test]
fn who_watches_is_told_now_and_at_each_change() {
    let mut router = three();
    let presence = |who: &str, online| ServerMessage::Presence { username: name(who), online };
    let watch = ClientMessage::Watch { usernames: vec![name("dave"), name("bob"), name("dave")] };
    check(&mut router, ALICE, watch, &[(ALICE, presence("bob", true)), (ALICE, presence("dave", false))]);
    let told = |delivered: Vec<Delivery>| {
        delivered.into_iter().filter(|d| d.to == ALICE).map(|d| d.message).collect::<Vec<_>>()
    };
    assert_eq!(told(router.disconnect(BOB, Instant::now())), [presence("bob", false)]);
    assert_eq!(told(router.handle(BOB, login("bob"), Instant::now())), [presence("bob", true)]);
    assert_eq!(told(router.disconnect(CAROL, Instant::now())), []);
}

#[test]
fn the_directory_can_be_turned_off() {
    let mut router = three();
    let users = ClientMessage::Users { prefix: "b".into() };
    let listed = ServerMessage::Users { users: vec![name("bob")], total: 1 };
    check(&mut router, ALICE, users.clone(), &[(ALICE, listed)]);
    let mut router = Router::new(Rules { directory: false });
    router.handle(ALICE, login("alice"), Instant::now());
    check_refused(&mut router, ALICE, users, ErrorCode::NotAllowed);
}

#[test]
fn a_room_introduces_two_and_turns_the_third_away() {
    let mut router = three();
    let blue = RoomId::parse("blue").unwrap();
    let join = ClientMessage::Join { room: blue.clone() };
    let joined = |users| ServerMessage::Joined { room: blue.clone(), users };
    check(&mut router, ALICE, join.clone(), &[(ALICE, joined(vec![]))]);
    let came = ServerMessage::UserJoined { room: blue.clone(), username: name("bob") };
    check(&mut router, BOB, join.clone(), &[(BOB, joined(vec![name("alice")])), (ALICE, came)]);
    check(&mut router, BOB, join.clone(), &[(BOB, joined(vec![name("alice")]))]);
    check_refused(&mut router, CAROL, join, ErrorCode::RoomFull);

    let say = ClientMessage::Message { room: blue.clone(), message: payload() };
    let said = ServerMessage::Message { room: blue.clone(), username: name("alice"), message: payload() };
    check(&mut router, ALICE, say.clone(), &[(BOB, said)]);
    check_refused(&mut router, CAROL, say, ErrorCode::NotAllowed);

    let left = ServerMessage::UserLeft { room: blue, username: name("bob") };
    let delivered = router.disconnect(BOB, Instant::now());
    assert_eq!(delivered, [Delivery { to: ALICE, message: left }]);
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Step {
    Say(u64, ClientMessage),
    Disconnect(u64),
    Wait(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let names = prop::sample::select(vec!["ann", "ben", "cas", "dan"]);
    let rooms = prop::sample::select(vec!["blue", "red"]).prop_map(|room| RoomId::parse(room).unwrap());
    let calls = prop::sample::select(vec![None, Some("c1"), Some("c2")]);
    let signals = prop_oneof![
        3 => Just(CallSignal::Offer(payload())),
        2 => Just(CallSignal::Answer(payload())),
        1 => Just(CallSignal::Ringing),
        1 => Just(CallSignal::Candidate(payload())),
        1 => Just(CallSignal::Decline(DeclineReason::Declined)),
        1 => Just(CallSignal::Close(Some(CloseReason::Disconnected))),
    ];
    let message = prop_oneof![
        3 => names.clone().prop_map(login),
        1 => Just(ClientMessage::Users { prefix: String::new() }),
        1 => vec(names.clone(), 0..3)
            .prop_map(|names| ClientMessage::Watch { usernames: names.into_iter().map(name).collect() }),
        6 => (names, calls, signals).prop_map(|(whom, call, signal)| to(whom, call, signal)),
        1 => Just(ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) }),
        2 => rooms.clone().prop_map(|room| ClientMessage::Join { room }),
        1 => rooms.prop_map(|room| ClientMessage::Message { room, message: payload() }),
    ];
    let who = 0..5_u64;
    prop_oneof![
        20 => (who.clone(), message).prop_map(|(who, message)| Step::Say(who, message)),
        3 => who.prop_map(Step::Disconnect),
        1 => (1..200_u64).prop_map(Step::Wait),
    ]
}

/// What an observer of the deliveries knows.
#[derive(Debug, Default)]
struct Model {
    owners: BTreeMap<Username, u64>,
    watching: BTreeMap<u64, BTreeSet<Username>>,
    rooms: BTreeMap<u64, RoomId>,
    /// Who exchanged an offer since the last time that either said it is over.
    in_call: BTreeSet<(u64, u64)>,
}

impl Model {
    fn name_of(&self, who: u64) -> Option<Username> {
        self.owners.iter().find(|(_, owner)| **owner == who).map(|(name, _)| name.clone())
    }

    fn set_in_call(&mut self, one: u64, other: u64, is: bool) {
        for pair in [(one, other), (other, one)] {
            if is {
                self.in_call.insert(pair)
            } else {
                self.in_call.remove(&pair)
            };
        }
    }

    fn forget(&mut self, who: u64) {
        self.owners.retain(|_, owner| *owner != who);
        self.watching.remove(&who);
        self.rooms.remove(&who);
        self.in_call.retain(|(one, other)| *one != who && *other != who);
    }

    fn check_presence(&self, to: u64, username: &Username, online: bool) {
        assert!(self.watching.get(&to).is_some_and(|names| names.contains(username)), "{to} does not watch {username}");
        assert_eq!(self.owners.contains_key(username), online, "{username} is not so");
    }

    /// Takes what a message led to.
    fn said(&mut self, sender: u64, message: &ClientMessage, delivered: &[Delivery]) {
        let sender_name = self.name_of(sender);
        if let (ClientMessage::Watch { usernames }, Some(_)) = (message, &sender_name) {
            self.watching.insert(sender, usernames.iter().cloned().collect());
        }
        let refused = matches!(delivered, [Delivery { message: ServerMessage::Error { .. }, .. }]);
        let room_before = self.rooms.get(&sender).cloned();
        if let (ClientMessage::Join { room }, false) = (message, refused) {
            self.rooms.insert(sender, room.clone());
        }
        for Delivery { to: ConnectionId(to), message: out } in delivered {
            let to = *to;
            match out {
                ServerMessage::LoggedIn { username, .. } => {
                    assert_eq!(to, sender);
                    assert!(self.owners.insert(username.clone(), to).is_none(), "{username} has two owners");
                }
                ServerMessage::Call { from, signal, .. } => {
                    let ClientMessage::Call { to: addressed, .. } = message else { panic!("nobody said {out:?}") };
                    assert_eq!(Some(from), sender_name.as_ref());
                    assert_ne!(to, sender);
                    match addressed {
                        Some(addressed) => assert_eq!(self.owners.get(addressed), Some(&to)),
                        None => assert!(self.in_call.contains(&(sender, to))),
                    }
                    assert_ne!(signal, &CallSignal::Close(Some(CloseReason::Disconnected)));
                    assert_eq!(delivered.len(), 1);
                    match signal {
                        CallSignal::Offer(_) => self.set_in_call(sender, to, true),
                        CallSignal::Close(_) | CallSignal::Decline(_) => {
                            // One of several calls may go on; that it ended is then not known from here.
                            if matches!(message, ClientMessage::Call { call: None, .. }) {
                                self.set_in_call(sender, to, false);
                            }
                        }
                        _ => {}
                    }
                }
                ServerMessage::Presence { username, online } => self.check_presence(to, username, *online),
                ServerMessage::Joined { room, .. } => {
                    assert_eq!((to, self.rooms.get(&to)), (sender, Some(room)));
                    assert!(self.rooms.values().filter(|r| *r == room).count() <= 2, "three in a room");
                }
                ServerMessage::UserJoined { room, username } => {
                    assert_eq!((self.rooms.get(&to), Some(username)), (Some(room), sender_name.as_ref()));
                }
                ServerMessage::UserLeft { room, username } => {
                    assert_eq!((self.rooms.get(&to), Some(username)), (Some(room), sender_name.as_ref()));
                    assert_eq!(room_before.as_ref(), Some(room));
                }
                ServerMessage::Message { room, username, .. } => {
                    assert_eq!((self.rooms.get(&to), Some(username)), (Some(room), sender_name.as_ref()));
                    assert_eq!(self.rooms.get(&sender), Some(room));
                    assert_ne!(to, sender);
                }
                ServerMessage::LoginRefused { .. } | ServerMessage::Users { .. } | ServerMessage::Error { .. } => {
                    assert_eq!(to, sender);
                }
                ServerMessage::Hello { .. } => panic!("not the router's"),
            }
        }
    }

    /// Takes what the loss of a connection led to.
    fn lost(&mut self, who: u64, delivered: &[Delivery]) {
        let name = self.name_of(who);
        let (room, in_call) = (self.rooms.get(&who).cloned(), self.in_call.clone());
        self.forget(who);
        for Delivery { to: ConnectionId(to), message } in delivered {
            assert_ne!(*to, who);
            match message {
                ServerMessage::Call { from, signal, .. } => {
                    assert_eq!(Some(from), name.as_ref());
                    assert_eq!(signal, &CallSignal::Close(Some(CloseReason::Disconnected)));
                    assert!(in_call.contains(&(who, *to)), "{to} was in no call with {who}");
                }
                ServerMessage::UserLeft { username, .. } => {
                    assert_eq!((self.rooms.get(to), Some(username)), (room.as_ref(), name.as_ref()));
                }
                ServerMessage::Presence { username, online } => {
                    assert_eq!(Some(username), name.as_ref());
                    self.check_presence(*to, username, *online);
                }
                other => panic!("nobody said {other:?}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_message_reaches_anyone_but_the_addressed(steps in vec(any_step(), 1..60)) {
        let mut router = Router::new(Rules { directory: true });
        let mut model = Model::default();
        let mut now = Instant::now();
        for step in steps {
            match step {
                Step::Say(who, message) => {
                    let delivered = router.handle(ConnectionId(who), message.clone(), now);
                    model.said(who, &message, &delivered);
                }
                Step::Disconnect(who) => {
                    let delivered = router.disconnect(ConnectionId(who), now);
                    model.lost(who, &delivered);
                }
                Step::Wait(seconds) => now += Duration::from_secs(seconds),
            }
        }
    }
}
