//! A leaky-bucket pacer: packets go in by class, and come out so that the network is not hit by bursts.
//!
//! What always holds: audio leaves at once and never waits behind video; repairs leave before new video; the frames of
//! the video queue keep their order and are dropped only whole, before the first packet of them has left. Pure: time
//! is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use visavis_media::units::Bitrate;

/// So much may leave ahead of the rate: packets closer together than this don't matter, and timers are no finer.
const BURST: Duration = Duration::from_millis(3);
/// New video that would have to wait longer than this is worthless.
const MAX_VIDEO_DELAY: Duration = Duration::from_millis(400);
/// The most repairs that wait.
const MAX_REPAIRS: usize = 256;
/// The most audio packets that wait; they only do while the driver is busy.
const MAX_AUDIO: usize = 64;

#[derive(Debug)]
struct Queued<P> {
    packet: P,
    bytes: usize,
}

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
    /// The queue was too long: it was emptied, and this frame was dropped too. Go on with a key frame.
    Dropped,
}

/// The pacer.
#[derive(Debug)]
pub struct Pacer<P> {
    rate: Bitrate,
    audio: VecDeque<Queued<P>>,
    repairs: VecDeque<Queued<P>>,
    video: VecDeque<QueuedFrame<P>>,
    video_bytes: usize,
    /// When what has left would all have left at the rate.
    free_at: Instant,
}

impl<P> Pacer<P> {
    /// An empty pacer.
    #[must_use]
    pub fn new(rate: Bitrate, now: Instant) -> Self {
        Self {
            rate,
            audio: VecDeque::new(),
            repairs: VecDeque::new(),
            video: VecDeque::new(),
            video_bytes: 0,
            free_at: now,
        }
    }

    /// Sets how fast video and repairs leave.
    pub fn set_rate(&mut self, rate: Bitrate) {
        self.rate = rate.max(Bitrate::from_kbps(50));
    }

    /// Puts an audio packet in. The oldest is dropped when too many wait.
    pub fn push_audio(&mut self, packet: P, bytes: usize) {
        if self.audio.len() >= MAX_AUDIO {
            self.audio.pop_front();
        }
        self.audio.push_back(Queued { packet, bytes });
    }

    /// Puts a repair in. It is dropped when too many wait: it would come too late.
    pub fn push_repair(&mut self, packet: P, bytes: usize) {
        if self.repairs.len() < MAX_REPAIRS {
            self.repairs.push_back(Queued { packet, bytes });
        }
    }

    /// Puts a video frame in: its packets and their sizes in bytes.
    pub fn push_video(&mut self, packets: impl IntoIterator<Item = (P, usize)>) -> Enqueued {
        if self.rate.time_for(self.video_bytes) > MAX_VIDEO_DELAY {
            self.drop_waiting_video();
            return Enqueued::Dropped;
        }
        let packets: VecDeque<_> = packets.into_iter().map(|(packet, bytes)| Queued { packet, bytes }).collect();
        if !packets.is_empty() {
            self.video_bytes += packets.iter().map(|queued| queued.bytes).sum::<usize>();
            self.video.push_back(QueuedFrame { packets, begun: false });
        }
        Enqueued::Queued
    }

    /// The packet to send now. Call until it gives nothing.
    pub fn pop(&mut self, now: Instant) -> Option<P> {
        let queued = match self.audio.pop_front() {
            Some(audio) => audio,
            None if now + BURST < self.free_at => return None,
            None => match self.repairs.pop_front() {
                Some(repair) => repair,
                None => self.pop_video()?,
            },
        };
        // A bucket that was empty for a while does not save up for a burst.
        self.free_at = self.free_at.max(now) + self.rate.time_for(queued.bytes);
        Some(queued.packet)
    }

    /// When to call [`Self::pop`] again.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Instant> {
        let waits = !self.audio.is_empty() || !self.repairs.is_empty() || !self.video.is_empty();
        waits.then(|| self.free_at.checked_sub(BURST).unwrap_or(self.free_at))
    }

    /// How long the video queue is, in time at the current rate.
    #[must_use]
    pub fn video_delay(&self) -> Duration {
        self.rate.time_for(self.video_bytes)
    }

    fn pop_video(&mut self) -> Option<Queued<P>> {
        let frame = self.video.front_mut()?;
        let queued = frame.packets.pop_front();
        frame.begun = true;
        if frame.packets.is_empty() {
            self.video.pop_front();
        }
        self.video_bytes -= queued.as_ref().map_or(0, |queued| queued.bytes);
        queued
    }

    /// Everything but the frame that is on its way already, whose receiver counts on its end.
    fn drop_waiting_video(&mut self) {
        self.video.retain(|frame| frame.begun);
        self.video_bytes = self.video.iter().flat_map(|frame| &frame.packets).map(|queued| queued.bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn drain(pacer: &mut Pacer<u32>, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| pacer.pop(now)).collect()
    }

    #[test]
    fn audio_overtakes_repairs_and_repairs_overtake_video() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(100_000), now);
        pacer.push_video([(1, 1000), (2, 1000)]);
        pacer.push_repair(3, 1000);
        pacer.push_audio(4, 100);
        assert_eq!(drain(&mut pacer, now), [4, 3, 1, 2]);
        assert_eq!(pacer.next_wakeup(), None);
    }

    #[test]
    fn audio_leaves_at_once_even_behind_a_huge_key_frame() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(300), now);
        pacer.push_video((0..60).map(|n| (n, 1200)));
        let _ = drain(&mut pacer, now);
        pacer.push_audio(999, 100);
        assert_eq!(drain(&mut pacer, now), [999]);
    }

    #[test]
    fn video_leaves_at_the_rate() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(960), start);
        // 120 bytes per millisecond, so one packet every 10 ms.
        pacer.push_video((0..30).map(|n| (n, 1200)));
        let sent = (0..100).map(|ms| drain(&mut pacer, start + ms * MS).len()).collect::<Vec<_>>();
        assert_eq!(sent.iter().sum::<usize>(), 11);
        assert!(sent.iter().all(|at_once| *at_once <= 1), "{sent:?}");
    }

    #[test]
    fn an_idle_time_is_not_saved_up_for_a_burst() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(960), start);
        pacer.push_video((0..30).map(|n| (n, 1200)));
        assert_eq!(drain(&mut pacer, start + 10_000 * MS).len(), 1);
    }

    #[test]
    fn on_a_fast_link_a_whole_frame_leaves_within_a_few_milliseconds() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(50_000), start);
        pacer.push_video((0..20).map(|n| (n, 1200)));
        let sent: usize = (0..3).map(|ms| drain(&mut pacer, start + ms * MS).len()).sum();
        assert_eq!(sent, 20);
    }

    #[test]
    fn the_video_queue_is_bounded_and_a_frame_on_its_way_is_finished() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(960), start);
        assert_eq!(pacer.push_video((0..30).map(|n| (n, 1200))), Enqueued::Queued);
        assert_eq!(drain(&mut pacer, start), [0]);
        assert_eq!(pacer.push_video((100..120).map(|n| (n, 1200))), Enqueued::Queued);
        assert_eq!(pacer.push_video((200..201).map(|n| (n, 1200))), Enqueued::Dropped);
        let mut sent = Vec::new();
        for ms in 0..1000 {
            sent.extend(drain(&mut pacer, start + ms * MS));
        }
        assert_eq!(sent, (1..30).collect::<Vec<_>>());
        assert_eq!(pacer.push_video([(300, 1200)]), Enqueued::Queued);
    }

    #[test]
    fn repairs_and_audio_that_nobody_takes_are_bounded() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(960), start);
        for n in 0..10_000 {
            pacer.push_audio(n, 100);
            pacer.push_repair(n, 100);
        }
        assert_eq!(pacer.audio.len(), MAX_AUDIO);
        assert_eq!(pacer.repairs.len(), MAX_REPAIRS);
    }
}
