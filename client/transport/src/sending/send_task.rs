//! The sending task: encoded media in; RTP packets out through the pacer, retransmissions on
//! demand, and targets for the encoders.
//!
//! One task owns it all, so there is no lock between a packet and the wire. Until the peer
//! connection is up, what comes is dropped: nothing that was encoded earlier would be of use, and
//! the first video frame is to be a key frame.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use rtc::rtp;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, sleep_until};
use webrtc::media_stream::track_local::TrackLocal;

use super::audio_out::AudioOut;
use super::encoder_targets::EncoderTargets;
use super::file_share::FileShare;
use super::handover::{Handover, Outlet, nobody, nothing};
use super::outgoing_stream::{Outgoing, OutgoingStream};
use super::pacer::{Enqueued, Pacer};
use super::packetizer::{MAX_PAYLOAD, packetize};
use super::queued::Queued;
use super::send_history::{SendHistory, sent_after};
use super::video_budget::VideoBudget;
use super::video_pause::{PauseStep, VideoPause};
use crate::clock;
use crate::fec::protection::{Outlook, fec_packets_for};
use crate::fec::{FecEncoder, MediaPacket, group_size};
use crate::feedback::media_path::{Feedback, MediaPath};
use crate::formats::MediaKind;
use crate::{AudioControl, KeyFrame, VideoControl};
use visavis_media::frame::{EncodedAudio, EncodedVideo, SAMPLE_RATE};
use visavis_media::h264_level::H264Level;
use visavis_media::h264_profile::H264Profile;
use visavis_media::units::Bitrate;

/// What a packet costs beyond its payload and what its path adds: RTP header and transport-wide
/// number.
const RTP_OVERHEAD: usize = 12 + 8;
/// Retransmissions that would take longer than this are not worth it.
const MAX_RETRANSMISSION_DELAY: Duration = Duration::from_millis(150);
/// How often targets and rates are looked after.
const TICK: Duration = Duration::from_millis(50);
/// Audio that begins later than this after the end of what was before it was interrupted, and its
/// RTP timestamp jumps.
const MAX_AUDIO_GAP: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Permission {
    /// Changes with each new connection, which begins with a key frame. Zero before the first.
    pub(crate) connections: u32,
    /// Whether packets get through now.
    pub(crate) connected: bool,
    /// The negotiated payload types; `None` where the other does not want it.
    pub(crate) audio: Option<u8>,
    /// That of redundant audio (RED); `None` where the other takes none.
    pub(crate) red: Option<u8>,
    /// See `audio`.
    pub(crate) video: Option<u8>,
    /// See `audio`: of video by the main profile.
    pub(crate) main_profile: Option<u8>,
    /// See `audio`: of FEC packets for video.
    pub(crate) fec: Option<u8>,
    /// Up to which level the other takes video, where it said so.
    pub(crate) level: Option<H264Level>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SendStats {
    pub(crate) video_bytes: u64,
    pub(crate) audio_packets: u64,
    pub(crate) audio_bytes: u64,
    pub(crate) retransmitted: u64,
    pub(crate) fec_packets: u64,
}

/// What the task reads from: media, feedback, and what may be sent.
pub(crate) struct SendInputs {
    pub(crate) video: mpsc::Receiver<EncodedVideo>,
    pub(crate) audio: mpsc::Receiver<EncodedAudio>,
    pub(crate) feedback: mpsc::Receiver<Feedback>,
    pub(crate) permission: watch::Receiver<Permission>,
    pub(crate) handovers: mpsc::Receiver<Handover>,
}

/// The sending task: [`Self::run`] is its loop.
pub(crate) struct SendTask {
    media_path: Arc<MediaPath>,
    audio: Option<OutgoingStream>,
    audio_out: AudioOut,
    video: Option<OutgoingStream>,
    pacer: Pacer<Queued>,
    history: SendHistory<rtp::Packet>,
    fec: FecEncoder,
    /// FEC packets and probes. They leave with the SSRC of the video stream, the only one that the
    /// library lets out; the outbound interceptor gives them their own.
    fec_stream: Option<OutgoingStream>,
    permission: Permission,
    encoder: EncoderTargets,
    /// After video was dropped, nothing but a key frame is sent.
    key_frame_only: bool,
    video_pause: VideoPause,
    /// The last audio was silence that was not sent; what follows it begins a talkspurt (RFC 3551
    /// §4.1).
    silence: bool,
    budget: VideoBudget,
    /// `None` where there are no data channels.
    files: Option<FileShare>,
    /// What a packet costs beyond its payload, on the path in use.
    packet_overhead: usize,
    stats: watch::Sender<SendStats>,
}

impl SendTask {
    pub(crate) fn new(
        media_path: Arc<MediaPath>,
        audio: Option<OutgoingStream>,
        video: Option<OutgoingStream>,
        (control, audio_control): (SyncSender<VideoControl>, SyncSender<AudioControl>),
        max_bitrate: Bitrate,
        files: Option<FileShare>,
        stats: watch::Sender<SendStats>,
    ) -> Self {
        let packet_overhead = RTP_OVERHEAD + media_path.state().wire_overhead;
        let fec_stream =
            video.as_ref().map(|video| OutgoingStream::new(Arc::clone(&video.track), video.ssrc));
        Self {
            media_path,
            audio,
            audio_out: AudioOut::new(audio_control),
            video,
            pacer: Pacer::new(Bitrate::from_kbps(10_000), clock::now()),
            history: SendHistory::default(),
            fec: FecEncoder::default(),
            fec_stream,
            permission: Permission::default(),
            encoder: EncoderTargets::new(control),
            key_frame_only: true,
            video_pause: VideoPause::default(),
            silence: true,
            budget: VideoBudget::new(max_bitrate, clock::now()),
            files,
            packet_overhead,
            stats,
        }
    }

    /// Runs until the permission's sender is gone.
    pub(crate) async fn run(mut self, mut inputs: SendInputs) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
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
                Some(handover) = inputs.handovers.recv() => {
                    self.hand_over(handover, &mut inputs);
                    (video_open, audio_open) = (true, true);
                }
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

    fn hand_over(&mut self, handover: Handover, inputs: &mut SendInputs) {
        match handover {
            Handover::Give(MediaKind::Audio, to) => {
                let control = self.audio_out.serve(nobody());
                let audio = std::mem::replace(&mut inputs.audio, nothing());
                // Who no longer waits for it is at an end, and with it the call.
                let _ = to.send(Outlet::Audio(audio, control));
            }
            Handover::Give(MediaKind::Video, to) => {
                let control = self.encoder.serve(nobody());
                let video = std::mem::replace(&mut inputs.video, nothing());
                let _ = to.send(Outlet::Video(video, control));
            }
            Handover::Take(Outlet::Audio(audio, control)) => {
                inputs.audio = audio;
                self.audio_out.serve(control);
            }
            Handover::Take(Outlet::Video(video, control)) => {
                inputs.video = video;
                self.encoder.serve(control);
                self.key_frame_only = true;
                self.encoder.begin(self.permission.video.is_some());
            }
        }
        self.tick(clock::now());
    }

    fn permitted(&mut self, permission: Permission) {
        if permission.connections != self.permission.connections {
            self.key_frame_only = true;
            self.encoder.begin(permission.video.is_some());
        }
        self.permission = permission;
        self.tick(clock::now());
    }

    fn tick(&mut self, now: Instant) {
        if let Some(files) = self.files.as_mut().filter(|_| self.permission.connected) {
            let useful = self.budget.useful(self.packet_overhead);
            self.budget.spend(files.update(now, &self.media_path, useful));
        }
        if self.permission.connected && self.permission.audio.is_some() {
            let (outcomes, loss, estimate) = {
                let mut state = self.media_path.state();
                let outcomes = state.sent.take_audio_outcomes();
                (outcomes, state.audio_loss.take(), state.estimator.target(now))
            };
            self.audio_out.adapt(now, outcomes, loss, estimate, self.permission.red.is_some());
        }
        let video = self.permission.connected && self.permission.video.is_some();
        self.encoder.wanted(video);
        if video {
            let target = self.video_target(now);
            let profile = match self.permission.main_profile {
                Some(_) => H264Profile::Main,
                None => H264Profile::ConstrainedBaseline,
            };
            self.encoder.send(Some(target), self.permission.level, Some(profile));
        }
    }

    /// What the estimate leaves to video. Sets the pacer's rate, and queues the probes that the
    /// estimator requests.
    fn video_target(&mut self, now: Instant) -> Bitrate {
        self.budget.update(now);
        let (estimate, burst, probe) = {
            let mut state = self.media_path.state();
            self.packet_overhead = RTP_OVERHEAD + state.wire_overhead;
            let estimator = &mut state.estimator;
            let estimate = estimator.target(now);
            // Probes are a kind of FEC packet, so that they take no sequence number of video.
            let useful = self.budget.useful(self.packet_overhead);
            let probe = self.permission.fec.and_then(|_| estimator.probe(now, useful));
            (estimate, estimator.burst_rate(), probe)
        };
        self.pacer.set_rate(burst);
        if let Some(probe) = probe {
            let packets =
                (0..probe.packets).map(|_| (Queued::Probe(probe.packet_bytes), probe.packet_bytes));
            self.pacer.push_probes(packets, probe.rate, now);
        }
        self.budget.target(estimate, self.packet_overhead)
    }

    fn feedback(&mut self, feedback: Feedback) {
        let now = clock::now();
        match feedback {
            // It may end a pause, which is looked at next.
            Feedback::Arrivals => {}
            Feedback::KeyFrame => {
                let rtt = self.media_path.state().rtt();
                self.encoder.key_frame_requested(now, rtt);
                self.tick(now);
            }
            Feedback::Missing(sequences) => self.retransmit(&sequences, now),
        }
    }

    fn retransmit(&mut self, sequences: &[u16], now: Instant) {
        let Outlook { loss, burst_length, estimate, .. } = self.outlook(now);
        let rtt = self.media_path.state().rtt();
        let sent_after = sent_after(self.permission.fec.is_some(), rtt, loss, burst_length);
        for &sequence in sequences {
            let Some(packet) = self.history.resend(sequence, now, rtt) else { continue };
            let bytes = packet.payload.len() + self.packet_overhead;
            for &after in sent_after {
                let packet = Queued::Retransmission(packet.clone());
                self.pacer.push_retransmission(packet, bytes, now + after);
            }
        }
        if self.pacer.retransmission_delay(estimate) > MAX_RETRANSMISSION_DELAY {
            self.start_over(now);
        }
    }

    fn outlook(&self, now: Instant) -> Outlook {
        let mut state = self.media_path.state();
        Outlook {
            loss: state.expected_loss(now),
            burst_length: state.estimator.loss_burst_length(),
            rtt: state.rtt().unwrap_or_default(),
            estimate: state.estimator.target(now),
        }
    }

    /// So much was lost that a key frame is there sooner than the retransmissions would be: a
    /// coarse one all the sooner.
    fn start_over(&mut self, now: Instant) {
        self.pacer.drop_video();
        self.history.clear();
        self.key_frame_only = true;
        self.encoder.key_frame(KeyFrame::Coarse);
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
        self.media_path.state().captured(MediaKind::Audio, rtp_timestamp, audio.captured_at);
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
        let (format, payload) =
            self.audio_out.payload(opus, self.permission.red, rtp_timestamp, &audio.data);
        let bytes = payload.len() + self.packet_overhead;
        let red = format != opus;
        let packet = Outgoing { payload, marker, rtp_timestamp, red, ..Outgoing::default() };
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
        let main_profile = video.profile == H264Profile::Main;
        if main_profile && self.permission.main_profile.is_none() {
            // It was encoded before this was agreed. What follows it can't be decoded without it.
            self.key_frame_only = true;
            return;
        }
        stream.advance_to(video.captured_at, 90_000);
        let rtp_timestamp = stream.rtp_timestamp;
        self.media_path.state().captured(MediaKind::Video, rtp_timestamp, video.captured_at);
        let payloads = packetize(&video.data, MAX_PAYLOAD);
        let last = payloads.len().saturating_sub(1);
        let group = group_size(payloads.len());
        let packets = payloads.into_iter().enumerate().map(|(index, payload)| {
            let bytes = payload.len() + self.packet_overhead;
            let marker = index == last;
            let group_ends = marker || (index + 1) % group == 0;
            let packet = Outgoing {
                payload,
                marker,
                rtp_timestamp,
                group_ends,
                main_profile,
                ..Outgoing::default()
            };
            (Queued::Video(packet), bytes)
        });
        match self.pacer.push_video(packets) {
            Enqueued::Queued => {
                self.key_frame_only = false;
                if video.key {
                    self.encoder.key_frame_sent = Some(clock::now());
                }
            }
            Enqueued::Dropped => {
                self.key_frame_only = true;
                self.encoder.key_frame(KeyFrame::Coarse);
                self.tick(clock::now());
            }
        }
    }

    /// Adds a video packet to its group, and queues FEC packets when that is whole.
    fn protect(&mut self, packet: &rtp::Packet, group_ends: bool) {
        if self.permission.fec.is_none() {
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
        let outlook = self.outlook(clock::now());
        let (rtp_timestamp, payloads) =
            self.fec.finish(fec_packets_for(self.fec.packets(), outlook));
        for payload in payloads {
            let bytes = payload.len() + self.packet_overhead;
            let packet = Outgoing { payload, rtp_timestamp, ..Outgoing::default() };
            self.pacer.push_fec(Queued::Fec(packet), bytes);
        }
    }

    /// A packet of the FEC stream; the marker bit says that it is a probe.
    fn fec_packet(&mut self, out: &Outgoing) -> Option<(&OutgoingStream, rtp::Packet)> {
        let stream = self.fec_stream.as_mut()?;
        let packet = stream.packet(out, self.permission.fec?);
        Some((stream, packet))
    }

    /// Pauses video while feedback is late.
    fn pause(&mut self, now: Instant) {
        let late = self.media_path.state().sent.feedback_is_late(now);
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

    async fn transmit(&mut self) {
        self.pause(clock::now());
        while let now = clock::now()
            && let Some(queued) = self.pacer.pop(now)
        {
            if let Some(files) = &mut self.files {
                let is_picture = matches!(queued, Queued::Video(_));
                files.media_leaves(queued.payload() + self.packet_overhead, is_picture, now);
            }
            let Some((stream, packet)) = self.numbered(queued) else { continue };
            if stream.track.write_rtp(packet).await.is_err() {
                // Only when the connection is gone, which its owner learns elsewhere.
                tracing::trace!("a packet could not be sent");
            }
        }
    }

    /// Makes the RTP packet of what the pacer let go, and counts it. `None` where its stream is not
    /// negotiated any more.
    fn numbered(&mut self, queued: Queued) -> Option<(&OutgoingStream, rtp::Packet)> {
        match queued {
            Queued::Audio(out) => {
                let payload_type =
                    if out.red { self.permission.red } else { self.permission.audio };
                let (stream, payload_type) = (self.audio.as_mut()?, payload_type?);
                self.budget.spend(out.payload.len() + self.packet_overhead);
                self.stats.send_modify(|stats| {
                    stats.audio_packets += 1;
                    stats.audio_bytes += out.payload.len() as u64;
                });
                let packet = stream.packet(&out, payload_type);
                Some((stream, packet))
            }
            Queued::Video(out) => {
                let Permission { video, main_profile, .. } = self.permission;
                let payload_type = if out.main_profile { main_profile } else { video };
                let packet = self.video.as_mut()?.packet(&out, payload_type?);
                let sequence = packet.header.sequence_number;
                self.history.remember(sequence, packet.clone(), clock::now());
                self.stats.send_modify(|stats| stats.video_bytes += out.payload.len() as u64);
                self.protect(&packet, out.group_ends);
                Some((self.video.as_ref()?, packet))
            }
            Queued::Fec(out) => {
                self.budget.spend(out.payload.len() + self.packet_overhead);
                self.stats.send_modify(|stats| stats.fec_packets += 1);
                self.fec_packet(&out)
            }
            Queued::Probe(bytes) => {
                let filler = vec![0xff; bytes.saturating_sub(self.packet_overhead).max(1)];
                let (marker, payload) = (true, filler.into());
                self.fec_packet(&Outgoing { payload, marker, ..Outgoing::default() })
            }
            Queued::Retransmission(packet) => {
                self.budget.spend(packet.payload.len() + self.packet_overhead);
                self.stats.send_modify(|stats| stats.retransmitted += 1);
                Some((self.video.as_ref()?, packet))
            }
        }
    }
}
