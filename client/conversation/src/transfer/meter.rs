//! How fast a transfer goes and how long it still takes.
//!
//! In: how many bytes are done, and the time. Out: bytes a second, smoothed over about two seconds,
//! and the time that is left. Pure.

use std::time::{Duration, Instant};

/// How often the speed is measured.
const STEP: Duration = Duration::from_millis(250);
/// Over how long it is smoothed.
const SMOOTHING: Duration = Duration::from_secs(2);
/// So long nothing is said of the speed.
const FIRST: Duration = Duration::from_secs(1);
/// A time that is longer than this is nothing that anybody waits for.
const LONGEST: Duration = Duration::from_secs(100 * 3600);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    since: Option<Instant>,
    last: Option<(Instant, u64)>,
    speed: Option<f64>,
}

impl Meter {
    /// It begins anew, after a pause or a cut.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    /// So many bytes are done now.
    pub(crate) fn measure(&mut self, done: u64, now: Instant) {
        self.since.get_or_insert(now);
        let (at, before) = *self.last.get_or_insert((now, done));
        let passed = now.saturating_duration_since(at);
        if passed < STEP {
            return;
        }
        let speed = done.saturating_sub(before) as f64 / passed.as_secs_f64();
        let share = 1.0 - (-passed.as_secs_f64() / SMOOTHING.as_secs_f64()).exp();
        self.speed = Some(self.speed.map_or(speed, |old| old + share * (speed - old)));
        self.last = Some((now, done));
    }

    /// Bytes a second, where that is known.
    #[must_use]
    pub(crate) fn speed(&self, now: Instant) -> Option<u64> {
        let known = self.since.is_some_and(|since| now.saturating_duration_since(since) >= FIRST);
        self.speed.filter(|_| known).map(|speed| speed as u64)
    }

    /// How long so many bytes still take, where that is known.
    #[must_use]
    pub(crate) fn left(&self, bytes: u64, now: Instant) -> Option<Duration> {
        let speed = self.speed(now).filter(|speed| *speed > 0)?;
        let left = Duration::from_secs(bytes.div_ceil(speed));
        (left <= LONGEST).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_is_smooth_and_the_time_left_follows_from_it() {
        let start = Instant::now();
        let mut meter = Meter::default();
        let mut done = 0;
        for step in 0..40 {
            let now = start + Duration::from_millis(100 * step);
            meter.measure(done, now);
            if step < 10 {
                assert_eq!(meter.speed(now), None);
            }
            done += 100_000;
        }
        let now = start + Duration::from_millis(3_900);
        let speed = meter.speed(now).expect("a speed");
        assert!((950_000..1_050_000).contains(&speed), "{speed}");
        assert_eq!(meter.left(10 * speed, now), Some(Duration::from_secs(10)));
        // It stands still: the speed falls, and does not jump.
        meter.measure(done, now + Duration::from_millis(250));
        meter.measure(done, now + Duration::from_millis(500));
        let slower = meter.speed(now + Duration::from_millis(500)).expect("a speed");
        assert!(slower < speed && slower > speed / 2, "{slower}");
        assert_eq!(Meter::default().left(1, now), None);
    }
}
