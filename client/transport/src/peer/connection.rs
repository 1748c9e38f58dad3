//! How the library's peer connection is set up: settings, servers, interceptors, our two tracks.
//!
//! A [`PeerConfig`] goes in, a [`Connection`] comes out, from which nothing leaves for the network
//! yet. The formats are in [`crate::formats`].

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::{
    ReceiverReportBuilder, Registry, SenderReportBuilder, Slot, TwccReceiverBuilder,
    TwccSenderBuilder,
};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::setting_engine::SctpMaxMessageSize;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RTCRtpHeaderExtensionCapability,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc::sdp::extmap::{SDES_MID_URI, TRANSPORT_CC_URI};
use visavis_shared::{IceScheme, IceServer, IceUrl};
use webrtc::error::Result as LibraryResult;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCConfiguration, RTCConfigurationBuilder, RTCIceServer, RTCIceTransportPolicy, SettingEngine,
    SettingEngineBuilder, SrtpProtectionProfile,
};
use webrtc::rtp_transceiver::RtpSender;
use webrtc::runtime::Runtime;

use crate::data::{MAX_MESSAGE_BYTES, MAX_OUTSTANDING};
use crate::feedback::media_path::MediaPath;
use crate::formats::MediaKind;
use crate::formats::{
    CONSTRAINED_BASELINE, codec, codec_kind, fec_codec, main_profile_codec, redundant_codec,
};
use crate::path::ice_restart_buffer::{ICE_RESTART_BUFFER_SLOT, IceRestartBuffer};
use crate::path::interfaces;
use crate::path::network_cards;
use crate::path::relay::{Relays, is_relay};
use crate::path::resolver::Resolver;
use crate::path::socket::SocketLayer;
use crate::peer::certificate_check::CertificateCheck;
use crate::peer::identity::{Identity, StreamIdentity};
use crate::peer::interceptors::{INBOUND_SLOT, InboundInterceptor, OutboundInterceptor};
use crate::{PeerConfig, TransportError};

/// Retransmissions reuse the sequence number of what was lost, so packets as old as one may be must
/// pass.
const SRTP_REPLAY_WINDOW: usize = 4096;
/// How often we send transport-wide feedback: often enough to steer by, at about 1% of a usual
/// stream.
const TWCC_INTERVAL: Duration = Duration::from_millis(40);
/// How often connectivity is checked until it is there. The library's 200 ms is what a local call
/// would then take.
const ICE_CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// How often one pair of addresses is tried: for as long as a call waits for its media (30 s), less
/// often towards the end (`path::socket`).
const ICE_CHECKS: u16 = 600;
/// How often the pair in use is checked (consent, RFC 7675), which also finds a peer whose address
/// has changed. Two checks and two answers of 130 bytes in that time are 10 kbit/s.
const ICE_KEEPALIVE: Duration = Duration::from_millis(400);
/// ICE is disconnected after this long without an answer,
const ICE_DISCONNECTED: Duration = Duration::from_secs(5);
/// and has failed after this long again: then the library forgets all addresses. The call gives up
/// before that.
const ICE_FAILED: Duration = Duration::from_secs(40);

/// What SCTP keeps of what was not read yet, and tells the other that it does. More than an app has
/// outstanding: the library tells nobody when its window opens again, and the other finds out by a
/// probe a second later.
const SCTP_RECEIVE_WINDOW: u32 = 4 * 1024 * 1024;

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
    /// What its sockets are bound to, the best first.
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) certificates: Arc<CertificateCheck>,
}

impl Connection {
    /// Sets everything up; nothing leaves for the network yet. `credentials` are ICE's user
    /// fragment and password where an offer of ours has told them to the other already.
    pub(crate) async fn build(
        (config, identity, credentials): (&PeerConfig, &Identity, Option<(String, String)>),
        media_path: &Arc<MediaPath>,
        socket_layer: &Arc<SocketLayer>,
        handler: Arc<dyn PeerConnectionEventHandler>,
        resolver: &Resolver,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Self, TransportError> {
        let bind = if config.bind.is_empty() {
            all_interfaces()
        } else {
            network_cards::chosen(&config.bind)
        };
        let certificates = CertificateCheck::new()
            .map_err(|error| webrtc::error::Error::Crypto(error.to_string()))?;
        let build = async |mdns| {
            PeerConnectionBuilder::new()
                .with_configuration(
                    unfinished_configuration(config, resolver, &socket_layer.relays)
                        .with_certificates(vec![identity.certificate.clone()])
                        .build(),
                )
                .with_media_engine(media_engine()?)
                .with_setting_engine(settings(mdns, Arc::clone(&certificates), credentials.clone()))
                .with_interceptor_registry(interceptors(media_path, socket_layer))
                .with_handler(Arc::clone(&handler))
                .with_runtime(Arc::clone(&runtime))
                .with_udp_addrs(bind.clone())
                .with_data_channel_send_buffer_limit(MAX_OUTSTANDING)
                .build()
                .await
        };
        let pc = match build(MulticastDnsMode::QueryOnly).await {
            Ok(pc) => pc,
            // Without a multicast route (offline, say) there is no mDNS; everything else works.
            Err(first) => {
                tracing::debug!("no mDNS: {first}");
                build(MulticastDnsMode::Disabled).await?
            }
        };
        let stream = |kind, sends: bool| sends.then(|| identity.stream(kind));
        let audio = stream(MediaKind::Audio, config.send_audio);
        let audio = add_transceiver(&pc, MediaKind::Audio, audio).await?;
        let video = stream(MediaKind::Video, config.send_video);
        let video = add_transceiver(&pc, MediaKind::Video, video).await?;
        let addresses = bind.iter().map(SocketAddr::ip).collect();
        Ok(Self { pc: Arc::new(pc), audio, video, addresses, certificates })
    }
}

/// The best addresses of all interfaces. A family that has none gets a wildcard: there is no
/// network for it now, or it can't be told. A machine without any gets the loopback, so that two on
/// it can still call each other.
fn all_interfaces() -> Vec<SocketAddr> {
    let ranked = interfaces::best();
    let mut bind: Vec<SocketAddr> = ranked.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
    for any in [SocketAddr::from(([0, 0, 0, 0], 0)), SocketAddr::from(([0u16; 8], 0))] {
        if !ranked.iter().any(|ip| ip.is_ipv4() == any.is_ipv4()) {
            bind.push(any);
        }
    }
    if ranked.is_empty() {
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
    unfinished_configuration(config, resolver, relays).build()
}

fn unfinished_configuration(
    config: &PeerConfig,
    resolver: &Resolver,
    relays: &Relays,
) -> RTCConfigurationBuilder {
    let for_library = |url: IceUrl| match url.scheme() {
        IceScheme::Stun => Some(url.to_string()),
        _ => relays.url_for(&url),
    };
    let servers = config.ice_servers.iter().map(|server| RTCIceServer {
        urls: usable_urls(server, resolver).filter_map(for_library).collect(),
        username: server.username.clone().unwrap_or_default(),
        credential: server.credential.clone().unwrap_or_default(),
    });
    let servers = servers.filter(|server| !server.urls.is_empty());
    let policy =
        if config.relay_only { RTCIceTransportPolicy::Relay } else { RTCIceTransportPolicy::All };
    RTCConfigurationBuilder::new()
        .with_ice_servers(servers.collect())
        .with_ice_transport_policy(policy)
}

/// Whether there is a relay to use.
pub(crate) fn has_relay(config: &PeerConfig, resolver: &Resolver) -> bool {
    let servers = &mut config.ice_servers.iter();
    servers.any(|server| usable_urls(server, resolver).any(|url| url.is_turn()))
}

/// The STUN servers, and the relays that we have credentials and an address for.
fn usable_urls(server: &IceServer, resolver: &Resolver) -> impl Iterator<Item = IceUrl> {
    let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let has_credential = is_given(&server.username) && is_given(&server.credential);
    let is_usable = move |url: &IceUrl| {
        url.scheme() == IceScheme::Stun
            || has_credential && is_relay(url) && resolver.lookup(&url.host_and_port()).is_some()
    };
    server.urls.iter().filter_map(|url| url.parse().ok()).filter(is_usable)
}

fn settings(
    mdns: MulticastDnsMode,
    certificates: Arc<CertificateCheck>,
    credentials: Option<(String, String)>,
) -> SettingEngine {
    // By default a pair of lesser kind is held back for a second or two in case a better one turns
    // up. The first that works is taken instead: a call connects in a fraction of the time.
    let settings = SettingEngineBuilder::new()
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
        .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_relay_acceptance_min_wait(Some(Duration::ZERO))
        .with_ice_connection_attempts(Some(ICE_CHECK_INTERVAL), Some(ICE_CHECKS))
        // The sockets stay, and so do the relays' allocations: a path that works is not given up
        // for a better one, and a socket whose address is gone is replaced beneath the library
        // (`path::socket`).
        .with_discard_local_candidates_during_ice_restart(false)
        .with_ice_timeouts(Some(ICE_DISCONNECTED), Some(ICE_FAILED), Some(ICE_KEEPALIVE))
        .with_srtp_replay_protection_window(SRTP_REPLAY_WINDOW)
        // A retransmission is encrypted under the number of the packet that was lost, with another
        // transport-wide number in its header. Counter mode with HMAC (which everybody must know,
        // RFC 8827 §6.5) bears that; in GCM a nonce that is used twice gives the key away that
        // keeps packets from being forged (RFC 7714 §8.1).
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80])
        .with_multicast_dns_mode(mdns)
        .with_sctp_max_message_size(SctpMaxMessageSize::Bounded(MAX_MESSAGE_BYTES as u32))
        .with_sctp_max_receive_buffer_size(SCTP_RECEIVE_WINDOW)
        .with_crypto_provider(certificates);
    match credentials {
        Some((user, password)) => settings.with_ice_credentials(user, password),
        None => settings,
    }
    .build()
}

fn interceptors(media_path: &Arc<MediaPath>, socket_layer: &Arc<SocketLayer>) -> Registry {
    // Retransmission is ours (`nack_tracker`, `send_history`): the library's has no regard for the
    // round trip, and answers whoever asks as often as they ask.
    Registry::new()
        .with(
            Slot::CongestionControl,
            OutboundInterceptor::new(Arc::clone(media_path), Arc::clone(socket_layer)),
        )
        .with(Slot::TwccSender, TwccSenderBuilder::new().build())
        .with(Slot::TwccReceiver, TwccReceiverBuilder::new().with_interval(TWCC_INTERVAL).build())
        .with(Slot::ReceiverReport, ReceiverReportBuilder::new().build())
        .with(Slot::SenderReport, SenderReportBuilder::new().build())
        .with(Slot::from(INBOUND_SLOT), InboundInterceptor::new(Arc::clone(media_path)))
        .with(Slot::from(ICE_RESTART_BUFFER_SLOT), IceRestartBuffer::new(Arc::clone(socket_layer)))
}

fn media_engine() -> LibraryResult<MediaEngine> {
    let mut engine = MediaEngine::default();
    // The first of a kind is preferred: redundant audio is sent only while there is loss.
    let more = [
        (MediaKind::Audio, vec![redundant_codec()]),
        (MediaKind::Video, vec![main_profile_codec(), fec_codec()]),
    ];
    for (kind, more) in more {
        for codec in [codec(kind)].into_iter().chain(more) {
            engine.register_codec(codec, codec_kind(kind))?;
        }
        for uri in [SDES_MID_URI, TRANSPORT_CC_URI] {
            let extension = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
            engine.register_header_extension(extension, codec_kind(kind), None)?;
        }
    }
    Ok(engine)
}

async fn add_transceiver(
    pc: &dyn PeerConnection,
    kind: MediaKind,
    stream: Option<&StreamIdentity>,
) -> LibraryResult<Option<LocalTrack>> {
    let init =
        |direction| Some(RTCRtpTransceiverInit { direction, ..RTCRtpTransceiverInit::default() });
    let Some(stream) = stream else {
        let init = init(RTCRtpTransceiverDirection::Recvonly);
        pc.add_transceiver_from_kind(codec_kind(kind), init).await?;
        return Ok(None);
    };
    let StreamIdentity { ssrc, track: id } = stream.clone();
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
        .await?;
    if kind == MediaKind::Video {
        // A track offers its own codec and what the library knows to repair it; FEC has to be
        // named.
        let codecs = vec![codec(kind), main_profile_codec(), fec_codec()];
        transceiver.set_codec_preferences(codecs).await?;
    }
    let sender = transceiver.sender().await?;
    Ok(sender.map(|sender| LocalTrack { track, sender, ssrc }))
}

impl LocalTrack {
    /// The payload type that was negotiated for what we send; `None` when the other does not want
    /// it.
    pub(crate) async fn payload_type(&self, kind: MediaKind) -> Option<u8> {
        let parameters = self.sender.get_parameters().await.ok()?;
        let wanted = codec(kind).rtp_codec.mime_type;
        let codecs = parameters.rtp_parameters.codecs;
        let baseline = format!("profile-level-id={CONSTRAINED_BASELINE}");
        let fits = |codec: &&RTCRtpCodecParameters| {
            codec.rtp_codec.mime_type.eq_ignore_ascii_case(&wanted)
                && (kind == MediaKind::Audio || codec.rtp_codec.sdp_fmtp_line.contains(&baseline))
        };
        codecs.iter().find(fits).map(|codec| codec.payload_type)
    }
}
