//! What comes from other nodes, by way of Redis.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::early::{Arrival, Early, Whereabouts};
use super::lanes::Outgoing;
use super::link::Push;
use super::wire::{Note, PresenceChange};
use super::{RedisCluster, lock, now};
use crate::hub::Hub;
use crate::router::{Envelope, News, Undeliverable};

/// How often it is looked whether those who are about to be here are.
const LOOK: Duration = Duration::from_millis(2);

impl RedisCluster {
    /// Takes up what comes, until the link can't be used any more: then says why.
    pub(super) async fn hear(&self, mut pushes: mpsc::Receiver<Push>, hub: &Hub) -> &'static str {
        let (own, lobby) = (self.layout.node(&self.node), self.layout.lobby());
        let mut early = Early::default();
        loop {
            let push = tokio::select! {
                push = pushes.recv() => push,
                () = sleep(LOOK), if !early.is_empty() => {
                    self.look_again(hub, &mut early);
                    continue;
                }
            };
            match push {
                Some(Push::Message { channel, payload }) if channel == own || channel == lobby => {
                    match Note::parse(&payload) {
                        Some(note) => self.take_note(hub, note, &mut early),
                        None => tracing::warn!("another node said something that can't be read"),
                    }
                }
                Some(Push::Message { channel, payload }) => {
                    let name = self.layout.whose_presence(&channel);
                    if let Some((name, change)) = name.zip(PresenceChange::parse(&payload)) {
                        self.take_presence(hub, &name, &change);
                    }
                }
                Some(Push::Unsubscribed(channel)) => {
                    if channel == own || channel == lobby {
                        return "it ended a subscription";
                    }
                    // Ours, or that of a part of the cluster that has moved.
                    if let Some(name) = self.layout.whose_presence(&channel)
                        && lock(&self.watches).is_watched(&name)
                    {
                        lock(&self.watches).failed([name]);
                        self.watch_changes.notify_one();
                    }
                }
                Some(Push::Disconnected) => return "the connection broke",
                None => return "more came than could be taken up",
            }
        }
    }

    fn take_note(&self, hub: &Hub, note: Note, early: &mut Early) {
        match note {
            Note::Message { from, to, message } => {
                let arrival = Arrival { from, envelope: Envelope { to, message } };
                let to = &arrival.envelope.to;
                if early.has(to) || self.whereabouts(hub, to) == Whereabouts::Coming {
                    if let Err(arrival) = early.push(arrival, now()) {
                        self.arrived(hub, arrival, false);
                    }
                } else {
                    let is_here = hub.has(to);
                    self.arrived(hub, arrival, is_here);
                }
            }
            Note::Undelivered { from, kind, call } => {
                hub.receive(News::Undeliverable { from, kind, call, why: Undeliverable::Nobody });
            }
            Note::Lost { name, number } => {
                let lost = lock(&self.leases).lost(&name, number);
                if lost {
                    hub.receive(News::LeaseLost(name));
                }
            }
            Note::Beat(count) => self.heard.store(count, Ordering::Release),
            Note::Lobby { from, message } if from != self.node => match message {
                visavis_shared::ServerMessage::Broadcast { from, message } => {
                    hub.receive(News::Broadcast(from, message));
                }
                visavis_shared::ServerMessage::GuestLeft { username } => hub.receive(News::GuestLeft(username)),
                _ => {}
            },
            Note::Lobby { .. } => {}
        }
    }

    fn whereabouts(&self, hub: &Hub, name: &visavis_shared::Username) -> Whereabouts {
        if hub.has(name) {
            Whereabouts::Here
        } else if lock(&self.leases).is_asked(name) || lock(&self.leases).held(name).is_some() {
            // Held but not here: the hub is about to let them in, or they are about to be released.
            Whereabouts::Coming
        } else {
            Whereabouts::Elsewhere
        }
    }

    fn look_again(&self, hub: &Hub, early: &mut Early) {
        for (arrival, is_here) in early.take(now(), |name| self.whereabouts(hub, name)) {
            self.arrived(hub, arrival, is_here);
        }
    }

    /// A message for somebody who is here, or who is not: then its sender is told, if that is of use.
    fn arrived(&self, hub: &Hub, Arrival { from, envelope }: Arrival, is_here: bool) {
        if is_here {
            hub.receive(News::Message(envelope));
        } else if let Some((sender, kind, call)) = envelope.return_address() {
            let note = Note::Undelivered { from: sender.clone(), kind: kind.to_owned(), call: call.cloned() };
            self.push(Outgoing::ToNode(from, note));
        }
    }

    fn take_presence(&self, hub: &Hub, name: &visavis_shared::Username, change: &PresenceChange) {
        let is_ours = change.node.as_ref() == Some(&self.node);
        let elsewhere = change.online && !is_ours;
        // That somebody is elsewhere may be heard before that they are not here any more; it is told after it.
        if elsewhere && lock(&self.leases).superseded(name, change.epoch) {
            hub.receive(News::LeaseLost(name.clone()));
        }
        self.saw(hub, name, change.epoch, elsewhere);
    }
}
