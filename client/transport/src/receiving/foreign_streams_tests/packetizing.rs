//! The streams of the fixtures, and the ways in which others packetize them.

use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;

use crate::fec::MediaPacket;
use crate::receiving::sprop_parameter_sets::described_parameter_sets;
use crate::sending::packetizer::packetize;

/// The RTP clock from picture to picture.
const INTERVAL: u32 = 6000;
const AUD: &[u8] = &[0x09, 0xf0];
const SEI: &[u8] = &[0x06, 0x05, 0x02, 0xaa, 0xbb, 0x80];
const FILLER: &[u8] = &[0x0c, 0xff, 0xff, 0x80];
const END_OF_SEQUENCE: &[u8] = &[0x0a];

/// Where the parameter sets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sets {
    /// Before each key frame, with its RTP timestamp.
    #[default]
    InBand,
    /// Before the first only.
    Once,
    /// In the description only.
    Described,
    /// Before each key frame, with a time of their own.
    OwnTime,
    /// Before each key frame, with the time of the picture before.
    TimeOfPictureBefore,
    /// Before each picture.
    EachPicture,
}

/// How NAL units are fragmented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fragments {
    #[default]
    None,
    /// Each in one FU-A with start and end.
    StartAndEnd,
    /// Into payloads of at most so many bytes.
    Of(usize),
}

/// One way to packetize a stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Way {
    pub(super) sets: Sets,
    pub(super) fragments: Fragments,
    /// A marker on each packet, or on each with parameter sets, or on none.
    pub(super) marker_on_all: bool,
    pub(super) marker_on_sets: bool,
    pub(super) no_markers: bool,
    /// Whatever fits into one packet together is.
    pub(super) aggregated: bool,
    /// Delimiters, supplemental information, filler data and ends of sequences.
    pub(super) extras: bool,
    /// Packets of padding alone.
    pub(super) padding: bool,
}

impl Way {
    /// Each of them alone, the plain one first.
    pub(super) fn each() -> impl Iterator<Item = Self> {
        let plain = Self::default();
        let sets = [
            Sets::Once,
            Sets::Described,
            Sets::OwnTime,
            Sets::TimeOfPictureBefore,
            Sets::EachPicture,
        ];
        let fragments = [Fragments::StartAndEnd, Fragments::Of(60), Fragments::Of(10)];
        [
            plain,
            Self { marker_on_all: true, ..plain },
            Self { marker_on_all: true, fragments: Fragments::Of(60), ..plain },
            Self { marker_on_sets: true, ..plain },
            Self { no_markers: true, ..plain },
            Self { aggregated: true, ..plain },
            Self { extras: true, ..plain },
            Self { padding: true, ..plain },
        ]
        .into_iter()
        .chain(sets.map(|sets| Self { sets, ..plain }))
        .chain(fragments.map(|fragments| Self { fragments, ..plain }))
    }

    /// Whether a marker ends each picture.
    pub(super) fn markers_tell(self) -> bool {
        !self.no_markers
    }
}

pub(super) fn any_way() -> impl Strategy<Value = Way> {
    let sets = [
        Sets::InBand,
        Sets::Once,
        Sets::Described,
        Sets::OwnTime,
        Sets::TimeOfPictureBefore,
        Sets::EachPicture,
    ];
    let fragments =
        [Fragments::None, Fragments::StartAndEnd, Fragments::Of(20), Fragments::Of(150)];
    (
        prop::sample::select(sets.to_vec()),
        prop::sample::select(fragments.to_vec()),
        0..4u8,
        any::<[bool; 3]>(),
    )
        .prop_map(|(sets, fragments, markers, [aggregated, extras, padding])| Way {
            sets,
            fragments,
            marker_on_all: markers == 1,
            marker_on_sets: markers == 2,
            no_markers: markers == 3,
            aggregated,
            extras,
            padding,
        })
}

/// The pictures and the packets of a fixture.
pub(super) fn read_fixture(name: &str) -> (Vec<u64>, Vec<MediaPacket>) {
    let text = text_of(name);
    let mut lines = text
        .lines()
        .map(|line| -> serde_json::Value { serde_json::from_str(line).expect("a line of JSON") });
    let note = lines.next().expect("a note");
    let pictures = note["pictures"].as_array().into_iter().flatten();
    let pictures = pictures
        .map(|hash| u64::from_str_radix(hash.as_str().expect("a hash"), 16).expect("a hash"));
    let number = |value: &serde_json::Value| value.as_u64().expect("a number");
    let packets = lines.map(|line| MediaPacket {
        sequence: number(&line["seq"]) as u16,
        rtp_timestamp: number(&line["ts"]) as u32,
        marker: number(&line["m"]) == 1,
        payload: from_hex(line["hex"].as_str().expect("hex")),
    });
    (pictures.collect(), packets.collect())
}

/// The parameter sets that a fixture's note describes.
pub(super) fn described_in(name: &str) -> Vec<Bytes> {
    let note: serde_json::Value =
        serde_json::from_str(text_of(name).lines().next().expect("a note")).expect("JSON");
    let note = note["note"].as_str().expect("a note");
    described_parameter_sets(&format!("a=fmtp:96 packetization-mode=1;{note}"))
}

fn text_of(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rtp");
    std::fs::read_to_string(path.join(format!("{name}.jsonl"))).expect("a fixture")
}

fn from_hex(hex: &str) -> Bytes {
    let pairs = (0..hex.len() / 2).map(|at| hex.get(2 * at..2 * at + 2).expect("two digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

fn kind_of(nal: &[u8]) -> u8 {
    nal.first().copied().unwrap_or_default() & 0x1f
}

fn is_set(nal: &Bytes) -> bool {
    matches!(kind_of(nal), 7 | 8)
}

/// A stream that was packetized in some way.
pub(super) struct Packetizing {
    pub(super) packets: Vec<MediaPacket>,
    /// The parameter sets of its description.
    pub(super) described: Vec<Bytes>,
    way: Way,
}

impl Packetizing {
    /// Packetizes a stream of single NAL units, a picture's with one RTP timestamp, anew.
    pub(super) fn new(packets: &[MediaPacket], way: Way) -> Self {
        Self::joined(&[packets], way)
    }

    /// The same with several streams, one behind the other.
    pub(super) fn joined(streams: &[&[MediaPacket]], way: Way) -> Self {
        let mut this = Self { packets: Vec::new(), described: Vec::new(), way };
        let pictures = streams
            .iter()
            .flat_map(|packets| packets.chunk_by(|a, b| a.rtp_timestamp == b.rtp_timestamp));
        let mut last_sets: Vec<Bytes> = Vec::new();
        let mut rtp_timestamp = 90_000;
        for (index, picture) in pictures.enumerate() {
            let nals = picture.iter().map(|packet| packet.payload.clone());
            let (sets, mut nals): (Vec<_>, Vec<_>) = nals.partition(is_set);
            let begins = !sets.is_empty();
            if begins {
                last_sets = sets;
            }
            let mut before = Vec::new();
            if way.extras {
                if begins && index > 0 && nals.iter().any(|nal| kind_of(nal) == 5) {
                    before.push(Bytes::from_static(END_OF_SEQUENCE));
                }
                before.push(Bytes::from_static(AUD));
                nals.insert(0, Bytes::from_static(SEI));
                nals.push(Bytes::from_static(FILLER));
            }
            let in_band = match way.sets {
                Sets::InBand => begins,
                Sets::EachPicture => true,
                Sets::Once => index == 0,
                Sets::Described => {
                    if index == 0 {
                        this.described = last_sets.clone();
                    }
                    false
                }
                Sets::OwnTime | Sets::TimeOfPictureBefore => {
                    let earlier = if way.sets == Sets::OwnTime { 1500 } else { INTERVAL };
                    if begins {
                        this.push(&last_sets, rtp_timestamp - earlier, true);
                    }
                    false
                }
            };
            if in_band {
                before.extend(last_sets.iter().cloned());
            }
            before.extend(nals);
            this.push(&before, rtp_timestamp, true);
            rtp_timestamp += INTERVAL;
        }
        if way.no_markers {
            this.push(&[Bytes::from_static(AUD)], rtp_timestamp, false);
        }
        this
    }

    /// Adds what has one RTP timestamp.
    fn push(&mut self, nals: &[Bytes], rtp_timestamp: u32, ends: bool) {
        let way = self.way;
        let mut payloads: Vec<Bytes> = Vec::new();
        let limit = match way.fragments {
            Fragments::Of(bytes) => bytes,
            Fragments::None | Fragments::StartAndEnd => 1200,
        };
        let annex_b = |nals: &[Bytes]| -> Bytes {
            nals.iter().flat_map(|nal| [&[0, 0, 1][..], nal].concat()).collect()
        };
        if way.aggregated && way.fragments != Fragments::StartAndEnd {
            payloads = packetize(&annex_b(nals), limit);
        } else {
            for nal in nals {
                if way.fragments == Fragments::StartAndEnd && !is_set(nal) && nal.len() > 1 {
                    let header = nal[0];
                    let fu = [header & 0x60 | 28, 0xc0 | header & 0x1f];
                    payloads.push([&fu[..], &nal[1..]].concat().into());
                } else {
                    payloads.extend(packetize(&annex_b(std::slice::from_ref(nal)), limit));
                }
            }
        }
        let last = payloads.len() - 1;
        for (index, payload) in payloads.into_iter().enumerate() {
            let marker = way.marker_on_all
                || (way.marker_on_sets && is_set(&payload))
                || (ends && index == last);
            self.packet(rtp_timestamp, marker && !way.no_markers, payload);
        }
        if way.padding {
            self.packet(rtp_timestamp, false, Bytes::new());
        }
    }

    fn packet(&mut self, rtp_timestamp: u32, marker: bool, payload: Bytes) {
        // Close to the end of 16 bits.
        let sequence = (65_500 + self.packets.len()) as u16;
        self.packets.push(MediaPacket { sequence, rtp_timestamp, marker, payload });
    }
}
