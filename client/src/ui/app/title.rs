//! What stands in the window's title bar. Pure but for the language of the window.

use crate::call::event::CallPhase;
use crate::session::snapshot::{LoginPhase, Snapshot};
use crate::ui::NAME;
use crate::words::text;

/// What stands in the window's title bar.
pub(super) fn of(snapshot: &Snapshot) -> String {
    match (&snapshot.call, &snapshot.login) {
        (CallPhase::Ringing { peer, .. }, _) => text!("title-ringing", peer = peer),
        (CallPhase::Calling { peer, .. }, _) => text!("title-calling", peer = peer),
        (
            CallPhase::Connecting { peer, .. }
            | CallPhase::InCall { peer, .. }
            | CallPhase::Reconnecting { peer, .. },
            _,
        ) => text!("title-in-call", peer = peer),
        (_, LoginPhase::LoggedIn { username } | LoginPhase::Reconnecting { username }) => {
            text!("title-logged-in", name = username)
        }
        _ => NAME.to_owned(),
    }
}
