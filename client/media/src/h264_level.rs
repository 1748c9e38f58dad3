//! H.264 levels: how large and how fast a frame may be for a decoder that promises so much (H.264
//! table A-1). Pure.

use crate::scale::fraction_of;
use crate::units::VideoSize;

/// `level_idc`, macroblocks a second, macroblocks in a frame, macroblocks of stored frames.
const TABLE: [(u8, u64, u64, u64); 16] = [
    (10, 1_485, 99, 396),
    (11, 3_000, 396, 900),
    (12, 6_000, 396, 2_376),
    (13, 11_880, 396, 2_376),
    (20, 11_880, 396, 2_376),
    (21, 19_800, 792, 4_752),
    (22, 20_250, 1_620, 8_100),
    (30, 40_500, 1_620, 8_100),
    (31, 108_000, 3_600, 18_000),
    (32, 216_000, 5_120, 20_480),
    (40, 245_760, 8_192, 32_768),
    (41, 245_760, 8_192, 32_768),
    (42, 522_240, 8_704, 34_816),
    (50, 589_824, 22_080, 110_400),
    (51, 983_040, 36_864, 184_320),
    (52, 2_073_600, 36_864, 184_320),
];

/// Finer than this a size is not fitted.
const PARTS: u32 = 48;

/// A level, by its `level_idc`: ten times its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct H264Level(u8);

impl H264Level {
    /// 3.1: 1280x720 at 30 frames a second, which every WebRTC program should take (RFC 7742
    /// §6.2).
    pub const BASIC: Self = Self(31);
    /// 4.0: 1920x1080 at 30 frames a second, what we offer to take.
    pub const OURS: Self = Self(40);

    /// The level that the last byte of a `profile-level-id` stands for (RFC 6184 §8.1): of those
    /// that we know, the highest that is not above it. `None` below the lowest.
    #[must_use]
    pub fn from_idc(idc: u8) -> Option<Self> {
        TABLE.iter().rev().find(|(known, ..)| *known <= idc).map(|(known, ..)| Self(*known))
    }

    /// As it stands in a `profile-level-id` and in an SPS.
    #[must_use]
    pub fn idc(self) -> u8 {
        self.0
    }

    /// The lowest level for frames of a size at a rate; the highest there is when none is high
    /// enough.
    #[must_use]
    pub fn needed(size: VideoSize, fps: u32) -> Self {
        let mut levels = TABLE.iter().map(|(idc, ..)| Self(*idc));
        levels
            .clone()
            .find(|level| level.allows(size, fps))
            .or_else(|| levels.next_back())
            .unwrap_or(Self::BASIC)
    }

    /// Whether frames of a size at a rate are within it.
    #[must_use]
    pub fn allows(self, size: VideoSize, fps: u32) -> bool {
        let [width, height] = [size.width(), size.height()].map(|side| side.div_ceil(16));
        let (per_second, ..) = self.limits();
        self.allows_frame(width, height)
            && u64::from(width) * u64::from(height) * u64::from(fps) <= per_second
    }

    /// Whether frames of so many macroblocks across and down are within it, however few a second.
    #[must_use]
    pub fn allows_frame(self, width: u32, height: u32) -> bool {
        let (_, per_frame, _) = self.limits();
        let longest = u64::from(width.max(height));
        u64::from(width) * u64::from(height) <= per_frame && longest * longest <= 8 * per_frame
    }

    /// How many frames of so many macroblocks across and down a decoder of this level keeps
    /// (`MaxDpbFrames`, §A.3.1).
    #[must_use]
    pub fn stored_frames(self, width: u32, height: u32) -> u32 {
        let (.., stored) = self.limits();
        let macroblocks = u64::from(width) * u64::from(height);
        stored.checked_div(macroblocks).and_then(|frames| u32::try_from(frames).ok()).unwrap_or(0)
    }

    /// Macroblocks a second, in a frame, and of stored frames.
    fn limits(self) -> (u64, u64, u64) {
        let row = TABLE.iter().rev().find(|(idc, ..)| *idc <= self.0);
        row.map_or((0, 0, 0), |(_, per_second, per_frame, stored)| {
            (*per_second, *per_frame, *stored)
        })
    }

    /// The size, made smaller in its shape until it is within the level at a rate.
    #[must_use]
    pub fn fit(self, size: VideoSize, fps: u32) -> VideoSize {
        let mut smaller = (1..PARTS).rev().map(|parts| fraction_of(size, parts, PARTS));
        std::iter::once(size)
            .chain(smaller.clone())
            .find(|size| self.allows(*size, fps))
            .or_else(|| smaller.next_back())
            .unwrap_or(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(width: u32, height: u32) -> VideoSize {
        VideoSize::new(width, height).expect("a size")
    }

    #[test]
    fn each_usual_size_has_the_level_of_the_standard() {
        let cases = [
            (320, 180, 30, 13),
            (640, 360, 30, 30),
            (1280, 720, 30, 31),
            (1280, 720, 60, 32),
            (1920, 1080, 30, 40),
        ];
        for (width, height, fps, idc) in cases {
            assert_eq!(
                H264Level::needed(size(width, height), fps).idc(),
                idc,
                "{width}x{height} at {fps}"
            );
        }
        assert_eq!(
            H264Level::needed(size(VideoSize::MAX_SIDE, VideoSize::MAX_SIDE), 1000).idc(),
            52
        );
    }

    #[test]
    fn what_is_too_large_or_too_fast_is_made_smaller_in_its_shape() {
        assert_eq!(H264Level::BASIC.fit(size(1920, 1080), 30), size(1280, 720));
        assert_eq!(H264Level::BASIC.fit(size(1280, 720), 30), size(1280, 720));
        assert_eq!(H264Level::OURS.fit(size(1920, 1080), 30), size(1920, 1080));
        let fast = H264Level::BASIC.fit(size(1280, 720), 60);
        assert!(fast.width() < 1280 && fast.width() >= 800, "{fast}");
        assert!(H264Level(10).fit(size(1280, 720), 10_000).width() <= 32);
    }

    #[test]
    fn an_unknown_level_counts_as_the_one_below() {
        let idc = |idc| H264Level::from_idc(idc).map(H264Level::idc);
        assert_eq!((idc(31), idc(35), idc(255), idc(9)), (Some(31), Some(32), Some(52), None));
    }
}
