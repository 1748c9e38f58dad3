//! Pictures as tests compare them: 8 bits of red, green and blue for each pixel, from a PNG or from
//! raw pixels.

use std::io::Cursor;
use std::ops::Range;

/// Why something is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The PNG can't be read.
    #[error("not a readable PNG: {0}")]
    Png(#[from] png::DecodingError),
    /// The pixels are of another kind, or of another number than the size implies.
    #[error("{0}")]
    Shape(String),
}

/// A picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    /// Three bytes a pixel, row by row; always `3 * width * height` of them.
    rgb: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl Picture {
    /// From rows of red, green, blue and alpha, as a canvas or the app has them; alpha is dropped.
    ///
    /// # Errors
    /// When there are not `4 * width * height` bytes, or no pixel at all.
    pub fn from_rgba(width: usize, height: usize, rgba: &[u8]) -> Result<Self, PictureError> {
        Self::from_pixels(width, height, rgba, 4)
    }

    /// From a PNG.
    ///
    /// # Errors
    /// When it is damaged or holds grey or indexed pixels.
    pub fn from_png(png: &[u8]) -> Result<Self, PictureError> {
        let mut decoder = png::Decoder::new(Cursor::new(png));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let too_large = || PictureError::Shape("the PNG is too large".into());
        let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(too_large)?];
        let info = reader.next_frame(&mut pixels)?;
        let samples = info.color_type.samples();
        if samples < 3 {
            return Err(PictureError::Shape(format!(
                "the PNG is {:?}, not coloured",
                info.color_type
            )));
        }
        pixels.truncate(info.buffer_size());
        Self::from_pixels(info.width as usize, info.height as usize, &pixels, samples)
    }

    fn from_pixels(
        width: usize,
        height: usize,
        pixels: &[u8],
        samples: usize,
    ) -> Result<Self, PictureError> {
        if width == 0
            || height == 0
            || Some(pixels.len()) != width.checked_mul(height).map(|count| count * samples)
        {
            return Err(PictureError::Shape(format!(
                "{} bytes do not make {width}x{height} pixels",
                pixels.len()
            )));
        }
        let rgb =
            pixels.chunks_exact(samples).flat_map(|pixel| pixel.iter().take(3)).copied().collect();
        Ok(Self { width, height, rgb })
    }

    /// Width and height.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Red, green and blue, row by row.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The mean colour of a part, given in shares of the whole: `0.0..0.5` is the left or the upper
    /// half.
    #[must_use]
    pub fn mean(&self, across: Range<f64>, down: Range<f64>) -> [u8; 3] {
        let pixels =
            |share: f64, whole: usize| ((share * whole as f64).round() as usize).min(whole);
        let (left, right) = (pixels(across.start, self.width), pixels(across.end, self.width));
        let (top, bottom) = (pixels(down.start, self.height), pixels(down.end, self.height));
        let mut sums = [0_u64; 3];
        let mut count = 0_u64;
        for row in self.rgb.chunks_exact(3 * self.width).skip(top).take(bottom.saturating_sub(top))
        {
            for pixel in row.chunks_exact(3).skip(left).take(right.saturating_sub(left)) {
                sums.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += u64::from(*value));
                count += 1;
            }
        }
        // No pixel is wider than a byte, so neither is the mean.
        sums.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
    }

    /// The peak signal-to-noise ratio between two pictures in decibels, over all colours: infinite
    /// for equal ones, `None` for pictures of different sizes.
    #[must_use]
    pub fn psnr(&self, other: &Self) -> Option<f64> {
        if self.size() != other.size() {
            return None;
        }
        let squares = self
            .rgb
            .iter()
            .zip(&other.rgb)
            .map(|(one, other)| f64::from(one.abs_diff(*other)).powi(2));
        let mean = squares.sum::<f64>() / self.rgb.len() as f64;
        Some(10.0 * (255.0 * 255.0 / mean).log10())
    }
}

/// How far apart two colours are, in the worst of red, green and blue.
#[must_use]
pub fn colour_distance(one: [u8; 3], other: [u8; 3]) -> u8 {
    one.iter().zip(&other).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Left half red, right half blue.
    fn halves(width: usize, height: usize) -> Picture {
        let row = (0..width)
            .flat_map(|x| if x < width / 2 { [200, 0, 0, 255] } else { [0, 0, 100, 255] });
        let rgba: Vec<u8> = (0..height).flat_map(|_| row.clone()).collect();
        Picture::from_rgba(width, height, &rgba).expect("it has the right size")
    }

    #[test]
    fn the_mean_is_of_the_part_that_was_asked_for() {
        let picture = halves(8, 4);
        assert_eq!(picture.mean(0.0..0.5, 0.0..1.0), [200, 0, 0]);
        assert_eq!(picture.mean(0.5..1.0, 0.25..0.75), [0, 0, 100]);
        assert_eq!(picture.mean(0.0..1.0, 0.0..1.0), [100, 0, 50]);
        assert_eq!(picture.mean(0.9..0.1, 2.0..3.0), [0, 0, 0]);
    }

    #[test]
    fn the_ratio_is_that_of_the_definition() {
        let picture = halves(8, 4);
        assert_eq!(picture.psnr(&picture), Some(f64::INFINITY));
        assert_eq!(picture.psnr(&halves(4, 8)), None);
        let black = Picture::from_rgba(1, 1, &[0, 0, 0, 255]).expect("one pixel");
        let grey = Picture::from_rgba(1, 1, &[16, 16, 16, 255]).expect("one pixel");
        let ratio = black.psnr(&grey).expect("they are of one size");
        assert!((ratio - 20.0 * (255.0_f64 / 16.0).log10()).abs() < 1e-9, "{ratio}");
    }

    #[test]
    fn a_png_gives_its_pixels_back() {
        let picture = halves(6, 2);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 6, 2);
        encoder.set_color(png::ColorType::Rgb);
        encoder
            .write_header()
            .expect("it is written to memory")
            .write_image_data(&picture.rgb)
            .expect("it fits");
        assert_eq!(Picture::from_png(&file).expect("it is a PNG"), picture);
    }

    #[test]
    fn what_is_damaged_or_of_another_size_is_no_picture() {
        assert!(Picture::from_png(b"\x89PNG\r\n\x1a\n then nothing").is_err());
        assert!(Picture::from_rgba(2, 2, &[0; 15]).is_err());
        assert!(Picture::from_rgba(0, 2, &[]).is_err());
        assert!(Picture::from_rgba(usize::MAX, 2, &[0; 8]).is_err());
    }

    #[test]
    fn colours_differ_by_their_worst_part() {
        assert_eq!(colour_distance([10, 20, 30], [12, 5, 30]), 15);
    }
}
