//! Pure: how a server lays out its pixels, and those turned into ours.
//!
//! In: what the set-up of the connection says of a depth and a visual (X Window System Protocol,
//! section 8), and the bytes of an image. What always holds: lengths are checked; what does not fit
//! is an error and never a panic.

use x11rb::protocol::xproto::{ImageOrder, Setup, VisualClass, Visualid};

use crate::image::Image;

/// Where a colour is in a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Channel {
    shift: u32,
    max: u32,
}

impl Channel {
    fn of(mask: u32) -> Option<Self> {
        let shift = mask.trailing_zeros();
        let max = mask.checked_shr(shift)?;
        (max & max.wrapping_add(1) == 0 && max <= 0xFFFF).then_some(Self { shift, max })
    }

    fn of_pixel(self, pixel: u32) -> u8 {
        let value = (pixel >> self.shift) & self.max;
        // At most 255, as the value is at most `max`.
        ((value * 255 + self.max / 2) / self.max) as u8
    }
}

/// How pixels of one depth and visual are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PixelLayout {
    /// The depth that it is for.
    pub(super) depth: u8,
    bytes: usize,
    /// Rows are padded to a multiple of so many bits.
    pad: usize,
    big_endian: bool,
    /// Red, green, blue.
    channels: [Channel; 3],
}

/// Why an image can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LayoutError {
    /// It has less data than its size needs.
    #[error("an image has {0} bytes instead of {1}")]
    TooShort(usize, usize),
}

impl PixelLayout {
    /// That of a visual; `None` where its pixels are no colours (a palette) or of a form that no
    /// server in use has.
    pub(super) fn of(setup: &Setup, visual: Visualid) -> Option<Self> {
        let depths = setup.roots.iter().flat_map(|screen| &screen.allowed_depths);
        let (depth, visual) = depths
            .flat_map(|depth| depth.visuals.iter().map(move |visual| (depth.depth, visual)))
            .find(|(_, it)| it.visual_id == visual)?;
        if !matches!(visual.class, VisualClass::TRUE_COLOR | VisualClass::DIRECT_COLOR) {
            return None;
        }
        let format = setup.pixmap_formats.iter().find(|format| format.depth == depth)?;
        let masks = [visual.red_mask, visual.green_mask, visual.blue_mask];
        let big_endian = setup.image_byte_order == ImageOrder::MSB_FIRST;
        Self::new(depth, (format.bits_per_pixel, format.scanline_pad), big_endian, masks)
    }

    fn new(depth: u8, (bits, pad): (u8, u8), big_endian: bool, masks: [u32; 3]) -> Option<Self> {
        if !matches!(bits, 16 | 24 | 32) || !matches!(pad, 8 | 16 | 32) {
            return None;
        }
        let [Some(red), Some(green), Some(blue)] = masks.map(Channel::of) else { return None };
        Some(Self {
            depth,
            bytes: usize::from(bits) / 8,
            pad: usize::from(pad),
            big_endian,
            channels: [red, green, blue],
        })
    }

    fn stride(&self, width: usize) -> usize {
        (width * self.bytes * 8).next_multiple_of(self.pad) / 8
    }

    /// How many bytes an image of this size has.
    pub(super) fn len_of(&self, width: u16, height: u16) -> usize {
        self.stride(usize::from(width)) * usize::from(height)
    }

    /// Reads an image.
    pub(super) fn read(
        &self,
        data: &[u8],
        (width, height): (u16, u16),
        into: &mut Image,
    ) -> Result<(), LayoutError> {
        let want = self.len_of(width, height);
        let data = data.get(..want).ok_or(LayoutError::TooShort(data.len(), want))?;
        into.resize(u32::from(width), u32::from(height));
        if data.is_empty() {
            return Ok(());
        }
        let rows = data.chunks_exact(self.stride(usize::from(width)));
        let usual = self.usual();
        for (to, from) in into.rows_mut().zip(rows) {
            if usual {
                to.copy_from_slice(from.split_at(to.len()).0);
                continue;
            }
            for (to, from) in
                to.as_chunks_mut::<4>().0.iter_mut().zip(from.chunks_exact(self.bytes))
            {
                let add = |pixel: u32, byte: &u8| pixel << 8 | u32::from(*byte);
                let pixel = match self.big_endian {
                    true => from.iter().fold(0, add),
                    false => from.iter().rev().fold(0, add),
                };
                let [red, green, blue] = self.channels.map(|channel| channel.of_pixel(pixel));
                *to = [blue, green, red, 0];
            }
        }
        Ok(())
    }

    /// Whether its pixels are ours.
    fn usual(&self) -> bool {
        let at = |shift| Channel { shift, max: 255 };
        self.bytes == 4 && !self.big_endian && self.channels == [at(16), at(8), at(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RGB888: [u32; 3] = [0xFF_0000, 0xFF00, 0xFF];

    fn read(layout: Option<PixelLayout>, data: &[u8], size: (u16, u16)) -> Vec<[u8; 3]> {
        let mut image = Image::default();
        layout.expect("a layout").read(data, size, &mut image).expect("an image");
        assert_eq!((image.width, image.height), (size.0.into(), size.1.into()));
        image.bgrx.as_chunks::<4>().0.iter().map(|[b, g, r, _]| [*r, *g, *b]).collect()
    }

    #[test]
    fn each_depth_and_byte_order_gives_the_same_colours() {
        let layout = |depth, form, big, masks| PixelLayout::new(depth, form, big, masks);
        let want = [[255, 128, 0]];
        let pixel = |data: &[u8], layout| assert_eq!(read(layout, data, (1, 1)), want);
        pixel(&[0, 128, 255, 9], layout(24, (32, 32), false, RGB888));
        pixel(&[9, 255, 128, 0], layout(24, (32, 32), true, RGB888));
        pixel(&[0, 128, 255, 255], layout(32, (32, 32), false, RGB888));
        pixel(&[0, 128, 255], layout(24, (24, 8), false, RGB888));
        pixel(&[255, 128, 0, 0], layout(24, (24, 32), true, RGB888));
        pixel(&[255, 128, 0, 0], layout(24, (32, 32), false, [0xFF, 0xFF00, 0xFF_0000]));
        let masks_30 = [0x3FF << 20, 0x3FF << 10, 0x3FF];
        let deep: u32 = 1023 << 20 | 514 << 10;
        pixel(&deep.to_le_bytes(), layout(30, (32, 32), false, masks_30));
        pixel(&deep.to_be_bytes(), layout(30, (32, 32), true, masks_30));
        let layout_16 = layout(16, (16, 32), false, [0xF800, 0x7E0, 0x1F]);
        let rgb565 = |r: u16, g: u16, b: u16| (r << 11 | g << 5 | b).to_le_bytes();
        let [a, b] = rgb565(31, 32, 0);
        assert_eq!(read(layout_16, &[a, b, 0, 0], (1, 1)), [[255, 130, 0]]);
    }

    #[test]
    fn padded_rows_are_seen_through() {
        let layout = PixelLayout::new(24, (24, 32), false, RGB888);
        let data = [3, 2, 1, 99, 6, 5, 4, 99];
        assert_eq!(read(layout, &data, (1, 2)), [[1, 2, 3], [4, 5, 6]]);
    }

    #[test]
    fn a_palette_and_odd_forms_are_refused() {
        assert_eq!(PixelLayout::new(8, (8, 32), false, [0; 3]), None);
        assert_eq!(PixelLayout::new(24, (32, 32), false, [0xFF_0000, 0, 0xFF]), None);
        assert_eq!(PixelLayout::new(24, (32, 0), false, RGB888), None);
        assert_eq!(PixelLayout::new(24, (32, 32), false, [0xF0F0, 0xFF, 0xFF]), None);
        assert_eq!(PixelLayout::new(32, (32, 32), false, [u32::MAX, 1, 2]), None);
    }

    proptest! {
        #[test]
        fn any_reply_is_an_image_or_an_error(
            bits: u8, pad: u8, big: bool, masks: [u32; 3], common: bool,
            width in 0_u16..40, height in 0_u16..40, len in 0_usize..8000,
        ) {
            let (form, masks) = if common { ((32, 32), RGB888) } else { ((bits, pad), masks) };
            if let Some(layout) = PixelLayout::new(24, form, big, masks) {
                let mut image = Image::default();
                let read = layout.read(&vec![0xA5; len], (width, height), &mut image);
                prop_assert_eq!(read.is_ok(), len >= layout.len_of(width, height));
            }
        }
    }
}
