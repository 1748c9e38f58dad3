//! Times of the day, and the hours in which nothing rings. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MINUTES_AN_HOUR: u16 = 60;
const HOURS_A_DAY: u16 = 24;

/// What is no time of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a time such as 22:30")]
pub struct TimeError;

/// A time of the day by the clock on the wall; a settings file holds it as minutes since midnight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Hours from 0 to 23, minutes from 0 to 59; `None` for others.
    #[must_use]
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        let is_one = hour < HOURS_A_DAY && minute < MINUTES_AN_HOUR;
        is_one.then_some(Self(hour * MINUTES_AN_HOUR + minute))
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub fn hour(self) -> u16 {
        self.0 / MINUTES_AN_HOUR
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub fn minute(self) -> u16 {
        self.0 % MINUTES_AN_HOUR
    }

    pub(super) fn clamped(self) -> Self {
        Self(self.0.min(HOURS_A_DAY * MINUTES_AN_HOUR - 1))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let number = |text: &str| {
            let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            text.parse().ok().filter(|_| digits)
        };
        let (hour, minute) = text.trim().split_once(':').ok_or(TimeError)?;
        number(hour)
            .zip(number(minute))
            .and_then(|(hour, minute)| Self::new(hour, minute))
            .ok_or(TimeError)
    }
}

/// Hours of each day in which nothing rings, perhaps over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QuietHours {
    /// Whether there are any.
    pub on: bool,
    /// The first minute that is quiet.
    pub from: TimeOfDay,
    /// The first minute that is not; earlier than `from`: on the next day. Hours that end when
    /// they begin have no length.
    pub until: TimeOfDay,
}

impl Default for QuietHours {
    fn default() -> Self {
        let hour = |hour| TimeOfDay(hour * MINUTES_AN_HOUR);
        Self { on: false, from: hour(22), until: hour(7) }
    }
}

impl QuietHours {
    /// Whether a time of the day is within them.
    #[must_use]
    pub fn contains(&self, now: TimeOfDay) -> bool {
        let (after, before) = (now >= self.from, now < self.until);
        self.on && if self.from <= self.until { after && before } else { after || before }
    }
}
