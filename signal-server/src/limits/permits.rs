//! Who may connect: so many in all, and so many from one address.
//!
//! A [`Permit`] is a place; dropping it gives the place back. IPv6 addresses count by their /64,
//! which is what one customer has. A connection from a trusted proxy counts only in all; whom it
//! brings counts by address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::Limits;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the server is full")]
    Full,
    #[error("there are too many connections from that address")]
    TooManyFromAddress,
}

impl Refused {
    /// The word for it in the metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::TooManyFromAddress => "too-many-from-address",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Admission {
    limits: Limits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl Admission {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, taken: Mutex::default() }
    }

    /// Gives a place to somebody from this address.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Refused> {
        self.place(true, Some(address))
    }

    /// Gives a place to a trusted proxy.
    pub(crate) fn admit_proxy(self: &Arc<Self>) -> Result<Permit, Refused> {
        self.place(true, None)
    }

    /// Gives a place to somebody from this address whom a trusted proxy brings, and who is counted
    /// in all already.
    pub(crate) fn admit_by_proxy(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Refused> {
        self.place(false, Some(address))
    }

    fn place(self: &Arc<Self>, in_all: bool, address: Option<IpAddr>) -> Result<Permit, Refused> {
        let address = address.map(customer);
        let mut taken = self.lock();
        if in_all && taken.total >= self.limits.connections {
            return Err(Refused::Full);
        }
        if let Some(address) = address {
            let here = taken.by_address.get(&address).copied().unwrap_or_default();
            if here >= self.limits.connections_per_address {
                return Err(Refused::TooManyFromAddress);
            }
            taken.by_address.insert(address, here + 1);
        }
        taken.total += usize::from(in_all);
        drop(taken);
        Ok(Permit { admission: Arc::clone(self), in_all, address })
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        let taken = self.lock();
        taken.total == 0 && taken.by_address.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    in_all: bool,
    address: Option<IpAddr>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.admission.lock();
        taken.total = taken.total.saturating_sub(usize::from(self.in_all));
        if let Some(address) = self.address
            && let Some(here) = taken.by_address.get_mut(&address)
        {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

/// Who may be far behind with reading at a time: so many in all, and so many at one address. Each
/// holds memory for what waits.
#[derive(Debug, Clone)]
pub(crate) struct Backlog {
    places: Arc<Admission>,
    address: IpAddr,
}

impl Backlog {
    /// So many readers in all.
    pub(crate) const READERS: usize = 1024;
    /// So many at one address.
    pub(crate) const READERS_PER_ADDRESS: usize = 16;

    /// The places for all readers of a server.
    pub(crate) fn places() -> Arc<Admission> {
        Arc::new(Admission::new(Limits {
            connections: Self::READERS,
            connections_per_address: Self::READERS_PER_ADDRESS,
            ..Limits::default()
        }))
    }

    /// That of a reader at an address.
    pub(crate) fn of(places: &Arc<Admission>, address: IpAddr) -> Self {
        Self { places: Arc::clone(places), address }
    }

    /// A place, if there is one left.
    pub(crate) fn enter(&self) -> Option<Permit> {
        self.places.admit(self.address).ok()
    }
}

/// The address under which a customer's connections are counted.
pub(crate) fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn admission(connections: usize, connections_per_address: usize) -> Arc<Admission> {
        Arc::new(Admission::new(Limits {
            connections,
            connections_per_address,
            ..Limits::default()
        }))
    }

    #[test]
    fn places_are_counted_in_all_and_by_address_and_come_back() {
        let admission = admission(3, 2);
        let first = admission.admit(ip("192.0.2.1")).unwrap();
        let _second = admission.admit(ip("::ffff:192.0.2.1")).unwrap();
        assert_eq!(admission.admit(ip("192.0.2.1")).unwrap_err(), Refused::TooManyFromAddress);
        let _third = admission.admit(ip("192.0.2.2")).unwrap();
        assert_eq!(admission.admit(ip("192.0.2.3")).unwrap_err(), Refused::Full);
        drop(first);
        assert!(admission.admit(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn ipv6_counts_by_customer() {
        let admission = admission(9, 1);
        let _one = admission.admit(ip("2001:db8:0:1::1")).unwrap();
        assert_eq!(
            admission.admit(ip("2001:db8:0:1::2")).unwrap_err(),
            Refused::TooManyFromAddress
        );
        assert!(admission.admit(ip("2001:db8:0:2::1")).is_ok());
    }

    #[test]
    fn nothing_is_remembered_of_those_who_left() {
        let admission = admission(1, 1);
        drop(admission.admit(ip("192.0.2.1")).unwrap());
        assert!(admission.is_empty());
    }

    #[test]
    fn whom_a_proxy_brings_counts_by_address_and_the_proxy_in_all() {
        let admission = admission(2, 1);
        let proxy = admission.admit_proxy().unwrap();
        let _second = admission.admit_proxy().unwrap();
        assert_eq!(admission.admit_proxy().unwrap_err(), Refused::Full);
        let client = admission.admit_by_proxy(ip("192.0.2.1")).unwrap();
        assert_eq!(
            admission.admit_by_proxy(ip("192.0.2.1")).unwrap_err(),
            Refused::TooManyFromAddress
        );
        let _other = admission.admit_by_proxy(ip("192.0.2.2")).unwrap();
        drop((proxy, client));
        assert!(admission.admit(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn where_nobody_may_come_nothing_is_remembered() {
        let admission = admission(1, 0);
        assert_eq!(admission.admit(ip("192.0.2.1")).unwrap_err(), Refused::TooManyFromAddress);
        assert!(admission.lock().by_address.is_empty());
    }
}
