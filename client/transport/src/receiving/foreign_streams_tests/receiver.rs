//! The way of a packet from the network to the screen, without threads and in virtual time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use visavis_media::frame::{ReceivedVideo, VideoFrame};
use visavis_media::video_receive::{Decoding, Taken};

use crate::fec::MediaPacket;
use crate::receiving::parameter_sets::ParameterSets;
use crate::receiving::video_stream::VideoStream;

const MS: Duration = Duration::from_millis(1);
const RTT: Option<Duration> = Some(Duration::from_millis(80));

/// When frames are released.
#[derive(Debug, Clone, Copy)]
pub(super) enum Took {
    /// After each packet.
    OneByOne,
    /// After the packets of one RTP timestamp, which came in one burst.
    FrameByFrame,
}

pub(super) struct Receiver {
    start: Instant,
    stream: VideoStream,
    sets: ParameterSets,
    decoding: Decoding,
    /// FNV-1a of each picture that was shown.
    pub(super) pictures: Vec<u64>,
    /// For how long each was complete before it was shown.
    pub(super) waits: Vec<Duration>,
    pub(super) longest_wait: Duration,
    pub(super) key_frame_requests: u32,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pictures, waits, key_frame_requests, .. } = self;
        write!(f, "{} pictures, {key_frame_requests} requests, {waits:?}", pictures.len())
    }
}

impl Receiver {
    pub(super) fn new(described: impl IntoIterator<Item = Bytes>) -> Self {
        let start = Instant::now();
        let mut sets = ParameterSets::default();
        sets.describe(described.into_iter().collect());
        let mut stream = VideoStream::new(start, 0.0);
        if sets.has_both() {
            stream.parameter_sets_are_known();
        }
        Self {
            start,
            stream,
            sets,
            decoding: Decoding::default(),
            pictures: Vec::new(),
            waits: Vec::new(),
            longest_wait: Duration::ZERO,
            key_frame_requests: 0,
        }
    }

    /// Takes a stream whose packets come in order.
    pub(super) fn take_all(&mut self, packets: &[MediaPacket], took: Took) {
        let first = packets[0].rtp_timestamp;
        let mut at = self.start;
        for frame in packets.chunk_by(|a, b| a.rtp_timestamp == b.rtp_timestamp) {
            let since = Duration::from_millis(u64::from(frame[0].rtp_timestamp - first) / 90);
            at = at.max(self.start + since);
            for packet in frame {
                self.wait_until(at);
                self.stream.packet(packet.clone(), at, RTT);
                if matches!(took, Took::OneByOne) {
                    self.release(at);
                    at += MS;
                }
            }
            self.release(at);
        }
        self.wait_until(at + 200 * MS);
    }

    /// Takes a stream whose packets overtake each other, come twice, or come late.
    pub(super) fn take_disturbed(&mut self, packets: &[MediaPacket], seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let first = packets[0].rtp_timestamp;
        let mut arrivals: Vec<(Instant, &MediaPacket)> = Vec::new();
        for packet in packets {
            let sent = self.start
                + Duration::from_millis(u64::from(packet.rtp_timestamp.saturating_sub(first)) / 90);
            // Only what is behind the first can be known to be missing.
            let late = if packet.rtp_timestamp == first { 0 } else { 30 };
            arrivals.push((sent + rng.random_range(0..=late) * MS, packet));
            if rng.random_bool(0.05) {
                arrivals.push((sent + rng.random_range(0..60) * MS, packet));
            }
        }
        arrivals.sort_by_key(|(at, _)| *at);
        let mut last = self.start;
        for (at, packet) in arrivals {
            self.wait_until(at);
            self.stream.packet(packet.clone(), at, RTT);
            self.release(at);
            last = at;
        }
        self.wait_until(last + 200 * MS);
    }

    /// Lets time pass, and looks at the stream when it wants to be looked at.
    fn wait_until(&mut self, at: Instant) {
        for _ in 0..1000 {
            match self.stream.next_deadline(at, RTT) {
                Some(deadline) if deadline <= at => self.release(deadline),
                _ => return,
            }
        }
        panic!("the stream asks to be looked at without end");
    }

    fn release(&mut self, now: Instant) {
        while let Some(frame) = self.stream.poll(now, RTT) {
            let Ok(data) = self.sets.access_unit(&frame) else {
                self.stream.skip_to_key_frame();
                continue;
            };
            let received = ReceivedVideo {
                data,
                key: frame.key,
                rtp_timestamp: frame.rtp_timestamp,
                first_arrival: frame.first_arrival,
                last_arrival: frame.last_arrival,
            };
            match self.decoding.take(&received, now) {
                Taken::Frame(picture) => {
                    let wait = now.saturating_duration_since(frame.last_arrival);
                    self.longest_wait = self.longest_wait.max(wait);
                    self.waits.push(wait);
                    self.pictures.push(hash(&picture));
                }
                Taken::Nothing => {}
                Taken::KeyFrameNeeded => self.key_frame_requests += 1,
            }
        }
        self.key_frame_requests += u32::from(self.stream.take_key_frame_request());
        let _ = self.stream.missing(now, RTT);
    }
}

/// FNV-1a.
fn hash(picture: &VideoFrame) -> u64 {
    picture.data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
