//! The targets that the network sets for the audio encoder: they leave the transport through a
//! bounded queue, and [`crate::audio_send`] follows the last one.

use std::time::Duration;

use crate::frame::{AUDIO_FRAME_DURATION, AUDIO_FRAME_SAMPLES};
use crate::units::Bitrate;

/// How much audio goes into a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketLength {
    /// 10 ms: played that much sooner, and rebuilt sooner when it is lost, for twice as many
    /// headers.
    Short,
    /// 20 ms: half as many headers.
    Long,
}

impl PacketLength {
    /// In frames of a microphone.
    #[must_use]
    pub const fn frames(self) -> usize {
        match self {
            Self::Short => 1,
            Self::Long => 2,
        }
    }

    /// The length in samples at 48 kHz.
    #[must_use]
    pub const fn samples(self) -> usize {
        self.frames() * AUDIO_FRAME_SAMPLES
    }

    /// The length as a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        AUDIO_FRAME_DURATION * self.frames() as u32
    }
}

/// How audio is to be encoded from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioControl {
    /// How much the encoder may use, redundant blocks and headers not counted.
    pub bitrate: Bitrate,
    /// How much loss it prepares for, in percent; with 0 it adds no in-band FEC of the packet
    /// before.
    pub expected_loss_percent: u8,
    /// How much audio goes into a packet.
    pub packet: PacketLength,
}

impl AudioControl {
    /// What is right until something is known of the network: speech in full band, low enough that
    /// libopus stays in the modes that carry FEC, and prepared for some loss.
    pub const START: Self = Self {
        bitrate: Bitrate::from_kbps(36),
        expected_loss_percent: 10,
        packet: PacketLength::Long,
    };
}
