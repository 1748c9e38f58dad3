//! What somebody in a call does not notice about their own microphone: that they talk while it is
//! muted, or that nothing comes from it. Pure: time is an argument.
//!
//! In: how loud the microphone is, several times a second. Out: the one hint that holds now. What
//! always holds: a click or a cough makes no hint; a hint goes as soon as it is no longer true, and
//! that somebody talks is true until they have been quiet for a while.

use std::time::{Duration, Instant};

use crate::session::snapshot::CallHint;

/// Whoever talks is about this loud, on the meter's scale: −36 dBFS.
const TALKS: f32 = 0.4;
/// So long somebody talks, pauses taken away, before it counts.
const TALKED_FOR: Duration = Duration::from_millis(1200);
/// And so long they are quiet before it no longer does.
const QUIET_FOR: Duration = Duration::from_secs(3);
/// A microphone that gives nothing at all for so long gives nothing.
const SILENT_FOR: Duration = Duration::from_secs(4);
/// Two looks that are further apart are as good as this.
const LOOKS_APART: Duration = Duration::from_millis(300);

/// What was heard of the microphone at one look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard {
    pub(super) muted: bool,
    /// How loud it is, 0 to 1, muted or not.
    pub(super) level: f32,
    /// For how long not one sample differed from silence.
    pub(super) silent_for: Duration,
}

/// Follows the microphone of one call.
#[derive(Debug, Default)]
pub(super) struct CallHints {
    looked_at: Option<Instant>,
    /// How long somebody has talked; it runs down in pauses.
    talked: Duration,
    loud_at: Option<Instant>,
    talks: bool,
}

impl CallHints {
    /// Takes a look, and says which hint holds.
    pub(super) fn note(&mut self, now: Instant, heard: Heard) -> Option<CallHint> {
        let Heard { muted, level, silent_for } = heard;
        if !muted {
            *self = Self { looked_at: Some(now), ..Self::default() };
            return (silent_for >= SILENT_FOR).then_some(CallHint::SilentMicrophone);
        }
        let before = self.looked_at.replace(now).unwrap_or(now);
        let passed = now.saturating_duration_since(before).min(LOOKS_APART);
        if level >= TALKS {
            self.loud_at = Some(now);
            self.talked = (self.talked + passed).min(TALKED_FOR);
        } else {
            self.talked = self.talked.saturating_sub(passed);
        }
        let quiet = |at: Instant| now.saturating_duration_since(at) >= QUIET_FOR;
        self.talks = self.talked >= TALKED_FOR || (self.talks && !self.loud_at.is_none_or(quiet));
        self.talks.then_some(CallHint::TalkingWhileMuted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::audio_level::LevelMeter;
    use crate::media::frame::AUDIO_FRAME_SAMPLES;
    use crate::media::speech::Voice;

    const LOOK: Duration = Duration::from_millis(200);

    /// What is shown at each look, of so many frames of 10 ms.
    fn shown(
        muted: bool,
        frames: usize,
        mut frame: impl FnMut(usize) -> [f32; AUDIO_FRAME_SAMPLES],
    ) -> Vec<Option<CallHint>> {
        let (mut meter, mut hints, start) =
            (LevelMeter::default(), CallHints::default(), Instant::now());
        let mut shown = Vec::new();
        for n in 0..frames {
            meter.listen(&frame(n));
            if n % 20 == 19 {
                let now = start + Duration::from_millis(10) * n as u32;
                let silent_for = Duration::ZERO;
                shown.push(hints.note(now, Heard { muted, level: meter.now(), silent_for }));
            }
        }
        shown
    }

    #[test]
    fn who_talks_while_muted_is_told_within_seconds_and_not_once_they_stop() {
        let mut voice = Voice::new(7);
        let silence = [0.0; AUDIO_FRAME_SAMPLES];
        let told = shown(true, 2000, |n| if n < 1000 { voice.next_frame() } else { silence });
        let talks = Some(CallHint::TalkingWhileMuted);
        let first = told.iter().position(|hint| *hint == talks).expect("it is noticed");
        assert!((6..25).contains(&first), "at look {first}");
        assert!(told[first..50].iter().all(|hint| *hint == talks), "{told:?}");
        assert!(told[70..].iter().all(Option::is_none), "{told:?}");
    }

    #[test]
    fn clicks_coughs_and_a_noisy_room_are_no_talk() {
        let sound = |loud: f32| std::array::from_fn(|i| if i % 2 == 0 { loud } else { -loud });
        // A click each second, a cough of 0.4 s, and a fan at −45 dBFS.
        for (every, long, loud, rest) in
            [(100, 1, 0.9, 0.0), (400, 40, 0.4, 0.0), (1, 1, 0.0056, 0.0056)]
        {
            let told =
                shown(true, 3000, |n| if n % every < long { sound(loud) } else { sound(rest) });
            assert!(told.iter().all(Option::is_none), "{long} of {every}");
        }
    }

    #[test]
    fn who_is_not_muted_is_told_nothing_while_the_microphone_hears_something() {
        let mut voice = Voice::new(7);
        assert!(shown(false, 1000, |_| voice.next_frame()).iter().all(Option::is_none));
    }

    #[test]
    fn a_microphone_that_gives_nothing_is_told_of_until_it_gives_something_or_is_muted() {
        let (mut hints, start) = (CallHints::default(), Instant::now());
        let mut note = |look: u32, muted, silent: u64| {
            let silent_for = Duration::from_millis(silent);
            hints.note(start + LOOK * look, Heard { muted, level: 0.0, silent_for })
        };
        let silent = Some(CallHint::SilentMicrophone);
        assert_eq!([note(0, false, 3900), note(1, false, 4100)], [None, silent]);
        assert_eq!([note(2, true, 4300), note(3, false, 4500)], [None, silent]);
        assert_eq!(note(4, false, 10), None);
    }

    #[test]
    fn whoever_unmutes_is_told_no_more() {
        let (mut hints, start) = (CallHints::default(), Instant::now());
        let mut note = |look: u32, muted| {
            let heard = Heard { muted, level: 0.8, silent_for: Duration::ZERO };
            hints.note(start + LOOK * look, heard)
        };
        let told: Vec<_> = (0..20).map(|look| note(look, true)).collect();
        assert_eq!(told[19], Some(CallHint::TalkingWhileMuted));
        assert_eq!([note(20, false), note(21, true)], [None, None]);
    }
}
