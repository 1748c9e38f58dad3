//! One server of the local network, as it stands in a client's list.

use crate::nearby::{
    Announcement, AnnouncementError, InstanceName, LocalAddress, MAX_ADDRESSES, RunId,
};

/// Why an announced service is no row of the list.
#[expect(missing_docs, reason = "the texts say what is wrong")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNearby {
    #[error("nothing of its name can be shown, or it is of another type")]
    Name,
    #[error("it has no port")]
    Port,
    #[error("none of its addresses is on this network")]
    Address,
    #[error("its record can't be used: {0}")]
    Record(#[from] AnnouncementError),
}

/// A server that was announced on the local network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearbyServer {
    name: InstanceName,
    announcement: Announcement,
    /// Each with its port, the first to try first. Never empty.
    addresses: Vec<(LocalAddress, u16)>,
}

impl NearbyServer {
    /// Takes a service as a resolver found it: its full name, its port, its addresses, those of
    /// other networks too, and what its TXT record said.
    ///
    /// # Errors
    /// When there is no name to show, no port, or no address of the local network.
    pub fn new(
        full_name: &str,
        port: u16,
        addresses: impl IntoIterator<Item = Option<LocalAddress>>,
        announcement: Announcement,
    ) -> Result<Self, NotNearby> {
        let name = InstanceName::of_service(full_name).ok_or(NotNearby::Name)?;
        if port == 0 {
            return Err(NotNearby::Port);
        }
        let addresses = addresses.into_iter().flatten().map(|address| (address, port));
        let addresses = fewest(addresses.collect());
        if addresses.is_empty() {
            return Err(NotNearby::Address);
        }
        Ok(Self { name, announcement, addresses })
    }

    /// The name of its machine.
    #[must_use]
    pub fn name(&self) -> &InstanceName {
        &self.name
    }

    /// Which running server it is: two of the same id are one row.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.announcement.id()
    }

    /// What it says of itself.
    #[must_use]
    pub fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// Its addresses with their ports, the first to try first; at least one.
    #[must_use]
    pub fn addresses(&self) -> &[(LocalAddress, u16)] {
        &self.addresses
    }

    /// The URL of its WebSocket by the first address that a URL can name.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let (host, port) = self
            .addresses
            .iter()
            .find_map(|(address, port)| address.url_host().map(|host| (host, port)))?;
        let scheme = if self.announcement.tls() { "wss" } else { "ws" };
        let path = self.announcement.path();
        let path = if path == "/" { "" } else { path };
        Some(format!("{scheme}://{host}:{port}{path}"))
    }

    /// Adds the addresses under which the same server was found again, and takes over what it says
    /// now; its name stays. Another server changes nothing.
    pub fn merge(&mut self, other: &Self) {
        if self.id() != other.id() {
            return;
        }
        let both = [&self.addresses[..], &other.addresses[..]].concat();
        self.addresses = fewest(both);
        self.announcement = other.announcement.clone();
    }
}

/// In order, each once, and not too many.
fn fewest(mut addresses: Vec<(LocalAddress, u16)>) -> Vec<(LocalAddress, u16)> {
    addresses.sort_unstable();
    addresses.dedup();
    addresses.truncate(MAX_ADDRESSES);
    addresses
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const FULL_NAME: &str = "kitchen._visavis._tcp.local.";

    fn announcement(id: u8) -> Announcement {
        Announcement::new(RunId::from_bytes([id; 8]), false)
    }

    fn server(addresses: &[&str], id: u8) -> Result<NearbyServer, NotNearby> {
        let addresses = addresses
            .iter()
            .map(|address| LocalAddress::new(address.parse().expect(address), Some(2)));
        NearbyServer::new(FULL_NAME, 9090, addresses, announcement(id))
    }

    #[test]
    fn only_what_is_on_this_network_is_a_row() {
        let found = server(&["8.8.8.8", "fe80::1", "192.168.1.7", "192.168.1.7"], 1);
        let found = found.expect("a server");
        assert_eq!(found.name().as_str(), "kitchen");
        let addresses: Vec<_> = found.addresses().iter().map(|(it, _)| it.to_string()).collect();
        assert_eq!(addresses, ["192.168.1.7", "fe80::1"]);
        assert_eq!(found.url().as_deref(), Some("ws://192.168.1.7:9090"));

        assert_eq!(server(&["8.8.8.8", "::1"], 1), Err(NotNearby::Address));
        assert_eq!(server(&[], 1), Err(NotNearby::Address));
        let local = LocalAddress::new(Ipv4Addr::new(10, 0, 0, 1).into(), None);
        let of_another_type =
            NearbyServer::new("kitchen._ipp._tcp.local.", 1, [local], announcement(1));
        assert_eq!(of_another_type, Err(NotNearby::Name));
        let without_port = NearbyServer::new(FULL_NAME, 0, [local], announcement(1));
        assert_eq!(without_port, Err(NotNearby::Port));
    }

    #[test]
    fn a_server_that_is_reached_only_through_an_interface_has_no_url() {
        assert_eq!(server(&["fe80::1"], 1).expect("a server").url(), None);
        let both = server(&["fe80::1", "fd00::9"], 1).expect("a server");
        assert_eq!(both.url().as_deref(), Some("ws://[fd00::9]:9090"));
    }

    #[test]
    fn tls_and_path_stand_in_the_url() {
        let record = [("v", "1"), ("tls", "on"), ("id", "0123456789abcdef"), ("path", "/calls")];
        let record = record.map(|(key, value)| (key, Some(value.as_bytes())));
        let announcement = Announcement::read(record).expect("a record");
        let local = LocalAddress::new(Ipv4Addr::new(10, 0, 0, 1).into(), None);
        let found = NearbyServer::new(FULL_NAME, 443, [local], announcement).expect("a server");
        assert_eq!(found.url().as_deref(), Some("wss://10.0.0.1:443/calls"));
    }

    #[test]
    fn one_server_seen_twice_is_one_and_another_stays_another() {
        let mut one = server(&["192.168.1.7"], 1).expect("a server");
        let again = NearbyServer {
            announcement: announcement(1).with_online(3),
            ..server(&["10.0.0.7", "fe80::1"], 1).expect("a server")
        };
        one.merge(&again);
        assert_eq!(one.url().as_deref(), Some("ws://10.0.0.7:9090"));
        assert_eq!((one.addresses().len(), one.announcement().online()), (3, Some(3)));
        let before = one.clone();
        one.merge(&server(&["10.0.0.8"], 2).expect("a server"));
        assert_eq!(one, before);
    }

    #[test]
    fn no_server_has_more_addresses_than_are_kept() {
        let many: Vec<_> = (0..200).map(|n| format!("10.0.0.{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let found = server(&many, 1).expect("a server");
        assert_eq!(found.addresses().len(), MAX_ADDRESSES);
    }
}
