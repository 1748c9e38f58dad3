//! Rooms of two.

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
}

fn full(room: &RoomId) -> Refusal {
    Refusal(ErrorCode::RoomFull, format!("The room \"{room}\" holds two people already."))
}
