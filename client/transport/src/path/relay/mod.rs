//! TURN servers, as the library knows them and as they are.
//!
//! The library speaks TURN over UDP only. In the place of a server over TCP or TLS it gets a
//! placeholder, an address that no network leads to: what the library sends there goes to the
//! server over a stream, and what comes over the stream has that address as its source (`stream`,
//! ADR 11). Nothing listens: neither this machine nor the network can reach the placeholder.
//!
//! An allocation belongs to the addresses it was made from (RFC 8656 §2.2). When those are gone,
//! because a stream broke or the machine's own address did, the library must make another
//! allocation, and does so for a server that it takes for another one: each `Relays::renew` renames
//! all servers.

mod framing;
mod stream;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;

use visavis_shared::{IceScheme, IceTransport, IceUrl};

use super::lock;
use super::resolver::Resolver;

pub(crate) use stream::{FromRelay, RelayStream, Trust};

/// The end of the names that the library gets. It exists nowhere (RFC 6761 §6.4).
const SUFFIX: &str = ".relay.invalid";
/// The most servers of one connection.
const MAX_SERVERS: usize = 32;

/// Whether this is a TURN server that can be reached: `turns:` over UDP would be DTLS, which nobody
/// here speaks.
pub(crate) fn is_relay(url: &IceUrl) -> bool {
    match url.scheme() {
        IceScheme::Turn => true,
        IceScheme::Turns => url.transport() == IceTransport::Tcp,
        IceScheme::Stun | IceScheme::Stuns => false,
    }
}

/// The TURN servers of a connection.
#[derive(Debug, Default)]
pub(crate) struct Relays {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    servers: Vec<IceUrl>,
    generation: u16,
}

impl Relays {
    /// The URL of a server for the library; `None` when there are too many.
    pub(crate) fn url_for(&self, server: &IceUrl) -> Option<String> {
        let mut known = lock(&self.known);
        let index = known.servers.iter().position(|known| known == server).or_else(|| {
            (known.servers.len() < MAX_SERVERS).then(|| {
                known.servers.push(server.clone());
                known.servers.len() - 1
            })
        })?;
        Some(format!("turn:{index}.{}{SUFFIX}:{}?transport=udp", known.generation, server.port()))
    }

    /// Renames all servers, so that the library takes them for others.
    pub(crate) fn renew(&self) {
        let mut known = lock(&self.known);
        known.generation = known.generation.wrapping_add(1);
    }

    /// Where the library should send what is for this name; `None` when the name is not one of
    /// ours. A placeholder is an IPv4 address where `v4`, an IPv6 address otherwise.
    pub(crate) fn resolve(
        &self,
        name: &str,
        v4: bool,
        resolver: &Resolver,
    ) -> Option<Option<Vec<SocketAddr>>> {
        let (index, rest) = name.split_once('.')?;
        let (generation, rest) = rest.split_once('.')?;
        let port = rest.strip_prefix(SUFFIX.strip_prefix('.')?)?.strip_prefix(':')?;
        let (index, generation): (u8, u16) = (index.parse().ok()?, generation.parse().ok()?);
        let port = port.parse().ok()?;
        let server = lock(&self.known).servers.get(usize::from(index))?.clone();
        Some(match server.transport() {
            IceTransport::Udp => resolver.lookup(&server.host_and_port()),
            IceTransport::Tcp => Some(vec![placeholder(index, generation, port, v4)]),
        })
    }

    /// The server that a placeholder stands for.
    pub(crate) fn behind(&self, address: SocketAddr) -> Option<IceUrl> {
        let index = match address.ip() {
            IpAddr::V4(v4) => match v4.octets() {
                [240, _, _, index] => index,
                _ => return None,
            },
            IpAddr::V6(v6) => match v6.segments() {
                [0x100, 0, 0, 0, 0, 0, _, index] => u8::try_from(index).ok()?,
                _ => return None,
            },
        };
        lock(&self.known)
            .servers
            .get(usize::from(index))
            .filter(|server| server.transport() == IceTransport::Tcp)
            .cloned()
    }
}

/// An address that no network leads to: reserved for ever (RFC 1112 §4), or for discarding
/// (RFC 6666).
fn placeholder(index: u8, generation: u16, port: u16, v4: bool) -> SocketAddr {
    let [high, low] = generation.to_be_bytes();
    let ip: IpAddr = if v4 {
        Ipv4Addr::new(240, high, low, index).into()
    } else {
        Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, generation, u16::from(index)).into()
    };
    SocketAddr::new(ip, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> IceUrl {
        url.parse().expect("a server")
    }

    #[test]
    fn only_a_server_that_can_be_reached_is_a_relay() {
        for url in ["turn:a", "turn:a?transport=tcp", "turns:a", "turns:a:443?transport=tcp"] {
            assert!(is_relay(&server(url)), "{url}");
        }
        for url in ["turns:a?transport=udp", "stun:a", "stuns:a"] {
            assert!(!is_relay(&server(url)), "{url}");
        }
    }

    #[test]
    fn a_placeholder_leads_to_its_server_and_nothing_else_does() {
        let (relays, resolver) = (Relays::default(), Resolver::shared());
        let (tcp, tls) = (server("turn:a.example?transport=tcp"), server("turns:b.example"));
        let urls: Vec<String> =
            [&tcp, &tls, &tcp].iter().map(|server| relays.url_for(server).expect("room")).collect();
        assert_eq!(urls[0], urls[2]);
        for (url, server, v4) in
            [(&urls[0], &tcp, true), (&urls[1], &tls, true), (&urls[1], &tls, false)]
        {
            let name = url
                .strip_prefix("turn:")
                .and_then(|url| url.strip_suffix("?transport=udp"))
                .expect("a name");
            let addresses =
                relays.resolve(name, v4, &resolver).expect("ours").expect("known at once");
            assert_eq!(relays.behind(addresses[0]).as_ref(), Some(server));
            assert_eq!(addresses[0].is_ipv4(), v4);
        }
        assert_eq!(relays.behind(SocketAddr::from(([240, 0, 0, 7], 1))), None);
        assert_eq!(relays.behind(SocketAddr::from(([192, 0, 2, 1], 3478))), None);
        assert_eq!(relays.resolve("stun.example.org:3478", true, &resolver), None);
    }

    #[test]
    fn a_server_over_udp_has_its_own_address_under_every_name() {
        let (relays, resolver) = (Relays::default(), Resolver::shared());
        let udp = server("turn:192.0.2.9:3479");
        let mut names = Vec::new();
        for _ in 0..2 {
            let url = relays.url_for(&udp).expect("room");
            let name = url
                .strip_prefix("turn:")
                .and_then(|url| url.strip_suffix("?transport=udp"))
                .expect("a name");
            let found = relays.resolve(name, true, &resolver);
            assert_eq!(found, Some(Some(vec![SocketAddr::from(([192, 0, 2, 9], 3479))])));
            names.push(name.to_owned());
            relays.renew();
        }
        assert_ne!(names[0], names[1], "to the library it is another");
    }
}
