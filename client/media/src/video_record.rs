//! Shown frames into a Y4M file, on the thread `video-record`, so that a slow disk never holds the
//! decoder up.
//!
//! The queue is bounded; a frame that does not fit is left out and counted, and the one before it
//! stays in its place. The file is as large as the largest frame that came (`growing_file`),
//! whatever its first frames were, and it plays as long as the call took from the first frame on
//! (`constant_rate`). What is sent decides: SDP could announce a size (`imageattr`, RFC 6236), but
//! neither we nor browsers do.

mod constant_rate;
mod growing_file;
mod letterbox;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use self::constant_rate::ConstantRate;
use self::growing_file::GrowingFile;
use crate::frame::VideoFrame;
use crate::output_file::OutputError;
use crate::scale::ScaleError;
use crate::units::VideoSize;

/// Frames that may wait for the disk: a quarter of a second.
const QUEUE: usize = 8;
/// How often the thread looks at the clock while no frame comes.
const TICK: Duration = Duration::from_millis(50);
/// What was shown later than this ago may still be in the queue.
const UNDER_WAY: Duration = Duration::from_millis(100);
/// The end of a call waits so long for its recording. Of a call that grew late, what is scaled up
/// may take longer: it goes on by itself.
const FINISH_WITHIN: Duration = Duration::from_secs(1);
/// More failures than these are not kept: nobody reads them.
const FAILURES_KEPT: usize = 8;

/// Why there is no recording, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file could not be made.
    #[error(transparent)]
    Create(#[from] OutputError),
    /// Writing failed part of the way.
    #[error("the file can't be written any more: {0}")]
    Write(#[source] std::io::Error),
    /// The file could not be made larger than this when larger frames came.
    #[error("it stays at {0}, as the file could not be replaced by a larger one: {1}")]
    KeptSmall(VideoSize, #[source] std::io::Error),
    /// A frame could not be brought to the file's size.
    #[error(transparent)]
    Scale(#[from] ScaleError),
    /// The thread failed.
    #[error("the recording thread failed")]
    Thread,
}

/// A frame, and when it was shown.
type Shown = (VideoFrame, Instant);

/// When a recording ends; set before its queue is closed.
type End = Arc<OnceLock<Instant>>;

/// What a session writes into files, for whoever has to know that all is written or that something
/// went wrong: each recording is open until its thread has written it, whatever became of it.
#[derive(Debug, Clone, Default)]
pub struct Recordings(Arc<(Mutex<Open>, Condvar)>);

#[derive(Debug, Default)]
struct Open {
    ends: Vec<End>,
    /// Those that nobody has taken yet.
    failures: Vec<String>,
    first_failure: Option<String>,
}

impl Open {
    /// Whether no further frame comes for one, and what is left takes its time.
    fn is_any_ending(&self) -> bool {
        self.ends.iter().any(|end| end.get().is_some())
    }
}

impl Recordings {
    /// Why recordings are not whole, each in a line, as far as nobody has taken them before.
    #[must_use]
    pub fn take_failures(&self) -> Vec<String> {
        std::mem::take(&mut self.open().failures)
    }

    /// The first reason why something is not written, whoever has taken it.
    #[must_use]
    pub fn first_failure(&self) -> Option<String> {
        self.open().first_failure.clone()
    }

    /// Something is not written, as somebody was told already; why, in a line.
    pub fn note_known_failure(&self, words: &str) {
        self.open().first_failure.get_or_insert_with(|| words.to_owned());
    }

    /// Something is not written; why, in a line.
    pub fn note_failure(&self, words: String) {
        let mut open = self.open();
        open.first_failure.get_or_insert_with(|| words.clone());
        if open.failures.len() < FAILURES_KEPT {
            open.failures.push(words);
        }
    }

    /// Whether everything is written of the recordings that have ended.
    #[must_use]
    pub fn are_written(&self) -> bool {
        !self.open().is_any_ending()
    }

    /// Waits for that. Not for a recording that nobody has ended: it may hang on a device.
    pub fn wait(&self) {
        drop(self.0.1.wait_while(self.open(), |open| open.is_any_ending()));
    }

    /// Whether any is under way, ended or not.
    #[cfg(test)]
    fn are_open(&self) -> bool {
        !self.open().ends.is_empty()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that all is written, when it is dropped.
struct Writing {
    recordings: Recordings,
    end: End,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.recordings.open().ends.retain(|end| !Arc::ptr_eq(end, &self.end));
        self.recordings.0.1.notify_all();
    }
}

/// A recording under way.
#[derive(Debug)]
pub struct VideoRecorder {
    path: PathBuf,
    queue: SyncSender<Shown>,
    end: End,
    outcome: Receiver<Result<Recorded, RecordError>>,
    left_out: u64,
    recordings: Recordings,
    is_open: Arc<AtomicBool>,
}

/// What became of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Frames in the file, repeated ones included.
    pub frames: u64,
    /// Their size; `None` when no frame came.
    pub size: Option<VideoSize>,
    /// Shown frames that the disk was too slow for.
    pub left_out: u64,
}

impl VideoRecorder {
    /// Starts the thread, which makes the file: a pipe that nobody reads holds up nobody else. The
    /// recording is one of `recordings` until it is written.
    pub fn start(path: &Path, recordings: &Recordings) -> Result<Self, RecordError> {
        let (queue, shown) = sync_channel(QUEUE);
        let (outcome_in, outcome) = sync_channel(1);
        let (end, is_open) = (End::default(), Arc::new(AtomicBool::new(false)));
        recordings.open().ends.push(Arc::clone(&end));
        let writing = Writing { recordings: recordings.clone(), end: Arc::clone(&end) };
        let (to, opened) = (path.to_path_buf(), Arc::clone(&is_open));
        std::thread::Builder::new()
            .name("video-record".to_owned())
            .spawn(move || {
                let recorded = GrowingFile::create(&to).and_then(|file| {
                    opened.store(true, Ordering::Relaxed);
                    Recording { rate: ConstantRate::default(), file }.run(&shown, &writing.end)
                });
                // No further frame is kept for it.
                drop(shown);
                match &recorded {
                    Ok(_) => {}
                    Err(error @ RecordError::Create(_)) => {
                        writing
                            .recordings
                            .note_failure(format!("The call is not recorded: {error}."));
                    }
                    Err(error) => {
                        let words = format!("The recording is not whole: {error}.");
                        writing.recordings.note_failure(words);
                    }
                }
                drop(writing);
                // Whoever asked may have stopped waiting.
                let _ = outcome_in.try_send(recorded);
            })
            .map_err(|_| RecordError::Thread)?;
        let (path, recordings) = (path.to_path_buf(), recordings.clone());
        Ok(Self { path, queue, end, outcome, left_out: 0, recordings, is_open })
    }

    /// Adds a frame that is shown at this moment, unless the disk is behind.
    pub fn record(&mut self, frame: &VideoFrame, shown_at: Instant) {
        if self.queue.try_send((frame.clone(), shown_at)).is_err() {
            self.left_out += 1;
        }
    }

    /// Writes what is waiting, repeats the last frame until this moment, closes the file and says
    /// what became of it; `None` when that takes longer than a second and goes on by itself.
    #[must_use]
    pub fn finish(self, at: Instant) -> Option<Result<Recorded, RecordError>> {
        // Nobody else sets it.
        let _ = self.end.set(at);
        drop(self.queue);
        match self.outcome.recv_timeout(FINISH_WITHIN) {
            Ok(recorded) => {
                Some(recorded.map(|recorded| Recorded { left_out: self.left_out, ..recorded }))
            }
            Err(RecvTimeoutError::Disconnected) => Some(Err(RecordError::Thread)),
            Err(RecvTimeoutError::Timeout) => {
                if !self.is_open.load(Ordering::Relaxed) {
                    // It is waited for no longer.
                    self.recordings.open().ends.retain(|end| !Arc::ptr_eq(end, &self.end));
                    self.recordings.0.1.notify_all();
                    let path = self.path.display();
                    self.recordings
                        .note_failure(format!("The call is not recorded: nobody reads {path}."));
                }
                None
            }
        }
    }
}

/// Everything but the thread.
struct Recording {
    rate: ConstantRate,
    file: GrowingFile,
}

impl Recording {
    fn run(
        mut self,
        shown: &Receiver<Shown>,
        end: &OnceLock<Instant>,
    ) -> Result<Recorded, RecordError> {
        let recorded = self.write_all(shown, end).and_then(|()| self.file.finish());
        if recorded.is_err() {
            self.file.cut();
        }
        recorded
    }

    fn write_all(
        &mut self,
        shown: &Receiver<Shown>,
        end: &OnceLock<Instant>,
    ) -> Result<(), RecordError> {
        loop {
            let wait = if self.file.is_behind() { Duration::ZERO } else { TICK };
            match shown.recv_timeout(wait) {
                Ok((frame, at)) => self.show(&frame, at)?,
                Err(RecvTimeoutError::Timeout) => self.idle(Instant::now())?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        end.get().map_or(Ok(()), |at| self.end(*at))
    }

    fn show(&mut self, frame: &VideoFrame, at: Instant) -> Result<(), RecordError> {
        let placed = self.rate.show(at);
        self.file.repeat(placed.repeats)?;
        if placed.write { self.file.write(frame) } else { Ok(()) }
    }

    /// No frame waits: the last one is repeated, and what the file is behind with is caught up
    /// with.
    fn idle(&mut self, now: Instant) -> Result<(), RecordError> {
        if let Some(until) = now.checked_sub(UNDER_WAY) {
            self.file.repeat(self.rate.repeat_until(until))?;
        }
        if self.file.is_behind() { self.file.fill_in() } else { Ok(()) }
    }

    fn end(&mut self, at: Instant) -> Result<(), RecordError> {
        self.file.repeat(self.rate.end(at))
    }
}

#[cfg(test)]
mod tests;
