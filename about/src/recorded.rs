//! A day of the calendar, and the line about the version. Pure, and shared with the build script,
//! which has no dependencies.

/// What stands behind a program's name in `--version`. Without `recorded` it is a development
/// build. Commit and day are `None` where they are not known.
#[must_use]
pub(crate) fn version_line(
    version: &str,
    recorded: Option<(Option<&str>, Option<&str>)>,
) -> String {
    let Some((commit, day)) = recorded else { return format!("{version} (development build)") };
    let commit = commit.unwrap_or("unknown");
    let day = day.map(|day| format!(", built {day}")).unwrap_or_default();
    format!("{version} (commit {commit}{day})")
}

/// Seconds of a day without leap seconds, as Unix time counts.
const DAY: i64 = 86_400;
/// Days from 0000-03-01, from which years begin here, to 1970-01-01.
const TO_1970: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

/// The day in UTC as `2026-11-30` (RFC 3339 full-date, proleptic Gregorian).
///
/// Years that begin in March end with the leap day, so that the day within the year alone tells the
/// month.
#[must_use]
pub(crate) fn day_of_unix_time(seconds: i64) -> String {
    let days = seconds.div_euclid(DAY) + TO_1970;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
