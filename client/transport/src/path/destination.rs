//! Which addresses may be sent to at all, whoever names them. Pure.
//!
//! The other client and the signaling server name addresses: candidates (RFC 8839 §5.1), STUN and
//! TURN servers, the sources of checks. In: such an address, and what is known of our own end. Out:
//! whether anything may go there. What always holds: nothing goes to port 0, to the unspecified
//! address, to multicast, broadcast or reserved addresses, or to the metadata services of clouds;
//! to the loopback and to link-local addresses only from a socket that is bound to one (to the
//! loopback also where a server on this machine is used).
//!
//! Ports below 1024 are refused as libwebrtc refuses them (`VerifyCandidate`, `AllowedTurnPort`):
//! no endpoint has a socket there by chance, and what listens there (SSH, DNS, SMTP) is no peer.
//! 80 and 443 stay, on public addresses: media servers listen there because firewalls let them
//! through.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The lowest port that needs no privilege.
const FIRST_USER_PORT: u16 = 1024;
/// The ports of web servers, which firewalls let through.
const WEB_PORTS: [u16; 2] = [80, 443];
/// The port of name servers: some TURN servers listen there for the same reason.
const DNS_PORT: u16 = 53;

/// What our sockets are bound to, as far as it decides who can be reached by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reach {
    /// To the loopback. A socket is only where the other is on this machine: a test asked for it,
    /// or there is no other interface. It is reached as well where the person uses a server on this
    /// machine, whose relay has no other addresses.
    pub(crate) loopback: bool,
    /// To a link-local address (RFC 3927, RFC 4291 §2.5.6).
    pub(crate) link_local: bool,
}

impl Reach {
    /// What sockets that are bound to these addresses reach together.
    pub(crate) fn of(bound: impl IntoIterator<Item = IpAddr>) -> Self {
        bound.into_iter().fold(Self::default(), |reach, address| Self {
            loopback: reach.loopback || address.is_loopback(),
            link_local: reach.link_local || is_link_local(address),
        })
    }

    /// With the loopback, if `there`.
    pub(crate) fn and_loopback(self, there: bool) -> Self {
        Self { loopback: self.loopback || there, ..self }
    }

    /// Whether an address that the other named, or that packets came from, may be sent to.
    pub(crate) fn allows(self, to: SocketAddr) -> bool {
        let ip = as_sent(to.ip());
        let port_is_allowed = to.port() >= FIRST_USER_PORT
            || WEB_PORTS.contains(&to.port()) && is_public(ip) && !ip.is_loopback();
        port_is_allowed
            && is_unicast(ip)
            && !is_metadata(ip)
            && (self.loopback || !ip.is_loopback())
            && (self.link_local || !is_link_local(ip))
    }
}

/// Whether a STUN or TURN server may be there. `literal`: its address stands in the URL, which
/// whoever configures it is responsible for; a name may lead anywhere, so it leads to no loopback.
pub(crate) fn is_server(address: SocketAddr, literal: bool) -> bool {
    let ip = as_sent(address.ip());
    let port_is_allowed = address.port() >= FIRST_USER_PORT
        || address.port() == DNS_PORT
        || WEB_PORTS.contains(&address.port());
    port_is_allowed
        && is_unicast(ip)
        && !is_metadata(ip)
        && (literal || !ip.is_loopback() && !is_link_local(ip))
}

/// The address that a packet to this one ends at: IPv4 may be written as IPv6 (RFC 4291 §2.5.5.2,
/// RFC 6052 §2.1).
fn as_sent(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Ipv4Addr::new(a, b, c, d).into()
        }
        _ => ip,
    }
}

fn is_unicast(ip: IpAddr) -> bool {
    match ip {
        // "This network" (RFC 1122 §3.2.1.3), multicast, reserved and broadcast.
        IpAddr::V4(v4) => !matches!(v4.octets(), [0 | 224..=255, ..]),
        IpAddr::V6(v6) => {
            // The unspecified address and IPv4 in its old form (RFC 4291 §2.5.5.1), except ::1.
            let is_old = matches!(v6.segments(), [0, 0, 0, 0, 0, 0, ..]) && !v6.is_loopback();
            // Addresses that discard everything (RFC 6666).
            let discards = matches!(v6.segments(), [0x100, 0, 0, 0, ..]);
            !v6.is_multicast() && !is_old && !discards
        }
    }
}

/// Where clouds tell a machine its secrets: 169.254.169.0/24 and 169.254.170.0/24 (most), and three
/// addresses outside the link-local ones.
fn is_metadata(ip: IpAddr) -> bool {
    const AMAZON_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match ip {
        IpAddr::V4(v4) => matches!(
            v4.octets(),
            [169, 254, 169 | 170, _] | [100, 100, 100, 200] | [168, 63, 129, 16]
        ),
        IpAddr::V6(v6) => v6 == AMAZON_V6,
    }
}

pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// Whether an address is neither private (RFC 1918, RFC 4193) nor shared by a provider (RFC 6598).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let is_shared = matches!(v4.octets(), [100, 64..=127, ..]);
            !v4.is_private() && !v4.is_link_local() && !is_shared
        }
        IpAddr::V6(v6) => !v6.is_unique_local() && !v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: Reach = Reach { loopback: true, link_local: false };
    const LINK_LOCAL: Reach = Reach { loopback: false, link_local: true };

    fn allows(reach: Reach, address: &str) -> bool {
        reach.allows(address.parse().expect(address))
    }

    #[test]
    fn peers_are_where_peers_can_be() {
        for address in [
            "192.168.1.7:50000",
            "10.0.0.1:1024",
            "203.0.113.9:443",
            "203.0.113.9:80",
            "[2001:db8::1]:50000",
            "[fd12::1]:50000",
            "[64:ff9b::cb00:7109]:50000",
        ] {
            assert!(allows(Reach::default(), address), "{address}");
        }
    }

    #[test]
    fn nothing_goes_where_no_peer_can_be() {
        for address in [
            "203.0.113.9:0",
            "203.0.113.9:22",
            "203.0.113.9:53",
            "192.168.1.1:80",
            "[fd12::1]:443",
            "0.0.0.0:50000",
            "0.1.2.3:50000",
            "224.0.0.251:5353",
            "239.1.2.3:50000",
            "255.255.255.255:50000",
            "240.0.0.1:50000",
            "169.254.169.254:50000",
            "169.254.169.254:80",
            "169.254.170.2:50000",
            "100.100.100.200:50000",
            "[fd00:ec2::254]:50000",
            "[::]:50000",
            "[::7f00:1]:50000",
            "[ff02::fb]:5353",
            "[100::1]:50000",
            "[::ffff:224.0.0.1]:50000",
            "[::ffff:169.254.169.254]:50000",
            "[64:ff9b::a9fe:a9fe]:50000",
        ] {
            for reach in [Reach::default(), LOOPBACK, LINK_LOCAL] {
                assert!(!allows(reach, address), "{address}");
            }
        }
    }

    #[test]
    fn the_loopback_is_reached_only_from_the_loopback() {
        for address in ["127.0.0.1:50000", "127.1.2.3:50000", "[::1]:50000"] {
            assert!(!allows(Reach::default(), address) && allows(LOOPBACK, address), "{address}");
        }
        for address in ["[::ffff:127.0.0.1]:50000", "[64:ff9b::7f00:1]:50000"] {
            assert!(!allows(Reach::default(), address), "{address}");
        }
        for address in ["127.0.0.1:22", "127.0.0.1:80", "[::1]:443"] {
            assert!(!allows(LOOPBACK, address), "{address}");
        }
    }

    #[test]
    fn link_local_addresses_are_reached_only_from_one() {
        for address in ["169.254.3.4:50000", "[fe80::1]:50000"] {
            assert!(!allows(Reach::default(), address) && allows(LINK_LOCAL, address), "{address}");
        }
    }

    #[test]
    fn the_reach_is_that_of_all_sockets_together() {
        let reach = |addresses: &[&str]| {
            Reach::of(addresses.iter().map(|address| address.parse().expect("an address")))
        };
        assert_eq!(reach(&["192.168.1.7", "::"]), Reach::default());
        assert_eq!(reach(&["192.168.1.7", "127.0.0.1"]), LOOPBACK);
        assert_eq!(reach(&["fe80::1"]), LINK_LOCAL);
    }

    #[test]
    fn a_server_may_be_here_only_where_its_address_says_so() {
        let is = |address: &str, literal| is_server(address.parse().expect(address), literal);
        assert!(is("192.168.1.7:3478", false) && is("[2001:db8::1]:443", false));
        assert!(is("192.168.1.7:53", false));
        assert!(is("127.0.0.1:3478", true) && !is("127.0.0.1:3478", false));
        assert!(is("169.254.3.4:3478", true) && !is("169.254.3.4:3478", false));
        for address in ["127.0.0.1:22", "169.254.169.254:80", "224.0.0.1:3478", "1.2.3.4:0"] {
            assert!(!is(address, true), "{address}");
        }
    }
}
