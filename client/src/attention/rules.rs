//! When one may be disturbed by a call. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MINUTES_AN_HOUR: u16 = 60;
const HOURS_A_DAY: u16 = 24;

/// What is no time of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a time such as 22:30")]
pub struct TimeError;

/// A time of the day where the person is, to the minute; a settings file holds it as `"22:30"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    /// Since midnight.
    minutes: u16,
}

impl TimeOfDay {
    /// Hours from 0 to 23, minutes from 0 to 59; `None` for others.
    #[must_use]
    pub fn new(hour: u32, minute: u32) -> Option<Self> {
        let hour = u16::try_from(hour).ok().filter(|hour| *hour < HOURS_A_DAY)?;
        let minute = u16::try_from(minute).ok().filter(|minute| *minute < MINUTES_AN_HOUR)?;
        Some(Self { minutes: hour * MINUTES_AN_HOUR + minute })
    }

    /// From 0 to 23.
    #[must_use]
    pub fn hour(self) -> u16 {
        self.minutes / MINUTES_AN_HOUR
    }

    /// From 0 to 59.
    #[must_use]
    pub fn minute(self) -> u16 {
        self.minutes % MINUTES_AN_HOUR
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

impl TryFrom<String> for TimeOfDay {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

/// A part of each day, perhaps over midnight. One that begins when it ends has no length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// The first minute that is quiet.
    pub from: TimeOfDay,
    /// The first minute that is not.
    pub until: TimeOfDay,
}

impl QuietHours {
    /// Whether it is quiet at this time.
    #[must_use]
    pub fn contain(&self, time: TimeOfDay) -> bool {
        if self.from <= self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        }
    }
}

/// What the person has decided about being called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Rules {
    /// Calls neither ring nor show anything outside the window until this is switched off.
    pub do_not_disturb: bool,
    /// The same at these hours.
    pub quiet_hours: Option<QuietHours>,
    /// Whether the desktop shows notifications of calls.
    pub notifications: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { do_not_disturb: false, quiet_hours: None, notifications: true }
    }
}

impl Rules {
    /// Whether a call may disturb at this time of the day.
    #[must_use]
    pub fn allow_disturbing(&self, now: TimeOfDay) -> bool {
        !self.do_not_disturb && !self.quiet_hours.is_some_and(|hours| hours.contain(now))
    }
}
