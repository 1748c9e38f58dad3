//! The router and every connection's outbox behind one lock.
//!
//! A connection takes a [`Seat`]; what it hears goes through [`Seat::handle`], and what the router says in return is in
//! the outboxes of those it is for before anything else is handled, so the order is the same for everyone. When the
//! seat is dropped, for whatever reason, the connection's name is free and the others are told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use visavis_shared::{ClientMessage, ServerMessage};

use crate::limits::QueueLimits;
use crate::outbox::{Outbox, Pressure};
use crate::registry::ConnectionId;
use crate::router::{Delivery, Router, Rules};

/// Where all connections meet.
#[derive(Debug)]
pub(crate) struct Hub {
    queue: QueueLimits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    router: Router,
    outboxes: HashMap<ConnectionId, Arc<Outbox>>,
    last_id: u64,
}

impl Hub {
    pub(crate) fn new(rules: Rules, queue: QueueLimits) -> Self {
        let state = State { router: Router::new(rules), outboxes: HashMap::new(), last_id: 0 };
        Self { queue, state: Mutex::new(state) }
    }

    /// Lets a connection in.
    pub(crate) fn seat(self: &Arc<Self>) -> Seat {
        let outbox = Arc::new(Outbox::new(self.queue));
        let mut state = self.lock();
        state.last_id += 1;
        let id = ConnectionId(state.last_id);
        state.outboxes.insert(id, Arc::clone(&outbox));
        drop(state);
        Seat { id, outbox, hub: Arc::clone(self) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Hands out what the router said; the outboxes of others that are half full come back.
    fn deliver(&self, deliveries: Vec<Delivery>, except: ConnectionId) -> Vec<Arc<Outbox>> {
        let mut pressed = Vec::new();
        for Delivery { to, message } in deliveries {
            let Some(outbox) = self.outboxes.get(&to) else { continue };
            if outbox.push(message) == Pressure::High && to != except {
                pressed.push(Arc::clone(outbox));
            }
        }
        pressed
    }
}

/// A connection's place at the hub.
#[derive(Debug)]
pub(crate) struct Seat {
    id: ConnectionId,
    outbox: Arc<Outbox>,
    hub: Arc<Hub>,
}

impl Seat {
    /// Which connection it is.
    pub(crate) fn id(&self) -> ConnectionId {
        self.id
    }

    /// What waits to be written.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Says something to this connection alone, in order with everything else.
    pub(crate) fn reply(&self, message: ServerMessage) {
        self.outbox.push(message);
    }

    /// Routes what the connection heard. The outboxes that come back should get relief before it hears more.
    pub(crate) fn handle(&self, message: ClientMessage) -> Vec<Arc<Outbox>> {
        let mut state = self.hub.lock();
        let deliveries = state.router.handle(self.id, message, Instant::now());
        state.deliver(deliveries, self.id)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        state.outboxes.remove(&self.id);
        let deliveries = state.router.disconnect(self.id, Instant::now());
        state.deliver(deliveries, self.id);
    }
}
