//! Queueing delay: how much longer packets take than the quickest did lately.

use std::time::{Duration, Instant};

/// How long the shortest one-way time is believed to be the time without queues.
const BASE_WINDOW: Duration = Duration::from_secs(10);
/// Jitter is no queue: the delay is the least of this many packets at a time, and that is smoothed.
const LEAST_OF: u32 = 4;
const SMOOTHING: f64 = 0.25;

/// The delay beyond the least, smoothed.
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
}

impl QueueDelay {
    /// Adds a packet that arrived, on the other's clock.
    pub(super) fn add(&mut self, now: Instant, sent: Instant, arrival: Duration) {
        let epoch = *self.epoch.get_or_insert(sent);
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

    /// The delay by the latest packets, smoothed.
    pub(super) fn current(&self) -> Duration {
        Duration::try_from_secs_f64(self.smoothed).unwrap_or_default()
    }
}
