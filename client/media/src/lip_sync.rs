//! Lip sync: how long a video frame is delayed so that it is shown when its audio is played.
//!
//! In go the sender reports of both streams, when audio is played and when a video frame could be
//! shown; out comes how long that frame waits. A sender report (RFC 3550 §6.4.1) says at which
//! moment of the sender's clock a stream was at which RTP timestamp, so all audio and every video
//! frame has a moment of capture. How far the two clocks are apart does not matter, as only the
//! difference of the two delays counts. Audio is never touched: its buffer is as short as the
//! network allows, and video frames wait for it.
//!
//! Pure: time is an argument. What always holds: a video frame never waits for longer than
//! [`MAX_DELAY`], and not at all while audio is less than [`TOLERANCE`] behind it, or nothing is
//! known.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::frame::SAMPLE_RATE;
use crate::units::seconds_between;

/// Audio this late is within the 40 ms that nobody notices (ITU-R BT.1359 begins at 45), and
/// video frames wait no longer than they have to.
pub const TOLERANCE: Duration = Duration::from_millis(38);
/// A video frame that waits for longer hinders a conversation more than audio that comes late.
pub const MAX_DELAY: Duration = Duration::from_millis(150);
/// How fast the smoothed delay of audio follows.
const SMOOTHING: f64 = 1.0 / 32.0;
/// How fast the delay follows what is needed, each video frame: a sudden change would be a jerk.
const STEP: Duration = Duration::from_millis(2);
/// What was played longer ago says nothing about now.
const FRESH: Duration = Duration::from_secs(1);

/// A moment of the sender's clock, in seconds since the first report.
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

/// Delays video frames for their audio.
#[derive(Debug, Default)]
pub struct LipSync {
    audio: Option<SenderClock>,
    video: Option<SenderClock>,
    epoch: Option<(u64, Instant)>,
    /// The delay of audio from capture to ear, in seconds with an unknown offset, smoothed; and
    /// when audio was last played.
    audio_delay: Option<(f64, Instant)>,
    video_delay: Duration,
    /// How much earlier audio was played than its video frame was shown, in seconds; smoothed.
    ahead: Option<f64>,
}

impl LipSync {
    /// Takes a sender report of their audio.
    pub fn audio_report(&mut self, clock: SenderClock, now: Instant) {
        self.epoch.get_or_insert((clock.ntp, now));
        self.audio = Some(SenderClock { clock_rate: SAMPLE_RATE, ..clock });
    }

    /// Takes a sender report of their video.
    pub fn video_report(&mut self, clock: SenderClock, now: Instant) {
        self.epoch.get_or_insert((clock.ntp, now));
        self.video = Some(clock);
    }

    /// Audio of this RTP timestamp is played at this moment.
    pub fn audio_played(&mut self, rtp_timestamp: u32, at: Instant) {
        let Some(delay) = self.since_capture(self.audio, rtp_timestamp, at) else { return };
        let smoothed = match self.audio_delay {
            Some((smoothed, last))
                if at.saturating_duration_since(last) < FRESH && (delay - smoothed).abs() < 0.5 =>
            {
                smoothed + SMOOTHING * (delay - smoothed)
            }
            _ => delay,
        };
        self.audio_delay = Some((smoothed, at));
    }

    /// How long a video frame of this RTP timestamp waits that could be shown now.
    pub fn video_delay(&mut self, rtp_timestamp: u32, now: Instant) -> Duration {
        let audio = self.audio_delay.filter(|(_, at)| now.saturating_duration_since(*at) < FRESH);
        let Some(((audio, _), video)) =
            audio.zip(self.since_capture(self.video, rtp_timestamp, now))
        else {
            self.video_delay = self.video_delay.saturating_sub(STEP);
            self.ahead = None;
            return self.video_delay;
        };
        // A video frame that is late itself need not wait.
        let behind = audio - video;
        let wanted = Duration::try_from_secs_f64(behind - TOLERANCE.as_secs_f64())
            .unwrap_or_default()
            .min(MAX_DELAY);
        self.video_delay = if wanted > self.video_delay {
            (self.video_delay + STEP).min(wanted)
        } else {
            wanted.max(self.video_delay.saturating_sub(STEP))
        };
        // A video frame may be late by itself; a delay beyond its need is not.
        let delay = self.video_delay.min(wanted);
        let ahead = video + delay.as_secs_f64() - audio;
        let smoothed =
            self.ahead.map_or(ahead, |smoothed| smoothed + SMOOTHING * (ahead - smoothed));
        self.ahead = Some(smoothed);
        delay
    }

    /// How much earlier audio is played than its video frame is shown, in milliseconds; negative
    /// when it is played later.
    #[must_use]
    pub fn audio_ahead_ms(&self) -> Option<f64> {
        self.ahead.map(|seconds| seconds * 1e3)
    }

    /// How long after its capture something happens, with an offset that is the same for both
    /// streams.
    fn since_capture(
        &self,
        clock: Option<SenderClock>,
        rtp_timestamp: u32,
        at: Instant,
    ) -> Option<f64> {
        let (ntp, began) = self.epoch?;
        Some(seconds_between(began, at) - clock?.captured(rtp_timestamp, ntp))
    }
}

/// The lip sync of one call, shared by its connection, its playout and its video. Each locks it for
/// a moment only.
#[derive(Debug, Default)]
pub struct SharedLipSync(Mutex<LipSync>);

impl SharedLipSync {
    /// Locks it for a moment.
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
        video_rtp: u32,
        audio_rtp: u32,
    }

    impl Call {
        /// RTP timestamps begin anywhere, just before they wrap too.
        fn new() -> Self {
            let (mut sync, start) = (LipSync::default(), Instant::now());
            let (video_rtp, audio_rtp) = (u32::MAX - 90_000, u32::MAX - 24_000);
            sync.video_report(
                SenderClock { ntp: NTP, rtp_timestamp: video_rtp, clock_rate: 90_000 },
                start,
            );
            // Reported half a second later, as streams are.
            let report = SenderClock {
                ntp: NTP + NTP_SECOND / 2,
                rtp_timestamp: audio_rtp.wrapping_add(24_000),
                clock_rate: 48_000,
            };
            sync.audio_report(report, start + Duration::from_millis(510));
            Self { sync, start, video_rtp, audio_rtp }
        }

        /// Talks from one second to another with these delays in ms; the delays of the video frames
        /// in it.
        fn talk(
            &mut self,
            seconds: std::ops::Range<u32>,
            audio_ms: u64,
            video_ms: u64,
        ) -> Vec<Duration> {
            let mut delays = Vec::new();
            for tick in seconds.start * 100..seconds.end * 100 {
                let captured = self.start + Duration::from_millis(10) * tick;
                self.sync.audio_played(
                    self.audio_rtp.wrapping_add(tick * 480),
                    captured + Duration::from_millis(audio_ms),
                );
                if tick % 3 == 0 {
                    let now = captured + Duration::from_millis(video_ms);
                    delays
                        .push(self.sync.video_delay(self.video_rtp.wrapping_add(tick * 900), now));
                }
            }
            delays
        }
    }

    #[test]
    fn a_frame_waits_until_its_audio_is_within_the_tolerance() {
        let mut call = Call::new();
        let delays = call.talk(1..6, 130, 40);
        let delay = *delays.last().expect("frames");
        assert!(
            delay.abs_diff(Duration::from_millis(130 - 40 - 38)) < Duration::from_millis(1),
            "{delay:?}"
        );
        let ahead = call.sync.audio_ahead_ms().expect("known");
        assert!((ahead + 38.0).abs() < 3.0, "{ahead}");
    }

    #[test]
    fn nothing_is_delayed_while_audio_is_near_or_early() {
        for (audio, video) in [(50, 30), (30, 30), (20, 90)] {
            let delays = Call::new().talk(1..4, audio, video);
            assert!(delays.iter().all(Duration::is_zero), "{audio} {video}");
        }
    }

    #[test]
    fn the_delay_grows_and_shrinks_without_a_jerk() {
        let mut call = Call::new();
        let mut delays = call.talk(1..5, 120, 30);
        delays.extend(call.talk(5..9, 60, 30));
        for pair in delays.windows(2) {
            assert!(pair[1] <= pair[0] + STEP, "{pair:?}");
        }
        assert!(delays.last().is_some_and(|delay| *delay < Duration::from_millis(10)));
    }

    #[test]
    fn no_frame_is_delayed_for_longer_than_the_bound_whatever_the_reports_say() {
        let mut call = Call::new();
        for (ntp, rtp_timestamp) in [(0, 0), (u64::MAX, u32::MAX), (NTP, 7), (1 << 63, 1 << 31)] {
            for rate in [0, 1, 48_000, u32::MAX] {
                let clock = SenderClock { ntp, rtp_timestamp, clock_rate: rate };
                call.sync.audio_report(clock, call.start);
                assert!(call.talk(1..3, 500, 0).iter().all(|delay| *delay <= MAX_DELAY));
                call.sync.video_report(clock, call.start);
                assert!(call.talk(3..5, 500, 0).iter().all(|delay| *delay <= MAX_DELAY));
            }
        }
    }

    #[test]
    fn without_audio_or_reports_nothing_is_delayed() {
        let mut call = Call::new();
        call.talk(1..4, 120, 30);
        // Audio stops: within a second and a little the video frames no longer wait.
        let later = call.start + Duration::from_secs(10);
        let delays: Vec<_> = (0..90).map(|n| call.sync.video_delay(n * 3000, later)).collect();
        assert_eq!(delays.last(), Some(&Duration::ZERO));
        assert_eq!(LipSync::default().video_delay(5, later), Duration::ZERO);
        assert_eq!(call.sync.audio_ahead_ms(), None);
    }
}
