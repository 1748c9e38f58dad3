//! The signaling server, the STUN servers and the relays.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::lookup_host;
use tokio::sync::mpsc;
use tokio::time::timeout;
use visavis_shared::{IceScheme, IceServer, IceUrl, Username};

use super::Finding;
use super::nat_probe::{NatKind, NatProbe};
use crate::media::units::Bitrate;
use crate::signaling::{Signaling, SignalingConfig, SignalingEvent};
use crate::transport::{Consent, MediaPorts, Peer, PeerCommand, PeerConfig, PeerEvent};

/// How long a server may take to log somebody in.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);
/// How long a name may take to be resolved.
const RESOLVE_WITHIN: Duration = Duration::from_secs(5);
/// How long a relay may take to give an address.
const RELAY_WITHIN: Duration = Duration::from_secs(8);
/// More servers than this are not queried.
const MOST_SERVERS: usize = 4;

/// Logs in as a guest. Says also which servers it offers.
pub(super) async fn signaling(url: &str) -> (Finding, Vec<IceServer>) {
    const PART: &str = "signaling server";
    let alone = |finding| (finding, Vec::new());
    let Ok(username) = Username::parse(&super::self_call::guest_name("login")) else {
        let advice = "Please report this as a bug.";
        return alone(Finding::fails(PART, "No guest name could be made.", advice));
    };
    let begun = Instant::now();
    let config = SignalingConfig { url: url.to_owned(), username, key: None };
    let (signaling, mut events) = match Signaling::connect(config) {
        Ok(connected) => connected,
        Err(error) => {
            let advice = "Set its address with --server.";
            return alone(Finding::fails(PART, format!("{error}."), advice));
        }
    };
    let answer = timeout(LOGIN_WITHIN, events.recv()).await.ok().flatten();
    let took = begun.elapsed();
    signaling.close().await;
    match answer {
        Some(SignalingEvent::LoggedIn { ice_servers, .. }) => (
            Finding::works(PART, format!("It logged in a guest after {} ms.", took.as_millis())),
            ice_servers,
        ),
        Some(SignalingEvent::LoginRefused { message, .. }) => {
            let words = "It answers, but doesn't let guests in, so nothing more can be tried.";
            alone(Finding::weak(PART, words, message.plain()))
        }
        Some(SignalingEvent::Unreachable { message }) => {
            alone(Finding::fails(PART, "It can't be reached.", message.plain()))
        }
        _ => {
            let advice = "Check the address (--server), and that no firewall blocks it.";
            alone(Finding::fails(PART, "It does not answer.", advice))
        }
    }
}

/// Queries the STUN servers for our address, and concludes what kind of NAT there is.
pub(super) async fn stun(
    consent: &Consent,
    servers: &[IceServer],
) -> (Finding, Option<&'static str>) {
    const PART: &str = "STUN and NAT";
    let urls = servers.iter().flat_map(|server| &server.urls);
    let urls: Vec<IceUrl> = urls
        .filter_map(|url| url.parse().ok())
        .filter(|url: &IceUrl| url.scheme() == IceScheme::Stun)
        .collect();
    if urls.is_empty() {
        return (Finding::skipped(PART, "No STUN server is known."), None);
    }
    let Ok(probe) = NatProbe::new(consent).await else {
        let advice = "Check the network connection.";
        return (Finding::fails(PART, "No IPv4 socket could be opened.", advice), None);
    };
    let (mut seen, mut silent, mut quickest) = (Vec::new(), 0, Duration::MAX);
    for url in urls.iter().take(MOST_SERVERS) {
        let answer = match resolve(url).await {
            Some(address) => probe.query(address).await,
            None => None,
        };
        match answer {
            Some(mapping) => {
                seen.push(mapping.seen);
                quickest = quickest.min(mapping.took);
            }
            None => silent += 1,
        }
    }
    let Some(kind) = NatKind::of(&seen, |address| probe.is_own(address)) else {
        let advice = "UDP seems to be blocked. Calls work only on the same network, or through a \
                      relay over TCP.";
        let words = format!("None of the {silent} servers answers.");
        return (Finding::fails(PART, words, advice), None);
    };
    let took = quickest.as_millis();
    let quiet = if silent > 0 { format!(" {silent} did not answer.") } else { String::new() };
    let (word, words) = match kind {
        NatKind::None => {
            ("none", format!("No NAT: others see this computer's own address ({took} ms).{quiet}"))
        }
        NatKind::EndpointIndependent => {
            ("endpoint-independent", format!("A NAT that allows direct calls ({took} ms).{quiet}"))
        }
        NatKind::Unknown => (
            "unknown",
            format!(
                "One server answered ({took} ms). It takes two to tell the kind of NAT.{quiet}"
            ),
        ),
        NatKind::AddressDependent => (
            "address-dependent",
            format!("A NAT that shows each server a different address ({took} ms).{quiet}"),
        ),
    };
    let finding = if kind == NatKind::AddressDependent {
        let advice = "Direct calls may fail. The signaling server should offer a TURN relay.";
        Finding::weak(PART, words, advice)
    } else {
        Finding::works(PART, words)
    };
    (finding, Some(word))
}

async fn resolve(url: &IceUrl) -> Option<SocketAddr> {
    let found = timeout(RESOLVE_WITHIN, lookup_host(url.host_and_port())).await.ok()?.ok()?;
    found.into_iter().find(SocketAddr::is_ipv4)
}

/// Gathers addresses from relays alone: one that comes is one that works.
pub(super) async fn turn(consent: &Consent, servers: &[IceServer]) -> Finding {
    const PART: &str = "TURN relay";
    let relays: Vec<IceServer> = servers
        .iter()
        .filter(|server| server.urls.iter().any(|url| url.starts_with("turn")))
        .cloned()
        .collect();
    if relays.is_empty() {
        return Finding::skipped(
            PART,
            "No relay is known. Behind some firewalls, calls don't work without one.",
        );
    }
    let config = PeerConfig {
        ice_servers: relays,
        relay_only: true,
        bind: Vec::new(),
        max_bitrate: Bitrate::from_kbps(500),
        send_video: false,
        send_audio: false,
        network: None,
        relay_roots: Vec::new(),
    };
    let (ports, _ends) = MediaPorts::pair(1);
    let (events_in, mut events) = mpsc::channel(64);
    let begun = Instant::now();
    let gathered = timeout(RELAY_WITHIN, async {
        let peer = Peer::open(consent, config, ports, events_in);
        peer.command(PeerCommand::CreateOffer { ice_restart: false })
            .map_err(|error| error.to_string())?;
        while let Some(event) = events.recv().await {
            match event {
                PeerEvent::LocalCandidate(candidate)
                    if candidate.candidate.contains(" typ relay") =>
                {
                    return Ok(());
                }
                PeerEvent::Failed(why) => return Err(why),
                _ => {}
            }
        }
        Err("It gave no address".to_owned())
    });
    let advice = "Check its address, user name and password, and that no firewall blocks it.";
    match gathered.await {
        Ok(Ok(())) => Finding::works(
            PART,
            format!("It gave an address after {} ms.", begun.elapsed().as_millis()),
        ),
        Ok(Err(why)) => Finding::fails(PART, format!("{why}."), advice),
        Err(_) => Finding::fails(PART, "It does not answer.", advice),
    }
}
