//! The signaling server, the STUN servers and the relays.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::lookup_host;
use tokio::sync::mpsc;
use tokio::time::timeout;
use visavis_shared::{IceServer, Username};

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
/// The port when a URL names none (RFC 7064).
const STUN_PORT: u16 = 3478;
/// More servers than this are not asked.
const MOST_SERVERS: usize = 4;

/// Logs in as a guest. Says also which servers it offers.
pub(super) async fn signaling(url: &str) -> (Finding, Vec<IceServer>) {
    const PART: &str = "signaling server";
    let Ok(username) = Username::parse(&super::self_call::guest_name("login")) else {
        return (
            Finding::fails(PART, "No name could be made.", "Report this as a defect."),
            Vec::new(),
        );
    };
    let begun = Instant::now();
    let config = SignalingConfig { url: url.to_owned(), username, key: None };
    let (signaling, mut events) = match Signaling::connect(config) {
        Ok(connected) => connected,
        Err(error) => {
            return (
                Finding::fails(PART, format!("{error}."), "Give its address with --server."),
                Vec::new(),
            );
        }
    };
    let answer = timeout(LOGIN_WITHIN, events.recv()).await.ok().flatten();
    let took = begun.elapsed();
    signaling.close().await;
    match answer {
        Some(SignalingEvent::LoggedIn { ice_servers, .. }) => (
            Finding::works(PART, format!("It logged a guest in after {} ms.", took.as_millis())),
            ice_servers,
        ),
        Some(SignalingEvent::LoginRefused { message, .. }) => {
            let words =
                "It answers, but lets no guests in, so that nothing more can be tried here.";
            (Finding::weak(PART, words, message), Vec::new())
        }
        Some(SignalingEvent::Unreachable { message }) => {
            (Finding::fails(PART, "It can't be reached.", message), Vec::new())
        }
        _ => {
            let advice =
                "See whether the address is right (--server) and a firewall lets it through.";
            (Finding::fails(PART, "It does not answer.", advice), Vec::new())
        }
    }
}

/// Asks the STUN servers where we are seen, and concludes what kind of NAT there is.
pub(super) async fn stun(
    consent: &Consent,
    servers: &[IceServer],
) -> (Finding, Option<&'static str>) {
    const PART: &str = "STUN and NAT";
    let urls: Vec<&str> = servers
        .iter()
        .flat_map(|server| &server.urls)
        .filter_map(|url| url.strip_prefix("stun:"))
        .collect();
    if urls.is_empty() {
        return (Finding::skipped(PART, "No STUN server is known."), None);
    }
    let Ok(probe) = NatProbe::new(consent, false).await else {
        return (
            Finding::fails(
                PART,
                "There is no IPv4 socket to ask from.",
                "Check the network connection.",
            ),
            None,
        );
    };
    let (mut seen, mut silent, mut quickest) = (Vec::new(), 0, Duration::MAX);
    for url in urls.iter().take(MOST_SERVERS) {
        let answer = match resolve(url).await {
            Some(address) => probe.ask(address).await.ok(),
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
        let advice = "UDP seems to be blocked: calls work only within the same network, or through a relay over TCP.";
        return (
            Finding::fails(PART, format!("None of {} servers answers.", silent), advice),
            None,
        );
    };
    let took = quickest.as_millis();
    let quiet = if silent > 0 { format!(" {silent} did not answer.") } else { String::new() };
    let (word, finding) = match kind {
        NatKind::None => (
            "none",
            Finding::works(
                PART,
                format!("No NAT: others see this computer's own address ({took} ms).{quiet}"),
            ),
        ),
        NatKind::EndpointIndependent => (
            "endpoint-independent",
            Finding::works(
                PART,
                format!("A NAT that lets direct calls through ({took} ms).{quiet}"),
            ),
        ),
        NatKind::Unknown => (
            "unknown",
            Finding::works(
                PART,
                format!(
                    "A server sees this computer ({took} ms); it takes two to tell the kind of NAT.{quiet}"
                ),
            ),
        ),
        NatKind::AddressDependent => (
            "address-dependent",
            Finding::weak(
                PART,
                format!("A NAT with another address towards each server ({took} ms).{quiet}"),
                "Direct calls may fail: the signaling server should offer a TURN relay.",
            ),
        ),
    };
    (finding, Some(word))
}

async fn resolve(host: &str) -> Option<SocketAddr> {
    let host = host.split('?').next().unwrap_or_default();
    let with_port = if has_port(host) { host.to_owned() } else { format!("{host}:{STUN_PORT}") };
    let found = timeout(RESOLVE_WITHIN, lookup_host(with_port)).await.ok()?.ok()?;
    found.into_iter().find(SocketAddr::is_ipv4)
}

fn has_port(host: &str) -> bool {
    // `[::1]` has colons and no port.
    host.rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
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
            "None is known: behind some firewalls there is no way without one.",
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
    let advice = "See whether its address, user name and password are right, and a firewall lets it through.";
    match gathered.await {
        Ok(Ok(())) => Finding::works(
            PART,
            format!("It gave an address after {} ms.", begun.elapsed().as_millis()),
        ),
        Ok(Err(why)) => Finding::fails(PART, format!("{why}."), advice),
        Err(_) => Finding::fails(PART, "It does not answer.", advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_told_from_an_address_with_colons() {
        assert!(has_port("stun.example.org:3478") && has_port("[2001:db8::1]:3478"));
        assert!(!has_port("stun.example.org") && !has_port("[2001:db8::1]"));
    }
}
