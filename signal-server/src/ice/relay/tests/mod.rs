//! The relay's rules, message by message, on a clock of the test's own: the world they are tried
//! in.

mod allocations;
mod passing;
mod strangers;

use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

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
        let taken: Vec<_> =
            self.given.iter().filter_map(|port| port.upgrade()).map(|port| *port).collect();
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
        Self::answering(1_000_000, change)
    }

    /// One with a limit for strangers.
    fn answering(per_second: u32, change: impl FnOnce(&mut Settings)) -> Self {
        let start = Instant::now();
        let secret = Secret::random();
        let addresses = vec![ip(RELAY), ip("2a00::5")];
        let mut settings = Settings {
            peers: PeerRule::new(Vec::new(), addresses.clone()),
            addresses,
            quotas: Quotas::default(),
            ports: 100,
            bytes_per_second: None,
        };
        change(&mut settings);
        let relay = Relay::new(settings, secret.clone(), start);
        let ports = Paper { given: Vec::new(), range: 100, own: vec![ip("9.9.9.9")] };
        Self {
            responder: Responder::new(per_second, Some(relay), start),
            ports,
            secret,
            start,
            passed: Duration::ZERO,
        }
    }

    fn now(&self) -> Now {
        Now { at: self.start + self.passed, unix: START + self.passed.as_secs() }
    }

    fn expire(&mut self) {
        self.responder.relay.as_mut().unwrap().expire(self.start + self.passed);
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

    fn receive_from_peer(&mut self, relayed: SocketAddr, peer: &str, data: &[u8]) -> Sent {
        let (now, mut out) = (self.now().at, Vec::new());
        let relay = self.responder.relay.as_mut().unwrap();
        let client = relay.receive_from_peer(relayed, addr(peer), data, now, &mut out);
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

    fn metrics(&self) -> RelayMetrics {
        self.responder.relay.as_ref().unwrap().metrics()
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
            let Sent::Client(to, answer) = world.hear(&request, self.address) else {
                panic!("no answer")
            };
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
        let values: Vec<_> = peers
            .iter()
            .map(|peer| (attribute::XOR_PEER_ADDRESS, self.xored(addr(peer))))
            .collect();
        self.transactions -= 1;
        let attributes: Vec<_> = values.iter().map(|(kind, value)| (*kind, &value[..])).collect();
        self.ask(world, Method::CREATE_PERMISSION, &attributes).code
    }

    fn bind(&mut self, world: &mut World, number: u16, peer: &str) -> u16 {
        self.transactions += 1;
        let peer = self.xored(addr(peer));
        self.transactions -= 1;
        let [high, low] = number.to_be_bytes();
        let attributes = [
            (attribute::CHANNEL_NUMBER, &[high, low, 0, 0][..]),
            (attribute::XOR_PEER_ADDRESS, &peer),
        ];
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
        (Class::Error, Some([0, 0, class, number, ..])) => {
            u16::from(*class) * 100 + u16::from(*number)
        }
        other => panic!("{other:?}"),
    };
    Answer {
        code,
        relayed: address(attribute::XOR_RELAYED_ADDRESS),
        mapped: address(attribute::XOR_MAPPED_ADDRESS),
        lifetime: message
            .get(attribute::LIFETIME)
            .map(|value| u32::from_be_bytes(value.try_into().unwrap())),
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
