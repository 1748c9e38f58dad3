//! The moving test pattern: the same frame for the same frame number, everywhere.
//!
//! Soft waves as a background, a grainy band of waves that scrolls, a ringed disc that wanders, and
//! the machine-readable bar ([`crate::pattern_bar`]) on top. The grain changes with every frame and
//! can't be predicted, so that an encoder uses whatever bit rate it is given, as it does for a real
//! camera; all of it lost still leaves about 36 dB. A frozen, torn or foreign frame is far below
//! that. What does not move is drawn once; a frame is a copy with the moving parts drawn over it.

use std::f32::consts::TAU;
use std::sync::Arc;
use std::time::Instant;

use crate::frame::VideoFrame;
use crate::pattern_bar::{self, Stamp};
use crate::units::VideoSize;

/// The band scrolls by one of this many parts of its width with each frame.
const SCROLL_PARTS: u64 = 320;
/// Different grains of the band, taken in turn: more than an encoder has reference pictures.
const GRAINS: u32 = 8;
/// How far the grain moves the luma at most, up or down.
const GRAIN: f32 = 12.0;
/// Frames in which the disc goes from left to right and back.
const DISC_PERIOD_X: u32 = 150;
/// Frames in which it goes up and down; not in step with the other.
const DISC_PERIOD_Y: u32 = 97;

/// Renders the pattern at one size.
pub struct Pattern {
    size: VideoSize,
    /// All that stays: I420, neutral where the bar goes.
    background: Vec<u8>,
    /// The band's luma, once for each grain.
    bands: Vec<Vec<u8>>,
    band_top: usize,
    disc: Disc,
}

/// A ringed disc with a soft edge.
struct Disc {
    /// Its side in pixels; even.
    side: usize,
    /// Luma and opacity, `side` by `side`.
    pixels: Vec<(u8, u8)>,
}

impl Disc {
    fn new(radius: usize) -> Self {
        let side = radius * 2;
        let r = radius as f32;
        let pixels = (0..side * side).map(|i| {
            let (x, y) = ((i % side) as f32 + 0.5 - r, (i / side) as f32 + 0.5 - r);
            let distance = x.hypot(y) / r.max(1.0);
            let luma = 165.0 + 45.0 * (distance * TAU * 1.5).cos();
            let opacity = ((1.0 - distance) * 8.0).clamp(0.0, 1.0) * 255.0;
            (luma as u8, opacity as u8)
        });
        Self { side, pixels: pixels.collect() }
    }

    fn draw(&self, luma: &mut [u8], width: usize, left: usize, top: usize) {
        for (row, pixels) in
            luma.chunks_exact_mut(width).skip(top).zip(self.pixels.chunks_exact(self.side.max(1)))
        {
            let Some(row) = row.get_mut(left..left + self.side) else { return };
            for (under, (over, opacity)) in row.iter_mut().zip(pixels) {
                let opacity = u16::from(*opacity);
                *under = ((u16::from(*under) * (255 - opacity) + u16::from(*over) * opacity + 127)
                    / 255) as u8;
            }
        }
    }
}

impl Pattern {
    /// Prepares the pattern at a size.
    #[must_use]
    pub fn new(size: VideoSize) -> Self {
        let (width, height) = (size.width() as usize, size.height() as usize);
        let mut background = vec![128; VideoFrame::len_of(size)];
        let (y, u, v) = VideoFrame::planes_mut(size, &mut background);
        let bar = pattern_bar::bar_height(size);
        each_pixel(y, width, bar, |x, row| {
            let (x, row) = (x as f32 / width as f32, row as f32 / height as f32);
            105.0 + 40.0 * x + 18.0 * (x * 5.0 * TAU).sin() + 18.0 * ((row * 3.0 + x) * TAU).sin()
        });
        let (half_width, half_height) = (width / 2, height / 2);
        let colour = |turn: f32| 128.0 + 36.0 * (turn * TAU).cos();
        each_pixel(u, half_width, bar.div_ceil(2), |x, _| colour(x as f32 / half_width as f32));
        each_pixel(v, half_width, bar.div_ceil(2), |_, row| {
            colour(row as f32 / half_height as f32 + 0.25)
        });

        let band_top = height * 5 / 8;
        let mut random = Random(0x2545_F491);
        let band = |_| {
            let mut band = vec![0; width * (height / 4)];
            each_pixel(&mut band, width, 0, |x, row| {
                let (x, row) = (x as f32 / width as f32, row as f32 / height as f32);
                let waves =
                    34.0 * (x * 8.0 * TAU).sin() + 16.0 * ((x * 3.0 + row * 8.0) * TAU).cos();
                126.0 + waves + GRAIN * random.next()
            });
            band
        };
        let bands = (0..GRAINS).map(band).collect();
        let disc = Disc::new((width.min(height) / 8).max(1));
        Self { size, background, bands, band_top, disc }
    }

    /// The size it renders.
    #[must_use]
    pub fn size(&self) -> VideoSize {
        self.size
    }

    /// One frame of it.
    #[must_use]
    pub fn render(&self, stamp: Stamp, captured_at: Instant) -> VideoFrame {
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        let mut data: Arc<[u8]> = Arc::from(self.background.as_slice());
        let (luma, _) = Arc::make_mut(&mut data).split_at_mut(self.size.pixels());

        // Even steps, so that the scaled-down chroma of whoever compares has nothing to round.
        let scrolled =
            ((u64::from(stamp.index) * width as u64 / SCROLL_PARTS) as usize % width) & !1;
        let rows = luma.chunks_exact_mut(width).skip(self.band_top);
        let band = self.bands.get((stamp.index % GRAINS) as usize).map_or(&[][..], Vec::as_slice);
        for (row, waves) in rows.zip(band.chunks_exact(width)) {
            let (left, right) = row.split_at_mut(scrolled);
            let (start, end) = waves.split_at(width - scrolled);
            left.copy_from_slice(end);
            right.copy_from_slice(start);
        }

        let wander = |period: u32| {
            (f64::from(stamp.index % period) / f64::from(period) * std::f64::consts::TAU).sin()
        };
        let place = |centre: f64, swing: f64, period: u32, side: usize| {
            let room = side.saturating_sub(self.disc.side);
            let at = side as f64 * (centre + swing * wander(period)) - self.disc.side as f64 / 2.0;
            (at.max(0.0) as usize).min(room) & !1
        };
        let left = place(0.5, 0.34, DISC_PERIOD_X, width);
        let top = place(0.4, 0.12, DISC_PERIOD_Y, height);
        self.disc.draw(luma, width, left, top);

        pattern_bar::draw(luma, self.size, stamp);
        VideoFrame::new(self.size, data, captured_at)
    }
}

/// The same numbers on every machine (xorshift32).
struct Random(u32);

impl Random {
    /// From -1 to 1.
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as f32 / u32::MAX as f32 * 2.0 - 1.0
    }
}

/// Fills a plane from a row on.
fn each_pixel(
    plane: &mut [u8],
    width: usize,
    from_row: usize,
    mut value: impl FnMut(usize, usize) -> f32,
) {
    for (row, pixels) in plane.chunks_exact_mut(width.max(1)).enumerate().skip(from_row) {
        for (x, pixel) in pixels.iter_mut().enumerate() {
            *pixel = value(x, row).clamp(16.0, 235.0) as u8;
        }
    }
}

/// One frame of the pattern, for tests.
#[cfg(test)]
pub(crate) fn render(
    size: VideoSize,
    index: u32,
    captured_at: crate::units::WallTime,
) -> VideoFrame {
    Pattern::new(size).render(Stamp { index, captured_at }, Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern_bar::read_bar;
    use crate::psnr::psnr;
    use crate::scale::Scaler;
    use crate::units::WallTime;

    fn size(width: u32, height: u32) -> VideoSize {
        VideoSize::new(width, height).expect("a size")
    }

    #[test]
    fn the_same_number_is_the_same_frame() {
        let first = render(size(640, 360), 7, WallTime(1));
        let again = render(size(640, 360), 7, WallTime(1));
        assert_eq!(first.data, again.data);
    }

    #[test]
    fn a_frame_carries_its_number_and_time() {
        for index in [0, 1, 149, u32::MAX] {
            let stamp = read_bar(&render(size(1280, 720), index, WallTime(1_700_000_000_000_000)));
            assert_eq!(stamp, Some(Stamp { index, captured_at: WallTime(1_700_000_000_000_000) }));
        }
    }

    #[test]
    fn a_frame_that_is_ten_frames_old_differs_from_the_right_one() {
        let pattern = Pattern::new(size(640, 360));
        let at = |index| pattern.render(Stamp { index, captured_at: WallTime(0) }, Instant::now());
        for index in 0..20 {
            assert!(psnr(&at(index), &at(index + 10)) < 28.0);
        }
    }

    #[test]
    fn a_smaller_rendering_looks_like_the_large_one_scaled_down() {
        let large = render(size(1280, 720), 42, WallTime(99));
        for (width, height) in [(960, 540), (640, 360), (320, 180)] {
            let scaled = Scaler::default().scale(&large, size(width, height)).expect("it scales");
            assert_eq!(read_bar(&scaled).map(|stamp| stamp.index), Some(42));
            let alike = psnr(&scaled, &render(size(width, height), 42, WallTime(99)));
            assert!(alike > 30.0, "{width}x{height}: {alike:.1} dB");
        }
    }

    #[test]
    fn any_size_can_be_rendered() {
        for (width, height) in [(2, 2), (2, 4096), (4096, 2), (40, 30), (202, 118), (720, 1280)] {
            let _ = render(size(width, height), 12_345, WallTime(0));
        }
    }
}
