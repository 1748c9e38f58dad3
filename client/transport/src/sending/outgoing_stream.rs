//! One RTP stream that we send (RFC 3550 §5.1): its sequence numbers and its clock.
//!
//! In go moments of capture and payloads; out come RTP packets. What always holds: sequence numbers
//! come one after the other, and timestamps follow the clock of capture.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use rtc::rtp;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

pub(crate) struct OutgoingStream {
    pub(super) track: Arc<TrackLocalStaticRTP>,
    pub(super) ssrc: u32,
    sequence: u16,
    pub(super) rtp_timestamp: u32,
    /// The moment that `rtp_timestamp` stands for.
    pub(super) at: Option<Instant>,
}

impl OutgoingStream {
    pub(crate) fn new(track: Arc<TrackLocalStaticRTP>, ssrc: u32) -> Self {
        // Sequence numbers begin in the lower half, so that a packet of the first second that is
        // lost or overtaken can't be mistaken for one of another cycle by SRTP (RFC 3711 §3.3.1).
        let sequence = rand::random_range(1..0x4000);
        Self { track, ssrc, sequence, rtp_timestamp: rand::random(), at: None }
    }

    /// Moves the RTP clock to a moment.
    pub(super) fn advance_to(&mut self, at: Instant, clock_rate: u32) {
        if let Some(last) = self.at {
            let ticks = at.saturating_duration_since(last).as_secs_f64() * f64::from(clock_rate);
            // Two frames never share a timestamp.
            self.rtp_timestamp = self.rtp_timestamp.wrapping_add((ticks.round() as u32).max(1));
        }
        self.at = Some(at);
    }

    /// Gives a packet the next sequence number.
    pub(super) fn packet(&mut self, out: &Outgoing, payload_type: u8) -> rtp::Packet {
        let sequence_number = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        rtp::Packet {
            header: rtp::Header {
                version: 2,
                marker: out.marker,
                payload_type,
                sequence_number,
                timestamp: out.rtp_timestamp,
                ssrc: self.ssrc,
                ..rtp::Header::default()
            },
            payload: out.payload.clone(),
        }
    }
}

/// A packet in the pacer. It gets its sequence number when it leaves, so that one dropped before is
/// no gap.
#[derive(Default)]
pub(super) struct Outgoing {
    pub(super) payload: Bytes,
    pub(super) marker: bool,
    pub(super) rtp_timestamp: u32,
    /// Of video, whether a group of packets that FEC protects ends here.
    pub(super) group_ends: bool,
    /// Of video, whether it is encoded by the main profile.
    pub(super) main_profile: bool,
    /// Of audio, whether it is redundant (RED).
    pub(super) red: bool,
}
