//! The task behind [`super::Signaling`]: it logs in, sends messages, reports events, and logs in
//! again when the connection is lost.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{self, Message};
use visavis_shared::{ClientMessage, LoginRefusal, codec};

use super::SignalingEvent;
use super::backoff::Backoff;
use super::login::{Account, Failure};
use super::socket::{self, Socket};
use super::unreachable::Unreachable;

/// After this much silence from the server it is pinged.
const PING_AFTER: Duration = Duration::from_secs(40);
/// After this much more the connection is taken for lost.
const PONG_WITHIN: Duration = Duration::from_secs(15);
/// How long a login that nobody wants any more may still take.
const STILL_LOGGING_IN: Duration = Duration::from_millis(500);
/// How long our own lost connection may still occupy our name.
const OWN_GHOST: Duration = Duration::from_secs(60);
/// The server closes with this when the session continues on another connection: another login
/// would take it from there.
const CLOSE_REPLACED: u16 = 4001;

/// Why a login ended.
enum End {
    Closed,
    /// The session continues on another connection, which is not ours.
    Replaced,
    /// The connection is lost; an event may be left that did not fit into the queue.
    Lost(Option<SignalingEvent>),
}

pub(super) async fn run(
    mut account: Account,
    mut messages: mpsc::Receiver<ClientMessage>,
    events: mpsc::Sender<SignalingEvent>,
) {
    let mut backoff = Backoff::default();
    let mut lost_at: Option<Instant> = None;
    loop {
        let mut logging_in = pin!(account.log_in());
        let result = tokio::select! {
            result = &mut logging_in => result,
            () = until_closed(&mut messages) => {
                // The server may have let us in already: then it is told, and the name is free.
                if let Ok(Ok((mut socket, _))) = timeout(STILL_LOGGING_IN, logging_in).await {
                    socket::close(&mut socket).await;
                }
                return;
            }
        };
        match result {
            Ok((mut socket, logged_in)) => {
                backoff.reset();
                let undelivered = match serve(&mut socket, &mut messages, &events, logged_in).await
                {
                    End::Closed => {
                        socket::close(&mut socket).await;
                        return;
                    }
                    End::Replaced => {
                        let _ = events.send(SignalingEvent::Replaced).await;
                        return;
                    }
                    End::Lost(undelivered) => undelivered,
                };
                lost_at = Some(Instant::now());
                for event in undelivered.into_iter().chain([SignalingEvent::Down]) {
                    if events.send(event).await.is_err() {
                        return;
                    }
                }
            }
            Err(Failure::Unreachable(message)) if lost_at.is_none() => {
                let _ = events.send(SignalingEvent::Unreachable { message }).await;
                return;
            }
            Err(Failure::Unreachable(_)) => {}
            Err(Failure::Refused(reason, _))
                if lost_at.is_some_and(|at| may_pass(reason, at.elapsed())) => {}
            Err(Failure::Refused(reason, message)) => {
                let _ = events.send(SignalingEvent::LoginRefused { reason, message }).await;
                return;
            }
        }
        let wait = backoff.next(rand::random());
        tokio::select! {
            () = sleep(wait) => {}
            () = until_closed(&mut messages) => return,
        }
    }
}

/// Whether a refusal may be over soon, this long after a login that worked was lost.
fn may_pass(reason: LoginRefusal, since_lost: Duration) -> bool {
    match reason {
        LoginRefusal::Taken => since_lost < OWN_GHOST,
        // A server that starts, stops or is overloaded refuses with all kinds of reasons.
        LoginRefusal::RateLimited | LoginRefusal::Unavailable | LoginRefusal::Other => true,
        LoginRefusal::InvalidName | LoginRefusal::AlreadyLoggedIn | LoginRefusal::NotAllowed => {
            false
        }
    }
}

/// Drops messages that can't be sent now, until the connection is closed.
async fn until_closed(messages: &mut mpsc::Receiver<ClientMessage>) {
    while let Some(message) = messages.recv().await {
        tracing::debug!(kind = message.type_name(), "not sent: the server is away");
    }
}

/// Sends messages and reports events, beginning with `first`. While there is no room for an event
/// nothing more is read, but messages are still sent.
async fn serve(
    socket: &mut Socket,
    messages: &mut mpsc::Receiver<ClientMessage>,
    events: &mpsc::Sender<SignalingEvent>,
    first: SignalingEvent,
) -> End {
    let mut received_at = Instant::now();
    let mut pinged = false;
    let mut undelivered = Some(first);
    loop {
        let due = received_at + if pinged { PING_AFTER + PONG_WITHIN } else { PING_AFTER };
        tokio::select! {
            message = messages.recv() => {
                let Some(message) = message else { return End::Closed };
                if socket::write(socket, &message).await.is_err() {
                    return End::Lost(undelivered);
                }
            }
            room = events.reserve(), if undelivered.is_some() => match room {
                Ok(room) => {
                    if let Some(event) = undelivered.take() {
                        room.send(event);
                    }
                    // Nothing was read meanwhile: the server's silence begins now.
                    received_at = Instant::now();
                }
                Err(_) => return End::Closed,
            },
            incoming = socket::next(socket), if undelivered.is_none() => {
                received_at = Instant::now();
                pinged = false;
                match event_of(incoming) {
                    Ok(event) => undelivered = event,
                    Err(end) => return end,
                }
            }
            () = sleep_until(due), if undelivered.is_none() => {
                if pinged {
                    tracing::debug!("the server does not answer a ping");
                    return End::Lost(None);
                }
                pinged = true;
                if socket::ping(socket).await.is_err() {
                    return End::Lost(None);
                }
            }
        }
    }
}

/// The event that a message from the server makes, if any, or the end of the login.
fn event_of(incoming: Option<tungstenite::Result<Message>>) -> Result<Option<SignalingEvent>, End> {
    match incoming {
        Some(Ok(Message::Text(text))) => match codec::decode_server(&text) {
            Ok(message) => Ok(Some(SignalingEvent::Message(message))),
            Err(error) => {
                tracing::debug!("a message of the server is ignored: {error}");
                Ok(None)
            }
        },
        Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == CLOSE_REPLACED => {
            Err(End::Replaced)
        }
        Some(Ok(Message::Close(_))) | None => Err(End::Lost(None)),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => {
            let why = Unreachable::of(&error, false, &[]);
            tracing::debug!("the connection to the server broke: {why}");
            Err(End::Lost(None))
        }
    }
}
