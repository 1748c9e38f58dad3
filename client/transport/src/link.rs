//! What the interceptors see of the wire and the tasks want to know of it.
//!
//! The interceptors run inside the library's driver, so they do little: they note figures in [`LinkState`] behind a
//! short lock and hand packets on through bounded queues, whose policy is to drop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rtc::interceptor::{History, PacketReport, convert_twcc};
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtp;
use tokio::sync::mpsc;

use super::audio_fates::AudioFates;
use super::estimator::{BandwidthEstimator, GoogCc, PacketResult, WIRE_OVERHEAD};
use visavis_media::units::Bitrate;

/// How many sender reports are remembered to measure the round trip with.
const REMEMBERED_REPORTS: usize = 16;
/// Packets on their way to the receiving task; about a second of a fast stream.
const INCOMING_QUEUE: usize = 2048;
/// The most sent packets whose fate is awaited; with feedback there are a few dozen.
const AWAITED: usize = 2000;
/// A packet that nothing was heard of for so long is not awaited any more.
const AWAITED_FOR: Duration = Duration::from_secs(2);
/// Feedback on its way to the sending task.
const FEEDBACK_QUEUE: usize = 256;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaKind {
    /// Opus.
    Audio,
    /// H.264.
    Video,
}

/// A media packet from the other.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: MediaKind,
    pub(crate) packet: rtp::Packet,
    /// When the socket gave it.
    pub(crate) arrival: Instant,
}

/// What the other says about what we send.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// These packets of the video stream did not arrive (RFC 4585 §6.2.1).
    Missing(Vec<u16>),
    /// A key frame is needed (PLI, RFC 4585 §6.3.1, or FIR, RFC 5104 §4.3.1).
    KeyFrame,
}

/// Figures that the interceptors keep.
pub(crate) struct LinkState {
    /// What the way carries.
    pub(crate) estimator: Box<dyn BandwidthEstimator>,
    /// Sent packets, to be joined with the feedback on them.
    awaited: History,
    /// What became of our sound.
    pub(crate) audio_fates: AudioFates,
    /// As what payload type the other sends redundant sound, where we offered that.
    pub(crate) red: Option<u8>,
    /// What the payload types stand for that the other sends with.
    pub(crate) payload_types: Vec<(u8, MediaKind)>,
    /// When anything (RTP or RTCP) last came.
    pub(crate) last_received: Option<Instant>,
    /// Smoothed round trip from receiver reports.
    rtt: Option<Duration>,
    /// Share of our packets lost, from the last receiver report on video, else on audio.
    pub(crate) loss_out: Option<f64>,
    pub(crate) nacks_sent: u64,
    pub(crate) nacks_received: u64,
    pub(crate) plis_sent: u64,
    pub(crate) plis_received: u64,
    sender_reports: VecDeque<(u32, Instant)>,
}

impl LinkState {
    fn new(estimator: Box<dyn BandwidthEstimator>) -> Self {
        Self {
            estimator,
            awaited: History::new(),
            audio_fates: AudioFates::default(),
            red: None,
            payload_types: Vec::new(),
            last_received: None,
            rtt: None,
            loss_out: None,
            nacks_sent: 0,
            nacks_received: 0,
            plis_sent: 0,
            plis_received: 0,
            sender_reports: VecDeque::new(),
        }
    }

    /// A packet leaves for the wire, numbered for transport-wide feedback where that was negotiated.
    pub(crate) fn packet_left(&mut self, header: &rtp::Header, bytes: usize, number: Option<u16>, now: Instant) {
        let bytes = bytes + WIRE_OVERHEAD;
        self.estimator.on_packet_sent(now, bytes);
        let Some(number) = number else { return };
        if self.awaited.len() >= AWAITED
            && let Some(cutoff) = now.checked_sub(AWAITED_FOR)
        {
            self.awaited.prune_before(cutoff);
            if self.awaited.len() >= AWAITED {
                self.awaited = History::new();
            }
        }
        self.awaited.add_outgoing(header.ssrc, header.sequence_number, true, number, bytes, now);
    }

    /// The other tells which packets came when.
    pub(crate) fn packets_reported(&mut self, feedback: &TransportLayerCc, now: Instant) {
        for acknowledgement in convert_twcc(feedback) {
            self.awaited.on_twcc_feedback(now, acknowledgement);
        }
        let result = |report: PacketReport| PacketResult {
            sent: report.departure,
            bytes: report.size,
            arrival: report.arrival.filter(|_| report.arrived),
        };
        let results: Vec<PacketResult> = self.awaited.take_reports().into_iter().map(result).collect();
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
        let Some(&(_, left)) = self.sender_reports.iter().find(|(ntp, _)| *ntp == last_report) else { return };
        let held = Duration::from_secs_f64(f64::from(delay) / 65_536.0);
        // The other's clock is not ours; a round trip below zero says nothing.
        if let Some(sample) = now.duration_since(left).checked_sub(held) {
            let rtt = self.rtt.map_or(sample, |rtt| (rtt * 7 + sample) / 8);
            self.rtt = Some(rtt);
            self.estimator.on_rtt(rtt);
        }
    }

    /// The round trip, where measured.
    pub(crate) fn rtt(&self) -> Option<Duration> {
        self.rtt
    }
}

/// Shared by the interceptors and the tasks.
pub(crate) struct Link {
    state: Mutex<LinkState>,
    feedback: mpsc::Sender<Feedback>,
    incoming: mpsc::Sender<Incoming>,
}

impl Link {
    /// A link that is never estimated to carry more than `max`, and the ends of its queues.
    pub(crate) fn new(max: Bitrate) -> (Arc<Self>, mpsc::Receiver<Feedback>, mpsc::Receiver<Incoming>) {
        let (feedback, feedback_rx) = mpsc::channel(FEEDBACK_QUEUE);
        let (incoming, incoming_rx) = mpsc::channel(INCOMING_QUEUE);
        let state = Mutex::new(LinkState::new(Box::new(GoogCc::new(max))));
        (Arc::new(Self { state, feedback, incoming }), feedback_rx, incoming_rx)
    }

    /// The figures.
    pub(crate) fn state(&self) -> MutexGuard<'_, LinkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes feedback on. What does not fit is dropped: whoever misses something asks again.
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

    fn state() -> LinkState {
        LinkState::new(Box::new(GoogCc::new(Bitrate::from_kbps(1000))))
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
    fn an_echo_of_a_report_that_was_never_sent_or_from_the_future_says_nothing() {
        let mut state = state();
        let start = Instant::now();
        state.sender_report_left(7, start);
        state.report_echoed(8, 0, start + Duration::from_millis(40));
        state.report_echoed(7, 65_536, start + Duration::from_millis(40));
        assert_eq!(state.rtt(), None);
    }
}
