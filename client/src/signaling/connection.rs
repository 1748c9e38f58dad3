//! The task behind [`super::Signaling`]: once logged in, it says what is to be said and reports
//! what is heard, and logs in again when the connection is lost.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use visavis_shared::{LoginRefusal, codec};

use super::backoff::Backoff;
use super::login::{Account, Failure, LoggedIn};
use super::socket::{self, Socket};
use super::{Command, SignalingEvent};

/// After so much silence from the server it is pinged.
const PING_AFTER: Duration = Duration::from_secs(40);
/// After so much more it is taken for gone.
const PONG_WITHIN: Duration = Duration::from_secs(15);
/// How long a name that was ours a moment ago may still be held by our own lost connection.
const OWN_GHOST: Duration = Duration::from_secs(60);
/// The server closes with this when the session goes on on another connection: coming back would
/// take it from that.
const CLOSE_REPLACED: u16 = 4001;

/// Why a login ended.
enum End {
    Closed,
    /// The session goes on on another connection, which is not ours.
    Replaced,
    /// The connection is gone; an event may be left that nobody had room for.
    Lost(Option<SignalingEvent>),
}

pub(super) async fn run(
    mut account: Account,
    mut commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<SignalingEvent>,
) {
    let mut backoff = Backoff::default();
    let mut lost_at: Option<Instant> = None;
    loop {
        let logging_in = account.log_in();
        let result = tokio::select! {
            result = logging_in => result,
            () = until_closed(&mut commands) => Err(Failure::Closed),
        };
        match result {
            Ok(LoggedIn { mut socket, username, ice_servers, resumed }) => {
                backoff.reset();
                let logged_in = SignalingEvent::LoggedIn { username, ice_servers, resumed };
                let undelivered = match serve(&mut socket, &mut commands, &events, logged_in).await
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
            Err(Failure::Closed) => return,
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
            () = until_closed(&mut commands) => return,
        }
    }
}

/// Whether the refusal to let somebody in again, so long after they lost a login that worked, may
/// be over soon.
fn may_pass(reason: LoginRefusal, since_lost: Duration) -> bool {
    match reason {
        LoginRefusal::Taken => since_lost < OWN_GHOST,
        // A server that starts, stops or is overrun says all kinds of things.
        LoginRefusal::RateLimited | LoginRefusal::Unavailable | LoginRefusal::Other => true,
        LoginRefusal::InvalidName | LoginRefusal::AlreadyLoggedIn | LoginRefusal::NotAllowed => {
            false
        }
    }
}

/// Drops what nobody can be told now, until the connection is no longer wanted.
async fn until_closed(commands: &mut mpsc::Receiver<Command>) {
    while let Some(Command::Send(message)) = commands.recv().await {
        tracing::debug!(kind = message.type_name(), "not sent: the server is away");
    }
}

/// Says what is to be said and reports what is heard, beginning with `first`. While there is no
/// room for an event nothing more is read, but what is to be said still gets out.
async fn serve(
    socket: &mut Socket,
    commands: &mut mpsc::Receiver<Command>,
    events: &mpsc::Sender<SignalingEvent>,
    first: SignalingEvent,
) -> End {
    let mut heard_at = Instant::now();
    let mut pinged = false;
    let mut undelivered = Some(first);
    loop {
        let look_at = heard_at + if pinged { PING_AFTER + PONG_WITHIN } else { PING_AFTER };
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Send(message)) => {
                    if socket::write(socket, &message).await.is_err() {
                        return End::Lost(undelivered);
                    }
                }
                Some(Command::Close) | None => return End::Closed,
            },
            room = events.reserve(), if undelivered.is_some() => match room {
                Ok(room) => {
                    if let Some(event) = undelivered.take() {
                        room.send(event);
                    }
                    // Nobody listened meanwhile: the server's silence begins now.
                    heard_at = Instant::now();
                }
                Err(_) => return End::Closed,
            },
            incoming = socket.next(), if undelivered.is_none() => {
                heard_at = Instant::now();
                pinged = false;
                match incoming {
                    Some(Ok(Message::Text(text))) => match codec::decode_server(&text) {
                        Ok(message) => undelivered = Some(SignalingEvent::Message(message)),
                        Err(error) => tracing::debug!("a message of the server is ignored: {error}"),
                    },
                    Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == CLOSE_REPLACED => {
                        return End::Replaced;
                    }
                    Some(Ok(Message::Close(_))) | None => return End::Lost(None),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        tracing::debug!("the connection to the server broke: {}", socket::error_words(&error));
                        return End::Lost(None);
                    }
                }
            }
            () = sleep_until(look_at), if undelivered.is_none() => {
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
