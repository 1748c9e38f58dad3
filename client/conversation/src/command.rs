//! What the person asks of a conversation.

use std::path::PathBuf;

use crate::view::TransferId;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Say this to the other.
    Say(String),
    /// The panel is open in front of the person, or is no longer: what the other wrote is read
    /// while it is.
    Reading(bool),
    /// Offer these files and folders; each is a transfer of its own.
    Offer(Vec<PathBuf>),
    /// Take what the other offers, into the downloads folder.
    Accept(TransferId),
    /// Don't take it.
    Refuse(TransferId),
    /// Go no further with a transfer for now.
    Pause(TransferId),
    /// Go on with it.
    Resume(TransferId),
    /// Give a transfer up; what was received of it is removed.
    Cancel(TransferId),
    /// Show a transfer that is over no longer.
    PutAway(TransferId),
    /// Write what was said into a text file that is not there yet.
    Save(PathBuf),
    /// Show the [`View::problem`](crate::View) no longer.
    DismissProblem,
}
