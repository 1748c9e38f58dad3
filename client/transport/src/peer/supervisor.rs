//! One connection of the library with the tasks that serve it: opened, watched and ended together.
//!
//! In: what the call has ([`Call`]), the ports of the media that it carries, commands. Out:
//! [`Report`]s, statistics, and what broke. What always holds: when it is closed or dropped, all of
//! it ends; when one of its tasks panics that is told, and the others go on until it is closed.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use visavis_media::units::Bitrate;
use webrtc::peer_connection::PeerConnection;

use super::connection::{Connection, LocalTrack};
use super::identity::Identity;
use super::negotiator::{Handler, Negotiator, Outputs, Report};
use super::place::Place;
use super::remote_candidates::{RemoteCandidates, TransportCandidates};
use super::runtime::SupervisedRuntime;
use super::statistics::StatisticsSources;
use super::{CLOSE_TIMEOUT, COMMAND_QUEUE, ice_servers};
use crate::data::DataChannels;
use crate::feedback::media_path::MediaPath;
use crate::formats::MediaKind;
use crate::path::destination::Reach;
use crate::path::resolver::Resolver;
use crate::path::socket::SocketLayer;
use crate::receiving::receive_task::{ReceiveStats, ReceiveTask};
use crate::sending::file_share::FileShare;
use crate::sending::handover::{Handover, Outlet};
use crate::sending::outgoing_stream::OutgoingStream;
use crate::sending::send_task::{Permission, SendInputs, SendStats, SendTask};
use crate::{MediaPorts, PeerCommand, PeerConfig, TransportError};

/// The most reports, and the most events of the library's, that wait.
const REPORT_QUEUE: usize = 256;

/// What all connections of a call have in common.
pub(super) struct Call {
    pub(super) config: PeerConfig,
    pub(super) identity: Identity,
    pub(super) resolver: Arc<Resolver>,
}

/// See the module.
pub(super) struct Supervisor {
    /// Carried out in order. There is room for what one command of the owner's leads to.
    pub(super) commands: mpsc::Sender<PeerCommand>,
    pub(super) reports: mpsc::Receiver<Report>,
    pub(super) sources: StatisticsSources,
    candidates: TransportCandidates,
    handovers: mpsc::Sender<Handover>,
    pc: Arc<dyn PeerConnection>,
    socket_layer: Arc<SocketLayer>,
    tasks: JoinSet<()>,
    negotiating: tokio::task::Id,
    /// Panics of the library's own tasks.
    panics: mpsc::Receiver<()>,
}

impl Supervisor {
    /// Opens the connection that every call has.
    pub(super) async fn open(
        call: &Call,
        ports: MediaPorts,
        socket_layer: Arc<SocketLayer>,
    ) -> Result<Self, TransportError> {
        Self::build(call, ports, socket_layer, None, None).await
    }

    /// Opens the second connection of a call. `credentials` are ICE's user fragment and password
    /// where the other has them already; it can't change them later.
    pub(super) async fn open_beside(
        &self,
        call: &Call,
        ports: MediaPorts,
        credentials: Option<(String, String)>,
    ) -> Result<Self, TransportError> {
        let candidates = self.candidates.of(Place::Second);
        let socket_layer = self.socket_layer.beside();
        Self::build(call, ports, socket_layer, Some(candidates), credentials).await
    }

    async fn build(
        Call { config, identity, resolver }: &Call,
        ports: MediaPorts,
        socket_layer: Arc<SocketLayer>,
        candidates: Option<TransportCandidates>,
        credentials: Option<(String, String)>,
    ) -> Result<Self, TransportError> {
        // From before the connection is configured with what is known by then: nothing is missed in
        // between.
        let resolved = resolver.changed();
        // Audio, retransmissions and as much FEC as video come on top of what the encoder may use.
        let ceiling = Bitrate::from_bps(config.max_bitrate.scaled(2.25).bps() + 150_000);
        let (media_path, feedback, incoming) =
            MediaPath::new(ceiling, ports.lip_sync, ports.statuses);
        let (library, library_events) = mpsc::channel(REPORT_QUEUE);
        let (panicked, panics) = mpsc::channel(1);
        let runtime = Arc::new(SupervisedRuntime::new(
            Arc::clone(resolver),
            Arc::clone(&socket_layer),
            panicked,
        ));
        let files = ports
            .data
            .as_ref()
            .map(|ports| FileShare::new(ports.file_rate.clone(), Arc::clone(&socket_layer)));
        let data = ports.data.map(|ports| DataChannels::new(ports, Arc::clone(&socket_layer)));
        let inlet = data.as_ref().map(|(inlet, _)| inlet.clone());
        let handler = Arc::new(Handler { events: library, data: inlet.clone() });
        let connection = Connection::build(
            (config, identity, credentials),
            &media_path,
            &socket_layer,
            handler,
            resolver,
            runtime,
        )
        .await?;
        let candidates = candidates.unwrap_or_else(|| {
            let reach = Reach::of(connection.addresses.iter().copied())
                .and_loopback(ice_servers::any_is_here(&config.ice_servers));
            TransportCandidates::new(RemoteCandidates::new(reach, config.relay_only))
        });

        let stream = |track: &Option<LocalTrack>| {
            track.as_ref().map(|local| OutgoingStream::new(Arc::clone(&local.track), local.ssrc))
        };
        let (sent_tx, sent) = watch::channel(SendStats::default());
        let (permission, permissions) = watch::channel(Permission::default());
        let (agreement, agreed) = watch::channel(None);
        let (handovers, handover_inputs) = mpsc::channel(1);
        let send = SendTask::new(
            Arc::clone(&media_path),
            stream(&connection.audio),
            stream(&connection.video),
            (ports.video_control, ports.audio_control),
            config.max_bitrate,
            files,
            sent_tx,
        );
        let inputs = SendInputs {
            video: ports.video_out,
            audio: ports.audio_out,
            feedback,
            permission: permissions,
            handovers: handover_inputs,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(send.run(inputs));

        let (received_tx, received) = watch::channel(ReceiveStats::default());
        let (receive_commands, receive_inputs) = mpsc::channel(COMMAND_QUEUE);
        let sender_ssrc = connection
            .video
            .as_ref()
            .map_or_else(|| rand::random_range(1..u32::MAX), |video| video.ssrc);
        let fallback = connection
            .video
            .as_ref()
            .or(connection.audio.as_ref())
            .map(|local| Arc::clone(&local.track));
        let receive = ReceiveTask::new(
            Arc::clone(&media_path),
            ports.video_in,
            ports.audio_in,
            fallback,
            sender_ssrc,
            received_tx,
        );
        tasks.spawn(receive.run(incoming, receive_inputs));
        tasks.spawn(Arc::clone(&socket_layer).retransmit_flights());
        if let Some((_, channels)) = data {
            tasks.spawn(channels.run());
            tasks.spawn(Arc::clone(&socket_layer).send_data());
        }

        let sources = StatisticsSources {
            media_path: Arc::clone(&media_path),
            pc: Arc::downgrade(&connection.pc),
            sent,
            received,
            agreement: agreed,
        };
        let pc = Arc::clone(&connection.pc);
        let (report, reports) = mpsc::channel(REPORT_QUEUE);
        let outputs = Outputs {
            reports: report,
            receive: receive_commands,
            permission,
            agreement,
            data: inlet,
        };
        let negotiator = Negotiator::new(
            config.clone(),
            Arc::clone(resolver),
            connection,
            media_path,
            Arc::clone(&socket_layer),
            candidates.clone(),
            outputs,
        );
        let (commands, command_queue) = mpsc::channel(COMMAND_QUEUE);
        let run = negotiator.run(command_queue, library_events, resolved);
        let negotiating = tasks.spawn(run).id();
        Ok(Self {
            commands,
            reports,
            sources,
            candidates,
            handovers,
            pc,
            socket_layer,
            tasks,
            negotiating,
            panics,
        })
    }

    /// Its next report, or what broke, for a person. Nothing is lost when this is dropped.
    pub(super) async fn next(&mut self) -> Result<Report, Option<&'static str>> {
        tokio::select! {
            biased;
            Some(report) = self.reports.recv() => Ok(report),
            Some(()) = self.panics.recv() => Err(Some("The connection broke on something it received")),
            failure = first_failure(&mut self.tasks, self.negotiating) => Err(failure),
        }
    }

    /// Gives up a kind of media, so that another connection can carry it.
    pub(super) async fn give(&self, kind: MediaKind) -> Option<Outlet> {
        let (to, outlet) = oneshot::channel();
        self.handovers.send(Handover::Give(kind, to)).await.ok()?;
        outlet.await.ok()
    }

    /// Takes over what another connection gave up.
    pub(super) async fn take(&self, outlet: Outlet) {
        // A task that is gone has been reported.
        let _ = self.handovers.send(Handover::Take(outlet)).await;
    }

    /// From now on nothing is sent or delivered.
    pub(super) fn stop(&mut self) {
        self.tasks.abort_all();
        self.socket_layer.log_unfinished_set_up();
    }

    /// Ends everything and gives the sockets back.
    pub(super) async fn close(mut self) {
        if timeout(CLOSE_TIMEOUT, self.pc.close()).await.is_err() {
            tracing::debug!("the peer connection did not close in time and is dropped");
        }
        drop(self.pc);
        // To abort is only to request it: the ports are let go when the tasks have ended.
        self.tasks.shutdown().await;
    }
}

/// Waits until one of the tasks panics, which the connection does not outlive, or the negotiating
/// task is done. Any other task may end by itself: it has no more to do.
async fn first_failure(
    tasks: &mut JoinSet<()>,
    negotiating: tokio::task::Id,
) -> Option<&'static str> {
    while let Some(ended) = tasks.join_next_with_id().await {
        match ended {
            Ok((id, ())) if id == negotiating => return None,
            Err(error) if error.is_panic() && error.id() == negotiating => {
                return Some("The other's description could not be read");
            }
            Err(error) if error.is_panic() => {
                return Some("The connection broke on an error in this app");
            }
            Ok(_) | Err(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_panic_in_any_task_is_a_failure_and_the_end_of_one_that_is_done_is_none() {
        for panicking in 0..3 {
            let mut tasks = JoinSet::new();
            let negotiating = tasks.spawn(pending()).id();
            tasks.spawn(ready(()));
            for task in 0..3 {
                tasks.spawn(async move {
                    assert!(task != panicking, "on purpose");
                    pending().await
                });
            }
            assert!(first_failure(&mut tasks, negotiating).await.is_some());
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(pending());
        let negotiating = tasks.spawn(ready(())).id();
        assert_eq!(first_failure(&mut tasks, negotiating).await, None);
    }
}
