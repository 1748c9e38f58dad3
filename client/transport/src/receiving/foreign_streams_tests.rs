//! H.264 as other senders packetize it: every legal way, and those that are not legal but sent,
//! decodes to the pictures that were encoded.
//!
//! The streams in `tests/fixtures/rtp` have one RTP packet a line; their pictures are those that
//! FFmpeg decodes, as FNV-1a of their planes.

mod packetizing;
mod receiver;

use bytes::Bytes;
use packetizing::{Packetizing, Sets, Way, read_fixture};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use receiver::{Receiver, Took};

/// What FFmpeg decodes the streams to that come in several packetizations.
const PICTURES: [u64; 30] = [
    0xf39e_8194_80c9_114b,
    0x2be3_de89_0e6c_25ff,
    0xdee6_1a8e_aa7e_7c4d,
    0x3565_7728_5d4b_da90,
    0xd449_5067_afc0_97d1,
    0x57fe_3470_3c14_ea13,
    0x7317_1566_f62e_b9a3,
    0xb188_99bb_e0e3_63c2,
    0x849a_100d_d0b4_cc67,
    0x661b_d665_6ae2_fe52,
    0x2969_b91c_421e_1f65,
    0xfadc_21d0_f338_90d4,
    0xffc3_dce4_06e2_33ae,
    0xc050_0d1b_2a45_e471,
    0x5c2a_ddbb_e7db_f831,
    0x9f3e_0131_95d8_bbf7,
    0xf67d_7eb2_b7e3_27fe,
    0xe030_6c69_1375_149e,
    0x6c91_34da_1c84_07d8,
    0xa49b_d38a_d7cb_3986,
    0xd8b4_1f5e_08f6_63fa,
    0xde2a_490a_53bd_73cb,
    0xfb95_fc67_afc4_33a4,
    0x8614_9066_2b58_15b9,
    0xa00a_2aa2_04ca_af49,
    0x5f08_7967_5467_7ae5,
    0xbb13_4db1_1c09_26b9,
    0x4a33_886d_ed5b_c98e,
    0x8cb7_0602_5b20_ec34,
    0x52bd_9f74_f4d6_6f14,
];

const NAMES: [&str; 5] =
    ["plain", "four_slices", "slices_of_200_bytes", "intra_refresh", "other_size"];

/// The pictures of a fixture.
fn pictures_of(name: &str) -> Vec<u64> {
    let (pictures, _) = read_fixture(name);
    if pictures.is_empty() { PICTURES.to_vec() } else { pictures }
}

/// Sends a fixture another way, and gives what was shown.
fn sent(name: &str, way: Way, took: Took) -> Receiver {
    let (_, packets) = read_fixture(name);
    let packetizing = Packetizing::new(&packets, way);
    let mut receiver = Receiver::new(packetizing.described.clone());
    receiver.take_all(&packetizing.packets, took);
    receiver
}

#[test]
fn each_fixture_decodes_to_the_pictures_that_were_encoded() {
    for name in [
        "plain",
        "fu_a_start_and_end",
        "marker_on_parameter_sets",
        "no_parameter_sets_in_band",
        "parameter_sets_with_own_time",
        "parameter_sets_with_time_of_picture_before",
        "four_slices",
        "slices_of_200_bytes",
        "intra_refresh",
        "other_size",
    ] {
        for took in [Took::OneByOne, Took::FrameByFrame] {
            let (_, packets) = read_fixture(name);
            let mut receiver = Receiver::new(packetizing::described_in(name));
            receiver.take_all(&packets, took);
            assert_eq!(receiver.pictures, pictures_of(name), "{name}, {took:?}");
            assert_eq!(receiver.key_frame_requests, 0, "{name}, {took:?}");
            assert!(receiver.longest_wait.is_zero(), "{name}, {took:?}: {receiver:?}");
        }
    }
}

#[test]
fn each_way_to_packetize_decodes_to_the_same_pictures() {
    for name in NAMES {
        for way in Way::each() {
            for took in [Took::OneByOne, Took::FrameByFrame] {
                let receiver = sent(name, way, took);
                assert_eq!(receiver.pictures, pictures_of(name), "{name}, {way:?}, {took:?}");
            }
        }
    }
}

#[test]
fn no_picture_waits_for_the_next_while_the_marker_tells_its_end() {
    for name in ["plain", "intra_refresh", "other_size"] {
        for way in Way::each().filter(|way| way.markers_tell()) {
            let receiver = sent(name, way, Took::OneByOne);
            assert!(receiver.longest_wait.is_zero(), "{name}, {way:?}: {receiver:?}");
        }
    }
}

#[test]
fn with_a_marker_on_each_of_four_slices_pictures_wait_only_until_the_number_is_known() {
    let way = Way { marker_on_all: true, ..Way::default() };
    let receiver = sent("four_slices", way, Took::OneByOne);
    assert_eq!(receiver.pictures, pictures_of("four_slices"));
    assert!(receiver.waits.iter().skip(10).all(|wait| wait.is_zero()), "{:?}", receiver.waits);
}

#[test]
fn parameter_sets_that_came_once_serve_again_after_damage() {
    for sets in [Sets::Once, Sets::Described] {
        let way = Way { sets, ..Way::default() };
        let (_, packets) = read_fixture("other_size");
        let mut packetizing = Packetizing::new(&packets, way);
        // A picture never comes; the next key frame is the seventh.
        let third = packetizing.packets[4].rtp_timestamp;
        packetizing.packets.retain(|packet| packet.rtp_timestamp != third);
        let mut receiver = Receiver::new(packetizing.described.clone());
        receiver.take_all(&packetizing.packets, Took::OneByOne);
        let all = pictures_of("other_size");
        assert!(receiver.pictures.ends_with(&all[6..]), "{sets:?}: {receiver:?}");
        assert!(receiver.pictures.len() < all.len());
    }
}

#[test]
fn a_stream_that_changes_its_size_is_followed_whether_or_not_its_sets_come_with_the_picture() {
    for sets in [Sets::InBand, Sets::OwnTime, Sets::TimeOfPictureBefore] {
        let way = Way { sets, ..Way::default() };
        let (_, small) = read_fixture("four_slices");
        let (_, wide) = read_fixture("other_size");
        let packetizing = Packetizing::joined(&[&small, &wide, &small], way);
        let mut receiver = Receiver::new(packetizing.described.clone());
        receiver.take_all(&packetizing.packets, Took::OneByOne);
        let [small, wide] = ["four_slices", "other_size"].map(pictures_of);
        let expected = [&small[..], &wide, &small].concat();
        assert_eq!(receiver.pictures, expected, "{sets:?}");
    }
}

#[test]
fn without_any_key_frame_nothing_is_shown_and_key_frames_are_requested() {
    let (_, packets) = read_fixture("intra_refresh");
    let packetizing = Packetizing::new(&packets, Way::default());
    let first = packetizing.packets[0].rtp_timestamp;
    let later: Vec<_> =
        packetizing.packets.into_iter().filter(|packet| packet.rtp_timestamp != first).collect();
    let mut receiver = Receiver::new(Vec::<Bytes>::new());
    receiver.take_all(&later, Took::OneByOne);
    assert!(receiver.pictures.is_empty());
    assert!(receiver.key_frame_requests > 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(14),
        ..ProptestConfig::default()
    })]

    /// Any combination, with packets that overtake each other, come twice, or come late.
    #[test]
    fn every_combination_decodes_to_the_same_pictures(
        name in prop::sample::select(&NAMES[..]), way in packetizing::any_way(), seed: u64,
    ) {
        let (_, packets) = read_fixture(name);
        let packetizing = Packetizing::new(&packets, way);
        let mut receiver = Receiver::new(packetizing.described.clone());
        receiver.take_disturbed(&packetizing.packets, seed);
        prop_assert_eq!(&receiver.pictures, &pictures_of(name));
    }
}
