use std::time::{Duration, Instant};

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::sending::packetizer::{nal_units, packetize};

fn parts(payloads: &[&[u8]]) -> Result<Vec<u8>, DepacketizeError> {
    depacketize(payloads.iter().copied()).map(|unit| unit.to_vec())
}

#[test]
fn a_single_nal_unit_gets_a_start_code() {
    assert_eq!(parts(&[&[0x65, 1, 2]]), Ok(vec![0, 0, 0, 1, 0x65, 1, 2]));
}

#[test]
fn a_malformed_aggregate_is_refused_and_does_not_panic() {
    for payload in
        [&[0x78, 0, 1, 0x65, 0][..], &[0x78], &[0x78, 0], &[0x78, 0, 9, 0x65], &[0x78, 0xff, 0xff]]
    {
        assert_eq!(parts(&[payload]), Err(DepacketizeError::Truncated), "{payload:?}");
    }
}

#[test]
fn an_aggregated_nal_unit_of_no_bytes_is_refused() {
    assert_eq!(parts(&[&[0x78, 0, 0, 0, 1, 0x65]]), Err(DepacketizeError::Truncated));
}

#[test]
fn an_aggregate_within_an_aggregate_is_refused() {
    assert_eq!(parts(&[&[0x78, 0, 2, 0x78, 0]]), Err(DepacketizeError::NotAllowed(24)));
}

#[test]
fn fragments_make_up_the_nal_unit_that_was_sent() {
    let unit = parts(&[&[0x7c, 0x85, 1], &[0x7c, 0x05, 2], &[0x7c, 0x45, 3]]);
    assert_eq!(unit, Ok(vec![0, 0, 0, 1, 0x65, 1, 2, 3]));
}

#[test]
fn fragments_without_start_without_end_or_of_another_nal_unit_are_refused() {
    let (start, middle, end) = (&[0x7c, 0x85, 1][..], &[0x7c, 0x05, 2][..], &[0x7c, 0x45, 3][..]);
    for payloads in [
        &[middle, end][..],
        &[end],
        &[start, middle],
        &[start],
        &[start, start, end],
        &[start, &[0x61, 1], end],
        &[start, &[0x7c, 0x41, 3]],
        &[start, &[0x7c, 0xc5, 1]],
    ] {
        assert_eq!(parts(payloads), Err(DepacketizeError::BrokenFragment), "{payloads:?}");
    }
}

#[test]
fn a_fragment_that_is_first_and_last_at_once_is_a_nal_unit() {
    let whole = parts(&[&[0x67, 9], &[0x7c, 0xc5, 1, 2], &[0x7c, 0xc5, 3]]);
    assert_eq!(whole, Ok(vec![0, 0, 0, 1, 0x67, 9, 0, 0, 0, 1, 0x65, 1, 2, 0, 0, 0, 1, 0x65, 3]));
}

#[test]
fn nal_units_of_extensions_are_left_out() {
    let aggregate = [0x78, 0, 2, 0x6e, 1, 0, 2, 0x61, 7];
    let (start, end) = ([0x7c, 0x94, 1], [0x7c, 0x54, 2]);
    let unit = parts(&[&[0x6f, 1], &aggregate, &start, &end, &[0x61, 8]]);
    assert_eq!(unit, Ok(vec![0, 0, 0, 1, 0x61, 7, 0, 0, 0, 1, 0x61, 8]));
    assert_eq!(parts(&[&[0x6f, 1]]), Err(DepacketizeError::Empty));
}

#[test]
fn reserved_types_are_ignored_and_interleaved_ones_refused() {
    assert_eq!(
        parts(&[&[0x00, 7], &[0x1e, 7], &[0x1f, 7], &[0x61, 1]]),
        Ok(vec![0, 0, 0, 1, 0x61, 1])
    );
    for nal_type in [25, 26, 27, 29] {
        assert_eq!(
            parts(&[&[0x60 | nal_type, 0, 0, 0]]),
            Err(DepacketizeError::NotAllowed(nal_type))
        );
    }
}

#[test]
fn an_access_unit_does_not_grow_without_bound() {
    let start = [0x7c, 0x85];
    let mut middle = vec![0x7c, 0x05];
    middle.resize(60_000, 1);
    let payloads = std::iter::once(&start[..]).chain(std::iter::repeat_n(&middle[..], 100));
    assert_eq!(depacketize(payloads), Err(DepacketizeError::TooLarge));
}

#[test]
fn a_payload_shows_what_it_begins() {
    let none = NalFlags::default();
    let (sps, pps, idr, picture) = (true, true, true, true);
    assert_eq!(
        inspect(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1]),
        NalFlags { sps, pps, begins: Begins::AccessUnit, ..none }
    );
    let middle = NalFlags { begins: Begins::Rest, unfinished: true, ..none };
    assert_eq!(inspect(&[0x7c, 0x05, 1]), NalFlags { idr, picture, ..middle });
    assert_eq!(inspect(&[0x7c, 0x07, 1]), middle);
    let slice = NalFlags { picture, slices: 1, ..none };
    assert_eq!(inspect(&[0x61, 0x88]), NalFlags { begins: Begins::Picture, ..slice });
    assert_eq!(inspect(&[0x65, 0x48]), NalFlags { idr, begins: Begins::Rest, ..slice });
    assert_eq!(inspect(&[0x61]), slice);
    assert_eq!(inspect(&[0x7c, 0xc5, 0x88]), NalFlags { idr, begins: Begins::Picture, ..slice });
    assert_eq!(inspect(&[]), none);
    assert_eq!(inspect(&[0x78, 0, 9, 0x67]), none);
}

/// A NAL unit as an encoder may write it: no start code within (emulation prevention) and no zero
/// at its end.
fn nal() -> impl Strategy<Value = Vec<u8>> {
    (1..=12u8, 0..4u8, prop::collection::vec(1..=255u8, 0..4000)).prop_map(
        |(kind, importance, body)| std::iter::once(importance << 5 | kind).chain(body).collect(),
    )
}

fn annex_b(nals: &[Vec<u8>]) -> Bytes {
    nals.iter()
        .flat_map(|nal| [0, 0, 0, 1].into_iter().chain(nal.iter().copied()))
        .collect::<Vec<u8>>()
        .into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_packetized_comes_out_as_it_went_in(nals in prop::collection::vec(nal(), 1..6), max in 8usize..1400) {
        let unit = annex_b(&nals);
        let payloads = packetize(&unit, max);
        prop_assert!(payloads.iter().all(|payload| payload.len() <= max));
        prop_assert_eq!(depacketize(payloads.iter().map(AsRef::as_ref)), Ok(unit));
    }

    #[test]
    fn payloads_that_were_lost_or_reordered_never_yield_bytes_that_nobody_sent(
        nals in prop::collection::vec(nal(), 1..6), max in 8usize..1400, seed: u64,
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut payloads = packetize(&annex_b(&nals), max);
        payloads.retain(|_| rng.random_bool(0.8));
        if rng.random_bool(0.5) {
            payloads.shuffle(&mut rng);
        }
        if let Ok(unit) = depacketize(payloads.iter().map(AsRef::as_ref)) {
            // Fragments carry no numbers, so swapped or missing middles are the frame buffer's to
            // prevent: it never hands over an access unit with a gap. What is checked here is that
            // no NAL unit gains foreign headers.
            for nal in nal_units(&unit) {
                prop_assert!(nals.iter().any(|sent| sent.first() == nal.first()));
            }
        }
    }
}

/// Bounded by iterations, or by time when `VISAVIS_FUZZ_SECONDS` asks for more.
#[test]
fn garbage_never_panics() {
    let seconds = std::env::var("VISAVIS_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut rng = StdRng::seed_from_u64(0x0068_3236_3421);
    let mut rounds = 0u32;
    while until.map_or(rounds < 20_000, |until| Instant::now() < until) {
        rounds += 1;
        let payloads: Vec<Vec<u8>> = (0..rng.random_range(1..6))
            .map(|_| {
                let mut payload: Vec<u8> =
                    (0..rng.random_range(0..40)).map(|_| rng.random()).collect();
                // Steer towards the types that have a structure.
                if let Some(first) = payload.first_mut()
                    && rng.random_bool(0.8)
                {
                    *first = [0x78, 0x7c, 0x65, 0x67, 0x1c][rng.random_range(0..5)];
                }
                if let Some(second) = payload.get_mut(1)
                    && rng.random_bool(0.5)
                {
                    *second = [0x00, 0x85, 0x45, 0x05][rng.random_range(0..4)];
                }
                payload
            })
            .collect();
        for payload in &payloads {
            let _ = inspect(payload);
        }
        if let Ok(unit) = depacketize(payloads.iter().map(AsRef::as_ref)) {
            assert!(unit.len() <= payloads.iter().map(|payload| payload.len() * 3 + 4).sum());
        }
    }
}
