//! The desktop on macOS: notifications, an icon in the menu bar, a screen that stays awake, and
//! what eframe does (attention in the Dock).

pub(super) use super::awake_thread::keep_awake;
pub(super) use super::toasts::notifications;
pub use super::window_tray::WindowTray;
pub(super) use super::window_tray::tray;
