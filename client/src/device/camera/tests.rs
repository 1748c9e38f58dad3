use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::media::drop_oldest_queue::{DropOldestQueue, Taken};
use crate::media::frame::VideoFrame;
use crate::media::pattern::Pattern;
use crate::media::pattern_bar::{Stamp, read_bar};
use crate::media::units::WallTime;
use crate::media::y4m;

fn want(fps: u32) -> CameraWant {
    CameraWant { size: VideoSize::new(320, 180).expect("a size"), fps }
}

fn rendered(size: VideoSize, index: u32) -> VideoFrame {
    Pattern::new(size).render(Stamp { index, captured_at: WallTime(0) }, Instant::now())
}

fn next(slot: &DropOldestQueue<VideoFrame>) -> VideoFrame {
    match slot.wait(Duration::from_secs(10)) {
        Taken::Value(frame) => frame,
        other => panic!("no picture: {other:?}"),
    }
}

#[test]
fn the_pattern_stamps_each_frame_and_ends_when_it_is_stopped() {
    let slot = DropOldestQueue::latest();
    let (events, mut reported) = mpsc::channel(4);
    let before = WallTime::now();
    let camera = open_camera(&CameraChoice::Pattern, want(100), Arc::clone(&slot), events)
        .expect("it opens");
    assert_eq!(camera.name(), "test pattern");
    let stamps: Vec<_> = (0..5).map(|_| read_bar(&next(&slot)).expect("a bar")).collect();
    assert_eq!(reported.blocking_recv(), Some(CameraEvent::Live));
    assert!(stamps.is_sorted_by(|a, b| a.index < b.index && a.captured_at < b.captured_at));
    assert!(before <= stamps[0].captured_at && stamps[4].captured_at <= WallTime::now());
    drop(camera);
    // Its thread is gone, and with it the sender of events.
    assert_eq!(reported.blocking_recv(), None);
}

#[test]
fn the_patterns_rate_does_not_drift() {
    let slot = DropOldestQueue::latest();
    let (events, _told) = mpsc::channel(4);
    let _camera = open_camera(&CameraChoice::Pattern, want(200), Arc::clone(&slot), events)
        .expect("it opens");
    let first = read_bar(&next(&slot)).expect("a bar");
    let last = loop {
        let stamp = read_bar(&next(&slot)).expect("a bar");
        if stamp.index >= first.index + 100 {
            break stamp;
        }
    };
    let took = first.captured_at.until(last.captured_at).expect("in order");
    let due = Duration::from_millis(5) * (last.index - first.index);
    // A single late frame is the scheduler's; a drift would add up to more than this.
    assert!(took + Duration::from_millis(100) > due, "{took:?} instead of {due:?}");
}

#[test]
fn several_slots_get_the_same_frame_and_one_can_leave() {
    let (encoder, preview) = (DropOldestQueue::latest(), DropOldestQueue::latest());
    let output = CameraOutput::new();
    output.attach(Arc::clone(&encoder));
    output.attach(Arc::clone(&preview));
    let frame = rendered(want(1).size, 3);
    output.put(&frame);
    output.detach(&preview);
    output.put(&frame);
    assert_eq!(encoder.dropped(), 1);
    assert_eq!(preview.dropped(), 0);
    assert!(Arc::ptr_eq(&next(&preview).data, &frame.data));
}

#[test]
fn a_camera_whose_output_was_taken_over_is_seen_nowhere() {
    let encoder = DropOldestQueue::latest();
    let former = CameraOutput::from(Arc::clone(&encoder));
    let output = former.take_over();
    let frame = rendered(want(1).size, 3);
    former.put(&frame);
    assert!(encoder.take().is_none());
    output.put(&frame);
    assert!(encoder.take().is_some());
}

#[test]
fn a_file_is_played_in_a_loop_at_its_own_rate() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("three.y4m");
    let size = want(1).size;
    let mut file = y4m::header(size, 100).into_bytes();
    for index in 0..3 {
        file.extend(y4m::FRAME);
        file.extend(&*rendered(size, index).data);
    }
    std::fs::write(&path, file).expect("it is written");
    let slot = DropOldestQueue::latest();
    let (events, mut reported) = mpsc::channel(4);
    let camera = open_camera(&CameraChoice::File(path), want(1), Arc::clone(&slot), events)
        .expect("it opens");
    let seen: Vec<_> = (0..7).map(|_| read_bar(&next(&slot)).expect("a bar").index).collect();
    assert!(seen.iter().all(|index| *index < 3));
    assert!(seen.windows(2).any(|pair| pair[1] < pair[0]), "it began again: {seen:?}");
    drop(camera);
    assert_eq!(reported.blocking_recv(), Some(CameraEvent::Live));
    assert_eq!(reported.blocking_recv(), None);
}

#[test]
fn a_file_that_can_not_be_played_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |content: Option<&[u8]>| {
        let path = folder.path().join("file.y4m");
        if let Some(content) = content {
            std::fs::File::create(&path)
                .expect("a file")
                .write_all(content)
                .expect("it is written");
        }
        let (events, _told) = mpsc::channel(4);
        let error =
            open_camera(&CameraChoice::File(path), want(30), DropOldestQueue::latest(), events)
                .expect_err("an error");
        assert!(!error.to_string().contains('\n'), "{error}");
        error
    };
    assert!(matches!(open(None), CameraError::File(_, Y4mError::Io(_))));
    assert!(matches!(open(Some(b"GIF89a\n")), CameraError::File(_, Y4mError::SomethingElse(_))));
    assert!(matches!(open(Some(b"notes\n")), CameraError::File(_, Y4mError::NotY4m)));
    let empty = open(Some(b"YUV4MPEG2 W320 H180\n"));
    assert!(matches!(empty, CameraError::File(_, Y4mError::NoPictures)));
    let cut = open(Some(b"YUV4MPEG2 W320 H180\nFRAME\nabc"));
    assert!(matches!(cut, CameraError::File(_, Y4mError::Truncated)));
}

#[test]
fn a_file_that_breaks_off_later_is_played_as_far_as_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.y4m");
    let mut content = b"YUV4MPEG2 W2 H2 F200:1\n".to_vec();
    content.extend(b"FRAME\n123456FRAME\n223456FRAME\n323");
    std::fs::write(&path, content).expect("it is written");
    let slot = DropOldestQueue::new(16);
    let (events, mut reported) = mpsc::channel(4);
    let camera = open_camera(&CameraChoice::File(path), want(30), Arc::clone(&slot), events)
        .expect("it opens");
    let seen: Vec<u8> = (0..5).map(|_| next(&slot).data[0]).collect();
    assert_eq!(seen, *b"12121");
    drop(camera);
    assert_eq!(reported.blocking_recv(), Some(CameraEvent::Live));
    assert_eq!(reported.blocking_recv(), None);
}

#[test]
fn a_folder_is_no_file_of_pictures() {
    let folder = tempfile::tempdir().expect("a folder");
    let (events, _told) = mpsc::channel(4);
    let choice = CameraChoice::File(folder.path().to_path_buf());
    let error =
        open_camera(&choice, want(30), DropOldestQueue::latest(), events).expect_err("an error");
    assert!(matches!(error, CameraError::Folder(_)), "{error}");
}

#[test]
fn a_camera_of_an_unknown_name_is_an_error_that_says_where_to_look() {
    let (events, _told) = mpsc::channel(4);
    let choice = CameraChoice::Named("No such camera \u{1F989}".to_owned());
    let error =
        open_camera(&choice, want(30), DropOldestQueue::latest(), events).expect_err("an error");
    assert!(matches!(error, CameraError::Unknown(_)), "{error}");
    assert!(error.to_string().contains("visavis devices"));
}

#[test]
fn no_camera_is_silent_and_opens() {
    let slot = DropOldestQueue::<VideoFrame>::latest();
    let (events, mut reported) = mpsc::channel(4);
    let camera =
        open_camera(&CameraChoice::None, want(30), Arc::clone(&slot), events).expect("it opens");
    assert_eq!(reported.blocking_recv(), None);
    drop(camera);
    assert!(slot.take().is_none());
}

#[test]
fn an_event_that_does_not_fit_waits_but_never_holds_up_a_stop() {
    let (events, mut reported) = mpsc::channel(1);
    events.try_send(CameraEvent::Live).expect("there is room");
    let stop = StopSignal::default();
    stop.set();
    send(&events, CameraEvent::Lost("gone".to_owned()), &stop);
    assert_eq!(reported.try_recv(), Ok(CameraEvent::Live));
    send(&events, CameraEvent::Lost("gone".to_owned()), &StopSignal::default());
    assert_eq!(reported.try_recv(), Ok(CameraEvent::Lost("gone".to_owned())));
}

/// A named pipe, and somebody who writes a header and these frames into it, waits for `hold` and
/// ends; whether all could be written.
#[cfg(unix)]
fn pipe_with(
    folder: &std::path::Path,
    frames: u32,
    hold: std::sync::mpsc::Receiver<()>,
) -> (std::path::PathBuf, std::thread::JoinHandle<std::io::Result<()>>) {
    let path = folder.join("pipe.y4m");
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
    assert!(made.success());
    let to = path.clone();
    let writer = std::thread::Builder::new().spawn(move || {
        let mut pipe = std::fs::OpenOptions::new().write(true).open(to)?;
        pipe.write_all(y4m::header(want(1).size, 50).as_bytes())?;
        for index in 0..frames {
            pipe.write_all(y4m::FRAME)?;
            pipe.write_all(&rendered(want(1).size, index).data)?;
        }
        let _ = hold.recv();
        Ok(())
    });
    (path, writer.expect("a thread"))
}

#[cfg(unix)]
#[test]
fn a_pipe_is_opened_once_shown_from_its_first_frame_on_and_reported_when_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let (end, hold) = std::sync::mpsc::sync_channel(1);
    let (path, writer) = pipe_with(folder.path(), 3, hold);
    let slot = DropOldestQueue::new(8);
    let (events, mut reported) = mpsc::channel(4);
    let camera = open_camera(&CameraChoice::File(path), want(30), Arc::clone(&slot), events)
        .expect("it opens");
    let seen: Vec<_> = (0..3).map(|_| read_bar(&next(&slot)).expect("a bar").index).collect();
    assert_eq!(seen, [0, 1, 2]);
    assert_eq!(reported.blocking_recv(), Some(CameraEvent::Live));
    drop(end);
    writer.join().expect("no panic").expect("all was taken");
    let Some(CameraEvent::Lost(why)) = reported.blocking_recv() else { panic!("nothing was said") };
    assert!(why.contains("pipe.y4m") && why.contains("it has ended"), "{why}");
    drop(camera);
}

#[cfg(unix)]
#[test]
fn a_pipe_that_stalls_holds_up_nobody_who_closes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (end, hold) = std::sync::mpsc::sync_channel(1);
    let (path, writer) = pipe_with(folder.path(), 2, hold);
    let slot = DropOldestQueue::new(8);
    let (events, _reported) = mpsc::channel(4);
    let camera = open_camera(&CameraChoice::File(path), want(30), Arc::clone(&slot), events)
        .expect("it opens");
    let seen = [next(&slot), next(&slot)].map(|frame| read_bar(&frame).expect("a bar").index);
    assert_eq!(seen, [0, 1]);
    let (closed_in, closed) = std::sync::mpsc::sync_channel(1);
    let closing = std::thread::Builder::new().spawn(move || {
        drop(camera);
        let _ = closed_in.send(());
    });
    closed.recv_timeout(Duration::from_secs(10)).expect("it closes while nothing comes");
    closing.expect("a thread").join().expect("no panic");
    drop(end);
    writer.join().expect("no panic").expect("all was taken");
}
