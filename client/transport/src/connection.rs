//! How the library's peer connection is set up: codecs, settings, interceptors, our two tracks.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rtc::ice::mdns::MulticastDnsMode;
use rtc::ice::url::{SchemeType, Url};
use rtc::interceptor::{
    ReceiverReportBuilder, Registry, SenderReportBuilder, Slot, TwccReceiverBuilder, TwccSenderBuilder,
};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_H264, MIME_TYPE_OPUS};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::sdp::extmap::{SDES_MID_URI, TRANSPORT_CC_URI};
use visavis_shared::IceServer;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfiguration,
    RTCConfigurationBuilder, RTCIceServer, RTCIceTransportPolicy, SettingEngine, SettingEngineBuilder,
};
use webrtc::rtp_transceiver::RtpSender;
use webrtc::runtime::Runtime;

use super::link::{Link, MediaKind};
use super::resolver::Resolver;
use super::tap::{INTAKE_SLOT, Intake, WireTap};
use super::{PeerConfig, TransportError};
use visavis_media::h264_level::H264Level;

/// Repairs reuse the sequence number of what was lost, so packets as old as a repair may be must pass.
const SRTP_REPLAY_WINDOW: usize = 4096;
/// How often we tell the other when its packets came. Often enough to steer by, at about 1% of a small stream.
const TWCC_INTERVAL: Duration = Duration::from_millis(50);
/// How often connectivity is checked until it is there. The library's 200 ms is what a local call would then take.
const ICE_CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// How often one pair of addresses is tried: for five seconds.
const ICE_CHECKS: u16 = 100;
pub(crate) const OPUS_PAYLOAD_TYPE: u8 = 111;
const RED_PAYLOAD_TYPE: u8 = 63;
/// The library has no name for it.
const MIME_TYPE_RED: &str = "audio/red";
const H264_PAYLOAD_TYPE: u8 = 102;

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
        link: &Arc<Link>,
        handler: Arc<dyn PeerConnectionEventHandler>,
        resolver: &Arc<Resolver>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Self, TransportError> {
        let build = |mdns| Self::build_pc(config, link, &handler, resolver, &runtime, mdns);
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
        link: &Arc<Link>,
        handler: &Arc<dyn PeerConnectionEventHandler>,
        resolver: &Resolver,
        runtime: &Arc<dyn Runtime>,
        mdns: MulticastDnsMode,
    ) -> Result<Arc<dyn PeerConnection>, TransportError> {
        let bind = if config.bind.is_empty() { all_interfaces() } else { config.bind.clone() };
        let pc = PeerConnectionBuilder::new()
            .with_configuration(configuration(config, resolver))
            .with_media_engine(media_engine()?)
            .with_setting_engine(settings(mdns))
            .with_interceptor_registry(interceptors(link))
            .with_handler(Arc::clone(handler))
            .with_runtime(Arc::clone(runtime))
            .with_udp_addrs(bind)
            .build()
            .await
            .map_err(TransportError::Setup)?;
        Ok(Arc::new(pc))
    }
}

/// Wildcards, which the library expands into the addresses of all interfaces but the loopback, at each ICE restart anew.
/// A machine without any other interface gets the loopback, so that two on it can still call each other.
fn all_interfaces() -> Vec<SocketAddr> {
    let mut bind = vec![SocketAddr::from(([0, 0, 0, 0], 0)), SocketAddr::from(([0u16; 8], 0))];
    let reachable = |address: IpAddr| match address {
        IpAddr::V4(v4) => !(v4.is_loopback() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unicast_link_local()),
    };
    let interfaces = rtc::shared::ifaces::ifaces().unwrap_or_default();
    if !interfaces.iter().filter_map(|interface| interface.addr).any(|address| reachable(address.ip())) {
        bind.push(SocketAddr::from(([127, 0, 0, 1], 0)));
    }
    bind
}

/// The library's form of our configuration, as far as it can be used: one malformed server would be refused together
/// with all the others. The library also skips a TURN server whose name is unknown for good, so it is left out until
/// its name is known; a STUN server is tried again with each gathering.
pub(crate) fn configuration(config: &PeerConfig, resolver: &Resolver) -> RTCConfiguration {
    let servers = config.ice_servers.iter().map(|server| RTCIceServer {
        urls: server.urls.iter().filter(|url| is_usable(server, url, resolver)).cloned().collect(),
        username: server.username.clone().unwrap_or_default(),
        credential: server.credential.clone().unwrap_or_default(),
    });
    let servers = servers.filter(|server| !server.urls.is_empty());
    let policy = if config.relay_only { RTCIceTransportPolicy::Relay } else { RTCIceTransportPolicy::All };
    RTCConfigurationBuilder::new().with_ice_servers(servers.collect()).with_ice_transport_policy(policy).build()
}

/// Whether there is a relay to use.
pub(crate) fn has_relay(config: &PeerConfig, resolver: &Resolver) -> bool {
    let mut urls = config.ice_servers.iter().flat_map(|server| server.urls.iter().map(move |url| (server, url)));
    urls.any(|(server, url)| url.starts_with("turn") && is_usable(server, url, resolver))
}

fn is_usable(server: &IceServer, url: &str, resolver: &Resolver) -> bool {
    match Url::parse_url(url.split('?').next().unwrap_or_default()).map(|url| url.scheme) {
        Ok(SchemeType::Stun) => true,
        Ok(SchemeType::Turn) => server.username.is_some() && server.credential.is_some() && resolver.knows(url),
        _ => false,
    }
}

fn settings(mdns: MulticastDnsMode) -> SettingEngine {
    // By default a pair of lesser kind is held back for a second or two in case a better one turns up. The first that
    // works is taken instead: a call connects in a fraction of the time.
    SettingEngineBuilder::new()
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
        .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_relay_acceptance_min_wait(Some(Duration::ZERO))
        .with_ice_connection_attempts(Some(ICE_CHECK_INTERVAL), Some(ICE_CHECKS))
        // After a change of network the old sockets and their addresses are of no use.
        .with_discard_local_candidates_during_ice_restart(true)
        .with_srtp_replay_protection_window(SRTP_REPLAY_WINDOW)
        .with_multicast_dns_mode(mdns)
        .build()
}

fn interceptors(link: &Arc<Link>) -> Registry {
    // Retransmission is ours (`nack`, `send`, `receive`): the library's has no regard for the round trip, and answers
    // whoever asks as often as they ask.
    Registry::new()
        .with(Slot::CongestionControl, WireTap::new(Arc::clone(link)))
        .with(Slot::TwccSender, TwccSenderBuilder::new().build())
        .with(Slot::TwccReceiver, TwccReceiverBuilder::new().with_interval(TWCC_INTERVAL).build())
        .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build())
        .with(Slot::SenderReport, SenderReportBuilder::new().build())
        .with(Slot::from(INTAKE_SLOT), Intake::new(Arc::clone(link)))
}

fn codec(kind: MediaKind) -> RTCRtpCodecParameters {
    let feedback = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(typ, parameter)| RTCPFeedback { typ: (*typ).into(), parameter: (*parameter).into() })
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
                // Constrained baseline, and the level that we take; what we send keeps to the other's.
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

/// Nothing but what we can send and read: with the library's defaults a browser would choose VP8, and with RTX a lost
/// packet would be asked for without end.
fn media_engine() -> Result<MediaEngine, TransportError> {
    let mut engine = MediaEngine::default();
    for kind in [MediaKind::Audio, MediaKind::Video] {
        engine.register_codec(codec(kind), codec_kind(kind)).map_err(TransportError::Setup)?;
        for uri in [SDES_MID_URI, TRANSPORT_CC_URI] {
            let extension = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
            engine.register_header_extension(extension, codec_kind(kind), None).map_err(TransportError::Setup)?;
        }
    }
    // After Opus, which is preferred: copies go along only while there is loss.
    engine.register_codec(redundant_codec(), RtpCodecKind::Audio).map_err(TransportError::Setup)?;
    Ok(engine)
}

async fn add_transceiver(
    pc: &dyn PeerConnection,
    kind: MediaKind,
    send: bool,
) -> Result<Option<LocalTrack>, TransportError> {
    let init = |direction| Some(RTCRtpTransceiverInit { direction, ..RTCRtpTransceiverInit::default() });
    if !send {
        let init = init(RTCRtpTransceiverDirection::Recvonly);
        pc.add_transceiver_from_kind(codec_kind(kind), init).await.map_err(TransportError::Setup)?;
        return Ok(None);
    }
    let ssrc = rand::random_range(1..u32::MAX);
    // RTCP is routed by track id, so it must differ from the other's: both ends of a call may be this program.
    let id = format!("{:016x}", rand::random::<u64>());
    let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
        "visavis".to_owned(),
        id,
        codec_kind(kind).to_string(),
        codec_kind(kind),
        vec![RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..RTCRtpCodingParameters::default() },
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
    let sender = transceiver.sender().await.map_err(TransportError::Setup)?;
    Ok(sender.map(|sender| LocalTrack { track, sender, ssrc }))
}

impl LocalTrack {
    /// The payload type that was negotiated for what we send; `None` when the other does not want it.
    pub(crate) async fn payload_type(&self, kind: MediaKind) -> Option<u8> {
        let parameters = self.sender.get_parameters().await.ok()?;
        let wanted = codec(kind).rtp_codec.mime_type;
        let codecs = parameters.rtp_parameters.codecs;
        let fits = |codec: &&RTCRtpCodecParameters| {
            codec.rtp_codec.mime_type.eq_ignore_ascii_case(&wanted)
                && (kind == MediaKind::Audio || codec.rtp_codec.sdp_fmtp_line.contains("packetization-mode=1"))
        };
        codecs.iter().find(fits).map(|codec| codec.payload_type)
    }
}
