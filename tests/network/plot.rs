//! A call as a picture (SVG): what was sent and what arrived, how long it queued, how the other's
//! video came.

use std::time::{Duration, Instant};

use visavis_tests::plot::{self, Line, Panel};

use crate::call::{Outcome, SideOutcome};
use crate::scenario::Scenario;

/// Draws a call, as the side saw it that hears speech: alice sends, bob receives.
pub(crate) fn draw(scenario: &Scenario, outcome: &Outcome) -> String {
    let title = format!("{}: {}", scenario.name, scenario.title);
    let changes: Vec<_> = scenario.timeline.changes().collect();
    plot::draw(&title, &panels(outcome), scenario.duration.as_secs_f64(), &changes)
}

fn panels(outcome: &Outcome) -> Vec<Panel> {
    let (alice, bob) = (&outcome.alice, &outcome.bob);
    let begun = outcome.begun;
    vec![
        Panel {
            title: "What alice sends and what arrives".to_owned(),
            floor: 0.0,
            unit: "kbit/s",
            least: 400.0,
            lines: vec![
                Line {
                    name: "sent".to_owned(),
                    color: "#9aa7b4",
                    points: plot::rate(&alice.sent, |row| row.sent_bytes),
                },
                Line {
                    name: "arrived".to_owned(),
                    color: "#1c8f77",
                    points: plot::rate(&alice.sent, |row| row.arrived_bytes),
                },
                Line {
                    name: "her estimate".to_owned(),
                    color: "#d97b16",
                    points: plot::readings(&alice.readings, begun, |r| {
                        r.estimate.map(|rate| rate.bps() as f64 / 1e3)
                    }),
                },
            ],
        },
        Panel {
            title: "Time in the network's queue, and the round trip that alice measures".to_owned(),
            floor: 0.0,
            unit: "ms",
            least: 50.0,
            lines: vec![
                Line {
                    name: "queue".to_owned(),
                    color: "#1c8f77",
                    points: alice
                        .sent
                        .rows()
                        .iter()
                        .map(|row| (seconds(row.at), ms(row.queueing)))
                        .collect(),
                },
                Line {
                    name: "round trip".to_owned(),
                    color: "#d97b16",
                    points: plot::readings(&alice.readings, begun, |r| r.rtt.map(ms)),
                },
            ],
        },
        Panel {
            title: "how long each frame stands on bob's screen".to_owned(),
            floor: 0.0,
            unit: "ms",
            least: 100.0,
            lines: vec![Line {
                name: "video".to_owned(),
                color: "#1c8f77",
                points: gaps(bob, begun),
            }],
        },
        Panel {
            title: "Lines of alice's video".to_owned(),
            floor: 0.0,
            unit: "lines",
            least: 720.0,
            lines: vec![Line {
                name: "height".to_owned(),
                color: "#1c8f77",
                points: bob
                    .shown
                    .iter()
                    .map(|s| (since(s.at, begun), f64::from(s.height)))
                    .collect(),
            }],
        },
        Panel {
            title: "How long packets wait for the others at bob's".to_owned(),
            floor: 0.0,
            unit: "ms",
            least: 50.0,
            lines: vec![
                Line {
                    name: "audio".to_owned(),
                    color: "#1c8f77",
                    points: plot::readings(&bob.readings, begun, |r| r.audio_wait.map(ms)),
                },
                Line {
                    name: "video".to_owned(),
                    color: "#d97b16",
                    points: plot::readings(&bob.readings, begun, |r| r.video_wait.map(ms)),
                },
            ],
        },
    ]
}

fn seconds(at: Duration) -> f64 {
    at.as_secs_f64()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn since(at: Instant, begun: Instant) -> f64 {
    at.saturating_duration_since(begun).as_secs_f64()
}

fn gaps(side: &SideOutcome, begun: Instant) -> Vec<(f64, f64)> {
    side.shown
        .windows(2)
        .map(|pair| (since(pair[1].at, begun), ms(pair[1].at - pair[0].at)))
        .collect()
}
