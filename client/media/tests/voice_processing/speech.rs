//! Speech-like audio from a seed: syllables of a voiced buzz with formants or of hiss, in phrases
//! with pauses.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const RATE: f32 = 48_000.0;

/// Formants of a few vowels: frequencies in hertz (Peterson and Barney's averages, rounded).
const VOWELS: [[f32; 3]; 6] = [
    [730.0, 1090.0, 2440.0],
    [270.0, 2290.0, 3010.0],
    [300.0, 870.0, 2240.0],
    [530.0, 1840.0, 2480.0],
    [570.0, 840.0, 2410.0],
    [660.0, 1720.0, 2410.0],
];

/// A resonance of two poles.
struct Resonance {
    a1: f32,
    a2: f32,
    gain: f32,
    y1: f32,
    y2: f32,
}

impl Resonance {
    fn new(hz: f32, bandwidth: f32) -> Self {
        let radius = (-std::f32::consts::PI * bandwidth / RATE).exp();
        let a1 = 2.0 * radius * (std::f32::consts::TAU * hz / RATE).cos();
        Self { a1, a2: -radius * radius, gain: 1.0 - radius, y1: 0.0, y2: 0.0 }
    }

    fn filter(&mut self, x: f32) -> f32 {
        let y = self.gain * x + self.a1 * self.y1 + self.a2 * self.y2;
        (self.y2, self.y1) = (self.y1, y);
        y
    }
}

/// So many seconds of somebody who speaks at about `level_dbfs` (RMS over what is not pause) with a
/// voice of `pitch` hertz.
pub(crate) fn speech(seed: u64, seconds: f32, pitch: f32, level_dbfs: f32) -> Vec<f32> {
    let mut random = StdRng::seed_from_u64(seed);
    let length = (seconds * RATE) as usize;
    let mut audio: Vec<f32> = Vec::with_capacity(length + 48_000);
    let (mut phase, mut spoken) = (0.0_f32, Vec::new());
    while audio.len() < length {
        for _ in 0..random.random_range(4..9) {
            let samples = (random.random_range(0.12..0.28) * RATE) as usize;
            let begin = audio.len();
            if random.random_bool(0.25) {
                let (mut high, mut last) =
                    (Resonance::new(random.random_range(3500.0..6500.0), 1500.0), 0.0);
                let samples = samples / 2;
                for i in 0..samples {
                    let noise: f32 = random.random_range(-1.0..1.0);
                    let shape = (std::f32::consts::PI * i as f32 / samples as f32).sin();
                    let filtered = high.filter(noise - last);
                    last = noise;
                    audio.push(filtered * shape * 0.4);
                }
            } else {
                let vowel = VOWELS[random.random_range(0..VOWELS.len())];
                let mut formants = [(0, 80.0), (1, 100.0), (2, 140.0)]
                    .map(|(i, width)| Resonance::new(vowel[i], width));
                let (from, to) = (random.random_range(0.85..1.2), random.random_range(0.8..1.1));
                let loud = random.random_range(0.6..1.0_f32);
                let (mut glottis, mut flow) = (0.0_f32, 0.0_f32);
                for i in 0..samples {
                    let at = i as f32 / samples as f32;
                    let hz = pitch
                        * (from + (to - from) * at)
                        * (1.0 + 0.01 * random.random_range(-1.0..1.0_f32));
                    phase += hz / RATE;
                    let pulse = if phase >= 1.0 {
                        phase -= 1.0;
                        1.0
                    } else {
                        0.0
                    };
                    // Lips and vocal folds together fall by some 6 dB an octave.
                    glottis += 0.06 * (pulse - glottis);
                    flow += 0.5 * (glottis - flow);
                    let breath = 0.002 * random.random_range(-1.0..1.0_f32);
                    let shape = (std::f32::consts::PI * at).sin().powf(0.6) * loud;
                    let excited = flow + breath;
                    let [first, second, third] = &mut formants;
                    let voiced = first.filter(excited)
                        + 0.6 * second.filter(excited)
                        + 0.35 * third.filter(excited);
                    audio.push(voiced * shape * 4.0);
                }
            }
            spoken.push(begin..audio.len());
            audio
                .extend(std::iter::repeat_n(0.0, (random.random_range(0.0..0.05) * RATE) as usize));
        }
        audio.extend(std::iter::repeat_n(0.0, (random.random_range(0.25..0.8) * RATE) as usize));
    }
    let (mut power, mut count) = (0.0_f64, 0_usize);
    for sample in spoken.into_iter().flat_map(|range| audio[range].to_vec()) {
        power += f64::from(sample * sample);
        count += 1;
    }
    let scale = 10_f64.powf(f64::from(level_dbfs) / 20.0) / (power / count as f64).sqrt();
    audio.truncate(length);
    audio.iter().map(|sample| (f64::from(*sample) * scale).clamp(-1.0, 1.0) as f32).collect()
}

/// Steady noise at a level, a little darker than white as rooms are.
pub(crate) fn noise(seed: u64, seconds: f32, level_dbfs: f32) -> Vec<f32> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut smooth = 0.0_f32;
    let audio: Vec<f32> = (0..(seconds * RATE) as usize)
        .map(|_| {
            smooth += 0.4 * (random.random_range(-1.0..1.0_f32) - smooth);
            smooth
        })
        .collect();
    let scale = 10_f32.powf((level_dbfs - dbfs(&audio)) / 20.0);
    audio.into_iter().map(|sample| sample * scale).collect()
}

/// RMS against full scale, in decibels.
pub(crate) fn dbfs(audio: &[f32]) -> f32 {
    let power = audio.iter().map(|s| f64::from(s * s)).sum::<f64>() / audio.len().max(1) as f64;
    (10.0 * power.max(1e-20).log10()) as f32
}

/// The level of what is spoken: RMS of the 20 ms pieces within 25 dB of the loudest.
pub(crate) fn speech_dbfs(audio: &[f32]) -> f32 {
    let levels: Vec<f32> = audio.chunks_exact(960).map(dbfs).collect();
    let loudest = levels.iter().copied().fold(-200.0, f32::max);
    let spoken: Vec<f64> = levels
        .iter()
        .filter(|l| **l > loudest - 25.0)
        .map(|l| 10_f64.powf(f64::from(*l) / 10.0))
        .collect();
    (10.0 * (spoken.iter().sum::<f64>() / spoken.len().max(1) as f64).log10()) as f32
}

/// The middle one.
pub(crate) fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f32::NAN)
}
