//! The rules: a message of one connection goes in, what has to be done about it comes out.
//!
//! In: [`Router::handle`] and [`Router::log_in`] for this node's connections,
//! [`Router::receive_remote`] for events of other nodes, [`Router::disconnect`],
//! [`Router::give_up`] and [`Router::expire`] for the ends of connections and sessions. Out: a list
//! of [`Output`]s, to be carried out in their order. What always holds:
//! - no socket, clock, dialect or database is touched;
//! - a message that may not be sent is answered with an error to its sender and changes nothing;
//! - a message about a call reaches nobody but the one it names;
//! - what only the other nodes know is asked as a [`Question`] and settled by a `settle_…` method;
//!   whoever carries that out handles nothing more of the connection until then, so the order of a
//!   connection's messages is kept. A router that is alone ([`Rules::alone`]) asks only who may
//!   have a name.

mod login;
mod missed;
mod outcome;
mod remote;
mod rooms;

use std::collections::BTreeSet;
use std::time::Instant;

use visavis_shared::identity::canonical_name;
use visavis_shared::{
    CallId, CallSignal, ClientMessage, CloseReason, ErrorCode, ServerMessage, Username,
};

pub use self::outcome::{
    Announcement, Claim, ClaimRefusal, Closing, Envelope, Output, Question, RemoteEvent,
    Undeliverable, Undelivered,
};
pub use self::rooms::Entry;
use crate::rules::calls::Calls;
use crate::rules::registry::{ConnectionId, Registry, WatchChange};
use crate::rules::rooms::Rooms;
use crate::rules::sessions::Sessions;

/// What the operator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether `users` may be asked.
    pub directory: bool,
    /// Whether this node is the whole server, so that whoever is not here is not anywhere.
    pub alone: bool,
}

/// Everything that one node knows.
#[derive(Debug)]
pub struct Router {
    rules: Rules,
    registry: Registry,
    sessions: Sessions,
    calls: Calls,
    rooms: Rooms,
}

/// Why a message was refused: for programs and for people.
struct Refusal(ErrorCode, String);

impl Router {
    /// A node with nobody on it.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            registry: Registry::default(),
            sessions: Sessions::default(),
            calls: Calls::default(),
            rooms: Rooms::default(),
        }
    }

    /// Who is on this node under which name.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Takes a message. A login by it is that of a guest: one that showed a key goes to
    /// [`Router::log_in`].
    pub fn handle(
        &mut self,
        from: ConnectionId,
        message: ClientMessage,
        now: Instant,
    ) -> Vec<Output> {
        let (kind, call) = (message.type_name(), message.call().cloned());
        // Nearly every message makes one output.
        let mut out = Vec::with_capacity(1);
        if let Err(refusal) = self.try_handle(from, message, now, &mut out) {
            out.push(refusal.into_reply(from, kind, call));
        }
        out
    }

    /// A connection is gone. Its session is over, unless it has a token: then it waits, and what is
    /// for it is kept.
    pub fn disconnect(&mut self, connection: ConnectionId, now: Instant) -> Vec<Output> {
        let mut out = self.unheard(connection, now);
        if !self.sessions.detach(connection, now) {
            self.end(connection, now, &mut out);
        } else if let Some(name) = self.registry.name_of(connection).cloned() {
            for (to, call) in self.calls.lost(&name, now) {
                if self.registry.owner_of(&to).is_none() {
                    self.calls.cut(&name, &to, call.as_ref());
                    // Their node forgets the call when it receives this, and then both have to.
                    self.calls.ended(&name, &to, call.as_ref());
                }
                self.notify_lost(&name, &to, call, &mut out);
            }
        }
        out
    }

    /// Whether a connection that is gone may come back, so that what is for it has to be kept.
    #[must_use]
    pub fn is_waiting(&self, connection: ConnectionId) -> bool {
        self.sessions.is_waiting(connection)
    }

    /// Ends the sessions that have waited for too long.
    pub fn expire(&mut self, now: Instant) -> Vec<Output> {
        let mut out = Vec::new();
        while let Some(connection) = self.sessions.overdue(now) {
            self.end(connection, now, &mut out);
        }
        out
    }

    /// When [`Router::expire`] is worth calling next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.sessions.next_deadline()
    }

    /// Ends a session at once, whether its connection lives or not.
    pub fn give_up(&mut self, connection: ConnectionId, now: Instant) -> Vec<Output> {
        let mut out = Vec::new();
        self.end(connection, now, &mut out);
        out
    }

    fn end(&mut self, connection: ConnectionId, now: Instant, out: &mut Vec<Output>) {
        if self.sessions.is_waiting(connection) {
            let person = self.registry.person(connection);
            let owner = person.filter(|person| person.key.is_some());
            out.push(Output::Forget(connection, owner.map(|owner| owner.name.clone())));
        }
        self.sessions.end(connection);
        let lobby = self.is_in_lobby(connection);
        let (person, change) = self.registry.release(connection);
        self.announce_watching(change, out);
        let Some(person) = person else { return };
        let name = person.name;
        if lobby {
            let left = ServerMessage::GuestLeft { username: name.clone() };
            self.broadcast_everywhere(connection, left, out);
        }
        if let Some(room) = self.rooms.leave(&name) {
            self.notify_left(&room, &name, out);
        }
        for (to, call) in self.calls.gone(&name, now) {
            self.notify_lost(&name, &to, call, out);
        }
        if person.listed {
            self.notify_watchers(&name, false, out);
        }
        self.announce(Announcement::Released(name), out);
    }

    fn try_handle(
        &mut self,
        from: ConnectionId,
        message: ClientMessage,
        now: Instant,
        out: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Login(login) => {
                out.extend(self.log_in(from, login, None, now));
            }
            ClientMessage::Users { prefix } => self.list(from, &prefix, out)?,
            ClientMessage::Watch { usernames } => {
                self.name_of(from)?;
                self.watch(from, usernames, out);
            }
            ClientMessage::Call { to, call, signal } => {
                let name = self.name_of(from)?;
                let to = self.addressee(&name, to, now)?;
                self.relay(&name, &to, call, signal, now, out)?;
            }
            ClientMessage::Join { room } => {
                let name = self.name_of(from)?;
                self.join(from, &name, room, out)?;
            }
            ClientMessage::LeaveRoom { room } => {
                let name = self.name_of(from)?;
                self.leave_room(&name, &room, out);
            }
            ClientMessage::Message { room, message } => {
                let name = self.name_of(from)?;
                self.send_to_room(&name, room, message, out)?;
            }
        }
        Ok(())
    }

    /// The name of a sender, who has to be logged in.
    fn name_of(&self, from: ConnectionId) -> Result<Username, Refusal> {
        let not_logged_in = || Refusal(ErrorCode::NotLoggedIn, "Log in first.".into());
        self.registry.name_of(from).cloned().ok_or_else(not_logged_in)
    }

    fn list(&self, from: ConnectionId, prefix: &str, out: &mut Vec<Output>) -> Result<(), Refusal> {
        self.name_of(from)?;
        if !self.rules.directory {
            return Err(Refusal(
                ErrorCode::NotAllowed,
                "This server does not list who is online.".into(),
            ));
        }
        // Names are lower case throughout.
        let prefix = prefix.to_lowercase();
        if self.rules.alone {
            let (users, total) = self.registry.list(from, &prefix);
            out.push(deliver(from, ServerMessage::Users { users, total }));
        } else {
            out.push(Output::Ask(from, Question::Users(prefix)));
        }
        Ok(())
    }

    /// The cluster said who is online, or that it can't.
    pub fn settle_users(
        &self,
        from: ConnectionId,
        answer: Option<(Vec<Username>, usize)>,
    ) -> Vec<Output> {
        let Some(asker) = self.registry.name_of(from) else { return Vec::new() };
        vec![match answer {
            Some((mut users, total)) => {
                let before = users.len();
                users.retain(|name| name != asker);
                let total = total.saturating_sub(before - users.len());
                deliver(from, ServerMessage::Users { users, total })
            }
            None => Refusal::unavailable().into_reply(from, "users", None),
        }]
    }

    fn watch(&mut self, from: ConnectionId, usernames: Vec<Username>, out: &mut Vec<Output>) {
        let names: BTreeSet<Username> =
            usernames.into_iter().map(|name| self.spelled(name)).collect();
        let change = self.registry.watch(from, names.clone());
        if !self.rules.alone {
            for name in &change.begun {
                if self.registry.owner_of(name).is_none() {
                    self.registry.ask_elsewhere(name.clone());
                }
            }
        }
        // Of the others the cluster will say whether they are there.
        out.extend(names.into_iter().filter(|name| !self.registry.is_asked(name)).map(
            |username| {
                let online = self.registry.is_seen(&username);
                deliver(from, ServerMessage::Presence { username, online })
            },
        ));
        self.announce_watching(change, out);
    }

    fn announce_watching(&self, change: WatchChange, out: &mut Vec<Output>) {
        for name in change.begun {
            self.announce(Announcement::Watching(name), out);
        }
        for name in change.ended {
            self.announce(Announcement::NotWatching(name), out);
        }
    }

    fn notify_watchers(&self, name: &Username, online: bool, out: &mut Vec<Output>) {
        out.extend(
            self.registry
                .watchers_of(name)
                .map(|to| deliver(to, ServerMessage::Presence { username: name.clone(), online })),
        );
    }

    fn notify_lost(
        &self,
        name: &Username,
        to: &Username,
        call: Option<CallId>,
        out: &mut Vec<Output>,
    ) {
        let signal = CallSignal::Close(Some(CloseReason::Disconnected));
        self.send(to, ServerMessage::Call { from: name.clone(), call, signal }, out);
    }

    /// A name as the registry spells it. Socket ids and the like are known as they are.
    fn spelled(&self, name: Username) -> Username {
        if self.registry.owner_of(&name).is_some() {
            return name;
        }
        canonical_name(name.as_str()).unwrap_or(name)
    }

    /// The same for a name that somebody got from the server: that of a page on another node is
    /// known by the room or the call that both are in.
    fn spelled_by(&self, sender: &Username, name: Username) -> Username {
        let mut with_sender =
            self.rooms.room_of(sender).into_iter().flat_map(|room| self.rooms.others(sender, room));
        if with_sender.any(|other| *other == name) || self.calls.is_with(sender, &name) {
            return name;
        }
        self.spelled(name)
    }

    /// Whom a message about a call is for: who it names, or else whoever the sender is in a call
    /// with.
    fn addressee(
        &self,
        name: &Username,
        to: Option<Username>,
        now: Instant,
    ) -> Result<Username, Refusal> {
        match to.map(|to| self.spelled_by(name, to)) {
            Some(to) if to == *name => {
                Err(Refusal(ErrorCode::NotAllowed, "You can't call yourself.".into()))
            }
            Some(to) => Ok(to),
            None => {
                let nobody = || Refusal(ErrorCode::UnknownUser, "You are not in a call.".into());
                self.calls.current(name, now).cloned().ok_or_else(nobody)
            }
        }
    }

    fn relay(
        &mut self,
        name: &Username,
        to: &Username,
        call: Option<CallId>,
        signal: CallSignal,
        now: Instant,
        out: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        let owner = self.registry.owner_of(to);
        if self.rules.alone && owner.is_none() {
            if matches!(signal, CallSignal::Offer(_)) {
                out.extend(self.missed(name, to, call.as_ref()));
            }
            return Err(Refusal(ErrorCode::UnknownUser, format!("Nobody is online as \"{to}\".")));
        }
        let signal = match signal {
            // Only the server says that a connection was lost.
            CallSignal::Close(Some(CloseReason::Disconnected)) => CallSignal::Close(None),
            signal => signal,
        };
        self.remember(name, to, call.as_ref(), &signal, now);
        let message = ServerMessage::Call { from: name.clone(), call, signal };
        out.push(match owner {
            Some(owner) => deliver(owner, message),
            None => Output::Forward(Envelope { to: to.clone(), message }),
        });
        Ok(())
    }

    /// Keeps in mind who is in a call with whom.
    fn remember(
        &mut self,
        from: &Username,
        to: &Username,
        call: Option<&CallId>,
        signal: &CallSignal,
        now: Instant,
    ) {
        match signal {
            CallSignal::Offer(_) => self.calls.offered(from, to, call, now),
            CallSignal::Answer(_) => self.calls.answered(from, to, call),
            // Who was lost on another node may come back, or be somebody else by then: better told
            // too little of them.
            CallSignal::Decline(_) | CallSignal::Close(_) => self.calls.ended(from, to, call),
            CallSignal::Ringing(_) => self.calls.rang(from, to, call),
            CallSignal::Opening(_) | CallSignal::Candidate(_) => {}
        }
    }

    /// Sends a message to whoever has the name, here or on another node.
    fn send(&self, to: &Username, message: ServerMessage, out: &mut Vec<Output>) {
        match self.registry.owner_of(to) {
            Some(connection) => out.push(deliver(connection, message)),
            None if self.rules.alone => {}
            None => out.push(Output::Forward(Envelope { to: to.clone(), message })),
        }
    }

    fn announce(&self, announcement: Announcement, out: &mut Vec<Output>) {
        if !self.rules.alone {
            out.push(Output::Announce(announcement));
        }
    }
}

impl Refusal {
    fn unavailable() -> Self {
        Self(
            ErrorCode::Unavailable,
            "The servers can't reach each other at the moment. Try again soon.".into(),
        )
    }

    /// The error that the sender of the refused message gets.
    fn into_reply(self, to: ConnectionId, kind: &str, call: Option<CallId>) -> Output {
        let Self(code, message) = self;
        let message = message.into();
        deliver(
            to,
            ServerMessage::Error { code, message, in_reply_to: Some(kind.to_owned()), call },
        )
    }
}

fn deliver(to: ConnectionId, message: ServerMessage) -> Output {
    Output::Deliver(to, message)
}
