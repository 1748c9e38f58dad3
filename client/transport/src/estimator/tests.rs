//! The estimator on virtual time, behind a link of a given rate, delay and queue, fed through the
//! real pacer.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::path::wire_overhead::DIRECT_IPV4;
use crate::sending::pacer::{Enqueued, Pacer};

const MS: Duration = Duration::from_millis(1);

/// What the network is like from a moment on.
#[derive(Debug, Clone, Copy)]
struct Conditions {
    from: Duration,
    rate: Bitrate,
    delay: Duration,
    /// What the queue holds, in bytes; the rest is dropped.
    queue: usize,
    loss: f64,
    /// Each packet is late by up to this.
    jitter: Duration,
}

impl Conditions {
    fn new(from_secs: u64, kbps: u64) -> Self {
        Self {
            from: Duration::from_secs(from_secs),
            rate: Bitrate::from_kbps(kbps),
            delay: 25 * MS,
            queue: 60_000,
            loss: 0.0,
            jitter: Duration::ZERO,
        }
    }
}

/// What was seen in each 100 ms.
#[derive(Debug, Clone, Copy)]
struct Sample {
    at: Duration,
    target: Bitrate,
    queue: Duration,
    sent_bytes: usize,
}

struct Outcome {
    samples: Vec<Sample>,
    frames_dropped: u32,
}

impl Outcome {
    fn between(&self, from: u64, to: u64) -> impl Iterator<Item = &Sample> {
        let range = Duration::from_secs(from)..Duration::from_secs(to);
        self.samples.iter().filter(move |sample| range.contains(&sample.at))
    }

    fn mean_target(&self, from: u64, to: u64) -> f64 {
        let count = self.between(from, to).count() as f64;
        self.between(from, to).map(|sample| sample.target.bps() as f64).sum::<f64>() / count
    }

    fn sent_rate(&self, from: u64, to: u64) -> f64 {
        self.between(from, to).map(|sample| sample.sent_bytes as f64 * 8.0).sum::<f64>()
            / (to - from) as f64
    }

    fn worst_queue(&self, from: u64, to: u64) -> Duration {
        self.between(from, to).map(|sample| sample.queue).max().unwrap_or_default()
    }

    fn reaches(&self, rate: Bitrate) -> Option<Duration> {
        self.samples.iter().find(|sample| sample.target >= rate).map(|sample| sample.at)
    }
}

/// A call: 30 frames a second at what the estimate leaves, 50 audio packets, feedback every 50
/// ms.
fn call(seconds: u64, max: Bitrate, conditions: &[Conditions]) -> Outcome {
    let start = Instant::now();
    let mut rng = StdRng::seed_from_u64(42);
    let mut estimator = GoogCc::new(max);
    let mut pacer: Pacer<usize> = Pacer::new(Bitrate::from_kbps(10_000), start);
    // In the network: when the link is free again, and when each packet arrives.
    let mut link_free = Duration::ZERO;
    let mut in_flight: VecDeque<(Instant, usize, Option<Duration>)> = VecDeque::new();
    let mut samples = Vec::new();
    let mut sent_bytes = 0;
    let mut frames_dropped = 0;
    for ms in 0..seconds * 1000 {
        let at = ms as u32 * MS;
        let now = start + at;
        let link = conditions
            .iter()
            .rev()
            .find(|conditions| conditions.from <= at)
            .expect("conditions from the start");
        if ms % 20 == 0 {
            pacer.push_audio(120, 120);
        }
        if ms % 33 == 0 {
            let target = estimator.target(now).bps() as f64 * 0.95 - 48_000.0;
            let bytes = (target.max(50_000.0) / 30.0 / 8.0 * rng.random_range(0.7..1.3)) as usize;
            let packets = (0..bytes.div_ceil(1200)).map(|n| (bytes - n * 1200).min(1200));
            if pacer.push_video(packets.map(|bytes| (bytes, bytes))) == Enqueued::Dropped {
                frames_dropped += 1;
            }
        }
        pacer.set_rate(estimator.burst_rate());
        while let Some(bytes) = pacer.pop(now) {
            let bytes = bytes + DIRECT_IPV4;
            estimator.on_packet_sent(now, bytes, false);
            sent_bytes += bytes;
            let waiting = link_free.saturating_sub(at);
            let arrival = if link.rate.bytes_in(waiting) as usize > link.queue
                || rng.random_bool(link.loss)
            {
                None
            } else {
                link_free = at.max(link_free) + link.rate.time_for(bytes);
                let jitter = link.jitter.mul_f64(rng.random_range(0.0..=1.0));
                Some(link_free + link.delay + jitter + Duration::from_secs(1000))
            };
            in_flight.push_back((now, bytes, arrival));
        }
        if ms % 50 == 0 {
            // Reports on what had arrived when it left, and travels back.
            let reported = at.saturating_sub(link.delay) + Duration::from_secs(1000);
            let last = in_flight
                .iter()
                .rposition(|(_, _, arrival)| arrival.is_some_and(|arrival| arrival <= reported));
            let results: Vec<PacketResult> = in_flight
                .drain(..last.map_or(0, |last| last + 1))
                .map(|(sent, bytes, arrival)| PacketResult { sent, bytes, arrival })
                .collect();
            estimator.on_feedback(now, &results);
        }
        if ms % 100 == 99 {
            let queue = link_free.saturating_sub(at);
            samples.push(Sample { at, target: estimator.target(now), queue, sent_bytes });
            sent_bytes = 0;
        }
    }
    let outcome = Outcome { samples, frames_dropped };
    for second in (0..seconds).step_by(2) {
        let (target, queue) =
            (outcome.mean_target(second, second + 2), outcome.worst_queue(second, second + 2));
        println!("{second:>3} s: estimate {:>5.0} kbit/s, queue up to {queue:?}", target / 1e3);
    }
    outcome
}

fn assert_within(value: f64, low: f64, high: f64, what: &str) {
    assert!(
        (low..=high).contains(&value),
        "{what}: {value:.0} is not within {low:.0} to {high:.0}"
    );
}

#[test]
fn a_fast_link_is_used_within_three_seconds() {
    let outcome = call(
        5,
        Bitrate::from_kbps(3000),
        &[Conditions { delay: MS, ..Conditions::new(0, 100_000) }],
    );
    let reached = outcome.reaches(Bitrate::from_kbps(2700));
    assert!(reached.is_some_and(|at| at < Duration::from_secs(3)), "{reached:?}");
    assert_eq!(outcome.frames_dropped, 0);
}

#[test]
fn a_slow_link_is_followed_with_a_bounded_queue() {
    for kbps in [300, 600, 1500] {
        let outcome = call(40, Bitrate::from_kbps(3000), &[Conditions::new(0, kbps)]);
        let link = kbps as f64 * 1e3;
        assert_within(
            outcome.mean_target(5, 40),
            0.6 * link,
            1.05 * link,
            &format!("estimate of {kbps} kbit/s"),
        );
        assert_within(
            outcome.sent_rate(5, 40),
            0.6 * link,
            1.02 * link,
            &format!("sent over {kbps} kbit/s"),
        );
        let queue = outcome.worst_queue(5, 40);
        assert!(queue < 350 * MS, "{queue:?} in the queue of {kbps} kbit/s");
        let longest_still =
            outcome.between(3, 40).map(|sample| sample.sent_bytes).min().unwrap_or(0);
        assert!(longest_still > 0, "nothing was sent for 100 ms over {kbps} kbit/s");
    }
}

#[test]
fn a_link_that_narrows_is_left_room_soon_and_used_again_when_it_widens() {
    let conditions =
        [Conditions::new(0, 3000), Conditions::new(15, 600), Conditions::new(35, 3000)];
    let outcome = call(65, Bitrate::from_kbps(3000), &conditions);
    assert_within(outcome.mean_target(8, 15), 1.8e6, 3.1e6, "before");
    assert_within(outcome.mean_target(18, 35), 0.36e6, 0.63e6, "narrow");
    assert!(outcome.worst_queue(18, 35) < 400 * MS, "{:?}", outcome.worst_queue(18, 35));
    assert_within(outcome.mean_target(50, 65), 1.8e6, 3.1e6, "wide again");
}

#[test]
fn loss_that_is_not_congestion_does_not_stop_the_call() {
    let outcome = call(
        30,
        Bitrate::from_kbps(3000),
        &[Conditions { loss: 0.04, ..Conditions::new(0, 20_000) }],
    );
    assert!(outcome.mean_target(10, 30) > 0.9e6, "{:.0}", outcome.mean_target(10, 30));
}

#[test]
fn heavy_loss_without_a_queue_costs_no_rate() {
    let outcome = call(
        30,
        Bitrate::from_kbps(3000),
        &[Conditions { loss: 0.25, ..Conditions::new(0, 20_000) }],
    );
    assert!(outcome.mean_target(15, 30) > 2.0e6, "{:.0}", outcome.mean_target(15, 30));
}

#[test]
fn jitter_is_not_taken_for_congestion() {
    let outcome = call(
        20,
        Bitrate::from_kbps(2000),
        &[Conditions { jitter: 15 * MS, ..Conditions::new(0, 20_000) }],
    );
    assert!(outcome.mean_target(8, 20) > 1.2e6, "{:.0}", outcome.mean_target(8, 20));
}

#[test]
fn a_shallow_queue_is_found_by_its_losses() {
    let outcome = call(
        30,
        Bitrate::from_kbps(3000),
        &[Conditions { queue: 6_000, ..Conditions::new(0, 800) }],
    );
    assert_within(outcome.mean_target(5, 30), 0.45e6, 0.9e6, "estimate");
}

#[test]
fn a_frame_leaves_at_once_on_a_fast_link_and_spread_out_on_a_slow_one() {
    let start = Instant::now();
    let mut estimator = GoogCc::new(Bitrate::from_kbps(3000));
    assert!(estimator.burst_rate() >= Bitrate::from_kbps(4_000));
    // Trains that the link spreads to 600 kbit/s: 16 ms for each packet.
    for frame in 0..60u32 {
        let results: Vec<PacketResult> = (0..6)
            .map(|n| PacketResult {
                sent: start + frame * 100 * MS + n * MS,
                bytes: 1200,
                arrival: Some(frame * 100 * MS + n * 16 * MS),
            })
            .collect();
        estimator.on_feedback(start + (frame + 1) * 100 * MS, &results);
    }
    let target = estimator.target(start + 6000 * MS);
    assert!(
        estimator.burst_rate() <= target.scaled(2.6).max(Bitrate::from_kbps(700)),
        "{}",
        estimator.burst_rate()
    );
}

#[test]
fn remb_is_believed_when_there_is_nothing_else() {
    let start = Instant::now();
    let mut estimator = GoogCc::new(Bitrate::from_kbps(3000));
    estimator.on_remb(start, Bitrate::from_kbps(450));
    assert_eq!(estimator.target(start + MS), Bitrate::from_kbps(450));
    estimator.on_remb(start + 1000 * MS, Bitrate::from_kbps(90_000));
    assert_eq!(estimator.target(start + 1001 * MS), Bitrate::from_kbps(3000));
}

#[test]
fn without_any_answer_it_sends_less_and_less_but_never_stops() {
    let start = Instant::now();
    let mut estimator = GoogCc::new(Bitrate::from_kbps(3000));
    let result = PacketResult { sent: start, bytes: 1200, arrival: Some(Duration::ZERO) };
    estimator.on_feedback(start + 50 * MS, &[result]);
    for ms in 100..20_000u32 {
        estimator.on_packet_sent(start + ms * MS, 1200, false);
        let _ = estimator.target(start + ms * MS);
    }
    assert_eq!(estimator.target(start + 20_000 * MS), FLOOR);
}

#[test]
fn after_a_silence_it_goes_on_near_where_it_was() {
    let start = Instant::now();
    let mut estimator = GoogCc::new(Bitrate::from_kbps(3000));
    let hear = |estimator: &mut GoogCc, ms: u32| {
        let results: Vec<PacketResult> = (0..5)
            .map(|n| PacketResult {
                sent: start + (ms + n * 10) * MS,
                bytes: 1200,
                arrival: Some((ms + n * 10) * MS),
            })
            .collect();
        estimator.on_feedback(start + (ms + 60) * MS, &results);
    };
    for round in 0..200u32 {
        estimator.on_packet_sent(start + round * 50 * MS, 1200, false);
        hear(&mut estimator, round * 50);
    }
    let before = estimator.target(start + 10_050 * MS);
    for ms in 10_100..13_100u32 {
        estimator.on_packet_sent(start + ms * MS, 1200, false);
        let _ = estimator.target(start + ms * MS);
    }
    let meanwhile = estimator.target(start + 13_100 * MS);
    hear(&mut estimator, 13_100);
    let after = estimator.target(start + 13_161 * MS);
    assert!(meanwhile < before.scaled(0.6), "{before} before, {meanwhile} meanwhile");
    assert!(after > before.scaled(0.65), "{before} before, {after} after");
}

#[test]
fn feedback_that_makes_no_sense_does_no_harm() {
    let start = Instant::now() + Duration::from_secs(100);
    let mut rng = StdRng::seed_from_u64(1);
    let mut estimator = GoogCc::new(Bitrate::from_kbps(3000));
    for ms in 0..5_000u32 {
        let now = start + ms * MS;
        estimator.on_packet_sent(now, rng.random_range(0..100_000), false);
        let results: Vec<PacketResult> = (0..rng.random_range(0..5))
            .map(|_| PacketResult {
                sent: start - rng.random_range(0..10_000) * MS + rng.random_range(0..20_000) * MS,
                bytes: rng.random_range(0..100_000),
                arrival: rng
                    .random_bool(0.8)
                    .then(|| Duration::from_micros(rng.random_range(0..u64::from(u32::MAX)))),
            })
            .collect();
        estimator.on_feedback(now, &results);
        estimator.on_loss(now, rng.random_range(-1.0..2.0));
        let target = estimator.target(now);
        assert!((FLOOR..=Bitrate::from_kbps(3000)).contains(&target), "{target}");
    }
}
