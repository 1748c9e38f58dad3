//! The receiving task: RTP packets in; whole video frames and audio out, NACKs and key-frame
//! requests back.
//!
//! Video goes through the frame buffer and the depacketizer; audio is passed on as it comes. The
//! queues to the decoders never block: audio that does not fit is dropped, and after a video frame
//! that does not fit everything up to the next key frame is.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::TrackRemote;

use super::audio_in::audio_in;
use super::key_frame_requests::KeyFrameRequests;
use super::parameter_sets::ParameterSets;
use super::video_stream::{VideoCounts, VideoStream};
use crate::clock;
use crate::fec::MediaPacket;
use crate::feedback::media_path::{Incoming, MediaPath};
use crate::formats::MediaKind;
use visavis_media::frame::{ReceivedAudio, ReceivedVideo};
use visavis_media::frame_buffer::Frame;

/// The share of packets that is lost is taken over this long.
const LOSS_WINDOW: Duration = Duration::from_secs(2);
/// Another stream of the same kind is taken when the one so far has been silent for this long.
const STREAM_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) enum ReceiveCommand {
    RequestKeyFrame,
    /// A track to send RTCP on.
    Track(Arc<dyn TrackRemote>),
    /// The parameter sets of the other's description.
    ParameterSets(Vec<Bytes>),
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReceiveStats {
    pub(crate) video_bytes: u64,
    pub(crate) audio_packets: u64,
    pub(crate) audio_bytes: u64,
    pub(crate) audio_lost: u64,
    pub(crate) frames_dropped: u64,
    pub(crate) packets_recovered: u64,
    /// Smoothed time from a frame's first packet to its release.
    pub(crate) jitter_buffer: Option<Duration>,
    /// Share of the other's packets that never came, retransmissions considered, lately.
    pub(crate) loss: Option<f64>,
}

impl ReceiveStats {
    fn add(&mut self, counts: VideoCounts) {
        self.video_bytes += counts.bytes;
        self.frames_dropped += counts.frames_dropped;
        self.packets_recovered += counts.rebuilt;
    }
}

/// What was expected and received up to a moment.
#[derive(Debug, Clone, Copy)]
struct LossMark {
    at: Instant,
    expected: u64,
    received: u64,
}

/// The received video stream, by its SSRC.
struct Video {
    ssrc: u32,
    stream: VideoStream,
}

struct AudioStream {
    ssrc: u32,
    last_arrival: Instant,
    first: u64,
    highest: u64,
    received: u64,
}

/// The receiving task: [`Self::run`] is its loop.
pub(crate) struct ReceiveTask {
    media_path: Arc<MediaPath>,
    video_in: SyncSender<ReceivedVideo>,
    audio_in: SyncSender<ReceivedAudio>,
    track: Option<Arc<dyn TrackRemote>>,
    fallback: Option<Arc<TrackLocalStaticRTP>>,
    sender_ssrc: u32,
    video: Option<Video>,
    parameter_sets: ParameterSets,
    audio: Option<AudioStream>,
    requests: KeyFrameRequests,
    totals: ReceiveStats,
    loss_mark: Option<LossMark>,
    stats: watch::Sender<ReceiveStats>,
}

impl ReceiveTask {
    pub(crate) fn new(
        media_path: Arc<MediaPath>,
        video_in: SyncSender<ReceivedVideo>,
        audio_in: SyncSender<ReceivedAudio>,
        fallback: Option<Arc<TrackLocalStaticRTP>>,
        sender_ssrc: u32,
        stats: watch::Sender<ReceiveStats>,
    ) -> Self {
        Self {
            media_path,
            video_in,
            audio_in,
            track: None,
            fallback,
            sender_ssrc,
            video: None,
            parameter_sets: ParameterSets::default(),
            audio: None,
            requests: KeyFrameRequests::default(),
            totals: ReceiveStats::default(),
            loss_mark: None,
            stats,
        }
    }

    /// Runs until the commands' sender is gone.
    pub(crate) async fn run(
        mut self,
        mut incoming: mpsc::Receiver<Incoming>,
        mut commands: mpsc::Receiver<ReceiveCommand>,
    ) {
        loop {
            let wakeup =
                self.next_deadline().unwrap_or_else(|| clock::now() + Duration::from_secs(3600));
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(ReceiveCommand::RequestKeyFrame) => self.requests.want(),
                    Some(ReceiveCommand::Track(track)) => self.track = Some(track),
                    Some(ReceiveCommand::ParameterSets(sets)) => self.describe(sets),
                    None => return,
                },
                Some(packet) = incoming.recv() => {
                    self.packet(packet);
                    // Whatever else is there belongs to the same burst.
                    while let Ok(packet) = incoming.try_recv() {
                        self.packet(packet);
                    }
                }
                () = sleep_until(wakeup.into()) => {}
            }
            let now = clock::now();
            self.release(now);
            self.send_requests(now).await;
            self.publish(now);
        }
    }

    fn describe(&mut self, sets: Vec<Bytes>) {
        self.parameter_sets.describe(sets);
        if let Some(Video { stream, .. }) = &mut self.video
            && self.parameter_sets.has_both()
        {
            stream.parameter_sets_are_known();
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let rtt = self.media_path.state().rtt();
        let video =
            self.video.as_ref().and_then(|video| video.stream.next_deadline(clock::now(), rtt));
        [video, self.requests.deadline()].into_iter().flatten().min()
    }

    fn packet(&mut self, incoming: Incoming) {
        match incoming.kind {
            MediaKind::Audio => self.audio_packet(incoming.packet, incoming.arrival),
            MediaKind::Video if incoming.fec => self.fec_packet(&incoming.packet, incoming.arrival),
            MediaKind::Video => self.video_packet(incoming.packet, incoming.arrival),
        }
    }

    fn audio_packet(&mut self, packet: rtp::Packet, arrival: Instant) {
        let (ssrc, sequence) = (packet.header.ssrc, packet.header.sequence_number);
        if packet.payload.is_empty() {
            return;
        }
        match &mut self.audio {
            Some(stream) if stream.ssrc == ssrc => {
                let forward = i64::from(sequence.wrapping_sub(stream.highest as u16) as i16);
                stream.highest = stream.highest.max(stream.highest.saturating_add_signed(forward));
                stream.received += 1;
                stream.last_arrival = arrival;
            }
            Some(stream) if arrival.duration_since(stream.last_arrival) < STREAM_TIMEOUT => return,
            other => {
                let first = 0x1_0000 + u64::from(sequence);
                *other = Some(AudioStream {
                    ssrc,
                    last_arrival: arrival,
                    first,
                    highest: first,
                    received: 1,
                });
            }
        }
        self.totals.audio_packets += 1;
        self.totals.audio_bytes += packet.payload.len() as u64;
        let red = self.media_path.state().red;
        for received in audio_in(packet, red, arrival) {
            // Audio that nobody takes is too old to be played.
            let _ = self.audio_in.try_send(received);
        }
    }

    fn video_packet(&mut self, packet: rtp::Packet, arrival: Instant) {
        let ssrc = packet.header.ssrc;
        let (rtt, loss) = {
            let state = self.media_path.state();
            (state.rtt(), state.expected_loss(arrival))
        };
        let video = match &mut self.video {
            Some(video) if video.ssrc == ssrc => video,
            Some(video)
                if arrival.saturating_duration_since(video.stream.last_arrival())
                    < STREAM_TIMEOUT =>
            {
                return;
            }
            other => {
                if let Some(Video { stream, .. }) = other {
                    self.totals.add(stream.counts());
                }
                let mut stream = VideoStream::new(arrival, loss);
                if self.parameter_sets.has_both() {
                    stream.parameter_sets_are_known();
                }
                other.insert(Video { ssrc, stream })
            }
        };
        let packet = MediaPacket {
            sequence: packet.header.sequence_number,
            rtp_timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
        };
        video.stream.packet(packet, arrival, rtt);
    }

    fn fec_packet(&mut self, packet: &rtp::Packet, arrival: Instant) {
        // The marker bit marks a probe, which holds nothing.
        if !packet.header.marker
            && let Some(video) = &mut self.video
        {
            video.stream.fec_packet(packet.header.timestamp, &packet.payload, arrival);
        }
    }

    /// Passes on what is whole.
    fn release(&mut self, now: Instant) {
        let rtt = self.media_path.state().rtt();
        let Some(Video { stream, .. }) = &mut self.video else { return };
        while let Some(frame) = stream.poll(now, rtt) {
            let waited = now.saturating_duration_since(frame.first_arrival);
            let smoothed =
                self.totals.jitter_buffer.map_or(waited, |smoothed| (smoothed * 15 + waited) / 16);
            self.totals.jitter_buffer = Some(smoothed);
            let key = frame.key;
            if pass_on(&self.video_in, &mut self.parameter_sets, &frame) {
                if key {
                    self.requests.key_frame_came();
                }
            } else {
                stream.skip_to_key_frame();
            }
        }
        if stream.take_key_frame_request() {
            self.requests.want();
        }
    }

    /// Sends the NACKs and key-frame requests that are due.
    async fn send_requests(&mut self, now: Instant) {
        let Some(Video { ssrc, stream }) = &mut self.video else { return };
        let (sender_ssrc, media_ssrc) = (self.sender_ssrc, *ssrc);
        let mut packets: Vec<Box<dyn rtcp::Packet>> = Vec::new();
        let rtt = self.media_path.state().rtt();
        let missing = stream.missing(now, rtt);
        if !missing.is_empty() {
            let nacks = nack_pairs_from_sequence_numbers(&missing);
            packets.push(Box::new(TransportLayerNack { sender_ssrc, media_ssrc, nacks }));
        }
        if self.requests.due(now, rtt) {
            packets.push(Box::new(PictureLossIndication { sender_ssrc, media_ssrc }));
        }
        if packets.is_empty() {
            return;
        }
        // A stream that the description did not name has no track in the library; any other
        // track will do.
        let sent = match (&self.track, &self.fallback) {
            (Some(track), _) => track.write_rtcp(packets).await,
            (None, Some(fallback)) => fallback.write_rtcp(packets).await,
            (None, None) => return,
        };
        if sent.is_err() {
            tracing::trace!("a request could not be sent");
        }
    }

    fn publish(&mut self, now: Instant) {
        let mut mark = LossMark { at: now, expected: 0, received: 0 };
        let mut stats = self.totals;
        if let Some(audio) = &self.audio {
            let expected = audio.highest - audio.first + 1;
            stats.audio_lost = expected.saturating_sub(audio.received);
            mark.expected += expected;
            mark.received += audio.received;
        }
        if let Some(Video { stream, .. }) = &self.video {
            let counts = stream.counts();
            stats.add(counts);
            mark.expected += counts.expected;
            mark.received += counts.received;
        }
        match self.loss_mark {
            Some(last) if now.duration_since(last.at) < LOSS_WINDOW => {}
            Some(last) => {
                let expected = mark.expected.saturating_sub(last.expected);
                let missing = expected.saturating_sub(mark.received.saturating_sub(last.received));
                self.totals.loss = (expected > 0).then(|| missing as f64 / expected as f64);
                stats.loss = self.totals.loss;
                self.loss_mark = Some(mark);
            }
            None => self.loss_mark = Some(mark),
        }
        self.stats.send_replace(stats);
    }
}

/// Puts a frame together and passes it on. Returns false when the decoder can't go on from here
/// without a key frame.
fn pass_on(
    video_in: &SyncSender<ReceivedVideo>,
    parameter_sets: &mut ParameterSets,
    frame: &Frame,
) -> bool {
    let data = match parameter_sets.access_unit(frame) {
        Ok(data) => data,
        Err(error) => {
            tracing::debug!("a received video frame is malformed: {error}");
            return false;
        }
    };
    let received = ReceivedVideo {
        data,
        key: frame.key,
        rtp_timestamp: frame.rtp_timestamp,
        first_arrival: frame.first_arrival,
        last_arrival: frame.last_arrival,
    };
    // With nobody left to read, there is nobody to miss anything either.
    !matches!(video_in.try_send(received), Err(TrySendError::Full(_)))
}
