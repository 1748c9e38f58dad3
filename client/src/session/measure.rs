//! Follows one call with a stopwatch and puts its [`Report`] together when it is over.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use visavis_shared::{CallId, Username};

use crate::call::event::EndReason;
use crate::session::ending::outcome;
use crate::session::pipeline::PipelineStatistics;
use crate::session::process;
use crate::session::report::{Network, Report, Security, Setup, Sync};
use crate::session::video_trouble::{VideoTrouble, VideoTroubles};
use crate::transport::{Peer, PeerStats};
use crate::trust::{CallTrust, CodeState, Standing};

/// How long the last statistics may take to come in after the end of a call.
const STATISTICS_WITHIN: Duration = Duration::from_secs(2);

/// What is measured of each call.
#[derive(Debug)]
pub(super) struct CallMeasurements {
    started: Instant,
    login: Option<Duration>,
    current: Moments,
}

/// What was noted of the current call.
#[derive(Debug, Default)]
struct Moments {
    call: Option<CallId>,
    begun_at: Option<Instant>,
    accepted_at: Option<Instant>,
    connected_at: Option<Instant>,
    /// What kept video from being seen when it was last looked at.
    video_troubles: VideoTroubles,
    /// Whether there was a camera.
    had_camera: bool,
    /// Who was at the other end.
    trust: Option<CallTrust>,
    /// Where the last statistics of the connection and its pipelines will come from.
    last: Option<(Peer, oneshot::Receiver<PipelineStatistics>)>,
}

impl CallMeasurements {
    pub(super) fn new(started: Instant) -> Self {
        Self { started, login: None, current: Moments::default() }
    }

    pub(super) fn logged_in(&mut self, took: Duration) {
        self.login = Some(took);
    }

    /// We call, or are called.
    pub(super) fn begun(&mut self, at: Instant) {
        self.current = Moments { begun_at: Some(at), ..Moments::default() };
    }

    pub(super) fn named(&mut self, call: &CallId) {
        self.current.call = Some(call.clone());
    }

    /// The callee has accepted, here or there.
    pub(super) fn accepted(&mut self, at: Instant) {
        self.current.accepted_at.get_or_insert(at);
    }

    pub(super) fn connected(&mut self, at: Instant) {
        self.current.connected_at.get_or_insert(at);
    }

    /// What keeps video from being seen now, and whether there is a camera.
    pub(super) fn video(&mut self, troubles: VideoTroubles, has_camera: bool) {
        (self.current.video_troubles, self.current.had_camera) = (troubles, has_camera);
    }

    /// Who is at the other end, as far as that is known by now.
    pub(super) fn trust(&mut self, trust: CallTrust) {
        self.current.trust = Some(trust);
    }

    /// The connection is closing; its last statistics come from here.
    pub(super) fn closing(&mut self, peer: Peer, pipeline: oneshot::Receiver<PipelineStatistics>) {
        self.current.last = Some((peer, pipeline));
    }

    /// The call is over: gathers what is still to come and sends the report.
    pub(super) fn finish(
        &mut self,
        peer: &Username,
        (reason, talked): (&EndReason, Option<Duration>),
        reports: mpsc::Sender<Report>,
    ) {
        let (outcome, _) = outcome(reason, talked);
        let Moments {
            call,
            begun_at,
            accepted_at,
            connected_at,
            mut video_troubles,
            had_camera,
            trust,
            last,
        } = std::mem::take(&mut self.current);
        let mut report = Report {
            outcome: outcome.to_owned(),
            peer: Some(peer.to_string()),
            call: call.map(String::from),
            setup: Setup {
                login_ms: self.login.map(milliseconds),
                accept_to_connected_ms: since(accepted_at, connected_at),
                ..Setup::default()
            },
            security: security(trust, reason),
            ..Report::default()
        };
        let started = self.started;
        tokio::spawn(async move {
            if let Some((peer, pipeline)) = last {
                let stats = tokio::time::timeout(STATISTICS_WITHIN, peer.closed()).await;
                let measured = tokio::time::timeout(STATISTICS_WITHIN, pipeline).await;
                if let (Ok(stats), Ok(Ok(measured))) = (&stats, &measured) {
                    let last = VideoTroubles::of(stats, measured, had_camera);
                    video_troubles.theirs = last.theirs.or(video_troubles.theirs);
                    video_troubles.ours = last.ours.or(video_troubles.ours);
                }
                if let Ok(stats) = stats {
                    add_peer_stats(&mut report, stats);
                }
                if let Ok(Ok(measured)) = measured {
                    add_pipeline_statistics(&mut report, measured, begun_at);
                }
                add_video_troubles(&mut report, video_troubles);
            }
            report.process = process::measure(started);
            if reports.try_send(report).is_err() {
                tracing::debug!("nobody reads the report of this call");
            }
        });
    }
}

fn add_pipeline_statistics(
    report: &mut Report,
    measured: PipelineStatistics,
    begun_at: Option<Instant>,
) {
    report.setup.call_to_first_video_ms = since(begun_at, measured.first_video_at);
    report.setup.call_to_first_audio_ms = since(begun_at, measured.first_audio_at);
    report.video.sent = measured.video_sent;
    if let Some(mut received) = measured.video_received {
        // Frames that never became whole are counted by the connection, those that did not decode
        // by the decoder.
        if let Some(waiting) = report.video.received.take() {
            received.jitter_buffer_ms = waiting.jitter_buffer_ms;
            received.frames_dropped = Some(
                received.frames_dropped.unwrap_or_default()
                    + waiting.frames_dropped.unwrap_or_default(),
            );
        }
        report.video.received = Some(received);
    }
    if let (Some(sent), Some(counted)) = (&mut report.audio.sent, measured.audio_sent) {
        sent.packets = sent.packets.or(counted.packets);
        sent.bytes = sent.bytes.or(counted.bytes);
    }
    if let Some(mut received) = measured.audio_received {
        if let Some(counted) = report.audio.received.take() {
            received.packets = counted.packets.or(received.packets);
            received.lost = counted.lost.or(received.lost);
        }
        report.audio.received = Some(received);
    }
    let glass =
        report.video.received.as_ref().and_then(|received| received.glass_to_glass_ms.as_ref());
    let ear = report.audio.received.as_ref().and_then(|received| received.mouth_to_ear_ms.as_ref());
    // Marks in video and audio give it exactly; a real camera and a voice have none.
    let by_marks = glass.zip(ear).map(|(glass, ear)| glass.p50 - ear.p50);
    report.sync = Sync { audio_ahead_of_video_ms_p50: by_marks.or(measured.audio_ahead_ms) };
}

/// What was known of whoever was at the other end.
fn security(trust: Option<CallTrust>, reason: &EndReason) -> Security {
    let identity = match trust {
        _ if matches!(reason, EndReason::KeyChanged(_)) => "changed",
        Some(trust) if trust.is_not_verified() => "none",
        Some(CallTrust { standing: Standing::New(_), .. }) => "new",
        Some(CallTrust { standing: Standing::Same { .. }, .. }) => "verified",
        Some(CallTrust { standing: Standing::Changed { .. }, .. }) => "changed",
        Some(CallTrust { standing: Standing::Unsigned, .. }) | None => "none",
    };
    let safety_code = match trust.map(|trust| trust.code) {
        Some(CodeState::Here(code)) => Some(code.to_string()),
        _ => None,
    };
    Security { peer_identity: Some(identity.to_owned()), safety_code, ..Security::default() }
}

fn add_peer_stats(report: &mut Report, stats: PeerStats) {
    use crate::session::report::{AudioReceived, AudioSent, VideoReceived};
    report.network = Network {
        rtt_ms: stats.rtt_ms,
        loss_out: stats.loss_out,
        loss_in: stats.loss_in,
        estimated_bps: stats.estimated.map(crate::media::units::Bitrate::bps),
        local_candidate: stats.local_candidate,
        remote_candidate: stats.remote_candidate,
        protocol: stats.protocol,
        ice_restarts: Some(stats.ice_restarts),
        nacks_sent: Some(stats.nacks_sent),
        nacks_received: Some(stats.nacks_received),
        plis_sent: Some(stats.plis_sent),
        plis_received: Some(stats.plis_received),
        retransmitted: Some(stats.retransmitted),
    };
    (report.security.dtls, report.security.srtp) = (stats.dtls, stats.srtp);
    if stats.audio_packets_sent > 0 {
        report.audio.sent = Some(AudioSent {
            packets: Some(stats.audio_packets_sent),
            bytes: Some(stats.audio_bytes_sent),
        });
    }
    if stats.audio_packets_received > 0 {
        report.audio.received = Some(AudioReceived {
            packets: Some(stats.audio_packets_received),
            lost: Some(stats.audio_packets_lost),
            ..AudioReceived::default()
        });
    }
    report.video.received = Some(VideoReceived {
        frames_dropped: Some(stats.frames_dropped),
        jitter_buffer_ms: stats.video_jitter_buffer_ms,
        ..VideoReceived::default()
    });
}

fn add_video_troubles(report: &mut Report, troubles: VideoTroubles) {
    let name = |trouble: VideoTrouble| trouble.name().to_owned();
    if let Some(trouble) = troubles.theirs {
        report.video.received.get_or_insert_default().problem = Some(name(trouble));
    }
    if let Some(trouble) = troubles.ours {
        report.video.sent.get_or_insert_default().problem = Some(name(trouble));
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn since(from: Option<Instant>, to: Option<Instant>) -> Option<f64> {
    Some(milliseconds(to?.checked_duration_since(from?)?))
}
