//! The app's answers to offers of every shape that its peers make: each peer applies them, and what
//! was accepted flows.

use std::time::Duration;

use serde_json::{Value, json};
use visavis_client::call::event::CallPhase;
use visavis_client::device::SpeakerChoice;
use visavis_client::session::snapshot::Intent;
use visavis_tests::peers::{Peer, Section, State, sections};
use visavis_tests::person::Person;
use visavis_tests::server::TestServer;

use super::table::{APP, PEER, Table};

/// An offer, and what becomes of its sections: a direction as the app sees it, or `rejected`.
struct Sample {
    plan: Value,
    answer: &'static [&'static str],
}

fn sample(plan: Value, answer: &'static [&'static str]) -> Sample {
    Sample { plan, answer }
}

/// What every peer can offer; `bundle` is its policy.
fn common(bundle: &str) -> Vec<Sample> {
    let section = |kind: &str, direction: &str| json!({ "kind": kind, "direction": direction });
    let plan = |sections: Value| json!({ "bundle": bundle, "sections": sections });
    let both =
        |audio: &str, video: &str| plan(json!([section("audio", audio), section("video", video)]));
    let data = json!({ "kind": "data" });
    vec![
        sample(both("sendrecv", "sendrecv"), &["sendrecv", "sendrecv"]),
        sample(
            plan(json!([section("video", "sendrecv"), section("audio", "sendrecv")])),
            &["sendrecv", "sendrecv"],
        ),
        sample(plan(json!([section("audio", "sendrecv")])), &["sendrecv"]),
        sample(plan(json!([section("video", "sendrecv")])), &["sendrecv"]),
        sample(
            plan(json!([section("audio", "sendrecv"), section("video", "sendrecv"), data])),
            &["sendrecv", "sendrecv", "sendrecv"],
        ),
        sample(plan(json!([data])), &["sendrecv"]),
        sample(both("sendonly", "recvonly"), &["recvonly", "sendonly"]),
        sample(both("recvonly", "sendonly"), &["sendonly", "recvonly"]),
        sample(both("sendrecv", "inactive"), &["sendrecv", "inactive"]),
        sample(both("inactive", "sendrecv"), &["inactive", "sendrecv"]),
        sample(
            plan(json!([section("audio", "sendrecv"), { "kind": "video", "codecs": ["VP8"] }])),
            &["sendrecv", "rejected"],
        ),
        sample(
            plan(json!([
                section("audio", "sendrecv"),
                section("video", "sendrecv"),
                section("video", "sendonly"),
            ])),
            &["sendrecv", "sendrecv", "rejected"],
        ),
    ]
}

/// What only browsers offer: every policy for bundles, simulcast, many sections.
fn of_browsers() -> Vec<Sample> {
    let (audio, video) = (json!({ "kind": "audio" }), json!({ "kind": "video" }));
    let simulcast = json!({ "kind": "video", "encodings": ["high", "low"] });
    let hearing = json!({ "kind": "audio", "direction": "recvonly" });
    let h264_last = json!({ "kind": "video", "codecs": ["VP8", "VP9", "AV1", "rtx", "H264"] });
    let plan = |bundle: &str, sections: Value| json!({ "bundle": bundle, "sections": sections });
    vec![
        sample(plan("max-bundle", json!([audio, video])), &["sendrecv", "sendrecv"]),
        sample(plan("max-compat", json!([video, audio])), &["sendrecv", "sendrecv"]),
        sample(plan("balanced", json!([audio, simulcast])), &["sendrecv", "sendrecv"]),
        sample(plan("balanced", json!([audio, h264_last])), &["sendrecv", "sendrecv"]),
        sample(
            plan("max-bundle", json!([audio, hearing, video, video, { "kind": "data" }])),
            &["sendrecv", "rejected", "sendrecv", "rejected", "sendrecv"],
        ),
    ]
}

/// What webrtcbin offers without a bundle: a transport for each section. The app has two, one for
/// audio and one for video. Further media stays without any, as webrtcbin aborts when it offers
/// again after a section was rejected.
fn unbundled() -> Vec<Sample> {
    let section = |kind: &str, direction: &str| json!({ "kind": kind, "direction": direction });
    let plan = |sections: Value| json!({ "bundle": "none", "sections": sections });
    let (audio, video) = (section("audio", "sendrecv"), section("video", "sendrecv"));
    let data = json!({ "kind": "data" });
    vec![
        sample(plan(json!([audio, video])), &["sendrecv", "sendrecv"]),
        sample(plan(json!([video, audio])), &["sendrecv", "sendrecv"]),
        sample(plan(json!([audio])), &["sendrecv"]),
        sample(plan(json!([video])), &["sendrecv"]),
        sample(plan(json!([audio, video, data])), &["sendrecv", "sendrecv", "rejected"]),
        sample(
            plan(json!([audio, video, section("video", "sendonly")])),
            &["sendrecv", "sendrecv", "inactive"],
        ),
        sample(
            plan(json!([section("audio", "sendonly"), section("video", "recvonly")])),
            &["recvonly", "sendonly"],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn aiortc_applies_the_answers_to_its_offers() {
    let mut table = quiet_table().await;
    let mut peer = Peer::aiortc(table.server.url(), PEER).await.expect("aiortc starts");
    each(&mut table, &mut peer, common("balanced")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtcbin_applies_the_answers_to_its_offers_with_a_bundle() {
    let mut table = quiet_table().await;
    let mut peer = Peer::webrtcbin(table.server.url(), PEER).await.expect("webrtcbin starts");
    each(&mut table, &mut peer, common("max-bundle")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtcbin_applies_the_answers_to_its_offers_without_a_bundle() {
    let mut table = quiet_table().await;
    let mut peer = Peer::webrtcbin(table.server.url(), PEER).await.expect("webrtcbin starts");
    each(&mut table, &mut peer, unbundled()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_applies_the_answers_to_its_offers() {
    let mut table = quiet_table().await;
    let mut peer = Peer::chromium(table.server.url(), PEER).await.expect("Chromium starts");
    let mut samples = common("balanced");
    samples.extend(of_browsers());
    each(&mut table, &mut peer, samples).await;
}

/// An app that records nothing.
async fn quiet_table() -> Table {
    let server = TestServer::start().await;
    let mut app = Person::with(APP, |options| {
        options.speaker = SpeakerChoice::None;
        options.record_video = None;
        options.snapshot = None;
    });
    app.log_in(server.url()).await;
    Table { server, app }
}

/// Offers each in a call of its own. All are tried before what failed is told.
async fn each(table: &mut Table, peer: &mut Peer, samples: Vec<Sample>) {
    let mut failed = Vec::new();
    for sample in samples {
        let tried = offer(table, peer, &sample).await;
        if let Err(why) = tried {
            failed.push(format!("{}: {why}", sample.plan));
        }
        let _ = peer.hang_up().await;
        table.app.send(Intent::HangUp).await;
        table.app.send(Intent::Dismiss).await;
        table.app.until("is idle", |s| s.call == CallPhase::Idle).await;
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

/// Whether the app says in words that it hears or sees nothing it should.
async fn offer(table: &mut Table, peer: &mut Peer, sample: &Sample) -> Result<(), String> {
    peer.call(APP, &sample.plan).await.map_err(|error| error.to_string())?;
    table.app.until_ringing().await;
    table.app.accept().await;
    let told = |state: &State| {
        state.answers_applied == 1 || state.ended.is_some() || !state.errors.is_empty()
    };
    let state = peer.until("told the answer", told).await.map_err(|error| error.to_string())?;
    let (Some(offer), Some(answer), 1, true) =
        (&state.offer, &state.answer, state.answers_applied, state.errors.is_empty())
    else {
        return Err(format!(
            "ended {:?}, errors {:?}, {:?}\nanswer {}",
            state.ended,
            state.errors,
            table.app.sees().call,
            state.answer.unwrap_or_default()
        ));
    };
    let answered = sections(answer);
    check_form(&sections(offer), &answered).map_err(|why| format!("{why}\n{answer}"))?;
    let outcome: Vec<&str> = answered
        .iter()
        .map(|section| if section.is_rejected { "rejected" } else { &section.direction })
        .collect();
    if outcome != sample.answer {
        return Err(format!("answered {outcome:?} instead of {:?}", sample.answer));
    }
    flows(table, peer, &answered).await
}

/// RFC 3264 §6: as many sections, in the same order and of the same kinds.
fn check_form(offer: &[Section], answer: &[Section]) -> Result<(), String> {
    let of = |sections: &[Section]| -> Vec<(String, Option<String>)> {
        sections.iter().map(|section| (section.kind.clone(), section.mid.clone())).collect()
    };
    if of(offer) == of(answer) {
        Ok(())
    } else {
        Err(format!("{:?} is answered with {:?}", of(offer), of(answer)))
    }
}

/// What was accepted flows.
async fn flows(table: &mut Table, peer: &mut Peer, answered: &[Section]) -> Result<(), String> {
    let accepted = |kind: &str, wanted: &str| {
        answered.iter().any(|section| {
            section.kind == kind
                && !section.is_rejected
                && (section.direction == wanted || section.direction == "sendrecv")
        })
    };
    let (sees, hears) = (accepted("video", "sendonly"), accepted("audio", "sendonly"));
    let (shows, plays) = (accepted("video", "recvonly"), accepted("audio", "recvonly"));
    let proves_itself = sees || hears || shows || plays;
    let received = |state: &State| {
        // aiortc and webrtcbin call themselves connecting for ever while a section without media
        // has a transport of its own.
        (proves_itself || state.connection == "connected")
            && (!sees || state.frames >= 5)
            && (!hears || state.audio_seconds >= 0.3)
    };
    peer.until("receiving what was accepted", received).await.map_err(|error| error.to_string())?;
    let app = &mut table.app;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
    loop {
        let sees = app.sees();
        let latest = sees.statistics.as_ref().and_then(|statistics| statistics.latest().copied());
        let audio = latest.is_some_and(|reading| reading.audio_received.is_some());
        if (!shows || sees.remote_video_live) && (!plays || audio) {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            return Err(format!("the app shows video: {}, {latest:?}", sees.remote_video_live));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
