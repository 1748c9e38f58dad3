//! When one may be disturbed by a call, and by what. Pure.

use crate::settings::{QuietHours, TimeOfDay};

/// What the person has decided about being called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Calls neither ring nor show anything outside the window until this is switched off.
    pub do_not_disturb: bool,
    /// The same at these hours.
    pub quiet_hours: QuietHours,
    /// Whether the desktop shows notifications of calls.
    pub notifications: bool,
    /// Whether calls are heard.
    pub ring: bool,
}

impl Default for Rules {
    fn default() -> Self {
        let quiet_hours = QuietHours::default();
        Self { do_not_disturb: false, quiet_hours, notifications: true, ring: true }
    }
}

impl Rules {
    /// Whether a call may disturb at this time of the day.
    #[must_use]
    pub fn allow_disturbing(&self, now: TimeOfDay) -> bool {
        !self.do_not_disturb && !self.quiet_hours.contains(now)
    }

    /// Whether a call may be heard at this time of the day.
    #[must_use]
    pub fn allow_ringing(&self, now: TimeOfDay) -> bool {
        self.ring && self.allow_disturbing(now)
    }
}
