//! What the window takes for now: the system's clocks, or for pictures of it a moment that stays.
//!
//! What always holds: a moment that stays does so for its thread alone, so that tests that share a
//! process don't disturb each other.

use std::cell::Cell;
use std::time::{Instant, SystemTime};

thread_local! {
    static STILL: Cell<Option<(Instant, SystemTime)>> = const { Cell::new(None) };
}

/// The moment, to measure what has passed since another.
pub(super) fn now() -> Instant {
    STILL.get().map_or_else(Instant::now, |(now, _)| now)
}

/// The date and the time of the day.
pub(super) fn today() -> SystemTime {
    STILL.get().map_or_else(SystemTime::now, |(_, today)| today)
}

/// Lets the windows of this thread take a moment for now, or again what the system says: for
/// pictures, which have to be the same each time.
pub fn stand_still(at: Option<(Instant, SystemTime)>) {
    STILL.set(at);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_moment_stays_for_one_thread_and_until_it_is_taken_back() {
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
        let moment = Instant::now();
        stand_still(Some((moment, past)));
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!((now(), today()), (moment, past));
        let elsewhere = std::thread::Builder::new().spawn(|| (now(), today()));
        let elsewhere = elsewhere.expect("a thread").join().expect("it ends");
        assert!(elsewhere.0 > moment && elsewhere.1 > past);
        stand_still(None);
        assert!(now() > moment && today() > past);
    }
}
