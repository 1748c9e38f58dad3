//! What always holds of a link, whatever is sent over it under whatever conditions.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use visavis_link::{Conditions, Link, Loss, Rate, SendOutcome};

/// Sends packets at the given moments (in microseconds) and says when each arrived; `None` when it
/// did not.
fn carry(
    link: &mut Link<usize>,
    start: Instant,
    packets: &[(u64, usize)],
) -> Vec<Option<Duration>> {
    let mut arrivals = vec![None; packets.len()];
    let mut outcomes = Vec::new();
    let take =
        |link: &mut Link<usize>, until: Option<Instant>, arrivals: &mut Vec<Option<Duration>>| {
            while let Some(at) =
                link.next_deadline().filter(|at| until.is_none_or(|until| *at <= until))
            {
                while let Some(number) = link.poll(at) {
                    assert!(
                        arrivals[number].replace(at - start).is_none(),
                        "packet {number} came twice"
                    );
                }
            }
        };
    for (number, (at, bytes)) in packets.iter().enumerate() {
        let now = start + Duration::from_micros(*at);
        take(link, Some(now), &mut arrivals);
        outcomes.push(link.send(now, *bytes, number));
    }
    take(link, None, &mut arrivals);
    for (number, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(
            arrivals[number].is_some(),
            outcome == SendOutcome::WillArrive,
            "packet {number}: {outcome:?}"
        );
    }
    arrivals
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let loss = prop_oneof![
        Just(Loss::None),
        (0.0..1.0).prop_map(Loss::Random),
        (0.0..0.9, 1.0..10.0).prop_map(|(mean, length)| Loss::Bursts { mean, length }),
    ];
    let rate = proptest::option::of((50_u64..5000).prop_map(Rate::from_kbps));
    (rate, 0_u64..400, 0_u64..100, 0_u64..100, any::<bool>(), loss, prop::bool::weighted(0.9))
        .prop_map(|(rate, queue, delay, jitter, in_order, loss, open)| Conditions {
            rate,
            queue: Duration::from_millis(queue),
            delay: Duration::from_millis(delay),
            jitter: Duration::from_millis(jitter),
            in_order,
            loss,
            open,
        })
}

fn packets() -> impl Strategy<Value = Vec<(u64, usize)>> {
    prop::collection::vec((0_u64..20_000, 40_usize..1400), 1..200).prop_map(|gaps| {
        let mut at = 0;
        let sent = gaps.into_iter().map(|(gap, bytes)| {
            at += gap;
            (at, bytes)
        });
        sent.collect()
    })
}

proptest! {
    #[test]
    fn packets_arrive_once_or_never_and_no_sooner_than_they_can(
        conditions in conditions(), packets in packets(), seed: u64,
    ) {
        let start = Instant::now();
        let arrivals = carry(&mut Link::new(conditions, seed), start, &packets);
        for ((sent, bytes), arrival) in packets.iter().zip(&arrivals) {
            let Some(arrival) = arrival else { continue };
            let least = conditions.rate.map_or(Duration::ZERO, |rate| rate.time_for(*bytes))
                + conditions.delay.saturating_sub(conditions.jitter);
            let took = *arrival - Duration::from_micros(*sent);
            prop_assert!(took + Duration::from_micros(1) >= least, "{took:?} instead of {least:?}");
        }
    }

    #[test]
    fn the_same_seed_has_the_same_outcome(conditions in conditions(), packets in packets(), seed: u64) {
        let start = Instant::now();
        let [one, other] = [(); 2].map(|()| carry(&mut Link::new(conditions, seed), start, &packets));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn without_jitter_or_where_it_is_asked_for_order_is_kept(
        mut conditions in conditions(), in_order: bool, packets in packets(), seed: u64,
    ) {
        conditions.in_order = in_order;
        if !in_order {
            conditions.jitter = Duration::ZERO;
        }
        let arrivals = carry(&mut Link::new(conditions, seed), Instant::now(), &packets);
        let arrived: Vec<_> = arrivals.into_iter().flatten().collect();
        prop_assert!(arrived.is_sorted());
    }

    #[test]
    fn no_more_than_the_rate_comes_out_and_no_packet_waits_longer_than_the_queue(
        kbps in 100_u64..3000, queue in 10_u64..400, packets in packets(), seed: u64,
    ) {
        let (rate, queue) = (Rate::from_kbps(kbps), Duration::from_millis(queue));
        let conditions = Conditions::CLEAR.rate(rate).queue(queue);
        let arrivals = carry(&mut Link::new(conditions, seed), Instant::now(), &packets);
        let arrived: Vec<_> = packets.iter().zip(arrivals).filter_map(|(packet, at)| Some((*packet, at?))).collect();
        for pair in arrived.windows(2) {
            let ((_, before), ((_, bytes), at)) = (pair[0], pair[1]);
            prop_assert!(at - before + Duration::from_micros(1) >= rate.time_for(bytes));
        }
        for ((sent, bytes), at) in arrived {
            let waited = at - Duration::from_micros(sent);
            prop_assert!(waited <= queue + rate.time_for(bytes) + Duration::from_micros(1), "{waited:?}");
        }
    }
}

/// Sends a packet each millisecond and says which were lost.
fn lost(loss: Loss, count: u64) -> Vec<bool> {
    let packets: Vec<_> = (0..count).map(|number| (number * 1000, 100)).collect();
    let arrivals = carry(&mut Link::new(Conditions::CLEAR.loss(loss), 7), Instant::now(), &packets);
    arrivals.iter().map(Option::is_none).collect()
}

fn share(lost: &[bool]) -> f64 {
    lost.iter().filter(|lost| **lost).count() as f64 / lost.len() as f64
}

fn mean_burst(lost: &[bool]) -> f64 {
    let bursts: Vec<_> =
        lost.split(|lost| !lost).map(<[bool]>::len).filter(|length| *length > 0).collect();
    bursts.iter().sum::<usize>() as f64 / bursts.len() as f64
}

#[test]
fn random_loss_has_its_share_and_bursts_no_longer_than_chance_makes_them() {
    let lost = lost(Loss::Random(0.1), 50_000);
    assert!((share(&lost) - 0.1).abs() < 0.005, "{}", share(&lost));
    assert!((mean_burst(&lost) - 1.0 / 0.9).abs() < 0.03, "{}", mean_burst(&lost));
}

#[test]
fn bursts_have_their_share_and_their_length() {
    let lost = lost(Loss::Bursts { mean: 0.05, length: 5.0 }, 200_000);
    assert!((share(&lost) - 0.05).abs() < 0.005, "{}", share(&lost));
    assert!((mean_burst(&lost) - 5.0).abs() < 0.3, "{}", mean_burst(&lost));
}

#[test]
fn what_waits_goes_on_at_the_new_rate() {
    let start = Instant::now();
    let fast = Conditions::CLEAR.rate(Rate::from_kbps(3000));
    let mut link = Link::new(fast, 1);
    for number in 0..20 {
        assert_eq!(link.send(start, 1250, number), SendOutcome::WillArrive);
    }
    assert!(
        (link.queueing(start).as_millis() as i64 - 66).abs() <= 1,
        "{:?}",
        link.queueing(start)
    );
    link.set(start, Conditions::CLEAR.rate(Rate::from_kbps(500)));
    assert_eq!(link.queueing(start).as_millis(), 400);
    let end = start + Duration::from_millis(400);
    assert_eq!(std::iter::from_fn(|| link.poll(end)).count(), 20);
}

#[test]
fn a_closed_link_lets_out_what_is_in_it_and_nothing_in() {
    let start = Instant::now();
    let open = Conditions::CLEAR.delay(Duration::from_millis(50));
    let mut link = Link::new(open, 1);
    link.send(start, 100, 1);
    link.set(start, open.closed());
    assert_eq!(link.send(start, 100, 2), SendOutcome::Lost);
    let later = start + Duration::from_millis(50);
    assert_eq!((link.poll(later), link.poll(later)), (Some(1), None));
    assert_eq!((link.counts().sent, link.counts().lost, link.counts().arrived), (2, 1, 1));
}
