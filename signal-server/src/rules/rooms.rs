//! Rooms of two. Pure, and by name: one of the two may be on another node. A room exists while
//! somebody is in it, and a person is in at most one.

use std::collections::HashMap;

use visavis_shared::{RoomId, Username};

/// How many a room holds.
pub const ROOM_SIZE: usize = 2;

/// The room is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the room holds {ROOM_SIZE} already")]
pub struct RoomFull;

/// Who is in which room.
#[derive(Debug, Default)]
pub struct Rooms {
    members: HashMap<RoomId, Vec<Username>>,
    room_of: HashMap<Username, RoomId>,
}

impl Rooms {
    /// Enters a room, and leaves the one before; says which that was, if there was another.
    ///
    /// # Errors
    /// When the room holds two others; then nothing changes.
    pub fn enter(&mut self, name: &Username, room: &RoomId) -> Result<Option<RoomId>, RoomFull> {
        if self.others(name, room).count() >= ROOM_SIZE {
            return Err(RoomFull);
        }
        let before = self.leave(name);
        self.members.entry(room.clone()).or_default().push(name.clone());
        self.room_of.insert(name.clone(), room.clone());
        Ok(before.filter(|before| before != room))
    }

    /// Leaves the room that somebody is in.
    pub fn leave(&mut self, name: &Username) -> Option<RoomId> {
        let room = self.room_of.remove(name)?;
        if let Some(members) = self.members.get_mut(&room) {
            members.retain(|member| member != name);
            if members.is_empty() {
                self.members.remove(&room);
            }
        }
        Some(room)
    }

    /// The room that somebody is in.
    #[must_use]
    pub fn room_of(&self, name: &Username) -> Option<&RoomId> {
        self.room_of.get(name)
    }

    /// Everyone else in a room.
    pub fn others(&self, name: &Username, room: &RoomId) -> impl Iterator<Item = &Username> {
        self.members.get(room).into_iter().flatten().filter(move |member| *member != name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_holds_two_and_is_gone_when_both_left() {
        let [one, two, three] = ["one", "two", "three"].map(|name| Username::parse(name).unwrap());
        let room = RoomId::parse("blue").unwrap();
        let mut rooms = Rooms::default();
        assert_eq!(rooms.enter(&one, &room), Ok(None));
        assert_eq!(rooms.enter(&two, &room), Ok(None));
        assert_eq!(rooms.enter(&two, &room), Ok(None));
        assert_eq!(rooms.enter(&three, &room), Err(RoomFull));
        assert_eq!(rooms.others(&one, &room).collect::<Vec<_>>(), [&two]);
        assert_eq!(rooms.leave(&one), Some(room.clone()));
        assert_eq!(rooms.enter(&three, &room), Ok(None));
        assert_eq!(rooms.enter(&three, &RoomId::parse("red").unwrap()), Ok(Some(room)));
        rooms.leave(&two);
        rooms.leave(&three);
        assert!(rooms.members.is_empty() && rooms.room_of.is_empty());
    }
}
