use std::collections::BTreeMap;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::path::socket::dtls_record::tests::record;

const MS: Duration = Duration::from_millis(1);
const ROUND_TRIP: Duration = Duration::from_millis(100);
const OTHER: u8 = 1;
const STRANGER: u8 = 2;

type Flights = FlightRetransmission<u8>;

/// A datagram with a handshake message.
fn hello(sequence: u8, body: &[u8]) -> Vec<u8> {
    record(22, 0, sequence, body)
}

fn send(flights: &mut Flights, datagram: &[u8], now: Instant) {
    flights.sent(datagram, datagram, OTHER, Some(ROUND_TRIP), now);
}

/// When a flight without an answer is sent again, in milliseconds.
fn repetitions(flights: &mut Flights, start: Instant) -> Vec<u128> {
    let mut at = Vec::new();
    while let Some(due) = flights.next_deadline() {
        if !flights.poll(due).is_empty() {
            at.push(due.duration_since(start).as_millis());
        }
    }
    at
}

#[test]
fn a_flight_is_sent_again_to_the_letter_after_a_good_round_trip_and_then_ever_later() {
    let start = Instant::now();
    let mut flights = Flights::default();
    let (first, second) = (hello(0, b"server hello"), hello(1, b"certificate"));
    send(&mut flights, &first, start);
    send(&mut flights, &second, start);
    assert!(flights.poll(start + 134 * MS).is_empty());
    assert_eq!(flights.poll(start + 135 * MS), [(OTHER, first), (OTHER, second)]);
    let at = repetitions(&mut flights, start);
    assert_eq!(at[..7], [155, 425, 445, 985, 1005, 2005, 2025]);
    assert!((15_000..20_000).contains(at.last().expect("many")), "{at:?}");
    assert_eq!(at.len() + 1, MAX_REPEATS as usize);
}

#[test]
fn nothing_is_repeated_once_the_other_has_moved_on() {
    let start = Instant::now();
    let mut flights = Flights::default();
    send(&mut flights, &hello(0, b"client hello"), start);
    assert_eq!(
        flights.received(&hello(0, b"server hello"), &OTHER, start + 100 * MS),
        Inbound::Deliver
    );
    assert_eq!(flights.next_deadline(), None);
}

#[test]
fn a_repetition_is_answered_by_the_flight_that_is_missing_and_kept_from_the_library() {
    let start = Instant::now();
    let mut flights = Flights::default();
    assert_eq!(flights.received(&hello(0, b"client hello"), &OTHER, start), Inbound::Deliver);
    send(&mut flights, &hello(0, b"server hello"), start);
    // The same again a second later, under another record number: the library must not stop its
    // timer for it.
    assert_eq!(
        flights.received(&hello(1, b"client hello"), &OTHER, start + 100 * MS),
        Inbound::Withhold
    );
    assert_eq!(flights.poll(start + 100 * MS), [(OTHER, hello(0, b"server hello"))]);
    // Several that come at once are answered once.
    assert_eq!(
        flights.received(&hello(2, b"client hello"), &OTHER, start + 101 * MS),
        Inbound::Withhold
    );
    assert!(flights.poll(start + 101 * MS).is_empty());
}

#[test]
fn what_the_library_has_not_answered_is_never_kept_from_it() {
    let start = Instant::now();
    let mut flights = Flights::default();
    send(&mut flights, &hello(0, b"client hello"), start);
    let half = hello(0, b"server hello");
    assert_eq!(flights.received(&half, &OTHER, start + 100 * MS), Inbound::Deliver);
    assert_eq!(
        flights.received(&half, &OTHER, start + 300 * MS),
        Inbound::Deliver,
        "the other half is still missing"
    );
    let both = [half.clone(), hello(1, b"server hello done")].concat();
    assert_eq!(flights.received(&both, &OTHER, start + 400 * MS), Inbound::Deliver);
    send(&mut flights, &hello(1, b"certificate"), start + 400 * MS);
    assert_eq!(flights.received(&both, &OTHER, start + 500 * MS), Inbound::Withhold);
}

#[test]
fn a_stranger_hurries_nothing() {
    let start = Instant::now();
    let mut flights = Flights::default();
    flights.received(&hello(0, b"client hello"), &OTHER, start);
    send(&mut flights, &hello(0, b"server hello"), start);
    assert_eq!(
        flights.received(&hello(0, b"client hello"), &STRANGER, start + 100 * MS),
        Inbound::Withhold
    );
    assert!(flights.poll(start + 100 * MS).is_empty());
    assert_eq!(flights.poll(start + 135 * MS).len(), 1, "its own time it keeps");
}

#[test]
fn the_last_flight_is_repeated_a_few_times_until_media_comes() {
    let start = Instant::now();
    let mut flights = Flights::default();
    flights.received(&hello(0, b"finished"), &OTHER, start);
    send(&mut flights, &record(22, 1, 0, b"sealed"), start);
    flights.complete();
    let mut answered = FlightRetransmission {
        flight: flights.flight.clone(),
        due: flights.due,
        ..Flights::default()
    };
    answered.complete();
    assert_eq!(repetitions(&mut flights, start).len(), MAX_LAST_FLIGHT_REPEATS as usize);
    assert_eq!(answered.poll(start + 135 * MS).len(), 1);
    answered.media_came();
    assert_eq!(answered.next_deadline(), None);
    assert_eq!(
        answered.received(&hello(0, b"finished"), &OTHER, start + 900 * MS),
        Inbound::Deliver
    );
    assert_eq!(answered.next_deadline(), None, "done is done");
}

#[test]
fn the_last_flight_is_repeated_although_the_library_is_done_before_it_sends_it() {
    let start = Instant::now();
    let mut flights = Flights::default();
    flights.received(&hello(0, b"finished"), &OTHER, start);
    flights.complete();
    send(&mut flights, &record(22, 1, 0, b"sealed"), start);
    assert_eq!(repetitions(&mut flights, start).len(), MAX_LAST_FLIGHT_REPEATS as usize);
    // The other goes on asking, and the library, which is done, is not to be asked.
    let asked_at = |n: u32| start + Duration::from_secs(5) + 600 * MS * n;
    for n in 0..10 {
        let repeated = flights.received(&hello(1, b"finished"), &OTHER, asked_at(n));
        assert_eq!(repeated, Inbound::Withhold);
        assert_eq!(flights.poll(asked_at(n)).len(), 1, "request {n}");
    }
}

#[test]
fn whoever_has_got_the_last_flight_repeats_nothing() {
    let start = Instant::now();
    let mut flights = Flights::default();
    send(&mut flights, &hello(0, b"\x01 client hello"), start);
    flights.received(&hello(0, b"server hello"), &OTHER, start);
    send(&mut flights, &record(22, 1, 0, b"sealed"), start);
    flights.received(&record(22, 1, 0, b"their sealed"), &OTHER, start + 100 * MS);
    flights.complete();
    assert_eq!(flights.next_deadline(), None);
    send(&mut flights, &record(22, 1, 1, b"sealed again by the library"), start + 200 * MS);
    assert_eq!(flights.next_deadline(), None);
}

#[test]
fn alerts_and_application_data_are_none_of_its_business() {
    let start = Instant::now();
    let mut flights = Flights::default();
    send(&mut flights, &record(21, 0, 0, &[1, 0]), start);
    send(&mut flights, &record(23, 1, 0, b"data"), start);
    assert_eq!(flights.next_deadline(), None);
    assert_eq!(flights.received(&record(21, 0, 0, &[2, 40]), &OTHER, start), Inbound::Deliver);
}

/// One end of a handshake as the library would be that never repeats anything: flight after flight,
/// each once.
struct Library {
    /// The flights that it sends, and the number of records that complete the other's before each.
    flights: Vec<(usize, Vec<Vec<u8>>)>,
    next: usize,
    got: Vec<Vec<u8>>,
}

impl Library {
    fn receive(&mut self, datagram: &[u8]) {
        if !self.got.iter().any(|got| got == datagram) {
            self.got.push(datagram.to_vec());
        }
    }

    fn next_flight(&mut self) -> Vec<Vec<u8>> {
        match self.flights.get(self.next) {
            Some((needs, flight)) if self.got.len() >= *needs => {
                self.next += 1;
                flight.clone()
            }
            _ => Vec::new(),
        }
    }

    fn is_done(&self, all: usize) -> bool {
        self.next == self.flights.len() && self.got.len() == all
    }
}

/// A whole handshake over a network that loses this share of packets: how long it took, and the
/// datagrams it took.
fn handshake(loss: f64, seed: u64) -> Option<(Duration, usize)> {
    let mut rng = StdRng::seed_from_u64(seed);
    let start = Instant::now();
    let mut ends = [
        Library {
            flights: vec![
                (0, vec![hello(0, b"hello")]),
                (1, vec![hello(1, b"hello, cookie")]),
                (3, vec![hello(2, b"certificate"), record(22, 1, 0, b"sealed")]),
            ],
            next: 0,
            got: Vec::new(),
        },
        Library {
            flights: vec![
                (1, vec![hello(0, b"verify")]),
                (2, vec![hello(1, b"server hello"), hello(2, b"done")]),
                (4, vec![record(22, 1, 0, b"sealed as well")]),
            ],
            next: 0,
            got: Vec::new(),
        },
    ];
    let mut flights = [Flights::default(), Flights::default()];
    let mut network: BTreeMap<(Instant, usize), (usize, Vec<u8>)> = BTreeMap::new();
    let (mut number, mut sent) = (0, 0);
    let mut now = start;
    while now < start + Duration::from_secs(15) {
        for end in 0..2 {
            let mut leaving: Vec<Vec<u8>> =
                flights[end].poll(now).into_iter().map(|(_, datagram)| datagram).collect();
            for datagram in ends[end].next_flight() {
                send(&mut flights[end], &datagram, now);
                leaving.push(datagram);
            }
            for datagram in leaving {
                (number, sent) = (number + 1, sent + 1);
                if !rng.random_bool(loss) {
                    network.insert((now + ROUND_TRIP / 2, number), (1 - end, datagram));
                }
            }
        }
        if ends[0].is_done(4) && ends[1].is_done(4) {
            return Some((now.duration_since(start), sent));
        }
        let due = flights.iter().filter_map(Flights::next_deadline).min();
        let arrives = network.first_key_value().map(|((at, _), _)| *at);
        now = [due, arrives].into_iter().flatten().min()?.max(now);
        while let Some(entry) = network.first_entry().filter(|entry| entry.key().0 <= now) {
            let (end, datagram) = entry.remove();
            if flights[end].received(&datagram, &OTHER, now) == Inbound::Deliver {
                ends[end].receive(&datagram);
            }
        }
    }
    None
}

#[test]
fn without_loss_a_handshake_takes_three_round_trips_and_not_a_datagram_more() {
    assert_eq!(handshake(0.0, 1), Some((3 * ROUND_TRIP, 8)));
}

#[test]
fn a_handshake_comes_through_a_network_that_loses_three_of_ten() {
    let took: Vec<Duration> = (0..500).filter_map(|seed| Some(handshake(0.3, seed)?.0)).collect();
    assert_eq!(took.len(), 500, "every one completes although the library repeats nothing");
    let late = took.iter().filter(|took| **took > Duration::from_secs(4)).count();
    assert!(late <= 25, "{late} of 500 took longer than 4 s");
}

#[derive(Debug, Clone)]
enum Step {
    Sent(u8),
    Received(u8, u8),
    Complete,
    MediaCame,
    Passes(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..6u8).prop_map(Step::Sent),
        (0..6u8, 1..3u8).prop_map(|(message, from)| Step::Received(message, from)),
        Just(Step::Complete),
        Just(Step::MediaCame),
        (0..3000u64).prop_map(Step::Passes),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_the_repetitions_of_a_flight_are_bounded_and_end_with_it(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut now = Instant::now();
        let mut flights = Flights::default();
        let (mut flight, mut repeated) = (None, 0);
        for step in steps {
            match step {
                Step::Sent(message) => {
                    send(&mut flights, &hello(message, &[message]), now);
                    if flights.begins_with != flight {
                        (flight, repeated) = (flights.begins_with, 0);
                    }
                }
                Step::Received(message, from) => {
                    let inbound = flights.received(&hello(0, &[0x80 | message]), &from, now);
                    let answered = inbound == Inbound::Withhold;
                    prop_assert!(!answered || flights.begins_with.is_some());
                }
                Step::Complete => flights.complete(),
                Step::MediaCame => flights.media_came(),
                Step::Passes(ms) => now += Duration::from_millis(ms),
            }
            repeated += u32::from(!flights.poll(now).is_empty());
            prop_assert!(repeated <= MAX_REPEATS);
            prop_assert!(flights.answered.len() + flights.unanswered.len() <= MAX_RECORDS);
            prop_assert!(flights.phase != Phase::Done || flights.next_deadline().is_none());
        }
    }

    #[test]
    fn no_datagram_is_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let now = Instant::now();
        let mut flights = Flights::default();
        flights.received(&bytes, &OTHER, now);
        send(&mut flights, &bytes, now);
        flights.received(&bytes, &OTHER, now);
    }
}
