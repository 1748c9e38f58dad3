//! The addresses of this computer's network interfaces.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::network_cards::{self, InterfaceAddress};

/// Addresses of the internet that are nobody's (RFC 5737, RFC 3849).
const ELSEWHERE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];

/// Every address that an interface has now; `None` where the system does not say.
#[must_use]
pub fn addresses() -> Option<Vec<IpAddr>> {
    Some(with_names()?.into_iter().map(|address| address.ip).collect())
}

/// The best of them, the most promising first: those by which others reach this computer. Loopback
/// addresses are none.
#[must_use]
pub fn best() -> Vec<IpAddr> {
    network_cards::ranked(&with_names().unwrap_or_default(), &towards_the_internet())
}

/// The networks that this computer is on: the address of each interface, and which of its bits
/// name the network. `None` where the system does not say.
#[must_use]
pub fn networks() -> Option<Vec<(IpAddr, IpAddr)>> {
    let interfaces = rtc::shared::ifaces::ifaces().ok()?;
    let networks = interfaces
        .into_iter()
        .filter_map(|interface| Some((interface.addr?.ip(), interface.mask?.ip())));
    Some(networks.collect())
}

/// Every address that an interface has now, with its interface, in the system's order.
fn with_names() -> Option<Vec<InterfaceAddress>> {
    let interfaces = rtc::shared::ifaces::ifaces().ok()?;
    let named = interfaces.into_iter().filter_map(|interface| {
        Some(InterfaceAddress { ip: interface.addr?.ip(), interface: interface.name })
    });
    Some(named.collect())
}

/// The addresses that packets to the internet would leave from now, of both families. Nothing is
/// sent to find out.
fn towards_the_internet() -> Vec<IpAddr> {
    let source = |to: IpAddr| {
        let any: IpAddr = match to {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
        socket.connect(SocketAddr::new(to, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    ELSEWHERE.into_iter().filter_map(source).collect()
}
