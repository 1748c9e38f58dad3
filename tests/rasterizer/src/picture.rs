//! A picture of opaque pixels, in memory and as a PNG file.

use std::collections::HashMap;
use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file that can't be read or written as a picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file system refuses.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no PNG that can be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: png::DecodingError,
    },
    /// It can't be made a PNG.
    #[error("a picture can't be written ({0})")]
    Write(#[from] png::EncodingError),
}

/// Rows of red, green and blue, from 0 to 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    size: [u32; 2],
    rgb: Vec<u8>,
}

impl Picture {
    /// One colour all over.
    #[must_use]
    pub fn filled(size: [u32; 2], color: [u8; 3]) -> Self {
        Self { size, rgb: color.repeat(size[0] as usize * size[1] as usize) }
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> [u32; 2] {
        self.size
    }

    /// The colour of a pixel; `None` beyond the edge.
    #[must_use]
    pub fn at(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        let at = self.index(x, y)?;
        self.rgb.get(at..at + 3)?.try_into().ok()
    }

    fn index(&self, x: u32, y: u32) -> Option<usize> {
        let inside = x < self.size[0] && y < self.size[1];
        inside.then(|| (y as usize * self.size[0] as usize + x as usize) * 3)
    }

    /// All pixels, row after row.
    pub(crate) fn pixels(&self) -> impl Iterator<Item = [u8; 3]> + '_ {
        self.rgb.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]])
    }

    /// Changes a pixel; nothing happens beyond the edge.
    pub fn put(&mut self, x: u32, y: u32, color: [u8; 3]) {
        if let Some(at) = self.index(x, y) {
            self.rgb[at..at + 3].copy_from_slice(&color);
        }
    }

    /// Puts another picture over this one; what lies beyond the edge is cut off.
    pub fn place(&mut self, left: u32, top: u32, other: &Self) {
        for y in 0..other.size[1] {
            for x in 0..other.size[0] {
                if let Some(color) = other.at(x, y) {
                    self.put(left + x, top + y, color);
                }
            }
        }
    }

    /// Puts a premultiplied colour over a pixel.
    pub(crate) fn blend(&mut self, row: i64, column: i64, color: [f32; 4]) {
        self.blend_row(row, column..column + 1, color);
    }

    /// Puts a premultiplied colour over a part of a row.
    pub(crate) fn blend_row(&mut self, row: i64, columns: Range<i64>, color: [f32; 4]) {
        let [red, green, blue, alpha] = color;
        let start = (row * i64::from(self.size[0]) + columns.start) * 3;
        let end = start + (columns.end - columns.start) * 3;
        let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else { return };
        let Some(pixels) = self.rgb.get_mut(start..end) else { return };
        if alpha >= 254.9 {
            let whole = [red, green, blue].map(|channel| channel.round() as u8);
            for pixel in pixels.chunks_exact_mut(3) {
                pixel.copy_from_slice(&whole);
            }
            return;
        }
        if [red, green, blue, alpha] == [0.0; 4] {
            return;
        }
        let rest = 1.0 - alpha / 255.0;
        for pixel in pixels.chunks_exact_mut(3) {
            for (under, over) in pixel.iter_mut().zip([red, green, blue]) {
                *under = (over + f32::from(*under) * rest + 0.5) as u8;
            }
        }
    }

    /// Reads a PNG file; what is transparent in it stands over white.
    ///
    /// # Errors
    /// [`PictureError::File`] or [`PictureError::Read`].
    pub fn load(path: &Path) -> Result<Self, PictureError> {
        let bytes = std::fs::read(path)
            .map_err(|source| PictureError::File { path: path.to_owned(), source })?;
        Self::from_png(&bytes)
            .map_err(|source| PictureError::Read { path: path.to_owned(), source })
    }

    fn from_png(bytes: &[u8]) -> Result<Self, png::DecodingError> {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::STRIP_16);
        let mut reader = decoder.read_info()?;
        let mut data = vec![0; reader.output_buffer_size().unwrap_or_default()];
        let info = reader.next_frame(&mut data)?;
        let channels = info.color_type.samples();
        let over_white =
            |value: u8, alpha: u8| 255 - ((255 - u32::from(value)) * u32::from(alpha) / 255) as u8;
        let rgb = data
            .get(..info.buffer_size())
            .unwrap_or_default()
            .chunks_exact(channels)
            .flat_map(|pixel| match *pixel {
                [grey] => [grey; 3],
                [grey, alpha] => [over_white(grey, alpha); 3],
                [red, green, blue] => [red, green, blue],
                [red, green, blue, alpha, ..] => [red, green, blue].map(|c| over_white(c, alpha)),
                [] => [0; 3],
            })
            .collect();
        Ok(Self { size: [info.width, info.height], rgb })
    }

    /// Writes a PNG file, and the folder it is in.
    ///
    /// # Errors
    /// [`PictureError::File`] or [`PictureError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), PictureError> {
        let file = |source| PictureError::File { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(file)?;
        }
        std::fs::write(path, self.to_png()?).map_err(file)
    }

    /// The smallest PNG of some: with a palette when there are few colours, else with the filter
    /// that fits best.
    ///
    /// # Errors
    /// [`PictureError::Write`].
    pub fn to_png(&self) -> Result<Vec<u8>, PictureError> {
        let indexed = self.indexed();
        let mut best: Option<Vec<u8>> = None;
        // The first suits text on flat ground, the second pictures.
        for filter in [png::Filter::NoFilter, png::Filter::Up] {
            let file = match &indexed {
                Some((palette, indices)) => {
                    self.encode(png::ColorType::Indexed, indices, filter, Some(palette))?
                }
                None => self.encode(png::ColorType::Rgb, &self.rgb, filter, None)?,
            };
            if best.as_ref().is_none_or(|other| file.len() < other.len()) {
                best = Some(file);
            }
        }
        Ok(best.unwrap_or_default())
    }

    /// Its colours and, for each pixel, the number of its colour; `None` for more than 256.
    fn indexed(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut numbers = HashMap::new();
        let (mut palette, mut indices) = (Vec::new(), Vec::with_capacity(self.rgb.len() / 3));
        for pixel in self.pixels() {
            let next = numbers.len();
            let number = *numbers.entry(pixel).or_insert_with(|| {
                palette.extend(pixel);
                next
            });
            indices.push(u8::try_from(number).ok()?);
        }
        Some((palette, indices))
    }

    fn encode(
        &self,
        kind: png::ColorType,
        data: &[u8],
        filter: png::Filter,
        palette: Option<&[u8]>,
    ) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.size[0], self.size[1]);
        encoder.set_color(kind);
        encoder.set_depth(png::BitDepth::Eight);
        if let Some(palette) = palette {
            encoder.set_palette(palette.to_vec());
        }
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(filter);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(data)?;
        writer.finish()?;
        Ok(file)
    }
}
