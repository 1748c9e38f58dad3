//! The frame buffer: RTP packets of a video stream go in as they come, whole access units come out
//! in decoding order.
//!
//! A frame is the packets of one RTP timestamp, from behind the frame before it up to the marker
//! bit (RFC 6184 §5.1). Senders set it elsewhere too: one behind parameter sets, or within a NAL
//! unit, ends nothing, and one who sets it behind each slice is noticed (`markers.rs`). It is
//! released as soon as it is whole and everything before it was released. Parameter sets that come
//! with no picture are kept and go with the next frame, whatever their RTP timestamp is.
//!
//! A hole is waited for as long as a repair (a NACK's retransmission) can still come; then
//! everything up to the next key frame is given up and a key frame is requested. A whole key frame
//! behind a hole is taken at once.
//!
//! What always holds: a frame is released at most once, never with a packet missing, never before
//! an earlier one, and after something was given up the next released frame is a key frame. Memory
//! is bounded. Time is an argument.

mod markers;
mod parameter_set_payloads;
mod units;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

pub use crate::nal_flags::{Begins, NalFlags};
use markers::Markers;
use parameter_set_payloads::ParameterSetPayloads;
use units::{REST_PATIENCE, Unit};

/// The most packets that are buffered.
pub(crate) const MAX_PACKETS: usize = 2048;
/// The most payload bytes that are buffered.
pub(crate) const MAX_BYTES: usize = 8 << 20;
/// The most packets that wait for the first key frame, half a second of a stream's beginning.
const MAX_BEFORE_FIRST: usize = 128;
/// So many packets in a row from far behind mean that the sender began a new sequence.
const RESTART_AFTER: u32 = 100;
/// How far behind is far, in packets.
const FAR_BEHIND: u64 = 1000;

/// One RTP packet of a video stream.
#[derive(Debug, Clone)]
pub struct VideoPacket {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp (90 kHz).
    pub rtp_timestamp: u32,
    /// The marker bit: the last packet of its frame.
    pub marker: bool,
    /// The RTP payload; empty when it was padding alone.
    pub payload: Bytes,
    /// What shows in the payload.
    pub flags: NalFlags,
    /// When it came.
    pub arrival: Instant,
}

/// A whole frame.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Its RTP payloads in order.
    pub payloads: Vec<Bytes>,
    /// RTP payloads with parameter sets that came since the frame before and belong to no other.
    pub parameter_sets_before: Vec<Bytes>,
    /// Whether it is an IDR picture whose parameter sets are known.
    pub key: bool,
    /// Whether parameter sets are in its own payloads.
    pub parameter_sets: bool,
    /// Its RTP timestamp, unwrapped.
    pub rtp_timestamp: u64,
    /// When its first packet came.
    pub first_arrival: Instant,
    /// When its last packet came.
    pub last_arrival: Instant,
}

/// The buffer; an empty one waits for a key frame.
#[derive(Debug, Default)]
pub struct FrameBuffer {
    packets: BTreeMap<u64, Buffered>,
    bytes: usize,
    /// The packet that comes next in decoding order; `None` while a key frame is being looked for.
    next: Option<u64>,
    /// Nothing below this is of use any more.
    floor: u64,
    /// What came right behind the last released frame.
    released_to: u64,
    highest: Option<u64>,
    last_rtp_timestamp: Option<u64>,
    /// The RTP timestamp of the last released frame.
    released_time: u64,
    /// Parameter sets that were released, kept or described, with which an IDR picture without
    /// them decodes too.
    known: NalFlags,
    /// Those that came and go with the next frame.
    kept: ParameterSetPayloads,
    /// Whether the last key frame had parameter sets of its own.
    key_frames_have_sets: bool,
    markers: Markers,
    key_frame_wanted: bool,
    from_far_behind: u32,
    frames_dropped: u64,
}

#[derive(Debug)]
struct Buffered {
    packet: VideoPacket,
    rtp_timestamp: u64,
}

impl FrameBuffer {
    /// Parameter sets of both kinds are known from elsewhere, as from the other's description.
    pub fn parameter_sets_are_known(&mut self) {
        (self.known.sps, self.known.pps) = (true, true);
    }

    /// Whether an IDR picture without parameter sets decodes.
    #[must_use]
    pub fn knows_parameter_sets(&self) -> bool {
        self.known.sps && self.known.pps
    }

    /// Takes a packet and gives its unwrapped sequence number; `None` when it is here already, or
    /// its frame was released or given up.
    pub fn insert(&mut self, packet: VideoPacket) -> Option<u64> {
        let sequence = self.unwrap_sequence(packet.sequence);
        if sequence < self.floor || self.packets.contains_key(&sequence) {
            self.useless(sequence);
            return None;
        }
        self.from_far_behind = 0;
        if self.packets.len() >= MAX_PACKETS || self.bytes + packet.payload.len() > MAX_BYTES {
            self.give_up_everything();
        }
        self.highest = Some(self.highest.map_or(sequence, |highest| highest.max(sequence)));
        let rtp_timestamp = self.unwrap_timestamp(packet.rtp_timestamp);
        self.bytes += packet.payload.len();
        self.packets.insert(sequence, Buffered { packet, rtp_timestamp });
        Some(sequence)
    }

    /// The next frame in decoding order, if it is whole. `patience` is how long a hole is waited
    /// for, counted from when the first packet behind it came. Call until it gives nothing.
    pub fn poll(&mut self, now: Instant, patience: Duration) -> Option<Frame> {
        loop {
            self.skip_padding();
            if let Some(next) = self.next {
                self.notice_rest(next);
                match self.whole(next, now) {
                    Some((end, true)) => return self.release(end),
                    Some((end, false)) => {
                        self.keep_parameter_sets(end);
                        continue;
                    }
                    None => {}
                }
            }
            let last = self.packets.keys().next_back().copied();
            if self.next.is_none_or(|next| last.is_some_and(|last| last > next))
                && let Some(key) = self.whole_key_frame(now, patience)
            {
                self.continue_at(key);
                continue;
            }
            let Some(next) = self.next else {
                // The first key frame of all may still be repaired; then what follows it is of use.
                if self.released_to > 0 || self.packets.len() > MAX_BEFORE_FIRST {
                    self.drop_what_no_key_frame_needs();
                }
                return None;
            };
            if self.hole(next).is_none_or(|since| now.duration_since(since) < patience) {
                return None;
            }
            self.skip_to_key_frame();
        }
    }

    /// When [`Self::poll`] will give up a hole, or take a frame for whole.
    #[must_use]
    pub fn next_deadline(&self, patience: Duration) -> Option<Instant> {
        let next = self.next?;
        if let Unit::Perhaps { since, .. } = self.unit(next) {
            return Some(since + REST_PATIENCE);
        }
        self.hole(next).map(|since| since + patience)
    }

    /// Gives up everything that is buffered; the next frame will be a key frame. For when the
    /// reader fell behind or a frame turned out to be unusable.
    pub fn skip_to_key_frame(&mut self) {
        self.next = None;
        self.key_frame_wanted = true;
        self.drop_what_no_key_frame_needs();
    }

    /// Whether a key frame should be requested. True once for each thing given up; ask again
    /// while [`Self::waits_for_key_frame`].
    pub fn take_key_frame_request(&mut self) -> bool {
        std::mem::take(&mut self.key_frame_wanted)
    }

    /// Whether nothing but a key frame can be released.
    #[must_use]
    pub fn waits_for_key_frame(&self) -> bool {
        self.next.is_none()
    }

    /// The lowest unwrapped sequence number that is still of use; repairs below it need not be
    /// requested.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.floor
    }

    /// How many frames were given up, so far as they were seen.
    #[must_use]
    pub fn frames_dropped(&self) -> u64 {
        self.frames_dropped
    }

    /// Begins a new sequence when the sender did, which a run of packets from far behind shows.
    fn useless(&mut self, sequence: u64) {
        if sequence + FAR_BEHIND < self.floor {
            self.from_far_behind += 1;
            if self.from_far_behind >= RESTART_AFTER {
                *self = Self {
                    known: self.known,
                    kept: std::mem::take(&mut self.kept),
                    markers: self.markers,
                    frames_dropped: self.frames_dropped,
                    key_frame_wanted: true,
                    ..Self::default()
                };
            }
        } else {
            self.from_far_behind = 0;
        }
    }

    fn unwrap_sequence(&self, sequence: u16) -> u64 {
        // The first one starts in the second cycle, so that packets from before it have a number as
        // well.
        let Some(highest) = self.highest else { return 0x1_0000 + u64::from(sequence) };
        let forward = sequence.wrapping_sub(highest as u16) as i16;
        highest.saturating_add_signed(i64::from(forward))
    }

    fn unwrap_timestamp(&mut self, rtp_timestamp: u32) -> u64 {
        let unwrapped = match self.last_rtp_timestamp {
            None => (1 << 32) + u64::from(rtp_timestamp),
            Some(last) => last
                .saturating_add_signed(i64::from(rtp_timestamp.wrapping_sub(last as u32) as i32)),
        };
        self.last_rtp_timestamp = Some(unwrapped);
        unwrapped
    }

    /// Padding after a frame takes up sequence numbers but belongs to no frame.
    fn skip_padding(&mut self) {
        while let Some(next) = self.next
            && self.packets.get(&next).is_some_and(|buffered| {
                buffered.packet.payload.is_empty() && !buffered.packet.marker
            })
        {
            self.packets.remove(&next);
            self.move_on_to(next + 1);
        }
    }

    /// Notices a picture that goes on behind what was released of it.
    fn notice_rest(&mut self, next: u64) {
        let rest = self.packets.get(&next).is_some_and(|buffered| {
            next == self.released_to
                && buffered.rtp_timestamp == self.released_time
                && buffered.packet.flags.picture
                && buffered.packet.flags.begins == Begins::Rest
        });
        if rest && self.released_time > 0 {
            self.released_time = 0;
            self.markers.misled();
        }
    }

    fn release(&mut self, end: u64) -> Option<Frame> {
        let key = self.next.is_some_and(|first| self.is_key(first, end));
        let mut frame: Option<Frame> = None;
        let begins = self.packets.first_key_value().map(|(_, first)| first.packet.flags.begins);
        let (mut slices, mut before): (u32, Option<Buffered>) = (0, None);
        let rest = self.packets.split_off(&(end + 1));
        for (_, buffered) in std::mem::replace(&mut self.packets, rest) {
            let VideoPacket { payload, flags, arrival, .. } = &buffered.packet;
            self.bytes -= payload.len();
            self.known.sps |= flags.sps;
            self.known.pps |= flags.pps;
            slices += u32::from(flags.slices);
            let frame = frame.get_or_insert_with(|| Frame {
                payloads: Vec::new(),
                parameter_sets_before: self.kept.take(),
                key,
                parameter_sets: false,
                rtp_timestamp: buffered.rtp_timestamp,
                first_arrival: *arrival,
                last_arrival: *arrival,
            });
            frame.first_arrival = frame.first_arrival.min(*arrival);
            frame.last_arrival = frame.last_arrival.max(*arrival);
            frame.parameter_sets |= flags.parameter_sets();
            frame.payloads.push(payload.clone());
            if before.is_some_and(|before| buffered.shows_marker_within_picture(&before)) {
                self.markers.within_picture();
            }
            before = Some(buffered);
        }
        if begins != Some(Begins::Rest) {
            self.markers.whole_picture(slices);
        }
        if let Some(frame) = &frame {
            self.released_time = frame.rtp_timestamp;
            if key {
                self.key_frames_have_sets = frame.parameter_sets;
            }
        }
        self.move_on_to(end + 1);
        self.released_to = end + 1;
        frame
    }

    /// Moves on behind packets without a picture, and keeps their parameter sets.
    fn keep_parameter_sets(&mut self, end: u64) {
        let rest = self.packets.split_off(&(end + 1));
        for (_, buffered) in std::mem::replace(&mut self.packets, rest) {
            self.keep(&buffered.packet);
        }
        self.move_on_to(end + 1);
        self.released_to = end + 1;
    }

    /// Keeps the parameter sets of a packet that goes.
    fn keep(&mut self, packet: &VideoPacket) {
        self.bytes -= packet.payload.len();
        self.known.sps |= packet.flags.sps;
        self.known.pps |= packet.flags.pps;
        // A set may be in several fragments, of which only the first tells.
        let fragment = packet.flags.begins == Begins::Rest && !packet.flags.picture;
        if packet.flags.parameter_sets() || fragment {
            self.kept.push(packet.payload.clone());
        }
    }

    /// Since when packets have been here behind a hole; `None` when there is no hole.
    fn hole(&self, next: u64) -> Option<Instant> {
        let behind = self
            .packets
            .range(next..)
            .zip(next..)
            .find(|((sequence, _), expected)| *sequence != expected);
        let ((&behind, _), _) = behind?;
        self.packets.range(behind..).map(|(_, buffered)| buffered.packet.arrival).min()
    }

    fn move_on_to(&mut self, next: u64) {
        self.next = Some(next);
        self.floor = next;
    }

    /// Drops everything before a key frame and goes on with it.
    fn continue_at(&mut self, key: u64) {
        self.drop_below(key);
        self.move_on_to(key);
        self.key_frame_wanted = false;
    }

    /// While a key frame is looked for, packets from before the last sign of one are of no use.
    fn drop_what_no_key_frame_needs(&mut self) {
        let sign =
            self.packets.iter().rev().find(|(_, buffered)| buffered.packet.flags.of_key_frame());
        let keep = match sign {
            Some((&sequence, buffered)) => {
                let rtp_timestamp = buffered.rtp_timestamp;
                let of_it = self
                    .packets
                    .range(..sequence)
                    .rev()
                    .take_while(|(_, buffered)| buffered.rtp_timestamp == rtp_timestamp);
                of_it.last().map_or(sequence, |(&first, _)| first)
            }
            // By the last packet it is known whether the next one begins a frame.
            None => self.packets.keys().next_back().copied().unwrap_or(self.floor),
        };
        self.drop_below(keep);
    }

    fn give_up_everything(&mut self) {
        let end = self.packets.keys().next_back().map_or(self.floor, |&last| last + 1);
        self.next = None;
        self.key_frame_wanted = true;
        self.drop_below(end);
    }

    fn drop_below(&mut self, sequence: u64) {
        let rest = self.packets.split_off(&sequence);
        let mut dropped_time = None;
        for (dropped, buffered) in std::mem::replace(&mut self.packets, rest) {
            // Not up to `sequence`: what is missing right before it may still come and belong to
            // it.
            self.floor = self.floor.max(dropped + 1);
            self.keep(&buffered.packet);
            if buffered.packet.flags.picture && dropped_time != Some(buffered.rtp_timestamp) {
                dropped_time = Some(buffered.rtp_timestamp);
                self.frames_dropped += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
