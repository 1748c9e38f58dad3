//! The pace of data channels on the wire. Pure: time is an argument.
//!
//! SCTP sends as much as its own window takes, and again what it takes for lost: a burst that would
//! stand before sound and picture in the queue of a narrow link. In: datagrams of data channels as
//! the library sends them, and the rate they may have. Out: which leave now, and which later. What
//! always holds: over any time no more leaves than the rate allows and [`DataPacer::burst`]; what
//! is small, acknowledgments among it, leaves at once and counts; what waits is bounded, and beyond
//! that a datagram is lost as in any other queue, which SCTP makes good.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

/// What a datagram costs on the wire besides: the headers of UDP and IP (RFC 768, RFC 791).
const HEADERS: usize = 28;
/// The longest datagram that does not wait: an acknowledgment, or a few words.
const SMALL: usize = 192;
/// What is small waits too where it would overtake so many: DTLS drops a record that comes so much
/// later than a newer one (RFC 6347 §4.1.2.6).
const MOST_OVERTAKEN: usize = 32;
/// A burst lasts no longer than this at the rate,
const BURST: Duration = Duration::from_millis(4);
/// but there are always two full datagrams in it,
const LEAST_BURST: f64 = 2500.0;
/// and never more than a socket's usual buffer takes.
const MOST_BURST: f64 = 64.0 * 1024.0;
/// So many bytes may wait: all that SCTP has under way. What it sends again and is lost here is
/// lost until its timer runs out, which after an outage takes many seconds (RFC 9260 §6.3.3); so
/// it waits instead, and SCTP keeps pace with what is acknowledged.
const MOST_QUEUE: usize = 2 * 1024 * 1024;
/// A rate so low that nothing ever leaves is looked at this often.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What becomes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    Now,
    Later,
    Lost,
}

/// See the module. `R` is the route of a datagram.
#[derive(Debug)]
pub(super) struct DataPacer<R> {
    /// In bytes a second.
    rate: f64,
    /// Bytes that may leave now; below zero when more have left.
    credit: f64,
    counted: Option<Instant>,
    queue: VecDeque<(R, Vec<u8>)>,
    queued: usize,
    /// How many bytes have left in all.
    pub(super) left: u64,
}

impl<R> DataPacer<R> {
    pub(super) fn new(rate: Bitrate) -> Self {
        let mut pacer = Self {
            rate: 0.0,
            credit: LEAST_BURST,
            counted: None,
            queue: VecDeque::new(),
            queued: 0,
            left: 0,
        };
        pacer.set_rate(rate);
        pacer
    }

    /// Sets the rate.
    pub(super) fn set_rate(&mut self, rate: Bitrate) {
        self.rate = (rate.bps() as f64 / 8.0).max(1.0);
    }

    fn burst(&self) -> f64 {
        (self.rate * BURST.as_secs_f64()).clamp(LEAST_BURST, MOST_BURST)
    }

    fn count(&mut self, now: Instant) {
        let counted = self.counted.replace(now).unwrap_or(now);
        let earned = now.saturating_duration_since(counted).as_secs_f64() * self.rate;
        self.credit = (self.credit + earned).min(self.burst());
    }

    fn spend(&mut self, datagram: &[u8]) {
        let bytes = datagram.len() + HEADERS;
        self.credit -= bytes as f64;
        self.left += bytes as u64;
    }

    /// The library sends a datagram. The route is asked for where it waits.
    pub(super) fn offer(
        &mut self,
        datagram: &[u8],
        route: impl FnOnce() -> R,
        now: Instant,
    ) -> Pace {
        self.count(now);
        let is_small = datagram.len() <= SMALL && self.queue.len() < MOST_OVERTAKEN;
        if is_small || self.queue.is_empty() && self.credit > 0.0 {
            self.spend(datagram);
            return Pace::Now;
        }
        if self.queued + datagram.len() > MOST_QUEUE {
            return Pace::Lost;
        }
        self.queued += datagram.len();
        self.queue.push_back((route(), datagram.to_vec()));
        Pace::Later
    }

    /// When to call [`Self::poll`]; `None` when nothing waits.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let counted = self.counted.filter(|_| !self.queue.is_empty())?;
        let missing = (1.0 - self.credit).max(0.0) / self.rate;
        Some(counted + Duration::try_from_secs_f64(missing).unwrap_or(LOOK_AGAIN))
    }

    /// The next datagram that leaves now, if any.
    pub(super) fn poll(&mut self, now: Instant) -> Option<(R, Vec<u8>)> {
        self.count(now);
        if self.credit <= 0.0 {
            return None;
        }
        let (route, datagram) = self.queue.pop_front()?;
        self.queued -= datagram.len();
        self.spend(&datagram);
        Some((route, datagram))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_burst_is_spread_over_the_time_that_the_rate_takes() {
        let start = Instant::now();
        let mut pacer = DataPacer::new(Bitrate::from_kbps(80));
        let datagram = [0; 972];
        let paces: Vec<Pace> = (0..24).map(|n| pacer.offer(&datagram, || n, start)).collect();
        assert_eq!(paces[..4], [Pace::Now, Pace::Now, Pace::Now, Pace::Later]);
        assert_eq!(pacer.offer(&[0; 60], || 0, start), Pace::Now, "an acknowledgment");
        let (mut left, mut times) = (Vec::new(), Vec::new());
        while let Some(due) = pacer.next_deadline() {
            assert!(due >= start);
            while let Some((n, datagram)) = pacer.poll(due) {
                assert_eq!(datagram.len(), 972);
                left.push(n);
                times.push(due.duration_since(start).as_millis());
            }
        }
        let waited = paces.iter().filter(|pace| **pace == Pace::Later).count();
        assert_eq!(left, (3..3 + waited).collect::<Vec<_>>(), "in order");
        // 1000 bytes with their headers, 10,000 a second.
        assert!(times.windows(2).all(|two| (99..=101).contains(&(two[1] - two[0]))), "{times:?}");
        assert_eq!(pacer.left, 1000 * (3 + waited as u64) + 88);
    }

    #[test]
    fn nothing_is_lost_when_the_rate_falls_and_only_beyond_what_sctp_has_under_way() {
        let start = Instant::now();
        let mut pacer = DataPacer::new(Bitrate::from_kbps(20_000));
        let paces = (0..800).map(|n| pacer.offer(&[0; 1200], || n, start));
        assert!(paces.filter(|pace| *pace == Pace::Later).count() > 700);
        let queued = pacer.queued;
        pacer.set_rate(Bitrate::from_kbps(50));
        assert_eq!(pacer.queued, queued);
        let paces = (0..2000).map(|n| pacer.offer(&[0; 1200], || n, start));
        assert_eq!(paces.last(), Some(Pace::Lost));
        assert!(pacer.queued <= MOST_QUEUE && pacer.queued + 1200 > MOST_QUEUE);
    }

    proptest! {
        #[test]
        fn no_more_leaves_than_the_rate_and_a_burst_and_what_waits_is_bounded(
            kbps in 16u64..1_000_000,
            sends in prop::collection::vec((0u64..20, 200usize..1300), 1..400),
        ) {
            let start = Instant::now();
            let mut pacer = DataPacer::new(Bitrate::from_kbps(kbps));
            let mut now = start;
            for (after, length) in sends {
                now += MS * u32::try_from(after).expect("small");
                while pacer.poll(now).is_some() {}
                pacer.offer(&vec![0; length], || (), now);
                let allowed = now.duration_since(start).as_secs_f64() * pacer.rate;
                let most = allowed + pacer.burst().max(LEAST_BURST) + 1400.0;
                prop_assert!(pacer.left as f64 <= most, "{} of {most}", pacer.left);
                prop_assert!(pacer.queued <= MOST_QUEUE);
                prop_assert_eq!(pacer.next_deadline().is_some(), !pacer.queue.is_empty());
            }
        }
    }
}
