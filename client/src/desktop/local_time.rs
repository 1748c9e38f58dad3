//! What time of the day it is where the person is.

use crate::settings::TimeOfDay;

/// Now, by the system's clock and time zone.
pub(super) fn now() -> TimeOfDay {
    let now = jiff::ZonedDateTime::now();
    let part = |value: i8| u16::try_from(value).unwrap_or_default();
    TimeOfDay::new(part(now.hour()), part(now.minute()))
        .unwrap_or_else(|| unreachable!("a clock shows hours below 24 and minutes below 60"))
}
