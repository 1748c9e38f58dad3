//! What a recording holds: its tone and its loudness.

use std::path::Path;

/// A recording, mono, −1 to 1.
pub struct Recording {
    /// Samples per second.
    pub rate: u32,
    /// The samples.
    pub samples: Vec<f32>,
}

impl Recording {
    /// Reads a WAV file.
    ///
    /// # Panics
    /// When it is no 16-bit WAV file.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let mut reader =
            hound::WavReader::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let spec = reader.spec();
        let samples = reader
            .samples::<i16>()
            .step_by(usize::from(spec.channels))
            .map(|sample| f32::from(sample.expect("a whole sample")) / 32768.0)
            .collect();
        Self { rate: spec.sample_rate, samples }
    }

    /// The last so many seconds.
    #[must_use]
    pub fn last(&self, seconds: f64) -> &[f32] {
        let wanted = (seconds * f64::from(self.rate)) as usize;
        &self.samples[self.samples.len().saturating_sub(wanted)..]
    }

    /// Loudness against full scale.
    #[must_use]
    pub fn level_dbfs(samples: &[f32]) -> f64 {
        let power = samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>()
            / samples.len().max(1) as f64;
        10.0 * power.max(1e-12).log10()
    }

    /// The frequency, in steps of 0.25 Hz from 200 to 1000 Hz, that holds the most power.
    #[must_use]
    pub fn strongest_hz(&self, samples: &[f32]) -> f64 {
        let power_at = |hz: f64| goertzel(samples, hz / f64::from(self.rate));
        let coarse = strongest((200..1000).map(f64::from), power_at);
        strongest((-8..=8).map(|quarter| coarse + f64::from(quarter) / 4.0), power_at)
    }
}

/// The share of all power that lies at one frequency, given as a share of the sampling rate: 1 for
/// a pure tone.
#[must_use]
pub fn share_of_tone(samples: &[f32], frequency: f64) -> f64 {
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if energy > 0.0 {
        2.0 * goertzel(samples, frequency) / (energy * samples.len() as f64)
    } else {
        0.0
    }
}

fn strongest(frequencies: impl Iterator<Item = f64>, power_at: impl Fn(f64) -> f64) -> f64 {
    frequencies
        .map(|hz| (power_at(hz), hz))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(0.0, |(_, hz)| hz)
}

/// The power at one frequency, given as a share of the sampling rate (Goertzel 1958).
fn goertzel(samples: &[f32], frequency: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * frequency).cos();
    let (mut s1, mut s2) = (0.0, 0.0);
    for sample in samples {
        (s1, s2) = (f64::from(*sample) + coefficient * s1 - s2, s1);
    }
    s1 * s1 + s2 * s2 - coefficient * s1 * s2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_at_its_frequency() {
        let samples: Vec<f32> = (0..48_000)
            .map(|n| (f32::sin(n as f32 * 440.5 * std::f32::consts::TAU / 48e3)) * 0.5)
            .collect();
        let recording = Recording { rate: 48_000, samples };
        assert!((recording.strongest_hz(&recording.samples) - 440.5).abs() < 0.3);
        assert!((Recording::level_dbfs(&recording.samples) - -9.03).abs() < 0.1);
        let share = |hz: f64| share_of_tone(&recording.samples[..4800], hz / 48e3);
        assert!(share(440.5) > 0.99 && share(523.0) < 0.01, "{} {}", share(440.5), share(523.0));
    }
}
