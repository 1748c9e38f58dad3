//! How much faster or slower to resample, so that two clocks that do not quite agree move the same
//! amount of audio.
//!
//! A device's 48,000 samples a second are 48,000 by its own quartz, which is off by up to some 200
//! parts in a million. In goes how much more audio waits than should, each time that it is looked
//! at; out comes a ratio for the resampler. It is a PI controller with a slow loop: what is
//! inaudible is not the size of a correction but that it does not move. What always holds: the
//! correction stays within [`MAX_CORRECTION`] and changes by no more than
//! [`MAX_CHANGE_PER_SECOND`].

use std::time::Duration;

/// A device that is off by more than 0.5% is not a matter of drift.
pub(crate) const MAX_CORRECTION: f64 = 0.005;
/// 200 parts in a million, a third of a hundredth of a semitone, each second.
pub(crate) const MAX_CHANGE_PER_SECOND: f64 = 0.0002;

/// How quickly the loop settles, in radians a second: it is within a tenth of the drift after about
/// half a minute.
const NATURAL_FREQUENCY: f64 = 0.1;
/// Critically damped: it does not swing.
const PROPORTIONAL: f64 = 2.0 * NATURAL_FREQUENCY;
const INTEGRAL: f64 = NATURAL_FREQUENCY * NATURAL_FREQUENCY;
/// What waits is smoothed over so many seconds: devices take audio in steps, and threads are late.
const SMOOTHING_S: f64 = 1.0;
/// More time than this between two looks counts as this, in seconds.
const LONGEST_STEP_S: f64 = 0.1;

/// The controller for one device.
#[derive(Debug, Clone, Default)]
pub(crate) struct DriftController {
    surplus: f64,
    integral: f64,
    correction: f64,
}

impl DriftController {
    /// Takes in by how many seconds more audio waits than should (negative when it is less),
    /// `elapsed` after the last time. Gives how much audio is to be made of one sample from now on:
    /// below 1 when too much waits.
    pub(crate) fn update(&mut self, surplus: f64, elapsed: Duration) -> f64 {
        let step = elapsed.as_secs_f64().min(LONGEST_STEP_S);
        if surplus.is_finite() {
            self.surplus += (surplus - self.surplus) * step / (SMOOTHING_S + step);
        }
        let integral =
            (self.integral - INTEGRAL * self.surplus * step).clamp(-MAX_CORRECTION, MAX_CORRECTION);
        let wanted =
            (integral - PROPORTIONAL * self.surplus).clamp(-MAX_CORRECTION, MAX_CORRECTION);
        let most = MAX_CHANGE_PER_SECOND * step;
        if (wanted - self.correction).abs() <= most {
            self.correction = wanted;
            self.integral = integral;
        } else {
            // As long as the correction lags behind, learning on would overshoot.
            self.correction += most.copysign(wanted - self.correction);
        }
        self.ratio()
    }

    /// The ratio as it is.
    pub(crate) fn ratio(&self) -> f64 {
        1.0 + self.correction
    }

    /// Forgets how much waited, but not how fast the device is: after a jump that the ratio is not
    /// to make good.
    pub(crate) fn jumped(&mut self) {
        self.surplus = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A buffer that `drift` fills or drains, seconds per second, while the controller holds
    /// against it.
    fn hold(drift: f64, seconds: u32) -> Vec<(f64, f64)> {
        let (mut controller, mut surplus) = (DriftController::default(), 0.0);
        (0..seconds * 100)
            .map(|_| {
                let ratio = controller.update(surplus, Duration::from_millis(10));
                surplus += (ratio - 1.0 + drift) * 0.01;
                (surplus, ratio)
            })
            .collect()
    }

    #[test]
    fn a_drift_is_met_exactly_and_what_it_moved_is_brought_back() {
        for ppm in [-400.0, -200.0, -20.0, 50.0, 200.0, 400.0] {
            let held = hold(ppm * 1e-6, 300);
            let worst = held.iter().map(|(surplus, _)| surplus.abs()).fold(0.0, f64::max);
            let (surplus, ratio) = held[held.len() - 1];
            assert!(worst < 0.006, "{ppm} ppm moved {worst} s");
            assert!(
                surplus.abs() < 1e-4 && (ratio - 1.0 + ppm * 1e-6).abs() < 2e-6,
                "{surplus} s, {ratio}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_ratio_is_bounded_and_moves_slowly_whatever_is_measured(
            surplus in prop::collection::vec((prop_oneof![-1e3..1e3_f64, Just(f64::NAN), Just(f64::INFINITY)], 0_u64..5_000), 1..200),
        ) {
            let (mut controller, mut last) = (DriftController::default(), 1.0);
            for (surplus, ms) in surplus {
                let elapsed = Duration::from_millis(ms);
                let ratio = controller.update(surplus, elapsed);
                prop_assert!((ratio - 1.0).abs() <= MAX_CORRECTION + 1e-12);
                prop_assert!((ratio - last).abs() <= MAX_CHANGE_PER_SECOND * elapsed.as_secs_f64() + 1e-12);
                last = ratio;
            }
        }
    }
}
