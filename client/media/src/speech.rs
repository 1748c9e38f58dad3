//! A voice that says nothing, to test with: audio of the same kind as speech, the same every time.
//!
//! In goes a seed, out comes the voice, 10 ms at a time: phrases of syllables with pauses between
//! them. A syllable is an unvoiced beginning (filtered noise) and a vowel (pulses at a gliding
//! pitch through three resonances). Codecs, voice detectors and jitter buffers take it for speech;
//! unlike a tone it has silence, onsets, and sounds that don't repeat.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};

const RATE: f32 = SAMPLE_RATE as f32;
/// Centre frequencies of the resonances of some vowels, in hertz.
const VOWELS: [[f32; 3]; 6] = [
    [730.0, 1090.0, 2440.0],
    [270.0, 2290.0, 3010.0],
    [300.0, 870.0, 2240.0],
    [530.0, 1840.0, 2480.0],
    [570.0, 840.0, 2410.0],
    [490.0, 1350.0, 1690.0],
];
/// How wide they are.
const WIDTHS: [f32; 3] = [80.0, 110.0, 160.0];

/// A resonance: a filter of second order.
#[derive(Debug, Clone, Copy, Default)]
struct Resonance {
    last: [f32; 2],
}

impl Resonance {
    fn filter(&mut self, input: f32, hz: f32, width: f32) -> f32 {
        let radius = (-std::f32::consts::PI * width / RATE).exp();
        let turn = (std::f32::consts::TAU * hz / RATE).cos();
        let output = input * (1.0 - radius) + 2.0 * radius * turn * self.last[0]
            - radius * radius * self.last[1];
        self.last = [output, self.last[0]];
        output
    }
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Pause,
    Unvoiced,
    Vowel { from: [f32; 3], to: [f32; 3] },
}

/// The voice: where it is in its current syllable or pause.
#[derive(Debug)]
pub struct Voice {
    random: StdRng,
    part: Part,
    /// Samples of the part so far, and in all.
    at: usize,
    length: usize,
    syllables_left: u32,
    pitch_hz: f32,
    glide: f32,
    phase: f32,
    resonances: [Resonance; 3],
    noise: [f32; 2],
}

impl Voice {
    /// A voice, the same for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            part: Part::Pause,
            at: 0,
            length: samples(0.1),
            syllables_left: 0,
            pitch_hz: 120.0,
            glide: 0.0,
            phase: 0.0,
            resonances: [Resonance::default(); 3],
            noise: [0.0; 2],
        }
    }

    /// The next 10 ms.
    pub fn next_frame(&mut self) -> [f32; AUDIO_FRAME_SAMPLES] {
        std::array::from_fn(|_| self.next_sample())
    }

    fn next_sample(&mut self) -> f32 {
        if self.at >= self.length {
            self.next_part();
        }
        let share = self.at as f32 / self.length as f32;
        self.at += 1;
        // A room is never quite silent.
        let hiss = self.random.random_range(-1.0..1.0_f32);
        let envelope = (share.min(1.0 - share) * 6.0).min(1.0);
        let voice = match self.part {
            Part::Pause => 0.0,
            Part::Unvoiced => {
                let [last, before] = self.noise;
                self.noise = [hiss, last];
                (hiss - 1.2 * last + 0.6 * before) * 0.05 * envelope
            }
            Part::Vowel { from, to } => {
                self.phase += self.pitch_hz * (1.0 + self.glide * share) / RATE;
                let pulse = if self.phase >= 1.0 { 40.0 } else { 0.0 };
                self.phase = self.phase.fract();
                let excitation = pulse * envelope + hiss * 0.02 * envelope;
                let tune = |i: usize| from[i] + (to[i] - from[i]) * share;
                let mut sum = 0.0;
                for (i, resonance) in self.resonances.iter_mut().enumerate() {
                    sum += resonance.filter(excitation, tune(i), WIDTHS[i]) / (1.0 + i as f32);
                }
                sum * 0.12
            }
        };
        (voice + hiss * 0.0003).clamp(-0.9, 0.9)
    }

    fn next_part(&mut self) {
        self.at = 0;
        let vowel = |random: &mut StdRng| VOWELS[random.random_range(0..VOWELS.len())];
        (self.part, self.length) = match self.part {
            Part::Vowel { .. } if self.syllables_left == 0 => {
                (Part::Pause, samples(self.random.random_range(0.3..0.9)))
            }
            Part::Pause => {
                self.syllables_left = self.random.random_range(5..14);
                self.pitch_hz = self.random.random_range(95.0..220.0);
                (Part::Unvoiced, samples(0.07))
            }
            Part::Vowel { .. } if self.random.random_bool(0.5) => {
                (Part::Unvoiced, samples(self.random.random_range(0.04..0.1)))
            }
            _ => {
                self.syllables_left = self.syllables_left.saturating_sub(1);
                self.glide = self.random.random_range(-0.15..0.15);
                let part =
                    Part::Vowel { from: vowel(&mut self.random), to: vowel(&mut self.random) };
                (part, samples(self.random.random_range(0.1..0.28)))
            }
        };
    }
}

fn samples(seconds: f32) -> usize {
    (seconds * RATE) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voice_is_loud_two_thirds_of_the_time_and_the_same_every_time() {
        let (mut voice, mut again) = (Voice::new(1), Voice::new(1));
        let mut loud = 0;
        let mut peak = 0.0_f32;
        for _ in 0..3000 {
            let frame = voice.next_frame();
            assert_eq!(frame, again.next_frame());
            let power = frame.iter().map(|s| s * s).sum::<f32>() / 480.0;
            loud += u32::from(power > 1e-5);
            peak = frame.iter().fold(peak, |peak, s| peak.max(s.abs()));
        }
        assert!((1800..2700).contains(&loud), "{loud} of 3000 frames");
        assert!((0.2..0.9).contains(&peak), "{peak}");
    }
}
