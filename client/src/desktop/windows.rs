//! The desktop on Windows: a screen that stays awake, what eframe does (a button that blinks in the
//! task bar), and nothing else yet.

pub(super) use super::awake_thread::keep_awake;
pub(super) use super::not_yet::{notifications, tray};
