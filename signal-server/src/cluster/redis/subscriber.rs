//! Receives what other nodes publish for this one, and gives it to the hub.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::sleep;
use visavis_shared::{ServerMessage, Username};

use super::arrival_buffer::{Arrival, ArrivalBuffer, Location};
use super::link::Push;
use super::node_message::{NodeMessage, PresenceChange};
use super::publish_queue::Outgoing;
use super::{RedisCluster, lock, now};
use crate::hub::Hub;
use crate::limits::QueueLimits;
use crate::rules::router::{Envelope, RemoteEvent, Undeliverable};

/// How often buffered messages are tried again.
const LOOK: Duration = Duration::from_millis(2);

/// What came at once. Senders on other nodes are not slowed down by a reader on this one, and it
/// comes in whole batches: taken up in one go, it would be more than the queue of a reader holds
/// who is only about to be woken.
#[derive(Debug, Default)]
struct Burst {
    messages: usize,
    bytes: usize,
}

impl Burst {
    fn add(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes;
    }

    /// A quarter of what a queue holds.
    fn is_over(&self, queue: QueueLimits) -> bool {
        self.messages > queue.messages / 4 || self.bytes > queue.bytes / 4
    }
}

impl RedisCluster {
    /// Receives what is published, until the link can't be used any more; returns why.
    pub(super) async fn receive_pushes(
        &self,
        mut pushes: mpsc::Receiver<Push>,
        hub: &Hub,
    ) -> &'static str {
        let (own, lobby) = (self.layout.node(&self.node), self.layout.lobby());
        let (mut early, mut burst) = (ArrivalBuffer::default(), Burst::default());
        loop {
            if burst.is_over(hub.queue_limits()) {
                // Those whom it was for write it out before there is more for them.
                yield_now().await;
                burst = Burst::default();
            }
            let push = tokio::select! {
                push = pushes.recv() => push,
                () = sleep(LOOK), if !early.is_empty() => {
                    self.look_again(hub, &mut early);
                    continue;
                }
            };
            match push {
                Some(Push::Message { channel, payload }) if channel == own || channel == lobby => {
                    burst.add(payload.len());
                    match NodeMessage::parse(&payload) {
                        Some(message) => self.receive_node_message(hub, message, &mut early),
                        None => tracing::warn!("a message of another node can't be read"),
                    }
                }
                Some(Push::Message { channel, payload }) => {
                    let name = self.layout.whose_presence(&channel);
                    if let Some((name, change)) = name.zip(PresenceChange::parse(&payload)) {
                        self.receive_presence(hub, &name, &change);
                    }
                }
                Some(Push::Unsubscribed(channel)) => {
                    if channel == own || channel == lobby {
                        return "it ended a subscription";
                    }
                    // Ours, or that of a part of the cluster that has moved.
                    if let Some(name) = self.layout.whose_presence(&channel)
                        && lock(&self.watch_list).is_watched(&name)
                    {
                        lock(&self.watch_list).failed([name]);
                        self.watch_changes.notify_one();
                    }
                }
                Some(Push::Disconnected) => return "the connection broke",
                None => return "more came than could be taken up",
            }
        }
    }

    fn receive_node_message(&self, hub: &Hub, message: NodeMessage, early: &mut ArrivalBuffer) {
        match message {
            NodeMessage::Message { from, to, message } => {
                let arrival = Arrival { from, envelope: Envelope { to, message } };
                let to = &arrival.envelope.to;
                if early.has(to) || self.location(hub, to) == Location::Coming {
                    if let Some(arrival) = early.push(arrival, now()) {
                        self.arrived(hub, arrival, false);
                    }
                } else {
                    let is_here = hub.has(to);
                    self.arrived(hub, arrival, is_here);
                }
            }
            NodeMessage::Undelivered(undelivered) => {
                hub.receive_remote(RemoteEvent::Undeliverable(undelivered, Undeliverable::Nobody));
            }
            NodeMessage::Lost { name, number } => {
                let lost = lock(&self.leases).lost(&name, number);
                if lost {
                    hub.receive_remote(RemoteEvent::LeaseLost(name));
                }
            }
            NodeMessage::Beat(count) => self.heard.store(count, Ordering::Release),
            NodeMessage::Lobby {
                from,
                message:
                    message @ (ServerMessage::Broadcast { .. } | ServerMessage::GuestLeft { .. }),
            } if from != self.node => hub.receive_remote(RemoteEvent::Lobby(message)),
            NodeMessage::Lobby { .. } => {}
        }
    }

    fn location(&self, hub: &Hub, name: &Username) -> Location {
        if hub.has(name) {
            Location::Here
        } else if lock(&self.leases).is_pending(name) || lock(&self.leases).held(name).is_some() {
            // Held but not here: the hub is about to let them in, or they are about to be released.
            Location::Coming
        } else {
            Location::Elsewhere
        }
    }

    fn look_again(&self, hub: &Hub, early: &mut ArrivalBuffer) {
        for (arrival, is_here) in early.take(now(), |name| self.location(hub, name)) {
            self.arrived(hub, arrival, is_here);
        }
    }

    /// Delivers a message to somebody who is here; otherwise its sender gets an error, if that is
    /// of use.
    fn arrived(&self, hub: &Hub, Arrival { from, envelope }: Arrival, is_here: bool) {
        if is_here {
            hub.receive_remote(RemoteEvent::Message(envelope));
        } else if let Some(undelivered) = envelope.undelivered() {
            self.push(Outgoing::ToNode(from, NodeMessage::Undelivered(undelivered)));
        }
    }

    fn receive_presence(&self, hub: &Hub, name: &Username, change: &PresenceChange) {
        if change.online && change.node.as_ref() == Some(&self.node) {
            // The router notifies of those who come to this node, once it has let them in.
            lock(&self.watch_list).is_news(name, change.epoch);
            return;
        }
        // That somebody is elsewhere may arrive before that they are not here any more; it is
        // passed on after it.
        let superseded = change.online && lock(&self.leases).superseded(name, change.epoch);
        if superseded {
            hub.receive_remote(RemoteEvent::LeaseLost(name.clone()));
        }
        self.saw(hub, name, change.epoch, change.online);
    }
}
