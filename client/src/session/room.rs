//! What becomes of a room that was asked for: pure rules over [`RoomPhase`].

use visavis_shared::{ErrorCode, RoomId};

use crate::session::ending::foreign;
use crate::session::snapshot::RoomPhase;

/// The room to ask for when we are logged in again. A session that goes on is where it was, unless the asking was lost
/// on the way; asking twice does no harm.
pub(super) fn to_enter_again(phase: &RoomPhase, resumed: bool) -> Option<RoomId> {
    match phase {
        RoomPhase::Inside(_) if resumed => None,
        phase => phase.room().cloned(),
    }
}

/// Where we are when the server refused something; `None` when that was not about the room.
pub(super) fn refused(
    phase: &RoomPhase,
    code: ErrorCode,
    in_reply_to: Option<&str>,
    message: &str,
) -> Option<RoomPhase> {
    let RoomPhase::Entering(room) = phase else { return None };
    if in_reply_to != Some("join") {
        return None;
    }
    Some(RoomPhase::Refused(match code {
        ErrorCode::RoomFull => format!("There are two people in {room} already: agree on another room."),
        ErrorCode::RateLimited => "The server asks for a pause: try again in a minute.".to_owned(),
        _ => foreign(message).unwrap_or_else(|| format!("The server did not let you into {room}.")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blue() -> RoomId {
        RoomId::parse("blue").unwrap()
    }

    #[test]
    fn a_room_is_entered_again_unless_the_session_is_still_there() {
        let (inside, entering) = (RoomPhase::Inside(blue()), RoomPhase::Entering(blue()));
        assert_eq!(to_enter_again(&inside, true), None);
        assert_eq!(to_enter_again(&inside, false), Some(blue()));
        assert_eq!(to_enter_again(&entering, true), Some(blue()), "the asking may have been lost");
        assert_eq!(to_enter_again(&RoomPhase::Outside, false), None);
        assert_eq!(to_enter_again(&RoomPhase::Refused("no".to_owned()), false), None);
    }

    #[test]
    fn only_a_refused_join_ends_the_way_in_and_says_what_to_do() {
        let entering = RoomPhase::Entering(blue());
        assert_eq!(refused(&entering, ErrorCode::RoomFull, Some("offer"), ""), None);
        assert_eq!(refused(&RoomPhase::Inside(blue()), ErrorCode::RoomFull, Some("join"), ""), None);
        let words = |code, message| match refused(&entering, code, Some("join"), message) {
            Some(RoomPhase::Refused(words)) => words,
            other => panic!("{other:?}"),
        };
        assert_eq!(words(ErrorCode::RoomFull, "x"), "There are two people in blue already: agree on another room.");
        assert_eq!(words(ErrorCode::Unavailable, "Try again soon."), "Try again soon.");
        assert!(words(ErrorCode::Other, "").contains("blue"));
    }
}
