//! Images of a display made into frames: at their own size where that is small enough, else scaled
//! by a good filter; sizes are even and the shape stays.
//!
//! Pure. In: an [`Image`] and the largest size that is wanted. Out: I420 in BT.601 limited range
//! for the encoder, RGBA for a window. What always holds: an image is never made larger, and an odd
//! row or column at the end is cut off rather than everything blurred by a fraction of a pixel.

use std::sync::Arc;
use std::time::Instant;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{InnerPixel, U8, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use visavis_media::frame::{RgbaFrame, VideoFrame};
use visavis_media::units::VideoSize;
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

use crate::image::Image;

/// Why an image was not made into a frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScalingError {
    /// No frame has this width and height.
    #[error("a picture of {0}x{1} can't be shown")]
    Size(u32, u32),
    /// The scaler or converter refused, with the reason.
    #[error("a picture could not be converted: {0}")]
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> ScalingError {
    ScalingError::Failed(error.to_string())
}

/// The size of the frame that an image of this size becomes; `None` where nothing is to be seen.
pub(crate) fn frame_size(width: u32, height: u32, max: VideoSize) -> Option<VideoSize> {
    if width < 2 || height < 2 {
        return None;
    }
    if width <= max.width() && height <= max.height() {
        return VideoSize::new(width, height);
    }
    let (w, h) = (u64::from(width), u64::from(height));
    let (mw, mh) = (u64::from(max.width()), u64::from(max.height()));
    // The side that is further over decides.
    let (w, h) =
        if w * mh >= h * mw { (mw, (h * mw + w / 2) / w) } else { ((w * mh + h / 2) / h, mh) };
    let side = |side: u64| u32::try_from(side).unwrap_or(VideoSize::MAX_SIDE).max(2);
    VideoSize::new(side(w), side(h))
}

/// Makes frames; keeps its tables and its buffer from one to the next.
pub(crate) struct FrameMaker {
    resizer: Resizer,
    /// An image of its own size in I420.
    converted: Vec<u8>,
    /// A picture, scaled.
    scaled: Vec<u8>,
}

impl Default for FrameMaker {
    fn default() -> Self {
        Self { resizer: Resizer::new(), converted: Vec::new(), scaled: Vec::new() }
    }
}

impl FrameMaker {
    /// A frame of a screen, no larger than `max`. What is larger is scaled after the conversion:
    /// luma comes out the same, for a third of the work.
    pub(crate) fn frame(
        &mut self,
        image: &Image,
        max: VideoSize,
        captured_at: Instant,
    ) -> Result<VideoFrame, ScalingError> {
        let size = size_of(image, max)?;
        let to = (size.width(), size.height());
        let mut i420: Arc<[u8]> = std::iter::repeat_n(0, VideoFrame::len_of(size)).collect();
        let target = Arc::make_mut(&mut i420);
        let whole = (image.width & !1, image.height & !1);
        if whole == to {
            convert(image, whole, target)?;
        } else {
            let mut converted = std::mem::take(&mut self.converted);
            converted.resize(whole.0 as usize * whole.1 as usize * 3 / 2, 0);
            convert(image, whole, &mut converted)?;
            let [y, u, v] = planes(&mut converted, whole);
            let [to_y, to_u, to_v] = planes(target, to);
            let (half, to_half) = ((whole.0 / 2, whole.1 / 2), (to.0 / 2, to.1 / 2));
            self.resize::<U8>(y, whole, to_y, to)?;
            self.resize::<U8>(u, half, to_u, to_half)?;
            self.resize::<U8>(v, half, to_v, to_half)?;
            self.converted = converted;
        }
        Ok(VideoFrame::new(size, i420, captured_at).of_screen())
    }

    /// A picture for a window, no larger than `max`.
    pub(crate) fn picture(
        &mut self,
        image: &Image,
        max: VideoSize,
    ) -> Result<RgbaFrame, ScalingError> {
        let size = size_of(image, max)?;
        let (pixels, stride) = self.at(image, size)?;
        let mut rgba: Arc<[u8]> = std::iter::repeat_n(255, size.pixels() * 4).collect();
        let rows = Arc::make_mut(&mut rgba).chunks_exact_mut(size.width() as usize * 4);
        for (to, from) in rows.zip(pixels.chunks(stride as usize)) {
            for (to, from) in to.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0) {
                let [b, g, r, _] = *from;
                *to = [r, g, b, 255];
            }
        }
        Ok(RgbaFrame { size, rgba })
    }

    /// The pixels of an image at this size, and how many bytes lie between the starts of two rows.
    fn at<'a>(
        &'a mut self,
        image: &'a Image,
        size: VideoSize,
    ) -> Result<(&'a [u8], u32), ScalingError> {
        let cut = (image.width & !1, image.height & !1);
        if cut == (size.width(), size.height()) {
            let stride = image.width * 4;
            let whole = image.bgrx.get(..stride as usize * size.height() as usize);
            return whole.map(|pixels| (pixels, stride)).ok_or_else(|| failed("it is cut short"));
        }
        let mut scaled = std::mem::take(&mut self.scaled);
        scaled.resize(size.pixels() * 4, 0);
        let (from, to) = ((image.width, image.height), (size.width(), size.height()));
        self.resize::<U8x4>(&image.bgrx, from, &mut scaled, to)?;
        self.scaled = scaled;
        Ok((&self.scaled, size.width() * 4))
    }

    fn resize<P: PixelTrait + InnerPixel>(
        &mut self,
        from: &[u8],
        size: (u32, u32),
        into: &mut [u8],
        to: (u32, u32),
    ) -> Result<(), ScalingError> {
        let source = TypedImageRef::<P>::from_buffer(size.0, size.1, from).map_err(failed)?;
        let mut target = TypedImage::<P>::from_buffer(to.0, to.1, into).map_err(failed)?;
        // Catmull-Rom keeps text crisp, with less ringing round it than Lanczos.
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
            .use_alpha(false);
        self.resizer.resize_typed(&source, &mut target, &options).map_err(failed)
    }
}

/// The planes of I420 of an even size.
fn planes(i420: &mut [u8], (width, height): (u32, u32)) -> [&mut [u8]; 3] {
    let luma = (width as usize * height as usize).min(i420.len());
    let (y, chroma) = i420.split_at_mut(luma);
    let (u, v) = chroma.split_at_mut(luma / 4);
    [y, u, v]
}

/// Converts an image, cut to an even size, to I420 in BT.601 limited range.
fn convert(
    image: &Image,
    (width, height): (u32, u32),
    into: &mut [u8],
) -> Result<(), ScalingError> {
    let stride = image.width * 4;
    let pixels = image.bgrx.get(..stride as usize * height as usize);
    let pixels = pixels.ok_or_else(|| failed("it is cut short"))?;
    let [y, u, v] = planes(into, (width, height));
    let mut planar = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: width,
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: width / 2,
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: width / 2,
        width,
        height,
    };
    let mode = YuvConversionMode::Balanced;
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);
    yuv::bgra_to_yuv420(&mut planar, pixels, stride, range, matrix, mode).map_err(failed)
}

fn size_of(image: &Image, max: VideoSize) -> Result<VideoSize, ScalingError> {
    frame_size(image.width, image.height, max).ok_or(ScalingError::Size(image.width, image.height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size(width: u32, height: u32) -> VideoSize {
        VideoSize::new(width, height).expect("a size")
    }

    fn image(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Image {
        let mut image = Image::default();
        image.resize(width, height);
        for (y, row) in image.rows_mut().enumerate() {
            for (x, pixel) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let [r, g, b] = colour(x as u32, y as u32);
                *pixel = [b, g, r, 7];
            }
        }
        image
    }

    #[test]
    fn a_screen_keeps_its_shape_and_fits() {
        let hd = size(1920, 1080);
        assert_eq!(frame_size(1920, 1080, hd), Some(hd));
        assert_eq!(frame_size(3840, 2160, hd), Some(hd));
        assert_eq!(frame_size(5120, 1440, hd), Some(size(1920, 540)));
        assert_eq!(frame_size(1080, 1920, hd), Some(size(608, 1080)));
        assert_eq!(frame_size(641, 481, hd), Some(size(640, 480)));
        assert_eq!(frame_size(32_767, 2, hd), Some(size(1920, 2)));
        assert_eq!((frame_size(1, 1, hd), frame_size(0, 500, hd)), (None, None));
    }

    #[test]
    fn an_odd_window_loses_its_last_row_and_column_and_nothing_else() {
        let from = image(7, 5, |x, y| [(x * 30) as u8, (y * 50) as u8, 9]);
        let picture = FrameMaker::default().picture(&from, size(640, 480)).expect("a picture");
        assert_eq!(picture.size, size(6, 4));
        for (i, pixel) in picture.rgba.as_chunks::<4>().0.iter().enumerate() {
            assert_eq!(*pixel, [(i % 6 * 30) as u8, (i / 6 * 50) as u8, 9, 255]);
        }
    }

    #[test]
    fn known_colours_become_their_bt601_values_and_say_that_they_are_a_screen() {
        for (rgb, yuv) in [
            ([255, 0, 0], [81, 90, 240]),
            ([0, 255, 0], [145, 54, 34]),
            ([0, 0, 255], [41, 240, 110]),
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
        ] {
            for from in [image(64, 48, |_, _| rgb), image(131, 97, |_, _| rgb)] {
                let frame = FrameMaker::default()
                    .frame(&from, size(64, 48), Instant::now())
                    .expect("a frame");
                assert_eq!(frame.content, visavis_media::frame::Content::Screen);
                let (y, u, v) = frame.planes();
                for (plane, want) in [y, u, v].into_iter().zip(yuv) {
                    assert!(plane.iter().all(|got| got.abs_diff(want) <= 2), "{rgb:?}: {want}");
                }
            }
        }
    }

    #[test]
    fn a_gradient_is_still_one_at_half_the_size() {
        let from = image(64, 8, |x, _| [(x * 4) as u8; 3]);
        let half = FrameMaker::default().picture(&from, size(32, 8)).expect("a picture");
        assert_eq!(half.size, size(32, 4));
        for (i, pixel) in half.rgba.as_chunks::<4>().0.iter().enumerate() {
            let x = i % 32;
            let off = pixel[0].abs_diff((x * 8 + 2) as u8);
            assert!(off <= 2 || x == 0 || x == 31, "column {x} is off by {off}");
        }
    }

    proptest! {
        #[test]
        fn every_size_is_even_within_bounds_and_of_the_same_shape(
            w in 0_u32..40_000, h in 0_u32..40_000, mw in 2_u32..4096, mh in 2_u32..4096,
        ) {
            let max = size(mw, mh);
            match frame_size(w, h, max) {
                None => prop_assert!(w < 2 || h < 2),
                Some(got) => {
                    prop_assert!(got.width() <= max.width().max(2));
                    prop_assert!(got.height() <= max.height().max(2));
                    prop_assert!(got.width() <= w && got.height() <= h);
                    let scale = (f64::from(max.width()) / f64::from(w))
                        .min(f64::from(max.height()) / f64::from(h))
                        .min(1.0);
                    for (side, got) in [(w, got.width()), (h, got.height())] {
                        let off = (f64::from(side) * scale - f64::from(got)).abs();
                        prop_assert!(off < 2.0 || got == 2, "{side} became {got}");
                    }
                }
            }
        }

        #[test]
        fn any_image_becomes_a_frame_or_an_error(
            w in 0_u32..70, h in 0_u32..70, mw in 2_u32..90, mh in 2_u32..90, short: bool,
        ) {
            let mut from = image(w, h, |x, y| [x as u8, y as u8, 3]);
            if short {
                from.bgrx.truncate(from.bgrx.len() / 2);
            }
            let mut maker = FrameMaker::default();
            let frame = maker.frame(&from, size(mw, mh), Instant::now());
            prop_assert_eq!(frame.is_ok(), w >= 2 && h >= 2 && !short);
            prop_assert_eq!(maker.picture(&from, size(mw, mh)).is_ok(), frame.is_ok());
        }
    }
}
