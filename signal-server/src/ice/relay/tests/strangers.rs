//! Those who have shown nothing, and those who send anything.

use proptest::prelude::*;

use super::*;

#[test]
fn strangers_get_so_many_answers_and_leave_nothing_behind() {
    let mut world = World::answering(10, |_| {});
    let mut out = Vec::new();
    Writer::new(&mut out, Class::Request, Method::ALLOCATE, &[7; 12]).finish();
    let answered =
        |world: &mut World, address: SocketAddr| world.hear(&out, address) != Sent::Nowhere;
    let flood = (0..1000_u16)
        .filter(|port| answered(&mut world, SocketAddr::new(ip("1.1.1.1"), *port)))
        .count();
    assert_eq!(flood, 20, "two seconds' worth from any port");
    let crowd = (0..100_000_u32)
        .filter(|host| {
            answered(&mut world, SocketAddr::new(IpAddr::V4(host.to_be_bytes().into()), 1))
        })
        .count();
    assert!(crowd > 90_000, "{crowd}: one address does not silence the others");
    assert_eq!(world.metrics(), RelayMetrics::default());
}

#[test]
fn a_client_is_heard_more_often_but_not_without_end() {
    let mut world = World::answering(10, |_| {});
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    let request = alice.signed(Method::REFRESH, &[]);
    let answered =
        (0..1000).filter(|_| world.hear(&request, alice.address) != Sent::Nowhere).count();
    assert_eq!(answered, 200, "two seconds' worth, ten times a stranger's");
    world.pass(1);
    assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
    for _ in 0..1000 {
        world.hear(&request, alice.address);
    }
    let data = alice.send(&mut world, "8.8.8.8:1", b"media");
    assert_eq!(
        data,
        Sent::Peer(49_161, addr("8.8.8.8:1"), b"media".to_vec()),
        "what it relays does not suffer"
    );
}

#[test]
fn without_a_relay_only_bindings_are_answered() {
    let mut world = World::new(|_| {});
    world.responder = Responder::new(1_000, None, world.start);
    let mut out = Vec::new();
    for method in [Method::ALLOCATE, Method::REFRESH, Method::SEND] {
        Writer::new(&mut out, Class::Request, method, &[7; 12]).finish();
        assert_eq!(world.hear(&out, addr("1.1.1.1:1")), Sent::Nowhere);
    }
    Writer::new(&mut out, Class::Request, Method::BINDING, &[7; 12]).finish();
    let Sent::Client(_, answer) = world.hear(&out, addr("[::ffff:1.1.1.1]:1")) else { panic!() };
    let message = Message::parse(&answer).unwrap();
    assert_eq!(read(&message).mapped, Some(addr("1.1.1.1:1")), "in the form that it has outside");
    Writer::new(&mut out, Class::Request, Method::BINDING, &[7; 12]).put(0x0003, &[0; 4]).finish();
    let Sent::Client(_, answer) = world.hear(&out, addr("1.1.1.1:1")) else { panic!() };
    assert_eq!(read(&Message::parse(&answer).unwrap()).code, 420);
    assert!(world.responder.relay.is_none());
}

/// What a client could send at any time, sound.
fn repertoire(world: &mut World, alice: &mut Somebody) -> Vec<Vec<u8>> {
    let udp = (attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0][..]);
    alice.transactions = 100;
    let peer = Somebody { transactions: 101, ..world.somebody("x", "1.1.1.1:1") }
        .xored(addr("8.8.8.8:5000"));
    let permit = alice.signed(Method::CREATE_PERMISSION, &[(attribute::XOR_PEER_ADDRESS, &peer)]);
    alice.transactions = 100;
    let bind = alice.signed(
        Method::CHANNEL_BIND,
        &[(attribute::CHANNEL_NUMBER, &[0x40, 0, 0, 0]), (attribute::XOR_PEER_ADDRESS, &peer)],
    );
    vec![
        alice.signed(Method::ALLOCATE, &[udp]),
        alice.signed(Method::REFRESH, &[]),
        permit,
        bind,
        alice.indication("8.8.8.8:5000", b"data"),
        alice.indication("127.0.0.1:5000", b"data"),
        channel_data(0x4000, b"data"),
    ]
}

proptest! {
    #[test]
    fn whatever_arrives_the_relay_stands_and_keeps_its_rules(
        steps in prop::collection::vec(
            (0_usize..8, prop::option::of((any::<prop::sample::Index>(), any::<u8>())), any::<bool>(), 0_u64..400),
            1..60,
        ),
        rubbish in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut world = World::new(|settings| settings.quotas.per_address = 2);
        let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
        let elsewhere = addr("1.1.1.1:1001");
        for (which, damage, other, pause) in steps {
            world.pass(pause);
            let mut datagram = repertoire(&mut world, &mut alice).get(which).unwrap_or(&rubbish).clone();
            if let Some((at, byte)) = damage && !datagram.is_empty() {
                let at = at.index(datagram.len());
                datagram[at] = byte;
                datagram.truncate(datagram.len() - usize::from(byte) % datagram.len() / 16);
            }
            match world.hear(&datagram, if other { elsewhere } else { alice.address }) {
                Sent::Peer(_, peer, _) => prop_assert!(PeerRule::default().permits(peer.ip())),
                Sent::Client(client, _) => prop_assert!(client == alice.address || client == elsewhere),
                Sent::Nowhere => {}
            }
            let heard = world.receive_from_peer(relayed, "127.0.0.1:5000", b"from inside");
            prop_assert_eq!(heard, Sent::Nowhere);
            prop_assert!(world.metrics().allocations <= 2);
            let open = world.ports.given.iter().filter(|port| port.strong_count() > 0).count();
            prop_assert_eq!(open, world.metrics().allocations);
        }
    }
}
