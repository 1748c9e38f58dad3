//! One connection, from the upgrade to the last goodbye.
//!
//! Texts come in and go to the hub through the connection's dialect. What the hub puts in the
//! outbox is written by whoever said it, or here where that is not possible. Everything has a
//! deadline and a bound: the login, silence, a write, the size of a message, the outbox. Nothing
//! that arrives can do more than end this one connection, and when it ends, its name is free before
//! anything else happens. Nothing that was said is logged.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use visavis_shared::codec::nests_deeper_than;
use visavis_shared::dialect::Interpreter;
use visavis_shared::limits::{MAX_JSON_DEPTH, PROTOCOL_VERSION};
use visavis_shared::{ClientMessage, ErrorCode, LoginRefusal, ServerMessage};

use crate::admission::front::Upgraded;
use crate::connection::liveness::{Due, Liveness};
use crate::connection::web_socket::WebSocket;
use crate::context::Context;
use crate::http::Caller;
use crate::hub::{ConnectionHandle, Pending, now};
use crate::limits::rates::{MessageGate, Verdict};
use crate::limits::timing::Timing;
use crate::observability::logging::LoggedName;
use crate::observability::metrics::{Kind, Open};
use crate::outbox::{Over, Unwritten};
use crate::rules::router::Closing;

/// What `hello` says about the server.
const PRODUCT: &str = concat!("visavis-signal-server/", env!("CARGO_PKG_VERSION"));
/// A client that gets this should not connect again by itself: it did so already.
const CLOSE_REPLACED: u16 = 4001;
/// So many messages are heard one after the other before everything else gets its turn.
const STREAK: u32 = 32;

/// What somebody is told who sends too much.
const TOO_MANY_MESSAGES: &str = "Too many messages: this one was dropped. Send fewer.";
/// What somebody is told who logs in too often.
const TOO_MANY_LOGINS: &str =
    "There were too many logins from your address. Try again in a few seconds.";

/// How a connection came to its end.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The peer is done: its session is over, too.
    Left,
    /// The peer said goodbye, and may come back.
    ClosedByPeer,
    /// The TCP connection broke.
    Gone,
    /// The peer does not read what it is sent.
    NotReading,
    /// We close, and say why.
    Closing(CloseCode, &'static str),
}

/// The server goes away; another one, or the same one, will be there in a moment (1012).
const RESTART: End = End::Closing(CloseCode::Restart, "the server restarts, connect again");

impl From<Over> for End {
    fn from(over: Over) -> Self {
        match over {
            Over::Overflow => Self::NotReading,
            Over::Closed(Closing::Replaced) => Self::Closing(
                CloseCode::Library(CLOSE_REPLACED),
                "the session goes on on another connection",
            ),
            Over::Closed(Closing::LeaseLost) => RESTART,
        }
    }
}

impl From<Unwritten> for End {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Over(over) => over.into(),
            Unwritten::Broken => Self::Gone,
        }
    }
}

/// Serves one connection until it ends, or until the server goes away.
pub(crate) async fn serve(upgraded: Upgraded, context: Arc<Context>) {
    let Upgraded { transport, early, caller } = upgraded;
    let _open = context.metrics.opened(Kind::WebSocket);
    let began = Instant::now();
    let handle = context.hub.connect();
    let (id, outbox) = (handle.id(), Arc::clone(handle.outbox()));
    let socket =
        WebSocket::new(transport, &early, &context.limits, outbox, Arc::clone(&context.metrics));
    drop(early);
    tracing::debug!(connection = %id, "connected");
    let mut connection = Connection {
        socket,
        handle,
        interpreter: Interpreter::default(),
        liveness: Liveness::new(&context.timing, began),
        gate: MessageGate::new(context.limits.messages),
        login: None,
        caller,
        context,
    };
    let end = connection.run().await;
    let lasted = began.elapsed();
    let Connection { socket, handle, login, context, caller: _caller, .. } = connection;
    // What is said from now on is for whoever comes back.
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
    Box::pin(close(socket, end, &context.timing)).await;
}

/// What a future is ready with now. One that is not can be polled again later.
async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// What a connection has to do next.
enum Next {
    /// Take what came.
    Received(Result<Message, WsError>),
    /// Write what waits.
    Write,
    /// Hear again: what had to be done before is done.
    GoOn,
    /// Look at the clock.
    Look,
    /// Leave, within this time: the server goes away.
    Leave(Duration),
}

/// A connection after the upgrade.
struct Connection {
    socket: WebSocket,
    handle: ConnectionHandle,
    interpreter: Interpreter,
    liveness: Liveness,
    gate: MessageGate,
    login: Option<LoggedIn>,
    caller: Caller,
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
        let mut relief: Option<Pending> = None;
        let mut draining = false;
        let mut drain = self.context.drain.clone();
        let mut drain_begun = pin!(drain.begun());
        let mut streak = 0;
        let mut timer = pin!(sleep_until(Instant::now().into()));
        loop {
            let next = poll_fn(|cx| {
                // What has come already is heard without asking for everything else that could be
                // waited for.
                if relief.is_none() && streak < STREAK {
                    streak += 1;
                    if let Poll::Ready(received) = self.socket.poll_receive(cx) {
                        return Poll::Ready(Next::Received(received));
                    }
                    streak = 0;
                }
                self.handle.deliver();
                if self.handle.outbox().poll_filled(cx).is_ready() {
                    return Poll::Ready(Next::Write);
                }
                if relief.as_mut().is_some_and(|relief| relief.as_mut().poll(cx).is_ready()) {
                    relief = None;
                    return Poll::Ready(Next::GoOn);
                }
                if timer.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Next::Look);
                }
                if !draining && let Poll::Ready(within) = drain_begun.as_mut().poll(cx) {
                    draining = true;
                    return Poll::Ready(Next::Leave(within));
                }
                if streak > 0 {
                    // Others' connections have their turn before more is heard here.
                    streak = 0;
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            });
            match next.await {
                Next::Received(received) => match self.receive(received) {
                    Ok(wait) => relief = wait,
                    Err(end) => return self.end(end).await,
                },
                Next::Write => {
                    if let Err(end) = self.write_out().await {
                        return end;
                    }
                }
                Next::GoOn => {}
                Next::Look => match self.liveness.poll(Instant::now()) {
                    Due::Nothing(until) => timer.as_mut().reset(until.into()),
                    Due::Ping => {
                        self.renew_credentials();
                        if let Err(end) = self.ping().await {
                            return end;
                        }
                    }
                    Due::NoLogin => {
                        return End::Closing(CloseCode::Policy, "nobody logged in in time");
                    }
                    Due::Silent => {
                        return End::Closing(CloseCode::Policy, "nothing was heard for too long");
                    }
                    Due::Leave => return RESTART,
                },
                Next::Leave(_) if self.login.is_none() => return RESTART,
                Next::Leave(within) => {
                    let now = Instant::now();
                    self.liveness.leave(now + within.mul_f64(rand::random()));
                    timer.as_mut().reset(now.into());
                }
            }
        }
    }

    /// Ends, after what led to the end was perhaps answered.
    async fn end(&mut self, end: End) -> End {
        let _ = self.write_out().await;
        end
    }

    /// Takes what came. What comes back has to be waited for before more is heard.
    fn receive(&mut self, received: Result<Message, WsError>) -> Result<Option<Pending>, End> {
        let message = received.map_err(|error| self.end_by(&error))?;
        let now = now();
        self.liveness.received(now);
        match self.gate.judge() {
            Verdict::Pass => {}
            Verdict::Close => {
                self.context.metrics.rate_limited("flood");
                return Err(End::Closing(CloseCode::Policy, "far too many messages"));
            }
            // Of all that is no message, only floods matter.
            Verdict::Drop if !matches!(message, Message::Text(_) | Message::Binary(_)) => {}
            Verdict::Drop => {
                self.context.metrics.rate_limited("messages");
                self.refuse(ErrorCode::RateLimited, TOO_MANY_MESSAGES.to_owned(), None);
                return Ok(None);
            }
        }
        match message {
            Message::Text(text) => Ok(self.receive_text(&text, now)),
            Message::Binary(_) => {
                let words = "Messages are JSON in text frames; binary frames are not read.";
                self.refuse(ErrorCode::InvalidJson, words.to_owned(), None);
                Ok(None)
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
            Message::Close(frame) => Err(end_by_close_frame(frame.as_ref())),
        }
    }

    fn receive_text(&mut self, text: &str, now: Instant) -> Option<Pending> {
        let depth = self.context.limits.json_depth;
        if depth < MAX_JSON_DEPTH && nests_deeper_than(text, depth) {
            let words = format!("The message nests deeper than {depth} levels.");
            self.refuse(ErrorCode::InvalidJson, words, None);
            return None;
        }
        let undecided = self.interpreter.dialect().is_none();
        let decoded = self.interpreter.decode(text);
        if undecided && self.interpreter.dialect().is_some() {
            self.handle.outbox().set_interpreter(self.interpreter.clone());
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
            let (reason, message) = (LoginRefusal::RateLimited, TOO_MANY_LOGINS.to_owned());
            self.handle.reply(ServerMessage::LoginRefused { reason, message });
            return None;
        }
        self.handle.receive(message, now)
    }

    /// Tells the client why something is not done.
    fn refuse(&self, code: ErrorCode, message: String, in_reply_to: Option<&str>) {
        let in_reply_to = in_reply_to.map(str::to_owned);
        self.handle.reply(ServerMessage::Error { code, message, in_reply_to, call: None });
    }

    fn end_by(&self, error: &WsError) -> End {
        match error {
            WsError::Capacity(_) => {
                let words = format!(
                    "The message is larger than {} bytes.",
                    self.context.limits.message_bytes
                );
                self.refuse(ErrorCode::TooLarge, words, None);
                End::Closing(CloseCode::Size, "the message is too large")
            }
            WsError::Utf8(_) => End::Closing(CloseCode::Invalid, "the text is not UTF-8"),
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
            WsError::Protocol(_) => {
                End::Closing(CloseCode::Protocol, "the frames can't be understood")
            }
            _ => End::Gone,
        }
    }

    /// Writes everything that waits.
    async fn write_out(&mut self) -> Result<(), End> {
        let Self { handle, liveness, login, caller, context, .. } = self;
        let mut complete = |message: &mut ServerMessage| {
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
        let mut write = pin!(poll_fn(|cx| handle.outbox().poll_write_out(cx, &mut complete)));
        // As a rule there is room, and no clock is needed.
        if let Some(written) = at_once(write.as_mut()).await {
            return written.map_err(End::from);
        }
        tokio::select! {
            biased;
            written = timeout(context.timing.write, write) => match written {
                Ok(written) => written.map_err(End::from),
                Err(_) => Err(End::NotReading),
            },
            over = handle.outbox().over() => Err(over.into()),
        }
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
        server: PRODUCT.to_owned(),
        challenge: challenge.to_owned(),
    }
}

/// What the peer's goodbye means: who closes in order, or says nothing more, is done; a page that
/// goes away (1001), or an app in trouble, may come back with its token.
fn end_by_close_frame(frame: Option<&CloseFrame>) -> End {
    match frame.map(|frame| frame.code) {
        None | Some(CloseCode::Normal) => End::Left,
        Some(_) => End::ClosedByPeer,
    }
}

/// Closes as politely as the end allows.
async fn close(socket: WebSocket, end: End, timing: &Timing) {
    let reason = match end {
        End::Gone => return,
        End::NotReading => {
            // Whether the system does makes no difference any more.
            let _ = socket.reset();
            return;
        }
        End::Left | End::ClosedByPeer => None,
        End::Closing(code, reason) => Some(CloseFrame { code, reason: reason.into() }),
    };
    // Nor does whether it arrived.
    let _ = timeout(timing.goodbye, socket.close(reason)).await;
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
