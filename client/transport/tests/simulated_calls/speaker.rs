//! What is played: a jitter buffer, and a speaker that fetches 10 ms at a time from it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use visavis_media::audio_jitter_buffer::{AudioJitterBuffer, Decision, Speed};
use visavis_media::frame::ReceivedAudio;

/// Of 20 ms, at 48 kHz.
const PACKET: u32 = 960;
/// What the speaker fetches at a time.
const FRAME: i64 = 480;
/// The most that one change of speed adds or takes away: a period of a low voice.
const PERIOD: u32 = 600;
/// A packet of 20 ms in a mode without error correction (RFC 6716 §3.1), long enough not to be a
/// pause.
const PAYLOAD: [u8; 60] = [0xf8; 60];

pub(crate) struct Speaker {
    buffer: AudioJitterBuffer,
    /// Samples that were decoded and not fetched yet.
    ahead: i64,
    /// When audio was concealed, and how much.
    pub(crate) concealed: Vec<(Duration, Duration)>,
}

impl Speaker {
    pub(crate) fn new() -> Self {
        Self { buffer: AudioJitterBuffer::default(), ahead: 0, concealed: Vec::new() }
    }

    pub(crate) fn packet(&mut self, number: u32, arrival: Instant) {
        self.buffer.insert(ReceivedAudio {
            sequence: number as u16,
            rtp_timestamp: number.wrapping_mul(PACKET),
            payload: Bytes::from_static(&PAYLOAD),
            arrival,
            redundant: false,
        });
    }

    /// Fetches the next frame, `at` from the start.
    pub(crate) fn fetch(&mut self, now: Instant, at: Duration) {
        while self.ahead < FRAME {
            let ahead = samples(self.ahead);
            let decoded = match self.buffer.pull(now, ahead) {
                Decision::Wait => FRAME - self.ahead,
                Decision::Play { samples, speed, .. } => {
                    let change = match speed {
                        Speed::Normal => 0,
                        Speed::Longer(change) => i64::from(change.at_most.min(PERIOD)),
                        Speed::Shorter(change) => -i64::from(change.at_most.min(PERIOD)),
                    };
                    self.buffer.stretched(change);
                    i64::from(samples) + change
                }
                Decision::Fec { samples, .. } | Decision::Pause(samples) => i64::from(samples),
                Decision::Conceal(count) => {
                    self.concealed.push((at, samples(i64::from(count))));
                    i64::from(count)
                }
            };
            self.ahead += decoded;
        }
        self.ahead -= FRAME;
    }

    /// How long a packet waits here, on average.
    pub(crate) fn waiting(&self) -> Duration {
        let stats = self.buffer.stats();
        stats.waited / u32::try_from(stats.played.max(1)).unwrap_or(u32::MAX)
    }
}

fn samples(count: i64) -> Duration {
    Duration::from_nanos(count.unsigned_abs() * 1_000_000_000 / 48_000)
}
