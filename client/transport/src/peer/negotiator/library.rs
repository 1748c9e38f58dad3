//! The library's callbacks, passed on to the negotiating task as [`LibraryEvent`]s.
//!
//! They run inside the library's driver, so they never wait: an event that does not fit into the
//! queue is dropped.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnectionEventHandler, RTCIceCandidateInit, RTCIceConnectionState, RTCIceGatheringState,
    RTCPeerConnectionIceEvent, RTCPeerConnectionState,
};

/// What the library reports of a connection.
pub(in super::super) enum LibraryEvent {
    Candidate(RTCIceCandidateInit),
    /// ICE has a pair.
    PairSelected,
    State(RTCPeerConnectionState),
    Track(Arc<dyn TrackRemote>),
    /// All servers have answered or been given up.
    Gathered,
}

/// Passes the library's callbacks on.
pub(in super::super) struct Handler {
    events: mpsc::Sender<LibraryEvent>,
}

impl Handler {
    pub(in super::super) fn new(events: mpsc::Sender<LibraryEvent>) -> Self {
        Self { events }
    }

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

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        if matches!(state, RTCIceConnectionState::Connected | RTCIceConnectionState::Completed) {
            self.pass_on(LibraryEvent::PairSelected);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.pass_on(LibraryEvent::State(state));
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.pass_on(LibraryEvent::Gathered);
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.pass_on(LibraryEvent::Track(track));
    }
}
