//! Makes a piece of audio some milliseconds shorter or longer without changing its pitch, by
//! overlap and add; and joins two pieces that do not follow on one another, so that the seam does
//! not click.
//!
//! In goes a piece of decoded audio with what was played before it, out comes the same with one or
//! more periods of the audio taken out or put in: the lag at which the audio is most like itself is
//! found by cross-correlation, and the two are cross-faded at that lag (the principle of WSOLA, and
//! of accelerate and preemptive expand in NetEq). What always holds: the piece still joins its
//! neighbours, and audio that does not repeat itself is left as it is, because a cut in it would be
//! heard. Where pieces are joined, the beginning of the second is cross-faded with what the first
//! would have gone on like, which is its last period again and again (as merge does in NetEq).

use crate::frame::SAMPLE_RATE;

/// The shortest lag: 2.5 ms, the period of 400 Hz. A higher voice has several periods in it.
pub(crate) const MIN_LAG: usize = SAMPLE_RATE as usize / 400;
/// The longest lag: 12.5 ms, the period of 80 Hz.
pub(crate) const MAX_LAG: usize = SAMPLE_RATE as usize / 80;
/// How long the cross-fade is: 5 ms.
const FADE: usize = SAMPLE_RATE as usize / 200;
/// What is compared: 12.5 ms, the longest period.
const WINDOW: usize = MAX_LAG;
/// How much of what was played before is of use to join with it.
pub(crate) const HISTORY: usize = 2 * MAX_LAG;
/// The search compares every fourth sample at every fourth lag, and refines the best.
const COARSE: usize = 4;
/// Audio below −50 dBFS may be cut anywhere.
const QUIET_POWER: f32 = 1e-5;

/// How much audio must be like itself to be changed, as correlation, where nobody may hear it.
const LIKE: f32 = 0.8;
/// And where it may be heard, because a gap would be heard more.
const LIKE_WHEN_URGENT: f32 = 0.4;

/// Whether a packet is played as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    /// As it is.
    Normal,
    /// Some milliseconds shorter, to lower the delay.
    Shorter(Change),
    /// Some milliseconds longer, to raise it.
    Longer(Change),
}

/// By how much a packet should change its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// How many samples at most.
    pub at_most: u32,
    /// Whether it matters more than that nobody hears it.
    pub urgent: bool,
}

/// Changes the length of a piece as is wanted; gives back how many samples that added. `before` is
/// what was played before the piece.
pub(crate) fn change_speed(before: &[f32], samples: &mut Vec<f32>, speed: Speed) -> i64 {
    match speed {
        Speed::Normal => 0,
        Speed::Shorter(change) => -(shorten(before, samples, change) as i64),
        Speed::Longer(change) => lengthen(before, samples, change) as i64,
    }
}

fn shorten(before: &[f32], samples: &mut Vec<f32>, change: Change) -> usize {
    let longest = (change.at_most as usize).min(samples.len().saturating_sub(FADE));
    let Some(lag) = best_lag(before, samples, longest, change.urgent) else { return 0 };
    // The piece begins as it did, and after the fade is where it would have been `lag` later.
    for i in 0..FADE {
        let late = samples.get(i + lag).copied().unwrap_or(0.0);
        if let Some(sample) = samples.get_mut(i) {
            *sample = fade(*sample, late, i);
        }
    }
    samples.drain(FADE..FADE + lag);
    lag
}

fn lengthen(before: &[f32], samples: &mut Vec<f32>, change: Change) -> usize {
    let room = samples.len().saturating_sub(FADE);
    let longest = (change.at_most as usize).min(room.max(before.len()));
    let Some(lag) = best_lag(before, samples, longest, change.urgent) else { return 0 };
    let mut longer = Vec::with_capacity(samples.len() + lag);
    if lag <= room {
        longer.extend(samples.iter().take(lag));
        let pairs = samples.iter().skip(lag).zip(samples.iter()).take(FADE);
        longer.extend(pairs.enumerate().map(|(i, (&late, &early))| fade(late, early, i)));
        longer.extend(samples.iter().skip(FADE));
    } else {
        // The piece is shorter than that: the period before it is heard again, and then all of the
        // piece.
        let period = before.get(before.len().saturating_sub(lag)..).unwrap_or_default();
        let faded = samples.iter().zip(period).take(FADE).enumerate();
        longer.extend(faded.map(|(i, (&now, &earlier))| fade(now, earlier, i)));
        longer.extend(period.iter().skip(FADE));
        longer.extend(samples.iter());
    }
    let added = longer.len() - samples.len();
    *samples = longer;
    added
}

/// Changes the beginning of `next` so that it follows on `before`.
pub(crate) fn join(before: &[f32], next: &mut [f32]) {
    let before = before.get(before.len().saturating_sub(HISTORY)..).unwrap_or_default();
    let period = period(before).unwrap_or(MIN_LAG).min(before.len());
    let fade = FADE.min(next.len());
    for (i, sample) in next.iter_mut().take(fade).enumerate() {
        let continued =
            (i % period.max(1) + before.len()).checked_sub(period).and_then(|at| before.get(at));
        let share = (i as f32 + 0.5) / fade as f32;
        *sample = continued.copied().unwrap_or(0.0) * (1.0 - share) + *sample * share;
    }
}

fn fade(from: f32, to: f32, i: usize) -> f32 {
    let share = (i as f32 + 0.5) / FADE as f32;
    from * (1.0 - share) + to * share
}

/// The lag at which audio round the beginning of the piece is most like itself, where that is
/// enough.
fn best_lag(before: &[f32], samples: &[f32], longest: usize, urgent: bool) -> Option<usize> {
    let longest = longest.min(MAX_LAG);
    if longest < MIN_LAG {
        return None;
    }
    let before = before.get(before.len().saturating_sub(MAX_LAG)..).unwrap_or_default();
    let whole = [before, samples].concat();
    // The window ends as late as it can, so that it lies round the fade.
    let from =
        |lag: usize| whole.len().checked_sub(lag + WINDOW).map(|latest| latest.min(before.len()));
    let (lag, likeness) = most_alike(longest, |lag, step| {
        from(lag).map_or(-1.0, |from| similarity(&whole, from, lag, step))
    })?;
    let power = samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32;
    let enough = if urgent { LIKE_WHEN_URGENT } else { LIKE };
    (likeness >= enough || power < QUIET_POWER).then_some(lag)
}

/// The lag at which the end of some audio is most like itself, where there is audio enough.
fn period(samples: &[f32]) -> Option<usize> {
    let longest = MAX_LAG.min(samples.len().checked_sub(WINDOW)?);
    let likeness = |lag, step| similarity(samples, samples.len() - WINDOW - lag, lag, step);
    most_alike(longest, likeness).map(|(lag, _)| lag)
}

/// The lag up to `longest` at which audio is most like itself, comparing every so many samples, and
/// how like that is.
fn most_alike(longest: usize, likeness: impl Fn(usize, usize) -> f32) -> Option<(usize, f32)> {
    let best = |lags: &mut dyn Iterator<Item = usize>, step: usize| {
        lags.map(|lag| (lag, likeness(lag, step))).max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let (coarse, _) = best(&mut (MIN_LAG..=longest).step_by(COARSE), COARSE)?;
    let mut around =
        coarse.saturating_sub(COARSE - 1).max(MIN_LAG)..=(coarse + COARSE - 1).min(longest);
    best(&mut around, 1)
}

/// Normalised cross-correlation of a window with what follows `lag` later, −1 to 1.
fn similarity(samples: &[f32], from: usize, lag: usize, step: usize) -> f32 {
    let (mut product, mut power, mut power_late) = (0.0_f32, 1e-9_f32, 1e-9_f32);
    let late = samples.iter().skip(from + lag);
    for (&a, &b) in samples.iter().skip(from).zip(late).take(WINDOW).step_by(step) {
        product += a * b;
        power += a * a;
        power_late += b * b;
    }
    product / (power * power_late).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    type Changing = fn(&[f32], &mut Vec<f32>, Change) -> usize;

    const GENTLE: Change = Change { at_most: MAX_LAG as u32, urgent: false };
    const URGENT: Change = Change { urgent: true, ..GENTLE };

    fn sine(hz: f32, from: usize, length: usize) -> Vec<f32> {
        (from..from + length)
            .map(|i| (i as f32 * hz * std::f32::consts::TAU / 48_000.0).sin() * 0.5)
            .collect()
    }

    /// A voiced audio: harmonics of a pitch, weaker with height, through a resonance as of a vowel.
    fn vowel(pitch_hz: f32, length: usize) -> Vec<f32> {
        let harmonic = |k: usize, at: f32| {
            let hz = pitch_hz * k as f32;
            let formant = 1.0 / (1.0 + ((hz - 600.0) / 250.0).powi(2))
                + 0.3 / (1.0 + ((hz - 1700.0) / 300.0).powi(2));
            (at * hz * std::f32::consts::TAU + k as f32).sin() * (formant + 0.05)
        };
        (0..length)
            .map(|i| (1..20).map(|k| harmonic(k, i as f32 / 48_000.0)).sum::<f32>() * 0.1)
            .collect()
    }

    /// A piece between its two neighbours has no step that the sine itself would not have.
    #[track_caller]
    fn check_smooth(hz: f32, length: usize, change: Changing) -> (usize, usize) {
        let (before, mut piece) = (sine(hz, 0, 960), sine(hz, 960, length));
        let changed = change(&before, &mut piece, GENTLE);
        let whole = [before, piece.clone(), sine(hz, 960 + length, 960)].concat();
        let steepest = 0.5 * hz * std::f32::consts::TAU / 48_000.0;
        for (i, pair) in whole.windows(2).enumerate() {
            assert!((pair[1] - pair[0]).abs() < steepest * 1.2, "{hz} Hz, step at {i}");
        }
        (changed, piece.len())
    }

    #[test]
    fn a_tone_stays_smooth_when_it_is_made_shorter_or_longer() {
        for hz in [90.0, 110.0, 220.0, 440.0, 1000.0] {
            let (removed, length) = check_smooth(hz, 960, shorten);
            assert!((MIN_LAG..=MAX_LAG).contains(&removed), "{removed} of {hz} Hz");
            assert_eq!(length, 960 - removed);
            let (added, length) = check_smooth(hz, 960, lengthen);
            assert!((MIN_LAG..=MAX_LAG).contains(&added), "{added} of {hz} Hz");
            assert_eq!(length, 960 + added);
            // By more than fits into the piece, too.
            let (added, length) = check_smooth(hz, 480, lengthen);
            assert!((MIN_LAG..=MAX_LAG).contains(&added), "{added} of {hz} Hz");
            assert_eq!(length, 480 + added);
        }
    }

    /// The period at which audio is most like itself, between those of 60 and 500 Hz.
    fn period(samples: &[f32]) -> usize {
        let likeness = |lag: usize| {
            let pairs = || samples.iter().zip(samples.iter().skip(lag));
            let (a, b): (f32, f32) =
                (pairs().map(|(a, _)| a * a).sum(), pairs().map(|(_, b)| b * b).sum());
            pairs().map(|(a, b)| a * b).sum::<f32>() / (a * b).sqrt()
        };
        let all: Vec<(usize, f32)> = (96..800).map(|lag| (lag, likeness(lag))).collect();
        let best = all.iter().map(|(_, likeness)| *likeness).fold(0.0, f32::max);
        // The shortest of those that are as good, not a multiple of it.
        all.windows(3)
            .find(|w| w[1].1 > 0.97 * best && w[1].1 >= w[0].1 && w[1].1 >= w[2].1)
            .map_or(0, |w| w[1].0)
    }

    /// Power in bands of 200 Hz up to 4 kHz, in decibels, over windows of 10 ms, which don't tell
    /// harmonics apart.
    fn spectrum(samples: &[f32]) -> Vec<f32> {
        let band = |n: usize| {
            let turn = n as f32 * 200.0 * std::f32::consts::TAU / 48_000.0;
            let windows = samples.windows(480).step_by(120).map(|window| {
                let (re, im) = window.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, s)| {
                    let hann = 0.5 - 0.5 * (i as f32 * std::f32::consts::TAU / 480.0).cos();
                    let (sin, cos) = (i as f32 * turn).sin_cos();
                    (re + s * hann * cos, im + s * hann * sin)
                });
                re * re + im * im
            });
            10.0 * (windows.sum::<f32>() / samples.len() as f32 + 1e-6).log10()
        };
        (1..20).map(band).collect()
    }

    #[test]
    fn a_voice_keeps_its_pitch_and_its_colour_when_it_goes_faster_or_slower() {
        for pitch_hz in [85.0, 120.0, 210.0, 330.0] {
            let original = vowel(pitch_hz, 48_000);
            for change in [shorten as Changing, lengthen] {
                let mut changed: Vec<f32> = Vec::new();
                for piece in original.chunks(960) {
                    let mut piece = piece.to_vec();
                    change(&changed, &mut piece, GENTLE);
                    changed.extend(piece);
                }
                let speed = original.len() as f32 / changed.len() as f32;
                assert!(!(0.85..1.15).contains(&speed), "changed by {speed}");
                let (before, after) =
                    (period(&original[4800..14_400]), period(&changed[4800..14_400]));
                assert!(
                    before.abs_diff(after) * 100 <= before,
                    "{pitch_hz} Hz: period of {before} became {after}"
                );
                let colours = (spectrum(&original[4800..14_400]), spectrum(&changed[4800..14_400]));
                let distance: f32 =
                    colours.0.iter().zip(&colours.1).map(|(a, b)| (a - b).powi(2)).sum();
                let distance = (distance / colours.0.len() as f32).sqrt();
                assert!(distance < 1.5, "{pitch_hz} Hz at {speed}: spectra {distance} dB apart");
            }
        }
    }

    #[test]
    fn noise_is_left_alone_unless_a_gap_would_be_worse() {
        let mut random = rand::rngs::StdRng::seed_from_u64(4);
        let mut noise = |length: usize| -> Vec<f32> {
            (0..length).map(|_| random.random_range(-0.3..0.3)).collect()
        };
        let (before, piece) = (noise(960), noise(960));
        let mut changed = piece.clone();
        assert_eq!(shorten(&before, &mut changed, GENTLE), 0);
        assert_eq!(lengthen(&before, &mut changed, GENTLE), 0);
        assert_eq!(changed, piece);
    }

    #[test]
    fn no_more_is_taken_out_or_put_in_than_was_asked_for() {
        for at_most in [0, 100, 119, 120, 130, 300, 599] {
            let (before, mut piece) = (vowel(150.0, 960), vowel(150.0, 960));
            assert!(shorten(&before, &mut piece, Change { at_most, ..URGENT }) <= at_most as usize);
            assert!(
                lengthen(&before, &mut piece, Change { at_most, ..URGENT }) <= at_most as usize
            );
        }
    }

    #[test]
    fn silence_and_short_pieces_do_no_harm() {
        let mut silence = vec![0.0; 960];
        let removed = shorten(&[], &mut silence, GENTLE);
        assert_eq!(silence.len(), 960 - removed);
        assert!(removed >= MIN_LAG && silence.iter().all(|&s| s == 0.0));
        for length in [0, 1, 120, 239, 240, 359, 480] {
            for change in [shorten as Changing, lengthen] {
                let mut short = sine(440.0, 0, length);
                let before = short.len();
                let changed = change(&[], &mut short, URGENT);
                assert!(short.len() == before + changed || short.len() == before - changed);
            }
        }
    }

    #[test]
    fn audio_that_jumps_does_not_click() {
        for hz in [100.0, 250.0, 440.0, 900.0] {
            let before = sine(hz, 0, 2000);
            // The worst phase: what follows is where the sine would be half a period later.
            let mut next = sine(hz, 2000 + (24_000.0 / hz) as usize, 960);
            let jump = (next[0] - before[1999]).abs();
            join(&before, &mut next);
            let steepest = 0.5 * hz * std::f32::consts::TAU / 48_000.0;
            let whole = [before, next].concat();
            let worst = whole.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
            assert!(
                worst < steepest * 1.5 + 0.002,
                "{hz} Hz: a step of {worst} where there was one of {jump}"
            );
        }
    }

    #[test]
    fn audio_that_follows_on_stays_as_it_is() {
        let (before, next) = (sine(440.0, 0, 2000), sine(440.0, 2000, 960));
        let mut joined = next.clone();
        join(&before, &mut joined);
        assert!(joined.iter().zip(&next).all(|(a, b)| (a - b).abs() < 0.03));
    }

    #[test]
    fn silence_before_or_nothing_at_all_only_fades_in() {
        for before in [vec![], vec![0.0; 7], vec![0.0; 2000]] {
            let mut next = vec![0.5; 960];
            join(&before, &mut next);
            assert!(next.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.01) && next[0] < 0.01);
            assert_eq!(next[300], 0.5);
            join(&before, &mut []);
            join(&before, &mut [0.5]);
        }
    }
}
