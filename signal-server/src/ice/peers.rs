//! Whom the relay may talk to: hosts on the public internet, and what the operator lists.
//!
//! A relay sends what strangers give it from where the server stands. Everything that is only
//! reachable from there (the machine itself, its network, the cloud's metadata address) and
//! everything that is no single host must stay out of their reach, under each of its names: an IPv6
//! address that holds an IPv4 address is that address. The lists follow the registries of
//! special-purpose addresses (RFC 6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// IPv4 networks that are not the public internet.
const CLOSED_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),       // this host, unspecified
    v4([10, 0, 0, 0], 8),      // private
    v4([100, 64, 0, 0], 10),   // behind a carrier's NAT
    v4([127, 0, 0, 0], 8),     // loopback
    v4([169, 254, 0, 0], 16),  // link-local, and the clouds' metadata
    v4([172, 16, 0, 0], 12),   // private
    v4([192, 0, 0, 0], 24),    // protocol assignments
    v4([192, 0, 2, 0], 24),    // documentation
    v4([192, 31, 196, 0], 24), // AS112
    v4([192, 88, 99, 0], 24),  // 6to4 relays
    v4([192, 168, 0, 0], 16),  // private
    v4([192, 175, 48, 0], 24), // AS112
    v4([198, 18, 0, 0], 15),   // benchmarks
    v4([198, 51, 100, 0], 24), // documentation
    v4([203, 0, 113, 0], 24),  // documentation
    v4([224, 0, 0, 0], 3),     // multicast, reserved, broadcast
];

/// The only part of IPv6 with public hosts: loopback, unspecified, mapped, NAT64, unique local,
/// link-local, site-local and multicast addresses are all outside.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What in there is not the public internet.
const CLOSED_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments; Teredo, which holds IPv4 addresses
    v6([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32), // documentation
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4, which holds IPv4 addresses
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), // AS112
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

/// Forms of an IPv4 address by which IPv6 reaches it (RFC 4291, RFC 6052, RFC 8215, RFC 2765), with
/// the byte at which it begins.
const HOLDING_V4: [(Ipv6Net, usize); 5] = [
    (v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96), 12),
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), 12),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), 12),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), 12),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), 2),
];

/// The ancient form `::192.0.2.1`; `::` and `::1` are not of it.
const COMPATIBLE: Ipv6Net = v6([0; 8], 96);

const fn v4(octets: [u8; 4], length: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(segments: [u16; 8], length: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
}

/// The rule of one server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PeerRule {
    /// What the operator lists.
    allowed: Vec<IpNet>,
    /// The server's own addresses, as far as they are known beforehand.
    own: Vec<IpAddr>,
}

impl PeerRule {
    pub(crate) fn new(allowed: Vec<IpNet>, own: Vec<IpAddr>) -> Self {
        Self { allowed, own }
    }

    /// Whether the operator lists an address.
    pub(crate) fn is_listed(&self, ip: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(&ip))
    }

    /// Whether a peer with this address may be sent to and received from.
    pub(crate) fn permits(&self, ip: IpAddr) -> bool {
        // The relay's sockets would reach IPv4 through this name, past whatever was said of the
        // IPv4 address.
        if let IpAddr::V6(v6) = ip
            && (v6.to_ipv4_mapped().is_some() || is_compatible(v6))
        {
            return false;
        }
        if self.is_listed(ip) {
            // A network of such forms that is listed opens no more than what is open without them.
            return held_v4(ip).is_none_or(|v4| self.permits(IpAddr::V4(v4)));
        }
        is_public(ip) && !self.own.contains(&ip)
    }
}

/// Whether an address is that of one host on the public internet.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !CLOSED_V4.iter().any(|network| network.contains(&ip)),
        IpAddr::V6(ip) => {
            GLOBAL_V6.contains(&ip) && !CLOSED_V6.iter().any(|network| network.contains(&ip))
        }
    }
}

fn is_compatible(ip: Ipv6Addr) -> bool {
    COMPATIBLE.contains(&ip) && !ip.is_unspecified() && !ip.is_loopback()
}

/// The IPv4 address that an IPv6 address holds.
fn held_v4(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(ip) = ip else { return None };
    let (_, at) = HOLDING_V4.iter().find(|(network, _)| network.contains(&ip))?;
    let bytes: [u8; 4] = ip.octets().get(*at..at + 4)?.try_into().ok()?;
    Some(Ipv4Addr::from(bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn allowing(networks: &[&str]) -> PeerRule {
        PeerRule::new(networks.iter().map(|network| network.parse().unwrap()).collect(), Vec::new())
    }

    /// Every form by which an IPv6 address reaches an IPv4 address.
    fn forms_of(v4: Ipv4Addr) -> Vec<IpAddr> {
        let bits = u128::from(v4.to_bits());
        let low = |prefix: &str| {
            IpAddr::V6(Ipv6Addr::from_bits(prefix.parse::<Ipv6Addr>().unwrap().to_bits() | bits))
        };
        let teredo = "2001:0:4136:e378:8000:63bf::".parse::<Ipv6Addr>().unwrap().to_bits()
            | u128::from(!v4.to_bits());
        vec![
            low("::ffff:0:0"),
            low("::"),
            low("::ffff:0:0:0"),
            low("64:ff9b::"),
            low("64:ff9b:1::"),
            IpAddr::V6(Ipv6Addr::from_bits(0x2002 << 112 | bits << 80 | 1)),
            IpAddr::V6(Ipv6Addr::from_bits(teredo)),
        ]
    }

    #[test]
    fn public_hosts_may_be_reached() {
        for peer in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "223.255.255.255",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860::8888",
            "3ffe::1",
        ] {
            assert!(PeerRule::default().permits(ip(peer)), "{peer}");
        }
    }

    #[test]
    fn what_is_not_a_public_host_may_not() {
        for peer in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "192.168.255.255",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::ffff:1.1.1.1",
            "::1.1.1.1",
            "64:ff9b::1.1.1.1",
            "64:ff9b:1::1.1.1.1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:101:101::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!PeerRule::default().permits(ip(peer)), "{peer}");
        }
    }

    #[test]
    fn the_operator_opens_what_they_list_and_nothing_beside_it() {
        let rule = allowing(&["10.1.0.0/16", "fd12::/16", "::1/128"]);
        for (peer, permitted) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("fd12::1", true),
            ("fd13::1", false),
            ("::1", true),
            ("::", false),
            ("127.0.0.1", false),
            ("8.8.8.8", true),
            ("::ffff:10.1.2.3", false),
            ("64:ff9b::a01:203", false),
        ] {
            assert_eq!(rule.permits(ip(peer)), permitted, "{peer}");
        }
    }

    #[test]
    fn a_listed_form_of_ipv4_opens_no_closed_ipv4() {
        let rule = allowing(&["64:ff9b::/96", "2002::/16", "::ffff:0:0/96", "10.0.0.0/8"]);
        assert!(rule.permits(ip("64:ff9b::8.8.8.8")) && rule.permits(ip("64:ff9b::10.0.0.1")));
        assert!(
            !rule.permits(ip("64:ff9b::127.0.0.1"))
                && !rule.permits(ip("64:ff9b::169.254.169.254"))
        );
        assert!(!rule.permits(ip("2002:7f00:1::1")) && rule.permits(ip("2002:808:808::1")));
        assert!(!rule.permits(ip("::ffff:8.8.8.8")), "not even then: it is no IPv6 peer");
    }

    #[test]
    fn the_server_itself_is_reached_only_when_listed() {
        let own = vec![ip("5.5.5.5"), ip("2a00::5")];
        let rule = PeerRule::new(Vec::new(), own.clone());
        assert!(!rule.permits(own[0]) && !rule.permits(own[1]) && rule.permits(ip("5.5.5.6")));
        assert!(PeerRule::new(vec!["5.5.5.5/32".parse().unwrap()], own.clone()).permits(own[0]));
    }

    proptest! {
        #[test]
        fn a_closed_ipv4_address_is_closed_in_every_form(network in prop::sample::select(CLOSED_V4.to_vec()), bits: u32) {
            let inside = Ipv4Addr::from_bits(network.network().to_bits() | bits & network.hostmask().to_bits());
            prop_assert!(!PeerRule::default().permits(IpAddr::V4(inside)));
            let everything = allowing(&["2000::/3", "64:ff9b::/32", "::/64"]);
            for form in forms_of(inside) {
                prop_assert!(!PeerRule::default().permits(form), "{form}");
                // Teredo holds it inverted and is closed as a whole, so whoever lists it has been
                // asked.
                let teredo = IpNet::V6(v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32));
                prop_assert!(teredo.contains(&form) || is_word(form) || !everything.permits(form), "{form}");
            }
        }

        #[test]
        fn a_public_address_is_outside_every_closed_network(bits: u32) {
            let peer = Ipv4Addr::from_bits(bits);
            let closed = peer.is_private() || peer.is_loopback() || peer.is_link_local() || peer.is_multicast()
                || peer.is_broadcast() || peer.is_documentation() || peer.is_unspecified() || bits >> 28 == 15;
            prop_assert!(!(closed && PeerRule::default().permits(IpAddr::V4(peer))), "{peer}");
        }

        #[test]
        fn only_global_unicast_is_open_in_ipv6(bits: u128) {
            let peer = Ipv6Addr::from_bits(bits);
            let closed = bits >> 125 != 1 || peer.is_unique_local() || peer.is_unicast_link_local() || peer.is_multicast();
            prop_assert!(!(closed && PeerRule::default().permits(IpAddr::V6(peer))), "{peer}");
        }
    }

    /// `::` and `::1`, which are also the compatible forms of 0.0.0.0 and 0.0.0.1.
    fn is_word(ip: IpAddr) -> bool {
        ip.is_unspecified() || ip.is_loopback()
    }
}
