//! What the interceptors see of the wire and the tasks want to know of it: the media path's state.
//!
//! The interceptors run inside the library's driver, so they do little: they keep statistics in
//! [`MediaPathState`] behind a short lock and hand packets on through bounded queues, whose policy
//! is to drop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rtc::interceptor::convert_twcc;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtp;
use tokio::sync::{mpsc, watch};

use super::media_status::MediaStatus;
use super::sent_packets::SentPackets;
use crate::estimator::GoogCc;
use crate::formats::MediaKind;
use crate::path::wire_overhead;
use visavis_media::lip_sync::{SenderClock, SharedLipSync};
use visavis_media::units::Bitrate;

/// How many sender reports are remembered to measure the round trip with.
const REMEMBERED_REPORTS: usize = 16;
/// Packets on their way to the receiving task; about a second of a fast stream.
const INCOMING_QUEUE: usize = 2048;
/// Feedback on its way to the sending task.
const FEEDBACK_QUEUE: usize = 256;
/// How long the other may take to answer an ICE restart, and to find a pair.
const RESTART_TAKES: Duration = Duration::from_secs(2);
/// How much later than us the other may find a pair, and report what came.
const RESTART_SETTLES: Duration = Duration::from_millis(500);

/// Where packets got lost during the set-up, this share is expected to get lost until there is
/// better knowledge.
const SET_UP_LOSS: f64 = 0.1;
/// And that there is after so long.
const SET_UP_LOSS_COUNTS: Duration = Duration::from_millis(1500);

/// What a packet of ours holds, as far as feedback on it is read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Audio,
    /// Video, or repair packets for it.
    Video,
    /// Part of a cluster that the estimator requested.
    Probe,
}

#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: MediaKind,
    /// Whether it is a FEC packet for others of its kind (ADR 9).
    pub(crate) fec: bool,
    pub(crate) packet: rtp::Packet,
    /// When the socket gave it.
    pub(crate) arrival: Instant,
}

/// What the other reports of what we send.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// These packets of the video stream did not arrive (RFC 4585 §6.2.1).
    Missing(Vec<u16>),
    /// Packets arrived, or did not: the ledger knows which.
    Arrivals,
    /// A key frame is needed (PLI, RFC 4585 §6.3.1, or FIR, RFC 5104 §4.3.1).
    KeyFrame,
}

/// What the interceptors keep and the tasks read.
pub(crate) struct MediaPathState {
    pub(crate) estimator: GoogCc,
    /// What a media packet costs on the path in use beyond its RTP packet, in bytes.
    pub(crate) wire_overhead: usize,
    /// Sent packets, to be joined with the feedback on them.
    pub(crate) sent: SentPackets,
    /// Share of our audio packets lost, from a receiver report that nobody has read yet.
    pub(crate) audio_loss: Option<f64>,
    /// The payload type of the other's redundant audio (RED), where we offered that.
    pub(crate) red: Option<u8>,
    /// What the payload types stand for that the other sends with.
    pub(crate) payload_types: Vec<(u8, MediaKind)>,
    /// Where they don't tell: the header extension with the name of a packet's section, the names,
    /// and what they stand for.
    pub(crate) named_sections: Vec<(u8, String, MediaKind)>,
    /// The payload type of the other's FEC packets.
    pub(crate) fec_in: Option<u8>,
    /// The payload type and the SSRC of our FEC packets, where the other takes them.
    pub(crate) fec_out: Option<u8>,
    pub(crate) fec_ssrc: u32,
    /// What the other said last of their microphone and camera, until it is passed on.
    pub(crate) their_status: Option<MediaStatus>,
    /// When anything (RTP or RTCP) last came.
    pub(crate) last_received: Option<Instant>,
    /// Smoothed round trip from receiver reports.
    rtt: Option<Duration>,
    /// That of ICE's checks, until there are reports.
    set_up_rtt: Option<Duration>,
    /// Until when packets are taken to get lost, as they did while the connection was set up.
    lossy_until: Option<Instant>,
    /// Share of our packets lost, from the last receiver report on video, else on audio.
    pub(crate) loss_out: Option<f64>,
    pub(crate) nacks_sent: u64,
    pub(crate) nacks_received: u64,
    pub(crate) plis_sent: u64,
    pub(crate) plis_received: u64,
    pub(crate) ice_restarts: u32,
    sender_reports: VecDeque<(u32, Instant)>,
    /// Which RTP timestamp of our audio, and of our video, was captured when.
    captured: [Option<(u32, Instant)>; 2],
}

impl MediaPathState {
    fn new(max: Bitrate) -> Self {
        Self {
            estimator: GoogCc::new(max),
            wire_overhead: wire_overhead::DIRECT_IPV4,
            sent: SentPackets::default(),
            audio_loss: None,
            red: None,
            payload_types: Vec::new(),
            named_sections: Vec::new(),
            fec_in: None,
            fec_out: None,
            fec_ssrc: rand::random_range(1..u32::MAX),
            their_status: None,
            last_received: None,
            rtt: None,
            set_up_rtt: None,
            lossy_until: None,
            loss_out: None,
            nacks_sent: 0,
            nacks_received: 0,
            plis_sent: 0,
            plis_received: 0,
            ice_restarts: 0,
            sender_reports: VecDeque::new(),
            captured: [None; 2],
        }
    }

    /// A packet of so many bytes leaves for the wire, numbered for transport-wide feedback where
    /// that was negotiated.
    pub(crate) fn packet_left(
        &mut self,
        content: Content,
        bytes: usize,
        number: Option<u16>,
        now: Instant,
    ) {
        let bytes = bytes + self.wire_overhead;
        self.estimator.on_packet_sent(now, bytes, content == Content::Probe);
        match (number, content) {
            (Some(number), Content::Audio) => self.sent.audio_sent(number, bytes, now),
            (Some(number), _) => self.sent.sent(number, bytes, now),
            (None, _) => {}
        }
    }

    /// ICE is restarted. Both buffer what they send until it has a pair, feedback as well.
    pub(crate) fn restart_begins(&mut self, now: Instant) {
        self.sent.excuse_feedback(now + RESTART_TAKES);
    }

    /// ICE has a pair again. The other may see it later.
    pub(crate) fn restart_ends(&mut self, now: Instant) {
        self.sent.excuse_feedback(now + RESTART_SETTLES);
    }

    /// The other reports which packets came when.
    pub(crate) fn packets_reported(&mut self, feedback: &TransportLayerCc, now: Instant) {
        // One that arrived, but without a time, is of no use.
        let reports = convert_twcc(feedback)
            .into_iter()
            .filter(|report| report.arrived == report.arrival.is_some())
            .map(|report| (report.sequence_number, report.arrival));
        let results = self.sent.reported(now, reports);
        self.estimator.on_feedback(now, &results);
    }

    /// Remembers when a sender report left. `ntp` is the middle 32 bits of its NTP time.
    pub(crate) fn sender_report_left(&mut self, ntp: u32, now: Instant) {
        if self.sender_reports.len() >= REMEMBERED_REPORTS {
            self.sender_reports.pop_front();
        }
        self.sender_reports.push_back((ntp, now));
    }

    /// Takes a reception report's echo of a sender report (RFC 3550 §6.4.1: LSR and DLSR).
    pub(crate) fn report_echoed(&mut self, last_report: u32, delay: u32, now: Instant) {
        let Some(&(_, left)) = self.sender_reports.iter().find(|(ntp, _)| *ntp == last_report)
        else {
            return;
        };
        let held = Duration::from_secs_f64(f64::from(delay) / 65_536.0);
        // The other's clock is not ours; a round trip below zero says nothing.
        if let Some(sample) = now.duration_since(left).checked_sub(held) {
            let rtt = self.rtt.map_or(sample, |rtt| (rtt * 7 + sample) / 8);
            self.rtt = Some(rtt);
            self.estimator.on_rtt(rtt);
        }
    }

    /// What we sent last of this kind had this RTP timestamp and was captured at this moment.
    pub(crate) fn captured(&mut self, kind: MediaKind, rtp_timestamp: u32, at: Instant) {
        self.captured[kind as usize] = Some((rtp_timestamp, at));
    }

    /// The RTP timestamp of what is captured now.
    pub(crate) fn capture_time(&self, kind: MediaKind, now: Instant) -> Option<u32> {
        let (rtp_timestamp, at) = self.captured[kind as usize]?;
        let since = now.saturating_duration_since(at).as_secs_f64() * f64::from(kind.clock_rate());
        Some(rtp_timestamp.wrapping_add(since as u32))
    }

    /// The connection is set up: its checks took this round trip, and packets got lost or not.
    /// Media begins with that knowledge.
    pub(crate) fn set_up(&mut self, rtt: Option<Duration>, lossy: bool, now: Instant) {
        self.set_up_rtt = rtt;
        self.lossy_until = lossy.then(|| now + SET_UP_LOSS_COUNTS);
    }

    /// The round trip, where measured.
    pub(crate) fn rtt(&self) -> Option<Duration> {
        self.rtt.or(self.set_up_rtt)
    }

    /// The share of packets that is to be expected to get lost although queues are short, 0 to 1.
    pub(crate) fn expected_loss(&self, now: Instant) -> f64 {
        let assumed =
            if self.lossy_until.is_some_and(|until| now < until) { SET_UP_LOSS } else { 0.0 };
        self.estimator.random_loss().max(assumed)
    }
}

/// What both ends say of their microphone and camera; the connections of a call share it.
#[derive(Debug)]
pub(crate) struct Statuses {
    pub(crate) ours: watch::Sender<Option<MediaStatus>>,
    pub(crate) theirs: watch::Sender<Option<MediaStatus>>,
}

impl Default for Statuses {
    fn default() -> Self {
        Self { ours: watch::Sender::new(None), theirs: watch::Sender::new(None) }
    }
}

/// What the interceptors and the tasks share: the state, and the queues from one to the other.
pub(crate) struct MediaPath {
    state: Mutex<MediaPathState>,
    lip_sync: Arc<SharedLipSync>,
    pub(crate) statuses: Arc<Statuses>,
    feedback: mpsc::Sender<Feedback>,
    incoming: mpsc::Sender<Incoming>,
}

impl MediaPath {
    /// A media path that is never estimated to carry more than `max`, and the ends of its queues.
    pub(crate) fn new(
        max: Bitrate,
        lip_sync: Arc<SharedLipSync>,
        statuses: Arc<Statuses>,
    ) -> (Arc<Self>, mpsc::Receiver<Feedback>, mpsc::Receiver<Incoming>) {
        let (feedback, feedback_rx) = mpsc::channel(FEEDBACK_QUEUE);
        let (incoming, incoming_rx) = mpsc::channel(INCOMING_QUEUE);
        let state = Mutex::new(MediaPathState::new(max));
        let path = Self { state, lip_sync, statuses, feedback, incoming };
        (Arc::new(path), feedback_rx, incoming_rx)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, MediaPathState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sender report of the other's came.
    pub(crate) fn their_clock(&self, kind: MediaKind, ntp: u64, rtp_timestamp: u32, now: Instant) {
        let clock = SenderClock { ntp, rtp_timestamp, clock_rate: kind.clock_rate() };
        match kind {
            MediaKind::Audio => self.lip_sync.lock().audio_report(clock, now),
            MediaKind::Video => self.lip_sync.lock().video_report(clock, now),
        }
    }

    /// Passes feedback on. What does not fit is dropped: a request is repeated.
    pub(crate) fn feedback(&self, feedback: Feedback) {
        let _ = self.feedback.try_send(feedback);
    }

    /// Passes a packet on. What does not fit is dropped, as the network might have.
    pub(crate) fn incoming(&self, incoming: Incoming) {
        let _ = self.incoming.try_send(incoming);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> MediaPathState {
        MediaPathState::new(Bitrate::from_kbps(1000))
    }

    #[test]
    fn a_packet_counts_with_what_its_path_adds() {
        let (mut state, now) = (state(), Instant::now());
        state.packet_left(Content::Video, 1000, Some(1), now);
        state.wire_overhead = 10 + 4 + 8 + 40;
        state.packet_left(Content::Video, 1000, Some(2), now);
        let arrival = Some(Duration::ZERO);
        let results = state.sent.reported(now, [(1, arrival), (2, arrival)]);
        assert_eq!(results.iter().map(|result| result.bytes).collect::<Vec<_>>(), [1038, 1062]);
    }

    #[test]
    fn the_round_trip_is_what_was_not_spent_at_the_other_end() {
        let mut state = state();
        let start = Instant::now();
        state.sender_report_left(7, start);
        state.report_echoed(7, 65_536 / 2, start + Duration::from_millis(540));
        let rtt = state.rtt().expect("measured");
        assert!(rtt.abs_diff(Duration::from_millis(40)) < Duration::from_micros(10), "{rtt:?}");
    }

    #[test]
    fn the_time_of_capture_goes_on_between_two_packets_and_over_the_wrap() {
        let mut state = state();
        let start = Instant::now();
        assert_eq!(state.capture_time(MediaKind::Audio, start), None);
        state.captured(MediaKind::Audio, u32::MAX - 479, start);
        state.captured(MediaKind::Video, 1000, start);
        let later = start + Duration::from_millis(20);
        assert_eq!(state.capture_time(MediaKind::Audio, later), Some(480));
        assert_eq!(state.capture_time(MediaKind::Video, later), Some(2800));
    }

    #[test]
    fn an_echo_of_a_report_that_was_never_sent_or_from_the_future_says_nothing() {
        let mut state = state();
        let start = Instant::now();
        state.sender_report_left(7, start);
        state.report_echoed(8, 0, start + Duration::from_millis(40));
        state.report_echoed(7, 65_536, start + Duration::from_millis(40));
        assert_eq!(state.rtt(), None);
    }
}
