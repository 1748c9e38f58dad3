//! The statistics of a peer connection.
//!
//! In: what the sending and the receiving task, the media path and the library count. Out:
//! [`PeerStats`] as of now, of a connection or of all that a call has. Nothing here keeps a
//! connection alive.

use std::sync::{Arc, Weak};

use tokio::sync::watch;
use webrtc::peer_connection::{PeerConnection, RTCStatsReport, RTCStatsReportEntry, StatsSelector};

use crate::PeerStats;
use crate::clock;
use crate::feedback::media_path::MediaPath;
use crate::peer::place::Place;
use crate::peer::video_agreement::VideoAgreement;
use crate::receiving::receive_task::ReceiveStats;
use crate::sending::send_task::SendStats;

/// Where the statistics come from.
#[derive(Clone)]
pub(super) struct StatisticsSources {
    pub(super) media_path: Arc<MediaPath>,
    pub(super) pc: Weak<dyn PeerConnection>,
    pub(super) sent: watch::Receiver<SendStats>,
    pub(super) received: watch::Receiver<ReceiveStats>,
    pub(super) agreement: watch::Receiver<Option<VideoAgreement>>,
}

impl StatisticsSources {
    /// The statistics as they are now.
    pub(super) async fn read(&self) -> PeerStats {
        let library = match self.pc.upgrade() {
            Some(pc) => Some(pc.get_stats(clock::now(), StatsSelector::None).await),
            None => None,
        };
        let sent = *self.sent.borrow();
        let received = *self.received.borrow();
        let mut stats = PeerStats {
            video_bytes_sent: sent.video_bytes,
            video_bytes_received: received.video_bytes,
            audio_bytes_received: received.audio_bytes,
            audio_packets_sent: sent.audio_packets,
            audio_bytes_sent: sent.audio_bytes,
            audio_packets_received: received.audio_packets,
            audio_packets_lost: received.audio_lost,
            retransmitted: sent.retransmitted,
            fec_packets_sent: sent.fec_packets,
            packets_recovered: received.packets_recovered,
            frames_dropped: received.frames_dropped,
            video_jitter_buffer_ms: received.jitter_buffer.map(|time| time.as_secs_f64() * 1e3),
            loss_in: received.loss,
            video: *self.agreement.borrow(),
            ..PeerStats::default()
        };
        {
            let mut media_path = self.media_path.state();
            stats.estimated = Some(media_path.estimator.target(clock::now()));
            stats.rtt_ms = media_path.rtt().map(|rtt| rtt.as_secs_f64() * 1e3);
            stats.loss_out = media_path.loss_out;
            stats.nacks_sent = media_path.nacks_sent;
            stats.nacks_received = media_path.nacks_received;
            stats.plis_sent = media_path.plis_sent;
            stats.plis_received = media_path.plis_received;
            stats.ice_restarts = media_path.ice_restarts;
        }
        if let Some(library) = library {
            add_library_statistics(&library, &mut stats);
        }
        stats
    }
}

/// Where the statistics of all connections of a call come from.
#[derive(Clone)]
pub(super) struct CallStatistics {
    first: StatisticsSources,
    pub(super) second: Option<StatisticsSources>,
    /// Who carries video.
    pub(super) video_at: Place,
    /// What second connections that are closed had counted.
    past: PeerStats,
}

impl CallStatistics {
    /// Those of one connection.
    pub(super) fn of(first: StatisticsSources) -> Self {
        Self { first, second: None, video_at: Place::First, past: PeerStats::default() }
    }

    /// The second connection is closed; `last` is what it counted.
    pub(super) fn second_is_closed(&mut self, last: Option<PeerStats>) {
        self.second = None;
        self.video_at = Place::First;
        if let Some(last) = last {
            self.past = counted_together(std::mem::take(&mut self.past), &last);
        }
    }

    /// The statistics as they are now.
    pub(super) async fn read(&self) -> PeerStats {
        let first = self.first.read().await;
        let joined = match &self.second {
            Some(second) => joined(first, &second.read().await, self.video_at),
            None => first,
        };
        counted_together(joined, &self.past)
    }
}

/// The statistics of two connections of which one carries video: the path is that of the first,
/// the capacity that of video.
fn joined(first: PeerStats, second: &PeerStats, video_at: Place) -> PeerStats {
    let of_video = if video_at == Place::Second { second } else { &first };
    let worse = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    };
    let joined = PeerStats {
        loss_in: worse(first.loss_in, second.loss_in),
        loss_out: worse(first.loss_out, second.loss_out),
        estimated: of_video.estimated,
        video_jitter_buffer_ms: of_video.video_jitter_buffer_ms,
        video: of_video.video,
        rtt_ms: first.rtt_ms.or(second.rtt_ms),
        ice_restarts: first.ice_restarts.max(second.ice_restarts),
        ..first
    };
    counted_together(joined, second)
}

/// The same with what another connection has counted.
fn counted_together(mut stats: PeerStats, other: &PeerStats) -> PeerStats {
    for (count, more) in [
        (&mut stats.video_bytes_sent, other.video_bytes_sent),
        (&mut stats.video_bytes_received, other.video_bytes_received),
        (&mut stats.audio_packets_sent, other.audio_packets_sent),
        (&mut stats.audio_bytes_sent, other.audio_bytes_sent),
        (&mut stats.audio_packets_received, other.audio_packets_received),
        (&mut stats.audio_bytes_received, other.audio_bytes_received),
        (&mut stats.audio_packets_lost, other.audio_packets_lost),
        (&mut stats.nacks_sent, other.nacks_sent),
        (&mut stats.nacks_received, other.nacks_received),
        (&mut stats.plis_sent, other.plis_sent),
        (&mut stats.plis_received, other.plis_received),
        (&mut stats.retransmitted, other.retransmitted),
        (&mut stats.fec_packets_sent, other.fec_packets_sent),
        (&mut stats.packets_recovered, other.packets_recovered),
        (&mut stats.frames_dropped, other.frames_dropped),
    ] {
        *count += more;
    }
    stats
}

/// What only the library knows: the addresses in use and how they are protected.
fn add_library_statistics(report: &RTCStatsReport, stats: &mut PeerStats) {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let Some(transport) = report.transport() else { return };
    stats.dtls = match (known(&transport.tls_version), known(&transport.dtls_cipher)) {
        (Some(version), Some(cipher)) => Some(format!("{version} {cipher}")),
        (version, cipher) => version.or(cipher),
    };
    stats.srtp = known(&transport.srtp_cipher);
    let selected = report
        .candidate_pairs()
        .find(|pair| pair.stats.id == transport.selected_candidate_pair_id)
        .or_else(|| report.candidate_pairs().find(|pair| pair.nominated));
    let Some(pair) = selected else { return };
    if stats.rtt_ms.is_none() && pair.current_round_trip_time > 0.0 {
        stats.rtt_ms = Some(pair.current_round_trip_time * 1e3);
    }
    // The report files candidates under other names than those it gives in the pair.
    for entry in report.iter() {
        match entry {
            RTCStatsReportEntry::LocalCandidate(local)
                if local.stats.id.ends_with(&pair.local_candidate_id) =>
            {
                stats.local_candidate = Some(local.candidate_type.to_string());
                stats.protocol = known(&local.protocol.to_lowercase());
            }
            RTCStatsReportEntry::RemoteCandidate(remote)
                if remote.stats.id.ends_with(&pair.remote_candidate_id) =>
            {
                stats.remote_candidate = Some(remote.candidate_type.to_string());
            }
            _ => {}
        }
    }
    // One that was found by a check from it, and so was never given to us, is not in the report.
    stats.remote_candidate.get_or_insert_with(|| "prflx".to_owned());
}
