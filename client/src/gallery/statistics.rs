//! Made-up statistics of a call.

use std::time::Duration;

use crate::media::units::Bitrate;
use crate::session::statistics::{Reading, Statistics, VideoReading};

/// A minute of a call that goes well but for a moment.
pub(super) fn minute() -> Statistics {
    Statistics::of((0..60_u32).map(|second| {
        let wave = f64::from(second * 7 % 11) / 11.0;
        let worse = if (30..36).contains(&second) { 1.0 } else { 0.0 };
        let milliseconds = |time: f64| Some(Duration::from_secs_f64(time / 1e3));
        let video = |bitrate: f64, codec: f64| VideoReading {
            size: Some((1280, 720)),
            fps: Some(30.0 - 8.0 * worse),
            bitrate: Some(Bitrate::from_bps(bitrate as u64)),
            codec: milliseconds(codec),
        };
        Reading {
            at: Duration::from_secs(u64::from(second)),
            video_sent: video(1.9e6 + 3e5 * wave - 9e5 * worse, 6.2),
            offered_fps: Some(30.0),
            video_received: video(2.1e6 + 2e5 * wave - 8e5 * worse, 3.1),
            audio_sent: Some(Bitrate::from_bps(36_000)),
            audio_received: Some(Bitrate::from_bps(34_000)),
            estimate: Some(Bitrate::from_bps((3.2e6 - 1.6e6 * worse) as u64)),
            target: Some(Bitrate::from_bps(2_200_000)),
            rtt: milliseconds(41.0 + 12.0 * wave + 90.0 * worse),
            loss_in: Some(0.002 * wave + 0.06 * worse),
            loss_out: Some(0.001 * wave),
            audio_wait: milliseconds(38.0 + 10.0 * wave + 40.0 * worse),
            video_wait: milliseconds(12.0 + 8.0 * wave + 30.0 * worse),
            frozen: milliseconds(0.0),
            concealed: Some(0.001 + 0.02 * worse),
            glass_to_glass: milliseconds(63.0 + 20.0 * wave),
            mouth_to_ear: milliseconds(71.0 + 20.0 * wave),
            resent: Some(2),
        }
    }))
}
