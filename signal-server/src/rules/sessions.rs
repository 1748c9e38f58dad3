//! Sessions that outlive their connection.
//!
//! Pure. A login that asks for it gets a [`ResumeToken`]; when its connection is lost, the session
//! waits for the token to come back, for [`RESUME_WINDOW`] and no longer. A token stands for one
//! session, and only its hash is kept: who reads the memory of the server, or that of the cluster,
//! learns no token.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use visavis_shared::limits::RESUME_WINDOW;

use crate::rules::registry::{ByConnection, ConnectionId};

/// What a client shows to go on with its session: 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct ResumeToken(String);

impl ResumeToken {
    /// The token that these random bytes make.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(random))
    }

    /// The text that goes to the client.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is remembered of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

/// Keeps tokens out of logs.
impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken")
    }
}

/// SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// That of a token that a client showed.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// As text, for the cluster.
    #[must_use]
    pub fn to_text(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }
}

/// Even the hash stays out of logs.
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

#[derive(Debug, Clone, Copy)]
struct Session {
    token: TokenHash,
    /// Until when it waits; `None` while its connection lives.
    waits_until: Option<Instant>,
}

/// Every session that has a token, by the connection it was last on.
#[derive(Debug, Default)]
pub struct Sessions {
    of: ByConnection<Session>,
    by_token: HashMap<TokenHash, ConnectionId>,
    waiting: BTreeSet<(Instant, ConnectionId)>,
}

impl Sessions {
    /// A session begins.
    pub fn begin(&mut self, connection: ConnectionId, token: TokenHash) {
        self.end(connection);
        self.of.insert(connection, Session { token, waits_until: None });
        self.by_token.insert(token, connection);
    }

    /// The connection of a session is lost; `false` when it has no token, and is over.
    pub fn detach(&mut self, connection: ConnectionId, now: Instant) -> bool {
        let Some(session) = self.of.get_mut(&connection) else { return false };
        let until = *session.waits_until.get_or_insert(now + RESUME_WINDOW);
        self.waiting.insert((until, connection));
        true
    }

    /// The connection that a token's session is or was on, if it still waits.
    #[must_use]
    pub fn find(&self, token: TokenHash, now: Instant) -> Option<ConnectionId> {
        let connection = *self.by_token.get(&token)?;
        let session = self.of.get(&connection)?;
        session.waits_until.is_none_or(|until| now < until).then_some(connection)
    }

    /// A session goes on on another connection.
    pub fn move_to(&mut self, from: ConnectionId, to: ConnectionId) {
        if let Some(token) = self.end(from) {
            self.begin(to, token);
        }
    }

    /// A session is over.
    pub fn end(&mut self, connection: ConnectionId) -> Option<TokenHash> {
        let session = self.of.remove(&connection)?;
        self.by_token.remove(&session.token);
        if let Some(until) = session.waits_until {
            self.waiting.remove(&(until, connection));
        }
        Some(session.token)
    }

    /// Whether a session waits for its token.
    #[must_use]
    pub fn is_waiting(&self, connection: ConnectionId) -> bool {
        self.of.get(&connection).is_some_and(|session| session.waits_until.is_some())
    }

    /// One that has waited for too long.
    #[must_use]
    pub fn overdue(&self, now: Instant) -> Option<ConnectionId> {
        self.waiting.first().filter(|(until, _)| *until <= now).map(|(_, connection)| *connection)
    }

    /// When the next one will have waited for too long.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.waiting.first().map(|(until, _)| *until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ONE: ConnectionId = ConnectionId(1);
    const TWO: ConnectionId = ConnectionId(2);

    fn token(n: u8) -> TokenHash {
        ResumeToken::new([n; 32]).hash()
    }

    #[test]
    fn a_lost_session_waits_for_its_token_and_not_a_moment_longer() {
        let start = Instant::now();
        let mut sessions = Sessions::default();
        sessions.begin(ONE, token(1));
        assert_eq!((sessions.is_waiting(ONE), sessions.next_deadline()), (false, None));
        assert!(sessions.detach(ONE, start));
        assert!(
            sessions.detach(ONE, start + Duration::from_secs(9)),
            "losing it twice changes nothing"
        );
        let end = start + RESUME_WINDOW;
        assert_eq!((sessions.is_waiting(ONE), sessions.next_deadline()), (true, Some(end)));
        let before = end.checked_sub(Duration::from_millis(1)).unwrap();
        assert_eq!((sessions.find(token(1), before), sessions.overdue(before)), (Some(ONE), None));
        assert_eq!((sessions.find(token(1), end), sessions.overdue(end)), (None, Some(ONE)));
    }

    #[test]
    fn the_token_goes_with_the_session_and_ends_with_it() {
        let now = Instant::now();
        let mut sessions = Sessions::default();
        sessions.begin(ONE, token(1));
        sessions.detach(ONE, now);
        sessions.move_to(ONE, TWO);
        assert_eq!(sessions.find(token(1), now), Some(TWO));
        assert_eq!((sessions.is_waiting(TWO), sessions.next_deadline()), (false, None));
        sessions.end(TWO);
        assert_eq!(sessions.find(token(1), now), None);
        assert!(
            sessions.of.is_empty() && sessions.by_token.is_empty() && sessions.waiting.is_empty()
        );
    }

    #[test]
    fn without_a_token_nothing_waits() {
        let mut sessions = Sessions::default();
        assert!(!sessions.detach(ONE, Instant::now()));
        assert_eq!(sessions.find(token(1), Instant::now()), None);
    }

    #[test]
    fn a_token_shows_itself_in_no_log() {
        let token = ResumeToken::new([7; 32]);
        assert!(!format!("{token:?} {:?}", token.hash()).contains(&token.as_str()[..8]));
    }
}
