//! The feedback-delay detector: whether feedback is late.
//!
//! That is the first sign of a path that has become slow both ways at once, when the report of the
//! queue waits in a queue itself. In goes how long feedback took after the first packet that it
//! covers; out comes whether feedback that is awaited is late. Pure: time is an argument.

use std::time::Duration;

/// What is usual decays to this share with each feedback: half after two seconds.
const DECAY: f64 = 0.98;
/// So much longer than lately is late: feedback that gets lost now and then is followed by more.
const MARGIN: Duration = Duration::from_millis(50);
/// With each feedback that took longer, what is usual grows by no more than this: one from a queue
/// does not become usual.
const RISE: f64 = 0.015;
/// Nothing is known of what is usual before so many.
const ENOUGH: u32 = 10;
/// After so long it is no longer late: it does not come.
const GIVEN_UP: Duration = Duration::from_secs(1);

/// How long feedback takes after the first packet that it covers.
#[derive(Debug, Default)]
pub(super) struct FeedbackDelayDetector {
    /// At most, lately, in seconds.
    usual: f64,
    received: u32,
}

impl FeedbackDelayDetector {
    /// Feedback came so long after the first packet that it was awaited for.
    pub(super) fn received_after(&mut self, waited: Duration) {
        let most = if self.received < ENOUGH { f64::INFINITY } else { self.usual + RISE };
        self.usual = (self.usual * DECAY).max(waited.as_secs_f64().min(most));
        self.received = self.received.saturating_add(1);
    }

    /// Whether feedback that has been awaited for so long is late.
    pub(super) fn is_late(&self, waited: Duration) -> bool {
        let limit = Duration::from_secs_f64(self.usual) + MARGIN;
        self.received >= ENOUGH && waited > limit && waited < GIVEN_UP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn feedback_that_takes_longer_than_lately_is_late_until_it_is_given_up() {
        let mut feedback = FeedbackDelayDetector::default();
        assert!(!feedback.is_late(ms(900)), "nothing is known yet");
        (0..20).for_each(|n| feedback.received_after(ms(60 + n % 3 * 10)));
        assert_eq!(
            [100, 150, 900, 1100].map(|waited| feedback.is_late(ms(waited))),
            [false, true, true, false]
        );
        (0..4).for_each(|n| feedback.received_after(ms(250 + n * 50)));
        assert!(feedback.is_late(ms(250)), "some came from a queue");
        (0..10).for_each(|_| feedback.received_after(ms(250)));
        assert!(!feedback.is_late(ms(250)), "it has become usual");
        (0..100).for_each(|_| feedback.received_after(ms(60)));
        assert!(feedback.is_late(ms(150)), "it was long ago");
    }

    #[test]
    fn lost_feedback_is_hardly_ever_taken_for_late() {
        let mut rng = StdRng::seed_from_u64(8);
        let (mut feedback, mut late) = (FeedbackDelayDetector::default(), 0);
        for _ in 0..6000 {
            // A tenth of the feedback, which comes every 50 ms, gets lost; the round trip is 100
            // ms.
            let lost = (0..20).take_while(|_| rng.random_bool(0.1)).count() as u64;
            let waited = ms(100 + 50 * (lost + 1));
            late += u32::from(feedback.is_late(waited));
            feedback.received_after(waited);
        }
        assert!(late < 120, "{late} times in five minutes");
    }
}
