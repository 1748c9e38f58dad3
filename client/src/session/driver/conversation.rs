//! The conversation in writing that goes with a call.

use super::Driver;
use crate::conversation::Command;

impl Driver {
    pub(super) fn converse(&mut self, _command: Command) {}
}
