//! The desktop on macOS: a screen that stays awake, what eframe does (attention in the Dock), and
//! nothing else yet.

pub(super) use super::awake_thread::keep_awake;
pub(super) use super::not_yet::{notifications, tray};
