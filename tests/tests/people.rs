//! Contacts, blocked names, missed calls and rooms over a day: real sessions, a real server, real
//! files.

use std::path::Path;

use visavis_client::call::event::{CallPhase, EndReason};
use visavis_client::device::SpeakerChoice;
use visavis_client::device_key::DeviceKey;
use visavis_client::session::options::{Identity, SessionOptions};
use visavis_client::session::snapshot::{
    CallEnd, Direction, Intent, LoginPhase, Presence, RoomPhase, Snapshot,
};
use visavis_shared::{RoomId, Username};
use visavis_tests::person::{Person, connect};
use visavis_tests::server::TestServer;

fn name(text: &str) -> Username {
    Username::parse(text).expect("a name")
}

/// Somebody who has a window, and keeps people and a key in this folder.
fn with_window(who: &str, folder: &Path, change: impl FnOnce(&mut SessionOptions)) -> Person {
    let key = DeviceKey::load_or_create(folder).expect("a key");
    Person::with(who, |options| {
        options.window = true;
        options.speaker = SpeakerChoice::None;
        options.identity = Identity::Device(key);
        options.people = Some(folder.join("people"));
        change(options);
    })
}

fn calls(snapshot: &Snapshot) -> Vec<(&str, Direction, CallEnd)> {
    let calls = snapshot.recent_calls.iter();
    calls.map(|call| (call.with.as_str(), call.direction, call.end)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_one_knows_blocked_and_missed_is_there_again_at_the_next_start() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut alice = with_window("alice", folder.path(), |_| {});
    alice.log_in(server.url()).await;
    let carol =
        Intent::AddContact { username: "carol".to_owned(), display_name: "Aunt Carol".to_owned() };
    alice.send(carol).await;
    alice.send(Intent::Block(name("mallory"))).await;
    alice.until("has blocked mallory", |s| s.blocked.len() == 1).await;

    let mut mallory = Person::online("mallory", server.url()).await;
    let mut carol = Person::online("carol", server.url()).await;
    let online = |s: &Snapshot| s.contacts.iter().any(|c| c.presence == Presence::Online);
    alice.until("sees that carol is there", online).await;
    mallory.call("alice").await;
    mallory.until("calls", |s| matches!(s.call, CallPhase::Calling { .. })).await;
    carol.call("alice").await;
    alice.until_ringing().await;
    assert!(
        matches!(&alice.sees().call, CallPhase::Ringing { peer, .. } if peer.as_str() == "carol")
    );
    carol
        .until("hears it ring", |s| matches!(s.call, CallPhase::Calling { ringing: true, .. }))
        .await;
    // Whatever alice's app had answered to mallory would have come before.
    assert!(matches!(mallory.sees().call, CallPhase::Calling { ringing: false, .. }));
    mallory.send(Intent::HangUp).await;
    assert_eq!(mallory.until_ended().await, EndReason::HungUp);
    carol.send(Intent::HangUp).await;
    let missed = alice.until("has missed it", |s| s.unseen_missed_calls == 1).await;
    assert_eq!(calls(&missed), [("carol", Direction::Incoming, CallEnd::NoAnswer)]);
    assert!(!missed.end_takes_a_page());
    assert!(missed.people.iter().all(|person| person.username.as_str() == "carol"));
    alice.session.finish().await;

    let url = server.url().to_owned();
    let mut alice = with_window("alice", folder.path(), |options| {
        options.remembered_server = url;
        options.remembered_username = "alice".to_owned();
        options.log_in_at_start = true;
    });
    alice.until("logs in by itself", |s| matches!(s.login, LoginPhase::LoggedIn { .. })).await;
    let again = alice.until("sees carol", online).await;
    assert_eq!(again.contacts[0].shown_name(), "Aunt Carol");
    assert_eq!((again.unseen_missed_calls, &*again.blocked), (1, &vec![name("mallory")]));
    assert_eq!(calls(&again), calls(&missed));
    alice.send(Intent::SeeMissedCalls).await;
    alice.until("has seen it", |s| s.unseen_missed_calls == 0).await;
    let export = folder.path().join("export.json");
    alice.send(Intent::ExportPeople(export.clone())).await;
    alice
        .until("is told of it", |s| s.notices.iter().any(|n| n.text.plain().contains("export")))
        .await;
    let text = std::fs::read_to_string(&export).expect("it was exported");
    assert!(text.contains("Aunt Carol") && text.contains("mallory"));
    alice.session.finish().await;

    // On another server one knows nobody yet.
    let other = TestServer::start().await;
    let mut alice = with_window("alice", folder.path(), |_| {});
    alice.log_in(other.url()).await;
    assert_eq!((alice.sees().contacts.len(), alice.sees().recent_calls.len()), (0, 0));
    alice.session.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_met_in_a_room_has_left_it_after_the_call_and_others_can_meet_there() {
    let server = TestServer::start().await;
    let room = RoomId::parse("kingfisher").expect("a room");
    let mut alice = Person::online("alice", server.url()).await;
    let mut bob = Person::online("bob", server.url()).await;
    let mut carol = Person::online("carol", server.url()).await;
    let inside = |s: &Snapshot| matches!(s.room, RoomPhase::Inside(_));
    alice.send(Intent::JoinRoom(room.clone())).await;
    alice.until("is in the room", inside).await;
    bob.send(Intent::JoinRoom(room.clone())).await;
    alice.until_ringing().await;
    carol.send(Intent::JoinRoom(room.clone())).await;
    carol.until("is refused", |s| matches!(s.room, RoomPhase::Refused(_))).await;
    alice.accept().await;
    alice.until("talks", |s| matches!(s.call, CallPhase::InCall { .. })).await;
    bob.send(Intent::HangUp).await;
    let outside = |s: &Snapshot| s.room == RoomPhase::Outside && s.room_mate.is_none();
    bob.until("is out of the room", outside).await;
    alice.until("is out of the room", outside).await;
    carol.send(Intent::JoinRoom(room.clone())).await;
    let alone = carol.until("is in the room", inside).await;
    assert_eq!(alone.room_mate, None);
    // It can be left before anybody comes.
    carol.send(Intent::LeaveRoom).await;
    carol.until("is out of the room", outside).await;
    bob.send(Intent::JoinRoom(room)).await;
    let alone = bob.until("is in the room", inside).await;
    assert_eq!(alone.room_mate, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_caller_gets_busy_and_is_found_in_the_history() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut alice = with_window("alice", folder.path(), |_| {});
    alice.log_in(server.url()).await;
    let mut bob = Person::online("bob", server.url()).await;
    let mut carol = Person::online("carol", server.url()).await;
    connect(&mut alice, &mut bob).await;
    carol.call("alice").await;
    assert_eq!(carol.until_ended().await, EndReason::Busy);
    let told = alice.until("is told", |s| s.unseen_missed_calls == 1).await;
    assert!(
        told.notices
            .iter()
            .any(|notice| notice.text.plain().starts_with("carol tried to call you"))
    );
    assert!(matches!(told.call, CallPhase::InCall { .. }));
    assert_eq!(calls(&told), [("carol", Direction::Incoming, CallEnd::CameWhileBusy)]);
    alice.send(Intent::HangUp).await;
    let over = alice.until("has both", |s| s.recent_calls.len() == 2).await;
    assert_eq!(calls(&over)[0], ("bob", Direction::Outgoing, CallEnd::Completed));
    assert!(over.recent_calls[0].talked.is_some());
}
