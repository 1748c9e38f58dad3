//! A screen or a window in the place of the camera, or with it.

use super::Driver;
use crate::session::sharing::ShareIntent;

impl Driver {
    pub(super) fn share(&mut self, _intent: ShareIntent) {}
}
