//! The sending side: an encoder that follows its target, and what the sending task does.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::RngExt;
use rand::rngs::StdRng;
use visavis_media::units::Bitrate;
use visavis_transport::estimator::GoogCc;
use visavis_transport::fec::protection::{Outlook, fec_packets_for};
use visavis_transport::fec::{FecEncoder, MediaPacket, group_size};
use visavis_transport::feedback::sent_packets::SentPackets;
use visavis_transport::path::wire_overhead::DIRECT_IPV4;
use visavis_transport::sending::pacer::{Enqueued, Pacer};
use visavis_transport::sending::packetizer::{MAX_PAYLOAD, packetize};
use visavis_transport::sending::send_history::{SendHistory, sent_after};
use visavis_transport::sending::video_pause::{PauseStep, VideoPause};

const MS: Duration = Duration::from_millis(1);
/// RTP header and transport-wide number, and what comes below.
pub(crate) const OVERHEAD: usize = 12 + 8 + DIRECT_IPV4;
pub(crate) const MAX_BITRATE: Bitrate = Bitrate::from_kbps(2500);
/// From the camera to the pacer.
const ENCODING: Duration = Duration::from_millis(6);

/// What is sent from one side to the other.
#[derive(Debug, Clone)]
pub(crate) enum Media {
    /// Audio, by number: each is 20 ms.
    Audio(u32),
    Video(MediaPacket),
    Fec(u32, Bytes),
    Probe,
    /// A sender report: requests an echo.
    Report,
}

#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) number: u16,
    pub(crate) media: Media,
}

#[derive(Debug, Clone)]
enum Queued {
    Audio(u32),
    Video { payload: Bytes, marker: bool, rtp_timestamp: u32, group_ends: bool },
    Retransmission(MediaPacket),
    Fec(u32, Bytes),
    Probe(usize),
}

/// What the sender has sent so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SendCounts {
    pub(crate) packets: u64,
    pub(crate) retransmissions: u64,
    pub(crate) fec_packets: u64,
    pub(crate) probes: u64,
    pub(crate) keys: u64,
    pub(crate) dropped: u64,
    pub(crate) pauses: u64,
}

pub(crate) struct Sender {
    rng: StdRng,
    pub(crate) estimator: GoogCc,
    pacer: Pacer<Queued>,
    history: SendHistory<MediaPacket>,
    fec: FecEncoder,
    sent: SentPackets,
    number: u16,
    sequence: u16,
    rtt: Option<Duration>,
    side_bytes: usize,
    side_rate: f64,
    pub(crate) target: Bitrate,
    key_wanted: bool,
    /// The next key frame is to be there soon, however it looks.
    coarse: bool,
    last_key: Option<Instant>,
    encoded: Option<(Instant, Bytes, u32, bool)>,
    key_only: bool,
    pause: VideoPause,
    pub(crate) counts: SendCounts,
    /// Whether the other takes FEC packets.
    fec_taken: bool,
}

impl Sender {
    pub(crate) fn new(rng: StdRng, fec_taken: bool, now: Instant) -> Self {
        let ceiling = Bitrate::from_bps(MAX_BITRATE.scaled(2.25).bps() + 150_000);
        Self {
            rng,
            estimator: GoogCc::new(ceiling),
            pacer: Pacer::new(Bitrate::from_kbps(4_000), now),
            history: SendHistory::default(),
            fec: FecEncoder::default(),
            sent: SentPackets::default(),
            number: 60_000,
            sequence: 65_000,
            rtt: None,
            side_bytes: 0,
            side_rate: 48_000.0,
            target: Bitrate::from_kbps(200),
            key_wanted: true,
            coarse: false,
            last_key: None,
            encoded: None,
            key_only: true,
            pause: VideoPause::default(),
            counts: SendCounts::default(),
            fec_taken,
        }
    }

    /// Every millisecond: what leaves now.
    pub(crate) fn step(&mut self, ms: u32, now: Instant, mut send: impl FnMut(usize, Sent)) {
        if ms.is_multiple_of(20) {
            self.pacer.push_audio(Queued::Audio(ms / 20), 120);
        }
        if ms.is_multiple_of(50) {
            self.tick(now);
        }
        if u64::from(ms) * 30 % 1000 < 30 {
            self.encode(ms, now);
        }
        if let Some((at, ..)) = &self.encoded
            && *at <= now
            && let Some((_, data, rtp_timestamp, key)) = self.encoded.take()
        {
            self.packetize(&data, rtp_timestamp, key);
        }
        if ms.is_multiple_of(1000) {
            self.emit(60, Media::Report, false, now, &mut send);
        }
        match self.pause.update(now, self.sent.feedback_is_late(now)) {
            PauseStep::GoOn => self.pacer.pause_all_but_audio(false),
            PauseStep::Pause => self.pacer.pause_all_but_audio(true),
            PauseStep::Drop => {
                self.pacer.drop_video();
                self.history.clear();
                self.key_only = true;
                self.counts.pauses += 1;
            }
            PauseStep::StartOver => {
                self.pacer.pause_all_but_audio(false);
                self.pacer.drop_video();
                self.history.clear();
                (self.key_only, self.key_wanted, self.coarse) = (true, true, true);
                self.tick(now);
            }
        }
        while let Some(queued) = self.pacer.pop(now) {
            let (media, payload) = match queued {
                Queued::Audio(number) => {
                    self.side_bytes += 120;
                    (Media::Audio(number), 120 - OVERHEAD)
                }
                Queued::Video { payload, marker, rtp_timestamp, group_ends } => {
                    let packet =
                        MediaPacket { sequence: self.sequence, rtp_timestamp, marker, payload };
                    self.sequence = self.sequence.wrapping_add(1);
                    self.history.remember(packet.sequence, packet.clone(), now);
                    self.counts.packets += 1;
                    self.protect(&packet, group_ends, now);
                    let payload = packet.payload.len();
                    (Media::Video(packet), payload)
                }
                Queued::Retransmission(packet) => {
                    self.counts.retransmissions += 1;
                    self.side_bytes += packet.payload.len() + OVERHEAD;
                    let payload = packet.payload.len();
                    (Media::Video(packet), payload)
                }
                Queued::Fec(rtp_timestamp, payload) => {
                    self.counts.fec_packets += 1;
                    self.side_bytes += payload.len() + OVERHEAD;
                    let length = payload.len();
                    (Media::Fec(rtp_timestamp, payload), length)
                }
                Queued::Probe(bytes) => {
                    self.counts.probes += 1;
                    (Media::Probe, bytes.saturating_sub(OVERHEAD))
                }
            };
            let probe = matches!(media, Media::Probe);
            self.emit(payload + OVERHEAD, media, probe, now, &mut send);
        }
    }

    pub(crate) fn feedback(&mut self, now: Instant, arrivals: Vec<(u16, Option<Duration>)>) {
        let results = self.sent.reported(now, arrivals);
        self.estimator.on_feedback(now, &results);
    }

    pub(crate) fn echoed(&mut self, sample: Duration) {
        let rtt = self.rtt.map_or(sample, |rtt| (rtt * 7 + sample) / 8);
        self.rtt = Some(rtt);
        self.estimator.on_rtt(rtt);
    }

    pub(crate) fn missing(&mut self, now: Instant, sequences: &[u16]) {
        let (loss, burst_length) =
            (self.estimator.random_loss(), self.estimator.loss_burst_length());
        let sent_after = sent_after(self.fec_taken, self.rtt, loss, burst_length);
        for &sequence in sequences {
            let Some(packet) = self.history.resend(sequence, now, self.rtt) else { continue };
            let bytes = packet.payload.len() + OVERHEAD;
            for &after in sent_after {
                let packet = Queued::Retransmission(packet.clone());
                self.pacer.push_retransmission(packet, bytes, now + after);
            }
        }
        let estimate = self.estimator.target(now);
        if self.pacer.retransmission_delay(estimate) > 150 * MS {
            self.pacer.drop_video();
            self.history.clear();
            (self.key_only, self.key_wanted) = (true, true);
            self.counts.dropped += 1;
        }
    }

    pub(crate) fn key_frame_wanted(&mut self) {
        self.key_wanted = true;
    }

    fn emit(
        &mut self,
        bytes: usize,
        media: Media,
        probe: bool,
        now: Instant,
        send: &mut impl FnMut(usize, Sent),
    ) {
        self.number = self.number.wrapping_add(1);
        self.sent.sent(self.number, bytes, now);
        self.estimator.on_packet_sent(now, bytes, probe);
        send(bytes, Sent { number: self.number, media });
    }

    fn tick(&mut self, now: Instant) {
        let current = self.side_bytes as f64 * 8.0 / 0.05;
        self.side_rate += (current - self.side_rate) * 0.1;
        self.side_bytes = 0;
        let share = MAX_PAYLOAD as f64 / (MAX_PAYLOAD + OVERHEAD) as f64;
        let useful =
            Bitrate::from_bps(self.side_rate as u64 + MAX_BITRATE.scaled(1.05 / share).bps());
        let estimate = self.estimator.target(now);
        self.pacer.set_rate(self.estimator.burst_rate());
        if self.fec_taken
            && let Some(probe) = self.estimator.probe(now, useful)
        {
            let packets =
                (0..probe.packets).map(|_| (Queued::Probe(probe.packet_bytes), probe.packet_bytes));
            self.pacer.push_probes(packets, probe.rate, now);
        }
        let left =
            Bitrate::from_bps(estimate.bps().saturating_sub(self.side_rate as u64)).scaled(share);
        self.target = left.clamp(Bitrate::from_kbps(50), MAX_BITRATE);
    }

    /// A frame of about the size that the target leaves to it, in bytes that differ.
    fn encode(&mut self, ms: u32, now: Instant) {
        let may = self.last_key.is_none_or(|last| now.duration_since(last) >= 300 * MS);
        let key = self.key_wanted && may;
        let share = match (key, self.coarse) {
            (false, _) => 1.0,
            (true, false) => 4.0,
            (true, true) => 1.6,
        };
        let mean = self.target.bps() as f64 / 30.0 / 8.0;
        let bytes = (mean * self.rng.random_range(0.7..1.3) * share).max(40.0) as usize;
        let mut unit = Vec::with_capacity(bytes + 40);
        if key {
            unit.extend([0, 0, 0, 1, 0x67, 1, 2, 3, 0, 0, 0, 1, 0x68, 4, 5]);
            (self.key_wanted, self.coarse) = (false, false);
            self.last_key = Some(now);
            self.counts.keys += 1;
        }
        unit.extend([0, 0, 0, 1, if key { 0x65 } else { 0x41 }]);
        unit.extend((0..bytes).map(|_| self.rng.random_range(1..=255u8)));
        self.encoded = Some((now + ENCODING, unit.into(), ms * 90, key));
    }

    fn packetize(&mut self, data: &Bytes, rtp_timestamp: u32, key: bool) {
        if self.key_only && !key {
            return;
        }
        let payloads = packetize(data, MAX_PAYLOAD);
        let last = payloads.len() - 1;
        let group = group_size(payloads.len());
        let packets = payloads.into_iter().enumerate().map(|(index, payload)| {
            let bytes = payload.len() + OVERHEAD;
            let group_ends = index == last || (index + 1) % group == 0;
            (Queued::Video { payload, marker: index == last, rtp_timestamp, group_ends }, bytes)
        });
        self.key_only = self.pacer.push_video(packets) == Enqueued::Dropped;
        if self.key_only {
            self.key_wanted = true;
            self.counts.dropped += 1;
        }
    }

    fn protect(&mut self, packet: &MediaPacket, group_ends: bool, now: Instant) {
        if !self.fec_taken {
            return;
        }
        self.fec.add(packet.clone());
        if !group_ends {
            return;
        }
        let loss = self.estimator.random_loss();
        let outlook = Outlook {
            loss,
            burst_length: self.estimator.loss_burst_length(),
            rtt: self.rtt.unwrap_or_default(),
            estimate: self.estimator.target(now),
        };
        let (rtp_timestamp, payloads) =
            self.fec.finish(fec_packets_for(self.fec.packets(), outlook));
        for payload in payloads {
            let bytes = payload.len() + OVERHEAD;
            self.pacer.push_fec(Queued::Fec(rtp_timestamp, payload), bytes);
        }
    }
}
