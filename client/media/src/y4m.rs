//! YUV4MPEG2 files (`.y4m`): raw frames with a line of text before the first and before each.
//!
//! Reads 4:2:0 with 8 bits, the only layout that calls use; anything else is refused in
//! one line. A file is foreign input: whatever it holds, the answer is a frame, the end or an
//! error, and no more memory than a frame takes.

use std::io::{BufRead, ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use crate::frame::VideoFrame;
use crate::units::VideoSize;

const SIGNATURE: &str = "YUV4MPEG2";
/// What each frame begins with in the files that this program writes.
pub const FRAME: &[u8] = b"FRAME\n";
/// No honest header line is longer.
const MAX_LINE: u64 = 1024;
/// The rate of a file that does not say.
const DEFAULT_FPS: (u32, u32) = (30, 1);
/// A file faster than this is played at this.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(4);
/// A file slower than this is played at this.
const LONGEST_INTERVAL: Duration = Duration::from_secs(10);

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum Y4mError {
    /// It is something else.
    #[error("this is not a Y4M file: it does not begin with YUV4MPEG2")]
    NotY4m,
    /// A header line is malformed.
    #[error("the Y4M header is malformed: {0}")]
    Header(String),
    /// Its frames are laid out in a way that is not handled.
    #[error(
        "Y4M files must be 8-bit 4:2:0 and this one is {0}: convert it with ffmpeg -pix_fmt yuv420p"
    )]
    Layout(String),
    /// Its size is not handled.
    #[error("a Y4M file of {0}x{1} can't be handled")]
    Size(u32, u32),
    /// It ends in the middle of a frame.
    #[error("the Y4M file ends in the middle of a picture")]
    Truncated,
    /// Reading failed.
    #[error("the Y4M file can't be read or written: {0}")]
    Io(#[from] std::io::Error),
}

/// Reads frames one after the other.
#[derive(Debug)]
pub struct Y4mReader<R> {
    reader: R,
    /// As the file has it; may be odd.
    width: usize,
    height: usize,
    /// Cut to even numbers.
    size: VideoSize,
    interval: Duration,
}

impl<R: BufRead> Y4mReader<R> {
    /// Reads the header.
    pub fn new(mut reader: R) -> Result<Self, Y4mError> {
        let line = match read_line(&mut reader) {
            Ok(Some(line)) => line,
            Ok(None) | Err(Y4mError::Header(_)) => return Err(Y4mError::NotY4m),
            Err(error) => return Err(error),
        };
        let mut fields = line.split(' ');
        if fields.next() != Some(SIGNATURE) {
            return Err(Y4mError::NotY4m);
        }
        let (mut width, mut height, mut rate) = (None, None, DEFAULT_FPS);
        for field in fields.filter(|field| !field.is_empty()) {
            let malformed = || Y4mError::Header(format!("{field:?}"));
            let mut characters = field.chars();
            let tag = characters.next();
            let value = characters.as_str();
            match tag {
                Some('W') => width = Some(value.parse::<u32>().map_err(|_| malformed())?),
                Some('H') => height = Some(value.parse::<u32>().map_err(|_| malformed())?),
                Some('F') => rate = ratio(value).ok_or_else(malformed)?,
                Some('C') if !matches!(value, "420" | "420jpeg" | "420mpeg2" | "420paldv") => {
                    return Err(Y4mError::Layout(value.to_owned()));
                }
                // Interlacing, aspect, comments: frames are shown as they are.
                _ => {}
            }
        }
        let (Some(width), Some(height)) = (width, height) else {
            return Err(Y4mError::Header("it has no width or no height".to_owned()));
        };
        let size = VideoSize::new(width, height).ok_or(Y4mError::Size(width, height))?;
        let (frames, seconds) = if rate.0 == 0 || rate.1 == 0 { DEFAULT_FPS } else { rate };
        let interval = Duration::from_secs_f64(f64::from(seconds) / f64::from(frames));
        let interval = interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
        Ok(Self { reader, width: width as usize, height: height as usize, size, interval })
    }

    /// The size of its frames.
    #[must_use]
    pub fn size(&self) -> VideoSize {
        self.size
    }

    /// The time from one frame to the next.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// The next frame's I420 data; `None` at the end.
    pub fn next_frame(&mut self) -> Result<Option<Arc<[u8]>>, Y4mError> {
        match read_line(&mut self.reader)? {
            None => return Ok(None),
            Some(line) if line == "FRAME" || line.starts_with("FRAME ") => {}
            Some(_) => {
                return Err(Y4mError::Header("a picture does not begin with FRAME".to_owned()));
            }
        }
        let mut data: Arc<[u8]> = std::iter::repeat_n(0, VideoFrame::len_of(self.size)).collect();
        let (y, u, v) = VideoFrame::planes_mut(self.size, Arc::make_mut(&mut data));
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        let (file_width, file_height) = (self.width, self.height);
        let chroma_size = (file_width.div_ceil(2), file_height.div_ceil(2));
        self.plane(y, width, height, file_width, file_height)?;
        self.plane(u, width / 2, height / 2, chroma_size.0, chroma_size.1)?;
        self.plane(v, width / 2, height / 2, chroma_size.0, chroma_size.1)?;
        Ok(Some(data))
    }

    /// Reads a plane and leaves out an odd last column or row.
    fn plane(
        &mut self,
        to: &mut [u8],
        width: usize,
        height: usize,
        file_width: usize,
        file_height: usize,
    ) -> Result<(), Y4mError> {
        let mut left_out = vec![0; file_width];
        for row in to.chunks_exact_mut(width) {
            self.exactly(row)?;
            let rest = file_width - width;
            self.exactly(left_out.split_at_mut(rest).0)?;
        }
        for _ in height..file_height {
            self.exactly(&mut left_out)?;
        }
        Ok(())
    }

    fn exactly(&mut self, to: &mut [u8]) -> Result<(), Y4mError> {
        self.reader.read_exact(to).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => Y4mError::Truncated,
            _ => Y4mError::Io(error),
        })
    }
}

fn ratio(value: &str) -> Option<(u32, u32)> {
    let (numerator, denominator) = value.split_once(':')?;
    Some((numerator.parse().ok()?, denominator.parse().ok()?))
}

/// Reads a line of text, bounded; `None` at the end of the file.
fn read_line(reader: &mut impl BufRead) -> Result<Option<String>, Y4mError> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => String::from_utf8(line)
            .map(Some)
            .map_err(|_| Y4mError::Header("it is not text".to_owned())),
        Some(_) if line.len() + 1 < MAX_LINE as usize => Err(Y4mError::Truncated),
        Some(_) => Err(Y4mError::Header("a line is too long".to_owned())),
    }
}

/// The header of a file whose frames have this size and rate.
#[must_use]
pub fn header(size: VideoSize, fps: u32) -> String {
    let (width, height) = (size.width(), size.height());
    format!("{SIGNATURE} W{width} H{height} F{fps}:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &[u8]) -> Result<Vec<Arc<[u8]>>, Y4mError> {
        let mut reader = Y4mReader::new(file)?;
        std::iter::from_fn(|| reader.next_frame().transpose()).collect()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let size = VideoSize::new(16, 8).expect("a size");
        let mut file = header(size, 25).into_bytes();
        for luma in [10, 20, 30] {
            file.extend(FRAME);
            file.extend(vec![luma; VideoFrame::len_of(size)]);
        }
        let reader = Y4mReader::new(file.as_slice()).expect("a reader");
        assert_eq!((reader.size(), reader.interval()), (size, Duration::from_millis(40)));
        let frames = read(&file).expect("it is read");
        assert_eq!(frames.iter().map(|p| p[0]).collect::<Vec<_>>(), [10, 20, 30]);
    }

    #[test]
    fn an_odd_size_loses_its_last_row_and_column_only() {
        let mut file = b"YUV4MPEG2 W3 H5 C420\nFRAME\n".to_vec();
        file.extend([1, 1, 9, 2, 2, 9, 3, 3, 9, 4, 4, 9, 9, 9, 9]);
        file.extend([5, 9, 6, 9, 9, 9]);
        file.extend([7, 9, 8, 9, 9, 9]);
        assert_eq!(read(&file).expect("it is read")[0][..], [1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn other_layouts_are_refused_in_one_line_that_says_what_to_do() {
        for layout in ["422", "444", "mono", "420p10", "411"] {
            let error = read(format!("YUV4MPEG2 W16 H8 C{layout}\n").as_bytes())
                .expect_err("it is refused")
                .to_string();
            assert!(
                error.contains(layout) && error.contains("ffmpeg") && !error.contains('\n'),
                "{error}"
            );
        }
    }

    #[test]
    fn every_malformed_file_is_an_error_of_its_kind() {
        let is = |file: &[u8], wanted: fn(&Y4mError) -> bool| {
            let error = read(file).expect_err("an error");
            assert!(wanted(&error), "{error:?} for {:?}", String::from_utf8_lossy(file));
        };
        let not_y4m = |e: &Y4mError| matches!(e, Y4mError::NotY4m);
        is(b"", not_y4m);
        is(b"RIFF....AVI ", |e| matches!(e, Y4mError::NotY4m | Y4mError::Truncated));
        is(b"RIFF\n", not_y4m);
        is(&[0xFF; 5000], not_y4m);
        is(b"\xFF\xFE\n", not_y4m);
        let header = |e: &Y4mError| matches!(e, Y4mError::Header(_));
        is(b"YUV4MPEG2\n", header);
        is(b"YUV4MPEG2 W16\n", header);
        is(b"YUV4MPEG2 Wxx H8\n", header);
        is(b"YUV4MPEG2 W-16 H8\n", header);
        is(b"YUV4MPEG2 W16 H8 Fabc\n", header);
        is(b"YUV4MPEG2 W99999999999 H8\n", header);
        is(b"YUV4MPEG2 W16 H8\nFROME\n", header);
        let size = |e: &Y4mError| matches!(e, Y4mError::Size(..));
        is(b"YUV4MPEG2 W0 H0\n", size);
        is(b"YUV4MPEG2 W4000000000 H4000000000\n", size);
        let truncated = |e: &Y4mError| matches!(e, Y4mError::Truncated);
        is(b"YUV4MPEG2 W16 H8\nFRAME\n123", truncated);
        is(b"YUV4MPEG2 W16 H8\nFRA", truncated);
    }

    #[test]
    fn strange_rates_become_playable_ones() {
        let interval = |rate: &str| {
            Y4mReader::new(format!("YUV4MPEG2 W16 H8 {rate}\n").as_bytes())
                .expect("a reader")
                .interval()
        };
        assert_eq!(interval("F0:0"), Duration::from_secs(1) / 30);
        assert_eq!(interval("F4000000000:1"), SHORTEST_INTERVAL);
        assert_eq!(interval("F1:4000000000"), LONGEST_INTERVAL);
        assert_eq!(interval("F30000:1001").as_micros(), 33_366);
    }

    #[test]
    fn no_cut_or_bent_byte_makes_it_panic() {
        let mut file = b"YUV4MPEG2 W4 H4 F30:1 C420jpeg\nFRAME Ip\n".to_vec();
        file.extend([8; 24]);
        for at in 0..file.len() {
            let _ = read(&file[..at]);
            for value in [0, b' ', b'\n', b':', b'9', 0xFF] {
                let mut bent = file.clone();
                bent[at] = value;
                let _ = read(&bent);
            }
        }
    }
}
