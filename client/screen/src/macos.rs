//! macOS: screens and windows, for which the system asks the person once ("Screen Recording" in its
//! settings). Type-checked, and never run by us.

pub(crate) use crate::macos_windows::{open, run, sound};

use objc2_core_graphics::{CGPreflightScreenCaptureAccess, CGRequestScreenCaptureAccess};

/// Whether the system lets this program see other programs. Where it does not, it asks the person,
/// whose answer counts from the next start on.
pub(crate) fn is_allowed() -> bool {
    CGPreflightScreenCaptureAccess() || CGRequestScreenCaptureAccess()
}
