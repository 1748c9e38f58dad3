//! What is measured in the outcome of a call.

use std::time::{Duration, Instant};

use visavis_link::Trace;

use crate::call::{Heard, SideOutcome};

/// Audio is looked for in pieces this long.
const PIECE: Duration = Duration::from_millis(20);
/// The tone is there when its piece is at least this loud, against full scale.
const AUDIBLE: f32 = 0.02;

/// How long after this moment the tone was heard for good (for a fifth of a second).
pub(crate) fn audio_back(heard: &Heard, after: Instant) -> Option<Duration> {
    heard.tone?;
    let piece = (PIECE.as_secs_f64() * f64::from(heard.rate)) as usize;
    let length = Duration::from_secs_f64(heard.samples.len() as f64 / f64::from(heard.rate));
    let start = heard.ended.checked_sub(length)?;
    let loud: Vec<bool> = heard
        .samples
        .chunks(piece)
        .map(|piece| {
            (piece.iter().map(|s| s * s).sum::<f32>() / piece.len() as f32).sqrt() > AUDIBLE
        })
        .collect();
    let at = |index: usize| start + PIECE * u32::try_from(index).unwrap_or(u32::MAX);
    // What was in the buffers when it became quiet is not what is looked for: first it has to be
    // quiet, if it ever is.
    let quiet = (0..loud.len())
        .find(|index| at(*index) + Duration::from_millis(2500) >= after && !loud[*index]);
    let first = (quiet.unwrap_or(0)..loud.len())
        .find(|index| at(*index) >= after && loud[*index..].iter().take(10).all(|loud| *loud))?;
    Some(at(first) - after)
}

/// Packets that went into the network.
pub(crate) fn packets(trace: &Trace) -> u64 {
    trace.rows().iter().map(|row| row.sent).sum()
}

/// The worse of two sides.
pub(crate) fn worse(
    sides: [&SideOutcome; 2],
    value: impl Fn(&SideOutcome) -> Option<f64>,
) -> Option<f64> {
    let [one, other] = sides.map(value);
    Some(one?.max(other?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_back_when_it_stays() {
        let ended = Instant::now() + Duration::from_secs(100);
        // Heard for 2 s, quiet for 3, a click, heard again after 4 s.
        let loud = |second: f64| second < 2.0 || (3.0..3.02).contains(&second) || second >= 4.0;
        let samples =
            (0..480_000).map(|n| if loud(f64::from(n) / 48e3) { 0.3 } else { 0.0 }).collect();
        let heard = Heard { samples, rate: 48_000, ended, tone: Some(620.0) };
        let start = ended - Duration::from_secs(10);
        let back = audio_back(&heard, start + Duration::from_millis(3500)).expect("it is back");
        assert!(back.abs_diff(Duration::from_millis(500)) < PIECE, "{back:?}");
    }
}
