//! The test pattern and Y4M files as cameras: punctual, on the thread `camera`.
//!
//! Frames are due at absolute moments, so the rate does not drift; one that is late does not move
//! those after it.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::{CameraError, CameraEvent, CameraOutput, CameraWant, send};
use crate::media::frame::VideoFrame;
use crate::media::pattern::Pattern;
use crate::media::pattern_bar::Stamp;
use crate::media::stage_thread::StageThread;
use crate::media::stop_signal::StopSignal;
use crate::media::units::WallTime;
use crate::media::y4m::Y4mLoop;

/// A source this late (the machine slept) restarts its schedule.
const TOO_LATE: Duration = Duration::from_secs(1);

/// Starts the thread. It waits for nothing but its own clock, so that it ends at once.
fn start(body: impl FnOnce(&StopSignal) + Send + 'static) -> Result<StageThread<()>, CameraError> {
    let stop = StopSignal::default();
    let stopped = stop.clone();
    StageThread::spawn("camera", move || stop.set(), move || body(&stopped))
        .map_err(CameraError::Thread)
}

/// When each frame is due.
struct Schedule {
    start: Instant,
    interval: Duration,
    next: u32,
}

impl Schedule {
    fn new(interval: Duration) -> Self {
        Self { start: Instant::now(), interval, next: 0 }
    }

    /// Waits until the next frame is due; false when it is time to stop.
    fn wait(&mut self, stop: &StopSignal) -> bool {
        let due = self.start + self.interval * self.next;
        if stop.wait_until(due) {
            return false;
        }
        let now = Instant::now();
        if now.saturating_duration_since(due) > TOO_LATE || self.next == u32::MAX {
            *self = Self { start: now, interval: self.interval, next: 0 };
        }
        self.next += 1;
        true
    }
}

pub(super) fn start_pattern(
    want: CameraWant,
    output: CameraOutput,
    events: mpsc::Sender<CameraEvent>,
) -> Result<StageThread<()>, CameraError> {
    start(move |stop| {
        let pattern = Pattern::new(want.size);
        let mut schedule = Schedule::new(Duration::from_secs(1) / want.fps.max(1));
        let mut index = 0_u32;
        while schedule.wait(stop) {
            let stamp = Stamp { index, captured_at: WallTime::now() };
            output.put(&pattern.render(stamp, Instant::now()));
            if index == 0 {
                send(&events, CameraEvent::Live, stop);
            }
            index = index.wrapping_add(1);
        }
    })
}

pub(super) fn start_file(
    path: &Path,
    output: CameraOutput,
    events: mpsc::Sender<CameraEvent>,
) -> Result<StageThread<()>, CameraError> {
    let mut file = Looped::open(path)?;
    // The first frame is read here, so that a file that can't be played is refused at once.
    let mut frame = file.next()?;
    let path = path.to_path_buf();
    start(move |stop| {
        let mut schedule = Schedule::new(file.frames.interval());
        let mut live = false;
        while schedule.wait(stop) {
            output.put(&VideoFrame { captured_at: Instant::now(), ..frame });
            if !live {
                live = true;
                send(&events, CameraEvent::Live, stop);
            }
            frame = match file.next() {
                Ok(frame) => frame,
                Err(error) => return send(&events, CameraEvent::Lost(error.to_string()), stop),
            };
            // Files that were joined may differ in their rate.
            if file.frames.interval() != schedule.interval {
                schedule = Schedule::new(file.frames.interval());
            }
        }
        tracing::debug!(path = %path.display(), "closed");
    })
}

/// A file from its beginning to its end, again and again.
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

    fn next(&mut self) -> Result<VideoFrame, CameraError> {
        let (size, data) = self
            .frames
            .next_frame()
            .map_err(|source| CameraError::File(self.path.clone(), source))?;
        Ok(VideoFrame::new(size, data, Instant::now()))
    }
}
