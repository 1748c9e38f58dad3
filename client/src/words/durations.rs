//! Durations: as a clock shows them, and in words. Pure but for the language of the window.

use std::time::Duration;

use super::{phrase, text};

/// A duration as a clock shows it: `3:07`, `1:02:03`. The same in every language.
#[must_use]
pub fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A duration in words: `2 minutes and 1 second`.
#[must_use]
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let parts = [
        (hours > 0).then(|| phrase!("hours", count = hours)),
        (minutes > 0).then(|| phrase!("minutes", count = minutes)),
        (seconds > 0).then(|| phrase!("seconds", count = seconds)),
    ];
    let mut parts = parts.into_iter().flatten();
    match (parts.next(), parts.next()) {
        (None, _) => text!("less-than-a-second"),
        (Some(one), None) => one.text(),
        // With hours, the seconds no longer matter.
        (Some(first), Some(second)) => text!("two-durations", first = first, second = second),
    }
}
