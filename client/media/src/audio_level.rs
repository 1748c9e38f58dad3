//! How loud audio is. In go 10 ms frames; out come a level for a meter that moves, and the RMS over
//! a whole call in decibels against full scale. Samples that are no numbers count for nothing.

use crate::frame::AUDIO_FRAME_SAMPLES;

/// What a meter shows as silence.
const FLOOR_DBFS: f64 = -60.0;
/// How much the meter falls with each 10 ms; it rises at once.
const FALL: f32 = 0.02;

/// Measures 10 ms at a time.
#[derive(Debug, Clone, Copy, Default)]
pub struct LevelMeter {
    now: f32,
    power: f64,
    frames: u64,
}

impl LevelMeter {
    /// Listens to 10 ms.
    pub fn listen(&mut self, samples: &[f32; AUDIO_FRAME_SAMPLES]) {
        let power = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>()
            / samples.len() as f64;
        if !power.is_finite() {
            return;
        }
        self.power += power;
        self.frames += 1;
        let shown = (1.0 - dbfs(power) / FLOOR_DBFS).clamp(0.0, 1.0) as f32;
        self.now = shown.max(self.now - FALL);
    }

    /// How loud it is now: 0 for −60 dBFS and less, 1 for full scale, even steps for even steps in
    /// decibels.
    #[must_use]
    pub fn now(&self) -> f32 {
        self.now
    }

    /// RMS over everything, in decibels against full scale (−120 at least); `None` when nothing was
    /// measured.
    #[must_use]
    pub fn overall_dbfs(&self) -> Option<f64> {
        (self.frames > 0).then(|| dbfs(self.power / self.frames as f64))
    }
}

fn dbfs(power: f64) -> f64 {
    10.0 * power.max(1e-12).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_wave_at_half_scale_is_six_decibels_down() {
        let mut meter = LevelMeter::default();
        assert_eq!(meter.overall_dbfs(), None);
        meter.listen(&[0.5; AUDIO_FRAME_SAMPLES]);
        assert!((meter.overall_dbfs().unwrap() + 6.02).abs() < 0.01);
        assert!((meter.now() - 0.9).abs() < 0.01);
    }

    #[test]
    fn the_meter_rises_at_once_and_falls_slowly() {
        let mut meter = LevelMeter::default();
        meter.listen(&[1.0; AUDIO_FRAME_SAMPLES]);
        assert_eq!(meter.now(), 1.0);
        (0..10).for_each(|_| meter.listen(&[0.0; AUDIO_FRAME_SAMPLES]));
        assert!((0.75..0.85).contains(&meter.now()));
        (0..100).for_each(|_| meter.listen(&[0.0; AUDIO_FRAME_SAMPLES]));
        assert_eq!(meter.now(), 0.0);
    }
}
