//! Reads the frames of a Y4M file one after the other, as I420 in limited range.
//!
//! What always holds: what stands between frames and means nothing (blanks, ends of lines) is
//! passed over; another header, as in files that were joined, holds from there on; after a whole
//! frame, an end in the middle of the next one is an end like any other, and so is what is no
//! frame.

use std::io::{BufRead, ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use super::stream_header::StreamHeader;
use super::{SIGNATURE, Y4mError};
use crate::file_kind::{HEAD_BYTES, kind_of};
use crate::frame::VideoFrame;
use crate::units::VideoSize;

/// No honest header line is longer.
const MAX_LINE: u64 = 64 * 1024;
/// More headers than this without a frame between them are no joined files.
const MOST_HEADERS: usize = 16;
/// Limited range (ITU-R BT.601): black, and how far it is to white and between the chroma's ends.
const BLACK: f32 = 16.0;
const LUMA_SPAN: f32 = 219.0;
const CHROMA_SPAN: f32 = 224.0;
/// Neither blue nor red.
const NO_CHROMA: u8 = 128;

/// Reads frames one after the other.
#[derive(Debug)]
pub struct Y4mReader<R> {
    reader: R,
    header: StreamHeader,
    /// Whole frames were read.
    any: bool,
    /// A plane as the file has it, with 8 bits.
    plane: Vec<u8>,
}

impl<R: BufRead> Y4mReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When it is none, or one of frames that can't be played.
    pub fn new(mut reader: R) -> Result<Self, Y4mError> {
        let mut line = Vec::new();
        (&mut reader).take(HEAD_BYTES as u64).read_to_end(&mut line)?;
        if line.is_empty() {
            return Err(Y4mError::Empty);
        }
        if !line.starts_with(SIGNATURE.as_bytes()) {
            return Err(kind_of(&line).map_or(Y4mError::NotY4m, Y4mError::SomethingElse));
        }
        // A frame begins no sooner: the shortest header with a size is longer than this.
        if !line.ends_with(b"\n") {
            line.extend(read_line(&mut reader).map_err(|error| match error {
                Y4mError::Truncated => Y4mError::Header("it is cut short".to_owned()),
                other => other,
            })?);
        }
        let header = StreamHeader::parse(&line)?;
        Ok(Self { reader, header, any: false, plane: Vec::new() })
    }

    /// What it reads from.
    pub(super) fn into_inner(self) -> R {
        self.reader
    }

    /// The size of the frame that was read last; before the first, of that.
    #[must_use]
    pub fn size(&self) -> VideoSize {
        self.header.size
    }

    /// The time from one frame to the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.header.interval
    }

    /// The next frame's I420 data; `None` at the end.
    ///
    /// # Errors
    /// When there is no frame before the end, or reading fails.
    pub fn next_frame(&mut self) -> Result<Option<Arc<[u8]>>, Y4mError> {
        match self.read_frame() {
            // The whole frames before it are worth more than what is wrong with the rest.
            Err(error) if self.any && !matches!(error, Y4mError::Io(_)) => {
                tracing::debug!(%error, "a Y4M file is played as far as it goes");
                Ok(None)
            }
            frame => frame,
        }
    }

    fn read_frame(&mut self) -> Result<Option<Arc<[u8]>>, Y4mError> {
        for _ in 0..MOST_HEADERS {
            if !skip_blanks(&mut self.reader)? {
                return Ok(None);
            }
            let line = read_line(&mut self.reader)?;
            if line.starts_with(SIGNATURE.as_bytes()) {
                self.header = StreamHeader::parse(&line)?;
            } else if line == b"FRAME" || line.starts_with(b"FRAME ") {
                let data = self.read_picture()?;
                self.any = true;
                return Ok(Some(data));
            } else {
                break;
            }
        }
        Err(Y4mError::Header("a picture does not begin with FRAME".to_owned()))
    }

    fn read_picture(&mut self) -> Result<Arc<[u8]>, Y4mError> {
        let StreamHeader { width, height, size, layout, full_range, .. } = self.header;
        let mut data: Arc<[u8]> = std::iter::repeat_n(0, VideoFrame::len_of(size)).collect();
        let (y, u, v) = VideoFrame::planes_mut(size, Arc::make_mut(&mut data));
        let (columns, rows) = (size.width() as usize, size.height() as usize);
        self.read_plane(width, height)?;
        for (to, from) in y.chunks_exact_mut(columns).zip(self.plane.chunks_exact(width)) {
            to.copy_from_slice(from.get(..columns).unwrap_or_default());
        }
        match layout.chroma {
            None => {
                u.fill(NO_CHROMA);
                v.fill(NO_CHROMA);
            }
            Some((across, down)) => {
                let (chroma_width, chroma_height) = (width.div_ceil(across), height.div_ceil(down));
                for to in [&mut *u, &mut *v] {
                    self.read_plane(chroma_width, chroma_height)?;
                    let from = Chroma { plane: &self.plane, width: chroma_width, across, down };
                    from.resample(to, columns / 2, rows / 2);
                }
            }
        }
        if layout.alpha {
            self.read_plane(width, height)?;
        }
        if full_range {
            let luma = limited(|value| BLACK + value * LUMA_SPAN / 255.0);
            let chroma = limited(|value| 128.0 + (value - 128.0) * CHROMA_SPAN / 255.0);
            y.iter_mut().for_each(|value| *value = luma[usize::from(*value)]);
            u.iter_mut().chain(v).for_each(|value| *value = chroma[usize::from(*value)]);
        }
        Ok(data)
    }

    /// Reads a plane into `self.plane`, and brings it to 8 bits.
    fn read_plane(&mut self, width: usize, height: usize) -> Result<(), Y4mError> {
        let bits = self.header.layout.bits;
        let bytes = if bits > 8 { 2 } else { 1 };
        self.plane.clear();
        let wanted = width * height * bytes;
        let read = (&mut self.reader).take(wanted as u64).read_to_end(&mut self.plane)?;
        if read < wanted {
            return Err(Y4mError::Truncated);
        }
        if bits > 8 {
            let half = 1 << (bits - 9);
            for at in 0..width * height {
                let value = self.plane.get(2 * at..2 * at + 2).and_then(|b| b.try_into().ok());
                let value = u32::from(u16::from_le_bytes(value.unwrap_or_default()));
                if let Some(to) = self.plane.get_mut(at) {
                    *to = u8::try_from((value + half) >> (bits - 8)).unwrap_or(u8::MAX);
                }
            }
            self.plane.truncate(width * height);
        }
        Ok(())
    }
}

/// A chroma plane as the file has it.
struct Chroma<'a> {
    plane: &'a [u8],
    width: usize,
    /// So many luma samples have one of its samples.
    across: usize,
    down: usize,
}

impl Chroma<'_> {
    /// One sample for each 2x2 luma samples: the mean of those that lie there.
    fn resample(&self, to: &mut [u8], width: usize, height: usize) {
        let rows = to.chunks_exact_mut(width.max(1)).take(height);
        for (row, to) in rows.enumerate() {
            let (top, bottom) = (2 * row / self.down, (2 * row + 1) / self.down);
            for (column, to) in to.iter_mut().enumerate() {
                let (left, right) = (2 * column / self.across, (2 * column + 1) / self.across);
                let sum = [(top, left), (top, right), (bottom, left), (bottom, right)]
                    .map(|(row, column)| self.plane.get(row * self.width + column))
                    .map(|value| u32::from(value.copied().unwrap_or(NO_CHROMA)))
                    .iter()
                    .sum::<u32>();
                *to = u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX);
            }
        }
    }
}

/// What each of the 256 values of full range becomes.
fn limited(value: impl Fn(f32) -> f32) -> [u8; 256] {
    std::array::from_fn(|full| value(full as f32).round() as u8)
}

/// Passes over what means nothing between frames. Says whether anything else follows.
fn skip_blanks(reader: &mut impl BufRead) -> Result<bool, Y4mError> {
    loop {
        let ahead = match reader.fill_buf() {
            Ok(ahead) => ahead,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if ahead.is_empty() {
            return Ok(false);
        }
        let blank = |byte: &&u8| byte.is_ascii_whitespace() || **byte == 0;
        let blanks = ahead.iter().take_while(blank).count();
        let more = blanks < ahead.len();
        reader.consume(blanks);
        if more {
            return Ok(true);
        }
    }
}

/// Reads a line without its end, which may be that of DOS.
fn read_line(reader: &mut impl BufRead) -> Result<Vec<u8>, Y4mError> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        let too_long = line.len() as u64 == MAX_LINE;
        return Err(match too_long {
            true => Y4mError::Header("a line is longer than 64 KiB".to_owned()),
            false => Y4mError::Truncated,
        });
    }
    line.pop();
    if line.ends_with(b"\r") {
        line.pop();
    }
    Ok(line)
}
