//! Logs in: shows the server what it needs to let us in, and reads its answer.
//!
//! In: an [`Account`] and an open socket. Out: a login, or why there is none. With a key, the
//! server's greeting comes first: it has a challenge, which is signed. A server that does not greet
//! in time, or has no challenge, lets nobody in who has a key: whoever stands between could leave
//! the greeting out, and would have a guest under a name that is owned.
//!
//! What always holds: whoever has a key is never logged in without it; nobody is logged in under
//! another name than the one asked for; a token is shown to the server that gave it and to no
//! other.

use std::time::Duration;

use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use visavis_shared::{
    ClientMessage, ErrorCode, ForeignText, IceServer, Login, LoginRefusal, ServerMessage, Username,
    codec,
};

use super::SignalingEvent;
use super::server_url::ServerUrl;
use super::socket::{self, Socket, Stream};
use super::unreachable::Unreachable;
use crate::device_key::LoginKey;
use crate::words::{Phrase, phrase};

/// How long the greeting may take, and then the answer to a login.
const LOGIN_WITHIN: Duration = Duration::from_secs(10);
/// A longer challenge or token is none: those of our server have 44 characters.
const MAX_SECRET_BYTES: usize = 512;

/// Why there is no login.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection, or none that answers.
    Unreachable(Phrase),
    /// The server refused the login.
    Refused(LoginRefusal, Phrase),
}

/// What a login that does not fail gives.
#[derive(Debug)]
struct Granted {
    ice_servers: Vec<IceServer>,
    token: Option<String>,
}

/// Who logs in, where, and what the last login left.
pub(super) struct Account {
    url: ServerUrl,
    username: Username,
    key: Option<LoginKey>,
    /// For going on with the session of the last login.
    token: Option<String>,
}

impl Account {
    pub(super) fn new(url: ServerUrl, username: Username, key: Option<LoginKey>) -> Self {
        Self { url, username, key, token: None }
    }

    /// Connects and logs in; the event says as whom.
    pub(super) async fn log_in(&mut self) -> Result<(Socket, SignalingEvent), Failure> {
        let opened = socket::open(&self.url).await;
        let mut socket = opened.map_err(|why| self.unreachable(why))?;
        let Granted { ice_servers, token } = self.log_in_over(&mut socket).await?;
        let token = token.filter(|token| (1..=MAX_SECRET_BYTES).contains(&token.len()));
        let resumed = token.is_some() && token == self.token;
        self.token = token;
        let username = self.username.clone();
        Ok((socket, SignalingEvent::LoggedIn { username, ice_servers, resumed }))
    }

    async fn log_in_over<S: Stream>(&mut self, socket: &mut Socket<S>) -> Result<Granted, Failure> {
        let mut login = Login {
            username: self.username.as_str().to_owned(),
            public_key: None,
            signature: None,
            // Empty asks for a first one.
            resume: Some(self.token.clone().unwrap_or_default()),
        };
        if let Some(key) = &self.key {
            let challenge = timeout(LOGIN_WITHIN, self.challenge(socket)).await;
            let challenge = challenge.map_err(|_| self.unreachable(Unreachable::NotGreeted))??;
            login.public_key = Some(key.public().to_string());
            login.signature = Some(key.sign(&challenge, &login.username).to_string());
        }
        let signed = login.signature.is_some();
        socket::write(socket, &ClientMessage::Login(login)).await.map_err(|()| self.hung_up())?;
        let answer = timeout(LOGIN_WITHIN, self.answer(socket, signed)).await;
        let granted = answer.unwrap_or_else(|_| Err(self.unreachable(Unreachable::OtherProtocol)));
        let passes = [LoginRefusal::RateLimited, LoginRefusal::Unavailable];
        if matches!(&granted, Err(Failure::Refused(reason, _)) if !passes.contains(reason)) {
            self.token = None;
        }
        granted
    }

    fn unreachable(&self, why: Unreachable) -> Failure {
        Failure::Unreachable(why.words(&self.url))
    }

    fn hung_up(&self) -> Failure {
        self.unreachable(Unreachable::HungUp { tls: self.url.is_tls() })
    }

    /// What the server wants signed.
    async fn challenge<S: Stream>(&self, socket: &mut Socket<S>) -> Result<String, Failure> {
        loop {
            if let ServerMessage::Hello { challenge, .. } = self.next(socket).await? {
                return match is_challenge(&challenge) {
                    true => Ok(challenge),
                    false => Err(self.unreachable(Unreachable::NotGreeted)),
                };
            }
        }
    }

    /// What the server answers to a login.
    async fn answer<S: Stream>(
        &self,
        socket: &mut Socket<S>,
        signed: bool,
    ) -> Result<Granted, Failure> {
        loop {
            match self.next(socket).await? {
                // We ask for a name in its one form, which a server has no reason to change.
                ServerMessage::LoggedIn { username, .. } if username != self.username => {
                    let words = phrase!("log-in-other-name", name = &self.username);
                    return Err(Failure::Refused(LoginRefusal::InvalidName, words));
                }
                ServerMessage::LoggedIn { ice_servers, resume: token, .. } => {
                    return Ok(Granted { ice_servers, token });
                }
                ServerMessage::LoginRefused { reason, message } => {
                    let words = refusal_words(reason, message, &self.username, signed);
                    return Err(Failure::Refused(reason, words));
                }
                ServerMessage::Error { code, message, .. } => {
                    let words = refusal_words(refusal(code), message, &self.username, false);
                    return Err(Failure::Refused(refusal(code), words));
                }
                _ => {}
            }
        }
    }

    /// The next message from the server.
    async fn next<S: Stream>(&self, socket: &mut Socket<S>) -> Result<ServerMessage, Failure> {
        loop {
            match socket::next(socket).await {
                Some(Ok(Message::Text(text))) => match codec::decode_server(&text) {
                    Ok(message) => return Ok(message),
                    Err(error) => tracing::debug!("a message of the server is ignored: {error}"),
                },
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(self.hung_up()),
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
        _ => LoginRefusal::Other,
    }
}

fn refusal_words(
    reason: LoginRefusal,
    message: ForeignText,
    username: &Username,
    signed: bool,
) -> Phrase {
    let words = match reason {
        // Who shows the key of the one who is there takes their place: it is somebody else.
        LoginRefusal::Taken if signed => {
            return phrase!("log-in-taken-by-another", name = username);
        }
        LoginRefusal::Taken => return phrase!("log-in-taken", name = username),
        LoginRefusal::InvalidName => phrase!("log-in-name-refused", name = username),
        LoginRefusal::NotAllowed => phrase!("log-in-not-allowed", name = username),
        LoginRefusal::RateLimited => phrase!("refused-too-often"),
        LoginRefusal::Unavailable => phrase!("refused-unavailable"),
        LoginRefusal::AlreadyLoggedIn | LoginRefusal::Other => phrase!("log-in-refused"),
    };
    let gave_reason = !message.trim().is_empty();
    // What the server does not say is not made up.
    let words = if gave_reason { words.or_foreign(&message) } else { silent(reason, words) };
    if reason == LoginRefusal::NotAllowed && signed && gave_reason {
        phrase!("log-in-was-here", reason = words)
    } else {
        words
    }
}

/// A refusal without a word.
fn silent(reason: LoginRefusal, words: Phrase) -> Phrase {
    if reason == LoginRefusal::InvalidName { words } else { phrase!("log-in-refused") }
}

#[cfg(test)]
mod tests;
