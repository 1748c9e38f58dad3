//! The receiving side: what the receiving task does, and feedback.

use std::time::{Duration, Instant};

use visavis_media::freeze::FreezeMeter;
use visavis_transport::key_frame_requests::KeyFrameRequests;
use visavis_transport::video_stream::VideoStream;

use crate::sender::{Media, Sent};

/// From the last packet to the screen.
const DECODING: Duration = Duration::from_millis(3);
/// Between two feedback packets.
const FEEDBACK: u32 = 50;

/// What is told the sender.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    Arrivals(Vec<(u16, Duration)>),
    Missing(Vec<u16>),
    KeyFrame,
    Echo(Instant),
    /// Media in the other direction.
    Media,
}

pub(crate) struct Receiver {
    start: Instant,
    stream: Option<VideoStream>,
    requests: KeyFrameRequests,
    rtt: Option<Duration>,
    arrivals: Vec<(u16, Duration)>,
    pub(crate) freezes: FreezeMeter,
    pub(crate) longest_gap: Duration,
    /// When each picture was shown, and how old it then was.
    pub(crate) shown: Vec<(Duration, Duration)>,
    pub(crate) audio: Vec<Duration>,
    pub(crate) rebuilt: u64,
    pub(crate) plis: u64,
}

impl Receiver {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            stream: None,
            requests: KeyFrameRequests::default(),
            rtt: None,
            arrivals: Vec::new(),
            freezes: FreezeMeter::default(),
            longest_gap: Duration::ZERO,
            shown: Vec::new(),
            audio: Vec::new(),
            rebuilt: 0,
            plis: 0,
        }
    }

    /// A packet came; `left` is when it was sent.
    pub(crate) fn packet(&mut self, now: Instant, left: Instant, sent: Sent, tell: &mut impl FnMut(Told)) {
        // The other's clock is another one.
        self.arrivals.push((sent.number, now.duration_since(self.start) + Duration::from_secs(1000)));
        match sent.media {
            Media::Audio => self.audio.push(now.duration_since(left)),
            Media::Video(packet) => {
                let stream = self.stream.get_or_insert_with(|| VideoStream::new(now));
                stream.packet(packet, now, self.rtt);
            }
            Media::Parity(rtp_time, payload) => {
                if let Some(stream) = &mut self.stream {
                    stream.parity(rtp_time, &payload, now);
                }
            }
            Media::Probe => {}
            Media::Report => tell(Told::Echo(left)),
        }
    }

    /// Every millisecond.
    pub(crate) fn step(&mut self, ms: u32, now: Instant, tell: &mut impl FnMut(Told)) {
        if ms.is_multiple_of(FEEDBACK) && !self.arrivals.is_empty() {
            tell(Told::Arrivals(std::mem::take(&mut self.arrivals)));
        }
        let Some(stream) = &mut self.stream else { return };
        while let Some(frame) = stream.poll(now, self.rtt) {
            if frame.key {
                self.requests.key_frame_came();
            }
            let captured = Duration::from_millis((frame.rtp_time & 0xffff_ffff) / 90);
            let shown = now + DECODING;
            let at = shown.duration_since(self.start);
            if let Some((last, _)) = self.shown.last() {
                self.longest_gap = self.longest_gap.max(at - *last);
            }
            self.shown.push((at, at.saturating_sub(captured)));
            self.freezes.shown(shown);
        }
        if stream.take_key_frame_request() {
            self.requests.want();
        }
        let missing = stream.missing(now, self.rtt);
        if !missing.is_empty() {
            tell(Told::Missing(missing));
        }
        if self.requests.due(now, self.rtt) {
            self.plis += 1;
            tell(Told::KeyFrame);
        }
        self.rebuilt = stream.packets_rebuilt();
    }

    pub(crate) fn round_trip(&mut self, rtt: Duration) {
        self.rtt = Some(rtt);
    }
}
