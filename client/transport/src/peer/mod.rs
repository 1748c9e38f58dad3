//! A peer connection from outside: commands in, events out, media through its ports.
//!
//! [`Peer`] is a handle. Behind it stand a negotiating, a sending and a receiving task, and the
//! library's driver. A supervisor owns them: when the peer is closed or dropped they all end at
//! once, whatever the network does, and when the library panics on something hostile that is a
//! [`PeerEvent::Failed`], not the program's end.

pub(crate) mod connection;
pub(crate) mod interceptors;
mod negotiator;
mod runtime;
pub(crate) mod sdp;
mod statistics;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use webrtc::peer_connection::PeerConnection;

use super::consent::Consent;
use super::{MediaPorts, PeerCommand, PeerConfig, PeerEvent, PeerStats, TransportError};
use crate::feedback::media_path::MediaPath;
use crate::path::relay::Trust;
use crate::path::resolver::Resolver;
use crate::path::socket::SocketLayer;
use crate::peer::connection::{Connection, LocalTrack, has_relay};
use crate::peer::negotiator::{Handler, Negotiator, Outputs};
use crate::peer::runtime::SupervisedRuntime;
use crate::peer::statistics::StatisticsSources;
use crate::receiving::receive_task::{ReceiveStats, ReceiveTask};
use crate::sending::outgoing_stream::OutgoingStream;
use crate::sending::send_task::{Permission, SendInputs, SendStats, SendTask};
use visavis_media::units::Bitrate;

/// The most commands that wait.
const COMMAND_QUEUE: usize = 256;
/// The most events of the library's that wait.
const LIBRARY_QUEUE: usize = 256;
/// How long the name of a relay is waited for when nothing but relays may be used.
const RELAY_NAME_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the library may take to close before it is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(80);

/// A peer connection. Dropping it closes it.
pub struct Peer {
    commands: mpsc::Sender<PeerCommand>,
    closing: watch::Sender<bool>,
    closed: watch::Receiver<bool>,
    figures: StatisticsSources,
}

impl Peer {
    /// Sets a peer connection up, for a call that the person has consented to. Nothing leaves for
    /// the network before the first command.
    ///
    /// # Errors
    /// When no socket can be bound, or the library refuses the configuration.
    pub async fn open(
        _consent: &Consent,
        config: PeerConfig,
        ports: MediaPorts,
        events: mpsc::Sender<PeerEvent>,
    ) -> Result<Self, TransportError> {
        let resolver = Resolver::shared();
        // From before the connection is configured with what is known by then: nothing is missed in
        // between.
        let resolved = resolver.changed();
        resolver.begin(&config.ice_servers);
        if config.relay_only {
            // Without a relay there is no way at all, so this one wait is worth while.
            wait_for_relay(&config, &resolver).await?;
        }
        // Sound, repairs and as much parity as video come on top of what the encoder may use.
        let ceiling = Bitrate::from_bps(config.max_bitrate.scaled(2.25).bps() + 150_000);
        let (link, feedback, incoming) = MediaPath::new(ceiling, ports.lip_sync);
        let trust = Trust { more: config.relay_roots.iter().cloned().map(Into::into).collect() };
        let socket_layer = SocketLayer::new(Arc::clone(&resolver), trust, config.network.clone());
        let (library, library_events) = mpsc::channel(LIBRARY_QUEUE);
        let (panicked, panics) = mpsc::channel(1);
        let runtime = Arc::new(SupervisedRuntime::new(
            Arc::clone(&resolver),
            Arc::clone(&socket_layer),
            panicked,
        ));
        let handler = Arc::new(Handler::new(library));
        let connection =
            Connection::build(&config, &link, &socket_layer, handler, &resolver, runtime).await?;

        let stream = |track: &Option<LocalTrack>| {
            track.as_ref().map(|local| OutgoingStream::new(Arc::clone(&local.track), local.ssrc))
        };
        let (sent_tx, sent) = watch::channel(SendStats::default());
        let (permission, permissions) = watch::channel(Permission::default());
        let send = SendTask::new(
            Arc::clone(&link),
            stream(&connection.audio),
            stream(&connection.video),
            (ports.video_control, ports.audio_control),
            config.max_bitrate,
            sent_tx,
        );
        let inputs = SendInputs {
            video: ports.video_out,
            audio: ports.audio_out,
            feedback,
            permission: permissions,
        };
        let send = tokio::spawn(send.run(inputs));

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
            Arc::clone(&link),
            ports.video_in,
            ports.audio_in,
            fallback,
            sender_ssrc,
            received_tx,
        );
        let receive = tokio::spawn(receive.run(incoming, receive_inputs));

        let (ice_restarts_tx, ice_restarts) = watch::channel(0);
        let figures = StatisticsSources {
            link: Arc::clone(&link),
            pc: Arc::downgrade(&connection.pc),
            sent,
            received,
            ice_restarts,
        };
        let (commands, command_inputs) = mpsc::channel(COMMAND_QUEUE);
        let (closing, close_wanted) = watch::channel(false);
        let (closed_tx, closed) = watch::channel(false);
        let pc = Arc::clone(&connection.pc);
        let outputs = Outputs {
            events: events.clone(),
            receive: receive_commands,
            permission,
            ice_restarts: ice_restarts_tx,
        };
        let supervisor =
            Supervisor { pc, socket_layer: Arc::clone(&socket_layer), events, closed: closed_tx };
        let retransmit = tokio::spawn(Arc::clone(&socket_layer).retransmit_flights());
        let negotiator = Negotiator::new(config, resolver, connection, link, socket_layer, outputs);
        tokio::spawn(async move {
            let tasks = [&send, &receive, &retransmit].map(tokio::task::JoinHandle::abort_handle);
            let negotiating =
                tokio::spawn(negotiator.run(command_inputs, library_events, resolved));
            supervisor.run(negotiating, [send, receive, retransmit], panics, close_wanted).await;
            tasks.iter().for_each(tokio::task::AbortHandle::abort);
        });
        Ok(Self { commands, closing, closed, figures })
    }

    /// Gives a command. They are carried out in order.
    ///
    /// # Errors
    /// When the peer is closed, or more commands wait than any call has.
    pub fn command(&self, command: PeerCommand) -> Result<(), TransportError> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => TransportError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => TransportError::Closed,
        })
    }

    /// The figures as they are now.
    pub async fn stats(&self) -> PeerStats {
        self.figures.read().await
    }

    /// Closes: from now on nothing is sent or delivered. Does not wait; see [`Self::closed`].
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Waits until everything has ended and the sockets are given back.
    pub async fn closed(&self) {
        // An error means that the supervisor is gone, and so is everything else.
        let _ = self.closed.clone().wait_for(|closed| *closed).await;
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Waits until the name of a relay is known.
async fn wait_for_relay(config: &PeerConfig, resolver: &Resolver) -> Result<(), TransportError> {
    let mut changed = resolver.changed();
    let known = async {
        while !has_relay(config, resolver) {
            if changed.changed().await.is_err() {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(RELAY_NAME_TIMEOUT, known).await;
    if has_relay(config, resolver) { Ok(()) } else { Err(TransportError::NoRelay) }
}

/// Owns the tasks and ends them.
struct Supervisor {
    pc: Arc<dyn PeerConnection>,
    socket_layer: Arc<SocketLayer>,
    events: mpsc::Sender<PeerEvent>,
    closed: watch::Sender<bool>,
}

impl Supervisor {
    async fn run(
        self,
        negotiating: tokio::task::JoinHandle<()>,
        tasks: [tokio::task::JoinHandle<()>; 3],
        mut panics: mpsc::Receiver<()>,
        mut close_wanted: watch::Receiver<bool>,
    ) {
        let abort = negotiating.abort_handle();
        let failure = tokio::select! {
            _ = close_wanted.wait_for(|close| *close) => None,
            ended = negotiating => ended.err().filter(tokio::task::JoinError::is_panic)
                .map(|_| "The other's description could not be read"),
            Some(()) = panics.recv() => Some("The connection broke on something it received"),
        };
        abort.abort();
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        self.socket_layer.log_unfinished_set_up();
        if let Some(failure) = failure {
            let _ = self.events.try_send(PeerEvent::Failed(failure.to_owned()));
        }
        let pc = self.pc;
        if tokio::time::timeout(CLOSE_TIMEOUT, pc.close()).await.is_err() {
            tracing::debug!("the peer connection did not close in time and is dropped");
        }
        drop(pc);
        // To abort is only to ask: the ports are let go when the tasks have ended.
        for task in tasks {
            let _ = task.await;
        }
        self.closed.send_replace(true);
    }
}
