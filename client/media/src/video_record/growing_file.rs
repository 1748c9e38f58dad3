//! A Y4M file whose frame size may grow while it is written.
//!
//! In: frames of any size. Out: a file of one size, the largest so far, in which smaller frames are
//! scaled up and those of another shape have black bars. All frames of a Y4M file are equally long,
//! so the place of each is known: when a larger frame comes, a file of its size takes the place of
//! the one before and goes on where that ended, and what it has no frames for yet is filled in from
//! the file before, one frame at a time, whenever there is time for it.
//!
//! What always holds: the file at the path is what was there until the first frame comes, and then
//! a Y4M file with every frame that was written; frames that are not filled in yet are there, and
//! blank. No more than a few frames are in memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::constant_rate::FPS;
use super::letterbox::Letterbox;
use super::{RecordError, Recorded};
use crate::frame::VideoFrame;
use crate::output_file::{self, Output};
use crate::units::VideoSize;
use crate::y4m::{FRAME, header};

/// How often a recording may grow. Each time everything before is written again, so a sender that
/// goes on and on is not followed: larger frames are then scaled down.
const MAX_GROWTHS: u32 = 16;

/// A file of one size, and which frames it holds.
#[derive(Debug)]
struct Part {
    file: File,
    /// Where the next byte goes without seeking.
    at: u64,
    size: VideoSize,
    header: u64,
    /// The first frame that was written to this part as it came.
    first: u64,
    /// One more than the last.
    end: u64,
}

impl Part {
    /// Writes the header, and blank frames up to the first, and takes the place of what was there.
    fn start(mut output: Output, size: VideoSize, first: u64) -> std::io::Result<Self> {
        let header = header(size, FPS);
        output.file().write_all(header.as_bytes())?;
        let header = header.len() as u64;
        let blank = Self::blank(output.file(), size, header, first)?;
        Ok(Self { file: output.into_file()?, ..blank })
    }

    fn blank(file: &File, size: VideoSize, header: u64, first: u64) -> std::io::Result<Self> {
        let file = file.try_clone()?;
        let mut part = Self { file, at: header, size, header, first, end: first };
        for index in 0..first {
            part.go_to(part.place_of(index))?;
            part.write(FRAME)?;
        }
        if first > 0 {
            part.file.set_len(part.place_of(first))?;
        }
        Ok(part)
    }

    fn place_of(&self, index: u64) -> u64 {
        self.header + index * (FRAME.len() + VideoFrame::len_of(self.size)) as u64
    }

    fn go_to(&mut self, place: u64) -> std::io::Result<()> {
        if self.at != place {
            self.at = self.file.seek(SeekFrom::Start(place))?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn put(&mut self, index: u64, frame: &VideoFrame) -> std::io::Result<()> {
        self.go_to(self.place_of(index))?;
        self.write(FRAME)?;
        self.write(&frame.data)
    }

    fn append(&mut self, frame: &VideoFrame) -> std::io::Result<()> {
        self.put(self.end, frame)?;
        self.end += 1;
        Ok(())
    }

    fn get(&mut self, index: u64) -> std::io::Result<VideoFrame> {
        let place = self.place_of(index) + FRAME.len() as u64;
        self.go_to(place)?;
        let mut data = vec![0; VideoFrame::len_of(self.size)];
        self.file.read_exact(&mut data)?;
        self.at += data.len() as u64;
        Ok(VideoFrame::new(self.size, data.into(), Instant::now()))
    }
}

/// A Y4M file that grows with its frames.
pub(super) struct GrowingFile {
    path: PathBuf,
    /// A pipe or a device, before the first frame says what size it has.
    stream: Option<Output>,
    /// The one at the path last, before it those from which it is filled in.
    parts: Vec<Part>,
    /// How many of the frames from before the last part are filled in.
    filled: u64,
    growths_left: u32,
    /// Why it did not grow.
    kept_small: Option<std::io::Error>,
    letterbox: Letterbox,
    last: Option<VideoFrame>,
}

impl GrowingFile {
    /// Sees to it that the file can be made, with its first frame. Blocks for as long as nobody
    /// reads a pipe.
    pub(super) fn create(path: &Path) -> Result<Self, RecordError> {
        output_file::check(path)?;
        // A pipe or a device can only be written to, so it keeps the size of its first frame.
        let is_stream = output_file::is_stream(path);
        let stream = if is_stream { Some(Output::open(path)?) } else { None };
        Ok(Self {
            path: path.to_path_buf(),
            stream,
            parts: Vec::new(),
            filled: 0,
            growths_left: if is_stream { 0 } else { MAX_GROWTHS },
            kept_small: None,
            letterbox: Letterbox::default(),
            last: None,
        })
    }

    /// Writes a frame.
    pub(super) fn write(&mut self, frame: &VideoFrame) -> Result<(), RecordError> {
        if self.parts.is_empty() {
            let output = match self.stream.take() {
                Some(output) => output,
                None => Output::open(&self.path)?,
            };
            self.parts.push(Part::start(output, frame.size, 0).map_err(RecordError::Write)?);
        }
        let is_larger = |part: &Part| frame.size.pixels() > part.size.pixels();
        if self.growths_left > 0
            && self.parts.last().is_some_and(is_larger)
            && let Err(error) = self.grow(frame.size)
        {
            self.growths_left = 0;
            self.kept_small = Some(error);
        }
        if let Some(part) = self.parts.last_mut() {
            let whole = self.letterbox.fit(frame, part.size)?;
            part.append(&whole).map_err(RecordError::Write)?;
            self.last = Some(whole);
        }
        Ok(())
    }

    /// Writes the last frame so many times again.
    pub(super) fn repeat(&mut self, times: u64) -> Result<(), RecordError> {
        if let (Some(part), Some(last)) = (self.parts.last_mut(), &self.last) {
            for _ in 0..times {
                part.append(last).map_err(RecordError::Write)?;
            }
        }
        Ok(())
    }

    /// Whether frames wait to be filled in.
    pub(super) fn is_behind(&self) -> bool {
        self.parts.len() > 1
    }

    /// Fills in one frame.
    pub(super) fn fill_in(&mut self) -> Result<(), RecordError> {
        let Some((current, sources)) = self.parts.split_last_mut() else { return Ok(()) };
        if let Some(source) = sources.iter_mut().rfind(|part| part.first <= self.filled)
            && self.filled < current.first
        {
            let frame = source.get(self.filled).map_err(RecordError::Write)?;
            let whole = self.letterbox.fit(&frame, current.size)?;
            current.put(self.filled, &whole).map_err(RecordError::Write)?;
            self.filled += 1;
        }
        if self.filled >= current.first {
            current.first = 0;
            self.filled = 0;
            self.parts.drain(..self.parts.len() - 1);
        }
        Ok(())
    }

    /// Fills in whatever is left, and says what there is.
    pub(super) fn finish(&mut self) -> Result<Recorded, RecordError> {
        while self.is_behind() {
            self.fill_in()?;
        }
        match (self.kept_small.take(), self.parts.last()) {
            (Some(source), Some(part)) => Err(RecordError::KeptSmall(part.size, source)),
            (_, part) => Ok(Recorded {
                frames: part.map_or(0, |part| part.end),
                size: part.map(|part| part.size),
                left_out: 0,
            }),
        }
    }

    /// After an error: cuts off what is no whole frame.
    pub(super) fn cut(&mut self) {
        if let Some(part) = self.parts.last_mut()
            && part.file.metadata().is_ok_and(|file| file.is_file())
        {
            // If that fails too, readers find half a frame at the end.
            let _ = part.file.set_len(part.place_of(part.end));
        }
    }

    /// Puts a file of a larger size in the place of the one that is written.
    fn grow(&mut self, size: VideoSize) -> std::io::Result<()> {
        let Some(before) = self.parts.last() else { return Ok(()) };
        let output = Output::beside(&self.path).map_err(std::io::Error::other)?;
        let part = Part::start(output, size, before.end)?;
        self.parts.push(part);
        self.filled = 0;
        self.growths_left -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;
    use crate::pattern::render;
    use crate::units::WallTime;
    use crate::y4m::Y4mReader;

    fn size(width: u32, height: u32) -> VideoSize {
        VideoSize::new(width, height).expect("a size")
    }

    fn read(path: &Path) -> (VideoSize, Vec<std::sync::Arc<[u8]>>) {
        let mut reader =
            Y4mReader::new(BufReader::new(File::open(path).expect("the file"))).expect("a reader");
        let frames = std::iter::from_fn(|| reader.next_frame().expect("whole frames")).collect();
        (reader.size(), frames)
    }

    /// What a frame of the pattern is in a file of this size.
    fn wanted(from: VideoSize, index: u32, into: VideoSize) -> VideoFrame {
        Letterbox::default().fit(&render(from, index, WallTime(0)), into).expect("it fits")
    }

    #[test]
    fn a_file_that_grows_twice_before_it_is_filled_in_holds_every_frame() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("grown.y4m");
        let mut file = GrowingFile::create(&path).expect("a file");
        let sizes = [size(160, 90), size(320, 180), size(640, 360)];
        let came: Vec<VideoSize> = (0..30).map(|i| sizes[i / 10]).collect();
        for (index, from) in came.iter().enumerate() {
            file.write(&render(*from, index as u32, WallTime(0))).expect("it is written");
            // Some of it between: 4 of the first 10 before it grows again.
            if (13..17).contains(&index) {
                file.fill_in().expect("it is filled in");
            }
        }
        assert!(file.is_behind());
        let recorded = file.finish().expect("it is finished");
        assert_eq!(recorded, Recorded { frames: 30, size: Some(sizes[2]), left_out: 0 });
        let (read_size, frames) = read(&path);
        assert_eq!((read_size, frames.len()), (sizes[2], 30));
        for (index, (data, from)) in frames.iter().zip(came).enumerate() {
            assert!(**data == *wanted(from, index as u32, sizes[2]).data, "frame {index}");
        }
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            1,
            "nothing else is left"
        );
    }

    #[test]
    fn at_every_moment_the_file_can_be_read_and_ends_with_the_latest_frame() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("killed.y4m");
        let mut file = GrowingFile::create(&path).expect("a file");
        let sizes = [size(160, 90), size(320, 180), size(90, 160), size(640, 360)];
        for index in 0..40_u32 {
            let from = sizes[index as usize / 10];
            file.write(&render(from, index, WallTime(0))).expect("it is written");
            let (read_size, frames) = read(&path);
            assert_eq!(frames.len() as u32, index + 1);
            let last = frames.last().expect("a frame");
            assert!(**last == *wanted(from, index, read_size).data, "frame {index}");
        }
    }

    #[test]
    fn a_sender_that_grows_on_and_on_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("restless.y4m");
        let mut file = GrowingFile::create(&path).expect("a file");
        for index in 0..60_u32 {
            file.write(&render(size(160 + 2 * index, 90), index, WallTime(0)))
                .expect("it is written");
        }
        let recorded = file.finish().expect("it is finished");
        assert_eq!(
            recorded,
            Recorded { frames: 60, size: Some(size(160 + 2 * MAX_GROWTHS, 90)), left_out: 0 }
        );
        assert_eq!(read(&path).1.len(), 60);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_file_stays_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("there.y4m"), folder.path().join("here.y4m"));
        std::fs::write(&path, b"").expect("a file");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        let mut file = GrowingFile::create(&link).expect("a file");
        for from in [size(160, 90), size(320, 180)] {
            file.write(&render(from, 0, WallTime(0))).expect("it is written");
        }
        file.finish().expect("it is finished");
        assert!(link.is_symlink());
        assert_eq!(read(&path).0, size(320, 180));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_can_not_grow_goes_on_at_its_size_and_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).expect("a folder");
        let mut file = GrowingFile::create(&inner.join("small.y4m")).expect("a file");
        file.write(&render(size(160, 90), 0, WallTime(0))).expect("it is written");
        std::fs::remove_dir_all(&inner).expect("it is removed");
        for index in 1..5 {
            file.write(&render(size(320, 180), index, WallTime(0))).expect("it is written");
        }
        let error = file.finish().expect_err("it did not grow").to_string();
        assert!(error.contains("160x90") && !error.contains('\n'), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_that_is_full_is_an_error_in_one_line() {
        let mut file = GrowingFile::create(Path::new("/dev/full")).expect("it is there");
        let error =
            file.write(&render(size(160, 90), 0, WallTime(0))).expect_err("it is full").to_string();
        assert!(error.contains("No space left") && !error.contains('\n'), "{error}");
        file.cut();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_no_file_keeps_its_first_size() {
        let mut file = GrowingFile::create(Path::new("/dev/null")).expect("it is there");
        for from in [size(160, 90), size(320, 180)] {
            file.write(&render(from, 0, WallTime(0))).expect("it is written");
        }
        let recorded = file.finish().expect("it is finished");
        assert_eq!(recorded, Recorded { frames: 2, size: Some(size(160, 90)), left_out: 0 });
    }
}
