//! Video pauses while feedback is late.
//!
//! When it is, nobody knows what the path still carries, and what is sent on top of a queue only
//! makes it longer. So only audio goes on. After a short pause video goes on where it was; after a
//! longer one the frames that waited are out of date, and the next is a key frame of what then
//! fits. Pure: time is an argument.

use std::time::{Duration, Instant};

/// What waits longer than this is not sent any more.
const OUT_OF_DATE: Duration = Duration::from_millis(100);

/// What the sending task is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseStep {
    /// Send as usual.
    GoOn,
    /// Send no video.
    Pause,
    /// Forget those that wait, and send no more.
    Drop,
    /// Begin again with a key frame.
    StartOver,
}

/// Follows when video pauses and for how long.
#[derive(Debug, Default)]
pub struct VideoPause {
    since: Option<Instant>,
    dropped: bool,
}

impl VideoPause {
    /// Takes whether feedback is late now; returns what to do.
    pub fn update(&mut self, now: Instant, late: bool) -> PauseStep {
        if !late {
            self.since = None;
            return if std::mem::take(&mut self.dropped) {
                PauseStep::StartOver
            } else {
                PauseStep::GoOn
            };
        }
        let since = *self.since.get_or_insert(now);
        if self.dropped || now.saturating_duration_since(since) < OUT_OF_DATE {
            return PauseStep::Pause;
        }
        self.dropped = true;
        PauseStep::Drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(late: impl Fn(u64) -> bool) -> Vec<PauseStep> {
        let (mut pause, start) = (VideoPause::default(), Instant::now());
        let mut steps: Vec<PauseStep> =
            (0..40).map(|n| pause.update(start + Duration::from_millis(n * 10), late(n))).collect();
        steps.dedup();
        steps
    }

    #[test]
    fn after_a_short_pause_they_go_on_and_after_a_long_one_they_begin_again() {
        use PauseStep::{Drop, GoOn, Pause, StartOver};
        assert_eq!(steps(|n| (5..12).contains(&n)), [GoOn, Pause, GoOn]);
        assert_eq!(steps(|n| (5..30).contains(&n)), [GoOn, Pause, Drop, Pause, StartOver, GoOn]);
        assert_eq!(steps(|n| n % 8 == 0), [Pause, GoOn].repeat(5));
    }
}
