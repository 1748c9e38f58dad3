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

/// A level, by its `level_idc`: ten times its number; and what somebody takes beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct H264Level {
    idc: u8,
    /// Macroblocks a second and in a frame, where they are more than the level has; else 0.
    per_second: u64,
    per_frame: u64,
}

impl H264Level {
    /// 3.1: 1280x720 at 30 frames a second, which every WebRTC program should take (RFC 7742
    /// §6.2).
    pub const BASIC: Self = Self::of(31);
    /// 4.0: 1920x1080 at 30 frames a second, what we offer to take.
    pub const OURS: Self = Self::of(40);

    const fn of(idc: u8) -> Self {
        Self { idc, per_second: 0, per_frame: 0 }
    }

    /// The same for somebody who takes at least so many macroblocks a second and in a frame
    /// (`max-mbps` and `max-fs`, RFC 6184 §8.1); what is less than the level has, or more than any
    /// level has, changes nothing.
    #[must_use]
    pub fn with_at_least(self, per_second: Option<u64>, per_frame: Option<u64>) -> Self {
        let (level_seconds, level_frame, _) = Self::of(self.idc).limits();
        let (most_seconds, most_frame, _) = Self::of(u8::MAX).limits();
        let beyond = |value: Option<u64>, level: u64, most: u64| {
            value.filter(|value| (level + 1..=most).contains(value)).unwrap_or(0)
        };
        Self {
            per_second: beyond(per_second, level_seconds, most_seconds),
            per_frame: beyond(per_frame, level_frame, most_frame),
            ..self
        }
    }

    /// The level that the last byte of a `profile-level-id` stands for (RFC 6184 §8.1): of those
    /// that we know, the highest that is not above it. `None` below the lowest.
    #[must_use]
    pub fn from_idc(idc: u8) -> Option<Self> {
        TABLE.iter().rev().find(|(known, ..)| *known <= idc).map(|(known, ..)| Self::of(*known))
    }

    /// As it stands in a `profile-level-id` and in an SPS.
    #[must_use]
    pub fn idc(self) -> u8 {
        self.idc
    }

    /// The lowest level for frames of a size at a rate; the highest there is when none is high
    /// enough.
    #[must_use]
    pub fn needed(size: VideoSize, fps: u32) -> Self {
        let mut levels = TABLE.iter().map(|(idc, ..)| Self::of(*idc));
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
        let row = TABLE.iter().rev().find(|(idc, ..)| *idc <= self.idc);
        row.map_or((0, 0, 0), |(_, per_second, per_frame, stored)| {
            (self.per_second.max(*per_second), self.per_frame.max(*per_frame), *stored)
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
        assert!(H264Level::of(10).fit(size(1280, 720), 10_000).width() <= 32);
    }

    #[test]
    fn an_unknown_level_counts_as_the_one_below() {
        let idc = |idc| H264Level::from_idc(idc).map(H264Level::idc);
        assert_eq!((idc(31), idc(35), idc(255), idc(9)), (Some(31), Some(32), Some(52), None));
    }

    #[test]
    fn who_takes_more_than_a_level_has_is_sent_more() {
        let full = size(1920, 1080);
        let fit = |per_second, per_frame| {
            H264Level::BASIC.with_at_least(per_second, per_frame).fit(full, 15)
        };
        assert_eq!(fit(Some(122_400), Some(8_160)), full);
        // Each alone is not enough.
        assert_eq!(fit(Some(245_760), None), size(1280, 720));
        assert!(fit(None, Some(8_160)).width() < 1920);
        // Less is not meant by them, and more than there is is not believed.
        for nonsense in [0, 100, u64::MAX] {
            assert_eq!(fit(Some(nonsense), Some(nonsense)), size(1280, 720));
        }
        assert_eq!(H264Level::OURS.with_at_least(Some(1), None), H264Level::OURS);
    }
}
