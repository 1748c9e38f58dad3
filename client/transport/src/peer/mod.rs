//! A peer connection from outside: commands in, events and statistics out, media through its ports.
//!
//! [`Peer`] is a handle. Behind it stand a negotiating, a sending and a receiving task, one that
//! repeats lost DTLS flights, and the library's driver. A supervisor opens them, owns them and
//! watches them: when the peer is closed or dropped they all end at once, whatever the network
//! does, and when one of them panics (the library on something hostile, say) that is a
//! [`PeerEvent::Failed`] and the end of them all, not the program's end or that of one direction.

pub(crate) mod api;
pub(crate) mod certificate_check;
pub(crate) mod connection;
mod ice_servers;
pub(crate) mod interceptors;
mod local_candidates;
mod negotiator;
pub(crate) mod ports;
mod remote_candidates;
mod runtime;
pub(crate) mod sdp;
mod statistics;
pub(crate) mod video_agreement;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use webrtc::peer_connection::PeerConnection;

use super::consent::Consent;
use super::{MediaPorts, PeerCommand, PeerConfig, PeerEvent, PeerStats, TransportError};
use crate::feedback::media_path::MediaPath;
use crate::path::relay::Trust;
use crate::path::resolver::Resolver;
use crate::path::socket::{SendPolicy, SocketLayer};
use crate::peer::connection::{Connection, LocalTrack, has_relay};
use crate::peer::negotiator::{Handler, Negotiator, Outputs};
use crate::peer::runtime::SupervisedRuntime;
use crate::peer::statistics::StatisticsSources;
use crate::receiving::receive_task::{ReceiveStats, ReceiveTask};
use crate::sending::outgoing_stream::OutgoingStream;
use crate::sending::send_task::{Permission, SendInputs, SendStats, SendTask};
use visavis_media::units::Bitrate;

/// The most commands that wait; a burst of candidates is the most that ever comes at once.
const COMMAND_QUEUE: usize = 256;
/// The most events of the library's that wait.
const LIBRARY_QUEUE: usize = 256;
/// How long the name of a relay is waited for when nothing but relays may be used.
const RELAY_NAME_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the statistics are renewed.
const STATISTICS_EVERY: Duration = Duration::from_secs(1);
/// How long the library may take to close before it is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(80);

/// A peer connection. Dropping it closes it.
#[derive(Debug)]
pub struct Peer {
    commands: mpsc::Sender<PeerCommand>,
    closing: watch::Sender<bool>,
    statistics: watch::Receiver<PeerStats>,
}

impl Peer {
    /// Begins to open a peer connection, for a call that the person has consented to, and returns
    /// at once. Commands that come while it opens wait; nothing leaves for the network before the
    /// first. That it could not be opened (no socket can be bound, say) is a
    /// [`PeerEvent::Failed`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn open(
        _consent: &Consent,
        config: PeerConfig,
        ports: MediaPorts,
        events: mpsc::Sender<PeerEvent>,
    ) -> Self {
        let (commands, command_queue) = mpsc::channel(COMMAND_QUEUE);
        let (closing, mut close_wanted) = watch::channel(false);
        let (renewed, statistics) = watch::channel(PeerStats::default());
        tokio::spawn(async move {
            let opened = tokio::select! {
                biased;
                _ = close_wanted.wait_for(|close| *close) => return,
                opened = Supervisor::open(config, ports, command_queue, events.clone()) => opened,
            };
            match opened {
                Ok(mut supervisor) => {
                    let failure = tokio::select! {
                        biased;
                        _ = close_wanted.wait_for(|close| *close) => None,
                        failure = supervisor.watch(&renewed) => failure,
                    };
                    supervisor.close(failure, &events, &renewed).await;
                }
                Err(error) => fail(&events, error.to_string()).await,
            }
        });
        Self { commands, closing, statistics }
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

    /// Gives commands from elsewhere (the decoder requests key frames), as long as this handle is
    /// there.
    #[must_use]
    pub fn weak_commands(&self) -> mpsc::WeakSender<PeerCommand> {
        self.commands.downgrade()
    }

    /// Its statistics, renewed every second and once more when it closes. They end when everything
    /// has ended and the sockets are given back.
    #[must_use]
    pub fn statistics(&self) -> watch::Receiver<PeerStats> {
        self.statistics.clone()
    }

    /// Closes: from now on nothing is sent or delivered. Does not wait; see [`Self::closed`].
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Waits until everything has ended and the sockets are given back. Returns the last
    /// statistics.
    pub async fn closed(&self) -> PeerStats {
        let mut statistics = self.statistics();
        while statistics.changed().await.is_ok() {}
        statistics.borrow().clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Reports that the connection is over. Whoever reads no events has no use for this one either.
async fn fail(events: &mpsc::Sender<PeerEvent>, why: String) {
    let _ = events.send_timeout(PeerEvent::Failed(why), CLOSE_TIMEOUT).await;
}

/// Waits until the name of a relay is known.
async fn wait_for_relay(config: &PeerConfig, resolver: &Resolver) -> Result<(), TransportError> {
    let mut changed = resolver.changed();
    let known = changed.wait_for(|_| has_relay(config, resolver));
    match timeout(RELAY_NAME_TIMEOUT, known).await {
        Ok(Ok(_)) => Ok(()),
        _ => Err(TransportError::NoRelay),
    }
}

/// Owns the tasks, watches them and ends them.
struct Supervisor {
    pc: Arc<dyn PeerConnection>,
    socket_layer: Arc<SocketLayer>,
    tasks: JoinSet<()>,
    negotiating: tokio::task::Id,
    /// Panics of the library's own tasks.
    panics: mpsc::Receiver<()>,
    sources: StatisticsSources,
}

impl Supervisor {
    async fn open(
        mut config: PeerConfig,
        ports: MediaPorts,
        commands: mpsc::Receiver<PeerCommand>,
        events: mpsc::Sender<PeerEvent>,
    ) -> Result<Self, TransportError> {
        let servers = ice_servers::choose(&config.ice_servers);
        servers.log_what_is_left_out();
        config.ice_servers = servers.used;
        let resolver = Resolver::shared();
        // From before the connection is configured with what is known by then: nothing is missed in
        // between.
        let resolved = resolver.changed();
        resolver.begin(&config.ice_servers);
        if config.relay_only {
            // Without a relay there is no network path at all, so this one wait is worth while.
            wait_for_relay(&config, &resolver).await?;
        }
        // Audio, retransmissions and as much FEC as video come on top of what the encoder may use.
        let ceiling = Bitrate::from_bps(config.max_bitrate.scaled(2.25).bps() + 150_000);
        let (media_path, feedback, incoming) = MediaPath::new(ceiling, ports.lip_sync);
        let policy = SendPolicy {
            relay_only: config.relay_only,
            loopback: ice_servers::any_is_here(&config.ice_servers),
        };
        let trust = Trust { more: config.relay_roots.iter().cloned().map(Into::into).collect() };
        let socket_layer =
            SocketLayer::new(Arc::clone(&resolver), trust, config.network.clone(), policy);
        let (library, library_events) = mpsc::channel(LIBRARY_QUEUE);
        let (panicked, panics) = mpsc::channel(1);
        let runtime = Arc::new(SupervisedRuntime::new(
            Arc::clone(&resolver),
            Arc::clone(&socket_layer),
            panicked,
        ));
        let handler = Arc::new(Handler(library));
        let connection =
            Connection::build(&config, &media_path, &socket_layer, handler, &resolver, runtime)
                .await?;

        let stream = |track: &Option<LocalTrack>| {
            track.as_ref().map(|local| OutgoingStream::new(Arc::clone(&local.track), local.ssrc))
        };
        let (sent_tx, sent) = watch::channel(SendStats::default());
        let (permission, permissions) = watch::channel(Permission::default());
        let (agreement, agreed) = watch::channel(None);
        let send = SendTask::new(
            Arc::clone(&media_path),
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

        let sources = StatisticsSources {
            media_path: Arc::clone(&media_path),
            pc: Arc::downgrade(&connection.pc),
            sent,
            received,
            agreement: agreed,
        };
        let pc = Arc::clone(&connection.pc);
        let outputs = Outputs { events, receive: receive_commands, permission, agreement };
        let negotiator = Negotiator::new(
            config,
            resolver,
            connection,
            media_path,
            Arc::clone(&socket_layer),
            outputs,
        );
        let negotiating = tasks.spawn(negotiator.run(commands, library_events, resolved)).id();
        Ok(Self { pc, socket_layer, tasks, negotiating, panics, sources })
    }

    /// Runs until something breaks or the negotiating task is done; says what broke, for a person.
    async fn watch(&mut self, renewed: &watch::Sender<PeerStats>) -> Option<&'static str> {
        tokio::select! {
            failure = first_failure(&mut self.tasks, self.negotiating) => failure,
            Some(()) = self.panics.recv() => Some("The connection broke on something it received"),
            never = renew(&self.sources, renewed) => match never {},
        }
    }

    async fn close(
        mut self,
        failure: Option<&str>,
        events: &mpsc::Sender<PeerEvent>,
        renewed: &watch::Sender<PeerStats>,
    ) {
        self.tasks.abort_all();
        self.socket_layer.log_unfinished_set_up();
        if let Ok(last) = timeout(CLOSE_TIMEOUT, self.sources.read()).await {
            renewed.send_replace(last);
        }
        if let Some(failure) = failure {
            fail(events, failure.to_owned()).await;
        }
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

/// Renews the statistics for as long as it runs.
async fn renew(sources: &StatisticsSources, renewed: &watch::Sender<PeerStats>) -> Infallible {
    let mut tick = tokio::time::interval(STATISTICS_EVERY);
    loop {
        tick.tick().await;
        renewed.send_replace(sources.read().await);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::net::SocketAddr;
    use std::time::Instant;

    use bytes::Bytes;
    use visavis_media::frame::EncodedVideo;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn config() -> PeerConfig {
        PeerConfig {
            ice_servers: Vec::new(),
            relay_only: false,
            relay_roots: Vec::new(),
            bind: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            max_bitrate: Bitrate::from_kbps(2500),
            send_video: true,
            send_audio: true,
            network: None,
        }
    }

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

    /// Panics in the task that drops it.
    struct Bomb;

    impl AsRef<[u8]> for Bomb {
        fn as_ref(&self) -> &[u8] {
            &[]
        }
    }

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on purpose")
        }
    }

    #[tokio::test]
    async fn a_panic_in_the_sending_task_fails_the_connection_and_closes_both_directions() {
        let (ports, ends) = MediaPorts::pair(1);
        let (events_in, mut events) = mpsc::channel(8);
        let peer = Peer::open(&Consent::of_the_person(), config(), ports, events_in);
        let video =
            EncodedVideo { data: Bytes::from_owner(Bomb), key: true, captured_at: Instant::now() };
        ends.video_out.send(video).await.expect("the sending task runs");
        let event = timeout(PATIENCE, events.recv()).await.expect("it is reported");
        assert!(matches!(event, Some(PeerEvent::Failed(_))), "{event:?}");
        timeout(PATIENCE, peer.closed()).await.expect("everything ends");
        assert!(ends.video_out.is_closed() && ends.audio_out.is_closed());
        assert!(ends.video_in.recv().is_err() && ends.audio_in.recv().is_err());
        assert!(matches!(peer.command(PeerCommand::RequestKeyFrame), Err(TransportError::Closed)));
    }

    #[tokio::test]
    async fn commands_that_come_while_it_opens_are_carried_out_in_order_when_it_is_open() {
        let (ports, _ends) = MediaPorts::pair(1);
        let (events_in, mut events) = mpsc::channel(8);
        let peer = Peer::open(&Consent::of_the_person(), config(), ports, events_in);
        peer.command(PeerCommand::CreateOffer { ice_restart: false }).expect("it is taken");
        let event = timeout(PATIENCE, events.recv()).await.expect("it is answered");
        assert!(matches!(event, Some(PeerEvent::LocalDescription(_))), "{event:?}");
        // The statistics are there before anybody waited for them.
        timeout(PATIENCE, peer.statistics().changed()).await.expect("in time").expect("statistics");
        peer.close();
        timeout(PATIENCE, peer.closed()).await.expect("everything ends");
    }
}
