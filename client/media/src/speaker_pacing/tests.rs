use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A device in virtual time. Audio is counted in seconds; nothing is resampled but the count.
struct Device {
    /// Its clock against ours, in parts per million.
    ppm: f64,
    /// What it takes at once, in milliseconds of its own time.
    step_ms: f64,
    /// How much later than due it may take it, in milliseconds.
    late_ms: f64,
    /// How late the writer may wake, in milliseconds.
    writer_late_ms: f64,
    /// The share of frames that the writer keeps back as long as it may.
    hesitates: f64,
}

#[derive(Debug, Default)]
struct Outcome {
    frames: u64,
    underruns: u32,
    /// The largest level after a write, in milliseconds.
    most_ms: f64,
    /// The mean level before a write, in milliseconds.
    mean_ms: f64,
    /// The ratio at each second.
    ratios: Vec<f64>,
}

const TICK: Duration = Duration::from_micros(250);

/// Runs it for so long and looks at it from `after` on. Between `stall.0` and `stall.1` seconds it
/// takes nothing.
fn run(device: &Device, seconds: u64, after: u64, stall: (u64, u64)) -> Outcome {
    let mut random = StdRng::seed_from_u64(17);
    let start = Instant::now();
    let (mut pacer, mut outcome) = (SpeakerPacer::default(), Outcome::default());
    let mut state =
        DeviceState { queued: Duration::ZERO, last_taken: start, largest: Duration::ZERO };
    let step = device.step_ms / 1000.0;
    let (mut queued, mut steps) = (0.0_f64, 0_u64);
    let (mut takes_at, mut wakes_at) = (start, start);
    let (mut sum, mut second, mut hesitated) = (0.0, 0, false);
    for tick in 0..seconds * 4000 {
        let now = start + TICK * tick as u32;
        let elapsed = tick / 4000;
        let watched = elapsed >= after;
        if now >= takes_at {
            if !(stall.0..stall.1).contains(&elapsed) {
                if queued < step - 1e-9 && watched {
                    outcome.underruns += 1;
                }
                queued = (queued - step).max(0.0);
                state.last_taken = now;
                state.largest = Duration::from_secs_f64(step);
            }
            steps += 1;
            let due = steps as f64 * step / (1.0 + device.ppm * 1e-6);
            takes_at = start
                + Duration::from_secs_f64(due + random.random_range(0.0..=device.late_ms) / 1000.0);
        }
        while now >= wakes_at {
            state.queued = Duration::from_secs_f64(queued);
            let late =
                Duration::from_secs_f64(random.random_range(0.0..=device.writer_late_ms) / 1000.0);
            if !hesitated {
                let wait = pacer.until_wanted(now, &state);
                if !wait.is_zero() {
                    wakes_at = now + wait + late;
                    break;
                }
                hesitated = random.random_bool(device.hesitates);
                let patience = pacer.until_missed(now, &state);
                if hesitated && !patience.is_zero() {
                    wakes_at = now + patience + late;
                    break;
                }
            }
            hesitated = false;
            if watched {
                outcome.frames += 1;
                sum += state.level(now) * 1000.0;
            }
            // A ring that holds 120 ms.
            queued = (queued + 0.010 * pacer.writing(now, &state)).min(0.120);
            if watched {
                let level =
                    DeviceState { queued: Duration::from_secs_f64(queued), ..state }.level(now);
                outcome.most_ms = outcome.most_ms.max(level * 1000.0);
            }
        }
        if elapsed > second {
            second = elapsed;
            if watched {
                outcome.ratios.push(pacer.drift.ratio());
            }
        }
    }
    outcome.mean_ms = sum / outcome.frames.max(1) as f64;
    outcome
}

/// In hundredths of a semitone.
fn cents(ratio: f64) -> f64 {
    1200.0 * ratio.log2()
}

#[test]
fn for_half_an_hour_a_device_with_another_clock_never_runs_dry_nor_adds_delay() {
    for (ppm, step_ms, late_ms, writer_late_ms) in [
        (200.0, 10.0, 1.0, 2.0),
        (-200.0, 10.0, 1.0, 2.0),
        (200.0, 21.333, 3.0, 4.0),
        (-200.0, 21.333, 3.0, 4.0),
        (0.0, 5.333, 0.5, 5.0),
    ] {
        let device = Device { ppm, step_ms, late_ms, writer_late_ms, hesitates: 0.0 };
        let begun = run(&device, 60, 0, (0, 0));
        let outcome = run(&device, 1800, 60, (0, 0));
        let (least, most) = outcome
            .ratios
            .iter()
            .fold((f64::MAX, f64::MIN), |(least, most), r| (least.min(*r), most.max(*r)));
        let fastest = outcome
            .ratios
            .windows(2)
            .map(|pair| cents(pair[1] / pair[0]).abs())
            .fold(0.0, f64::max);
        println!(
            "{ppm:+} ppm, {step_ms} ms at once: {} underruns in the first minute, {} in 29 more; level before a write {:.1} \
             ms, at most {:.1} ms after one; pitch within {:.3} cents, {fastest:.3} cents a second at most",
            begun.underruns,
            outcome.underruns,
            outcome.mean_ms,
            outcome.most_ms,
            cents(most / least)
        );
        assert!(
            begun.underruns <= 2 && outcome.underruns == 0,
            "{ppm}: {} and {}",
            begun.underruns,
            outcome.underruns
        );
        assert!(
            outcome.most_ms < 30.0 && (outcome.mean_ms - 10.0).abs() < 3.0,
            "{ppm}: {outcome:?}"
        );
        // One frame every 10 ms by our clock: the drift is in the ratio and not in their number.
        assert!(outcome.frames.abs_diff(174_000) <= 2, "{} frames", outcome.frames);
        let met = outcome.ratios.iter().sum::<f64>() / outcome.ratios.len() as f64;
        assert!((met - 1.0 - ppm * 1e-6).abs() < 5e-6, "{met}");
        assert!(cents(most / least) < 0.5 && fastest < 0.2, "{least} to {most}, {fastest}");
    }
}

#[test]
fn a_frame_that_is_kept_back_each_second_comes_before_the_device_runs_dry_and_moves_nothing() {
    for (ppm, step_ms, late_ms, writer_late_ms) in [
        (200.0, 10.0, 1.0, 1.0),
        (-200.0, 21.333, 1.0, 1.0),
        (0.0, 5.333, 0.5, 2.0),
        (100.0, 21.333, 3.0, 4.0),
    ] {
        let device = Device { ppm, step_ms, late_ms, writer_late_ms, hesitates: 0.01 };
        let outcome = run(&device, 1800, 60, (0, 0));
        println!(
            "kept back, {step_ms} ms at once: {} underruns, {:.1} ms",
            outcome.underruns, outcome.mean_ms
        );
        // Of 1740 frames that are kept back. The last device takes audio unevenly, and its writer
        // wakes late.
        assert!(outcome.underruns <= u32::from(late_ms > 2.0), "{ppm}: {}", outcome.underruns);
        assert!((outcome.mean_ms - 10.0).abs() < 3.0, "{ppm}: {outcome:?}");
        assert!(
            outcome.ratios.iter().all(|ratio| cents(ratio / (1.0 + ppm * 1e-6)).abs() < 0.5),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_device_that_takes_audio_unevenly_gets_a_larger_margin_and_no_more_than_it_needs() {
    let device =
        Device { ppm: 50.0, step_ms: 10.0, late_ms: 18.0, writer_late_ms: 3.0, hesitates: 0.0 };
    let outcome = run(&device, 600, 120, (0, 0));
    println!(
        "uneven: {} underruns, level before a write {:.1} ms",
        outcome.underruns, outcome.mean_ms
    );
    assert!(outcome.underruns <= 2, "{}", outcome.underruns);
    assert!(outcome.mean_ms < 45.0, "{}", outcome.mean_ms);
}

#[test]
fn a_device_that_stalled_is_in_step_again_within_a_second_and_meanwhile_frames_go_on() {
    let device =
        Device { ppm: 100.0, step_ms: 10.0, late_ms: 1.0, writer_late_ms: 1.0, hesitates: 0.0 };
    let stalled = run(&device, 32, 30, (30, 32));
    assert!((190..=212).contains(&stalled.frames), "{} frames in 2 s", stalled.frames);
    let after = run(&device, 60, 33, (30, 32));
    assert_eq!(after.underruns, 0);
    assert!(after.most_ms < 50.0, "{} ms", after.most_ms);
}
