//! What waits in the pacer to be sent.

use rtc::rtp;

use super::outgoing_stream::Outgoing;

/// See the module.
pub(super) enum Queued {
    Audio(Outgoing),
    Video(Outgoing),
    Retransmission(rtp::Packet),
    Fec(Outgoing),
    /// Of so many bytes in all.
    Probe(usize),
}

impl Queued {
    /// How many bytes its payload has.
    pub(super) fn payload(&self) -> usize {
        match self {
            Self::Audio(out) | Self::Video(out) | Self::Fec(out) => out.payload.len(),
            Self::Retransmission(packet) => packet.payload.len(),
            Self::Probe(bytes) => *bytes,
        }
    }
}
