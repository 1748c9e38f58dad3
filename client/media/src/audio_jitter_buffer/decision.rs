//! What the jitter buffer decides to play: each [`Decision`] covers a packet or a part of a gap.

use bytes::Bytes;

pub use crate::time_stretch::{Change, Speed};

/// What to play next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing has begun: silence.
    Wait,
    /// The next packet.
    Play {
        /// The Opus packet.
        payload: Bytes,
        /// How many samples it covers.
        samples: u32,
        /// Whether the packet itself is lost, and this is the redundant block of a later one.
        redundant: bool,
        /// Whether it follows on what was played (or concealed) before.
        continues: bool,
        /// Whether to change its length; what was changed goes to
        /// [`stretched`](super::AudioJitterBuffer::stretched).
        speed: Speed,
    },
    /// A packet is lost: rebuild so many samples from the forward error correction in the packet
    /// after it.
    Fec {
        /// The packet after it, which will be played next.
        next: Bytes,
        /// How many samples are missing.
        samples: u32,
        /// Whether they follow on what was played before.
        continues: bool,
    },
    /// A packet is lost or late: so many samples are concealed.
    Conceal(u32),
    /// The sender pauses (DTX): so many samples of comfort noise.
    Pause(u32),
}
