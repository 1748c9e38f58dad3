//! Windows: screens and windows, which any program may see. Type-checked, and never run by us.

pub(crate) use crate::macos_windows::{open, run, sound};

/// The system asks nobody.
pub(crate) fn is_allowed() -> bool {
    true
}
