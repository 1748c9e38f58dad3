//! Linux: X11, and PulseAudio's protocol.

pub(crate) mod sound;
mod x11;

use crate::backend::Backend;
use crate::desktop::{Desktop, ScreenError};
use crate::source::EndReason;
use crate::task::CaptureTask;

pub(crate) fn open(desktop: &Desktop) -> Result<Box<dyn Backend>, ScreenError> {
    match desktop {
        Desktop::X11(display) => Ok(Box::new(x11::X11Screens::open(display)?)),
        Desktop::Portal(_) => Err(ScreenError::NoPortal),
        Desktop::Native => Err(ScreenError::NoDesktop),
    }
}

pub(crate) fn run(desktop: &Desktop, task: &mut CaptureTask) -> Option<EndReason> {
    match desktop {
        Desktop::X11(display) => x11::run(display, task),
        other => open(other).err().map(|error| EndReason::Failed(error.to_string())),
    }
}
