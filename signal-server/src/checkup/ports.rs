//! Whether the ports can be had, or are the server's own already.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use visavis_shared::Finding;

use crate::config::Config;

/// How long a program on this machine may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// What the health of a server says.
const HEALTH: &str = "The server lives.";
/// What an alert of TLS begins with (RFC 8446 §5.1): the answer of a TLS server to plain text.
const TLS_ALERT: u8 = 21;

/// What already listens on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listens {
    OurServer,
    Tls,
    Other,
}

/// The port for WebSocket connections.
pub(super) async fn listener(config: &Config) -> Finding {
    const PART: &str = "port";
    let (address, encrypted) = (config.listen, config.tls.is_some() || config.acme.is_some());
    let free = format!("TCP {address} is free; let it in through the firewall.");
    let error = match TcpListener::bind(address).await {
        Ok(_) => return Finding::works(PART, free),
        Err(error) => error,
    };
    let choose =
        format!("Choose another with --listen {}:PORT, or stop that program.", address.ip());
    match error.kind() {
        io::ErrorKind::AddrInUse => match who_listens(address).await {
            Listens::OurServer => {
                Finding::works(PART, format!("A Visavis server serves on TCP {address}."))
            }
            Listens::Tls if encrypted => Finding::works(
                PART,
                format!(
                    "TCP {address} is taken by a program that speaks TLS: this server, if it runs."
                ),
            ),
            _ => Finding::fails(PART, format!("Another program has TCP {address}."), choose),
        },
        io::ErrorKind::PermissionDenied => Finding::fails(
            PART,
            format!("The system does not let this user have TCP {address}."),
            "Ports below 1024 are handed out: setcap cap_net_bind_service=+ep THE-PROGRAM, or \
             AmbientCapabilities=CAP_NET_BIND_SERVICE in the systemd unit.",
        ),
        io::ErrorKind::AddrNotAvailable => Finding::fails(
            PART,
            format!("{} is no address of this machine.", address.ip()),
            "Choose one with --listen, or 0.0.0.0 for all.",
        ),
        _ => Finding::fails(PART, format!("TCP {address} can't be had: {error}."), choose),
    }
}

/// The port of the page with metrics.
pub(super) async fn metrics(config: &Config) -> Finding {
    const PART: &str = "metrics port";
    let Some(address) = config.metrics else {
        return Finding::skipped(PART, "There is none (--metrics-listen off).");
    };
    match TcpListener::bind(address).await {
        Ok(_) => Finding::works(PART, format!("TCP {address} is free.")),
        Err(error)
            if error.kind() == io::ErrorKind::AddrInUse
                && who_listens(address).await == Listens::OurServer =>
        {
            Finding::works(PART, format!("A Visavis server has its page on TCP {address}."))
        }
        Err(error) => Finding::weak(
            PART,
            format!("TCP {address} can't be had: {error}. The server goes on without the page."),
            "Choose another with --metrics-listen, or off.",
        ),
    }
}

/// Asks whoever listens for its health.
async fn who_listens(address: SocketAddr) -> Listens {
    let asked = async {
        let mut stream = TcpStream::connect(reachable(address)).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        // Whoever closes hard has still answered.
        let _ = stream.take(4096).read_to_end(&mut answer).await;
        io::Result::Ok(answer)
    };
    match timeout(ANSWERS_WITHIN, asked).await {
        Ok(Ok(answer)) if answer.first() == Some(&TLS_ALERT) => Listens::Tls,
        Ok(Ok(answer)) if String::from_utf8_lossy(&answer).contains(HEALTH) => Listens::OurServer,
        _ => Listens::Other,
    }
}

/// The address by which this machine reaches itself.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Whether this machine has an address.
pub(super) fn is_own(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// The ports from which the relay sends.
pub(super) async fn relay(config: &Config) -> Finding {
    const PART: &str = "relay ports";
    let relay = &config.relay;
    if relay.addresses.is_empty() {
        return Finding::skipped(PART, "This server relays nothing (no --relay-address).");
    }
    let Some(stun) = config.stun else {
        return Finding::fails(
            PART,
            "The relay answers on the port of STUN, which is off.",
            "Give --stun-listen an address, or leave --relay-address out.",
        );
    };
    let range = relay.ports;
    let taken = range.range().filter(|port| UdpSocket::bind((stun.ip(), *port)).is_err()).count();
    let count = range.range().len();
    let open = format!("Open UDP {range} in the firewall, and map it in the NAT if there is one.");
    if taken == count {
        let words = format!("None of the UDP ports {range} can be had.");
        return Finding::fails(PART, words, "Choose others with --relay-ports.");
    }
    let elsewhere: Vec<_> = relay.addresses.iter().filter(|ip| !is_own(**ip)).collect();
    if let Some(private) = relay.addresses.iter().find(|ip| !crate::ice::is_public(**ip)) {
        return Finding::weak(
            PART,
            format!("{private} is no address by which the internet reaches this machine."),
            "Give the public one with --relay-address, unless all clients are on your network.",
        );
    }
    if let Some(ip) = elsewhere.first() {
        return Finding::weak(
            PART,
            format!(
                "{} of {count} UDP ports are free; {ip} is not this machine's own.",
                count - taken
            ),
            format!("That is right behind a NAT that maps it here one to one. {open}"),
        );
    }
    if taken > count / 2 {
        return Finding::weak(
            PART,
            format!("Only {} of {count} UDP ports are free.", count - taken),
            "Others are in use by calls or by another program: widen --relay-ports.",
        );
    }
    Finding::works(PART, format!("{} of {count} UDP ports are free. {open}", count - taken))
}
