//! How often something may happen: a few times at once, and then now and then (a token bucket).
//! Pure: time is an argument.

use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    most: u32,
    one_in: Duration,
    left: u32,
    counted: Option<Instant>,
}

impl Budget {
    /// `most` times at once, and then one time in `one_in`, which is not zero.
    pub(crate) fn new(most: u32, one_in: Duration) -> Self {
        Self { most, one_in, left: most, counted: None }
    }

    /// Whether it may happen now.
    pub(crate) fn has_left(&mut self, now: Instant) -> bool {
        let counted = *self.counted.get_or_insert(now);
        let elapsed = now.saturating_duration_since(counted).as_nanos();
        let earned = elapsed.checked_div(self.one_in.as_nanos()).unwrap_or_default();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        if self.left.saturating_add(earned) >= self.most {
            self.left = self.most;
            self.counted = Some(now);
        } else if earned > 0 {
            self.left += earned;
            self.counted = Some(counted + self.one_in * earned);
        }
        self.left > 0
    }

    /// Whether it may happen now; if so, it counts.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.take_many(1, now)
    }

    /// Whether it may happen so often now; if so, it counts.
    pub(crate) fn take_many(&mut self, times: u32, now: Instant) -> bool {
        let left = self.has_left(now).then(|| self.left.checked_sub(times)).flatten();
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_is_followed_by_one_in_a_while() {
        let (mut budget, start) = (Budget::new(3, SECOND), Instant::now());
        assert_eq!((0..10).filter(|_| budget.take(start)).count(), 3);
        assert!(!budget.has_left(start + SECOND / 2));
        assert!(budget.take(start + SECOND) && !budget.take(start + SECOND));
        assert!(budget.take(start + SECOND * 2));
        assert_eq!((0..10).filter(|_| budget.take(start + SECOND * 600)).count(), 3);
        assert!(!budget.take_many(4, start + SECOND * 900));
        assert!(budget.take_many(3, start + SECOND * 900) && !budget.take(start + SECOND * 900));
    }

    proptest! {
        #[test]
        fn it_never_exceeds_what_time_has_earned(
            waits in prop::collection::vec(0u64..3000, 0..500), most in 1u32..20
        ) {
            let (mut budget, start) = (Budget::new(most, SECOND), Instant::now());
            let mut now = start;
            let mut taken = 0;
            for wait in waits {
                now += Duration::from_millis(wait);
                taken += u32::from(budget.take(now));
                let earned = now.duration_since(start).as_secs() as u32;
                prop_assert!(taken <= most + earned);
            }
        }
    }
}
