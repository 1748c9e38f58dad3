//! Two interceptors of ours in the library's chain.
//!
//! [`WireTap`] sits next to the wire and watches what leaves and what comes: round trip, loss,
//! counts, and feedback for the sending task. [`Intake`] sits next to the application and takes
//! media out of the chain with its time of arrival, after the library's own interceptors (reports,
//! transport-wide feedback) have seen it; the library's track queues carry neither that time nor
//! more than 256 packets.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::rtp;
use rtc::sansio::Protocol;
use rtc::sdp::extmap::TRANSPORT_CC_URI;
use rtc::shared::error::Error;
use rtc::shared::marshal::MarshalSize;

use visavis_media::units::Bitrate;

use crate::feedback::media_path::{Feedback, Incoming, MediaKind, MediaPath};
use crate::path::socket::SocketLayer;

/// The position of [`Intake`]: behind every interceptor of the library's (the last is at 13 000).
pub(crate) const INTAKE_SLOT: usize = 14_000;

/// Packets passing through, in both directions.
#[derive(Default)]
struct Passing {
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

fn kind_of(info: &StreamInfo) -> Option<MediaKind> {
    let mime_type = info.mime_type.to_ascii_lowercase();
    match mime_type.as_str() {
        "audio/opus" | "audio/red" => Some(MediaKind::Audio),
        "video/h264" => Some(MediaKind::Video),
        _ => None,
    }
}

/// Watches the wire.
pub(crate) struct WireTap {
    link: Arc<MediaPath>,
    socket_layer: Arc<SocketLayer>,
    /// What we send, by SSRC.
    local: HashMap<u32, MediaKind>,
    /// What the other sends, by SSRC.
    remote: HashMap<u32, MediaKind>,
    /// The header extension with the transport-wide number, by SSRC.
    number_extension: HashMap<u32, u8>,
    passing: Passing,
}

impl WireTap {
    pub(crate) fn new(link: Arc<MediaPath>, socket_layer: Arc<SocketLayer>) -> Self {
        Self {
            link,
            socket_layer,
            local: HashMap::new(),
            remote: HashMap::new(),
            number_extension: HashMap::new(),
            passing: Passing::default(),
        }
    }

    fn is_ours(&self, ssrc: u32, kind: MediaKind) -> bool {
        self.local.get(&ssrc) == Some(&kind)
    }

    fn received(&self, packet: &dyn rtcp::Packet, now: Instant) {
        let packet = packet.as_any();
        if let Some(report) = packet.downcast_ref::<ReceiverReport>() {
            self.reported(&report.reports, now);
        } else if let Some(report) = packet.downcast_ref::<SenderReport>() {
            self.reported(&report.reports, now);
            if let Some(kind) = self.remote.get(&report.ssrc) {
                self.link.their_clock(*kind, report.ntp_time, report.rtp_time, now);
            }
        } else if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
            if self.is_ours(nack.media_ssrc, MediaKind::Video) {
                self.link.state().nacks_received += 1;
                let missing = nack.nacks.iter().flat_map(|pair| pair.packet_list()).collect();
                self.link.feedback(Feedback::Missing(missing));
            }
        } else if let Some(pli) = packet.downcast_ref::<PictureLossIndication>() {
            if self.is_ours(pli.media_ssrc, MediaKind::Video) {
                self.key_frame_wanted();
            }
        } else if let Some(fir) = packet.downcast_ref::<FullIntraRequest>()
            && fir.fir.iter().any(|entry| self.is_ours(entry.ssrc, MediaKind::Video))
        {
            self.key_frame_wanted();
        } else if let Some(feedback) = packet.downcast_ref::<TransportLayerCc>() {
            self.socket_layer.reported(now);
            {
                let mut state = self.link.state();
                state.packets_reported(feedback, now);
                state.audio_fates.reported(feedback);
            }
            self.link.feedback(Feedback::Arrivals);
        } else if let Some(remb) = packet.downcast_ref::<ReceiverEstimatedMaximumBitrate>() {
            // A cast of a float saturates, so whatever is in the packet is a number.
            self.link.state().estimator.on_remb(now, Bitrate::from_bps(remb.bitrate as u64));
        }
    }

    /// The transport-wide number that a leaving packet was given.
    fn number_of(&self, packet: &rtp::Packet) -> Option<u16> {
        let id = *self.number_extension.get(&packet.header.ssrc)?;
        let bytes = packet.header.get_extension(id)?;
        Some(u16::from_be_bytes(*bytes.first_chunk()?))
    }

    fn key_frame_wanted(&self) {
        self.link.state().plis_received += 1;
        self.link.feedback(Feedback::KeyFrame);
    }

    fn reported(&self, reports: &[ReceptionReport], now: Instant) {
        for report in reports {
            let Some(kind) = self.local.get(&report.ssrc) else { continue };
            let mut state = self.link.state();
            if report.last_sender_report != 0 {
                state.report_echoed(report.last_sender_report, report.delay, now);
            }
            if *kind == MediaKind::Audio {
                state.audio_fates.share_reported(f64::from(report.fraction_lost) / 256.0);
            }
            // Video tells more about the way, as there is more of it.
            if *kind == MediaKind::Video
                || !self.local.values().any(|kind| *kind == MediaKind::Video)
            {
                let share = f64::from(report.fraction_lost) / 256.0;
                state.loss_out = Some(share);
                state.estimator.on_loss(now, share);
            }
        }
    }

    /// The library's sender reports say when packets left. What belongs together is what was
    /// captured together (RFC 3550 §6.4.1: the RTP time corresponds to the same time as the NTP
    /// time), and sound leaves later than its picture.
    fn set_capture_time(&self, packet: &mut Box<dyn rtcp::Packet>, now: Instant) {
        if let Some(report) = packet.as_any().downcast_ref::<SenderReport>()
            && let Some(kind) = self.local.get(&report.ssrc)
            && let Some(rtp_timestamp) = self.link.state().capture_time(*kind, now)
        {
            *packet = Box::new(SenderReport { rtp_time: rtp_timestamp, ..report.clone() });
        }
    }

    fn sent(&self, packet: &dyn rtcp::Packet, now: Instant) {
        let packet = packet.as_any();
        if let Some(report) = packet.downcast_ref::<SenderReport>() {
            // The middle of the 64 bits, as LSR echoes it.
            self.link.state().sender_report_left((report.ntp_time >> 16) as u32, now);
        } else if packet.is::<TransportLayerNack>() {
            self.link.state().nacks_sent += 1;
        } else if packet.is::<PictureLossIndication>() {
            self.link.state().plis_sent += 1;
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for WireTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        self.link.state().last_received = Some(msg.now);
        if let Packet::Rtcp(packets) = &msg.message.packet {
            for packet in packets {
                self.received(packet.as_ref(), msg.now);
            }
        }
        self.passing.read.push_back(msg);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.passing.read.pop_front()
    }

    fn handle_write(&mut self, mut msg: TaggedPacket) -> Result<(), Error> {
        match &mut msg.message.packet {
            Packet::Rtcp(packets) => {
                for packet in packets {
                    self.set_capture_time(packet, msg.now);
                    self.sent(packet.as_ref(), msg.now);
                }
            }
            Packet::Rtp(packet) => {
                let number = self.number_of(packet);
                let mut state = self.link.state();
                // The library lets out only streams that it knows, so parity goes through it as
                // video.
                let parity = state.fec_out == Some(packet.header.payload_type);
                if parity {
                    packet.header.ssrc = state.fec_ssrc;
                }
                state.packet_left(
                    packet.marshal_size(),
                    number,
                    parity && packet.header.marker,
                    msg.now,
                );
                if let Some(number) = number
                    && self.is_ours(packet.header.ssrc, MediaKind::Audio)
                {
                    state.audio_fates.left(number);
                }
            }
            _ => {}
        }
        self.passing.write.push_back(msg);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.passing.write.pop_front()
    }
}

impl Interceptor for WireTap {
    fn bind_local_stream(&mut self, info: &StreamInfo) {
        if let Some(kind) = kind_of(info) {
            self.local.insert(info.ssrc, kind);
        }
        let number =
            info.rtp_header_extensions.iter().find(|extension| extension.uri == TRANSPORT_CC_URI);
        if let Some(id) = number.and_then(|extension| u8::try_from(extension.id).ok()) {
            self.number_extension.insert(info.ssrc, id);
        }
    }

    fn unbind_local_stream(&mut self, info: &StreamInfo) {
        self.local.remove(&info.ssrc);
        self.number_extension.remove(&info.ssrc);
    }

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        if let Some(kind) = kind_of(info) {
            self.remote.insert(info.ssrc, kind);
        }
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.remote.remove(&info.ssrc);
    }
}

/// Takes received media out of the chain.
pub(crate) struct Intake {
    link: Arc<MediaPath>,
    remote: HashMap<u32, MediaKind>,
    passing: Passing,
}

impl Intake {
    pub(crate) fn new(link: Arc<MediaPath>) -> Self {
        Self { link, remote: HashMap::new(), passing: Passing::default() }
    }

    /// By its stream, or by its payload type when the description named no streams. And whether it
    /// is parity, which has a stream of its own.
    fn kind_of(&self, packet: &rtp::Packet) -> Option<(MediaKind, bool)> {
        let state = self.link.state();
        if state.fec_in == Some(packet.header.payload_type) {
            return Some((MediaKind::Video, true));
        }
        if let Some(kind) = self.remote.get(&packet.header.ssrc) {
            return Some((*kind, false));
        }
        let known = state
            .payload_types
            .iter()
            .find(|(payload_type, _)| *payload_type == packet.header.payload_type);
        known.map(|(_, kind)| (*kind, false))
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Intake {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        match msg.message.packet {
            Packet::Rtp(packet) => {
                if let Some((kind, parity)) = self.kind_of(&packet) {
                    self.link.incoming(Incoming { kind, parity, packet, arrival: msg.now });
                }
            }
            _ => self.passing.read.push_back(msg),
        }
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.passing.read.pop_front()
    }

    fn handle_write(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        self.passing.write.push_back(msg);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.passing.write.pop_front()
    }
}

impl Interceptor for Intake {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}

    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        if let Some(kind) = kind_of(info) {
            self.remote.insert(info.ssrc, kind);
        }
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.remote.remove(&info.ssrc);
    }
}

#[cfg(test)]
mod tests;
