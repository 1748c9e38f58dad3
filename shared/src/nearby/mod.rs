//! Servers of the local network: how one makes itself known and what a client makes of that
//! (multicast DNS, RFC 6762; service discovery, RFC 6763).
//!
//! In: the parts of a service as a resolver read them: its full name, its port, its addresses and
//! its TXT strings. Out: a [`NearbyServer`], which is fit to be shown. What always holds for one:
//! its name is one line without anything invisible, each of its addresses is one of the local
//! network, and there is at least one. Whatever was announced otherwise is an error, never a row.
//!
//! Nothing here asks the network. What is announced there is no proof: anybody on it may announce
//! anything.

mod address;
mod announcement;
mod instance_name;
mod server;

pub use address::{LocalAddress, is_local};
pub use announcement::{Announcement, AnnouncementError, RunId};
pub use instance_name::InstanceName;
pub use server::{NearbyServer, NotNearby};

/// The service type with its domain, as a resolver browses for it (RFC 6763 §4.1).
pub const SERVICE_TYPE: &str = "_visavis._tcp.local.";
/// The most servers that a client lists; those that come later are left out until one is gone.
pub const MAX_NEARBY: usize = 20;
/// The most addresses that are kept of one server.
pub const MAX_ADDRESSES: usize = 8;
