//! One frame as a PNG file: a video frame goes in, the file replaces what was at its path.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use crate::convert::{ConvertError, to_rgba};
use crate::frame::VideoFrame;
use crate::output_file::{self, OutputError};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file could not be made.
    #[error(transparent)]
    Create(#[from] OutputError),
    /// It could not be written.
    #[error("it can't be written: {0}")]
    Write(#[from] std::io::Error),
    /// The frame could not be encoded, or the file could not be written.
    #[error("it can't be written: {0}")]
    Png(#[from] png::EncodingError),
    /// The frame could not be converted.
    #[error(transparent)]
    Convert(#[from] ConvertError),
}

/// Writes a frame to a file; what was there is replaced once all is written.
pub fn write_png(path: &Path, frame: &VideoFrame) -> Result<(), SnapshotError> {
    let rgba = to_rgba(frame)?;
    output_file::replace(path, |file| {
        let mut file = BufWriter::new(file);
        let mut encoder = png::Encoder::new(&mut file, rgba.size.width(), rgba.size.height());
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        // The end of a call waits for it: a full screen takes an eighth of the time so, for twice
        // the room.
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rgba.rgba)?;
        writer.finish()?;
        Ok(file.flush()?)
    })?
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::pattern::render;
    use crate::units::{VideoSize, WallTime};

    #[test]
    fn the_file_holds_the_frame() {
        let frame = render(VideoSize::new(320, 180).expect("a size"), 5, WallTime(0));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shown.png");
        write_png(&path, &frame).expect("it is written");
        let file = std::io::BufReader::new(File::open(&path).expect("the file"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
        let mut rgba = vec![0; reader.output_buffer_size().expect("a size")];
        reader.next_frame(&mut rgba).expect("a frame");
        assert_eq!(rgba, to_rgba(&frame).expect("it converts").rgba[..]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let frame = render(VideoSize::new(320, 180).expect("a size"), 5, WallTime(0));
        assert!(matches!(
            write_png(Path::new("/nowhere/at/all.png"), &frame),
            Err(SnapshotError::Create(_))
        ));
    }
}
