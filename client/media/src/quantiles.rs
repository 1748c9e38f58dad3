//! p50, p95 and p99 of a stream of durations.
//!
//! In goes one duration after the other, out come quantiles at any time. What always holds: memory
//! is 4 KiB. It is a histogram whose buckets grow with the value: 32 to each doubling, so that a
//! quantile is within about 2% of the exact one, from 1 µs to more than an hour. Anything longer
//! counts as the longest.

use std::time::Duration;

/// Buckets to each doubling, as a power of two.
const PRECISION_BITS: u32 = 5;
/// Buckets to each doubling.
const PER_DOUBLING: usize = 1 << PRECISION_BITS;
/// Values from 2^32 µs (71 minutes) up share the last bucket.
const MAX_BITS: u32 = 32;
/// The first two ranges are exact; each doubling after them has its buckets.
const BUCKETS: usize = (MAX_BITS - PRECISION_BITS + 1) as usize * PER_DOUBLING;

/// How long something took, over all that was measured, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DelaySummary {
    /// Half took no longer.
    pub p50: f64,
    /// One in twenty took longer.
    pub p95: f64,
    /// One in a hundred took longer.
    pub p99: f64,
    /// How many were measured.
    pub n: u64,
}

/// Collects durations and answers quantiles.
#[derive(Debug, Clone)]
pub struct Quantiles {
    counts: Box<[u32]>,
    total: u64,
}

impl Default for Quantiles {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS].into_boxed_slice(), total: 0 }
    }
}

impl Quantiles {
    /// Counts one duration.
    pub fn record(&mut self, value: Duration) {
        let micros = u64::try_from(value.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket_of(micros)) {
            *count = count.saturating_add(1);
            self.total += 1;
        }
    }

    /// How many were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The value that a share `q` (0 to 1) of all values does not exceed; `None` when nothing was
    /// recorded.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        if self.total == 0 {
            return None;
        }
        let rank = ((self.total as f64 * q.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Some(Duration::from_micros(middle_of(bucket)));
            }
        }
        None
    }

    /// What reports have of it; `None` when nothing was recorded.
    #[must_use]
    pub fn summary(&self) -> Option<DelaySummary> {
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|q| self.quantile_ms(q));
        Some(DelaySummary { p50: p50?, p95: p95?, p99: p99?, n: self.total })
    }

    /// [`Self::quantile`] in milliseconds, as reports have it.
    #[must_use]
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        self.quantile(q).map(|value| value.as_secs_f64() * 1000.0)
    }
}

fn bucket_of(micros: u64) -> usize {
    let micros = micros.min((1 << MAX_BITS) - 1);
    let bits = u64::BITS - micros.leading_zeros();
    if bits <= PRECISION_BITS {
        return micros as usize;
    }
    let shift = bits - PRECISION_BITS - 1;
    // The leading bit is always set, so what remains runs from PER_DOUBLING to 2 * PER_DOUBLING -
    // 1.
    shift as usize * PER_DOUBLING + (micros >> shift) as usize
}

fn middle_of(bucket: usize) -> u64 {
    if bucket < 2 * PER_DOUBLING {
        return bucket as u64;
    }
    let shift = bucket / PER_DOUBLING - 1;
    let start = ((bucket - shift * PER_DOUBLING) as u64) << shift;
    start + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_ramp_are_within_two_percent() {
        let mut quantiles = Quantiles::default();
        for micros in 1..=100_000 {
            quantiles.record(Duration::from_micros(micros));
        }
        for (q, expected) in [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0)] {
            let got = quantiles.quantile_ms(q).expect("values were recorded");
            assert!((got - expected).abs() / expected < 0.02, "p{q}: {got} instead of {expected}");
        }
        assert_eq!(quantiles.count(), 100_000);
    }

    #[test]
    fn every_bucket_holds_its_own_middle() {
        for bucket in 0..BUCKETS {
            assert_eq!(bucket_of(middle_of(bucket)), bucket);
        }
    }

    #[test]
    fn nothing_recorded_has_no_quantile() {
        assert_eq!(Quantiles::default().quantile(0.5), None);
    }

    #[test]
    fn the_longest_duration_is_counted_and_not_lost() {
        let mut quantiles = Quantiles::default();
        quantiles.record(Duration::MAX);
        quantiles.record(Duration::ZERO);
        assert_eq!(quantiles.quantile(0.5), Some(Duration::ZERO));
        assert!(quantiles.quantile(1.0).expect("recorded") > Duration::from_secs(4000));
    }
}
