//! The task behind [`super::Signaling`].

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use visavis_shared::limits::MAX_RELAYED_BYTES;
use visavis_shared::{ClientMessage, ErrorCode, IceServer, Login, LoginRefusal, ServerMessage, Username, codec};

use super::backoff::Backoff;
use super::server_url::ServerUrl;
use super::{Command, SignalingEvent};

/// How long connecting may take, TLS and upgrade included.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long the answer to a login may take.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);
/// How long one message may take to be written.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
/// After so much silence from the server it is asked for a sign of life.
const PING_AFTER: Duration = Duration::from_secs(40);
/// After so much more it is taken for gone.
const PONG_WITHIN: Duration = Duration::from_secs(15);
/// How long a name that was ours a moment ago may still be held by our own lost connection.
const OWN_GHOST: Duration = Duration::from_secs(60);
/// The read buffer; a message is a few KiB at most.
const READ_BUFFER: usize = 4 * 1024;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no login.
enum Failure {
    /// No connection, or none that answers.
    Unreachable(String),
    /// The server said no.
    Refused(LoginRefusal, String),
    /// Somebody closed us meanwhile.
    Closed,
}

/// Why a login ended.
enum End {
    Closed,
    /// The connection is gone; an event may be left that nobody had room for.
    Lost(Option<SignalingEvent>),
}

pub(super) async fn run(
    url: ServerUrl,
    username: Username,
    mut commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<SignalingEvent>,
) {
    let mut backoff = Backoff::default();
    let mut lost_at: Option<Instant> = None;
    loop {
        let logging_in = log_in(&url, &username);
        let result = tokio::select! {
            result = logging_in => result,
            () = until_closed(&mut commands) => Err(Failure::Closed),
        };
        match result {
            Ok((mut socket, username, ice_servers)) => {
                backoff.reset();
                let logged_in = SignalingEvent::LoggedIn { username, ice_servers };
                let undelivered = match serve(&mut socket, &mut commands, &events, logged_in).await {
                    End::Closed => {
                        let _ = timeout(WRITE_WITHIN, socket.close(None)).await;
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
            Err(Failure::Refused(reason, _)) if lost_at.is_some_and(|at| may_pass(reason, at.elapsed())) => {}
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

/// Whether the refusal to let somebody in again, so long after they lost a login that worked, may be over soon.
fn may_pass(reason: LoginRefusal, since_lost: Duration) -> bool {
    match reason {
        LoginRefusal::Taken => since_lost < OWN_GHOST,
        // A server that starts, stops or is overrun says all kinds of things.
        LoginRefusal::Other => true,
        LoginRefusal::InvalidName | LoginRefusal::AlreadyLoggedIn | LoginRefusal::NotAllowed => false,
    }
}

/// What an `error` in the place of an answer to a login means.
fn refusal(code: ErrorCode) -> LoginRefusal {
    match code {
        ErrorCode::NotAllowed => LoginRefusal::NotAllowed,
        ErrorCode::InvalidJson
        | ErrorCode::UnknownType
        | ErrorCode::NotLoggedIn
        | ErrorCode::UnknownUser
        | ErrorCode::TooLarge
        | ErrorCode::RateLimited
        | ErrorCode::RoomFull
        | ErrorCode::Other => LoginRefusal::Other,
    }
}

/// Drops what nobody can be told now, until the connection is no longer wanted.
async fn until_closed(commands: &mut mpsc::Receiver<Command>) {
    while let Some(Command::Send(message)) = commands.recv().await {
        tracing::debug!(kind = message.type_name(), "not sent: the server is away");
    }
}

async fn log_in(url: &ServerUrl, username: &Username) -> Result<(Socket, Username, Vec<IceServer>), Failure> {
    let unreachable = |why: &str| {
        Failure::Unreachable(format!(
            "The server at {url} can't be reached ({why}): check the address, and that the server is running."
        ))
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MAX_RELAYED_BYTES))
        .max_frame_size(Some(MAX_RELAYED_BYTES));
    let connecting = connect_async_with_config(url.as_str(), Some(config), true);
    let (mut socket, _) = match timeout(CONNECT_WITHIN, connecting).await {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => return Err(unreachable(&connect_words(&error))),
        Err(_) => return Err(unreachable("no answer")),
    };
    let login = ClientMessage::Login(Login {
        username: username.as_str().to_owned(),
        public_key: None,
        signature: None,
        resume: None,
    });
    write(&mut socket, &login).await.map_err(|()| unreachable("it hung up"))?;
    let answer = timeout(LOGIN_WITHIN, async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => match codec::decode_server(&text) {
                    Ok(ServerMessage::LoggedIn { username, ice_servers, .. }) => return Ok((username, ice_servers)),
                    Ok(ServerMessage::LoginRefused { reason, message }) => {
                        return Err(Failure::Refused(reason, refusal_words(reason, &message, username)));
                    }
                    Ok(ServerMessage::Error { code, message, .. }) => {
                        return Err(Failure::Refused(refusal(code), message));
                    }
                    Ok(_) => {}
                    Err(error) => tracing::debug!("a message of the server is ignored: {error}"),
                },
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(unreachable("it hung up")),
            }
        }
    });
    match answer.await {
        Ok(Ok((username, ice_servers))) => Ok((socket, username, ice_servers)),
        Ok(Err(failure)) => Err(failure),
        Err(_) => Err(unreachable("it speaks no protocol that we know")),
    }
}

/// Says what is to be said and reports what is heard, beginning with `first`. While there is no room for an event
/// nothing more is read, but what is to be said still gets out.
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
                    if write(socket, &message).await.is_err() {
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
                    Some(Ok(Message::Close(_))) | None => return End::Lost(None),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        tracing::debug!("the connection to the server broke: {}", connect_words(&error));
                        return End::Lost(None);
                    }
                }
            }
            () = sleep_until(look_at), if undelivered.is_none() => {
                if pinged {
                    tracing::debug!("the server gives no sign of life");
                    return End::Lost(None);
                }
                pinged = true;
                if !matches!(timeout(WRITE_WITHIN, socket.send(Message::Ping(Vec::new().into()))).await, Ok(Ok(()))) {
                    return End::Lost(None);
                }
            }
        }
    }
}

async fn write(socket: &mut Socket, message: &ClientMessage) -> Result<(), ()> {
    let text = codec::encode_client(message);
    match timeout(WRITE_WITHIN, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}

/// Why there is no connection, without addresses: this may go to a log.
fn connect_words(error: &tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
            std::io::ErrorKind::TimedOut => "no answer".to_owned(),
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof => "it hung up".to_owned(),
            std::io::ErrorKind::NetworkUnreachable | std::io::ErrorKind::HostUnreachable => {
                "there is no way to it in this network".to_owned()
            }
            // The resolver has no kind of its own.
            _ => "its name is not known, or the network is down".to_owned(),
        },
        tungstenite::Error::Tls(_) => "its certificate is not trusted".to_owned(),
        tungstenite::Error::Http(response) => format!("it is no signaling server: HTTP {}", response.status().as_u16()),
        tungstenite::Error::Capacity(_) => "it sent more than is allowed".to_owned(),
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => "it hung up".to_owned(),
        _ => "it speaks no protocol that we know".to_owned(),
    }
}

fn refusal_words(reason: LoginRefusal, message: &str, username: &Username) -> String {
    match reason {
        LoginRefusal::Taken => {
            format!("Somebody is already logged in as {username}: choose another name, or close the other window.")
        }
        LoginRefusal::InvalidName => format!("The server does not take {username} for a name: choose another one."),
        LoginRefusal::AlreadyLoggedIn | LoginRefusal::NotAllowed | LoginRefusal::Other if message.is_empty() => {
            "The server refused the login and gave no reason.".to_owned()
        }
        LoginRefusal::AlreadyLoggedIn | LoginRefusal::NotAllowed | LoginRefusal::Other => message.to_owned(),
    }
}
