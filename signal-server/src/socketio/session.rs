//! The task that speaks for one socket: its events go to the hub, and what the hub has for it
//! becomes events.
//!
//! It keeps the order of both, and hears nothing more while something takes time. What the socket
//! does not read waits in the outbox, as with any connection, and in a small window of what was
//! given to the library; a socket that does not read for too long is cut off. When the task ends
//! its name is free.

use std::sync::Arc;

use socketioxide::socket::Socket;
use socketioxide::{SendError, SocketError};
use tokio::time::{Instant, sleep_until};
use visavis_shared::dialect::events::{Asked, Emission, decode, encode};
use visavis_shared::{CallSignal, ClientMessage, RoomId, ServerMessage, Username};

use super::inbox::Heard;
use super::line::{End, Line};
use crate::connection::handler::Context;
use crate::connection::outbox::Over;
use crate::hub::{Pending, Seat, now};
use crate::observability::metrics::Kind;

/// Everything but the socket itself, which is there a moment later.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) seat: Seat,
    pub(super) me: Username,
    pub(super) context: Arc<Context>,
}

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Its line is.
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
        }
    }
}

/// One socket.
pub(super) struct Session {
    line: Arc<Line>,
    socket: Arc<Socket>,
    start: Start,
    /// Where the socket is.
    room: Option<RoomId>,
}

impl Session {
    pub(super) fn new(line: Arc<Line>, socket: Arc<Socket>, start: Start) -> Self {
        Self { line, socket, start, room: None }
    }

    /// Speaks until the session ends.
    pub(super) async fn run(mut self) {
        let metrics = Arc::clone(&self.start.context.metrics);
        let _counted = (metrics.opened(Kind::SocketIo), metrics.online());
        let began = Instant::now();
        let ended = self.speak().await;
        if self.line.said_goodbye() {
            // The only word that these pages have for the end of a call. A call that was not is
            // nobody's concern.
            let close =
                ClientMessage::Call { to: None, call: None, signal: CallSignal::Close(None) };
            drop(self.start.seat.handle(close, now()));
        }
        let Self { line, start, .. } = self;
        tracing::debug!(connection = %start.seat.id(), ?ended, "a socket left");
        drop(start);
        metrics.lasted(began.elapsed());
        if ended == Ended::NotReading {
            metrics.overflowed();
        }
        line.hang_up(if ended == Ended::NotReading { End::AtOnce } else { End::Politely });
        if let Some(owner) = line.owner() {
            owner.close(&line).await;
        }
    }

    async fn speak(&mut self) -> Ended {
        let mut pending: Option<Pending> = None;
        loop {
            self.start.seat.deliver();
            if let Err(ended) = self.write_out().await {
                return ended;
            }
            tokio::select! {
                biased;
                () = self.line.over() => return Ended::Gone,
                () = self.start.seat.outbox().filled() => {}
                () = settled(&mut pending), if pending.is_some() => {}
                heard = self.line.inbox.next(), if pending.is_none() => pending = self.hear(heard),
            }
        }
    }

    /// Takes an event. What comes back has to be done before the next one is heard.
    fn hear(&mut self, heard: Heard) -> Option<Pending> {
        let seat = &mut self.start.seat;
        let event = match heard {
            Heard::Event(event) => event,
            Heard::Refused(code, message) => {
                seat.reply(ServerMessage::Error { code, message, in_reply_to: None, call: None });
                return None;
            }
        };
        let message = match (decode(&event), &self.room) {
            (Ok(Asked::Message(message)), _) => message,
            // Who is in a room speaks to those in it.
            (Ok(Asked::Broadcast(message)), Some(room)) => {
                ClientMessage::Message { room: room.clone(), message }
            }
            (Ok(Asked::Broadcast(message)), None) => return seat.broadcast(message),
            (Err(error), _) => {
                seat.reply(error.into_reply());
                return None;
            }
        };
        self.start.context.metrics.heard(&message);
        seat.handle(message, now())
    }

    /// Gives everything that waits to the library.
    async fn write_out(&mut self) -> Result<(), Ended> {
        while let Some(message) = self.start.seat.outbox().pop()? {
            if let ServerMessage::Joined { room, .. } = &message {
                self.room = Some(room.clone());
            }
            self.start.context.metrics.said(&message);
            if let Some(emission) = encode(&message, &self.start.me) {
                self.emit(&emission).await?;
            }
        }
        Ok(())
    }

    async fn emit(&self, emission: &Emission<'_>) -> Result<(), Ended> {
        let bytes = payload_bytes(emission);
        loop {
            if self.line.has_room() {
                // Before it can be written.
                self.line.give(bytes);
                match self.socket.emit(emission.name(), emission) {
                    Ok(()) => return Ok(()),
                    Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                        self.line.wrote(bytes)
                    }
                    Err(SendError::Socket(SocketError::Closed)) => return Err(Ended::Gone),
                    Err(SendError::Serialize(error)) => {
                        self.line.wrote(bytes);
                        tracing::error!(%error, event = emission.name(), "an event could not be written");
                        return Ok(());
                    }
                }
            }
            let patience = sleep_until(Instant::now() + self.start.context.timing.write);
            tokio::select! {
                biased;
                () = self.line.over() => return Err(Ended::Gone),
                over = self.start.seat.outbox().over() => return Err(over.into()),
                () = self.line.wrote_some() => {}
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

/// How much of an emission is sure to be written: never more than is.
fn payload_bytes(emission: &Emission<'_>) -> usize {
    match emission {
        Emission::Offer(description) | Emission::Answer(description) => {
            description.sdp.as_str().len()
        }
        Emission::IceCandidate(payload) | Emission::Message(payload) => payload.as_str().len(),
        Emission::OtherUser(_)
        | Emission::UserJoined(_)
        | Emission::UserLeft(_)
        | Emission::RoomFull(_)
        | Emission::UserDisconnected(_)
        | Emission::Error(_) => 0,
    }
}
