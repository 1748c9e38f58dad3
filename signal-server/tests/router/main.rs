//! The rules of a router by example, on a node that is alone; `schedules` has random ones, on
//! several nodes too.

#![allow(clippy::unwrap_used, reason = "a test that can not go on has failed")]

mod missed;
mod model;
mod schedules;
mod world;

use std::time::{Duration, Instant};

use visavis_shared::limits::RESUME_WINDOW;
use visavis_shared::{
    CallId, CallSignal, ClientMessage, CloseReason, DeclineReason, ErrorCode, Login, LoginRefusal,
    Payload, RoomId, ServerMessage, Username,
};
use visavis_signal_server::rules::registry::ConnectionId;
use visavis_signal_server::rules::router::Closing;

use self::world::{Delivery, Effects, World};

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn payload() -> Payload {
    Payload::of(&1).unwrap()
}

fn login(text: &str) -> ClientMessage {
    ClientMessage::Login(Login {
        username: text.into(),
        public_key: None,
        signature: None,
        resume: None,
    })
}

/// A login that asks for a token, or shows one.
fn login_with(text: &str, token: &str) -> ClientMessage {
    ClientMessage::Login(Login {
        username: text.into(),
        public_key: None,
        signature: None,
        resume: Some(token.into()),
    })
}

fn to(whom: &str, call: Option<&str>, signal: CallSignal) -> ClientMessage {
    ClientMessage::Call {
        to: Some(name(whom)),
        call: call.map(|c| CallId::parse(c).unwrap()),
        signal,
    }
}

fn from(whom: &str, call: Option<&str>, signal: CallSignal) -> ServerMessage {
    ServerMessage::Call { from: name(whom), call: call.map(|c| CallId::parse(c).unwrap()), signal }
}

const ALICE: ConnectionId = ConnectionId(1);
const BOB: ConnectionId = ConnectionId(2);
const CAROL: ConnectionId = ConnectionId(3);

/// Alice, Bob and Carol, logged in.
fn three() -> World {
    let mut world = World::alone(true);
    for (id, who) in [(ALICE, "alice"), (BOB, "bob"), (CAROL, "carol")] {
        world.handle(id, login(who), Instant::now());
    }
    world
}

/// What a message leads to.
#[track_caller]
fn check(
    router: &mut World,
    sender: ConnectionId,
    message: ClientMessage,
    expected: &[(ConnectionId, ServerMessage)],
) {
    let delivered: Vec<_> = router
        .handle(sender, message, Instant::now())
        .deliveries
        .into_iter()
        .map(|d| (d.to, d.message))
        .collect();
    assert_eq!(delivered, expected);
}

/// That a message is refused with this code, and with words.
#[track_caller]
fn check_refused(
    router: &mut World,
    sender: ConnectionId,
    message: ClientMessage,
    expected: ErrorCode,
) {
    let (kind, of_call) = (message.type_name(), message.call().cloned());
    match router.handle(sender, message, Instant::now()).deliveries.as_slice() {
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
        CallSignal::Ringing(None),
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
        (stranger, "ALICE", LoginRefusal::Taken),
        (stranger, " \t", LoginRefusal::InvalidName),
        (stranger, &"x".repeat(33), LoginRefusal::InvalidName),
        (ALICE, "alison", LoginRefusal::AlreadyLoggedIn),
        (ALICE, "alice", LoginRefusal::Taken),
    ] {
        let refusals = router.handle(id, login(who), Instant::now()).deliveries;
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
    check_refused(
        &mut router,
        ALICE,
        to("dave", Some("c1"), CallSignal::Offer(payload())),
        ErrorCode::UnknownUser,
    );
    check_refused(
        &mut router,
        ALICE,
        to("alice", None, CallSignal::Offer(payload())),
        ErrorCode::NotAllowed,
    );
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
    assert_eq!(router.disconnect(BOB, Instant::now()).deliveries, []);
}

#[test]
fn a_lost_connection_closes_its_calls_with_a_reason() {
    let mut router = three();
    router.handle(ALICE, to("bob", Some("c1"), CallSignal::Offer(payload())), Instant::now());
    router.handle(CAROL, to("alice", Some("c2"), CallSignal::Offer(payload())), Instant::now());
    router.handle(
        ALICE,
        to("carol", Some("c2"), CallSignal::Decline(DeclineReason::Busy)),
        Instant::now(),
    );
    let lost = CallSignal::Close(Some(CloseReason::Disconnected));
    let delivered = router.disconnect(ALICE, Instant::now()).deliveries;
    assert_eq!(delivered, [Delivery { to: BOB, message: from("alice", Some("c1"), lost) }]);
    assert_eq!(router.disconnect(ALICE, Instant::now()).deliveries, []);
}

#[test]
fn a_client_can_not_say_that_a_connection_was_lost() {
    let mut router = three();
    let pretended = CallSignal::Close(Some(CloseReason::Disconnected));
    let expected = [(BOB, from("alice", None, CallSignal::Close(None)))];
    check(&mut router, ALICE, to("bob", None, pretended), &expected);
}

#[test]
fn why_a_client_gave_up_reaches_the_other() {
    for reason in [CloseReason::Failed, CloseReason::Timeout] {
        let mut router = three();
        router.handle(ALICE, to("bob", Some("c1"), CallSignal::Offer(payload())), Instant::now());
        let given_up = CallSignal::Close(Some(reason));
        let expected = [(BOB, from("alice", Some("c1"), given_up.clone()))];
        check(&mut router, ALICE, to("bob", Some("c1"), given_up), &expected);
        assert_eq!(router.disconnect(ALICE, Instant::now()).deliveries, [], "the call is over");
    }
}

#[test]
fn who_watches_is_told_now_and_at_each_change() {
    let mut router = three();
    let presence = |who: &str, online| ServerMessage::Presence { username: name(who), online };
    let watch = ClientMessage::Watch { usernames: vec![name("dave"), name("bob"), name("dave")] };
    check(
        &mut router,
        ALICE,
        watch,
        &[(ALICE, presence("bob", true)), (ALICE, presence("dave", false))],
    );
    let told = |effects: Effects| {
        effects
            .deliveries
            .into_iter()
            .filter(|d| d.to == ALICE)
            .map(|d| d.message)
            .collect::<Vec<_>>()
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
    let mut router = World::alone(false);
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
    let said =
        ServerMessage::Message { room: blue.clone(), username: name("alice"), message: payload() };
    check(&mut router, ALICE, say.clone(), &[(BOB, said)]);
    check_refused(&mut router, CAROL, say, ErrorCode::NotAllowed);

    let left = ServerMessage::UserLeft { room: blue, username: name("bob") };
    let delivered = router.disconnect(BOB, Instant::now()).deliveries;
    assert_eq!(delivered, [Delivery { to: ALICE, message: left }]);
}

#[test]
fn names_are_the_same_in_every_spelling() {
    let mut router = three();
    let offer = CallSignal::Offer(payload());
    check(&mut router, ALICE, to("BOB", None, offer.clone()), &[(BOB, from("alice", None, offer))]);
    let watch = ClientMessage::Watch { usernames: vec![name("Carol")] };
    let presence = ServerMessage::Presence { username: name("carol"), online: true };
    check(&mut router, ALICE, watch, &[(ALICE, presence)]);
    let listed = ServerMessage::Users { users: vec![name("bob")], total: 1 };
    check(&mut router, ALICE, ClientMessage::Users { prefix: "B".into() }, &[(ALICE, listed)]);
}

/// Logs somebody in who wants to come back; the token.
fn log_in_for_long(world: &mut World, connection: ConnectionId, who: &str, now: Instant) -> String {
    match world.handle(connection, login_with(who, ""), now).deliveries.as_slice() {
        [Delivery { message: ServerMessage::LoggedIn { resume: Some(token), .. }, .. }] => {
            token.clone()
        }
        other => panic!("no token: {other:?}"),
    }
}

#[test]
fn a_session_that_comes_back_in_time_is_the_same_and_nobody_else_gets_its_name() {
    let (mut world, now) = (World::alone(true), Instant::now());
    world.handle(ALICE, login("alice"), now);
    let token = log_in_for_long(&mut world, BOB, "bob", now);
    world.handle(ALICE, ClientMessage::Watch { usernames: vec![name("bob")] }, now);
    world.handle(ALICE, to("bob", Some("c1"), CallSignal::Offer(payload())), now);

    let lost = world.disconnect(BOB, now);
    let closed = from("bob", Some("c1"), CallSignal::Close(Some(CloseReason::Disconnected)));
    assert_eq!(
        lost.deliveries,
        [Delivery { to: ALICE, message: closed }],
        "told of the call, not that bob is offline"
    );

    let stranger = world.handle(CAROL, login("bob"), now).deliveries;
    assert!(matches!(
        &stranger[0].message,
        ServerMessage::LoginRefused { reason: LoginRefusal::Taken, .. }
    ));
    let wrong = world.handle(CAROL, login_with("bob", "no-such-token"), now).deliveries;
    assert!(matches!(
        &wrong[0].message,
        ServerMessage::LoginRefused { reason: LoginRefusal::Taken, .. }
    ));

    let kept = world.handle(ALICE, to("bob", Some("c1"), CallSignal::Candidate(payload())), now);
    assert_eq!(kept.deliveries[0].to, BOB, "kept with what is for the lost connection");

    let back = ConnectionId(9);
    let later = now + RESUME_WINDOW - Duration::from_millis(1);
    let resumed = world.handle(back, login_with("bob", &token), later);
    assert!(
        matches!(&resumed.deliveries[0], Delivery { to, message: ServerMessage::LoggedIn { resume: Some(again), .. } }
        if *to == back && *again == token)
    );
    assert_eq!(
        (resumed.adopted, resumed.forgotten, resumed.closed),
        (vec![(BOB, back)], vec![BOB], vec![])
    );
    let answer = CallSignal::Answer(payload());
    let expected = [Delivery { to: ALICE, message: from("bob", Some("c1"), answer.clone()) }];
    assert_eq!(world.handle(back, to("alice", Some("c1"), answer), later).deliveries, expected);
}

#[test]
fn a_session_that_does_not_come_back_ends_for_everyone() {
    let (mut world, now) = (World::alone(true), Instant::now());
    world.handle(ALICE, login("alice"), now);
    let token = log_in_for_long(&mut world, BOB, "bob", now);
    world.handle(ALICE, ClientMessage::Watch { usernames: vec![name("bob")] }, now);
    world.disconnect(BOB, now);
    world.handle(ALICE, to("bob", Some("c2"), CallSignal::Offer(payload())), now);
    assert_eq!(world.expire(now + RESUME_WINDOW - Duration::from_millis(1)), Effects::default());
    let over = world.expire(now + RESUME_WINDOW);
    let closed = from("bob", Some("c2"), CallSignal::Close(Some(CloseReason::Disconnected)));
    let offline = ServerMessage::Presence { username: name("bob"), online: false };
    assert_eq!(
        over.deliveries.into_iter().map(|d| d.message).collect::<Vec<_>>(),
        [closed, offline]
    );
    assert_eq!(over.forgotten, [BOB]);
    let late = world.handle(CAROL, login_with("bob", &token), now + RESUME_WINDOW).deliveries;
    assert!(
        matches!(&late[0].message, ServerMessage::LoggedIn { resume: Some(new), .. } if *new != token),
        "{late:?}"
    );
}

#[test]
fn a_second_connection_with_the_token_takes_the_session_over() {
    let (mut world, now) = (World::alone(true), Instant::now());
    let token = log_in_for_long(&mut world, BOB, "bob", now);
    let second = ConnectionId(9);
    let taken = world.handle(second, login_with("bob", &token), now);
    assert_eq!(
        (taken.adopted, taken.closed),
        (vec![(BOB, second)], vec![(BOB, Closing::Replaced)])
    );
    assert_eq!(
        world.disconnect(BOB, now),
        Effects::default(),
        "the first has nothing left to lose"
    );
    let offer = CallSignal::Offer(payload());
    world.handle(ALICE, login("alice"), now);
    assert_eq!(world.handle(ALICE, to("bob", None, offer), now).deliveries[0].to, second);
}

#[test]
fn a_guest_is_called_by_its_id_and_seen_by_nobody() {
    let mut router = three();
    let guest = ConnectionId(9);
    let entered = router.guest(guest, name("Xy3_-kQ"));
    assert!(matches!(
        &entered.deliveries[..],
        [Delivery { message: ServerMessage::LoggedIn { .. }, .. }]
    ));
    let listed = ServerMessage::Users { users: vec![name("bob"), name("carol")], total: 2 };
    check(&mut router, ALICE, ClientMessage::Users { prefix: String::new() }, &[(ALICE, listed)]);
    let absent = ServerMessage::Presence { username: name("Xy3_-kQ"), online: false };
    router.handle(ALICE, ClientMessage::Watch { usernames: vec![] }, Instant::now());
    let watch = ClientMessage::Watch { usernames: vec![name("Xy3_-kQ")] };
    check(&mut router, ALICE, watch, &[(ALICE, absent)]);
    let offer = CallSignal::Offer(payload());
    check(
        &mut router,
        ALICE,
        to("Xy3_-kQ", None, offer.clone()),
        &[(guest, from("alice", None, offer))],
    );
}

#[test]
fn guests_outside_all_rooms_hear_one_another() {
    let mut router = three();
    let [one, two, three] = [11, 12, 13].map(ConnectionId);
    for (guest, id) in [(one, "sid-1"), (two, "sid-2"), (three, "sid-3")] {
        router.guest(guest, name(id));
    }
    let said = ServerMessage::Broadcast { from: name("sid-1"), message: payload() };
    let expected = [two, three].map(|to| Delivery { to, message: said.clone() });
    assert_eq!(router.broadcast(one, payload()).deliveries, expected);
    assert_eq!(
        router.broadcast(ALICE, payload()).deliveries,
        [],
        "whoever is logged in is not there"
    );

    let join = ClientMessage::Join { room: RoomId::parse("blue").unwrap() };
    let joined = router.handle(three, join, Instant::now()).deliveries;
    assert_eq!(joined.len(), 1, "nobody is told who goes into a room: {joined:?}");
    assert_eq!(router.broadcast(three, payload()).deliveries, []);
    let gone = ServerMessage::GuestLeft { username: name("sid-1") };
    assert_eq!(
        router.disconnect(one, Instant::now()).deliveries,
        [Delivery { to: two, message: gone }]
    );
    assert_eq!(router.disconnect(three, Instant::now()).deliveries, []);
}
