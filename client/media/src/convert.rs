//! Pixel formats: what cameras deliver to I420, and I420 to the RGBA that windows show.
//!
//! Everything inside is BT.601 limited range. MJPEG is full range (JFIF) and is brought down. What
//! always holds: lengths, odd sizes and padded rows are checked, as a camera driver can be wrong
//! about any of them; what does not fit is an error and never a panic.

use std::sync::Arc;

use yuv::{
    BufferStoreMut, YuvConversionMode, YuvPackedImage, YuvPlanarImage, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix,
};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::frame::{RgbaFrame, VideoFrame};
use crate::units::VideoSize;

/// How a camera lays its frames out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelFormat {
    /// Packed 4:2:2: Y0 U Y1 V.
    Yuyv,
    /// A luma plane and a plane of U and V in turn.
    Nv12,
    /// Packed red, green, blue.
    Rgb,
    /// Packed blue, green, red.
    Bgr,
    /// Luma alone, full range.
    Gray,
    /// A JPEG image each; what follows its end is not looked at.
    Mjpeg,
}

/// Why a frame was not converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// No frame has this width and height, or none that is handled.
    #[error("a picture of {0}x{1} can't be handled")]
    Size(u32, u32),
    /// The JPEG is damaged; with the reason.
    #[error("a JPEG picture is damaged: {0}")]
    Jpeg(String),
    /// There is less data than the size needs; with both in words.
    #[error("{0}")]
    TooShort(String),
    /// The converter refused, with the reason.
    #[error("converting a picture failed: {0}")]
    Failed(String),
}

/// Buffers of memory-mapped devices end on a page.
const PAGE: usize = 4096;

/// Converts a camera's frame to I420 without padding. The size that comes back is even, and may
/// be the JPEG's own.
pub fn to_i420(
    format: PixelFormat,
    width: u32,
    height: u32,
    data: &[u8],
) -> Result<(VideoSize, Arc<[u8]>), ConvertError> {
    if format == PixelFormat::Mjpeg {
        let (width, height, rgb) = decode_jpeg(data)?;
        return to_i420(PixelFormat::Rgb, width, height, &rgb);
    }
    let size = VideoSize::new(width, height).ok_or(ConvertError::Size(width, height))?;
    let (columns, rows) = (width as usize, height as usize);
    // macOS calls its 4:2:0 frames YUYV; their length gives them away.
    let format = match format {
        PixelFormat::Yuyv if data.len() < columns * rows * 2 => PixelFormat::Nv12,
        other => other,
    };
    let row_bytes = match format {
        PixelFormat::Yuyv => columns.div_ceil(2) * 4,
        PixelFormat::Rgb | PixelFormat::Bgr => columns * 3,
        PixelFormat::Nv12 | PixelFormat::Gray | PixelFormat::Mjpeg => columns,
    };
    let all_rows = if format == PixelFormat::Nv12 { rows + rows.div_ceil(2) } else { rows };
    let stride = stride_of(row_bytes, all_rows, data.len());
    let want = stride * all_rows;
    let data = data.get(..want).ok_or_else(|| {
        ConvertError::TooShort(format!(
            "a {format:?} picture of {width}x{height} needs {want} bytes and has {}",
            data.len()
        ))
    })?;

    let mut i420: Arc<[u8]> = std::iter::repeat_n(0, VideoFrame::len_of(size)).collect();
    let buffer = Arc::make_mut(&mut i420);
    match format {
        PixelFormat::Yuyv => {
            // The converter insists on the exact length.
            let yuy = data.split_at(stride * size.height() as usize).0;
            let image = YuvPackedImage {
                yuy,
                yuy_stride: stride as u32,
                width: size.width(),
                height: size.height(),
            };
            yuv::yuyv422_to_yuv420(&mut planar_mut(buffer, size), &image)
        }
        PixelFormat::Rgb | PixelFormat::Bgr => {
            let convert = match format {
                PixelFormat::Rgb => yuv::rgb_to_yuv420,
                _ => yuv::bgr_to_yuv420,
            };
            convert(
                &mut planar_mut(buffer, size),
                data,
                stride as u32,
                YuvRange::Limited,
                YuvStandardMatrix::Bt601,
                YuvConversionMode::Balanced,
            )
        }
        PixelFormat::Nv12 => {
            nv12(data, stride, rows, buffer, size);
            Ok(())
        }
        PixelFormat::Gray | PixelFormat::Mjpeg => {
            gray(data, stride, buffer, size);
            Ok(())
        }
    }
    .map_err(|error| ConvertError::Failed(error.to_string()))?;
    Ok((size, i420))
}

/// How many bytes lie between the starts of two rows. Drivers don't report it, but the length shows
/// it: rows may be padded to a power of two, and the whole to a page.
fn stride_of(row_bytes: usize, rows: usize, len: usize) -> usize {
    let fits =
        |stride: usize| stride * rows == len || (stride * rows).next_multiple_of(PAGE) == len;
    if fits(row_bytes) {
        return row_bytes;
    }
    [4, 8, 16, 32, 64, 128, 256, 512]
        .into_iter()
        .map(|to| row_bytes.next_multiple_of(to))
        .find(|stride| fits(*stride))
        .unwrap_or(row_bytes)
}

fn planar_mut(i420: &mut [u8], size: VideoSize) -> YuvPlanarImageMut<'_, u8> {
    let (y, u, v) = VideoFrame::planes_mut(size, i420);
    YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: size.width(),
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: size.width() / 2,
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: size.width() / 2,
        width: size.width(),
        height: size.height(),
    }
}

fn nv12(data: &[u8], stride: usize, luma_rows: usize, i420: &mut [u8], size: VideoSize) {
    let width = size.width() as usize;
    let (y, u, v) = VideoFrame::planes_mut(size, i420);
    for (to, from) in y.chunks_exact_mut(width).zip(data.chunks_exact(stride)) {
        to.copy_from_slice(from.split_at(width).0);
    }
    let pairs = data.chunks_exact(stride).skip(luma_rows);
    for ((u, v), from) in
        u.chunks_exact_mut(width / 2).zip(v.chunks_exact_mut(width / 2)).zip(pairs)
    {
        for ((u, v), pair) in u.iter_mut().zip(v).zip(from.as_chunks::<2>().0) {
            [*u, *v] = *pair;
        }
    }
}

fn gray(data: &[u8], stride: usize, i420: &mut [u8], size: VideoSize) {
    let width = size.width() as usize;
    let (y, chroma) = i420.split_at_mut(size.pixels());
    for (to, from) in y.chunks_exact_mut(width).zip(data.chunks_exact(stride)) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = 16 + ((u16::from(*from) * 219 + 127) / 255) as u8;
        }
    }
    chroma.fill(128);
}

fn decode_jpeg(data: &[u8]) -> Result<(u32, u32, Vec<u8>), ConvertError> {
    let side = VideoSize::MAX_SIDE as usize;
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(side)
        .set_max_height(side)
        .set_strict_mode(false);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(trim_jpeg(data)), options);
    let rgb = decoder.decode().map_err(|error| ConvertError::Jpeg(error.to_string()))?;
    let info = decoder.info().ok_or_else(|| ConvertError::Jpeg("it has no header".to_owned()))?;
    Ok((u32::from(info.width), u32::from(info.height), rgb))
}

/// Cuts off what lies behind the JPEG's end: drivers hand out whole buffers, with the tails of
/// older frames in them. Walks the markers (ITU-T T.81 annex B), as an end marker may also stand
/// in a thumbnail or a comment. Data without an end comes back whole.
fn trim_jpeg(data: &[u8]) -> &[u8] {
    end_of_jpeg(data).and_then(|end| data.get(..end)).unwrap_or(data)
}

fn end_of_jpeg(data: &[u8]) -> Option<usize> {
    let mut at = 2; // behind the start marker
    loop {
        // Between segments: a marker, perhaps behind fill bytes.
        while *data.get(at)? != 0xFF {
            at += 1;
        }
        while *data.get(at)? == 0xFF {
            at += 1;
        }
        let marker = *data.get(at)?;
        at += 1;
        match marker {
            0xD9 => return Some(at),
            // No length follows these. A stuffed zero belongs to entropy-coded data, which the
            // search above skips.
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            _ => at += usize::from(u16::from_be_bytes([*data.get(at)?, *data.get(at + 1)?])).max(2),
        }
    }
}

/// Converts a frame to RGBA for a window.
pub fn to_rgba(frame: &VideoFrame) -> Result<RgbaFrame, ConvertError> {
    let size = frame.size;
    let want = VideoFrame::len_of(size);
    if frame.data.len() != want {
        return Err(ConvertError::Failed(format!(
            "an I420 picture of {size} has {} bytes, not {want}",
            frame.data.len()
        )));
    }
    let (y, u, v) = frame.planes();
    let image = YuvPlanarImage {
        y_plane: y,
        y_stride: size.width(),
        u_plane: u,
        u_stride: size.width() / 2,
        v_plane: v,
        v_stride: size.width() / 2,
        width: size.width(),
        height: size.height(),
    };
    let mut rgba: Arc<[u8]> = std::iter::repeat_n(255, size.pixels() * 4).collect();
    yuv::yuv420_to_rgba(
        &image,
        Arc::make_mut(&mut rgba),
        size.width() * 4,
        if frame.color.full_range { YuvRange::Full } else { YuvRange::Limited },
        frame.color.matrix,
    )
    .map_err(|error| ConvertError::Failed(error.to_string()))?;
    Ok(RgbaFrame { size, rgba })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::time::Instant;

    /// Red, green, blue, white, black and grey with their BT.601 limited-range values.
    const COLOURS: [([u8; 3], [u8; 3]); 6] = [
        ([255, 0, 0], [81, 90, 240]),
        ([0, 255, 0], [145, 54, 34]),
        ([0, 0, 255], [41, 240, 110]),
        ([255, 255, 255], [235, 128, 128]),
        ([0, 0, 0], [16, 128, 128]),
        ([128, 128, 128], [126, 128, 128]),
    ];

    fn check(format: PixelFormat, width: u32, height: u32, data: &[u8], yuv: [u8; 3]) {
        let (size, i420) = to_i420(format, width, height, data).expect("it converts");
        assert_eq!(size, VideoSize::new(width, height).expect("a size"), "{format:?}");
        let frame = VideoFrame::new(size, i420, Instant::now());
        let (y, u, v) = frame.planes();
        for (plane, want) in [(y, yuv[0]), (u, yuv[1]), (v, yuv[2])] {
            for got in plane {
                assert!(
                    got.abs_diff(want) <= 2,
                    "{format:?} {width}x{height}: {got} instead of {want}"
                );
            }
        }
    }

    fn repeated(unit: &[u8], row_bytes: usize, stride: usize, rows: usize) -> Vec<u8> {
        let row = unit
            .iter()
            .copied()
            .cycle()
            .take(row_bytes)
            .chain(std::iter::repeat_n(7, stride - row_bytes));
        (0..rows).flat_map(|_| row.clone()).collect()
    }

    #[test]
    fn known_colours_come_out_right_from_every_layout() {
        for (rgb, yuv @ [y, u, v]) in COLOURS {
            for (width, height) in [(64, 48), (66, 50)] {
                let (w, h) = (width as usize, height as usize);
                check(PixelFormat::Rgb, width, height, &repeated(&rgb, w * 3, w * 3, h), yuv);
                let [r, g, b] = rgb;
                check(PixelFormat::Bgr, width, height, &repeated(&[b, g, r], w * 3, w * 3, h), yuv);
                check(
                    PixelFormat::Yuyv,
                    width,
                    height,
                    &repeated(&[y, u, y, v], w * 2, w * 2, h),
                    yuv,
                );
                let mut nv12 = vec![y; w * h];
                nv12.extend(repeated(&[u, v], w, w, h / 2));
                check(PixelFormat::Nv12, width, height, &nv12, yuv);
                // The same under the name that macOS gives it.
                check(PixelFormat::Yuyv, width, height, &nv12, yuv);
                check(
                    PixelFormat::Mjpeg,
                    width,
                    height,
                    &flat_jpeg(width as u16, height as u16, rgb),
                    yuv,
                );
            }
        }
        check(PixelFormat::Gray, 64, 48, &[255; 64 * 48], [235, 128, 128]);
        check(PixelFormat::Gray, 64, 48, &[0; 64 * 48], [16, 128, 128]);
    }

    #[test]
    fn padded_rows_and_whole_pages_are_seen_through() {
        let [y, u, v] = [81, 90, 240];
        // 162 pixels take 324 bytes and are padded to 384, the whole to pages.
        let mut padded = repeated(&[y, u, y, v], 324, 384, 120);
        check(PixelFormat::Yuyv, 162, 120, &padded, [y, u, v]);
        padded.resize(padded.len().next_multiple_of(PAGE), 0);
        check(PixelFormat::Yuyv, 162, 120, &padded, [y, u, v]);
        let mut paged = repeated(&[y, u, y, v], 176 * 2, 176 * 2, 144);
        paged.resize(paged.len().next_multiple_of(PAGE), 0);
        check(PixelFormat::Yuyv, 176, 144, &paged, [y, u, v]);
        let mut nv12 = repeated(&[y], 162, 192, 120);
        nv12.extend(repeated(&[u, v], 162, 192, 60));
        check(PixelFormat::Nv12, 162, 120, &nv12, [y, u, v]);
    }

    #[test]
    fn an_odd_size_loses_its_last_row_and_column_only() {
        check(PixelFormat::Rgb, 65, 49, &repeated(&[255, 0, 0], 195, 195, 49), [81, 90, 240]);
        check(
            PixelFormat::Yuyv,
            65,
            49,
            &repeated(&[81, 90, 81, 240], 132, 132, 49),
            [81, 90, 240],
        );
        check(PixelFormat::Gray, 65, 49, &[255; 65 * 49], [235, 128, 128]);
    }

    #[test]
    fn too_little_data_is_an_error_for_every_layout_and_size() {
        use PixelFormat::{Bgr, Gray, Mjpeg, Nv12, Rgb, Yuyv};
        for format in [Yuyv, Nv12, Rgb, Bgr, Gray, Mjpeg] {
            for (width, height) in
                [(0, 0), (1, 1), (3, 3), (64, 48), (4096, 4096), (u32::MAX, u32::MAX)]
            {
                for data in [&[][..], &[0xFF; 2], &[9; 64]] {
                    assert!(
                        to_i420(format, width, height, data).is_err() || data.len() >= 6,
                        "{format:?} {width}x{height}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_jpeg_ends_at_its_end_and_a_stale_tail_is_cut_off() {
        let good = flat_jpeg(64, 48, [255, 0, 0]);
        let mut buffer = good.clone();
        buffer.extend_from_slice(&flat_jpeg(64, 48, [0, 0, 255])[10..]);
        buffer.resize(40_000, 0);
        assert_eq!(trim_jpeg(&buffer), good);
        check(PixelFormat::Mjpeg, 64, 48, &buffer, [81, 90, 240]);
    }

    #[test]
    fn a_damaged_jpeg_is_an_error_or_a_frame_but_never_a_panic() {
        let good = flat_jpeg(64, 48, [255, 0, 0]);
        for cut in 0..good.len() {
            let _ = to_i420(PixelFormat::Mjpeg, 64, 48, &good[..cut]);
            let mut bent = good.clone();
            bent[cut] ^= 0x5A;
            let _ = to_i420(PixelFormat::Mjpeg, 64, 48, &bent);
        }
    }

    #[test]
    fn known_colours_are_shown_as_themselves() {
        let size = VideoSize::new(64, 48).expect("a size");
        for (rgb, [y, u, v]) in COLOURS {
            let mut data = vec![y; size.pixels()];
            data.extend(
                std::iter::repeat_n(u, size.pixels() / 4)
                    .chain(std::iter::repeat_n(v, size.pixels() / 4)),
            );
            let rgba =
                to_rgba(&VideoFrame::new(size, data.into(), Instant::now())).expect("it converts");
            for pixel in rgba.rgba.as_chunks::<4>().0 {
                assert!(
                    pixel.iter().zip(rgb).all(|(got, want)| got.abs_diff(want) <= 3),
                    "{pixel:?} instead of {rgb:?}"
                );
                assert_eq!(pixel[3], 255);
            }
        }
    }

    /// The simplest JPEG of one colour: baseline 4:4:4, quantised by 8, so that a block is its DC
    /// value alone.
    pub(crate) fn flat_jpeg(width: u16, height: u16, [r, g, b]: [u8; 3]) -> Vec<u8> {
        let [r, g, b] = [r, g, b].map(f32::from);
        let components = [
            0.299 * r + 0.587 * g + 0.114 * b - 128.0,
            -0.1687 * r - 0.3313 * g + 0.5 * b,
            0.5 * r - 0.4187 * g - 0.0813 * b,
        ]
        .map(|value| value.round().clamp(-128.0, 127.0) as i32);
        let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xFE, 0, 6, 0xFF, 0xD9, 1, 2]; // a comment with an end marker in it
        jpeg.extend([0xFF, 0xDB, 0, 67, 0]);
        jpeg.extend([8; 64]);
        jpeg.extend([0xFF, 0xC0, 0, 17, 8]);
        jpeg.extend(height.to_be_bytes().into_iter().chain(width.to_be_bytes()));
        jpeg.extend([3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
        // DC: sizes 0 to 8, four bits each. AC: "end of block" in one bit.
        jpeg.extend([
            0xFF, 0xC4, 0, 28, 0x00, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4,
            5, 6, 7, 8,
        ]);
        jpeg.extend([0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        jpeg.extend([0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
        let mut bits = String::new();
        for block in 0..usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8)) {
            for value in components {
                let difference = if block == 0 { value } else { 0 };
                let size = (32 - difference.unsigned_abs().leading_zeros()) as usize;
                let code =
                    if difference < 0 { difference - 1 } else { difference } & ((1 << size) - 1);
                bits += &format!("{size:04b}");
                if size > 0 {
                    bits += &format!("{code:0size$b}");
                }
                bits += "0";
            }
        }
        bits += &"1".repeat(bits.len().next_multiple_of(8) - bits.len());
        for byte in bits.as_bytes().chunks(8) {
            let byte = byte.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
            jpeg.push(byte);
            if byte == 0xFF {
                jpeg.push(0);
            }
        }
        jpeg.extend([0xFF, 0xD9]);
        jpeg
    }
}
