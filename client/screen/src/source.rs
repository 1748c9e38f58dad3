//! What can be shown, and what becomes of it while it is.

use std::sync::Arc;

use visavis_media::units::VideoSize;

/// Tells a source from the next, as long as it is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub Arc<str>);

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A whole screen.
    Screen,
    /// One window.
    Window,
    /// Whatever the person chooses in the dialog of their desktop (the portal of Wayland).
    Portal,
}

/// A screen or a window that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// What it is.
    pub kind: SourceKind,
    /// What it is called: the title of a window, the name of a screen's output. Empty where it has
    /// none.
    pub name: Arc<str>,
    /// Its size in pixels; `None` where that is not known before it is shown.
    pub size: Option<VideoSize>,
}

/// What happens to a source while it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaptureEvent {
    /// The first frame is there.
    Live,
    /// It can't be seen for now (a window that is minimised); the last frame stands.
    Hidden,
    /// It can be seen again.
    Visible,
    /// It is another size from now on.
    Resized(VideoSize),
    /// It is over; nothing more comes.
    Ended(EndReason),
}

/// Why a source is shown no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// The window was closed.
    WindowClosed,
    /// The screen was unplugged.
    ScreenGone,
    /// The desktop's dialog was closed without a choice, or sharing is not allowed there.
    NotAllowed,
    /// The person stopped it in the desktop itself.
    StoppedByDesktop,
    /// The display or the portal is gone, or does not answer; why.
    Failed(String),
}
