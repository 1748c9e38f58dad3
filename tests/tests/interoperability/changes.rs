//! Calls that change while they run.

use std::time::Duration;

use serde_json::json;
use visavis_client::call::event::CallPhase;
use visavis_tests::peers::{Peer, State, sections};

use super::table::{Media, PEER, Table, usual};

/// The outcome of each section of the last answer: a direction as the app sees it, or `rejected`.
fn outcome(state: &State) -> Vec<String> {
    let answer = sections(state.answer.as_deref().unwrap_or_default());
    let said = |section: visavis_tests::peers::Section| {
        if section.is_rejected { "rejected".to_owned() } else { section.direction }
    };
    answer.into_iter().map(said).collect()
}

/// The peer changes the call; how things stand when it has applied the answer.
async fn changes(peer: &mut Peer, what: serde_json::Value) -> State {
    let before = peer.state().await.expect("the peer answers").answers_applied;
    peer.change(&what).await.expect("the peer offers again");
    let applied = |state: &State| state.answers_applied > before || !state.errors.is_empty();
    let state = peer.until("having applied the answer", applied).await.expect("it is answered");
    assert_eq!(state.errors, Vec::<String>::new());
    state
}

/// Waits until the peer has decoded so many more frames.
async fn sees_on(peer: &mut Peer) {
    let before = peer.state().await.expect("the peer answers").frames;
    peer.until("seeing on", |state| state.frames >= before + 20).await.expect("it sees on");
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_holds_the_video_and_takes_it_up_again() {
    let mut table = Table::laid().await;
    let mut peer = Peer::chromium(table.server.url(), PEER).await.expect("Chromium starts");
    table.peer_calls(&mut peer, &usual()).await;
    table.media_flow(&mut peer, Media::Both).await;

    let held = changes(&mut peer, json!([{ "section": 1, "direction": "inactive" }])).await;
    assert_eq!(outcome(&held), ["sendrecv", "inactive"]);
    // What was on its way may still arrive.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let frames = peer.state().await.expect("the peer answers").frames;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(peer.state().await.expect("the peer answers").frames, frames, "it is held");

    let resumed = changes(&mut peer, json!([{ "section": 1, "direction": "sendrecv" }])).await;
    assert_eq!(outcome(&resumed), ["sendrecv", "sendrecv"]);
    sees_on(&mut peer).await;
    table.media_flow(&mut peer, Media::Both).await;
    let report = table.peer_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::Both);
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_restarts_ice_and_the_call_goes_on() {
    let mut table = Table::laid().await;
    let mut peer = Peer::chromium(table.server.url(), PEER).await.expect("Chromium starts");
    table.peer_calls(&mut peer, &usual()).await;
    table.media_flow(&mut peer, Media::Both).await;
    let before = peer.state().await.expect("the peer answers").answer;

    let restarted = changes(&mut peer, json!([{ "restart": true }])).await;
    assert_ne!(restarted.answer, before);
    sees_on(&mut peer).await;
    assert!(matches!(table.app.sees().call, CallPhase::InCall { .. }));
    let report = table.app_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::Both);
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_stops_its_video_for_good_and_the_sound_goes_on() {
    let mut table = Table::laid().await;
    let mut peer = Peer::chromium(table.server.url(), PEER).await.expect("Chromium starts");
    table.peer_calls(&mut peer, &usual()).await;
    table.media_flow(&mut peer, Media::Both).await;

    let stopped = changes(&mut peer, json!([{ "section": 1, "stop": true }])).await;
    assert_eq!(outcome(&stopped), ["sendrecv", "rejected"]);
    table.media_flow(&mut peer, Media::AudioOnly).await;

    // A new one takes the place of the stopped one (RFC 8829 §5.2.2).
    let added = changes(&mut peer, json!([{ "add": { "kind": "video" } }])).await;
    assert_eq!(outcome(&added), ["sendrecv", "sendrecv"]);
    sees_on(&mut peer).await;
    let report = table.app_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::AudioOnly);
}

#[tokio::test(flavor = "multi_thread")]
async fn aiortc_adds_video_to_a_call_that_began_with_sound() {
    let mut table = Table::laid().await;
    let mut peer = Peer::aiortc(table.server.url(), PEER).await.expect("aiortc starts");
    table.peer_calls(&mut peer, &json!({ "sections": [{ "kind": "audio" }] })).await;
    table.media_flow(&mut peer, Media::AudioOnly).await;

    let added = changes(&mut peer, json!([{ "add": { "kind": "video" } }])).await;
    assert_eq!(outcome(&added), ["sendrecv", "sendrecv"]);
    table.media_flow(&mut peer, Media::Both).await;
    let report = table.app_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::Both);
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtcbin_without_a_bundle_adds_video_to_a_call_that_began_with_sound() {
    let mut table = Table::laid().await;
    let mut peer = Peer::webrtcbin(table.server.url(), PEER).await.expect("webrtcbin starts");
    let plan = json!({ "bundle": "none", "sections": [{ "kind": "audio" }] });
    table.peer_calls(&mut peer, &plan).await;
    table.media_flow(&mut peer, Media::AudioOnly).await;

    let added = changes(&mut peer, json!([{ "add": { "kind": "video" } }])).await;
    assert_eq!(outcome(&added), ["sendrecv", "sendrecv"]);
    table.media_flow(&mut peer, Media::Both).await;
    let report = table.app_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::Both);
}
