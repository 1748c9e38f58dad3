//! Finds the test tone of [`crate::tone`] in what is played: its frequency, and the delay by
//! its marks.
//!
//! In goes the audio on its way to the speaker, 10 ms at a time, with the wall time at which its
//! first sample will be played; out come the tone's frequency and the delays from mouth to ear.
//! Speech and noise yield neither: the frequency is known only of pieces that are one steady sine,
//! and a mark counts only on top of such a tone and with the length and strength of a mark. The
//! cost is a few multiplications per sample.
//!
//! A mark is found by a matched filter: the audio is mixed down by the mark's frequency and summed
//! over the mark's length; the magnitude of the sum peaks where the mark ends.

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::time::Duration;

use crate::frame::{AUDIO_FRAME_SAMPLES, SAMPLE_RATE};
use crate::quantiles::Quantiles;
use crate::tone::{HIGHEST_MARKED_TONE_HZ, MARK_HZ, MARK_INTERVAL, MARK_LENGTH, TONE_RANGE_HZ};
use crate::units::WallTime;

/// The matched filter works on sums of 0.5 ms: one period of the mark.
const BLOCK: usize = (SAMPLE_RATE as usize) / (MARK_HZ as usize);
const BLOCKS_PER_MARK: usize =
    MARK_LENGTH.as_millis() as usize * SAMPLE_RATE as usize / 1000 / BLOCK;
/// The frequency is measured over pieces of this many samples: 170 ms, so that two of three hold no
/// mark.
const PIECE: usize = 17 * AUDIO_FRAME_SAMPLES;
/// The share of a piece's power that lies in the sine, for it to count as a tone.
const PURE: f64 = 0.9;
/// What is softer than −60 dBFS is no tone.
const SOFTEST_RMS: f64 = 0.001;
/// A mark's amplitude against the tone's: 1 when it is whole.
const MARK_STRENGTH: std::ops::RangeInclusive<f64> = 0.5..=1.6;
/// The tone must have been found this recently, in pieces.
const TONE_HOLD_PIECES: u32 = 3;
/// Frequencies kept for the median.
const FREQUENCIES: usize = 65;

/// Measures one stream of audio.
#[derive(Default)]
pub struct ToneDetector {
    piece: Vec<f32>,
    frequencies: VecDeque<f64>,
    /// The tone's amplitude, while there is one.
    amplitude: Option<f64>,
    pieces_without: u32,
    marks: MarkFilter,
    delays: Quantiles,
}

impl ToneDetector {
    /// Takes 10 ms of which the first sample will be played at `played_at`.
    pub fn listen(&mut self, samples: &[f32; AUDIO_FRAME_SAMPLES], played_at: WallTime) {
        self.piece.extend_from_slice(samples);
        if self.piece.len() >= PIECE {
            self.measure_piece();
            self.piece.clear();
        }
        for mark in self.marks.listen(samples, played_at) {
            let marked_tone =
                self.amplitude.filter(|_| self.hz().is_some_and(|hz| hz <= HIGHEST_MARKED_TONE_HZ));
            let Some(tone) = marked_tone else { continue };
            if MARK_STRENGTH.contains(&(mark.amplitude / tone)) {
                let interval = MARK_INTERVAL.as_micros() as u64;
                self.delays.record(Duration::from_micros(mark.played_at.0 % interval));
            }
        }
    }

    /// The tone's frequency in hertz: the median of what was measured lately; `None` when there was
    /// no tone.
    #[must_use]
    pub fn hz(&self) -> Option<f32> {
        let mut sorted: Vec<f64> = self.frequencies.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).map(|&hz| hz as f32)
    }

    /// How long after its capture each mark was played.
    #[must_use]
    pub fn mouth_to_ear(&self) -> &Quantiles {
        &self.delays
    }

    fn measure_piece(&mut self) {
        if let Some(tone) = measure_tone(&self.piece) {
            if self.frequencies.len() >= FREQUENCIES {
                self.frequencies.pop_front();
            }
            self.frequencies.push_back(tone.hz);
            self.amplitude = Some(tone.amplitude);
            self.pieces_without = 0;
        } else {
            self.pieces_without += 1;
            if self.pieces_without > TONE_HOLD_PIECES {
                self.amplitude = None;
            }
        }
    }
}

/// A sine that conceals nearly all of a piece of audio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    /// Its frequency in hertz.
    pub hz: f64,
    /// Its amplitude, 1 at full scale.
    pub amplitude: f64,
}

/// Finds the sine that a piece of audio consists of; `None` when it is not one. Needs a few
/// periods.
#[must_use]
pub fn measure_tone(samples: &[f32]) -> Option<Tone> {
    let power = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>()
        / samples.len().max(1) as f64;
    if !power.is_finite() || power < SOFTEST_RMS * SOFTEST_RMS {
        return None;
    }
    // Time between upward zero crossings, with hysteresis against noise, each interpolated between
    // two samples.
    let hysteresis = -0.3 * power.sqrt();
    let (mut armed, mut first, mut last, mut periods) = (false, None, 0.0, 0_u32);
    for (i, pair) in samples.windows(2).enumerate() {
        let &[before, after] = pair else { continue };
        let (before, after) = (f64::from(before), f64::from(after));
        armed |= before < hysteresis;
        if armed && before < 0.0 && after >= 0.0 {
            armed = false;
            last = i as f64 + before / (before - after);
            match first {
                None => first = Some(last),
                Some(_) => periods += 1,
            }
        }
    }
    if periods < 3 {
        return None;
    }
    let hz = f64::from(periods) * f64::from(SAMPLE_RATE) / (last - first?);
    if !TONE_RANGE_HZ.contains(&(hz as f32)) {
        return None;
    }
    // How much of the power lies at that frequency, with a window against leakage.
    let (mut re, mut im, mut weight) = (0.0, 0.0, 0.0);
    for (i, &sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * (i as f64 + 0.5) / samples.len() as f64).cos();
        let (sin, cos) = (TAU * hz * i as f64 / f64::from(SAMPLE_RATE)).sin_cos();
        re += f64::from(sample) * window * cos;
        im += f64::from(sample) * window * sin;
        weight += window;
    }
    let amplitude = 2.0 * re.hypot(im) / weight;
    (amplitude * amplitude / 2.0 >= PURE * power).then_some(Tone { hz, amplitude })
}

struct Mark {
    played_at: WallTime,
    amplitude: f64,
}

/// The matched filter. It reports a peak once no higher one has followed for the length of a mark.
#[derive(Default)]
struct MarkFilter {
    partial: (f64, f64),
    in_block: usize,
    blocks: VecDeque<(f64, f64)>,
    sums: [f64; 3],
    peak: Option<Peak>,
}

struct Peak {
    /// When the audio at the end of the peak's block is played, in microseconds, and its amplitude.
    end_micros: f64,
    amplitude: f64,
    blocks_since: usize,
}

impl MarkFilter {
    fn listen(&mut self, samples: &[f32; AUDIO_FRAME_SAMPLES], played_at: WallTime) -> Vec<Mark> {
        let mut found = Vec::new();
        for (i, &sample) in samples.iter().enumerate() {
            // One block is one period of the mark, so that the phase follows from the place in the
            // block.
            let (sin, cos) = (TAU * self.in_block as f64 / BLOCK as f64).sin_cos();
            self.partial.0 += f64::from(sample) * cos;
            self.partial.1 += f64::from(sample) * sin;
            self.in_block += 1;
            if self.in_block == BLOCK {
                let end = played_at.0 as f64 + (i + 1) as f64 * 1e6 / f64::from(SAMPLE_RATE);
                found.extend(self.end_block(end));
            }
        }
        found
    }

    fn end_block(&mut self, end_micros: f64) -> Option<Mark> {
        self.blocks.push_back(std::mem::take(&mut self.partial));
        self.in_block = 0;
        if self.blocks.len() > BLOCKS_PER_MARK {
            self.blocks.pop_front();
        }
        let (re, im) =
            self.blocks.iter().fold((0.0, 0.0), |sum, block| (sum.0 + block.0, sum.1 + block.1));
        let amplitude = 2.0 * re.hypot(im) / (BLOCK * BLOCKS_PER_MARK) as f64;
        self.sums = [self.sums[1], self.sums[2], amplitude];

        // The middle of three sums is the candidate, so that the true peak between blocks can be
        // interpolated.
        let [before, middle, after] = self.sums;
        let block_micros = BLOCK as f64 * 1e6 / f64::from(SAMPLE_RATE);
        let is_local = middle >= before && middle > after;
        if is_local && self.peak.as_ref().is_none_or(|peak| middle > peak.amplitude) {
            let curve = before - 2.0 * middle + after;
            let shift =
                if curve < 0.0 { (0.5 * (before - after) / curve).clamp(-0.5, 0.5) } else { 0.0 };
            let end = end_micros - block_micros + shift * block_micros;
            self.peak = Some(Peak { end_micros: end, amplitude: middle, blocks_since: 0 });
        }
        let peak = self.peak.as_mut()?;
        peak.blocks_since += 1;
        if peak.blocks_since <= BLOCKS_PER_MARK {
            return None;
        }
        let peak = self.peak.take()?;
        let onset = peak.end_micros - MARK_LENGTH.as_micros() as f64;
        (onset >= 0.0)
            .then_some(Mark { played_at: WallTime(onset as u64), amplitude: peak.amplitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opus_codec::{OpusDecoder, OpusEncoder, PACKET_SAMPLES};
    use crate::tone::ToneGenerator;
    use rand::{RngExt, SeedableRng};

    const START: u64 = 1_790_000_000_777_123;

    /// What the detector makes of a tone that is played `delay` after it was made, having gone
    /// through `channel`.
    fn detect(
        hz: f32,
        delay: Duration,
        mut channel: impl FnMut(Vec<f32>) -> Vec<f32>,
    ) -> ToneDetector {
        let (mut tone, mut detector) = (ToneGenerator::new(hz), ToneDetector::default());
        let mut heard: Vec<f32> = Vec::new();
        let mut listened = 0;
        for packet in 0..500_u64 {
            let from = START + packet * 20_000;
            let mut samples = tone.next_frame(WallTime(from)).to_vec();
            samples.extend(tone.next_frame(WallTime(from + 10_000)));
            heard.extend(channel(samples));
            while let Some(frame) = heard.get(listened..listened + AUDIO_FRAME_SAMPLES) {
                let at = START + (listened as u64 * 1_000_000 / 48_000) + delay.as_micros() as u64;
                detector.listen(frame.try_into().unwrap(), WallTime(at));
                listened += AUDIO_FRAME_SAMPLES;
            }
        }
        detector
    }

    #[track_caller]
    fn check(detector: &ToneDetector, hz: f32, delay_ms: f64, within_ms: f64) {
        let measured = detector.hz().expect("a tone");
        assert!((measured - hz).abs() < 0.5, "{measured} Hz instead of {hz}");
        let delays = detector.mouth_to_ear();
        assert!(delays.count() >= 16, "{} marks in 10 s", delays.count());
        for q in [0.02, 0.5, 0.98] {
            let got = delays.quantile_ms(q).unwrap();
            // The quantiles themselves are kept to 2%.
            assert!(
                (got - delay_ms).abs() < within_ms + 0.02 * delay_ms,
                "p{q}: {got} ms instead of {delay_ms}"
            );
        }
    }

    #[test]
    fn marks_tell_the_delay_to_a_tenth_of_a_millisecond() {
        for (hz, delay_ms) in
            [(440.0, 61.3), (440.0, 3.0), (880.0, 250.0), (300.0, 480.0), (1200.0, 90.0)]
        {
            let detector =
                detect(hz, Duration::from_secs_f64(delay_ms / 1000.0), |samples| samples);
            check(&detector, hz, delay_ms, 0.3);
        }
    }

    #[test]
    fn marks_and_frequency_survive_opus() {
        let (mut encoder, mut decoder) = (OpusEncoder::new().unwrap(), OpusDecoder::new().unwrap());
        let lookahead_ms = encoder.lookahead().as_secs_f64() * 1000.0;
        let detector = detect(440.0, Duration::from_millis(60), |samples| {
            let samples: [f32; PACKET_SAMPLES] = samples.try_into().unwrap();
            decoder.decode(encoder.encode(&samples).unwrap()).unwrap().to_vec()
        });
        check(&detector, 440.0, 60.0 + lookahead_ms, 3.0);
    }

    #[test]
    fn a_tone_in_noise_is_still_read() {
        let mut random = rand::rngs::StdRng::seed_from_u64(5);
        let detector = detect(440.0, Duration::from_millis(60), |mut samples| {
            samples.iter_mut().for_each(|s| *s += random.random_range(-0.03..0.03));
            samples
        });
        check(&detector, 440.0, 60.0, 1.0);
    }

    #[test]
    fn noise_silence_and_broken_samples_have_neither_tone_nor_marks() {
        let mut random = rand::rngs::StdRng::seed_from_u64(6);
        let mut detector = ToneDetector::default();
        for i in 0..1000_u64 {
            let frame: [f32; AUDIO_FRAME_SAMPLES] = std::array::from_fn(|_| match i % 3 {
                0 => random.random_range(-0.5..0.5),
                1 => 0.0,
                _ => f32::NAN,
            });
            detector.listen(&frame, WallTime(i * 10_000));
        }
        assert_eq!(detector.hz(), None);
        assert_eq!(detector.mouth_to_ear().count(), 0);
    }

    #[test]
    fn an_unmarked_tone_has_a_frequency_and_no_delay() {
        let detector = detect(3000.0, Duration::from_millis(60), |samples| samples);
        assert!((detector.hz().unwrap() - 3000.0).abs() < 0.5);
        assert_eq!(detector.mouth_to_ear().count(), 0);
    }
}
