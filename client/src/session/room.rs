//! The room that the person asked for: pure rules, with time as an argument.
//!
//! In: that they want to be in a room, and what the server sends about rooms. Out: where we are,
//! for the window; and at most once for each time that they asked, whom to call. What always holds:
//! only the answer to their asking, for that very room and while it is still expected, leads to a
//! call. A `joined` that nobody asked for changes nothing, and one that answers the app's own
//! coming back (after the server has lost us) shows who is there and calls nobody.

use std::time::{Duration, Instant};

use visavis_shared::{ErrorCode, RoomId, Username};

use crate::call::deadline;
use crate::session::snapshot::{RoomMate, RoomPhase};
use crate::words::phrase;

/// How long the person's asking stands while no answer comes: as long as a call that they placed
/// would ring.
const ASKING_STANDS: Duration = deadline::RING;

/// Where we are, and what the person's asking still allows. `C` is their consent to one call.
#[derive(Debug)]
pub(super) struct Room<C> {
    phase: RoomPhase,
    mate: Option<RoomMate>,
    /// The consent to a call that the person has not got yet, and until when it stands.
    asking: Option<(C, Instant)>,
}

impl<C> Default for Room<C> {
    fn default() -> Self {
        Self { phase: RoomPhase::Outside, mate: None, asking: None }
    }
}

impl<C> Room<C> {
    /// The person wants to be in this room and to call whoever is there. It is to be asked for.
    pub(super) fn ask_for(&mut self, room: RoomId, consent: C, now: Instant) {
        self.phase = RoomPhase::Entering(room);
        self.mate = None;
        self.asking = Some((consent, now + ASKING_STANDS));
    }

    /// The person has turned to another call meanwhile: whoever is in the room is not called any
    /// more, only shown.
    pub(super) fn withdraw(&mut self) {
        self.asking = None;
    }

    /// We are logged in again: the room to ask for. A session that goes on is where it was, unless
    /// the asking was lost on the way; asking twice does no harm.
    pub(super) fn enter_again(&mut self, resumed: bool) -> Option<RoomId> {
        let room = match &self.phase {
            RoomPhase::Inside(_) if resumed => return None,
            phase => phase.room().cloned()?,
        };
        self.phase = RoomPhase::Entering(room.clone());
        self.mate = None;
        Some(room)
    }

    /// The server reports that we are in a room, and who was there before us. Returns whom to call,
    /// if the person asked for it.
    pub(super) fn joined(
        &mut self,
        room: RoomId,
        users: Vec<Username>,
        now: Instant,
    ) -> Option<(Username, C)> {
        if !matches!(&self.phase, RoomPhase::Entering(asked) if *asked == room) {
            return None;
        }
        self.phase = RoomPhase::Inside(room);
        let asking = self.asking.take().filter(|(_, until)| now < *until);
        let first = users.into_iter().next()?;
        self.mate = Some(RoomMate { username: first.clone(), came_first: true });
        asking.map(|(consent, _)| (first, consent))
    }

    /// Somebody came into a room after us.
    pub(super) fn user_joined(&mut self, room: &RoomId, username: Username) {
        if self.is_inside(room) {
            self.mate = Some(RoomMate { username, came_first: false });
        }
    }

    /// Somebody left a room.
    pub(super) fn user_left(&mut self, room: &RoomId, username: &Username) {
        if self.is_inside(room) && self.mate.as_ref().is_some_and(|mate| mate.username == *username)
        {
            self.mate = None;
        }
    }

    /// Somebody is blocked or called no more: they are not in the room for us.
    pub(super) fn user_gone(&mut self, username: &Username) {
        self.mate.take_if(|mate| mate.username == *username);
    }

    /// The call with this person, in which they talked, is over. If they are who we met in the
    /// room, we leave it: the room to tell the server of.
    pub(super) fn call_ended(&mut self, peer: &Username) -> Option<RoomId> {
        let met = self.mate.as_ref().is_some_and(|mate| mate.username == *peer);
        if met { self.leave() } else { None }
    }

    /// We are logged in: what was refused before is over.
    pub(super) fn forget_refusal(&mut self) {
        if matches!(self.phase, RoomPhase::Refused(_)) {
            self.phase = RoomPhase::Outside;
        }
    }

    /// The server refused something, which may be that we come in.
    pub(super) fn refused(&mut self, code: ErrorCode, in_reply_to: Option<&str>, message: &str) {
        let RoomPhase::Entering(room) = &self.phase else { return };
        if in_reply_to != Some("join") {
            return;
        }
        let words = match code {
            ErrorCode::RoomFull => phrase!("room-full", room = room.as_str()),
            ErrorCode::RateLimited => phrase!("refused-too-often"),
            _ => phrase!("room-refused", room = room.as_str()).or_foreign(message),
        };
        self.phase = RoomPhase::Refused(words);
        self.asking = None;
    }

    /// We leave, or are logged out: there is no room, and whatever was asked for is withdrawn.
    /// Gives the room that we were in.
    pub(super) fn leave(&mut self) -> Option<RoomId> {
        std::mem::take(self).phase.room().cloned()
    }

    /// Where we are.
    pub(super) fn phase(&self) -> &RoomPhase {
        &self.phase
    }

    /// Who else is there.
    pub(super) fn mate(&self) -> Option<&RoomMate> {
        self.mate.as_ref()
    }

    fn is_inside(&self, room: &RoomId) -> bool {
        matches!(&self.phase, RoomPhase::Inside(inside) if inside == room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A consent that can be told from others. It can't be copied, as the real one can't.
    #[derive(Debug, PartialEq)]
    struct Said(u8);

    fn room(text: &str) -> RoomId {
        RoomId::parse(text).unwrap()
    }

    fn blue() -> RoomId {
        room("blue")
    }

    fn names(names: &[&str]) -> Vec<Username> {
        names.iter().map(|name| Username::parse(name).unwrap()).collect()
    }

    fn bob() -> Username {
        names(&["bob"]).remove(0)
    }

    /// Somebody who asked for blue.
    fn asking(now: Instant) -> Room<Said> {
        let mut room = Room::default();
        room.ask_for(blue(), Said(1), now);
        room
    }

    /// Somebody who was let into blue and found nobody there.
    fn inside(now: Instant) -> Room<Said> {
        let mut room = asking(now);
        assert_eq!(room.joined(blue(), Vec::new(), now), None);
        room
    }

    fn seen(room: &Room<Said>) -> Option<(&str, bool)> {
        room.mate().map(|mate| (mate.username.as_str(), mate.came_first))
    }

    #[test]
    fn whoever_is_in_the_room_is_called_once_for_each_time_that_the_person_asked() {
        let now = Instant::now();
        let mut room = asking(now);
        assert_eq!(room.joined(blue(), names(&["bob", "carol"]), now), Some((bob(), Said(1))));
        assert_eq!(room.joined(blue(), names(&["bob"]), now), None, "sent again");
        assert_eq!(room.phase(), &RoomPhase::Inside(blue()));
        room.ask_for(blue(), Said(2), now);
        assert_eq!(room.joined(blue(), names(&["bob"]), now), Some((bob(), Said(2))));
    }

    #[test]
    fn a_room_that_nobody_asked_for_changes_nothing() {
        let now = Instant::now();
        let mut idle = Room::<Said>::default();
        assert_eq!(idle.joined(blue(), names(&["mallory"]), now), None);
        idle.user_joined(&blue(), bob());
        assert_eq!((idle.phase(), seen(&idle)), (&RoomPhase::Outside, None));

        let mut entering = asking(now);
        assert_eq!(entering.joined(room("red"), names(&["mallory"]), now), None);
        assert_eq!(entering.phase(), &RoomPhase::Entering(blue()));
        assert_eq!(
            entering.joined(blue(), names(&["bob"]), now),
            Some((bob(), Said(1))),
            "the answer still counts"
        );

        let mut waiting = inside(now);
        assert_eq!(waiting.joined(blue(), names(&["mallory"]), now), None, "unasked");
        assert_eq!(seen(&waiting), None);
    }

    #[test]
    fn a_room_that_is_entered_again_shows_who_is_there_and_calls_nobody() {
        let now = Instant::now();
        let mut room = inside(now);
        assert_eq!(room.enter_again(true), None, "the session is still there");
        assert_eq!(room.enter_again(false), Some(blue()));
        assert_eq!(room.phase(), &RoomPhase::Entering(blue()));
        assert_eq!(room.joined(blue(), names(&["bob"]), now), None);
        assert_eq!((room.phase(), seen(&room)), (&RoomPhase::Inside(blue()), Some(("bob", true))));
    }

    #[test]
    fn a_room_that_was_left_rings_and_never_calls() {
        let now = Instant::now();
        let mut room = asking(now);
        room.leave();
        assert_eq!(room.enter_again(false), None);
        assert_eq!(room.joined(blue(), names(&["bob"]), now), None);
        assert_eq!((room.phase(), seen(&room)), (&RoomPhase::Outside, None));
    }

    #[test]
    fn another_room_withdraws_the_asking_for_the_one_before() {
        let now = Instant::now();
        let mut room_of_two = asking(now);
        room_of_two.ask_for(room("red"), Said(2), now);
        assert_eq!(room_of_two.joined(blue(), names(&["mallory"]), now), None);
        assert_eq!(room_of_two.joined(room("red"), names(&["bob"]), now), Some((bob(), Said(2))));
    }

    #[test]
    fn who_turns_to_another_call_meanwhile_calls_nobody_in_the_room() {
        let now = Instant::now();
        let mut room = asking(now);
        room.withdraw();
        assert_eq!(room.joined(blue(), names(&["bob"]), now), None);
        assert_eq!((room.phase(), seen(&room)), (&RoomPhase::Inside(blue()), Some(("bob", true))));
    }

    #[test]
    fn an_answer_that_was_lost_is_waited_for_over_a_lost_connection_but_not_for_ever() {
        let now = Instant::now();
        for resumed in [true, false] {
            let mut room = asking(now);
            assert_eq!(room.enter_again(resumed), Some(blue()), "the asking may have been lost");
            let late = now + ASKING_STANDS - Duration::from_millis(1);
            assert_eq!(room.joined(blue(), names(&["bob"]), late), Some((bob(), Said(1))));

            let mut room = asking(now);
            assert_eq!(room.enter_again(resumed), Some(blue()));
            assert_eq!(
                room.joined(blue(), names(&["bob"]), now + ASKING_STANDS),
                None,
                "they are no longer waiting"
            );
            assert_eq!(seen(&room), Some(("bob", true)));
        }
    }

    #[test]
    fn who_comes_and_goes_is_seen() {
        let mut room = inside(Instant::now());
        room.user_joined(&blue(), bob());
        assert_eq!(seen(&room), Some(("bob", false)));
        room.user_left(&blue(), &names(&["carol"])[0]);
        assert_eq!(seen(&room), Some(("bob", false)));
        room.user_left(&blue(), &bob());
        assert_eq!(seen(&room), None);
    }

    #[test]
    fn only_a_refused_join_ends_the_way_in_and_says_what_to_do() {
        let now = Instant::now();
        let mut entering = asking(now);
        entering.refused(ErrorCode::RoomFull, Some("offer"), "");
        assert_eq!(entering.phase(), &RoomPhase::Entering(blue()));
        let mut in_it = inside(now);
        in_it.refused(ErrorCode::RoomFull, Some("join"), "");
        assert_eq!(in_it.phase(), &RoomPhase::Inside(blue()));
        let words = |code, message| {
            let mut room = asking(now);
            room.refused(code, Some("join"), message);
            assert_eq!(room.joined(blue(), names(&["bob"]), now), None, "refused is refused");
            match room.phase() {
                RoomPhase::Refused(words) => words.plain(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            words(ErrorCode::RoomFull, "x"),
            "There are two people in blue already. Agree on another room."
        );
        assert_eq!(words(ErrorCode::Unavailable, "Try again soon."), "Try again soon.");
        assert!(words(ErrorCode::Other, "").contains("blue"));
    }
}
