use super::*;
use crate::opus_codec::OpusEncoder;
use crate::tone::ToneGenerator;
use crate::tone_detector::ToneDetector;
use crate::units::WallTime;
use bytes::Bytes;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};

const START: WallTime = WallTime(1_790_000_000_000_000);

/// The tone in packets, each with the time since the start at which it was sent.
fn sent(hz: f32, count: u64) -> Vec<(Duration, ReceivedAudio)> {
    let (mut tone, mut encoder) = (ToneGenerator::new(hz), OpusEncoder::new().unwrap());
    let start = Instant::now();
    (0..count)
        .map(|number| {
            let mut samples = [0.0; PACKET_SAMPLES];
            let (first, second) = samples.split_at_mut(AUDIO_FRAME_SAMPLES);
            first.copy_from_slice(&tone.next_frame(WallTime(START.0 + number * 20_000)));
            second.copy_from_slice(&tone.next_frame(WallTime(START.0 + number * 20_000 + 10_000)));
            let payload = Bytes::copy_from_slice(encoder.encode(&samples).unwrap());
            // It leaves when its last sample was captured.
            let at = Duration::from_millis(number * 20 + 20);
            let rtp_timestamp = (number as u32).wrapping_mul(960);
            (
                at,
                ReceivedAudio {
                    sequence: number as u16,
                    rtp_timestamp,
                    payload,
                    arrival: start,
                    redundant: false,
                },
            )
        })
        .collect()
}

/// Plays a stream over a network that delays by what the closure tells, or loses.
fn play(
    count: u64,
    network_ms: impl FnMut(u64) -> Option<f64>,
) -> (AudioPlayout, ToneDetector, Vec<f32>) {
    play_tone(440.0, count, network_ms)
}

fn play_tone(
    hz: f32,
    count: u64,
    mut network_ms: impl FnMut(u64) -> Option<f64>,
) -> (AudioPlayout, ToneDetector, Vec<f32>) {
    let start = Instant::now();
    let mut arrivals: Vec<(Duration, ReceivedAudio)> = sent(hz, count)
        .into_iter()
        .enumerate()
        .filter_map(|(i, (at, packet))| {
            let at = at + Duration::from_secs_f64(network_ms(i as u64)? / 1000.0);
            Some((at, ReceivedAudio { arrival: start + at, ..packet }))
        })
        .collect();
    arrivals.sort_by_key(|(at, _)| *at);
    let mut arrivals = arrivals.into_iter().peekable();
    let (mut playout, mut detector, mut heard) =
        (AudioPlayout::new().unwrap(), ToneDetector::default(), Vec::new());
    for tick in 0..count * 2 {
        let at = Duration::from_millis(tick * 10);
        while let Some((_, packet)) = arrivals.next_if(|(arrival, _)| *arrival <= at) {
            playout.insert(packet);
        }
        let frame = playout.next_frame(start + at);
        detector.listen(&frame, WallTime(START.0 + at.as_micros() as u64));
        heard.extend(frame);
    }
    (playout, detector, heard)
}

#[test]
fn on_a_good_network_the_tone_is_heard_whole_and_soon() {
    let (playout, detector, _) = play(500, |_| Some(1.0));
    let stats = playout.stats();
    assert_eq!((stats.concealed_samples, stats.fec_recovered, stats.jitter_buffer.lost), (0, 0, 0));
    assert!((detector.hz().unwrap() - 440.0).abs() < 1.0);
    let delay = detector.mouth_to_ear();
    assert!(delay.count() >= 17, "{} marks", delay.count());
    let p50 = delay.quantile_ms(0.5).unwrap();
    assert!(
        p50 < 40.0,
        "1 ms under way, 20 ms packet, 7 ms codec, 10 ms until the frame is fetched: {p50} ms"
    );
}

/// Plays packets of 10 ms that arrive so many milliseconds late; gives how long they wait in
/// the end.
fn wait_of_short_packets(hz: f32, late_ms: impl Fn(u64) -> u64) -> (f64, PlayoutStats) {
    let (mut tone, mut encoder, mut playout) =
        (ToneGenerator::new(hz), OpusEncoder::new().unwrap(), AudioPlayout::new().unwrap());
    let start = Instant::now();
    let mut arrivals = VecDeque::new();
    let mut before = PlayoutStats::default();
    for number in 0..3000_u64 {
        let samples = tone.next_frame(WallTime(START.0 + number * 10_000));
        let payload = Bytes::copy_from_slice(encoder.encode(&samples).unwrap());
        let at = number * 10 + 10;
        let arrival = start + Duration::from_millis(at + late_ms(number));
        let (sequence, rtp_timestamp) = (number as u16, number as u32 * 480);
        arrivals.push_back(ReceivedAudio {
            sequence,
            rtp_timestamp,
            payload,
            arrival,
            redundant: false,
        });
        let now = start + Duration::from_millis(at);
        while let Some(packet) = arrivals.pop_front_if(|packet| packet.arrival <= now) {
            playout.insert(packet);
        }
        playout.next_frame(now);
        if number == 2500 {
            before = playout.stats();
        }
    }
    let stats = playout.stats();
    let (buffer, earlier) = (stats.jitter_buffer, before.jitter_buffer);
    (
        (buffer.waited - earlier.waited).as_secs_f64() * 1e3
            / (buffer.played - earlier.played) as f64,
        stats,
    )
}

#[test]
fn the_delay_of_short_packets_is_taken_back_whatever_the_pitch() {
    for hz in [95.0, 150.0, 310.0] {
        // For two seconds the network is 100 ms slower.
        let (wait, stats) =
            wait_of_short_packets(hz, |n| if (500..700).contains(&n) { 100 } else { 0 });
        println!(
            "{hz} Hz: {wait:.1} ms, {} of {} concealed",
            stats.concealed_samples, stats.samples
        );
        assert!(wait < 20.0, "{hz} Hz: {wait} ms");
    }
}

#[test]
fn the_tone_is_still_measured_with_loss_and_jitter() {
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let (playout, detector, _) =
        play(1500, |_| (!random.random_bool(0.05)).then(|| 20.0 + random.random_range(0.0..40.0)));
    let stats = playout.stats();
    let lost = stats.jitter_buffer.lost as f64 / 1500.0;
    let ratio = stats.concealed_samples as f64 / stats.samples as f64;
    assert!((ratio - lost).abs() < 0.015, "{ratio} concealed with {lost} lost");
    assert!((detector.hz().unwrap() - 440.0).abs() < 2.0, "{:?}", detector.hz());
    assert!(detector.mouth_to_ear().count() > 10);
}

#[test]
fn lost_speech_is_rebuilt_from_the_packets_after_it() {
    let (mut encoder, mut playout) = (OpusEncoder::new().unwrap(), AudioPlayout::new().unwrap());
    let start = Instant::now();
    for number in 0..1000_u16 {
        // A buzz of 150 Hz in four syllables a second: what libopus takes for speech, unlike a
        // steady tone.
        let samples: [f32; PACKET_SAMPLES] = std::array::from_fn(|i| {
            let at = (usize::from(number) * PACKET_SAMPLES + i) as f32 / SAMPLE_RATE as f32;
            let syllable = (0.5 - 0.5 * (at * 4.0 * std::f32::consts::TAU).cos()).powi(2);
            (1..12)
                .map(|k| (at * 150.0 * k as f32 * std::f32::consts::TAU).sin() / k as f32)
                .sum::<f32>()
                * syllable
                * 0.2
        });
        let payload = Bytes::copy_from_slice(encoder.encode(&samples).unwrap());
        let arrival = start + Duration::from_millis(u64::from(number) * 20);
        if number % 20 != 7 {
            let rtp_timestamp = u32::from(number) * 960;
            playout.insert(ReceivedAudio {
                sequence: number,
                rtp_timestamp,
                payload,
                arrival,
                redundant: false,
            });
        }
        playout.next_frame(arrival);
        playout.next_frame(arrival + Duration::from_millis(10));
    }
    let stats = playout.stats();
    assert_eq!(stats.jitter_buffer.lost, 50);
    assert!(stats.fec_recovered >= 25, "{stats:?}");
}

#[test]
fn an_interruption_fades_to_silence_and_audio_comes_back() {
    let (playout, _, heard) = play(500, |i| (!(100..250).contains(&i)).then_some(1.0));
    let power = |from_s: f64, to_s: f64| {
        let part = &heard[(from_s * 48_000.0) as usize..(to_s * 48_000.0) as usize];
        part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32
    };
    assert!(power(1.0, 1.9) > 0.02);
    assert!(power(3.0, 4.9) < 1e-5, "{}", power(3.0, 4.9));
    assert!(power(5.5, 6.5) > 0.02);
    assert_eq!(playout.stats().jitter_buffer.lost, 150);
}

#[test]
fn gaps_jumps_and_changes_of_speed_do_not_click() {
    let mut random = rand::rngs::StdRng::seed_from_u64(11);
    let (_, _, heard) = play_tone(1250.0, 1500, |i| match i {
        // Losses, an interruption, a network that becomes slower, one that becomes faster, and
        // jitter.
        0..300 => (!random.random_bool(0.1)).then_some(10.0),
        400..450 => None,
        600..800 => Some(150.0),
        1000..1300 => Some(10.0 + random.random_range(0.0..80.0)),
        _ => Some(10.0),
    });
    // A tone without marks, which is at its steepest 0.04 a sample.
    let steps: Vec<f32> = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let worst = steps.iter().copied().fold(0.0, f32::max);
    assert!(worst < 0.07, "a step of {worst}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_arrives_there_is_always_a_frame_and_memory_is_bounded(
        packets in proptest::collection::vec(
            (any::<u16>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..60), 0..40_u64, any::<bool>()),
            1..300,
        ),
    ) {
        let mut playout = AudioPlayout::new().unwrap();
        let mut now = Instant::now();
        for (i, (sequence, rtp_timestamp, payload, pause_ms, redundant)) in packets.into_iter().enumerate() {
            // Most of them near one another, so that a stream forms.
            let (sequence, rtp_timestamp) = match i % 4 {
                0 => (sequence, rtp_timestamp),
                _ => (i as u16 + sequence % 4, i as u32 * 960 + rtp_timestamp % 4 * 480),
            };
            playout.insert(ReceivedAudio { sequence, rtp_timestamp, payload: payload.into(), arrival: now, redundant });
            now += Duration::from_millis(pause_ms);
            let frame = playout.next_frame(now);
            prop_assert!(frame.iter().all(|sample| (-1.0..=1.0).contains(sample)));
            prop_assert!(playout.ready.len() <= MAX_PIECE + AUDIO_FRAME_SAMPLES && playout.tail.len() <= time_stretch::HISTORY);
        }
        let stats = playout.stats();
        prop_assert!(stats.concealed_samples <= stats.samples);
    }
}

#[test]
fn what_is_concealed_after_the_last_packet_counts_once_it_is_an_outage() {
    let start = Instant::now();
    let (mut playout, _, _) = play(100, |_| Some(1.0));
    let mut concealed_after = |frames: std::ops::Range<u64>| {
        for frame in frames {
            playout.next_frame(start + Duration::from_millis(2000 + frame * 10));
        }
        playout.stats().concealed_samples
    };
    assert_eq!(concealed_after(0..6), 0);
    assert!(concealed_after(6..20) >= 15 * 480);
}

#[test]
fn packets_that_do_not_decode_are_concealed() {
    let start = Instant::now();
    let mut playout = AudioPlayout::new().unwrap();
    for number in 0..50_u16 {
        let arrival = start + Duration::from_millis(u64::from(number) * 20);
        // Code 1 needs two frames of equal size, so an odd length is malformed (RFC 6716
        // §3.2.3).
        let payload = Bytes::from_static(&[28 << 3 | 1 | 2 << 3, 1, 2, 3]);
        let rtp_timestamp = u32::from(number) * 960;
        playout.insert(ReceivedAudio {
            sequence: number,
            rtp_timestamp,
            payload,
            arrival,
            redundant: false,
        });
        playout.next_frame(arrival);
        playout.next_frame(arrival + Duration::from_millis(10));
    }
    let stats = playout.stats();
    assert!(stats.undecodable > 40, "{stats:?}");
    assert!(stats.concealed_samples > 40 * 900);
}
