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
    /// The queue was too long: it was emptied, and this frame was dropped too. Go on with a key
    /// frame.
    Dropped,
}

/// The pacer.
#[derive(Debug)]
pub struct Pacer<P> {
    rate: Bitrate,
    audio: VecDeque<Queued<P>>,
    retransmissions: VecDeque<Queued<P>>,
    /// Retransmissions that may not leave yet, in order.
    late_retransmissions: VecDeque<(Instant, Queued<P>)>,
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
    /// Only audio leaves.
    paused: bool,
}

impl<P> Pacer<P> {
    /// An empty pacer.
    #[must_use]
    pub fn new(rate: Bitrate, now: Instant) -> Self {
        Self {
            rate,
            audio: VecDeque::new(),
            retransmissions: VecDeque::new(),
            late_retransmissions: VecDeque::new(),
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
        self.audio.push_back(Queued { packet, bytes });
    }

    /// Puts a retransmission in. It is dropped when too many wait: it would come too late.
    pub fn push_retransmission(&mut self, packet: P, bytes: usize) {
        if self.retransmissions.len() < MAX_RETRANSMISSIONS {
            self.retransmissions.push_back(Queued { packet, bytes });
        }
    }

    /// Puts a retransmission in that may not leave before this moment.
    pub fn push_retransmission_at(&mut self, packet: P, bytes: usize, at: Instant) {
        if self.late_retransmissions.len() < MAX_RETRANSMISSIONS {
            let index = self.late_retransmissions.partition_point(|(other, _)| *other <= at);
            self.late_retransmissions.insert(index, (at, Queued { packet, bytes }));
        }
    }

    /// Puts a FEC packet in, behind the video that it protects. It is dropped when too many
    /// wait.
    pub fn push_fec(&mut self, packet: P, bytes: usize) {
        if self.fec.len() < MAX_FEC {
            self.fec.push_back(Queued { packet, bytes });
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
        self.probes = packets.into_iter().map(|(packet, bytes)| Queued { packet, bytes }).collect();
        self.probe_rate = rate;
        self.probe_at = Some(now);
    }

    /// Puts a video frame in: its packets and their sizes in bytes.
    pub fn push_video(&mut self, packets: impl IntoIterator<Item = (P, usize)>) -> Enqueued {
        if self.rate.time_for(self.video_bytes) > MAX_VIDEO_DELAY {
            self.drop_waiting_video();
            return Enqueued::Dropped;
        }
        let packets: VecDeque<_> =
            packets.into_iter().map(|(packet, bytes)| Queued { packet, bytes }).collect();
        if !packets.is_empty() {
            self.video_bytes += packets.iter().map(|queued| queued.bytes).sum::<usize>();
            self.video.push_back(QueuedFrame { packets, begun: false });
        }
        Enqueued::Queued
    }

    /// The packet to send now. Call until it gives nothing.
    pub fn pop(&mut self, now: Instant) -> Option<P> {
        self.polled = now;
        while let Some((_, retransmission)) =
            self.late_retransmissions.pop_front_if(|(at, _)| *at <= now)
        {
            self.retransmissions.push_back(retransmission);
        }
        let queued = match self.audio.pop_front() {
            Some(audio) => audio,
            None if self.paused => return None,
            None => match self.pop_probe(now) {
                Some(probe) => probe,
                None if now + BURST < self.free_at => return None,
                None => match self.retransmissions.pop_front().or_else(|| self.fec.pop_front()) {
                    Some(queued) => queued,
                    None => self.pop_video()?,
                },
            },
        };
        // A bucket that was empty for a while does not save up for a burst.
        self.free_at = self.free_at.max(now) + self.rate.time_for(queued.bytes);
        Some(queued.packet)
    }

    /// When to call [`Self::pop`] again.
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Instant> {
        let audio = (!self.audio.is_empty()).then_some(self.polled);
        if self.paused {
            return audio;
        }
        let waits =
            !self.retransmissions.is_empty() || !self.fec.is_empty() || !self.video.is_empty();
        let media = waits.then(|| self.free_at.checked_sub(BURST).unwrap_or(self.free_at));
        let probe = self.probe_at.filter(|_| !self.probes.is_empty());
        let late = self.late_retransmissions.front().map(|(at, _)| *at);
        [audio, media, probe, late].into_iter().flatten().min()
    }

    /// A probe leaves when its cluster says so: late, it would measure something else.
    fn pop_probe(&mut self, now: Instant) -> Option<Queued<P>> {
        let at = self.probe_at.filter(|at| *at <= now)?;
        let Some(probe) = self.probes.pop_front() else {
            self.probe_at = None;
            return None;
        };
        self.probe_at = Some(at + self.probe_rate.time_for(probe.bytes));
        Some(probe)
    }

    /// How long the retransmissions that wait would take at this rate, which may be below the
    /// pacer's.
    #[must_use]
    pub fn retransmission_delay(&self, rate: Bitrate) -> Duration {
        let late = self
            .late_retransmissions
            .iter()
            .map(|(_, retransmission)| retransmission.bytes)
            .sum::<usize>();
        rate.time_for(
            late + self
                .retransmissions
                .iter()
                .map(|retransmission| retransmission.bytes)
                .sum::<usize>(),
        )
    }

    /// Drops all video with its retransmissions and FEC packets; the next frame is to be a key
    /// frame.
    pub fn drop_video(&mut self) {
        self.retransmissions.clear();
        self.late_retransmissions.clear();
        self.fec.clear();
        self.video.clear();
        self.video_bytes = 0;
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
        self.video_bytes =
            self.video.iter().flat_map(|frame| &frame.packets).map(|queued| queued.bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn drain(pacer: &mut Pacer<u32>, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| pacer.pop(now)).collect()
    }

    #[test]
    fn audio_overtakes_retransmissions_and_retransmissions_overtake_video() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(100_000), now);
        pacer.push_video([(1, 1000), (2, 1000)]);
        pacer.push_retransmission(3, 1000);
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
    fn fec_leaves_before_the_next_video_and_behind_repairs() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(100_000), now);
        pacer.push_video([(1, 1000)]);
        pacer.push_fec(2, 1000);
        pacer.push_retransmission(3, 1000);
        assert_eq!(drain(&mut pacer, now), [3, 2, 1]);
    }

    #[test]
    fn a_pause_holds_video_back_and_ends_a_cluster_of_probes() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(100_000), start);
        pacer.push_probes((0..5).map(|n| (n, 1000)), Bitrate::from_kbps(800), start);
        pacer.push_video([(10, 1000)]);
        assert_eq!(pacer.pop(start), Some(0));
        pacer.pause_all_but_audio(true);
        pacer.push_audio(20, 100);
        assert_eq!((drain(&mut pacer, start + 50 * MS), pacer.next_wakeup()), (vec![20], None));
        pacer.pause_all_but_audio(false);
        assert_eq!(drain(&mut pacer, start + 100 * MS), [10]);
    }

    #[test]
    fn a_late_retransmission_waits_for_its_time() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(100_000), start);
        pacer.push_retransmission_at(1, 1000, start + 15 * MS);
        assert_eq!(
            (drain(&mut pacer, start + 14 * MS), pacer.next_wakeup()),
            (vec![], Some(start + 15 * MS))
        );
        assert_eq!((drain(&mut pacer, start + 15 * MS), pacer.next_wakeup()), (vec![1], None));
    }

    #[test]
    fn a_cluster_of_probes_leaves_at_its_own_rate() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(300), start);
        pacer.push_video((0..10).map(|n| (n, 1200)));
        let _ = drain(&mut pacer, start);
        // 120 bytes per millisecond.
        pacer.push_probes((100..105).map(|n| (n, 1200)), Bitrate::from_kbps(960), start);
        let mut left = Vec::new();
        for ms in 0..50 {
            left.extend(
                drain(&mut pacer, start + ms * MS)
                    .into_iter()
                    .filter(|n| *n >= 100)
                    .map(|n| (n, ms)),
            );
        }
        assert_eq!(left, [(100, 0), (101, 10), (102, 20), (103, 30), (104, 40)]);
        for ms in 50..5000 {
            let _ = drain(&mut pacer, start + ms * MS);
        }
        assert_eq!(pacer.next_wakeup(), None);
    }

    #[test]
    fn when_video_is_dropped_audio_and_probes_stay() {
        let now = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(100_000), now);
        pacer.push_video([(1, 1000)]);
        pacer.push_retransmission(2, 1000);
        pacer.push_retransmission_at(3, 1000, now);
        pacer.push_fec(4, 1000);
        pacer.push_audio(5, 100);
        assert_eq!(pacer.retransmission_delay(Bitrate::from_kbps(160)), 100 * MS);
        pacer.drop_video();
        assert_eq!(
            (drain(&mut pacer, now), pacer.retransmission_delay(Bitrate::from_kbps(160))),
            (vec![5], Duration::ZERO)
        );
    }

    #[test]
    fn repairs_and_audio_that_nobody_takes_are_bounded() {
        let start = Instant::now();
        let mut pacer = Pacer::new(Bitrate::from_kbps(960), start);
        for n in 0..10_000 {
            pacer.push_audio(n, 100);
            pacer.push_retransmission(n, 100);
            pacer.push_fec(n, 100);
        }
        assert_eq!(pacer.fec.len(), MAX_FEC);
        assert_eq!(pacer.audio.len(), MAX_AUDIO);
        assert_eq!(pacer.retransmissions.len(), MAX_RETRANSMISSIONS);
    }

    /// What may be put into a pacer.
    #[derive(Debug, Clone, Copy)]
    enum Put {
        Audio,
        Retransmission,
        Fec,
        Probes(u8),
        Video(u8),
    }

    fn put() -> impl Strategy<Value = Put> {
        prop_oneof![
            Just(Put::Audio),
            Just(Put::Retransmission),
            Just(Put::Fec),
            (1..8u8).prop_map(Put::Probes),
            (1..60u8).prop_map(Put::Video),
        ]
    }

    proptest! {
        #[test]
        fn audio_never_waits_whatever_else_does(
            kbps in 50..20_000u64,
            puts in proptest::collection::vec((put(), 0..30u32), 1..200),
        ) {
            let mut now = Instant::now();
            let mut pacer = Pacer::new(Bitrate::from_kbps(kbps), now);
            for (n, (put, pause)) in (0u32..).zip(puts) {
                match put {
                    Put::Audio => {
                        pacer.push_audio(n, 100);
                        prop_assert!(pacer.next_wakeup().is_some_and(|at| at <= now));
                        prop_assert_eq!(pacer.pop(now), Some(n));
                    }
                    Put::Retransmission => pacer.push_retransmission(u32::MAX, 1000),
                    Put::Fec => pacer.push_fec(u32::MAX, 1000),
                    Put::Probes(count) => {
                        pacer.push_probes((0..count).map(|_| (u32::MAX, 1000)), Bitrate::from_kbps(2 * kbps), now);
                    }
                    Put::Video(count) => {
                        let _ = pacer.push_video((0..count).map(|_| (u32::MAX, 1200)));
                    }
                }
                while pacer.pop(now).is_some() {}
                now += pause * MS;
            }
        }

        #[test]
        fn no_more_leaves_than_the_rate_allows(
            kbps in 100..20_000u64,
            frames in proptest::collection::vec(1..30u8, 1..60),
        ) {
            let start = Instant::now();
            let rate = Bitrate::from_kbps(kbps);
            let mut pacer = Pacer::new(rate, start);
            let mut bytes = 0;
            for ms in 0..2000u32 {
                if ms % 33 == 0 && let Some(count) = frames.get(ms as usize / 33) {
                    let _ = pacer.push_video((0..*count).map(|_| (1, 1200)));
                }
                bytes += 1200 * std::iter::from_fn(|| pacer.pop(start + ms * MS)).count();
                let allowed = rate.bytes_in(ms * MS + BURST) as usize + 1201;
                prop_assert!(bytes <= allowed, "{bytes} bytes after {ms} ms");
            }
        }
    }
}
