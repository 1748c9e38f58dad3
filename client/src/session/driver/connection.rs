//! The connection of a call: opened and closed as the machine asks, its events and figures passed
//! on.

use std::sync::Arc;
use std::time::Instant;

use visavis_shared::IceServer;

use super::{Consent, Driver};
use crate::call::event::{Input, PeerId, PeerInput};
use crate::device::{CameraChoice, MicrophoneChoice};
use crate::session::diagnosis::Diagnosis;
use crate::session::peers::RunningPeer;
use crate::session::pipeline;
use crate::session::statistics::Statistics;
use crate::transport::{PeerCommand, PeerConfig, PeerEvent, PeerStats};

impl Driver {
    pub(super) fn on_peer(&mut self, id: PeerId, event: PeerEvent) {
        if event == PeerEvent::Connected {
            self.measured.connected(Instant::now());
            self.media.media_flows();
        }
        let event = match event {
            PeerEvent::LocalDescription(description) => PeerInput::LocalDescription(description),
            PeerEvent::LocalCandidate(candidate) => PeerInput::LocalCandidate(candidate),
            PeerEvent::Connected => PeerInput::Connected,
            PeerEvent::Disconnected => PeerInput::Disconnected,
            PeerEvent::PathDegraded => PeerInput::PathDegraded,
            PeerEvent::PathRecovered => PeerInput::PathRecovered,
            PeerEvent::Failed(why) => PeerInput::Failed(why),
        };
        self.handle(Input::Peer { peer: id, event });
    }

    /// The connection has new figures, as it has every second.
    pub(super) fn on_figures(&mut self, stats: &PeerStats) {
        self.statistics.note(Instant::now(), stats, &self.media.figures().pipeline);
        let Some(latest) = self.statistics.latest() else { return };
        self.snapshot.rtt = latest.rtt;
        self.snapshot.connection_words = self.diagnosis.note(latest).map(|problem| problem.words());
        self.snapshot.statistics = Some(Arc::new(self.statistics.clone()));
    }

    /// What was measured belongs to a connection that is gone.
    fn forget_figures(&mut self) {
        (self.statistics, self.diagnosis) = (Statistics::default(), Diagnosis::default());
        self.snapshot.rtt = None;
        self.snapshot.connection_words = None;
        self.snapshot.statistics = None;
    }

    /// Those that the person or the program chose, and those that the server offers.
    pub(super) fn ice_servers(&self) -> Vec<IceServer> {
        self.options.ice_servers.iter().chain(&self.server_ice).cloned().collect()
    }

    pub(super) fn open_peer(&mut self, id: PeerId, consent: Arc<Consent>) {
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
        let (ports, ends) = pipeline::ports();
        let peer = RunningPeer::spawn(id, consent, config, ports, self.peer_event_in.clone());
        self.media.attach(ends, peer.downgraded_commands());
        if let Some((_, old)) = self.peer.replace((id, peer)) {
            drop(old.close());
        }
    }

    pub(super) fn close_peer(&mut self, id: PeerId) {
        if self.peer.as_ref().is_some_and(|(current, _)| *current == id)
            && let Some((_, peer)) = self.peer.take()
        {
            self.measured.closing(peer.close(), self.media.detach());
            self.forget_figures();
        }
    }

    pub(super) fn command(&self, id: PeerId, command: PeerCommand) {
        if let Some((current, peer)) = &self.peer
            && *current == id
        {
            peer.command(command);
        }
    }
}
