//! Lip sync: how long a video frame is held so that it is seen when its audio is heard.
//!
//! A sender report (RFC 3550 §6.4.1) says at which moment of the sender's clock a stream was at
//! which RTP timestamp, so every video frame and every audio has a moment at which it was captured.
//! Audio says when it is heard, a video frame asks before it is shown; how far the two clocks are
//! apart does not matter, as only the difference of the two delays counts. Audio is never touched:
//! its buffer is as short as the network allows, and video frames wait for it.
//!
//! Pure: time is an argument. What always holds: a video frame is never held for longer than
//! [`MAX_HOLD`], and not at all while audio is less than [`TOLERANCE`] behind it, or nothing is
//! known.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::frame::SAMPLE_RATE;

/// Audio this late is within the 40 ms that nobody notices (ITU-R BT.1359 begins at 45), and
/// video frames wait no longer than they have to.
pub const TOLERANCE: Duration = Duration::from_millis(38);
/// A video frame that is held for longer hinders a conversation more than audio that comes late.
pub const MAX_HOLD: Duration = Duration::from_millis(150);
/// How fast the smoothed delay of audio follows.
const SMOOTHING: f64 = 1.0 / 32.0;
/// How fast the hold follows what is needed, each video frame: a sudden change would be a jerk.
const STEP: Duration = Duration::from_millis(2);
/// What was heard longer ago says nothing about now.
const FRESH: Duration = Duration::from_secs(1);

/// A moment of the sender's clock, in seconds since the first that was ever told.
type SenderSeconds = f64;

/// What a sender report says of a stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SenderClock {
    /// The sender's time, as NTP writes it: seconds since 1900 in the upper half, fractions in the
    /// lower.
    pub ntp: u64,
    /// The RTP timestamp of the stream at that moment.
    pub rtp_timestamp: u32,
    /// Ticks a second.
    pub clock_rate: u32,
}

impl SenderClock {
    /// When what has this RTP timestamp was captured, after `epoch` (in NTP form).
    fn captured(&self, rtp_timestamp: u32, epoch: u64) -> SenderSeconds {
        let since_report = f64::from(rtp_timestamp.wrapping_sub(self.rtp_timestamp) as i32)
            / f64::from(self.clock_rate.max(1));
        // Wrapping, so that a clock that was set back, or nonsense, is a strange time and no panic.
        self.ntp.wrapping_sub(epoch) as i64 as f64 / 4_294_967_296.0 + since_report
    }
}

/// Holds video frames for their audio.
#[derive(Debug, Default)]
pub struct LipSync {
    audio: Option<SenderClock>,
    video: Option<SenderClock>,
    epoch: Option<(u64, Instant)>,
    /// The delay of audio from capture to ear, in seconds with an unknown offset, smoothed; and
    /// when it was last told.
    sound: Option<(f64, Instant)>,
    hold: Duration,
    /// How much earlier audio was heard than its video frame was seen, in seconds; smoothed.
    ahead: Option<f64>,
}

impl LipSync {
    /// Takes a sender report of their audio.
    pub fn audio_report(&mut self, clock: SenderClock, now: Instant) {
        self.epoch.get_or_insert((clock.ntp, now));
        self.audio = Some(SenderClock { clock_rate: SAMPLE_RATE, ..clock });
    }

    /// Takes a sender report of their video frame.
    pub fn video_report(&mut self, clock: SenderClock, now: Instant) {
        self.epoch.get_or_insert((clock.ntp, now));
        self.video = Some(clock);
    }

    /// Audio of this RTP timestamp is heard at this moment.
    pub fn heard(&mut self, rtp_timestamp: u32, at: Instant) {
        let Some(delay) = self.delay(self.audio, rtp_timestamp, at) else { return };
        let smoothed = match self.sound {
            Some((smoothed, last))
                if at.saturating_duration_since(last) < FRESH && (delay - smoothed).abs() < 0.5 =>
            {
                smoothed + SMOOTHING * (delay - smoothed)
            }
            _ => delay,
        };
        self.sound = Some((smoothed, at));
    }

    /// How long to hold a video frame of this RTP timestamp that could be shown now.
    pub fn hold(&mut self, rtp_timestamp: u32, now: Instant) -> Duration {
        let sound = self.sound.filter(|(_, at)| now.saturating_duration_since(*at) < FRESH);
        let Some(((sound, _), picture)) = sound.zip(self.delay(self.video, rtp_timestamp, now))
        else {
            self.hold = self.hold.saturating_sub(STEP);
            self.ahead = None;
            return self.hold;
        };
        // A video frame that is late itself needs no holding back.
        let behind = sound - picture;
        let wanted = Duration::try_from_secs_f64(behind - TOLERANCE.as_secs_f64())
            .unwrap_or_default()
            .min(MAX_HOLD);
        self.hold = if wanted > self.hold {
            (self.hold + STEP).min(wanted)
        } else {
            wanted.max(self.hold.saturating_sub(STEP))
        };
        // A video frame may be late by itself; what is held beyond its need is not.
        let hold = self.hold.min(wanted);
        let ahead = picture + hold.as_secs_f64() - sound;
        let smoothed =
            self.ahead.map_or(ahead, |smoothed| smoothed + SMOOTHING * (ahead - smoothed));
        self.ahead = Some(smoothed);
        hold
    }

    /// How much earlier audio is heard than its video frame is seen, in milliseconds; negative when
    /// it is heard later.
    #[must_use]
    pub fn audio_ahead_ms(&self) -> Option<f64> {
        self.ahead.map(|seconds| seconds * 1e3)
    }

    /// How long after its capture something happens, with an offset that is the same for both
    /// streams.
    fn delay(&self, clock: Option<SenderClock>, rtp_timestamp: u32, at: Instant) -> Option<f64> {
        let (ntp, began) = self.epoch?;
        let ours = match at.checked_duration_since(began) {
            Some(since) => since.as_secs_f64(),
            None => -began.duration_since(at).as_secs_f64(),
        };
        Some(ours - clock?.captured(rtp_timestamp, ntp))
    }
}

/// The one of a call, which its connection, its ear and its eye tell and ask. Each holds it for a
/// moment only.
#[derive(Debug, Default)]
pub struct SharedLipSync(Mutex<LipSync>);

impl SharedLipSync {
    /// Takes it for a moment.
    pub fn lock(&self) -> MutexGuard<'_, LipSync> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NTP_SECOND: u64 = 1 << 32;
    /// Some moment in the sender's life.
    const NTP: u64 = 3_900_000_000 * NTP_SECOND;

    struct Call {
        sync: LipSync,
        start: Instant,
        picture: u32,
        sound: u32,
    }

    impl Call {
        /// RTP timestamps begin anywhere, just before they wrap too.
        fn new() -> Self {
            let (mut sync, start) = (LipSync::default(), Instant::now());
            let (picture, sound) = (u32::MAX - 90_000, u32::MAX - 24_000);
            sync.video_report(
                SenderClock { ntp: NTP, rtp_timestamp: picture, clock_rate: 90_000 },
                start,
            );
            // Reported half a second later, as streams are.
            let report = SenderClock {
                ntp: NTP + NTP_SECOND / 2,
                rtp_timestamp: sound.wrapping_add(24_000),
                clock_rate: 48_000,
            };
            sync.audio_report(report, start + Duration::from_millis(510));
            Self { sync, start, picture, sound }
        }

        /// Talks from one second to another with these delays in ms; the holds of the video frames
        /// in it.
        fn talk(
            &mut self,
            seconds: std::ops::Range<u32>,
            sound_ms: u64,
            picture_ms: u64,
        ) -> Vec<Duration> {
            let mut holds = Vec::new();
            for tick in seconds.start * 100..seconds.end * 100 {
                let captured = self.start + Duration::from_millis(10) * tick;
                self.sync.heard(
                    self.sound.wrapping_add(tick * 480),
                    captured + Duration::from_millis(sound_ms),
                );
                if tick % 3 == 0 {
                    let now = captured + Duration::from_millis(picture_ms);
                    holds.push(self.sync.hold(self.picture.wrapping_add(tick * 900), now));
                }
            }
            holds
        }
    }

    #[test]
    fn a_frame_waits_until_its_audio_is_within_the_tolerance() {
        let mut call = Call::new();
        let holds = call.talk(1..6, 130, 40);
        let hold = *holds.last().expect("frames");
        assert!(
            hold.abs_diff(Duration::from_millis(130 - 40 - 38)) < Duration::from_millis(1),
            "{hold:?}"
        );
        let ahead = call.sync.audio_ahead_ms().expect("known");
        assert!((ahead + 38.0).abs() < 3.0, "{ahead}");
    }

    #[test]
    fn nothing_is_held_while_audio_is_near_or_early() {
        for (sound, picture) in [(50, 30), (30, 30), (20, 90)] {
            let holds = Call::new().talk(1..4, sound, picture);
            assert!(holds.iter().all(Duration::is_zero), "{audio} {frame}");
        }
    }

    #[test]
    fn the_hold_grows_and_shrinks_without_a_jerk() {
        let mut call = Call::new();
        let mut holds = call.talk(1..5, 120, 30);
        holds.extend(call.talk(5..9, 60, 30));
        for pair in holds.windows(2) {
            assert!(pair[1] <= pair[0] + STEP, "{pair:?}");
        }
        assert!(holds.last().is_some_and(|hold| *hold < Duration::from_millis(10)));
    }

    #[test]
    fn no_frame_is_held_for_longer_than_the_bound_whatever_the_reports_say() {
        let mut call = Call::new();
        for (ntp, rtp_timestamp) in [(0, 0), (u64::MAX, u32::MAX), (NTP, 7), (1 << 63, 1 << 31)] {
            for rate in [0, 1, 48_000, u32::MAX] {
                let clock = SenderClock { ntp, rtp_timestamp, clock_rate: rate };
                call.sync.audio_report(clock, call.start);
                assert!(call.talk(1..3, 500, 0).iter().all(|hold| *hold <= MAX_HOLD));
                call.sync.video_report(clock, call.start);
                assert!(call.talk(3..5, 500, 0).iter().all(|hold| *hold <= MAX_HOLD));
            }
        }
    }

    #[test]
    fn without_audio_or_reports_nothing_is_held() {
        let mut call = Call::new();
        call.talk(1..4, 120, 30);
        // Audio stops: within a second and a little the video frames are no longer held.
        let later = call.start + Duration::from_secs(10);
        let holds: Vec<_> = (0..90).map(|n| call.sync.hold(n * 3000, later)).collect();
        assert_eq!(holds.last(), Some(&Duration::ZERO));
        assert_eq!(LipSync::default().hold(5, later), Duration::ZERO);
        assert_eq!(call.sync.audio_ahead_ms(), None);
    }
}
