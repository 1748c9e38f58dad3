//! The list of servers nearby. Pure.
//!
//! In: services as a resolver found them and names of those that are gone, the networks that this
//! computer is on, and what time it is. Out: [`NearbyRow`]s, now and then. What always holds: at
//! most [`MAX_NEARBY`] rows, each of another server, with a clean name and an address on one of our
//! networks; no machine has more than [`MOST_OF_A_HOST`]; who was there first stays where it is, so
//! that no row moves under the pointer; rows are given out at most every [`PAUSE`], however many
//! services come.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use visavis_shared::nearby::{Announcement, LocalAddress, MAX_NEARBY, NearbyServer, RunId};

/// How often the rows change at most: as fast as a person reads.
pub(super) const PAUSE: Duration = Duration::from_millis(250);
/// So many servers of one address are listed.
pub(super) const MOST_OF_A_HOST: usize = 3;
/// So many are kept: some may take the place of one that goes.
const MOST_KEPT: usize = 4 * MAX_NEARBY;
/// So many addresses of one service are looked at.
const MOST_ADDRESSES: usize = 32;

/// A network that an interface of this computer is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalNetwork {
    /// The address of the interface.
    pub ip: IpAddr,
    /// Which of its bits are those of the network.
    pub mask: IpAddr,
}

impl LocalNetwork {
    /// Whether an address is on it.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.ip, self.mask, ip) {
            (IpAddr::V4(own), IpAddr::V4(mask), IpAddr::V4(ip)) => own & mask == ip & mask,
            (IpAddr::V6(own), IpAddr::V6(mask), IpAddr::V6(ip)) => own & mask == ip & mask,
            _ => false,
        }
    }
}

/// A service as a resolver found it.
#[derive(Debug, Clone)]
pub struct Service<'a> {
    /// Its name with the service type (RFC 6763 §4.1).
    pub full_name: &'a str,
    /// Its port.
    pub port: u16,
    /// Its addresses, with the index of the interface where one is needed.
    pub addresses: Vec<(IpAddr, Option<u32>)>,
    /// The strings of its TXT record.
    pub strings: Vec<(&'a str, Option<&'a [u8]>)>,
}

/// A server that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearbyRow {
    /// What its machine is called: one line.
    pub name: String,
    /// Where to log in.
    pub url: String,
    /// How many are logged in there, if it says so.
    pub online: Option<u32>,
}

/// A server, and what it was found by.
#[derive(Debug)]
struct Entry {
    full_name: String,
    id: RunId,
    host: LocalAddress,
    row: NearbyRow,
}

/// The servers that were found.
#[derive(Debug, Default)]
pub struct NearbyList {
    /// In the order in which they came.
    entries: Vec<Entry>,
    given: Vec<NearbyRow>,
    given_at: Option<Instant>,
}

impl NearbyList {
    /// A service was found, or says something else now.
    pub fn found(&mut self, service: &Service<'_>, networks: &[LocalNetwork]) {
        let Some(entry) = entry(service, networks) else {
            // It can't be reached any more, or never could.
            return self.gone(service.full_name);
        };
        let known = self.entries.iter().position(|known| known.full_name == entry.full_name);
        let is_at_home = known.is_some_and(|at| self.entries[at].host.ip() == entry.host.ip());
        let has_room = is_at_home || !self.is_crowded(&entry);
        match known {
            Some(at) if has_room => self.entries[at] = entry,
            Some(at) => drop(self.entries.remove(at)),
            None if has_room && self.entries.len() < MOST_KEPT => self.entries.push(entry),
            None => {}
        }
    }

    /// A service is gone.
    pub fn gone(&mut self, full_name: &str) {
        self.entries.retain(|entry| entry.full_name != full_name);
    }

    /// Nothing is known any more, as when looking begins anew.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Whether its machine has enough rows.
    fn is_crowded(&self, new: &Entry) -> bool {
        let of_host = self.entries.iter().filter(|entry| entry.host.ip() == new.host.ip());
        of_host.count() >= MOST_OF_A_HOST
    }

    /// The rows as they are now.
    #[must_use]
    pub fn rows(&self) -> Vec<NearbyRow> {
        let mut rows: Vec<NearbyRow> = Vec::new();
        let mut ids: Vec<RunId> = Vec::new();
        for entry in &self.entries {
            // Of several that say to be the same, or are at the same place, the first counts.
            let known = ids.contains(&entry.id) || rows.iter().any(|row| row.url == entry.row.url);
            if !known {
                ids.push(entry.id);
                rows.push(entry.row.clone());
            }
            if rows.len() == MAX_NEARBY {
                break;
            }
        }
        rows
    }

    /// The rows, when they have changed since they were given last and that was long enough ago.
    pub fn take(&mut self, now: Instant) -> Option<Vec<NearbyRow>> {
        let waits = self.given_at.is_some_and(|at| now.saturating_duration_since(at) < PAUSE);
        if waits {
            return None;
        }
        let rows = self.rows();
        if self.given_at.is_some() && rows == self.given {
            return None;
        }
        self.given_at = Some(now);
        self.given.clone_from(&rows);
        Some(rows)
    }
}

/// What is kept of a service, if it is a server that can be chosen.
fn entry(service: &Service<'_>, networks: &[LocalNetwork]) -> Option<Entry> {
    let announcement = Announcement::read(service.strings.iter().copied()).ok()?;
    let near = |ip: IpAddr| networks.iter().any(|network| network.contains(ip.to_canonical()));
    let addresses = service.addresses.iter().take(MOST_ADDRESSES);
    let addresses = addresses.filter(|(ip, _)| near(*ip));
    let addresses = addresses.map(|(ip, scope)| LocalAddress::new(*ip, *scope));
    let server =
        NearbyServer::new(service.full_name, service.port, addresses, announcement).ok()?;
    let (host, _) = *server.addresses().first()?;
    let row = NearbyRow {
        name: server.name().to_string(),
        url: server.url()?,
        online: server.announcement().online(),
    };
    Some(Entry { full_name: service.full_name.to_owned(), id: server.id(), host, row })
}

#[cfg(test)]
mod tests;
