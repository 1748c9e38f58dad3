//! What a person can show of their computer: whole screens and single windows, on X11, through the
//! portal of Wayland desktops, on macOS and on Windows; and the sound of the computer.
//!
//! In: which [`Source`], chosen by the person. Out: frames, into a queue of one place, and a
//! [`CaptureEvent`] when something happens to the source. What always holds: nothing is captured
//! but what was chosen, and nothing after the capture is dropped.

#![warn(clippy::expect_used, clippy::panic)]

mod source;

pub use source::{CaptureEvent, EndReason, Source, SourceId, SourceKind};
