//! Small pictures of what is offered.
//!
//! In: a PNG or JPEG file of the person here, or a small PNG of the other's. Out: a PNG of at most
//! 12 KiB and 160 pixels a side, and what is shown. What always holds: sizes are looked at before
//! anything is decoded, so that a hostile picture costs nothing. Pure.

mod orientation;
#[cfg(test)]
mod tests;

use std::io::Cursor;

use bytes::Bytes;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ImageView as _, ResizeAlg, ResizeOptions, Resizer};
use visavis_media::frame::RgbaFrame;
use visavis_media::units::VideoSize;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::protocol::binary::MAX_THUMBNAIL;

/// The longest side of a thumbnail, in pixels.
pub(crate) const MAX_SIDE: u32 = 160;
/// The sides that are tried, until it is small enough.
const SIDES: [u32; 7] = [MAX_SIDE, 128, 112, 96, 80, 64, 48];
/// The largest picture of the person's own that is looked at, in pixels and for a side.
const MAX_OWN_PIXELS: usize = 40_000_000;
const MAX_OWN_SIDE: u32 = 20_000;
/// What the decoder of a thumbnail may use beside the picture, in bytes.
const DECODER_BYTES: usize = 512 * 1024;

use self::orientation::Orientation;

/// A picture: RGB, 8 bits each, rows without padding.
struct Rgb {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// A thumbnail of a picture file, and the same to show; `None` for what is no such picture.
#[must_use]
pub(crate) fn make(file: &[u8]) -> Option<(Bytes, RgbaFrame)> {
    let (picture, orientation) = if file.starts_with(b"\x89PNG") {
        let picture = from_png(file, MAX_OWN_SIDE, MAX_OWN_PIXELS, MAX_OWN_PIXELS * 4)?;
        (picture, Orientation::default())
    } else if file.starts_with(&[0xff, 0xd8]) {
        from_jpeg(file)?
    } else {
        return None;
    };
    let source = TypedImageRef::from_buffer(picture.width, picture.height, &picture.pixels).ok()?;
    SIDES.iter().find_map(|side| {
        let small = orientation.turned(scaled(&source, *side)?);
        let png = to_png(&small).filter(|png| png.len() <= MAX_THUMBNAIL)?;
        Some((png.into(), shown(&small)?))
    })
}

/// What a thumbnail of the other's shows; `None` for one that can't be shown.
#[must_use]
pub(crate) fn decode(png: &[u8]) -> Option<RgbaFrame> {
    if png.len() > MAX_THUMBNAIL {
        return None;
    }
    let pixels = (MAX_SIDE * MAX_SIDE) as usize;
    shown(&from_png(png, MAX_SIDE, pixels, DECODER_BYTES)?)
}

fn from_png(file: &[u8], side: u32, pixels: usize, bytes: usize) -> Option<Rgb> {
    let limits = png::Limits { bytes };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = reader.info().size();
    if width > side || height > side || width as usize * height as usize > pixels {
        return None;
    }
    let mut buffer = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut buffer).ok()?;
    buffer.truncate(frame.buffer_size());
    let on_white = |value: u8, alpha: u8| {
        let alpha = u32::from(alpha);
        ((u32::from(value) * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    let pixels = match frame.color_type {
        png::ColorType::Rgb => buffer,
        png::ColorType::Rgba => {
            let pixel = |p: &[u8]| match p {
                [r, g, b, a] => [on_white(*r, *a), on_white(*g, *a), on_white(*b, *a)],
                _ => [0; 3],
            };
            buffer.chunks_exact(4).flat_map(pixel).collect()
        }
        png::ColorType::Grayscale => buffer.iter().flat_map(|grey| [*grey; 3]).collect(),
        png::ColorType::GrayscaleAlpha => {
            let pixel = |p: &[u8]| match p {
                [grey, alpha] => [on_white(*grey, *alpha); 3],
                _ => [0; 3],
            };
            buffer.chunks_exact(2).flat_map(pixel).collect()
        }
        png::ColorType::Indexed => return None,
    };
    Some(Rgb { width, height, pixels })
}

fn from_jpeg(file: &[u8]) -> Option<(Rgb, Orientation)> {
    let options = DecoderOptions::default()
        .set_max_width(MAX_OWN_SIDE as usize)
        .set_max_height(MAX_OWN_SIDE as usize)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(file), options);
    decoder.decode_headers().ok()?;
    let info = decoder.info()?;
    if usize::from(info.width) * usize::from(info.height) > MAX_OWN_PIXELS {
        return None;
    }
    let orientation = decoder.exif().map(|exif| Orientation::read(exif)).unwrap_or_default();
    let pixels = decoder.decode().ok()?;
    let picture = Rgb { width: info.width.into(), height: info.height.into(), pixels };
    Some((picture, orientation))
}

/// At most so large, with even sides, as frames have them.
fn scaled(source: &TypedImageRef<'_, U8x3>, side: u32) -> Option<Rgb> {
    let (width, height) = (source.width(), source.height());
    let factor = (f64::from(side) / f64::from(width.max(height))).min(1.0);
    let even = |length: u32| ((f64::from(length) * factor) as u32).max(2) & !1;
    let (width, height) = (even(width), even(height));
    let mut small = TypedImage::<U8x3>::new(width, height);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize_typed(source, &mut small, &options).ok()?;
    // Five bits of each colour: a PNG of a photograph is half as long.
    let coarse = |value: u8| (value & 0xf8) | (value >> 5);
    let pixels = small.pixels().iter().flat_map(|pixel| pixel.0.map(coarse)).collect();
    Some(Rgb { width, height, pixels })
}

fn to_png(picture: &Rgb) -> Option<Vec<u8>> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, picture.width, picture.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&picture.pixels).ok()?;
    writer.finish().ok()?;
    Some(png)
}

fn shown(picture: &Rgb) -> Option<RgbaFrame> {
    let size = VideoSize::new(picture.width, picture.height)?;
    let row = |row: &[u8]| -> Vec<u8> {
        let pixels = row.chunks_exact(3).take(size.width() as usize);
        pixels.flat_map(|p| p.iter().copied().chain([255]).collect::<Vec<u8>>()).collect()
    };
    let rows = picture.pixels.chunks_exact(picture.width as usize * 3);
    let rgba: Vec<u8> = rows.take(size.height() as usize).flat_map(row).collect();
    (rgba.len() == size.pixels() * 4).then(|| RgbaFrame { size, rgba: rgba.into() })
}
