//! What changed on a screen from one frame to another: how much, and how much of it only moved up
//! or down. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use crate::frame::VideoFrame;

/// Pixels that are compared at once: a macroblock's row.
const RUN: usize = 16;
/// Rows are looked for in strips of so many pixels, as not all that scrolls is as wide as the
/// screen.
const STRIP: usize = 128;
/// Of a smaller change nothing is looked for.
const WORTH_LOOKING: f64 = 0.05;
/// Less than this share of what changed did not scroll, but is like something else by chance.
const LEAST_SCROLLED: f64 = 0.3;

/// How two frames of a screen differ, as shares of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Changes {
    /// What differs, in runs of sixteen pixels; 0 only when the frames are equal in all.
    pub(crate) changed: f64,
    /// What of it is not there in the other frame, so many rows above or below.
    pub(crate) new: f64,
}

impl Changes {
    /// Everything is new.
    pub(crate) const ALL: Self = Self { changed: 1.0, new: 1.0 };

    /// From one frame to another; frames of different sizes differ in all.
    pub(crate) fn between(before: &VideoFrame, after: &VideoFrame) -> Self {
        if before.size != after.size || before.data.len() != after.data.len() {
            return Self::ALL;
        }
        if Arc::ptr_eq(&before.data, &after.data) {
            return Self::default();
        }
        let width = after.size.width() as usize;
        let pixels = after.size.pixels().min(after.data.len());
        let (luma_before, chroma_before) = before.data.split_at(pixels);
        let (luma, chroma) = after.data.split_at(pixels);
        let rows = luma_before.chunks(width).zip(luma.chunks(width));
        let runs: usize = rows
            .filter(|(a, b)| a != b)
            .map(|(a, b)| a.chunks(RUN).zip(b.chunks(RUN)).filter(|(a, b)| a != b).count())
            .sum();
        // A change of colour alone is a change of some run.
        let runs = if runs == 0 && chroma_before != chroma { 1 } else { runs };
        let changed = ((runs * RUN) as f64 / pixels.max(1) as f64).min(1.0);
        let scrolled =
            if changed < WORTH_LOOKING { 0.0 } else { scrolled(luma_before, luma, width) };
        Self { changed, new: changed * (1.0 - scrolled) }
    }
}

/// Which share of the strips of rows that changed is found as many rows above or below as most.
fn scrolled(before: &[u8], after: &[u8], width: usize) -> f64 {
    let strips = |luma: &'_ [u8]| -> Vec<Vec<u64>> {
        let rows = luma.chunks_exact(width);
        rows.map(|row| row.chunks(STRIP).map(fingerprint).collect()).collect()
    };
    let (before, after) = (strips(before), strips(after));
    let mut votes: HashMap<isize, usize> = HashMap::new();
    let mut differ = 0;
    for strip in 0..width.div_ceil(STRIP) {
        // Where each was, if it was at one place only: a blank row says nothing.
        let mut places: HashMap<u64, Option<usize>> = HashMap::new();
        for (row, of) in before.iter().enumerate() {
            if let Some(fingerprint) = of.get(strip) {
                places.entry(*fingerprint).and_modify(|place| *place = None).or_insert(Some(row));
            }
        }
        for (row, (of, old)) in after.iter().zip(&before).enumerate() {
            let (Some(fingerprint), Some(old)) = (of.get(strip), old.get(strip)) else { continue };
            if fingerprint == old {
                continue;
            }
            match places.get(fingerprint) {
                Some(Some(place)) => {
                    differ += 1;
                    *votes.entry(place.cast_signed() - row.cast_signed()).or_default() += 1;
                }
                // One of many that are alike.
                Some(None) => {}
                None => differ += 1,
            }
        }
    }
    let share = votes.values().max().map_or(0.0, |most| *most as f64 / f64::from(differ.max(1)));
    if share < LEAST_SCROLLED { 0.0 } else { share }
}

/// Tells rows apart, not to be relied on against who wants them confused: then a frame is coarser
/// than it need be, once.
fn fingerprint(pixels: &[u8]) -> u64 {
    let mut hash = 0_u64;
    for word in pixels.chunks(8) {
        let mut bytes = [0; 8];
        for (byte, pixel) in bytes.iter_mut().zip(word) {
            *byte = *pixel;
        }
        hash =
            (hash.rotate_left(5) ^ u64::from_le_bytes(bytes)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen_page::ScreenPage;
    use crate::units::VideoSize;
    use std::time::Instant;

    #[test]
    fn the_share_is_of_what_differs_and_a_colour_counts() {
        let size = VideoSize::new(320, 160).expect("a size");
        let frame = VideoFrame::black(size, Instant::now());
        let changed = |a: &VideoFrame, b: &VideoFrame| Changes::between(a, b).changed;
        let with = |change: &dyn Fn(&mut [u8])| {
            let mut data = frame.data.to_vec();
            change(&mut data);
            VideoFrame { data: data.into(), ..frame.clone() }
        };
        assert_eq!(changed(&frame, &frame.clone()), 0.0);
        assert_eq!(changed(&frame, &with(&|_| {})), 0.0);
        let half = with(&|data| data[..320 * 80].fill(200));
        assert_eq!(changed(&frame, &half), 0.5);
        let pixel = with(&|data| data[320 * 7 + 3] = 17);
        assert_eq!(changed(&frame, &pixel), 16.0 / (320.0 * 160.0));
        let colour = with(&|data| data[320 * 160 + 5] = 17);
        assert_eq!(changed(&frame, &colour), 16.0 / (320.0 * 160.0));
        let other = VideoFrame::black(VideoSize::new(64, 64).expect("a size"), Instant::now());
        assert_eq!(changed(&frame, &other), 1.0);
    }

    #[test]
    fn what_scrolled_is_told_from_what_is_new() {
        let size = VideoSize::new(960, 540).expect("a size");
        let now = Instant::now();
        let page = ScreenPage::new(size, 1);
        let first = page.render(0, now);
        for by in [2, 20, 34, 100] {
            let changes = Changes::between(&first, &page.render(by, now));
            let entered = f64::from(by) / 540.0;
            assert!(changes.changed > 0.2, "by {by}: {changes:?}");
            assert!(changes.new < changes.changed * (entered * 2.0 + 0.05), "by {by}: {changes:?}");
        }
        let other = Changes::between(&first, &ScreenPage::new(size, 2).render(0, now));
        assert!(other.changed > 0.2 && other.new > other.changed * 0.9, "{other:?}");
    }
}
