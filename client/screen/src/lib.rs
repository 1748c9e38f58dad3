//! What a person can show of their computer: whole screens and single windows, on X11, through the
//! portal of Wayland desktops, on macOS and on Windows; and the sound of the computer.
//!
//! In: which [`Source`], chosen by the person. Out: frames, into a queue of one place, and a
//! [`CaptureEvent`] when something happens to the source. What always holds: nothing is captured
//! but what was chosen, and nothing after the capture is dropped; whoever asks is never held up for
//! longer than a display is given to answer.
//!
//! [`Screens`] lists what there is and takes small pictures of it; [`Capture`] is one source on its
//! way to the encoder. Both are given the [`Desktop`] that they look at. What platforms have in
//! common lies here (`image`, `scaling`, `pointer`, `capture`, `mixer`), what they have not behind
//! the `backend`. [`SystemSound`] is what other programs play.

#![warn(clippy::expect_used, clippy::panic)]

mod backend;
mod capture;
mod desktop;
mod image;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(any(target_os = "macos", windows))]
mod macos_windows;
#[cfg(target_os = "linux")]
mod mixer;
#[cfg(target_os = "linux")]
mod pointer;
mod scaling;
mod screens;
mod sound;
mod source;
mod task;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
use macos as platform;
#[cfg(windows)]
use windows as platform;

pub use capture::Capture;
pub use desktop::{Desktop, ScreenError};
pub use screens::Screens;
pub use sound::{SoundError, SystemSound};
pub use source::{CaptureEvent, EndReason, RestoreToken, Source, SourceId, SourceKind, find};
pub use task::CaptureSettings;
