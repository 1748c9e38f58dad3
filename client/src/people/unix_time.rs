//! A moment by this computer's clock, as it is written into files.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Seconds since 1970, UTC. The clock may jump: what is later in a list need not be later by this.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// The moment at which it is called; 1970 while the clock stands before that.
    #[must_use]
    pub fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    /// How far apart two moments are, whichever comes first.
    #[must_use]
    pub fn apart(self, other: Self) -> Duration {
        Duration::from_secs(self.0.abs_diff(other.0))
    }
}
