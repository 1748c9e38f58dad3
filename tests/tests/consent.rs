//! Nobody is seen or heard, and nothing leaves for the network, because a server sent something.

use std::path::Path;

use serde_json::{Value, json};
use visavis_client::call::event::CallPhase;
use visavis_client::session::snapshot::{Intent, LoginPhase, RoomMate, RoomPhase, Snapshot};
use visavis_shared::{RoomId, Username};
use visavis_tests::hostile::{Bait, HostileServer, Victim};
use visavis_tests::person::{Person, SOON};
use visavis_tests::programs::{self, Program};
use visavis_tests::server::TestServer;

/// Where a hostile server points: a STUN server and a host candidate of whoever it makes up.
struct Baits {
    stun: Bait,
    candidate: Bait,
}

impl Baits {
    async fn lay() -> Self {
        Self { stun: Bait::lay().await, candidate: Bait::lay().await }
    }

    fn ice_servers(&self) -> Value {
        json!([{ "urls": [format!("stun:{}", self.stun.address())] }])
    }

    /// A description that a browser might have made, with an address in it.
    fn description(&self, kind: &str) -> Value {
        let address = self.candidate.address();
        let sdp = format!(
            "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n\
             a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:{}\r\n\
             a=fingerprint:sha-256 {}\r\na=rtpmap:111 opus/48000/2\r\n\
             a=candidate:1 1 udp 2130706431 {} {} typ host\r\n",
            if kind == "offer" { "actpass" } else { "active" },
            ["AB"; 32].join(":"),
            address.ip(),
            address.port(),
        );
        json!({ "type": kind, "sdp": sdp })
    }

    fn candidate(&self) -> Value {
        let address = self.candidate.address();
        json!({
            "candidate": format!("candidate:1 1 udp 2130706431 {} {} typ host", address.ip(), address.port()),
            "sdpMid": "0", "sdpMLineIndex": 0
        })
    }

    fn arrived(&self) -> usize {
        self.stun.arrived() + self.candidate.arrived()
    }
}

/// Everything that a server could send in the hope that an app takes it for what its person wants.
/// `me` is its name.
fn lures(me: &str, baits: &Baits) -> Vec<Vec<Value>> {
    let joined =
        |room: &str, users: &[&str]| json!({ "type": "joined", "room": room, "users": users });
    let from = |kind: &str, name: &str, call: &str| json!({ "type": kind, "username": name, "call": call });
    let with = |mut message: Value, member: &str, value: Value| {
        message[member] = value;
        message
    };
    let offer = |name: &str, call: &str| {
        with(from("offer", name, call), "offer", baits.description("offer"))
    };
    let answer = |name: &str, call: &str| {
        with(from("answer", name, call), "answer", baits.description("answer"))
    };
    let candidate = |name: &str, call: &str| {
        with(from("candidate", name, call), "candidate", baits.candidate())
    };
    let login = |name: &str| json!({ "type": "login", "success": true, "username": name, "iceServers": baits.ice_servers(), "resume": "" });
    vec![
        vec![joined("x", &["mallory"])],
        vec![
            joined("x", &["mallory"]),
            joined("y", &["mallory", "trudy"]),
            joined("x", &[me]),
            joined("x", &[]),
        ],
        vec![
            json!({ "type": "user-joined", "room": "x", "username": "mallory" }),
            json!({ "type": "user-left", "room": "x", "username": "mallory" }),
            json!({ "type": "message", "room": "x", "username": "mallory", "message": { "join": "x" } }),
        ],
        vec![
            json!({ "type": "ice-servers", "iceServers": baits.ice_servers() }),
            joined("z", &["mallory"]),
        ],
        vec![login(me), joined("x", &["mallory"]), login("mallory"), joined("x", &[me])],
        vec![answer("mallory", "c1"), candidate("mallory", "c1"), from("ringing", "mallory", "c1")],
        vec![
            offer("mallory", "c2"),
            candidate("mallory", "c2"),
            answer("mallory", "c2"),
            offer("mallory", "c2"),
            joined("x", &["mallory"]),
            from("close", "mallory", "c2"),
            joined("x", &["mallory"]),
        ],
        vec![
            offer("mallory", "c3"),
            with(from("close", "mallory", "c3"), "reason", json!("disconnected")),
            offer("mallory", "c4"),
            answer("mallory", "c4"),
            from("close", "mallory", "c4"),
        ],
        vec![
            json!({ "type": "error", "code": "room-full", "message": "", "inReplyTo": "join" }),
            json!({ "type": "error", "code": "unknown-user", "message": "", "inReplyTo": "offer", "call": "c5" }),
            json!({ "type": "users", "users": ["mallory"], "total": 1 }),
            json!({ "type": "presence", "username": "mallory", "online": true }),
            joined("x", &["mallory"]),
        ],
    ]
}

/// Says each lure and checks that the app is still in no call afterwards.
async fn tempt(victim: &mut Victim, me: &str, baits: &Baits) {
    for lure in lures(me, baits) {
        for message in &lure {
            victim.send(message).await;
        }
        assert_eq!(victim.settle().await, "ringing", "the app is in a call after {lure:#?}");
        assert_eq!(victim.disclosed(), Vec::<&Value>::new(), "after {lure:#?}");
    }
}

fn in_no_call(snapshot: &Snapshot) -> bool {
    matches!(snapshot.call, CallPhase::Idle | CallPhase::Ended { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_hostile_server_sends_an_idle_app_calls_nobody_and_sends_nothing() {
    let (server, baits) = (HostileServer::start().await, Baits::lay().await);
    let mut alice = Person::new("alice");
    let (ice_servers, url) = (baits.ice_servers(), server.url());
    let (mut victim, ()) = tokio::join!(server.let_in(&ice_servers), alice.log_in(&url));
    tempt(&mut victim, "alice", &baits).await;
    let snapshot = alice.until("is in no call", in_no_call).await;
    assert!(!snapshot.camera_live, "no camera was opened");
    assert!(!alice.seen().exists() && !alice.heard().exists(), "nothing was received");
    assert_eq!(baits.arrived(), 0, "nothing was sent");

    // The same server and the same sockets notice a call that the person wants.
    alice.call("mallory").await;
    let offer = victim.receives("offer").await;
    assert_eq!(offer["otherUsername"], "mallory");
    baits.stun.until_taken().await;
    alice.until("sees herself", |s| s.camera_live).await;
    alice.session.finish().await;
}

/// Runs `visavis` without a window, as alice.
fn alice_runs(what: &[&str], server: &str, data: &Path) -> Program {
    let data = data.display().to_string();
    let visavis = programs::visavis().expect("visavis is built");
    let who = ["--username", "alice", "--server", server, "--data-dir", &data];
    let devices =
        ["--camera", "pattern", "--microphone", "tone", "--speaker", "none", "--timeout", "2m"];
    let log = ["--ice-server", "none", "--log", "visavis_client=info"];
    let all = what.iter().chain(&who).chain(&devices).chain(&log);
    Program::start("visavis", &visavis, all).expect("it starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_hostile_server_sends_the_program_that_waits_for_somebody_else_sends_nothing() {
    let (server, baits) = (HostileServer::start().await, Baits::lay().await);
    let data = tempfile::tempdir().expect("a temporary folder");
    let mut program = alice_runs(&["answer", "--from", "carol"], &server.url(), data.path());
    let mut victim = server.let_in(&baits.ice_servers()).await;
    tempt(&mut victim, "alice", &baits).await;
    assert_eq!(baits.arrived(), 0, "nothing was sent");
    assert_eq!(program.stdout().matches("accepting").count(), 0, "{}", program.stdout());
    assert!(!program.stderr().contains("phase=\"connecting\""), "{}", program.stderr());

    // It is awake: carol's call it takes, though this description leads nowhere.
    victim
        .send(&json!({ "type": "offer", "username": "carol", "call": "c9", "offer": baits.description("offer") }))
        .await;
    program
        .prints(SOON, |text| text.contains("carol calls: accepting").then_some(()))
        .await
        .expect("it takes carol's call");
    program.kill().await.expect("it ends");
}

fn blue() -> RoomId {
    RoomId::parse("blue").expect("a room")
}

fn bob(came_first: bool) -> Option<RoomMate> {
    Some(RoomMate { username: Username::parse("bob").expect("a name"), came_first })
}

fn joined_blue(users: &[&str]) -> Value {
    json!({ "type": "joined", "room": "blue", "users": users })
}

/// Somebody who is logged in and has requested blue, which the server has received.
async fn asking_for_blue(server: &HostileServer) -> (Person, Victim) {
    let mut alice = Person::new("alice");
    let (none, url) = (json!([]), server.url());
    let (mut victim, ()) = tokio::join!(server.let_in(&none), alice.log_in(&url));
    alice.send(Intent::JoinRoom(blue())).await;
    victim.receives("join").await;
    (alice, victim)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_into_a_room_is_shown_who_is_there_and_calls_at_their_click() {
    let server = HostileServer::start().await;
    let (mut alice, mut victim) = asking_for_blue(&server).await;
    victim.send(&joined_blue(&[])).await;
    alice.until("waits in the room", |s| s.room == RoomPhase::Inside(blue())).await;
    drop(victim);
    let mut victim = server.let_in(&json!([])).await;
    assert_eq!(victim.receives("join").await["room"], "blue");
    victim.send(&joined_blue(&["bob"])).await;
    assert_eq!(victim.settle().await, "ringing", "it is in no call");
    assert_eq!(victim.disclosed(), Vec::<&Value>::new());
    let snapshot = alice
        .until("sees bob and is in no call", |s| s.room_mate == bob(true) && in_no_call(s))
        .await;
    assert!(!snapshot.camera_live, "{snapshot:#?}");

    alice.call("bob").await;
    assert_eq!(victim.receives("offer").await["otherUsername"], "bob");
    alice.session.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_for_a_room_calls_whoever_is_there_although_the_first_answer_was_lost() {
    let server = HostileServer::start().await;
    let (mut alice, victim) = asking_for_blue(&server).await;
    drop(victim);
    let mut victim = server.let_in(&json!([])).await;
    assert_eq!(victim.receives("join").await["room"], "blue");
    victim.send(&joined_blue(&["bob"])).await;
    assert_eq!(victim.receives("offer").await["otherUsername"], "bob");
    alice
        .until(
            "calls",
            |s| matches!(&s.call, CallPhase::Calling { peer, .. } if peer.as_str() == "bob"),
        )
        .await;
    alice.session.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_that_is_to_meet_somebody_in_a_room_calls_them_also_after_the_server_was_lost()
{
    let server = HostileServer::start().await;
    let data = tempfile::tempdir().expect("a temporary folder");
    let program = alice_runs(&["call", "--room", "blue"], &server.url(), data.path());
    let mut victim = server.let_in(&json!([])).await;
    victim.receives("join").await;
    victim.send(&joined_blue(&[])).await;
    victim.send(&joined_blue(&["mallory"])).await;
    victim.send(&json!({ "type": "users", "users": [], "total": 0 })).await;
    drop(victim);
    let mut victim = server.let_in(&json!([])).await;
    victim.receives("join").await;
    victim.send(&joined_blue(&["bob"])).await;
    assert_eq!(victim.receives("offer").await["otherUsername"], "bob");
    program.kill().await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_a_room_is_called_by_himself_when_the_server_restarts() {
    let mut server = TestServer::start().await;
    let mut people =
        [Person::online("alice", server.url()).await, Person::online("bob", server.url()).await];
    // They met there, and did not talk.
    for person in &mut people {
        person.send(Intent::JoinRoom(blue())).await;
        person.until("is in the room", |s| s.room == RoomPhase::Inside(blue())).await;
    }
    let [alice, bob] = &mut people;
    alice.until_ringing().await;
    alice.send(Intent::Decline).await;
    for person in [alice, bob] {
        person.until_ended().await;
        person.send(Intent::Dismiss).await;
        person.until("is idle", |s| s.call == CallPhase::Idle).await;
    }

    server.kill().await;
    for person in &mut people {
        person.until("notices", |s| matches!(s.login, LoginPhase::Reconnecting { .. })).await;
    }
    server.restart().await;
    for person in &mut people {
        let together = |s: &Snapshot| {
            matches!(s.login, LoginPhase::LoggedIn { .. })
                && s.room == RoomPhase::Inside(blue())
                && s.room_mate.is_some()
        };
        let snapshot = person.until("sees the other in the room", together).await;
        assert_eq!(snapshot.call, CallPhase::Idle, "nobody has touched anything");
    }
    if people[0].sees().room_mate.as_ref().is_some_and(|mate| mate.came_first) {
        people.reverse();
    }
    let [first, second] = &mut people;
    let mate = second.sees().room_mate.clone().expect("the other");
    assert!(mate.came_first, "it is for the second to call");
    assert_eq!(first.sees().call, CallPhase::Idle);
    second.call(mate.username.as_str()).await;
    first.until_ringing().await;
    first.accept().await;
    first.until_in_call().await;
    second.until_in_call().await;
}
