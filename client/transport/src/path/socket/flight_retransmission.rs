//! DTLS flights that are sent again until the other side has answered them (RFC 6347 §4.2.4).
//!
//! The library's own timer is a second long, and it cancels that timer at any handshake packet, a
//! repeated one included, without ever setting it again (ADR 17): a lost flight then stays lost,
//! and the call never connects. Beneath it the last flight is stored here, and sent again
//! unchanged: a receiver that has it drops the repetition by its replay window (§4.1.2.6), one that
//! lacks it takes it. A repetition that the library has answered before is withheld from it: the
//! answer is repeated instead, and the library's timer goes on.
//!
//! Datagrams and the time go in, datagrams to send again come out. What always holds: at most
//! [`MAX_REPEATS`] times and [`MAX_REPEATED_BYTES`] for one flight, and nothing after the handshake
//! is done; a datagram hurries a repetition only where it comes from whom the flight was sent to;
//! and nothing is withheld that the library has not answered.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::dtls_record::{Record, RecordKey, records};

/// The first repetition comes after this many round trips.
const ROUND_TRIPS: f64 = 1.2;
/// And what the other takes to compute its answer.
const COMPUTING: Duration = Duration::from_millis(15);
const SHORTEST: Duration = Duration::from_millis(30);
/// Before a round trip was measured.
const UNKNOWN: Duration = Duration::from_millis(250);
/// Intervals double up to this: the library's own.
const LONGEST: Duration = Duration::from_secs(1);
/// Each repetition is sent twice, this far apart: losses that come in bursts are over sooner.
const TWIN_AFTER: Duration = Duration::from_millis(20);
/// The most repetitions of one flight. With a round trip of 100 ms they last for a call's whole
/// connect deadline.
const MAX_REPEATS: u32 = 34;
/// The most bytes that go into them.
const MAX_REPEATED_BYTES: usize = 64 * 1024;
/// Only media answers the last flight, and an endpoint without camera and microphone may send none.
/// Whoever repeats the flight before it is answered more often.
const MAX_LAST_FLIGHT_REPEATS: u32 = 6;
/// The most datagrams of one flight that are stored. With a large chain of certificates it has a
/// handful.
const MAX_DATAGRAMS: usize = 16;
/// The most records of the other's that are remembered. A handshake has about a dozen.
const MAX_RECORDS: usize = 128;

/// What to do with a datagram that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inbound {
    /// Hand it to the library.
    Deliver,
    /// The library has answered it before.
    Withhold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Handshaking,
    /// Complete on our side; the other may lack our last flight.
    LastFlight,
    Done,
}

/// Stores the last flight and sends it again. `R` is the route of a datagram.
#[derive(Debug)]
pub(crate) struct FlightRetransmission<R> {
    phase: Phase,
    /// We began the handshake: the last flight is the other's.
    is_client: bool,
    /// Complete, but our last flight has not left yet: the library says so before it sends it.
    last_flight_waits: bool,
    /// Where each datagram of the current flight goes, and the datagram.
    flight: Vec<(R, Vec<u8>)>,
    /// The first record of the flight: when it leaves again, the library repeats it.
    begins_with: Option<RecordKey>,
    last_sent: Option<Instant>,
    interval: Duration,
    repeats: u32,
    repeated_bytes: usize,
    /// The next repetition is the second of a pair.
    twin: bool,
    due: Option<Instant>,
    /// The other has repeated its own flight, so it lacks ours.
    asked: bool,
    /// Whether any flight was sent again: it was lost, or its answer, or late.
    pub(super) repeated: bool,
    /// Records that the current flight answers.
    answered: HashSet<RecordKey>,
    /// Records that came since it left.
    unanswered: HashSet<RecordKey>,
}

impl<R> Default for FlightRetransmission<R> {
    fn default() -> Self {
        Self {
            phase: Phase::Handshaking,
            is_client: false,
            last_flight_waits: false,
            flight: Vec::new(),
            begins_with: None,
            last_sent: None,
            interval: UNKNOWN,
            repeats: 0,
            repeated_bytes: 0,
            twin: false,
            due: None,
            asked: false,
            repeated: false,
            answered: HashSet::new(),
            unanswered: HashSet::new(),
        }
    }
}

/// The records of a datagram that belongs to a handshake, and to nothing else.
fn handshake_keys(dtls: &[u8]) -> Option<Vec<RecordKey>> {
    let records = records(dtls)?;
    records.iter().all(Record::is_handshake).then(|| records.iter().map(Record::key).collect())
}

fn begins_handshake(dtls: &[u8]) -> bool {
    records(dtls).is_some_and(|records| records.iter().any(Record::is_client_hello))
}

impl<R: Clone + PartialEq> FlightRetransmission<R> {
    /// The library sends a datagram: `dtls` is what the other gets of it, `datagram` how it leaves,
    /// perhaps to a relay.
    pub(crate) fn sent(
        &mut self,
        dtls: &[u8],
        datagram: &[u8],
        route: R,
        round_trip: Option<Duration>,
        now: Instant,
    ) {
        let Some(keys) = handshake_keys(dtls) else { return };
        if self.phase != Phase::Handshaking {
            return;
        }
        self.is_client |= begins_handshake(dtls);
        let first = keys.first().copied();
        if self.begins_with == first {
            // The library repeats it: the same to the other, under other record numbers.
            self.flight.clear();
        } else if !self.unanswered.is_empty() || self.flight.is_empty() {
            self.answered.extend(self.unanswered.drain());
            self.flight.clear();
            self.begins_with = first;
            (self.repeats, self.repeated_bytes, self.twin) = (0, 0, false);
            self.interval = first_interval(round_trip);
        }
        if self.flight.len() < MAX_DATAGRAMS {
            self.flight.push((route, datagram.to_vec()));
        }
        self.last_sent = Some(now);
        self.due = Some(now + self.interval);
        if std::mem::take(&mut self.last_flight_waits) {
            self.phase = Phase::LastFlight;
        }
    }

    /// A datagram came by a route.
    pub(crate) fn received(&mut self, dtls: &[u8], route: &R, now: Instant) -> Inbound {
        let Some(keys) = handshake_keys(dtls) else { return Inbound::Deliver };
        if self.phase == Phase::Done {
            return Inbound::Deliver;
        }
        if keys.iter().all(|key| self.answered.contains(key)) {
            let rested = self
                .last_sent
                .is_none_or(|sent| now.saturating_duration_since(sent) >= self.interval / 2);
            let from_the_other = self.flight.iter().any(|(of, _)| of == route);
            if rested && from_the_other && self.may_repeat(true) {
                self.due = Some(now);
                self.asked = true;
            }
            return Inbound::Withhold;
        }
        let known = |key: &RecordKey| self.answered.contains(key) || self.unanswered.contains(key);
        if keys.iter().all(known) {
            return Inbound::Deliver;
        }
        if self.phase == Phase::Handshaking {
            // The other has moved on; if it lacks something of the next flight, it repeats its own.
            self.due = None;
        }
        if self.answered.len() + self.unanswered.len() + keys.len() <= MAX_RECORDS {
            self.unanswered.extend(keys);
        }
        Inbound::Deliver
    }

    /// The handshake is complete on our side.
    pub(crate) fn complete(&mut self) {
        if self.phase != Phase::Handshaking {
            return;
        }
        if self.is_client {
            self.finish();
        } else if self.unanswered.is_empty() {
            self.phase = Phase::LastFlight;
        } else {
            self.last_flight_waits = true;
        }
    }

    /// Media came, so the other has completed the handshake too.
    pub(crate) fn media_came(&mut self) {
        if self.phase == Phase::LastFlight || self.last_flight_waits {
            self.finish();
        }
    }

    /// When to call [`Self::poll`].
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.due
    }

    /// The datagrams to send again now, in order; none when none is due.
    pub(crate) fn poll(&mut self, now: Instant) -> Vec<(R, Vec<u8>)> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        let asked = std::mem::take(&mut self.asked);
        if !self.may_repeat(asked) {
            return Vec::new();
        }
        self.repeated = true;
        self.repeats += 1;
        self.repeated_bytes +=
            self.flight.iter().map(|(_, datagram)| datagram.len()).sum::<usize>();
        self.last_sent = Some(now);
        self.twin = !self.twin;
        if !self.twin {
            self.interval = (self.interval * 2).min(LONGEST.max(self.interval));
        }
        if self.may_repeat(false) {
            self.due = Some(now + if self.twin { TWIN_AFTER } else { self.interval });
        }
        self.flight.clone()
    }

    /// Whether the flight may be sent once more, by itself or because it was asked for.
    fn may_repeat(&self, asked: bool) -> bool {
        let most = match self.phase {
            Phase::Handshaking => MAX_REPEATS,
            Phase::LastFlight if asked => MAX_REPEATS,
            Phase::LastFlight => MAX_LAST_FLIGHT_REPEATS,
            Phase::Done => 0,
        };
        self.repeats < most && self.repeated_bytes < MAX_REPEATED_BYTES
    }

    fn finish(&mut self) {
        *self = Self { phase: Phase::Done, repeated: self.repeated, ..Self::default() };
    }
}

fn first_interval(round_trip: Option<Duration>) -> Duration {
    round_trip.map_or(UNKNOWN, |round_trip| {
        (round_trip.mul_f64(ROUND_TRIPS) + COMPUTING).clamp(SHORTEST, LONGEST)
    })
}

#[cfg(test)]
mod tests;
