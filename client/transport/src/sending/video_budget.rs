//! What the estimate leaves to the video encoder: the rest, once audio, retransmissions and FEC
//! have had their share, less headers.
//!
//! In go the bytes of what is sent besides video and the estimate; the encoder's target comes out.
//! What always holds: the target is between [`LEAST_VIDEO`] and the maximum. Pure: time is an
//! argument.

use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

use super::packetizer::MAX_PAYLOAD;

/// Video with less than this shows nothing.
const LEAST_VIDEO: Bitrate = Bitrate::from_kbps(50);
/// What is sent besides video is averaged over about this long.
const WINDOW: Duration = Duration::from_millis(500);
/// And is looked at no more often than this.
const LEAST_WINDOW: Duration = Duration::from_millis(50);
/// What audio takes before it was measured, in bits per second with all headers.
const USUAL_AUDIO: f64 = 60e3;

/// What is sent besides video, averaged, and the most that the encoder uses.
pub(super) struct VideoBudget {
    max_bitrate: Bitrate,
    /// What is sent besides video, averaged, in bits per second.
    beside: f64,
    /// What was sent besides video since then.
    bytes: usize,
    since: Instant,
}

impl VideoBudget {
    /// A budget of which the encoder uses no more than `max_bitrate`.
    pub(super) fn new(max_bitrate: Bitrate, now: Instant) -> Self {
        Self { max_bitrate, beside: USUAL_AUDIO, bytes: 0, since: now }
    }

    /// So many bytes, headers included, leave besides video.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Brings the average up to date.
    pub(super) fn update(&mut self, now: Instant) {
        let elapsed = now.duration_since(self.since);
        if elapsed >= LEAST_WINDOW {
            let current = self.bytes as f64 * 8.0 / elapsed.as_secs_f64();
            let weight = (elapsed.as_secs_f64() / WINDOW.as_secs_f64()).min(1.0);
            self.beside += (current - self.beside) * weight;
            (self.bytes, self.since) = (0, now);
        }
    }

    /// What can be made use of in all, where a packet takes so many bytes beyond its payload.
    pub(super) fn useful(&self, packet_overhead: usize) -> Bitrate {
        let video = self.max_bitrate.scaled(1.05 / payload_share(packet_overhead));
        Bitrate::from_bps(self.beside as u64 + video.bps())
    }

    /// The encoder's target, where all may take `estimate`.
    pub(super) fn target(&self, estimate: Bitrate, packet_overhead: usize) -> Bitrate {
        Bitrate::from_bps(estimate.bps().saturating_sub(self.beside as u64))
            .scaled(payload_share(packet_overhead))
            .clamp(LEAST_VIDEO, self.max_bitrate.max(LEAST_VIDEO))
    }
}

/// The share of a full packet that is payload.
fn payload_share(packet_overhead: usize) -> f64 {
    MAX_PAYLOAD as f64 / (MAX_PAYLOAD + packet_overhead) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn video_gets_what_the_rest_and_the_headers_leave() {
        let start = Instant::now();
        let mut budget = VideoBudget::new(Bitrate::from_kbps(2000), start);
        let target = |budget: &VideoBudget, kbps, overhead| {
            budget.target(Bitrate::from_kbps(kbps), overhead).bps()
        };
        // 1000 less 60 kbit/s, of which 1164 bytes in 1222 are payload.
        assert_eq!(target(&budget, 1000, 58), (940e3 * (1164.0 / 1222.0)) as u64);
        // With the larger headers of IPv6, 1164 bytes in 1242 are.
        assert_eq!(target(&budget, 1000, 78), (940e3 * (1164.0 / 1242.0)) as u64);
        assert_eq!(target(&budget, 70, 58), LEAST_VIDEO.bps());
        assert_eq!(target(&budget, 90_000, 58), 2_000_000);
        for n in 1..=100u32 {
            budget.spend(12_500);
            budget.update(start + n * Duration::from_millis(500));
        }
        assert_eq!(target(&budget, 1000, 58), (800e3 * (1164.0 / 1222.0)) as u64);
        assert!(budget.useful(58) > Bitrate::from_kbps(2300));
    }
}
