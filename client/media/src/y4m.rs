//! YUV4MPEG2 files (`.y4m`): raw frames with a line of text before the first and before each.
//!
//! Everything inside is 4:2:0 with 8 bits in limited range, as calls use it; `reader` brings
//! other layouts, depths and full range to that, and `looped` plays a file again and again.
//! `stream_header` reads the line before the first frame. A file is foreign input: whatever it
//! holds, the answer is a frame, the end or an error, and no more memory than two frames take.

mod looped;
mod reader;
mod stream_header;
#[cfg(test)]
mod tests;

pub use self::looped::Y4mLoop;
pub use self::reader::Y4mReader;
use crate::units::VideoSize;

const SIGNATURE: &str = "YUV4MPEG2";
/// What each frame begins with in the files that this program writes.
pub const FRAME: &[u8] = b"FRAME\n";

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum Y4mError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is something else, and what.
    #[error(
        "it is no Y4M file but {0}: convert it with ffmpeg -i FILE -pix_fmt yuv420p pictures.y4m"
    )]
    SomethingElse(&'static str),
    /// It is something else.
    #[error("it is no Y4M file: it does not begin with YUV4MPEG2")]
    NotY4m,
    /// A header line is malformed.
    #[error("its Y4M header is malformed: {0}")]
    Header(String),
    /// Its frames are laid out in a way that is not handled.
    #[error(
        "its pictures are stored as {0}: convert it with ffmpeg -i FILE -pix_fmt yuv420p pictures.y4m"
    )]
    Layout(String),
    /// Its size is not handled.
    #[error("its pictures are {0}x{1}, and 2x2 to 4096x4096 can be played")]
    Size(u32, u32),
    /// It ends in the middle of its first frame.
    #[error("it ends in the middle of its first picture")]
    Truncated,
    /// It has a header and nothing else.
    #[error("it has no pictures in it")]
    NoPictures,
    /// What came through a pipe is over.
    #[error("it has ended, and what came through a pipe can't be played again")]
    PipeEnded,
    /// Reading failed.
    #[error("it can't be read: {0}")]
    Io(#[from] std::io::Error),
}

/// The header of a file whose frames have this size and rate.
#[must_use]
pub fn header(size: VideoSize, fps: u32) -> String {
    let (width, height) = (size.width(), size.height());
    format!("{SIGNATURE} W{width} H{height} F{fps}:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n")
}
