//! What the network asks of the sound encoder.

use crate::units::Bitrate;

/// How sound is to be encoded from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioControl {
    /// How much the encoder may use, copies and headers not counted.
    pub bitrate: Bitrate,
    /// How much loss it prepares for, in percent; with 0 it adds no copy of the packet before (in-band FEC).
    pub expected_loss_percent: u8,
}

impl AudioControl {
    /// What is right until something is known of the network: speech in full band, low enough that libopus stays in the
    /// modes that carry FEC, and prepared for some loss.
    pub const START: Self = Self { bitrate: Bitrate::from_kbps(36), expected_loss_percent: 10 };
}
