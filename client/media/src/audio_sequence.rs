//! Where in its stream a packet belongs: RTP sequence and timestamp without wrap, duplicates, loss
//! and restarts.
//!
//! In go the 16-bit sequence number and 32-bit timestamp of each packet as it arrives; out comes
//! its place as integers that do not wrap. A jump that no network makes is believed only when a
//! second packet confirms it (RFC 3550 A.1); one stray packet changes nothing. Loss is counted as
//! in RFC 3550 A.3.

use crate::frame::SAMPLE_RATE;

/// A jump in time beyond this is a restart, or nonsense.
const MAX_TIME_JUMP: i64 = 3 * SAMPLE_RATE as i64;
/// A jump in sequence beyond this is, too (MAX_DROPOUT of RFC 3550 A.1).
const MAX_SEQUENCE_JUMP: i64 = 3000;
/// No Opus packet covers more samples: 120 ms.
const LONGEST_PACKET: i64 = 5760;
/// Redundant blocks of older audio than this are of no use to anybody.
const MAX_REDUNDANT_AGE: i64 = SAMPLE_RATE as i64;
/// How far back duplicates are recognised, in packets.
const REMEMBERED: i64 = 128;

/// What a packet turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A packet of the stream, in its place: sequence number and RTP timestamp without wrap.
    New(i64, i64),
    /// One that was there before.
    Duplicate,
    /// One that is far from all others; if the next one is near it, that is a restart.
    Suspicious,
    /// The first of a stream that restarted, in its place.
    Restart(i64, i64),
}

/// Follows one stream.
#[derive(Debug, Default)]
pub(crate) struct SequenceTracker {
    /// Sequence and time of the newest packet, and of the first.
    newest: Option<(i64, i64)>,
    first: i64,
    /// Bit n: the packet n before the newest has arrived.
    seen: u128,
    suspicious: Option<(u16, u32)>,
    received: u64,
    /// Expected less received in streams before this one.
    lost_before: u64,
    received_before: u64,
}

impl SequenceTracker {
    /// Takes note of a packet.
    pub(crate) fn arrived(&mut self, sequence: u16, time: u32) -> Arrival {
        let Some((newest_sequence, newest_time)) = self.newest else {
            let place = (i64::from(sequence), i64::from(time));
            self.begin(place);
            return Arrival::New(place.0, place.1);
        };
        let place = (
            newest_sequence + i64::from(sequence.wrapping_sub(newest_sequence as u16) as i16),
            newest_time + i64::from(time.wrapping_sub(newest_time as u32) as i32),
        );
        let (ahead, jump) = (place.0 - newest_sequence, place.1 - newest_time);
        // After an interruption both have gone on alike.
        let interrupted = ahead > 0 && (1..=ahead * LONGEST_PACKET).contains(&jump);
        if ahead.abs() > MAX_SEQUENCE_JUMP || (jump.abs() > MAX_TIME_JUMP && !interrupted) {
            let confirmed = self.suspicious.is_some_and(|(before, time_before)| {
                (1..=16).contains(&sequence.wrapping_sub(before))
                    && i64::from(time.wrapping_sub(time_before)) <= MAX_TIME_JUMP
            });
            self.suspicious = Some((sequence, time));
            if !confirmed {
                return Arrival::Suspicious;
            }
            self.lost_before = self.lost();
            self.received_before = self.received;
            self.begin(place);
            return Arrival::Restart(place.0, place.1);
        }
        self.suspicious = None;
        if ahead > 0 {
            self.seen = if ahead >= REMEMBERED { 1 } else { self.seen << ahead | 1 };
            self.newest = Some(place);
        } else {
            let bit = 1_u128.checked_shl(ahead.unsigned_abs() as u32).unwrap_or(0);
            if bit == 0 || self.seen & bit != 0 {
                return Arrival::Duplicate;
            }
            self.seen |= bit;
        }
        self.received += 1;
        Arrival::New(place.0, place.1)
    }

    fn begin(&mut self, place: (i64, i64)) {
        self.newest = Some(place);
        self.first = place.0;
        self.seen = 1;
        self.suspicious = None;
        self.received += 1;
    }

    /// The RTP timestamp of a redundant block that came with the newest packets, without wrap;
    /// `None` when it belongs to none of them.
    pub(crate) fn time_of_redundant(&self, time: u32) -> Option<i64> {
        let (_, newest) = self.newest?;
        let time = newest + i64::from(time.wrapping_sub(newest as u32) as i32);
        (newest - MAX_REDUNDANT_AGE..=newest).contains(&time).then_some(time)
    }

    /// Whether this packet, by its sequence number without wrap, should have arrived by now and did
    /// not.
    pub(crate) fn is_missing(&self, sequence: i64) -> bool {
        let Some((newest, _)) = self.newest else { return false };
        let back = newest - sequence;
        sequence >= self.first && (0..REMEMBERED).contains(&back) && self.seen & (1 << back) == 0
    }

    /// Packets that arrived, each counted once.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Packets that should have arrived by now and did not.
    pub(crate) fn lost(&self) -> u64 {
        let Some((newest, _)) = self.newest else { return 0 };
        let expected = (newest - self.first + 1).max(0).unsigned_abs();
        self.lost_before + expected.saturating_sub(self.received - self.received_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(sequence: i64, time: i64) -> Arrival {
        Arrival::New(sequence, time)
    }

    #[test]
    fn wraps_are_straightened() {
        let mut tracker = SequenceTracker::default();
        assert_eq!(
            tracker.arrived(65_534, u32::MAX - 959),
            place(65_534, i64::from(u32::MAX) - 959)
        );
        assert_eq!(tracker.arrived(0, 960), place(65_536, i64::from(u32::MAX) + 961));
        assert_eq!(tracker.arrived(65_535, 0), place(65_535, i64::from(u32::MAX) + 1));
        assert_eq!((tracker.received(), tracker.lost()), (3, 0));
    }

    #[test]
    fn duplicates_are_recognised_and_gaps_are_counted() {
        let mut tracker = SequenceTracker::default();
        for sequence in [10_u16, 11, 11, 14, 10, 13] {
            tracker.arrived(sequence, u32::from(sequence) * 960);
        }
        assert_eq!((tracker.received(), tracker.lost()), (4, 1));
        assert_eq!(tracker.arrived(14, 14 * 960), Arrival::Duplicate);
    }

    #[test]
    fn one_stray_packet_changes_nothing() {
        let mut tracker = SequenceTracker::default();
        tracker.arrived(1, 960);
        assert_eq!(tracker.arrived(40_000, 99), Arrival::Suspicious);
        assert_eq!(tracker.arrived(2, 1920), place(2, 1920));
        assert_eq!((tracker.received(), tracker.lost()), (2, 0));
    }

    #[test]
    fn a_second_packet_confirms_a_restart_and_losses_before_it_stay_counted() {
        let mut tracker = SequenceTracker::default();
        tracker.arrived(1, 960);
        tracker.arrived(3, 2880);
        assert_eq!(tracker.arrived(7, 3_000_000_000), Arrival::Suspicious);
        assert!(matches!(tracker.arrived(8, 3_000_000_960), Arrival::Restart(8, _)));
        assert!(matches!(tracker.arrived(9, 3_000_001_920), Arrival::New(9, _)));
        assert_eq!((tracker.received(), tracker.lost()), (4, 1));
    }

    #[test]
    fn an_interruption_is_loss_and_no_restart() {
        let mut tracker = SequenceTracker::default();
        tracker.arrived(1, 960);
        assert_eq!(tracker.arrived(1001, 1001 * 960), place(1001, 1001 * 960));
        assert_eq!(tracker.lost(), 999);
    }

    #[test]
    fn what_is_missing_is_known_until_it_comes() {
        let mut tracker = SequenceTracker::default();
        assert!(!tracker.is_missing(4));
        for sequence in [5_u16, 6, 9] {
            tracker.arrived(sequence, u32::from(sequence) * 960);
        }
        let missing = |tracker: &SequenceTracker| {
            (3..11).filter(|&s| tracker.is_missing(s)).collect::<Vec<i64>>()
        };
        assert_eq!(missing(&tracker), [7, 8]);
        tracker.arrived(7, 7 * 960);
        assert_eq!(missing(&tracker), [8]);
    }

    #[test]
    fn a_redundant_block_has_the_time_of_what_it_stands_for() {
        let mut tracker = SequenceTracker::default();
        assert_eq!(tracker.time_of_redundant(0), None);
        tracker.arrived(1, u32::MAX - 99);
        tracker.arrived(2, 860);
        let newest = i64::from(u32::MAX) + 861;
        assert_eq!(tracker.time_of_redundant(860), Some(newest));
        assert_eq!(tracker.time_of_redundant(u32::MAX - 99), Some(newest - 960));
        assert_eq!(tracker.time_of_redundant(1820), None, "from the future");
        assert_eq!(tracker.time_of_redundant(860_u32.wrapping_sub(48_001)), None, "too old");
    }
}
