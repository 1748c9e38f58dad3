//! The start-up phase: the first moments of a call, in which nothing is known of the path.
//!
//! The first video frame is a burst itself. Until it is known how that got through, the rate does
//! not grow and nothing is probed: on a narrow link it would all stand in one queue, and the audio
//! with it. In go packets that leave and feedback on them; out comes whether the phase is over.
//! Pure: time is an argument.

use std::time::{Duration, Instant};

use super::PacketResult;

/// What leaves for so long holds the first video frame.
const FIRST_FRAME: Duration = Duration::from_millis(80);

/// When the first packet left, and how far feedback has come.
#[derive(Debug, Default)]
pub(super) struct StartUp {
    began: Option<Instant>,
    /// When the latest packet left that arrived.
    arrived_from: Option<Instant>,
}

impl StartUp {
    pub(super) fn left(&mut self, now: Instant) {
        self.began.get_or_insert(now);
    }

    pub(super) fn reported(&mut self, results: &[PacketResult]) {
        let arrived = results.iter().filter(|result| result.arrival.is_some());
        self.arrived_from = self.arrived_from.max(arrived.map(|result| result.sent).max());
    }

    /// Whether it is known how the first video frame got through.
    pub(super) fn is_over(&self) -> bool {
        let both = self.began.zip(self.arrived_from);
        both.is_some_and(|(began, arrived)| arrived.saturating_duration_since(began) > FIRST_FRAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_packets_arrived_that_left_behind_the_first_video_frame() {
        let start = Instant::now();
        let mut start_up = StartUp::default();
        let mut report = |ms: u64, arrived: bool| {
            let sent = start + Duration::from_millis(ms);
            start_up.left(sent);
            start_up.reported(&[PacketResult {
                sent,
                bytes: 1000,
                arrival: arrived.then_some(Duration::ZERO),
            }]);
            start_up.is_over()
        };
        assert_eq!([report(0, true), report(80, true), report(100, false)], [false; 3]);
        assert_eq!([report(90, true), report(0, true)], [true; 2]);
    }
}
