//! RTCP from a hostile peer: whatever the library makes of it must not harm the interceptor.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rtc::interceptor::AttributedPacket;
use rtc::rtcp::payload_feedbacks::full_intra_request::FirEntry;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, RunLengthChunk, StatusChunkTypeTcc, SymbolTypeTcc,
};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::nack_pairs_from_sequence_numbers;
use rtc::shared::TransportContext;

use super::*;
use crate::feedback::media_path::MediaPath;
use crate::formats::MediaKind;
use crate::path::relay::Trust;
use crate::path::resolver::Resolver;
use crate::path::socket::{SendPolicy, SocketLayer};

const OURS: u32 = 0x1234_5678;

/// An interceptor that sent 200 numbered packets of a video stream.
fn interceptor(now: Instant) -> OutboundInterceptor {
    let (media_path, _, _) =
        MediaPath::new(Bitrate::from_kbps(3000), Arc::default(), Arc::default());
    for number in 0..200u16 {
        let now = now + Duration::from_millis(5) * u32::from(number);
        media_path.state().packet_left(Content::Video, 1000, Some(number), now);
    }
    let mut interceptor = OutboundInterceptor::new(
        media_path,
        SocketLayer::new(Resolver::shared(), Trust::default(), None, SendPolicy::default()),
    );
    interceptor.local.insert(OURS, MediaKind::Video);
    interceptor
}

/// One packet of each kind that it reads, as it is on the wire.
fn good() -> Vec<Bytes> {
    let report = ReceptionReport {
        ssrc: OURS,
        fraction_lost: 25,
        last_sender_report: 7,
        ..ReceptionReport::default()
    };
    let delta =
        |delta| RecvDelta { type_tcc_packet: SymbolTypeTcc::PacketReceivedSmallDelta, delta };
    let feedback = TransportLayerCc {
        sender_ssrc: 1,
        media_ssrc: OURS,
        base_sequence_number: 3,
        packet_status_count: 4,
        reference_time: 10,
        fb_pkt_count: 0,
        packet_chunks: vec![PacketStatusChunk::RunLengthChunk(RunLengthChunk {
            type_tcc: StatusChunkTypeTcc::RunLengthChunk,
            packet_status_symbol: SymbolTypeTcc::PacketReceivedSmallDelta,
            run_length: 4,
        })],
        recv_deltas: vec![delta(250), delta(500), delta(5000), delta(1000)],
    };
    let nacks = nack_pairs_from_sequence_numbers(&[1, 2, 5, 40]);
    let packets: Vec<Box<dyn rtcp::Packet>> = vec![
        Box::new(ReceiverReport {
            ssrc: 1,
            reports: vec![report.clone()],
            ..ReceiverReport::default()
        }),
        Box::new(SenderReport { ssrc: 1, reports: vec![report], ..SenderReport::default() }),
        Box::new(TransportLayerNack { sender_ssrc: 1, media_ssrc: OURS, nacks }),
        Box::new(PictureLossIndication { sender_ssrc: 1, media_ssrc: OURS }),
        Box::new(FullIntraRequest {
            sender_ssrc: 1,
            media_ssrc: 0,
            fir: vec![FirEntry { ssrc: OURS, sequence_number: 1 }],
        }),
        Box::new(feedback),
        Box::new(ReceiverEstimatedMaximumBitrate {
            sender_ssrc: 1,
            bitrate: 450_000.0,
            ssrcs: vec![OURS],
        }),
        Box::new(MediaStatus { microphone_muted: true, ..MediaStatus::default() }.packet(1)),
    ];
    packets.iter().map(|packet| packet.marshal().expect("it can be written").freeze_all()).collect()
}

/// The library writes into one or the other kind of bytes.
trait FreezeAll {
    fn freeze_all(self) -> Bytes;
}

impl FreezeAll for BytesMut {
    fn freeze_all(self) -> Bytes {
        self.freeze()
    }
}

impl FreezeAll for Bytes {
    fn freeze_all(self) -> Bytes {
        self
    }
}

/// Gives the interceptor what the library makes of these bytes. Says whether it made anything.
fn read(interceptor: &mut OutboundInterceptor, bytes: &Bytes, now: Instant) -> bool {
    let Ok(packets) = rtcp::packet::unmarshal(&mut bytes.clone()) else { return false };
    let message = AttributedPacket::new(Packet::Rtcp(packets));
    interceptor
        .handle_read(TaggedPacket { now, transport: TransportContext::default(), message })
        .expect("it passes");
    while interceptor.poll_read().is_some() {}
    true
}

#[test]
fn every_kind_of_report_is_read() {
    let now = Instant::now();
    let mut interceptor = interceptor(now);
    for bytes in good() {
        assert!(read(&mut interceptor, &bytes, now + Duration::from_secs(2)));
    }
    let state = interceptor.media_path.state();
    assert_eq!((state.nacks_received, state.plis_received), (1, 2));
    assert!(state.loss_out.is_some_and(|share| (share - 0.1).abs() < 0.01));
    let muted = MediaStatus { microphone_muted: true, ..MediaStatus::default() };
    assert_eq!(state.their_status, Some(muted));
}

#[test]
fn a_report_that_leaves_takes_along_whether_we_are_muted() {
    let now = Instant::now();
    let mut interceptor = interceptor(now);
    let statuses = Arc::clone(&interceptor.media_path.statuses);
    let mut leave = || {
        let report = SenderReport { ssrc: OURS, ..SenderReport::default() };
        let message = AttributedPacket::new(Packet::Rtcp(vec![Box::new(report)]));
        let packet = TaggedPacket { now, transport: TransportContext::default(), message };
        interceptor.handle_write(packet).expect("it passes");
        let Some(Packet::Rtcp(packets)) = interceptor.poll_write().map(|left| left.message.packet)
        else {
            panic!("a report leaves");
        };
        packets
    };
    assert_eq!(leave().len(), 1, "nothing was said");
    let camera_off = MediaStatus { camera_off: true, ..MediaStatus::default() };
    statuses.ours.send_replace(Some(camera_off));
    let packets = leave();
    let raw = packets.get(1).and_then(|packet| packet.as_any().downcast_ref::<RawPacket>());
    assert_eq!(raw.and_then(|raw| MediaStatus::read(&raw.0)), Some(camera_off));
}

#[test]
fn a_remb_alone_is_obeyed() {
    let now = Instant::now();
    let mut interceptor = interceptor(now);
    assert!(read(&mut interceptor, &good()[6], now));
    let target = interceptor.media_path.state().estimator.target(now);
    assert!(target.bps().abs_diff(450_000) < 5_000, "{target}");
}

#[test]
fn whatever_is_in_a_report_does_no_harm() {
    let start = Instant::now();
    let mut interceptor = interceptor(start);
    let good = good();
    let mut rng = StdRng::seed_from_u64(3550);
    let mut understood = 0;
    for round in 0..40_000u32 {
        let mut bytes = good[rng.random_range(0..good.len())].to_vec();
        if rng.random_bool(0.2) {
            let other = &good[rng.random_range(0..good.len())];
            bytes.extend_from_slice(other);
        }
        for _ in 0..rng.random_range(0..6) {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = rng.random();
        }
        if rng.random_bool(0.2) {
            bytes.truncate(rng.random_range(0..bytes.len()));
        }
        let now = start + Duration::from_millis(20) * round;
        understood += u32::from(read(&mut interceptor, &bytes.into(), now));
        let _ = interceptor.media_path.state().estimator.target(now);
    }
    assert!(understood > 5_000, "{understood} were understood");
}

#[test]
fn streams_that_share_a_payload_type_are_told_apart_by_the_name_of_their_section() {
    let (media_path, _, _) =
        MediaPath::new(Bitrate::from_kbps(3000), Arc::default(), Arc::default());
    {
        let mut state = media_path.state();
        state.payload_types = vec![(96, MediaKind::Audio), (96, MediaKind::Video)];
        let named = |name: &str, kind| (3, name.to_owned(), kind);
        state.named_sections = vec![named("as", MediaKind::Audio), named("vs", MediaKind::Video)];
    }
    let mut interceptor = InboundInterceptor::new(media_path);
    let packet = |ssrc, name: Option<&'static str>| {
        let mut packet = rtp::Packet::default();
        (packet.header.ssrc, packet.header.payload_type) = (ssrc, 96);
        if let Some(name) = name {
            packet.header.set_extension(3, Bytes::from_static(name.as_bytes())).expect("it fits");
        }
        packet
    };
    for (ssrc, name, kind) in [
        (1, Some("vs"), MediaKind::Video),
        (2, Some("as"), MediaKind::Audio),
        // Later packets bear no name.
        (1, None, MediaKind::Video),
        (2, None, MediaKind::Audio),
    ] {
        assert_eq!(interceptor.kind_of(&packet(ssrc, name)), Some((kind, false)));
    }
}
