//! A moment in the calendar, as the protocol writes it.
//!
//! In: a time of the system, or a text of RFC 3339 §5.6 in any time zone. Out: a [`Timestamp`],
//! written in UTC to the second (`2026-11-29T10:02:00Z`). What always holds: it lies between the
//! years 1970 and 9999, so that it can be written, and what is written is read as the same.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

/// A moment to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(u64);

/// A text that is no time, or one outside the years 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no time such as 2026-11-29T10:02:00Z")]
pub struct TimestampError;

impl Timestamp {
    /// So many seconds after the beginning of 1970, but in the year 9999 at the latest.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds.min(LAST))
    }

    /// The seconds since the beginning of 1970.
    #[must_use]
    pub fn unix_seconds(self) -> u64 {
        self.0
    }

    /// So much earlier, but not before 1970.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.as_secs()))
    }

    /// How long after an earlier moment this is; nothing when that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

/// Cut to the second; a clock that is set to before 1970 says 1970.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::from_unix_seconds(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }
}

impl From<Timestamp> for SystemTime {
    fn from(Timestamp(seconds): Timestamp) -> Self {
        UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimestampError)?;
        let seconds = u64::try_from(time.unix_timestamp()).map_err(|_| TimestampError)?;
        // West of Greenwich the last day of 9999 ends in the year 10000.
        if seconds > LAST { Err(TimestampError) } else { Ok(Self(seconds)) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0).map_err(|_| fmt::Error)?;
        let time = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| fmt::Error)?;
        f.pad(&time.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_to_the_second() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_946_520, "2026-11-29T10:02:00Z"),
            (LAST, "9999-12-31T23:59:59Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp::from_unix_seconds(seconds).to_string(), text);
        }
    }

    #[test]
    fn a_moment_is_read_in_any_time_zone_and_cut_to_the_second() {
        for text in [
            "2026-11-29T10:02:00Z",
            "2026-11-29T10:02:00.999Z",
            "2026-11-29t10:02:00z",
            "2026-11-29T11:02:00+01:00",
            "2026-11-29T04:32:00-05:30",
        ] {
            assert_eq!(text.parse(), Ok(Timestamp::from_unix_seconds(1_795_946_520)), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "now",
            "2026-11-29",
            "2026-11-29T10:02Z",
            "2026-11-29T10:02:00",
            "2026-02-30T10:02:00Z",
            "2026-11-29T25:02:00Z",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-01:00",
            "+12026-11-29T10:02:00Z",
            "1795946520",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
    }

    #[test]
    fn clocks_that_are_wrong_have_a_moment_too() {
        let before = UNIX_EPOCH - Duration::from_secs(9);
        assert_eq!(Timestamp::from(before).unix_seconds(), 0);
        let moment = Timestamp::from_unix_seconds(90);
        assert_eq!(Timestamp::from(SystemTime::from(moment)), moment);
        assert_eq!(moment.before(Duration::from_secs(100)).unix_seconds(), 0);
        assert_eq!(moment.since(Timestamp::from_unix_seconds(100)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(seconds in 0..=LAST) {
            let moment = Timestamp::from_unix_seconds(seconds);
            prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        }

        #[test]
        fn no_text_is_too_strange(text in "[0-9TZ:+. -]{0,30}|.*") {
            if let Ok(moment) = text.parse::<Timestamp>() {
                prop_assert_eq!(moment.to_string().len(), "2026-11-29T10:02:00Z".len());
            }
        }
    }
}
