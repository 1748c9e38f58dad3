//! How fast files are sent: a token bucket.
//!
//! In: the bitrate that files may use, how much was sent, and the time. Out: how much may be sent
//! now, or when again. What always holds: over any time, no more is sent than the bitrate allows
//! and a burst of 100 ms. Pure.

use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

/// So much may be sent at once after a rest.
pub(crate) const BURST: Duration = Duration::from_millis(100);
/// Less than this is not worth a message; a message may be owed once.
const LEAST: f64 = 1024.0;

/// See the module.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: Bitrate,
    tokens: f64,
    at: Instant,
}

impl Pace {
    /// Nothing was sent yet.
    #[must_use]
    pub(crate) fn new(rate: Bitrate, now: Instant) -> Self {
        Self { rate, tokens: 0.0, at: now }
    }

    /// The bitrate is another from now on.
    pub(crate) fn set_rate(&mut self, rate: Bitrate, now: Instant) {
        self.refill(now);
        self.rate = rate;
        self.tokens = self.tokens.min(self.burst());
    }

    /// How many bytes may be sent now; `None` for too few.
    pub(crate) fn budget(&mut self, now: Instant) -> Option<usize> {
        self.refill(now);
        (self.tokens >= LEAST.min(self.burst()) && self.tokens >= 1.0)
            .then_some(self.tokens as usize)
    }

    /// So much was sent. What went without being asked for is owed.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.tokens -= bytes as f64;
    }

    /// When there is a budget again; never at a rate of zero.
    #[must_use]
    pub(crate) fn next(&self) -> Option<Instant> {
        let wanted = LEAST.min(self.burst()).max(1.0) - self.tokens;
        (self.rate.bps() > 0).then(|| {
            let seconds = wanted.max(0.0) * 8.0 / self.rate.bps() as f64;
            // A little late rather than a little early, which would be asked twice.
            let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3600));
            self.at + wait + Duration::from_micros(50)
        })
    }

    fn burst(&self) -> f64 {
        self.rate.bytes_in(BURST) as f64
    }

    fn refill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.rate.bps() as f64;
        self.tokens = (self.tokens + gained / 8.0).min(self.burst());
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn at_zero_nothing_goes_and_it_goes_on_when_there_is_a_rate() {
        let start = Instant::now();
        let mut pace = Pace::new(Bitrate::from_bps(0), start);
        let later = start + Duration::from_secs(60);
        assert_eq!((pace.budget(later), pace.next()), (None, None));
        pace.set_rate(Bitrate::from_kbps(800), later);
        let next = pace.next().expect("a time");
        assert!(next > later && next < later + Duration::from_millis(15));
        assert_eq!(pace.budget(later + Duration::from_millis(20)), Some(2_000));
    }

    proptest! {
        #[test]
        fn no_more_goes_than_the_rate_and_one_burst(
            kbps in 8..1_000_000_u64,
            waits in prop::collection::vec(0..200_000_u64, 1..200),
        ) {
            let start = Instant::now();
            let rate = Bitrate::from_kbps(kbps);
            let (mut pace, mut now, mut sent) = (Pace::new(rate, start), start, 0);
            for wait in waits {
                now += Duration::from_micros(wait);
                if let Some(budget) = pace.budget(now) {
                    pace.sent(budget);
                    sent += budget as u64;
                } else {
                    // The promise is kept: then there is something.
                    let next = pace.next().expect("a time");
                    let mut then = Pace { rate, tokens: pace.tokens, at: pace.at };
                    prop_assert!(then.budget(next).is_some());
                }
                prop_assert!(sent <= rate.bytes_in(now - start) + rate.bytes_in(BURST) + 1);
            }
        }
    }
}
