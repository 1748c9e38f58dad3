//! When to request a key frame (PLI, RFC 4585 §6.3.1): at once when one is needed, and then rarely,
//! as each may be large and late. Pure: time is an argument.
//!
//! How often the other's encoder makes one is its own affair: ours leaves some time between two
//! (`visavis_media::video_send`). Here the round trip decides, as a request may be lost and its
//! answer takes that long.

use std::time::{Duration, Instant};

/// Requests are no closer together than this (and a round trip, as the answer takes one) at first,
/// and twice as far apart after each without an effect.
const MIN_INTERVAL: Duration = Duration::from_millis(250);
const MAX_INTERVAL: Duration = Duration::from_millis(2000);

/// Spaces key-frame requests out.
#[derive(Debug, Default)]
pub struct KeyFrameRequests {
    wanted: bool,
    last: Option<Instant>,
    /// From the last to the next.
    interval: Duration,
}

impl KeyFrameRequests {
    /// A key frame is needed.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether to send a request now.
    pub fn due(&mut self, now: Instant, rtt: Option<Duration>) -> bool {
        let due = self.wanted && self.next().is_none_or(|next| next <= now);
        if due {
            let least = MIN_INTERVAL.max(rtt.unwrap_or_default() * 2);
            self.interval = match self.last {
                Some(last) if now.saturating_duration_since(last) < 2 * self.interval => {
                    (self.interval * 2).clamp(least, MAX_INTERVAL.max(least))
                }
                _ => least,
            };
            self.last = Some(now);
            self.wanted = false;
        }
        due
    }

    /// When to send one; `None` when nothing is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if self.wanted { self.next() } else { None }
    }

    /// A key frame came.
    pub fn key_frame_came(&mut self) {
        self.wanted = false;
        self.interval = MIN_INTERVAL;
    }

    fn next(&self) -> Option<Instant> {
        self.last.map(|last| last + self.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_first_request_leaves_at_once_and_the_next_ever_later() {
        let start = Instant::now();
        let mut requests = KeyFrameRequests::default();
        let mut requested = Vec::new();
        for ms in 0..8000u32 {
            requests.want();
            if requests.due(start + ms * MS, Some(40 * MS)) {
                requested.push(ms);
            }
        }
        assert_eq!(requested, [0, 250, 750, 1750, 3750, 5750, 7750]);
        requests.key_frame_came();
        assert_eq!(requests.deadline(), None);
        requests.want();
        assert!(requests.due(start + 8100 * MS, None));
    }
}
