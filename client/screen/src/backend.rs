//! What a platform does to list what can be shown. How it shows a source is its function `run`.

use visavis_media::frame::RgbaFrame;
use visavis_media::units::VideoSize;

use crate::desktop::ScreenError;
use crate::source::{Source, SourceId};

/// What a platform does to list sources.
pub(crate) trait Backend: Send {
    /// What can be shown now.
    fn sources(&mut self) -> Result<Vec<Source>, ScreenError>;

    /// What a source looks like now, no larger than `max`.
    fn picture(&mut self, source: &SourceId, max: VideoSize) -> Result<RgbaFrame, ScreenError>;
}
