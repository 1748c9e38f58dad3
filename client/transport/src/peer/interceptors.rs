//! Two interceptors of ours in the library's chain.
//!
//! [`OutboundInterceptor`] sits next to the network. In: every packet in either direction. Out: the
//! media path's statistics (round trip, loss, counts) and feedback for the sending task. It passes
//! packets on, after it has put the SSRC of FEC packets and the times of sender reports right.
//!
//! [`InboundInterceptor`] sits next to the application. In: received media, after the library's own
//! interceptors (reports, transport-wide feedback) have seen it. Out: the same with its time of
//! arrival, for the receiving task. The library's track queues carry neither that time nor more
//! than 256 packets.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::raw_packet::RawPacket;
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

use crate::feedback::media_path::{Content, Feedback, Incoming, MediaPath};
use crate::feedback::media_status::MediaStatus;
use crate::formats;
use crate::formats::MediaKind;
use crate::path::socket::SocketLayer;

/// The slot of [`InboundInterceptor`]: behind every interceptor of the library's (the last is at
/// 13 000).
pub(crate) const INBOUND_SLOT: usize = 14_000;

/// The most streams that are remembered by the name of their section.
const MAX_NAMED_STREAMS: usize = 16;

/// Packets passing through, in both directions.
#[derive(Default)]
struct Passing {
    read: VecDeque<TaggedPacket>,
    write: VecDeque<TaggedPacket>,
}

fn kind_of(info: &StreamInfo) -> Option<MediaKind> {
    formats::kind_of(info.mime_type.split('/').nth(1)?)
}

/// See the module.
pub(crate) struct OutboundInterceptor {
    media_path: Arc<MediaPath>,
    socket_layer: Arc<SocketLayer>,
    /// What we send, by SSRC.
    local: HashMap<u32, MediaKind>,
    /// What the other sends, by SSRC.
    remote: HashMap<u32, MediaKind>,
    /// The header extension with the transport-wide number, by SSRC.
    number_extension: HashMap<u32, u8>,
    passing: Passing,
}

impl OutboundInterceptor {
    pub(crate) fn new(media_path: Arc<MediaPath>, socket_layer: Arc<SocketLayer>) -> Self {
        Self {
            media_path,
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
                self.media_path.their_clock(*kind, report.ntp_time, report.rtp_time, now);
            }
        } else if let Some(nack) = packet.downcast_ref::<TransportLayerNack>() {
            if self.is_ours(nack.media_ssrc, MediaKind::Video) {
                self.media_path.state().nacks_received += 1;
                let missing = nack.nacks.iter().flat_map(|pair| pair.packet_list()).collect();
                self.media_path.feedback(Feedback::Missing(missing));
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
            self.media_path.state().packets_reported(feedback, now);
            self.media_path.feedback(Feedback::Arrivals);
        } else if let Some(remb) = packet.downcast_ref::<ReceiverEstimatedMaximumBitrate>() {
            // A cast of a float saturates, so whatever is in the packet is a number.
            self.media_path.state().estimator.on_remb(now, Bitrate::from_bps(remb.bitrate as u64));
        } else if let Some(unknown) = packet.downcast_ref::<RawPacket>()
            && let Some(theirs) = MediaStatus::read(&unknown.0)
        {
            self.media_path.state().their_status = Some(theirs);
        }
    }

    /// The transport-wide number that a leaving packet was given.
    fn number_of(&self, packet: &rtp::Packet) -> Option<u16> {
        let id = *self.number_extension.get(&packet.header.ssrc)?;
        let bytes = packet.header.get_extension(id)?;
        Some(u16::from_be_bytes(*bytes.first_chunk()?))
    }

    fn key_frame_wanted(&self) {
        self.media_path.state().plis_received += 1;
        self.media_path.feedback(Feedback::KeyFrame);
    }

    fn reported(&self, reports: &[ReceptionReport], now: Instant) {
        for report in reports {
            let Some(kind) = self.local.get(&report.ssrc) else { continue };
            let mut state = self.media_path.state();
            if report.last_sender_report != 0 {
                state.report_echoed(report.last_sender_report, report.delay, now);
            }
            let share = f64::from(report.fraction_lost) / 256.0;
            if *kind == MediaKind::Audio {
                state.audio_loss = Some(share);
            }
            // Video says more about the network path, as there is more of it.
            if *kind == MediaKind::Video
                || !self.local.values().any(|kind| *kind == MediaKind::Video)
            {
                state.loss_out = Some(share);
                state.estimator.on_loss(now, share);
            }
        }
    }

    /// Puts the time of capture into the library's sender reports, which say when packets left.
    /// What belongs together is what was captured together (RFC 3550 §6.4.1: the RTP timestamp
    /// corresponds to the same time as the NTP timestamp), and audio leaves later than its frame.
    fn set_capture_time(&self, packet: &mut Box<dyn rtcp::Packet>, now: Instant) {
        if let Some(report) = packet.as_any().downcast_ref::<SenderReport>()
            && let Some(kind) = self.local.get(&report.ssrc)
            && let Some(rtp_timestamp) = self.media_path.state().capture_time(*kind, now)
        {
            *packet = Box::new(SenderReport { rtp_time: rtp_timestamp, ..report.clone() });
        }
    }

    /// Our microphone and camera, beside a sender report of ours.
    fn status_beside(&self, packets: &[Box<dyn rtcp::Packet>]) -> Option<RawPacket> {
        let report = packets.iter().find_map(|packet| packet.as_any().downcast_ref())?;
        let SenderReport { ssrc, .. } = report;
        let ours = *self.media_path.statuses.ours.borrow();
        ours.map(|ours| ours.packet(*ssrc))
    }

    fn sent(&self, packet: &dyn rtcp::Packet, now: Instant) {
        let packet = packet.as_any();
        if let Some(report) = packet.downcast_ref::<SenderReport>() {
            // The middle of the 64 bits, as LSR echoes it.
            self.media_path.state().sender_report_left((report.ntp_time >> 16) as u32, now);
        } else if packet.is::<TransportLayerNack>() {
            self.media_path.state().nacks_sent += 1;
        } else if packet.is::<PictureLossIndication>() {
            self.media_path.state().plis_sent += 1;
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for OutboundInterceptor {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        self.media_path.state().last_received = Some(msg.now);
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
                for packet in packets.iter_mut() {
                    self.set_capture_time(packet, msg.now);
                    self.sent(packet.as_ref(), msg.now);
                }
                if let Some(status) = self.status_beside(packets) {
                    packets.push(Box::new(status));
                }
            }
            Packet::Rtp(packet) => {
                let number = self.number_of(packet);
                let wire_overhead = self.socket_layer.media_overhead();
                let mut state = self.media_path.state();
                state.wire_overhead = wire_overhead;
                // The library lets out only streams that it knows, so FEC goes through it as video.
                let fec = state.fec_out == Some(packet.header.payload_type);
                if fec {
                    packet.header.ssrc = state.fec_ssrc;
                }
                let content = if self.is_ours(packet.header.ssrc, MediaKind::Audio) {
                    Content::Audio
                } else if fec && packet.header.marker {
                    Content::Probe
                } else {
                    Content::Video
                };
                state.packet_left(content, packet.marshal_size(), number, msg.now);
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

impl Interceptor for OutboundInterceptor {
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

/// See the module.
pub(crate) struct InboundInterceptor {
    media_path: Arc<MediaPath>,
    remote: HashMap<u32, MediaKind>,
    passing: Passing,
}

impl InboundInterceptor {
    pub(crate) fn new(media_path: Arc<MediaPath>) -> Self {
        Self { media_path, remote: HashMap::new(), passing: Passing::default() }
    }

    /// By its stream, or by its payload type when the description named no streams; where audio and
    /// video share one, by the name that the stream's first packets bear. And whether it is FEC,
    /// which has a stream of its own.
    fn kind_of(&mut self, packet: &rtp::Packet) -> Option<(MediaKind, bool)> {
        let state = self.media_path.state();
        if state.fec_in == Some(packet.header.payload_type) {
            return Some((MediaKind::Video, true));
        }
        let is_named = |(extension, name, _): &&(u8, String, MediaKind)| {
            packet.header.get_extension(*extension).is_some_and(|value| value == name.as_bytes())
        };
        if let Some((_, _, kind)) = state.named_sections.iter().find(is_named) {
            if self.remote.len() < MAX_NAMED_STREAMS {
                self.remote.insert(packet.header.ssrc, *kind);
            }
            return Some((*kind, false));
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

impl Protocol<TaggedPacket, TaggedPacket, ()> for InboundInterceptor {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        match msg.message.packet {
            Packet::Rtp(packet) => {
                if let Some((kind, fec)) = self.kind_of(&packet) {
                    self.media_path.incoming(Incoming { kind, fec, packet, arrival: msg.now });
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

impl Interceptor for InboundInterceptor {
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
