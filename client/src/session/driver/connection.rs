//! The peer connection of a call: opened and closed as the machine asks, its events and statistics
//! passed on.

use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot, watch};
use visavis_shared::{IceServer, IceUrl};

use super::{Consent, Driver, Event};
use crate::call::event::{CallPhase, Input, PeerId, PeerInput};
use crate::device::{CameraChoice, MicrophoneChoice};
use crate::session::diagnosis::Diagnosis;
use crate::session::media_engine::MediaCommand;
use crate::session::notices::VideoOf;
use crate::session::pipeline::{PipelineStatistics, VIDEO_IN};
use crate::session::statistics::Statistics;
use crate::session::video_trouble::VideoWatch;
use crate::signaling::ServerUrl;
use crate::transport::{
    MediaPorts, MediaStatus, Peer, PeerCommand, PeerConfig, PeerEvent, PeerStats,
};
use crate::words::{Phrase, phrase};

/// Events of a peer connection that wait.
const EVENT_QUEUE: usize = 128;

/// The peer connection of the call. What it reports comes in queues of its own, so nothing of one
/// that was closed arrives any more.
pub(super) struct CallPeer {
    id: PeerId,
    peer: Peer,
    events: mpsc::Receiver<PeerEvent>,
    statistics: watch::Receiver<PeerStats>,
    their_media: watch::Receiver<Option<MediaStatus>>,
}

/// The next event of the peer connection, or its next statistics.
pub(super) async fn next_event(peer: &mut Option<CallPeer>) -> Event {
    let Some(peer) = peer else { return pending().await };
    tokio::select! {
        biased;
        Some(event) = peer.events.recv() => Event::Peer(event),
        Ok(()) = peer.statistics.changed() => {
            Event::Statistics(Box::new(peer.statistics.borrow_and_update().clone()))
        }
        Ok(()) = peer.their_media.changed() => {
            let said = *peer.their_media.borrow_and_update();
            Event::TheirMedia(said.unwrap_or_default())
        }
        else => pending().await,
    }
}

impl Driver {
    pub(super) fn on_peer(&mut self, event: PeerEvent) {
        let Some(peer) = self.peer.as_ref().map(|peer| peer.id) else { return };
        let event = match event {
            PeerEvent::LocalDescription(description) => PeerInput::LocalDescription(description),
            PeerEvent::LocalCandidate(candidate) => PeerInput::LocalCandidate(candidate),
            PeerEvent::Connected => PeerInput::Connected,
            PeerEvent::Disconnected => PeerInput::Disconnected,
            PeerEvent::PathDegraded => PeerInput::PathDegraded,
            PeerEvent::PathRecovered => PeerInput::PathRecovered,
            PeerEvent::NoOffer => PeerInput::NoOffer,
            PeerEvent::OfferRefused => PeerInput::OfferRefused,
            PeerEvent::Failed(why) => PeerInput::Failed(phrase!("call-not-set-up").or_plain(why)),
        };
        self.handle(Input::Peer { peer, event });
    }

    /// The other is heard and seen from now on, or is not, because they want it so.
    pub(super) fn on_their_media(&mut self, status: MediaStatus) {
        self.snapshot.remote_muted = status.microphone_muted;
        self.snapshot.remote_camera_off = status.camera_off;
    }

    /// Says the same of us.
    pub(super) fn say_media_status(&self) {
        let Some(CallPeer { peer, .. }) = &self.peer else { return };
        let snapshot = &self.snapshot;
        peer.set_media_status(MediaStatus {
            microphone_muted: snapshot.microphone_muted
                || snapshot.microphone == MicrophoneChoice::None,
            camera_off: snapshot.camera_off || snapshot.has_no_camera(),
            screen: false,
        });
    }

    /// The connection has new statistics, as it has every second.
    pub(super) fn on_statistics(&mut self, stats: &PeerStats) {
        let pipeline = self.media.statistics().pipeline;
        self.look_at_video(stats, &pipeline);
        self.statistics.note(Instant::now(), stats, &pipeline);
        let Some(latest) = self.statistics.latest() else { return };
        self.snapshot.rtt = latest.rtt;
        self.snapshot.connection_words = self.diagnosis.note(latest).map(|problem| problem.words());
        self.snapshot.statistics = Some(Arc::new(self.statistics.clone()));
    }

    /// Tells the person what keeps video from being seen, here and there.
    fn look_at_video(&mut self, stats: &PeerStats, pipeline: &PipelineStatistics) {
        let CallPhase::InCall { peer, .. } = self.call.phase() else { return };
        let has_camera = self.snapshot.camera != CameraChoice::None;
        let troubles = self.video_watch.note(Instant::now(), stats, pipeline, has_camera);
        self.measured.video(troubles, has_camera);
        // Whose camera is off sends nothing, and there is nothing wrong with that.
        let theirs = troubles.theirs.filter(|_| !self.snapshot.remote_camera_off);
        let theirs = theirs.map(|trouble| trouble.words_of_theirs(peer.as_str()));
        let ours = troubles.ours.map(|trouble| trouble.words_of_ours(peer.as_str()));
        self.tell_of_video(theirs, ours);
    }

    fn tell_of_video(&mut self, theirs: Option<Phrase>, ours: Option<Phrase>) {
        if self.snapshot.remote_video_words != theirs {
            self.notices.video(VideoOf::Them, theirs.clone());
            self.snapshot.remote_video_words = theirs;
        }
        if self.snapshot.own_video_words != ours {
            self.notices.video(VideoOf::Us, ours.clone());
            self.snapshot.own_video_words = ours;
        }
    }

    /// What was measured belongs to a connection that is gone.
    fn forget_statistics(&mut self) {
        (self.statistics, self.diagnosis) = (Statistics::default(), Diagnosis::default());
        self.video_watch = VideoWatch::default();
        self.tell_of_video(None, None);
        self.on_their_media(MediaStatus::default());
        self.snapshot.rtt = None;
        self.snapshot.connection_words = None;
        self.snapshot.statistics = None;
    }

    /// Those that the person or the program chose, and those that the server offers.
    pub(super) fn ice_servers(&self) -> Vec<IceServer> {
        let is_here =
            ServerUrl::parse(&self.snapshot.server).is_ok_and(|url| url.is_this_machine());
        let offered = self.server_ice.iter().map(|server| {
            let mut server = server.clone();
            // A server elsewhere has no business with what listens on this machine alone.
            server.urls.retain(|url| {
                is_here || !url.parse::<IceUrl>().is_ok_and(|url| url.is_this_machine())
            });
            server
        });
        self.options.ice_servers.iter().cloned().chain(offered).collect()
    }

    pub(super) fn open_peer(&mut self, id: PeerId, consent: &Consent) {
        let config = PeerConfig {
            ice_servers: self.ice_servers(),
            relay_only: self.options.relay_only,
            relay_roots: Vec::new(),
            bind: self.options.bind.clone(),
            max_bitrate: self.options.max_bitrate,
            send_video: self.snapshot.camera != CameraChoice::None,
            send_audio: self.snapshot.microphone != MicrophoneChoice::None,
            network: None,
        };
        let (ports, ends) = MediaPorts::pair(VIDEO_IN);
        let (events_in, events) = mpsc::channel(EVENT_QUEUE);
        let peer = Peer::open(consent.to_the_network(), config, ports, events_in);
        self.media.command(MediaCommand::Attach(ends, peer.weak_commands()));
        let statistics = peer.statistics();
        let their_media = peer.their_media_status();
        self.peer = Some(CallPeer { id, peer, events, statistics, their_media });
    }

    pub(super) fn close_peer(&mut self, id: PeerId) {
        if let Some(CallPeer { peer, .. }) = self.peer.take_if(|peer| peer.id == id) {
            peer.close();
            let (detached, pipeline) = oneshot::channel();
            self.media.command(MediaCommand::Detach(detached));
            self.measured.closing(peer, pipeline);
            self.forget_statistics();
        }
    }

    pub(super) fn command(&self, id: PeerId, command: PeerCommand) {
        if let Some(CallPeer { peer, .. }) = self.peer.as_ref().filter(|peer| peer.id == id)
            && let Err(error) = peer.command(command)
        {
            // One that hangs, or is over, is ended by the deadlines of the call.
            tracing::warn!("a peer connection took no command: {error}");
        }
    }
}
