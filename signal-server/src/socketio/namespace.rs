//! The callbacks of the library for one socket: it connects, sends events, and disconnects.
//!
//! The library calls each of these in order for one socket, and spawns nothing: the order of events
//! is kept.

use std::fmt::Display;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::{ConnectHandler, DisconnectHandler, MessageHandler, Value};
use socketioxide::socket::{DisconnectReason, Socket};
use tokio::time::timeout;
use visavis_shared::codec::nests_deeper_than;
use visavis_shared::{ErrorCode, ServerMessage, Username};

use super::event_queue::QueuedEvent;
use super::session::{End, Session};
use super::socket_task::{SocketTask, Start};
use crate::context::Context;
use crate::hub::ConnectionHandle;
use crate::limits::rates::{JoinGate, MessageGate, Verdict};

const TOO_MANY_EVENTS: &str = "Too many events: this one was dropped. Send fewer.";
const NO_ATTACHMENTS: &str = "Events hold JSON; binary attachments are not passed on.";

/// The one namespace of Socket.IO: lets sockets in.
#[derive(Debug, Clone)]
pub(super) struct Namespace {
    pub(super) context: Arc<Context>,
}

impl Namespace {
    /// A handle for a socket, under the name of its id.
    async fn connect(&self, me: Username, from: IpAddr) -> Result<ConnectionHandle, String> {
        let mut handle = self.context.hub.connect(from);
        if let Some(pending) = handle.enter_as_guest(me) {
            let in_time = timeout(self.context.timing.login, pending).await;
            in_time.map_err(|_| "The server is too busy. Try again in a moment.")?;
        }
        match handle.outbox().pop() {
            Ok(Some(ServerMessage::LoginRefused { message, .. })) => Err(message.into()),
            _ => Ok(handle),
        }
    }

    /// Lets a socket in, or says why not, for people.
    async fn let_in(&self, socket: &Arc<Socket>) -> Result<(), String> {
        let session =
            socket.req_parts().extensions.get::<Arc<Session>>().filter(|session| session.enter());
        let session = session.ok_or("This session can't be used any more. Open another one.")?;
        let id = socket.id.as_str();
        session.set_library_id(id);
        let me = Username::parse(id).map_err(|error| error.to_string())?;
        let handle = self.connect(me.clone(), session.caller.address).await?;
        tracing::debug!(connection = %handle.id(), "a socket connected");
        socket.on_fallback(EventHandler {
            session: Arc::clone(session),
            gate: MessageGate::new(self.context.limits.messages),
            context: Arc::clone(&self.context),
        });
        socket.on_disconnect(DisconnectHook(Arc::clone(session)));
        let start = Start { handle, me, context: Arc::clone(&self.context) };
        *session.start.lock().unwrap_or_else(PoisonError::into_inner) = Some(start);
        Ok(())
    }
}

impl ConnectHandler<LocalAdapter, Self> for Namespace {
    fn call_middleware<'a>(
        &'a self,
        socket: Arc<Socket>,
        _auth: &'a Option<Value>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Box<dyn Display + Send>>> + Send + 'a>> {
        // Here rather than in `call`, which comes when the client may have spoken already.
        Box::pin(async move { self.let_in(&socket).await.map_err(|why| Box::new(why) as _) })
    }

    fn call(&self, socket: Arc<Socket>, _auth: Option<Value>) {
        let Some(session) = socket.req_parts().extensions.get::<Arc<Session>>().map(Arc::clone)
        else {
            return;
        };
        let start = session.start.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(start) = start {
            let joins = JoinGate::new(self.context.limits.joins);
            tokio::spawn(SocketTask { session, socket, start, room: None, joins }.run());
        }
    }
}

/// Takes the events of a socket.
#[derive(Debug)]
struct EventHandler {
    session: Arc<Session>,
    gate: MessageGate,
    context: Arc<Context>,
}

impl EventHandler {
    fn receive(&self, text: &str) {
        let limits = &self.context.limits;
        if text.len() > limits.message_bytes {
            let words = format!("The event is larger than {} bytes.", limits.message_bytes);
            self.refuse(ErrorCode::TooLarge, words);
        } else if nests_deeper_than(text, limits.json_depth) {
            let words = format!("The event nests deeper than {} levels.", limits.json_depth);
            self.refuse(ErrorCode::InvalidJson, words);
        } else {
            self.pass_on(QueuedEvent::Event(text.to_owned()));
        }
    }

    fn refuse(&self, code: ErrorCode, words: String) {
        self.pass_on(QueuedEvent::Refused(code, words));
    }

    fn pass_on(&self, event: QueuedEvent) {
        if self.session.events.push(event).is_err() {
            // It goes on although nothing is read.
            self.session.hang_up(End::AtOnce);
        }
    }
}

impl MessageHandler<LocalAdapter, Self> for EventHandler {
    fn call(&self, _socket: Arc<Socket>, event: Value, _ack: Option<i64>) {
        let bytes = match &event {
            Value::Str(text, _) => text.as_str().len(),
            Value::Bytes(bytes) => bytes.len(),
        };
        match (self.gate.judge(bytes), event) {
            (Verdict::Close, _) => {
                self.context.metrics.rate_limited("flood");
                self.session.hang_up(End::AtOnce);
            }
            (Verdict::Drop, _) => {
                self.context.metrics.rate_limited("messages");
                self.refuse(ErrorCode::RateLimited, TOO_MANY_EVENTS.to_owned());
            }
            (Verdict::Pass, Value::Str(text, None)) => self.receive(text.as_str()),
            (Verdict::Pass, Value::Str(_, Some(_)) | Value::Bytes(_)) => {
                self.refuse(ErrorCode::InvalidJson, NO_ATTACHMENTS.to_owned());
            }
        }
    }
}

/// Notes that a socket left.
#[derive(Debug)]
struct DisconnectHook(Arc<Session>);

impl DisconnectHandler<LocalAdapter, Self> for DisconnectHook {
    fn call_with_defer(
        &self,
        socket: Arc<Socket>,
        reason: DisconnectReason,
        defer: fn(Arc<Socket>),
    ) {
        if reason == DisconnectReason::ClientNSDisconnect {
            self.0.left_in_order.store(true, Ordering::Release);
        }
        self.0.hang_up(End::Politely);
        defer(socket);
    }
}
