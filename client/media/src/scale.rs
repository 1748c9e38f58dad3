//! Frames made smaller: which size fits, and the scaler.
//!
//! What always holds: a frame keeps its shape and its colour space, and sizes are even. Frames are
//! never made larger to be sent: the other side's window does that better.

use std::sync::Arc;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::frame::VideoFrame;
use crate::units::VideoSize;

/// Why a frame was not scaled.
#[derive(Debug, thiserror::Error)]
pub enum ScaleError {
    /// The frame has less data (the first number) than its size says (the second).
    #[error("a picture of {0} has {1} bytes instead of {2}")]
    WrongLength(VideoSize, usize, usize),
    /// The scaler refused, with the reason.
    #[error("scaling a picture failed: {0}")]
    Failed(String),
}

/// The largest size of the source's shape within `max`, and never larger than the source.
#[must_use]
pub fn fit_within(source: VideoSize, max: VideoSize) -> VideoSize {
    if source.width() <= max.width() && source.height() <= max.height() {
        return source;
    }
    let (width, height) = shape_within(source, max);
    even(width, height)
}

/// The width and height of the source's shape that touch both sides of `max`, or one and less of
/// the other; rounded, and perhaps odd.
pub(crate) fn shape_within(source: VideoSize, max: VideoSize) -> (u64, u64) {
    let (sw, sh) = (u64::from(source.width()), u64::from(source.height()));
    let (mw, mh) = (u64::from(max.width()), u64::from(max.height()));
    // The side that is further over decides.
    if sw * mh >= sh * mw { (mw, (sh * mw + sw / 2) / sw) } else { ((sw * mh + sh / 2) / sh, mh) }
}

/// The source made smaller by a fraction.
#[must_use]
pub fn fraction_of(source: VideoSize, numerator: u32, denominator: u32) -> VideoSize {
    let of = |side: u32| u64::from(side) * u64::from(numerator) / u64::from(denominator.max(1));
    even(of(source.width()), of(source.height()))
}

fn even(width: u64, height: u64) -> VideoSize {
    let side = |side: u64| {
        u32::try_from(side).unwrap_or(VideoSize::MAX_SIDE).clamp(2, VideoSize::MAX_SIDE)
    };
    VideoSize::new(side(width), side(height)).unwrap_or(SMALLEST)
}

const SMALLEST: VideoSize = match VideoSize::new(2, 2) {
    Some(size) => size,
    None => panic!("2x2 is a valid size"),
};

/// Scales frames; keeps its tables from one to the next.
pub struct Scaler {
    resizer: Resizer,
    options: ResizeOptions,
}

impl Default for Scaler {
    fn default() -> Self {
        // Bilinear convolution averages over everything that becomes one pixel, so fine detail does
        // not shimmer.
        Self::with(FilterType::Bilinear)
    }
}

impl Scaler {
    /// One that keeps small text as sharp as it can be, for more work.
    #[must_use]
    pub fn sharp() -> Self {
        Self::with(FilterType::Lanczos3)
    }

    fn with(filter: FilterType) -> Self {
        let options =
            ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).use_alpha(false);
        Self { resizer: Resizer::new(), options }
    }

    /// The frame at another size; the same data when that is its size already.
    pub fn scale(&mut self, frame: &VideoFrame, to: VideoSize) -> Result<VideoFrame, ScaleError> {
        if frame.size == to {
            return Ok(frame.clone());
        }
        let want = VideoFrame::len_of(frame.size);
        if frame.data.len() != want {
            return Err(ScaleError::WrongLength(frame.size, frame.data.len(), want));
        }
        let mut data: Arc<[u8]> = std::iter::repeat_n(0, VideoFrame::len_of(to)).collect();
        let (y, u, v) = VideoFrame::planes_mut(to, Arc::make_mut(&mut data));
        let (from_y, from_u, from_v) = frame.planes();
        let from = (frame.size.width(), frame.size.height());
        let into = (to.width(), to.height());
        self.plane(from_y, from, y, into)?;
        self.plane(from_u, (from.0 / 2, from.1 / 2), u, (into.0 / 2, into.1 / 2))?;
        self.plane(from_v, (from.0 / 2, from.1 / 2), v, (into.0 / 2, into.1 / 2))?;
        Ok(VideoFrame { size: to, data, ..frame.clone() })
    }

    fn plane(
        &mut self,
        from: &[u8],
        size: (u32, u32),
        into: &mut [u8],
        to: (u32, u32),
    ) -> Result<(), ScaleError> {
        let failed = |error: &dyn std::fmt::Display| ScaleError::Failed(error.to_string());
        // Of types that are known here: with others the program would hold scalers for every
        // kind of pixel there is, ten megabytes of them.
        let source =
            TypedImageRef::<U8>::from_buffer(size.0, size.1, from).map_err(|e| failed(&e))?;
        let mut target = TypedImage::<U8>::from_buffer(to.0, to.1, into).map_err(|e| failed(&e))?;
        self.resizer.resize_typed(&source, &mut target, &self.options).map_err(|e| failed(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn size(width: u32, height: u32) -> VideoSize {
        VideoSize::new(width, height).expect("a size")
    }

    #[test]
    fn a_frame_keeps_its_shape_and_is_never_made_larger() {
        let hd = size(1280, 720);
        assert_eq!(fit_within(size(1920, 1080), hd), hd);
        assert_eq!(fit_within(size(640, 480), hd), size(640, 480));
        assert_eq!(fit_within(size(1280, 960), hd), size(960, 720));
        assert_eq!(fit_within(size(720, 1280), hd), size(404, 720));
        assert_eq!(fit_within(size(4096, 2), hd), size(1280, 2));
        assert_eq!(fraction_of(hd, 3, 4), size(960, 540));
        assert_eq!(fraction_of(size(2, 2), 1, 4), size(2, 2));
    }

    #[test]
    fn a_gradient_is_still_a_gradient_at_half_the_size() {
        let from = size(64, 32);
        let mut data = vec![0; VideoFrame::len_of(from)];
        for (i, luma) in data.iter_mut().take(from.pixels()).enumerate() {
            *luma = (i % 64 * 4) as u8;
        }
        let (_, chroma) = data.split_at_mut(from.pixels());
        chroma.fill(90);
        let frame = VideoFrame::new(from, data.into(), Instant::now());
        let half = Scaler::default().scale(&frame, size(32, 16)).expect("it scales");
        let (y, u, v) = half.planes();
        for (x, luma) in y.iter().enumerate().take(31).skip(1) {
            assert!(luma.abs_diff((x * 8 + 2) as u8) <= 2, "column {x}: {luma}");
        }
        assert!(u.iter().chain(v).all(|c| *c == 90));
    }

    #[test]
    fn a_frame_with_too_little_data_is_refused() {
        let frame = VideoFrame::new(size(64, 32), Arc::from(vec![0; 100]), Instant::now());
        assert!(matches!(
            Scaler::default().scale(&frame, size(32, 16)),
            Err(ScaleError::WrongLength(_, 100, _))
        ));
    }
}
