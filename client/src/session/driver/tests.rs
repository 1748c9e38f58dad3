//! Whatever a server sends, in whatever order: without an intent that asks for a call no device is
//! opened, no peer connection is made, and nothing leaves that shows anybody how to reach us; with
//! one, this happens once.
//!
//! The driver is fed without a network, a thread or a device: what it asks of them is looked at
//! after each step. Schedules come from a fixed seed; `VISAVIS_TEST_SEED=<number>` tries others.

mod devices;
mod idle;
mod keeping;
mod people;
mod quiet;
mod sharing;
mod video;

use std::cell::Cell;
use std::sync::mpsc::Receiver;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use visavis_shared::{
    CallId, CallSignal, CandidateInit, CloseReason, DeclineReason, DescriptionKind, ErrorCode,
    LoginRefusal, Payload, RoomId, ServerMessage, SessionDescription, Username,
};

use super::*;
use crate::media::ringtone::RingKind;
use crate::session::pace;
use crate::session::snapshot::{LoginPhase, NoticeId, Trial};

type Outcome = Result<(), TestCaseError>;

/// One thing that happens to the driver.
#[derive(Debug, Clone)]
enum Event {
    Server(Option<SignalingEvent>),
    Person(Intent),
    Peer(PeerEvent),
    Deadline,
    Tick,
}

/// A driver that is logged in as alice, and what it asks for.
struct App {
    driver: Driver,
    asked: Receiver<MediaCommand<Consent>>,
    reports: mpsc::Receiver<Report>,
    sent: Box<dyn FnMut() -> Option<ClientMessage>>,
    /// What the last step sent.
    said: Vec<ClientMessage>,
    // Peer connections and reports are tasks; none of them runs unless a test waits for one.
    runtime: tokio::runtime::Runtime,
}

/// What a step came to.
#[derive(Debug, Default, PartialEq)]
struct Effects {
    devices_opened: usize,
    peers_made: usize,
    media_flows: bool,
    disclosed: Vec<&'static str>,
    rang: bool,
}

impl App {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let inside = runtime.enter();
        let (media, asked) = MediaHandle::unattended();
        let (signaling, sent) = Signaling::unattended();
        let options = SessionOptions { window: true, ..SessionOptions::default() };
        let (report_in, reports) = mpsc::channel(1);
        let (mut driver, _) =
            Driver::new(options, (media, ScreenHandle::unattended().0), report_in);
        driver.signaling = Some(Login { signaling, events: mpsc::channel(1).1 });
        drop(inside);
        let said = Vec::new();
        let mut app = Self { driver, asked, reports, sent: Box::new(sent), said, runtime };
        app.step(Event::Server(Some(logged_in(false))));
        app
    }

    fn step(&mut self, event: Event) -> Effects {
        let _inside = self.runtime.enter();
        match event {
            Event::Server(event) => self.driver.on_signaling(event),
            Event::Person(intent) => self.driver.on_intent(intent),
            Event::Peer(event) => self.driver.on_peer(event),
            Event::Deadline => self.driver.handle(Input::Timeout),
            Event::Tick => self.driver.on_tick(),
        }
        self.driver.publish_snapshot();
        let mut effects = Effects::default();
        for command in self.asked.try_iter() {
            match command {
                MediaCommand::StartCall(_) | MediaCommand::Preview(true) => {
                    effects.devices_opened += 1
                }
                MediaCommand::Attach(..) => effects.peers_made += 1,
                MediaCommand::MediaFlows => effects.media_flows = true,
                MediaCommand::Ring(Some(RingKind::Ring)) => effects.rang = true,
                _ => {}
            }
        }
        self.said.clear();
        while let Some(message) = (self.sent)() {
            if let ClientMessage::Call { signal, .. } = &message
                && matches!(
                    signal,
                    CallSignal::Offer(_) | CallSignal::Answer(_) | CallSignal::Candidate(_)
                )
            {
                effects.disclosed.push(message.type_name());
            }
            self.said.push(message);
        }
        effects
    }
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn logged_in(resumed: bool) -> SignalingEvent {
    SignalingEvent::LoggedIn { username: name("alice"), ice_servers: Vec::new(), resumed }
}

/// Ourselves, others, who looks like others, and who can't be typed.
fn names() -> impl Strategy<Value = Username> {
    let texts = [
        "alice",
        "bob",
        "mallory",
        "Alice",
        "аlice",
        "mallory bob",
        "..",
        "🦀",
        "0123456789abcdef",
    ];
    prop::sample::select(texts.map(name).to_vec())
}

fn rooms() -> impl Strategy<Value = RoomId> {
    prop::sample::select(
        ["blue", "blue", "blue", "red", "Blue"].map(|room| RoomId::parse(room).unwrap()).to_vec(),
    )
}

fn calls() -> impl Strategy<Value = Option<CallId>> {
    prop::sample::select(vec![None, CallId::parse("c1").ok(), CallId::parse("c2").ok()])
}

fn description(kind: DescriptionKind) -> Payload {
    Payload::of(&SessionDescription { kind, sdp: "v=0\r\n".to_owned() }).unwrap()
}

/// What fits and what does not.
fn payloads() -> impl Strategy<Value = Payload> {
    let candidate = CandidateInit {
        candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host".to_owned(),
        sdp_mid: None,
        sdp_mline_index: None,
        username_fragment: None,
    };
    prop::sample::select(vec![
        description(DescriptionKind::Offer),
        description(DescriptionKind::Answer),
        description(DescriptionKind::Rollback),
        Payload::of(&candidate).unwrap(),
        Payload::of(&[1, 2]).unwrap(),
    ])
}

fn signals() -> impl Strategy<Value = CallSignal> {
    let declines = prop::sample::select(vec![
        DeclineReason::Declined,
        DeclineReason::Busy,
        DeclineReason::Timeout,
        DeclineReason::Failed,
    ]);
    prop_oneof![
        6 => Just(CallSignal::Offer(description(DescriptionKind::Offer))),
        1 => payloads().prop_map(CallSignal::Offer),
        1 => Just(CallSignal::Ringing(None)),
        2 => payloads().prop_map(CallSignal::Answer),
        2 => payloads().prop_map(CallSignal::Candidate),
        1 => declines.prop_map(CallSignal::Decline),
        1 => Just(CallSignal::Close(None)),
        1 => Just(CallSignal::Close(Some(CloseReason::Disconnected))),
    ]
}

fn ice_servers() -> impl Strategy<Value = Vec<IceServer>> {
    let server =
        |url: &str| IceServer { urls: vec![url.to_owned()], username: None, credential: None };
    let servers =
        ["stun:192.0.2.1:3478", "turn:192.0.2.1", "turns:", "file:///etc/passwd"].map(server);
    prop::sample::subsequence(servers.to_vec(), 0..=servers.len())
}

fn messages() -> impl Strategy<Value = ServerMessage> {
    let refused = prop::sample::select(vec![
        None,
        Some("join"),
        Some("offer"),
        Some("answer"),
        Some("login"),
    ]);
    let codes = prop::sample::select(vec![
        ErrorCode::UnknownUser,
        ErrorCode::RoomFull,
        ErrorCode::RateLimited,
    ]);
    let users = || prop::collection::vec(names(), 0..3);
    prop_oneof![
        8 => (names(), calls(), signals())
            .prop_map(|(from, call, signal)| ServerMessage::Call { from, call, signal }),
        6 => (rooms(), users()).prop_map(|(room, users)| ServerMessage::Joined { room, users }),
        2 => (rooms(), names())
            .prop_map(|(room, username)| ServerMessage::UserJoined { room, username }),
        1 => (rooms(), names())
            .prop_map(|(room, username)| ServerMessage::UserLeft { room, username }),
        1 => (rooms(), names(), payloads())
            .prop_map(|(room, username, message)| {
                ServerMessage::Message { room, username, message }
            }),
        1 => (names(), payloads())
            .prop_map(|(from, message)| ServerMessage::Broadcast { from, message }),
        1 => names().prop_map(|username| ServerMessage::GuestLeft { username }),
        1 => (users(), 0_usize..200)
            .prop_map(|(users, total)| ServerMessage::Users { users, total }),
        1 => (names(), any::<bool>())
            .prop_map(|(username, online)| ServerMessage::Presence { username, online }),
        1 => (codes, refused, calls()).prop_map(|(code, refused, call)| ServerMessage::Error {
            code,
            message: "No.".into(),
            in_reply_to: refused.map(str::to_owned),
            call,
        }),
        1 => ice_servers().prop_map(|ice_servers| ServerMessage::IceServers { ice_servers }),
        1 => (names(), ice_servers()).prop_map(|(username, ice_servers)| ServerMessage::LoggedIn {
            username,
            ice_servers,
            resume: None,
        }),
        1 => Just(ServerMessage::LoginRefused {
            reason: LoginRefusal::Taken,
            message: "".into(),
        }),
        1 => Just(ServerMessage::Hello {
            protocol: 1,
            server: "it".into(),
            challenge: "it".to_owned(),
        }),
    ]
}

/// What comes from the server, or from the connection to it.
fn server() -> impl Strategy<Value = Option<SignalingEvent>> {
    let refused =
        SignalingEvent::LoginRefused { reason: LoginRefusal::NotAllowed, message: "No.".into() };
    prop_oneof![
        40 => messages().prop_map(SignalingEvent::Message),
        3 => (names(), ice_servers(), any::<bool>()).prop_map(|(username, ice_servers, resumed)| {
            SignalingEvent::LoggedIn { username, ice_servers, resumed }
        }),
        3 => any::<bool>().prop_map(logged_in),
        3 => Just(SignalingEvent::Down),
        1 => Just(refused),
        1 => Just(SignalingEvent::Replaced),
        1 => Just(SignalingEvent::Unreachable { message: "Gone.".into() }),
    ]
    .prop_map(Some)
}

/// What a person does that asks for no call.
fn quiet_intents() -> impl Strategy<Value = Intent> {
    prop::sample::select(vec![
        Intent::Decline,
        Intent::HangUp,
        Intent::Dismiss,
        Intent::MuteMicrophone(true),
        Intent::TurnCameraOff(false),
        Intent::RefreshDevices,
        Intent::TryDevice(Some(Trial::Microphone)),
        Intent::BeQuiet(false),
        Intent::SetRing(crate::session::options::Ring::default()),
        Intent::DismissNotice(NoticeId(0)),
    ])
}

/// What a person does that asks for one.
fn intents_that_ask() -> impl Strategy<Value = Intent> {
    prop_oneof![
        2 => rooms().prop_map(Intent::JoinRoom),
        1 => names().prop_map(|name| Intent::Call { username: name.to_string() }),
        1 => names().prop_map(|from| Intent::Accept { from }),
    ]
}

fn whatever_a_server_does() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => server().prop_map(Event::Server),
        3 => quiet_intents().prop_map(Event::Person),
        1 => Just(Event::Deadline),
        1 => Just(Event::Tick),
    ]
}

/// Runs a property over so many schedules.
fn over<S: Strategy>(schedules: u32, strategy: S, property: impl Fn(S::Value) -> Outcome)
where
    S::Value: std::fmt::Debug,
{
    let mut seed = [12; 32];
    if let Some(other) =
        std::env::var("VISAVIS_TEST_SEED").ok().and_then(|text| text.parse::<u64>().ok())
    {
        seed[..8].copy_from_slice(&other.to_le_bytes());
    }
    let config = Config { cases: schedules, failure_persistence: None, ..Config::default() };
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

#[test]
fn whatever_a_server_sends_nobody_is_called_and_nothing_is_opened() {
    let rang = Cell::new(0);
    over(4_000, prop::collection::vec(whatever_a_server_does(), 0..60), |events| {
        let mut app = App::new();
        let mut has_rung = false;
        for event in events {
            let effects = app.step(event.clone());
            has_rung |= effects.rang;
            let untouched = Effects { rang: effects.rang, ..Effects::default() };
            prop_assert_eq!(effects, untouched, "after {:?}", event);
            prop_assert!(app.driver.peer.is_none());
            let phase = &app.driver.snapshot.call;
            let quiet = matches!(
                phase,
                CallPhase::Idle | CallPhase::Ringing { .. } | CallPhase::Ended { .. }
            );
            prop_assert!(quiet, "{phase:?} after {event:?}");
        }
        rang.set(rang.get() + u32::from(has_rung));
        Ok(())
    });
    // A property that is never put to the test holds as well.
    assert!(rang.get() > 2_000, "only {} schedules got as far as ringing", rang.get());
}

/// What the person has asked for and may still get: the books are kept from outside.
#[derive(Debug, Default)]
struct Asked {
    room: Option<RoomId>,
}

impl Asked {
    /// Whether this event may open devices; notes what it asks for or withdraws.
    fn allows(&mut self, event: &Event) -> bool {
        match event {
            Event::Person(Intent::JoinRoom(room)) => {
                self.room = Some(room.clone());
                false
            }
            Event::Person(Intent::Call { .. } | Intent::Accept { .. }) => {
                self.room = None;
                true
            }
            Event::Person(Intent::HangUp | Intent::Decline | Intent::LogOut) => {
                self.room = None;
                false
            }
            Event::Server(Some(SignalingEvent::Message(ServerMessage::Joined { room, users }))) => {
                let answers = self.room.as_ref() == Some(room);
                if answers {
                    self.room = None;
                }
                answers && !users.is_empty()
            }
            Event::Server(Some(
                SignalingEvent::LoginRefused { .. }
                | SignalingEvent::Replaced
                | SignalingEvent::Unreachable { .. },
            )) => {
                self.room = None;
                false
            }
            Event::Server(_)
            | Event::Person(_)
            | Event::Peer(_)
            | Event::Deadline
            | Event::Tick => false,
        }
    }
}

#[test]
fn each_time_that_the_person_asks_is_good_for_one_call_and_a_room_for_that_room() {
    let (by_room, by_name) = (Cell::new(0), Cell::new(0));
    let event = prop_oneof![
        3 => whatever_a_server_does(),
        1 => intents_that_ask().prop_map(Event::Person),
    ];
    over(4_000, prop::collection::vec(event, 0..40), |events| {
        let mut app = App::new();
        let mut asked = Asked::default();
        for event in events {
            let allowed = asked.allows(&event);
            let effects = app.step(event.clone());
            prop_assert!(
                effects.devices_opened <= usize::from(allowed),
                "{effects:?} after {event:?}"
            );
            // Glare opens another peer connection for the same call; nothing else does.
            prop_assert!(effects.peers_made <= 1, "{effects:?} after {event:?}");
            let in_call = !matches!(
                app.driver.snapshot.call,
                CallPhase::Idle | CallPhase::Ringing { .. } | CallPhase::Ended { .. }
            );
            prop_assert!(
                effects.peers_made == 0 || in_call,
                "a peer is made for no call by {event:?}"
            );
            prop_assert_eq!(
                app.driver.peer.is_some(),
                in_call,
                "a peer outlives its call after {:?}",
                event
            );
            let count = if matches!(event, Event::Server(_)) { &by_room } else { &by_name };
            count.set(count.get() + effects.devices_opened);
        }
        Ok(())
    });
    assert!(by_room.get() > 300, "only {} calls by a room", by_room.get());
    assert!(by_name.get() > 300, "only {} calls by a name", by_name.get());
}

#[test]
fn one_unasked_joined_calls_nobody() {
    let mut app = App::new();
    let joined =
        ServerMessage::Joined { room: RoomId::parse("x").unwrap(), users: vec![name("mallory")] };
    assert_eq!(app.step(Event::Server(Some(SignalingEvent::Message(joined)))), Effects::default());
    assert_eq!(app.driver.snapshot.call, CallPhase::Idle);
    assert_eq!(app.driver.snapshot.room_mate, None);
    assert!(matches!(app.driver.snapshot.login, LoginPhase::LoggedIn { .. }));
}

fn call_signal(from: &str, call: &CallId, signal: CallSignal) -> Event {
    let message = ServerMessage::Call { from: name(from), call: Some(call.clone()), signal };
    Event::Server(Some(SignalingEvent::Message(message)))
}

#[test]
fn only_what_the_call_takes_is_credited_to_it() {
    let mut app = App::new();
    app.step(Event::Person(Intent::Call { username: "bob".to_owned() }));
    let call = app.driver.call.call_id().cloned().unwrap();
    let offered = SessionDescription { kind: DescriptionKind::Offer, sdp: "v=0\r\n".to_owned() };
    app.step(Event::Peer(PeerEvent::LocalDescription(offered)));
    // Neither the answer of a stranger, nor one that can't be read as one, nor an offer of another
    // call counts; and no media flows before there is an answer.
    let answer = || CallSignal::Answer(description(DescriptionKind::Answer));
    app.step(call_signal("mallory", &call, answer()));
    app.step(call_signal("bob", &call, CallSignal::Answer(description(DescriptionKind::Offer))));
    let other = CallId::parse("another").unwrap();
    app.step(call_signal("mallory", &other, CallSignal::Offer(Payload::of(&[1, 2]).unwrap())));
    assert!(!app.driver.directory.knows(&name("mallory")));
    assert!(!app.step(Event::Peer(PeerEvent::Connected)).media_flows);

    std::thread::sleep(Duration::from_millis(100));
    let answered = Instant::now();
    app.step(call_signal("bob", &call, answer()));
    assert!(app.step(Event::Peer(PeerEvent::Connected)).media_flows);
    let took = answered.elapsed().as_secs_f64() * 1e3;
    app.step(Event::Person(Intent::HangUp));
    // The connection is closed, so nothing of it counts any more.
    assert!(!app.step(Event::Peer(PeerEvent::Connected)).media_flows);
    let report = app.runtime.block_on(app.reports.recv()).unwrap();
    assert_eq!(report.call.as_deref(), Some(call.as_str()));
    let setup = report.setup.accept_to_connected_ms.unwrap();
    assert!(setup <= took, "{setup} ms, counted from somebody else's answer");
}

#[test]
fn an_offer_that_can_not_be_read_begins_no_call() {
    let mut app = App::new();
    let call = CallId::parse("c1").unwrap();
    let garbled = CallSignal::Offer(description(DescriptionKind::Answer));
    assert!(!app.step(call_signal("mallory", &call, garbled)).rang);
    assert!(!app.driver.directory.knows(&name("mallory")));
    let offer = CallSignal::Offer(description(DescriptionKind::Offer));
    assert!(app.step(call_signal("bob", &call, offer)).rang);
    assert!(app.driver.directory.knows(&name("bob")));
}

#[test]
fn events_that_come_all_the_time_do_not_hold_up_the_tick() {
    let App { mut driver, asked: _asked, mut sent, .. } = App::new();
    driver.people_asked_at = None;
    let (_server, events) = mpsc::channel(1);
    driver.signaling.as_mut().unwrap().events = events;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (_intents_in, intents) = mpsc::channel(1);
        let (media, media_events) = mpsc::channel(1);
        let running = tokio::spawn(driver.run(intents, media_events, Leaver::default()));
        for number in 0..30 {
            media.send(MediaEvent::CameraLive(number % 2 == 0)).await.unwrap();
            tokio::time::sleep(pace::SLOW / 10).await;
        }
        running.abort();
        assert!(matches!(sent(), Some(ClientMessage::Users { .. })), "nobody asks who is there");
    });
}

/// A session that does nothing by itself: what is asked of it, and what it shows.
pub(in crate::session) fn session()
-> (SessionHandle, mpsc::Receiver<Intent>, watch::Sender<Arc<Snapshot>>) {
    let (intents_in, intents) = mpsc::channel(INTENT_QUEUE);
    let (publish, snapshots) = watch::channel(Arc::default());
    let link = SessionLink {
        intents: intents_in,
        snapshots,
        remote_video: DropOldestQueue::latest(),
        self_video: DropOldestQueue::latest(),
    };
    let handle = SessionHandle {
        link,
        reports: mpsc::channel(1).1,
        leaver: Leaver::default(),
        task: tokio::spawn(async {}),
    };
    (handle, intents, publish)
}
