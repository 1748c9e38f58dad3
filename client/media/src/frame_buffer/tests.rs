use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

const PATIENCE: Duration = Duration::from_millis(50);

/// A stream as a sender makes it: frames of several packets, each payload telling which frame and
/// packet it is.
struct Stream {
    start: Instant,
    sequence: u16,
    frame: u32,
}

impl Stream {
    fn new() -> Self {
        // Close to the wrap of both counters.
        Self { start: Instant::now(), sequence: 65_530, frame: 0 }
    }

    fn time_of(&self, frame: u32) -> u32 {
        (u32::MAX - 10_000).wrapping_add(frame * 3000)
    }

    fn frame(&mut self, key: bool, packets: u16) -> Vec<VideoPacket> {
        let frame = self.frame;
        self.frame += 1;
        (0..packets)
            .map(|index| {
                let sequence = self.sequence;
                self.sequence = self.sequence.wrapping_add(1);
                let first = index == 0;
                VideoPacket {
                    sequence,
                    rtp_timestamp: self.time_of(frame),
                    marker: index + 1 == packets,
                    payload: Bytes::from(format!("{frame}.{index}")),
                    flags: NalFlags {
                        sps: key && first,
                        pps: key && first,
                        idr: key,
                        picture: true,
                        begins: if first { Begins::AccessUnit } else { Begins::Rest },
                        ..NalFlags::default()
                    },
                    arrival: self.start,
                }
            })
            .collect()
    }
}

fn insert(buffer: &mut FrameBuffer, packets: impl IntoIterator<Item = VideoPacket>, at: Instant) {
    for packet in packets {
        buffer.insert(VideoPacket { arrival: at, ..packet });
    }
}

fn contents(frame: &Frame) -> Vec<String> {
    frame.payloads.iter().map(|payload| String::from_utf8_lossy(payload).into_owned()).collect()
}

fn drain(buffer: &mut FrameBuffer, now: Instant) -> Vec<Vec<String>> {
    std::iter::from_fn(|| buffer.poll(now, PATIENCE)).map(|frame| contents(&frame)).collect()
}

#[test]
fn whole_frames_come_out_at_once_and_in_order() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let now = stream.start;
    for (index, key) in [true, false, false, false, true, false].into_iter().enumerate() {
        insert(&mut buffer, stream.frame(key, 3), now);
        let frame = buffer.poll(now, PATIENCE).expect("a whole frame");
        assert_eq!(
            contents(&frame),
            [format!("{index}.0"), format!("{index}.1"), format!("{index}.2")]
        );
        assert_eq!(frame.key, key);
        assert!(buffer.poll(now, PATIENCE).is_none());
    }
    assert_eq!((buffer.frames_dropped(), buffer.packets.len()), (0, 0));
}

#[test]
fn times_are_unwrapped_across_the_end_of_32_bits() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let times: Vec<u64> = (0..10)
        .map(|index| {
            insert(&mut buffer, stream.frame(index == 0, 2), stream.start);
            buffer.poll(stream.start, PATIENCE).expect("whole").rtp_timestamp
        })
        .collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 3000), "{times:?}");
}

#[test]
fn nothing_is_released_before_the_first_key_frame() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    insert(&mut buffer, stream.frame(false, 2), stream.start);
    insert(&mut buffer, stream.frame(false, 2), stream.start);
    assert!(drain(&mut buffer, stream.start).is_empty());
    assert!(buffer.waits_for_key_frame());
    insert(&mut buffer, stream.frame(true, 2), stream.start);
    assert_eq!(drain(&mut buffer, stream.start), [["2.0", "2.1"]]);
    assert!(buffer.frames_dropped() >= 2);
}

#[test]
fn a_repair_that_comes_in_time_fills_the_hole_and_nothing_is_lost() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let now = stream.start;
    insert(&mut buffer, stream.frame(true, 2), now);
    let mut broken = stream.frame(false, 3);
    let lost = broken.remove(1);
    insert(&mut buffer, broken, now);
    insert(&mut buffer, stream.frame(false, 1), now + Duration::from_millis(10));
    assert_eq!(drain(&mut buffer, now + Duration::from_millis(10)), [["0.0", "0.1"]]);
    assert_eq!(buffer.next_deadline(PATIENCE), Some(now + PATIENCE));
    insert(&mut buffer, [lost], now + Duration::from_millis(40));
    let frames = drain(&mut buffer, now + Duration::from_millis(40));
    assert_eq!(frames, [vec!["1.0", "1.1", "1.2"], vec!["2.0"]]);
    assert_eq!(buffer.frames_dropped(), 0);
    assert!(!buffer.take_key_frame_request());
}

#[test]
fn a_hole_that_nobody_fills_ends_in_one_request_for_a_key_frame() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let now = stream.start;
    insert(&mut buffer, stream.frame(true, 1), now);
    let mut broken = stream.frame(false, 2);
    let lost = broken.remove(0);
    insert(&mut buffer, broken, now);
    insert(&mut buffer, stream.frame(false, 1), now);
    assert_eq!(drain(&mut buffer, now).len(), 1);
    assert!(drain(&mut buffer, now + PATIENCE - Duration::from_millis(1)).is_empty());
    assert!(!buffer.take_key_frame_request());
    assert!(drain(&mut buffer, now + PATIENCE).is_empty());
    assert!(buffer.take_key_frame_request());
    assert!(!buffer.take_key_frame_request());
    // Too late: it was given up, and what follows it does not decode.
    insert(&mut buffer, [lost], now + PATIENCE);
    insert(&mut buffer, stream.frame(false, 1), now + PATIENCE);
    assert!(drain(&mut buffer, now + PATIENCE).is_empty());
    insert(&mut buffer, stream.frame(true, 2), now + PATIENCE);
    assert_eq!(drain(&mut buffer, now + PATIENCE), [["4.0", "4.1"]]);
}

#[test]
fn a_whole_key_frame_behind_a_hole_is_taken_at_once() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let now = stream.start;
    insert(&mut buffer, stream.frame(true, 1), now);
    assert_eq!(drain(&mut buffer, now).len(), 1);
    insert(&mut buffer, stream.frame(false, 2).into_iter().skip(1), now);
    insert(&mut buffer, stream.frame(true, 3), now);
    assert_eq!(drain(&mut buffer, now), [["2.0", "2.1", "2.2"]]);
    assert_eq!(buffer.frames_dropped(), 1);
}

#[test]
fn a_key_frame_whose_beginning_is_missing_is_not_mistaken_for_a_whole_one() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let now = stream.start;
    let mut key = stream.frame(true, 4);
    let first = key.remove(0);
    insert(&mut buffer, key, now);
    insert(&mut buffer, stream.frame(false, 1), now);
    assert!(drain(&mut buffer, now).is_empty());
    insert(&mut buffer, [first], now);
    assert_eq!(drain(&mut buffer, now), [vec!["0.0", "0.1", "0.2", "0.3"], vec!["1.0"]]);
}

#[test]
fn padding_between_frames_is_no_frame() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let now = stream.start;
    insert(&mut buffer, stream.frame(true, 2), now);
    assert_eq!(drain(&mut buffer, now).len(), 1);
    let (sequence, rtp_timestamp) = (stream.sequence, stream.time_of(0));
    stream.sequence = stream.sequence.wrapping_add(2);
    let padding = VideoPacket {
        sequence,
        rtp_timestamp,
        marker: false,
        payload: Bytes::new(),
        flags: NalFlags::default(),
        arrival: now,
    };
    insert(
        &mut buffer,
        [padding.clone(), VideoPacket { sequence: sequence.wrapping_add(1), ..padding }],
        now,
    );
    insert(&mut buffer, stream.frame(false, 2), now);
    assert_eq!(drain(&mut buffer, now), [["1.0", "1.1"]]);
}

#[test]
fn a_reader_that_falls_behind_goes_on_with_a_key_frame() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let now = stream.start;
    insert(&mut buffer, stream.frame(true, 1), now);
    assert_eq!(drain(&mut buffer, now).len(), 1);
    buffer.skip_to_key_frame();
    assert!(buffer.take_key_frame_request());
    insert(&mut buffer, stream.frame(false, 1), now);
    assert!(drain(&mut buffer, now).is_empty());
    insert(&mut buffer, stream.frame(true, 1), now);
    assert_eq!(drain(&mut buffer, now), [["2.0"]]);
}

#[test]
fn a_sender_that_restarts_its_numbers_is_followed() {
    let mut stream = Stream::new();
    let mut buffer = FrameBuffer::default();
    let now = stream.start;
    insert(&mut buffer, stream.frame(true, 1), now);
    assert_eq!(drain(&mut buffer, now).len(), 1);
    stream.sequence = stream.sequence.wrapping_sub(20_000);
    for _ in 0..RESTART_AFTER {
        insert(&mut buffer, stream.frame(false, 1), now);
        assert!(drain(&mut buffer, now).is_empty());
    }
    assert!(buffer.take_key_frame_request());
    insert(&mut buffer, stream.frame(true, 1), now);
    assert_eq!(drain(&mut buffer, now).len(), 1);
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let mut buffer = FrameBuffer::default();
    let now = Instant::now();
    let mut rng = StdRng::seed_from_u64(7);
    let payload = Bytes::from(vec![0; 60_000]);
    for _ in 0..20_000 {
        let idr = rng.random_bool(0.1);
        buffer.insert(VideoPacket {
            sequence: rng.random(),
            rtp_timestamp: rng.random(),
            marker: rng.random_bool(0.1),
            payload: if rng.random_bool(0.5) { payload.clone() } else { Bytes::from_static(b"x") },
            flags: NalFlags {
                sps: idr,
                pps: idr,
                idr,
                picture: rng.random_bool(0.8),
                slices: rng.random_range(0..3),
                begins: [Begins::AccessUnit, Begins::Picture, Begins::Rest, Begins::Unknown]
                    [rng.random_range(0..4)],
                unfinished: rng.random_bool(0.3),
                ..NalFlags::default()
            },
            arrival: now,
        });
        while buffer.poll(now, PATIENCE).is_some() {}
        assert!(buffer.packets.len() <= MAX_PACKETS && buffer.bytes <= MAX_BYTES);
        assert_eq!(
            buffer.bytes,
            buffer.packets.values().map(|held| held.packet.payload.len()).sum::<usize>()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Loss, duplication, reordering and late repairs on virtual time: every released frame is
    /// exactly one that was sent, in order, and a frame that isn't a key frame follows the one it
    /// was predicted from.
    #[test]
    fn a_released_frame_is_whole_in_order_and_decodable(seed: u64, loss in 0.0..0.4f64, repaired in 0.0..1.0f64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut stream = Stream::new();
        let mut buffer = FrameBuffer::default();
        let mut sizes = Vec::new();
        let mut arrivals: Vec<(Duration, VideoPacket)> = Vec::new();
        for frame in 0..60u32 {
            let packets = rng.random_range(1..6);
            sizes.push(packets);
            let key = frame.is_multiple_of(20);
            for packet in stream.frame(key, packets) {
                let sent = Duration::from_millis(33 * u64::from(frame));
                let mut delay = rng.random_range(0..12);
                if rng.random_bool(loss) {
                    if !rng.random_bool(repaired) {
                        continue;
                    }
                    delay += rng.random_range(20..80);
                }
                if rng.random_bool(0.05) {
                    arrivals.push((sent + Duration::from_millis(delay + 3), packet.clone()));
                }
                arrivals.push((sent + Duration::from_millis(delay), packet));
            }
        }
        arrivals.sort_by_key(|(at, _)| *at);
        let mut last: Option<u32> = None;
        for (at, packet) in arrivals {
            let now = stream.start + at;
            insert(&mut buffer, [packet], now);
            while let Some(frame) = buffer.poll(now, PATIENCE) {
                let parts = contents(&frame);
                let number: u32 = parts[0].split('.').next().and_then(|text| text.parse().ok()).expect("a number");
                let expected: Vec<String> = (0..sizes[number as usize]).map(|index| format!("{number}.{index}")).collect();
                prop_assert_eq!(&parts, &expected);
                prop_assert_eq!(frame.key, number.is_multiple_of(20));
                prop_assert!(frame.key || last == Some(number - 1), "{:?} before {}", last, number);
                prop_assert!(last.is_none_or(|last| last < number));
                last = Some(number);
            }
        }
        prop_assert!(loss > 0.01 || last.is_some());
    }
}
