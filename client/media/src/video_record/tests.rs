use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use super::*;
use crate::pattern::render;
use crate::psnr::psnr;
use crate::scale::Scaler;
use crate::units::WallTime;
use crate::y4m::Y4mReader;

fn size(width: u32, height: u32) -> VideoSize {
    VideoSize::new(width, height).expect("a size")
}

/// A file's size and frames.
fn read(path: &Path) -> (VideoSize, Vec<VideoFrame>) {
    let mut reader =
        Y4mReader::new(BufReader::new(File::open(path).expect("the file"))).expect("a reader");
    let size = reader.size();
    let frame = |data: Arc<[u8]>| VideoFrame::new(size, data, Instant::now());
    let frames =
        std::iter::from_fn(|| reader.next_frame().expect("whole frames").map(frame)).collect();
    (size, frames)
}

/// A recording of the pattern: frame `i` of each of these came at `i` thirtieths of a second, at
/// this size. It ends `seconds` after the first.
fn record(path: &Path, shown: &[(u32, VideoSize)], seconds: f64) -> (VideoSize, Vec<VideoFrame>) {
    let start = Instant::now();
    let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
    let file = GrowingFile::create(path).expect("a file");
    let mut recording = Recording { rate: ConstantRate::default(), file };
    for (index, size) in shown {
        let now = at(f64::from(*index) / 30.0);
        recording.show(&render(*size, *index, WallTime(0)), now).expect("it is written");
        // The disk has time for one frame more between two.
        recording.idle(now).expect("it is filled in");
    }
    recording.end(at(seconds)).expect("it is written");
    let recorded = recording.file.finish().expect("it is finished");
    let (size, frames) = read(path);
    assert_eq!((recorded.size, recorded.frames), (Some(size), frames.len() as u64));
    (size, frames)
}

/// How like a frame is to the pattern's frame of this number, rendered at the frame's size.
fn sharpness(frame: &VideoFrame, index: u32) -> f64 {
    psnr(frame, &render(frame.size, index, WallTime(0)))
}

#[test]
fn a_call_that_begins_small_is_recorded_at_the_largest_size_sharp_where_it_was_sharp() {
    let folder = tempfile::tempdir().expect("a folder");
    let (small, middle, large) = (size(320, 180), size(960, 540), size(1280, 720));
    let sent = |index: u32| match index {
        0..15 => small,
        15..30 => middle,
        _ => large,
    };
    let shown: Vec<_> = (0..60).map(|index| (index, sent(index))).collect();
    let (size, frames) = record(&folder.path().join("call.y4m"), &shown, 2.0);
    assert_eq!((size, frames.len()), (large, 60));
    for (index, frame) in (0..).zip(&frames) {
        let psnr_db = sharpness(frame, index);
        // The pattern scaled up: the right frame at the right place, and visibly not a sharp one.
        let (least, most) = if index < 30 { (20.0, 45.0) } else { (99.0, f64::INFINITY) };
        assert!((least..=most).contains(&psnr_db), "frame {index}: {psnr_db:.1} dB");
        let next = sharpness(frame, index + 1);
        assert!(
            psnr_db > next,
            "frame {index} is at the place of another: {psnr_db:.1} dB, {next:.1} dB"
        );
    }
}

#[test]
fn a_second_without_frames_is_a_second_of_the_last_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let large = size(320, 180);
    let shown: Vec<_> =
        (0..90).filter(|index| !(30..60).contains(index)).map(|index| (index, large)).collect();
    let (_, frames) = record(&folder.path().join("gap.y4m"), &shown, 3.5);
    assert_eq!(frames.len(), 105);
    for (place, frame) in (0..).zip(&frames) {
        let index = match place {
            30..60 => 29,
            90.. => 89,
            index => index,
        };
        let wanted = render(large, index, WallTime(0));
        assert!(frame.data == wanted.data, "place {place} holds frame {index}");
    }
}

#[test]
fn a_camera_that_is_turned_stands_upright_between_black_bars() {
    let folder = tempfile::tempdir().expect("a folder");
    let (wide, upright) = (size(1280, 720), size(720, 1280));
    let shown: Vec<_> = (0..30)
        .map(|index| (index, if (10..20).contains(&index) { upright } else { wide }))
        .collect();
    let (size, frames) = record(&folder.path().join("turned.y4m"), &shown, 1.0);
    assert_eq!((size, frames.len()), (wide, 30));
    for (index, frame) in (0..).zip(&frames) {
        if !(10..20).contains(&index) {
            assert!(sharpness(frame, index) > 99.0, "frame {index} is as it came");
            continue;
        }
        let (y, _, _) = frame.planes();
        let rows = || y.chunks_exact(1280);
        assert!(
            rows().all(|row| row[..430].iter().chain(&row[850..]).all(|luma| *luma == 16)),
            "bars of frame {index}"
        );
        let inside = VideoSize::new(404, 720).expect("a size");
        let middle: Vec<u8> = rows().flat_map(|row| row[438..842].to_vec()).collect();
        let wanted = Scaler::default()
            .scale(&render(upright, index, WallTime(0)), inside)
            .expect("it scales");
        assert!(middle == wanted.planes().0, "frame {index} is not stretched");
    }
}

#[test]
fn the_thread_writes_what_it_is_given_and_ends_when_it_is_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shown.y4m");
    let recordings = Recordings::default();
    let mut recorder = VideoRecorder::start(&path, &recordings).expect("a recorder");
    assert!(
        recordings.are_open() && recordings.are_written(),
        "nobody waits for a recording that goes on"
    );
    // In the future, so that the thread, which has a clock of its own, has nothing to hold however
    // busy the machine is.
    let start = Instant::now() + Duration::from_secs(30);
    for (index, from) in [size(320, 180), size(640, 360), size(160, 90)].into_iter().enumerate() {
        let at = start + Duration::from_secs(1) * index as u32 / 30;
        recorder.record(&render(from, index as u32, WallTime(0)), at);
    }
    let expected = Recorded { frames: 15, size: Some(size(640, 360)), left_out: 0 };
    // It may go on for longer than the end of a call waits.
    let finished = recorder.finish(start + Duration::from_millis(500));
    recordings.wait();
    let recorded = finished.map(|recorded| recorded.expect("it is written"));
    assert!(recordings.are_written() && recordings.take_failures().is_empty());
    assert_eq!(recorded.unwrap_or(expected), expected);
    let (read_size, frames) = read(&path);
    assert_eq!((read_size, frames.len()), (size(640, 360), 15));
    for (place, frame) in (0..).zip(&frames) {
        let psnr_db = sharpness(frame, place.min(2));
        assert!(psnr_db > 18.0, "place {place}: {psnr_db:.1} dB");
    }
}

/// Waits until the recording's thread has ended.
fn until_ended(recordings: &Recordings) {
    while recordings.are_open() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_file_that_can_not_be_made_is_said_while_the_call_goes_on_and_stays_known() {
    let recordings = Recordings::default();
    let recorder = VideoRecorder::start(Path::new("/nowhere/at/all.y4m"), &recordings);
    until_ended(&recordings);
    let failures = recordings.take_failures();
    let words = "The call is not recorded: /nowhere/at/all.y4m can't be written";
    assert!(failures[0].starts_with(words), "{failures:?}");
    assert_eq!(recordings.first_failure(), Some(failures[0].clone()));
    let outcome = recorder.expect("a thread").finish(Instant::now());
    assert!(matches!(outcome, Some(Err(RecordError::Create(_)))));
}

#[test]
fn a_recording_of_before_stays_until_a_frame_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("call.y4m");
    std::fs::write(&path, "yesterday").expect("written");
    let recordings = Recordings::default();
    let record = || VideoRecorder::start(&path, &recordings).expect("a recorder");
    let nothing = record().finish(Instant::now()).expect("at once").expect("no error");
    assert_eq!((nothing.frames, nothing.size), (0, None));
    assert_eq!(std::fs::read(&path).expect("it is there"), b"yesterday");
    let mut recorder = record();
    let at = Instant::now() + Duration::from_secs(30);
    recorder.record(&render(size(320, 180), 0, WallTime(0)), at);
    let _ = recorder.finish(at + Duration::from_millis(100));
    recordings.wait();
    assert_eq!(read(&path).0, size(320, 180));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_reads_is_given_up_with_the_call_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe.y4m");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
    assert!(made.success());
    let recordings = Recordings::default();
    let mut recorder = VideoRecorder::start(&path, &recordings).expect("a recorder");
    for _ in 0..100 {
        recorder.record(&render(size(320, 180), 0, WallTime(0)), Instant::now());
    }
    assert!(recorder.finish(Instant::now()).is_none());
    assert!(recordings.are_written(), "nobody waits for it");
    let failure = recordings.first_failure().expect("it is known");
    assert!(failure.contains("nobody reads") && failure.contains("pipe.y4m"), "{failure}");
    // The thread ends when somebody reads.
    drop(std::fs::File::open(&path));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_recording_and_holds_nobody_up() {
    let recordings = Recordings::default();
    let mut recorder =
        VideoRecorder::start(Path::new("/dev/full"), &recordings).expect("a recorder");
    let frame = render(size(320, 180), 0, WallTime(0));
    for _ in 0..100 {
        recorder.record(&frame, Instant::now());
    }
    // Known before the call ends.
    until_ended(&recordings);
    let failures = recordings.take_failures();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].contains("No space left") && !failures[0].contains('\n'), "{failures:?}");
    assert!(recordings.take_failures().is_empty(), "said once");
    recorder.record(&frame, Instant::now());
    assert!(matches!(recorder.finish(Instant::now()), Some(Err(RecordError::Write(_)))));
}
