//! Something like speech, made by a seed: voiced syllables with formants, consonants of noise, pauses between phrases.
//!
//! It is what codecs and concealment meet in a call, unlike a tone; nobody has to understand it.

use std::f32::consts::TAU;
use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const RATE: u32 = 48_000;
const SEED: u64 = 1876;

/// Formants of some vowels, in Hz (Peterson and Barney, 1952, rounded).
const VOWELS: [[f32; 3]; 5] = [
    [730.0, 1090.0, 2440.0],
    [270.0, 2290.0, 3010.0],
    [300.0, 870.0, 2240.0],
    [530.0, 1840.0, 2480.0],
    [570.0, 840.0, 2410.0],
];
/// How wide a formant is, in Hz.
const BANDWIDTHS: [f32; 3] = [80.0, 100.0, 140.0];

/// A two-pole resonator.
#[derive(Default, Clone, Copy)]
struct Resonator {
    y1: f32,
    y2: f32,
}

impl Resonator {
    fn pass(&mut self, x: f32, hz: f32, bandwidth: f32) -> f32 {
        let radius = (-std::f32::consts::PI * bandwidth / RATE as f32).exp();
        let (b, c) = (2.0 * radius * (TAU * hz / RATE as f32).cos(), -radius * radius);
        let y = (1.0 - b - c) * x + b * self.y1 + c * self.y2;
        (self.y2, self.y1) = (self.y1, y);
        y
    }
}

/// So much of it, −1 to 1, 48 kHz.
pub(crate) fn make(length: Duration) -> Vec<f32> {
    let mut rng = StdRng::seed_from_u64(SEED);
    let wanted = (length.as_secs_f64() * f64::from(RATE)) as usize;
    let mut samples = Vec::with_capacity(wanted);
    let mut resonators = [Resonator::default(); 3];
    let mut phase = 0.0_f32;
    while samples.len() < wanted {
        for _ in 0..rng.random_range(3..9) {
            let hiss = (rng.random_range(0.03..0.09) * RATE as f32) as usize;
            let mut before = 0.0;
            for n in 0..hiss {
                let noise: f32 = rng.random_range(-1.0..1.0);
                let swell = (n as f32 / hiss as f32 * std::f32::consts::PI).sin();
                samples.push((noise - before) * 0.04 * swell);
                before = noise;
            }
            let formants = VOWELS[rng.random_range(0..VOWELS.len())];
            let voiced = (rng.random_range(0.09..0.24) * RATE as f32) as usize;
            let (from, to) = (rng.random_range(95.0..150.0_f32), rng.random_range(90.0..170.0_f32));
            for n in 0..voiced {
                let along = n as f32 / voiced as f32;
                phase = (phase + (from + (to - from) * along) / RATE as f32).fract();
                // What the vocal folds make: a falling saw with a soft edge.
                let source = (1.0 - 2.0 * phase) * (1.0 - (-phase * 30.0).exp());
                let mut sound = 0.0;
                for ((resonator, hz), bandwidth) in resonators.iter_mut().zip(formants).zip(BANDWIDTHS) {
                    sound += resonator.pass(source, hz, bandwidth);
                }
                let swell = (along * std::f32::consts::PI).sin().powf(0.6);
                samples.push((sound * 0.22 * swell).clamp(-0.9, 0.9));
            }
        }
        let pause = (rng.random_range(0.15..0.7) * RATE as f32) as usize;
        samples.extend(std::iter::repeat_n(0.0, pause));
    }
    samples.truncate(wanted);
    samples
}

/// Writes it as a WAV file.
pub(crate) fn write(path: &Path, length: Duration) -> Result<(), hound::Error> {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut file = hound::WavWriter::create(path, spec)?;
    for sample in make(length) {
        file.write_sample((sample * f32::from(i16::MAX)) as i16)?;
    }
    file.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_each_time_and_has_syllables_and_pauses() {
        let (one, other) = (make(Duration::from_secs(10)), make(Duration::from_secs(10)));
        assert_eq!(one, other);
        let loud = |part: &[f32]| part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32 > 1e-5;
        let parts: Vec<bool> = one.chunks(480).map(loud).collect();
        let speaking = parts.iter().filter(|loud| **loud).count() as f64 / parts.len() as f64;
        assert!((0.5..0.95).contains(&speaking), "{speaking}");
        assert!(parts.windows(2).filter(|pair| pair[0] != pair[1]).count() > 10);
    }
}
