//! What one connection does at the hub: sends messages to the router, and receives through its
//! outbox.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use visavis_shared::{
    ClientMessage, Login, LoginRefusal, MissedCall, Payload, ServerMessage, Username,
};

use super::{DirtyOutboxes, Hub, Pending, now};
use crate::limits::permits::Backlog;
use crate::names;
use crate::outbox::Outbox;
use crate::rules::registry::{ConnectionId, Person};
use crate::rules::router::{Output, Router};

/// A connection's access to the hub. Dropping it ends the connection for the router.
#[derive(Debug)]
pub(crate) struct ConnectionHandle {
    id: ConnectionId,
    outbox: Arc<Outbox>,
    /// Outboxes of others that hold unwritten messages of this connection.
    dirty: DirtyOutboxes,
    challenge: String,
    /// Nobody will come back for the session.
    left: bool,
    hub: Arc<Hub>,
}

impl Hub {
    /// Registers a connection from an address.
    pub(crate) fn connect(self: &Arc<Self>, from: IpAddr) -> ConnectionHandle {
        let backlog = Backlog::of(&self.backlog, from);
        let outbox = Arc::new(Outbox::new(self.queue, Some(backlog)));
        let mut state = self.lock();
        state.last_id += 1;
        let id = ConnectionId(state.last_id);
        state.outboxes.insert(id, Arc::clone(&outbox));
        drop(state);
        ConnectionHandle {
            id,
            outbox,
            dirty: DirtyOutboxes::default(),
            challenge: BASE64_STANDARD.encode(rand::random::<[u8; 32]>()),
            left: false,
            hub: Arc::clone(self),
        }
    }
}

impl ConnectionHandle {
    /// Which connection it is.
    pub(crate) fn id(&self) -> ConnectionId {
        self.id
    }

    /// What waits to be written.
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// What a login on this connection has to be signed over.
    pub(crate) fn challenge(&self) -> &str {
        &self.challenge
    }

    /// Sends a message to this connection alone, in order with everything else.
    pub(crate) fn reply(&self, message: ServerMessage) {
        self.outbox.push(message);
        self.outbox.wake();
    }

    /// Writes to others what came of [`ConnectionHandle::receive`]. Meant for a connection that has
    /// no further message for now; until then its messages wait, to be written in one piece.
    pub(crate) fn deliver(&mut self) {
        self.dirty.deliver();
    }

    /// Takes a message of the connection. What comes back ends before its next message is read;
    /// before that, and before it waits for anything, call [`ConnectionHandle::deliver`].
    pub(crate) fn receive(&mut self, message: ClientMessage, now: Instant) -> Option<Pending> {
        match message {
            ClientMessage::Login(login) => self.log_in(login),
            message => self.act(|router, id| router.handle(id, message, now)),
        }
    }

    /// Gives the connection a name that is on no list: for pages that know no logins.
    pub(crate) fn enter_as_guest(&mut self, name: Username) -> Option<Pending> {
        self.act(|router, id| router.enter_as_guest(id, name))
    }

    /// Sends a message to every other guest who is in no room.
    pub(crate) fn broadcast(&mut self, message: Payload) -> Option<Pending> {
        self.act(|router, id| router.broadcast(id, message))
    }

    /// These missed calls were written to the connection.
    pub(crate) fn told_missed(&self, calls: Vec<MissedCall>) {
        let person = self.hub.lock().router.registry().person(self.id).cloned();
        // Whoever lost the name meanwhile is told again when they have it back.
        if let (Some(Person { name, key: Some(key), .. }), Some(keeper)) =
            (person, self.hub.cluster.missed_calls())
        {
            keeper.told(name, key, calls);
        }
    }

    /// Gives the handle back for good: the session is over at once, even if it has a token.
    pub(crate) fn leave(mut self) {
        self.left = true;
    }

    fn log_in(&mut self, login: Login) -> Option<Pending> {
        match names::proven(&login, &self.challenge) {
            Ok(key) => self.act(|router, id| router.log_in(id, login, key, now())),
            Err(error) => {
                let message = error.to_string().into();
                self.reply(ServerMessage::LoginRefused {
                    reason: LoginRefusal::NotAllowed,
                    message,
                });
                None
            }
        }
    }

    fn act(
        &mut self,
        act: impl FnOnce(&mut Router, ConnectionId) -> Vec<Output>,
    ) -> Option<Pending> {
        let mut state = self.hub.lock();
        let outputs = act(&mut state.router, self.id);
        let left = self.hub.carry_out(&mut state, outputs, Some(self.id), &mut self.dirty);
        drop(state);
        self.hub.pending(left)
    }
}

impl Drop for ConnectionHandle {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        // What was thrown away can't be delivered later, so there is no session to go on with then
        // either.
        let outputs = if self.left || self.outbox.is_over() {
            state.router.give_up(self.id, now())
        } else {
            state.router.disconnect(self.id, now())
        };
        if !state.router.is_waiting(self.id) {
            state.outboxes.remove(&self.id);
        }
        self.hub.carry_out(&mut state, outputs, None, &mut self.dirty);
        drop(state);
        self.dirty.deliver();
        self.hub.deadline_changed.notify_one();
    }
}
