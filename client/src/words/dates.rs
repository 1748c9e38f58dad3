//! When something was, as people say it: `10:02`, `Yesterday, 10:02`, `12 March, 10:02`.
//!
//! In: two times of the system's clock. Out: words in the window's language and the system's time
//! zone. What always holds: a time that the calendar does not know is said as nothing rather than
//! wrongly; a clock that jumped back makes "yesterday" no "tomorrow" but a date.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Phrase, phrase, text};

/// The time of day: `10:02`.
#[must_use]
pub fn clock_time(then: SystemTime) -> String {
    local(then).map(time_of_day).unwrap_or_default()
}

/// The day: `Today`, `Yesterday`, `Monday`, `12 March`, `12 March 2025`.
#[must_use]
pub fn day(then: SystemTime, now: SystemTime) -> String {
    local(then).zip(local(now)).map(|(then, now)| day_of(then, now).text()).unwrap_or_default()
}

/// The day as a date, whenever it was: `12 March`, `12 March 2025`.
#[must_use]
pub fn date(then: SystemTime, now: SystemTime) -> String {
    local(then).zip(local(now)).map(|(then, now)| date_of(then, now).text()).unwrap_or_default()
}

/// The day and the time; of today the time alone.
#[must_use]
pub fn when(then: SystemTime, now: SystemTime) -> String {
    match local(then).zip(local(now)) {
        Some((then, now)) if then.date() == now.date() => time_of_day(then),
        Some((then, now)) => {
            text!("day-and-time", day = day_of(then, now), time = time_of_day(then))
        }
        None => String::new(),
    }
}

fn local(time: SystemTime) -> Option<DateTime> {
    let time = Timestamp::try_from(time).ok()?;
    Some(TimeZone::system().to_datetime(time))
}

fn time_of_day(time: DateTime) -> String {
    format!("{}:{:02}", time.hour(), time.minute())
}

/// The day of `then`, seen from `now`.
fn day_of(then: DateTime, now: DateTime) -> Phrase {
    let (date, today) = (then.date(), now.date());
    let ago = today.since(date).map_or(i32::MAX, |span| span.get_days());
    match ago {
        0 => phrase!("today"),
        1 => phrase!("yesterday"),
        2..=6 => {
            let weekday = date.weekday().to_monday_one_offset().unsigned_abs();
            phrase!("weekday", number = u32::from(weekday))
        }
        _ => date_of(then, now),
    }
}

/// The date of `then`, with its year unless it is that of `now`.
fn date_of(then: DateTime, now: DateTime) -> Phrase {
    let date = then.date();
    let (day, month) =
        (u32::from(date.day().unsigned_abs()), u32::from(date.month().unsigned_abs()));
    let month = phrase!("month", number = month);
    if date.year() == now.date().year() {
        phrase!("date", day = day, month = month)
    } else {
        phrase!("date-with-year", day = day, month = month, year = date.year().to_string())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::super::Language;
    use super::*;

    fn said(then: DateTime) -> [String; 5] {
        let now = datetime(2026, 3, 12, 9, 30, 0, 0);
        Language::ALL.map(|language| day_of(then, now).in_language(language))
    }

    #[test]
    fn days_are_named_as_people_name_them() {
        let at = |year, month, day| datetime(year, month, day, 22, 5, 0, 0);
        assert_eq!(said(at(2026, 3, 12)), ["Today", "Heute", "Aujourd’hui", "Hoy", "今天"]);
        assert_eq!(said(at(2026, 3, 11)), ["Yesterday", "Gestern", "Hier", "Ayer", "昨天"]);
        assert_eq!(said(at(2026, 3, 6)), ["Friday", "Freitag", "Vendredi", "Viernes", "星期五"]);
        assert_eq!(said(at(2026, 3, 5)), ["5 March", "5. März", "5 mars", "5 de marzo", "3月5日"]);
        assert_eq!(
            said(at(2026, 1, 1)),
            ["1 January", "1. Januar", "1er janvier", "1 de enero", "1月1日"]
        );
        assert_eq!(
            said(at(2025, 12, 31)),
            [
                "31 December 2025",
                "31. Dezember 2025",
                "31 décembre 2025",
                "31 de diciembre de 2025",
                "2025年12月31日"
            ]
        );
        // The clock was set back, or the other's is ahead.
        assert_eq!(said(at(2026, 3, 13))[0], "13 March");
        assert_eq!(said(at(9999, 1, 2))[0], "2 January 9999");
    }

    #[test]
    fn the_time_of_day_stands_behind_the_day_but_for_today() {
        let now = SystemTime::now();
        assert_eq!(when(now, now), clock_time(now));
        assert_eq!(day(now, now), "Today");
        assert_eq!(
            date_of(datetime(2026, 3, 11, 0, 0, 0, 0), datetime(2026, 3, 12, 0, 0, 0, 0)).plain(),
            "11 March"
        );
        let long_ago = SystemTime::UNIX_EPOCH;
        assert!(when(long_ago, now).contains(&clock_time(long_ago)), "{}", when(long_ago, now));
        assert_eq!(time_of_day(datetime(2026, 3, 12, 9, 5, 59, 0)), "9:05");
    }
}
