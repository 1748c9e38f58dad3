//! The statistics of a running call, a second at a time, and the last minute of them.
//!
//! Pure: counts since the beginning go in with the time, rates come out. What was not measured is
//! `None`, never 0.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::media::units::Bitrate;
use crate::session::pipeline::PipelineStatistics;
use crate::transport::PeerStats;

/// How many readings are kept: a minute of them.
pub const REMEMBERED: usize = 60;
/// Two readings closer together than this give no rate.
const SHORTEST: Duration = Duration::from_millis(200);

/// One direction of the video.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct VideoReading {
    /// The size of the last frame: width and height.
    pub size: Option<(u32, u32)>,
    /// Frames a second.
    pub fps: Option<f64>,
    /// RTP payload a second.
    pub bitrate: Option<Bitrate>,
    /// Half of the frames took less to encode, or decode.
    pub codec: Option<Duration>,
}

/// What a call was like for about a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reading {
    /// When it was taken, after the first.
    pub at: Duration,
    /// Our video.
    pub video_sent: VideoReading,
    /// Frames a second that our camera gave.
    pub offered_fps: Option<f64>,
    /// Their video.
    pub video_received: VideoReading,
    /// Payload of our audio.
    pub audio_sent: Option<Bitrate>,
    /// Payload of theirs.
    pub audio_received: Option<Bitrate>,
    /// The estimated capacity of the network path towards the other.
    pub estimate: Option<Bitrate>,
    /// What the encoder aims at.
    pub target: Option<Bitrate>,
    /// There and back.
    pub rtt: Option<Duration>,
    /// Share of their packets that we miss, 0 to 1.
    pub loss_in: Option<f64>,
    /// Share of ours that they miss, 0 to 1.
    pub loss_out: Option<f64>,
    /// How long their audio waits here, against jitter.
    pub audio_wait: Option<Duration>,
    /// How long their video waits here.
    pub video_wait: Option<Duration>,
    /// For how long their video stood still in this time.
    pub frozen: Option<Duration>,
    /// Share of their audio that was concealed, since the beginning, 0 to 1.
    pub concealed: Option<f64>,
    /// From their camera to here, by the test pattern.
    pub glass_to_glass: Option<Duration>,
    /// From their microphone to here, by the test tone.
    pub mouth_to_ear: Option<Duration>,
    /// Packets that we sent again in this time.
    pub resent: Option<u64>,
}

/// The readings of one connection.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    readings: VecDeque<Reading>,
    first_at: Option<Instant>,
    last: Option<Counted>,
}

/// What had been counted at the last reading.
#[derive(Debug, Clone, PartialEq)]
struct Counted {
    at: Instant,
    peer: PeerStats,
    pipeline: PipelineStatistics,
}

impl Statistics {
    /// Takes a reading.
    pub(super) fn note(&mut self, now: Instant, peer: &PeerStats, pipeline: &PipelineStatistics) {
        let counted = Counted { at: now, peer: peer.clone(), pipeline: pipeline.clone() };
        let Some(last) = &self.last else {
            self.last = Some(counted);
            return;
        };
        if now.saturating_duration_since(last.at) < SHORTEST {
            return;
        }
        let first_at = *self.first_at.get_or_insert(now);
        self.push(reading(now.saturating_duration_since(first_at), last, &counted));
        self.last = Some(counted);
    }

    fn push(&mut self, reading: Reading) {
        if self.readings.len() >= REMEMBERED {
            self.readings.pop_front();
        }
        self.readings.push_back(reading);
    }

    /// The last minute, the oldest first.
    pub fn readings(&self) -> impl DoubleEndedIterator<Item = &Reading> + ExactSizeIterator {
        self.readings.iter()
    }

    /// The latest reading.
    #[must_use]
    pub fn latest(&self) -> Option<&Reading> {
        self.readings.back()
    }

    /// Those of an invented call, to show.
    #[must_use]
    pub fn of(readings: impl IntoIterator<Item = Reading>) -> Self {
        let mut statistics = Self::default();
        readings.into_iter().for_each(|reading| statistics.push(reading));
        statistics
    }
}

fn reading(at: Duration, last: &Counted, now: &Counted) -> Reading {
    let Counted { peer, pipeline, .. } = now;
    let seconds = now.at.saturating_duration_since(last.at).as_secs_f64();
    let bitrate = |bytes: fn(&PeerStats) -> u64| {
        // Nothing ever came or left: nothing was measured.
        (bytes(peer) > 0).then(|| {
            let new = bytes(peer).saturating_sub(bytes(&last.peer));
            Bitrate::from_bps((new as f64 * 8.0 / seconds) as u64)
        })
    };
    let rate = |frames: fn(&PipelineStatistics) -> Option<u64>| {
        let before = frames(&last.pipeline).unwrap_or_default();
        frames(pipeline).map(|now| now.saturating_sub(before) as f64 / seconds)
    };
    let frozen_ms =
        |measured: &PipelineStatistics| measured.video_received.as_ref()?.freeze_total_ms;
    let (sent, received) = (pipeline.video_sent.as_ref(), pipeline.video_received.as_ref());
    let audio = pipeline.audio_received.as_ref();
    Reading {
        at,
        video_sent: VideoReading {
            size: sent.and_then(|sent| sent.width.zip(sent.height)),
            fps: rate(|measured| measured.video_sent.as_ref()?.frames),
            bitrate: bitrate(|peer| peer.video_bytes_sent),
            codec: milliseconds(sent.and_then(|sent| sent.encode_ms_p50)),
        },
        offered_fps: rate(|measured| measured.video_offered),
        video_received: VideoReading {
            size: received.and_then(|received| received.width.zip(received.height)),
            fps: rate(|measured| measured.video_received.as_ref()?.frames_decoded),
            bitrate: bitrate(|peer| peer.video_bytes_received),
            codec: milliseconds(received.and_then(|received| received.decode_ms_p50)),
        },
        audio_sent: bitrate(|peer| peer.audio_bytes_sent),
        audio_received: bitrate(|peer| peer.audio_bytes_received),
        estimate: peer.estimated,
        target: sent.and_then(|sent| sent.target_bps).map(Bitrate::from_bps),
        rtt: milliseconds(peer.rtt_ms),
        loss_in: peer.loss_in,
        loss_out: peer.loss_out,
        audio_wait: milliseconds(audio.and_then(|audio| audio.jitter_buffer_ms)),
        video_wait: milliseconds(peer.video_jitter_buffer_ms),
        frozen: milliseconds(
            frozen_ms(pipeline)
                .map(|frozen| frozen - frozen_ms(&last.pipeline).unwrap_or_default()),
        ),
        concealed: audio.and_then(|audio| audio.concealed_ratio),
        glass_to_glass: milliseconds(
            received
                .and_then(|received| received.glass_to_glass_ms.as_ref())
                .map(|delay| delay.p50),
        ),
        mouth_to_ear: milliseconds(
            audio.and_then(|audio| audio.mouth_to_ear_ms.as_ref()).map(|delay| delay.p50),
        ),
        resent: Some(peer.retransmitted.saturating_sub(last.peer.retransmitted)),
    }
}

fn milliseconds(ms: Option<f64>) -> Option<Duration> {
    Duration::try_from_secs_f64(ms?.max(0.0) / 1e3).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::{VideoReceived, VideoSent};

    fn counts(seconds: u64) -> (PeerStats, PipelineStatistics) {
        let peer = PeerStats {
            video_bytes_sent: seconds * 125_000,
            audio_bytes_received: seconds * 4000,
            retransmitted: seconds * 3,
            ..PeerStats::default()
        };
        let sent = VideoSent { frames: Some(seconds * 30), ..VideoSent::default() };
        let frozen = if seconds > 2 { 400.0 } else { 0.0 };
        let received = VideoReceived { freeze_total_ms: Some(frozen), ..VideoReceived::default() };
        let measured = PipelineStatistics {
            video_sent: Some(sent),
            video_received: Some(received),
            ..PipelineStatistics::default()
        };
        (peer, measured)
    }

    #[test]
    fn rates_are_what_came_since_the_reading_before() {
        let (start, mut statistics) = (Instant::now(), Statistics::default());
        for second in 1..5 {
            let (peer, pipeline) = counts(second);
            statistics.note(start + Duration::from_secs(second), &peer, &pipeline);
        }
        let readings: Vec<_> = statistics.readings().copied().collect();
        assert_eq!(readings.len(), 3, "the first has nothing before it");
        for reading in &readings {
            assert_eq!(reading.video_sent.bitrate, Some(Bitrate::from_kbps(1000)));
            assert_eq!(reading.video_sent.fps, Some(30.0));
            assert_eq!(reading.audio_received, Some(Bitrate::from_kbps(32)));
            assert_eq!(reading.resent, Some(3));
        }
        let frozen: Vec<_> =
            readings.iter().map(|reading| reading.frozen.map(|time| time.as_millis())).collect();
        assert_eq!(frozen, [Some(0), Some(400), Some(0)]);
    }

    #[test]
    fn what_was_not_measured_is_not_zero() {
        let (start, mut statistics) = (Instant::now(), Statistics::default());
        for second in 0..3 {
            let at = start + Duration::from_secs(second);
            statistics.note(at, &PeerStats::default(), &PipelineStatistics::default());
        }
        let reading = statistics.latest().expect("a reading");
        let expected = Reading { at: reading.at, resent: Some(0), ..Reading::default() };
        assert_eq!(*reading, expected);
    }

    #[test]
    fn a_minute_is_remembered_and_no_more() {
        let (start, mut statistics) = (Instant::now(), Statistics::default());
        for second in 0..200 {
            let (peer, pipeline) = counts(second);
            statistics.note(start + Duration::from_secs(second), &peer, &pipeline);
        }
        assert_eq!(statistics.readings().len(), REMEMBERED);
        assert_eq!(statistics.latest().map(|reading| reading.at), Some(Duration::from_secs(198)));
    }

    #[test]
    fn two_readings_at_once_are_one() {
        let (start, mut statistics) = (Instant::now(), Statistics::default());
        for at in [0, 1000, 1001, 2000] {
            let (peer, pipeline) = counts(at / 1000);
            statistics.note(start + Duration::from_millis(at), &peer, &pipeline);
        }
        assert_eq!(statistics.readings().len(), 2);
    }
}
