//! The one clock of the tasks: the runtime's, which a test may stop and move by hand.

use std::time::Instant;

/// Now, by the runtime's clock. Where no runtime has been told otherwise it is the system's.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
