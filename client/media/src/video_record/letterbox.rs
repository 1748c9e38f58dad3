//! A frame within a frame of another size: as large as it fits, in its own shape, on black. What
//! always holds: bars have even widths, as a chroma sample belongs to four pixels.

use std::sync::Arc;

use crate::frame::VideoFrame;
use crate::scale::{ScaleError, Scaler, shape_within};
use crate::units::VideoSize;

/// Bars of less than this part of a side are rounding, not shape: the frame fills them.
const NO_BARS_BELOW: u32 = 64;

/// Fits frames into another size; keeps the scaler's tables from one to the next.
#[derive(Default)]
pub(super) struct Letterbox {
    scaler: Scaler,
}

impl Letterbox {
    /// The frame at this size; the same data when that is its size already.
    pub(super) fn fit(
        &mut self,
        frame: &VideoFrame,
        into: VideoSize,
    ) -> Result<VideoFrame, ScaleError> {
        let inside = inside(frame.size, into);
        let scaled = self.scaler.scale(frame, inside)?;
        if inside == into {
            return Ok(scaled);
        }
        let black = VideoFrame::black(into, frame.captured_at);
        let mut data = black.data;
        let whole = Arc::make_mut(&mut data);
        let (y, u, v) = VideoFrame::planes_mut(into, whole);
        let (from_y, from_u, from_v) = scaled.planes();
        let (width, height) = (inside.width() as usize, inside.height() as usize);
        let (full_width, full_height) = (into.width() as usize, into.height() as usize);
        // Even, as one pair of chroma samples belongs to four pixels.
        let (left, top) = ((full_width - width) / 4 * 2, (full_height - height) / 4 * 2);
        place(from_y, width, y, full_width, left, top);
        place(from_u, width / 2, u, full_width / 2, left / 2, top / 2);
        place(from_v, width / 2, v, full_width / 2, left / 2, top / 2);
        Ok(VideoFrame { size: into, data, ..scaled })
    }
}

/// Copies a plane's rows into a larger one.
fn place(from: &[u8], width: usize, into: &mut [u8], full_width: usize, left: usize, top: usize) {
    for (row, full_row) in from.chunks_exact(width).zip(into.chunks_exact_mut(full_width).skip(top))
    {
        if let Some(middle) = full_row.get_mut(left..left + width) {
            middle.copy_from_slice(row);
        }
    }
}

/// The largest size of the source's shape within `into`; all of it where only rounding is between
/// them.
fn inside(source: VideoSize, into: VideoSize) -> VideoSize {
    let (width, height) = shape_within(source, into);
    let side = |side: u64, full: u32| {
        let side = u32::try_from(side).unwrap_or(full).clamp(2, full);
        if full - side <= full / NO_BARS_BELOW { full } else { side }
    };
    VideoSize::new(side(width, into.width()), side(height, into.height())).unwrap_or(into)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn size(width: u32, height: u32) -> VideoSize {
        VideoSize::new(width, height).expect("a size")
    }

    #[test]
    fn a_frame_keeps_its_shape_unless_only_rounding_is_between_them() {
        let hd = size(1280, 720);
        assert_eq!(inside(size(320, 180), hd), hd);
        assert_eq!(inside(size(1920, 1080), hd), hd);
        assert_eq!(inside(size(1366, 768), hd), hd);
        assert_eq!(inside(size(640, 480), hd), size(960, 720));
        assert_eq!(inside(size(720, 1280), hd), size(404, 720));
        assert_eq!(inside(size(100, 180), size(404, 720)), size(404, 720));
        assert_eq!(inside(size(4096, 2), hd), size(1280, 2));
        assert_eq!(inside(size(2, 4096), hd), size(2, 720));
        assert_eq!(inside(hd, size(2, 2)), size(2, 2));
    }

    #[test]
    fn a_portrait_frame_stands_in_the_middle_of_a_wide_one_on_black() {
        let portrait = size(180, 320);
        let grey = VideoFrame::new(
            portrait,
            vec![200; VideoFrame::len_of(portrait)].into(),
            Instant::now(),
        );
        let wide = Letterbox::default().fit(&grey, size(640, 320)).expect("it fits");
        let (y, u, v) = wide.planes();
        let is_inside = |x: usize| (230..410).contains(&x);
        for (at, luma) in y.iter().enumerate() {
            let x = at % 640;
            assert_eq!(*luma, if is_inside(x) { 200 } else { 16 }, "luma at {x}, {}", at / 640);
        }
        for (at, chroma) in u.iter().chain(v).enumerate() {
            let x = at % 320 * 2;
            assert_eq!(*chroma, if is_inside(x) { 200 } else { 128 }, "chroma at {x}");
        }
    }
}
