//! What became of the sound that we sent, packet by packet, as far as the other tells.
//!
//! In go the transport-wide numbers of sound packets as they leave, and the other's feedback; out
//! comes, by the packets' own count, whether each arrived. Unlike the estimator's record it tells
//! what is reported missing from what is not reported at all, because the report was lost. What
//! always holds: memory is bounded, the oldest is forgotten.

use std::collections::VecDeque;

use rtc::interceptor::convert_twcc;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;

/// Packets whose fate is still of interest: 5 s at least.
const REMEMBERED: usize = 512;
/// The most that waits to be read.
const UNREAD: usize = 1024;

/// What the other told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum AudioFate {
    /// Of one packet, by our count from the first: whether it had arrived. It may still arrive, and
    /// be told of again.
    Packet { number: u64, arrived: bool },
    /// Of all of the last second or so: which share was lost (RFC 3550 §6.4.1).
    Share(f64),
}

/// The record.
#[derive(Debug, Default)]
pub(crate) struct AudioFates {
    /// Transport-wide number and our own of the last packets.
    sent: VecDeque<(u16, u64)>,
    count: u64,
    unread: VecDeque<AudioFate>,
}

impl AudioFates {
    /// A packet of sound leaves with this transport-wide number.
    pub(crate) fn left(&mut self, transport_wide: u16) {
        if self.sent.len() >= REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back((transport_wide, self.count));
        self.count += 1;
    }

    /// The other tells which packets came.
    pub(crate) fn reported(&mut self, feedback: &TransportLayerCc) {
        for told in convert_twcc(feedback) {
            if let Some(&(_, number)) =
                self.sent.iter().rev().find(|(sent, _)| *sent == told.sequence_number)
            {
                self.tell(AudioFate::Packet { number, arrived: told.arrived });
            }
        }
    }

    /// The other tells in a receiver report which share was lost.
    pub(crate) fn share_reported(&mut self, lost: f64) {
        self.tell(AudioFate::Share(lost));
    }

    /// What was told since the last time.
    pub(crate) fn take(&mut self) -> VecDeque<AudioFate> {
        std::mem::take(&mut self.unread)
    }

    fn tell(&mut self, fate: AudioFate) {
        if self.unread.len() >= UNREAD {
            self.unread.pop_front();
        }
        self.unread.push_back(fate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
        PacketStatusChunk, RecvDelta, RunLengthChunk, StatusChunkTypeTcc, SymbolTypeTcc,
    };

    /// Feedback on a run of packets that all arrived or all did not.
    fn feedback(first: u16, count: u16, arrived: bool) -> TransportLayerCc {
        let (symbol, deltas) = match arrived {
            true => (SymbolTypeTcc::PacketReceivedSmallDelta, usize::from(count)),
            false => (SymbolTypeTcc::PacketNotReceived, 0),
        };
        TransportLayerCc {
            base_sequence_number: first,
            packet_status_count: count,
            packet_chunks: vec![PacketStatusChunk::RunLengthChunk(RunLengthChunk {
                type_tcc: StatusChunkTypeTcc::RunLengthChunk,
                packet_status_symbol: symbol,
                run_length: count,
            })],
            recv_deltas: vec![RecvDelta { type_tcc_packet: symbol, delta: 250 }; deltas],
            ..TransportLayerCc::default()
        }
    }

    #[test]
    fn only_sound_is_told_of_by_its_own_count_and_only_what_was_reported() {
        let mut fates = AudioFates::default();
        // Every third packet is sound; numbers wrap.
        (0..10_u16).for_each(|n| fates.left(65_530_u16.wrapping_add(n * 3)));
        fates.reported(&feedback(65_530, 6, true));
        fates.reported(&feedback(3, 6, false));
        let told = |number, arrived| AudioFate::Packet { number, arrived };
        assert_eq!(fates.take(), [told(0, true), told(1, true), told(3, false), told(4, false)]);
        fates.share_reported(0.25);
        assert_eq!(fates.take(), [AudioFate::Share(0.25)]);
        assert!(fates.take().is_empty());
    }

    #[test]
    fn memory_is_bounded_whatever_is_reported() {
        let mut fates = AudioFates::default();
        for n in 0..70_000_u32 {
            fates.left(n as u16);
            if n % 100 == 0 {
                fates.reported(&feedback((n as u16).wrapping_sub(300), 600, n % 200 == 0));
            }
        }
        assert_eq!(fates.sent.len(), REMEMBERED);
        assert_eq!(fates.take().len(), UNREAD);
    }
}
