//! Who gets which name, and who goes on with an earlier session.

use std::time::Instant;

use visavis_shared::identity::{PublicKey, canonical_name};
use visavis_shared::{Login, LoginRefusal, ServerMessage, Username};

use super::{Announcement, Claim, ClaimRefusal, Closing, Output, Question, Router, deliver};
use crate::rules::registry::{ClaimError, ConnectionId, Person};
use crate::rules::sessions::{ResumeToken, TokenHash};

impl Router {
    /// Somebody logs in, with the key that signed the login if one did. Whether the signature is
    /// right was judged before.
    pub fn log_in(
        &mut self,
        from: ConnectionId,
        login: Login,
        key: Option<PublicKey>,
        now: Instant,
    ) -> Vec<Output> {
        if let Some(name) = self.registry.name_of(from) {
            let message = format!("This connection is logged in as \"{name}\" already.");
            return vec![refused(from, LoginRefusal::AlreadyLoggedIn, message)];
        }
        let name = match canonical_name(&login.username) {
            Ok(name) => name,
            Err(error) => {
                let message = format!("That can't be a name: {error}.");
                return vec![refused(from, LoginRefusal::InvalidName, message)];
            }
        };
        let shown = login.resume.as_deref().filter(|token| !token.is_empty()).map(TokenHash::of);
        if let Some(token) = shown
            && let Some(before) = self.sessions.find(token, now)
            && self.registry.name_of(before) == Some(&name)
        {
            return self.resume(before, from, &name, login.resume);
        }
        let claim =
            Claim { name, key, listed: true, resumable: login.resume.is_some(), resume: shown };
        if let Some(owner) = self.registry.owner_of(&claim.name)
            && !self.is_same_person(owner, &claim)
        {
            return vec![claim_refused(from, &ClaimRefusal::Taken(claim.name))];
        }
        vec![Output::Ask(from, Question::Claim(claim))]
    }

    /// A page that knows no logins is called by its socket's id.
    pub fn enter_as_guest(&mut self, from: ConnectionId, name: Username) -> Vec<Output> {
        if self.registry.name_of(from).is_some() {
            return Vec::new();
        }
        let claim = Claim { name, key: None, listed: false, resumable: false, resume: None };
        vec![Output::Ask(from, Question::Claim(claim))]
    }

    /// A name was granted, with a token for coming back where one was wanted; or it was not.
    pub fn settle_claim(
        &mut self,
        from: ConnectionId,
        claim: Claim,
        outcome: Result<Option<ResumeToken>, ClaimRefusal>,
        now: Instant,
    ) -> Vec<Output> {
        let mut out = Vec::new();
        let token = match outcome {
            Ok(token) => token,
            Err(refusal) => return vec![claim_refused(from, &refusal)],
        };
        if let Some(owner) = self.registry.owner_of(&claim.name)
            && owner != from
            && self.is_same_person(owner, &claim)
        {
            self.end(owner, now, &mut out);
            // The name is not free: it goes from one to the other.
            out.retain(|output| !matches!(output, Output::Announce(Announcement::Released(_))));
            out.push(Output::Close(owner, Closing::Replaced));
        }
        let Claim { name, key, listed, .. } = claim;
        match self.registry.claim(from, Person { name: name.clone(), key, listed }) {
            Ok(()) => {}
            Err(ClaimError::Taken) => {
                out.push(claim_refused(from, &ClaimRefusal::Taken(name)));
                return out;
            }
            Err(ClaimError::AlreadyNamed(_)) => return out,
        }
        if let Some(token) = &token {
            self.sessions.begin(from, token.hash());
        }
        let resume = token.map(|token| token.as_str().to_owned());
        out.push(deliver(
            from,
            ServerMessage::LoggedIn { username: name.clone(), ice_servers: Vec::new(), resume },
        ));
        if listed {
            self.registry.seen_elsewhere(&name, false);
            self.notify_watchers(&name, true, &mut out);
        }
        out
    }

    /// Goes on with a session on another connection. What waited comes after the reply, in its
    /// order.
    fn resume(
        &mut self,
        before: ConnectionId,
        from: ConnectionId,
        name: &Username,
        token: Option<String>,
    ) -> Vec<Output> {
        let was_lost = self.sessions.is_waiting(before);
        self.registry.move_to(before, from);
        self.sessions.move_to(before, from);
        self.calls.back(name);
        let reply = ServerMessage::LoggedIn {
            username: name.clone(),
            ice_servers: Vec::new(),
            resume: token,
        };
        let mut out = vec![deliver(from, reply), Output::Adopt { from: before, by: from }];
        out.push(if was_lost {
            Output::Forget(before, None)
        } else {
            Output::Close(before, Closing::Replaced)
        });
        out
    }

    /// Whether whoever is logged in is the same as who claims the name, by their key.
    fn is_same_person(&self, owner: ConnectionId, claim: &Claim) -> bool {
        self.registry
            .person(owner)
            .is_some_and(|person| person.key.is_some() && person.key == claim.key)
    }
}

fn claim_refused(to: ConnectionId, refusal: &ClaimRefusal) -> Output {
    let reason = match refusal {
        ClaimRefusal::Taken(_) => LoginRefusal::Taken,
        ClaimRefusal::NotAllowed(_) => LoginRefusal::NotAllowed,
        ClaimRefusal::Unavailable => LoginRefusal::Unavailable,
    };
    refused(to, reason, refusal.to_string())
}

fn refused(to: ConnectionId, reason: LoginRefusal, message: String) -> Output {
    deliver(to, ServerMessage::LoginRefused { reason, message: message.into() })
}
