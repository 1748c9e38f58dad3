//! The rules: a message from one connection goes in, what each connection gets comes out.
//!
//! Pure: no socket, no clock, no dialect. [`Router::handle`] never fails; what may not be done is answered with an
//! error to its sender and changes nothing. A message about a call reaches nobody but the one it names.

use std::collections::BTreeSet;
use std::time::Instant;

use visavis_shared::{
    CallId, CallSignal, ClientMessage, CloseReason, ErrorCode, Login, LoginRefusal, RoomId, ServerMessage, Username,
};

use crate::calls::Calls;
use crate::registry::{ClaimError, ConnectionId, Registry};
use crate::rooms::Rooms;

/// One message for one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whom it is for.
    pub to: ConnectionId,
    /// What it is. [`ServerMessage::LoggedIn`] names no ICE servers: those depend on the way by which the client came,
    /// and the connection puts them in.
    pub message: ServerMessage,
}

/// What the operator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether `users` may be asked.
    pub directory: bool,
}

/// Everything the server knows.
#[derive(Debug)]
pub struct Router {
    rules: Rules,
    registry: Registry,
    calls: Calls,
    rooms: Rooms,
}

/// Why a message was refused: for programs and for people.
struct Refusal(ErrorCode, String);

impl Router {
    /// A server with nobody on it.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, registry: Registry::default(), calls: Calls::default(), rooms: Rooms::default() }
    }

    /// Takes a message.
    pub fn handle(&mut self, from: ConnectionId, message: ClientMessage, now: Instant) -> Vec<Delivery> {
        let (kind, call) = (message.type_name(), message.call().cloned());
        let mut out = Vec::new();
        if let Err(Refusal(code, message)) = self.try_handle(from, message, now, &mut out) {
            let error = ServerMessage::Error { code, message, in_reply_to: Some(kind.to_owned()), call };
            out.push(Delivery { to: from, message: error });
        }
        out
    }

    /// A connection is gone. Its name is free at once.
    pub fn disconnect(&mut self, connection: ConnectionId, now: Instant) -> Vec<Delivery> {
        let mut out = Vec::new();
        let calls = self.calls.lost(connection, now);
        let room = self.rooms.leave(connection);
        if let Some(name) = self.registry.release(connection) {
            if let Some(room) = room {
                self.tell_room(connection, &room, &name, false, &mut out);
            }
            for (to, call) in calls {
                let signal = CallSignal::Close(Some(CloseReason::Disconnected));
                out.push(Delivery { to, message: ServerMessage::Call { from: name.clone(), call, signal } });
            }
            self.tell_watchers(&name, false, &mut out);
        }
        out
    }

    fn try_handle(
        &mut self,
        from: ConnectionId,
        message: ClientMessage,
        now: Instant,
        out: &mut Vec<Delivery>,
    ) -> Result<(), Refusal> {
        match message {
            ClientMessage::Login(login) => self.log_in(from, &login, out),
            ClientMessage::Users { prefix } => {
                self.name_of(from)?;
                if !self.rules.directory {
                    return Err(Refusal(ErrorCode::NotAllowed, "This server does not list who is online.".into()));
                }
                let (users, total) = self.registry.list(from, &prefix);
                out.push(Delivery { to: from, message: ServerMessage::Users { users, total } });
            }
            ClientMessage::Watch { usernames } => {
                self.name_of(from)?;
                self.watch(from, usernames, out);
            }
            ClientMessage::Call { to, call, signal } => {
                let name = self.name_of(from)?;
                let to = self.addressee(from, &name, to, now)?;
                out.push(self.relay(from, name, to, call, signal, now));
            }
            ClientMessage::Join { room } => {
                let name = self.name_of(from)?;
                self.join(from, &name, &room, out)?;
            }
            ClientMessage::Message { room, message } => {
                let username = self.name_of(from)?;
                if self.rooms.room_of(from) != Some(&room) {
                    return Err(Refusal(ErrorCode::NotAllowed, format!("You are not in the room \"{room}\".")));
                }
                let message = ServerMessage::Message { room: room.clone(), username, message };
                out.extend(self.rooms.others(from, &room).map(|to| Delivery { to, message: message.clone() }));
            }
        }
        Ok(())
    }

    /// The name of a sender, who has to be logged in.
    fn name_of(&self, from: ConnectionId) -> Result<Username, Refusal> {
        let not_logged_in = || Refusal(ErrorCode::NotLoggedIn, "Log in first.".into());
        self.registry.name_of(from).cloned().ok_or_else(not_logged_in)
    }

    fn log_in(&mut self, from: ConnectionId, login: &Login, out: &mut Vec<Delivery>) {
        let refused = |reason, message| ServerMessage::LoginRefused { reason, message };
        let name = match Username::parse(&login.username) {
            Ok(name) => name,
            Err(error) => {
                let message = refused(LoginRefusal::InvalidName, format!("That can't be a name: {error}."));
                return out.push(Delivery { to: from, message });
            }
        };
        let message = match self.registry.claim(from, name.clone()) {
            Ok(()) => ServerMessage::LoggedIn { username: name.clone(), ice_servers: Vec::new(), resume: None },
            Err(ClaimError::Taken) => refused(
                LoginRefusal::Taken,
                format!("Somebody is logged in as \"{name}\" already. Choose another name."),
            ),
            Err(ClaimError::AlreadyNamed(name)) => {
                refused(LoginRefusal::AlreadyLoggedIn, format!("This connection is logged in as \"{name}\" already."))
            }
        };
        let is_new = matches!(message, ServerMessage::LoggedIn { .. });
        out.push(Delivery { to: from, message });
        if is_new {
            self.tell_watchers(&name, true, out);
        }
    }

    fn watch(&mut self, from: ConnectionId, usernames: Vec<Username>, out: &mut Vec<Delivery>) {
        let names: BTreeSet<Username> = usernames.into_iter().collect();
        out.extend(names.iter().map(|name| Delivery {
            to: from,
            message: ServerMessage::Presence { username: name.clone(), online: self.registry.owner_of(name).is_some() },
        }));
        self.registry.watch(from, names);
    }

    fn tell_watchers(&self, name: &Username, online: bool, out: &mut Vec<Delivery>) {
        out.extend(
            self.registry
                .watchers_of(name)
                .map(|to| Delivery { to, message: ServerMessage::Presence { username: name.clone(), online } }),
        );
    }

    /// Whom a message about a call is for: who it names, or else whoever the sender is in a call with.
    fn addressee(
        &self,
        from: ConnectionId,
        name: &Username,
        to: Option<Username>,
        now: Instant,
    ) -> Result<ConnectionId, Refusal> {
        match to {
            Some(to) if to == *name => Err(Refusal(ErrorCode::NotAllowed, "You can't call yourself.".into())),
            Some(to) => self
                .registry
                .owner_of(&to)
                .ok_or_else(|| Refusal(ErrorCode::UnknownUser, format!("Nobody is online as \"{to}\"."))),
            None => self
                .calls
                .current(from, now)
                .ok_or_else(|| Refusal(ErrorCode::UnknownUser, "You are not in a call.".into())),
        }
    }

    fn relay(
        &mut self,
        from: ConnectionId,
        name: Username,
        to: ConnectionId,
        call: Option<CallId>,
        signal: CallSignal,
        now: Instant,
    ) -> Delivery {
        match signal {
            CallSignal::Offer(_) => self.calls.offered(from, to, call.as_ref(), now),
            CallSignal::Answer(_) => self.calls.answered(from, to, call.as_ref()),
            CallSignal::Decline(_) | CallSignal::Close(_) => self.calls.ended(from, to, call.as_ref()),
            CallSignal::Ringing | CallSignal::Candidate(_) => {}
        }
        let signal = match signal {
            // Only the server says that a connection was lost.
            CallSignal::Close(_) => CallSignal::Close(None),
            signal => signal,
        };
        Delivery { to, message: ServerMessage::Call { from: name, call, signal } }
    }

    fn join(
        &mut self,
        from: ConnectionId,
        name: &Username,
        room: &RoomId,
        out: &mut Vec<Delivery>,
    ) -> Result<(), Refusal> {
        let is_new = self.rooms.room_of(from) != Some(room);
        let full = |_| Refusal(ErrorCode::RoomFull, format!("The room \"{room}\" holds two people already."));
        if let Some(before) = self.rooms.enter(from, room).map_err(full)? {
            self.tell_room(from, &before, name, false, out);
        }
        let users = self.rooms.others(from, room).filter_map(|other| self.registry.name_of(other)).cloned().collect();
        out.push(Delivery { to: from, message: ServerMessage::Joined { room: room.clone(), users } });
        if is_new {
            self.tell_room(from, room, name, true, out);
        }
        Ok(())
    }

    fn tell_room(
        &self,
        connection: ConnectionId,
        room: &RoomId,
        name: &Username,
        entered: bool,
        out: &mut Vec<Delivery>,
    ) {
        let (room, username) = (room.clone(), name.clone());
        let message = if entered {
            ServerMessage::UserJoined { room: room.clone(), username }
        } else {
            ServerMessage::UserLeft { room: room.clone(), username }
        };
        out.extend(self.rooms.others(connection, &room).map(|to| Delivery { to, message: message.clone() }));
    }
}
