//! The reader and the writers against text that nobody meant.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use visavis_shared::DescriptionKind;

use super::text::MAX_SDP_BYTES;
use super::*;
use crate::formats::MediaKind;

const CHROME: &str = include_str!("../../../tests/fixtures/sdp/offers/chrome.sdp");
const LINPHONE: &str = include_str!("../../../tests/fixtures/sdp/offers/linphone.sdp");
const BFCP: &str = include_str!("../../../tests/fixtures/sdp/offers/app_bfcp.sdp");
const DATA: &str = include_str!("../../../tests/fixtures/sdp/offers/legacy_sctp.sdp");
const ANSWER: &str = include_str!("../../../tests/fixtures/sdp/answers/plain.sdp");

/// Words that steer garbage towards what has a structure.
const WORDS: [&str; 22] = [
    "a=mid:0",
    "a=mid:",
    "a=group:BUNDLE 0 0 1 x",
    "a=inactive",
    "a=sendonly",
    "a=bundle-only",
    "a=rtpmap:111 opus/48000/2",
    "a=rtpmap:0",
    "a=fmtp:102 ;=;packetization-mode=1;;",
    "a=rtcp-fb:* nack",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=extmap:/",
    "a=ssrc:1",
    "a=ssrc-group:FID 1 1",
    "a=candidate:1 1 udp 1 192.0.2.1 9 typ host",
    "a=fingerprint:sha-512 00",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "m=video 0 RTP/AVP 1",
    "m=",
    "a=ice-ufrag:x y",
    "a=setup:holdconn",
    "a=crypto:1 x",
];

fn mutated(rng: &mut StdRng) -> String {
    let source = [CHROME, LINPHONE, BFCP, DATA, ANSWER][rng.random_range(0..5)];
    let mut lines: Vec<String> = source.lines().map(ToOwned::to_owned).collect();
    for _ in 0..rng.random_range(0..12) {
        let at = rng.random_range(1..lines.len());
        match rng.random_range(0..6) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, WORDS[rng.random_range(0..WORDS.len())].to_owned()),
            2 => {
                let middle = lines.len() / 2;
                lines.swap(at, middle);
            }
            3 => lines.insert(at, lines[lines.len() / 3].clone()),
            4 => {
                let mut characters: Vec<char> = lines[at].chars().collect();
                let place = rng.random_range(0..=characters.len());
                let odd = ['\0', ' ', ':', '=', '9', 'ü', '\u{202e}', '/'];
                characters.insert(place, odd[rng.random_range(0..odd.len())]);
                lines[at] = characters.into_iter().collect();
            }
            _ => lines[1..].shuffle(rng),
        }
        if lines.len() < 2 {
            lines.push("m=audio".to_owned());
        }
    }
    lines.join(["\r\n", "\n", "\r"][rng.random_range(0..3)])
}

fn garbage(rng: &mut StdRng) -> String {
    let length = rng.random_range(0..400);
    let bytes: Vec<u8> = (0..length).map(|_| rng.random()).collect();
    format!("v=0\n{}", String::from_utf8_lossy(&bytes))
}

/// Bounded by iterations, or by time when `VISAVIS_FUZZ_SECONDS` asks for more.
#[test]
fn whatever_is_read_does_no_harm_stays_small_and_is_read_again_as_it_is() {
    let seconds = std::env::var("VISAVIS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut rng = StdRng::seed_from_u64(0x5d90);
    let (mut rounds, mut read) = (0, 0);
    while until.map_or(rounds < 3_000, |until| Instant::now() < until) {
        rounds += 1;
        let sdp = if rng.random_bool(0.9) { mutated(&mut rng) } else { garbage(&mut rng) };
        let mut exchange = Exchange::new(&[7; 32]);
        let Ok(offer) = exchange.read_offer(&sdp) else { continue };
        read += 1;
        assert!(offer.for_library.len() <= 3 * sdp.len() + 4_096, "{sdp}");
        assert!(offer.candidates.len() <= sdp.matches("candidate").count(), "{sdp}");
        let again = Exchange::new(&[7; 32]).read_offer(&offer.for_library).expect(&sdp);
        assert_eq!(again.for_library, offer.for_library, "{sdp}");
        // What the library was given stands for what it answers.
        let answer = exchange.write(DescriptionKind::Answer, &offer.for_library);
        let sections = |sdp: &str| {
            sdp.split(['\r', '\n']).filter(|line| line.trim().starts_with("m=")).count()
        };
        assert!(answer.sdp.len() <= 3 * sdp.len() + 64 * 1_024, "{sdp}");
        if !sdp.contains("m =") {
            assert_eq!(sections(&answer.sdp), text::Text::read(&sdp).expect("sdp").sections.len());
        }
        exchange.sent(DescriptionKind::Answer, &offer.for_library);
        let later = exchange.write(DescriptionKind::Offer, &offer.for_library);
        assert_eq!(sections(&later.sdp), sections(&answer.sdp), "{sdp}");
        exchange.sent(DescriptionKind::Offer, &offer.for_library);
        if exchange.read_answer(&mutated(&mut rng), rng.random_bool(0.2)).is_ok() {
            exchange.remote_taken();
        }
    }
    assert!(read > rounds / 4, "only {read} of {rounds} were read");
}

#[test]
fn the_largest_descriptions_are_read() {
    for line in
        ["a=rtcp-fb:* x\n", "a=rtpmap:1 x/1\n", "a=group:BUNDLE 0 1\n", "a=ssrc:1\n", "a=mid:0\n"]
    {
        let formats = "1 ".repeat(10_000);
        let mut sdp = CHROME.replace("SAVPF 111 0", &format!("SAVPF {formats} 111"));
        sdp.push_str(&line.repeat((MAX_SDP_BYTES - sdp.len()) / line.len()));
        let mut exchange = Exchange::new(&[7; 32]);
        let offer = exchange.read_offer(&sdp).expect("an offer");
        exchange.write(DescriptionKind::Answer, &offer.for_library);
    }
}

#[test]
fn what_the_library_is_given_is_what_was_understood() {
    let read = Exchange::new(&[7; 32]).read_offer(LINPHONE).expect("an offer");
    let lines: Vec<&str> = read.for_library.lines().collect();
    for line in [
        "a=group:BUNDLE as vs",
        "m=audio 9 UDP/TLS/RTP/SAVPF 96",
        "a=rtpmap:96 opus/48000/2",
        "a=rtcp-fb:96 trr-int 1000",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=fmtp:96 packetization-mode=1;profile-level-id=42e01F",
        "a=rtcp-fb:96 ccm fir",
        "a=mid:vs",
        "a=ice-ufrag:uf01",
        "a=setup:passive",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=sendrecv",
    ] {
        assert!(lines.contains(&line), "no {line} in\n{}", read.for_library);
    }
    assert!(!read.for_library.contains("speex") && !read.for_library.contains("rtcp-xr"));
    assert_eq!(read.without_format, []);
    let vp8 = CHROME.replace("H264/90000", "VP9/90000");
    let read = Exchange::new(&[7; 32]).read_offer(&vp8).expect("an offer");
    assert_eq!(read.without_format, [MediaKind::Video]);
}

#[test]
fn a_section_with_a_transport_of_its_own_stays_without_media_and_candidates() {
    let at = CHROME.find("m=video").expect("video");
    let sdp =
        CHROME[..at].replace("a=group:BUNDLE 0 1\r\n", "") + &CHROME[at..].replace("uf01", "uf02");
    let mut exchange = Exchange::new(&[7; 32]);
    let offer = exchange.read_offer(&sdp).expect("an offer");
    assert!(!offer.for_library.contains("m=video"), "{}", offer.for_library);
    exchange.sent(DescriptionKind::Answer, &offer.for_library);
    let later = exchange.write(DescriptionKind::Offer, &offer.for_library).sdp;
    assert!(later.contains("m=video 9 UDP/TLS/RTP/SAVPF 102\r\n"), "{later}");
    assert!(later.ends_with("a=inactive\r\n"), "{later}");
    assert!(exchange.wants(MediaKind::Audio) && !exchange.wants(MediaKind::Video));
    assert!(exchange.takes_candidate(Some("0"), Some(1)));
    assert!(exchange.takes_candidate(None, Some(0)) && exchange.takes_candidate(None, None));
    assert!(!exchange.takes_candidate(Some("1"), Some(0)));
    assert!(!exchange.takes_candidate(Some(""), Some(1)));
}

#[test]
fn candidates_are_taken_from_the_sections_that_share_the_transport() {
    let candidate = |port| format!("a=candidate:1 1 udp 1 192.0.2.1 {port} typ host\r\n");
    let video = CHROME.find("m=video").expect("video");
    let (audio, video) = CHROME.split_at(video);
    let other = video.replace("uf01", "uf02").replace("BUNDLE", "").replace("a=mid:1", "a=mid:9");
    let sdp = format!(
        "{audio}{}{}{video}{}{}{other}{}",
        candidate(1),
        candidate(1),
        candidate(2),
        candidate(70_000),
        candidate(3)
    );
    let read = Exchange::new(&[7; 32]).read_offer(&sdp).expect("an offer");
    assert_eq!(
        read.candidates,
        ["1 1 udp 1 192.0.2.1 1 typ host", "1 1 udp 1 192.0.2.1 2 typ host"]
    );
}
