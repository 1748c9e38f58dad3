//! The targets that the network sets for the video encoder: they leave the transport through a
//! bounded queue, and [`crate::video_send`] follows the last of each kind.

use crate::h264_level::H264Level;
use crate::h264_profile::H264Profile;
use crate::units::Bitrate;

/// A requested key frame. Of several requests the last in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyFrame {
    /// One that looks like the frames around it.
    Fine,
    /// One that arrives soon over a network that has become narrow, however it looks.
    Coarse,
}

/// A target for the video encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoControl {
    /// The next frame must be an IDR picture.
    KeyFrame(KeyFrame),
    /// Encode at this rate from now on (the estimate, less audio and overhead).
    Target(Bitrate),
    /// Whether anybody takes what is encoded from now on. Until the first says so, somebody does.
    Wanted(bool),
    /// Send nothing beyond this level from now on: the peer promised to take no more.
    Level(H264Level),
    /// Encode by this profile from now on, the richest that the peer takes.
    Profile(H264Profile),
}
