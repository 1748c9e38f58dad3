//! Servers of the local network, as the log-in screen lists them (ADR 45).
//!
//! [`NearbyList`] is the pure core: it takes services as a resolver found them and keeps a short,
//! clean list. [`Browser`] is the shell round it: a resolver of multicast DNS (RFC 6762) and the
//! thread `nearby`, for as long as somebody looks. What always holds: whatever is announced on the
//! network, there are at most [`MAX_NEARBY`](visavis_shared::nearby::MAX_NEARBY) rows, and looking
//! holds nothing else up. What is announced is no proof: the person chooses.

mod browser;
mod list;

pub use browser::Browser;
pub use list::{LocalNetwork, NearbyList, NearbyRow, Service};
