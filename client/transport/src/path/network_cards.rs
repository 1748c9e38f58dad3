//! Which of this computer's addresses a call uses, and in which order.
//!
//! In: the addresses of all interfaces, and those that the system would use towards the internet.
//! Out: at most [`MAX_ADDRESSES`], the most promising first. Every address is a socket, up to three
//! candidates and a check for each of the other's: with dozens of interfaces (containers, virtual
//! machines, bridges) checks would be so many that none is answered in time, and the candidates
//! more than the other takes. Pure.
//!
//! What always holds: the loopback and unspecified addresses are left out, and link-local ones
//! unless there are no others (a cable between two computers, RFC 3927); addresses of default
//! routes come first, virtual networks of this computer alone last; within each kind both families
//! take turns (RFC 8421 §4), and no interface has a second address of a family before every other
//! has its first.

use std::net::{IpAddr, SocketAddr};

use super::destination::is_link_local;

/// The most addresses of ours. With their mapped and relayed ones they are as many candidates as
/// the other takes.
pub(crate) const MAX_ADDRESSES: usize = 12;

/// The beginnings of the names of interfaces that lead to containers and virtual machines.
const VIRTUAL: &[&str] = &[
    "docker",
    "br-",
    "veth",
    "virbr",
    "vmnet",
    "vboxnet",
    "cni",
    "flannel",
    "cali",
    "lxc",
    "lxd",
    "podman",
    "kube",
    "vnet",
    "dummy",
    "ifb",
    "bridge",
    "vethernet",
];

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InterfaceAddress {
    /// What the system calls the interface.
    pub(crate) interface: String,
    pub(crate) ip: IpAddr,
}

/// Ranks the addresses. `default`: those that packets to the internet would leave from.
pub(crate) fn ranked(addresses: &[InterfaceAddress], default: &[IpAddr]) -> Vec<IpAddr> {
    let has_better = addresses.iter().any(|address| is_usable(address.ip, false));
    let usable = |address: &&InterfaceAddress| is_usable(address.ip, !has_better);
    let mut ranks: Vec<(Rank, IpAddr)> = Vec::new();
    for address in addresses.iter().filter(usable) {
        if ranks.iter().any(|(_, known)| *known == address.ip) {
            continue;
        }
        let earlier = |other: &&InterfaceAddress| {
            other.interface == address.interface
                && other.ip.is_ipv4() == address.ip.is_ipv4()
                && usable(other)
        };
        let of_family = addresses.iter().take_while(|other| *other != address).filter(earlier);
        let kind = match address {
            _ if default.contains(&address.ip) => Kind::DefaultRoute,
            _ if is_virtual(&address.interface) => Kind::Virtual,
            _ => Kind::Other,
        };
        let nth = of_family.count();
        let place = ranks.iter().filter(|(rank, known)| {
            rank.kind == kind && rank.nth == nth && known.is_ipv4() == address.ip.is_ipv4()
        });
        let place = place.count();
        ranks.push((Rank { kind, nth, place, is_v4: address.ip.is_ipv4() }, address.ip));
    }
    ranks.sort_by_key(|(rank, _)| *rank);
    ranks.into_iter().map(|(_, ip)| ip).take(MAX_ADDRESSES).collect()
}

/// Whether others can reach an address. An IPv6 one that is link-local is nothing without its zone,
/// which does not survive into a candidate.
fn is_usable(ip: IpAddr, even_link_local: bool) -> bool {
    let may_be_link_local = even_link_local && ip.is_ipv4();
    !ip.is_loopback()
        && !ip.is_unspecified()
        && !ip.is_multicast()
        && (may_be_link_local || !is_link_local(ip))
}

/// The less, the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    kind: Kind,
    /// The how manieth address of its family the interface has.
    nth: usize,
    /// Its place among those of its family.
    place: usize,
    is_v4: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    DefaultRoute,
    Other,
    Virtual,
}

fn is_virtual(interface: &str) -> bool {
    let name = interface.to_ascii_lowercase();
    VIRTUAL.iter().any(|start| name.starts_with(start))
}

/// The addresses to bind, of those that somebody chose: the first ones, each once.
pub(crate) fn chosen(bind: &[SocketAddr]) -> Vec<SocketAddr> {
    let mut chosen: Vec<SocketAddr> = Vec::new();
    for address in bind {
        if chosen.len() < MAX_ADDRESSES && !chosen.contains(address) {
            chosen.push(*address);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(interface: &str, ip: &str) -> InterfaceAddress {
        InterfaceAddress { interface: interface.to_owned(), ip: ip.parse().expect(ip) }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn the_way_to_the_internet_comes_first_and_virtual_machines_last() {
        let addresses = [
            address("lo", "127.0.0.1"),
            address("docker0", "172.17.0.1"),
            address("eth0", "10.0.0.5"),
            address("wlan0", "192.168.1.7"),
            address("wlan0", "169.254.1.1"),
            address("eth0", "fe80::1"),
            address("eth0", "2001:db8::5"),
            address("lo", "::1"),
            address("virbr0", "192.168.122.1"),
        ];
        assert_eq!(
            ranked(&addresses, &[ip("192.168.1.7")]),
            ["192.168.1.7", "2001:db8::5", "10.0.0.5", "172.17.0.1", "192.168.122.1"].map(ip)
        );
    }

    #[test]
    fn of_dozens_of_cards_a_dozen_addresses_are_used_with_both_families_among_them() {
        let mut addresses = Vec::new();
        for n in 1..=24 {
            addresses.push(address(&format!("eth{n}"), &format!("10.1.{n}.1")));
            addresses.push(address(&format!("eth{n}"), &format!("2001:db8:{n}::1")));
            addresses.push(address(&format!("eth{n}"), &format!("2001:db8:{n}::2")));
        }
        let used = ranked(&addresses, &[ip("10.1.24.1"), ip("2001:db8:24::1")]);
        assert_eq!(used.len(), MAX_ADDRESSES);
        assert_eq!(used[..2], [ip("2001:db8:24::1"), ip("10.1.24.1")]);
        assert_eq!(used.iter().filter(|ip| ip.is_ipv4()).count(), MAX_ADDRESSES / 2);
        let second = |ip: &IpAddr| ip.to_string().ends_with("::2");
        assert!(!used.iter().any(second), "no card has two before each has one: {used:?}");
    }

    #[test]
    fn both_ends_of_many_equal_cables_choose_the_same_ones() {
        let end = |host: usize| -> Vec<InterfaceAddress> {
            (0..30).map(|n| address(&format!("eth{n}"), &format!("10.2.{n}.{host}"))).collect()
        };
        let net = |ip: &IpAddr| ip.to_string().rsplit_once('.').map(|(net, _)| net.to_owned());
        let (a, b) = (ranked(&end(1), &[]), ranked(&end(2), &[]));
        assert!(a.iter().map(net).eq(b.iter().map(net)) && a.len() == MAX_ADDRESSES);
    }

    #[test]
    fn a_cable_without_any_other_address_is_used() {
        let cable =
            [address("eth0", "169.254.7.8"), address("eth0", "fe80::1"), address("lo", "::1")];
        assert_eq!(ranked(&cable, &[]), [ip("169.254.7.8")]);
    }

    #[test]
    fn addresses_that_somebody_chose_keep_their_order() {
        let bind: Vec<SocketAddr> =
            (0..40u16).map(|n| SocketAddr::from(([127, 0, 0, 1], n / 2 + 1))).collect();
        let chosen = chosen(&bind);
        assert_eq!(chosen.len(), MAX_ADDRESSES);
        assert!(chosen.iter().map(SocketAddr::port).eq(1..=12));
    }

    proptest! {
        #[test]
        fn whatever_there_is_the_list_is_short_and_of_usable_addresses(
            addresses in prop::collection::vec(("(eth|docker|lo|wl)[0-9]", any::<IpAddr>()), 0..80),
            default in prop::collection::vec(any::<IpAddr>(), 0..3)
        ) {
            let addresses: Vec<InterfaceAddress> = addresses
                .into_iter()
                .map(|(interface, ip)| InterfaceAddress { interface, ip })
                .collect();
            let used = ranked(&addresses, &default);
            prop_assert!(used.len() <= MAX_ADDRESSES);
            prop_assert!(used.iter().all(|ip| is_usable(*ip, true)));
            prop_assert!(used.iter().all(|ip| addresses.iter().any(|known| known.ip == *ip)));
        }
    }
}
