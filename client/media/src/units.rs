//! Units as types, so that look-alike integers can't be swapped: bit rates, frame sizes and moments
//! of the wall clock.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Bitrate(u64);

impl Bitrate {
    /// From bits per second.
    #[must_use]
    pub const fn from_bps(bps: u64) -> Self {
        Self(bps)
    }

    /// From thousands of bits per second.
    #[must_use]
    pub const fn from_kbps(kbps: u64) -> Self {
        Self(kbps * 1000)
    }

    /// In bits per second.
    #[must_use]
    pub const fn bps(self) -> u64 {
        self.0
    }

    /// How much data that is in a given time, in bytes.
    #[must_use]
    pub fn bytes_in(self, time: Duration) -> u64 {
        (self.0 as f64 * time.as_secs_f64() / 8.0) as u64
    }

    /// How long it takes to send so many bytes; for ever at zero.
    #[must_use]
    pub fn time_for(self, bytes: usize) -> Duration {
        if self.0 == 0 {
            Duration::MAX
        } else {
            Duration::from_secs_f64(bytes as f64 * 8.0 / self.0 as f64)
        }
    }

    /// Scaled by a factor.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).max(0.0) as u64)
    }
}

impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= 1_000_000 {
            write!(f, "{:.1} Mbit/s", self.0 as f64 / 1e6)
        } else {
            write!(f, "{} kbit/s", self.0 / 1000)
        }
    }
}

/// The width and height of a frame, in pixels. Always even and at least 2, as 4:2:0 needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VideoSize {
    width: u32,
    height: u32,
}

impl VideoSize {
    /// The widest and highest frame that is handled.
    pub const MAX_SIDE: u32 = 4096;

    /// Takes a size, cut to even numbers; `None` when a side is below 2 or above
    /// [`Self::MAX_SIDE`].
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Option<Self> {
        if width < 2 || height < 2 || width > Self::MAX_SIDE || height > Self::MAX_SIDE {
            return None;
        }
        Some(Self { width: width & !1, height: height & !1 })
    }

    /// The width in pixels.
    #[must_use]
    pub const fn width(self) -> u32 {
        self.width
    }

    /// The height in pixels.
    #[must_use]
    pub const fn height(self) -> u32 {
        self.height
    }

    /// How many pixels that is.
    #[must_use]
    pub const fn pixels(self) -> usize {
        self.width as usize * self.height as usize
    }
}

impl fmt::Display for VideoSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// From the first to the second, in seconds; negative when the second comes first.
pub(crate) fn seconds_between(from: Instant, to: Instant) -> f64 {
    match to.checked_duration_since(from) {
        Some(after) => after.as_secs_f64(),
        None => -from.duration_since(to).as_secs_f64(),
    }
}

/// A moment on the wall clock, in microseconds since 1970. Two programs on one machine share it, so
/// it is what the test pattern and the test tone carry to measure delay from end to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallTime(pub u64);

impl WallTime {
    /// The moment at which it is called.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// How long before `later` this was; `None` when it was after it.
    #[must_use]
    pub fn until(self, later: Self) -> Option<Duration> {
        later.0.checked_sub(self.0).map(Duration::from_micros)
    }
}
