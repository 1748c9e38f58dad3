//! Descriptions as other programs write them, and what becomes of them.
//!
//! `fixtures/sdp/` has offers and answers in the shape of other programs; each is given to a real
//! peer, and what comes of it is compared. Answers are checked by rules that know nothing of the
//! peer as well ([`crate::offer_answer_rules`]).

use std::path::Path;
use std::time::Instant;

use tokio::net::UdpSocket;
use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};
use visavis_transport::{PeerCommand, PeerEvent};

use crate::offer_answer_rules::broken;
use crate::support::{End, PATIENCE, config};

fn fixture(kind: &str, name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sdp").join(kind);
    std::fs::read_to_string(folder.join(format!("{name}.sdp"))).expect("the fixture is there")
}

/// A fixture with plain line ends, to be changed.
pub(crate) fn plain_fixture(kind: &str, name: &str) -> String {
    fixture(kind, name).replace('\r', "")
}

/// What a peer makes of an offer: its answer, or why there is none.
pub(crate) async fn answer_to(sdp: &str) -> Result<String, String> {
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
pub(crate) fn outline(answer: &str) -> String {
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
pub(crate) const BOTH: &str = "BUNDLE 0 1, audio 9 * 111 sendrecv, video 9 * 102 sendrecv";

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
async fn a_third_transport_is_kept_without_media_and_what_cannot_be_used_is_refused() {
    let chrome = plain_fixture("offers", "chrome");
    let alone = chrome.replace("a=group:BUNDLE 0 1\n", "");
    let video = alone.find("m=video").expect("video");
    let (audio, video) = alone.split_at(video);
    let apart = format!("{audio}{}", video.replace("uf01", "uf02"));
    let third = video.replace("uf01", "uf03").replace("mid:1", "mid:2").replace("1002", "1003");
    let twice = format!("{apart}{third}");
    for (offer, wanted) in [
        (alone.clone(), "audio 9 * 111 sendrecv, video 9 * 102 sendrecv"),
        (apart, "audio 9 * 111 sendrecv, video 9 * 102 sendrecv"),
        (twice, "audio 9 * 111 sendrecv, video 9 * 102 sendrecv, video 9 * 102 inactive"),
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
