//! What is known of a server that runs here, and who can reach it. Pure.

use std::net::{IpAddr, Ipv4Addr};

use visavis_shared::nearby::is_local;

use crate::signaling::ServerUrl;

/// Who can reach a server, as far as its own address says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// This computer alone: it is on no network.
    ThisComputer,
    /// Everybody on the local network; others only through a port that the router forwards.
    Network,
    /// Everybody, unless a firewall is in the way: the address is one of the internet.
    Everyone,
}

/// A server that runs in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosted {
    /// Its port.
    pub port: u16,
    /// By which address others reach this computer, where it is on a network.
    pub address: Option<Ipv4Addr>,
    /// How many are logged in, with whoever is from here.
    pub online: usize,
}

impl Hosted {
    /// Where this program logs in: by an address that no change of the network takes away.
    #[must_use]
    pub fn own_url(&self) -> String {
        format!("ws://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Where others log in; as near as it gets without a network.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}:{}", self.address.unwrap_or(Ipv4Addr::LOCALHOST), self.port)
    }

    /// Who can reach it.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match self.address {
            None => Reach::ThisComputer,
            // What a provider shares among its customers (RFC 6598) is not of the internet either.
            Some(address) if is_local(IpAddr::V4(address)) || is_shared(address) => Reach::Network,
            Some(_) => Reach::Everyone,
        }
    }

    /// Whether a server, as it was typed or remembered, is this one.
    #[must_use]
    pub fn is_at(&self, server: &str) -> bool {
        ServerUrl::parse(server).is_ok_and(|typed| {
            let same =
                |url: &str| ServerUrl::parse(url).is_ok_and(|own| own.origin() == typed.origin());
            same(&self.own_url()) || same(&self.url())
        })
    }

    /// The best address for others among those of this computer, the most promising first.
    #[must_use]
    pub fn best(addresses: &[IpAddr]) -> Option<Ipv4Addr> {
        // It listens on IPv4, as every server does unless told otherwise.
        addresses.iter().find_map(|address| match address {
            IpAddr::V4(address) if !address.is_loopback() && !address.is_unspecified() => {
                Some(*address)
            }
            _ => None,
        })
    }
}

fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second & 0xc0 == 64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosted(address: &str) -> Hosted {
        Hosted { port: 9091, address: address.parse().ok(), online: 1 }
    }

    #[test]
    fn others_come_by_the_network_and_this_program_by_itself() {
        let server = hosted("192.168.1.20");
        assert_eq!(server.url(), "ws://192.168.1.20:9091");
        assert_eq!(server.own_url(), "ws://127.0.0.1:9091");
        for ours in ["192.168.1.20:9091", "ws://127.0.0.1:9091", "127.0.0.1:9091"] {
            assert!(server.is_at(ours), "{ours}");
        }
        for other in ["192.168.1.20", "wss://192.168.1.20:9091", "192.168.1.21:9091", ""] {
            assert!(!server.is_at(other), "{other}");
        }
        assert_eq!(hosted("").url(), "ws://127.0.0.1:9091");
    }

    #[test]
    fn who_can_reach_it_is_what_the_address_says() {
        for (address, reach) in [
            ("", Reach::ThisComputer),
            ("192.168.1.20", Reach::Network),
            ("10.0.0.7", Reach::Network),
            ("169.254.3.4", Reach::Network),
            ("100.64.0.1", Reach::Network),
            ("203.0.113.9", Reach::Everyone),
        ] {
            assert_eq!(hosted(address).reach(), reach, "{address}");
        }
    }

    #[test]
    fn the_first_address_of_the_fourth_version_is_the_best() {
        let best = |addresses: &[&str]| {
            let addresses: Vec<IpAddr> = addresses.iter().flat_map(|ip| ip.parse()).collect();
            Hosted::best(&addresses).map(|ip| ip.to_string())
        };
        assert_eq!(best(&["fd00::1", "192.168.1.20", "10.0.0.1"]).as_deref(), Some("192.168.1.20"));
        assert_eq!(best(&["fd00::1", "127.0.0.1"]), None);
        assert_eq!(best(&[]), None);
    }
}
