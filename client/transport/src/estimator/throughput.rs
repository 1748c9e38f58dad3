//! What arrives at the other end, in bits per second of the other's clock.

use std::collections::VecDeque;
use std::time::Duration;

use visavis_media::units::Bitrate;

/// Measured over this long.
const WINDOW: Duration = Duration::from_millis(500);
/// Not before so much of it has passed.
const LEAST: Duration = Duration::from_millis(200);

/// Throughput over a sliding window.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    arrivals: VecDeque<(Duration, usize)>,
    bytes: usize,
}

impl Throughput {
    /// Adds an arrival.
    pub(super) fn add(&mut self, at: Duration, bytes: usize) {
        self.arrivals.push_back((at, bytes));
        self.bytes += bytes;
        let newest = self.arrivals.iter().rev().take(32).map(|(at, _)| *at).max().unwrap_or(at);
        while let Some(&(oldest, bytes)) = self.arrivals.front()
            && newest.saturating_sub(oldest) > WINDOW
        {
            self.arrivals.pop_front();
            self.bytes -= bytes;
        }
    }

    /// The rate, once it can be told.
    pub(super) fn rate(&self) -> Option<Bitrate> {
        let (first, first_bytes) = *self.arrivals.front()?;
        let span = self.arrivals.back()?.0.saturating_sub(first);
        if span < LEAST {
            return None;
        }
        // The first packet opens the span; its own bytes came before it.
        let bits = (self.bytes - first_bytes) as f64 * 8.0;
        Some(Bitrate::from_bps((bits / span.as_secs_f64()) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_has_its_rate() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.rate(), None);
        for n in 0..200u32 {
            throughput.add(n * Duration::from_millis(10), 1250);
        }
        assert_eq!(throughput.rate(), Some(Bitrate::from_kbps(1000)));
        assert!(throughput.arrivals.len() < 60);
    }
}
