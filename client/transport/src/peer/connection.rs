//! How the library's peer connection is set up: codecs, settings, interceptors, our two tracks.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rtc::ice::mdns::MulticastDnsMode;
use rtc::ice::url::{SchemeType, Url};
use rtc::interceptor::{
    ReceiverReportBuilder, Registry, SenderReportBuilder, Slot, TwccReceiverBuilder,
    TwccSenderBuilder,
};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::sdp::extmap::{SDES_MID_URI, TRANSPORT_CC_URI};
use visavis_shared::IceServer;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCConfiguration, RTCConfigurationBuilder, RTCIceServer, RTCIceTransportPolicy, SettingEngine,
    SettingEngineBuilder, SrtpProtectionProfile,
};
use webrtc::rtp_transceiver::RtpSender;
use webrtc::runtime::Runtime;

use super::sdp::PARITY_NAME;
use crate::feedback::media_path::{MediaKind, MediaPath};
use crate::path::ice_restart_buffer::{ICE_RESTART_BUFFER_SLOT, IceRestartBuffer};
use crate::path::interfaces;
use crate::path::relay::{RelayServer, Relays};
use crate::path::resolver::Resolver;
use crate::path::socket::SocketLayer;
use crate::peer::interceptors::{INTAKE_SLOT, Intake, WireTap};
use crate::{PeerConfig, TransportError};
use visavis_media::h264_level::H264Level;

/// Repairs reuse the sequence number of what was lost, so packets as old as a repair may be must
/// pass.
const SRTP_REPLAY_WINDOW: usize = 4096;
/// How often we tell the other when its packets came. Often enough to steer by, at about 1% of a
/// usual stream.
const TWCC_INTERVAL: Duration = Duration::from_millis(40);
/// How often connectivity is checked until it is there. The library's 200 ms is what a local call
/// would then take.
const ICE_CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// How often one pair of addresses is tried: for as long as a call waits for its media (30 s), less
/// often towards the end (`socket`).
const ICE_CHECKS: u16 = 600;
/// How often the pair in use is checked (consent, RFC 7675): who has got another address is found
/// by it. Two checks and two answers of 130 bytes in that time are 10 kbit/s.
const ICE_KEEPALIVE: Duration = Duration::from_millis(400);
/// Without an answer for so long, ICE is disconnected.
const ICE_DISCONNECTED: Duration = Duration::from_secs(5);
/// And for so long again, failed: then the library forgets all addresses. The call gives up before
/// that.
const ICE_FAILED: Duration = Duration::from_secs(40);
pub(crate) const OPUS_PAYLOAD_TYPE: u8 = 111;
const RED_PAYLOAD_TYPE: u8 = 63;
/// The library has no name for it.
const MIME_TYPE_RED: &str = "audio/red";
const H264_PAYLOAD_TYPE: u8 = 102;
const PARITY_PAYLOAD_TYPE: u8 = 118;

/// A track that we send.
pub(crate) struct LocalTrack {
    pub(crate) track: Arc<TrackLocalStaticRTP>,
    pub(crate) sender: Arc<dyn RtpSender>,
    pub(crate) ssrc: u32,
}

/// A peer connection with its transceivers.
pub(crate) struct Connection {
    pub(crate) pc: Arc<dyn PeerConnection>,
    pub(crate) audio: Option<LocalTrack>,
    pub(crate) video: Option<LocalTrack>,
}

impl Connection {
    /// Sets everything up; nothing leaves for the network yet.
    pub(crate) async fn build(
        config: &PeerConfig,
        link: &Arc<MediaPath>,
        socket_layer: &Arc<SocketLayer>,
        handler: Arc<dyn PeerConnectionEventHandler>,
        resolver: &Arc<Resolver>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Self, TransportError> {
        let build = |mdns| Self::build_pc(config, (link, wire), &handler, resolver, &runtime, mdns);
        let pc = match build(MulticastDnsMode::QueryOnly).await {
            Ok(pc) => pc,
            // Without a multicast route (offline, say) there is no mDNS; everything else works.
            Err(first) => {
                tracing::debug!("no mDNS: {first}");
                build(MulticastDnsMode::Disabled).await?
            }
        };
        let audio = add_transceiver(&*pc, MediaKind::Audio, config.send_audio).await?;
        let video = add_transceiver(&*pc, MediaKind::Video, config.send_video).await?;
        Ok(Self { pc, audio, video })
    }

    async fn build_pc(
        config: &PeerConfig,
        (link, wire): (&Arc<MediaPath>, &Arc<SocketLayer>),
        handler: &Arc<dyn PeerConnectionEventHandler>,
        resolver: &Resolver,
        runtime: &Arc<dyn Runtime>,
        mdns: MulticastDnsMode,
    ) -> Result<Arc<dyn PeerConnection>, TransportError> {
        let bind = if config.bind.is_empty() { all_interfaces() } else { config.bind.clone() };
        let pc = PeerConnectionBuilder::new()
            .with_configuration(configuration(config, resolver, &socket_layer.relays))
            .with_media_engine(media_engine()?)
            .with_setting_engine(settings(mdns))
            .with_interceptor_registry(interceptors(link, wire))
            .with_handler(Arc::clone(handler))
            .with_runtime(Arc::clone(runtime))
            .with_udp_addrs(bind)
            .build()
            .await
            .map_err(TransportError::Setup)?;
        Ok(Arc::new(pc))
    }
}

/// Wildcards, which the library expands into the addresses of all interfaces but the loopback, at
/// each ICE restart anew. A machine without any other interface gets the loopback, so that two on
/// it can still call each other.
fn all_interfaces() -> Vec<SocketAddr> {
    let mut bind = vec![SocketAddr::from(([0, 0, 0, 0], 0)), SocketAddr::from(([0u16; 8], 0))];
    let reachable = |address: IpAddr| match address {
        IpAddr::V4(v4) => !(v4.is_loopback() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unicast_link_local()),
    };
    if !interfaces::addresses().unwrap_or_default().into_iter().any(reachable) {
        bind.push(SocketAddr::from(([127, 0, 0, 1], 0)));
    }
    bind
}

/// The library's form of our configuration, as far as it can be used: one malformed server would be
/// refused together with all the others. The library also skips a TURN server whose name is unknown
/// for good, so it is left out until its name is known; a STUN server is tried again with each
/// gathering. TURN servers go under the names of [`Relays`].
pub(crate) fn configuration(
    config: &PeerConfig,
    resolver: &Resolver,
    relays: &Relays,
) -> RTCConfiguration {
    let for_library = |url: &String| match RelayServer::parse(url) {
        Some(relay) => relays.url_for(&relay),
        None => Some(url.clone()),
    };
    let servers = config.ice_servers.iter().map(|server| RTCIceServer {
        urls: server
            .urls
            .iter()
            .filter(|url| is_usable(server, url, resolver))
            .filter_map(for_library)
            .collect(),
        username: server.username.clone().unwrap_or_default(),
        credential: server.credential.clone().unwrap_or_default(),
    });
    let servers = servers.filter(|server| !server.urls.is_empty());
    let policy =
        if config.relay_only { RTCIceTransportPolicy::Relay } else { RTCIceTransportPolicy::All };
    RTCConfigurationBuilder::new()
        .with_ice_servers(servers.collect())
        .with_ice_transport_policy(policy)
        .build()
}

/// Whether there is a relay to use.
pub(crate) fn has_relay(config: &PeerConfig, resolver: &Resolver) -> bool {
    let mut urls = config
        .ice_servers
        .iter()
        .flat_map(|server| server.urls.iter().map(move |url| (server, url)));
    urls.any(|(server, url)| url.starts_with("turn") && is_usable(server, url, resolver))
}

fn is_usable(server: &IceServer, url: &str, resolver: &Resolver) -> bool {
    if let Some(relay) = RelayServer::parse(url) {
        let has_credential = server.username.is_some() && server.credential.is_some();
        return has_credential && resolver.lookup(&relay.name()).is_some();
    }
    let url = Url::parse_url(url.split('?').next().unwrap_or_default());
    url.is_ok_and(|url| url.scheme == SchemeType::Stun)
}

fn settings(mdns: MulticastDnsMode) -> SettingEngine {
    // By default a pair of lesser kind is held back for a second or two in case a better one turns
    // up. The first that works is taken instead: a call connects in a fraction of the time.
    SettingEngineBuilder::new()
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
        .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_relay_acceptance_min_wait(Some(Duration::ZERO))
        .with_ice_connection_attempts(Some(ICE_CHECK_INTERVAL), Some(ICE_CHECKS))
        // The sockets stay, and so do the relays' allocations: a way that works is not given up for
        // a better one, and a socket whose address is gone is replaced beneath the library
        // (`socket`).
        .with_discard_local_candidates_during_ice_restart(false)
        .with_ice_timeouts(Some(ICE_DISCONNECTED), Some(ICE_FAILED), Some(ICE_KEEPALIVE))
        .with_srtp_replay_protection_window(SRTP_REPLAY_WINDOW)
        // A repair is encrypted under the number of the packet that was lost, with another
        // transport-wide number in its header. Counter mode with HMAC (which everybody must know,
        // RFC 8827 §6.5) bears that; in GCM a nonce that is used twice gives the key away that
        // keeps packets from being forged (RFC 7714 §8.1).
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80])
        .with_multicast_dns_mode(mdns)
        .build()
}

fn interceptors(link: &Arc<MediaPath>, socket_layer: &Arc<SocketLayer>) -> Registry {
    // Retransmission is ours (`nack`, `send`, `receive`): the library's has no regard for the round
    // trip, and answers whoever asks as often as they ask.
    Registry::new()
        .with(Slot::CongestionControl, WireTap::new(Arc::clone(link), Arc::clone(socket_layer)))
        .with(Slot::TwccSender, TwccSenderBuilder::new().build())
        .with(Slot::TwccReceiver, TwccReceiverBuilder::new().with_interval(TWCC_INTERVAL).build())
        .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build())
        .with(Slot::SenderReport, SenderReportBuilder::new().build())
        .with(Slot::from(INTAKE_SLOT), Intake::new(Arc::clone(link)))
        .with(Slot::from(ICE_RESTART_BUFFER_SLOT), IceRestartBuffer::new(Arc::clone(socket_layer)))
}

fn codec(kind: MediaKind) -> RTCRtpCodecParameters {
    let feedback = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(typ, parameter)| RTCPFeedback {
                typ: (*typ).into(),
                parameter: (*parameter).into(),
            })
            .collect()
    };
    let (rtp_codec, payload_type) = match kind {
        MediaKind::Audio => (
            RTCRtpCodec {
                mime_type: MIME_TYPE_OPUS.to_owned(),
                clock_rate: 48_000,
                channels: 2,
                sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
                rtcp_feedback: feedback(&[("transport-cc", "")]),
            },
            OPUS_PAYLOAD_TYPE,
        ),
        MediaKind::Video => (
            RTCRtpCodec {
                mime_type: MIME_TYPE_H264.to_owned(),
                clock_rate: 90_000,
                channels: 0,
                // Constrained baseline, and the level that we take; what we send keeps to the
                // other's.
                sdp_fmtp_line: format!(
                    "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e0{:02x}",
                    H264Level::OURS.idc()
                ),
                rtcp_feedback: feedback(&[
                    ("nack", ""),
                    ("nack", "pli"),
                    ("ccm", "fir"),
                    ("goog-remb", ""),
                    ("transport-cc", ""),
                ]),
            },
            H264_PAYLOAD_TYPE,
        ),
    };
    RTCRtpCodecParameters { rtp_codec, payload_type }
}

/// Error correction (ADR 9): who does not know it leaves it out of the answer.
fn parity_codec() -> RTCRtpCodecParameters {
    let rtp_codec = RTCRtpCodec {
        mime_type: format!("video/{PARITY_NAME}"),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: String::new(),
        rtcp_feedback: vec![RTCPFeedback { typ: "transport-cc".into(), parameter: String::new() }],
    };
    RTCRtpCodecParameters { rtp_codec, payload_type: PARITY_PAYLOAD_TYPE }
}

/// Redundant sound: Opus with copies of Opus (RFC 2198 §5).
fn redundant_codec() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_RED.to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: format!("{OPUS_PAYLOAD_TYPE}/{OPUS_PAYLOAD_TYPE}"),
            rtcp_feedback: Vec::new(),
        },
        payload_type: RED_PAYLOAD_TYPE,
    }
}

fn codec_kind(kind: MediaKind) -> RtpCodecKind {
    match kind {
        MediaKind::Audio => RtpCodecKind::Audio,
        MediaKind::Video => RtpCodecKind::Video,
    }
}

/// Nothing but what we can send and read: with the library's defaults a browser would choose VP8,
/// and with RTX a lost packet would be asked for without end.
fn media_engine() -> Result<MediaEngine, TransportError> {
    let mut engine = MediaEngine::default();
    for kind in [MediaKind::Audio, MediaKind::Video] {
        engine.register_codec(codec(kind), codec_kind(kind)).map_err(TransportError::Setup)?;
        for uri in [SDES_MID_URI, TRANSPORT_CC_URI] {
            let extension = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
            engine
                .register_header_extension(extension, codec_kind(kind), None)
                .map_err(TransportError::Setup)?;
        }
    }
    engine.register_codec(parity_codec(), RtpCodecKind::Video).map_err(TransportError::Setup)?;
    // After Opus, which is preferred: copies go along only while there is loss.
    engine.register_codec(redundant_codec(), RtpCodecKind::Audio).map_err(TransportError::Setup)?;
    Ok(engine)
}

async fn add_transceiver(
    pc: &dyn PeerConnection,
    kind: MediaKind,
    send: bool,
) -> Result<Option<LocalTrack>, TransportError> {
    let init =
        |direction| Some(RTCRtpTransceiverInit { direction, ..RTCRtpTransceiverInit::default() });
    if !send {
        let init = init(RTCRtpTransceiverDirection::Recvonly);
        pc.add_transceiver_from_kind(codec_kind(kind), init)
            .await
            .map_err(TransportError::Setup)?;
        return Ok(None);
    }
    let ssrc = rand::random_range(1..u32::MAX);
    // RTCP is routed by track id, so it must differ from the other's: both ends of a call may be
    // this program.
    let id = format!("{:016x}", rand::random::<u64>());
    let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
        "visavis".to_owned(),
        id,
        codec_kind(kind).to_string(),
        codec_kind(kind),
        vec![RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                ..RTCRtpCodingParameters::default()
            },
            active: true,
            codec: codec(kind).rtp_codec,
            ..RTCRtpEncodingParameters::default()
        }],
    )));
    let transceiver = pc
        .add_transceiver_from_track(
            Arc::clone(&track) as Arc<dyn TrackLocal>,
            init(RTCRtpTransceiverDirection::Sendrecv),
        )
        .await
        .map_err(TransportError::Setup)?;
    if kind == MediaKind::Video {
        // A track offers its own codec and what the library knows to repair it; parity has to be
        // named.
        let codecs = vec![codec(kind), parity_codec()];
        transceiver.set_codec_preferences(codecs).await.map_err(TransportError::Setup)?;
    }
    let sender = transceiver.sender().await.map_err(TransportError::Setup)?;
    Ok(sender.map(|sender| LocalTrack { track, sender, ssrc }))
}

impl LocalTrack {
    /// The payload type that was negotiated for what we send; `None` when the other does not want
    /// it.
    pub(crate) async fn payload_type(&self, kind: MediaKind) -> Option<u8> {
        let parameters = self.sender.get_parameters().await.ok()?;
        let wanted = codec(kind).rtp_codec.mime_type;
        let codecs = parameters.rtp_parameters.codecs;
        let fits = |codec: &&RTCRtpCodecParameters| {
            codec.rtp_codec.mime_type.eq_ignore_ascii_case(&wanted)
                && (kind == MediaKind::Audio
                    || codec.rtp_codec.sdp_fmtp_line.contains("packetization-mode=1"))
        };
        codecs.iter().find(fits).map(|codec| codec.payload_type)
    }
}
