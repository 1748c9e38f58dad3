//! A peer connection from outside: commands in, events out, media through its ports.
//!
//! [`Peer`] is a handle. Behind it stand a negotiating task (this module), a sending and a receiving one, and the
//! library's driver. A supervisor owns them: when the peer is closed or dropped they all end at once, whatever the
//! network does, and when the library panics on something hostile that is a [`PeerEvent::Failed`], not the program's
//! end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use tokio::sync::{mpsc, watch};
use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionEventHandler, RTCIceCandidateInit, RTCPeerConnectionIceEvent, RTCPeerConnectionState,
    RTCSessionDescription, RTCStatsReport, RTCStatsReportEntry, StatsSelector,
};

use super::connection::{Connection, LocalTrack};
use super::link::{Link, MediaKind};
use super::receive::{ReceiveCommand, ReceiveStats, ReceiveTask};
use super::resolver::Resolver;
use super::runtime::SupervisedRuntime;
use super::send::{OutgoingStream, Permission, SendInputs, SendStats, SendTask};
use crate::media::units::Bitrate;

use super::{MediaPorts, PeerCommand, PeerConfig, PeerEvent, PeerStats, TransportError, sdp};

/// The most commands that wait.
const COMMAND_QUEUE: usize = 256;
/// The most events of the library's that wait.
const LIBRARY_QUEUE: usize = 256;
/// The most addresses of the other's that are tried.
const MAX_CANDIDATES: usize = 128;
/// When nothing has come for this long, although ICE is content, media does not flow.
const MEDIA_SILENCE: Duration = Duration::from_secs(3);
/// How often silence is looked for.
const WATCH: Duration = Duration::from_millis(250);
/// How long the library may take to close before it is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(80);

/// A peer connection. Dropping it closes it.
pub struct Peer {
    commands: mpsc::Sender<PeerCommand>,
    closing: watch::Sender<bool>,
    closed: watch::Receiver<bool>,
    figures: Figures,
}

/// Where the figures come from.
#[derive(Clone)]
struct Figures {
    link: Arc<Link>,
    pc: std::sync::Weak<dyn PeerConnection>,
    sent: watch::Receiver<SendStats>,
    received: watch::Receiver<ReceiveStats>,
    ice_restarts: watch::Receiver<u32>,
}

impl Peer {
    /// Sets a peer connection up. Nothing leaves for the network before the first command.
    ///
    /// # Errors
    /// When no socket can be bound, or the library refuses the configuration.
    pub async fn open(
        config: PeerConfig,
        ports: MediaPorts,
        events: mpsc::Sender<PeerEvent>,
    ) -> Result<Self, TransportError> {
        let resolver = Resolver::new();
        resolver.begin(&config.ice_servers);
        // Sound and repairs come on top of what the encoder may use.
        let ceiling = Bitrate::from_bps(config.max_bitrate.scaled(1.25).bps() + 150_000);
        let (link, feedback, incoming) = Link::new(ceiling);
        let (library, library_events) = mpsc::channel(LIBRARY_QUEUE);
        let (panicked, panics) = mpsc::channel(1);
        let runtime = Arc::new(SupervisedRuntime::new(resolver, panicked));
        let handler = Arc::new(Handler { events: library });
        let connection = Connection::build(&config, &link, handler, runtime).await?;

        let stream = |track: &Option<LocalTrack>| {
            track.as_ref().map(|local| OutgoingStream::new(Arc::clone(&local.track), local.ssrc))
        };
        let (sent_tx, sent) = watch::channel(SendStats::default());
        let (permission, permissions) = watch::channel(Permission::default());
        let send = SendTask::new(
            Arc::clone(&link),
            stream(&connection.audio),
            stream(&connection.video),
            ports.video_control,
            config.max_bitrate,
            sent_tx,
        );
        let inputs = SendInputs { video: ports.video_out, audio: ports.audio_out, feedback, permission: permissions };
        let send = tokio::spawn(send.run(inputs));

        let (received_tx, received) = watch::channel(ReceiveStats::default());
        let (receive_commands, receive_inputs) = mpsc::channel(COMMAND_QUEUE);
        let sender_ssrc = connection.video.as_ref().map_or_else(|| rand::random_range(1..u32::MAX), |video| video.ssrc);
        let receive = ReceiveTask::new(Arc::clone(&link), ports.video_in, ports.audio_in, sender_ssrc, received_tx);
        let receive = tokio::spawn(receive.run(incoming, receive_inputs));

        let (ice_restarts_tx, ice_restarts) = watch::channel(0);
        let figures =
            Figures { link: Arc::clone(&link), pc: Arc::downgrade(&connection.pc), sent, received, ice_restarts };
        let (commands, command_inputs) = mpsc::channel(COMMAND_QUEUE);
        let (closing, close_wanted) = watch::channel(false);
        let (closed_tx, closed) = watch::channel(false);
        let pc = Arc::clone(&connection.pc);
        let negotiator = Negotiator {
            connection,
            link,
            events: events.clone(),
            receive: receive_commands,
            permission,
            ice_restarts: ice_restarts_tx,
            candidates_before_description: Vec::new(),
            candidates_taken: 0,
            bundle_section: None,
            ice: Ice::New,
            told_connected: false,
        };
        let supervisor = Supervisor { pc, events, closed: closed_tx };
        tokio::spawn(async move {
            let tasks = [send.abort_handle(), receive.abort_handle()];
            let negotiating = tokio::spawn(negotiator.run(command_inputs, library_events));
            supervisor.run(negotiating, [send, receive], panics, close_wanted).await;
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

/// Owns the tasks and ends them.
struct Supervisor {
    pc: Arc<dyn PeerConnection>,
    events: mpsc::Sender<PeerEvent>,
    closed: watch::Sender<bool>,
}

impl Supervisor {
    async fn run(
        self,
        negotiating: tokio::task::JoinHandle<()>,
        media: [tokio::task::JoinHandle<()>; 2],
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
        for task in media {
            task.abort();
        }
        if let Some(failure) = failure {
            let _ = self.events.try_send(PeerEvent::Failed(failure.to_owned()));
        }
        let pc = self.pc;
        if tokio::time::timeout(CLOSE_TIMEOUT, pc.close()).await.is_err() {
            tracing::debug!("the peer connection did not close in time and is dropped");
        }
        drop(pc);
        self.closed.send_replace(true);
    }
}

/// What the library tells.
enum LibraryEvent {
    Candidate(RTCIceCandidateInit),
    State(RTCPeerConnectionState),
    Track(Arc<dyn TrackRemote>),
}

/// Passes the library's callbacks on. They run inside its driver and must not wait.
struct Handler {
    events: mpsc::Sender<LibraryEvent>,
}

impl Handler {
    fn pass_on(&self, event: LibraryEvent) {
        if self.events.try_send(event).is_err() {
            tracing::debug!("an event of the peer connection was dropped");
        }
    }
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if let Ok(candidate) = event.candidate.to_json() {
            self.pass_on(LibraryEvent::Candidate(candidate));
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.pass_on(LibraryEvent::State(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.pass_on(LibraryEvent::Track(track));
    }
}

/// Where the connection is, by the library's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ice {
    New,
    Connected,
    Disconnected,
    Failed,
}

/// Carries commands out and says what happened.
struct Negotiator {
    connection: Connection,
    link: Arc<Link>,
    events: mpsc::Sender<PeerEvent>,
    receive: mpsc::Sender<ReceiveCommand>,
    permission: watch::Sender<Permission>,
    ice_restarts: watch::Sender<u32>,
    candidates_before_description: Vec<CandidateInit>,
    candidates_taken: usize,
    bundle_section: Option<(String, u16)>,
    ice: Ice,
    /// The last of Connected and Disconnected that was told was the former.
    told_connected: bool,
}

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
enum NegotiationError {
    #[error("The other's description is refused: {0}")]
    Refused(#[from] sdp::SdpError),
    #[error("The other's description is of the wrong kind")]
    WrongKind,
    #[error("The other's description can't be used: {0}")]
    Unusable(#[source] webrtc::error::Error),
    #[error("No description could be made: {0}")]
    NotMade(#[source] webrtc::error::Error),
}

impl Negotiator {
    async fn run(mut self, mut commands: mpsc::Receiver<PeerCommand>, mut library: mpsc::Receiver<LibraryEvent>) {
        let mut watch = tokio::time::interval(WATCH);
        watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => return,
                },
                Some(event) = library.recv() => self.library_event(event).await,
                _ = watch.tick() => self.watch_for_silence().await,
            }
        }
    }

    async fn command(&mut self, command: PeerCommand) {
        let result = match command {
            PeerCommand::CreateOffer { ice_restart } => self.offer(ice_restart).await,
            PeerCommand::AcceptOffer(offer) => self.accept_offer(offer).await,
            PeerCommand::AcceptAnswer(answer) => self.accept_answer(answer).await,
            PeerCommand::AddCandidate(candidate) => {
                self.add_candidate(candidate).await;
                Ok(())
            }
            PeerCommand::RequestKeyFrame => {
                let _ = self.receive.try_send(ReceiveCommand::RequestKeyFrame);
                Ok(())
            }
        };
        match result {
            Ok(()) => {}
            // A connection that stands is not lost over a description that can't be used.
            Err(error) if self.ice == Ice::Connected => tracing::warn!("{error}"),
            Err(error) => self.tell(PeerEvent::Failed(error.to_string())).await,
        }
    }

    async fn tell(&self, event: PeerEvent) {
        // When nobody listens any more, the peer is about to be dropped.
        let _ = self.events.send(event).await;
    }

    async fn offer(&mut self, ice_restart: bool) -> Result<(), NegotiationError> {
        let options = ice_restart.then_some(RTCOfferOptions { ice_restart });
        let offer = self.connection.pc.create_offer(options).await.map_err(NegotiationError::NotMade)?;
        if ice_restart {
            self.ice_restarts.send_modify(|count| *count += 1);
        }
        self.set_local(offer, DescriptionKind::Offer).await
    }

    async fn set_local(
        &mut self,
        description: RTCSessionDescription,
        kind: DescriptionKind,
    ) -> Result<(), NegotiationError> {
        let text = description.sdp.clone();
        self.bundle_section = sdp::bundle_section(&text);
        self.connection.pc.set_local_description(description).await.map_err(NegotiationError::NotMade)?;
        // Addresses follow through the library's queue, which is read after this.
        self.tell(PeerEvent::LocalDescription(SessionDescription { kind, sdp: text })).await;
        Ok(())
    }

    async fn accept_offer(&mut self, offer: SessionDescription) -> Result<(), NegotiationError> {
        if offer.kind != DescriptionKind::Offer {
            return Err(NegotiationError::WrongKind);
        }
        let text = sdp::prepare_remote(&offer.sdp)?;
        let pc = Arc::clone(&self.connection.pc);
        let description = RTCSessionDescription::offer(text).map_err(NegotiationError::Unusable)?;
        if let Err(error) = pc.set_remote_description(description).await {
            self.roll_back().await;
            return Err(NegotiationError::Unusable(error));
        }
        self.add_waiting_candidates().await;
        let answer = pc.create_answer(None).await.map_err(NegotiationError::Unusable)?;
        self.set_local(answer, DescriptionKind::Answer).await?;
        self.negotiated().await;
        Ok(())
    }

    async fn accept_answer(&mut self, answer: SessionDescription) -> Result<(), NegotiationError> {
        let text = sdp::prepare_remote(&answer.sdp)?;
        let description = match answer.kind {
            DescriptionKind::Answer => RTCSessionDescription::answer(text),
            DescriptionKind::Pranswer => RTCSessionDescription::pranswer(text),
            DescriptionKind::Offer | DescriptionKind::Rollback => return Err(NegotiationError::WrongKind),
        };
        let description = description.map_err(NegotiationError::Unusable)?;
        self.connection.pc.set_remote_description(description).await.map_err(NegotiationError::Unusable)?;
        self.add_waiting_candidates().await;
        self.negotiated().await;
        Ok(())
    }

    /// Takes a description back that turned out to be unusable, so that the next one is not refused for its sake.
    async fn roll_back(&self) {
        if let Ok(rollback) = RTCSessionDescription::rollback(None) {
            if let Err(error) = self.connection.pc.set_remote_description(rollback).await {
                tracing::debug!("a description could not be rolled back: {error}");
            }
        }
    }

    async fn add_waiting_candidates(&mut self) {
        for candidate in std::mem::take(&mut self.candidates_before_description) {
            self.add_candidate(candidate).await;
        }
    }

    async fn add_candidate(&mut self, candidate: CandidateInit) {
        if candidate.candidate.is_empty() || self.candidates_taken >= MAX_CANDIDATES {
            return;
        }
        if self.connection.pc.remote_description().await.is_none() {
            if self.candidates_before_description.len() < MAX_CANDIDATES {
                self.candidates_before_description.push(candidate);
            }
            return;
        }
        self.candidates_taken += 1;
        let candidate = RTCIceCandidateInit {
            candidate: candidate.candidate,
            sdp_mid: candidate.sdp_mid,
            sdp_mline_index: candidate.sdp_mline_index,
            username_fragment: candidate.username_fragment,
            url: None,
        };
        // One address that can't be used is no reason not to try the others.
        if self.connection.pc.add_ice_candidate(candidate).await.is_err() {
            tracing::debug!("an address of the other's could not be used");
        }
    }

    /// Takes note of what may be sent, and as what.
    async fn negotiated(&mut self) {
        let payload_type = async |track: &Option<LocalTrack>, kind| match track {
            Some(track) => track.payload_type(kind).await,
            None => None,
        };
        let audio = payload_type(&self.connection.audio, MediaKind::Audio).await;
        let video = payload_type(&self.connection.video, MediaKind::Video).await;
        self.permission.send_modify(|permission| {
            permission.audio = audio;
            permission.video = video;
        });
    }

    async fn library_event(&mut self, event: LibraryEvent) {
        match event {
            LibraryEvent::Candidate(candidate) => {
                let (mid, index) = self.bundle_section.clone().unzip();
                let candidate = CandidateInit {
                    candidate: candidate.candidate,
                    sdp_mid: mid,
                    sdp_mline_index: index.or(Some(0)),
                    username_fragment: candidate.username_fragment,
                };
                self.tell(PeerEvent::LocalCandidate(candidate)).await;
            }
            LibraryEvent::Track(track) => {
                if track.kind().await == RtpCodecKind::Video {
                    let _ = self.receive.try_send(ReceiveCommand::Track(track));
                }
            }
            LibraryEvent::State(state) => self.state(state).await,
        }
    }

    async fn state(&mut self, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connected => {
                self.ice = Ice::Connected;
                self.connected(true).await;
            }
            RTCPeerConnectionState::Disconnected => {
                self.ice = Ice::Disconnected;
                self.disconnected().await;
            }
            RTCPeerConnectionState::Failed => {
                self.ice = Ice::Failed;
                self.permission.send_modify(|permission| permission.connected = false);
                self.told_connected = false;
                let why = "No way to the other was found that lets calls through";
                self.tell(PeerEvent::Failed(why.to_owned())).await;
            }
            _ => {}
        }
    }

    async fn connected(&mut self, anew: bool) {
        if anew {
            self.negotiated().await;
        }
        self.permission.send_modify(|permission| {
            permission.connected = true;
            permission.connections += u32::from(anew);
        });
        if !std::mem::replace(&mut self.told_connected, true) {
            self.tell(PeerEvent::Connected).await;
        }
    }

    async fn disconnected(&mut self) {
        if std::mem::replace(&mut self.told_connected, false) {
            self.tell(PeerEvent::Disconnected).await;
        }
    }

    /// ICE can be content while nothing comes through.
    async fn watch_for_silence(&mut self) {
        if self.ice != Ice::Connected {
            return;
        }
        // Without any media so far there is nothing to miss.
        let Some(last) = self.link.state().last_received else { return };
        let silent = Instant::now().duration_since(last) >= MEDIA_SILENCE;
        match (silent, self.told_connected) {
            (true, true) => self.disconnected().await,
            (false, false) => self.connected(false).await,
            _ => {}
        }
    }
}

impl Figures {
    async fn read(&self) -> PeerStats {
        let library = match self.pc.upgrade() {
            Some(pc) => Some(pc.get_stats(Instant::now(), StatsSelector::None).await),
            None => None,
        };
        let sent = *self.sent.borrow();
        let received = *self.received.borrow();
        let mut stats = PeerStats {
            video_bytes_sent: sent.video_bytes,
            audio_packets_sent: sent.audio_packets,
            audio_bytes_sent: sent.audio_bytes,
            audio_packets_received: received.audio_packets,
            audio_packets_lost: received.audio_lost,
            retransmitted: sent.retransmitted,
            frames_dropped: received.frames_dropped,
            video_jitter_buffer_ms: received.jitter_buffer.map(|time| time.as_secs_f64() * 1e3),
            loss_in: (received.expected > 0)
                .then(|| received.expected.saturating_sub(received.received) as f64 / received.expected as f64),
            ice_restarts: *self.ice_restarts.borrow(),
            ..PeerStats::default()
        };
        {
            let mut link = self.link.state();
            stats.estimated = Some(link.estimator.target(Instant::now()));
            stats.rtt_ms = link.rtt().map(|rtt| rtt.as_secs_f64() * 1e3);
            stats.loss_out = link.loss_out;
            stats.nacks_sent = link.nacks_sent;
            stats.nacks_received = link.nacks_received;
            stats.plis_sent = link.plis_sent;
            stats.plis_received = link.plis_received;
        }
        if let Some(library) = library {
            add_library_figures(&library, &mut stats);
        }
        stats
    }
}

/// What only the library knows: the addresses in use and how they are protected.
fn add_library_figures(report: &RTCStatsReport, stats: &mut PeerStats) {
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
            RTCStatsReportEntry::LocalCandidate(local) if local.stats.id.ends_with(&pair.local_candidate_id) => {
                stats.local_candidate = Some(local.candidate_type.to_string());
                stats.protocol = known(&local.protocol.to_lowercase());
            }
            RTCStatsReportEntry::RemoteCandidate(remote) if remote.stats.id.ends_with(&pair.remote_candidate_id) => {
                stats.remote_candidate = Some(remote.candidate_type.to_string());
            }
            _ => {}
        }
    }
    // One that was found by a check from it, and so was never given to us, is not in the report.
    stats.remote_candidate.get_or_insert_with(|| "prflx".to_owned());
}
