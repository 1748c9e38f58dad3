//! Everything that answers on the STUN port, without a socket or a clock: Binding requests for
//! anyone, the relay for those with credentials.
//!
//! An answer can be larger than what asked for it, and who asked can be forged, so whoever has no
//! allocation gets only so many answers in a time; the rest is dropped unread. Whoever has one gets
//! more, since there is a name to it. What can't be read is dropped without a word.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::relay::{Action, Now, Ports, Relay};
use super::reply::bound;
use super::stun::{Class, Message, Method};
use crate::limits::permits::customer;
use crate::limits::rates::{Crowd, Limiter};

/// After silence an address may ask so much at once: an office that all comes to work at nine.
const BURST: Duration = Duration::from_secs(2);

/// How many more requests are heard from an address where there is an allocation: a call makes one
/// every few minutes for each peer, and some at its start.
const MORE_FOR_CLIENTS: u64 = 10;

pub(crate) struct Responder<S> {
    strangers: Crowd,
    clients: Crowd,
    pub(crate) relay: Option<Relay<S>>,
}

impl<S> Responder<S> {
    /// One that gives each address so many answers a second.
    pub(crate) fn new(answers_per_second: u32, relay: Option<Relay<S>>, now: Instant) -> Self {
        let crowd = |rate| Crowd::new(Limiter::per_second(rate, BURST, now));
        let rate = u64::from(answers_per_second);
        Self { strangers: crowd(rate), clients: crowd(rate * MORE_FOR_CLIENTS), relay }
    }

    /// What is to be done about a datagram. An answer is written to `out`.
    pub(crate) fn handle<'s, 'd>(
        &'s mut self,
        datagram: &'d [u8],
        client: SocketAddr,
        now: Now,
        ports: &mut impl Ports<S>,
        out: &mut Vec<u8>,
    ) -> Action<'s, 'd, S> {
        let is_known = self.relay.as_ref().is_some_and(|relay| relay.is_client(client));
        if !is_known && !self.strangers.take(customer(client.ip()), now.at) {
            return Action::Nothing;
        }
        // The two kinds of datagram on a TURN port (RFC 8656 §12).
        match datagram.first().map(|first| first >> 6) {
            Some(0) => match Message::parse(datagram) {
                Some(message) => self.message(&message, client, now, ports, out),
                None => Action::Nothing,
            },
            Some(1) => match &mut self.relay {
                Some(relay) => relay.channel_data(datagram, client, now.at, out),
                None => Action::Nothing,
            },
            _ => Action::Nothing,
        }
    }

    fn message<'s, 'd>(
        &'s mut self,
        message: &Message<'d>,
        client: SocketAddr,
        now: Now,
        ports: &mut impl Ports<S>,
        out: &mut Vec<u8>,
    ) -> Action<'s, 'd, S> {
        match (message.class, message.method, &mut self.relay) {
            (Class::Request, Method::BINDING, _) => bound(message, client, out),
            (Class::Request, _, Some(relay)) => {
                let is_known = relay.is_client(client);
                if is_known && !self.clients.take(customer(client.ip()), now.at) {
                    return Action::Nothing;
                }
                let verified = relay.request(message, client, now, ports, out);
                // Somebody may speak in the name of one who has an allocation.
                if !verified && is_known && !self.strangers.take(customer(client.ip()), now.at) {
                    return Action::Nothing;
                }
            }
            (Class::Indication, _, Some(relay)) => {
                return relay.indication(message, client, now.at, out);
            }
            _ => return Action::Nothing,
        }
        Action::ToClient(client)
    }
}
