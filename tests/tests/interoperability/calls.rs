//! Calls as people have them, with each peer.

use serde_json::{Value, json};
use visavis_client::session::snapshot::Intent;
use visavis_tests::peers::{Ended, Peer};

use super::table::{APP, Media, PEER, Table, usual};

#[tokio::test(flavor = "multi_thread")]
async fn aiortc_and_the_app_call_each_other() {
    let mut table = Table::laid().await;
    let mut peer = Peer::aiortc(table.server.url(), PEER).await.expect("aiortc starts");
    table.call_both_ways(&mut peer, &usual(), Media::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtcbin_without_a_bundle_and_the_app_hear_each_other() {
    let mut table = Table::laid().await;
    let mut peer = Peer::webrtcbin(table.server.url(), PEER).await.expect("webrtcbin starts");
    table.call_both_ways(&mut peer, &usual(), Media::AudioOnly).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtcbin_and_the_app_call_each_other_with_all_in_one_bundle() {
    let mut table = Table::laid().await;
    let mut peer = Peer::webrtcbin(table.server.url(), PEER).await.expect("webrtcbin starts");
    table.call_both_ways(&mut peer, &bundled("max-bundle"), Media::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_and_the_app_call_each_other_with_all_in_one_bundle() {
    let mut table = Table::laid().await;
    let mut peer = Peer::chromium(table.server.url(), PEER).await.expect("Chromium starts");
    table.call_both_ways(&mut peer, &bundled("max-bundle"), Media::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_and_the_app_call_each_other_with_a_transport_for_each_section_until_it_is_bundled()
 {
    let mut table = Table::laid().await;
    let mut peer = Peer::chromium(table.server.url(), PEER).await.expect("Chromium starts");
    table.call_both_ways(&mut peer, &bundled("max-compat"), Media::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firefox_without_its_h264_plug_in_and_the_app_hear_each_other() {
    let mut table = Table::laid().await;
    let mut peer = Peer::firefox(table.server.url(), PEER).await.expect("Firefox starts");
    table.call_both_ways(&mut peer, &usual(), Media::AudioOnly).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn werift_and_the_app_call_each_other_with_video_as_ffmpeg_packetizes_it() {
    let mut table = Table::laid().await;
    let mut peer = Peer::werift(table.server.url(), PEER).await.expect("werift starts");
    table.call_both_ways(&mut peer, &usual(), Media::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_whose_call_is_declined_is_told_so() {
    let mut table = Table::laid().await;
    let mut peer = Peer::aiortc(table.server.url(), PEER).await.expect("aiortc starts");
    peer.call(APP, &usual()).await.expect("the peer calls");
    table.app.until_ringing().await;
    table.app.send(Intent::Decline).await;
    let told = peer.until("told", |state| state.ended.is_some()).await.expect("it is told");
    let declined = Ended { kind: "decline".into(), reason: Some("declined".into()) };
    assert_eq!(told.ended, Some(declined));
    assert_eq!(told.answer, None, "whoever declines discloses nothing");
}

/// [`usual`] with a policy.
fn bundled(policy: &str) -> Value {
    let mut plan = usual();
    plan["bundle"] = json!(policy);
    plan
}
