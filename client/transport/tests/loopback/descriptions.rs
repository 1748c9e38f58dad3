//! Descriptions as other programs write them, and what becomes of them.
//!
//! `fixtures/sdp/` has offers and answers in the shape of other programs; each is given to a real
//! peer, and what comes of it is compared. Random offers are checked by rules that know nothing of
//! the peer ([`crate::offer_answer_rules`]).

use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tokio::net::UdpSocket;
use tokio::time::timeout;
use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};
use visavis_transport::{PeerCommand, PeerEvent};

use crate::offer_answer_rules::broken;
use crate::support::{End, PATIENCE, config, connected_pair, pass, received, send_frames};

fn fixture(kind: &str, name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sdp").join(kind);
    std::fs::read_to_string(folder.join(format!("{name}.sdp"))).expect("the fixture is there")
}

/// A fixture with plain line ends, to be changed.
fn plain_fixture(kind: &str, name: &str) -> String {
    fixture(kind, name).replace('\r', "")
}

/// What a peer makes of an offer: its answer, or why there is none.
async fn answer_to(sdp: &str) -> Result<String, String> {
    let mut end = End::open(config()).await;
    let offer = SessionDescription { kind: DescriptionKind::Offer, sdp: sdp.to_owned() };
    end.command(PeerCommand::AcceptOffer(offer));
    loop {
        match end.event().await {
            PeerEvent::LocalDescription(answer) => return Ok(answer.sdp),
            PeerEvent::Failed(why) => return Err(why),
            _ => {}
        }
    }
}

/// The group, and each section's `m=` line with its direction behind it.
fn outline(answer: &str) -> String {
    let mut outline = Vec::new();
    for line in answer.lines() {
        if let Some(group) = line.strip_prefix("a=group:") {
            outline.push(group.to_owned());
        } else if let Some(section) = line.strip_prefix("m=") {
            outline.push(section.replace("UDP/TLS/RTP/SAVPF", "*"));
        } else if let "a=sendrecv" | "a=sendonly" | "a=recvonly" | "a=inactive" = line
            && let Some(section) = outline.last_mut()
        {
            section.push(' ');
            section.push_str(&line[2..]);
        }
    }
    outline.join(", ")
}

/// What both sections of most offers are answered with.
const BOTH: &str = "BUNDLE 0 1, audio 9 * 111 sendrecv, video 9 * 102 sendrecv";

/// Each offer of the fixtures, and what it is answered with.
const OFFERS: &[(&str, &str)] = &[
    ("app_bfcp", "BOTH, application 0 UDP/BFCP * inactive"),
    ("cands_empty_attr", "BOTH"),
    ("cands_fqdn", "BOTH"),
    ("cands_port_70000", "BOTH"),
    ("cands_unknown_type", "BOTH"),
    ("chrome", "BOTH"),
    ("data_only", "BUNDLE 2, application 9 UDP/DTLS/SCTP webrtc-datachannel"),
    ("extmap_id_4096", "BOTH"),
    ("fp_512_then_256", "BOTH"),
    ("fp_alg_upper", "BOTH"),
    ("fp_sha384", "BOTH"),
    ("fp_sha512", "BOTH"),
    ("h264_640c1f", "BOTH"),
    ("h264_fmtp_spaces", "BOTH"),
    ("inactive_both", "BUNDLE 0 1, audio 9 * 111 inactive, video 9 * 102 inactive"),
    ("inactive_video", "BUNDLE 0 1, audio 9 * 111 sendrecv, video 9 * 102 inactive"),
    ("legacy_sctp", "BOTH, application 0 DTLS/SCTP 5000 inactive"),
    ("linphone", "BUNDLE as vs, audio 9 * 96 sendrecv, video 9 * 96 sendrecv"),
    ("no_direction", "BOTH"),
    ("no_mid_no_bundle", "audio 9 * 111 sendrecv, video 9 * 102 sendrecv"),
    ("session_direction_only", "BOTH"),
    ("static_pcma_only_no_rtpmap", "BOTH"),
    ("text_rejected", "BOTH, text 0 * 98 inactive"),
    ("text_section", "BOTH, text 0 * 98 inactive"),
    ("video_rejected_other_ufrag", "BUNDLE 0, audio 9 * 111 sendrecv, video 0 * 102 96 inactive"),
    ("video_rejected_port0", "BUNDLE 0, audio 9 * 111 sendrecv, video 0 * 102 96 inactive"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_of_other_programs_are_answered_by_the_rules() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sdp/offers");
    assert_eq!(std::fs::read_dir(folder).expect("the fixtures").count(), OFFERS.len());
    for (name, wanted) in OFFERS {
        let offer = fixture("offers", name);
        let answer = answer_to(&offer).await.expect(name);
        assert_eq!(outline(&answer), wanted.replace("BOTH", BOTH), "{name}:\n{answer}");
        assert_eq!(broken(&offer, &answer), Vec::<String>::new(), "{name}:\n{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_format_is_answered_with_what_was_offered_of_it() {
    for (name, line) in [
        (
            "h264_fmtp_spaces",
            "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        ),
        (
            "h264_640c1f",
            "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f",
        ),
        ("linphone", "a=fmtp:96 packetization-mode=1;profile-level-id=42801F"),
        ("linphone", "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid"),
        ("text_section", "a=rtpmap:98 t140/1000"),
        ("video_rejected_port0", "a=rtpmap:96 VP8/90000"),
    ] {
        let answer = answer_to(&fixture("offers", name)).await.expect(name);
        assert!(answer.lines().any(|of| of == line), "{name}: no {line} in\n{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_setup_of_an_answer_answers_that_of_the_offer() {
    let chrome = plain_fixture("offers", "chrome");
    for (offered, wanted) in [
        ("a=setup:actpass\n", "active"),
        ("a=setup:passive\n", "active"),
        ("a=setup:active\n", "passive"),
        ("a=setup:ACTIVE\n", "passive"),
        ("", "passive"),
    ] {
        let answer = answer_to(&chrome.replace("a=setup:actpass\n", offered)).await.expect(offered);
        let setups: Vec<&str> =
            answer.lines().filter_map(|line| line.strip_prefix("a=setup:")).collect();
        assert_eq!(setups, [wanted; 2], "{offered}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_mended_in_an_offer_costs_nothing() {
    let chrome = plain_fixture("offers", "chrome");
    let video = chrome.find("m=video").expect("video");
    let (audio, video) = chrome.split_at(video);
    for (what, offer) in [
        ("CR LF", chrome.replace('\n', "\r\n")),
        ("a blank line first", format!("\r\n{chrome}")),
        ("a byte order mark", format!("\u{feff}{chrome}")),
        ("no last line end", chrome.trim_end().to_owned()),
        ("trailing blanks", chrome.replace('\n', " \n")),
        ("nonsense between", chrome.replace("a=rtcp-mux", "a=\n=\nzzz\na=rtcp-mux")),
        ("no rtpmap", chrome.replace("111 0\n", "111 0 8 18 77 300 x\n")),
        ("an odd URI", chrome.replace("a=ssrc:1001", "a=extmap:5 no uri\na=extmap:x\na=ssrc:1001")),
        ("an odd session", chrome.replace("s=-", "s=\nu=no uri\nb=x\nz=1\nk=clear:x")),
        ("an odd origin", chrome.replace("o=- 4611731400430051336 2 IN IP4 127.0.0.1", "o=x")),
        (
            "streams of no number",
            chrome.replace("a=ssrc:1001", "a=ssrc:-1 x\na=ssrc-group:FID\na=ssrc:1001"),
        ),
        ("other credentials in the group", format!("{audio}{}", video.replace("uf01", "uf02"))),
        (
            "simulcast",
            chrome.replace("a=ssrc:1002", "a=rid:h send\na=simulcast:send h;~m\na=ssrc:1002"),
        ),
    ] {
        let answer = answer_to(&offer).await.expect(what);
        assert_eq!(outline(&answer), BOTH, "{what}");
        assert_eq!(broken(&offer, &answer), Vec::<String>::new(), "{what}:\n{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_a_transport_of_its_own_is_kept_and_what_cannot_be_used_is_refused() {
    let chrome = plain_fixture("offers", "chrome");
    let alone = chrome.replace("a=group:BUNDLE 0 1\n", "");
    let video = alone.find("m=video").expect("video");
    let (audio, video) = alone.split_at(video);
    let apart = format!("{audio}{}", video.replace("uf01", "uf02"));
    for (offer, wanted) in [
        (alone.clone(), "audio 9 * 111 sendrecv, video 9 * 102 sendrecv"),
        (apart, "audio 9 * 111 sendrecv, video 9 * 102 inactive"),
        (
            chrome.replace("BUNDLE 0 1", "BUNDLE 1 0").replace("m=audio 9", "m=audio 0"),
            "BUNDLE 1, audio 0 * 111 0 inactive, video 9 * 102 sendrecv",
        ),
        (
            chrome.replace("m=video 9", "m=video 0").replace("a=mid:1", "a=mid:1\na=bundle-only"),
            BOTH,
        ),
        (
            format!("{chrome}{}", video.replace("mid:1", "mid:2").replace("1002", "1003")),
            "BUNDLE 0 1, audio 9 * 111 sendrecv, video 9 * 102 sendrecv, video 0 * 102 96 inactive",
        ),
        (
            chrome.replace("H264/90000", "H265/90000"),
            "BUNDLE 0, audio 9 * 111 sendrecv, video 0 * 102 96 inactive",
        ),
    ] {
        let answer = answer_to(&offer).await.expect(wanted);
        assert_eq!(outline(&answer), wanted, "{offer}");
        assert_eq!(broken(&offer, &answer), Vec::<String>::new(), "{offer}\n{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_cannot_be_used_is_refused_at_once_by_name() {
    let chrome = plain_fixture("offers", "chrome");
    let without_fingerprint: String = chrome
        .lines()
        .filter(|line| !line.starts_with("a=fingerprint"))
        .flat_map(|line| [line, "\n"])
        .collect();
    for (offer, wanted) in [
        (chrome.replace("sha-256", "sha-1"), "can't be verified by sha-1"),
        (chrome.replace("sha-256", "md5"), "can't be verified by a hash that is broken"),
        (chrome.replace("sha-256 0B:", "sha-256 "), "can't be verified by a fingerprint that"),
        (without_fingerprint.clone(), "it names no fingerprint"),
        (without_fingerprint.replace("UDP/TLS/RTP/SAVPF", "RTP/AVPF"), "it offers no encryption"),
        (without_fingerprint.replace("UDP/TLS/RTP/SAVPF", "RTP/SAVP"), "it offers no encryption"),
        (chrome.replace("opus", "speex").replace("H264", "H265"), "no format in common"),
        (chrome.replace("a=ice-pwd", "a=x"), "it names no ICE credentials"),
        (chrome.replace(" 9 UDP", " 0 UDP"), "it offers no media"),
    ] {
        let why = answer_to(&offer).await.expect_err(wanted);
        assert!(why.starts_with("The other's description is refused: it"), "{why}");
        assert!(why.contains(wanted) && !why.contains('\n'), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_without_tls_is_taken_with_a_fingerprint_and_answered_as_it_is() {
    // RFC 8829 §5.1.2: the fingerprint says that it is encrypted, whatever the profile's name.
    let chrome = plain_fixture("offers", "chrome");
    for profile in ["RTP/AVPF", "RTP/SAVP", "UDP/TLS/RTP/SAVP"] {
        let offer = chrome.replace("UDP/TLS/RTP/SAVPF", profile);
        let answer = answer_to(&offer).await.expect(profile);
        assert!(answer.contains(&format!("m=audio 9 {profile} 111\r\n")), "{answer}");
        assert_eq!(broken(&offer, &answer), Vec::<String>::new());
    }
}

/// What becomes of an answer: the name that the first connectivity check goes by, to an address
/// that is given after it, or why it is refused.
async fn check_after(answer: String) -> Result<String, String> {
    let mut end = End::open(config()).await;
    end.command(PeerCommand::CreateOffer { ice_restart: false });
    end.description().await;
    let sdp = answer;
    end.command(PeerCommand::AcceptAnswer(SessionDescription {
        kind: DescriptionKind::Answer,
        sdp,
    }));
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let port = socket.local_addr().expect("bound").port();
    end.command(PeerCommand::AddCandidate(CandidateInit {
        candidate: format!("candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host"),
        sdp_mid: Some("0".to_owned()),
        sdp_mline_index: Some(0),
        username_fragment: None,
    }));
    let mut check = [0; 1500];
    let until = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < until, "neither checked nor refused in time");
        tokio::select! {
            Ok(length) = socket.recv(&mut check) => return Ok(user_name(&check[..length])),
            Some(event) = end.events.recv() => {
                if let PeerEvent::Failed(why) = event {
                    return Err(why);
                }
            }
        }
    }
}

/// The other's part of the USERNAME of a STUN request (RFC 8489 §14.3, RFC 8445 §7.2.2).
fn user_name(request: &[u8]) -> String {
    let mut at = 20;
    while let Some(&[high, low, long, short]) = request.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([long, short]));
        if (high, low) == (0, 6) {
            let name = String::from_utf8_lossy(&request[at + 4..at + 4 + length]).into_owned();
            return name.split(':').next().expect("a part").to_owned();
        }
        at += 4 + length.next_multiple_of(4);
    }
    panic!("no user name");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_other_programs_are_taken() {
    let names = [
        "SHA256_capitals",
        "different_ufrags",
        "no_mids",
        "plain",
        "sha512",
        "video_refused_bare_with_mid",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sdp/answers");
    assert_eq!(std::fs::read_dir(folder).expect("the fixtures").count(), names.len());
    for name in names {
        assert_eq!(check_after(fixture("answers", name)).await.as_deref(), Ok("u1"), "{name}");
    }
    let plain = plain_fixture("answers", "plain");
    for (what, answer) in [
        (
            "a candidate by name",
            plain.replace("a=mid:0", "a=mid:0\na=candidate:1 1 udp 1 x.example 9 typ host"),
        ),
        ("no rtpmap", plain.replace("111\n", "111 8 77\n")),
        ("a byte order mark", format!("\u{feff}\n{plain}")),
        ("an odd extension", plain.replace("a=mid:1", "a=mid:1\na=extmap:4096 urn:x")),
        ("no setup", plain.replace("a=setup:active\n", "")),
        (
            "sha-384 in capitals",
            plain.replace(
                "sha-256 0B:12:19:20",
                &format!("SHA-384 {}:0b:12:19:20", ["ab"; 16].join(":")),
            ),
        ),
    ] {
        assert_eq!(check_after(answer).await.as_deref(), Ok("u1"), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_be_used_is_refused_at_once_by_name() {
    let plain = plain_fixture("answers", "plain");
    for (answer, wanted) in [
        (plain.replace("sha-256", "sha-1"), "can't be verified by sha-1"),
        (plain.replace(" 9 UDP", " 0 UDP"), "it accepts neither sound nor picture"),
        (plain.replace("opus/", "speex/").replace("H264/", "H265/"), "no format in common"),
        (plain.replace("a=mid:", "a=mid:other"), "it accepts neither sound nor picture"),
    ] {
        let why = check_after(answer).await.expect_err(wanted);
        assert!(why.contains(wanted), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_certificate_than_the_one_that_was_stated_is_not_connected_to() {
    for (hash, bytes) in [("sha-256", 32), ("sha-384", 48), ("sha-512", 64)] {
        let (mut a, mut b) = (End::open(config()).await, End::open(config()).await);
        a.command(PeerCommand::CreateOffer { ice_restart: false });
        b.command(PeerCommand::AcceptOffer(a.description().await));
        let mut answer = b.description().await;
        let other = format!("a=fingerprint:{hash} {}", vec!["AB"; bytes].join(":"));
        let lines = answer.sdp.lines();
        let stated = |line| if str::starts_with(line, "a=fingerprint:") { &other } else { line };
        answer.sdp = lines.flat_map(|line| [stated(line), "\r\n"]).collect();
        a.command(PeerCommand::AcceptAnswer(answer));
        loop {
            tokio::select! {
                Some(event) = a.events.recv() => match event {
                    PeerEvent::Failed(why) => {
                        assert!(why.contains("another certificate"), "{why}");
                        break;
                    }
                    PeerEvent::Connected => panic!("connected by a wrong {hash}"),
                    PeerEvent::LocalCandidate(candidate) => {
                        b.command(PeerCommand::AddCandidate(candidate));
                    }
                    _ => {}
                },
                Some(event) = b.events.recv() => {
                    if let PeerEvent::LocalCandidate(candidate) = event {
                        a.command(PeerCommand::AddCandidate(candidate));
                    }
                }
            }
        }
    }
}

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
    let answer = negotiate_again(&mut a, &mut b, |sdp| sdp).await;
    assert_eq!(answer.matches("a=sendrecv\r\n").count(), 2, "{answer}");
    let _ = (received(&a), received(&b));
    for (from, to) in [(&a, &b), (&b, &a)] {
        let sent = send_frames(from, 6, 5, 2_000).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(received(to), sent);
    }
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
    let _ = (received(&a), received(&b));
    for (from, to) in [(&a, &b), (&b, &a)] {
        let sent = send_frames(from, 6, 5, 2_000).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(received(to), sent);
    }
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

/// One section of a random offer.
#[derive(Debug, Clone)]
struct RandomSection {
    kind: usize,
    direction: Option<usize>,
    rejected: bool,
    /// Which of the lines that it may have are there, and in which of their forms.
    lines: [bool; 10],
    extension: u16,
}

/// A random offer that keeps the rules.
#[derive(Debug, Clone)]
struct RandomOffer {
    sections: Vec<RandomSection>,
    named: bool,
    bundled: bool,
    direction: Option<usize>,
    setup: usize,
    at_session: bool,
    crlf: bool,
}

const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];
const SETUPS: [&str; 4] = ["a=setup:actpass", "a=setup:active", "a=setup:passive", ""];

fn random_offer() -> impl Strategy<Value = RandomOffer> {
    let section = (
        0..8usize,
        proptest::option::of(0..4usize),
        proptest::bool::weighted(0.15),
        any::<[bool; 10]>(),
        0..300u16,
    )
        .prop_map(|(kind, direction, rejected, lines, extension)| RandomSection {
            kind,
            direction,
            rejected,
            lines,
            extension,
        });
    let session = (any::<[bool; 4]>(), proptest::option::of(0..4usize), 0..4usize);
    (proptest::collection::vec(section, 1..7), session).prop_map(
        |(sections, ([named, bundled, at_session, crlf], direction, setup))| RandomOffer {
            sections,
            named,
            bundled,
            direction,
            setup,
            at_session,
            crlf,
        },
    )
}

impl RandomSection {
    fn write(&self, index: usize, offer: &RandomOffer, transport: &str) -> Vec<String> {
        let [first, second, third, mux, rsize, feedback, candidate, extension, stream, only] =
            self.lines;
        let is_only_bundled = only && index > 0 && offer.named && offer.bundled && !self.rejected;
        let port = if self.rejected || is_only_bundled { 0 } else { 9 };
        let (opus, h264) = (96 + index, 104 + index);
        let mut lines = match self.kind {
            0..=2 => {
                let mut formats = vec![opus.to_string()];
                let more = [(first, "0"), (second, "8"), (third, "18"), (rsize, "77")];
                formats.extend(more.iter().filter(|(is, _)| *is).map(|(_, one)| (*one).to_owned()));
                if second {
                    formats.rotate_left(1);
                }
                vec![
                    format!("m=audio {port} UDP/TLS/RTP/SAVPF {}", formats.join(" ")),
                    format!("a=rtpmap:{opus} {}/48000/2", if third { "opus" } else { "OPUS" }),
                    format!("a=fmtp:{opus} minptime=10; useinbandfec=1"),
                ]
            }
            3..=5 => {
                let space = if first { " " } else { "" };
                let mut lines = vec![
                    format!("m=video {port} UDP/TLS/RTP/SAVPF 120 {h264} 121"),
                    "a=rtpmap:120 VP8/90000".to_owned(),
                    "a=rtpmap:121 rtx/90000".to_owned(),
                    "a=fmtp:121 apt=120".to_owned(),
                    format!("a=rtpmap:{h264} H264/90000"),
                    format!("a=fmtp:{h264} profile-level-id=42e01f;{space}packetization-mode=1"),
                ];
                if feedback {
                    lines.push("a=rtcp-fb:* nack pli".to_owned());
                    lines.push(format!("a=rtcp-fb:{h264} transport-cc"));
                }
                lines
            }
            6 if first => vec![
                format!("m=text {port} UDP/TLS/RTP/SAVPF 98"),
                "a=rtpmap:98 t140/1000".to_owned(),
            ],
            6 => vec![format!("m=application {port} UDP/BFCP *")],
            _ if second => vec![
                format!("m=application {port} DTLS/SCTP 5000"),
                "a=sctpmap:5000 webrtc-datachannel 1024".to_owned(),
            ],
            _ => vec![
                format!("m=application {port} UDP/DTLS/SCTP webrtc-datachannel"),
                "a=sctp-port:5000".to_owned(),
            ],
        };
        if offer.named {
            lines.push(format!("a=mid:{}", offer.mid(index)));
        }
        if is_only_bundled {
            lines.push("a=bundle-only".to_owned());
        }
        if !offer.at_session {
            lines.push(transport.to_owned());
        }
        if let Some(direction) = self.direction {
            lines.push(format!("a={}", DIRECTIONS[direction]));
        }
        if self.kind < 6 {
            lines.extend(mux.then(|| "a=rtcp-mux".to_owned()));
            lines.extend(rsize.then(|| "a=rtcp-rsize".to_owned()));
            lines.extend(stream.then(|| format!("a=ssrc:{} cname:x", 1000 + index)));
            if extension {
                let uris = [
                    "urn:ietf:params:rtp-hdrext:sdes:mid",
                    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
                    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
                ];
                let each = uris.iter().zip(1 + self.extension..);
                lines.extend(each.map(|(uri, id)| format!("a=extmap:{id} {uri}")));
            }
        }
        if candidate {
            lines.push("a=candidate:1 1 udp 2130706431 192.0.2.10 50000 typ host".to_owned());
            lines.push(
                "a=candidate:2 1 tcp 1518280447 host.example 9 typ host tcptype active".to_owned(),
            );
        }
        lines
    }
}

impl RandomOffer {
    fn mid(&self, index: usize) -> String {
        if self.crlf { index.to_string() } else { format!("s{index}-x") }
    }

    fn write(&self) -> String {
        let transport = [
            "a=ice-ufrag:uf01".to_owned(),
            "a=ice-pwd:pppppppppppppppppppppppp".to_owned(),
            format!("a=fingerprint:SHA-256 {}", ["0b"; 32].join(":")),
            SETUPS[self.setup].to_owned(),
        ]
        .join("\n");
        let mut lines = vec![
            "v=0".to_owned(),
            "o=- 1 1 IN IP4 127.0.0.1".to_owned(),
            "s=-".to_owned(),
            "t=0 0".to_owned(),
        ];
        if self.named && self.bundled {
            let mids: Vec<String> = (0..self.sections.len()).map(|index| self.mid(index)).collect();
            lines.push(format!("a=group:BUNDLE {}", mids.join(" ")));
        }
        if self.at_session {
            lines.push(transport.clone());
        }
        if let Some(direction) = self.direction {
            lines.push(format!("a={}", DIRECTIONS[direction]));
        }
        for (index, section) in self.sections.iter().enumerate() {
            lines.extend(section.write(index, self, &transport));
        }
        let end = if self.crlf { "\r\n" } else { "\n" };
        let all = lines.iter().flat_map(|line| line.split('\n')).filter(|line| !line.is_empty());
        all.flat_map(|line| [line, end]).collect()
    }

    /// Whether a section with sound or picture is offered, and the other way.
    fn offers(&self, kinds: std::ops::Range<usize>) -> bool {
        self.sections.iter().any(|section| !section.rejected && kinds.contains(&section.kind))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_offered_by_the_rules_is_answered_by_them(random in random_offer()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let offer = random.write();
        let answer = runtime.expect("a runtime").block_on(answer_to(&offer));
        let has_data = random.sections.iter().any(|one| !one.rejected && one.kind == 7 && !one.lines[1]);
        match answer {
            Ok(answer) => {
                prop_assert_eq!(broken(&offer, &answer), Vec::<String>::new(), "{}\n{}", offer, answer);
                let live = |start: &str| answer.lines().filter(|line| line.starts_with(start)).count();
                prop_assert_eq!(live("m=audio 9 "), usize::from(random.offers(0..3)), "{}\n{}", offer, answer);
                prop_assert_eq!(live("m=video 9 "), usize::from(random.offers(3..6)), "{}\n{}", offer, answer);
            }
            Err(why) => {
                prop_assert!(why.contains("no media"), "{}\n{}", why, offer);
                prop_assert!(!random.offers(0..6) && !has_data, "{}\n{}", why, offer);
            }
        }
    }
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
