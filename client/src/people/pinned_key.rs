//! The key that a name had in earlier calls. Pure.

use visavis_shared::PublicKey;

use super::UnixTime;

/// A key that is remembered for a name on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinnedKey {
    /// The key.
    pub key: PublicKey,
    /// When it was first seen.
    pub since: UnixTime,
    /// When a safety code was compared aloud under it.
    pub confirmed: Option<UnixTime>,
}
