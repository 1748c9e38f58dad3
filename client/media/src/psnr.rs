//! How alike two frames are: the peak signal-to-noise ratio of their luma. For tests of this crate
//! and of those that use it.

use crate::frame::VideoFrame;

/// The luma PSNR in decibels: infinite when equal, 0 when the sizes differ. From about 30 dB up,
/// frames look alike.
#[must_use]
pub fn psnr(a: &VideoFrame, b: &VideoFrame) -> f64 {
    if a.size != b.size {
        return 0.0;
    }
    let mean = mean_squared_error(a, b);
    if mean == 0.0 { f64::INFINITY } else { 10.0 * (255.0 * 255.0 / mean).log10() }
}

/// The mean squared error of the luma of frames of one size.
pub(crate) fn mean_squared_error(a: &VideoFrame, b: &VideoFrame) -> f64 {
    let (a, _, _) = a.planes();
    let (b, _, _) = b.planes();
    let squares: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum();
    squares as f64 / a.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::VideoSize;
    use std::sync::Arc;
    use std::time::Instant;

    fn flat(luma: u8) -> VideoFrame {
        let size = VideoSize::new(64, 64).expect("a size");
        VideoFrame::new(size, Arc::from(vec![luma; VideoFrame::len_of(size)]), Instant::now())
    }

    #[test]
    fn equal_frames_are_infinitely_alike() {
        assert!(psnr(&flat(90), &flat(90)).is_infinite());
    }

    #[test]
    fn an_error_of_ten_everywhere_is_28_decibels() {
        assert!((psnr(&flat(90), &flat(100)) - 28.13).abs() < 0.01);
    }
}
