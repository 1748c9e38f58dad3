//! What passes through an allocation, and what does not.

use super::*;

#[test]
fn peers_that_are_not_public_are_forbidden() {
    let mut world = World::new(|_| {});
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    for peer in
        ["127.0.0.1:1", "10.0.0.1:1", "169.254.169.254:80", "224.0.0.1:1", "0.0.0.0:1", "9.9.9.9:1"]
    {
        assert_eq!(alice.permit(&mut world, &[peer]), 403, "{peer}");
        assert_eq!(alice.bind(&mut world, 0x4000, peer), 403, "{peer}");
        assert_eq!(alice.permit(&mut world, &["8.8.8.8:1", peer]), 403, "{peer}");
        assert_eq!(alice.send(&mut world, peer, b"in"), Sent::Nowhere);
    }
    assert_eq!(
        alice.send(&mut world, "8.8.8.8:1", b"x"),
        Sent::Nowhere,
        "nothing of a forbidden request was granted"
    );
    assert_eq!(world.metrics().refused_peers, 18);
    for peer in ["[::ffff:8.8.8.8]:1", "[2a00::1]:1"] {
        assert_eq!(alice.permit(&mut world, &[peer]), 443, "{peer}");
    }
}

#[test]
fn a_listed_peer_is_reached_also_when_it_is_this_machine() {
    let allowed = vec!["127.0.0.0/8".parse().unwrap(), "9.9.9.9/32".parse().unwrap()];
    let mut world =
        World::new(|settings| settings.peers = PeerRule::new(allowed, settings.addresses.clone()));
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    for peer in ["127.0.0.1:7", "9.9.9.9:7"] {
        assert_eq!(alice.permit(&mut world, &[peer]), 0);
        assert_eq!(
            alice.send(&mut world, peer, b"in"),
            Sent::Peer(49_161, addr(peer), b"in".to_vec())
        );
    }
    assert_eq!(alice.permit(&mut world, &["10.0.0.1:7"]), 403);
}

#[test]
fn data_passes_both_ways_while_a_permission_lasts() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    let peer = "8.8.8.8:5000";
    assert_eq!(alice.send(&mut world, peer, b"hi"), Sent::Nowhere);
    assert_eq!(world.receive_from_peer(relayed, peer, b"ho"), Sent::Nowhere);
    assert_eq!(
        alice.permit(&mut world, &["8.8.4.4:1", "8.8.8.8:1"]),
        0,
        "a port makes no difference"
    );
    assert_eq!(alice.send(&mut world, peer, b"hi"), Sent::Peer(49_161, addr(peer), b"hi".to_vec()));
    assert_eq!(
        told(world.receive_from_peer(relayed, peer, b"ho"), alice.address),
        (addr(peer), b"ho".to_vec())
    );
    assert_eq!(
        told(world.receive_from_peer(relayed, "8.8.4.4:9", b""), alice.address),
        (addr("8.8.4.4:9"), Vec::new())
    );
    assert_eq!(world.receive_from_peer(relayed, "8.8.8.9:5000", b"ho"), Sent::Nowhere);
    assert_eq!(alice.send(&mut world, "8.8.8.8:0", b"hi"), Sent::Nowhere, "there is no port 0");
    world.pass(300);
    assert_eq!(alice.send(&mut world, peer, b"hi"), Sent::Nowhere);
    assert_eq!(world.receive_from_peer(relayed, peer, b"ho"), Sent::Nowhere);
    let metrics = world.metrics();
    assert_eq!((metrics.bytes_from_clients, metrics.bytes_to_clients), (30, 58));
}

#[test]
fn a_channel_is_shorter_and_says_the_same() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    let peer = "8.8.8.8:5000";
    assert_eq!(alice.bind(&mut world, 0x4001, peer), 0);
    let padded = [channel_data(0x4001, b"hello"), vec![0; 3]].concat();
    for datagram in [channel_data(0x4001, b"hello"), padded] {
        assert_eq!(
            world.hear(&datagram, alice.address),
            Sent::Peer(49_161, addr(peer), b"hello".to_vec())
        );
    }
    let back = world.receive_from_peer(relayed, peer, b"hello");
    assert_eq!(back, Sent::Client(alice.address, channel_data(0x4001, b"hello")));
    assert_eq!(world.hear(&channel_data(0x4002, b"hello"), alice.address), Sent::Nowhere);
    assert_eq!(world.hear(&channel_data(0x4001, b"hello")[..8], alice.address), Sent::Nowhere);
    assert_eq!(
        world.hear(&channel_data(0x4001, b"hello"), addr("1.1.1.1:1001")),
        Sent::Nowhere,
        "somebody else"
    );
    for number in [0x3fff, 0x7fff, 0xffff] {
        assert_eq!(alice.bind(&mut world, number, "8.8.8.8:1"), 400, "{number:x}");
    }
    assert_eq!(alice.bind(&mut world, 0x4001, "8.8.8.8:1"), 400);
}

#[test]
fn two_clients_of_the_relay_reach_each_other_inside_it() {
    let mut world = World::new(|_| {});
    let (mut alice, alice_relayed) = world.relayed("alice", "1.1.1.1:1000");
    let (mut bob, bob_relayed) = world.relayed("bob", "2.2.2.2:2000");
    assert_eq!(alice.permit(&mut world, &[&bob_relayed.to_string()]), 0);
    let blocked = alice.send(&mut world, &bob_relayed.to_string(), b"hi");
    assert_eq!(blocked, Sent::Nowhere, "bob lets nobody in yet");
    assert_eq!(bob.bind(&mut world, 0x4000, &alice_relayed.to_string()), 0);
    let sent = alice.send(&mut world, &bob_relayed.to_string(), b"hi");
    assert_eq!(sent, Sent::Client(bob.address, channel_data(0x4000, b"hi")));
    let back = world.hear(&channel_data(0x4000, b"ho"), bob.address);
    assert_eq!(told(back, alice.address), (bob_relayed, b"ho".to_vec()));
    let other = SocketAddr::new(bob_relayed.ip(), 22).to_string();
    assert_eq!(
        alice.send(&mut world, &other, b"ssh"),
        Sent::Nowhere,
        "nothing else there is reached"
    );
    assert_eq!(world.receive_from_peer(alice_relayed, &other, b"x"), Sent::Nowhere, "nor heard");
}

#[test]
fn an_allocation_over_its_rate_loses_what_is_over_in_each_direction() {
    let mut world = World::new(|settings| settings.bytes_per_second = Some(10_000));
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
    let data = [7; 972];
    let out = |world: &mut World, alice: &Somebody| {
        (0..20).filter(|_| alice.send(world, "8.8.8.8:1", &data) != Sent::Nowhere).count()
    };
    assert_eq!(out(&mut world, &alice), 5, "half a second's worth at once");
    let back = (0..20)
        .filter(|_| world.receive_from_peer(relayed, "8.8.8.8:1", &data) != Sent::Nowhere)
        .count();
    assert_eq!(back, 5);
    assert_eq!(world.metrics().over_rate, 30);
    world.passed += Duration::from_millis(200);
    assert_eq!(out(&mut world, &alice), 2);
}
