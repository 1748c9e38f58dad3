//! The negotiating task: carries commands out on the library's peer connection, and tells what
//! happened.
//!
//! In: [`PeerCommand`]s in order and the library's callbacks. Out: [`PeerEvent`]s, permission to
//! send, tracks to answer on. What always holds: a description is told before the addresses that
//! belong to it; `Connected` and `Disconnected` take turns; something malformed from the other
//! fails a connection that does not stand yet, and never one that does. (RFC 8829 for offer and
//! answer, RFC 8838 for addresses that come one by one.)

mod library;
mod upkeep;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use tokio::sync::{mpsc, watch};
use visavis_shared::{CandidateInit, DescriptionKind, SessionDescription};
use webrtc::peer_connection::{RTCIceCandidateInit, RTCSessionDescription};

use super::connection::{Connection, LocalTrack, configuration};
use crate::clock;
use crate::feedback::media_path::{MediaKind, MediaPath};
use crate::path::path_watch::PathWatch;
use crate::path::resolver::Resolver;
use crate::path::socket::SocketLayer;
use crate::peer::sdp;
use crate::receiving::receive_task::ReceiveCommand;
use crate::sending::send_task::Permission;
use crate::{PeerCommand, PeerConfig, PeerEvent};

pub(super) use library::{Handler, LibraryEvent};

/// The most addresses of the other's that are tried.
const MAX_CANDIDATES: usize = 128;
/// A lookup that takes longer than this, from when it began, is not waited for.
const NAME_GRACE: Duration = Duration::from_millis(150);
/// How often the way to the other is looked after.
const WATCH: Duration = Duration::from_millis(100);

/// Where the connection is, by the library's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ice {
    New,
    Connected,
    Disconnected,
    Failed,
}

/// Where what happened is told.
pub(super) struct Outputs {
    pub(super) events: mpsc::Sender<PeerEvent>,
    pub(super) receive: mpsc::Sender<ReceiveCommand>,
    pub(super) permission: watch::Sender<Permission>,
    pub(super) ice_restarts: watch::Sender<u32>,
}

/// Carries commands out and says what happened.
pub(super) struct Negotiator {
    config: PeerConfig,
    resolver: Arc<Resolver>,
    connection: Connection,
    link: Arc<MediaPath>,
    socket_layer: Arc<SocketLayer>,
    out: Outputs,
    candidates_before_description: Vec<CandidateInit>,
    candidates_taken: usize,
    bundle_section: Option<(String, u16)>,
    /// We offered and wait for the answer.
    offered: bool,
    /// An offer to start ICE anew that was told, and that the library is given only together with
    /// its answer: until then it goes on with what it has.
    staged: Option<RTCSessionDescription>,
    path: PathWatch,
    /// ICE was started anew, and the way has not been seen to work since.
    restarted: bool,
    addresses_looked_up: Option<Instant>,
    /// The library is to ask the relays for new allocations, and has not been told yet.
    relays_renewed: bool,
    gathering: bool,
    /// A server became known while the library gathered.
    gather_again: bool,
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
    pub(super) fn new(
        config: PeerConfig,
        resolver: Arc<Resolver>,
        connection: Connection,
        link: Arc<MediaPath>,
        socket_layer: Arc<SocketLayer>,
        out: Outputs,
    ) -> Self {
        Self {
            config,
            resolver,
            connection,
            link,
            socket_layer,
            out,
            candidates_before_description: Vec::new(),
            candidates_taken: 0,
            bundle_section: None,
            offered: false,
            staged: None,
            path: PathWatch::default(),
            restarted: false,
            addresses_looked_up: None,
            relays_renewed: false,
            gathering: false,
            gather_again: false,
            ice: Ice::New,
            told_connected: false,
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
        let mut watch = tokio::time::interval(WATCH);
        watch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.command(command).await,
                    None => return,
                },
                Some(event) = library.recv() => self.library_event(event).await,
                Ok(()) = resolved.changed() => self.resolved().await,
                _ = watch.tick() => self.look_after_path().await,
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
                let _ = self.out.receive.try_send(ReceiveCommand::RequestKeyFrame);
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
        let _ = self.out.events.send(event).await;
    }

    async fn offer(&mut self, ice_restart: bool) -> Result<(), NegotiationError> {
        if let Some(staged) = self.staged.as_ref().filter(|_| ice_restart) {
            // Whoever has heard it before says the same answer again, and whichever comes first
            // fits.
            let offer =
                SessionDescription { kind: DescriptionKind::Offer, sdp: staged.sdp.clone() };
            self.tell(PeerEvent::LocalDescription(offer)).await;
            return Ok(());
        }
        if ice_restart && std::mem::replace(&mut self.restarted, true) {
            // The last one did not help. What was allocated at a relay may be what is lost.
            self.renew_relays();
        }
        let options = ice_restart.then_some(RTCOfferOptions { ice_restart });
        if !self.gathering || self.relays_renewed {
            // A name server's usual time, unless the names were looked up at log-in: to take up a
            // server in the middle of gathering is what the library does worst.
            self.resolver.settled(NAME_GRACE).await;
            self.configure().await;
        }
        let offer =
            self.connection.pc.create_offer(options).await.map_err(NegotiationError::NotMade)?;
        if ice_restart {
            self.out.ice_restarts.send_modify(|count| *count += 1);
            if matches!(self.ice, Ice::Connected | Ice::Disconnected) {
                // Not a packet is given up for it before the other has answered: the way may still
                // work, or again.
                let text = offer.sdp.clone();
                self.staged = Some(offer);
                // The other begins before its answer is here.
                self.link.state().restart_begins(clock::now());
                let offer = SessionDescription { kind: DescriptionKind::Offer, sdp: text };
                self.tell(PeerEvent::LocalDescription(offer)).await;
                return Ok(());
            }
        }
        self.offered = true;
        self.set_local(offer, DescriptionKind::Offer).await
    }

    /// Tells the library of the servers that are known. It asks them when it gathers next.
    async fn configure(&mut self) {
        self.relays_renewed = false;
        let configuration = configuration(&self.config, &self.resolver, &self.socket_layer.relays);
        if let Err(error) = self.connection.pc.set_configuration(configuration).await {
            tracing::debug!("a server could not be added: {error}");
        }
    }

    async fn apply_local(
        &mut self,
        description: RTCSessionDescription,
        kind: DescriptionKind,
    ) -> Result<(), NegotiationError> {
        self.bundle_section = sdp::bundle_section(&description.sdp);
        {
            let mut state = self.link.state();
            state.payload_types = sdp::payload_types(&description.sdp);
            state.fec_in = sdp::parity_payload_type(&description.sdp);
            state.red = sdp::redundant_audio(&description.sdp);
        }
        self.gathering |= kind == DescriptionKind::Offer;
        self.connection
            .pc
            .set_local_description(description)
            .await
            .map_err(NegotiationError::NotMade)
    }

    async fn set_local(
        &mut self,
        description: RTCSessionDescription,
        kind: DescriptionKind,
    ) -> Result<(), NegotiationError> {
        let text = description.sdp.clone();
        self.apply_local(description, kind).await?;
        // Addresses follow through the library's queue, which is read after this.
        self.tell(PeerEvent::LocalDescription(SessionDescription { kind, sdp: text })).await;
        Ok(())
    }

    async fn accept_offer(&mut self, offer: SessionDescription) -> Result<(), NegotiationError> {
        if offer.kind != DescriptionKind::Offer {
            return Err(NegotiationError::WrongKind);
        }
        let text = sdp::prepare_remote(&offer.sdp)?;
        let unwanted = [MediaKind::Audio, MediaKind::Video]
            .into_iter()
            .filter(|kind| sdp::lacks_format(&text, *kind));
        let unwanted: Vec<MediaKind> = unwanted.collect();
        let pc = Arc::clone(&self.connection.pc);
        let description = RTCSessionDescription::offer(text).map_err(NegotiationError::Unusable)?;
        if std::mem::take(&mut self.offered) {
            // Both offered, and whoever gives commands decided for the other's: ours is taken back
            // (RFC 8829 §4.1.10.2).
            let rollback =
                RTCSessionDescription::rollback(None).map_err(NegotiationError::Unusable)?;
            pc.set_local_description(rollback).await.map_err(NegotiationError::Unusable)?;
        }
        // Of a staged offer the library knows only the credentials, and makes others for theirs.
        self.staged = None;
        let theirs = pc.remote_description().await;
        if theirs
            .is_some_and(|theirs| sdp::ice_user(&theirs.sdp) != sdp::ice_user(&description.sdp))
        {
            self.restart_begins();
        }
        if let Err(error) = pc.set_remote_description(description).await {
            self.roll_back_remote().await;
            return Err(NegotiationError::Unusable(error));
        }
        self.socket_layer.described();
        self.socket_layer.nudge();
        self.add_waiting_candidates().await;
        for kind in unwanted {
            self.stop_sending(kind).await;
        }
        // Who offers can ask a server later; who answers has but this moment, and gives a name
        // server its usual time.
        self.resolver.settled(NAME_GRACE).await;
        if self.relays_renewed {
            self.configure().await;
        }
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
            DescriptionKind::Offer | DescriptionKind::Rollback => {
                return Err(NegotiationError::WrongKind);
            }
        };
        let description = description.map_err(NegotiationError::Unusable)?;
        if let Some(offer) = self.staged.take() {
            self.restart_begins();
            self.apply_local(offer, DescriptionKind::Offer).await?;
        }
        self.connection
            .pc
            .set_remote_description(description)
            .await
            .map_err(NegotiationError::Unusable)?;
        self.socket_layer.described();
        self.socket_layer.nudge();
        self.offered = answer.kind == DescriptionKind::Pranswer;
        self.add_waiting_candidates().await;
        self.negotiated().await;
        Ok(())
    }

    /// The library is about to forget the pair in use and to look for another.
    fn restart_begins(&mut self) {
        self.candidates_taken = 0;
        if self.ice != Ice::New {
            let now = clock::now();
            self.socket_layer.restart_begins(now);
            self.link.state().restart_begins(now);
        }
    }

    /// It has found one, or given up.
    fn restart_ends(&self) {
        let now = clock::now();
        if self.socket_layer.restart_ends() {
            self.link.state().restart_ends(now);
        }
    }

    /// Of a kind that the other has no format for in common with us: with a sender the library
    /// would refuse the whole offer, without one just the section.
    async fn stop_sending(&mut self, kind: MediaKind) {
        let track = match kind {
            MediaKind::Audio => self.connection.audio.take(),
            MediaKind::Video => self.connection.video.take(),
        };
        if let Some(track) = track
            && let Err(error) = self.connection.pc.remove_track(&track.sender).await
        {
            tracing::debug!("a track that the other can't use could not be removed: {error}");
        }
    }

    /// Takes a description back that turned out to be unusable, so that the next one is not refused
    /// for its sake.
    async fn roll_back_remote(&self) {
        if let Ok(rollback) = RTCSessionDescription::rollback(None)
            && let Err(error) = self.connection.pc.set_remote_description(rollback).await
        {
            tracing::debug!("a description could not be rolled back: {error}");
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
        match self.connection.pc.add_ice_candidate(candidate).await {
            Ok(()) => self.socket_layer.nudge(),
            Err(_) => tracing::debug!("an address of the other's could not be used"),
        }
    }

    /// The name of a STUN or TURN server was resolved. While the library gathers it must not be
    /// told: a gathering whose servers change under it never ends.
    async fn resolved(&mut self) {
        if self.gathering {
            self.gather_again = true;
        } else {
            self.ask_late_servers().await;
        }
    }

    /// Takes up the servers that are known now. An offer that was not answered yet is set again,
    /// which makes the library gather again, with them; later than that it would disturb the checks
    /// that are under way.
    async fn ask_late_servers(&mut self) {
        let pc = &self.connection.pc;
        if let Err(error) = pc
            .set_configuration(configuration(
                &self.config,
                &self.resolver,
                &self.socket_layer.relays,
            ))
            .await
        {
            tracing::debug!("a server that was resolved late could not be added: {error}");
        } else if self.offered
            && let Some(offer) = pc.local_description().await
        {
            self.gathering = true;
            if let Err(error) = pc.set_local_description(offer).await {
                tracing::debug!("a server that was resolved late could not be asked: {error}");
            }
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
        let theirs = self.connection.pc.remote_description().await;
        let level = theirs.as_ref().and_then(|description| sdp::h264_level(&description.sdp));
        let offered = self.link.state().red.is_some();
        let red = theirs
            .as_ref()
            .and_then(|description| sdp::redundant_audio(&description.sdp))
            .filter(|_| offered);
        self.socket_layer.sound_goes_as([audio, red]);
        let parity =
            theirs.as_ref().and_then(|description| sdp::parity_payload_type(&description.sdp));
        let parity = {
            let mut state = self.link.state();
            state.fec_out = parity.filter(|_| video.is_some() && state.fec_in.is_some());
            state.fec_out
        };
        self.out.permission.send_modify(|permission| {
            permission.audio = audio;
            permission.red = red;
            permission.video = video;
            permission.fec = parity;
            permission.level = level;
        });
    }

    async fn library_event(&mut self, event: LibraryEvent) {
        match event {
            // A socket for all interfaces on a machine that has none: nobody can reach us there.
            LibraryEvent::Candidate(candidate) if is_unspecified(&candidate.candidate) => {}
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
                    let _ = self.out.receive.try_send(ReceiveCommand::Track(track));
                }
            }
            LibraryEvent::PairSelected => self.socket_layer.pair_selected(),
            LibraryEvent::State(state) => self.state(state).await,
            LibraryEvent::Gathered => {
                self.gathering = false;
                if std::mem::take(&mut self.gather_again) {
                    self.ask_late_servers().await;
                }
            }
        }
    }
}

/// Whether a candidate (RFC 8839 §5.1) has the address 0.0.0.0 or ::.
fn is_unspecified(candidate: &str) -> bool {
    let address = candidate.split_whitespace().nth(4).and_then(|word| word.parse::<IpAddr>().ok());
    address.is_some_and(|address| address.is_unspecified())
}
