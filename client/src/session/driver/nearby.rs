//! Servers of the local network, while somebody looks for them.

use std::time::Instant;

use super::Driver;
use crate::nearby::{Browser, NearbyRow};

/// The rows that take the place of those before.
pub(super) async fn next_rows(browser: &mut Option<Browser>) -> Vec<NearbyRow> {
    match browser {
        Some(browser) => browser.changed().await,
        None => std::future::pending().await,
    }
}

impl Driver {
    /// Begins to look, or ends it; what was found is forgotten then.
    pub(super) fn look_nearby(&mut self, look: bool) {
        if look == self.snapshot.looking_since.is_some() {
            return;
        }
        self.browser = if look {
            let browser = Browser::start();
            browser.inspect_err(|error| tracing::error!("no thread to look nearby: {error}")).ok()
        } else {
            None
        };
        self.snapshot.looking_since = look.then(Instant::now);
        self.snapshot.nearby.clear();
    }
}
