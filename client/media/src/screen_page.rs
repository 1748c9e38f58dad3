//! A screen full of small text: the same for the same seed, everywhere. For tests and measurements
//! of how screens are sent, as [`crate::pattern`] is for cameras.
//!
//! Below a dark bar, which stays, lies a page of words in dark grey, blue and red on white, about
//! as small as text is on a desktop, with soft edges. It is three screens long and can be scrolled.

use std::sync::Arc;
use std::time::Instant;

use crate::frame::VideoFrame;
use crate::units::VideoSize;

/// The letters, seven rows of five pixels each; the leftmost pixel is the highest of five bits.
const LETTERS: [[u8; 7]; 26] = [
    [0, 0, 14, 1, 15, 17, 15],
    [16, 16, 30, 17, 17, 17, 30],
    [0, 0, 14, 16, 16, 17, 14],
    [1, 1, 15, 17, 17, 17, 15],
    [0, 0, 14, 17, 31, 16, 14],
    [6, 8, 28, 8, 8, 8, 8],
    [0, 15, 17, 17, 15, 1, 14],
    [16, 16, 22, 25, 17, 17, 17],
    [4, 0, 12, 4, 4, 4, 14],
    [2, 0, 6, 2, 2, 18, 12],
    [16, 18, 20, 24, 20, 18, 17],
    [12, 4, 4, 4, 4, 4, 14],
    [0, 0, 26, 21, 21, 21, 21],
    [0, 0, 22, 25, 17, 17, 17],
    [0, 0, 14, 17, 17, 17, 14],
    [0, 0, 30, 17, 30, 16, 16],
    [0, 0, 15, 17, 15, 1, 1],
    [0, 0, 22, 25, 16, 16, 16],
    [0, 0, 15, 16, 14, 1, 30],
    [8, 8, 28, 8, 8, 9, 6],
    [0, 0, 17, 17, 17, 19, 13],
    [0, 0, 17, 17, 17, 10, 4],
    [0, 0, 17, 21, 21, 21, 10],
    [0, 0, 17, 10, 4, 10, 17],
    [0, 0, 17, 17, 15, 1, 14],
    [0, 0, 31, 2, 4, 8, 31],
];
/// A letter is drawn so many quarters of its size.
const QUARTERS: usize = 6;
/// From one letter to the next and from one line to the next, in pixels.
const ADVANCE: usize = 9;
const LINE: usize = 17;
/// What is left blank at the left, as a share of the width, and at the right.
const MARGINS: usize = 6;
/// The bar at the top that does not scroll.
const BAR: usize = 48;
/// How many screens the page is long.
const SCREENS: usize = 3;
/// Luma and chroma of paper and of inks.
const PAPER: u8 = 235;
const INKS: [(u8, u8, u8); 8] = [
    (40, 128, 128),
    (40, 128, 128),
    (40, 128, 128),
    (48, 128, 128),
    (60, 128, 128),
    (90, 128, 128),
    (70, 185, 110),
    (80, 105, 190),
];

/// Renders one page at one size.
pub struct ScreenPage {
    size: VideoSize,
    luma: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl ScreenPage {
    /// The page that belongs to a seed.
    #[must_use]
    pub fn new(size: VideoSize, seed: u32) -> Self {
        let (width, height) = (size.width() as usize, size.height() as usize * SCREENS);
        let mut page = Self {
            size,
            luma: vec![PAPER; width * height],
            u: vec![128; width * height / 4],
            v: vec![128; width * height / 4],
        };
        let mut random = seed.wrapping_mul(0x9E37_79B9) | 1;
        let mut next = |below: usize| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            random as usize % below.max(1)
        };
        let mut top = LINE;
        while top + LINE <= height {
            // A paragraph's last line is short, and now and then one is left out.
            let margin = width / MARGINS;
            let end = if next(6) == 0 { width / 2 } else { width - margin };
            let mut left = margin;
            while left + 11 * ADVANCE < end {
                let ink = INKS.get(next(INKS.len())).copied().unwrap_or((40, 128, 128));
                for _ in 0..2 + next(9) {
                    page.letter(LETTERS.get(next(LETTERS.len())), (left, top), ink);
                    left += ADVANCE;
                }
                left += ADVANCE;
            }
            top += if next(9) == 0 { 2 * LINE } else { LINE };
        }
        page
    }

    fn letter(&mut self, rows: Option<&[u8; 7]>, (left, top): (usize, usize), ink: (u8, u8, u8)) {
        let width = self.size.width() as usize;
        let Some(rows) = rows else { return };
        for y in 0..7 * QUARTERS / 4 + 1 {
            for x in 0..5 * QUARTERS / 4 + 1 {
                // Four by four samples of a pixel that is a fraction of a letter's.
                let inked = (0..16)
                    .filter(|i| {
                        let (across, down) = (x * 4 + i % 4, y * 4 + i / 4);
                        let row = rows.get(down / QUARTERS).copied().unwrap_or(0);
                        across / QUARTERS < 5 && row >> (4 - across / QUARTERS) & 1 == 1
                    })
                    .count();
                let at = (top + y) * width + left + x;
                if let Some(luma) = self.luma.get_mut(at) {
                    let light = usize::from(*luma) * (16 - inked) + usize::from(ink.0) * inked;
                    *luma = (light / 16) as u8;
                }
                let at = (top + y) / 2 * (width / 2) + (left + x) / 2;
                if inked > 6
                    && let (Some(u), Some(v)) = (self.u.get_mut(at), self.v.get_mut(at))
                {
                    (*u, *v) = (ink.1, ink.2);
                }
            }
        }
    }

    /// The screen with the page scrolled by so many pixels (an even number), taken at a moment.
    #[must_use]
    pub fn render(&self, scrolled: u32, at: Instant) -> VideoFrame {
        let (width, height) = (self.size.width() as usize, self.size.height() as usize);
        let mut data: Arc<[u8]> = std::iter::repeat_n(0, VideoFrame::len_of(self.size)).collect();
        let (y, u, v) = VideoFrame::planes_mut(self.size, Arc::make_mut(&mut data));
        let scrolled = scrolled as usize / 2 * 2;
        let copy = |to: &mut [u8], from: &[u8], width: usize, by: usize, bar: (usize, u8)| {
            let rows = from.chunks_exact(width).cycle().skip(by % (from.len() / width).max(1));
            for (row, (to, from)) in to.chunks_exact_mut(width).zip(rows).enumerate() {
                if row < bar.0 { to.fill(bar.1) } else { to.copy_from_slice(from) }
            }
        };
        copy(y, &self.luma, width, scrolled, (BAR.min(height), 60));
        copy(u, &self.u, width / 2, scrolled / 2, (BAR / 2, 140));
        copy(v, &self.v, width / 2, scrolled / 2, (BAR / 2, 120));
        VideoFrame::new(self.size, data, at).of_screen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::psnr::psnr;

    #[test]
    fn a_page_is_the_same_for_the_same_seed_and_differs_from_others_and_when_scrolled() {
        let size = VideoSize::new(640, 360).expect("a size");
        let now = Instant::now();
        let page = ScreenPage::new(size, 1);
        let first = page.render(0, now);
        assert_eq!(first.data, ScreenPage::new(size, 1).render(0, now).data);
        for other in [page.render(10, now), ScreenPage::new(size, 2).render(0, now)] {
            assert!(psnr(&first, &other) < 20.0, "{:.1} dB", psnr(&first, &other));
        }
        assert_eq!(first.data, page.render(360 * SCREENS as u32, now).data);
        assert_eq!(first.content, crate::frame::Content::Screen);
    }
}
