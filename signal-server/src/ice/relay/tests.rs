//! The relay's rules, message by message, on a clock of the test's own.

use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::credentials::{Credentials, long_term_key};
use super::super::responder::Responder;
use super::super::stun::{Class, Writer};
use super::*;

const RELAY: &str = "198.18.5.5";
const START: u64 = 1_700_000_000;

/// Ports that are only numbers; what was given out lives as long as its allocation.
struct Paper {
    given: Vec<Weak<u16>>,
    range: u16,
    own: Vec<IpAddr>,
}

impl Ports<Arc<u16>> for Paper {
    fn open(&mut self, _address: IpAddr, even: bool) -> Option<(Arc<u16>, u16)> {
        self.given.retain(|port| port.strong_count() > 0);
        let taken: Vec<_> = self.given.iter().filter_map(|port| port.upgrade()).map(|port| *port).collect();
        let free = |port: &u16| !taken.contains(port) && (!even || port.is_multiple_of(2));
        let port = Arc::new((49_161..49_161 + self.range).find(free)?);
        self.given.push(Arc::downgrade(&port));
        Some((Arc::clone(&port), *port))
    }

    fn is_own(&self, ip: IpAddr) -> bool {
        self.own.contains(&ip)
    }
}

/// Where something went.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sent {
    Nowhere,
    Client(SocketAddr, Vec<u8>),
    Peer(u16, SocketAddr, Vec<u8>),
}

struct World {
    responder: Responder<Arc<u16>>,
    ports: Paper,
    secret: Secret,
    start: Instant,
    passed: Duration,
}

impl World {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let start = Instant::now();
        let secret = Secret::random();
        let addresses = vec![ip(RELAY), ip("2a00::5")];
        let mut settings = Settings {
            peers: PeerRule::new(Vec::new(), addresses.clone()),
            addresses,
            quotas: Quotas::default(),
            bytes_per_second: None,
        };
        change(&mut settings);
        let relay = Relay::new(settings, secret.clone(), start);
        let ports = Paper { given: Vec::new(), range: 100, own: vec![ip("9.9.9.9")] };
        Self { responder: Responder::new(1_000_000, Some(relay), start), ports, secret, start, passed: Duration::ZERO }
    }

    fn now(&self) -> Now {
        Now { at: self.start + self.passed, unix: START + self.passed.as_secs() }
    }

    fn pass(&mut self, seconds: u64) {
        self.passed += Duration::from_secs(seconds);
    }

    fn hear(&mut self, datagram: &[u8], from: SocketAddr) -> Sent {
        let (now, mut out) = (self.now(), Vec::new());
        match self.responder.handle(datagram, from, now, &mut self.ports, &mut out) {
            Action::Nothing => Sent::Nowhere,
            Action::ToClient(client) => Sent::Client(client, out),
            Action::ToPeer { socket, peer, data } => Sent::Peer(**socket, peer, data.to_vec()),
        }
    }

    fn hear_peer(&mut self, relayed: SocketAddr, peer: &str, data: &[u8]) -> Sent {
        let (now, mut out) = (self.now().at, Vec::new());
        let client = self.responder.hear_peer(relayed, addr(peer), data, now, &mut out);
        client.map_or(Sent::Nowhere, |client| Sent::Client(client, out))
    }

    fn somebody(&self, name: &str, address: &str) -> Somebody {
        Somebody {
            address: addr(address),
            credentials: self.secret.issue(Some(name), START + self.passed.as_secs()),
            nonce: Vec::new(),
            transactions: 0,
        }
    }

    fn figures(&self) -> RelayFigures {
        self.responder.figures().unwrap()
    }

    /// Somebody with an allocation, and its address.
    fn relayed(&mut self, name: &str, address: &str) -> (Somebody, SocketAddr) {
        let mut somebody = self.somebody(name, address);
        let answer = somebody.allocate(self);
        assert_eq!(answer.code, 0);
        (somebody, answer.relayed.unwrap())
    }
}

/// An answer, for what it says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    /// Of an error; 0 is success.
    code: u16,
    relayed: Option<SocketAddr>,
    mapped: Option<SocketAddr>,
    lifetime: Option<u32>,
}

struct Somebody {
    address: SocketAddr,
    credentials: Credentials,
    nonce: Vec<u8>,
    transactions: u8,
}

type Attributes<'a> = &'a [(u16, &'a [u8])];

impl Somebody {
    fn key(&self) -> Key {
        long_term_key(&self.credentials.username, REALM, &self.credentials.password)
    }

    fn signed(&mut self, method: Method, attributes: Attributes<'_>) -> Vec<u8> {
        self.transactions += 1;
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, Class::Request, method, &[self.transactions; 12])
            .put(attribute::USERNAME, self.credentials.username.as_bytes())
            .put(attribute::REALM, REALM.as_bytes())
            .put(attribute::NONCE, &self.nonce);
        for (kind, value) in attributes {
            writer = writer.put(*kind, value);
        }
        writer.finish_signed(&self.key());
        out
    }

    /// Asks, with a new nonce where the old one is no good.
    fn ask(&mut self, world: &mut World, method: Method, attributes: Attributes<'_>) -> Answer {
        loop {
            let request = self.signed(method, attributes);
            let Sent::Client(to, answer) = world.hear(&request, self.address) else { panic!("no answer") };
            assert_eq!(to, self.address);
            let message = Message::parse(&answer).unwrap();
            assert_eq!((message.method, message.transaction), (method, [self.transactions; 12]));
            let read = read(&message);
            if read.code == 438 && message.get(attribute::NONCE) != Some(&self.nonce) {
                self.nonce = message.get(attribute::NONCE).unwrap().to_vec();
                continue;
            }
            let challenged = matches!(read.code, 400 | 401 | 438);
            assert!(challenged || message.is_signed_with(&self.key()), "{read:?} is signed");
            return read;
        }
    }

    fn allocate(&mut self, world: &mut World) -> Answer {
        self.ask(world, Method::ALLOCATE, &[(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0])])
    }

    fn permit(&mut self, world: &mut World, peers: &[&str]) -> u16 {
        self.transactions += 1;
        let values: Vec<_> = peers.iter().map(|peer| (attribute::XOR_PEER_ADDRESS, self.xored(addr(peer)))).collect();
        self.transactions -= 1;
        let attributes: Vec<_> = values.iter().map(|(kind, value)| (*kind, &value[..])).collect();
        self.ask(world, Method::CREATE_PERMISSION, &attributes).code
    }

    fn bind(&mut self, world: &mut World, number: u16, peer: &str) -> u16 {
        self.transactions += 1;
        let peer = self.xored(addr(peer));
        self.transactions -= 1;
        let [high, low] = number.to_be_bytes();
        let attributes = [(attribute::CHANNEL_NUMBER, &[high, low, 0, 0][..]), (attribute::XOR_PEER_ADDRESS, &peer)];
        self.ask(world, Method::CHANNEL_BIND, &attributes).code
    }

    /// An address in the form that it has in the message with the current number.
    fn xored(&self, address: SocketAddr) -> Vec<u8> {
        let mut out = Vec::new();
        Writer::new(&mut out, Class::Request, Method::BINDING, &[self.transactions; 12])
            .put_address(0, address)
            .finish();
        out.split_off(24)
    }

    fn indication(&self, peer: &str, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Writer::new(&mut out, Class::Indication, Method::SEND, &[9; 12])
            .put_address(attribute::XOR_PEER_ADDRESS, addr(peer))
            .put(attribute::DATA, data)
            .finish();
        out
    }

    fn send(&self, world: &mut World, peer: &str, data: &[u8]) -> Sent {
        world.hear(&self.indication(peer, data), self.address)
    }
}

fn read(message: &Message<'_>) -> Answer {
    let address = |kind| message.get(kind).and_then(|value| message.address(value));
    let code = match (message.class, message.get(attribute::ERROR_CODE)) {
        (Class::Success, None) => 0,
        (Class::Error, Some([0, 0, class, number, ..])) => u16::from(*class) * 100 + u16::from(*number),
        other => panic!("{other:?}"),
    };
    Answer {
        code,
        relayed: address(attribute::XOR_RELAYED_ADDRESS),
        mapped: address(attribute::XOR_MAPPED_ADDRESS),
        lifetime: message.get(attribute::LIFETIME).map(|value| u32::from_be_bytes(value.try_into().unwrap())),
    }
}

fn channel_data(number: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&number.to_be_bytes()[..], &length.to_be_bytes(), data].concat()
}

/// The peer and the data of a Data indication to a client.
fn told(sent: Sent, client: SocketAddr) -> (SocketAddr, Vec<u8>) {
    let Sent::Client(to, datagram) = sent else { panic!("{sent:?}") };
    assert_eq!(to, client);
    let message = Message::parse(&datagram).unwrap();
    assert_eq!((message.class, message.method), (Class::Indication, Method::DATA));
    let peer = message.address(message.get(attribute::XOR_PEER_ADDRESS).unwrap()).unwrap();
    (peer, message.get(attribute::DATA).unwrap().to_vec())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn credentials_of_a_login_make_an_allocation() {
    let mut world = World::new(|_| {});
    let mut alice = world.somebody("alice", "1.1.1.1:1000");
    let relayed = Some(SocketAddr::new(ip(RELAY), 49_161));
    let expected = Answer { code: 0, relayed, mapped: Some(alice.address), lifetime: Some(600) };
    assert_eq!(alice.allocate(&mut world), expected);
    assert_eq!((world.figures().allocations, world.figures().granted), (1, 1));
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
    assert_eq!(world.figures(), RelayFigures::default());
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
    assert_eq!(world.figures(), RelayFigures::default());
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
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    for _ in 0..20 {
        world.pass(500);
        assert_eq!(alice.ask(&mut world, Method::REFRESH, &[]).lifetime, Some(600));
        assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
    }
    let mut second = Somebody { address: addr("1.1.1.1:1001"), ..alice };
    assert_eq!(second.allocate(&mut world).code, 401, "but makes no new one");
}

#[test]
fn an_allocation_that_nobody_refreshes_ends() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    assert_eq!(alice.permit(&mut world, &["8.8.8.8:1"]), 0);
    world.pass(600);
    assert_eq!(world.hear_peer(relayed, "8.8.8.8:1", b"late"), Sent::Nowhere);
    assert_eq!(alice.send(&mut world, "8.8.8.8:1", b"late"), Sent::Nowhere);
    world.responder.expire(world.start + world.passed);
    assert_eq!(world.figures().allocations, 0);
    assert!(world.ports.given.iter().all(|port| port.strong_count() == 0), "its port is closed");
}

#[test]
fn a_refresh_of_nothing_ends_it_at_once() {
    let mut world = World::new(|_| {});
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    assert_eq!(alice.ask(&mut world, Method::REFRESH, &[(attribute::LIFETIME, &[0; 4])]).lifetime, Some(0));
    assert_eq!(world.figures().allocations, 0);
    assert!(world.ports.given.iter().all(|port| port.strong_count() == 0));
    assert_eq!(alice.ask(&mut world, Method::REFRESH, &[]).code, 437);
    assert_eq!(alice.allocate(&mut world).code, 0, "the place is free");
}

#[test]
fn quotas_are_answered_with_486_and_end_with_what_they_count() {
    let quotas = Quotas { total: 4, per_user: 2, per_address: 3 };
    let mut world = World::new(|settings| settings.quotas = quotas);
    let ask = |world: &mut World, name: &str, address: &str| world.somebody(name, address).allocate(world).code;
    assert_eq!(ask(&mut world, "alice", "1.1.1.1:1"), 0);
    assert_eq!(ask(&mut world, "alice", "1.1.1.2:1"), 0);
    assert_eq!(ask(&mut world, "alice", "1.1.1.3:1"), 486, "two of alice");
    assert_eq!(ask(&mut world, "bob", "1.1.1.1:2"), 0);
    assert_eq!(ask(&mut world, "carol", "1.1.1.1:3"), 0);
    assert_eq!(ask(&mut world, "dave", "1.1.1.9:1"), 486, "four in all");
    assert_eq!(world.figures().refused_by_quota, 2);
    world.pass(599);
    assert_eq!(ask(&mut world, "dave", "1.1.1.9:1"), 486);
    world.pass(1);
    world.responder.expire(world.start + world.passed);
    for port in ["1", "2", "3"] {
        assert_eq!(ask(&mut world, port, &format!("1.1.1.1:{port}")), 0);
    }
    assert_eq!(ask(&mut world, "dave", "1.1.1.1:4"), 486, "three from there");
    assert_eq!(ask(&mut world, "dave", "1.1.1.9:1"), 0);
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
    assert_eq!(world.figures().granted, 1);
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
        assert_eq!(alice.ask(&mut world, Method::ALLOCATE, attributes).code, code, "{attributes:?}");
    }
    assert_eq!(world.figures().allocations, 1);
}

#[test]
fn the_family_and_an_even_port_can_be_chosen() {
    let mut world = World::new(|_| {});
    let udp = (attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0][..]);
    let mut alice = world.somebody("alice", "1.1.1.1:1000");
    let six = alice.ask(&mut world, Method::ALLOCATE, &[udp, (attribute::REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0])]);
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
    assert_eq!(world.somebody("alice", "1.1.1.1:1").ask(&mut world, Method::ALLOCATE, &[udp, six]).code, 440);
}

#[test]
fn peers_that_are_not_public_are_forbidden() {
    let mut world = World::new(|_| {});
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    for peer in ["127.0.0.1:1", "10.0.0.1:1", "169.254.169.254:80", "224.0.0.1:1", "0.0.0.0:1", "9.9.9.9:1"] {
        assert_eq!(alice.permit(&mut world, &[peer]), 403, "{peer}");
        assert_eq!(alice.bind(&mut world, 0x4000, peer), 403, "{peer}");
        assert_eq!(alice.permit(&mut world, &["8.8.8.8:1", peer]), 403, "{peer}");
        assert_eq!(alice.send(&mut world, peer, b"in"), Sent::Nowhere);
    }
    assert_eq!(alice.send(&mut world, "8.8.8.8:1", b"x"), Sent::Nowhere, "nothing of a forbidden request was granted");
    assert_eq!(world.figures().refused_peers, 18);
    for peer in ["[::ffff:8.8.8.8]:1", "[2a00::1]:1"] {
        assert_eq!(alice.permit(&mut world, &[peer]), 443, "{peer}");
    }
}

#[test]
fn a_listed_peer_is_reached_also_when_it_is_this_machine() {
    let allowed = vec!["127.0.0.0/8".parse().unwrap(), "9.9.9.9/32".parse().unwrap()];
    let mut world = World::new(|settings| settings.peers = PeerRule::new(allowed, settings.addresses.clone()));
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    for peer in ["127.0.0.1:7", "9.9.9.9:7"] {
        assert_eq!(alice.permit(&mut world, &[peer]), 0);
        assert_eq!(alice.send(&mut world, peer, b"in"), Sent::Peer(49_161, addr(peer), b"in".to_vec()));
    }
    assert_eq!(alice.permit(&mut world, &["10.0.0.1:7"]), 403);
}

#[test]
fn data_passes_both_ways_while_a_permission_lasts() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    let peer = "8.8.8.8:5000";
    assert_eq!(alice.send(&mut world, peer, b"hi"), Sent::Nowhere);
    assert_eq!(world.hear_peer(relayed, peer, b"ho"), Sent::Nowhere);
    assert_eq!(alice.permit(&mut world, &["8.8.4.4:1", "8.8.8.8:1"]), 0, "a port makes no difference");
    assert_eq!(alice.send(&mut world, peer, b"hi"), Sent::Peer(49_161, addr(peer), b"hi".to_vec()));
    assert_eq!(told(world.hear_peer(relayed, peer, b"ho"), alice.address), (addr(peer), b"ho".to_vec()));
    assert_eq!(told(world.hear_peer(relayed, "8.8.4.4:9", b""), alice.address), (addr("8.8.4.4:9"), Vec::new()));
    assert_eq!(world.hear_peer(relayed, "8.8.8.9:5000", b"ho"), Sent::Nowhere);
    assert_eq!(alice.send(&mut world, "8.8.8.8:0", b"hi"), Sent::Nowhere, "there is no port 0");
    world.pass(300);
    assert_eq!(alice.send(&mut world, peer, b"hi"), Sent::Nowhere);
    assert_eq!(world.hear_peer(relayed, peer, b"ho"), Sent::Nowhere);
    let figures = world.figures();
    assert_eq!((figures.bytes_from_clients, figures.bytes_to_clients), (30, 58));
}

#[test]
fn a_channel_is_shorter_and_says_the_same() {
    let mut world = World::new(|_| {});
    let (mut alice, relayed) = world.relayed("alice", "1.1.1.1:1000");
    let peer = "8.8.8.8:5000";
    assert_eq!(alice.bind(&mut world, 0x4001, peer), 0);
    let padded = [channel_data(0x4001, b"hello"), vec![0; 3]].concat();
    for datagram in [channel_data(0x4001, b"hello"), padded] {
        assert_eq!(world.hear(&datagram, alice.address), Sent::Peer(49_161, addr(peer), b"hello".to_vec()));
    }
    let back = world.hear_peer(relayed, peer, b"hello");
    assert_eq!(back, Sent::Client(alice.address, channel_data(0x4001, b"hello")));
    assert_eq!(world.hear(&channel_data(0x4002, b"hello"), alice.address), Sent::Nowhere);
    assert_eq!(world.hear(&channel_data(0x4001, b"hello")[..8], alice.address), Sent::Nowhere);
    assert_eq!(world.hear(&channel_data(0x4001, b"hello"), addr("1.1.1.1:1001")), Sent::Nowhere, "somebody else");
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
    assert_eq!(alice.send(&mut world, &other, b"ssh"), Sent::Nowhere, "nothing else there is reached");
    assert_eq!(world.hear_peer(alice_relayed, &other, b"x"), Sent::Nowhere, "nor heard");
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
    assert_eq!(world.figures().allocations, 1);
}

#[test]
fn an_old_nonce_is_replaced_in_passing() {
    let mut world = World::new(|_| {});
    let (mut alice, _) = world.relayed("alice", "1.1.1.1:1000");
    let old = alice.nonce.clone();
    for _ in 0..8 {
        world.pass(500);
        assert_eq!(alice.ask(&mut world, Method::REFRESH, &[]).code, 0);
    }
    assert_ne!(alice.nonce, old);
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
    let back = (0..20).filter(|_| world.hear_peer(relayed, "8.8.8.8:1", &data) != Sent::Nowhere).count();
    assert_eq!(back, 5);
    assert_eq!(world.figures().over_rate, 30);
    world.passed += Duration::from_millis(200);
    assert_eq!(out(&mut world, &alice), 2);
}

#[test]
fn strangers_get_so_many_answers_and_leave_nothing_behind() {
    let mut world = World::new(|_| {});
    world.responder = {
        let settings = Settings {
            addresses: vec![ip(RELAY)],
            peers: PeerRule::default(),
            quotas: Quotas::default(),
            bytes_per_second: None,
        };
        Responder::new(10, Some(Relay::new(settings, world.secret.clone(), world.start)), world.start)
    };
    let mut out = Vec::new();
    Writer::new(&mut out, Class::Request, Method::ALLOCATE, &[7; 12]).finish();
    let answered = |world: &mut World, address: SocketAddr| world.hear(&out, address) != Sent::Nowhere;
    let flood = (0..1000_u16).filter(|port| answered(&mut world, SocketAddr::new(ip("1.1.1.1"), *port))).count();
    assert_eq!(flood, 20, "two seconds' worth from any port");
    let crowd = (0..100_000_u32)
        .filter(|host| answered(&mut world, SocketAddr::new(IpAddr::V4(host.to_be_bytes().into()), 1)))
        .count();
    assert!(crowd > 90_000, "{crowd}: one address does not silence the others");
    assert_eq!(world.figures(), RelayFigures::default());
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
    assert_eq!(world.responder.figures(), None);
}

/// What a client could send at any time, sound.
fn repertoire(world: &mut World, alice: &mut Somebody) -> Vec<Vec<u8>> {
    let udp = (attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0][..]);
    alice.transactions = 100;
    let peer = Somebody { transactions: 101, ..world.somebody("x", "1.1.1.1:1") }.xored(addr("8.8.8.8:5000"));
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
            let heard = world.hear_peer(relayed, "127.0.0.1:5000", b"from inside");
            prop_assert_eq!(heard, Sent::Nowhere);
            prop_assert!(world.figures().allocations <= 2);
            let open = world.ports.given.iter().filter(|port| port.strong_count() > 0).count();
            prop_assert_eq!(open, world.figures().allocations);
        }
    }
}
