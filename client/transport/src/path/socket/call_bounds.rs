//! What is bounded for a whole call, however many connections of the library carry it. Pure: time
//! is an argument.
//!
//! In: what comes and what leaves by the sockets of all connections. Out: what each bound says to
//! it. What always holds: who has a call carried by two connections instead of one gets nothing
//! more sent or kept.

use std::net::SocketAddr;
use std::time::Instant;

use super::data_limit::DataLimit;
use super::packet::{Packet, carried};
use super::send_limits::SendLimits;
use super::source_gate::SourceGate;
use super::ssrc_gate::{SsrcGate, ssrc_of};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct CallBounds {
    pub(super) limits: SendLimits,
    pub(super) streams: SsrcGate,
    sources: SourceGate,
    pub(super) data: DataLimit,
}

impl CallBounds {
    /// A datagram has left by the socket that is known as `local`. `packet` says what it is to whom
    /// it went.
    pub(super) fn left(
        &mut self,
        local: SocketAddr,
        to: SocketAddr,
        datagram: &[u8],
        packet: Packet,
        now: Instant,
    ) {
        self.limits.left(local, to, datagram, now);
        self.data.left();
        if matches!(packet, Packet::CheckPassed(_)) {
            self.sources.answers(to, now);
        }
    }

    /// Whether a datagram that came from an address goes on: new streams begin only where somebody
    /// has answered, checks come only from so many addresses, and data channels are not used.
    pub(super) fn admits(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> bool {
        if let Packet::Check(_) = Packet::of(datagram) {
            return self.sources.admits(from, now);
        }
        let Some(packet) = carried(datagram) else { return true };
        match Packet::of(packet) {
            Packet::Media => {
                let ssrc = ssrc_of(packet);
                self.streams.knows(ssrc)
                    || self.limits.has_answered(from) && self.streams.admits(ssrc, now)
            }
            Packet::Handshake => !self.limits.has_answered(from) || self.data.admits(packet, now),
            Packet::Check(_) | Packet::CheckPassed(_) | Packet::Other => true,
        }
    }
}
