use proptest::prelude::*;

use super::*;
use crate::path::socket::packet::tests::{message, peer_attribute};

const CHECK: u16 = 0x0001;
const PASSED: u16 = 0x0101;
const CREATE_PERMISSION: u16 = 0x0008;
const CHANNEL_BIND: u16 = 0x0009;
const SEND: u16 = 0x0016;
const DATA: u16 = 0x0017;
const EVERYWHERE: Reach = Reach { loopback: true, link_local: true };

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn ours(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

fn theirs(port: u16) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], 50_000 + port))
}

fn relay() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 3], 3478))
}

/// How many checks leave when one is made every `interval` for each pair of ports.
fn checks(
    limits: &mut SendLimits,
    start: Instant,
    interval: Duration,
    times: u32,
    locals: u16,
    remotes: u16,
) -> Vec<(Duration, u16, u16)> {
    let mut left = Vec::new();
    for step in 0..times {
        let now = start + interval * step;
        for (local, remote) in (1..=locals).flat_map(|l| (1..=remotes).map(move |r| (l, r))) {
            let check = message(CHECK, step as u8, &[]);
            if leaves(limits, local, theirs(remote), &check, now) {
                left.push((interval * step, local, remote));
            }
        }
    }
    left
}

/// Sends a datagram, if it may leave. Whether it did.
fn leaves(
    limits: &mut SendLimits,
    local: u16,
    to: SocketAddr,
    datagram: &[u8],
    now: Instant,
) -> bool {
    let may = limits.may_leave(ours(local), to, Reach::default(), datagram, now);
    if may {
        limits.left(ours(local), to, datagram, now);
    }
    may
}

/// The same by the first socket.
fn may(limits: &mut SendLimits, to: SocketAddr, datagram: &[u8], now: Instant) -> bool {
    leaves(limits, 1, to, datagram, now)
}

#[test]
fn what_could_not_be_sent_yet_does_not_count() {
    let (mut limits, now) = (SendLimits::default(), Instant::now());
    let check = message(CHECK, 7, &[]);
    for _ in 0..1000 {
        assert!(limits.may_leave(ours(1), theirs(1), Reach::default(), &check, now));
    }
    assert!(may(&mut limits, theirs(1), &check, now) && !may(&mut limits, theirs(1), &check, now));
}

#[test]
fn an_address_that_never_answers_gets_few_datagrams_whatever_is_tried() {
    for (locals, remotes) in [(1, 1), (8, 32), (2, 1000)] {
        let mut limits = SendLimits::default();
        let left = checks(&mut limits, Instant::now(), ms(50), 1200, locals, remotes);
        assert!(left.len() <= (IN_ALL - FOR_REPLIES) as usize, "{}", left.len());
        for (at, ..) in &left {
            let within = left.iter().filter(|(then, ..)| *then >= *at && *then < *at + SECOND);
            assert!(within.count() <= PER_SECOND, "in the second after {at:?}");
        }
    }
}

#[test]
fn one_that_takes_half_a_minute_to_come_is_still_checked() {
    let mut limits = SendLimits::default();
    let left = checks(&mut limits, Instant::now(), ms(50), 600, 2, 1);
    let early = left.iter().filter(|(at, ..)| *at < HASTE).count();
    assert!((80..=92).contains(&early), "{early} in the first seconds");
    for second in 4..29 {
        let within = left.iter().filter(|(at, ..)| at.as_secs() == second).count();
        assert!(within >= 1, "none in second {second}");
    }
}

#[test]
fn a_relayed_peer_is_checked_quickly_although_its_relay_is_known_for_long() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    assert!(may(&mut limits, theirs(1), &message(0x0003, 1, &[]), start));
    limits.came(theirs(1), &message(0x0103, 1, &[]), start);
    let answered = start + Duration::from_secs(40);
    let checks = (0..60u8).filter(|n| {
        may(&mut limits, theirs(2), &message(CHECK, *n, &[]), answered + ms(50) * u32::from(*n))
    });
    assert!(checks.count() >= 58);
}

#[test]
fn the_routes_to_an_address_take_turns() {
    let mut limits = SendLimits::default();
    let left = checks(&mut limits, Instant::now(), ms(50), 80, 8, 1);
    let of = |local| left.iter().filter(|(_, by, _)| *by == local).count();
    let counts: Vec<usize> = (1..=8).map(of).collect();
    assert!(counts.iter().all(|count| *count >= 8), "{counts:?}");
    assert!(counts.iter().max().zip(counts.iter().min()).is_some_and(|(a, b)| a - b <= 1));
}

#[test]
fn who_answers_is_sent_whatever_there_is() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    assert!(may(&mut limits, theirs(1), &message(CHECK, 7, &[]), start));
    limits.came(theirs(1), &message(PASSED, 7, &[]), start + ms(30));
    assert!((0..5000).all(|_| may(&mut limits, theirs(1), &[0x80, 96], start + ms(30))));
    let to_others = (0..5000).filter(|_| may(&mut limits, theirs(2), &[0x80, 96], start + ms(30)));
    assert!(to_others.count() <= PER_SECOND, "another port has not answered");
}

#[test]
fn media_leaves_room_for_the_checks_that_would_be_answered() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    let mut checks = 0;
    for step in 0..200u32 {
        let now = start + ms(5) * step;
        may(&mut limits, theirs(1), &[0x80, 96], now);
        if step % 80 == 1 {
            checks += u32::from(may(&mut limits, theirs(1), &message(CHECK, 1, &[]), now));
        }
    }
    assert_eq!(checks, 3, "every one of them");
}

#[test]
fn who_has_moved_and_asks_is_checked_and_answered_however_much_media_waits() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    let mut media = 0;
    for step in 0..4000u32 {
        let now = start + ms(2) * step;
        if step % 200 == 0 {
            let check = message(CHECK, 9, &[]);
            limits.came(theirs(1), &check, now);
            assert!(may(&mut limits, theirs(1), &message(PASSED, 9, &[]), now), "step {step}");
            assert!(may(&mut limits, theirs(1), &check, now), "step {step}");
        }
        media += u32::from(may(&mut limits, theirs(1), &[0x80, 96], now));
    }
    assert!((100..=IN_ALL - FOR_REPLIES).contains(&media), "{media}");
}

#[test]
fn a_router_that_changes_the_port_again_and_again_uses_nothing_up() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    for port in 1..500u16 {
        let now = start + ms(10_000) * u32::from(port);
        assert!(may(&mut limits, theirs(port), &message(CHECK, 1, &[]), now), "{port}");
        assert!((0..20).filter(|_| may(&mut limits, theirs(port), &[0x80, 96], now)).count() >= 1);
        limits.came(theirs(port), &message(PASSED, 1, &[]), now);
        assert!(may(&mut limits, theirs(port), &[0x80, 96], now));
    }
}

#[test]
fn an_answer_counts_only_from_where_the_request_went() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    assert!(may(&mut limits, theirs(1), &message(CHECK, 7, &[]), start));
    limits.came(theirs(2), &message(PASSED, 7, &[]), start);
    limits.came(theirs(1), &message(PASSED, 8, &[]), start);
    limits.came(theirs(1), &message(CHECK, 7, &[]), start);
    limits.came(theirs(1), &[0x80; 40], start);
    assert!(
        (0..200).filter(|_| may(&mut limits, theirs(1), &[0x80, 96], start)).count() <= PER_SECOND
    );
}

#[test]
fn some_are_left_for_who_asks_when_the_rest_is_used_up() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    checks(&mut limits, start, ms(50), 1200, 1, 9);
    let later = start + ms(60_000);
    assert!(!may(&mut limits, theirs(1), &message(CHECK, 7, &[]), later));
    limits.came(theirs(1), &message(CHECK, 9, &[]), later);
    assert!(may(&mut limits, theirs(1), &message(PASSED, 9, &[]), later), "its check is answered");
    assert!(may(&mut limits, theirs(1), &message(CHECK, 8, &[]), later), "and it is checked");
    let more = (0..100_000u32).filter(|n| {
        let now = later + ms(1) * *n;
        limits.came(theirs(1), &message(CHECK, 9, &[]), now);
        may(&mut limits, theirs(1), &message(PASSED, 9, &[]), now)
    });
    assert!(more.count() <= FOR_REPLIES as usize);
}

#[test]
fn what_a_relay_sends_on_counts_for_its_peer() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    assert!(may(&mut limits, relay(), &message(0x0003, 1, &[]), start));
    limits.came(relay(), &message(0x0113, 1, &[]), start);
    let wrapped = |kind, inner: &[u8]| {
        let length = u8::try_from(inner.len()).expect("short");
        let attributes = [&peer_attribute(theirs(1), 9)[..], &[0, 0x13, 0, length], inner];
        message(kind, 9, &attributes.concat())
    };
    let check = wrapped(SEND, &message(CHECK, 5, &[]));
    let sent = (0..600u32).filter(|n| may(&mut limits, relay(), &check, start + ms(50) * *n));
    assert!(sent.count() <= 150);
    limits.came(relay(), &wrapped(DATA, &message(PASSED, 5, &[])), start + ms(30_000));
    assert!((0..500).all(|_| may(&mut limits, relay(), &check, start + ms(30_000))));
}

#[test]
fn what_goes_by_a_channel_counts_for_the_peer_that_it_is_bound_to() {
    let (mut limits, start) = (SendLimits::default(), Instant::now());
    assert!(may(&mut limits, relay(), &message(0x0003, 1, &[]), start));
    limits.came(relay(), &message(0x0113, 1, &[]), start);
    let bind = [&[0, 0x0c, 0, 4, 0x40, 5, 0, 0][..], &peer_attribute(theirs(1), 2)].concat();
    assert!(may(&mut limits, relay(), &message(CHANNEL_BIND, 2, &bind), start));
    let data = [&[0x40, 5, 0, 20][..], &message(CHECK, 6, &[])].concat();
    assert!((0..500).filter(|_| may(&mut limits, relay(), &data, start)).count() <= PER_SECOND);
    let answer = [&[0x40, 5, 0, 20][..], &message(PASSED, 6, &[])].concat();
    limits.came(relay(), &answer, start);
    assert!((0..500).all(|_| may(&mut limits, relay(), &data, start)));
}

#[test]
fn no_relay_is_asked_to_send_where_nothing_may_go() {
    let (mut limits, now) = (SendLimits::default(), Instant::now());
    for peer in ["127.0.0.1:50000", "169.254.169.254:80", "224.0.0.1:5000", "198.51.100.7:22"] {
        let named = peer_attribute(peer.parse().expect("an address"), 3);
        for kind in [CREATE_PERMISSION, CHANNEL_BIND, SEND] {
            assert!(!may(&mut limits, relay(), &message(kind, 3, &named), now), "{peer}");
        }
    }
    let here = peer_attribute(SocketAddr::from(([127, 0, 0, 1], 50_000)), 3);
    let permission = message(CREATE_PERMISSION, 3, &here);
    assert!(limits.may_leave(ours(1), relay(), EVERYWHERE, &permission, now));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_bounds_hold_in_any_order_of_events(
        events in prop::collection::vec(
            (0u64..300, 1u16..6, 1u16..6, 0u8..5, any::<bool>()), 0..1500
        )
    ) {
        let mut limits = SendLimits::default();
        let start = Instant::now();
        let mut now = start;
        // Datagrams to ports that had not answered when they left, and to those that never have.
        let mut sent: Vec<(Instant, u16)> = Vec::new();
        let mut answered = [false; 6];
        for (wait, local, remote, kind, transaction) in events {
            now += ms(wait);
            let transaction = u8::from(transaction);
            match kind {
                0 => {
                    let known = limits.silent.get(&theirs(1).ip()).is_some_and(|silent| {
                        silent.requests.contains(&([transaction; 12], theirs(remote)))
                    });
                    limits.came(theirs(remote), &message(PASSED, transaction, &[]), now);
                    // One port never answers.
                    answered[usize::from(remote)] |= known;
                }
                1 => limits.came(theirs(remote), &message(CHECK, transaction, &[]), now),
                kind => {
                    let kind = [CHECK, PASSED, SEND][usize::from(kind) - 2];
                    let datagram = message(kind, transaction, &[]);
                    let left = leaves(&mut limits, local, theirs(remote), &datagram, now);
                    if !answered[usize::from(remote)] {
                        sent.extend(left.then_some((now, remote)));
                    } else {
                        prop_assert!(left, "who has answered is never refused");
                    }
                }
            }
            let is_recent = |(at, _): &&(Instant, u16)| now.duration_since(*at) < SECOND;
            let lately = sent.iter().rev().take_while(is_recent).count();
            let in_vain = sent.iter().filter(|(_, port)| !answered[usize::from(*port)]).count();
            prop_assert!(lately <= PER_SECOND && in_vain <= IN_ALL as usize);
        }
    }

    #[test]
    fn no_flood_of_addresses_fills_the_tables(
        events in prop::collection::vec((any::<u32>(), any::<u16>(), any::<u8>()), 0..3000)
    ) {
        let mut limits = SendLimits::default();
        let mut now = Instant::now();
        for (ip, port, transaction) in events {
            now += ms(1);
            let to = SocketAddr::from((std::net::Ipv4Addr::from(ip), port));
            let check = message(CHECK, transaction, &[]);
            if may(&mut limits, to, &check, now) && transaction < 128 {
                limits.came(to, &message(PASSED, transaction, &[]), now);
            }
            prop_assert!(limits.silent.len() <= MAX_SILENT);
            prop_assert!(limits.answered.len() <= MAX_ANSWERED);
            prop_assert!(limits.channels.len() <= MAX_CHANNELS);
        }
    }
}
