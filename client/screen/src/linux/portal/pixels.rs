//! Pure: buffers of a video stream turned into images.
//!
//! In: the bytes of a buffer, how it is laid out, and which part of it counts. What always holds:
//! lengths, strides and crops are checked; what does not fit is no image.

use crate::image::{Image, MAX_PIXELS};

/// How the four bytes of a pixel are laid out, by the numbers of `enum spa_video_format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Rgbx = 7,
    Bgrx = 8,
    Rgba = 11,
    Bgra = 12,
}

impl Format {
    /// All that are understood, the best first.
    pub(super) const ALL: [Self; 4] = [Self::Bgrx, Self::Bgra, Self::Rgbx, Self::Rgba];

    pub(super) fn of(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|format| *format as u32 == number)
    }
}

/// A part of a buffer, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// How a buffer is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) format: Format,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bytes between the starts of two rows.
    pub(super) stride: u32,
}

/// Reads the part of a buffer that counts: all of it, or what a crop says. False where the buffer
/// is too short for what it should hold.
pub(super) fn read(data: &[u8], layout: Layout, crop: Option<Part>, into: &mut Image) -> bool {
    let whole = Part { x: 0, y: 0, width: layout.width, height: layout.height };
    let ends = |at: u32, long: u32, all: u32| at.checked_add(long).is_some_and(|end| end <= all);
    // A crop of nothing, or beyond the buffer, says nothing.
    let crop = crop.filter(|part| {
        part.width > 0
            && part.height > 0
            && ends(part.x, part.width, layout.width)
            && ends(part.y, part.height, layout.height)
    });
    let part = crop.unwrap_or(whole);
    let [x, y, width, height] = [part.x, part.y, part.width, part.height].map(|it| it as usize);
    let stride = layout.stride as usize;
    if stride < layout.width as usize * 4 || width.saturating_mul(height) > MAX_PIXELS {
        return false;
    }
    // The last row may end with its last pixel.
    let last = (y + height).checked_sub(1).map(|row| row * stride + (x + width) * 4);
    if last.is_none_or(|last| data.len() < last) {
        return false;
    }
    into.resize(part.width, part.height);
    let rows = data.chunks(stride).skip(y);
    for (to, from) in into.rows_mut().zip(rows) {
        let Some(from) = from.get(x * 4..(x + width) * 4) else { return false };
        match layout.format {
            Format::Bgrx | Format::Bgra => to.copy_from_slice(from),
            Format::Rgbx | Format::Rgba => {
                let pixels = to.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0);
                for (to, [r, g, b, x]) in pixels {
                    *to = [*b, *g, *r, *x];
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layout(format: Format, width: u32, height: u32, stride: u32) -> Layout {
        Layout { format, width, height, stride }
    }

    #[test]
    fn each_format_gives_the_same_image() {
        for (format, data) in [
            (Format::Bgrx, [3, 2, 1, 0]),
            (Format::Bgra, [3, 2, 1, 255]),
            (Format::Rgbx, [1, 2, 3, 0]),
            (Format::Rgba, [1, 2, 3, 255]),
        ] {
            let mut image = Image::default();
            assert!(read(&data, layout(format, 1, 1, 4), None, &mut image));
            assert_eq!((image.width, image.height), (1, 1));
            assert_eq!(image.bgrx[..3], [3, 2, 1], "{format:?}");
        }
    }

    #[test]
    fn a_crop_and_padded_rows_are_seen_through() {
        let data: Vec<u8> = (0..3 * 20).collect();
        let layout = layout(Format::Bgrx, 4, 3, 20);
        let mut image = Image::default();
        let part = Part { x: 1, y: 1, width: 2, height: 2 };
        assert!(read(&data, layout, Some(part), &mut image));
        let want: Vec<u8> = (24..32).chain(44..52).collect();
        assert_eq!((image.width, image.height, image.bgrx), (2, 2, want));
        // A crop that can't be is none.
        let mut image = Image::default();
        for part in [Part { x: 3, ..part }, Part { width: 0, ..part }, Part { x: u32::MAX, ..part }]
        {
            assert!(read(&data, layout, Some(part), &mut image));
            assert_eq!((image.width, image.height), (4, 3));
        }
    }

    proptest! {
        #[test]
        fn any_buffer_is_an_image_or_none(
            len in 0_usize..3000, width in 0_u32..40, height in 0_u32..40, stride in 0_u32..200,
            x in 0_u32..50, y in 0_u32..50, w in 0_u32..50, h in 0_u32..50, cropped: bool,
        ) {
            let mut image = Image::default();
            let part = Part { x, y, width: w, height: h };
            let layout = layout(Format::Rgba, width, height, stride);
            if read(&vec![7; len], layout, cropped.then_some(part), &mut image) {
                prop_assert!(image.width <= width && image.height <= height);
                prop_assert!(len >= (image.width * image.height * 4) as usize);
            }
        }
    }
}
