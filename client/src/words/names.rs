//! What is wrong with a name or a room that somebody typed, in words. Pure.

use visavis_shared::limits::{MAX_ROOM_CHARS, MAX_USERNAME_CHARS};
use visavis_shared::{IdError, NameError};

use super::{Phrase, phrase};

/// Why a text is no username, and what to do.
#[must_use]
pub fn name_problem(error: NameError) -> Phrase {
    match error {
        NameError::Empty => phrase!("name-missing"),
        NameError::TooLong => phrase!("name-too-long", most = MAX_USERNAME_CHARS),
        NameError::Space => phrase!("name-space"),
        NameError::Invisible(_) => phrase!("name-invisible"),
        NameError::NotAllowed(character) => {
            phrase!("name-character", character = character.to_string())
        }
        NameError::Misplaced(character) => {
            phrase!("name-misplaced", character = character.to_string())
        }
        NameError::MixedScripts => phrase!("name-mixed-scripts"),
        NameError::MixedDigits => phrase!("name-mixed-digits"),
        NameError::LooksLatin => phrase!("name-looks-latin"),
        NameError::Direction => phrase!("name-direction"),
        NameError::NoForm => phrase!("name-no-form"),
    }
}

/// Why a text is no room, and what to do.
#[must_use]
pub fn room_problem(error: IdError) -> Phrase {
    match error {
        IdError::Empty => phrase!("room-missing"),
        IdError::TooLong(_) => phrase!("room-too-long", most = MAX_ROOM_CHARS),
        IdError::Unprintable => phrase!("room-unprintable"),
    }
}
