//! Who gets an allocation, for how long, and who may change it.

use super::*;

#[test]
fn credentials_of_a_login_make_an_allocation() {
    let mut world = World::new(|_| {});
    let mut alice = world.somebody("alice", "1.1.1.1:1000");
    let relayed = Some(SocketAddr::new(ip(RELAY), 49_161));
    let expected = Answer { code: 0, relayed, mapped: Some(alice.address), lifetime: Some(600) };
    assert_eq!(alice.allocate(&mut world), expected);
    assert_eq!((world.metrics().allocations, world.metrics().granted), (1, 1));
}

#[test]
fn who_does_not_sign_is_told_what_to_sign_with_and_is_forgotten() {
    let mut world = World::new(|_| {});
    let mut out = Vec::new();
    Writer::new(&mut out, Class::Request, Method::ALLOCATE, &[7; 12]).finish();
    let Sent::Client(_, answer) = world.hear(&out, addr("1.1.1.1:1000")) else { panic!() };
    let message = Message::parse(&answer).unwrap();
    assert_eq!(read(&message).code, 401);
    assert_eq!(message.text(attribute::REALM), Some("visavis"));
    assert!(message.get(attribute::NONCE).is_some());
    assert_eq!(world.metrics(), RelayMetrics::default());
}

#[test]
fn wrong_expired_and_altered_credentials_are_refused() {
    let mut world = World::new(|_| {});
    let good = world.somebody("alice", "1.1.1.1:1000").credentials;
    let wrong = Credentials { password: "wrong".into(), ..good.clone() };
    let later = Credentials { username: good.username.replacen("17", "18", 1), ..good.clone() };
    let bare = Credentials { username: "alice".into(), ..good.clone() };
    for credentials in [wrong, later, bare] {
        let mut mallory = Somebody { credentials, ..world.somebody("mallory", "1.1.1.1:1000") };
        assert_eq!(mallory.allocate(&mut world).code, 401);
    }
    world.pass(600);
    let mut late = Somebody { credentials: good, ..world.somebody("alice", "1.1.1.1:1000") };
    assert_eq!(late.allocate(&mut world).code, 401);
    assert_eq!(world.metrics(), RelayMetrics::default());
}

#[test]
fn a_signed_request_without_its_parts_is_a_bad_one() {
    let mut world = World::new(|_| {});
    let mut out = Vec::new();
    Writer::new(&mut out, Class::Request, Method::ALLOCATE, &[7; 12])
        .put(attribute::USERNAME, b"1800000000:a")
        .finish_signed(&[0; 16]);
    let Sent::Client(_, answer) = world.hear(&out, addr("1.1.1.1:1000")) else { panic!() };
    assert_eq!(read(&Message::parse(&answer).unwrap()).code, 400);
}

#[test]
fn a_call_outlives_the_credentials_it_began_with() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    let hour = (attribute::LIFETIME, &[0, 0, 0x0e, 0x10][..]);
    assert_eq!(alice.ask(&mut world, Method::REFRESH, &[hour]).lifetime, Some(3600));
    assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
    world.pass(200);
    assert_ne!(world.receive_from_peer(relayed, "8.8.8.8:1", b"talk"), Sent::Nowhere);
    for _ in 0..80 {
        world.pass(500);
        assert_eq!(alice.ask(&mut world, Method::REFRESH, &[hour]).lifetime, Some(600));
        assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
        assert_ne!(world.receive_from_peer(relayed, "8.8.8.8:1", b"talk"), Sent::Nowhere);
    }
    let mut second = Somebody { address: addr("1.1.1.1:1001"), ..alice };
    assert_eq!(second.allocate(&mut world).code, 401, "but makes no new one");
}

#[test]
fn old_credentials_keep_nothing_that_is_not_used() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    world.pass(599);
    assert_eq!(alice.ask(&mut world, Method::REFRESH, &[]).lifetime, Some(600), "still good");
    world.pass(1);
    assert_eq!(alice.ask(&mut world, Method::REFRESH, &[]).code, 401, "nobody ever talked");
    assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 401);
    assert_eq!(alice.bind(&mut world, 0x4000, "8.8.8.8:1"), 401);
    world.pass(599);
    world.expire();
    assert_eq!(world.metrics().allocations, 0, "it has ended by itself");
    assert_eq!(world.receive_from_peer(relayed, "8.8.8.8:1", b"late"), Sent::Nowhere);
    let nothing = (attribute::LIFETIME, &[0; 4][..]);
    let (mut carol, _) = world.relayed("carol", "1.1.1.1:1002");
    let hour = (attribute::LIFETIME, &[0, 0, 0x0e, 0x10][..]);
    assert_eq!(carol.ask(&mut world, Method::REFRESH, &[hour]).lifetime, Some(3600));
    world.pass(700);
    assert_eq!(carol.ask(&mut world, Method::REFRESH, &[hour]).code, 401);
    assert_eq!(
        carol.ask(&mut world, Method::REFRESH, &[nothing]).lifetime,
        Some(0),
        "what is kept in vain can be given back"
    );
    assert_eq!(world.metrics().allocations, 0);
}

#[test]
fn old_credentials_keep_nothing_for_ever() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    let mut lasted = 0;
    loop {
        world.pass(500);
        if alice.ask(&mut world, Method::REFRESH, &[]).code != 0 {
            break;
        }
        lasted += 500;
        assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
        assert_ne!(world.receive_from_peer(relayed, "8.8.8.8:1", b"talk"), Sent::Nowhere);
        assert!(lasted < 48 * 3600, "for ever");
    }
    assert_eq!(lasted, 43_500, "twelve hours after ten minutes, 43,800 s, and one less");
    world.pass(600);
    world.expire();
    assert_eq!(world.metrics().allocations, 0);
}

#[test]
fn an_allocation_that_nobody_refreshes_ends() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
    world.pass(600);
    assert_eq!(world.receive_from_peer(relayed, "8.8.8.8:1", b"late"), Sent::Nowhere);
    assert_eq!(alice.send(&mut world, "8.8.8.8:1", b"late"), Sent::Nowhere);
    world.expire();
    assert_eq!(world.metrics().allocations, 0);
    assert!(world.ports.given.iter().all(|port| port.strong_count() == 0), "its port is closed");
}

#[test]
fn a_refresh_of_nothing_ends_it_at_once() {
    let mut world = World::new(|_| {});
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    assert_eq!(
        alice.ask(&mut world, Method::REFRESH, &[(attribute::LIFETIME, &[0; 4])]).lifetime,
        Some(0)
    );
    assert_eq!(world.metrics().allocations, 0);
    assert!(world.ports.given.iter().all(|port| port.strong_count() == 0));
    assert_eq!(alice.ask(&mut world, Method::REFRESH, &[]).code, 437);
    assert_eq!(alice.allocate(&mut world).code, 0, "the place is free");
}

#[test]
fn quotas_are_answered_with_486_and_end_with_what_they_count() {
    let quotas = Quotas { total: 4, per_user: 2, per_address: 3 };
    let mut world = World::new(|settings| settings.quotas = quotas);
    let ask = |world: &mut World, name: &str, address: &str| {
        world.somebody(name, address).allocate(world).code
    };
    assert_eq!(ask(&mut world, "alice", "1.1.1.1:1"), 0);
    assert_eq!(ask(&mut world, "alice", "1.1.1.2:1"), 0);
    assert_eq!(ask(&mut world, "alice", "1.1.1.3:1"), 486, "two of alice");
    assert_eq!(ask(&mut world, "bob", "1.1.1.1:2"), 0);
    assert_eq!(ask(&mut world, "carol", "1.1.1.1:3"), 0);
    assert_eq!(ask(&mut world, "dave", "1.1.1.9:1"), 486, "four in all");
    assert_eq!(world.metrics().refused_by_quota, 2);
    world.pass(599);
    assert_eq!(ask(&mut world, "dave", "1.1.1.9:1"), 486);
    world.pass(1);
    world.expire();
    for port in ["1", "2", "3"] {
        assert_eq!(ask(&mut world, port, &format!("1.1.1.1:{port}")), 0);
    }
    assert_eq!(ask(&mut world, "dave", "1.1.1.1:4"), 486, "three from there");
    assert_eq!(ask(&mut world, "dave", "1.1.1.9:1"), 0);
}

#[test]
fn two_addresses_leave_ports_for_a_third_as_long_as_they_like() {
    let mut world = World::new(|settings| {
        settings.quotas = Quotas::default().of_ports(41, 2);
        settings.ports = 41;
    });
    world.ports.range = 41;
    let hours = 24 * 6;
    for round in 0..hours {
        for (address, names) in [("1.1.1.1", "greedy"), ("1.1.1.2", "grasping")] {
            for n in 1..=41 {
                let mut one =
                    world.somebody(&format!("{names}{}", n % 9), &format!("{address}:{n}"));
                // What they had has ended, or is refused because they have it.
                one.allocate(&mut world);
            }
        }
        let mut carols = [1, 2, 3, 4].map(|n| world.somebody("carol", &format!("1.1.1.3:{n}")));
        for carol in &mut carols {
            assert_eq!(carol.allocate(&mut world).code, 0, "round {round}");
        }
        for carol in &mut carols {
            let nothing = (attribute::LIFETIME, &[0; 4][..]);
            assert_eq!(carol.ask(&mut world, Method::REFRESH, &[nothing]).code, 0);
        }
        world.pass(600);
        world.expire();
    }
    assert!(world.metrics().refused_by_quota > 0);
}

#[test]
fn where_no_port_is_free_nothing_is_counted() {
    let mut world = World::new(|settings| settings.quotas.per_user = 2);
    world.ports.range = 1;
    world.relayed("alice", "1.1.1.1:1");
    for _ in 0..3 {
        assert_eq!(world.somebody("bob", "1.1.1.1:2").allocate(&mut world).code, 508);
    }
    world.ports.range = 3;
    world.relayed("bob", "1.1.1.1:3");
    world.relayed("bob", "1.1.1.1:4");
}

#[test]
fn an_allocate_that_comes_again_gets_the_same_answer_and_another_one_does_not() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    alice.transactions -= 1;
    assert_eq!(alice.allocate(&mut world).relayed, Some(relayed));
    assert_eq!(alice.allocate(&mut world).code, 437);
    assert_eq!(world.metrics().granted, 1);
}

#[test]
fn what_can_not_be_allocated_is_refused_by_its_name() {
    let udp = (attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0][..]);
    let cases: [(Attributes<'_>, u16); 12] = [
        (&[], 400),
        (&[(attribute::REQUESTED_TRANSPORT, &[17])], 400),
        (&[(attribute::REQUESTED_TRANSPORT, &[6, 0, 0, 0])], 442),
        (&[udp, (attribute::REQUESTED_ADDRESS_FAMILY, &[3, 0, 0, 0])], 440),
        (&[udp, (attribute::REQUESTED_ADDRESS_FAMILY, &[])], 400),
        (&[udp, (attribute::EVEN_PORT, &[0x80])], 508),
        (&[udp, (attribute::RESERVATION_TOKEN, &[0; 8])], 508),
        (&[udp, (attribute::EVEN_PORT, &[0]), (attribute::RESERVATION_TOKEN, &[0; 8])], 400),
        (&[udp, (attribute::LIFETIME, &[0; 3])], 400),
        (&[udp, (0x001a, &[])], 420),
        (&[udp, (0x7fff, &[])], 420),
        (&[udp, (0xffff, &[])], 0),
    ];
    let mut world = World::new(|_| {});
    for (attributes, code) in cases {
        let mut alice = world.somebody("alice", "1.1.1.1:1000");
        assert_eq!(
            alice.ask(&mut world, Method::ALLOCATE, attributes).code,
            code,
            "{attributes:?}"
        );
    }
    assert_eq!(world.metrics().allocations, 1);
}

#[test]
fn the_family_and_an_even_port_can_be_chosen() {
    let mut world = World::new(|_| {});
    let udp = (attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0][..]);
    let mut alice = world.somebody("alice", "1.1.1.1:1000");
    let six = alice.ask(
        &mut world,
        Method::ALLOCATE,
        &[udp, (attribute::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0])],
    );
    assert_eq!(six.relayed.unwrap().ip(), ip("2a00::5"));
    assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 443);
    assert_eq!(alice.permit(&mut world, &["[2a00::1]:1"]), 0);
    let four = (attribute::REQUESTED_ADDRESS_FAMILY, &[1, 0, 0, 0][..]);
    assert_eq!(alice.ask(&mut world, Method::REFRESH, &[four]).code, 443);
    let mut bob = world.somebody("bob", "1.1.1.1:1001");
    let even = bob.ask(&mut world, Method::ALLOCATE, &[udp, (attribute::EVEN_PORT, &[0])]);
    assert_eq!(even.relayed.unwrap().port() % 2, 0);

    let mut world = World::new(|settings| settings.addresses.truncate(1));
    let six = (attribute::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0][..]);
    assert_eq!(
        world.somebody("alice", "1.1.1.1:1").ask(&mut world, Method::ALLOCATE, &[udp, six]).code,
        440
    );
}

#[test]
fn only_the_credentials_that_made_an_allocation_change_it() {
    let mut world = World::new(|_| {});
    let (alice, _) = world.relayed("alice", "1.1.1.1:1000");
    let mut bob = world.somebody("bob", "1.1.1.1:1000");
    assert_eq!(bob.ask(&mut world, Method::REFRESH, &[(attribute::LIFETIME, &[0; 4])]).code, 441);
    assert_eq!(bob.permit(&mut world, &["8.8.8.8:1"]), 441);
    assert_eq!(bob.allocate(&mut world).code, 437);
    let mut elsewhere = Somebody { address: addr("1.1.1.1:1001"), ..alice };
    assert_eq!(elsewhere.permit(&mut world, &["8.8.8.8:1"]), 437);
    assert_eq!(world.metrics().allocations, 1);
}

#[test]
fn an_old_nonce_is_replaced_in_passing() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    let old = alice.nonce.clone();
    for _ in 0..8 {
        world.pass(500);
        assert_eq!(alice.ask(&mut world, Method::REFRESH, &[]).code, 0);
        assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
        assert_ne!(world.receive_from_peer(relayed, "8.8.8.8:1", b"talk"), Sent::Nowhere);
    }
    assert_ne!(alice.nonce, old);
}
