//! One node or several, with the least that a cluster has to be: everything is known at once and
//! nothing gets lost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use visavis_shared::{ClientMessage, Payload, RoomId, ServerMessage, Username};
use visavis_signal_server::rules::registry::ConnectionId;
use visavis_signal_server::rules::router::{
    Announcement, Claim, ClaimRefusal, Closing, Entry, Output, Question, RemoteEvent, Router,
    Rules, Undeliverable,
};
use visavis_signal_server::rules::sessions::{ResumeToken, TokenHash};

/// One message for one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) to: ConnectionId,
    pub(crate) message: ServerMessage,
}

/// What something led to, on all nodes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) adopted: Vec<(ConnectionId, ConnectionId)>,
    pub(crate) forgotten: Vec<ConnectionId>,
    pub(crate) closed: Vec<(ConnectionId, Closing)>,
    /// Who was called in vain, and by whom.
    pub(crate) missed: Vec<(Username, Username)>,
}

/// A name that somebody has.
#[derive(Debug)]
struct Lease {
    node: usize,
    listed: bool,
    token: Option<TokenHash>,
}

/// All nodes, and what they share.
#[derive(Debug)]
pub(crate) struct World {
    nodes: Vec<Router>,
    leases: BTreeMap<Username, Lease>,
    rooms: BTreeMap<RoomId, Vec<Username>>,
    watching: BTreeMap<Username, BTreeSet<usize>>,
    tokens: u8,
    is_alone: bool,
}

impl World {
    /// One node that is the whole server.
    pub(crate) fn alone(directory: bool) -> Self {
        Self::new(vec![Router::new(Rules { directory, alone: true })], true)
    }

    /// So many nodes.
    pub(crate) fn of(nodes: usize) -> Self {
        Self::new(
            (0..nodes).map(|_| Router::new(Rules { directory: true, alone: false })).collect(),
            false,
        )
    }

    fn new(nodes: Vec<Router>, is_alone: bool) -> Self {
        let (leases, rooms, watching) = Default::default();
        Self { nodes, leases, rooms, watching, tokens: 0, is_alone }
    }

    /// The node that a connection is on.
    fn node_of(&self, connection: ConnectionId) -> usize {
        connection.0 as usize % self.nodes.len()
    }

    pub(crate) fn handle(
        &mut self,
        from: ConnectionId,
        message: ClientMessage,
        now: Instant,
    ) -> Effects {
        let node = self.node_of(from);
        let outputs = match message {
            ClientMessage::Login(login) => self.nodes[node].log_in(from, login, None, now),
            message => self.nodes[node].handle(from, message, now),
        };
        self.carry_out(node, outputs, now)
    }

    pub(crate) fn guest(&mut self, from: ConnectionId, name: Username) -> Effects {
        let node = self.node_of(from);
        let outputs = self.nodes[node].enter_as_guest(from, name);
        self.carry_out(node, outputs, Instant::now())
    }

    pub(crate) fn broadcast(&mut self, from: ConnectionId, message: Payload) -> Effects {
        let node = self.node_of(from);
        let outputs = self.nodes[node].broadcast(from, message);
        self.carry_out(node, outputs, Instant::now())
    }

    pub(crate) fn disconnect(&mut self, connection: ConnectionId, now: Instant) -> Effects {
        let node = self.node_of(connection);
        let outputs = self.nodes[node].disconnect(connection, now);
        self.carry_out(node, outputs, now)
    }

    pub(crate) fn expire(&mut self, now: Instant) -> Effects {
        let mut all = Effects::default();
        for node in 0..self.nodes.len() {
            let outputs = self.nodes[node].expire(now);
            let effects = self.carry_out(node, outputs, now);
            all.deliveries.extend(effects.deliveries);
            all.forgotten.extend(effects.forgotten);
        }
        all
    }

    fn carry_out(&mut self, node: usize, outputs: Vec<Output>, now: Instant) -> Effects {
        let mut effects = Effects::default();
        let mut queue: VecDeque<_> = outputs.into_iter().map(|output| (node, output)).collect();
        while let Some((node, output)) = queue.pop_front() {
            let more: Vec<(usize, Vec<Output>)> = match output {
                Output::Deliver(to, message) => {
                    assert_eq!(
                        self.node_of(to),
                        node,
                        "a node delivers to its own connections only"
                    );
                    effects.deliveries.push(Delivery { to, message });
                    vec![]
                }
                Output::Adopt { from, by } => {
                    effects.adopted.push((from, by));
                    vec![]
                }
                Output::Forget(connection, _) => {
                    effects.forgotten.push(connection);
                    vec![]
                }
                Output::Missed { callee, caller } => {
                    effects.missed.push((callee, caller));
                    vec![]
                }
                Output::Close(connection, closing) => {
                    effects.closed.push((connection, closing));
                    vec![]
                }
                Output::Ask(connection, Question::Claim(claim)) => {
                    self.claim(node, connection, claim, now)
                }
                Output::Ask(connection, Question::Users(prefix)) => {
                    let begins = |(name, lease): &(&Username, &Lease)| {
                        lease.listed && name.as_str().starts_with(&prefix)
                    };
                    let users: Vec<_> =
                        self.leases.iter().filter(begins).map(|(name, _)| name.clone()).collect();
                    let total = users.len();
                    vec![(node, self.nodes[node].settle_users(connection, Some((users, total))))]
                }
                Output::Ask(connection, Question::Join(room)) => {
                    let name = self.nodes[node].registry().name_of(connection).unwrap().clone();
                    let members = self.rooms.entry(room.clone()).or_default();
                    let others: Vec<_> =
                        members.iter().filter(|member| **member != name).cloned().collect();
                    let entry = if others.len() < 2 {
                        if !members.contains(&name) {
                            members.push(name);
                        }
                        Entry::Entered(others)
                    } else {
                        Entry::Full
                    };
                    vec![(node, self.nodes[node].settle_join(connection, &room, entry))]
                }
                Output::Forward(envelope) => match self.leases.get(&envelope.to) {
                    Some(lease) => {
                        let to = lease.node;
                        assert_ne!(to, node, "whoever is here needs no other node");
                        vec![(
                            to,
                            self.nodes[to].receive_remote(RemoteEvent::Message(envelope), now),
                        )]
                    }
                    None => match envelope.undelivered() {
                        Some(undelivered) => {
                            let event =
                                RemoteEvent::Undeliverable(undelivered, Undeliverable::Nobody);
                            vec![(node, self.nodes[node].receive_remote(event, now))]
                        }
                        None => vec![],
                    },
                },
                Output::Announce(announcement) => self.announce(node, announcement, now),
            };
            // What follows from something comes before what else there was to do.
            for (node, outputs) in more.into_iter().rev() {
                for output in outputs.into_iter().rev() {
                    queue.push_front((node, output));
                }
            }
        }
        effects
    }

    fn claim(
        &mut self,
        node: usize,
        by: ConnectionId,
        claim: Claim,
        now: Instant,
    ) -> Vec<(usize, Vec<Output>)> {
        let mut more = Vec::new();
        // One that is alone does not say when a name is free: it asks only whose it is.
        if let Some(lease) = self.leases.get(&claim.name).filter(|_| !self.is_alone) {
            if claim.resume.is_none() || claim.resume != lease.token {
                let refusal = Err(ClaimRefusal::Taken(claim.name.clone()));
                return vec![(node, self.nodes[node].settle_claim(by, claim, refusal, now))];
            }
            let before = lease.node;
            // The session goes on outside all rooms; the node before tells the others there.
            for members in self.rooms.values_mut() {
                members.retain(|member| *member != claim.name);
            }
            more.push((
                before,
                self.nodes[before].receive_remote(RemoteEvent::LeaseLost(claim.name.clone()), now),
            ));
        }
        self.tokens = self.tokens.wrapping_add(1);
        let token = claim.resumable.then(|| ResumeToken::new([self.tokens; 32]));
        let (name, listed) = (claim.name.clone(), claim.listed);
        let lease = Lease { node, listed, token: token.as_ref().map(ResumeToken::hash) };
        self.leases.insert(name.clone(), lease);
        more.push((node, self.nodes[node].settle_claim(by, claim, Ok(token), now)));
        if listed {
            more.extend(self.notify_watchers(node, &name, true, now));
        }
        more
    }

    fn announce(
        &mut self,
        node: usize,
        what: Announcement,
        now: Instant,
    ) -> Vec<(usize, Vec<Output>)> {
        match what {
            Announcement::Released(name) => match self.leases.remove(&name) {
                Some(lease) if lease.listed => self.notify_watchers(node, &name, false, now),
                _ => vec![],
            },
            Announcement::Watching(name) => {
                self.watching.entry(name.clone()).or_default().insert(node);
                let online =
                    self.leases.get(&name).is_some_and(|lease| lease.listed && lease.node != node);
                vec![(
                    node,
                    self.nodes[node].receive_remote(RemoteEvent::Presence(name, online), now),
                )]
            }
            Announcement::NotWatching(name) => {
                self.watching.entry(name).or_default().remove(&node);
                vec![]
            }
            Announcement::LeftRoom(room, name) => {
                self.rooms.entry(room).or_default().retain(|member| *member != name);
                vec![]
            }
            Announcement::Lobby(message) => {
                self.notify_others(node, &RemoteEvent::Lobby(message), now)
            }
        }
    }

    fn notify_watchers(
        &mut self,
        node: usize,
        name: &Username,
        online: bool,
        now: Instant,
    ) -> Vec<(usize, Vec<Output>)> {
        let watching = self.watching.get(name).cloned().unwrap_or_default();
        let told = watching.into_iter().filter(|watcher| *watcher != node);
        told.map(|watcher| {
            (
                watcher,
                self.nodes[watcher]
                    .receive_remote(RemoteEvent::Presence(name.clone(), online), now),
            )
        })
        .collect()
    }

    fn notify_others(
        &mut self,
        node: usize,
        event: &RemoteEvent,
        now: Instant,
    ) -> Vec<(usize, Vec<Output>)> {
        let others = (0..self.nodes.len()).filter(|other| *other != node);
        others.map(|other| (other, self.nodes[other].receive_remote(event.clone(), now))).collect()
    }
}
