//! The addresses of this computer's network interfaces.

use std::net::IpAddr;

/// Every address that an interface has now; `None` where the system does not say.
#[must_use]
pub fn addresses() -> Option<Vec<IpAddr>> {
    let interfaces = rtc::shared::ifaces::ifaces().ok()?;
    let addresses = interfaces.iter().filter_map(|interface| interface.addr);
    Some(addresses.map(|address| address.ip()).collect())
}
