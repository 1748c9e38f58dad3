//! The router and every connection's outbox behind one lock.
//!
//! In: messages of this node's connections ([`ConnectionHandle::receive`]), events of other nodes
//! ([`Hub::receive_remote`]) and the end of waiting sessions. Out: messages in the outboxes of
//! those they are for, and messages and announcements for the [`Cluster`]. What always holds:
//! - the outputs of one message are in the outboxes before the next message is handled, so everyone
//!   sees the same order;
//! - what only the cluster knows is asked outside the lock, and the connection that waits for it
//!   sends nothing to the router meanwhile ([`Pending`]);
//! - when a handle is dropped, for whatever reason, its session waits for its token or is over, and
//!   the others are notified.

mod cluster;
mod handle;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use visavis_shared::{ServerMessage, Username};

pub(crate) use self::cluster::{Cluster, Hindrance, MissedCallKeeper};
pub(crate) use self::handle::ConnectionHandle;
use crate::limits::QueueLimits;
use crate::limits::permits::{Admission, Backlog};
use crate::outbox::{Outbox, Pressure};
use crate::rules::registry::{ByConnection, ConnectionId};
use crate::rules::router::{Claim, Output, Question, RemoteEvent, Router, Rules};
use crate::rules::sessions::ResumeToken;

/// Work that ends before the next message of a connection is read.
pub(crate) type Pending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Has the router act on an answer of the cluster.
type Settled = Box<dyn FnOnce(&mut Router) -> Vec<Output> + Send>;

/// The router with all outboxes behind one lock.
#[derive(Debug)]
pub(crate) struct Hub {
    queue: QueueLimits,
    /// The places of those who are behind with reading.
    backlog: Arc<Admission>,
    state: Mutex<State>,
    cluster: Arc<dyn Cluster>,
    /// The next session to expire may be another one.
    deadline_changed: Notify,
}

#[derive(Debug)]
struct State {
    router: Router,
    outboxes: ByConnection<Arc<Outbox>>,
    last_id: u64,
}

/// Connections for which something was put in their outbox.
#[derive(Debug, Default)]
struct DirtyOutboxes(Vec<Arc<Outbox>>);

impl DirtyOutboxes {
    /// To so many connections their messages are written at once. Those of more are written by
    /// their own tasks, which share the work among all threads.
    const FEW: usize = 4;

    fn add(&mut self, outbox: &Arc<Outbox>) {
        // Among few there are no two alike; among more it makes no difference.
        if !self.0.iter().rev().take(Self::FEW).any(|dirty| Arc::ptr_eq(dirty, outbox)) {
            self.0.push(Arc::clone(outbox));
        }
    }

    /// Writes what was put in.
    fn deliver(&mut self) {
        if self.0.len() > Self::FEW {
            self.wake();
        }
        self.0.drain(..).for_each(|outbox| outbox.deliver());
    }

    /// Has each connection's own task do that, which makes one write of what comes in many pieces.
    fn wake(&mut self) {
        self.0.drain(..).for_each(|outbox| outbox.wake());
        // Who is known to many keeps no memory for that.
        self.0.shrink_to(Self::FEW);
    }
}

/// Whatever happens, what was put in is written.
impl Drop for DirtyOutboxes {
    fn drop(&mut self) {
        self.wake();
    }
}

/// What is left to do when the lock is free again.
#[derive(Debug, Default)]
struct Leftover {
    /// Outboxes of others that are half full.
    pressed: Vec<Arc<Outbox>>,
    questions: Vec<(ConnectionId, Question)>,
}

impl Leftover {
    /// Unites what several messages left.
    fn add(&mut self, mut other: Self) {
        self.pressed.append(&mut other.pressed);
        self.questions.append(&mut other.questions);
    }

    fn is_empty(&self) -> bool {
        self.pressed.is_empty() && self.questions.is_empty()
    }
}

impl Hub {
    pub(crate) fn new(directory: bool, queue: QueueLimits, cluster: Arc<dyn Cluster>) -> Self {
        let router = Router::new(Rules { directory, alone: cluster.is_alone() });
        let state = State { router, outboxes: ByConnection::default(), last_id: 0 };
        Self {
            queue,
            backlog: Backlog::places(),
            state: Mutex::new(state),
            cluster,
            deadline_changed: Notify::new(),
        }
    }

    /// Takes what the cluster brings from other nodes.
    pub(crate) fn receive_remote(&self, event: RemoteEvent) {
        let mut state = self.lock();
        let outputs = state.router.receive_remote(event, now());
        // Those who sent it are not here to be slowed down; a reader who can't keep up is closed.
        // What comes one by one comes in great numbers, and the connections' tasks are woken to
        // write it in one piece.
        self.carry_out(&mut state, outputs, None, &mut DirtyOutboxes::default());
    }

    /// How much may wait for one connection.
    pub(crate) fn queue_limits(&self) -> QueueLimits {
        self.queue
    }

    /// Why no login can be granted now, if that is so.
    pub(crate) fn hindrance(&self) -> Option<Hindrance> {
        self.cluster.hindrance()
    }

    /// Whether somebody on this node has a name.
    pub(crate) fn has(&self, name: &Username) -> bool {
        self.lock().router.registry().owner_of(name).is_some()
    }

    /// Ends the sessions that wait in vain, for as long as it is polled.
    pub(crate) async fn expire_sessions(&self) {
        loop {
            let deadline = self.lock().router.next_deadline();
            let due = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {
                    let mut state = self.lock();
                    // The clock of the runtime, which a test can hold.
                    let outputs = state.router.expire(now());
                    self.carry_out(&mut state, outputs, None, &mut DirtyOutboxes::default());
                }
                () = self.deadline_changed.notified() => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out what the router asks for; what takes time is left over.
    fn carry_out(
        &self,
        state: &mut State,
        outputs: Vec<Output>,
        sender: Option<ConnectionId>,
        dirty: &mut DirtyOutboxes,
    ) -> Leftover {
        let mut left = Leftover::default();
        for output in outputs {
            match output {
                Output::Deliver(to, message) => {
                    let Some(outbox) = state.outboxes.get(&to) else { continue };
                    let pressure = outbox.push(message);
                    dirty.add(outbox);
                    if state.router.is_waiting(to) {
                        // Nobody is at work on it: waiting for relief would be in vain.
                        if outbox.is_over() {
                            let outputs = state.router.give_up(to, now());
                            left.add(self.carry_out(state, outputs, sender, dirty));
                        }
                    } else if pressure == Pressure::High && Some(to) != sender {
                        left.pressed.push(Arc::clone(outbox));
                    }
                }
                Output::Adopt { from, by } => {
                    let waiting = state
                        .outboxes
                        .get(&from)
                        .map(|outbox| outbox.take_all())
                        .unwrap_or_default();
                    if let Some(outbox) = state.outboxes.get(&by) {
                        for message in waiting {
                            outbox.push(message);
                        }
                        dirty.add(outbox);
                    }
                }
                Output::Forget(connection, owner) => {
                    let outbox = state.outboxes.remove(&connection);
                    if let (Some(outbox), Some(owner)) = (outbox, owner) {
                        let outputs = state.router.unread(&owner, &outbox.take_all());
                        left.add(self.carry_out(state, outputs, sender, dirty));
                    }
                }
                Output::Missed { callee, caller } => {
                    if let Some(keeper) = self.cluster.missed_calls() {
                        keeper.called(callee, caller);
                    }
                }
                Output::Close(connection, closing) => {
                    if let Some(outbox) = state.outboxes.get(&connection) {
                        outbox.close(closing);
                    }
                }
                Output::Ask(connection, question) => left.questions.push((connection, question)),
                Output::Forward(envelope) => self.cluster.forward(envelope),
                Output::Announce(announcement) => self.cluster.announce(announcement),
            }
        }
        left
    }

    /// The work that ends before the sender's next message is read.
    fn pending(self: &Arc<Self>, left: Leftover) -> Option<Pending> {
        if left.is_empty() {
            return None;
        }
        let hub = Arc::clone(self);
        Some(Box::pin(async move {
            for outbox in left.pressed {
                outbox.relief().await;
            }
            for (connection, question) in left.questions {
                hub.settle(connection, question).await;
            }
        }))
    }

    /// Asks the cluster, and has the router act on the answer.
    async fn settle(&self, connection: ConnectionId, question: Question) {
        let settled: Settled = match question {
            Question::Claim(claim) => self.claim(connection, claim).await,
            Question::Users(prefix) => {
                let users = self.cluster.users(&prefix).await;
                Box::new(move |router| router.settle_users(connection, users))
            }
            Question::Join(room) => {
                let Some(name) = self.lock().router.registry().name_of(connection).cloned() else {
                    return;
                };
                let entry = self.cluster.join(&room, &name).await;
                Box::new(move |router| router.settle_join(connection, &room, entry))
            }
        };
        let mut dirty = DirtyOutboxes::default();
        {
            let mut state = self.lock();
            let outputs = settled(&mut state.router);
            self.carry_out(&mut state, outputs, Some(connection), &mut dirty);
        }
        dirty.deliver();
    }

    async fn claim(&self, connection: ConnectionId, claim: Claim) -> Settled {
        let token = claim.resumable.then(|| ResumeToken::new(rand::random()));
        let outcome = self.cluster.claim(&claim, token.as_ref().map(ResumeToken::hash)).await;
        let missed = match (&claim.key, self.cluster.missed_calls()) {
            (Some(key), Some(keeper)) if outcome.is_ok() && claim.listed => {
                keeper.read(&claim.name, key).await
            }
            _ => Vec::new(),
        };
        let outcome = outcome.map(|()| token);
        Box::new(move |router| {
            let name = claim.name.clone();
            let mut outputs = router.settle_claim(connection, claim, outcome, now());
            if !missed.is_empty() && router.registry().owner_of(&name) == Some(connection) {
                let message = ServerMessage::MissedCalls { calls: missed };
                outputs.push(Output::Deliver(connection, message));
            }
            outputs
        })
    }
}

/// The clock of the runtime, which a test can hold.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests;
