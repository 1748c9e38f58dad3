//! A Y4M file or a pipe as a camera: read on the thread `camera-file`, played on the thread `camera`.
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
use crate::media::y4m::Y4mReader;

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

type Read = Result<VideoFrame, CameraError>;

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
    let interval = file.reader.interval();
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
    let player = move |stop: &StopSignal| play(first, interval, &frames, &output, &events, stop);
    played.player = Some(synthetic::start(player)?);
    Ok(played)
}

fn play(
    first: VideoFrame,
    interval: Duration,
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
        frame = match next(frames, stop) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return send(events, CameraEvent::Lost(error.to_string()), stop),
            None => return,
        };
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
    /// A pipe or a device, which has no beginning to go back to.
    is_stream: bool,
    reader: Y4mReader<BufReader<File>>,
}

impl Looped {
    fn open(path: &Path) -> Result<Self, CameraError> {
        let failed = |source| CameraError::File(path.to_path_buf(), source);
        let file = File::open(path).map_err(|error| failed(error.into()))?;
        let is_stream = file.metadata().is_ok_and(|file| !file.is_file());
        let reader = Y4mReader::new(BufReader::new(file)).map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), is_stream, reader })
    }

    fn next(&mut self) -> Read {
        for _ in 0..2 {
            match self.reader.next_frame() {
                Ok(Some(data)) => {
                    return Ok(VideoFrame::new(self.reader.size(), data, Instant::now()));
                }
                Ok(None) if self.is_stream => {
                    return Err(CameraError::StreamEnded(self.path.clone()));
                }
                Ok(None) => *self = Self::open(&self.path)?,
                Err(source) => return Err(CameraError::File(self.path.clone(), source)),
            }
        }
        Err(CameraError::EmptyFile(self.path.clone()))
    }
}
