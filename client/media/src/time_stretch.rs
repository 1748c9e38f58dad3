//! Makes a piece of sound some milliseconds shorter or longer without changing its pitch, by overlap and add.
//!
//! In goes one decoded packet, out comes the same with one period of the sound taken out or put in: the lag at which the
//! piece is most like itself is found by cross-correlation, and the two are cross-faded at that lag (the principle of
//! WSOLA, and of accelerate and preemptive expand in NetEq). The first and last samples stay, so that the piece still
//! joins its neighbours.

use crate::frame::SAMPLE_RATE;

/// The shortest lag: 2.5 ms, the period of 400 Hz.
const MIN_LAG: usize = SAMPLE_RATE as usize / 400;
/// The longest lag: 10 ms, the period of 100 Hz.
const MAX_LAG: usize = SAMPLE_RATE as usize / 100;
/// How long the cross-fade is, and what is compared: 10 ms.
const FADE: usize = SAMPLE_RATE as usize / 100;
/// The search compares every fourth sample at every fourth lag, and refines the best.
const COARSE: usize = 4;

/// Takes one period out; gives back how many samples that was. Pieces below 20 ms are left as they are.
pub fn shorten(samples: &mut Vec<f32>) -> usize {
    let Some(lag) = best_lag(samples) else { return 0 };
    let pairs = samples.iter().zip(samples.iter().skip(lag)).take(FADE);
    let faded: Vec<f32> = pairs.enumerate().map(|(i, (&early, &late))| fade(early, late, i)).collect();
    for (sample, faded) in samples.iter_mut().skip(lag).zip(faded) {
        *sample = faded;
    }
    // What is at `lag` now begins like the piece itself.
    samples.drain(..lag);
    lag
}

/// Puts one period in; gives back how many samples that was. Pieces below 20 ms are left as they are.
pub fn lengthen(samples: &mut Vec<f32>) -> usize {
    let Some(lag) = best_lag(samples) else { return 0 };
    let mut longer = Vec::with_capacity(samples.len() + lag);
    longer.extend(samples.iter().take(lag));
    let pairs = samples.iter().skip(lag).zip(samples.iter()).take(FADE);
    longer.extend(pairs.enumerate().map(|(i, (&late, &early))| fade(late, early, i)));
    longer.extend(samples.iter().skip(FADE));
    *samples = longer;
    lag
}

fn fade(from: f32, to: f32, i: usize) -> f32 {
    let share = (i as f32 + 0.5) / FADE as f32;
    from * (1.0 - share) + to * share
}

fn best_lag(samples: &[f32]) -> Option<usize> {
    if samples.len() < FADE + MAX_LAG {
        return None;
    }
    let best = |lags: &mut dyn Iterator<Item = usize>, step: usize| {
        lags.map(|lag| (lag, similarity(samples, lag, step)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(MAX_LAG, |(lag, _)| lag)
    };
    let coarse = best(&mut (MIN_LAG..=MAX_LAG).step_by(COARSE), COARSE);
    let around = coarse.saturating_sub(COARSE - 1).max(MIN_LAG)..=(coarse + COARSE - 1).min(MAX_LAG);
    Some(best(&mut around.into_iter(), 1))
}

/// Normalised cross-correlation of the piece's beginning with what follows `lag` later, −1 to 1.
fn similarity(samples: &[f32], lag: usize, step: usize) -> f32 {
    let (mut product, mut power, mut power_late) = (0.0_f32, 1e-9_f32, 1e-9_f32);
    let late = samples.iter().skip(lag);
    for (&a, &b) in samples.iter().zip(late).take(FADE).step_by(step) {
        product += a * b;
        power += a * a;
        power_late += b * b;
    }
    product / (power * power_late).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, from: usize, length: usize) -> Vec<f32> {
        (from..from + length).map(|i| (i as f32 * hz * std::f32::consts::TAU / 48_000.0).sin() * 0.5).collect()
    }

    /// A piece between its two neighbours has no step that the sine itself would not have.
    #[track_caller]
    fn check_smooth(hz: f32, change: fn(&mut Vec<f32>) -> usize) -> (usize, usize) {
        let mut piece = sine(hz, 960, 960);
        let changed = change(&mut piece);
        let whole = [sine(hz, 0, 960), piece.clone(), sine(hz, 1920, 960)].concat();
        let steepest = 0.5 * hz * std::f32::consts::TAU / 48_000.0;
        for (i, pair) in whole.windows(2).enumerate() {
            assert!((pair[1] - pair[0]).abs() < steepest * 1.2, "{hz} Hz, step at {i}");
        }
        (changed, piece.len())
    }

    #[test]
    fn a_tone_stays_smooth_when_it_is_made_shorter_or_longer() {
        for hz in [110.0, 220.0, 440.0, 1000.0] {
            let (removed, length) = check_smooth(hz, shorten);
            assert!((MIN_LAG..=MAX_LAG).contains(&removed));
            assert_eq!(length, 960 - removed);
            let (added, length) = check_smooth(hz, lengthen);
            assert_eq!(length, 960 + added);
        }
    }

    #[test]
    fn silence_and_short_pieces_do_no_harm() {
        let mut silence = vec![0.0; 960];
        let removed = shorten(&mut silence);
        assert_eq!(silence.len(), 960 - removed);
        assert!(silence.iter().all(|&s| s == 0.0));
        let mut short = sine(440.0, 0, 480);
        assert_eq!((shorten(&mut short), lengthen(&mut short), short.len()), (0, 0, 480));
    }
}
