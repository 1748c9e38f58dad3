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
}
