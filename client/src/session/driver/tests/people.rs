//! Contacts, blocked names and the history, from the person's wish and the server's word to what is
//! shown and what is sent.

use super::*;
use crate::media::units::Bitrate;
use crate::people::Change;
use crate::session::snapshot::{CallEnd, Direction, Presence, RoomPhase, VideoLimitChange};
use visavis_shared::{MissedCall, Timestamp};

fn server(message: ServerMessage) -> super::Event {
    super::Event::Server(Some(SignalingEvent::Message(message)))
}

fn offer(from: &str, call: &str) -> super::Event {
    let offer = CallSignal::Offer(description(DescriptionKind::Offer));
    call_signal(from, &CallId::parse(call).unwrap(), offer)
}

pub(super) fn person(intent: Intent) -> super::Event {
    super::Event::Person(intent)
}

pub(super) fn add(username: &str) -> super::Event {
    person(Intent::AddContact { username: username.to_owned(), display_name: String::new() })
}

fn call(username: &str) -> super::Event {
    person(Intent::Call { username: username.to_owned() })
}

fn room() -> RoomId {
    RoomId::parse("blue").unwrap()
}

impl App {
    /// Everybody who can be seen anywhere.
    fn seen(&self) -> Vec<String> {
        let s = &self.driver.snapshot;
        let people = s.people.iter().map(|person| &person.username);
        let contacts = s.contacts.iter().map(|contact| &contact.username);
        let calls = s.recent_calls.iter().map(|call| &call.with);
        let mate = s.room_mate.iter().map(|mate| &mate.username);
        people.chain(contacts).chain(calls).chain(mate).map(ToString::to_string).collect()
    }

    pub(super) fn history(&self) -> Vec<(&str, Direction, CallEnd)> {
        let calls = self.driver.snapshot.recent_calls.iter();
        calls.map(|call| (call.with.as_str(), call.direction, call.end)).collect()
    }

    fn watched(&self) -> Option<Vec<&str>> {
        self.said.iter().rev().find_map(|message| match message {
            ClientMessage::Watch { usernames } => {
                Some(usernames.iter().map(Username::as_str).collect())
            }
            _ => None,
        })
    }

    /// Calls bob, who answers: media flows.
    pub(super) fn talk_to_bob(&mut self) -> CallId {
        self.step(call("bob"));
        let id = self.driver.call.call_id().cloned().unwrap();
        self.answered_by_bob(id.clone());
        self.step(super::Event::Peer(PeerEvent::Connected));
        id
    }

    fn answered_by_bob(&mut self, id: CallId) {
        let offered =
            SessionDescription { kind: DescriptionKind::Offer, sdp: "v=0\r\n".to_owned() };
        self.step(super::Event::Peer(PeerEvent::LocalDescription(offered)));
        let answer = CallSignal::Answer(description(DescriptionKind::Answer));
        self.step(call_signal("bob", &id, answer));
    }
}

#[test]
fn whatever_a_blocked_name_sends_nothing_rings_answers_or_shows() {
    let rang = Cell::new(0);
    let event = prop_oneof![
        6 => whatever_a_server_does(),
        1 => intents_that_ask().prop_map(super::Event::Person),
    ];
    over(2_000, prop::collection::vec(event, 0..40), |events| {
        let mut app = App::new();
        app.step(person(Intent::Block(name("mallory"))));
        for event in events {
            let effects = app.step(event.clone());
            let to_mallory = |message: &ClientMessage| matches!(message, ClientMessage::Call { to: Some(to), .. } if to.as_str() == "mallory");
            // Only while it is alice who is logged in: each own name has a book of its own.
            let LoginPhase::LoggedIn { username } = &app.driver.snapshot.login else { break };
            if username.as_str() != "alice" {
                break;
            }
            prop_assert!(!app.said.iter().any(to_mallory), "{:?} after {event:?}", app.said);
            let seen = app.seen();
            prop_assert!(!seen.iter().any(|name| name == "mallory"), "{seen:?} after {event:?}");
            rang.set(rang.get() + u32::from(effects.rang));
        }
        Ok(())
    });
    assert!(rang.get() > 200, "others rang only {} times", rang.get());
}

#[test]
fn who_is_blocked_while_they_ring_is_gone_and_who_is_unblocked_rings_again() {
    let mut app = App::new();
    assert!(app.step(offer("bob", "c1")).rang);
    app.step(person(Intent::Block(name("bob"))));
    assert!(matches!(app.driver.snapshot.call, CallPhase::Ended { .. }));
    assert_eq!((app.seen(), app.driver.snapshot.blocked.len()), (Vec::new(), 1));
    assert_eq!(app.step(offer("bob", "c2")), Effects::default());
    assert_eq!(app.said, []);
    app.step(call("bob"));
    assert!(
        app.driver.snapshot.notices.iter().any(|notice| notice.text.plain().contains("blocked"))
    );
    assert!(matches!(app.driver.snapshot.call, CallPhase::Ended { .. }), "nobody is called");
    app.step(person(Intent::Unblock(name("bob"))));
    assert!(app.step(offer("bob", "c3")).rang);
}

#[test]
fn ones_own_name_is_never_listed_nor_called_also_after_a_reconnect() {
    let mut app = App::new();
    for resumed in [true, false] {
        app.step(super::Event::Server(Some(SignalingEvent::Down)));
        app.step(super::Event::Server(Some(logged_in(resumed))));
        let users = vec![name("alice"), name("bob")];
        app.step(server(ServerMessage::Users { users, total: 2 }));
        app.step(server(ServerMessage::Presence { username: name("alice"), online: true }));
        assert_eq!((app.seen(), app.driver.snapshot.people_total), (vec!["bob".to_owned()], 1));
        for own in ["alice", " ALICE ", "ａｌｉｃｅ"] {
            let effects = app.step(call(own));
            assert_eq!(
                (effects, &app.driver.snapshot.call),
                (Effects::default(), &CallPhase::Idle)
            );
        }
        app.step(add("alice"));
        assert!(app.driver.snapshot.contact_problem.as_ref().unwrap().plain().contains("own name"));
        assert_eq!(app.seen(), ["bob"]);
    }
}

#[test]
fn a_mistyped_name_stays_nowhere_and_a_contact_who_is_away_stays_in_the_history() {
    let mut app = App::new();
    let refused = |app: &mut App| {
        let call = app.driver.call.call_id().cloned();
        app.step(server(ServerMessage::Error {
            code: ErrorCode::UnknownUser,
            message: "".into(),
            in_reply_to: Some("offer".to_owned()),
            call,
        }));
    };
    app.step(call("bobb"));
    refused(&mut app);
    assert!(!app.driver.snapshot.end_takes_a_page());
    assert_eq!(app.seen(), [] as [&str; 0]);
    app.step(add("bob"));
    app.step(call("bob"));
    refused(&mut app);
    assert_eq!(app.history(), [("bob", Direction::Outgoing, CallEnd::Offline)]);
}

#[test]
fn a_second_caller_is_told_busy_and_the_person_is_told_of_them_once() {
    let mut app = App::new();
    app.step(add("carol"));
    let rename =
        Intent::RenameContact { username: name("carol"), display_name: "Aunt Carol".to_owned() };
    app.step(person(rename));
    app.talk_to_bob();
    for _ in 0..3 {
        app.step(offer("carol", "c7"));
        assert!(matches!(
            &app.said[..],
            [ClientMessage::Call { to, signal: CallSignal::Decline(DeclineReason::Busy), .. }]
                if to.as_ref().is_some_and(|to| to.as_str() == "carol")
        ));
    }
    // After the server was lost, it is sent again.
    app.step(super::Event::Server(Some(SignalingEvent::Down)));
    app.step(super::Event::Server(Some(logged_in(false))));
    let texts: Vec<_> = app.driver.snapshot.notices.iter().map(|n| n.text.plain()).collect();
    assert_eq!(texts, ["Aunt Carol tried to call you, and was told that you are in a call."]);
    assert_eq!(app.history(), [("carol", Direction::Incoming, CallEnd::CameWhileBusy)]);
    assert_eq!(app.driver.snapshot.unseen_missed_calls, 1);
    app.step(offer("carol", "c8"));
    assert_eq!(app.driver.snapshot.unseen_missed_calls, 2);
    app.step(person(Intent::SeeMissedCalls));
    assert_eq!(app.driver.snapshot.unseen_missed_calls, 0);
    app.step(person(Intent::HangUp));
    assert_eq!(app.history()[0], ("bob", Direction::Outgoing, CallEnd::Completed));
}

#[test]
fn each_call_is_in_the_history_once_with_how_it_ended() {
    let mut app = App::new();
    let id = |text: &str| CallId::parse(text).unwrap();
    app.step(offer("bob", "c1"));
    app.step(call_signal("bob", &id("c1"), CallSignal::Close(None)));
    assert!(!app.driver.snapshot.end_takes_a_page(), "a missed call is a line");
    app.step(offer("carol", "c2"));
    app.step(person(Intent::Decline));
    app.step(call("dave"));
    app.step(person(Intent::HangUp));
    app.step(call("erin"));
    let call = app.driver.call.call_id().cloned().unwrap();
    app.step(call_signal("erin", &call, CallSignal::Decline(DeclineReason::Busy)));
    assert!(app.driver.snapshot.end_takes_a_page());
    app.step(offer("bob", "c3"));
    app.step(person(Intent::Accept { from: name("bob") }));
    app.step(super::Event::Peer(PeerEvent::Failed("No network.".to_owned())));
    let talk = app.talk_to_bob();
    app.step(call_signal("bob", &talk, CallSignal::Close(None)));
    app.step(person(Intent::Dismiss));
    assert_eq!(
        app.history(),
        [
            ("bob", Direction::Outgoing, CallEnd::Completed),
            ("bob", Direction::Incoming, CallEnd::Failed),
            ("erin", Direction::Outgoing, CallEnd::Busy),
            ("dave", Direction::Outgoing, CallEnd::Cancelled),
            ("carol", Direction::Incoming, CallEnd::Declined),
            ("bob", Direction::Incoming, CallEnd::NoAnswer),
        ]
    );
    let talked: Vec<_> =
        app.driver.snapshot.recent_calls.iter().map(|call| call.talked.is_some()).collect();
    assert_eq!(talked, [true, false, false, false, false, false]);
    assert_eq!(app.driver.snapshot.unseen_missed_calls, 1);
    app.step(person(Intent::EraseHistory));
    assert_eq!(app.history(), []);
}

#[test]
fn contacts_are_watched_also_after_a_reconnect_and_their_presence_is_live() {
    let mut app = App::new();
    app.step(add("carol"));
    assert_eq!(app.watched(), Some(vec!["carol"]));
    app.step(server(ServerMessage::Users { users: vec![name("bob")], total: 1 }));
    assert_eq!(app.watched(), Some(vec!["carol", "bob"]), "contacts come first");
    let presence = |app: &App| app.driver.snapshot.contacts[0].presence;
    assert_eq!(presence(&app), Presence::Unknown);
    for (online, shown) in [(true, Presence::Online), (false, Presence::Offline)] {
        app.step(server(ServerMessage::Presence { username: name("carol"), online }));
        assert_eq!(presence(&app), shown);
    }
    app.step(super::Event::Server(Some(SignalingEvent::Down)));
    assert_eq!(presence(&app), Presence::Unknown);
    app.step(super::Event::Server(Some(logged_in(false))));
    assert_eq!(app.watched(), Some(vec!["carol", "bob"]));
    app.step(person(Intent::RemoveContact(name("carol"))));
    assert_eq!(app.watched(), Some(vec!["bob"]));
    assert_eq!(app.driver.snapshot.contacts.len(), 0);
}

#[test]
fn of_many_contacts_those_are_watched_with_whom_one_talked_last() {
    let mut app = App::new();
    for number in 0..150 {
        app.step(add(&format!("c{number:03}")));
    }
    assert_eq!(app.driver.snapshot.contacts.len(), 150);
    app.step(call("c149"));
    app.step(person(Intent::HangUp));
    app.step(super::Event::Server(Some(logged_in(false))));
    let watched = app.watched().unwrap();
    assert_eq!((watched.len(), watched[0], watched[1]), (100, "c149", "c000"));
    // Of the others the list tells, as far as it goes.
    let presence = |app: &App| {
        let shown = |name: &str| {
            let contacts = app.driver.snapshot.contacts.iter();
            contacts.clone().find(|c| c.username.as_str() == name).unwrap().presence
        };
        ["c000", "c120", "c121"].map(shown)
    };
    let users = |names: &[&str], total| {
        let users = names.iter().map(|text| name(text)).collect();
        server(ServerMessage::Users { users, total })
    };
    let (on, off, unknown) = (Presence::Online, Presence::Offline, Presence::Unknown);
    assert_eq!(presence(&app), [unknown; 3]);
    app.step(users(&["c120"], 500));
    assert_eq!(presence(&app), [unknown, on, unknown]);
    app.step(users(&["c121"], 1));
    assert_eq!(presence(&app), [unknown, off, on]);
    app.step(users(&[], 500));
    assert_eq!(presence(&app), [unknown; 3]);
}

#[test]
fn what_can_not_be_a_contact_is_said_until_the_next_try() {
    let mut app = App::new();
    for (typed, shown, word) in [
        ("a/b", "", "can't contain"),
        ("bob", &*"x".repeat(65), "64"),
        ("", "", "at least one letter"),
    ] {
        let (username, display_name) = (typed.to_owned(), shown.to_owned());
        app.step(person(Intent::AddContact { username, display_name }));
        let problem = app.driver.snapshot.contact_problem.clone().unwrap().plain();
        assert!(problem.contains(word), "{problem}");
    }
    app.step(add("bob"));
    assert_eq!(app.driver.snapshot.contact_problem, None);
}

#[test]
fn both_are_out_of_the_room_after_their_call_and_it_can_be_left_before() {
    let mut app = App::new();
    let left = |app: &App| app.said.contains(&ClientMessage::LeaveRoom { room: room() });
    let talk_and_close = |app: &mut App| {
        app.step(super::Event::Peer(PeerEvent::Connected));
        app.step(person(Intent::HangUp));
    };
    app.step(person(Intent::JoinRoom(room())));
    app.step(server(ServerMessage::Joined { room: room(), users: vec![name("bob")] }));
    let id = app.driver.call.call_id().cloned().unwrap();
    app.answered_by_bob(id);
    talk_and_close(&mut app);
    assert!(left(&app));
    assert_eq!(app.driver.snapshot.room, RoomPhase::Outside);

    // Who came first is called, and is out of it as well.
    app.step(person(Intent::JoinRoom(room())));
    app.step(server(ServerMessage::Joined { room: room(), users: Vec::new() }));
    for (from, call) in [("carol", "c1"), ("bob", "c2")] {
        if from == "bob" {
            app.step(server(ServerMessage::UserJoined { room: room(), username: name("bob") }));
        }
        // Neither a call that came to nothing nor one of somebody else ends the meeting.
        app.step(offer(from, call));
        app.step(person(Intent::Decline));
        assert_eq!(app.driver.snapshot.room, RoomPhase::Inside(room()));
    }
    app.step(offer("bob", "c3"));
    app.step(person(Intent::Accept { from: name("bob") }));
    talk_and_close(&mut app);
    assert!(left(&app));
    assert_eq!((&app.driver.snapshot.room, app.driver.room.mate()), (&RoomPhase::Outside, None));

    app.step(person(Intent::JoinRoom(room())));
    app.step(person(Intent::LeaveRoom));
    assert!(left(&app));
    app.step(server(ServerMessage::Joined { room: room(), users: vec![name("bob")] }));
    assert!(app.driver.peer.is_none() && app.driver.snapshot.room == RoomPhase::Outside);
}

#[test]
fn a_refusal_of_a_room_is_told_until_it_is_put_away_or_the_next_log_in() {
    for end in [person(Intent::LeaveRoom), super::Event::Server(Some(logged_in(false)))] {
        let mut app = App::new();
        app.step(person(Intent::JoinRoom(room())));
        app.step(server(ServerMessage::Error {
            code: ErrorCode::RoomFull,
            message: "".into(),
            in_reply_to: Some("join".to_owned()),
            call: None,
        }));
        assert!(matches!(app.driver.snapshot.room, RoomPhase::Refused(_)));
        app.step(end);
        assert_eq!(app.driver.snapshot.room, RoomPhase::Outside);
        assert!(!app.said.iter().any(|message| message.type_name() == "join"));
    }
}

#[test]
fn where_only_contacts_call_others_are_unheard_but_for_whom_one_meets_in_a_room() {
    let mut app = App::new();
    app.step(add("carol"));
    app.step(person(Intent::OnlyContactsCall(true)));
    assert_eq!(app.step(offer("bob", "c1")), Effects::default());
    assert_eq!((&app.said[..], app.seen()), (&[][..], vec!["carol".to_owned()]));
    assert!(app.step(offer("carol", "c2")).rang);
    app.step(person(Intent::Decline));
    app.step(person(Intent::JoinRoom(room())));
    app.step(server(ServerMessage::Joined { room: room(), users: Vec::new() }));
    app.step(server(ServerMessage::UserJoined { room: room(), username: name("bob") }));
    assert!(app.step(offer("bob", "c3")).rang);
    app.step(person(Intent::Decline));
    app.step(server(ServerMessage::UserLeft { room: room(), username: name("bob") }));
    assert!(!app.step(offer("bob", "c4")).rang);
    // Whom one calls oneself can answer.
    app.talk_to_bob();
    assert!(matches!(app.driver.snapshot.call, CallPhase::InCall { .. }));
}

#[test]
fn what_is_chosen_for_the_network_and_the_picture_holds_from_the_next_call_on() {
    let mut app = App::new();
    let server = IceServer {
        urls: vec!["turn:relay.example".to_owned()],
        username: Some("u".to_owned()),
        credential: Some("p".to_owned()),
    };
    app.step(person(Intent::UseNetwork { ice_servers: vec![server.clone()], relay_only: true }));
    let (size, max_bitrate) =
        (crate::media::units::VideoSize::new(640, 360).unwrap(), Bitrate::from_kbps(500));
    let change =
        VideoLimitChange { size: Some(size), fps: Some(15), max_bitrate: Some(max_bitrate) };
    app.driver.on_intent(Intent::LimitVideo(change));
    app.driver.on_intent(Intent::LimitVideo(VideoLimitChange::default()));
    let asked: Vec<_> = app.asked.try_iter().collect();
    assert!(matches!(
        asked[..],
        [MediaCommand::LimitVideo(asked), MediaCommand::LimitVideo(none)]
            if asked == change && none == VideoLimitChange::default()
    ));
    assert_eq!(app.driver.ice_servers(), [server]);
    assert!(app.driver.options.relay_only && app.driver.options.max_bitrate == max_bitrate);
}

#[test]
fn who_is_in_quiet_hours_sees_a_call_and_hears_none() {
    let mut app = App::new();
    app.step(person(Intent::BeQuiet(true)));
    assert!(!app.step(offer("bob", "c1")).rang);
    assert!(matches!(app.driver.snapshot.call, CallPhase::Ringing { .. }));
    assert!(app.step(person(Intent::BeQuiet(false))).rang);
    assert!(!app.step(person(Intent::BeQuiet(true))).rang);
}

#[test]
fn missed_calls_that_the_server_tells_are_shown_but_for_blocked_ones() {
    let mut app = App::new();
    app.step(person(Intent::Block(name("mallory"))));
    let told = [("bob", 5), ("mallory", 6), ("alice", 7)];
    let calls = told.map(|(who, at)| MissedCall {
        from: name(who),
        at: Timestamp::from_unix_seconds(at),
        guest: false,
    });
    for _ in 0..2 {
        app.step(server(ServerMessage::MissedCalls { calls: calls.to_vec() }));
    }
    assert_eq!(app.history(), [("bob", Direction::Incoming, CallEnd::NoAnswer)]);
    assert_eq!(app.driver.snapshot.unseen_missed_calls, 1);
}

#[test]
fn a_session_without_a_book_lets_those_ring_whom_it_was_not_told_to_block() {
    let mut app = App::new();
    app.driver.people.block_too([name("mallory")]);
    assert_eq!(app.step(offer("mallory", "c1")), Effects::default());
    assert_eq!(app.said, []);
    assert!(app.step(offer("bob", "c2")).rang);
}

#[test]
fn another_key_than_the_kept_one_is_noted_once_for_a_call_that_rings_or_was_placed() {
    use crate::people::PinnedKey;
    use crate::trust::{CallTrust, CodeState, KeyChange, Standing};
    use visavis_shared::PublicKey;
    let (before, now) = (PublicKey([1; 32]), Some(PublicKey([2; 32])));
    let mut app = App::new();
    for who in ["bob", "carol"] {
        app.driver.change_key(Change::Pin(name(who), before));
    }
    let noted = |app: &mut App, who: &str| {
        app.driver.people.show(&mut app.driver.snapshot);
        let pinned: PinnedKey = app.driver.snapshot.keys[&name(who)];
        pinned.other_seen.is_some()
    };
    assert!(!noted(&mut app, "bob"));
    app.driver.snapshot.call = CallPhase::Ringing { peer: name("bob"), since: Instant::now() };
    app.driver.note_other_key();
    assert!(!noted(&mut app, "bob"), "nothing says so yet");
    let standing = Standing::Changed { before, now };
    app.driver.snapshot.trust = Some(CallTrust { standing, code: CodeState::None, page: false });
    app.driver.note_other_key();
    assert!(noted(&mut app, "bob"));
    // The person allows it; the call still rings.
    app.driver.change_key(Change::ReplaceKey(name("bob"), PublicKey([2; 32])));
    app.driver.note_other_key();
    assert!(!noted(&mut app, "bob"));
    let reason = EndReason::KeyChanged(KeyChange { peer: name("carol"), now });
    app.driver.note_call(&CallPhase::Ended { peer: name("carol"), reason, talked: None });
    assert!(noted(&mut app, "carol"));
}
