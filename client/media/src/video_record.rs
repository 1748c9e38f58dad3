//! Shown pictures into a Y4M file, on the thread `video-record`, so that a slow disk never holds the decoder up.
//!
//! The queue is bounded; a picture that does not fit is left out and counted. A file has one size: that of its first
//! picture, to which later ones of other sizes are scaled.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::frame::VideoFrame;
use crate::scale::{ScaleError, Scaler};
use crate::y4m::{Y4mError, Y4mWriter};

/// Pictures that may wait for the disk: a quarter of a second.
const QUEUE: usize = 8;
/// The rate that the file claims. Pictures are written as they are shown, whenever that is.
const FPS: u32 = 30;

/// Why there is no recording, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file could not be made.
    #[error("{path} can't be written: {source}: choose another file")]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Writing failed part of the way.
    #[error(transparent)]
    Write(#[from] Y4mError),
    /// A picture could not be brought to the file's size.
    #[error(transparent)]
    Scale(#[from] ScaleError),
    /// The thread failed.
    #[error("the recording thread failed")]
    Thread,
}

/// A recording under way.
#[derive(Debug)]
pub struct VideoRecorder {
    queue: SyncSender<VideoFrame>,
    thread: JoinHandle<Result<u64, RecordError>>,
    left_out: u64,
}

/// What became of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Pictures in the file.
    pub frames: u64,
    /// Pictures that the disk was too slow for.
    pub left_out: u64,
}

impl VideoRecorder {
    /// Makes the file.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn start(path: &Path) -> Result<Self, RecordError> {
        let file = File::create(path).map_err(|source| RecordError::Create { path: path.to_path_buf(), source })?;
        let (queue, frames) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("video-record".to_owned())
            .spawn(move || write_all(BufWriter::new(file), &frames))
            .map_err(|_| RecordError::Thread)?;
        Ok(Self { queue, thread, left_out: 0 })
    }

    /// Adds a picture, unless the disk is behind.
    pub fn record(&mut self, frame: &VideoFrame) {
        if self.queue.try_send(frame.clone()).is_err() {
            self.left_out += 1;
        }
    }

    /// Writes what is waiting, closes the file and says what is in it.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn finish(self) -> Result<Recorded, RecordError> {
        drop(self.queue);
        let frames = self.thread.join().map_err(|_| RecordError::Thread)??;
        Ok(Recorded { frames, left_out: self.left_out })
    }
}

fn write_all(file: BufWriter<File>, frames: &Receiver<VideoFrame>) -> Result<u64, RecordError> {
    let Ok(first) = frames.recv() else { return Ok(0) };
    let mut writer = Y4mWriter::new(file, first.size, FPS)?;
    let mut scaler = Scaler::new();
    let mut written = 0;
    for frame in std::iter::once(first).chain(frames) {
        writer.write(&scaler.scale(&frame, writer.size())?)?;
        written += 1;
    }
    writer.finish()?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    use crate::pattern::render;
    use crate::psnr::psnr;
    use crate::units::{VideoSize, WallTime};
    use crate::y4m::Y4mReader;

    #[test]
    fn pictures_of_all_sizes_end_up_in_the_size_of_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shown.y4m");
        let mut recorder = VideoRecorder::start(&path).expect("a recorder");
        let size = |width, height| VideoSize::new(width, height).expect("a size");
        for (index, size) in [size(320, 180), size(640, 360), size(160, 90)].into_iter().enumerate() {
            recorder.record(&render(size, index as u32, WallTime(0)));
        }
        assert_eq!(recorder.finish().expect("it is written"), Recorded { frames: 3, left_out: 0 });

        let mut reader = Y4mReader::new(BufReader::new(File::open(&path).expect("the file"))).expect("a reader");
        assert_eq!(reader.size(), size(320, 180));
        for index in 0..3 {
            let data = reader.next_picture().expect("it is read").expect("a picture");
            let wanted = render(size(320, 180), index, WallTime(0));
            let alike = psnr(&VideoFrame { data, ..wanted.clone() }, &wanted);
            assert!(alike > 24.0, "picture {index}: {alike:.1} dB");
        }
        assert!(reader.next_picture().expect("it is read").is_none());
    }

    #[test]
    fn a_file_that_can_not_be_made_is_said_at_once() {
        let error = VideoRecorder::start(Path::new("/nowhere/at/all.y4m")).expect_err("an error").to_string();
        assert!(error.contains("/nowhere/at/all.y4m"), "{error}");
    }
}
