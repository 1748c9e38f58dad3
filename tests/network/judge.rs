//! Each bar of a scenario, and the measured value beside it.

use std::time::Duration;

use crate::call::{Outcome, SideOutcome};
use crate::scenario::{Bar, Scenario};
use crate::statistics;
use visavis_simulation::{self as simulation, Measured, Named};
use visavis_tests::bars::Line;
use visavis_tests::sight;

/// Judges set-ups.
pub(crate) fn judge_set_ups(scenario: &Named, outcome: &simulation::Outcome) -> Vec<Line> {
    let line = |(bar, measured): (simulation::Bar, Measured)| {
        let (value, at_least, unit) = match measured {
            Measured::Share(share) => (Some(share * 100.0), true, "%"),
            Measured::Time(time) => (time.map(ms), false, "ms"),
        };
        let bar_value = match bar {
            simulation::Bar::Connected(share) => share * 100.0,
            simulation::Bar::VideoP50(time)
            | simulation::Bar::VideoP95(time)
            | simulation::Bar::SilenceP95(time) => ms(time),
        };
        let line = if at_least { Line::at_least } else { Line::at_most };
        line(&bar.to_string(), value, bar_value, unit)
    };
    scenario.judge(outcome).into_iter().map(line).collect()
}

/// Judges a call.
pub(crate) fn judge(scenario: &Scenario, outcome: &Outcome) -> Vec<Line> {
    let judged = |bars: &[Bar]| -> Vec<Line> {
        bars.iter().map(|bar| line(bar, scenario, outcome)).collect()
    };
    let further = judged(&scenario.further).into_iter().map(Line::further);
    judged(&scenario.bars).into_iter().chain(further).collect()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn line(bar: &Bar, scenario: &Scenario, outcome: &Outcome) -> Line {
    let (begun, end) = (outcome.begun, outcome.begun + scenario.duration);
    let sides = outcome.sides();
    let worse = |value: &dyn Fn(&SideOutcome) -> Option<f64>| statistics::worse(sides, value);
    // Of values that should be high the worse is the lower one.
    let lower = |value: &dyn Fn(&SideOutcome) -> Option<f64>| {
        statistics::worse(sides, |side| value(side).map(|value| -value)).map(|value| -value)
    };
    let video = |side: &SideOutcome| side.report.video.received.clone();
    let percent = scenario.duration.as_secs_f64() * 10.0;
    match *bar {
        Bar::Frozen(share) => {
            let frozen = worse(&|side| Some(video(side)?.freeze_total_ms? / percent));
            Line::at_most("frozen", frozen, share * 100.0, "%")
        }
        Bar::LongestFreeze(longest) => {
            let freeze = worse(&|side| Some(ms(sight::longest_freeze(&side.shown, begun, end))));
            Line::at_most("longest freeze", freeze, ms(longest), "ms")
        }
        Bar::Concealed(share) => {
            let heard =
                outcome.bob.report.audio.received.as_ref().and_then(|audio| audio.concealed_ratio);
            Line::at_most("speech concealed", heard.map(|share| share * 100.0), share * 100.0, "%")
        }
        Bar::GlassToGlass(time) => {
            let glass = worse(&|side| Some(video(side)?.glass_to_glass_ms?.p50));
            Line::at_most("glass to glass, p50", glass, ms(time), "ms")
        }
        Bar::MouthToEar(time) => {
            let ear = outcome.alice.report.audio.received.as_ref();
            let ear = ear.and_then(|audio| audio.mouth_to_ear_ms.as_ref()).map(|delay| delay.p50);
            Line::at_most("mouth to ear, p50", ear, ms(time), "ms")
        }
        Bar::Height(height) => {
            let half = begun + scenario.duration / 2;
            let usual = lower(&|side| sight::usual_height(&side.shown, half, end).map(f64::from));
            Line::at_least("usual height", usual, f64::from(height), "lines")
        }
        Bar::FramesPerSecond(fps) => {
            let shown = lower(&|side| Some(sight::frames_per_second(&side.shown, begun, end)));
            Line::at_least("frames", shown, fps, "a second")
        }
        Bar::Repairs(share) => {
            let repairs = worse(&|side| {
                let packets = statistics::packets(&side.sent);
                let resent = side.report.network.retransmitted?;
                (packets > 0).then(|| resent as f64 / packets as f64 * 100.0)
            });
            Line::at_most("retransmitted", repairs, share * 100.0, "%")
        }
        Bar::QueueP95(time) => {
            let queue = worse(&|side| {
                side.sent.wait_quantile(0.95, Duration::ZERO, scenario.duration).map(ms)
            });
            Line::at_most("queue, p95", queue, ms(time), "ms")
        }
        Bar::Queue { from, to, at_most: longest } => {
            let queue = worse(&|side| side.sent.wait_quantile(1.0, from, to).map(ms));
            Line::at_most(
                &format!("longest queue from {} to {} s", from.as_secs(), to.as_secs()),
                queue,
                ms(longest),
                "ms",
            )
        }
        Bar::Arrives { from, to, at_least: rate } => {
            let arriving = lower(&|side| Some(side.sent.arriving_bps(from, to) / 1e3));
            let name = format!("arrives from {} to {} s", from.as_secs(), to.as_secs());
            Line::at_least(&name, arriving, rate.bps() as f64 / 1e3, "kbit/s")
        }
        Bar::Files(rate) => {
            let seconds = scenario.duration.as_secs_f64();
            let arrived = lower(&|side| Some(side.received as f64 * 8.0 / 1e3 / seconds));
            Line::at_least("files", arrived, rate.bps() as f64 / 1e3, "kbit/s")
        }
        Bar::VideoBack { after, within } => {
            let back = worse(&|side| sight::video_back(&side.shown, begun + after).map(ms));
            Line::at_most("video back after", back, ms(within), "ms")
        }
        Bar::AudioBack { after, within } => {
            let back = statistics::audio_back(&outcome.alice.heard, begun + after).map(ms);
            Line::at_most("audio back after", back, ms(within), "ms")
        }
    }
}
