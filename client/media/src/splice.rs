//! Joins two pieces of audio that do not follow on one another, so that the seam does not click.
//!
//! In goes what was played last and what is to be played next; the latter's beginning is
//! cross-faded with what the former would have gone on like, which is its last period again and
//! again (as merge does in NetEq).

use crate::frame::SAMPLE_RATE;
use crate::time_stretch::{self, MAX_LAG, MIN_LAG};

/// How long the cross-fade is: 5 ms.
const FADE: usize = SAMPLE_RATE as usize / 200;
/// How much of what was played last is of use.
pub(crate) const HISTORY: usize = 2 * MAX_LAG;

/// Changes the beginning of `next` so that it follows on `before`.
pub(crate) fn join(before: &[f32], next: &mut [f32]) {
    let before = before.get(before.len().saturating_sub(HISTORY)..).unwrap_or_default();
    let period = time_stretch::period(before).unwrap_or(MIN_LAG).min(before.len());
    let fade = FADE.min(next.len());
    for (i, sample) in next.iter_mut().take(fade).enumerate() {
        let continued =
            (i % period.max(1) + before.len()).checked_sub(period).and_then(|at| before.get(at));
        let share = (i as f32 + 0.5) / fade as f32;
        *sample = continued.copied().unwrap_or(0.0) * (1.0 - share) + *sample * share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, from: usize, length: usize) -> Vec<f32> {
        (from..from + length)
            .map(|i| (i as f32 * hz * std::f32::consts::TAU / 48_000.0).sin() * 0.5)
            .collect()
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
