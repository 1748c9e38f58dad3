//! Two people, a real server, real UDP on loopback: every course a call can take.

use std::time::Duration;

use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::device::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use visavis_client::session::options::Identity;
use visavis_client::session::snapshot::{Intent, LoginPhase, RoomPhase, Snapshot};
use visavis_shared::RoomId;
use visavis_tests::look;
use visavis_tests::person::{Person, SOON, connect, tone_of};
use visavis_tests::server::TestServer;

/// Within this, closing on one side must have stopped everything on the other.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Alice and bob, logged in.
async fn alice_and_bob(server: &TestServer) -> (Person, Person) {
    (Person::online("alice", server.url()).await, Person::online("bob", server.url()).await)
}

/// Lets video and audio flow for a while.
async fn talk(time: Duration) {
    tokio::time::sleep(time).await;
}

/// What `listener` recorded is `speaker`'s voice, and the video is the test pattern.
fn saw_and_heard(listener: &Person, speaker: &str) {
    let video = look::compare_with_pattern(&listener.seen());
    assert!(video.frames >= 30, "only {} frames were shown", video.frames);
    // How fine a picture is depends on the rate, and that on how busy the machine is.
    assert!(video.worst_psnr_db >= 22.0, "the worst frame has {:.1} dB", video.worst_psnr_db);
    assert_eq!(video.mistaken, 0, "frames that show another than their own picture");
    listener.assert_heard(speaker, 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_call_carries_video_and_audio_in_both_directions() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    connect(&mut alice, &mut bob).await;
    talk(Duration::from_secs(4)).await;
    alice.send(Intent::HangUp).await;
    assert_eq!(alice.until_ended().await, EndReason::HungUp);
    assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer);
    for (listener, speaker) in [(&mut alice, "bob"), (&mut bob, "alice")] {
        let report = listener.report().await;
        assert_eq!(report.outcome, "completed");
        assert_eq!(report.peer.as_deref(), Some(speaker));
        let video = report.video.received.expect("video was received");
        assert!(video.frames_decoded >= Some(60), "{video:?}");
        let audio = report.audio.received.expect("audio was received");
        assert!(
            (audio.tone_hz.expect("a tone was heard") - f64::from(tone_of(speaker))).abs() <= 2.0,
            "{audio:?}"
        );
        saw_and_heard(listener, speaker);
        assert!(
            look::is_png_of_pattern(&listener.path("last.png")),
            "the snapshot shows the test pattern"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_shows_that_camera_and_microphone_work_and_closes_both() {
    let mut alice = Person::with("alice", |options| options.window = true);
    alice.send(Intent::Preview(true)).await;
    // The tone is 45 of the 60 decibels that the meter shows above silence.
    alice
        .until("sees and hears herself", |s| {
            s.camera_live && (0.7..0.9).contains(&s.microphone_level)
        })
        .await;
    alice.send(Intent::Preview(false)).await;
    alice.until("is alone", |s| !s.camera_live && s.microphone_level == 0.0).await;
    assert!(!alice.heard().exists(), "a preview plays nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_call_ends_for_both_and_opens_no_device_at_the_callee() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    alice.call("bob").await;
    bob.until_ringing().await;
    assert!(!bob.sees().camera_live, "the camera opens only after accepting");
    bob.send(Intent::Decline).await;
    assert_eq!(alice.until_ended().await, EndReason::Declined);
    assert_eq!(bob.until_ended().await, EndReason::DeclinedByUs);
    assert_eq!(alice.report().await.outcome, "declined");
    assert!(!bob.seen().exists() && !bob.heard().exists(), "nothing was received before accepting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_caller_gets_busy_and_the_call_goes_on() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    let mut carol = Person::online("carol", server.url()).await;
    connect(&mut alice, &mut bob).await;
    carol.call("bob").await;
    assert_eq!(carol.until_ended().await, EndReason::Busy);
    assert!(matches!(bob.sees().call, CallPhase::InCall { .. }));
    talk(Duration::from_secs(3)).await;
    bob.send(Intent::HangUp).await;
    alice.until_ended().await;
    alice.report().await;
    saw_and_heard(&alice, "bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_a_name_that_nobody_has_ends_as_unknown() {
    let server = TestServer::start().await;
    let mut alice = Person::online("alice", server.url()).await;
    alice.call("nobody").await;
    assert_eq!(alice.until_ended().await, EndReason::Unknown);
    assert_eq!(alice.report().await.outcome, "unknown-user");
    alice.until("has closed the camera", |s| !s.camera_live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_call_each_other_at_once_get_one_call() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    tokio::join!(alice.call("bob"), bob.call("alice"));
    alice.until_in_call().await;
    bob.until_in_call().await;
    talk(Duration::from_secs(3)).await;
    bob.send(Intent::HangUp).await;
    assert_eq!(alice.until_ended().await, EndReason::ClosedByPeer);
    let (hers, his) = (alice.report().await, bob.report().await);
    assert_eq!(hers.call, his.call, "both were in the same call");
    saw_and_heard(&alice, "bob");
    saw_and_heard(&bob, "alice");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_while_it_rings_stops_the_ringing() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    alice.call("bob").await;
    bob.until_ringing().await;
    alice
        .until("hears it ring", |s| matches!(s.call, CallPhase::Calling { ringing: true, .. }))
        .await;
    alice.send(Intent::HangUp).await;
    assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer);
    assert_eq!(alice.until_ended().await, EndReason::HungUp);
    assert!(!bob.sees().camera_live);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_on_either_side_stops_capture_on_both_at_once() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    for caller_closes in [true, false] {
        connect(&mut alice, &mut bob).await;
        alice.until("captures", |s| s.camera_live).await;
        bob.until("captures", |s| s.camera_live).await;
        let (closing, other) =
            if caller_closes { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        closing.send(Intent::HangUp).await;
        let over = |s: &visavis_client::session::snapshot::Snapshot| {
            matches!(s.call, CallPhase::Ended { .. }) && !s.camera_live
        };
        other.within(AT_ONCE, "has stopped capturing", over).await;
        closing.within(AT_ONCE, "has stopped capturing", over).await;
        for person in [&mut alice, &mut bob] {
            person.send(Intent::Dismiss).await;
            person.within(AT_ONCE, "is idle", |s| s.call == CallPhase::Idle).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_call_survives_the_server_and_logs_in_again_when_it_is_back() {
    let mut server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    connect(&mut alice, &mut bob).await;
    talk(Duration::from_secs(2)).await;
    server.kill().await;
    for person in [&mut alice, &mut bob] {
        person.until("notices", |s| matches!(s.login, LoginPhase::Reconnecting { .. })).await;
    }
    let before = look::frames(&bob.seen());
    talk(Duration::from_secs(3)).await;
    assert!(
        matches!(alice.sees().call, CallPhase::InCall { .. }),
        "the call goes on without the server"
    );
    assert!(look::frames(&bob.seen()) >= before + 45, "video goes on without the server");
    server.restart().await;
    for person in [&mut alice, &mut bob] {
        person
            .until("is logged in again", |s| matches!(s.login, LoginPhase::LoggedIn { .. }))
            .await;
    }
    alice.send(Intent::HangUp).await;
    assert_eq!(
        bob.until_ended().await,
        EndReason::ClosedByPeer,
        "the new connection carries the close"
    );
    bob.report().await;
    saw_and_heard(&bob, "alice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_with_garbage_sdp_fails_for_that_caller_alone() {
    let server = TestServer::start().await;
    let mut bob = Person::online("bob", server.url()).await;
    let mut mallory = server.socket().await;
    mallory.log_in("mallory").await;
    for (number, sdp) in [
        "",
        "garbage",
        "v=0\r\n",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 X 999\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        mallory
            .send(serde_json::json!({
                "type": "offer", "otherUsername": "bob", "call": format!("call-{number}"), "offer": { "type": "offer", "sdp": sdp }
            }))
            .await;
        bob.until_ringing().await;
        bob.accept().await;
        let refusal = mallory.receives("decline").await;
        assert_eq!(refusal["reason"], "failed", "{sdp:?}");
        assert!(matches!(bob.until_ended().await, EndReason::ConnectFailed(_)), "{sdp:?}");
        bob.until("has closed the camera", |s| !s.camera_live).await;
        bob.report().await;
        bob.send(Intent::Dismiss).await;
        bob.until("is idle", |s| s.call == CallPhase::Idle).await;
    }
    let mut alice = Person::online("alice", server.url()).await;
    connect(&mut alice, &mut bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_malformed_messages_get_an_error_each_and_the_session_goes_on() {
    let server = TestServer::start().await;
    let mut bob = Person::online("bob", server.url()).await;
    let mut mallory = server.socket().await;
    mallory.log_in("mallory").await;
    let templates = [
        "{",
        "[]",
        "null",
        "7",
        "\"offer\"",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"nonsense"}"#,
        r#"{"type":"offer"}"#,
        r#"{"type":"offer","otherUsername":"bob"}"#,
        r#"{"type":"offer","otherUsername":7,"offer":{}}"#,
        r#"{"type":"candidate","otherUsername":"bob"}"#,
        r#"{"type":"answer","otherUsername":"","answer":{}}"#,
        r#"{"type":"watch","usernames":"bob"}"#,
        r#"{"type":"users","prefix":7}"#,
        r#"{"type":"join"}"#,
        r#"{"type":"message","room":7}"#,
        r#"{"type":"close","otherUsername":[]}"#,
    ];
    for n in 0..200 {
        let text = templates[n % templates.len()];
        mallory.send_text(text).await;
        let error = mallory
            .receives_within(SOON, "error")
            .await
            .unwrap_or_else(|| panic!("no error for {text}"));
        assert!(error["message"].as_str().is_some_and(|words| !words.is_empty()), "{error}");
    }
    let deep = format!(
        r#"{{"type":"offer","otherUsername":"bob","offer":{}{}}}"#,
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    mallory.send_text(&deep).await;
    mallory.receives("error").await;
    mallory.send(serde_json::json!({ "type": "users", "prefix": "b" })).await;
    assert_eq!(mallory.receives("users").await["users"], serde_json::json!(["bob"]));
    bob.until("is untouched", |s| {
        matches!(s.login, LoginPhase::LoggedIn { .. }) && s.call == CallPhase::Idle
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_without_a_camera_microphone_or_speaker_and_shows_a_notice_for_each() {
    let server = TestServer::start().await;
    let mut alice = Person::with("alice", |options| {
        options.camera = CameraChoice::Named("no such camera".into());
        options.microphone = MicrophoneChoice::Named("no such microphone".into());
        options.speaker = SpeakerChoice::Named("no such speaker".into());
    });
    alice.log_in(server.url()).await;
    let mut bob = Person::online("bob", server.url()).await;
    connect(&mut alice, &mut bob).await;
    talk(Duration::from_secs(3)).await;
    let said: Vec<String> = alice.sees().notices.iter().map(|notice| notice.text.plain()).collect();
    for what in ["picture", "voice", "hear"] {
        assert!(
            said.iter().any(|text| text.contains(what)),
            "no notice names the {what}: {said:?}"
        );
    }
    alice.send(Intent::HangUp).await;
    bob.until_ended().await;
    let report = alice.report().await;
    assert!(report.video.received.expect("bob is seen").frames_decoded >= Some(45));
    let heard = report.audio.received.expect("bob's voice arrives, though nobody hears it");
    assert!((heard.tone_hz.expect("a tone") - f64::from(tone_of("bob"))).abs() <= 2.0, "{heard:?}");
    assert!(report.video.sent.is_none(), "no video is sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_enter_the_same_room_see_and_hear_each_other_whoever_they_are() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    let room = RoomId::parse("blue").expect("a room");
    alice.send(Intent::JoinRoom(room.clone())).await;
    alice.until("is in the room", |s| s.room == RoomPhase::Inside(room.clone())).await;
    bob.send(Intent::JoinRoom(room)).await;
    alice.until_ringing().await;
    alice.accept().await;
    alice.until_in_call().await;
    bob.until_in_call().await;
    talk(Duration::from_secs(4)).await;
    alice.send(Intent::HangUp).await;
    assert_eq!(bob.until_ended().await, EndReason::ClosedByPeer);
    for (person, other) in [(&mut alice, "bob"), (&mut bob, "alice")] {
        person.report().await;
        saw_and_heard(person, other);
    }
    for person in [&mut alice, &mut bob] {
        person.until("is out of the room", |s| s.room == RoomPhase::Outside).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_in_a_room_is_in_it_again_when_the_server_has_forgotten_it() {
    let mut server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    let room = RoomId::parse("blue").expect("a room");
    alice.send(Intent::JoinRoom(room.clone())).await;
    alice.until("is in the room", |s| s.room == RoomPhase::Inside(room.clone())).await;
    server.kill().await;
    alice.until("notices", |s| matches!(s.login, LoginPhase::Reconnecting { .. })).await;
    server.restart().await;
    let back = |s: &Snapshot| {
        matches!(s.login, LoginPhase::LoggedIn { .. }) && matches!(s.room, RoomPhase::Inside(_))
    };
    alice.until("is in the room again", back).await;
    bob.until("is back", |s| matches!(s.login, LoginPhase::LoggedIn { .. })).await;
    bob.send(Intent::JoinRoom(room)).await;
    alice.until_ringing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_when_the_same_device_logs_in_a_second_time_elsewhere() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    connect(&mut alice, &mut bob).await;
    let key = alice.key.clone();
    let mut elsewhere = Person::with("alice", |options| options.identity = Identity::Device(key));
    elsewhere.log_in(server.url()).await;
    alice
        .until(
            "is notified",
            |s| matches!(&s.login, LoginPhase::Failed(words) if words.plain().contains("another")),
        )
        .await;
    let before = look::frames(&bob.seen());
    talk(Duration::from_secs(2)).await;
    assert!(matches!(alice.sees().call, CallPhase::InCall { .. }), "no server is needed for that");
    assert!(look::frames(&bob.seen()) >= before + 30, "video goes on");
    alice.send(Intent::HangUp).await;
    bob.until("sees the end", |s| !matches!(s.call, CallPhase::InCall { .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_told_whether_the_other_is_muted_and_has_the_camera_off() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = alice_and_bob(&server).await;
    // From before the call on.
    alice.send(Intent::MuteMicrophone(true)).await;
    connect(&mut alice, &mut bob).await;
    let is = |muted, off| move |s: &Snapshot| (s.remote_muted, s.remote_camera_off) == (muted, off);
    bob.until("sees that alice is muted", is(true, false)).await;
    bob.send(Intent::TurnCameraOff(true)).await;
    alice.until("sees that bob's camera is off", is(false, true)).await;
    alice.send(Intent::MuteMicrophone(false)).await;
    bob.send(Intent::TurnCameraOff(false)).await;
    bob.until("sees that alice is not muted", is(false, false)).await;
    alice.until("sees that bob's camera is on", is(false, false)).await;
    alice.send(Intent::MuteMicrophone(true)).await;
    bob.until("sees that alice is muted again", is(true, false)).await;
    alice.send(Intent::HangUp).await;
    bob.until_ended().await;
    bob.until("knows nothing of the next call", is(false, false)).await;
}
