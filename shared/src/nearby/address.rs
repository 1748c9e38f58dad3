//! Which addresses are of the local network, and which of them a client tries first.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// An address of the local network, with the interface through which it is reached where the
/// address alone does not say so.
///
/// The smallest is the one to try first: a private IPv4 address, a unique local IPv6 one, then
/// those that are link-local.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalAddress {
    reach: Reach,
    ip: IpAddr,
    scope: u32,
}

/// From how far an address is reached; the first is tried first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Reach {
    /// RFC 1918.
    PrivateV4,
    /// RFC 4193.
    UniqueLocal,
    /// RFC 3927.
    LinkLocalV4,
    /// RFC 4291 §2.5.6. It needs an interface.
    LinkLocalV6,
}

impl Reach {
    fn of(ip: IpAddr) -> Option<Self> {
        match ip {
            IpAddr::V4(ip) if ip.is_private() => Some(Self::PrivateV4),
            IpAddr::V4(ip) if ip.is_link_local() => Some(Self::LinkLocalV4),
            IpAddr::V6(ip) if ip.is_unique_local() => Some(Self::UniqueLocal),
            IpAddr::V6(ip) if ip.is_unicast_link_local() => Some(Self::LinkLocalV6),
            _ => None,
        }
    }
}

/// Whether an address is one of the local network: private (RFC 1918), unique local (RFC 4193) or
/// link-local (RFC 3927, RFC 4291). That of the machine itself is none, and neither is one that a
/// provider shares among its customers (RFC 6598).
#[must_use]
pub fn is_local(ip: IpAddr) -> bool {
    Reach::of(ip.to_canonical()).is_some()
}

impl LocalAddress {
    /// Takes an address if it is of the local network. The scope is the index of the interface
    /// (RFC 4007 §11), which only a link-local IPv6 address needs; without one it can't be reached
    /// and is refused.
    #[must_use]
    pub fn new(ip: IpAddr, scope: Option<u32>) -> Option<Self> {
        let ip = ip.to_canonical();
        let reach = Reach::of(ip)?;
        let scope = match reach {
            Reach::LinkLocalV6 => scope.filter(|scope| *scope != 0)?,
            _ => 0,
        };
        Some(Self { reach, ip, scope })
    }

    /// The address without its interface.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The address as a socket connects to it.
    #[must_use]
    pub fn with_port(&self, port: u16) -> SocketAddr {
        match self.ip {
            IpAddr::V4(ip) => SocketAddr::from((ip, port)),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, self.scope).into(),
        }
    }

    /// The host of a URL, if one can name it: there is no interface in the URL of a WebSocket.
    #[must_use]
    pub fn url_host(&self) -> Option<String> {
        match self.ip {
            IpAddr::V4(ip) => Some(ip.to_string()),
            IpAddr::V6(ip) if self.scope == 0 => Some(bracketed(ip)),
            IpAddr::V6(_) => None,
        }
    }
}

fn bracketed(ip: Ipv6Addr) -> String {
    format!("[{ip}]")
}

/// As people read it: without the interface.
impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ip.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn only_private_unique_local_and_link_local_addresses_are_of_the_local_network() {
        for local in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.254",
            "192.168.1.1",
            "169.254.7.7",
            "fd00::1",
            "fc00::1",
            "fe80::1",
            "febf::1",
            "::ffff:192.168.1.1",
        ] {
            assert!(is_local(ip(local)), "{local}");
        }
        for other in [
            "0.0.0.0",
            "127.0.0.1",
            "8.8.8.8",
            "100.64.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "224.0.0.251",
            "255.255.255.255",
            "::",
            "::1",
            "2001:db8::1",
            "2a00::1",
            "fec0::1",
            "ff02::fb",
            "::ffff:8.8.8.8",
            "::10.0.0.1",
        ] {
            assert!(!is_local(ip(other)), "{other}");
            assert_eq!(LocalAddress::new(ip(other), Some(2)), None, "{other}");
        }
    }

    #[test]
    fn what_is_easiest_to_reach_comes_first() {
        let in_order = ["10.0.0.1", "192.168.0.1", "fd00::1", "169.254.0.1", "fe80::1"]
            .map(|text| LocalAddress::new(ip(text), Some(3)).expect(text));
        let mut sorted = in_order;
        sorted.reverse();
        sorted.sort_unstable();
        assert_eq!(sorted, in_order);
    }

    #[test]
    fn a_link_local_address_needs_its_interface_and_has_no_url() {
        assert_eq!(LocalAddress::new(ip("fe80::1"), None), None);
        assert_eq!(LocalAddress::new(ip("fe80::1"), Some(0)), None);
        let scoped = LocalAddress::new(ip("fe80::1"), Some(3)).expect("an address");
        assert_eq!(scoped.with_port(9090).to_string(), "[fe80::1%3]:9090");
        assert_eq!((scoped.url_host(), scoped.to_string().as_str()), (None, "fe80::1"));
        // The interface of any other says nothing more.
        let (one, other) = (ip("fd00::1"), Some(3));
        assert_eq!(LocalAddress::new(one, None), LocalAddress::new(one, other));
        let unique = LocalAddress::new(one, other).expect("an address");
        assert_eq!(unique.url_host().as_deref(), Some("[fd00::1]"));
        assert_eq!(unique.with_port(1).to_string(), "[fd00::1]:1");
        let mapped = LocalAddress::new(ip("::ffff:10.0.0.9"), None).expect("an address");
        assert_eq!(mapped.url_host().as_deref(), Some("10.0.0.9"));
    }

    proptest! {
        #[test]
        fn what_can_be_taken_is_local(ip in any::<IpAddr>(), scope in any::<Option<u32>>()) {
            if let Some(address) = LocalAddress::new(ip, scope) {
                prop_assert!(is_local(ip));
                prop_assert_eq!(address.with_port(7).ip(), ip.to_canonical());
            }
        }
    }
}
