//! The round trip of ICE's connectivity checks (RFC 8445 §14.3), and whether some get lost. Pure:
//! time is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::packet::Transaction;

/// The most checks whose answers are awaited.
const MAX_AWAITED: usize = 256;
/// A check that is not answered within so many round trips is lost, or its answer is.
const LOST_AFTER_ROUND_TRIPS: u32 = 2;
/// How much of the shortest round trip is forgotten with each check.
const FORGOTTEN: Duration = Duration::from_micros(50);

#[derive(Debug, Default)]
pub(crate) struct CheckRoundTrip {
    awaited: HashMap<Transaction, Instant>,
    smoothed: Option<Duration>,
    latest: Duration,
    /// The shortest, which is forgotten little by little: a path may change.
    least: Option<Duration>,
    /// When the first and the last of the checks left that were answered.
    answered: Option<(Instant, Instant)>,
}

impl CheckRoundTrip {
    pub(crate) fn sent(&mut self, transaction: Transaction, now: Instant) {
        if self.awaited.len() >= MAX_AWAITED {
            self.awaited.clear();
        }
        self.awaited.insert(transaction, now);
    }

    /// A check is answered. Whether it was one of ours without an answer so far, whose transaction
    /// nobody can guess.
    pub(crate) fn answered(&mut self, transaction: &Transaction, now: Instant) -> bool {
        let Some(left) = self.awaited.remove(transaction) else { return false };
        let sample = now.saturating_duration_since(left);
        self.smoothed = Some(self.smoothed.map_or(sample, |smoothed| (smoothed * 3 + sample) / 4));
        let least = self.least.map_or(sample, |least| least + least / 64 + FORGOTTEN);
        (self.latest, self.least) = (sample, Some(least.min(sample)));
        let (first, last) = self.answered.unwrap_or((left, left));
        self.answered = Some((first.min(left), last.max(left)));
        true
    }

    /// The smoothed round trip; `None` before the first answer.
    pub(crate) fn get(&self) -> Option<Duration> {
        self.smoothed
    }

    /// How much longer the last took than the shortest; `None` before the first answer.
    pub(crate) fn queued(&self) -> Option<Duration> {
        Some(self.latest.saturating_sub(self.least?))
    }

    /// Whether a check that left between two answered ones is still without an answer: packets are
    /// lost. Earlier checks may have found the other not ready.
    pub(crate) fn sees_loss(&self, now: Instant) -> bool {
        let (Some(round_trip), Some((first, last))) = (self.smoothed, self.answered) else {
            return false;
        };
        let patience = round_trip * LOST_AFTER_ROUND_TRIPS;
        let lost = |left: &Instant| {
            first < *left && *left < last && now.saturating_duration_since(*left) > patience
        };
        self.awaited.values().any(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_round_trip_is_from_a_check_to_its_own_answer() {
        let start = Instant::now();
        let mut round_trip = CheckRoundTrip::default();
        assert_eq!(round_trip.get(), None);
        round_trip.sent([1; 12], start);
        round_trip.sent([2; 12], start + 50 * MS);
        assert!(!round_trip.answered(&[9; 12], start + 60 * MS), "no check of ours");
        assert_eq!(round_trip.get(), None);
        assert!(round_trip.answered(&[2; 12], start + 150 * MS));
        assert_eq!(round_trip.get(), Some(100 * MS));
        assert!(!round_trip.answered(&[2; 12], start + 900 * MS));
        assert_eq!(round_trip.get(), Some(100 * MS), "one answer counts once");
    }

    #[test]
    fn what_is_longer_than_the_shortest_waited_in_a_queue() {
        let start = Instant::now();
        let mut round_trip = CheckRoundTrip::default();
        assert_eq!(round_trip.queued(), None);
        for (transaction, took) in [(0, 40), (1, 30), (2, 55)] {
            round_trip.sent([transaction; 12], start);
            assert!(round_trip.answered(&[transaction; 12], start + took * MS));
        }
        let queued = round_trip.queued().expect("measured");
        assert!(queued > 24 * MS && queued <= 25 * MS, "{queued:?}");
    }

    #[test]
    fn a_check_that_later_ones_have_overtaken_is_lost() {
        let start = Instant::now();
        let mut round_trip = CheckRoundTrip::default();
        for (transaction, left) in [(0, 0), (1, 50), (2, 100), (3, 150)] {
            round_trip.sent([transaction; 12], start + left * MS);
        }
        assert!(
            !round_trip.sees_loss(start + 900 * MS),
            "before any answer the other may not be there yet"
        );
        round_trip.answered(&[1; 12], start + 150 * MS);
        assert!(
            !round_trip.sees_loss(start + 900 * MS),
            "the other may have become ready with the one answered"
        );
        round_trip.answered(&[3; 12], start + 250 * MS);
        assert!(!round_trip.sees_loss(start + 251 * MS), "it may be late");
        assert!(round_trip.sees_loss(start + 301 * MS));
        round_trip.answered(&[2; 12], start + 310 * MS);
        assert!(!round_trip.sees_loss(start + 900 * MS));
    }

    #[test]
    fn checks_that_nobody_answers_take_no_more_memory_than_a_few() {
        let start = Instant::now();
        let mut round_trip = CheckRoundTrip::default();
        for n in 0..2000u32 {
            let mut transaction = [0; 12];
            transaction[..4].copy_from_slice(&n.to_be_bytes());
            round_trip.sent(transaction, start);
            assert!(round_trip.awaited.len() <= MAX_AWAITED);
        }
    }
}
