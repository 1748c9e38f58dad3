//! The network path of media between the two: an `RTCPeerConnection` and what is built round it.
//!
//! A [`PeerCommand`] goes in, a [`PeerEvent`] comes out; encoded media goes in and out through
//! [`MediaPorts`], whose queues are bounded and never block: what does not fit is dropped, and
//! dropped video asks for a key frame.

#![warn(clippy::expect_used, clippy::panic)]

mod clock;
mod consent;
mod data;
pub mod estimator;
pub mod fec;
pub mod feedback;
mod formats;
pub mod path;
mod peer;
pub mod receiving;
pub mod sending;

pub use consent::Consent;
pub use data::{ChannelEnds, ChannelEvent, DataEnds, DataMessage, DataPorts, MAX_MESSAGE_BYTES};
pub use feedback::media_status::MediaStatus;
pub use path::network::Network;
pub use peer::Peer;
pub use peer::api::{PeerCommand, PeerConfig, PeerEvent, PeerStats, TransportError};
pub use peer::ports::{MediaEnds, MediaPorts};
pub use peer::sdp::SdpError;
pub use peer::video_agreement::{VideoAgreement, VideoFlow};
pub use visavis_media::audio_control::AudioControl;
pub use visavis_media::video_control::{KeyFrame, VideoControl};
