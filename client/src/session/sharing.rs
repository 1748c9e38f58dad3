//! What the window sees of sharing a screen or a window, and what it asks for.

use std::sync::Arc;

use crate::media::frame::RgbaFrame;
use crate::screen::{EndReason, Source, SourceId};
use crate::words::Phrase;

/// What the person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareIntent {
    /// Look for what can be shared and keep the small pictures of it fresh, or no longer.
    Choose(bool),
    /// Show this to the other from now on, in the place of what was shown before, if anything.
    Start {
        /// What.
        source: SourceId,
        /// How.
        with: ShareWith,
    },
    /// Show it differently.
    Change(ShareWith),
    /// Show the camera again.
    Stop,
    /// Show the words of [`Sharing::Ended`] no longer.
    Dismiss,
}

/// What goes along with a screen or a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareWith {
    /// The camera, small in a corner of it.
    pub camera: bool,
    /// The sound of the computer, mixed into the voice.
    pub sound: bool,
}

impl Default for ShareWith {
    fn default() -> Self {
        Self { camera: true, sound: false }
    }
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareChoice {
    /// What it is.
    pub source: Source,
    /// What it looks like now, small; `None` until it was looked at.
    pub picture: Option<RgbaFrame>,
}

/// What there is to choose from, while the person chooses.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareChoices {
    /// Screens first, then windows, the topmost first; on Wayland one of
    /// [`SourceKind::Portal`](crate::screen::SourceKind::Portal) alone.
    pub sources: Arc<Vec<ShareChoice>>,
    /// Whether they were looked for by now.
    pub looked: bool,
    /// Whether the sound of the computer can be had.
    pub has_sound: bool,
    /// Why nothing can be shared here.
    pub problem: Option<Phrase>,
}

/// Something that is shared.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// What.
    pub source: Source,
    /// What goes along with it.
    pub with: ShareWith,
    /// Whether its first picture is there: before that the desktop may be asking.
    pub live: bool,
    /// Whether it can't be seen for now, as the window is minimised.
    pub hidden: bool,
}

/// Whether something is shared.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Sharing {
    /// Nothing is.
    #[default]
    Off,
    /// Something is.
    On(Shared),
    /// It ended by itself, and the person was not told yet.
    Ended {
        /// What it was.
        source: Source,
        /// Why.
        why: EndReason,
    },
}
