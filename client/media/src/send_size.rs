//! Which of the captured frames are sent, and how large: pure decisions, with time as an
//! argument.
//!
//! [`SizeLadder`] gives each pixel enough bits by sending fewer of them; [`FrameGate`] keeps to a
//! frame rate; [`FrameRateMeter`] says at what rate the camera really takes frames. What frame
//! rate bit rate and processor allow, `send_rate` decides.

use std::time::{Duration, Instant};

use crate::scale::{fit_within, fraction_of};
use crate::units::{Bitrate, VideoSize};

/// The sizes, as fractions of the largest: 1280x720, 960x540, 640x360, 320x180.
const STEPS: [(u32, u32); 4] = [(1, 1), (3, 4), (1, 2), (1, 4)];
/// With fewer bits than this to a pixel, blocks show: fewer pixels look better.
const LOWER_BELOW: f64 = 0.030;
/// The next larger size must get this many bits to a pixel. Well above the other, so that a rate
/// that moves a little does not move the size.
const RAISE_ABOVE: f64 = 0.045;
/// A rate that is too low for less than this is let pass.
const LOWER_AFTER: Duration = Duration::from_millis(500);
/// A change costs a key frame, so a higher rate must have held for this long.
const RAISE_AFTER: Duration = Duration::from_secs(3);
/// Before the size was ever lowered the rate is still being found out, and the frame follows it
/// sooner.
const RAISE_AFTER_AT_START: Duration = Duration::from_millis(700);

/// No frame for this long is a pause.
const PAUSE: Duration = Duration::from_millis(500);

/// Chooses the size to send from the bit rate, with hysteresis.
#[derive(Debug)]
pub(crate) struct SizeLadder {
    max: VideoSize,
    step: Option<usize>,
    /// The size was lowered before.
    lowered: bool,
    too_low_since: Option<Instant>,
    enough_since: Option<Instant>,
}

impl SizeLadder {
    /// A ladder that starts at `max`.
    pub(crate) fn new(max: VideoSize) -> Self {
        Self { max, step: None, lowered: false, too_low_since: None, enough_since: None }
    }

    /// The size to send a frame of size `source` at. The first call settles at once, later ones
    /// take their time. A size that is too large is left at a key frame, as that would be a burst,
    /// and the smaller size would take another one soon.
    pub(crate) fn size_for(
        &mut self,
        source: VideoSize,
        target: Bitrate,
        fps: f32,
        key_frame: bool,
        now: Instant,
    ) -> VideoSize {
        let full = fit_within(source, self.max);
        let size_at = |step: usize| {
            let (numerator, denominator) = STEPS.get(step).copied().unwrap_or((1, 1));
            fraction_of(full, numerator, denominator)
        };
        let bits_per_pixel = |step: usize| {
            target.bps() as f64 / (f64::from(fps.max(1.0)) * size_at(step).pixels() as f64)
        };
        let last = STEPS.len() - 1;
        let with =
            |least: f64| (0..last).find(|step| bits_per_pixel(*step) >= least).unwrap_or(last);
        let fitting = with(LOWER_BELOW);
        let step = match self.step {
            // A first key frame that is too large for the network delays the audio, and is followed
            // by another soon.
            None => with(RAISE_ABOVE),
            Some(step) if key_frame && fitting > step => fitting,
            Some(step) if fitting > step => {
                self.enough_since = None;
                let since = *self.too_low_since.get_or_insert(now);
                if now.saturating_duration_since(since) >= LOWER_AFTER { fitting } else { step }
            }
            Some(step) if step > 0 && bits_per_pixel(step - 1) >= RAISE_ABOVE => {
                self.too_low_since = None;
                let since = *self.enough_since.get_or_insert(now);
                let after = if self.lowered { RAISE_AFTER } else { RAISE_AFTER_AT_START };
                // Straight to where it belongs: each step between would cost a key frame too.
                let higher =
                    (0..step).find(|higher| bits_per_pixel(*higher) >= RAISE_ABOVE).unwrap_or(step);
                if now.saturating_duration_since(since) >= after { higher } else { step }
            }
            Some(step) => {
                self.too_low_since = None;
                self.enough_since = None;
                step
            }
        };
        if self.step != Some(step) {
            self.lowered |= self.step.is_some_and(|before| step > before);
            self.step = Some(step);
            self.too_low_since = None;
            self.enough_since = None;
        }
        size_at(step)
    }
}

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

    fn size(width: u32, height: u32) -> VideoSize {
        VideoSize::new(width, height).expect("a size")
    }

    const HD: (u32, u32) = (1280, 720);

    /// Runs a ladder over (seconds, kbit/s) steps at 30 fps and says how wide the frame was at
    /// the end of each.
    fn widths(steps: &[(f64, u64)]) -> Vec<u32> {
        let mut ladder = SizeLadder::new(size(HD.0, HD.1));
        let mut now = Instant::now();
        let mut widths = Vec::new();
        for (seconds, kbps) in steps {
            let mut width = 0;
            for _ in 0..(seconds * 30.0) as u32 {
                width = ladder
                    .size_for(size(HD.0, HD.1), Bitrate::from_kbps(*kbps), 30.0, false, now)
                    .width();
                now += Duration::from_micros(33_333);
            }
            widths.push(width);
        }
        widths
    }

    #[test]
    fn the_first_frame_has_a_size_that_the_rate_easily_carries() {
        for (kbps, width) in [
            (2500, 1280),
            (1300, 1280),
            (1100, 960),
            (750, 960),
            (650, 640),
            (350, 640),
            (300, 320),
            (0, 320),
        ] {
            assert_eq!(widths(&[(0.1, kbps)]), [width], "{kbps} kbit/s");
        }
    }

    #[test]
    fn a_later_frame_may_have_any_size_that_the_rate_carries() {
        for (kbps, width) in [
            (2500, 1280),
            (900, 1280),
            (700, 960),
            (500, 960),
            (450, 640),
            (250, 640),
            (150, 320),
            (0, 320),
        ] {
            assert_eq!(widths(&[(0.1, 2500), (0.7, kbps)]), [1280, width], "{kbps} kbit/s");
        }
    }

    #[test]
    fn a_lower_rate_lowers_the_size_soon_and_straight_to_where_it_belongs() {
        assert_eq!(widths(&[(1.0, 2500), (0.4, 300), (0.2, 300)]), [1280, 1280, 640]);
    }

    #[test]
    fn a_key_frame_is_made_at_the_size_that_fits_now() {
        let mut ladder = SizeLadder::new(size(HD.0, HD.1));
        let now = Instant::now();
        let mut width = |kbps, key| {
            let rate = Bitrate::from_kbps(kbps);
            ladder.size_for(size(HD.0, HD.1), rate, 30.0, key, now).width()
        };
        assert_eq!((width(2500, false), width(250, false)), (1280, 1280));
        assert_eq!((width(250, true), width(2500, false)), (640, 640));
    }

    #[test]
    fn a_short_dip_changes_nothing() {
        assert_eq!(widths(&[(1.0, 2500), (0.4, 100), (1.0, 2500), (0.4, 100)]), [1280; 4]);
    }

    #[test]
    fn a_higher_rate_raises_the_size_after_it_held_and_straight_to_where_it_belongs() {
        assert_eq!(
            widths(&[(0.5, 2500), (1.0, 100), (2.9, 3000), (0.2, 3000)]),
            [1280, 320, 320, 1280]
        );
    }

    #[test]
    fn at_the_start_the_size_follows_the_rate_sooner() {
        assert_eq!(
            widths(&[(0.1, 350), (0.6, 1000), (0.2, 1000), (0.5, 2500), (0.3, 2500)]),
            [640, 640, 960, 960, 1280]
        );
    }

    #[test]
    fn a_rate_that_swings_by_a_quarter_does_not_swing_the_size() {
        let mut steps = vec![(1.0, 720)];
        steps.extend((0..20).map(|i| (4.0, if i % 2 == 0 { 480 } else { 690 })));
        assert!(widths(&steps).iter().all(|width| *width == 960));
    }

    #[test]
    fn a_smaller_source_is_not_made_larger_and_a_larger_one_keeps_its_shape() {
        let now = Instant::now();
        let enough = Bitrate::from_kbps(5000);
        let ladder = || SizeLadder::new(size(HD.0, HD.1));
        assert_eq!(ladder().size_for(size(640, 480), enough, 30.0, false, now), size(640, 480));
        assert_eq!(ladder().size_for(size(1600, 1200), enough, 30.0, false, now), size(960, 720));
    }

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
