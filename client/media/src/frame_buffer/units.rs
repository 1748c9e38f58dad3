//! Where the frames in the buffer begin and end.
//!
//! In: the packets that are here, without a gap from one on. Out: what they make up. Pure.

use std::time::{Duration, Instant};

use super::{Begins, Buffered, FrameBuffer, VideoPacket};

/// How long more slices are waited for behind a marker, of a sender who sets it within pictures.
pub(super) const REST_PATIENCE: Duration = Duration::from_millis(50);

/// What the packets from one on make up.
pub(super) enum Unit {
    /// A whole frame, or what comes before one; up to this packet.
    Whole { end: u64, picture: bool },
    /// A frame that may be whole, or go on behind its marker; since when nothing more came.
    Perhaps { end: u64, since: Instant },
    /// Something that is not whole.
    Incomplete,
}

impl Buffered {
    /// Whether it is no part of what ends with `before`, a picture or what comes before one.
    fn ends_unit(&self, before: &Self, picture: bool) -> bool {
        let begins = self.packet.flags.begins;
        self.rtp_timestamp != before.rtp_timestamp
            || (picture && begins == Begins::AccessUnit)
            || (picture && before.packet.marker && begins == Begins::Picture)
    }

    /// Whether it goes on with a picture that `before` ends by its marker. A marker within a NAL
    /// unit says nothing.
    pub(super) fn shows_marker_within_picture(&self, before: &Self) -> bool {
        let VideoPacket { marker, flags, .. } = before.packet;
        marker && flags.picture && !flags.unfinished && self.goes_on_with(before)
    }

    /// Whether it goes on with the picture, or the NAL unit, that `before` is a part of.
    pub(super) fn goes_on_with(&self, before: &Self) -> bool {
        self.rtp_timestamp == before.rtp_timestamp
            && (before.packet.flags.unfinished
                || (before.packet.flags.picture && self.packet.flags.begins == Begins::Rest))
    }
}

impl FrameBuffer {
    /// What the packets from `first` on make up.
    pub(super) fn unit(&self, first: u64) -> Unit {
        let Some(begin) = self.packets.get(&first) else { return Unit::Incomplete };
        let (mut picture, mut slices) = (false, 0);
        let (mut before, mut perhaps) = (begin, None);
        for (expected, (&sequence, buffered)) in (first..).zip(self.packets.range(first..)) {
            if sequence != expected {
                return Unit::Incomplete;
            }
            // A sender that sets no marker bits, or parameter sets that belong to what follows.
            if sequence != first && buffered.ends_unit(before, picture) {
                return Unit::Whole { end: expected - 1, picture };
            }
            let flags = buffered.packet.flags;
            picture |= flags.picture;
            slices += u32::from(flags.slices);
            // Padding behind a picture is no more of it.
            if !buffered.packet.payload.is_empty() {
                perhaps = None;
            }
            if buffered.packet.marker && !flags.unfinished {
                let goes_on = self
                    .packets
                    .get(&(sequence + 1))
                    .is_some_and(|after| picture && after.goes_on_with(buffered));
                if !goes_on && (!picture || self.markers.end_picture_of(slices)) {
                    return Unit::Whole { end: sequence, picture };
                }
                perhaps = Some((sequence, buffered.packet.arrival));
            }
            before = buffered;
        }
        match perhaps {
            Some((end, since)) => Unit::Perhaps { end, since },
            None => Unit::Incomplete,
        }
    }

    /// Where the frame that begins at `first` ends, if nothing of it is missing, and whether it is
    /// one: what comes before a picture ends as well.
    pub(super) fn whole(&self, first: u64, now: Instant) -> Option<(u64, bool)> {
        match self.unit(first) {
            Unit::Whole { end, picture } => Some((end, picture)),
            Unit::Perhaps { end, since } if now.duration_since(since) >= REST_PATIENCE => {
                Some((end, true))
            }
            Unit::Perhaps { .. } | Unit::Incomplete => None,
        }
    }

    /// The first packet of the latest whole key frame.
    pub(super) fn whole_key_frame(&self, now: Instant, patience: Duration) -> Option<u64> {
        let mut before = u64::MAX;
        loop {
            let flags = |(_, buffered): &(&u64, &Buffered)| buffered.packet.flags.of_key_frame();
            let (&sequence, buffered) = self.packets.range(..before).rev().find(flags)?;
            let (first, mut sure) = self.first_of_frame(sequence, buffered.rtp_timestamp);
            if !sure && let Some(buffered) = self.packets.get(&first) {
                // A sender whose key frames have no parameter sets begins them with a slice.
                let waited = now.duration_since(buffered.packet.arrival) >= patience;
                sure = buffered.packet.flags.begins == Begins::Picture
                    && (waited || !self.key_frames_have_sets);
            }
            if sure
                && let Some((end, true)) = self.whole(first, now)
                && self.is_key(first, end)
            {
                return Some(first);
            }
            before = first;
        }
    }

    /// The earliest packet of a frame from which on nothing is missing, and whether the frame
    /// surely begins with it.
    fn first_of_frame(&self, within: u64, rtp_timestamp: u64) -> (u64, bool) {
        let mut first = within;
        for (&sequence, buffered) in self.packets.range(..within).rev() {
            if sequence + 1 != first {
                break;
            }
            let goes_on =
                self.packets.get(&first).is_some_and(|after| after.goes_on_with(buffered));
            if buffered.rtp_timestamp != rtp_timestamp || (buffered.packet.marker && !goes_on) {
                return (first, true);
            }
            first = sequence;
        }
        // What came right before it is not here. An encoder begins a key frame with a delimiter or
        // its SPS.
        let begins = self
            .packets
            .get(&first)
            .is_some_and(|buffered| buffered.packet.flags.delimiter || buffered.packet.flags.sps);
        (first, begins || first == self.released_to)
    }

    pub(super) fn is_key(&self, first: u64, end: u64) -> bool {
        let mut flags = self.known;
        // Those before it are kept when it is taken.
        for (_, buffered) in self.packets.range(..=end) {
            flags.sps |= buffered.packet.flags.sps;
            flags.pps |= buffered.packet.flags.pps;
        }
        let idr = self.packets.range(first..=end).any(|(_, buffered)| buffered.packet.flags.idr);
        let rest = self
            .packets
            .get(&first)
            .is_some_and(|buffered| buffered.packet.flags.begins == Begins::Rest);
        idr && !rest && flags.sps && flags.pps
    }
}
