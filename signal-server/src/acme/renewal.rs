//! When a certificate is asked for: pure, with the time as an argument.
//!
//! In: from when to when the certificate is valid, what went wrong so far, and the time. Out: how
//! long to wait. What always holds: a certificate is renewed when two thirds of its life are over;
//! after a failure there is a wait that grows to half a day, and is never shorter than what the
//! authority asked for, however near the end of the certificate is: it would only count the
//! attempts and refuse the next for longer.

use std::time::Duration;

use visavis_shared::Timestamp;

/// The wait after the first failure. Three times as long after each further one, so that no more
/// than five fail within the first hour, after which Let's Encrypt refuses to try.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(12 * 60 * 60);
const GROWTH: u32 = 3;
/// What an authority may ask for at most.
const LONGEST_ASKED: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// By how much a clock may differ before that is said.
const CLOCKS_AGREE: Duration = Duration::from_secs(5 * 60);

/// From when to when a certificate is valid, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

/// How a time lies to a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// It is not valid yet: the certificate comes from the future, or the clock is slow.
    Early,
    Valid,
    /// It is valid, and time to renew it.
    Due,
    Over,
}

impl Validity {
    pub(crate) fn age(self, now: Timestamp) -> Age {
        if now.since(self.not_after) > Duration::ZERO {
            Age::Over
        } else if self.not_before.since(now) > CLOCKS_AGREE {
            Age::Early
        } else if self.until_due(now) == Duration::ZERO {
            Age::Due
        } else {
            Age::Valid
        }
    }

    /// How long until it is to be renewed.
    pub(super) fn until_due(self, now: Timestamp) -> Duration {
        let life = self.not_after.since(self.not_before);
        let due = self.not_after.before(life / 3);
        due.since(now)
    }
}

/// The attempts that failed one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Failures(u32);

impl Failures {
    /// One more; how long to wait before the next attempt. `share` is random, from 0 to 1, so that
    /// not all servers come back in the same moment.
    pub(super) fn another(&mut self, asked: Option<Duration>, share: f64) -> Duration {
        let wait = FIRST_WAIT.saturating_mul(GROWTH.saturating_pow(self.0)).min(LONGEST_WAIT);
        self.0 = self.0.saturating_add(1);
        let wait = wait.max(asked.unwrap_or_default().min(LONGEST_ASKED));
        wait + wait.mul_f64(share.clamp(0.0, 1.0) / 10.0)
    }
}

/// By how much the clock of this machine differs from that of another, if that is too much.
pub(crate) fn clock_error(here: Timestamp, there: Timestamp) -> Option<Duration> {
    let error = here.since(there).max(there.since(here));
    (error > CLOCKS_AGREE).then_some(error)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn at(days: u64) -> Timestamp {
        Timestamp::from_unix_seconds(days * DAY)
    }

    #[test]
    fn a_certificate_is_renewed_when_two_thirds_of_its_life_are_over() {
        let ninety = Validity { not_before: at(100), not_after: at(190) };
        assert_eq!(ninety.until_due(at(100)), Duration::from_secs(60 * DAY));
        assert_eq!(ninety.until_due(at(159)), Duration::from_secs(DAY));
        for (day, age) in [
            (99, Age::Early),
            (100, Age::Valid),
            (159, Age::Valid),
            (160, Age::Due),
            (190, Age::Due),
            (191, Age::Over),
        ] {
            assert_eq!(ninety.age(at(day)), age, "{day}");
        }
        let six = Validity { not_before: at(100), not_after: at(106) };
        assert_eq!(six.until_due(at(100)), Duration::from_secs(4 * DAY));
        // An authority dates certificates back a little, and clocks differ a little.
        let now = Timestamp::from_unix_seconds(100 * DAY - 60);
        assert_eq!(six.age(now), Age::Valid);
    }

    #[test]
    fn waits_grow_and_five_attempts_at_most_fail_in_the_first_hour() {
        let mut failures = Failures::default();
        let minutes: Vec<_> = (0..8).map(|_| failures.another(None, 0.0).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 3, 9, 27, 81, 243, 720, 720]);
        let first_hour = [0, 1, 4, 13, 40, 121].iter().filter(|minute| **minute < 60).count();
        assert_eq!(first_hour, 5);
    }

    #[test]
    fn an_authority_that_asks_for_patience_gets_it_within_reason() {
        let hour = Duration::from_secs(3600);
        assert_eq!(Failures::default().another(Some(hour), 0.0), hour);
        assert_eq!(Failures::default().another(Some(hour), 1.0), hour + hour / 10);
        let asked = Some(Duration::MAX);
        assert_eq!(Failures::default().another(asked, 0.0), LONGEST_ASKED);
    }

    #[test]
    fn a_clock_that_is_minutes_off_is_noticed() {
        let second = Timestamp::from_unix_seconds;
        assert_eq!(clock_error(second(1_000), second(1_300)), None);
        assert_eq!(clock_error(second(1_000), second(1_301)), Some(Duration::from_secs(301)));
        assert_eq!(clock_error(second(9_000), second(1_000)), Some(Duration::from_secs(8_000)));
    }

    proptest! {
        #[test]
        fn no_times_panic_and_none_is_due_before_its_time(
            before in any::<u64>(), after in any::<u64>(), now in any::<u64>(),
            failed in 0_u32..100, asked in any::<u64>(), share in any::<f64>(),
        ) {
            let second = Timestamp::from_unix_seconds;
            let validity = Validity { not_before: second(before), not_after: second(after) };
            if validity.age(second(now)) == Age::Valid {
                prop_assert!(validity.until_due(second(now)) > Duration::ZERO);
            }
            let mut failures = Failures(failed);
            let wait = failures.another(Some(Duration::from_secs(asked)), share);
            prop_assert!(wait >= FIRST_WAIT);
            prop_assert!(wait <= LONGEST_ASKED + LONGEST_ASKED / 10);
        }
    }
}
