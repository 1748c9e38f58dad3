//! A Y4M file or a pipe as a camera: read on the thread `camera-file`, played on the thread
//! `camera`.
//!
//! What always holds: a file is opened once for each time that it is played, and a pipe once; a
//! pipe that stalls holds up nobody but its own thread, also when the camera is closed; of what is
//! read no more than two frames wait.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::synthetic::{self, Schedule};
use super::{CameraError, CameraEvent, CameraOutput, send};
use crate::device::hanging::HangingThreads;
use crate::media::frame::VideoFrame;
use crate::media::stage_thread::StageThread;
use crate::media::stop_signal::StopSignal;
use crate::media::y4m::Y4mLoop;

/// Frames that are read ahead.
const AHEAD: usize = 1;
/// How soon the player notices that it is to stop while nothing comes.
const LOOK_UP: Duration = Duration::from_millis(20);

/// Threads that wait for a pipe that nobody wants any more.
static HANGING: HangingThreads = HangingThreads::new();

/// A file that is played. Dropping this ends it at once.
struct Played {
    /// Ended first: then nobody takes what is read.
    player: Option<StageThread<()>>,
    reader: Option<JoinHandle<()>>,
}

impl Drop for Played {
    fn drop(&mut self) {
        drop(self.player.take());
        if let Some(reader) = self.reader.take().filter(|reader| !reader.is_finished()) {
            // It ends when its read comes back.
            HANGING.left_behind(reader, Instant::now());
        }
    }
}

/// A frame, and the time from it to the next.
type Read = Result<(VideoFrame, Duration), CameraError>;

/// Starts to play. Blocks until the first frame is read, so that a file that can't be played is
/// refused at once.
pub(super) fn start(
    path: &Path,
    output: CameraOutput,
    events: mpsc::Sender<CameraEvent>,
) -> Result<impl Send + use<>, CameraError> {
    if HANGING.is_full(Instant::now()) {
        return Err(CameraError::FilesHang(path.to_path_buf()));
    }
    let mut file = Looped::open(path)?;
    let first = file.next()?;
    let (frames_in, frames) = sync_channel::<Read>(AHEAD);
    let reader = std::thread::Builder::new()
        .name("camera-file".to_owned())
        .spawn(move || {
            loop {
                let read = file.next();
                let failed = read.is_err();
                // The player has ended, or will.
                if frames_in.send(read).is_err() || failed {
                    return;
                }
            }
        })
        .map_err(CameraError::Thread)?;
    let mut played = Played { player: None, reader: Some(reader) };
    let player = move |stop: &StopSignal| play(first, &frames, &output, &events, stop);
    played.player = Some(synthetic::start(player)?);
    Ok(played)
}

fn play(
    (first, interval): (VideoFrame, Duration),
    frames: &Receiver<Read>,
    output: &CameraOutput,
    events: &mpsc::Sender<CameraEvent>,
    stop: &StopSignal,
) {
    let mut schedule = Schedule::new(interval);
    let (mut frame, mut live) = (first, false);
    while schedule.wait(stop) {
        output.put(&VideoFrame { captured_at: Instant::now(), ..frame });
        if !live {
            live = true;
            send(events, CameraEvent::Live, stop);
        }
        let next_interval;
        (frame, next_interval) = match next(frames, stop) {
            Some(Ok(read)) => read,
            Some(Err(error)) => return send(events, CameraEvent::Lost(error.to_string()), stop),
            None => return,
        };
        // Files that were joined may differ in their rate.
        if schedule.interval() != next_interval {
            schedule = Schedule::new(next_interval);
        }
    }
}

/// The next frame; `None` when it is time to stop.
fn next(frames: &Receiver<Read>, stop: &StopSignal) -> Option<Read> {
    loop {
        match frames.recv_timeout(LOOK_UP) {
            Ok(read) => return Some(read),
            Err(RecvTimeoutError::Timeout) if !stop.is_set() => {}
            Err(_) => return None,
        }
    }
}

/// A file from its beginning to its end, again and again; a pipe once.
struct Looped {
    path: PathBuf,
    frames: Y4mLoop<BufReader<File>>,
}

impl Looped {
    fn open(path: &Path) -> Result<Self, CameraError> {
        let failed = |source| CameraError::File(path.to_path_buf(), source);
        // Windows opens no folder.
        if path.is_dir() {
            return Err(CameraError::Folder(path.to_path_buf()));
        }
        let file = File::open(path).map_err(|error| failed(error.into()))?;
        let is_file = file.metadata().map_err(|error| failed(error.into()))?.is_file();
        let frames = Y4mLoop::new(BufReader::new(file), is_file).map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), frames })
    }

    fn next(&mut self) -> Read {
        let (size, data) = self
            .frames
            .next_frame()
            .map_err(|source| CameraError::File(self.path.clone(), source))?;
        Ok((VideoFrame::new(size, data, Instant::now()), self.frames.interval()))
    }
}
