//! The loss detector: is loss ours to cure?
//!
//! Some networks lose packets whatever is sent; to send less there helps nobody. So loss counts as
//! congestion only when queues are long at the same time, or when sending less lowers it: where
//! much more is lost than usual although nothing waits, the rate is lowered for a moment as a
//! trial, and returns unless that helped. What does not depend on us is the inherent loss (the term
//! of libwebrtc's second loss-based estimator), against which error correction helps.

use std::time::{Duration, Instant};

/// Shares are taken over so many packets and so much time at least.
const WINDOW_PACKETS: u32 = 60;
const WINDOW_TIME: Duration = Duration::from_millis(400);
/// So much more than usual makes the rate stay where it is.
const EXCESS_LOW: f64 = 0.03;
/// And so much more calls for less.
const EXCESS_HIGH: f64 = 0.10;
/// Loss next to such a queue is the queue's.
const QUEUE: Duration = Duration::from_millis(45);
/// A trial lasts so long after its effect can be seen, and so many packets.
const TRIAL: Duration = Duration::from_millis(900);
const TRIAL_PACKETS: u32 = 60;
/// Loss that falls to this share of what it was in a trial was ours.
const HELPED: f64 = 0.6;
/// The next trial comes no sooner.
const BETWEEN_TRIALS: Duration = Duration::from_secs(10);
/// How fast the usual follows upwards and downwards, for each window.
const UP: f64 = 0.08;
const DOWN: f64 = 0.3;
/// Over how many loss bursts their length is averaged.
const BURSTS: f64 = 7.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is to be changed.
    Fine,
    /// Not to send more.
    Hold,
    /// To send less: queues overflow.
    Reduce,
    /// To send less for a moment and see.
    Try,
    /// To return to what was sent before the trial: it was not our doing.
    Restore,
}

#[derive(Debug, Clone, Copy)]
struct Trial {
    before: f64,
    /// When its effect can be seen.
    from: Instant,
    packets: u32,
    lost: u32,
}

/// What was lost lately, what usually is, and the trial that is under way.
#[derive(Debug, Default)]
pub(super) struct LossControl {
    packets: u32,
    lost: u32,
    since: Option<Instant>,
    /// What is lost whatever we do, smoothed slowly.
    usual: f64,
    /// What is lost while nothing waits in queues, smoothed quickly.
    pub(super) inherent: f64,
    windows: u32,
    /// How many packets a loss burst takes, smoothed; over how many bursts, and how many the burst
    /// that goes on has taken so far.
    pub(super) burst_length: f64,
    bursts: f64,
    burst: u32,
    trial: Option<Trial>,
    last_trial: Option<Instant>,
}

impl LossControl {
    pub(super) fn add(&mut self, lost: bool) {
        self.packets += 1;
        self.lost += u32::from(lost);
        if lost {
            self.burst += 1;
        } else if self.burst > 0 {
            self.bursts = (self.bursts + 1.0).min(BURSTS);
            let length = f64::from(std::mem::take(&mut self.burst));
            self.burst_length += (length - self.burst_length) / self.bursts;
        }
        if let Some(trial) = &mut self.trial {
            trial.packets += 1;
            trial.lost += u32::from(lost);
        }
    }

    /// Forgets what was counted: it was lost in an outage.
    pub(super) fn forget(&mut self) {
        (self.packets, self.lost, self.since, self.trial) = (0, 0, None, None);
    }

    /// Judges when enough was counted. `trying` says whether there is anything to be won by a
    /// trial.
    pub(super) fn judge(
        &mut self,
        now: Instant,
        queue: Duration,
        rtt: Duration,
        trying: bool,
    ) -> Option<Verdict> {
        let since = *self.since.get_or_insert(now);
        if self.packets < WINDOW_PACKETS || now.duration_since(since) < WINDOW_TIME {
            return None;
        }
        let share = f64::from(self.lost) / f64::from(self.packets);
        (self.packets, self.lost, self.since) = (0, 0, Some(now));
        Some(self.judge_share(now, share, queue, rtt, trying))
    }

    /// Judges a share that was counted by somebody else.
    pub(super) fn judge_share(
        &mut self,
        now: Instant,
        share: f64,
        queue: Duration,
        rtt: Duration,
        trying: bool,
    ) -> Verdict {
        let share = share.clamp(0.0, 1.0);
        let queued = queue > QUEUE;
        if !queued {
            self.windows = self.windows.saturating_add(1);
            let smoothing = if share > self.inherent { 0.4 } else { 0.15 };
            self.inherent +=
                (share - self.inherent) * f64::max(smoothing, 1.0 / f64::from(self.windows));
        }
        if let Some(trial) = self.trial {
            if queued {
                self.trial = None;
            } else if now < trial.from {
                // What was lost before the trial shows effect is not its result.
                self.trial = Some(Trial { packets: 0, lost: 0, ..trial });
                return Verdict::Hold;
            } else if now.duration_since(trial.from) < TRIAL || trial.packets < TRIAL_PACKETS {
                return Verdict::Hold;
            } else {
                self.trial = None;
                let after = f64::from(trial.lost) / f64::from(trial.packets);
                if after < HELPED * trial.before {
                    self.usual = after;
                    return Verdict::Hold;
                }
                self.usual = after.max(trial.before);
                return Verdict::Restore;
            }
        }
        let excess = share - self.usual;
        if !queued {
            self.usual += excess * if excess > 0.0 { UP } else { DOWN };
        }
        match excess {
            _ if excess > EXCESS_HIGH && queued => Verdict::Reduce,
            _ if excess > EXCESS_HIGH && !trying => {
                self.usual = share;
                Verdict::Fine
            }
            _ if excess > EXCESS_HIGH => {
                if self.last_trial.is_some_and(|last| now.duration_since(last) < BETWEEN_TRIALS) {
                    return Verdict::Hold;
                }
                self.last_trial = Some(now);
                let from = now + rtt + Duration::from_millis(100);
                self.trial = Some(Trial { before: share, from, packets: 0, lost: 0 });
                Verdict::Try
            }
            _ if excess > EXCESS_LOW => Verdict::Hold,
            _ => Verdict::Fine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// 200 packets a second, of which `lost(rate)` per cent get lost at a rate that follows the
    /// verdicts; the rate in the end, where one is what it began with.
    fn rate_after(seconds: u32, queue: Duration, lost: impl Fn(f64) -> f64) -> f64 {
        let start = Instant::now();
        let (mut control, mut rate, mut before) = (LossControl::default(), 1.0, 1.0);
        let mut owed = 0.0;
        for n in 0..seconds * 200 {
            let now = start + n * 5 * MS;
            owed += lost(rate) / 100.0;
            control.add(owed >= 1.0);
            owed -= f64::from(u8::from(owed >= 1.0));
            match control.judge(now, queue, 50 * MS, true) {
                Some(Verdict::Reduce) => rate *= 0.9,
                Some(Verdict::Try) => (before, rate) = (rate, rate * 0.75),
                Some(Verdict::Restore) => rate = before,
                _ => {}
            }
        }
        rate
    }

    #[test]
    fn loss_that_does_not_depend_on_the_rate_costs_no_rate() {
        for percent in [5.0, 12.0, 30.0] {
            assert_eq!(rate_after(10, Duration::ZERO, |_| percent), 1.0, "{percent}%");
        }
    }

    #[test]
    fn loss_that_goes_when_less_is_sent_was_too_much() {
        assert!(rate_after(10, Duration::ZERO, |rate| if rate > 0.8 { 25.0 } else { 0.0 }) < 0.8);
    }

    #[test]
    fn loss_next_to_a_long_queue_is_congestion() {
        assert!(rate_after(10, 100 * MS, |_| 20.0) < 0.5);
    }

    #[test]
    fn loss_bursts_are_told_from_single_losses() {
        let length_of = |pattern: fn(u32) -> bool| {
            let mut control = LossControl::default();
            (0..1000).for_each(|n| control.add(pattern(n)));
            control.burst_length
        };
        assert!((length_of(|n| n % 20 == 0) - 1.0).abs() < 0.1);
        assert!((length_of(|n| n % 100 < 5) - 5.0).abs() < 1.2);
        // The first burst tells.
        assert!((length_of(|n| n < 5) - 5.0).abs() < 0.1);
    }

    #[test]
    fn inherent_loss_is_what_is_lost_without_queues() {
        let start = Instant::now();
        let mut control = LossControl::default();
        for n in 0..2000u32 {
            control.add(n % 10 == 0);
            let _ = control.judge(start + n * 5 * MS, Duration::ZERO, 50 * MS, true);
        }
        assert!((control.inherent - 0.1).abs() < 0.02, "{}", control.inherent);
        for n in 0..2000u32 {
            control.add(n % 2 == 0);
            let _ = control.judge(start + (2000 + n) * 5 * MS, 200 * MS, 50 * MS, true);
        }
        assert!((control.inherent - 0.1).abs() < 0.02, "{}", control.inherent);
    }
}
