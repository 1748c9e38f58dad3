//! The delay-based detector: is a queue growing on the path?
//!
//! Packets that leave together form a group. The differences between the groups' spacing on leaving
//! and on arriving are summed up, smoothed, and a line is fitted through the last of them; its
//! slope against an adaptive threshold says whether the path is overused (draft-ietf-rmcat-gcc-02
//! §5.1–5.4, with the trendline filter that took the place of its Kalman filter).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Packets that left within this time form a group.
const GROUP: Duration = Duration::from_millis(5);
/// How many groups the line is fitted through.
const WINDOW: usize = 20;
/// How much of the smoothed delay is kept with each group.
const SMOOTHING: f64 = 0.9;
/// Scales the slope to the threshold.
const GAIN: f64 = 4.0;
const MAX_DELTAS: usize = 60;
/// The slope must be above the threshold for this long, in milliseconds.
const OVERUSE_TIME: f64 = 10.0;
const THRESHOLD_START: f64 = 12.5;
const THRESHOLD_MIN: f64 = 6.0;
const THRESHOLD_MAX: f64 = 600.0;
/// How fast the threshold follows trends above and below it, for each millisecond: soon upwards, so
/// that jitter is outgrown, and slowly downwards (K_u and K_d, §5.6).
const THRESHOLD_UP: f64 = 0.01;
const THRESHOLD_DOWN: f64 = 0.000_18;
/// The threshold does not follow jumps larger than this.
const MAX_ADAPT: f64 = 15.0;
/// A silence this long restarts the measurement.
const RESET_AFTER: Duration = Duration::from_secs(2);

/// What the trend says of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Usage {
    /// Queues are neither growing nor shrinking.
    #[default]
    Normal,
    Over,
    Under,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: Instant,
    last_sent: Instant,
    last_arrival: Duration,
}

/// The groups so far, the line through their delays, and the threshold.
#[derive(Debug)]
pub(super) struct Trendline {
    current: Option<Group>,
    before: Option<Group>,
    deltas: usize,
    accumulated: f64,
    smoothed: f64,
    /// Time of arrival and smoothed delay, both in milliseconds.
    points: VecDeque<(f64, f64)>,
    trend_before: f64,
    threshold: f64,
    over_for: f64,
    over_count: u32,
    usage: Usage,
    /// Overuse since the last [`Self::take_usage`]: one is enough.
    overused: bool,
}

impl Default for Trendline {
    fn default() -> Self {
        Self {
            current: None,
            before: None,
            deltas: 0,
            accumulated: 0.0,
            smoothed: 0.0,
            points: VecDeque::with_capacity(WINDOW),
            trend_before: 0.0,
            threshold: THRESHOLD_START,
            over_for: 0.0,
            over_count: 0,
            usage: Usage::Normal,
            overused: false,
        }
    }
}

impl Trendline {
    /// Adds a packet that arrived. They come in the order in which they left.
    pub(super) fn add(&mut self, sent: Instant, arrival: Duration) {
        let Some(group) = &mut self.current else {
            self.current = Some(Group { first_sent: sent, last_sent: sent, last_arrival: arrival });
            return;
        };
        if sent < group.first_sent {
            return;
        }
        if sent.duration_since(group.last_sent) > RESET_AFTER {
            *self = Self { threshold: self.threshold, ..Self::default() };
            return;
        }
        if sent.duration_since(group.first_sent) <= GROUP {
            group.last_sent = group.last_sent.max(sent);
            group.last_arrival = group.last_arrival.max(arrival);
            return;
        }
        let whole = *group;
        *group = Group { first_sent: sent, last_sent: sent, last_arrival: arrival };
        match self.before {
            // A group that arrives before its predecessor was reordered, which says nothing of
            // queues. It is left out altogether, so that the differences still add up.
            Some(before) if whole.last_arrival < before.last_arrival => {}
            Some(before) => {
                let sent = whole.last_sent.duration_since(before.last_sent).as_secs_f64() * 1e3;
                let arrived = (whole.last_arrival - before.last_arrival).as_secs_f64() * 1e3;
                self.before = Some(whole);
                self.add_delta(arrived - sent, sent, whole.last_arrival.as_secs_f64() * 1e3);
            }
            None => self.before = Some(whole),
        }
    }

    /// The state, or overuse if there was any since the last call.
    pub(super) fn take_usage(&mut self) -> Usage {
        if std::mem::take(&mut self.overused) { Usage::Over } else { self.usage }
    }

    fn add_delta(&mut self, delta: f64, sent_delta: f64, arrival: f64) {
        self.deltas = (self.deltas + 1).min(1000);
        self.accumulated += delta;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        if self.points.len() >= WINDOW {
            self.points.pop_front();
        }
        self.points.push_back((arrival, self.smoothed));
        let trend = if self.points.len() >= WINDOW {
            slope(self.points.iter().copied())
        } else {
            Some(0.0)
        };
        self.detect(trend.unwrap_or(self.trend_before), sent_delta);
    }

    fn detect(&mut self, trend: f64, sent_delta: f64) {
        let scaled = self.deltas.min(MAX_DELTAS) as f64 * trend * GAIN;
        if scaled > self.threshold {
            self.over_for += if self.over_count == 0 { sent_delta / 2.0 } else { sent_delta };
            self.over_count += 1;
            if self.over_for > OVERUSE_TIME && self.over_count > 1 && trend >= self.trend_before {
                (self.over_for, self.over_count) = (0.0, 0);
                self.usage = Usage::Over;
                self.overused = true;
            }
        } else {
            (self.over_for, self.over_count) = (0.0, 0);
            self.usage = if scaled < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.trend_before = trend;
        self.adapt(scaled.abs(), sent_delta);
    }

    /// The threshold follows the trend slowly, so that competing traffic does not starve us (§5.4).
    fn adapt(&mut self, scaled: f64, sent_delta: f64) {
        if scaled > self.threshold + MAX_ADAPT {
            return;
        }
        let rate = if scaled < self.threshold { THRESHOLD_DOWN } else { THRESHOLD_UP };
        self.threshold += rate * (scaled - self.threshold) * sent_delta.min(100.0);
        self.threshold = self.threshold.clamp(THRESHOLD_MIN, THRESHOLD_MAX);
    }
}

/// The slope of the least-squares line; `None` when all points share a time.
pub(super) fn slope(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let count = points.clone().count() as f64;
    let mean_x = points.clone().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.clone().map(|(_, y)| y).sum::<f64>() / count;
    let covariance: f64 = points.clone().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = points.map(|(x, _)| (x - mean_x).powi(2)).sum();
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups leave 20 ms apart and arrive `spacing` apart.
    fn usage_at(spacing: f64) -> Usage {
        let start = Instant::now();
        let mut trendline = Trendline::default();
        for n in 0..100u32 {
            let arrival = Duration::from_secs_f64(10.0 + f64::from(n) * spacing / 1e3);
            trendline.add(start + n * Duration::from_millis(20), arrival);
        }
        trendline.take_usage()
    }

    #[test]
    fn a_growing_queue_is_overuse_a_shrinking_one_underuse() {
        assert_eq!(usage_at(20.0), Usage::Normal);
        assert_eq!(usage_at(23.0), Usage::Over);
        assert_eq!(usage_at(17.0), Usage::Under);
    }

    #[test]
    fn jitter_without_a_trend_is_no_overuse() {
        let start = Instant::now();
        let mut trendline = Trendline::default();
        for n in 0..500u32 {
            let jitter = [0, 3, 1, 4, 2][n as usize % 5];
            trendline.add(
                start + n * Duration::from_millis(20),
                Duration::from_millis(u64::from(n) * 20 + jitter),
            );
            assert_ne!(trendline.take_usage(), Usage::Over, "at {n}");
        }
    }

    #[test]
    fn packets_of_one_burst_count_as_one() {
        let start = Instant::now();
        let mut trendline = Trendline::default();
        for n in 0..2000u32 {
            // 20 packets in a burst, spread out by the link, every 40 ms.
            let (burst, packet) = (n / 20, n % 20);
            let sent =
                start + burst * Duration::from_millis(40) + packet * Duration::from_micros(100);
            let arrival = burst * Duration::from_millis(40) + packet * Duration::from_millis(1);
            trendline.add(sent, arrival);
        }
        assert_eq!(trendline.take_usage(), Usage::Normal);
        assert!(trendline.deltas < 110);
    }
}
