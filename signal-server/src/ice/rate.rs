//! So much in a time and no more: the generic cell rate algorithm, alone and for a crowd of
//! strangers.
//!
//! What one sender has used up is a single number, so a limit costs eight bytes. [`Crowd`] has a
//! fixed number of them: however many addresses come, it never grows. Two that fall on one number
//! share it, and nobody can choose to share another's, since the place is found with a secret hash.

use std::hash::{BuildHasher, Hash, RandomState};
use std::time::{Duration, Instant};

/// Enough that few share a place: 128 KiB.
const PLACES: usize = 16 * 1024;

/// How much in which time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    nanos_each: u64,
    tolerance_nanos: u64,
}

/// How far ahead of its time a sender is, on the clock of [`Clock`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Level(u64);

/// Counts from the start of whoever limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn starting(now: Instant) -> Self {
        Self(now)
    }

    fn nanos(self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.0).as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Rate {
    /// So many a second, and after silence as many at once as `burst` brings.
    pub(crate) fn per_second(count: u64, burst: Duration) -> Self {
        Self {
            nanos_each: (1_000_000_000 / count.max(1)).max(1),
            tolerance_nanos: u64::try_from(burst.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    /// Whether there is room for `count` more; if so, they are counted.
    pub(crate) fn take(&self, level: &mut Level, count: u64, clock: Clock, now: Instant) -> bool {
        let now = clock.nanos(now);
        let after = level.0.max(now).saturating_add(self.nanos_each.saturating_mul(count));
        let room = after <= now.saturating_add(self.tolerance_nanos);
        if room {
            level.0 = after;
        }
        room
    }
}

/// A limit for each of any number of senders, in a fixed space.
#[derive(Debug)]
pub(crate) struct Crowd {
    rate: Rate,
    clock: Clock,
    hasher: RandomState,
    places: Box<[Level]>,
}

impl Crowd {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        let places = vec![Level::default(); PLACES].into_boxed_slice();
        Self { rate, clock: Clock::starting(now), hasher: RandomState::new(), places }
    }

    /// Whether this sender may go on.
    pub(crate) fn take(&mut self, sender: impl Hash, now: Instant) -> bool {
        // The remainder is below the number of places.
        #[expect(clippy::cast_possible_truncation, reason = "any bits of the hash are as good")]
        let place = self.hasher.hash_one(sender) as usize % PLACES;
        self.places.get_mut(place).is_some_and(|level| self.rate.take(level, 1, self.clock, now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let start = Instant::now();
        let mut crowd = Crowd::new(Rate::per_second(10, Duration::from_secs(2)), start);
        let passed = |crowd: &mut Crowd, at| (0..100).filter(|_| crowd.take("a", at)).count();
        assert_eq!(passed(&mut crowd, start), 20);
        assert_eq!(passed(&mut crowd, start), 0);
        assert_eq!(passed(&mut crowd, start + Duration::from_millis(500)), 5);
        assert_eq!(
            passed(&mut crowd, start + Duration::from_secs(60)),
            20,
            "silence saves up no more than the burst"
        );
        assert_eq!(passed(&mut crowd, start), 0, "a clock that goes back gives nothing away");
    }

    #[test]
    fn one_who_is_silenced_silences_few_others() {
        let start = Instant::now();
        let mut crowd = Crowd::new(Rate::per_second(1, Duration::from_secs(1)), start);
        for sender in 0..100 {
            crowd.take(sender, start);
        }
        let silenced = (1000..11_000).filter(|sender| !crowd.take(sender, start)).count();
        // 100 and then up to 10,000 places of 16,384 are taken: about a quarter meet somebody.
        assert!(silenced < 4_000, "{silenced}");
    }

    proptest! {
        #[test]
        fn no_more_than_burst_and_rate_ever_passes(
            steps in prop::collection::vec((0_u64..50_000_000, 1_u64..2_000), 1..200), rate in 1_u64..1_000_000,
        ) {
            let start = Instant::now();
            let (limit, clock) = (Rate::per_second(rate, Duration::from_millis(500)), Clock::starting(start));
            let (mut level, mut passed, mut at) = (Level::default(), 0, start);
            for (pause, count) in steps {
                at += Duration::from_nanos(pause);
                if limit.take(&mut level, count, clock, at) {
                    passed += count;
                }
            }
            let seconds = (at - start).as_secs_f64() + 0.5;
            // A rate is rounded to whole nanoseconds for each.
            let rounded = 1e9 / (1_000_000_000 / rate) as f64;
            prop_assert!(passed as f64 <= rounded * seconds + 1.0, "{passed} in {seconds} s");
        }
    }
}
