//! Rooms of two, and the lobby: where the pages of dialect 4 are, which know neither names nor
//! rooms. Every guest who is in no room is there, and what one sends goes to all the others.

use visavis_shared::{ErrorCode, Payload, RoomId, ServerMessage, Username};

use super::{Announcement, Output, Question, Refusal, Router, deliver};
use crate::rules::registry::ConnectionId;

/// The cluster's answer about somebody who enters a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// They are in, and these are the others.
    Entered(Vec<Username>),
    /// The room holds two others.
    Full,
    /// The cluster can't say.
    Unavailable,
}

impl Router {
    pub(super) fn join(
        &mut self,
        from: ConnectionId,
        name: &Username,
        room: RoomId,
        out: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        if !self.rules.alone {
            out.push(Output::Ask(from, Question::Join(room)));
            return Ok(());
        }
        let is_new = self.rooms.room_of(name) != Some(&room);
        if let Some(before) = self.rooms.enter(name, &room).map_err(|_| full(&room))? {
            self.notify_left(&before, name, out);
        }
        self.notify_joined(from, name, &room, is_new, out);
        Ok(())
    }

    /// The cluster let somebody into a room, or did not.
    pub fn settle_join(&mut self, from: ConnectionId, room: &RoomId, entry: Entry) -> Vec<Output> {
        let mut out = Vec::new();
        let Some(name) = self.registry.name_of(from).cloned() else { return out };
        let others = match entry {
            Entry::Entered(others) => others,
            Entry::Full => return vec![full(room).into_reply(from, "join", None)],
            Entry::Unavailable => {
                return vec![Refusal::unavailable().into_reply(from, "join", None)];
            }
        };
        let is_new = self.rooms.room_of(&name) != Some(room);
        // The cluster is right about who is in it; what this node thought is put straight.
        let known: Vec<_> = self.rooms.others(&name, room).cloned().collect();
        for gone in known.iter().filter(|known| !others.contains(known)) {
            self.rooms.leave(gone);
        }
        for other in &others {
            let _ = self.rooms.enter(other, room);
        }
        if let Ok(Some(before)) = self.rooms.enter(&name, room) {
            self.notify_left(&before, &name, &mut out);
        }
        self.notify_joined(from, &name, room, is_new, &mut out);
        out
    }

    fn notify_joined(
        &self,
        from: ConnectionId,
        name: &Username,
        room: &RoomId,
        is_new: bool,
        out: &mut Vec<Output>,
    ) {
        let users: Vec<_> = self.rooms.others(name, room).cloned().collect();
        out.push(deliver(from, ServerMessage::Joined { room: room.clone(), users: users.clone() }));
        if is_new {
            for other in &users {
                let came = ServerMessage::UserJoined { room: room.clone(), username: name.clone() };
                self.send(other, came, out);
            }
        }
    }

    /// Somebody leaves a room, if they are in it.
    pub(super) fn leave_room(&mut self, name: &Username, room: &RoomId, out: &mut Vec<Output>) {
        if self.rooms.room_of(name) == Some(room) {
            self.rooms.leave(name);
            self.notify_left(room, name, out);
        }
    }

    /// Notifies those in a room that somebody left it.
    pub(super) fn notify_left(&self, room: &RoomId, name: &Username, out: &mut Vec<Output>) {
        for other in self.rooms.others(name, room) {
            self.send(
                other,
                ServerMessage::UserLeft { room: room.clone(), username: name.clone() },
                out,
            );
        }
        self.announce(Announcement::LeftRoom(room.clone(), name.clone()), out);
    }

    pub(super) fn send_to_room(
        &self,
        name: &Username,
        room: RoomId,
        message: Payload,
        out: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        if self.rooms.room_of(name) != Some(&room) {
            return Err(Refusal(
                ErrorCode::NotAllowed,
                format!("You are not in the room \"{room}\"."),
            ));
        }
        for other in self.rooms.others(name, &room) {
            let said = ServerMessage::Message {
                room: room.clone(),
                username: name.clone(),
                message: message.clone(),
            };
            self.send(other, said, out);
        }
        Ok(())
    }

    /// A guest sends a message to all the others. Outside the lobby it reaches nobody.
    pub fn broadcast(&self, from: ConnectionId, message: Payload) -> Vec<Output> {
        let mut out = Vec::new();
        if self.is_in_lobby(from)
            && let Some(name) = self.registry.name_of(from)
        {
            let said = ServerMessage::Broadcast { from: name.clone(), message };
            self.broadcast_everywhere(from, said, &mut out);
        }
        out
    }

    pub(super) fn is_in_lobby(&self, connection: ConnectionId) -> bool {
        self.registry
            .person(connection)
            .is_some_and(|person| !person.listed && self.rooms.room_of(&person.name).is_none())
    }

    /// Sends to everyone in the lobby, on this node and the others, except one.
    pub(super) fn broadcast_everywhere(
        &self,
        except: ConnectionId,
        message: ServerMessage,
        out: &mut Vec<Output>,
    ) {
        self.broadcast_locally(Some(except), &message, out);
        self.announce(Announcement::Lobby(message), out);
    }

    /// Sends to everyone in the lobby of this node, except one.
    pub(super) fn broadcast_locally(
        &self,
        except: Option<ConnectionId>,
        message: &ServerMessage,
        out: &mut Vec<Output>,
    ) {
        let mut members: Vec<_> = self
            .registry
            .guests()
            .filter(|guest| Some(*guest) != except && self.is_in_lobby(*guest))
            .collect();
        // In the order in which they came, so that a schedule always goes the same way.
        members.sort_unstable();
        out.extend(members.into_iter().map(|to| deliver(to, message.clone())));
    }
}

fn full(room: &RoomId) -> Refusal {
    Refusal(ErrorCode::RoomFull, format!("The room \"{room}\" holds two people already."))
}
