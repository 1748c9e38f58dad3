//! What can be shown of a desktop.
//!
//! In: which desktop. Out: sources and small pictures of them. What always holds: a list has
//! screens first, then windows, the topmost first, and none of this program's own; a display that
//! does not answer is an error after a few seconds.

use visavis_media::frame::RgbaFrame;
use visavis_media::units::VideoSize;

use crate::backend::Backend;
use crate::desktop::{Desktop, ScreenError};
use crate::platform;
use crate::source::{Source, SourceId};

/// What there is to be shown. Its methods may take as long as a display does to answer (a few
/// seconds at most): not for the thread of a window.
pub struct Screens {
    backend: Box<dyn Backend>,
}

impl Screens {
    /// Looks at a desktop.
    ///
    /// # Errors
    /// It can't be reached, or does not let programs share screens.
    pub fn open(desktop: &Desktop) -> Result<Self, ScreenError> {
        platform::open(desktop).map(|backend| Self { backend })
    }

    /// What can be shown now: screens first, then windows, the topmost first. On Wayland the one
    /// source behind which the desktop asks the person itself.
    ///
    /// # Errors
    /// The display is gone or does not answer.
    pub fn sources(&mut self) -> Result<Vec<Source>, ScreenError> {
        self.backend.sources()
    }

    /// What a source looks like now, in its shape and no larger than `max`.
    ///
    /// # Errors
    /// It is gone or hidden, the display does not answer, or the desktop shows no pictures before
    /// the person agreed ([`ScreenError::Hidden`]).
    pub fn picture(&mut self, source: &SourceId, max: VideoSize) -> Result<RgbaFrame, ScreenError> {
        self.backend.picture(source, max)
    }
}
