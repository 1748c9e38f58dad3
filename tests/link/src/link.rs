//! One direction of a network, without sockets or a clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::conditions::{Conditions, Loss};

/// What becomes of a packet that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendOutcome {
    /// It will arrive; [`Link::poll`] gives it out when it does.
    WillArrive,
    /// The network lost it.
    Lost,
    /// It found the queue too long.
    Dropped,
}

/// What a link did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkCounts {
    /// Packets that were sent.
    pub sent: u64,
    /// Packets that were lost, also because nothing got through.
    pub lost: u64,
    /// Packets that were dropped before a long queue.
    pub dropped: u64,
    /// Packets that arrived.
    pub arrived: u64,
    /// Bytes that arrived.
    pub arrived_bytes: u64,
}

/// A packet that waits for its turn.
#[derive(Debug)]
struct Queued<P> {
    packet: P,
    bytes: usize,
    since: Instant,
}

/// One direction of a network: a queue in front of a link of limited rate, and the path behind it.
///
/// What always holds: a packet arrives once or never; no sooner than the delay less the jitter; the
/// link never carries more than its rate; the same seed and the same packets have the same
/// outcomes.
#[derive(Debug)]
pub struct Link<P> {
    conditions: Conditions,
    rng: StdRng,
    waiting: VecDeque<Queued<P>>,
    waiting_bytes: usize,
    /// Until when the link is busy with what has left the queue.
    busy_until: Option<Instant>,
    /// By arrival, and by number where two arrive at once.
    under_way: BTreeMap<(Instant, u64), (P, usize)>,
    number: u64,
    last_arrival: Option<Instant>,
    /// Whether a burst of losses goes on.
    in_burst: bool,
    counts: LinkCounts,
}

impl<P> Link<P> {
    /// An empty one.
    #[must_use]
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            rng: StdRng::seed_from_u64(seed),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            busy_until: None,
            under_way: BTreeMap::new(),
            number: 0,
            last_arrival: None,
            in_burst: false,
            counts: LinkCounts::default(),
        }
    }

    /// Changes the conditions. What waits goes on at the new rate; what is under way arrives as it
    /// would have.
    pub fn set(&mut self, now: Instant, conditions: Conditions) {
        self.advance(now);
        self.conditions = conditions;
    }

    /// The conditions now.
    #[must_use]
    pub fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// Sends a packet that takes so many bytes on the wire.
    pub fn send(&mut self, now: Instant, bytes: usize, packet: P) -> SendOutcome {
        self.advance(now);
        self.counts.sent += 1;
        if self.loses() || !self.conditions.open {
            self.counts.lost += 1;
            return SendOutcome::Lost;
        }
        if self.queueing(now) > self.conditions.queue {
            self.counts.dropped += 1;
            return SendOutcome::Dropped;
        }
        self.waiting_bytes += bytes;
        self.waiting.push_back(Queued { packet, bytes, since: now });
        self.advance(now);
        SendOutcome::WillArrive
    }

    /// The next packet that has arrived by now. Call until it gives nothing.
    pub fn poll(&mut self, now: Instant) -> Option<P> {
        self.advance(now);
        let entry = self.under_way.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let (packet, bytes) = entry.remove();
        self.counts.arrived += 1;
        self.counts.arrived_bytes += bytes as u64;
        Some(packet)
    }

    /// When to call [`Self::poll`] again.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let leaves = self.waiting.front().map(|head| self.leaves_at(head));
        let arrives = self.under_way.first_key_value().map(|((at, _), _)| *at);
        [leaves, arrives].into_iter().flatten().min()
    }

    /// How long a packet that is sent now waits for its turn.
    #[must_use]
    pub fn queueing(&self, now: Instant) -> Duration {
        let Some(rate) = self.conditions.rate else { return Duration::ZERO };
        let busy =
            self.busy_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        busy + rate.time_for(self.waiting_bytes)
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> LinkCounts {
        self.counts
    }

    /// When the packet at the head of the queue has left it.
    fn leaves_at(&self, head: &Queued<P>) -> Instant {
        let begins = self.busy_until.map_or(head.since, |until| until.max(head.since));
        begins + self.conditions.rate.map_or(Duration::ZERO, |rate| rate.time_for(head.bytes))
    }

    /// Lets what had its turn by now leave the queue.
    fn advance(&mut self, now: Instant) {
        while let Some(head) = self.waiting.front() {
            let left = self.leaves_at(head);
            if left > now {
                return;
            }
            let Some(head) = self.waiting.pop_front() else { return };
            self.waiting_bytes -= head.bytes;
            self.busy_until = Some(left);
            let mut arrival = left + self.time_under_way();
            if self.conditions.in_order {
                arrival = self.last_arrival.map_or(arrival, |last| arrival.max(last));
            }
            self.last_arrival = Some(arrival);
            self.number += 1;
            self.under_way.insert((arrival, self.number), (head.packet, head.bytes));
        }
    }

    fn time_under_way(&mut self) -> Duration {
        let Conditions { delay, jitter, .. } = self.conditions;
        if jitter.is_zero() {
            return delay;
        }
        let off = self.rng.random_range(-1.0..=1.0) * jitter.as_secs_f64();
        Duration::try_from_secs_f64(delay.as_secs_f64() + off).unwrap_or_default()
    }

    fn loses(&mut self) -> bool {
        match self.conditions.loss {
            Loss::None => false,
            Loss::Random(share) => self.rng.random_bool(share.clamp(0.0, 1.0)),
            Loss::Bursts { mean, length } => {
                let ends = 1.0 / length.max(1.0);
                // In equilibrium as many bursts begin as end.
                let begins = ends * mean / (1.0 - mean).max(f64::EPSILON);
                let changes = if self.in_burst { ends } else { begins };
                self.in_burst ^= self.rng.random_bool(changes.clamp(0.0, 1.0));
                self.in_burst
            }
        }
    }
}
