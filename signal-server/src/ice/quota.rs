//! How many allocations there may be: in all, for one person, from one address.
//!
//! Whatever is set, one address has at most half of the ports and one person a quarter
//! ([`Quotas::of_ports`]), so that a range that is small is never all somebody's. And the fewer
//! ports are free, the fewer an address may have: no more than are left for all others (Choudhury
//! and Hahne, "Dynamic Queue Length Thresholds", 1998). One that takes what it can gets half, of
//! two the second gets a quarter, and so on, so that some addresses together leave something, too.
//! What one side of a call takes is given as long as there is any.
//!
//! A person is the id of the credentials, an address a customer's (for IPv6 their /64). What is
//! counted is given back exactly once, so the counts are those of the allocations there are, and
//! nobody who has none is remembered.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::net::IpAddr;

use clap::Args;

use crate::limits::permits::customer;

/// How many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct Quotas {
    /// The most allocations (relayed addresses) at a time. A call takes one to four for each of the
    /// two.
    #[arg(
        long = "relay-max-allocations",
        env = "VISAVIS_RELAY_MAX_ALLOCATIONS",
        value_name = "N",
        default_value_t = Self::default().total
    )]
    pub total: usize,

    /// The most allocations at a time of one person; never more than a quarter of the ports.
    #[arg(
        long = "relay-max-per-user",
        env = "VISAVIS_RELAY_MAX_PER_USER",
        value_name = "N",
        default_value_t = Self::default().per_user
    )]
    pub per_user: usize,

    /// The most allocations at a time from one address (IPv6: from one /64 network); never more
    /// than half of the ports, and no more than are left for all others.
    #[arg(
        long = "relay-max-per-address",
        env = "VISAVIS_RELAY_MAX_PER_ADDRESS",
        value_name = "N",
        default_value_t = Self::default().per_address
    )]
    pub per_address: usize,
}

impl Default for Quotas {
    /// A call takes one to four for each of the two, and those of a browser page that was closed
    /// stay for ten minutes.
    fn default() -> Self {
        Self { total: 1_000, per_user: 20, per_address: 100 }
    }
}

/// What one side of a call takes: no share is smaller.
const SIDE_OF_A_CALL: usize = 4;

impl Quotas {
    /// The quotas for a relay with so many ports for each of its addresses.
    pub(crate) fn of_ports(self, ports: usize, addresses: usize) -> Self {
        let share = |part: usize| (ports / part).max(SIDE_OF_A_CALL);
        Self {
            total: self.total.min(ports.saturating_mul(addresses)),
            per_user: self.per_user.min(share(4)),
            per_address: self.per_address.min(share(2)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    Total,
    User,
    Address,
}

#[derive(Debug)]
pub(crate) struct Counts {
    quotas: Quotas,
    /// Of each of the relay's addresses.
    ports: usize,
    total: usize,
    by_user: HashMap<String, usize>,
    by_address: HashMap<IpAddr, usize>,
    by_relay: HashMap<IpAddr, usize>,
}

/// Whom an allocation is for, and where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) user: &'a str,
    /// The client's.
    pub(crate) address: IpAddr,
    /// The relay's.
    pub(crate) relay: IpAddr,
}

impl Counts {
    pub(crate) fn new(quotas: Quotas, ports: usize) -> Self {
        let (by_user, by_address, by_relay) = Default::default();
        Self { quotas, ports, total: 0, by_user, by_address, by_relay }
    }

    /// Counts one more, if there may be one.
    pub(crate) fn take(
        &mut self,
        Place { user, address, relay }: Place<'_>,
    ) -> Result<(), Reached> {
        let address = customer(address);
        if self.total >= self.quotas.total {
            return Err(Reached::Total);
        }
        if self.by_user.get(user).copied().unwrap_or_default() >= self.quotas.per_user {
            return Err(Reached::User);
        }
        let held = self.by_address.get(&address).copied().unwrap_or_default();
        let left = self.free(relay);
        if held >= self.quotas.per_address || (held >= SIDE_OF_A_CALL && held >= left) {
            return Err(Reached::Address);
        }
        self.total += 1;
        *self.by_user.entry(user.to_owned()).or_default() += 1;
        *self.by_address.entry(address).or_default() += 1;
        *self.by_relay.entry(relay).or_default() += 1;
        Ok(())
    }

    /// How many more there may be at one of the relay's addresses.
    fn free(&self, relay: IpAddr) -> usize {
        let held = self.by_relay.get(&relay).copied().unwrap_or_default();
        self.ports.saturating_sub(held).min(self.quotas.total.saturating_sub(self.total))
    }

    pub(crate) fn give_back(&mut self, Place { user, address, relay }: Place<'_>) {
        self.total = self.total.saturating_sub(1);
        one_less(self.by_user.entry(user.to_owned()));
        one_less(self.by_address.entry(customer(address)));
        one_less(self.by_relay.entry(relay));
    }
}

fn one_less<K: Hash + Eq>(entry: Entry<'_, K, usize>) {
    if let Entry::Occupied(mut entry) = entry {
        *entry.get_mut() -= 1;
        if *entry.get() == 0 {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    /// More than any test takes.
    const MANY: usize = 10_000;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn place<'a>(user: &'a str, address: &str) -> Place<'a> {
        Place { user, address: ip(address), relay: ip("203.0.113.7") }
    }

    /// As many as an address gets with a name for each.
    fn takes_all_it_can(counts: &mut Counts, address: &str) -> usize {
        (0..).take_while(|n| counts.take(place(&format!("{address} {n}"), address)).is_ok()).count()
    }

    #[test]
    fn each_address_that_takes_all_it_can_leaves_as_much_for_others() {
        let mut counts = Counts::new(Quotas::default().of_ports(41, 1), 41);
        let taken = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]
            .map(|address| takes_all_it_can(&mut counts, address));
        assert_eq!(taken, [20, 11, 5, 4, 1]);
        // What is given back is there for whoever has less.
        for n in 0..4 {
            counts.give_back(place(&format!("192.0.2.1 {n}"), "192.0.2.1"));
        }
        assert_eq!(counts.take(place("x", "192.0.2.1")), Err(Reached::Address));
        assert_eq!(counts.take(place("x", "192.0.2.2")), Err(Reached::Address));
        assert_eq!(takes_all_it_can(&mut counts, "192.0.2.9"), 4, "one side of a call");
    }

    #[test]
    fn the_ports_of_one_family_are_left_for_others_by_themselves() {
        let mut counts = Counts::new(Quotas::default().of_ports(41, 2), 41);
        for address in ["192.0.2.1", "192.0.2.2"] {
            takes_all_it_can(&mut counts, address);
        }
        assert_eq!(takes_all_it_can(&mut counts, "192.0.2.3"), 5);
        let six = Place { relay: ip("2001:db8::7"), ..place("x", "192.0.2.9") };
        counts.take(six).unwrap();
        counts.give_back(six);
        assert_eq!(counts.by_relay.len(), 1);
    }

    #[test]
    fn where_few_are_allowed_in_all_these_are_shared_as_well() {
        let mut counts = Counts::new(Quotas { total: 12, ..Quotas::default() }, MANY);
        let taken =
            ["192.0.2.1", "192.0.2.2"].map(|address| takes_all_it_can(&mut counts, address));
        assert_eq!(taken, [6, 4]);
    }

    #[test]
    fn each_number_is_a_limit_of_its_own() {
        let mut counts = Counts::new(Quotas { total: 4, per_user: 2, per_address: 3 }, MANY);
        counts.take(place("alice", "192.0.2.1")).unwrap();
        counts.take(place("alice", "192.0.2.2")).unwrap();
        assert_eq!(counts.take(place("alice", "192.0.2.3")), Err(Reached::User));
        counts.take(place("bob", "192.0.2.1")).unwrap();
        counts.take(place("carol", "::ffff:192.0.2.1")).unwrap();
        assert_eq!(counts.take(place("dave", "192.0.2.9")), Err(Reached::Total));
        counts.give_back(place("alice", "192.0.2.2"));
        assert_eq!(counts.take(place("dave", "192.0.2.1")), Err(Reached::Address));
        counts.take(place("dave", "192.0.2.9")).unwrap();
    }

    #[test]
    fn one_address_and_one_person_have_a_share_of_the_ports() {
        let of = |ports, addresses| {
            let quotas = Quotas::default().of_ports(ports, addresses);
            (quotas.total, quotas.per_user, quotas.per_address)
        };
        assert_eq!(of(41, 1), (41, 10, 20), "the ports that a relay has by itself");
        assert_eq!(of(41, 2), (82, 10, 20), "the ports of each family are as few");
        assert_eq!(of(1_000, 1), (1_000, 20, 100));
        assert_eq!(of(65_535, 2), (1_000, 20, 100), "what is set is the most");
        assert_eq!(of(10, 1), (10, 4, 5));
        assert_eq!(of(1, 1), (1, 4, 4));
        let few = Quotas { total: 3, per_user: 1, per_address: 2 };
        assert_eq!(few.of_ports(41, 1), few);
    }

    #[test]
    fn ipv6_counts_by_customer() {
        let mut counts = Counts::new(Quotas { total: 9, per_user: 9, per_address: 1 }, MANY);
        counts.take(place("alice", "2001:db8:0:1::1")).unwrap();
        assert_eq!(counts.take(place("bob", "2001:db8:0:1::2")), Err(Reached::Address));
        counts.take(place("bob", "2001:db8:0:2::1")).unwrap();
    }

    #[test]
    fn none_at_all_can_be_asked_for() {
        for quotas in [
            Quotas { total: 0, ..Quotas::default() },
            Quotas { per_user: 0, ..Quotas::default() },
            Quotas { per_address: 0, ..Quotas::default() },
        ] {
            assert!(
                Counts::new(quotas, MANY).take(place("alice", "192.0.2.1")).is_err(),
                "{quotas:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_counts_are_those_of_what_is_held(
            steps in prop::collection::vec((any::<bool>(), 0_usize..5, 0_u8..5), 1..200),
            total in 1_usize..20, per_user in 1_usize..9, per_address in 1_usize..9,
            ports in 1_usize..20,
        ) {
            let quotas = Quotas { total, per_user, per_address };
            let mut counts = Counts::new(quotas, ports);
            let relay = ip("203.0.113.7");
            let mut held: Vec<(String, IpAddr)> = Vec::new();
            for (take, who, place) in steps {
                if take {
                    let (user, address) = (who.to_string(), IpAddr::V4(Ipv4Addr::new(192, 0, 2, place)));
                    let of_user = held.iter().filter(|(other, _)| *other == user).count();
                    let from_there = held.iter().filter(|(_, other)| *other == address).count();
                    let left = total.min(ports).saturating_sub(held.len());
                    let fair = from_there < 4 || from_there < left;
                    let room = held.len() < total && of_user < per_user && from_there < per_address && fair;
                    prop_assert_eq!(counts.take(Place { user: &user, address, relay }).is_ok(), room);
                    if room {
                        held.push((user, address));
                    }
                } else if !held.is_empty() {
                    let (user, address) = held.swap_remove(who % held.len());
                    counts.give_back(Place { user: &user, address, relay });
                }
                prop_assert_eq!(counts.total, held.len());
                prop_assert_eq!(counts.by_user.values().sum::<usize>(), held.len());
                prop_assert_eq!(counts.by_address.values().sum::<usize>(), held.len());
                prop_assert!(counts.by_user.values().chain(counts.by_address.values()).all(|count| *count > 0));
            }
        }
    }
}
