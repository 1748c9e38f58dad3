//! Pure: pixels as they come from a display, before they are scaled and converted.

/// The largest image that is handled: a screen of 8K.
pub(crate) const MAX_PIXELS: usize = 7680 * 4320;

/// Pixels of 32 bits: blue, green, red and one byte that means nothing; rows without padding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    /// In pixels.
    pub(crate) width: u32,
    /// In pixels.
    pub(crate) height: u32,
    /// `width * height * 4` bytes.
    pub(crate) bgrx: Vec<u8>,
}

impl Image {
    /// Makes it an image of another size; what it shows is undefined then. An image above
    /// [`MAX_PIXELS`] becomes an empty one.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let pixels = (width as usize).saturating_mul(height as usize);
        let (width, height, pixels) =
            if pixels > MAX_PIXELS { (0, 0, 0) } else { (width, height, pixels) };
        (self.width, self.height) = (width, height);
        self.bgrx.resize(pixels * 4, 0);
    }

    /// Its rows, from the top.
    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bgrx.chunks_exact_mut((self.width as usize * 4).max(4))
    }

    /// Puts a smaller image into this one, with its corner at a place. Says whether anything is
    /// different then. What lies outside is cut off.
    #[cfg(target_os = "linux")]
    pub(crate) fn patch(&mut self, part: &Self, (x, y): (u32, u32)) -> bool {
        let row_bytes = (part.width as usize * 4).max(4);
        let room = (self.width as usize).saturating_sub(x as usize) * 4;
        let mut changed = false;
        let rows = self.rows_mut().skip(y as usize);
        for (to, from) in rows.zip(part.bgrx.chunks_exact(row_bytes)) {
            let (start, length) = (x as usize * 4, row_bytes.min(room));
            let from = from.split_at(length).0;
            if let Some(to) = to.get_mut(start..start + length)
                && to != from
            {
                to.copy_from_slice(from);
                changed = true;
            }
        }
        changed
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_patch_changes_what_it_covers_and_says_whether(
            w in 0_u32..20, h in 0_u32..20, pw in 0_u32..20, ph in 0_u32..20,
            x in 0_u32..25, y in 0_u32..25, same: bool,
        ) {
            let (mut image, mut part) = (Image::default(), Image::default());
            image.resize(w, h);
            part.resize(pw, ph);
            part.bgrx.fill(u8::from(!same));
            let changed = image.patch(&part, (x, y));
            let covered = pw.min(w.saturating_sub(x)) * ph.min(h.saturating_sub(y));
            prop_assert_eq!(changed, covered > 0 && !same);
            let ones: u32 = image.bgrx.iter().map(|byte| u32::from(*byte)).sum();
            prop_assert_eq!(ones, if same { 0 } else { covered * 4 });
        }
    }
}
