//! The networks that calls are set up over, what is expected on each, and what was measured.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use visavis_link::{Conditions, Loss};

use crate::set_up::{Scenario, SetUp, simulate};

/// What is expected of a set-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// At least this share of calls connects, 0 to 1.
    Connected(f64),
    /// Half of the calls show both their first video frame within so long after they were accepted.
    VideoP50(Duration),
    /// 95 of 100 calls do.
    VideoP95(Duration),
    /// In 95 of 100 ICE restarts neither is without audio for longer.
    SilenceP95(Duration),
}

/// A measured value beside its bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// A share, 0 to 1.
    Share(f64),
    /// A time; `None` when it never came to that.
    Time(Option<Duration>),
}

impl Bar {
    /// Whether a measured value meets it.
    #[must_use]
    pub fn is_met(self, measured: Measured) -> bool {
        match (self, measured) {
            (Self::Connected(least), Measured::Share(share)) => share >= least,
            (
                Self::VideoP50(most) | Self::VideoP95(most) | Self::SilenceP95(most),
                Measured::Time(Some(measured)),
            ) => measured <= most,
            _ => false,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connected(_) => "calls that connected",
            Self::VideoP50(_) => "both see, p50",
            Self::VideoP95(_) => "both see, p95",
            Self::SilenceP95(_) => "silence at an ICE restart, p95",
        })
    }
}

/// A network with what is expected on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The network.
    pub scenario: Scenario,
    /// What is expected.
    pub bars: Vec<Bar>,
}

/// What became of many calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// How many there were.
    pub calls: usize,
    /// The seeds of those that did not connect, or showed video to one of the two only.
    pub failed: Vec<u64>,
    /// When both saw each other, in order; calls in which they never did come last, as `None`.
    pub first_frames: Vec<Option<Duration>>,
    /// The longest silence of either side at an ICE restart, in order.
    pub silences: Vec<Duration>,
}

impl Outcome {
    /// Adds a call.
    pub fn add(&mut self, seed: u64, call: &SetUp) {
        self.calls += 1;
        let seen = call.both_see();
        if !call.connects() || seen.is_none() {
            self.failed.push(seed);
        }
        self.first_frames.push(seen);
        self.first_frames.sort_by_key(|seen| seen.unwrap_or(Duration::MAX));
        self.silences.extend(call.restart_silence.iter().flatten().max());
        self.silences.sort();
    }

    fn connected(&self) -> f64 {
        if self.calls == 0 { 0.0 } else { 1.0 - self.failed.len() as f64 / self.calls as f64 }
    }
}

/// The value below which so many of 100 lie.
fn percentile<T: Copy>(ordered: &[T], percent: usize) -> Option<T> {
    ordered.get((ordered.len() * percent / 100).min(ordered.len().saturating_sub(1))).copied()
}

impl Named {
    /// Sets a call up for each seed, in virtual time.
    #[must_use]
    pub fn measure(&self, seeds: Range<u64>) -> Outcome {
        let mut outcome = Outcome::default();
        for seed in seeds {
            outcome.add(seed, &simulate(self.scenario, seed));
        }
        outcome
    }

    /// The measured values beside the bars.
    #[must_use]
    pub fn judge(&self, outcome: &Outcome) -> Vec<(Bar, Measured)> {
        let measured = |bar: &Bar| match bar {
            Bar::Connected(_) => Measured::Share(outcome.connected()),
            Bar::VideoP50(_) => Measured::Time(percentile(&outcome.first_frames, 50).flatten()),
            Bar::VideoP95(_) => Measured::Time(percentile(&outcome.first_frames, 95).flatten()),
            Bar::SilenceP95(_) => Measured::Time(percentile(&outcome.silences, 95)),
        };
        self.bars.iter().map(|bar| (*bar, measured(bar))).collect()
    }
}

/// All of them.
#[must_use]
pub fn scenarios() -> Vec<Named> {
    let ms = Duration::from_millis;
    let network = |rtt: u64| Conditions::CLEAR.delay(ms(rtt) / 2);
    let lossy = [Bar::Connected(1.0), Bar::VideoP50(ms(700)), Bar::VideoP95(ms(1500))];
    let named = |name, title, conditions, bars: &[Bar]| Named {
        name,
        title,
        scenario: Scenario::over(conditions),
        bars: bars.to_vec(),
    };
    let restart = named(
        "restart-loss-10",
        "ICE restart, 10% loss, 100 ms round trip",
        network(100).loss(Loss::Random(0.1)),
        &[Bar::Connected(1.0), Bar::SilenceP95(ms(1500))],
    );
    vec![
        named(
            "set-up-clean",
            "set-up, 20 ms round trip",
            network(20),
            &[Bar::Connected(1.0), Bar::VideoP50(ms(4 * 20 + 60))],
        ),
        named(
            "set-up-loss-10",
            "set-up, 10% loss, 100 ms round trip",
            network(100).loss(Loss::Random(0.1)),
            &lossy,
        ),
        named(
            "set-up-bursts",
            "set-up, 10% loss in bursts of 5, 100 ms round trip",
            network(100).loss(Loss::Bursts { mean: 0.1, length: 5.0 }),
            &lossy,
        ),
        named(
            "set-up-loss-30",
            "set-up, 30% loss, 100 ms round trip",
            network(100).loss(Loss::Random(0.3)),
            &[Bar::Connected(0.99), Bar::VideoP95(ms(4000))],
        ),
        named(
            "set-up-jitter",
            "set-up, 50 ms one way, give or take 30",
            network(100).jitter(ms(30)),
            &[Bar::Connected(1.0), Bar::VideoP95(ms(700))],
        ),
        Named { scenario: Scenario { restart: true, ..restart.scenario }, ..restart },
    ]
}
