//! The sending task: encoded media in, RTP packets out through the pacer, repairs on demand, wishes
//! to the encoder.
//!
//! One task owns it all, so there is no lock between a packet and the wire. Until the peer
//! connection is up, what comes is dropped: nothing that was encoded earlier would be of use, and
//! the first picture is to be a key frame.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::rtp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior, sleep_until};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

use super::audio_out::{AudioFormats, AudioOut};
use super::pacer::{Enqueued, Pacer};
use super::packetizer::{MAX_PAYLOAD, packetize};
use super::video_pause::{PauseStep, VideoPause};
use crate::clock;
use crate::estimator;
use crate::fec::protection::{Outlook, parity_for};
use crate::fec::{FecEncoder, MAX_MEDIA, MediaPacket};
use crate::feedback::link::{Feedback, Link, MediaKind};
use crate::nack::SendHistory;
use crate::sending::encoder_targets::EncoderWishes;
use crate::{AudioControl, KeyFrame, VideoControl};
use visavis_media::frame::{EncodedAudio, EncodedVideo, SAMPLE_RATE};
use visavis_media::h264_level::H264Level;
use visavis_media::units::Bitrate;

/// What a packet costs beyond its payload: RTP header, transport-wide number, and what comes below.
const PACKET_OVERHEAD: usize = 12 + 8 + estimator::WIRE_OVERHEAD;
/// The share of a full packet that is payload.
const PAYLOAD_SHARE: f64 = MAX_PAYLOAD as f64 / (MAX_PAYLOAD + PACKET_OVERHEAD) as f64;
/// Where more gets lost than this, a repair is sent again after so long.
const REPAIR_TWICE_ABOVE: f64 = 0.03;
const REPAIR_TWICE_AFTER: Duration = Duration::from_millis(15);
/// And once more where this many packets get lost in a row, lest one row takes them all.
const REPAIR_THRICE_FROM: f64 = 2.0;
const REPAIR_THRICE_AFTER: Duration = Duration::from_millis(40);
/// With a shorter round trip it is asked for again soon enough.
const REPAIR_TWICE_FROM: Duration = Duration::from_millis(40);
/// Repairs that would take longer than this are not worth it.
const MAX_REPAIR_DELAY: Duration = Duration::from_millis(150);
/// A picture with less than this is none.
const LEAST_VIDEO: Bitrate = Bitrate::from_kbps(50);
/// Sound and repairs are averaged over about this long.
const SIDE_WINDOW: Duration = Duration::from_millis(500);
/// What sound takes before it was measured, in bits per second with all headers.
const USUAL_SOUND: f64 = 60e3;
/// How often wishes and rates are looked after.
const TICK: Duration = Duration::from_millis(50);
/// Sound that begins later than this after the end of what was before it was interrupted, and its
/// RTP time jumps.
const MAX_AUDIO_GAP: Duration = Duration::from_millis(100);

/// What may be sent now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Permission {
    /// Changes with each new connection, which begins with a key frame. Zero before the first.
    pub(crate) connections: u32,
    /// Whether packets get through now.
    pub(crate) connected: bool,
    /// The negotiated payload types; `None` where the other does not want it.
    pub(crate) audio: Option<u8>,
    /// That of redundant sound; `None` where the other takes none.
    pub(crate) red: Option<u8>,
    /// See `audio`.
    pub(crate) video: Option<u8>,
    /// See `audio`: of parity for video.
    pub(crate) parity: Option<u8>,
    /// Up to which level the other takes video, where it said so.
    pub(crate) level: Option<H264Level>,
}

/// A stream that we send.
pub(crate) struct OutgoingStream {
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    sequence: u16,
    rtp_timestamp: u32,
    /// What `rtp_timestamp` stands for.
    at: Option<Instant>,
}

impl OutgoingStream {
    pub(crate) fn new(track: Arc<TrackLocalStaticRTP>, ssrc: u32) -> Self {
        // Sequence numbers begin in the lower half, so that a packet of the first second that is
        // lost or overtaken can't be mistaken for one of another cycle by SRTP (RFC 3711 §3.3.1).
        let sequence = rand::random_range(1..0x4000);
        Self { track, ssrc, sequence, rtp_timestamp: rand::random(), at: None }
    }

    /// Moves the RTP clock to a moment.
    fn advance_to(&mut self, at: Instant, clock_rate: u32) {
        if let Some(last) = self.at {
            let ticks = at.saturating_duration_since(last).as_secs_f64() * f64::from(clock_rate);
            // Two frames never share a time.
            self.rtp_timestamp = self.rtp_timestamp.wrapping_add((ticks.round() as u32).max(1));
        }
        self.at = Some(at);
    }

    fn packet(&mut self, out: &Outgoing, payload_type: u8) -> rtp::Packet {
        let sequence_number = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        rtp::Packet {
            header: rtp::Header {
                version: 2,
                marker: out.marker,
                payload_type,
                sequence_number,
                timestamp: out.rtp_timestamp,
                ssrc: self.ssrc,
                ..rtp::Header::default()
            },
            payload: out.payload.clone(),
        }
    }
}

/// A packet in the pacer. It gets its sequence number when it leaves, so that one dropped before is
/// no gap.
struct Outgoing {
    payload: Bytes,
    marker: bool,
    rtp_timestamp: u32,
    /// Whether a group of packets that parity protects ends here.
    group_ends: bool,
    /// Of sound, whether it is redundant.
    red: bool,
}

enum Queued {
    Audio(Outgoing),
    Video(Outgoing),
    Repair(rtp::Packet),
    Parity {
        rtp_timestamp: u32,
        payload: Bytes,
    },
    /// Of so many bytes in all.
    Probe(usize),
}

/// Counts of what was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SendStats {
    pub(crate) video_bytes: u64,
    pub(crate) audio_packets: u64,
    pub(crate) audio_bytes: u64,
    pub(crate) retransmitted: u64,
    pub(crate) parity: u64,
}

/// The task's inputs.
pub(crate) struct SendInputs {
    pub(crate) video: mpsc::Receiver<EncodedVideo>,
    pub(crate) audio: mpsc::Receiver<EncodedAudio>,
    pub(crate) feedback: mpsc::Receiver<Feedback>,
    pub(crate) permission: watch::Receiver<Permission>,
}

/// The task.
pub(crate) struct SendTask {
    link: Arc<Link>,
    audio: Option<OutgoingStream>,
    audio_out: AudioOut,
    video: Option<OutgoingStream>,
    pacer: Pacer<Queued>,
    history: SendHistory<rtp::Packet>,
    fec: FecEncoder,
    /// The sequence number of the next parity packet.
    parity_sequence: u16,
    permission: Permission,
    wishes: EncoderWishes,
    /// After video was dropped, nothing but a key frame is sent.
    key_frame_only: bool,
    video_pause: VideoPause,
    /// The last sound was silence that was not sent; what follows it begins a talkspurt (RFC 3551
    /// §4.1).
    silence: bool,
    max_bitrate: Bitrate,
    /// What sound, repairs and parity take.
    side: SideRate,
    stats: watch::Sender<SendStats>,
}

/// The rate of what is sent besides video, averaged.
struct SideRate {
    bits_per_second: f64,
    bytes: usize,
    since: Instant,
}

impl SideRate {
    fn rate(&mut self, now: Instant) -> Bitrate {
        let elapsed = now.duration_since(self.since);
        if elapsed >= TICK {
            let current = self.bytes as f64 * 8.0 / elapsed.as_secs_f64();
            let weight = (elapsed.as_secs_f64() / SIDE_WINDOW.as_secs_f64()).min(1.0);
            self.bits_per_second += (current - self.bits_per_second) * weight;
            (self.bytes, self.since) = (0, now);
        }
        Bitrate::from_bps(self.bits_per_second as u64)
    }
}

impl SendTask {
    pub(crate) fn new(
        link: Arc<Link>,
        audio: Option<OutgoingStream>,
        video: Option<OutgoingStream>,
        (control, audio_control): (SyncSender<VideoControl>, SyncSender<AudioControl>),
        max_bitrate: Bitrate,
        stats: watch::Sender<SendStats>,
    ) -> Self {
        Self {
            link,
            audio,
            audio_out: AudioOut::new(audio_control),
            video,
            pacer: Pacer::new(Bitrate::from_kbps(10_000), clock::now()),
            history: SendHistory::default(),
            fec: FecEncoder::default(),
            parity_sequence: rand::random_range(1..0x4000),
            permission: Permission::default(),
            wishes: EncoderWishes::new(control),
            key_frame_only: true,
            video_pause: VideoPause::default(),
            silence: true,
            max_bitrate,
            side: SideRate { bits_per_second: USUAL_SOUND, bytes: 0, since: clock::now() },
            stats,
        }
    }

    /// Runs until the permission's sender is gone.
    pub(crate) async fn run(mut self, mut inputs: SendInputs) {
        let mut tick = ticks();
        let (mut video_open, mut audio_open) = (true, true);
        loop {
            let wakeup = self
                .pacer
                .next_wakeup()
                .unwrap_or_else(|| clock::now() + Duration::from_secs(3600));
            tokio::select! {
                biased;
                audio = inputs.audio.recv(), if audio_open => match audio {
                    Some(audio) => self.audio(&audio),
                    None => audio_open = false,
                },
                changed = inputs.permission.changed() => match changed {
                    Ok(()) => {
                        let permission = *inputs.permission.borrow_and_update();
                        self.permitted(permission);
                    }
                    Err(_) => return,
                },
                Some(feedback) = inputs.feedback.recv() => self.feedback(feedback),
                video = inputs.video.recv(), if video_open => match video {
                    Some(video) => self.video(&video),
                    None => video_open = false,
                },
                () = sleep_until(wakeup.into()) => {}
                _ = tick.tick() => self.tick(clock::now()),
            }
            self.transmit().await;
        }
    }

    fn permitted(&mut self, permission: Permission) {
        if permission.connections != self.permission.connections {
            self.key_frame_only = true;
            self.wishes.begin(permission.video.is_some());
        }
        self.wishes.level(permission.level);
        self.permission = permission;
        self.tick(clock::now());
    }

    fn tick(&mut self, now: Instant) {
        if self.permission.connected && self.permission.audio.is_some() {
            let (outcomes, loss, estimate) = {
                let mut state = self.link.state();
                let outcomes = state.sent.take_audio_outcomes();
                (outcomes, state.audio_loss.take(), state.estimator.target(now))
            };
            self.audio_out.adapt(now, outcomes, loss, estimate, self.permission.red.is_some());
        }
        if self.permission.connected && self.permission.video.is_some() {
            let target = self.video_target(now);
            self.wishes.target(target);
            self.wishes.make(now);
        }
    }

    /// What the estimate leaves to video, less headers.
    fn video_target(&mut self, now: Instant) -> Bitrate {
        let side = self.side.rate(now);
        let useful =
            Bitrate::from_bps(side.bps() + self.max_bitrate.scaled(1.05 / PAYLOAD_SHARE).bps());
        let (estimate, burst, probe) = {
            let mut state = self.link.state();
            let estimator = &mut state.estimator;
            let estimate = estimator.target(now);
            // Probes are a kind of parity packet, so that they take no number of a picture's.
            let probe = self.permission.parity.and_then(|_| estimator.probe(now, useful));
            (estimate, estimator.burst_rate(), probe)
        };
        self.pacer.set_rate(burst);
        if let Some(probe) = probe {
            let packets =
                (0..probe.packets).map(|_| (Queued::Probe(probe.packet_bytes), probe.packet_bytes));
            self.pacer.push_probes(packets, probe.rate, now);
        }
        let left = estimate.bps().saturating_sub(side.bps());
        Bitrate::from_bps(left)
            .scaled(PAYLOAD_SHARE)
            .clamp(LEAST_VIDEO, self.max_bitrate.max(LEAST_VIDEO))
    }

    fn feedback(&mut self, feedback: Feedback) {
        let now = clock::now();
        match feedback {
            // It may end a pause, which is looked at next.
            Feedback::Arrivals => {}
            Feedback::KeyFrame => {
                let rtt = self.link.state().rtt();
                self.wishes.key_frame_asked_for(now, rtt);
                self.tick(now);
            }
            Feedback::Missing(sequences) => {
                let (rtt, loss, run) = {
                    let state = self.link.state();
                    (state.rtt(), state.expected_loss(now), state.estimator.loss_run())
                };
                // To be asked again costs a round trip. The copies that arrive for nothing look
                // lost in the feedback, so where parity does not keep repairs rare there are none.
                let long_way = rtt.is_some_and(|rtt| rtt >= REPAIR_TWICE_FROM);
                let twice =
                    self.permission.parity.is_some() && long_way && loss > REPAIR_TWICE_ABOVE;
                for packet in sequences
                    .into_iter()
                    .filter_map(|sequence| self.history.repair(sequence, now, rtt))
                {
                    let bytes = packet.payload.len() + PACKET_OVERHEAD;
                    let copies = [
                        (twice, REPAIR_TWICE_AFTER),
                        (twice && run > REPAIR_THRICE_FROM, REPAIR_THRICE_AFTER),
                    ];
                    for (_, after) in copies.into_iter().filter(|(sent, _)| *sent) {
                        self.pacer.push_repair_later(
                            Queued::Repair(packet.clone()),
                            bytes,
                            now + after,
                        );
                    }
                    self.pacer.push_repair(Queued::Repair(packet), bytes);
                }
                let estimate = self.link.state().estimator.target(now);
                if self.pacer.repair_delay(estimate) > MAX_REPAIR_DELAY {
                    self.start_over(now);
                }
            }
        }
    }

    /// So much was lost that a key frame is there sooner than the repairs would be: a coarse one
    /// all the sooner.
    fn start_over(&mut self, now: Instant) {
        self.pacer.drop_video();
        self.history.clear();
        self.key_frame_only = true;
        self.wishes.key_frame(KeyFrame::Coarse);
        self.tick(now);
    }

    fn audio(&mut self, audio: &EncodedAudio) {
        let Some(stream) = &mut self.audio else { return };
        // The clock counts samples, as the sound card does; only an interruption moves it.
        let interrupted =
            stream.at.is_none_or(|expected| audio.captured_at > expected + MAX_AUDIO_GAP);
        if interrupted {
            stream.advance_to(audio.captured_at, SAMPLE_RATE);
        }
        let rtp_timestamp = stream.rtp_timestamp;
        self.link.state().captured(MediaKind::Audio, rtp_timestamp, audio.captured_at);
        stream.rtp_timestamp = rtp_timestamp.wrapping_add(audio.samples);
        let length = Duration::from_secs_f64(f64::from(audio.samples) / f64::from(SAMPLE_RATE));
        stream.at = Some(audio.captured_at + length);
        let opus =
            self.permission.audio.filter(|_| self.permission.connected && !audio.data.is_empty());
        let Some(opus) = opus else {
            self.silence = true;
            return;
        };
        let marker = std::mem::take(&mut self.silence);
        let formats = AudioFormats { opus, red: self.permission.red };
        let (format, payload) = self.audio_out.payload(formats, rtp_timestamp, &audio.data);
        let bytes = payload.len() + PACKET_OVERHEAD;
        let packet =
            Outgoing { payload, marker, rtp_timestamp, group_ends: false, red: format != opus };
        self.pacer.push_audio(Queued::Audio(packet), bytes);
    }

    fn video(&mut self, video: &EncodedVideo) {
        let Some(stream) = &mut self.video else { return };
        if !self.permission.connected
            || self.permission.video.is_none()
            || (self.key_frame_only && !video.key)
        {
            return;
        }
        stream.advance_to(video.captured_at, 90_000);
        let rtp_timestamp = stream.rtp_timestamp;
        self.link.state().captured(MediaKind::Video, rtp_timestamp, video.captured_at);
        let payloads = packetize(&video.data, MAX_PAYLOAD);
        let last = payloads.len().saturating_sub(1);
        let group = payloads.len().div_ceil(payloads.len().div_ceil(MAX_MEDIA).max(1)).max(1);
        let packets = payloads.into_iter().enumerate().map(|(index, payload)| {
            let bytes = payload.len() + PACKET_OVERHEAD;
            let group_ends = index == last || (index + 1) % group == 0;
            (
                Queued::Video(Outgoing {
                    payload,
                    marker: index == last,
                    rtp_timestamp,
                    group_ends,
                    red: false,
                }),
                bytes,
            )
        });
        match self.pacer.push_video(packets) {
            Enqueued::Queued => {
                self.key_frame_only = false;
                if video.key {
                    self.wishes.key_frame_sent(clock::now());
                }
            }
            Enqueued::Dropped => {
                self.key_frame_only = true;
                self.wishes.key_frame(KeyFrame::Coarse);
                self.tick(clock::now());
            }
        }
    }

    /// Adds a video packet to its group, and queues parity when that is whole.
    fn protect(&mut self, packet: &rtp::Packet, group_ends: bool) {
        if self.permission.parity.is_none() {
            return;
        }
        self.fec.add(MediaPacket {
            sequence: packet.header.sequence_number,
            rtp_timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload.clone(),
        });
        if !group_ends {
            return;
        }
        let now = clock::now();
        let outlook = {
            let mut state = self.link.state();
            let rtt = state.rtt().unwrap_or_default();
            Outlook {
                loss: state.expected_loss(now),
                run: state.estimator.loss_run(),
                rtt,
                estimate: state.estimator.target(now),
            }
        };
        let (rtp_timestamp, payloads) = self.fec.finish(parity_for(self.fec.len(), outlook));
        for payload in payloads {
            let bytes = payload.len() + PACKET_OVERHEAD;
            self.pacer.push_parity(Queued::Parity { rtp_timestamp, payload }, bytes);
        }
    }

    /// A packet of the parity stream; the marker bit says that it is a probe. It leaves in the name
    /// of the video stream, the only one that the library lets out, and gets its own on the way to
    /// the wire.
    fn parity_packet(
        &mut self,
        marker: bool,
        rtp_timestamp: u32,
        payload: Bytes,
    ) -> Option<(&mut OutgoingStream, rtp::Packet)> {
        let (stream, payload_type) = (self.video.as_mut()?, self.permission.parity?);
        let header = rtp::Header {
            version: 2,
            marker,
            payload_type,
            sequence_number: self.parity_sequence,
            timestamp: rtp_timestamp,
            ssrc: stream.ssrc,
            ..rtp::Header::default()
        };
        self.parity_sequence = self.parity_sequence.wrapping_add(1);
        Some((stream, rtp::Packet { header, payload }))
    }

    /// Holds pictures back while feedback is late.
    fn pause(&mut self, now: Instant) {
        let late = self.link.state().feedback_is_late(now);
        match self.video_pause.update(now, late) {
            PauseStep::GoOn => self.pacer.pause_all_but_audio(false),
            PauseStep::Pause => self.pacer.pause_all_but_audio(true),
            PauseStep::Drop => {
                self.pacer.drop_video();
                self.history.clear();
                self.key_frame_only = true;
            }
            PauseStep::StartOver => {
                self.pacer.pause_all_but_audio(false);
                self.start_over(now);
            }
        }
    }

    /// Sends whatever the pacer lets go.
    async fn transmit(&mut self) {
        self.pause(clock::now());
        while let Some(queued) = self.pacer.pop(clock::now()) {
            let (stream, packet) = match queued {
                Queued::Audio(out) => {
                    let payload_type =
                        if out.red { self.permission.red } else { self.permission.audio };
                    let (Some(stream), Some(payload_type)) = (&mut self.audio, payload_type) else {
                        continue;
                    };
                    let packet = stream.packet(&out, payload_type);
                    self.side.bytes += out.payload.len() + PACKET_OVERHEAD;
                    self.stats.send_modify(|stats| {
                        stats.audio_packets += 1;
                        stats.audio_bytes += out.payload.len() as u64;
                    });
                    (stream, packet)
                }
                Queued::Video(out) => {
                    let (Some(stream), Some(payload_type)) =
                        (&mut self.video, self.permission.video)
                    else {
                        continue;
                    };
                    let packet = stream.packet(&out, payload_type);
                    self.history.remember(
                        packet.header.sequence_number,
                        packet.clone(),
                        clock::now(),
                    );
                    self.stats.send_modify(|stats| stats.video_bytes += out.payload.len() as u64);
                    self.protect(&packet, out.group_ends);
                    let Some(stream) = &mut self.video else { continue };
                    (stream, packet)
                }
                Queued::Parity { rtp_timestamp, payload } => {
                    self.side.bytes += payload.len() + PACKET_OVERHEAD;
                    self.stats.send_modify(|stats| stats.parity += 1);
                    let Some((stream, packet)) = self.parity_packet(false, rtp_timestamp, payload)
                    else {
                        continue;
                    };
                    (stream, packet)
                }
                Queued::Probe(bytes) => {
                    let payload =
                        Bytes::from(vec![0xff; bytes.saturating_sub(PACKET_OVERHEAD).max(1)]);
                    let Some((stream, packet)) = self.parity_packet(true, 0, payload) else {
                        continue;
                    };
                    (stream, packet)
                }
                Queued::Repair(packet) => {
                    let Some(stream) = &mut self.video else { continue };
                    self.side.bytes += packet.payload.len() + PACKET_OVERHEAD;
                    self.stats.send_modify(|stats| stats.retransmitted += 1);
                    (stream, packet)
                }
            };
            if stream.track.write_rtp(packet).await.is_err() {
                // Only when the connection is gone, which its owner learns elsewhere.
                tracing::trace!("a packet could not be sent");
            }
        }
    }
}

fn ticks() -> Interval {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
