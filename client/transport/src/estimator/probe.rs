//! Probing: would more get through than is sent?
//!
//! A cluster of packets leaves at a rate above the estimate for some tens of milliseconds; how far
//! the network spreads them tells what it carries. One result decides on the next: a success is
//! followed by a cluster at twice the rate, and each failure doubles the time until the next try.
//! Clusters leave at the start, after a drop when capacity may be back, and now and then while less
//! is sent than may be (draft-ietf-rmcat-gcc-02 leaves probing open; the shape is that of its
//! implementations). Pure: time is an argument.

use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

use super::PacketResult;
use super::trendline::slope;

/// A cluster lasts at least so long, or the grain of clocks and timers is all that is measured.
const LEAST_TIME: Duration = Duration::from_millis(20);
/// And has at least so many packets, for the same reason.
const LEAST_PACKETS: usize = 5;
/// What a packet of a cluster takes on the wire, in bytes: as few as its rate needs, so that a
/// narrow link is not filled.
const LEAST_PACKET: usize = 250;
/// The same below a rate at which so many would fill a narrow link for long.
const LEAST_PACKET_NARROW: (f64, usize) = (350e3, 125);
const MOST_PACKET: usize = 1100;
/// The first cluster is so much above the estimate, later ones by [`STEP`].
const FIRST_STEP: f64 = 3.0;
const STEP: f64 = 2.0;
/// A cluster that arrives with at least this share of the rate at which it left got through.
const THROUGH: f64 = 0.92;
/// And if the delay slope stayed below this: so many seconds of delay for each second of sending.
const MAX_DELAY_SLOPE: f64 = 0.15;
/// Of what a cluster that was held up arrived with, so much is used.
const HELD_UP: f64 = 0.9;
/// Two measurements that differ by no more than this share agree.
const ALIKE: f64 = 0.2;
/// Fewer than this share of a cluster tell nothing.
const LEAST_ARRIVED: f64 = 0.5;
/// The time between tries, at first and at most.
const INTERVAL: Duration = Duration::from_secs(2);
const MAX_INTERVAL: Duration = Duration::from_secs(8);
/// After a drop, capacity is not back sooner than this.
const AFTER_DROP: Duration = Duration::from_millis(2500);
/// Capacity that is back shows step by step: after each, feedback on what is sent then comes first.
const BETWEEN_STEPS: Duration = Duration::from_millis(400);
/// What no feedback covers for so long (and a round trip) after the last packet of a cluster is
/// lost.
const GRACE: Duration = Duration::from_millis(150);
/// A cluster that nobody sends is given up.
const UNSENT: Duration = Duration::from_secs(1);
/// Above this share of what can be used there is nothing to find out.
const ENOUGH: f64 = 0.95;

/// A cluster to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The rate at which its packets leave.
    pub rate: Bitrate,
    /// How many packets it has.
    pub packets: usize,
    /// The size of each on the wire, in bytes.
    pub packet_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It got through at this rate.
    Through(Bitrate),
    /// It was held up: about this rate gets through, and no more.
    HeldUp(Bitrate),
}

#[derive(Debug)]
struct Cluster {
    rate: f64,
    planned_at: Instant,
    last_marked: Option<Instant>,
    /// The packets that left while it did, from the first marked one on.
    left: Vec<PacketResult>,
}

#[derive(Debug, Default)]
pub(super) struct Prober {
    cluster: Option<Cluster>,
    begun: bool,
    /// The path has become narrow before.
    careful: bool,
    /// A cluster at this rate is due as soon as may be.
    wanted: Option<f64>,
    next_at: Option<Instant>,
    interval: Option<Duration>,
    /// What a cluster arrived with that was held up, until another confirms it.
    held_up: Option<f64>,
}

impl Prober {
    /// The cluster to send now, if it is time for one. `useful` is what can be made use of.
    pub(super) fn plan(
        &mut self,
        now: Instant,
        estimate: Bitrate,
        useful: Bitrate,
    ) -> Option<Probe> {
        if let Some(cluster) = &self.cluster {
            if cluster.last_marked.is_some()
                || now.saturating_duration_since(cluster.planned_at) < UNSENT
            {
                return None;
            }
            self.cluster = None;
        }
        let (estimate, useful) = (estimate.bps() as f64, useful.bps() as f64);
        if estimate >= ENOUGH * useful {
            self.wanted = None;
            return None;
        }
        let due = self.next_at.is_none_or(|at| at <= now);
        let rate = match self.wanted.take() {
            Some(rate) => rate,
            None if !self.begun => estimate * FIRST_STEP,
            None if due => estimate * STEP,
            None => return None,
        };
        self.begun = true;
        let rate = rate.clamp(estimate, useful * 1.1);
        self.next_at = Some(now + self.interval.unwrap_or(INTERVAL));
        self.cluster = Some(Cluster { rate, planned_at: now, last_marked: None, left: Vec::new() });
        let bytes = (rate * LEAST_TIME.as_secs_f64() / 8.0) as usize;
        let packets = bytes.div_ceil(MOST_PACKET).max(LEAST_PACKETS + 1);
        let (narrow, least) = LEAST_PACKET_NARROW;
        let least = if rate < narrow { least } else { LEAST_PACKET };
        let packet_bytes = (bytes / packets).max(least);
        Some(Probe { rate: Bitrate::from_bps(rate as u64), packets, packet_bytes })
    }

    /// A packet left; `marked` when it belongs to a cluster.
    pub(super) fn left(&mut self, now: Instant, bytes: usize, marked: bool) {
        let Some(cluster) = &mut self.cluster else { return };
        if marked {
            cluster.last_marked = Some(now);
        }
        // What leaves among the cluster's packets takes up room as they do. What leaves after them
        // is cut off later.
        if cluster.last_marked.is_some() && cluster.left.len() < 512 {
            cluster.left.push(PacketResult { sent: now, bytes, arrival: None });
        }
    }

    /// Reads what became of packets. Gives what a cluster showed, once.
    pub(super) fn results(
        &mut self,
        now: Instant,
        results: &[PacketResult],
        rtt: Duration,
    ) -> Option<Outcome> {
        let cluster = self.cluster.as_mut()?;
        let last = cluster.last_marked?;
        for result in results {
            if let Some(arrival) = result.arrival
                && let Some(left) = cluster
                    .left
                    .iter_mut()
                    .find(|left| left.sent == result.sent && left.arrival.is_none())
            {
                left.arrival = Some(arrival);
            }
        }
        let all_there =
            cluster.left.iter().filter(|left| left.sent <= last).all(|left| left.arrival.is_some());
        let waited = now.saturating_duration_since(last);
        let passed = results.iter().any(|result| result.arrival.is_some() && result.sent > last)
            && waited > rtt + GRACE / 3;
        if !(all_there || passed || waited > rtt + GRACE) {
            return None;
        }
        let cluster = self.cluster.take()?;
        let outcome = cluster.outcome(last);
        if let Some(Outcome::Through(rate)) = outcome {
            (self.interval, self.held_up) = (None, None);
            if self.careful {
                self.next_at = Some(now + BETWEEN_STEPS);
            } else {
                self.wanted = Some(rate.bps() as f64 * STEP);
            }
        } else if let Some(Outcome::HeldUp(rate)) = outcome
            && self
                .held_up
                .replace(rate.bps() as f64)
                .is_none_or(|before| !alike(before, rate.bps() as f64))
        {
            // It may have been jitter: another tells.
            self.wanted = Some(cluster.rate);
            return None;
        } else {
            let interval = (self.interval.unwrap_or(INTERVAL) * 2).min(MAX_INTERVAL);
            self.interval = Some(interval);
            self.next_at = Some(now + interval);
        }
        outcome
    }

    /// The estimate fell: what a cluster was about to show is out of date, and the next comes when
    /// there is hope.
    pub(super) fn dropped(&mut self, now: Instant) {
        self.cluster = None;
        self.wanted = None;
        self.interval = None;
        (self.begun, self.careful) = (true, true);
        self.next_at = Some(now + AFTER_DROP);
    }

    /// A cluster at this rate is worth a try right away.
    pub(super) fn try_at(&mut self, rate: Bitrate) {
        self.cluster = None;
        self.interval = None;
        self.wanted = Some(rate.bps() as f64);
    }
}

/// Whether two rates may be one.
fn alike(one: f64, other: f64) -> bool {
    (one - other).abs() <= ALIKE * one.max(other)
}

impl Cluster {
    /// The delay slope: by how much the delay of its packets grew for each second in which they
    /// left, up to `last`: the slope of the line that fits best. The first and the last packet
    /// alone may be off by a few milliseconds.
    fn delay_slope(&self, last: Instant) -> f64 {
        let first = self.left.first().map_or(last, |left| left.sent);
        let within = self.left.iter().filter(|left| left.sent <= last);
        let points = within.filter_map(|left| {
            let sent = left.sent.duration_since(first).as_secs_f64();
            Some((sent, left.arrival?.as_secs_f64() - sent))
        });
        slope(points).unwrap_or(0.0)
    }

    /// What it showed; `None` when that is nothing.
    fn outcome(&self, last: Instant) -> Option<Outcome> {
        let within: Vec<&PacketResult> =
            self.left.iter().filter(|left| left.sent <= last).collect();
        let (first_left, last_left) = (within.first()?, within.last()?);
        let arrived: Vec<(Duration, usize)> =
            within.iter().filter_map(|left| Some((left.arrival?, left.bytes))).collect();
        let share = arrived.len() as f64 / within.len() as f64;
        if arrived.len() < LEAST_PACKETS - 1 || share < LEAST_ARRIVED {
            return None;
        }
        let sent_bytes: usize = within.iter().map(|left| left.bytes).sum();
        let sent_time = last_left.sent.duration_since(first_left.sent).as_secs_f64();
        let sent_rate = ((sent_bytes - last_left.bytes) as f64 * 8.0 / sent_time.max(1e-3))
            .min(self.rate * 1.2);
        let first = arrived.iter().min_by_key(|(at, _)| *at)?;
        let last = arrived.iter().map(|(at, _)| *at).max()?;
        let bytes: usize = arrived.iter().map(|(_, bytes)| *bytes).sum();
        let time = (last - first.0).as_secs_f64();
        // Those that were lost took their time all the same.
        let arrived_rate = (bytes - first.1) as f64 * 8.0 / time.max(1e-3) / share;
        let rate = |rate: f64| Bitrate::from_bps(rate as u64);
        if arrived_rate >= THROUGH * sent_rate && self.delay_slope(last_left.sent) < MAX_DELAY_SLOPE
        {
            return Some(Outcome::Through(rate(sent_rate)));
        }
        // Packets that overtake each other tell of jitter, not of a rate.
        let in_order = arrived
            .windows(2)
            .all(|pair| matches!(pair, [(before, _), (after, _)] if before <= after));
        in_order.then(|| Outcome::HeldUp(rate(arrived_rate * HELD_UP)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const RTT: Duration = Duration::from_millis(40);

    /// Sends what is planned over a link of this rate, and says what was proven.
    fn probe_over(link: Bitrate, lost: &[usize]) -> (Probe, Option<Outcome>, Prober) {
        let start = Instant::now();
        let mut prober = Prober { held_up: Some(450e3), ..Prober::default() };
        let estimate = Bitrate::from_kbps(300);
        let probe =
            prober.plan(start, estimate, Bitrate::from_kbps(3000)).expect("a first cluster");
        let (pace, spread) = (
            probe.rate.time_for(probe.packet_bytes),
            probe.rate.min(link).time_for(probe.packet_bytes),
        );
        let mut results = Vec::new();
        for n in 0..probe.packets {
            let sent = start + pace * n as u32;
            prober.left(sent, probe.packet_bytes, true);
            let arrival = (!lost.contains(&n)).then(|| 1000 * MS + spread * n as u32);
            results.push(PacketResult { sent, bytes: probe.packet_bytes, arrival });
        }
        let proven = prober.results(start + 1000 * MS, &results, RTT);
        (probe, proven, prober)
    }

    #[test]
    fn a_cluster_that_gets_through_proves_its_rate_and_the_next_is_twice_as_fast() {
        let (probe, proven, mut prober) = probe_over(Bitrate::from_kbps(100_000), &[]);
        assert_eq!(probe.rate, Bitrate::from_kbps(900));
        let Some(Outcome::Through(proven)) = proven else { panic!("{proven:?}") };
        assert!(proven.bps().abs_diff(900_000) < 20_000, "{proven}");
        let next = prober
            .plan(Instant::now() + 1001 * MS, proven, Bitrate::from_kbps(3000))
            .expect("another");
        assert!(next.rate > Bitrate::from_kbps(1700), "{}", next.rate);
    }

    #[test]
    fn a_cluster_that_is_held_up_proves_a_little_less_than_the_link() {
        let (_, proven, mut prober) = probe_over(Bitrate::from_kbps(500), &[]);
        let Some(Outcome::HeldUp(proven)) = proven else { panic!("{proven:?}") };
        assert!((Bitrate::from_kbps(430)..Bitrate::from_kbps(500)).contains(&proven), "{proven}");
        assert_eq!(prober.plan(Instant::now() + 1100 * MS, proven, Bitrate::from_kbps(3000)), None);
    }

    #[test]
    fn a_packet_that_is_lost_does_not_spoil_the_result_and_a_lost_cluster_tells_nothing() {
        let (_, proven, _) = probe_over(Bitrate::from_kbps(100_000), &[2]);
        assert!(matches!(proven, Some(Outcome::Through(_))), "{proven:?}");
        assert_eq!(probe_over(Bitrate::from_kbps(100_000), &[0, 1, 2, 3]).1, None);
    }

    #[test]
    fn a_cluster_whose_delay_grows_did_not_get_through_though_the_last_was_quick() {
        let start = Instant::now();
        let mut prober = Prober::default();
        let probe = prober
            .plan(start, Bitrate::from_kbps(300), Bitrate::from_kbps(3000))
            .expect("a first cluster");
        let pace = probe.rate.time_for(probe.packet_bytes);
        let mut results = Vec::new();
        for n in 0..probe.packets {
            let sent = start + pace * n as u32;
            prober.left(sent, probe.packet_bytes, true);
            // Each is later than the one before by two thirds of what lies between them, but for
            // the last.
            let late =
                if n + 1 == probe.packets { Duration::ZERO } else { pace * n as u32 * 2 / 3 };
            results.push(PacketResult {
                sent,
                bytes: probe.packet_bytes,
                arrival: Some(sent + late - start + MS),
            });
        }
        let outcome = prober.results(start + 1000 * MS, &results, RTT);
        assert!(!matches!(outcome, Some(Outcome::Through(_))), "{outcome:?}");
    }

    #[test]
    fn after_a_drop_each_step_up_is_reported_on_before_the_next() {
        let start = Instant::now();
        let next_after = |dropped: bool| {
            let mut prober = Prober::default();
            if dropped {
                prober.dropped(start);
            }
            let estimate = Bitrate::from_kbps(300);
            let planned = |prober: &mut Prober, from: u32, estimate| {
                (from..from + 5000).find_map(|ms| {
                    let probe = prober.plan(start + ms * MS, estimate, Bitrate::from_kbps(3000))?;
                    Some((ms, probe))
                })
            };
            let (ms, probe) = planned(&mut prober, 0, estimate).expect("a cluster");
            let results: Vec<PacketResult> = (0..probe.packets as u32)
                .map(|n| {
                    let after = probe.rate.time_for(probe.packet_bytes) * n;
                    prober.left(start + ms * MS + after, probe.packet_bytes, true);
                    PacketResult {
                        sent: start + ms * MS + after,
                        bytes: probe.packet_bytes,
                        arrival: Some(after),
                    }
                })
                .collect();
            let reported = ms + 60;
            assert!(matches!(
                prober.results(start + reported * MS, &results, RTT),
                Some(Outcome::Through(_))
            ));
            planned(&mut prober, reported, probe.rate).expect("another").0 - reported
        };
        assert_eq!((next_after(false), next_after(true)), (0, 400));
    }

    #[test]
    fn failures_become_rarer() {
        let start = Instant::now();
        let mut prober = Prober::default();
        let mut planned = Vec::new();
        for ms in 0..60_000u32 {
            let now = start + ms * MS;
            if prober.plan(now, Bitrate::from_kbps(300), Bitrate::from_kbps(3000)).is_some() {
                planned.push(ms);
                prober.left(now, 300, true);
            }
            let _ = prober.results(now, &[], RTT);
        }
        assert!((7..=11).contains(&planned.len()), "{planned:?}");
    }

    #[test]
    fn who_has_enough_does_not_probe() {
        let mut prober = Prober::default();
        assert_eq!(
            prober.plan(Instant::now(), Bitrate::from_kbps(2900), Bitrate::from_kbps(3000)),
            None
        );
    }
}
