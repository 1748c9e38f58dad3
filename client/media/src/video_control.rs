//! What the network asks of the video encoder.

use crate::h264_level::H264Level;
use crate::units::Bitrate;

/// A key frame that is wanted. Of several wishes for one the last in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyFrame {
    /// One that looks like the frames around it.
    Fine,
    /// One that is there soon on a way that has become narrow, however it looks.
    Coarse,
}

/// What the network wants of the video encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoControl {
    /// The next frame must be an IDR picture.
    KeyFrame(KeyFrame),
    /// Encode at this rate from now on (the estimate, less audio and overhead).
    Target(Bitrate),
    /// Send nothing beyond this level from now on: the other promised to take no more.
    Level(H264Level),
}
