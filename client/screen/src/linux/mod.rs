//! Linux: X11, the portal of Wayland desktops, and PulseAudio's protocol.

mod portal;
pub(crate) mod sound;
mod x11;

use crate::backend::Backend;
use crate::desktop::{Desktop, ScreenError};
use crate::source::EndReason;
use crate::task::CaptureTask;

pub(crate) fn open(desktop: &Desktop) -> Result<Box<dyn Backend>, ScreenError> {
    match desktop {
        Desktop::X11(display) => Ok(Box::new(x11::X11Screens::open(display)?)),
        Desktop::Portal(bus) => Ok(Box::new(portal::PortalScreens::open(bus.as_deref())?)),
        Desktop::Native => Err(ScreenError::NoDesktop),
    }
}

pub(crate) fn run(desktop: &Desktop, task: &mut CaptureTask) -> Option<EndReason> {
    match desktop {
        Desktop::X11(display) => x11::run(display, task),
        Desktop::Portal(bus) => portal::run(bus.as_deref(), task),
        Desktop::Native => Some(EndReason::Failed(ScreenError::NoDesktop.to_string())),
    }
}
