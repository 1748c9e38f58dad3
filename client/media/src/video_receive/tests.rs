use super::*;

use crate::h264_encoder::H264Encoder;
use crate::pattern::{self, Pattern};
use crate::pattern_bar::Stamp;
use crate::psnr::psnr;
use crate::units::Bitrate;
use crate::video_record::Recordings;

const FRAME: Duration = Duration::from_micros(33_333);

fn size() -> VideoSize {
    VideoSize::new(320, 180).expect("a size")
}

/// The pattern at 30 fps from a wall time on, with a key frame first and wherever asked.
fn stream(frames: u32, keys: &[u32], wall: WallTime) -> Vec<ReceivedVideo> {
    let pattern = Pattern::new(size());
    let mut encoder = H264Encoder::new(size(), 30.0, Bitrate::from_kbps(300)).expect("an encoder");
    let start = Instant::now();
    (0..frames)
        .map(|index| {
            let captured_at = WallTime(wall.0 + u64::from(index) * 33_333);
            let frame = pattern.render(Stamp { index, captured_at }, start);
            let encoded =
                encoder.encode(&frame, keys.contains(&index), FRAME * index).expect("it encodes");
            let arrival = start + FRAME * index;
            ReceivedVideo {
                data: encoded.data,
                key: encoded.key,
                rtp_timestamp: u64::from(index) * 3000,
                first_arrival: arrival,
                last_arrival: arrival,
            }
        })
        .collect()
}

fn index_of(taken: &Taken) -> Option<u32> {
    match taken {
        Taken::Frame(frame) => read_bar(frame).map(|stamp| stamp.index),
        Taken::Nothing | Taken::KeyFrameNeeded => None,
    }
}

#[test]
fn after_a_lost_frame_the_last_good_one_stays_until_a_key_frame() {
    let mut decoding = Decoding::default();
    let mut asked = 0;
    let mut shown = Vec::new();
    for (index, received) in stream(40, &[30], WallTime(0)).into_iter().enumerate() {
        // Five frames never came, and the transport did not notice.
        if (10..15).contains(&index) {
            continue;
        }
        let taken = decoding.take(&received, received.last_arrival);
        if let Taken::Frame(frame) = &taken {
            let index = read_bar(frame).expect("a bar").index;
            let alike =
                psnr(frame, &pattern::render(size(), index, WallTime(u64::from(index) * 33_333)));
            assert!(alike > 30.0, "frame {index}: {alike:.1} dB");
        }
        asked += u32::from(matches!(taken, Taken::KeyFrameNeeded));
        shown.extend(index_of(&taken));
    }
    let expected: Vec<_> = (0..10).chain(30..40).collect();
    assert_eq!(shown, expected);
    // From frame 15 to 29 are 467 ms: asked at once, and once more after 300 ms.
    assert_eq!(asked, 2);
    assert_eq!(decoding.stats.frames_dropped, 15);
}

#[test]
fn a_damaged_frame_is_not_shown_and_a_key_frame_mends_it() {
    let mut decoding = Decoding::default();
    for (index, mut received) in stream(20, &[10], WallTime(0)).into_iter().enumerate() {
        if index == 5 {
            received.data = received.data.slice(..received.data.len() / 3);
        }
        let taken = decoding.take(&received, received.last_arrival);
        let expected = (!(5..10).contains(&index)).then_some(index as u32);
        assert_eq!(index_of(&taken), expected);
        assert_eq!(matches!(taken, Taken::KeyFrameNeeded), index == 5);
    }
}

#[test]
fn without_a_key_frame_at_the_start_one_is_asked_for_and_again_when_it_does_not_come() {
    let mut decoding = Decoding::default();
    let stream = stream(3, &[], WallTime(0));
    let now = Instant::now();
    assert!(matches!(decoding.take(&stream[1], now), Taken::KeyFrameNeeded));
    assert!(matches!(decoding.take(&stream[2], now + FRAME), Taken::Nothing));
    assert!(!decoding.ask_again(now + FRAME));
    assert!(decoding.ask_again(now + ASK_AGAIN));
    assert!(!decoding.ask_again(now + ASK_AGAIN + FRAME));
    assert_eq!(decoding.stats.key_frames_asked, 2);
}

#[test]
fn delay_is_read_from_the_bar_and_freezes_are_counted() {
    let mut decoding = Decoding::default();
    let wall = WallTime(1_700_000_000_000_000);
    for (index, received) in stream(60, &[], wall).into_iter().enumerate() {
        let Taken::Frame(frame) = decoding.take(&received, received.last_arrival) else {
            panic!("no frame")
        };
        // The network stood still for 400 ms once.
        let late = if index >= 40 { Duration::from_millis(400) } else { Duration::ZERO };
        let captured = WallTime(wall.0 + index as u64 * 33_333);
        let delay = Duration::from_millis(12) + late;
        decoding.shown(
            &frame,
            received.last_arrival + late,
            WallTime(captured.0 + delay.as_micros() as u64),
        );
    }
    let stats = decoding.stats;
    let delay = stats.glass_to_glass.expect("it was measured");
    assert_eq!((stats.frames_decoded, stats.frames_dropped, delay.n), (60, 0, 60));
    assert!((delay.p50 - 12.0).abs() < 0.3 && (delay.p95 - 412.0).abs() < 9.0, "{delay:?}");
    assert_eq!(stats.freeze_count, 1);
    assert!(stats.freeze_total.abs_diff(Duration::from_millis(433)) < Duration::from_millis(2));
    assert_eq!(stats.size, Some(size()));
}

#[test]
fn a_bar_from_an_old_file_or_the_future_is_not_a_delay() {
    let mut decoding = Decoding::default();
    let frame = pattern::render(size(), 0, WallTime(5_000_000));
    decoding.shown(&frame, Instant::now(), WallTime(5_000_000_000));
    decoding.shown(&frame, Instant::now(), WallTime(4_000_000));
    assert_eq!(decoding.stats.glass_to_glass, None);
}

#[test]
fn the_thread_shows_records_and_keeps_the_last_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shown.y4m");
    let window = DropOldestQueue::latest();
    let settings = VideoReceiveSettings {
        window: Some(Arc::clone(&window)),
        record: Some(VideoRecorder::start(&path, &Recordings::default()).expect("a recorder")),
        ..VideoReceiveSettings::default()
    };
    let (input, received) = std::sync::mpsc::sync_channel(4);
    let (asked, requests) = std::sync::mpsc::sync_channel(4);
    let request = move || {
        let _ = asked.try_send(());
    };
    let receiver = VideoReceiver::spawn(received, settings, request).expect("it starts");
    let stream = stream(5, &[2], WallTime(WallTime::now().0 - 1_000_000));
    // Joining in the middle: the first is not a key frame.
    for unit in &stream[1..] {
        input.send(unit.clone()).expect("it runs");
    }
    requests.recv().expect("a key frame is asked for");
    while receiver.stats().frames_decoded < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(window.take().map(|frame| frame.rgba.len()), Some(320 * 180 * 4));
    // The other end is still open: it ends all the same.
    let end = receiver.stop();
    assert_eq!(end.stats.frames_dropped, 1);
    assert!(end.stats.glass_to_glass.is_some());
    assert_eq!(end.last.as_ref().and_then(read_bar).map(|stamp| stamp.index), Some(4));
    // As many frames as the time holds that it took, whatever that was.
    let recorded = end.recorded.expect("a recording").expect("it is written");
    assert_eq!((recorded.size, recorded.left_out), (VideoSize::new(320, 180), 0));
    let header = "YUV4MPEG2 W320 H180 F30:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n".len() as u64;
    assert_eq!(
        std::fs::metadata(path).expect("the file").len(),
        header + recorded.frames * (6 + 86_400)
    );
    drop(input);
}

#[test]
fn what_nobody_sees_is_not_decoded_and_goes_on_with_a_key_frame_when_it_is_seen_again() {
    let mut decoding = Decoding::default();
    let (mut shown, mut asked) = (Vec::new(), Vec::new());
    let stream = stream(200, &[20, 100, 163], WallTime(0));
    let start = stream[0].last_arrival;
    for (index, received) in (0..).zip(&stream) {
        // From the tenth frame to the 160th it is out of sight; 60 frames are two seconds.
        let seen = !(10..160).contains(&index);
        match decoding.take_if(seen, received, received.last_arrival) {
            Taken::Frame(frame) => {
                shown.push(index);
                decoding.shown(&frame, received.last_arrival, WallTime(0));
            }
            Taken::KeyFrameNeeded => asked.push(index),
            Taken::Nothing => {}
        }
        assert_eq!(decoding.stats.rests, (71..160).contains(&index), "{index}");
    }
    assert_eq!(shown, (0..71).chain(163..200).collect::<Vec<_>>());
    assert_eq!((asked, decoding.stats.frames_dropped), (vec![160], 3));
    assert_eq!(decoding.stats.came_unseen, Some(start + FRAME * 159));
    assert_eq!((decoding.stats.freeze_count, decoding.stats.frames_decoded), (0, 108));
}

#[test]
fn a_glance_elsewhere_costs_no_key_frame() {
    let mut decoding = Decoding::default();
    for (index, received) in (0..).zip(&stream(120, &[], WallTime(0))) {
        let seen = !(10..65).contains(&index);
        let taken = decoding.take_if(seen, received, received.last_arrival);
        assert!(matches!(taken, Taken::Frame(_)), "{index}: {taken:?}");
    }
}

#[test]
fn what_is_recorded_or_needed_otherwise_is_decoded_though_nobody_sees_it() {
    let window = DropOldestQueue::latest();
    window.pause(true);
    let settings = VideoReceiveSettings {
        window: Some(Arc::clone(&window)),
        needed_unseen: true,
        ..VideoReceiveSettings::default()
    };
    let (input, received) = std::sync::mpsc::sync_channel(4);
    let receiver = VideoReceiver::spawn(received, settings, || {}).expect("it starts");
    for unit in stream(5, &[], WallTime(0)) {
        input.send(unit).expect("it runs");
    }
    drop(input);
    while receiver.stats().frames_decoded < 5 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!((window.take().is_none(), receiver.stop().last.is_some()), (true, true));
}

#[test]
fn garbage_from_the_network_is_dropped_and_the_stage_goes_on() {
    let mut decoding = Decoding::default();
    let good = stream(1, &[], WallTime(0)).remove(0);
    for data in [&b""[..], b"\0\0\0\x01", b"\0\0\x01\x65\xFF\xFF\xFF", &[0x5A; 3000]] {
        let garbage = ReceivedVideo { data: bytes::Bytes::copy_from_slice(data), ..good.clone() };
        assert_eq!(index_of(&decoding.take(&garbage, Instant::now())), None);
    }
    assert_eq!(index_of(&decoding.take(&good, Instant::now())), Some(0));
}
