//! Queueing delay: how much longer packets take than the quickest did lately.
//!
//! A queue delays every packet, jitter delays each by another time. So the queue is what even the
//! quickest packets wait: the least delay of a few packets, or, where a verdict can wait for it,
//! the local minimum over an interval that outlasts jitter and the bursts of video frames (the
//! *standing queue* of RFC 8289 §3.2). In go packets that arrived; times come out. Pure: time is an
//! argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long the shortest one-way time is believed to be the time without queues.
const BASE_WINDOW: Duration = Duration::from_secs(10);
/// Jitter is no queue: the delay is the least of this many packets at a time, and that is smoothed.
const LEAST_OF: u32 = 4;
const SMOOTHING: f64 = 0.25;
/// The local minimum is taken over what left within this time: three video frames, and the interval
/// of RFC 8289 §4.2.
const INTERVAL: Duration = Duration::from_millis(100);
/// As long as fewer packets left within it, there is none.
const LEAST_PACKETS: usize = 4;

/// The delay beyond the least.
#[derive(Debug, Default)]
pub(super) struct QueueDelay {
    epoch: Option<Instant>,
    /// Shortest one-way time (in the two clocks' difference, seconds) of this half window and of
    /// the one before.
    base: f64,
    base_before: f64,
    window_since: Option<Instant>,
    least: f64,
    of: u32,
    smoothed: f64,
    latest: f64,
    /// When packets of the interval left, and their one-way times.
    interval: VecDeque<(Instant, f64)>,
}

impl QueueDelay {
    /// Adds a packet that arrived, on the other's clock.
    pub(super) fn add(&mut self, now: Instant, sent: Instant, arrival: Duration) {
        let epoch = *self.epoch.get_or_insert(sent);
        let left = sent;
        let sent = match sent.checked_duration_since(epoch) {
            Some(after) => after.as_secs_f64(),
            None => -epoch.duration_since(sent).as_secs_f64(),
        };
        let one_way = arrival.as_secs_f64() - sent;
        match self.window_since {
            None => {
                (self.base, self.base_before) = (one_way, one_way);
                self.window_since = Some(now);
            }
            Some(since) if now.saturating_duration_since(since) > BASE_WINDOW / 2 => {
                self.base_before = self.base;
                self.base = one_way;
                self.window_since = Some(now);
            }
            Some(_) => self.base = self.base.min(one_way),
        }
        self.interval.push_back((left, one_way));
        while let Some((oldest, _)) = self.interval.front()
            && left.saturating_duration_since(*oldest) > INTERVAL
        {
            self.interval.pop_front();
        }
        let queued = (one_way - self.base.min(self.base_before)).max(0.0);
        self.least = if self.of == 0 { queued } else { self.least.min(queued) };
        self.of += 1;
        if self.of >= LEAST_OF {
            self.latest = self.least;
            self.smoothed += (self.least - self.smoothed) * SMOOTHING;
            self.of = 0;
        }
    }

    /// The delay by the latest few packets alone, jitter left out as far as that goes.
    pub(super) fn latest(&self) -> Duration {
        Duration::try_from_secs_f64(self.latest).unwrap_or_default()
    }

    /// What even the quickest of the packets waited that left within the latest interval: a queue
    /// that stood for so long.
    pub(super) fn local_minimum(&self) -> Duration {
        if self.interval.len() < LEAST_PACKETS {
            return Duration::ZERO;
        }
        let least = self.interval.iter().map(|(_, one_way)| *one_way).fold(f64::INFINITY, f64::min);
        Duration::try_from_secs_f64(least - self.base.min(self.base_before)).unwrap_or_default()
    }

    /// The delay by the latest packets, smoothed.
    pub(super) fn current(&self) -> Duration {
        Duration::try_from_secs_f64(self.smoothed).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Adds 200 packets a second for so long, of which each is late by jitter of up to 60 ms and
    /// by the queue that there is at its time, in milliseconds; then the local minimum of each.
    fn minima(seed: u64, seconds: u32, queue: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let start = Instant::now();
        let mut rng = StdRng::seed_from_u64(seed);
        let mut delay = QueueDelay::default();
        let packets = (0..seconds * 200).map(|n| {
            let at = n * 5 * MS;
            let late = rng.random_range(0.0..60.0) + queue(at.as_secs_f64());
            let arrival = at + Duration::from_secs_f64(1.0 + late / 1e3);
            delay.add(start + at, start + at, arrival);
            (at.as_secs_f64(), delay.local_minimum().as_secs_f64() * 1e3)
        });
        packets.collect()
    }

    proptest! {
        #[test]
        fn jitter_is_no_queue_and_a_queue_is_one_beneath_jitter(seed: u64, length in 50.0..200.0) {
            let minima = minima(seed, 4, |at| if at < 2.0 { 0.0 } else { length });
            for (at, least) in minima {
                match at {
                    ..2.0 => prop_assert!(least < 30.0, "{least} ms at {at}"),
                    2.1.. => prop_assert!(least > length - 10.0, "{least} of {length} ms at {at}"),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn of_few_packets_nothing_is_known() {
        let start = Instant::now();
        let mut delay = QueueDelay::default();
        delay.add(start, start, MS);
        for n in 1..20 {
            let at = n * 40 * MS;
            delay.add(start + at, start + at, at + 200 * MS);
            assert_eq!(delay.local_minimum(), Duration::ZERO);
        }
    }
}
