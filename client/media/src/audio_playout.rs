//! From packets to the audio that is played: jitter buffer, decoder and change of speed in one,
//! without a thread.
//!
//! In go packets as they arrive; out come 10 ms of audio whenever asked for, at a time that is an
//! argument. What always holds: there is always a frame, whatever arrived or did not, and what is
//! kept between two calls is bounded.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::audio_jitter_buffer::{AudioJitterBuffer, Decision, JitterBufferStats, Speed};
use crate::frame::{AUDIO_FRAME_SAMPLES, ReceivedAudio, SAMPLE_RATE};
use crate::opus_codec::{OpusDecoder, OpusError, PACKET_SAMPLES};
use crate::time_stretch;

/// A frame needs at most a few decisions, since each but a few brings at least 2.5 ms.
const MOST_DECISIONS_PER_FRAME: u32 = 16;
/// The decoder conceals in steps of 10 ms, whatever part of them is used.
const CONCEALED_AT_ONCE: usize = 480;

/// The longest piece that is made ready at once: the longest packet, and what stretching adds.
const MAX_PIECE: usize = 5760 + time_stretch::MAX_LAG;

/// A packet with fewer samples is shortened together with the next: a period of a low voice is as
/// long as itself.
const SHORTENED_TOGETHER: usize = PACKET_SAMPLES;

/// What is concealed for longer than this fades…
const FADE_AFTER: u64 = SAMPLE_RATE as u64 * 120 / 1000;
/// …and is silent from here on: the decoder alone would go on with noise.
const SILENT_AFTER: u64 = SAMPLE_RATE as u64 * 400 / 1000;

/// A shorter gap with nothing after it counts for nothing yet: it may be the end.
const LEAST_OPEN_GAP: u64 = SAMPLE_RATE as u64 * 80 / 1000;

/// What was played so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct PlayoutStats {
    /// The jitter buffer's counts.
    pub(crate) jitter_buffer: JitterBufferStats,
    /// Samples handed out since the first packet was played.
    pub(crate) samples: u64,
    /// How many of them were concealed because nothing was there; neither what was stretched or
    /// rebuilt, nor a pause.
    pub(crate) concealed_samples: u64,
    /// Lost packets that were played after all, from what a later one carried of them: exact (RED)
    /// or of lower quality (FEC).
    pub(crate) fec_recovered: u64,
    /// Packets that did not decode.
    pub(crate) undecodable: u64,
    /// When the first packet was handed out.
    pub(crate) first_played: Option<Instant>,
}

/// The playout of one call's audio.
pub(crate) struct AudioPlayout {
    jitter_buffer: AudioJitterBuffer,
    decoder: OpusDecoder,
    ready: VecDeque<f32>,
    /// The end of all that was ever ready.
    tail: Vec<f32>,
    /// Samples concealed in a row.
    concealed: u64,
    /// The RTP timestamp of the last frame that was handed out.
    position: Option<u32>,
    stats: PlayoutStats,
}

impl AudioPlayout {
    /// A playout that has nothing yet.
    pub(crate) fn new() -> Result<Self, OpusError> {
        Ok(Self {
            jitter_buffer: AudioJitterBuffer::default(),
            decoder: OpusDecoder::new()?,
            ready: VecDeque::with_capacity(8 * AUDIO_FRAME_SAMPLES),
            tail: Vec::with_capacity(time_stretch::HISTORY + MAX_PIECE),
            concealed: 0,
            position: None,
            stats: PlayoutStats::default(),
        })
    }

    /// Takes a packet in.
    pub(crate) fn insert(&mut self, packet: ReceivedAudio) {
        self.jitter_buffer.insert(packet);
    }

    /// The next 10 ms, which go to the speaker `now`.
    pub(crate) fn next_frame(&mut self, now: Instant) -> [f32; AUDIO_FRAME_SAMPLES] {
        for _ in 0..MOST_DECISIONS_PER_FRAME {
            if self.ready.len() >= AUDIO_FRAME_SAMPLES {
                break;
            }
            let ahead = Duration::from_secs_f64(self.ready.len() as f64 / f64::from(SAMPLE_RATE));
            let decision = self.jitter_buffer.pull(now, ahead);
            self.carry_out(decision, now);
        }
        self.position =
            self.jitter_buffer.position().map(|behind| (behind - self.ready.len() as i64) as u32);
        std::array::from_fn(|_| self.ready.pop_front().unwrap_or(0.0))
    }

    /// Whether the next frame would have to be concealed because the packet that it begins with has
    /// not come yet.
    pub(crate) fn lacks_packet(&self) -> bool {
        self.ready.len() < AUDIO_FRAME_SAMPLES && self.jitter_buffer.lacks_packet()
    }

    /// The RTP timestamp of the last frame's first sample, to within what was stretched in it;
    /// `None` when it is not known.
    pub(crate) fn position(&self) -> Option<u32> {
        self.position
    }

    /// The counts so far, the jitter buffer's included.
    pub(crate) fn stats(&self) -> PlayoutStats {
        let jitter_buffer = self.jitter_buffer.stats();
        // Between the last packet of a call and its end nothing is missing.
        let open_gap = Some(self.jitter_buffer.open_gap())
            .filter(|gap| *gap < LEAST_OPEN_GAP)
            .unwrap_or_default();
        let concealed_samples =
            self.stats.concealed_samples.saturating_sub(jitter_buffer.unsent + open_gap);
        PlayoutStats { jitter_buffer, concealed_samples, ..self.stats }
    }

    fn carry_out(&mut self, decision: Decision, now: Instant) {
        match decision {
            Decision::Wait => self.ready.extend([0.0; AUDIO_FRAME_SAMPLES]),
            Decision::Play { payload, samples, redundant, continues, speed } => {
                self.stats.first_played.get_or_insert(now);
                match self.decoder.decode(&payload).map(<[f32]>::to_vec) {
                    Ok(mut decoded) => {
                        self.follow(&mut decoded, continues);
                        if matches!(speed, Speed::Shorter(_)) && decoded.len() < SHORTENED_TOGETHER
                        {
                            self.add_next(&mut decoded, now);
                        }
                        let changed = time_stretch::change_speed(&self.tail, &mut decoded, speed);
                        self.jitter_buffer.stretched(changed);
                        self.stats.fec_recovered += u64::from(redundant);
                        self.emit(&decoded);
                    }
                    Err(_) => {
                        self.stats.undecodable += 1;
                        self.conceal(samples);
                    }
                }
            }
            Decision::Fec { next, samples, continues } => {
                match self.decoder.decode_fec(&next, samples as usize).map(<[f32]>::to_vec) {
                    Ok(mut rebuilt) => {
                        self.follow(&mut rebuilt, continues);
                        self.stats.fec_recovered += 1;
                        self.emit(&rebuilt);
                    }
                    Err(_) => self.conceal(samples),
                }
            }
            Decision::Conceal(samples) => self.conceal(samples),
            Decision::Pause(samples) => {
                let noise = self.extrapolate(samples);
                self.emit(&noise);
            }
        }
    }

    /// Adds the packet that follows on some audio that is not played yet, if it is there.
    fn add_next(&mut self, audio: &mut Vec<f32>, now: Instant) {
        if !self.jitter_buffer.next_is_here() {
            return;
        }
        let ahead = (self.ready.len() + audio.len()) as f64 / f64::from(SAMPLE_RATE);
        match self.jitter_buffer.pull(now, Duration::from_secs_f64(ahead)) {
            Decision::Play { payload, samples, redundant, continues: true, .. } => {
                self.stats.fec_recovered += u64::from(redundant);
                match self.decoder.decode(&payload) {
                    Ok(next) => audio.extend(next),
                    Err(_) => {
                        self.stats.undecodable += 1;
                        self.emit(&std::mem::take(audio));
                        self.conceal(samples);
                    }
                }
            }
            // What is to be skipped or concealed comes after the audio as it is.
            other => {
                self.emit(&std::mem::take(audio));
                self.carry_out(other, now);
            }
        }
    }

    /// Lets real audio follow on what was before it. The decoder itself sees to that where nothing
    /// but whole packets is between the two.
    fn follow(&mut self, audio: &mut [f32], continues: bool) {
        if !continues || self.concealed > FADE_AFTER {
            time_stretch::join(&self.tail, audio);
        }
        self.concealed = 0;
    }

    /// Conceals what is missing.
    fn conceal(&mut self, samples: u32) {
        let mut audio = self.extrapolate(samples);
        for sample in &mut audio {
            let faded = self.concealed.saturating_sub(FADE_AFTER) as f32
                / (SILENT_AFTER - FADE_AFTER) as f32;
            *sample *= (1.0 - faded).max(0.0);
            self.concealed += 1;
        }
        self.emit(&audio);
        self.stats.concealed_samples += u64::from(samples);
    }

    /// Lets the decoder go on without a packet: concealment, or comfort noise in a pause.
    fn extrapolate(&mut self, samples: u32) -> Vec<f32> {
        let samples = samples as usize;
        let whole = samples.next_multiple_of(CONCEALED_AT_ONCE);
        let mut audio = self.decoder.conceal(whole).map(<[f32]>::to_vec).unwrap_or_default();
        audio.resize(samples, 0.0);
        audio
    }

    fn emit(&mut self, audio: &[f32]) {
        self.ready.extend(audio);
        self.stats.samples += audio.len() as u64;
        self.tail.extend_from_slice(audio);
        self.tail.drain(..self.tail.len().saturating_sub(time_stretch::HISTORY));
    }
}

#[cfg(test)]
mod tests;
