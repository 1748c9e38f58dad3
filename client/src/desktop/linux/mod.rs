//! The desktop on Linux, over the session's bus.

mod bus;
mod keep_awake;
mod notifications;
mod tray;

pub(super) use keep_awake::keep_awake;
pub(super) use notifications::notifications;
pub(super) use tray::tray;
