//! The history of sent packets, out of which NACKs are answered (RFC 4585 §6.2.1).
//!
//! In go the packets as they leave and the sequence numbers that a NACK names; out come the packets
//! to send again. What always holds: memory is bounded, and a packet is resent a bounded number of
//! times, no faster than about once a round trip, whoever requests it. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The round trip that is assumed until it is measured.
pub(crate) const ASSUMED_RTT: Duration = Duration::from_millis(50);
/// After so long a packet is of no use to anyone.
pub(crate) const MAX_AGE: Duration = Duration::from_millis(1200);
/// The most packets that are kept for repair.
const HISTORY: usize = 1024;
const MAX_RESENDS: u32 = 8;
/// The least time between two transmissions of the same packet.
const MIN_RESEND: Duration = Duration::from_millis(8);

/// When a requested packet is sent, and sent again where more gets lost than [`REPEAT_ABOVE`].
const SENT_AFTER: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(15), Duration::from_millis(40)];
const REPEAT_ABOVE: f64 = 0.03;
/// And once more where a loss burst takes so many packets, lest one takes them all.
const REPEAT_TWICE_FROM: f64 = 2.0;
/// With a shorter round trip the next NACK comes soon enough.
const REPEAT_FROM_RTT: Duration = Duration::from_millis(40);

/// How long after its NACK a packet is sent, once or more: another NACK would cost a round trip.
/// Those that arrive for nothing look lost in the feedback, so where FEC does not keep
/// retransmissions rare each is sent once. `burst_length` is how many packets a loss burst takes.
#[must_use]
pub fn sent_after(
    fec: bool,
    rtt: Option<Duration>,
    loss: f64,
    burst_length: f64,
) -> &'static [Duration] {
    let repeats = fec && loss > REPEAT_ABOVE && rtt.is_some_and(|rtt| rtt >= REPEAT_FROM_RTT);
    let [once @ .., _, _] = &SENT_AFTER;
    let [twice @ .., _] = &SENT_AFTER;
    match repeats {
        false => once,
        true if burst_length > REPEAT_TWICE_FROM => &SENT_AFTER,
        true => twice,
    }
}

/// The packets that were sent, for as long as somebody may miss them.
#[derive(Debug)]
pub struct SendHistory<P> {
    sent: VecDeque<Sent<P>>,
}

#[derive(Debug)]
struct Sent<P> {
    sequence: u16,
    packet: P,
    first_sent: Instant,
    last_sent: Instant,
    resends: u32,
}

impl<P: Clone> Default for SendHistory<P> {
    fn default() -> Self {
        Self { sent: VecDeque::with_capacity(HISTORY) }
    }
}

impl<P: Clone> SendHistory<P> {
    /// Forgets everything: what was sent so far is not worth repairing.
    pub fn clear(&mut self) {
        self.sent.clear();
    }

    /// Keeps a packet that is being sent. Sequence numbers come one after the other.
    pub fn remember(&mut self, sequence: u16, packet: P, now: Instant) {
        if self.sent.back().is_some_and(|last| last.sequence.wrapping_add(1) != sequence) {
            self.sent.clear();
        }
        if self.sent.len() >= HISTORY {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent { sequence, packet, first_sent: now, last_sent: now, resends: 0 });
    }

    /// The packet to send again, unless it is unknown, too old, was resent often enough or only
    /// just.
    pub fn resend(&mut self, sequence: u16, now: Instant, rtt: Option<Duration>) -> Option<P> {
        let first = self.sent.front()?.sequence;
        let sent = self.sent.get_mut(usize::from(sequence.wrapping_sub(first)))?;
        let pause = rtt.unwrap_or(ASSUMED_RTT).mul_f64(0.8).max(MIN_RESEND);
        let early = sent.resends > 0 && now.duration_since(sent.last_sent) < pause;
        if early || sent.resends >= MAX_RESENDS || now.duration_since(sent.first_sent) > MAX_AGE {
            return None;
        }
        sent.resends += 1;
        sent.last_sent = now;
        Some(sent.packet.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const RTT: Option<Duration> = Some(Duration::from_millis(40));

    #[test]
    fn a_sent_packet_is_resent_on_demand_but_never_in_a_storm() {
        let start = Instant::now();
        let mut history = SendHistory::default();
        for sequence in [65_534, 65_535, 0, 1] {
            history.remember(sequence, sequence, start);
        }
        assert_eq!(history.resend(0, start + MS, RTT), Some(0));
        assert_eq!(history.resend(0, start + 2 * MS, RTT), None);
        assert_eq!(history.resend(0, start + 40 * MS, RTT), Some(0));
        let resent =
            (41..1000).filter(|ms| history.resend(0, start + *ms * MS, RTT).is_some()).count();
        assert_eq!(resent, 6);
        assert_eq!(history.resend(2, start + MS, RTT), None);
        assert_eq!(history.resend(65_533, start + MS, RTT), None);
        assert_eq!(history.resend(65_534, start + 1201 * MS, RTT), None);
    }

    #[test]
    fn history_is_bounded() {
        let start = Instant::now();
        let mut history = SendHistory::default();
        for sequence in 0..10_000u16 {
            history.remember(sequence, sequence, start);
        }
        assert_eq!(history.sent.len(), HISTORY);
        assert_eq!(history.resend(9_999, start, RTT), Some(9_999));
        assert_eq!(history.resend(8_000, start, RTT), None);
    }

    #[test]
    fn where_much_gets_lost_a_retransmission_is_repeated_and_twice_where_losses_come_in_bursts() {
        let long = Some(60 * MS);
        let once = [Duration::ZERO];
        assert_eq!(sent_after(true, long, 0.05, 1.1), [Duration::ZERO, 15 * MS]);
        assert_eq!(sent_after(true, long, 0.05, 4.0), [Duration::ZERO, 15 * MS, 40 * MS]);
        assert_eq!(sent_after(true, long, 0.02, 4.0), once);
        assert_eq!(sent_after(false, long, 0.05, 4.0), once, "without FEC");
        assert_eq!(sent_after(true, Some(30 * MS), 0.05, 4.0), once, "on a short path");
        assert_eq!(sent_after(true, None, 0.05, 4.0), once);
    }
}
