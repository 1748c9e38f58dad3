//! The negotiating task: performs what [`negotiation`] decides on the library's peer connection.
//!
//! In: [`PeerCommand`]s in order and the library's callbacks. Out: [`PeerEvent`]s, permission to
//! send, tracks to answer on. What always holds: a description is emitted before the candidates
//! that belong to it; a description of the other's that can't be used fails a connection that is
//! being set up, and one that stands only if the library has lost its pair over it (RFC 8829, RFC
//! 8838).
//!
//! [`negotiation`] is the state machine, [`event`] its inputs and actions, [`descriptions`] reads
//! and writes what goes between the library and the other, [`upkeep`] watches over the connection
//! while it stands, [`library`] passes the library's callbacks on.

mod descriptions;
mod event;
mod library;
mod negotiation;
mod upkeep;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use tokio::sync::{mpsc, watch};
use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};
use webrtc::error::Result as LibraryResult;
use webrtc::peer_connection::{RTCIceCandidateInit, RTCSessionDescription, StatsSelector};

use super::connection::{Connection, LocalTrack, configuration};
use super::local_candidates::LocalCandidates;
use super::remote_candidates::{MAX_CANDIDATES, TransportCandidates};
use crate::clock;
use crate::data::Inlet;
use crate::feedback::media_path::MediaPath;
use crate::formats::MediaKind;
use crate::path::path_watch::PathWatch;
use crate::path::resolver::Resolver;
use crate::path::socket::SocketLayer;
use crate::peer::sdp::{self, Exchange, RemoteDescription};
use crate::peer::video_agreement::VideoAgreement;
use crate::receiving::receive_task::ReceiveCommand;
use crate::receiving::sprop_parameter_sets::described_parameter_sets;
use crate::sending::send_task::Permission;
use crate::{PeerCommand, PeerConfig, PeerEvent};
use descriptions::for_library;
use event::{Action, Input};
use negotiation::Negotiation;

pub(super) use library::{Handler, LibraryEvent};
pub(super) use negotiation::WRONG_CERTIFICATE;

/// The most candidates that wait for the other's description.
const MAX_WAITING_CANDIDATES: usize = 2 * MAX_CANDIDATES;
/// A lookup that takes longer than this, from when it began, is not waited for.
const NAME_GRACE: Duration = Duration::from_millis(150);
/// How often the network path is looked after.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);

/// What the task reports.
#[derive(Debug)]
pub(super) enum Report {
    Event(PeerEvent),
    /// It is done with the oldest offer or answer that it was given or asked for; what is to be
    /// said to that has been said.
    Settled,
}

/// Where the task's results go.
pub(super) struct Outputs {
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) receive: mpsc::Sender<ReceiveCommand>,
    pub(super) permission: watch::Sender<Permission>,
    pub(super) agreement: watch::Sender<Option<VideoAgreement>>,
    /// `None` where there are no data channels.
    pub(super) data: Option<Inlet>,
}

/// Performs the negotiation's actions and reports their results to it.
pub(super) struct Negotiator {
    config: PeerConfig,
    resolver: Arc<Resolver>,
    connection: Connection,
    media_path: Arc<MediaPath>,
    socket_layer: Arc<SocketLayer>,
    out: Outputs,
    negotiation: Negotiation,
    path: PathWatch,
    own_candidates: LocalCandidates,
    candidates: TransportCandidates,
    /// Those that came before any description.
    waiting_candidates: Vec<CandidateInit>,
    exchange: Exchange,
    described: Option<RemoteDescription>,
    /// What the other's last description says about video.
    about_video: Option<VideoAgreement>,
    candidates_section: (Option<String>, u16),
    addresses_looked_up: Option<Instant>,
    has_opened_data: bool,
}

/// Why something of the negotiation could not be done.
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
    pub(super) fn new(
        config: PeerConfig,
        resolver: Arc<Resolver>,
        connection: Connection,
        media_path: Arc<MediaPath>,
        socket_layer: Arc<SocketLayer>,
        candidates: TransportCandidates,
        out: Outputs,
    ) -> Self {
        let own_candidates = LocalCandidates::new(connection.addresses.clone());
        let exchange = Exchange::new(&connection.certificates.placeholder());
        Self {
            config,
            resolver,
            connection,
            media_path,
            socket_layer,
            out,
            negotiation: Negotiation::new(),
            path: PathWatch::default(),
            own_candidates,
            candidates,
            waiting_candidates: Vec::new(),
            exchange,
            described: None,
            about_video: None,
            candidates_section: (None, 0),
            addresses_looked_up: None,
            has_opened_data: false,
        }
    }

    /// Runs until the commands' sender is gone. `resolved` changes with each name that was not
    /// known when the connection was configured.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<PeerCommand>,
        mut library: mpsc::Receiver<LibraryEvent>,
        mut resolved: watch::Receiver<u64>,
    ) {
        let certificates = Arc::clone(&self.connection.certificates);
        let mut status = self.media_path.statuses.ours.subscribe();
        let mut watch = tokio::time::interval(WATCH_INTERVAL);
        watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => return,
                },
                Some(event) = library.recv() => self.library_event(event).await,
                () = certificates.refused() => self.handle(Input::WrongCertificate).await,
                Ok(()) = resolved.changed() => self.handle(Input::ServerResolved).await,
                Ok(()) = status.changed() => self.send_status().await,
                _ = watch.tick() => {
                    self.pass_status();
                    self.look_after_path().await;
                }
            }
        }
    }

    async fn command(&mut self, command: PeerCommand) {
        let describes = matches!(
            command,
            PeerCommand::CreateOffer { .. }
                | PeerCommand::AcceptOffer(_)
                | PeerCommand::AcceptAnswer(_)
        );
        match command {
            PeerCommand::CreateOffer { ice_restart } => {
                self.handle(Input::CreateOffer { ice_restart }).await;
            }
            PeerCommand::AcceptOffer(offer) => {
                let offer = self.read_offer(&offer).map_err(|error| error.to_string());
                self.handle(Input::RemoteOffer(offer)).await;
            }
            PeerCommand::AcceptAnswer(answer) => {
                let answer = self.read_answer(&answer).await.map_err(|error| error.to_string());
                self.handle(Input::RemoteAnswer(answer)).await;
            }
            PeerCommand::AddCandidate(candidate) => self.add_candidate(candidate).await,
            PeerCommand::RequestKeyFrame => {
                let _ = self.out.receive.try_send(ReceiveCommand::RequestKeyFrame);
            }
        }
        if describes {
            let _ = self.out.reports.send(Report::Settled).await;
        }
    }

    /// Gives the negotiation an input and performs what follows from it.
    async fn handle(&mut self, input: Input) {
        self.negotiation.handle(input);
        while let Some(action) = self.negotiation.poll_action() {
            let decides = matches!(action, Action::SetLocal(_) | Action::SetRemote(_));
            if decides && self.negotiation.is_running() {
                self.socket_layer.decides(true);
            }
            if let Some(result) = self.perform(action).await {
                self.negotiation.handle(result);
            }
            if !decides {
                // A restart, if there was one, has begun by now: it is the first action after it.
                self.socket_layer.decides(false);
            }
        }
        self.socket_layer.decides(false);
    }

    async fn perform(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Configure => {
                // A name server's usual time, unless the names were looked up at log-in: to take up
                // a server in the middle of gathering is what the library does worst.
                self.resolver.settled(NAME_GRACE).await;
                self.configure().await;
            }
            Action::ConfigureLate { gather } => {
                if self.configure().await && gather && self.gather_again().await {
                    return Some(Input::GatheringAgain);
                }
            }
            Action::CreateOffer { ice_restart } => {
                self.open_data_channels().await;
                let options = ice_restart.then_some(RTCOfferOptions { ice_restart });
                let offer = self.connection.pc.create_offer(options).await;
                return Some(created(offer, NegotiationError::NotMade));
            }
            Action::CreateAnswer => {
                let answer = self.create_answer().await;
                return Some(created(answer, NegotiationError::Unusable));
            }
            Action::SetLocal(description) => return Some(self.set_local(description).await),
            Action::SetRemote(description) => return Some(self.set_remote(description).await),
            Action::RollBackLocal | Action::ApplyCredentials => self.roll_back(true).await,
            Action::RollBackRemote => self.roll_back(false).await,
            Action::RemoteDescribed { restarted } => self.remote_described(restarted).await,
            Action::Negotiated => self.negotiated().await,
            Action::ExpectRestart => self.media_path.state().restart_begins(clock::now()),
            Action::BeginRestart => {
                let now = clock::now();
                self.socket_layer.restart_begins(now);
                self.media_path.state().restart_begins(now);
            }
            Action::EndRestart => {
                if self.socket_layer.restart_ends() {
                    self.media_path.state().restart_ends(clock::now());
                }
            }
            Action::CountRestart => self.media_path.state().ice_restarts += 1,
            Action::RenewRelays => self.socket_layer.relays.renew(),
            Action::Secured => {
                self.candidates.connected(clock::now());
                self.secured();
            }
            Action::Permit { connected, begins } => {
                self.out.permission.send_modify(|permission| {
                    permission.connected = connected;
                    permission.connections += u32::from(begins);
                });
                self.send_status().await;
            }
            Action::Emit(PeerEvent::LocalDescription(description)) => self.send(description).await,
            Action::Emit(event) => self.emit(event).await,
            Action::Warn(why) => tracing::warn!("{why}"),
        }
        None
    }

    async fn emit(&self, event: PeerEvent) {
        // When nobody receives any more, the peer is about to be dropped.
        let _ = self.out.reports.send(Report::Event(event)).await;
    }

    /// Gives the library the servers that are known, which it asks when it gathers next. Says
    /// whether it takes them.
    async fn configure(&self) -> bool {
        let configuration = configuration(&self.config, &self.resolver, &self.socket_layer.relays);
        let taken = self.connection.pc.set_configuration(configuration).await;
        if let Err(error) = &taken {
            tracing::debug!("a server could not be added: {error}");
        }
        taken.is_ok()
    }

    /// Sets our offer again, so that the library gathers again. Says whether there is one.
    async fn gather_again(&self) -> bool {
        let Some(offer) = self.connection.pc.local_description().await else { return false };
        if let Err(error) = self.connection.pc.set_local_description(offer).await {
            tracing::debug!("a server that was resolved late could not be asked: {error}");
        }
        true
    }

    async fn set_local(&mut self, description: SessionDescription) -> Input {
        let sdp = &description.sdp;
        self.candidates_section = self.exchange.write(description.kind, sdp).candidates_section;
        self.own_candidates.described(sdp::ice_credentials(sdp).map(|(fragment, _)| fragment));
        {
            let mut state = self.media_path.state();
            state.payload_types = sdp::payload_types(sdp);
            state.named_sections = sdp::named_sections(sdp);
            state.fec_in = sdp::fec_payload_type(sdp);
            state.red = sdp::redundant_audio(sdp);
        }
        accepted(self.set(true, description).await, false, NegotiationError::NotMade)
    }

    async fn set_remote(&self, description: SessionDescription) -> Input {
        // The placeholders among them, which nothing is sent with, do no harm.
        self.socket_layer.name_streams(&description.sdp);
        let before = self.ice_generation().await;
        let set = self.set(false, description).await;
        accepted(set, self.ice_generation().await != before, NegotiationError::Unusable)
    }

    /// Gives the library a description, ours or the other's.
    async fn set(&self, ours: bool, description: SessionDescription) -> LibraryResult<()> {
        let description = for_library(description)?;
        if ours {
            self.connection.pc.set_local_description(description).await
        } else {
            self.connection.pc.set_remote_description(description).await
        }
    }

    /// What the library calls itself towards ICE: another name with each restart. It may have
    /// restarted ICE for a description that it refuses afterwards.
    async fn ice_generation(&self) -> Option<String> {
        let report = self.connection.pc.get_stats(clock::now(), StatsSelector::None).await;
        report.transport().map(|transport| transport.ice_local_username_fragment.clone())
    }

    async fn create_answer(&self) -> LibraryResult<RTCSessionDescription> {
        // Who offers can ask a server later; who answers has but this moment, and gives a name
        // server its usual time.
        self.resolver.settled(NAME_GRACE).await;
        self.connection.pc.create_answer(None).await
    }

    /// Takes a description back that came to nothing, so that the next one is not refused for its
    /// sake. Where there is none this fails, but ours applies credentials for a restart first.
    async fn roll_back(&self, ours: bool) {
        let rollback = SessionDescription { kind: DescriptionKind::Rollback, sdp: String::new() };
        if let Err(error) = self.set(ours, rollback).await {
            tracing::debug!("no description was rolled back: {error}");
        }
    }

    async fn remote_described(&mut self, restarted: bool) {
        if restarted {
            self.candidates.restarted();
        }
        self.exchange.remote_taken();
        self.socket_layer.described();
        let described = self.described.take().map(|described| described.candidates);
        for candidate in described.into_iter().flatten() {
            self.add_candidate(CandidateInit {
                candidate: format!("candidate:{candidate}"),
                sdp_mid: None,
                sdp_mline_index: None,
                username_fragment: None,
            })
            .await;
        }
        for candidate in std::mem::take(&mut self.waiting_candidates) {
            self.add_candidate(candidate).await;
        }
    }

    async fn add_candidate(&mut self, candidate: CandidateInit) {
        if candidate.candidate.is_empty() {
            return;
        }
        if self.connection.pc.remote_description().await.is_none() {
            if self.waiting_candidates.len() < MAX_WAITING_CANDIDATES {
                self.waiting_candidates.push(candidate);
            }
            return;
        }
        let is_for_us =
            self.exchange.takes_candidate(candidate.sdp_mid.as_deref(), candidate.sdp_mline_index);
        if !is_for_us || !self.candidates.take(&candidate) {
            tracing::debug!("an address of the other's is not tried");
            return;
        }
        let candidate = RTCIceCandidateInit {
            candidate: candidate.candidate,
            sdp_mid: candidate.sdp_mid,
            sdp_mline_index: candidate.sdp_mline_index,
            username_fragment: candidate.username_fragment,
            url: None,
        };
        // An address that can't be used does not keep the others from being tried.
        match self.connection.pc.add_ice_candidate(candidate).await {
            Ok(()) => self.socket_layer.nudge(),
            Err(_) => tracing::debug!("an address of the other's could not be used"),
        }
    }

    /// Opens our data channels before our first offer, which has a section for them then.
    async fn open_data_channels(&mut self) {
        let Some(data) = self.out.data.as_ref().filter(|_| self.exchange.is_new()) else { return };
        if !std::mem::replace(&mut self.has_opened_data, true) {
            data.open(self.connection.pc.as_ref()).await;
        }
    }

    /// Notes what may be sent, and as what.
    async fn negotiated(&mut self) {
        if let Some(data) = &self.out.data {
            data.agreed(self.exchange.data_offered_by(), self.negotiation.has_pair()).await;
        }
        let payload_type = async |track: &Option<LocalTrack>, kind| match track {
            Some(track) if self.exchange.wants(kind) => track.payload_type(kind).await,
            _ => None,
        };
        let audio = payload_type(&self.connection.audio, MediaKind::Audio).await;
        let video = payload_type(&self.connection.video, MediaKind::Video).await;
        let theirs = self.connection.pc.remote_description().await;
        let theirs = theirs.as_ref().map_or("", |description| description.sdp.as_str());
        let wanted = self.exchange.wants(MediaKind::Video);
        let agreement = self.about_video.map(|described| described.carried(wanted));
        self.out.agreement.send_replace(agreement);
        let (red, fec) = {
            let mut state = self.media_path.state();
            // Media that was held does not count as missing from before it may come.
            state.last_received = state.last_received.map(|_| clock::now());
            state.fec_out =
                sdp::fec_payload_type(theirs).filter(|_| video.is_some() && state.fec_in.is_some());
            (sdp::redundant_audio(theirs).filter(|_| state.red.is_some()), state.fec_out)
        };
        let sets = ReceiveCommand::ParameterSets(described_parameter_sets(theirs));
        let _ = self.out.receive.try_send(sets);
        self.socket_layer.audio_payload_types.set([audio, red]);
        self.out.permission.send_modify(|permission| {
            permission.audio = audio;
            permission.red = red;
            permission.video = video;
            permission.main_profile = video.and_then(|_| sdp::main_profile_payload_type(theirs));
            permission.fec = fec;
            permission.level = sdp::h264_level(theirs);
        });
    }

    async fn library_event(&mut self, event: LibraryEvent) {
        match event {
            LibraryEvent::Candidate(candidate) => {
                let (sdp_mid, index) = self.candidates_section.clone();
                let found = CandidateInit {
                    candidate: candidate.candidate,
                    sdp_mid,
                    sdp_mline_index: Some(index),
                    username_fragment: candidate.username_fragment,
                };
                if let Some(candidate) = self.own_candidates.offer(found) {
                    self.emit(PeerEvent::LocalCandidate(candidate)).await;
                }
            }
            LibraryEvent::Track(track) => {
                if track.kind().await == RtpCodecKind::Video {
                    let _ = self.out.receive.try_send(ReceiveCommand::Track(track));
                }
            }
            LibraryEvent::PairSelected => self.socket_layer.pair_selected(),
            LibraryEvent::Negotiation(input) => self.handle(input).await,
        }
    }
}

fn created(
    created: LibraryResult<RTCSessionDescription>,
    refusal: fn(webrtc::error::Error) -> NegotiationError,
) -> Input {
    let refused = |error| Input::Refused { why: refusal(error).to_string(), restarted: false };
    created.map_or_else(refused, |description| Input::Created(description.sdp))
}

fn accepted(
    set: LibraryResult<()>,
    restarted: bool,
    refusal: fn(webrtc::error::Error) -> NegotiationError,
) -> Input {
    let refused = |error| Input::Refused { why: refusal(error).to_string(), restarted };
    set.map_or_else(refused, |()| Input::Accepted { restarted })
}
