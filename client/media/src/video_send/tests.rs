use super::*;

use crate::h264_decoder::H264Decoder;
use crate::pattern::Pattern;
use crate::pattern_bar::{Stamp, read_bar};
use crate::units::WallTime;

fn size(width: u32, height: u32) -> VideoSize {
    VideoSize::new(width, height).expect("a size")
}

fn settings(kbps: u64) -> VideoSendSettings {
    let max_bitrate = Bitrate::from_kbps(2500);
    VideoSendSettings {
        max_size: size(320, 180),
        fps: 30,
        max_bitrate,
        start_bitrate: Bitrate::from_kbps(kbps),
    }
}

fn frame(pattern: &Pattern, index: u32, at: Instant) -> VideoFrame {
    pattern.render(Stamp { index, captured_at: WallTime(0) }, at)
}

/// Encodes so many frames at 30 fps, asking for something before some of them.
fn encode(
    encoding: &mut Encoding,
    frames: u32,
    ask: impl Fn(u32) -> Option<VideoControl>,
) -> Vec<EncodedVideo> {
    let pattern = Pattern::new(encoding.settings.max_size);
    let start = Instant::now();
    (0..frames)
        .filter_map(|index| {
            if let Some(request) = ask(index) {
                encoding.request(request);
            }
            let at = start + Duration::from_micros(33_333) * index;
            encoding.encode(&frame(&pattern, index, at), at).expect("it encodes")
        })
        .collect()
}

#[test]
fn key_frame_requests_that_come_together_get_one_key_frame() {
    let mut encoding = Encoding::new(settings(200));
    let encoded = encode(&mut encoding, 60, |index| {
        matches!(index, 30..36).then_some(VideoControl::KeyFrame(KeyFrame::Fine))
    });
    let keys: Vec<_> = encoded.iter().enumerate().filter(|(_, e)| e.key).map(|(i, _)| i).collect();
    // The first request is met at once; those that follow it are met together when the interval is
    // over.
    assert_eq!(keys, [0, 30, 40]);
    assert_eq!(encoding.stats.key_frames, 3);
    assert_eq!(encoding.stats.frames, 60);
}

#[test]
fn a_coarse_key_frame_is_less_than_half_of_another_and_the_frames_after_it_are_as_large() {
    let sizes = |kind| {
        let key = VideoControl::KeyFrame(kind);
        let encoded =
            encode(&mut Encoding::new(settings(300)), 90, |index| (index == 60).then_some(key));
        assert!(encoded[60].key);
        (
            encoded[60].data.len(),
            encoded[75..].iter().map(|encoded| encoded.data.len()).sum::<usize>(),
        )
    };
    let ((key, after), (coarse_key, coarse_after)) =
        (sizes(KeyFrame::Fine), sizes(KeyFrame::Coarse));
    assert!(coarse_key * 2 < key, "{coarse_key} and {key} bytes");
    assert!(
        (0.8..1.25).contains(&(coarse_after as f64 / after as f64)),
        "{coarse_after} and {after} bytes"
    );
}

#[test]
fn the_last_target_wins_and_none_goes_over_the_limit() {
    let mut encoding = Encoding::new(settings(200));
    encoding.request(VideoControl::Target(Bitrate::from_kbps(100)));
    encoding.request(VideoControl::Target(Bitrate::from_kbps(9000)));
    encode(&mut encoding, 1, |_| None);
    assert_eq!(encoding.stats.target, Some(Bitrate::from_kbps(2500)));
}

#[test]
fn a_low_target_makes_the_frame_smaller_and_it_can_still_be_decoded() {
    let full = VideoSendSettings { max_size: size(640, 360), ..settings(700) };
    let mut encoding = Encoding::new(full);
    let low = VideoControl::Target(Bitrate::from_kbps(20));
    let encoded = encode(&mut encoding, 60, |index| (index == 20).then_some(low));
    let mut decoder = H264Decoder::new().expect("a decoder");
    let widths: Vec<_> = encoded
        .iter()
        .map(|e| {
            decoder
                .decode(&e.data, Instant::now())
                .expect("it decodes")
                .expect("a frame")
                .size
                .width()
        })
        .collect();
    assert_eq!(widths[..20], [640; 20]);
    // So few bits are for fewer frames too.
    assert!((35..=45).contains(&widths.len()), "{} frames", widths.len());
    // No smaller than this.
    assert_eq!(widths[widths.len() - 5..], [320; 5], "{widths:?}");
    assert_eq!(encoding.stats.size, Some(size(320, 180)));
}

#[test]
fn frames_above_the_frame_rate_are_not_sent() {
    let mut encoding = Encoding::new(VideoSendSettings { fps: 10, ..settings(200) });
    let sent = encode(&mut encoding, 90, |_| None).len();
    assert!(sent.abs_diff(30) <= 1, "{sent} of 90");
}

#[test]
fn a_failure_costs_one_frame_and_the_next_is_a_key_frame() {
    let mut encoding = Encoding::new(settings(200));
    let pattern = Pattern::new(size(320, 180));
    let now = Instant::now();
    assert!(
        encoding.encode(&frame(&pattern, 0, now), now).expect("it encodes").expect("a frame").key
    );
    let later = now + Duration::from_millis(100);
    let short = VideoFrame { data: Arc::from([0; 10]), ..frame(&pattern, 1, later) };
    let error = encoding.encode(&short, later).expect_err("a frame without data");
    encoding.failed(&*error);
    let last = now + Duration::from_millis(200);
    assert!(
        encoding.encode(&frame(&pattern, 2, last), last).expect("it encodes").expect("a frame").key
    );
    assert_eq!((encoding.stats.frames, encoding.stats.errors), (2, 1));
}

#[test]
fn the_thread_sends_the_newest_frame_and_ends_with_its_input() {
    let slot = DropOldestQueue::latest();
    let pattern = Pattern::new(size(320, 180));
    for index in 0..5 {
        slot.put(frame(&pattern, index, Instant::now()));
    }
    let (output, mut encoded) = mpsc::channel(4);
    let (_control, requests) = std::sync::mpsc::sync_channel(4);
    let sender =
        VideoSender::spawn(Arc::clone(&slot), settings(200), output, requests).expect("it starts");
    let sent = encoded.blocking_recv().expect("a frame");
    let decoded = H264Decoder::new().expect("a decoder").decode(&sent.data, Instant::now());
    let decoded = decoded.expect("it decodes").expect("a frame");
    assert_eq!(read_bar(&decoded).map(|stamp| stamp.index), Some(4));
    let stats = sender.stop();
    assert_eq!((stats.frames, stats.key_frames, stats.size), (1, 1, Some(size(320, 180))));
    assert!(encoded.blocking_recv().is_none());
    assert_eq!(slot.dropped(), 4);
}

#[test]
fn a_full_output_drops_frames_before_they_are_encoded_so_that_no_key_frame_is_needed() {
    let slot = DropOldestQueue::latest();
    let pattern = Pattern::new(size(320, 180));
    let (output, mut encoded) = mpsc::channel(1);
    let (_control, requests) = std::sync::mpsc::sync_channel(4);
    let sender =
        VideoSender::spawn(Arc::clone(&slot), settings(200), output, requests).expect("it starts");
    let start = Instant::now();
    let put =
        |index: u32| slot.put(frame(&pattern, index, start + Duration::from_millis(40) * index));
    let until = |what: &dyn Fn(&VideoSendStats) -> bool| {
        while !what(&sender.stats()) {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    put(0);
    until(&|stats| stats.frames == 1);
    put(1);
    until(&|stats| stats.dropped == 1);
    let mut decoder = H264Decoder::new().expect("a decoder");
    let mut shown = |encoded: &EncodedVideo| {
        let decoded =
            decoder.decode(&encoded.data, Instant::now()).expect("it decodes").expect("a frame");
        read_bar(&decoded).map(|stamp| stamp.index)
    };
    assert_eq!(shown(&encoded.blocking_recv().expect("a frame")), Some(0));
    put(2);
    let next = encoded.blocking_recv().expect("a frame");
    assert!(!next.key);
    assert_eq!(shown(&next), Some(2));
    drop(encoded);
    assert_eq!(sender.stop().frames, 2);
}

#[test]
fn another_profile_begins_with_a_key_frame_and_the_same_again_with_none() {
    let mut encoding = Encoding::new(settings(400));
    let pattern = Pattern::new(size(320, 180));
    let start = Instant::now();
    let (baseline, main) = (H264Profile::ConstrainedBaseline, H264Profile::Main);
    let wanted = [None, Some(main), Some(main), None, Some(baseline), None];
    let expected = [(baseline, true), (main, true), (main, false), (main, false), (baseline, true)];
    for (index, (wanted, expected)) in (0..).zip(wanted.into_iter().zip(expected)) {
        wanted.into_iter().for_each(|one| encoding.request(VideoControl::Profile(one)));
        let at = start + Duration::from_micros(33_333) * index;
        let encoded =
            encoding.encode(&frame(&pattern, index, at), at).expect("it encodes").expect("a frame");
        assert_eq!((encoded.profile, encoded.key), expected, "frame {index}");
    }
}

#[test]
fn frames_keep_to_the_level_that_the_other_takes() {
    let full = size(1920, 1080);
    let mut encoding = Encoding::new(VideoSendSettings {
        max_size: full,
        start_bitrate: Bitrate::from_kbps(9000),
        max_bitrate: Bitrate::from_kbps(9000),
        ..settings(9000)
    });
    let pattern = Pattern::new(full);
    let start = Instant::now();
    let mut sent = |index: u32, level: Option<H264Level>| {
        level.into_iter().for_each(|level| encoding.request(VideoControl::Level(level)));
        let at = start + Duration::from_micros(33_333) * index;
        let encoded =
            encoding.encode(&frame(&pattern, index, at), at).expect("it encodes").expect("a frame");
        let sps = encoded.data.windows(4).position(|w| w[..3] == [0, 0, 1] && w[3] & 31 == 7);
        (encoding.stats.size, sps.map(|at| encoded.data[at + 6]))
    };
    // Nobody has promised more than the basic level yet.
    assert_eq!(sent(0, None), (Some(size(1280, 720)), Some(31)));
    assert_eq!(sent(1, Some(H264Level::OURS)), (Some(full), Some(40)));
    assert_eq!(sent(2, Some(H264Level::OURS)), (Some(full), None));
    assert_eq!(sent(3, Some(H264Level::BASIC)), (Some(size(1280, 720)), Some(31)));
}

#[test]
fn when_the_frame_rate_rises_again_the_bit_rate_keeps_to_its_target() {
    let mut encoding = Encoding::new(settings(200));
    // Few bits make 20 frames a second of 30; from 138 kbit/s on it is 30 again.
    let encoded = encode(&mut encoding, 300, |index| match index {
        0 => Some(VideoControl::Target(Bitrate::from_kbps(105))),
        210 => Some(VideoControl::Target(Bitrate::from_kbps(140))),
        _ => None,
    });
    let start = encoded[0].captured_at;
    let second = |from: f64| {
        let within =
            |at: &Instant| (from..from + 1.0).contains(&at.duration_since(start).as_secs_f64());
        let bytes =
            encoded.iter().filter(|e| within(&e.captured_at)).map(|e| e.data.len()).sum::<usize>();
        (encoded.iter().filter(|e| within(&e.captured_at)).count(), bytes as f64 * 8.0 / 1e3)
    };
    let (before, after) = (second(5.9), second(7.1));
    assert!((19..=21).contains(&before.0) && (29..=31).contains(&after.0), "{before:?} {after:?}");
    assert!(before.1 < 126.0 && after.1 < 160.0, "{before:?} {after:?} kbit");
}

#[test]
fn nothing_is_encoded_while_nobody_takes_it_and_who_takes_it_again_gets_a_key_frame() {
    let pattern = Pattern::new(size(320, 180));
    let mut encoding = Encoding::new(settings(200));
    let (start, published) = (Instant::now(), Mutex::default());
    let mut one = |index: u32, wanted: Option<bool>| {
        let (control, requests) = std::sync::mpsc::sync_channel(1);
        if let Some(wanted) = wanted {
            control.send(VideoControl::Wanted(wanted)).expect("there is room");
        }
        let input = DropOldestQueue::latest();
        input.put(frame(&pattern, index, start + Duration::from_millis(500) * index));
        input.close();
        let (output, mut encoded) = mpsc::channel(1);
        run(&input, &mut encoding, &output, requests, &published);
        encoded.try_recv().ok().map(|encoded| encoded.key)
    };
    assert_eq!(one(0, None), Some(true));
    assert_eq!(one(1, None), Some(false));
    assert_eq!(one(2, Some(false)), None);
    assert_eq!(one(3, None), None);
    // The interval between two key frames is counted from when they are made.
    std::thread::sleep(KEY_FRAME_INTERVAL);
    assert_eq!(one(4, Some(true)), Some(true));
    assert_eq!(one(5, Some(true)), Some(false));
    assert_eq!(encoding.stats.frames, 4);
}

#[test]
fn a_screen_takes_the_place_of_the_camera_in_the_same_stream_and_the_camera_comes_back_as_it_was() {
    use crate::screen_page::ScreenPage;
    let camera = Pattern::new(size(320, 180));
    let page = ScreenPage::new(size(1280, 720), 1);
    let mut encoding = Encoding::new(settings(1000));
    let mut decoder = H264Decoder::new().expect("a decoder");
    let (start, mut sent) = (Instant::now(), Vec::new());
    for index in 0..120_u32 {
        let now = start + Duration::from_micros(33_333) * index;
        let frame = match index {
            // A screen of which nothing new comes after a moment.
            30..=45 => Some(page.render(0, now)),
            46..90 => None,
            _ => Some(frame(&camera, index, now)),
        };
        let camera = frame.and_then(|frame| encoding.take(frame, now));
        let encoded = match &camera {
            Some(frame) => encoding.encode(frame, now),
            None => encoding.encode_screen(now),
        };
        if let Some(encoded) = encoded.expect("it encodes") {
            let decoded = decoder.decode(&encoded.data, now).expect("it decodes").expect("a frame");
            sent.push((index, encoded.key, encoded.captured_at, decoded));
        }
    }
    assert!(sent.windows(2).all(|pair| pair[0].2 < pair[1].2), "time goes on");
    let widths = |range: std::ops::Range<u32>| {
        let of = sent.iter().filter(|(index, ..)| range.contains(index));
        let mut widths: Vec<u32> = of.map(|(.., decoded)| decoded.size.width()).collect();
        (widths.len(), {
            widths.dedup();
            widths
        })
    };
    assert_eq!(widths(0..30), (30, vec![320]));
    assert_eq!(widths(30..90).1, [1280], "larger than the camera may be");
    assert_eq!(widths(90..120), (30, vec![320]));
    let keys: Vec<u32> =
        sent.iter().filter(|(_, key, ..)| *key).map(|(index, ..)| *index).collect();
    assert_eq!(keys, [0, 30, 90]);
    let last_of_screen = sent.iter().rfind(|(index, ..)| *index < 90).expect("a frame");
    assert!(last_of_screen.0 > 80, "it is sent again while it stands still");
    assert!(crate::ssim::ssim(&last_of_screen.3, &page.render(0, start)) > 0.98);
    let last = sent.last().expect("a frame");
    assert_eq!(read_bar(&last.3).map(|stamp| stamp.index), Some(119));
}

#[test]
fn a_screen_is_constrained_baseline_of_one_slice_within_the_level() {
    let page = crate::screen_page::ScreenPage::new(size(1920, 1080), 1);
    for (level, width, idc) in [(H264Level::BASIC, 1280, 31), (H264Level::OURS, 1920, 40)] {
        let mut encoding = Encoding::new(settings(2500));
        encoding.request(VideoControl::Level(level));
        let now = Instant::now();
        assert!(encoding.take(page.render(0, now), now).is_none());
        let encoded = encoding.encode_screen(now).expect("it encodes").expect("a frame");
        let nals: Vec<usize> = encoded
            .data
            .windows(3)
            .enumerate()
            .filter(|(_, three)| *three == [0, 0, 1])
            .map(|(at, _)| at + 3)
            .collect();
        let types: Vec<u8> = nals.iter().map(|at| encoded.data[*at] & 31).collect();
        assert_eq!(types, [7, 8, 5]);
        let sps = &encoded.data[nals[0]..];
        assert_eq!((sps[1], sps[2] & 0x40, sps[3]), (66, 0x40, idc));
        assert_eq!(encoding.stats.size.map(VideoSize::width), Some(width));
    }
}

#[test]
fn a_screen_that_finds_no_room_is_sent_when_there_is_room_without_another_frame() {
    let page = crate::screen_page::ScreenPage::new(size(320, 180), 1);
    let input = DropOldestQueue::latest();
    let (output, mut encoded) = mpsc::channel(1);
    let (_control, requests) = std::sync::mpsc::sync_channel(4);
    let sender = VideoSender::spawn(Arc::clone(&input), settings(2500), output, requests)
        .expect("it starts");
    input.put(page.render(0, Instant::now()));
    let mut decoder = H264Decoder::new().expect("a decoder");
    let mut last = None;
    for _ in 0..12 {
        let sent = encoded.blocking_recv().expect("a frame");
        last = decoder.decode(&sent.data, Instant::now()).expect("it decodes");
    }
    let likeness = crate::ssim::ssim(&page.render(0, Instant::now()), &last.expect("a frame"));
    assert!(likeness > 0.98, "{likeness}");
    assert_eq!(sender.stop().key_frames, 1);
}
