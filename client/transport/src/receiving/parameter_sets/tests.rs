use std::time::Instant;

use super::*;

/// A NAL unit of a type, whose body is these Exp-Golomb values behind this many bytes.
fn nal(header: u8, before: &[u8], values: &[u32]) -> Bytes {
    let mut bits: Vec<bool> = Vec::new();
    for value in values {
        let length = (value + 1).ilog2();
        bits.extend((0..length).map(|_| false));
        bits.extend((0..=length).rev().map(|bit| (value + 1) >> bit & 1 == 1));
    }
    bits.push(true);
    let bytes = bits.chunks(8).map(|chunk| {
        chunk.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)) << (8 - chunk.len())
    });
    std::iter::once(header).chain(before.iter().copied()).chain(bytes).collect()
}

fn sps(id: u32, level: u8) -> Bytes {
    nal(0x67, &[0x42, 0xc0, level], &[id])
}

fn pps(id: u32, sps: u32, more: u32) -> Bytes {
    nal(0x68, &[], &[id, sps, more])
}

/// An IDR slice that names a picture parameter set.
fn idr(pps: u32) -> Bytes {
    nal(0x65, &[], &[0, 7, pps])
}

fn slice(pps: u32) -> Bytes {
    nal(0x61, &[], &[0, 5, pps])
}

fn frame(before: &[Bytes], payloads: &[Bytes]) -> Frame {
    let types = |wanted: &[u8]| {
        payloads.iter().any(|payload| wanted.contains(&(payload[0] & NAL_TYPE_MASK)))
    };
    let now = Instant::now();
    Frame {
        payloads: payloads.to_vec(),
        parameter_sets_before: before.to_vec(),
        key: types(&[5]),
        parameter_sets: types(&[7, 8]),
        rtp_timestamp: 0,
        first_arrival: now,
        last_arrival: now,
    }
}

fn unit(sets: &mut ParameterSets, before: &[Bytes], payloads: &[Bytes]) -> Vec<Bytes> {
    let unit = sets.access_unit(&frame(before, payloads)).expect("it is whole");
    nal_units(&unit).collect()
}

#[test]
fn a_key_frame_without_sets_gets_the_last_ones_and_one_with_sets_stays_as_it_is() {
    let mut sets = ParameterSets::default();
    let own = [sps(0, 31), pps(0, 0, 1), idr(0)];
    assert_eq!(unit(&mut sets, &[], &own), own);
    assert_eq!(unit(&mut sets, &[], &[slice(0)]), [slice(0)]);
    assert_eq!(unit(&mut sets, &[], &[idr(0)]), own);
    // Another size, under the same id.
    let other = [sps(0, 40), pps(0, 0, 2), idr(0)];
    assert_eq!(unit(&mut sets, &[], &other), other);
    assert_eq!(unit(&mut sets, &[], &[idr(0)]), other);
}

#[test]
fn those_of_the_description_serve_until_the_stream_has_its_own() {
    let mut sets = ParameterSets::default();
    let described = vec![sps(0, 31), pps(0, 0, 1)];
    sets.describe(described.clone());
    assert!(sets.has_both());
    assert_eq!(unit(&mut sets, &[], &[idr(0)]), [sps(0, 31), pps(0, 0, 1), idr(0)]);
    unit(&mut sets, &[], &[sps(0, 40), idr(0)]);
    // The same description again, as with each ICE restart, takes nothing back.
    sets.describe(described);
    assert_eq!(unit(&mut sets, &[], &[idr(0)]), [sps(0, 40), pps(0, 0, 1), idr(0)]);
    sets.describe(vec![sps(0, 22)]);
    assert_eq!(unit(&mut sets, &[], &[idr(0)]), [sps(0, 22), pps(0, 0, 1), idr(0)]);
}

#[test]
fn a_set_that_came_with_no_picture_goes_before_the_next_one_even_if_that_is_no_key_frame() {
    let mut sets = ParameterSets::default();
    let both = [sps(0, 31), pps(0, 0, 1)];
    assert_eq!(unit(&mut sets, &both, &[idr(0)]), [sps(0, 31), pps(0, 0, 1), idr(0)]);
    assert_eq!(unit(&mut sets, &[pps(3, 0, 1)], &[slice(3)]), [pps(3, 0, 1), slice(3)]);
    assert_eq!(unit(&mut sets, &[], &[slice(3)]), [slice(3)]);
    // A key frame after damage: the frames behind it may name any of its picture parameter sets.
    assert_eq!(unit(&mut sets, &[], &[idr(0)]), [sps(0, 31), pps(0, 0, 1), pps(3, 0, 1), idr(0)]);
}

#[test]
fn of_several_ids_those_go_along_that_belong_to_the_picture() {
    let mut sets = ParameterSets::default();
    let all = [sps(0, 31), sps(5, 40), pps(0, 0, 1), pps(200, 5, 1)];
    assert_eq!(unit(&mut sets, &all, &[idr(200)]), [sps(5, 40), pps(200, 5, 1), idr(200)]);
    assert_eq!(unit(&mut sets, &[], &[idr(0)]), [sps(0, 31), pps(0, 0, 1), idr(0)]);
}

#[test]
fn a_key_frame_whose_sets_never_came_is_an_error() {
    let mut sets = ParameterSets::default();
    let refused = Err(DepacketizeError::MissingParameterSet);
    assert_eq!(sets.access_unit(&frame(&[], &[idr(0)])), refused);
    assert_eq!(sets.access_unit(&frame(&[pps(0, 1, 1)], &[idr(0)])), refused);
    assert_eq!(sets.access_unit(&frame(&[sps(0, 31)], &[idr(0)])), refused);
    assert!(sets.access_unit(&frame(&[sps(1, 31)], &[idr(0)])).is_ok());
}

#[test]
fn what_is_kept_is_bounded_and_what_makes_no_sense_is_not_kept() {
    let mut sets = ParameterSets::default();
    for id in 0..=MAX_PPS_ID {
        let set = pps(id, id % 32, 0);
        unit(&mut sets, &[sps(id % 32, 31), set], &[slice(id)]);
    }
    assert_eq!((sets.sps.len(), sets.pps.len()), (32, MAX_PPS));
    assert!(sets.pps.contains_key(&MAX_PPS_ID) && !sets.pps.contains_key(&0));
    let long = [&sps(0, 99)[..], &[1; MAX_SET_BYTES]].concat();
    let malformed = [Bytes::from(long), Bytes::from_static(&[0x67]), sps(32, 31), pps(256, 0, 0)];
    assert_eq!(unit(&mut sets, &malformed, &[slice(0)]), [slice(0)]);
    assert!(sets.sps.values().all(|sps| sps.len() < MAX_SET_BYTES));
}
