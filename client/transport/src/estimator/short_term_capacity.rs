//! Short-term capacity: how fast a burst gets through. The pacer may send a video frame that fast
//! without building a queue.
//!
//! A train of packets that leaves together is spread by the narrowest link of the path; what
//! arrives as close together as it left was not (packet-train dispersion). So the rate is tried
//! upwards as long as trains arrive as they left, and falls to what a train shows when they don't.
//! In go packets that arrived, a rate comes out. Pure: time is an argument.

use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

/// Packets that left no further apart than this form a train.
const GAP: Duration = Duration::from_millis(3);
/// Fewer packets tell nothing.
const LEAST_PACKETS: u32 = 4;
/// Times of arrival come in units of a quarter of a millisecond, and schedulers add to it.
const TOLERANCE: f64 = 0.001;
const START: Bitrate = Bitrate::from_kbps(4_000);
const MAX: f64 = 200e6;

#[derive(Debug)]
struct Train {
    first_sent: Instant,
    last_sent: Instant,
    first_arrival: Duration,
    last_arrival: Duration,
    packets: u32,
    /// Without the first, which opens the span.
    bytes: usize,
}

/// The short-term capacity, as far as trains have shown it.
#[derive(Debug)]
pub(super) struct ShortTermCapacity {
    rate: f64,
    train: Option<Train>,
}

impl Default for ShortTermCapacity {
    fn default() -> Self {
        Self { rate: START.bps() as f64, train: None }
    }
}

impl ShortTermCapacity {
    /// Adds a packet that arrived. They come in the order in which they left.
    pub(super) fn add(&mut self, sent: Instant, arrival: Duration, bytes: usize) {
        if let Some(train) = &mut self.train
            && sent.saturating_duration_since(train.last_sent) <= GAP
        {
            train.last_sent = train.last_sent.max(sent);
            train.last_arrival = train.last_arrival.max(arrival);
            train.first_arrival = train.first_arrival.min(arrival);
            train.packets += 1;
            train.bytes += bytes;
            return;
        }
        let next = Train {
            first_sent: sent,
            last_sent: sent,
            first_arrival: arrival,
            last_arrival: arrival,
            packets: 1,
            bytes: 0,
        };
        if let Some(train) = self.train.replace(next)
            && train.packets >= LEAST_PACKETS
        {
            self.learn(&train);
        }
    }

    /// The rate at which a burst gets through.
    pub(super) fn rate(&self) -> Bitrate {
        Bitrate::from_bps(self.rate as u64)
    }

    fn learn(&mut self, train: &Train) {
        let left = train.last_sent.duration_since(train.first_sent).as_secs_f64();
        let arrived = train.last_arrival.saturating_sub(train.first_arrival).as_secs_f64();
        let bits = train.bytes as f64 * 8.0;
        if arrived <= left + TOLERANCE {
            // It got through as it left, at least at the speed at which it left.
            let shown = bits / left.max(TOLERANCE);
            self.rate = self.rate.max((self.rate * 1.25).min(shown * 1.5)).min(MAX);
        } else {
            let shown = bits / arrived;
            self.rate += (shown - self.rate) * if shown < self.rate { 0.4 } else { 0.1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Video frames of 10 packets, sent at the rate so far over a link of `link`; the rate after a
    /// second of them.
    fn after_a_second_over(link: Bitrate) -> Bitrate {
        let start = Instant::now();
        let mut capacity = ShortTermCapacity::default();
        for frame in 0..30u32 {
            let pace = capacity.rate().time_for(1200);
            let spread = pace.max(link.time_for(1200));
            let begin = frame * Duration::from_millis(33);
            for n in 0..10 {
                capacity.add(start + begin + n * pace, begin + n * spread, 1200);
            }
        }
        capacity.rate()
    }

    #[test]
    fn a_fast_link_lets_bursts_through() {
        assert!(after_a_second_over(Bitrate::from_kbps(1_000_000)) > Bitrate::from_kbps(40_000));
    }

    #[test]
    fn a_slow_link_shows_in_the_spread_of_its_trains() {
        let rate = after_a_second_over(Bitrate::from_kbps(2_000));
        assert!(rate < Bitrate::from_kbps(4_000), "{rate}");
    }
}
