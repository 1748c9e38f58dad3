//! Descriptions of a connection that stands: hold, names, sections that come, go and move.

use std::time::{Duration, Instant};

use tokio::time::timeout;
use visavis_shared::{DescriptionKind, SessionDescription};
use visavis_transport::{PeerCommand, PeerEvent};

use crate::descriptions::{BOTH, outline, plain_fixture};
use crate::offer_answer_rules::broken;
use crate::support::{End, PATIENCE, config, connected_pair, pass, received, send_frames};

/// Passes on what two peers say to each other, with descriptions changed, until a's offer of
/// restarting is answered and a while after.
async fn negotiate_again(a: &mut End, b: &mut End, change: impl Fn(String) -> String) -> String {
    a.command(PeerCommand::CreateOffer { ice_restart: true });
    let mut answer = None;
    let mut until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let changed = |event| match event {
            PeerEvent::LocalDescription(SessionDescription { kind, sdp }) => {
                PeerEvent::LocalDescription(SessionDescription { kind, sdp: change(sdp) })
            }
            other => other,
        };
        tokio::select! {
            Some(event) = a.events.recv() => { pass(changed(event), true, b, &mut |_, _| {}); }
            Some(event) = b.events.recv() => {
                if let PeerEvent::LocalDescription(description) = &event {
                    answer = Some(description.sdp.clone());
                    until = Instant::now() + Duration::from_secs(1);
                }
                pass(changed(event), false, a, &mut |_, _| {});
            }
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    answer.expect("an answer")
}

/// Every frame that is sent from now on arrives at the other end.
async fn video_flows_both_ways(a: &End, b: &End) {
    let _before = (received(a), received(b));
    for (from, to) in [(a, b), (b, a)] {
        let sent = send_frames(from, 6, 5, 2_000).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(received(to), sent);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_put_on_hold_sends_nothing_until_that_is_over() {
    let (mut a, mut b) = connected_pair().await;
    let hold = |sdp: String| sdp.replace("a=sendrecv", "a=inactive");
    let answer = negotiate_again(&mut a, &mut b, hold).await;
    assert_eq!(answer.matches("a=inactive\r\n").count(), 2, "{answer}");
    let _ = (received(&a), received(&b));
    send_frames(&b, 5, 5, 2_000).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(received(&a).is_empty(), "nothing is sent to who holds");
    // Longer than silence is borne where media is expected.
    tokio::time::sleep(Duration::from_secs(4)).await;
    for end in [&mut a, &mut b] {
        while let Ok(event) = end.events.try_recv() {
            assert_ne!(event, PeerEvent::Disconnected);
        }
    }
    let answer = negotiate_again(&mut a, &mut b, |sdp| sdp).await;
    assert_eq!(answer.matches("a=sendrecv\r\n").count(), 2, "{answer}");
    video_flows_both_ways(&a, &b).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_name_no_sections_connect_and_restart() {
    let nameless = |sdp: &str| -> String {
        let lines = sdp.lines().filter(|line| {
            !line.starts_with("a=mid:")
                && !line.starts_with("a=group:")
                && !line.contains("sdes:mid")
        });
        lines.flat_map(|line| [line, "\r\n"]).collect()
    };
    let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
    // The offer is a's own; b knows it without names, and answers without.
    a.command(PeerCommand::CreateOffer { ice_restart: false });
    let (mut a_up, mut b_up) = (false, false);
    let until = Instant::now() + PATIENCE;
    while !(a_up && b_up) {
        assert!(Instant::now() < until, "not connected in time");
        tokio::select! {
            Some(event) = a.events.recv() => match event {
                PeerEvent::LocalDescription(SessionDescription { kind, sdp }) => {
                    let sdp = nameless(&sdp);
                    b.command(PeerCommand::AcceptOffer(SessionDescription { kind, sdp }));
                }
                PeerEvent::Connected => a_up = true,
                _ => {}
            },
            Some(event) = b.events.recv() => match event {
                PeerEvent::LocalDescription(answer) => {
                    assert!(!answer.sdp.contains("a=mid") && !answer.sdp.contains("BUNDLE"));
                    a.command(PeerCommand::AcceptAnswer(answer));
                }
                PeerEvent::LocalCandidate(candidate) => {
                    assert_eq!((&candidate.sdp_mid, candidate.sdp_mline_index), (&None, Some(0)));
                    a.command(PeerCommand::AddCandidate(candidate));
                }
                PeerEvent::Connected => b_up = true,
                _ => {}
            },
        }
    }
    // The other way round: b offers by what it knows, which is no name.
    b.command(PeerCommand::CreateOffer { ice_restart: true });
    let offer = b.description().await;
    assert!(!offer.sdp.contains("a=mid") && !offer.sdp.contains("BUNDLE"), "{}", offer.sdp);
    a.command(PeerCommand::AcceptOffer(offer.clone()));
    let answer = a.description().await;
    assert_eq!(broken(&offer.sdp, &answer.sdp), Vec::<String>::new(), "{}", answer.sdp);
    b.command(PeerCommand::AcceptAnswer(answer));
    tokio::time::sleep(Duration::from_secs(1)).await;
    video_flows_both_ways(&a, &b).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sections_that_are_refused_keep_their_places_when_we_offer_again() {
    let offer = plain_fixture("offers", "text_section").replace("BUNDLE 0 1", "BUNDLE 0 1 t");
    // Text first: the library knows nothing of it, so that its sections stand elsewhere.
    let (session, rest) = offer.split_at(offer.find("m=audio").expect("audio"));
    let (media, text) = rest.split_at(rest.find("m=text").expect("text"));
    let offer = format!("{session}{text}{media}");
    let mut end = End::open(config()).await;
    end.command(PeerCommand::AcceptOffer(SessionDescription {
        kind: DescriptionKind::Offer,
        sdp: offer.clone(),
    }));
    let answer = end.description().await.sdp;
    let sections = "audio 9 * 111 sendrecv, video 9 * 102 sendrecv";
    assert_eq!(outline(&answer), format!("BUNDLE 0 1, text 0 * 98 inactive, {sections}"));
    assert_eq!(broken(&offer, &answer), Vec::<String>::new(), "{answer}");
    end.command(PeerCommand::CreateOffer { ice_restart: true });
    let again = end.description().await.sdp;
    assert_eq!(outline(&again), format!("BUNDLE 0 1, text 0 * 98 inactive, {sections}"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_section_that_is_added_later_is_shown_and_one_that_is_taken_away_is_refused() {
    let chrome = plain_fixture("offers", "chrome");
    let at = chrome.find("m=video").expect("video");
    let audio_only = chrome[..at].replace("BUNDLE 0 1", "BUNDLE 0");
    let taken_away = chrome.replace("BUNDLE 0 1", "BUNDLE 0").replace("m=video 9", "m=video 0");
    let moved = format!(
        "{}{}",
        taken_away.replace("BUNDLE 0", "BUNDLE 0 2"),
        chrome[at..].replace("a=mid:1", "a=mid:2").replace("1002", "1003")
    );
    let mut end = End::open(config()).await;
    for (sdp, wanted) in [
        (audio_only, "BUNDLE 0, audio 9 * 111 sendrecv"),
        (chrome.clone(), BOTH),
        (taken_away, "BUNDLE 0, audio 9 * 111 sendrecv, video 0 * 102 96 inactive"),
        (
            moved,
            "BUNDLE 0 2, audio 9 * 111 sendrecv, video 0 * 102 96 inactive, video 9 * 102 sendrecv",
        ),
    ] {
        let kind = DescriptionKind::Offer;
        end.command(PeerCommand::AcceptOffer(SessionDescription { kind, sdp: sdp.clone() }));
        let answer = timeout(PATIENCE, end.description()).await.expect("in time").sdp;
        assert_eq!(outline(&answer), wanted, "{answer}");
        assert_eq!(broken(&sdp, &answer), Vec::<String>::new(), "{answer}");
    }
}
