//! What an RTP payload shows of the H.264 NAL units in it (H.264 table 7-1, §7.4.1.2.3), so that
//! frames can be told apart without being decoded. Pure.

/// What shows in one payload. Nothing does in padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NalFlags {
    /// An access unit delimiter is in it.
    pub delimiter: bool,
    /// A sequence parameter set begins in it.
    pub sps: bool,
    /// A picture parameter set begins in it.
    pub pps: bool,
    /// A part of an IDR picture is in it.
    pub idr: bool,
    /// A part of a picture, IDR or not, is in it.
    pub picture: bool,
    /// So many slices begin in it.
    pub slices: u8,
    /// What its first NAL unit is.
    pub begins: Begins,
    /// A fragmented NAL unit goes on behind it.
    pub unfinished: bool,
}

/// What the first NAL unit of a payload means for the picture that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Begins {
    /// Nothing that can be told.
    #[default]
    Unknown,
    /// A delimiter, parameter sets or supplemental information: behind a slice they begin another
    /// access unit.
    AccessUnit,
    /// A slice with the first macroblock: the first of its picture.
    Picture,
    /// A slice with other macroblocks, or the middle of a NAL unit.
    Rest,
}

impl NalFlags {
    /// Whether it is where a key frame begins: with a delimiter or its parameter sets.
    #[must_use]
    pub fn begins_key_frame(self) -> bool {
        self.sps || (self.delimiter && self.of_key_frame())
    }

    /// Whether it belongs to a key frame.
    #[must_use]
    pub fn of_key_frame(self) -> bool {
        self.sps || self.pps || self.idr
    }

    /// Whether parameter sets begin in it.
    #[must_use]
    pub fn parameter_sets(self) -> bool {
        self.sps || self.pps
    }
}
