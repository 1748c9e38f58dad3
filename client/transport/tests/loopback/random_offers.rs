//! Random offers that keep the rules, and a real peer's answers to them.

use proptest::prelude::*;

use crate::descriptions::answer_to;
use crate::offer_answer_rules::broken;

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
    /// Each section has a transport of its own.
    apart: bool,
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
    let session = (any::<[bool; 5]>(), proptest::option::of(0..4usize), 0..4usize);
    (proptest::collection::vec(section, 1..7), session).prop_map(
        |(sections, ([named, bundled, at_session, apart, crlf], direction, setup))| RandomOffer {
            sections,
            named,
            bundled,
            apart: apart && !(named && bundled) && !at_session,
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
            let own = if offer.apart { format!("uf{index:02}") } else { "uf01".to_owned() };
            lines.push(transport.replace("uf01", &own));
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
                for (start, kinds) in [("m=audio 9 ", 0..3), ("m=video 9 ", 3..6)] {
                    // Those with a third transport are kept.
                    let most = if random.apart { live(start).min(1) } else { live(start) };
                    prop_assert_eq!(most, usize::from(random.offers(kinds)), "{}\n{}", offer, answer);
                }
                if random.apart {
                    prop_assert!(answer.matches("a=sendrecv").count() <= 2, "{}\n{}", offer, answer);
                }
            }
            Err(why) => {
                prop_assert!(why.contains("no media"), "{}\n{}", why, offer);
                prop_assert!(!random.offers(0..6) && !has_data, "{}\n{}", why, offer);
            }
        }
    }
}
