//! The line before the first frame of a Y4M file (yuv4mpeg(5) of mjpegtools, and the extensions
//! that ffmpeg writes).
//!
//! In: the line without its end. Out: the [`StreamHeader`], or what is wrong with it. Parameters
//! that change nothing about the frames (interlacing, aspect, comments) may hold any bytes.

use std::time::Duration;

use super::{SIGNATURE, Y4mError};
use crate::units::VideoSize;

/// The rate of a file that does not say.
const DEFAULT_FPS: (u32, u32) = (30, 1);
/// A file faster than this is played at this.
pub(super) const SHORTEST_INTERVAL: Duration = Duration::from_millis(4);
/// A file slower than this is played at this.
pub(super) const LONGEST_INTERVAL: Duration = Duration::from_secs(10);
/// So much of a value is quoted to a person.
const QUOTED: usize = 40;

/// What a Y4M file says about all its frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StreamHeader {
    /// As the file has it; may be odd.
    pub(super) width: usize,
    /// As the file has it; may be odd.
    pub(super) height: usize,
    /// Cut to even numbers.
    pub(super) size: VideoSize,
    /// From one frame to the next.
    pub(super) interval: Duration,
    /// How a frame lies in the file.
    pub(super) layout: Layout,
    /// Luma goes from 0 to 255 rather than from 16 to 235.
    pub(super) full_range: bool,
}

/// How a frame lies in the file: a luma plane, two chroma planes or none, perhaps one of opacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// So many luma samples, across and down, have one chroma sample; `None` without chroma.
    pub(super) chroma: Option<(usize, usize)>,
    /// A plane of opacity follows.
    pub(super) alpha: bool,
    /// Bits of a sample, 8 to 16; above 8 it takes two bytes, little-endian.
    pub(super) bits: u32,
}

impl Layout {
    /// Reads the value of the parameter `C`.
    fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?.to_ascii_lowercase();
        let (text, bits) = match text.strip_prefix("mono") {
            Some("") => ("mono", 8),
            Some(bits) => ("mono", bits.parse().ok()?),
            None => match text
                .rsplit_once('p')
                .and_then(|(name, bits)| Some((name, bits.parse().ok()?)))
            {
                Some((name, bits)) => (name, bits),
                None => (text.as_str(), 8),
            },
        };
        let chroma = match text {
            "mono" | "400" => None,
            "420" | "420jpeg" | "420mpeg2" | "420paldv" => Some((2, 2)),
            "422" => Some((2, 1)),
            "411" => Some((4, 1)),
            "410" => Some((4, 4)),
            "440" => Some((1, 2)),
            "444" | "444alpha" => Some((1, 1)),
            _ => return None,
        };
        (8..=16).contains(&bits).then_some(Self { chroma, alpha: text == "444alpha", bits })
    }
}

impl StreamHeader {
    /// Reads the line, without its end.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Y4mError> {
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        if fields.next() != Some(SIGNATURE.as_bytes()) {
            return Err(Y4mError::NotY4m);
        }
        let (mut width, mut height, mut rate) = (None, None, DEFAULT_FPS);
        let (mut layout, mut extension, mut full_range) = (None, None, false);
        for field in fields {
            let malformed = || Y4mError::Header(quoted(field));
            match field {
                [b'W', value @ ..] => width = Some(number(value).ok_or_else(malformed)?),
                [b'H', value @ ..] => height = Some(number(value).ok_or_else(malformed)?),
                [b'F', value @ ..] => rate = ratio(value).ok_or_else(malformed)?,
                [b'C', value @ ..] => layout = Some(value),
                [b'X', value @ ..] if value.eq_ignore_ascii_case(b"COLORRANGE=FULL") => {
                    full_range = true;
                }
                [b'X', b'Y', b'S', b'C', b'S', b'S', b'=', value @ ..] => extension = Some(value),
                _ => {}
            }
        }
        let (Some(width), Some(height)) = (width, height) else {
            return Err(Y4mError::Header("it has no width or no height".to_owned()));
        };
        let size = VideoSize::new(width, height).ok_or(Y4mError::Size(width, height))?;
        let value = layout.or(extension).unwrap_or(b"420");
        let layout = Layout::parse(value).ok_or_else(|| Y4mError::Layout(quoted(value)))?;
        let (frames, seconds) = if rate.0 == 0 || rate.1 == 0 { DEFAULT_FPS } else { rate };
        let interval = Duration::from_secs_f64(f64::from(seconds) / f64::from(frames))
            .clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
        let (width, height) = (width as usize, height as usize);
        Ok(Self { width, height, size, interval, layout, full_range })
    }
}

/// A piece of a header in words to a person: printable, and cut.
fn quoted(value: &[u8]) -> String {
    let cut = value.get(..QUOTED).map_or(value, |cut| cut);
    format!("\"{}{}\"", cut.escape_ascii(), if cut.len() < value.len() { "…" } else { "" })
}

fn number(value: &[u8]) -> Option<u32> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// `30000:1001`, or `30` alone.
fn ratio(value: &[u8]) -> Option<(u32, u32)> {
    let mut parts = value.splitn(2, |byte| *byte == b':');
    let numerator = number(parts.next()?)?;
    Some((numerator, parts.next().map_or(Some(1), number)?))
}
