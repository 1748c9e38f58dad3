//! Screenshots of a window: a PNG file, to be saved or read pixel by pixel.

use std::io;
use std::path::Path;

use super::InspectionError;

/// A screenshot of the window.
#[derive(Debug, Clone)]
pub struct Screenshot {
    /// The PNG file.
    pub png: Vec<u8>,
}

impl Screenshot {
    /// Writes the PNG file, with the folders it needs.
    ///
    /// # Errors
    /// [`InspectionError::Save`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), InspectionError> {
        let path = path.as_ref();
        let folders = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        folders
            .and_then(|()| std::fs::write(path, &self.png))
            .map_err(|source| InspectionError::Save { path: path.to_owned(), source })
    }

    /// The pixels.
    ///
    /// # Errors
    /// [`InspectionError::Picture`] when it is no PNG of 8-bit RGBA, which is what windows send.
    pub fn pixels(&self) -> Result<Pixels, InspectionError> {
        let mut reader = png::Decoder::new(io::Cursor::new(&self.png)).read_info()?;
        let mut rgba = vec![0; reader.output_buffer_size().unwrap_or(0)];
        let info = reader.next_frame(&mut rgba)?;
        if info.color_type != png::ColorType::Rgba || info.bit_depth != png::BitDepth::Eight {
            return Err(InspectionError::WrongReply);
        }
        rgba.truncate(info.buffer_size());
        Ok(Pixels { width: info.width, height: info.height, rgba })
    }
}

/// The pixels of a screenshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Row by row, four bytes each.
    pub rgba: Vec<u8>,
}

impl Pixels {
    /// Red, green, blue at a place; `None` outside.
    #[must_use]
    pub fn at(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let start = (y as usize * self.width as usize + x as usize) * 4;
        let pixel = self.rgba.get(start..start + 3)?;
        <[u8; 3]>::try_from(pixel).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_a_screenshot_are_where_they_were() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&[1, 2, 3, 255, 4, 5, 6, 255]).expect("data");
        writer.finish().expect("finished");
        let pixels = Screenshot { png: file }.pixels().expect("pixels");
        assert_eq!(
            (pixels.at(0, 0), pixels.at(1, 0), pixels.at(2, 0)),
            (Some([1, 2, 3]), Some([4, 5, 6]), None)
        );
        assert!(Screenshot { png: vec![1, 2, 3] }.pixels().is_err());
    }
}
