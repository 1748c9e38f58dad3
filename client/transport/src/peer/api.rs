//! What a [`Peer`](crate::Peer) is opened with, what it is told to do, and what it reports.

use std::net::SocketAddr;
use std::sync::Arc;

use visavis_media::units::Bitrate;
use visavis_shared::{CandidateInit, IceServer, SessionDescription};

use super::video_agreement::VideoAgreement;
use crate::path::network::Network;

/// Why a peer connection could not be set up or used.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The library refused the setup: no socket could be bound, say.
    #[error("the connection could not be set up: {0}")]
    Setup(#[from] webrtc::error::Error),
    /// Relays only were asked for, and there is none.
    #[error(
        "only relays may be used, but none is known: no TURN server was given, or its name could \
         not be resolved"
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
    /// Whether we send video and audio; a direction we do not send is still received.
    pub send_video: bool,
    /// See `send_video`.
    pub send_audio: bool,
    /// A network in the place of the system's, for tests.
    pub network: Option<Arc<dyn Network>>,
}

/// What a peer connection is to do; carried out in order.
#[derive(Debug)]
pub enum PeerCommand {
    /// Make an offer: answered by [`PeerEvent::LocalDescription`]. With `ice_restart` it starts a
    /// new ICE generation.
    CreateOffer {
        /// Whether to restart ICE.
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

/// What a peer connection reports.
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
    /// The network path may be lost, or about to be: ICE should be restarted, which does no harm to
    /// a path that works after all. Media may still flow.
    PathDegraded,
    /// The path that was degraded works.
    PathRecovered,
    /// The offer that was requested last can't be made. The connection stands as it was.
    NoOffer,
    /// An offer of the other's can't be taken and is not answered. The connection stands as it was.
    OfferRefused,
    /// It will not come back by itself. The text says why, in words for a person.
    Failed(String),
}

/// Statistics of a peer connection; `None` where nothing was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerStats {
    /// RTP payload bytes of video sent, without repair packets and retransmissions.
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
    /// The capacity of the network path towards the other, as estimated.
    pub estimated: Option<Bitrate>,
    /// Kind of our candidate in use: host, srflx, prflx or relay.
    pub local_candidate: Option<String>,
    /// Kind of theirs.
    pub remote_candidate: Option<String>,
    /// udp or tcp.
    pub protocol: Option<String>,
    /// How often ICE was restarted.
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
    /// FEC packets we sent.
    pub fec_packets_sent: u64,
    /// Video packets that were lost and rebuilt from FEC packets.
    pub packets_recovered: u64,
    /// Video frames that the frame buffer gave up.
    pub frames_dropped: u64,
    /// How long video frames wait in the frame buffer, in milliseconds.
    pub video_jitter_buffer_ms: Option<f64>,
    /// What was agreed about video, once there are two descriptions.
    pub video: Option<VideoAgreement>,
    /// The DTLS version and cipher, where known.
    pub dtls: Option<String>,
    /// The SRTP profile, where known.
    pub srtp: Option<String>,
}
