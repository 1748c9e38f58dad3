//! The first moments of a call, in which nothing is known of the way.
//!
//! The first picture is a burst itself. Until it is known how that got through, the rate does not
//! grow and nothing is probed: on a narrow link it would all stand in one queue, and the sound with
//! it. Pure: time is an argument.

use std::time::{Duration, Instant};

use super::PacketResult;

/// What left for so long holds the first picture.
const FIRST_PICTURE: Duration = Duration::from_millis(80);

/// What left and what was heard of it.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    began: Option<Instant>,
    /// When the latest packet left that arrived.
    heard_of: Option<Instant>,
}

impl Beginning {
    /// A packet left.
    pub(super) fn left(&mut self, now: Instant) {
        self.began.get_or_insert(now);
    }

    /// The other told of packets.
    pub(super) fn heard(&mut self, results: &[PacketResult]) {
        let arrived = results.iter().filter(|result| result.arrival.is_some());
        self.heard_of = self.heard_of.max(arrived.map(|result| result.sent).max());
    }

    /// Whether it is known how the first picture got through.
    pub(super) fn is_over(&self) -> bool {
        let both = self.began.zip(self.heard_of);
        both.is_some_and(|(began, heard)| heard.saturating_duration_since(began) > FIRST_PICTURE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_packets_arrived_that_left_behind_the_first_picture() {
        let start = Instant::now();
        let mut beginning = Beginning::default();
        let mut told_of = |ms: u64, arrived: bool| {
            let sent = start + Duration::from_millis(ms);
            beginning.left(sent);
            beginning.heard(&[PacketResult {
                sent,
                bytes: 1000,
                arrival: arrived.then_some(Duration::ZERO),
            }]);
            beginning.is_over()
        };
        assert_eq!([told_of(0, true), told_of(80, true), told_of(100, false)], [false; 3]);
        assert_eq!([told_of(90, true), told_of(0, true)], [true; 2]);
    }
}
