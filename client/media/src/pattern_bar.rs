//! The machine-readable bar: a frame's number and capture time as black and white cells at the top
//! of the frame.
//!
//! It survives H.264 at 320x180 and scaling, so whoever receives the frame can tell which frame
//! it is and how long it was under way, and can render the same frame again to compare.
//!
//! **Layout** (also in `docs/protocol.md`). With *W* the frame's width, the bar is 40 columns by
//! 3 rows of square cells with sides of *W*/40, from the top left corner: the cell in column *c*,
//! row *r* covers the pixels `floor(c·W/40) ≤ x < floor((c+1)·W/40)` and
//! `floor(r·W/40) ≤ y < floor((r+1)·W/40)`. White (luma 235, RGB 255,255,255) is 1, black (luma 16,
//! RGB 0,0,0) is 0. Row after row, left to right, the 120 bits are 15 bytes, most significant bit
//! first:
//!
//! | bytes | content |
//! | --- | --- |
//! | 0–1 | `56 76`, a mark ("Vv") |
//! | 2–5 | frame number, unsigned, big endian |
//! | 6–12 | capture time, microseconds since 1970-01-01 UTC, unsigned, 56 bits, big endian |
//! | 13–14 | CRC-16/CCITT-FALSE of bytes 0–12 (polynomial 1021, start FFFF, not reflected), big
//! endian |
//!
//! To read it, average the luma over the middle half of each cell and compare with 126; it is a bar
//! only when the mark and the checksum are right. A reader needs at least 160 pixels of width and a
//! frame that is not cropped.

use crate::frame::VideoFrame;
use crate::units::{VideoSize, WallTime};

/// Cells side by side.
const COLUMNS: usize = 40;
/// Rows of cells.
const ROWS: usize = 3;
/// Bytes in the bar.
const BYTES: usize = COLUMNS * ROWS / 8;
/// What every bar begins with.
const MARK: [u8; 2] = *b"Vv";
/// Luma of 0 and 1.
const LUMA: [u8; 2] = [16, 235];
/// Half-way between them.
const THRESHOLD: u64 = 126;
/// Narrower frames have cells too small to be read.
const MIN_WIDTH: u32 = 160;

/// What the bar says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The frame's number, from 0.
    pub index: u32,
    /// When it was captured.
    pub captured_at: WallTime,
}

impl Stamp {
    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let (content, checksum) = bytes.split_at_mut(BYTES - 2);
        let time = self.captured_at.0.to_be_bytes();
        let fields = MARK
            .iter()
            .chain(&self.index.to_be_bytes())
            .chain(time.iter().skip(1))
            .copied()
            .collect::<Vec<_>>();
        content.copy_from_slice(&fields);
        checksum.copy_from_slice(&crc16(content).to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; BYTES]) -> Option<Self> {
        let [m0, m1, i0, i1, i2, i3, t0, t1, t2, t3, t4, t5, t6, c0, c1] = *bytes;
        let (content, _) = bytes.split_at(BYTES - 2);
        if [m0, m1] != MARK || crc16(content) != u16::from_be_bytes([c0, c1]) {
            return None;
        }
        Some(Self {
            index: u32::from_be_bytes([i0, i1, i2, i3]),
            captured_at: WallTime(u64::from_be_bytes([0, t0, t1, t2, t3, t4, t5, t6])),
        })
    }
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

/// How many rows of pixels the bar takes, in a frame of this size.
#[must_use]
pub fn bar_height(size: VideoSize) -> usize {
    (ROWS * size.width() as usize / COLUMNS).min(size.height() as usize)
}

/// Draws the bar into a luma plane. Its chroma should be neutral (128).
pub(crate) fn draw(luma: &mut [u8], size: VideoSize, stamp: Stamp) {
    let width = size.width() as usize;
    let bytes = stamp.to_bytes();
    let edge = |cell: usize| cell * width / COLUMNS;
    for (r, bits) in bytes.chunks_exact(COLUMNS / 8).enumerate() {
        let mut rows = luma.chunks_exact_mut(width).skip(edge(r)).take(edge(r + 1) - edge(r));
        let Some(first) = rows.next() else { return };
        for c in 0..COLUMNS {
            let bit = bits.get(c / 8).map_or(0, |byte| byte >> (7 - c % 8) & 1);
            if let Some(cell) = first.get_mut(edge(c)..edge(c + 1)) {
                cell.fill(LUMA[usize::from(bit)]);
            }
        }
        for row in rows {
            row.copy_from_slice(first);
        }
    }
}

/// Reads the bar; `None` when there is none, or it did not survive.
#[must_use]
pub fn read_bar(frame: &VideoFrame) -> Option<Stamp> {
    let width = frame.size.width() as usize;
    if frame.size.width() < MIN_WIDTH || ROWS * width / COLUMNS > frame.size.height() as usize {
        return None;
    }
    let (luma, _, _) = frame.planes();
    // Quarters of a cell: the middle half is from the first to the third.
    let quarter = |cell: usize, quarters: usize| (4 * cell + quarters) * width / (4 * COLUMNS);
    let mut bytes = [0_u8; BYTES];
    for (at, byte) in bytes.iter_mut().enumerate() {
        for bit in 0..8 {
            let (r, c) = ((at * 8 + bit) / COLUMNS, (at * 8 + bit) % COLUMNS);
            let (mut sum, mut count) = (0_u64, 0_u64);
            for row in luma.chunks_exact(width).take(quarter(r, 3)).skip(quarter(r, 1)) {
                let cell = row.get(quarter(c, 1)..quarter(c, 3))?;
                sum += cell.iter().map(|luma| u64::from(*luma)).sum::<u64>();
                count += cell.len() as u64;
            }
            *byte = *byte << 1 | u8::from(sum > THRESHOLD * count);
        }
    }
    Stamp::from_bytes(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn drawn(width: u32, height: u32, stamp: Stamp) -> VideoFrame {
        let size = VideoSize::new(width, height).expect("a size");
        let mut data = vec![128; VideoFrame::len_of(size)];
        draw(&mut data[..size.pixels()], size, stamp);
        VideoFrame::new(size, data.into(), Instant::now())
    }

    const STAMP: Stamp = Stamp { index: 0xDEAD_BEEF, captured_at: WallTime(0x00AB_CDEF_0123_4567) };

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
    }

    #[test]
    fn the_bytes_are_as_documented() {
        let bytes = STAMP.to_bytes();
        assert_eq!(bytes[..13], *b"Vv\xDE\xAD\xBE\xEF\xAB\xCD\xEF\x01\x23\x45\x67");
        assert_eq!(Stamp::from_bytes(&bytes), Some(STAMP));
    }

    #[test]
    fn every_size_from_160_pixels_on_can_be_read() {
        for (width, height) in [
            (1280, 720),
            (960, 540),
            (640, 360),
            (320, 180),
            (640, 480),
            (404, 720),
            (160, 90),
            (1922, 1082),
        ] {
            assert_eq!(read_bar(&drawn(width, height, STAMP)), Some(STAMP), "{width}x{height}");
        }
    }

    #[test]
    fn a_frame_too_small_or_too_flat_has_no_bar_and_does_no_harm() {
        for (width, height) in [(2, 2), (38, 4), (158, 90), (1280, 64), (4096, 2)] {
            assert_eq!(read_bar(&drawn(width, height, STAMP)), None, "{width}x{height}");
        }
    }

    #[test]
    fn one_wrong_cell_is_found_out() {
        let mut frame = drawn(320, 180, STAMP);
        let mut data = frame.data.to_vec();
        for row in 8..16 {
            for luma in &mut data[row * 320 + 80..row * 320 + 88] {
                *luma = 251 - *luma;
            }
        }
        frame.data = data.into();
        assert_eq!(read_bar(&frame), None);
    }
}
