//! Where two pictures differ, and whether that matters.

use crate::picture::Picture;

/// What is let pass. Processors round differently in the last digit, so the edge of a letter may be
/// a shade lighter elsewhere; an icon that moved by a pixel is beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance {
    /// How far a channel of a pixel may be off, of 255.
    pub shade: u8,
    /// How many pixels may be further off than that.
    pub pixels: usize,
}

impl Tolerance {
    /// For screens: 12 shades; beyond them 8 pixels.
    pub const SCREENS: Self = Self { shade: 12, pixels: 8 };
}

/// What sets two pictures apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// They have other sizes.
    Size {
        /// Of the first.
        expected: [u32; 2],
        /// Of the second.
        actual: [u32; 2],
    },
    /// So many pixels differ by more than is let pass.
    Pixels {
        /// How many.
        count: usize,
        /// The rectangle round them: left, top, right and bottom, the last two not included.
        bounds: [u32; 4],
    },
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Size { expected, actual } => write!(
                f,
                "{} by {} pixels instead of {} by {}",
                actual[0], actual[1], expected[0], expected[1]
            ),
            Self::Pixels { count, bounds: [left, top, right, bottom] } => {
                write!(f, "{count} pixels differ, between ({left}, {top}) and ({right}, {bottom})")
            }
        }
    }
}

fn apart(a: [u8; 3], b: [u8; 3]) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
}

impl Difference {
    /// What sets `actual` apart from `expected`, if more than is let pass.
    #[must_use]
    pub fn between(expected: &Picture, actual: &Picture, tolerance: Tolerance) -> Option<Self> {
        if expected.size() != actual.size() {
            return Some(Self::Size { expected: expected.size(), actual: actual.size() });
        }
        let width = expected.size()[0].max(1);
        let mut count = 0;
        let mut bounds = [u32::MAX, u32::MAX, 0, 0];
        for (at, (a, b)) in (0_u32..).zip(expected.pixels().zip(actual.pixels())) {
            if apart(a, b) > tolerance.shade {
                let (x, y) = (at % width, at / width);
                count += 1;
                bounds = [
                    bounds[0].min(x),
                    bounds[1].min(y),
                    bounds[2].max(x + 1),
                    bounds[3].max(y + 1),
                ];
            }
        }
        (count > tolerance.pixels).then_some(Self::Pixels { count, bounds })
    }
}

impl Picture {
    /// Both pictures and, red on their greys, where they differ, side by side.
    #[must_use]
    pub fn beside(expected: &Self, actual: &Self) -> Self {
        const GAP: u32 = 8;
        let ([ew, eh], [aw, ah]) = (expected.size(), actual.size());
        let mut sheet = Self::filled([ew + 2 * aw + 2 * GAP, eh.max(ah)], [128; 3]);
        sheet.place(0, 0, expected);
        sheet.place(ew + GAP, 0, actual);
        let mut marked = Self::filled([aw, ah], [0; 3]);
        for y in 0..ah {
            for x in 0..aw {
                let new = actual.at(x, y).unwrap_or_default();
                let off = expected.at(x, y).map_or(255, |old| apart(old, new));
                let grey = (new.iter().map(|c| u32::from(*c)).sum::<u32>() / 6) as u8;
                let color = if off == 0 { [grey; 3] } else { [off.max(96), grey / 2, grey / 2] };
                marked.put(x, y, color);
            }
        }
        sheet.place(ew + aw + 2 * GAP, 0, &marked);
        sheet
    }
}
