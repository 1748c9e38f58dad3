//! The desktop on Windows: notifications, an icon in the tray, a screen that stays awake, and what
//! eframe does (a button that blinks in the task bar).

pub(super) use super::awake_thread::keep_awake;
pub(super) use super::toasts::notifications;
pub use super::window_tray::WindowTray;
pub(super) use super::window_tray::tray;
