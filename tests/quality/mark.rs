//! The number of a frame as large squares in a strip along its top, which outlive whatever a narrow
//! link makes of the frame.
//!
//! The pattern's own bar (`pattern_bar`) carries a time and changes some sixty cells from one frame
//! to the next: on a narrow link it would cost more than the picture. Here two squares change: the
//! number is in Gray code (F. Gray 1953), and one more holds its parity. A square has 64 pixels of
//! 1280, 16 of 320: it is whole macroblocks at every size that is sent.
//!
//! What always holds: a number that is read is the one that was drawn, or there is none; the strip
//! and [`GUARD`] lines below it are no part of what is compared.

use visavis_client::media::frame::VideoFrame;
use visavis_client::media::units::VideoSize;

/// The size of the frames that are marked.
pub(crate) const SIZE: VideoSize = VideoSize::new(1280, 720).unwrap();
/// Squares in the strip: one light, one dark, the bits of the number, their parity.
const CELLS: usize = 3 + BITS as usize;
/// Bits of a number.
const BITS: u32 = 9;
/// Numbers begin anew here.
pub(crate) const NUMBERS: u16 = 1 << BITS;
/// The side of a square, in a frame of [`SIZE`].
const SIDE: usize = 64;
/// Lines below the strip into which a coarse frame smears it.
const GUARD: usize = 16;
/// The luma of a square that is 0 or 1, and of the rest of the strip.
const LUMA: [u8; 2] = [50, 200];
const REST: u8 = 126;
/// A square says nothing when it is closer to the middle between light and dark than this share.
const DOUBT: f64 = 0.15;
/// Light and dark are at least so far apart.
const CONTRAST: f64 = 60.0;

/// Draws the strip into the planes of a frame of [`SIZE`].
pub(crate) fn draw(data: &mut [u8], number: u16) {
    let width = SIZE.width() as usize;
    let mut line = vec![REST; width];
    for (cell, bit) in cells(number).into_iter().enumerate() {
        line[cell * SIDE..(cell + 1) * SIDE].fill(LUMA[usize::from(bit)]);
    }
    for row in data.chunks_exact_mut(width).take(SIDE) {
        row.copy_from_slice(&line);
    }
    let (_, chroma) = data.split_at_mut(SIZE.pixels());
    for plane in chroma.chunks_exact_mut(SIZE.pixels() / 4) {
        plane[..width / 2 * (SIDE / 2)].fill(128);
    }
}

/// Reads the number; `None` when it did not survive.
pub(crate) fn read(frame: &VideoFrame) -> Option<u16> {
    let (luma, _, _) = frame.planes();
    let width = frame.size.width() as usize;
    let scaled = |pixels: usize| pixels * width / SIZE.width() as usize;
    // The middle half of each square, both ways.
    let mean = |cell: usize| {
        let (left, right) = (scaled(cell * SIDE + SIDE / 4), scaled((cell + 1) * SIDE - SIDE / 4));
        let rows = luma.chunks_exact(width).take(scaled(SIDE - SIDE / 4)).skip(scaled(SIDE / 4));
        let (mut sum, mut count) = (0_u64, 0_u64);
        for row in rows {
            let row = row.get(left..right)?;
            sum += row.iter().map(|luma| u64::from(*luma)).sum::<u64>();
            count += row.len() as u64;
        }
        (count > 0).then(|| sum as f64 / count as f64)
    };
    let (light, dark) = (mean(0)?, mean(1)?);
    if light - dark < CONTRAST {
        return None;
    }
    let bit = |cell: usize| {
        let share = (mean(cell)? - dark) / (light - dark);
        ((share - 0.5).abs() >= DOUBT).then_some(share > 0.5)
    };
    let mut gray = 0;
    for cell in 2..CELLS - 1 {
        gray = (gray << 1) | u16::from(bit(cell)?);
    }
    (bit(CELLS - 1)? == (gray.count_ones() % 2 == 1)).then(|| from_gray(gray))
}

/// The part of a frame of [`SIZE`] that is compared.
pub(crate) fn compared(frame: &VideoFrame) -> Option<VideoFrame> {
    let (width, above) = (SIZE.width(), SIDE + GUARD);
    let size = VideoSize::new(width, SIZE.height() - above as u32)?;
    if frame.size != SIZE {
        return None;
    }
    let (luma, u, v) = frame.planes();
    let mut data = Vec::with_capacity(VideoFrame::len_of(size));
    for (plane, cut) in [(luma, above * width as usize), (u, above / 2 * width as usize / 2)] {
        data.extend_from_slice(plane.get(cut..)?);
    }
    data.extend_from_slice(v.get(above / 2 * width as usize / 2..)?);
    Some(VideoFrame { size, data: data.into(), ..frame.clone() })
}

fn cells(number: u16) -> [bool; CELLS] {
    let number = number % NUMBERS;
    let gray = number ^ (number >> 1);
    let mut cells = [true; CELLS];
    cells[1] = false;
    for bit in 0..BITS {
        cells[2 + bit as usize] = (gray >> (BITS - 1 - bit)) & 1 == 1;
    }
    cells[CELLS - 1] = gray.count_ones() % 2 == 1;
    cells
}

fn from_gray(gray: u16) -> u16 {
    (0..BITS).fold(0, |number, shift| number ^ (gray >> shift))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use visavis_client::media::h264_decoder::H264Decoder;
    use visavis_client::media::h264_encoder::H264Encoder;
    use visavis_client::media::scale::Scaler;
    use visavis_client::media::units::Bitrate;

    use super::*;

    fn marked(number: u16) -> VideoFrame {
        // Noise, as a camera has it and more.
        let mut state = u32::from(number) + 1;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let mut data: Vec<u8> = (0..VideoFrame::len_of(SIZE)).map(|_| noise()).collect();
        draw(&mut data, number);
        VideoFrame::new(SIZE, data.into(), Instant::now())
    }

    #[test]
    fn every_number_is_one_square_and_its_parity_from_the_next() {
        for number in 0..NUMBERS {
            let (this, next) = (cells(number), cells((number + 1) % NUMBERS));
            let changed = this.iter().zip(&next).filter(|(one, other)| one != other);
            assert_eq!(changed.count(), 2, "{number}");
            assert_eq!(from_gray(number ^ (number >> 1)), number);
        }
    }

    #[test]
    fn a_number_is_read_at_every_size_that_is_sent() {
        let mut scaler = Scaler::default();
        for number in [0, 1, 170, 255, 256, 341, 511] {
            let frame = marked(number);
            for (width, height) in
                [(1280, 720), (960, 540), (854, 480), (640, 360), (480, 270), (320, 180), (160, 90)]
            {
                let size = VideoSize::new(width, height).expect("a size");
                let small = scaler.scale(&frame, size).expect("it scales");
                assert_eq!(read(&small), Some(number), "{width}x{height}");
                let large = scaler.scale(&small, SIZE).expect("it scales");
                assert_eq!(read(&large), Some(number), "{width}x{height} and back");
            }
        }
    }

    #[test]
    fn a_number_outlives_coarse_steps_of_luma_and_half_a_square_that_is_wrong_is_no_number() {
        let frame = marked(333);
        let coarse: Vec<u8> = frame.data.iter().map(|luma| luma / 48 * 48).collect();
        assert_eq!(read(&VideoFrame { data: coarse.into(), ..frame.clone() }), Some(333));
        let width = SIZE.width() as usize;
        let mut data = frame.data.to_vec();
        for row in data.chunks_exact_mut(width).take(SIDE) {
            let (from, to) = (5 * SIDE, 5 * SIDE + SIDE / 2);
            let other = if row[from] == LUMA[0] { LUMA[1] } else { LUMA[0] };
            row[from..to].fill(other);
        }
        assert_eq!(read(&VideoFrame { data: data.into(), ..frame.clone() }), None);
        assert_eq!(read(&VideoFrame::black(SIZE, frame.captured_at)), None);
        let tiny = VideoSize::new(2, 2).expect("a size");
        assert_eq!(read(&VideoFrame::black(tiny, frame.captured_at)), None);
    }

    #[test]
    fn numbers_outlive_an_encoder_that_has_far_too_few_bits() {
        let small = VideoSize::new(320, 180).expect("a size");
        let mut scaler = Scaler::default();
        let mut encoder =
            H264Encoder::new(small, 30.0, Bitrate::from_kbps(60)).expect("an encoder");
        let mut decoder = H264Decoder::new().expect("a decoder");
        let (mut read_well, frames) = (0, 90);
        for number in 0..frames {
            let frame = scaler.scale(&marked(number), small).expect("it scales");
            let at = Duration::from_secs(1) * u32::from(number) / 30;
            let Ok(encoded) = encoder.encode(&frame, false, at) else { continue };
            let decoded = decoder.decode(&encoded.data, frame.captured_at).expect("it decodes");
            match read(&decoded.expect("a frame")) {
                Some(read) => {
                    assert_eq!(read, number);
                    read_well += 1;
                }
                None => println!("{number} did not survive"),
            }
        }
        assert!(read_well * 100 >= frames * 95, "only {read_well} of {frames}");
    }

    #[test]
    fn of_the_strip_nothing_is_compared() {
        let frame = marked(7);
        let rest = compared(&frame).expect("it has the size");
        assert_eq!((rest.size.width(), rest.size.height()), (1280, 640));
        assert_eq!(rest.data.len(), VideoFrame::len_of(rest.size));
        let mut data = frame.data.to_vec();
        draw(&mut data, 500);
        let other = VideoFrame { data: data.into(), ..frame };
        assert_eq!(compared(&other).expect("it has the size").data, rest.data);
    }
}
