//! A signaling server in the app's own process, for those who have none (ADR 46).
//!
//! [`Hosted`] is what is known of it, pure; [`Host`] is the shell: the thread `hosted-server` with
//! a runtime of its own, so that whoever floods the server does not reach the media of a call. In:
//! to start and to stop. Out: [`HostEvent`]s. What always holds: there is at most one for each data
//! folder; it has the limits of any other server, keeps names in that folder, and ends with the
//! session that owns it. A build without the feature `hosting` has no server and can't start one.

mod error;
#[cfg(feature = "hosting")]
mod host;
#[cfg(not(feature = "hosting"))]
#[path = "no_host.rs"]
mod host;
mod hosted;

use std::ops::RangeInclusive;
use std::path::PathBuf;

pub use error::HostError;
pub use host::{Host, can_host};
pub use hosted::{Hosted, Reach};

/// Where the server may be and what it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostingOptions {
    /// The folder for the names of people on it.
    pub folder: PathBuf,
    /// The ports that are tried, the first one first; 0 takes any.
    pub ports: RangeInclusive<u16>,
    /// Whether it makes itself known on the local network.
    pub announces: bool,
}

impl HostingOptions {
    /// At the usual port or one of the next, announced, with names in this folder.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder, ports: 9090..=9189, announces: true }
    }
}

/// What has become of the server.
#[derive(Debug)]
pub enum HostEvent {
    /// It runs, and this is how it is now.
    Running(Hosted),
    /// It has ended, as it was told to.
    Ended,
    /// It could not start.
    Failed(HostError),
}
