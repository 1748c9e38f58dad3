//! The task of one WebSocket, from the upgrade to the close frame.
//!
//! [`serve`] runs a loop of two steps: [`Connection::poll_event`] waits for the next [`Event`], and
//! [`Connection::handle_event`] acts on it until one of them ends the connection. Texts go through
//! the connection's dialect to the hub; what the hub puts in the outbox is written by its sender,
//! or here where that is not possible. What always holds:
//! - the login, silence, a write, the size of a message and the outbox have a deadline or a bound;
//! - nothing that arrives does more than end this one connection;
//! - when it ends, its name is free before anything else happens;
//! - no content of a message is logged.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use tokio::time::{Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use visavis_shared::codec::nests_deeper_than;
use visavis_shared::dialect::Interpreter;
use visavis_shared::limits::{MAX_JSON_DEPTH, PROTOCOL_VERSION};
use visavis_shared::{ClientMessage, ErrorCode, ForeignText, LoginRefusal, ServerMessage};

use super::end::{End, RESTART};
use super::liveness::{Due, Liveness};
use super::web_socket::WebSocket;
use crate::admission::front::Upgraded;
use crate::context::Context;
use crate::http::Caller;
use crate::hub::{ConnectionHandle, Pending, now};
use crate::limits::rates::{JoinGate, MessageGate, Verdict};
use crate::observability::logging::LoggedName;
use crate::observability::metrics::Open;

/// What `hello` says about the server.
const PRODUCT: &str = concat!("visavis-signal-server/", env!("CARGO_PKG_VERSION"));
/// How many messages are handled in a row before everything else is polled.
const STREAK: u32 = 32;

const TOO_MANY_MESSAGES: &str = "Too many messages: this one was dropped. Send fewer.";
const TOO_MANY_LOGINS: &str =
    "There were too many logins from your address. Try again in a few seconds.";

/// Serves one connection until it ends, or until the server goes away.
pub(crate) async fn serve(upgraded: Upgraded, context: Arc<Context>) {
    let Upgraded { transport, early, caller } = upgraded;
    let _open = context.metrics.opened("websocket");
    let began = Instant::now();
    let handle = context.hub.connect(caller.address);
    let (id, outbox) = (handle.id(), Arc::clone(handle.outbox()));
    let socket =
        WebSocket::new(transport, &early, &context.limits, outbox, Arc::clone(&context.metrics));
    drop(early);
    tracing::debug!(connection = %id, "connected");
    let mut drain = context.drain.clone();
    let mut connection = Connection {
        socket,
        handle,
        interpreter: Interpreter::default(),
        liveness: Liveness::new(&context.timing, began),
        gate: MessageGate::new(context.limits.messages),
        joins: JoinGate::new(context.limits.joins),
        login: None,
        caller,
        pending: None,
        timer: Box::pin(sleep_until(began.into())),
        drain: Some(Box::pin(async move { drain.begun().await })),
        streak: 0,
        context,
    };
    let end = connection.run().await;
    let lasted = began.elapsed();
    let Connection {
        socket, handle, login, context, caller: _caller, pending, timer, drain, ..
    } = connection;
    // Whatever the hub was asked for comes to nothing before the handle is given back.
    drop((pending, timer, drain));
    // What is sent from now on is for whoever resumes the session.
    handle.outbox().reserve_writer();
    if end == End::Left {
        handle.leave();
    } else {
        drop(handle);
    }
    match login {
        Some(login) => {
            tracing::info!(connection = %id, name = %login.name, ?end, ?lasted, "logged out")
        }
        None => tracing::debug!(connection = %id, ?end, ?lasted, "ended without a login"),
    }
    context.metrics.lasted(lasted);
    if end == End::NotReading {
        context.metrics.overflowed();
    }
    Box::pin(end.close(socket, &context.timing)).await;
}

/// The output of a future that is ready now. One that is not can be polled again later.
async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// What the loop acts on.
enum Event {
    Received(Result<Message, WsError>),
    /// Something waits to be written, or the outbox is over.
    OutboxFilled,
    /// What had to end before the next message is read has ended.
    Settled,
    TimerFired,
    /// The server shuts down, and this connection should end within this time.
    DrainBegun(Duration),
}

/// A connection after the upgrade.
struct Connection {
    socket: WebSocket,
    handle: ConnectionHandle,
    interpreter: Interpreter,
    liveness: Liveness,
    gate: MessageGate,
    joins: JoinGate,
    login: Option<LoggedIn>,
    caller: Caller,
    /// Has to end before the next message is read.
    pending: Option<Pending>,
    /// Fires when the liveness has to be judged.
    timer: Pin<Box<Sleep>>,
    /// Until the server shuts down.
    drain: Option<Pin<Box<dyn Future<Output = Duration> + Send>>>,
    /// How many messages were handled since everything else was polled.
    streak: u32,
    context: Arc<Context>,
}

/// Somebody who is logged in, as it is watched from outside.
struct LoggedIn {
    name: LoggedName,
    username: String,
    /// When the relay's credentials were given.
    credentials_of: Instant,
    /// Only there to be dropped.
    _counted: Open,
}

impl Connection {
    async fn run(&mut self) -> End {
        self.handle.reply(hello(self.handle.challenge()));
        loop {
            let event = poll_fn(|cx| self.poll_event(cx)).await;
            if let Err(end) = self.handle_event(event).await {
                return end;
            }
        }
    }

    /// The next event. Messages that have arrived come first, and nothing else is polled for them,
    /// up to [`STREAK`] in a row.
    fn poll_event(&mut self, cx: &mut TaskContext<'_>) -> Poll<Event> {
        if self.pending.is_none() && self.streak < STREAK {
            if let Poll::Ready(received) = self.socket.poll_receive(cx) {
                self.streak += 1;
                return Poll::Ready(Event::Received(received));
            }
            self.streak = 0;
        }
        self.handle.deliver();
        if self.handle.outbox().poll_filled(cx).is_ready() {
            return Poll::Ready(Event::OutboxFilled);
        }
        if self.pending.as_mut().is_some_and(|pending| pending.as_mut().poll(cx).is_ready()) {
            self.pending = None;
            return Poll::Ready(Event::Settled);
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Event::TimerFired);
        }
        if let Some(drain) = &mut self.drain
            && let Poll::Ready(within) = drain.as_mut().poll(cx)
        {
            self.drain = None;
            return Poll::Ready(Event::DrainBegun(within));
        }
        if self.streak > 0 {
            // Other connections run before more is read here.
            self.streak = 0;
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    async fn handle_event(&mut self, event: Event) -> Result<(), End> {
        match event {
            Event::Received(received) => match self.receive(received) {
                Ok(pending) => self.pending = pending,
                Err(end) => {
                    // The reply to the last message may still wait.
                    let _ = self.write_out().await;
                    return Err(end);
                }
            },
            Event::OutboxFilled => self.write_out().await?,
            Event::Settled => {}
            Event::TimerFired => self.check_liveness().await?,
            Event::DrainBegun(_) if self.login.is_none() => return Err(RESTART),
            Event::DrainBegun(within) => {
                let now = Instant::now();
                self.liveness.leave(now + within.mul_f64(rand::random()));
                self.timer.as_mut().reset(now.into());
            }
        }
        Ok(())
    }

    async fn check_liveness(&mut self) -> Result<(), End> {
        match self.liveness.poll(Instant::now()) {
            Due::Nothing(until) => self.timer.as_mut().reset(until.into()),
            Due::Ping => {
                self.renew_credentials();
                self.ping().await?;
            }
            Due::NoLogin => return Err(End::by_policy("nobody logged in in time")),
            Due::Silent => return Err(End::by_policy("nothing was heard for too long")),
            Due::Leave => return Err(RESTART),
        }
        Ok(())
    }

    /// Judges a message by its rate and kind. What comes back has to end before the next is read.
    fn receive(&mut self, received: Result<Message, WsError>) -> Result<Option<Pending>, End> {
        let message = received.map_err(|error| self.end_by(&error))?;
        let now = now();
        self.liveness.received(now);
        match self.gate.judge(message.len()) {
            Verdict::Pass => {}
            Verdict::Close => return Err(self.flooded()),
            // Of all that is no message, only floods matter.
            Verdict::Drop if !matches!(message, Message::Text(_) | Message::Binary(_)) => {}
            Verdict::Drop => {
                self.context.metrics.rate_limited("messages");
                self.refuse(ErrorCode::RateLimited, TOO_MANY_MESSAGES);
                return Ok(None);
            }
        }
        match message {
            Message::Text(text) => Ok(self.receive_text(&text, now)),
            Message::Binary(_) => {
                let words = "Messages are JSON in text frames; binary frames are not read.";
                self.refuse(ErrorCode::InvalidJson, words);
                Ok(None)
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
            Message::Close(frame) => Err(End::by_close_frame(frame.as_ref())),
        }
    }

    fn receive_text(&mut self, text: &str, now: Instant) -> Option<Pending> {
        let depth = self.context.limits.json_depth;
        if depth < MAX_JSON_DEPTH && nests_deeper_than(text, depth) {
            let words = format!("The message nests deeper than {depth} levels.");
            self.refuse(ErrorCode::InvalidJson, words);
            return None;
        }
        let undecided = self.interpreter.dialect().is_none();
        let decoded = self.interpreter.decode(text);
        if undecided && self.interpreter.dialect().is_some() {
            let interpreter = self.interpreter.clone();
            self.handle.outbox().with_writer(|writer| writer.set_interpreter(interpreter));
        }
        let message = match decoded {
            Ok(message) => message,
            Err(error) => {
                self.handle.reply(error.into_reply());
                return None;
            }
        };
        self.context.metrics.message_received(&message);
        if matches!(message, ClientMessage::Login(_))
            && !self.context.logins.admits(self.caller.address)
        {
            self.context.metrics.rate_limited("logins");
            let (reason, message) = (LoginRefusal::RateLimited, TOO_MANY_LOGINS.into());
            self.handle.reply(ServerMessage::LoginRefused { reason, message });
            return None;
        }
        if let Some(refusal) =
            self.context.refuse_join(&message, &mut self.joins, self.caller.address)
        {
            self.handle.reply(refusal);
            return None;
        }
        self.handle.receive(message, now)
    }

    /// Answers a message that was not read with the reason.
    fn refuse(&self, code: ErrorCode, words: impl Into<ForeignText>) {
        let (message, in_reply_to, call) = (words.into(), None, None);
        self.handle.reply(ServerMessage::Error { code, message, in_reply_to, call });
    }

    fn flooded(&self) -> End {
        self.context.metrics.rate_limited("flood");
        End::FLOOD
    }

    /// The end that an error means. A message that is too large is answered first.
    fn end_by(&self, error: &WsError) -> End {
        if let WsError::Capacity(_) = error {
            let limit = self.context.limits.message_bytes;
            let words = format!("The message is larger than {limit} bytes.");
            self.refuse(ErrorCode::TooLarge, words);
        }
        match End::from(error) {
            End::FLOOD => self.flooded(),
            end => end,
        }
    }

    /// Writes everything that waits.
    async fn write_out(&mut self) -> Result<(), End> {
        let Self { handle, liveness, login, caller, context, .. } = self;
        let mut missed = Vec::new();
        let mut complete = |message: &mut ServerMessage| {
            if let ServerMessage::MissedCalls { calls } = message {
                missed.clone_from(calls);
            }
            if let ServerMessage::LoggedIn { username, ice_servers, .. } = message {
                *ice_servers = context.ice.servers_for(caller.reached, Some(username.as_str()));
                liveness.logged_in();
                let name = context.names.show(username.as_str());
                tracing::info!(connection = %handle.id(), %name, "logged in");
                let (username, credentials_of) = (username.as_str().to_owned(), Instant::now());
                *login = Some(LoggedIn {
                    name,
                    username,
                    credentials_of,
                    _counted: context.metrics.online(),
                });
            }
            if let (ServerMessage::IceServers { ice_servers }, Some(login)) =
                (message, login.as_mut())
            {
                *ice_servers = context.ice.servers_for(caller.reached, Some(&login.username));
                login.credentials_of = Instant::now();
            }
        };
        {
            let mut write = pin!(poll_fn(|cx| handle.outbox().poll_write_out(cx, &mut complete)));
            // As a rule there is room, and no clock is needed.
            match at_once(write.as_mut()).await {
                Some(written) => written.map_err(End::from),
                None => tokio::select! {
                    biased;
                    written = timeout(context.timing.write, write) => match written {
                        Ok(written) => written.map_err(End::from),
                        Err(_) => Err(End::NotReading),
                    },
                    over = handle.outbox().over() => Err(over.into()),
                },
            }?;
        }
        if !missed.is_empty() {
            handle.told_missed(missed);
        }
        Ok(())
    }

    /// Gives whoever stays for long new credentials for the relay before theirs end.
    fn renew_credentials(&self) {
        let (Some(login), Some(after)) = (&self.login, self.context.ice.renew_after()) else {
            return;
        };
        if login.credentials_of.elapsed() >= after {
            self.handle.reply(ServerMessage::IceServers { ice_servers: Vec::new() });
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        match timeout(self.context.timing.write, self.socket.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::NotReading),
        }
    }
}

fn hello(challenge: &str) -> ServerMessage {
    ServerMessage::Hello {
        protocol: PROTOCOL_VERSION,
        server: PRODUCT.into(),
        challenge: challenge.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a task of this function takes.
    fn size_of_task<A, B, F: Future>(_: impl Fn(A, B) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn an_idle_connection_takes_little_beside_its_read_buffer() {
        let task = size_of_task(serve);
        println!("a connection's task takes {task} bytes");
        assert!(task <= 2_560, "a connection's task takes {task} bytes");
    }
}
