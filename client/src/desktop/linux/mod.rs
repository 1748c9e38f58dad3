//! The desktop on Linux, over the session's bus.

mod bus;
mod keep_awake;
mod notifications;
mod tray;

use super::WindowLink;

pub(super) use keep_awake::keep_awake;
pub(super) use notifications::notifications;
pub(super) use tray::tray;

/// What of the tray belongs on the thread of the window: nothing here, where it is on the bus.
#[derive(Debug, Default)]
pub struct WindowTray(());

impl WindowTray {
    /// Does nothing.
    pub fn follow(&mut self, _: &WindowLink) {}
}
