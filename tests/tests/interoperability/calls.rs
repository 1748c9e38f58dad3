//! Calls as people have them, with each peer.

use serde_json::{Value, json};
use visavis_client::session::report::Report;
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
async fn webrtcbin_without_a_bundle_and_the_app_call_each_other() {
    let mut table = Table::laid().await;
    let mut peer = Peer::webrtcbin(table.server.url(), PEER).await.expect("webrtcbin starts");
    table.call_both_ways(&mut peer, &usual(), Media::Both).await;
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
async fn firefox_without_its_h264_plug_in_hears_and_is_heard_and_the_app_says_why_nobody_is_seen() {
    let mut table = Table::laid().await;
    let mut peer = Peer::firefox(table.server.url(), PEER).await.expect("Firefox starts");

    table.peer_calls(&mut peer, &usual()).await;
    table.media_flow(&mut peer, Media::AudioOnly).await;
    let words = [
        "peer's picture can't be shown: their program sends no H.264 video, the only kind that can \
         be shown here.",
        "peer can't see you: their program takes no H.264 video, the only kind that is sent here.",
    ];
    table.app_says(&words).await;
    let report = table.peer_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::AudioOnly);
    assert_no_video(&report, "no-common-format");

    table.app_calls(&mut peer, &usual()).await;
    table.media_flow(&mut peer, Media::AudioOnly).await;
    let words = [
        "peer's picture can't be shown: their program refused video. It may have no H.264, the \
         only kind that can be shown here.",
        "peer can't see you: their program refused video.",
    ];
    table.app_says(&words).await;
    let report = table.app_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::AudioOnly);
    assert_no_video(&report, "refused");
}

/// Checks that the report names the problem of both directions and that nothing was encoded in
/// vain.
fn assert_no_video(report: &Report, problem: &str) {
    let received = report.video.received.as_ref().expect("what is wrong with theirs");
    assert_eq!((received.problem.as_deref(), received.frames_decoded), (Some(problem), None));
    let sent = report.video.sent.as_ref().expect("what is wrong with ours");
    assert_eq!((sent.problem.as_deref(), sent.frames), (Some(problem), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn werift_and_the_app_call_each_other_with_video_as_ffmpeg_packetizes_it() {
    let mut table = Table::laid().await;
    let mut peer = Peer::werift(table.server.url(), PEER).await.expect("werift starts");
    table.call_both_ways(&mut peer, &usual(), Media::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn werift_sends_frames_of_several_slices_with_parameter_sets_in_its_description_alone() {
    let mut table = Table::laid().await;
    let mut peer = Peer::werift(table.server.url(), PEER).await.expect("werift starts");
    let video =
        json!({ "kind": "video", "parameterSets": "description", "encoder": ["-slices", "3"] });
    let plan = json!({ "sections": [{ "kind": "audio" }, video] });
    // In answers werift repeats the parameters of the offer, so it is the one that calls.
    table.peer_calls(&mut peer, &plan).await;
    table.media_flow(&mut peer, Media::Both).await;
    let report = table.peer_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::Both);
}

/// werift sends what ffmpeg encodes with these options. Sound arrives, and the app says why no
/// picture does, in the window and in its report.
async fn the_app_says_what_is_wrong(encoder: &[&str], words: &str, problem: &str) {
    let mut table = Table::laid().await;
    let mut peer = Peer::werift(table.server.url(), PEER).await.expect("werift starts");
    let video = json!({ "kind": "video", "encoder": encoder });
    table.peer_calls(&mut peer, &json!({ "sections": [{ "kind": "audio" }, video] })).await;
    table.media_flow(&mut peer, Media::AudioOnly).await;
    table.app_says(&[words]).await;
    let report = table.peer_hangs_up(&mut peer).await;
    table.assert_received(&report, Media::AudioOnly);
    let received = report.video.received.as_ref().expect("what is wrong with theirs");
    assert_eq!(received.problem.as_deref(), Some(problem));
    assert_eq!(received.frames_decoded.unwrap_or_default(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_interlaced_video_the_app_says_so() {
    let encoder = ["-profile:v", "main", "-flags", "+ildct+ilme", "-x264-params", "interlaced=1"];
    let words = "peer's picture can't be shown: it is interlaced. Another camera or program on \
                 their side may help.";
    the_app_says_what_is_wrong(&encoder, words, "interlaced").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_video_with_ten_bits_the_app_says_so() {
    let encoder = ["-profile:v", "high10", "-pix_fmt", "yuv420p10le"];
    let words = "peer's picture can't be shown: it has 10 bits for each colour, and only 8 can be \
                 shown. Another program or setting on their side may help.";
    the_app_says_what_is_wrong(&encoder, words, "bit-depth").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_video_with_full_chroma_the_app_says_so() {
    let encoder = ["-profile:v", "high444", "-pix_fmt", "yuv444p"];
    let words = "peer's picture can't be shown: its colours are finer than can be shown here. \
                 Another program or setting on their side may help.";
    the_app_says_what_is_wrong(&encoder, words, "chroma-format").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_video_that_never_has_a_key_frame_the_app_says_so() {
    // Only the first picture is one, and that is over before anybody takes it.
    let encoder = ["-g", "100000"];
    let words = "peer's picture can't be shown: no whole picture has come for a while. It helps \
                 if they turn their camera off and on.";
    the_app_says_what_is_wrong(&encoder, words, "no-key-frame").await;
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
