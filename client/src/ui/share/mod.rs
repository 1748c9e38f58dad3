//! Sharing a screen or a window: the dialog in which one chooses it, and what says in one's own
//! window that it goes on.
//!
//! In: what the session says can be shared, and is. Out: what the person wants of it, as intents.
//! What always holds: opening the dialog shares nothing; nothing is chosen at first; the button
//! that shares takes no press before a choice, nor in the first moment after the dialog came; while
//! something is shared, a frame and a line say so all the time.

mod card;
mod mark;
mod picker;
pub(super) mod words;

pub(super) use mark::{frame, mini_words, pill};
pub(super) use picker::Picker;

use crate::session::snapshot::Sharing;

/// Whether something is shared, or is about to be.
pub(super) fn is_on(sharing: &Sharing) -> bool {
    matches!(sharing, Sharing::On(_))
}

/// Whether what one sends is a screen or a window by now.
pub(super) fn is_live(sharing: &Sharing) -> bool {
    matches!(sharing, Sharing::On(shared) if shared.live)
}
