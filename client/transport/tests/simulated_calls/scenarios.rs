//! The networks, and what calls over them must be like.

use std::time::Duration;

use visavis_link::{Conditions, Loss, Rate, Timeline};

use crate::call::{Outcome, call, call_with_seed};

/// So many calls where luck decides.
const CALLS: u64 = 8;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn path(rtt: u64) -> Conditions {
    Conditions::CLEAR.delay(ms(rtt / 2))
}

fn steady(name: &str, conditions: Conditions) -> Outcome {
    call(name, 30, &Timeline::steady(conditions), true)
}

#[test]
fn a_clean_network_adds_nothing_to_its_delay() {
    let outcome = steady("clean", path(20));
    assert_eq!(outcome.frozen, Duration::ZERO);
    assert!(outcome.glass(0.5) <= ms(10 + 18), "{:?}", outcome.glass(0.5));
    assert!(
        outcome.mean(4, 30, |sample| sample.target) > 2.4e6,
        "the encoder's limit is reached within 4 s"
    );
    assert_eq!((outcome.counts.retransmissions, outcome.plis), (0, 0));
}

#[test]
fn two_per_cent_of_loss_are_hardly_seen() {
    let outcome = steady("loss 2%", path(60).loss(Loss::Random(0.02)));
    assert!(outcome.frozen_share() < 0.01);
    assert!(outcome.glass(0.5) <= ms(70), "{:?}", outcome.glass(0.5));
    assert!(outcome.mean(10, 30, |sample| sample.target) > 2.0e6);
}

#[test]
fn ten_per_cent_of_loss_are_rebuilt_rather_than_requested() {
    let outcome = steady("loss 10%", path(100).loss(Loss::Random(0.10)));
    assert!(outcome.frozen_share() < 0.05);
    assert!(outcome.glass(0.5) <= ms(120), "{:?}", outcome.glass(0.5));
    assert!(outcome.mean(10, 30, |sample| sample.target) > 1.5e6);
}

#[test]
fn ten_per_cent_of_loss_are_retransmitted_for_a_peer_without_error_correction() {
    let conditions = path(100).loss(Loss::Random(0.10));
    let outcome = call("loss 10%, no FEC", 30, &Timeline::steady(conditions), false);
    assert!(outcome.frozen_share() < 0.15);
    assert!(outcome.fps() > 27.0);
    assert_eq!((outcome.counts.fec_packets, outcome.counts.probes), (0, 0));
}

#[test]
fn bursts_of_loss_freeze_next_to_nothing() {
    // How long the longest burst is decides, and that is luck: the mean of some calls tells.
    let timeline = Timeline::steady(path(60).loss(Loss::Bursts { mean: 0.05, length: 5.0 }));
    let frozen =
        (1..=CALLS).map(|seed| call_with_seed(seed, "bursts", 30, &timeline, true).frozen_share());
    let mean = frozen.sum::<f64>() / CALLS as f64;
    assert!(mean < 0.007, "{:.2}% of the time", mean * 100.0);
}

#[test]
fn packets_that_overtake_each_other_are_waited_for_and_not_requested() {
    let outcome = steady("jitter", Conditions::CLEAR.delay(ms(40)).jitter(ms(30)));
    assert_eq!(outcome.frozen, Duration::ZERO);
    assert!((outcome.counts.retransmissions as f64) < 0.05 * outcome.counts.packets as f64);
    assert!(outcome.glass(0.5) <= ms(110), "{:?}", outcome.glass(0.5));
    assert!(outcome.counts.fec_packets * 20 < outcome.counts.packets, "{:?}", outcome.counts);
}

/// Over 40 ms give or take 30 and otherwise `conditions`, packets in order or not: the outcomes of
/// some calls.
fn with_jitter(conditions: Conditions, in_order: bool) -> Vec<Outcome> {
    let conditions = Conditions { in_order, ..conditions.delay(ms(40)).jitter(ms(30)) };
    let name = format!("jitter, {:?}, in order: {in_order}", conditions.rate);
    let timeline = Timeline::steady(conditions);
    (1..=CALLS).map(|seed| call_with_seed(seed, &name, 30, &timeline, true)).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn assert_jitter_is_no_congestion(in_order: bool) {
    for rate in [None, Some(Rate::from_kbps(8000))] {
        let outcomes = with_jitter(Conditions { rate, ..Conditions::CLEAR }, in_order);
        let target = |outcome: &Outcome| outcome.mean(10, 30, |sample| sample.target);
        let targets: Vec<f64> = outcomes.iter().map(target).collect();
        assert!(targets.iter().all(|target| *target > 1.5e6), "{rate:?}: {targets:?}");
        assert!(median(targets.clone()) > 2.2e6, "{rate:?}: {targets:?}");
    }
}

#[test]
fn jitter_is_no_congestion_where_packets_keep_their_order() {
    assert_jitter_is_no_congestion(true);
}

#[test]
fn jitter_is_no_congestion_where_packets_overtake_each_other() {
    assert_jitter_is_no_congestion(false);
}

#[test]
fn congestion_is_answered_although_there_is_jitter() {
    for in_order in [false, true] {
        let narrow = Conditions::CLEAR.rate(Rate::from_kbps(1000)).queue(ms(300));
        let outcomes = with_jitter(narrow, in_order);
        let of = |value: &dyn Fn(&Outcome) -> f64| median(outcomes.iter().map(value).collect());
        let used = of(&|outcome| outcome.mean(10, 30, |sample| sample.arrived) / 1e6);
        let queue = of(&|outcome| outcome.queue(0.95).as_secs_f64() * 1e3);
        assert!(used > 0.7, "in order: {in_order}: {used:.2} used");
        assert!(queue < 90.0, "in order: {in_order}: {queue:.0} ms");
    }
}

#[test]
fn a_link_that_narrows_is_drained_soon_and_used_again_when_it_widens() {
    let wide = path(40).rate(Rate::from_kbps(3000)).queue(ms(300));
    let timeline = Timeline::steady(wide)
        .then(ms(15_000), wide.rate(Rate::from_kbps(500)))
        .then(ms(30_000), wide);
    let outcome = call("drop", 45, &timeline, true);
    assert!(outcome.worst_queue(18, 30) < ms(150), "{:?}", outcome.worst_queue(18, 30));
    let arrived = |from, to| outcome.mean(from, to, |sample| sample.arrived);
    assert!(arrived(10, 15) > 2.0e6, "before: {}", arrived(10, 15));
    assert!(arrived(25, 30) > 0.4e6, "narrow: {}", arrived(25, 30));
    assert!(arrived(40, 45) > 2.0e6, "after: {}", arrived(40, 45));
    assert!(outcome.longest_gap < ms(500), "{:?}", outcome.longest_gap);
}

#[test]
fn a_narrow_link_carries_fluent_video() {
    let outcome = steady("narrow", path(40).rate(Rate::from_kbps(300)).queue(ms(300)));
    assert_eq!(outcome.frozen, Duration::ZERO);
    assert!(outcome.fps() >= 20.0);
    assert!(outcome.queue(0.95) < ms(100), "{:?}", outcome.queue(0.95));
    assert!(outcome.concealed_share() < 0.004, "{:.2}%", outcome.concealed_share() * 100.0);
}

#[test]
fn thirty_per_cent_of_loss_without_delay_are_no_congestion() {
    let outcome = steady("loss 30%", path(100).loss(Loss::Random(0.30)));
    assert!(outcome.fps() >= 10.0);
    assert!(outcome.mean(10, 30, |sample| sample.target) > 0.5e6);
}

#[test]
fn after_a_blackout_video_is_back_at_once() {
    let timeline =
        Timeline::steady(path(40)).then(ms(12_000), path(40).closed()).then(ms(15_000), path(40));
    let outcome = call("blackout", 30, &timeline, true);
    let back = outcome.video_back(ms(15_000));
    assert!(back.is_some_and(|back| back < ms(500)), "{back:?}");
    assert!(outcome.mean(17, 30, |sample| sample.target) > 1.5e6);
}

#[test]
fn a_link_of_any_rate_is_used_without_a_standing_queue() {
    for kbps in [200, 600, 1000, 1500, 2000] {
        let outcome =
            steady(&format!("{kbps} kbit/s"), path(50).rate(Rate::from_kbps(kbps)).queue(ms(400)));
        let used = outcome.mean(10, 30, |sample| sample.arrived) / kbps as f64 / 1e3;
        assert!(used > 0.7, "{kbps} kbit/s: {used:.2} used");
        assert!(outcome.queue(0.95) < ms(150), "{kbps} kbit/s: {:?}", outcome.queue(0.95));
        assert!(outcome.fps() > 24.0, "{kbps} kbit/s: {} fps", outcome.fps());
    }
}

fn assert_links_are_used_and_their_queues_are_short(loss: Loss) {
    // On the narrowest a full packet alone takes 65 ms, and one on 300 kbit/s 33 ms.
    for (kbps, longest) in [(150, 140.0), (300, 100.0), (600, 70.0), (1200, 65.0), (2500, 65.0)] {
        let conditions = path(40).rate(Rate::from_kbps(kbps)).queue(ms(300)).loss(loss);
        let (name, timeline) = (format!("{kbps} kbit/s, {loss:?}"), Timeline::steady(conditions));
        let outcomes: Vec<Outcome> =
            (1..=12).map(|seed| call_with_seed(seed, &name, 30, &timeline, true)).collect();
        let of = |value: &dyn Fn(&Outcome) -> f64| median(outcomes.iter().map(value).collect());
        let used = of(&|o| o.mean(9, 11, |sample| sample.arrived) / 1e3 / kbps as f64);
        let queue = of(&|o| o.queue(0.95).as_secs_f64() * 1e3);
        assert!(used >= 0.82, "{name}: {used:.2} used");
        assert!(queue <= longest, "{name}: {queue:.0} ms");
    }
}

#[test]
fn ten_seconds_after_the_start_a_link_of_any_rate_is_used_and_its_queue_is_short() {
    assert_links_are_used_and_their_queues_are_short(Loss::None);
}

#[test]
fn ten_seconds_after_the_start_a_link_that_loses_packets_is_used_and_its_queue_is_short() {
    assert_links_are_used_and_their_queues_are_short(Loss::Random(0.02));
}

#[test]
fn ten_seconds_after_each_change_nine_tenths_of_the_link_are_used() {
    let wide = path(40).rate(Rate::from_kbps(3000)).queue(ms(300));
    let timeline = Timeline::steady(wide)
        .then(ms(15_000), wide.rate(Rate::from_kbps(500)))
        .then(ms(30_000), wide);
    let outcomes: Vec<Outcome> =
        (1..=12).map(|seed| call_with_seed(seed, "changes", 45, &timeline, true)).collect();
    // With its headers and audio, all that is encoded takes 2.7 Mbit/s.
    for (from, rate) in [(9, 2.7e6), (24, 0.5e6), (39, 2.7e6)] {
        let used = outcomes.iter().map(|o| o.mean(from, from + 2, |sample| sample.arrived) / rate);
        let used = median(used.collect());
        assert!(used >= 0.9, "from {from} s: {used:.2}");
    }
}

#[test]
fn a_sudden_drop_both_ways_freezes_video_for_half_a_second() {
    // Now and then the drop meets the worst moment, as that of a probe.
    let (mut gaps, mut queues) = (Vec::new(), Vec::new());
    for jitter in [0, 1, 2, 4, 8] {
        for seed in 1..=4 {
            let wide = path(40).rate(Rate::from_kbps(3000)).queue(ms(300)).jitter(ms(jitter));
            let wide = Conditions { in_order: true, ..wide };
            let timeline = Timeline::steady(wide).then(ms(15_000), wide.rate(Rate::from_kbps(500)));
            let outcome =
                call_with_seed(seed, &format!("drop, jitter {jitter} ms"), 25, &timeline, true);
            gaps.push(outcome.longest_gap);
            queues.push(outcome.worst_queue(18, 25));
        }
    }
    let long = gaps.iter().filter(|gap| **gap > ms(500)).count();
    assert!(long <= 1 && gaps.iter().all(|gap| *gap < ms(600)), "{gaps:?}");
    assert!(queues.iter().all(|queue| *queue < ms(150)), "{queues:?}");
}
