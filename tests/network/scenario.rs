//! The networks that calls are measured on, and what is expected of a call on each.

use std::time::Duration;

use visavis_link::{Conditions, Loss, Rate, Side, Timeline};

/// What is expected, of either side the worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bar {
    /// Share of the time in which the video stands still (a freeze as W3C webrtc-stats defines
    /// it), at most.
    Frozen(f64),
    /// No frame stands still for longer.
    LongestFreeze(Duration),
    /// Share of the speech that is concealed, at most.
    Concealed(f64),
    /// From the camera to the other's screen, half of the frames, at most.
    GlassToGlass(Duration),
    /// From the microphone to the other's ear, half of the marks, at most.
    MouthToEar(Duration),
    /// The usual height of the frames in the second half, at least.
    Height(u32),
    /// Frames a second, over the whole time, at least.
    FramesPerSecond(f64),
    /// Packets retransmitted, as a share of all, at most.
    Repairs(f64),
    /// 95 of 100 packets wait no longer in the network's queue.
    QueueP95(Duration),
    /// From this moment to that, no packet waits longer in the network's queue.
    Queue { from: Duration, to: Duration, at_most: Duration },
    /// From this moment to that, at least so much arrives.
    Arrives { from: Duration, to: Duration, at_least: Rate },
    /// A frame comes within so long after this moment.
    VideoBack { after: Duration, within: Duration },
    /// Files arrive at this rate each way, at least.
    Files(Rate),
    /// Audio comes within so long after this moment.
    AudioBack { after: Duration, within: Duration },
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) timeline: Timeline,
    pub(crate) duration: Duration,
    /// When which side is seen at another address.
    pub(crate) moves: Option<(Duration, Side)>,
    /// Whether a file goes each way all the while.
    pub(crate) files: bool,
    pub(crate) bars: Vec<Bar>,
    /// What calls are to be like one day; a miss is shown beside what is met.
    pub(crate) further: Vec<Bar>,
}

impl Scenario {
    /// The same with bars that lie further: seconds of frozen video, the share of the speech that
    /// is concealed, and from glass to glass.
    fn further(mut self, frozen: f64, concealed: f64, glass: u64) -> Self {
        self.further.extend([
            Bar::Frozen(frozen / self.duration.as_secs_f64()),
            Bar::Concealed(concealed),
            Bar::GlassToGlass(ms(glass)),
        ]);
        self
    }

    fn and_further(mut self, bars: impl IntoIterator<Item = Bar>) -> Self {
        self.further.extend(bars);
        self
    }
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The encoder's limit and its headers: more is never sent.
const ENCODER_LIMIT: Rate = Rate::from_kbps(2500);

fn scenario(
    name: &'static str,
    title: &'static str,
    conditions: Conditions,
    bars: Vec<Bar>,
) -> Scenario {
    Scenario {
        name,
        title,
        timeline: Timeline::steady(conditions),
        duration: seconds(30),
        moves: None,
        files: false,
        bars,
        further: Vec::new(),
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Scenario> {
    let path = |rtt: u64| Conditions::CLEAR.delay(ms(rtt) / 2);
    let random = |rtt: u64, share: f64| path(rtt).loss(Loss::Random(share));
    let wide = path(40).rate(Rate::from_kbps(3000)).queue(ms(300));
    let narrow = wide.rate(Rate::from_kbps(500));
    let share = |rate: Rate| Rate::from_bps(rate.bps() * 4 / 5);
    let megabit = path(40).rate(Rate::from_kbps(1000)).queue(ms(300));
    // About ten seconds after a change.
    let used = |from: u64, rate: Rate| Bar::Arrives {
        from: seconds(from),
        to: seconds(from + 2),
        at_least: Rate::from_bps(rate.bps() * 9 / 10),
    };
    // With files the call is to be as it is without, but for this.
    let megabit_bars = |more: f64, queue: u64| {
        vec![Bar::Frozen(more), Bar::Concealed(0.001 + more), Bar::QueueP95(ms(100 + queue))]
    };
    vec![
        scenario(
            "clean",
            "20 ms round trip",
            path(20),
            vec![
                Bar::Frozen(0.0),
                Bar::Concealed(0.0),
                Bar::GlassToGlass(ms(10 + 18)),
                Bar::MouthToEar(ms(10 + 60)),
            ],
        )
        .further(0.0, 0.0, 16),
        scenario(
            "loss-2",
            "2% loss, 60 ms round trip",
            random(60, 0.02),
            vec![Bar::Frozen(0.01), Bar::Concealed(0.005), Bar::GlassToGlass(ms(70))],
        )
        .further(0.0, 0.0005, 38),
        scenario(
            "loss-10",
            "10% loss, 100 ms round trip",
            random(100, 0.10),
            vec![
                Bar::Frozen(0.05),
                Bar::Concealed(0.02),
                Bar::GlassToGlass(ms(120)),
                Bar::Height(540),
            ],
        )
        .further(0.1, 0.005, 60),
        scenario(
            "bursts",
            "5% loss in bursts of 5, 60 ms round trip",
            path(60).loss(Loss::Bursts { mean: 0.05, length: 5.0 }),
            vec![Bar::Frozen(0.02), Bar::Concealed(0.03)],
        )
        .further(0.2, 0.01, 60),
        scenario(
            "jitter",
            "40 ms one way, give or take 30",
            Conditions::CLEAR.delay(ms(40)).jitter(ms(30)),
            vec![
                Bar::Frozen(0.0),
                Bar::Repairs(0.05),
                Bar::GlassToGlass(ms(110)),
                Bar::Height(720),
                Bar::Arrives {
                    from: seconds(10),
                    to: seconds(30),
                    at_least: Rate::from_kbps(2000),
                },
            ],
        ),
        Scenario {
            timeline: Timeline::steady(wide).then(seconds(15), narrow).then(seconds(30), wide),
            duration: seconds(45),
            ..scenario(
                "drop",
                "3 Mbit/s, 500 kbit/s, 3 Mbit/s, a queue of 300 ms",
                wide,
                vec![
                    Bar::Queue { from: seconds(18), to: seconds(30), at_most: ms(150) },
                    Bar::Arrives {
                        from: seconds(10),
                        to: seconds(15),
                        at_least: share(ENCODER_LIMIT),
                    },
                    Bar::Arrives {
                        from: seconds(25),
                        to: seconds(30),
                        at_least: share(Rate::from_kbps(500)),
                    },
                    Bar::Arrives {
                        from: seconds(40),
                        to: seconds(45),
                        at_least: share(ENCODER_LIMIT),
                    },
                    Bar::LongestFreeze(ms(500)),
                ],
            )
        }
        .further(0.2, 0.003, 50)
        .and_further([
            used(9, ENCODER_LIMIT),
            used(24, Rate::from_kbps(500)),
            used(39, ENCODER_LIMIT),
        ]),
        scenario(
            "narrow",
            "300 kbit/s",
            path(40).rate(Rate::from_kbps(300)).queue(ms(300)),
            vec![
                Bar::Frozen(0.0),
                Bar::Concealed(0.005),
                Bar::FramesPerSecond(20.0),
                Bar::QueueP95(ms(100)),
            ],
        )
        .further(0.0, 0.0, 60),
        scenario("megabit", "1 Mbit/s, 40 ms round trip", megabit, megabit_bars(0.0, 0)),
        Scenario {
            files: true,
            ..scenario(
                "files",
                "the same while a file goes each way",
                megabit,
                megabit_bars(0.002, 20)
                    .into_iter()
                    // Their share of so narrow a path, and no more: ADR 39.
                    .chain([Bar::Files(Rate::from_kbps(16))])
                    .collect(),
            )
        },
        Scenario {
            files: true,
            ..scenario(
                "files-wide",
                "16 Mbit/s, 40 ms round trip, a queue of 200 ms, while a file goes each way",
                path(40).rate(Rate::from_kbps(16_000)).queue(ms(200)),
                vec![
                    Bar::Frozen(0.002),
                    Bar::Concealed(0.003),
                    Bar::QueueP95(ms(120)),
                    Bar::Files(Rate::from_kbps(8000)),
                ],
            )
        },
        scenario(
            "loss-30",
            "30% loss, 100 ms round trip",
            random(100, 0.30),
            vec![Bar::Concealed(0.10), Bar::FramesPerSecond(10.0)],
        )
        .further(0.3, 0.02, 62),
        Scenario {
            timeline: Timeline::steady(path(40))
                .then(seconds(12), path(40).closed())
                .then(seconds(15), path(40)),
            ..scenario(
                "blackout",
                "nothing for 3 s, 40 ms round trip",
                path(40),
                vec![
                    Bar::VideoBack { after: seconds(15), within: ms(500) },
                    Bar::AudioBack { after: seconds(15), within: ms(500) },
                ],
            )
        },
        Scenario {
            moves: Some((seconds(12), Side::B)),
            ..scenario(
                "address",
                "one side gets another address, 40 ms round trip",
                path(40),
                vec![
                    Bar::VideoBack { after: seconds(12), within: seconds(2) },
                    Bar::AudioBack { after: seconds(12), within: seconds(2) },
                ],
            )
        },
    ]
}
