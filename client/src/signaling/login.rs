//! Logging in: what is shown to the server, and what it answers.
//!
//! With a key, the server's greeting is waited for, and its challenge signed; a server that does
//! not greet gets the login of a guest. What always holds: once the server has taken our signature,
//! we never log in without one (the name would be taken for somebody else's); nobody is logged in
//! under another name than the one asked for; a token is shown to the server that gave it and to no
//! other.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use visavis_shared::limits::MAX_RELAYED_BYTES;
use visavis_shared::{
    ClientMessage, ErrorCode, IceServer, Login, LoginRefusal, ServerMessage, Username, codec,
};

use super::connection::write;
use super::server_url::ServerUrl;
use crate::device_key::LoginKey;

/// How long connecting may take, TLS and upgrade included.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long the greeting may take: it comes with the connection.
const HELLO_WITHIN: Duration = Duration::from_secs(2);
/// How long the answer to a login may take.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);
/// The read buffer; a message is a few KiB at most.
const READ_BUFFER: usize = 4 * 1024;
/// A longer challenge or token is none: those of our server have 44 characters.
const MAX_SECRET_BYTES: usize = 512;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no login.
pub(super) enum Failure {
    /// No connection, or none that answers.
    Unreachable(String),
    /// The server said no.
    Refused(LoginRefusal, String),
    /// Somebody closed us meanwhile.
    Closed,
}

/// A login that worked.
pub(super) struct LoggedIn {
    pub(super) socket: Socket,
    /// The name that was asked for.
    pub(super) username: Username,
    pub(super) ice_servers: Vec<IceServer>,
    /// Whether the session before goes on.
    pub(super) resumed: bool,
}

/// Who logs in, where, and what the last login left.
pub(super) struct Account {
    url: ServerUrl,
    username: Username,
    key: Option<LoginKey>,
    /// For going on with the session of the last login.
    token: Option<String>,
    /// Whether the server has taken our signature.
    proven: bool,
}

impl Account {
    pub(super) fn new(url: ServerUrl, username: Username, key: Option<LoginKey>) -> Self {
        Self { url, username, key, token: None, proven: false }
    }

    /// Connects and logs in.
    pub(super) async fn log_in(&mut self) -> Result<LoggedIn, Failure> {
        let mut socket = self.connect().await?;
        let mut login = Login {
            username: self.username.as_str().to_owned(),
            public_key: None,
            signature: None,
            // Empty asks for a first one.
            resume: Some(self.token.clone().unwrap_or_default()),
        };
        if let Some(key) = &self.key {
            match self.challenge(&mut socket).await? {
                Some(challenge) => {
                    login.public_key = Some(key.public().to_string());
                    login.signature = Some(key.sign(&challenge, &login.username).to_string());
                }
                None if self.proven => return Err(self.unreachable("it did not greet")),
                None => tracing::warn!("the server does not greet: logging in as a guest"),
            }
        }
        let signed = login.signature.is_some();
        write(&mut socket, &ClientMessage::Login(login))
            .await
            .map_err(|()| self.unreachable("it hung up"))?;
        let answer = timeout(LOGIN_WITHIN, self.answer(&mut socket, signed)).await;
        match answer.unwrap_or_else(|_| Err(self.unreachable("it speaks no protocol that we know")))
        {
            Ok((username, ice_servers, token)) => {
                self.proven |= signed;
                let token =
                    token.filter(|token| !token.is_empty() && token.len() <= MAX_SECRET_BYTES);
                let resumed = token.is_some() && token == self.token;
                self.token = token;
                Ok(LoggedIn { socket, username, ice_servers, resumed })
            }
            Err(failure) => {
                if let Failure::Refused(reason, _) = &failure
                    && !matches!(reason, LoginRefusal::RateLimited | LoginRefusal::Unavailable)
                {
                    self.token = None;
                }
                Err(failure)
            }
        }
    }

    fn unreachable(&self, why: &str) -> Failure {
        Failure::Unreachable(format!(
            "The server at {} can't be reached ({why}): check the address, and that the server is running.",
            self.url
        ))
    }

    async fn connect(&self) -> Result<Socket, Failure> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(MAX_RELAYED_BYTES))
            .max_frame_size(Some(MAX_RELAYED_BYTES));
        let connecting = connect_async_with_config(self.url.as_str(), Some(config), true);
        match timeout(CONNECT_WITHIN, connecting).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => Err(self.unreachable(&connect_words(&error))),
            Err(_) => Err(self.unreachable("no answer")),
        }
    }

    /// What the server wants signed; `None` when it does not say.
    async fn challenge(&self, socket: &mut Socket) -> Result<Option<String>, Failure> {
        let greeting = async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        if let Ok(ServerMessage::Hello { challenge, .. }) =
                            codec::decode_server(&text)
                        {
                            return Ok(Some(challenge).filter(|challenge| is_challenge(challenge)));
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Err(self.unreachable("it hung up")),
                }
            }
        };
        timeout(HELLO_WITHIN, greeting).await.unwrap_or(Ok(None))
    }

    async fn answer(
        &self,
        socket: &mut Socket,
        signed: bool,
    ) -> Result<(Username, Vec<IceServer>, Option<String>), Failure> {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => match codec::decode_server(&text) {
                    // We ask for a name in its one form, which a server has no reason to change.
                    Ok(ServerMessage::LoggedIn { username, .. }) if username != self.username => {
                        return Err(Failure::Refused(
                            LoginRefusal::InvalidName,
                            another_name_words(&self.username),
                        ));
                    }
                    Ok(ServerMessage::LoggedIn { username, ice_servers, resume }) => {
                        return Ok((username, ice_servers, resume));
                    }
                    Ok(ServerMessage::LoginRefused { reason, message }) => {
                        return Err(Failure::Refused(
                            reason,
                            refusal_words(reason, &message, &self.username, signed),
                        ));
                    }
                    Ok(ServerMessage::Error { code, message, .. }) => {
                        return Err(Failure::Refused(refusal(code), message));
                    }
                    Ok(_) => {}
                    Err(error) => tracing::debug!("a message of the server is ignored: {error}"),
                },
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(self.unreachable("it hung up")),
            }
        }
    }
}

/// Whether a text can be a challenge: what is signed can't be made to look like something else.
fn is_challenge(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_SECRET_BYTES
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What an `error` in the place of an answer to a login means.
fn refusal(code: ErrorCode) -> LoginRefusal {
    match code {
        ErrorCode::NotAllowed => LoginRefusal::NotAllowed,
        ErrorCode::RateLimited => LoginRefusal::RateLimited,
        ErrorCode::Unavailable => LoginRefusal::Unavailable,
        ErrorCode::InvalidJson
        | ErrorCode::UnknownType
        | ErrorCode::NotLoggedIn
        | ErrorCode::UnknownUser
        | ErrorCode::TooLarge
        | ErrorCode::RoomFull
        | ErrorCode::Other => LoginRefusal::Other,
    }
}

/// Why there is no connection, without addresses: this may go to a log.
pub(super) fn connect_words(error: &tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
            std::io::ErrorKind::TimedOut => "no answer".to_owned(),
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof => {
                "it hung up".to_owned()
            }
            std::io::ErrorKind::NetworkUnreachable | std::io::ErrorKind::HostUnreachable => {
                "there is no way to it in this network".to_owned()
            }
            // The resolver has no kind of its own.
            _ => "its name is not known, or the network is down".to_owned(),
        },
        tungstenite::Error::Tls(_) => "its certificate is not trusted".to_owned(),
        tungstenite::Error::Http(response) => {
            format!("it is no signaling server: HTTP {}", response.status().as_u16())
        }
        tungstenite::Error::Capacity(_) => "it sent more than is allowed".to_owned(),
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
            "it hung up".to_owned()
        }
        _ => "it speaks no protocol that we know".to_owned(),
    }
}

fn another_name_words(username: &Username) -> String {
    format!(
        "The server let you in under another name than {username}, so you are not logged in: check its address."
    )
}

fn refusal_words(reason: LoginRefusal, message: &str, username: &Username, signed: bool) -> String {
    match reason {
        LoginRefusal::Taken => {
            format!(
                "Somebody is already logged in as {username}: choose another name, or close the other window."
            )
        }
        LoginRefusal::InvalidName if message.is_empty() => {
            format!("The server does not take {username} for a name: choose another one.")
        }
        _ if message.is_empty() => "The server refused the login and gave no reason.".to_owned(),
        LoginRefusal::NotAllowed if signed => {
            format!(
                "{message} If that was this device, write the server's address as you did then."
            )
        }
        _ => message.to_owned(),
    }
}
