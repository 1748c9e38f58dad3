//! Streams that can't be decoded here are named for what they are, and cost nothing.
//!
//! The fixtures are x264's, one NAL unit a line.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use visavis_media::frame::ReceivedVideo;
use visavis_media::h264_sps::Unsupported;
use visavis_media::video_receive::{Decoding, Taken};

/// The frames of a fixture, the first of which is a key frame.
fn frames_of(name: &str) -> Vec<ReceivedVideo> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/h264");
    let text = std::fs::read_to_string(path.join(format!("{name}.jsonl"))).expect("a fixture");
    let nals: Vec<(u64, Vec<u8>)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            let hex = line["hex"].as_str().expect("hex");
            let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex");
            (line["ts"].as_u64().expect("a time"), (0..hex.len() / 2).map(byte).collect())
        })
        .collect();
    let now = Instant::now();
    nals.chunk_by(|a, b| a.0 == b.0)
        .map(|frame| ReceivedVideo {
            data: frame
                .iter()
                .flat_map(|(_, nal)| [&[0, 0, 0, 1], &nal[..]].concat())
                .collect::<Bytes>(),
            key: frame.iter().any(|(_, nal)| nal[0] & 0x1f == 5),
            rtp_timestamp: frame[0].0,
            first_arrival: now,
            last_arrival: now,
        })
        .collect()
}

/// The most memory that this process had, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a process has a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its memory");
    let kib = line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok());
    kib.expect("a number") * 1024
}

#[test]
fn each_kind_is_named_and_nobody_is_asked_for_another_key_frame() {
    for (name, expected) in [
        ("interlaced", Unsupported::Interlaced),
        ("ten_bits", Unsupported::BitDepth(10)),
        ("four_four_four", Unsupported::Chroma(3)),
        ("large_with_16_references", Unsupported::Size(4096, 2304)),
    ] {
        let mut decoding = Decoding::default();
        for frame in frames_of(name) {
            let taken = decoding.take(&frame, frame.last_arrival);
            assert!(matches!(taken, Taken::Nothing), "{name}: {taken:?}");
        }
        assert_eq!(decoding.stats().unsupported, Some(expected), "{name}");
        assert_eq!(decoding.stats().key_frames_asked, 0, "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn pictures_of_4096x2304_with_16_references_take_no_memory() {
    let frames = frames_of("large_with_16_references");
    let before = peak_memory();
    let mut decoding = Decoding::default();
    for _ in 0..300 {
        for frame in &frames {
            let _ = decoding.take(frame, Instant::now());
        }
    }
    let grown = peak_memory() - before;
    assert!(grown < 10_000_000, "{grown} bytes");
    assert_eq!(decoding.stats().frames_decoded, 0);
}
