//! A leaky-bucket pacer: packets go in by class, and come out so that the network is not hit by
//! bursts.
//!
//! What always holds, each time a packet is taken out:
//! - audio comes first, whatever the rate and even during a pause; it counts against the rate;
//! - a probe comes next, when the time has come that its cluster's own rate sets;
//! - then, as far as the rate allows, retransmissions, FEC packets and video, in this order;
//! - the frames of the video queue keep their order. [`Pacer::push_video`] drops whole frames only,
//!   before the first packet of them has left; [`Pacer::drop_video`] also drops the rest of a frame
//!   that has begun;
//! - each queue is bounded, by packets or, for video, by the time that it takes at the rate. Probes
//!   are bounded by the one cluster that can wait.
//!
//! It does not split the rate among the classes: retransmissions can hold video up, which is why
//! [`Pacer::retransmission_delay`] tells how long they take. Pure: time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

/// So much may leave ahead of the rate: packets closer together than this don't matter, and timers
/// are no finer.
const BURST: Duration = Duration::from_millis(3);
/// New video that would have to wait longer than this is worthless.
const MAX_VIDEO_DELAY: Duration = Duration::from_millis(400);
/// The most retransmissions that wait.
const MAX_RETRANSMISSIONS: usize = 256;
/// The most FEC packets that wait: those of two large frames.
const MAX_FEC: usize = 96;
/// The most audio packets that wait; they only do while the sending task is busy.
const MAX_AUDIO: usize = 64;

/// A packet, and its size in bytes.
type Queued<P> = (P, usize);

#[derive(Debug)]
struct QueuedFrame<P> {
    packets: VecDeque<Queued<P>>,
    begun: bool,
}

/// What became of a video frame that was put into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// It will be sent.
    Queued,
    /// The queue was too long: it was emptied, and this frame was dropped too. Go on with a key
    /// frame.
    Dropped,
}

/// The queues of packets that wait, and the rate at which they leave.
#[derive(Debug)]
pub struct Pacer<P> {
    rate: Bitrate,
    audio: VecDeque<Queued<P>>,
    /// With the moment from which each may leave, in this order.
    retransmissions: VecDeque<(Instant, Queued<P>)>,
    fec: VecDeque<Queued<P>>,
    /// A cluster of packets, and the rate at which they are to leave whatever else does.
    probes: VecDeque<Queued<P>>,
    probe_rate: Bitrate,
    probe_at: Option<Instant>,
    video: VecDeque<QueuedFrame<P>>,
    video_bytes: usize,
    /// When what has left would all have left at the rate.
    free_at: Instant,
    /// When a packet was last to be taken out.
    polled: Instant,
    /// Whether only audio leaves.
    paused: bool,
}

impl<P> Pacer<P> {
    /// A pacer in which nothing waits.
    #[must_use]
    pub fn new(rate: Bitrate, now: Instant) -> Self {
        Self {
            rate,
            audio: VecDeque::new(),
            retransmissions: VecDeque::new(),
            fec: VecDeque::new(),
            probes: VecDeque::new(),
            probe_rate: rate,
            probe_at: None,
            video: VecDeque::new(),
            video_bytes: 0,
            free_at: now,
            polled: now,
            paused: false,
        }
    }

    /// Lets nothing but audio out, or everything again. A cluster of probes does not survive it:
    /// late, all of it would leave at once.
    pub fn pause_all_but_audio(&mut self, paused: bool) {
        self.paused = paused;
        if paused {
            self.probes.clear();
        }
    }

    /// Sets how fast video and retransmissions leave.
    pub fn set_rate(&mut self, rate: Bitrate) {
        self.rate = rate.max(Bitrate::from_kbps(50));
    }

    /// Puts an audio packet in. The oldest is dropped when too many wait.
    pub fn push_audio(&mut self, packet: P, bytes: usize) {
        if self.audio.len() >= MAX_AUDIO {
            self.audio.pop_front();
        }
        self.audio.push_back((packet, bytes));
    }

    /// Puts a retransmission in that may not leave before this moment. It is dropped when too many
    /// wait: it would come too late.
    pub fn push_retransmission(&mut self, packet: P, bytes: usize, at: Instant) {
        if self.retransmissions.len() < MAX_RETRANSMISSIONS {
            let index = self.retransmissions.partition_point(|(other, _)| *other <= at);
            self.retransmissions.insert(index, (at, (packet, bytes)));
        }
    }

    /// Puts a FEC packet in, behind the video that it protects. It is dropped when too many
    /// wait.
    pub fn push_fec(&mut self, packet: P, bytes: usize) {
        if self.fec.len() < MAX_FEC {
            self.fec.push_back((packet, bytes));
        }
    }

    /// Puts a cluster of probes in, to leave from now on at this rate. It takes the place of one
    /// that still waits.
    pub fn push_probes(
        &mut self,
        packets: impl IntoIterator<Item = (P, usize)>,
        rate: Bitrate,
        now: Instant,
    ) {
        self.probes = packets.into_iter().collect();
        self.probe_rate = rate;
        self.probe_at = Some(now);
    }

    /// Puts a video frame in: its packets and their sizes in bytes.
    pub fn push_video(&mut self, packets: impl IntoIterator<Item = (P, usize)>) -> Enqueued {
        if self.rate.time_for(self.video_bytes) > MAX_VIDEO_DELAY {
            self.drop_waiting_video();
            return Enqueued::Dropped;
        }
        let packets: VecDeque<_> = packets.into_iter().collect();
        if !packets.is_empty() {
            self.video_bytes += packets.iter().map(|(_, bytes)| bytes).sum::<usize>();
            self.video.push_back(QueuedFrame { packets, begun: false });
        }
        Enqueued::Queued
    }

    /// The packet to send now. Call until it gives nothing.
    pub fn pop(&mut self, now: Instant) -> Option<P> {
        self.polled = now;
        let (packet, bytes) = match self.audio.pop_front() {
            Some(audio) => audio,
            None if self.paused => return None,
            None => match self.pop_probe(now) {
                Some(probe) => probe,
                None if now + BURST < self.free_at => return None,
                None => match self.retransmissions.pop_front_if(|(at, _)| *at <= now) {
                    Some((_, retransmission)) => retransmission,
                    None => self.fec.pop_front().or_else(|| self.pop_video())?,
                },
            },
        };
        // A bucket that was empty for a while does not save up for a burst.
        self.free_at = self.free_at.max(now) + self.rate.time_for(bytes);
        Some(packet)
    }

    /// When to call [`Self::pop`] again.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Instant> {
        let audio = (!self.audio.is_empty()).then_some(self.polled);
        if self.paused {
            return audio;
        }
        let probe = self.probe_at.filter(|_| !self.probes.is_empty());
        let (due, later) = match self.retransmissions.front() {
            Some((at, _)) if *at <= self.polled => (true, None),
            front => (false, front.map(|(at, _)| *at)),
        };
        let waits = due || !self.fec.is_empty() || !self.video.is_empty();
        let media = waits.then(|| self.free_at.checked_sub(BURST).unwrap_or(self.free_at));
        [audio, probe, later, media].into_iter().flatten().min()
    }

    /// A probe leaves when its cluster says so: late, it would measure something else.
    fn pop_probe(&mut self, now: Instant) -> Option<Queued<P>> {
        let at = self.probe_at.filter(|at| *at <= now)?;
        let probe = self.probes.pop_front();
        self.probe_at = probe.as_ref().map(|(_, bytes)| at + self.probe_rate.time_for(*bytes));
        probe
    }

    /// How long the retransmissions that wait would take at this rate, which may be below the
    /// pacer's.
    #[must_use]
    pub fn retransmission_delay(&self, rate: Bitrate) -> Duration {
        rate.time_for(self.retransmissions.iter().map(|(_, (_, bytes))| bytes).sum())
    }

    /// Drops all video with its retransmissions and FEC packets; the next frame is to be a key
    /// frame.
    pub fn drop_video(&mut self) {
        self.retransmissions.clear();
        self.fec.clear();
        self.video.clear();
        self.video_bytes = 0;
    }

    fn pop_video(&mut self) -> Option<Queued<P>> {
        let frame = self.video.front_mut()?;
        let queued = frame.packets.pop_front();
        frame.begun = true;
        if frame.packets.is_empty() {
            self.video.pop_front();
        }
        self.video_bytes -= queued.as_ref().map_or(0, |(_, bytes)| *bytes);
        queued
    }

    /// Everything but the frame that is on its way already, whose receiver counts on its end.
    fn drop_waiting_video(&mut self) {
        self.video.retain(|frame| frame.begun);
        self.video_bytes =
            self.video.iter().flat_map(|frame| &frame.packets).map(|(_, bytes)| bytes).sum();
    }
}

#[cfg(test)]
mod tests;
