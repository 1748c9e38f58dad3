//! A Y4M file from its beginning to its end, again and again, large enough to be encoded.

use std::io::{BufRead, Seek};
use std::sync::Arc;
use std::time::Duration;

use super::{Y4mError, Y4mReader};
use crate::frame::VideoFrame;
use crate::units::VideoSize;

/// OpenH264 encodes nothing smaller.
const SMALLEST_SIDE: u32 = 16;

/// A Y4M file as endless video. A pipe is played once, as it comes.
#[derive(Debug)]
pub struct Y4mLoop<R> {
    reader: Option<Y4mReader<R>>,
    seekable: bool,
    interval: Duration,
    /// Frames were read since the file was begun.
    any: bool,
}

impl<R: BufRead + Seek> Y4mLoop<R> {
    /// Reads the header. `seekable` says whether one can go back in `source`.
    ///
    /// # Errors
    /// When it can't be played.
    pub fn new(source: R, seekable: bool) -> Result<Self, Y4mError> {
        let reader = Y4mReader::new(source)?;
        let interval = reader.interval();
        Ok(Self { reader: Some(reader), seekable, interval, any: false })
    }

    /// The time from the frame that was read last to the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// The next frame: its size, and its I420 data.
    ///
    /// # Errors
    /// When there is none, or reading fails; then there is none any more.
    pub fn next_frame(&mut self) -> Result<(VideoSize, Arc<[u8]>), Y4mError> {
        let mut reader = self.reader.take().ok_or(Y4mError::NoPictures)?;
        let data = match reader.next_frame()? {
            Some(data) => data,
            None if !self.any => return Err(Y4mError::NoPictures),
            None if !self.seekable => return Err(Y4mError::PipeEnded),
            None => {
                let mut source = reader.into_inner();
                source.rewind()?;
                reader = Y4mReader::new(source)?;
                reader.next_frame()?.ok_or(Y4mError::NoPictures)?
            }
        };
        self.any = true;
        self.interval = reader.interval();
        let size = reader.size();
        self.reader = Some(reader);
        large_enough(size, data)
    }
}

/// Repeats each pixel of a frame that is too small to be encoded as often as it takes.
fn large_enough(size: VideoSize, data: Arc<[u8]>) -> Result<(VideoSize, Arc<[u8]>), Y4mError> {
    let (width, height) = (size.width(), size.height());
    let times = SMALLEST_SIDE.div_ceil(width.min(height));
    if times <= 1 {
        return Ok((size, data));
    }
    let larger =
        VideoSize::new(width * times, height * times).ok_or(Y4mError::Size(width, height))?;
    let mut enlarged = Vec::with_capacity(VideoFrame::len_of(larger));
    let (luma, chroma) = data.split_at(size.pixels());
    let (u, v) = chroma.split_at(size.pixels() / 4);
    let (width, times) = (width as usize, times as usize);
    for (plane, width) in [(luma, width), (u, width / 2), (v, width / 2)] {
        for row in plane.chunks_exact(width) {
            for _ in 0..times {
                enlarged.extend(row.iter().flat_map(|value| std::iter::repeat_n(*value, times)));
            }
        }
    }
    Ok((larger, enlarged.into()))
}
