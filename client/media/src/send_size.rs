//! Which of the captured frames are sent: pure decisions, with time as an argument.
//!
//! [`FrameGate`] keeps to a frame rate; [`FrameRateMeter`] says at what rate the camera really
//! takes frames. What frame rate bit rate and processor allow, `send_rate` decides, and how large
//! frames are, `size_ladder`.

use std::time::{Duration, Instant};

/// No frame for this long is a pause.
const PAUSE: Duration = Duration::from_millis(500);

/// Lets frames through up to a rate.
#[derive(Debug, Default)]
pub(crate) struct FrameGate {
    due: Option<Instant>,
}

impl FrameGate {
    /// Whether a frame that was taken at `at` is sent, at most `fps` a second. Cameras are not
    /// punctual: a frame may be early by a quarter of the interval without being one too many.
    pub(crate) fn admit(&mut self, at: Instant, fps: u32) -> bool {
        let interval = Duration::from_secs(1) / fps.max(1);
        let due = self.due.unwrap_or(at);
        if at + interval / 4 < due {
            return false;
        }
        // After a pause the schedule restarts instead of catching up.
        let base = if at > due + interval { at } else { due };
        self.due = Some(base + interval);
        true
    }
}

/// Measures the rate at which frames are taken, over a second at a time.
#[derive(Debug, Default)]
pub(crate) struct FrameRateMeter {
    since: Option<Instant>,
    last: Option<Instant>,
    frames: u32,
}

impl FrameRateMeter {
    /// Counts a frame. Once a second or so it says at what rate they came. A pause is no low
    /// rate: an encoder that took it for one would give each of the next frames far too many
    /// bits.
    pub(crate) fn count(&mut self, at: Instant) -> Option<f32> {
        let last = self.last.replace(at);
        if last.is_some_and(|last| at.saturating_duration_since(last) > PAUSE) {
            *self = Self { since: Some(at), last: Some(at), frames: 1 };
            return None;
        }
        let since = *self.since.get_or_insert(at);
        let elapsed = at.saturating_duration_since(since);
        if elapsed < Duration::from_secs(1) {
            self.frames += 1;
            return None;
        }
        let fps = self.frames as f32 / elapsed.as_secs_f32();
        *self = Self { since: Some(at), last: Some(at), frames: 1 };
        Some(fps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_frames_a_second_become_thirty_and_thirty_stay_thirty() {
        let start = Instant::now();
        for (camera, wanted, through) in [(60, 30, 30), (30, 30, 30), (24, 30, 24), (50, 20, 20)] {
            let mut gate = FrameGate::default();
            let admitted = (0..camera * 10).filter(|i| {
                // Each up to 5 ms late, and not evenly.
                let late = Duration::from_micros(u64::from(i * 7919 % 5000));
                gate.admit(start + Duration::from_secs(1) * *i / camera + late, wanted)
            });
            let got = admitted.count();
            assert!(got.abs_diff(through * 10) <= 3, "{camera} to {wanted}: {got} in ten seconds");
        }
    }

    #[test]
    fn a_pause_is_not_caught_up_with() {
        let start = Instant::now();
        let mut gate = FrameGate::default();
        assert!(gate.admit(start, 10));
        let later = start + Duration::from_secs(5);
        assert!(gate.admit(later, 10));
        assert!(!gate.admit(later + Duration::from_millis(20), 10));
    }

    #[test]
    fn the_meter_measures_the_rate() {
        let start = Instant::now();
        let mut meter = FrameRateMeter::default();
        let measured: Vec<_> =
            (0..100).filter_map(|i| meter.count(start + Duration::from_millis(50) * i)).collect();
        assert_eq!(measured, [20.0; 4]);
    }

    #[test]
    fn a_pause_is_not_taken_for_a_low_rate() {
        let start = Instant::now();
        let mut meter = FrameRateMeter::default();
        let pause = |i: u32| if i >= 30 { Duration::from_secs(20) } else { Duration::ZERO };
        let at = |i: u32| start + Duration::from_millis(40) * i + pause(i);
        let measured: Vec<_> = (0..100).filter_map(|i| meter.count(at(i))).collect();
        assert!(
            !measured.is_empty() && measured.iter().all(|fps| (fps - 25.0).abs() < 0.1),
            "{measured:?}"
        );
    }
}
