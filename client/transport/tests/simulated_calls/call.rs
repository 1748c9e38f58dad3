//! A call in one direction, with feedback in the other, on virtual time.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use visavis_link::{Link, Timeline};

use crate::receiver::{Receiver, Report};
use crate::sender::{SendCounts, Sender, Sent};

const MS: Duration = Duration::from_millis(1);

/// What was seen in each 100 ms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    pub(crate) estimate: f64,
    pub(crate) target: f64,
    pub(crate) queue: Duration,
    pub(crate) arrived: f64,
}

pub(crate) struct Outcome {
    pub(crate) seconds: u32,
    pub(crate) samples: Vec<Sample>,
    /// When each frame was shown, and how old it then was.
    pub(crate) shown: Vec<(Duration, Duration)>,
    pub(crate) frozen: Duration,
    pub(crate) longest_gap: Duration,
    pub(crate) queues: Vec<Duration>,
    pub(crate) audio: Vec<Duration>,
    /// When audio was concealed, and how much.
    pub(crate) concealed: Vec<(Duration, Duration)>,
    /// How long audio waits at the receiver to be played.
    pub(crate) audio_waits: Duration,
    pub(crate) counts: SendCounts,
    pub(crate) rebuilt: u64,
    pub(crate) plis: u64,
}

impl Outcome {
    pub(crate) fn frozen_share(&self) -> f64 {
        self.frozen.as_secs_f64() / f64::from(self.seconds)
    }

    /// From the camera to the screen, for this share of the frames.
    pub(crate) fn glass(&self, share: f64) -> Duration {
        quantile(self.shown.iter().map(|(_, glass)| *glass), share)
    }

    pub(crate) fn fps(&self) -> f64 {
        self.shown.len() as f64 / f64::from(self.seconds)
    }

    pub(crate) fn queue(&self, share: f64) -> Duration {
        quantile(self.queues.iter().copied(), share)
    }

    pub(crate) fn between(&self, from: u64, to: u64) -> impl Iterator<Item = &Sample> {
        let range = Duration::from_secs(from)..Duration::from_secs(to);
        self.samples.iter().filter(move |sample| range.contains(&sample.at))
    }

    /// The share of audio that was concealed.
    pub(crate) fn concealed_share(&self) -> f64 {
        let concealed: Duration = self.concealed.iter().map(|(_, length)| *length).sum();
        concealed.as_secs_f64() / f64::from(self.seconds)
    }

    pub(crate) fn worst_queue(&self, from: u64, to: u64) -> Duration {
        self.between(from, to).map(|sample| sample.queue).max().unwrap_or_default()
    }

    pub(crate) fn mean(&self, from: u64, to: u64, of: impl Fn(&Sample) -> f64) -> f64 {
        let count = self.between(from, to).count().max(1) as f64;
        self.between(from, to).map(of).sum::<f64>() / count
    }

    /// How long after this moment the first frame is shown that was captured after it.
    pub(crate) fn video_back(&self, after: Duration) -> Option<Duration> {
        self.shown
            .iter()
            .find(|(at, glass)| at.saturating_sub(*glass) >= after)
            .map(|(at, _)| *at - after)
    }
}

fn quantile(values: impl Iterator<Item = Duration>, share: f64) -> Duration {
    let mut sorted: Vec<_> = values.collect();
    sorted.sort_unstable();
    sorted.get((sorted.len() as f64 * share) as usize).copied().unwrap_or_default()
}

/// A call over a network that does the same to both directions.
pub(crate) fn call(name: &str, seconds: u32, timeline: &Timeline, fec: bool) -> Outcome {
    call_with_seed(4, name, seconds, timeline, fec)
}

/// The same with another seed for the network.
pub(crate) fn call_with_seed(
    seed: u64,
    name: &str,
    seconds: u32,
    timeline: &Timeline,
    fec: bool,
) -> Outcome {
    let start = Instant::now();
    let mut sender = Sender::new(StdRng::seed_from_u64(seed), fec, start);
    let mut receiver = Receiver::new(start);
    let conditions = timeline.at(Duration::ZERO);
    let mut forth: Link<(Instant, Sent)> = Link::new(conditions, seed);
    let mut back: Link<Report> = Link::new(conditions, seed + 1000);
    let (mut samples, mut queues, mut arrived) = (Vec::new(), Vec::new(), 0);
    for ms in 0..seconds * 1000 {
        let at = ms * MS;
        let now = start + at;
        let conditions = timeline.at(at);
        if forth.conditions() != conditions {
            forth.set(now, conditions);
            back.set(now, conditions);
        }
        while let Some(report) = back.poll(now) {
            match report {
                Report::Arrivals(arrivals) => sender.feedback(now, arrivals),
                Report::Missing(sequences) => sender.missing(now, &sequences),
                Report::KeyFrame => sender.key_frame_wanted(),
                Report::Media => {}
                Report::Echo(left) => {
                    sender.echoed(now - left);
                    // The receiver measures the same round trip with reports of its own.
                    receiver.round_trip(now - left);
                }
            }
        }
        sender.step(ms, now, |bytes, sent| {
            queues.push(forth.queueing(now));
            let _ = forth.send(now, bytes, (now, sent));
            // The other sends about as much, with its reports.
            let _ = back.send(now, bytes * 3 / 4, Report::Media);
        });
        let mut reports = Vec::new();
        let before = forth.counts().arrived_bytes;
        while let Some((left, sent)) = forth.poll(now) {
            receiver.packet(now, left, sent, &mut |report| reports.push(report));
        }
        arrived += forth.counts().arrived_bytes - before;
        receiver.step(ms, now, &mut |report| reports.push(report));
        for report in reports {
            let _ = back.send(now, 100, report);
        }
        if ms % 100 == 99 {
            let estimate = sender.estimator.target(now);
            samples.push(Sample {
                at,
                estimate: estimate.bps() as f64,
                target: sender.target.bps() as f64,
                queue: forth.queueing(now),
                arrived: arrived as f64 * 80.0,
            });
            arrived = 0;
        }
    }
    let outcome = Outcome {
        seconds,
        samples,
        frozen: receiver.freezes.total(),
        longest_gap: receiver.longest_gap,
        shown: receiver.shown,
        queues,
        audio: receiver.audio,
        audio_waits: receiver.speaker.waiting(),
        concealed: receiver.speaker.concealed,
        counts: sender.counts,
        rebuilt: receiver.rebuilt,
        plis: receiver.plis,
    };
    describe(name, &outcome);
    outcome
}

fn describe(name: &str, outcome: &Outcome) {
    println!(
        "{name}: frozen {:.2}%, longest gap {:?}, glass {:?} / {:?}, {:.1} fps, queue p95 {:?}, audio p99 {:?}, \
         concealed {:.2}%, waits {:?}, {} plis, {} rebuilt, {:?}",
        outcome.frozen_share() * 100.0,
        outcome.longest_gap,
        outcome.glass(0.5),
        outcome.glass(0.95),
        outcome.fps(),
        outcome.queue(0.95),
        quantile(outcome.audio.iter().copied(), 0.99),
        outcome.concealed_share() * 100.0,
        outcome.audio_waits,
        outcome.plis,
        outcome.rebuilt,
        outcome.counts,
    );
    println!(
        "concealed at {:?}",
        outcome.concealed.iter().map(|(at, _)| at.as_millis()).collect::<Vec<_>>()
    );
    for second in (0..u64::from(outcome.seconds)).step_by(2) {
        println!(
            "{second:>3} s: estimate {:>5.0}, video {:>5.0}, arrived {:>5.0} kbit/s, queue up to {:?}",
            outcome.mean(second, second + 2, |sample| sample.estimate) / 1e3,
            outcome.mean(second, second + 2, |sample| sample.target) / 1e3,
            outcome.mean(second, second + 2, |sample| sample.arrived) / 1e3,
            outcome.worst_queue(second, second + 2),
        );
    }
}
