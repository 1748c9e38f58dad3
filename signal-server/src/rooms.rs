//! Rooms of two. Pure: a room exists while somebody is in it, and a connection is in at most one.

use std::collections::HashMap;

use visavis_shared::RoomId;

use crate::registry::ConnectionId;

/// How many a room holds.
pub const ROOM_SIZE: usize = 2;

/// The room is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the room holds {ROOM_SIZE} already")]
pub struct RoomFull;

/// Who is in which room.
#[derive(Debug, Default)]
pub struct Rooms {
    members: HashMap<RoomId, Vec<ConnectionId>>,
    room_of: HashMap<ConnectionId, RoomId>,
}

impl Rooms {
    /// Enters a room, and leaves the one before; says which that was, if there was another.
    ///
    /// # Errors
    /// When the room holds two others; then nothing changes.
    pub fn enter(&mut self, connection: ConnectionId, room: &RoomId) -> Result<Option<RoomId>, RoomFull> {
        if self.others(connection, room).count() >= ROOM_SIZE {
            return Err(RoomFull);
        }
        let before = self.leave(connection);
        self.members.entry(room.clone()).or_default().push(connection);
        self.room_of.insert(connection, room.clone());
        Ok(before.filter(|before| before != room))
    }

    /// Leaves the room that the connection is in.
    pub fn leave(&mut self, connection: ConnectionId) -> Option<RoomId> {
        let room = self.room_of.remove(&connection)?;
        if let Some(members) = self.members.get_mut(&room) {
            members.retain(|member| *member != connection);
            if members.is_empty() {
                self.members.remove(&room);
            }
        }
        Some(room)
    }

    /// The room that a connection is in.
    #[must_use]
    pub fn room_of(&self, connection: ConnectionId) -> Option<&RoomId> {
        self.room_of.get(&connection)
    }

    /// Everyone else in a room.
    pub fn others(&self, connection: ConnectionId, room: &RoomId) -> impl Iterator<Item = ConnectionId> {
        self.members.get(room).into_iter().flatten().copied().filter(move |member| *member != connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_holds_two_and_is_gone_when_both_left() {
        let [one, two, three] = [1, 2, 3].map(ConnectionId);
        let room = RoomId::parse("blue").unwrap();
        let mut rooms = Rooms::default();
        assert_eq!(rooms.enter(one, &room), Ok(None));
        assert_eq!(rooms.enter(two, &room), Ok(None));
        assert_eq!(rooms.enter(two, &room), Ok(None));
        assert_eq!(rooms.enter(three, &room), Err(RoomFull));
        assert_eq!(rooms.others(one, &room).collect::<Vec<_>>(), [two]);
        assert_eq!(rooms.leave(one), Some(room.clone()));
        assert_eq!(rooms.enter(three, &room), Ok(None));
        assert_eq!(rooms.enter(three, &RoomId::parse("red").unwrap()), Ok(Some(room)));
        rooms.leave(two);
        rooms.leave(three);
        assert!(rooms.members.is_empty() && rooms.room_of.is_empty());
    }
}
