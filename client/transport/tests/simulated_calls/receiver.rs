//! The receiving side: what the receiving task does, and feedback.

use std::time::{Duration, Instant};

use visavis_media::freeze::FreezeMeter;
use visavis_transport::receiving::key_frame_requests::KeyFrameRequests;
use visavis_transport::receiving::video_stream::VideoStream;

use crate::sender::{Media, Sent};
use crate::speaker::Speaker;

/// From the last packet to the screen.
const DECODING: Duration = Duration::from_millis(3);
/// Between two feedback packets.
const FEEDBACK: u32 = 40;

/// What is reported to the sender.
#[derive(Debug, Clone)]
pub(crate) enum Report {
    Arrivals(Vec<(u16, Option<Duration>)>),
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
    /// The packet that the next feedback begins with.
    next_reported: Option<u16>,
    pub(crate) freezes: FreezeMeter,
    pub(crate) longest_gap: Duration,
    /// When each frame was shown, and how old it then was.
    pub(crate) shown: Vec<(Duration, Duration)>,
    pub(crate) audio: Vec<Duration>,
    pub(crate) speaker: Speaker,
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
            next_reported: None,
            freezes: FreezeMeter::default(),
            longest_gap: Duration::ZERO,
            shown: Vec::new(),
            audio: Vec::new(),
            speaker: Speaker::new(),
            rebuilt: 0,
            plis: 0,
        }
    }

    /// A packet came; `left` is when it was sent.
    pub(crate) fn packet(
        &mut self,
        now: Instant,
        left: Instant,
        sent: Sent,
        report: &mut impl FnMut(Report),
    ) {
        // The other's clock is another one.
        self.arrivals
            .push((sent.number, now.duration_since(self.start) + Duration::from_secs(1000)));
        match sent.media {
            Media::Audio(number) => {
                self.audio.push(now.duration_since(left));
                self.speaker.packet(number, now);
            }
            Media::Video(packet) => {
                let stream = self.stream.get_or_insert_with(|| VideoStream::new(now, 0.0));
                stream.packet(packet, now, self.rtt);
            }
            Media::Fec(rtp_timestamp, payload) => {
                if let Some(stream) = &mut self.stream {
                    stream.fec_packet(rtp_timestamp, &payload, now);
                }
            }
            Media::Probe => {}
            Media::Report => report(Report::Echo(left)),
        }
    }

    /// Every millisecond.
    pub(crate) fn step(&mut self, ms: u32, now: Instant, report: &mut impl FnMut(Report)) {
        if ms % 10 == 3 {
            self.speaker.fetch(now, now.duration_since(self.start));
        }
        if ms.is_multiple_of(FEEDBACK) && !self.arrivals.is_empty() {
            report(Report::Arrivals(self.feedback()));
        }
        let Some(stream) = &mut self.stream else { return };
        while let Some(frame) = stream.poll(now, self.rtt) {
            if frame.key {
                self.requests.key_frame_came();
            }
            let captured = Duration::from_millis((frame.rtp_timestamp & 0xffff_ffff) / 90);
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
            report(Report::Missing(missing));
        }
        if self.requests.due(now, self.rtt) {
            self.plis += 1;
            report(Report::KeyFrame);
        }
        self.rebuilt = stream.counts().rebuilt;
    }

    /// Reports on each packet once, and again of what came late.
    fn feedback(&mut self) -> Vec<(u16, Option<Duration>)> {
        let arrivals = std::mem::take(&mut self.arrivals);
        let since = |number: &u16| number.wrapping_sub(60_000);
        let first = arrivals.iter().map(|(number, _)| *number).min_by_key(since).unwrap_or(0);
        let last = arrivals.iter().map(|(number, _)| *number).max_by_key(since).unwrap_or(0);
        let begin = self.next_reported.filter(|next| since(next) < since(&first)).unwrap_or(first);
        if self.next_reported.is_none_or(|next| since(&next) <= since(&last)) {
            self.next_reported = Some(last.wrapping_add(1));
        }
        let count = last.wrapping_sub(begin).wrapping_add(1);
        let arrival = |number| {
            arrivals.iter().find(|(arrived, _)| *arrived == number).map(|(_, arrival)| *arrival)
        };
        (0..count).map(|n| begin.wrapping_add(n)).map(|number| (number, arrival(number))).collect()
    }

    pub(crate) fn round_trip(&mut self, rtt: Duration) {
        self.rtt = Some(rtt);
    }
}
