//! The way of media between the two: an `RTCPeerConnection` and what we wrote round it.
//!
//! A [`PeerCommand`] goes in, a [`PeerEvent`] comes out; encoded media goes in and out through
//! [`MediaPorts`], whose queues are bounded and never block: what does not fit is dropped, and
//! dropped video asks for a key frame.

#![warn(clippy::expect_used, clippy::panic)]

mod clock;
mod consent;
pub mod estimator;
pub mod fec;
pub mod feedback;
mod formats;
pub mod path;
mod peer;
pub mod receiving;
pub mod sending;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;
use visavis_shared::{CandidateInit, IceServer, SessionDescription};

use visavis_media::frame::{EncodedAudio, EncodedVideo, ReceivedAudio, ReceivedVideo};
use visavis_media::lip_sync::SharedLipSync;
use visavis_media::units::Bitrate;

pub use consent::Consent;
pub use path::network::Network;
pub use peer::Peer;
pub use peer::sdp::SdpError;
pub use visavis_media::audio_control::AudioControl;
pub use visavis_media::video_control::{KeyFrame, VideoControl};

/// Begins to resolve the names of STUN and TURN servers, so that a later call need not wait for
/// them. Returns at once.
///
/// It asks for no [`Consent`], as nothing is sent to those servers yet; but whoever answers for the
/// names learns that they were looked up. So it is for names that the person has chosen. Those that
/// a signaling server names are looked up when a [`Peer`] is opened.
pub fn warm_up(ice_servers: &[IceServer]) {
    path::resolver::Resolver::shared().begin(ice_servers);
}

/// Why a peer connection could not be set up or used.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The library refused the setup: no socket could be bound, say.
    #[error("the connection could not be set up: {0}")]
    Setup(#[source] webrtc::error::Error),
    /// Relays only were asked for, and there is none.
    #[error(
        "only relays may be used, but none is known: no TURN server was given, or its name could not be resolved"
    )]
    NoRelay,
    /// It is closed.
    #[error("the connection is closed")]
    Closed,
    /// More commands wait than it takes.
    #[error("too many commands are waiting")]
    Overloaded,
}

/// How a peer connection is set up.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// STUN and TURN servers; may be empty, and may not answer.
    pub ice_servers: Vec<IceServer>,
    /// Use relayed candidates only.
    pub relay_only: bool,
    /// Certificates (DER) to trust besides the system's, when a TURN server is reached over TLS.
    pub relay_roots: Vec<Vec<u8>>,
    /// The addresses to bind; empty for all interfaces, IPv4 and IPv6.
    pub bind: Vec<SocketAddr>,
    /// What the encoder may use at most.
    pub max_bitrate: Bitrate,
    /// Whether we send pictures and sound; a direction we do not send is still received.
    pub send_video: bool,
    /// See `send_video`.
    pub send_audio: bool,
    /// A network in the place of the system's, for tests.
    pub network: Option<Arc<dyn Network>>,
}

/// What to do; carried out in order.
#[derive(Debug)]
pub enum PeerCommand {
    /// Make an offer: answered by [`PeerEvent::LocalDescription`]. With `ice_restart` it starts a
    /// new ICE generation.
    CreateOffer {
        /// Whether to start ICE anew.
        ice_restart: bool,
    },
    /// Take this offer and answer it: answered by [`PeerEvent::LocalDescription`].
    AcceptOffer(SessionDescription),
    /// Take the answer to our offer.
    AcceptAnswer(SessionDescription),
    /// An address of the other's to try. Those that come before any description are kept until it
    /// is there.
    AddCandidate(CandidateInit),
    /// Ask the other for a key frame (PLI, RFC 4585 §6.3.1); rate-limited.
    RequestKeyFrame,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerEvent {
    /// Our offer or answer, to be sent to the other.
    LocalDescription(SessionDescription),
    /// One of our addresses, to be sent to the other.
    LocalCandidate(CandidateInit),
    /// Media can flow (also after an interruption).
    Connected,
    /// Nothing has come through for a while; it may come back.
    Disconnected,
    /// The way to the other may be lost, or about to be: ICE should be started anew, which does no
    /// harm to a way that works after all. Media may still flow.
    PathDegraded,
    /// The way that was suspect works.
    PathRecovered,
    /// It will not come back by itself. The text says why, in words for a person.
    Failed(String),
}

/// Where a peer connection takes its media from and brings it to.
pub struct MediaPorts {
    /// Encoded pictures to send. Bounded.
    pub video_out: mpsc::Receiver<EncodedVideo>,
    /// Encoded sound to send. Bounded.
    pub audio_out: mpsc::Receiver<EncodedAudio>,
    /// Whole received pictures in order. Bounded; when full, pictures are dropped up to the next
    /// key frame.
    pub video_in: std::sync::mpsc::SyncSender<ReceivedVideo>,
    /// Received sound as it comes. Bounded; when full, the packet is dropped.
    pub audio_in: std::sync::mpsc::SyncSender<ReceivedAudio>,
    /// Wishes for the encoder. Bounded; a wish that does not fit is made again.
    pub video_control: std::sync::mpsc::SyncSender<VideoControl>,
    /// Is told how the RTP times of their sound and their picture belong together.
    pub lip_sync: Arc<SharedLipSync>,
    /// Wishes for the sound encoder. Bounded; a wish that does not fit is made again.
    pub audio_control: std::sync::mpsc::SyncSender<AudioControl>,
}

/// Figures of a peer connection; `None` where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerStats {
    /// RTP payload bytes of video sent, repairs not counted.
    pub video_bytes_sent: u64,
    /// RTP payload bytes of video received, each packet counted once.
    pub video_bytes_received: u64,
    /// Audio packets sent.
    pub audio_packets_sent: u64,
    /// Audio payload bytes sent.
    pub audio_bytes_sent: u64,
    /// Audio packets received.
    pub audio_packets_received: u64,
    /// Audio payload bytes received.
    pub audio_bytes_received: u64,
    /// Audio packets that never came.
    pub audio_packets_lost: u64,
    /// Round trip, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Share of our packets that the other misses, 0 to 1, from their last receiver report.
    pub loss_out: Option<f64>,
    /// Share of their packets that we miss, 0 to 1.
    pub loss_in: Option<f64>,
    /// What the estimator thinks the way to the other carries.
    pub estimated: Option<Bitrate>,
    /// Kind of our candidate in use: host, srflx, prflx or relay.
    pub local_candidate: Option<String>,
    /// Kind of theirs.
    pub remote_candidate: Option<String>,
    /// udp or tcp.
    pub protocol: Option<String>,
    /// How often ICE was started anew.
    pub ice_restarts: u32,
    /// NACK messages we sent.
    pub nacks_sent: u64,
    /// NACK messages the other sent.
    pub nacks_received: u64,
    /// Key frame requests we sent.
    pub plis_sent: u64,
    /// Key frame requests the other sent.
    pub plis_received: u64,
    /// Packets we sent again.
    pub retransmitted: u64,
    /// Parity packets we sent.
    pub fec_packets_sent: u64,
    /// Video packets that were lost and rebuilt from parity.
    pub packets_recovered: u64,
    /// Pictures that the frame buffer gave up.
    pub frames_dropped: u64,
    /// How long pictures wait in the frame buffer, in milliseconds.
    pub video_jitter_buffer_ms: Option<f64>,
    /// The DTLS version and cipher, where known.
    pub dtls: Option<String>,
    /// The SRTP profile, where known.
    pub srtp: Option<String>,
}
