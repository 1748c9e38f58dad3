//! Descriptions that are divided between two connections, and joined again.

use proptest::prelude::*;
use visavis_shared::DescriptionKind;

use super::super::Exchange;
use super::*;

const FINGERPRINT: &str = "a=fingerprint:sha-256 0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:\
    0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B:0B\n";

/// A section: its kind, its name, the name of its transport, and its port.
fn section(kind: &str, mid: &str, transport: &str, port: u16) -> String {
    let media = match kind {
        "audio" => format!("m=audio {port} UDP/TLS/RTP/SAVPF 111\na=rtpmap:111 opus/48000/2\n"),
        "video" => format!(
            "m=video {port} UDP/TLS/RTP/SAVPF 102\na=rtpmap:102 H264/90000\n\
             a=fmtp:102 packetization-mode=1;profile-level-id=42e01f\n"
        ),
        "text" => format!("m=text {port} UDP/TLS/RTP/SAVPF 98\n"),
        _ => format!("m=application {port} UDP/DTLS/SCTP webrtc-datachannel\na=sctp-port:5000\n"),
    };
    let mid = if mid.is_empty() { String::new() } else { format!("a=mid:{mid}\n") };
    format!(
        "{media}{mid}a=ice-ufrag:{transport}\na=ice-pwd:p\n{FINGERPRINT}a=setup:actpass\n\
         a=candidate:1 1 udp 1 192.0.2.1 {} typ host\n",
        1000 + transport.bytes().map(u16::from).sum::<u16>()
    )
}

fn description(group: &str, sections: &[(&str, &str, &str, u16)]) -> String {
    let sections = sections.iter().map(|(kind, mid, of, port)| section(kind, mid, of, *port));
    format!("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n{group}{}", sections.collect::<String>())
}

fn divided(sdp: &str, before: &Division) -> Divided {
    Division::of_offer(sdp, before).expect(sdp)
}

/// Whose each section is, as a letter: of the first, of the second, of nobody.
fn owners(division: &Division) -> String {
    let letter = |share: &Share| match (share.used, share.written_by) {
        (None, _) => '-',
        (_, Place::First) => '1',
        (_, Place::Second) => '2',
    };
    division.shares.iter().map(letter).collect()
}

const AUDIO: (&str, &str, &str, u16) = ("audio", "a", "1", 9);
const VIDEO: (&str, &str, &str, u16) = ("video", "v", "2", 9);

#[test]
fn what_shares_a_transport_is_given_to_the_first_connection_as_it_is() {
    for (group, sections) in [
        ("a=group:BUNDLE a v\n", [AUDIO, VIDEO]),
        ("", [AUDIO, ("video", "v", "1", 9)]),
        ("", [AUDIO, ("video", "v", "2", 0)]),
        ("", [AUDIO, ("text", "t", "2", 9)]),
        ("", [AUDIO, ("data", "d", "2", 9)]),
        ("", [AUDIO, ("audio", "b", "2", 9)]),
    ] {
        let divided = divided(&description(group, &sections), &Division::default());
        assert!(divided.parts.is_none() && !divided.division.is_divided(), "{sections:?}");
        assert_eq!(divided.division.carrier(MediaKind::Video), Place::First);
    }
}

#[test]
fn sound_and_picture_with_a_transport_each_are_divided_in_any_order() {
    let data = ("data", "d", "3", 9);
    for (group, sections, wanted) in [
        ("", vec![AUDIO, VIDEO], "12"),
        ("", vec![VIDEO, AUDIO], "21"),
        ("", vec![data, VIDEO, AUDIO], "-21"),
        ("", vec![("video", "w", "4", 9), AUDIO, VIDEO], "21-"),
        ("", vec![("video", "w", "4", 0), AUDIO, VIDEO], "-12"),
        ("a=group:BUNDLE d v\n", vec![AUDIO, data, VIDEO], "1-2"),
        ("a=group:BUNDLE a d\n", vec![AUDIO, data, VIDEO], "112"),
        ("a=group:BUNDLE a\na=group:BUNDLE v\n", vec![AUDIO, VIDEO], "12"),
        ("", vec![("audio", "", "1", 9), ("video", "", "2", 9)], "12"),
    ] {
        let sdp = description(group, &sections);
        let Divided { division, parts } = divided(&sdp, &Division::default());
        assert_eq!(owners(&division), wanted, "{sdp}");
        assert_eq!(division.carrier(MediaKind::Audio), Place::First);
        assert_eq!(division.carrier(MediaKind::Video), Place::Second);
        let parts = parts.expect("two parts");
        for (place, kind, other) in [(Place::First, "audio", "2"), (Place::Second, "video", "1")] {
            let read = Exchange::new(&[7; 32]).read_offer(&parts[place]).expect("a part");
            assert!(read.for_library.contains(&format!("m={kind} ")), "{}", read.for_library);
            assert!(!read.for_library.contains(&format!("a=ice-ufrag:{other}")));
            assert_eq!(read.candidates.len(), 1, "its own: {:?}", read.candidates);
        }
    }
}

#[test]
fn what_is_carried_stays_with_its_connection() {
    let (audio, video) = (description("", &[AUDIO]), description("", &[VIDEO]));
    for (first, then, wanted) in [
        (&audio, description("", &[AUDIO, VIDEO]), "12"),
        (&video, description("", &[VIDEO, AUDIO]), "12"),
        (&video, description("a=group:BUNDLE v a\n", &[VIDEO, AUDIO]), "11"),
        (
            &description("", &[AUDIO, VIDEO]),
            description("", &[AUDIO, ("video", "v", "5", 9)]),
            "12",
        ),
        (
            &description("", &[AUDIO, VIDEO]),
            description("", &[AUDIO, ("video", "v", "2", 0)]),
            "1-",
        ),
        (
            &description("", &[AUDIO, VIDEO]),
            description("a=group:BUNDLE a v\n", &[AUDIO, VIDEO]),
            "11",
        ),
        (
            &description("a=group:BUNDLE v a\n", &[AUDIO, VIDEO]),
            description("", &[AUDIO, VIDEO]),
            "21",
        ),
    ] {
        let before = divided(first, &Division::default()).division;
        assert_eq!(owners(&divided(&then, &before).division), wanted, "{then}");
    }
    let before = divided(&description("", &[AUDIO, VIDEO]), &Division::default()).division;
    let more = [AUDIO, VIDEO, ("video", "w", "1", 9)];
    let then = description("a=group:BUNDLE a w\n", &more);
    assert_eq!(owners(&divided(&then, &before).division), "12-");
    for (then, why) in [
        (description("a=group:BUNDLE v a\n", &[AUDIO, VIDEO]), SdpError::ExchangesTransports),
        (description("", &[("audio", "a", "1", 0), VIDEO]), SdpError::NoMedia),
        (
            description("", &[AUDIO, VIDEO])
                .replacen("sha-256", "sha-1", 2)
                .replacen("sha-1", "sha-256", 1),
            SdpError::Unverifiable("sha-1"),
        ),
    ] {
        assert_eq!(Division::of_offer(&then, &before), Err(why), "{then}");
    }
}

#[test]
fn a_second_transport_that_cannot_be_verified_costs_its_section_and_not_the_call() {
    let sdp = description("", &[AUDIO, VIDEO]);
    let at = sdp.rfind("sha-256").expect("a fingerprint");
    let sdp = format!("{}sha-1{}", &sdp[..at], &sdp[at + 7..]);
    assert_eq!(divided(&sdp, &Division::default()).parts, None);
}

#[test]
fn candidates_go_by_name_or_else_by_place() {
    let (data, other) = (("data", "d", "2", 9), ("video", "w", "3", 9));
    let sdp = description("a=group:BUNDLE d v\n", &[other, AUDIO, data, VIDEO]);
    let before = divided(&description("", &[("text", "w", "3", 9), AUDIO]), &Division::default());
    let division = divided(&sdp, &before.division).division;
    for (mid, index, wanted) in [
        (Some("a"), Some(3), Place::First),
        (Some("v"), Some(1), Place::Second),
        (Some("d"), None, Place::Second),
        (None, Some(3), Place::Second),
        (Some(""), Some(2), Place::Second),
        (None, Some(1), Place::First),
        (None, None, Place::First),
        (Some("x"), Some(3), Place::First),
        (None, Some(700), Place::First),
    ] {
        assert_eq!(division.of_candidate(mid, index), wanted, "{mid:?} {index:?}");
    }
    let named = |mid: &str, index| (Some(mid.to_owned()), Some(index));
    assert_eq!(division.section_of_second(named("a", 1)), named("v", 3));
    assert_eq!(division.section_of_second(named("v", 3)), named("v", 3));
}

/// What a connection answers to its part, were the library to take all that it is given.
fn answered(part: &str) -> String {
    let mut exchange = Exchange::new(&[7; 32]);
    let read = exchange.read_offer(part).expect("a part");
    exchange.write(DescriptionKind::Answer, &read.for_library).sdp
}

#[test]
fn an_answer_has_each_section_from_who_carries_it_and_the_groups_of_both() {
    let data = ("data", "d", "1", 9);
    let groups = "a=group:BUNDLE a d\na=group:BUNDLE v\n";
    let sdp = description(groups, &[VIDEO, AUDIO, ("text", "t", "9", 9), data]);
    let Divided { division, parts } = divided(&sdp, &Division::default());
    let parts = parts.expect("two parts");
    let joined = division.join(&answered(&parts[Place::First]), &answered(&parts[Place::Second]));
    let of = |start: &str| -> Vec<&str> {
        joined.lines().filter(|line| line.starts_with(start)).collect()
    };
    assert_eq!(of("a=group:"), ["a=group:BUNDLE a d", "a=group:BUNDLE v"]);
    assert_eq!(
        of("m="),
        [
            "m=video 9 UDP/TLS/RTP/SAVPF 102",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "m=text 0 UDP/TLS/RTP/SAVPF 98",
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"
        ]
    );
    assert_eq!(of("a=ice-ufrag:")[..2], ["a=ice-ufrag:2", "a=ice-ufrag:1"]);
    assert_eq!(of("a=mid:"), ["a=mid:v", "a=mid:a", "a=mid:t", "a=mid:d"]);
    assert!(joined.starts_with("v=0\r\no="), "{joined}");
}

#[test]
fn an_answer_is_divided_by_what_was_offered() {
    let offer = description("a=group:BUNDLE a v\n", &[AUDIO, ("video", "v", "1", 9)]);
    // In another order, and without one.
    let answer = description("", &[("video", "v", "8", 9), ("audio", "a", "7", 9)]);
    let divided = Division::of_answer(&answer, &offer, &Division::default()).expect("an answer");
    assert_eq!(owners(&divided.division), "12");
    let answer = description("", &[("audio", "a", "7", 9)]);
    let divided = Division::of_answer(&answer, &offer, &Division::default()).expect("an answer");
    assert_eq!((owners(&divided.division).as_str(), divided.parts), ("1-", None));
}

#[test]
fn an_answer_that_names_its_sections_and_has_no_group_has_a_transport_for_each() {
    let same = [AUDIO, ("video", "v", "1", 9)];
    let grouped = description("a=group:BUNDLE a v\n", &same);
    let answer = description("", &same);
    let divided = Division::of_answer(&answer, &grouped, &Division::default()).expect("an answer");
    assert_eq!(owners(&divided.division), "12");
    let parts = divided.parts.expect("two parts");
    for place in Place::BOTH {
        let read = Exchange::new(&[7; 32]).read_offer(&parts[place]).expect("a part");
        assert_eq!(read.candidates.len(), 1);
    }
    // So it stays, whoever offers next.
    let again = self::divided(&answer, &divided.division);
    assert_eq!(owners(&again.division), "12");
    for (offer, answer) in [
        (&grouped, &grouped),
        (&answer, &answer),
        (&grouped, &answer.replace("a=mid:a\n", "").replace("a=mid:v\n", "")),
    ] {
        let divided = Division::of_answer(answer, offer, &Division::default()).expect("an answer");
        assert_eq!(owners(&divided.division), "11", "{answer}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_offered_in_whatever_order_a_kind_has_one_carrier_and_places_stay(
        offers in prop::collection::vec(
            (
                prop::collection::vec((0..4usize, 0..4usize, prop::bool::weighted(0.8)), 1..7),
                any::<[bool; 6]>(),
                any::<bool>(),
            ),
            1..4,
        )
    ) {
        let kinds = ["audio", "video", "data", "text"];
        let mut before = Division::default();
        for (sections, bundled, is_bundled) in offers {
            let names: Vec<String> = (0..sections.len()).map(|at| format!("s{at}")).collect();
            let transports = ["1", "2", "3", "4"];
            let listed: Vec<_> = sections.iter().zip(&names).map(|((kind, of, live), name)| {
                (kinds[*kind], name.as_str(), transports[*of], if *live { 9 } else { 0 })
            }).collect();
            let group: Vec<&str> = names.iter().zip(bundled).filter(|(_, is)| *is).map(|(name, _)| name.as_str()).collect();
            let group = if is_bundled { format!("a=group:BUNDLE {}\n", group.join(" ")) } else { String::new() };
            let sdp = description(&group, &listed);
            let Ok(Divided { division, parts }) = Division::of_offer(&sdp, &before) else { continue };
            prop_assert_eq!(division.shares.len(), listed.len());
            for kind in [Use::Audio, Use::Video, Use::Data] {
                let carried = division.shares.iter().filter(|share| share.used == Some(kind)).count();
                prop_assert!(carried <= 1, "{}", sdp);
            }
            for (at, share) in before.shares.iter().enumerate() {
                let now = division.shares.get(at).filter(|now| now.used.is_some() && now.used == share.used);
                let moved = now.is_some_and(|now| now.written_by != share.written_by);
                let is_media = share.used.and_then(Use::kind).is_some();
                prop_assert!(!moved || !is_media || division.is_divided() != before.is_divided(), "{}", sdp);
            }
            if let Some(parts) = parts {
                let answers = Place::BOTH.map(|place| answered(&parts[place]));
                let joined = division.join(&answers[0], &answers[1]);
                let count = |text: &str| text.matches("m=").count();
                prop_assert_eq!(count(&joined), listed.len());
                let mids: Vec<&str> = joined.lines().filter_map(|line| line.strip_prefix("a=mid:")).collect();
                prop_assert_eq!(mids, names.iter().map(String::as_str).collect::<Vec<_>>());
                let live = |start: &str| joined.lines().filter(|line| line.starts_with(start)).count();
                prop_assert_eq!(live("a=ice-ufrag:"), listed.len());
            }
            before = division;
        }
    }

    #[test]
    fn whatever_is_divided_does_no_harm(text in "(v=0\n)?([am]=[ -~]{0,30}\n){0,20}", mid in "[ -~]{0,5}", index: u16) {
        if let Ok(Divided { division, parts }) = Division::of_offer(&text, &Division::default()) {
            division.of_candidate(Some(&mid), Some(index));
            let parts = parts.unwrap_or_default();
            division.join(&parts[Place::First], &parts[Place::Second]);
        }
    }
}
