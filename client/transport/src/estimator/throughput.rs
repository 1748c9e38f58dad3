//! What arrives at the other end, in bits per second of the other's clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

/// Measured over this long.
const WINDOW: Duration = Duration::from_millis(500);
/// And over this long, to see soon that much less arrives.
const SHORT: Duration = Duration::from_millis(120);
/// Not before so much of it has passed.
const LEAST: Duration = Duration::from_millis(150);
/// After so long without anything the measurement restarts.
const STALE: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Throughput {
    arrivals: VecDeque<(Duration, usize)>,
    last: Option<Instant>,
}

impl Throughput {
    /// Adds an arrival on the other's clock, that we learn of now.
    pub(super) fn add(&mut self, now: Instant, at: Duration, bytes: usize) {
        if self.last.replace(now).is_some_and(|last| now.saturating_duration_since(last) > STALE) {
            self.arrivals.clear();
        }
        // Packets overtake each other; in order of arrival they are a stream again.
        let index = self
            .arrivals
            .iter()
            .rposition(|(before, _)| *before <= at)
            .map_or(0, |index| index + 1);
        self.arrivals.insert(index, (at, bytes));
        let newest = self.arrivals.back().map_or(at, |(newest, _)| *newest);
        while self
            .arrivals
            .front()
            .is_some_and(|(oldest, _)| newest.saturating_sub(*oldest) > WINDOW)
        {
            self.arrivals.pop_front();
        }
    }

    /// The rate, once it can be told.
    pub(super) fn rate(&self, now: Instant) -> Option<Bitrate> {
        if self.last.is_none_or(|last| now.saturating_duration_since(last) > STALE) {
            return None;
        }
        self.over(WINDOW, LEAST)
    }

    /// The rate of late; on a link that became narrow it is the lower one.
    pub(super) fn lately(&self, now: Instant) -> Option<Bitrate> {
        let whole = self.rate(now)?;
        Some(self.over(SHORT, SHORT * 3 / 4).map_or(whole, |short| short.min(whole)))
    }

    fn over(&self, window: Duration, least: Duration) -> Option<Bitrate> {
        let newest = self.arrivals.back()?.0;
        let from = newest.saturating_sub(window);
        let mut within = self.arrivals.iter().skip_while(|(at, _)| *at < from);
        // The first packet opens the span; its own bytes came before it.
        let first = within.next()?.0;
        let span = newest.saturating_sub(first);
        if span < least {
            return None;
        }
        let bytes: usize = within.map(|(_, bytes)| *bytes).sum();
        Some(Bitrate::from_bps((bytes as f64 * 8.0 / span.as_secs_f64()) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_has_its_rate() {
        let start = Instant::now();
        let mut throughput = Throughput::default();
        assert_eq!(throughput.rate(start), None);
        for n in 0..200u32 {
            throughput.add(start, n * Duration::from_millis(10), 1250);
        }
        assert_eq!(throughput.rate(start), Some(Bitrate::from_kbps(1000)));
        assert!(throughput.arrivals.len() < 60);
    }

    #[test]
    fn a_stream_whose_packets_overtake_each_other_has_its_rate_too() {
        let start = Instant::now();
        let mut throughput = Throughput::default();
        for n in 0..200u32 {
            throughput.add(start, (n ^ 3) * Duration::from_millis(10), 1250);
        }
        let rate = throughput.rate(start).expect("a rate");
        assert!(rate.bps().abs_diff(1_000_000) < 50_000, "{rate}");
    }

    #[test]
    fn a_stream_that_became_slow_shows_it_soon() {
        let start = Instant::now();
        let mut throughput = Throughput::default();
        for n in 0..100u32 {
            throughput.add(start, n * Duration::from_millis(4), 1250);
        }
        for n in 0..10u32 {
            throughput.add(start, Duration::from_millis(400) + n * Duration::from_millis(25), 1250);
        }
        assert!(throughput.lately(start) < Some(Bitrate::from_kbps(450)));
        assert!(throughput.rate(start) > Some(Bitrate::from_kbps(1000)));
    }

    #[test]
    fn what_was_before_a_silence_does_not_count() {
        let start = Instant::now();
        let mut throughput = Throughput::default();
        for n in 0..100u32 {
            throughput.add(start, n * Duration::from_millis(4), 1250);
        }
        assert_eq!(throughput.rate(start + 2 * STALE), None);
        throughput.add(start + 2 * STALE, Duration::from_secs(3), 1250);
        assert_eq!(throughput.arrivals.len(), 1);
    }
}
