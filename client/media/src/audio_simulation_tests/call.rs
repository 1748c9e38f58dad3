//! One direction of a call's audio in virtual time, with the feedback on it.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use visavis_link::{Conditions, Link};

use crate::audio_adaptation::{AudioAdaptation, AudioPlan};
use crate::audio_playout::AudioPlayout;
use crate::audio_send::Packetizer;
use crate::frame::{AUDIO_FRAME_SAMPLES, AudioFrame, EncodedAudio, ReceivedAudio};
use crate::red::{self, RedPacker};
use crate::speech::Voice;
use crate::units::Bitrate;

use super::spectrum::compare;

const OPUS: u8 = 111;
/// RTP with its extension, SRTP, UDP, IP.
const OVERHEAD: usize = 12 + 8 + 10 + 28;
/// How often the other reports what came.
const REPORT_INTERVAL: u64 = 50;
/// The codec looks so far ahead, in milliseconds.
const LOOKAHEAD_MS: f64 = 6.5;

/// What a call is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setup {
    pub(super) network: Conditions,
    /// Whether the other takes redundant packets.
    pub(super) red: bool,
    pub(super) estimate: Bitrate,
    /// Whether to compare what was heard with what was said, which takes longer than the call.
    pub(super) compare: bool,
}

impl Setup {
    pub(super) fn over(network: Conditions) -> Self {
        Self { network, red: true, estimate: Bitrate::from_kbps(1500), compare: true }
    }
}

/// What was heard.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// Share that was concealed.
    pub(super) concealed: f64,
    /// Share of the packets that the network lost.
    pub(super) lost: f64,
    /// Packets that were played from redundant blocks.
    pub(super) recovered: f64,
    /// From mouth to ear, less the network's own delay: packet, codec, jitter buffer.
    pub(super) added_ms: f64,
    /// The same by what the audio is most like.
    pub(super) median_delay_ms: f64,
    /// What the jitter buffer wanted to wait, at the end.
    pub(super) target_ms: f64,
    /// Log-spectral distance.
    pub(super) distance_db: f64,
    /// What was sent with headers.
    pub(super) kbps: f64,
}

impl Heard {
    /// The means, but of what only the first was compared by.
    pub(super) fn mean(calls: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| calls.iter().map(of).sum::<f64>() / calls.len() as f64;
        Self {
            concealed: mean(|heard| heard.concealed),
            lost: mean(|heard| heard.lost),
            recovered: mean(|heard| heard.recovered),
            added_ms: mean(|heard| heard.added_ms),
            median_delay_ms: calls.first().map_or(0.0, |heard| heard.median_delay_ms),
            target_ms: mean(|heard| heard.target_ms),
            distance_db: calls.first().map_or(0.0, |heard| heard.distance_db),
            kbps: mean(|heard| heard.kbps),
        }
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.2}% concealed, {:.1}% lost, {:.0} packets recovered, {:.1} ms added to the network, target {:.0} ms, \
             {:.0} kbit/s",
            self.concealed * 100.0,
            self.lost * 100.0,
            self.recovered,
            self.added_ms,
            self.target_ms,
            self.kbps,
        )?;
        if self.distance_db > 0.0 {
            write!(
                f,
                "; {:.2} dB from the original, {:.1} ms late",
                self.distance_db, self.median_delay_ms
            )?;
        }
        Ok(())
    }
}

struct Packet {
    sequence: u16,
    rtp_timestamp: u32,
    redundant: bool,
    payload: Bytes,
}

/// Which of the packets up to a number came.
struct Report {
    first: u64,
    came: Vec<bool>,
}

/// The sending end.
struct Sender {
    packets: Packetizer,
    packer: RedPacker,
    adaptation: AudioAdaptation,
    plan: AudioPlan,
    sequence: u64,
    rtp_timestamp: u32,
    red: bool,
}

impl Sender {
    fn packet(&mut self, audio: &EncodedAudio) -> Option<Packet> {
        let rtp_timestamp = self.rtp_timestamp;
        self.rtp_timestamp = rtp_timestamp.wrapping_add(audio.samples);
        if audio.data.is_empty() {
            return None;
        }
        let wanted = self.plan.redundancy;
        let packed =
            self.packer.pack(OPUS, rtp_timestamp, &audio.data, wanted).filter(|_| self.red);
        let sequence = self.sequence as u16;
        self.sequence += 1;
        let redundant = packed.is_some();
        Some(Packet {
            sequence,
            rtp_timestamp,
            redundant,
            payload: packed.unwrap_or_else(|| audio.data.clone()),
        })
    }
}

fn deliver(playout: &mut AudioPlayout, packet: Packet, arrival: Instant) {
    let Packet { sequence, rtp_timestamp, redundant, payload } = packet;
    let mut insert = |rtp_timestamp, payload, redundant| {
        playout.insert(ReceivedAudio { sequence, rtp_timestamp, payload, arrival, redundant });
    };
    if redundant {
        let unpacked = red::unpack(&payload).expect("what was packed");
        insert(rtp_timestamp, unpacked.primary.data, false);
        for block in unpacked.redundant {
            insert(rtp_timestamp.wrapping_sub(block.offset), block.data, true);
        }
    } else {
        insert(rtp_timestamp, payload, false);
    }
}

/// A call of so many seconds, in steps of 1 ms.
pub(super) fn call(setup: Setup, seed: u64, seconds: u64) -> Heard {
    let start = Instant::now();
    let mut voice = Voice::new(seed);
    let mut sender = Sender {
        packets: Packetizer::new(false).expect("an encoder"),
        packer: RedPacker::default(),
        adaptation: AudioAdaptation::default(),
        plan: AudioPlan::START,
        sequence: 65_500,
        rtp_timestamp: u32::MAX - 50_000,
        red: setup.red,
    };
    let mut playout = AudioPlayout::new().expect("a decoder");
    let (mut path, mut path_back) =
        (Link::new(setup.network, seed), Link::new(setup.network, seed + 1000));
    let (mut said, mut heard) = (Vec::new(), Vec::new());
    let (mut came, mut reported): (BTreeSet<u64>, u64) = (BTreeSet::new(), 65_500);
    let (mut waits, mut last) = (VecDeque::new(), (Duration::ZERO, 0));
    // Frames are fetched at any moment between those at which packets come.
    let phase = seed * 7 % 10;
    for at in 0..seconds * 1000 {
        let now = start + Duration::from_millis(at);
        if at % 10 == 0 {
            let samples = voice.next_frame();
            said.extend(samples);
            // 10 ms are heard when they are over.
            let captured_at = now - Duration::from_millis(10);
            if let Some(audio) = sender.packets.push(&AudioFrame { samples, captured_at }, false)
                && let Some(packet) = sender.packet(&audio)
            {
                path.send(now, packet.payload.len() + OVERHEAD, packet);
            }
        }
        while let Some(packet) = path.poll(now) {
            let newest = came.last().copied().unwrap_or(65_500);
            let number = newest.saturating_add_signed(i64::from(
                packet.sequence.wrapping_sub(newest as u16) as i16,
            ));
            came.insert(number);
            // One that was reported missing is reported again.
            reported = reported.min(number);
            deliver(&mut playout, packet, now);
        }
        if at % REPORT_INTERVAL == 0
            && let Some(&newest) = came.last()
            && newest >= reported
        {
            let report = Report {
                first: reported,
                came: (reported..=newest).map(|n| came.contains(&n)).collect(),
            };
            reported = newest + 1;
            path_back.send(now, 80, report);
        }
        while let Some(report) = path_back.poll(now) {
            for (number, came) in (report.first..).zip(report.came) {
                sender.adaptation.packet_outcome(now, number, came);
            }
            let plan = sender.adaptation.plan(now, setup.estimate, setup.red);
            if plan.control != sender.plan.control {
                sender.packets.set(plan.control);
            }
            sender.plan = plan;
        }
        if at % 10 == phase {
            let frame: [f32; AUDIO_FRAME_SAMPLES] = playout.next_frame(now);
            heard.extend(frame);
            let stats = playout.stats().jitter_buffer;
            if stats.played > last.1 && at > 5000 {
                waits.push_back(
                    (stats.waited - last.0).as_secs_f64() * 1000.0 / (stats.played - last.1) as f64,
                );
            }
            last = (stats.waited, stats.played);
        }
    }
    let stats = playout.stats();
    let wait = waits.iter().sum::<f64>() / waits.len() as f64;
    // What was fetched at `phase` is the first thing heard.
    let mut shifted = vec![0.0; phase as usize * 48];
    shifted.extend(heard);
    let (distance_db, median_delay_ms) =
        if setup.compare { compare(&said, &shifted) } else { Default::default() };
    let buffer = stats.jitter_buffer;
    Heard {
        concealed: stats.concealed_samples as f64 / stats.samples as f64,
        lost: buffer.lost as f64 / (buffer.lost + buffer.received) as f64,
        recovered: stats.fec_recovered as f64,
        added_ms: sender.plan.control.packet.duration().as_secs_f64() * 1e3 + LOOKAHEAD_MS + wait,
        median_delay_ms,
        target_ms: buffer.target.as_secs_f64() * 1000.0,
        distance_db,
        kbps: path.counts().arrived_bytes as f64 * 8.0 / seconds as f64 / 1000.0,
    }
}
