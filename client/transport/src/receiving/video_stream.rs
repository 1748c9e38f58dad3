//! One received video stream: packets in; whole frames out, and what to request of the other.
//!
//! Joins the frame buffer, the NACK tracker and FEC. Everything is pure: time is an argument.

use std::time::{Duration, Instant};

use bytes::Bytes;
use visavis_media::frame_buffer::{Frame, FrameBuffer, VideoPacket};
use visavis_media::nal_flags::NalFlags;

use super::nack_tracker::NackTracker;
use crate::fec::{FecDecoder, MediaPacket};
use crate::receiving::depacketizer::inspect;

/// The longest that a retransmission is waited for.
const MAX_PATIENCE: Duration = Duration::from_millis(800);
/// The rest of a key frame whose beginning came may take this long.
const KEY_FRAME_GRACE: Duration = Duration::from_millis(250);
/// Nothing for so long, and then with a gap of so many packets: an outage, after which
/// retransmissions would come too late.
const OUTAGE: Duration = Duration::from_millis(400);
const OUTAGE_PACKETS: u64 = 10;
/// FEC packets are expected after each frame while the last came no longer ago than this.
const FEC_FRESH: Duration = Duration::from_millis(500);
/// Loss is averaged over about so many packets; as if so many had come before the first.
const LOSS_OVER: f64 = 200.0;
const FIRST_LOSS_OVER: f64 = 20.0;

/// Counts of a received video stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct VideoCounts {
    /// How many packets there should have been.
    pub expected: u64,
    /// How many came or were rebuilt, retransmissions included.
    pub received: u64,
    /// How many FEC rebuilt.
    pub rebuilt: u64,
    /// Payload bytes of those that came, each packet counted once.
    pub bytes: u64,
    /// How many frames were given up.
    pub frames_dropped: u64,
}

/// A received video stream.
#[derive(Debug)]
pub struct VideoStream {
    last_arrival: Instant,
    last_fec: Option<Instant>,
    /// Since when only a key frame helps and no sign of one has come.
    stuck_since: Option<Instant>,
    first: u64,
    highest: u64,
    /// Without what [`Self::counts`] adds; here `received` is what was not rebuilt.
    counts: VideoCounts,
    /// The share of packets that did not come by themselves, smoothed, and over how many.
    loss: f64,
    loss_over: f64,
    buffer: FrameBuffer,
    nack: NackTracker,
    fec: FecDecoder,
    key_frame_wanted: bool,
}

impl VideoStream {
    /// A stream that begins now, with a key frame; this share of its packets is expected to get
    /// lost.
    #[must_use]
    pub fn new(now: Instant, loss: f64) -> Self {
        Self {
            last_arrival: now,
            last_fec: None,
            stuck_since: None,
            first: u64::MAX,
            highest: 0,
            counts: VideoCounts::default(),
            loss,
            loss_over: FIRST_LOSS_OVER,
            buffer: FrameBuffer::default(),
            nack: NackTracker::default(),
            fec: FecDecoder::default(),
            key_frame_wanted: false,
        }
    }

    /// Parameter sets are known from elsewhere, so that a key frame needs none of its own.
    pub fn parameter_sets_are_known(&mut self) {
        self.buffer.parameter_sets_are_known();
    }

    /// Takes a media packet.
    pub fn packet(&mut self, packet: MediaPacket, arrival: Instant, rtt: Option<Duration>) {
        let silence = arrival.saturating_duration_since(self.last_arrival);
        self.last_arrival = arrival;
        let highest = self.highest;
        let signs = inspect(&packet.payload);
        if let Some(sequence) = self.insert(&packet, signs, arrival) {
            let whole = signs.idr && self.buffer.knows_parameter_sets();
            if self.counts.received == 0 && !whole && !signs.begins_key_frame() {
                // A stream begins with a key frame, so that is what has been lost.
                self.nack.miss_before(sequence, arrival);
            }
            self.count(sequence);
            self.counts.bytes += packet.payload.len() as u64;
            let outage = silence > OUTAGE
                && sequence > highest.saturating_add(OUTAGE_PACKETS)
                && highest > 0;
            if self.nack.received(sequence, arrival, rtt) || outage {
                self.buffer.skip_to_key_frame();
            }
        }
        self.key_frame_wanted |= self.is_stuck(signs, arrival);
        let rebuilt = self.fec.add_media(packet);
        self.rebuilt(rebuilt, arrival);
    }

    /// Takes a FEC packet.
    pub fn fec_packet(&mut self, rtp_timestamp: u32, payload: &Bytes, arrival: Instant) {
        self.last_fec = Some(arrival);
        let from_fec = self.fec.add_fec(rtp_timestamp, payload);
        self.rebuilt(from_fec.rebuilt, arrival);
        self.nack.beyond_fec(&from_fec.beyond, arrival);
    }

    /// The next whole frame in decoding order. Call until it gives nothing.
    pub fn poll(&mut self, now: Instant, rtt: Option<Duration>) -> Option<Frame> {
        let patience = self.patience(now, rtt);
        let frame = self.buffer.poll(now, patience);
        self.key_frame_wanted |= self.buffer.take_key_frame_request();
        if frame.is_none() {
            self.nack.forget_below(self.buffer.floor());
        }
        frame
    }

    /// The packets to request now.
    pub fn missing(&mut self, now: Instant, rtt: Option<Duration>) -> Vec<u16> {
        self.nack.fec =
            self.last_fec.is_some_and(|last| now.saturating_duration_since(last) < FEC_FRESH);
        self.nack.due(now, rtt, self.loss)
    }

    /// Whether to request a key frame; once for each reason.
    pub fn take_key_frame_request(&mut self) -> bool {
        std::mem::take(&mut self.key_frame_wanted)
    }

    /// Gives up everything up to the next key frame: the reader fell behind, or a frame was
    /// unusable.
    pub fn skip_to_key_frame(&mut self) {
        self.buffer.skip_to_key_frame();
        self.key_frame_wanted |= self.buffer.take_key_frame_request();
    }

    /// When to call [`Self::poll`] and [`Self::missing`] again.
    #[must_use]
    pub fn next_deadline(&self, now: Instant, rtt: Option<Duration>) -> Option<Instant> {
        let hole = self.buffer.next_deadline(self.patience(now, rtt));
        [hole, self.nack.next_deadline()].into_iter().flatten().min()
    }

    /// When its last packet came.
    #[must_use]
    pub fn last_arrival(&self) -> Instant {
        self.last_arrival
    }

    /// The counts up to now.
    #[must_use]
    pub fn counts(&self) -> VideoCounts {
        VideoCounts {
            expected: (self.highest + 1).saturating_sub(self.first),
            received: self.counts.received + self.counts.rebuilt,
            frames_dropped: self.buffer.frames_dropped(),
            ..self.counts
        }
    }

    fn patience(&self, now: Instant, rtt: Option<Duration>) -> Duration {
        self.nack.patience(now, rtt, self.loss, MAX_PATIENCE)
    }

    fn insert(&mut self, packet: &MediaPacket, signs: NalFlags, arrival: Instant) -> Option<u64> {
        self.buffer.insert(VideoPacket {
            sequence: packet.sequence,
            rtp_timestamp: packet.rtp_timestamp,
            marker: packet.marker,
            payload: packet.payload.clone(),
            flags: signs,
            arrival,
        })
    }

    fn rebuilt(&mut self, packets: Vec<MediaPacket>, arrival: Instant) {
        for packet in packets {
            let signs = inspect(&packet.payload);
            if let Some(sequence) = self.insert(&packet, signs, arrival) {
                self.nack.rebuilt(sequence, arrival);
                self.counts.rebuilt += 1;
            }
        }
    }

    fn count(&mut self, sequence: u64) {
        self.first = self.first.min(sequence);
        if self.highest > 0 && sequence > self.highest {
            // Those in between are missing for now; one that was only overtaken is taken off again.
            for _ in self.highest + 1..sequence.min(self.highest + LOSS_OVER as u64) {
                self.average_loss(1.0);
            }
            self.average_loss(0.0);
        }
        self.highest = self.highest.max(sequence);
        self.counts.received += 1;
    }

    fn average_loss(&mut self, lost: f64) {
        self.loss_over = (self.loss_over + 1.0).min(LOSS_OVER);
        self.loss += (lost - self.loss) / self.loss_over;
    }

    /// Whether it is time to request a key frame because none is on its way.
    fn is_stuck(&mut self, signs: NalFlags, now: Instant) -> bool {
        if !self.buffer.waits_for_key_frame() {
            self.stuck_since = None;
        } else if signs.of_key_frame() {
            self.stuck_since = Some(now);
        }
        self.buffer.waits_for_key_frame()
            && now.saturating_duration_since(*self.stuck_since.get_or_insert(now)) > KEY_FRAME_GRACE
    }
}
