use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::decoder::FromFec;
use super::*;

/// A group of packets of different sizes, and so many FEC packets.
fn group(seed: u64, media: usize, fec: usize) -> (Vec<MediaPacket>, Vec<Bytes>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let (first, rtp_timestamp): (u16, u32) = (rng.random(), rng.random());
    let mut encoder = FecEncoder::default();
    let packets: Vec<MediaPacket> = (0..media)
        .map(|index| MediaPacket {
            sequence: first.wrapping_add(index as u16),
            rtp_timestamp,
            marker: index + 1 == media,
            payload: (0..rng.random_range(1..1200))
                .map(|_| rng.random::<u8>())
                .collect::<Vec<_>>()
                .into(),
        })
        .collect();
    for packet in &packets {
        encoder.add(packet.clone());
    }
    let (time, payloads) = encoder.finish(fec);
    assert_eq!((time, payloads.len()), (rtp_timestamp, fec));
    (packets, payloads)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_packets_as_many_as_there_were_rebuild_all(
        seed: u64, media in 1..=MAX_MEDIA, fec in 1..=12usize, extra_loss in 0..3usize
    ) {
        let (packets, payloads) = group(seed, media, fec);
        let mut rng = StdRng::seed_from_u64(seed ^ 1);
        let mut arriving: Vec<usize> = (0..media + fec).collect();
        arriving.shuffle(&mut rng);
        let arriving = &arriving[..(media + fec).saturating_sub(fec + extra_loss)];
        let mut decoder = FecDecoder::default();
        let (mut have, mut rebuilt) = (Vec::new(), Vec::new());
        for &index in arriving {
            if let Some(packet) = packets.get(index) {
                have.push(packet.clone());
                rebuilt.extend(decoder.add_media(packet.clone()));
            } else {
                rebuilt.extend(decoder.add_fec(packets[0].rtp_timestamp, &payloads[index - media]).rebuilt);
            }
        }
        for packet in &rebuilt {
            prop_assert!(packets.contains(packet), "a packet that nobody sent");
            prop_assert!(!have.contains(packet), "a packet that was there");
        }
        if extra_loss == 0 {
            prop_assert_eq!(have.len() + rebuilt.len(), media);
        } else {
            prop_assert!(rebuilt.is_empty());
        }
    }

    #[test]
    fn whatever_arrives_does_no_harm(seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let (packets, payloads) = group(seed, 5, 3);
        let mut decoder = FecDecoder::default();
        for _ in 0..300 {
            let mut payload = payloads[rng.random_range(0..3)].to_vec();
            match rng.random_range(0..4) {
                0 => payload.truncate(rng.random_range(0..payload.len())),
                1 => payload[rng.random_range(0..HEADER)] = rng.random(),
                2 => payload = (0..rng.random_range(0..100)).map(|_| rng.random()).collect(),
                _ => payload[2] = rng.random_range(0..6),
            }
            let _ = decoder.add_fec(packets[0].rtp_timestamp.wrapping_add(rng.random_range(0..3)), &payload.into());
            let mut packet = packets[rng.random_range(0..5)].clone();
            packet.sequence = packet.sequence.wrapping_add(rng.random_range(0..4));
            let _ = decoder.add_media(packet);
        }
    }
}

#[test]
fn a_retransmission_completes_a_group_that_lacked_one_packet_too_many() {
    let (packets, payloads) = group(3, 6, 1);
    let mut decoder = FecDecoder::default();
    for packet in &packets[2..] {
        assert_eq!(decoder.add_media(packet.clone()), []);
    }
    assert_eq!(decoder.add_fec(packets[0].rtp_timestamp, &payloads[0]).rebuilt, []);
    assert_eq!(decoder.add_media(packets[1].clone()), [packets[0].clone()]);
    assert_eq!(decoder.add_media(packets[1].clone()), []);
}

#[test]
fn what_no_fec_packet_still_to_come_can_rebuild_is_reported_at_once() {
    let (packets, payloads) = group(6, 6, 3);
    let mut decoder = FecDecoder::default();
    for packet in &packets[..2] {
        assert_eq!(decoder.add_media(packet.clone()), []);
    }
    let last_four: Vec<u16> = packets[2..].iter().map(|packet| packet.sequence).collect();
    // Four are missing, and three FEC packets were made.
    assert_eq!(decoder.add_fec(packets[0].rtp_timestamp, &payloads[0]).beyond, last_four);
    assert_eq!(decoder.add_media(packets[2].clone()), []);
    // Three are missing. With the second FEC packet two are here, and one may follow.
    assert_eq!(decoder.add_fec(packets[0].rtp_timestamp, &payloads[1]), FromFec::default());
    assert_eq!(decoder.add_fec(packets[0].rtp_timestamp, &payloads[2]).rebuilt, packets[3..]);
}

#[test]
fn fec_packets_of_a_cycle_earlier_rebuild_nothing_now() {
    let (packets, payloads) = group(4, 3, 1);
    let mut decoder = FecDecoder::default();
    for packet in &packets[1..] {
        let later = MediaPacket {
            rtp_timestamp: packet.rtp_timestamp.wrapping_add(90_000),
            ..packet.clone()
        };
        assert_eq!(decoder.add_media(later), []);
    }
    assert_eq!(decoder.add_fec(packets[0].rtp_timestamp, &payloads[0]).rebuilt, []);
}

#[test]
fn a_fec_packet_is_as_long_as_the_longest_packet_and_a_little() {
    let (packets, payloads) = group(5, 8, 2);
    let longest = packets.iter().map(|packet| packet.payload.len()).max().expect("packets");
    assert!(payloads.iter().all(|payload| payload.len() == longest + HEADER + LENGTH));
}
