//! How a camera was held: the orientation in a JPEG's Exif (Exif 2.32 §4.6.4, tag 274).
//!
//! In: the Exif of a file, which may be anything. Out: the picture as it should stand. Pure.

use super::Rgb;

/// The tag in the first directory.
const TAG: u16 = 0x0112;
/// A directory entry's length in bytes.
const ENTRY: usize = 12;

/// Whether the picture has to be mirrored, and how often turned by 90° clockwise after that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    mirrored: bool,
    turns: u8,
}

impl Orientation {
    /// That of this Exif, as TIFF; as it stands for what is not there or can't be read.
    pub(super) fn read(exif: &[u8]) -> Self {
        let (mirrored, turns) = match value(exif) {
            Some(2) => (true, 0),
            Some(3) => (false, 2),
            Some(4) => (true, 2),
            Some(5) => (true, 3),
            Some(6) => (false, 1),
            Some(7) => (true, 1),
            Some(8) => (false, 3),
            _ => (false, 0),
        };
        Self { mirrored, turns }
    }

    /// The picture as it should stand.
    pub(super) fn turned(self, picture: Rgb) -> Rgb {
        let mut picture = picture;
        if self.mirrored {
            picture =
                rebuilt(&picture, picture.width, picture.height, |x, y| (picture.width - 1 - x, y));
        }
        for _ in 0..self.turns {
            picture = rebuilt(&picture, picture.height, picture.width, |x, y| {
                (y, picture.height - 1 - x)
            });
        }
        picture
    }
}

/// A picture of this size whose pixels come from elsewhere in another.
fn rebuilt(from: &Rgb, width: u32, height: u32, place: impl Fn(u32, u32) -> (u32, u32)) -> Rgb {
    let mut pixels = Vec::with_capacity(from.pixels.len());
    for y in 0..height {
        for x in 0..width {
            let (x, y) = place(x, y);
            let at = (y as usize * from.width as usize + x as usize) * 3;
            pixels.extend_from_slice(from.pixels.get(at..at + 3).unwrap_or(&[0; 3]));
        }
    }
    Rgb { width, height, pixels }
}

fn value(exif: &[u8]) -> Option<u16> {
    let little = match exif.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let bytes = exif.get(4..8)?.try_into().ok()?;
    let directory = if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
    let directory = usize::try_from(directory).ok()?;
    let first = directory.checked_add(2)?;
    (0..usize::from(short(directory)?))
        .map(|number| first.checked_add(number * ENTRY))
        .find(|entry| entry.and_then(short) == Some(TAG))
        .flatten()
        .and_then(|entry| short(entry.checked_add(8)?))
}
