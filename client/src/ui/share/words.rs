//! What is said about something that is shared. Pure but for the language of the window.

use crate::screen::{EndReason, Source, SourceKind};
use crate::session::snapshot::{Shared, Sharing};
use crate::words::{self, Phrase, text};

/// What something is called that can be shared; `number` counts those of its kind from 1.
pub(in crate::ui) fn called(source: &Source, number: usize) -> String {
    let name = words::foreign(&source.name);
    match (source.kind, name) {
        (SourceKind::Portal, _) => text!("share-portal"),
        (_, Some(name)) => name,
        (SourceKind::Screen, None) => text!("share-screen-numbered", number = number),
        (SourceKind::Window, None) => text!("share-untitled"),
    }
}

/// What stands under its picture.
pub(super) fn under(source: &Source, number: usize) -> String {
    let name = called(source, number);
    match (source.kind, source.size) {
        (SourceKind::Screen, Some(size)) => text!(
            "share-name-and-size",
            name = name,
            width = size.width().to_string(),
            height = size.height().to_string()
        ),
        (SourceKind::Portal, _) => text!("share-portal-line"),
        _ => name,
    }
}

/// What the other sees, in one line.
pub(super) fn seen(shared: &Shared, peer: &str) -> String {
    let source = &shared.source;
    if !shared.live {
        return match source.kind {
            SourceKind::Portal => text!("share-desktop-asks"),
            SourceKind::Screen | SourceKind::Window => text!("share-starts"),
        };
    }
    if shared.hidden {
        return text!("share-hidden", peer = peer);
    }
    match (source.kind, words::foreign(&source.name)) {
        (SourceKind::Screen, None) => text!("sees-screen", peer = peer),
        (SourceKind::Screen, Some(name)) => text!("sees-named-screen", peer = peer, name = name),
        (SourceKind::Window, None) => text!("sees-untitled-window", peer = peer),
        (SourceKind::Window, Some(name)) => text!("sees-window", peer = peer, name = name),
        (SourceKind::Portal, _) => text!("sees-what-you-chose", peer = peer),
    }
}

/// Why it ended by itself.
pub(super) fn ended(why: &EndReason) -> String {
    match why {
        EndReason::WindowClosed => text!("share-ended-window"),
        EndReason::ScreenGone => text!("share-ended-screen"),
        EndReason::NotAllowed => text!("share-ended-not-allowed"),
        EndReason::StoppedByDesktop => text!("share-ended-desktop"),
        EndReason::Failed(why) => {
            let why = Phrase::foreign(why).map(|why| why.text()).unwrap_or_default();
            text!("share-ended-failed", why = why)
        }
    }
}

/// What is to be said now about one's own sharing, and whether something is wrong.
pub(super) fn of(sharing: &Sharing, peer: &str) -> Option<(String, bool)> {
    match sharing {
        Sharing::Off => None,
        Sharing::On(shared) => Some((seen(shared, peer), shared.hidden)),
        Sharing::Ended { why, .. } => Some((ended(why), true)),
    }
}
