//! The library's callbacks, passed on to the negotiating task as [`LibraryEvent`]s.
//!
//! They run inside the library's driver, so they never wait: an event that does not fit into the
//! queue is dropped.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use webrtc::data_channel::DataChannel;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnectionEventHandler, RTCIceCandidateInit, RTCIceConnectionState, RTCIceGatheringState,
    RTCPeerConnectionIceEvent, RTCPeerConnectionState,
};

use super::event::Input;
use crate::data::Inlet;

/// What the library reports of a connection.
pub(in super::super) enum LibraryEvent {
    Candidate(RTCIceCandidateInit),
    /// ICE has a pair.
    PairSelected,
    Track(Arc<dyn TrackRemote>),
    Negotiation(Input),
}

/// Passes the library's callbacks on.
pub(in super::super) struct Handler {
    pub(in super::super) events: mpsc::Sender<LibraryEvent>,
    /// Where data channels go that the other opens; `None` where there are none.
    pub(in super::super) data: Option<Inlet>,
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

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        if matches!(state, RTCIceConnectionState::Connected | RTCIceConnectionState::Completed) {
            self.pass_on(LibraryEvent::PairSelected);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let input = match state {
            RTCPeerConnectionState::Connected => Input::Connected,
            RTCPeerConnectionState::Disconnected => Input::Disconnected,
            RTCPeerConnectionState::Failed => Input::Failed,
            _ => return,
        };
        self.pass_on(LibraryEvent::Negotiation(input));
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.pass_on(LibraryEvent::Negotiation(Input::Gathered));
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        self.pass_on(LibraryEvent::Track(track));
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        if let Some(data) = &self.data {
            data.opened(channel);
        }
    }
}
