//! The task of one socket: its events go to the hub, and messages of the hub become events.
//!
//! It keeps the order of both, and takes no further event while something takes time. What the
//! socket does not read waits in the outbox, as with any connection, and in a small window of what
//! was given to the library; a socket that does not read for too long is cut off. When the task
//! ends its name is free.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use socketioxide::socket::Socket;
use socketioxide::{SendError, SocketError};
use tokio::time::{Instant, sleep_until};
use visavis_shared::dialect::events::{Emission, SocketRequest, decode, encode};
use visavis_shared::{CallSignal, ClientMessage, RoomId, ServerMessage, Username};

use super::event_queue::QueuedEvent;
use super::session::{End, Session};
use crate::context::Context;
use crate::hub::{ConnectionHandle, Pending, now};
use crate::limits::rates::JoinGate;
use crate::outbox::Over;

/// Everything but the socket itself, which is there a moment later.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) handle: ConnectionHandle,
    pub(super) me: Username,
    pub(super) context: Arc<Context>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Its session is.
    Gone,
    /// What waits for it is too much.
    NotReading,
    /// The hub wants it so.
    Closed,
}

impl From<Over> for Ended {
    fn from(over: Over) -> Self {
        match over {
            Over::Overflow => Self::NotReading,
            Over::Closed(_) => Self::Closed,
            Over::Broken => Self::Gone,
        }
    }
}

pub(super) struct SocketTask {
    pub(super) session: Arc<Session>,
    pub(super) socket: Arc<Socket>,
    pub(super) start: Start,
    /// Where the socket is.
    pub(super) room: Option<RoomId>,
    pub(super) joins: JoinGate,
}

impl SocketTask {
    /// Serves the socket until the session ends.
    pub(super) async fn run(mut self) {
        let metrics = Arc::clone(&self.start.context.metrics);
        let _counted = (metrics.opened("socketio"), metrics.online());
        let began = Instant::now();
        let ended = self.serve().await;
        if self.session.left_in_order.load(Ordering::Acquire) {
            // The only word that these pages have for the end of a call. A call that was not is
            // nobody's concern.
            let close =
                ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) };
            drop(self.start.handle.receive(close, now()));
        }
        let Self { session, start, .. } = self;
        tracing::debug!(connection = %start.handle.id(), ?ended, "a socket disconnected");
        drop(start);
        metrics.lasted(began.elapsed());
        if ended == Ended::NotReading {
            metrics.overflowed();
        }
        session.hang_up(if ended == Ended::NotReading { End::AtOnce } else { End::Politely });
        if let Some(owner) = session.owner.upgrade() {
            owner.close(&session).await;
        }
    }

    async fn serve(&mut self) -> Ended {
        let mut pending: Option<Pending> = None;
        loop {
            self.start.handle.deliver();
            if let Err(ended) = self.write_out().await {
                return ended;
            }
            tokio::select! {
                biased;
                () = self.session.over() => return Ended::Gone,
                () = self.start.handle.outbox().filled() => {}
                () = settled(&mut pending), if pending.is_some() => {}
                event = self.session.events.next(), if pending.is_none() => pending = self.receive(event),
            }
        }
    }

    /// Takes an event. What comes back ends before the next one is taken.
    fn receive(&mut self, event: QueuedEvent) -> Option<Pending> {
        let handle = &mut self.start.handle;
        let event = match event {
            QueuedEvent::Event(event) => event,
            QueuedEvent::Refused(code, message) => {
                let message = message.into();
                handle.reply(ServerMessage::Error { code, message, in_reply_to: None, call: None });
                return None;
            }
        };
        let message = match (decode(&event), &self.room) {
            (Ok(SocketRequest::Message(message)), _) => message,
            // Who is in a room speaks to those in it.
            (Ok(SocketRequest::Broadcast(message)), Some(room)) => {
                ClientMessage::Message { room: room.clone(), message }
            }
            (Ok(SocketRequest::Broadcast(message)), None) => return handle.broadcast(message),
            (Err(error), _) => {
                handle.reply(error.into_reply());
                return None;
            }
        };
        self.start.context.metrics.message_received(&message);
        let (gate, address) = (&mut self.joins, self.session.caller.address);
        if let Some(refusal) = self.start.context.refuse_join(&message, gate, address) {
            handle.reply(refusal);
            return None;
        }
        handle.receive(message, now())
    }

    /// Gives everything that waits to the library.
    async fn write_out(&mut self) -> Result<(), Ended> {
        while let Some(message) = self.start.handle.outbox().pop()? {
            if let ServerMessage::Joined { room, .. } = &message {
                self.room = Some(room.clone());
            }
            self.start.context.metrics.message_sent(&message);
            if let Some(emission) = encode(&message, &self.start.me) {
                self.emit(&emission).await?;
            }
        }
        Ok(())
    }

    async fn emit(&self, emission: &Emission<'_>) -> Result<(), Ended> {
        // Only what is sure to be written: never more than is.
        let bytes = emission.payload().map_or(0, |payload| payload.as_str().len());
        loop {
            if self.session.has_room() {
                // Before it can be written.
                self.session.give(bytes);
                match self.socket.emit(emission.name(), emission) {
                    Ok(()) => return Ok(()),
                    Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                        self.session.wrote(bytes)
                    }
                    Err(SendError::Socket(SocketError::Closed)) => return Err(Ended::Gone),
                    Err(SendError::Serialize(error)) => {
                        self.session.wrote(bytes);
                        tracing::error!(%error, event = emission.name(), "an event could not be written");
                        return Ok(());
                    }
                }
            }
            let patience = sleep_until(Instant::now() + self.start.context.timing.write);
            tokio::select! {
                biased;
                () = self.session.over() => return Err(Ended::Gone),
                over = self.start.handle.outbox().over() => return Err(over.into()),
                () = self.session.wrote_some() => {}
                () = patience => return Err(Ended::NotReading),
            }
        }
    }
}

async fn settled(pending: &mut Option<Pending>) {
    if let Some(pending) = pending {
        pending.await;
    }
    *pending = None;
}
