//! STUN: the port of this server, and the servers elsewhere that clients are sent to.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{UdpSocket, lookup_host};
use tokio::time::{sleep, timeout};
use visavis_shared::{Finding, IceScheme, IceTransport, IceUrl};

use super::domain::RESOLVE_WITHIN;
use super::ports::reachable;
use crate::config::Config;
use crate::ice::{binding_request, is_binding_answer};

/// How long a server may take to answer, and how often it is asked meanwhile: datagrams get lost.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
const ASKED_EVERY: Duration = Duration::from_millis(400);
/// More servers than this are not asked.
const MOST_SERVERS: usize = 8;

/// The port of this server.
pub(super) async fn examine(config: &Config) -> Finding {
    const PART: &str = "STUN";
    let Some(address) = config.stun else {
        return if config.relay.stun_urls.is_empty() {
            Finding::weak(
                PART,
                "It is off, and no other is named: calls work only where both have a direct path.",
                "Give --stun-listen an address, or name a server with --stun-url.",
            )
        } else {
            Finding::skipped(PART, "It is off (--stun-listen off), and others are named.")
        };
    };
    match UdpSocket::bind(address).await {
        Ok(_) => {
            Finding::works(PART, format!("UDP {address} is free; let it in through the firewall."))
        }
        Err(_) if answers(reachable(address)).await => {
            Finding::works(PART, format!("A STUN server answers on UDP {address}."))
        }
        Err(error) => Finding::fails(
            PART,
            format!("UDP {address} can't be had: {error}."),
            "Choose another with --stun-listen, or stop the program that has it.",
        ),
    }
}

/// The servers that clients are sent to beside this one.
pub(super) async fn elsewhere(config: &Config) -> Finding {
    const PART: &str = "other STUN and TURN servers";
    let urls = config.relay.stun_urls.iter().chain(&config.relay.urls);
    let urls: Vec<IceUrl> = urls.filter_map(|url| url.parse().ok()).take(MOST_SERVERS).collect();
    if urls.is_empty() {
        return Finding::skipped(PART, "None is named (--stun-url, --turn-url).");
    }
    let mut silent = Vec::new();
    let mut untried = 0;
    for url in &urls {
        let host = url.host_and_port();
        let found = match timeout(RESOLVE_WITHIN, lookup_host(&host)).await {
            Ok(Ok(found)) => found.collect(),
            _ => Vec::new(),
        };
        let answered = match url.transport() {
            _ if found.is_empty() => false,
            IceTransport::Udp if matches!(url.scheme(), IceScheme::Stun | IceScheme::Turn) => {
                any_answers(&found).await
            }
            // What is beneath TLS and TCP is not spoken here; that somebody listens can be seen.
            IceTransport::Tcp => {
                untried += 1;
                let connected = tokio::net::TcpStream::connect(found.as_slice());
                matches!(timeout(ANSWERS_WITHIN, connected).await, Ok(Ok(_)))
            }
            IceTransport::Udp => {
                untried += 1;
                true
            }
        };
        if !answered {
            silent.push(url.to_string());
        }
    }
    if !silent.is_empty() {
        return Finding::fails(
            PART,
            format!("No answer comes from {}.", silent.join(", ")),
            "Start it, look at its name and its firewall, or leave it out: clients wait for it.",
        );
    }
    let listens =
        if untried > 0 { format!(" Of {untried} only that it is there.") } else { String::new() };
    Finding::works(PART, format!("{} of {} answer.{listens}", urls.len(), urls.len()))
}

async fn any_answers(addresses: &[SocketAddr]) -> bool {
    for address in addresses {
        if answers(*address).await {
            return true;
        }
    }
    false
}

/// Whether a STUN server answers there.
async fn answers(address: SocketAddr) -> bool {
    let any = match address {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let transaction = rand::random();
    let asked = async {
        let socket = UdpSocket::bind(any).await.ok()?;
        socket.connect(address).await.ok()?;
        let mut buffer = [0; 1500];
        loop {
            // Nobody may be there, which the next send tells.
            let _ = socket.send(&binding_request(&transaction)).await;
            tokio::select! {
                received = socket.recv(&mut buffer) => {
                    if let Ok(length) = received
                        && buffer.get(..length).is_some_and(|it| is_binding_answer(it, &transaction))
                    {
                        return Some(());
                    }
                    sleep(ASKED_EVERY).await;
                }
                () = sleep(ASKED_EVERY) => {}
            }
        }
    };
    matches!(timeout(ANSWERS_WITHIN, asked).await, Ok(Some(())))
}
