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
    pacer.push_retransmission(3, 1000, now);
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
    pacer.push_retransmission(3, 1000, now);
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
    pacer.push_retransmission(1, 1000, start + 15 * MS);
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
            drain(&mut pacer, start + ms * MS).into_iter().filter(|n| *n >= 100).map(|n| (n, ms)),
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
    pacer.push_retransmission(2, 1000, now);
    pacer.push_retransmission(3, 1000, now);
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
        pacer.push_retransmission(n, 100, start);
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
                Put::Retransmission => pacer.push_retransmission(u32::MAX, 1000, now),
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
