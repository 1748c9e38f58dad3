//! The tones of a call that is not there yet: the ring tone at the callee's, of which there are
//! some to choose from, the ringback at the caller's, and a chime by which a speaker is tried out.
//!
//! Pure functions of time; nothing goes in, one cycle of 48 kHz mono audio comes out, to be
//! repeated. A tone is a few strokes of one timbre and a long rest; it begins and ends in silence,
//! so that a cycle joins the next without a click.

use std::f32::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::frame::SAMPLE_RATE;

/// Whose tone it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingKind {
    /// Somebody calls us.
    Ring,
    /// It rings at theirs.
    Ringback,
}

/// How a call rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RingTone {
    /// Three soft bells, going up.
    #[default]
    Bells,
    /// Wood, up and down again.
    Marimba,
    /// The two bells of an old telephone.
    Telephone,
    /// A low and a high one, twice.
    Drops,
}

impl RingTone {
    /// All there are, the usual one first.
    pub const ALL: [Self; 4] = [Self::Bells, Self::Marimba, Self::Telephone, Self::Drops];

    /// Its name in a file of settings; the usual one has none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bells => "",
            Self::Marimba => "marimba",
            Self::Telephone => "telephone",
            Self::Drops => "drops",
        }
    }

    /// The one of this name; the usual one where there is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|tone| tone.name() == name).unwrap_or_default()
    }

    fn tone(self) -> Tone {
        match self {
            Self::Bells => Tone { timbre: BELL, strokes: &RING, seconds: RING_SECONDS },
            Self::Marimba => Tone { timbre: WOOD, strokes: &MARIMBA, seconds: RING_SECONDS },
            Self::Telephone => Tone { timbre: GONG, strokes: &TELEPHONE, seconds: RING_SECONDS },
            Self::Drops => Tone { timbre: DROP, strokes: &DROPS, seconds: RING_SECONDS },
        }
    }
}

/// A stroke: when, how high and how loud.
struct Stroke {
    at_seconds: f32,
    hz: f32,
    loudness: f32,
}

const fn stroke(at_seconds: f32, hz: f32, loudness: f32) -> Stroke {
    Stroke { at_seconds, hz, loudness }
}

/// What is struck.
struct Timbre {
    /// How long a stroke takes to fall to 1/e.
    fall_seconds: f32,
    /// Overtones and their shares: an even mix rings, fewer sound dull.
    overtones: [(f32, f32); 3],
}

const BELL: Timbre =
    Timbre { fall_seconds: 0.28, overtones: [(1.0, 1.0), (2.0, 0.28), (3.01, 0.10)] };
const WOOD: Timbre =
    Timbre { fall_seconds: 0.14, overtones: [(1.0, 1.0), (2.0, 0.05), (3.93, 0.18)] };
const GONG: Timbre =
    Timbre { fall_seconds: 0.07, overtones: [(1.0, 1.0), (2.4, 0.30), (3.8, 0.12)] };
const DROP: Timbre =
    Timbre { fall_seconds: 0.22, overtones: [(1.0, 1.0), (2.0, 0.12), (3.0, 0.02)] };

/// Strokes, and how long it is until they come again.
struct Tone {
    timbre: Timbre,
    strokes: &'static [Stroke],
    seconds: f32,
}

const RING: [Stroke; 3] =
    [stroke(0.00, 523.25, 0.22), stroke(0.22, 659.26, 0.22), stroke(0.44, 783.99, 0.26)];
const MARIMBA: [Stroke; 8] = [
    stroke(0.00, 392.00, 0.28),
    stroke(0.15, 523.25, 0.28),
    stroke(0.30, 659.26, 0.28),
    stroke(0.45, 783.99, 0.30),
    stroke(0.60, 659.26, 0.28),
    stroke(0.75, 523.25, 0.28),
    stroke(0.90, 659.26, 0.28),
    stroke(1.05, 783.99, 0.30),
];
const TELEPHONE: [Stroke; 20] = trill([622.25, 739.99], 0.06, 0.17);
const DROPS: [Stroke; 4] = [
    stroke(0.0, 440.00, 0.30),
    stroke(0.3, 659.26, 0.30),
    stroke(0.9, 440.00, 0.30),
    stroke(1.2, 659.26, 0.30),
];
const RING_SECONDS: f32 = 3.0;

const RINGBACK: [Stroke; 2] = [stroke(0.0, 392.00, 0.09), stroke(0.4, 392.00, 0.09)];
const RINGBACK_SECONDS: f32 = 4.0;

const CHIME: [Stroke; 3] =
    [stroke(0.0, 440.00, 0.22), stroke(0.5, 554.37, 0.22), stroke(1.0, 659.26, 0.22)];
const CHIME_SECONDS: f32 = 3.0;

/// How long a stroke takes to rise.
const RISE_SECONDS: f32 = 0.008;

/// A clapper between two bells.
const fn trill<const N: usize>(hz: [f32; 2], apart_seconds: f32, loudness: f32) -> [Stroke; N] {
    let mut strokes = [const { stroke(0.0, 0.0, 0.0) }; N];
    let mut number = 0;
    while number < N {
        strokes[number] = stroke(number as f32 * apart_seconds, hz[number % 2], loudness);
        number += 1;
    }
    strokes
}

/// One cycle of audio; `tone` is how calls ring here.
#[must_use]
pub fn cycle(kind: RingKind, tone: RingTone) -> Vec<f32> {
    match kind {
        RingKind::Ring => tone.tone(),
        RingKind::Ringback => Tone { timbre: BELL, strokes: &RINGBACK, seconds: RINGBACK_SECONDS },
    }
    .struck()
}

/// The chime, once.
#[must_use]
pub fn chime() -> Vec<f32> {
    Tone { timbre: BELL, strokes: &CHIME, seconds: CHIME_SECONDS }.struck()
}

impl Tone {
    fn struck(&self) -> Vec<f32> {
        let rate = SAMPLE_RATE as f32;
        let sample = |at: f32| self.strokes.iter().map(|one| one.sample(&self.timbre, at)).sum();
        (0..(self.seconds * rate) as usize).map(|i| sample(i as f32 / rate)).collect()
    }
}

impl Stroke {
    fn sample(&self, timbre: &Timbre, seconds: f32) -> f32 {
        let since = seconds - self.at_seconds;
        if since < 0.0 {
            return 0.0;
        }
        let rise = (since / RISE_SECONDS).min(1.0);
        timbre
            .overtones
            .iter()
            .map(|(multiple, share)| {
                // Higher overtones die away sooner, as in a bell.
                let fall = (-since * multiple / timbre.fall_seconds).exp();
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
        let rings = RingTone::ALL.map(|tone| (tone.name(), cycle(RingKind::Ring, tone), 3));
        let others =
            [("ringback", cycle(RingKind::Ringback, RingTone::Drops), 4), ("chime", chime(), 3)];
        for (kind, cycle, seconds) in rings.into_iter().chain(others) {
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
        let power = |kind, tone| cycle(kind, tone).iter().map(|s| s * s).sum::<f32>();
        for tone in RingTone::ALL {
            assert!(
                power(RingKind::Ringback, tone) < power(RingKind::Ring, tone) / 4.0,
                "{tone:?}"
            );
        }
    }

    #[test]
    fn each_ring_tone_is_found_by_its_name_and_another_name_is_the_usual_one() {
        for tone in RingTone::ALL {
            assert_eq!(RingTone::named(tone.name()), tone);
        }
        assert_eq!(RingTone::named("from another version"), RingTone::Bells);
    }

    #[test]
    fn no_two_ring_tones_sound_alike_and_none_is_much_louder_than_another() {
        let cycles = RingTone::ALL.map(|tone| cycle(RingKind::Ring, tone));
        let power = |cycle: &[f32]| cycle.iter().map(|s| s * s).sum::<f32>();
        for (n, one) in cycles.iter().enumerate() {
            for other in &cycles[n + 1..] {
                let alike: f32 = one.iter().zip(other).map(|(a, b)| a * b).sum();
                assert!(alike.abs() < 0.5 * (power(one) * power(other)).sqrt());
                assert!((0.25..4.0).contains(&(power(one) / power(other))), "{n}");
            }
        }
    }
}
