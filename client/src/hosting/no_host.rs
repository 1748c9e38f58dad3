//! A build without a server: none can be started.

use std::io;

use super::{HostEvent, HostingOptions};

/// Whether this build can start a server.
#[must_use]
pub const fn can_host() -> bool {
    false
}

/// Nothing that could run.
#[derive(Debug)]
pub struct Host;

impl Host {
    /// Nothing is started.
    #[must_use]
    pub fn new(_: Option<HostingOptions>) -> Self {
        Self
    }

    /// Can't be done.
    ///
    /// # Errors
    /// Always.
    pub fn start(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// There is nothing to stop.
    pub fn stop(&mut self) {}

    /// There is none, ever.
    pub async fn next_event(&mut self) -> HostEvent {
        std::future::pending().await
    }

    /// There is nothing to wait for.
    pub async fn finish(&mut self) {}
}
