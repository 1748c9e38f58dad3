//! ICE for everyone: how two people find a network path to each other, and a relay for those who
//! find none.
//!
//! - [`offer`]: the ICE servers for logins; [`credentials`]: what lets them use a relay, here or
//!   elsewhere;
//! - [`responder`], [`relay`]: the embedded STUN server and TURN relay, pure; [`socket`]: the
//!   sockets round them;
//! - [`peers`], [`quota`], [`nonce`]: whom the relay talks to, how many, and with whom it speaks;
//! - [`stun`], [`reply`]: the messages; [`url`]: where clients are sent.
//!
//! Without `--relay-address` only Binding requests are answered. `docs/adr/0004` says why the relay
//! is our own.

mod allocation;
mod credentials;
mod nonce;
mod offer;
mod options;
mod peers;
mod quota;
mod relay;
mod reply;
mod responder;
mod socket;
mod stun;
mod url;

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::UdpSocket;

pub use credentials::Secret;
pub(crate) use offer::IceOffer;
pub use options::{RelayConfig, RelayPorts};
pub use quota::Quotas;
pub use relay::RelayMetrics;
pub(crate) use socket::{RelayMetricsReader, StunServer};

use peers::PeerRule;
pub(crate) use peers::is_public;
use relay::{Relay, Settings};
use responder::Responder;
use stun::{Class, Message, Method, Writer};

use crate::observability::logging::why_not_bound;

/// Why there is no relay, though one was asked for. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// It has no port.
    #[error(
        "the relay answers on the STUN port: give --stun-listen an address, or leave --relay-address out"
    )]
    NoStun,
    /// It has no port of its own.
    #[error(
        "no relay on UDP {0}: {1}. Choose another port with --stun-listen, or leave --relay-address out"
    )]
    Bind(SocketAddr, #[source] io::Error),
    /// The addresses can't be a relay's.
    #[error(
        "--relay-address takes the public IPv4 address of this machine, its IPv6 address, or one of each"
    )]
    Addresses,
}

/// STUN, a relay, and what clients are offered of them.
#[derive(Debug)]
pub(crate) struct Ice {
    pub(crate) offer: IceOffer,
    pub(crate) server: Option<StunServer>,
}

impl Ice {
    /// Starts what is configured. A STUN server that can't start is only a warning.
    pub(crate) async fn start(
        stun: Option<SocketAddr>,
        config: &RelayConfig,
    ) -> Result<Self, RelayError> {
        let secret = config.secret.clone().unwrap_or_else(Secret::random);
        let relays = !config.addresses.is_empty();
        let server = match stun {
            None if relays => return Err(RelayError::NoStun),
            None => None,
            Some(address) => {
                let relay = if relays { Some(relay(config, secret.clone())?) } else { None };
                match listen(address, relay, config).await {
                    Ok(server) => Some(server),
                    Err(error) if relays => return Err(RelayError::Bind(address, error)),
                    Err(error) => {
                        tracing::warn!(
                            "no STUN server on UDP {address}: {}. Calls go on without it; choose \
                             another port with --stun-listen, or turn it off with --stun-listen off",
                            why_not_bound(&error)
                        );
                        None
                    }
                }
            }
        };
        let offer = IceOffer::new(server.as_ref().map(|server| server.address), config, secret);
        Ok(Self { offer, server })
    }
}

fn relay<S>(config: &RelayConfig, secret: Secret) -> Result<Relay<S>, RelayError> {
    let addresses = &config.addresses;
    let ipv4 = addresses.iter().filter(|ip| ip.is_ipv4()).count();
    if ipv4 > 1
        || addresses.len() - ipv4 > 1
        || addresses.iter().any(|ip| ip.is_unspecified() || ip.is_multicast())
    {
        return Err(RelayError::Addresses);
    }
    let settings = Settings {
        addresses: addresses.clone(),
        peers: PeerRule::new(config.allowed_peers.clone(), addresses.clone()),
        quotas: config.quotas.of_ports(config.ports.range().len(), addresses.len()),
        ports: config.ports.range().len(),
        bytes_per_second: (config.kilobits_per_second > 0)
            .then(|| u64::from(config.kilobits_per_second) * 1000 / 8),
    };
    Ok(Relay::new(settings, secret, Instant::now()))
}

/// Asks a STUN server for our address (RFC 8489 §5).
pub(crate) fn binding_request(transaction: &[u8; 12]) -> Vec<u8> {
    let mut request = Vec::new();
    Writer::new(&mut request, Class::Request, Method::BINDING, transaction).finish();
    request
}

/// Whether a datagram is the answer to that.
pub(crate) fn is_binding_answer(datagram: &[u8], transaction: &[u8; 12]) -> bool {
    Message::parse(datagram).is_some_and(|message| {
        message.class == Class::Success
            && message.method == Method::BINDING
            && message.transaction == *transaction
    })
}

async fn listen(
    address: SocketAddr,
    relay: Option<Relay<socket::RelaySocket>>,
    config: &RelayConfig,
) -> io::Result<StunServer> {
    let socket = UdpSocket::bind(address).await?;
    let responder = Responder::new(config.answers_per_second, relay, Instant::now());
    StunServer::start(socket, responder, config.ports)
}
