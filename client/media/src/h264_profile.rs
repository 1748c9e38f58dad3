//! H.264 profiles: which tools of the codec a stream uses (H.264 annex A.2). Pure.

/// What we encode, from the simplest on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum H264Profile {
    /// What every WebRTC program takes (RFC 7742 §6.2).
    #[default]
    ConstrainedBaseline,
    /// The same with arithmetic coding (CABAC, H.264 §9.3), which takes a tenth to a fifth less for
    /// the same picture. No B pictures, so nothing waits for what comes after it.
    Main,
}
