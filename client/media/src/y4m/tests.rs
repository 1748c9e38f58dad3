use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::stream_header::{LONGEST_INTERVAL, SHORTEST_INTERVAL};
use super::*;
use crate::frame::VideoFrame;

fn read(file: &[u8]) -> Result<Vec<Arc<[u8]>>, Y4mError> {
    let mut reader = Y4mReader::new(file)?;
    std::iter::from_fn(|| reader.next_frame().transpose()).collect()
}

/// The file's only frame: luma, then U and V.
fn only_frame(file: &[u8]) -> Vec<u8> {
    let frames = read(file).expect("it is read");
    assert_eq!(frames.len(), 1);
    frames[0].to_vec()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/y4m/{name}", env!("CARGO_MANIFEST_DIR")))
        .expect("there")
}

/// The means of luma, U and V.
fn means(frame: &VideoFrame) -> [f64; 3] {
    let (y, u, v) = frame.planes();
    [y, u, v]
        .map(|plane| plane.iter().map(|value| f64::from(*value)).sum::<f64>() / plane.len() as f64)
}

/// So many frames of a file that is played in a loop.
fn played(file: &[u8], frames: usize) -> Vec<VideoFrame> {
    let mut file = Y4mLoop::new(Cursor::new(file), true).expect("it opens");
    (0..frames)
        .map(|_| {
            let (size, data) = file.next_frame().expect("a frame");
            VideoFrame::new(size, data, std::time::Instant::now())
        })
        .collect()
}

/// The luma of the first ten frames of the clip that most recorded files hold.
const CLIP: [f64; 10] =
    [122.159, 123.106, 124.053, 125.0, 125.947, 126.894, 127.841, 127.419, 127.681, 127.259];

/// The means are those of ffmpeg 5.1 (`-pix_fmt yuv420p`, `out_range=tv`).
#[test]
fn each_recorded_file_is_played_and_looped_with_its_levels() {
    let check = |name: &str, luma: &[f64], chroma: [f64; 2]| {
        let frames = played(&fixture(name), 2 * luma.len());
        for (i, frame) in frames.iter().enumerate() {
            let (means, wanted) = (means(frame), luma[i % luma.len()]);
            let wanted = [wanted, chroma[0], chroma[1]];
            let near = means.iter().zip(wanted).all(|(mean, wanted)| (mean - wanted).abs() < 0.06);
            assert!(near, "{name}, frame {i}: {means:?} instead of {wanted:?}");
        }
    };
    let tiny: Vec<f64> = (0..10).map(|i| 17.0 + 3.0 * f64::from(i)).collect();
    check("tiny_2x2.y4m", &tiny, [96.0, 160.0]);
    check("latin1_comment.y4m", &CLIP, [96.0, 160.0]);
    check("trailing_newline.y4m", &CLIP, [96.0, 160.0]);
    check("full_range.y4m", &[125.5; 10], [128.0, 128.0]);
    let full = &played(&fixture("full_range.y4m"), 1)[0];
    let (luma, ..) = full.planes();
    assert_eq!((luma.iter().min(), luma.iter().max()), (Some(&16), Some(&235)));
}

#[test]
fn files_that_were_joined_are_played_one_after_the_other() {
    let frames = played(&fixture("concatenated.y4m"), 12);
    let sizes: Vec<String> = frames.iter().map(|frame| frame.size.to_string()).collect();
    assert_eq!(sizes[9..], ["320x240", "160x120", "320x240"]);
    for (frame, luma) in frames.iter().zip(CLIP) {
        assert!((means(frame)[0] - luma).abs() < 0.01, "{:?}", means(frame));
    }
    assert!((means(&frames[11])[0] - CLIP[0]).abs() < 0.01, "it began again");
}

#[test]
fn what_was_written_is_read_again() {
    let size = VideoSize::new(16, 8).expect("a size");
    let mut file = header(size, 25).into_bytes();
    for luma in [10, 20, 30] {
        file.extend(FRAME);
        file.extend(vec![luma; VideoFrame::len_of(size)]);
    }
    let reader = Y4mReader::new(file.as_slice()).expect("a reader");
    assert_eq!((reader.size(), reader.interval()), (size, Duration::from_millis(40)));
    let frames = read(&file).expect("it is read");
    assert_eq!(frames.iter().map(|p| p[0]).collect::<Vec<_>>(), [10, 20, 30]);
}

#[test]
fn an_odd_size_loses_its_last_row_and_column_only() {
    let mut file = b"YUV4MPEG2 W3 H5 C420\nFRAME\n".to_vec();
    file.extend([1, 1, 9, 2, 2, 9, 3, 3, 9, 4, 4, 9, 9, 9, 9]);
    file.extend([5, 9, 6, 9, 9, 9]);
    file.extend([7, 9, 8, 9, 9, 9]);
    assert_eq!(only_frame(&file), [1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8]);
}

#[test]
fn other_layouts_are_brought_to_4_2_0() {
    let frame = |layout: &str, planes: &[u8]| {
        only_frame(&[format!("YUV4MPEG2 W4 H2 {layout}\nFRAME\n").as_bytes(), planes].concat())
    };
    let luma = [1, 2, 3, 4, 5, 6, 7, 8];
    let with = |chroma: &[u8]| [&luma[..], chroma].concat();
    for layout in ["C420", "C420jpeg", "C420mpeg2", "C420paldv", "", "XYSCSS=420JPEG", "C420p8"] {
        assert_eq!(frame(layout, &with(&[10, 20, 30, 40])), with(&[10, 20, 30, 40]), "{layout}");
    }
    assert_eq!(frame("C422", &with(&[10, 20, 30, 40, 50, 60, 70, 80])), with(&[20, 30, 60, 70]));
    assert_eq!(frame("C411", &with(&[10, 30, 50, 70])), with(&[20, 20, 60, 60]));
    let full = [10, 20, 30, 40, 50, 60, 70, 80, 110, 120, 130, 140, 150, 160, 170, 180];
    assert_eq!(frame("C444", &with(&full)), with(&[35, 55, 135, 155]));
    assert_eq!(
        frame("C444alpha", &with(&[&full[..], &[0; 8]].concat())),
        with(&[35, 55, 135, 155])
    );
    assert_eq!(frame("Cmono", &luma), with(&[128; 4]));
    assert_eq!(frame("C440", &with(&[10, 20, 30, 40, 50, 60, 70, 80])), with(&[15, 35, 55, 75]));
}

#[test]
fn more_bits_are_rounded_to_eight() {
    for (layout, bits) in [("C420p10", 10), ("C420p12", 12), ("C420p16", 16), ("C420p9", 9)] {
        let values = [16_u32, 235, 128, 64, 100, 200];
        let wide =
            values.iter().flat_map(|value| (value << (bits - 8)).to_le_bytes()[..2].to_vec());
        let mut file = format!("YUV4MPEG2 W2 H2 {layout} XYSCSS=420P10\nFRAME\n").into_bytes();
        file.extend(wide);
        assert_eq!(only_frame(&file), values.map(|value| value as u8), "{layout}");
    }
    let mut grey = b"YUV4MPEG2 W2 H2 Cmono10\nFRAME\n".to_vec();
    grey.extend([0x02, 0, 0x01, 0, 0xFF, 0x03, 0xFF, 0xFF]);
    assert_eq!(only_frame(&grey), [1, 0, 255, 255, 128, 128]);
}

#[test]
fn full_range_is_brought_to_limited() {
    let mut file = b"YUV4MPEG2 W2 H2 C420jpeg XCOLORRANGE=FULL\nFRAME\n".to_vec();
    file.extend([0, 255, 128, 1, 0, 255]);
    assert_eq!(only_frame(&file), [16, 235, 126, 17, 16, 240]);
}

#[test]
fn a_layout_that_is_not_handled_is_refused_in_one_line_that_says_what_to_do() {
    for layout in ["420p7", "420p17", "rgb", "444p", "mono99", "\u{1b}[2J"] {
        let error = read(format!("YUV4MPEG2 W16 H8 C{layout}\n").as_bytes())
            .expect_err("it is refused")
            .to_string();
        assert!(error.contains("ffmpeg"), "{error}");
        assert!(!error.contains(['\n', '\u{1b}']), "{error}");
    }
}

#[test]
fn blanks_ends_of_lines_and_parameters_change_nothing() {
    let plain = b"YUV4MPEG2 W2 H2 F10:1\nFRAME\n123456FRAME\n654321".to_vec();
    let long = format!(
        "YUV4MPEG2 W2 H2 F10:1 X{}\nFRAME X{}\n123456FRAME\n654321",
        "c".repeat(60_000),
        "p".repeat(9_000)
    );
    for file in [
        &b"YUV4MPEG2 W2 H2 F10:1\r\nFRAME\r\n123456FRAME\r\n654321"[..],
        b"YUV4MPEG2  H2\tW2  F10:1 It A1:1 \nFRAME Ixyz\n123456FRAME \n654321",
        b"YUV4MPEG2 W2 H2 F10:1 X\xFF\xFE\xE9 A0:0 Im\nFRAME\n123456FRAME\n654321",
        b"YUV4MPEG2 W2 H2 F10:1\nFRAME\n123456\n\nFRAME\n654321\n\r\n  \0\0",
        b"YUV4MPEG2 W2 H2 F10:1\nFRAME\n123456YUV4MPEG2 W2 H2 F10:1\nFRAME\n654321",
        b"YUV4MPEG2 W2 H2 F10:1\nFRAME\n123456FRAME\n654321FRAME\n123",
        b"YUV4MPEG2 W2 H2 F10:1\nFRAME\n123456FRAME\n654321FRA",
        b"YUV4MPEG2 W2 H2 F10:1\nFRAME\n123456FRAME\n654321and more that is no picture",
        long.as_bytes(),
    ] {
        let (read, plain) = (read(file).expect("it is read"), read(&plain).expect("it is read"));
        assert_eq!(read, plain, "{:?}", String::from_utf8_lossy(file));
    }
}

#[test]
fn every_malformed_file_is_an_error_of_its_kind() {
    let is = |file: &[u8], wanted: fn(&Y4mError) -> bool| {
        let error = read(file).expect_err("an error");
        assert!(wanted(&error), "{error:?} for {:?}", String::from_utf8_lossy(file));
        assert!(!error.to_string().contains('\n'), "{error}");
    };
    is(b"", |e| matches!(e, Y4mError::Empty));
    is(b"RIFF\x20\0\0\0AVI LIST", |e| matches!(e, Y4mError::SomethingElse("an AVI file")));
    is(b"\0\0\0\x20ftypisom", |e| matches!(e, Y4mError::SomethingElse(_)));
    is(b"RIFF\x20\0\0\0WAVEfmt ", |e| matches!(e, Y4mError::SomethingElse(_)));
    let not_y4m = |e: &Y4mError| matches!(e, Y4mError::NotY4m);
    is(b"RIFF\n", not_y4m);
    is(&[0xFF; 5000], not_y4m);
    is(&[0; 5000], not_y4m);
    is(b"\xFF\xFE\n", not_y4m);
    let header = |e: &Y4mError| matches!(e, Y4mError::Header(_));
    is(b"YUV4MPEG2\n", header);
    is(b"YUV4MPEG2 W16\n", header);
    is(b"YUV4MPEG2 W16 H", header);
    is(b"YUV4MPEG2 Wxx H8\n", header);
    is(b"YUV4MPEG2 W-16 H8\n", header);
    is(b"YUV4MPEG2 W16 H8 Fabc\n", header);
    is(b"YUV4MPEG2 W99999999999 H8\n", header);
    is(b"YUV4MPEG2 W16 H8\nFROME\n", header);
    is(&b"YUV4MPEG2 W2 H2\n".repeat(50), header);
    is(&[&b"YUV4MPEG2 W2 H2 X"[..], &[b'c'; 70_000], b"\n"].concat(), header);
    let size = |e: &Y4mError| matches!(e, Y4mError::Size(..));
    is(b"YUV4MPEG2 W0 H0\n", size);
    is(b"YUV4MPEG2 W1 H1\n", size);
    is(b"YUV4MPEG2 W4098 H2160\n", size);
    is(b"YUV4MPEG2 W4000000000 H4000000000\n", size);
    let truncated = |e: &Y4mError| matches!(e, Y4mError::Truncated);
    is(b"YUV4MPEG2 W16 H8\nFRAME\n123", truncated);
    is(b"YUV4MPEG2 W16 H8\nFRA", truncated);
}

#[test]
fn a_file_without_pictures_and_a_pipe_that_ended_say_so() {
    let mut empty = Y4mLoop::new(Cursor::new(b"YUV4MPEG2 W2 H2\n\n"), true).expect("it opens");
    assert!(matches!(empty.next_frame(), Err(Y4mError::NoPictures)));
    let mut pipe =
        Y4mLoop::new(Cursor::new(b"YUV4MPEG2 W2 H2\nFRAME\n123456"), false).expect("it opens");
    assert!(pipe.next_frame().is_ok());
    assert!(matches!(pipe.next_frame(), Err(Y4mError::PipeEnded)));
}

#[test]
fn strange_rates_become_playable_ones() {
    let interval = |rate: &str| {
        Y4mReader::new(format!("YUV4MPEG2 W16 H8 {rate}\n").as_bytes())
            .expect("a reader")
            .interval()
    };
    assert_eq!(interval("F0:0"), Duration::from_secs(1) / 30);
    assert_eq!(interval("F25"), Duration::from_millis(40));
    assert_eq!(interval("F4000000000:1"), SHORTEST_INTERVAL);
    assert_eq!(interval("F1:4000000000"), LONGEST_INTERVAL);
    assert_eq!(interval("F30000:1001").as_micros(), 33_366);
}

#[test]
fn no_cut_or_bent_byte_makes_it_panic() {
    let mut file = b"YUV4MPEG2 W4 H4 F30:1 C420jpeg\nFRAME Ip\n".to_vec();
    file.extend([8; 24]);
    for at in 0..file.len() {
        let _ = read(&file[..at]);
        for value in [0, b' ', b'\n', b':', b'9', 0xFF] {
            let mut bent = file.clone();
            bent[at] = value;
            let _ = read(&bent);
        }
    }
}

proptest! {
    /// Any bytes after a header: frames of its size, or an error, and an end.
    #[test]
    fn any_bytes_end_in_frames_or_in_an_error(
        (width, height) in (0_u32..9, 0_u32..9),
        layout in prop::sample::select(vec!["C420", "C422", "C411", "C410", "C440", "C444", "C444alpha", "Cmono", "C420p10", "C444p16", "X"]),
        range in prop::sample::select(vec!["", " XCOLORRANGE=FULL"]),
        frames in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..5),
    ) {
        let mut file = format!("YUV4MPEG2 W{width} H{height} {layout}{range}\n").into_bytes();
        for (whole, bytes) in frames {
            file.extend(if whole { FRAME } else { b"\n" });
            file.extend(bytes);
        }
        let Ok(mut reader) = Y4mReader::new(file.as_slice()) else { return Ok(()) };
        while let Ok(Some(frame)) = reader.next_frame() {
            prop_assert_eq!(frame.len(), VideoFrame::len_of(reader.size()));
        }
        let mut looped = Y4mLoop::new(Cursor::new(file), true).expect("it opened before");
        for _ in 0..10 {
            if looped.next_frame().is_err() {
                break;
            }
        }
    }
}

#[test]
fn the_smallest_pictures_are_encoded_and_decoded() {
    use crate::h264_decoder::H264Decoder;
    use crate::h264_encoder::H264Encoder;
    use crate::units::Bitrate;

    let frames = played(&fixture("tiny_2x2.y4m"), 10);
    assert_eq!(frames[0].size.to_string(), "16x16");
    let (luma, ..) = frames[0].planes();
    let rows: Vec<&[u8]> = luma.chunks(16).collect();
    let row = [[16; 8], [18; 8]].concat();
    assert!(rows.iter().all(|pixels| *pixels == row), "{rows:?}");
    let mut encoder =
        H264Encoder::new(frames[0].size, 15.0, Bitrate::from_kbps(100)).expect("an encoder");
    let mut decoder = H264Decoder::new().expect("a decoder");
    for (i, frame) in frames.iter().enumerate() {
        let at = Duration::from_secs(1) * i as u32 / 15;
        let encoded = encoder.encode(frame, i == 0, at).expect("it is encoded");
        let decoded = decoder.decode(&encoded.data, frame.captured_at).expect("it is decoded");
        let decoded = decoded.expect("a frame");
        assert_eq!(decoded.size, frame.size);
        assert!((means(&decoded)[0] - means(frame)[0]).abs() < 4.0, "{:?}", means(&decoded));
    }
}
