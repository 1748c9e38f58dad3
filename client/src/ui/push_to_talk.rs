//! Push-to-talk: whoever is muted is heard for as long as they hold a key. Pure.
//!
//! In: for each pass, what the key did, whether holding it counts, whether the microphone is muted,
//! and the time. Out: when to unmute and when to mute again. What always holds: it mutes again
//! whatever it unmuted, when the key is let go, and at once when holding it stops to count, as when
//! the window loses the keyboard or the call is over; it never touches a microphone that is on by
//! itself; a key that repeats counts once; whoever mutes or unmutes by other means is obeyed.

use std::time::Duration;

/// What a pass knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    /// The time, from whenever it is counted.
    pub(super) now: Duration,
    /// Whether holding the key counts: in a call, and nothing else has the keyboard.
    pub(super) counts: bool,
    /// Whether the key went down in this pass; repetitions of a key that is held are none.
    pub(super) went_down: bool,
    /// Whether the key is down at its end.
    pub(super) down: bool,
    /// Whether the microphone is muted, as far as the session has said.
    pub(super) muted: bool,
}

/// What to do with the microphone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Unmute,
    Mute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Quiet,
    /// The key is held. `heard`: the session has unmuted by now.
    Talking { heard: bool },
    /// The key was let go; the last sound of a word still goes out.
    Ending { heard: bool, until: Duration },
}

#[derive(Debug, Default)]
pub(super) struct PushToTalk(State);

impl PushToTalk {
    /// Takes one pass. `tail` is how long the microphone stays on after the key was let go.
    pub(super) fn pass(&mut self, pass: Pass, tail: Duration) -> Option<Turn> {
        let Pass { now, counts, went_down, down, muted } = pass;
        match self.0 {
            State::Quiet if counts && went_down && muted => {
                self.0 = State::Talking { heard: false };
                if !down {
                    self.0 = State::Ending { heard: false, until: now + tail };
                }
                Some(Turn::Unmute)
            }
            State::Quiet => None,
            // Somebody muted meanwhile: that is what they want.
            State::Talking { heard: true } | State::Ending { heard: true, .. } if muted => {
                self.0 = State::Quiet;
                None
            }
            State::Talking { .. } | State::Ending { .. } if !counts => {
                self.0 = State::Quiet;
                Some(Turn::Mute)
            }
            State::Talking { heard } => {
                let heard = heard || !muted;
                self.0 = State::Talking { heard };
                if !down {
                    self.0 = State::Ending { heard, until: now + tail };
                }
                None
            }
            State::Ending { heard, .. } if went_down => {
                self.0 = State::Talking { heard: heard || !muted };
                None
            }
            State::Ending { until, .. } if now >= until => {
                self.0 = State::Quiet;
                Some(Turn::Mute)
            }
            State::Ending { heard, until } => {
                self.0 = State::Ending { heard: heard || !muted, until };
                None
            }
        }
    }

    /// Whether the key is why the microphone is on.
    pub(super) fn is_talking(&self) -> bool {
        self.0 != State::Quiet
    }

    /// When the next pass has something to do although no key moves.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.0 {
            State::Ending { until, .. } => Some(until),
            State::Quiet | State::Talking { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: Duration = Duration::from_millis(150);

    /// Somebody at a keyboard, and the microphone of their session, which obeys in the next pass.
    struct Person {
        talk: PushToTalk,
        counts: bool,
        down: bool,
        muted: bool,
    }

    impl Person {
        fn muted() -> Self {
            let talk = PushToTalk::default();
            Self { talk, counts: true, down: false, muted: true }
        }

        /// A pass at so many milliseconds; returns what was done with the microphone.
        fn at(&mut self, ms: u64, went_down: bool) -> Option<Turn> {
            let (counts, down, muted) = (self.counts, self.down, self.muted);
            let now = Duration::from_millis(ms);
            let turn = self.talk.pass(Pass { now, counts, went_down, down, muted }, TAIL);
            match turn {
                Some(Turn::Unmute) => self.muted = false,
                Some(Turn::Mute) => self.muted = true,
                None => {}
            }
            turn
        }

        fn press(&mut self, ms: u64) -> Option<Turn> {
            self.down = true;
            self.at(ms, true)
        }

        fn let_go(&mut self, ms: u64) -> Option<Turn> {
            self.down = false;
            self.at(ms, false)
        }
    }

    #[test]
    fn whoever_holds_the_key_is_heard_until_a_moment_after_they_let_go() {
        let mut person = Person::muted();
        assert_eq!(person.press(0), Some(Turn::Unmute));
        assert_eq!(person.at(30, false), None);
        assert!(person.talk.is_talking());
        assert_eq!(person.let_go(2_000), None);
        assert_eq!(person.talk.due(), Some(Duration::from_millis(2_150)));
        assert_eq!(person.at(2_149, false), None);
        assert_eq!(person.at(2_150, false), Some(Turn::Mute));
        assert_eq!((person.talk.is_talking(), person.talk.due()), (false, None));
    }

    #[test]
    fn a_key_that_repeats_is_one_that_is_held() {
        let mut person = Person::muted();
        person.press(0);
        // Repetitions as they come: nothing went down, or up and down within a moment.
        for at in (500..2_000).step_by(33) {
            assert_eq!(person.at(at, false), None);
            assert_eq!(person.let_go(at + 1), None);
            assert_eq!(person.press(at + 2), None);
        }
        assert!(person.talk.is_talking());
    }

    #[test]
    fn the_window_that_loses_the_keyboard_is_muted_at_once_and_stays_so() {
        let mut person = Person::muted();
        person.press(0);
        person.counts = false;
        assert_eq!(person.at(100, false), Some(Turn::Mute));
        // The key is still held when the window is back.
        person.counts = true;
        assert_eq!(person.at(200, false), None);
        assert!(person.muted);
        // Also when it was let go just before.
        person.press(300);
        person.let_go(400);
        person.counts = false;
        assert_eq!(person.at(410, false), Some(Turn::Mute));
    }

    #[test]
    fn a_microphone_that_is_on_is_left_alone() {
        let mut person = Person::muted();
        person.muted = false;
        assert_eq!(person.press(0), None);
        assert_eq!(person.let_go(100), None);
        assert_eq!(person.at(1_000, false), None);
    }

    #[test]
    fn a_key_that_went_down_where_it_does_not_count_does_nothing_later() {
        let mut person = Person::muted();
        person.counts = false;
        assert_eq!(person.press(0), None);
        person.counts = true;
        assert_eq!(person.at(100, false), None);
    }

    #[test]
    fn whoever_mutes_while_they_talk_is_muted_and_nothing_is_done_when_they_let_go() {
        let mut person = Person::muted();
        person.press(0);
        person.at(10, false);
        person.muted = true;
        assert_eq!(person.at(20, false), None);
        assert!(!person.talk.is_talking());
        // And whoever then unmutes stays unmuted.
        person.muted = false;
        assert_eq!(person.let_go(30), None);
        assert_eq!(person.at(1_000, false), None);
        assert!(!person.muted);
    }

    #[test]
    fn a_session_that_is_slow_to_unmute_is_waited_for() {
        let mut person = Person::muted();
        person.press(0);
        person.muted = true;
        assert_eq!(person.at(10, false), None);
        assert!(person.talk.is_talking());
        person.muted = false;
        person.at(20, false);
        person.let_go(30);
        assert_eq!(person.at(180, false), Some(Turn::Mute));
    }

    #[test]
    fn a_tap_between_two_passes_unmutes_and_mutes_again() {
        let mut person = Person::muted();
        assert_eq!(person.at(0, true), Some(Turn::Unmute));
        assert_eq!(person.at(150, false), Some(Turn::Mute));
    }

    #[test]
    fn whatever_happens_the_microphone_is_muted_in_the_end() {
        let mut seed = 1_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 16
        };
        for _ in 0..500 {
            let mut person = Person::muted();
            let mut ms = 0;
            for _ in 0..40 {
                ms += u64::from(random() % 200);
                person.counts = random() % 4 != 0;
                if person.down && random() % 2 == 0 {
                    person.let_go(ms);
                } else if random() % 2 == 0 && !person.down {
                    person.press(ms);
                } else {
                    person.at(ms, false);
                }
            }
            person.let_go(ms);
            person.at(ms + 1_000, false);
            assert!(person.muted && !person.talk.is_talking());
        }
    }
}
