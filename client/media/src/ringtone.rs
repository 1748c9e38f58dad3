//! The tones of a call that is not there yet: the ring tone at the callee's, the ringback at the
//! caller's, and a chime by which a speaker is tried out.
//!
//! Pure functions of time; nothing goes in, one cycle of 48 kHz mono audio comes out, to be
//! repeated. The ring is three soft bell strokes going up and a long rest, the ringback two quiet
//! ones; both begin and end in silence, so that a cycle joins the next without a click.

use std::f32::consts::TAU;

use crate::frame::SAMPLE_RATE;

/// Whose tone it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingKind {
    /// Somebody calls us.
    Ring,
    /// It rings at theirs.
    Ringback,
}

/// A bell stroke: when, how high and how loud.
struct Stroke {
    at_seconds: f32,
    hz: f32,
    loudness: f32,
}

const RING: [Stroke; 3] = [
    Stroke { at_seconds: 0.00, hz: 523.25, loudness: 0.22 },
    Stroke { at_seconds: 0.22, hz: 659.26, loudness: 0.22 },
    Stroke { at_seconds: 0.44, hz: 783.99, loudness: 0.26 },
];
const RING_SECONDS: f32 = 3.0;

const RINGBACK: [Stroke; 2] = [
    Stroke { at_seconds: 0.0, hz: 392.00, loudness: 0.09 },
    Stroke { at_seconds: 0.4, hz: 392.00, loudness: 0.09 },
];
const RINGBACK_SECONDS: f32 = 4.0;

const CHIME: [Stroke; 3] = [
    Stroke { at_seconds: 0.0, hz: 440.00, loudness: 0.22 },
    Stroke { at_seconds: 0.5, hz: 554.37, loudness: 0.22 },
    Stroke { at_seconds: 1.0, hz: 659.26, loudness: 0.22 },
];
const CHIME_SECONDS: f32 = 3.0;

/// How long a stroke takes to rise, and to fall to 1/e.
const RISE_SECONDS: f32 = 0.008;
const FALL_SECONDS: f32 = 0.28;
/// Overtones and their shares: an even mix rings, fewer audio dull.
const OVERTONES: [(f32, f32); 3] = [(1.0, 1.0), (2.0, 0.28), (3.01, 0.10)];

/// One cycle of audio.
#[must_use]
pub fn cycle(kind: RingKind) -> Vec<f32> {
    let (strokes, seconds): (&[Stroke], f32) = match kind {
        RingKind::Ring => (&RING, RING_SECONDS),
        RingKind::Ringback => (&RINGBACK, RINGBACK_SECONDS),
    };
    struck(strokes, seconds)
}

/// The chime, once.
#[must_use]
pub fn chime() -> Vec<f32> {
    struck(&CHIME, CHIME_SECONDS)
}

fn struck(strokes: &[Stroke], seconds: f32) -> Vec<f32> {
    let rate = SAMPLE_RATE as f32;
    (0..(seconds * rate) as usize)
        .map(|i| strokes.iter().map(|stroke| stroke.sample(i as f32 / rate)).sum())
        .collect()
}

impl Stroke {
    fn sample(&self, seconds: f32) -> f32 {
        let since = seconds - self.at_seconds;
        if since < 0.0 {
            return 0.0;
        }
        let rise = (since / RISE_SECONDS).min(1.0);
        OVERTONES
            .iter()
            .map(|(multiple, share)| {
                // Higher overtones die away sooner, as in a bell.
                let fall = (-since * multiple / FALL_SECONDS).exp();
                share * fall * (since * self.hz * multiple * TAU).sin()
            })
            .sum::<f32>()
            * rise
            * self.loudness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tones_are_soft_whole_and_join_without_a_click() {
        for (kind, cycle, seconds) in [
            ("ring", cycle(RingKind::Ring), 3),
            ("ringback", cycle(RingKind::Ringback), 4),
            ("chime", chime(), 3),
        ] {
            assert_eq!(cycle.len(), seconds * 48_000);
            let loudest = cycle.iter().fold(0.0_f32, |loudest, s| loudest.max(s.abs()));
            assert!((0.05..0.7).contains(&loudest), "{kind}: {loudest}");
            assert_eq!(cycle.first(), Some(&0.0));
            assert!(cycle.last().is_some_and(|last| last.abs() < 0.001), "{kind}");
            assert!(cycle.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.08), "{kind}");
        }
    }

    #[test]
    fn the_ringback_is_the_quieter_one() {
        let power = |kind| cycle(kind).iter().map(|s| s * s).sum::<f32>();
        assert!(power(RingKind::Ringback) < power(RingKind::Ring) / 4.0);
    }
}
