//! Freezes, as W3C webrtc-stats counts them (`freezeCount`, `totalFreezesDuration`).
//!
//! In go the moments at which frames are shown, out come the counts. A gap between two shown frames
//! is a freeze when it is longer than the larger of three times the average gap and the average
//! plus 150 ms, over the last 30 gaps. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many gaps the average is taken over.
const WINDOW: usize = 30;
/// A gap this much longer than the average is seen.
const MARGIN: Duration = Duration::from_millis(150);

/// Counts the freezes of one stream.
#[derive(Debug, Default)]
pub struct FreezeMeter {
    last: Option<Instant>,
    gaps: VecDeque<Duration>,
    count: u64,
    total: Duration,
}

impl FreezeMeter {
    /// Takes note of a frame that is shown now.
    pub fn shown(&mut self, now: Instant) {
        let Some(last) = self.last.replace(now) else { return };
        let gap = now.saturating_duration_since(last);
        if let Ok(gaps) = u32::try_from(self.gaps.len())
            && gaps > 0
        {
            let average = self.gaps.iter().sum::<Duration>() / gaps;
            if gap > (average * 3).max(average + MARGIN) {
                self.count += 1;
                self.total += gap;
            }
        }
        if self.gaps.len() == WINDOW {
            self.gaps.pop_front();
        }
        self.gaps.push_back(gap);
    }

    /// The next gap is meant, and no freeze.
    pub fn interrupted(&mut self) {
        self.last = None;
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How long they were together.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(gaps_ms: &[u64]) -> FreezeMeter {
        let mut meter = FreezeMeter::default();
        let mut now = Instant::now();
        meter.shown(now);
        for gap in gaps_ms {
            now += Duration::from_millis(*gap);
            meter.shown(now);
        }
        meter
    }

    #[test]
    fn a_steady_frame_never_freezes() {
        assert_eq!(shown(&[33; 300]).count(), 0);
    }

    #[test]
    fn a_gap_counts_from_150_ms_over_the_average() {
        let with = |gap| {
            let mut gaps = vec![33; 60];
            gaps.push(gap);
            shown(&gaps)
        };
        assert_eq!(with(180).count(), 0);
        assert_eq!(with(190).count(), 1);
        assert_eq!(with(190).total(), Duration::from_millis(190));
    }

    #[test]
    fn at_a_low_rate_three_times_the_average_counts() {
        let mut gaps = vec![200; 60];
        gaps.extend([550, 200, 700]);
        let meter = shown(&gaps);
        assert_eq!((meter.count(), meter.total()), (1, Duration::from_millis(700)));
    }
}
